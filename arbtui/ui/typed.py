"""The field that is typed in, at the bottom and in the picker."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.geometry import Size
from textual.reactive import Reactive
from textual.widgets import Input


class Typed(Input):
    """Enter is taken in its turn among the letters: ``Input`` itself hears of it only after what was typed behind it,
    if all of it came at once. ``submit`` gets what the line said when enter came.

    How long the text is moves no widget: as Textual has it, each letter would have the whole screen arranged anew.
    """

    virtual_size = Reactive(Size(0, 0), layout=False)

    def __init__(self, submit: Callable[[str], None], *, select_on_focus: bool = False) -> None:
        super().__init__(compact=True, select_on_focus=select_on_focus)
        self._submit = submit

    def key_enter(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        self._submit(self.value)
