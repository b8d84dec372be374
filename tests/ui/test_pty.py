"""The screen in a real terminal: bytes, signals, hang-ups, stalls. Textual's test driver writes no bytes at all."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ui.terminal import SHELLS_TITLE, Terminal, guest

_LEAVE_ALTERNATE = b"\x1b[?1049l"
_SHOW_CURSOR = b"\x1b[?25h"
Start = Callable[..., Terminal]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts the guest in a terminal; whatever happens, nothing is left behind."""
    terminals: list[Terminal] = []

    def make(*arguments: str, width: int = 120, height: int = 40, **options: Any) -> Terminal:
        terminal = Terminal(guest(*arguments), width, height, **options)
        terminals.append(terminal)
        assert terminal.wait(lambda: terminal.shows("net↓"), 20), terminal.rows
        return terminal

    yield make
    for terminal in terminals:
        terminal.end()


def figures(path: Path, seconds: float = 15.0) -> dict[str, Any]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if path.exists() and path.stat().st_size:
            read: dict[str, Any] = json.loads(path.read_text())
            return read
        time.sleep(0.05)
    raise AssertionError("the guest wrote no figures")


def meant(terminal: Terminal, path: Path) -> list[list[list[str]]]:
    """The cells that the app in the terminal means to show."""
    path.unlink(missing_ok=True)
    os.kill(terminal.pid, signal.SIGUSR1)
    terminal.wait(lambda: path.exists() or not terminal.alive(), 20)
    assert path.exists(), terminal.rows
    terminal.run(0.2)
    cells: list[list[list[str]]] = json.loads(path.read_text())
    return cells


def painted_equal(terminal: Terminal, rows: Path, when: str, tries: int = 12) -> None:
    """Within a few seconds the terminal shows what the app means to show, colours included: what was decided is also
    painted.
    """
    different: list[object] = []
    for _ in range(tries):
        wanted, shown = meant(terminal, rows), terminal.cells()
        sizes = [(len(cells[0]) if cells else 0, len(cells)) for cells in (shown, wanted)]
        different = (
            ["sizes", *sizes]
            if sizes[0] != sizes[1]
            else [
                ((x, y), cell, wanted[y][x])
                for y, row in enumerate(shown)
                for x, cell in enumerate(row)
                if cell != wanted[y][x]
            ]
        )
        if not different:
            return
        terminal.run(0.25)
    raise AssertionError((when, "place, painted, meant:", different[:6], terminal.rows))


def test_the_bytes_paint_what_the_screen_means(start: Start, tmp_path: Path) -> None:
    rows = tmp_path / "rows"
    terminal = start("--coins", "80", "--rate", "0", "--rows", str(rows))
    for keys in [
        "",
        "j",
        "jjj",
        "G",
        "g",
        "5",
        "3",
        "z",
        "z",
        "\x1b",
        "/so\r",
        "\x1b",
        "sg",
        "t",
        "\x1b",
        "2\t",
        "1\x0c",
    ]:
        terminal.keys(keys)
        painted_equal(terminal, rows, keys)


def test_gain_is_blue_and_loss_is_orange_on_the_wire(start: Start) -> None:
    terminal = start("--coins", "40", "--rate", "0")
    terminal.run(0.5)
    colours = {
        char.data: char.fg
        for line in terminal.screen.buffer.values()
        for char in line.values()
        if char.data in "▲▼"
    }  # fmt: skip
    blue, orange = (int(colours["▲"][at : at + 2], 16) for at in (4, 0)), colours["▼"]
    assert max(blue) > 200
    assert int(orange[:2], 16) > int(orange[4:], 16)


def test_a_storm_of_resizes_ends_in_a_whole_screen(start: Start, tmp_path: Path) -> None:
    rows = tmp_path / "rows"
    terminal = start("--coins", "200", "--rate", "2000", "--rows", str(rows))
    dice = random.Random(7)
    for _ in range(60):
        terminal.resize(dice.randrange(1, 200), dice.randrange(1, 70))
        terminal.pump(dice.uniform(0, 0.05))
    terminal.resize(100, 30)
    assert terminal.wait(lambda: terminal.shows("net↓") and terminal.shows("5 feeds"), 10), terminal.rows
    terminal.keys("jj")
    assert terminal.wait(lambda: terminal.shows("▸"), 5)
    assert terminal.alive()
    terminal.keys("q")
    assert terminal.wait(lambda: not terminal.alive(), 10)
    assert terminal.status == 0


