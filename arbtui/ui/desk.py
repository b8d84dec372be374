"""What the person in front of the screen has chosen, and what is said back. No widget knows another; all know the desk.

The coin under the cursor is told to the engine only after the cursor has rested, so that holding ``j`` down does not
subscribe to thirty books a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal

from arbtui.core.alerts import Alert, AlertKind
from arbtui.core.clock import NS_PER_S
from arbtui.core.status import Notice
from arbtui.port import (
    ChooseLegs,
    Command,
    EnginePort,
    Outcome,
    Remember,
    SelectCoin,
    SetSetting,
    SetThreshold,
    SetWalkSize,
    Ticket,
    TradingPort,
)
from arbtui.strategy.rows import SpreadRow
from arbtui.ui import text
from arbtui.ui.columns import BY_ID, DEFAULT_SORT
from arbtui.ui.confirm import Rhythm
from arbtui.ui.filter import States, parse
from arbtui.ui.keymap import Keymap
from arbtui.ui.logbook import LogBook
from arbtui.ui.money import Money
from arbtui.ui.order import Order
from arbtui.ui.orderlog import OrderLog
from arbtui.ui.theme import Look

REST_S = 0.25
CHOOSING_S = 10.0  # so long after the first rows the cursor goes with the best one
WALK_SIZES_USD = (100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 10e3, 20e3, 50e3, 100e3, 200e3, 500e3, 1e6)
_RECENT = 8
_ANSWER_NS = 3 * NS_PER_S  # so long what was said last is not covered by an alert
_ALERT_LEVELS = {AlertKind.HEDGE: "error", AlertKind.VENUE: "warning"}


class Desk:
    """``now_s`` is the loop's time: the screen's own pace, not the engine's clock, which may be replayed."""

    def __init__(
        self,
        port: EnginePort,
        theme: Look,
        now_s: Callable[[], float],
        *,
        sort: str = "",
        keys: Keymap | None = None,
    ) -> None:
        self.port = port
        self.keys = keys or Keymap()
        self.theme = theme
        self.now_s = now_s
        self.order = Order()
        self.coin = port.selected
        self.looks_changed: Callable[[], None] = lambda: None  # a setting of the screen was changed
        self.recent: list[str] = []
        self.tick_ms = 0.0  # the slowest of the screen's own latest ticks
        self.rhythm = Rhythm()
        self.log = OrderLog(port.trading) if port.trading is not None else None
        self.money = Money(port.trading) if port.trading is not None else None
        self._moved_at: float | None = None
        self._choosing_until_s = float("-inf") if self.coin else float("inf")
        self._beat: int | None = None  # the last one
        self._beating = False
        self._looked: dict[str | tuple[int, int], SpreadRow | None] = {}  # rows of this beat
        self._said: Notice | None = None
        self.book = LogBook(port.clock)
        for notice in port.notices:
            self.book.notice(notice)
        port.on_notice(self.book.notice)
        self._alerted: Notice | None = None
        port.on_alert(self._alert)
        self.pins: tuple[str, ...] = ()  # coins that stay on top, in the order in which they were pinned
        self.pin((port.remembered("pins") or "").split())
        self.order.states = self._states
        self._restore_sort(port.remembered("sort") or sort)

    # the coin

    def point_at(self, base: str) -> None:
        """The cursor came to this coin."""
        if base and base != self.coin:
            self.coin = base
            self._moved_at = self.now_s()

    def offer(self, best: str) -> None:
        """The best coin of a new order: taken until somebody chooses, and only while the picture is young."""
        now_s = self.now_s()
        if self._choosing_until_s == float("inf"):
            self._choosing_until_s = now_s + CHOOSING_S
        if now_s < self._choosing_until_s:
            self.point_at(best)

    def chosen(self) -> None:
        """Somebody moved: from now on the cursor belongs to its coin."""
        self._choosing_until_s = float("-inf")

    def go_to(self, base: str) -> None:
        """The coin was asked for by name: nothing to wait for."""
        self.chosen()
        self.point_at(base)
        self._select()

    def settle(self) -> None:
        """Tell the engine which coin the cursor rests on."""
        rested = self._moved_at is None or self.now_s() - self._moved_at >= REST_S
        if self.coin and rested and self.coin != self.port.selected:
            self._select()

    def _select(self) -> None:
        self._moved_at = None
        if self.coin != self.port.selected:
            outcome = self.port.send(SelectCoin(self.coin))
            if not outcome.accepted:
                self.say(outcome.text, "warning")
        if self.coin in self.recent:
            self.recent.remove(self.coin)
        self.recent = [self.coin, *self.recent][:_RECENT]

    def coin_called(self, name: str) -> str:
        """The coin that somebody means, in whatever case; "" = there is none such."""
        coins = self.port.board.coins
        return name if name in coins else next((base for base in coins if base.upper() == name.upper()), "")

    def pair(self) -> SpreadRow | None:
        """The pair on show: the legs chosen by hand for this coin, else its best pair."""
        if not self.coin:
            return None
        if self.legs_chosen:
            assert self.port.legs is not None
            buy, sell = self.port.legs
            return self._once((buy, sell), lambda: self.port.pair(buy, sell))
        return self.row(self.coin)

    def row(self, base: str) -> SpreadRow | None:
        """The coin's best pair."""
        return self._once(base, lambda: self.port.row(base))

    def _once(self, key: str | tuple[int, int], make: Callable[[], SpreadRow | None]) -> SpreadRow | None:
        if not self._beating:
            return make()
        if key not in self._looked:
            self._looked[key] = make()
        return self._looked[key]

    @contextmanager
    def beat(self, number: int | None = None) -> Iterator[None]:
        """Within one beat of the screen all panes show the same row of a coin or pair, and it is made once. None: a
        beat of its own.
        """
        if number is None or number != self._beat:
            self._beat = number
            self._looked.clear()
        self._beating = True
        try:
            yield
        finally:
            self._beating = False

    @property
    def legs_chosen(self) -> bool:
        return self.port.legs is not None and self.coin == self.port.selected

    def choose_legs(self, buy_slot: int | None, sell_slot: int | None) -> None:
        self._select()
        self.send(ChooseLegs(buy_slot, sell_slot))

    # venues and marks

    def venues(self) -> list[str]:
        """The venues of this run, and those that were muted in an earlier one."""
        return list(dict.fromkeys([*(feed.venue for feed in self.port.status()), *self.port.muted_venues]))

    def pin(self, bases: Iterable[str]) -> None:
        """These coins stay on top from now on, and no others."""
        self.pins = tuple(dict.fromkeys(bases))
        self.order.pinned = frozenset(self.pins)
        self._resort()

    def _states(self) -> States:
        return States(
            pinned=self.order.pinned,
            signals=frozenset(record.row.base for record in self.port.standing()),
            open=self.money.bases if self.money is not None else frozenset(),
            stale=self._stale,
        )

    def _stale(self, row: SpreadRow) -> bool:
        slots = self.port.board.slots
        return slots[row.buy.slot].stale is not None or slots[row.sell.slot].stale is not None

    def _muted_by_hand(self, row: SpreadRow) -> str:
        """What of a pair is muted by hand, "" = nothing."""
        if row.base in self.port.muted_coins:
            return row.base
        return next((leg.venue for leg in (row.buy, row.sell) if leg.venue in self.port.muted_venues), "")

    # orders

    def trading(self) -> TradingPort | None:
        """Who takes orders; None, and why is said, where this run sends none."""
        if self.port.trading is None:
            self.say(f"no orders in this run: {self.port.no_trading}", "warning")
        return self.port.trading

    def ticket(self) -> Ticket | None:
        """A ticket for the pair on show, for the size that books are walked for."""
        row = self.pair()
        if row is None:
            self.say("There is no pair of quotes to trade yet", "warning")
            return None
        if muted := self._muted_by_hand(row):
            self.say(f"{muted} is muted by you: no ticket; {self.keys.first('mark.mute')} unmutes it", "warning")
            return None
        usd = Decimal(f"{self.port.walk_usd:f}").normalize()
        return Ticket(row.base, buy=row.buy.name, sell=row.sell.name, usd=usd)

    def look_at_money(self, now_s: float) -> None:
        if self.money is not None:
            self.money.look(now_s)

    def acknowledge(self) -> None:
        """Somebody has seen the oldest alarm."""
        seen = self.log.acknowledge() if self.log is not None else None
        self.say("no alarm to acknowledge" if seen is None else f"acknowledged: {seen.text}")

    # order of the rows

    def _restore_sort(self, kept: str) -> None:
        column, _, direction = kept.partition(" ")
        if column in BY_ID:
            self.order.column, self.order.reverse = column, direction == "reverse"
        elif kept:
            self.say(f"sort column {column!r} is not known; use one of {', '.join(BY_ID)}", "warning")

    def sort_by(self, column_id: str, *, reverse: bool = False) -> None:
        self.order.column, self.order.reverse = column_id, reverse
        self._resort()
        kept = self.port.send(Remember("sort", column_id + (" reverse" if reverse else "")))
        if not kept.accepted:
            self.say(kept.text, "warning")

    def filter_by(self, typed: str) -> None:
        self.order.filter = parse(typed, self.venues())
        self._resort()

    def hold(self) -> None:
        self.order.held = not self.order.held
        if not self.order.held:
            self._resort()

    def passes(self, row: SpreadRow) -> bool:
        """Whether a row stands above its threshold now."""
        return row.muted is None and row.net_bps is not None and row.net_bps >= self.port.threshold_bps(row.base)

    def _resort(self) -> None:
        self.order.sort(self.now_s(), self.passes)

    # settings

    def take_settings(self) -> None:
        """Settings of the screen were changed: the order of the rows, and figures that were typed in another unit."""
        self._restore_sort(self.port.remembered("sort") or DEFAULT_SORT)
        self.filter_by(self.order.filter.text)

    def change_setting(self, key: str, typed: str | None) -> Outcome:
        """Change a setting as the engine allows it, None: take the change back; those of the screen are in effect."""
        outcome = self.port.send(SetSetting(key, typed))
        self.say(outcome.text, "info" if outcome.accepted else "warning")
        if outcome.accepted and key.startswith("ui."):
            self.looks_changed()
        return outcome

    # commands and what is said

    def send(self, command: Command) -> None:
        self._looked.clear()  # sizes and thresholds are parts of a row
        outcome = self.port.send(command)
        self.say(outcome.text, "info" if outcome.accepted else "warning")

    def set_threshold(self, typed: str, base: str) -> str:
        """From what was typed; why it is none, "" if it is."""
        if not typed.strip() and base:
            self.send(SetThreshold(None, base))
            return ""
        value = text.typed_spread(typed)
        if value is None:
            return f"{text.quoted(typed)} is not a threshold such as {text.spread_exact(5.0)}"
        self.send(SetThreshold(value, base))
        return ""

    def set_walk_size(self, typed: str) -> str:
        value = text.number(typed)
        if value is None or value <= 0:
            return f"{text.quoted(typed)} is not a size in US dollars"
        self.send(SetWalkSize(value))
        return ""

    def step_walk_size(self, direction: int) -> None:
        now = self.port.walk_usd
        if direction > 0:
            size = next((size for size in WALK_SIZES_USD if size > now), None)
        else:
            size = next((size for size in reversed(WALK_SIZES_USD) if size < now), None)
        if size is None:
            self.say(f"{text.amount(now)} USD is the last step; {self.keys.first('size.type')} types any size", "info")
        else:
            self.send(SetWalkSize(size))

    def say(self, words: str, level: str = "info") -> None:
        self._said = Notice(self.port.clock.now_ns(), level, words)
        self.book.say(self._said)

    def last_word(self) -> Notice | None:
        """The newest thing said by the screen or by the engine; an alert does not cover an answer of just now."""
        notices = self.port.notices
        newest = notices[-1] if notices else None
        if newest is None or (self._said is not None and newest.t_ns <= self._said.t_ns):
            newest = self._said
        alert = self._alerted
        if alert is None or (newest is not None and newest.t_ns > alert.t_ns):
            return newest
        answered = newest is not None and self.port.clock.now_ns() - newest.t_ns < _ANSWER_NS
        return newest if answered else alert

    def _alert(self, alert: Alert) -> None:
        """It stands in the log, and on the bottom line."""
        level = _ALERT_LEVELS.get(alert.kind, "info")
        self._alerted = Notice(alert.t_ns, level, f"alert: {alert.text}")
        self.book.add(alert.t_ns, level, "alert", alert.text)
