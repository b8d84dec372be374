"""What Bybit's public frames mean."""

from __future__ import annotations

from typing import Any

import pytest

from arbtui.core.clock import NS_PER_S
from arbtui.core.errors import OurMistake, ProtocolBroken
from arbtui.core.events import (
    BookDelta,
    BookSnapshot,
    Event,
    Funding,
    Ignored,
    MarkPrice,
    Pong,
    Quote,
    Resync,
    Ticker,
)
from arbtui.core.model import Channel, Market
from arbtui.core.sequence import Counter, Verdict
from arbtui.venues.base import Tables
from tests.venues.bybit_frames import (
    BYBIT,
    LINEAR,
    PERP_SLOTS,
    SPOT,
    T_NS,
    bbo,
    book,
    perp,
    spot,
    spot_ticker,
    tables,
    ticker,
    wire,
)


def decode(*frames: bytes, url: str = LINEAR) -> list[Event]:
    """All events of one conversation."""
    session = BYBIT.session(url, tables())
    return [event for frame in frames for event in session.decode(frame, T_NS)]


def one(frame: bytes, url: str = LINEAR) -> Event:
    (event,) = decode(frame, url=url)
    return event


def quotes(*frames: bytes, url: str = LINEAR) -> list[Quote]:
    events = decode(*frames, url=url)
    found = [event for event in events if isinstance(event, Quote)]
    assert len(found) == len(events)
    return found


# --- best bid and offer -----------------------------------------------------------------------------------------------


def test_a_bbo_frame_is_a_quote_with_the_engines_time_and_the_update_id() -> None:
    frame = bbo()
    first, second = quotes(frame, frame)  # the first is an instrument's first, the second takes the fast way
    assert first == second
    assert (second.slot, second.bid, second.bid_qty, second.ask, second.ask_qty) == (10, 63040.8, 3.323, 63040.9, 4.686)
    assert (second.seq, second.exchange_ms, second.t_ns, second.source) == (31071061, 1786639170498, T_NS, "ws")
    assert second.raw == frame


def test_exact_texts_come_back_out_of_the_raw_frame() -> None:
    assert BYBIT.quote_texts(Market.PERP, bbo()) == ("63040.80", "3.323", "63040.9", "4.686")


def test_spot_and_perp_share_their_symbols_and_are_told_apart_by_the_address() -> None:
    assert [quotes(bbo(), url=url)[0].slot for url in (LINEAR, SPOT)] == [10, 20]
    assert [quotes(bbo(), bbo(), url=url)[1].slot for url in (LINEAR, SPOT)] == [10, 20]


@pytest.mark.parametrize(
    ("url", "slot"),
    [
        ("wss://stream-testnet.bybit.com/v5/public/linear", 10),
        ("wss://stream.bybit.kz/v5/public/spot", 20),
        ("ws://127.0.0.1:9/stream.bybit.com/v5/public/spot", None),  # a gateway's address is nobody's name
    ],
)
def test_regional_hosts_serve_the_same_paths(url: str, slot: int | None) -> None:
    if slot is None:
        with pytest.raises(OurMistake):
            BYBIT.session(url, tables())
    else:
        assert quotes(bbo(), url=url)[0].slot == slot


@pytest.mark.parametrize("path", ["/v5/private", "/v5/trade", "/v5/public/inverse", "/v5/public/option", ""])
def test_an_address_of_another_product_is_our_mistake(path: str) -> None:
    with pytest.raises(OurMistake, match="linear"):
        BYBIT.session(f"wss://stream.bybit.com{path}", tables())


def test_an_id_of_one_is_a_restart_and_always_counts() -> None:
    assert [quote.seq for quote in quotes(bbo(u=900), bbo(u=1), bbo(u=2))] == [900, 0, 2]
    assert [quote.seq for quote in quotes(bbo(u=900), bbo(u=1, asks=[]))] == [900, 0]


def test_a_repeat_under_the_same_id_is_a_quote_again() -> None:
    assert [quote.seq for quote in quotes(bbo(), bbo(), bbo())] == [31071061] * 3


