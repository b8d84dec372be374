"""Calling somebody who looks elsewhere: the terminal's bell, and the title of its window until the next key.

Otherwise the title says what runs there and in which mode, so that among many windows real money is not mistaken for
paper.
"""

from __future__ import annotations

from collections.abc import Callable

from arbtui.core.alerts import Alert
from arbtui.core.clock import NS_PER_S
from arbtui.port import EnginePort
from arbtui.ui import text

TITLE_LETTERS = 80


class Calling:
    """``ring`` and ``entitle`` reach the terminal; which alerts they are for is set in ``alerts.bell`` and ``.title``.

    The bell rings at most once in ``alerts.bell_gap_s``. The title tells the newest alert, and how many came before it
    since somebody was last at the keys.
    """

    def __init__(self, port: EnginePort, ring: Callable[[], None], entitle: Callable[[str], None]) -> None:
        self._port = port
        self._ring = ring
        self._entitle = entitle
        self._rang_ns: int | None = None
        self._unseen = 0
        port.on_alert(self._hear)

    def _hear(self, alert: Alert) -> None:
        if self._is_for("alerts.bell", alert):
            self._ring_now()
        if self._is_for("alerts.title", alert):
            self._unseen += 1
            count = f"({self._unseen}) " if self._unseen > 1 else ""
            words = text.clean(alert.text)
            short = words if len(words) <= TITLE_LETTERS else words[: TITLE_LETTERS - 3] + "..."
            self._entitle(f"{count}{short} - arbtui")

    def _is_for(self, key: str, alert: Alert) -> bool:
        kinds = self._port.setting(key)
        return isinstance(kinds, tuple | list) and alert.kind.value in kinds

    def _ring_now(self) -> None:
        now_ns, gap_s = self._port.clock.now_ns(), self._port.setting("alerts.bell_gap_s")
        gap_ns = round(gap_s * NS_PER_S) if isinstance(gap_s, float | int) else 0
        if self._rang_ns is None or not 0 <= now_ns - self._rang_ns < gap_ns:
            self._rang_ns = now_ns
            self._ring()

    def begin(self) -> None:
        """The screen stands: the window gets its name."""
        self._unseen = 0
        self._entitle(f"arbtui {self._port.mode}")

    def seen(self) -> None:
        """Somebody is at the keys."""
        if self._unseen:
            self.begin()
