"""arbtui as a person runs it, keys and all, in a real terminal and in tmux: how it ends, and what it says then."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from arbtui.bench.ui.terminal import inherited
from tests.e2e.harness import homes
from tests.e2e.money import home_in, until
from tests.ui.terminal import Terminal

pytestmark = pytest.mark.slow

DEMO = [sys.executable, "-m", "arbtui", "--demo"]
TRIES = 12  # a price may move by more than a bp between review and y
_WITH_CODE = """
import signal, subprocess, sys
signal.signal(signal.SIGHUP, lambda *_: None)  # a hang-up is for arbtui, whose exit code is to be seen
child = subprocess.Popen(sys.argv[2:])
open(sys.argv[1] + ".pid", "w").write(str(child.pid))
code = child.wait()
open(sys.argv[1], "w").write(str(code))
"""


def folders(home: Path) -> dict[str, str]:
    return {name: value for name, value in homes(home).items() if name.startswith("XDG_")}


def open_a_hedge(press: Callable[[str], None], shows: Callable[[str], bool]) -> None:
    """As a person does: the best row, ticket, review, y; and again where the market moved on meanwhile."""
    until(lambda: shows("PAPER ARMED") and shows("▲+"), 30)
    for _ in range(TRIES):
        press("g")
        press("o")
        until(lambda: shows("hedged order"), 10)
        press("\r")
        with contextlib.suppress(AssertionError):
            until(lambda: shows("REVIEW"), 2)
            time.sleep(0.3)  # a key that confirms counts after a pause
            press("y")
            until(lambda: shows("HEDGED"), 3)
        hedged = shows("HEDGED")
        leave(press, shows)
        if hedged:
            return
    raise AssertionError("no hedge could be opened")


def leave(press: Callable[[str], None], shows: Callable[[str], bool]) -> None:
    """Esc for the review, for the ticket, for the page of what was sent; each is seen gone before another key is
    pressed, since esc and a letter that are read in one piece are alt with that letter.
    """
    for words in ("REVIEW ", "hedged order", ", turn 1, "):
        if shows(words):
            press("\x1b")
            until(partial(_gone, shows, words), 20)


def _gone(shows: Callable[[str], bool], words: str) -> bool:
    return not shows(words)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(DEMO, environment=folders(home_in(tmp_path)))
    try:
        assert made.wait(lambda: made.shows("net↓"), 30), made.rows
        yield made
    finally:
        made.end()


def looks(terminal: Terminal) -> Callable[[str], bool]:
    def shows(words: str) -> bool:
        terminal.pump(0.02)
        return terminal.shows(words)

    return shows


def test_what_stays_open_is_said_on_the_terminal_that_was_given_back(terminal: Terminal) -> None:
    open_a_hedge(terminal.keys, looks(terminal))
    terminal.run(0.5)
    terminal.keys("q")
    assert terminal.wait(lambda: terminal.shows("Leave?"), 5), terminal.rows
    terminal.run(0.4)
    terminal.keys("y")
    assert terminal.wait(lambda: not terminal.alive(), 20)
    terminal.run(0.3)
    after = bytes(terminal.seen).rpartition(b"\x1b[?1049l")[2].decode()
    assert "arbtui: warning: stays open: " in after, after
    assert "hedged" in after
    assert terminal.status is not None
    assert os.waitstatus_to_exitcode(terminal.status) == 3


@pytest.mark.parametrize("keys", ["q", "\x03\x03"], ids=["q", "ctrl-c twice"])
def test_with_nothing_open_it_ends_without_a_word(terminal: Terminal, keys: str) -> None:
    terminal.run(0.5)
    for key in keys:
        terminal.keys(key)
        terminal.run(0.2)
    assert terminal.wait(lambda: not terminal.alive(), 20)
    terminal.run(0.3)
    after = bytes(terminal.seen).rpartition(b"\x1b[?1049l")[2].decode()
    assert "arbtui" not in after, after
    assert terminal.status == 0


class Tmux:
    """A tmux server of its own with one session, in which arbtui runs."""

    def __init__(self, home: Path, **settings: str) -> None:
        self._socket, self._code = home / "tmux", home / "code"
        self._environ = inherited(folders(home) | settings)
        self._tell("-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40",
                   sys.executable, "-c", _WITH_CODE, str(self._code), *DEMO)  # fmt: skip

    def _tell(self, *words: str) -> str:
        told = subprocess.run(
            ["tmux", "-S", str(self._socket), *words], env=self._environ, capture_output=True, text=True, timeout=10
        )
        assert told.returncode == 0, told.stderr
        return told.stdout

    def press(self, key: str) -> None:
        self._tell("send-keys", *(("-l", key) if key.isprintable() else ({"\r": "Enter", "\x1b": "Escape"}[key],)))

    def shows(self, words: str) -> bool:
        return words in self.picture()

    def picture(self) -> str:
        return self._tell("capture-pane", "-p")

    @property
    def pid(self) -> int:
        return int(Path(f"{self._code}.pid").read_text())

    @property
    def alive(self) -> bool:
        """Whether arbtui runs, by its name: its number may be somebody else's by now."""
        with contextlib.suppress(OSError):
            return b"--demo" in Path(f"/proc/{self.pid}/cmdline").read_bytes()
        return False

    def resize(self, width: int, height: int) -> None:
        """As a person's own window would, whatever clients are there."""
        self._tell("resize-window", "-x", str(width), "-y", str(height))

    def attach(self, width: int = 120, height: int = 40) -> Terminal:
        """Somebody at a terminal of this size; prefix and d leave again."""
        self._tell("set-option", "window-size", "latest")
        tmux = shutil.which("tmux")
        assert tmux is not None
        return Terminal([tmux, "-S", str(self._socket), "attach-session"], width, height)

    @property
    def clients(self) -> int:
        return len(self._tell("list-clients").splitlines())

    def kill_session(self) -> None:
        self._tell("kill-session")

    def code(self, within_s: float = 20.0) -> int:
        return int(until(lambda: self._code.exists() and self._code.read_text(), within_s))

    def end(self) -> None:
        if self.alive:
            os.kill(self.pid, signal.SIGKILL)
        subprocess.run(
            ["tmux", "-S", str(self._socket), "kill-server"], capture_output=True, env=self._environ, timeout=10
        )


