"""A book that the channel of best prices contradicts is given up, and comes back only once it agrees."""

from __future__ import annotations

from arbtui.core.events import BookDelta, BookSnapshot
from arbtui.market.contest import SNAPSHOTS
from arbtui.market.slot import Slot
from tests.market.desk import Desk


class Fair:
    """One slot with its book and its quotes."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.slot: Slot = self.desk.add("ama")
        self.desk.board.hold_book(self.slot)
        self.asked: list[str] = []
        self.desk.board.on_gap = lambda _slot, reason: self.asked.append(reason)
        self.seq = 10

    def snapshot(self, bid: float | None, ask: float | None) -> None:
        self.seq += 1
        bids = [(str(bid), "1")] if bid is not None else []
        asks = [(str(ask), "1")] if ask is not None else []
        self.desk.board.apply(BookSnapshot(self.slot.id, bids, asks, self.seq, self.desk.now_ns, source="rest"))

    def delta(self, bids: list[tuple[str, str]], asks: list[tuple[str, str]]) -> None:
        self.seq += 1
        self.desk.board.apply(BookDelta(self.slot.id, bids, asks, -1, self.seq, self.seq - 1, self.desk.now_ns))

    def quote(self, bid: float | None, ask: float | None) -> None:
        self.desk.quote(self.slot, bid, ask)

    def quotes_walk_off(self, seconds: float, step: float = 0.3) -> None:
        """The channel moves away from 100/101 while the book stands."""
        for number in range(round(seconds * 4)):
            self.quote(100 + step * (number + 1), 101 + step * (number + 1))
            self.delta([("50.0", str(number % 2 + 1))], [])  # it is alive, and its best prices stay
            self.desk.after(0.25)

    def is_live(self) -> bool:
        assert self.slot.book is not None
        return self.slot.book.live


def agreeing() -> Fair:
    fair = Fair()
    fair.quote(100.0, 101.0)
    fair.snapshot(100.0, 101.0)
    fair.desk.after(4.0)
    assert fair.is_live()
    return fair


def test_a_book_beside_moving_best_prices_is_lost_after_two_seconds_and_asked_for() -> None:
    fair = agreeing()
    for number in range(20):
        fair.quote(100.0 + 0.1 * (number % 3), 100.7)  # the asks have come nearer, and the book was not told
        fair.desk.after(0.25)
        if number == 6:
            assert fair.is_live()
    assert not fair.is_live()
    assert "not those of the channel of best prices" in fair.asked[0]


def test_a_book_that_lags_a_second_behind_a_trend_stays() -> None:
    fair = agreeing()
    for number in range(40):
        fair.quote(100.0 + number, 101.0 + number)
        if number >= 4:
            late = number - 4
            fair.delta(
                [(str(100.0 + late), "1"), (str(99.0 + late), "0")],
                [(str(101.0 + late), "1"), (str(100.0 + late), "0")],
            )
        fair.desk.after(0.25)
    assert fair.is_live()
    assert fair.asked == []


def test_best_prices_that_only_repeat_themselves_convict_no_book() -> None:
    fair = agreeing()
    fair.delta([("100.5", "1")], [])
    for _ in range(40):
        fair.quote(100.0, 101.0)
        fair.desk.after(0.25)
    assert fair.is_live()


def test_a_snapshot_with_a_side_that_the_channel_says_is_empty_never_goes_live() -> None:
    fair = Fair()
    fair.quote(100.0, None)
    fair.snapshot(100.0, 101.0)
    assert not fair.is_live()
    assert fair.asked == ["the snapshot shows asks, the channel of best prices says there are none"]
    fair.quote(100.0, 101.0)
    fair.snapshot(100.0, 101.0)
    assert fair.is_live()


def test_a_side_that_is_empty_in_both_is_empty() -> None:
    fair = Fair()
    fair.quote(100.0, None)
    fair.snapshot(100.0, None)
    fair.desk.after(10.0)
    assert fair.is_live()


def test_an_old_quote_says_nothing_about_a_new_snapshot() -> None:
    fair = Fair()
    fair.quote(100.0, None)
    fair.desk.after(6.0)
    fair.snapshot(100.0, 101.0)
    assert fair.is_live()


def test_three_equal_snapshots_are_believed_against_the_channel() -> None:
    fair = agreeing()
    fair.quotes_walk_off(6.0)
    assert not fair.is_live()
    for _ in range(SNAPSHOTS):
        fair.snapshot(100.0, 101.0)
        assert not fair.is_live()
    fair.snapshot(100.0, 101.0)
    assert fair.is_live()
    fair.quotes_walk_off(10.0)
    assert fair.is_live()
    assert "differs from its order book" in (fair.slot.stale or "")


def test_a_far_quote_is_doubted_before_its_book() -> None:
    fair = agreeing()
    fair.quotes_walk_off(3.0, step=2.0)
    assert fair.is_live()
    assert "differs from its order book" in (fair.slot.stale or "")
    fair.quotes_walk_off(3.0, step=2.0)
    assert not fair.is_live()
    assert "differs from its order book" in (fair.slot.stale or "")


def test_a_side_that_the_channel_says_is_empty_loses_the_book_at_once() -> None:
    fair = agreeing()
    fair.quote(100.0, None)
    fair.delta([("99.0", "1")], [])
    fair.desk.after(0.25)
    assert not fair.is_live()


def test_a_side_that_stands_while_the_channel_moves_within_a_tick_is_found() -> None:
    fair = agreeing()
    tick = float(fair.slot.instrument.tick or 0.0)
    assert tick
    for number in range(12):
        fair.quote(100.0, 101.0 + tick * (number % 4) / 4)
        fair.delta([("50.0", str(number + 1))], [])
        fair.desk.after(0.25)
    assert not fair.is_live()
    assert "its asks stand while" in fair.asked[0]


def test_a_side_that_was_missing_must_be_in_the_updates_before_a_snapshot_is_taken() -> None:
    fair = agreeing()
    fair.delta([], [("101.0", "0")])
    for number in range(12):
        fair.quote(100.0 + 0.01 * (number % 4), 101.0)
        fair.delta([("100.0", str(number + 1))], [])
        fair.desk.after(0.25)
    assert not fair.is_live()
    fair.delta([("100.0", "3")], [])
    fair.snapshot(100.0, 101.0)
    assert not fair.is_live()
    assert fair.slot.book is not None
    assert fair.slot.book.reason == "its stream brings no asks"
    fair.delta([], [("101.0", "2")])
    fair.snapshot(100.0, 101.0)
    assert fair.is_live()


def test_a_stream_of_snapshots_brings_back_a_side_that_stood() -> None:
    fair = agreeing()
    for number in range(12):
        fair.quote(100.0, 101.0 + 0.01 * (number % 4) / 4)
        fair.delta([("50.0", str(number + 1))], [])
        fair.desk.after(0.25)
    assert not fair.is_live()
    snapshot = BookSnapshot(fair.slot.id, [("100.0", "1")], [("101.0", "1")], 99, fair.desk.now_ns)
    fair.desk.board.apply(snapshot)
    assert fair.is_live()


def test_a_snapshot_from_before_the_last_quote_that_differs_from_it_is_not_taken() -> None:
    fair = Fair()
    now_ms = fair.desk.now_ns // 1_000_000
    fair.desk.quote(fair.slot, 100.0, 101.0, exchange_ms=now_ms)
    old = BookSnapshot(fair.slot.id, [("90.0", "1")], [("91.0", "1")], 5, fair.desk.now_ns, exchange_ms=now_ms - 5000)
    fair.desk.board.apply(old)
    assert not fair.is_live()
    assert "older than what" in fair.asked[0]


def test_quotes_that_lag_behind_a_new_snapshot_convict_it_not() -> None:
    fair = Fair()
    fair.quote(100.0, 101.0)
    fair.snapshot(103.0, 104.0)  # by REST, ahead of a slow socket
    for number in range(11):
        fair.quote(100.0 + 0.3 * number, 101.0 + 0.3 * number)
        fair.desk.after(0.25)
    assert fair.is_live()
