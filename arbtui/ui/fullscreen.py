"""A screen of its own over the panes: opaque and full, so that nothing below it is painted. Help is one.

A subclass names its scope, what it does by action, and shows itself in ``show``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.events import Resize
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.widget import Widget

from arbtui.ui.desk import Desk
from arbtui.ui.panes.line import LineWidget, Placing
from arbtui.ui.registry import Handlers, Scope


class FullScreen(Screen[None], inherit_bindings=False):
    scope: ClassVar[Scope]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.page = LineWidget(desk.theme)
        self._frame = _Frame(self.page)

    def compose(self) -> ComposeResult:
        yield self._frame

    @abstractmethod
    def handlers(self) -> Handlers:
        """What the screen does, by action of its scope."""

    @abstractmethod
    def show(self) -> None:
        """Make ``self.page`` what it should be at this size."""

    def chain(self, *, printable: bool) -> Sequence[Scope]:
        return ("always", self.scope)

    def run(self, action_id: str, argument: str = "") -> str:
        self.handlers()[action_id]()
        return ""

    def on_mouse_scroll_down(self) -> None:
        self._wheel("down")

    def on_mouse_scroll_up(self) -> None:
        self._wheel("up")

    def _wheel(self, where: str) -> None:
        handlers = self.handlers()
        for action_id in (f"list.{where}", f"{self.scope}.{where}"):
            if action_id in handlers:
                self.run(action_id)

    def on_resize(self, event: Resize) -> None:
        if event.size != self.app.size:  # see MainScreen
            event.prevent_default()
            return
        self.call_after_refresh(self.show)


class _Frame(Placing):
    def __init__(self, page: LineWidget) -> None:
        super().__init__()
        self._page = page

    def compose(self) -> ComposeResult:
        yield self._page

    def places(self, size: Size) -> dict[Widget, Region]:
        return {self._page: size.region}
