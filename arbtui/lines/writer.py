"""Lines to a file descriptor without ever making the loop wait for whoever reads them.

The loop appends, a daemon thread writes. A reader that is too slow costs lines, which are counted, never time: a live
feed behind a stalled pipe must not go stale. A replay wants every line instead: it asks for ``room`` before it goes on.
"""

from __future__ import annotations

import asyncio
import os
import select
import threading
from collections import deque
from collections.abc import Callable
from errno import EBADF, ECONNRESET, EIO, EPIPE
from time import monotonic

MAX_PENDING_BYTES = 8 * 2**20
_IDLE_S = 0.5  # how soon a reader is missed that left while there was nothing to write
_CHUNK_BYTES = 1 << 16
_ROOM_WAIT_S = 0.1
_READER_LEFT = {EPIPE, ECONNRESET, EBADF, EIO}  # EIO: the terminal is gone


class LineWriter:
    """``on_closed`` is called in the writing thread, once, when nothing can be written any more: the reader is gone."""

    def __init__(
        self, fd: int, *, on_closed: Callable[[], None], max_pending: int = MAX_PENDING_BYTES, lossless: bool = False
    ) -> None:
        self.dropped = 0  # lines left out because the reader was slow
        self.reader_gone = False
        self.failure = ""  # in the system's words, where it was not the reader who left: a full disk
        self._fd = fd
        self._on_closed = on_closed
        self._max_pending = max_pending
        self._lossless = lossless
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0  # written by the loop only
        self._written_bytes = 0  # written by the thread only
        self._work = threading.Event()
        self._eased = threading.Event()  # something was written
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="stdout", daemon=True)
        self._thread.start()

    @property
    def pending(self) -> int:
        """Bytes that wait for the reader."""
        return self._queued_bytes - self._written_bytes

    @property
    def behind(self) -> bool:
        """Whether what can be left out now should be: half of the room is taken."""
        return not self._lossless and self.pending * 2 > self._max_pending

    def put(self, line: bytes) -> bool:
        """Whether the line was taken; never waits."""
        if self.reader_gone or self._closing:
            return False
        if not self._lossless and self.pending > self._max_pending:
            self.dropped += 1
            return False
        self._queued_bytes += len(line)
        self._queue.append(line)
        if not self._work.is_set():
            self._work.set()
        return True

    async def room(self) -> None:
        """Return once less than the limit waits, or nobody reads."""
        while self.pending > self._max_pending and not self.reader_gone:
            self._eased.clear()
            await asyncio.to_thread(self._eased.wait, _ROOM_WAIT_S)

    async def close(self, patience_s: float = 5.0) -> int:
        """Write what waits, as long as the reader takes some of it every ``patience_s``; bytes that were not taken."""
        self._closing = True
        self._work.set()
        seen, since = self._written_bytes, monotonic()
        while self._thread.is_alive() and monotonic() - since < patience_s:
            if self._written_bytes != seen:
                seen, since = self._written_bytes, monotonic()
            await asyncio.to_thread(self._thread.join, _ROOM_WAIT_S)
        return self.pending

    # in the thread

    def _run(self) -> None:
        try:
            while self._wait():
                self._write_queued()
            return
        except OSError as error:
            if error.errno not in _READER_LEFT:
                self.failure = error.strerror or str(error)
        self.reader_gone = True
        self._queue.clear()
        self._on_closed()

    def _wait(self) -> bool:
        """Until there is something to write; False at the end. Raises ``OSError`` when the reader is gone."""
        while not (self._closing or self._work.wait(_IDLE_S)):
            self._look_for_reader()
        self._work.clear()
        return bool(self._queue) or not self._closing

    def _write_queued(self) -> None:
        while self._queue:
            parts, size = [], 0
            while self._queue and size < _CHUNK_BYTES:
                parts.append(self._queue.popleft())
                size += len(parts[-1])
            self._write_all(memoryview(b"".join(parts)))

    def _write_all(self, data: memoryview) -> None:
        while data:
            try:
                done = os.write(self._fd, data)
            except BlockingIOError:  # somebody made the terminal non-blocking
                self._poll(select.POLLOUT, 1000)
                continue
            self._written_bytes += done
            self._eased.set()
            data = data[done:]

    def _look_for_reader(self) -> None:
        if self._poll(0, 0) & (select.POLLERR | select.POLLHUP | select.POLLNVAL):
            raise BrokenPipeError

    def _poll(self, events: int, timeout_ms: int) -> int:
        poll = select.poll()
        poll.register(self._fd, events)
        found = poll.poll(timeout_ms)
        return found[0][1] if found else 0
