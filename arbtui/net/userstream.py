"""The private sockets of an account, kept alive: key, login, subscriptions, heartbeat, renewal, and a new one in time.

A stream is "up" only when the venue has acknowledged everything that was asked for, or, where its address says all and
nothing is asked, when the far end has answered a ping; whoever hears "up" reads the account anew, because what happened
while nobody listened was told to nobody. A planned change overlaps: the new socket
is up before the old one is let go, and what both tell is told twice (fills carry ids).

A frame that cannot be read may have been a fill: it ends the socket, so that everything is read anew.

A refused login is not tried at the pace of a cut line: the venue counts those.
"""

from __future__ import annotations

import asyncio
import logging
import random
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from arbtui.core.clock import NS_PER_S, Clock
from arbtui.core.errors import (
    ArbtuiError,
    Broken,
    OutcomeUnknown,
    ProtocolBroken,
    RefusalReason,
    TransportBroken,
    VenueRefused,
)
from arbtui.core.events import Closing, Ignored, Pong, Refused, Reply, Resync, Subscribed, Unsubscribed
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import AccountEvent, StreamState
from arbtui.net.backoff import Backoff
from arbtui.net.connects import Connects, hold_ns
from arbtui.net.gateway import NetworkSettings
from arbtui.net.rest import Rest
from arbtui.net.socket import Socket, open_socket
from arbtui.venues.base import Environment, Manners
from arbtui.venues.private import (
    Expired,
    Keys,
    LoggedIn,
    LoginRefused,
    PrivateEvent,
    PrivateSession,
    PrivateVenue,
    StreamKey,
    SubscribedAll,
    TradeAnswer,
    TradeSession,
    UserStream,
)

log = logging.getLogger(__name__)

State = Literal["up", "down", "refused"]

UP_WITHIN_S = 10.0  # key, login and acknowledgements
REFUSED_PAUSE_S = 60.0


@dataclass(frozen=True)
class Around:
    """What the private sockets of an account share. ``count_error``: (kind, text), for what could not be read."""

    rest: Rest
    network: NetworkSettings
    connects: Connects
    clock: Clock
    stamp_ms: Callable[[], int]
    sink: Callable[[AccountEvent], None]
    count_error: Callable[[str, str], None]
    rng: random.Random


class SocketKeeper(ABC):
    """Keeps one private socket open. ``run`` until cancelled. Where it leads and what is said of it is its kind's."""

    def __init__(self, venue: str, label: str, manners: Manners, around: Around) -> None:
        self._venue = venue
        self._label = label
        self._manners = manners
        self._around = around
        self._backoff = Backoff(around.rng)
        self._talk: Talk | None = None
        self._gap = False  # the open socket ended before the one that was to take over was up

    @abstractmethod
    async def _conversation(self) -> tuple[str, PrivateSession | TradeSession]:
        """Address and manner of speaking of a new socket. Raises ArbtuiError."""

    @abstractmethod
    def _say(self, state: State, text: str) -> None:
        """The socket came up or broke."""

    @abstractmethod
    def _hear(self, event: AccountEvent | TradeAnswer) -> None:
        """What it tells besides of itself."""

    async def _renewing(self) -> None:
        """Returns when another socket has to take over before this one ends."""
        await asyncio.get_running_loop().create_future()

    async def _let_go(self, talk: Talk) -> None:
        """It is not used any more."""
        await talk.close()

    def restart(self, why: str) -> None:
        """End the open socket, so that another one is opened and everything is read anew."""
        if self._talk is not None:
            self._talk.end(why)

    async def run(self) -> None:
        """Open, and open again whenever it ends."""
        while True:
            began_ns = self._around.clock.now_ns()
            pause_s = 0.0
            try:
                await self._live()
            except VenueRefused as refused:
                pause_s = hold_ns(refused) / NS_PER_S  # too many attempts: they say nothing of the keys
                self._say("down" if pause_s else "refused", str(refused))
                pause_s = pause_s or REFUSED_PAUSE_S
            except ArbtuiError as error:
                self._say("down", str(error))
            except Exception as bug:  # the boundary of this task: the account's other sockets go on
                log.exception("%s: the private stream %s failed inside", self._venue, self._label)
                self._around.count_error("internal", f"{type(bug).__name__}: {bug}")
                self._say("down", f"internal error ({type(bug).__name__}), see the log")
            lived_s = (self._around.clock.now_ns() - began_ns) / NS_PER_S
            await asyncio.sleep(max(pause_s, self._backoff.ended(lived_s)))

    async def _live(self) -> None:
        """One socket after another, each up before the one before it goes; raises what ends it unplanned."""
        talk = self._talk = await self._opened()
        try:
            self._say("up", "")
            while True:
                await talk.until_due(self._manners.lifetime_s)
                before, talk = talk, await self._next(talk)
                await self._let_go(before)
        except ArbtuiError:  # it ended, or the one that was to take over did not come up
            self._talk = None
            await self._let_go(talk)
            raise
        finally:
            self._talk = None
            await talk.close()

    async def _next(self, before: Talk) -> Talk:
        """The socket that takes over. What comes while neither is open nobody hears, so that is told as a break."""
        self._gap = False
        before.work.add_done_callback(lambda _: self._missing(before))
        talk = await self._opened()
        self._missing(before)
        self._talk = talk
        if self._gap:
            self._say("up", "")
        return talk

    def _missing(self, before: Talk) -> None:
        if self._talk is before and before.work.done() and not self._gap:
            self._gap = True
            self._say("down", f"it ended before another one took over: {before.work.exception()}")

    async def _opened(self) -> Talk:
        """A socket on which everything is acknowledged. Raises ArbtuiError."""
        url, session = await self._conversation()
        socket = await self._connected(url)
        talk = Talk(self._venue, socket, session, self._manners, self._around, self._renewing, self._hear)
        try:
            await talk.ready(UP_WITHIN_S)
        except BaseException:
            await talk.close()
            raise
        return talk

    async def _connected(self, url: str) -> Socket:
        """In turn with everything else that connects to the host."""
        connects, now_ns = self._around.connects, self._around.clock.now_ns
        host = urlsplit(url).hostname or ""
        at_ns = now_ns()
        due_ns = connects.take(host, self._manners.connects_per_min, at_ns)
        await asyncio.sleep((due_ns - at_ns) / NS_PER_S)
        while True:
            at_ns = now_ns()
            due_ns = connects.leave(host, at_ns)
            if due_ns <= at_ns:
                break
            await asyncio.sleep((due_ns - at_ns) / NS_PER_S)
        try:
            return await open_socket(url, self._around.network, compression=False)
        except VenueRefused as refused:
            connects.hold(host, now_ns() + hold_ns(refused))
            raise
        finally:
            connects.answered(host, now_ns())


