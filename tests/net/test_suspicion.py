"""A subscription that makes the venue close the socket is found and named; nobody else is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbtui.core.errors import TransportBroken
from arbtui.core.model import Stream
from arbtui.core.status import StreamState
from arbtui.net.suspicion import SPLIT_AFTER, Suspicion
from tests.net.test_shard import Bench
from tests.net.toy import HandConnection, bbo, book

EIGHT = [bbo(native) for native in "ABCDEFGH"]
CLOSED = TransportBroken("closed by the venue: no reason given (code 1000)")


def search(streams: list[Stream], fatal: set[Stream], *, one_by_one: bool, at_most: int = 40) -> list[Stream]:
    """Who is named by a venue that closes on ``fatal`` names; requests hold one stream each, or a whole group."""
    suspicion, named = Suspicion(), list[Stream]()
    for _ in range(at_most):
        served, ended = list[Stream](), False
        for group in suspicion.groups([stream for stream in streams if stream not in named]):
            for request in [[stream] for stream in group] if one_by_one else [group]:
                if fatal & set(request):
                    culprit = suspicion.ended(request, served)
                    named += [culprit] if culprit is not None else []
                    ended = True
                    break
                served += request
            if ended:
                break
        if not ended:
            return named
    return named


@pytest.mark.parametrize("one_by_one", [True, False])
@settings(max_examples=60)
@given(count=st.integers(2, 60), picks=st.sets(st.integers(0, 59), min_size=1, max_size=2))
def test_the_culprits_are_named_and_nobody_else(one_by_one: bool, count: int, picks: set[int]) -> None:
    streams = [bbo(f"C{n}") for n in range(count)]
    fatal = {streams[n % count] for n in picks}
    if len(fatal) == count:
        return  # nothing else is left to show that the venue serves anybody
    assert set(search(streams, fatal, one_by_one=one_by_one)) == fatal


def test_one_culprit_of_four_hundred_is_named_within_fourteen_ends() -> None:
    streams = [bbo(f"C{n}") for n in range(400)]
    assert search(streams, {streams[123]}, one_by_one=False, at_most=14) == [streams[123]]


def test_a_venue_that_closes_on_everything_convicts_nobody() -> None:
    assert search(EIGHT, set(EIGHT), one_by_one=False, at_most=200) == []


def test_ends_that_follow_no_request_suspect_nobody() -> None:
    suspicion = Suspicion()
    for _ in range(3 * SPLIT_AFTER):
        assert suspicion.ended([], EIGHT) is None
        assert suspicion.groups(EIGHT) == [EIGHT]


def test_a_connection_that_stands_clears_its_suspects() -> None:
    suspicion = Suspicion()
    for _ in range(SPLIT_AFTER):
        suspicion.ended(EIGHT[:2], EIGHT[2:])
    assert suspicion.groups(EIGHT) == [EIGHT[2:], EIGHT[:1], EIGHT[1:2]]
    suspicion.clear()
    assert suspicion.groups(EIGHT) == [EIGHT]


# ---- on a shard


def answers(connection: HandConnection, fatal: str) -> bool:
    """The venue acknowledges what was sent, or closes at ``fatal``; whether it is still open."""
    for frame in connection.sends():
        names = json.loads(frame).get("sub", [])
        if fatal in names:
            connection.ends(CLOSED)
            return False
        connection.hears(ok=names)
    return True


def lives_with(bench: Bench, fatal: str, seconds: int) -> None:
    """Time goes by on a venue that closes every connection that asks for ``fatal``."""
    for _ in range(seconds):
        connection = bench.dialled[-1]
        if not connection.opened_ns:
            connection.opens()
        if connection.link.up and answers(connection, fatal):
            for sub in connection.subs.all():
                if sub.acked:
                    connection.hears(q=[f"bbo.{sub.stream.native}", bench.clock.now_ns()])
        bench.passes(1)


def test_the_subscription_that_closes_the_socket_is_refused_in_words_and_the_rest_is_kept() -> None:
    bench = Bench(*EIGHT)
    bench.start()
    lives_with(bench, "bbo.F", 60)
    assert list(bench.shard.refused_texts) == [bbo("F")]
    assert "closes the connection when asked for" in bench.shard.refused_texts[bbo("F")]
    assert bench.shard.state_of(bbo("F")) is StreamState.REFUSED
    dialled = len(bench.dialled)
    lives_with(bench, "bbo.F", 120)
    assert len(bench.dialled) == dialled  # the rest stands
    assert all(bench.shard.state_of(s) is StreamState.LIVE for s in EIGHT if s != bbo("F"))


def test_a_socket_that_is_closed_whatever_is_asked_refuses_nothing() -> None:
    bench = Bench(*EIGHT)
    bench.start()
    for _ in range(300):
        connection = bench.dialled[-1]
        if not connection.opened_ns:
            connection.opens()
        if connection.link.up:
            connection.sends()
            connection.ends(CLOSED)
        bench.passes(1)
    assert not bench.shard.refused_texts


def test_books_are_asked_for_before_the_many_others() -> None:
    bench = Bench(bbo("A"), bbo("B"), book("C"))
    connection = bench.start()
    connection.opens()
    assert [json.loads(frame)["sub"] for frame in connection.sends()] == [["book.C"], ["bbo.A", "bbo.B"]]


def test_a_book_that_is_asked_anew_is_left_before_it_is_asked_for() -> None:
    bench = Bench(bbo("A"), book("C"))
    connection = bench.start_live()
    bench.shard.resync(bbo("A"))
    bench.shard.resync(book("C"))
    assert connection.sends() == [
        '{"unsub": ["book.C"]}',
        '{"sub": ["book.C"]}',
        '{"unsub": ["bbo.A"]}',
        '{"sub": ["bbo.A"]}',
    ]
