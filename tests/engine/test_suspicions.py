"""When a listing is asked for, and when it is not."""

from __future__ import annotations

import random
from itertools import pairwise

import msgspec
import pytest

from arbtui.core.clock import NS_PER_S, ManualClock
from arbtui.core.events import Listing, Quote
from arbtui.core.model import Channel, Market, Stream, TradingStatus
from arbtui.core.sequence import PrevLink
from arbtui.core.status import Link
from arbtui.engine.suspicions import BURST, Suspicions
from arbtui.market.state import Board, ListingChange, Slot
from arbtui.market.terms import MarketRules, VenueTerms
from tests.net.test_discovery import instrument


class World:
    """One market of instruments that move or stand still, looked at once a second."""

    def __init__(self, natives: str = "A B C D E F G H") -> None:
        self.clock = ManualClock(1_000 * NS_PER_S)
        self.board = Board({("toy", Market.PERP): VenueTerms(0.0, 0.0, PrevLink())}, MarketRules())
        self.board.take_listing("toy", Listing(Market.PERP, "x", [instrument(n) for n in natives.split()], 1))
        self.slots = {native: self._slot(native) for native in natives.split()}
        self.link = Link("toy")
        self.link.up = True
        for native in self.slots:
            self.board.assign("toy", Stream(Market.PERP, Channel.BBO, native), self.link)
        self.asked_s: list[float] = []
        self.suspicions = Suspicions(lambda: self.asked_s.append(self.now_s))
        self.edges: set[str] = set()
        self._price = 100.0

    def _slot(self, native: str) -> Slot:
        slot = self.board.slot_of("toy", Market.PERP, native)
        assert slot is not None
        return slot

    @property
    def now_s(self) -> float:
        return self.clock.now_ns() / NS_PER_S - 1_000

    def move(self, *natives: str) -> None:
        for native in natives:
            self._price += 0.5
            t_ns = self.clock.now_ns()
            self.board.apply(
                Quote(self.slots[native].id, self._price, 1.0, self._price + 1.0, 1.0, t_ns, None, t_ns, b"")
            )

    def seconds(self, count: int, *moving: str, every_s: int = 1) -> None:
        """So many seconds; ``moving`` ones move in every ``every_s``-th of them."""
        for _ in range(count):
            self.clock.advance_to(self.clock.now_ns() + NS_PER_S)
            if round(self.now_s) % every_s == 0:
                self.move(*moving)
            for native in sorted(self.edges):
                self.suspicions.edge(self.slots[native], self.clock.now_ns())
            self.suspicions.look(self.slots.values(), self.clock.now_ns())

    def answer(self, native: str, status: TradingStatus) -> None:
        slot = self.slots[native]
        slot.instrument = msgspec.structs.replace(slot.instrument, status=status)
        self.suspicions.answered(ListingChange(changed=(slot,)), self.clock.now_ns())

    def asks(self) -> list[float]:
        """When it was asked since the last call, in seconds."""
        asked, self.asked_s = self.asked_s, []
        return asked


@pytest.fixture
def world() -> World:
    return World()


def test_while_everything_moves_nothing_is_asked(world: World) -> None:
    world.seconds(600, *world.slots)
    assert world.asks() == []


def test_what_is_quiet_by_habit_is_not_doubted_for_it(world: World) -> None:
    world.seconds(600, *world.slots, every_s=20)
    assert world.asks() == []


def test_what_has_never_moved_is_not_doubted(world: World) -> None:
    world.move("A")
    world.seconds(600)
    assert world.asks() == []


def test_a_brisk_quote_that_falls_silent_is_asked_about_within_5_s(world: World) -> None:
    world.seconds(60, *world.slots)
    world.seconds(5, *"BCDEFGH")
    assert len(world.asks()) == 1


def test_a_thousand_quotes_that_move_at_random_are_asked_about_about_once_a_minute_or_less() -> None:
    natives = [f"N{n}" for n in range(1000)]
    world = World(" ".join(natives))
    rng = random.Random(7)

    def at_random(seconds: int) -> int:
        for _ in range(seconds):
            world.seconds(1, *(native for native in natives if rng.random() < 0.3))
        return len(world.asks())

    at_random(300)  # until habits are known
    assert at_random(300) <= 5


