"""One leg leads, the other follows: maker-taker, and taker-taker with the thinner book first.

The leader's fills are hedged at once, each as soon as it is large enough for the follower's lots; what is smaller waits
for the next fill while the leader still works. A resting order follows the market within its band and is taken back
while the follower's price would be too bad, is not fit for an order, or the venue's private stream is down: a fill
that nobody hears of cannot be hedged. A cancel proves nothing; whatever fills before the end is told counts.
"""

from __future__ import annotations

from decimal import Decimal

from arbtui.core.clock import NS_PER_MS, NS_PER_S
from arbtui.core.errors import RefusalReason
from arbtui.core.orders import Side
from arbtui.execution.actions import Action, Alarm, Cancel, Case, Query, SendOrders, Wait, order_of, taker
from arbtui.execution.intents import Purpose, Style, Verb
from arbtui.execution.ledger import purposes
from arbtui.execution.lifecycle import Step, allows
from arbtui.execution.lines import Line
from arbtui.execution.quantity import band_limit, coins, tradable
from arbtui.execution.repair import HOPELESS, words

_LOOK_MS = 250  # a resting order is compared with the market so often


def leader(case: Case) -> int | None:
    """The leg that leads this turn; None where both go at once."""
    intent = case.intent
    if intent.style is Style.MAKER_TAKER:
        return intent.maker
    if intent.verb is Verb.FLATTEN or not intent.policy.thinner_first:
        return None
    sent = case.ledger.of_turn()
    return min(sent, key=lambda line: line.number).leg if sent else thinner(case)


def thinner(case: Case) -> int:
    """The leg with fewer coins at the top of the side that would be taken; leg 0 where that is not known."""
    tops = []
    for index in (0, 1):
        price, leg = case.prices[index], case.leg(index)
        qty = price.ask_qty if leg.side is Side.BUY else price.bid_qty
        tops.append(coins(qty, leg.terms) if qty is not None else None)
    return 1 if tops[0] is not None and tops[1] is not None and tops[1] < tops[0] else 0


def follow(case: Case, lead: int) -> Action | None:
    """Hedge what the leader filled and nothing under way covers; None: nothing to follow, or no first try is left."""
    index = 1 - lead
    excess = case.uncovered(index)
    leg = case.leg(index)
    if case.ledger.turn_over or case.desk.killed or leg.side.sign * excess >= 0 or failed(case, index):
        return None
    wanted = abs(excess) if case.intent.opens else min(abs(excess), case.closable(index, leg.side))
    order = taker(case, index, leg.side, wanted, case.intent.policy.rehedge_band_bps, Purpose.HEDGE)
    if order is None:
        return None
    if why := case.why_unpriced(index):
        if (key := f"follow {case.intent.turn}") not in case.ledger.said:
            return Alarm(key, f"{words(case, excess)} and cannot be hedged: {why}")
        return None
    if case.slip_bps(index, leg.side) > case.intent.policy.rehedge_band_bps:
        return None
    return SendOrders((order,), None, f"hedging a fill of {case.leg(lead).key}")


def failed(case: Case, index: int) -> bool:
    """Whether an order that followed ended short: from then on it is trouble, with rules of its own."""
    lines = [line for line in purposes(case.ledger.of_turn(), Purpose.HEDGE) if line.leg == index]
    return any(line.settled and line.filled < line.order.qty for line in lines)


def works(case: Case, lead: int) -> bool:
    """Whether the leader may still send orders in this turn."""
    if case.ledger.turn_over or case.ledger.canceled or case.desk.killed or case.desk.stopping:
        return False
    if case.intent.opens and not case.desk.armed:
        return False
    policy, entered = case.intent.policy, _entered(case, lead)
    if case.intent.style is not Style.MAKER_TAKER:
        return not entered
    if case.since_s(case.ledger.turn_ns) >= policy.maker_rest_s or len(entered) > policy.maker_requotes:
        return False
    last = entered[-1] if entered else None
    if last is not None and last.rejected is not None and last.rejected.reason in HOPELESS:
        return False
    return not failed(case, 1 - lead) and bool(_remaining(case, lead))


