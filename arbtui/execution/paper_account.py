"""The money of a paper account: wallets, perpetual positions, margin. Exact decimals, nothing is ever rounded away.

What a fill does:

- Spot: coins against quote currency. The fee of a buy is taken from the coins, that of a sell from the money.
- Perpetual: the position changes, and what closes realises its profit into the wallet of the settle currency, fee off.
  The price's number counts in the settle currency at par, as the venues have it (Hyperliquid: priced in USDT, settled
  in USDC).
- Funding: position x mark x rate, at the venue's time.

A position is kept as its quantity and its cost (signed, money), not as an average price, so that what is realised over
its life adds up to the last digit: what a partial close releases is rounded once and taken off the cost as rounded.
Each wallet keeps a tally; at any time ``balance = start + traded + realised - fees + funding``.

Margin is cross, per wallet and settle currency, positions one-way. Initial margin is notional at the mark over the
leverage. Open profit does not add to what is free, open loss takes from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Context, Decimal

import msgspec

from arbtui.core.model import Instrument, Market
from arbtui.core.orders import Order, Side
from arbtui.execution.paper_book import ZERO
from arbtui.execution.paper_market import PaperRules
from arbtui.execution.paper_orders import PaperOrder, contract_value

EXACT = Context(prec=60)
_CENTS = Decimal("1e-12")  # what a partial close releases of the cost is rounded to this
_SHOWN = Context(prec=12)


class Tally(msgspec.Struct):
    """Why one asset of one wallet is as much as it is."""

    start: Decimal = ZERO
    traded: Decimal = ZERO  # spot: coins and money changed for each other
    realised: Decimal = ZERO
    fees: Decimal = ZERO  # paid; a rebate takes off
    funding: Decimal = ZERO  # received

    @property
    def balance(self) -> Decimal:
        return self.start + self.traded + self.realised - self.fees + self.funding


class PaperPosition(msgspec.Struct):
    """One perpetual that is not flat. ``cost`` is what its coins cost; of a short what they brought, negative."""

    native: str
    leg: str
    wallet: str
    settle: str
    value: Decimal  # price x quantity x this = money
    qty: Decimal = ZERO
    cost: Decimal = ZERO
    mark: Decimal | None = None  # the last one known

    @property
    def entry(self) -> Decimal:
        """Average entry price, wire."""
        return _SHOWN.divide(self.cost, self.qty * self.value)

    @property
    def open_profit(self) -> Decimal:
        return ZERO if self.mark is None else self.qty * self.mark * self.value - self.cost

    @property
    def notional(self) -> Decimal:
        """At the mark; at what it cost while no mark is known."""
        return abs(self.cost if self.mark is None else self.qty * self.mark * self.value)

    def fill(self, side: Side, qty: Decimal, price: Decimal) -> Decimal:
        """Change by a fill; what it realises."""
        change = side.sign * qty
        if self.qty * change >= 0:
            self.qty += change
            self.cost += change * price * self.value
            return ZERO
        closing = min(qty, abs(self.qty))
        signed = closing if self.qty > 0 else -closing
        released = self.cost if signed == self.qty else (self.cost * signed / self.qty).quantize(_CENTS)
        self.cost -= released
        self.qty -= signed
        realised = signed * price * self.value - released
        if qty > closing:
            self.fill(side, qty - closing, price)
        return realised


class AccountState(msgspec.Struct):
    """All of an account that has to be kept. Wallet -> asset -> tally; perpetual -> position."""

    wallets: dict[str, dict[str, Tally]] = {}
    positions: dict[str, PaperPosition] = {}


class PaperAccount:
    """Reads and changes an ``AccountState``. ``wallets``: from which pot each market trades."""

    def __init__(self, state: AccountState, wallets: Mapping[Market, str], rules: PaperRules) -> None:
        self.state = state
        self._wallets = wallets
        self._rules = rules

    @staticmethod
    def begin(balances: Mapping[str, Mapping[str, Decimal]]) -> AccountState:
        """A new account with these balances."""
        return AccountState(
            {
                wallet: {asset: Tally(start=amount) for asset, amount in assets.items()}
                for wallet, assets in balances.items()
            }
        )

    def wallet(self, market: Market) -> str:
        return self._wallets[market]

    def tally(self, wallet: str, asset: str) -> Tally:
        return self.state.wallets.setdefault(wallet, {}).setdefault(asset, Tally())

    def total(self, wallet: str, asset: str) -> Decimal:
        tally = self.state.wallets.get(wallet, {}).get(asset)
        return ZERO if tally is None else tally.balance

    def assets(self, wallet: str) -> list[str]:
        return list(self.state.wallets.get(wallet, {}))

    def position(self, native: str) -> Decimal:
        """Signed quantity, wire; zero = flat."""
        held = self.state.positions.get(native)
        return ZERO if held is None else held.qty

    # --- what fills and funding do

    def spot_fill(
        self, instrument: Instrument, side: Side, price: Decimal, qty: Decimal, rate: Decimal
    ) -> tuple[Decimal, str]:
        """Change coins for money; the fee and its currency."""
        wallet = self._wallets[Market.SPOT]
        assert instrument.multiplier is not None
        coins, money = qty * instrument.multiplier, price * qty * contract_value(instrument)
        base, quote = self.tally(wallet, instrument.base), self.tally(wallet, instrument.quote)
        base.traded += side.sign * coins
        quote.traded -= side.sign * money
        if side is Side.BUY:
            base.fees += coins * rate
            return coins * rate, instrument.base
        quote.fees += money * rate
        return money * rate, instrument.quote

    def perp_fill(
        self, instrument: Instrument, side: Side, price: Decimal, qty: Decimal, rate: Decimal
    ) -> tuple[Decimal, str]:
        """Change the position; the fee and its currency. A position that is flat again is kept until it was told."""
        wallet, settle = self._wallets[Market.PERP], instrument.settle_ccy
        held = self.state.positions.get(instrument.native)
        if held is None:
            held = PaperPosition(instrument.native, instrument.key, wallet, settle, value=contract_value(instrument))
            self.state.positions[instrument.native] = held
        tally = self.tally(wallet, settle)
        tally.realised += held.fill(side, qty, price)
        fee = price * qty * held.value * rate
        tally.fees += fee
        return fee, settle

    def forget_flat(self) -> None:
        for native in [native for native, held in self.state.positions.items() if not held.qty]:
            del self.state.positions[native]

    def fund(self, held: PaperPosition, mark: Decimal, rate: Decimal) -> Decimal:
        """Pay or receive funding; the amount, received counts positive."""
        amount = -held.qty * mark * held.value * rate
        self.tally(held.wallet, held.settle).funding += amount
        return amount

    # --- margin

    def free(self, wallet: str, asset: str, resting: Iterable[tuple[PaperOrder, Instrument]]) -> Decimal:
        """What a new order may use of an asset."""
        held = sum((_held(one, instrument, asset, self._rules) for one, instrument in resting
                    if self._wallets[one.order.market] == wallet), ZERO)  # fmt: skip
        positions = self._of(wallet, asset)
        margin = sum((self.margin(one) for one in positions), ZERO)
        profit = sum((one.open_profit for one in positions), ZERO)
        return self.total(wallet, asset) - held - margin + min(ZERO, profit)

    def margin(self, held: PaperPosition) -> Decimal:
        """Initial margin that a position binds."""
        return held.notional / self._rules.leverage

    def doomed(self) -> list[PaperPosition]:
        """Positions of every wallet and currency whose equity is at or below the maintenance margin."""
        found: list[PaperPosition] = []
        for pot in dict.fromkeys((held.wallet, held.settle) for held in self.state.positions.values()):
            positions = self._of(*pot)
            known = all(held.mark is not None for held in positions)
            if known and self._equity(*pot) <= sum((self._kept(held) for held in positions), ZERO):
                found += positions
        return found

    def liquidation_price(self, held: PaperPosition) -> Decimal | None:
        """The mark at which the account would be liquidated, all else unchanged; None: at no price."""
        others = [one for one in self._of(held.wallet, held.settle) if one is not held]
        cushion = self.total(held.wallet, held.settle) + sum(
            (one.open_profit - self._kept(one) for one in others), ZERO
        )
        per_price = held.value * (held.qty - abs(held.qty) * self._rules.maintenance)
        price = (held.cost - cushion) / per_price
        return _SHOWN.plus(price) if price > 0 else None

    def _equity(self, wallet: str, asset: str) -> Decimal:
        return self.total(wallet, asset) + sum((held.open_profit for held in self._of(wallet, asset)), ZERO)

    def _kept(self, held: PaperPosition) -> Decimal:
        return held.notional * self._rules.maintenance

    def _of(self, wallet: str, asset: str) -> list[PaperPosition]:
        return [held for held in self.state.positions.values() if (held.wallet, held.settle) == (wallet, asset)]


def spent(order: Order, instrument: Instrument, qty: Decimal, price: Decimal) -> tuple[str, Decimal]:
    """The asset that a spot order gives, and how much of it for ``qty`` at ``price``."""
    assert instrument.multiplier is not None
    if order.side is Side.BUY:
        return instrument.quote, qty * price * contract_value(instrument)
    return instrument.base, qty * instrument.multiplier


def _held(one: PaperOrder, instrument: Instrument, asset: str, rules: PaperRules) -> Decimal:
    """What a resting order keeps of ``asset``."""
    order = one.order
    assert order.price is not None, "only limit orders rest"
    if order.market is Market.SPOT:
        of, amount = spent(order, instrument, one.remaining, order.price)
        return amount if of == asset else ZERO
    if order.reduce_only or instrument.settle_ccy != asset:
        return ZERO
    return one.remaining * order.price * contract_value(instrument) / rules.leverage
