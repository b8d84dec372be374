"""Hyperliquid's REST side: one address, ``POST /info``, told apart by the ``type`` in the request's body.

What it gives without asking coin by coin: what is listed, and marks, oracle prices, funding and 24 h figures of all
perps (weight 20), 24 h figures of all spot pairs (20). It has no best bids and offers of all coins; ``impactPxs`` look
like them and are not. The mids in the same answers are not told as second opinions: of unknown age, they would stand
over those that the socket brings every second, and hide that it has stopped to. Source: Hyperliquid docs, "Info
endpoint", "Rate limits and user limits".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from arbtui.core.errors import ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.events import Event, Ignored, ServerTime
from arbtui.core.model import Market
from arbtui.venues.answers import RowEvents
from arbtui.venues.base import Environment, HttpRequest, RestLimit, Tables
from arbtui.venues.hyperliquid import instruments, rows, shapes
from arbtui.venues.hyperliquid.names import market_of
from arbtui.venues.hyperliquid.public import snapshot
from arbtui.venues.wire import DECODE_ERRORS, Millis, address, guarded, slot_or_none

HOSTS = {
    Environment.PROD: "api.hyperliquid.xyz",
    Environment.TESTNET: "api.hyperliquid-testnet.xyz",
    Environment.DEMO: "api.hyperliquid-testnet.xyz",  # its paper trading is its testnet
}
WEIGHT_PER_MIN = 1200.0
WEIGHT = 20.0  # of every answer that is asked for here, but
LIGHT = 2.0  # exchangeStatus
# Its time is that of the state, which was seen 130 to 270 ms behind the clock of a machine in time (September 2026).
STATE_BEHIND_MS = 400.0

_PATH = "/info"
_HEADERS = {"Content-Type": "application/json"}  # without it: HTTP 415


def rest_limits() -> tuple[RestLimit, ...]:
    return tuple(RestLimit(host, "weight", WEIGHT_PER_MIN, 60.0) for host in dict.fromkeys(HOSTS.values()))


# --- requests ---------------------------------------------------------------------------------------------------------


def requests(env: Environment, market: Market) -> list[HttpRequest]:
    """One question answers what is listed and how it stands. Of the main exchange only: builders' are not in it."""
    if market is Market.PERP:
        return [_ask(env, "metaAndAssetCtxs", "perp instruments, marks, funding and 24 h figures")]
    return [_ask(env, "spotMetaAndAssetCtxs", "spot instruments and 24 h figures")]


def time_request(env: Environment) -> HttpRequest:
    return _ask(env, "exchangeStatus", "time of the state", LIGHT)


def _ask(env: Environment, kind: str, purpose: str, cost: float = WEIGHT) -> HttpRequest:
    body = msgspec.json.encode({"type": kind})
    return HttpRequest("POST", f"https://{HOSTS[env]}{_PATH}", purpose, cost=cost, body=body, headers=_HEADERS)


# --- answers ----------------------------------------------------------------------------------------------------------


class _Question(msgspec.Struct):
    type: str
    dex: str | None = None


_QUESTION = msgspec.json.Decoder(_Question)


def decode(request: HttpRequest, status: int, body: bytes, tables: Tables, t_ns: int) -> Sequence[Event]:
    """See ``venues.base.Venue.decode_http``."""
    if address(request.url).path != _PATH:
        return (Ignored("other_request"),)
    try:
        question = _QUESTION.decode(request.body)
    except DECODE_ERRORS:
        return (Ignored("other_request"),)
    handler = _HANDLERS.get(question.type)
    if handler is None or question.dex:
        return (Ignored("other_request"),)
    if status >= 400:
        words = body[:200].decode(errors="replace") or "without a word"
        raise VenueRefused(
            f"Hyperliquid refused {question.type} (HTTP {status}): {words}",
            reason=RefusalReason.BAD_REQUEST,
            code=str(status),
        )
    return handler(body, tables, t_ns)


