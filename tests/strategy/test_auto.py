"""What the automatic mode decides: every reason by name, and that no order of events takes it over its bounds."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbtui.core.clock import NS_PER_S
from arbtui.core.model import Market
from arbtui.strategy.auto import (
    Act,
    AutoRules,
    Candidate,
    Decision,
    Held,
    Phase,
    Used,
    Why,
    care,
    direction_of,
    entry,
    some_of,
    threshold_of,
)
from arbtui.strategy.rows import Leg, SpreadRow

D = Decimal
NOW = 1_800_000_000 * NS_PER_S
RULES = AutoRules(order=("okx", "binance"))
NOTHING = Used({}, D(0), 0)


def leg(venue: str, market: Market = Market.PERP) -> Leg:
    return Leg(0, venue, market, "BTCUSDT", "USDT", 100.0, 5.0, 10.0, "ws", 0.0, 1e9, 5.0, "default")


def row(buy: Leg | None = None, sell: Leg | None = None, **changes: Any) -> SpreadRow:
    made = SpreadRow(
        base="BTC",
        buy=buy or leg("binance"),
        sell=sell or leg("okx"),
        gross_bps=30.0,
        fees_bps=10.0,
        net_bps=20.0,
        round_trip_bps=8.0,
        top_usd=500.0,
        walk_usd=1000.0,
        walk_net_bps=None,
        max_usd=None,
        carry_per_h_bps=0.0,
        basis=None,
        needs_inventory=False,
        muted=None,
    )
    return replace(made, **changes)


def candidate(funding_bps: float | None = 0.0, cool_s: float = 0.0, **changes: Any) -> Candidate:
    return Candidate("id", row(**changes), 5.0, funding_bps, NOW + int(cool_s * NS_PER_S))


def held(age_s: float = 60.0, **changes: Any) -> Held:
    made = Held(Phase.STANDS, "hedged", NOW - int(age_s * NS_PER_S), gap_bps=30.0, result_bps=-5.0, funding_bps=0.0)
    return replace(made, **changes)


def decided(found: Decision) -> tuple[Act, Why]:
    return found.act, found.why


# ---- entries


def test_a_signal_that_holds_and_fits_is_opened() -> None:
    found = entry(candidate(), NOTHING, RULES, NOW)
    assert decided(found) == (Act.OPEN, Why.SIGNAL)
    assert found.text == (
        "short: net 20.0 bps, at least 5.0 bps is asked; buy binance.perp.BTCUSDT, sell okx.perp.BTCUSDT"
    )


@pytest.mark.parametrize(
    "muted",
    ["okx.perp.BTCUSDT: stale", "its bid is at or above its ask", "quarantined: not the same coin", "muted by you"],
)
def test_what_may_not_trade_is_never_opened(muted: str) -> None:
    found = entry(candidate(muted=muted, net_bps=900.0), NOTHING, RULES, NOW)
    assert decided(found) == (Act.WAIT, Why.MAY_NOT_TRADE)
    assert muted in found.text


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"buy": leg("binance", Market.SPOT), "sell": leg("okx", Market.SPOT)}, Why.NO_WAY_BACK),
        ({"net_bps": None}, Why.UNKNOWN),
        ({"net_bps": 4.9}, Why.BELOW),
        ({"walk_net_bps": 4.9}, Why.BELOW),
        ({"round_trip_bps": None}, Why.UNKNOWN),
        ({"round_trip_bps": -0.1}, Why.ROUND_TRIP),
        ({"top_usd": None}, Why.THIN),
        ({"top_usd": 99.0}, Why.THIN),
        ({"max_usd": 99.0}, Why.THIN),
        ({"funding_bps": None}, Why.UNKNOWN),
        ({"funding_bps": 2.1}, Why.FUNDING),
        ({"cool_s": 0.1}, Why.COOLING_DOWN),
    ],
)
def test_each_reason_to_wait_has_its_name(changes: dict[str, Any], why: Why) -> None:
    assert decided(entry(candidate(**changes), NOTHING, RULES, NOW)) == (Act.WAIT, why)


@pytest.mark.parametrize(
    ("used", "why"),
    [
        ("no fresh rate to USD for BTC is known", Why.UNKNOWN),
        (Used({}, D(0), 3), Why.MAX_HEDGES),
        (Used({"BTC": D("400.01")}, D(0), 1), Why.MAX_POSITION),
        (Used({}, D("400.01"), 1), Why.MAX_NET),
    ],
)
def test_each_bound_has_its_name(used: Used | str, why: Why) -> None:
    assert decided(entry(candidate(), used, RULES, NOW)) == (Act.WAIT, why)


def test_a_bound_may_be_reached_and_another_coin_does_not_count() -> None:
    used = Used({"BTC": D(400), "ETH": D(5000)}, D(400), 2)
    assert entry(candidate(), used, RULES, NOW).act is Act.OPEN


def test_where_too_many_signals_stand_every_coin_has_its_turn() -> None:
    pairs = {"BTC": 3, "ETH": 1, "SOL": 9, "XRP": 2}
    assert some_of(pairs, 0, 15) == (["BTC", "ETH", "SOL", "XRP"], 0)
    assert some_of({}, 7, 4) == ([], 0)
    at, seen = 0, []
    for _ in range(4):
        chosen, at = some_of(pairs, at, 4)
        seen.append(chosen)
    assert seen == [["BTC", "ETH"], ["SOL"], ["XRP"], ["BTC", "ETH"]]


# ---- directions


@pytest.mark.parametrize(
    ("buy", "sell", "order", "direction"),
    [
        (leg("okx"), leg("binance"), ("okx", "binance"), "long"),
        (leg("binance"), leg("okx"), ("okx", "binance"), "short"),
        (leg("binance"), leg("okx"), (), "long"),
        (leg("bybit"), leg("okx"), ("okx",), "short"),
        (leg("okx", Market.SPOT), leg("okx"), (), "long"),
        (leg("okx"), leg("okx", Market.SPOT), (), "short"),
    ],
)
def test_long_buys_at_the_first_exchange_of_the_pair(
    buy: Leg, sell: Leg, order: tuple[str, ...], direction: str
) -> None:
    assert direction_of(buy, sell, order) == direction


def test_each_direction_has_its_threshold_and_none_undercuts_the_signals() -> None:
    rules = replace(RULES, long_bps=12.0, short_bps=1.0)
    long = candidate(buy=leg("okx"), sell=leg("binance"))
    assert threshold_of(long, rules) == 12.0
    assert threshold_of(candidate(), rules) == 5.0
    assert entry(replace(long, row=replace(long.row, net_bps=11.0)), NOTHING, rules, NOW).why is Why.BELOW


# ---- hedges


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"result_bps": 5.0}, Why.PROFIT),
        ({"gap_bps": 0.0}, Why.REVERTED),
        ({"gap_bps": -40.0, "result_bps": None}, Why.REVERTED),
        ({"age_s": 3600.0}, Why.TIME),
        ({"age_s": 3600.0, "gap_bps": None, "result_bps": None}, Why.TIME),
        ({"funding_bps": 2.1}, Why.FUNDING),
    ],
)
def test_each_reason_to_close_has_its_name(changes: dict[str, Any], why: Why) -> None:
    assert decided(care(held(**changes), RULES, NOW)) == (Act.CLOSE, why)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, Why.STANDS),
        ({"funding_bps": None}, Why.STANDS),
        ({"gap_bps": None}, Why.UNKNOWN),
        ({"result_bps": None}, Why.UNKNOWN),
        ({"phase": Phase.OPENING, "state": "working"}, Why.OPENING),
        ({"phase": Phase.OPENING, "state": "working", "age_s": 11.0}, Why.OPENING),
        ({"phase": Phase.CLOSING, "state": "closing", "result_bps": 50.0}, Why.STANDS),
        ({"phase": Phase.TROUBLE, "state": "halted", "result_bps": 50.0}, Why.TROUBLE),
        ({"phase": Phase.TROUBLE, "state": "in_doubt", "age_s": 99_999.0}, Why.TROUBLE),
        ({"result_bps": 50.0, "cool_until_ns": NOW + 1}, Why.COOLING_DOWN),
    ],
)
def test_each_reason_to_hold_has_its_name(changes: dict[str, Any], why: Why) -> None:
    assert decided(care(held(**changes), RULES, NOW)) == (Act.HOLD, why)


def test_a_resting_order_is_taken_back_after_the_fill_timeout_and_not_before() -> None:
    opening = held(age_s=9.9, phase=Phase.OPENING, state="working", rests=True)
    assert care(opening, RULES, NOW).act is Act.HOLD
    later = care(replace(opening, begun_ns=NOW - 10 * NS_PER_S), RULES, NOW)
    assert decided(later) == (Act.CANCEL, Why.FILL_TIMEOUT)


def test_what_would_close_for_its_funding_is_not_opened() -> None:
    for funding_bps in (1.9, 2.0, 2.1, 40.0):
        opens = entry(candidate(funding_bps=funding_bps), NOTHING, RULES, NOW).act is Act.OPEN
        closes = care(held(age_s=0.0, funding_bps=funding_bps), RULES, NOW).why is Why.FUNDING
        assert opens is not closes


# ---- whatever happens


_SIGNAL = st.tuples(
    st.just("signal"),
    st.sampled_from(["BTC", "ETH"]),
    st.sampled_from([20.0, 20.0, 20.0, 4.9, None]),
    st.sampled_from([None, None, 20.0, 4.9]),
    st.sampled_from([0.0, 0.0, -3.0, 2.1, None]),
    st.sampled_from([None, None, None, "stale"]),
    st.sampled_from([1000.0, 1000.0, 60.0, None]),
)
_ONE = st.integers(0, 9)
_EVENTS = st.lists(
    st.one_of(
        _SIGNAL,
        _SIGNAL,
        st.tuples(st.sampled_from(["hedged", "hedged", "doubt", "ends"]), _ONE),
        st.tuples(st.just("person"), st.sampled_from(["BTC", "ETH"]), st.decimals(1, 200, places=2)),
    ),
    min_size=5,
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(_EVENTS, st.decimals(10, 200, places=2), st.decimals(100, 500, places=2), st.decimals(100, 500, places=2))
def test_no_order_of_events_takes_it_over_a_bound_or_into_what_may_not_trade(
    events: list[tuple[Any, ...]], size: Decimal, position: Decimal, net: Decimal
) -> None:
    """Open hedges as (coin, worth, unhedged at worst): one that is opened counts as unhedged until it is hedged."""
    rules = AutoRules(size_usd=size, max_position_usd=position, max_net_usd=net, max_hedges=3)
    book: list[tuple[str, Decimal, Decimal]] = []
    for event in events:
        match event:
            case ("signal", base, net_bps, walk_bps, funding, muted, depth):
                used = Used(
                    {name: sum((one[1] for one in book if one[0] == name), D(0)) for name in ("BTC", "ETH")},
                    sum((one[2] for one in book), D(0)),
                    len(book),
                )
                wish = candidate(funding, base=base, net_bps=net_bps, walk_net_bps=walk_bps, muted=muted, top_usd=depth)
                if entry(wish, used, rules, NOW).act is not Act.OPEN:
                    continue
                assert muted is None
                assert net_bps is not None
                assert min(net_bps, net_bps if walk_bps is None else walk_bps) >= 5.0
                assert depth is not None
                assert depth >= size
                book.append((base, size, size))
                assert sum((one[1] for one in book if one[0] == base), D(0)) <= position
                assert sum((one[2] for one in book), D(0)) <= net
                assert len(book) <= 3
            case ("person", base, worth):
                book.append((base, worth, D(0)))
            case (change, number) if book:
                base, worth, _ = book.pop(number % len(book))
                if change != "ends":
                    book.append((base, worth, D(0) if change == "hedged" else worth))
