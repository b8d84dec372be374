"""What Bitget's public frames mean."""

from __future__ import annotations

from typing import Any

import pytest

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import (
    BookDelta,
    BookSnapshot,
    Event,
    Funding,
    Ignored,
    MarkPrice,
    Mid,
    Pong,
    Quote,
    Ticker,
)
from arbtui.core.model import Market
from arbtui.market.book import Book, BookState, Effect
from tests.venues.bitget_frames import (
    BITGET,
    SPOT,
    T_NS,
    URL,
    USDC,
    arg,
    bbo,
    book,
    book_row,
    perp_ticker,
    push,
    spot_ticker,
    tables,
    wire,
)


def decode(*frames: bytes) -> list[Event]:
    """All events of one conversation."""
    session = BITGET.session(URL, tables())
    return [event for frame in frames for event in session.decode(frame, T_NS)]


def quotes(*frames: bytes) -> list[Quote]:
    events = decode(*frames)
    found = [event for event in events if isinstance(event, Quote)]
    assert len(found) == len(events)
    return found


TICKER = push("ticker", perp_ticker())


def cold_and_warm(frame: bytes) -> list[tuple[bytes, ...]]:
    """The same frame where best prices are expected, and where something else is."""
    return [(frame,), (TICKER, frame)]


# --- best bid and offer -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frames", cold_and_warm(bbo()))
def test_a_books1_frame_is_a_quote_with_the_venues_id_and_the_books_time(frames: tuple[bytes, ...]) -> None:
    quote = decode(*frames)[-1]
    assert isinstance(quote, Quote)
    assert (quote.slot, quote.bid, quote.bid_qty, quote.ask, quote.ask_qty) == (
        10, 83715.69, 0.074435, 83715.7, 2.145777,
    )  # fmt: skip
    assert (quote.seq, quote.exchange_ms, quote.t_ns, quote.source) == (850167842345, 1790358773905, T_NS, "ws")
    assert quote.raw == bbo()


def test_exact_texts_come_back_out_of_the_raw_frame() -> None:
    assert BITGET.quote_texts(Market.PERP, bbo()) == ("83715.69", "0.074435", "83715.70", "2.145777")


def test_one_name_in_two_products_is_two_instruments() -> None:
    frames = bbo("BTCUSDT"), bbo("BTCUSDT", SPOT), bbo("BTCPERP", USDC)
    assert [quote.slot for quote in quotes(*frames)] == [10, 20, 12]


def test_names_need_not_be_ascii() -> None:
    assert [quote.slot for quote in quotes(bbo("牛来USDT"), bbo("牛来USDT"))] == [13, 13]


@pytest.mark.parametrize("nothing", [[], [["", ""]], [["0", "0"]]])
def test_a_side_that_is_not_there_is_none_and_never_zero(nothing: list[list[str]]) -> None:
    frame = bbo(asks=nothing)
    (quote,) = quotes(frame)
    assert (quote.bid, quote.bid_qty, quote.ask, quote.ask_qty) == (83715.69, 0.074435, None, None)
    assert BITGET.quote_texts(Market.PERP, frame) == ("83715.69", "0.074435", None, None)


def test_an_empty_book_is_a_quote_without_sides() -> None:
    (quote,) = quotes(bbo(asks=[], bids=[]))
    assert (quote.bid, quote.bid_qty, quote.ask, quote.ask_qty) == (None, None, None, None)


@pytest.mark.parametrize("price", ["nan", "NaN", "inf", "-Infinity", "-1", "0", "1e400", "abc", "1_0", "0x10", " 1"])
@pytest.mark.parametrize("before", [(), (TICKER,)])
def test_a_price_that_is_none_is_refused(price: str, before: tuple[bytes, ...]) -> None:
    with pytest.raises(ProtocolBroken) as refused:
        decode(*before, bbo(asks=[[price, "1"]]))
    assert refused.value.kind == "bad_price"


@pytest.mark.parametrize("size", ["nan", "-1", "0", "inf", "", "x"])
def test_a_size_that_nobody_stands_behind_is_refused(size: str) -> None:
    with pytest.raises(ProtocolBroken) as refused:
        decode(bbo(bids=[["83715.69", size]]))
    assert refused.value.kind == "bad_size"


def test_null_where_a_price_belongs_is_refused() -> None:
    with pytest.raises(ProtocolBroken) as refused:
        decode(bbo().replace(b'"83715.69"', b"null"))
    assert refused.value.kind == "unknown_shape"


