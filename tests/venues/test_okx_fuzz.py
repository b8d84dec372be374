"""Hostile bytes: every kind of frame and body, spoilt in every way, is an event or a typed error."""

from __future__ import annotations

from arbtui.core.model import Channel, Market, Stream
from arbtui.venues.base import HttpRequest
from tests.venues.fuzzing import assert_event_or_typed_error, assert_http_event_or_typed_error, fuzz
from tests.venues.okx_frames import (
    OKX,
    URL,
    answer,
    bbo,
    book,
    funding_row,
    get,
    index_row,
    mark_row,
    push,
    spot_row,
    swap_row,
    tables,
    ticker_row,
    wire,
)

OLD_BIDS = [["3366.1", "7", "0", "3"], ["3366", "6", "3", "4"]]
OLD_ASKS = [["3366.8", "9", "10", "3"], ["3368", "8", "3", "4"]]

TRADE = {
    "instId": "BTC-USDT-SWAP", "tradeId": "2832749635", "px": "63913.5", "sz": "1", "side": "sell",
    "ts": "1786540435948", "count": "1", "source": "0", "seqId": 333793117432,
}  # fmt: skip

FRAMES = {
    "bbo": bbo(),
    "bbo spot": bbo("BTC-USDT"),
    "bbo one side": bbo(asks=[]),
    "bbo restarted": bbo(seq=1, ts="1786540471999"),
    "book snapshot": book("snapshot", -1, 5),
    "book update": book("update", 5, 6),
    "old snapshot": book("snapshot", None, None, bids=OLD_BIDS, asks=OLD_ASKS, checksum=-1881014294),
    "old update": book("update", None, None, bids=[["3366", "6", "3", "4"]], asks=[], checksum=-1881014294),
    "old update that lost something": book("update", None, None, bids=OLD_BIDS, asks=OLD_ASKS, checksum=5),
    "ticker": push("tickers", "BTC-USDT-SWAP", ticker_row()),
    "ticker one side": push("tickers", "BTC-USDT", ticker_row("BTC-USDT", askPx="", askSz="")),
    "trades": push("trades", "BTC-USDT-SWAP", TRADE, {**TRADE, "source": "1", "side": "buy"}),
    "mark": push("mark-price", "BTC-USDT-SWAP", mark_row()),
    "index": push("index-tickers", "BTC-USDT", index_row()),
    "funding": push("funding-rate", "BTC-USDT-SWAP", funding_row()),
    "instruments": wire(
        {"arg": {"channel": "instruments", "instType": "SWAP"}, "data": [swap_row("ETH", state="suspend")]}
    ),
    "ack": wire({"id": "1", "event": "subscribe", "arg": {"channel": "tickers", "instId": "BTC-USDT"}, "connId": "a"}),
    "left": wire({"id": "2", "event": "unsubscribe", "arg": {"channel": "books", "instId": "BTC-USDT"}}),
    "refused": wire(
        {"event": "error", "code": "60018", "msg": "Wrong URL or channel:books,instId:X-USDT doesn't exist."}
    ),
    "not now": wire({"id": "1", "event": "error", "code": "60014", "msg": "Requests too frequent"}),
    "notice": wire({"event": "notice", "code": "64008", "msg": "The connection will soon be closed.", "connId": "a"}),
    "pong": b"pong",
}

BODIES: dict[str, tuple[HttpRequest, bytes]] = {
    "swaps": (get("/api/v5/public/instruments?instType=SWAP"), answer(swap_row(), swap_row("BTC", ctType="inverse"))),
    "spots": (get("/api/v5/public/instruments?instType=SPOT"), answer(spot_row(), spot_row("NEW", state="preopen"))),
    "tickers": (get("/api/v5/market/tickers?instType=SWAP"), answer(ticker_row(), ticker_row("X-USDT-SWAP"))),
    "marks": (get("/api/v5/public/mark-price?instType=SWAP"), answer(mark_row())),
    "funding": (get("/api/v5/public/funding-rate?instId=ANY"), answer(funding_row())),
    "book": (
        get("/api/v5/market/books?instId=BTC-USDT-SWAP&sz=400"),
        answer({"asks": [["2", "1", "0", "1"]], "bids": [["1", "1", "0", "1"]], "ts": "5", "seqId": 6}),
    ),
    "time": (get("/api/v5/public/time"), answer({"ts": "1597026383085"})),
}


def test_every_kind_of_frame_reaches_its_event_and_no_spoilt_one_escapes() -> None:
    session = OKX.session(URL, tables())
    session.subscribe(
        [Stream(Market.SPOT, Channel.TICKER, "BTC-USDT"), Stream(Market.PERP, Channel.BBO, "BTC-USDT-SWAP")]
    )
    report = assert_event_or_typed_error(session, FRAMES, rounds=12_000, rng_seed=5)
    assert report.reached >= {
        "Quote",
        "BookSnapshot",
        "BookDelta",
        "Resync",
        "Ticker",
        "Trade",
        "Mid",
        "MarkPrice",
        "Funding",
        "Listing",
        "StatusChange",
        "Subscribed",
        "Unsubscribed",
        "Refused",
        "Closing",
        "Pong",
    }
    assert {"not_json", "not_utf8", "too_deep", "unknown_shape", "bad_price", "bad_size"} <= set(report.errors)


def test_every_kind_of_body_reaches_its_event_and_no_spoilt_one_escapes() -> None:
    report = assert_http_event_or_typed_error(OKX, tables(), BODIES, rounds=800, rng_seed=6)
    assert report.reached >= {"Listing", "Quote", "Ticker", "MarkPrice", "Funding", "BookSnapshot", "ServerTime"}
    assert {"VenueRefused", "not_json", "unknown_shape"} <= set(report.errors)


def test_exact_texts_of_a_spoilt_frame_are_texts_or_a_typed_error() -> None:
    def texts(frame: bytes) -> tuple[()]:
        for text in OKX.quote_texts(Market.PERP, frame):
            assert text is None or float(text) > 0.0
        return ()

    report = fuzz(texts, {name: frame for name, frame in FRAMES.items() if name.startswith("bbo")}, 3000, 7)
    assert report.frames > 3000
