"""Rates between price currencies: where they come from, and when they mute what needs them."""

from __future__ import annotations

import pytest

from arbtui.core.model import TradingStatus
from arbtui.market.basis import Rate
from arbtui.market.slot import Slot
from arbtui.market.terms import BasisRules, MarketRules
from tests.market.desk import SPOT, Desk


def usdc_pair(desk: Desk, venue: str, bid: float, ask: float, **more: object) -> Slot:
    slot = desk.add(venue, SPOT, "USDC", **more)
    desk.quote(slot, bid, ask)
    return slot


def test_usdt_needs_no_rate() -> None:
    desk = Desk()
    slot = desk.add("ama")
    desk.quote(slot, 100.0, 101.0)
    assert slot.bid_usd == 100.0
    assert slot.rate is None
    between = desk.board.rates.between("USDT", "USDT", desk.now_ns)
    assert (between.rate, between.muted) == (None, None)


def test_without_any_pair_a_price_has_no_usd() -> None:
    desk = Desk()
    slot = desk.add("ama", quote="USDC")
    desk.quote(slot, 100.0, 101.0)
    desk.after(1.0)
    assert slot.bid == 100.0
    assert slot.bid_usd is None
    assert slot.bid_net is None
    muted = desk.board.rates.between("USDT", "USDC", desk.now_ns).muted
    assert muted == "no rate for USDC: no USDC/USDT spot pair with a fresh, narrow quote"


def test_the_rate_is_the_mid_of_a_listed_spot_pair() -> None:
    desk = Desk()
    slot = desk.add("ama", quote="USDC")
    desk.quote(slot, 100.0, 101.0)
    usdc_pair(desk, "bex", 0.9998, 1.0000)
    desk.after(0.5)
    assert slot.bid_usd == pytest.approx(99.99)
    assert slot.bid_net == pytest.approx(99.99 * 0.9995)
    between = desk.board.rates.between("USDC", "USDT", desk.now_ns)
    assert between.muted is None
    assert between.rate is not None
    assert between.rate.pair == "bex.spot.USDCUSDT"
    assert between.rate.value == pytest.approx(0.9999)
    assert between.rate.age_ms(desk.now_ns) == pytest.approx(500.0)


def test_a_pair_the_other_way_round_serves_as_well() -> None:
    desk = Desk()
    pair = desk.add("ama", SPOT, "USDT", quote="EURI")
    desk.quote(pair, 0.9000, 0.9002)
    desk.add("bex", quote="EURI")
    desk.after(0.5)
    assert desk.board.rates.value("EURI") == pytest.approx(1 / 0.9001)


def test_a_moved_rate_rescales_prices_and_tells() -> None:
    desk = Desk()
    slot = desk.add("ama", quote="USDC")
    desk.quote(slot, 100.0, 101.0)
    pair = usdc_pair(desk, "bex", 0.9999, 1.0001)
    desk.after(0.5)
    told: list[float | None] = []
    desk.board.on_rates.append(lambda: told.append(slot.bid_usd))
    desk.quote(pair, 0.9989, 0.9991)
    desk.after(0.5)
    assert slot.bid_usd == pytest.approx(99.9)
    assert told == [slot.bid_usd]
    desk.after(0.5)
    assert len(told) == 1


def test_the_freshest_pair_is_chosen_and_kept_within_a_second() -> None:
    desk = Desk()
    desk.add("ama", quote="USDC")
    one = usdc_pair(desk, "ama", 0.9998, 0.9999)
    desk.after(0.5)
    two = usdc_pair(desk, "bex", 1.0001, 1.0002)
    desk.after(0.5)

    def rate_of(ccy: str) -> Rate:
        rate = desk.board.rates.rate(ccy)
        assert rate is not None
        return rate

    assert rate_of("USDC").pair == "ama.spot.USDCUSDT"
    desk.after(1.0)
    desk.quote(two, 1.0001, 1.0002)
    desk.after(0.5)
    assert rate_of("USDC").pair == "bex.spot.USDCUSDT"
    desk.quote(one, 0.9998, 0.9999)
    desk.after(0.5)
    assert rate_of("USDC").pair == "bex.spot.USDCUSDT"


def test_a_named_pair_is_used_and_no_other() -> None:
    desk = Desk(MarketRules(basis=BasisRules(pairs={"USDC": "bex.spot.USDCUSDT"})))
    desk.add("ama", quote="USDC")
    usdc_pair(desk, "ama", 0.9998, 0.9999)
    desk.after(0.5)
    assert desk.board.rates.value("USDC") is None
    assert "bex.spot.USDCUSDT has no fresh quote" in str(desk.board.rates.between("USDC", "USDT", desk.now_ns).muted)
    usdc_pair(desk, "bex", 1.0001, 1.0002)
    desk.after(0.5)
    assert desk.board.rates.value("USDC") == pytest.approx(1.00015)


@pytest.mark.parametrize(
    ("bid", "ask"), [(0.9990, 1.0002), (1.0, None), (None, 1.0), (1.0001, 0.9999)], ids=["wide", "bid", "ask", "cross"]
)
def test_a_quote_that_is_wide_one_sided_or_crossed_sets_no_rate(bid: float | None, ask: float | None) -> None:
    desk = Desk()
    desk.add("ama", quote="USDC")
    pair = desk.add("bex", SPOT, "USDC")
    desk.quote(pair, bid, ask)
    desk.after(0.5)
    assert desk.board.rates.value("USDC") is None


