"""The pictures of the screen, made anew from the running program on its built-in exchanges:

    python -m tests.ui.pictures [FOLDER]      (default: screenshots)

Each is what a terminal in memory shows of ``arbtui --demo`` after the keys of a person; a run takes a minute or two.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from arbtui.core.errors import OurMistake
from tests.ui.svg import picture
from tests.ui.terminal import ROOT, Terminal

START_S = 60.0
ANSWER_S = 20.0
CHART_S = 55.0  # for a chart of a minute that has something to show
SETTLE_S = 1.0  # for the rest of a frame that is half read
NOT_YET = ("waiting for book", "no book to walk yet")
ENTER, ESCAPE = "\r", "\x1b"


@dataclass(frozen=True)
class Picture:
    """``keys`` in turn; then what must be on the screen before it is taken, and that books are there to be walked."""

    name: str
    title: str
    keys: Sequence[str]
    shows: str


MAIN = [
    Picture("grid-120x40", "arbtui --demo", ["g"], "net↓"),
    Picture("ticket", "arbtui --demo: a ticket", ["o"], "hedged order"),
    Picture("help", "arbtui --demo: help", [ESCAPE, "?"], "Spread grid"),
    Picture("settings", "arbtui --demo: settings", [ESCAPE, ":", "settings signals" + ENTER], "hysteresis_bps"),
    Picture(
        "light", "arbtui --demo: theme light", [ESCAPE, ESCAPE, ":", "theme light" + ENTER, "g"], 'ui.theme = "light"'
    ),
    Picture(
        "high-contrast",
        "arbtui --demo: theme high-contrast",
        [":", "theme high-contrast" + ENTER, "g"],
        'ui.theme = "high-contrast"',
    ),
]
SMALL = [Picture("grid-80x24", "arbtui --demo in 80x24", ["g"], "net↓")]


@contextmanager
def demo(width: int, height: int) -> Iterator[Terminal]:
    """The program in a terminal, with a home of its own, once its chart has a curve."""
    with tempfile.TemporaryDirectory() as home:
        own = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"), home)
        settings = {name: "" for name in os.environ if name.startswith("ARBTUI_")}
        terminal = Terminal([sys.executable, "-m", "arbtui", "--demo"], width, height, environment=own | settings)
        try:
            if not terminal.wait(lambda: terminal.shows("net↓") and terminal.shows("▲+"), START_S):
                raise OurMistake("the demo showed no spread: " + " ".join(terminal.rows))
            for keys in ("g", ":", f"window 1{ENTER}"):
                terminal.keys(keys)
                terminal.run(1.0)
            terminal.run(CHART_S)
            yield terminal
        finally:
            terminal.end()


def take(terminal: Terminal, one: Picture, folder: Path) -> Path:
    for keys in one.keys:
        terminal.keys(keys)
        terminal.run(1.5)

    def ready() -> bool:
        return terminal.shows(one.shows) and not any(terminal.shows(words) for words in NOT_YET)

    if not terminal.wait(ready, ANSWER_S):
        raise OurMistake(f"{one.name}: the screen does not show {one.shows!r}: {' '.join(terminal.rows)}")
    terminal.run(SETTLE_S)
    path = folder / f"{one.name}.svg"
    path.write_text(picture(terminal.cells(), one.title), encoding="utf-8")
    return path


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for size, pictures in (((120, 40), MAIN), ((80, 24), SMALL)):
        with demo(*size) as terminal:
            for one in pictures:
                path = take(terminal, one, folder)
                sys.stdout.write(f"{path} {path.stat().st_size / 1024:.0f} KB\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "screenshots")
