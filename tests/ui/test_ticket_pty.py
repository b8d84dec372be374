"""Orders through a real terminal: what is typed, pasted and held down arrives as bytes, and the panel really paints."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.terminal import Terminal, guest
from tests.ui.test_pty import painted_equal


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(guest("--coins", "20", "--rate", "0", "--orders", "--rows", str(tmp_path / "rows")))
    try:
        assert made.wait(lambda: made.shows("net↓"), 20), made.rows
        made.run(0.6)
        yield made
    finally:
        made.end()


def press(terminal: Terminal, keys: str, words: str) -> None:
    """A key by itself, and what it must bring on the screen."""
    terminal.run(0.4)
    terminal.keys(keys)
    assert terminal.wait(lambda: terminal.shows(words), 8), (keys, words, terminal.rows)


def test_a_ticket_is_painted_reviewed_sent_and_followed(terminal: Terminal, tmp_path: Path) -> None:
    press(terminal, "o", "hedged order")
    painted_equal(terminal, tmp_path / "rows", "the ticket")
    press(terminal, "\r", "REVIEW")
    press(terminal, "y", "HEDGED")
    assert terminal.wait(lambda: terminal.shows("got NET") and terminal.shows("filled")), terminal.rows
    painted_equal(terminal, tmp_path / "rows", "the hedge")
    press(terminal, "O", "close hedge")
    press(terminal, "\r", "REVIEW")
    press(terminal, "y", "the whole hedge")
    press(terminal, "\x1b", "net↓")
    press(terminal, "7", "7 orders")
    press(terminal, "z", "(exit)")
    press(terminal, "!", "KILLED")
    painted_equal(terminal, tmp_path / "rows", "killed, with an alarm")


def test_a_panel_that_comes_back_covers_all_that_has_changed_beneath(terminal: Terminal, tmp_path: Path) -> None:
    for sorting in ("sg", "sy", "sn"):
        press(terminal, "o", "hedged order")
        painted_equal(terminal, tmp_path / "rows", f"before {sorting}")
        press(terminal, "\x1b", "2 books")
        terminal.keys(sorting)


def test_a_burst_a_paste_and_a_key_that_is_held_down_send_nothing(terminal: Terminal) -> None:
    press(terminal, "o", "ok armed")
    press(terminal, "\ryy", "REVIEW")
    press(terminal, "\x1b", "nothing was sent")
    press(terminal, "\r", "REVIEW")
    terminal.keys("\x1b[200~y\ny\x1b[201~")
    for _ in range(20):
        terminal.run(0.03)
        terminal.keys("y")
    terminal.run(0.5)
    assert not terminal.shows("HEDGED")
    press(terminal, "\x1b", "nothing was sent")
    press(terminal, "\x1b", "net↓")
    press(terminal, "7", "Nothing was sent yet")


def test_what_a_line_to_type_in_brought_is_painted_once_it_is_closed(terminal: Terminal) -> None:
    press(terminal, "t", "threshold, bps net")
    press(terminal, "7\r", "threshold 7 bps")