def test_best_prices_are_repeated_so_their_silence_means_something() -> None:
    cadence = BYBIT.cadence(Market.PERP, Channel.BBO)
    assert cadence.periodic
    assert cadence.quiet_s is not None
    assert cadence.quiet_s > 3.0


@pytest.mark.parametrize("warm", [False, True])
def test_an_empty_side_is_none_and_never_zero(warm: bool) -> None:
    frame = bbo(asks=[])
    quote = quotes(*[bbo()] * warm, frame)[-1]
    assert (quote.bid, quote.bid_qty, quote.ask, quote.ask_qty) == (63040.8, 3.323, None, None)
    assert BYBIT.quote_texts(Market.PERP, frame) == ("63040.80", "3.323", None, None)


def test_an_empty_book_is_a_quote_without_sides() -> None:
    (quote,) = quotes(bbo(asks=[], bids=[], u=1))
    assert (quote.bid, quote.bid_qty, quote.ask, quote.ask_qty, quote.seq) == (None, None, None, None, 0)


@pytest.mark.parametrize("price", ["nan", "NaN", "inf", "-Infinity", "-1", "0", "1e400", "abc", "1_0", "0x10", " 1"])
@pytest.mark.parametrize("warm", [False, True])
def test_a_price_that_is_none_is_refused(price: str, warm: bool) -> None:
    with pytest.raises(ProtocolBroken) as refused:
        decode(*[bbo()] * warm, bbo(asks=[[price, "1"]]))
    assert refused.value.kind == "bad_price"


@pytest.mark.parametrize("size", ["nan", "-1", "0", "inf", "", "x"])
@pytest.mark.parametrize("warm", [False, True])
def test_a_size_that_nobody_stands_behind_is_refused(size: str, warm: bool) -> None:
    with pytest.raises(ProtocolBroken) as refused:
        decode(*[bbo()] * warm, bbo(bids=[["63040.8", size]]))
    assert refused.value.kind == "bad_size"


def test_a_quote_after_a_refused_one_is_a_quote() -> None:
    session = BYBIT.session(LINEAR, tables())
    session.decode(bbo(), T_NS)
    with pytest.raises(ProtocolBroken):
        session.decode(bbo(asks=[["nan", "1"]]), T_NS)
    assert [type(event) for event in (*session.decode(bbo(), T_NS), *session.decode(bbo(), T_NS))] == [Quote, Quote]


@pytest.mark.parametrize("warm", [False, True])
def test_keys_may_come_in_any_order_and_with_blanks(warm: bool) -> None:
    value: dict[str, Any] = {
        "cts": 7,
        "data": {"u": 5, "a": [["3", "4"]], "b": [["1", "2"]], "s": "BTCUSDT"},
        "type": "snapshot",
        "topic": "orderbook.1.BTCUSDT",
        "ts": 8,
    }
    spaced = wire(value).replace(b":", b" : ").replace(b",", b", ")
    for frame in (wire(value), spaced):
        quote = quotes(*[bbo()] * warm, frame)[-1]
        assert (quote.bid, quote.ask, quote.seq, quote.exchange_ms) == (1.0, 3.0, 5, 7)


def test_a_time_in_quotes_is_a_time() -> None:
    (quote,) = quotes(bbo(cts=None).replace(b'"ts":1786639170499', b'"ts":"1786639170499"'))
    assert quote.exchange_ms == 1786639170499


def test_a_frame_from_before_engine_times_has_the_time_of_sending() -> None:
    assert [quote.exchange_ms for quote in quotes(bbo(), bbo(cts=None))] == [1786639170498, 1786639170499]


def test_an_instrument_of_no_table_is_skipped_and_said() -> None:
    for frame in (bbo("DOGEUSDT"), book("snapshot", 5, symbol="DOGEUSDT"), ticker(symbol="DOGEUSDT")):
        assert one(frame) == Ignored("unknown_symbol")


