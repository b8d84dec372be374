"""What to do next with a hedge: one action, from what is known, the prices and the time. Pure.

The cases, in this order; the first that holds decides.

    | case                                              | action                                                     |
    | ------------------------------------------------- | ---------------------------------------------------------- |
    | a person took it over                             | nothing; fees that are not known are still read            |
    | the intent, or an order, is not on disk yet       | wait: the journal says that it is, or why not              |
    | more was filled than was ordered                  | halt                                                       |
    | a fill bears our name, its order is not known     | halt                                                       |
    | an order is in doubt                              | in_doubt: cancel what rests, ask, prove, alarm, halt       |
    | it comes from an earlier life                     | in_doubt: read the venues first                            |
    | the venues do not hold what it holds              | read again, until the audit has taken it off the books     |
    | it was in doubt and is not any more               | resolved: decide anew                                      |
    | halted                                            | cancel what rests; done where both legs are gone           |
    | the kill switch is on                             | cancel what rests; halt if the legs are unequal            |
    | reduce-only was refused                           | read the position twice: flat = done, and said             |
    | nothing was sent in this turn                     | both legs, the leader alone, or drop it with the reason    |
    | the leader filled, nothing covers it              | hedge it (leading.py)                                      |
    | orders are under way that cannot rest             | wait, at most until they fall into doubt                   |
    | the legs are unequal beyond dust                  | cancel what rests, then repair (repair.py)                 |
    | the leader may go on                              | place, move or take back its order (leading.py)            |
    | flattening, and something is left                 | again, up to the number of tries, then halt                |
    | equal, and something is held                      | hedged                                                     |
    | equal, and nothing is held                        | done, or flat after trouble                                |
    | fees of a fill are not known                      | read the fills                                             |

Decisions are levels, not edges: whatever woke the hedge, and however often, the same knowledge gives the same action.
"""

from __future__ import annotations

from decimal import Decimal

from arbtui.core.clock import NS_PER_MS, NS_PER_S
from arbtui.core.orders import ReadKind, Side
from arbtui.execution.actions import (
    Action,
    Alarm,
    Cancel,
    Case,
    Desk,
    Mark,
    Query,
    ReadAccount,
    SendOrders,
    Wait,
    amount,
    order_of,
)
from arbtui.execution.doubts import bear_out, catch_up, resolve
from arbtui.execution.intents import Purpose, Style, Verb
from arbtui.execution.leading import follow, lead_on, leader, take_first
from arbtui.execution.ledger import FILLS_BEFORE_MS, Ledger, purposes
from arbtui.execution.lifecycle import State, Step, allows
from arbtui.execution.lines import GRACE_NS, Line
from arbtui.execution.ports import Price
from arbtui.execution.quantity import band_limit, coins, tradable
from arbtui.execution.records import Ordered
from arbtui.execution.repair import check_lost, last_words, repair, repairable, told_to_wait, words

_FEES_ALARM_S = 60.0
_FEES_ASK_MS = (1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000)


def decide(ledger: Ledger, prices: tuple[Price, Price], now_ns: int, desk: Desk) -> Action:
    """The one next action. ``prices`` are those of the legs, in their order."""
    case = Case(ledger, prices, now_ns, desk)
    if ledger.abandoned:
        return _books(case)
    if ledger.state is State.PREVIEWED and ledger.relived_ns is not None:
        return Mark(Step.DROPPED, "nothing was sent: arbtui ended before the intent was on disk")
    if ledger.state is State.PREVIEWED or any(line.waits for line in ledger.lines.values()):
        return Wait(None)
    if (over := ledger.overfilled()) and ledger.state is not State.HALTED:
        return Mark(Step.HALT, f"{over[0].order.venue} filled more of {over[0].order.client_id} than was ordered")
    if (fill := ledger.nameless()) is not None and allows(ledger.state, Step.HALT):
        return Mark(Step.HALT, f"{fill.venue} filled {fill.client_id}, an order of this hedge that no journal kept")
    if doubts := ledger.doubts(now_ns):
        return resolve(case, doubts)
    if (action := catch_up(case)) is not None:
        return action
    if ledger.state is State.IN_DOUBT:
        if (fill := ledger.stranger()) is not None:
            what = f"{fill.venue} filled {fill.side} {fill.qty:f} {fill.native} for an order that cannot be named"
            return Mark(Step.HALT, f"{what}; an order of this hedge may have gone out unrecorded")
        if (action := bear_out(case)) is not None:
            return action
        return Mark(Step.RESOLVED, "the venues have told what became of every order")
    if ledger.state is State.HALTED or desk.killed:
        return _stand(case)
    if (action := check_lost(case)) is not None:
        return action
    if not ledger.of_turn() and not ledger.turn_over:
        return _first(case)
    return _go_on(case)


