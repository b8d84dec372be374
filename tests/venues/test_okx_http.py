"""OKX's REST side: what is asked, what the answers say, how refusals are told."""

from __future__ import annotations

import pytest

from arbtui.core.errors import ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.events import (
    BookSnapshot,
    Event,
    Funding,
    Ignored,
    Listing,
    MarkPrice,
    Quote,
    Resync,
    ServerTime,
    Ticker,
)
from arbtui.core.model import Channel, Market, Stream
from arbtui.venues.base import Environment
from tests.venues.okx_frames import (
    OKX,
    PROD,
    T_NS,
    answer,
    funding_row,
    get,
    mark_row,
    spot_row,
    swap_row,
    tables,
    ticker_row,
    wire,
)

TICKERS = "/api/v5/market/tickers?instType=SWAP"
BOOK = "/api/v5/market/books?instId=BTC-USDT-SWAP&sz=400"


def told(path: str, body: bytes, status: int = 200) -> list[Event]:
    return list(OKX.decode_http(get(path), status, body, tables(), T_NS))


def test_bootstrap_asks_for_everything_in_four_calls() -> None:
    urls = [request.url for market in OKX.markets for request in OKX.snapshot_requests(PROD, market)]
    assert urls == [
        "https://www.okx.com/api/v5/market/tickers?instType=SWAP",
        "https://www.okx.com/api/v5/public/mark-price?instType=SWAP",
        "https://www.okx.com/api/v5/public/funding-rate?instId=ANY",
        "https://www.okx.com/api/v5/market/tickers?instType=SPOT",
    ]


def test_every_request_has_a_budget() -> None:
    budgets = {limit.bucket for limit in OKX.rest_limits}
    (listing,) = (event for event in told("/api/v5/public/instruments?instType=SWAP", answer(swap_row("BTC"))))
    assert isinstance(listing, Listing)
    requests = [
        *(request for market in OKX.markets for request in OKX.instrument_requests(PROD, market)),
        *(request for market in OKX.markets for request in OKX.snapshot_requests(PROD, market)),
        OKX.book_request(PROD, listing.instruments[0]),
        OKX.time_request(PROD),
    ]
    assert {request.bucket for request in requests if request is not None} == budgets


def test_only_demo_and_testnet_carry_the_demo_header() -> None:
    for env, headers in (
        (PROD, {}),
        (Environment.DEMO, {"x-simulated-trading": "1"}),
        (Environment.TESTNET, {"x-simulated-trading": "1"}),
    ):
        (request,) = OKX.instrument_requests(env, Market.SPOT)
        assert dict(request.headers) == headers
        assert request.url.startswith("https://www.okx.com/")


def test_the_book_is_asked_with_all_levels_that_the_stream_shows() -> None:
    (listing,) = told("/api/v5/public/instruments?instType=SPOT", answer(spot_row("BTC")))
    assert isinstance(listing, Listing)
    request = OKX.book_request(PROD, listing.instruments[0])
    assert request is not None
    assert request.url == "https://www.okx.com/api/v5/market/books?instId=BTC-USDT&sz=400"


def test_tickers_are_quotes_by_rest_and_day_figures() -> None:
    quote, ticker, skipped = told(TICKERS, answer(ticker_row(), ticker_row("DOGE-USDT-SWAP"), ticker_row("X-USD-SWAP")))
    assert isinstance(quote, Quote)
    assert (quote.slot, quote.bid, quote.bid_qty, quote.ask, quote.ask_qty) == (10, 63921.0, 779.3, 63921.1, 1871.75)
    assert (quote.seq, quote.source, quote.exchange_ms) == (0, "rest", 1786540471710)
    assert quote.raw == ("63921", "779.3", "63921.1", "1871.75")
    assert isinstance(ticker, Ticker)
    assert (ticker.source, ticker.vol_24h_coins) == ("rest", "73998.8786")
    assert skipped == Ignored("unknown_symbol", 2)


def test_a_ticker_row_with_an_empty_side_is_a_one_sided_quote() -> None:
    quote, _ = told(TICKERS, answer(ticker_row(askPx="", askSz="")))
    assert isinstance(quote, Quote)
    assert (quote.ask, quote.ask_qty, quote.raw) == (None, None, ("63921", "779.3", None, None))


def test_a_bad_row_spoils_no_other() -> None:
    events = told(TICKERS, answer(ticker_row(askPx="nan"), {"instId": 5}, ticker_row("ETH-USDT-SWAP")))
    assert [type(event) for event in events] == [Quote, Ticker, Ignored]
    assert events[-1] == Ignored("bad_row")


