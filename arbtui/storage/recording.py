"""Raw traffic to disk, off the loop.

The loop appends to a bounded queue and returns; a thread encodes, compresses and writes. What the disk cannot take in
time is counted and leaves a ``lost`` line in its place. A disk that is full ends the recording, with one notice.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import logging
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Literal

from arbtui.core.clock import NS_PER_S
from arbtui.core.errors import ConfigError
from arbtui.storage.records import Closed, Frame, Http, Lost, Opened, Record, encode

log = logging.getLogger(__name__)

ROLL_BYTES = 256 * 2**20
MAX_PENDING_BYTES = 64 * 2**20
_DAY_NS = 86_400 * NS_PER_S
_OVERHEAD_BYTES = 200  # of one queued record beside its content
_DRAIN_S = 0.05
_SYNC_S = 1.0
_GZIP_LEVEL = 1  # traffic shrinks to about an eighth; higher levels cost the processor more than they save


class FileRecorder:
    """A ``core.recorder.Recorder`` that writes ``.jsonl`` or ``.jsonl.gz`` files into one folder."""

    def __init__(
        self,
        folder: Path,
        *,
        compress: bool = True,
        roll_bytes: int = ROLL_BYTES,
        max_pending_bytes: int = MAX_PENDING_BYTES,
        on_stop: Callable[[str], None] | None = None,
        open_file: Callable[[Path], IO[bytes]] | None = None,
    ) -> None:
        """``on_stop`` is called once, in the writing thread, with a sentence, if the recording cannot go on.

        ``open_file`` opens a path that must not exist yet. Raises ``ConfigError`` where the folder cannot be made.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"{folder} cannot be made for recordings: {error.strerror}; name another folder."
            ) from None
        self.folder = folder
        self.stopped = ""  # why nothing is recorded any more
        self.lost_frames = 0
        self._files = _Files(folder, compress, roll_bytes, open_file or _create)
        self._max_pending = max_pending_bytes
        self._on_stop = on_stop
        self._queue: deque[tuple[int, Record]] = deque()
        self._queued_bytes = 0  # written by the loop only
        self._written_bytes = 0  # written by the thread only; the difference is what waits
        self._unsaid = 0  # lost frames that no line tells of yet
        self._last_ns = 0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    # on the loop

    def opened(self, t_ns: int, venue: str, conn: str, url: str) -> None:
        self._put(Opened(t_ns, venue, conn, url), 0, must=True)

    def closed(self, t_ns: int, venue: str, conn: str, reason: str) -> None:
        self._put(Closed(t_ns, venue, conn, reason.encode(errors="replace").decode()), 0, must=True)

    def frame(self, t_ns: int, venue: str, conn: str, direction: Literal["in", "out"], data: str | bytes) -> None:
        binary = isinstance(data, bytes)
        content = data if isinstance(data, bytes) else data.encode(errors="surrogatepass")
        self._put(Frame(t_ns, venue, conn, direction, content, binary=binary), len(content))

    def text_frame(self, t_ns: int, venue: str, conn: str, data: bytes) -> None:
        self._put(Frame(t_ns, venue, conn, "in", data), len(data))

    def http(self, t_ns: int, venue: str, method: str, url: str, request_body: bytes, status: int, body: bytes) -> None:
        self._put(Http(t_ns, venue, method, url, request_body, status, body), len(body))

    def _put(self, record: Record, size: int, *, must: bool = False) -> None:
        if self.stopped or self._closing.is_set():
            return
        if not must and self._queued_bytes - self._written_bytes > self._max_pending:
            self.lost_frames += 1
            self._unsaid += 1
            return
        if self._unsaid:
            self._queue.append((0, Lost(record.t_ns, self._unsaid)))
            self._unsaid = 0
        self._queued_bytes += size + _OVERHEAD_BYTES
        self._queue.append((size + _OVERHEAD_BYTES, record))
        self._last_ns = record.t_ns

    def close(self, within_s: float = 5.0) -> bool:
        """Write what waits and close the file. Blocks: call it in a thread. False: the disk did not take it in time."""
        if self._unsaid and not self._closing.is_set():
            self._queue.append((0, Lost(self._last_ns, self._unsaid)))
            self._unsaid = 0
        self._closing.set()
        self._thread.join(within_s)
        return not self._thread.is_alive()

    # in the thread

    def _run(self) -> None:
        try:
            while True:
                last_round = self._closing.wait(_DRAIN_S)
                self._drain()
                self._files.flush()
                if last_round:
                    return
        except OSError as error:
            self._stop(error.strerror or str(error))
        except Exception as error:  # the thread's boundary: a mistake of ours ends the recording, not the feeds
            log.exception("the recorder failed")
            self._stop(f"{type(error).__name__}: {error}")
        finally:
            self._files.close()

    def _drain(self) -> None:
        while self._queue:
            size, record = self._queue.popleft()
            self._files.write(record)
            self._written_bytes += size

    def _stop(self, why: str) -> None:
        self.stopped = f"recording to {self.folder} has stopped: {why}; feeds go on."
        self._queue.clear()
        if self._on_stop is not None:
            self._on_stop(self.stopped)


