"""The journal: what was decided and observed of orders, on disk before anything depends on it.

One SQLite file a mode (WAL, ``synchronous=FULL``: a commit has reached the disk). One table, one order: ``seq``.

    records(seq, t_ns, hedge, kind, body)      body is JSON; ``execution.records`` knows the kinds
    kept(name, value)                          the latest of something, in step with the records around it

Only the holder of the mode's lock opens ``Journal``, and only its thread writes; whatever waits is committed together,
in order. Everybody else reads with ``mode=ro`` (SQLite before 3.51.3 has a race between two writers of one WAL).

A full disk is no end: a batch that cannot be committed is told as failed and forgotten here; whoever gave it still has
it, and decides. Batches that were handed over before that was told fail too, so that a later one never stands on disk
without an earlier one; each write after that tries the disk again.
"""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from arbtui.core.errors import JournalError

FORMAT = 1
CLOSE_WITHIN_S = 5.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS records(
    seq INTEGER PRIMARY KEY, t_ns INTEGER NOT NULL, hedge TEXT NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS by_hedge ON records(hedge, seq);
CREATE TABLE IF NOT EXISTS kept(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
"""
_NOT_NOW = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)
_INSERT = "INSERT INTO records(t_ns, hedge, kind, body) VALUES (?, ?, ?, ?)"
_KEEP = "INSERT INTO kept(name, value) VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value"


@dataclass(frozen=True)
class Entry:
    """One record as it stands on disk."""

    seq: int
    t_ns: int
    hedge: str
    kind: str
    body: bytes


class Line(Protocol):
    """What is written: ``execution.ports.Record``, or any entry that was read."""

    @property
    def t_ns(self) -> int: ...
    @property
    def hedge(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def body(self) -> bytes: ...


@dataclass(frozen=True)
class _Batch:
    epoch: int  # how many failures had been told when it was handed over
    lines: list[tuple[int, str, str, bytes]]
    then: Callable[[], None] | None
    failed: Callable[[str], None]
    kept: tuple[str, bytes] | None = None


class Journal:
    """The writer. Calls back through ``on_loop`` (``loop.call_soon_threadsafe``), never from its own thread."""

    def __init__(self, path: Path, on_loop: Callable[[Callable[[], None]], object]) -> None:
        """Open or create. Raises ``JournalError`` for a file that is damaged, foreign, or cannot be written."""
        self.path = path
        self._on_loop = on_loop
        self._database = _open_to_write(path)
        self._queue: queue.SimpleQueue[_Batch | None] = queue.SimpleQueue()
        self._epoch = 0  # of the loop
        self._failed_epoch = -1  # of the thread: batches up to this one fail
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def write(self, records: Sequence[Line], then: Callable[[], None] | None, failed: Callable[[str], None]) -> None:
        """Append. Either ``then`` is called, once all is on disk, or ``failed``, with one sentence: see the module."""
        lines = [(record.t_ns, record.hedge, record.kind, record.body) for record in records]
        self._queue.put(_Batch(self._epoch, lines, then, failed))

    def keep(self, name: str, value: bytes, failed: Callable[[str], None]) -> None:
        """Replace what is kept under ``name``, after all that was handed over before and before all that follows."""
        self._queue.put(_Batch(self._epoch, [], None, failed, (name, value)))

    def close(self) -> bool:
        """Write what waits and close; whether that is done. Blocks: call it in a thread."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join(CLOSE_WITHIN_S)
        return not self._thread.is_alive()

    def _work(self) -> None:
        ended = False
        text = ""
        while not ended:
            batches, ended = self._waiting()
            late = [batch for batch in batches if batch.epoch <= self._failed_epoch]
            fresh = [batch for batch in batches if batch.epoch > self._failed_epoch]
            self._tell_failed(late, text)
            if fresh and (text := self._commit(fresh)):
                self._failed_epoch = fresh[-1].epoch
                self._tell_failed(fresh, text)
        with contextlib.suppress(sqlite3.Error):
            self._database.close()

    def _waiting(self) -> tuple[list[_Batch], bool]:
        """Wait for one batch, and take along what else is there; whether it was the end."""
        batches: list[_Batch] = []
        batch = self._queue.get()
        while batch is not None:
            batches.append(batch)
            try:
                batch = self._queue.get_nowait()
            except queue.Empty:
                return batches, False
        return batches, True

    def _commit(self, batches: Sequence[_Batch]) -> str:
        """All of them or none; why not, in words."""
        try:
            with self._database:
                self._database.execute("BEGIN IMMEDIATE")
                for batch in batches:
                    self._database.executemany(_INSERT, batch.lines)
                    if batch.kept is not None:
                        self._database.execute(_KEEP, batch.kept)
        except sqlite3.Error as error:
            return f"{self.path} cannot be written: {error}"
        for batch in batches:
            if batch.then is not None:
                self._call(batch.then)
        return ""

    def _tell_failed(self, batches: Sequence[_Batch], text: str) -> None:
        for batch in batches:
            self._call(partial(self._told, batch, text))

    def _told(self, batch: _Batch, text: str) -> None:
        self._epoch = max(self._epoch, batch.epoch + 1)
        batch.failed(text)

    def _call(self, call: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits for it any more
            self._on_loop(call)


def read(path: Path, *, hedge: str | None = None, kind: str | None = None, after: int = 0) -> Iterator[Entry]:
    """The entries in their order, all or those of one hedge, of one kind; nothing where there is no journal yet.

    Raises ``JournalError`` at the place from which on it cannot be read.
    """
    if not path.exists():
        return
    what, given = "SELECT seq, t_ns, hedge, kind, body FROM records WHERE seq > ?", list[int | str]([after])
    if hedge is not None:
        what, given = what + " AND hedge = ?", [*given, hedge]
    if kind is not None:
        what, given = what + " AND kind = ?", [*given, kind]
    try:
        with contextlib.closing(_open_to_read(path)) as database:
            for row in database.execute(what + " ORDER BY seq", given):
                yield Entry(*row)
    except sqlite3.Error as error:
        raise _unreadable(path, error) from None


def kept(path: Path, name: str) -> bytes | None:
    """What was last kept under ``name``. Raises ``JournalError``."""
    if not path.exists():
        return None
    try:
        with contextlib.closing(_open_to_read(path)) as database:
            row = database.execute("SELECT value FROM kept WHERE name = ?", (name,)).fetchone()
    except sqlite3.Error as error:
        raise _unreadable(path, error) from None
    return bytes(row[0]) if row is not None else None


def _open_to_write(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
    except (OSError, sqlite3.Error) as error:
        raise JournalError(f"{path} cannot be opened: {error}; no order can be sent without it.") from None
    try:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        _refuse_other_format(path, database)
        database.executescript(_SCHEMA)
        database.execute(f"PRAGMA user_version={FORMAT}")
    except sqlite3.Error as error:
        database.close()
        raise _unreadable(path, error) from None
    except JournalError:
        database.close()
        raise
    return database


def _open_to_read(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(f"file:{urllib.parse.quote(str(path))}?mode=ro", uri=True, timeout=5.0)
    try:
        _refuse_other_format(path, database)
    except BaseException:
        database.close()
        raise
    return database


def _refuse_other_format(path: Path, database: sqlite3.Connection) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version not in (0, FORMAT):
        raise JournalError(f"{path} was written by another version of arbtui (format {version}); use that one.")


def _unreadable(path: Path, error: sqlite3.Error) -> JournalError:
    """A sound file that cannot be used now must not be called damaged: who moves it away forgets what is open."""
    if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in _NOT_NOW:
        return JournalError(
            f"{path} cannot be used now ({error}): nothing is sent while it is so; free the disk, see that you may "
            "write there and that nothing else holds the file, then start again. Leave the file where it is."
        )
    return JournalError(
        f"{path} is damaged ({error}): nothing is sent while it is so; look at your accounts (`arbtui flatten "
        "--dry-run` works without it), then move the file away."
    )
