"""Sound answers and pushes of a classic account of Bitget, for ``tests.venues.hostile`` to spoil."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from arbtui.core.model import Market
from arbtui.venues.private import PrivateSession
from tests.venues.bitget import classic_samples as sample
from tests.venues.bitget.classic_samples import CLASSIC
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
    "place": Told("Accepted", sample.place(), (acked(), refused("40762", "not enough"), refused("40725"))),
    "cancel": Told("CancelTaken", CLASSIC.cancel(PROD, KEYS, PERP, OURS, STAMP_MS), (acked(), refused("22001"))),
    "query": Told(
        "OrderReport",
        CLASSIC.query(PROD, KEYS, PERP, OURS, STAMP_MS),
        (said(sample.asked_order()), refused("40109"), refused("40725")),
    ),
    "query of spot": Told(
        "OrderReport", CLASSIC.query(PROD, KEYS, SPOT, OURS, STAMP_MS), (said([sample.spot_order()]), said([]))
    ),
    "open orders": Told(
        "OrderReport",
        CLASSIC.open_orders(PROD, KEYS, Market.PERP, {}, STAMP_MS),
        (sample.orders(sample.mix_order(status="live"), sample.mix_order(orderId="2"), end="77"), sample.orders()),
    ),
    "open spot orders": Told(
        "OrderReport",
        CLASSIC.open_orders(PROD, KEYS, Market.SPOT, {}, STAMP_MS),
        (said([sample.open_spot_order()]), said([])),
    ),
    "history": Told(
        "OrderReport", CLASSIC.history(PROD, KEYS, PERP, _SINCE, STAMP_MS), (sample.orders(sample.mix_order()),)
    ),
    "fills": Told(
        "Fill",
        CLASSIC.fills(PROD, KEYS, PERP, _SINCE, STAMP_MS),
        (sample.fills(sample.mix_fill(), sample.mix_fill(tradeId="2"), end="7"),),
    ),
    "spot fills": Told("Fill", CLASSIC.fills(PROD, KEYS, SPOT, _SINCE, STAMP_MS), (said([sample.spot_fill()]),)),
    "funding": Told(
        "FundingPaid", CLASSIC.funding_paid(PROD, KEYS, {}, STAMP_MS, STAMP_MS), (sample.bills(sample.bill()),)
    ),
    "positions": Told(
        "Position", CLASSIC.positions(PROD, KEYS, {}, STAMP_MS), (said([sample.held(), sample.held(total="0")]),)
    ),
    "balances": Told("Balance", CLASSIC.balances(PROD, KEYS, Market.PERP, STAMP_MS), (said([sample.mix_account()]),)),
    "spot balances": Told(
        "Balance",
        CLASSIC.balances(PROD, KEYS, Market.SPOT, STAMP_MS),
        (said([sample.spot_coin(), sample.spot_coin("BTC")]),),
    ),
    "mode of spot": Told("AccountMode", CLASSIC.mode(PROD, KEYS, Market.SPOT, STAMP_MS), (said(sample.key_info()),)),
    "mode": Told("AccountMode", further(_MODE, said(sample.key_info())), (said(sample.contract_account()),)),
    "leverage": Told("LeverageRead", CLASSIC.leverage(PROD, KEYS, PERP, STAMP_MS), (said(sample.contract_account()),)),
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
    "order": sample.push("USDT-FUTURES", "orders", sample.pushed_order(), sample.pushed_order(status="canceled")),
    "spot order": sample.push("SPOT", "orders", sample.pushed_spot_order()),
    "fill": sample.push("USDC-FUTURES", "fill", sample.mix_fill(symbol="BTCPERP")),
    "spot fill": sample.push("SPOT", "fill", sample.spot_fill(feeDetail=[{"feeCoin": "BTC", "totalFee": "0.00005"}])),
    "position": sample.push(
        "USDT-FUTURES", "positions", sample.pushed_held(), sample.pushed_held("ETHUSDT", holdSide="long")
    ),
    "no position": sample.push("USDT-FUTURES", "positions"),
    "account": sample.push("USDT-FUTURES", "account", sample.pushed_account()),
    "spot account": sample.push("SPOT", "account", sample.spot_coin(), sample.spot_coin("BTC")),
    "login": LOGGED_IN,
    "login refused": BAD_LOGIN_ANSWER,
    "subscribed": _ACK,
    "refused": _BAD,
    "logged out": NEEDS_LOGIN,
    "pong": b"pong",
}

HOSTILE = replace(
    UNIFIED,
    place=sample.place(),
    nos={"no": said({"orderId": "1", "clientOid": OURS}, "40762", "not enough")},
    still_a_no=b'"code":"40762"',
    reads=READS,
    silent={"mode": (_MODE, said(sample.key_info()))},
    key=(rights_call(CLASSIC, PROD, KEYS, STAMP_MS), {"key": said(sample.key_info())}),
    session=up(),
    frames=FRAMES,
)