def demo_exchanges(pid: int) -> list[int]:
    """The built-in exchanges that a run has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if b"arbtui.sim" in Path(f"/proc/{child}/cmdline").read_bytes()]


@contextlib.contextmanager
def in_tmux(home: Path, **settings: str) -> Iterator[Tmux]:
    if shutil.which("tmux") is None:
        pytest.skip("there is no tmux on this machine")
    tmux = Tmux(home, **settings)
    try:
        until(lambda: tmux.shows("net↓"), 30)
        yield tmux
    finally:
        tmux.end()


def _look_in(tmux: Tmux, width: int, height: int, wanted: str) -> None:
    """Somebody attaches, reads, presses keys and detaches; arbtui stays."""
    person = tmux.attach(width, height)
    try:
        assert person.wait(lambda: person.shows("net↓") and person.shows(wanted), 15), person.rows
        person.keys("?")
        assert person.wait(lambda: person.shows("Spread grid"), 10), person.rows
        person.keys("q")
        assert person.wait(lambda: person.shows("net↓"), 10), person.rows
        person.keys("\x02d")
        assert person.wait(lambda: not person.alive(), 10)
    finally:
        person.end()
    assert tmux.clients == 0
    assert tmux.alive


def test_in_tmux_it_is_typed_into_read_resized_left_and_come_back_to(tmp_path: Path) -> None:
    with in_tmux(home_in(tmp_path)) as tmux:
        for key in ("/", *"btc", "\r"):
            tmux.press(key)
        until(lambda: tmux.shows("/btc → "), 30)
        tmux.press("\x1b")
        until(lambda: not tmux.shows("/btc → "), 30)
        tmux.resize(80, 24)
        until(lambda: tmux.shows("2 books  3 4 5") and not tmux.shows("8 chart"), 30)
        tmux.resize(120, 40)
        until(lambda: tmux.shows("8 chart") and tmux.shows("4 signals"), 30, tmux.picture)
        _look_in(tmux, 120, 41, "8 chart")  # tmux keeps a line for itself
        _look_in(tmux, 80, 25, "2 books  3 4 5")
        tmux.press("q")
        assert tmux.code() == 0


def kept_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("prices-*"))


def flatten(home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "arbtui", "flatten", "--demo", "--yes"],
        env=os.environ | folders(home), capture_output=True, text=True, timeout=90,
    )  # fmt: skip


def test_a_session_that_is_killed_in_tmux_ends_the_run_and_its_exchanges_and_says_3_with_a_hedge_open(
    tmp_path: Path,
) -> None:
    home = home_in(tmp_path)
    with in_tmux(home) as tmux:
        open_a_hedge(tmux.press, tmux.shows)
        (exchanges,) = demo_exchanges(tmux.pid)
        tmux.kill_session()
        assert tmux.code() == 3
        until(lambda: not Path(f"/proc/{exchanges}").exists(), 5)
    log = (Path(homes(home)["XDG_STATE_HOME"]) / "arbtui/log/arbtui.log").read_text()
    assert "stays open" in log
    assert "Traceback" not in log


def test_a_session_that_is_killed_in_tmux_may_leave_the_engine_at_work_which_is_then_flattened_from_outside(
    tmp_path: Path,
) -> None:
    home = home_in(tmp_path)
    with in_tmux(home, ARBTUI_UI__ON_HANGUP="headless", ARBTUI_CSV__DIR=str(home / "csv")) as tmux:
        open_a_hedge(tmux.press, tmux.shows)
        tmux.kill_session()
        log = Path(homes(home)["XDG_STATE_HOME"]) / "arbtui/log/arbtui.log"
        until(lambda: "disarmed: the screen is gone" in log.read_text(), 10)
        assert tmux.alive
        done = flatten(home)
        assert (done.returncode, "flat" in done.stdout) == (0, True), done
        assert tmux.alive
        kept = kept_bytes(home / "csv")
        until(lambda: kept_bytes(home / "csv") > kept, 15)  # what was printed and kept goes on
        os.kill(tmux.pid, signal.SIGTERM)
        assert tmux.code() == 0
        assert "Traceback" not in log.read_text()
    assert flatten(home).returncode == 0
