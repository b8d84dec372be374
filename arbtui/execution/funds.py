"""What orders take out of wallets: of a hedge that is asked for, and of those that were begun a moment ago.

A venue tells what is free a little after an order changed it. Until then the order's money is still in the balance
that was told, and whoever reads it there spends it a second time: one leg of the second hedge would be refused when the
other has gone out. So what hedges that are being opened take, or may still take, is set aside until a balance shows it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from arbtui.core.model import Market
from arbtui.core.orders import Balance, LeverageRead, Side
from arbtui.execution.intents import Intent
from arbtui.execution.ledger import Ledger
from arbtui.execution.lines import GRACE_NS, Line
from arbtui.execution.quantity import ZERO, notional

Pot = tuple[str, str, str]  # venue, wallet, asset
Wallets = Mapping[tuple[str, Market], str]
Leverages = Mapping[tuple[str, str], LeverageRead]  # venue, native

_MARGIN_SPARE = Decimal("1.05")  # prices move between the check and the order


def needs(
    intent: Intent, index: int, wallets: Wallets, leverages: Leverages, qty: Decimal | None = None
) -> tuple[Pot, Decimal] | None:
    """From which pot a leg takes how much; None where that cannot be known. ``qty`` wire; None = all of the leg."""
    leg = intent.legs[index]
    qty = intent.qty[index] if qty is None else qty
    money = notional(qty, leg.price, leg.terms) * (1 + intent.policy.take_band_bps / 10_000)
    if leg.market is Market.PERP:
        read = leverages.get((leg.venue, leg.native))
        if read is None or read.leverage <= 0:
            return None
        asset, need = leg.terms.settle_ccy, money / read.leverage + money * max(leg.taker_rate, ZERO)
    elif leg.side is Side.BUY:
        asset, need = leg.terms.quote, money * (1 + max(leg.taker_rate, ZERO))
    else:
        asset, need = leg.terms.asset, qty
    if leg.market is Market.PERP or leg.side is Side.BUY:
        need *= _MARGIN_SPARE
    return (leg.venue, wallets.get((leg.venue, leg.market), ""), asset), need


def set_aside(
    ledgers: Iterable[Ledger], balances: Mapping[Pot, Balance], wallets: Wallets, leverages: Leverages
) -> Mapping[Pot, Decimal]:
    """What hedges that are being opened take of each pot and its last balance does not show yet."""
    taken: dict[Pot, Decimal] = defaultdict(Decimal)
    for ledger in ledgers:
        if not ledger.turns or ledger.state.ended or not ledger.intent.opens:
            continue
        for index in (0, 1):
            whole = needs(ledger.intent, index, wallets, leverages)
            if whole is None:
                continue
            told = balances.get(whole[0])
            part = needs(ledger.intent, index, wallets, leverages, _unshown(ledger, index, told.t_ns if told else 0))
            taken[whole[0]] += part[1] if part is not None else ZERO
    return taken


def _unshown(ledger: Ledger, index: int, told_ns: int) -> Decimal:
    """Wire quantity that a leg may still order, or has ordered too late for a balance of then."""
    lines = [line for line in ledger.of_turn() if line.leg == index]
    late = sum((line.filled + line.remaining for line in lines if not _shown(line, told_ns)), ZERO)
    if ledger.turn_over:
        return late
    return late + max(ZERO, ledger.intent.qty[index] - sum((line.filled + line.remaining for line in lines), ZERO))


def _shown(line: Line, told_ns: int) -> bool:
    """Whether a balance of then counts the order: what rests binds margin as well."""
    fills_ns = [fill.t_ns for fill in line.fills.values()]
    since_ns = max(line.planned_ns + GRACE_NS, line.reported_ns if line.filled else 0, *fills_ns, 0)
    return line.known and told_ns >= since_ns
