"""What one OKX connection has asked for, and what the venue said to it.

The venue takes a list of args and acknowledges each by itself; a refused one is named only in the words of an error
frame, or not at all. Request ids come back in acknowledgements and (on newer gateways) in errors.
Source: OKX API v5 docs, WebSocket / Subscribe; error codes 60012-60018.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from arbtui.core.errors import OurMistake
from arbtui.core.events import Ignored, Refused, Subscribed, Unsubscribed
from arbtui.core.model import Channel, Market, Stream
from arbtui.venues.base import Outgoing
from arbtui.venues.channels import batches
from arbtui.venues.okx.instruments import INST_TYPE, MARKET
from arbtui.venues.okx.rows import SWAP_SUFFIX, market_of
from arbtui.venues.okx.shapes import Arg, Head

MAX_FRAME_BYTES = 4096  # the docs allow 64 KB; 4 KB is what other clients found to be safe, about 70 args
_ENVELOPE_BYTES = 60

_BY_WIRE = {
    "bbo-tbt": Channel.BBO,
    "books": Channel.BOOK,
    "tickers": Channel.TICKER,
    "trades": Channel.TRADES,
    "mark-price": Channel.MARK,
    "funding-rate": Channel.FUNDING,
}
_WIRE = {channel: name for name, channel in _BY_WIRE.items()}
_PERP_ONLY = (Channel.MARK, Channel.FUNDING)
_INDEX = "index-tickers"
_INSTRUMENTS = "instruments"

_TRY_LATER = ("50001", "50011", "50013", "50026", "60014", "63999")  # maintenance, too frequent, busy, internal error
_ARG_IN_WORDS = re.compile(r"channel\W{1,6}([\w-]+)\W{1,6}inst(?:Id|Type)\W{1,6}([\w-]+)")  # bare, or as echoed JSON


class WireArg(NamedTuple):
    """``{"channel":..., "instId" or "instType": key}``."""

    channel: str
    key: str


def wire_args(stream: Stream) -> tuple[WireArg, ...]:
    """What carries ``stream``. Mark and index are two channels; the index is named like the spot pair."""
    if stream.channel is Channel.INSTRUMENTS:
        return (WireArg(_INSTRUMENTS, INST_TYPE[stream.market]),)
    name = _WIRE.get(stream.channel)
    if name is None or not stream.native or (stream.channel in _PERP_ONLY and stream.market is Market.SPOT):
        raise OurMistake(f"OKX has no stream {stream}")
    if stream.channel is Channel.MARK:
        return WireArg(name, stream.native), WireArg(_INDEX, stream.native.removesuffix(SWAP_SUFFIX))
    return (WireArg(name, stream.native),)


def stream_of(arg: WireArg) -> Stream | None:
    """The stream that ``arg`` is (part of); None for what is never asked for."""
    if arg.channel == _INSTRUMENTS:
        market = MARKET.get(arg.key)
        return None if market is None else Stream(market, Channel.INSTRUMENTS)
    if arg.channel == _INDEX:
        return Stream(Market.PERP, Channel.MARK, arg.key + SWAP_SUFFIX)
    channel, market = _BY_WIRE.get(arg.channel), market_of(arg.key)
    if channel is None or not arg.key or (channel in _PERP_ONLY and market is Market.SPOT):
        return None
    return Stream(market, channel, arg.key)


class Subscriptions:
    """State of the args of one connection."""

    def __init__(self) -> None:
        self._requests = 0
        self._asked: dict[WireArg, str] = {}  # not answered yet -> id of the request
        self._leaving: set[WireArg] = set()
        self._refused: set[WireArg] = set()

    def request(self, op: Literal["subscribe", "unsubscribe"], streams: Sequence[Stream]) -> list[Outgoing]:
        """Frames of at most 4 KB; the args of one stream travel together. Raises OurMistake for foreign streams."""
        with_args = [(stream, wire_args(stream)) for stream in dict.fromkeys(streams)]
        frames = []
        for batch in batches(
            [(stream, args, b",".join(map(_json, args))) for stream, args in with_args],
            count=len(with_args) or 1,
            max_bytes=MAX_FRAME_BYTES - _ENVELOPE_BYTES,
            size=lambda item: len(item[2]) + 1,
        ):
            self._requests += 1
            request_id = str(self._requests)
            for _, args, _ in batch:
                self._note(op, args, request_id)
            body = ",".join(text.decode() for _, _, text in batch)
            frame = f'{{"id":"{request_id}","op":"{op}","args":[{body}]}}'
            frames.append(Outgoing(frame, tuple(stream for stream, _, _ in batch)))
        return frames

    def _note(self, op: str, args: tuple[WireArg, ...], request_id: str) -> None:
        if op == "subscribe":
            self._asked.update(dict.fromkeys(args, request_id))
            self._refused.difference_update(args)
        else:
            self._leaving.update(args)

    def acked(self, arg: WireArg, t_ns: int) -> Subscribed | Ignored:
        """A stream is acknowledged with the last of its args, and not at all if one of them was refused."""
        stream = stream_of(arg)
        if stream is None:
            return Ignored("other_channel")
        self._asked.pop(arg, None)
        if any(part in self._asked or part in self._refused for part in wire_args(stream)):
            return Ignored("part_of_ack")
        return Subscribed((stream,), t_ns)

    def left(self, arg: WireArg, t_ns: int) -> Unsubscribed | Ignored:
        stream = stream_of(arg)
        if stream is None:
            return Ignored("other_channel")
        self._leaving.discard(arg)
        if any(part in self._leaving for part in wire_args(stream)):
            return Ignored("part_of_ack")
        return Unsubscribed((stream,), t_ns)

    def refused(self, error: Head, t_ns: int) -> Refused:
        """Whom an error frame is about: the args in its words, else what its request still waits for, else all.

        Those merely suspected stay open, so that a late acknowledgement of one clears it. A refusal that means "not
        now" (too frequent, busy) asks for a retry instead.
        """
        named = [arg for found in _ARG_IN_WORDS.findall(error.msg) if stream_of(arg := WireArg(*found)) is not None]
        suspects = (
            named
            or [arg for arg, request_id in self._asked.items() if error.id and request_id == error.id]
            or list(self._asked)
        )
        streams = tuple(dict.fromkeys(stream for arg in suspects if (stream := stream_of(arg)) is not None))
        if error.code in _TRY_LATER:
            return Refused((), error.code, error.msg[:200], t_ns, retry=streams)
        for arg in named:
            self._asked.pop(arg, None)
            self._refused.add(arg)
        return Refused(streams, error.code, error.msg[:200], t_ns)


def arg_of(arg: Arg) -> WireArg:
    return WireArg(arg.channel, arg.inst_type if arg.channel == _INSTRUMENTS else arg.inst_id)


def _json(arg: WireArg) -> bytes:
    key = "instType" if arg.channel == _INSTRUMENTS else "instId"
    return msgspec.json.encode({"channel": arg.channel, key: arg.key})
