"""Books built from recorded streams equal those that an independent program built from the same bytes."""

from __future__ import annotations

import gzip
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from arbtui.core.events import BookDelta, BookSnapshot, Level
from arbtui.core.sequence import Contiguous, PrevLink, SequenceRule
from arbtui.market.book import Book

RECORDED = Path(os.environ.get("ARBTUI_RECORDED", Path(__file__).parents[3] / "shared" / "recorded")) / "binance"
DEPTH = 20

needs_recordings = pytest.mark.skipif(
    not RECORDED.is_dir(), reason=f"no recordings at {RECORDED}; ARBTUI_RECORDED names the directory that holds them"
)


def numbers(levels: list[Level] | list[list[str]]) -> list[tuple[Decimal, Decimal]]:
    return [(Decimal(level[0]), Decimal(level[1])) for level in levels[:DEPTH]]


def take(book: Book, line: dict[str, Any]) -> None:
    message = line["msg"]
    data = message.get("data", message)
    if "lastUpdateId" in data:
        bids, asks = ([(price, size) for price, size in data[side]] for side in ("bids", "asks"))
        book.apply(BookSnapshot(0, bids, asks, data["lastUpdateId"], line["t"], source="rest", limit=1000))
    elif data.get("e") == "depthUpdate":
        bids, asks = ([(price, size) for price, size in data[side]] for side in ("b", "a"))
        book.apply(BookDelta(0, bids, asks, data["U"], data["u"], data.get("pu", -1), line["t"]))


@needs_recordings
@pytest.mark.parametrize(
    ("name", "rule"), [("usdm-ETHUSDT-20240808", PrevLink()), ("spot-ETHUSDT-20240808", Contiguous())]
)
def test_a_recorded_stream_gives_the_same_book_as_another_program(name: str, rule: SequenceRule) -> None:
    with (RECORDED / f"{name}.expected.jsonl").open() as expected_lines:
        expected = {row["i"]: row for row in map(json.loads, expected_lines)}
    book = Book(rule)
    compared = 0
    with gzip.open(RECORDED / f"{name}.jsonl.gz", "rt") as lines:
        for number, text in enumerate(lines):
            take(book, json.loads(text))
            if number in expected:
                assert book.live, book.reason
                bids, asks = book.top(DEPTH)
                assert numbers(bids) == numbers(expected[number]["bids"])
                assert numbers(asks) == numbers(expected[number]["asks"])
                compared += 1
    assert compared == len(expected) > 3
