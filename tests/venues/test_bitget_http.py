"""Bitget's REST side: what is asked, what the answers say, how refusals are told."""

from __future__ import annotations

from typing import Any

import pytest

from arbtui.core.errors import ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.events import Event, Funding, Ignored, MarkPrice, Quote, ServerTime, Ticker
from arbtui.core.model import Market
from arbtui.venues.base import Environment
from tests.venues.bitget_frames import (
    BITGET,
    PROD,
    T_NS,
    answer,
    funding_row,
    get,
    rest_perp_ticker,
    rest_spot_ticker,
    tables,
    wire,
)

MIX = "/api/v2/mix/market/tickers?productType=USDT-FUTURES"
SPOT = "/api/v2/spot/market/tickers"
FUNDING = "/api/v2/mix/market/current-fund-rate?productType=USDT-FUTURES"
CONTRACTS = "/api/v2/mix/market/contracts?productType=USDT-FUTURES"
TIME = "/api/v2/public/time"


def told(path: str, body: bytes, status: int = 200) -> list[Event]:
    return list(BITGET.decode_http(get(path), status, body, tables(), T_NS))


def test_bootstrap_asks_for_everything_in_five_calls() -> None:
    urls = [request.url for market in BITGET.markets for request in BITGET.snapshot_requests(PROD, market)]
    assert urls == [
        "https://api.bitget.com/api/v2/mix/market/tickers?productType=USDT-FUTURES",
        "https://api.bitget.com/api/v2/mix/market/tickers?productType=USDC-FUTURES",
        "https://api.bitget.com/api/v2/mix/market/current-fund-rate?productType=USDT-FUTURES",
        "https://api.bitget.com/api/v2/mix/market/current-fund-rate?productType=USDC-FUTURES",
        "https://api.bitget.com/api/v2/spot/market/tickers",
    ]


def test_every_request_has_a_budget() -> None:
    budgets = {limit.bucket for limit in BITGET.rest_limits}
    requests = [
        *(request for market in BITGET.markets for request in BITGET.instrument_requests(PROD, market)),
        *(request for market in BITGET.markets for request in BITGET.snapshot_requests(PROD, market)),
        BITGET.time_request(PROD),
    ]
    assert {request.bucket for request in requests if request is not None} == budgets


def test_only_demo_and_testnet_carry_the_demo_header() -> None:
    for env, headers in (
        (PROD, {}),
        (Environment.DEMO, {"PAPTRADING": "1"}),
        (Environment.TESTNET, {"PAPTRADING": "1"}),
    ):
        (request,) = BITGET.instrument_requests(env, Market.SPOT)
        assert dict(request.headers) == headers
        assert request.url.startswith("https://api.bitget.com/")


def test_perpetual_tickers_are_quotes_by_rest_day_figures_and_marks() -> None:
    quote, ticker, mark, skipped = told(MIX, answer(rest_perp_ticker(), rest_perp_ticker("DOGEUSDT")))
    assert isinstance(quote, Quote)
    assert (quote.slot, quote.bid, quote.bid_qty, quote.ask, quote.ask_qty) == (10, 83692.3, 1.2043, 83692.4, 4.5377)
    assert (quote.seq, quote.source, quote.exchange_ms) == (0, "rest", 1790358794983)
    assert quote.raw == ("83692.3", "1.2043", "83692.4", "4.5377")
    assert isinstance(ticker, Ticker)
    assert (ticker.last, ticker.vol_24h_quote, ticker.source) == ("83692.3", "2588367727.81816", "rest")
    assert mark == MarkPrice(10, T_NS, "83692.5", "83720.9225", 1790358794983, "rest")
    assert skipped == Ignored("unknown_symbol")


def test_usdc_perpetuals_come_by_a_call_of_their_own() -> None:
    quote, *_ = told(MIX.replace("USDT-", "usdc-"), answer(rest_perp_ticker("BTCPERP")))
    assert isinstance(quote, Quote)
    assert quote.slot == 12


def test_spot_tickers_say_open_for_the_price_of_yesterday() -> None:
    quote, ticker = told(SPOT, answer(rest_spot_ticker()))
    assert isinstance(quote, Quote)
    assert (quote.slot, quote.bid, quote.ask) == (20, 83715.69, 83715.7)
    assert isinstance(ticker, Ticker)
    assert (ticker.slot, ticker.open_24h) == (20, "83812.27")


@pytest.mark.parametrize("nothing", ["", "0", None])
def test_a_row_with_an_empty_side_is_a_one_sided_quote(nothing: str | None) -> None:
    quote = told(MIX, answer(rest_perp_ticker(askPr=nothing, askSz=nothing)))[0]
    assert isinstance(quote, Quote)
    assert (quote.bid, quote.ask, quote.ask_qty, quote.raw) == (83692.3, None, None, ("83692.3", "1.2043", None, None))


