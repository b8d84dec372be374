"""What stands in place of the grid before the first quotes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from arbtui.core.clock import NS_PER_S
from arbtui.core.model import Market
from arbtui.core.status import FeedState, FeedStatus
from arbtui.ui.keymap import Keymap
from arbtui.ui.waiting import waiting_lines
from tests.ui.fake_port import START_NS, VENUES, feed

REFUSED = "fapi.venue.example cannot be reached: its name cannot be resolved"


def since(venue: str, market: Market, state: FeedState, reason: str = "", seconds: int = 12) -> FeedStatus:
    return replace(feed(venue, market, state, reason), since_ns=START_NS - seconds * NS_PER_S)


DOWN = [since(venue, market, FeedState.DOWN, REFUSED) for venue in VENUES for market in Market]


def said(feeds: list[FeedStatus], width: int = 78, height: int = 20, mode: str = "PAPER", warning: str = "") -> str:
    lines = waiting_lines(feeds, warning, START_NS, mode, Keymap(), width, height)
    return "\n".join("".join(words for words, _ in line) for line in lines)


def test_each_venue_says_what_it_is_doing_for_how_long_and_why() -> None:
    text = said([since("okx", Market.PERP, FeedState.CONNECTING, "connecting", 3), *DOWN[:1]], width=110)
    assert "okx perp: connecting 3s\n" in text
    assert f"binance {next(iter(Market)).value}: down 12s, {REFUSED}" in text


def test_markets_of_a_venue_that_say_the_same_say_it_once() -> None:
    assert said(DOWN, width=110).count("binance") == 1


def test_without_a_network_it_says_so_and_what_to_press() -> None:
    text = said(DOWN)
    assert text.startswith(" None of the venues can be reached")
    assert all(words in text for words in ("? help", "q quit", "`arbtui check`", "`arbtui --demo`"))


@pytest.mark.parametrize("mode", ["DEMO", "REPLAY"])
def test_what_needs_no_network_is_not_told_to_do_without_one(mode: str) -> None:
    assert "--demo" not in said(DOWN, mode=mode)


def test_when_all_feeds_are_live_it_waits_for_coins_and_not_for_venues() -> None:
    text = said([feed(venue, Market.PERP) for venue in VENUES])
    assert "All feeds are live." in text
    assert "--demo" not in text


def test_coins_that_nobody_lists_are_named_as_long_as_there_is_nothing_else() -> None:
    idle = [feed(venue, Market.PERP, FeedState.CONNECTING, "nothing to stream yet") for venue in VENUES]
    assert "NOPE: listed on none" in said(idle, warning="NOPE: listed on none of these exchanges")
    assert "NOPE" not in said(DOWN, warning="NOPE: listed on none of these exchanges"), "a network comes first"


def test_one_feed_says_that_it_can_make_no_pair() -> None:
    assert "One feed makes no pair. Enable more" in said([feed("okx", Market.PERP)])


def test_feeds_that_find_no_room_are_counted_and_the_pane_that_shows_them_is_named() -> None:
    text = said(DOWN, width=40, height=6)
    assert "more: 5 shows the feeds" in text
    assert "--demo needs no network" in " ".join(text.split())
    assert "binance" in text


@given(st.integers(min_value=1, max_value=130), st.integers(min_value=0, max_value=30))
def test_it_never_takes_more_room_than_there_is(width: int, height: int) -> None:
    lines = waiting_lines(DOWN, "NOPE is listed nowhere", START_NS, "PAPER", Keymap(), width, height)
    assert len(lines) <= height
    if width > 24:
        assert all(sum(cell_len(words) for words, _ in line) <= width for line in lines)