def _stand(case: Case) -> Action:
    """Nothing is opened or closed; what rests is taken back, and what comes of it is listened to."""
    ledger = case.ledger
    for line in case.resting():
        if line.canceled_ns is None and line.known:
            return Cancel(line.order.client_id, "the hedge stands still")
    if ledger.unsettled():
        return case.heard_or(None)
    if ledger.state is State.HALTED:
        return _closed_from_outside(case) or _books(case)
    excess = case.excess()
    if repairable(case, excess):
        if not allows(ledger.state, Step.HALT):
            return Mark(Step.SHORT, words(case, excess))
        return Mark(Step.HALT, f"the kill switch is on, and {words(case, excess)}")
    return _settle(case, excess)


def _closed_from_outside(case: Case) -> Action | None:
    """Both legs are gone by somebody else's doing: there is nothing left that a person could decide."""
    ledger = case.ledger
    unclear = ledger.overfilled() or ledger.nameless() is not None or ledger.stranger() is not None
    if not ledger.halted_by_loss or _held(case) or unclear or repairable(case, case.excess()):
        return None
    why = "closed from outside: what it held is gone on both legs by somebody else's doing"
    return Mark(Step.EMPTY, f"{why}{_dust(case, case.excess())}")


def _first(case: Case) -> Action:
    intent = case.intent
    refused = _no_entry(case)
    if refused:
        return _drop(case, refused)
    lead = leader(case)
    if intent.style is Style.MAKER_TAKER and lead is not None:
        action = lead_on(case, lead)
    elif lead is not None and intent.verb is not Verb.FLATTEN:
        action = take_first(case, lead)
    else:
        action = _both(case)
    return action if action is not None else _drop(case, "the time for it is over, or the size too little")


def _no_entry(case: Case) -> str:
    """Why this turn's first orders may not be sent; "" if they may."""
    intent, desk = case.intent, case.desk
    if intent.opens and (desk.stopping or not desk.armed):
        return "arbtui is stopping" if desk.stopping else "arbtui is disarmed"
    if case.ledger.canceled:
        return "a person canceled it"
    if intent.style is Style.MAKER_TAKER:
        return ""
    band = intent.policy.flatten_band_bps if intent.verb is Verb.FLATTEN else intent.policy.take_band_bps
    for index, leg in enumerate(intent.legs):
        if not intent.opens and not case.position(index):
            continue
        if why := case.why_unpriced(index):
            return why
        if (slip := case.slip_bps(index, leg.side)) > band:
            return f"the price of {leg.key} is {slip:.1f} bps beyond the one frozen at review, over the band of {band}"
    return ""


def _drop(case: Case, why: str) -> Action:
    """Send nothing in this turn: an opening is over, a closing leaves what was open."""
    if case.intent.opens:
        return Mark(Step.DROPPED, f"nothing was sent: {why}")
    excess = case.excess()
    if repairable(case, excess):
        return Mark(Step.HALT, f"nothing was sent: {why}; {words(case, excess)}")
    return Mark(Step.BALANCED, f"nothing was sent: {why}")


