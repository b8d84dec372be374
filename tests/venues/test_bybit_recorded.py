"""Bybit's codec against real traffic and the samples of others, where the recordings lie next to the checkout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from arbtui.core.events import (
    BookDelta,
    BookSnapshot,
    Event,
    Funding,
    Ignored,
    Listing,
    MarkPrice,
    Quote,
    Resync,
    Subscribed,
    Ticker,
)
from arbtui.core.model import Category, Channel
from tests.venues.bybit_frames import BYBIT, LINEAR, SPOT, T_NS, get, spot, wire
from tests.venues.recordings import RECORDED, growing, lines, needed

FRAMES_2026 = RECORDED / "bybit" / "ws_2026-08.jsonl"
SAMPLES = RECORDED / "bybit" / "samples-nautilus.jsonl"
LINEAR_2023 = RECORDED / "bybit" / "messages-bybit-messagesV5.jsonl"
SPOT_2023 = RECORDED / "bybit" / "messages-bybit-spot-messagesV5.jsonl"
MULTI = RECORDED / "multi" / "current-frames-202608.jsonl"

pytestmark = needed


def read(path: Path, url: str) -> list[Event]:
    """All frames of a file in one conversation."""
    session = BYBIT.session(url, growing())
    return [event for row in lines(path) for event in session.decode(wire(row.get("msg", row)), T_NS)]


def test_frames_of_august_2026_say_what_they_say() -> None:
    session = BYBIT.session(SPOT, growing())
    (ask,) = session.subscribe([spot(Channel.BBO)])
    assert json.loads(ask.frame)["req_id"] == "1"
    frames = [wire(row) for row in lines(FRAMES_2026)]
    events = [event for frame in frames[:3] for event in session.decode(frame, T_NS)]
    assert events[0] == Subscribed((spot(Channel.BBO),), T_NS)
    assert [(quote.bid, quote.seq, quote.exchange_ms) for quote in events[1:] if isinstance(quote, Quote)] == [
        (63705.3, 72212457, 1786613159748),
        (63705.3, 72212458, 1786613159817),
    ]

    session = BYBIT.session(LINEAR, growing())
    events = [event for frame in frames[3:] for event in session.decode(frame, T_NS)]
    kinds = [type(event) for event in events]
    assert kinds == [Ticker, MarkPrice, Funding, MarkPrice, Quote, BookDelta]  # the last ticker moves best prices only
    mark, rate, moved, quote = events[1], events[2], events[3], events[4]
    assert isinstance(mark, MarkPrice)
    assert isinstance(rate, Funding)
    assert isinstance(moved, MarkPrice)
    assert isinstance(quote, Quote)
    assert (rate.rate, rate.interval_h, rate.next_ms) == ("0.0000544", 8.0, 1786550400000)
    assert (mark.index, moved.mark, moved.index) == ("63986.67", "63958.60", "63986.66")
    assert (quote.bid, quote.ask, quote.exchange_ms) == (63040.8, 63040.9, 1786639170498)


def test_others_read_the_same_best_prices_and_funding() -> None:
    compared = 0
    sessions: dict[str, Any] = {}
    for row in lines(MULTI):
        if row["venue"] != "bybit":
            continue
        session = sessions.setdefault(row["url"], BYBIT.session(row["url"], growing()))
        events = list(session.decode(wire(row["msg"]), T_NS))
        for out in row["out"]:
            compared += _agrees(out, events)
    assert compared >= 4


def test_frames_of_2023_say_what_they_say() -> None:
    compared = 0
    for path, url in ((LINEAR_2023, LINEAR), (SPOT_2023, SPOT)):
        session = BYBIT.session(url, growing())
        for row in lines(path):
            events = list(session.decode(wire(row["msg"]), T_NS))
            for out in row["out"]:
                compared += _agrees(out, events)
    assert compared >= 5


def _agrees(out: dict[str, Any], events: list[Event]) -> int:
    """Whether ``events`` hold what another library made of the frame: asserted; how many records were compared."""
    match out["t"]:
        case "bbo" if any(isinstance(event, Quote) for event in events):
            (quote,) = (event for event in events if isinstance(event, Quote))
            assert (quote.bid, quote.bid_qty) == (float(out["bid"]), float(out["bid_qty"]))
            assert (quote.ask, quote.ask_qty) == (float(out["ask"]), float(out["ask_qty"]))
            return 1
        case "funding":
            marks = [event for event in events if isinstance(event, MarkPrice)]
            rates = [event for event in events if isinstance(event, Funding)]
            assert [(float(m.mark or 0), float(m.index or 0)) for m in marks] == [
                (float(out["mark"]), float(out["index"]))
            ]
            if rates:
                assert (rates[0].rate, rates[0].next_ms) == (out["funding"], out["next_ms"])
            return 1
        case "book":
            (book,) = (event for event in events if isinstance(event, BookSnapshot | BookDelta))
            assert [float(price) for price, _ in book.bids] == [float(price) for price, _ in out["bids"]]
            assert [float(price) for price, _ in book.asks] == [float(price) for price, _ in out["asks"]]
            return 1
    return 0


def test_a_dated_contract_has_a_mark_and_no_funding() -> None:
    dated = [row["msg"] for row in lines(LINEAR_2023) if row["msg"]["topic"] == "tickers.BTCUSDU23"]
    assert [type(event) for event in BYBIT.session(LINEAR, growing()).decode(wire(dated[0]), T_NS)] == [
        Ticker,
        MarkPrice,
    ]


def test_topics_of_2023_that_are_not_ours_are_left_alone() -> None:
    events = read(LINEAR_2023, LINEAR) + read(SPOT_2023, SPOT)
    ignored = {event.kind for event in events if isinstance(event, Ignored)}
    assert ignored == {"other_topic"}
    assert not any(isinstance(event, Resync) for event in events)


def samples() -> dict[str, Any]:
    return {row["name"]: row["msg"] for row in lines(SAMPLES)}


def test_an_old_update_of_best_prices_after_its_snapshot_is_followed() -> None:
    session = BYBIT.session(LINEAR, growing())
    known = samples()
    (first,) = session.decode(wire(known["ws_orderbook_snapshot.json"]), T_NS)
    (second,) = session.decode(wire(known["ws_orderbook_delta.json"]), T_NS)
    assert isinstance(first, Quote)
    assert isinstance(second, Quote)
    assert (first.bid, first.bid_qty, first.ask) == (27450.0, 0.5, 27451.0)
    assert (second.bid, second.bid_qty, second.ask) == (27450.0, 0.4, None)


def test_listings_of_others_are_read() -> None:
    known = samples()
    answers: dict[str, Listing] = {}
    for name, category in (
        ("http_get_instruments_linear.json", "linear"),
        ("http_get_instruments_linear_symbol_type.json", "linear"),
        ("http_get_instruments_inverse.json", "linear"),
        ("http_get_instruments_spot.json", "spot"),
        ("http_get_instruments_spot_xstocks.json", "spot"),
    ):
        request = get(f"/v5/market/instruments-info?category={category}")
        (event,) = BYBIT.decode_http(request, 200, wire(known[name]), growing(), T_NS)
        assert isinstance(event, Listing)
        assert not event.bad
        answers[name] = event
    linear = answers["http_get_instruments_linear.json"].instruments
    assert [instrument.native for instrument in linear] == ["BTCUSDT", "ETHUSDT"]
    assert all(instrument.funding_interval_h is None for instrument in linear)  # 8: hours where minutes belong
    for name in ("http_get_instruments_linear_symbol_type.json", "http_get_instruments_spot_xstocks.json"):
        assert [instrument.category for instrument in answers[name].instruments] == [Category.TRADFI]
    assert answers["http_get_instruments_inverse.json"].dropped == {"inverse": 1}
    assert len(answers["http_get_instruments_spot.json"].instruments) == 2
