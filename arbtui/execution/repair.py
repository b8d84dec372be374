"""One leg has more than the other: hedge it after all, give it back, or halt. Never in silence.

Opening, the excess is repaired by more on the leg that is short (rehedge) or less on the leg that has too much
(unwind). Closing, both are the same order, first within the narrow band, then within the wide one.

Whether giving back is expected to be cheaper: the hedge was wanted for N bps net at the frozen prices. Rehedging now
leaves N - slip, where slip is how much worse the missing leg's price has become. Unwinding leaves -(loss between fill
and exit price) - both taker fees of that leg. The greater wins; a tie rehedges.

What only one leg can trade is no dust, and has one way: on that leg, as far as the rules of its way allow. What giving
back leaves over, too little for the leg that has too much, is hedged on the other one while there are tries and time
left for that; where there are none, the hedge halts, once, and says which order a person may give. What neither leg
can trade is dust: said and listed. Closing, only the leg that has too much is traded; what it cannot trade is dust.

Tries are counted over all lives of the process. Time is counted from when this life knows of the excess, once it has
read the venues: while nobody looked, nothing was tried, and what the market did meanwhile the bands judge.
"""

from __future__ import annotations

from decimal import Decimal

from arbtui.core.clock import NS_PER_MS, NS_PER_S
from arbtui.core.errors import RefusalReason
from arbtui.core.model import Market
from arbtui.core.orders import ReadKind, Side
from arbtui.execution.actions import Action, Alarm, Case, Declare, Mark, ReadAccount, SendOrders, Wait, amount, taker
from arbtui.execution.doubts import bear_out
from arbtui.execution.intents import Purpose
from arbtui.execution.ledger import purposes
from arbtui.execution.lifecycle import State, Step
from arbtui.execution.lines import Line
from arbtui.execution.quantity import ZERO, coins, slip_bps, tradable
from arbtui.execution.records import Lost

_POLL_MS = 100
HOPELESS = frozenset(
    {
        RefusalReason.INSUFFICIENT,
        RefusalReason.NOT_TRADING,
        RefusalReason.ACCOUNT_MODE,
        RefusalReason.NOT_AUTHORISED,
        RefusalReason.UNKNOWN_INSTRUMENT,
        RefusalReason.REGION_BLOCKED,
        RefusalReason.BANNED,
        RefusalReason.BAD_SIZE,
        RefusalReason.BAD_REQUEST,
        RefusalReason.MAINTENANCE,
    }
)


def heavy(excess: Decimal) -> int:
    """The leg that has too much: the long one if the hedge is too long."""
    return 0 if excess > 0 else 1


def _toward(excess: Decimal) -> Side:
    """The side of an order that lessens the excess."""
    return Side.SELL if excess > 0 else Side.BUY


def repairable(case: Case, excess: Decimal) -> bool:
    """Whether any order of either leg can lessen the excess; if none can, it is dust."""
    return bool(_more(case, excess) or _less(case, excess))


def _more(case: Case, excess: Decimal) -> Decimal:
    """Wire quantity for the leg that is short, while opening."""
    if not case.intent.opens:
        return ZERO
    return tradable(abs(excess), case.leg(1 - heavy(excess)))


def _less(case: Case, excess: Decimal) -> Decimal:
    index = heavy(excess)
    return tradable(min(abs(excess), abs(case.position(index))), case.leg(index))


def repair(case: Case, excess: Decimal) -> Action:
    """The one next thing to do about an excess that is not dust, with nothing under way."""
    ledger = case.ledger
    if ledger.state not in (State.UNBALANCED, State.REHEDGING, State.UNWINDING):
        return Mark(Step.SHORT, words(case, excess))
    if case.desk.killed:
        return Mark(Step.HALT, f"the kill switch is on, and {words(case, excess)}")
    if ledger.lost_unread and case.intent.opens and case.intent.policy.on_leg_lost == "halt":
        return Mark(Step.HALT, f"coins of a leg are gone by somebody else's doing; {words(case, excess)}")
    if ledger.lost_unread and case.intent.opens and (action := bear_out(case)) is not None:
        return action
    tried = [line for line in ledger.lines.values() if line.number >= (ledger.trouble_number or 0)]
    pause_ns = _pause(case, tried)
    if pause_ns > case.now_ns:
        return Wait(pause_ns)
    unwound = purposes(tried, Purpose.UNWIND)
    if not unwound or not _less(case, excess):
        action = _rehedge(case, excess, purposes(tried, Purpose.REHEDGE))
        if action is not None:
            return action
    return _unwind(case, excess, unwound)


