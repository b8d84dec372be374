"""Terminals that stop reading, read slowly, or change their size all the time: the loop waits for none of them.

How late the loop is, is measured from outside. A busy machine is granted several times the budget.
"""

from __future__ import annotations

import random
import select
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from arbtui.bench.ui.run import stamps
from tests.ui.terminal import Terminal, guest
from tests.ui.test_pty import figures

LINK_BYTES_PER_S = 32 * 1024
_SIPS_PER_S = 64


class Watched:
    """A guest with somebody in front of it. ``worst_ms``: the loop's lag meanwhile and for a second after it;
    ``ending_ms``: later.
    """

    def __init__(self, out: Path, sit: Callable[[Terminal], None], *, ends: bool = False) -> None:
        with stamps() as probe:
            command = guest("--coins", "300", "--probe", str(probe), "--after", "0.3", "--out", str(out))
            terminal = Terminal(command, keep_fds=[probe])
            try:
                assert terminal.wait(lambda: terminal.shows("net↓"), 20)
                terminal.run(1.5)
                self.from_s = time.monotonic()
                sit(terminal)
                self.to_s = time.monotonic()
                if not ends:
                    self._leave(terminal)
                told = figures(out)
            finally:
                terminal.end()
        late = told["late_ms"]
        self.end = told["end"]
        self.worst_ms = max(ms for at, ms in late if self.from_s <= at <= self.to_s + 1)
        self.ending_ms = max((ms for at, ms in late if at > self.to_s + 1), default=0.0)
        self.stamps = sum(self.from_s <= at <= self.to_s for at, _ in late)

    def _leave(self, terminal: Terminal) -> None:
        self.painted_again = terminal.wait(lambda: terminal.shows("UTC"), 5)
        terminal.run(1.0)
        self.rows = terminal.rows
        terminal.keys("q")
        assert terminal.wait(lambda: not terminal.alive(), 10)


def stall(seconds: float) -> Callable[[Terminal], None]:
    def sit(terminal: Terminal) -> None:
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            terminal.keys("\x0c")  # a whole screen each: more than the kernel keeps for a reader
            time.sleep(0.05)

    return sit


def test_a_terminal_that_stops_reading_does_not_hold_the_loop(tmp_path: Path) -> None:
    """A stock app's loop stands still for about as long as the terminal does."""
    stalled = Watched(tmp_path / "out.json", stall(2.5))
    assert stalled.stamps > 200, "the loop went on reading"
    assert stalled.worst_ms < 400
    assert stalled.painted_again
    assert any("net↓" in row for row in stalled.rows)
    assert len([row for row in stalled.rows if row.strip()]) > 30


@pytest.mark.slow
def test_ten_seconds_of_stall_cost_the_loop_less_than_its_budget(tmp_path: Path) -> None:
    stalled = Watched(tmp_path / "out.json", stall(10.0))
    assert stalled.worst_ms < 150
    assert stalled.ending_ms < 150


@pytest.mark.slow
def test_a_terminal_that_never_reads_again_is_left_by_a_key_and_the_loop_never_waits(tmp_path: Path) -> None:
    def sit(terminal: Terminal) -> None:
        stall(3.0)(terminal)
        terminal.keys("q")

    stalled = Watched(tmp_path / "out.json", sit, ends=True)
    assert stalled.end == "quit"
    assert stalled.worst_ms < 400
    assert stalled.ending_ms < 400


def sip(terminal: Terminal, seconds: float) -> None:
    """Take no more bytes than the link carries."""
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        time.sleep(1 / _SIPS_PER_S)
        if select.select([terminal.fd], [], [], 0)[0]:
            terminal.read(LINK_BYTES_PER_S // _SIPS_PER_S)


def sipped(terminal: Terminal, wanted: Callable[[], bool], within_s: float) -> float:
    """How long it took over the slow link."""
    began_s = time.monotonic()
    while not wanted():
        assert time.monotonic() < began_s + within_s, terminal.rows
        sip(terminal, 0.05)
    return time.monotonic() - began_s


@pytest.mark.slow
def test_a_slow_link_shows_keys_soon_and_the_loop_never_waits_for_it(tmp_path: Path) -> None:
    """The screen paints less often there: what it owes the link does not pile up, or keys would be seen later and
    later.
    """
    took_s: list[float] = []

    def press(terminal: Terminal, key: str, words: str) -> None:
        sip(terminal, 1.5)
        assert not terminal.shows(words)
        terminal.keys(key)
        took_s.append(sipped(terminal, lambda: terminal.shows(words), 8))

    def sit(terminal: Terminal) -> None:
        def leave(words: str) -> None:
            terminal.keys("\x1b")  # with a key right behind it that would be another key
            sipped(terminal, lambda: not terminal.shows(words), 8)

        for key, words in [("?", "Spread grid"), ("\x1b", "net↓"), (":", "tab completes"), ("\x0b", "of 300")]:
            press(terminal, key, words)
            if key in (":", "\x0b"):
                leave(words)

    slow = Watched(tmp_path / "out.json", sit)
    assert max(took_s) < 4, took_s
    assert slow.worst_ms < 400
    assert slow.painted_again


@pytest.mark.slow
def test_a_storm_of_sizes_does_not_hold_the_loop(tmp_path: Path) -> None:
    dice = random.Random(7)

    def sit(terminal: Terminal) -> None:
        for _ in range(80):
            terminal.resize(dice.randrange(20, 200), dice.randrange(5, 60))
            terminal.run(0.05)
        terminal.resize(120, 40)

    stormy = Watched(tmp_path / "out.json", sit)
    assert stormy.worst_ms < 400
    assert stormy.painted_again
