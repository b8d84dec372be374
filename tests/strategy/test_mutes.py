"""What a person mutes: nothing of it trades or signals, everything else goes on, and it can be undone."""

from __future__ import annotations

import msgspec
import pytest

from arbtui.core.events import Listing
from arbtui.core.model import Market
from tests.strategy.test_with_board import Floor


@pytest.fixture
def floor() -> Floor:
    """okx against binance stands above the threshold."""
    floor = Floor()
    floor.hear("okx", 99.98, 100.00)
    floor.hear("binance", 100.20, 100.22)
    floor.hear("bybit", 100.00, 100.02)
    return floor


def mute(floor: Floor, *, on: bool = True, coin: str = "", venue: str = "") -> None:
    floor.board.mute(floor.clock.now_ns(), coins={coin} - {""}, venues={venue} - {""}, on=on)


def test_a_muted_coin_clears_its_signals_at_the_next_look_and_says_who_muted_it(floor: Floor) -> None:
    floor.run(2500)
    assert [state for state, _ in floor.states()] == ["raised", "raised"]
    mute(floor, coin="BTC")
    floor.run(500)
    assert [state for state, _ in floor.states()] == ["raised", "raised", "cleared", "cleared"]
    assert floor.records[-1].reason.endswith("BTC is muted by you")
    row = floor.spreads.row("BTC")
    assert row is not None
    assert row.muted is not None
    assert row.net_bps is not None, "it is shown as ever"
    assert "BTC is muted by you" in row.muted
    assert floor.spreads.hot() == []


def test_a_muted_venue_takes_no_part_and_the_next_best_pair_stands_in(floor: Floor) -> None:
    mute(floor, venue="okx")
    floor.run(2500)
    assert floor.states() == [("raised", "binance")]
    row = floor.spreads.row("BTC")
    assert row is not None
    assert (row.buy.venue, row.sell.venue, row.muted) == ("bybit", "binance", None)
    of_okx = floor.spreads.pair(floor.slot("okx"), floor.slot("binance"))
    assert of_okx.muted == "okx.perp.BTCUSDT: okx is muted by you"


def test_what_is_muted_no_longer_signals_again(floor: Floor) -> None:
    mute(floor, coin="BTC")
    floor.run(2500)
    assert floor.records == []
    mute(floor, coin="BTC", on=False)
    floor.run(2500)
    assert [state for state, _ in floor.states()] == ["raised", "raised"]


def test_a_coin_stays_muted_while_its_venue_is_unmuted(floor: Floor) -> None:
    mute(floor, coin="BTC")
    mute(floor, venue="okx")
    mute(floor, venue="okx", on=False)
    assert floor.slot("okx").muted == "BTC is muted by you"
    assert floor.board.mutes.coins == ("BTC",)
    assert floor.board.mutes.venues == ()


def test_what_was_muted_before_it_was_listed_is_muted_when_it_comes(floor: Floor) -> None:
    mute(floor, coin="ETH")
    known = floor.slot("okx").instrument
    coming = msgspec.structs.replace(known, native="ETHUSDT", base="ETH")
    floor.board.take_listing("okx", Listing(Market.PERP, "linear", [known, coming], floor.clock.now_ns()))
    slot = floor.board.slot_of("okx", Market.PERP, "ETHUSDT")
    assert slot is not None
    floor.board.sweep(floor.clock.now_ns())
    assert slot.silenced == "ETH is muted by you"
    assert floor.slot("okx").silenced is None
