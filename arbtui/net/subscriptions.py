"""What one connection was asked for, and what became of each request. Pure: times come in, streams to ask come out.

    wanted --sent--> asked --ack--> acked --data--> live --silence--> stale
       ^               |               |                                |
       +--no ack-------+               +---silence: ask anew, then------+      refused: never asked again here

Data is proof enough: a stream that brings some is live, acknowledged or not. Silence is judged by the stream's pulse
and its venue's cadence; the remedy is to unsubscribe and subscribe, at growing pauses, and when that has not helped
twice the owner hears of it (``hopeless``) and replaces the connection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from arbtui.core.clock import NS_PER_S
from arbtui.core.model import Channel, Stream
from arbtui.core.status import StreamState
from arbtui.net.pulse import LEARNED, Pulse
from arbtui.venues.base import Cadence, Manners

FIRST_DATA_S = 20.0  # a stream that has brought nothing in this time is asked for anew,
SECOND_DATA_S = 10.0  # and is stale when that brings nothing either,
NEVER_FIRST_S = 30.0  # and is asked for at doubling pauses from this
NEVER_CAP_S = 600.0  # up to this: it may be an illiquid coin
USUAL_GAPS = 4.0  # a stream asked for anew should bring something within so many usual gaps
LEAST_WAIT_S = 5.0  # and is never judged earlier than this
RESYNC_FIRST_S = 3.0
RESYNC_CAP_S = 12.0  # while it may be a fault that passes: back within 20 s
RESYNC_SLOW_S = 60.0  # after RESYNC_PATIENCE tries in a row, some ten minutes
RESYNC_PATIENCE = 50
HOPELESS_AFTER = 2  # tries in a row that did not help
_SELDOM = frozenset({Channel.INSTRUMENTS, Channel.TRADES})  # may be silent for days, from the first moment


@dataclass(slots=True)
class Subscription:
    stream: Stream
    state: StreamState = StreamState.WANTED
    queued: bool = False  # a request waits for its turn on the wire
    acked: bool = False
    linked: bool = False  # the market was told which connection stands behind it
    asks: int = 0  # requests in a row without an answer
    asked_ns: int = 0  # 0 = never
    text: str = ""  # the venue's words when it refused
    tries: int = 0  # resyncs in a row
    tried_ns: int = 0
    due_ns: int = 0  # a resync that had to wait: when it may go; 0 = none waits


@dataclass(slots=True)
class Review:
    """What a look at all subscriptions asks for."""

    ask: list[Stream] = field(default_factory=list)
    resync: list[Stream] = field(default_factory=list)
    link: list[Stream] = field(default_factory=list)  # brought data before any acknowledgement
    hopeless: list[Stream] = field(default_factory=list)
    unanswered: int = 0  # streams whose requests went unanswered three times


class Subscriptions:
    """All subscriptions of one connection."""

    def __init__(self, manners: Manners, cadence: Callable[[Channel], Cadence]) -> None:
        self._manners = manners
        self._cadence = cadence
        self._subs: dict[Stream, Subscription] = {}
        self._hopeless: list[Stream] = []

    def __len__(self) -> int:
        return len(self._subs)

    def of(self, stream: Stream) -> Subscription | None:
        return self._subs.get(stream)

    def all(self) -> Iterable[Subscription]:
        return self._subs.values()

    # what is wanted, and what was sent

    def add(self, streams: Iterable[Stream]) -> list[Stream]:
        """Want these too; those that are new here and must be asked for."""
        fresh = [stream for stream in streams if stream not in self._subs]
        for stream in fresh:
            self._subs[stream] = Subscription(stream, queued=True)
        return fresh

    def drop(self, streams: Iterable[Stream]) -> list[Stream]:
        """Want these no more; those that must be unsubscribed."""
        known = [stream for stream in streams if stream in self._subs]
        return [s for s in known if self._subs.pop(s).state is not StreamState.REFUSED]

    def sent(self, streams: Iterable[Stream], now_ns: int) -> None:
        """A request for these went out."""
        for stream in streams:
            sub = self._subs.get(stream)
            if sub is None or sub.state is StreamState.REFUSED:
                continue
            sub.queued, sub.asked_ns, sub.acked = False, now_ns, False
            sub.asks += 1
            if sub.state is not StreamState.STALE:  # stale until data comes, whatever is acknowledged
                sub.state = StreamState.ASKED

    # what the venue says

    def acked(self, streams: Iterable[Stream]) -> list[Stream]:
        """Acknowledged; those of them that are wanted here."""
        known = []
        for stream in streams:
            sub = self._subs.get(stream)
            if sub is None or sub.state is StreamState.REFUSED:
                continue
            sub.acked, sub.asks = True, 0
            if sub.state in (StreamState.WANTED, StreamState.ASKED):
                sub.state = StreamState.ACKED
            known.append(stream)
        return known

    def refused(self, streams: Iterable[Stream], text: str) -> list[Stream]:
        """Refused; those of them that are wanted here."""
        known = []
        for stream in streams:
            sub = self._subs.get(stream)
            if sub is not None:
                sub.state, sub.text, sub.acked, sub.due_ns = StreamState.REFUSED, text, False, 0
                known.append(stream)
        return known

    def lost(self, streams: Iterable[Stream]) -> list[Stream]:
        """Lost together with a refused stream of the same request; those that must be asked for again.

        A request that keeps being lost waits for its acknowledgement to time out instead, so that two sides which
        disagree cannot keep each other busy.
        """
        again = []
        for stream in streams:
            sub = self._subs.get(stream)
            if sub is not None and sub.state is not StreamState.REFUSED and sub.asks < 3 and not sub.queued:
                sub.queued = True
                again.append(stream)
        return again

    # asking anew

    def resync(self, stream: Stream, now_ns: int) -> bool:
        """Ask for ``stream`` anew: whether now. If its last time is too recent, ``review`` brings it up when due.

        Nothing happens while a request for it is still under way.
        """
        sub = self._subs.get(stream)
        if sub is None or sub.queued or sub.state in (StreamState.WANTED, StreamState.REFUSED):
            return False
        if sub.state is StreamState.ASKED and now_ns - sub.asked_ns < RESYNC_FIRST_S * NS_PER_S:
            return False
        _forgive(sub, now_ns)
        if sub.tries and now_ns < sub.tried_ns + _pause_ns(sub.tries):
            sub.due_ns = sub.tried_ns + _pause_ns(sub.tries)
            return False
        self._try(sub, now_ns, in_vain=_in_vain(sub))
        return True

    def _try(self, sub: Subscription, now_ns: int, *, in_vain: bool) -> None:
        """Note a resync; ``in_vain``: the ones before it, if any, have not helped."""
        if in_vain and sub.tries >= HOPELESS_AFTER:
            self._hopeless.append(sub.stream)
        sub.tries += 1
        sub.tried_ns, sub.due_ns, sub.queued = now_ns, 0, True

    # looking at all of them

    def review(self, now_ns: int, pulses: Mapping[Stream, Pulse] | None) -> Review:
        """Judge every subscription by when its data came last; None: data says nothing yet, look at answers only."""
        review = Review()
        for sub in self._subs.values():
            if sub.state is StreamState.REFUSED or sub.queued:
                continue
            if sub.due_ns and now_ns >= sub.due_ns:
                self._try(sub, now_ns, in_vain=_in_vain(sub))
                review.resync.append(sub.stream)
                continue
            pulse = pulses.get(sub.stream) if pulses is not None else None
            if pulse is not None and sub.asked_ns and pulse.last_ns >= sub.asked_ns:
                self._brings_data(sub, pulse, now_ns, review)
            else:
                self._brings_nothing(sub, pulse, now_ns, review)
        review.hopeless, self._hopeless = self._hopeless, []
        return review

    def _brings_data(self, sub: Subscription, pulse: Pulse, now_ns: int, review: Review) -> None:
        if not sub.linked:
            review.link.append(sub.stream)
        limit_s = None if sub.stream.channel in _SELDOM else pulse.limit_s(self._cadence(sub.stream.channel).quiet_s)
        if limit_s is None or now_ns - pulse.last_ns <= limit_s * NS_PER_S:
            sub.state, sub.asks = StreamState.LIVE, 0
            _forgive(sub, now_ns)
            return
        sub.state, pulse.silent = StreamState.STALE, True
        if not sub.tries or now_ns >= sub.tried_ns + _pause_ns(sub.tries):
            self._try(sub, now_ns, in_vain=True)
            review.resync.append(sub.stream)

    def _brings_nothing(self, sub: Subscription, pulse: Pulse | None, now_ns: int, review: Review) -> None:
        waited_ns = now_ns - sub.asked_ns
        if not sub.asked_ns or (self._manners.acks and not sub.acked):
            if waited_ns > self._patience_ns(sub):
                review.unanswered += sub.asks >= 3
                sub.queued = True
                review.ask.append(sub.stream)
            return
        if pulse is None or sub.stream.channel in _SELDOM or waited_ns <= self._first_data_ns(sub, pulse):
            return
        if pulse.last_ns or sub.tries:
            sub.state, pulse.silent = StreamState.STALE, True
        self._try(sub, now_ns, in_vain=pulse.last_ns > 0)  # what never came may be a coin that nobody trades
        review.resync.append(sub.stream)

    def _patience_ns(self, sub: Subscription) -> int:
        return round(self._manners.ack_within_s * NS_PER_S) * min(max(sub.asks, 1), 6)

    def _first_data_ns(self, sub: Subscription, pulse: Pulse) -> int:
        """How long after a request its first data may take."""
        if pulse.beats >= LEARNED:
            wait_s = USUAL_GAPS * pulse.gap_s
        elif sub.tries < 2:
            wait_s = (FIRST_DATA_S, SECOND_DATA_S)[sub.tries]
        else:
            wait_s = min(NEVER_CAP_S, NEVER_FIRST_S * 2.0 ** min(sub.tries - 2, 10))
        quiet_s = self._cadence(sub.stream.channel).quiet_s
        if quiet_s is not None:
            wait_s = min(wait_s, quiet_s)
        return max(round(max(wait_s, LEAST_WAIT_S) * NS_PER_S), _pause_ns(sub.tries))

    def answered(self) -> bool:
        """Whether every request was sent and, where the venue acknowledges, answered."""
        return all(
            sub.state is StreamState.REFUSED
            or (not sub.queued and sub.asked_ns > 0 and (sub.acked or not self._manners.acks))
            for sub in self._subs.values()
        )

    def counts(self) -> Counter[StreamState]:
        return Counter(sub.state for sub in self._subs.values())


def _in_vain(sub: Subscription) -> bool:
    """A book that is lost again was well in between; other data that is doubted again was not."""
    return sub.stream.channel is not Channel.BOOK


def _forgive(sub: Subscription, now_ns: int) -> None:
    """A stream that was well for four pauses starts again with the shortest."""
    if sub.tries and now_ns - sub.tried_ns > 4 * _pause_ns(sub.tries):
        sub.tries = 0


def _pause_ns(tries: int) -> int:
    """Least time between two resyncs of one stream after ``tries`` in a row."""
    if tries >= RESYNC_PATIENCE:
        return round(RESYNC_SLOW_S * NS_PER_S)
    return round(min(RESYNC_CAP_S, RESYNC_FIRST_S * 2.0 ** max(0, tries - 1)) * NS_PER_S)
