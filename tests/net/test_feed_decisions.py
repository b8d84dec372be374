"""The feed's own decisions on a manual clock: when to judge, what to tell, which socket asks refused streams again."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from arbtui.core.clock import ManualClock
from arbtui.core.errors import TransportBroken
from arbtui.core.model import Stream
from arbtui.core.status import FeedState, StreamState
from arbtui.net.feed import AT_ONCE, SLICES
from tests.net.toy import HandFeed, S, ToyHost, ToyVenue, bbo, name_of

START_NS = 1_000 * S


class Bench:
    def __init__(self, natives: str = "ABC") -> None:
        self.clock, self.host = ManualClock(START_NS), ToyHost()
        self.streams = [bbo(native) for native in natives]
        self.feed = HandFeed(ToyVenue(), self.clock, self.host, self.streams)
        self.clock.advance_to(START_NS + 2 * S)
        for connection in self.feed.dialled:
            connection.opens()
            connection.acks_all()

    def state(self) -> FeedState:
        return self.feed.status()[0].state

    def second(self, *silent: str) -> None:
        """A second in which every stream but ``silent`` brings a quote, ended by a look."""
        for connection in self.feed.dialled:
            for sub in connection.subs.all():
                if connection.link.up and sub.acked and sub.stream.native not in silent:
                    connection.hears(q=[name_of(sub.stream), 1])
            connection.sends()
        self.clock.advance_to(self.clock.now_ns() + S)
        self.feed.look()

    def seconds(self, count: int, *silent: str) -> None:
        for _ in range(count):
            self.second(*silent)


def test_a_loop_that_was_held_up_reads_its_sockets_before_it_judges() -> None:
    bench = Bench()
    bench.seconds(30)
    bench.clock.advance_to(bench.clock.now_ns() + 60 * S)  # the process was stopped
    bench.feed.look()
    assert not bench.feed.dialled[0].finished
    bench.seconds(5)
    assert bench.state() is FeedState.LIVE
    assert not bench.feed.dialled[0].finished
    assert len(bench.feed.dialled) == 1


def test_silence_that_lasts_is_judged_all_the_same() -> None:
    bench = Bench()
    bench.seconds(30)
    bench.seconds(45, *"ABC")
    assert bench.feed.dialled[0].finished


def seconds_until(bench: Bench, state: FeedState, *silent: str) -> int:
    for second in range(1, 200):
        bench.second(*silent)
        if bench.state() is state:
            return second
    raise AssertionError(f"never {state}")


@pytest.mark.parametrize("known_for_s", [6, 60, 600])
def test_a_muted_stream_shows_within_35_s_and_is_well_as_soon_as_it_speaks(known_for_s: int) -> None:
    bench = Bench()
    bench.seconds(known_for_s)
    assert seconds_until(bench, FeedState.DEGRADED, "C") <= 35
    assert bench.feed.status()[0].stale == 1
    bench.seconds(300, "C")
    bench.feed.dialled[0].acks_all()
    assert seconds_until(bench, FeedState.LIVE) <= 20


@pytest.mark.parametrize("known_for_s", [6, 60, 600])
def test_a_silent_venue_shows_within_32_s(known_for_s: int) -> None:
    bench = Bench()
    bench.seconds(known_for_s)
    assert seconds_until(bench, FeedState.STALE, *"ABC") <= 32


def test_a_stream_muted_from_the_start_shows_within_35_s() -> None:
    bench = Bench()
    for _ in range(35):
        bench.second("C")
        bench.feed.dialled[0].acks_all()
    assert bench.feed.status()[0].stale == 1


def test_a_quiet_coin_that_comes_and_goes_is_told_once_not_each_time() -> None:
    bench = Bench()
    bench.seconds(30)
    for _ in range(4):
        bench.seconds(30, "C")
        assert bench.state() is FeedState.DEGRADED
        bench.feed.dialled[0].acks_all()
        bench.seconds(5)
        assert bench.state() is FeedState.LIVE
    texts = [text for level, text in bench.host.notices]
    assert texts == ["toy perp is live", "toy perp is degraded: 1 of 3 streams silent, perp.bbo.C among them"]


def test_coming_back_from_trouble_is_told() -> None:
    bench = Bench()
    bench.seconds(10)
    bench.feed.dialled[0].ends(TransportBroken("the connection was cut"))
    bench.feed.look()
    bench.seconds(3)
    bench.feed.dialled[-1].opens()
    bench.feed.dialled[-1].acks_all()
    bench.seconds(3)
    assert bench.host.notices == [
        ("info", "toy perp is live"),
        ("error", "toy perp is down: the connection was cut"),
        ("info", "toy perp is live"),
    ]


def test_refused_streams_are_asked_again_on_a_socket_of_their_own_ever_less_often() -> None:
    bench = Bench("AB")
    good = bench.feed.dialled[0]
    good.hears(no=["bbo.B"])
    tries_ns = list[int]()
    for _ in range(1500):
        bench.second()
        for connection in bench.feed.dialled[1:]:
            if not connection.link.up and not connection.finished:
                connection.opens()
                connection.sends()
                connection.hears(no=["bbo.B"])
                tries_ns.append(bench.clock.now_ns())
    assert not good.finished
    assert {sub.stream for sub in good.subs.all()} == {bbo("A")}
    assert tries_ns[0] - START_NS <= 20 * S
    assert 50 <= len(tries_ns) <= 58
    assert tries_ns[-1] - tries_ns[-2] >= 120 * S
    states = {row.stream: row.state for row in bench.feed.streams()}
    assert states == {bbo("A"): StreamState.LIVE, bbo("B"): StreamState.REFUSED}
    assert bench.feed.status()[0].failed == 1


def test_a_free_label_is_the_lowest_number_of_its_purpose() -> None:
    bench = Bench("ABCDEFG")  # three sockets
    assert [row.connection for row in bench.feed.streams()][::3] == ["perp.public.0", "perp.public.1", "perp.public.2"]
    bench.feed.want(bench.streams[3:])
    bench.feed.want([*bench.streams[3:], bbo("A"), bbo("B"), bbo("C")])
    assert {row.stream: row.connection for row in bench.feed.streams()}[bbo("A")] == "perp.public.0"


def test_a_connection_whose_data_stays_wrong_is_replaced_but_not_over_and_over() -> None:
    bench = Bench()
    bench.seconds(30)
    for _ in range(60):
        bench.feed.replace(bbo("A"), "another source disagrees")
        bench.second()
        for connection in bench.feed.dialled:
            if not connection.link.up and not connection.finished:
                connection.opens()
                connection.acks_all()
    assert 3 <= len(bench.feed.dialled) <= 6
    assert bench.state() is FeedState.LIVE
    assert bench.feed.replace(bbo("Z"), "not carried") is False


def test_a_silent_stream_stays_so_on_a_new_connection_until_it_speaks() -> None:
    bench = Bench()
    bench.seconds(30)
    bench.seconds(30, "C")
    bench.feed.dialled[0].ends(TransportBroken("the connection was cut"))
    bench.seconds(3, "C")
    bench.feed.dialled[-1].opens()
    bench.feed.dialled[-1].acks_all()
    bench.seconds(2, "C")
    assert bench.feed.status()[0].stale == 1
    bench.seconds(2)
    assert bench.feed.status()[0].stale == 0


class Asked(ToyHost):
    """Counts how often each stream was looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.of: Counter[str] = Counter()

    def last_data_ns(self, stream: Stream) -> int | None:
        self.of[stream.native] += 1
        return super().last_data_ns(stream)


async def test_a_second_s_look_comes_in_small_steps_and_leaves_nobody_out() -> None:
    clock, host = ManualClock(START_NS), Asked()
    natives = [f"C{number}" for number in range(1500)]
    feed = HandFeed(ToyVenue(streams_per_socket=400), clock, host, [bbo(native) for native in natives])
    running = asyncio.create_task(feed.run())
    await asyncio.sleep(0)
    most, before = 0, 0
    for _ in range(10 * SLICES):
        clock.advance_to(clock.now_ns() + S // SLICES)
        most, before = max(most, host.of.total() - before), host.of.total()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert most <= 2 * AT_ONCE
    assert set(host.of) == set(natives)
    assert min(host.of.values()) >= 9
    assert max(host.of.values()) <= 10
