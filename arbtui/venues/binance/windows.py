"""Lists that Binance tells for a stretch of time only, at most 1000 rows at once, asked for piece by piece.

Which end of a stretch a full page was cut at is not told for all lists, so a full page is never taken for a part of it:
the stretch is asked for again up to the middle row of the page, until its page is not full; then goes on from there.
That is 500 rows a step at worst, whichever end was cut. Stretches share their ends; rows that thus come twice carry
ids. The last stretch has no end, so that nothing newer than our idea of the venue's clock is missed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import msgspec

from arbtui.core.errors import ProtocolBroken
from arbtui.core.orders import AccountEvent
from arbtui.venues.base import HttpRequest
from arbtui.venues.binance.signing import Params
from arbtui.venues.private import PrivateCall
from arbtui.venues.wire import DECODE_ERRORS, Millis

LIMIT = 1000
_MS_PER_DAY = 86_400_000
_SLACK_MS = 60_000  # the venue's clock moves on while we ask


class _Timed(msgspec.Struct):
    time: Millis | None = None


_ROWS = msgspec.json.Decoder(list[_Timed])


@dataclass(frozen=True)
class TimedList:
    """One list. ``sign``: parameters, stamp -> request. ``kept_days``: what is older is gone and not asked for."""

    sign: Callable[[Params, int], HttpRequest]
    read: Callable[[int, bytes, int], Sequence[AccountEvent]]
    widest_days: int
    kept_days: int | None = None

    def since(self, since_ms: int, stamp_ms: int) -> PrivateCall:
        """All rows from ``since_ms`` on; further stretches by ``next_page``."""
        start_ms = max(since_ms, 0)
        if self.kept_days is not None:
            start_ms = max(start_ms, stamp_ms - self.kept_days * _MS_PER_DAY)
        return self._from(start_ms, stamp_ms)

    def _from(self, start_ms: int, stamp_ms: int) -> PrivateCall:
        end_ms = start_ms + self.widest_days * _MS_PER_DAY - _SLACK_MS
        return self._ask(start_ms, end_ms if end_ms < stamp_ms else None, stamp_ms)

    def _ask(self, start_ms: int, end_ms: int | None, stamp_ms: int) -> PrivateCall:
        end = [] if end_ms is None else [("endTime", str(end_ms))]
        request = self.sign([("startTime", str(start_ms)), *end, ("limit", str(LIMIT))], stamp_ms)
        last_ms = stamp_ms if end_ms is None else end_ms

        def after(status: int, body: bytes, stamp_ms: int) -> PrivateCall | None:
            middle_ms = _middle_of_full(body)
            if middle_ms is None:
                return None if end_ms is None else self._from(end_ms, stamp_ms)
            if last_ms - start_ms <= 1:
                return None  # ``read`` has refused it already
            return self._ask(start_ms, min(max(middle_ms, start_ms + 1), last_ms - 1), stamp_ms)

        return PrivateCall(request, partial(self._read, last_ms - start_ms), request.purpose, after)

    def _read(self, width_ms: int, status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
        events = self.read(status, body, t_ns)
        if width_ms <= 1 and _middle_of_full(body) is not None:
            raise ProtocolBroken("page_full", f"Binance told {LIMIT} rows of two milliseconds; there may be more")
        return events


def _middle_of_full(body: bytes) -> int | None:
    """The time of the middle row of a page that may have been cut; None for one that was not, and for no page."""
    try:
        rows = _ROWS.decode(body)
    except DECODE_ERRORS:  # ``read`` says what is wrong with it
        return None
    return sorted(row.time or 0 for row in rows)[len(rows) // 2] if len(rows) >= LIMIT else None
