"""Sound answers and pushes of a classic account of Bitget, for ``tests.venues.hostile`` to spoil."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from arbtui.core.model import Market
from arbtui.venues.private import PrivateSession
from tests.venues.bitget.classic_samples import (
    CLASSIC,
    asked_order,
    bill,
    bills,
    contract_account,
    fills,
    held,
    key_info,
    mix_account,
    mix_fill,
    mix_order,
    open_spot_order,
    orders,
    place,
    push,
    pushed_account,
    pushed_held,
    pushed_order,
    pushed_spot_order,
    spot_coin,
    spot_fill,
    spot_order,
)
from tests.venues.bitget.hostile import HOSTILE as UNIFIED
from tests.venues.bitget.samples import KEYS, LISTED, OURS, PERP, PROD, SPOT, STAMP_MS, acked, further, refused, said
from tests.venues.bitget.test_private_stream import BAD_LOGIN_ANSWER, LOGGED_IN, NEEDS_LOGIN
from tests.venues.bitget_frames import wire
from tests.venues.hostile import Told
from tests.venues.key_rights import rights_call

_MODE = CLASSIC.mode(PROD, KEYS, Market.PERP, STAMP_MS)
_SINCE = STAMP_MS - 9


def up() -> PrivateSession:
    session = CLASSIC.private_session(CLASSIC.user_streams(PROD)[0], KEYS, LISTED)
    session.decode(LOGGED_IN, 1)
    return session


READS = {
    "place": Told("Accepted", place(), (acked(), refused("40762", "not enough"), refused("40725"))),
    "cancel": Told("CancelTaken", CLASSIC.cancel(PROD, KEYS, PERP, OURS, STAMP_MS), (acked(), refused("22001"))),
    "query": Told(
        "OrderReport",
        CLASSIC.query(PROD, KEYS, PERP, OURS, STAMP_MS),
        (said(asked_order()), refused("40109"), refused("40725")),
    ),
    "query of spot": Told(
        "OrderReport", CLASSIC.query(PROD, KEYS, SPOT, OURS, STAMP_MS), (said([spot_order()]), said([]))
    ),
    "open orders": Told(
        "OrderReport",
        CLASSIC.open_orders(PROD, KEYS, Market.PERP, {}, STAMP_MS),
        (orders(mix_order(status="live"), mix_order(orderId="2"), end="77"), orders()),
    ),
    "open spot orders": Told(
        "OrderReport", CLASSIC.open_orders(PROD, KEYS, Market.SPOT, {}, STAMP_MS), (said([open_spot_order()]), said([]))
    ),
    "history": Told("OrderReport", CLASSIC.history(PROD, KEYS, PERP, _SINCE, STAMP_MS), (orders(mix_order()),)),
    "fills": Told(
        "Fill", CLASSIC.fills(PROD, KEYS, PERP, _SINCE, STAMP_MS), (fills(mix_fill(), mix_fill(tradeId="2"), end="7"),)
    ),
    "spot fills": Told("Fill", CLASSIC.fills(PROD, KEYS, SPOT, _SINCE, STAMP_MS), (said([spot_fill()]),)),
    "funding": Told("FundingPaid", CLASSIC.funding_paid(PROD, KEYS, {}, STAMP_MS, STAMP_MS), (bills(bill()),)),
    "positions": Told("Position", CLASSIC.positions(PROD, KEYS, {}, STAMP_MS), (said([held(), held(total="0")]),)),
    "balances": Told("Balance", CLASSIC.balances(PROD, KEYS, Market.PERP, STAMP_MS), (said([mix_account()]),)),
    "spot balances": Told(
        "Balance",
        CLASSIC.balances(PROD, KEYS, Market.SPOT, STAMP_MS),
        (said([spot_coin(), spot_coin("BTC")]),),
    ),
    "mode of spot": Told("AccountMode", CLASSIC.mode(PROD, KEYS, Market.SPOT, STAMP_MS), (said(key_info()),)),
    "mode": Told("AccountMode", further(_MODE, said(key_info())), (said(contract_account()),)),
    "leverage": Told("LeverageRead", CLASSIC.leverage(PROD, KEYS, PERP, STAMP_MS), (said(contract_account()),)),
    "set leverage": Told(
        "refused:VenueRefused",
        CLASSIC.set_leverage(PROD, KEYS, PERP, Decimal(3), STAMP_MS),
        (refused("40920"), said("success")),
        by_a_no=True,
    ),
    "fees": Told(
        "FeeRates",
        CLASSIC.fee_rates(PROD, KEYS, PERP, STAMP_MS),
        (said({"makerFeeRate": "0.0002", "takerFeeRate": "0.0006"}),),
    ),
}

_ACK = wire({"event": "subscribe", "arg": {"instType": "SPOT", "channel": "fill", "instId": "default"}})
_BAD = wire({"event": "error", "arg": {"instType": "SPOT", "channel": "fil"}, "code": 30001, "msg": "no such channel"})

FRAMES = {
    "order": push("USDT-FUTURES", "orders", pushed_order(), pushed_order(status="canceled")),
    "spot order": push("SPOT", "orders", pushed_spot_order()),
    "fill": push("USDC-FUTURES", "fill", mix_fill(symbol="BTCPERP")),
    "spot fill": push("SPOT", "fill", spot_fill(feeDetail=[{"feeCoin": "BTC", "totalFee": "0.00005"}])),
    "position": push("USDT-FUTURES", "positions", pushed_held(), pushed_held("ETHUSDT", holdSide="long")),
    "no position": push("USDT-FUTURES", "positions"),
    "account": push("USDT-FUTURES", "account", pushed_account()),
    "spot account": push("SPOT", "account", spot_coin(), spot_coin("BTC")),
    "login": LOGGED_IN,
    "login refused": BAD_LOGIN_ANSWER,
    "subscribed": _ACK,
    "refused": _BAD,
    "logged out": NEEDS_LOGIN,
    "pong": b"pong",
}

HOSTILE = replace(
    UNIFIED,
    place=place(),
    nos={"no": said({"orderId": "1", "clientOid": OURS}, "40762", "not enough")},
    still_a_no=b'"code":"40762"',
    reads=READS,
    silent={"mode": (_MODE, said(key_info()))},
    key=(rights_call(CLASSIC, PROD, KEYS, STAMP_MS), {"key": said(key_info())}),
    session=up(),
    frames=FRAMES,
)
