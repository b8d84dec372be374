"""Bybit's REST side: what is asked, what the answers say, how refusals are told."""

from __future__ import annotations

from typing import Any

import pytest

from arbtui.core.errors import ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.events import Event, Funding, Ignored, Listing, MarkPrice, Quote, ServerTime, Ticker
from arbtui.core.model import Market
from arbtui.venues.base import Environment, Venue
from arbtui.venues.wire import address
from tests.venues.bybit_frames import BYBIT, PROD, T_NS, answer, get, linear_row, rest_ticker, spot_row, tables, wire

LINEAR = "/v5/market/tickers?category=linear"
SPOT = "/v5/market/tickers?category=spot"
TIME = "/v5/market/time"


def told(path: str, body: bytes, status: int = 200) -> list[Event]:
    return list(BYBIT.decode_http(get(path), status, body, tables(), T_NS))


def refusal(body: bytes, status: int = 200, path: str = LINEAR) -> VenueRefused:
    with pytest.raises(VenueRefused) as refused:
        told(path, body, status)
    return refused.value


def test_bootstrap_asks_for_everything_in_two_calls() -> None:
    urls = [request.url for market in BYBIT.markets for request in BYBIT.snapshot_requests(PROD, market)]
    assert urls == [f"https://api.bybit.com{path}" for path in (LINEAR, SPOT)]


@pytest.mark.parametrize("env", list(Environment))
def test_every_request_has_a_budget_far_below_the_one_that_bans(env: Environment) -> None:
    budgets = {(limit.host, limit.bucket): limit for limit in BYBIT.rest_limits}
    requests = [
        *(request for market in BYBIT.markets for request in BYBIT.instrument_requests(env, market)),
        *(request for market in BYBIT.markets for request in BYBIT.snapshot_requests(env, market)),
        BYBIT.time_request(env),
    ]
    for request in requests:
        limit = budgets[address(request.url).host, request.bucket]
        assert limit.capacity * limit.share < 600 / 2


@pytest.mark.parametrize(
    ("env", "host"),
    [
        (Environment.PROD, "api.bybit.com"),
        (Environment.TESTNET, "api-testnet.bybit.com"),
        (Environment.DEMO, "api-demo.bybit.com"),
    ],
)
def test_each_environment_has_its_host(env: Environment, host: str) -> None:
    assert address(BYBIT.time_request(env).url).host == host


def test_a_book_by_rest_is_never_asked_for_because_it_counts_another_depth() -> None:
    (listing,) = told("/v5/market/instruments-info?category=linear", answer(linear_row()))
    assert isinstance(listing, Listing)
    venue: Venue = BYBIT
    assert venue.book_request(PROD, listing.instruments[0]) is None
    assert told("/v5/market/orderbook?category=linear&symbol=BTCUSDT", b"anything") == [Ignored("other_request")]


def test_a_linear_row_is_quote_day_figures_mark_and_funding() -> None:
    quote, day, mark, funding, skipped = told(LINEAR, answer(rest_ticker(), rest_ticker("BTC-24MAR23")))
    assert quote == Quote(
        10, 66666.6, 23789.165, 66666.7, 23775.469, T_NS, None, 0,
        ("66666.60", "23789.165", "66666.70", "23775.469"), "rest",
    )  # fmt: skip
    assert isinstance(day, Ticker)
    assert (day.last, day.vol_24h_quote, day.source) == ("66666.60", "4936790807.6521", "rest")
    assert mark == MarkPrice(10, T_NS, "66667.10", "66650.19", source="rest")
    assert funding == Funding(10, T_NS, "-0.005", "estimated", 8.0, 1760342400000, source="rest")
    assert skipped == Ignored("unknown_symbol")


def test_a_spot_row_by_rest_has_the_best_prices_that_the_sockets_ticker_lacks() -> None:
    row = {
        "symbol": "BTCUSDT", "bid1Price": "20517.96", "bid1Size": "2", "ask1Price": "20517.97", "ask1Size": "1.862172",
        "lastPrice": "20533.13", "prevPrice24h": "20393.48", "price24hPcnt": "0.0068", "highPrice24h": "21128.12",
        "lowPrice24h": "20318.89", "turnover24h": "243765620.65899866", "volume24h": "11801.27771",
        "usdIndexPrice": "20784.12009279",
    }  # fmt: skip
    quote, day = told(SPOT, answer(row, category="spot"))
    assert isinstance(quote, Quote)
    assert (quote.slot, quote.raw) == (20, ("20517.96", "2", "20517.97", "1.862172"))
    assert isinstance(day, Ticker)
    assert (day.slot, day.vol_24h_wire) == (20, "11801.27771")


