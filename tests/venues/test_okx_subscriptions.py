"""How OKX is asked, and how its acknowledgements and refusals find their streams."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbtui.core.errors import OurMistake
from arbtui.core.events import Event, Ignored, Refused, Subscribed, Unsubscribed
from arbtui.core.model import Channel, Market, Stream
from arbtui.venues.base import Environment, Outgoing, Session
from tests.venues.okx_frames import OKX, PROD, T_NS, URL, tables, wire

PERP, SPOT = Market.PERP, Market.SPOT


def bbo(native: str) -> Stream:
    return Stream(PERP if native.endswith("-SWAP") else SPOT, Channel.BBO, native)


MARK = Stream(PERP, Channel.MARK, "BTC-USDT-SWAP")


def session() -> Session:
    return OKX.session(URL, tables())


def args(out: Outgoing) -> list[dict[str, str]]:
    body = json.loads(out.frame)
    assert isinstance(body["args"], list)
    return body["args"]


def said(to: Session, event: str, channel: str, **key: str) -> Event:
    (answer,) = to.decode(
        wire({"id": "1", "event": event, "arg": {"channel": channel, **key}, "connId": "d604ccd0"}), T_NS
    )
    return answer


def error(to: Session, code: str, msg: str, **more: Any) -> Refused:
    (answer,) = to.decode(wire({"event": "error", "code": code, "msg": msg, "connId": "ed8c407d", **more}), T_NS)
    assert isinstance(answer, Refused)
    return answer


# --- asking -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stream", "wanted"),
    [
        (bbo("BTC-USDT"), [{"channel": "bbo-tbt", "instId": "BTC-USDT"}]),
        (Stream(PERP, Channel.BOOK, "BTC-USDT-SWAP"), [{"channel": "books", "instId": "BTC-USDT-SWAP"}]),
        (Stream(SPOT, Channel.TICKER, "BTC-USDT"), [{"channel": "tickers", "instId": "BTC-USDT"}]),
        (
            MARK,
            [{"channel": "mark-price", "instId": "BTC-USDT-SWAP"}, {"channel": "index-tickers", "instId": "BTC-USDT"}],
        ),
        (Stream(PERP, Channel.FUNDING, "BTC-USDT-SWAP"), [{"channel": "funding-rate", "instId": "BTC-USDT-SWAP"}]),
        (Stream(PERP, Channel.INSTRUMENTS), [{"channel": "instruments", "instType": "SWAP"}]),
        (Stream(SPOT, Channel.INSTRUMENTS), [{"channel": "instruments", "instType": "SPOT"}]),
    ],
)
def test_each_stream_has_its_args(stream: Stream, wanted: list[dict[str, str]]) -> None:
    (out,) = session().subscribe([stream])
    body = json.loads(out.frame)
    assert body["op"] == "subscribe"
    assert body["args"] == wanted
    assert body["id"].isalnum()
    assert out.streams == (stream,)


@pytest.mark.parametrize(
    "stream",
    [
        Stream(SPOT, Channel.FUNDING, "BTC-USDT"),
        Stream(SPOT, Channel.MARK, "BTC-USDT"),
        Stream(PERP, Channel.MIDS),
        Stream(PERP, Channel.BBO),
    ],
)
def test_a_stream_that_okx_does_not_have_is_our_mistake(stream: Stream) -> None:
    with pytest.raises(OurMistake, match=str(stream)):
        session().subscribe([stream])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.builds(
            Stream,
            st.just(PERP),
            st.sampled_from([Channel.BBO, Channel.MARK, Channel.FUNDING, Channel.TICKER]),
            st.text("ABCXYZ0123456789币", min_size=1, max_size=20).map(lambda base: f"{base}-USDT-SWAP"),
        ),
        max_size=200,
    )
)
def test_requests_stay_below_4_kb_and_ask_for_everything_once(streams: list[Stream]) -> None:
    frames = session().subscribe(streams)
    assert all(len(out.frame.encode() if isinstance(out.frame, str) else out.frame) <= 4096 for out in frames)
    assert [stream for out in frames for stream in out.streams] == list(dict.fromkeys(streams))
    asked = [(arg["channel"], arg["instId"]) for out in frames for arg in args(out)]
    assert len(asked) == len(set(asked))
    marks = sum(stream.channel is Channel.MARK for stream in set(streams))
    assert len(asked) == len(set(streams)) + marks


def test_a_full_socket_is_asked_for_in_a_handful_of_frames() -> None:
    frames = session().subscribe([bbo(f"COIN{number:03}-USDT-SWAP") for number in range(240)])
    assert len(frames) == 4


def test_request_ids_differ_on_one_connection() -> None:
    talk = session()
    frames = [*talk.subscribe([bbo("BTC-USDT")]), *talk.unsubscribe([bbo("BTC-USDT")]), *talk.subscribe([MARK])]
    assert len({json.loads(out.frame)["id"] for out in frames}) == 3
    assert [json.loads(out.frame)["op"] for out in frames] == ["subscribe", "unsubscribe", "subscribe"]


# --- acknowledgements -------------------------------------------------------------------------------------------------


def test_one_acknowledgement_comes_per_arg() -> None:
    talk = session()
    talk.subscribe([bbo("BTC-USDT"), bbo("ETH-USDT")])
    assert said(talk, "subscribe", "bbo-tbt", instId="ETH-USDT") == Subscribed((bbo("ETH-USDT"),), T_NS)
    assert said(talk, "subscribe", "bbo-tbt", instId="BTC-USDT") == Subscribed((bbo("BTC-USDT"),), T_NS)


def test_a_stream_of_two_args_is_acknowledged_with_the_second() -> None:
    talk = session()
    talk.subscribe([MARK])
    assert said(talk, "subscribe", "index-tickers", instId="BTC-USDT") == Ignored("part_of_ack")
    assert said(talk, "subscribe", "mark-price", instId="BTC-USDT-SWAP") == Subscribed((MARK,), T_NS)


def test_instruments_are_acknowledged_by_their_type() -> None:
    talk = session()
    stream = Stream(SPOT, Channel.INSTRUMENTS)
    talk.subscribe([stream])
    assert said(talk, "subscribe", "instruments", instType="SPOT") == Subscribed((stream,), T_NS)


def test_a_replay_that_never_asked_reads_acknowledgements_too() -> None:
    assert said(session(), "subscribe", "bbo-tbt", instId="BTC-USDT") == Subscribed((bbo("BTC-USDT"),), T_NS)


def test_an_acknowledgement_of_a_foreign_channel_is_left_alone() -> None:
    assert said(session(), "subscribe", "trades-all", instId="BTC-USDT") == Ignored("other_channel")
    assert said(session(), "subscribe", "funding-rate", instId="BTC-USDT") == Ignored("other_channel")
    assert said(session(), "unsubscribe", "instruments", instType="OPTION") == Ignored("other_channel")


def test_leaving_is_acknowledged_like_asking() -> None:
    talk = session()
    talk.unsubscribe([MARK])
    assert said(talk, "unsubscribe", "mark-price", instId="BTC-USDT-SWAP") == Ignored("part_of_ack")
    assert said(talk, "unsubscribe", "index-tickers", instId="BTC-USDT") == Unsubscribed((MARK,), T_NS)


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "channel:bbo-tbt,instId:NOPE-USDT doesn't exist",
        "Wrong URL or channel:bbo-tbt,instId:NOPE-USDT doesn't exist. Please use the correct URL, channel and so on.",
        "Subscribe failed, wrong URL or channel:bbo-tbt,instId:NOPE-USDT doesn't exist.",
        'Illegal request: {"op":"subscribe","args":[{"channel":"bbo-tbt","instId":"NOPE-USDT"}]}',
        'Invalid request: {"op": "subscribe", "args":[{ "channel" : "bbo-tbt", "instId" : "NOPE-USDT"}]}',
    ],
)
def test_a_refusal_finds_its_arg_in_the_words(words: str) -> None:
    talk = session()
    talk.subscribe([bbo("BTC-USDT"), bbo("NOPE-USDT")])
    refused = error(talk, "60018", words)
    assert refused.streams == (bbo("NOPE-USDT"),)
    assert (refused.code, refused.retry) == ("60018", ())
    assert refused.text.startswith(words[:100])
    assert said(talk, "subscribe", "bbo-tbt", instId="BTC-USDT") == Subscribed((bbo("BTC-USDT"),), T_NS)


def test_an_illegal_request_that_is_echoed_refuses_all_of_its_args() -> None:
    talk = session()
    (out,) = talk.subscribe([bbo("BTC-USDT"), MARK])
    refused = error(talk, "60012", f"Illegal request: {out.frame!s}")
    assert refused.streams == (bbo("BTC-USDT"), MARK)


def test_a_refusal_without_names_is_put_down_to_its_request() -> None:
    talk = session()
    first, second = talk.subscribe([bbo("BTC-USDT")]), talk.subscribe([bbo("ETH-USDT")])
    assert error(talk, "60012", "Invalid request", id=json.loads(second[0].frame)["id"]).streams == (bbo("ETH-USDT"),)
    assert first[0].streams == (bbo("BTC-USDT"),)


def test_a_refusal_that_names_nothing_suspects_all_that_is_open_and_late_acknowledgements_clear() -> None:
    talk = session()
    talk.subscribe([bbo("BTC-USDT"), bbo("ETH-USDT"), MARK])
    said(talk, "subscribe", "bbo-tbt", instId="ETH-USDT")
    assert error(talk, "60018", "wrong channel").streams == (bbo("BTC-USDT"), MARK)
    assert said(talk, "subscribe", "bbo-tbt", instId="BTC-USDT") == Subscribed((bbo("BTC-USDT"),), T_NS)


def test_a_refusal_with_nothing_open_still_tells_its_words() -> None:
    refused = error(session(), "60019", "Invalid op")
    assert (refused.streams, refused.code, refused.text) == ((), "60019", "Invalid op")


@pytest.mark.parametrize("refused_first", [True, False])
def test_a_stream_of_which_one_arg_is_refused_is_never_called_acknowledged(refused_first: bool) -> None:
    talk = session()
    talk.subscribe([MARK])
    words = "Wrong URL or channel:index-tickers,instId:BTC-USDT doesn't exist."
    if refused_first:
        assert error(talk, "60018", words).streams == (MARK,)
        assert said(talk, "subscribe", "mark-price", instId="BTC-USDT-SWAP") == Ignored("part_of_ack")
    else:
        assert said(talk, "subscribe", "mark-price", instId="BTC-USDT-SWAP") == Ignored("part_of_ack")
        assert error(talk, "60018", words).streams == (MARK,)


def test_a_refused_stream_may_be_asked_for_again() -> None:
    talk = session()
    talk.subscribe([bbo("NOPE-USDT")])
    error(talk, "60018", "channel:bbo-tbt,instId:NOPE-USDT doesn't exist")
    talk.subscribe([bbo("NOPE-USDT")])
    assert said(talk, "subscribe", "bbo-tbt", instId="NOPE-USDT") == Subscribed((bbo("NOPE-USDT"),), T_NS)


@pytest.mark.parametrize("code", ["60014", "50011", "50013"])
def test_not_now_asks_for_a_retry_and_refuses_nothing(code: str) -> None:
    talk = session()
    (out,) = talk.subscribe([bbo("BTC-USDT"), MARK])
    refused = error(talk, code, "Requests too frequent", id=json.loads(out.frame)["id"])
    assert (refused.streams, refused.retry) == ((), (bbo("BTC-USDT"), MARK))


# --- sockets ----------------------------------------------------------------------------------------------------------


def selection(swaps: int, spots: int) -> list[Stream]:
    streams = [
        Stream(PERP, channel, f"C{number}-USDT-SWAP")
        for number in range(swaps)
        for channel in (Channel.BBO, Channel.TICKER, Channel.MARK, Channel.FUNDING)
    ]
    streams += [
        Stream(SPOT, channel, f"C{number}-USDT") for number in range(spots) for channel in (Channel.BBO, Channel.TICKER)
    ]
    return streams


def test_sockets_carry_each_stream_once_and_at_most_240_args() -> None:
    streams = selection(300, 400)
    plans = OKX.plan(PROD, streams)
    assert sorted(stream for plan in plans for stream in plan.streams) == sorted(streams)
    assert len({plan.label for plan in plans}) == len(plans)
    for plan in plans:
        asked = [arg for out in session().subscribe(plan.streams) for arg in args(out)]
        assert len(asked) <= 240
        assert {stream.market for stream in plan.streams} == {plan.market}
        assert plan.url == URL
    assert sum(plan.label.split(".")[1] == "bbo" for plan in plans) == 4


def test_a_later_stream_moves_no_earlier_one() -> None:
    streams = selection(100, 100)
    before = {stream: plan.label for plan in OKX.plan(PROD, streams) for stream in plan.streams}
    later = [*streams, bbo("NEW-USDT-SWAP"), Stream(PERP, Channel.BOOK, "NEW-USDT-SWAP")]
    after = {stream: plan.label for plan in OKX.plan(PROD, later) for stream in plan.streams}
    assert {stream: after[stream] for stream in streams} == before
    assert after[later[-1]] == "perp.book.0"


def test_instruments_that_name_an_all_symbols_stream_each_want_it_once() -> None:
    listing = Stream(PERP, Channel.INSTRUMENTS)
    (plan,) = OKX.plan(PROD, [listing, listing])
    assert plan.streams == (listing,)


def test_demo_and_testnet_have_sockets_of_their_own() -> None:
    for env in (Environment.DEMO, Environment.TESTNET):
        (plan,) = OKX.plan(env, [bbo("BTC-USDT")])
        assert plan.url == "wss://wspap.okx.com:8443/ws/v5/public"


def test_manners_keep_the_venues_limits() -> None:
    manners = OKX.manners(PERP)
    assert manners.ping_when_idle
    assert manners.ping_every_s is not None
    assert manners.ping_every_s < 30
    assert manners.requests_per_hour == 480
    assert manners.streams_per_socket <= 240


def test_every_channel_has_a_cadence_in_both_markets() -> None:
    for market in (PERP, SPOT):
        for channel in Channel:
            assert OKX.cadence(market, channel).quiet_s is None or OKX.cadence(market, channel).quiet_s
