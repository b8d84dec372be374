"""One connection from opening to its end: frames in, requests out, every subscription's state known.

``on_frame`` is the way of every quote and is kept short: one decode, one call; frames that came together share one
stamp (``on_read``). Everything that can wait is looked at once a second (``tick``). What becomes of the connection, and
what follows its end, is its owner's decision (``net/shard.py``).
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from arbtui.core.clock import NS_PER_S, Clock
from arbtui.core.errors import ArbtuiError, ProtocolBroken
from arbtui.core.events import (
    BookDelta,
    BookSnapshot,
    Closing,
    Event,
    Funding,
    Ignored,
    MarkPrice,
    Mid,
    Pong,
    Quote,
    Refused,
    Reply,
    Resync,
    Subscribed,
    Ticker,
    Unsubscribed,
)
from arbtui.core.model import Stream
from arbtui.core.recorder import Recorder
from arbtui.core.status import Link, StreamState
from arbtui.net.connects import Pace
from arbtui.net.conversation import Conversation, FrameHost, Owner
from arbtui.net.figures import Ages
from arbtui.net.gateway import NetworkSettings
from arbtui.net.outbox import Outbox
from arbtui.net.overlap import Overlap
from arbtui.net.pulse import Pulse
from arbtui.net.socket import Socket, open_socket
from arbtui.net.subscriptions import Subscriptions
from arbtui.net.suspicion import DIRECTLY_NS, HOLD_NS
from arbtui.net.watchdog import Fate, Verdict, Watchdog
from arbtui.venues.base import Outgoing

log = logging.getLogger(__name__)

_OF_THE_SESSION = frozenset({Subscribed, Refused, Unsubscribed, Pong, Reply, Closing, Resync, Ignored})
_FIGURES = frozenset({Ticker, MarkPrice, Funding, Mid})
AT_ONCE = 100  # figures that are taken in before other frames have their turn
AGE_MASK = 0xF  # of one frame in sixteen an age is taken


class Connection:
    """A new one for every attempt to connect."""

    def __init__(
        self,
        talk: Conversation,
        groups: Iterable[Sequence[Stream]],
        *,
        clock: Clock,
        host: FrameHost,
        owner: Owner,
        ages: Ages,
        recorder: Recorder | None = None,
        lifetime_share: float = 1.0,
    ) -> None:
        """``groups``: what to carry; each is asked for when the one before it has held for a moment."""
        self.label = talk.label
        self.link = Link(talk.label)
        self.subs = Subscriptions(talk.manners, talk.cadence)
        self.opened_ns = 0
        self._read_ns = 0  # when the frames that are being handled came
        self.frames = 0
        self.applied = 0  # number of the last frame that was data, counted from 1
        self.broken = 0  # unreadable frames
        self.ignored: Counter[str] = Counter()
        self.first_flow_ns = 0
        self.last_flow_ns = 0
        self.overlap: Overlap | None = None
        self.is_new = False  # of two connections in an overlap
        self._talk = talk
        self._clock = clock
        self._now_ns = clock.now_ns
        self._host = host
        self._apply: Callable[[Any], None] = host.apply
        self._apply_quote = host.apply_quote
        self._apply_book = host.apply_book
        self._quote = talk.session.quote
        self._decode = talk.session.decode
        self._owner = owner
        self._ages = ages
        self._recorder = recorder
        self._rest: deque[Event] = deque()  # of a frame about hundreds of instruments
        self._watchdog: Watchdog | None = None
        self._lifetime_share = lifetime_share
        self._pace = Pace(round(NS_PER_S / talk.manners.messages_per_s))
        self._outbox = Outbox()
        self._groups: deque[Sequence[Stream]] = deque(groups)
        self._apart = len(self._groups) > 1
        self._last_group: Collection[Stream] = ()  # asked for last, where there are several
        self._asked_ns = 0  # when the last request went out
        self._wake = asyncio.Event()
        self._stopped = asyncio.Event()
        self._stop_why: ArbtuiError | None = None
        self._pinged_ns = 0
        self._flowed = 0
        for group in self._groups:
            self.subs.add(group)

    # ---- frames in

    def on_read(self) -> None:
        """Frames are here; until the next call they have this moment for their receipt."""
        self.link.last_traffic_ns = self._read_ns = self._now_ns()

    def on_frame(self, data: bytes) -> None:
        """One text frame, as UTF-8 bytes."""
        t_ns = self._read_ns
        self.frames = frames = self.frames + 1
        if self._recorder is not None:
            self._recorder.text_frame(t_ns, self._talk.venue, self.label, data)
        quote = self._quote(data, t_ns)
        if quote is None:
            self._on_any(data, t_ns)
        elif self.overlap is None:
            self.applied = frames
            self._apply_quote(quote)
            if not frames & AGE_MASK and quote.exchange_ms is not None:
                self._ages.add(t_ns, quote.exchange_ms)
        else:
            self._other(quote)

    def on_binary(self, data: bytes) -> None:
        """One binary frame."""
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            recorder.frame(self._read_ns, self._talk.venue, self.label, "in", data)
        try:
            self.on_frame(data)
        finally:
            self._recorder = recorder

    def on_life(self) -> None:
        """A protocol ping or pong arrived."""
        self.link.last_traffic_ns = self._now_ns()

    def _on_any(self, data: bytes, t_ns: int) -> None:
        """A frame that is no ordinary quote."""
        try:
            events = self._decode(data, t_ns)
        except ProtocolBroken as broken:
            self._unreadable(broken)
            return
        if self._rest:
            self._finish()
        if len(events) > AT_ONCE and type(events[0]) in _FIGURES:
            self._rest = deque(events)
            self._go_on()
            return
        for event in events:
            if event.__class__ is BookDelta and self.overlap is None:
                self.applied = self.frames
                self._apply_book(event)
            else:
                self._other(event)

    def _go_on(self) -> None:
        """The next part of a frame about hundreds of instruments: quotes are heard in between."""
        for _ in range(min(AT_ONCE, len(self._rest))):
            self._other(self._rest.popleft())
        if self._rest:
            self._clock.call_at(self._now_ns(), self._go_on)

    def _finish(self) -> None:
        """All the rest, before something newer of the same kind."""
        while self._rest:
            self._other(self._rest.popleft())

    def _unreadable(self, broken: ProtocolBroken) -> None:
        self.broken += 1
        self._host.count_error(broken.kind, str(broken), broken.sample)

    def _other(self, event: Event) -> None:
        if type(event) in _OF_THE_SESSION:
            self._session_event(event)
        elif self.overlap is None or self._in_order(event, self.overlap):
            self.applied = self.frames
            self._apply(event)

    def _in_order(self, event: Event, overlap: Overlap) -> bool:
        """Whether ``event`` may be applied while another connection brings the same streams."""
        if not isinstance(event, Quote | BookDelta | BookSnapshot):
            return True
        if self.is_new:
            overlap.from_new(event)
            return True
        return overlap.admits_old(event)

    def _session_event(self, event: Event) -> None:
        match event:
            case Subscribed(streams=streams):
                self._linked(self.subs.acked(streams))
                self._look_at_groups(self._now_ns())
            case Refused():
                self._refused(event)
            case Reply(frame=frame):
                self._outbox.hurry(frame)
                self._wake.set()
            case Closing(reason=reason):
                self._owner.closing(self, reason)
            case Resync(stream=stream, reason=reason):
                self._owner.doubted(stream, reason)
            case Ignored(kind=kind):
                self.ignored[kind] += 1
            case Pong() | Unsubscribed():
                pass  # the traffic they are has been noted

    def _linked(self, streams: Sequence[Stream]) -> None:
        fresh = []
        for stream in streams:
            sub = self.subs.of(stream)
            if sub is not None and not sub.linked:
                sub.linked = True
                fresh.append(stream)
        if fresh:
            self._owner.linked(self, fresh)

    def _refused(self, event: Refused) -> None:
        text = f"{event.text} ({event.code})" if event.code else event.text
        known = self.subs.refused(event.streams, text)
        self._request(self.subs.lost(event.retry))
        if known:
            self._owner.refused(self, known, text)
        else:
            self._host.count_error("refused_request", text, b"")

    # ---- requests out

    def want(self, streams: Iterable[Stream]) -> None:
        """Carry these too."""
        fresh = self.subs.add(streams)
        if self.link.up:
            self._request(fresh)
        elif self._groups:
            self._groups[0] = [*self._groups[0], *fresh]  # asked for when the connection opens

    def drop(self, streams: Iterable[Stream]) -> None:
        """Carry these no more."""
        self._forgo(self.subs.drop(streams))

    def resync(self, stream: Stream) -> bool:
        """Unsubscribe and subscribe this stream, now or as soon as its last time is far enough back: whether now."""
        if not self.link.up or not self.subs.resync(stream, self._now_ns()):
            return False
        self._renew([stream])
        return True

    def _renew(self, streams: list[Stream]) -> None:
        if streams:
            self._forgo(streams)
            self._request(streams)

    def _request(self, streams: Sequence[Stream]) -> None:
        if not streams or not self.link.up:
            return
        asked = self._outbox.ask(streams, self._talk.session.subscribe)
        carried = [stream for stream in streams if stream not in asked]
        if carried:  # they ride along on a wire channel that is asked for already
            self.subs.sent(carried, self._now_ns())
            self._linked(self.subs.acked(carried))
        self._wake.set()

    def _forgo(self, streams: Sequence[Stream]) -> None:
        if streams and self.link.up:
            self._outbox.ask(streams, self._goodbyes)
            self._wake.set()

    def _goodbyes(self, streams: Sequence[Stream]) -> list[Outgoing]:
        return [Outgoing(outgoing.frame) for outgoing in self._talk.session.unsubscribe(streams)]

    def _next_group(self) -> None:
        if self._groups:
            group = [stream for stream in self._groups.popleft() if self.subs.of(stream) is not None]
            self._last_group = frozenset(group)
            self._request(group)

    def _look_at_groups(self, now_ns: int) -> None:
        """A single suspect has its moment to itself; a group that is answered need not be waited for."""
        if not self._groups or not self._outbox.asked:
            return
        answered = self._talk.manners.acks and all(sub.acked for sub in map(self.subs.of, self._last_group) if sub)
        if now_ns - self._asked_ns >= HOLD_NS or (answered and len(self._groups[0]) > 1):
            self._next_group()

    @property
    def stands(self) -> bool:
        """Everything was asked for, and the venue has kept the connection open."""
        return not self._groups and self._outbox.asked and self._now_ns() - self._asked_ns > DIRECTLY_NS

    def just_asked(self) -> list[Stream]:
        """What was asked for a moment ago: if the venue closes now, that may be its answer."""
        if not self.opened_ns or self._now_ns() - self._asked_ns > DIRECTLY_NS:
            return []
        since_ns = max(1, self._now_ns() - DIRECTLY_NS)
        recent = [sub for sub in self.subs.all() if sub.asked_ns >= since_ns]
        if self._apart:
            recent = [sub for sub in recent if sub.stream in self._last_group]
        unanswered = [sub.stream for sub in recent if sub.state is StreamState.ASKED]
        return unanswered or [sub.stream for sub in recent]

    def served(self, but: Iterable[Stream]) -> list[Stream]:
        """Streams other than ``but`` whose requests it has answered (where nothing is answered: has data followed)."""
        known = frozenset(but)
        others = [sub for sub in self.subs.all() if sub.stream not in known]
        if self._talk.manners.acks:
            return [sub.stream for sub in others if sub.acked]
        return [sub.stream for sub in others if sub.asked_ns and self.applied]

    # ---- once a second

    def tick(
        self, pulses: Mapping[Stream, Pulse] | None, data_ns: int = 0, data_limit_s: float | None = None
    ) -> Verdict | None:
        """Look after subscriptions and heartbeat; what is to become of the connection, None: it goes on.

        ``pulses`` None: its data cannot be told from another connection's yet. ``data_ns``: when any of its streams
        brought data last; ``data_limit_s``: how long none may.
        """
        if not self.link.up or self._watchdog is None:
            return None
        now_ns = self._now_ns()
        self._note_flow(now_ns)
        self._look_at_groups(now_ns)
        review = self.subs.review(now_ns, pulses)
        self._request(review.ask)
        self._renew(review.resync)
        self._linked(review.link)
        self._heartbeat(now_ns)
        if review.unanswered * 2 > len(self.subs):
            return Verdict(Fate.REPLACE, "its requests go unanswered")
        return self._watchdog.look(
            now_ns,
            traffic_ns=self.link.last_traffic_ns,
            data_ns=data_ns,
            data_limit_s=data_limit_s,
            frames=self.frames,
            broken=self.broken,
            hopeless=len(review.hopeless),
        )

    @property
    def flowed_s(self) -> float:
        """For how long data has flowed."""
        return (self.last_flow_ns - self.first_flow_ns) / NS_PER_S

    def _note_flow(self, now_ns: int) -> None:
        if self.applied > self._flowed:
            self._flowed = self.applied
            self.first_flow_ns = self.first_flow_ns or now_ns
            self.last_flow_ns = now_ns

    def _heartbeat(self, now_ns: int) -> None:
        every_s = self._talk.manners.ping_every_s
        if every_s is None:
            return
        since_ns = max(self._pinged_ns, self.opened_ns)
        if self._talk.manners.ping_when_idle:
            since_ns = max(since_ns, self.link.last_traffic_ns)
        if now_ns - since_ns >= every_s * NS_PER_S:
            self._pinged_ns = now_ns
            self._outbox.hurry(self._talk.session.ping(now_ns))
            self._wake.set()

    # ---- its life

    @property
    def finished(self) -> bool:
        """Whether its end is our doing."""
        return self._stopped.is_set()

    def finish(self, why: ArbtuiError | None = None) -> None:
        """End it in order; with ``why``, which the owner will hear, cut it: the other side may not answer."""
        self._stop_why = self._stop_why or why
        self._stopped.set()

    async def run(self, network: NetworkSettings) -> None:
        """Open, talk until the end, close; the owner hears how it ended, unless we are cancelled."""
        why: ArbtuiError | None = None
        try:
            await self._live(network)
            why = self._stop_why
        except ArbtuiError as error:
            why = error
        except Exception as bug:  # the boundary of this task: one connection's trouble is not the others'
            log.exception("%s %s: a frame could not be handled", self._talk.venue, self.label)
            self._host.count_error("internal", f"{type(bug).__name__}: {bug}", b"")
            why = ArbtuiError(f"internal error ({type(bug).__name__}: {bug}), see the log")
        self._owner.ended(self, why)

    async def _live(self, network: NetworkSettings) -> None:
        stopped = asyncio.create_task(self._stopped.wait())
        opening = asyncio.create_task(self._open(network))
        talking: list[asyncio.Task[None]] = []
        try:
            await asyncio.wait([stopped, opening], return_when=asyncio.FIRST_COMPLETED)
            if opening.done():
                socket = opening.result()
                self._up()
                pumping = socket.pump(self.on_frame, self.on_binary, self.on_life, self.on_read)
                talking.append(asyncio.create_task(pumping))
                talking.append(asyncio.create_task(self._send_all(socket)))
                await asyncio.wait([stopped, *talking], return_when=asyncio.FIRST_COMPLETED)
                for task in talking:
                    if task.done():
                        task.result()
        except ArbtuiError as error:
            self._down(str(error))
            raise
        finally:
            self._down(str(self._stop_why or "closed by us"))
            await _put_away([stopped, opening, *talking])
            if not opening.cancelled() and opening.exception() is None:
                socket = opening.result()
                if self._stop_why is not None:
                    socket.abort()
                else:
                    await socket.close()

    async def _open(self, network: NetworkSettings) -> Socket:
        compression = network.compression and self._talk.manners.compression
        return await open_socket(self._talk.url, network, compression=compression)

    def _up(self) -> None:
        now_ns = self._now_ns()
        self.opened_ns = self.link.last_traffic_ns = now_ns
        self.link.up = True
        self._watchdog = Watchdog(self._talk.manners, now_ns, self._lifetime_share)
        if self._recorder is not None:
            self._recorder.opened(now_ns, self._talk.venue, self.label, self._talk.url)
        self._next_group()
        self._owner.opened(self)

    def _down(self, reason: str) -> None:
        if self.link.up:
            self.link.up = False
            if self._recorder is not None:
                self._recorder.closed(self._now_ns(), self._talk.venue, self.label, reason)

    async def _send_all(self, socket: Socket) -> None:
        """Send what waits, at the venue's pace, heartbeats and answers first."""
        while True:
            while self._outbox.empty:
                self._wake.clear()
                await self._wake.wait()
            await sleep_until(self._clock, self._pace.take(self._now_ns()))
            if (urgent := self._outbox.next_urgent()) is not None:
                await self._send(socket, urgent[0])
            elif (request := self._next_request()) is not None:
                await self._send(socket, request.frame)

    def _next_request(self) -> Outgoing | None:
        """What is sent next, noted as sent."""
        request = self._outbox.next_request()
        if request is not None:
            self._asked_ns = self._now_ns()
            self.subs.sent(request.streams, self._asked_ns)
            if self._watchdog is not None:
                self._watchdog.requested(self._asked_ns)
        return request

    async def _send(self, socket: Socket, frame: str | bytes | None) -> None:
        if frame is None:
            await socket.ping()
            return
        if self._recorder is not None:
            self._recorder.frame(self._now_ns(), self._talk.venue, self.label, "out", frame)
        await socket.send(frame)


async def sleep_until(clock: Clock, due_ns: int) -> None:
    """Wait until engine time has reached ``due_ns``."""
    if clock.now_ns() >= due_ns:
        return
    reached = asyncio.Event()
    timer = clock.call_at(due_ns, reached.set)
    try:
        await reached.wait()
    finally:
        timer.cancel()


async def _put_away(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel and collect, so that no exception is left unread; the first one that matters was raised before."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
