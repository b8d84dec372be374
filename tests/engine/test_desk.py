"""What guests command the desk: mutes and where they are kept, thresholds by key, and what only replays can."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from arbtui.config import Settings
from arbtui.core.clock import NS_PER_S, ManualClock
from arbtui.core.events import Listing
from arbtui.core.model import Instrument, Market, TradingStatus
from arbtui.core.status import FeedState, FeedStatus
from arbtui.engine.build import build_desk
from arbtui.engine.desk import Desk
from arbtui.engine.memory import NoMemory
from arbtui.engine.process import LoopLag, ProcessMeter
from arbtui.engine.trouble import Trouble
from arbtui.port import ReplayControl, SetMute, SetThreshold
from arbtui.venues import registry
from tests.ui.fake_port import feed

T0 = 1_800_000_000 * NS_PER_S


def desk_with(memory: NoMemory, feeds: Sequence[FeedStatus] = ()) -> Desk:
    """BTC and ETH perpetuals on okx and binance."""
    clock = ManualClock(T0)
    trouble = Trouble(clock)
    desk = build_desk(
        Settings(),
        {name: registry.venue(name) for name in ("okx", "binance")},
        mode="PAPER",
        clock=clock,
        trouble=trouble,
        memory=memory,
        status=lambda: feeds,
        process=ProcessMeter(LoopLag(), trouble.counts, lambda: 0).figures,
    )
    for venue in ("okx", "binance"):
        listed = [perp(venue, base) for base in ("BTC", "ETH")]
        desk.board.take_listing(venue, Listing(Market.PERP, "linear", listed, T0))
    return desk


def perp(venue: str, base: str) -> Instrument:
    return Instrument(
        venue=venue,
        market=Market.PERP,
        native=f"{base}USDT",
        base=base,
        quote="USDT",
        price_ccy="USDT",
        settle_ccy="USDT",
        multiplier=Decimal(1),
        price_factor=Decimal(1),
        status=TradingStatus.TRADING,
    )


def test_mutes_are_kept_and_hold_in_the_next_run_before_anything_is_listed() -> None:
    memory = NoMemory()
    first = desk_with(memory)
    assert first.send(SetMute(base="BTC")).accepted
    assert first.send(SetMute(base="ETH")).accepted
    assert first.send(SetMute(venue="okx")).accepted
    assert first.send(SetMute(base="BTC", on=False)).accepted
    second = desk_with(memory)
    assert [notice.text for notice in second.notices] == ["muted by you in an earlier run, and still: ETH, okx"]
    assert list(second.muted_coins) == ["ETH"]
    assert list(second.muted_venues) == ["okx"]
    second.board.sweep(T0)
    words = {slot.key: slot.silenced for slot in second.board.slots}
    assert words["okx.perp.BTCUSDT"] == "okx is muted by you"
    assert words["binance.perp.ETHUSDT"] == "ETH is muted by you"
    assert words["binance.perp.BTCUSDT"] is None


def test_when_nothing_is_muted_any_more_nothing_is_kept() -> None:
    memory = NoMemory()
    desk = desk_with(memory)
    desk.send(SetMute(venue="okx"))
    desk.send(SetMute(venue="okx", on=False))
    assert memory.get("ui.muted_venues") is None
    assert memory.get("ui.muted_coins") is None


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (SetMute(base="NOPE"), "NOPE is listed nowhere"),
        (SetMute(venue="nope"), "no feed of nope is known"),
        (SetMute(), "name a coin or a venue to mute"),
        (SetMute(base="BTC", venue="okx"), "name a coin or a venue to mute"),
    ],
)
def test_what_cannot_be_muted_is_said(command: SetMute, says: str) -> None:
    desk = desk_with(NoMemory())
    outcome = desk.send(command)
    assert (outcome.accepted, outcome.text) == (False, says)
    assert not desk.muted_coins
    assert not desk.muted_venues


def test_a_venue_that_nothing_was_heard_of_yet_can_be_muted() -> None:
    desk = desk_with(NoMemory(), feeds=[feed("bitget", Market.PERP, FeedState.DOWN)])
    assert desk.send(SetMute(venue="bitget")).accepted
    assert list(desk.muted_venues) == ["bitget"]


def test_a_venue_that_is_gone_can_still_be_unmuted() -> None:
    memory = NoMemory()
    memory.put("ui.muted_venues", "mtgox")
    desk = desk_with(memory)
    assert list(desk.muted_venues) == ["mtgox"]
    assert desk.send(SetMute(venue="mtgox", on=False)).accepted
    assert not desk.muted_venues


def test_thresholds_are_listed_by_key_and_go_with_the_coin_s_own() -> None:
    desk = desk_with(NoMemory())
    desk.send(SetThreshold(7.5, "ETH"))
    desk.send(SetThreshold(3.0))
    assert desk.threshold_entries() == {"ETH": 7.5}
    desk.send(SetThreshold(None, "ETH"))
    assert desk.threshold_entries() == {}


def test_live_data_cannot_be_paused() -> None:
    desk = desk_with(NoMemory())
    assert desk.replay is None
    outcome = desk.send(ReplayControl("pause"))
    assert not outcome.accepted
    assert "no replay" in outcome.text


def test_the_threshold_of_a_pair_is_the_one_that_its_room_reaches_to() -> None:
    desk = desk_with(NoMemory())
    slots = {slot.key: slot.id for slot in desk.board.slots}
    buy, sell = slots["okx.perp.BTCUSDT"], slots["binance.perp.BTCUSDT"]
    desk.send(SetThreshold(7.0))
    assert desk.pair_threshold_bps(buy, sell) == 7.0
    desk.send(SetThreshold(3.0, "BTC"))
    assert desk.pair_threshold_bps(buy, sell) == 3.0
    assert desk.pair_threshold_bps(slots["okx.perp.ETHUSDT"], slots["binance.perp.ETHUSDT"]) == 7.0
