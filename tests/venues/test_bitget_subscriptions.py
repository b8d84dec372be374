"""How Bitget is asked, and how its acknowledgements and refusals find their streams."""

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
from tests.venues.bitget_frames import BITGET, PROD, SPOT, T_NS, URL, USDC, USDT, arg, tables, wire

PERP, SPOT_MARKET = Market.PERP, Market.SPOT
ON_TICKER = (Channel.TICKER, Channel.MARK, Channel.FUNDING)


def bbo(native: str = "BTCUSDT", market: Market = PERP) -> Stream:
    return Stream(market, Channel.BBO, native)


def on_ticker(native: str = "BTCUSDT") -> tuple[Stream, ...]:
    return tuple(Stream(PERP, channel, native) for channel in ON_TICKER)


def session() -> Session:
    return BITGET.session(URL, tables())


def args(out: Outgoing) -> list[dict[str, str]]:
    body = json.loads(out.frame)
    assert isinstance(body["args"], list)
    return body["args"]


def told(to: Session, event: str, about: dict[str, str] | None, **more: Any) -> Event:
    frame = {"event": event, **({} if about is None else {"arg": about}), **more}
    (answer,) = to.decode(wire(frame), T_NS)
    return answer


# --- asking -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stream", "wanted"),
    [
        (bbo(), arg("books1", "BTCUSDT", USDT)),
        (bbo("BTCPERP"), arg("books1", "BTCPERP", USDC)),
        (bbo("BTCUSDT", SPOT_MARKET), arg("books1", "BTCUSDT", SPOT)),
        (bbo("BTCUSDC", SPOT_MARKET), arg("books1", "BTCUSDC", SPOT)),
        (bbo("牛来USDT"), arg("books1", "牛来USDT", USDT)),
        (Stream(PERP, Channel.BOOK, "1000BONKUSDT"), arg("books", "1000BONKUSDT", USDT)),
        (Stream(PERP, Channel.TICKER, "ETHPERP"), arg("ticker", "ETHPERP", USDC)),
        (Stream(PERP, Channel.MARK, "ETHUSDT"), arg("ticker", "ETHUSDT", USDT)),
        (Stream(PERP, Channel.FUNDING, "ETHUSDT"), arg("ticker", "ETHUSDT", USDT)),
    ],
)
def test_each_stream_is_asked_under_its_own_product(stream: Stream, wanted: dict[str, str]) -> None:
    """Under another one it would be acknowledged and silent."""
    (out,) = session().subscribe([stream])
    assert json.loads(out.frame) == {"op": "subscribe", "args": [wanted]}
    assert out.streams == (stream,)


@pytest.mark.parametrize(
    "stream",
    [
        Stream(SPOT_MARKET, Channel.FUNDING, "BTCUSDT"),
        Stream(SPOT_MARKET, Channel.MARK, "BTCUSDT"),
        Stream(PERP, Channel.MIDS),
        Stream(PERP, Channel.INSTRUMENTS),
        Stream(PERP, Channel.BBO),
    ],
)
def test_a_stream_that_bitget_does_not_have_is_our_mistake(stream: Stream) -> None:
    with pytest.raises(OurMistake, match=str(stream)):
        session().subscribe([stream])


def test_streams_that_ride_on_one_ticker_are_asked_for_once() -> None:
    (out,) = session().subscribe(on_ticker())
    assert args(out) == [arg("ticker")]
    assert out.streams == on_ticker()


def test_a_ticker_is_left_only_with_the_last_stream_that_rides_on_it() -> None:
    talk = session()
    talk.subscribe(on_ticker())
    assert talk.unsubscribe(on_ticker()[:2]) == []
    (out,) = talk.unsubscribe(on_ticker()[2:])
    assert json.loads(out.frame) == {"op": "unsubscribe", "args": [arg("ticker")]}


def size_of(out: Outgoing) -> int:
    return len(out.frame.encode() if isinstance(out.frame, str) else out.frame)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.builds(
            Stream,
            st.just(PERP),
            st.sampled_from([Channel.BBO, *ON_TICKER]),
            st.text("ABCXYZ0123456789币", min_size=1, max_size=20).map(lambda base: f"{base}USDT"),
        ),
        max_size=200,
    )
)
def test_frames_keep_to_50_args_and_4000_bytes_and_ask_for_everything_once(streams: list[Stream]) -> None:
    talk = session()
    frames = talk.subscribe(streams)
    frames_back = talk.unsubscribe(streams)
    for out in (*frames, *frames_back):
        assert len(args(out)) <= 50
        assert size_of(out) <= 4000
    asked = [(each["channel"], each["instId"]) for out in frames for each in args(out)]
    assert len(asked) == len(set(asked))
    assert sorted(stream for out in frames for stream in out.streams) == sorted(set(streams))
    assert sorted(asked) == sorted((each["channel"], each["instId"]) for out in frames_back for each in args(out))


