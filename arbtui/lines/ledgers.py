"""Lines of hedges: their orders, their fills, their states. Everything per coin, exact; unknown is null."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Context, Decimal
from typing import Literal

from arbtui.core.orders import Fill, OrderStatus
from arbtui.core.units import coins, plain, price_per_coin
from arbtui.execution.intents import Leg, Purpose, Terms
from arbtui.execution.ledger import Ledger
from arbtui.execution.lines import Line
from arbtui.execution.pnl import Pnl
from arbtui.lines.records import FillLine, HedgeLegPart, HedgeLine, OrderLine, PnlPart

Status = Literal["journaled", "sent", "open", "filled", "canceled", "expired", "rejected", "in_doubt", "dropped"]
PurposeName = Literal["enter", "hedge", "rehedge", "unwind", "exit", "flatten"]
Rate = Callable[[str], Decimal | None]

_AVERAGES = Context(prec=28)
_ENDED: Mapping[OrderStatus, Status] = {
    OrderStatus.FILLED: "filled",
    OrderStatus.CANCELED: "canceled",
    OrderStatus.EXPIRED: "expired",
    OrderStatus.REJECTED: "rejected",
}
_PURPOSES: Mapping[Purpose, PurposeName] = {
    Purpose.ENTER: "enter",
    Purpose.HEDGE: "hedge",
    Purpose.REHEDGE: "rehedge",
    Purpose.UNWIND: "unwind",
    Purpose.EXIT: "exit",
    Purpose.FLATTEN: "flatten",
}


def status_of(line: Line, *, in_doubt: bool) -> Status:
    """One word for everything that was said of an order. ``in_doubt``: the ledger counts it so now."""
    if line.filled >= line.order.qty:
        return "filled"
    if in_doubt:
        return "in_doubt"
    if line.status is not None and line.status.terminal:
        return _ENDED[line.status]
    if line.known:
        return "canceled" if line.ended else "open"
    if line.rejected is not None:
        return "rejected"
    if line.dropped or line.dead is not None:
        return "dropped"
    return "sent" if line.handed_ns is not None or line.relived_ns is not None else "journaled"


def order_line(
    ledger: Ledger, line: Line, status: Status, t_ns: int, text: str = "", told_average: Decimal | None = None
) -> OrderLine:
    """``told_average``: the venue's own average wire price of what filled, for where its fills are not told."""
    order, leg = line.order, ledger.intent.legs[line.leg]
    heard = status not in ("journaled", "sent")
    ended = status in ("canceled", "expired", "rejected")
    reason = line.rejected.reason if line.rejected is not None else line.end_reason
    return OrderLine(
        t_ns=t_ns,
        venue=order.venue,
        market=order.market.value,
        base=leg.terms.base,
        quote=leg.terms.quote,
        native=order.native,
        hedge=ledger.hedge,
        leg="sell" if line.leg else "buy",
        purpose=_PURPOSES[line.purpose],
        client_id=order.client_id,
        order_id=min(line.order_ids, default=None) if heard else None,
        side=order.side.value,
        kind=order.kind.value,
        reduce_only=order.reduce_only,
        price=_price(order.price, leg.terms),
        qty=_coins(order.qty, leg.terms),
        filled=_coins(line.filled if heard else Decimal(0), leg.terms),
        avg_price=_price(average_of(line) or told_average, leg.terms) if heard else None,
        status=status,
        reason=reason.value if ended and reason is not None else None,
        text=text,
    )


def average_of(line: Line) -> Decimal | None:
    """Wire price; None while not every fill is told."""
    if not line.filled or line.fills_qty != line.filled:
        return None
    total = sum((fill.qty * fill.price for fill in line.fills.values()), Decimal(0))
    return _AVERAGES.divide(total, line.fills_qty)


def fill_line(ledger: Ledger, line: Line, fill: Fill) -> FillLine:
    terms = ledger.intent.legs[line.leg].terms
    return FillLine(
        t_ns=fill.t_ns,
        venue=fill.venue,
        market=fill.market.value,
        base=terms.base,
        quote=terms.quote,
        native=fill.native,
        hedge=ledger.hedge,
        client_id=line.order.client_id,
        order_id=fill.order_id,
        fill_id=fill.fill_id,
        side=fill.side.value,
        price=price_per_coin(plain(fill.price), terms.price_factor),
        qty=_coins(fill.qty, terms),
        fee=plain(fill.fee) if fill.fee is not None else None,
        fee_ccy=fill.fee_ccy or None,
        maker=fill.maker,
        exchange_ms=fill.t_ms,
    )


def hedge_line(ledger: Ledger, pnl: Pnl, rate: Rate, t_ns: int, *, why: str, alarm: bool) -> HedgeLine:
    intent = ledger.intent
    buy, sell = (_leg(ledger, index, leg, pnl) for index, leg in enumerate(intent.legs))
    return HedgeLine(
        t_ns=t_ns,
        id=ledger.hedge,
        base=intent.base,
        state=ledger.state.value,
        turn=intent.turn,
        verb=intent.verb.value,
        style=intent.style.value,
        buy=buy,
        sell=sell,
        qty=_coins(intent.qty[0], intent.legs[0].terms),
        gap=plain(ledger.exposure().known),
        why=why,
        alarm=alarm,
        planned_net_bps=float(ledger.turns[0].planned_net_bps),
        pnl=pnl_part(ledger, pnl, rate),
    )


def pnl_part(ledger: Ledger, pnl: Pnl, rate: Rate) -> PnlPart:
    ccys = [leg.terms.settle_ccy for leg in ledger.intent.legs]
    realised = in_usd(((ccy, part.realised) for ccy, part in zip(ccys, pnl.legs, strict=True)), rate)
    opens = [(ccy, part.open) for ccy, part in zip(ccys, pnl.legs, strict=True) if part.open is not None]
    still_open = in_usd(opens, rate) if len(opens) == len(ccys) else None
    return PnlPart(
        price_usd=_number(realised + still_open if realised is not None and still_open is not None else None),
        fees_usd=_number(in_usd(pnl.fees.items(), rate)),
        funding_usd=_number(in_usd(pnl.funding.items(), rate)),
        realised_usd=_number(realised),
        open_usd=_number(still_open),
        complete=pnl.complete,
    )


def in_usd(amounts: Iterable[tuple[str, Decimal]], rate: Rate) -> Decimal | None:
    """The sum; None where the rate of a currency that has an amount is not known."""
    total = Decimal(0)
    for ccy, amount in amounts:
        if not amount:
            continue
        per = rate(ccy)
        if per is None:
            return None
        total += amount * per
    return total


def _leg(ledger: Ledger, index: int, leg: Leg, pnl: Pnl) -> HedgeLegPart:
    return HedgeLegPart(
        venue=leg.venue,
        market=leg.market.value,
        native=leg.native,
        quote=leg.terms.quote,
        position=plain(ledger.position(index)),
        entry=_price(pnl.legs[index].entry, leg.terms),
    )


def _price(wire: Decimal | None, terms: Terms) -> str | None:
    return price_per_coin(plain(wire), terms.price_factor) if wire is not None else None


def _coins(wire: Decimal, terms: Terms) -> str:
    return coins(plain(wire), terms.multiplier)


def _number(amount: Decimal | None) -> float | None:
    return float(amount) if amount is not None else None
