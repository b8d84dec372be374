"""What Hyperliquid's frames mean."""

from __future__ import annotations

from typing import Any

import pytest

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import BookSnapshot, Event, Funding, Ignored, MarkPrice, Pong, Quote, Ticker
from arbtui.core.model import Market
from arbtui.core.sequence import Replaced, Verdict
from arbtui.venues.base import Tables
from tests.venues.hyperliquid_frames import (
    HYPERLIQUID,
    NEXT_HOUR_MS,
    T_NS,
    URL,
    asset_ctx,
    bbo,
    book,
    push,
    tables,
    wire,
)
from tests.venues.recordings import Growing


def decode(*frames: bytes, t_ns: int = T_NS) -> list[Event]:
    """All events of one conversation."""
    session = HYPERLIQUID.session(URL, tables())
    return [event for frame in frames for event in session.decode(frame, t_ns)]


def quotes(*frames: bytes) -> list[Quote]:
    events = decode(*frames)
    found = [event for event in events if isinstance(event, Quote)]
    assert len(found) == len(events)
    return found


def snapshot(frame: bytes) -> BookSnapshot:
    (event,) = decode(frame)
    assert isinstance(event, BookSnapshot)
    return event


# --- best bid and offer -----------------------------------------------------------------------------------------------


def test_a_bbo_frame_is_a_quote_with_the_blocks_time_as_id() -> None:
    frame = bbo()
    first, second = quotes(frame, frame)  # the first finds the coin's slot, the second takes the fast way
    assert first == second
    assert (second.slot, second.bid, second.bid_qty, second.ask, second.ask_qty) == (
        10, 85560.0, 5.61122, 85561.0, 2.07737,
    )  # fmt: skip
    assert (second.seq, second.exchange_ms, second.t_ns, second.source) == (1791261053067, 1791261053067, T_NS, "ws")
    assert second.raw == frame


def test_exact_texts_come_back_out_of_the_raw_frame() -> None:
    assert HYPERLIQUID.quote_texts(Market.PERP, bbo()) == ("85560.0", "5.61122", "85561.0", "2.07737")


def test_perps_and_spot_pairs_share_the_socket_and_are_told_by_name() -> None:
    frames = (bbo("PURR"), bbo("PURR/USDC"), bbo("@107"), bbo("kPEPE"))
    assert [quote.slot for quote in quotes(*frames, *frames)] == [13, 21, 20, 12] * 2


@pytest.mark.parametrize("warm", [False, True])
def test_a_null_side_is_none_and_never_zero(warm: bool) -> None:
    frame = bbo(bid=None)
    quote = quotes(*([bbo()] if warm else []), frame)[-1]
    assert (quote.bid, quote.bid_qty, quote.ask, quote.ask_qty) == (None, None, 85561.0, 2.07737)
    assert HYPERLIQUID.quote_texts(Market.PERP, frame) == (None, None, "85561.0", "2.07737")


def test_an_empty_book_is_a_quote_without_sides() -> None:
    (quote,) = quotes(bbo(bid=None, ask=None))
    assert (quote.bid, quote.bid_qty, quote.ask, quote.ask_qty) == (None, None, None, None)


@pytest.mark.parametrize("price", ["nan", "NaN", "inf", "-Infinity", "-1", "0", "1e400", "abc", "1_0", "0x10", " 1"])
@pytest.mark.parametrize("warm", [False, True])
def test_a_price_that_is_none_is_refused(price: str, warm: bool) -> None:
    session = HYPERLIQUID.session(URL, tables())
    if warm:
        session.decode(bbo(), T_NS)
    with pytest.raises(ProtocolBroken) as refused:
        session.decode(bbo(ask=(price, "1")), T_NS)
    assert refused.value.kind == "bad_price"


@pytest.mark.parametrize("size", ["nan", "-1", "0", "inf", "", "x"])
def test_a_size_that_nobody_stands_behind_is_refused(size: str) -> None:
    with pytest.raises(ProtocolBroken) as refused:
        decode(bbo(), bbo(bid=("85560.0", size)))
    assert refused.value.kind == "bad_size"