def _both(case: Case) -> Action | None:
    """Both legs' taker orders at once."""
    intent = case.intent
    flatten = intent.verb is Verb.FLATTEN
    band = intent.policy.flatten_band_bps if flatten else intent.policy.take_band_bps
    purpose = Purpose.ENTER if intent.opens else Purpose.FLATTEN if flatten else Purpose.EXIT
    orders: list[Ordered] = []
    for index, leg in enumerate(intent.legs):
        base = coins(intent.qty[index], leg.terms)
        side = leg.side
        if not intent.opens:
            held = case.position(index)
            base = abs(held) if flatten else min(base, abs(held))
            side = Side.SELL if held > 0 else Side.BUY
        qty = tradable(base, leg)
        limit = band_limit(leg.price, side, band, leg.terms)
        if qty and limit > 0:
            number = case.ledger.number + len(orders)
            orders.append(order_of(case, index, side=side, qty=qty, limit=limit, purpose=purpose, number=number))
    if not orders or (intent.opens and len(orders) < 2):
        return None
    return SendOrders(tuple(orders), Step.SEND if allows(case.ledger.state, Step.SEND) else None, _sending(case))


def _sending(case: Case) -> str:
    verb = {Verb.OPEN: "opening", Verb.CLOSE: "closing", Verb.FLATTEN: "flattening"}[case.intent.verb]
    return f"{verb} {case.intent.base}: {' and '.join(f'{leg.side} {leg.key}' for leg in case.intent.legs)}"


def _go_on(case: Case) -> Action:
    ledger = case.ledger
    lead = leader(case)
    if ledger.state is State.SENDING and all(line.known or line.ended for line in ledger.of_turn()):
        return Mark(Step.ANSWERED, "the venues have every order")
    if lead is not None and (action := follow(case, lead)) is not None:
        return action
    excess = case.excess()
    resting = case.resting()
    if case.flights():
        # a leader that rests is tended meanwhile: it may have to be taken back
        tended = lead_on(case, lead) if lead is not None and resting else None
        return tended if isinstance(tended, Cancel | Query) else case.heard_or(None)
    if case.intent.verb is Verb.FLATTEN and not ledger.turn_over and not resting and _held(case):
        return _flatten_again(case)
    if repairable(case, excess) and not (resting and _may_grow(case, excess, lead)):
        return _cancel_first(case, resting) or repair(case, excess)
    if lead is not None and case.intent.style is Style.MAKER_TAKER:
        action = lead_on(case, lead)
        if isinstance(action, Wait):
            return _meanwhile(case, action)
        if action is not None:
            return action
    return _cancel_first(case, resting) or _settle(case, excess)


def _meanwhile(case: Case, waits: Wait) -> Action:
    """While the leader waits for its market, accounts ask for fills and fees: the audit compares nothing before."""
    found = _books(case)
    if not isinstance(found, Wait):
        return found
    return Wait(min((due for due in (waits.until_ns, found.until_ns) if due is not None), default=None))


def _may_grow(case: Case, excess: Decimal, lead: int | None) -> bool:
    """Whether the excess is only too small yet for the follower's lots, with the leader still filling."""
    if lead is None:
        return False
    follower = case.leg(1 - lead)
    return follower.side.sign * excess < 0 and not tradable(abs(excess), follower)


def _cancel_first(case: Case, resting: list[Line]) -> Action | None:
    for line in resting:
        if line.canceled_ns is None and line.known:
            return Cancel(line.order.client_id, "nothing may fill any more")
    return case.heard_or(None) if resting else None


def _settle(case: Case, excess: Decimal) -> Action:
    """Nothing is under way and the legs are equal, up to dust."""
    ledger = case.ledger
    if _held(case):
        if ledger.state is not State.HEDGED:
            return Mark(Step.BALANCED, f"hedged: {_holdings(case)}{_dust(case, excess)}")
    elif not ledger.state.ended:
        return Mark(Step.EMPTY, f"nothing is open{_dust(case, excess)}")
    return _books(case)


