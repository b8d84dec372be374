"""How a private call of Bybit is put together: signed for its moment, and asked on while there is more.

Lists are told page by page (``nextPageCursor``), those of what has happened for seven days at once at most, so a longer
stretch is asked for week by week. The last week has no end, so that nothing newer than our idea of the venue's clock
is missed; weeks share their ends, and what thus comes twice carries an id.
Source: Bybit V5 docs, Get Order History, Get Trade History (startTime, endTime, cursor).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from arbtui.core.errors import ProtocolBroken
from arbtui.venues.base import Environment, HttpRequest
from arbtui.venues.bybit import refusals, shapes, signing
from arbtui.venues.bybit.http import encoded_cursor
from arbtui.venues.bybit.instruments import QUOTES
from arbtui.venues.private import Keys, PrivateCall, Read
from arbtui.venues.wire import with_query

DAY_MS = 86_400_000
WEEK_MS = 7 * DAY_MS
KEPT_MS = 729 * DAY_MS  # two years

Then = Callable[[int], PrivateCall | None]  # what is asked after the last page, signed for a time stamp


@dataclass(frozen=True)
class Caller:
    """Signs for one account in one environment."""

    env: Environment
    keys: Keys

    def get(
        self, path: str, query: Mapping[str, str], purpose: str, bucket: str, stamp_ms: int, cursor: str = ""
    ) -> HttpRequest:
        text = with_query("", **query).removeprefix("?")
        if cursor:
            text = f"{text}&cursor={cursor}"
        return signing.signed(self.env, self.keys, "GET", path, purpose, bucket, stamp_ms, query=text)

    def post(
        self, path: str, body: Mapping[str, str | int | bool], purpose: str, bucket: str, stamp_ms: int
    ) -> HttpRequest:
        text = msgspec.json.encode(body).decode()
        return signing.signed(self.env, self.keys, "POST", path, purpose, bucket, stamp_ms, body=text)

    def read(
        self, path: str, query: Mapping[str, str], purpose: str, bucket: str, stamp_ms: int, read: Read
    ) -> PrivateCall:
        """One answer, no pages."""
        return PrivateCall(self.get(path, query, purpose, bucket, stamp_ms), read, purpose)

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
            page = refusals.result_of(status, body, shapes.page, purpose)
            further = encoded_cursor(page.next_page_cursor)
            if not further or bytes(page.rows) == b"[]":
                return then(stamp_ms) if then is not None else None
            if further == cursor:
                raise ProtocolBroken("unknown_shape", f"Bybit {purpose}: a page that leads to itself")
            return self.pages(path, query, purpose, bucket, stamp_ms, read, then, further)

        request = self.get(path, query, purpose, bucket, stamp_ms, cursor)
        return PrivateCall(request, read, purpose, next_page)

    def since(
        self,
        path: str,
        query: Mapping[str, str],
        purpose: str,
        bucket: str,
        since_ms: int,
        stamp_ms: int,
        read: Read,
    ) -> PrivateCall:
        """Everything from ``since_ms`` on, as far back as Bybit keeps it."""
        start_ms = max(since_ms, stamp_ms - KEPT_MS, 0)
        end_ms = start_ms + WEEK_MS
        if end_ms >= stamp_ms:
            return self.pages(path, {**query, "startTime": str(start_ms)}, purpose, bucket, stamp_ms, read)

        def later(stamp_ms: int) -> PrivateCall:
            return self.since(path, query, purpose, bucket, end_ms, stamp_ms, read)

        week = {"startTime": str(start_ms), "endTime": str(end_ms)}
        return self.pages(path, {**query, **week}, purpose, bucket, stamp_ms, read, later)

    def by_settle_coin(
        self,
        path: str,
        query: Mapping[str, str],
        purpose: str,
        bucket: str,
        stamp_ms: int,
        read: Read,
        coins: Sequence[str] = QUOTES,
    ) -> PrivateCall:
        """Of all contracts: they are told by the coin that they settle in, one coin after the other."""
        coin, *others = coins

        def further(stamp_ms: int) -> PrivateCall:
            return self.by_settle_coin(path, query, purpose, bucket, stamp_ms, read, others)

        asked = {**query, "settleCoin": coin}
        return self.pages(path, asked, purpose, bucket, stamp_ms, read, further if others else None)
