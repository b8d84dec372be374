"""What one connection does with frames, beside what its shard's tests show of its life."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial

from arbtui.core.clock import ManualClock
from arbtui.core.events import Event, Mid
from arbtui.core.model import Market, Stream
from arbtui.core.status import Link
from arbtui.net.connection import AT_ONCE, Connection
from arbtui.net.connects import Connects
from arbtui.net.conversation import AppliedEvent, Conversation
from arbtui.net.figures import Ages
from arbtui.net.shard import Shard
from arbtui.venues.base import Outgoing
from tests.net.toy import S, ToyHost, ToyVenue, bbo


class Mids:
    """A session whose frames say how many mids they hold; every mid is the frame's number."""

    def quote(self, frame: bytes, t_ns: int) -> None:
        return None

    def decode(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        number, count = map(int, frame.split())
        return [Mid(slot, float(number), t_ns) for slot in range(count)]

    def subscribe(self, streams: object) -> list[Outgoing]:
        return []

    def unsubscribe(self, streams: object) -> list[Outgoing]:
        return []

    def ping(self, t_ns: int) -> None:
        return None


class Heard(ToyHost):
    def __init__(self) -> None:
        super().__init__()
        self.mids: list[tuple[int, float | None]] = []

    def apply(self, event: AppliedEvent) -> None:
        assert isinstance(event, Mid)
        self.mids.append((event.slot, event.mid))


class Bench:
    def __init__(self) -> None:
        self.clock = ManualClock(1_000 * S)
        self.host = Heard()
        venue = ToyVenue()
        talk = Conversation(
            "toy",
            "perp.data.0",
            "wss://toy.test",
            Mids(),
            venue.manners(Market.PERP),
            partial(venue.cadence, Market.PERP),
        )
        shard = Shard(
            talk.label,
            Market.PERP,
            talk.url,
            [bbo("A")],
            manners=talk.manners,
            clock=self.clock,
            host=NobodysShard(),
            connects=Connects(),
            attempted=lambda now_ns: None,
            rng=random.Random(1),
        )
        self.connection = Connection(talk, [[bbo("A")]], clock=self.clock, host=self.host, owner=shard, ages=Ages())
        self.connection.on_read()


class NobodysShard:
    """Whom a shard tells of its streams, where nobody asks."""

    def assigned(self, stream: Stream, link: Link | None) -> None: ...

    def dial(self, shard: Shard, label: str, groups: Sequence[Sequence[Stream]]) -> Connection:
        raise NotImplementedError

    def reopened(self, shard: Shard) -> None: ...

    def cut(self, shard: Shard) -> None: ...

    def doubted(self, stream: Stream, reason: str) -> None: ...


async def test_a_frame_about_hundreds_of_instruments_is_taken_in_part_by_part() -> None:
    bench = Bench()
    bench.connection.on_frame(b"1 350")
    assert len(bench.host.mids) == AT_ONCE
    bench.clock.advance_to(bench.clock.now_ns())
    assert bench.host.mids == [(slot, 1.0) for slot in range(350)]
    assert bench.connection.applied == 1


async def test_a_newer_frame_waits_for_the_rest_of_the_one_before() -> None:
    bench = Bench()
    bench.connection.on_frame(b"1 350")
    bench.connection.on_frame(b"2 350")
    bench.clock.advance_to(bench.clock.now_ns())
    assert [mid for _, mid in bench.host.mids] == [1.0] * 350 + [2.0] * 350


async def test_a_small_frame_is_taken_in_at_once() -> None:
    bench = Bench()
    bench.connection.on_frame(b"1 5")
    assert len(bench.host.mids) == 5