def test_a_silence_that_goes_on_is_asked_about_less_and_less(world: World) -> None:
    world.seconds(60, *world.slots)
    world.seconds(600, *"BCDEFGH")
    asked = world.asks()
    assert len(asked) <= 9
    pauses = [later - earlier for earlier, later in pairwise(asked)]
    assert pauses == sorted(pauses)


def test_many_that_fall_silent_one_after_the_other_do_not_flood_the_venue(world: World) -> None:
    natives = [f"N{n}" for n in range(120)]
    world = World(" ".join(natives))
    world.seconds(20, *natives)
    for count in range(120):  # each second another one for good
        world.seconds(1, *natives[count + 1 :])
    assert BURST <= len(world.asks()) <= BURST + 120 // 10 + 1


def test_a_connection_that_is_down_says_nothing_about_its_instruments(world: World) -> None:
    world.seconds(60, *world.slots)
    world.link.up = False
    world.seconds(60)
    assert world.asks() == []


def test_a_leg_whose_edge_stands_still_is_asked_about_though_its_habit_is_not_known(world: World) -> None:
    world.move("A")
    world.edges.add("A")
    world.seconds(2)
    assert world.asks() == []
    world.seconds(1)
    assert world.asks() == [3.0]


def test_an_edge_that_goes_on_standing_still_is_asked_about_again_at_growing_intervals(world: World) -> None:
    world.move("A")
    world.edges.add("A")
    world.seconds(120)
    asked = world.asks()
    pauses = [later - earlier for earlier, later in pairwise(asked)]
    assert pauses[0] == 4.0
    assert max(pauses) == 15.0
    assert pauses == sorted(pauses)


def test_an_edge_whose_leg_moves_is_never_asked_about(world: World) -> None:
    world.move("A")
    world.edges.add("A")
    world.seconds(120, "A", every_s=2)
    assert world.asks() == []


def test_the_end_of_a_halt_is_asked_for_every_5_s_later_every_15_s_and_not_for_ever(world: World) -> None:
    world.answer("A", TradingStatus.HALTED)
    world.seconds(60)
    asked = world.asks()
    assert max(later - earlier for earlier, later in pairwise(asked)) == 5.0
    world.seconds(1200)
    asked = world.asks()
    assert max(later - earlier for earlier, later in pairwise(asked)) == 15.0
    world.seconds(600)
    world.asks()
    world.seconds(3600)
    assert world.asks() == []


@pytest.mark.parametrize("status", [TradingStatus.DELISTED, TradingStatus.UNKNOWN])
def test_what_left_the_listing_is_asked_for_like_a_halt(world: World, status: TradingStatus) -> None:
    world.answer("A", status)
    world.seconds(10)
    assert len(world.asks()) >= 2


def test_once_it_trades_again_nothing_is_asked(world: World) -> None:
    world.answer("A", TradingStatus.HALTED)
    world.seconds(20)
    world.answer("A", TradingStatus.TRADING)
    world.asks()
    world.seconds(600)
    assert world.asks() == []


def test_a_halt_is_no_habit_of_the_quote(world: World) -> None:
    world.seconds(60, *world.slots)
    world.answer("A", TradingStatus.HALTED)
    world.seconds(60, *"BCDEFGH")
    world.answer("A", TradingStatus.TRADING)
    world.seconds(20, *world.slots)
    world.asks()
    world.seconds(5, *"BCDEFGH")
    assert len(world.asks()) == 1


def test_a_halted_instrument_that_moves_by_rest_is_asked_about_less_and_less(world: World) -> None:
    for _ in range(3600 // 12):
        world.seconds(12)
        world.suspicions.moves(world.slots["A"], world.clock.now_ns())
    asked = world.asks()
    assert asked[0] == 12.0
    assert len(asked) <= 10


def test_after_a_true_resume_its_next_halt_is_asked_about_at_once(world: World) -> None:
    for _ in range(300):
        world.seconds(12)
        world.suspicions.moves(world.slots["A"], world.clock.now_ns())
    world.answer("A", TradingStatus.TRADING)
    world.asks()
    world.suspicions.moves(world.slots["A"], world.clock.now_ns())
    assert len(world.asks()) == 1