def test_a_halted_pair_a_pair_by_rest_and_a_pair_on_a_dead_link_set_no_rate() -> None:
    desk = Desk()
    desk.add("ama", quote="USDC")
    usdc_pair(desk, "ama", 0.9999, 1.0, status=TradingStatus.HALTED)
    by_rest = desk.add("bex", SPOT, "USDC")
    desk.quote(by_rest, 0.9999, 1.0, source="rest")
    usdc_pair(desk, "dot", 0.9999, 1.0)
    desk.links["dot", SPOT].up = False
    desk.after(0.5)
    assert desk.board.rates.value("USDC") is None


def test_a_rate_older_than_ten_seconds_takes_usd_prices_away() -> None:
    desk = Desk()
    slot = desk.add("ama", quote="USDC")
    usdc_pair(desk, "bex", 0.9999, 1.0001)
    desk.after(10.0)
    desk.quote(slot, 100.0, 101.0)
    assert [slot.bid, slot.bid_usd] == [100.0, 100.0]
    desk.after(0.5)
    assert [slot.bid, slot.bid_usd, slot.bid_net] == [100.0, None, None]
    between = desk.board.rates.between("USDC", "USDT", desk.now_ns)
    assert between.muted == "the USDC rate of bex.spot.USDCUSDT is 10 s old"
    assert between.rate is not None  # shown with its source and age all the same
    desk.quote(slot, 100.0, 101.0)
    assert slot.bid_usd is None


def test_confirmation_keeps_a_silent_pair_young() -> None:
    desk = Desk()
    desk.add("ama", quote="USDC")
    pair = usdc_pair(desk, "bex", 0.9999, 1.0001)
    for _ in range(6):
        desk.after(8.0)
        desk.quote(pair, 0.9999, 1.0001, source="rest")
        desk.board.sweep(desk.now_ns)
        assert desk.board.rates.value("USDC") == pytest.approx(1.0)


@pytest.mark.parametrize(("mid", "usable"), [(0.9905, True), (0.985, False), (1.0095, True), (1.02, False)])
def test_a_dollar_that_lost_its_peg_mutes_what_needs_it(mid: float, usable: bool) -> None:
    desk = Desk()
    slot = desk.add("ama", quote="USDC")
    desk.quote(slot, 100.0, 101.0)
    usdc_pair(desk, "bex", mid - 0.0001, mid + 0.0001)
    desk.after(0.5)
    assert (slot.bid_net is not None) is usable
    muted = desk.board.rates.between("USDT", "USDC", desk.now_ns).muted
    assert (muted is None) is usable
    assert usable or "lost its peg" in str(muted)


def test_two_prices_in_one_currency_need_no_rate_whatever_became_of_it() -> None:
    desk = Desk()
    usdc_pair(desk, "bex", 0.90, 0.9001)
    desk.after(20.0)
    assert desk.board.rates.between("USDC", "USDC", desk.now_ns).muted is None


def test_usd_counts_as_usdc_and_the_pair_says_so() -> None:
    desk = Desk()
    slot = desk.add("ama", quote="USD")
    desk.quote(slot, 100.0, 101.0)
    usdc_pair(desk, "bex", 0.9998, 1.0000)
    desk.after(0.5)
    assert slot.bid_usd == pytest.approx(99.99)
    between = desk.board.rates.between("USD", "USDT", desk.now_ns)
    assert between.rate is not None
    assert between.rate.pair == "bex.spot.USDCUSDT (USD as USDC)"
    same = desk.board.rates.between("USD", "USDC", desk.now_ns)
    assert same.muted is None
    assert same.rate is not None
    assert (same.rate.pair, same.rate.value) == ("USD as USDC", 1.0)


def test_usd_may_count_as_usdt() -> None:
    desk = Desk(MarketRules(basis=BasisRules(usd_as="USDT")))
    slot = desk.add("ama", quote="USD")
    desk.quote(slot, 100.0, 101.0)
    assert slot.bid_usd == 100.0
    between = desk.board.rates.between("USD", "USDT", desk.now_ns)
    assert between.muted is None
    assert between.rate is not None
    assert between.rate.pair == "USD as USDT"


def test_an_unknown_currency_is_said_to_be_unknown() -> None:
    desk = Desk()
    assert desk.board.rates.between("", "USDT", desk.now_ns).muted == "price currency unknown"


def test_two_foreign_currencies_name_both_pairs_and_the_older_age() -> None:
    desk = Desk()
    desk.add("ama", quote="USDC")
    desk.add("ama", quote="FDUSD")
    usdc_pair(desk, "bex", 0.9999, 1.0001)
    desk.after(2.0)
    other = desk.add("bex", SPOT, "FDUSD")
    desk.quote(other, 0.9989, 0.9991)
    desk.after(0.5)
    between = desk.board.rates.between("USDC", "FDUSD", desk.now_ns)
    assert between.rate is not None
    assert between.rate.pair == "bex.spot.USDCUSDT and bex.spot.FDUSDUSDT"
    assert between.rate.age_ms(desk.now_ns) == pytest.approx(2500.0)
