"""What OKX's public frames mean."""

from __future__ import annotations

import pytest

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import (
    BookDelta,
    BookSnapshot,
    Closing,
    Event,
    Funding,
    Ignored,
    Listing,
    MarkPrice,
    Mid,
    Pong,
    Quote,
    Resync,
    StatusChange,
    Ticker,
)
from arbtui.core.model import Channel, Market, Stream, TradingStatus
from arbtui.core.sequence import PrevEquals, Verdict
from arbtui.venues.base import Tables
from tests.venues.okx_frames import (
    OKX,
    PERP_SLOTS,
    T_NS,
    URL,
    bbo,
    book,
    funding_row,
    index_row,
    mark_row,
    push,
    swap_row,
    tables,
    ticker_row,
    wire,
)
from tests.venues.recordings import growing


def decode(*frames: bytes) -> list[Event]:
    """All events of one conversation."""
    session = OKX.session(URL, tables())
    return [event for frame in frames for event in session.decode(frame, T_NS)]


def one(*frames: bytes) -> Event:
    """The last event of one conversation whose last frame says one thing."""
    session = OKX.session(URL, tables())
    events: list[Event] = []
    for frame in frames:
        events = list(session.decode(frame, T_NS))
    assert len(events) == 1
    return events[0]


def quotes(*frames: bytes) -> list[Quote]:
    events = decode(*frames)
    found = [event for event in events if isinstance(event, Quote)]
    assert len(found) == len(events)
    return found


# --- best bid and offer -----------------------------------------------------------------------------------------------


def test_a_bbo_frame_is_a_quote_in_contracts_with_the_venues_id_and_time() -> None:
    frame = bbo()
    first, second = quotes(frame, frame)  # the first makes the instrument's lane, the second takes the fast way
    assert first == second
    assert (second.slot, second.bid, second.bid_qty, second.ask, second.ask_qty) == (
        10,
        63921.0,
        779.3,
        63921.1,
        1871.75,
    )
    assert (second.seq, second.exchange_ms, second.t_ns, second.source) == (333793117432, 1786540471710, T_NS, "ws")
    assert second.raw == frame


def test_exact_texts_come_back_out_of_the_raw_frame() -> None:
    assert OKX.quote_texts(Market.PERP, bbo()) == ("63921", "779.3", "63921.10", "1871.75")


def test_the_market_is_told_by_the_suffix_of_the_name() -> None:
    assert [quote.slot for quote in quotes(bbo("BTC-USDT"), bbo("BTC-USDT-SWAP"))] == [20, 10]


@pytest.mark.parametrize("nothing", [[], [["", "", "0", "0"]], [["0", "0", "0", "0"]]])
def test_a_side_that_is_not_there_is_none_and_never_zero(nothing: list[list[str]]) -> None:
    frame = bbo(asks=nothing)
    (quote,) = quotes(frame)
    assert (quote.bid, quote.bid_qty, quote.ask, quote.ask_qty) == (63921.0, 779.3, None, None)
    assert OKX.quote_texts(Market.PERP, frame) == ("63921", "779.3", None, None)


def test_an_empty_book_is_a_quote_without_sides() -> None:
    (quote,) = quotes(bbo(asks=[], bids=[]))
    assert (quote.bid, quote.bid_qty, quote.ask, quote.ask_qty) == (None, None, None, None)


@pytest.mark.parametrize("price", ["nan", "NaN", "inf", "-Infinity", "-1", "0", "1e400", "abc", "1_0", "0x10", " 1"])
@pytest.mark.parametrize("warm", [False, True])
def test_a_price_that_is_none_is_refused(price: str, warm: bool) -> None:
    session = OKX.session(URL, tables())
    if warm:
        session.decode(bbo(), T_NS)
    with pytest.raises(ProtocolBroken) as refused:
        session.decode(bbo(asks=[[price, "1", "0", "1"]]), T_NS)
    assert refused.value.kind == "bad_price"