def test_keys_may_come_in_any_order_and_blanks_change_nothing() -> None:
    row = {"pseq": 0, "seq": 5, "ts": "7", "bids": [["1", "2"]], "asks": [["3", "4"]]}
    turned = wire({"ts": 8, "data": [row], "arg": {"instId": "BTCUSDT", "channel": "books1", "instType": "SPOT"}})
    first, second = quotes(turned, bbo().replace(b":", b" : ").replace(b",", b", "))
    assert (first.slot, first.bid, first.ask, first.seq, first.exchange_ms) == (20, 1.0, 3.0, 5, 7)
    assert (second.slot, second.bid, second.ask) == (10, 83715.69, 83715.7)


def test_a_frame_without_an_id_always_counts() -> None:
    assert [quote.seq for quote in quotes(bbo(seq=None), bbo(seq=None))] == [0, 0]


def test_a_checksum_of_zero_means_that_there_is_none() -> None:
    row = book_row([["1", "2"]], [["3", "4"]], 7, 0, "5") | {"checksum": 0}
    (quote,) = quotes(push("books1", row))
    assert (quote.bid, quote.ask) == (1.0, 3.0)


def test_data_may_be_the_bare_object_as_it_is_for_tokenized_stocks() -> None:
    row = book_row([["1", "2"]], [["3", "4"]], 7, 0, "5")
    frame = wire({"action": "snapshot", "arg": arg("books1"), "data": row, "ts": 8})
    (quote,) = quotes(frame)
    assert (quote.bid, quote.ask, quote.seq) == (1.0, 3.0, 7)
    assert BITGET.quote_texts(Market.PERP, frame) == ("1", "2", "3", "4")


# --- books ------------------------------------------------------------------------------------------------------------


def test_a_book_is_a_snapshot_then_updates_chained_by_pseq_with_exact_texts() -> None:
    snapshot, delta = decode(
        book("snapshot", 0, 427583461144),
        book("update", 427583461144, 427583480559, bids=[["0.00519", "30828.50"]], asks=[], ts="1789456512452"),
    )
    assert isinstance(snapshot, BookSnapshot)
    assert (snapshot.slot, snapshot.seq, snapshot.exchange_ms) == (10, 427583461144, 1789456510736)
    assert (list(snapshot.bids), list(snapshot.asks)) == ([("0.01038", "4311.15")], [("0.01039", "4499.23")])
    assert isinstance(delta, BookDelta)
    assert (delta.prev, delta.last, delta.exchange_ms) == (427583461144, 427583480559, 1789456512452)
    assert (list(delta.bids), list(delta.asks)) == ([("0.00519", "30828.50")], [])


def held(*frames: bytes) -> tuple[Book, list[Effect]]:
    """The book that ``frames`` make under the venue's rule."""
    made = Book(BITGET.book_rule(Market.PERP))
    effects = []
    for event in decode(*frames):
        assert isinstance(event, BookSnapshot | BookDelta)
        effects.append(made.apply(event))
    return made, effects


def test_the_first_update_may_overlap_the_snapshot_and_older_ones_are_skipped() -> None:
    made, effects = held(
        book("snapshot", 0, 100),
        book("update", 80, 90),
        book("update", 95, 105, bids=[["0.01037", "5"]], asks=[]),
        book("update", 105, 110, bids=[["0.01037", "0"]], asks=[["0.02", "0"]]),
    )
    assert effects == [Effect.CHANGED, Effect.NONE, Effect.CHANGED, Effect.CHANGED]
    assert (made.state, made.seq, made.top(9)) == (
        BookState.LIVE, 110, ([("0.01038", "4311.15")], [("0.01039", "4499.23")]),
    )  # fmt: skip


def test_an_update_that_does_not_follow_the_last_one_loses_the_book() -> None:
    made, effects = held(book("snapshot", 0, 100), book("update", 100, 110), book("update", 115, 120))
    assert (made.state, effects[-1]) == (BookState.RESYNCING, Effect.WANTED)


def test_an_update_with_pseq_zero_is_a_reset_of_the_server_and_loses_the_book() -> None:
    made, effects = held(book("snapshot", 0, 100), book("update", 100, 110), book("update", 0, 5))
    assert (made.state, effects[-1]) == (BookState.RESYNCING, Effect.WANTED)


def test_a_second_snapshot_replaces_the_book_and_merges_nothing() -> None:
    made, _ = held(book("snapshot", 0, 100), book("snapshot", 0, 90, bids=[["0.5", "1"]], asks=[["0.6", "1"]]))
    assert (made.state, made.seq, made.top(9)) == (BookState.LIVE, 90, ([("0.5", "1")], [("0.6", "1")]))


