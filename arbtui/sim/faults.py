"""Trouble on request. A fault distorts what is sent; the truth stays sound (halt and delist apart).

Faults act in three places, none of which a venue has to know: what a venue may see (``view``: prices, times), how its
frames travel (``base.Topic`` and ``base.Session``), and how requests are answered (``server``).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from arbtui.sim.listing import Listing

Place = Literal["content", "frames", "sockets", "rest", "clock", "instruments", "orders"]
CHANNELS = ("bbo", "book", "ticker", "mark", "funding", "private", "order", "cancel")
# The connection ends without an answer, at once or after a long silence; the venue says that it timed out; it answers
# with a server error.
_LOST = ("cut", "hang", "timeout", "error")
_HANG = "s until the connection ends (hang)"
NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault: where it acts, what ``value`` means and is by default, the channels it means by default."""

    name: str
    place: Place
    text: str
    value: str = ""
    default: float | None = None
    channels: tuple[str, ...] = ()  # () = all
    needs_symbol: bool = False
    once: bool = False  # acts when it is made, and is then over
    reasons: tuple[str, ...] = ()  # what ``reason`` may be; the first is meant without one


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("disconnect", "sockets", "open sockets are dropped without a close frame, once", once=True),
        Kind(
            "shutdown",
            "sockets",
            "the venue announces that it closes its sockets, then does",
            "s from notice to cut",
            5.0,
            once=True,
        ),
        Kind("refuse", "sockets", "sockets are dropped, and connections and requests reset before an answer"),
        Kind("accept_then_close", "sockets", "sockets are accepted and closed again at once; open ones too"),
        Kind("mute", "frames", "the socket stays open and acknowledges, the channel is silent; its frames are lost"),
        Kind("freeze", "frames", "a socket's stream repeats its last frame; REST goes on"),
        Kind("drop_delta", "frames", "frames are lost one by one", "probability 0..1 for each frame", 0.05, ("book",)),
        Kind("duplicate", "frames", "each frame is sent twice"),
        Kind("reorder", "frames", "a frame is sent after the one that followed it"),
        Kind("slow", "frames", "frames arrive late", "delay in ms", 3000.0),
        Kind("burst", "frames", "frames are held back and sent all at once", "every so many ms", 2000.0),
        Kind("bad_checksum", "content", "the book's checksum is wrong (venues that send one)"),
        Kind(
            "seq_reset",
            "instruments",
            "the book's update ids begin again far below, in truth too (venues that do that)",
            needs_symbol=True,
            once=True,
        ),
        Kind("old_snapshot", "content", "a book snapshot is older than what went before it"),
        Kind("empty_side", "content", "there are no asks", channels=("bbo", "book")),
        Kind("nan_price", "content", 'a price reads "nan"'),
        Kind("crossed", "content", "the best bid is above the best ask", channels=("bbo", "book")),
        Kind("depeg", "content", "the USDC/USDT pair (or ``symbol``) is quoted at another price", "price", 0.93),
        Kind("funding_interval", "content", "another funding interval, by socket and REST", "hours", 1.0),
        Kind("clock_skew", "clock", "the venue's clock is off", "ms, may be negative", 2000.0),
        Kind("http_500", "rest", "REST answers 500"),
        Kind("http_429", "rest", "REST answers 429 with Retry-After", "s of Retry-After", 5.0),
        Kind("http_418", "rest", "REST answers 418, banned", "s of Retry-After", 120.0),
        Kind("html_503", "rest", "REST answers 503 with a page of HTML"),
        Kind("cut_body", "rest", "REST bodies end half-way"),
        Kind("sub_refused", "sockets", "subscriptions are refused in the venue's own words"),
        Kind("halt", "instruments", "the instrument is halted, in truth too; ends with the fault", needs_symbol=True),
        Kind(
            "delist",
            "instruments",
            "the instrument's end is announced, then it is closed, in truth too",
            "s from announcement to closing",
            20.0,
            needs_symbol=True,
        ),
        Kind(
            "reject_order",
            "orders",
            "orders are refused in the venue's own words",
            reasons=(
                "margin",
                "balance",
                "halted",
                "close_only",
                "tick",
                "step",
                "min_qty",
                "max_qty",
                "min_notional",
                "band",
                "duplicate",
                "reduce_only",
                "held_side",
                "would_take",
                "unfillable",
                "no_depth",
                "too_many",
                "busy",
            ),
        ),
        Kind("partial_fill", "orders", "an order gets only a part of what it would get", "part 0..1", 0.5),
        Kind("no_fill", "orders", "orders are taken and do not match; what rests does not fill meanwhile"),
        Kind("late_fill", "orders", "an order is acknowledged open and matched later", "ms", 2000.0),
        Kind("fill_races_cancel", "orders", "an order fills just before its cancel arrives", "part 0..1", 1.0),
        Kind(
            "ack_lost_delivered",
            "orders",
            "the request took effect and its answer is lost (channel: order, the default, or cancel)",
            _HANG,
            60.0,
            channels=("order",),
            reasons=_LOST,
        ),
        Kind(
            "ack_lost_undelivered",
            "orders",
            "the request is lost on its way (channel: order, the default, or cancel)",
            _HANG,
            60.0,
            channels=("order",),
            reasons=_LOST,
        ),
        Kind(
            "ack_late",
            "orders",
            "the request takes effect at once, its answer over REST comes late (channel: order, or cancel)",
            "ms",
            1500.0,
            channels=("order",),
        ),
        Kind("async_cancel", "orders", "an order is acknowledged and then canceled without being asked", "ms", 500.0),
        Kind("unknown_status", "orders", "an order's status is a word that nobody knows"),
        Kind("duplicate_fill", "orders", "the frame of a fill is sent twice"),
        Kind(
            "private_gap",
            "orders",
            "what happens to accounts is in no stream; sockets: cut and refused, or silent",
            reasons=("cut", "silent"),
        ),
        Kind("margin_short", "orders", "orders that open risk are refused for lack of money; balances read as before"),
        Kind(
            "position_jump",
            "orders",
            "the venue takes a part of every position in the symbol, at the mark",
            "part 0..1",
            1.0,
            needs_symbol=True,
            once=True,
            reasons=("adl", "liquidation"),
        ),
        Kind("session_expired", "orders", "private sessions end: keys of streams expire, logins are gone", once=True),
        Kind("open_orders_empty", "orders", "open orders are answered as none"),
        Kind("positions_empty", "orders", "positions are answered as none"),
        Kind("history_lag", "orders", "orders, history and fills asked for lack what is younger", "ms", 2000.0),
        Kind("leverage_cap", "orders", "setting a leverage above this is answered well and sets this", "times", 5.0),
    )
}


