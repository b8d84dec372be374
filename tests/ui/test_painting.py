"""Every pane, zoom, overlay and look, opened, closed and resized: the terminal shows what the compositor means, cell by
cell and colour by colour. Only what changed is written, so whatever is forgotten stays on the glass.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.ui.terminal import Terminal, guest
from tests.ui.test_pty import meant, painted_equal

pytestmark = pytest.mark.slow

ESCAPE, ENTER, UP, DOWN = "\x1b", "\r", "\x1b[A", "\x1b[B"
CTRL_K, CTRL_L, CTRL_P = "\x0b", "\x0c", "\x10"
MONKEY = [*"jkgGzzwwcC?,LTt123456789sS[]<>mN/ob", "\t", ENTER, ESCAPE, ESCAPE, UP, DOWN, CTRL_K, CTRL_P, CTRL_L, "so"]
SIZES = [(120, 40), (80, 24), (200, 60), (61, 17), (40, 10), (119, 33), (100, 60)]
Start = Callable[..., Terminal]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return tmp_path / "rows"


@pytest.fixture
def start(tmp_path: Path, rows: Path) -> Iterator[Start]:
    made: list[Terminal] = []

    def make(*arguments: str, width: int = 120, height: int = 40) -> Terminal:
        home = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
        command = guest("--coins", "60", "--rate", "0", "--rows", str(rows), *arguments)
        made.append(Terminal(command, width, height, environment=home))
        assert made[-1].wait(lambda: made[-1].shows("net↓") or made[-1].shows("netv"), 20), made[-1].rows
        return made[-1]

    yield make
    for terminal in made:
        terminal.end()


def walk(terminal: Terminal, rows: Path, steps: list[str]) -> None:
    for keys in steps:
        terminal.keys(keys)
        terminal.run(0.15)
        painted_equal(terminal, rows, repr(keys))


def lose(terminal: Terminal, rows: Path, keys: str) -> None:
    """What the app means to show after these keys reaches the terminal at no time."""
    shown = meant(terminal, rows)
    os.kill(terminal.pid, signal.SIGUSR2)
    terminal.run(0.1)
    terminal.keys(keys)
    assert terminal.wait(lambda: meant(terminal, rows) != shown, 20), keys
    os.kill(terminal.pid, signal.SIGUSR2)


def test_what_is_lost_on_its_way_is_noticed(start: Start, rows: Path) -> None:
    """That these comparisons can fail: by a moved cursor, another pane, a zoom, each kind of overlay and their end."""
    terminal = start()
    painted_equal(terminal, rows, "before")
    for keys in ["j", "3", "z", "?", ESCAPE, CTRL_K, ESCAPE]:
        lose(terminal, rows, keys)
        with pytest.raises(AssertionError, match="place, painted, meant"):
            painted_equal(terminal, rows, f"{keys!r} was lost", tries=1)
        terminal.keys(CTRL_L)
        painted_equal(terminal, rows, f"{keys!r} is painted anew")


@pytest.mark.parametrize(("width", "height"), [(120, 40), pytest.param(44, 12, marks=pytest.mark.soak)])
def test_panes_and_zooms(start: Start, rows: Path, width: int, height: int) -> None:
    terminal = start(width=width, height=height)
    walk(terminal, rows, [key for digit in "123456789" for key in (digit, "z", "j", "z")] + ["w", "w", "w", "w"])


def test_overlays_come_and_go(start: Start, rows: Path) -> None:
    terminal = start("--orders")
    walk(terminal, rows, [
        "?", "j", "/chart" + ENTER, ESCAPE, ESCAPE, ",", "j", "/theme" + ENTER, ESCAPE, ESCAPE, "L", ESCAPE,
        CTRL_K, "so", DOWN, ESCAPE, CTRL_P, "the", DOWN, ESCAPE, ESCAPE, ":", "th", ESCAPE, ESCAPE, "t7", UP, ENTER,
        ":thresholds" + ENTER, ESCAPE, "o", "]", "m", "x", ENTER, ESCAPE, ESCAPE, "/so", ENTER, ESCAPE, "s", ESCAPE,
        "F", ESCAPE, "N", ESCAPE, "!",
    ])  # fmt: skip


def test_looks_and_sizes_change_under_open_overlays(start: Start, rows: Path) -> None:
    terminal = start("--orders")
    for theme in ("light", "high-contrast", "ansi", "dark"):
        walk(terminal, rows, [f":theme {theme}{ENTER}", "o"])
        for size in SIZES:
            terminal.resize(*size)
            terminal.run(0.4)
            painted_equal(terminal, rows, f"{theme} at {size}")
        walk(terminal, rows, [ESCAPE, "?"])
        terminal.resize(90, 30)
        terminal.run(0.4)
        walk(terminal, rows, ["", ESCAPE, CTRL_K])
        terminal.resize(120, 40)
        terminal.run(0.4)
        walk(terminal, rows, ["", ESCAPE])


@pytest.mark.parametrize(
    "overlays",
    [("o", CTRL_K, CTRL_P), ("?", ",", "L"), pytest.param((":", "s", "t"), marks=pytest.mark.soak)],
    ids=["panels", "screens", "lines"],
)
def test_a_window_pulled_twice_at_once_under_an_overlay(start: Start, rows: Path, overlays: tuple[str, ...]) -> None:
    """The second size comes before the first is laid out, and the overlay closes at another size than it opened at."""
    terminal = start("--orders")
    for keys in overlays:
        terminal.keys(keys)
        terminal.run(0.3)
        for sizes in [((80, 24), (120, 40)), ((100, 33), (84, 26))]:
            for size in sizes:
                terminal.resize(*size)
            terminal.run(0.3)
            painted_equal(terminal, rows, f"{keys!r} open, pulled to {sizes}")
        terminal.keys(ESCAPE)
        terminal.run(0.2)
        painted_equal(terminal, rows, f"{keys!r} closed")


def test_ascii_alone(start: Start, rows: Path) -> None:
    walk(start("--ascii"), rows, ["", "8", "z", "c", "2", "z", "?", ESCAPE, ",", ESCAPE, CTRL_K, ESCAPE])


@pytest.mark.parametrize("seed", [0])
def test_whatever_is_typed(start: Start, rows: Path, seed: int) -> None:
    """Keys and sizes at random; the program leaves for none of them."""
    terminal, dice = start("--orders"), random.Random(seed)
    typed: list[str] = []
    for number in range(120):
        keys = dice.choice(MONKEY)
        typed.append(keys)
        terminal.keys(keys)
        terminal.run(dice.uniform(0, 0.12))
        if dice.random() < 0.08:
            size = dice.choice(SIZES)
            typed.append(f"{size}")
            terminal.resize(*size)
            terminal.run(dice.uniform(0.0, 0.3))
        if number % 10 == 9:
            terminal.run(0.5)
            painted_equal(terminal, rows, repr(typed[-12:]))
    assert terminal.alive()
