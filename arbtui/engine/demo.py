"""The built-in exchanges as a child process: started for ``--demo``, gone however arbtui ends.

The child watches the other end of its stdin: when this process dies, even by kill -9, the pipe closes and the child
ends by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from typing import Self

import orjson

from arbtui.core.errors import TransportBroken

READY_WITHIN_S = 20.0
STOP_WITHIN_S = 2.0


class DemoExchanges:
    """Use as an async context manager; ``url`` is the gateway."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._arguments = arguments
        self._process: asyncio.subprocess.Process | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "arbtui.sim",
            "--until-stdin-closes",
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in the terminal is for arbtui, which stops the child in its own order
        )
        try:
            async with asyncio.timeout(READY_WITHIN_S):
                self.url = await self._ready(self._process)
        except TimeoutError:
            await self.__aexit__()
            raise TransportBroken(f"the built-in exchanges did not start within {READY_WITHIN_S:g} s") from None
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def _ready(self, process: asyncio.subprocess.Process) -> str:
        assert process.stdout is not None
        line = await process.stdout.readline()
        if not line:
            raise TransportBroken(f"the built-in exchanges ended at start (exit {await process.wait()})")
        ready = orjson.loads(line)
        return str(ready["url"])

    async def ended(self) -> int:
        """Wait until the child has ended; its exit code."""
        assert self._process is not None
        return await self._process.wait()

    async def __aexit__(self, *exc: object) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(STOP_WITHIN_S):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