class UserStreamKeeper(SocketKeeper):
    """Keeps one ``UserStream`` open. ``instruments`` may grow meanwhile."""

    def __init__(
        self,
        private: PrivateVenue,
        stream: UserStream,
        env: Environment,
        keys: Keys,
        instruments: Mapping[Market, Mapping[str, Instrument]],
        around: Around,
    ) -> None:
        super().__init__(private.name, stream.label, private.stream_manners(stream), around)
        self._private = private
        self._stream = stream
        self._env = env
        self._keys = keys
        self._instruments = instruments

    async def _conversation(self) -> tuple[str, PrivateSession]:
        key = await self._key(renew=False) if self._stream.needs_key else None
        url = self._private.stream_url(self._env, self._stream, key)
        return url, self._private.private_session(self._stream, self._keys, self._instruments)

    async def _key(self, *, renew: bool) -> StreamKey:
        call = self._private.key_call(
            self._env, self._keys, self._stream, renew=renew, stamp_ms=self._around.stamp_ms()
        )
        answer = await self._around.rest.carry(call.request)
        return call.read(answer.status, answer.body)

    async def _renewing(self) -> None:
        """Keep the key alive; returns when the venue does not know it any more."""
        every_s = self._stream.renew_every_s
        while every_s is not None:
            await asyncio.sleep(every_s)
            try:
                await self._key(renew=True)
            except VenueRefused as refused:
                self._around.count_error("renew", str(refused))
                return
            except (Broken, OutcomeUnknown) as error:  # there is time for another try before it ends
                self._around.count_error("renew", str(error))
        await super()._renewing()

    def _say(self, state: State, text: str) -> None:
        around = self._around
        around.sink(
            StreamState(
                venue=self._private.name,
                markets=self._stream.markets,
                state=state,
                text=text,
                t_ns=around.clock.now_ns(),
            )
        )

    def _hear(self, event: AccountEvent | TradeAnswer) -> None:
        assert not isinstance(event, TradeAnswer), "nothing is asked on this socket"
        self._around.sink(event)


