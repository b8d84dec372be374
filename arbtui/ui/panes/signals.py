"""The signal log, newest first: what was raised, cleared, rejected, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

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

_STATE_ROLE: dict[SignalState, Role] = {
    SignalState.RAISED: "gain_strong",
    SignalState.CLEARED: "dim",
    SignalState.REJECTED: "warn",
}


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
    head = f" {text.clock_time(record.t_ns)} {text.fit(row.base, 8)} {_leg(row.buy)}→{_leg(row.sell)} "
    figure = text.fit(text.arrowed(net), 8)
    tail = record.state.value
    if record.state is SignalState.RAISED:
        tail += f" {text.amount(row.max_usd if row.max_usd is not None else row.top_usd)} USD"
    else:
        tail += f" {record.held_ms / 1000:.1f}s {record.reason}"
    role: Role = "dim" if net is None or record.state is not SignalState.RAISED else "gain" if net >= 0 else "loss"
    left = max(0, width - len(head) - 8)
    return (head, "text"), (figure, role), (text.fit(tail, left), _STATE_ROLE[record.state])


def _leg(leg: Leg) -> str:
    return text.tag(leg.venue) + (" s" if leg.market is Market.SPOT else "")
