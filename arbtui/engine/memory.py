"""What keys change, brought to ``state.toml`` soon after, off the loop."""

from __future__ import annotations

import asyncio
import logging

from arbtui.config import Loaded
from arbtui.engine.trouble import Trouble
from arbtui.storage.state import StateFile

log = logging.getLogger(__name__)

SOON_S = 0.5


class StateMemory:
    """``engine.desk.Memory`` on a state file. A disk that refuses is told once; the run goes on."""

    def __init__(self, state: StateFile, loaded: Loaded, trouble: Trouble) -> None:
        self._state = state
        self._loaded = loaded
        self._trouble = trouble
        self._writing: asyncio.Task[None] | None = None
        self._told = False
        for key in loaded.dropped:
            state.drop(key)

    def get(self, key: str) -> str | float | None:
        value = self._state.get(key)
        if isinstance(value, str | float):
            return value
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else None

    def put(self, key: str, value: str | float | None) -> None:
        self._state.put(key, value, self._loaded.in_config(key))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._soon())

    async def _soon(self) -> None:
        await asyncio.sleep(SOON_S)  # several keys come together
        await self._write()

    async def _write(self) -> None:
        try:
            await asyncio.to_thread(self._state.write)
        except OSError as error:
            if not self._told:
                self._told = True
                why = error.strerror or error
                self._trouble.notice("error", f"{self._state.path} cannot be written ({why}): changes are not kept")

    async def close(self) -> None:
        """Write what waits."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        await self._write()
