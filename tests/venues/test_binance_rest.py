"""Binance's REST side: requests, their costs, and what the answers say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from arbtui.core.errors import ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.events import BookSnapshot, Event, Funding, Ignored, Listing, MarkPrice, Quote, ServerTime, Ticker
from arbtui.core.model import Instrument, Market
from arbtui.core.sequence import Contiguous, PrevLink
from arbtui.venues.base import Environment, HttpRequest
from arbtui.venues.binance import Binance
from arbtui.venues.wire import address
from tests.venues.binance_samples import T_NS, exchange_info, perp_symbol, spot_symbol, tables

BINANCE = Binance()
PERP_BBO = {
    "symbol": "BTCUSDT", "bidPrice": "83091.60", "bidQty": "4.215", "askPrice": "83091.70", "askQty": "3.763",
    "time": 1791382994657,
}  # fmt: skip
DAY = {
    "symbol": "BTCUSDT", "lastPrice": "63972.70", "openPrice": "64305.10", "highPrice": "64450.00",
    "lowPrice": "63211.60", "volume": "125235.211", "quoteVolume": "7989662536.93", "openTime": 1786453929176,
    "closeTime": 1786540329176, "count": 5,
}  # fmt: skip
PREMIUM = {
    "symbol": "BTCUSDT", "markPrice": "11793.63104562", "indexPrice": "11781.80495970",
    "estimatedSettlePrice": "11781.16138815", "lastFundingRate": "0.00038246", "interestRate": "0.00010000",
    "nextFundingTime": 1597392000000, "time": 1597370495002,
}  # fmt: skip
DEPTH = {"lastUpdateId": 1027024, "E": 1589436922972, "T": 1589436922959, "bids": [["4.00", "431"]], "asks": []}


def answer(url: str, body: Any, status: int = 200) -> list[Event]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return list(BINANCE.decode_http(HttpRequest("GET", url, "test"), status, data, tables(), T_NS))


def instrument(market: Market, native: str = "BTCUSDT") -> Instrument:
    row = perp_symbol(symbol=native) if market is Market.PERP else spot_symbol(symbol=native)
    request = BINANCE.instrument_requests(Environment.PROD, market)[0]
    (listing,) = BINANCE.decode_http(request, 200, exchange_info(row), tables(), T_NS)
    assert isinstance(listing, Listing)
    (found,) = listing.instruments
    return found


# --- answers ----------------------------------------------------------------------------------------------------------


def test_a_recorded_depth_answer_is_read_from_its_address_alone() -> None:
    spot = answer("https://api.binance.com/api/v3/depth?symbol=ETHUSDT&limit=1000", DEPTH | {"T": None, "E": None})
    assert spot == [BookSnapshot(11, [("4.00", "431")], [], 1027024, T_NS, None, source="rest")]
    perp = answer("https://fapi.binance.com/fapi/v1/depth?symbol=ETHUSDT", DEPTH)
    assert perp == [BookSnapshot(1, [("4.00", "431")], [], 1027024, T_NS, 1589436922959, source="rest")]


def test_a_new_listing_without_a_book_is_no_book() -> None:
    url = "https://fapi.binance.com/fapi/v1/depth?symbol=ETHUSDT"
    assert answer(url, {"lastUpdateId": -1, "bids": [], "asks": []}) == [Ignored("no_book_yet")]


def test_all_best_bids_and_offers_of_both_products() -> None:
    (perp,) = answer("https://fapi.binance.com/fapi/v1/ticker/bookTicker", [PERP_BBO])
    texts = ("83091.60", "4.215", "83091.70", "3.763")
    assert perp == Quote(0, 83091.60, 4.215, 83091.70, 3.763, T_NS, 1791382994657, 0, texts, "rest")
    (spot,) = answer("https://api.binance.com/api/v3/ticker/bookTicker", [PERP_BBO | {"time": None}])
    assert isinstance(spot, Quote)
    assert (spot.slot, spot.exchange_ms, spot.source) == (10, None, "rest")


def test_an_empty_book_in_the_list_has_no_sides() -> None:
    empty = PERP_BBO | dict.fromkeys(("bidPrice", "bidQty", "askPrice", "askQty"), "0.00000000")
    (quote,) = answer("https://api.binance.com/api/v3/ticker/bookTicker", [empty])
    assert isinstance(quote, Quote)
    assert (quote.bid, quote.bid_qty, quote.ask, quote.ask_qty) == (None, None, None, None)
    assert quote.raw == (None, None, None, None)


@pytest.mark.parametrize(
    "bad", [{"bidPrice": "nan"}, {"bidPrice": None}, {"askPrice": "-1"}, {"askQty": "0"}, {"time": "x"}]
)
def test_one_bad_row_of_a_list_is_skipped_and_told_once(bad: dict[str, Any]) -> None:
    rows = [PERP_BBO | bad, PERP_BBO | {"symbol": "ETHUSDT"}, PERP_BBO | bad, PERP_BBO | {"symbol": "OTHER"}, None]
    events = answer("https://fapi.binance.com/fapi/v1/ticker/bookTicker", rows)
    assert [event.slot for event in events if isinstance(event, Quote)] == [1]
    assert [event for event in events if isinstance(event, Ignored)] == [Ignored("bad_row"), Ignored("unknown_symbol")]


@pytest.mark.parametrize(
    "url", ["https://fapi.binance.com/fapi/v1/ticker/24hr", "https://api.binance.com/api/v3/ticker/24hr?type=MINI"]
)
def test_24_hour_figures(url: str) -> None:
    (ticker,) = answer(url, [DAY])
    assert isinstance(ticker, Ticker)
    assert ticker == Ticker(
        ticker.slot, T_NS, last="63972.70", high_24h="64450.00", low_24h="63211.60", vol_24h_wire="125235.211",
        vol_24h_quote="7989662536.93", open_24h="64305.10", exchange_ms=1786540329176, source="rest",
    )  # fmt: skip


@pytest.mark.parametrize("body", [PREMIUM, [PREMIUM]])
def test_marks_and_running_funding_of_all_or_of_one(body: Any) -> None:
    mark, funding = answer("https://fapi.binance.com/fapi/v1/premiumIndex", body)
    assert mark == MarkPrice(0, T_NS, "11793.63104562", "11781.80495970", 1597370495002, "rest")
    assert funding == Funding(
        0,
        T_NS,
        rate="0.00038246",
        rate_kind="estimated",
        next_ms=1597392000000,
        exchange_ms=1597370495002,
        source="rest",
    )


def test_a_premium_row_without_a_funding_time_has_no_funding() -> None:
    (mark,) = answer("https://fapi.binance.com/fapi/v1/premiumIndex", [PREMIUM | {"nextFundingTime": 0}])
    assert isinstance(mark, MarkPrice)


def test_the_venues_clock() -> None:
    request = BINANCE.time_request(Environment.PROD)
    assert answer(request.url, {"serverTime": 1620099477465}) == [ServerTime(1620099477465, T_NS)]


def test_answers_to_questions_that_are_not_ours_are_passed_over() -> None:
    for url in (
        "https://api.binance.com/api/v3/klines?symbol=BTCUSDT",
        "https://dapi.binance.com/dapi/v1/depth",
        "nonsense",
    ):
        assert answer(url, {"anything": 1}) == [Ignored("other_request")]


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, {"code": -1121, "msg": "Invalid symbol."}, RefusalReason.UNKNOWN_INSTRUMENT),
        (400, {"code": -4021, "msg": "Invalid depth limit."}, RefusalReason.BAD_REQUEST),
        (400, {"code": -1102, "msg": "Mandatory parameter was not sent."}, RefusalReason.BAD_REQUEST),
        (429, {"code": -1003, "msg": "Too many requests."}, RefusalReason.RATE_LIMITED),
        (401, {"code": -2015, "msg": "Invalid API-key."}, RefusalReason.NOT_AUTHORISED),
        (451, {"code": 0, "msg": "Service unavailable from a restricted location"}, RefusalReason.REGION_BLOCKED),
        (200, {"code": -1016, "msg": "This service is no longer available."}, RefusalReason.MAINTENANCE),
    ],
)
def test_the_venues_own_errors_are_refusals_with_a_reason(status: int, body: Any, reason: RefusalReason) -> None:
    with pytest.raises(VenueRefused) as caught:
        answer("https://fapi.binance.com/fapi/v1/depth?symbol=X", body, status)
    assert caught.value.reason is reason


@pytest.mark.parametrize("status", [200, 403, 404])
@pytest.mark.parametrize("body", [b"<html>nginx</html>", b"", b'{"lastUpdateId":1,"bids":[["1"', b"null"])
def test_a_body_that_is_not_what_was_asked_for_is_a_broken_protocol(status: int, body: bytes) -> None:
    for path in ("depth?symbol=ETHUSDT", "ticker/bookTicker", "ticker/24hr", "premiumIndex", "time", "fundingInfo"):
        with pytest.raises(ProtocolBroken):
            answer(f"https://fapi.binance.com/fapi/v1/{path}", body, status)


# --- requests ---------------------------------------------------------------------------------------------------------


def test_books_are_seeded_by_the_cheapest_snapshot_that_is_deep_enough() -> None:
    perp = BINANCE.book_request(Environment.PROD, instrument(Market.PERP))
    assert (perp.url, perp.cost) == ("https://fapi.binance.com/fapi/v1/depth?symbol=BTCUSDT", 1)  # 500 levels
    spot = BINANCE.book_request(Environment.PROD, instrument(Market.SPOT))
    assert (spot.url, spot.cost) == ("https://api.binance.com/api/v3/depth?symbol=BTCUSDT&limit=500", 25)


def test_non_ascii_symbols_are_percent_encoded_in_addresses_and_come_back() -> None:
    request = BINANCE.book_request(Environment.PROD, instrument(Market.PERP, "币安人生USDT"))
    assert request.url.isascii()
    (book,) = answer(request.url, DEPTH)
    assert isinstance(book, BookSnapshot)
    assert book.slot == 3


def test_every_request_has_a_budget_that_a_minute_of_rounds_does_not_exhaust() -> None:
    limits = {(limit.host, limit.bucket): limit for limit in BINANCE.rest_limits}
    for env in Environment:
        for market in BINANCE.markets:
            spent: dict[tuple[str, str], float] = {}
            requests = BINANCE.snapshot_requests(env, market)
            for request in [*requests * 15, *BINANCE.instrument_requests(env, market)]:  # a fallback round every 4 s
                key = (address(request.url).host, request.bucket)
                spent[key] = spent.get(key, 0.0) + request.cost
            for key, cost in spent.items():
                assert cost < limits[key].capacity * limits[key].share / 2, (key, cost)


def test_all_snapshot_requests_are_understood_when_answered() -> None:
    bodies = {"bookTicker": [PERP_BBO], "premiumIndex": [PREMIUM], "fundingInfo": [], "24hr": [DAY]}
    for market in BINANCE.markets:
        for request in BINANCE.snapshot_requests(Environment.PROD, market):
            assert answer(request.url, bodies[address(request.url).path.rpartition("/")[2]]) != [
                Ignored("other_request")
            ]


def test_each_product_has_its_own_sequence_rule_and_fees() -> None:
    assert isinstance(BINANCE.book_rule(Market.PERP), PrevLink)
    assert isinstance(BINANCE.book_rule(Market.SPOT), Contiguous)
    assert BINANCE.fees(Market.PERP) == (0.0002, 0.0005)
    assert BINANCE.fees(Market.SPOT) == (0.001, 0.001)
