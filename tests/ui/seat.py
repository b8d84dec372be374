"""Somebody in front of the screen, under a pilot and with a clock of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.pilot import Pilot

from arbtui.config import Settings
from arbtui.lines.exports import Exports
from arbtui.ui.app import ArbtuiApp, ScreenEnd
from tests.ui.fake_port import FakePort
from tests.ui.painted import rows_of


class Seat:
    """Somebody in front of the screen, with a clock of their own."""

    def __init__(self, app: ArbtuiApp, port: FakePort, pilot: Pilot[ScreenEnd], clock: list[float]) -> None:
        self.app, self.port, self.pilot, self._clock = app, port, pilot, clock

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    def pass_by(self, seconds: float) -> None:
        """The clock on the wall goes on, and everything is ticked once."""
        self._clock[0] += seconds
        self.app.pump.tick_all()

    async def pass_s(self, seconds: float) -> None:
        """Let so much time go by, tick by tick."""
        for _ in range(max(1, round(seconds / 0.2))):
            self._clock[0] += 0.2
            self.app.pump.tick_all()
        await self.pilot.pause()

    async def rows(self) -> list[str]:
        self.app.main_screen.tick_all()
        await self.pilot.pause()
        return rows_of(self.app)

    async def text(self) -> str:
        return "\n".join(await self.rows())

    @property
    def coin(self) -> str:
        return self.app.desk.coin


@asynccontextmanager
async def seated(
    port: FakePort | None = None,
    width: int = 120,
    height: int = 40,
    settings: Settings | None = None,
    *,
    exports: Exports | None = None,
) -> AsyncIterator[Seat]:
    port = port if port is not None else FakePort(60)
    if settings is not None:
        port.given(settings)
    clock = [1000.0]
    app = ArbtuiApp(port, settings, now_s=lambda: clock[0], exports=exports)
    async with app.run_test(size=(width, height)) as pilot:
        await pilot.pause()
        seat = Seat(app, port, pilot, clock)
        await seat.pass_s(0.4)
        yield seat
