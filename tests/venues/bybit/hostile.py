"""Sound answers and pushes of Bybit, for ``tests.venues.hostile`` to spoil."""

from __future__ import annotations

from arbtui.core.model import Market
from tests.venues.bybit.samples import (
    KEYS,
    LISTED,
    OURS,
    PERP,
    PRIVATE,
    PROD,
    SPOT,
    STAMP_MS,
    account_info,
    acked,
    coin,
    execution_row,
    flat,
    funding_row,
    further,
    key_info,
    order_row,
    place,
    position_row,
    push,
    refused,
    rows,
    said,
    unfilled,
    wallet,
)
from tests.venues.bybit.test_private_stream import (
    LOGGED_IN,
    LOGIN_QUOTED,
    NOT_AUTHORISED,
    PARTLY,
    PONG,
    SUBSCRIBED,
    of,
    up,
)
from tests.venues.hostile import Hostile, Told, fees_have_a_currency, orders_have_ids
from tests.venues.key_rights import rights_call

FEES = {"symbol": "BTCUSDT", "takerFeeRate": "0.00055", "makerFeeRate": "0.0002"}
_QUERY = PRIVATE.query(PROD, KEYS, PERP, OURS, STAMP_MS)
_MODE = PRIVATE.mode(PROD, KEYS, Market.PERP, STAMP_MS)
_OF_ACCOUNT = further(_MODE, said(key_info()))

READS = {
    "place": Told("Accepted", place(), (acked(), refused(110007, "not enough"), refused(10016))),
    "cancel": Told(
        "CancelTaken",
        PRIVATE.cancel(PROD, KEYS, PERP, OURS, STAMP_MS),
        (acked(), refused(110001), refused(170212)),
    ),
    "query": Told("OrderReport", _QUERY, (rows(order_row()), rows(), refused(110001))),
    "query elsewhere": Told("OrderReport", further(_QUERY, rows()), (rows(order_row()), rows(), refused(110001))),
    "open orders": Told(
        "OrderReport",
        PRIVATE.open_orders(PROD, KEYS, Market.PERP, {}, STAMP_MS),
        (rows(unfilled(), unfilled(orderId="2"), cursor="13%3A17"), rows()),
    ),
    "fills": Told(
        "Fill",
        PRIVATE.fills(PROD, KEYS, SPOT, 0, STAMP_MS),
        (rows(execution_row(extraFees=[{"fee": "1", "feeCoin": "BTC"}]), funding_row(), category="spot"),),
    ),
    "funding": Told(
        "FundingPaid",
        PRIVATE.funding_paid(PROD, KEYS, LISTED[Market.PERP], STAMP_MS, STAMP_MS),
        (rows(funding_row()),),
    ),
    "positions": Told("Position", PRIVATE.positions(PROD, KEYS, {}, STAMP_MS), (rows(position_row(), flat()),)),
    "balances": Told(
        "Balance",
        PRIVATE.balances(PROD, KEYS, Market.SPOT, STAMP_MS),
        (said({"list": [wallet(coin(), coin("BTC", totalOrderIM=""))]}),),
    ),
    "mode by key": Told("AccountMode", _MODE, (said(key_info(uta=0)), said(key_info()))),
    "mode": Told("AccountMode", _OF_ACCOUNT, (said(account_info(unifiedMarginStatus=1)), said(account_info()))),
    "mode of positions": Told("AccountMode", further(_OF_ACCOUNT, said(account_info())), (rows(flat()), rows())),
    "leverage": Told("LeverageRead", PRIVATE.leverage(PROD, KEYS, PERP, STAMP_MS), (rows(flat()), rows())),
    "settings": Told(
        "LeverageRead",
        further(PRIVATE.leverage(PROD, KEYS, PERP, STAMP_MS), rows()),
        (rows({"symbol": "BTCUSDT", "leverage": "10", "side": "", "positionIdx": 0}),),
    ),
    "fees": Told("FeeRates", PRIVATE.fee_rates(PROD, KEYS, PERP, STAMP_MS), (said({"list": [FEES]}),)),
}

FRAMES = {
    "order": of("order", order_row()),
    "order spot": of("order", order_row(), unfilled(), category="spot"),
    "execution": of("execution", execution_row(), funding_row()),
    "position": of("position", position_row(), flat()),
    "wallet": push("wallet", wallet(coin(), coin("BTC"))),
    "login": LOGGED_IN,
    "login refused": LOGIN_QUOTED,
    "subscribed": SUBSCRIBED,
    "refused": PARTLY,
    "not authorised": NOT_AUTHORISED,
    "pong": PONG,
}

HOSTILE = Hostile(
    place=place(),
    nos={"no": said({"orderId": "1", "orderLinkId": OURS}, 110007, "not enough")},
    still_a_no=b'"retCode":110007',
    success="0",
    reads=READS,
    statuses=(400, 403, 429, 503),
    refusals_count=frozenset({400, 403}),
    silent={},
    key=(rights_call(PRIVATE, PROD, KEYS, STAMP_MS), {"key": said(key_info())}),
    claims=(orders_have_ids, fees_have_a_currency,),
    session=up(),
    frames=FRAMES,
    reached=frozenset(
        {
            "OrderReport", "Fill", "FundingPaid", "Position", "Balance", "LoggedIn", "LoginRefused", "SubscribedAll",
            "Expired", "Refused", "Pong",
        }
    ),
)  # fmt: skip
