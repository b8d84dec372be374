"""How much may be risked, and when to stop by oneself. What is in doubt counts at its worst.

A limit of None does not hold. All amounts are one leg's worth in US dollars: a hedge of 1,000 USD buys for 1,000 and
sells for 1,000.

The loss of a day is what the hedges that ended since 00:00 UTC made, whole and on the day they ended, and what those
that are open would lose if they were closed now, at the prices that an order would meet: realised, open, fees and
funding of both legs together, because one leg gains what the other loses. An open profit makes up for no loss. What the
venues have not told yet counts at its worst; where no price or no rate is known the loss is not known either, and
nothing is opened. Nor is it where coins went at a price that nobody told (a liquidation, a sale by hand), unless a
person took the hedge over, loss and all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from arbtui.core.clock import NS_PER_S
from arbtui.core.model import Market
from arbtui.execution.intents import Intent, Purpose
from arbtui.execution.ledger import Ledger
from arbtui.execution.lifecycle import State
from arbtui.execution.quantity import ZERO, coins, notional, tradable

NS_PER_DAY = 86_400 * NS_PER_S
Usd = Callable[[str], Decimal | None]


@dataclass(frozen=True)
class Limits:
    """Defaults of the settings under ``limits``."""

    order_usd: Decimal | None = Decimal(1_000)  # one order
    coin_usd: Decimal | None = Decimal(5_000)  # open on one coin
    venue_usd: Decimal | None = Decimal(10_000)  # open on one venue
    day_usd: Decimal | None = Decimal(50_000)  # opened since 00:00 UTC
    day_loss_usd: Decimal | None = Decimal(200)  # of the day so far: see the module
    losing_in_row: int | None = 5  # closed hedges that lost, one after another
    rejected_in_row: int | None = 5  # hedges that a venue refused, one after another
    open_hedges: int | None = 10
    again_after_s: float = 5.0  # the same legs again


@dataclass(frozen=True)
class Usage:
    """What is used up now. None: it cannot be known, and then nothing is opened. ``unpriced``: hedges that are why."""

    by_coin: Mapping[str, Decimal]
    by_venue: Mapping[str, Decimal]
    day_usd: Decimal
    day_loss_usd: Decimal | None
    losing_in_row: int
    rejected_in_row: int
    open_hedges: int
    last_ns: Mapping[tuple[str, str], int]  # legs -> when a hedge on them was last begun
    unfinished: frozenset[str]  # legs with a hedge that is still being opened, repaired, or in doubt
    unpriced: tuple[str, ...] = ()


def worth(intent: Intent, index: int, usd: Usd) -> Decimal | None:
    """US dollars of one leg of an intent at its frozen price."""
    leg = intent.legs[index]
    rate = usd(leg.terms.price_ccy)
    return None if rate is None else notional(intent.qty[index], leg.price, leg.terms) * rate


def usage(
    ledgers: Iterable[Ledger],
    usd: Usd,
    result_usd: Callable[[Ledger], Decimal | None],
    now_ns: int,
    *,
    day_loss: bool = True,
) -> Usage | str:
    """Adds up all hedges. ``result_usd``: what a hedge made, at worst. In words, where a rate is missing.

    ``day_loss`` False: nobody asks for it, so no open hedge is priced.
    """
    by_coin: dict[str, Decimal] = defaultdict(Decimal)
    by_venue: dict[str, Decimal] = defaultdict(Decimal)
    last_ns: dict[tuple[str, str], int] = {}
    day_ns = now_ns - now_ns % NS_PER_DAY
    day_usd, unfinished, open_hedges = ZERO, set[str](), 0
    begun = sorted((ledger for ledger in ledgers if ledger.turns), key=lambda ledger: ledger.begun_ns)
    for ledger in begun:
        first = ledger.turns[0]
        keys = (first.legs[0].key, first.legs[1].key)
        last_ns[keys] = max(last_ns.get(keys, 0), ledger.begun_ns)
        amounts = [_worst(ledger, index, usd) for index in (0, 1)]
        if ledger.begun_ns >= day_ns:
            opened = worth(first, 0, usd)
            amounts.append(opened)
            day_usd += opened or ZERO
        if any(amount is None for amount in amounts):
            return f"no fresh rate to USD for {first.base} is known: limits cannot be checked"
        if ledger.state.ended:
            continue
        open_hedges += 1
        by_coin[first.base] += max(amounts[0] or ZERO, amounts[1] or ZERO)
        for index, leg in enumerate(first.legs):
            by_venue[leg.venue] += amounts[index] or ZERO
        if ledger.state is not State.HEDGED:
            unfinished.update(keys)
    ended = [ledger for ledger in begun if ledger.state.ended]
    loss, unpriced = _day_loss(begun, result_usd, day_ns) if day_loss else (ZERO, ())
    return Usage(
        by_coin=by_coin,
        by_venue=by_venue,
        day_usd=day_usd,
        day_loss_usd=None if unpriced else loss,
        losing_in_row=_losing(ended, result_usd),
        rejected_in_row=_rejected(begun),
        open_hedges=open_hedges,
        last_ns=last_ns,
        unfinished=frozenset(unfinished),
        unpriced=unpriced,
    )


def _worst(ledger: Ledger, index: int, usd: Usd) -> Decimal | None:
    """The most that the leg may hold: what is known, and all that may still fill or is yet to be sent.

    At the highest price at which it was reviewed: a closing turn at a lower one does not make what is held any less.
    """
    if ledger.state.ended:
        return ZERO
    leg = ledger.intent.legs[index]
    rate = usd(leg.terms.price_ccy)
    if rate is None:
        return None
    held = abs(ledger.position(index))
    pending = sum((line.remaining for line in ledger.unsettled() if line.leg == index), ZERO)
    most = held + coins(pending, leg.terms)
    if ledger.intent.opens and not ledger.turn_over:
        most = max(most, coins(ledger.intent.qty[index], leg.terms))
    return most * leg.coin_price(max(turn.legs[index].price for turn in ledger.turns)) * rate


def open_usd(ledgers: Iterable[Ledger], usd: Usd) -> Decimal | None:
    """One leg's worth of everything that is open, at worst; None where a rate is missing."""
    total = ZERO
    for ledger in ledgers:
        if not ledger.turns or ledger.state.ended:
            continue
        amounts = [_worst(ledger, index, usd) for index in (0, 1)]
        if amounts[0] is None or amounts[1] is None:
            return None
        total += max(amounts[0], amounts[1])
    return total