@pytest.mark.parametrize("size", ["nan", "-1", "0", "inf", "", "x"])
def test_a_size_that_nobody_stands_behind_is_refused(size: str) -> None:
    with pytest.raises(ProtocolBroken) as refused:
        decode(bbo(), bbo(bids=[["63921", size, "0", "1"]]))
    assert refused.value.kind == "bad_size"


def test_null_where_a_price_belongs_is_refused() -> None:
    with pytest.raises(ProtocolBroken) as refused:
        decode(bbo().replace(b'"63921"', b"null"))
    assert refused.value.kind == "unknown_shape"


def test_keys_may_come_in_any_order() -> None:
    row = {"seqId": 5, "ts": "7", "bids": [["1", "2", "0", "1"]], "asks": [["3", "4", "0", "1"]]}
    (quote,) = quotes(wire({"data": [row], "arg": {"instId": "BTC-USDT-SWAP", "channel": "bbo-tbt"}}))
    assert (quote.bid, quote.ask, quote.seq, quote.exchange_ms) == (1.0, 3.0, 5, 7)


def test_blanks_in_the_json_change_nothing() -> None:
    spaced = bbo().replace(b":", b" : ").replace(b",", b", ")
    (quote,) = quotes(spaced)
    assert (quote.bid, quote.ask) == (63921.0, 63921.1)


def test_a_frame_from_before_update_ids_always_counts() -> None:
    assert [quote.seq for quote in quotes(bbo(seq=None), bbo(seq=None))] == [0, 0]


def test_an_id_that_fell_while_time_went_on_is_a_restart_of_the_counter() -> None:
    before, restarted, after = quotes(bbo(seq=900, ts="1000"), bbo(seq=3, ts="2000"), bbo(seq=4, ts="2010"))
    assert (before.seq, restarted.seq, after.seq) == (900, 0, 4)


def test_an_id_that_fell_with_its_time_is_a_late_frame_and_keeps_its_id() -> None:
    newer, late, newest = quotes(bbo(seq=900, ts="1000"), bbo(seq=899, ts="990"), bbo(seq=901, ts="1000"))
    assert (newer.seq, late.seq, newest.seq) == (900, 899, 901)


def test_a_restart_is_noticed_on_a_one_sided_frame_too() -> None:
    assert [quote.seq for quote in quotes(bbo(seq=900, ts="1000"), bbo(seq=3, ts="2000", asks=[]))] == [900, 0]


def test_an_instrument_of_no_table_is_skipped_and_said() -> None:
    assert one(bbo("DOGE-USDT-SWAP")) == Ignored("unknown_symbol")
    assert one(book("snapshot", -1, 5, inst_id="DOGE-USDT-SWAP")) == Ignored("unknown_symbol")
    assert decode(push("tickers", "DOGE-USDT", ticker_row("DOGE-USDT"))) == [Ignored("unknown_symbol")]


def test_an_instrument_that_enters_its_table_later_is_seen_from_then_on() -> None:
    slots = dict(PERP_SLOTS)
    session = OKX.session(URL, Tables({Market.PERP: slots}))
    assert list(session.decode(bbo("DOGE-USDT-SWAP"), T_NS)) == [Ignored("unknown_symbol")]
    slots["DOGE-USDT-SWAP"] = 12
    (quote,) = session.decode(bbo("DOGE-USDT-SWAP"), T_NS)
    assert isinstance(quote, Quote)
    assert quote.slot == 12


def test_a_market_without_a_table_is_no_error() -> None:
    session = OKX.session(URL, Tables({Market.PERP: {}}))
    assert list(session.decode(bbo("BTC-USDT"), T_NS)) == [Ignored("unknown_symbol")]


def test_a_table_that_takes_in_new_symbols_is_asked() -> None:
    session = OKX.session(URL, growing())
    slots = [
        event.slot
        for name in ("A-USDT-SWAP", "B-USDT-SWAP", "A-USDT-SWAP")
        for event in session.decode(bbo(name), T_NS)
        if isinstance(event, Quote)
    ]
    assert slots == [0, 1, 0]