def test_an_instrument_that_enters_its_table_later_is_seen_from_then_on() -> None:
    slots = dict(PERP_SLOTS)
    session = BYBIT.session(LINEAR, Tables({Market.PERP: slots}))
    assert list(session.decode(bbo("DOGEUSDT"), T_NS)) == [Ignored("unknown_symbol")]
    slots["DOGEUSDT"] = 13
    (quote,) = session.decode(bbo("DOGEUSDT"), T_NS)
    assert isinstance(quote, Quote)
    assert quote.slot == 13


def test_a_market_without_a_table_is_no_error() -> None:
    session = BYBIT.session(SPOT, Tables({Market.PERP: {}}))
    assert list(session.decode(bbo(), T_NS)) == [Ignored("unknown_symbol")]


# --- best bid and offer as it was until March 2025 --------------------------------------------------------------------


def test_an_old_update_changes_the_side_that_it_names() -> None:
    update = bbo(kind="delta", u=31071062, bids=[["63040.80", "0"], ["63040.70", "1.50"]], asks=[])
    first, second = quotes(bbo(), update)
    assert (first.bid, second.bid, second.bid_qty, second.ask, second.seq) == (63040.8, 63040.7, 1.5, 63040.9, 31071062)
    assert second.raw == ("63040.70", "1.50", "63040.9", "4.686")


def test_an_old_update_may_follow_fast_quotes_and_other_updates() -> None:
    size = bbo(kind="delta", u=31071062, bids=[["63040.80", "9"]], asks=[])
    gone = bbo(kind="delta", u=31071063, bids=[], asks=[["63040.90", "0"]])
    back = bbo(kind="delta", u=31071064, bids=[], asks=[["63041.5", "2"]])
    later = quotes(bbo(), bbo(), bbo(), size, gone, back)[3:]
    assert [(quote.bid, quote.bid_qty, quote.ask) for quote in later] == [
        (63040.8, 9.0, 63040.9),
        (63040.8, 9.0, None),
        (63040.8, 9.0, 63041.5),
    ]


def test_an_old_update_is_never_read_as_a_snapshot() -> None:
    update = bbo(kind="delta")
    assert one(update) == Resync(perp(Channel.BBO), "an update came before its snapshot")
    assert [quote.raw for quote in quotes(bbo(), update)][1] == ("63040.80", "3.323", "63040.9", "4.686")


def test_an_update_that_takes_away_another_price_leaves_the_best_one() -> None:
    update = bbo(kind="delta", bids=[["63040.70", "0"]], asks=[])
    assert quotes(bbo(), update)[1].bid == 63040.8


@pytest.mark.parametrize("level", [["nan", "1"], ["1", "nan"], ["", "1"], ["1", ""], ["0", "1"], ["-1", "0"]])
def test_an_old_update_with_nonsense_is_refused(level: list[str]) -> None:
    with pytest.raises(ProtocolBroken):
        decode(bbo(), bbo(kind="delta", bids=[level], asks=[]))


# --- books ------------------------------------------------------------------------------------------------------------


def test_a_book_snapshot_keeps_texts_and_tells_its_depth() -> None:
    event = one(book("snapshot", 10132541, bids=[["71419.80", "1.000"]], asks=[["71427.90", "0.006"]]))
    assert isinstance(event, BookSnapshot)
    assert (event.slot, event.seq, event.depth, event.exchange_ms) == (10, 10132541, 200, 1773386409404)
    assert list(event.bids) == [("71419.80", "1.000")]
    assert list(event.asks) == [("71427.90", "0.006")]


def test_a_book_update_has_one_id() -> None:
    event = one(book("delta", 10132542, asks=[]))
    assert isinstance(event, BookDelta)
    assert (event.first, event.last, event.prev) == (10132542, 10132542, -1)
    assert list(event.bids) == [("71419.80", "0"), ("71418.20", "0.159")]
    assert list(event.asks) == []


@pytest.mark.parametrize("depth", [50, 200, 500, 1000])
def test_any_depth_is_read_as_what_it_is(depth: int) -> None:
    event = one(book("snapshot", 7, depth=depth))
    assert isinstance(event, BookSnapshot)
    assert event.depth == depth


