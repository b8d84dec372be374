"""Does the simulation notice? ``python -m tests.execution.simulation.mutants [--episodes N] [--jobs N] [name ...]``.

Each mutant breaks one rule of ``arbtui.execution``, in this process alone; then seeds are played until one breaks a
rule of the simulation. One that no seed notices means that a rule is missing there, or that another one of the product
holds the same line; those of which the second is known say so (``held_by``).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal
from functools import partial
from itertools import count
from typing import Any

import pytest

from arbtui.core.errors import RefusalReason
from arbtui.core.orders import (
    CancelRefused,
    CancelTaken,
    Fill,
    OrderEvent,
    OrderReport,
    OrderStatus,
    ReadDone,
    ReadFailed,
    Rejected,
    Side,
    Unanswered,
)
from arbtui.execution import actions, decide, doubts, hearing, ledger, limits, lines, memory, quantity, repair
from arbtui.execution import runner as runners
from arbtui.execution import sending as sendings
from arbtui.execution.intents import Terms
from arbtui.execution.ledger import Ledger
from arbtui.execution.lines import Line
from arbtui.execution.quantity import ZERO
from arbtui.execution.records import Life
from tests.execution.simulation.breaking import MUTANTS, Patch, everywhere, heard_as, mutant
from tests.execution.simulation.world import World

FIRST = 0
EPISODES = 2_000


@dataclass(frozen=True)
class Noticed:
    """In which seed, and what was said; ``seed`` None: in none."""

    name: str
    episodes: int
    seed: int | None
    text: str


# what is heard
@mutant("fills are deduplicated by the venue's fill id")
def fills_count_as_often_as_told(patch: Patch) -> None:
    number = count()
    fill = Line.fill
    patch.setattr(Line, "fill", lambda line, told: fill(line, _renamed(told, f"{told.fill_id}-{next(number)}")))


def _renamed(fill: Fill, fill_id: str) -> Fill:
    names = {name: getattr(fill, name) for name in fill.__struct_fields__}
    return Fill(**{**names, "fill_id": fill_id})


@mutant("a fill that comes after the end still counts")
def late_fills_are_ignored(patch: Patch) -> None:
    heard_as(patch, lambda line, event: None if isinstance(event, Fill) and line.ended else event)


@mutant("cumulative quantities never fall")
def the_last_word_counts(patch: Patch) -> None:
    report = Line._report

    def changed(line: Line, told: OrderReport) -> None:
        report(line, told)
        if told.filled is not None:
            line.told_qty = told.filled
            line.filled = max(line.told_qty, line.fills_qty)

    patch.setattr(Line, "_report", changed)


@mutant("an end that tells no quantity does not settle what was filled", rare=True)
def an_end_settles_whatever_is_known(patch: Patch) -> None:
    report = Line._report

    def changed(line: Line, told: OrderReport) -> None:
        report(line, told)
        if told.status.terminal and line.end_qty is None:
            line.end_qty = line.filled

    patch.setattr(Line, "_report", changed)


@mutant("a cancel that was taken proves nothing: fills that race it are hedged")
def a_cancel_is_an_end(patch: Patch) -> None:
    hear = Line.hear

    def changed(line: Line, event: OrderEvent) -> None:
        hear(line, event)
        if isinstance(event, CancelTaken):
            line.dead = (line.filled, line.known)

    patch.setattr(Line, "hear", changed)


@mutant("a refused cancel says nothing of how the order ended", rare=True)
def no_such_order_is_an_end(patch: Patch) -> None:
    hear = Line.hear

    def changed(line: Line, event: OrderEvent) -> None:
        hear(line, event)
        if isinstance(event, CancelRefused):
            line.dead = (line.filled, line.known)

    patch.setattr(Line, "hear", changed)


@mutant("a refusal for a duplicate id means that the venue has the order already", rare=True)
def a_duplicate_id_is_a_rejection(patch: Patch) -> None:
    def changed(line: Line, event: OrderEvent) -> OrderEvent | None:
        if isinstance(event, Rejected) and event.reason is RefusalReason.DUPLICATE_ID:
            line.rejected = event
            return None
        return event

    heard_as(patch, changed)


@mutant("no answer is neither success nor failure")
def silence_is_a_rejection(patch: Patch) -> None:
    def changed(line: Line, event: OrderEvent) -> OrderEvent:
        if not isinstance(event, Unanswered) or event.verb != "place":
            return event
        return Rejected(
            venue=event.venue,
            client_id=event.client_id,
            reason=RefusalReason.OTHER,
            code="",
            text=event.text,
            t_ns=event.t_ns,
        )

    heard_as(patch, changed)


@mutant("a word that nobody knows is trouble, not a guess")
def an_unknown_word_is_canceled(patch: Patch) -> None:
    report = Line._report

    def changed(line: Line, told: OrderReport) -> None:
        if told.status is OrderStatus.UNKNOWN:
            names = {name: getattr(told, name) for name in told.__struct_fields__}
            told = OrderReport(**{**names, "status": OrderStatus.CANCELED})
        report(line, told)

    patch.setattr(Line, "_report", changed)


@mutant("fills without a name are given to the order whose id they bear")
def nameless_fills_are_nobodys(patch: Patch) -> None:
    fill = Ledger._fill
    patch.setattr(Ledger, "_fill", lambda book, told: fill(book, told) if told.client_id else None)


# doubt
@mutant("an order of which nothing is known is in doubt: nothing new is sent meanwhile")
def nothing_is_ever_in_doubt(patch: Patch) -> None:
    patch.setattr(Ledger, "doubts", lambda _book, _now_ns: [])


@mutant("a failed read resolves nothing")
def a_failed_read_is_an_empty_one(patch: Patch) -> None:
    hear = Ledger.hear

    def changed(book: Ledger, event: object) -> None:
        if isinstance(event, ReadFailed):
            legs = [index for index, leg in enumerate(book.intent.legs) if leg.venue == event.venue]
            asked = [log.asked_ns for index in legs if (log := book.reads.get((index, event.kind))) is not None]
            event = ReadDone(
                venue=event.venue,
                market=event.market,
                kind=event.kind,
                asked_ns=max((t_ns for t_ns in asked if t_ns is not None), default=event.t_ns),
                t_ns=event.t_ns,
                native=event.native,
            )
        elif isinstance(event, Unanswered) and event.verb == "query":
            line = book.lines.get(event.client_id)
            if line is not None and line.asked_ns is not None:
                line.absent_ns.append(line.asked_ns)
        hear(book, event)

    patch.setattr(Ledger, "hear", changed)


@mutant("absence is believed only if two reads agree, apart from one another", rare=True)
def one_read_proves_absence(patch: Patch) -> None:
    everywhere(patch, ledger.agree, lambda times, _apart_ns: bool(times))


@mutant("absence is believed only once the venue's lists have settled")
def lists_are_believed_at_once(patch: Patch) -> None:
    window = ledger.query_window

    def changed(line: Line, absence: Any) -> tuple[int, int]:
        return line.planned_ns, window(line, absence)[1]

    everywhere(patch, ledger.query_window, changed)


@mutant(
    "beyond a venue's memory its query proves nothing",
    held_by="what a venue forgets has filled nothing, so what is wrongly proved is true",
)
def venues_never_forget(patch: Patch) -> None:
    window = ledger.query_window
    everywhere(patch, window, lambda line, absence: (window(line, absence)[0], 2**62))


@mutant("a new life reads the venues before anything else")
def a_new_life_reads_nothing(patch: Patch) -> None:
    everywhere(patch, doubts.catch_up, lambda _case: None)


@mutant("a doubt that lasts is an alarm, and later a halt")
def doubts_last_in_silence(patch: Patch) -> None:
    patch.setattr(doubts, "_patience", lambda _case, _since_ns, _text: None)


@mutant("what rests is taken back while something is in doubt")
def what_rests_stays_in_doubt(patch: Patch) -> None:
    patch.setattr(doubts, "_take_back", lambda _case: None)


@mutant("what is in doubt counts against the limits at its worst")
def limits_count_what_is_known(patch: Patch) -> None:
    def changed(book: Ledger, index: int, usd: Callable[[str], Decimal | None]) -> Decimal | None:
        leg = book.intent.legs[index]
        return abs(book.position(index)) * leg.coin_price(leg.price) * (usd(leg.terms.price_ccy) or ZERO)

    patch.setattr(limits, "_worst", changed)


# sending
@mutant("an order is on disk before it is on the wire")
def the_journal_comes_after_the_wire(patch: Patch) -> None:
    def changed(sending: Any, book: Ledger, action: actions.SendOrders) -> None:
        now_ns = sending._memory.clock.now_ns()
        for ordered in action.orders:
            sending._memory.fold(book.hedge, now_ns, ordered)
        if action.step is not None:
            sending._memory.step_to(book, action.step, action.why)
        sending._hand_over(book, action.orders)
        sending._memory.keep(book.hedge, [*action.orders], lambda: None, lambda _text: None)

    patch.setattr(sendings.Sending, "send", changed)


@mutant(
    "an order that waited long for the disk is not sent",
    held_by="a disk that hangs is a journal that fails, and that comes first",
)
def old_orders_are_sent(patch: Patch) -> None:
    patch.setattr(sendings, "_LATE_S", 1e9)


@mutant("what went out unrecorded is left out by the next life's numbers", rare=True)
def a_new_life_uses_the_next_number(patch: Patch) -> None:
    fold = Ledger.fold

    def changed(book: Ledger, t_ns: int, fact: Any) -> None:
        fold(book, t_ns, Life(unsaved=0) if isinstance(fact, Life) else fact)

    patch.setattr(Ledger, "fold", changed)


@mutant("an order with our name that no journal kept is adopted")
def unrecorded_orders_are_nobodys(patch: Patch) -> None:
    patch.setattr(hearing.Hearing, "_adopt", lambda _hearing, _ledger, _report: None)


@mutant("what lessens a perpetual position is reduce-only")
def nothing_is_reduce_only(patch: Patch) -> None:
    def changed(*args: Any, **terms: Any) -> Any:
        ordered = order_of(*args, **terms)
        names = {name: getattr(ordered.order, name) for name in ordered.order.__struct_fields__}
        made = type(ordered.order)(**{**names, "reduce_only": False})
        return type(ordered)(
            order=made, leg=ordered.leg, turn=ordered.turn, purpose=ordered.purpose, number=ordered.number
        )

    order_of = actions.order_of
    everywhere(patch, order_of, changed)


@mutant("the kill switch opens and closes nothing")
def the_kill_switch_is_not_looked_at(patch: Patch) -> None:
    desk = runners.Runner._desk
    patch.setattr(runners.Runner, "_desk", lambda runner, book: replace(desk(runner, book), killed=False))
    patch.setattr(sendings.Sending, "_too_late", lambda _sending, _book, _orders: "")


@mutant("disarmed, or stopping, arbtui takes no new risk")
def disarming_is_not_looked_at(patch: Patch) -> None:
    desk = runners.Runner._desk

    def changed(runner: Any, book: Ledger) -> actions.Desk:
        return replace(desk(runner, book), armed=True, stopping=False)

    patch.setattr(runners.Runner, "_desk", changed)
    patch.setattr(sendings.Sending, "_too_late", lambda _sending, _book, _orders: "")


@mutant("two hedges do not hold the two sides of one perpetual")
def hedges_may_oppose_each_other(patch: Patch) -> None:
    everywhere(patch, limits.opposed, lambda _intent, _ledgers: "")


# prices and quantities
@mutant("orders are within the policy's band of the price at review")
def bands_are_ten_times_as_wide(patch: Patch) -> None:
    limit = quantity.band_limit

    def changed(price: Decimal, side: Side, band_bps: Decimal, terms: Terms) -> Decimal:
        return limit(price, side, 10 * band_bps, terms)

    everywhere(patch, limit, changed)


@mutant("no order is priced on a book that is stale, crossed or empty")
def any_price_will_do(patch: Patch) -> None:
    def changed(case: actions.Case, index: int) -> str:
        return "" if case.prices[index].bid is not None else "no bid"

    patch.setattr(actions.Case, "why_unpriced", changed)


@mutant("quantities are rounded down")
def quantities_are_rounded_up(patch: Patch) -> None:
    def changed(base: Decimal, terms: Terms) -> Decimal:
        if base <= 0:
            return ZERO
        lots = base / (terms.step * terms.multiplier)
        return lots.to_integral_value(rounding=ROUND_CEILING) * terms.step

    everywhere(patch, quantity.floor_to_step, changed)


@mutant("what both legs order is whole lots on both")
def the_common_lot_is_that_of_the_first_leg(patch: Patch) -> None:
    patch.setattr(quantity, "_common_lot", lambda first, _second: first)


@mutant("what is below a venue's minimum is not ordered")
def minimums_are_not_looked_at(patch: Patch) -> None:
    everywhere(patch, quantity.big_enough, lambda qty, _price, _terms: qty > 0)


@mutant("a fee in the coin is taken off what there is to hedge")
def fees_in_the_coin_are_forgotten(patch: Patch) -> None:
    everywhere(patch, ledger.fee_coins, lambda _line, _leg: ZERO)


@mutant("what is under way to the other leg counts when a fill is hedged")
def fills_are_hedged_again_while_under_way(patch: Patch) -> None:
    patch.setattr(actions.Case, "uncovered", lambda case, _index: case.excess())


@mutant(
    "no more is given back than the hedge holds",
    held_by="a closing turn wants what is held, and a perpetual is only reduced",
)
def more_is_given_back_than_is_held(patch: Patch) -> None:
    patch.setattr(actions.Case, "closable", lambda _case, _index, _side: Decimal(10**9))


# repair
@mutant("rehedging is tried only so often")
def rehedging_never_ends(patch: Patch) -> None:
    rehedge = repair._rehedge

    def changed(case: actions.Case, excess: Decimal, _tries: Sequence[Line]) -> Any:
        return rehedge(case, excess, [])

    patch.setattr(repair, "_rehedge", changed)


@mutant("giving back is tried only so often")
def unwinding_never_ends(patch: Patch) -> None:
    unwind = repair._unwind

    def changed(case: actions.Case, excess: Decimal, _tries: Sequence[Line]) -> Any:
        return unwind(case, excess, [])

    patch.setattr(repair, "_unwind", changed)


@mutant("an excess that an order can lessen is repaired, however small")
def three_lots_are_dust(patch: Patch) -> None:
    def changed(case: actions.Case, excess: Decimal) -> bool:
        lots = max(leg.terms.step * leg.terms.multiplier for leg in case.intent.legs)
        return abs(excess) > 3 * lots and repairable(case, excess)

    repairable = repair.repairable
    everywhere(patch, repairable, changed)


@mutant("an excess is repaired by the side that lessens it")
def repairs_take_the_wrong_side(patch: Patch) -> None:
    patch.setattr(repair, "_toward", lambda excess: Side.BUY if excess > 0 else Side.SELL)


@mutant("a reduce-only refusal means flat only if the position was read, twice")
def a_refusal_to_reduce_means_flat(patch: Patch) -> None:
    patch.setattr(repair, "_agreed", lambda _reads, _apart_ns: ZERO)


@mutant("trouble is said aloud")
def alarms_are_whispered(patch: Patch) -> None:
    tell = memory.Memory.tell

    def changed(kept: memory.Memory, hedge: str, text: str, *, alarm: bool = False) -> None:
        tell(kept, hedge, text, alarm=False)

    patch.setattr(memory.Memory, "tell", changed)


@mutant("what stays open at the end is said")
def the_end_is_silent(patch: Patch) -> None:
    patch.setattr(runners.Runner, "_end", _silent_end)


def _silent_end(runner: Any) -> None:
    told, runner._stopped = runner._stopped, None
    if told is not None:
        told(runners.Stopped(open=(), doubt=()))


@mutant("each fill and its fee is asked for until it is known")
def fees_are_not_asked_for(patch: Patch) -> None:
    patch.setattr(decide, "_books", lambda case: case.heard_or(None))


@mutant(
    "a resting order is taken back while a private stream is down",
    held_by="a resting order that nothing is told of is asked about every few seconds, and then in doubt",
)
def orders_rest_though_nobody_hears(patch: Patch) -> None:
    desk = runners.Runner._desk
    patch.setattr(runners.Runner, "_desk", lambda runner, book: replace(desk(runner, book), deaf=frozenset()))


@mutant(
    "a resting order of which nothing is told is asked about, and then in doubt",
    held_by="no order rests longer than the policy lets it, and its cancel asks about it",
)
def a_silent_order_is_trusted(patch: Patch) -> None:
    patch.setattr(lines.Line, "_unheard", lambda _line, _intent: None)


def noticed(name: str, *, first: int = FIRST, episodes: int = EPISODES) -> Noticed:
    """Plays seeds with one rule broken, until one is noticed."""
    with pytest.MonkeyPatch.context() as patch:
        MUTANTS[name].apply(patch)
        for seed in range(first, first + episodes):
            if wrong := World(seed).run():
                return Noticed(name, seed - first + 1, seed, wrong[0])
    return Noticed(name, episodes, None, "")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.execution.simulation.mutants")
    parser.add_argument("names", nargs="*", default=list(MUTANTS), metavar="name")
    parser.add_argument("--episodes", type=int, default=EPISODES)
    parser.add_argument("--first", type=int, default=FIRST, help="the first seed")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    missed = 0
    with ProcessPoolExecutor(args.jobs) as pool:
        for result in pool.map(partial(noticed, first=args.first, episodes=args.episodes), args.names):
            known = MUTANTS[result.name].held_by
            missed += result.seed is None and not known
            what = f"{result.episodes:6} {result.text}" if result.seed is not None else f"never: {known or 'WHY?'}"
            sys.stdout.write(f"{result.name:42} {what}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(args.names)} rules broken, {missed} of them unnoticed in {args.episodes} episodes\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
