"""When a person is told: each rule by itself, on times that a test gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbtui.core.alerts import Alert, AlertKind
from arbtui.core.clock import NS_PER_S
from arbtui.core.model import Market
from arbtui.core.status import FeedState, FeedStatus
from arbtui.strategy.alerts import EACH, AlertRules, Alerts, Level, level_of
from arbtui.strategy.rows import Leg, SignalRecord, SignalState, SpreadRow
from tests.ui.fake_port import feed

T0 = 1_800_000_000 * NS_PER_S


def at(seconds: float) -> int:
    return T0 + round(seconds * NS_PER_S)


class Ear:
    """The rules, and what they told."""

    def __init__(self, rules: AlertRules | None = None) -> None:
        self.told: list[Alert] = []
        self.past: dict[str, list[float]] = {}
        self.rules = Alerts(rules or AlertRules(), self.told.append, self._recent)

    def _recent(self, base: str) -> Sequence[float]:
        return self.past.get(base, [])

    def texts(self) -> list[str]:
        told, self.told[:] = [alert.text for alert in self.told], []
        return told

    def nets(self, base: str, *values: float, start_s: float = 0.0) -> None:
        for second, value in enumerate(values):
            self.rules.net(at(start_s + second), base, value)

    def feed(self, seconds: float, state: FeedState, reason: str = "") -> None:
        self.rules.feeds(at(seconds), [feed_in(state, reason)])


def feed_in(state: FeedState, reason: str = "") -> FeedStatus:
    return feed("okx", Market.PERP, state, reason)


def leg(venue: str, market: Market = Market.PERP) -> Leg:
    return Leg(0, venue, market, "BTCUSDT", "USDT", 100.0, 1.0, 5.0, "ws", 0.0, None, 5.0, "default")


def raised(seconds: float, base: str = "BTC", state: SignalState = SignalState.RAISED) -> SignalRecord:
    none = dict.fromkeys(("gross_bps", "fees_bps", "round_trip_bps", "top_usd", "walk_usd", "walk_net_bps", "max_usd"))
    row = SpreadRow(
        base=base, buy=leg("okx"), sell=leg("binance"), net_bps=12.34, carry_per_h_bps=None, basis=None,
        needs_inventory=False, muted=None, **none,
    )  # fmt: skip
    return SignalRecord("id", at(seconds), state, "", "buy here, sell there", 0.5, 5.0, 3, 1000.0, row)


# signals


def test_a_raised_signal_is_told_and_a_cleared_one_is_not() -> None:
    ear = Ear()
    ear.rules.signal(raised(0))
    ear.rules.signal(raised(1, "ETH", SignalState.CLEARED))
    ear.rules.signal(raised(1, "ETH", SignalState.REJECTED))
    (alert,) = ear.told
    assert (alert.kind, alert.subject, alert.t_ns) == (AlertKind.SIGNAL, "BTC", T0)
    assert alert.text == "signal BTC +12.3 bps: buy here, sell there"
    assert alert.fields["net_bps"] == 12.34
    assert alert.fields["max_usd"] is None


def test_the_same_subject_is_told_again_only_after_the_cool_down() -> None:
    ear = Ear(AlertRules(cooldown_s=300))
    for seconds in (0, 1, 299.9, 300, 301):
        ear.rules.signal(raised(seconds))
    ear.rules.signal(raised(2, "ETH"))
    assert [(a.subject, (a.t_ns - T0) / NS_PER_S) for a in ear.told] == [("BTC", 0), ("BTC", 300), ("ETH", 2)]


def test_kinds_that_are_not_wanted_are_not_told_but_alarms_of_hedges_always_are() -> None:
    ear = Ear(AlertRules(kinds=frozenset(), levels=(Level("BTC", True, 1.0),), venue_down_s=0))
    ear.past["BTC"] = [0.0] * 300
    ear.rules.signal(raised(0))
    ear.nets("BTC", *[50.0] * 60)
    ear.rules.rate(T0, "okx.perp.BTC", "BTC", 1.0)
    ear.rules.rate(T0, "okx.perp.BTC", "BTC", -1.0)
    ear.feed(0, FeedState.DOWN)
    ear.feed(60, FeedState.DOWN)
    ear.rules.prices(T0, lambda base: 100.0)
    assert ear.texts() == []
    ear.rules.hedge(T0, "h1", "BTC", "halted: no rule is left")
    assert ear.texts() == ["BTC h1: halted: no rule is left"]


# spread anomalies


def quiet(median: float = 1.0, spread: float = 0.5) -> list[float]:
    """A past whose median absolute deviation is ``spread``."""
    return [median + spread * (1 if place // EACH % 2 else -1) for place in range(76 * EACH)]


def test_a_net_far_above_its_history_is_told_after_three_seconds_of_it() -> None:
    ear = Ear(AlertRules(spread_z=8, spread_jump_bps=4))
    ear.past["BTC"] = quiet()
    ear.nets("BTC", 1.0, 7.0, 7.0)
    assert ear.told == []
    ear.nets("BTC", 7.5, start_s=3)
    (alert,) = ear.told
    assert (alert.kind, alert.subject) == (AlertKind.SPREAD, "BTC")
    assert alert.text == "BTC best net +7.5 bps, 6.5 above its median of ten minutes (+1.0)"
    assert alert.fields["z"] == pytest.approx(6.5 / (1.4826 * 0.5))


@pytest.mark.parametrize(
    ("rules", "values"),
    [
        pytest.param(AlertRules(spread_z=8, spread_jump_bps=10), [7.0] * 10, id="too-few-bps"),
        pytest.param(AlertRules(spread_z=20, spread_jump_bps=1), [7.0] * 10, id="too-few-deviations"),
        pytest.param(AlertRules(spread_z=8, spread_jump_bps=4), [7.0, 7.0, 1.0] * 5, id="never-three-in-a-row"),
        pytest.param(AlertRules(spread_z=8, spread_jump_bps=4), [-30.0] * 10, id="downwards"),
        pytest.param(AlertRules(coins=frozenset({"ETH"}), spread_jump_bps=4), [90.0] * 10, id="another-coin"),
    ],
)
def test_what_is_no_anomaly_is_not_told(rules: AlertRules, values: list[float]) -> None:
    ear = Ear(rules)
    ear.past["BTC"] = quiet()
    ear.nets("BTC", *values)
    assert ear.told == []


def test_without_two_known_minutes_there_is_no_history_to_stand_out_from() -> None:
    ear = Ear(AlertRules(spread_jump_bps=4))
    ear.past["BTC"] = quiet()[:119]
    ear.nets("BTC", *[50.0] * 20)
    assert ear.told == []
    ear.past["BTC"] = quiet()
    ear.nets("BTC", *[50.0] * 60, start_s=20)
    assert len(ear.told) == 1


def test_an_anomaly_that_lasts_is_told_once_and_again_after_it_was_away() -> None:
    ear = Ear(AlertRules(spread_jump_bps=4, cooldown_s=0))
    ear.past["BTC"] = quiet()
    ear.nets("BTC", *[8.0] * 20)
    assert len(ear.texts()) == 1
    ear.nets("BTC", 5.5, *[8.0] * 5, start_s=20)  # not half way back
    assert ear.texts() == []
    ear.nets("BTC", 1.0, *[8.0] * 5, start_s=26)
    assert len(ear.texts()) == 1


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(-50, 50), min_size=120, max_size=200), st.floats(-1000, 1000))
def test_only_what_is_above_the_median_by_the_jump_is_ever_told(past: list[float], net: float) -> None:
    ear = Ear(AlertRules(spread_jump_bps=5))
    ear.past["BTC"] = past
    ear.nets("BTC", *[net] * 5)
    for alert in ear.told:
        median, above = alert.fields["median_bps"], alert.fields["above_bps"]
        assert isinstance(median, float)
        assert isinstance(above, float)
        assert above >= 5
        looked_at = past[::EACH]
        assert sum(value <= median for value in looked_at) >= len(looked_at) / 2


# funding


def test_a_rate_has_turned_once_it_is_clearly_on_the_other_side() -> None:
    ear = Ear(AlertRules(funding_bps=0.1))
    for second, bps in enumerate((0.2, 0.05, -0.05, 0.05, -0.09, None, 0.0)):
        ear.rules.rate(at(second), "okx.perp.BTC-USDT-SWAP", "BTC", bps)
    assert ear.told == []
    ear.rules.rate(at(9), "okx.perp.BTC-USDT-SWAP", "BTC", -0.1)
    ear.rules.rate(at(10), "okx.perp.BTC-USDT-SWAP", "BTC", -0.3)
    assert ear.texts() == ["BTC funding of okx.perp.BTC-USDT-SWAP has turned: now shorts pay longs, -0.100 bps an hour"]


def test_the_carry_of_an_open_hedge_has_turned() -> None:
    ear = Ear(AlertRules(funding_bps=0.1))
    ear.rules.carry(at(0), "h1", "BTC", 0.4)
    ear.rules.carry(at(1), "h1", "BTC", -0.2)
    assert ear.texts() == ["BTC carry of h1 has turned: it now pays funding, -0.200 bps an hour"]


def test_a_rate_of_exactly_zero_flips_nothing_even_without_a_band() -> None:
    ear = Ear(AlertRules(funding_bps=0.0))
    for second, bps in enumerate((0.2, 0.0, 0.1, 0.0)):
        ear.rules.rate(at(second), "x", "BTC", bps)
    assert ear.told == []


# venues


def test_a_venue_that_is_down_for_ten_seconds_is_told_and_that_it_is_back() -> None:
    ear = Ear(AlertRules(venue_down_s=10))
    ear.feed(0, FeedState.LIVE)
    ear.feed(5, FeedState.DOWN, "connection refused")
    ear.feed(14.9, FeedState.DOWN, "connection refused")
    assert ear.told == []
    ear.feed(15, FeedState.DOWN, "connection refused")
    ear.feed(16, FeedState.STALE, "connected, but no data for 9 s")
    assert ear.texts() == ["okx perp is down: connection refused"]
    ear.feed(65, FeedState.DEGRADED, "1 of 4 connections down")
    assert ear.texts() == ["okx perp is back after 60 s"]


def test_a_short_cut_is_not_told_and_nobody_hears_that_it_is_back() -> None:
    ear = Ear(AlertRules(venue_down_s=10))
    for second, state in enumerate((FeedState.LIVE, FeedState.DOWN, FeedState.CONNECTING, FeedState.LIVE)):
        ear.feed(second * 3, state)
    assert ear.told == []


def test_a_venue_that_only_begins_to_connect_is_not_down_but_one_that_cannot_be_reached_is() -> None:
    ear = Ear(AlertRules(venue_down_s=10))
    ear.feed(0, FeedState.CONNECTING)
    ear.feed(60, FeedState.CONNECTING)
    assert ear.told == []
    ear.feed(61, FeedState.DOWN)
    ear.feed(71, FeedState.CONNECTING)
    assert ear.texts() == ["okx perp is down (connecting)"]


def test_a_venue_that_goes_down_within_the_cool_down_and_stays_down_is_told_late() -> None:
    ear = Ear(AlertRules(venue_down_s=10, cooldown_s=300))
    for seconds in range(400):
        ear.feed(seconds, FeedState.LIVE if seconds == 0 or 20 <= seconds < 25 else FeedState.MAINTENANCE)
    assert [(alert.t_ns - T0) // NS_PER_S for alert in ear.told] == [11, 20, 311]


# levels


def test_levels_are_read_as_they_are_written() -> None:
    assert level_of("BTC > 90000") == Level("BTC", True, 90000.0)
    assert level_of(" kPEPE<0.0123 ") == Level("kPEPE", False, 0.0123)
    for wrong in ("", "BTC", "BTC > ", "BTC = 3", "BTC > -3", "BTC > 1e5", "BTC > 0", "> 3", "BTC >> 3", "BTC > 3 4"):
        assert level_of(wrong) is None


@given(st.floats(1e-9, 1e9))
def test_a_level_survives_its_own_text(price: float) -> None:
    level = Level("BTC", True, round(price, 9))
    if level.price > 0:
        assert level_of(level.text) == level


def test_a_level_is_told_when_it_is_reached_and_again_after_the_price_was_back() -> None:
    ear = Ear(AlertRules(levels=(Level("BTC", True, 100.0), Level("BTC", False, 50.0)), cooldown_s=0))
    for second, price in enumerate((99.0, 100.0, 101.0, 99.95, 100.2, None, 99.8, 100.5)):
        ear.rules.prices(at(second), {"BTC": price}.get)
    assert ear.texts() == ["BTC is at 100, at or above 100", "BTC is at 100.5, at or above 100"]
    ear.rules.prices(at(9), lambda base: 49.5)
    assert ear.texts() == ["BTC is at 49.5, at or below 50"]


def test_a_level_that_is_reached_already_is_told_at_the_first_known_price() -> None:
    ear = Ear()
    ear.rules.prices(at(0), lambda base: 120.0)
    ear.rules.set_rules(replace(ear.rules.rules, levels=(Level("BTC", True, 100.0),)))
    ear.rules.prices(at(1), lambda base: None)
    assert ear.told == []
    ear.rules.prices(at(2), lambda base: 120.0)
    assert ear.texts() == ["BTC is at 120, at or above 100"]


def test_a_changed_setting_forgets_no_level_that_was_told() -> None:
    level = Level("BTC", True, 100.0)
    ear = Ear(AlertRules(levels=(level,), cooldown_s=0))
    ear.rules.prices(at(0), lambda base: 120.0)
    ear.rules.set_rules(replace(ear.rules.rules, levels=(level, Level("ETH", True, 9.0))))
    ear.rules.prices(at(1), lambda base: 120.0 if base == "BTC" else None)
    assert ear.texts() == ["BTC is at 120, at or above 100"]


# hedges


def test_alarms_are_told_each_and_the_same_sentence_not_twice_a_minute() -> None:
    ear = Ear()
    ear.rules.hedge(at(0), "h1", "BTC", "halted")
    ear.rules.hedge(at(1), "h1", "BTC", "halted")
    ear.rules.hedge(at(2), "h2", "BTC", "halted")
    ear.rules.hedge(at(3), "h1", "BTC", "unbalanced")
    ear.rules.hedge(at(61), "h1", "BTC", "halted")
    ear.rules.hedge(at(62), "", "", "kill switch: !")
    assert ear.texts() == [
        "BTC h1: halted", "BTC h2: halted", "BTC h1: unbalanced", "BTC h1: halted", "kill switch: !"
    ]  # fmt: skip


def test_a_hedge_in_doubt_is_told_each_time_it_comes_into_doubt() -> None:
    ear = Ear()
    for second, hedges in enumerate(({"h1": ("BTC", "no answer")}, {"h1": ("BTC", "no answer")}, {})):
        ear.rules.in_doubt(at(second * 40), hedges)
    ear.rules.in_doubt(at(120), {"h1": ("BTC", "no answer")})
    assert ear.texts() == ["BTC h1: in doubt: no answer"] * 2