def test_books_of_two_depths_are_not_mixed_because_each_counts_for_itself() -> None:
    events = decode(
        book("snapshot", 7, depth=50), book("snapshot", 900, depth=200), book("delta", 8, depth=50), book("delta", 901)
    )
    assert [type(event) for event in events] == [BookSnapshot, Ignored, BookDelta, Ignored]
    assert events[3] == Ignored("book_of_another_depth")


def test_best_prices_and_the_book_of_an_instrument_share_a_socket_in_peace() -> None:
    events = decode(bbo(), book("snapshot", 7), bbo(), book("delta", 8), ticker(), bbo())
    assert [type(event) for event in events] == [
        Quote, BookSnapshot, Quote, BookDelta, Ticker, MarkPrice, Funding, Quote,
    ]  # fmt: skip


@pytest.mark.parametrize("depth", ["rpi", "full"])
def test_books_of_another_kind_are_left_alone(depth: str) -> None:
    assert one(book("snapshot", 7, depth=depth, bids=[["1", "2", "3"]])) == Ignored(f"{depth}_book")


@pytest.mark.parametrize("topic", ["orderbook.x.BTCUSDT", "orderbook.1", "orderbook.", "orderbook", "orderbook.².B"])
def test_a_topic_without_depth_or_symbol_is_refused(topic: str) -> None:
    with pytest.raises(ProtocolBroken, match="topic"):
        decode(book("snapshot", 7).replace(b"orderbook.200.BTCUSDT", topic.encode()))


def test_an_unknown_type_of_book_is_refused() -> None:
    with pytest.raises(ProtocolBroken) as refused:
        decode(book("merge", 7))
    assert refused.value.kind == "unknown_shape"


def test_a_book_without_one_of_its_sides_is_refused() -> None:
    with pytest.raises(ProtocolBroken):
        decode(book("snapshot", 7).replace(b'"a":', b'"x":'))


def verdicts(seq: int, *frames: bytes) -> list[Verdict]:
    """What the venue's rule says of updates after a snapshot of id ``seq``; the book follows those it applies."""
    rule = BYBIT.book_rule(Market.PERP)
    assert isinstance(rule, Counter)
    said = []
    for event in decode(*frames):
        assert isinstance(event, BookDelta)
        said.append(rule.next(seq, event))
        if said[-1] is Verdict.APPLY:
            seq = event.last
    return said


def test_a_lost_update_is_a_gap() -> None:
    assert verdicts(5, book("delta", 6), book("delta", 8)) == [Verdict.APPLY, Verdict.GAP]


def test_a_repeated_update_is_old_and_one_from_the_past_a_gap() -> None:
    assert verdicts(5, book("delta", 6), book("delta", 6), book("delta", 4)) == [
        Verdict.APPLY,
        Verdict.OLD,
        Verdict.GAP,
    ]


def test_an_update_with_the_id_of_a_restart_is_no_book() -> None:
    assert verdicts(0, book("delta", 1)) == [Verdict.GAP]


def test_a_snapshot_may_come_at_any_time_and_replaces_the_book() -> None:
    rule = BYBIT.book_rule(Market.SPOT)
    assert [rule.snapshot(900, seq) for seq in (1, 899, 900, 901)] == [Verdict.APPLY] * 4
    event = one(book("snapshot", 1, bids=[], asks=[]))
    assert isinstance(event, BookSnapshot)
    assert (event.seq, list(event.bids), list(event.asks)) == (1, [], [])


# --- tickers ----------------------------------------------------------------------------------------------------------

STAMP = 1760325052630
DAY = Ticker(
    10,
    T_NS,
    last="66666.60",
    high_24h="79266.30",
    low_24h="65076.90",
    vol_24h_wire="73191.3870",
    vol_24h_quote="4936790807.6521",
    open_24h="79206.20",
    exchange_ms=STAMP,
)


def test_a_linear_snapshot_is_day_figures_mark_and_funding() -> None:
    assert decode(ticker()) == [
        DAY,
        MarkPrice(10, T_NS, "66667.10", "66650.19", STAMP),
        Funding(10, T_NS, "-0.005", "estimated", 8.0, 1760342400000, exchange_ms=STAMP),
    ]


