"""OKX's instrument rows -> ``Instrument``. Source: OKX API v5 docs, Get Instruments.

Kept: SPOT quoted in USDT or USDC, and linear SWAPs that are quoted and settled in the same of the two. On a SWAP
``baseCcy`` and ``quoteCcy`` are "" and ``uly`` names the pair; sizes are contracts of ``ctVal x ctMult`` coins. Left
out and counted: inverse, dated and xperp contracts, USD-quoted ``_UM`` swaps, other currencies, test rows, and rows
announced so early that they have no terms yet. Whether a kept row may be traded is its status and category.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import msgspec

from arbtui.core.events import Listing
from arbtui.core.model import Category, Instrument, Market, TradingStatus
from arbtui.core.multipliers import resolve
from arbtui.core.units import positive_or_none
from arbtui.venues.okx.rows import SWAP_SUFFIX, millis_or_none
from arbtui.venues.okx.shapes import InstrumentRow, instrument_rows

VENUE = "okx"
QUOTES = ("USDT", "USDC")
INST_TYPE = {Market.SPOT: "SPOT", Market.PERP: "SWAP"}
MARKET = {inst_type: market for market, inst_type in INST_TYPE.items()}

_STATUS = {
    "live": TradingStatus.TRADING,
    "preopen": TradingStatus.PRE_OPEN,
    "suspend": TradingStatus.HALTED,
    "rebase": TradingStatus.HALTED,
    "settling": TradingStatus.HALTED,
    "post_only": TradingStatus.HALTED,  # nothing can be taken
    "expired": TradingStatus.DELISTED,
}
_CRYPTO = ("", "1")  # instCategory; "" before the field existed, others are stocks, commodities, forex, bonds

_MAX_EXPONENT = 30


class _Dropped(Exception):
    """Left out on purpose; the text is the reason it is counted under."""


def listing(raw: msgspec.Raw, market: Market, t_ns: int, *, partial: bool) -> Listing:
    """The rows of one ``instType``. Raises ``ProtocolBroken`` where ``raw`` is no array."""
    rows, unreadable = instrument_rows.decode(raw, "OKX instruments")
    instruments: list[Instrument] = []
    dropped: Counter[str] = Counter()
    bad = [sample.decode("utf-8", "replace") for sample in unreadable]
    for row in rows:
        try:
            instruments.append(instrument(row, market))
        except _Dropped as reason:
            dropped[str(reason)] += 1
        except ValueError as error:
            bad.append(f"{row.inst_id}: {error}")
    return Listing(market, INST_TYPE[market], instruments, t_ns, partial=partial, dropped=dict(dropped), bad=bad)


def status(row: InstrumentRow) -> tuple[TradingStatus, str]:
    """What the row may do, and the venue's words for it. A rule type that is not known is not trusted."""
    words = row.state if row.rule_type in ("", "normal") else f"{row.state} {row.rule_type}"
    known = _STATUS.get(row.state, TradingStatus.UNKNOWN)
    if known is TradingStatus.TRADING and row.rule_type == "rebase_contract":
        return TradingStatus.HALTED, words
    if known is TradingStatus.TRADING and row.rule_type not in ("", "normal", "pre_market"):
        return TradingStatus.UNKNOWN, words
    return known, words


def instrument(row: InstrumentRow, market: Market) -> Instrument:
    """Raises ``_Dropped`` for a row of a kind that is left out, ``ValueError`` for one that cannot be read."""
    _drop_by_kind(row, market)
    listed, quote = _pair(row, market)
    base, units = resolve(VENUE, row.inst_id, listed)
    what_it_may, words = status(row)
    sizes = {name: _positive(name, getattr(row, name)) for name in ("tick_sz", "lot_sz", "min_sz")}
    if what_it_may is TradingStatus.TRADING and (missing := [name for name, size in sizes.items() if size is None]):
        raise ValueError(f"live without {' and '.join(missing)}")
    return Instrument(
        venue=VENUE,
        market=market,
        native=row.inst_id,
        base=base,
        quote=quote,
        price_ccy=quote,
        settle_ccy=row.settle_ccy if market is Market.PERP else quote,
        multiplier=_coins_per_size(row, listed, market, units),
        price_factor=units,
        status=what_it_may,
        status_text=words,
        category=_category(row),
        tick=sizes["tick_sz"],
        step=sizes["lot_sz"],
        min_qty=sizes["min_sz"],
        delist_ms=millis_or_none(row.exp_time),
        extra={"instIdCode": row.inst_id_code, "groupId": row.group_id},
    )


def _drop_by_kind(row: InstrumentRow, market: Market) -> None:
    if row.inst_type != INST_TYPE[market]:
        raise _Dropped("dated" if row.inst_type == "FUTURES" else "other_type")
    if row.state == "test":
        raise _Dropped("test")
    if row.rule_type == "xperp":
        raise _Dropped("xperp")
    if market is Market.PERP:
        if row.ct_type == "inverse":
            raise _Dropped("inverse")
        if row.ct_type != "linear":
            raise _Dropped("preopen" if row.state == "preopen" else "contract_type")
    elif not row.base_ccy and row.state == "preopen":
        raise _Dropped("preopen")


def _pair(row: InstrumentRow, market: Market) -> tuple[str, str]:
    """Base and quote as listed."""
    if market is Market.SPOT:
        base, quote = row.base_ccy, row.quote_ccy
    else:
        base, _, quote = (row.uly or row.inst_family).partition("-")
        if "_UM" in row.inst_id or quote.endswith("_UM"):
            raise _Dropped("usd_um")
    if not base or not quote:
        raise ValueError("names no base and quote")
    if quote not in QUOTES:
        raise _Dropped("quote_currency")
    if market is Market.PERP and row.settle_ccy != quote:
        raise _Dropped("settle_currency")
    if row.inst_id != f"{base}-{quote}" + (SWAP_SUFFIX if market is Market.PERP else ""):
        raise ValueError(f"is not the {INST_TYPE[market]} of {base}-{quote} by its name")
    return base, quote


def _coins_per_size(row: InstrumentRow, listed: str, market: Market, units: Decimal | None) -> Decimal | None:
    """Coins behind one unit of size; None where the contract's terms do not say so."""
    if market is Market.SPOT:
        return units
    ct_val, ct_mult = _sane(row.ct_val), _sane(row.ct_mult)
    if ct_val is None or ct_mult is None or units is None or row.ct_val_ccy not in ("", listed):
        return None
    return ct_val * ct_mult * units


def _category(row: InstrumentRow) -> Category:
    if row.inst_category not in _CRYPTO:
        return Category.TRADFI
    return Category.PRE_MARKET if row.rule_type == "pre_market" else Category.CRYPTO


def _positive(name: str, text: str) -> Decimal | None:
    """None for "", which announced rows carry."""
    value = _sane(text)
    if value is None and text:
        raise ValueError(f"{name} is {text[:40]!r}")
    return value


def _sane(text: str) -> Decimal | None:
    """A positive number of a size that contracts have; "1e999999999" is well-formed too, and would print forever."""
    value = positive_or_none(text)
    return value if value is not None and abs(value.adjusted()) <= _MAX_EXPONENT else None
