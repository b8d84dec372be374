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
from arbtui.execution.intents import Intent, Leg
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
    leg, pot = intent.legs[index], pot_of(intent.legs[index], wallets)
    qty = intent.qty[index] if qty is None else qty
    money = notional(qty, leg.price, leg.terms) * (1 + intent.band_bps(index) / 10_000)
    if leg.market is Market.PERP:
        read = leverages.get((leg.venue, leg.native))
        if read is None or read.leverage <= 0:
            return None
        return pot, (money / read.leverage + money * max(leg.taker_rate, ZERO)) * _MARGIN_SPARE
    return pot, money * (1 + max(leg.taker_rate, ZERO)) * _MARGIN_SPARE if leg.side is Side.BUY else qty


def pot_of(leg: Leg, wallets: Wallets) -> Pot:
    """What an opening order of a leg is paid from."""
    asset = leg.terms.settle_ccy if leg.market is Market.PERP else leg.terms.asset
    if leg.market is Market.SPOT and leg.side is Side.BUY:
        asset = leg.terms.quote
    return leg.venue, wallets.get((leg.venue, leg.market), ""), asset


def set_aside(
    ledgers: Iterable[Ledger], balances: Mapping[Pot, Balance], wallets: Wallets, leverages: Leverages
) -> Mapping[Pot, Decimal]:
    """What hedges that are being opened take of each pot and its last balance does not show yet."""
    taken: dict[Pot, Decimal] = defaultdict(Decimal)
    for ledger in ledgers:
        if not ledger.turns or ledger.state.ended or not ledger.intent.opens:
            continue
        for index, leg in enumerate(ledger.intent.legs):
            told = balances.get(pot_of(leg, wallets))
            qty = _unshown(ledger, index, told.t_ns if told is not None else 0)
            if qty and (part := needs(ledger.intent, index, wallets, leverages, qty)) is not None:
                taken[part[0]] += part[1]
    return taken


def _unshown(ledger: Ledger, index: int, told_ns: int) -> Decimal:
    """Wire quantity that a leg may still order, or has ordered too late for a balance of then."""
    if ledger.turn_over and told_ns > ledger.last_ns + GRACE_NS and not ledger.unsettled():
        return ZERO  # of most that are open
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
