"""Volumes, funding, marks and premium of a slot, from frames that say part of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbtui.core.events import Funding, MarkPrice, Ticker
from arbtui.market import figures
from arbtui.market.exact import levels_per_coin, mid_text, quote_per_coin, text_per_coin
from tests.market.desk import PERP, SPOT, Desk, instrument

bad_texts = pytest.mark.parametrize("bad", ["", "nan", "inf", "-inf", "abc", "-1", None, "1e999"])


def ticker(slot: int, t_ns: int, source: Literal["ws", "rest"] = "ws", **texts: Any) -> Ticker:
    return Ticker(slot, t_ns, source=source, **texts)


def test_volume_in_quote_currency_is_taken_as_it_is() -> None:
    desk = Desk()
    slot = desk.add("ama")
    desk.board.apply(ticker(slot.id, 1, last="100", vol_24h_quote="5000000", vol_24h_wire="1"))
    assert slot.vol_24h_usd == 5_000_000.0


def test_volume_in_wire_units_is_coins_at_the_last_price() -> None:
    desk = Desk()
    slot = desk.add("ama", base="PEPE", multiplier=Decimal(1000), price_factor=Decimal(1000))
    desk.board.apply(ticker(slot.id, 1, last="0.02", vol_24h_wire="3000000"))
    assert slot.last_price == pytest.approx(0.00002)
    assert slot.vol_24h_usd == pytest.approx(3_000_000_000 * 0.00002)


def test_volume_in_coins_is_not_multiplied() -> None:
    desk = Desk()
    slot = desk.add("ama", multiplier=Decimal("0.01"))
    desk.board.apply(ticker(slot.id, 1, last="100", vol_24h_coins="700", vol_24h_wire="70000"))
    assert slot.vol_24h_usd == pytest.approx(70_000.0)


def test_volume_in_another_currency_waits_for_its_rate() -> None:
    desk = Desk()
    slot = desk.add("ama", quote="USDC")
    desk.board.apply(ticker(slot.id, 1, vol_24h_quote="1000"))
    assert slot.vol_24h_usd is None
    desk.quote(desk.add("bex", SPOT, "USDC"), 0.9989, 0.9991)
    desk.after(0.5)
    assert slot.vol_24h_usd == pytest.approx(999.0)


def test_no_volume_is_none_and_a_volume_of_nothing_is_zero() -> None:
    desk = Desk()
    slot = desk.add("ama")
    desk.board.apply(ticker(slot.id, 1, last="100"))
    assert slot.vol_24h_usd is None
    desk.board.apply(ticker(slot.id, 2, vol_24h_quote="0"))
    assert slot.vol_24h_usd == 0.0


@bad_texts
def test_what_is_no_number_makes_no_figure(bad: str) -> None:
    desk = Desk()
    slot = desk.add("ama")
    desk.board.apply(Ticker(slot.id, 1, last=bad, vol_24h_quote=bad, vol_24h_wire=bad))
    desk.board.apply(MarkPrice(slot.id, 1, mark=bad, index=bad))
    desk.board.apply(Funding(slot.id, 1, rate=bad if bad != "-1" else "nan", interval_h=8.0))
    assert (slot.last_price, slot.vol_24h_usd) == (None, None)
    assert (slot.mark_price, slot.index_price, slot.rate_per_h) == (None, None, None)


def test_zero_is_no_price() -> None:
    desk = Desk()
    slot = desk.add("ama")
    desk.board.apply(ticker(slot.id, 1, last="0", vol_24h_wire="5"))
    desk.board.apply(MarkPrice(slot.id, 1, mark="0.000", index="0"))
    assert (slot.last_price, slot.vol_24h_usd, slot.mark_price, slot.index_price) == (None, None, None, None)


def test_a_frame_that_says_part_leaves_the_rest_as_it_was() -> None:
    desk = Desk()
    slot = desk.add("ama")
    desk.board.apply(ticker(slot.id, 1, last="100", high_24h="110", vol_24h_quote="7"))
    desk.board.apply(ticker(slot.id, 2, last="101"))
    assert slot.ticker == Ticker(slot.id, 2, last="101", high_24h="110", vol_24h_quote="7")
    desk.board.apply(MarkPrice(slot.id, 3, mark="100.5"))
    desk.board.apply(MarkPrice(slot.id, 4, index="100.4"))
    assert slot.mark == MarkPrice(slot.id, 4, mark="100.5", index="100.4")
    assert (slot.mark_price, slot.index_price) == (100.5, 100.4)


def test_events_are_not_changed_by_merging() -> None:
    desk = Desk()
    slot = desk.add("ama")
    first, second = ticker(slot.id, 1, last="100", high_24h="110"), ticker(slot.id, 2, last="101")
    desk.board.apply(first)
    desk.board.apply(second)
    assert second.high_24h is None
    assert first.last == "100"


def test_rest_fills_gaps_and_takes_over_only_from_what_is_old() -> None:
    desk = Desk()
    slot = desk.add("ama")
    desk.board.apply(ticker(slot.id, desk.now_ns, last="100"))
    desk.after(10.0)
    desk.board.apply(ticker(slot.id, desk.now_ns, "rest", last="99", vol_24h_quote="7"))
    assert slot.ticker is not None
    assert (slot.ticker.last, slot.vol_24h_usd) == ("100", 7.0)
    desk.after(21.0)
    desk.board.apply(ticker(slot.id, desk.now_ns, "rest", last="98"))
    assert slot.last_price == 98.0
    assert slot.ticker_ns == desk.now_ns - 31_000_000_000


@pytest.mark.parametrize(
    ("live_h", "listed_h", "per_h"), [(8.0, None, 0.0001), (4.0, 8.0, 0.0002), (None, 8.0, 0.0001), (None, None, None)]
)
def test_funding_per_hour_is_the_rate_over_its_live_interval(
    live_h: float | None, listed_h: float | None, per_h: float | None
) -> None:
    desk = Desk()
    slot = desk.add("ama", funding_interval_h=listed_h)
    desk.board.apply(Funding(slot.id, 1, rate="0.0008", interval_h=live_h))
    assert slot.rate_per_h == (None if per_h is None else pytest.approx(per_h))


@pytest.mark.parametrize("hours", [0.0, -8.0, float("nan"), float("inf")])
def test_an_impossible_interval_gives_no_rate_per_hour(hours: float) -> None:
    desk = Desk()
    slot = desk.add("ama")
    desk.board.apply(Funding(slot.id, 1, rate="0.0008", interval_h=hours))
    assert slot.rate_per_h is None


def test_negative_funding_stays_negative_and_spot_pays_none() -> None:
    desk = Desk()
    slot, spot = desk.add("ama"), desk.add("ama", SPOT)
    desk.board.apply(Funding(slot.id, 1, rate="-0.0008", interval_h=8.0))
    assert slot.rate_per_h == pytest.approx(-0.0001)
    assert spot.rate_per_h == 0.0


def test_unknown_funding_is_none_not_zero() -> None:
    desk = Desk()
    assert desk.add("ama", funding_interval_h=8.0).rate_per_h is None


def test_whether_a_rate_is_an_estimate_goes_with_the_rate() -> None:
    desk = Desk()
    slot = desk.add("ama")
    desk.board.apply(Funding(slot.id, 1, rate="0.0001", rate_kind="fixed", interval_h=8.0))
    desk.board.apply(Funding(slot.id, 2, next_ms=5))
    assert slot.funding == Funding(slot.id, 2, rate="0.0001", rate_kind="fixed", interval_h=8.0, next_ms=5)
    desk.board.apply(Funding(slot.id, 3, rate="0.0002"))
    assert slot.funding is not None
    assert slot.funding.rate_kind == "estimated"


def test_premium_is_of_mids_and_in_usdt_where_currencies_differ() -> None:
    desk = Desk()
    spot, perp = desk.add("ama", SPOT), desk.add("ama")
    assert figures.premium_pct(spot, perp) is None
    desk.quote(spot, 99.0, 101.0)
    desk.quote(perp, 100.0, 102.0)
    assert figures.premium_pct(spot, perp) == pytest.approx(1.0)
    foreign = desk.add("ama", SPOT, quote="USDC")
    desk.quote(foreign, 99.0, 101.0)
    assert figures.premium_pct(foreign, perp) is None
    desk.quote(desk.add("bex", SPOT, "USDC"), 1.0049, 1.0051)
    desk.after(0.5)
    assert figures.premium_pct(foreign, perp) == pytest.approx((101.0 - 100.5) / 100.5 * 100)


class TestExactTexts:
    scaled = instrument("ama", PERP, "X", "X", multiplier=Decimal(1000), price_factor=Decimal(1000))
    unknown = instrument("ama", PERP, "X", "X", multiplier=None, price_factor=None)

    def test_a_quote_per_coin_keeps_trailing_zeros_and_has_no_exponent(self) -> None:
        texts = ("0.0000123400", "1.50", None, None)
        assert quote_per_coin(texts, self.scaled) == ("0.0000000123400", "1500", None, None)

    def test_levels_lose_what_the_venue_appends(self) -> None:
        levels = [("0.0120", "415", "0", "3")]
        assert levels_per_coin(levels, self.scaled) == [("0.0000120", "415000")]

    def test_what_is_not_known_is_left_as_on_the_wire(self) -> None:
        assert quote_per_coin(("1.10", "2", None, None), self.unknown) == ("1.10", "2", None, None)
        assert levels_per_coin([("1.10", "2", "x")], self.unknown) == [("1.10", "2")]
        assert text_per_coin("1.10", self.unknown) == "1.10"
        assert text_per_coin(None, self.scaled) is None

    @settings(max_examples=60, deadline=None)
    @given(
        bid=st.decimals("0.00000001", "999999", places=8),
        ask=st.decimals("0.00000001", "999999", places=8),
    )
    def test_a_mid_is_exact(self, bid: Decimal, ask: Decimal) -> None:
        text = mid_text(format(bid, "f"), format(ask, "f"))
        assert text is not None
        assert Decimal(text) * 2 == bid + ask
        assert "E" not in text

    def test_a_mid_needs_both_sides(self) -> None:
        assert mid_text(None, "1") is None
        assert mid_text("1", None) is None
