"""The filter on the hot path against what it stands for."""

from __future__ import annotations

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from arbtui.core.model import Market
from arbtui.market.slot import Slot
from arbtui.strategy.hotset import HotSet, floor_ratio
from tests.strategy.world import World

PRICE = st.one_of(st.none(), st.integers(9_990, 10_010).map(lambda n: n / 100))
STEP = st.tuples(st.integers(0, 5), PRICE, PRICE, st.sampled_from(["quote", "quote", "quote", "mute", "free"]))


def may_sell(slot: Slot) -> bool:
    return not slot.is_spot


def is_hot(slots: list[Slot], floor: float) -> bool:
    free = [slot for slot in slots if slot.muted is None]
    most = max((slot.bid_net for slot in free if slot.bid_net is not None and may_sell(slot)), default=0.0)
    least = min((slot.ask_net for slot in free if slot.ask_net is not None), default=inf)
    return most >= least * floor


@given(st.lists(STEP, max_size=40), st.integers(1, 3), st.floats(-15.0, 15.0))
def test_a_coin_is_hot_exactly_while_its_best_prices_are_at_or_above_its_floor(
    steps: list[tuple[int, float | None, float | None, str]], spots: int, floor_bps: float
) -> None:
    world = World()
    for number in range(6):
        world.add(f"v{number}", Market.SPOT if number < spots else Market.PERP, "ABC"[number % 3], fee=0.0)
    near = HotSet()
    near.reload(world.coins.values(), may_sell)
    floor = floor_ratio(floor_bps)
    for base in world.coins:
        near.set_floor(base, floor)
    for number, bid, ask, what in steps:
        slot = world.slots[number]
        if what == "quote":
            near.on_quote(world.quote(slot, bid, ask))
        else:
            slot.muted = "halted" if what == "mute" else None
            near.look(slot.coin.base)
        assert near.hot() == [base for base, coin in sorted(world.coins.items()) if is_hot(coin.slots, floor)]
