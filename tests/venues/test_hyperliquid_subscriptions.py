"""What is asked for on Hyperliquid's sockets, on how many, and what its answers mean."""

from __future__ import annotations

import json
from typing import Any

import pytest

from arbtui.core.errors import OurMistake
from arbtui.core.events import Event, Ignored, Refused, Subscribed, Unsubscribed
from arbtui.core.model import Channel, Instrument, Market, Stream, TradingStatus
from arbtui.venues.base import Environment, Session, SocketPlan
from arbtui.venues.hyperliquid.subscriptions import Wire, wire_of
from tests.venues.hyperliquid_frames import HYPERLIQUID, PROD, T_NS, URL, ack, push, tables

BBO = Stream(Market.PERP, Channel.BBO, "BTC")
BOOK = Stream(Market.PERP, Channel.BOOK, "BTC")
CTX = tuple(Stream(Market.PERP, channel, "BTC") for channel in (Channel.TICKER, Channel.MARK, Channel.FUNDING))
SPOT_BBO = Stream(Market.SPOT, Channel.BBO, "@107")
MIDS = Stream(Market.PERP, Channel.MIDS)


def session() -> Session:
    return HYPERLIQUID.session(URL, tables())


def asked(talk: Session, *streams: Stream) -> list[Any]:
    return [json.loads(outgoing.frame) for outgoing in talk.subscribe(streams)]


def heard(talk: Session, frame: bytes) -> Event:
    (event,) = talk.decode(frame, T_NS)
    return event


def instrument(native: str, market: Market = Market.PERP) -> Instrument:
    return Instrument(
        venue="hyperliquid", market=market, native=native, base="X", quote="USDC", price_ccy="USDC", settle_ccy="USDC",
        multiplier=None, price_factor=None, status=TradingStatus.TRADING,
    )  # fmt: skip


# --- asking -----------------------------------------------------------------------------------------------------------


def test_one_frame_asks_for_one_thing() -> None:
    assert asked(session(), BBO, BOOK, *CTX, SPOT_BBO, MIDS) == [
        {"method": "subscribe", "subscription": {"type": "bbo", "coin": "BTC"}},
        {"method": "subscribe", "subscription": {"type": "l2Book", "coin": "BTC", "fast": True}},
        {"method": "subscribe", "subscription": {"type": "activeAssetCtx", "coin": "BTC"}},
        {"method": "subscribe", "subscription": {"type": "bbo", "coin": "@107"}},
        {"method": "subscribe", "subscription": {"type": "fastAssetCtxs"}},
    ]


def test_a_frame_names_the_streams_that_it_brings() -> None:
    assert [outgoing.streams for outgoing in session().subscribe([BBO, *CTX])] == [(BBO,), CTX]


def test_what_several_streams_share_goes_with_the_last_of_them() -> None:
    talk = session()
    talk.subscribe(CTX)
    assert talk.unsubscribe(CTX[:2]) == []
    (last,) = talk.unsubscribe(CTX[2:])
    assert json.loads(last.frame) == {
        "method": "unsubscribe",
        "subscription": {"type": "activeAssetCtx", "coin": "BTC"},
    }


@pytest.mark.parametrize(
    "stream",
    [
        Stream(Market.PERP, Channel.BBO),  # there is no stream of all
        Stream(Market.PERP, Channel.BBO, "@107"),
        Stream(Market.SPOT, Channel.BBO, "BTC"),
        Stream(Market.PERP, Channel.BBO, "xyz:TSLA"),
        Stream(Market.PERP, Channel.BBO, "#14880"),
        Stream(Market.SPOT, Channel.FUNDING, "@107"),
        Stream(Market.SPOT, Channel.TICKER, "@107"),
        Stream(Market.PERP, Channel.MIDS, "BTC"),
        Stream(Market.PERP, Channel.INSTRUMENTS),
    ],
)
def test_a_name_that_would_kill_the_socket_is_our_mistake(stream: Stream) -> None:
    with pytest.raises(OurMistake):
        session().subscribe([stream])


def test_every_stream_that_is_wanted_can_be_asked_for() -> None:
    perp, spot = instrument("BTC"), instrument("@107", Market.SPOT)
    perps, spots = HYPERLIQUID.streams_for(perp), HYPERLIQUID.streams_for(spot)
    assert {stream.channel for stream in perps} == {
        Channel.BBO, Channel.TICKER, Channel.MARK, Channel.FUNDING, Channel.MIDS,
    }  # fmt: skip
    assert {stream.channel for stream in spots} == {Channel.BBO, Channel.MIDS}
    for stream in (*perps, *spots, HYPERLIQUID.book_stream(perp), HYPERLIQUID.book_stream(spot)):
        assert isinstance(wire_of(stream), Wire)
        HYPERLIQUID.cadence(stream.market, stream.channel)


# --- answers ----------------------------------------------------------------------------------------------------------


def test_an_acknowledgement_is_known_by_type_and_coin_whatever_defaults_it_adds() -> None:
    talk = session()
    talk.subscribe([BOOK, *CTX, MIDS])
    echoed = ack("l2Book", "BTC", nSigFigs=None, mantissa=None, fast=True)
    assert heard(talk, echoed) == Subscribed((BOOK,), T_NS)
    assert heard(talk, ack("activeAssetCtx", "BTC")) == Subscribed(CTX, T_NS)
    assert heard(talk, ack("fastAssetCtxs")) == Subscribed((MIDS,), T_NS)