def test_a_window_pulled_there_and_back_at_once_shows_again_what_it_lost(start: Start, tmp_path: Path) -> None:
    rows = tmp_path / "rows"
    terminal = start("--coins", "80", "--rate", "0", "--rows", str(rows))
    for _ in range(5):
        terminal.resize(80, 24)
        terminal.resize(120, 40)
        terminal.run(0.3)
        painted_equal(terminal, rows, "after two sizes at once")


def test_a_size_in_the_environment_does_not_hold_the_screen_at_it(start: Start) -> None:
    terminal = start("--coins", "80", "--rate", "0", environment={"LINES": "24", "COLUMNS": "80"})
    assert terminal.wait(lambda: terminal.shows("3 legs") and terminal.shows("4 signals"), 5), terminal.rows
    terminal.resize(80, 24)
    assert terminal.wait(lambda: not terminal.shows("4 signals"), 5), terminal.rows


def test_a_click_arrives_through_the_terminal(start: Start) -> None:
    terminal = start("--coins", "40")
    y = next(y for y, row in enumerate(terminal.rows, 1) if "gross" in row)
    x = terminal.rows[y - 1].index("gross") + 1
    terminal.keys(f"\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m")
    assert terminal.wait(lambda: terminal.shows("gross↓"), 8), terminal.rows


def given_back(terminal: Terminal) -> None:
    """The terminal is what it was before the screen, as far as bytes and modes say: screen, mouse, cursor, title,
    echo.
    """
    terminal.run(0.2)
    seen = bytes(terminal.seen)
    assert seen.rindex(_LEAVE_ALTERNATE) > seen.rindex(b"\x1b[?1049h")
    assert seen.rindex(b"\x1b[?1003l") > seen.rindex(b"\x1b[?1003h"), "the mouse is the terminal's again"
    assert seen.rindex(_SHOW_CURSOR) > seen.rindex(b"\x1b[?25l")
    assert "arbtui DEMO" in terminal.titles()
    assert terminal.titles()[-1] == SHELLS_TITLE
    assert int(str(terminal.attributes()[3])) & termios.ECHO


def test_leaving_gives_the_terminal_back_as_it_was(start: Start) -> None:
    terminal = start("--coins", "40", "--after", "0.2")
    in_use = terminal.attributes()
    assert not int(str(in_use[3])) & termios.ECHO
    terminal.keys("q")
    assert terminal.wait(lambda: not terminal.alive(), 10)
    assert terminal.status == 0
    terminal.run(0.2)
    given_back(terminal)
    assert terminal.shows("the screen ended: quit")


