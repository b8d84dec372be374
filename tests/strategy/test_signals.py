"""The life of a signal, on a clock that moves only when told."""

from __future__ import annotations

import re

import pytest

from arbtui.core.clock import NS_PER_MS, NS_PER_S
from arbtui.core.model import Market
from arbtui.market.slot import Slot
from arbtui.market.terms import FreshnessRules
from arbtui.strategy.pairs import PairRules
from arbtui.strategy.rows import SignalRecord, SignalState
from arbtui.strategy.signals import SignalRules, Signals
from arbtui.strategy.spreads import Spreads
from arbtui.strategy.thresholds import Thresholds
from tests.strategy.world import START_NS, World

R, C, X = SignalState.RAISED, SignalState.CLEARED, SignalState.REJECTED


class Desk:
    """Buy okx, sell binance: fees cost 10 bps, so a gross of 20 bps nets 10, twice the threshold."""

    def __init__(self, rules: SignalRules | None = None, pairs: PairRules | None = None) -> None:
        self.world = World()
        self.okx = self.world.add("okx")
        self.binance = self.world.add("binance")
        self.thresholds = Thresholds(5.0)
        self.spreads = Spreads(self.world, pairs or PairRules(), self.thresholds, self.world.clock)
        self.records: list[SignalRecord] = []
        self.signals = Signals(
            self.spreads,
            self.thresholds,
            rules or SignalRules(),
            self.world.clock,
            self.records.append,
            freshness=FreshnessRules(),
        )
        self.signals.start()
        self.quote(self.okx, 100.0)

    def quote(self, slot: Slot, price: float, qty: float = 10.0) -> None:
        """A tight market at ``price``: what is said of one side holds for the other within 0.01 bps."""
        self.spreads.on_quote(self.world.quote(slot, price, price * 1.000001, bid_qty=qty, ask_qty=qty))

    def edge(self, net_bps: float, slot: Slot | None = None, qty: float = 10.0) -> None:
        """Binance (or ``slot``) bids so much that selling there nets about ``net_bps``."""
        self.quote(slot or self.binance, 100.0 * (1 + (net_bps + 10.0) / 1e4), qty)

    def step(self, ms: float = 500.0) -> list[SignalState]:
        """One grid point further, all quotes heard again; what was told."""
        before = len(self.records)
        self.world.refresh()
        self.world.pass_ms(ms)
        return [record.state for record in self.records[before:]]

    def steps(self, count: int) -> list[SignalState]:
        return [state for _ in range(count) for state in self.step()]

    def raised(self) -> SignalRecord:
        self.edge(10.0)
        assert self.steps(3) == [R]
        return self.records[-1]


# raising


def test_it_is_raised_at_the_third_look_in_a_row_and_not_before() -> None:
    desk = Desk()
    desk.edge(10.0)
    assert [desk.step() for _ in range(5)] == [[], [], [R], [], []]
    record = desk.records[0]
    assert record.t_ns == START_NS + 1500 * NS_PER_MS
    assert (record.samples, record.held_ms, record.threshold_bps) == (3, 1000.0, 5.0)
    assert record.row.net_bps == pytest.approx(10.0, abs=0.1)


def test_looks_come_on_the_grid_whether_or_not_a_quote_came() -> None:
    desk = Desk()
    desk.edge(10.0)
    desk.world.pass_ms(1499)
    assert desk.records == []
    desk.world.pass_ms(1)
    assert [record.state for record in desk.records] == [R]


def test_it_must_have_stood_for_the_least_time_even_if_the_looks_suffice() -> None:
    desk = Desk(SignalRules(samples=1, min_hold_ms=1200))
    desk.edge(10.0)
    assert [desk.step() for _ in range(4)] == [[], [], [], [R]]


def test_the_looks_must_suffice_even_if_it_has_stood_long_enough() -> None:
    desk = Desk(SignalRules(samples=4, min_hold_ms=0))
    desk.edge(10.0)
    assert [desk.step() for _ in range(4)] == [[], [], [], [R]]


def test_one_look_below_the_threshold_starts_the_count_anew() -> None:
    desk = Desk()
    desk.edge(10.0)
    assert desk.steps(2) == []
    desk.edge(4.0)
    assert desk.step() == [X]
    desk.edge(10.0)
    assert [desk.step() for _ in range(3)] == [[], [], [R]]


def test_an_edge_that_comes_and_goes_between_looks_is_never_seen() -> None:
    desk = Desk()
    for _ in range(6):
        desk.edge(10.0)
        desk.world.pass_ms(200)
        desk.edge(0.0)
        assert desk.step(300) == []
    assert desk.records == []


