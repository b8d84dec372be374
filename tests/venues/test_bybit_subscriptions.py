"""How Bybit is asked, and how its one answer a request finds its streams."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbtui.core.errors import OurMistake
from arbtui.core.events import Event, Ignored, Refused, Subscribed, Unsubscribed
from arbtui.core.model import Channel, Market, Stream
from arbtui.venues.base import Environment, Outgoing
from arbtui.venues.bybit.public import BybitSession
from tests.venues.bybit_frames import BYBIT, LINEAR, PROD, SPOT, T_NS, perp, spot, tables, wire

NOT_FOUND = "error:handler not found,topic:{}"
INVALID = "Invalid symbol :[{}]"
ALREADY = "error:already subscribed,topic:{}"


def session(url: str = LINEAR) -> BybitSession:
    return BYBIT.session(url, tables())


def bbos(count: int, market: Market = Market.PERP) -> list[Stream]:
    return [Stream(market, Channel.BBO, f"COIN{number:03}USDT") for number in range(count)]


def said(out: Outgoing) -> tuple[str, list[str]]:
    body = json.loads(out.frame)
    assert set(body) == {"req_id", "op", "args"}
    assert isinstance(body["req_id"], str)
    return body["op"], body["args"]


def answer(to: BybitSession, out: Outgoing | None, *, ok: bool = True, msg: str = "", op: str = "") -> list[Event]:
    """What the venue's answer to the request ``out`` means; None: an answer without id."""
    asked = {"req_id": "", "op": op} if out is None else json.loads(out.frame)
    body = {"success": ok, "ret_msg": msg, "conn_id": "d6ki1", "req_id": asked["req_id"], "op": op or asked["op"]}
    return list(to.decode(wire(body), T_NS))


# --- asking -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stream", "topic"),
    [
        (perp(Channel.BBO), "orderbook.1.BTCUSDT"),
        (perp(Channel.BOOK), "orderbook.200.BTCUSDT"),
        (perp(Channel.TICKER), "tickers.BTCUSDT"),
        (perp(Channel.MARK), "tickers.BTCUSDT"),
        (perp(Channel.FUNDING), "tickers.BTCUSDT"),
        (perp(Channel.BBO, "BTCPERP"), "orderbook.1.BTCPERP"),
        (spot(Channel.BBO), "orderbook.1.BTCUSDT"),
        (spot(Channel.BOOK), "orderbook.200.BTCUSDT"),
        (spot(Channel.TICKER), "tickers.BTCUSDT"),
    ],
)
def test_each_stream_has_its_topic(stream: Stream, topic: str) -> None:
    (out,) = session(LINEAR if stream.market is Market.PERP else SPOT).subscribe([stream])
    assert said(out) == ("subscribe", [topic])
    assert out.streams == (stream,)


@pytest.mark.parametrize(
    "stream",
    [
        spot(Channel.MARK),
        spot(Channel.FUNDING),
        perp(Channel.MIDS, ""),
        perp(Channel.BBO, ""),
        perp(Channel.INSTRUMENTS),
    ],
)
def test_a_stream_that_bybit_does_not_have_is_our_mistake(stream: Stream) -> None:
    with pytest.raises(OurMistake, match=str(stream)):
        session(LINEAR if stream.market is Market.PERP else SPOT).subscribe([stream])


def test_a_stream_of_the_other_market_is_our_mistake_since_its_topic_would_be_the_same() -> None:
    with pytest.raises(OurMistake, match=r"spot\.bbo\.BTCUSDT"):
        session(LINEAR).subscribe([spot(Channel.BBO)])


def test_ticker_mark_and_funding_are_one_topic() -> None:
    streams = [perp(channel) for channel in (Channel.TICKER, Channel.MARK, Channel.FUNDING)]
    talk = session()
    (out,) = talk.subscribe(streams)
    assert said(out) == ("subscribe", ["tickers.BTCUSDT"])
    assert out.streams == tuple(streams)
    assert answer(talk, out) == [Subscribed(tuple(streams), T_NS)]


@pytest.mark.parametrize(
    ("url", "market", "most", "frames"), [(LINEAR, Market.PERP, 50, 4), (SPOT, Market.SPOT, 10, 20)]
)
def test_a_full_socket_is_asked_for_within_the_limit_of_its_market(
    url: str, market: Market, most: int, frames: int
) -> None:
    outs = session(url).subscribe(bbos(200, market))
    assert len(outs) == frames
    assert {len(said(out)[1]) for out in outs} == {most}
    assert len({json.loads(out.frame)["req_id"] for out in outs}) == frames


