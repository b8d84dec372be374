"""What check says: each fault has one line, and what it explains is not red as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from arbtui.core.model import Channel, Market, Stream
from arbtui.core.status import FeedState, FeedStatus, StreamReport, StreamState
from arbtui.engine.check_lines import ProductFacts, VenueFacts, Verdict, lines


def status(market: Market, **changes: Any) -> FeedStatus:
    sound = FeedStatus(
        venue="okx",
        market=market,
        state=FeedState.LIVE,
        reason="",
        subscribed=2,
        acked=2,
        failed=0,
        stale=0,
        reconnects=0,
        msgs_per_s=50.0,
        age_ms_p50=10.0,
        age_ms_p99=40.0,
        clock_offset_ms=1.0,
        connections=1,
    )
    return replace(sound, **changes)


def report(channel: Channel, native: str, state: StreamState = StreamState.LIVE, text: str = "") -> StreamReport:
    return StreamReport(Stream(Market.PERP, channel, native), state, "perp.bbo.0", text)


SOUND = VenueFacts(
    venue="okx",
    rest_error="",
    round_trip_ms=20.0,
    clock_offset_ms=1.0,
    has_clock=True,
    products=[ProductFacts(Market.PERP, "SWAP", 2, {"trading": 2}, {"dated": 1}, [], "")],
    discovery_errors=[],
    statuses=[status(Market.PERP)],
    streams=[report(Channel.BBO, "BTC"), report(Channel.BBO, "ETH"), report(Channel.TICKER, "BTC")],
    snapshot_errors=[],
    quotes=2,
    odd_quotes={},
    books_live=2,
    books_held=2,
    book_losses={},
    books_lost=(),
    frame_errors={},
    coins=2,
    seconds=10.0,
)


def red(facts: VenueFacts) -> list[str]:
    return [line.concern for line in lines(facts) if line.verdict is Verdict.BAD]


def test_a_sound_venue_has_no_red_line_and_looks_at_everything() -> None:
    assert red(SOUND) == []
    assert all(line.verdict is Verdict.OK for line in lines(SOUND))
    assert {"reachable", "clock", "instruments", "sockets", "subscriptions", "first data bbo", "books"} <= {
        line.concern for line in lines(SOUND)
    }


SILENT = [report(Channel.BBO, "BTC", StreamState.ACKED), report(Channel.TICKER, "BTC")]
REFUSED = [report(Channel.BBO, "BTC", StreamState.REFUSED, "no such channel"), report(Channel.TICKER, "BTC")]
NO_BOOK = [*SOUND.streams, report(Channel.BOOK, "BTC", StreamState.STALE), report(Channel.BOOK, "ETH")]
NO_TICKER = [
    *(report(channel, "BTC", StreamState.ACKED) for channel in (Channel.TICKER, Channel.MARK, Channel.FUNDING)),
    report(Channel.BBO, "BTC"),
]
BY_REST = {"stale": ["BTC (known by REST only)"]}
FROZEN = {"stale": ["BTC (repeats itself for 12 s)", "ETH (differs from the venue's mids for 3.0 s)"]}
REFUSED_BOOK = [*SOUND.streams, report(Channel.BOOK, "BTC", StreamState.REFUSED, "no such channel")]
UNANSWERED = [report(Channel.BBO, "BTC", StreamState.ASKED), report(Channel.TICKER, "BTC")]


@pytest.mark.parametrize(
    ("concern", "changes"),
    [
        ("reachable", {"rest_error": "www.okx.com cannot be reached: connection refused"}),
        ("clock", {"clock_offset_ms": 3000.0}),
        ("clock", {"clock_offset_ms": None}),
        ("instruments", {"discovery_errors": ["SWAP: an answer that lost more than half is not believed"]}),
        ("rest snapshots", {"snapshot_errors": ["tickers: HTTP 500"]}),
        ("sockets", {"statuses": [status(Market.PERP, connections=0, state=FeedState.DOWN, reason="refused")]}),
        ("sockets", {"cuts": 3}),
        ("sockets", {"cuts": 3, "book_losses": {"gap": 8}, "books_lost": ["BTC"]}),
        ("subscriptions", {"streams": REFUSED, "statuses": [status(Market.PERP, failed=1, reconnects=2)]}),
        ("subscriptions", {"streams": REFUSED, "odd_quotes": BY_REST}),
        ("subscriptions", {"streams": REFUSED_BOOK, "books_live": 1, "books_lost": ["BTC"]}),
        ("subscriptions", {"streams": UNANSWERED}),
        ("first data bbo", {"streams": SILENT}),
        ("first data bbo", {"streams": SILENT, "odd_quotes": BY_REST}),
        ("first data book", {"streams": NO_BOOK, "books_live": 1, "books_lost": ["BTC"]}),
        ("first data ticker", {"streams": NO_TICKER}),
        ("books", {"book_losses": {"gap": 2}}),
        ("books", {"books_live": 1}),
        ("books", {"streams": NO_BOOK, "book_losses": {"gap": 3}, "books_live": 1, "books_lost": ["BTC", "ETH"]}),
        ("quotes", {"odd_quotes": {"crossed": ["BTC"]}, "book_losses": {"bids at or above asks": 4}, "books_live": 0}),
        ("quotes", {"odd_quotes": FROZEN, "streams": SILENT, "book_losses": {"gap": 4}, "books_lost": ["BTC"]}),
        ("quotes", {"statuses": [status(Market.PERP, age_ms_p99=3000.0)], "book_losses": {"no usable snapshot": 2}}),
        ("quotes", {"odd_quotes": {"one side missing": ["BTC"]}}),
        ("quotes", {"statuses": [status(Market.PERP, age_ms_p99=5000.0)]}),
        ("frames", {"frame_errors": {"bad_price": 900}, "book_losses": {"bad price": 9}, "streams": SILENT}),
        ("frames", {"frame_errors": {"bad_price": 90}, "statuses": [status(Market.PERP, connections=0, reason="cut")]}),
    ],
)
def test_each_fault_turns_its_own_line_red_and_no_other(concern: str, changes: Mapping[str, Any]) -> None:
    facts = replace(SOUND, **changes)
    assert red(facts) == [concern]


def test_connections_that_bring_nothing_at_all_are_the_sockets_fault() -> None:
    nothing = [report(Channel.BBO, "BTC", StreamState.ACKED), report(Channel.TICKER, "BTC", StreamState.STALE)]
    assert red(replace(SOUND, streams=nothing)) == ["sockets"]


def test_what_is_seldom_by_nature_is_not_missed() -> None:
    quiet = [*SOUND.streams, report(Channel.INSTRUMENTS, "", StreamState.ACKED)]
    assert red(replace(SOUND, streams=quiet)) == []


def test_a_line_names_a_few_culprits_and_counts_the_rest() -> None:
    silent = [report(Channel.BBO, f"C{n}", StreamState.ACKED) for n in range(9)] + [report(Channel.TICKER, "C0")]
    (line,) = [line for line in lines(replace(SOUND, streams=silent)) if line.concern == "first data bbo"]
    assert line.text.startswith("9 of 9 silent: perp.bbo.C0")
    assert line.text.endswith("and 5 more")


def test_a_line_that_suffers_from_another_still_says_what_was_seen() -> None:
    facts = replace(SOUND, streams=NO_BOOK, books_live=1, books_lost=["BTC"])
    (line,) = [line for line in lines(facts) if line.concern == "books"]
    assert line.verdict is Verdict.SKIPPED
    assert line.text == "suffers from what the line 'first data book' says: 1 of 2 live"


def test_trouble_of_other_instruments_keeps_its_own_line() -> None:
    facts = replace(SOUND, streams=NO_BOOK, books_live=1, books_lost=["BTC"], odd_quotes={"crossed": ["ETH"]}, quotes=9)
    assert red(facts) == ["first data book", "quotes"]


def test_a_market_where_only_listings_came_is_silent() -> None:
    nothing = [report(Channel.BBO, "BTC", StreamState.ACKED), report(Channel.INSTRUMENTS, "", StreamState.LIVE)]
    assert red(replace(SOUND, streams=nothing)) == ["sockets"]


def test_what_told_the_time_is_said_where_it_was_no_clock() -> None:
    by = "by the time of its state, give or take 200 ms"
    for offset_ms, said in ((-30.0, f"-30 ms from ours, {by}"), (3000.0, f"differs from ours by +3000 ms, {by}")):
        (clock,) = (
            line for line in lines(replace(SOUND, clock_offset_ms=offset_ms, clock_by=by)) if line.concern == "clock"
        )
        assert clock.text == said


def test_sockets_for_orders_are_not_tried_without_keys_and_that_is_said() -> None:
    assert "order socket" not in [line.concern for line in lines(SOUND)]
    (line,) = (line for line in lines(replace(SOUND, order_sockets=True)) if line.concern == "order socket")
    assert (line.verdict, line.text) == (
        Verdict.SKIPPED,
        "what takes orders is tried by arbtui check --keys: it wants keys",
    )
