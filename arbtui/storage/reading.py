"""Recordings back from disk: streamed, checked line by line, several merged into one course of time.

A recording that was cut (the process killed, the disk full) ends in half a line or half a gzip block: that is a
warning. Any other bad line means that the file is not what it says, and reading stops there.
"""

from __future__ import annotations

import gzip
import heapq
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from arbtui.core.errors import RecordingError
from arbtui.storage.records import BadLine, Closed, Lost, Opened, Record, decode

Warn = Callable[[str], None]
Check = Callable[[Record], None]


def read(path: Path, warn: Warn, check: Check | None = None) -> Iterator[Record]:
    """The records of one file, in its order. Raises ``RecordingError``, which names file and line.

    ``check`` raises ``BadLine`` for a record that whoever reads cannot use.
    """
    lines = _lines(path, warn)
    number = 0
    for line in lines:
        number += 1
        if not line.strip():
            continue
        try:
            record = decode(line)
            if record is not None and check is not None:
                check(record)
        except BadLine as error:
            if not error.torn or any(later.strip() for later in lines):
                raise RecordingError(f"{path} line {number}: {error}; the recording cannot be read past it.") from None
            warn(f"{path} line {number}: the last line is torn and left out.")
            return
        if record is not None:
            yield record


def _lines(path: Path, warn: Warn) -> Iterator[bytes]:
    number = 0
    try:
        with _opened(path) as file:
            for line in file:
                number += 1
                yield line
    except EOFError:
        warn(f"{path}: the compressed file is torn after line {number}; what came before is used.")
    except (gzip.BadGzipFile, zlib.error) as error:
        raise RecordingError(f"{path} after line {number}: damaged gzip data ({error}).") from None
    except IsADirectoryError:
        raise RecordingError(_of_folder(path)) from None
    except OSError as error:
        raise RecordingError(f"{path} cannot be read: {error.strerror or error}.") from None


def _of_folder(path: Path) -> str:
    """How to name what is in the folder."""
    endings = [ending for ending in ("*.jsonl", "*.jsonl.gz") if next(path.glob(ending), None) is not None]
    if not endings:
        return f"{path} is a folder without recordings (*.jsonl, *.jsonl.gz); name the files themselves."
    return f"{path} is a folder; name the recordings in it: {' '.join(str(path / ending) for ending in endings)}"


@contextmanager
def _opened(path: Path) -> Iterator[Iterable[bytes]]:
    """Compressed or not is told by the first bytes, not by the name."""
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not zipped:
            yield file
            return
        with gzip.GzipFile(fileobj=file) as unzipped:
            yield unzipped


def merge(
    paths: Sequence[Path], known_venues: Collection[str], warn: Warn, check: Check | None = None
) -> Iterator[Record]:
    """The records of all files by ``t_ns``; at the same instant, of the file that begins earlier, then as in ``paths``.

    A socket read brings many frames of the same instant, and a file may have been cut or rolled between two of them.
    Records of venues that are not known are left out with one warning a venue. A connection that merely continues in a
    later file opens once. ``check`` as for ``read``.
    """
    streams = sorted((_peeked(read(path, warn, check)) for path in paths), key=lambda stream: stream[0])
    strange: set[str] = set()
    connections: dict[tuple[str, str], str] = {}
    for record in heapq.merge(*(records for _, records in streams), key=_time):
        if not isinstance(record, Lost):
            if record.venue not in known_venues:
                if record.venue not in strange:
                    strange.add(record.venue)
                    warn(f'records of "{record.venue}" are left out: this version does not know that exchange.')
                continue
            match record:
                case Opened(_, venue, conn, url, continued):
                    if continued and connections.get((venue, conn)) == url:
                        continue
                    connections[venue, conn] = url
                case Closed(_, venue, conn):
                    connections.pop((venue, conn), None)
        yield record


def _peeked(records: Iterator[Record]) -> tuple[int, Iterator[Record]]:
    """When it begins, and all of it; an empty one begins at 0."""
    first = next(records, None)
    return (0, records) if first is None else (first.t_ns, chain([first], records))


def _time(record: Record) -> int:
    return record.t_ns
