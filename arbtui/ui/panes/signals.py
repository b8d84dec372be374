"""The signal log, newest first: what was raised and what became of it, what was cleared or never raised, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.geometry import Region, Size
from textual.widget import Widget

from arbtui.core.clock import NS_PER_S
from arbtui.core.model import Market
from arbtui.lines.exports import Table
from arbtui.strategy.rows import Leg, SignalRecord, SignalState
from arbtui.ui import signallog, tables, text
from arbtui.ui.desk import Desk
from arbtui.ui.layout import PaneId
from arbtui.ui.panes.line import LineWidget
from arbtui.ui.panes.pane import ListPane
from arbtui.ui.registry import Handlers
from arbtui.ui.signallog import Fate
from arbtui.ui.theme import Cell, Line, Role

STATES: dict[SignalState, tuple[str, Role]] = {
    SignalState.RAISED: ("●", "gain_strong"),
    SignalState.CLEARED: ("○", "dim"),
    SignalState.REJECTED: ("×", "warn"),
}
STATE_WORDS = {SignalState.RAISED: "raised", SignalState.CLEARED: "cleared", SignalState.REJECTED: "not raised"}
_WIDE = 70
_AT_ONCE = 25  # rows of an export, before others have their turn
_MINUTES = len("00:00")


class SignalsPane(ListPane):
    """The cursor stays with its record while newer ones come in above; at the top it stays at the top."""

    pane_id: ClassVar[PaneId] = "signals"
    header_rows: ClassVar[int] = 0

    def __init__(self, desk: Desk, go_to: Callable[[str], None]) -> None:
        super().__init__(desk)
        self._go_to = go_to
        self._log = LineWidget(desk.theme)
        self._at: SignalRecord | None = None

    def body_widgets(self) -> Iterable[LineWidget]:
        return (self._log,)

    def body_places(self, size: Size) -> dict[Widget, Region]:
        return {self._log: size.region}

    @property
    def count(self) -> int:
        return len(self.desk.port.signals)

    @property
    def window(self) -> int:
        return self.body_size.height

    def moved(self) -> None:
        self._at = self._here()
        super().moved()

    def _here(self) -> SignalRecord | None:
        signals = self.desk.port.signals
        return signals[-1 - self.cursor.index] if self.cursor.index < len(signals) else None

    def _follow(self) -> None:
        cursor = self.cursor
        if cursor.index and self._at is not self._here():
            records = list(self.desk.port.signals)[::-1]
            place = next((place for place, record in enumerate(records) if record is self._at), cursor.index)
            cursor.top += place - cursor.index
            cursor.index = place
        cursor.clamp(self.count, self.window)

    def show_body(self, now_s: float) -> None:
        self._follow()
        width, height = self.body_size
        signals = self.desk.port.signals
        top = self.cursor.top
        newest = [signals[-1 - place] for place in range(top, min(top + height, len(signals)))]
        if newest:
            cursor_row = self.cursor.index - top if self.has_focus else -1
            fates, now_ns = self._fates(newest), self.desk.port.clock.now_ns()
            self._log.show([line(record, fates.get(_raise_id(record)), now_ns, width) for record in newest], cursor_row)
        else:
            threshold = text.spread_exact(self.desk.port.threshold_bps())
            key = self.desk.keys.first("threshold.all")
            words = f"None yet at {threshold} net. {key} changes the threshold."
            self._log.show([((" " + part, "dim"),) for part in text.wrap(words, max(1, width - 1))[:height]])

    def _fates(self, records: Iterable[SignalRecord]) -> dict[str, Fate]:
        """What became of the raises among these, by their ids."""
        port = self.desk.port
        gone = signallog.cleared(port.signals)
        standing = frozenset(record.id for record in port.standing())
        hedges = signallog.opened(port.trading.ledgers.values() if port.trading is not None else ())
        raised = (record for record in records if record.state is SignalState.RAISED)
        return {record.id: signallog.fate(record, gone, standing, hedges) for record in raised}

    def detail(self, width: int) -> list[Line] | None:
        record = self._here()
        if record is None:
            return None
        fate = self._fates([record]).get(record.id)
        words = f"{text.clock_time(record.t_ns)} {record.row.base} {STATE_WORDS[record.state]}"
        words += f", {outcome(record, fate, self.desk.port.clock.now_ns())}" if fate is not None else ""
        words += "".join(f", {more}" for more in (record.reason, record.advice) if more)
        words += f"; confidence {record.confidence:.2f}, {record.samples} samples, held {held(record)}"
        words += f", threshold {text.spread_exact(record.threshold_bps)}"
        return [((" " + part, "text"),) for part in text.wrap(words, width - 2)]

    def row_table(self) -> Table:
        record = self._here()
        return tables.signals(self.desk.port, () if record is None else (record,), 0)

    def table_parts(self) -> Iterator[Table]:
        records = list(self.desk.port.signals)[::-1]
        for start in range(0, max(1, len(records)), _AT_ONCE):
            yield tables.signals(self.desk.port, records[start : start + _AT_ONCE], None)

    def handlers(self) -> Handlers:
        return {"signals.go": self.go_to_coin}

    def go_to_coin(self) -> None:
        record = self._here()
        if record is not None:
            self._go_to(record.row.base)

    def title_right(self) -> Sequence[Cell]:
        return ((f"≥ {text.spread_exact(self.desk.port.threshold_bps())}", "title"),)


def _raise_id(record: SignalRecord) -> str:
    """A raise's own id; "" for others: what clears a raise bears its id, but the raise's fate is not its own."""
    return record.id if record.state is SignalState.RAISED else ""


def held(record: SignalRecord) -> str:
    return f"{record.held_ms / 1000:.1f} s"


def outcome(record: SignalRecord, fate: Fate, now_ns: int) -> str:
    """What became of a raise, the hedge first that was opened from it."""
    fired = f"FIRED {fate.hedge}, " if fate.hedge else ""
    if fate.stands:
        return f"{fired}stands for {text.age((now_ns - record.t_ns) / 1e6)}"
    if fate.gone_ns is None:
        return f"{fired}gone"
    return f"{fired}gone after {(fate.gone_ns - record.t_ns) / NS_PER_S:.1f} s"


def _short(record: SignalRecord, fate: Fate | None, now_ns: int) -> str:
    """Where there is little room: what became of a raise, how long what was cleared had stood, why none was raised."""
    if fate is None:
        return f"held {text.age(record.held_ms)}" if record.state is SignalState.CLEARED else record.reason
    if fate.hedge:
        return "FIRED"
    return text.age((now_ns - record.t_ns) / 1e6) if fate.stands else "gone"


def line(record: SignalRecord, fate: Fate | None, now_ns: int, width: int) -> Line:
    """``fate``: of a raise."""
    row = record.row
    net = row.walk_net_bps if row.walk_net_bps is not None else row.net_bps
    mark, state_role = STATES[record.state]
    raised = record.state is SignalState.RAISED
    over = raised and fate is not None and not fate.stands
    when = text.clock_time(record.t_ns)
    legs = f"{_leg(row.buy)}→{_leg(row.sell)}"
    tail = outcome(record, fate, now_ns) if fate is not None else record.reason
    if width < _WIDE:
        pair = f" {when[:_MINUTES]} {text.fit(row.base, 5)} {text.fit(legs, 10)} "
        tail = _short(record, fate, now_ns)
    else:
        pair = f" {when} {text.fit(row.base, 9)} {text.fit(legs, 13)} "
        room = text.amount(row.max_usd if row.max_usd is not None else row.top_usd)
        what = STATE_WORDS[record.state]
        cleared = record.state is SignalState.CLEARED
        tail = f"held {held(record)}, {tail}" if cleared else tail if raised else f"{tail}, held {held(record)}"
        tail = f"{what}, {tail}" + (f", room {room} USD" if raised else "")
    net_role: Role = "dim" if net is None or not raised else "gain" if net >= 0 else "loss"
    tail_role: Role = "accent" if fate is not None and fate.hedge else "dim" if over else state_role
    left = max(0, width - cell_len(pair) - 10)
    return (
        (f" {mark}", "dim" if over else state_role),
        (pair, "text"),
        (text.fit(text.spread_arrowed(net), 8), net_role),
        (text.fit(tail, left), tail_role),
    )


def _leg(leg: Leg) -> str:
    return text.tag(leg.venue) + ("s" if leg.market is Market.SPOT else "")
