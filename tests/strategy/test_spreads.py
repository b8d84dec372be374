"""Every pair of every coin: the kept best against brute force, and what is admissible."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbtui.core.model import Market
from arbtui.market.slot import Coin, Slot
from arbtui.market.state import ListingChange
from arbtui.strategy.pairs import PairRules
from arbtui.strategy.spread import net_of
from arbtui.strategy.spreads import Spreads
from arbtui.strategy.thresholds import Thresholds
from tests.strategy.world import World

ALL = PairRules(sell_spot=True)


def spreads_of(world: World, rules: PairRules = ALL, thresholds: Thresholds | None = None) -> Spreads:
    return Spreads(world, rules, thresholds or Thresholds(), world.clock)


def best_by_force(world: World, spreads: Spreads, base: str) -> float | None:
    """The highest net of all admissible pairs of a coin, each asked by itself."""
    nets = [
        net
        for buy, sell in permutations(world.coins[base].slots, 2)
        if spreads.why_not(buy, sell, world.now_ns) is None and (net := net_of(buy, sell)) is not None
    ]
    return max(nets, default=None)


# properties

LEG = st.tuples(
    st.sampled_from(["a", "b", "c", "d"]),
    st.sampled_from([Market.PERP, Market.SPOT]),
    st.sampled_from([("USDT", 1.0), ("USDC", 0.9998), ("USD", None)]),
    st.sampled_from([-0.0001, 0.0, 0.0002, 0.0005, 0.001]),
    st.sampled_from(["free", "free", "free", "muted", "judged", "stale"]),
)
PRICE = st.one_of(st.none(), st.integers(9_900, 10_100).map(lambda n: n / 100))
QUOTES = st.lists(st.tuples(st.integers(0, 7), PRICE, PRICE), max_size=30)
RULES = st.builds(
    PairRules,
    perp_perp=st.booleans(),
    spot_perp=st.booleans(),
    spot_spot=st.booleans(),
    sell_spot=st.booleans(),
    free_balances=st.sampled_from([{}, {("a", "BTC"): 0.5}, {("b", "BTC"): 0.0}]),
)


def market_of(legs: list[tuple[str, Market, tuple[str, float | None], float, str]]) -> World:
    world = World()
    for venue, market, (ccy, rate), fee, state in legs:
        slot = world.quote(world.add(venue, market, fee=fee, price_ccy=ccy, rate=rate), None, None)
        if state == "muted":
            slot.muted = "halted"
        elif state == "judged":
            world.against[slot.id] = "crossed"
        elif state == "stale":
            world.against[slot.id] = "stale"
    return world


@settings(max_examples=200)
@given(st.lists(LEG, min_size=2, max_size=8), QUOTES, RULES, st.sampled_from([None, "the rate is old"]))
def test_the_kept_best_is_the_best_of_all_admissible_pairs(
    legs: list[tuple[str, Market, tuple[str, float | None], float, str]],
    quotes: list[tuple[int, float | None, float | None]],
    rules: PairRules,
    basis_muted: str | None,
) -> None:
    world = market_of(legs)
    world.rates.muted = basis_muted
    spreads = spreads_of(world, rules)
    for number, bid, ask in quotes:
        slot = world.slots[number % len(world.slots)]
        spreads.on_quote(world.quote(slot, bid, ask))
        expected = best_by_force(world, spreads, "BTC")
        best = spreads.best("BTC", world.now_ns)
        assert (None if best is None else net_of(*best)) == expected
        row = spreads.row("BTC")
        assert (row is not None and row.muted is None) == (expected is not None)
        if best is not None:
            assert spreads.why_not(*best, world.now_ns) is None
            assert row is not None
            assert row.net_bps == expected


@settings(max_examples=100)
@given(
    st.lists(LEG, min_size=2, max_size=8),
    QUOTES,
    RULES,
    st.floats(-20, 20),
    st.dictionaries(st.sampled_from(["BTC", "a+b", "BTC:a>b", "a.perp.BTCUSDT>b.spot.BTCUSDC"]), st.floats(-20, 20)),
)
def test_no_admissible_pair_near_its_threshold_escapes_the_hot_set(
    legs: list[tuple[str, Market, tuple[str, float | None], float, str]],
    quotes: list[tuple[int, float | None, float | None]],
    rules: PairRules,
    default_bps: float,
    entries: dict[str, float],
) -> None:
    world = market_of(legs)
    table = Thresholds(default_bps, entries)
    spreads = spreads_of(world, rules, table)
    for number, bid, ask in quotes:
        spreads.on_quote(world.quote(world.slots[number % len(world.slots)], bid, ask))
        near = set()
        for buy, sell in permutations(world.slots, 2):
            net = net_of(buy, sell)
            if net is None or spreads.why_not(buy, sell, world.now_ns) is not None:
                continue
            if net >= table.pair_bps("BTC", buy.instrument, sell.instrument) - 3.0:
                near.add((buy.id, sell.id))
        hot = spreads.hot()
        assert hot == ["BTC"] or not near
        assert {(pair.buy.id, pair.sell.id) for pair in spreads.close("BTC", world.now_ns)} == near


# by name


def three_perps() -> tuple[World, Slot, Slot, Slot]:
    world = World()
    okx = world.quote(world.add("okx"), 99.9, 100.0)
    binance = world.quote(world.add("binance"), 100.3, 100.4)
    bybit = world.quote(world.add("bybit"), 100.5, 100.6)
    return world, okx, binance, bybit


def test_the_best_price_after_fees_is_not_always_in_the_best_pair() -> None:
    """The cheaper leg after fees loses to one with the lower price where the edge is large enough to divide by it."""
    world = World()
    cheap_fee = world.quote(world.add("okx", fee=0.0), 99.0, 100.1)
    low_price = world.quote(world.add("bybit", fee=0.0010005), 99.0, 100.0)
    seller = world.quote(world.add("binance", fee=0.0), 120.0, 121.0)
    assert cheap_fee.ask_net is not None
    assert low_price.ask_net is not None
    assert cheap_fee.ask_net < low_price.ask_net
    assert spreads_of(world).best("BTC", world.now_ns) == (low_price, seller)


def test_a_venue_that_is_best_on_both_sides_is_paired_with_the_second_best() -> None:
    world = World()
    tight = world.quote(world.add("okx", fee=0.0), 99.99, 100.01)
    world.quote(world.add("binance", fee=0.0), 99.90, 100.1)
    near = world.quote(world.add("bybit", fee=0.0), 99.98, 100.2)
    assert spreads_of(world).best("BTC", world.now_ns) == (tight, near)


def test_a_muted_best_leg_gives_way_to_the_next() -> None:
    world, okx, binance, bybit = three_perps()
    spreads = spreads_of(world)
    assert spreads.best("BTC", world.now_ns) == (okx, bybit)
    bybit.muted = "halted"
    spreads.on_judged(bybit)
    assert spreads.best("BTC", world.now_ns) == (okx, binance)


def test_a_leg_that_went_stale_since_its_last_quote_gives_way_as_well() -> None:
    world, okx, binance, bybit = three_perps()
    spreads = spreads_of(world)
    world.pass_ms(4000)
    world.quote(okx, 99.9, 100.0)
    world.quote(binance, 100.3, 100.4)
    world.pass_ms(1500)
    assert spreads.best("BTC", world.now_ns) == (okx, binance)
    assert spreads.why_not(okx, bybit, world.now_ns) == "bybit.perp.BTCUSDT: stale"


def test_where_no_pair_may_trade_the_best_one_is_shown_with_the_reason() -> None:
    world, okx, _, bybit = three_perps()
    for slot in world.slots:
        world.against[slot.id] = "quarantined"
    row = spreads_of(world).row("BTC")
    assert row is not None
    assert (row.buy.slot, row.sell.slot) == (okx.id, bybit.id)
    assert row.muted == "okx.perp.BTCUSDT: quarantined"


def test_a_coin_on_one_instrument_has_no_row_and_one_without_quotes_has_an_empty_one() -> None:
    world = World()
    world.add("okx", base="ONE")
    world.add("okx", base="TWO")
    world.add("bybit", base="TWO")
    spreads = spreads_of(world)
    assert spreads.row("ONE") is None
    assert spreads.row("NONE") is None
    rows = spreads.rows()
    assert [row.base for row in rows] == ["TWO"]
    assert rows[0].net_bps is None
    assert rows[0].muted == "okx.perp.TWOUSDT: no quote yet"


def test_pairs_lists_both_ways_of_every_enabled_kind_admissible_or_not_best_first() -> None:
    world, okx, binance, _ = three_perps()
    spot = world.quote(world.add("okx", Market.SPOT), 100.2, 100.25)
    silent = world.add("bitget")
    rows = spreads_of(world, PairRules()).pairs("BTC")
    assert len(rows) == 20
    nets = [row.net_bps for row in rows if row.net_bps is not None]
    assert nets == sorted(nets, reverse=True)
    assert {row.net_bps for row in rows[12:]} == {None}
    assert all((silent.id in (row.buy.slot, row.sell.slot)) == (row.net_bps is None) for row in rows)
    by_legs = {(row.buy.slot, row.sell.slot): row for row in rows}
    assert by_legs[okx.id, binance.id].muted is None
    sold_spot = by_legs[okx.id, spot.id]
    assert sold_spot.needs_inventory
    assert sold_spot.muted == "needs inventory: no free BTC is known at okx, and pairs.sell_spot is off"


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (PairRules(sell_spot=True), {"perp-perp", "spot-perp", "spot-spot"}),
        (PairRules(sell_spot=True, perp_perp=False), {"spot-perp", "spot-spot"}),
        (PairRules(sell_spot=True, spot_perp=False), {"perp-perp", "spot-spot"}),
        (PairRules(sell_spot=True, spot_spot=False), {"perp-perp", "spot-perp"}),
    ],
)
def test_each_kind_can_be_switched_off(rules: PairRules, expected: set[str]) -> None:
    world = World()
    for venue in ("okx", "bybit"):
        for market in (Market.PERP, Market.SPOT):
            world.quote(world.add(venue, market), 100.0, 100.1)
    kinds = set()
    for row in spreads_of(world, rules).pairs("BTC"):
        spots = (row.buy.market is Market.SPOT) + (row.sell.market is Market.SPOT)
        kinds.add(("perp-perp", "spot-perp", "spot-spot")[spots])
    assert kinds == expected


def test_pairs_reach_across_markets_within_one_venue() -> None:
    world = World()
    spot = world.quote(world.add("okx", Market.SPOT), 99.0, 99.1)
    perp = world.quote(world.add("okx"), 100.0, 100.1)
    assert spreads_of(world, PairRules()).best("BTC", world.now_ns) == (spot, perp)


def test_spot_is_sold_only_where_allowed_or_known_to_be_held() -> None:
    world = World()
    perp = world.quote(world.add("okx"), 99.0, 99.1)
    spot = world.quote(world.add("okx", Market.SPOT), 100.0, 100.1)
    assert spreads_of(world, PairRules()).best("BTC", world.now_ns) == (spot, perp)
    held = PairRules(free_balances={("okx", "BTC"): 0.1})
    for rules in (held, PairRules(sell_spot=True)):
        spreads = spreads_of(world, rules)
        assert spreads.best("BTC", world.now_ns) == (perp, spot)
        assert spreads.pair(perp, spot).needs_inventory
    elsewhere = PairRules(free_balances={("bybit", "BTC"): 0.1})
    assert spreads_of(world, elsewhere).best("BTC", world.now_ns) == (spot, perp)


def test_rules_that_change_count_at_once() -> None:
    world = World()
    perp = world.quote(world.add("okx"), 99.0, 99.1)
    spot = world.quote(world.add("okx", Market.SPOT), 100.0, 100.1)
    spreads = spreads_of(world, PairRules())
    assert spreads.hot() == []
    spreads.set_rules(ALL)
    assert spreads.best("BTC", world.now_ns) == (perp, spot)
    assert spreads.hot() == ["BTC"]


def test_an_old_rate_mutes_what_compares_currencies_and_nothing_else() -> None:
    world, okx, binance, bybit = three_perps()
    usdc = world.quote(world.add("hyperliquid", price_ccy="USDC", rate=1.0), 100.9, 101.0)
    spreads = spreads_of(world)
    assert spreads.best("BTC", world.now_ns) == (okx, usdc)
    world.rates.muted = "the USDC rate is 11 s old"
    assert spreads.best("BTC", world.now_ns) == (okx, bybit)
    row = spreads.pair(okx, usdc)
    assert row.muted == "the USDC rate is 11 s old"
    assert row.basis is not None
    assert spreads.pair(okx, binance).muted is None


def test_legs_of_different_coins_are_never_compared() -> None:
    world, okx, _, _ = three_perps()
    other = world.quote(world.add("okx", base="ETH"), 101.0, 101.1)
    assert spreads_of(world).why_not(okx, other, world.now_ns) == "BTC and ETH are different coins"


# what changes besides quotes


def test_a_threshold_that_falls_makes_coins_hot_without_a_quote() -> None:
    world, *_ = three_perps()
    table = Thresholds(500.0)
    spreads = spreads_of(world, thresholds=table)
    assert spreads.hot() == []
    table.set_coin("BTC", 5.0)
    assert spreads.hot() == ["BTC"]
    table.set_coin("BTC", None)
    assert spreads.hot() == []


def test_a_leg_that_may_trade_again_makes_its_coin_hot_without_a_quote() -> None:
    world, okx, *_ = three_perps()
    okx.muted = "halted"
    spreads = spreads_of(world, thresholds=Thresholds(30.0))
    assert spreads.hot() == []
    okx.muted = None
    spreads.on_judged(okx)
    assert spreads.hot() == ["BTC"]


def test_currency_rates_that_move_make_coins_hot_without_a_quote() -> None:
    world = World()
    world.quote(world.add("okx"), 99.9, 100.0)
    usdc = world.quote(world.add("bybit", price_ccy="USDC", rate=1.0), 100.0, 100.1)
    spreads = spreads_of(world)
    assert spreads.hot() == []
    world.rates.values["USDC"] = 1.005
    world.quote(usdc, 100.0, 100.1)
    spreads.on_rates()
    assert spreads.hot() == ["BTC"]


def test_a_symbol_that_no_listing_has_named_is_passed_over_until_one_does() -> None:
    world = World()
    okx = world.quote(world.add("okx"), 99.9, 100.0)
    spreads = spreads_of(world)
    late = world.quote(world.add("bybit"), 100.5, 100.6)
    spreads.on_quote(late)
    assert spreads.hot() == []
    assert spreads.best("BTC", world.now_ns) is None
    spreads.on_listing(ListingChange(added=(late,)))
    assert spreads.best("BTC", world.now_ns) == (okx, late)
    assert spreads.hot() == ["BTC"]


def test_a_delisted_leg_is_not_listed_any_more() -> None:
    world, okx, binance, bybit = three_perps()
    spreads = spreads_of(world)
    world.coins["BTC"].slots.remove(bybit)
    spreads.reload()
    spreads.on_quote(world.quote(bybit, 110.0, 110.1))
    assert spreads.best("BTC", world.now_ns) == (okx, binance)
    assert spreads.why_not(okx, bybit, world.now_ns) == "bybit.perp.BTCUSDT: not listed"


def test_a_quote_touches_no_other_coin() -> None:
    world, okx, *_ = three_perps()
    for base in ("ETH", "SOL"):
        for venue in ("okx", "bybit"):
            world.quote(world.add(venue, base=base), 100.0, 100.1)
    spreads = spreads_of(world)
    world.judged = 0
    spreads.on_quote(world.quote(okx, 99.0, 99.1))
    assert world.judged == 0
    assert spreads.hot() == ["BTC"]


def test_a_best_seller_that_falls_back_gives_way_to_the_second_on_the_hot_path_too() -> None:
    world, _, binance, bybit = three_perps()
    spreads = spreads_of(world, thresholds=Thresholds(18.0))
    spreads.on_quote(world.quote(bybit, 99.0, 100.6))
    assert spreads.hot() == ["BTC"]
    spreads.on_quote(world.quote(binance, 99.0, 100.4))
    assert spreads.hot() == []


@pytest.mark.parametrize("fee", [-0.01, 0.0, 0.01, 0.04])
@pytest.mark.parametrize("threshold_bps", [-200.0, 3.0, 203.0])
def test_a_pair_just_near_enough_is_hot_whatever_its_fee(fee: float, threshold_bps: float) -> None:
    """net = (1 + f_A)(brought / cost - 1): the filter must not take the fee of the buying leg for granted."""
    world = World()
    buy = world.quote(world.add("okx", fee=fee), 1.0, 100.0)
    assert buy.ask_net is not None
    net_bps = threshold_bps - 2.999
    world.quote(world.add("binance", fee=0.0), buy.ask_net + 100.0 * net_bps / 1e4, 1000.0)
    spreads = spreads_of(world, thresholds=Thresholds(threshold_bps))
    assert spreads.hot() == ["BTC"]
    assert [pair.net_bps for pair in spreads.close("BTC", world.now_ns)] == pytest.approx([net_bps])


# rows that are kept


def many_coins(count: int) -> World:
    world = World()
    for number in range(count):
        for venue, price in (("okx", 100.0), ("bybit", 101.0)):
            world.quote(world.add(venue, base=f"C{number}"), price, price + 0.1)
    return world


def test_rows_are_as_of_now_unless_an_age_is_allowed() -> None:
    world = many_coins(2)
    spreads = spreads_of(world)
    first = spreads.rows(1000.0)
    world.pass_ms(900)
    world.quote(world.slots[0], 99.0, 99.1)
    kept = spreads.rows(1000.0)
    assert [old is new for old, new in zip(first, kept, strict=True)] == [True, True]
    now = spreads.rows()
    assert now[0].net_bps != first[0].net_bps
    assert now[1].buy.age_ms == 900.0
    world.pass_ms(101)
    assert [old is new for old, new in zip(now, spreads.rows(100.0), strict=True)] == [False, False]


def test_a_refresh_takes_the_oldest_rows_in_turn() -> None:
    world = many_coins(5)
    spreads = spreads_of(world)
    for _ in range(3):
        world.pass_ms(100)
        spreads.refresh(2)
    made = {row.base: row.buy.age_ms for row in spreads.rows(10_000.0)}
    assert made == {"C0": 300.0, "C1": 100.0, "C2": 200.0, "C3": 200.0, "C4": 300.0}


def test_a_listing_forgets_the_kept_rows() -> None:
    world = many_coins(2)
    spreads = spreads_of(world)
    first = spreads.rows(1000.0)
    spreads.on_listing(ListingChange(changed=(world.slots[0],)))
    assert spreads.rows(1000.0)[0] is not first[0]


def test_a_slot_that_turns_out_to_be_another_coin_leaves_the_first() -> None:
    world, okx, binance, bybit = three_perps()
    spreads = spreads_of(world)
    bybit.coin.slots.remove(bybit)
    other = world.coins.setdefault("BTC2", Coin("BTC2"))
    other.slots.append(bybit)
    bybit.coin = other
    spreads.on_listing(ListingChange(changed=(bybit,)))
    assert spreads.best("BTC", world.now_ns) == (okx, binance)
    assert spreads.row("BTC2") is None


def test_fees_that_a_listing_changed_count_at_once() -> None:
    world, okx, *_ = three_perps()
    spreads = spreads_of(world, thresholds=Thresholds(60.0))
    assert spreads.hot() == []
    for slot in world.slots:
        slot.taker_rate = -0.002
        assert slot.bid is not None
        world.quote(slot, slot.bid, slot.ask)
    spreads.on_listing(ListingChange(changed=(okx,)))
    assert spreads.hot() == ["BTC"]