@dataclass(slots=True)
class Fault:
    """One fault under way. None matches all; ``left`` is how often it still acts, ``until_ns`` when it ends."""

    id: str
    kind: Kind
    venue: str
    market: str | None = None
    symbol: str | None = None
    channel: str | None = None
    left: int | None = None
    until_ns: int | None = None
    value: float | None = None
    reason: str = ""
    acted: int = 0

    @property
    def number(self) -> float:
        """``value`` or the kind's default."""
        value = self.value if self.value is not None else self.kind.default
        return 0.0 if value is None else value

    def channel_fits(self, channel: str, wire: str) -> bool:
        if self.channel is None:
            return not self.kind.channels or channel in self.kind.channels
        return self.channel in (channel, wire)

    def described(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "fault": self.kind.name,
            "venue": self.venue,
            "market": self.market,
            "symbol": self.symbol,
            "channel": self.channel,
            "count": self.left,
            "until_ns": self.until_ns,
            "value": self.value,
            "reason": self.reason or None,
            "acted": self.acted,
        }


class Faults:
    """The faults under way. ``active`` is False almost always, so that asking costs nothing."""

    def __init__(self, seed: int, clock: Callable[[], int]) -> None:
        self.active = False
        self.random = random.Random(f"faults/{seed}")
        self._clock = clock
        self._all: list[Fault] = []
        self._made = 0
        self.on_end: Callable[[Fault], None] = lambda fault: None

    def add(
        self,
        kind: Kind,
        venue: str,
        *,
        market: str | None = None,
        symbol: str | None = None,
        channel: str | None = None,
        count: int | None = None,
        seconds: float | None = None,
        value: float | None = None,
        reason: str = "",
    ) -> Fault:
        """Start a fault. The caller has checked the values (``control``)."""
        self._made += 1
        until_ns = None if seconds is None else self._clock() + int(seconds * NS_PER_S)
        fault = Fault(f"f{self._made}", kind, venue, market, symbol, channel, count, until_ns, value, reason)
        self._all.append(fault)
        self.active = True
        return fault

    def remove(self, fault_id: str) -> bool:
        found = [fault for fault in self._all if fault.id == fault_id]
        for fault in found:
            self._end(fault)
        return bool(found)

    def clear(self) -> None:
        for fault in list(self._all):
            self._end(fault)

    def expire(self) -> None:
        """End what is due; called at every step."""
        now_ns = self._clock()
        for fault in [f for f in self._all if f.until_ns is not None and f.until_ns <= now_ns]:
            self._end(fault)

    def __iter__(self) -> Iterator[Fault]:
        return iter(list(self._all))

    def find(self, name: str, venue: str, market: str | None = None) -> Fault | None:
        """A fault of the venue as a whole or of ``market``; not counted as an act."""
        return next((f for f in self._of(name, venue) if f.symbol is None and f.market in (None, market)), None)

    def act(
        self, name: str, venue: str, market: str | None, symbol: str | None, channel: str, wire: str = ""
    ) -> Fault | None:
        """The fault that distorts this frame, if there is one; that is one act of its ``count``."""
        for fault in self._of(name, venue):
            if fault.market not in (None, market) or fault.symbol not in (None, symbol):
                continue
            if fault.channel_fits(channel, wire):
                self._spend(fault)
                return fault
        return None

    def content(self, name: str, via: str, listing: Listing, channel: str, wire: str) -> Fault | None:
        """The fault that distorts this content.

        Sockets only, unless the fault's channel is "rest"; a snapshot may be old wherever it comes from.
        """
        for fault in self._of(name, listing.venue):
            if fault.market not in (None, listing.market) or fault.symbol not in (None, listing.native):
                continue
            fits = via == "rest" if fault.channel == "rest" else fault.channel_fits(channel, wire)
            if fits and (via == "ws" or fault.channel == "rest" or name == "old_snapshot"):
                self._spend(fault)
                return fault
        return None

    def any_of(self, name: str, listing: Listing) -> Fault | None:
        """A fault of ``listing`` however it is asked for. ``depeg`` without a symbol means the USDC/USDT pairs."""
        for fault in self._of(name, listing.venue):
            if fault.market not in (None, listing.market):
                continue
            if fault.symbol == listing.native:
                return fault
            if fault.symbol is None and (name != "depeg" or (listing.coin.name, listing.quote) == ("USDC", "USDT")):
                return fault
        return None

    def _of(self, name: str, venue: str) -> Iterator[Fault]:
        return (f for f in self._all if f.kind.name == name and f.venue == venue)

    def _spend(self, fault: Fault) -> None:
        fault.acted += 1
        if fault.left is not None:
            fault.left -= 1
            if fault.left <= 0:
                self._end(fault)

    def _end(self, fault: Fault) -> None:
        self._all = [other for other in self._all if other is not fault]
        self.active = bool(self._all)
        self.on_end(fault)
