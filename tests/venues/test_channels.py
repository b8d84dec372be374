"""Streams and the wire channels that carry them: what is wanted, what fits a frame, what shares a socket."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from arbtui.core.model import Channel, Market, Stream
from arbtui.venues import channels

BBO, TICKER, MARK, FUNDING = (
    Stream(Market.PERP, channel, "X") for channel in (Channel.BBO, Channel.TICKER, Channel.MARK, Channel.FUNDING)
)


def wire_of(stream: Stream) -> str:
    return "bbo" if stream.channel is Channel.BBO else "ticker"


def test_a_channel_is_asked_for_once_and_again_by_every_stream_that_wants_it_anew() -> None:
    wanted = channels.Wanted(wire_of)
    assert wanted.add([MARK, BBO, MARK, TICKER]) == {"ticker": [MARK, TICKER], "bbo": [BBO]}
    assert wanted.add([FUNDING, MARK]) == {"ticker": [FUNDING, MARK]}
    assert wanted.streams("ticker", "none", "bbo") == (MARK, TICKER, FUNDING, BBO)


def test_a_channel_goes_with_the_last_stream_that_it_carries() -> None:
    wanted = channels.Wanted(wire_of)
    wanted.add([BBO, TICKER, MARK])
    assert wanted.drop([TICKER, BBO]) == ({"bbo": [BBO]}, ["ticker"])
    assert "ticker" in wanted
    assert "bbo" not in wanted
    assert wanted.drop([MARK]) == ({"ticker": [MARK]}, [])
    assert wanted.drop([MARK]) == ({"ticker": [MARK]}, [])  # nobody wants it: leaving it again does no harm


def test_a_forgotten_channel_names_its_streams_once() -> None:
    wanted = channels.Wanted(wire_of)
    wanted.add([TICKER, MARK])
    assert wanted.forget("ticker", "bbo") == (TICKER, MARK)
    assert wanted.forget("ticker") == ()


def test_each_market_and_purpose_has_sockets_of_its_own() -> None:
    spot = Stream(Market.SPOT, Channel.BBO, "X")
    plans = channels.sockets(
        [MARK, BBO, spot, MARK, TICKER],
        wire_of,
        {"bbo": 1, "book": 1, "data": 1},
        lambda market, purpose: f"wss://{market}/{purpose}",
    )
    assert [(plan.label, plan.url, plan.streams) for plan in plans] == [
        ("perp.data.0", "wss://perp/data", (MARK, TICKER)),
        ("perp.bbo.0", "wss://perp/bbo", (BBO,)),
        ("spot.bbo.0", "wss://spot/bbo", (spot,)),
    ]


@given(st.lists(st.integers(1, 60), max_size=60), st.integers(1, 9), st.integers(1, 100))
def test_batches_keep_order_count_and_bytes(sizes: list[int], count: int, max_bytes: int) -> None:
    batches = list(channels.batches(sizes, count=count, max_bytes=max_bytes, size=lambda size: size))
    assert [size for batch in batches for size in batch] == sizes
    for batch in batches:
        assert 1 <= len(batch) <= count
        assert sum(batch) <= max_bytes or len(batch) == 1


def _streams(count: int) -> list[Stream]:
    return [Stream(Market.SPOT, Channel.BBO, f"C{number}") for number in range(count)]


def test_shards_stay_where_they_are_when_streams_are_appended() -> None:
    few = channels.shards(Market.SPOT, "bbo", "wss://x", _streams(7), str, 3)
    more = channels.shards(Market.SPOT, "bbo", "wss://x", _streams(11), str, 3)
    assert [plan.label for plan in more] == ["spot.bbo.0", "spot.bbo.1", "spot.bbo.2", "spot.bbo.3"]
    assert [len(plan.streams) for plan in more] == [3, 3, 3, 2]
    assert few[:2] == more[:2]
    assert set(few[2].streams) < set(more[2].streams)


def test_streams_of_one_wire_channel_share_a_socket() -> None:
    streams = [Stream(Market.PERP, channel) for channel in (Channel.MARK, Channel.TICKER, Channel.FUNDING)]
    plans = channels.shards(Market.PERP, "m", "wss://x", streams, lambda s: s.channel is Channel.TICKER, 1)
    assert [plan.streams for plan in plans] == [(streams[0], streams[2]), (streams[1],)]
