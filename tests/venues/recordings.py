"""Real traffic that lies beside the repository, and tables that take in what is in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from arbtui.core.model import Market
from arbtui.venues.base import Tables

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "recorded"
needed = pytest.mark.skipif(not RECORDED.is_dir(), reason=f"there are no recordings at {RECORDED}")


class Growing(dict[str, int]):
    """A table that takes in what it meets, as a replay without instrument bodies does."""

    def __missing__(self, native: str) -> int:
        self[native] = len(self)
        return self[native]


def growing() -> Tables:
    return Tables({Market.PERP: Growing(), Market.SPOT: Growing()})


def lines(path: Path) -> Iterator[Any]:
    """The messages of a file."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)
