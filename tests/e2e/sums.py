"""What fills come to, to the last decimal: the journal's against the accounts'.

A flow is what an account has more of an asset, by (venue, asset), for good: the cash of a perpetual that is flat again,
coins and cash of spot, less fees, plus funding.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Context, Decimal
from pathlib import Path
from typing import Any, NamedTuple

from arbtui.core.clock import ManualClock
from arbtui.core.model import Market
from arbtui.core.orders import FundingPaid
from arbtui.execution.intents import Leg
from arbtui.execution.ledger import Ledger
from arbtui.execution.ports import Record
from arbtui.execution.records import Told, fact_of
from arbtui.execution.runner import Runner
from arbtui.storage import journal
from tests.e2e.harness import Sim
from tests.execution.stage import Board, Disk

_EXACT = Context(prec=60)
ZERO = Decimal(0)
Flows = Mapping[tuple[str, str], Decimal]


class Deal(NamedTuple):
    """One fill, as either side tells it."""

    client_id: str
    side: str
    price: Decimal
    qty: Decimal
    fee: Decimal | None
    fee_ccy: str | None


Deals = dict[tuple[str, str, str, str], Deal]  # by venue, market, native and fill id


def hedges_on_disk(path: Path) -> dict[str, Ledger]:
    """Every hedge as a fold of the journal alone."""
    runner = Runner(ManualClock(0), {}, Disk(), Board(), {}, say=lambda said: None)
    runner.restore(Record(entry.t_ns, entry.hedge, entry.kind, entry.body) for entry in journal.read(path))
    return dict(runner.ledgers)


def funding_on_disk(path: Path) -> Flows:
    """Each payment once."""
    paid: dict[tuple[str, str, str], FundingPaid] = {}
    for entry in journal.read(path):
        fact = fact_of(Record(entry.t_ns, entry.hedge, entry.kind, entry.body))
        if isinstance(fact, Told) and isinstance(fact.event, FundingPaid):
            paid[fact.event.venue, fact.event.native, fact.event.payment_id] = fact.event
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for event in paid.values():
        sums[event.venue, event.ccy] = _EXACT.add(sums[event.venue, event.ccy], event.amount)
    return sums


def deals_on_disk(hedges: Iterable[Ledger]) -> Deals:
    """Under the names of our own orders: a venue need not say them with each fill."""
    return {
        (fill.venue, fill.market.value, fill.native, fill.fill_id): Deal(
            line.order.client_id, fill.side.value, fill.price, fill.qty, fill.fee, fill.fee_ccy
        )
        for ledger in hedges
        for line in ledger.lines.values()
        for fill in line.fills.values()
    }


def deals_in_truth(accounts: Mapping[str, Any]) -> Deals:
    return {
        (venue, fill["market"], fill["native"], str(fill["id"])): Deal(
            fill["client_id"],
            fill["side"],
            Decimal(fill["price"]),
            Decimal(fill["qty"]),
            Decimal(fill["fee"]),
            fill["fee_ccy"],
        )
        for venue, account in accounts.items()
        for fill in account["fills"]
    }


def legs_by_key(hedges: Iterable[Ledger]) -> dict[tuple[str, str, str], Leg]:
    legs = (leg for ledger in hedges for leg in ledger.intent.legs)
    return {(leg.venue, leg.market.value, leg.native): leg for leg in legs}


def flows_of(deals: Deals, legs: Mapping[tuple[str, str, str], Leg]) -> Flows:
    """Of perpetuals only where they are flat again; else some of the cash is in the position."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)

    def add(venue: str, asset: str, amount: Decimal) -> None:
        sums[venue, asset] = _EXACT.add(sums[venue, asset], amount)

    for (venue, market, native, _), deal in deals.items():
        terms = legs[venue, market, native].terms
        sign = 1 if deal.side == "buy" else -1
        cash = _EXACT.multiply(_EXACT.multiply(deal.qty, deal.price), terms.per_wire)
        spot = market == Market.SPOT.value
        add(venue, terms.quote if spot else terms.settle_ccy, -sign * cash)
        if spot:
            add(venue, terms.asset, sign * deal.qty)
        assert deal.fee is not None, f"the fee of {deal} was never told"
        assert deal.fee_ccy is not None
        add(venue, deal.fee_ccy, -deal.fee)
    return sums


def accounts_of(sim: Sim) -> dict[str, Any]:
    told = sim.get("/_sim/truth?depth=1")["accounts"]
    return {venue: accounts["main"] for venue, accounts in told.items()}


def differences(after: Flows, before: Flows, flows: Flows) -> dict[tuple[str, str], Decimal]:
    """Where what an account has more is not what flowed into it."""
    keys = {*after, *before, *flows}
    gained = {key: _EXACT.subtract(after.get(key, ZERO), before.get(key, ZERO)) for key in keys}
    return {
        key: _EXACT.subtract(gained[key], flows.get(key, ZERO)) for key in keys if gained[key] != flows.get(key, ZERO)
    }


def added(*flows: Flows) -> Flows:
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for one in flows:
        for key, amount in one.items():
            sums[key] = _EXACT.add(sums[key], amount)
    return sums
