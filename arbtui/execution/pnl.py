"""What a hedge earned and cost, to the last decimal, each amount in its own currency.

    price     realised: what sold lots brought over what they had cost, first in first out; open: the same for the lots
              that are left, at the executable exit price (bid for a long leg, ask for a short one)
    fees      as the venues told them; positive = paid. A fee in the coin is a fee, and the coins are gone
    funding   as the venues paid it, shared among the hedges that held the leg at that moment

Realised + open = all cash of the fills + what is left at exit prices: an identity, with no rounding in it. Unknown is
None: no exit price, a fill or a fee that has not been told yet.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal

from msgspec.structs import replace

from arbtui.core.clock import NS_PER_MS
from arbtui.core.orders import Fill, FundingPaid, Side
from arbtui.execution.intents import Leg
from arbtui.execution.ledger import Ledger
from arbtui.execution.ports import Price
from arbtui.execution.quantity import ZERO, coins, notional

_EXACT = Context(prec=60)
Amounts = Mapping[str, Decimal]  # by currency


@dataclass(frozen=True)
class LegPnl:
    """One leg, prices in the leg's settle currency."""

    realised: Decimal
    open: Decimal | None  # None: no exit price now
    left: Decimal  # coins traded and not traded back, signed; fees in the coin are not deducted
    entry: Decimal | None  # average wire price of what is left
    turnover: Decimal


@dataclass(frozen=True)
class Pnl:
    """``complete``: every fill and every fee is known. Without it the figures are of what is known so far."""

    legs: tuple[LegPnl, LegPnl]
    price: Amounts  # realised and open together; a leg without exit price makes its currency missing
    fees: Amounts
    funding: Amounts
    complete: bool

    def usd(self, rate: Callable[[str], Decimal | None]) -> Decimal | None:
        """All in US dollars; None where a rate or a price is missing."""
        if any(leg.open is None for leg in self.legs):
            return None
        total = ZERO
        for sign, amounts in ((1, self.price), (-1, self.fees), (1, self.funding)):
            for ccy, amount in amounts.items():
                if not amount:
                    continue
                per = rate(ccy)
                if per is None:
                    return None
                total = _EXACT.add(total, _EXACT.multiply(amount if sign > 0 else amount.copy_negate(), per))
        return total


@dataclass
class _Lot:
    side: Side
    qty: Decimal
    price: Decimal


def hedge_pnl(
    ledger: Ledger, prices: tuple[Price, Price], funding: Amounts | None = None, *, at_worst: bool = False
) -> Pnl:
    """The account of one hedge. ``funding``: its share, see ``Funding``.

    ``at_worst``: what the venues have not told yet counts as bad as it can be, and not as nothing: what filled without
    a fill at its order's limit, a fee that is not known at the taker's rate.
    """
    legs, price, fees = [], defaultdict[str, Decimal](Decimal), defaultdict[str, Decimal](Decimal)
    for index, leg in enumerate(ledger.intent.legs):
        fills = _worst_fills(ledger, index) if at_worst else fills_of(ledger, index)
        one = leg_pnl(leg, fills, prices[index])
        legs.append(one)
        made = _EXACT.add(one.realised, one.open or ZERO)
        price[leg.terms.settle_ccy] = _EXACT.add(price[leg.terms.settle_ccy], made)
        for fill in fills:
            if fill.fee is not None and fill.fee_ccy:
                fees[fill.fee_ccy] = _EXACT.add(fees[fill.fee_ccy], fill.fee)
    return Pnl((legs[0], legs[1]), dict(price), dict(fees), dict(funding or {}), ledger.complete())


