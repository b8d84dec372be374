"""The hedged pairs that are open: what each leg holds, how far the legs are apart, how near the venue's own exit is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from arbtui.core.orders import Position
from arbtui.execution.intents import Leg
from arbtui.execution.ledger import Exposure, Ledger
from arbtui.execution.lifecycle import State
from arbtui.execution.pnl import Amounts, Pnl, hedge_pnl
from arbtui.execution.ports import Price, Prices
from arbtui.execution.quantity import tradable

_BPS = Decimal(10_000)


@dataclass(frozen=True)
class PairLeg:
    """``coins`` signed; ``entry`` and ``exit`` wire prices, None where there is none."""

    leg: Leg
    coins: Decimal
    entry: Decimal | None
    exit: Decimal | None
    liquidation_bps: Decimal | None  # how far the mark is from the liquidation price; None = not told, or spot
    adl_rank: int | None


@dataclass(frozen=True)
class Pair:
    """``gap``: coins that leg 0 holds more than leg 1; ``dust``: too little for an order on either leg."""

    hedge: str
    base: str
    state: State
    why: str
    opened_ns: int
    legs: tuple[PairLeg, PairLeg]
    gap: Exposure
    dust: bool
    pnl: Pnl

    @property
    def liquidation_bps(self) -> Decimal | None:
        """Of the pair: the nearer of both legs'; None where no leg tells it."""
        known = [leg.liquidation_bps for leg in self.legs if leg.liquidation_bps is not None]
        return min(known, default=None)


def open_pairs(
    ledgers: Iterable[Ledger],
    prices: Prices,
    positions: Mapping[tuple[str, str], Position] | None = None,
    funding: Mapping[str, Amounts] | None = None,
) -> list[Pair]:
    """Every hedge that has not ended, oldest first. ``positions`` by (venue, native), ``funding`` by hedge."""
    open_ones = [ledger for ledger in ledgers if ledger.turns and not ledger.state.ended]
    pairs = [pair_of(ledger, prices, positions or {}, (funding or {}).get(ledger.hedge)) for ledger in open_ones]
    return sorted(pairs, key=lambda pair: (pair.opened_ns, pair.hedge))


def pair_of(
    ledger: Ledger, prices: Prices, positions: Mapping[tuple[str, str], Position], funding: Amounts | None = None
) -> Pair:
    legs = ledger.intent.legs
    now = (prices.price(legs[0].key), prices.price(legs[1].key))
    pnl = hedge_pnl(ledger, now, funding)
    gap = ledger.exposure()
    return Pair(
        hedge=ledger.hedge,
        base=ledger.intent.base,
        state=ledger.state,
        why=ledger.why,
        opened_ns=ledger.turns[0].t_ns,
        legs=(_leg(ledger, 0, now[0], pnl, positions), _leg(ledger, 1, now[1], pnl, positions)),
        gap=gap,
        dust=bool(gap.known) and not any(tradable(abs(gap.known), leg) for leg in legs),
        pnl=pnl,
    )


def _leg(ledger: Ledger, index: int, price: Price, pnl: Pnl, positions: Mapping[tuple[str, str], Position]) -> PairLeg:
    leg, held = ledger.intent.legs[index], ledger.position(index)
    position = positions.get((leg.venue, leg.native)) if leg.market.value == "perp" else None
    return PairLeg(
        leg=leg,
        coins=held,
        entry=pnl.legs[index].entry,
        exit=None if not held else price.bid if held > 0 else price.ask,
        liquidation_bps=liquidation_bps(position),
        adl_rank=position.adl_rank if position is not None else None,
    )


def liquidation_bps(position: Position | None) -> Decimal | None:
    """Distance from the mark to the liquidation price in bps of the mark; None where the venue tells one of neither."""
    if position is None or not position.mark or not position.liquidation_price:
        return None
    return abs(position.mark - position.liquidation_price) / position.mark * _BPS
