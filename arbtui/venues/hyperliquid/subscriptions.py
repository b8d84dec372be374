"""What one Hyperliquid connection has asked for, and what the venue said to it.

One frame asks for one thing, and no frame has an id. An acknowledgement echoes the subscription with defaults filled
in; a refusal is a sentence that quotes it, more or less. A name that does not exist is not refused: the venue drops the
connection with all its subscriptions, so only names of listed instruments may ever come here. Source: Hyperliquid docs,
"Websocket / Subscriptions", "Rate limits and user limits".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from arbtui.core.errors import OurMistake
from arbtui.core.events import Event, Ignored, Refused, Subscribed, Unsubscribed
from arbtui.core.model import Channel, Market, Stream
from arbtui.venues.base import Outgoing
from arbtui.venues.channels import Wanted
from arbtui.venues.hyperliquid.names import market_of
from arbtui.venues.hyperliquid.shapes import Ack

_CTX = "activeAssetCtx"
_MIDS = "fastAssetCtxs"
_NAMES = {
    Channel.BBO: "bbo",
    Channel.BOOK: "l2Book",
    Channel.TICKER: _CTX,
    Channel.MARK: _CTX,
    Channel.FUNDING: _CTX,
    Channel.TRADES: "trades",
}
_PERP_ONLY = (Channel.TICKER, Channel.MARK, Channel.FUNDING)

# In a refusal, as JSON, as JSON within JSON, or bare.
_TYPE_IN_WORDS = re.compile(r"""\btype["'\\: ]{1,8}(\w{1,40})""")
_COIN_IN_WORDS = re.compile(r"""\bcoin["'\\: ]{1,8}([^"'\\\s,}]{1,40})""")


class Wire(NamedTuple):
    """A subscription as the venue knows it; ``coin`` "" = it has none."""

    type: str
    coin: str


def wire_of(stream: Stream) -> Wire:
    """What carries ``stream``. Raises ``OurMistake`` for what Hyperliquid does not stream, or not under this name."""
    if stream.channel is Channel.MIDS and not stream.native:
        return Wire(_MIDS, "")
    name = _NAMES.get(stream.channel)
    if (
        name is None
        or market_of(stream.native) is not stream.market
        or (stream.market is Market.SPOT and stream.channel in _PERP_ONLY)
    ):
        raise OurMistake(f"Hyperliquid has no stream {stream}.")
    return Wire(name, stream.native)


class Subscriptions:
    """State of the subscriptions of one connection."""

    def __init__(self) -> None:
        self._wanted = Wanted(wire_of)
        self._unanswered: dict[Wire, None] = {}
        self._leaving: dict[Wire, tuple[Stream, ...]] = {}

    @property
    def mids_of(self) -> tuple[Market, ...]:
        """The markets whose mids were asked for."""
        return tuple(stream.market for stream in self._wanted.streams(Wire(_MIDS, "")))

    def subscribe(self, streams: Sequence[Stream]) -> list[Outgoing]:
        """A frame each; what several streams share is asked for once."""
        groups = self._wanted.add(streams)
        self._unanswered.update(dict.fromkeys(groups))
        return [Outgoing(_frame("subscribe", wire), tuple(group)) for wire, group in groups.items()]

    def unsubscribe(self, streams: Sequence[Stream]) -> list[Outgoing]:
        """A frame each; what several streams share goes with the last of them."""
        left, _ = self._wanted.drop(streams)
        for wire, group in left.items():
            self._unanswered.pop(wire, None)
            self._leaving[wire] = tuple(group)
        return [Outgoing(_frame("unsubscribe", wire), tuple(group)) for wire, group in left.items()]

    def answered(self, ack: Ack, t_ns: int) -> Event:
        return self._answered(Wire(ack.subscription.type, ack.subscription.coin), ack.method == "subscribe", t_ns)

    def _answered(self, wire: Wire, subscribed: bool, t_ns: int) -> Event:
        if not subscribed:
            return Unsubscribed(self._leaving.pop(wire, ()), t_ns)
        self._unanswered.pop(wire, None)
        streams = self._wanted.streams(wire)
        return Subscribed(streams, t_ns) if streams else Ignored("ack")

    def refused(self, words: str, t_ns: int) -> Event:
        """What a frame of the channel ``error`` means; having it already is as good as an acknowledgement."""
        wire = self._named(words)
        if words.startswith(("Already subscribed", "Already unsubscribed")):
            subscribed = words.startswith("Already subscribed")
            return Ignored("already_so") if wire is None else self._answered(wire, subscribed, t_ns)
        if wire is None and len(self._unanswered) == 1:
            wire = next(iter(self._unanswered))
        if wire is None:
            return Refused((), "error", words[:200], t_ns)
        self._unanswered.pop(wire, None)
        return Refused(self._wanted.streams(wire), "error", words[:200], t_ns)

    def _named(self, words: str) -> Wire | None:
        kind, coin = _TYPE_IN_WORDS.search(words), _COIN_IN_WORDS.search(words)
        wire = Wire(kind[1] if kind else "", coin[1] if coin else "")
        return wire if wire in self._wanted or wire in self._leaving else None


def _frame(method: Literal["subscribe", "unsubscribe"], wire: Wire) -> str:
    subscription: dict[str, Any] = {"type": wire.type}
    if wire.coin:
        subscription["coin"] = wire.coin
    if wire.type == _NAMES[Channel.BOOK]:
        subscription["fast"] = True  # 5 levels every 0.5 s; without it 20 levels that are up to 6.5 s old
    return msgspec.json.encode({"method": method, "subscription": subscription}).decode()