def test_bytes_are_counted_not_letters() -> None:
    frames = session().subscribe([bbo("币" * 20 + f"{number:02}USDT") for number in range(50)])
    assert len(frames) > 1
    assert all(size_of(out) <= 4000 for out in frames)


# --- answers ----------------------------------------------------------------------------------------------------------


def test_one_acknowledgement_comes_per_arg_and_names_it() -> None:
    talk = session()
    talk.subscribe([bbo(), *on_ticker("BTCPERP")])
    assert told(talk, "subscribe", arg("ticker", "BTCPERP", USDC)) == Subscribed(on_ticker("BTCPERP"), T_NS)
    assert told(talk, "subscribe", arg("books1")) == Subscribed((bbo(),), T_NS)
    assert told(talk, "subscribe", arg("books1", "BTCUSDT", SPOT)) == Subscribed((bbo("BTCUSDT", SPOT_MARKET),), T_NS)


def test_a_spot_ticker_carries_no_mark_and_no_funding() -> None:
    told_streams = told(session(), "subscribe", arg("ticker", "BTCUSDT", SPOT))
    assert told_streams == Subscribed((Stream(SPOT_MARKET, Channel.TICKER, "BTCUSDT"),), T_NS)


def test_leaving_is_acknowledged_like_asking() -> None:
    assert told(session(), "unsubscribe", arg("books1")) == Unsubscribed((bbo(),), T_NS)


@pytest.mark.parametrize("event", ["subscribe", "unsubscribe"])
def test_an_acknowledgement_of_a_foreign_channel_is_left_alone(event: str) -> None:
    assert told(session(), event, arg("candle1m")) == Ignored("other_channel")


@pytest.mark.parametrize("code", [30001, "30001"])
def test_a_refusal_names_its_arg_and_spares_the_others(code: object) -> None:
    talk = session()
    talk.subscribe([bbo("NOPEUSDT"), bbo()])
    words = "instType:USDT-FUTURES,channel:books1,instId:NOPEUSDT,precision:null doesn't exist"
    refused = told(talk, "error", arg("books1", "NOPEUSDT"), code=code, msg=words, op="subscribe")
    assert refused == Refused((bbo("NOPEUSDT"),), "30001", words, T_NS)


def test_a_refused_ticker_refuses_all_that_rides_on_it() -> None:
    refused = told(session(), "error", arg("ticker", "NOPEUSDT"), code=30001, msg="doesn't exist", op="subscribe")
    assert isinstance(refused, Refused)
    assert refused.streams == on_ticker("NOPEUSDT")


def test_a_refusal_without_an_arg_finds_it_in_its_words() -> None:
    talk = session()
    talk.subscribe([bbo("牛来USDT"), bbo()])
    words = "instType:USDT-FUTURES,channel:books1,instId:牛来USDT,precision:null doesn't exist"
    refused = told(talk, "error", None, code=30001, msg=words)
    assert isinstance(refused, Refused)
    assert refused.streams == (bbo("牛来USDT"),)


def test_a_refusal_that_names_nothing_is_about_all_that_is_not_answered_yet() -> None:
    talk = session()
    talk.subscribe([bbo(), bbo("ETHUSDT"), *on_ticker()])
    told(talk, "subscribe", arg("books1", "ETHUSDT"))
    refused = told(talk, "error", None, code=30002, msg="Illegal request")
    assert isinstance(refused, Refused)
    assert (refused.streams, refused.code, refused.retry) == ((bbo(), *on_ticker()), "30002", ())


@pytest.mark.parametrize("code", [30006, 30007])
def test_too_many_requests_asks_for_a_retry_and_refuses_nothing(code: int) -> None:
    talk = session()
    talk.subscribe([bbo(), bbo("ETHUSDT")])
    told(talk, "subscribe", arg("books1"))
    refused = told(talk, "error", None, code=code, msg="too many requests")
    assert isinstance(refused, Refused)
    assert (refused.streams, refused.retry) == ((), (bbo("ETHUSDT"),))


