"""The board as its users see it: who is told what, who carries which stream, why a leg may not trade."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from arbtui.core.events import (
    BookDelta,
    BookSnapshot,
    Funding,
    MarkPrice,
    Mid,
    Pong,
    ServerTime,
    Ticker,
)
from arbtui.core.model import Category, Channel, Stream, TradingStatus
from arbtui.core.status import Link
from arbtui.market.book import Book, BookState
from arbtui.market.slot import Slot
from arbtui.market.terms import MarketRules
from tests.market.desk import MS, PERP, SPOT, Desk, S


def snapshot(slot: Slot, t_ns: int, seq: int = 10) -> BookSnapshot:
    return BookSnapshot(slot.id, [("100.0", "1")], [("101.0", "1")], seq, t_ns)


def gap(slot: Slot, t_ns: int) -> BookDelta:
    return BookDelta(slot.id, [], [], -1, 99, 98, t_ns)


def held(slot: Slot) -> Book:
    assert slot.book is not None
    return slot.book


class TestListeners:
    def test_each_kind_of_event_tells_its_own_listeners(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        told: list[str] = []
        for name in ("on_quote", "on_book", "on_ticker", "on_funding"):
            getattr(desk.board, name).append(lambda _slot, name=name: told.append(name))
        desk.board.hold_book(slot)
        desk.quote(slot, 100.0, 101.0)
        desk.board.apply(snapshot(slot, desk.now_ns))
        desk.board.apply(Ticker(slot.id, 1, last="1"))
        desk.board.apply(MarkPrice(slot.id, 1, mark="1"))
        desk.board.apply(Funding(slot.id, 1, rate="0.1"))
        desk.board.apply(Mid(slot.id, 100.5, 1))
        assert told == ["on_quote", "on_book", "on_ticker", "on_funding", "on_funding"]

    def test_several_listeners_are_called_in_order(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        told: list[int] = []

        def told_by(number: int) -> Callable[[Slot], None]:
            return lambda _slot: told.append(number)

        for number in range(3):
            desk.board.on_quote.append(told_by(number))
        desk.quote(slot, 100.0, 101.0)
        assert told == [0, 1, 2]

    def test_what_is_no_market_event_is_ignored(self) -> None:
        desk = Desk()
        desk.board.apply(Pong(1))
        desk.board.apply(ServerTime(1, 1))


class TestBooks:
    def test_a_book_that_is_not_held_costs_and_tells_nothing(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        told: list[Slot] = []
        desk.board.on_book.append(told.append)
        desk.board.on_gap = lambda slot, _reason: told.append(slot)
        desk.board.apply(snapshot(slot, 1))
        desk.board.apply(gap(slot, 2))
        assert slot.book is None
        assert told == []

    def test_levels_of_a_held_book_are_per_coin_and_only_while_it_may_be_traded_on(self) -> None:
        desk = Desk()
        slot = desk.add("ama", multiplier=Decimal("0.5"), price_factor=Decimal(10))
        desk.board.hold_book(slot)
        assert list(slot.book_bids()) == []
        desk.board.apply(snapshot(slot, desk.now_ns))
        assert list(slot.book_bids()) == [(10.0, 0.5)]
        assert list(slot.book_asks()) == [(10.1, 0.5)]
        desk.board.apply(BookDelta(slot.id, [("102.0", "1")], [], -1, 11, 10, desk.now_ns))
        assert held(slot).live
        assert list(slot.book_bids()) == []

    def test_a_lost_book_is_asked_for_at_once_and_again_every_ten_seconds(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        asked: list[tuple[int, str]] = []
        desk.board.on_gap = lambda _slot, reason: asked.append((desk.now_ns, reason))
        desk.board.hold_book(slot)
        desk.board.apply(snapshot(slot, desk.now_ns))
        desk.after(1.0)
        lost_ns = desk.now_ns
        desk.board.apply(gap(slot, lost_ns))
        desk.after(25.0)
        assert [(t_ns - lost_ns) / S for t_ns, _ in asked] == [0.0, 10.0, 20.0]
        assert all("gap after 10" in reason for _, reason in asked)

    def test_a_book_that_is_lost_again_and_again_is_asked_for_once_a_second(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        asked: list[int] = []
        desk.board.on_gap = lambda _slot, _reason: asked.append(desk.now_ns)
        desk.board.hold_book(slot)
        for _ in range(40):
            desk.board.apply(snapshot(slot, desk.now_ns))
            desk.board.apply(gap(slot, desk.now_ns))
            desk.after(0.1)
        assert 4 <= len(asked) <= 5
        assert all(later - earlier >= S for earlier, later in pairwise(asked))

    def test_a_book_whose_first_snapshot_does_not_come_is_asked_for(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        asked: list[str] = []
        desk.board.on_gap = lambda _slot, reason: asked.append(reason)
        desk.board.hold_book(slot)
        desk.after(3.0)
        assert asked == []
        desk.after(1.0)
        assert asked == ["no snapshot came"]

    def test_books_of_a_connection_that_is_down_are_lost_and_not_asked_for(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        asked: list[str] = []
        told: list[BookState] = []
        desk.board.on_gap = lambda _slot, reason: asked.append(reason)
        desk.board.hold_book(slot)
        desk.board.apply(snapshot(slot, desk.now_ns))
        desk.board.on_book.append(lambda slot: told.append(held(slot).state))
        desk.board.link_down(desk.links["ama", PERP], desk.now_ns)
        assert told == [BookState.RESYNCING]
        desk.after(30.0)
        assert asked == []
        assert held(slot).reason == "its connection is down"

    def test_the_sweep_notices_a_dead_link_and_a_crossed_book_by_itself(self) -> None:
        desk = Desk()
        dead, crossed = desk.add("ama"), desk.add("bex")
        asked: list[Slot] = []
        desk.board.on_gap = lambda slot, _reason: asked.append(slot)
        for slot in (dead, crossed):
            desk.board.hold_book(slot)
            desk.board.apply(snapshot(slot, desk.now_ns))
        desk.links["ama", PERP].up = False
        desk.board.apply(BookDelta(crossed.id, [("102.0", "1")], [], -1, 11, 10, desk.now_ns))
        desk.after(1.0)
        assert not held(dead).live
        assert held(crossed).live
        desk.after(0.5)
        assert not held(crossed).live
        assert asked == [crossed]

    def test_a_released_book_is_gone_and_holding_it_again_begins_anew(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        desk.board.hold_book(slot)
        desk.board.apply(snapshot(slot, desk.now_ns))
        assert desk.board.held_books == [slot]
        desk.board.release_book(slot)
        assert slot.book is None
        assert desk.board.held_books == []
        desk.board.hold_book(slot)
        assert held(slot).state is BookState.WAITING


class TestLinks:
    def test_a_stream_may_be_assigned_before_its_slot_is_there(self) -> None:
        desk = Desk()
        link = Link("early")
        desk.board.assign("ama", Stream(SPOT, Channel.BBO, "LATEUSDT"), link)
        assert desk.add("ama", SPOT, "LATE").link is link

    def test_an_all_symbol_stream_carries_later_slots_too(self) -> None:
        desk = Desk()
        assert desk.add("bex", SPOT, "NEW").link is desk.links["bex", SPOT]

    def test_bbo_and_book_may_come_by_different_connections(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        other = Link("books")
        desk.board.assign("ama", Stream(PERP, Channel.BOOK, "BTCUSDT"), other)
        assert slot.book_link is other
        assert slot.link is desk.links["ama", PERP]
        desk.board.assign("ama", Stream(PERP, Channel.TICKER, "BTCUSDT"), other)
        assert slot.link is desk.links["ama", PERP]
        desk.board.assign("ama", Stream(PERP, Channel.BOOK, "BTCUSDT"), None)
        assert slot.book_link is None

    def test_every_channel_knows_when_it_was_last_heard(self) -> None:
        desk = Desk()
        one, two = desk.add("ama"), desk.add("ama", base="ETH")
        desk.board.hold_book(one)
        desk.quote(one, 100.0, 101.0)
        desk.after(1.0)
        start_ns, now_ns = desk.now_ns - S, desk.now_ns
        desk.board.apply(snapshot(one, now_ns))
        desk.board.apply(Ticker(one.id, now_ns + 1, last="1"))
        desk.board.apply(MarkPrice(one.id, now_ns + 2, mark="1"))
        desk.board.apply(Funding(one.id, now_ns + 3, rate="0"))
        desk.board.apply(Mid(two.id, 1.0, now_ns + 4))
        desk.quote(two, 1.0, 2.0)

        def heard(channel: Channel, native: str = "") -> int:
            return desk.board.last_data_ns("ama", Stream(PERP, channel, native))

        assert heard(Channel.BBO, "BTCUSDT") == start_ns
        assert heard(Channel.BBO) == now_ns
        assert heard(Channel.BOOK, "BTCUSDT") == now_ns
        assert heard(Channel.TICKER, "BTCUSDT") == heard(Channel.TICKER) == now_ns + 1
        assert heard(Channel.MARK, "BTCUSDT") == now_ns + 2
        assert heard(Channel.FUNDING, "BTCUSDT") == now_ns + 3
        assert heard(Channel.MIDS) == now_ns + 4
        assert heard(Channel.INSTRUMENTS) == start_ns
        assert heard(Channel.BBO, "NONE") == 0
        assert desk.board.last_data_ns("zed", Stream(PERP, Channel.BBO, "X")) == 0

    def test_data_by_rest_is_no_sign_of_life_of_a_stream(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        desk.quote(slot, 100.0, 101.0, source="rest")
        desk.board.apply(Ticker(slot.id, desk.now_ns, last="1", source="rest"))
        desk.board.apply(MarkPrice(slot.id, desk.now_ns, mark="1", source="rest"))
        desk.board.apply(Funding(slot.id, desk.now_ns, rate="0", source="rest"))
        for channel in (Channel.BBO, Channel.TICKER, Channel.MARK, Channel.FUNDING):
            assert desk.board.last_data_ns("ama", Stream(PERP, channel, "BTCUSDT")) == 0

    def test_dropped_quotes_are_signs_of_life(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        desk.quote(slot, 100.0, 101.0, seq=9)
        desk.after(1.0)
        desk.quote(slot, 100.0, 101.0, seq=8)
        assert desk.board.last_data_ns("ama", Stream(PERP, Channel.BBO, "BTCUSDT")) == desk.now_ns


class TestMuted:
    """One reason each; the first of them is the one that is told."""

    def fresh(self, rules: MarketRules | None = None, **more: Any) -> tuple[Desk, Slot]:
        desk = Desk(rules)
        slot = desk.add("ama", **more)
        desk.quote(slot, 100.0, 101.0)
        desk.board.sweep(desk.now_ns)
        return desk, slot

    def test_nothing_speaks_against_a_sound_leg(self) -> None:
        desk, slot = self.fresh()
        assert slot.muted is None
        assert desk.board.judge(slot, desk.now_ns) is None

    @pytest.mark.parametrize(
        ("status", "words"),
        [
            (TradingStatus.CLOSE_ONLY, "open for closing only"),
            (TradingStatus.HALTED, "halted"),
            (TradingStatus.PRE_OPEN, "not open yet"),
            (TradingStatus.DELISTED, "delisted"),
            (TradingStatus.UNKNOWN, "in a state that is not known"),
        ],
    )
    def test_only_what_trades_may_trade(self, status: TradingStatus, words: str) -> None:
        _, slot = self.fresh(status=status, status_text="word")
        assert slot.muted == f"{words} (word)"

    def test_an_announced_delisting_mutes_from_the_announcement_on(self) -> None:
        _, slot = self.fresh(delist_ms=1_900_000_000_000)
        assert slot.muted == "delisting announced for 2030-03-17 17:46 UTC, closing only"

    def test_a_delisting_date_beyond_reason_is_no_crash(self) -> None:
        _, slot = self.fresh(delist_ms=10**18)
        assert "delisting announced" in str(slot.muted)

    def test_excluded_categories_are_muted_and_included_ones_are_not(self) -> None:
        _, slot = self.fresh(category=Category.TRADFI)
        assert "category excluded" in str(slot.muted)
        both = MarketRules(categories=frozenset({Category.CRYPTO, Category.TRADFI}))
        _, slot = self.fresh(both, category=Category.TRADFI)
        assert slot.muted is None

    def test_minimum_volume_needs_a_known_volume(self) -> None:
        desk, slot = self.fresh(MarketRules(min_vol_24h_usd=1000.0))
        assert desk.muted(slot) == "24 h volume not known"
        desk.board.apply(Ticker(slot.id, desk.now_ns, vol_24h_quote="999"))
        desk.after(0.5)
        assert desk.muted(slot) == "24 h volume 999 USD is below 1,000"
        desk.board.apply(Ticker(slot.id, desk.now_ns, vol_24h_quote="1000"))
        desk.after(0.5)
        assert desk.muted(slot) == ""

    def test_staleness_is_judged_for_the_moment_asked(self) -> None:
        desk, slot = self.fresh()
        assert desk.board.judge(slot, desk.now_ns + 31 * S) is not None
        assert desk.board.judge(slot, desk.now_ns) is None

    def test_a_quote_unmutes_a_stale_leg_without_waiting_for_the_sweep(self) -> None:
        desk, slot = self.fresh()
        desk.after(31.0)
        assert "neither heard" in desk.muted(slot)
        desk.quote(slot, 100.0, 101.0)
        assert desk.muted(slot) == ""


class TestSweep:
    def test_in_small_parts_every_slot_has_its_turn(self) -> None:
        desk = Desk()
        slots = [desk.add(venue, base=f"C{number}") for number in range(10) for venue in ("ama", "bex")]
        for slot in slots:
            desk.quote(slot, 100.0, 101.0)
            desk.mark(slot, "100")
        looked = [desk.board.sweep(desk.now_ns, at_most=5) for _ in range(4)]
        assert looked == [6, 6, 6, 6]
        assert all(slot.muted is None for slot in slots)

    def test_an_empty_board_has_nothing_to_look_at(self) -> None:
        assert Desk().board.sweep(S) == 0

    def test_one_turn_looks_at_nothing_twice(self) -> None:
        desk = Desk()
        desk.add("ama")
        assert desk.board.sweep(desk.now_ns, at_most=100) == 1

    def test_those_that_nothing_has_confirmed_can_be_listed_for_rest(self) -> None:
        desk = Desk()
        silent, loud = desk.add("ama"), desk.add("bex")
        desk.quote(silent, 100.0, 101.0)
        desk.after(20.0)
        desk.quote(loud, 100.0, 101.0)
        assert list(desk.board.unconfirmed(desk.now_ns, 15.0)) == [silent]


def test_replaying_the_same_events_gives_the_same_state() -> None:
    def run() -> list[object]:
        desk = Desk()
        slots = [desk.add(venue) for venue in ("ama", "bex", "cue")]
        for number in range(50):
            slot = slots[number % 3]
            desk.quote(slot, 100.0 + number % 7, 108.0 + number % 5, exchange_ms=desk.now_ns // MS)
            desk.mark(slot, str(100 + number % 2))
            desk.after(0.3)
        return [(slot.bid, slot.ask_net, slot.muted, slot.stale, slot.agreed) for slot in slots]

    assert run() == run()
