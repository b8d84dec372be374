"""Sequence rules: the venues' own sentences, and what must hold for every rule and every stream."""

from __future__ import annotations

import pytest

from arbtui.core.events import BookDelta
from arbtui.core.sequence import (
    Contiguous,
    Counter,
    PrevEquals,
    PrevLink,
    PrevWithin,
    Replaced,
    SequenceRule,
    Verdict,
)


def delta(first: int = -1, last: int = -1, prev: int = -1) -> BookDelta:
    return BookDelta(0, [], [], first, last, prev, 0)


APPLY, OLD, GAP = Verdict.APPLY, Verdict.OLD, Verdict.GAP


class TestPrevLink:
    """Binance USD-M."""

    rule = PrevLink()

    @pytest.mark.parametrize(
        ("first", "last", "prev", "verdict"),
        [
            (80, 99, 75, OLD),
            (90, 100, 85, APPLY),  # ends at the snapshot: the usual first frame, not an old one
            (95, 105, 93, APPLY),
            (101, 105, 100, APPLY),  # the socket opened after the frame that ends at the snapshot
            (101, 105, 98, GAP),
            (103, 110, 102, GAP),
        ],
    )
    def test_the_first_frame_spans_or_follows_the_snapshot(
        self, first: int, last: int, prev: int, verdict: Verdict
    ) -> None:
        assert self.rule.first(100, delta(first, last, prev)) is verdict

    def test_later_frames_name_the_one_before_and_ids_may_jump(self) -> None:
        assert self.rule.next(105, delta(131, 140, 105)) is APPLY
        assert self.rule.next(105, delta(106, 140, 104)) is GAP
        assert self.rule.next(105, delta(106, 140, 120)) is GAP
        assert self.rule.next(105, delta(101, 105, 100)) is OLD

    def test_a_snapshot_without_an_id_is_followed_by_nothing(self) -> None:
        assert self.rule.first(-1, delta(1, 5, -1)) is GAP


class TestContiguous:
    """Binance spot."""

    rule = Contiguous()

    def test_the_first_frame_may_begin_right_after_the_snapshot(self) -> None:
        assert self.rule.first(100, delta(101, 105)) is APPLY
        assert self.rule.first(100, delta(95, 101)) is APPLY
        assert self.rule.first(100, delta(95, 100)) is OLD
        assert self.rule.first(100, delta(102, 105)) is GAP

    def test_only_a_hole_is_a_gap_afterwards(self) -> None:
        assert self.rule.next(105, delta(106, 106)) is APPLY
        assert self.rule.next(105, delta(104, 108)) is APPLY
        assert self.rule.next(105, delta(107, 108)) is GAP
        assert self.rule.next(105, delta(100, 104)) is OLD


class TestPrevEquals:
    """OKX."""

    rule = PrevEquals()

    def test_an_idle_frame_applies(self) -> None:
        assert self.rule.next(100, delta(last=100, prev=100)) is APPLY

    def test_a_repeated_frame_is_old(self) -> None:
        assert self.rule.next(100, delta(last=100, prev=90)) is OLD

    def test_the_counter_may_be_set_back_right_after_the_book(self) -> None:
        assert self.rule.next(100, delta(last=5, prev=100)) is APPLY

    def test_the_counter_set_back_from_elsewhere_is_a_gap(self) -> None:
        assert self.rule.next(100, delta(last=5, prev=120)) is GAP
        assert self.rule.first(100, delta(last=5, prev=120)) is GAP

    def test_the_first_frame_after_a_snapshot_by_rest_may_overlap_it(self) -> None:
        assert self.rule.first(100, delta(last=110, prev=95)) is APPLY
        assert self.rule.next(100, delta(last=110, prev=95)) is GAP
        assert self.rule.first(100, delta(last=110, prev=101)) is GAP


class TestPrevWithin:
    """Bitget."""

    rule = PrevWithin()

    def test_the_first_frame_may_overlap_the_snapshot(self) -> None:
        assert self.rule.first(100, delta(last=110, prev=95)) is APPLY
        assert self.rule.first(100, delta(last=110, prev=100)) is APPLY
        assert self.rule.first(100, delta(last=100, prev=95)) is OLD
        assert self.rule.first(100, delta(last=110, prev=101)) is GAP

    def test_later_frames_name_the_one_before(self) -> None:
        assert self.rule.next(100, delta(last=110, prev=100)) is APPLY
        assert self.rule.next(100, delta(last=110, prev=95)) is GAP

    @pytest.mark.parametrize("last", [1, 99, 110])
    def test_prev_zero_is_a_server_reset(self, last: int) -> None:
        assert self.rule.first(100, delta(last=last, prev=0)) is GAP
        assert self.rule.next(100, delta(last=last, prev=0)) is GAP


class TestCounter:
    """Bybit."""

    rule = Counter()

    def test_one_more_each_time(self) -> None:
        assert self.rule.first(100, delta(last=101)) is APPLY
        assert self.rule.next(100, delta(last=102)) is GAP

    def test_the_same_frame_twice_is_old_an_older_one_is_not_trusted(self) -> None:
        assert self.rule.next(100, delta(last=100)) is OLD
        assert self.rule.next(100, delta(last=99)) is GAP

    def test_a_delta_that_says_one_is_never_applied(self) -> None:
        assert self.rule.next(100, delta(last=1)) is GAP
        assert self.rule.next(0, delta(last=1)) is GAP


@pytest.mark.parametrize("rule", [PrevLink(), Contiguous(), PrevEquals(), PrevWithin(), Counter(), Replaced()])
class TestEveryRule:
    def test_a_frame_without_ids_is_never_applied(self, rule: SequenceRule) -> None:
        assert rule.first(100, delta()) is not APPLY
        assert rule.next(100, delta()) is not APPLY
        if not isinstance(rule, PrevEquals):  # OKX before 2022: no ids, but a checksum that its codec judges
            assert rule.first(-1, delta()) is not APPLY

    def test_a_frame_that_leaves_a_hole_is_never_applied(self, rule: SequenceRule) -> None:
        for after in (102, 103, 200):
            assert rule.first(100, delta(after, after + 5, after - 1)) is GAP
            assert rule.next(100, delta(after, after + 5, after - 1)) is GAP


def test_a_replacing_stream_takes_equal_ids_and_no_lower_ones() -> None:
    assert Replaced().snapshot(100, 100) is APPLY
    assert Replaced().snapshot(100, 99) is OLD
