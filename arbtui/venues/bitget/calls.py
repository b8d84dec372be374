"""How a private call of Bitget is put together, and how its lists are asked on; the rest stands in ``venues.calls``.

``cursor`` of one page leads to the next, and only an empty page, or one without a cursor, is the end. What has happened
is told for 30 days at once at most and kept for 90.
Source: Bitget UTA API docs, Get Order History, Get Fill History, Get Financial Records (startTime, endTime, cursor).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec

from arbtui.venues.base import HttpRequest
from arbtui.venues.bitget import private_shapes, refusals, signing
from arbtui.venues.calls import DAY_MS, PagedCaller, Then
from arbtui.venues.private import PrivateCall, Read


@dataclass(frozen=True)
class Caller(PagedCaller):
    """Signs for one account in one environment."""

    venue: ClassVar[str] = "Bitget"
    part_ms: ClassVar[int] = 30 * DAY_MS
    kept_ms: ClassVar[int] = 90 * DAY_MS - 3_600_000  # an hour less: the venue's clock decides, not ours
    cursor_name: ClassVar[str] = "cursor"
    shape: ClassVar[msgspec.json.Decoder[Any]] = private_shapes.page  # what every answer looks like that has no pages

    def get(
        self, path: str, query: Mapping[str, str], purpose: str, bucket: str, stamp_ms: int, cursor: str = ""
    ) -> HttpRequest:
        asked = {**query, self.cursor_name: cursor} if cursor else query
        return signing.signed(self.env, self.keys, "GET", path, purpose, bucket, stamp_ms, query=asked)

    def post(self, path: str, body: Mapping[str, str], purpose: str, bucket: str, stamp_ms: int) -> HttpRequest:
        text = msgspec.json.encode(body).decode()
        return signing.signed(self.env, self.keys, "POST", path, purpose, bucket, stamp_ms, body=text)

    def further(self, status: int, body: bytes, purpose: str) -> str:
        page = refusals.result_of(status, body, private_shapes.page, purpose)
        return str(page.cursor) if page.cursor is not None and page.rows else ""

    def read(
        self,
        path: str,
        query: Mapping[str, str],
        purpose: str,
        bucket: str,
        stamp_ms: int,
        read: Read,
        then: Then | None = None,
    ) -> PrivateCall:
        """One answer, no pages, and ``then`` something else."""
        call = super().read(path, query, purpose, bucket, stamp_ms, read)
        if then is None:
            return call

        def next_page(status: int, body: bytes, stamp_ms: int) -> PrivateCall | None:
            refusals.result_of(status, body, self.shape, purpose)
            return then(stamp_ms)

        return PrivateCall(call.request, read, purpose, next_page)
