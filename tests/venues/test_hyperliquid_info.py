"""Hyperliquid's REST side: what is asked, what it costs, what the answers say, how refusals are told."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from arbtui.core.errors import ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.events import BookSnapshot, Event, Funding, Ignored, Listing, MarkPrice, ServerTime, Ticker
from arbtui.core.model import Market, TradingStatus
from arbtui.venues.base import Environment, HttpRequest, Tables
from tests.venues.hyperliquid_frames import (
    HYPERLIQUID,
    NEXT_HOUR_MS,
    PROD,
    T_NS,
    ask,
    ctx,
    meta,
    pair,
    perp_row,
    spot_ctx,
    spot_meta,
    tables,
    wire,
)


def told(kind: str, body: Any, status: int = 200) -> list[Event]:
    data = body if isinstance(body, bytes) else wire(body)
    return list(HYPERLIQUID.decode_http(ask(kind), status, data, tables(), T_NS))


def figures(kind: str, body: Any) -> list[Event]:
    """All but the listing."""
    listing, *events = told(kind, body)
    assert isinstance(listing, Listing)
    assert not listing.partial
    return events


def requests(env: Environment) -> list[HttpRequest]:
    return [request for market in HYPERLIQUID.markets for request in HYPERLIQUID.snapshot_requests(env, market)]


# --- asking -----------------------------------------------------------------------------------------------------------


def test_everything_is_asked_of_one_address_by_type() -> None:
    assert {(request.method, request.url) for request in requests(PROD)} == {
        ("POST", "https://api.hyperliquid.xyz/info")
    }
    assert [json.loads(request.body) for request in requests(PROD)] == [
        {"type": "metaAndAssetCtxs"},
        {"type": "spotMetaAndAssetCtxs"},
    ]
    assert all(request.headers == {"Content-Type": "application/json"} for request in requests(PROD))


def test_what_is_listed_is_told_by_every_snapshot() -> None:
    """A delisting shows within a round, not within the half hour between two discoveries."""
    for market in HYPERLIQUID.markets:
        assert HYPERLIQUID.instrument_requests(PROD, market) == HYPERLIQUID.snapshot_requests(PROD, market)


def test_the_rounds_of_snapshots_leave_most_of_the_budget() -> None:
    limits = {(limit.host, limit.bucket): limit for limit in HYPERLIQUID.rest_limits}
    assert set(limits) == {("api.hyperliquid.xyz", "weight"), ("api.hyperliquid-testnet.xyz", "weight")}
    budget = limits["api.hyperliquid.xyz", "weight"]
    assert (budget.capacity, budget.window_s) == (1200.0, 60.0)
    assert all((request.bucket, request.cost) == ("weight", 20.0) for request in requests(PROD))
    assert (
        15 * sum(request.cost for request in requests(PROD)) <= 0.5 * budget.capacity
    )  # every 4 s while sockets are silent


@pytest.mark.parametrize("env", [Environment.TESTNET, Environment.DEMO])
def test_the_testnet_serves_for_paper_trading_too(env: Environment) -> None:
    assert {request.url for request in requests(env)} == {"https://api.hyperliquid-testnet.xyz/info"}


def test_the_time_of_the_state_is_asked_for_and_told_as_behind_the_clock() -> None:
    request = HYPERLIQUID.time_request(PROD)
    assert request is not None
    assert request.cost == 2.0  # "Rate limits and user limits"
    body = b'{"time":1758900000123,"specialStatuses":null}'
    (time,) = HYPERLIQUID.decode_http(request, 200, body, Tables({}), T_NS)
    assert isinstance(time, ServerTime)
    assert (time.server_ms, time.behind_ms >= 270) == (1758900000123, True)
    with pytest.raises(ProtocolBroken):
        HYPERLIQUID.decode_http(request, 200, b'{"time":null}', Tables({}), T_NS)


def test_no_page_or_book_is_asked_for() -> None:
    assert HYPERLIQUID.next_page(ask("meta"), b"{}") is None
    (listing,) = told("meta", meta(perp_row()))
    assert isinstance(listing, Listing)
    assert HYPERLIQUID.book_request(PROD, listing.instruments[0]) is None


# --- figures ----------------------------------------------------------------------------------------------------------


def test_figures_of_all_perps_are_joined_to_names_by_place() -> None:
    rows = perp_row("BTC"), perp_row("MATIC", isDelisted=True), perp_row("ETH"), perp_row("NEW")
    ctxs = [ctx(), ctx(markPx="9"), ctx(markPx="2", oraclePx="3", funding="-0.001"), ctx()]
    events = figures("metaAndAssetCtxs", [meta(*rows), ctxs])
    marks = [event for event in events if isinstance(event, MarkPrice)]
    fundings = [event for event in events if isinstance(event, Funding)]
    assert marks == [
        MarkPrice(10, T_NS, "64040.0", "64063.1", source="rest"),
        MarkPrice(11, T_NS, "2", "3", source="rest"),
    ]
    assert [(event.slot, event.rate, event.interval_h, event.next_ms, event.source) for event in fundings] == [
        (10, "0.0000125", 1.0, NEXT_HOUR_MS, "rest"),
        (11, "-0.001", 1.0, NEXT_HOUR_MS, "rest"),
    ]
    assert [event.source for event in events if isinstance(event, Ticker)] == ["rest", "rest"]
    assert [event for event in events if isinstance(event, Ignored)] == [Ignored("unknown_symbol")]


def test_impact_prices_are_no_quotes_and_the_mids_beside_them_no_second_opinion() -> None:
    events = figures("metaAndAssetCtxs", [meta(perp_row("BTC")), [ctx()]])
    assert {type(event) for event in events} == {Ticker, MarkPrice, Funding}


def test_a_delisted_coins_frozen_figures_are_not_told_even_if_it_is_still_known() -> None:
    assert figures("metaAndAssetCtxs", [meta(perp_row("BTC", isDelisted=True)), [ctx()]]) == []


@pytest.mark.parametrize("bad", [{"markPx": 5}, None, [], ctx(markPx="nan"), ctx(funding="x"), ctx(dayNtlVlm="-1")])
def test_a_bad_context_leaves_a_gap_and_shifts_nobody(bad: Any) -> None:
    events = figures("metaAndAssetCtxs", [meta(perp_row("BTC"), perp_row("ETH")), [bad, ctx(markPx="2")]])
    assert [(e.slot, e.mark) for e in events if isinstance(e, MarkPrice)] == [(11, "2")]
    assert events[-1] == Ignored("bad_row")


def test_a_row_whose_figures_cannot_be_read_is_listed_all_the_same() -> None:
    (listing, *_) = told("metaAndAssetCtxs", [meta(perp_row("BTC"), perp_row("ETH")), [None, ctx()]])
    assert isinstance(listing, Listing)
    assert [(i.native, i.status) for i in listing.instruments] == [
        ("BTC", TradingStatus.TRADING),
        ("ETH", TradingStatus.TRADING),
    ]


def test_a_bad_name_leaves_a_gap_and_shifts_nobody() -> None:
    events = figures("metaAndAssetCtxs", [meta({"name": None}, perp_row("ETH")), [ctx(), ctx(markPx="2")]])
    assert [(e.slot, e.mark) for e in events if isinstance(e, MarkPrice)] == [(11, "2")]


def test_lists_of_different_length_are_not_joined() -> None:
    with pytest.raises(ProtocolBroken) as refused:
        figures("metaAndAssetCtxs", [meta(perp_row("BTC"), perp_row("ETH")), [ctx()]])
    assert refused.value.kind == "unknown_shape"


PAIRS = spot_meta(pair("PURR/USDC", 1, 0, 0), pair("@107", 150, 0, 107), pair("@166", 268, 0, 166))


def test_figures_of_pairs_are_joined_by_name_never_by_place() -> None:
    ctxs = [spot_ctx("@999"), spot_ctx("@166"), spot_ctx("@107"), {"coin": 5}]
    assert figures("spotMetaAndAssetCtxs", [PAIRS, ctxs]) == [
        Ticker(20, T_NS, vol_24h_wire="43210.5", vol_24h_quote="8906.0", open_24h="0.20432", source="rest"),
        Ignored("bad_row"),
        Ignored("unknown_symbol"),  # @166 stands in no table yet
    ]


def listed_spots(**changes: Any) -> dict[str, TradingStatus]:
    listing, *_ = told("spotMetaAndAssetCtxs", [PAIRS, [spot_ctx("@107", **changes)]])
    assert isinstance(listing, Listing)
    return {instrument.native: instrument.status for instrument in listing.instruments}


def test_a_market_without_mid_and_trades_is_halted_and_nothing_else_is() -> None:
    trading, halted = TradingStatus.TRADING, TradingStatus.HALTED
    assert listed_spots(midPx=None, dayNtlVlm="0.0") == {"PURR/USDC": trading, "@107": halted, "@166": trading}
    for alive in ({"dayNtlVlm": "0.0"}, {"midPx": None}, {"midPx": None, "dayNtlVlm": None}):
        assert listed_spots(**alive)["@107"] is trading
    (perps, *_) = told("metaAndAssetCtxs", [meta(perp_row("BTC")), [ctx(midPx=None, dayNtlVlm="0.0")]])
    assert isinstance(perps, Listing)
    assert perps.instruments[0].status is halted
    assert perps.instruments[0].status_text


# --- books, other requests, refusals ----------------------------------------------------------------------------------


def test_a_recorded_book_answer_is_a_snapshot() -> None:
    levels = [[{"px": "110427.0", "sz": "4.11882"}], [{"px": "110428.0", "sz": "3.72573"}]]
    (event,) = told("l2Book", {"coin": "BTC", "levels": levels, "time": 1761786491067})
    assert isinstance(event, BookSnapshot)
    assert (event.slot, event.seq, event.depth, event.source) == (10, 1761786491067, 20, "rest")
    assert (list(event.bids), list(event.asks)) == ([("110427.0", "4.11882")], [("110428.0", "3.72573")])
    assert told("l2Book", {"coin": "X", "levels": levels, "time": 1}) == [Ignored("unknown_symbol")]


def test_null_for_a_book_says_that_there_is_no_such_coin() -> None:
    with pytest.raises(VenueRefused) as refused:
        told("l2Book", b"null")
    assert refused.value.reason is RefusalReason.UNKNOWN_INSTRUMENT


def test_what_was_not_asked_here_is_left_alone() -> None:
    others = [
        HttpRequest("POST", "https://api.hyperliquid.xyz/exchange", "order", body=b'{"type":"order"}'),
        HttpRequest("GET", "https://api.hyperliquid.xyz/info", "body not recorded"),
        HttpRequest("POST", "https://api.hyperliquid.xyz/info", "no question", body=b"[1]"),
        ask("clearinghouseState", user="0x0"),
        ask("metaAndAssetCtxs", dex="xyz"),  # places of another universe
    ]
    for request in others:
        assert list(HYPERLIQUID.decode_http(request, 200, b"{}", tables(), T_NS)) == [Ignored("other_request")]


def test_the_main_exchange_may_be_named_by_an_empty_name() -> None:
    body = wire([meta(perp_row("BTC")), [ctx()]])
    events = HYPERLIQUID.decode_http(ask("metaAndAssetCtxs", dex=""), 200, body, tables(), T_NS)
    assert any(isinstance(event, MarkPrice) for event in events)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (422, b"Failed to deserialize the JSON body into the target type"),
        (400, b"Failed to parse the request body as JSON"),
        (404, b""),
        (415, b"\xff"),
    ],
)
def test_plain_words_of_refusal_are_told(status: int, words: bytes) -> None:
    with pytest.raises(VenueRefused) as refused:
        told("meta", words, status)
    assert (refused.value.code, refused.value.reason) == (str(status), RefusalReason.BAD_REQUEST)
    assert words.decode(errors="replace") in str(refused.value)


@pytest.mark.parametrize("kind", ["meta", "spotMeta", "metaAndAssetCtxs", "spotMetaAndAssetCtxs"])
@pytest.mark.parametrize("body", [b"null", b"[]", b"{}", b"<html>", b"", b'{"universe":[{"na'])
def test_a_body_of_another_shape_is_refused(kind: str, body: bytes) -> None:
    with pytest.raises(ProtocolBroken):
        told(kind, body)


def test_a_market_without_a_table_is_no_error() -> None:
    body = msgspec.json.encode([meta(perp_row("BTC")), [ctx()]])
    _, *events = HYPERLIQUID.decode_http(ask("metaAndAssetCtxs"), 200, body, Tables({Market.SPOT: {}}), T_NS)
    assert events == [Ignored("unknown_symbol")]
