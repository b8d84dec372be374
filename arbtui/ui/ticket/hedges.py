"""Several open hedges: one to choose, or all to flatten, one after another.

All in order: each next hedge is previewed and sent when the one before has come to rest, or after three seconds, so
that venues are asked for one thing at a time and a hedge that does not settle holds up no other. A hedge that still
enters is told to stop at once; its turn comes when it has.
"""

from __future__ import annotations

from collections.abc import Sequence

from arbtui.execution.intents import Verb
from arbtui.execution.pairs import Pair
from arbtui.port import Preview, Ticket, TradingPort
from arbtui.ui import text
from arbtui.ui.desk import Desk
from arbtui.ui.glyphs import MINUS
from arbtui.ui.money import under_way
from arbtui.ui.theme import Line, Role
from arbtui.ui.ticket import page
from arbtui.ui.ticket.page import Column, Go, Page, gain, wrapped

PREVIEW_EVERY_S = 1.0
NEXT_AFTER_S = 3.0
ENTERING_S = 20.0  # so long one that is told to enter no further may take
_SHOWN = 12
_HEAD: tuple[Column, ...] = (
    ("", 1, False, "header"),
    ("coin", 7, False, "header"),
    ("legs", 12, False, "header"),
    ("quantity", 9, True, "header"),
    ("state", 9, False, "header"),
    ("so far", 8, True, "header"),
    ("closing", 8, True, "header"),
    ("worst", 8, True, "header"),
    ("", 4, False, "header"),
)


