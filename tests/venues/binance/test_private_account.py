"""Fills, funding, positions, balances, settings and fees; and lists that come in pieces."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest

from arbtui.core.errors import ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import (
    AccountEvent,
    AccountMode,
    Balance,
    FeeRates,
    Fill,
    FundingPaid,
    LeverageRead,
    Position,
    Side,
)
from arbtui.venues.private import PrivateCall
from tests.venues.binance.private_samples import (
    ACCOUNT_CONFIG,
    COMMISSION_RATE,
    INCOME,
    KEYS,
    PERP,
    POSITION,
    PRIVATE,
    PROD,
    SPOT,
    SPOT_ACCOUNT,
    SPOT_COMMISSION,
    SPOT_TRADE,
    STAMP_MS,
    SYMBOL_CONFIG,
    T_NS,
    USDM_BALANCE,
    USDM_QUERIED,
    USDM_TRADE,
    body,
    error,
)

DAY_MS = 86_400_000


def only(events: Sequence[AccountEvent]) -> AccountEvent:
    assert len(events) == 1, events
    return events[0]


def params(call: PrivateCall) -> dict[str, str]:
    return dict(parse_qsl(call.request.url.partition("?")[2]))


# --- fills and funding


def test_a_usdm_fill_tells_its_fee() -> None:
    call = PRIVATE.fills(PROD, KEYS, PERP, STAMP_MS - 1000, STAMP_MS)
    assert only(call.read(200, body([USDM_TRADE]), T_NS)) == Fill(
        venue="binance",
        market=Market.PERP,
        native="BTCUSDT",
        fill_id="698759",
        order_id="25851813",
        client_id="",
        side=Side.SELL,
        price=Decimal("7819.01"),
        qty=Decimal("0.002"),
        told="fills",
        t_ns=T_NS,
        t_ms=1569514978020,
        fee=Decimal("0.07819010"),
        fee_ccy="USDT",
        maker=False,
    )


def test_a_spot_fill_may_pay_in_another_coin() -> None:
    fill = only(PRIVATE.fills(PROD, KEYS, SPOT, STAMP_MS - 1000, STAMP_MS).read(200, body([SPOT_TRADE]), T_NS))
    assert isinstance(fill, Fill)
    assert (fill.side, fill.maker, fill.fee, fill.fee_ccy) == (Side.BUY, True, Decimal("10.10000000"), "BNB")


@pytest.mark.parametrize("change", [{"symbol": "ETHUSDT"}, {"qty": "0"}, {"price": "0"}, {"price": ""}, {"id": None}])
def test_a_fill_that_is_none_spoils_the_list(change: dict[str, Any]) -> None:
    for instrument, row in ((PERP, USDM_TRADE), (SPOT, SPOT_TRADE)):
        call = PRIVATE.fills(PROD, KEYS, instrument, STAMP_MS - 1000, STAMP_MS)
        with pytest.raises(ProtocolBroken):
            call.read(200, body([row, row | change]), T_NS)


def test_funding_is_told_with_its_sign_and_id() -> None:
    call = PRIVATE.funding_paid(PROD, KEYS, {}, STAMP_MS - 1000, STAMP_MS)
    assert only(call.read(200, body([INCOME]), T_NS)) == FundingPaid(
        venue="binance",
        native="BTCUSDT",
        payment_id="9689322392",
        amount=Decimal("-0.37500000"),
        ccy="USDT",
        t_ms=1570608000000,
        t_ns=T_NS,
    )
    assert params(call)["incomeType"] == "FUNDING_FEE"


# --- lists in pieces


class Trades:
    """A venue that keeps trades at certain times and tells 1000 of a stretch, the newest or the oldest being cut."""

    def __init__(self, times: Sequence[int], cut: str) -> None:
        self.rows = [USDM_TRADE | {"id": number, "time": at} for number, at in enumerate(sorted(times))]
        self.cut = cut
        self.asked: list[tuple[int, int | None]] = []

    def answer(self, call: PrivateCall) -> bytes:
        asked = params(call)
        start, end = int(asked["startTime"]), int(asked["endTime"]) if "endTime" in asked else None
        self.asked.append((start, end))
        found = [row for row in self.rows if start <= row["time"] and (end is None or row["time"] <= end)]
        return body(found[:1000] if self.cut == "newest" else found[-1000:])

    def all_of(self, call: PrivateCall | None) -> set[str]:
        told: set[str] = set()
        for _ in range(50):
            if call is None:
                return told
            answer = self.answer(call)
            told |= {event.fill_id for event in call.read(200, answer, T_NS) if isinstance(event, Fill)}
            assert call.next_page is not None
            call = call.next_page(200, answer, STAMP_MS)
        raise AssertionError("pages without end")


@pytest.mark.parametrize("cut", ["newest", "oldest"])
@pytest.mark.parametrize(
    "times",
    [
        [],
        [STAMP_MS - 1],
        [STAMP_MS + 500],  # newer than our idea of the venue's clock
        [STAMP_MS - 20 * DAY_MS + n * DAY_MS for n in range(20)],
        [STAMP_MS - 5 * DAY_MS + n * 1000 for n in range(3500)],
        [STAMP_MS - 20 * DAY_MS + n for n in range(1000)],
        [STAMP_MS - 3_600_000 + n // 400 for n in range(2700)],
    ],
    ids=["none", "one", "newer", "one a day", "many", "a full page", "hundreds a millisecond"],
)
def test_all_rows_are_told_wherever_the_venue_cuts(times: list[int], cut: str) -> None:
    venue = Trades(times, cut)
    told = venue.all_of(PRIVATE.fills(PROD, KEYS, PERP, STAMP_MS - 21 * DAY_MS, STAMP_MS))
    assert told == {str(row["id"]) for row in venue.rows}


def test_no_stretch_is_longer_than_the_venue_takes() -> None:
    for instrument, days in ((PERP, 7), (SPOT, 1)):
        for make in (PRIVATE.fills, PRIVATE.history):
            call: PrivateCall | None = make(PROD, KEYS, instrument, STAMP_MS - 20 * DAY_MS, STAMP_MS)
            pages = 0
            while call is not None:
                asked, pages = params(call), pages + 1
                end_ms = int(asked.get("endTime", STAMP_MS))
                assert end_ms - int(asked["startTime"]) < days * DAY_MS
                assert call.next_page is not None
                call = call.next_page(200, b"[]", STAMP_MS)
            assert pages == 20 // days + 1


def test_more_rows_at_once_than_a_page_holds_is_said_and_not_swallowed() -> None:
    venue = Trades([STAMP_MS - 5000] * 1001, "newest")
    with pytest.raises(ProtocolBroken, match="two milliseconds"):
        venue.all_of(PRIVATE.fills(PROD, KEYS, PERP, STAMP_MS - 10_000, STAMP_MS))


def test_a_full_page_without_times_is_not_taken_for_the_whole() -> None:
    rows = body([{name: value for name, value in USDM_QUERIED.items() if name != "time"}] * 1000)

    def read_all(call: PrivateCall | None) -> None:
        while call is not None:
            call.read(200, rows, T_NS)
            assert call.next_page is not None
            call = call.next_page(200, rows, STAMP_MS)

    with pytest.raises(ProtocolBroken, match="two milliseconds"):
        read_all(PRIVATE.history(PROD, KEYS, PERP, STAMP_MS - 10_000, STAMP_MS))


def test_what_the_venue_does_not_keep_is_not_asked_for() -> None:
    call = PRIVATE.fills(PROD, KEYS, PERP, 0, STAMP_MS)
    assert int(params(call)["startTime"]) == STAMP_MS - 179 * DAY_MS


def test_asking_on_twice_asks_the_same() -> None:
    call = PRIVATE.fills(PROD, KEYS, PERP, STAMP_MS - 20 * DAY_MS, STAMP_MS)
    assert call.next_page is not None
    first, second = (call.next_page(200, b"[]", STAMP_MS) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.request == second.request


# --- positions and balances


def test_a_position_is_told_with_its_margin_and_rank() -> None:
    assert only(PRIVATE.positions(PROD, KEYS, {}, STAMP_MS).read(200, body([POSITION]), T_NS)) == Position(
        venue="binance",
        native="ADAUSDT",
        qty=Decimal(30),
        t_ns=T_NS,
        held="net",
        entry_price=Decimal("0.385"),
        mark=Decimal("0.41047590"),
        liquidation_price=None,
        margin=Decimal("0.61571385"),
        adl_rank=2,
        t_ms=1720736417660,
        told="query",
    )


def test_flat_rows_are_no_positions_and_two_sided_ones_say_their_side() -> None:
    rows = [
        POSITION | {"positionAmt": "0.000"},
        POSITION | {"positionSide": "LONG"},
        POSITION | {"positionSide": "SHORT", "positionAmt": "-5"},
    ]
    events = PRIVATE.positions(PROD, KEYS, {}, STAMP_MS).read(200, body(rows), T_NS)
    told = [(event.held, event.qty) for event in events if isinstance(event, Position)]
    assert told == [("long", Decimal(30)), ("short", Decimal(-5))]


def test_a_usdm_balance_is_the_wallet_and_what_of_it_is_free() -> None:
    call = PRIVATE.balances(PROD, KEYS, Market.PERP, STAMP_MS)
    assert only(call.read(200, body([USDM_BALANCE]), T_NS)) == Balance(
        venue="binance",
        wallet="usdm",
        asset="USDT",
        total=Decimal("122607.35137903"),
        free=Decimal("23.72469206"),
        t_ns=T_NS,
        t_ms=1617939110373,
    )


def test_a_spot_balance_is_what_is_free_and_what_is_locked() -> None:
    events = PRIVATE.balances(PROD, KEYS, Market.SPOT, STAMP_MS).read(200, body(SPOT_ACCOUNT), T_NS)
    told = [(e.asset, e.total, e.free, e.wallet) for e in events if isinstance(e, Balance)]
    assert told == [
        ("BTC", Decimal("4723846.89208130"), Decimal("4723846.89208129"), "spot"),
        ("LTC", Decimal("4763368.68006011"), Decimal(0), "spot"),
    ]


# --- how the account is set up


@pytest.mark.parametrize(("dual", "mode"), [(False, "one_way"), (True, "hedge")])
@pytest.mark.parametrize("can_trade", [False, True])
def test_the_position_mode_and_the_right_to_trade_are_read_back(dual: bool, mode: str, can_trade: bool) -> None:
    answer = body(ACCOUNT_CONFIG | {"dualSidePosition": dual, "canTrade": can_trade})
    told = only(PRIVATE.mode(PROD, KEYS, Market.PERP, STAMP_MS).read(200, answer, T_NS))
    assert isinstance(told, AccountMode)
    assert (told.market, told.position_mode, told.can_trade) == (Market.PERP, mode, can_trade)
    assert f"dualSidePosition {str(dual).lower()}" in told.text


def test_spot_has_no_position_mode() -> None:
    told = only(PRIVATE.mode(PROD, KEYS, Market.SPOT, STAMP_MS).read(200, body(SPOT_ACCOUNT), T_NS))
    assert isinstance(told, AccountMode)
    assert (told.market, told.position_mode, told.can_trade) == (Market.SPOT, None, True)


@pytest.mark.parametrize(("word", "mode"), [("CROSSED", "cross"), ("ISOLATED", "isolated"), ("SOMETHING", None)])
def test_leverage_and_margin_mode_are_read_back(word: str, mode: str | None) -> None:
    answer = body([SYMBOL_CONFIG | {"marginType": word}])
    told = only(PRIVATE.leverage(PROD, KEYS, PERP, STAMP_MS).read(200, answer, T_NS))
    assert isinstance(told, LeverageRead)
    assert (told.native, told.leverage, told.margin_mode) == ("BTCUSDT", Decimal(21), mode)


def test_the_leverage_of_something_else_is_no_answer() -> None:
    for rows in ([], [SYMBOL_CONFIG | {"symbol": "ETHUSDT"}], [SYMBOL_CONFIG, SYMBOL_CONFIG]):
        with pytest.raises(ProtocolBroken):
            PRIVATE.leverage(PROD, KEYS, PERP, STAMP_MS).read(200, body(rows), T_NS)


@pytest.mark.parametrize(
    ("instrument", "answer", "maker", "taker"),
    [
        (PERP, COMMISSION_RATE, "0.0002", "0.0005"),
        (PERP, COMMISSION_RATE | {"makerCommissionRate": "-0.0001"}, "-0.0001", "0.0005"),
        # maker, taker + the dearer side, over standard (0.0010/0.0011 + 0.0000004), special, tax (+ 0.00000118)
        (SPOT, SPOT_COMMISSION, "0.04100270", "0.05110272"),
        (SPOT, {k: v for k, v in SPOT_COMMISSION.items() if "special" not in k and "tax" not in k},
         "0.0010004", "0.0011004"),
    ],
)  # fmt: skip
def test_own_fee_rates_hold_every_part_and_no_discount(
    instrument: Instrument, answer: dict[str, Any], maker: str, taker: str
) -> None:
    told = only(PRIVATE.fee_rates(PROD, KEYS, instrument, STAMP_MS).read(200, body(answer), T_NS))
    assert isinstance(told, FeeRates)
    assert (told.market, told.native) == (instrument.market, "BTCUSDT")
    assert (told.maker, told.taker) == (Decimal(maker), Decimal(taker))


def test_fees_of_another_symbol_are_no_answer() -> None:
    for instrument, answer in ((PERP, COMMISSION_RATE), (SPOT, SPOT_COMMISSION)):
        with pytest.raises(ProtocolBroken):
            PRIVATE.fee_rates(PROD, KEYS, instrument, STAMP_MS).read(200, body(answer | {"symbol": "X"}), T_NS)


@pytest.mark.parametrize(
    "call",
    [
        PRIVATE.open_orders(PROD, KEYS, Market.PERP, {}, STAMP_MS),
        PRIVATE.history(PROD, KEYS, SPOT, STAMP_MS - 1, STAMP_MS),
        PRIVATE.fills(PROD, KEYS, PERP, STAMP_MS - 1, STAMP_MS),
        PRIVATE.funding_paid(PROD, KEYS, {}, STAMP_MS - 1, STAMP_MS),
        PRIVATE.positions(PROD, KEYS, {}, STAMP_MS),
        PRIVATE.balances(PROD, KEYS, Market.SPOT, STAMP_MS),
        PRIVATE.mode(PROD, KEYS, Market.PERP, STAMP_MS),
        PRIVATE.leverage(PROD, KEYS, PERP, STAMP_MS),
        PRIVATE.fee_rates(PROD, KEYS, SPOT, STAMP_MS),
    ],
    ids=lambda call: call.purpose,
)
def test_a_refused_read_says_why_and_after_what_wait(call: PrivateCall) -> None:
    with pytest.raises(VenueRefused) as refused:
        call.read(400, error(-1021, "Timestamp for this request is outside of the recvWindow."), T_NS)
    assert (refused.value.reason, refused.value.code) == (RefusalReason.CLOCK_SKEW, "-1021")
    with pytest.raises(VenueRefused) as refused:
        call.read(418, error(-1003, f"IP banned until {STAMP_MS + 5000}."), STAMP_MS * 1_000_000)
    assert (refused.value.reason, refused.value.retry_after_s) == (RefusalReason.RATE_LIMITED, 5.0)
