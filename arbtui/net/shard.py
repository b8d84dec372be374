"""One socket's worth of streams, kept connected: what follows when a connection opens, fails or grows old.

A shard has at most two connections: the current one, and while that is being replaced a successor, which takes over
once its requests are answered and data flows. Decisions only: whoever dials and runs connections is given, so all of
this runs on a manual clock.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol
from urllib.parse import urlsplit

from arbtui.core.clock import NS_PER_S, Clock, Timer
from arbtui.core.errors import ArbtuiError, TransportBroken, VenueRefused
from arbtui.core.model import Market, Stream
from arbtui.core.status import Link, StreamState
from arbtui.net.backoff import FIRST_S, Backoff
from arbtui.net.connection import Connection
from arbtui.net.connects import Connects, hold_ns
from arbtui.net.overlap import Overlap
from arbtui.net.pulse import Pulse
from arbtui.net.suspicion import Suspicion
from arbtui.net.watchdog import Fate, Verdict, data_limit_s
from arbtui.venues.base import Manners

HANDOVER_WAIT_S = 10.0  # a successor without data takes over after so long if the old one has none either
HANDOVER_LIMIT_S = 40.0  # beyond what its requests take at the venue's pace, a successor gets no longer
UNACKED_SETTLE_S = 2.0  # where nothing is acknowledged, requests get so long to take effect
_FORGET_S = 600.0
_PAUSE_S = 12.0  # so that what is refused is back within 20 s of the end of a fault
_PATIENT = 50  # remedies at this pause


class ShardHost(Protocol):
    """Who hears what a shard's streams hang on."""

    def assigned(self, stream: Stream, link: Link | None) -> None: ...

    def dial(self, shard: Shard, label: str, groups: Sequence[Sequence[Stream]]) -> Connection:
        """A new connection of this shard, on its way; ``groups`` of streams to ask for one after the other."""
        ...

    def reopened(self, shard: Shard) -> None: ...

    def cut(self, shard: Shard) -> None:
        """The venue, or something on the way, ended a connection of this shard, or announced that it will."""
        ...

    def doubted(self, stream: Stream, reason: str) -> None: ...


class Patience:
    """Pauses between drastic remedies: short for ten minutes, for it may be a fault that passes, then doubling."""

    def __init__(self, taken: int = 0) -> None:
        self.taken = taken
        self.next_ns = 0

    def take(self, now_ns: int) -> None:
        """A remedy is applied now."""
        if now_ns - self.next_ns > _FORGET_S * NS_PER_S and self.next_ns:
            self.taken = 0
        pause_s = _PAUSE_S if self.taken < _PATIENT else min(600.0, _PAUSE_S * 2.0 ** (self.taken - _PATIENT + 1))
        self.taken += 1
        self.next_ns = now_ns + round(pause_s * NS_PER_S)


