"""How a private call of Bybit is put together, and how its lists are asked on; the rest stands in ``venues.calls``.

``nextPageCursor`` of one page leads to the next. What has happened is told for seven days at once at most and kept for
two years; contracts are told by the coin that they settle in.
Source: Bybit V5 docs, Get Order History, Get Trade History (startTime, endTime, cursor).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import msgspec

from arbtui.venues.base import HttpRequest
from arbtui.venues.bybit import refusals, shapes, signing
from arbtui.venues.bybit.http import encoded_cursor
from arbtui.venues.bybit.instruments import QUOTES
from arbtui.venues.calls import DAY_MS, PagedCaller, Then, one_after_the_other
from arbtui.venues.private import PrivateCall, Read
from arbtui.venues.wire import with_query


@dataclass(frozen=True)
class Caller(PagedCaller):
    """Signs for one account in one environment."""

    venue: ClassVar[str] = "Bybit"
    part_ms: ClassVar[int] = 7 * DAY_MS
    kept_ms: ClassVar[int] = 729 * DAY_MS

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

    def further(self, status: int, body: bytes, purpose: str) -> str:
        page = refusals.result_of(status, body, shapes.page, purpose)
        cursor = encoded_cursor(page.next_page_cursor)
        return "" if bytes(page.rows) == b"[]" else cursor

    def by_settle_coin(
        self, path: str, query: Mapping[str, str], purpose: str, bucket: str, stamp_ms: int, read: Read
    ) -> PrivateCall:
        """Of all contracts, one coin after the other."""

        def ask(coin: str, stamp_ms: int, then: Then | None) -> PrivateCall:
            return self.pages(path, {**query, "settleCoin": coin}, purpose, bucket, stamp_ms, read, then)

        return one_after_the_other([partial(ask, coin) for coin in QUOTES], stamp_ms)