def test_a_hang_up_ends_the_screen_and_not_the_engine(start: Start, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    terminal = start("--coins", "40", "--after", "1.0", "--out", str(out))
    terminal.hang_up()
    told = figures(out)
    assert told["end"] == "hangup"
    assert told["quotes_after"] > 2000
    assert told["factory_kept"]


def test_the_engine_can_take_the_screen_away(start: Start, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    terminal = start("--coins", "40", "--cancel-after", "3", "--after", "0.3", "--out", str(out))
    assert terminal.wait(lambda: not terminal.alive(), 15)
    assert figures(out)["end"] == "cancelled"
    given_back(terminal)


@pytest.mark.parametrize("open_settings", [False, True], ids=["in a beat", "while settings cover it"])
def test_a_screen_that_breaks_says_where_gives_the_terminal_back_and_the_engine_goes_on(
    open_settings: bool, start: Start, tmp_path: Path
) -> None:
    out, log = tmp_path / "out.json", tmp_path / "log"
    terminal = start("--coins", "40", "--after", "0.5", "--out", str(out), "--log", str(log))
    if open_settings:
        terminal.keys(",")
        assert terminal.wait(lambda: terminal.shows("[venues.binance]")), terminal.rows
    os.kill(terminal.pid, signal.SIGALRM)
    assert terminal.wait(lambda: not terminal.alive(), 15)
    told = figures(out)
    assert told["end"] == "failed"
    assert told["quotes_after"] > 500
    given_back(terminal)
    seen = bytes(terminal.seen)
    assert b"the fake engine was told to fail" in seen[seen.rindex(_LEAVE_ALTERNATE) :]
    said = log.read_text()
    assert "the screen broke: " in said
    assert "Traceback (most recent call last)" in said
    assert "RuntimeError: the fake engine was told to fail" in said


def test_the_screen_may_go_and_come_again(start: Start, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    terminal = start("--coins", "40", "--times", "2", "--out", str(out))
    terminal.run(2.0)
    terminal.keys("q")
    assert terminal.wait(lambda: bytes(terminal.seen).count(b"\x1b[?1049h") == 2 and terminal.shows("net↓"), 10)
    terminal.run(0.5)
    terminal.keys("j")
    terminal.run(0.3)
    terminal.keys("q")
    assert terminal.wait(lambda: not terminal.alive(), 10)
    given_back(terminal)
    assert figures(out)["end"] == "quit"
    assert figures(out)["factory_kept"]
    assert figures(out)["factory_while_shown"], "Textual's eager tasks would be the engine's too"


def test_ctrl_z_gives_the_terminal_back_stops_and_fg_brings_the_screen_again(start: Start) -> None:
    terminal = start("--coins", "40")
    terminal.keys("\x1a")
    assert terminal.wait(lambda: _state(terminal.pid) == "T", 5)
    terminal.run(0.3)
    given_back(terminal)
    os.kill(terminal.pid, signal.SIGCONT)
    before = len(terminal.seen)
    assert terminal.wait(lambda: b"\x1b[?1049h" in bytes(terminal.seen[before:]) and terminal.shows("net↓"), 10)
    terminal.run(0.5)
    told = terminal.rows[0]
    assert terminal.wait(lambda: terminal.rows[0] != told, 5), "the screen lives on"
    assert terminal.titles()[-1] == "arbtui DEMO", "its window has its name again"
    terminal.keys("q")
    assert terminal.wait(lambda: not terminal.alive(), 10)
    given_back(terminal)


def test_sigtstp_stops_as_ctrl_z_does(start: Start) -> None:
    terminal = start("--coins", "40")
    os.kill(terminal.pid, signal.SIGTSTP)
    assert terminal.wait(lambda: _state(terminal.pid) == "T", 5)
    given_back(terminal)
    os.kill(terminal.pid, signal.SIGCONT)
    terminal.run(1.0)
    terminal.keys("q")
    assert terminal.wait(lambda: not terminal.alive(), 10)
    assert terminal.status == 0


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_what_was_not_painted_during_a_stall_is_painted_after_it(start: Start, tmp_path: Path) -> None:
    rows = tmp_path / "rows"
    terminal = start("--coins", "80", "--rate", "0", "--rows", str(rows))
    terminal.run(1.0)
    for keys in [*["\x0c"] * 30, "5", "z", "z", "3", "\x0c"]:
        terminal.keys(keys)
        time.sleep(0.05)
    painted_equal(terminal, rows, "after the stall")
    for keys in ["\x0c"] * 30:
        terminal.keys(keys)
        time.sleep(0.05)
    terminal.resize(120, 38)  # Textual lays out at once, and its frame is dropped
    time.sleep(0.4)
    painted_equal(terminal, rows, "after a resize in a stall")
    assert any("3 legs" in row for row in terminal.rows)


def test_without_a_terminal_it_is_one_sentence_with_the_remedy(tmp_path: Path) -> None:
    ended = subprocess.run(
        guest("--coins", "5"), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode != 0
    assert "There is no terminal to show a screen on; start with --no-ui." in ended.stderr