class Shard:
    """Owner of its connections (``connection.Owner``)."""

    def __init__(
        self,
        label: str,
        market: Market,
        url: str,
        streams: Iterable[Stream],
        *,
        manners: Manners,
        clock: Clock,
        host: ShardHost,
        connects: Connects,
        attempted: Callable[[int], None],
        rng: random.Random,
    ) -> None:
        self.label = label
        self.market = market
        self.url = url
        self.streams: dict[Stream, None] = dict.fromkeys(streams)
        self.current: Connection | None = None
        self.successor: Connection | None = None
        self.error = ""  # how the last attempt failed; "" once data flows
        self.refused_texts: dict[Stream, str] = {}  # kept across connections until accepted
        self.refusals = Patience()
        self.pulse = Pulse()  # of all its data
        self._suspicion = Suspicion()
        self._fatal: set[Stream] = set()  # the venue closes the connection when asked for one of these
        self._manners = manners
        self._clock = clock
        self._host = host
        self._connects = connects
        self._attempted = attempted
        self._hostname = urlsplit(url).hostname or url
        self._backoff = Backoff(rng)
        self._timer: Timer | None = None
        self._replacing = ""  # why a successor is wanted
        self._replacements = Patience()
        self._successor_since_ns = 0
        self._answered_ns = 0
        self._dialled = 0
        self._opened = 0
        self._frames_before = 0  # of connections that are gone
        self._running = False

    # ---- what is carried

    def add(self, streams: Sequence[Stream]) -> None:
        self.streams.update(dict.fromkeys(streams))
        for connection in self._connections():
            connection.want(streams)

    def drop(self, streams: Sequence[Stream]) -> None:
        for stream in streams:
            self.streams.pop(stream, None)
            self.refused_texts.pop(stream, None)
            self._fatal.discard(stream)
            self._host.assigned(stream, None)
        for connection in self._connections():
            connection.drop(streams)

    def resync(self, stream: Stream) -> bool:
        return self.current is not None and self.current.resync(stream)

    def replace(self, reason: str) -> bool:
        """Replace the connection, with overlap; whether one is or was begun (the last may be too recent)."""
        if self.up:
            self._replace(Verdict(Fate.REPLACE, reason))
        return bool(self._replacing)

    def _connections(self) -> list[Connection]:
        return [c for c in (self.current, self.successor) if c is not None]

    # ---- connecting

    def start(self) -> None:
        self._running = True
        self._schedule(0.0)

    def stop(self) -> None:
        """Close what is open and stay closed."""
        self._running = False
        self._cancel_timer()
        for connection in self._connections():
            connection.finish()
        self._unlink()

    def restart(self, reason: str) -> None:
        """Cut what is open and begin anew (the machine slept, the clock jumped)."""
        self.pulse = Pulse()
        self._cancel_timer()
        if not self._connections():
            self._schedule(0.0)
        for connection in self._connections():
            connection.finish(TransportBroken(reason))

    def _schedule(self, delay_s: float) -> None:
        if self._timer is None and self._running:
            self._timer = self._clock.call_at(self._clock.now_ns() + round(delay_s * NS_PER_S), self._reserve)

    def _reserve(self) -> None:
        """The pause is over: wait for the host's budget."""
        now_ns = self._clock.now_ns()
        due_ns = self._connects.take(self._hostname, self._manners.connects_per_min, now_ns)
        if due_ns > now_ns:
            self._timer = self._clock.call_at(due_ns, self._attempt)
        else:
            self._attempt()

    def _attempt(self) -> None:
        self._timer = None
        now_ns = self._clock.now_ns()
        held_ns = self._connects.held_until_ns(self._hostname) - now_ns
        if held_ns > 0:  # the venue has asked for quiet since this turn was reserved
            self._schedule(held_ns / NS_PER_S)
            return
        asked = [stream for stream in self.streams if stream not in self._fatal]
        if not asked or self.successor is not None or (self.current is not None and not self._replacing):
            return
        leaves_ns = self._connects.leave(self._hostname, now_ns)
        if leaves_ns > now_ns:
            self._timer = self._clock.call_at(leaves_ns, self._attempt)
            return
        self._attempted(now_ns)
        self._dialled += 1
        label = self.label if self._dialled == 1 else f"{self.label}#{self._dialled}"
        connection = self._host.dial(self, label, self._suspicion.groups(asked))
        if self.current is None:
            self.current = connection
        else:
            self.successor, self._successor_since_ns, self._answered_ns = connection, now_ns, 0
            overlap = Overlap()
            self.current.overlap, connection.overlap, connection.is_new = overlap, overlap, True

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # ---- what connections report

    def opened(self, connection: Connection) -> None:
        self._connects.answered(self._hostname, self._clock.now_ns())
        self._opened += 1
        if self._opened > 1:
            self._host.reopened(self)

    def ended(self, connection: Connection, why: ArbtuiError | None) -> None:
        if not connection.opened_ns:
            self._connects.answered(self._hostname, self._clock.now_ns())
        if connection not in self._connections():
            return  # it has handed over
        self._frames_before += connection.frames
        if why is not None:
            self.error = str(why)
            if not connection.finished:
                self._host.cut(self)
        if isinstance(why, VenueRefused):
            self._connects.hold(self._hostname, self._clock.now_ns() + hold_ns(why))
        delay_s = self._backoff.ended(connection.flowed_s) if why is not None else 0.0
        if self._suspect(connection):
            delay_s = min(delay_s, FIRST_S)  # something was learned: this is no blind repetition
        if connection is self.successor:
            self._end_overlap()
            self.successor = None
            if self._replacing:
                self._schedule(delay_s)
        elif self.successor is not None:
            self._promote(self.successor)
        else:
            self.current = None
            self._replacing = ""
            self._unlink()
            self._cancel_timer()
            if not self._all_refused():
                self._schedule(delay_s)

    def _suspect(self, connection: Connection) -> bool:
        """See which subscription may have ended the connection; whether the search has come further."""
        if connection.finished or not connection.opened_ns:
            return False
        just_asked = connection.just_asked()
        culprit = self._suspicion.ended(just_asked, connection.served(just_asked))
        if culprit is None:
            return self._suspicion.narrowed
        self._fatal.add(culprit)
        self._note_refused([culprit], f"the venue closes the connection when asked for {culprit}")
        return True

    def closing(self, connection: Connection, reason: str) -> None:
        if connection is self.current:
            self._host.cut(self)
            self._replace(Verdict(Fate.REPLACE, f"the venue announced its end: {reason}", planned=True))

    def linked(self, connection: Connection, streams: Sequence[Stream]) -> None:
        for stream in streams:
            self.refused_texts.pop(stream, None)
            if connection is self.current:
                self._host.assigned(stream, connection.link)

    def refused(self, connection: Connection, streams: Sequence[Stream], text: str) -> None:
        self._note_refused(streams, text)
        for stream in streams:
            if connection is self.current:
                self._host.assigned(stream, None)
        if self._all_refused() and connection is self.current:
            connection.finish()  # nothing to hear here until it is time to ask again

    def _note_refused(self, streams: Sequence[Stream], text: str) -> None:
        if not self.refused_texts:
            self.refusals.take(self._clock.now_ns())
        self.refused_texts.update(dict.fromkeys(streams, text))

    def _all_refused(self) -> bool:
        return len(self.refused_texts) == len(self.streams) > 0

    def doubted(self, stream: Stream, reason: str) -> None:
        self._host.doubted(stream, reason)

    # ---- once a second

    def tick(self, pulses: Mapping[Stream, Pulse]) -> None:
        data_ns = max((pulses[stream].last_ns for stream in self.streams), default=0)
        self.pulse.saw(data_ns)
        if self.current is not None:
            verdict = self.current.tick(pulses, data_ns, data_limit_s(self.pulse, len(self.streams)))
            if verdict is None:
                if self.current.first_flow_ns:
                    self.error = ""
                if self.current.stands:
                    self._suspicion.clear()
            elif verdict.fate is Fate.CUT:
                self.current.finish(TransportBroken(f"cut by us: {verdict.reason}"))
            else:
                self._replace(verdict)
        if self.successor is not None:
            self._look_at_successor(self.successor)

    def _replace(self, verdict: Verdict) -> None:
        now_ns = self._clock.now_ns()
        if self._replacing or (not verdict.planned and now_ns < self._replacements.next_ns):
            return
        if not verdict.planned:
            self._replacements.take(now_ns)
        self._replacing = verdict.reason
        self._schedule(0.0)

    def _look_at_successor(self, successor: Connection) -> None:
        now_ns = self._clock.now_ns()
        verdict = successor.tick(None)
        if verdict is not None and verdict.fate is Fate.CUT:
            successor.finish(TransportBroken(f"cut by us: {verdict.reason}"))
        elif self._may_take_over(successor, now_ns):
            old = self.current
            self._promote(successor)
            if old is not None:
                self._frames_before += old.frames
                old.finish()
        elif now_ns - self._successor_since_ns > self._handover_limit_ns():
            successor.finish(TransportBroken("the connection that was to replace it brought nothing in time"))

    def _may_take_over(self, successor: Connection, now_ns: int) -> bool:
        if not successor.link.up or not successor.subs.answered():
            return False
        self._answered_ns = self._answered_ns or now_ns
        waited_s = (now_ns - self._answered_ns) / NS_PER_S
        if successor.applied:
            return waited_s >= (0.0 if self._manners.acks else UNACKED_SETTLE_S)
        old_flows = self.current is not None and now_ns - self.current.last_flow_ns < HANDOVER_WAIT_S * NS_PER_S
        return waited_s >= HANDOVER_WAIT_S and not old_flows

    def _handover_limit_ns(self) -> int:
        return round((HANDOVER_LIMIT_S + len(self.streams) / self._manners.messages_per_s) * NS_PER_S)

    def _promote(self, successor: Connection) -> None:
        """The successor is the current one from here on."""
        self._end_overlap()
        self.current, self.successor, self._replacing = successor, None, ""
        for stream in self.streams:
            sub = successor.subs.of(stream)
            linked = sub is not None and sub.linked and sub.state is not StreamState.REFUSED
            self._host.assigned(stream, successor.link if linked else None)

    def _end_overlap(self) -> None:
        for connection in self._connections():
            connection.overlap, connection.is_new = None, False

    def _unlink(self) -> None:
        for stream in self.streams:
            self._host.assigned(stream, None)

    # ---- refusals

    def refusals_due(self, now_ns: int) -> list[Stream]:
        """Refused streams that may be asked for again, on another connection."""
        return list(self.refused_texts) if self.refused_texts and now_ns >= self.refusals.next_ns else []

    def ask_again(self) -> None:
        """Everything here was refused: ask on a new connection."""
        self._fatal.clear()
        self.refusals.take(self._clock.now_ns())
        if self.current is not None:
            self.current.finish()
        self._schedule(0.0)

    # ---- what it looks like

    @property
    def up(self) -> bool:
        return self.current is not None and self.current.link.up

    @property
    def frames(self) -> int:
        return self._frames_before + sum(connection.frames for connection in self._connections())

    def silent_s(self, now_ns: int) -> float | None:
        """For how long nothing came, where that is longer than it should be."""
        limit_s = data_limit_s(self.pulse, len(self.streams))
        silent_s = (now_ns - self.pulse.last_ns) / NS_PER_S
        return silent_s if limit_s is not None and silent_s > limit_s else None

    def state_of(self, stream: Stream) -> StreamState:
        sub = self.current.subs.of(stream) if self.current is not None and self.up else None
        if stream in self.refused_texts and (sub is None or sub.state in (StreamState.WANTED, StreamState.ASKED)):
            return StreamState.REFUSED
        return sub.state if sub is not None else StreamState.WANTED