def _entered(case: Case, lead: int) -> list[Line]:
    lines = purposes(case.ledger.of_turn(), Purpose.ENTER, Purpose.EXIT)
    return sorted((line for line in lines if line.leg == lead), key=lambda line: line.number)


def _remaining(case: Case, lead: int) -> Decimal:
    """Wire quantity that the leader still has to fill."""
    leg = case.leg(lead)
    filled = sum((line.filled for line in _entered(case, lead)), Decimal(0))
    left = coins(case.intent.qty[lead] - filled, leg.terms)
    return tradable(left if case.intent.opens else min(left, case.closable(lead, leg.side)), leg)


def lead_on(case: Case, lead: int) -> Action | None:
    """Place, move or take back the resting order; None: the leader has done all it may."""
    live = [line for line in case.resting() if line.leg == lead]
    if live:
        return _tend(case, lead, live[0])
    if not works(case, lead):
        return None
    entered = _entered(case, lead)
    if entered and entered[-1].end_reason in (None, RefusalReason.WOULD_TAKE) and not entered[-1].filled:
        again_ns = entered[-1].planned_ns + _LOOK_MS * NS_PER_MS
        if again_ns > case.now_ns:
            return Wait(again_ns)
    price = wanted_price(case, lead)
    if price is None:
        return case.heard_or(case.now_ns + _LOOK_MS * NS_PER_MS)
    ordered = order_of(
        case,
        lead,
        side=case.leg(lead).side,
        qty=_remaining(case, lead),
        limit=price,
        purpose=Purpose.ENTER if case.intent.opens else Purpose.EXIT,
        number=case.ledger.number,
        rests=True,
    )
    return SendOrders((ordered,), Step.SEND if allows(case.ledger.state, Step.SEND) else None, "resting at the market")


def _tend(case: Case, lead: int, line: Line) -> Action:
    """A live resting order: leave it, or take it back."""
    if line.canceled_ns is not None or not line.known:
        return case.heard_or(None)
    why = _take_back(case, lead, line)
    if why:
        return Cancel(line.order.client_id, why)
    heard_ns = max(line.reported_ns, line.asked_ns or 0, line.planned_ns)
    if not line.query_open and case.since_s(heard_ns) >= case.intent.policy.maker_check_s:
        return Query(line.order.client_id)  # a stream that is dead without anybody knowing tells no fills
    return case.heard_or(case.now_ns + _LOOK_MS * NS_PER_MS)


def _take_back(case: Case, lead: int, line: Line) -> str:
    """Why the resting order must go; "" if it may stay."""
    if not works(case, lead):
        return "the time for resting is over"
    price = wanted_price(case, lead)
    if price is None:
        return "the other leg's price does not allow it now"
    rested_s = (case.now_ns - line.planned_ns) / NS_PER_S
    if price != line.order.price and rested_s * 1_000 >= case.intent.policy.maker_requote_after_ms:
        return "the market has moved"
    return ""


def wanted_price(case: Case, lead: int) -> Decimal | None:
    """Where the leader's order should rest now: the best own-side price, within its band; None: nowhere for now."""
    leg, policy = case.leg(lead), case.intent.policy
    follower = case.leg(1 - lead)
    if case.why_unpriced(0) or case.why_unpriced(1):
        return None
    if case.slip_bps(1 - lead, follower.side) > policy.maker_drift_bps:
        return None
    if any((each.venue, each.market) in case.desk.deaf for each in case.intent.legs):
        return None
    limit = band_limit(leg.price, leg.side, policy.maker_band_bps, leg.terms)
    best = case.prices[lead].bid if leg.side is Side.BUY else case.prices[lead].ask
    assert best is not None
    return min(best, limit) if leg.side is Side.BUY else max(best, limit)


def take_first(case: Case, lead: int) -> Action | None:
    """Thinner book first: the leader's only order."""
    intent = case.intent
    leg = case.leg(lead)
    purpose = Purpose.ENTER if intent.opens else Purpose.EXIT
    base = coins(intent.qty[lead], leg.terms)
    base = base if intent.opens else min(base, case.closable(lead, leg.side))
    order = taker(case, lead, leg.side, base, intent.policy.take_band_bps, purpose)
    return SendOrders((order,), Step.SEND, f"the thinner book first: {leg.key}") if order is not None else None
