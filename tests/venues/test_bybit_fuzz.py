"""Hostile bytes: every kind of frame and body, spoilt in every way, is an event or a typed error."""

from __future__ import annotations

from collections.abc import Sequence

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import Event, Quote
from arbtui.core.model import Channel, Market
from arbtui.venues.base import HttpRequest
from arbtui.venues.bybit.public import BybitSession
from tests.venues.bybit_frames import (
    BYBIT,
    answer,
    bbo,
    book,
    get,
    linear_row,
    perp,
    pre_market_row,
    rest_ticker,
    spot_row,
    spot_ticker,
    tables,
    ticker,
    wire,
)
from tests.venues.fuzzing import T_NS, assert_event_or_typed_error, assert_http_event_or_typed_error, fuzz

STREAMS = [perp(Channel.BBO), perp(Channel.TICKER), perp(Channel.MARK), perp(Channel.BOOK, "ETHUSDT")]


def said(msg: str, *, ok: bool = True, request: str = "1", op: str = "subscribe") -> bytes:
    return wire({"success": ok, "ret_msg": msg, "conn_id": "a", "req_id": request, "op": op})


TRADE = {
    "T": 1680673823564, "s": "BTCUSDT", "S": "Buy", "v": "0.3", "p": "28560.50", "L": "PlusTick", "i": "0cbf2330",
    "BT": False, "RPI": False, "seq": 1,
}  # fmt: skip

LINEAR_FRAMES = {
    "bbo": bbo(),
    "bbo one side": bbo(asks=[]),
    "bbo restarted": bbo(u=1),
    "bbo 2023": bbo(cts=None),
    "old bbo update": bbo(kind="delta", bids=[["63040.80", "0"]], asks=[["63040.9", "1"]]),
    "old bbo update first": bbo("ETHUSDT", kind="delta"),
    "book snapshot": book("snapshot", 5),
    "book update": book("delta", 6),
    "book of another depth": book("delta", 6, depth=50),
    "rpi book": book("snapshot", 7, depth="rpi"),
    "ticker": ticker(),
    "ticker update": ticker("delta", markPrice="5", fundingRate="-0.0001", fundingIntervalHour="4", volume24h="7"),
    "ticker update first": ticker("delta", "ETHUSDT", markPrice="5"),
    "trades": wire(
        {"topic": "publicTrade.BTCUSDT", "type": "snapshot", "ts": 1, "data": [TRADE, TRADE | {"BT": True}]}
    ),
    "ack": said(""),
    "left": said("", request="2", op="unsubscribe"),
    "refused": said("error:handler not found,topic:orderbook.1.BTCUSDT", ok=False),
    "refused, spot's words": said("Invalid symbol :[tickers.BTCUSDT]", ok=False),
    "refused, no words": said("", ok=False),
    "too many": said("args size >10", ok=False, request=""),
    "again": said("error:already subscribed,topic:tickers.BTCUSDT", ok=False),
    "pong": said("pong", request="", op="ping"),
    "other pong": wire({"req_id": "test", "op": "pong", "args": ["1675418560633"], "conn_id": "a"}),
}
SPOT_FRAMES = {"bbo": bbo(), "book": book("snapshot", 5, depth=50), "ticker": spot_ticker()}

BODIES: dict[str, tuple[HttpRequest, bytes]] = {
    "linear": (
        get("/v5/market/instruments-info?category=linear&limit=1000"),
        answer(linear_row(), linear_row(contractType="LinearFutures"), pre_market_row("CallAuction")),
    ),
    "spot": (get("/v5/market/instruments-info?category=spot"), answer(spot_row(), spot_row("BTC", "EUR"))),
    "linear tickers": (get("/v5/market/tickers?category=linear"), answer(rest_ticker(), rest_ticker("XUSDT"))),
    "spot tickers": (get("/v5/market/tickers?category=spot"), answer(rest_ticker())),
    "time": (
        get("/v5/market/time"),
        wire({"retCode": 0, "retMsg": "OK", "result": {"timeNano": "1688639403423213947"}, "time": 1688639403423}),
    ),
}


