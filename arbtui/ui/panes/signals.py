"""The signal log, newest first: what was raised, cleared, rejected, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.geometry import Region, Size
from textual.widget import Widget

from arbtui.core.model import Market
from arbtui.strategy.rows import Leg, SignalRecord, SignalState
from arbtui.ui import text
from arbtui.ui.desk import Desk
from arbtui.ui.layout import PaneId
from arbtui.ui.panes.line import LineWidget
from arbtui.ui.panes.pane import Pane
from arbtui.ui.theme import Cell, Line, Role

STATES: dict[SignalState, tuple[str, Role]] = {
    SignalState.RAISED: ("●", "gain_strong"),
    SignalState.CLEARED: ("○", "dim"),
    SignalState.REJECTED: ("×", "warn"),
}
_WIDE = 70


class SignalsPane(Pane):
    pane_id: ClassVar[PaneId] = "signals"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._log = LineWidget(desk.theme)

    def body_widgets(self) -> Iterable[LineWidget]:
        return (self._log,)

    def body_places(self, size: Size) -> dict[Widget, Region]:
        return {self._log: size.region}

    def show_body(self, now_s: float) -> None:
        width, height = self.body_size
        signals = self.desk.port.signals
        newest = [signals[-index] for index in range(1, min(height, len(signals)) + 1)]
        if newest:
            self._log.show([line(record, width) for record in newest])
        else:
            bps = self.desk.port.threshold_bps()
            self._log.show([((text.fit(f" None yet at {bps:g} bps net. t changes the threshold.", width), "dim"),)])

    def title_right(self) -> Sequence[Cell]:
        return ((f"≥ {self.desk.port.threshold_bps():g} bps", "title"),)


def line(record: SignalRecord, width: int) -> Line:
    row = record.row
    net = row.walk_net_bps if row.walk_net_bps is not None else row.net_bps
    mark, state_role = STATES[record.state]
    raised = record.state is SignalState.RAISED
    when = text.clock_time(record.t_ns)
    legs = f"{_leg(row.buy)}→{_leg(row.sell)}"
    if width < _WIDE:
        pair = f" {when} {text.fit(row.base, 6)} {text.fit(legs, 11)} "
        tail = "" if raised else record.reason
    else:
        pair = f" {when} {text.fit(row.base, 9)} {text.fit(legs, 13)} "
        held = f"held {record.held_ms / 1000:.1f}s"
        room = text.amount(row.max_usd if row.max_usd is not None else row.top_usd)
        tail = f"{record.state.value}, room {room} USD, {held}" if raised else f"{record.state.value}, {record.reason}"
    net_role: Role = "dim" if net is None or not raised else "gain" if net >= 0 else "loss"
    left = max(0, width - cell_len(pair) - 10)
    return (
        (f" {mark}", state_role),
        (pair, "text"),
        (text.fit(text.arrowed(net), 8), net_role),
        (text.fit(tail, left), state_role),
    )


def _leg(leg: Leg) -> str:
    return text.tag(leg.venue) + ("s" if leg.market is Market.SPOT else "")
