"""What keys change: kept for the run, and brought to ``state.toml`` soon after, off the loop."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from arbtui.config import Loaded
from arbtui.core.kept import Plain
from arbtui.engine.trouble import Trouble
from arbtui.storage.state import StateFile

log = logging.getLogger(__name__)

SOON_S = 0.5


class Memory(Protocol):
    """What keys changed, kept across runs under the names of the settings (``signals.threshold_bps``, ``ui.sort``)."""

    @property
    def not_kept(self) -> str:
        """Why nothing outlives this run; "" where it does."""
        ...

    def get(self, key: str) -> Plain | None: ...

    def put(self, key: str, value: Plain | None) -> None:
        """None: the setting is taken away."""
        ...

    def forget(self, key: str) -> None:
        """The change is taken back: what the person gave otherwise holds again."""
        ...


class NoMemory:
    """Nothing outlives this run: replays, and whoever only watches."""

    not_kept = "a replay keeps nothing"

    def __init__(self) -> None:
        self._values: dict[str, Plain | None] = {}

    def get(self, key: str) -> Plain | None:
        return self._values.get(key)

    def put(self, key: str, value: Plain | None) -> None:
        self._values[key] = value

    def forget(self, key: str) -> None:
        self._values.pop(key, None)


class StateMemory:
    """A memory on a state file. A disk that refuses is told once; the run goes on."""

    def __init__(self, state: StateFile, loaded: Loaded, trouble: Trouble) -> None:
        self._state = state
        self._loaded = loaded
        self._trouble = trouble
        self._writing: asyncio.Task[None] | None = None
        self._told = False
        for key in loaded.dropped:
            state.drop(key)

    @property
    def not_kept(self) -> str:
        return "" if self._state.writable else "another arbtui of this mode keeps the changes"

    def get(self, key: str) -> Plain | None:
        return self._state.get(key)

    def put(self, key: str, value: Plain | None) -> None:
        self._state.put(key, value, self._loaded.in_config(key))
        self._write_soon()

    def forget(self, key: str) -> None:
        self._state.drop(key)
        self._write_soon()

    def _write_soon(self) -> None:
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