def test_a_refusal_with_nothing_open_still_tells_its_words() -> None:
    assert told(session(), "error", None, code=30003, msg="Invalid op") == Refused((), "30003", "Invalid op", T_NS)


def test_a_refused_unsubscription_refuses_no_stream() -> None:
    answer = told(session(), "error", arg("books1"), code=30001, msg="doesn't exist", op="unsubscribe")
    assert answer == Ignored("unsubscribe_refused")


# --- sockets ----------------------------------------------------------------------------------------------------------


def selection(perps: int, spots: int) -> list[Stream]:
    streams = [
        Stream(PERP, channel, f"C{number}" + ("PERP" if number % 8 == 0 else "USDT"))
        for number in range(perps)
        for channel in (Channel.BBO, *ON_TICKER)
    ]
    streams += [
        Stream(SPOT_MARKET, channel, f"C{number}USDT")
        for number in range(spots)
        for channel in (Channel.BBO, Channel.TICKER)
    ]
    return streams


def test_sockets_carry_each_stream_once_within_the_budgets_of_a_connection() -> None:
    """Fewer than 1,000 channels, and a whole connection is asked for in two of the hour's 240 requests."""
    streams = selection(400, 250)
    plans = BITGET.plan(PROD, streams)
    assert sorted(stream for plan in plans for stream in plan.streams) == sorted(streams)
    assert len({plan.label for plan in plans}) == len(plans) == 20
    for plan in plans:
        frames = session().subscribe(plan.streams)
        asked = [each for out in frames for each in args(out)]
        assert len(asked) <= (50 if ".bbo." in plan.label else 100)
        assert len(frames) <= 2
        assert {stream.market for stream in plan.streams} == {plan.market}
        assert plan.url == URL


def test_all_that_is_listed_stays_below_the_hundred_connections_of_an_address() -> None:
    assert len(BITGET.plan(PROD, selection(840, 560))) <= 45


def test_best_prices_are_connected_first() -> None:
    purposes = [plan.label.split(".")[1] for plan in BITGET.plan(PROD, selection(120, 120))]
    assert purposes == sorted(purposes)
    assert purposes[0] == "bbo"


def test_perpetuals_of_both_currencies_share_a_socket() -> None:
    (plan,) = BITGET.plan(PROD, [bbo("BTCUSDT"), bbo("BTCPERP")])
    (out,) = session().subscribe(plan.streams)
    assert [each["instType"] for each in args(out)] == [USDT, USDC]


def test_a_later_stream_moves_no_earlier_one() -> None:
    streams = selection(110, 60)
    before = {stream: plan.label for plan in BITGET.plan(PROD, streams) for stream in plan.streams}
    later = [*streams, bbo("NEWUSDT"), Stream(PERP, Channel.BOOK, "NEWUSDT")]
    after = {stream: plan.label for plan in BITGET.plan(PROD, later) for stream in plan.streams}
    assert {stream: after[stream] for stream in streams} == before
    assert after[later[-1]] == "perp.book.0"


def test_demo_trading_has_sockets_of_its_own_and_is_the_only_testnet() -> None:
    for env in (Environment.DEMO, Environment.TESTNET):
        (plan,) = BITGET.plan(env, [bbo()])
        assert plan.url == "wss://wspap.bitget.com/v2/ws/public"


def test_manners_keep_the_venues_limits() -> None:
    manners = BITGET.manners(PERP)
    assert manners.requests_per_hour == 240
    assert manners.messages_per_s < 10
    assert manners.ping_every_s is not None
    assert manners.ping_every_s < 120
    assert manners.lifetime_s is not None
    assert manners.lifetime_s < 24 * 3600


def test_the_heartbeat_does_not_wait_for_idleness_because_the_venue_wants_it_from_busy_connections_too() -> None:
    assert not BITGET.manners(PERP).ping_when_idle


def test_every_channel_has_a_cadence_in_both_markets_and_books_may_be_silent_for_hours() -> None:
    for market in (PERP, SPOT_MARKET):
        for channel in Channel:
            cadence = BITGET.cadence(market, channel)
            assert cadence.quiet_s is None or cadence.quiet_s
        assert BITGET.cadence(market, Channel.BOOK).quiet_s is None
        assert not BITGET.cadence(market, Channel.BBO).periodic