def fills_of(ledger: Ledger, index: int) -> list[Fill]:
    """Every fill of a leg once, in the venue's order."""
    fills = [fill for line in ledger.lines.values() if line.leg == index for fill in line.fills.values()]
    return sorted(
        fills, key=lambda fill: (fill.t_ms if fill.t_ms is not None else fill.t_ns // NS_PER_MS, fill.fill_id)
    )


def _worst_fills(ledger: Ledger, index: int) -> list[Fill]:
    leg = ledger.intent.legs[index]
    fills = [*fills_of(ledger, index)]
    for line in ledger.lines.values():
        if line.leg == index and (untold := _EXACT.subtract(line.filled, line.fills_qty)) > 0:
            order = line.order
            fills.append(
                Fill(
                    venue=order.venue,
                    market=order.market,
                    native=order.native,
                    fill_id="",
                    order_id="",
                    client_id=order.client_id,
                    side=order.side,
                    price=order.price or leg.price,
                    qty=untold,
                    told="query",
                    t_ns=line.heard_ns,
                )
            )
    return [fill if fill.fee is not None else _with_worst_fee(leg, fill) for fill in fills]


def _with_worst_fee(leg: Leg, fill: Fill) -> Fill:
    fee = _EXACT.multiply(notional(fill.qty, fill.price, leg.terms), max(ZERO, leg.taker_rate))
    return replace(fill, fee=fee, fee_ccy=leg.terms.settle_ccy)


def leg_pnl(leg: Leg, fills: Iterable[Fill], price: Price) -> LegPnl:
    lots: deque[_Lot] = deque()
    realised = turnover = ZERO
    for fill in fills:
        turnover = _EXACT.add(turnover, notional(fill.qty, fill.price, leg.terms))
        rest = fill.qty
        while rest and lots and lots[0].side is not fill.side:
            lot = lots[0]
            part = min(rest, lot.qty)
            realised = _EXACT.add(realised, _gain(leg, lot, part, fill.price))
            rest, lot.qty = _EXACT.subtract(rest, part), _EXACT.subtract(lot.qty, part)
            if not lot.qty:
                lots.popleft()
        if rest:
            lots.append(_Lot(fill.side, rest, fill.price))
    left = ZERO
    for lot in lots:
        left = _EXACT.add(left, coins(lot.qty.copy_sign(Decimal(lot.side.sign)), leg.terms))
    return LegPnl(realised, _open(leg, lots, price), left, _average(lots), turnover)


def _gain(leg: Leg, lot: _Lot, qty: Decimal, at: Decimal) -> Decimal:
    gain = _EXACT.subtract(notional(qty, at, leg.terms), notional(qty, lot.price, leg.terms))
    return gain if lot.side is Side.BUY else gain.copy_negate()


def _open(leg: Leg, lots: Iterable[_Lot], price: Price) -> Decimal | None:
    total = ZERO
    for lot in lots:
        at = price.bid if lot.side is Side.BUY else price.ask
        if at is None:
            return None
        total = _EXACT.add(total, _gain(leg, lot, lot.qty, at))
    return total


def _average(lots: Iterable[_Lot]) -> Decimal | None:
    held = list(lots)
    qty = sum((lot.qty for lot in held), ZERO)
    return sum((lot.qty * lot.price for lot in held), ZERO) / qty if qty else None


@dataclass
class Funding:
    """Payments, each once, shared among the hedges that held the leg when it was paid.

    ``of``: by hedge; "" takes what no hedge can be said to have earned. The shares of a payment sum to it exactly.
    """

    of: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    _seen: set[tuple[str, str, str]] = field(default_factory=set)

    def hear(self, paid: FundingPaid, ledgers: Iterable[Ledger]) -> bool:
        """Whether this payment was not heard of before."""
        key = (paid.venue, paid.native, paid.payment_id)
        if key in self._seen:
            return False
        self._seen.add(key)
        held = [(ledger.hedge, abs(_held_at(ledger, paid))) for ledger in ledgers if ledger.turns]
        held = [(hedge, qty) for hedge, qty in held if qty]
        total, rest = sum((qty for _, qty in held), ZERO), paid.amount
        for hedge, qty in held[:-1]:
            part = (paid.amount * qty / total).quantize(Decimal("1e-12"))
            self._add(hedge, paid.ccy, part)
            rest = _EXACT.subtract(rest, part)
        self._add(held[-1][0] if held else "", paid.ccy, rest)
        return True

    def _add(self, hedge: str, ccy: str, amount: Decimal) -> None:
        sums = self.of.setdefault(hedge, {})
        sums[ccy] = _EXACT.add(sums.get(ccy, ZERO), amount)


def _held_at(ledger: Ledger, paid: FundingPaid) -> Decimal:
    """Wire quantity that the hedge held on the paying leg at that time."""
    total = ZERO
    for index, leg in enumerate(ledger.intent.legs):
        if (leg.venue, leg.native) != (paid.venue, paid.native):
            continue
        for fill in fills_of(ledger, index):
            if (fill.t_ms if fill.t_ms is not None else fill.t_ns // NS_PER_MS) <= paid.t_ms:
                total += fill.side.sign * fill.qty
    return total
