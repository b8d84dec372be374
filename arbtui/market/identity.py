"""Whether slots that share a ticker are the same coin.

Tickers are reused: the same letters can be another token on another venue, or the same one at a multiple that no table
knows. What tells them apart is the price. Every slot has a *reference*: a perp's index, else its mark; a spot
instrument's own mid, for spot has no other; in USDT per coin, at most two minutes old. Executable quotes of perps are
not used, they may be dislocated, which is what arbtui is for.

References agree if the highest is at most 20 % above the lowest. Of the slots of a coin the largest agreeing group is
right if more venues stand in it than outside of it (a venue with a leg on either side counts on both).

    one slot with a reference    nothing to compare: nobody agrees yet, nobody is accused
    all in one group             all have agreed; from the first agreement on a slot may raise signals
    a group has the majority     the odd ones out are muted at once, and quarantined after 10 s of it
    no majority                  nobody can tell who is right: all are muted at once, all quarantined after 10 s, and
                                 the coin with them

Agreement is remembered while references are missing. Quarantine ends after 10 s of fitting in again. A base or leg key
in ``IdentityRules.same`` is vouched for by the person: it is never accused and does not vote.
"""

from __future__ import annotations

from collections.abc import Sequence

from arbtui.core.clock import NS_PER_S
from arbtui.core.model import TradingStatus
from arbtui.market import freshness
from arbtui.market.slot import Coin, Slot
from arbtui.market.terms import IdentityRules

REFERENCE_AGE_MAX_NS = 120 * NS_PER_S


def reference(slot: Slot, now_ns: int) -> float | None:
    """The slot's reference price in USDT per coin; None where it is not known or too old."""
    if slot.is_spot:
        price, t_ns = slot.mid, freshness.heard_ns(slot)
        if slot.crossed:
            return None
    else:
        price = slot.index_price if slot.index_price is not None else slot.mark_price
        t_ns = slot.mark.t_ns if slot.mark is not None else 0
    if price is None or now_ns - t_ns > REFERENCE_AGE_MAX_NS:
        return None
    rate = slot.family.rates.roughly(slot.instrument.price_ccy)
    return None if rate is None else price * rate


def look(coin: Coin, now_ns: int, rules: IdentityRules) -> None:
    """Compares the coin's slots and writes ``agreed``, ``odd_ns``, ``quarantine`` of each, and the coin's."""
    if coin.base in rules.same:
        for slot in coin.slots:
            _absolve(slot)
        coin.quarantine = None
        return
    known: list[tuple[float, Slot]] = []
    for slot in coin.slots:
        if rules.same and slot.key in rules.same:
            _absolve(slot)
        elif slot.instrument.status is not TradingStatus.DELISTED:
            value = reference(slot, now_ns)
            if value is not None:
                known.append((value, slot))
    if len(known) < 2 or _settled(known, rules.tolerance):
        return
    known.sort(key=_by_value)
    group = largest_group(known, rules.tolerance)
    if len(group) == len(known):
        right: Sequence[tuple[float, Slot]] = group
    else:
        inside = {slot.family.venue for _, slot in group}
        outside = {slot.family.venue for entry in known if entry not in group for slot in entry[1:]}
        right = group if len(inside) > len(outside) else ()
    sustain_ns = int(rules.sustain_s * NS_PER_S)
    for entry in known:
        if entry in right:
            _fits(entry[1], now_ns, sustain_ns)
        else:
            _is_odd(entry[1], _accusation(entry, known, right), now_ns, sustain_ns)
    accused = [slot for _, slot in known if slot.quarantine is not None]
    nobody_right = bool(accused) and not right and len(accused) == len(known)
    coin.quarantine = f"{coin.base}: no two venues agree on what it is worth" if nobody_right else None


def largest_group(known: Sequence[tuple[float, Slot]], tolerance: float) -> Sequence[tuple[float, Slot]]:
    """Of values in rising order, the run within ``tolerance`` in which most venues stand; the cheapest of equals."""
    best: Sequence[tuple[float, Slot]] = ()
    best_rank = (0, 0)
    for first, (lowest, _) in enumerate(known):
        end = first
        while end < len(known) and known[end][0] <= lowest * (1.0 + tolerance):
            end += 1
        run = known[first:end]
        rank = (len({slot.family.venue for _, slot in run}), len(run))
        if rank > best_rank:
            best, best_rank = run, rank
    return best


def _settled(known: Sequence[tuple[float, Slot]], tolerance: float) -> bool:
    """Whether all agree as they did before, which is the case nearly always."""
    lowest = highest = known[0][0]
    for value, slot in known:
        if not slot.agreed or slot.odd_ns or slot.quarantine is not None:
            return False
        if value < lowest:
            lowest = value
        elif value > highest:
            highest = value
    return highest <= lowest * (1.0 + tolerance)


def _by_value(entry: tuple[float, Slot]) -> float:
    return entry[0]


def _absolve(slot: Slot) -> None:
    slot.agreed = True
    slot.odd_ns = slot.fits_ns = 0
    slot.quarantine = None


def _fits(slot: Slot, now_ns: int, sustain_ns: int) -> None:
    slot.odd_ns = 0
    slot.fits_ns = slot.fits_ns or now_ns
    if slot.quarantine is not None and now_ns - slot.fits_ns >= sustain_ns:
        slot.quarantine = None
    if slot.quarantine is None:
        slot.agreed = True


def _is_odd(slot: Slot, accusation: str, now_ns: int, sustain_ns: int) -> None:
    slot.fits_ns = 0
    slot.odd_ns = slot.odd_ns or now_ns
    if now_ns - slot.odd_ns >= sustain_ns:
        slot.quarantine = accusation


def _accusation(
    entry: tuple[float, Slot], known: Sequence[tuple[float, Slot]], right: Sequence[tuple[float, Slot]]
) -> str:
    value, slot = entry
    others = right or [other for other in known if other is not entry]
    against, other = others[len(others) // 2]
    return (
        f"{slot.key} is worth {value:.6g} USDT a coin, {other.key} {against:.6g}: "
        f"{'not the same coin' if right else 'which one is right cannot be told'}"
    )
