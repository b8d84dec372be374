"""Whose books are held."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from arbtui.core.clock import NS_PER_S
from arbtui.strategy.attention import Attention, Rank, Want, wants
from arbtui.strategy.pairs import PairRules
from arbtui.strategy.spreads import Spreads
from arbtui.strategy.thresholds import Thresholds
from tests.strategy.world import World


def above(*slots: int, over: float = 1.0, best: bool = True) -> Want:
    return Want(slots, Rank.ABOVE, over, best)


def near(*slots: int, over: float = -1.0) -> Want:
    return Want(slots, Rank.NEAR, over)


def test_what_a_person_asked_for_is_held_whatever_it_takes() -> None:
    attention = Attention(most=2)
    asked = [Want((1,), Rank.WATCHED), Want((2,), Rank.WATCHED), Want((3, 4, 5), Rank.NAMED)]
    assert attention.choose(0, [*asked, above(8, 9)]) == {1, 2, 3, 4, 5}


def test_a_pair_above_its_threshold_pushes_out_one_that_is_near_at_once() -> None:
    attention = Attention(most=2)
    assert attention.choose(0, [near(1, 2)]) == {1, 2}
    assert attention.choose(1, [near(1, 2), above(3, 4, over=0.1)]) == {3, 4}


def test_half_a_pair_is_never_held() -> None:
    attention = Attention(most=3)
    assert attention.choose(0, [above(1, 2, over=9.0), above(3, 4, over=8.0), near(1, 5)]) == {1, 2, 5}


def test_each_coin_s_best_pair_comes_before_more_pairs_of_another() -> None:
    attention = Attention(most=4)
    wanted = [above(1, 2, over=50.0), above(1, 3, over=49.0, best=False), above(7, 8, over=1.0)]
    assert attention.choose(0, wanted) == {1, 2, 7, 8}


def test_a_pair_that_fell_back_is_held_on_for_a_while() -> None:
    attention = Attention(most=10, linger_s=30.0)
    attention.choose(0, [above(1, 2)])
    assert attention.choose(29 * NS_PER_S, []) == {1, 2}
    assert attention.choose(30 * NS_PER_S, []) == frozenset()


def test_two_pairs_that_overtake_each_other_by_little_do_not_flap() -> None:
    attention = Attention(most=2, keep_bps=2.0)
    assert attention.choose(0, [near(1, 2, over=-1.0), near(3, 4, over=-1.2)]) == {1, 2}
    assert attention.choose(1, [near(1, 2, over=-1.5), near(3, 4, over=-0.5)]) == {1, 2}
    assert attention.choose(2, [near(1, 2, over=-2.9), near(3, 4, over=-0.5)]) == {3, 4}
    assert attention.choose(3, [near(1, 2, over=-0.4), near(3, 4, over=-0.5)]) == {3, 4}


def test_the_order_of_wants_does_not_matter() -> None:
    one, other = [near(1, 2), near(3, 4), above(5, 6)], [above(5, 6), near(3, 4), near(1, 2)]
    assert Attention(most=4).choose(0, one) == Attention(most=4).choose(0, other) == {5, 6, 1, 2}


@given(
    st.lists(
        st.lists(
            st.builds(
                Want,
                st.tuples(st.integers(0, 15), st.integers(16, 30)),
                st.sampled_from([Rank.ABOVE, Rank.NEAR]),
                st.floats(-5, 5),
                st.booleans(),
            ),
            max_size=12,
        ),
        max_size=6,
    ),
    st.integers(2, 12),
)
def test_there_are_never_more_books_than_allowed_nor_one_that_nobody_wanted(
    rounds: list[list[Want]], most: int
) -> None:
    attention = Attention(most=most)
    wanted_ever: set[int] = set()
    for number, wanted in enumerate(rounds):
        wanted_ever.update(slot for want in wanted for slot in want.slots)
        held = attention.choose(number * NS_PER_S, wanted)
        assert len(held) <= most
        assert held <= wanted_ever
        if any(want.rank is Rank.ABOVE for want in wanted):
            assert held & {slot for want in wanted if want.rank is Rank.ABOVE for slot in want.slots}


def test_wants_name_watched_legs_named_coins_and_close_pairs() -> None:
    world = World()
    okx = world.quote(world.add("okx", fee=0.0), 99.99, 100.0)
    bybit = world.quote(world.add("bybit", fee=0.0), 100.03, 100.04)
    binance = world.quote(world.add("binance", fee=0.0), 100.08, 100.09)
    far = [world.quote(world.add(venue, base="ETH"), 10.0, 10.01) for venue in ("okx", "bybit")]
    spreads = Spreads(world, PairRules(), Thresholds(5.0), world.clock)
    found = list(
        wants(spreads, world.now_ns, watched=[okx], named=["ETH", "UNKNOWN"], coins=world.coins),
    )
    assert [(want.slots, want.rank, want.best) for want in found] == [
        ((okx.id,), Rank.WATCHED, True),
        ((far[0].id, far[1].id), Rank.NAMED, True),
        ((okx.id, binance.id), Rank.ABOVE, True),
        ((bybit.id, binance.id), Rank.NEAR, False),
        ((okx.id, bybit.id), Rank.NEAR, False),
    ]