# --- books ------------------------------------------------------------------------------------------------------------


def test_a_book_snapshot_keeps_texts_and_tells_its_depth() -> None:
    event = one(book("snapshot", -1, 123456))
    assert isinstance(event, BookSnapshot)
    assert (event.slot, event.seq, event.depth, event.exchange_ms) == (10, 123456, 400, 1597026383085)
    assert list(event.asks) == [("8477", "7.50", "0", "2")]
    assert list(event.bids) == [("8476.97", "256", "0", "12")]


def test_a_book_update_names_its_predecessor() -> None:
    event = one(book("update", 123456, 123457, bids=[], asks=[["8477", "0", "0", "0"]]))
    assert isinstance(event, BookDelta)
    assert (event.prev, event.last, event.first) == (123456, 123457, -1)
    assert list(event.asks) == [("8477", "0", "0", "0")]
    assert list(event.bids) == []


def test_levels_of_fewer_members_are_read_all_the_same() -> None:
    event = one(book("snapshot", -1, 1, bids=[["1", "2"]], asks=[["3", "4", "5"]]))
    assert isinstance(event, BookSnapshot)
    assert (list(event.bids), list(event.asks)) == ([("1", "2")], [("3", "4", "5")])


def test_a_level_without_a_size_is_refused() -> None:
    with pytest.raises(ProtocolBroken):
        decode(book("snapshot", -1, 1, bids=[["1"]]))


def verdicts(seq: int, *frames: bytes) -> list[Verdict]:
    """What the venue's rule says of updates after a snapshot of id ``seq``; the book follows those it applies."""
    rule = OKX.book_rule(Market.PERP)
    assert isinstance(rule, PrevEquals)
    judge, said = rule.first, []
    for event in decode(*frames):
        assert isinstance(event, BookDelta)
        verdict = judge(seq, event)
        said.append(verdict)
        if verdict is Verdict.APPLY:
            seq, judge = event.last, rule.next
    return said


def test_an_idle_frame_is_no_gap() -> None:
    idle = book("update", 7, 7, bids=[], asks=[])
    assert (
        verdicts(7, idle, book("update", 7, 8), book("update", 8, 8, bids=[], asks=[]), book("update", 8, 9))
        == [Verdict.APPLY] * 4
    )


def test_a_maintenance_reset_is_followed_to_the_smaller_id() -> None:
    assert verdicts(900, book("update", 900, 901), book("update", 901, 3), book("update", 3, 4)) == [Verdict.APPLY] * 3


def test_a_lost_update_is_a_gap() -> None:
    assert verdicts(5, book("update", 5, 6), book("update", 7, 8)) == [Verdict.APPLY, Verdict.GAP]


def test_a_repeated_update_is_old() -> None:
    assert verdicts(5, book("update", 5, 6), book("update", 5, 6)) == [Verdict.APPLY, Verdict.OLD]


def test_a_start_without_snapshot_brings_updates_to_keep_and_a_request_to_seed_them() -> None:
    assert isinstance(one(book("update", 10, 11)), BookDelta)
    assert verdicts(12, book("update", 10, 11), book("update", 11, 14), book("update", 14, 15)) == [
        Verdict.OLD,
        Verdict.APPLY,
        Verdict.APPLY,
    ]


def test_the_checksum_of_today_is_zero_and_judges_nothing() -> None:
    events = decode(book("snapshot", -1, 1, checksum=0), book("update", 1, 2, checksum=0))
    assert [type(event) for event in events] == [BookSnapshot, BookDelta]


def test_a_checksum_next_to_update_ids_judges_nothing_either() -> None:
    assert isinstance(one(book("snapshot", -1, 1, checksum=-855196043)), BookSnapshot)


