"""Bookkeeping of one connection's subscriptions, on times given by hand."""

from itertools import pairwise

from arbtui.core.model import Channel, Market, Stream
from arbtui.core.status import StreamState
from arbtui.net.pulse import LEARNED, Pulse
from arbtui.net.subscriptions import RESYNC_CAP_S, RESYNC_SLOW_S, Subscriptions
from arbtui.venues.base import Cadence, Manners
from tests.net.toy import MANNERS, S, bbo, book

A, B = bbo("A"), bbo("B")


def subscriptions(manners: Manners = MANNERS, quiet_s: float | None = None) -> Subscriptions:
    return Subscriptions(manners, lambda channel: Cadence(quiet_s is not None, quiet_s))


def state(subs: Subscriptions, stream: Stream) -> StreamState:
    sub = subs.of(stream)
    assert sub is not None
    return sub.state


def pulse_at(last_s: float, gap_s: float = 1.0) -> Pulse:
    """A stream that has long been beating."""
    pulse = Pulse()
    pulse.last_ns, pulse.gap_s, pulse.beats = round(last_s * S), gap_s, LEARNED
    return pulse


def asked(*streams: Stream, at_s: float = 100.0, quiet_s: float | None = None) -> Subscriptions:
    subs = subscriptions(quiet_s=quiet_s)
    subs.add(streams)
    subs.sent(streams, round(at_s * S))
    return subs


def acked(*streams: Stream, at_s: float = 100.0, quiet_s: float | None = None) -> Subscriptions:
    subs = asked(*streams, at_s=at_s, quiet_s=quiet_s)
    subs.acked(streams)
    return subs


def test_wanted_asked_acked_live() -> None:
    subs = subscriptions()
    assert subs.add([A]) == [A]
    assert state(subs, A) is StreamState.WANTED
    subs.sent([A], 100 * S)
    assert state(subs, A) is StreamState.ASKED
    assert not subs.answered()
    assert subs.acked([A, B]) == [A]  # B is not ours
    assert state(subs, A) is StreamState.ACKED
    assert subs.answered()
    subs.review(102 * S, {A: pulse_at(101)})
    assert state(subs, A) is StreamState.LIVE


def test_data_is_proof_without_an_acknowledgement_and_links_the_stream() -> None:
    subs = asked(A)
    review = subs.review(102 * S, {A: pulse_at(101)})
    assert state(subs, A) is StreamState.LIVE
    assert review.link == [A]


def test_data_from_before_the_request_proves_nothing() -> None:
    subs = acked(A)
    subs.review(102 * S, {A: pulse_at(99)})
    assert state(subs, A) is StreamState.ACKED


def test_while_two_connections_bring_the_same_data_only_answers_are_judged() -> None:
    subs = acked(A, B)
    review = subs.review(500 * S, None)
    assert state(subs, A) is StreamState.ACKED
    assert (review.ask, review.resync) == ([], [])


def test_an_unanswered_request_is_repeated_ever_later_and_then_reported() -> None:
    subs, now_s, asks = asked(A), 100.0, list[float]()
    unanswered = 0
    while now_s < 400:
        now_s += 1
        review = subs.review(round(now_s * S), {A: Pulse()})
        unanswered += review.unanswered
        if review.ask:
            asks.append(now_s)
            subs.sent(review.ask, round(now_s * S))
    gaps = [later - earlier for earlier, later in pairwise(asks)]
    assert asks[0] == 111  # ack_within_s is 10
    assert gaps == sorted(gaps)
    assert unanswered >= 1


def test_a_refused_stream_is_never_asked_again_here() -> None:
    subs = asked(A, B)
    assert subs.refused([A], "no") == [A]
    subs.acked([B])
    assert subs.answered()
    for now_s in range(101, 2000):
        review = subs.review(now_s * S, {A: Pulse(), B: pulse_at(now_s)})
        assert A not in review.ask + review.resync
    assert subs.resync(A, 2000 * S) is False
    assert subs.drop([A]) == []  # nothing to unsubscribe
    assert subs.acked([A]) == []


def test_what_was_lost_with_a_refused_stream_is_asked_again_but_not_for_ever() -> None:
    subs = asked(A, B)
    subs.refused([A], "no")
    rounds = 0
    while again := subs.lost([A, B]):
        assert again == [B]
        assert subs.lost([B]) == []  # it waits for its turn already
        subs.sent(again, 101 * S)
        rounds += 1
    assert 1 <= rounds <= 3


def test_a_live_stream_that_falls_silent_is_stale_and_asked_for_anew() -> None:
    subs = acked(A)
    subs.review(130 * S, {A: pulse_at(129)})
    assert subs.review(153 * S, {A: pulse_at(129)}).resync == []
    assert state(subs, A) is StreamState.LIVE
    assert subs.review(155 * S, {A: pulse_at(129)}).resync == [A]
    assert state(subs, A) is StreamState.STALE


def test_it_stays_stale_through_its_acknowledgement_until_data_comes() -> None:
    subs = acked(A)
    subs.review(155 * S, {A: pulse_at(129)})
    subs.sent([A], 155 * S)
    subs.acked([A])
    assert state(subs, A) is StreamState.STALE
    subs.review(157 * S, {A: pulse_at(156)})
    assert state(subs, A) is StreamState.LIVE


def test_a_periodic_stream_is_judged_by_the_venues_promise() -> None:
    subs = acked(A, quiet_s=5.0)
    pulse = Pulse()
    pulse.saw(101 * S)
    subs.review(102 * S, {A: pulse})
    assert subs.review(105 * S, {A: pulse}).resync == []
    assert subs.review(107 * S, {A: pulse}).resync == [A]