def test_unsubscribing_keeps_the_limit_too() -> None:
    talk = session(SPOT)
    streams = bbos(25, Market.SPOT)
    talk.subscribe(streams)
    outs = talk.unsubscribe(streams)
    assert [(said(out)[0], len(said(out)[1])) for out in outs] == [("unsubscribe", 10)] * 2 + [("unsubscribe", 5)]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.builds(
            perp,
            st.sampled_from([Channel.BBO, Channel.BOOK, Channel.TICKER, Channel.MARK, Channel.FUNDING]),
            st.text("ABCXYZ0123456789", min_size=1, max_size=20).map(lambda base: base + "USDT"),
        ),
        max_size=300,
    )
)
def test_everything_is_asked_for_once_and_no_request_is_too_large(streams: list[Stream]) -> None:
    outs = session().subscribe(streams)
    assert all(len(said(out)[1]) <= 50 for out in outs)
    assert sorted(stream for out in outs for stream in out.streams) == sorted(set(streams))
    topics = [topic for out in outs for topic in said(out)[1]]
    assert len(topics) == len(set(topics))


# --- sockets ----------------------------------------------------------------------------------------------------------


def test_topics_of_one_connection_stay_far_below_21000_characters() -> None:
    for market in BYBIT.markets:
        streams = [
            Stream(market, channel, f"1000000COINWITHALONGNAME{number:04}USDT")
            for number in range(900)
            for channel in (Channel.BBO, Channel.BOOK, Channel.TICKER)
        ]
        for plan in BYBIT.plan(PROD, streams):
            outs = session(plan.url).subscribe(plan.streams)
            assert sum(len(topic) for out in outs for topic in said(out)[1]) < 20_000


def test_sockets_are_routed_by_market_and_carry_one_kind_each() -> None:
    streams = [
        perp(Channel.BBO), perp(Channel.TICKER), perp(Channel.MARK), perp(Channel.FUNDING), perp(Channel.BOOK),
        spot(Channel.BBO), spot(Channel.TICKER),
    ]  # fmt: skip
    plans = {plan.label: plan for plan in BYBIT.plan(PROD, [*streams, *streams])}
    assert {label: plan.url.rpartition("/")[2] for label, plan in plans.items()} == {
        "perp.bbo.0": "linear",
        "perp.data.0": "linear",
        "perp.book.0": "linear",
        "spot.bbo.0": "spot",
        "spot.data.0": "spot",
    }
    assert plans["perp.data.0"].streams == (perp(Channel.TICKER), perp(Channel.MARK), perp(Channel.FUNDING))


def test_300_perps_and_300_spot_pairs_make_six_sockets() -> None:
    instruments = [(market, f"COIN{number:03}USDT") for market in (Market.PERP, Market.SPOT) for number in range(300)]
    streams = [
        Stream(market, channel, native)
        for market, native in instruments
        for channel in (
            (Channel.BBO, Channel.TICKER, Channel.MARK, Channel.FUNDING)
            if market is Market.PERP
            else (Channel.BBO, Channel.TICKER)
        )
    ]
    assert [plan.label for plan in BYBIT.plan(PROD, streams)] == [
        "perp.bbo.0",
        "perp.bbo.1",
        "perp.data.0",
        "spot.bbo.0",
        "spot.bbo.1",
        "spot.data.0",
    ]


@pytest.mark.parametrize(
    ("env", "host"),
    [
        (Environment.PROD, "stream.bybit.com"),
        (Environment.TESTNET, "stream-testnet.bybit.com"),
        (Environment.DEMO, "stream.bybit.com"),  # the demo host has private streams only
    ],
)
def test_each_environment_has_its_sockets(env: Environment, host: str) -> None:
    (plan,) = BYBIT.plan(env, [perp(Channel.BBO)])
    assert plan.url == f"wss://{host}/v5/public/linear"


# --- acknowledgements -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("url", "msg", "market"), [(LINEAR, "", Market.PERP), (SPOT, "subscribe", Market.SPOT)])
def test_one_answer_a_request_is_found_by_its_id(url: str, msg: str, market: Market) -> None:
    talk = session(url)
    streams = bbos(20, market)
    outs = talk.subscribe(streams[:10]) + talk.subscribe(streams[10:])
    assert answer(talk, outs[1], msg=msg) == [Subscribed(tuple(streams[10:]), T_NS)]
    assert answer(talk, outs[0], msg=msg) == [Subscribed(tuple(streams[:10]), T_NS)]


