"""Binance's own traffic, read whole: every frame decodes, ids chain, and the books are those that others computed.

The captures are not part of the project; without them these tests are skipped.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from arbtui.core.events import BookDelta, BookSnapshot, Event, Ignored, MarkPrice, Quote, Ticker
from arbtui.core.model import Market
from arbtui.core.sequence import SequenceRule, Verdict
from arbtui.venues.base import HttpRequest, Tables
from arbtui.venues.binance import Binance
from tests.venues.binance_samples import PERP_PUBLIC, SPOT
from tests.venues.recordings import RECORDED, needed

pytestmark = needed

BINANCE = Binance()
CASES = {
    "spot": (Market.SPOT, SPOT, "https://api.binance.com/api/v3/depth?symbol=ETHUSDT&limit=1000"),
    "usdm": (Market.PERP, PERP_PUBLIC, "https://fapi.binance.com/fapi/v1/depth?symbol=ETHUSDT&limit=1000"),
}


def lines(name: str) -> list[dict[str, Any]]:
    path = RECORDED / "binance" / name
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    return [json.loads(line) for line in text.split("\n") if line.strip()]


def compact(message: object) -> bytes:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()


def plain(text: str) -> str:
    return format(Decimal(text).normalize(), "f")


class PlainBook:
    """The slowest book that can be right: two dictionaries, sorted when asked."""

    def __init__(self, rule: SequenceRule) -> None:
        self._rule = rule
        self._waiting: list[BookDelta] = []
        self.sides: tuple[dict[Decimal, str], dict[Decimal, str]] = ({}, {})
        self.seq: int | None = None
        self._first = True
        self.verdicts: list[Verdict] = []

    def snapshot(self, book: BookSnapshot) -> None:
        self.seq = book.seq
        for side, levels in zip(self.sides, (book.bids, book.asks), strict=True):
            side.update({Decimal(price): size for price, size in levels})
        for delta in self._waiting:
            self.delta(delta)

    def delta(self, delta: BookDelta) -> None:
        if self.seq is None:
            self._waiting.append(delta)
            return
        verdict = (self._rule.first if self._first else self._rule.next)(self.seq, delta)
        self.verdicts.append(verdict)
        if verdict is not Verdict.APPLY:
            return
        self.seq, self._first = delta.last, False
        for side, levels in zip(self.sides, (delta.bids, delta.asks), strict=True):
            for price, size in levels:
                if Decimal(size):
                    side[Decimal(price)] = size
                else:
                    side.pop(Decimal(price), None)

    def top(self, count: int) -> tuple[list[list[str]], list[list[str]]]:
        bids, asks = self.sides
        return (
            [[plain(str(price)), plain(bids[price])] for price in sorted(bids, reverse=True)[:count]],
            [[plain(str(price)), plain(asks[price])] for price in sorted(asks)[:count]],
        )


def best(book: PlainBook) -> str:
    bids, asks = book.sides
    bid, ask = max(bids), min(asks)
    return f"{plain(str(bid))}|{plain(bids[bid])}|{plain(str(ask))}|{plain(asks[ask])}\n"


@pytest.mark.parametrize("name", CASES)
def test_a_capture_decodes_whole_and_rebuilds_the_books_that_others_computed(name: str) -> None:
    market, url, snapshot_url = CASES[name]
    tables = Tables({market: {"ETHUSDT": 0}})
    session = BINANCE.session(url, tables)
    book = PlainBook(BINANCE.book_rule(market))
    expected = {row["i"]: row for row in lines(f"{name}-ETHUSDT-20240808.expected.jsonl")}
    digest, checked, last_seq = hashlib.sha256(), 0, 0
    for number, row in enumerate(lines(f"{name}-ETHUSDT-20240808.jsonl.gz")):
        frame = compact(row["msg"])
        if row["kind"] == "rest":
            (event,) = BINANCE.decode_http(HttpRequest("GET", snapshot_url, "book"), 200, frame, tables, row["t"])
        else:
            (event,) = session.decode(frame, row["t"])
        match event:
            case Quote():
                data = row["msg"]["data"]
                assert BINANCE.quote_texts(market, frame) == (data["b"], data["B"], data["a"], data["A"])
                assert (event.bid, event.ask_qty) == (float(data["b"]), float(data["A"]))
                assert event.exchange_ms == data.get("T")
                assert event.seq > last_seq
                last_seq = event.seq
                continue
            case BookSnapshot():
                book.snapshot(event)
            case BookDelta():
                book.delta(event)
            case _:
                pytest.fail(f"line {number}: {event}")
        if book.seq is not None:
            digest.update(best(book).encode())
        if number in expected:
            want = expected[number]
            bids, asks = book.top(20)
            assert (bids, asks) == (want["bids"], want["asks"]), f"line {number}"
            assert digest.hexdigest()[:16] == want["digest"], f"the best prices differed somewhere before line {number}"
            checked += 1
    assert checked == len(expected)
    assert Verdict.GAP not in book.verdicts
    assert book.verdicts.count(Verdict.APPLY) > 700


def read(market: Market, url: str, frames: Sequence[bytes], symbols: Sequence[str]) -> list[Event]:
    session = BINANCE.session(url, Tables({market: {symbol: slot for slot, symbol in enumerate(symbols)}}))
    return [event for frame in frames for event in session.decode(frame, 1)]


def test_four_pairs_on_one_combined_socket_chain_after_their_snapshots() -> None:
    symbols = ["NKNUSDT", "BLZETH", "LRCBTC", "RUNEEUR"]  # also the order of the snapshots
    tables = Tables({Market.SPOT: {symbol: slot for slot, symbol in enumerate(symbols)}})
    session = BINANCE.session(SPOT, tables)
    books = [PlainBook(BINANCE.book_rule(Market.SPOT)) for _ in symbols]
    snapshots = iter(symbols)
    for row in lines("spot-4pairs-20211012.jsonl"):
        if row["kind"] == "rest":
            url = f"https://api.binance.com/api/v3/depth?symbol={next(snapshots)}&limit=1000"
            events = BINANCE.decode_http(HttpRequest("GET", url, "book"), 200, compact(row["msg"]), tables, row["t"])
        else:
            events = session.decode(compact(row["msg"]), row["t"])
        for event in events:
            if isinstance(event, BookSnapshot):
                books[event.slot].snapshot(event)
            elif isinstance(event, BookDelta):
                books[event.slot].delta(event)
    applied = [book.verdicts.count(Verdict.APPLY) for book in books]
    assert sum(applied) > 150
    assert all(applied)
    assert not any(Verdict.GAP in book.verdicts for book in books)


def test_frames_of_2026_with_their_newer_fields() -> None:
    frames = [compact(row) for row in lines("mixed_ws_2026-08-12.jsonl")]
    spot = read(Market.SPOT, "wss://stream.binance.com:9443/ws", frames[:4], ["BTCUSDT"])
    assert [type(event) for event in spot] == [Ignored, Quote, Quote, Ticker]
    perp = read(Market.PERP, "wss://fstream.binance.com/market/ws", frames[4:], ["BTCUSDT", "BTCUSD_PERP"])
    assert [type(event) for event in perp] == [Ticker, Ignored, Ignored]
    assert perp[1:] == [Ignored("other_product"), Ignored("trade")]


def test_frames_of_2022_in_their_older_form() -> None:
    frames = [compact(row) for row in lines("mixed_ws_2022.jsonl")]
    events = read(Market.PERP, "wss://fstream.binance.com/stream", frames, ["BTCUSDT", "ETHUSDT"])
    kinds = {type(event) for event in events}
    assert {MarkPrice, Quote, Ticker} <= kinds
    assert [event.bid for event in events if isinstance(event, Quote)] == [29010.9, 1778.54]


def test_single_messages_that_others_mapped() -> None:
    for name, market, url in (
        ("messages-binance.jsonl", Market.SPOT, SPOT),
        ("messages-binance-futures.jsonl", Market.PERP, PERP_PUBLIC),
    ):
        seen = 0
        for row in lines(name):
            if row["msg"].get("generated"):
                continue  # made by the other library, never on the wire
            symbol = row["msg"]["data"].get("s", "")
            events = read(market, url, [compact(row["msg"])], [symbol])
            for out in row["out"]:
                if out["t"] == "bbo":
                    (quote,) = events
                    assert isinstance(quote, Quote)
                    assert (quote.bid, quote.ask) == (float(out["bid"]), float(out["ask"]))
                    seen += 1
        assert seen
