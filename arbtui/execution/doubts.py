"""In doubt: ask, and ask again, until the venue's word settles it. Nothing new is sent meanwhile."""

from __future__ import annotations

from arbtui.core.clock import NS_PER_MS, NS_PER_S
from arbtui.core.model import Market
from arbtui.core.orders import ReadKind
from arbtui.execution.actions import Action, Alarm, Cancel, Case, Declare, Mark, Query, ReadAccount, Wait
from arbtui.execution.ledger import FILLS_BEFORE_MS, Ledger, VenueRules, agree, query_window
from arbtui.execution.lifecycle import State, Step
from arbtui.execution.lines import Line
from arbtui.execution.records import Dead

_HALTED_ASK_MS = 5_000
_LOST_ANSWER_NS = 30 * NS_PER_S  # an executor answers each request; one that broke its promise is asked again

_BLOCKED_NS = 2 * NS_PER_S


def resolve(case: Case, doubts: list[tuple[Line, int]]) -> Action:
    """The one next thing to do about orders in doubt."""
    ledger, policy = case.ledger, case.intent.policy
    first, since_ns = min(doubts, key=lambda doubt: doubt[1])
    if ledger.state not in (State.IN_DOUBT, State.HALTED):
        return Mark(Step.DOUBT, doubt_words(first))
    if (action := _take_back(case)) is not None:
        return action
    for line, _ in doubts:
        if ledger.proved_absent(line, case.desk.rules[line.order.venue]):
            return Declare(Dead(line.order.client_id, _absence(line)), loud=False)
    if (action := _patience(case, since_ns, doubt_words(first)) or _blocked(case, doubts)) is not None:
        return action
    dues = [since_ns + int(limit * NS_PER_S) for limit in (policy.doubt_alarm_s, policy.doubt_halt_s)]
    dues = [due for due in dues if due > case.now_ns and ledger.state is not State.HALTED]
    for line, _ in doubts:
        action = _question(case, line)
        if not isinstance(action, Wait):
            return action
        if action.until_ns is not None:
            dues.append(action.until_ns)
    return Wait(min(dues, default=None))


def _blocked(case: Case, doubts: list[tuple[Line, int]]) -> Action | None:
    """Somebody's fill keeps an order from being proved absent: that may be the order's own, and must be said."""
    for line, _ in doubts:
        from_ns, _ = query_window(line, case.desk.rules[line.order.venue].absence)
        key = f"blocked {line.order.client_id}"
        late = case.now_ns >= from_ns + _BLOCKED_NS
        if not line.known and late and key not in case.ledger.said and case.ledger.blocked_by_stranger(line):
            text = f"{line.order.venue} told a fill of no order that can be named; it may be that of {name_of(line)}"
            return Alarm(key, text)
    return None


def _take_back(case: Case) -> Action | None:
    """Nothing may fill that need not while something is in doubt."""
    for line in case.resting():
        if line.canceled_ns is None and line.known:
            return Cancel(line.order.client_id, "something of this hedge is in doubt")
    return None


def catch_up(case: Case) -> Action | None:
    """A hedge of an earlier life: its legs are read before anything else; None once they have been.

    Orders may have been sent that no journal kept (a full disk); they are in the venue's lists under our names.
    """
    ledger, policy = case.ledger, case.intent.policy
    from_ns = ledger.relived_ns
    if from_ns is None or ledger.state.ended or not (missing := _unread(case, from_ns)):
        return None
    if ledger.state not in (State.IN_DOUBT, State.HALTED):
        return Mark(Step.DOUBT, "arbtui was restarted: the venues are read before anything else")
    if (action := _take_back(case)) is not None:
        return action
    waits: list[int] = []
    for index, kind in missing:
        log = ledger.reads.get((index, kind))
        due_ns = _due(log.asked_ns, policy.ask_every_ms * NS_PER_MS, log.under_way) if log else 0
        due_ns = max(due_ns, from_ns + _unsettled_ns(ledger, _rules(case, index)))
        if due_ns <= case.now_ns:
            since_ms = ledger.covers_ms if kind in (ReadKind.FILLS, ReadKind.HISTORY) else None
            return ReadAccount(index, kind, since_ms)
        waits.append(due_ns)
    return _patience(case, from_ns, "after the restart the venues could not be read") or Wait(min(waits))


