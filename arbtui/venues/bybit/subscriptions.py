"""What one Bybit connection has asked for, and what the venue said to it.

A request names up to 50 topics (10 on spot) and has one answer, found by ``req_id``. A refusal costs all topics of its
request though only one may be at fault, so what was lost is asked for again in ever smaller requests: 50, then 7, then
one by one. The refused topic stands in the words of the answer, in one of two forms:

    error:handler not found,topic:orderbook.1.NOPEUSDT          Invalid symbol :[orderbook.1.NOPEUSDT]

``error:already subscribed,topic:...`` is a success of that topic and costs the others the same. Answers without an id
("args size >10") mean the oldest request that waits.

One topic ``tickers.X`` carries the ticker, mark and funding of a perpetual. The venue begins it with a snapshot only on
subscribing, so a stream that is dropped while others need its topic leaves the topic as it is, and if it is asked for
again, which is how a lost state is mended, the topic is unsubscribed and subscribed for all of them.

Source: Bybit V5 docs, WebSocket Stream / Connect ("How to Subscribe to Topics", "Public channel - Args limits"); forms
of refusals and their cost as measured by independent clients in 2026.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from arbtui.core.errors import OurMistake
from arbtui.core.events import Event, Ignored, Refused, Subscribed, Unsubscribed
from arbtui.core.model import Channel, Market, Stream
from arbtui.venues.base import Outgoing
from arbtui.venues.bybit.shapes import Head
from arbtui.venues.channels import Wanted, batches

BOOK_DEPTH = 200
ARGS_PER_REQUEST = {Market.PERP: 50, Market.SPOT: 10}
ARGS_LENGTH = 21_000  # characters of all args on one connection
_SHRINK = 7  # how much smaller requests become after a refusal

_PREFIX = {
    Channel.BBO: "orderbook.1.",
    Channel.BOOK: f"orderbook.{BOOK_DEPTH}.",
    Channel.TICKER: "tickers.",
    Channel.TRADES: "publicTrade.",
}
_PERP_ONLY = {Channel.MARK: "tickers.", Channel.FUNDING: "tickers."}
_NAMED = re.compile(r"topic:(\S+)|\[([^\]]+)\]")

_Op = Literal["subscribe", "unsubscribe"]


def topic_of(stream: Stream) -> str:
    """``orderbook.1.BTCUSDT``. Raises ``OurMistake`` for what Bybit does not stream."""
    prefix = _PREFIX.get(stream.channel) or (_PERP_ONLY.get(stream.channel) if stream.market is Market.PERP else None)
    if prefix is None or not stream.native:
        raise OurMistake(f"Bybit has no stream {stream}")
    return prefix + stream.native


class _Request(NamedTuple):
    op: _Op
    topics: tuple[str, ...]
    streams: tuple[Stream, ...]  # what an unsubscribing request gives up


class Subscriptions:
    """State of the topics of one connection."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._most = ARGS_PER_REQUEST[market]
        self._last_id = 0
        self._waiting: dict[str, _Request] = {}  # request id -> request, oldest first
        self._wanted = Wanted(topic_of)
        self._stale: set[str] = set()  # topics that a stream was dropped from while others stayed
        self._at_most: dict[str, int] = {}  # topics to be asked for in smaller requests

    # --- asking

    def subscribe(self, streams: Sequence[Stream]) -> list[Outgoing]:
        groups = self._wanted.add(self._ours(streams))
        again: dict[str, list[Stream]] = {topic: [] for topic in groups if topic in self._stale}
        self._stale.difference_update(again)
        return [*self._requests("unsubscribe", again), *self._requests("subscribe", groups)]

    def unsubscribe(self, streams: Sequence[Stream]) -> list[Outgoing]:
        """A topic goes only with the last stream that it carries."""
        left, needed = self._wanted.drop(self._ours(streams))
        self._stale.difference_update(left)
        self._stale.update(needed)
        return self._requests("unsubscribe", left)

    def _ours(self, streams: Sequence[Stream]) -> Sequence[Stream]:
        for stream in streams:
            if stream.market is not self._market:
                raise OurMistake(f"{stream} was asked of Bybit's {self._market.value} socket")
        return streams

    def _requests(self, op: _Op, groups: dict[str, list[Stream]]) -> list[Outgoing]:
        by_size: dict[int, list[str]] = {}
        for topic in groups:
            by_size.setdefault(self._at_most.get(topic, self._most), []).append(topic)
        out = []
        for most, topics in by_size.items():
            for batch in batches(topics, count=most, max_bytes=ARGS_LENGTH, size=len):
                self._last_id += 1
                request_id = str(self._last_id)
                streams = tuple(stream for topic in batch for stream in groups[topic])
                self._waiting[request_id] = _Request(op, tuple(batch), streams)
                frame = msgspec.json.encode({"req_id": request_id, "op": op, "args": batch}).decode()
                out.append(Outgoing(frame, streams))
        return out

    # --- hearing

    def answered(self, head: Head, t_ns: int) -> Sequence[Event]:
        """What an answer to ``subscribe`` or ``unsubscribe`` means."""
        named = _named(head.ret_msg)
        request = self._take(head, named)
        if request is None:
            return (Ignored("answer_to_nothing"),)
        if request.op == "unsubscribe":
            return (Unsubscribed(request.streams, t_ns) if head.success else Ignored("not_unsubscribed"),)
        if head.success:
            return self._subscribed(request.topics, t_ns)
        return self._refused(request, [topic for topic in request.topics if _is_named(topic, named)], head, t_ns)

    def _take(self, head: Head, named: Sequence[str]) -> _Request | None:
        """The request that ``head`` answers, which waits no more."""
        request_id = str(head.req_id or "")
        if not request_id:
            about = (
                number
                for number, request in self._waiting.items()
                if head.op in ("", request.op) and (not named or any(_is_named(t, named) for t in request.topics))
            )
            request_id = next(about, "")
        return self._waiting.pop(request_id, None)

    def _subscribed(self, topics: Sequence[str], t_ns: int) -> Sequence[Event]:
        for topic in topics:
            self._at_most.pop(topic, None)
        streams = self._wanted.streams(*topics)
        return (Subscribed(streams, t_ns),) if streams else (Ignored("ack"),)

    def _refused(self, request: _Request, named: list[str], head: Head, t_ns: int) -> Sequence[Event]:
        words = head.ret_msg[:200] or "refused without a reason"
        if len(request.topics) == 1:
            named = list(request.topics)
        lost = [topic for topic in request.topics if topic not in named]
        for topic in lost:
            self._at_most[topic] = max(1, len(request.topics) // _SHRINK)
        retry = self._wanted.streams(*lost)
        if "already subscribed" in words:
            return (*self._subscribed(named, t_ns), *((Refused((), "", words, t_ns, retry),) if retry else ()))
        return (Refused(self._wanted.forget(*named), "", words, t_ns, retry),)


def _named(words: str) -> list[str]:
    """Topics (or symbols) that a refusal names."""
    return [
        word.rstrip(",;.")
        for found in _NAMED.finditer(words)
        for word in re.split(r"[,\s]+", found[1] or found[2])
        if word
    ]


def _is_named(topic: str, named: Sequence[str]) -> bool:
    return any(topic == word or topic.endswith("." + word) for word in named)
