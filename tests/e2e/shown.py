"""arbtui's own screen on a terminal of its own, driven from outside: the terminal may stop reading, or hang up."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyte

from tests.e2e.harness import Sim
from tests.e2e.money import Driven, until

WIDTH, HEIGHT = 120, 40
SEEN_WITHIN_S = 20.0  # what a key brings, on a machine that has much to do
_KITTY = re.compile(rb"\x1b\[[<>]\d*u")  # pyte would print the letter


class Shown(Driven):
    """Its screen paints for a reader that can be told to stop. ``seen`` is all that was ever read."""

    def _start(self, command: list[str], environ: dict[str, str]) -> subprocess.Popen[str]:
        self._master, slave = pty.openpty()
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
        self.seen = bytearray()
        self._painted = pyte.Screen(WIDTH, HEIGHT)
        self._stream, self._fed = pyte.ByteStream(self._painted), 0
        self.reading = True
        self._closed = False
        try:
            process = subprocess.Popen(
                [*command, "--tty", os.ttyname(slave)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
                text=True,
                start_new_session=True,
            )
        except BaseException:
            os.close(self._master)
            raise
        finally:
            self._slave = slave  # kept until the guest has opened it, for a terminal that nobody holds has hung up
        self._reader = threading.Thread(target=self._look, daemon=True)
        self._reader.start()
        return process

    def _look(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # the other side, or this one, is closed
            while not self._closed:
                if self.reading and select.select([self._master], [], [], 0.05)[0]:
                    self.seen += os.read(self._master, 1 << 16)
                elif not self.reading:
                    time.sleep(0.01)

    def until_painted(self) -> Shown:
        until(lambda: "net↓".encode() in self.seen, 20, lambda: bytes(self.seen[-500:]))
        os.close(self._slave)
        self._slave = -1
        return self

    def keys(self, text: str) -> None:
        os.write(self._master, text.encode())

    def picture(self) -> str:
        """What somebody in front of it sees now."""
        seen = bytes(self.seen)
        self._stream.feed(_KITTY.sub(b"", seen[self._fed :]))
        self._fed = len(seen)
        return "\n".join(self._painted.display)

    def shows(self, words: str, within_s: float = SEEN_WITHIN_S) -> None:
        until(lambda: words in self.picture(), within_s, self.picture)

    def press(self, key: str, words: str) -> None:
        """A key, and what must then be seen. Two keys on top of each other are another key: esc and a letter are alt
        with that letter.
        """
        self.keys(key)
        self.shows(words)

    def leave(self, words: str) -> None:
        """Esc, until these are seen no more."""
        self.keys("\x1b")
        until(lambda: words not in self.picture(), SEEN_WITHIN_S, self.picture)

    def stall(self) -> None:
        """Read no more, while the screen has more to paint than the kernel keeps for a reader."""
        self.reading = False
        until_s = time.monotonic() + 1.5
        while time.monotonic() < until_s:
            self.keys("\x0c")
            time.sleep(0.05)

    def hang_up(self) -> None:
        self._closed = True
        self._reader.join()  # or it would read from whatever is opened next under the same number
        os.close(self._master)

    def close(self) -> None:
        super().close()
        if not self._closed:
            self.hang_up()
        if self._slave >= 0:
            os.close(self._slave)


@contextlib.contextmanager
def shown(home: Path, sim: Sim, *arguments: str, **more: Any) -> Iterator[Shown]:
    process = Shown.__new__(Shown)
    try:
        Shown.__init__(process, home, sim, *arguments, **more)
        yield process.until_painted()
    finally:
        process.close()
