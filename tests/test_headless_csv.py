"""CSV files: a day each, whole rows, and a full disk that stops nothing else."""

from __future__ import annotations

import asyncio
import csv
import errno
from pathlib import Path
from typing import IO, Any

import pytest

from arbtui.core.clock import NS_PER_S
from arbtui.core.errors import ConfigError
from arbtui.headless import Headless
from arbtui.lines.build import Lines
from arbtui.lines.csvfiles import COLUMNS, CsvFiles
from tests.headless_support import T0, Bench, printed
from tests.money_support import MoneyBench

DAY_NS = 86_400 * NS_PER_S


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


async def test_signals_spreads_and_prices_are_kept(tmp_path: Path) -> None:
    bench, folder = Bench(tmp_path), tmp_path / "csv"

    def act(bench: Bench) -> None:
        for _ in range(60):
            bench.everything()
            bench.advance(0.5)

    lines = await printed(bench, Headless(emit=frozenset({"signal"}), csv_dir=folder), act)
    assert sorted(path.name for path in folder.iterdir()) == [
        "prices-2023-11-14.csv",
        "signals-2023-11-14.csv",
        "spreads-2023-11-14.csv",
    ]
    signals = rows(folder / "signals-2023-11-14.csv")
    assert [row["id"] for row in signals] == [line["id"] for line in lines]
    spreads = rows(folder / "spreads-2023-11-14.csv")
    assert len(spreads) == 30
    assert spreads[0]["time"] == "2023-11-14T22:13:21.000Z"
    assert spreads[-1]["sell_price"] == "101.0"
    assert spreads[-1]["walk_usd"] == ""
    prices = rows(folder / "prices-2023-11-14.csv")
    assert {row["native"] for row in prices} == {"BTCUSDT", "BTC-USDT-SWAP"}
    assert prices[0]["bid_qty"] in ("1.50", "10.0")


async def test_decisions_are_kept_as_they_are_printed(tmp_path: Path) -> None:
    bench, folder = MoneyBench(tmp_path), tmp_path / "csv"
    bench.auto.start()

    def act(_: Bench) -> None:
        bench.auto.switch(on=True)
        bench.advance(2)
        bench.auto.switch(on=False)

    lines = await printed(bench, Headless(emit=frozenset({"decision"}), csv_dir=folder), act)
    kept = rows(folder / "decisions-2023-11-14.csv")
    assert [(row["act"], row["why"], row["text"]) for row in kept] == [
        (line["act"], line["why"], line["text"]) for line in lines
    ]
    assert [row["act"] for row in kept] == ["on", "wait", "off"]  # it is disarmed


def price_lines(tmp_path: Path) -> Any:
    bench = Bench(tmp_path)
    bench.everything()
    return Lines(bench.desk).quote(bench.okx)


def test_a_new_day_of_engine_time_begins_a_new_file(tmp_path: Path) -> None:
    line, files = price_lines(tmp_path), CsvFiles(tmp_path / "csv")
    files.price(T0, line)
    files.price(T0 + DAY_NS, line)
    assert files.close()
    assert [len(rows(path)) for path in sorted((tmp_path / "csv").iterdir())] == [1, 1]


def test_a_later_run_goes_on_in_the_same_file_under_one_head(tmp_path: Path) -> None:
    line = price_lines(tmp_path)
    for _ in range(2):
        files = CsvFiles(tmp_path / "csv")
        files.price(T0, line)
        assert files.close()
    (path,) = (tmp_path / "csv").iterdir()
    assert len(rows(path)) == 2
    assert path.read_text().count("bid_qty") == 1


def test_a_row_that_an_earlier_run_tore_stays_alone(tmp_path: Path) -> None:
    line, folder = price_lines(tmp_path), tmp_path / "csv"
    folder.mkdir()
    path = folder / "prices-2023-11-14.csv"
    path.write_text(",".join(COLUMNS["prices"]) + "\r\n2023-11-14T22")
    files = CsvFiles(folder)
    files.price(T0, line)
    assert files.close()
    assert [row["venue"] for row in rows(path)] == [None, "okx"]


class FullFile:
    def tell(self) -> int:
        return 0

    def write(self, _: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def flush(self) -> None: ...

    def close(self) -> None: ...


async def test_a_full_disk_stops_the_files_with_one_message_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(self: CsvFiles, path: Path) -> IO[str]:
        return FullFile()  # type: ignore[return-value]  # as much of a file as is used

    monkeypatch.setattr(CsvFiles, "_create", full)

    def act(bench: Bench) -> None:
        for _ in range(10):
            bench.everything()
            bench.advance(0.5)

    lines = await printed(Bench(tmp_path), Headless(emit=frozenset({"status"}), csv_dir=tmp_path / "csv"), act)
    assert len(lines) == 5
    assert caplog.text.count("No space left on device") == 1


def test_a_folder_that_cannot_be_made_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be made for CSV"):
        CsvFiles(tmp_path / "file" / "csv")


def test_rows_that_the_disk_does_not_take_in_time_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("arbtui.lines.csvfiles.MAX_PENDING_ROWS", 1)
    monkeypatch.setattr("arbtui.lines.csvfiles._DRAIN_S", 60.0)
    line, files = price_lines(tmp_path), CsvFiles(tmp_path / "csv")
    for _ in range(3):
        files.price(T0, line)
    assert files.close()
    assert files.left_out == 2
    assert "lack 2 rows" in caplog.text


def test_closing_twice_is_no_error(tmp_path: Path) -> None:
    files = CsvFiles(tmp_path / "csv")
    assert files.close()
    assert asyncio.run(asyncio.to_thread(files.close))
