"""Binance's sockets: frames in, events out; streams in, frames out."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from arbtui.core.errors import OurMistake, ProtocolBroken
from arbtui.core.events import (
    BookDelta,
    BookSnapshot,
    Closing,
    Event,
    Funding,
    Ignored,
    MarkPrice,
    Quote,
    Refused,
    StatusChange,
    Subscribed,
    Ticker,
    Unsubscribed,
)
from arbtui.core.model import Channel, Instrument, Market, Stream, TradingStatus
from arbtui.venues.base import Environment, Session, Tables
from arbtui.venues.binance import Binance
from arbtui.venues.binance.public import NAMES_PER_FRAME
from tests.venues import binance_samples as sample
from tests.venues.binance_samples import PERP_MARKET, PERP_PUBLIC, SPOT, T_NS, array, changed, combined, session
from tests.venues.recordings import Growing

BINANCE = Binance()


def only(url: str, frame: bytes | str) -> Event:
    events = session(url).decode(frame.encode() if isinstance(frame, str) else frame, T_NS)
    assert len(events) == 1, events
    return events[0]


def refused(url: str, frame: bytes | str) -> str:
    with pytest.raises(ProtocolBroken) as caught:
        only(url, frame)
    return caught.value.kind


# --- best bid and offer -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frame", [combined("btcusdt@bookTicker", sample.PERP_BBO), sample.PERP_BBO.encode()])
def test_perp_bbo_carries_engine_time_and_exact_texts(frame: bytes) -> None:
    quote = only(PERP_PUBLIC, frame)
    assert quote == Quote(0, 83091.60, 4.215, 83091.70, 3.763, T_NS, 1791382994657, 11757092630476, frame)
    assert BINANCE.quote_texts(Market.PERP, frame) == ("83091.60", "4.215", "83091.70", "3.763")


@pytest.mark.parametrize("frame", [combined("btcusdt@bookTicker", sample.SPOT_BBO), sample.SPOT_BBO.encode()])
def test_spot_bbo_has_no_event_name_and_no_time(frame: bytes) -> None:
    quote = only(SPOT, frame)
    assert quote == Quote(10, 63704.0, 4.77471, 63704.01, 11.33198, T_NS, None, 98494969448, frame)
    assert BINANCE.quote_texts(Market.SPOT, frame) == (
        "63704.00000000", "4.77471000", "63704.01000000", "11.33198000",
    )  # fmt: skip


def test_the_fast_way_and_the_general_way_say_the_same() -> None:
    """After a book frame the session no longer expects a bookTicker, so the same frame takes the general way."""
    frame = combined("btcusdt@bookTicker", sample.PERP_BBO)
    fresh, turned = session(PERP_PUBLIC), session(PERP_PUBLIC)
    turned.decode(combined("btcusdt@depth@100ms", sample.PERP_DIFF), T_NS)
    assert fresh.decode(frame, T_NS) == turned.decode(frame, T_NS)
    assert turned.decode(frame, T_NS) == fresh.decode(frame, T_NS)


@pytest.mark.parametrize("price", ["nan", "inf", "-1", "1e400", "-inf"])
@pytest.mark.parametrize("key", ["b", "a"])
def test_a_price_that_is_none_is_refused(key: str, price: str) -> None:
    for url, bbo in ((PERP_PUBLIC, sample.PERP_BBO), (SPOT, sample.SPOT_BBO)):
        assert refused(url, combined("btcusdt@bookTicker", changed(bbo, **{key: price}))) == "bad_price"


def test_a_price_of_zero_with_a_size_is_refused() -> None:
    assert refused(SPOT, combined("btcusdt@bookTicker", changed(sample.SPOT_BBO, b="0.00000000"))) == "bad_price"
    assert refused(SPOT, combined("btcusdt@bookTicker", changed(sample.SPOT_BBO, A="0.00000000"))) == "bad_size"


@pytest.mark.parametrize("empty", ["", "0.00000000"])
def test_an_empty_side_is_none_never_zero(empty: str) -> None:
    frame = combined("btcusdt@bookTicker", changed(sample.SPOT_BBO, b=empty, B=empty))
    quote = only(SPOT, frame)
    assert isinstance(quote, Quote)
    assert (quote.bid, quote.bid_qty, quote.ask) == (None, None, 63704.01)
    assert BINANCE.quote_texts(Market.SPOT, frame) == (None, None, "63704.01000000", "11.33198000")


def test_a_side_that_is_not_sent_at_all_is_none() -> None:
    quote = only(SPOT, combined("btcusdt@bookTicker", changed(sample.SPOT_BBO, a=None, A=None)))
    assert isinstance(quote, Quote)
    assert (quote.bid, quote.ask, quote.ask_qty) == (63704.0, None, None)


def test_a_crossed_quote_is_delivered_for_the_market_to_judge() -> None:
    quote = only(SPOT, combined("btcusdt@bookTicker", changed(sample.SPOT_BBO, b="70000")))
    assert isinstance(quote, Quote)
    assert quote.bid == 70000.0


def test_a_non_ascii_symbol_is_a_symbol() -> None:
    quote = only(PERP_PUBLIC, combined("币安人生usdt@bookTicker", changed(sample.PERP_BBO, s="币安人生USDT")))
    assert isinstance(quote, Quote)
    assert quote.slot == 3


def test_an_unknown_symbol_is_ignored_unless_the_table_takes_it_in() -> None:
    frame = combined("newusdt@bookTicker", changed(sample.PERP_BBO, s="NEWUSDT"))
    assert only(PERP_PUBLIC, frame) == Ignored("unknown_symbol")

    growing = Growing()
    grown = BINANCE.session(PERP_PUBLIC, Tables({Market.PERP: growing})).decode(frame, T_NS)
    assert isinstance(grown[0], Quote)
    assert growing == {"NEWUSDT": 0}


def test_update_ids_beyond_32_bits_and_13_digits_stay_exact() -> None:
    quote = only(PERP_PUBLIC, combined("btcusdt@bookTicker", changed(sample.PERP_BBO, u=2**53 + 1)))
    assert isinstance(quote, Quote)
    assert quote.seq == 2**53 + 1


# --- books ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frame", [combined("btcusdt@depth@100ms", sample.PERP_DIFF), sample.PERP_DIFF.encode()])
def test_perp_diff_keeps_texts_and_the_three_ids(frame: bytes) -> None:
    delta = only(PERP_PUBLIC, frame)
    assert delta == BookDelta(
        0,
        [("83091.60", "4.215"), ("83091.50", "0")],
        [("83091.70", "3.768")],
        11757092616793,
        11757092625654,
        11757092616661,
        T_NS,
        1791382994613,
    )


@pytest.mark.parametrize("frame", [combined("nknusdt@depth@100ms", sample.SPOT_DIFF), sample.SPOT_DIFF.encode()])
def test_spot_diff_names_no_previous_id(frame: bytes) -> None:
    delta = only(SPOT, frame)
    assert delta == BookDelta(12, [("0.35130000", "6195.00000000")], [], 499869750, 499869752, -1, T_NS)


def test_a_socket_of_books_is_read_alike_on_the_fast_way() -> None:
    talk = session(PERP_PUBLIC)
    frame = combined("btcusdt@depth@100ms", sample.PERP_DIFF)
    first, second = talk.decode(frame, T_NS), talk.decode(frame, T_NS)
    assert first == second
    assert isinstance(second[0], BookDelta)
    backwards = combined("btcusdt@depth@100ms", changed(sample.PERP_DIFF, u=1))
    with pytest.raises(ProtocolBroken, match="from 11757092616793 to 1"):
        talk.decode(backwards, T_NS)


def test_a_perp_partial_book_has_the_event_name_of_a_diff_and_is_no_diff() -> None:
    snapshot = only(PERP_PUBLIC, combined("btcusdt@depth20@100ms", sample.PERP_DIFF))
    assert isinstance(snapshot, BookSnapshot)
    assert (snapshot.seq, snapshot.depth) == (11757092625654, 20)
    talk = session(PERP_PUBLIC)
    talk.decode(combined("btcusdt@depth@100ms", sample.PERP_DIFF), T_NS)  # now diffs are expected
    assert isinstance(talk.decode(combined("btcusdt@depth5", sample.PERP_DIFF), T_NS)[0], BookSnapshot)


def test_a_spot_partial_book_is_named_by_its_stream_alone() -> None:
    snapshot = only(SPOT, combined("btcusdt@depth5@100ms", sample.SPOT_PARTIAL))
    assert snapshot == BookSnapshot(10, [("0.0024", "10")], [("0.0026", "100")], 160, T_NS, depth=5)
    assert refused(SPOT, sample.SPOT_PARTIAL) == "unknown_shape"  # bare: nobody can say whose book this is


def test_the_book_with_retail_only_orders_is_not_the_book() -> None:
    assert only(PERP_PUBLIC, combined("btcusdt@rpiDepth@500ms", sample.PERP_DIFF)) == Ignored("rpi_depth")


@pytest.mark.parametrize("levels", [[["1"]], [[1, 1]], [["1", None]], [None], None, {"1": "1"}, [["1", "1", "1"]]])
def test_levels_that_are_no_pairs_of_texts_are_refused(levels: object) -> None:
    row = json.dumps(json.loads(sample.PERP_DIFF) | {"b": levels})
    assert refused(PERP_PUBLIC, combined("btcusdt@depth@100ms", row)) == "unknown_shape"


# --- tickers, marks, funding ------------------------------------------------------------------------------------------


def test_mini_tickers_of_both_products() -> None:
    perp = only(PERP_MARKET, combined("!miniTicker@arr", array(sample.PERP_MINI)))
    assert perp == Ticker(
        0, T_NS, last="63972.70", high_24h="64450.00", low_24h="63211.60", vol_24h_wire="125235.211",
        vol_24h_quote="7989662536.93", open_24h="64305.10", exchange_ms=1786540329176,
    )  # fmt: skip
    assert only(PERP_MARKET, array(sample.PERP_MINI)) == perp  # raw address: a bare array
    spot = only(SPOT, combined("!miniTicker@arr", array(sample.SPOT_MINI)))
    assert isinstance(spot, Ticker)
    assert (spot.slot, spot.last, spot.vol_24h_quote) == (10, "64117.99000000", "940099726.82861850")
    full = only(PERP_MARKET, combined("btcusdt@ticker", changed(sample.PERP_MINI, e="24hrTicker")))
    assert full == perp


def test_coin_m_rows_leak_into_all_market_arrays_and_are_left_there() -> None:
    coin_m_of_a_known_name = changed(sample.PERP_MINI, st=2)
    events = session(PERP_MARKET).decode(
        combined("!miniTicker@arr", array(sample.COIN_M_MINI, sample.PERP_MINI, coin_m_of_a_known_name)), T_NS
    )
    assert [type(event) for event in events] == [Ticker, Ignored]
    assert events[1] == Ignored("other_product")
    assert only(PERP_PUBLIC, combined("!bookTicker", changed(sample.PERP_BBO, st=2))) == Ignored("other_product")


def test_one_bad_row_in_an_array_is_skipped_and_told_once() -> None:
    rows = [sample.PERP_MINI, changed(sample.PERP_MINI, c="nan"), "7", '{"e":"24hrMiniTicker"}', changed(
        sample.PERP_MINI, s="ETHUSDT"), changed(sample.PERP_MINI, s="OTHER"), changed(sample.PERP_MINI, s="OTHER2"),
    ]  # fmt: skip
    events = session(PERP_MARKET).decode(combined("!miniTicker@arr", array(*rows)), T_NS)
    assert [event.slot for event in events if isinstance(event, Ticker)] == [0, 1]
    assert [event.kind for event in events if isinstance(event, Ignored)] == ["bad_row", "unknown_symbol"]


def test_a_last_price_of_zero_was_never_traded() -> None:
    ticker = only(PERP_MARKET, combined("!miniTicker@arr", array(changed(sample.PERP_MINI, c="0.00", v="0"))))
    assert isinstance(ticker, Ticker)
    assert (ticker.last, ticker.vol_24h_wire) == (None, "0")


@pytest.mark.parametrize("frame", [combined("!markPrice@arr@1s", array(sample.MARK)), array(sample.MARK).encode()])
def test_mark_index_and_funding_come_together(frame: bytes) -> None:
    mark, funding = session(PERP_MARKET).decode(frame, T_NS)
    assert mark == MarkPrice(0, T_NS, "83084.30000000", "83123.65891304", 1791382993000)
    assert funding == Funding(
        0, T_NS, rate="0.00000078", rate_kind="estimated", next_ms=1791388800000, exchange_ms=1791382993000
    )


def test_a_row_without_scheduled_funding_has_no_funding_rather_than_zero() -> None:
    row = changed(sample.MARK, r="0.00000000", T=0)
    assert isinstance(only(PERP_MARKET, combined("!markPrice@arr@1s", array(row))), MarkPrice)


def test_a_funding_rate_of_zero_that_is_scheduled_is_a_rate() -> None:
    _, funding = session(PERP_MARKET).decode(combined("btcusdt@markPrice@1s", changed(sample.MARK, r="0.00")), T_NS)
    assert isinstance(funding, Funding)
    assert funding.rate == "0.00"


def test_a_change_of_status_is_told() -> None:
    event = only(PERP_MARKET, combined("!contractInfo", sample.CONTRACT_INFO))
    assert event == StatusChange(1, TradingStatus.HALTED, "SETTLING", T_NS)


@pytest.mark.parametrize("kind", ["trade", "kline", "forceOrder"])
def test_frames_that_were_never_asked_for_are_ignored_by_name(kind: str) -> None:
    assert only(PERP_MARKET, combined(f"btcusdt@{kind}", f'{{"e":"{kind}","s":"BTCUSDT"}}')) == Ignored(kind)
    assert only(PERP_MARKET, combined(f"!{kind}@arr", f'[{{"e":"{kind}","s":"BTCUSDT"}}]')) == Ignored(kind)
    assert only(PERP_MARKET, '{"e":"something new"}') == Ignored("unknown_event")


@pytest.mark.parametrize(
    "frame", ["", "{}", "[1", "<html>503</html>", "null", '{"stream":"x","data":null}', '{"foo":1}', '{"id":1}', "pong"]
)
def test_what_is_no_frame_of_binance_is_refused(frame: str) -> None:
    for url in (PERP_PUBLIC, PERP_MARKET, SPOT):
        with pytest.raises(ProtocolBroken):
            session(url).decode(frame.encode(), T_NS)


# --- asking -----------------------------------------------------------------------------------------------------------


def perp(native: str, market: Market = Market.PERP) -> Instrument:
    return Instrument(
        venue="binance", market=market, native=native, base=native, quote="USDT", price_ccy="USDT", settle_ccy="USDT",
        multiplier=Decimal(1), price_factor=Decimal(1), status=TradingStatus.TRADING,
    )  # fmt: skip


def asked(talk: Session, *streams: Stream) -> list[dict[str, object]]:
    return [json.loads(out.frame) for out in talk.subscribe(streams)]


def test_each_stream_goes_by_the_route_that_carries_it() -> None:
    """On the wrong route a subscription is acknowledged and stays silent for ever."""
    btc = perp("BTCUSDT")
    streams = [*BINANCE.streams_for(btc), BINANCE.book_stream(btc), *BINANCE.streams_for(perp("BTCUSDT", Market.SPOT))]
    plans = {plan.label: plan for plan in BINANCE.plan(Environment.PROD, streams)}
    assert {label: plan.url for label, plan in plans.items()} == {
        "perp.bbo.0": PERP_PUBLIC,
        "perp.book.0": PERP_PUBLIC,
        "perp.market.0": PERP_MARKET,
        "spot.bbo.0": SPOT,
        "spot.market.0": SPOT,
    }
    names = {label: asked(session(plan.url), *plan.streams)[0]["params"] for label, plan in plans.items()}
    assert names == {
        "perp.bbo.0": ["btcusdt@bookTicker"],
        "perp.book.0": ["btcusdt@depth@100ms"],
        "perp.market.0": ["!miniTicker@arr", "!markPrice@arr@1s", "!contractInfo"],
        "spot.bbo.0": ["btcusdt@bookTicker"],
        "spot.market.0": ["!miniTicker@arr"],
    }


@pytest.mark.parametrize("env", list(Environment))
def test_every_environment_has_its_own_hosts_and_sessions_know_them(env: Environment) -> None:
    streams = [*BINANCE.streams_for(perp("A")), *BINANCE.streams_for(perp("A", Market.SPOT))]
    plans = BINANCE.plan(env, streams)
    assert len({plan.url for plan in plans}) == 3
    for plan in plans:
        talk = BINANCE.session(plan.url, sample.tables())
        assert asked(talk, *plan.streams)
    if env is not Environment.PROD:
        prod = BINANCE.plan(Environment.PROD, streams)
        assert not {plan.url for plan in plans} & {plan.url for plan in prod}


def test_hundreds_of_streams_are_sharded_below_the_venues_limit_and_batched() -> None:
    streams = [Stream(Market.PERP, Channel.BBO, f"COIN{number}USDT") for number in range(750)]
    plans = BINANCE.plan(Environment.PROD, streams)
    per_socket = BINANCE.manners(Market.PERP).streams_per_socket
    assert per_socket < 1024
    assert [len(plan.streams) for plan in plans] == [300, 300, 150]
    frames = asked(session(PERP_PUBLIC), *plans[0].streams)
    assert [len(frame["params"]) for frame in frames if isinstance(frame["params"], list)] == [NAMES_PER_FRAME] * 3
    assert len({frame["id"] for frame in frames}) == 3
    assert BINANCE.plan(Environment.PROD, streams) == plans


def test_a_name_that_carries_two_streams_is_asked_for_once_and_acknowledged_for_both() -> None:
    mark, funding = Stream(Market.PERP, Channel.MARK), Stream(Market.PERP, Channel.FUNDING)
    talk = session(PERP_MARKET)
    assert asked(talk, mark, funding, mark) == [{"method": "SUBSCRIBE", "params": ["!markPrice@arr@1s"], "id": 1}]
    assert talk.decode(b'{"result":null,"id":1}', T_NS) == (Subscribed((mark, funding), T_NS),)
    assert talk.unsubscribe([mark]) == []  # the name still carries funding
    (out,) = talk.unsubscribe([funding])
    assert json.loads(out.frame) == {"method": "UNSUBSCRIBE", "params": ["!markPrice@arr@1s"], "id": 2}
    assert talk.decode(b'{"id":2,"result":null}', T_NS) == (Unsubscribed((funding,), T_NS),)


def test_non_ascii_names_are_sent_as_they_are_in_lower_case() -> None:
    (out,) = session(PERP_PUBLIC).subscribe([Stream(Market.PERP, Channel.BBO, "币安人生USDT")])
    assert isinstance(out.frame, str)
    assert '"币安人生usdt@bookTicker"' in out.frame


@pytest.mark.parametrize(
    "answer",
    [
        '{"code":2,"msg":"Invalid request: unknown variant","id":1}',
        '{"error":{"code":2,"msg":"Invalid request: unknown variant"},"id":1}',
        '{"error":{"code":2,"msg":"Invalid request: unknown variant"}}',
    ],
)
def test_both_forms_of_refusal_are_refusals(answer: str) -> None:
    talk = session(PERP_PUBLIC)
    bbo = Stream(Market.PERP, Channel.BBO, "BTCUSDT")
    talk.subscribe([bbo])
    event = talk.decode(answer.encode(), T_NS)
    assert event == (Refused((bbo,), "2", "Invalid request: unknown variant", T_NS),)


def test_a_refusal_that_could_mean_any_of_several_requests_names_none() -> None:
    talk = session(PERP_PUBLIC)
    talk.subscribe([Stream(Market.PERP, Channel.BBO, "BTCUSDT")])
    talk.subscribe([Stream(Market.PERP, Channel.BBO, "ETHUSDT")])
    event = talk.decode(b'{"error":{"code":4,"msg":"Too many subscriptions"}}', T_NS)
    assert event == (Refused((), "4", "Too many subscriptions", T_NS),)


def test_answers_to_requests_that_were_not_ours_mean_nothing() -> None:
    talk = session(PERP_PUBLIC)
    assert talk.decode(b'{"result":null,"id":7}', T_NS) == (Ignored("ack"),)
    assert talk.decode(b'{"result":null,"id":"c7a0c1a2-11"}', T_NS) == (Ignored("ack"),)
    assert talk.decode(b'{"result":["btcusdt@bookTicker"],"id":3}', T_NS) == (Ignored("subscription_list"),)


@pytest.mark.parametrize("frame", [combined("!serverShutdown", sample.SHUTDOWN), sample.SHUTDOWN.encode()])
def test_an_announced_shutdown_asks_for_a_new_connection(frame: bytes) -> None:
    for url in (PERP_PUBLIC, SPOT):
        assert only(url, frame) == Closing("serverShutdown", T_NS)


def test_what_binance_does_not_stream_cannot_be_asked_for() -> None:
    talk = session(SPOT)
    for stream in (
        Stream(Market.SPOT, Channel.MARK),  # spot has no mark
        Stream(Market.PERP, Channel.BBO),  # !bookTicker: every 5 s only
        Stream(Market.PERP, Channel.MIDS),
    ):
        with pytest.raises(OurMistake):
            talk.subscribe([stream])


@pytest.mark.parametrize("url", ["wss://dstream.binance.com/stream", "wss://example.com/ws", "", "wss://[x"])
def test_an_address_of_another_product_is_our_mistake(url: str) -> None:
    with pytest.raises(OurMistake):
        BINANCE.session(url, sample.tables())


def test_raw_and_unrouted_addresses_of_recordings_are_known() -> None:
    for url in ("wss://fstream.binance.com/ws", "wss://fstream.binance.com/public/ws/btcusdt@bookTicker"):
        assert isinstance(BINANCE.session(url, sample.tables()).decode(sample.PERP_BBO.encode(), T_NS)[0], Quote)
    raw = BINANCE.session("wss://data-stream.binance.vision/ws/btcusdt@bookTicker", sample.tables())
    assert isinstance(raw.decode(sample.SPOT_BBO.encode(), T_NS)[0], Quote)
