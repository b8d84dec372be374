"""Hostile bytes: every kind of frame and body, spoilt in every way, is an event or a typed error."""

from __future__ import annotations

from arbtui.core.model import Channel, Market, Stream
from arbtui.venues.base import HttpRequest
from tests.venues.bitget_frames import (
    BITGET,
    SPOT,
    URL,
    USDC,
    answer,
    arg,
    bbo,
    book,
    book_row,
    contract,
    funding_row,
    get,
    perp_ticker,
    push,
    rest_perp_ticker,
    rest_spot_ticker,
    spot_ticker,
    symbol,
    tables,
    wire,
)
from tests.venues.fuzzing import assert_event_or_typed_error, assert_http_event_or_typed_error, fuzz

ROW = book_row([["1", "2"]], [["3", "4"]], 7, 0, "5")

TRADE = {"ts": "1730332858796", "price": "72389.99", "size": "0.001373", "side": "buy", "tradeId": "1235671058980"}

FRAMES = {
    "bbo": bbo(),
    "bbo spot": bbo("BTCUSDT", SPOT),
    "bbo one side": bbo(asks=[]),
    "bbo bare": wire({"action": "snapshot", "arg": arg("books1"), "data": ROW, "ts": 8}),
    "book snapshot": book("snapshot", 0, 5),
    "book update": book("update", 5, 6, inst_id="BTCPERP", inst_type=USDC),
    "book without ids": book("update", None, None),
    "ticker": push("ticker", perp_ticker()),
    "ticker spot": push("ticker", spot_ticker(), inst_type=SPOT),
    "ticker one side": push("ticker", perp_ticker(askPr="", askSz="")),
    "trades": push("trade", TRADE, TRADE | {"side": "sell"}, action="update"),
    "trades before": push("trade", TRADE, inst_type=SPOT),
    "ack": wire({"event": "subscribe", "arg": arg("ticker")}),
    "left": wire({"event": "unsubscribe", "arg": arg("books")}),
    "refused": wire(
        {"event": "error", "arg": arg("books", "X"), "code": 30001, "msg": "doesn't exist", "op": "subscribe"}
    ),
    "refused in words": wire(
        {"event": "error", "code": 30001, "msg": "instType:SPOT,channel:books,instId:X,precision:null doesn't exist"}
    ),
    "not now": wire({"event": "error", "code": "30006", "msg": "too many requests"}),
    "v1": book("update", None, None, inst_type="mc"),
    "v3": wire({"action": "snapshot", "arg": {"instType": "spot", "topic": "books1", "symbol": "X"}, "data": []}),
    "pong": b"pong",
}

BODIES: dict[str, tuple[HttpRequest, bytes]] = {
    "contracts": (
        get("/api/v2/mix/market/contracts?productType=USDT-FUTURES"), answer(contract(), contract("1000BONK")),
    ),
    "symbols": (get("/api/v2/spot/public/symbols"), answer(symbol(), symbol("ETH", "EUR"))),
    "mix tickers": (
        get("/api/v2/mix/market/tickers?productType=USDT-FUTURES"), answer(rest_perp_ticker(), rest_perp_ticker("X")),
    ),
    "spot tickers": (get("/api/v2/spot/market/tickers"), answer(rest_spot_ticker())),
    "funding": (get("/api/v2/mix/market/current-fund-rate?productType=USDT-FUTURES"), answer(funding_row())),
    "time": (
        get("/api/v2/public/time"),
        wire({"code": "00000", "msg": "success", "requestTime": 1, "data": {"serverTime": "1790358274804"}}),
    ),
}  # fmt: skip


def test_every_kind_of_frame_reaches_its_event_and_no_spoilt_one_escapes() -> None:
    session = BITGET.session(URL, tables())
    session.subscribe([Stream(Market.SPOT, Channel.TICKER, "BTCUSDT"), Stream(Market.PERP, Channel.BBO, "BTCUSDT")])
    report = assert_event_or_typed_error(session, FRAMES, rounds=12_000, rng_seed=5)
    assert report.by_seed["bbo"] == {"Quote"}
    assert report.by_seed["book without ids"] == {"refused:unchained_book"}
    assert report.reached >= {
        "Quote", "BookSnapshot", "BookDelta", "Ticker", "Trade", "Mid", "MarkPrice", "Funding", "Subscribed",
        "Unsubscribed", "Refused", "Pong", "Ignored",
    }  # fmt: skip
    assert {"not_json", "not_utf8", "too_deep", "unknown_shape", "bad_price", "bad_size"} <= set(report.errors)


def test_every_kind_of_body_reaches_its_event_and_no_spoilt_one_escapes() -> None:
    report = assert_http_event_or_typed_error(BITGET, tables(), BODIES, rounds=800, rng_seed=6)
    assert report.reached >= {"Listing", "Quote", "Ticker", "MarkPrice", "Funding", "ServerTime"}
    assert {"VenueRefused", "not_json", "unknown_shape"} <= set(report.errors)


def test_exact_texts_of_a_spoilt_frame_are_texts_or_a_typed_error() -> None:
    def texts(frame: bytes) -> tuple[()]:
        for text in BITGET.quote_texts(Market.PERP, frame):
            assert text is None or float(text) > 0.0
        return ()

    report = fuzz(texts, {name: frame for name, frame in FRAMES.items() if name.startswith("bbo")}, 3000, 7)
    assert report.frames > 3000
