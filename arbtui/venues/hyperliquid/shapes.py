"""Hyperliquid's JSON, typed. Prices, sizes and rates are strings, times and decimals are numbers.

``Hot*`` shapes convert and check numbers in C; the others keep the venue's exact texts. Source: Hyperliquid docs,
"Websocket / Subscriptions", "Info endpoint".
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from arbtui.venues.wire import Millis, Price, Rows, Size, UpdateId

# --- frames in general ------------------------------------------------------------------------------------------------


class Envelope(msgspec.Struct):
    """Every frame but the greeting. ``data`` of an ``error`` is a string, a ``pong`` has none."""

    channel: str
    data: msgspec.Raw = msgspec.Raw()


class Subscription(msgspec.Struct):
    """As echoed: the venue fills in defaults of its own, so only these two count."""

    type: str = ""
    coin: str = ""


class Ack(msgspec.Struct):
    method: str
    subscription: Subscription


envelope = msgspec.json.Decoder(Envelope)
ack = msgspec.json.Decoder(Ack)
words = msgspec.json.Decoder(str)


# --- best bid and offer -----------------------------------------------------------------------------------------------


class _HotSide(msgspec.Struct, gc=False):
    px: Price
    sz: Size


class _HotBbo(msgspec.Struct, gc=False):
    coin: str
    time: Millis
    bbo: tuple[_HotSide, _HotSide]


class _HotBboFrame(msgspec.Struct, gc=False):
    data: _HotBbo


class LevelTexts(msgspec.Struct, gc=False):
    px: str
    sz: str


class Bbo(msgspec.Struct):
    """An empty side is null."""

    coin: str
    time: Millis
    bbo: tuple[LevelTexts | None, LevelTexts | None]


class BboFrame(msgspec.Struct):
    data: Bbo


hot_bbo = msgspec.json.Decoder(_HotBboFrame, strict=False)
bbo_frame = msgspec.json.Decoder(BboFrame)
bbo = msgspec.json.Decoder(Bbo)


# --- books ------------------------------------------------------------------------------------------------------------


class BookTexts(msgspec.Struct, gc=False):
    """Bids, then asks, best first; by socket and by REST alike."""

    coin: str
    time: Millis
    levels: tuple[list[LevelTexts], list[LevelTexts]]
    fast: bool = False


book = msgspec.json.Decoder(BookTexts)
rest_book = msgspec.json.Decoder(BookTexts | None)


# --- trades -----------------------------------------------------------------------------------------------------------


class TradeRow(msgspec.Struct):
    """``side`` of the taker: B buys, A sells."""

    coin: str
    side: Literal["B", "A"]
    px: str
    sz: str
    time: Millis
    tid: UpdateId


trade_rows: Rows[TradeRow] = Rows(TradeRow, strict=True)


# --- contexts: mark, oracle, funding, 24 h ----------------------------------------------------------------------------


class Ctx(msgspec.Struct, rename="camel"):
    """What perps and spot pairs have in common.

    ``impactPxs`` are not read: they are average prices of taking so much, and nobody quotes them.
    """

    mid_px: str | None = None
    prev_day_px: str | None = None
    day_ntl_vlm: str | None = None
    day_base_vlm: str | None = None  # not in captures from before 2025


class PerpCtx(Ctx, rename="camel"):
    funding: str | None = None
    mark_px: str | None = None
    oracle_px: str | None = None


class NamedCtx(msgspec.Struct):
    coin: str
    ctx: PerpCtx


class SpotCtx(Ctx, rename="camel", kw_only=True):
    coin: str


class FastCtx(msgspec.Struct, rename="camel"):
    """One coin of ``fastAssetCtxs``: what is absent has not changed, a null mid says that the book has none."""

    mid_px: str | msgspec.UnsetType | None = msgspec.UNSET


named_ctx = msgspec.json.Decoder(NamedCtx)
spot_ctxs: Rows[SpotCtx] = Rows(SpotCtx)
fast_ctxs = msgspec.json.Decoder(dict[str, FastCtx])
fast_ctxs_raw = msgspec.json.Decoder(dict[str, msgspec.Raw])
fast_ctx = msgspec.json.Decoder(FastCtx)


# --- what is listed ---------------------------------------------------------------------------------------------------

Decimals = Annotated[int, msgspec.Meta(ge=0, le=18)]
Index = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]


class PerpRow(msgspec.Struct, rename="camel"):
    name: str
    sz_decimals: Decimals
    is_delisted: bool | None = None


class PerpMeta(msgspec.Struct, rename="camel"):
    universe: msgspec.Raw
    collateral_token: int = 0


class SpotToken(msgspec.Struct, rename="camel"):
    name: str
    index: Index
    sz_decimals: Decimals


class SpotPair(msgspec.Struct):
    name: str
    tokens: tuple[Index, Index]  # base, quote
    index: Index


class SpotMeta(msgspec.Struct):
    tokens: msgspec.Raw
    universe: msgspec.Raw


perp_meta = msgspec.json.Decoder(PerpMeta)
perp_rows: Rows[PerpRow] = Rows(PerpRow, strict=True)
perp_meta_and_ctxs = msgspec.json.Decoder(tuple[PerpMeta, msgspec.Raw])
perp_ctxs: Rows[PerpCtx] = Rows(PerpCtx, strict=True)
spot_meta = msgspec.json.Decoder(SpotMeta)
spot_tokens: Rows[SpotToken] = Rows(SpotToken)
spot_pairs: Rows[SpotPair] = Rows(SpotPair)
spot_meta_and_ctxs = msgspec.json.Decoder(tuple[SpotMeta, msgspec.Raw])
