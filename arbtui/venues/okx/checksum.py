"""Books as OKX sent them before update ids: judged by their checksum.

Until 2023 a ``books`` frame had no ``seqId``, and until June 2026 each carried a CRC32 over its top 25 levels; since
then the field is 0 and only the ids count. A recording from before is followed here: every frame is applied to a book
of our own and must reproduce the venue's number, or something was lost. Live traffic never comes this way.
Source: OKX API v5 docs, Order Book Channel, "Checksum" (as of 2022); help notice of 2026-05-21.
"""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

from arbtui.core.events import Level

DEPTH = 400
_JUDGED = 25


class ChecksummedBook:
    """One book, fed in order. Prices are keys as floats, levels keep the texts that the checksum is made of."""

    def __init__(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        self._bids = {float(level[0]): level for level in bids}
        self._asks = {float(level[0]): level for level in asks}

    def apply(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Absolute sizes; zero deletes. What falls below the 400th level is never deleted by the venue: cut it."""
        _apply(self._bids, bids)
        _apply(self._asks, asks)
        self._bids = dict(sorted(self._bids.items(), reverse=True)[:DEPTH])
        self._asks = dict(sorted(self._asks.items())[:DEPTH])

    def checksum(self) -> int:
        """Signed CRC32 of ``bid:size:ask:size:...``, best first, the longer side going on alone."""
        best_bids = [level for _, level in sorted(self._bids.items(), reverse=True)[:_JUDGED]]
        best_asks = [level for _, level in sorted(self._asks.items())[:_JUDGED]]
        words = [
            word
            for rank in range(_JUDGED)
            for levels in (best_bids, best_asks)
            if rank < len(levels)
            for word in levels[rank][:2]
        ]
        unsigned = crc32(":".join(words).encode())
        return unsigned - (1 << 32) if unsigned >= 1 << 31 else unsigned


def _apply(side: dict[float, Level], levels: Iterable[Level]) -> None:
    for level in levels:
        price = float(level[0])
        if float(level[1]) == 0.0:
            side.pop(price, None)
        else:
            side[price] = level
