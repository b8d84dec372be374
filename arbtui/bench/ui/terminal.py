"""A terminal to run a program in: a pty whose other end reads as fast, as slowly or as rarely as it is told to."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

SYNC_QUERY = b"\x1b[?2026$p"  # whether the terminal can hold a frame back until it is whole
_SYNC_ANSWER = b"\x1b[?2026;2$y"
_NOT_INHERITED = ("NO_COLOR", "LINES", "COLUMNS")  # they would say how the screen has to look
ROOT = Path(__file__).parents[3]


class Pty:
    """``total``: bytes that were written so far. ``status`` as ``waitpid`` tells it, None while the child lives."""

    def __init__(
        self,
        command: Sequence[str],
        width: int = 120,
        height: int = 40,
        *,
        keep_fds: Sequence[int] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.total = 0
        self.status: int | None = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:  # the child: nothing but exec from here on
            _set_size(0, width, height)
            for kept in keep_fds:
                os.set_inheritable(kept, True)
            os.execve(command[0], list(command), inherited(environment or {}))
        _set_size(self.fd, width, height)

    def pump(self, seconds: float = 0.05) -> bytes:
        """Read for at most so long; returns what came first."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return b""
        return self.read(1 << 16)

    def read(self, most: int) -> bytes:
        """Up to so many bytes; waits for the first of them."""
        try:
            data = os.read(self.fd, most)
        except OSError:  # the other side is closed
            time.sleep(0.01)
            return b""
        self.total += len(data)
        if SYNC_QUERY in data:
            os.write(self.fd, _SYNC_ANSWER)
        self.take(data)
        return data

    def take(self, data: bytes) -> None:
        """What a terminal does with bytes; this one nothing."""

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
        _set_size(self.fd, width, height)

    def attributes(self) -> list[object]:
        return list(termios.tcgetattr(self.fd))

    def alive(self) -> bool:
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
        return self.status is None

    def hang_up(self) -> None:
        """Once: the number of what is closed may be somebody else's by the next time."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def end(self) -> None:
        """Make sure that nothing is left behind."""
        if self.alive():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        self.hang_up()


def _set_size(fd: int, width: int, height: int) -> None:
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))


def inherited(given: Mapping[str, str]) -> dict[str, str]:
    """What a program in a terminal finds: this process's environment but for what tells how a screen has to look."""
    own = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    return own | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": str(ROOT)} | dict(given)
