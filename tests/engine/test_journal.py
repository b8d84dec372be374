"""`arbtui journal`: everything that stands there, in words and whole, beside a writer, and up to a damage."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from arbtui.core.errors import RefusalReason
from arbtui.engine.journal import Wanted, hedges_in, show
from arbtui.execution.ports import Record
from arbtui.storage.journal import Journal
from tests.execution.stage import HEDGE, Stage, intent


def written(path: Path, records: Sequence[Record]) -> Path:
    """A journal as a run leaves it."""
    done = threading.Event()
    journal = Journal(path, lambda call: call())
    journal.write(records, done.set, lambda text: None)
    assert done.wait(10)
    assert journal.close()
    return path


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    stage.hedged()
    return stage


@pytest.fixture
def path(tmp_path: Path, stage: Stage) -> Path:
    return written(tmp_path / "journal.sqlite3", stage.disk.kept)


def shown(path: Path, **wanted: Any) -> tuple[int, list[str], str]:
    """Exit code, lines, what was complained of."""
    out: list[str] = []
    complaints: list[str] = []
    code = show(path, Wanted(**wanted), out.append, complaints.append)
    return code, "".join(out).splitlines(), " ".join(complaints)


def test_each_record_is_one_line_in_words(path: Path, stage: Stage) -> None:
    code, (head, *lines), complaints = shown(path)
    assert (code, complaints) == (0, "")
    assert head.split()[:2] == ["TIME", "(UTC)"]
    assert len(lines) == len(stage.disk.kept)
    text = "\n".join(lines)
    assert "open COIN: buy 10.0 alpha.perp.COINUSDT at 100.00, sell 10.0 beta.perp.COINUSDT at 100.20" in text
    assert "buy 10.0 alpha.perp.COINUSDT" in text
    assert "to enter (ab" in text
    assert "alpha filled ab" in text
    assert f"{HEDGE}  step     hedged: hedged: 10" in text
    assert "2027-01-15 08:00:00.000" in lines[0]


def test_json_lines_carry_the_whole_record(path: Path, stage: Stage) -> None:
    code, lines, _ = shown(path, as_json=True)
    records = [json.loads(line) for line in lines]
    assert code == 0
    assert [record["seq"] for record in records] == list(range(1, len(stage.disk.kept) + 1))
    assert [record["body"] for record in records] == [json.loads(kept.body) for kept in stage.disk.kept]
    assert records[0]["hedge"] is None  # arbtui took the journal up
    assert (records[-1]["hedge"], records[-1]["state"]) == (HEDGE, "hedged")


def test_the_tail_is_the_end_and_knows_the_state(path: Path) -> None:
    _, lines, _ = shown(path, as_json=True, tail=2)
    assert len(lines) == 2
    assert json.loads(lines[-1])["state"] == "hedged"


def test_one_hedge_is_shown_alone(tmp_path: Path, stage: Stage) -> None:
    other = intent(hedge="mywpiwwa01")
    stage.open(other)
    path = written(tmp_path / "two.sqlite3", stage.disk.kept)
    _, lines, _ = shown(path, as_json=True, hedge="mywpiwwa01")
    assert {json.loads(line)["hedge"] for line in lines} == {"mywpiwwa01"}
    _, lines, _ = shown(path, as_json=True, hedge="nobody")
    assert lines == []


def test_refusals_and_silence_are_told_in_the_venues_words(tmp_path: Path) -> None:
    stage = Stage()
    stage.open()
    stage.refuses(stage.order("alpha"), RefusalReason.INSUFFICIENT)
    stage.silent(stage.order("beta"))
    stage.wait(200)
    _, lines, _ = shown(written(tmp_path / "journal.sqlite3", stage.disk.kept))
    text = "\n".join(lines)
    assert "(insufficient): alpha says insufficient" in text
    assert "beta did not answer (place ab" in text
    assert "halted: " in text


def test_it_is_read_while_somebody_writes_it(tmp_path: Path, stage: Stage) -> None:
    path, done = tmp_path / "journal.sqlite3", threading.Event()
    journal = Journal(path, lambda call: call())
    try:
        journal.write(stage.disk.kept, done.set, lambda text: None)
        assert done.wait(10)
        assert len(shown(path, as_json=True)[1]) == len(stage.disk.kept)
        done.clear()
        journal.write(stage.disk.kept[-1:], done.set, lambda text: None)  # the reader has locked nothing
        assert done.wait(10)
        assert len(shown(path, as_json=True)[1]) == len(stage.disk.kept) + 1
    finally:
        journal.close()


def test_following_goes_on_with_what_is_written(tmp_path: Path, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "journal.sqlite3", stage.disk.kept[:2])
    rest = iter(stage.disk.kept[2:4])

    def meanwhile(_: float) -> None:
        record = next(rest, None)
        if record is None:
            raise KeyboardInterrupt
        written(path, [record])

    monkeypatch.setattr(time, "sleep", meanwhile)
    out: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        show(path, Wanted(as_json=True, follow=True), out.append, out.append)
    assert [json.loads(line)["seq"] for line in out] == [1, 2, 3, 4]


def test_a_file_that_is_no_journal_is_said_and_is_exit_code_1(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    path.write_bytes(b"not a database, but long enough to be taken for one" * 100)
    code, lines, complaints = shown(path)
    assert code == 1
    assert len(lines) == 1
    assert f"{path} is damaged" in complaints


def test_a_damaged_file_is_shown_up_to_the_damage(tmp_path: Path, stage: Stage) -> None:
    path = written(tmp_path / "journal.sqlite3", [*stage.disk.kept] * 300)
    whole = len(shown(path, as_json=True)[1])
    pages = path.stat().st_size // 4096
    assert pages > 40
    with path.open("r+b") as file:
        file.seek(4096 * (pages // 2))
        file.write(b"\xff" * 4096 * 4)
    code, lines, complaints = shown(path, as_json=True)
    assert code == 1
    assert 0 < len(lines) < whole
    assert "Shown is what stands before the damage" in complaints


def test_a_record_that_nobody_understands_is_shown_as_such(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("UPDATE records SET body = ? WHERE seq = 3", (b'{"type":"nonsense"}',))
        database.execute("UPDATE records SET body = ? WHERE seq = 4", (7,))
    code, lines, complaints = shown(path)
    assert code == 1
    assert 'cannot be understood: b\'{"type":"nonsense"}\'' in lines[3]
    assert "2 records" in complaints
    _, lines, _ = shown(path, as_json=True)
    assert json.loads(lines[2])["body"] is None


def test_the_hedges_of_a_journal_are_known_again(path: Path, stage: Stage) -> None:
    (ledger,) = hedges_in(path).values()
    held = stage.runner.ledgers[HEDGE]
    assert (ledger.hedge, ledger.state) == (HEDGE, held.state)
    assert [ledger.position(leg) for leg in (0, 1)] == [held.position(leg) for leg in (0, 1)]
