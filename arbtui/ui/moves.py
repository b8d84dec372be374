"""Moving in whichever list has the focus."""

from __future__ import annotations

from collections.abc import Callable
from operator import methodcaller

from arbtui.ui.panes.pane import ListPane
from arbtui.ui.registry import Handler, Handlers


class Moves:
    """``focused``: the list that has the focus; None where that is no list, and then nothing moves."""

    def __init__(self, focused: Callable[[], ListPane | None]) -> None:
        self._focused = focused

    def handlers(self) -> Handlers:
        return {
            f"list.{name}{way}": self._move(step, direction)
            for step, name in (("move", ""), ("page", "page_"), ("half", "half_"))
            for way, direction in (("down", 1), ("up", -1))
        } | {"list.top": self._move("edge", -1), "list.bottom": self._move("edge", 1)}

    def _move(self, step: str, direction: int) -> Handler:
        call = methodcaller(step, direction)

        def move() -> None:
            pane = self._focused()
            if pane is not None:
                call(pane)

        return move