def test_marks_and_funding_of_all_swaps_come_in_one_call_each() -> None:
    mark, _ = told("/api/v5/public/mark-price?instType=SWAP", answer(mark_row(), mark_row("BTC-USD-SWAP")))
    assert mark == MarkPrice(10, T_NS, mark="84660.1", exchange_ms=1744590349506, source="rest")
    rate, _ = told("/api/v5/public/funding-rate?instId=ANY", answer(funding_row(), funding_row("BTC-USD-SWAP")))
    assert isinstance(rate, Funding)
    assert (rate.slot, rate.rate, rate.interval_h, rate.source) == (10, "0.00010", 8.0, "rest")


def test_a_book_by_rest_is_a_snapshot_with_its_id() -> None:
    body = answer(
        {"asks": [["41006.8", "0.60", "0", "1"]], "bids": [["41006.7", "0.5", "0", "1"]], "ts": "7", "seqId": 42}
    )
    (event,) = told(BOOK, body)
    assert isinstance(event, BookSnapshot)
    assert (event.slot, event.seq, event.depth, event.source) == (10, 42, 400, "rest")
    assert list(event.asks) == [("41006.8", "0.60", "0", "1")]


def test_a_book_by_rest_without_an_id_sends_us_back_to_the_socket_because_no_update_can_follow_it() -> None:
    events = told(BOOK, answer({"asks": [], "bids": [], "ts": "7"}))
    assert events == [Resync(Stream(Market.PERP, Channel.BOOK, "BTC-USDT-SWAP"), "the book by REST names no seqId")]


def test_a_book_of_no_table_is_skipped() -> None:
    body = wire({"code": "0", "msg": "", "data": [{"asks": [], "bids": [], "ts": "7", "seqId": 1}]})
    assert told("/api/v5/market/books?instId=NOPE-USDT", body) == [Ignored("unknown_symbol")]


@pytest.mark.parametrize("level", [["nan", "1", "0", "1"], ["1"], ["1", "-1", "0", "1"], [1, 2]])
def test_a_book_by_rest_with_a_level_that_is_none_is_refused(level: list[object]) -> None:
    body = wire({"code": "0", "msg": "", "data": [{"asks": [level], "bids": [], "ts": "7", "seqId": 1}]})
    with pytest.raises(ProtocolBroken):
        told(BOOK, body)


def test_the_venues_clock() -> None:
    assert told("/api/v5/public/time", answer({"ts": "1597026383085"})) == [ServerTime(1597026383085, T_NS)]
    with pytest.raises(ProtocolBroken):
        told("/api/v5/public/time", answer())


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        ("50011", 429, RefusalReason.RATE_LIMITED),
        ("50011", 200, RefusalReason.RATE_LIMITED),
        ("50001", 200, RefusalReason.MAINTENANCE),
        ("51001", 200, RefusalReason.UNKNOWN_INSTRUMENT),
        ("51155", 200, RefusalReason.REGION_BLOCKED),
        ("50101", 401, RefusalReason.NOT_AUTHORISED),
        ("51000", 400, RefusalReason.BAD_REQUEST),
        ("59999", 200, RefusalReason.OTHER),
        ("0", 404, RefusalReason.OTHER),
    ],
)
def test_a_code_other_than_zero_is_a_refusal_whatever_the_status(code: str, status: int, reason: RefusalReason) -> None:
    with pytest.raises(VenueRefused, match="some words") as refused:
        told(TICKERS, answer(code=code, msg="some words"), status)
    assert (refused.value.reason, refused.value.code) == (reason, code)


def test_a_code_written_as_a_number_is_the_same_code() -> None:
    with pytest.raises(VenueRefused) as refused:
        told(TICKERS, b'{"msg":"Too Many Requests","code":50011}', 429)
    assert refused.value.reason is RefusalReason.RATE_LIMITED


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>503</html>",
        b"[]",
        b"{}",
        answer(ticker_row())[:-20],
        b'{"code":"0","msg":"","data":{}}',
        b'{"code":"0","msg":"","data":null}',
        b'{"code":null,"data":[]}',
    ],
)
@pytest.mark.parametrize("path", [TICKERS, BOOK, "/api/v5/public/instruments?instType=SWAP", "/api/v5/public/time"])
def test_a_body_that_is_not_what_was_asked_for_is_refused(path: str, body: bytes) -> None:
    with pytest.raises(ProtocolBroken):
        told(path, body)


def test_an_answer_to_something_else_is_left_alone() -> None:
    assert told("/api/v5/account/balance", b"whatever") == [Ignored("other_request")]
    assert told("/api/v5/public/instruments?instType=OPTION", answer()) == [Ignored("other_product")]


def test_nothing_is_paged() -> None:
    (request,) = OKX.instrument_requests(PROD, Market.PERP)
    assert OKX.next_page(request, answer()) is None


def test_default_fees_are_those_of_a_new_account() -> None:
    assert OKX.fees(Market.PERP) == (0.0002, 0.0005)
    assert OKX.fees(Market.SPOT) == (0.0008, 0.0010)