def test_an_acknowledgement_of_what_nobody_asked_for_is_ignored() -> None:
    assert heard(session(), ack("bbo", "ETH")) == Ignored("ack")


def test_leaving_is_acknowledged_too() -> None:
    talk = session()
    talk.subscribe([BBO])
    talk.unsubscribe([BBO])
    assert heard(talk, ack("bbo", "BTC", "unsubscribe")) == Unsubscribed((BBO,), T_NS)


QUOTED = [
    '{"type":"bbo","coin":"BTC"}',
    '{"method":"subscribe","subscription":{"type":"bbo","coin":"BTC"}}',
    '{\\"type\\": \\"bbo\\", \\"coin\\": \\"BTC\\"}',
    "Bbo { type: bbo, coin: BTC }",
]


@pytest.mark.parametrize("quoted", QUOTED)
def test_already_subscribed_is_as_good_as_an_acknowledgement(quoted: str) -> None:
    talk = session()
    talk.subscribe([BBO, SPOT_BBO])
    assert heard(talk, push("error", f"Already subscribed: {quoted}")) == Subscribed((BBO,), T_NS)


def test_already_subscribed_never_refuses_whoever_is_meant() -> None:
    talk = session()
    talk.subscribe([BBO])
    assert heard(talk, push("error", 'Already subscribed: {"type":"trades","coin":"ETH"}')) == Ignored("already_so")


def test_already_unsubscribed_is_harmless_too() -> None:
    talk = session()
    talk.subscribe([SPOT_BBO])
    talk.unsubscribe([SPOT_BBO])
    words = 'Already unsubscribed: {"type":"bbo","coin":"@107"}'
    assert heard(talk, push("error", words)) == Unsubscribed((SPOT_BBO,), T_NS)
    assert heard(talk, push("error", "Already unsubscribed: {}")) == Ignored("already_so")


@pytest.mark.parametrize("quoted", QUOTED)
def test_a_refusal_is_of_the_stream_that_it_quotes(quoted: str) -> None:
    talk = session()
    talk.subscribe([SPOT_BBO, BBO])
    words = f"Error parsing JSON into valid websocket request: {quoted}"
    assert heard(talk, push("error", words)) == Refused((BBO,), "error", words, T_NS)


def test_a_refusal_of_what_has_no_coin_is_found_by_its_type() -> None:
    talk = session()
    talk.subscribe([BBO, MIDS])
    words = 'Error parsing JSON into valid websocket request: {"subscription":{"type":"fastAssetCtxs"}}'
    assert heard(talk, push("error", words)) == Refused((MIDS,), "error", words, T_NS)


def test_a_refusal_that_quotes_nothing_is_of_the_only_open_request_or_of_nobody() -> None:
    talk = session()
    talk.subscribe([BBO, SPOT_BBO])
    assert heard(talk, push("error", "Too many subscriptions.")) == Refused(
        (), "error", "Too many subscriptions.", T_NS
    )
    heard(talk, ack("bbo", "@107"))
    assert heard(talk, push("error", "Too many subscriptions.")) == Refused(
        (BBO,), "error", "Too many subscriptions.", T_NS
    )


# --- sockets ----------------------------------------------------------------------------------------------------------


def planned(env: Environment, perps: int, spots: int) -> list[SocketPlan]:
    streams = [s for n in range(perps) for s in HYPERLIQUID.streams_for(instrument(f"C{n}"))]
    streams += [s for n in range(spots) for s in HYPERLIQUID.streams_for(instrument(f"@{n}", Market.SPOT))]
    return HYPERLIQUID.plan(env, streams)


def test_all_that_is_listed_fits_into_the_limits_of_an_address() -> None:
    plans = planned(PROD, perps=180, spots=303)
    wires = [len({wire_of(stream) for stream in plan.streams}) for plan in plans]
    assert len(plans) <= 10 - 3  # room for the private socket, and for one that replaces another
    assert sum(wires) <= 1000 - 300  # and for books
    assert max(wires) <= HYPERLIQUID.manners(Market.PERP).streams_per_socket


def test_labels_are_unique_and_the_plan_is_the_same_every_time() -> None:
    plans = planned(PROD, 180, 303)
    assert plans == planned(PROD, 180, 303)
    assert [plan.label for plan in plans if plan.market is Market.PERP] == [f"perp.public.{n}" for n in range(3)]
    assert len({plan.label for plan in plans}) == len(plans)
    assert {plan.url for plan in plans} == {URL}


def test_a_stream_of_all_coins_is_asked_for_once_a_market() -> None:
    streams = [stream for plan in planned(PROD, 20, 20) for stream in plan.streams]
    assert len(streams) == len(set(streams))
    assert [str(stream) for stream in streams if stream.channel is Channel.MIDS] == ["perp.mids", "spot.mids"]


@pytest.mark.parametrize("env", [Environment.TESTNET, Environment.DEMO])
def test_the_testnet_serves_for_paper_trading_too(env: Environment) -> None:
    assert {plan.url for plan in planned(env, 1, 1)} == {"wss://api.hyperliquid-testnet.xyz/ws"}


def test_fees_are_those_of_a_new_account() -> None:
    assert HYPERLIQUID.fees(Market.PERP) == (0.00015, 0.00045)
    assert HYPERLIQUID.fees(Market.SPOT) == (0.0004, 0.0007)
