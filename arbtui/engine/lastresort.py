"""The end of an end that does not come: a thread that needs neither the loop nor its tasks.

What hangs then is a mistake of ours, or a disk or a terminal that does not answer; nobody can be asked any more. Where
every thread stands goes to stderr, what may be open is said, and the process ends with the exit code that says so.
A system call of the main thread that never returns before any signal was handled is out of its reach.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

EXIT_OPEN = 3  # something stays open, or in doubt, that a person has to look after
LOGS_S = 0.5  # for the last sentence to reach the log files


class LastResort:
    """For a process that does nothing after this run: once begun, ``leave`` is called after ``within_s``.

    ``words``: what may be open, asked for at the end, from the thread.
    """

    def __init__(self, leave: Callable[[int], object] = os._exit) -> None:
        self.within_s = 30.0
        self.words: Callable[[], str] = lambda: ""
        self._leave = leave
        self._begun: queue.SimpleQueue[None] = queue.SimpleQueue()
        threading.Thread(target=self._wait, name="last resort", daemon=True).start()

    def begin(self) -> None:
        """Also from a signal handler, which may have interrupted anything: no lock is taken. The first time counts."""
        self._begun.put(None)

    def _wait(self) -> None:
        self._begun.get()
        time.sleep(self.within_s)
        text = f"the end of this run hung for {self.within_s:g} s, so it was cut short: {self._left()}"
        log.critical("%s", text)
        with contextlib.suppress(OSError, ValueError):  # a terminal that takes nothing must not hold this up either
            os.set_blocking(sys.stderr.fileno(), False)
            os.write(sys.stderr.fileno(), f"arbtui: {text}\n".encode())
            faulthandler.dump_traceback(file=sys.stderr.fileno())
        time.sleep(LOGS_S)
        self._leave(EXIT_OPEN)

    def _left(self) -> str:
        try:
            return self.words() or "look at your accounts"
        except Exception:  # the main thread may be changing what is looked at
            log.exception("what stays open cannot be told")
            return "look at your accounts"