def test_an_answer_without_id_is_the_oldest_requests() -> None:
    talk = session()
    talk.subscribe([perp(Channel.BBO)])
    talk.subscribe([perp(Channel.BOOK)])
    assert answer(talk, None, op="subscribe") == [Subscribed((perp(Channel.BBO),), T_NS)]
    assert answer(talk, None, op="subscribe") == [Subscribed((perp(Channel.BOOK),), T_NS)]
    assert answer(talk, None, op="subscribe") == [Ignored("answer_to_nothing")]


def test_an_answer_that_comes_twice_says_nothing_new() -> None:
    talk = session()
    (out,) = talk.subscribe([perp(Channel.BBO)])
    assert answer(talk, out) == [Subscribed((perp(Channel.BBO),), T_NS)]
    assert answer(talk, out) == [Ignored("answer_to_nothing")]


def test_unsubscribing_is_acknowledged() -> None:
    talk = session()
    talk.subscribe([perp(Channel.BBO)])
    (out,) = talk.unsubscribe([perp(Channel.BBO)])
    assert said(out) == ("unsubscribe", ["orderbook.1.BTCUSDT"])
    assert answer(talk, out) == [Unsubscribed((perp(Channel.BBO),), T_NS)]
    (again,) = talk.unsubscribe([perp(Channel.BBO)])
    assert answer(talk, again, ok=False, msg="error:not subscribed") == [Ignored("not_unsubscribed")]


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [NOT_FOUND, INVALID])
@pytest.mark.parametrize("url", [LINEAR, SPOT])
def test_one_bad_topic_is_refused_and_the_rest_of_its_request_asked_again(words: str, url: str) -> None:
    market = Market.PERP if url == LINEAR else Market.SPOT
    streams = bbos(10, market)
    talk = session(url)
    (out,) = talk.subscribe(streams)
    text = words.format("orderbook.1.COIN004USDT")
    (refused,) = answer(talk, out, ok=False, msg=text)
    rest = (*streams[:4], *streams[5:])
    assert refused == Refused((streams[4],), "", text, T_NS, retry=rest)


def test_a_bad_ticker_topic_takes_all_its_streams_with_it() -> None:
    streams = [perp(channel) for channel in (Channel.TICKER, Channel.MARK, Channel.FUNDING)]
    talk = session()
    (out,) = talk.subscribe([*streams, perp(Channel.TICKER, "ETHUSDT")])
    (refused,) = answer(talk, out, ok=False, msg=NOT_FOUND.format("tickers.BTCUSDT"))
    assert isinstance(refused, Refused)
    assert refused.streams == tuple(streams)
    assert refused.retry == (perp(Channel.TICKER, "ETHUSDT"),)


def test_a_refusal_that_names_the_symbol_alone_finds_its_topic() -> None:
    talk = session()
    (out,) = talk.subscribe([perp(Channel.BBO, "NOPEUSDT"), perp(Channel.BBO, "ANOPEUSDT")])
    (refused,) = answer(talk, out, ok=False, msg="Invalid symbol :[NOPEUSDT]")
    assert isinstance(refused, Refused)
    assert refused.streams == (perp(Channel.BBO, "NOPEUSDT"),)


def test_a_refusal_without_id_is_found_by_the_topic_that_it_names() -> None:
    talk = session()
    talk.subscribe([perp(Channel.BBO)])
    talk.subscribe([perp(Channel.BOOK, "NOPEUSDT")])
    (refused,) = answer(talk, None, ok=False, msg=NOT_FOUND.format("orderbook.200.NOPEUSDT"), op="subscribe")
    assert isinstance(refused, Refused)
    assert refused.streams == (perp(Channel.BOOK, "NOPEUSDT"),)


def test_too_many_args_refuse_nobody_and_are_asked_in_smaller_requests() -> None:
    streams = bbos(10, Market.SPOT)
    talk = session(SPOT)
    talk.subscribe(streams)
    (refused,) = answer(talk, None, ok=False, msg="args size >10")
    assert refused == Refused((), "", "args size >10", T_NS, retry=tuple(streams))
    assert [len(said(out)[1]) for out in talk.subscribe(streams)] == [1] * 10


def asked_until_settled(
    talk: BybitSession, streams: Sequence[Stream], bad: set[str], words: str
) -> tuple[set[Stream], set[Stream], int]:
    """Subscribed, refused, and how often a stream was asked for, by a venue that refuses whole requests."""
    good: set[Stream] = set()
    refused: set[Stream] = set()
    asks = 0
    while streams:
        asks += 1
        retry: list[Stream] = []
        for out in talk.subscribe(streams):
            guilty = next((topic for topic in said(out)[1] if topic in bad), "")
            for event in answer(talk, out, ok=not guilty, msg=words.format(guilty) if guilty else ""):
                if isinstance(event, Subscribed):
                    good.update(event.streams)
                elif isinstance(event, Refused):
                    refused.update(event.streams)
                    retry += event.retry
        streams = retry
    return good, refused, asks


