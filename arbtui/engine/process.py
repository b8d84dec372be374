"""The process as seen from inside: memory, CPU, how late the loop runs, what was counted as wrong."""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path

from arbtui.core.status import ProcessFigures

BEAT_S = 0.05
WINDOW_BEATS = 400  # 20 s


class LoopLag:
    """How late timers fire: the delay that anything on the loop adds to a quote."""

    def __init__(self) -> None:
        self._lags_ms: deque[float] = deque(maxlen=WINDOW_BEATS)

    async def run(self) -> None:
        """Measure for ever."""
        loop = asyncio.get_running_loop()
        while True:
            due_s = loop.time() + BEAT_S
            await asyncio.sleep(BEAT_S)
            self._lags_ms.append(max(0.0, (loop.time() - due_s) * 1000))

    @property
    def p99_ms(self) -> float:
        if not self._lags_ms:
            return 0.0
        ordered = sorted(self._lags_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]


class ProcessMeter:
    """Figures for `process` lines and the health screen."""

    def __init__(self, lag: LoopLag, errors: Counter[str], queue_length: Callable[[], int]) -> None:
        self._lag = lag
        self._errors = errors
        self._queue_length = queue_length
        self._cpu_s = time.process_time()
        self._wall_s = time.monotonic()
        self._cpu_pct = 0.0

    def figures(self) -> ProcessFigures:
        """CPU is of one core, since the last call at least half a second ago."""
        now_s = time.monotonic()
        if now_s - self._wall_s >= 0.5:
            cpu_s = time.process_time()
            self._cpu_pct = 100 * (cpu_s - self._cpu_s) / (now_s - self._wall_s)
            self._cpu_s, self._wall_s = cpu_s, now_s
        return ProcessFigures(
            rss_mb=round(rss_mb(), 1),
            cpu_pct=round(self._cpu_pct, 1),
            loop_lag_ms_p99=round(self._lag.p99_ms, 2),
            queue=self._queue_length(),
            errors=dict(sorted(self._errors.items())),
        )


def rss_mb() -> float:
    """Resident memory now (Linux), else its peak."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize() / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6