def test_an_update_says_what_changed_over_what_was_known() -> None:
    *_, last = decode(ticker(), ticker("delta", ts=STAMP + 100, indexPrice="66651.00"))
    assert last == MarkPrice(10, T_NS, "66667.10", "66651.00", STAMP + 100)
    *_, last = decode(ticker(), ticker("delta", ts=STAMP + 100, fundingRate="0.0001"))
    assert last == Funding(10, T_NS, "0.0001", "estimated", 8.0, 1760342400000, exchange_ms=STAMP + 100)


@pytest.mark.parametrize("changes", [{"bid1Price": "79114.50", "bid1Size": "1.496"}, {"ask1Size": "1"}, {}])
def test_best_prices_of_a_ticker_are_no_quote(changes: dict[str, Any]) -> None:
    assert decode(ticker(), ticker("delta", **changes))[3:] == []


def test_a_funding_interval_that_changes_is_told() -> None:
    *_, last = decode(ticker(), ticker("delta", fundingIntervalHour="1", nextFundingTime="1760317200000"))
    assert isinstance(last, Funding)
    assert (last.rate, last.interval_h, last.next_ms) == ("-0.005", 1.0, 1760317200000)


def test_an_empty_value_means_that_there_is_none() -> None:
    *_, last = decode(ticker(), ticker("delta", indexPrice=""))
    assert last == MarkPrice(10, T_NS, "66667.10", None, STAMP)
    assert decode(ticker(fundingRate="", nextFundingTime="", fundingIntervalHour=""))[2:] == []


def test_a_price_of_zero_is_no_price() -> None:
    day, *_ = decode(ticker(lastPrice="0", highPrice24h="0"))
    assert isinstance(day, Ticker)
    assert (day.last, day.high_24h, day.low_24h) == (None, None, "65076.90")


def test_a_second_snapshot_replaces_the_first() -> None:
    frame = wire({"topic": "tickers.BTCUSDT", "type": "snapshot", "data": {"symbol": "BTCUSDT", "markPrice": "5"}})
    assert decode(ticker(), frame)[3:] == [MarkPrice(10, T_NS, "5")]


def test_an_update_before_its_snapshot_asks_for_one_and_says_so_once_in_a_while() -> None:
    session = BYBIT.session(LINEAR, tables())
    update = ticker("delta", markPrice="5")
    wanted = Resync(perp(Channel.TICKER), "an update came before its snapshot")
    said = [list(session.decode(update, T_NS + seconds * NS_PER_S)) for seconds in (0, 1, 4, 5, 6)]
    assert said == [[wanted], *[[Ignored("update_before_snapshot")]] * 2, [wanted], [Ignored("update_before_snapshot")]]
    assert len(session.decode(ticker(), T_NS)) == 3
    (event,) = session.decode(update, T_NS)
    assert isinstance(event, MarkPrice)


def test_a_new_connection_knows_nothing_of_the_old_one() -> None:
    decode(ticker())
    assert isinstance(one(ticker("delta", markPrice="5")), Resync)


def test_after_an_unreadable_number_the_rest_of_the_row_is_not_trusted() -> None:
    session = BYBIT.session(LINEAR, tables())
    session.decode(ticker(), T_NS)
    with pytest.raises(ProtocolBroken) as refused:
        session.decode(ticker("delta", markPrice="nan", fundingRate="0.01"), T_NS)
    assert refused.value.kind == "bad_price"
    (event,) = session.decode(ticker("delta", indexPrice="5"), T_NS)
    assert isinstance(event, Resync)


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("lastPrice", "nan", "bad_price"),
        ("markPrice", "-5", "bad_price"),
        ("volume24h", "-1", "bad_size"),
        ("fundingRate", "inf", "bad_number"),
        ("fundingRate", "0.1%", "bad_number"),
        ("nextFundingTime", "2025-01-01T00:00:00Z", "bad_number"),
        ("fundingIntervalHour", "0", "bad_number"),
        ("fundingIntervalHour", "480", "bad_number"),  # that would be minutes
    ],
)
def test_a_number_that_is_none_is_refused(field: str, value: str, kind: str) -> None:
    change: dict[str, Any] = {field: value}
    for frames in ((ticker(**change),), (ticker(), ticker("delta", **change))):
        with pytest.raises(ProtocolBroken) as refused:
            decode(*frames)
        assert refused.value.kind == kind


