"""What one Bitget connection has asked for, and what the venue said to it.

Each arg of a request is acknowledged, or refused, by itself, and the answer names it. An acknowledgement does not prove
data: a symbol under the wrong product is acknowledged and stays silent, so the product is told from the symbol by the
rule that the listing was held to. Source: Bitget classic API docs, "Websocket API": subscribe, error codes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from arbtui.core.errors import OurMistake
from arbtui.core.events import Ignored, Refused, Subscribed, Unsubscribed
from arbtui.core.model import Channel, Market, Stream
from arbtui.venues.base import Outgoing
from arbtui.venues.bitget.instruments import MARKET, inst_type
from arbtui.venues.bitget.shapes import Arg, Head
from arbtui.venues.channels import Wanted, batches

MAX_ARGS = 50  # 60 were seen to be taken
MAX_FRAME_BYTES = 4000  # the docs allow 4096
_ENVELOPE_BYTES = len('{"op":"unsubscribe","args":[]}')

_WIRE = {
    Channel.BBO: "books1",
    Channel.BOOK: "books",
    Channel.TICKER: "ticker",
    Channel.MARK: "ticker",
    Channel.FUNDING: "ticker",
    Channel.TRADES: "trade",
}
_PERP_ONLY = (Channel.MARK, Channel.FUNDING)

_TRY_LATER = ("30006", "30007")  # too many requests; over the limit (the venue then closes the connection)
_ARG_IN_WORDS = re.compile(r"instType:([A-Z-]+),channel:(\w+),instId:([^,\s]+)")


class WireArg(NamedTuple):
    """``{"instType":..., "channel":..., "instId":...}``."""

    inst_type: str
    channel: str
    inst_id: str


def wire_arg(stream: Stream) -> WireArg:
    """What carries ``stream``. Raises OurMistake for what Bitget does not stream."""
    name = _WIRE.get(stream.channel)
    if name is None or not stream.native or (stream.channel in _PERP_ONLY and stream.market is Market.SPOT):
        raise OurMistake(f"Bitget has no stream {stream}")
    return WireArg(inst_type(stream.market, stream.native), name, stream.native)


def streams_of(arg: Arg | WireArg) -> tuple[Stream, ...]:
    """All that ``arg`` carries; nothing for what is never asked for."""
    market = MARKET.get(arg.inst_type)
    if market is None or not arg.inst_id:
        return ()
    return tuple(
        Stream(market, channel, arg.inst_id)
        for channel, name in _WIRE.items()
        if name == arg.channel and not (channel in _PERP_ONLY and market is Market.SPOT)
    )


class Subscriptions:
    """State of the args of one connection."""

    def __init__(self) -> None:
        self._wanted = Wanted(wire_arg)
        self._open: dict[WireArg, None] = {}  # asked for and not answered

    def subscribe(self, streams: Sequence[Stream]) -> list[Outgoing]:
        groups = self._wanted.add(streams)
        self._open.update(dict.fromkeys(groups))
        return _requests("subscribe", groups)

    def unsubscribe(self, streams: Sequence[Stream]) -> list[Outgoing]:
        """An arg goes only with the last stream that it carries."""
        left, _ = self._wanted.drop(streams)
        for arg in left:
            self._open.pop(arg, None)
        return _requests("unsubscribe", left)

    def acked(self, arg: Arg, t_ns: int) -> Subscribed | Ignored:
        self._open.pop(_key(arg), None)
        streams = streams_of(arg)
        return Subscribed(streams, t_ns) if streams else Ignored("other_channel")

    def left(self, arg: Arg, t_ns: int) -> Unsubscribed | Ignored:
        streams = streams_of(arg)
        return Unsubscribed(streams, t_ns) if streams else Ignored("other_channel")

    def refused(self, error: Head, t_ns: int) -> Refused | Ignored:
        """Whom an error frame is about: its arg, else the arg in its words, else all that is not answered yet.

        A refusal that means "not now" asks for a retry instead.
        """
        if error.op == "unsubscribe":
            return Ignored("unsubscribe_refused")
        args = _named(error) or list(self._open)
        streams = tuple(stream for arg in args for stream in streams_of(arg))
        code, text = str(error.code), error.msg[:200]
        if code in _TRY_LATER:
            return Refused((), code, text, t_ns, retry=streams)
        for arg in args:
            self._open.pop(arg, None)
        return Refused(streams, code, text, t_ns)


def _named(error: Head) -> list[WireArg]:
    if error.arg is not None:
        return [_key(error.arg)]
    return [arg for found in _ARG_IN_WORDS.findall(error.msg) if streams_of(arg := WireArg(*found))]


def _key(arg: Arg) -> WireArg:
    return WireArg(arg.inst_type, arg.channel, arg.inst_id)


def _requests(op: str, groups: dict[WireArg, list[Stream]]) -> list[Outgoing]:
    """Frames within the venue's limits on args and bytes; names may be longer in bytes than in letters."""
    out = []
    for batch in batches(
        [(_json(arg), group) for arg, group in groups.items()],
        count=MAX_ARGS,
        max_bytes=MAX_FRAME_BYTES - _ENVELOPE_BYTES,
        size=lambda item: len(item[0]) + 1,
    ):
        body = b",".join(text for text, _ in batch).decode()
        streams = tuple(stream for _, group in batch for stream in group)
        out.append(Outgoing(f'{{"op":"{op}","args":[{body}]}}', streams))
    return out


def _json(arg: WireArg) -> bytes:
    return msgspec.json.encode({"instType": arg.inst_type, "channel": arg.channel, "instId": arg.inst_id})
