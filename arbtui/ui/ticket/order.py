"""A ticket: what somebody has in mind, worked out anew at every tick; then frozen, reviewed and sent, once.

    EDIT --enter--> REVIEW --y--> the hedge's own page
      ^                |
      +-- esc, 5 s, a check that fails, a net that fell by more than 1 bp or, where it opens, below its threshold

The ticket is bound to its legs, or to its hedge, when it is made. What is sent is the preview that was frozen at enter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from arbtui.core.model import Market
from arbtui.core.orders import Side
from arbtui.execution.intents import Style, Verb
from arbtui.execution.preflight import Check
from arbtui.execution.preview import Estimate, LegView
from arbtui.market.slot import Slot
from arbtui.port import Preview, Ticket, TradingPort
from arbtui.strategy.rows import SpreadRow
from arbtui.ui import text
from arbtui.ui.desk import WALK_SIZES_USD, Desk
from arbtui.ui.glyphs import UNKNOWN
from arbtui.ui.prompt import Question
from arbtui.ui.theme import Cell, Line, Role
from arbtui.ui.ticket import after, page
from arbtui.ui.ticket.hedge import HedgePage
from arbtui.ui.ticket.page import PAPER, Column, Go, Page, flow, gain, wrapped

AGAINST_BPS = Decimal(1)  # so much may the net fall between review and key
_SHARES = (Decimal("0.25"), Decimal("0.5"), Decimal("0.75"), Decimal(1))
_MEANING = {
    PAPER: "PAPER: fills are worked out from live books; no order leaves this machine",
    "SIMULATED": "SIMULATED: orders go to simulated exchanges",
    "DEMO-KEYS": "DEMO-KEYS: orders go to the exchanges' own paper trading",
    "TESTNET": "TESTNET: orders go to test accounts, without real money",
    "LIVE": "LIVE: real money; orders go to your accounts",
}
_HEAD: tuple[Column, ...] = (
    ("leg", 9, False, "header"),
    ("side", 4, False, "header"),
    ("order", 5, False, "header"),
    ("limit", 11, True, "header"),
    ("quantity", 11, True, "header"),
    ("est. fill", 11, True, "header"),
    ("fee", 8, True, "header"),
    ("age", 6, True, "header"),
)


class OrderPage(Page):
    """``ticket`` is what is wanted now, ``preview`` that worked out; while under review ``frozen`` is what counts."""

    def __init__(self, desk: Desk, trading: TradingPort, ticket: Ticket) -> None:
        super().__init__(desk, trading)
        self.ticket = ticket
        self.frozen: Preview | None = None
        self.below = False  # whether a person allows a net below the threshold
        self.preview = self._preview()
        self.sent = False

    @property
    def title(self) -> str:
        words = {Verb.OPEN: "hedged order", Verb.CLOSE: "close hedge", Verb.FLATTEN: "flatten hedge"}
        return f"{words[self.ticket.verb]} {text.clean(self.ticket.base)}"

    @property
    def opens(self) -> bool:
        return self.ticket.verb is Verb.OPEN

    def _preview(self) -> Preview:
        """The ticket as the engine works it out, with the check that is the screen's own."""
        made = self.trading.preview(self.ticket)
        if not self.opens or made.intent is None:
            return made
        key = self.desk.keys.first("ticket.below")
        net_bps = made.estimate.net_bps if made.estimate is not None else None
        check = after.net_check(net_bps, self._threshold_bps(), allowed=self.below, key=key)
        refused = "; ".join(words for words in (made.refused, "" if check.ok else check.text) if words)
        return replace(made, checks=[*made.checks, check], refused=refused)

    def _threshold_bps(self) -> float:
        buy, sell = self._slots()
        if buy is None or sell is None:
            return self.desk.port.threshold_bps(self.ticket.base)
        return self.desk.port.pair_threshold_bps(buy.id, sell.id)

    # time and keys

    def tick(self, now_s: float) -> None:
        super().tick(now_s)
        self.preview = self._preview()

    def end_review(self, note: str = "") -> None:
        super().end_review(note)
        self.frozen = None

    def enter(self, now_s: float) -> Go:
        if self.review.on:
            self.note = f"{self.review.key} sends; {self.key('back')} goes back"
            return None
        self.preview = self._preview()
        if self.preview.intent is None or self.preview.refused:
            failed = dict.fromkeys(check.name for check in self.preview.checks if not check.ok)
            self.note = f"not reviewed, because this failed: {', '.join(failed) or self.preview.refused}"
            return None
        self.note = ""
        self.frozen = self.preview
        self.review.begin(now_s)
        return None

    def confirmed(self, now_s: float) -> Go:
        frozen = self.frozen
        assert frozen is not None
        if self.sent:
            return None
        self.preview = self._preview()
        refused = worse(frozen, self.preview)
        if refused:
            self.end_review(f"not sent: {refused}")
            return None
        answer = self.trading.fire(frozen)
        if not answer.accepted:
            self.end_review(f"not sent: {answer.text}")
            return None
        self.sent = True
        self.review.end()
        assert frozen.intent is not None
        return HedgePage(self.desk, self.trading, frozen.intent.hedge, sent=frozen)

    # what is wanted

    def _change(self, ticket: Ticket) -> None:
        if self.review.on:
            self.note = f"frozen while under review; {self.key('back')} goes back to change it"
            return
        self.ticket = ticket
        self.note = ""
        self.preview = self._preview()

    def step(self, direction: int) -> None:
        if self.opens:
            self._change(self._next_size(direction))
        elif self.ticket.verb is Verb.CLOSE:
            held = self._held()
            now = Decimal(1) if self.ticket.qty_base is None or not held else self.ticket.qty_base / held
            share = _next(_SHARES, now, direction)
            if share is not None:
                self._change(replace(self.ticket, qty_base=None if share == 1 else held * share))
        else:
            self.note = f"flattening always takes all of it; {self.desk.keys.first('order.close')} closes a part"

    def _next_size(self, direction: int) -> Ticket:
        if self.ticket.usd is not None:
            sizes = [Decimal(f"{size:.0f}") for size in WALK_SIZES_USD]
            return replace(self.ticket, usd=_next(sizes, self.ticket.usd, direction) or self.ticket.usd)
        assert self.ticket.qty_base is not None
        now = self.ticket.qty_base
        ladder = [
            Decimal(step).scaleb(power) for power in range(now.adjusted() - 1, now.adjusted() + 3) for step in (1, 2, 5)
        ]
        return replace(self.ticket, qty_base=_next(ladder, now, direction) or now)

    def _held(self) -> Decimal:
        ledger = self.trading.ledgers.get(self.ticket.hedge)
        return (
            max(abs(ledger.position(0)), abs(ledger.position(1))) if ledger is not None and ledger.turns else Decimal(0)
        )

    def ask(self, typed: str) -> Question | None:
        if self.review.on or self.ticket.verb is Verb.FLATTEN:
            self.step(1)  # says why not
            return None
        in_usd = self.opens and self.ticket.usd is not None
        unit = "USD" if in_usd else text.clean(self.ticket.base)
        return Question(
            f"size, {unit}",
            typed or self._typed_size(),
            lambda words: self._take_size(words, in_usd),
            number=not typed,
        )

    def _typed_size(self) -> str:
        size = self.ticket.usd if self.ticket.usd is not None else self.ticket.qty_base
        return text.exact(size if size is not None else self._held())

    def _take_size(self, typed: str, in_usd: bool) -> str:
        size = exact_size(typed)
        if size is None:
            return f"{text.quoted(typed)} is not a size"
        self._change(
            replace(self.ticket, usd=size, qty_base=None) if in_usd else replace(self.ticket, usd=None, qty_base=size)
        )
        return ""

    def verb(self, verb: page.Verb, now_s: float) -> Go:
        ticket = self.ticket
        if verb == "swap" and self.opens:
            self.below = self.below and self.review.on
            self._change(replace(ticket, buy=ticket.sell, sell=ticket.buy))
        elif verb == "style" and ticket.verb is not Verb.FLATTEN:
            style, maker = _NEXT_STYLE[ticket.maker]
            self._change(replace(ticket, style=style, maker=maker))
        elif verb == "unit" and self.opens:
            self._change(self._other_unit())
        elif verb == "below" and self.opens:
            self.below = self.below if self.review.on else not self.below
            self._change(ticket)
        return None

    def _other_unit(self) -> Ticket:
        intent, figures = self.preview.intent, self.preview.estimate
        if intent is None or figures is None or figures.usd is None:
            return self.ticket
        if self.ticket.usd is not None:
            return replace(self.ticket, usd=None, qty_base=figures.legs[0].qty_base)
        return replace(self.ticket, usd=figures.usd.quantize(Decimal("0.01")), qty_base=None)

    # lines

    def offered(self) -> Sequence[tuple[str, str]]:
        if self.review.on:
            return ((self.review.key, "send"), (self.key("back"), "back"))
        review, maker = (self.key("enter"), "review"), (self.key("style"), "IOC/maker")
        sizes, typed = self.key("more", "less"), ("0-9", "type it")
        if self.opens:
            return (
                review, (sizes, "size"), typed, (self.key("unit"), "unit"), maker, (self.key("swap"), "swap legs"),
                (self.key("below"), "below threshold"), (self.key("back"), "close"),
            )  # fmt: skip
        if self.ticket.verb is Verb.CLOSE:
            return (review, (sizes, "part"), typed, maker, (self.key("back"), "back"))
        return (review, (self.key("back"), "back"))

    def body(self, width: int) -> list[Line]:
        shown = self.frozen or self.preview
        word = self.trading.word
        meaning = _MEANING.get(word, f"{word}: orders go to real accounts")
        lines = wrapped(meaning, width, "dim" if word == PAPER else "warn")
        lines.extend(self._size_lines(shown, width))
        lines.append(())
        if shown.estimate is not None:
            lines.extend(page.table([_HEAD, *(leg_columns(view) for view in shown.estimate.legs)], width))
            lines.append(())
            lines.extend(self._figures(shown.estimate, width))
        if self.review.on:
            lines += [(), *self.review_lines(self._in_words(), width)]
        if self.note:
            lines += wrapped(self.note, width, "warn")
        lines.append(())
        lines.extend(check_lines(self.preview, width))
        return lines

    def _size_lines(self, shown: Preview, width: int) -> list[Line]:
        ticket, figures = self.ticket, shown.estimate
        if ticket.usd is not None:
            size = f"{ticket.usd:,f} USD"
        elif ticket.qty_base is not None:
            size = f"{text.exact(ticket.qty_base)} {text.clean(ticket.base)}"
        else:
            size = "all of it"
        groups: list[Sequence[Cell]] = [(("size ", "text"), (f"[ {size} ]", "strong"))]
        if figures is not None:
            coins, usd = figures.legs[0].qty_base or figures.legs[1].qty_base, figures.usd
            worth = "" if usd is None else f" = {text.grouped(usd, 2)} USD"
            groups.append(((f"{text.exact(coins)} {text.clean(ticket.base)}{worth}", "text"),))
        row = self._row() if self.opens else None
        if row is not None:
            groups.append(((f"max by depth {text.amount(row.max_usd)} USD", "dim"),))
        groups.append(((self._style_words(), "text"),))
        return flow(groups, width)

    def _style_words(self) -> str:
        if self.ticket.style is Style.TAKER_TAKER:
            return "IOC on both legs"
        return f"leg {(self.ticket.maker or 0) + 1} rests as maker, up to its limit; the other hedges each fill"

    def _slots(self) -> tuple[Slot | None, Slot | None]:
        """The instruments of an opening ticket, (bought, sold)."""
        slots = []
        for leg in (self.ticket.buy, self.ticket.sell):
            venue, market, native = leg.split(".", 2)
            slots.append(self.desk.port.board.slot_of(venue, Market(market), native))
        return slots[0], slots[1]

    def _row(self) -> SpreadRow | None:
        """The pair as the grid sees it: depth until the threshold, and carry."""
        buy, sell = self._slots()
        return self.desk.port.pair(buy.id, sell.id) if buy is not None and sell is not None else None

    def _figures(self, figures: Estimate, width: int) -> list[Line]:
        net, unit = text.bps(figures.net_bps), text.spread_unit()
        groups: list[Sequence[Cell]] = [
            ((f"gross {text.spread(text.bps(figures.gross_bps))}", "text"),),
            ((f"fees {text.spread_plain(text.bps(figures.fees_bps))}", "text"),),
            ((f"slip {text.spread_plain(text.bps(figures.slip_bps))}", "text"),),
            (
                ("NET ", "text"),
                (f"{text.spread_arrowed(net)} {unit} = {text.money(figures.net_usd)} USD", gain(net)),
            ),
        ]
        if self.frozen is not None and self.preview.estimate is not None:
            groups.append(((f"now {text.spread(text.bps(self.preview.estimate.net_bps))}", "dim"),))
        worst_bps = text.spread(text.bps(figures.worst_bps))
        worst: list[Sequence[Cell]] = [
            ((f"worst at both limits {worst_bps} {unit} = {text.money(figures.worst_usd)} USD", "text"),),
        ]
        row = self._row() if self.opens else None
        if row is not None:
            worst.append(((f"carry {text.spread(row.carry_per_h_bps, 2)} {unit}/h", "dim"),))
            worst.extend(self._after(figures))
        made = self.trading.pnl_usd(self.ticket.hedge) if self.ticket.hedge else None
        if made is not None:
            worst.append(((f"the hedge so far, at exit prices: {text.money(made)} USD", "text"),))
        return [*flow(groups, width), *flow(worst, width)]

    def _after(self, figures: Estimate) -> list[Sequence[Cell]]:
        """What the next funding would bring, and what would then be open on the coin."""
        base = self.ticket.base
        funding = after.funding_usd(*self._slots(), figures.usd)
        held = after.open_usd(base, self.trading.ledgers.values(), self.trading.usd)
        limit = self.desk.port.setting("limits.coin_usd")
        return [
            ((f"funding to next {text.money(funding)} USD", "text" if funding is not None else "faint"),),
            after.position_cells(base, held, figures.usd, limit),
        ]

    def _in_words(self) -> str:
        assert self.frozen is not None
        intent = self.frozen.intent
        assert intent is not None
        legs = [leg for leg, qty in zip(intent.legs, intent.qty, strict=True) if qty]
        orders = " and ".join(f"{leg.side} {text.clean(leg.native)} on {leg.venue} {leg.market.value}" for leg in legs)
        return f"send: {orders}"


