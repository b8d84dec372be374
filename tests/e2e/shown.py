"""arbtui's own screen on a terminal of its own, driven from outside: the terminal may stop reading, or hang up."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.e2e.harness import Sim
from tests.e2e.money import Driven, until


class Shown(Driven):
    """Its screen paints for a reader that can be told to stop. ``seen`` is all that was ever read."""

    def _start(self, command: list[str], environ: dict[str, str]) -> subprocess.Popen[str]:
        self._master, slave = pty.openpty()
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.seen = bytearray()
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
