"""What one turn of a hedge brought, from its fills, to be held against what was previewed. Pure.

    price of a leg = all its cash / all its coins, so that a repair's cost is in it
    net = matched coins x (price sold - price bought) - all fees, in USD; bps of what the matched coins cost

None where a fill, a fee or a rate is not known, or where no coin has a counterpart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Context, Decimal

from arbtui.core.clock import NS_PER_MS
from arbtui.execution.ledger import Ledger
from arbtui.execution.lines import Line
from arbtui.execution.quantity import ZERO, coins, notional

_EXACT = Context(prec=40)
Usd = Callable[[str], Decimal | None]


@dataclass(frozen=True)
class LegOutcome:
    """``coins`` signed; ``price_usd`` per coin, None where nothing is left of the leg or a rate is not known."""

    coins: Decimal
    cash_usd: Decimal | None
    price_usd: Decimal | None


@dataclass(frozen=True)
class Outcome:
    """``within_ms``: from the first order handed over to the last fill."""

    legs: tuple[LegOutcome, LegOutcome]
    gap: Decimal  # coins that leg 0 got more than leg 1
    fees_usd: Decimal | None
    net_usd: Decimal | None
    net_bps: Decimal | None
    within_ms: int | None


def outcome(ledger: Ledger, turn: int, usd: Usd) -> Outcome | None:
    """None where nothing of the turn has filled."""
    lines = [line for line in ledger.lines.values() if line.turn == turn]
    if not any(line.filled for line in lines):
        return None
    legs = (_leg(ledger, 0, lines, usd), _leg(ledger, 1, lines, usd))
    fees = _fees_usd(lines, usd)
    net, base = _net(legs, fees)
    return Outcome(
        legs=legs,
        gap=legs[0].coins + legs[1].coins,
        fees_usd=fees,
        net_usd=net,
        net_bps=None if net is None or not base else _EXACT.divide(net * 10_000, base),
        within_ms=_within_ms(lines),
    )


def _leg(ledger: Ledger, index: int, lines: list[Line], usd: Usd) -> LegOutcome:
    leg = ledger.intent.legs[index]
    got = cash = ZERO
    for line in lines:
        for fill in line.fills.values() if line.leg == index else ():
            got += fill.side.sign * coins(fill.qty, leg.terms)
            cash -= fill.side.sign * notional(fill.qty, fill.price, leg.terms)
    rate = usd(leg.terms.price_ccy)
    cash_usd = None if rate is None else cash * rate
    return LegOutcome(got, cash_usd, None if cash_usd is None or not got else _EXACT.divide(-cash_usd, got))


def _fees_usd(lines: list[Line], usd: Usd) -> Decimal | None:
    total = ZERO
    for line in lines:
        if not line.complete:
            return None
        for fill in line.fills.values():
            rate = usd(fill.fee_ccy) if fill.fee else ZERO
            if fill.fee is None or rate is None:
                return None
            total += fill.fee * rate
    return total


def _net(legs: tuple[LegOutcome, LegOutcome], fees: Decimal | None) -> tuple[Decimal | None, Decimal]:
    """Net, and what the matched coins cost."""
    if fees is None or legs[0].cash_usd is None or legs[1].cash_usd is None:
        return None, ZERO
    if not legs[0].coins and not legs[1].coins:  # everything was given back
        return legs[0].cash_usd + legs[1].cash_usd - fees, ZERO
    bought, sold = (legs[0], legs[1]) if legs[0].coins > 0 else (legs[1], legs[0])
    if bought.coins <= 0 or sold.coins >= 0 or bought.price_usd is None or sold.price_usd is None:
        return None, ZERO
    matched = min(bought.coins, -sold.coins)
    return matched * (sold.price_usd - bought.price_usd) - fees, matched * bought.price_usd


def _within_ms(lines: list[Line]) -> int | None:
    handed = [line.handed_ns for line in lines if line.handed_ns is not None]
    fills = [fill.t_ns for line in lines for fill in line.fills.values()]
    return (max(fills) - min(handed)) // NS_PER_MS if handed and fills else None
