"""Frame ids of the simulated Bybit: one more for each frame, and which book each of them left behind."""

from __future__ import annotations

from arbtui.sim.bybit.ids import FrameIds


def test_each_frame_counts_one_and_a_restart_begins_at_1() -> None:
    ids = FrameIds(100, epoch=0, kept=8)
    assert [ids.next(10, 0), ids.next(17, 0), ids.next(40, 1), ids.next(41, 1)] == [101, 102, 1, 2]
    assert ids.restarted(2)
    assert not ids.restarted(1)


def test_a_change_that_does_not_show_has_no_frame_of_its_own() -> None:
    ids = FrameIds(100, epoch=0, kept=8)
    ids.next(10, 0)
    ids.unchanged(12)
    assert ids.of_snapshot(12, 0) == 101  # a newcomer joins without a hole for the others
    assert ids.seq_of(101) == 12
    assert ids.next(15, 0) == 102


def test_a_snapshot_counts_only_if_no_frame_showed_its_book() -> None:
    ids = FrameIds(100, epoch=0, kept=8)
    assert ids.of_snapshot(10, 0) == 101
    assert ids.of_snapshot(10, 0) == 101
    assert ids.of_snapshot(11, 0) == 102


def test_an_old_snapshot_has_the_id_of_its_time() -> None:
    ids = FrameIds(100, epoch=0, kept=3)
    for seq in (10, 20, 30, 40):
        ids.next(seq, 0)
    assert ids.of_snapshot(25, 0) == 102
    assert ids.of_snapshot(5, 0) == 101  # older than what is remembered
    assert ids.u == 104


def test_what_is_remembered_has_an_end() -> None:
    ids = FrameIds(100, epoch=0, kept=2)
    for seq in (10, 20, 30):
        ids.next(seq, 0)
    assert [ids.seq_of(u) for u in (101, 102, 103, 104)] == [None, 20, 30, None]