class Talk:
    """One open socket's conversation. It runs from the moment it is made; ``close`` it."""

    def __init__(
        self,
        venue: str,
        socket: Socket,
        session: PrivateSession | TradeSession,
        manners: Manners,
        around: Around,
        renewing: Callable[[], Awaitable[None]],
        hear: Callable[[AccountEvent | TradeAnswer], None],
    ) -> None:
        self._venue = venue
        self._socket = socket
        self._session = session
        self._manners = manners
        self._around = around
        self._renewing = renewing
        self._hear = hear
        self._heard_ns = around.clock.now_ns()
        self._up = asyncio.Event()
        self._due = asyncio.Event()  # another socket is to take over: its end was announced, or its key has one
        self._out: asyncio.Queue[str] = asyncio.Queue()
        greeting = [frame.frame for frame in session.greet(around.stamp_ms())]
        self._up_when_heard = not greeting
        self._queue(greeting)
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.work = asyncio.create_task(self._run())

    async def ready(self, within_s: float) -> None:
        """Returns once everything is acknowledged; raises what ended it before, TransportBroken if it takes longer."""
        await self._until(self._up, within_s)
        if not self._up.is_set():
            raise TransportBroken(f"{self._venue} did not acknowledge the private stream within {within_s:g} s")

    async def until_due(self, lifetime_s: float | None) -> None:
        """Returns when another socket should take over; raises what ends this one before."""
        await self._until(self._due, lifetime_s)

    def end(self, why: str) -> None:
        """As if the line were cut."""
        if not self._ended.done():
            self._ended.set_exception(TransportBroken(why))

    async def close(self) -> None:
        self.work.cancel()
        await asyncio.gather(self.work, return_exceptions=True)

    async def send(self, frame: str) -> None:
        """Raises TransportBroken; it may have left then all the same."""
        await self._socket.send(frame)

    def heard_within(self, within_s: float) -> bool:
        """Whether it is open, is to stay so, and something came on it of late."""
        late_ns = self._around.clock.now_ns() - self._heard_ns
        return not self.work.done() and not self._due.is_set() and late_ns <= within_s * NS_PER_S

    async def _until(self, event: asyncio.Event, within_s: float | None) -> None:
        happened = asyncio.create_task(event.wait())
        try:
            await asyncio.wait([happened, self.work], timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            happened.cancel()
        if self.work.done():
            self.work.result()

    async def _run(self) -> None:
        """Until one of its jobs fails, which raises."""
        jobs = (
            self._socket.pump(self._on_frame, self._on_frame, self._on_life),
            self._sending(),
            self._watching(),
            self._keeping_the_key(),
            _until_told(self._ended),
        )
        work = [asyncio.create_task(job) for job in jobs]
        try:
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            self._socket.abort()

    async def _keeping_the_key(self) -> None:
        await self._renewing()
        self._due.set()
        await asyncio.get_running_loop().create_future()

    async def _sending(self) -> None:
        while True:
            await self._socket.send(await self._out.get())

    async def _watching(self) -> None:
        """Heartbeats, and the end where nothing is heard."""
        manners, clock = self._manners, self._around.clock
        pinged_ns = clock.now_ns()
        if self._up_when_heard:
            await self._socket.ping()
        while True:
            await asyncio.sleep(1.0)
            now_ns = clock.now_ns()
            if now_ns - self._heard_ns > manners.silence_s * NS_PER_S:
                raise TransportBroken(f"nothing was heard from {self._venue} for {manners.silence_s:g} s")
            if manners.ping_every_s is not None and now_ns - pinged_ns >= manners.ping_every_s * NS_PER_S:
                pinged_ns = now_ns
                ping = self._session.ping(now_ns)
                await (self._socket.ping() if ping is None else self._socket.send(ping))

    def _queue(self, frames: Iterable[str]) -> None:
        for frame in frames:
            self._out.put_nowait(frame)

    def _on_life(self) -> None:
        self._heard_ns = self._around.clock.now_ns()
        if self._up_when_heard:
            self._up.set()

    def _on_frame(self, data: bytes) -> None:
        """What is raised here ends the socket with it."""
        self._on_life()
        try:
            events = self._session.decode(data, self._heard_ns)
        except ProtocolBroken as broken:
            self._around.count_error(broken.kind, str(broken))
            raise TransportBroken(f"{self._venue} sent what cannot be read; it may have been a fill") from broken
        for event in events:
            self._take(event)

    def _take(self, event: PrivateEvent | TradeAnswer) -> None:
        match event:
            case LoggedIn():
                self._queue(frame.frame for frame in self._session.logged_in(self._around.stamp_ms()))
            case SubscribedAll():
                self._up.set()
            case LoginRefused(code=code, text=text) | Refused(code=code, text=text):
                raise VenueRefused(
                    f"{self._venue} refuses the private stream: {text} ({code}); look at the keys of this account",
                    reason=RefusalReason.NOT_AUTHORISED,
                    code=code,
                )
            case Expired(text=text):
                raise TransportBroken(text)
            case Closing():
                self._due.set()
            case Reply(frame=frame):
                self._queue([frame if isinstance(frame, str) else frame.decode()])
            case Subscribed() | Unsubscribed() | Pong() | Ignored() | Resync():
                pass
            case _:
                self._hear(event)


async def _until_told(end: asyncio.Future[None]) -> None:
    await end
