"""What follows when connections open, fail and grow old: decisions on a manual clock, with connections run by hand."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

from arbtui.core.clock import ManualClock
from arbtui.core.errors import RefusalReason, TransportBroken, VenueRefused
from arbtui.core.model import Channel, Market, Stream
from arbtui.core.status import Link, StreamState
from arbtui.net.connection import Connection
from arbtui.net.connects import Connects
from arbtui.net.conversation import Conversation
from arbtui.net.figures import Ages
from arbtui.net.pulse import Pulse
from arbtui.net.shard import Shard
from arbtui.venues.base import Cadence
from tests.net.toy import TABLES, HandConnection, S, ToyHost, ToyVenue, bbo, book, name_of

A, B = bbo("A"), bbo("B")
START_NS = 1_000 * S
LOST = TransportBroken("the connection was cut")


class Bench:
    """A shard, its clock, and every connection that it asked for."""

    def __init__(self, *streams: Stream, connects: Connects | None = None, **manners: Any) -> None:
        self.clock = ManualClock(START_NS)
        self.host = ToyHost()
        self.venue = ToyVenue(**manners)
        self.dialled: list[HandConnection] = []
        self.attempts_ns: list[int] = []
        self.reopenings = 0
        self.cuts = 0
        self.pulses = {stream: Pulse() for stream in streams}
        self.shard = Shard(
            "perp.public.0",
            Market.PERP,
            self.venue.url,
            streams,
            manners=self.venue.manners(Market.PERP),
            clock=self.clock,
            host=self,
            connects=connects or Connects(),
            attempted=self.attempts_ns.append,
            rng=random.Random(5),
        )

    def dial(self, shard: Shard, label: str, groups: Sequence[Sequence[Stream]]) -> Connection:
        talk = Conversation(
            "toy",
            label,
            shard.url,
            self.venue.session(shard.url, TABLES),
            self.venue.manners(Market.PERP),
            lambda channel: Cadence(False, None),
        )
        self.dialled.append(HandConnection(talk, groups, clock=self.clock, host=self.host, owner=shard, ages=Ages()))
        return self.dialled[-1]

    def assigned(self, stream: Stream, link: Link | None) -> None:
        self.host.assigned(stream, link)

    def reopened(self, shard: Shard) -> None:
        self.reopenings += 1

    def cut(self, shard: Shard) -> None:
        self.cuts += 1

    def doubted(self, stream: Stream, reason: str) -> None:
        self.host.count_error(f"doubted {stream}", reason, b"")

    def start(self) -> HandConnection:
        self.shard.start()
        self.passes(0)
        return self.dialled[-1]

    def start_live(self, seconds: int = 40) -> HandConnection:
        """A connection whose streams have been flowing for some time."""
        connection = self.start()
        connection.opens()
        connection.acks_all()
        self.flows(connection, seconds)
        return connection

    def passes(self, seconds: float) -> None:
        """Time goes by, with a look each second."""
        end_ns = self.clock.now_ns() + round(seconds * S)
        while self.clock.now_ns() < end_ns:
            self.clock.advance_to(min(end_ns, self.clock.now_ns() + S))
            self.look()
        self.clock.advance_to(end_ns)

    def flows(self, connection: HandConnection, seconds: int) -> None:
        """Time goes by while ``connection`` brings a quote of every stream each second."""
        for _ in range(seconds):
            self.brings(connection)
            self.passes(1)

    def brings(self, connection: HandConnection) -> None:
        for stream in self.shard.streams:
            kind = "q" if stream.channel is Channel.BBO else "delta"
            connection.hears(**{kind: [name_of(stream), self.clock.now_ns() // S]})

    def look(self) -> None:
        for stream in self.shard.streams:
            self.pulses[stream].saw(self.host.last_data_ns(stream))
        self.shard.tick(self.pulses)


def test_failed_attempts_come_at_growing_intervals_up_to_ten_seconds() -> None:
    bench, gaps_s = Bench(A), list[float]()
    bench.start()
    for _ in range(12):
        ended_ns = bench.clock.now_ns()
        bench.dialled[-1].ends(LOST)
        bench.passes(11)
        gaps_s.append((bench.attempts_ns[-1] - ended_ns) / S)
    assert len(bench.attempts_ns) == 13
    assert gaps_s[0] <= 0.5
    assert all(5 <= gap_s <= 10 for gap_s in gaps_s[5:])
    assert bench.shard.error == "the connection was cut"


def test_data_that_flowed_only_for_a_moment_does_not_reset_the_back_off() -> None:
    bench = Bench(A)
    bench.start()
    for _ in range(8):
        bench.dialled[-1].ends(LOST)
        bench.passes(11)
    connection = bench.dialled[-1]
    connection.opens()
    connection.acks_all()
    bench.flows(connection, 5)
    connection.ends(LOST)
    attempts = len(bench.dialled)
    bench.passes(4)
    assert len(bench.dialled) == attempts


def test_data_that_flowed_for_a_while_does() -> None:
    bench = Bench(A)
    bench.start()
    for _ in range(8):
        bench.dialled[-1].ends(LOST)
        bench.passes(11)
    connection = bench.dialled[-1]
    connection.opens()
    connection.acks_all()
    bench.flows(connection, 30)
    connection.ends(LOST)
    attempts = len(bench.dialled)
    bench.passes(1)
    assert len(bench.dialled) == attempts + 1


def test_a_wait_demanded_by_the_venue_holds_all_sockets_of_its_host() -> None:
    connects = Connects()
    bench, other = Bench(A, connects=connects), Bench(B, connects=connects)
    bench.start().ends(VenueRefused("HTTP 429", reason=RefusalReason.RATE_LIMITED, code="429", retry_after_s=40))
    bench.passes(39)
    assert len(bench.dialled) == 1
    other.shard.start()
    other.clock.advance_to(START_NS + 39 * S)
    assert other.dialled == []
    bench.passes(3)
    assert len(bench.dialled) == 2


def test_streams_are_linked_when_acknowledged_and_unlinked_when_the_connection_ends() -> None:
    bench = Bench(A, B)
    connection = bench.start()
    connection.opens()
    connection.sends()
    assert bench.host.links == {}
    connection.hears(ok=["bbo.A"])
    assert bench.host.links == {A: connection.link}
    connection.ends(LOST)
    assert bench.host.links == {A: None, B: None}
    assert not connection.link.up


def test_a_planned_successor_takes_over_only_once_it_is_acknowledged_and_flows() -> None:
    bench = Bench(A, lifetime_s=100.0)
    old = bench.start_live()
    bench.flows(old, 70)
    new = bench.dialled[-1]
    assert new is not old
    new.opens()
    new.sends()
    bench.flows(old, 2)
    assert bench.shard.current is old  # not acknowledged
    new.hears(ok=["bbo.A"])
    bench.flows(old, 2)
    assert bench.shard.current is old  # no data yet
    bench.brings(new)
    bench.flows(old, 1)
    assert bench.shard.current is new
    assert old.finished
    assert bench.host.links[A] is new.link
    assert bench.reopenings == 1
    assert len(bench.dialled) == 2


def test_the_old_ones_late_quotes_are_dropped_during_the_overlap() -> None:
    bench = Bench(A, lifetime_s=100.0)
    old = bench.start_live()
    bench.flows(old, 70)
    new = bench.dialled[-1]
    new.opens()
    new.acks_all()
    bench.host.events.clear()
    old.hears(q=["bbo.A", 1])
    new.hears(q=["bbo.A", 3])
    old.hears(q=["bbo.A", 2])
    assert bench.host.quotes("A") == [1, 3]


def test_a_book_is_handed_over_with_the_new_ones_snapshot() -> None:
    bench = Bench(book("A"), lifetime_s=100.0)
    old = bench.start_live()
    bench.flows(old, 70)
    new = bench.dialled[-1]
    new.opens()
    new.acks_all()
    bench.host.events.clear()
    old.hears(delta=["book.A", 11])
    new.hears(snap=["book.A", 12])
    old.hears(delta=["book.A", 12])
    new.hears(delta=["book.A", 13])
    assert [type(event).__name__ for event in bench.host.events] == ["BookDelta", "BookSnapshot", "BookDelta"]


def test_a_successor_that_fails_leaves_the_old_one_in_charge_and_is_tried_again() -> None:
    bench = Bench(A, lifetime_s=100.0)
    old = bench.start_live()
    bench.flows(old, 70)
    bench.dialled[-1].ends(LOST)
    assert bench.shard.current is old
    bench.host.events.clear()
    bench.flows(old, 15)
    assert len(bench.host.quotes("A")) == 15
    assert len(bench.dialled) == 3


def test_an_old_one_that_dies_during_the_overlap_is_followed_by_its_successor() -> None:
    bench = Bench(A, lifetime_s=100.0)
    old = bench.start_live()
    bench.flows(old, 70)
    new = bench.dialled[-1]
    new.opens()
    new.acks_all()
    old.ends(LOST)
    assert bench.shard.current is new
    assert bench.host.links[A] is new.link
    bench.flows(new, 10)
    assert len(bench.dialled) == 2


def test_a_silent_successor_does_not_replace_one_that_flows() -> None:
    bench = Bench(A, lifetime_s=100.0)
    old = bench.start_live()
    bench.flows(old, 70)
    new = bench.dialled[-1]
    new.opens()
    new.acks_all()
    bench.flows(old, 60)
    assert bench.shard.current is old
    assert new.finished


def test_an_announced_end_brings_a_successor_at_once() -> None:
    bench = Bench(A)
    old = bench.start_live()
    old.hears(bye="upgrade")
    bench.passes(1)
    assert len(bench.dialled) == 2
    old.hears(bye="upgrade")  # said twice
    bench.flows(old, 3)
    assert len(bench.dialled) == 2


def test_a_silent_socket_is_replaced_but_not_in_a_tight_loop() -> None:
    bench = Bench(A)
    bench.start_live()
    for _ in range(120):
        for connection in bench.dialled:
            if not connection.finished and not connection.link.up:
                connection.opens()
            if connection.link.up:
                connection.acks_all()  # acknowledged, pongs come, data does not
        bench.passes(1)
    assert bench.shard.silent_s(bench.clock.now_ns()) is not None
    assert 2 <= len(bench.dialled) <= 8


def test_a_refused_stream_waits_before_it_is_due_again_and_each_time_longer() -> None:
    bench = Bench(A, B)
    connection = bench.start()
    connection.opens()
    connection.sends()
    connection.hears(no=["bbo.B"])
    connection.hears(ok=["bbo.A"])
    assert bench.shard.state_of(B) is StreamState.REFUSED
    assert bench.shard.refusals_due(bench.clock.now_ns()) == []
    bench.flows(connection, 16)
    assert bench.shard.refusals_due(bench.clock.now_ns()) == [B]


def test_a_refusal_is_remembered_while_the_line_is_cut_and_forgotten_when_it_is_accepted() -> None:
    bench = Bench(A, B)
    connection = bench.start()
    connection.opens()
    connection.sends()
    connection.hears(no=["bbo.B"])
    connection.ends(LOST)
    assert bench.shard.state_of(B) is StreamState.REFUSED
    bench.passes(2)
    again = bench.dialled[-1]
    again.opens()
    again.acks_all()
    assert bench.shard.state_of(B) is StreamState.ACKED
    assert bench.shard.refused_texts == {}


def test_the_sessions_own_doubt_reaches_the_feed() -> None:
    bench = Bench(A)
    connection = bench.start_live()
    connection.hears(again="bbo.A")
    assert bench.host.errors["doubted perp.bbo.A"] == 1


def test_what_is_wanted_while_the_connection_is_on_its_way_is_asked_for_when_it_opens() -> None:
    bench = Bench(A)
    connection = bench.start()
    bench.shard.add([B, book("C")])
    connection.opens()
    asked = [name for frame in connection.sends() for name in json.loads(frame)["sub"]]
    assert sorted(asked) == ["bbo.A", "bbo.B", "book.C"]


def test_a_resync_unsubscribes_and_subscribes_that_stream_alone() -> None:
    bench = Bench(A, B)
    connection = bench.start_live()
    assert bench.shard.resync(A)
    assert connection.sends() == ['{"unsub": ["bbo.A"]}', '{"sub": ["bbo.A"]}']


def test_stopping_closes_and_stays_closed() -> None:
    bench = Bench(A)
    connection = bench.start_live()
    bench.shard.stop()
    assert connection.finished
    bench.passes(60)
    assert len(bench.dialled) == 1
    assert bench.host.links[A] is None


def test_frames_are_counted_over_all_connections() -> None:
    bench = Bench(A, lifetime_s=100.0)
    old = bench.start_live()
    bench.flows(old, 70)
    new = bench.dialled[-1]
    new.opens()
    new.acks_all()
    bench.brings(new)
    before = bench.shard.frames
    bench.flows(old, 1)
    assert bench.shard.current is new
    assert bench.shard.frames == before + 1
    new.ends(LOST)
    assert bench.shard.frames == before + 1