def test_a_side_of_empty_texts_is_not_an_empty_side() -> None:
    with pytest.raises(ProtocolBroken) as refused:
        decode(bbo(bid=("", "")))
    assert refused.value.kind == "bad_price"


def test_keys_may_come_in_any_order_and_with_blanks() -> None:
    sides = [{"n": 1, "sz": "2", "px": "1"}, {"n": 1, "sz": "4", "px": "3"}]
    turned = wire({"data": {"time": 7, "bbo": sides, "coin": "BTC"}, "channel": "bbo"})
    spaced = bbo(time=8).replace(b":", b" : ").replace(b",", b", ")
    first, second = quotes(turned, spaced)
    assert (first.bid, first.ask, first.seq) == (1.0, 3.0, 7)
    assert (second.bid, second.ask, second.seq) == (85560.0, 85561.0, 8)


@pytest.mark.parametrize("coin", ["DOGE", "btc", "xyz:TSLA", "hyna:BTC", "#14880", "@108", "", "BTC/USDC"])
def test_coins_of_no_table_are_skipped_and_said(coin: str) -> None:
    assert decode(bbo(coin), book(coin), asset_ctx(coin)) == [Ignored("unknown_symbol")] * 3


def test_a_coin_that_enters_its_table_later_is_seen_from_then_on() -> None:
    slots = {"BTC": 1}
    session = HYPERLIQUID.session(URL, Tables({Market.PERP: slots}))
    assert list(session.decode(bbo("NEW"), T_NS)) == [Ignored("unknown_symbol")]
    slots["NEW"] = 2
    (quote,) = session.decode(bbo("NEW"), T_NS)
    assert isinstance(quote, Quote)
    assert quote.slot == 2
    assert list(session.decode(bbo("@1"), T_NS)) == [Ignored("unknown_symbol")]  # a market without a table


def test_a_table_that_takes_in_new_coins_is_asked_for_the_market_of_the_name() -> None:
    by_market = {Market.PERP: Growing(), Market.SPOT: Growing()}
    session = HYPERLIQUID.session(URL, Tables(by_market))
    for coin in ("BTC", "@107", "PURR/USDC", "BTC", "xyz:TSLA", "#9"):
        session.decode(bbo(coin), T_NS)
    assert [list(table) for table in by_market.values()] == [["BTC"], ["@107", "PURR/USDC"]]


# --- books ------------------------------------------------------------------------------------------------------------


def test_a_fast_book_is_whole_with_five_levels_and_exact_texts() -> None:
    event = snapshot(book(bids=[("85560.0", "5.61122"), ("85559.0", "0.10000")], fast=True))
    assert (event.slot, event.seq, event.exchange_ms, event.depth) == (10, 1791261051777, 1791261051777, 5)
    assert list(event.bids) == [("85560.0", "5.61122"), ("85559.0", "0.10000")]
    assert list(event.asks) == [("85561.0", "2.22707")]


def test_a_slow_book_shows_twenty_levels_and_does_not_say_so() -> None:
    rows = [(f"{85560 - step}.0", "1.0") for step in range(20)]
    event = snapshot(book(bids=rows))
    assert (len(event.bids), event.depth) == (20, 20)
    assert snapshot(book(bids=rows, fast=False)).depth == 20


def test_a_book_of_five_levels_is_fast_even_where_the_mark_is_missing() -> None:
    assert snapshot(book(bids=[(f"{85560 - step}.0", "1.0") for step in range(5)])).depth == 5


def test_an_empty_book_is_a_book() -> None:
    event = snapshot(book(bids=[], asks=[]))
    assert (list(event.bids), list(event.asks)) == ([], [])


def test_aggregated_books_carry_a_spread_that_changes_nothing() -> None:
    assert snapshot(book(spread="1.0")) == snapshot(book())


def test_an_equal_time_is_taken_and_a_lower_one_dropped() -> None:
    """Equal times occur on recorded streams, falling ones do not."""
    rule = HYPERLIQUID.book_rule(Market.PERP)
    assert isinstance(rule, Replaced)
    seqs = [snapshot(book(time=time)).seq for time in (1000, 1000, 999, 1500)]
    assert [rule.snapshot(1000, seq) for seq in seqs] == [Verdict.APPLY, Verdict.APPLY, Verdict.OLD, Verdict.APPLY]


