"""The feed supervisor against a server that misbehaves, with time running fast where a behaviour takes minutes."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from websockets.asyncio.server import ServerConnection

from arbtui.core.events import Quote
from arbtui.core.status import FeedState, FeedStatus, StreamState
from arbtui.net.feed import VenueFeed
from tests.net.toy import ToyHost, ToyVenue, bbo, book, running_feed, toy_server, until


def status(feed: VenueFeed) -> FeedStatus:
    (row,) = feed.status()
    return row


def state(feed: VenueFeed) -> FeedState:
    return status(feed).state


async def test_wanted_streams_flow_and_the_status_says_so() -> None:
    async with toy_server() as server:
        host = ToyHost()
        async with running_feed(ToyVenue(), server.gateway, host, [bbo("A"), bbo("B")], speed=20) as feed:
            await until(lambda: state(feed) is FeedState.LIVE)
            row = status(feed)
            assert (row.subscribed, row.acked, row.failed, row.stale, row.reason) == (2, 2, 0, 0, "")
            assert row.first_data == {"bbo": 2}
            assert row.connections == 1
            assert row.connects_last_min == 1
            link = host.links[bbo("A")]
            assert link is not None
            assert link.up
            await until(lambda: status(feed).age_ms_p50 is not None and status(feed).msgs_per_s > 0)
            assert ("info", "toy perp is live") in host.notices


async def test_a_new_stream_goes_to_a_socket_with_room_and_nothing_is_reshuffled() -> None:
    async with toy_server() as server:
        streams = [bbo(n) for n in "ABCD"]
        async with running_feed(ToyVenue(), server.gateway, ToyHost(), streams) as feed:
            await until(lambda: sorted(map(sorted, server.subscriptions())) == [["bbo.A", "bbo.B", "bbo.C"], ["bbo.D"]])
            feed.want([*streams, book("D")])
            await until(lambda: {"bbo.D", "book.D"} in server.subscriptions())
            feed.want([bbo("B"), bbo("E"), bbo("D"), book("D")])
            await until(lambda: {"bbo.B", "bbo.E"} in server.subscriptions())
            assert {"bbo.D", "book.D"} in server.subscriptions()
            assert server.accepted == 2


async def test_a_socket_that_carries_nothing_any_more_is_closed() -> None:
    async with toy_server() as server:
        streams = [bbo(n) for n in "ABCD"]
        async with running_feed(ToyVenue(), server.gateway, ToyHost(), streams) as feed:
            await until(lambda: len(server.open) == 2)
            feed.want(streams[:3])
            await until(lambda: server.subscriptions() == [{"bbo.A", "bbo.B", "bbo.C"}])


async def test_a_refused_port_shows_as_down_in_words_and_recovers_when_it_opens() -> None:
    async with toy_server() as server:
        gateway = server.gateway
        await server.stop()
        host = ToyHost()
        async with running_feed(ToyVenue(), gateway, host, [bbo("A")], speed=20) as feed:
            await until(lambda: state(feed) is FeedState.DOWN)
            assert "toy.test cannot be reached: connection refused" in status(feed).reason
            await asyncio.sleep(1.0)
            await server.start()
            await until(lambda: state(feed) is FeedState.LIVE)
            await until(lambda: "info" in [level for level, text in host.notices])
            assert [level for level, text in host.notices] == ["error", "info"]  # told once, not at every attempt


async def test_accept_then_close_keeps_attempts_inside_the_budget() -> None:
    async with toy_server() as server:
        server.close_at_once = True
        streams = [bbo(n) for n in "ABCDEFGH"]  # three sockets to one host
        async with running_feed(ToyVenue(connects_per_min=30), server.gateway, ToyHost(), streams, speed=60) as feed:
            await asyncio.sleep(2.0)  # two minutes
            assert 10 <= server.accepted <= 60
            assert status(feed).connects_last_min <= 30
            assert state(feed) in (FeedState.DOWN, FeedState.CONNECTING)


async def test_a_killed_server_is_down_at_once_and_every_stream_loses_its_link() -> None:
    async with toy_server() as server:
        host = ToyHost()
        async with running_feed(ToyVenue(), server.gateway, host, [bbo("A"), bbo("B")]) as feed:
            await until(lambda: all(host.links.get(bbo(n)) for n in "AB"))
            link = host.links[bbo("A")]
            await server.cut()
            await server.stop()
            await until(lambda: state(feed) is FeedState.DOWN, within_s=2)
            assert host.links == {bbo("A"): None, bbo("B"): None}
            assert link is not None
            assert not link.up
            assert status(feed).reason != ""


async def test_a_muted_stream_is_noticed_asked_for_anew_and_live_again_when_it_speaks() -> None:
    async with (
        toy_server() as server,
        running_feed(ToyVenue(), server.gateway, ToyHost(), [bbo("A"), bbo("B")], speed=50) as feed,
    ):
        await until(lambda: state(feed) is FeedState.LIVE)
        await asyncio.sleep(0.8)  # 40 s: its habits are known
        server.muted = {"bbo.B"}
        await until(lambda: status(feed).stale == 1)
        assert state(feed) is FeedState.DEGRADED
        assert "perp.bbo.B" in status(feed).reason
        await until(lambda: any(json.loads(f) == {"unsub": ["bbo.B"]} for f in server.heard if f[0] == "{"))
        server.muted = set()
        await until(lambda: state(feed) is FeedState.LIVE)


async def test_a_stream_that_never_speaks_after_its_acknowledgement_becomes_stale() -> None:
    async with toy_server() as server:
        server.muted = {"bbo.B"}
        async with running_feed(ToyVenue(), server.gateway, ToyHost(), [bbo("A"), bbo("B")], speed=50) as feed:
            await until(lambda: status(feed).stale == 1)
            assert sum(f == '{"unsub": ["bbo.B"]}' for f in server.heard) >= 1


async def test_a_silent_venue_is_stale_though_its_pongs_come() -> None:
    async with (
        toy_server() as server,
        running_feed(ToyVenue(ping_every_s=5), server.gateway, ToyHost(), [bbo("A")], speed=50) as feed,
    ):
        await until(lambda: state(feed) is FeedState.LIVE)
        await asyncio.sleep(0.8)
        server.silent = True
        await until(lambda: state(feed) is FeedState.STALE)
        await asyncio.sleep(1.2)  # a minute of silence
        assert state(feed) is FeedState.STALE
        server.silent = False
        await until(lambda: state(feed) is FeedState.LIVE)


async def test_a_refused_subscription_is_reported_and_not_asked_again_on_its_connection() -> None:
    async with toy_server() as server:
        server.refuses = {"bbo.B"}
        host = ToyHost()
        async with running_feed(ToyVenue(), server.gateway, host, [bbo("A"), bbo("B")], speed=20) as feed:
            await until(lambda: status(feed).failed == 1 and state(feed) is FeedState.DEGRADED)
            report = {row.stream: row for row in feed.streams()}[bbo("B")]
            assert report.state is StreamState.REFUSED
            assert report.text == "no such name (7)"
            assert "no such name (7)" in status(feed).reason
            await asyncio.sleep(0.25)  # 5 s: the next try, on a socket of its own, comes later
            assert sum("bbo.B" in frame for frame in server.heard) == 1
            assert server.accepted == 1
            server.refuses = set()
            await until(lambda: status(feed).failed == 0 and state(feed) is FeedState.LIVE)
            assert {"bbo.B"} in server.subscriptions()  # the good one was left alone
            assert {"bbo.A"} in server.subscriptions()


async def test_streams_lost_with_a_refused_one_are_asked_for_again() -> None:
    async with toy_server() as server:
        server.refuses, server.losing = {"bbo.B"}, {"bbo.C"}
        async with running_feed(ToyVenue(), server.gateway, ToyHost(), [bbo(n) for n in "ABC"]):
            await until(lambda: {"bbo.A", "bbo.C"} in server.subscriptions())


async def test_an_unanswered_subscription_is_asked_for_again() -> None:
    async with toy_server() as server:
        server.acks, server.silent = False, True
        async with running_feed(ToyVenue(), server.gateway, ToyHost(), [bbo("A")], speed=50) as feed:
            await until(lambda: server.heard.count('{"sub": ["bbo.A"]}') == 1)
            assert status(feed).acked == 0
            await until(lambda: server.heard.count('{"sub": ["bbo.A"]}') >= 2)
            server.acks = True
            await until(lambda: status(feed).acked == 1)


async def test_a_planned_reconnect_overlaps_and_loses_nothing() -> None:
    async with toy_server() as server:
        host = ToyHost()
        venue = ToyVenue(lifetime_s=60.0)
        async with running_feed(venue, server.gateway, host, [bbo("A"), bbo("B")], speed=50) as feed:
            await until(lambda: server.accepted >= 3)
            await until(lambda: len(server.open) == 1)
            await asyncio.sleep(0.1)
            row = status(feed)
            assert row.state is FeedState.LIVE
            assert row.reconnects >= 2
            down = [text for level, text in host.notices if level != "info"]
            assert down == []
        for native in "AB":
            seqs = host.quotes(native)
            assert seqs == sorted(seqs)  # nothing old after something new
            assert set(range(seqs[0], seqs[-1] + 1)) == set(seqs)  # and nothing missing


async def test_an_announced_end_is_answered_by_a_new_connection_before_it_comes() -> None:
    async with toy_server() as server:
        host = ToyHost()
        async with running_feed(ToyVenue(), server.gateway, host, [bbo("A")], speed=10) as feed:
            await until(lambda: state(feed) is FeedState.LIVE)
            await server.say('{"bye": "maintenance"}')
            await until(lambda: server.accepted == 2 and len(server.open) == 1)
            seqs = host.quotes("A")
            assert set(range(seqs[0], seqs[-1] + 1)) == set(seqs)


async def test_a_dead_line_is_cut_and_replaced() -> None:
    async with toy_server() as server:
        venue = ToyVenue(silence_s=10.0, ping_every_s=None)
        async with running_feed(venue, server.gateway, ToyHost(), [bbo("A")], speed=20) as feed:
            await until(lambda: state(feed) is FeedState.LIVE)
            before = server.accepted, status(feed).reconnects
            server.silent = True  # the new line is as dead as the old one, and is replaced too if nobody looks in time
            await until(lambda: server.accepted > before[0])
            await until(lambda: status(feed).reconnects > before[1])


@pytest.mark.parametrize("ping_frame", ["ping", None])
async def test_the_heartbeat_keeps_a_quiet_connection(ping_frame: str | None) -> None:
    async with toy_server() as server:
        server.silent = True
        venue = ToyVenue(silence_s=12.0, ping_every_s=5.0)
        venue.ping_frame = ping_frame  # None: a protocol ping, whose pong must count as life
        async with running_feed(venue, server.gateway, ToyHost(), [book("A")], speed=20):
            await until(lambda: len(server.open) == 1)
            await asyncio.sleep(1.0)  # 20 s
            assert server.accepted == 1
            assert ("ping" in server.heard) == (ping_frame == "ping")


async def test_an_idle_only_heartbeat_is_not_sent_while_data_flows() -> None:
    async with toy_server() as server:
        venue = ToyVenue(ping_every_s=5.0, ping_when_idle=True)
        async with running_feed(venue, server.gateway, ToyHost(), [bbo("A")], speed=20) as feed:
            await until(lambda: state(feed) is FeedState.LIVE)
            await asyncio.sleep(0.6)
            assert "ping" not in server.heard
            server.silent = True
            await until(lambda: "ping" in server.heard)


async def test_pings_of_the_server_are_answered_by_protocol_and_by_frame() -> None:
    async with (
        toy_server() as server,
        running_feed(ToyVenue(), server.gateway, ToyHost(), [bbo("A")]),
    ):
        await until(lambda: len(server.open) == 1)
        (connection,) = server.open
        async with asyncio.timeout(2):
            await (await connection.ping())
        await server.say("ping?")
        await until(lambda: "pong!" in server.heard)


async def test_unreadable_frames_are_counted_and_the_connection_stays() -> None:
    async with toy_server() as server:
        host = ToyHost()
        async with running_feed(ToyVenue(), server.gateway, host, [bbo("A")], speed=20) as feed:
            await until(lambda: state(feed) is FeedState.LIVE)
            for _ in range(30):
                await server.say("<html>")
                await asyncio.sleep(0.04)
            await until(lambda: host.errors["not_json"] == 30)
            assert server.accepted == 1
            assert state(feed) is FeedState.LIVE


async def test_a_connection_of_mostly_unreadable_frames_is_replaced() -> None:
    async with toy_server() as server:
        host = ToyHost()
        async with running_feed(ToyVenue(), server.gateway, host, [bbo("A")], speed=20) as feed:
            await until(lambda: state(feed) is FeedState.LIVE)
            server.silent = True
            for _ in range(200):
                await server.say("<html>")
            await until(lambda: server.accepted == 2)


async def test_a_fault_in_our_own_handling_costs_one_connection_and_is_counted() -> None:
    async with toy_server() as server:
        host = ToyHost()
        faults = iter([True])

        def fails_once(event: object) -> None:
            if next(faults, False):
                raise RuntimeError("a bug")

        host.on_event = fails_once
        async with running_feed(ToyVenue(), server.gateway, host, [bbo("A")], speed=20) as feed:
            await until(lambda: host.errors["internal"] == 1)
            await until(lambda: state(feed) is FeedState.LIVE)


async def test_resyncs_of_one_stream_are_spaced() -> None:
    async with (
        toy_server() as server,
        running_feed(ToyVenue(), server.gateway, ToyHost(), [book("A")], speed=10) as feed,
    ):
        await until(lambda: status(feed).acked == 1)
        for _ in range(100):  # five seconds of complaints
            feed.resync(book("A"), "a gap")
            await asyncio.sleep(0.005)
        assert 1 <= server.heard.count('{"unsub": ["book.A"]}') <= 3


async def test_requests_keep_the_pace_of_the_venue() -> None:
    async with toy_server() as server:
        venue = ToyVenue(messages_per_s=20.0, streams_per_socket=100)
        async with running_feed(venue, server.gateway, ToyHost(), [bbo("A")]) as feed:
            await until(lambda: len(server.heard) == 1)
            began_s = time.monotonic()
            for count in range(2, 8):
                feed.want([bbo(n) for n in "ABCDEFGH"[:count]])
            await until(lambda: len(server.heard) == 7)
            assert time.monotonic() - began_s >= 0.24  # six frames, 50 ms apart, the first perhaps at once


async def test_a_burst_does_not_starve_the_loop() -> None:
    async with toy_server() as server:
        server.silent = True
        host = ToyHost()

        def slow(event: object) -> None:
            ends_s = time.perf_counter() + 50e-6
            while time.perf_counter() < ends_s:
                pass

        host.on_event = slow
        async with running_feed(ToyVenue(), server.gateway, host, [bbo("A")]) as feed:
            await until(lambda: status(feed).acked == 1)
            (connection,) = server.open
            burst = asyncio.create_task(_burst(connection, 4000))
            most, before = 0, 0
            while before < 4000:
                await asyncio.sleep(0)  # one turn of the loop
                most, before = max(most, len(host.events) - before), len(host.events)
            await burst
            assert most <= 200  # 5 ms at 50 us a frame, and what comes between two looks at the time


async def _burst(connection: ServerConnection, frames: int) -> None:
    for seq in range(frames):
        await connection.send(json.dumps({"q": ["bbo.A", seq]}))


async def test_cancelling_closes_every_socket_within_two_seconds() -> None:
    async with toy_server() as server:
        streams = [bbo(n) for n in "ABCDEFG"]
        async with running_feed(ToyVenue(), server.gateway, ToyHost(), streams):
            await until(lambda: len(server.open) == 3)
            began_s = time.monotonic()
        assert time.monotonic() - began_s < 2.0
        await until(lambda: not server.open)


async def test_cancelling_while_connecting_leaves_nothing_behind() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # until the other side closes; the handshake is never answered
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with running_feed(ToyVenue(), f"http://127.0.0.1:{port}", ToyHost(), [bbo("A")]):
            await asyncio.sleep(0.1)
            began_s = time.monotonic()
        assert time.monotonic() - began_s < 1.0
        left = [task.get_name() for task in asyncio.all_tasks() if "toy" in task.get_name()]
        assert left == []
        await asyncio.sleep(0.05)
    finally:
        server.close()


async def test_restart_cuts_and_reconnects_everything() -> None:
    async with (
        toy_server() as server,
        running_feed(ToyVenue(), server.gateway, ToyHost(), [bbo("A")], speed=20) as feed,
    ):
        await until(lambda: state(feed) is FeedState.LIVE)
        feed.restart("the clock jumped")
        await until(lambda: server.accepted == 2 and state(feed) is FeedState.LIVE)


async def test_what_others_know_is_shown_while_nothing_is_up() -> None:
    async with toy_server() as server:
        gateway = server.gateway
        await server.stop()
        venue = ToyVenue()
        async with running_feed(venue, gateway, ToyHost(), []) as feed:
            assert status(feed).state is FeedState.CONNECTING
            feed.declare(venue.markets[0], FeedState.DOWN, "toy.test cannot be reached: its name cannot be resolved")
            assert status(feed).state is FeedState.DOWN
            feed.declare(venue.markets[0], None)
            assert status(feed).state is FeedState.CONNECTING


class TapeRecorder:
    """Keeps what a recording would."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, object]] = []

    def opened(self, t_ns: int, venue: str, conn: str, url: str) -> None:
        self.lines.append(("open", conn, url))

    def closed(self, t_ns: int, venue: str, conn: str, reason: str) -> None:
        self.lines.append(("close", conn, reason))

    def frame(self, t_ns: int, venue: str, conn: str, direction: str, data: str | bytes) -> None:
        self.lines.append((direction, conn, data))

    def text_frame(self, t_ns: int, venue: str, conn: str, data: bytes) -> None:
        self.lines.append(("in", conn, data.decode()))

    def http(
        self, t_ns: int, venue: str, method: str, url: str, request_body: bytes, status: int, body: bytes
    ) -> None: ...


async def test_what_goes_over_the_wire_is_recorded_with_the_venues_own_address() -> None:
    async with toy_server() as server:
        tape = TapeRecorder()
        host = ToyHost()
        async with running_feed(ToyVenue(), server.gateway, host, [bbo("A")], recorder=tape):
            await until(lambda: len(host.events) >= 3)
            await server.say(b'{"q": ["bbo.A", 9]}')
            await until(lambda: any(isinstance(e, Quote) and e.seq == 9 for e in host.events))
        assert tape.lines[0] == ("open", "perp.public.0", "wss://toy.test/ws")
        assert tape.lines[1] == ("out", "perp.public.0", '{"sub": ["bbo.A"]}')
        assert tape.lines[2] == ("in", "perp.public.0", '{"ok": ["bbo.A"]}')
        assert ("in", "perp.public.0", b'{"q": ["bbo.A", 9]}') in tape.lines  # binary stays binary
        assert tape.lines[-1] == ("close", "perp.public.0", "closed by us")