@pytest.mark.parametrize(("prev", "seq"), [(5, None), (None, 6), (None, None)])
def test_an_update_that_cannot_be_chained_is_refused_in_words(prev: int | None, seq: int | None) -> None:
    with pytest.raises(ProtocolBroken, match="BTC-USDT-SWAP") as refused:
        decode(book("update", prev, seq))
    assert refused.value.kind == "unchained_book"


def test_an_unknown_action_is_refused() -> None:
    with pytest.raises(ProtocolBroken):
        decode(book("merge", 1, 2))


# The docs' example of the checksum: bids 3366.1 x 7 and 3366 x 6, asks 3366.8 x 9, 3368 x 8.
OLD_BIDS = [["3366.1", "7", "0", "3"], ["3366", "6", "3", "4"]]
OLD_ASKS = [["3366.8", "9", "10", "3"], ["3368", "8", "3", "4"]]
OLD_SNAPSHOT = book("snapshot", None, None, bids=OLD_BIDS, asks=OLD_ASKS, checksum=-1881014294)


def test_a_recording_without_ids_is_judged_by_its_checksum() -> None:
    event = one(OLD_SNAPSHOT)
    assert isinstance(event, BookSnapshot)
    assert event.seq == -1


def test_in_a_recording_without_ids_a_lost_frame_is_noticed() -> None:
    changed = book("update", None, None, bids=[["3366.1", "0", "0", "0"]], asks=[], checksum=-1881014294)
    events = decode(OLD_SNAPSHOT, changed, changed)
    assert events[1] == Resync(Stream(Market.PERP, Channel.BOOK, "BTC-USDT-SWAP"), "checksum differs: a frame was lost")
    assert events[2] == Ignored("update_before_snapshot")


def test_in_a_recording_without_ids_a_frame_chains_to_the_one_before() -> None:
    same = book("update", None, None, bids=[["3366", "6", "3", "4"]], asks=[], checksum=-1881014294)
    _, delta = decode(OLD_SNAPSHOT, same)
    assert isinstance(delta, BookDelta)
    assert (delta.prev, delta.last) == (-1, -1)
    assert PrevEquals().first(-1, delta) is Verdict.APPLY
    assert PrevEquals().next(-1, delta) is Verdict.APPLY


# --- tickers, marks, funding ------------------------------------------------------------------------------------------


def test_swap_volumes_are_contracts_and_coins() -> None:
    ticker, mid = decode(push("tickers", "BTC-USDT-SWAP", ticker_row()))
    assert isinstance(ticker, Ticker)
    assert (ticker.vol_24h_wire, ticker.vol_24h_coins, ticker.vol_24h_quote) == ("7399887.86", "73998.8786", None)
    assert (ticker.last, ticker.high_24h, ticker.low_24h, ticker.open_24h) == ("63921", "64466", "63162.7", "64297.6")
    assert (ticker.slot, ticker.exchange_ms, ticker.source) == (10, 1786540471710, "ws")
    assert mid == Mid(10, (63921.0 + 63921.1) / 2, T_NS)


def test_spot_volumes_are_coins_and_quote_currency() -> None:
    row = ticker_row("BTC-USDT", volCcy24h="374703695.177360964", vol24h="5874.19398956")
    ticker, _ = decode(push("tickers", "BTC-USDT", row))
    assert isinstance(ticker, Ticker)
    assert (ticker.vol_24h_wire, ticker.vol_24h_coins) == ("5874.19398956", None)
    assert ticker.vol_24h_quote == "374703695.177360964"


def test_a_ticker_without_an_ask_has_no_mid_and_keeps_its_figures() -> None:
    ticker, mid = decode(push("tickers", "BTC-USDT-SWAP", ticker_row(askPx="", askSz="")))
    assert isinstance(ticker, Ticker)
    assert (ticker.last, ticker.vol_24h_coins) == ("63921", "73998.8786")
    assert mid == Mid(10, None, T_NS)


