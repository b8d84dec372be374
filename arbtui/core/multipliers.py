"""Coins that venues trade by the thousand, as a table of what each native symbol means.

A name alone proves nothing: ``1INCH`` is a coin, ``1000SATS`` is a thousand SATS, ``1000X`` may one day be a ticker.
So a symbol is scaled only if it stands here (or in the person's override table); a name that *looks* scaled and does
not stand here gets no multiplier, is shown, and raises no signal until somebody says what it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

# venue -> base as the venue spells it -> (coin, how many coins one listed unit stands for)
_BY_BASE: dict[str, dict[str, tuple[str, int]]] = {
    "binance": {
        "1000BONK": ("BONK", 1000),
        "1000CAT": ("CAT", 1000),
        "1000CHEEMS": ("CHEEMS", 1000),
        "1000FLOKI": ("FLOKI", 1000),
        "1000LUNC": ("LUNC", 1000),
        "1000PEPE": ("PEPE", 1000),
        "1000RATS": ("RATS", 1000),
        "1000SATS": ("SATS", 1000),
        "1000SHIB": ("SHIB", 1000),
        "1000WHY": ("WHY", 1000),
        "1000XEC": ("XEC", 1000),
        "1000000BOB": ("BOB", 1000000),
        "1000000MOG": ("MOG", 1000000),
        "1MBABYDOGE": ("BABYDOGE", 1000000),
    },
    "bybit": {
        "1000BONK": ("BONK", 1000),
        "1000BTT": ("BTT", 1000),
        "1000CAT": ("CAT", 1000),
        "1000FLOKI": ("FLOKI", 1000),
        "1000LUNC": ("LUNC", 1000),
        "1000NEIROCTO": ("NEIROCTO", 1000),
        "1000PEPE": ("PEPE", 1000),
        "1000RATS": ("RATS", 1000),
        "1000TURBO": ("TURBO", 1000),
        "1000XEC": ("XEC", 1000),
        "10000NEX": ("NEX", 10000),
        "10000SATS": ("SATS", 10000),
        "1000000BABYDOGE": ("BABYDOGE", 1000000),
        "1000000CHEEMS": ("CHEEMS", 1000000),
        "1000000MOG": ("MOG", 1000000),
        "1000000PEIPEI": ("PEIPEI", 1000000),
        "SHIB1000": ("SHIB", 1000),
    },
    "bitget": {
        "1000BONK": ("BONK", 1000),
        "1000CAT": ("CAT", 1000),
        "1000RATS": ("RATS", 1000),
        "1000SATS": ("SATS", 1000),
        "1000XEC": ("XEC", 1000),
        "10000SATS": ("SATS", 10000),
        "1MBABYDOGE": ("BABYDOGE", 1000000),
    },
    "hyperliquid": {
        "kBONK": ("BONK", 1000),
        "kDOGS": ("DOGS", 1000),
        "kFLOKI": ("FLOKI", 1000),
        "kLUNC": ("LUNC", 1000),
        "kNEIRO": ("NEIRO", 1000),
        "kPEPE": ("PEPE", 1000),
        "kSHIB": ("SHIB", 1000),
    },
}

_LOOKS_SCALED = re.compile(r"^1(?:0{3,}|M)[A-Z]|^[A-Z]{2,}10{3,}$|^k[A-Z0-9]{2,}$")


def looks_scaled(base: str) -> bool:
    """Whether a base reads like a multiple of another coin: ``1000PEPE``, ``1MBABYDOGE``, ``SHIB1000``, ``kPEPE``."""
    return _LOOKS_SCALED.search(base) is not None


def resolve(
    venue: str, native: str, base: str, overrides: Mapping[tuple[str, str], tuple[str, int]] | None = None
) -> tuple[str, Decimal | None]:
    """The coin behind ``base`` and how many of it one listed unit is; the number is None where it is not known.

    ``overrides`` is keyed by (venue, native) and wins over the shipped table.
    """
    if overrides and (known := overrides.get((venue, native))):
        return known[0], Decimal(known[1])
    if listed := _BY_BASE.get(venue, {}).get(base):
        return listed[0], Decimal(listed[1])
    return base, None if looks_scaled(base) else Decimal(1)
