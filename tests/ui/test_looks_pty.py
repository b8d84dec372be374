"""Looks that are changed while it runs, through a real terminal: no cell keeps what it was."""

from __future__ import annotations

from collections.abc import Callable

from tests.ui.terminal import Terminal, guest
from tests.ui.test_pty import start

__all__ = ["start"]


def cells(terminal: Terminal, what: str) -> set[str]:
    screen = terminal.screen
    return {getattr(screen.buffer[y][x], what) for y in range(screen.lines) for x in range(screen.columns)}


def test_theme_and_ascii_are_painted_everywhere_at_once(start: Callable[..., Terminal]) -> None:
    terminal = start("--coins", "20", "--rate", "0")
    assert "121212" in cells(terminal, "bg")
    terminal.keys(":theme light\r")
    assert terminal.wait(lambda: "ffffff" in cells(terminal, "bg") and terminal.shows('ui.theme = "light"'), 20)
    terminal.run(0.6)
    assert cells(terminal, "bg") <= {"ffffff", "ffffaf", "005f87"}
    terminal.keys(":ascii true\r")
    assert terminal.wait(lambda: all(char <= "~" for char in cells(terminal, "data")), 20), cells(terminal, "data")
    terminal.keys(":theme ansi\r")
    assert terminal.wait(lambda: cells(terminal, "bg") == {"default"}, 20), cells(terminal, "bg")


def test_ascii_from_the_start_writes_no_byte_beyond_it() -> None:
    terminal = Terminal(guest("--coins", "20", "--rate", "200", "--ascii"), 120, 40)
    try:
        assert terminal.wait(lambda: terminal.shows("netv"), 20), terminal.rows
        terminal.keys(",")
        assert terminal.wait(lambda: terminal.shows("[venues.binance]"), 20), terminal.rows
        assert not {byte for byte in terminal.seen if byte > 0x7E}
    finally:
        terminal.end()
