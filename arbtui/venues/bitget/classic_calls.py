"""How lists of a classic account are asked on: ``idLessThan`` the last id of a page, until a page is empty.

Fills are told for a week at once at most, everything else for longer; all is kept for 90 days. The rest stands in
``calls``.
Source: Bitget classic API docs, Get Fills, Get History Orders, Get Account Bill (startTime, endTime, idLessThan).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec

from arbtui.venues.bitget import classic_shapes, refusals
from arbtui.venues.bitget.calls import Caller
from arbtui.venues.calls import DAY_MS


@dataclass(frozen=True)
class ClassicCaller(Caller):
    """Signs for one classic account in one environment."""

    cursor_name: ClassVar[str] = "idLessThan"
    part_ms: ClassVar[int] = 7 * DAY_MS
    shape: ClassVar[msgspec.json.Decoder[Any]] = classic_shapes.anything

    def further(self, status: int, body: bytes, purpose: str) -> str:
        return classic_shapes.cursor_of(refusals.result_of(status, body, classic_shapes.page, purpose))
