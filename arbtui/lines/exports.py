"""What a person takes out of the screen: a row, a pane as text, a pane as CSV, each into a file of its own folder.

    copied.jsonl                    every row that was copied, one JSON object a line, the newest last
    spreads-2026-01-31T120501.csv   a pane's rows: all columns, numbers as they are, nothing where nothing is known
    books-2026-01-31T120501.txt     a pane as it stood on the screen

Every call writes at once and blocks: call it in a thread. Raises ``OSError``; then nothing of it is left behind.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO

import msgspec

from arbtui.core.clock import NS_PER_S

Raw = str | float | int | bool | Decimal | None
COPIED = "copied.jsonl"
_json = msgspec.json.Encoder(decimal_format="string")
_TRIES = 100  # files of one pane in one second


@dataclass(frozen=True)
class Table:
    """Rows of a pane as they are, whether on show or not. ``at``: the row under the cursor, None = there is none."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Raw]] = field(default=())
    at: int | None = None

    @property
    def here(self) -> dict[str, Raw] | None:
        """The row under the cursor, by column."""
        if self.at is None or not 0 <= self.at < len(self.rows):
            return None
        return dict(zip(self.columns, self.rows[self.at], strict=True))


class Exports:
    """``folder`` is made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def row(self, t_ns: int, pane: str, text: str, row: dict[str, Raw]) -> Path:
        """Append a copied row: when, from where, the words that went to the clipboard, every value."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / COPIED
        line = _json.encode({"t_ns": t_ns, "pane": pane, "text": text, "row": row})
        with path.open("ab", buffering=0) as file:
            before = file.seek(0, os.SEEK_END)
            try:
                rest = memoryview(line + b"\n")
                while rest:
                    rest = rest[file.write(rest) :]
            except OSError:
                file.truncate(before)
                raise
        return path

    def csv(self, t_ns: int, table: Table) -> Path:
        with self._new(t_ns, table.name, "csv") as file:
            writer = csv.writer(file)
            writer.writerow(table.columns)
            writer.writerows([_plain(value) for value in row] for row in table.rows)
        return Path(file.name)

    def text(self, t_ns: int, name: str, text: str) -> Path:
        with self._new(t_ns, name, "txt") as file:
            file.write(text)
        return Path(file.name)

    @contextmanager
    def _new(self, t_ns: int, name: str, kind: str) -> Iterator[IO[str]]:
        """A new file to write; gone again where it could not be written to its end."""
        file = self._opened(t_ns, name, kind)
        try:
            with file:
                yield file
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise

    def _opened(self, t_ns: int, name: str, kind: str) -> IO[str]:
        """A file of this second that was not there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        stamp = f"{datetime.fromtimestamp(t_ns // NS_PER_S, UTC):%Y-%m-%dT%H%M%S}"
        plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)  # a venue names coins as it likes
        for again in range(_TRIES):
            path = self.folder / f"{plain}-{stamp}{f'-{again + 1}' if again else ''}.{kind}"
            try:
                return path.open("x", encoding="utf-8", newline="")
            except FileExistsError:
                continue
        raise FileExistsError(17, "there are a hundred of this second", str(self.folder))


def _plain(value: Raw) -> str | float | int:
    if value is None:
        return ""
    return f"{value:f}" if isinstance(value, Decimal) else value
