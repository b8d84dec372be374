"""The one feed supervisor: keeps the wanted streams of one venue flowing, whatever the venue does.

    VenueFeed (this file)   what is wanted -> which socket carries it; states, rates, reports
      Shard                 one socket's streams: connect, back off, replace with overlap
        Connection          frames in, requests out
          Subscriptions     what was asked for, what was answered, what fell silent
          Outbox            what waits to be sent, books first
          Watchdog          whether a connection is worth keeping
        Suspicion           which subscription makes the venue close the socket
        Connects, Backoff   how often anything may be tried again

Facts per venue come as data (``venues.base``: ``Manners``, ``Cadence``, ``plan``, ``Session``); nothing here knows a
venue by name. Sockets never move streams about: a new stream goes to a socket with room or to a new one.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from arbtui.core.clock import NS_PER_S, Clock, Timer
from arbtui.core.events import BookDelta, BookSnapshot, Quote
from arbtui.core.model import Market, Stream
from arbtui.core.recorder import Recorder
from arbtui.core.status import FeedState, FeedStatus, Link, StreamReport, StreamState
from arbtui.net.connection import Connection
from arbtui.net.connects import Connects
from arbtui.net.conversation import AppliedEvent, Conversation
from arbtui.net.figures import Ages, LastMinute, Rate
from arbtui.net.gateway import NetworkSettings
from arbtui.net.health import ShardView, judge
from arbtui.net.pulse import Pulse
from arbtui.net.shard import Patience, Shard
from arbtui.venues.base import Environment, Manners, SocketPlan, Tables, Venue

TICK_NS = NS_PER_S
SLICES = 25  # of what is done once a second: frames wait no longer than for one of them
AT_ONCE = 100  # streams that are looked at in one step
STOOD_STILL_NS = 5 * NS_PER_S
DEGRADED_AGAIN_NS = 300 * NS_PER_S  # how often at most a person is told that a market is degraded
_NO_MORE = object()
_TROUBLE = (FeedState.DOWN, FeedState.STALE, FeedState.MAINTENANCE)


class FeedHost(Protocol):
    """What a feed needs of whoever runs it. Called synchronously on the loop; must return at once."""

    def apply(self, event: AppliedEvent) -> None: ...

    def apply_quote(self, quote: Quote) -> None:
        """As ``apply``, for quotes from connections that overlap no other."""
        ...

    def apply_book(self, event: BookSnapshot | BookDelta) -> None:
        """As ``apply``, for books from such connections."""
        ...

    def assigned(self, stream: Stream, link: Link | None) -> None:
        """From now on ``link`` stands behind ``stream`` (acknowledged, or seen to bring data); None: nothing does."""
        ...

    def last_data_ns(self, stream: Stream) -> int | None:
        """Engine time of the stream's newest websocket data; None: there was none. Asked once a second per stream."""
        ...

    def notice(self, level: str, text: str) -> None: ...

    def count_error(self, kind: str, text: str, sample: bytes) -> None: ...


@dataclass(frozen=True)
class _Counted:
    """The streams of one shard, by what became of them."""

    at_ns: int
    up: bool
    states: Counter[StreamState]
    sample_stale: str
    brought: Counter[str]  # by channel: those that have brought data


@dataclass
class _MarketFigures:
    ages: Ages = field(default_factory=Ages)
    rate: Rate = field(default_factory=Rate)
    connects: LastMinute = field(default_factory=LastMinute)
    reconnects: int = 0
    cuts: int = 0  # ends of connections that were not our doing
    frames_before: int = 0  # of shards that are gone
    said: FeedState | None = None  # the state last told in a notice
    degraded_ns: int | None = None  # when "degraded" was told last
    verdict: tuple[FeedState, str] | None = None  # what others know of it


