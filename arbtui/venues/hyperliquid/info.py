"""Hyperliquid's REST side: one address, ``POST /info``, told apart by the ``type`` in the request's body.

What it gives without asking coin by coin: marks, oracle prices, funding and 24 h figures of all perps (weight 20), 24 h
figures of all spot pairs (20). It has no best bids and offers of all coins; ``impactPxs`` look like them and are not.
The mids in the same answer are not told as second opinions: they are some seconds old at worst, and would stand over
those that the socket brings every second. Source: Hyperliquid docs, "Info endpoint", "Rate limits and user limits".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from arbtui.core.errors import ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.events import Event, Ignored
from arbtui.core.model import Market
from arbtui.venues.base import Environment, HttpRequest, RestLimit, Tables
from arbtui.venues.hyperliquid import rows, shapes
from arbtui.venues.hyperliquid.instruments import perp_listing, spot_listing
from arbtui.venues.hyperliquid.names import market_of
from arbtui.venues.hyperliquid.public import snapshot
from arbtui.venues.wire import DECODE_ERRORS, address, guarded

HOSTS = {
    Environment.PROD: "api.hyperliquid.xyz",
    Environment.TESTNET: "api.hyperliquid-testnet.xyz",
    Environment.DEMO: "api.hyperliquid-testnet.xyz",  # its paper trading is its testnet
}
WEIGHT_PER_MIN = 1200.0
WEIGHT = 20.0  # of every answer that is asked for here

_PATH = "/info"
_HEADERS = {"Content-Type": "application/json"}  # without it: HTTP 415


def rest_limits() -> tuple[RestLimit, ...]:
    return tuple(RestLimit(host, "weight", WEIGHT_PER_MIN, 60.0) for host in dict.fromkeys(HOSTS.values()))


# --- requests ---------------------------------------------------------------------------------------------------------


def instrument_requests(env: Environment, market: Market) -> list[HttpRequest]:
    """The main exchange only: builders' exchanges are not in these answers."""
    kind = "meta" if market is Market.PERP else "spotMeta"
    return [_ask(env, kind, f"{market.value} instruments")]


def snapshot_requests(env: Environment, market: Market) -> list[HttpRequest]:
    if market is Market.PERP:
        return [_ask(env, "metaAndAssetCtxs", "perp marks, funding and 24 h figures")]
    return [_ask(env, "spotMetaAndAssetCtxs", "spot 24 h figures")]


def _ask(env: Environment, kind: str, purpose: str) -> HttpRequest:
    body = msgspec.json.encode({"type": kind})
    return HttpRequest("POST", f"https://{HOSTS[env]}{_PATH}", purpose, cost=WEIGHT, body=body, headers=_HEADERS)


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


def _perp_figures(body: bytes, tables: Tables, t_ns: int) -> Sequence[Event]:
    """Names and contexts belong together by their place alone, so two lists of different length say nothing.

    Those of delisted coins are frozen and are not told.
    """
    meta, raw_ctxs = guarded(shapes.perp_meta_and_ctxs, body, "metaAndAssetCtxs")
    names = shapes.perp_rows.decode(meta.universe, "universe of perps")
    ctxs = shapes.perp_ctxs.decode(raw_ctxs, "contexts of perps")
    if len(names) != len(ctxs):
        raise ProtocolBroken("unknown_shape", f"{len(names)} perps with {len(ctxs)} contexts", body[:200])
    events: list[Event] = []
    skipped: dict[str, None] = {}
    for row, ctx in zip(names, ctxs, strict=True):
        if isinstance(row, bytes) or isinstance(ctx, bytes):
            skipped["bad_row"] = None
        elif not row.is_delisted:
            _tell(events, skipped, tables, row.name, ctx, rows.perp, t_ns)
    events.extend(Ignored(kind) for kind in skipped)
    return events


def _spot_figures(body: bytes, tables: Tables, t_ns: int) -> Sequence[Event]:
    """Contexts name their coin; their places do not match those of the pairs."""
    _, raw_ctxs = guarded(shapes.spot_meta_and_ctxs, body, "spotMetaAndAssetCtxs")
    ctxs, bad = shapes.spot_ctxs.decode(raw_ctxs, "contexts of pairs")
    events: list[Event] = []
    skipped: dict[str, None] = dict.fromkeys(["bad_row"] if bad else [])
    for ctx in ctxs:
        _tell(events, skipped, tables, ctx.coin, ctx, _spot, t_ns)
    events.extend(Ignored(kind) for kind in skipped)
    return events


def _spot(ctx: shapes.SpotCtx, slot: int, t_ns: int, source: rows.Source) -> Sequence[Event]:
    return (rows.ticker(ctx, slot, t_ns, source),)


def _tell(
    events: list[Event],
    skipped: dict[str, None],
    tables: Tables,
    coin: str,
    ctx: Any,
    make: Callable[[Any, int, int, rows.Source], Sequence[Event]],
    t_ns: int,
) -> None:
    """Adds the events of one row, or the reason why it has none."""
    slot = _slot(tables, coin)
    if slot is None:
        skipped["unknown_symbol"] = None
        return
    try:
        events.extend(make(ctx, slot, t_ns, "rest"))
    except ProtocolBroken:
        skipped["bad_row"] = None


def _book(body: bytes, tables: Tables, t_ns: int) -> Sequence[Event]:
    """Not asked for by arbtui, since the socket brings whole books; a recording may hold one."""
    book = guarded(shapes.rest_book, body, "l2Book")
    if book is None:
        raise VenueRefused(
            "Hyperliquid has no book of this coin.", reason=RefusalReason.UNKNOWN_INSTRUMENT, code="null"
        )
    slot = _slot(tables, book.coin)
    return (Ignored("unknown_symbol"),) if slot is None else (snapshot(book, slot, t_ns, "rest"),)


def _slot(tables: Tables, coin: str) -> int | None:
    market = market_of(coin)
    try:
        return None if market is None else tables.of(market)[coin]  # not .get: a table may take in new coins
    except KeyError:
        return None


_HANDLERS: dict[str, Callable[[bytes, Tables, int], Sequence[Event]]] = {
    "meta": lambda body, _, t_ns: (perp_listing(body, t_ns),),
    "spotMeta": lambda body, _, t_ns: (spot_listing(body, t_ns),),
    "metaAndAssetCtxs": _perp_figures,
    "spotMetaAndAssetCtxs": _spot_figures,
    "l2Book": _book,
}
