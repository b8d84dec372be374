"""What a person takes out of the screen: files that can be read back, and never one over another."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

import pytest

from arbtui.core.clock import NS_PER_S
from arbtui.lines.exports import Exports, Table

T0 = 1_800_000_000 * NS_PER_S
TABLE = Table(
    "spreads",
    ("base", "net_bps", "qty", "muted"),
    [("BTC", 1.25, Decimal("0.10"), None), ('O"DD,', None, None, "stale\nvery")],
    0,
)


def test_a_csv_file_holds_all_rows_as_they_are_and_nothing_where_nothing_is_known(tmp_path: Path) -> None:
    path = Exports(tmp_path / "new" / "folder").csv(T0, TABLE)
    assert path.name == "spreads-2027-01-15T080000.csv"
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [list(TABLE.columns), ["BTC", "1.25", "0.10", ""], ['O"DD,', "", "", "stale\nvery"]]


def test_two_files_of_one_second_stand_beside_each_other(tmp_path: Path) -> None:
    exports = Exports(tmp_path)
    one, two = exports.csv(T0, TABLE), exports.csv(T0, TABLE)
    assert one != two
    assert one.read_bytes() == two.read_bytes()
    assert exports.text(T0, "books", "a\nb\n").read_text() == "a\nb\n"
    assert exports.text(T0, "net-../A B", "").name == "net-.._A_B-2027-01-15T080000.txt"


def test_copied_rows_are_appended_with_every_value(tmp_path: Path) -> None:
    exports = Exports(tmp_path)
    assert TABLE.here is not None
    for t_ns in (T0, T0 + 1):
        path = exports.row(t_ns, "grid", "BTC: 1.25", TABLE.here)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["t_ns"] for line in lines] == [T0, T0 + 1]
    assert lines[0]["row"] == {"base": "BTC", "net_bps": 1.25, "qty": "0.10", "muted": None}
    assert lines[0]["text"] == "BTC: 1.25"


def test_a_row_that_is_not_there_is_none() -> None:
    assert Table("x", ("a",), [("1",)], None).here is None
    assert Table("x", ("a",), [("1",)], 1).here is None
    assert Table("x", ("a",), [("1",)], -1).here is None


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        Exports(tmp_path / "file").csv(T0, TABLE)
