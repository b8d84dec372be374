"""What the automatic mode does about a pair that a signal stands for, and about a hedge that it opened. Pure.

Each look asks two questions and gets one decision to each, with its reason:

    entry(candidate, used, rules)     open it, or why it waits
    care(held, rules)                 hold it, close it, or take its resting order back

A pair has a direction. Its first exchange is the one that stands first in ``order`` (``--venues``, ``auto.order``; what
is not named there comes last, by name); between two markets of one exchange spot is first, then the native name
decides. Long buys at the first and sells at the second, short the other way round; each may have a threshold of its
own, above the one of signals. In maker-taker the order rests at the first exchange.

    entry      a signal stands, the pair may trade now, net >= the threshold of its direction, round trip and size and
               funding allow, and the hedge fits below all bounds with whatever is in doubt counted at its worst
    reverted   the executable gap, 1e4 (ask of the sold leg - bid of the bought leg) / bid, is ``exit_bps`` or less
    profit     closing now leaves ``profit_bps`` or more after all fees, paid ones and those of closing, and funding;
               what the exchanges have not told of them yet counts at its worst
    time       held for ``max_hold_s``
    funding    the payments due until ``max_hold_s`` cost more than ``funding_bps`` at current rates. What would close
               for that reason is not opened either

Bounds are in US dollars and exact. What is not known is never taken for harmless at entry, and is no reason to close.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from arbtui.core.clock import NS_PER_S
from arbtui.core.model import Market
from arbtui.strategy.advice import bps, usd
from arbtui.strategy.rows import Leg, SpreadRow

_HOUR_S = 3600.0
Direction = Literal["long", "short"]


@dataclass(frozen=True)
class AutoRules:
    """Section ``auto`` of the settings. ``long_bps`` and ``short_bps`` None: the signal's threshold is enough."""

    size_usd: Decimal = Decimal(100)
    max_position_usd: Decimal = Decimal(500)  # open on one coin, a leg's worth
    max_net_usd: Decimal = Decimal(500)  # unhedged at worst, over all coins
    max_hedges: int = 3
    long_bps: float | None = None
    short_bps: float | None = None
    round_trip_bps: float = 0.0
    exit_bps: float = 0.0
    profit_bps: float = 5.0
    max_hold_s: float = _HOUR_S
    funding_bps: float = 2.0
    fill_timeout_s: float = 10.0
    cooldown_s: float = 30.0
    rests: bool = False  # maker-taker
    order: Sequence[str] = ()  # exchanges, the first one first


class Act(StrEnum):
    ON = "on"
    OFF = "off"
    OPEN = "open"
    REFUSE = "refuse"  # it wanted to act, and the checks before an order said no
    WAIT = "wait"
    HOLD = "hold"
    CLOSE = "close"
    CANCEL = "cancel"  # an order that rests


class Why(StrEnum):
    ASKED = "asked"  # a person switched it
    KILLED = "killed"
    BROKEN = "broken"  # by a mistake in this program
    NOT_ARMED = "not_armed"
    # about a pair
    SIGNAL = "signal"  # everything holds
    MAY_NOT_TRADE = "may_not_trade"
    NO_WAY_BACK = "no_way_back"
    BELOW = "below_threshold"
    ROUND_TRIP = "round_trip"
    THIN = "thin"
    FUNDING = "funding"
    COOLING_DOWN = "cooling_down"
    UNKNOWN = "unknown"
    MAX_HEDGES = "max_hedges"
    MAX_POSITION = "max_position"
    MAX_NET = "max_net"
    CHECKS = "checks"  # preflight, limits or the runner refused
    # about a hedge
    OPENING = "opening"
    FILL_TIMEOUT = "fill_timeout"
    TROUBLE = "trouble"
    STANDS = "stands"
    REVERTED = "reverted"
    PROFIT = "profit"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Decision:
    act: Act
    why: Why
    text: str


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """A decision with what it was made from; None where it does not apply, or is not known.

    ``net_bps``, ``round_trip_bps``: of the pair when it was looked at. ``result_bps``, ``gap_bps``, ``held_s``: of the
    hedge. ``funding_bps``: what the payments until the expected exit cost, negative = they bring. Bounds as used before
    the decision. ``direction`` "" where there is no pair.
    """

    t_ns: int
    act: Act
    why: Why
    text: str
    base: str = ""
    buy: str = ""
    sell: str = ""
    direction: Direction | Literal[""] = ""
    hedge: str = ""
    signal: str = ""
    size_usd: Decimal | None = None
    threshold_bps: float | None = None
    net_bps: float | None = None
    round_trip_bps: float | None = None
    funding_bps: float | None = None
    gap_bps: float | None = None
    result_bps: float | None = None
    held_s: float | None = None
    position_usd: Decimal | None = None
    net_usd: Decimal | None = None
    hedges: int | None = None