def _day_loss(
    begun: list[Ledger], result_usd: Callable[[Ledger], Decimal | None], day_ns: int
) -> tuple[Decimal, tuple[str, ...]]:
    """The loss as far as it is known, and of which hedges it is not."""
    total, unknown = ZERO, []
    for ledger in begun:
        if ledger.state.ended and ledger.state_ns < day_ns:
            continue
        result = None if _went_unpriced(ledger) else result_usd(ledger)
        if result is None:
            unknown.append(ledger.hedge)
        else:
            total += result if ledger.state.ended else min(result, ZERO)
    return max(ZERO, -total), tuple(unknown)


def _went_unpriced(ledger: Ledger) -> bool:
    legs = ledger.intent.legs
    return not ledger.abandoned and any(tradable(abs(ledger.lost[index]), leg) for index, leg in enumerate(legs))


def _losing(ended: list[Ledger], result_usd: Callable[[Ledger], Decimal | None]) -> int:
    count = 0
    for ledger in sorted(ended, key=lambda ledger: ledger.state_ns, reverse=True):
        if not any(line.filled for line in ledger.lines.values()):
            continue
        result = result_usd(ledger)
        if result is not None and result >= 0:
            break
        count += 1
    return count


def _rejected(begun: list[Ledger]) -> int:
    count = 0
    for ledger in reversed(begun):
        entered = [line for line in ledger.lines.values() if line.purpose is Purpose.ENTER]
        if not entered:
            continue
        if not any(line.rejected is not None and not line.known for line in entered):
            break
        count += 1
    return count


