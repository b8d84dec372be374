"""Sound answers and pushes of Bitget, for ``tests.venues.hostile`` to spoil."""

from __future__ import annotations

from decimal import Decimal

from arbtui.core.model import Market
from tests.venues.bitget.samples import (
    KEYS,
    LISTED,
    OURS,
    PERP,
    PRIVATE,
    PROD,
    SPOT,
    STAMP_MS,
    acked,
    coin,
    fill_row,
    further,
    key_info,
    order_row,
    place,
    position_row,
    push,
    pushed_fill,
    pushed_position,
    pushed_wallet,
    record_row,
    refused,
    rows,
    said,
    settings,
    unfilled,
    wallet,
)
from tests.venues.bitget.test_private_stream import ACKS, BAD_LOGIN_ANSWER, BAD_TOPIC, LOGGED_IN, NEEDS_LOGIN, up
from tests.venues.hostile import (
    Hostile,
    Told,
    assets_have_names,
    fees_have_a_currency,
    orders_have_a_size,
    orders_have_ids,
)
from tests.venues.key_rights import rights_call

_MODE = PRIVATE.mode(PROD, KEYS, Market.PERP, STAMP_MS)

READS = {
    "place": Told("Accepted", place(), (acked(), refused("25202", "not enough"), refused("25000"))),
    "cancel": Told("CancelTaken", PRIVATE.cancel(PROD, KEYS, PERP, OURS, STAMP_MS), (acked(), refused("25204"))),
    "query": Told(
        "OrderReport",
        PRIVATE.query(PROD, KEYS, PERP, OURS, STAMP_MS),
        (said(order_row()), refused("25204"), refused("40725")),
    ),
    "open orders": Told(
        "OrderReport",
        PRIVATE.open_orders(PROD, KEYS, Market.PERP, {}, STAMP_MS),
        (rows(unfilled(), unfilled(orderId="2"), cursor="77"), rows()),
    ),
    "history": Told("OrderReport", PRIVATE.history(PROD, KEYS, PERP, STAMP_MS - 9, STAMP_MS), (rows(order_row()),)),
    "fills": Told(
        "Fill",
        PRIVATE.fills(PROD, KEYS, SPOT, 0, STAMP_MS),
        (rows(fill_row(category="SPOT"), fill_row(category="SPOT", feeDetail=[]), cursor="77"),),
    ),
    "funding": Told(
        "FundingPaid",
        PRIVATE.funding_paid(PROD, KEYS, LISTED[Market.PERP], STAMP_MS, STAMP_MS),
        (rows(record_row()),),
    ),
    "positions": Told(
        "Position",
        PRIVATE.positions(PROD, KEYS, {}, STAMP_MS),
        (rows(position_row(), position_row(total="0")),),
    ),
    "balances": Told(
        "Balance",
        PRIVATE.balances(PROD, KEYS, Market.SPOT, STAMP_MS),
        (said(wallet(coin(), coin("BTC"))),),
    ),
    "mode of a classic account": Told("AccountMode", _MODE, (refused("40084"), said(settings())), by_a_no=True),
    "mode": Told("AccountMode", further(_MODE, said(settings())), (said(key_info()),)),
    "leverage": Told("LeverageRead", PRIVATE.leverage(PROD, KEYS, PERP, STAMP_MS), (said(settings()),)),
    "leverage of a position": Told(
        "LeverageRead",
        further(PRIVATE.leverage(PROD, KEYS, PERP, STAMP_MS), said(settings(symbolConfigList=[]))),
        (rows(position_row(), position_row(leverage="3")), rows()),
    ),
    "set leverage": Told(
        "refused:VenueRefused",
        PRIVATE.set_leverage(PROD, KEYS, PERP, Decimal(3), STAMP_MS),
        (refused("25223"), said("success")),
        by_a_no=True,
    ),
    "fees": Told(
        "FeeRates",
        PRIVATE.fee_rates(PROD, KEYS, PERP, STAMP_MS),
        (said({"makerFeeRate": "0.0002", "takerFeeRate": "0.0006"}),),
    ),
}

FRAMES = {
    "order": push("order", order_row(category="usdt-futures"), unfilled(category="spot")),
    "fill": push("fill", pushed_fill(), pushed_fill(category="spot")),
    "position": push("position", pushed_position(), pushed_position(size="1", liqPrice="70000")),
    "account": push("account", pushed_wallet(coin(), coin("BTC"))),
    "login": LOGGED_IN,
    "login refused": BAD_LOGIN_ANSWER,
    "subscribed": ACKS[0],
    "refused": BAD_TOPIC,
    "logged out": NEEDS_LOGIN,
    "pong": b"pong",
}

HOSTILE = Hostile(
    place=place(),
    nos={"no": said({"orderId": "1", "clientOid": OURS}, "25202", "not enough")},
    still_a_no=b'"code":"25202"',
    success="00000",
    reads=READS,
    statuses=(400, 503),
    refusals_count=frozenset({400}),
    silent={},
    key=(rights_call(PRIVATE, PROD, KEYS, STAMP_MS), {"key": said(key_info()), "classic": refused("40084")}),
    claims=(
        orders_have_ids,
        orders_have_a_size,
        fees_have_a_currency,
        assets_have_names,
    ),
    session=up(),
    frames=FRAMES,
    reached=frozenset(
        {"OrderReport", "Fill", "Position", "Balance", "LoggedIn", "LoginRefused", "Expired", "Refused", "Pong"}
    ),
)