def _perps(body: bytes, tables: Tables, t_ns: int) -> Sequence[Event]:
    """Names and contexts belong together by their place alone, so two lists of different length say nothing.

    Those of delisted coins are frozen and are not told.
    """
    meta, raw_ctxs = guarded(shapes.perp_meta_and_ctxs, body, "metaAndAssetCtxs")
    names = shapes.perp_rows.decode_in_place(meta.universe, "universe of perps")
    ctxs = shapes.perp_ctxs.decode_in_place(raw_ctxs, "contexts of perps")
    if len(names) != len(ctxs):
        raise ProtocolBroken("unknown_shape", f"{len(names)} perps with {len(ctxs)} contexts", body[:200])
    listing = instruments.perps(names, ctxs, meta.collateral_token, t_ns)
    slots, figures = tables.of(Market.PERP), RowEvents()
    for instrument in listing.instruments:
        ctx = ctxs[instrument.extra["asset"]]
        if isinstance(ctx, shapes.PerpCtx):
            slot = slot_or_none(slots, instrument.native)
            figures.take(ctx, slot, lambda ctx, slot: rows.perp(ctx, slot, t_ns, "rest"))
        else:
            figures.skip("bad_row")
    return [listing, *figures.all()]


def _spots(body: bytes, tables: Tables, t_ns: int) -> Sequence[Event]:
    """Contexts name their coin; their places do not match those of the pairs."""
    meta, raw_ctxs = guarded(shapes.spot_meta_and_ctxs, body, "spotMetaAndAssetCtxs")
    ctxs, bad = shapes.spot_ctxs.decode(raw_ctxs, "contexts of pairs")
    by_name = {ctx.coin: ctx for ctx in ctxs}
    listing = instruments.spots(meta, by_name, t_ns)
    slots, figures = tables.of(Market.SPOT), RowEvents()
    if bad:
        figures.skip("bad_row")
    for instrument in listing.instruments:
        ctx = by_name.get(instrument.native)
        if ctx is not None:
            slot = slot_or_none(slots, instrument.native)
            figures.take(ctx, slot, lambda ctx, slot: (rows.ticker(ctx, slot, t_ns, "rest"),))
    return [listing, *figures.all()]


class _ExchangeStatus(msgspec.Struct):
    time: Millis


_STATUS = msgspec.json.Decoder(_ExchangeStatus)


def _time(body: bytes, tables: Tables, t_ns: int) -> Sequence[Event]:
    told = guarded(_STATUS, body, "exchangeStatus")
    return (ServerTime(told.time, t_ns, behind_ms=STATE_BEHIND_MS),)


# --- what arbtui does not ask, and recordings of others may hold ------------------------------------------------------


def _meta(body: bytes, tables: Tables, t_ns: int) -> Sequence[Event]:
    meta = guarded(shapes.perp_meta, body, "meta")
    names = shapes.perp_rows.decode_in_place(meta.universe, "universe of perps")
    return (instruments.perps(names, (), meta.collateral_token, t_ns),)


def _spot_meta(body: bytes, tables: Tables, t_ns: int) -> Sequence[Event]:
    return (instruments.spots(guarded(shapes.spot_meta, body, "spotMeta"), {}, t_ns),)


def _book(body: bytes, tables: Tables, t_ns: int) -> Sequence[Event]:
    book = guarded(shapes.rest_book, body, "l2Book")
    if book is None:
        raise VenueRefused(
            "Hyperliquid has no book of this coin.", reason=RefusalReason.UNKNOWN_INSTRUMENT, code="null"
        )
    market = market_of(book.coin)
    slot = None if market is None else slot_or_none(tables.of(market), book.coin)
    return (Ignored("unknown_symbol"),) if slot is None else (snapshot(book, slot, t_ns, "rest"),)


_HANDLERS: dict[str, Callable[[bytes, Tables, int], Sequence[Event]]] = {
    "metaAndAssetCtxs": _perps,
    "spotMetaAndAssetCtxs": _spots,
    "meta": _meta,
    "spotMeta": _spot_meta,
    "l2Book": _book,
    "exchangeStatus": _time,
}
