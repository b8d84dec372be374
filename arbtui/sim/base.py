"""What a simulated venue must offer. A new one = one file (or folder) here + one line in ``registry``.

Write it from the venue's documents alone, with its own tables; of arbtui only ``arbtui.core`` may be imported, and of
that not ``core.multipliers``. You subclass three things:

    class Acme(SimVenue):                      # the venue: what it lists, its REST routes, its sockets
        name = "acme"
        hosts = frozenset({"api.acme.com", "ws.acme.com"})       # original hosts, ports dropped
        def populate(self) -> None: ...        # put instruments into the world
        def list_coin(self, coin, market): ... # the same for one coin while running (POST /_sim/instruments)
        def routes(self): return {("GET", "/v1/time"): self._time, ...}
        def open_socket(self, call): return AcmeSession(self, call)
        def refusal(self, status, retry_after_s): return Reply(...)   # the venue's body for 429, 418, 500

    class AcmeSession(Session):                # one client's socket: what it says, what that does
        def on_text(self, text: str) -> None:
            ...parse; self.send(ack); self.subscribe(self.venue.topic(key, lambda: AcmeBbo(...)))

    class AcmeBbo(Topic):                      # one stream as this venue sends it
        def encode(self, reason, now_ns):      # once per push; the same bytes go to all who subscribed
            quote = self.view.quote(self.listing, self.wire)
            return f'{{"bid":"{quote.bid}",...}}'

**Instruments.** ``populate`` walks ``usual_listings()`` or ``world.offered(name, "perp", "USDT")`` (the coins that this
venue has there) and calls ``world.add(Terms(...), coin)`` for each. The terms say how the venue spells and scales it:
``native``, ``multiplier`` (size x multiplier = coins: OKX contract value, 1000 for 1000PEPE), ``price_factor`` (price /
factor = price of a coin: 1000 for 1000PEPE, 1 for OKX contracts), ``tick``/``step`` (or let the world choose),
``habits`` (how numbers are written), ``seq_start``/``seq_jump`` (update ids). ``world.interval_h`` and
``world.starts_halted`` give funding intervals and halts that differ between venues. The spot pair of ``world.usdc``
against USDT belongs to every venue that has spot. Rows that only fill a listing (dated, inverse, TradFi) are written by
the venue into its answer and need no ``Listing``.

**What changes.** The world moves in steps of 20 ms. After each, ``Hub`` pushes every topic that somebody subscribed
and whose ``channel`` shows what changed: "bbo" when best prices or sizes did, "book", "ticker" and "other" at any
change of the book, "mark" each whole second, "funding" each whole minute. ``period_ms`` conflates (never oftener than
that, on a common grid), ``every_ms`` repeats an unchanged stream (Bybit's 3 s), ``always`` pushes at each period,
changed or not. A topic without a listing (all-symbols arrays) is pushed at each period, and should walk
``self.rows(...)`` so that a fault on one symbol leaves just that row out. ``encode`` returns the payload of one frame,
a list of payloads, or None: nothing to say.

**Books.** Subclass ``BookTopic`` for anything with deltas: it remembers what was sent, so that snapshots and deltas
chain for each subscriber whatever is conflated, frozen or distorted. Its sequence ids are the listing's own, which are
also the truth's ``seq``: truth at id n is exactly the book that a client must hold at wire id n. ``Delta.prev``,
``.first`` and ``.seq`` give every venue's continuity fields. The book has ``DEPTH`` (50) levels a side in all; a venue
that shows N < 50 sets ``depth = N``. A venue whose wire has no book id (Hyperliquid: block time) may use ``t_ms``;
say so in its file, and set ``seq_is_time`` so that the truth answers ``?seq=`` by that. One that numbers its frames
apart from the changes (Bybit's ``u``) overrides ``state_at``.

**Views, and why.** Read prices only through ``self.view`` (sockets) and ``self.venue.rest`` (REST answers), time only
by their ``now_ms``: that is where faults distort content, while the truth stays sound. Travel faults (mute, freeze,
drop_delta, duplicate, reorder, slow, burst, disconnect, refuse ...) and REST faults work without your doing anything.
Two need a line: ask ``self.refused(...)`` when a subscription comes in (``sub_refused``), and set ``has_checksum`` if
you call ``view.checksum``.

**REST.** Handlers are plain functions ``(Call) -> Reply``, found by (method, path); override ``handle`` to wrap them
all (weights, limits, headers). **Limits**: ``limits.py`` has the counters. **Heartbeats**: ``on_ping``/``on_pong`` see
protocol frames (the default answers pings), ``on_second`` is called about once a second for your watchdogs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Protocol

from arbtui.sim.coins import Coin
from arbtui.sim.listing import BookState, Listing, Market, Status
from arbtui.sim.topic import BookTopic, Channel, Payload, Reason, Topic, TradeTopic, ws_frame
from arbtui.sim.view import View

if TYPE_CHECKING:
    from arbtui.sim.desk import Desk
    from arbtui.sim.hub import Hub

__all__ = [
    "BookTopic",
    "Call",
    "Channel",
    "Handler",
    "Link",
    "Payload",
    "Reason",
    "Reply",
    "Session",
    "SimVenue",
    "Topic",
    "TradeTopic",
    "ws_frame",
]

_MARKETS: tuple[Market, ...] = ("perp", "spot")


@dataclass(slots=True)
class Call:
    """A request: REST, or the handshake of a socket. ``path`` is the original one, decoded, without the host."""

    method: str
    host: str
    path: str
    query: dict[str, str]
    raw_query: str
    headers: Mapping[str, str]
    body: bytes
    client: str  # the caller's address: what limits per IP are counted by


@dataclass(slots=True)
class Reply:
    """An answer to a ``Call``."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    lost: bool = False  # never arrives: the connection ends instead (``ack_lost_...``)
    after_s: float = 0.0  # how long the client waits for it, or for the end of its connection