def test_ids_above_2_to_the_53_stay_exact() -> None:
    (delta,) = decode(book("update", 1483653649791156271, 1483653649791156272))
    assert isinstance(delta, BookDelta)
    assert (delta.prev, delta.last) == (1483653649791156271, 1483653649791156272)


@pytest.mark.parametrize(("levels", "window"), [(1, 200), (200, 200), (201, 500), (500, 500), (700, 700)])
def test_a_book_shows_as_many_levels_as_its_snapshot_lets_one_think(levels: int, window: int) -> None:
    asks = [[f"{100 + number}", "1"] for number in range(levels)]
    (snapshot,) = decode(book("snapshot", 0, 1, asks=asks))
    assert isinstance(snapshot, BookSnapshot)
    assert snapshot.depth == window


@pytest.mark.parametrize(
    "frame",
    [book("update", None, None), book("update", None, 5), book("snapshot", None, None)],
)
def test_a_book_frame_from_before_update_ids_cannot_be_chained_and_is_refused(frame: bytes) -> None:
    with pytest.raises(ProtocolBroken, match="before 2026") as refused:
        decode(frame)
    assert refused.value.kind == "unchained_book"


def test_a_book_frame_with_another_action_is_refused() -> None:
    with pytest.raises(ProtocolBroken) as refused:
        decode(book("replace", 0, 1))
    assert refused.value.kind == "unknown_shape"


# --- tickers ----------------------------------------------------------------------------------------------------------


def test_a_perpetuals_ticker_tells_day_mid_mark_and_funding_at_once() -> None:
    assert decode(TICKER) == [
        Ticker(
            10, T_NS, "83692.3", "85220", "83121.1", "30736.4509", "2588367727.81816", None, "84052.9", 1790358794983
        ),
        Mid(10, (83692.3 + 83692.4) / 2, T_NS),
        MarkPrice(10, T_NS, "83692.5", "83720.9225", 1790358794983),
        Funding(10, T_NS, "0.0001", "estimated", None, 1790380800000, None, 1790358794983),
    ]


def test_a_spot_ticker_tells_day_and_mid() -> None:
    day, mid = decode(push("ticker", spot_ticker(), inst_type=SPOT))
    assert isinstance(day, Ticker)
    assert (day.slot, day.last, day.vol_24h_wire, day.vol_24h_quote, day.open_24h) == (
        20, "83715.7", "2673.629245", "225237773.321358", "83812.27",
    )  # fmt: skip
    assert mid == Mid(20, (83715.69 + 83715.7) / 2, T_NS)


def test_a_ticker_is_never_a_quote() -> None:
    assert not [event for event in decode(TICKER) if isinstance(event, Quote)]


def test_the_careful_way_reads_a_ticker_as_the_quick_one_does() -> None:
    """The quick way takes one row, so two rows go the careful one."""
    assert decode(push("ticker", perp_ticker(), perp_ticker())) == [*decode(TICKER), *decode(TICKER)]


@pytest.mark.parametrize("gone", [("bidPr", "bidSz"), ("askPr", "askSz"), ("bidPr", "bidSz", "askPr", "askSz")])
def test_a_ticker_row_without_best_prices_has_no_mid_and_keeps_its_figures(gone: tuple[str, ...]) -> None:
    row = {key: value for key, value in perp_ticker().items() if key not in gone}
    day, mid, mark, funding = decode(push("ticker", row))
    assert mid == Mid(10, None, T_NS)
    assert [day, mark, funding] == [event for event in decode(TICKER) if not isinstance(event, Mid)]


def test_figures_that_are_not_there_are_none() -> None:
    day = decode(push("ticker", perp_ticker(lastPr="", high24h="0", low24h="", open24h="", baseVolume="")))[0]
    assert isinstance(day, Ticker)
    assert (day.last, day.high_24h, day.low_24h, day.open_24h, day.vol_24h_wire) == (None,) * 5


def test_a_volume_of_zero_is_a_volume() -> None:
    day = decode(push("ticker", perp_ticker(baseVolume="0", quoteVolume="0")))[0]
    assert isinstance(day, Ticker)
    assert (day.vol_24h_wire, day.vol_24h_quote) == ("0", "0")