def _pause(case: Case, tried: list[Line]) -> int:
    """Until when our own patience after the last try lasts."""
    last = max(tried, key=lambda line: line.number, default=None)
    return 0 if last is None else last.planned_ns + case.intent.policy.unwind_pause_ms * NS_PER_MS


def told_to_wait(case: Case, index: int) -> int:
    """Until when the venue of this leg asked for patience in its last refusal."""
    waits = [
        line.heard_ns + int(line.rejected.retry_after_s * NS_PER_S)
        for line in case.ledger.of_turn()
        if line.leg == index and line.rejected is not None and line.rejected.retry_after_s
    ]
    return max(waits, default=0)


def _rehedge(case: Case, excess: Decimal, tries: list[Line]) -> Action | None:
    """None: that way is closed."""
    policy, trouble_ns = case.intent.policy, case.ledger.trouble_ns or case.now_ns
    side, index = _toward(excess), heavy(excess)
    if case.intent.opens:
        index = 1 - index
    elapsed_s = case.since_s(trouble_ns)
    if len(tries) >= policy.rehedge_tries or elapsed_s >= policy.rehedge_within_s or _hopeless(case, index):
        return None
    order = taker(case, index, side, abs(excess), policy.rehedge_band_bps, Purpose.REHEDGE)
    if order is None:
        return None
    if (until_ns := told_to_wait(case, index)) > case.now_ns:
        last_ns = trouble_ns + int(policy.rehedge_within_s * NS_PER_S)
        return Wait(until_ns) if until_ns < last_ns else None
    if why := case.why_unpriced(index):
        if (key := f"stale {trouble_ns}") not in case.ledger.said:
            return Alarm(key, f"{words(case, excess)} and cannot be hedged: {why}")
        return case.later(_POLL_MS)
    slip = case.slip_bps(index, side)
    if case.intent.opens and _cheaper_to_unwind(case, excess, slip):
        return None
    if slip > policy.rehedge_band_bps:
        return case.later(_POLL_MS)
    return SendOrders((order,), Step.REHEDGE, f"{words(case, excess)}: hedging the rest, try {len(tries) + 1}")


def _cheaper_to_unwind(case: Case, excess: Decimal, slip: Decimal) -> bool:
    index = heavy(excess)
    leg, side = case.leg(index), _toward(excess)
    if case.why_unpriced(index) or not _less(case, excess):
        return False
    price = case.prices[index]
    exit_price = price.ask if side is Side.BUY else price.bid
    assert exit_price is not None
    loss = slip_bps(_entry(case, index), exit_price, side) + 20_000 * leg.taker_rate
    return slip > case.intent.planned_net_bps + loss


def _entry(case: Case, index: int) -> Decimal:
    """Average wire price of what this leg was filled at while opening; the frozen one where fills are not told yet."""
    leg = case.leg(index)
    opening = case.ledger.turns[0].legs[index].side
    fills = [
        fill
        for line in case.ledger.lines.values()
        if line.leg == index and line.order.side is opening
        for fill in line.fills.values()
    ]
    qty = sum((fill.qty for fill in fills), ZERO)
    return sum((fill.price * fill.qty for fill in fills), ZERO) / qty if qty else leg.price


def _unwind(case: Case, excess: Decimal, tries: list[Line]) -> Action:
    policy, trouble_ns = case.intent.policy, case.ledger.trouble_ns or case.now_ns
    index, side = heavy(excess), _toward(excess)
    leg, told = case.leg(index), words(case, excess)
    order = taker(
        case, index, side, min(abs(excess), abs(case.position(index))), policy.unwind_band_bps, Purpose.UNWIND
    )
    if order is None:
        return Mark(Step.HALT, f"{told}, and that is too little for an order on {leg.key}{_elsewhere(case, excess)}")
    if len(tries) >= policy.unwind_tries:
        return Mark(Step.HALT, f"{told}, and {len(tries)} tries to give it back on {leg.key} failed{last_words(tries)}")
    if (reason := _hopeless(case, index)) is not None:
        return Mark(Step.HALT, f"{told}, and {leg.venue} refuses: {reason}")
    if (until_ns := told_to_wait(case, index)) > case.now_ns:
        wait_s = (until_ns - case.now_ns) / NS_PER_S
        if (until_ns - trouble_ns) / NS_PER_S > policy.stale_halt_s:
            return Mark(Step.HALT, f"{told}, and {leg.venue} takes no order for {wait_s:.0f} s")
        return Wait(until_ns)
    if why := case.why_unpriced(index):
        if case.since_s(trouble_ns) >= policy.stale_halt_s:
            return Mark(Step.HALT, f"{told}, and cannot be given back: {why}")
        if (key := f"stale {trouble_ns}") not in case.ledger.said:
            return Alarm(key, f"{told} and cannot be given back yet: {why}")
        return case.later(_POLL_MS)
    slip = case.slip_bps(index, side)
    if slip > policy.unwind_band_bps:
        return Mark(
            Step.HALT, f"{told}, and {leg.key} is {slip:.0f} bps beyond the frozen price, over {policy.unwind_band_bps}"
        )
    return SendOrders((order,), Step.UNWIND, f"{told}: giving it back on {leg.key}, try {len(tries) + 1}")


