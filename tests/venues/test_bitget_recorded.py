"""Bitget's codec against real traffic, where the recordings lie next to the checkout."""

from __future__ import annotations

from collections import Counter
from typing import Any
from zlib import crc32

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import (
    BookDelta,
    BookSnapshot,
    Event,
    Funding,
    Ignored,
    Level,
    Listing,
    Mid,
    Refused,
    Subscribed,
    Ticker,
)
from arbtui.core.model import Channel, Market, Stream
from arbtui.market.book import Book, BookState
from tests.venues.bitget_frames import BITGET, T_NS, URL, get, wire
from tests.venues.recordings import RECORDED, growing, lines, needed

FRAMES_2026 = RECORDED / "bitget" / "ws_2026-09.jsonl"
MIX_2022 = RECORDED / "bitget" / "mix-20220407.jsonl"
CONTRACTS_2026 = RECORDED / "bitget" / "rest_contracts_2026-09.json"
FRAMES_2024 = (RECORDED / "bitget" / "messages-bitget.jsonl", RECORDED / "bitget" / "messages-bitget-futures.jsonl")
FRAMES_V3 = (
    RECORDED / "bitget" / "messages-bitget-v3.jsonl",
    RECORDED / "bitget" / "messages-bitget-futures-v3.jsonl",
)
MANY = RECORDED / "multi" / "current-frames-202608.jsonl"

pytestmark = needed


def test_frames_of_september_2026_say_what_they_say() -> None:
    session = BITGET.session(URL, growing())
    events: list[Event] = [event for row in lines(FRAMES_2026) for event in session.decode(wire(row), T_NS)]
    tickers = [event for event in events if isinstance(event, Ticker)]
    assert [(ticker.last, ticker.vol_24h_quote) for ticker in tickers] == [
        ("83692.3", "2588367727.81816"),
        ("83715.7", "225237773.321358"),
    ]
    assert [event.next_ms for event in events if isinstance(event, Funding)] == [1790380800000]
    assert [event.streams for event in events if isinstance(event, Subscribed)] == [
        (Stream(Market.PERP, Channel.BOOK, "BTCUSDT"),)
    ]
    refusals = [(event.code, event.streams) for event in events if isinstance(event, Refused)]
    assert ("30001", (Stream(Market.PERP, Channel.BOOK, "NOPEUSDT"),)) in refusals
    assert {code for code, _ in refusals} == {"30001", "30016"}
    ignored = Counter(event.kind for event in events if isinstance(event, Ignored))
    assert ignored == {"other_channel": 1, "v3_dialect": 2}  # books5; two frames of the newer dialect


def test_the_recorded_snapshot_and_its_update_are_one_chain() -> None:
    session = BITGET.session(URL, growing())
    made = Book(BITGET.book_rule(Market.PERP))
    for row in lines(FRAMES_2026):
        if row.get("arg", {}).get("instId") == "MAVUSDT":
            (event,) = session.decode(wire(row), T_NS)
            assert isinstance(event, BookSnapshot | BookDelta)
            made.apply(event)
    assert (made.state, made.seq) == (BookState.LIVE, 427583480559)
    assert made.top(9)[0][-1] == ("0.00519", "30828.52")


def test_the_recorded_contract_is_read() -> None:
    (listing,) = BITGET.decode_http(
        get("/api/v2/mix/market/contracts?productType=USDT-FUTURES"), 200, CONTRACTS_2026.read_bytes(), growing(), T_NS
    )
    assert isinstance(listing, Listing)
    (eth,) = listing.instruments
    assert (eth.native, str(eth.tick), str(eth.step), eth.taker_rate) == ("ETHUSDT", "0.01", "0.01", 0.0006)


def test_frames_of_august_2026_say_what_they_say() -> None:
    session = BITGET.session(URL, growing())
    rows = [row["msg"] for row in lines(MANY) if row["venue"] == "bitget"]
    events = [event for row in rows for event in session.decode(wire(row), T_NS)]
    assert {type(event) for event in events} == {Subscribed, Ticker, Mid}


def test_books_of_2024_cannot_be_chained_and_say_so() -> None:
    kinds: Counter[str] = Counter()
    session = BITGET.session(URL, growing())
    for path in FRAMES_2024:
        for row in lines(path):
            try:
                kinds.update(
                    event.kind if isinstance(event, Ignored) else type(event).__name__
                    for event in session.decode(wire(row["msg"]), T_NS)
                )
            except ProtocolBroken as error:
                kinds[error.kind] += 1
    assert kinds["unchained_book"] == 2
    assert set(kinds) == {"unchained_book", "other_channel", "other_product", "Subscribed", "Trade"}


def test_the_newer_dialect_is_told_apart() -> None:
    session = BITGET.session(URL, growing())
    for path in FRAMES_V3:
        for row in lines(path):
            assert session.decode(wire(row["msg"]), T_NS) == (Ignored("v3_dialect"),)


def test_the_dialect_of_2022_is_told_apart() -> None:
    session = BITGET.session(URL, growing())
    rows = list(lines(MIX_2022))
    assert len(rows) > 400
    for row in rows:
        assert session.decode(wire(row["msg"]), row["t"]) == (Ignored("v1_dialect"),)


def checksum(bids: list[Level], asks: list[Level]) -> int:
    """The venue's number of a book, as its docs defined it until 2026: signed CRC32 of the best 25 levels a side."""
    words: list[str] = []
    for rank in range(25):
        words += [f"{levels[rank][0]}:{levels[rank][1]}" for levels in (bids, asks) if len(levels) > rank]
    number = crc32(":".join(words).encode())
    return number if number < 2**31 else number - 2**32


def chained(row: Any, last: dict[str, int], frame_number: int) -> tuple[str, bytes, int]:
    """A frame of 2022 as it would look today: in today's product, and with the ids that it did not have."""
    message = row["msg"]
    native, data = message["arg"]["instId"], message["data"][0]
    pseq = 0 if message["action"] == "snapshot" else last[native]
    last[native] = frame_number
    about = message["arg"] | {"instType": "USDT-FUTURES"}
    return (
        native,
        wire(message | {"arg": about, "data": [data | {"seq": frame_number, "pseq": pseq}]}),
        data["checksum"],
    )


def test_books_are_exact_to_the_last_zero_by_the_venues_own_checksums_of_2022() -> None:
    session = BITGET.session(URL, growing())
    books: dict[str, Book] = {}
    last: dict[str, int] = {}
    judged = 0
    for number, row in enumerate(lines(MIX_2022), 1):
        if row["msg"]["arg"]["channel"] != "books" or "data" not in row["msg"]:
            continue
        native, frame, expected = chained(row, last, number)
        (event,) = session.decode(frame, row["t"])
        assert isinstance(event, BookSnapshot | BookDelta)
        made = books.setdefault(native, Book(BITGET.book_rule(Market.PERP)))
        made.apply(event)
        if expected:  # 0 = not provided
            assert checksum(*made.top(25)) == expected
            judged += 1
    assert judged > 180
