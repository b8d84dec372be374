"""How a private call of OKX is put together: signed for its moment, and asked on while pages are full.

Lists come newest first, at most 100 rows a page; ``after`` asks for what is older than an id. Lists of a period are
asked for with both its ends: with ``begin`` alone OKX would start from the far end and ``after`` would lead nowhere.
Source: OKX API v5 docs, "OKX API Best Practices", Pagination.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from arbtui.core.errors import ProtocolBroken
from arbtui.venues import calls
from arbtui.venues.base import HttpRequest
from arbtui.venues.okx import shapes, signing
from arbtui.venues.private import PrivateCall, Read
from arbtui.venues.wire import guarded, with_query

PAGE = 100
_AHEAD_MS = 3_600_000  # a period ends so long after now: clocks differ, and what happens meanwhile belongs to it


@dataclass(frozen=True)
class Caller(calls.Caller):
    """Signs for one account in one environment."""

    def get(
        self, path: str, query: Mapping[str, str], purpose: str, bucket: str, stamp_ms: int, cursor: str = ""
    ) -> HttpRequest:
        target = with_query(path, **query, **({"after": cursor} if cursor else {}))
        return signing.signed(self.env, self.keys, "GET", target, purpose, bucket, stamp_ms)

    def post(
        self,
        path: str,
        body: Mapping[str, str | bool],
        purpose: str,
        bucket: str,
        stamp_ms: int,
        expires_ms: int | None = None,
    ) -> HttpRequest:
        content = msgspec.json.encode(body)
        return signing.signed(
            self.env, self.keys, "POST", path, purpose, bucket, stamp_ms, body=content, expires_ms=expires_ms
        )

    def pages(
        self,
        path: str,
        query: Mapping[str, str],
        purpose: str,
        bucket: str,
        stamp_ms: int,
        read: Read,
        cursor: Callable[[msgspec.Raw], str],
        after: str = "",
    ) -> PrivateCall:
        """A page and what is older. ``cursor`` finds the id in a row by which to ask on."""

        def next_page(status: int, body: bytes, stamp_ms: int) -> PrivateCall | None:
            last = _last_row_of_a_full_page(body, purpose)
            if last is None:
                return None
            older = cursor(last)
            if older in ("", after):
                raise ProtocolBroken("unknown_shape", f"OKX {purpose}: a full page that cannot be asked on from")
            return self.pages(path, query, purpose, bucket, stamp_ms, read, cursor, older)

        here = {**query, "limit": str(PAGE)}
        return PrivateCall(self.get(path, here, purpose, bucket, stamp_ms, after), read, purpose, next_page)


def period(since_ms: int, stamp_ms: int) -> dict[str, str]:
    """From ``since_ms`` until now, both ends included."""
    return {"begin": str(max(since_ms, 0)), "end": str(stamp_ms + _AHEAD_MS)}


class _Ids(msgspec.Struct, rename="camel"):
    ord_id: str = ""
    bill_id: str = ""


_raw_rows = msgspec.json.Decoder(list[msgspec.Raw])
_ids = msgspec.json.Decoder(_Ids)


def by_order(row: msgspec.Raw) -> str:
    return guarded(_ids, row, "OKX row").ord_id


def by_bill(row: msgspec.Raw) -> str:
    return guarded(_ids, row, "OKX row").bill_id


def _last_row_of_a_full_page(body: bytes, purpose: str) -> msgspec.Raw | None:
    envelope = guarded(shapes.envelope, body, f"OKX {purpose}")
    rows = guarded(_raw_rows, envelope.data, f"OKX {purpose}")
    return rows[-1] if len(rows) >= PAGE else None
