"""The lines that are always there: what they say, and what they leave out first."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from rich.cells import cell_len

from arbtui.core.clock import NS_PER_MS, NS_PER_S
from arbtui.core.model import Market
from arbtui.core.status import FeedState, FeedStatus
from arbtui.execution.equity import Equity
from arbtui.execution.exposure import NetExposure
from arbtui.execution.limits import NS_PER_DAY
from arbtui.ui.keymap import Keymap
from arbtui.ui.panes import feeds
from arbtui.ui.panes.status import equity_cell, exposure_cell, hidden_line, standing, venue_strip
from arbtui.ui.theme import Line
from tests.ui.dealer import WITHOUT_LIMITS, dealing
from tests.ui.fake_port import START_NS, VENUES, FakePort, feed
from tests.ui.seat import seated

MANY = (*VENUES, "gate", "lighter", "grvt", "edgex", "aster", "backpack", "extended", "paradex")


def down(venue: str, seconds: int = 12) -> FeedStatus:
    return replace(feed(venue, Market.PERP, FeedState.DOWN), since_ns=START_NS - seconds * NS_PER_S)


def said(line: Line) -> str:
    return "".join(words for words, _ in line)


def test_a_venue_in_trouble_says_which_and_since_when() -> None:
    assert standing(down("okx"), START_NS) == ("○", "error", "down 12s")
    assert standing(feed("okx", Market.PERP), START_NS)[2] == ""


def test_a_slow_venue_and_one_with_another_clock_are_half_well() -> None:
    slow = replace(feed("okx", Market.PERP), age_ms_p50=612.0)
    skewed = replace(feed("okx", Market.PERP), clock_offset_ms=-1200.0)
    assert standing(slow, START_NS) == ("◐", "warn", "slow 612ms")
    assert standing(skewed, START_NS) == ("◐", "warn", "clock −1.2s")


def test_a_venue_is_as_well_as_its_worse_market() -> None:
    strip = said(venue_strip([feed("okx", Market.SPOT), down("okx")], START_NS, 80))
    assert strip == " OKX ○ down 12s "


def test_the_strip_says_less_in_less_room_and_never_hides_who_is_down() -> None:
    feeds = [feed(venue, Market.PERP) for venue in MANY[:-1]] + [down(MANY[-1])]
    texts = {width: said(venue_strip(feeds, START_NS, width)) for width in (200, 120, 100, 80, 68, 30, 12)}
    assert "BINA ● 12ms" in texts[200]
    assert "PARA ○ down 12s" in texts[120]
    assert "BINA ●" in texts[120]
    assert "PARA○12s" in texts[100]
    assert texts[80].endswith("EXTE● PARA○12s")
    assert "BIN● OKX● BYB● BIT●" in texts[68]
    assert texts[30] == " ●12 PAR○"
    assert all(cell_len(text) <= width for width, text in texts.items())


def test_equity_is_all_of_it_or_the_known_part_and_a_question_mark() -> None:
    assert equity_cell(Equity(Decimal("25012.4"))) == (" eq 25,012.40 ", "text")
    assert equity_cell(Equity(Decimal("25012.4"), no_rate=("XYZ",))) == (" eq 25,012.40+? ", "warn")
    assert equity_cell(Equity(Decimal(0), unread=("okx",))) == (" eq · ", "warn")


def test_exposure_that_is_not_known_is_not_zero() -> None:
    assert exposure_cell(None) == (" exp · ", "warn")
    assert exposure_cell(NetExposure(Decimal(0), Decimal(0))) == (" exp 0 ", "dim")
    assert exposure_cell(NetExposure(Decimal("3.1"), Decimal("3.1"))) == (" exp 3.10 ", "text")
    assert exposure_cell(NetExposure(Decimal(0), Decimal(1000))) == (" exp 0..1,000 ", "warn")


@pytest.mark.parametrize("width", [4, 10, 20, 40, 59, 120])
def test_what_is_hidden_is_said_in_any_width(width: int) -> None:
    line = said(hidden_line(Keymap(), width))
    assert cell_len(line) == width
    assert "2-9" in line or width < 5
    assert "60x16" in line or width < 30


def test_the_digits_in_it_are_those_of_the_person() -> None:
    assert "F2-F9" in said(hidden_line(Keymap({"pane.books": "F2", "pane.accounts": "F9"}), 50))


async def test_a_small_terminal_says_what_it_hides_once_the_last_word_is_old() -> None:
    port = FakePort(6)
    async with seated(port, 40, 10) as seat:
        seat.app.desk.say("this was just said")
        assert (await seat.rows())[-1].endswith("this was just said")
        port.time.advance_to(port.time.now_ns() + 11 * NS_PER_S)
        assert "2-9 other panes" in (await seat.rows())[-1]


async def test_the_figures_of_a_dealer_s_day() -> None:
    async with dealing(160, 40, limits=WITHOUT_LIMITS) as dealer:
        top = (await dealer.seat.rows())[0]
        assert "PAPER ARMED" in top
        assert " day 0 " in top
        assert " exp 0 " in top
        await dealer.open_one()
        assert " open ▼" in (await dealer.seat.rows())[0]
        money = dealer.seat.app.desk.money
        assert money is not None
        await dealer.press("f", "enter", "y")
        await dealer.wait(2)
        money.look(1e9, at_once=True)
        now_ns = dealer.port.clock.now_ns()
        made = money.day_usd(now_ns)
        assert made is not None
        assert made < 0, "fees were paid both ways"
        assert f" day ▼−{-made:.2f}" in (await dealer.seat.rows())[0]
        assert money.day_usd(now_ns + NS_PER_DAY) == 0, "tomorrow is another day"


async def test_figures_that_have_no_room_above_stand_beside_the_venues() -> None:
    async with dealing(80, 24) as dealer:
        above, beside, *_ = await dealer.seat.rows()
        assert "lag" not in above
        assert beside.endswith(" lag 1 ms")
        dealer.port.feeds = [replace(told, age_ms_p50=432.0) for told in dealer.port.feeds]
        later = (await dealer.seat.rows())[1]
        assert later.index("lag") == beside.index("lag"), "an age of three digits moves nothing"
    async with dealing(30, 8) as dealer:
        assert (await dealer.seat.rows())[1].startswith(" BINA"), "venues come first"


async def test_the_clock_names_its_zone_and_never_leaves() -> None:
    for width in (30, 80, 200):
        async with seated(FakePort(3), width, 20) as seat:
            assert (await seat.rows())[0].endswith("00:53:20 UTC")


async def test_where_there_is_no_room_the_zone_goes_before_the_clock_and_the_mode_never() -> None:
    async with dealing(30, 12) as dealer:
        assert re.fullmatch(r" DEMO  PAPER ARMED +\d\d:\d\d:\d\d", (await dealer.seat.rows())[0])
    async with seated(FakePort(3), 8, 12) as seat:
        assert (await seat.rows())[0].startswith(" DEMO")


async def test_a_venue_that_falls_silent_is_seen_within_a_quarter_of_a_second() -> None:
    port = FakePort(3)
    async with seated(port) as seat:
        port.feeds[0] = replace(
            feed("binance", port.feeds[0].market, FeedState.STALE, "no data for 4 s"),
            since_ns=port.clock.now_ns() - 4000 * NS_PER_MS,
        )
        seat.pass_by(0.2)
        await seat.pilot.pause()
        assert "BINA ◐ stale 4s" in (await seat.rows())[1]


def test_a_figure_of_a_feed_is_whole_or_not_there_at_any_width() -> None:
    told = replace(feed("bybit", Market.PERP), reason="", age_ms_p50=25.0, age_ms_p99=371.0, clock_offset_ms=-1234.0)
    whole = set(said(feeds.line(told, 200)).split())
    for width in range(30, 130):
        assert set(said(feeds.line(told, width))[:width].split()) <= whole, width
