"""Which books are asked for, how, and how often."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from arbtui.core.clock import NS_PER_S, ManualClock
from arbtui.core.events import BookSnapshot, Listing
from arbtui.core.model import Channel, Instrument, Market, Stream
from arbtui.core.sequence import PrevLink
from arbtui.engine.books import LONGEST_PAUSE_S, Books
from arbtui.market.state import Board, Slot
from arbtui.market.terms import MarketRules, VenueTerms
from arbtui.venues.base import HttpRequest
from tests.net.test_discovery import instrument


class Wire:
    """What would have been sent."""

    def __init__(self, *, by_rest: bool) -> None:
        self.clock = ManualClock(NS_PER_S)
        self.board = Board({("toy", Market.PERP): VenueTerms(0.0, 0.0, PrevLink())}, MarketRules())
        self.board.take_listing("toy", Listing(Market.PERP, "linear", [instrument("BTC"), instrument("ETH")], 1))
        self.asked: list[str] = []
        self.resynced: list[str] = []
        self.pending: list[asyncio.Future[None]] = []
        self._by_rest = by_rest
        self.books = Books(
            self.board,
            self.clock,
            stream_of=lambda i: Stream(i.market, Channel.BOOK, i.native),
            request=self._request,
            fetch=self._fetch,
            resync=lambda stream, reason: self.resynced.append(stream.native),
        )

    def _request(self, instrument: Instrument) -> HttpRequest | None:
        return HttpRequest("GET", f"https://toy/{instrument.native}", "book") if self._by_rest else None

    def _fetch(self, request: HttpRequest) -> asyncio.Future[None]:
        self.asked.append(request.url)
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.pending.append(answer)
        return answer

    def slot(self, native: str) -> Slot:
        slot = self.board.slot_of("toy", Market.PERP, native)
        assert slot is not None
        return slot

    async def answered(self) -> None:
        for answer in self.pending:
            answer.set_result(None)
        self.pending.clear()
        await asyncio.sleep(0)

    def after(self, seconds: float) -> None:
        self.clock.advance_to(self.clock.now_ns() + round(seconds * NS_PER_S))


@pytest.fixture
def wire() -> Wire:
    return Wire(by_rest=True)


async def test_holding_others_releases_what_is_no_longer_wanted(wire: Wire) -> None:
    btc, eth = wire.slot("BTC"), wire.slot("ETH")
    assert wire.books.hold([btc])
    assert not wire.books.hold([btc])
    assert wire.books.hold([eth])
    assert btc.book is None
    assert eth.book is not None
    assert [stream.native for stream in wire.books.streams] == ["ETH"]


async def test_a_lost_book_is_fetched_once_however_often_it_is_told(wire: Wire) -> None:
    wire.books.hold([wire.slot("BTC")])
    for _ in range(3):
        wire.books.lost(wire.slot("BTC"), "updates came before a snapshot")
    assert wire.asked == ["https://toy/BTC"]
    assert not wire.books.losses  # the first request is how a book begins, not a loss


async def test_a_book_that_is_lost_again_and_again_is_asked_for_more_and_more_rarely(wire: Wire) -> None:
    wire.books.hold([wire.slot("BTC")])
    times = []
    for _ in range(9):
        seen = len(wire.asked)
        wire.books.lost(wire.slot("BTC"), "gap")
        while len(wire.asked) == seen:
            wire.after(0.25)
        times.append(wire.clock.now_ns() / NS_PER_S)
        await wire.answered()
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps[2] > gaps[1] > gaps[0]
    assert max(gaps) <= LONGEST_PAUSE_S + 1
    assert wire.books.losses.total() >= 8


async def test_a_book_let_go_while_it_waits_is_not_asked_for(wire: Wire) -> None:
    wire.books.hold([wire.slot("BTC")])
    wire.books.lost(wire.slot("BTC"), "gap")
    await wire.answered()
    wire.books.lost(wire.slot("BTC"), "gap")
    wire.books.hold([])
    wire.after(60)
    assert len(wire.asked) == 1


@pytest.mark.parametrize("by_rest", [True, False])
async def test_once_stopped_no_loss_timer_or_late_answer_asks_for_anything(by_rest: bool) -> None:
    wire = Wire(by_rest=by_rest)
    wire.books.hold([wire.slot("BTC"), wire.slot("ETH")])
    for _ in range(2):  # the second waits for its time
        wire.books.lost(wire.slot("BTC"), "gap")
    wire.books.lost(wire.slot("ETH"), "gap")
    asked = len(wire.asked) + len(wire.resynced)
    wire.books.stop()
    await wire.answered()
    wire.books.lost(wire.slot("ETH"), "gap")
    wire.after(120)
    assert len(wire.asked) + len(wire.resynced) == asked


async def test_where_the_socket_brings_snapshots_the_stream_is_subscribed_anew() -> None:
    wire = Wire(by_rest=False)
    wire.books.hold([wire.slot("BTC")])
    wire.books.lost(wire.slot("BTC"), "gap")
    assert wire.resynced == ["BTC"]
    assert wire.asked == []


async def test_a_book_is_overdue_when_it_has_been_down_for_ten_seconds(wire: Wire) -> None:
    wire.books.hold([wire.slot("BTC"), wire.slot("ETH")])
    wire.books.look()
    wire.after(9)
    wire.books.look()
    assert wire.books.overdue() == []
    wire.after(2)
    wire.board.apply(BookSnapshot(wire.slot("ETH").id, [("1", "1")], [("2", "1")], 5, wire.clock.now_ns()))
    wire.books.look()
    assert wire.books.overdue() == [wire.slot("BTC")]
    wire.books.hold([])
    assert wire.books.overdue() == []
