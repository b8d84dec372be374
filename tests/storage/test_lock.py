"""The lock of a mode: one owner at a time, and nobody else's to take."""

from __future__ import annotations

import stat
from pathlib import Path

from arbtui.storage.lock import ModeLock


def test_one_at_a_time_has_it(tmp_path: Path) -> None:
    first, second = ModeLock(tmp_path), ModeLock(tmp_path)
    assert first.acquire()
    assert not second.acquire()
    first.release()
    assert second.acquire()
    second.release()


def test_no_other_user_of_the_machine_can_take_it_by_reading_it(tmp_path: Path) -> None:
    before = tmp_path / "of an earlier version"
    before.mkdir()
    (before / "lock").touch(mode=0o644)
    for folder in (tmp_path / "data" / "live", before):
        lock = ModeLock(folder)
        assert lock.acquire()
        lock.release()
        assert stat.S_IMODE(lock.path.stat().st_mode) == 0o600


def test_the_folder_of_a_mode_is_the_persons_alone(tmp_path: Path) -> None:
    lock = ModeLock(tmp_path / "data" / "live")
    assert lock.acquire()
    lock.release()
    assert stat.S_IMODE(lock.path.parent.stat().st_mode) == 0o700
