"""OKX's codec against real traffic, where the recordings lie next to the checkout."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from zlib import crc32

from arbtui.core.events import (
    BookDelta,
    BookSnapshot,
    Event,
    Funding,
    Ignored,
    Level,
    Listing,
    Mid,
    Quote,
    Subscribed,
    Ticker,
    Trade,
)
from tests.venues.okx_frames import OKX, T_NS, URL, get, wire
from tests.venues.recordings import RECORDED, growing, lines, needed

BOOKS_2022 = RECORDED / "okx" / "books-tickers-BTC-USDT-20220513.jsonl"
FRAMES_2026 = RECORDED / "okx" / "mixed_ws_2026-08-12.jsonl"
FRAMES_2022 = RECORDED / "okx" / "mixed_ws_2022.jsonl"
SAMPLES = RECORDED / "okx" / "samples-nautilus.jsonl"
SWAPS_2022 = RECORDED / "okx" / "rest_instruments_SWAP_2022-05-13.json"

pytestmark = needed


def apply(side: dict[float, Level], levels: Any) -> None:
    for level in levels:
        if float(level[1]) == 0.0:
            side.pop(float(level[0]), None)
        else:
            side[float(level[0])] = level


def checksum(bids: dict[float, Level], asks: dict[float, Level]) -> int:
    """The venue's number of what our events say, by its docs of 2022 and by none of the codec's code."""
    bid_list = [bids[price] for price in sorted(bids, reverse=True)][:25]
    ask_list = [asks[price] for price in sorted(asks)][:25]
    words: list[str] = []
    for rank in range(25):
        words += [f"{levels[rank][0]}:{levels[rank][1]}" for levels in (bid_list, ask_list) if len(levels) > rank]
    number = crc32(":".join(words).encode())
    return number if number < 2**31 else number - 2**32


def test_texts_of_levels_are_exact_to_the_last_zero_by_the_venues_own_checksums() -> None:
    session = OKX.session(URL, growing())
    bids: dict[float, Level] = {}
    asks: dict[float, Level] = {}
    judged = 0
    for row in lines(BOOKS_2022):
        first = session.decode(wire(row["msg"]), row["t"])[0]
        if isinstance(first, BookSnapshot):
            bids, asks = {}, {}
        if isinstance(first, BookSnapshot | BookDelta):
            apply(bids, first.bids)
            apply(asks, first.asks)
            assert checksum(bids, asks) == row["msg"]["data"][0]["checksum"]
            judged += 1
    assert judged > 90


def test_the_recording_of_2022_is_read_without_loss() -> None:
    session = OKX.session(URL, growing())
    events: list[Event] = []
    for row in lines(BOOKS_2022):
        events += session.decode(wire(row["msg"]), row["t"])
    kinds = {type(event) for event in events}
    assert kinds == {Subscribed, Ticker, Mid, BookSnapshot, BookDelta, Trade}


def test_a_frame_cut_out_of_the_recording_of_2022_is_noticed() -> None:
    session = OKX.session(URL, growing())
    books = [wire(row["msg"]) for row in lines(BOOKS_2022) if b'"action"' in wire(row["msg"])]
    events = [event for frame in (*books[:10], *books[20:]) for event in session.decode(frame, T_NS)]
    assert [type(event).__name__ for event in events[:11]] == ["BookSnapshot", *["BookDelta"] * 9, "Resync"]
    assert events[11:]
    assert all(event == Ignored("update_before_snapshot") for event in events[11:])


def test_frames_of_august_2026_say_what_they_say() -> None:
    session = OKX.session(URL, growing())
    events = [event for row in lines(FRAMES_2026) for event in session.decode(wire(row), T_NS)]
    tickers = {event.last: event for event in events if isinstance(event, Ticker)}
    assert tickers["63921"].vol_24h_coins == "73998.8786"
    assert tickers["64028.6"].vol_24h_quote == "374703695.177360964"
    assert sum(isinstance(event, Subscribed) for event in events) == 2  # books5 is not ours
    trades = [event for event in events if isinstance(event, Trade)]
    assert [(trade.price, trade.size, trade.taker, trade.trade_id) for trade in trades] == [
        ("63913.5", "1", "buy", "2832749635")
    ]


def test_frames_of_2022_say_what_they_say() -> None:
    session = OKX.session(URL, growing())
    events = [event for row in lines(FRAMES_2022) for event in session.decode(wire(row), T_NS)]
    assert [type(event) for event in events] == [Funding, Quote, Quote]
    rate, *quotes = events
    assert isinstance(rate, Funding)
    assert (rate.rate, rate.rate_kind, rate.interval_h) == ("0.0001534702159002", "fixed", None)
    assert [(quote.bid, quote.ask) for quote in quotes if isinstance(quote, Quote)] == [
        (31774.6, 31774.7),
        (20386.7, 20386.8),
    ]


def test_the_docs_samples_are_all_understood() -> None:
    session = OKX.session(URL, growing())
    kinds: dict[str, str] = {}
    for row in lines(SAMPLES):
        if row["name"].startswith("ws_") and "arg" in row["msg"]:
            kinds[row["name"]] = type(session.decode(wire(row["msg"]), T_NS)[0]).__name__
    assert kinds["ws_bbo_tbt.json"] == "Quote"
    assert kinds["ws_books_snapshot.json"] == "BookSnapshot"
    assert kinds["ws_books_update.json"] == "BookDelta"
    assert kinds["ws_funding_rate.json"] == "Funding"
    assert kinds["ws_instruments.json"] == "Listing"
    assert kinds["ws_tickers.json"] == "Ticker"


def test_the_swaps_of_2022_are_the_linear_ones() -> None:
    body = SWAPS_2022.read_bytes()
    (listing,) = OKX.decode_http(get("/api/v5/public/instruments?instType=SWAP"), 200, body, growing(), T_NS)
    assert isinstance(listing, Listing)
    linear = {row["instId"]: row for row in json.loads(body)["data"] if row["ctType"] == "linear"}
    assert {instrument.native for instrument in listing.instruments} == set(linear)
    assert listing.dropped == {"inverse": 40}
    assert not listing.bad
    for instrument in listing.instruments:
        row = linear[instrument.native]
        assert instrument.multiplier == Decimal(row["ctVal"]) * Decimal(row["ctMult"])
        assert instrument.base == row["ctValCcy"]