class Primed(BybitSession):
    """A session that always has a request (id 1) and its end (id 2) under way, so that answers find them."""

    def decode(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        if b'"topic"' not in frame:
            self._subscriptions = type(self._subscriptions)(Market.PERP)
            self.subscribe(STREAMS)
            self.unsubscribe(STREAMS[3:])
        return super().decode(frame, t_ns)


def test_every_kind_of_linear_frame_reaches_its_event_and_no_spoilt_one_escapes() -> None:
    report = assert_event_or_typed_error(Primed(Market.PERP, tables()), LINEAR_FRAMES, rounds=12_000, rng_seed=15)
    assert report.reached >= {
        "Quote",
        "BookSnapshot",
        "BookDelta",
        "Resync",
        "Ticker",
        "Trade",
        "MarkPrice",
        "Funding",
        "Subscribed",
        "Unsubscribed",
        "Refused",
        "Pong",
        "Ignored",
    }
    assert {"not_json", "not_utf8", "too_deep", "unknown_shape", "bad_price", "bad_size", "bad_number"} <= set(
        report.errors
    )


def test_every_kind_of_spot_frame_reaches_its_event_and_no_spoilt_one_escapes() -> None:
    session = BYBIT.session("wss://stream.bybit.com/v5/public/spot", tables())
    report = assert_event_or_typed_error(session, SPOT_FRAMES, rounds=3_000, rng_seed=16)
    assert report.reached == {"Quote", "BookSnapshot", "Ticker"}


def test_every_kind_of_body_reaches_its_event_and_no_spoilt_one_escapes() -> None:
    report = assert_http_event_or_typed_error(BYBIT, tables(), BODIES, rounds=800, rng_seed=17)
    assert report.reached >= {"Listing", "Quote", "Ticker", "MarkPrice", "Funding", "ServerTime"}
    assert {"VenueRefused", "not_json", "unknown_shape"} <= set(report.errors)


def test_spoilt_pages_name_a_next_page_or_are_a_typed_error() -> None:
    request = get("/v5/market/instruments-info?category=linear&limit=1000")

    def turn(body: bytes) -> tuple[()]:
        page = BYBIT.next_page(request, body)
        assert page is None or page.url.startswith(request.url + "&cursor=")
        assert page is None or (page.url.isascii() and page.url.isprintable() and " " not in page.url)
        return ()

    assert fuzz(turn, {"page": answer(linear_row(), cursor="first%3DBTC")}, 1500, 18).frames == 1501


def test_exact_texts_of_a_spoilt_frame_are_texts_or_a_typed_error() -> None:
    def texts(frame: bytes) -> tuple[()]:
        for text in BYBIT.quote_texts(Market.PERP, frame):
            assert text is None or float(text) > 0.0
        return ()

    seeds = {name: frame for name, frame in LINEAR_FRAMES.items() if name.startswith("bbo")}
    assert fuzz(texts, seeds, 3000, 19).frames > 3000


def test_every_quote_that_was_taken_from_a_spoilt_frame_has_texts_that_are_its_numbers() -> None:
    session = BYBIT.session("wss://stream.bybit.com/v5/public/linear", tables())

    def agree(frame: bytes) -> tuple[()]:
        for event in session.decode(frame, T_NS):
            if not isinstance(event, Quote):
                continue
            try:
                texts = BYBIT.quote_texts(Market.PERP, event.raw) if isinstance(event.raw, bytes) else event.raw
            except ProtocolBroken as error:
                raise AssertionError(f"a quote without texts: {event}") from error
            numbers = [None if text is None else float(text) for text in texts]
            assert numbers == [event.bid, event.bid_qty, event.ask, event.ask_qty]
        return ()

    seeds = {name: frame for name, frame in LINEAR_FRAMES.items() if "bbo" in name}
    assert fuzz(agree, seeds, 6000, 20).frames > 6000
