"""A hedge: its orders as they go, what its turn brought against what was previewed, and what can be done about it.

Where arbtui halted, it says why and offers what a person may decide, each with what it would mean now:

    r  go on by the rules: hedge what is missing, or give back what is too much
    f  flatten: sell what it holds and buy back what it owes, at prices up to the flatten band
    K  keep: a person takes both legs over, with orders in doubt, and arbtui forgets the hedge
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from arbtui.core.clock import NS_PER_MS
from arbtui.core.orders import OrderStatus
from arbtui.execution.doubts import open_doubts
from arbtui.execution.intents import Verb
from arbtui.execution.ledger import Ledger
from arbtui.execution.lifecycle import State, Step, allows
from arbtui.execution.lines import Line as OrderLine
from arbtui.port import Preview, Ticket, TradingPort
from arbtui.ui import text
from arbtui.ui.desk import Desk
from arbtui.ui.glyphs import UNKNOWN
from arbtui.ui.money import under_way
from arbtui.ui.theme import Cell, Line, Role
from arbtui.ui.ticket import page
from arbtui.ui.ticket.outcome import Outcome, outcome
from arbtui.ui.ticket.page import Column, Go, Page, flow, gain, leg_name, wrapped

_HEAD: tuple[Column, ...] = (
    ("leg", 9, False, "header"),
    ("side", 4, False, "header"),
    ("for", 7, False, "header"),
    ("wanted", 9, True, "header"),
    ("filled", 9, True, "header"),
    ("average", 9, True, "header"),
    ("disk+ack", 8, True, "header"),
    ("now", 12, False, "header"),
)
_ORDERS = 8  # of a turn, the newest
_SAID = 4


class HedgePage(Page):
    """``sent``: the preview that was sent from here, if any."""

    def __init__(self, desk: Desk, trading: TradingPort, hedge: str, *, sent: Preview | None = None) -> None:
        super().__init__(desk, trading)
        self.hedge = hedge
        self.sent = sent
        self.asked: Literal["retry", "keep"] | None = None
        self._flatten: Preview | None = None

    @property
    def ledger(self) -> Ledger | None:
        ledger = self.trading.ledgers.get(self.hedge)
        return ledger if ledger is not None and ledger.turns else None

    @property
    def title(self) -> str:
        base = "" if self.ledger is None else f" {text.clean(self.ledger.intent.base)}"
        return f"hedge{base} {self.hedge}"

    def tick(self, now_s: float) -> None:
        super().tick(now_s)
        ledger = self.ledger
        wanted = ledger is not None and ledger.state is State.HALTED and not ledger.unsettled()
        self._flatten = self.trading.preview(self._ticket(Verb.FLATTEN)) if wanted else None

    def _ticket(self, verb: Verb) -> Ticket:
        base = self.ledger.intent.base if self.ledger is not None else ""
        return Ticket(base, verb=verb, hedge=self.hedge)

    # keys

    def offers(self) -> list[tuple[str, str]]:
        """Key and word of everything that may be asked of it now."""
        ledger = self.ledger
        if ledger is None:
            return []
        found: list[page.Verb] = []
        if ledger.state is State.HALTED:
            found.append("retry")
        if allows(ledger.state, Step.CLOSE) and not ledger.unsettled():
            found.append("flatten")
            if ledger.state is State.HEDGED:
                found.append("close")
        if allows(ledger.state, Step.ABANDON):
            found.append("keep")
        if not ledger.turn_over:
            found.append("cancel")
        return [(self.key(verb), verb) for verb in found]

    def offered(self) -> Sequence[tuple[str, str]]:
        if self.review.on:
            return ((self.review.key, "do it"), (self.key("back"), "back"))
        return (*self.offers(), (self.key("back"), "close"))

    def verb(self, verb: page.Verb, now_s: float) -> Go:
        if self.review.on or verb not in {word for _, word in self.offers()}:
            if verb in ("retry", "flatten", "close", "keep", "cancel") and not self.review.on:
                state = self.ledger.state if self.ledger is not None else "not known yet"
                self.note = f"{verb} means nothing while the hedge is {state}"
            return None
        self.note = ""
        if verb == "flatten":
            return self._ticket(Verb.FLATTEN)
        if verb == "close":
            return self._ticket(Verb.CLOSE)
        if verb == "cancel":
            self.note = self.trading.cancel(self.hedge).text
        elif verb in ("retry", "keep"):
            self.asked = verb
            self.review.begin(now_s)
        return None

    def end_review(self, note: str = "") -> None:
        super().end_review(note)
        self.asked = None

    def confirmed(self, now_s: float) -> Go:
        answer = self.trading.retry(self.hedge) if self.asked == "retry" else self.trading.abandon(self.hedge)
        self.end_review(answer.text)
        return None

    # lines

    def body(self, width: int) -> list[Line]:
        ledger = self.ledger
        if ledger is None:
            return [(("The intent is being written to disk.", "text"),)]
        lines = self._state(ledger, width)
        if ledger.state is State.HALTED:
            lines += [(), *self._repairs(ledger, width)]
        lines += self._asking(ledger, width)
        of_turn = sorted(ledger.of_turn(), key=lambda line: line.number)
        orders = [self._order(ledger, line) for line in of_turn[-_ORDERS:]]
        lines += [(), *page.table([_HEAD, *orders], width)]
        for words in dict.fromkeys(line.rejected.text for line in of_turn[-_ORDERS:] if line.rejected is not None):
            lines.extend(wrapped(words, width, "warn", indent=2))
        if not of_turn:
            lines.append((("No order of this turn yet.", "dim"),))
        lines.append(())
        lines.extend(self._holds(ledger, width))
        lines.extend(self._result(ledger, width))
        lines += [(), *self._said(width)]
        return lines

    def _asking(self, ledger: Ledger, width: int) -> list[Line]:
        lines: list[Line] = []
        if self.review.on:
            lines += [(), *self.review_lines(self._asked_words(ledger), width)]
        if self.note:
            lines += wrapped(self.note, width, "warn")
        return lines

    def _state(self, ledger: Ledger, width: int) -> list[Line]:
        role: Role = "error" if ledger.state.troubled else "gain_strong" if ledger.state is State.HEDGED else "strong"
        intent = ledger.intent
        head: Line = (
            (ledger.state.value.upper().replace("_", " "), role),
            (f"   {intent.verb.value}, turn {intent.turn + 1}, {intent.style.value.replace('_', '-')}", "dim"),
        )
        return [head, *wrapped(ledger.why, width, "text")]

    def _order(self, ledger: Ledger, line: OrderLine) -> tuple[Column, ...]:
        leg = ledger.intent.legs[line.leg]
        coins = leg.terms.multiplier
        fills = list(line.fills.values())
        qty = sum((fill.qty for fill in fills), Decimal(0))
        average = sum((fill.qty * fill.price for fill in fills), Decimal(0)) / qty if qty else None
        words, role = order_words(line)
        acked_ns = self.desk.log.acked_ns(line.order.client_id) if self.desk.log is not None else None
        return (
            (leg_name(leg), 9, False, "strong"),
            (line.order.side.upper(), 4, False, "gain" if line.order.side.sign > 0 else "loss"),
            (line.purpose.word, 7, False, "text"),
            (text.exact(line.order.qty * coins), 9, True, "text"),
            (text.exact(line.filled * coins), 9, True, "text"),
            (UNKNOWN if average is None else text.price(float(leg.coin_price(average)), 9), 9, True, "text"),
            (f"{_ms(line.planned_ns, line.handed_ns)}+{_ms(line.handed_ns, acked_ns)}ms", 8, True, "dim"),
            (words, 12, False, role),
        )

    def _holds(self, ledger: Ledger, width: int) -> list[Line]:
        gap = ledger.exposure()
        base = text.clean(ledger.intent.base)
        groups: list[Sequence[Cell]] = [
            ((f"holds {_signed(ledger.position(at))} on {leg_name(leg).strip()}", "text"),)
            for at, leg in enumerate(ledger.intent.legs)
        ]
        groups.append(((f"leg gap {_signed(gap.known)} {base}", "text" if not gap.known else "error"),))
        if gap.low != gap.high:
            groups.append(((f"may become {_signed(gap.low)} to {_signed(gap.high)}", "warn"),))
        return flow(groups, width)

    def _result(self, ledger: Ledger, width: int) -> list[Line]:
        made = outcome(ledger, ledger.intent.turn, self.trading.usd)
        if made is None:
            return []
        net = text.bps(made.net_bps)
        groups: list[Sequence[Cell]] = [
            (
                ("got NET ", "text"),
                (f"{text.arrowed(net)} bps = {text.money(made.net_usd)} USD", gain(_float(made.net_usd))),
            ),
            ((f"previewed {self._promised(ledger)}", "dim"),),
            ((f"fees {text.grouped(made.fees_usd, 2)}{'' if made.fees_usd is None else ' USD'}", "dim"),),
        ]
        if made.within_ms is not None:
            groups.append(((f"sent to last fill {made.within_ms} ms", "dim"),))
        if made.net_usd is None:
            groups.append(((_unknown(ledger, made), "warn"),))
        total = self.trading.pnl_usd(self.hedge)
        if not ledger.intent.opens or ledger.state.ended:
            groups.append((("the whole hedge ", "text"), (f"{text.money(total)} USD", gain(_float(total)))))
        return flow(groups, width)

    def _promised(self, ledger: Ledger) -> str:
        """The net of the preview that was sent; where it is not at hand, of the prices frozen in the intent."""
        sent = self.sent
        if sent is not None and sent.intent is not None and sent.intent.turn == ledger.intent.turn:
            return "" if sent.estimate is None else f"{text.signed(text.bps(sent.estimate.net_bps))} bps"
        if ledger.intent.opens:
            return f"{text.signed(float(ledger.intent.planned_net_bps))} bps at the frozen tops"
        return UNKNOWN

    def _repairs(self, ledger: Ledger, width: int) -> list[Line]:
        """What may be decided, and what each would mean now."""
        lines: list[Line] = [(("What now? Nothing happens until a person says so.", "warn"),)]
        for key, words in (
            (self.key("retry"), self._retry_words(ledger)),
            (self.key("flatten"), self._flatten_words()),
            (self.key("keep"), f"keep: arbtui forgets {_taken_over(ledger)}; you look after them"),
        ):
            first, *more = text.wrap(words, width - 3)
            lines.append(((f" {key} ", "key"), (first, "text")))
            lines.extend((("   " + line, "text"),) for line in more)
        return lines

    def _retry_words(self, ledger: Ledger) -> str:
        gap, policy, legs = ledger.exposure().known, ledger.intent.policy, ledger.intent.legs
        if not gap:
            return "retry: go on by the rules; the legs are equal"
        heavy = 0 if gap > 0 else 1
        size = f"{text.exact(abs(gap))} {ledger.intent.base}"
        side = "sell" if gap > 0 else "buy"
        back = f"{side} {size} on {legs[heavy].key}, within {policy.unwind_band_bps:f} bps of the frozen price"
        if not ledger.intent.opens:
            return f"retry: go on by the rules: {back}"
        more = f"{side} {size} on {legs[1 - heavy].key} within {policy.rehedge_band_bps:f} bps of the frozen price"
        return f"retry: go on by the rules: {more}; if that fails or costs more, {back}"

    def _flatten_words(self) -> str:
        preview = self._flatten
        if preview is None or preview.intent is None or preview.estimate is None:
            return f"flatten: {preview.refused if preview is not None else 'orders are under way; wait'}"
        legs = [
            f"{view.leg.side} {text.exact(view.qty_base)} on {view.leg.key} at about "
            f"{UNKNOWN if view.est is None else text.price(float(view.leg.coin_price(view.est)), 10)}"
            for view in preview.estimate.legs
            if view.qty
        ]
        made = self.trading.pnl_usd(self.hedge)
        after = f"; the whole hedge then {text.money(made)} USD before the fees of it"
        fails = f". Now it fails: {preview.refused}" if preview.refused else ""
        return f"flatten: {' and '.join(legs)}{after}{fails}"

    def _asked_words(self, ledger: Ledger) -> str:
        if self.asked == "retry":
            return "go on by the rules"
        return f"take over {_taken_over(ledger)} by hand"

    def _said(self, width: int) -> list[Line]:
        said = [one for one in self.trading.said if one.hedge == self.hedge][-_SAID:]
        lines: list[Line] = []
        for one in reversed(said):
            words = f"{text.clock_time(one.t_ns)} {one.text}"
            lines.extend(wrapped(words, width, "error" if one.alarm else "dim", indent=9))
        return lines


def order_words(line: OrderLine) -> tuple[str, Role]:
    """What has become of an order, in a word or two."""
    if line.dropped:
        return "not sent", "warn"
    if line.rejected is not None and not line.known:
        return f"REFUSED {line.rejected.reason.value}", "error"
    if line.alien:
        return f"says {text.clean(line.alien_text)}", "error"
    if line.filled >= line.order.qty:
        return "filled", "gain"
    if line.settled:
        how = line.status.value if line.status is not None else "never took effect"
        return (f"part, then {how}" if line.filled else how), "warn"
    if line.rests and line.status is OrderStatus.OPEN:
        return "resting", "text"
    if line.unanswered_ns is not None and not line.known:
        return "NO ANSWER", "error"
    if line.handed_ns is None:
        return "to disk" if line.relived_ns is None else "being asked", "dim"
    return "under way", "text"


def kept_open(ledgers: Sequence[Ledger]) -> tuple[int, int]:
    """How many hedges are at rest, and how many have orders under way."""
    live = [ledger for ledger in ledgers if ledger.turns and not ledger.state.ended]
    moving = sum(1 for ledger in live if under_way(ledger))
    return len(live) - moving, moving


def _unknown(ledger: Ledger, made: Outcome) -> str:
    if made.fees_usd is None:
        return "a fill or a fee is not told yet"
    return "one leg has no counterpart" if made.gap else "a rate is missing"


def _ms(from_ns: int | None, to_ns: int | None) -> str:
    return UNKNOWN if from_ns is None or to_ns is None else f"{(to_ns - from_ns) // NS_PER_MS}"


def _signed(value: Decimal) -> str:
    return ("+" if value > 0 else "") + text.exact(value)


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _taken_over(ledger: Ledger) -> str:
    """What a person has to look after from then on, with the orders of which not all is known."""
    unclear = len(open_doubts(ledger))
    orders = "" if not unclear else " and an order in doubt" if unclear == 1 else f" and {unclear} orders in doubt"
    return f"{_holdings(ledger)}{orders}"


def _holdings(ledger: Ledger) -> str:
    legs = ledger.intent.legs
    return " and ".join(f"{_signed(ledger.position(at))} on {legs[at].key}" for at in (0, 1))