class _Files:
    """The file that is written to now, and when the next one begins.

    A new file begins with the connections that are open, marked ``continued``, so that each file can be read alone.
    """

    def __init__(self, folder: Path, compress: bool, roll_bytes: int, open_file: Callable[[Path], IO[bytes]]) -> None:
        self._folder = folder
        self._compress = compress
        self._roll_bytes = roll_bytes
        self._open_file = open_file
        self._raw: IO[bytes] | None = None
        self._out: IO[bytes] | gzip.GzipFile | None = None
        self._day = 0
        self._plain_bytes = 0
        self._synced_s = 0.0
        self._connections: dict[tuple[str, str], str] = {}

    def write(self, record: Record) -> None:
        if self._out is None or record.t_ns // _DAY_NS != self._day or self._size() >= self._roll_bytes:
            self._roll(record.t_ns)
        match record:
            case Opened():
                self._connections[record.venue, record.conn] = record.url
            case Closed():
                self._connections.pop((record.venue, record.conn), None)
        self._emit(record)

    def _emit(self, record: Record) -> None:
        assert self._out is not None
        line = encode(record)
        self._out.write(line)
        self._plain_bytes += len(line)

    def _size(self) -> int:
        assert self._raw is not None
        return self._raw.tell() if self._compress else self._plain_bytes

    def _roll(self, t_ns: int) -> None:
        if self._out is not None:
            self._finish()
        self._raw = self._create(t_ns)
        self._out = (
            gzip.GzipFile(fileobj=self._raw, mode="wb", compresslevel=_GZIP_LEVEL, mtime=0)
            if self._compress
            else self._raw
        )
        self._day = t_ns // _DAY_NS
        self._plain_bytes = 0
        for (venue, conn), url in self._connections.items():
            self._emit(Opened(t_ns, venue, conn, url, continued=True))

    def _create(self, t_ns: int) -> IO[bytes]:
        stamp = datetime.fromtimestamp(t_ns // NS_PER_S, UTC).strftime("%Y%m%dT%H%M%SZ")
        ending = ".jsonl.gz" if self._compress else ".jsonl"
        for number in range(1000):
            with contextlib.suppress(FileExistsError):
                return self._open_file(self._folder / f"arbtui-{stamp}-{number:03}{ending}")
        raise FileExistsError(17, "a thousand files of this second exist already")

    def flush(self) -> None:
        """Plain files each time; compressed ones once a second, for each flush costs some compression."""
        if self._out is None:
            return
        if not self._compress:
            self._out.flush()
        elif (now_s := time.monotonic()) - self._synced_s >= _SYNC_S:
            self._synced_s = now_s
            assert isinstance(self._out, gzip.GzipFile)
            self._out.flush(zlib.Z_SYNC_FLUSH)

    def _finish(self) -> None:
        """Raises ``OSError``."""
        out, raw, self._out, self._raw = self._out, self._raw, None, None
        try:
            if out is not None:
                out.close()
        finally:
            if raw is not None and raw is not out:
                raw.close()

    def close(self) -> None:
        """The end, also after trouble: what the disk refuses now was told already."""
        with contextlib.suppress(OSError):
            self._finish()


def _create(path: Path) -> IO[bytes]:
    return io.BufferedWriter(io.FileIO(path, "x"), buffer_size=1 << 16)
