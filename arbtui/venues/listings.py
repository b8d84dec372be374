"""Rows of what a venue lists -> ``Listing``: good rows taken in, rows left out on purpose counted, bad ones named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TypeVar

from arbtui.core.events import Listing
from arbtui.core.model import Instrument, Market
from arbtui.core.units import decimal_or_none, positive_or_none

_RowT = TypeVar("_RowT")
_MAX_EXPONENT = 30


class LeftOut(Exception):
    """A row that is left out on purpose; the text is the reason it is counted under."""


def listing(
    market: Market,
    product: str,
    rows: Iterable[_RowT],
    instrument: Callable[[_RowT], Instrument],
    name: Callable[[_RowT], str],
    t_ns: int,
    *,
    unreadable: Iterable[str] = (),
    partial: bool = False,
) -> Listing:
    """``instrument`` makes one of a row, or raises ``LeftOut``, or ``ValueError`` for a row that cannot be read.

    ``unreadable`` = names or beginnings of rows that did not even have the shape of one.
    """
    instruments: list[Instrument] = []
    dropped: Counter[str] = Counter()
    bad = list(unreadable)
    for row in rows:
        try:
            instruments.append(instrument(row))
        except LeftOut as reason:
            dropped[str(reason)] += 1
        except ValueError as error:
            bad.append(f"{name(row)[:40]}: {str(error)[:100]}")
    return Listing(market, product, instruments, t_ns, partial=partial, dropped=dict(dropped), bad=bad)


def samples(rows: Iterable[bytes]) -> list[str]:
    """Beginnings of rows, for people."""
    return [row[:60].decode(errors="replace") for row in rows]


def sane_or_none(text: str | None) -> Decimal | None:
    """A positive number of a size that contracts have: "1e999999999" is well-formed too, and would print forever."""
    value = positive_or_none(text)
    return value if value is not None and abs(value.adjusted()) <= _MAX_EXPONENT else None


def positive(name: str, text: str | None) -> Decimal | None:
    """A tick, a step, a least size; None for nothing. Raises ``ValueError``, which names it, for what is not sane."""
    value = sane_or_none(text)
    if value is None and text:
        raise ValueError(f"{name} is {text[:40]!r}")
    return value


def positive_unless_zero(name: str, text: str | None) -> Decimal | None:
    """The same where zero, however written, says that there is none."""
    return None if decimal_or_none(text) == 0 else positive(name, text)
