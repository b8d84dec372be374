"""What one unit of a price currency is worth in USDT, and how far that may be believed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """``value`` USDT for one ``ccy``, as the mid of ``pair`` heard or confirmed at ``t_ns``."""

    ccy: str
    pair: str
    value: float
    t_ns: int
