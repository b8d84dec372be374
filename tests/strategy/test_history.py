"""What spreads and premiums were: a figure where two quotes could be compared, a gap wherever they could not."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from math import isnan

import pytest

from arbtui.core.clock import NS_PER_MS
from arbtui.core.model import Market
from arbtui.market.slot import Coin
from arbtui.strategy.history import PAIRS_KEPT, UNASKED_NS, Best, History, premium_bps
from arbtui.strategy.pairs import PairRules
from arbtui.strategy.series import Series
from arbtui.strategy.spread import net_bps
from arbtui.strategy.spreads import Spreads
from arbtui.strategy.thresholds import Thresholds
from tests.strategy.world import World


class Watch:
    """A world whose history is kept on sweeps of 20 ms, as the desk does it."""

    def __init__(self) -> None:
        self.world = World()
        self.spreads = Spreads(self.world, PairRules(), Thresholds(), self.world.clock)
        self.history = History(self.world, self.look)
        self.looks: list[str] = []
        self.selected = ""

    def look(self, base: str) -> Best | None:
        self.looks.append(base)
        for row in self.spreads.rows(bases=(base,)):
            if row.muted is None and row.net_bps is not None:
                return row.buy.slot, row.sell.slot, row.net_bps
        return None

    def quoted(self, *legs: tuple[str, float, float], base: str = "BTC", market: Market = Market.PERP) -> None:
        for venue, bid, ask in legs:
            self.world.quote(self.world.add(venue, market, base), bid, ask)
        self.spreads.reload()

    def live(self, seconds: float, *, fresh: bool = True) -> None:
        for _ in range(round(seconds * 50)):
            if fresh:
                self.world.refresh()
            self.history.step(self.world.now_ns, self.selected)
            self.world.pass_ms(20)

    def net(self, window_s: float = 10, base: str = "BTC") -> list[float | None]:
        return known(self.history.net(base, self.world.now_ns, window_s))


def known(series: Series) -> list[float | None]:
    return [None if isnan(value) else round(value, 3) for value in series.last]


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_every_second_has_the_net_of_the_best_pair_of_that_second(watch: Watch) -> None:
    watch.quoted(("okx", 99.9, 100.0), ("bybit", 101.0, 101.1))
    watch.live(3)
    first = round(net_bps(100.0, 101.0, 0.0005, 0.0005), 3)
    watch.world.quote(watch.world.slots[1], 102.0, 102.1)
    watch.live(2)
    second = round(net_bps(100.0, 102.0, 0.0005, 0.0005), 3)
    assert watch.net(5) == [first] * 3 + [second] * 2
    assert watch.history.best_pairs("BTC", watch.world.now_ns, 5) == [(0, 1)] * 5


def test_which_pair_was_the_best_is_kept_with_it(watch: Watch) -> None:
    watch.quoted(("okx", 99.9, 100.0), ("bybit", 101.0, 101.1))
    watch.live(2)
    watch.quoted(("binance", 103.0, 103.1))
    watch.live(2)
    assert watch.history.best_pairs("BTC", watch.world.now_ns, 4) == [(0, 1), (0, 1), (0, 2), (0, 2)]


def test_a_stale_leg_is_a_gap_and_never_the_last_value(watch: Watch) -> None:
    watch.quoted(("okx", 99.9, 100.0), ("bybit", 101.0, 101.1))
    watch.live(2)
    watch.live(8, fresh=False)  # quotes are stale after five seconds
    watch.live(2)
    values = watch.net(12)
    assert values[:2] == values[-2:] != [None, None]
    assert values[7:10] == [None] * 3


def test_an_inadmissible_pair_is_a_gap(watch: Watch) -> None:
    watch.quoted(("okx", 99.9, 100.0), ("bybit", 101.0, 101.1))
    watch.live(1)
    watch.world.against[1] = "quarantined"
    watch.live(2)
    assert [value is None for value in watch.net(3)] == [False, True, True]


def test_a_coin_that_never_had_a_pair_costs_nothing_and_reads_as_a_gap(watch: Watch) -> None:
    watch.world.add("okx", base="ETH")
    watch.spreads.reload()
    watch.live(2)
    assert watch.net(3, "ETH") == [None] * 3
    assert watch.history.best_pairs("ETH", watch.world.now_ns, 3) == [None] * 3
    assert watch.net(3, "never listed") == [None] * 3


def test_a_thousand_coins_are_looked_at_once_a_second_and_a_few_at_a_time(watch: Watch) -> None:
    names = [f"C{n}" for n in range(1000)]
    watch.world.coins.update({name: Coin(name) for name in names})
    each = []
    for _ in range(100):
        before = len(watch.looks)
        watch.history.step(watch.world.now_ns)
        each.append(len(watch.looks) - before)
        watch.world.pass_ms(20)
    assert sorted(watch.looks) == sorted(names * 2)
    assert max(each) <= 51


def test_a_loop_that_was_away_leaves_gaps_and_does_not_make_up_for_them(watch: Watch) -> None:
    watch.quoted(("okx", 99.9, 100.0), ("bybit", 101.0, 101.1))
    watch.live(1)
    watch.world.pass_ms(3000)
    watch.live(1)
    assert [value is None for value in watch.net(5)] == [False, True, True, True, False]


def test_only_coins_that_were_chosen_are_looked_at(watch: Watch) -> None:
    watch.quoted(("okx", 99.9, 100.0), ("bybit", 101.0, 101.1))
    watch.quoted(("okx", 9.9, 10.0), ("bybit", 10.1, 10.2), base="ETH")
    for _ in range(60):
        watch.world.pass_ms(20)
        watch.history.step(watch.world.now_ns, "", ["ETH"])
    assert set(watch.looks) == {"ETH"}


# pairs


def test_a_pair_is_sampled_ten_times_a_second_from_when_it_was_asked_for(watch: Watch) -> None:
    watch.quoted(("okx", 99.9, 100.0), ("bybit", 101.0, 101.1))
    buy, sell = watch.world.slots
    watch.live(1)
    before = watch.history.pair(sell, buy, watch.world.now_ns, 1)
    assert (len(before), before.step_ns, before.known()) == (10, 100 * NS_PER_MS, [])
    watch.live(2)
    values = known(watch.history.pair(sell, buy, watch.world.now_ns, 3))
    expected = round(net_bps(101.1, 99.9, 0.0005, 0.0005), 3)
    assert values[-20:] == [expected] * 20
    assert values[:9] == [None] * 9


def test_a_pair_has_a_gap_while_a_leg_is_stale_or_muted_or_has_no_rate(watch: Watch) -> None:
    watch.quoted(("okx", 99.9, 100.0), ("bybit", 101.0, 101.1))
    buy, sell = watch.world.slots
    watch.history.pair(buy, sell, watch.world.now_ns, 1)

    def gaps() -> bool:
        watch.live(0.5)
        return not watch.history.pair(buy, sell, watch.world.now_ns, 0.4).known()

    assert not gaps()
    watch.world.against[0] = "stale"
    assert gaps()
    watch.world.against.clear()
    sell.muted = "quarantined"
    assert gaps()
    sell.muted = None
    buy.usd = None
    assert gaps()
    buy.usd = 1.0
    assert not gaps()


def test_what_the_rules_forbid_to_trade_is_still_charted_when_it_is_asked_for(watch: Watch) -> None:
    watch.quoted(("okx", 99.9, 100.0))
    watch.quoted(("bybit", 101.0, 101.1), market=Market.SPOT)
    buy, sell = watch.world.slots
    watch.history.pair(buy, sell, watch.world.now_ns, 1)
    watch.live(1)
    assert watch.net(1) == [round(net_bps(101.1, 99.9, 0.0005, 0.0005), 3)], "spot is not for sale"
    assert watch.history.pair(buy, sell, watch.world.now_ns, 1).known()


def test_only_so_many_pairs_are_kept_and_what_nobody_asks_for_is_dropped(watch: Watch) -> None:
    watch.quoted(*((f"v{n}", 99.9 + n, 100.0 + n) for n in range(PAIRS_KEPT + 2)))
    slots = watch.world.slots
    for sell in slots[1:]:
        watch.history.pair(slots[0], sell, watch.world.now_ns, 1)
    watch.live(1)
    latest_first = reversed(slots[1:])
    sampled = [sell for sell in latest_first if watch.history.pair(slots[0], sell, watch.world.now_ns, 1).known()]
    assert sampled == slots[:1:-1], "the one that was asked for first had to go"
    watch.world.pass_ms(UNASKED_NS / NS_PER_MS + 1000)
    watch.history.step(watch.world.now_ns)
    watch.live(1)
    assert not watch.history.pair(slots[0], slots[2], watch.world.now_ns, 0.9).known()


# premiums


def test_the_premium_of_a_venue_is_kept_while_its_coin_is_on_show(watch: Watch) -> None:
    watch.quoted(("okx", 99.0, 101.0), ("bybit", 99.0, 101.0), market=Market.SPOT)
    watch.quoted(("okx", 100.0, 102.0))
    assert watch.history.premium_venues("BTC") == ["okx"]
    watch.live(2)
    assert not watch.history.premium("BTC", "okx", watch.world.now_ns, 2).known()
    watch.selected = "BTC"
    watch.live(2)
    assert known(watch.history.premium("BTC", "okx", watch.world.now_ns, 2)) == [100.0, 100.0]
    watch.world.against[0] = "stale"
    watch.live(2)
    assert known(watch.history.premium("BTC", "okx", watch.world.now_ns, 3)) == [100.0, None, None]
    assert not watch.history.premium("BTC", "bybit", watch.world.now_ns, 3).known()
    assert watch.history.premium_venues("never listed") == []


def test_a_premium_over_two_currencies_is_counted_in_dollars(watch: Watch) -> None:
    spot = watch.world.quote(watch.world.add("okx", Market.SPOT, price_ccy="USDC", rate=1.01), 100.0, 100.0)
    perp = watch.world.quote(watch.world.add("okx"), 101.0, 101.0)
    assert premium_bps(spot, perp) == pytest.approx(0.0, abs=1e-9)
    spot.usd = None
    assert premium_bps(spot, perp) is None


# passed


def test_how_many_coins_passed_counts_the_best_of_the_window_and_forgets_what_is_older(watch: Watch) -> None:
    watch.quoted(("okx", 99.9, 100.0), ("bybit", 101.0, 101.1))  # some 90 bps
    watch.quoted(("okx", 9.99, 10.0), ("bybit", 10.0, 10.01), base="ETH")  # some -10 bps
    watch.live(2)

    def passed(bps: float, window_s: float = 600) -> int:
        return watch.history.passed(bps, watch.world.now_ns, window_s)

    assert [passed(-50), passed(0), passed(80), passed(100)] == [2, 1, 1, 0]
    watch.world.quote(watch.world.slots[0], 100.9, 101.0)
    watch.live(20)
    assert [passed(80), passed(80, 10)] == [1, 0]


# determinism


def _run(questions: Sequence[int]) -> tuple[bytes, bytes]:
    """The same market; somebody asks at these seconds."""
    watch = Watch()
    watch.quoted(("okx", 99.9, 100.0), ("bybit", 101.0, 101.1), ("binance", 100.0, 100.2))
    watch.history.pair(watch.world.slots[0], watch.world.slots[1], watch.world.now_ns, 0)
    for second in range(15):
        slot = watch.world.slots[second % 3]
        watch.world.quote(slot, 100.0 + second % 7 / 3, 100.1 + second % 7 / 3)
        watch.live(1)
        if second in questions:
            watch.spreads.rows(max_age_ms=500)
            watch.history.net("BTC", watch.world.now_ns, 60)
            watch.history.passed(5.0, watch.world.now_ns, 600)
    now_ns = watch.world.now_ns
    pair = watch.history.pair(watch.world.slots[0], watch.world.slots[1], now_ns, 15)
    return watch.history.net("BTC", now_ns, 15).last.tobytes(), pair.last.tobytes()


def test_the_same_market_leaves_the_same_history_whoever_asks_and_when() -> None:
    assert _run(()) == _run((3, 4, 9)) == _run(range(15))


def test_a_coin_costs_less_than_fifteen_kilobytes() -> None:
    """A thousand of them stay below 15 MB: the rings are there in full from the first figure on."""
    watch = Watch()
    for n in range(50):
        watch.quoted(("okx", 99.9, 100.0), ("bybit", 101.0, 101.1), base=f"C{n}")
    watch.history = History(watch.world, lambda base: (0, 1, 100.0))
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        watch.live(1)
        each = (tracemalloc.get_traced_memory()[0] - before) / 50
    finally:
        tracemalloc.stop()
    assert 8_000 < each < 15_000