def bear_out(case: Case) -> Action | None:
    """Nothing is sent to balance legs that the venues may not hold any more; None once they have said what they hold.

    Somebody may have closed them while nobody looked, or is just closing them: the audit compares, and takes off the
    books what is gone.
    """
    if not case.desk.unborne:
        return None
    if (action := _take_back(case)) is not None:
        return action
    waits: list[int] = []
    for index in sorted(case.desk.unborne):
        since_ms = _untold_since_ms(case, index)
        kind = _holding(case, index) if since_ms is None else ReadKind.FILLS
        log = case.ledger.reads.get((index, kind))
        due_ns = _due(log.asked_ns, case.intent.policy.ask_every_ms * NS_PER_MS, log.under_way) if log else 0
        if due_ns <= case.now_ns:
            return ReadAccount(index, kind, since_ms)
        waits.append(due_ns)
    since_ns = max(case.ledger.relived_ns or 0, case.ledger.lost_ns)
    return _patience(case, since_ns, "the venues do not bear out what it holds") or Wait(min(waits))


def _untold_since_ms(case: Case, index: int) -> int | None:
    """From when on fills are to be read before a wallet is compared: till then fees in the coin are only guessed."""
    if case.leg(index).market is not Market.SPOT:
        return None
    lines = [line for line in case.ledger.lines.values() if line.leg == index and not (line.complete or line.given_up)]
    return min((line.planned_ns // NS_PER_MS - FILLS_BEFORE_MS for line in lines), default=None)


def _holding(case: Case, index: int) -> ReadKind:
    """What tells how much a leg holds."""
    return ReadKind.POSITIONS if case.leg(index).market is Market.PERP else ReadKind.BALANCES


def read_through(ledger: Ledger, index: int, rules: VenueRules) -> bool:
    """Whether the lists of this leg have told what an earlier life may have sent that no journal kept."""
    from_ns = ledger.relived_ns
    if from_ns is None or ledger.state.ended:
        return True
    return all(_read_since(ledger, index, kind, from_ns, rules) for kind in _lists(history=rules.history))


def _read_since(ledger: Ledger, index: int, kind: ReadKind, from_ns: int, rules: VenueRules) -> bool:
    """Once for a hedge that was quiet; twice, apart, for one whose last orders may be in no journal."""
    log = ledger.reads.get((index, kind))
    if log is None:
        return False
    times = [asked_ns for asked_ns, _ in log.done if asked_ns >= from_ns + _unsettled_ns(ledger, rules)]
    if ledger.was_quiet:
        return bool(times)
    return agree(times, int(ledger.intent.policy.reads_apart_s * NS_PER_S))


def _unsettled_ns(ledger: Ledger, rules: VenueRules) -> int:
    """For how long after the earlier life's death its last orders may be missing in the venue's lists."""
    return 0 if ledger.was_quiet else int(rules.absence.settle_s * NS_PER_S)


def _unread(case: Case, from_ns: int) -> list[tuple[int, ReadKind]]:
    """What has to be read of each leg since then, and is not yet."""
    wanted = []
    for index, leg in enumerate(case.intent.legs):
        kinds = _lists(history=_rules(case, index).history)
        wanted += [(index, kind) for kind in kinds]
        if leg.market is Market.PERP or case.position(index):
            wanted.append((index, _holding(case, index)))
    return [one for one in wanted if not _read_since(case.ledger, *one, from_ns, _rules(case, one[0]))]


def _rules(case: Case, index: int) -> VenueRules:
    return case.desk.rules[case.leg(index).venue]


def _patience(case: Case, since_ns: int, text: str) -> Action | None:
    """The alarm, and later the halt, of a doubt that lasts; None before and between."""
    policy, age_s = case.intent.policy, case.since_s(since_ns)
    if case.ledger.state is State.HALTED:
        return None
    if age_s >= policy.doubt_halt_s:
        return Mark(Step.HALT, f"for {age_s:.0f} s: {text}")
    if age_s >= policy.doubt_alarm_s and (key := f"doubt {since_ns}") not in case.ledger.said:
        return Alarm(key, f"still in doubt after {age_s:.0f} s: {text}")
    return None


def _question(case: Case, line: Line) -> Action:
    """The next question about one order, or until when to wait before asking it."""
    every_ns = (_HALTED_ASK_MS if case.ledger.state is State.HALTED else case.intent.policy.ask_every_ms) * NS_PER_MS
    waits: list[int] = []
    due_ns = _due(line.asked_ns, every_ns, line.query_open)
    if due_ns <= case.now_ns:
        return Query(line.order.client_id)
    waits.append(due_ns)
    if line.canceled_ns is not None and line.open_ns is not None and line.open_ns > line.canceled_ns[1]:
        due_ns = line.canceled_ns[1] + every_ns
        if due_ns <= case.now_ns:
            return Cancel(line.order.client_id, "it still rests after a cancel")
        waits.append(due_ns)
    rules = case.desk.rules[line.order.venue]
    from_ns, until_ns = query_window(line, rules.absence)
    if not line.known or case.now_ns > until_ns:
        for kind in _lists(history=rules.history):
            log = case.ledger.reads.get((line.leg, kind))
            due_ns = max(from_ns, _due(log.asked_ns, every_ns, log.under_way) if log else 0)
            if due_ns <= case.now_ns:
                since_ms = line.planned_ns // NS_PER_MS - FILLS_BEFORE_MS
                return ReadAccount(line.leg, kind, None if kind is ReadKind.OPEN_ORDERS else since_ms)
            waits.append(due_ns)
    return Wait(min(waits))


def _lists(*, history: bool) -> tuple[ReadKind, ...]:
    lists = (ReadKind.OPEN_ORDERS, ReadKind.FILLS)
    return (*lists, ReadKind.HISTORY) if history else lists


def _due(asked_ns: int | None, every_ns: int, under_way: bool) -> int:
    if asked_ns is None:
        return 0
    return asked_ns + (_LOST_ANSWER_NS if under_way else every_ns)


def name_of(line: Line) -> str:
    order = line.order
    return f"the order {order.client_id} ({order.side} {order.qty:f} {order.native} on {order.venue})"


def open_doubts(ledger: Ledger) -> dict[str, str]:
    """What is not known of a hedge's orders, or contradicts itself, in words by client id."""
    unclear = [*ledger.unsettled(), *ledger.overfilled()]
    found = {line.order.client_id: doubt_words(line) for line in unclear}
    if (fill := ledger.nameless()) is not None:
        found[fill.client_id] = f"{fill.venue} filled {fill.client_id}, an order that no journal kept"
    return found


def doubt_words(line: Line) -> str:
    """What is not known of an order that has not settled."""
    if line.filled > line.order.qty or (line.end_qty is not None and line.filled > line.end_qty):
        told = min(line.order.qty, line.end_qty if line.end_qty is not None else line.order.qty)
        return f"{line.order.venue} told {told:f} of {name_of(line)}, and fills of {line.filled:f}"
    if line.alien:
        return f"{line.order.venue} says {line.alien_text!r} of {name_of(line)}, a word that arbtui does not know"
    if line.canceled_ns is not None:
        return f"a cancel was sent and it is not known how {name_of(line)} ended"
    if line.known:
        return f"it is not known how {name_of(line)} ended"
    return f"it is not known whether {line.order.venue} took {name_of(line)}"


def _absence(line: Line) -> str:
    return f"{line.order.venue} was asked twice and knows nothing of {name_of(line)}: it never took effect"
