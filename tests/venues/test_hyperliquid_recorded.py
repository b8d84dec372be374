"""Hyperliquid's codec against real traffic, where the recordings lie next to the checkout."""

from __future__ import annotations

from arbtui.core.events import BookSnapshot, Event, Funding, Ignored, Listing, MarkPrice, Pong, Quote, Ticker, Trade
from arbtui.core.model import Market
from arbtui.core.sequence import Verdict
from tests.venues.hyperliquid_frames import HYPERLIQUID, T_NS, URL, ask, wire
from tests.venues.recordings import RECORDED, growing, lines, needed

BOOKS_2025 = RECORDED / "hyperliquid" / "BTC-l2Book-trades-20250126.jsonl"
FRAMES_2026 = RECORDED / "hyperliquid" / "ws_2026.jsonl"
MESSAGES = RECORDED / "hyperliquid" / "messages-hyperliquid.jsonl"
SAMPLES = RECORDED / "hyperliquid" / "samples-nautilus.jsonl"

pytestmark = needed


def test_recorded_books_are_whole_with_twenty_levels_and_their_times_never_fall() -> None:
    session = HYPERLIQUID.session(URL, growing())
    rule = HYPERLIQUID.book_rule(Market.PERP)
    before, books = 0, 0
    for row in lines(BOOKS_2025):
        if row["msg"]["channel"] != "l2Book":
            continue
        (event,) = session.decode(wire(row["msg"]), row["t"])
        assert isinstance(event, BookSnapshot)
        bids, asks = row["msg"]["data"]["levels"]
        assert list(event.bids) == [(level["px"], level["sz"]) for level in bids]
        assert list(event.asks) == [(level["px"], level["sz"]) for level in asks]
        assert event.depth == 20
        assert rule.snapshot(before, event.seq) is Verdict.APPLY
        before = event.seq
        books += 1
    assert books == 18


def test_the_first_frame_of_recorded_trades_is_the_past_and_the_next_one_is_not() -> None:
    session = HYPERLIQUID.session(URL, growing())
    frames = [row for row in lines(BOOKS_2025) if row["msg"]["channel"] == "trades"]
    first, second = (session.decode(wire(row["msg"]), row["t"]) for row in frames)
    assert len(first) == 30
    assert all(isinstance(trade, Trade) and trade.past for trade in first)
    oldest = first[0]
    assert isinstance(oldest, Trade)
    assert oldest.exchange_ms is not None
    assert oldest.t_ns // 1_000_000 - oldest.exchange_ms > 49_000  # of fifty seconds ago, told when the socket asked
    assert second == [Trade(0, "105056.0", "0.02222", "buy", "917211710228416", frames[1]["t"], 1737918847000)]


def test_frames_of_2026_say_what_they_say() -> None:
    session = HYPERLIQUID.session(URL, growing())
    events = [event for row in lines(FRAMES_2026) for event in session.decode(wire(row), T_NS)]
    assert [type(event) for event in events] == [Ignored, Ticker, MarkPrice, Funding, Quote, BookSnapshot, Pong]
    _, day, mark, funding, quote, book, _ = events
    assert isinstance(day, Ticker)
    assert day.vol_24h_quote == "1692146864.1761949062"
    assert isinstance(mark, MarkPrice)
    assert (mark.mark, mark.index) == ("64040.0", "64063.1")
    assert isinstance(funding, Funding)
    assert funding.rate == "0.0000125"
    assert isinstance(quote, Quote)
    assert (quote.bid, quote.ask, quote.seq) == (85560.0, 85561.0, 1791261053067)
    assert isinstance(book, BookSnapshot)
    assert book.depth == 5


def test_another_programs_reading_of_the_same_messages_is_ours() -> None:
    session = HYPERLIQUID.session(URL, growing())
    compared = 0
    for row in lines(MESSAGES):
        events: list[Event] = list(session.decode(wire(row["msg"]), T_NS))
        for theirs in row["out"]:
            ours = next(event for event in events if not isinstance(event, Ticker | MarkPrice))
            if theirs["t"] == "bbo":
                assert isinstance(ours, Quote)
                mine = (ours.bid, ours.bid_qty, ours.ask, ours.ask_qty)
                assert mine == tuple(float(theirs[key]) for key in ("bid", "bid_qty", "ask", "ask_qty"))
            elif theirs["t"] == "book":
                assert isinstance(ours, BookSnapshot)
                assert (ours.exchange_ms, list(ours.bids), list(ours.asks)) == (theirs["ts_ms"], [], [])
            else:
                assert isinstance(ours, Funding)
                assert ours.rate == theirs["funding"]
                mark = next(event for event in events if isinstance(event, MarkPrice))
                assert (mark.mark, mark.index) == (theirs["mark"], theirs["index"])
            compared += 1
    assert compared == 3


def test_recorded_answers_are_understood() -> None:
    bodies = {row["name"]: wire(row["msg"]) for row in lines(SAMPLES)}
    (book,) = HYPERLIQUID.decode_http(ask("l2Book"), 200, bodies["http_l2_book_btc.json"], growing(), T_NS)
    assert isinstance(book, BookSnapshot)
    assert (book.bids[0], book.asks[0]) == (("110427.0", "4.11882"), ("110428.0", "3.72573"))
    (perps,) = HYPERLIQUID.decode_http(ask("meta"), 200, bodies["http_meta_perp_sample.json"], growing(), T_NS)
    assert isinstance(perps, Listing)
    assert [instrument.native for instrument in perps.instruments] == ["BTC", "ETH", "ATOM"]
    assert not perps.bad
    body = bodies["http_spot_meta_non_usdc_collateral.json"]
    (spots,) = HYPERLIQUID.decode_http(ask("spotMeta"), 200, body, growing(), T_NS)
    assert isinstance(spots, Listing)
    assert (spots.instruments, spots.bad) == ([], [])