def test_looks_that_were_missed_are_no_looks_in_a_row() -> None:
    desk = Desk()
    desk.edge(10.0)
    assert desk.steps(2) == []
    desk.signals.stop()
    desk.world.pass_ms(3000)
    desk.world.refresh()
    desk.signals.start()
    assert [desk.step() for _ in range(3)] == [[], [], [R]]


def test_after_the_stop_nobody_looks() -> None:
    desk = Desk()
    desk.edge(10.0)
    desk.signals.stop()
    assert desk.steps(5) == []


# size


def test_a_top_that_is_too_small_is_rejected_once_in_a_cool_down_and_raised_when_it_grows() -> None:
    desk = Desk()
    desk.edge(10.0, qty=0.5)
    assert desk.steps(10) == [X]
    assert desk.records[0].reason == "good for 50 USD only, the smallest size is 100 USD"
    desk.edge(10.0, qty=2.0)
    assert desk.step() == [R]


def test_a_rejection_is_told_again_after_the_cool_down() -> None:
    desk = Desk()
    desk.edge(10.0, qty=0.5)
    assert desk.steps(2 + 59) == [X]
    assert desk.steps(5) == [X]


def test_the_walked_size_counts_where_books_are_held() -> None:
    desk = Desk()
    desk.edge(10.0, qty=0.5)
    desk.world.hold(desk.okx, asks=[(100.0, 0.5), (100.01, 5.0)])
    desk.world.hold(desk.binance, bids=[(100.2, 0.5), (100.19, 5.0)])
    desk.spreads.walk_usd = 500.0
    assert desk.steps(3) == [R]
    row = desk.records[0].row
    assert row.max_usd == pytest.approx(550.05, abs=0.01)
    assert row.walk_net_bps == pytest.approx(8.2, abs=0.1)


def test_a_top_that_pays_is_no_signal_where_the_walked_size_does_not() -> None:
    desk = Desk()
    desk.edge(10.0)
    desk.world.hold(desk.okx, asks=[(100.0, 0.5), (100.2, 50.0)])
    desk.world.hold(desk.binance, bids=[(100.2, 0.5), (100.0, 50.0)])
    assert desk.steps(5) == []
    assert desk.signals.why_not("BTC").startswith("Below the threshold of 5.0 bps by ")


# clearing


def test_it_is_cleared_below_the_threshold_by_more_than_the_hysteresis_under_the_same_id() -> None:
    desk = Desk()
    raised = desk.raised()
    desk.edge(3.5)
    assert desk.steps(4) == []
    assert desk.signals.standing("BTC") == [raised]
    desk.edge(2.5)
    assert desk.step() == [C]
    cleared = desk.records[-1]
    assert cleared.id == raised.id == f"BTC:okx.perp.BTCUSDT:binance.perp.BTCUSDT:{raised.t_ns}"
    assert cleared.reason == "net 2.5 bps fell below 5.0 bps by more than 2.0 bps"
    assert cleared.t_ns > raised.t_ns
    assert desk.signals.standing() == []


def test_a_hysteresis_wider_than_what_counts_as_near_holds_as_well() -> None:
    desk = Desk(SignalRules(hysteresis_bps=20.0))
    desk.raised()
    desk.edge(-10.0)
    assert desk.steps(4) == []
    desk.edge(-16.0)
    assert desk.step() == [C]


@pytest.mark.parametrize(
    "against", ["stale", "bid at or above ask", "quarantined: 40 % off its index", "USDC has lost its peg"]
)
def test_whatever_speaks_against_a_leg_clears_at_the_next_look(against: str) -> None:
    desk = Desk()
    raised = desk.raised()
    desk.world.against[desk.okx.id] = against
    assert desk.step() == [C]
    assert (desk.records[-1].id, desk.records[-1].reason) == (raised.id, f"okx.perp.BTCUSDT: {against}")
    assert desk.records[-1].row.muted == f"okx.perp.BTCUSDT: {against}"


def test_a_leg_that_falls_silent_clears_without_any_quote() -> None:
    desk = Desk()
    desk.raised()
    desk.world.refresh()
    desk.world.pass_ms(5_000)
    assert [record.state for record in desk.records] == [R]
    desk.world.pass_ms(600)
    assert [record.state for record in desk.records] == [R, C]
    assert "stale" in desk.records[-1].reason


def test_a_muted_leg_and_one_without_price_clear() -> None:
    desk = Desk()
    desk.raised()
    desk.binance.muted = "halted"
    desk.spreads.on_judged(desk.binance)
    assert desk.step() == [C]
    assert desk.records[-1].reason == "binance.perp.BTCUSDT: halted"

    desk = Desk()
    desk.raised()
    desk.spreads.on_quote(desk.world.quote(desk.binance, None, 100.3))
    assert desk.step() == [C]
    assert desk.records[-1].reason == "binance.perp.BTCUSDT: no bid"