@pytest.mark.parametrize("nothing", [{"ask1Price": "", "ask1Size": ""}, {"ask1Price": "0", "ask1Size": "0"}])
def test_a_row_with_an_empty_side_is_a_one_sided_quote(nothing: dict[str, str]) -> None:
    quote, *_ = told(LINEAR, answer(rest_ticker(**nothing)))
    assert isinstance(quote, Quote)
    assert (quote.ask, quote.ask_qty, quote.raw) == (None, None, ("66666.60", "23789.165", None, None))


def test_a_row_without_funding_has_none() -> None:
    events = told(LINEAR, answer(rest_ticker(fundingRate="", nextFundingTime="", fundingIntervalHour="")))
    assert [type(event) for event in events] == [Quote, Ticker, MarkPrice]


@pytest.mark.parametrize("bad", [{"ask1Price": "nan"}, {"markPrice": "-1"}, {"fundingRate": "x"}, {"lastPrice": 5}])
def test_a_bad_row_spoils_no_other(bad: dict[str, Any]) -> None:
    events = told(LINEAR, answer(rest_ticker(**bad), {"symbol": 5}, rest_ticker("ETHUSDT")))
    assert [type(event) for event in events] == [Quote, Ticker, MarkPrice, Funding, Ignored]
    assert events[-1] == Ignored("bad_row")


def test_the_venues_clock_is_read_to_the_millisecond() -> None:
    body = wire(
        {
            "retCode": 0,
            "retMsg": "OK",
            "result": {"timeSecond": "1688639403", "timeNano": "1688639403423213947"},
            "time": 1688639403423,
        }
    )
    assert told(TIME, body) == [ServerTime(1688639403423, T_NS)]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (10006, RefusalReason.RATE_LIMITED),
        (10018, RefusalReason.RATE_LIMITED),
        (429, RefusalReason.RATE_LIMITED),
        (10429, RefusalReason.RATE_LIMITED),
        (10001, RefusalReason.BAD_REQUEST),
        (10003, RefusalReason.NOT_AUTHORISED),
        (10024, RefusalReason.REGION_BLOCKED),
        (10009, RefusalReason.REGION_BLOCKED),
        (10016, RefusalReason.MAINTENANCE),
        (10000, RefusalReason.OTHER),
    ],
)
def test_a_code_within_http_200_is_a_refusal(code: int, reason: RefusalReason) -> None:
    refused = refusal(answer(code=code, msg="Too many visits!"))
    assert (refused.reason, refused.code) == (reason, str(code))
    assert "Too many visits!" in str(refused)


def test_an_error_status_without_a_code_is_a_refusal_all_the_same() -> None:
    refused = refusal(answer(), status=400)
    assert (refused.code, refused.reason) == ("400", RefusalReason.OTHER)


def test_access_too_frequent_means_ten_minutes_of_silence() -> None:
    refused = refusal(b"access too frequent", status=403)
    assert (refused.reason, refused.retry_after_s) == (RefusalReason.RATE_LIMITED, 600.0)


def test_any_other_403_is_a_country_that_is_not_served() -> None:
    assert refusal(b"<html>403 ERROR</html>", status=403).reason is RefusalReason.REGION_BLOCKED


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"retCode":0,"result":[]}', b'{"retCode":0,"result":{"list":5}}', b"\xff"]
)
@pytest.mark.parametrize("path", [LINEAR, "/v5/market/instruments-info?category=spot", TIME])
def test_a_body_of_another_shape_is_refused(body: bytes, path: str) -> None:
    with pytest.raises(ProtocolBroken):
        told(path, body)


def test_a_cut_body_is_refused() -> None:
    with pytest.raises(ProtocolBroken) as refused:
        told(LINEAR, answer(rest_ticker())[:-40])
    assert refused.value.kind == "not_json"


def test_an_answer_for_a_market_without_table_is_no_error() -> None:
    assert told("/v5/market/tickers?category=inverse", answer(rest_ticker())) == [Ignored("other_product")]
    assert told("/v5/market/instruments-info?category=spot", answer(spot_row()))[0].__class__ is Listing


def test_default_fees_are_those_of_a_new_account() -> None:
    assert BYBIT.fees(Market.PERP) == (0.0002, 0.00055)
    assert BYBIT.fees(Market.SPOT) == (0.001, 0.001)