class VenueFeed:
    """All sockets of one venue. ``run`` until cancelled; everything else is synchronous and on the same loop."""

    def __init__(
        self,
        venue: Venue,
        env: Environment,
        tables: Tables,
        clock: Clock,
        host: FeedHost,
        *,
        rng: random.Random,
        network: NetworkSettings | None = None,
        recorder: Recorder | None = None,
        connects: Connects | None = None,
    ) -> None:
        self.clock_offset_ms: float | None = None  # venue's clock minus ours, from whoever measures it
        self._venue = venue
        self._env = env
        self._tables = tables
        self._clock = clock
        self._host = host
        self._rng = rng
        self._network = network or NetworkSettings()
        self._recorder = recorder
        self._connects = connects or Connects()
        self._manners: dict[Market, Manners] = {market: venue.manners(market) for market in venue.markets}
        self._figures = {market: _MarketFigures() for market in venue.markets}
        self._shards: list[Shard] = []
        self._shard_of: dict[Stream, Shard] = {}
        self._pulses: dict[Stream, Pulse] = {}
        self._group: asyncio.TaskGroup | None = None
        self._timer: Timer | None = None
        self._looked_ns: int | None = None
        self._round: Iterator[None] | None = None  # what is left of this second's look
        self._round_ns = 0  # when it began
        self._round_steps = 0  # so many of it are done
        self._counted: dict[Shard, _Counted] = {}

    # ---- what is wanted

    def want(self, streams: Iterable[Stream]) -> None:
        """Exactly these streams from now on. What stays is not touched."""
        wanted = dict.fromkeys(streams)
        self._leave([stream for stream in self._shard_of if stream not in wanted])
        fresh = [stream for stream in wanted if stream not in self._shard_of]
        for plan in self._venue.plan(self._env, fresh) if fresh else ():
            self._place(plan)

    def resync(self, stream: Stream, reason: str) -> bool:
        """Ask for ``stream`` anew because its data is doubted; whether at once. At most every few seconds a stream, at
        growing pauses; a request that comes too early is kept until it is due.
        """
        shard = self._shard_of.get(stream)
        self._host.count_error(f"resync_{stream.channel.value}", f"{stream}: {reason}", b"")
        return shard is not None and shard.resync(stream)

    def replace(self, stream: Stream, reason: str) -> bool:
        """Replace the connection that carries ``stream``, because asking anew did not mend its data; whether one is
        being replaced. At most every 12 s a connection, at growing pauses; the old one serves until the new one does.
        """
        shard = self._shard_of.get(stream)
        self._host.count_error(f"replace_{stream.channel.value}", f"{stream}: {reason}", b"")
        return shard is not None and shard.replace(reason)

    def declare(self, market: Market, state: FeedState | None, reason: str = "") -> None:
        """What others know: ``MAINTENANCE`` as announced, or ``DOWN`` because discovery cannot reach the venue.

        Shown while no socket of the market is up; None takes it back.
        """
        self._figures[market].verdict = (state, reason) if state is not None else None

    def restart(self, reason: str) -> None:
        """Cut every connection and begin anew: after the machine slept or its clock jumped nothing measured holds."""
        self._connects.forget()
        self._pulses = {stream: Pulse() for stream in self._pulses}
        for shard in self._shards:
            shard.restart(reason)

    def _leave(self, streams: Sequence[Stream]) -> None:
        by_shard: dict[int, list[Stream]] = {}
        for stream in streams:
            by_shard.setdefault(id(self._shard_of.pop(stream)), []).append(stream)
            del self._pulses[stream]
        for shard in list(self._shards):
            if id(shard) in by_shard:
                shard.drop(by_shard[id(shard)])
                if not shard.streams:
                    self._remove(shard)

    def _place(self, plan: SocketPlan) -> None:
        for shard in self._shards:
            if shard.url == plan.url and shard.market == plan.market and self._fits(shard, plan):
                shard.add(plan.streams)
                break
        else:
            shard = self._open_shard(plan.label, plan.market, plan.url, plan.streams)
        for stream in plan.streams:
            self._shard_of[stream] = shard
            self._pulses[stream] = Pulse()

    def _fits(self, shard: Shard, plan: SocketPlan) -> bool:
        """Whether the venue itself would carry both on one socket: not where it calls them by other purposes."""
        if _purpose(shard.label) != _purpose(plan.label):
            return False
        return not shard.refused_texts and len(self._venue.plan(self._env, [*shard.streams, *plan.streams])) == 1

    def _open_shard(self, label: str, market: Market, url: str, streams: Iterable[Stream]) -> Shard:
        shard = Shard(
            self._free_label(label),
            market,
            url,
            streams,
            manners=self._manners[market],
            clock=self._clock,
            host=self,
            connects=self._connects,
            attempted=self._figures[market].connects.add,
            rng=self._rng,
        )
        self._shards.append(shard)
        if self._group is not None:
            shard.start()
        return shard

    def _free_label(self, label: str) -> str:
        """``label`` with the lowest number that is free."""
        purpose, taken = _purpose(label), {shard.label for shard in self._shards}
        return next(name for n in range(len(taken) + 1) if (name := f"{purpose}.{n}") not in taken)

    def _remove(self, shard: Shard) -> None:
        self._shards.remove(shard)
        self._counted.pop(shard, None)
        self._figures[shard.market].frames_before += shard.frames
        shard.stop()

    # ---- running

    async def run(self) -> None:
        """Keep everything connected until cancelled; then close in order, within two seconds."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                for shard in self._shards:
                    shard.start()
                self._arm()
                await asyncio.get_running_loop().create_future()  # until cancelled
            finally:
                self._group = None
                if self._timer is not None:
                    self._timer.cancel()
                for shard in self._shards:
                    shard.stop()

    def _arm(self) -> None:
        self._timer = self._clock.call_at(self._clock.now_ns() + TICK_NS // SLICES, self._tick)

    def _tick(self) -> None:
        """The next few steps of the look, as many as it takes to be through in about a second."""
        self._arm()
        now_ns = self._clock.now_ns()
        stood_still = self._stood_still(now_ns)
        if stood_still or (self._round is None and now_ns - self._round_ns >= TICK_NS):
            self._round, self._round_ns, self._round_steps = self._steps(judge=not stood_still), now_ns, 0
        steps = sum(len(shard.streams) // AT_ONCE + 3 for shard in self._shards) + len(self._figures)
        due = steps * ((now_ns - self._round_ns) / TICK_NS + 1 / SLICES)
        while self._round is not None and self._round_steps < due:
            self._round_steps += 1
            if next(self._round, _NO_MORE) is _NO_MORE:
                self._round = None

    def look(self) -> None:
        """What is done once a second, all of it now: notice silence, ask again, replace, tell."""
        for _ in self._steps(judge=not self._stood_still(self._clock.now_ns())):
            pass

    def _stood_still(self, now_ns: int) -> bool:
        """Whether the loop was held up: what the sockets have brought meanwhile comes before any judgement."""
        before_ns, self._looked_ns = self._looked_ns, now_ns
        return before_ns is not None and now_ns - before_ns > STOOD_STILL_NS

    def _steps(self, *, judge: bool) -> Iterator[None]:
        """The look in small steps; whatever happens between them may add shards and streams, or take them away."""
        for shard in list(self._shards):
            streams = list(shard.streams)
            for start in range(0, len(streams), AT_ONCE):
                for stream in streams[start : start + AT_ONCE]:
                    if stream in self._pulses:
                        self._pulses[stream].saw(self._host.last_data_ns(stream))
                yield
            if judge and shard in self._shards:
                shard.tick(self._pulses)
                self._ask_refused_again(shard, self._clock.now_ns())
                yield
                self._count(shard)
                yield
        for market, figures in self._figures.items() if judge else ():
            figures.rate.look(self._clock.now_ns(), figures.frames_before + sum(s.frames for s in self._of(market)))
            self._tell(market, figures)
            yield

    def _ask_refused_again(self, shard: Shard, now_ns: int) -> None:
        """Refused streams get a socket of their own to be asked on, now and then: the good ones are not disturbed."""
        refused = shard.refusals_due(now_ns)
        if not refused:
            return
        if len(refused) == len(shard.streams):
            shard.ask_again()
            return
        texts = {stream: shard.refused_texts[stream] for stream in refused}
        shard.drop(refused)
        asker = self._open_shard(shard.label, shard.market, shard.url, refused)
        asker.refused_texts = texts
        asker.refusals = Patience(shard.refusals.taken)
        asker.refusals.take(now_ns)
        self._shard_of.update(dict.fromkeys(refused, asker))

    def _tell(self, market: Market, figures: _MarketFigures) -> None:
        """One notice per change that a person should know: a quiet coin that comes and goes is not worth one."""
        state, reason = self._judge(market, self._views(market, TICK_NS))
        name, now_ns = f"{self._venue.name} {market.value}", self._clock.now_ns()
        if state is figures.said or state is FeedState.CONNECTING:
            return
        if state is FeedState.DEGRADED and figures.said not in _TROUBLE:
            if figures.degraded_ns is None or now_ns - figures.degraded_ns > DEGRADED_AGAIN_NS:
                figures.degraded_ns = now_ns
                self._host.notice("warning", f"{name} is degraded: {reason}")
            return
        figures.said = state
        if state is FeedState.LIVE:
            self._host.notice("info", f"{name} is live")
        else:
            self._host.notice("error" if state in _TROUBLE else "warning", f"{name} is {state.value}: {reason}")

    # ---- for shards (shard.ShardHost)

    def assigned(self, stream: Stream, link: Link | None) -> None:
        self._host.assigned(stream, link)

    def doubted(self, stream: Stream, reason: str) -> None:
        self.resync(stream, reason)

    def reopened(self, shard: Shard) -> None:
        self._figures[shard.market].reconnects += 1

    def cut(self, shard: Shard) -> None:
        self._figures[shard.market].cuts += 1

    def dial(self, shard: Shard, label: str, groups: Sequence[Sequence[Stream]]) -> Connection:
        talk = Conversation(
            venue=self._venue.name,
            label=label,
            url=shard.url,
            session=self._venue.session(shard.url, self._tables),
            manners=self._manners[shard.market],
            cadence=partial(self._venue.cadence, shard.market),
        )
        connection = Connection(
            talk,
            groups,
            clock=self._clock,
            host=self._host,
            owner=shard,
            ages=self._figures[shard.market].ages,
            recorder=self._recorder,
            lifetime_share=self._rng.uniform(0.9, 0.98),
        )
        if self._group is not None:
            self._group.create_task(connection.run(self._network), name=f"{self._venue.name} {label}")
        return connection

    # ---- what it looks like

    def _of(self, market: Market) -> Iterator[Shard]:
        return (shard for shard in self._shards if shard.market is market)

    def _views(self, market: Market, max_age_ns: int) -> list[ShardView]:
        now_ns = self._clock.now_ns()
        views = []
        for shard in self._of(market):
            counted = self._counts(shard, max_age_ns)
            views.append(
                ShardView(
                    up=shard.up,
                    error=shard.error,
                    silent_s=shard.silent_s(now_ns),
                    counts=counted.states,
                    sample_refusal=next(iter(shard.refused_texts.values()), ""),
                    sample_stale=counted.sample_stale,
                )
            )
        return views

    def _counts(self, shard: Shard, max_age_ns: int) -> _Counted:
        """Of now, or counted at most so long ago, before nothing has changed that concerns all of its streams."""
        kept = self._counted.get(shard)
        if (
            kept is None
            or self._clock.now_ns() - kept.at_ns > max_age_ns
            or kept.up is not shard.up
            or kept.states.total() != len(shard.streams)
        ):
            return self._count(shard)
        return kept

    def _count(self, shard: Shard) -> _Counted:
        states: Counter[StreamState] = Counter()
        brought: Counter[str] = Counter()
        sample_stale = ""
        for stream in shard.streams:
            state = self._state_of(stream, shard)
            states[state] += 1
            if state is StreamState.STALE and not sample_stale:
                sample_stale = str(stream)
            if self._pulses[stream].last_ns:
                brought[stream.channel.value] += 1
        counted = _Counted(self._clock.now_ns(), shard.up, states, sample_stale, brought)
        if shard in self._shards:
            self._counted[shard] = counted
        return counted

    def _state_of(self, stream: Stream, shard: Shard) -> StreamState:
        """A stream that was silent stays so on a new connection until it speaks."""
        state = shard.state_of(stream)
        waits = state in (StreamState.ASKED, StreamState.ACKED)
        return StreamState.STALE if waits and self._pulses[stream].silent else state

    def _judge(self, market: Market, views: Sequence[ShardView]) -> tuple[FeedState, str]:
        verdict = self._figures[market].verdict
        return verdict if verdict is not None and not any(view.up for view in views) else judge(views)

    def status(self, max_age_ns: int = 0) -> list[FeedStatus]:
        """One row a market. Ages are uncorrected while ``clock_offset_ms`` is None.

        Streams may have been counted ``max_age_ns`` ago: counting a thousand takes a millisecond.
        """
        return [self._status(market, figures, max_age_ns) for market, figures in self._figures.items()]

    def _status(self, market: Market, figures: _MarketFigures, max_age_ns: int) -> FeedStatus:
        views = self._views(market, max_age_ns)
        state, reason = self._judge(market, views)
        counts: Counter[StreamState] = Counter()
        for view in views:
            counts.update(view.counts)
        up = sum(view.up for view in views)
        p50, p99 = figures.ages.percentiles(self.clock_offset_ms) if up else (None, None)
        brought: Counter[str] = Counter()
        for shard in self._of(market):
            brought.update(self._counts(shard, max_age_ns).brought)
        return FeedStatus(
            venue=self._venue.name,
            market=market,
            state=state,
            reason=reason,
            subscribed=counts.total() - counts[StreamState.WANTED],
            acked=counts[StreamState.ACKED] + counts[StreamState.LIVE] + counts[StreamState.STALE],
            failed=counts[StreamState.REFUSED],
            stale=counts[StreamState.STALE],
            reconnects=figures.reconnects,
            msgs_per_s=round(figures.rate.per_s(), 1),
            age_ms_p50=p50,
            age_ms_p99=p99,
            clock_offset_ms=self.clock_offset_ms,
            connections=up,
            connects_last_min=figures.connects.count(self._clock.now_ns()),
            first_data=dict(brought),
        )

    @property
    def cuts(self) -> int:
        """How many connections ended, or are about to, by no doing of ours."""
        return sum(figures.cuts for figures in self._figures.values())

    def streams(self) -> list[StreamReport]:
        """Every wanted stream with what became of it."""
        return [
            StreamReport(stream, self._state_of(stream, shard), shard.label, shard.refused_texts.get(stream, ""))
            for shard in self._shards
            for stream in shard.streams
        ]


def _purpose(label: str) -> str:
    """``perp.book`` of ``perp.book.3``."""
    return label.rpartition(".")[0]