# ---- entries


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pair that a signal stands for. ``row`` and threshold as of now: a person may have changed that since it was
    raised. ``funding_bps``: payments within ``max_hold_s``.
    """

    signal: str  # its id
    row: SpreadRow
    threshold_bps: float  # of signals of this pair
    funding_bps: float | None
    cool_until_ns: int = 0


@dataclass(frozen=True)
class Used:
    """What all open hedges take up, whoever opened them: at worst, with everything that may still fill."""

    by_coin: Mapping[str, Decimal]
    net_usd: Decimal
    hedges: int


def is_long(buy: Leg, sell: Leg, order: Sequence[str]) -> bool:
    """Whether buying here and selling there buys at the pair's first exchange."""

    def rank(leg: Leg) -> tuple[int, str, bool, str]:
        place = order.index(leg.venue) if leg.venue in order else len(order)
        return place, leg.venue, leg.market is not Market.SPOT, leg.native

    return rank(buy) <= rank(sell)


def direction_of(buy: Leg, sell: Leg, order: Sequence[str]) -> Direction:
    return "long" if is_long(buy, sell, order) else "short"


def threshold_of(candidate: Candidate, rules: AutoRules) -> float:
    """The signal's threshold, or that of the direction where it is higher."""
    row = candidate.row
    own = rules.long_bps if is_long(row.buy, row.sell, rules.order) else rules.short_bps
    return candidate.threshold_bps if own is None else max(candidate.threshold_bps, own)


def net_of(row: SpreadRow) -> float | None:
    """What both the tops and the walked books leave: the lesser of the two."""
    if row.net_bps is None or row.walk_net_bps is None:
        return row.net_bps
    return min(row.net_bps, row.walk_net_bps)


def entry(candidate: Candidate, used: Used | str, rules: AutoRules, now_ns: int) -> Decision:
    """Whether to open a hedge of this pair now. ``used`` in words: what is open cannot be added up."""
    return (
        _not_now(candidate, rules)
        or _not_worth_it(candidate, rules)
        or _not_yet(candidate, now_ns)
        or _no_room(candidate.row.base, used, rules)
        or Decision(Act.OPEN, Why.SIGNAL, _reason_to_open(candidate, rules))
    )


def _reason_to_open(candidate: Candidate, rules: AutoRules) -> str:
    row, net = candidate.row, net_of(candidate.row)
    assert net is not None
    way = direction_of(row.buy, row.sell, rules.order)
    threshold = bps(threshold_of(candidate, rules))
    return f"{way}: net {bps(net)}, at least {threshold} is asked; buy {row.buy.name}, sell {row.sell.name}"


def _not_now(candidate: Candidate, rules: AutoRules) -> Decision | None:
    row = candidate.row
    if row.muted is not None:
        return _wait(Why.MAY_NOT_TRADE, f"it may not trade: {row.muted}")
    if row.buy.market is Market.SPOT and row.sell.market is Market.SPOT:
        return _wait(Why.NO_WAY_BACK, "spot against spot moves coins for good: there is nothing to close")
    net = net_of(row)
    if net is None:
        return _wait(Why.UNKNOWN, "no net is known: a side, a fee or a rate is missing")
    threshold = threshold_of(candidate, rules)
    if net < threshold:
        return _wait(Why.BELOW, f"net {bps(net)} is below {bps(threshold)}")
    return None


def _not_worth_it(candidate: Candidate, rules: AutoRules) -> Decision | None:
    row = candidate.row
    if row.round_trip_bps is None:
        return _wait(Why.UNKNOWN, "what opening and closing would leave is not known: a side is missing")
    if row.round_trip_bps < rules.round_trip_bps:
        least = bps(rules.round_trip_bps)
        return _wait(Why.ROUND_TRIP, f"opened and closed it would leave {bps(row.round_trip_bps)}, below {least}")
    good_for = row.max_usd if row.max_usd is not None else row.top_usd
    if good_for is None or good_for < rules.size_usd:
        return _wait(Why.THIN, f"good for {usd(good_for)} only, the size is {usd(float(rules.size_usd))}")
    if candidate.funding_bps is None:
        return _wait(Why.UNKNOWN, "the funding of a leg is not known")
    if candidate.funding_bps > rules.funding_bps:
        cost = bps(candidate.funding_bps)
        return _wait(Why.FUNDING, f"funding would cost {cost} while it is held, above {bps(rules.funding_bps)}")
    return None


def _not_yet(candidate: Candidate, now_ns: int) -> Decision | None:
    if now_ns >= candidate.cool_until_ns:
        return None
    return _wait(Why.COOLING_DOWN, "the same pair was tried a moment ago")


def full(used: Used, rules: AutoRules) -> Decision | None:
    """No hedge of any coin fits."""
    if used.hedges < rules.max_hedges:
        return None
    return _wait(Why.MAX_HEDGES, f"{used.hedges} hedges are open, at auto.max_hedges = {rules.max_hedges}")


