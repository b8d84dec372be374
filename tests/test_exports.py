"""What a person takes out of the screen: files that can be read back, and never one over another."""

from __future__ import annotations

import csv
import json
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
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


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """The kernel takes no more than this for any file, as on a full disk: of one write a part, of the next nothing."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_has_no_room_on_the_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    """Half a table would be taken for all of it, and half a line spoils the next one."""
    exports = Exports(tmp_path)
    kept = exports.row(T0, "grid", "BTC", {"base": "BTC"})
    before = kept.read_bytes()
    long = replace(TABLE, rows=[("x" * 100, 1.0, None, None)] * 1000)
    writes: list[Callable[[], Path]] = [
        lambda: exports.row(T0, "grid", "ETH", {"base": "ETH"}),
        lambda: exports.csv(T0, long),
        lambda: exports.text(T0, "books", "x" * 1000),
    ]
    with no_file_beyond(len(before) + 20):
        for write in writes:
            with pytest.raises(OSError, match="File too large"):
                write()
    assert list(tmp_path.iterdir()) == [kept]
    assert kept.read_bytes() == before
