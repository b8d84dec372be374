"""A terminal in memory to run a program in: what a person would see, and every byte that made it."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence

import pyte

from arbtui.bench.ui.terminal import ROOT, Pty

__all__ = ["ROOT", "Terminal", "guest"]

_KITTY = re.compile(rb"\x1b\[[<>]\d*u")  # pyte would print the letter


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