def _held(case: Case) -> bool:
    """Whether any leg holds enough for an order."""
    return any(tradable(abs(case.position(index)), case.leg(index)) for index in (0, 1))


def _flatten_again(case: Case) -> Action:
    policy = case.intent.policy
    sent = purposes(case.ledger.of_turn(), Purpose.FLATTEN)
    if not sent:
        return _first(case)
    last_ns = max(line.planned_ns for line in sent)
    if len(sent) >= 2 * policy.unwind_tries:
        left = f"{_holdings(case)} is left after {len(sent)} orders{last_words(sent)}"
        return Mark(Step.HALT, f"it could not be flattened: {left}")
    for index in (0, 1):
        if case.position(index) and (until_ns := told_to_wait(case, index)) > case.now_ns:
            wait_s = (until_ns - case.now_ns) / NS_PER_S
            if wait_s > policy.stale_halt_s:
                venue = case.leg(index).venue
                return Mark(Step.HALT, f"it could not be flattened: {venue} takes no order for {wait_s:.0f} s")
            return Wait(until_ns)
    if case.now_ns < last_ns + policy.unwind_pause_ms * NS_PER_MS:
        return Wait(last_ns + policy.unwind_pause_ms * NS_PER_MS)
    if why := _no_entry(case):
        if case.since_s(last_ns) >= policy.stale_halt_s:
            return Mark(Step.HALT, f"it could not be flattened: {why}")
        return case.later(100)
    return _both(case) or Mark(Step.HALT, f"it could not be flattened: {_holdings(case)} is too little for an order")


def _holdings(case: Case) -> str:
    return " and ".join(f"{amount(case.position(i))} on {case.leg(i).key}" for i in (0, 1))


def _dust(case: Case, excess: Decimal) -> str:
    if not excess:
        return ""
    leg = case.leg(0 if excess > 0 else 1)
    return f"; {amount(abs(excess))} {case.intent.base} on {leg.key} is dust, too little to trade"


def _books(case: Case) -> Action:
    """Everything is decided; accounts still want each fill and its fee."""
    ledger = case.ledger
    if (action := check_lost(case)) is not None and ledger.state is State.HEDGED:
        return action
    lines = [line for line in ledger.lines.values() if not line.given_up]
    open_lines = [line for line in lines if line.filled and not line.complete]
    if not open_lines:
        return _heard_or(case, None)
    first = min(open_lines, key=lambda line: line.planned_ns)
    from_ns = (first.end_ns or first.heard_ns) + GRACE_NS
    log = ledger.reads.get((first.leg, ReadKind.FILLS))
    if case.since_s(from_ns) >= _FEES_ALARM_S and (key := f"fees {first.order.client_id}") not in ledger.said:
        return Alarm(
            key, f"{first.order.venue} has not told the fills of {first.order.client_id} yet; profit is not known"
        )
    if log is not None and log.asked_ns is not None and log.asked_ns >= from_ns:
        if log.under_way:
            return _heard_or(case, None)
        asks = sum(1 for asked_ns, _ in log.done if asked_ns >= from_ns)
        due_ns = log.asked_ns + _FEES_ASK_MS[min(asks, len(_FEES_ASK_MS) - 1)] * NS_PER_MS
    else:
        due_ns = from_ns
    if due_ns > case.now_ns:
        return _heard_or(case, due_ns)
    return ReadAccount(first.leg, ReadKind.FILLS, first.planned_ns // NS_PER_MS - FILLS_BEFORE_MS)


def _heard_or(case: Case, until_ns: int | None) -> Wait:
    """Of what a person took over nothing is in doubt any more: it would be waited for in vain, and at once."""
    return Wait(until_ns) if case.ledger.abandoned else case.heard_or(until_ns)
