"""What runs: the clock's beat, from the world's changes to bytes on the sockets."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from arbtui.sim.base import Link, Reason, Session, SimVenue, Topic, TradeTopic
from arbtui.sim.faults import Fault, Faults
from arbtui.sim.listing import Listing, Status
from arbtui.sim.scenario import Scenario
from arbtui.sim.world import World

if TYPE_CHECKING:
    from arbtui.sim.desk import Desk

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
MINUTE_NS = 60 * NS_PER_S


class Hub:
    """The world, its venues, and who is subscribed to what. ``beat`` does all the work and is called by the server.

    Every period has one grid for all its topics: at each grid point those that changed since are pushed.
    """

    def __init__(
        self,
        *,
        seed: int,
        coins: int,
        rate: float,
        scenario: Scenario,
        venues: Mapping[str, type[SimVenue]],
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self.now_ns = clock
        self.world = World(seed=seed, coins=coins, rate=rate, scenario=scenario, start_ns=clock())
        self.faults = Faults(seed, clock)
        self.sessions: dict[Session, None] = {}
        self.ready: dict[Session, None] = {}  # have frames to write
        self.late: dict[Session, None] = {}  # have frames to write later
        self.attached: dict[Topic, None] = {}
        self._of_listing: dict[Listing, dict[Topic, None]] = {}
        self._by_channel: dict[str, dict[Topic, None]] = {"mark": {}, "funding": {}}
        self._due_ns: dict[int, int] = {}  # period -> its next grid point
        self._changed: dict[int, dict[Topic, None]] = {}  # period -> changed since the last
        self._always: dict[int, dict[Topic, None]] = {}  # period -> pushed anyway
        self._repeated: dict[Topic, None] = {}
        self._second = 0
        self._later: list[tuple[int, int, Callable[[], None]]] = []
        self._made = 0
        self.pushes = 0
        self.resting: dict[Listing, Desk] = {}  # books in which orders of accounts rest
        self.desks: list[Desk] = []
        self.venues: dict[str, SimVenue] = {name: make(self) for name, make in venues.items()}

    # -- topics --------------------------------------------------------------------------------------------------

    def attach(self, topic: Topic) -> None:
        """``topic`` has a subscriber."""
        if topic in self.attached:
            return
        self.attached[topic] = None
        topic.pushed_ns = self.now_ns()
        if topic.channel in self._by_channel and topic.listing is not None:
            self._by_channel[topic.channel][topic] = None
        elif topic.listing is not None:
            self._of_listing.setdefault(topic.listing, {})[topic] = None
        if topic.period_ns:
            self._due_ns.setdefault(topic.period_ns, self._next_grid(topic.period_ns))
            self._changed.setdefault(topic.period_ns, {})
            if topic.always:
                self._always.setdefault(topic.period_ns, {})[topic] = None
        if topic.every_ns:
            self._repeated[topic] = None

    def detach(self, topic: Topic) -> None:
        """``topic`` lost its last subscriber."""
        self.attached.pop(topic, None)
        self._repeated.pop(topic, None)
        if topic.listing is not None:
            self._of_listing.get(topic.listing, {}).pop(topic, None)
        for of_channel in self._by_channel.values():
            of_channel.pop(topic, None)
        for group in (self._changed, self._always):
            group.get(topic.period_ns, {}).pop(topic, None)

    def connect(self, session: Session, link: Link) -> None:
        """A socket is open: give the session its wire and let it begin."""
        session.link = link
        session.opened_ns = self.now_ns()
        self.sessions[session] = None
        session.opened()
        if self.faults.find("accept_then_close", session.venue.name, session.market):
            session.close(1001)
        self.flush()

    def forget(self, session: Session) -> None:
        """A session ended."""
        for group in (self.sessions, self.ready, self.late):
            group.pop(session, None)

    def _next_grid(self, period_ns: int) -> int:
        now_ns = self.now_ns()
        return now_ns - now_ns % period_ns + period_ns

    # -- the beat --------------------------------------------------------------------------------------------------

    def beat(self) -> None:
        """Bring the world up to now, push what is due, write it out. Called every few ms."""
        now_ns = self.now_ns()
        self.faults.expire()
        while self._later and self._later[0][0] <= now_ns:
            heapq.heappop(self._later)[2]()
        for listing, best in self.world.advance_to(now_ns):
            for topic in self._of_listing.get(listing, ()):
                if best or topic.channel != "bbo":
                    self._touched(topic, now_ns)
            if listing in self.resting:
                self.resting[listing].book_changed(listing)
        self._whole_second(now_ns)
        for period_ns, due_ns in list(self._due_ns.items()):
            if due_ns <= now_ns:
                self._due_ns[period_ns] = self._next_grid(period_ns)
                self._push_period(period_ns, now_ns)
        for session in list(self.late):
            session.release(now_ns)
        self.flush()

    def printed(self, listing: Listing) -> None:
        """Trades of accounts were printed: tell those who follow trades, without waiting for the book to change."""
        for topic in list(self._of_listing.get(listing, ())):
            if isinstance(topic, TradeTopic):
                self._touched(topic, self.now_ns())

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call ``call`` in so many seconds."""
        self._made += 1
        heapq.heappush(self._later, (self.now_ns() + int(seconds * NS_PER_S), self._made, call))

    def flush(self) -> None:
        """Write every session's ready frames, one write each."""
        ready, self.ready = self.ready, {}
        for session in ready:
            session.flush()

    def _touched(self, topic: Topic, now_ns: int) -> None:
        topic.marked()
        if topic.period_ns:
            self._changed[topic.period_ns][topic] = None
        else:
            self._push(topic, "change", now_ns)

    def _push_period(self, period_ns: int, now_ns: int) -> None:
        changed, self._changed[period_ns] = self._changed[period_ns], {}
        always = self._always.get(period_ns, {})
        for topic in changed:
            if topic not in always:
                self._push(topic, "change", now_ns)
        for topic in list(always):
            self._push(topic, "change" if topic in changed else "period", now_ns)

    def _push(self, topic: Topic, reason: Reason, now_ns: int) -> None:
        self.pushes += 1
        topic.push(reason, now_ns)

    def _whole_second(self, now_ns: int) -> None:
        second = self.world.now_ns // NS_PER_S
        if second == self._second:
            return
        minute = second % 60 == 0 or self._second == 0
        self._second = second
        for topic in list(self._by_channel["mark"]):
            self._touched(topic, now_ns)
        if minute:
            for topic in list(self._by_channel["funding"]):
                self._touched(topic, now_ns)
        for topic in list(self._repeated):
            if now_ns - topic.pushed_ns >= topic.every_ns:
                self._push(topic, "idle", now_ns)
        for desk in self.desks:
            desk.second()
        self._sockets_second(now_ns)

    def _sockets_second(self, now_ns: int) -> None:
        for session in list(self.sessions):
            session.on_second(now_ns)
        if not self.faults.active:
            return
        for fault in self.faults:
            if fault.kind.name in ("refuse", "accept_then_close"):
                self.cut(fault)

    # -- sockets and instruments under faults ----------------------------------------------------------------------

    def cut(self, fault: Fault) -> None:
        """Drop every open socket that ``fault`` means."""
        for session in self.meant(fault):
            session.drop()

    def meant(self, fault: Fault) -> list[Session]:
        """The open sockets that ``fault`` means; one that carries several markets is meant by each."""
        return [
            session
            for session in self.sessions
            if session.venue.name == fault.venue
            and (fault.market is None or session.market is None or session.market == fault.market)
        ]

    def set_status(self, listing: Listing, status: Status) -> None:
        """Change an instrument's status in the world and tell its venue."""
        old = listing.status
        self.world.set_status(listing, status)
        venue = self.venues[listing.venue]
        venue.status_changed(listing, old)
        if status == "delisted" and old != "delisted" and venue.desk is not None:
            venue.desk.delisted(listing)
