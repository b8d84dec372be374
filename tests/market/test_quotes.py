"""What becomes of a quote: accepted, scaled, refused, kept as a witness."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from math import inf, nan
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbtui.core.events import Quote
from arbtui.core.model import Channel, Stream
from arbtui.core.units import coins, price_per_coin
from arbtui.market.slot import Slot
from arbtui.market.terms import MarketRules
from tests.market.desk import PERP, SPOT, Desk, instrument


def test_a_quote_is_shown_per_coin_in_usd_and_after_fees() -> None:
    desk = Desk()
    slot = desk.add("ama", base="PEPE", multiplier=Decimal(1000), price_factor=Decimal(1000))
    desk.quote(slot, 0.012, 0.013, bid_qty=5.0, ask_qty=7.0)
    assert slot.bid == pytest.approx(0.000012)
    assert slot.ask == pytest.approx(0.000013)
    assert slot.bid_qty == 5000.0
    assert slot.ask_qty == 7000.0
    assert slot.bid_usd == pytest.approx(0.000012)
    assert slot.bid_net == pytest.approx(0.000012 * 0.9995)
    assert slot.ask_net == pytest.approx(0.000013 * 1.0005)


def test_a_rebate_makes_selling_bring_more_than_the_bid() -> None:
    desk = Desk(MarketRules(fee_bps={("ama", PERP, "taker"): -1.0}))
    slot = desk.add("ama")
    desk.quote(slot, 100.0, 101.0)
    assert slot.bid_net == pytest.approx(100.01)
    assert slot.fee_source == "config fees.ama.perp.taker_bps"


@settings(max_examples=60, deadline=None)
@given(
    bid=st.decimals("0.00001", "100000", places=5),
    spread=st.decimals("0.00001", "10", places=5),
    size=st.decimals("0.001", "100000", places=3),
    factor=st.sampled_from(["1", "1000", "1000000"]),
    multiplier=st.sampled_from(["1", "0.01", "1000", "1000000"]),
)
def test_floats_agree_with_exact_texts(
    bid: Decimal, spread: Decimal, size: Decimal, factor: str, multiplier: str
) -> None:
    desk = Desk()
    slot = desk.add("ama", price_factor=Decimal(factor), multiplier=Decimal(multiplier))
    desk.quote(slot, float(bid), float(bid + spread), bid_qty=float(size))
    assert slot.bid == pytest.approx(float(price_per_coin(str(bid), Decimal(factor))), rel=1e-12)
    assert slot.bid_qty == pytest.approx(float(coins(str(size), Decimal(multiplier))), rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(bid=st.floats(1, 1000), up=st.floats(1.001, 1.5), scale=st.sampled_from([10, 1000, 1_000_000]))
def test_listing_a_coin_by_the_thousand_changes_no_price_per_coin(bid: float, up: float, scale: int) -> None:
    desk = Desk()
    single = desk.add("ama")
    scaled = desk.add("bex", price_factor=Decimal(scale), multiplier=Decimal(scale))
    desk.quote(single, bid, bid * up, bid_qty=scale * 2.0, ask_qty=scale * 3.0)
    desk.quote(scaled, bid * scale, bid * up * scale)
    for name in ("bid", "ask", "bid_qty", "ask_qty", "bid_usd", "ask_usd", "bid_net", "ask_net"):
        assert getattr(scaled, name) == pytest.approx(getattr(single, name), rel=1e-12)


numbers = st.sampled_from([nan, inf, -inf, 0.0, -0.0, -1.0, 5e-324, 1.7e308]) | st.floats() | st.none()


@settings(max_examples=200, deadline=None)
@given(quotes=st.lists(st.tuples(numbers, numbers, numbers, numbers, st.sampled_from(["ws", "rest"])), max_size=5))
def test_nothing_but_a_finite_number_above_zero_is_ever_a_price_or_size(quotes: list[tuple[Any, ...]]) -> None:
    desk = Desk()
    slot = desk.add("ama")
    for bid, bid_qty, ask, ask_qty, source in quotes:
        desk.board.apply(Quote(slot.id, bid, bid_qty, ask, ask_qty, desk.now_ns, None, 0, b"", source))
        for value in (slot.bid, slot.bid_qty, slot.ask, slot.ask_qty):
            assert value is None or 0.0 < value < inf
        assert (slot.bid is None) == (slot.bid_usd is None) == (slot.bid_net is None)
        assert (slot.ask is None) == (slot.ask_usd is None) == (slot.ask_net is None)


@pytest.mark.parametrize("bad", [nan, inf, 0.0, -1.0])
def test_a_quote_with_one_impossible_number_is_refused_whole_and_counted(bad: float) -> None:
    desk = Desk()
    slot = desk.add("ama")
    good = desk.quote(slot, 100.0, 101.0)
    desk.quote(slot, bad, 102.0)
    desk.quote(slot, 100.0, bad)
    desk.quote(slot, 100.0, 102.0, bid_qty=bad)
    desk.quote(slot, 100.0, 102.0, ask_qty=bad)
    assert slot.quote is good
    assert slot.ask == 101.0
    assert desk.board.refused == {"ama perp": 4}


def test_a_missing_side_is_none_everywhere() -> None:
    desk = Desk()
    slot = desk.add("ama")
    desk.quote(slot, 100.0, 101.0)
    desk.quote(slot, None, 101.5)
    assert (slot.bid, slot.bid_qty, slot.bid_usd, slot.bid_net, slot.mid) == (None, None, None, None, None)
    assert slot.ask == 101.5
    assert slot.ask_net == pytest.approx(101.5 * 1.0005)
    desk.quote(slot, 100.0, 101.0)
    assert slot.bid == 100.0


def test_a_lower_id_is_dropped_an_equal_one_and_none_count() -> None:
    desk = Desk()
    slot = desk.add("ama")
    desk.quote(slot, 100.0, 101.0, seq=7)
    desk.quote(slot, 99.0, 101.0, seq=6)
    assert slot.bid == 100.0
    desk.quote(slot, 98.0, 101.0, seq=7)
    assert slot.bid == 98.0
    desk.quote(slot, 97.0, 101.0, seq=0)
    assert slot.bid == 97.0
    desk.quote(slot, 96.0, 101.0, seq=3)
    assert slot.bid == 96.0


def test_a_counter_that_fell_back_is_believed_after_five_seconds_of_nothing_else() -> None:
    desk = Desk()
    slot = desk.add("ama")
    desk.quote(slot, 100.0, 101.0, seq=1000)
    for _ in range(5):
        desk.quote(slot, 90.0, 91.0, seq=2)
        assert slot.bid == 100.0
        desk.after(1.0)
    desk.quote(slot, 90.0, 91.0, seq=3)
    assert slot.bid == 90.0


def test_now_and_then_an_old_quote_never_counts() -> None:
    desk = Desk()
    slot = desk.add("ama")
    for number in range(20):
        desk.quote(slot, 100.0, 101.0, seq=1000 + number)
        desk.quote(slot, 90.0, 91.0, seq=900)
        desk.after(1.0)
        assert slot.bid == 100.0


def test_a_crossed_quote_is_shown_and_mutes_until_the_next_sound_one() -> None:
    desk = Desk()
    slot, other = desk.add("ama"), desk.add("bex")
    for each in (slot, other):
        desk.quote(each, 100.0, 101.0)
    desk.agree(slot, other)
    assert desk.muted(slot) == ""
    told: list[str | None] = []
    desk.board.on_judged.append(lambda judged: told.append(judged.muted))
    desk.quote(slot, 102.0, 101.0)
    assert (slot.bid, slot.ask) == (102.0, 101.0)
    assert "crossed" in desk.muted(slot)
    desk.quote(slot, 101.0, 101.0)
    assert "crossed" in desk.muted(slot)
    desk.quote(slot, 100.0, 101.0)
    assert slot.muted is None
    assert told == ["crossed quote: bid 102.0 at or above ask 101.0", None]


def test_an_unknown_multiplier_shows_no_price_and_mutes() -> None:
    desk = Desk()
    slot = desk.add("ama", base="1000NEW", multiplier=None, price_factor=None)
    desk.quote(slot, 100.0, 101.0)
    assert slot.quote is not None
    assert (slot.bid, slot.bid_qty, slot.bid_usd, slot.bid_net) == (None, None, None, None)
    assert slot.muted == "how many coins one unit stands for is not known"


def test_a_quote_by_rest_never_overwrites_a_fresh_websocket_quote() -> None:
    desk = Desk()
    slot = desk.add("ama")
    live = desk.quote(slot, 100.0, 101.0)
    desk.after(1.0)
    desk.quote(slot, 100.0, 101.0, source="rest")
    assert slot.quote is live
    assert slot.witness.confirmed_ns == desk.now_ns


def test_a_quote_by_rest_shows_where_there_is_no_other_and_is_never_tradable() -> None:
    desk = Desk()
    slot = desk.add("ama")
    desk.quote(slot, 100.0, 101.0, source="rest")
    assert slot.bid == 100.0
    assert slot.source == "rest"
    assert desk.board.fresh(slot, desk.now_ns) == "known by REST only"
    assert desk.board.judge(slot, desk.now_ns) is not None
    assert desk.board.order_fresh(slot, desk.now_ns) is not None


def test_a_quote_by_rest_takes_over_from_a_stale_one_and_yields_to_the_next_by_websocket() -> None:
    desk = Desk()
    slot = desk.add("ama")
    desk.quote(slot, 100.0, 101.0, seq=5)
    desk.after(40.0, traffic=False)
    desk.quote(slot, 105.0, 106.0, source="rest")
    assert (slot.source, slot.bid) == ("rest", 105.0)
    desk.quote(slot, 99.0, 100.0, seq=4)  # still below what the websocket had said before
    assert slot.source == "rest"
    desk.quote(slot, 107.0, 108.0, seq=6)
    assert (slot.source, slot.bid) == ("ws", 107.0)
    assert desk.board.fresh(slot, desk.now_ns) is None


def test_rest_that_confirms_an_unheard_price_makes_it_fresh_again() -> None:
    desk = Desk()
    slot = desk.add("ama")
    live = desk.quote(slot, 100.0, 101.0)
    desk.after(31.0)
    assert desk.board.fresh(slot, desk.now_ns) is not None
    desk.quote(slot, 100.0, 101.0, source="rest")
    assert slot.quote is live
    assert desk.board.fresh(slot, desk.now_ns) is None


def test_listeners_hear_accepted_quotes_only() -> None:
    desk = Desk()
    slot = desk.add("ama")
    heard: list[tuple[Slot, float | None]] = []
    desk.board.on_quote.append(lambda told: heard.append((told, told.bid)))
    desk.quote(slot, 100.0, 101.0, seq=5)
    desk.quote(slot, 99.0, 101.0, seq=4)
    desk.quote(slot, nan, 101.0, seq=6)
    desk.quote(slot, 98.0, None, seq=7)
    assert heard == [(slot, 100.0), (slot, 98.0)]


def test_a_changed_body_rescales_the_quote_that_is_there() -> None:
    desk = Desk()
    slot = desk.add("ama", multiplier=None, price_factor=None)
    desk.quote(slot, 50.0, 51.0)
    desk.list(instrument("ama", PERP, "BTCUSDT", "BTC", multiplier=Decimal(10), price_factor=Decimal(10)))
    assert slot.bid == 5.0
    assert slot.bid_qty == 20.0
    assert slot.bid_net == pytest.approx(5.0 * 0.9995)


def test_spot_and_perp_have_their_own_fees() -> None:
    desk = Desk()
    spot = desk.add("ama", SPOT)
    desk.quote(spot, 100.0, 101.0)
    assert spot.bid_net == pytest.approx(99.9)
    assert (spot.fee_source, spot.maker_rate) == ("default", 0.0002)


def test_the_venues_own_rate_of_an_instrument_outranks_the_default() -> None:
    desk = Desk()
    slot = desk.add("ama", taker_rate=0.0001, maker_rate=-0.0001)
    assert (slot.taker_rate, slot.fee_source) == (0.0001, "venue listing")
    assert (slot.maker_rate, slot.maker_fee_source) == (-0.0001, "venue listing")
    desk.board.reload(MarketRules(fee_bps={("ama", PERP, "taker"): 3.0}), desk.now_ns)
    assert slot.taker_rate == pytest.approx(0.0003)
    assert slot.fee_source == "config fees.ama.perp.taker_bps"


def test_stamps_of_the_websocket_outlive_a_quote_by_rest() -> None:
    desk = Desk()
    slot = desk.add("ama")
    desk.quote(slot, 100.0, 101.0)
    heard_ns = desk.now_ns
    desk.after(40.0, traffic=False)
    desk.quote(slot, 105.0, 106.0, source="rest")
    assert slot.source == "rest"
    assert slot.ws_ns == heard_ns
    assert desk.board.last_data_ns("ama", Stream(PERP, Channel.BBO, slot.instrument.native)) == heard_ns


HEARD = st.tuples(
    st.sampled_from(["ama", "cue"]),
    st.one_of(st.none(), st.integers(95, 105).map(float), st.sampled_from([nan, inf, 0.0, -1.0])),
    st.one_of(st.none(), st.integers(96, 106).map(float)),
    st.integers(0, 6),
    st.sampled_from(["ws", "ws", "ws", "rest"]),
    st.sampled_from([0.0, 0.0, 0.3, 6.0, 40.0]),
)


@settings(max_examples=150)
@given(st.lists(HEARD, max_size=25))
def test_the_hot_path_and_the_careful_way_end_alike(
    heard: list[tuple[str, float | None, float | None, int, Literal["ws", "rest"], float]],
) -> None:
    desks = Desk(), Desk()
    told: tuple[list[str], list[str]] = [], []

    def tell(said: list[str]) -> Callable[[Slot], None]:
        return lambda slot: said.append(slot.key)

    for desk, said in zip(desks, told, strict=True):
        desk.add("ama")
        desk.add("cue")
        desk.agree(*desk.board.slots)
        desk.board.on_quote.append(tell(said))
    for venue, bid, ask, seq, source, pause_s in heard:
        for desk in desks:
            slot = desk.board.slot_of(venue, PERP, "BTCUSDT")
            assert slot is not None
            if desk is desks[1]:
                slot.plain = False
            desk.quote(slot, bid, ask, seq=seq, source=source)
            if pause_s:
                desk.after(pause_s)
        for one, other in zip(*(desk.board.slots for desk in desks), strict=True):
            for name in ("quote", "seq", "crossed", "sold", "bought", "stale", "muted", "ws_ns"):
                assert getattr(one, name) == getattr(other, name), name
    assert told[0] == told[1]
    assert desks[0].board.refused == desks[1].board.refused