@pytest.mark.parametrize("levels", [[[]], [[], [], []], None, [[{"px": "1"}], []], [[{"px": 1, "sz": 2}], []]])
def test_levels_of_another_shape_are_refused(levels: object) -> None:
    with pytest.raises(ProtocolBroken) as refused:
        decode(push("l2Book", {"coin": "BTC", "time": 1, "levels": levels}))
    assert refused.value.kind == "unknown_shape"


# --- contexts ---------------------------------------------------------------------------------------------------------


def test_a_context_is_figures_mark_with_oracle_and_funding_per_hour() -> None:
    day, mark, funding = decode(asset_ctx())
    assert day == Ticker(
        10,
        T_NS,
        vol_24h_wire="26501.0297399999",
        vol_24h_quote="1692146864.1761949062",
        open_24h="64299.0",
    )
    assert mark == MarkPrice(10, T_NS, mark="64040.0", index="64063.1")
    assert funding == Funding(10, T_NS, "0.0000125", "estimated", 1.0, NEXT_HOUR_MS)


@pytest.mark.parametrize(
    ("t_ns", "next_ms"),
    [
        (1_791_381_600_000_000_000 - 1, 1_791_381_600_000),
        (1_791_381_600_000_000_000, 1_791_385_200_000),
        (1_791_381_600_000_000_001, 1_791_385_200_000),
    ],
)
def test_the_next_funding_is_the_next_full_hour(t_ns: int, next_ms: int) -> None:
    funding = decode(asset_ctx(), t_ns=t_ns)[-1]
    assert isinstance(funding, Funding)
    assert funding.next_ms == next_ms


def test_impact_prices_and_the_mid_of_a_context_make_neither_quote_nor_ticker_price() -> None:
    events = decode(asset_ctx(impactPxs=["1", "2"], midPx="1.5"))
    assert {type(event) for event in events} == {Ticker, MarkPrice, Funding}
    assert all(event.last is None for event in events if isinstance(event, Ticker))


def test_what_a_context_leaves_out_is_none() -> None:
    day, mark = decode(push("activeAssetCtx", {"coin": "BTC", "ctx": {"markPx": "1", "funding": None, "midPx": None}}))
    assert day == Ticker(10, T_NS)
    assert mark == MarkPrice(10, T_NS, mark="1")


@pytest.mark.parametrize("field", ["markPx", "oraclePx", "funding", "prevDayPx", "dayNtlVlm", "dayBaseVlm"])
def test_a_figure_that_is_no_number_is_refused(field: str) -> None:
    spoilt: list[dict[str, Any]] = [{field: "nan"}, {field: "inf"}, {field: "x"}, {field: 7}]
    for change in spoilt:
        with pytest.raises(ProtocolBroken):
            decode(asset_ctx(**change))


# --- everything else --------------------------------------------------------------------------------------------------


def test_the_greeting_is_no_json_and_no_error() -> None:
    assert decode(b"Websocket connection established.") == [Ignored("greeting")]


def test_the_heartbeat_is_a_message_and_its_answer_is_heard() -> None:
    assert HYPERLIQUID.session(URL, tables()).ping(T_NS) == '{"method":"ping"}'
    assert decode(wire({"channel": "pong"})) == [Pong(T_NS)]


@pytest.mark.parametrize(
    "channel", ["tradesOfUser", "allMids", "allDexsAssetCtxs", "activeSpotAssetCtx", "user", "post"]
)
def test_channels_that_are_not_ours_are_counted(channel: str) -> None:
    assert decode(push(channel, {"anything": [1]})) == [Ignored("other_channel")]


@pytest.mark.parametrize("frame", [b"", b"pong", b"[]", b"{}", b"null", b'{"data":{}}', b'{"channel":7}', b"\xff"])
def test_what_is_no_frame_is_refused(frame: bytes) -> None:
    with pytest.raises(ProtocolBroken):
        decode(frame)
