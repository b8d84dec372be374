"""The demo in a terminal, from its first byte to its last: whichever way it ends, stops or is left, the terminal is
given back as it was, and nothing waits for a terminal that reads no more.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import homes
from tests.e2e.money import home_in, until
from tests.ui.terminal import SHELLS_TITLE, Terminal

pytestmark = pytest.mark.slow

_MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
_AS_EVER = ("7", "25")  # lines wrap, the cursor is seen
_KEYS_PUSHED, _KEYS_POPPED = re.compile(rb"\x1b\[>\d*u"), re.compile(rb"\x1b\[<\d*u")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")

# As a shell does: keeps the terminal while the program has it, and tells afterwards how it was left.
_SHELL = """
import os, signal, subprocess, sys
signal.signal(signal.SIGHUP, lambda *_: None)
signal.signal(signal.SIGINT, lambda *_: None)
child = subprocess.Popen(sys.argv[2:])
open(sys.argv[1] + ".pid", "w").write(str(child.pid))
code = child.wait()
told = f"{code} {all(os.get_blocking(fd) for fd in (0, 1, 2))}"
open(sys.argv[1] + ".part", "w").write(told)
os.rename(sys.argv[1] + ".part", sys.argv[1])
"""


class Session:
    """arbtui --demo, started from something like a shell."""

    def __init__(self, folder: Path) -> None:
        self._told = folder / "told"
        own = {name: value for name, value in homes(home_in(folder)).items() if name.startswith("XDG_")}
        command = [sys.executable, "-c", _SHELL, str(self._told), sys.executable, "-m", "arbtui", "--demo"]
        self.terminal = Terminal(command, environment=own)
        self.before = self.terminal.attributes()
        assert self.terminal.wait(lambda: self.terminal.shows("net↓"), 40), self.terminal.rows
        self.terminal.run(1.0)

    @property
    def pid(self) -> int:
        return int(Path(f"{self._told}.pid").read_text())

    def ended(self, within_s: float, *, reading: bool = True) -> tuple[int, bool]:
        """Exit code, and whether the terminal blocks as it did."""
        if reading:
            assert self.terminal.wait(self._told.exists, within_s), self.terminal.rows
            self.terminal.run(0.3)
        else:
            until(self._told.exists, within_s)
        code, blocking = self._told.read_text().split()
        return int(code), blocking == "True"

    def given_back(self) -> None:
        """Everything that was switched on is off, the cursor is seen, and lines are edited by the terminal again."""
        seen = bytes(self.terminal.seen)
        modes: dict[str, str] = {}
        for found in _MODE.finditer(seen):
            modes.update(dict.fromkeys(found[1].decode().split(";"), found[2].decode()))
        assert "1049" in modes
        assert [modes.pop(mode) for mode in _AS_EVER] == ["h", "h"]
        assert {mode for mode, state in modes.items() if state == "h"} == set(), "left on"
        assert len(_KEYS_PUSHED.findall(seen)) == len(_KEYS_POPPED.findall(seen))
        titles = self.terminal.titles()
        assert "arbtui DEMO" in titles
        assert titles[-1] == SHELLS_TITLE
        assert self.terminal.attributes()[:4] == self.before[:4]
        assert int(str(self.terminal.attributes()[3])) & termios.ECHO

    def end(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            if b"--demo" in Path(f"/proc/{self.pid}/cmdline").read_bytes():
                os.kill(self.pid, signal.SIGKILL)
        self.terminal.end()


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = Session(tmp_path)
    yield made
    made.end()


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def by_key(keys: str) -> Callable[[Session], None]:
    def leave(session: Session) -> None:
        for key in keys:
            session.terminal.keys(key)
            session.terminal.run(0.2)

    return leave


def by_signal(number: signal.Signals) -> Callable[[Session], None]:
    return lambda session: os.kill(session.pid, number)


@pytest.mark.parametrize(
    ("leave", "code"),
    [
        pytest.param(by_key("q"), 0, id="q"),
        pytest.param(by_key("\x03\x03"), 0, id="ctrl-c twice"),
        pytest.param(by_key("?q:theme light\rq"), 0, id="q after an overlay and another theme"),
        pytest.param(by_signal(signal.SIGTERM), 0, id="SIGTERM"),
        pytest.param(by_signal(signal.SIGINT), 130, id="SIGINT"),
    ],
)
def test_however_it_is_left_the_terminal_is_as_it_was(
    session: Session, leave: Callable[[Session], None], code: int
) -> None:
    leave(session)
    assert session.ended(20) == (code, True)
    session.given_back()


def test_ctrl_z_gives_the_terminal_back_and_fg_brings_screen_and_engine_again(session: Session) -> None:
    terminal = session.terminal
    terminal.keys("\x1a")
    assert terminal.wait(lambda: state(session.pid) == "T", 10)
    terminal.run(0.3)  # no clock would call that a gap
    session.given_back()
    os.kill(session.pid, signal.SIGCONT)
    assert terminal.wait(lambda: terminal.shows("DISARMED"), 20), terminal.rows
    assert terminal.shows("net↓")
    clock = terminal.rows[0]
    assert terminal.wait(lambda: terminal.rows[0] != clock, 5)
    terminal.keys("q")
    assert session.ended(20) == (0, True)
    session.given_back()


@pytest.mark.parametrize("last", ["q", "SIGTERM", "hang-up"])
def test_a_terminal_that_never_reads_again_holds_nothing_up(session: Session, last: str) -> None:
    for _ in range(20):  # more than the kernel keeps for a reader
        session.terminal.keys("\x0c")
        time.sleep(0.22)  # slower than the rate at which whole screens are painted
    spent_s, began_s = cpu_s(session.pid), time.monotonic()
    time.sleep(4.0)  # the time over which its share of a core is taken
    share = (cpu_s(session.pid) - spent_s) / (time.monotonic() - began_s)
    assert 0.005 < share < 0.8, "the engine goes on, and nothing spins"
    if last == "q":
        session.terminal.keys("q")
    elif last == "SIGTERM":
        os.kill(session.pid, signal.SIGTERM)
    else:
        session.terminal.hang_up()
    code, _ = session.ended(30, reading=False)
    assert code == 0


def test_a_storm_of_sizes_leaves_a_whole_screen_and_no_memory_behind(session: Session) -> None:
    terminal, dice = session.terminal, random.Random(3)
    before_mb = rss_mb(session.pid)
    for _ in range(100):
        terminal.resize(dice.randrange(1, 220), dice.randrange(1, 70))
        terminal.run(0.03)
    terminal.resize(120, 40)
    whole = ("1 spreads", "2 books", "8 chart", "4 signals", "UTC")
    assert terminal.wait(lambda: all(terminal.shows(words) for words in whole), 15), terminal.rows
    assert rss_mb(session.pid) - before_mb < 60
    terminal.keys("q")
    assert session.ended(20) == (0, True)
    session.given_back()


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def rss_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