def test_figures_that_are_not_there_are_none() -> None:
    ticker, _ = decode(
        push("tickers", "BTC-USDT-SWAP", ticker_row(last="", high24h="", low24h="", open24h="0", vol24h=""))
    )
    assert isinstance(ticker, Ticker)
    assert (ticker.last, ticker.high_24h, ticker.low_24h, ticker.open_24h, ticker.vol_24h_wire) == (None,) * 5


def test_a_volume_of_zero_is_a_volume() -> None:
    ticker, _ = decode(push("tickers", "BTC-USDT-SWAP", ticker_row(vol24h="0", volCcy24h="0")))
    assert isinstance(ticker, Ticker)
    assert (ticker.vol_24h_wire, ticker.vol_24h_coins) == ("0", "0")


@pytest.mark.parametrize("field", ["last", "high24h", "askPx", "bidSz", "volCcy24h"])
@pytest.mark.parametrize("text", ["nan", "-1", "inf", "abc"])
def test_a_ticker_with_a_figure_that_is_none_is_refused(field: str, text: str) -> None:
    with pytest.raises(ProtocolBroken) as refused:
        decode(push("tickers", "BTC-USDT-SWAP", ticker_row(**{field: text})))
    assert refused.value.kind in ("bad_price", "bad_size")


def test_mark_and_index_are_told_apart_and_the_index_is_the_swaps() -> None:
    """``index-tickers`` of BTC-USDT is the index of BTC-USDT-SWAP, not the spot pair of the same name."""
    assert one(push("mark-price", "BTC-USDT-SWAP", mark_row())) == MarkPrice(
        10, T_NS, mark="84660.1", exchange_ms=1744590349506
    )
    assert one(push("index-tickers", "BTC-USDT", index_row())) == MarkPrice(
        10, T_NS, index="84655.20", exchange_ms=1744590349506
    )


def test_a_mark_that_is_no_price_is_refused() -> None:
    with pytest.raises(ProtocolBroken) as refused:
        decode(push("mark-price", "BTC-USDT-SWAP", mark_row(markPx="NaN")))
    assert refused.value.kind == "bad_price"


def funding(**changes: str) -> Funding:
    event = one(push("funding-rate", "BTC-USDT-SWAP", funding_row(**changes)))
    assert isinstance(event, Funding)
    return event


def test_funding_time_is_the_next_settlement_and_the_interval_is_derived() -> None:
    event = funding()
    assert (event.rate, event.next_ms, event.interval_h) == ("0.00010", 1744590349506, 8.0)
    assert (event.settled_rate, event.exchange_ms, event.source) == ("0.00017", 1744590349506, "ws")


@pytest.mark.parametrize("hours", [1, 2, 4, 8])
def test_intervals_are_live(hours: int) -> None:
    event = funding(nextFundingTime=str(1744590349506 + hours * 3_600_000))
    assert event.interval_h == hours


def test_the_rate_of_the_current_period_still_moves_and_that_of_the_next_is_fixed() -> None:
    assert funding(method="current_period").rate_kind == "estimated"
    assert funding(method="next_period", nextFundingRate="0.0002").rate_kind == "fixed"


def test_a_row_without_a_method_is_told_by_its_estimate() -> None:
    assert funding(method="", nextFundingRate="0.0002").rate_kind == "fixed"
    assert funding(method="", nextFundingRate="").rate_kind == "estimated"


def test_unknown_times_and_rates_stay_unknown() -> None:
    event = funding(nextFundingTime="", settFundingRate="", fundingRate="")
    assert (event.interval_h, event.settled_rate, event.rate) == (None, None, None)
    assert funding(fundingTime="", nextFundingTime="").next_ms is None
    assert funding(nextFundingTime="1744590349506").interval_h is None


def test_a_negative_rate_is_a_rate_and_nan_is_none() -> None:
    assert funding(fundingRate="-0.0000236017").rate == "-0.0000236017"
    with pytest.raises(ProtocolBroken) as refused:
        funding(fundingRate="nan")
    assert refused.value.kind == "bad_number"