def _no_room(base: str, used: Used | str, rules: AutoRules) -> Decision | None:
    if isinstance(used, str):
        return _wait(Why.UNKNOWN, used)
    if (found := full(used, rules)) is not None:
        return found
    position = used.by_coin.get(base, Decimal(0)) + rules.size_usd
    if position > rules.max_position_usd:
        bound = f"auto.max_position_usd = {rules.max_position_usd:f}"
        return _wait(Why.MAX_POSITION, f"{base} open would come to {position:.2f} USD at worst, over {bound}")
    net = used.net_usd + rules.size_usd
    if net > rules.max_net_usd:
        bound = f"auto.max_net_usd = {rules.max_net_usd:f}"
        return _wait(Why.MAX_NET, f"unhedged would come to {net:.2f} USD at worst, over {bound}")
    return None


def _wait(why: Why, text: str) -> Decision:
    return Decision(Act.WAIT, why, text)


def some_of(pairs: Mapping[str, int], at: int, most: int) -> tuple[list[str], int]:
    """Which coins to look at now, and where to go on: all, or where that would be more than ``most`` pairs, in turn.

    ``pairs``: how many each coin has, in order; ``at``: where to begin. One coin is looked at in any case.
    """
    bases = list(pairs)
    at = at % len(bases) if bases else 0
    chosen, count = list[str](), 0
    for base in bases[at:] + bases[:at]:
        if chosen and count + pairs[base] > most:
            return chosen, at + len(chosen)
        chosen.append(base)
        count += pairs[base]
    return bases, 0


# ---- hedges that it opened


class Phase(StrEnum):
    OPENING = "opening"
    STANDS = "stands"  # hedged, and nothing is under way
    CLOSING = "closing"
    TROUBLE = "trouble"  # the rules of hedges are at work, or a person has to decide


@dataclass(frozen=True, slots=True)
class Held:
    """A hedge that the automatic mode opened, as of now. ``rests``: an order of its opening waits for a taker.

    ``told``: its fills and fees are all told, so that nothing in ``result_bps`` is counted at its worst.
    """

    phase: Phase
    state: str
    begun_ns: int
    rests: bool = False
    gap_bps: float | None = None
    result_bps: float | None = None
    told: bool = True
    funding_bps: float | None = None  # payments from now until ``max_hold_s`` have passed
    cool_until_ns: int = 0


def held_s(held: Held, now_ns: int) -> float:
    return (now_ns - held.begun_ns) / NS_PER_S


def care(held: Held, rules: AutoRules, now_ns: int) -> Decision:
    """What to do about a hedge now."""
    if held.phase is Phase.OPENING:
        return _opening(held, rules, now_ns)
    if held.phase is not Phase.STANDS:
        why = Why.TROUBLE if held.phase is Phase.TROUBLE else Why.STANDS
        return Decision(Act.HOLD, why, f"the hedge is {held.state}")
    closing = _closing(held, rules, now_ns)
    if closing is None:
        known = held.gap_bps is not None and held.result_bps is not None
        text = "no reason to close it" if known else "what closing it would bring is not known"
        return Decision(Act.HOLD, Why.STANDS if known else Why.UNKNOWN, text)
    if now_ns < held.cool_until_ns:
        return Decision(Act.HOLD, Why.COOLING_DOWN, f"closing was tried a moment ago ({closing.text})")
    return closing


def _opening(held: Held, rules: AutoRules, now_ns: int) -> Decision:
    age_s = held_s(held, now_ns)
    if held.rests and age_s >= rules.fill_timeout_s:
        text = f"the resting order has not filled within {rules.fill_timeout_s:g} s"
        return Decision(Act.CANCEL, Why.FILL_TIMEOUT, text)
    return Decision(Act.HOLD, Why.OPENING, f"the hedge is {held.state}")


def _closing(held: Held, rules: AutoRules, now_ns: int) -> Decision | None:
    age_s = held_s(held, now_ns)
    if held.result_bps is not None and held.result_bps >= rules.profit_bps:
        counted = "" if held.told else " even if what was not told yet is at its worst"
        text = f"closing now leaves {bps(held.result_bps)}{counted}, at least {bps(rules.profit_bps)} is asked"
        return Decision(Act.CLOSE, Why.PROFIT, text)
    if held.gap_bps is not None and held.gap_bps <= rules.exit_bps:
        return Decision(Act.CLOSE, Why.REVERTED, f"the gap is {bps(held.gap_bps)}, within {bps(rules.exit_bps)}")
    if age_s >= rules.max_hold_s:
        return Decision(Act.CLOSE, Why.TIME, f"held for {age_s:.0f} s, the longest is {rules.max_hold_s:g} s")
    if held.funding_bps is not None and held.funding_bps > rules.funding_bps:
        text = f"funding until the expected exit costs {bps(held.funding_bps)}, above {bps(rules.funding_bps)}"
        return Decision(Act.CLOSE, Why.FUNDING, text)
    return None