_NEXT_STYLE: dict[int | None, tuple[Style, int | None]] = {
    None: (Style.MAKER_TAKER, 0),
    0: (Style.MAKER_TAKER, 1),
    1: (Style.TAKER_TAKER, None),
}


def worse(frozen: Preview, now: Preview) -> str:
    """Why a frozen preview must not be sent any more; "" if it may.

    Flattening is for getting out: there only the checks and the band of the order itself hold.
    """
    if now.intent is None or now.refused:
        return now.refused or "it cannot be worked out any more"
    if frozen.ticket.verb is Verb.FLATTEN:
        return ""
    was = frozen.estimate.net_bps if frozen.estimate is not None else None
    net = now.estimate.net_bps if now.estimate is not None else None
    if was is not None and net is None:
        return "its net is not known any more; a book is missing or too thin"
    if was is not None and net is not None and was - net > AGAINST_BPS:
        return f"net fell from {text.spread(float(was))} to {text.spread(float(net))} {text.spread_unit()} since review"
    return ""


def leg_columns(view: LegView) -> tuple[Column, ...]:
    """Limit and quantity are exact: they are what is sent."""
    leg = view.leg
    quiet: Role = "text" if view.qty else "faint"
    return (
        (page.leg_name(leg), 9, False, "strong" if view.qty else "faint"),
        (leg.side.upper(), 4, False, quiet if not view.qty else "gain" if leg.side is Side.BUY else "loss"),
        ("rest" if view.rests else "IOC", 5, False, quiet),
        (text.exact_price(leg.coin_price(view.limit), 11), 11, True, quiet),
        (text.exact(view.qty_base), 11, True, quiet),
        (_estimated(view), 11, True, quiet),
        (UNKNOWN if view.fee is None else f"{view.fee:.2f}", 8, True, quiet),
        (text.age(view.age_ms), 6, True, "warn" if view.why_not else "dim"),
    )