Handler = Callable[[Call], Reply]


class Link(Protocol):
    """The wire under a session."""

    def write(self, frames: list[bytes]) -> bool:
        """Send whole frames at once; False if the client is too slow and was cut."""
        ...

    def close(self, code: int, reason: str) -> None:
        """A proper close, after what was written."""
        ...

    def drop(self) -> None:
        """End the connection without a close frame (1006 on the other side)."""
        ...


class Session(ABC):
    """One client's socket, from handshake to end. Everything here is synchronous; sending queues and never waits."""

    def __init__(self, venue: SimVenue, call: Call) -> None:
        self.venue = venue
        self.hub = venue.hub
        self.call = call
        self.link: Link | None = None  # set before ``opened``
        self.opened_ns = 0
        self.topics: dict[Hashable, Topic] = {}
        self.market: Market | None = None  # for fault filters, where a socket belongs to one
        self._ready: list[bytes] = []
        self._late: list[tuple[int, bytes]] = []  # (due, frame), in order
        self.ended = False
        self.private = False  # whether it tells of an account (or may, after a login)

    # -- what a venue overrides ------------------------------------------------------------------------------------

    def opened(self) -> None:
        """The handshake is done."""
        return

    @abstractmethod
    def on_text(self, text: str) -> None:
        """A text frame came."""

    def on_binary(self, data: bytes) -> None:
        """A binary frame came. Default: taken as text."""
        self.on_text(data.decode("utf-8", "replace"))

    def on_ping(self, payload: bytes) -> None:
        """A protocol ping came. Default: answered."""
        self.out([ws_frame(payload, 0xA)])

    def on_pong(self, payload: bytes) -> None:
        """A protocol pong came."""
        return

    def on_second(self, now_ns: int) -> None:
        """About once a second: heartbeats, watchdogs, lifetimes."""
        return

    def announce_shutdown(self) -> None:
        """Tell the client that the venue will close its sockets soon, where this venue has words for that."""
        return

    def closed(self) -> None:
        """The socket is gone."""
        return

    # -- what a venue uses -----------------------------------------------------------------------------------------

    def send(self, payload: str | bytes) -> None:
        """One frame of the venue's usual kind (text, unless ``SimVenue.opcode`` says otherwise)."""
        self.out([ws_frame(payload.encode() if isinstance(payload, str) else payload, self.venue.opcode)])

    def ping(self, payload: bytes) -> None:
        """A protocol ping of the server."""
        self.out([ws_frame(payload, 0x9)])

    def subscribe(self, topic: Topic, key: Hashable | None = None) -> None:
        """Subscribe to ``topic``; ``key`` (default: its wire name and listing) is what ``unsubscribe`` wants."""
        self.topics[key if key is not None else (topic.wire, topic.listing)] = topic
        topic.subscribers[self] = None
        self.hub.attach(topic)
        topic.greet(self)

    def unsubscribe(self, key: Hashable) -> bool:
        """Whether it was subscribed."""
        topic = self.topics.pop(key, None)
        if topic is None:
            return False
        topic.subscribers.pop(self, None)
        if not topic.subscribers:
            self.hub.detach(topic)
        return True

    def refused(self, channel: Channel, wire: str, listing: Listing | None = None) -> bool:
        """Whether the fault ``sub_refused`` refuses this subscription; answer in the venue's own words if so."""
        if not self.hub.faults.active:
            return False
        market = listing.market if listing is not None else self.market
        native = listing.native if listing is not None else None
        return self.hub.faults.act("sub_refused", self.venue.name, market, native, channel, wire) is not None

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close properly, after what was sent."""
        self._end(lambda link: link.close(code, reason))

    def drop(self) -> None:
        """Cut without a close frame."""
        self._end(lambda link: link.drop())

    # -- how it is driven (server, hub) ------------------------------------------------------------------------------

    def out(self, frames: list[bytes], delay_ns: int = 0) -> None:
        """Queue whole frames; sent at the end of this step, or later but in order if ``delay_ns``."""
        if self.ended:
            return
        if delay_ns or self._late:
            due_ns = self.hub.now_ns() + delay_ns
            self._late.extend((due_ns, frame) for frame in frames)
            self.hub.late[self] = None
            return
        if not self._ready:
            self.hub.ready[self] = None
        self._ready.extend(frames)

    def release(self, now_ns: int) -> None:
        """Move what is due from late to ready."""
        while self._late and self._late[0][0] <= now_ns:
            self._ready.append(self._late.pop(0)[1])
        self.hub.ready[self] = None
        if not self._late:
            self.hub.late.pop(self, None)

    def flush(self) -> None:
        """Write what is ready in one go."""
        frames, self._ready = self._ready, []
        if frames and self.link is not None and not self.ended and not self.link.write(frames):
            self.drop()

    def gone(self) -> None:
        """The connection ended: leave every topic."""
        self.ended = True
        for key in list(self.topics):
            self.unsubscribe(key)
        self.hub.forget(self)
        self.closed()

    def _end(self, how: Callable[[Link], None]) -> None:
        if self.ended:
            return
        self.flush()
        self.ended = True
        if self.link is not None:
            how(self.link)


class SimVenue(ABC):
    """One simulated venue. See the module for how to write one."""

    name: ClassVar[str]
    hosts: ClassVar[frozenset[str]]
    has_checksum: ClassVar[bool] = False  # whether its books carry a checksum (else ``bad_checksum`` is refused)
    resets_ids: ClassVar[bool] = False  # whether its update ids can begin again (else ``seq_reset`` is refused)
    seq_is_time: ClassVar[bool] = False  # whether the wire knows a book by its ``t_ms`` instead of an update id
    opcode: ClassVar[int] = 1  # of data frames: 1 text, 2 binary
    symbol_keys: ClassVar[tuple[str, ...]] = ("symbol",)  # query keys that name an instrument, for REST faults

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.world = hub.world
        self.view = View(hub.world, hub.faults, self.name, "ws", hub.now_ns)
        self.rest = View(hub.world, hub.faults, self.name, "rest", hub.now_ns)
        self._topics: dict[Hashable, Topic] = {}
        self.desk: Desk | None = None  # a venue that takes orders sets it
        self.populate()
        self._routes = dict(self.routes())

    # -- what a venue overrides ------------------------------------------------------------------------------------

    @abstractmethod
    def populate(self) -> None:
        """Put the venue's instruments into the world."""

    @abstractmethod
    def list_coin(self, coin: Coin, market: Market) -> Listing:
        """List ``coin`` against the venue's main quote currency from now on."""

    @abstractmethod
    def routes(self) -> Mapping[tuple[str, str], Handler]:
        """REST handlers by (method, path)."""

    @abstractmethod
    def open_socket(self, call: Call) -> Session | Reply:
        """A session for this handshake, or the HTTP answer that refuses it."""

    @abstractmethod
    def refusal(self, status: int, retry_after_s: int) -> Reply:
        """The venue's own answer with this status (429, 418, 500); ``retry_after_s`` where it sends that header."""

    def offered(self, market: Market, quote: str) -> Iterator[Coin]:
        """The coins of ``usual_listings``. Default: those that the world has here, as far as their names are ASCII."""
        return (coin for coin in self.world.offered(self.name, market, quote) if coin.ticker.isascii())

    def market_of(self, call: Call) -> Market | None:
        """Which market a request belongs to, for the ``market`` filter of REST faults, where that can be told."""
        return None

    def symbol_of(self, call: Call) -> str | None:
        """Which instrument a request names, for the ``symbol`` filter of REST faults. Default: by ``symbol_keys``."""
        return next((call.query[key] for key in self.symbol_keys if key in call.query), None)

    def not_found(self, call: Call) -> Reply:
        """The answer to an unknown path."""
        return Reply(404, b'{"error":"not found"}')

    def handle(self, call: Call) -> Reply:
        """Answer a request. Override to count limits and add headers around ``super().handle``."""
        handler = self._routes.get((call.method, call.path))
        return handler(call) if handler is not None else self.not_found(call)

    def state_at(self, listing: Listing, seq: int) -> BookState | None:
        """The book that the wire knows by ``seq``, while it is kept. Override where frames have ids of their own."""
        if not self.seq_is_time:
            return listing.state_at(seq)
        return next((s for s in reversed(listing.history) if s.t_ns // 1_000_000 <= seq), None)

    def restart_ids(self, listing: Listing) -> None:
        """Let the update ids of a book begin again (``resets_ids``)."""
        listing.restart_ids()

    def status_changed(self, listing: Listing, old: Status) -> None:
        """An instrument was listed, halted, announced for delisting, closed. Push your instruments channel here."""
        return

    def expire_sessions(self, market: Market | None) -> None:
        """End private sessions as if their time were over (``session_expired``), where a venue takes orders."""
        return

    # -- what a venue uses -----------------------------------------------------------------------------------------

    def usual_listings(self) -> Iterator[tuple[Coin, Market, str, Status]]:
        """Coin, market, quote currency and first status: all that is ``offered``, and the spot pair of USDC."""
        for quote in ("USDT", "USDC"):
            for market in _MARKETS:
                for coin in self.offered(market, quote):
                    halted = self.world.starts_halted(self.name, market, coin)
                    yield coin, market, quote, "halted" if halted else "trading"
        yield self.world.usdc, "spot", "USDT", "trading"

    def listings(self, market: Market | None = None) -> list[Listing]:
        """The venue's instruments in listing order, whatever their status (closed ones stay until removed)."""
        return self.world.of(self.name, market)

    def find(self, market: Market, native: str) -> Listing | None:
        """An instrument by its name on the wire."""
        return self.world.by_key.get(f"{self.name}.{market}.{native}")

    def topic(self, key: Hashable, make: Callable[[], Topic]) -> Topic:
        """The shared stream under ``key``, made at first need. It is forgotten when the last subscriber leaves."""
        topic = self._topics.get(key)
        if topic is None or (not topic.subscribers and topic not in self.hub.attached):
            topic = self._topics[key] = make()
        return topic

    def live_topic(self, key: Hashable) -> Topic | None:
        """The stream under ``key`` if somebody is subscribed to it."""
        topic = self._topics.get(key)
        return topic if topic is not None and topic.subscribers else None
