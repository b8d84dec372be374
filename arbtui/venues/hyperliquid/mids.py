"""``fastAssetCtxs``: the mids of every coin there is, once a second, as the second opinion on best bids and offers.

The data is base64 of raw DEFLATE of JSON, first all coins, then those that changed. Every frame speaks for all coins,
also for those it leaves out, so each one is told on as what stands now. Its marks are not read: ``activeAssetCtx``
brings them with the oracle price beside them. Source: Hyperliquid docs, "Websocket / Subscriptions"; recorded frames of
2026.
"""

from __future__ import annotations

import binascii
import zlib
from collections.abc import Callable, Collection, Sequence

import msgspec

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import Event, Ignored, Mid
from arbtui.core.model import Market
from arbtui.venues.hyperliquid import shapes
from arbtui.venues.hyperliquid.names import market_of
from arbtui.venues.wire import DECODE_ERRORS, guarded, price_text

MAX_PACKED = 2 << 20  # characters of base64; a first frame of 1,600 coins has some 40,000
MAX_UNPACKED = 4 << 20  # bytes; a few kilobytes of DEFLATE can spell gigabytes
_RAW_DEFLATE = -15


def unpack(data: str) -> bytes:
    """The JSON in ``data``. Raises ``ProtocolBroken``, ``too_large`` for what unpacks to more than any real frame."""
    if len(data) > MAX_PACKED:
        raise ProtocolBroken(
            "too_large", f"fastAssetCtxs of {len(data)} characters", data[:200].encode(errors="replace")
        )
    inflater = zlib.decompressobj(_RAW_DEFLATE)
    try:
        text = inflater.decompress(binascii.a2b_base64(data, strict_mode=True), MAX_UNPACKED)
    except (ValueError, zlib.error) as error:
        sample = data[:200].encode(errors="replace")
        raise ProtocolBroken("not_deflate", f"fastAssetCtxs is no base64 of raw DEFLATE: {error}", sample) from error
    if inflater.unconsumed_tail:
        raise ProtocolBroken("too_large", f"fastAssetCtxs unpacks to more than {MAX_UNPACKED >> 20} MiB", text[:200])
    if not inflater.eof:
        raise ProtocolBroken("not_deflate", "fastAssetCtxs is cut off", data[:200].encode(errors="replace"))
    return text


class Mids:
    """What one connection has been told. ``slot_of`` gives the slot of a coin, None if it stands in no table."""

    def __init__(self, slot_of: Callable[[str], int | None]) -> None:
        self._slot_of = slot_of
        self._mids: dict[Market, dict[int, float | None]] = {market: {} for market in Market}

    def take(self, data: str, markets: Collection[Market], t_ns: int) -> Sequence[Event]:
        """All that is known of ``markets`` after this frame."""
        text = unpack(data)
        events: list[Event] = []
        skipped: dict[str, None] = {}
        for coin, ctx in _rows(text):
            market = market_of(coin)
            if market is None or market not in markets:
                continue
            slot = self._slot_of(coin)
            if slot is None:
                skipped["unknown_symbol"] = None
                continue
            try:
                self._note(self._mids[market], slot, ctx)
            except ProtocolBroken:
                skipped["bad_row"] = None
        for market in markets:
            events.extend(Mid(slot, mid, t_ns) for slot, mid in self._mids[market].items())
        events.extend(Ignored(kind) for kind in skipped)
        return events

    def _note(self, mids: dict[int, float | None], slot: int, ctx: shapes.FastCtx | None) -> None:
        if ctx is None:
            raise ProtocolBroken("unknown_shape", "a coin of fastAssetCtxs cannot be read")
        if isinstance(ctx.mid_px, msgspec.UnsetType):
            return
        price = price_text(ctx.mid_px)
        mids[slot] = None if price is None else float(price)


def _rows(text: bytes) -> list[tuple[str, shapes.FastCtx | None]]:
    """Coins and what is said of them; None for one that cannot be read."""
    try:
        return list(shapes.fast_ctxs.decode(text).items())
    except DECODE_ERRORS:
        return [(coin, _row(raw)) for coin, raw in guarded(shapes.fast_ctxs_raw, text, "fastAssetCtxs").items()]


def _row(raw: msgspec.Raw) -> shapes.FastCtx | None:
    try:
        return shapes.fast_ctx.decode(raw)
    except DECODE_ERRORS:
        return None
