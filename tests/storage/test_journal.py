"""The journal of orders: in order, on disk before anything is told, honest when the disk is full or the file broken."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from arbtui.core.errors import JournalError
from arbtui.execution.ports import Journal as JournalPort
from arbtui.execution.ports import Record
from arbtui.storage.journal import Journal, kept, read


class Loop:
    """Runs what the writer's thread hands over, at once, and lets a test wait for it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.done: list[str] = []

    def call(self, call: Callable[[], None]) -> None:
        with self._changed:
            call()
            self._changed.notify_all()

    def note(self, text: str) -> Callable[[], None]:
        return lambda: self.done.append(text)

    def failed(self, text: str) -> None:
        self.done.append(f"failed: {text}")

    def wait(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.done) >= count, timeout=20), self.done


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.fixture
def journal(tmp_path: Path, loop: Loop) -> Iterator[Journal]:
    journal = Journal(tmp_path / "paper" / "journal.sqlite3", loop.call)
    yield journal
    journal.close()


def record(n: int, hedge: str = "h1", kind: str = "event") -> Record:
    return Record(t_ns=n, hedge=hedge, kind=kind, body=b'{"n":%d}' % n)


def test_it_is_the_port_that_hedges_want(journal: Journal) -> None:
    port: JournalPort = journal
    assert port is journal


def test_what_was_told_as_written_can_be_read_by_others_at_that_moment(journal: Journal, loop: Loop) -> None:
    seen: list[list[int]] = []
    journal.write([record(1), record(2)], lambda: seen.append([e.t_ns for e in read(journal.path)]), loop.failed)
    journal.write([record(3)], loop.note("three"), loop.failed)
    loop.wait(1)
    assert seen == [[1, 2]] or seen == [[1, 2, 3]]  # waiting batches are committed together


def test_entries_keep_their_order_over_batches_and_restarts(tmp_path: Path, loop: Loop) -> None:
    path = tmp_path / "journal.sqlite3"
    for start in (0, 100):
        journal = Journal(path, loop.call)
        for n in range(start, start + 100):
            journal.write([record(n, hedge=f"h{n % 3}")], None, loop.failed)
        assert journal.close()
    entries = list(read(path))
    assert [e.t_ns for e in entries] == list(range(200))
    assert [e.t_ns for e in read(path, hedge="h1")] == [n for n in range(200) if n % 3 == 1]
    assert [e.t_ns for e in read(path, after=entries[-3].seq)] == [198, 199]


def test_no_journal_yet_reads_as_empty(tmp_path: Path) -> None:
    assert list(read(tmp_path / "none.sqlite3")) == []


def test_a_full_disk_fails_the_batch_and_those_behind_it_and_the_next_write_tries_again(
    journal: Journal, loop: Loop
) -> None:
    journal.write([record(1)], loop.note("one"), loop.failed)
    loop.wait(1)
    pages = journal._database.execute("PRAGMA page_count").fetchone()[0]
    journal._database.execute(f"PRAGMA max_page_count={pages}")  # the disk is full from here on
    big = Record(t_ns=2, hedge="h", kind="event", body=b'"' + b"x" * 200_000 + b'"')
    journal.write([big], loop.note("two"), loop.failed)
    loop.wait(2)
    assert loop.done[1].startswith("failed: ")
    assert str(journal.path) in loop.done[1]
    assert "full" in loop.done[1]
    assert [e.t_ns for e in read(journal.path)] == [1]
    journal._database.execute("PRAGMA max_page_count=1000000")
    journal.write([big, record(3)], loop.note("two and three"), loop.failed)
    loop.wait(3)
    assert loop.done[2] == "two and three"
    assert [e.t_ns for e in read(journal.path)] == [1, 2, 3]


def test_what_was_handed_over_before_a_failure_was_told_fails_too(tmp_path: Path) -> None:
    """Else a later record would stand on disk without an earlier one."""
    calls: list[Callable[[], None]] = []
    done: list[str] = []
    journal = Journal(tmp_path / "journal.sqlite3", calls.append)
    pages = journal._database.execute("PRAGMA page_count").fetchone()[0]
    journal._database.execute(f"PRAGMA max_page_count={pages}")
    big = Record(t_ns=1, hedge="h", kind="event", body=b'"' + b"x" * 200_000 + b'"')
    journal.write([big], lambda: done.append("big"), lambda text: done.append("big failed"))
    deadline = time.monotonic() + 20
    while not calls and time.monotonic() < deadline:
        time.sleep(0.01)  # the writer's thread calls into a list, which cannot be waited for
    journal._database.execute("PRAGMA max_page_count=1000000")  # there is room again, and nobody was told yet
    journal.write([record(2)], lambda: done.append("two"), lambda text: done.append("two failed"))
    while len(calls) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    for call in calls:
        call()
    assert done == ["big failed", "two failed"]
    journal.write([big, record(2)], lambda: done.append("both"), lambda text: done.append("both failed"))
    assert journal.close()
    calls[-1]()
    assert done[2:] == ["both"]
    assert [e.t_ns for e in read(journal.path)] == [1, 2]


