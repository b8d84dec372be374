"""One word for a market, and the sentence that goes with it."""

from collections import Counter

from arbtui.core.status import FeedState, StreamState
from arbtui.net.health import ShardView, judge

LIVE = Counter({StreamState.LIVE: 10})


def up(
    counts: Counter[StreamState] = LIVE,
    silent_s: float | None = None,
    sample_stale: str = "",
    sample_refusal: str = "",
) -> ShardView:
    return ShardView(
        up=True, counts=counts, silent_s=silent_s, sample_stale=sample_stale, sample_refusal=sample_refusal
    )


def down(error: str = "h cannot be reached: connection refused") -> ShardView:
    return ShardView(up=False, error=error, counts=Counter({StreamState.WANTED: 10}))


def test_all_streams_flowing_is_live_without_a_reason() -> None:
    assert judge([up(), up()]) == (FeedState.LIVE, "")


def test_nothing_wanted_yet_is_connecting() -> None:
    assert judge([])[0] is FeedState.CONNECTING
    assert judge([ShardView(up=True)])[0] is FeedState.CONNECTING


def test_not_yet_connected_and_never_failed_is_connecting() -> None:
    assert judge([down(error="")]) == (FeedState.CONNECTING, "connecting")


def test_all_connections_down_is_down_with_the_reason() -> None:
    assert judge([down(), down("")]) == (FeedState.DOWN, "h cannot be reached: connection refused")


def test_some_connections_down_is_degraded() -> None:
    state, reason = judge([up(), down()])
    assert state is FeedState.DEGRADED
    assert reason == "1 of 2 connections down: h cannot be reached: connection refused"


def test_one_more_connection_on_its_way_is_no_trouble() -> None:
    assert judge([up(), down(error="")])[0] is FeedState.LIVE


def test_open_sockets_without_data_are_stale_not_live() -> None:
    state, reason = judge([up(silent_s=12.3), up(silent_s=15.0)])
    assert state is FeedState.STALE
    assert reason == "connected, but no data for 12 s"


def test_one_silent_socket_of_two_is_degraded() -> None:
    assert judge([up(silent_s=12.3), up()]) == (FeedState.DEGRADED, "1 of 2 connections silent for 12 s")


def test_a_single_silent_stream_shows() -> None:
    counts = Counter({StreamState.LIVE: 9, StreamState.STALE: 1})
    state, reason = judge([up(counts=counts, sample_stale="perp.bbo.X")])
    assert state is FeedState.DEGRADED
    assert reason == "1 of 10 streams silent, perp.bbo.X among them"


def test_a_refused_stream_shows_with_the_venues_words() -> None:
    counts = Counter({StreamState.LIVE: 9, StreamState.REFUSED: 1})
    state, reason = judge([up(counts=counts, sample_refusal="unknown symbol (4)")])
    assert state is FeedState.DEGRADED
    assert reason == "1 of 10 subscriptions refused: unknown symbol (4)"


def test_the_socket_that_asks_refused_streams_again_does_not_make_the_others_degraded_by_being_closed() -> None:
    asker = ShardView(up=False, error="closed", counts=Counter({StreamState.REFUSED: 1}), sample_refusal="no")
    state, reason = judge([up(), asker])
    assert "connections down" not in reason
    assert state is FeedState.DEGRADED


def test_everything_refused_is_down() -> None:
    view = ShardView(up=True, counts=Counter({StreamState.REFUSED: 3}), sample_refusal="no")
    assert judge([view]) == (FeedState.DOWN, "all subscriptions are refused: no")


def test_subscriptions_without_any_data_yet_are_connecting_and_then_stale() -> None:
    assert judge([up(counts=Counter({StreamState.ACKED: 3}))])[0] is FeedState.CONNECTING
    silent = Counter({StreamState.ACKED: 2, StreamState.STALE: 1})
    assert judge([up(counts=silent)])[0] is FeedState.STALE
