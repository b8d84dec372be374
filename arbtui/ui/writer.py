"""Bytes on their way to the terminal. Writing never blocks whoever writes.

A terminal may stop reading at any moment: Ctrl-S, a frozen emulator, a dead SSH link. Then ``os.write`` blocks, and it
must not be the engine's loop that stands there. So the loop puts bytes into a buffer, and a daemon thread carries them
out. The loop never joins that thread: if the terminal never reads again, it ends with the process.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

CAPACITY_BYTES = 4 << 20


class TerminalWriter:
    """A capped buffer and the thread that empties it into a file descriptor.

    What does not fit is dropped and counted in ``lost_bytes``: the owner repaints everything once the terminal reads
    again. ``dead`` is set for good when the descriptor refuses to be written to.

    ``after``: the one before it on the same terminal, which was told to end. Where the terminal has not read for a
    while, that one has bytes left, and nothing is written in between them.
    """

    def __init__(
        self, fd: int, *, now_s: Callable[[], float] = time.monotonic, after: TerminalWriter | None = None
    ) -> None:
        self._fd = fd
        self._now_s = now_s
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._since_s = 0.0  # when what is being written now was put in
        self._ending = False
        self.dead = False
        self.lost_bytes = 0
        self.written_bytes = 0
        before = after._thread if after is not None else None
        self._thread: threading.Thread = threading.Thread(
            target=self._run, args=(before,), name="arbtui-terminal", daemon=True
        )
        self._thread.start()

    def write(self, text: str) -> None:
        data = text.encode("utf-8", "replace")
        with self._wake:
            if self.dead or self._ending:
                return
            if self._pending_bytes + len(data) > CAPACITY_BYTES:
                self.lost_bytes += len(data)
                return
            if not self._pending_bytes:
                self._since_s = self._now_s()
            self._pending.append(data)
            self._pending_bytes += len(data)
            self._wake.notify()

    def waiting_s(self) -> float:
        """For how long the terminal has not taken what it was given; 0 when everything is out."""
        with self._lock:
            return self._now_s() - self._since_s if self._pending_bytes and not self.dead else 0.0

    @property
    def settled(self) -> bool:
        """Whether nothing is left to be written, or nothing can be."""
        with self._lock:
            return not self._pending_bytes or self.dead

    def end(self) -> None:
        """Take nothing more; the thread ends once the rest is out."""
        with self._wake:
            self._ending = True
            self._wake.notify()

    def _run(self, before: threading.Thread | None) -> None:
        if before is not None:
            before.join()
        while (data := self._take()) is not None:
            view = memoryview(data)
            while view:
                try:
                    sent = os.write(self._fd, view)
                except OSError:
                    with self._lock:
                        self.dead = True
                        self._pending.clear()
                        self._pending_bytes = 0
                    return
                view = view[sent:]
                self._sent(sent)

    def _take(self) -> bytes | None:
        with self._wake:
            while not self._pending and not self._ending:
                self._wake.wait()
            if not self._pending:
                return None
            data = b"".join(self._pending)
            self._pending.clear()
            return data

    def _sent(self, count: int) -> None:
        with self._lock:
            self._pending_bytes -= count
            self.written_bytes += count
            self._since_s = self._now_s()