def refusals(intent: Intent, limits: Limits, used: Usage, usd: Usd, now_ns: int) -> list[str]:
    """Why this hedge must not be opened, each with the setting that says so; empty: it may."""
    amounts = [worth(intent, index, usd) for index in (0, 1)]
    if amounts[0] is None or amounts[1] is None:
        return [f"no fresh rate to USD for {intent.legs[0].terms.price_ccy} is known: limits cannot be checked"]
    most = max(amounts[0], amounts[1])
    found = [
        _above("an order", most, limits.order_usd, "order_usd"),
        _above(f"{intent.base} open", used.by_coin.get(intent.base, ZERO) + most, limits.coin_usd, "coin_usd"),
        _above("opened today", used.day_usd + most, limits.day_usd, "day_usd"),
    ]
    by_venue = {leg.venue: used.by_venue.get(leg.venue, ZERO) for leg in intent.legs}
    for amount, leg in zip(amounts, intent.legs, strict=True):
        by_venue[leg.venue] += amount or ZERO  # both, where one venue carries both
    found += [_above(f"open on {venue}", total, limits.venue_usd, "venue_usd") for venue, total in by_venue.items()]
    return [text for text in [*found, *_counters(limits, used), *_repeats(intent, limits, used, now_ns)] if text]


def opposed(intent: Intent, ledgers: Iterable[Ledger]) -> str:
    """Why this hedge would undo another one, in words; "" where it does not.

    An account holds one position of a perpetual. Two hedges on its two sides take each other's away, and neither can
    be closed by itself any more: there is nothing to reduce.
    """
    for ledger in ledgers:
        if not ledger.turns or ledger.state.ended or ledger.hedge == intent.hedge:
            continue
        for other in ledger.turns[0].legs:
            for leg in intent.legs:
                if leg.market is Market.PERP and leg.key == other.key and leg.side is not other.side:
                    return f"hedge {ledger.hedge} holds the other side of {leg.key}; close that one instead"
    return ""


def _above(what: str, amount: Decimal, limit: Decimal | None, name: str) -> str:
    if limit is None or amount <= limit:
        return ""
    return f"{what}: {amount:.2f} USD would be over limits.{name} = {limit:f}"


def _counters(limits: Limits, used: Usage) -> list[str]:
    found = []
    if limits.day_loss_usd is not None:
        if used.day_loss_usd is None:
            why = "no price, no rate to USD, or coins that went at a price that nobody told"
            which = f" ({', '.join(used.unpriced)}: {why})" if used.unpriced else ""
            found.append(f"what today's hedges made is not known{which}, so limits.day_loss_usd cannot be checked")
        elif used.day_loss_usd >= limits.day_loss_usd:
            found.append(f"{used.day_loss_usd:.2f} USD lost today, at limits.day_loss_usd = {limits.day_loss_usd:f}")
    looked = "look why; nothing opens until it is raised, or off, in config.toml, and arbtui started again"
    counts = (
        ("hedges lost one after another", used.losing_in_row, limits.losing_in_row, "losing_in_row", looked),
        ("hedges refused one after another", used.rejected_in_row, limits.rejected_in_row, "rejected_in_row", looked),
        ("hedges open", used.open_hedges, limits.open_hedges, "open_hedges", "close one first"),
    )
    for what, count, limit, name, remedy in counts:
        if limit is not None and count >= limit:
            found.append(f"{count} {what}, at limits.{name} = {limit}; {remedy}")
    return found


def _repeats(intent: Intent, limits: Limits, used: Usage, now_ns: int) -> list[str]:
    keys = (intent.legs[0].key, intent.legs[1].key)
    busy = sorted(used.unfinished.intersection(keys))
    found = [f"another hedge on {key} is not finished; wait until it is hedged or settle it" for key in busy]
    since_ns = now_ns - used.last_ns.get(keys, -NS_PER_DAY * 36_500)
    if since_ns < int(limits.again_after_s * NS_PER_S):
        found.append(f"the same hedge was begun {since_ns / NS_PER_S:.1f} s ago; wait limits.again_after_s")
    return found
