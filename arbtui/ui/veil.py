"""From one screen to another without what lies between: a screen that is not laid out yet, the other without its rows.

Textual paints a screen that comes or goes three or four times, each time whole, and at first empty. Over a slow link
that is seen, and waited for. While the veil is drawn nothing is painted; when it is lifted, all of it once.
"""

from __future__ import annotations

from collections.abc import Awaitable
from contextlib import ExitStack
from typing import Any

from textual.app import App


class Veil:
    """``drawn``: nothing may be painted now, not by the short way either. Drawing twice is drawing once."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._batch: ExitStack | None = None
        self._seconds = 0

    @property
    def drawn(self) -> bool:
        return self._batch is not None

    def draw(self) -> None:
        if self._batch is None:
            self._seconds = 0
            self._batch = ExitStack()
            self._batch.enter_context(self._app.batch_update())

    def lift(self) -> None:
        if self._batch is not None:
            self._batch.close()
            self._batch = None
            self._app.screen.refresh()

    async def lift_after(self, gone: Awaitable[object]) -> None:
        try:
            await gone
        finally:
            self.lift()

    def each_second(self) -> None:
        """Whatever became of who was to lift it, it is not left drawn."""
        self._seconds += self.drawn
        if self._seconds > 1:
            self.lift()
