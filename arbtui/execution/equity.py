"""What all accounts are worth, as far as it is known, and what is missing from it by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from arbtui.core.model import Market
from arbtui.core.orders import Balance
from arbtui.execution.pairs import Pair
from arbtui.execution.quantity import ZERO


@dataclass(frozen=True)
class Equity:
    """``usd``: totals of all wallets and the open profit of hedged perpetuals at executable prices, as far as known.

    ``no_rate``: assets that are held and have no fresh rate to USD. ``no_price``: legs (``venue.market.native``) that
    are open and have no exit price. ``unread``: venues whose balances were not told yet. With none of these it is all.
    """

    usd: Decimal
    no_rate: tuple[str, ...] = ()
    no_price: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        return not (self.no_rate or self.no_price or self.unread)

    @property
    def missing(self) -> str:
        """For people, "" where nothing is: "no rate: XYZ; no price: okx.perp.COIN-USDT-SWAP; not read: okx"."""
        parts = (("no rate", self.no_rate), ("no price", self.no_price), ("not read", self.unread))
        return "; ".join(f"{what}: {', '.join(names)}" for what, names in parts if names)


def equity_of(
    balances: Iterable[Balance], pairs: Iterable[Pair], usd: Callable[[str], Decimal | None], unread: Iterable[str] = ()
) -> Equity:
    """``usd``: US dollars for one unit of a currency or coin. ``unread``: venues whose balances were not told yet."""
    total, no_rate, no_price = ZERO, set[str](), set[str]()
    amounts = [(balance.asset, balance.total) for balance in balances]
    for pair in pairs:
        for part, own in zip(pair.pnl.legs, pair.legs, strict=True):
            if own.leg.market is not Market.PERP or not part.left:
                continue
            if part.open is None:
                no_price.add(own.leg.key)
            else:
                amounts.append((own.leg.terms.settle_ccy, part.open))
    for asset, amount in amounts:
        rate = usd(asset) if amount else ZERO
        if rate is None:
            no_rate.add(asset)
        else:
            total += amount * rate
    return Equity(total, tuple(sorted(no_rate)), tuple(sorted(no_price)), tuple(sorted(unread)))