def test_asking_anew_in_vain_is_hopeless_after_two_tries() -> None:
    subs, hopeless_s = acked(A), list[int]()
    for now_s in range(130, 200):
        review = subs.review(now_s * S, {A: pulse_at(129)})
        if review.hopeless:
            hopeless_s.append(now_s)
        subs.sent(review.resync, now_s * S)
        subs.acked(review.resync)
    assert hopeless_s[0] - 129 < 60


def test_a_coin_that_nobody_trades_is_stale_but_never_hopeless_and_seldom_asked_for() -> None:
    subs, asked_s, stale_s = acked(A), list[int](), 0
    for now_s in range(100, 3700):
        review = subs.review(now_s * S, {A: Pulse()})
        assert review.hopeless == []
        if review.resync:
            asked_s.append(now_s - 100)
        if not stale_s and state(subs, A) is StreamState.STALE:
            stale_s = now_s - 100
        subs.sent(review.resync, now_s * S)
        subs.acked(review.resync)
    assert stale_s <= 35
    assert len(asked_s) < 15
    assert asked_s[-1] - asked_s[-2] >= 600


def test_an_illiquid_stream_gets_its_usual_time_after_a_reconnect() -> None:
    subs = acked(A, at_s=1000)
    slow = pulse_at(990, gap_s=60.0)
    assert subs.review(1200 * S, {A: slow}).resync == []
    assert subs.review(1300 * S, {A: slow}).resync == [A]


def test_a_listing_stream_may_be_silent_for_days() -> None:
    listing = Stream(Market.PERP, Channel.INSTRUMENTS)
    subs = acked(listing)
    assert subs.review(200_000 * S, {listing: Pulse()}).resync == []
    assert subs.review(200_000 * S, {listing: pulse_at(101)}).resync == []


def test_a_doubted_stream_is_asked_for_at_once_then_at_growing_pauses() -> None:
    subs, done_s = acked(book("A")), list[float]()
    for tenth in range(1100, 2000):  # doubted ten times a second for 90 s; the answer comes at once
        now_ns = tenth * S // 10
        now = [book("A")] if subs.resync(book("A"), now_ns) else []
        now += subs.review(now_ns, {book("A"): pulse_at(tenth / 10)}).resync
        if now:
            done_s.append(tenth / 10)
            subs.sent(now, now_ns)
            subs.acked(now)
    assert done_s[0] == 110
    gaps = [later - earlier for earlier, later in pairwise(done_s)]
    assert min(gaps) >= 2.9
    assert gaps == sorted(gaps)
    assert max(gaps) < 16


def test_a_book_lost_now_and_then_is_asked_for_at_once_each_time() -> None:
    subs = acked(book("A"))
    for now_s in range(110, 400, 20):
        subs.review(now_s * S, {book("A"): pulse_at(now_s)})
        assert subs.resync(book("A"), now_s * S)
        subs.sent([book("A")], now_s * S)
        subs.acked([book("A")])
        assert subs.review((now_s + 1) * S, {book("A"): pulse_at(now_s + 1)}).hopeless == []


def test_a_quote_doubted_again_and_again_is_hopeless_a_book_is_not() -> None:
    for stream, expected in ((A, True), (book("A"), False)):
        subs, hopeless = acked(stream), False
        for now_s in range(110, 160):
            now = [stream] if subs.resync(stream, now_s * S) else []
            review = subs.review(now_s * S, {stream: pulse_at(now_s)})
            hopeless = hopeless or bool(review.hopeless)
            subs.sent(now + review.resync, now_s * S)
            subs.acked(now + review.resync)
        assert hopeless is expected


def test_a_resync_under_way_is_not_repeated() -> None:
    subs = acked(A)
    assert subs.resync(A, 110 * S)
    assert not subs.resync(A, 110 * S)  # it waits for its turn on the wire
    subs.sent([A], 111 * S)
    assert not subs.resync(A, 112 * S)  # it was asked for and not answered


def test_a_stream_that_keeps_failing_is_asked_for_every_twelve_seconds_for_ten_minutes_then_every_minute() -> None:
    subs, done_s = acked(A), list[int]()
    for now_s in range(130, 2000):
        review = subs.review(now_s * S, {A: pulse_at(129)})
        if review.resync:
            done_s.append(now_s)
        subs.sent(review.resync, now_s * S)
        subs.acked(review.resync)
    pauses_s = [later - earlier for earlier, later in pairwise(done_s)]
    early_s = [pause_s for pause_s, at_s in zip(pauses_s, done_s, strict=False) if at_s - done_s[0] < 540]
    assert max(early_s) <= RESYNC_CAP_S + 2  # so that it is back within 20 s of a fault's end
    assert done_s[-1] - done_s[-2] >= RESYNC_SLOW_S
    assert len(done_s) < 80


def test_dropped_streams_are_unsubscribed_and_forgotten() -> None:
    subs = acked(A, B)
    assert subs.drop([A, bbo("Z")]) == [A]
    assert subs.of(A) is None
    assert len(subs) == 1
    subs.sent([A], 101 * S)  # a request for it that was still queued
    assert subs.of(A) is None


def test_where_nothing_is_acknowledged_data_is_the_only_sign() -> None:
    subs = subscriptions(Manners(messages_per_s=1, streams_per_socket=1, acks=False))
    subs.add([A])
    subs.sent([A], 100 * S)
    assert subs.answered()
    assert subs.review(115 * S, {A: Pulse()}).ask == []
    assert subs.review(121 * S, {A: Pulse()}).resync == [A]
