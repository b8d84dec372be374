"""What Hyperliquid lists -> ``Instrument``. Source: Hyperliquid docs, "Perpetuals", "Spot", "Tick and lot size",
"Asset IDs", "Contract specifications".

Perps of the main exchange are priced in USDT by their oracle and settled in USDC without conversion; PURR and HYPE are
priced in USDC. Builders' exchanges (HIP-3: stocks, commodities, other collateral) are not asked for at all.

A price has at most five significant figures and at most 6 (spot: 8) minus ``szDecimals`` decimals; there is no tick.
The lot is one unit of ``szDecimals``. Orders name an instrument by its asset number, which is its *place* in the
universe: delisted rows are left out only after all were counted.

Spot pairs are named by number; coins are found by the ``index`` of their tokens. Bridged tokens carry names of their
own, which stand in a table: whoever deploys a token names it, so a likeness of names proves nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TypeVar

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import Listing
from arbtui.core.model import Instrument, Market, TradingStatus
from arbtui.core.multipliers import resolve
from arbtui.venues.hyperliquid import shapes
from arbtui.venues.hyperliquid.names import PRODUCT, VENUE, market_of
from arbtui.venues.hyperliquid.rows import FUNDING_INTERVAL_H
from arbtui.venues.wire import guarded

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

_Row = TypeVar("_Row")


class _Dropped(Exception):
    """Left out on purpose; the text is the reason it is counted under."""


def perp_listing(body: bytes, t_ns: int) -> Listing:
    """``{"type":"meta"}``, complete."""
    meta = guarded(shapes.perp_meta, body, "meta")
    rows = shapes.perp_rows.decode(meta.universe, "universe of perps")

    def make(place: int, row: shapes.PerpRow | bytes) -> Instrument:
        if isinstance(row, bytes):
            raise ProtocolBroken("unknown_shape", row.decode(errors="replace"))
        if meta.collateral_token != _USDC_TOKEN:
            raise _Dropped("settle_currency")
        return _perp(row, place)

    return _listing(Market.PERP, enumerate(rows), make, t_ns)


def spot_listing(body: bytes, t_ns: int) -> Listing:
    """``{"type":"spotMeta"}``, complete."""
    meta = guarded(shapes.spot_meta, body, "spotMeta")
    tokens, bad_tokens = shapes.spot_tokens.decode(meta.tokens, "tokens")
    pairs, bad_pairs = shapes.spot_pairs.decode(meta.universe, "universe of pairs")
    by_index = {token.index: token for token in tokens}
    listing = _listing(Market.SPOT, ((pair.index, pair) for pair in pairs), lambda _, pair: _spot(pair, by_index), t_ns)
    listing.bad.extend(row[:60].decode(errors="replace") for row in (*bad_tokens, *bad_pairs))
    return listing


def _listing(
    market: Market, rows: Iterable[tuple[int, _Row]], make: Callable[[int, _Row], Instrument], t_ns: int
) -> Listing:
    instruments: list[Instrument] = []
    dropped: Counter[str] = Counter()
    bad: list[str] = []
    for place, row in rows:
        try:
            instruments.append(make(place, row))
        except _Dropped as reason:
            dropped[str(reason)] += 1
        except ProtocolBroken as error:
            bad.append(f"{place}: {error}"[:100])
    return Listing(market, PRODUCT[market], instruments, t_ns, dropped=dict(dropped), bad=bad)


def _perp(row: shapes.PerpRow, asset: int) -> Instrument:
    if row.is_delisted:
        raise _Dropped("delisted")
    if market_of(row.name) is not Market.PERP:
        raise _Dropped("other_exchange")
    base, units = resolve(VENUE, row.name, row.name)
    price_ccy = "USDC" if row.name in _PRICED_IN_USDC else "USDT"
    return _instrument(Market.PERP, row.name, base, _COLLATERAL, price_ccy, _COLLATERAL, units, row.sz_decimals, asset)


def _spot(pair: shapes.SpotPair, tokens: dict[int, shapes.SpotToken]) -> Instrument:
    base_index, quote_index = pair.tokens
    base_token, quote_token = tokens.get(base_index), tokens.get(quote_index)
    if base_token is None or quote_token is None or market_of(pair.name) is not Market.SPOT:
        raise ProtocolBroken("unknown_shape", f"{pair.name[:40]} is no pair of two known tokens")
    quote = _BRIDGED.get(quote_token.name, quote_token.name)
    if quote not in QUOTES:
        raise _Dropped("quote_currency")
    base, units = resolve(VENUE, pair.name, _BRIDGED.get(base_token.name, base_token.name))
    asset = SPOT_ASSETS_FROM + pair.index
    return _instrument(Market.SPOT, pair.name, base, quote, quote, quote, units, base_token.sz_decimals, asset)


def _instrument(
    market: Market,
    native: str,
    base: str,
    quote: str,
    price_ccy: str,
    settle_ccy: str,
    units: Decimal | None,
    sz_decimals: int,
    asset: int,
) -> Instrument:
    max_decimals = _MAX_DECIMALS[market] - sz_decimals
    if not base or max_decimals < 0:
        raise ProtocolBroken("unknown_shape", f"{native[:40]} has no coin, or {sz_decimals} decimals of size")
    lot = Decimal(1).scaleb(-sz_decimals)
    return Instrument(
        venue=VENUE,
        market=market,
        native=native,
        base=base,
        quote=quote,
        price_ccy=price_ccy,
        settle_ccy=settle_ccy,
        multiplier=units,
        price_factor=units,  # a listed unit is so many coins, in price and size alike
        status=TradingStatus.TRADING,  # what may not be traded is delisted; nothing between is told
        sig_figs=SIG_FIGS,
        max_decimals=max_decimals,
        step=lot,
        min_qty=lot,
        min_notional=_MIN_NOTIONAL,
        funding_interval_h=FUNDING_INTERVAL_H if market is Market.PERP else None,
        extra={"asset": asset},
    )
