"""What paper trading has to be told of one venue's live market, and the person's settings for it.

Whoever runs paper satisfies ``PaperMarket`` (the engine, over the board and its held books; a test, by hand), and feeds
public trades in by ``PaperExecutor.trade``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple, Protocol

from arbtui.core.model import Instrument, Market

Level = tuple[Decimal, Decimal]  # price and size, wire units


@dataclass(frozen=True)
class Depth:
    """What the live market shows of one leg, best first: the held book, else the best prices alone.

    Prices beyond the last level of a side are out of sight, not empty. ``why_not`` says in words what keeps the leg
    from being traded on now (stale, crossed, no quote); the levels mean nothing then. ``exchange_ms`` is the venue's
    time of what is shown, on the clock of its trades.
    """

    bids: Sequence[Level] = ()
    asks: Sequence[Level] = ()
    why_not: str = ""
    exchange_ms: int | None = None


class FundingDue(NamedTuple):
    """``rate`` as a fraction of the notional, positive = longs pay; charged at ``next_ms``, UTC."""

    rate: Decimal
    next_ms: int


class Fees(NamedTuple):
    """Fractions, positive = paid."""

    maker: Decimal
    taker: Decimal


class PaperMarket(Protocol):
    """One venue's market as of now. A leg is ``venue.market.native``. None: not known."""

    def depth(self, leg: str) -> Depth: ...

    def instrument(self, leg: str) -> Instrument | None: ...

    def trades_live(self, leg: str) -> bool:
        """Whether a connection carries the leg's public trades now."""
        ...

    def mark(self, leg: str) -> Decimal | None: ...

    def funding(self, leg: str) -> FundingDue | None: ...

    def fees(self, market: Market, native: str) -> Fees:
        """``native`` "": those of the whole market."""
        ...


WALLETS: Mapping[str, Mapping[Market, str]] = {
    "binance": {Market.SPOT: "spot", Market.PERP: "usdm"},
    "okx": {Market.SPOT: "trading", Market.PERP: "trading"},
    "bybit": {Market.SPOT: "unified", Market.PERP: "unified"},
    "bitget": {Market.SPOT: "unified", Market.PERP: "unified"},
    "hyperliquid": {Market.SPOT: "spot", Market.PERP: "perp"},
}
_ONE_POT: Mapping[Market, str] = {Market.SPOT: "paper", Market.PERP: "paper"}


def wallets_of(venue: str) -> Mapping[Market, str]:
    """From which of the venue's pots each market trades; one for all where that is not known."""
    return WALLETS.get(venue, _ONE_POT)


@dataclass(frozen=True)
class PaperRules:
    """Settings. ``balances``: wallet -> asset -> what a new account begins with.

    ``maintenance`` is the fraction of a perpetual's notional below which the account is liquidated; venues have steps
    of it by size, this is one number for all.
    """

    balances: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    latency_ms: int = 60
    leverage: Decimal = Decimal(3)
    maintenance: Decimal = Decimal("0.01")
