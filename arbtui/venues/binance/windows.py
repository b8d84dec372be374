"""Lists that Binance tells for a stretch of time only, at most 1000 rows at once, asked for piece by piece.

A full page may have been cut at either end (the docs do not say for all lists), so it is never taken for the whole
stretch: the stretch is halved and asked for again until its page is not full. Ends overlap by a millisecond. Rows may
thus come twice; they carry ids. The last stretch has no end, so that nothing newer than our idea of the venue's clock
is missed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import msgspec

from arbtui.core.errors import ProtocolBroken
from arbtui.core.orders import AccountEvent
from arbtui.venues.binance.signing import Params, SignedRequest
from arbtui.venues.private import PrivateCall
from arbtui.venues.wire import DECODE_ERRORS

LIMIT = 1000
_MS_PER_DAY = 86_400_000
_SLACK_MS = 60_000  # the venue's clock moves on while we ask

_ROWS = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True)
class TimedList:
    """One list. ``sign``: parameters, stamp -> request. ``kept_days``: what is older is gone and not asked for."""

    sign: Callable[[Params, int], SignedRequest]
    read: Callable[[int, bytes, int], Sequence[AccountEvent]]
    widest_days: int
    kept_days: int | None = None

    def since(self, since_ms: int, stamp_ms: int) -> PrivateCall:
        """All rows from ``since_ms`` on; further stretches by ``next_page``."""
        start_ms = max(since_ms, 0)
        if self.kept_days is not None:
            start_ms = max(start_ms, stamp_ms - self.kept_days * _MS_PER_DAY)
        return self._ask(start_ms, self._widest_ms, stamp_ms)

    @property
    def _widest_ms(self) -> int:
        return self.widest_days * _MS_PER_DAY - _SLACK_MS

    def _ask(self, start_ms: int, width_ms: int, stamp_ms: int) -> PrivateCall:
        end_ms = start_ms + width_ms
        open_end = end_ms >= stamp_ms
        params = [
            ("startTime", str(start_ms)),
            *([] if open_end else [("endTime", str(end_ms))]),
            ("limit", str(LIMIT)),
        ]
        request = self.sign(params, stamp_ms)
        half_ms = (max(stamp_ms - start_ms, 0) if open_end else width_ms) // 2
        after = partial(self._after, start_ms, half_ms, None if open_end else end_ms)
        return PrivateCall(request, partial(self._read, half_ms), request.purpose, after)

    def _after(
        self, start_ms: int, half_ms: int, end_ms: int | None, status: int, body: bytes, stamp_ms: int
    ) -> PrivateCall | None:
        if _full(body):
            return self._ask(start_ms, half_ms, stamp_ms) if half_ms else None  # None: ``read`` has refused it already
        return None if end_ms is None else self._ask(end_ms, self._widest_ms, stamp_ms)

    def _read(self, half_ms: int, status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
        events = self.read(status, body, t_ns)
        if not half_ms and _full(body):
            raise ProtocolBroken("page_full", f"Binance told {LIMIT} rows of one millisecond; there may be more")
        return events


def _full(body: bytes) -> bool:
    try:
        return len(_ROWS.decode(body)) >= LIMIT
    except DECODE_ERRORS:  # no list: ``read`` says so
        return False
