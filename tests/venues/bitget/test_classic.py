"""Classic accounts in the codec: what is asked of them, and what their answers and pushes mean."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from arbtui.core.errors import OutcomeUnknown, ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.events import Ignored
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import (
    AccountEvent,
    AccountMode,
    Balance,
    CancelRefused,
    Fill,
    FundingPaid,
    LeverageRead,
    OrderAbsent,
    OrderReport,
    OrderStatus,
    Position,
    Rejected,
)
from arbtui.venues.bitget.classic import BitgetClassic
from arbtui.venues.bitget.classic_stream import CHANNELS, arg_of
from arbtui.venues.private import Adjusts, Dialects, PrivateCall, SubscribedAll, TellsRights
from tests.venues.bitget.classic_hostile import up
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
from tests.venues.bitget.samples import (
    DAY_MS,
    KEYS,
    ORDER_ID,
    OURS,
    PERP,
    PRIVATE,
    PROD,
    SPOT,
    STAMP_MS,
    T_NS,
    after,
    further,
    read,
    refused,
    said,
    settings,
)
from tests.venues.bitget_frames import wire
from tests.venues.ccxt_witness import params_of
from tests.venues.key_rights import rights_call


def only(events: Sequence[Any]) -> Any:
    (event,) = events
    return event


def query(instrument: Instrument = PERP) -> PrivateCall:
    return CLASSIC.query(PROD, KEYS, instrument, OURS, STAMP_MS)


# --- which kind an account is -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["40084", "25245"])
def test_only_its_own_code_makes_an_account_classic(code: str) -> None:
    assert isinstance(PRIVATE, Dialects)
    call = PRIVATE.dialect(PROD, KEYS, STAMP_MS)
    assert isinstance(call.read(400, refused(code)), BitgetClassic)
    assert call.read(200, said(settings())) is PRIVATE


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, refused("40006"), VenueRefused),
        (400, refused("40085"), VenueRefused),
        (503, refused("40084"), OutcomeUnknown),
        (200, b"<html>", ProtocolBroken),
        (200, said({}), ProtocolBroken),
        (400, refused("40725"), OutcomeUnknown),
    ],
)
def test_an_account_that_does_not_tell_its_kind_is_of_none(status: int, body: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        PRIVATE.dialect(PROD, KEYS, STAMP_MS).read(status, body)


def test_a_classic_account_that_was_upgraded_meanwhile_says_what_to_do() -> None:
    no = only(read(place(), refused("40085", "You are in Unified Account mode"), 400))
    assert isinstance(no, Rejected)
    assert no.reason is RefusalReason.ACCOUNT_MODE
    assert "start arbtui again" in no.text


def test_a_classic_account_has_two_wallets_and_can_be_set_up() -> None:
    assert CLASSIC.wallets == {Market.PERP: "futures", Market.SPOT: "spot"}
    assert isinstance(CLASSIC, Adjusts)
    assert isinstance(CLASSIC, TellsRights)


# --- orders -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("instrument", "row"), [(PERP, asked_order()), (SPOT, [spot_order()])])
def test_an_order_that_is_asked_for_is_reported(instrument: Instrument, row: Any) -> None:
    found = only(read(query(instrument), said(row)))
    assert isinstance(found, OrderReport)
    assert (found.order_id, found.client_id, found.market) == (ORDER_ID, OURS, instrument.market)
    assert (found.status, found.filled, found.avg_price) == (OrderStatus.CANCELED, Decimal("0.050"), Decimal(64000))
    assert (found.qty, found.price) == (Decimal("0.125"), Decimal("64000.1"))


def test_no_order_is_absent_by_a_code_or_by_an_empty_list_and_by_nothing_else() -> None:
    assert isinstance(only(read(query(), refused("40109"), 400)), OrderAbsent)
    assert isinstance(only(read(query(SPOT), refused("43001"), 400)), OrderAbsent)
    assert isinstance(only(read(query(SPOT), said([]))), OrderAbsent)
    for body in (said([]), said(None), said({}), said([asked_order()])):
        with pytest.raises(ProtocolBroken):
            read(query(), body)
    for body in (said(None), said({}), said([spot_order(clientOid="other")]), said([spot_order(), spot_order()])):
        with pytest.raises(ProtocolBroken):
            read(query(SPOT), body)
    with pytest.raises(OutcomeUnknown):
        read(query(), refused("40725"), 400)


def test_the_limit_of_an_open_spot_order_is_not_taken_for_its_average() -> None:
    call = CLASSIC.open_orders(PROD, KEYS, Market.SPOT, {}, STAMP_MS)
    found = only(read(call, said([open_spot_order()])))
    assert (found.price, found.avg_price, found.filled) == (Decimal(63000), Decimal(62900), Decimal("0.02"))


def test_open_contract_orders_are_asked_of_both_products_page_by_page() -> None:
    call = CLASSIC.open_orders(PROD, KEYS, Market.PERP, {}, STAMP_MS)
    page = further(call, orders(mix_order(), end="77"))
    assert params_of(page.request.url, b"") == {"limit": "100", "productType": "USDT-FUTURES", "idLessThan": "77"}
    usdc = further(page, orders(end="77"))
    assert params_of(usdc.request.url, b"") == {"limit": "100", "productType": "USDC-FUTURES"}
    assert after(usdc, orders()) is None
    with pytest.raises(ProtocolBroken, match="leads to itself"):
        after(page, orders(mix_order(), end="77"))


@pytest.mark.parametrize(
    ("rows", "last"), [([spot_order(), spot_order(orderId="9")], "9"), ([spot_fill(tradeId="8")], "8")]
)
def test_spot_lists_are_asked_on_below_the_id_of_their_last_row(rows: list[dict[str, Any]], last: str) -> None:
    calls = {"9": CLASSIC.open_orders(PROD, KEYS, Market.SPOT, {}, STAMP_MS), "8": spot_fills()}
    page = further(calls[last], said(rows))
    assert params_of(page.request.url, b"")["idLessThan"] == last
    assert after(page, said([])) is None


def spot_fills(since_ms: int = STAMP_MS - DAY_MS) -> PrivateCall:
    return CLASSIC.fills(PROD, KEYS, SPOT, since_ms, STAMP_MS)


def test_fills_of_more_than_a_week_are_asked_week_by_week() -> None:
    first = spot_fills(STAMP_MS - 8 * DAY_MS)
    asked = params_of(first.request.url, b"")
    assert int(asked["endTime"]) - int(asked["startTime"]) == 7 * DAY_MS
    rest = params_of(further(first, said([])).request.url, b"")
    assert rest["startTime"] == asked["endTime"]
    assert "endTime" not in rest


def test_past_orders_that_ended_before_are_left_out() -> None:
    call = CLASSIC.history(PROD, KEYS, PERP, STAMP_MS + 101, STAMP_MS)
    told = read(call, orders(mix_order(), mix_order(orderId="2", uTime="1700000000050")))
    assert [report.order_id for report in told if isinstance(report, OrderReport)] == [ORDER_ID]


def test_an_order_that_has_ended_is_refused_to_cancel() -> None:
    call = CLASSIC.cancel(PROD, KEYS, PERP, OURS, STAMP_MS)
    no = only(read(call, refused("22001", "No order to cancel"), 400))
    assert isinstance(no, CancelRefused)
    assert no.reason is RefusalReason.UNKNOWN_ORDER


# --- fills and funding ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fee", "ccy", "cost"),
    [
        ({"totalFee": "-1.92"}, "USDT", "1.92"),
        ({"totalFee": "1.92"}, "USDT", "1.92"),
        ({"totalFee": "-1e-8"}, "USDT", "1e-8"),
        ({"totalFee": "0"}, "USDT", "0"),
    ],
)
def test_fees_were_paid_whatever_their_sign(fee: dict[str, str], ccy: str, cost: str) -> None:
    call = CLASSIC.fills(PROD, KEYS, PERP, STAMP_MS, STAMP_MS)
    event = only(read(call, fills(mix_fill(feeDetail=[{"deduction": "no", "feeCoin": "USDT", **fee}]))))
    assert isinstance(event, Fill)
    assert (event.fee, event.fee_ccy) == (Decimal(cost), ccy)
    assert (event.fill_id, event.client_id, event.maker) == (mix_fill()["tradeId"], "", False)


def test_a_fee_that_another_coin_paid_for_in_part_is_not_told() -> None:
    fee = {"deduction": "yes", "feeCoin": "BGB", "totalDeductionFee": "-0.3", "totalFee": "-1.92"}
    event = only(read(spot_fills(), said([spot_fill(feeDetail=fee)])))
    assert (event.fee, event.fee_ccy, event.qty) == (None, "", Decimal("0.050"))


def test_a_spot_fill_pays_in_what_it_receives() -> None:
    event = only(read(spot_fills(), said([spot_fill()])))
    assert (event.fee, event.fee_ccy, event.maker) == (Decimal("0.00005"), "BTC", True)
    assert (event.price, event.qty, event.t_ms) == (Decimal(64000), Decimal("0.050"), 1_700_000_000_103)


@pytest.mark.parametrize("amount", ["-0.004992", "0.004992"])
def test_funding_keeps_the_sign_of_its_bill(amount: str) -> None:
    call = CLASSIC.funding_paid(PROD, KEYS, {}, STAMP_MS, STAMP_MS)
    event = only(read(call, bills(bill(amount=amount), bill(businessType="open_long"))))
    assert isinstance(event, FundingPaid)
    assert (event.amount, event.ccy, event.payment_id) == (Decimal(amount), "USDT", bill()["billId"])


# --- the account ------------------------------------------------------------------------------------------------------


def mode(market: Market = Market.PERP, may: tuple[str, ...] = (), **account: Any) -> AccountMode:
    call = CLASSIC.mode(PROD, KEYS, market, STAMP_MS)
    events: Sequence[AccountEvent] = read(call, said(key_info(*may)))
    if market is Market.PERP:
        assert events == ()
        events = read(further(call, said(key_info(*may))), said(contract_account(**account)))
    told = only(events)
    assert isinstance(told, AccountMode)
    return told


def test_the_mode_of_contracts_is_that_of_their_positions_and_of_the_key() -> None:
    assert (mode().position_mode, mode().can_trade) == ("one_way", True)
    assert mode().text.startswith("classic account, one-way, assets single, key may read, trade ")
    assert mode(posMode="hedge_mode").position_mode == "hedge"
    assert mode(posMode="new_mode").position_mode is None
    assert (mode(Market.SPOT).position_mode, mode(Market.SPOT).can_trade) == (None, True)


@pytest.mark.parametrize(
    ("may", "perp", "spot"),
    [
        (("coow",), True, False),
        (("stow", "coor"), False, True),
        (("trade",), True, True),
        (("readonly",), False, False),
    ],
)
def test_a_key_trades_what_it_may(may: tuple[str, ...], perp: bool, spot: bool) -> None:
    rights = rights_call(CLASSIC, PROD, KEYS, STAMP_MS).read(200, said(key_info(*may)))
    assert rights.trade == {Market.PERP: perp, Market.SPOT: spot}
    assert (mode(Market.PERP, may).can_trade, mode(Market.SPOT, may).can_trade) == (perp, spot)


def test_what_a_key_does_not_tell_is_not_known() -> None:
    call = rights_call(CLASSIC, PROD, KEYS, STAMP_MS)
    rights = call.read(200, said(key_info(authorities=None, ips=None)))
    assert set(rights.trade.values()) == {None}
    assert (rights.withdraw, rights.bound_to_ips) == (None, None)
    assert call.read(200, said(key_info())).withdraw is None
    assert call.read(200, said(key_info("coow", "withdraw"))).withdraw is True


@pytest.mark.parametrize(
    ("account", "leverage", "margin"),
    [
        ({}, "20", "cross"),
        ({"marginMode": "isolated"}, "5", "isolated"),
        ({"marginMode": "isolated", "crossedMarginLeverage": 3}, "3", "isolated"),  # which is what orders ask for
        ({"marginMode": "portfolio"}, "20", None),
    ],
)
def test_leverage_is_the_least_that_an_order_may_meet(account: dict[str, Any], leverage: str, margin: Any) -> None:
    told = only(read(CLASSIC.leverage(PROD, KEYS, PERP, STAMP_MS), said(contract_account(**account))))
    assert isinstance(told, LeverageRead)
    assert (told.leverage, told.margin_mode, told.position_mode) == (Decimal(leverage), margin, "one_way")


def test_a_setting_is_read_back_and_what_was_set_already_is_no_refusal() -> None:
    for call in (
        CLASSIC.set_leverage(PROD, KEYS, PERP, Decimal(3), STAMP_MS),
        CLASSIC.set_one_way(PROD, KEYS, PERP, STAMP_MS),
    ):
        assert read(call, refused("45054"), 400) == ()
        back = further(call, said({}))
        assert isinstance(only(read(back, said(contract_account(crossedMarginLeverage=3)))), LeverageRead)
        with pytest.raises(VenueRefused):
            read(call, refused("40920", "has positions"), 400)


def test_positions_are_signed_and_flat_ones_left_out() -> None:
    call = CLASSIC.positions(PROD, KEYS, {}, STAMP_MS)
    told = only(read(call, said([held(), held(symbol="ETHUSDT", total="0")])))
    assert isinstance(told, Position)
    assert (told.qty, told.held, told.entry_price) == (Decimal("-0.050"), "net", Decimal(64000))
    two_sided = only(read(call, said([held(posMode="hedge_mode", holdSide="long")])))
    assert (two_sided.held, two_sided.qty) == ("long", Decimal("0.050"))
    with pytest.raises(ProtocolBroken, match="not asked for"):
        read(call, said([held(marginCoin="USDC")]))


def test_each_wallet_tells_its_coins_without_open_profit() -> None:
    perp = only(read(CLASSIC.balances(PROD, KEYS, Market.PERP, STAMP_MS), said([mix_account()])))
    assert (perp.wallet, perp.asset, perp.total, perp.free) == ("futures", "USDT", Decimal("10010.5"), Decimal(9680))
    spot = only(read(CLASSIC.balances(PROD, KEYS, Market.SPOT, STAMP_MS), said([spot_coin()])))
    assert (spot.wallet, spot.asset, spot.total, spot.free) == ("spot", "USDT", Decimal(1000), Decimal(900))


@pytest.mark.parametrize("changed", [{"unrealizedPL": ""}, {"accountEquity": None}, {"accountEquity": "much"}])
def test_an_equity_of_which_the_open_profit_is_not_known_is_no_balance(changed: dict[str, Any]) -> None:
    with pytest.raises(ProtocolBroken):
        read(CLASSIC.balances(PROD, KEYS, Market.PERP, STAMP_MS), said([mix_account(**changed)]))
    assert up().decode(push("USDT-FUTURES", "account", pushed_account(unrealizedPL="")), T_NS) == [
        Ignored("equity_with_open_profit")
    ]


# --- the socket -------------------------------------------------------------------------------------------------------


def test_every_channel_is_acknowledged_before_the_stream_is_up() -> None:
    session = up()
    told = [
        only(session.decode(wire({"event": "subscribe", "arg": arg_of(product, channel)}), T_NS))
        for _, product, channel in CHANNELS
    ]
    assert len(told) == 11
    assert [isinstance(event, SubscribedAll) for event in told] == [False] * 10 + [True]


@pytest.mark.parametrize(
    ("frame", "market"),
    [
        (push("USDT-FUTURES", "orders", pushed_order()), Market.PERP),
        (push("SPOT", "orders", pushed_spot_order()), Market.SPOT),
    ],
)
def test_a_pushed_order_tells_all_that_filled_and_its_size_in_coins(frame: bytes, market: Market) -> None:
    event = only(up().decode(frame, T_NS))
    assert isinstance(event, OrderReport)
    assert (event.market, event.native, event.client_id, event.status) == (market, "BTCUSDT", OURS, OrderStatus.OPEN)
    assert (event.qty, event.filled, event.avg_price) == (Decimal("0.125"), Decimal("0.050"), Decimal(64000))


def test_pushed_fills_name_their_order_by_bitgets_id() -> None:
    fee = [{"feeCoin": "BTC", "deduction": "no", "totalDeductionFee": "0", "totalFee": "0.00005"}]
    event = only(up().decode(push("SPOT", "fill", spot_fill(feeDetail=fee)), T_NS))
    assert isinstance(event, Fill)
    assert (event.market, event.order_id, event.client_id, event.fee) == (
        Market.SPOT, ORDER_ID, "", Decimal("0.00005"),
    )  # fmt: skip


def test_a_position_that_is_missing_from_the_next_push_of_its_product_has_been_closed() -> None:
    session = up()
    both = session.decode(push("USDT-FUTURES", "positions", pushed_held(), pushed_held("ETHUSDT")), T_NS)
    assert [(event.native, event.qty) for event in both if isinstance(event, Position)] == [
        ("BTCUSDT", Decimal("-0.050")),
        ("ETHUSDT", Decimal("-0.050")),
    ]
    assert session.decode(push("USDC-FUTURES", "positions"), T_NS) == []
    kept, gone = session.decode(push("USDT-FUTURES", "positions", pushed_held("ETHUSDT")), T_NS)
    assert isinstance(kept, Position)
    assert isinstance(gone, Position)
    assert (kept.native, gone.native, gone.qty, gone.t_ms) == ("ETHUSDT", "BTCUSDT", Decimal(0), 1_700_000_007_000)
    last = only(session.decode(push("USDT-FUTURES", "positions"), T_NS))
    assert (last.native, last.qty) == ("ETHUSDT", Decimal(0))
    assert session.decode(push("USDT-FUTURES", "positions"), T_NS) == []


def test_both_wallets_are_pushed() -> None:
    session = up()
    perp = only(session.decode(push("USDT-FUTURES", "account", pushed_account()), T_NS))
    spot = only(session.decode(push("SPOT", "account", spot_coin("BTC")), T_NS))
    assert isinstance(perp, Balance)
    assert isinstance(spot, Balance)
    assert (perp.wallet, perp.total, perp.free) == ("futures", Decimal("10010.5"), Decimal(9680))
    assert (spot.wallet, spot.asset, spot.total) == ("spot", "BTC", Decimal(1000))


@pytest.mark.parametrize(
    "frame",
    [
        push("USDT-FUTURES", "orders", pushed_order(), pushed_order(side="")),
        push("USDT-FUTURES", "fill", mix_fill(baseVolume="0")),
        push("USDT-FUTURES", "positions", pushed_held(), pushed_held(posMode="")),
        push("SPOT", "account", spot_coin(), spot_coin(available="")),
        wire({"arg": {"instType": "SPOT"}, "data": []}),
    ],
)
def test_one_row_that_cannot_be_read_spoils_its_push(frame: bytes) -> None:
    with pytest.raises(ProtocolBroken):
        up().decode(frame, T_NS)