def test_a_bad_row_spoils_no_other() -> None:
    body = answer(rest_perp_ticker(askPr="nan"), {"symbol": 5}, rest_perp_ticker("ETHUSDT"))
    events = told(MIX, body)
    assert [type(event) for event in events] == [Quote, Ticker, MarkPrice, Ignored]
    assert events[-1] == Ignored("bad_row")


def test_funding_comes_with_interval_and_time_for_all_in_one_call() -> None:
    first, second, skipped = told(
        FUNDING,
        answer(
            funding_row(), funding_row("ETHUSDT", fundingRate="-0.000231", fundingRateInterval="1"), funding_row("NEW")
        ),
    )
    assert first == Funding(10, T_NS, "0.0001", "estimated", 8.0, 1789459200000, None, None, "rest")
    assert isinstance(second, Funding)
    assert (second.slot, second.rate, second.interval_h) == (11, "-0.000231", 1.0)
    assert skipped == Ignored("unknown_symbol")


def test_symbols_that_do_not_trade_are_told_by_their_missing_caps() -> None:
    body = answer(funding_row(minFundingRate=None, maxFundingRate=None), funding_row("ETHUSDT"))
    skipped, funding = told(FUNDING, body)
    assert skipped == Ignored("unlisted_symbol")
    assert isinstance(funding, Funding)


def test_a_rate_that_is_never_due_is_no_rate_rather_than_zero() -> None:
    (funding,) = told(FUNDING, answer(funding_row(fundingRate="0", nextUpdate="0")))
    assert isinstance(funding, Funding)
    assert (funding.rate, funding.next_ms) == (None, None)


@pytest.mark.parametrize("interval", ["", "0", "x", "-1", None])
def test_an_interval_that_is_none_stays_unknown(interval: str | None) -> None:
    (funding,) = told(FUNDING, answer(funding_row(fundingRateInterval=interval)))
    assert isinstance(funding, Funding)
    assert (funding.rate, funding.interval_h) == ("0.0001", None)


def test_the_venues_clock() -> None:
    body = wire({"code": "00000", "msg": "success", "requestTime": 1, "data": {"serverTime": "1790358274804"}})
    assert told(TIME, body) == [ServerTime(1790358274804, T_NS)]
    with pytest.raises(ProtocolBroken):
        told(TIME, answer())


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        ("429", 429, RefusalReason.RATE_LIMITED),
        ("40029", 200, RefusalReason.RATE_LIMITED),
        ("40200", 400, RefusalReason.MAINTENANCE),
        ("40309", 400, RefusalReason.UNKNOWN_INSTRUMENT),
        ("40018", 400, RefusalReason.NOT_AUTHORISED),
        ("40034", 400, RefusalReason.BAD_REQUEST),
        ("400172", 200, RefusalReason.BAD_REQUEST),
        ("59999", 200, RefusalReason.OTHER),
        ("00000", 404, RefusalReason.OTHER),
    ],
)
def test_a_code_other_than_five_zeros_is_a_refusal_whatever_the_status(
    code: str, status: int, reason: RefusalReason
) -> None:
    with pytest.raises(VenueRefused, match="some words") as refused:
        told(MIX, answer(code=code, msg="some words"), status)
    assert (refused.value.reason, refused.value.code) == (reason, code)


def test_a_refusal_may_have_no_data_and_no_words() -> None:
    with pytest.raises(VenueRefused, match="no reason given"):
        told(MIX, b'{"code":"40034","msg":null,"requestTime":1,"data":null}', 400)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>503</html>",
        b"[]",
        b"{}",
        answer(rest_perp_ticker())[:-20],
        b'{"code":"00000","msg":"","data":{}}',
        b'{"code":"00000","msg":"","data":null}',
        b'{"code":"00000","msg":""}',
        b'{"code":null,"data":[]}',
    ],
)
@pytest.mark.parametrize("path", [MIX, SPOT, FUNDING, CONTRACTS, TIME])
def test_a_body_that_is_not_what_was_asked_for_is_refused(path: str, body: bytes) -> None:
    with pytest.raises(ProtocolBroken):
        told(path, body)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/api/v2/mix/account/accounts?productType=USDT-FUTURES", "other_request"),
        ("/api/mix/v1/market/tickers?productType=umcbl", "other_request"),
        ("/api/v2/mix/market/contracts?productType=COIN-FUTURES", "other_product"),
        ("/api/v2/mix/market/tickers?productType=SUSDT-FUTURES", "other_product"),
        ("/api/v2/mix/market/current-fund-rate?productType=COIN-FUTURES", "other_product"),
    ],
)
def test_an_answer_to_something_else_is_left_alone(path: str, kind: str) -> None:
    assert told(path, answer()) == [Ignored(kind)]


def test_nothing_is_paged() -> None:
    (request, *_) = BITGET.instrument_requests(PROD, Market.PERP)
    assert BITGET.next_page(request, answer()) is None


def test_an_empty_list_is_an_empty_answer() -> None:
    empty: dict[str, Any] = {path: told(path, answer()) for path in (MIX, SPOT, FUNDING)}
    assert all(events == [] for events in empty.values())
