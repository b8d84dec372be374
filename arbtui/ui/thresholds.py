"""Every threshold beside the default one, on the whole screen: those of coins can be changed and removed here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from arbtui.port import SetThreshold
from arbtui.ui import text
from arbtui.ui.desk import Desk
from arbtui.ui.listscreen import ListScreen
from arbtui.ui.panes.pane import Cursor
from arbtui.ui.prompt import Question
from arbtui.ui.registry import Handlers, Scope
from arbtui.ui.theme import Cell, Line, Role

_KEY = 30


def is_coin(key: str) -> bool:
    """Whether an entry holds for a coin alone; directions, venue pairs and pairs are set in the settings."""
    return not any(sign in key for sign in ":>+")


class ThresholdScreen(ListScreen):
    scope: ClassVar[Scope] = "thresholds"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._cursor = Cursor()
        self._entries: list[tuple[str, float]] = []

    def handlers(self) -> Handlers:
        return {
            **super().handlers(),
            "thresholds.change": self._change,
            "thresholds.remove": self._remove,
            "thresholds.close": self.leave,
        }

    def show(self) -> None:
        self._entries = list(self.desk.port.threshold_entries().items())
        super().show()

    @property
    def count(self) -> int:
        return len(self._entries)

    def place(self) -> int:
        self._cursor.clamp(self.count, self.count)
        return self._cursor.index if self._entries else -1

    def move(self, by: int) -> None:
        self._cursor.move(by, self.count, self.count)

    def _coin(self) -> str:
        """The coin under the cursor; "" and why, if it is none."""
        at = self.place()
        key = self._entries[at][0] if at >= 0 else ""
        if key and not is_coin(key):
            self.desk.say(f"{key} is set in config.toml, signals.thresholds; only coins are changed here", "warning")
            self.show()
            return ""
        return key

    def _change(self) -> None:
        base = self._coin()
        if not base:
            return

        def hint(typed: str) -> str:
            if not typed.strip():
                return "empty = as all"
            return f"↑↓ {step:g}   enter   esc" if text.typed_spread(typed) is not None else "not a number"

        step = text.spread_value(0.5)
        value = f"{text.spread_value(self.desk.port.threshold_bps(base)):g}"
        title = f"threshold of {base}, {text.spread_unit()} net"
        self.ask(Question(title, value, lambda typed: self.desk.set_threshold(typed, base), hint=hint, step=step))

    def _remove(self) -> None:
        base = self._coin()
        if base:
            self.desk.send(SetThreshold(None, base))
            self.show()

    # painting

    def head(self) -> Sequence[Cell]:
        default = self.desk.port.threshold_bps()
        return (" thresholds ", "title_focus"), (f"all others: {text.spread_exact(default)} net", "dim")

    def row(self, at: int, width: int) -> Line:
        key, bps = self._entries[at]
        words, role = self._now(key, bps)
        return (
            (" " + text.fit(key, _KEY) + " ", "strong" if is_coin(key) else "dim"),
            (text.fit(text.spread_exact(bps), 10, right=True), "text"),
            ("  " + text.fit(words, max(0, width - _KEY - 14)), role),
        )

    def _now(self, key: str, bps: float) -> tuple[str, Role]:
        """How the coin stands to it at this moment."""
        if not is_coin(key):
            return "from the settings", "dim"
        row = self.desk.port.row(key)
        if row is None or row.net_bps is None:
            return "no net is known now", "dim"
        if row.muted is not None:
            return f"muted: {row.muted}", "dim"
        passes = "passes" if row.net_bps >= bps else "below"
        return f"net {text.spread_arrowed(row.net_bps)} now, {passes}", "gain" if row.net_bps >= bps else "text"

    def detail(self, at: int) -> Cell:
        said = self.desk.last_word()
        return (said.text, "dim") if said is not None else ("", "dim")

    def nothing(self) -> str:
        key = self.desk.keys.first("threshold.coin")
        return f"No coin has a threshold of its own; {key} in the panes gives the selected one its own."

    def keys(self) -> str:
        spoken = self.desk.keys.first
        return (
            f"{spoken('thresholds.change')} change  {spoken('thresholds.remove')} remove  "
            f"{spoken('thresholds.close')} back"
        )
