"""How a private call of Bitget is put together: signed for its moment, and asked on while there is more.

Lists are told page by page: ``cursor`` of one page leads to the next, and only an empty page, or one without a cursor,
is the end. What has happened is told for 30 days at once at most and kept for 90, so a longer stretch is asked for in
parts; the last part has no end, so that nothing newer than our idea of the venue's clock is missed. Parts share their
ends, and what thus comes twice carries an id.
Source: Bitget UTA API docs, Get Order History, Get Fill History, Get Financial Records (startTime, endTime, cursor).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec

from arbtui.core.errors import ProtocolBroken
from arbtui.venues.base import Environment, HttpRequest
from arbtui.venues.bitget import private_shapes, refusals, signing
from arbtui.venues.private import Keys, PrivateCall, Read

DAY_MS = 86_400_000
PART_MS = 30 * DAY_MS
KEPT_MS = 90 * DAY_MS - 3_600_000  # an hour less: the venue's clock decides, not ours

Then = Callable[[int], PrivateCall | None]  # what is asked after the last page, signed for a time stamp


@dataclass(frozen=True)
class Caller:
    """Signs for one account in one environment."""

    env: Environment
    keys: Keys

    cursor_name: ClassVar[str] = "cursor"
    part_ms: ClassVar[int] = PART_MS
    shape: ClassVar[msgspec.json.Decoder[Any]] = private_shapes.page  # what every answer looks like that has no pages

    def get(self, path: str, query: Mapping[str, str], purpose: str, bucket: str, stamp_ms: int) -> HttpRequest:
        return signing.signed(self.env, self.keys, "GET", path, purpose, bucket, stamp_ms, query=query)

    def post(self, path: str, body: Mapping[str, str], purpose: str, bucket: str, stamp_ms: int) -> HttpRequest:
        text = msgspec.json.encode(body).decode()
        return signing.signed(self.env, self.keys, "POST", path, purpose, bucket, stamp_ms, body=text)

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
        request = self.get(path, query, purpose, bucket, stamp_ms)
        if then is None:
            return PrivateCall(request, read, purpose)

        def next_page(status: int, body: bytes, stamp_ms: int) -> PrivateCall | None:
            refusals.result_of(status, body, self.shape, purpose)
            return then(stamp_ms)

        return PrivateCall(request, read, purpose, next_page)

    def further(self, status: int, body: bytes, purpose: str) -> str:
        """The cursor of the next page; "" where this one was the last."""
        page = refusals.result_of(status, body, private_shapes.page, purpose)
        return str(page.cursor) if page.cursor is not None and page.rows else ""

    def pages(
        self,
        path: str,
        query: Mapping[str, str],
        purpose: str,
        bucket: str,
        stamp_ms: int,
        read: Read,
        then: Then | None = None,
        cursor: str = "",
    ) -> PrivateCall:
        """A page, the pages after it, and ``then`` something else."""

        def next_page(status: int, body: bytes, stamp_ms: int) -> PrivateCall | None:
            further = self.further(status, body, purpose)
            if not further:
                return then(stamp_ms) if then is not None else None
            if further == cursor:
                raise ProtocolBroken("unknown_shape", f"Bitget {purpose}: a page that leads to itself")
            return self.pages(path, query, purpose, bucket, stamp_ms, read, then, further)

        asked = {**query, self.cursor_name: cursor} if cursor else query
        return PrivateCall(self.get(path, asked, purpose, bucket, stamp_ms), read, purpose, next_page)

    def since(
        self,
        path: str,
        query: Mapping[str, str],
        purpose: str,
        bucket: str,
        since_ms: int,
        stamp_ms: int,
        read: Read,
        then: Then | None = None,
    ) -> PrivateCall:
        """Everything from ``since_ms`` on, as far back as Bitget keeps it, and ``then`` something else."""
        start_ms = max(since_ms, stamp_ms - KEPT_MS, 0)
        end_ms = start_ms + self.part_ms
        if end_ms >= stamp_ms:
            return self.pages(path, {**query, "startTime": str(start_ms)}, purpose, bucket, stamp_ms, read, then)

        def later(stamp_ms: int) -> PrivateCall:
            return self.since(path, query, purpose, bucket, end_ms, stamp_ms, read, then)

        part = {"startTime": str(start_ms), "endTime": str(end_ms)}
        return self.pages(path, {**query, **part}, purpose, bucket, stamp_ms, read, later)


def one_after_the_other(asks: Sequence[Callable[[int, Then | None], PrivateCall]], stamp_ms: int) -> PrivateCall:
    """``asks`` in turn; each is made when the one before it is complete."""
    first, *others = asks

    def then(stamp_ms: int) -> PrivateCall:
        return one_after_the_other(others, stamp_ms)

    return first(stamp_ms, then if others else None)
