"""Logging: stdlib, through a queue, so that a slow disk or terminal never holds the loop.

With a screen to files only, and once it has given the terminal back, what a person must know to stderr; without one
all of it to stderr, where journald and people read.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Hashable
from copy import copy
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from pathlib import Path
from queue import SimpleQueue
from time import gmtime
from typing import Any, TextIO

FILE_BYTES = 10_000_000
FILES = 5
FOR_FILES = {"for_files": True}
IS_NOTICE = "is_notice"  # attribute of what is logged and told to guests as a notice too
QUOTING = ("websockets", "aiohttp", "asyncio")  # below INFO these libraries quote raw traffic, credentials in it
_STOP_WITHIN_S = 2.0


def start(
    folder: Path, level: str = "info", *, stderr: TextIO | None = None, shown: Callable[[], bool] | None = None
) -> Callable[[], None]:
    """Send everything that is logged to ``folder``/arbtui.log, and to ``stderr`` where one is given.

    ``shown``: whether a screen has the terminal now; it then gets nothing, and afterwards warnings and errors.

    What is logged with ``extra=FOR_FILES`` stays out of stderr, because it is said there otherwise.
    Returns what ends it: call it last, it writes what waits. A folder that cannot be written is said on stderr, and the
    run goes on without files.
    """
    handlers: list[logging.Handler] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = _File(folder / "arbtui.log", maxBytes=FILE_BYTES, backupCount=FILES - 1, encoding="utf-8")
        file.setFormatter(_formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s"))
        handlers.append(file)
    except OSError as error:
        sys.stderr.write(f"arbtui: no log files: {folder} cannot be written ({error.strerror}); set log.dir.\n")
    if stderr is not None:
        console = _Console(_straight(stderr))
        console.setFormatter(_OneLine())
        console.addFilter(lambda record: not getattr(record, "for_files", False))
        if shown is not None:
            console.setLevel(logging.WARNING)
            console.addFilter(lambda record: not shown())
        handlers.append(console)
    queue: SimpleQueue[logging.LogRecord] = SimpleQueue()
    listener = QueueListener(queue, *handlers, respect_handler_level=True)
    front = _Front(queue)
    root = logging.getLogger()
    root.addHandler(front)
    root.setLevel(level.upper())
    for name in QUOTING:
        logging.getLogger(name).setLevel(max(root.level, logging.INFO))
    logging.captureWarnings(capture=True)
    listener.start()

    def stop() -> None:
        root.removeHandler(front)
        logging.captureWarnings(capture=False)
        end = threading.Thread(target=finish, name="log end", daemon=True)
        end.start()
        end.join(_STOP_WITHIN_S)  # a stderr that nobody reads must not keep the program from ending

    def finish() -> None:
        listener.stop()
        for handler in handlers:
            with contextlib.suppress(OSError):  # a full disk does not take the last of it either
                handler.close()

    return stop


def _formatter(form: str) -> logging.Formatter:
    formatter = logging.Formatter(form, datefmt="%Y-%m-%dT%H:%M:%S")
    formatter.converter = gmtime
    return formatter


class _OneLine(logging.Formatter):
    """For people: the sentence. Tracebacks are in the file."""

    def format(self, record: logging.LogRecord) -> str:
        return f"arbtui: {record.levelname.lower()}: {record.getMessage()}"


class _Front(QueueHandler):
    """Text is made at once, for its arguments may change; tracebacks stay apart from it."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        ready = copy(record)
        ready.msg, ready.args = record.getMessage(), None
        return ready


class _File(RotatingFileHandler):
    """A log file that gives up when the disk does: trouble with the log is no trouble of the feeds."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is the standard library's
        if isinstance(sys.exc_info()[1], OSError):
            self.setLevel(logging.CRITICAL + 1)
        else:
            super().handleError(record)


class _Straight:
    """Writes to a descriptor with nothing in between that could be locked."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def write(self, text: str) -> None:
        data = memoryview(text.encode(errors="backslashreplace"))
        while data:
            data = data[os.write(self._fd, data) :]

    def flush(self) -> None:
        """Nothing waits."""


def _straight(stderr: TextIO) -> TextIO | _Straight:
    """A terminal may never read again; the thread that writes to it then must not hold what ending needs."""
    try:
        return _Straight(stderr.fileno())
    except (OSError, ValueError):  # no file of the system's
        return stderr


class _NoLock:
    """What a handler asks of its lock, in every version of Python."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        return True

    def release(self) -> None:
        """Nothing is held."""

    def __enter__(self) -> bool:
        return True

    def __exit__(self, *exc: object) -> None:
        """Nothing is held."""


class _Console(logging.StreamHandler[TextIO | _Straight]):
    """stderr; whoever closed it does not want to hear of it. Only the listener's thread writes: there is no lock."""

    def createLock(self) -> None:  # noqa: N802 - the name is the standard library's
        lock: Any = _NoLock()
        self.lock = lock

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is the standard library's
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


class Once:
    """Say each kind of thing once and count the rest."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self.counts: Counter[Hashable] = Counter()

    def __call__(self, kind: Hashable, level: int, message: str, *args: object) -> bool:
        """Whether this was the first of its kind, and hence logged."""
        self.counts[kind] += 1
        if self.counts[kind] > 1:
            return False
        self._logger.log(level, message + " (said once, counted from here on)", *args)
        return True