@pytest.mark.parametrize(
    "changes", [{"nextFundingTime": "0"}, {"nextFundingTime": ""}, {"fundingRate": ""}, {"fundingRate": None}]
)
def test_a_rate_that_is_never_due_is_no_rate_rather_than_zero(changes: dict[str, Any]) -> None:
    events = decode(push("ticker", perp_ticker(**changes)))
    assert [type(event) for event in events] == [Ticker, Mid, MarkPrice]


def test_a_negative_rate_is_a_rate() -> None:
    funding = decode(push("ticker", perp_ticker(fundingRate="-0.00123")))[-1]
    assert isinstance(funding, Funding)
    assert funding.rate == "-0.00123"


@pytest.mark.parametrize("field", ["lastPr", "high24h", "askPr", "bidSz", "quoteVolume", "markPrice", "indexPrice"])
@pytest.mark.parametrize("text", ["nan", "-1", "inf", "abc"])
def test_a_ticker_with_a_figure_that_is_none_is_refused(field: str, text: str) -> None:
    with pytest.raises(ProtocolBroken) as refused:
        decode(push("ticker", perp_ticker(**{field: text})))
    assert refused.value.kind in ("bad_price", "bad_size")


def test_a_rate_that_is_none_is_refused() -> None:
    with pytest.raises(ProtocolBroken) as refused:
        decode(push("ticker", perp_ticker(fundingRate="nan")))
    assert refused.value.kind == "bad_number"


# --- everything else --------------------------------------------------------------------------------------------------


def test_the_heartbeat_is_text_in_both_directions() -> None:
    session = BITGET.session(URL, tables())
    assert session.ping(T_NS) == "ping"
    assert list(session.decode(b"pong", T_NS)) == [Pong(T_NS)]


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (bbo("NOPEUSDT"), "unknown_symbol"),
        (book("snapshot", 0, 1, inst_id="NOPEUSDT"), "unknown_symbol"),
        (push("ticker", perp_ticker(), inst_id="NOPEUSDT"), "unknown_symbol"),
        (bbo("BTCUSD", "COIN-FUTURES"), "other_product"),
        (push("ticker", perp_ticker("SBTCSUSDT"), inst_id="SBTCSUSDT", inst_type="SUSDT-FUTURES"), "other_product"),
        (push("trades", {"price": "1", "size": "1"}, action="update"), "other_channel"),
        (push("candle1m", ["1", "2"]), "other_channel"),
        (push("books5", book_row([["1", "1"]], [["2", "1"]], 1, 0, "1")), "other_channel"),
        (push("books15", book_row([["1", "1"]], [["2", "1"]], 1, 0, "1")), "other_channel"),
        (bbo("BTCUSDT", "mc"), "v1_dialect"),
        (book("update", None, None, inst_id="BTCUSDT", inst_type="sp"), "v1_dialect"),
        (wire({"event": "subscribe", "arg": arg("books", "DASHUSDT", "mc")}), "v1_dialect"),
        (
            wire({"action": "snapshot", "arg": {"instType": "usdt-futures", "topic": "ticker", "symbol": "BTCUSDT"},
                  "data": [{"lastPrice": "1"}], "ts": 1}),
            "v3_dialect",
        ),
        (wire({"event": "login", "code": 0}), "other_event"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("before", [(), (TICKER,)])
def test_what_is_not_for_us_is_told_apart_and_left_alone(frame: bytes, kind: str, before: tuple[bytes, ...]) -> None:
    assert decode(*before, frame)[-1] == Ignored(kind)


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (b"", "not_json"),
        (b"<html><body>503</body></html>", "not_json"),
        (bbo()[:-9], "not_json"),
        (b"\xff\xfe", "not_json"),
        (b'{"event":"\xff"}', "not_utf8"),
        (b'{"a":' * 100_000, "too_deep"),
        (b"[]", "unknown_shape"),
        (b"{}", "unknown_shape"),
        (b"null", "unknown_shape"),
        (push("books1"), "unknown_shape"),
        (push("books1", {}), "unknown_shape"),
        (push("books"), "unknown_shape"),
        (push("ticker", 5), "unknown_shape"),
        (wire({"action": "snapshot", "arg": arg("ticker")}), "unknown_shape"),
        (bbo(ts="-5"), "unknown_shape"),
        (bbo(ts=""), "unknown_shape"),
        (bbo(bids=[["1"]]), "unknown_shape"),
    ],
)
def test_bytes_that_the_protocol_does_not_allow_are_refused(frame: bytes, kind: str) -> None:
    with pytest.raises(ProtocolBroken) as refused:
        decode(frame)
    assert refused.value.kind == kind
    assert str(refused.value)
