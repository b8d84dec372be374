"""A terminal in memory to run a program in: what a person would see, and every byte that made it."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence

import pyte

from arbtui.bench.ui.terminal import ROOT, Pty

__all__ = ["ROOT", "SHELLS_TITLE", "Terminal", "guest"]

_KITTY = re.compile(rb"\x1b\[[<>]\d*u")  # pyte would print the letter
_TITLES = re.compile(rb"\x1b\](?:0|2);([^\x07\x1b]*)(?:\x07|\x1b\\)|\x1b\[(22|23);[02]t")
SHELLS_TITLE = "the shell's"


class Terminal(Pty):
    """``screen`` is what a person would see; ``seen`` everything that was ever written, in bytes."""

    def __init__(
        self,
        command: Sequence[str],
        width: int = 120,
        height: int = 40,
        *,
        emulate: bool = True,
        keep_fds: Sequence[int] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._emulate = emulate
        self.screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self.screen)
        self.seen = bytearray()
        super().__init__(command, width, height, keep_fds=keep_fds, environment=environment)

    def take(self, data: bytes) -> None:
        if self._emulate:
            self.seen += data
            self._stream.feed(_KITTY.sub(b"", data))

    def resize(self, width: int, height: int) -> None:
        self.screen.resize(height, width)
        super().resize(width, height)

    @property
    def rows(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display]

    def titles(self) -> list[str]:
        """What the window was called, one name after the other, in a terminal that keeps a stack of titles (xterm,
        tmux); it began with the shell's.
        """
        names, aside = [SHELLS_TITLE], list[str]()
        for found in _TITLES.finditer(bytes(self.seen)):
            if found[2] == b"22":
                aside.append(names[-1])
            elif found[2] == b"23":
                names.append(aside.pop())
            else:
                names.append(found[1].decode())
        assert len(aside) <= 1, "put aside twice: once is given back"
        return names

    def cells(self) -> list[list[list[str]]]:
        """Character, colour, background and signs of the style of each cell, row by row; see ``painted.cells_of``."""
        return [
            [self._cell(self.screen.buffer[y][x]) for x in range(self.screen.columns)]
            for y in range(self.screen.lines)
        ]  # fmt: skip

    @staticmethod
    def _cell(char: pyte.screens.Char) -> list[str]:
        signs = {
            "b": char.bold, "i": char.italics, "u": char.underscore, "r": char.reverse, "s": char.strikethrough
        }  # fmt: skip
        return [char.data, char.fg, char.bg, "".join(sign for sign, on in signs.items() if on)]

    def shows(self, words: str) -> bool:
        return any(words in row for row in self.screen.display)


def guest(*arguments: str) -> list[str]:
    """The command line of ``tests.ui.guest``."""
    return [sys.executable, "-m", "tests.ui.guest", *arguments]
