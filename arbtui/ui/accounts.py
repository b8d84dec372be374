"""What the accounts of a run hold, as rows: an account, then its assets, then its positions. Pure.

What is not known stays None: a balance without a rate has no worth in dollars, and a sum over it has none either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from arbtui.core.model import Market
from arbtui.core.orders import Balance, LeverageRead, Position
from arbtui.execution.health import AccountHealth
from arbtui.execution.preflight import Facts
from arbtui.market.slot import Slot

Usd = Callable[[str], Decimal | None]
SlotOf = Callable[[str, Market, str], Slot | None]
ZERO = Decimal(0)


@dataclass(frozen=True)
class Purse:
    """One asset of one wallet that is not empty. ``usd`` and ``free_usd``: what the total and the free part are worth.

    ``heard``: the private stream that would tell of a change is up.
    """

    venue: str
    balance: Balance
    usd: Decimal | None
    free_usd: Decimal | None
    heard: bool


@dataclass(frozen=True)
class Holding:
    """One open position. ``coins`` signed; prices per coin; ``usd`` = what it is worth at the mark, signed.

    ``to_liquidation``: the mark's way to the liquidation price as a fraction of the mark. ``heard``: as of ``Purse``.
    """

    venue: str
    position: Position
    coins: Decimal | None
    entry: Decimal | None
    mark: Decimal | None
    liquidation: Decimal | None
    to_liquidation: Decimal | None
    usd: Decimal | None
    margin_usd: Decimal | None
    leverage: LeverageRead | None
    mark_ns: int  # engine time of the mark
    heard: bool


@dataclass(frozen=True)
class AccountSum:
    """An account as a whole, in US dollars. ``without_rate``: assets that are in none of the sums."""

    health: AccountHealth
    purses: Sequence[Purse]
    holdings: Sequence[Holding]
    read: bool  # whether balances were ever told
    without_rate: tuple[str, ...]

    @property
    def total_usd(self) -> Decimal | None:
        return total(purse.usd for purse in self.purses) if self.read else None

    @property
    def free_usd(self) -> Decimal | None:
        """What new orders may use."""
        return total(purse.free_usd for purse in self.purses) if self.read else None

    @property
    def margin_usd(self) -> Decimal | None:
        """Initial margin that the positions bind."""
        return total(holding.margin_usd for holding in self.holdings) if self.read else None


Row = AccountSum | Purse | Holding


def total(parts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum; None where a part is not known."""
    found = ZERO
    for part in parts:
        if part is None:
            return None
        found += part
    return found


def account_sums(accounts: Sequence[AccountHealth], facts: Facts, usd: Usd, slot_of: SlotOf) -> list[AccountSum]:
    return [_account_sum(health, facts, usd, slot_of) for health in accounts]


def _account_sum(health: AccountHealth, facts: Facts, usd: Usd, slot_of: SlotOf) -> AccountSum:
    told = [balance for balance in facts.balances.values() if balance.venue == health.venue]
    purses = [_purse(balance, health, usd) for balance in told]
    kept = sorted((purse for purse in purses if purse.balance.total), key=_largest_first)
    open_ones = [held for held in facts.positions.values() if held.venue == health.venue and held.qty]
    perp = health.heard(Market.PERP)
    in_order = sorted(open_ones, key=lambda held: held.native)
    holdings = [_holding(held, facts, usd, slot_of, heard=perp) for held in in_order]
    without = sorted({purse.balance.asset for purse in kept if purse.usd is None})
    return AccountSum(health, kept, holdings, bool(told), tuple(without))


def _purse(held: Balance, health: AccountHealth, usd: Usd) -> Purse:
    total_usd, free_usd = (_worth(amount, held.asset, usd) for amount in (held.total, held.free))
    return Purse(held.venue, held, total_usd, free_usd, _heard(health, held.wallet))


def _heard(health: AccountHealth, wallet: str) -> bool:
    """Whether everything that trades from a wallet is heard."""
    return all(health.heard(market) for market, name in health.wallets.items() if name == wallet)


def _largest_first(purse: Purse) -> tuple[str, Decimal, str]:
    return purse.balance.wallet, -(purse.usd or ZERO), purse.balance.asset


def _worth(amount: Decimal | None, ccy: str, usd: Usd) -> Decimal | None:
    if amount is None:
        return None
    rate = usd(ccy)
    return None if rate is None else amount * rate


def _holding(held: Position, facts: Facts, usd: Usd, slot_of: SlotOf, *, heard: bool) -> Holding:
    slot = slot_of(held.venue, Market.PERP, held.native)
    instrument = slot.instrument if slot is not None else None
    factor = instrument.price_factor if instrument is not None else None
    multiplier = instrument.multiplier if instrument is not None else None
    coins = held.qty * multiplier if multiplier is not None else None
    mark, liquidation = _mark(held, slot, factor), _per_coin(held.liquidation_price, factor)
    return Holding(
        venue=held.venue,
        position=held,
        coins=coins,
        entry=_per_coin(held.entry_price, factor),
        mark=mark,
        liquidation=liquidation,
        to_liquidation=abs(mark - liquidation) / mark if mark and liquidation else None,
        usd=_worth(coins * mark, instrument.price_ccy, usd) if instrument and coins is not None and mark else None,
        margin_usd=_worth(held.margin, instrument.settle_ccy, usd) if instrument is not None else None,
        leverage=facts.leverage.get((held.venue, held.native)),
        mark_ns=max(held.t_ns, slot.mark_ns if slot is not None else 0),
        heard=heard,
    )


def _per_coin(wire: Decimal | None, factor: Decimal | None) -> Decimal | None:
    return wire / factor if wire is not None and factor else None


def _mark(held: Position, slot: Slot | None, factor: Decimal | None) -> Decimal | None:
    """The newer of what streams and what the account said."""
    if slot is not None and slot.mark_price and slot.mark_ns > held.t_ns:
        return Decimal(repr(slot.mark_price))
    return _per_coin(held.mark, factor)


def rows(accounts: Sequence[AccountSum]) -> list[Row]:
    found: list[Row] = []
    for account in accounts:
        found += [account, *account.purses, *account.holdings]
    return found


def key(row: Row) -> tuple[str, str, str]:
    """What stays the same of a row while its figures change."""
    match row:
        case AccountSum():
            return row.health.venue, "", ""
        case Purse():
            return row.venue, row.balance.wallet, row.balance.asset
        case Holding():
            return row.venue, "position", row.position.native


def fee_words(facts: Facts, venue: str, market: Market) -> str:
    """The account's taker/maker rates as read, bps; "" before they were. A range where instruments differ."""
    found = [rates for (of, kind, _), rates in facts.fees.items() if of == venue and kind is market]
    if not found:
        return ""
    return f"{_range([rates.taker for rates in found])}/{_range([rates.maker for rates in found])}"


def _range(rates: Sequence[Decimal]) -> str:
    low, high = (float(rate) * 1e4 for rate in (min(rates), max(rates)))
    return f"{low:g}" if low == high else f"{low:g}..{high:g}"
