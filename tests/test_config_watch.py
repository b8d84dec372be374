"""config.toml that changes while arbtui runs: whoever changed it is told, once a change, when that counts."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from arbtui.config import load, paths
from arbtui.config.watch import ConfigWatch
from arbtui.core.clock import ManualClock
from arbtui.engine.settings import CONFIG_LOOK_NS, watch_config
from arbtui.venues import registry

BEGAN = "[walk]\nusd = 1000\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(BEGAN)
    return path


def written(path: Path, text: str) -> None:
    path.write_text(text)
    changed_s = path.stat().st_mtime + 5  # two writes may fall into one tick of the disk's clock
    os.utime(path, (changed_s, changed_s))


def test_a_change_is_told_once_and_the_next_one_again(path: Path) -> None:
    watch = ConfigWatch(path, BEGAN)
    assert watch.look() == ""
    written(path, "[walk]\nusd = 2000\n")
    assert watch.look() == f"config.toml was changed, which counts from the next start on: {path}"
    assert watch.look() == ""
    written(path, "not TOML at all")
    assert "was changed" in watch.look()
    assert watch.look() == ""


@pytest.mark.parametrize(
    "change",
    [
        lambda path: os.utime(path, (1, 1)),
        lambda path: written(path, BEGAN),
        lambda path: path.with_name("new").write_text(BEGAN) and path.with_name("new").replace(path),
    ],
    ids=["touched", "written anew", "put in its place"],
)
def test_a_file_that_says_the_same_is_no_news(change: Callable[[Path], object], path: Path) -> None:
    watch = ConfigWatch(path, BEGAN)
    watch.look()
    change(path)
    assert watch.look() == ""


def test_a_change_that_is_taken_back_is_no_news(path: Path) -> None:
    watch = ConfigWatch(path, BEGAN)
    written(path, "[walk]\nusd = 2000\n")
    assert watch.look()
    written(path, BEGAN + "\n")
    assert watch.look()
    written(path, BEGAN)
    assert watch.look() == ""


def test_a_file_that_is_gone_is_told_unless_an_editor_was_about_to_replace_it(path: Path) -> None:
    watch = ConfigWatch(path, BEGAN)
    path.unlink()
    assert watch.look() == ""
    written(path, BEGAN)
    assert watch.look() == ""
    path.unlink()
    assert watch.look() == ""
    assert watch.look() == f"config.toml is gone, which counts from the next start on: {path}"
    assert watch.look() == ""


def test_a_file_that_was_not_there_at_the_start_is_told_when_it_is_written(tmp_path: Path) -> None:
    watch = ConfigWatch(tmp_path / "config.toml", None)
    assert [watch.look(), watch.look()] == ["", ""]
    (tmp_path / "config.toml").write_text(BEGAN)
    assert "was written, which counts from the next start on" in watch.look()


def test_what_cannot_be_read_is_left_to_the_next_start(path: Path) -> None:
    watch = ConfigWatch(path, BEGAN)
    path.unlink()
    path.mkdir()
    assert watch.look() == ""


def test_a_run_tells_of_a_change_within_ten_seconds(path: Path) -> None:
    loaded = load(paths(str(path)), registry.names(), environ={})
    clock, said = ManualClock(0), list[tuple[str, str]]()
    timer = watch_config(loaded, clock, lambda level, text: said.append((level, text)))
    clock.advance_to(CONFIG_LOOK_NS)
    assert said == []
    written(path, "[walk]\nusd = 2000\n")
    clock.advance_to(2 * CONFIG_LOOK_NS)
    clock.advance_to(5 * CONFIG_LOOK_NS)
    ((level, text),) = said
    assert level == "warning"
    assert "counts from the next start" in text
    timer.cancel()