def _estimated(view: LegView) -> str:
    if view.est is None:
        return UNKNOWN
    return text.price(float(view.leg.coin_price(view.est)), 11)


def check_lines(preview: Preview, width: int) -> list[Line]:
    """What fails first, each in full; then what holds, by name; then each of those in full."""
    failed = [check for check in preview.checks if not check.ok]
    fine = [check for check in preview.checks if check.ok]
    lines: list[Line] = []
    for check in failed:
        lines.extend(wrapped(f"FAILS {check.name}: {check.text}", width, "error", indent=6))
    if not failed and preview.refused:
        lines.extend(wrapped(f"FAILS {preview.refused}", width, "error", indent=6))
    names = list(dict.fromkeys(check.name for check in fine if check.name not in {bad.name for bad in failed}))
    if names:
        lines.extend(wrapped("ok  " + " · ".join(names), width, "gain", indent=4))
    lines.extend(line for check in _in_order(fine) for line in wrapped(f"ok  {check.text}", width, "dim", indent=4))
    return lines


def _in_order(checks: Sequence[Check]) -> Sequence[Check]:
    """Money and limits first: the rest is fine, or it would be said above."""
    return sorted(checks, key=lambda check: check.name not in ("funds", "limits", after.NAME))


def exact_size(typed: str) -> Decimal | None:
    """A positive number as typed, ``2k`` being 2,000; None for anything else."""
    value = text.exact_number(typed)
    return value if value is not None and value > 0 else None


def _next(steps: Sequence[Decimal], now: Decimal, direction: int) -> Decimal | None:
    """The next step up or down; None at the end."""
    if direction > 0:
        return next((step for step in steps if step > now), None)
    return next((step for step in reversed(steps) if step < now), None)