def _elsewhere(case: Case, excess: Decimal) -> str:
    """Where a person could still trade what the rules leave."""
    leg = case.leg(1 - heavy(excess))
    return f"; {_toward(excess)} it on {leg.key}, or say retry" if _more(case, excess) else ""


def last_words(tries: list[Line]) -> str:
    rejected = tries[-1].rejected if tries else None
    return f" ({rejected.text})" if rejected is not None else ""


def _hopeless(case: Case, index: int) -> str | None:
    """The venue's words, if its last refusal on this leg in this turn says that trying again is senseless.

    What was refused before a person said to go on does not count: they have changed something.
    """
    ledger = case.ledger
    lines = [line for line in ledger.of_turn() if line.leg == index and line.number >= ledger.retried_number]
    if not lines:
        return None
    last = max(lines, key=lambda line: line.number)
    if last.rejected is not None and last.rejected.reason in HOPELESS and not last.known:
        return last.rejected.text
    return last.end_reason.value if last.end_reason in HOPELESS and not last.filled else None


def words(case: Case, excess: Decimal) -> str:
    index = heavy(excess)
    held = (f"{amount(abs(case.position(i)))} on {case.leg(i).key}" for i in (index, 1 - index))
    return f"one leg has {amount(abs(excess))} {case.intent.base} more than the other ({' against '.join(held)})"


def check_lost(case: Case) -> Action | None:
    """A reduce-only order was refused: is the position still there? Flat is what was wanted, but it must be said."""
    for index in (0, 1):
        line = _refused(case, index)
        if line is None:
            continue
        leg = case.leg(index)
        asked = [(t, qty) for t, qty in case.ledger.positions[index] if t >= line.heard_ns]
        apart_ns = int(case.intent.policy.reads_apart_s * NS_PER_S)
        agreed = _agreed(asked, apart_ns)
        if agreed is None:
            if case.since_s(line.heard_ns) >= case.intent.policy.doubt_halt_s:
                return Mark(Step.HALT, f"{leg.venue} refuses to reduce {leg.native} and does not tell the position")
            return _ask_position(case, index, asked)
        there = coins(agreed, leg.terms)
        held = case.position(index)
        left = max(ZERO, min(held, there)) if held > 0 else min(ZERO, max(held, there))
        if left == held:
            continue
        if leg.key in case.desk.shared:
            return Mark(Step.HALT, f"{leg.key} holds {amount(there)}, less than the hedges that share it hold together")
        why = (
            f"{leg.venue} holds {amount(there)} {case.intent.base} on {leg.native} where this hedge had {amount(held)}"
        )
        return Declare(Lost(index, left - held, why), loud=True)
    return None


def _refused(case: Case, index: int) -> Line | None:
    """The last order of the leg in this turn, if it was refused for having nothing to reduce."""
    lines = [line for line in case.ledger.of_turn() if line.leg == index and line.order.reduce_only]
    if not lines or case.position(index) == 0 or case.leg(index).market is not Market.PERP:
        return None
    last = max(lines, key=lambda line: line.number)
    reason = last.rejected.reason if last.rejected is not None else last.end_reason
    return last if reason is RefusalReason.REDUCE_ONLY and last.settled else None


def _agreed(reads: list[tuple[int, Decimal]], apart_ns: int) -> Decimal | None:
    """What the last read says, if one long enough before it says the same and none between differs."""
    if not reads:
        return None
    last_ns, qty = reads[-1]
    for asked_ns, earlier in reversed(reads):
        if earlier != qty:
            return None
        if last_ns - asked_ns >= apart_ns:
            return qty
    return None


def _ask_position(case: Case, index: int, asked: list[tuple[int, Decimal]]) -> Action:
    log = case.ledger.reads.get((index, ReadKind.POSITIONS))
    every_ns = case.intent.policy.ask_every_ms * NS_PER_MS
    if log is None or log.asked_ns is None or (not log.under_way and case.now_ns - log.asked_ns >= every_ns):
        return ReadAccount(index, ReadKind.POSITIONS)
    return Wait(log.asked_ns + every_ns if not log.under_way else case.now_ns + every_ns)