class HedgesPage(Page):
    """``verb``: what choosing one opens a ticket for. ``base`` "" = hedges of all coins."""

    def __init__(self, desk: Desk, trading: TradingPort, verb: Verb, base: str = "") -> None:
        super().__init__(desk, trading)
        self._verb = verb
        self._base = base
        self._at = 0
        self._previews: dict[str, Preview] = {}
        self._previewed_s = float("-inf")
        self._queue: list[str] = []  # hedges that are still to be flattened
        self._current = ""
        self._sent_s = float("-inf")
        self._confirmed_s = float("-inf")
        self._outcomes: dict[str, str] = {}
        self._gone: dict[str, Pair] = {}  # flattened from here: they stay on show

    @property
    def title(self) -> str:
        of = f" of {text.clean(self._base)}" if self._base else ""
        return f"{'flatten' if self._verb is Verb.FLATTEN else 'close'}: open hedges{of}"

    @property
    def pairs(self) -> list[Pair]:
        money = self.desk.money
        now = [pair for pair in money.pairs if not self._base or pair.base == self._base] if money is not None else []
        open_now = {pair.hedge for pair in now}
        return [*(pair for pair in self._gone.values() if pair.hedge not in open_now), *now]

    def tick(self, now_s: float) -> None:
        super().tick(now_s)
        self._flatten_next(now_s)
        if now_s - self._previewed_s >= PREVIEW_EVERY_S:
            self._previewed_s = now_s
            self._previews = {
                pair.hedge: self.trading.preview(self._ticket(pair)) for pair in self._window() if self._open(pair)
            }

    def _open(self, pair: Pair) -> bool:
        ledger = self.trading.ledgers.get(pair.hedge)
        return ledger is not None and not ledger.state.ended

    def _ticket(self, pair: Pair) -> Ticket:
        return Ticket(pair.base, verb=self._verb, hedge=pair.hedge)

    def _top(self) -> int:
        return max(0, min(self._at - _SHOWN // 2, len(self.pairs) - _SHOWN))

    def _window(self) -> list[Pair]:
        return self.pairs[self._top() : self._top() + _SHOWN]

    # keys

    def move(self, by: int) -> bool:
        self._at = max(0, min(self._at + by, len(self.pairs) - 1))
        return True

    def enter(self, now_s: float) -> Go:
        pairs = self.pairs
        if self.review.on or not 0 <= self._at < len(pairs):
            return None
        return self._ticket(pairs[self._at]) if self._open(pairs[self._at]) else None

    def verb(self, verb: page.Verb, now_s: float) -> Go:
        if verb != "all" or self._verb is not Verb.FLATTEN or self.review.on:
            return None
        if self._queue or not any(self._open(pair) for pair in self.pairs):
            self.note = "they are being flattened" if self._queue else "nothing is open"
            return None
        self.note = ""
        self.review.begin(now_s)
        return None

    def confirmed(self, now_s: float) -> Go:
        self.review.end()
        self._gone = {pair.hedge: pair for pair in self.pairs}
        self._queue = [pair.hedge for pair in self.pairs if self._open(pair)]
        self._confirmed_s = now_s
        for hedge in self._queue:
            if under_way(self.trading.ledgers[hedge]):
                self.trading.cancel(hedge)
        self._flatten_next(now_s)
        return None

    def back(self) -> bool:
        if super().back():
            return True
        if self._queue:
            self.note = f"{len(self._queue)} were not begun any more"
            self._queue = []
            return True
        return False

    def _flatten_next(self, now_s: float) -> None:
        ledger = self.trading.ledgers.get(self._current)
        if ledger is not None and under_way(ledger) and now_s - self._sent_s < NEXT_AFTER_S:
            return
        for hedge in tuple(self._queue):
            if self._enters(hedge) and now_s - self._confirmed_s < ENTERING_S:
                continue
            self._queue.remove(hedge)
            refused = self._flatten(hedge)
            if not refused:
                self._current, self._sent_s = hedge, now_s
                return
            self._outcomes[hedge] = refused

    def _enters(self, hedge: str) -> bool:
        ledger = self.trading.ledgers.get(hedge)
        return ledger is not None and under_way(ledger)

    def _flatten(self, hedge: str) -> str:
        """Why it was not sent; "" if it was."""
        ledger = self.trading.ledgers.get(hedge)
        if ledger is None or ledger.state.ended:
            return ""
        preview = self.trading.preview(Ticket(ledger.intent.base, verb=Verb.FLATTEN, hedge=hedge))
        if preview.intent is None or preview.refused:
            return f"not sent: {preview.refused}"
        answer = self.trading.fire(preview)
        return "" if answer.accepted else f"not sent: {answer.text}"

    def offered(self) -> Sequence[tuple[str, str]]:
        if self.review.on:
            return ((self.review.key, "flatten all"), (self.key("back"), "back"))
        everything = ((self.key("all"), "all in order"),) if self._verb is Verb.FLATTEN else ()
        return (
            (self.key("down", "up"), "move"), (self.key("enter"), "this one"), *everything, (self.key("back"), "close"),
        )  # fmt: skip

    # lines

    def body(self, width: int) -> list[Line]:
        pairs = self.pairs
        if not pairs:
            return [(("No hedge is open.", "text"),)]
        shown = [self._columns(pair, cursor=at == self._at) for at, pair in enumerate(self._window(), self._top())]
        lines = page.table([_HEAD, *shown], width)
        chosen = pairs[min(self._at, len(pairs) - 1)]
        lines += [(), *wrapped(self._words(chosen), width, "text")]
        if self.review.on:
            count = sum(1 for pair in pairs if self._open(pair))
            what = f"flatten {count} hedge{'s' if count > 1 else ''}, one after another"
            lines += [(), *self.review_lines(what, width)]
        if self._queue:
            lines += [((f"{len(self._queue)} more to begin; {self.key('back')} leaves them", "warn"),)]
            if waited := [
                text.clean(pair.base) for pair in pairs if pair.hedge in self._queue and self._enters(pair.hedge)
            ]:
                lines += wrapped(f"{', '.join(waited)}: what rests is taken back first", width, "warn")
        if self.note:
            lines += wrapped(self.note, width, "warn")
        return lines

    def _columns(self, pair: Pair, *, cursor: bool) -> tuple[Column, ...]:
        preview = self._previews.get(pair.hedge)
        figures = preview.estimate if preview is not None else None
        made = self.trading.pnl_usd(pair.hedge)
        ledger = self.trading.ledgers.get(pair.hedge)
        state = ledger.state if ledger is not None else pair.state
        role: Role = "error" if state.troubled else "text"
        fails = self._outcomes.get(pair.hedge) or (preview.refused if preview is not None and self._open(pair) else "")
        return (
            ("▸" if cursor else "", 1, False, "cursor"),
            (pair.base, 7, False, "strong"),
            (legs_words(pair), 12, False, "text"),
            (text.exact(max(abs(leg.coins) for leg in pair.legs)), 9, True, "text"),
            (state.value, 9, False, role),
            (text.money(made), 8, True, gain(None if made is None else float(made))),
            (text.money(None if figures is None else figures.net_usd), 8, True, "text"),
            (text.money(None if figures is None else figures.worst_usd), 8, True, "dim"),
            (fails, 4, False, "error"),
        )

    def _words(self, pair: Pair) -> str:
        if pair.hedge in self._outcomes:
            return self._outcomes[pair.hedge]
        preview = self._previews.get(pair.hedge)
        if preview is None or not self._open(pair):
            ledger = self.trading.ledgers.get(pair.hedge)
            return ledger.why if ledger is not None else ""
        if preview.refused:
            return f"fails now: {preview.refused}"
        assert preview.intent is not None
        legs = [
            f"{leg.side} {text.exact(qty * leg.terms.multiplier)} on {leg.key}"
            for leg, qty in zip(preview.intent.legs, preview.intent.qty, strict=True)
            if qty
        ]
        return f"{' and '.join(legs)}; closing: what this turn itself brings, fees in it"


def legs_words(pair: Pair) -> str:
    """``BINA+ OKX−s``: which leg is long and which is short, s = spot."""
    words = []
    for own in pair.legs:
        sign = "+" if own.coins > 0 else MINUS if own.coins < 0 else "0"
        words.append(f"{text.tag(own.leg.venue)}{sign}{'s' if own.leg.market.value == 'spot' else ''}")
    return " ".join(words)
