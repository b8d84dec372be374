"""state.toml: written as a whole, by the lock's holder only, and never in anybody's way."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from arbtui.core.errors import ConfigError
from arbtui.core.kept import Kept
from arbtui.storage.lock import ModeLock
from arbtui.storage.state import StateFile


@pytest.fixture
def lock(tmp_path: Path) -> ModeLock:
    lock = ModeLock(tmp_path / "data" / "demo")
    assert lock.acquire()
    return lock


def test_what_was_kept_comes_back_with_what_it_replaced(tmp_path: Path, lock: ModeLock) -> None:
    path = tmp_path / "deep" / "state.toml"
    state = StateFile(path, lock)
    state.put("signals.threshold_bps", 8.0, over=5.0)
    state.put("signals.thresholds.BTC", None, over=3.0)
    state.put("ui.sort", "carry", over=None)
    assert state.write()
    assert StateFile(path).entries == {
        "signals.threshold_bps": Kept(8.0, 5.0),
        "signals.thresholds.BTC": Kept(None, 3.0),
        "ui.sort": Kept("carry", None),
    }
    assert tomllib.loads(path.read_text())["signals.threshold_bps"] == {"value": 8.0, "config": 5.0}


def test_a_missing_file_is_an_empty_state(tmp_path: Path) -> None:
    assert StateFile(tmp_path / "state.toml").entries == {}


def test_going_back_to_what_config_says_needs_no_entry(tmp_path: Path, lock: ModeLock) -> None:
    state = StateFile(tmp_path / "state.toml", lock)
    state.put("walk.usd", 500.0, over=1000.0)
    state.write()
    state.put("walk.usd", 1000.0, over=1000.0)
    state.write()
    assert StateFile(state.path).entries == {}


def test_without_the_lock_nothing_is_written(tmp_path: Path, lock: ModeLock) -> None:
    path = tmp_path / "state.toml"
    watcher = StateFile(path, ModeLock(tmp_path / "data" / "demo"))
    watcher.put("walk.usd", 500.0, over=None)
    assert watcher.get("walk.usd") == 500.0
    assert not watcher.write()
    assert not StateFile(path).write()
    lock.release()
    assert not path.exists()


def test_two_modes_change_their_own_keys_and_leave_the_others(tmp_path: Path, lock: ModeLock) -> None:
    path = tmp_path / "state.toml"
    paper_lock = ModeLock(tmp_path / "data" / "paper")
    assert paper_lock.acquire()
    demo, paper = StateFile(path, lock), StateFile(path, paper_lock)
    demo.put("walk.usd", 500.0, over=None)
    assert demo.write()
    paper.put("ui.theme", "dark", over=None)
    assert paper.write()
    demo.drop("ui.sort")
    assert demo.write()
    assert set(StateFile(path).entries) == {"walk.usd", "ui.theme"}
    paper_lock.release()


def test_a_write_that_fails_leaves_the_old_file_whole_and_is_made_up_for(
    tmp_path: Path, lock: ModeLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = StateFile(tmp_path / "state.toml", lock)
    state.put("walk.usd", 500.0, over=None)
    state.write()
    before = state.path.read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        state.put("walk.usd", 700.0, over=None)
        with pytest.raises(OSError, match="No space"):
            state.write()
    assert state.path.read_bytes() == before
    assert not list(tmp_path.glob("*.new"))
    assert state.write()
    assert StateFile(state.path).get("walk.usd") == 700.0


@pytest.mark.parametrize(
    "text",
    [
        "[broken",
        '"walk.usd" = 5\n',
        '["walk.usd"]\nvalue = 2020-01-01\n',
        "[a]\nother = 1\n",
        pytest.param("a = " + "[" * 100_000, id="nested_without_end"),
        pytest.param("a = " + "9" * 5000, id="number_without_end"),
    ],
)
def test_a_damaged_file_is_refused_with_the_remedy(tmp_path: Path, text: str) -> None:
    path = tmp_path / "state.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match="delete it") as caught:
        StateFile(path)
    assert str(path) in str(caught.value)


def test_only_one_holds_a_modes_lock_and_modes_are_apart(tmp_path: Path, lock: ModeLock) -> None:
    assert not ModeLock(tmp_path / "data" / "demo").acquire()
    assert ModeLock(tmp_path / "data" / "paper").acquire()
    assert lock.owner() == os.getpid()


def test_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    folder = tmp_path / "mode"
    code = (
        "import os, sys, pathlib\n"
        "from arbtui.storage.lock import ModeLock\n"
        "lock = ModeLock(pathlib.Path(sys.argv[1]))\n"
        "assert lock.acquire()\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        mine = ModeLock(folder)
        assert not mine.acquire()
        child.kill()
        child.wait()
    assert mine.acquire()
    mine.release()


def test_a_place_that_cannot_be_locked_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be locked"):
        ModeLock(tmp_path / "file" / "mode").acquire()


def test_the_lock_holds_for_the_thread_that_writes_too(tmp_path: Path, lock: ModeLock) -> None:
    state = StateFile(tmp_path / "state.toml", lock)
    state.put("ui.sort", "carry", over=None)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(state.write).result()
    assert StateFile(tmp_path / "state.toml").get("ui.sort") == "carry"


def test_a_full_disk_keeps_nobody_from_the_lock(lock: ModeLock, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_text", full)
    assert lock.acquire()
    assert lock.owner() is None
