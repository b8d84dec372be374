"""The filter on the hot path against what it stands for."""

from __future__ import annotations

from math import inf
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from arbtui.core.model import Market
from arbtui.market import quotes
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


def hear(near: HotSet, slot: Slot) -> None:
    """As the board does: told of quotes beyond an alarm, and of those that have only one side."""
    quote = slot.quote
    assert quote is not None
    if quote.bid is None or quote.ask is None or quote.bid > slot.bid_alarm or quote.ask < slot.ask_alarm:
        near.on_alarm(slot)


@given(st.lists(STEP, max_size=60), st.integers(1, 3), st.floats(-15.0, 15.0), st.integers(1, 5))
def test_a_coin_is_hot_exactly_while_its_best_prices_are_at_or_above_its_floor(
    steps: list[tuple[int, float | None, float | None, str]], spots: int, floor_bps: float, looked_every: int
) -> None:
    world = World()
    for number in range(6):
        world.add(f"v{number}", Market.SPOT if number < spots else Market.PERP, "ABC"[number % 3], fee=0.001 * number)
    near = HotSet()
    near.reload(world.coins.values(), may_sell)
    floor = floor_ratio(floor_bps)
    for base in world.coins:
        near.set_floor(base, floor)
    for count, (number, bid, ask, what) in enumerate(steps):
        slot = world.slots[number]
        if what == "quote":
            hear(near, world.quote(slot, bid, ask))
        else:
            slot.muted = "halted" if what == "mute" else None
            near.look(slot.coin.base)
        if count % looked_every == 0:
            assert near.hot() == [base for base, coin in sorted(world.coins.items()) if is_hot(coin.slots, floor)]


def test_quotes_that_stay_between_the_alarms_are_not_told_and_change_nothing() -> None:
    world = World()
    buy, sell = world.quote(world.add("okx"), 99.0, 99.1), world.quote(world.add("bybit"), 99.0, 99.1)
    near = HotSet()
    near.reload(world.coins.values(), may_sell)
    near.set_floor("BTC", floor_ratio(2.0))
    assert near.hot() == []
    assert buy.bid_alarm == sell.bid_alarm > 99.0
    assert buy.ask_alarm == sell.ask_alarm < 99.1
    assert buy.sold is not None
    assert buy.bought is not None
    highest = buy.bid_alarm * buy.sold
    lowest = buy.ask_alarm * buy.bought
    assert 0.0 < 1.0 - highest / (lowest * floor_ratio(2.0)) < 1e-8


def test_a_leg_whose_factors_change_is_told_of_by_its_next_quote_whatever_its_prices() -> None:
    world = World()
    slot = world.quote(world.add("okx"), 99.0, 99.1)
    slot.family = cast(Any, SimpleNamespace(rates=SimpleNamespace(value=lambda ccy: 1.0)))
    near = HotSet()
    near.reload(world.coins.values(), may_sell)
    near.set_floor("BTC", floor_ratio(2.0))
    assert near.hot() == []
    slot.taker_rate = 0.0
    quotes.rescale(slot)
    assert (slot.bid_alarm, slot.ask_alarm) == (0.0, inf)