def test_what_shares_a_topic_is_told_again_though_only_another_part_moves() -> None:
    session = BYBIT.session(LINEAR, tables())
    session.decode(ticker(), T_NS)
    kinds = [
        [
            type(event)
            for event in session.decode(ticker("delta", markPrice=f"{seconds + 1}"), T_NS + seconds * NS_PER_S)
        ]
        for seconds in range(1, 8)
    ]
    assert kinds == [[MarkPrice]] * 4 + [[Ticker, MarkPrice, Funding]] + [[MarkPrice]] * 2


def test_a_spot_ticker_is_day_figures_alone() -> None:
    assert decode(spot_ticker(), url=SPOT) == [
        Ticker(
            20,
            T_NS,
            last="21109.77",
            high_24h="21426.99",
            low_24h="20575",
            vol_24h_wire="6780.866843",
            vol_24h_quote="141946527.22907118",
            open_24h="20704.93",
            exchange_ms=1673853746003,
        )
    ]


def test_every_spot_ticker_is_whole() -> None:
    first, second = decode(spot_ticker(), spot_ticker(lastPrice="5"), url=SPOT)
    assert isinstance(first, Ticker)
    assert isinstance(second, Ticker)
    assert (second.last, second.high_24h) == ("5", first.high_24h)


# --- everything else --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "frame",
    [
        {"success": True, "ret_msg": "pong", "conn_id": "a", "req_id": "", "op": "ping"},
        {"success": True, "ret_msg": "pong", "conn_id": "a", "op": "ping"},
        {"req_id": "test", "op": "pong", "args": ["1675418560633"], "conn_id": "a"},
        {"retCode": 0, "retMsg": "OK", "op": "pong", "data": ["1711002002529"], "connId": "a"},
    ],
)
def test_pongs_of_every_form_are_pongs(frame: dict[str, Any]) -> None:
    assert one(wire(frame)) == Pong(T_NS)


def test_the_ping_is_json() -> None:
    assert BYBIT.session(LINEAR, tables()).ping(T_NS) == '{"req_id":"ping","op":"ping"}'
    assert BYBIT.manners(Market.SPOT).ping_every_s == 20.0


@pytest.mark.parametrize(
    "topic", ["publicTrades.BTCUSDT", "kline.1.BTCUSDT", "order", "orderbooks.1.BTCUSDT", "ticker.B"]
)
def test_topics_match_by_their_whole_first_word(topic: str) -> None:
    assert one(wire({"topic": topic, "type": "snapshot", "ts": 1, "data": []})) == Ignored("other_topic")
    assert one(wire({"type": "snapshot", "ts": 1, "data": [], "topic": topic})) == Ignored("other_topic")


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (b"", "not_json"),
        (b"pong", "not_json"),
        (b'{"topic":"orderbook.1.BTCUSDT', "not_json"),
        (b'{"topic":"orderbook.1.BTC\xff"}', "not_utf8"),
        (b"[]", "unknown_shape"),
        (b"{}", "unknown_shape"),
        (b'{"topic":"","type":"snapshot"}', "unknown_shape"),
        (b"<html>502 Bad Gateway</html>", "not_json"),
        (bbo()[:-9], "not_json"),
    ],
)
def test_what_is_no_frame_is_refused(frame: bytes, kind: str) -> None:
    with pytest.raises(ProtocolBroken) as refused:
        decode(frame)
    assert refused.value.kind == kind


def test_a_bbo_stream_of_spot_names_spot() -> None:
    assert one(bbo(kind="delta"), url=SPOT) == Resync(spot(Channel.BBO), "an update came before its snapshot")