def test_a_file_that_is_no_journal_is_refused_in_one_sentence(tmp_path: Path, loop: Loop) -> None:
    path = tmp_path / "journal.sqlite3"
    content = b"this is no database at all, but long enough to be taken for one" * 40
    path.write_bytes(content)
    with pytest.raises(JournalError, match=r"journal\.sqlite3 is damaged .*move the file away"):
        Journal(path, loop.call)
    with pytest.raises(JournalError, match=r"journal\.sqlite3 is damaged"):
        list(read(path))
    assert path.read_bytes() == content


def test_a_journal_damaged_in_its_middle_is_not_written_to(tmp_path: Path, loop: Loop) -> None:
    path = tmp_path / "journal.sqlite3"
    journal = Journal(path, loop.call)
    journal.write([record(n) for n in range(5000)], None, loop.failed)
    assert journal.close()
    raw = bytearray(path.read_bytes())
    raw[8192:60000] = bytes(60000 - 8192)
    path.write_bytes(bytes(raw))
    with pytest.raises(JournalError, match="damaged"):
        Journal(path, loop.call)


def test_a_journal_that_another_holds_is_not_called_damaged(
    tmp_path: Path, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.sqlite3"
    assert Journal(path, loop.call).close()
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **kwargs: connect(*args, **{**kwargs, "timeout": 0.0}))
    with contextlib.closing(connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(JournalError, match=r"locked.*Leave the file where it is") as refused:
            Journal(path, loop.call)
    assert "damaged" not in str(refused.value)


def test_a_full_disk_at_the_start_does_not_call_the_journal_damaged(
    tmp_path: Path, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite itself says that it is full: its file may have so many pages."""

    class Full(sqlite3.Connection):
        def executescript(self, script: str, /) -> sqlite3.Cursor:
            self.execute("PRAGMA max_page_count=1")
            return super().executescript(script)

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **kwargs: connect(*args, **kwargs, factory=Full))
    with pytest.raises(JournalError, match=r"is full.*free the disk") as refused:
        Journal(tmp_path / "journal.sqlite3", loop.call)
    assert "damaged" not in str(refused.value)


def test_a_journal_of_a_later_format_is_left_alone(tmp_path: Path, loop: Loop) -> None:
    path = tmp_path / "journal.sqlite3"
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version=99")
    with pytest.raises(JournalError, match="format 99"):
        Journal(path, loop.call)
    with pytest.raises(JournalError, match="format 99"):  # its records may mean something else
        list(read(path))
    with pytest.raises(JournalError, match="format 99"):
        kept(path, "paper.okx")


def test_a_place_that_cannot_be_written_says_so(tmp_path: Path, loop: Loop) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="cannot be opened"):
        Journal(tmp_path / "file" / "journal.sqlite3", loop.call)


def test_the_latest_of_something_is_kept_in_step_with_the_records(journal: Journal, loop: Loop) -> None:
    assert kept(journal.path, "paper.okx") is None
    journal.keep("paper.okx", b"1", loop.failed)
    journal.write([record(1)], loop.note("one"), loop.failed)
    journal.keep("paper.okx", b"2", loop.failed)
    journal.keep("paper.bybit", b"x", loop.failed)
    journal.write([record(2)], loop.note("two"), loop.failed)
    loop.wait(2)
    assert kept(journal.path, "paper.okx") == b"2"
    assert kept(journal.path, "paper.bybit") == b"x"
    assert loop.done == ["one", "two"]


WRITER = """
import sys, threading
from pathlib import Path
from arbtui.execution.ports import Record
from arbtui.storage.journal import Journal
journal = Journal(Path(sys.argv[1]), lambda call: call())
n = 0
while True:
    n += 1
    done = threading.Event()
    journal.write([Record(n, "h", "event", b"{}")], done.set, sys.exit)
    done.wait()
    print(n, flush=True)
"""


def test_what_was_told_as_written_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        told = 0
        while told < 25:
            told = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
        told = max([told, *(int(line) for line in process.stdout.read().split())])
    entries = [entry.t_ns for entry in read(path)]
    assert entries == list(range(1, len(entries) + 1))
    assert told <= len(entries) <= told + 1