@pytest.mark.parametrize("words", [NOT_FOUND, INVALID, "Request not authorised"])
@pytest.mark.parametrize("guilty", [1, 7, 50])
def test_three_rounds_tell_the_bad_topics_from_the_good_ones_whatever_the_refusal_says(words: str, guilty: int) -> None:
    streams = bbos(50)
    bad = set(streams[:: 50 // guilty][:guilty])
    good, refused, asks = asked_until_settled(
        session(), streams, {f"orderbook.1.{stream.native}" for stream in bad}, words
    )
    assert refused == bad
    assert good == set(streams) - bad
    assert asks <= 3


def test_a_topic_that_was_taken_at_last_may_share_large_requests_again() -> None:
    streams = bbos(50)
    talk = session()
    asked_until_settled(talk, streams, {"orderbook.1.COIN007USDT"}, NOT_FOUND)
    sizes = [len(said(out)[1]) for out in talk.subscribe([s for s in streams if s.native != "COIN007USDT"])]
    assert sizes == [49]


def test_already_subscribed_is_a_success_that_costs_the_others_their_request() -> None:
    streams = bbos(3)
    talk = session()
    (out,) = talk.subscribe(streams)
    text = ALREADY.format("orderbook.1.COIN000USDT")
    assert answer(talk, out, ok=False, msg=text) == [
        Subscribed((streams[0],), T_NS),
        Refused((), "", text, T_NS, retry=tuple(streams[1:])),
    ]
    (alone, _) = talk.subscribe(streams[1:])
    assert answer(talk, alone, ok=False, msg=ALREADY.format("orderbook.1.COIN001USDT")) == [
        Subscribed((streams[1],), T_NS)
    ]


# --- asking anew ------------------------------------------------------------------------------------------------------


def test_a_book_is_renewed_by_unsubscribing_and_subscribing() -> None:
    talk = session()
    talk.subscribe([perp(Channel.BOOK)])
    outs = talk.unsubscribe([perp(Channel.BOOK)]) + talk.subscribe([perp(Channel.BOOK)])
    assert [said(out) for out in outs] == [
        ("unsubscribe", ["orderbook.200.BTCUSDT"]),
        ("subscribe", ["orderbook.200.BTCUSDT"]),
    ]


def test_a_shared_topic_is_renewed_for_all_when_one_of_its_streams_is_asked_for_anew() -> None:
    streams = [perp(channel) for channel in (Channel.TICKER, Channel.MARK, Channel.FUNDING)]
    talk = session()
    (first,) = talk.subscribe(streams)
    answer(talk, first)
    assert talk.unsubscribe([streams[0]]) == []  # the others still need it
    outs = talk.subscribe([streams[0]])
    assert [said(out) for out in outs] == [("unsubscribe", ["tickers.BTCUSDT"]), ("subscribe", ["tickers.BTCUSDT"])]
    assert [out.streams for out in outs] == [(), (streams[0],)]
    assert answer(talk, outs[0]) == [Unsubscribed((), T_NS)]
    (acked,) = answer(talk, outs[1])
    assert isinstance(acked, Subscribed)
    assert set(acked.streams) == set(streams)


def test_a_shared_topic_goes_with_its_last_stream() -> None:
    streams = [perp(channel) for channel in (Channel.TICKER, Channel.MARK)]
    talk = session()
    talk.subscribe(streams)
    assert talk.unsubscribe([streams[1]]) == []
    (out,) = talk.unsubscribe([streams[0]])
    assert said(out) == ("unsubscribe", ["tickers.BTCUSDT"])
    outs = talk.subscribe([streams[0]])
    assert [said(out)[0] for out in outs] == ["subscribe"]


def test_a_request_that_went_unanswered_is_simply_sent_again() -> None:
    talk = session()
    talk.subscribe([perp(Channel.BBO)])
    (out,) = talk.subscribe([perp(Channel.BBO)])
    assert said(out) == ("subscribe", ["orderbook.1.BTCUSDT"])
    assert answer(talk, out, ok=False, msg=ALREADY.format("orderbook.1.BTCUSDT")) == [
        Subscribed((perp(Channel.BBO),), T_NS)
    ]
