"""A screen of its own over the panes: opaque and full, so that nothing below it is painted. Help is one.

A subclass names its scope, what it does by action, and shows itself in ``show``. Something can be typed on its last
line: see ``ask``.
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
from arbtui.ui.prompt import PromptLine, Question
from arbtui.ui.registry import Handlers, Scope
from arbtui.ui.resizing import outdated
from arbtui.ui.veil import Veil


class FullScreen(Screen[None], inherit_bindings=False):
    scope: ClassVar[Scope]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.page = LineWidget(desk.theme)
        self.prompt = PromptLine(desk, self._prompt_closed, lambda: None)
        self._frame = _Frame(self.page, self.prompt)
        self._veil: Veil | None = None

    def behind(self, veil: Veil) -> FullScreen:
        """The same screen, seen once it has something to show, and gone all at once."""
        self._veil = veil
        return self

    def compose(self) -> ComposeResult:
        yield self._frame

    @abstractmethod
    def handlers(self) -> Handlers:
        """What the screen does, by action of its scope."""

    @abstractmethod
    def show(self) -> None:
        """Make ``self.page`` what it should be at this size."""

    def chain(self, *, printable: bool) -> Sequence[Scope]:
        if self.prompt.asking:
            return () if printable else ("always", "line")
        return ("always", *self.scopes())

    def scopes(self) -> Sequence[Scope]:
        """Where keys go while nothing is typed."""
        return (self.scope,)

    def run(self, action_id: str, argument: str = "") -> str:
        {**self.prompt.handlers(), **self.handlers()}[action_id]()
        return ""

    def ask(self, question: Question) -> None:
        """Have something typed on the last line."""
        self.prompt.ask(question)
        self._frame.place_anew()

    def _prompt_closed(self) -> None:
        self.set_focus(None)
        self._frame.place_anew()
        self.show()

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
        if not outdated(self, event):
            self.call_after_refresh(self._show_whole)

    def _show_whole(self) -> None:
        self.show()
        if self._veil is not None:
            self._veil.lift()

    def leave(self) -> None:
        """Back to the panes."""
        if self._veil is None:
            self.dismiss()
            return
        self._veil.draw()
        self.app.run_worker(self._veil.lift_after(self.dismiss()), name="leave", group="veil")


class _Frame(Placing):
    """The page, and over its last line the one to type in while there is something to type."""

    def __init__(self, page: LineWidget, prompt: PromptLine) -> None:
        super().__init__()
        self._page = page
        self._prompt = prompt

    def compose(self) -> ComposeResult:
        yield self._page
        yield self._prompt

    def places(self, size: Size) -> dict[Widget, Region]:
        typed = 1 if self._prompt.asking and size.height else 0
        return {
            self._page: Region(0, 0, size.width, size.height - typed),
            self._prompt: Region(0, size.height - typed, size.width, typed),
        }
