"""The screen as the engine's guest, and what goes on beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arbtui.config import Settings
    from arbtui.headless import Printer
    from arbtui.port import EnginePort

EXIT_FAILED = 1


class Screen:
    """``beside``: a printer that keeps CSV files and prints nothing. ``outlived``: the run goes on when the terminal
    is gone or the screen broke.
    """

    stays = True

    def __init__(self, settings: Settings, *, beside: Printer | None = None, outlived: bool = False) -> None:
        from arbtui.ui.keymap import Keymap

        Keymap(settings.keys)  # refused before anything is started
        self._settings = settings
        self._beside = beside
        self._outlived = outlived
        self.has_terminal = True  # until the screen has given it back

    def attach(self, port: EnginePort) -> None:
        self._port = port
        port.history("", 0.0)  # kept from the first record of a replay on, whenever the first picture is painted
        if self._beside is not None:
            self._beside.attach(port)

    async def run(self) -> int | None:
        from arbtui.ui.app import ScreenEnd, run_screen

        try:
            end = await run_screen(self._port, self._settings)
        finally:
            self.has_terminal = False
        if end is not ScreenEnd.QUIT and self._outlived:
            return None
        return EXIT_FAILED if end is ScreenEnd.FAILED else 0

    async def drained(self) -> None:
        """A screen samples: it is never behind."""

    async def close(self) -> None:
        if self._beside is not None:
            await self._beside.close()
