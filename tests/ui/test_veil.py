"""Screens that come and go are painted once, and never empty: what lies between is nobody's business."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ui.seat import seated
from tests.ui.terminal import Terminal
from tests.ui.test_pty import painted_equal, start

__all__ = ["start"]


def spent(terminal: Terminal, keys: str, shows: str) -> int:
    """Bytes that keys cost, until the screen shows what they are for and has come to rest."""
    before = len(terminal.seen)
    terminal.keys(keys)
    assert terminal.wait(lambda: terminal.shows(shows), 20), terminal.rows
    terminal.run(0.6)
    return len(terminal.seen) - before


def test_screens_come_and_go_at_the_price_of_painting_them(
    start: Callable[..., Terminal], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Textual's own way writes four whole screens for it, the first of them empty."""
    rows = tmp_path / "rows"
    terminal = start("--coins", "40", "--rate", "0", "--rows", str(rows))
    terminal.run(1.0)
    taken, seen_rows = terminal.take, list[int]()

    def take(data: bytes) -> None:
        taken(data)
        seen_rows.append(sum(not row.isspace() for row in terminal.screen.display))

    monkeypatch.setattr(terminal, "take", take)
    whole = spent(terminal, "\x0c", "net↓")
    assert spent(terminal, "?", "more lines below") < 2 * whole
    assert spent(terminal, "q", "net↓") < 1.5 * whole
    assert min(seen_rows) > 20, "at no moment there was an empty screen"
    for keys in (",q", "?!", "L:q", "1"):  # in one packet: gone again before it was ever laid out
        terminal.keys(keys)
        painted_equal(terminal, rows, keys)


async def test_a_veil_that_nobody_lifts_is_lifted_by_the_clock() -> None:
    async with seated() as seat:
        veil = seat.app.veil
        drawn: list[bool] = []
        veil.draw()
        veil.draw()
        for _ in range(2):
            drawn.append(veil.drawn)
            veil.each_second()
        veil.lift()
        for key in ("question_mark", "escape"):
            drawn.append(veil.drawn)
            await seat.press(key)
            await seat.pilot.pause()
        assert [*drawn, veil.drawn] == [True, True, False, False, False]
        assert seat.app.screen is seat.app.main_screen
