"""What a ticket would mean besides its price: its net against the threshold, funding, what it leaves open. Pure.

A net below the threshold is refused where a hedge is opened. The way past it is a key that allows it for the one ticket
on show, because a setting would allow it for all that come after; closing, flattening and repairs are never held up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from arbtui.execution.ledger import Ledger
from arbtui.execution.limits import usage
from arbtui.execution.preflight import Check
from arbtui.market.slot import Slot
from arbtui.ui import text
from arbtui.ui.theme import Cell

NAME = "net above threshold"


def net_check(net_bps: Decimal | None, threshold_bps: float, *, allowed: bool, key: str) -> Check:
    """Whether a hedge may be opened at this net. ``allowed``: a person said so for this ticket; ``key`` says it."""
    if net_bps is not None and net_bps >= Decimal(repr(threshold_bps)):
        return Check(NAME, True, f"net {_in_unit(net_bps)}, threshold {text.spread_exact(threshold_bps)}")
    if net_bps is None:
        words = "net is not known: a book is missing or too thin"
    else:
        words = f"net {_in_unit(net_bps)} is below the threshold of {text.spread_exact(threshold_bps)}"
    return Check(
        NAME, allowed, f"{words}; you allow it for this ticket" if allowed else f"{words}; {key} allows it once"
    )


def _in_unit(bps: Decimal) -> str:
    return f"{text.spread(float(bps))} {text.spread_unit()}"


def funding_usd(buy: Slot | None, sell: Slot | None, usd: Decimal | None) -> float | None:
    """What the next settlement of each perpetual leg would bring together, in US dollars; None where one is not known.

    Rates are of now, and each leg has its own next time.
    """
    total = 0.0
    for slot, sign in ((buy, -1.0), (sell, 1.0)):
        if slot is None or usd is None:
            return None
        if slot.is_spot:
            continue
        if slot.funding is None or slot.funding.rate is None:
            return None
        total += sign * float(slot.funding.rate) * float(usd)
    return total


def open_usd(base: str, ledgers: Iterable[Ledger], usd: Callable[[str], Decimal | None]) -> Decimal | None:
    """What is open on a coin, as the limits count it: the larger leg, with all that may still fill."""
    live = [ledger for ledger in ledgers if ledger.turns and not ledger.state.ended]
    used = usage(live, usd, lambda _: Decimal(0), 0)
    return None if isinstance(used, str) else used.by_coin.get(base, Decimal(0))


def position_cells(base: str, now: Decimal | None, more: Decimal | None, most: object) -> Sequence[Cell]:
    """``after: ENA 1,999 of 5,000 USD``; ``most``: the limit of a coin as the settings have it."""
    total = None if now is None or more is None else now + more
    number = most if isinstance(most, int | float) else None
    limit = f"of {text.grouped(number)} USD" if number is not None else "USD, no limit" if most == "off" else "USD"
    words = text.grouped(total)
    over = total is not None and number is not None and total > Decimal(repr(number))
    return ((f"after: {text.clean(base)} {words} {limit}", "error" if over else "text"),)
