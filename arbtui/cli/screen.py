"""The screen as the engine's guest."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arbtui.config import Settings
    from arbtui.port import EnginePort

EXIT_FAILED = 1


class Screen:
    """The screen as the engine's guest."""

    stays = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def attach(self, port: EnginePort) -> None:
        self._port = port

    async def run(self) -> int:
        from arbtui.ui.app import ScreenEnd, run_screen

        return EXIT_FAILED if await run_screen(self._port, self._settings) is ScreenEnd.FAILED else 0

    async def drained(self) -> None:
        """A screen samples: it is never behind."""

    async def close(self) -> None:
        """The screen gave the terminal back when it ended."""
