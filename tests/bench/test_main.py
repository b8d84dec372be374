"""The command around the parts: choice, files, exit codes. What is measured is replaced here."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import orjson
import pytest

from arbtui.bench import main as bench
from arbtui.bench.report import Goal, Result, Table
from arbtui.core.errors import ConfigError, OurMistake

WELL = Result("start", (Table("well", ("", "s"), (("one", 1.0),)),), (Goal("start", 1.0, "s", 2.0, 3.0),))
ILL = Result("gc", (), (Goal("pause", 30.0, "ms", 5.0, 20.0),))


def _returns(result: Result) -> bench.Part:
    return lambda venues, quick, args: result


def _breaks(venues: Sequence[str], quick: bool, args: argparse.Namespace) -> Result:
    raise OurMistake("the simulator ended at start")


def _run(monkeypatch: pytest.MonkeyPatch, parts: dict[str, bench.Part], *words: str) -> int:
    monkeypatch.setattr(bench, "PARTS", parts)
    return bench.main(words)


def test_figures_and_the_machine_they_come_from_are_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(monkeypatch, {"start": _returns(WELL)}) == 0
    out = capsys.readouterr().out
    assert "Python" in out
    assert "msgspec" in out
    assert "well" in out


def test_a_failure_counts_only_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = {"start": _returns(WELL), "gc": _returns(ILL)}
    assert _run(monkeypatch, parts) == 0
    assert _run(monkeypatch, parts, "--check") == 1
    assert _run(monkeypatch, parts, "--check", "start") == 0


def test_a_part_that_cannot_be_measured_fails_the_run_and_not_the_other_parts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(monkeypatch, {"memory": _breaks, "start": _returns(WELL)}) == 1
    out = capsys.readouterr().out
    assert "memory could not be measured: the simulator ended at start" in out
    assert "well" in out


def test_the_json_file_says_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    assert _run(monkeypatch, {"gc": _returns(ILL), "memory": _breaks}, "--json", str(file)) == 1
    told = orjson.loads(file.read_bytes())
    assert told["results"][0]["goals"][0]["verdict"] == "FAIL"
    assert told["not_measured"] == {"memory": "the simulator ended at start"}
    assert told["machine"]["python"]


def test_a_file_that_cannot_be_written_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        _run(monkeypatch, {"gc": _returns(ILL)}, "--json", str(tmp_path))


def test_unknown_parts_and_venues_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match='no part "hotpth"'):
        _run(monkeypatch, {"hotpath": _returns(WELL)}, "hotpth")
    with pytest.raises(ConfigError, match='"mtgox" cannot be measured'):
        _run(monkeypatch, {"hotpath": _returns(WELL)}, "--venues", "binance,mtgox")
    with pytest.raises(ConfigError, match="at least two"):
        _run(monkeypatch, {"hotpath": _returns(WELL)}, "--venues", "binance")
