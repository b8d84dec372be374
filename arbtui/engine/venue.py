"""One venue at work: its feed, discovery, snapshots, clock and books, and what is said of it.

Everything that its parts hear goes to the board; everything that the board wants of it (a book anew, a stream anew)
comes back here. The parts know nothing of each other.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from arbtui.core.clock import Clock
from arbtui.core.model import Instrument, Market
from arbtui.core.recorder import Recorder
from arbtui.engine.books import Books
from arbtui.engine.trouble import Trouble
from arbtui.market.state import Board
from arbtui.net.discovery import Discovery
from arbtui.net.feed import VenueFeed
from arbtui.net.gateway import NetworkSettings
from arbtui.net.rest import Rest
from arbtui.net.snapshots import ClockOffset, Snapshots
from arbtui.venues.base import Environment, Tables, Venue


@dataclass(frozen=True)
class Surroundings:
    """What all venues share."""

    board: Board
    clock: Clock
    rest: Rest
    network: NetworkSettings
    recorder: Callable[[], Recorder | None]
    trouble: Trouble
    rng: random.Random


class RunningVenue:
    """Start with ``run``; ``stream`` says what it should carry."""

    def __init__(self, venue: Venue, env: Environment, markets: Sequence[Market], around: Surroundings) -> None:
        self.venue = venue
        self.markets = tuple(markets)
        self._around = around
        self._board = around.board
        self.tables = Tables(around.board.tables(venue.name))
        self._group: asyncio.TaskGroup | None = None
        self._env = env
        shared = (self.tables, around.rest)
        self.feed = VenueFeed(
            venue,
            env,
            self.tables,
            around.clock,
            self,
            network=around.network,
            rng=around.rng,
            recorder=around.recorder,
        )
        self.discoveries = {
            market: Discovery(venue, market, env, *shared, around.clock, self.rest_host, around.rng)
            for market in markets
        }
        self.snapshots = {
            market: Snapshots(
                venue, market, env, *shared, self.rest_host, around.rng, sockets_silent=lambda m=market: self._silent(m)
            )
            for market in markets
        }
        self.offset = ClockOffset(venue, env, *shared, around.clock, around.rng)
        self.books = Books(
            around.board,
            around.clock,
            stream_of=venue.book_stream,
            request=lambda instrument: venue.book_request(env, instrument),
            fetch=self._fetch_book,
            resync=self.feed.resync,
        )
        self._streamed: list[Instrument] = []
        self.changed = asyncio.Event()  # instruments or first figures are there: the selection may want to look again
