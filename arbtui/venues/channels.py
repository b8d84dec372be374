"""The wire channels that carry streams: which of them a connection wants, in what batches, on which sockets.

One channel may carry several streams (a ticker that tells mark and funding too). It is asked for once, and given up
with the last stream that needs it. What a channel is called is the venue's affair: a text or a tuple, made by a
function of the stream that raises ``OurMistake`` for what the venue does not offer.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from arbtui.core.model import Channel, Instrument, Market, Stream
from arbtui.venues.base import SocketPlan

T = TypeVar("T")
WireT = TypeVar("WireT", bound=Hashable)


# --- what is wanted ---------------------------------------------------------------------------------------------------


def streams_of(
    instrument: Instrument, channels: Iterable[Channel], perp_only: Iterable[Channel] = ()
) -> tuple[Stream, ...]:
    """The instrument's own streams of ``channels``, and of ``perp_only`` if it is a perpetual."""
    more = perp_only if instrument.market is Market.PERP else ()
    return tuple(Stream(instrument.market, channel, instrument.native) for channel in (*channels, *more))


def by_wire(streams: Iterable[Stream], wire_of: Callable[[Stream], WireT]) -> dict[WireT, list[Stream]]:
    """Streams grouped by the wire channel that carries them, both in order of first mention."""
    grouped: dict[WireT, list[Stream]] = {}
    for stream in streams:
        group = grouped.setdefault(wire_of(stream), [])
        if stream not in group:
            group.append(stream)
    return grouped


class Wanted(Generic[WireT]):
    """The wire channels that one connection wants, and the streams that each of them carries for it."""

    def __init__(self, wire_of: Callable[[Stream], WireT]) -> None:
        self._wire_of = wire_of
        self._streams: dict[WireT, list[Stream]] = {}

    def __contains__(self, wire: WireT) -> bool:
        return wire in self._streams

    def streams(self, *wires: WireT) -> tuple[Stream, ...]:
        """What ``wires`` carry; nothing for those that are not wanted."""
        return tuple(stream for wire in wires for stream in self._streams.get(wire, ()))

    def add(self, streams: Iterable[Stream]) -> dict[WireT, list[Stream]]:
        """``streams`` by channel: all to be asked for, since asking again is how a lost state is mended."""
        groups = by_wire(streams, self._wire_of)
        for wire, group in groups.items():
            wanted = self._streams.setdefault(wire, [])
            wanted.extend(stream for stream in group if stream not in wanted)
        return groups

    def drop(self, streams: Iterable[Stream]) -> tuple[dict[WireT, list[Stream]], list[WireT]]:
        """Channels to be left, with the streams that were their last, and channels that others still need."""
        left: dict[WireT, list[Stream]] = {}
        needed: list[WireT] = []
        for wire, group in by_wire(streams, self._wire_of).items():
            others = [stream for stream in self._streams.pop(wire, []) if stream not in group]
            if others:
                self._streams[wire] = others
                needed.append(wire)
            else:
                left[wire] = group
        return left, needed

    def forget(self, *wires: WireT) -> tuple[Stream, ...]:
        """The streams of ``wires``, which are not wanted any more."""
        return tuple(stream for wire in wires for stream in self._streams.pop(wire, ()))


def batches(items: Sequence[T], *, count: int, max_bytes: int, size: Callable[[T], int]) -> Iterator[list[T]]:
    """``items`` in order, in lists of at most ``count`` whose sizes sum to at most ``max_bytes`` (one always fits)."""
    batch: list[T] = []
    total = 0
    for item in items:
        item_bytes = size(item)
        if batch and (len(batch) == count or total + item_bytes > max_bytes):
            yield batch
            batch, total = [], 0
        batch.append(item)
        total += item_bytes
    if batch:
        yield batch


# --- sockets ----------------------------------------------------------------------------------------------------------


def purpose_of(stream: Stream) -> str:
    """What its socket is called: "bbo" and "book", which have sockets of their own, and "data" for all else."""
    return stream.channel.value if stream.channel in (Channel.BBO, Channel.BOOK) else "data"


def sockets(
    streams: Iterable[Stream],
    wire_of: Callable[[Stream], Hashable],
    per_socket: Mapping[str, int],
    url_of: Callable[[Market, str], str],
    purpose: Callable[[Stream], str] = purpose_of,
) -> list[SocketPlan]:
    """Sockets for each market and purpose, in order of first mention, of ``per_socket[purpose]`` channels at most."""
    grouped: dict[tuple[Market, str], list[Stream]] = {}
    for stream in dict.fromkeys(streams):
        grouped.setdefault((stream.market, purpose(stream)), []).append(stream)
    return [
        plan
        for (market, name), members in grouped.items()
        for plan in shards(market, name, url_of(market, name), members, wire_of, per_socket[name])
    ]


def shards(
    market: Market,
    purpose: str,
    url: str,
    streams: Sequence[Stream],
    wire_of: Callable[[Stream], Hashable],
    per_socket: int,
) -> list[SocketPlan]:
    """Sockets of at most ``per_socket`` wire channels each, labelled ``<market>.<purpose>.<n>``.

    Order is kept: streams that are appended later fill up the last socket and then open new ones; those before stay
    where they are. Streams that one wire channel carries share a socket.
    """
    groups = list(by_wire(streams, wire_of).values())
    return [
        SocketPlan(
            label=f"{market.value}.{purpose}.{number}",
            market=market,
            url=url,
            streams=tuple(stream for group in groups[start : start + per_socket] for stream in group),
        )
        for number, start in enumerate(range(0, len(groups), per_socket))
    ]
