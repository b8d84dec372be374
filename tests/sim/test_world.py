"""The truth: the same for the same seed, never crossed, and with the odd cases that venues have."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from arbtui.sim.coins import make_coins
from arbtui.sim.listing import DEPTH, Habits, Terms, Writer
from arbtui.sim.scenario import SCENARIOS
from arbtui.sim.world import STEP_NS, World
from tests.sim.support import START_NS, Bench


def small_world(seed: int = 3, scenario: str = "default", sig_figs: int | None = None) -> World:
    world = World(seed=seed, coins=30, rate=3000.0, scenario=SCENARIOS[scenario], start_ns=START_NS)
    for venue in ("a", "b"):
        for coin in world.offered(venue, "perp", "USDT"):
            terms = Terms(venue=venue, market="perp", native=coin.ticker, quote="USDT", seq_jump=5, sig_figs=sig_figs)
            world.add(terms, coin)
    return world


def picture(world: World) -> list[Any]:
    return [(x.key, x.state, x.last, x.volume_lots, world.mark_of(x), world.funding_of(x)) for x in world.listings]


def test_the_same_seed_gives_the_same_truth_however_time_is_cut() -> None:
    one, two = small_world(), small_world()
    one.run_to(START_NS + 3 * 10**9 // 2)
    for ms in range(0, 1501, 50):
        two.run_to(START_NS + ms * 10**6)
    assert one.steps == two.steps == 75
    assert picture(one) == picture(two)
    assert [(d.buy.key, d.sell.key, d.from_ns) for d in one.dislocations] == [
        (d.buy.key, d.sell.key, d.from_ns) for d in two.dislocations
    ]


def test_another_seed_gives_another_truth() -> None:
    one, two = small_world(3), small_world(4)
    for world in (one, two):
        world.run_to(START_NS + 10**9)
    assert picture(one) != picture(two)


def test_who_watches_changes_nothing() -> None:
    one, two = Bench(seed=5), Bench(seed=5)
    _, wire = two.connect("wss://fstream.binance.com/public/stream?streams=btcusdt@depth@100ms/ethusdt@bookTicker")
    for bench in (one, two):
        bench.run(1000)
    assert wire.texts
    assert picture(one.hub.world) == picture(two.hub.world)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), scenario=st.sampled_from(sorted(SCENARIOS)), sig_figs=st.sampled_from([None, 5]))
def test_no_book_is_ever_crossed_unsorted_or_without_size(seed: int, scenario: str, sig_figs: int | None) -> None:
    world = small_world(seed, scenario, sig_figs)
    world.run_to(START_NS + 60 * STEP_NS)
    for listing in world.listings:
        for state in listing.history:
            bids, asks = listing.levels(state)
            assert bids[0][0] == state.bid < state.ask == asks[0][0]
            assert bids == sorted(bids, reverse=True)
            assert asks == sorted(asks)
            assert len({p for p, _ in bids + asks}) == len(bids) + len(asks)
            assert all(p > 0 and lots > 0 for p, lots in bids + asks)
            assert len(asks) == DEPTH
            if sig_figs is not None:
                assert all(len(str(p).rstrip("0")) <= sig_figs for p, _ in bids + asks)


def test_a_past_book_can_be_had_again_exactly() -> None:
    world = small_world()
    listing = world.listings[0]
    listing.watch()
    seen = {listing.state.seq: listing.levels()}
    for change in world.advance_to(START_NS + 90 * STEP_NS):
        if change.listing is listing:
            seen[listing.state.seq] = listing.levels()
    assert len(seen) > 20
    for seq, levels in seen.items():
        state = listing.state_at(seq)
        assert state is not None
        assert listing.levels(state) == levels
    assert listing.state_at(listing.state.seq - 1) is None or listing.state.prev == listing.state.seq - 1


def test_of_a_book_that_seldom_changes_a_minute_is_kept_and_never_less_than_what_everybody_may_ask_for() -> None:
    listing = small_world().listings[0]
    listing.watch()
    for second in range(300):
        listing.move(100.0, 0.0, second, 1, START_NS + second * 10**9)
    assert [state.t_ns for state in listing.history] == [START_NS + second * 10**9 for second in range(239, 300)]
    listing.move(100.0, 0.0, 1, 1, START_NS + 3600 * 10**9)
    assert len(listing.history) == 4


def test_update_ids_rise_and_name_the_one_before() -> None:
    world = small_world()
    listing = world.listings[0]
    listing.watch()
    world.run_to(START_NS + 90 * STEP_NS)
    states = list(listing.history)
    assert all(b.prev == a.seq < b.seq for a, b in pairwise(states))


def test_a_dislocation_moves_the_book_it_names_and_ends() -> None:
    world = small_world()
    world.run_to(START_NS + 2 * 10**9)
    assert world.dislocations
    first = world.dislocations[0]
    buy, sell = first.buy, first.sell
    gross_bps = 1e4 * (sell.state.bid * float(sell.tick) / (buy.state.ask * float(buy.tick)) - 1.0)
    assert gross_bps > 25
    for ms in range(0, (first.to_ns - START_NS) // 10**6 + 1000, 1000):
        world.run_to(START_NS + ms * 10**6)
    assert first.moved.shift_bps == 0.0


def test_a_signal_is_never_far_off() -> None:
    """At any moment of the first minute some dislocation of 45 bps or more began less than 15 s ago or is under way."""
    world = Bench("binance", coins=60).hub.world
    under_way = 0
    for second in range(60):
        world.run_to(START_NS + (second + 1) * 10**9)
        under_way += any(d.from_ns <= world.now_ns < d.to_ns for d in world.dislocations)
    assert under_way > 50


def test_a_long_sleep_is_skipped_not_made_up_for() -> None:
    world = small_world()
    world.run_to(START_NS + 3600 * 10**9)
    assert world.steps <= 100
    assert 0 <= START_NS + 3600 * 10**9 - world.now_ns < STEP_NS


def test_books_follow_their_coin() -> None:
    world = small_world(scenario="still")
    for second in range(1, 31):
        world.run_to(START_NS + second * 10**9)
    for listing in world.listings:
        mid = (listing.state.bid + listing.state.ask) / 2 * float(listing.tick)
        assert abs(mid / world.fair_of(listing.coin, listing.terms) - 1.0) < 15e-4, listing.key


def test_a_thousand_coins_have_a_thousand_names_and_none_looks_multiplied() -> None:
    coins = make_coins(1, 1000)
    assert len({coin.name for coin in coins}) == 1000
    assert [coin.ticker for coin in coins if coin.ticker[0].isdigit()] == ["1INCH"]


def test_one_ticker_means_another_coin_at_one_venue() -> None:
    world = World(seed=1, coins=100, rate=100.0, scenario=SCENARIOS["default"], start_ns=START_NS)
    there = {coin.ticker: coin for coin in world.offered("okx", "perp", "USDT")}
    here = {coin.ticker: coin for coin in world.offered("hyperliquid", "perp", "USDT")}
    assert world.twin is not None
    for names in (there, here):
        names.setdefault("GAME", world.twin if names is there else world.coins[0])
    assert there["GAME"].name == "GAME#2"
    assert here["GAME"].name != "GAME#2"


@given(
    n=st.integers(-(10**12), 10**12),
    unit=st.sampled_from([Decimal("0.10"), Decimal("0.005"), Decimal("1E-10"), Decimal(1), Decimal("1E+2")]),
    decimals=st.integers(0, 10),
    shortest=st.booleans(),
    point=st.booleans(),
)
def test_a_written_number_is_exact(n: int, unit: Decimal, decimals: int, shortest: bool, point: bool) -> None:
    text = Writer(unit, decimals=decimals, shortest=shortest, point=point)(n)
    assert Decimal(text) == n * unit
    assert "e" not in text.lower()


def test_habits_of_writing() -> None:
    assert Writer(Decimal("0.10"))(830916) == "83091.60"
    assert Writer(Decimal("0.01"), decimals=8)(6370400) == "63704.00000000"
    assert Writer(Decimal("0.1"), shortest=True)(639210) == "63921"
    assert Writer(Decimal(1), point=True)(77558) == "77558.0"
    assert Writer(Decimal("0.1"), point=True)(775585) == "77558.5"
    assert Habits().rate_decimals == 8
