"""A terminal to run a program in: a pty whose other end reads, keeps what would be on screen, and can misbehave."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pyte

_SYNC_QUERY = b"\x1b[?2026$p"
_SYNC_ANSWER = b"\x1b[?2026;2$y"
_KITTY = re.compile(rb"\x1b\[[<>]\d*u")  # pyte would print the letter
ROOT = Path(__file__).parents[2]


class Terminal:
    """``screen`` is what a person would see; ``seen`` everything that was ever written, in bytes."""

    def __init__(
        self,
        command: Sequence[str],
        width: int = 120,
        height: int = 40,
        *,
        emulate: bool = True,
        keep_fds: Sequence[int] = (),
        environment: dict[str, str] | None = None,
    ) -> None:
        self._emulate = emulate
        self.screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self.screen)
        self.seen = bytearray()
        self.total = 0
        self.status: int | None = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:  # the child: nothing but exec from here on
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
            env = dict(
                os.environ, TERM="xterm-256color", COLORTERM="truecolor", PYTHONPATH=str(ROOT), **(environment or {})
            )
            for name in ("NO_COLOR", "LINES", "COLUMNS"):
                if not environment or name not in environment:
                    env.pop(name, None)
            for kept in keep_fds:
                os.set_inheritable(kept, True)
            os.execve(command[0], list(command), env)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def pump(self, seconds: float = 0.05) -> bytes:
        """Read for at most so long; returns what came first."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return b""
        try:
            data = os.read(self.fd, 1 << 16)
        except OSError:  # the other side is closed
            time.sleep(0.01)
            return b""
        self.total += len(data)
        if _SYNC_QUERY in data:
            os.write(self.fd, _SYNC_ANSWER)
        if self._emulate:
            self.seen += data
            self._stream.feed(_KITTY.sub(b"", data))
        return data

    def run(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.pump(min(left, 0.05))

    def wait(self, condition: Callable[[], bool], seconds: float = 10.0) -> bool:
        """Read until the condition holds; False if it does not in time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if condition():
                return True
            self.pump(0.02)
        return condition()

    def keys(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def resize(self, width: int, height: int) -> None:
        self.screen.resize(height, width)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    @property
    def rows(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display]

    def shows(self, words: str) -> bool:
        return any(words in row for row in self.screen.display)

    def attributes(self) -> list[object]:
        return list(termios.tcgetattr(self.fd))

    def alive(self) -> bool:
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
        return self.status is None

    def hang_up(self) -> None:
        os.close(self.fd)

    def end(self) -> None:
        """Make sure that nothing is left behind."""
        if self.alive():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        with contextlib.suppress(OSError):
            os.close(self.fd)


def guest(*arguments: str) -> list[str]:
    """The command line of ``tests.ui.guest``."""
    return [sys.executable, "-m", "tests.ui.guest", *arguments]