def test_a_delisting_clears() -> None:
    desk = Desk()
    desk.raised()
    desk.world.coins["BTC"].slots.remove(desk.binance)
    desk.spreads.reload()
    assert desk.step() == [C]
    assert desk.records[-1].reason == "binance.perp.BTCUSDT: not listed"


def test_a_threshold_raised_above_the_edge_clears() -> None:
    desk = Desk()
    desk.raised()
    desk.thresholds.set_coin("BTC", 13.0)
    assert desk.step() == [C]
    assert desk.records[-1].threshold_bps == 13.0


def test_currencies_that_can_no_longer_be_compared_clear() -> None:
    desk = Desk()
    usdc = desk.world.add("hyperliquid", price_ccy="USDC", rate=1.0)
    desk.spreads.reload()
    desk.quote(desk.binance, 100.0)
    desk.edge(10.0, usdc)
    assert desk.steps(3) == [R, R]
    desk.world.rates.muted = "the USDC rate is 11 s old"
    assert desk.step() == [C, C]
    assert {record.reason for record in desk.records[-2:]} == {"the USDC rate is 11 s old"}


# cool-down


def test_a_pair_is_raised_again_only_30_s_after_its_raise_and_says_so_once() -> None:
    desk = Desk()
    raised = desk.raised()
    desk.edge(0.0)
    assert desk.step() == [C]
    desk.edge(10.0)
    assert desk.steps(20) == [X]
    assert re.fullmatch(r"cooling down until \d\d:\d\d:\d\d UTC", desk.records[-1].reason)
    while desk.world.now_ns < raised.t_ns + 30 * NS_PER_S - 500 * NS_PER_MS:
        assert desk.step() == []
    assert desk.step() == [R]
    assert desk.records[-1].id != raised.id
    assert desk.records[-1].t_ns == raised.t_ns + 30 * NS_PER_S


def test_a_cool_down_is_the_pair_s_own() -> None:
    desk = Desk()
    desk.raised()
    desk.edge(0.0)
    desk.step()
    bybit = desk.world.add("bybit")
    desk.spreads.reload()
    desk.edge(10.0, bybit)
    assert desk.steps(3) == [R]
    assert desk.records[-1].row.sell.venue == "bybit"


# many pairs


def test_a_best_venue_that_flips_resets_nothing() -> None:
    desk = Desk()
    bybit = desk.world.add("bybit")
    desk.spreads.reload()
    told = []
    for turn in range(3):
        desk.edge(10.0 + turn % 2, desk.binance)
        desk.edge(11.0 - turn % 2, bybit)
        told.append(desk.step())
    assert told == [[], [], [R, R]]
    assert {record.row.sell.venue for record in desk.records} == {"binance", "bybit"}
    assert {record.samples for record in desk.records} == {3}


def test_each_pair_counts_by_itself() -> None:
    desk = Desk()
    bybit = desk.world.add("bybit")
    desk.spreads.reload()
    desk.edge(0.0, bybit)
    desk.edge(10.0)
    assert desk.step() == []
    desk.edge(12.0, bybit)
    assert [desk.step() for _ in range(3)] == [[], [R], [R]]


def test_records_of_one_look_come_coin_by_coin() -> None:
    desk = Desk()
    for base in ("ETH", "ADA"):
        desk.world.quote(desk.world.add("okx", base=base), 100.0, 100.0001)
        desk.world.quote(desk.world.add("binance", base=base), 100.3, 100.3001)
    desk.spreads.reload()
    desk.edge(10.0)
    desk.steps(3)
    assert [record.row.base for record in desk.records] == ["ADA", "BTC", "ETH"]


# what never becomes a signal


def test_selling_spot_without_coins_is_never_a_signal() -> None:
    desk = Desk()
    spot = desk.world.add("bybit", Market.SPOT)
    desk.quote(desk.binance, 100.0)
    desk.spreads.reload()
    desk.edge(50.0, spot)
    assert desk.steps(6) == []
    assert desk.signals.why_not("BTC").endswith(
        "; buy okx.perp.BTCUSDT, sell bybit.spot.BTCUSDT nets 50.0 bps, but needs inventory: no free BTC is known at "
        "bybit, and pairs.sell_spot is off."
    )

    owner = Desk(pairs=PairRules(free_balances={("bybit", "BTC"): 1.0}))
    spot = owner.world.add("bybit", Market.SPOT)
    owner.quote(owner.binance, 100.0)
    owner.spreads.reload()
    owner.edge(50.0, spot)
    assert owner.steps(3) == [R, R]
    assert all(record.row.needs_inventory for record in owner.records)


def test_a_leg_that_may_not_trade_is_never_counted() -> None:
    desk = Desk()
    desk.world.against[desk.okx.id] = "quarantined"
    desk.edge(50.0)
    assert desk.steps(6) == []
    del desk.world.against[desk.okx.id]
    assert [desk.step() for _ in range(3)] == [[], [], [R]]


