"""What Hyperliquid lists -> ``Instrument``. Source: Hyperliquid docs, "Perpetuals", "Spot", "Tick and lot size",
"Asset IDs", "Contract specifications".

Perps of the main exchange are priced in USDT by their oracle and settled in USDC without conversion; PURR and HYPE are
priced in USDC. Builders' exchanges (HIP-3: stocks, commodities, other collateral) are not asked for at all.

A price has at most five significant figures and at most 6 (spot: 8) minus ``szDecimals`` decimals; there is no tick.
The lot is one unit of ``szDecimals``. Orders name an instrument by its asset number, which is its *place* in the
universe: delisted rows are left out only after all were counted.

The venue has no word for a market that rests. One without a mid and without a trade in 24 hours counts as halted:
many spot pairs are such, and have nothing to stream.

Spot pairs are named by number; coins are found by the ``index`` of their tokens. Bridged tokens carry names of their
own, which stand in a table: whoever deploys a token names it, so a likeness of names proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from arbtui.core.events import Listing
from arbtui.core.model import Instrument, Market, TradingStatus
from arbtui.core.multipliers import resolve
from arbtui.core.units import decimal_or_none
from arbtui.venues import listings
from arbtui.venues.hyperliquid import shapes
from arbtui.venues.hyperliquid.names import PRODUCT, VENUE, market_of
from arbtui.venues.hyperliquid.rows import FUNDING_INTERVAL_H
from arbtui.venues.listings import LeftOut

QUOTES = ("USDC", "USDT")
SIG_FIGS = 5
SPOT_ASSETS_FROM = 10_000
_MAX_DECIMALS = {Market.PERP: 6, Market.SPOT: 8}
_MIN_NOTIONAL = Decimal(10)
_COLLATERAL = "USDC"
_USDC_TOKEN = 0
_PRICED_IN_USDC = frozenset({"PURR", "HYPE"})

_BRIDGED = {
    "HPENGU": "PENGU",
    "UBONK": "BONK",
    "UBTC": "BTC",
    "UDZ": "2Z",
    "UETH": "ETH",
    "UFART": "FARTCOIN",
    "UPUMP": "PUMP",
    "USDT0": "USDT",
    "USOL": "SOL",
    "UUUSPX": "SPX",
    "UXPL": "XPL",
    "XAUT0": "XAUT",
}
_BRIDGED_COINS = frozenset(_BRIDGED.values())


def coin_of(token: str, number: int | None = None) -> str:
    """The coin that a token stands for, as instruments name it. One that only bears the name of a bridged coin is told
    apart by its number, so that nobody takes it for that coin.
    """
    if token in _BRIDGED_COINS:
        return f"{token}#{'' if number is None else number}"
    return _BRIDGED.get(token, token)


def perps(rows: Sequence[shapes.PerpRow | bytes], ctxs: Sequence[object], collateral: int, t_ns: int) -> Listing:
    """A complete listing. ``ctxs``: as many as rows, or none where the answer had none."""
    contexts = ctxs or [None] * len(rows)

    def make(place: int) -> Instrument:
        row, ctx = rows[place], contexts[place]
        if isinstance(row, bytes):
            raise ValueError(row.decode(errors="replace"))
        if collateral != _USDC_TOKEN:
            raise LeftOut("settle_currency")
        return _perp(row, place, ctx if isinstance(ctx, shapes.Ctx) else None)

    return listings.listing(Market.PERP, PRODUCT[Market.PERP], range(len(rows)), make, str, t_ns)


def spots(meta: shapes.SpotMeta, ctxs: Mapping[str, shapes.SpotCtx], t_ns: int) -> Listing:
    """A complete listing. ``ctxs`` by name, as far as there are any."""
    tokens, bad_tokens = shapes.spot_tokens.decode(meta.tokens, "tokens")
    pairs, bad_pairs = shapes.spot_pairs.decode(meta.universe, "universe of pairs")
    by_index = {token.index: token for token in tokens}
    return listings.listing(
        Market.SPOT,
        PRODUCT[Market.SPOT],
        range(len(pairs)),
        lambda place: _spot(pairs[place], by_index, ctxs.get(pairs[place].name)),
        str,
        t_ns,
        unreadable=listings.samples([*bad_tokens, *bad_pairs]),
    )


def _perp(row: shapes.PerpRow, asset: int, ctx: shapes.Ctx | None) -> Instrument:
    if row.is_delisted:
        raise LeftOut("delisted")
    if market_of(row.name) is not Market.PERP:
        raise LeftOut("other_exchange")
    base, units = resolve(VENUE, row.name, row.name)
    price_ccy = "USDC" if row.name in _PRICED_IN_USDC else "USDT"
    return Instrument(
        market=Market.PERP,
        native=row.name,
        base=base,
        quote=_COLLATERAL,
        price_ccy=price_ccy,
        settle_ccy=_COLLATERAL,
        multiplier=units,
        price_factor=units,
        funding_interval_h=FUNDING_INTERVAL_H,
        extra={"asset": asset},
        **_terms(Market.PERP, row.name, row.sz_decimals, ctx),
    )


def _spot(pair: shapes.SpotPair, tokens: Mapping[int, shapes.SpotToken], ctx: shapes.Ctx | None) -> Instrument:
    base_index, quote_index = pair.tokens
    base_token, quote_token = tokens.get(base_index), tokens.get(quote_index)
    if base_token is None or quote_token is None or market_of(pair.name) is not Market.SPOT:
        raise ValueError(f"{pair.name[:40]} is no pair of two known tokens")
    quote = _BRIDGED.get(quote_token.name, quote_token.name)
    if quote not in QUOTES:
        raise LeftOut("quote_currency")
    base, units = resolve(VENUE, pair.name, _BRIDGED.get(base_token.name, base_token.name))
    if not base:
        raise ValueError(f"{pair.name[:40]} is a pair of no coin")
    return Instrument(
        market=Market.SPOT,
        native=pair.name,
        base=base,
        quote=quote,
        price_ccy=quote,
        settle_ccy=quote,
        multiplier=units,
        price_factor=units,
        extra={"asset": SPOT_ASSETS_FROM + pair.index},
        **_terms(Market.SPOT, pair.name, base_token.sz_decimals, ctx),
    )


def _terms(market: Market, native: str, sz_decimals: int, ctx: shapes.Ctx | None) -> dict[str, Any]:
    """What both markets derive alike."""
    max_decimals = _MAX_DECIMALS[market] - sz_decimals
    if max_decimals < 0:
        raise ValueError(f"{native[:40]} has {sz_decimals} decimals of size")
    lot = Decimal(1).scaleb(-sz_decimals)
    deserted = ctx is not None and ctx.mid_px is None and decimal_or_none(ctx.day_ntl_vlm) == 0
    return {
        "venue": VENUE,
        "status": TradingStatus.HALTED if deserted else TradingStatus.TRADING,
        "status_text": "no mid and no trade in 24 h" if deserted else "",
        "sig_figs": SIG_FIGS,
        "max_decimals": max_decimals,
        "step": lot,
        "min_qty": lot,
        "min_notional": _MIN_NOTIONAL,
    }