# --- listing, notices, the rest ---------------------------------------------------------------------------------------


def instruments(*rows: dict[str, object]) -> bytes:
    return wire({"arg": {"channel": "instruments", "instType": "SWAP"}, "data": rows})


def test_an_instruments_push_is_a_partial_listing() -> None:
    event = one(instruments(swap_row("ETH"), swap_row("NEW")))
    assert isinstance(event, Listing)
    assert event.partial
    assert (event.market, event.product) == (Market.PERP, "SWAP")
    assert [row.native for row in event.instruments] == ["ETH-USDT-SWAP", "NEW-USDT-SWAP"]


def test_a_suspension_is_a_change_of_status_once() -> None:
    suspended = instruments(swap_row("ETH", state="suspend"))
    events = decode(instruments(swap_row("ETH")), suspended, suspended, instruments(swap_row("ETH")))
    changes = [event for event in events if isinstance(event, StatusChange)]
    assert changes == [
        StatusChange(11, TradingStatus.HALTED, "suspend", T_NS),
        StatusChange(11, TradingStatus.TRADING, "live", T_NS),
    ]
    assert sum(isinstance(event, Listing) for event in events) == 4


def test_a_notice_of_a_service_upgrade_says_that_the_line_will_close() -> None:
    event = one(
        wire(
            {
                "event": "notice",
                "code": "64008",
                "msg": "The connection will soon be closed for a service upgrade. Please reconnect.",
                "connId": "a4d3ae55",
            }
        )
    )
    assert isinstance(event, Closing)
    assert "service upgrade" in event.reason


def test_the_heartbeat_is_text_in_both_directions() -> None:
    session = OKX.session(URL, tables())
    assert session.ping(T_NS) == "ping"
    assert list(session.decode(b"pong", T_NS)) == [Pong(T_NS)]


@pytest.mark.parametrize(
    "frame",
    [
        push("trades-all", "BTC-USDT-SWAP", {"instId": "BTC-USDT-SWAP", "tradeId": "1", "px": "1", "sz": "1"}),
        push("books5", "BTC-USDT-SWAP", {"asks": [], "bids": [], "ts": "1", "seqId": 1}),
        push("books-l2-tbt", "BTC-USDT-SWAP", {"asks": [], "bids": [], "ts": "1", "seqId": 1}, action="snapshot"),
        push("bbo-tbt-new", "BTC-USDT-SWAP", {"asks": [["1", "1"]], "bids": [["1", "1"]], "ts": "1", "seqId": 1}),
    ],
)
def test_channels_that_nobody_asked_for_are_left_alone(frame: bytes) -> None:
    assert one(frame) == Ignored("other_channel")


def test_counts_of_private_connections_are_left_alone() -> None:
    frame = wire({"event": "channel-conn-count", "channel": "orders", "connCount": "2", "connId": "abcd1234"})
    assert one(frame) == Ignored("other_event")


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
        (wire({"arg": {"channel": "bbo-tbt", "instId": "BTC-USDT-SWAP"}, "data": []}), "unknown_shape"),
        (wire({"arg": {"channel": "tickers", "instId": "BTC-USDT-SWAP"}, "data": [{}]}), "unknown_shape"),
        (wire({"arg": {"channel": "tickers", "instId": "BTC-USDT-SWAP"}}), "unknown_shape"),
        (push("mark-price", "BTC-USDT-SWAP", {"instId": "BTC-USDT-SWAP", "markPx": None, "ts": "1"}), "unknown_shape"),
        (bbo(ts="-5"), "unknown_shape"),
        (bbo(ts=""), "unknown_shape"),
    ],
)
def test_bytes_that_the_protocol_does_not_allow_are_refused(frame: bytes, kind: str) -> None:
    with pytest.raises(ProtocolBroken) as refused:
        decode(frame)
    assert refused.value.kind == kind
    assert str(refused.value)