def test_a_candidate_that_may_no_longer_trade_is_rejected_once_with_the_reason() -> None:
    desk = Desk()
    desk.edge(10.0)
    desk.steps(2)
    for _ in range(4):
        desk.world.against[desk.okx.id] = "stale"
        desk.steps(1)
        del desk.world.against[desk.okx.id]
        desk.steps(1)
    assert [(record.state, record.reason) for record in desk.records] == [(X, "okx.perp.BTCUSDT: stale")]


# what a record says


def test_the_advice_says_where_to_buy_and_sell_at_what() -> None:
    desk = Desk()
    advice = desk.raised().advice
    assert advice == (
        "Buy BTC at okx.perp.BTCUSDT for 100.0001, sell at binance.perp.BTCUSDT for 100.2: 10.0 bps net, "
        "good for 1,000 USD."
    )
    desk.edge(0.0)
    desk.step()
    assert desk.records[-1].advice.startswith("No entry: ")


def test_small_prices_are_told_without_an_exponent() -> None:
    desk = Desk()
    for venue, price in (("okx", 1.234e-7), ("binance", 1.25e-7)):
        desk.world.quote(desk.world.add(venue, base="PEPE"), price, price, bid_qty=1e10, ask_qty=1e10)
    desk.spreads.reload()
    desk.steps(3)
    assert "for 0.0000001234, sell" in desk.records[0].advice


def test_confidence_falls_with_age_depth_and_clocks_each_by_itself() -> None:
    def confidence(age_ms: float = 0.0, qty: float = 10.0, offset_ms: float | None = None) -> float:
        desk = Desk()
        desk.okx.family.offset_ms = offset_ms
        desk.edge(10.0, qty=qty)
        desk.steps(2)
        desk.world.pass_ms(499)
        desk.world.refresh()
        desk.okx.witness.confirmed_ns = desk.binance.witness.confirmed_ns = 0
        assert desk.okx.quote is not None
        desk.okx.quote.t_ns -= int(age_ms * NS_PER_MS)
        desk.world.pass_ms(1)
        assert len(desk.records) == 1
        return desk.records[0].confidence

    fresh = confidence()
    assert fresh == pytest.approx(1.0, abs=1e-3)
    assert confidence(age_ms=3000.0) == pytest.approx(0.9, abs=1e-3)
    assert confidence(qty=5.0) == pytest.approx(0.5, abs=5e-3)
    assert confidence(offset_ms=-125.0) == pytest.approx(0.75, abs=1e-3)
    assert confidence(offset_ms=700.0) == 0.0


def test_the_history_keeps_what_was_told() -> None:
    desk = Desk()
    desk.raised()
    desk.edge(0.0)
    desk.step()
    assert list(desk.signals.history) == desk.records


def test_what_is_over_is_forgotten() -> None:
    desk = Desk()
    desk.raised()
    desk.edge(-5.0)
    assert desk.step() == [C]
    assert desk.signals._candidates
    desk.steps(60)
    assert desk.signals._candidates == {}


# why there is none


def test_why_not_tells_each_reason() -> None:
    desk = Desk()
    why = desk.signals.why_not
    assert why("XYZ").startswith("XYZ has no pair to compare")
    assert why(
        "BTC"
    ) == "No pair of BTC may trade; of the best one, okx.perp.BTCUSDT has no bid." or "may trade" in why("BTC")
    desk.edge(-20.0)
    assert why("BTC").startswith("Below the threshold of 5.0 bps by 5.")
    desk.edge(4.0)
    assert why("BTC") == (
        "Below the threshold of 5.0 bps by 1.0 bps (best: buy okx.perp.BTCUSDT, sell binance.perp.BTCUSDT)."
    )
    desk.edge(10.0)
    assert why("BTC").startswith("Held only 0 of 1000 ms and 0 of 3 looks so far")
    desk.steps(2)
    assert why("BTC").startswith("Held only 500 of 1000 ms and 2 of 3 looks so far")
    desk.edge(10.0, qty=0.5)
    assert why("BTC").startswith("Too small: good for 50 USD, the smallest size is 100 USD")
    desk.edge(10.0)
    desk.step()
    assert why("BTC").startswith("A signal stands since ")
    desk.edge(0.0)
    desk.step()
    desk.edge(10.0)
    desk.step()
    assert why("BTC").startswith("Cooling down until ")
    desk.world.against[desk.okx.id] = "stale"
    assert why("BTC") == "No pair of BTC may trade; of the best one, okx.perp.BTCUSDT: stale."
    desk.world.against.clear()
    desk.world.coins["BTC"].slots.remove(desk.binance)
    desk.spreads.reload()
    assert why("BTC").startswith("BTC has no pair to compare")
