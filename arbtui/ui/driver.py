"""The terminal's driver: Textual's own, with an output that cannot hold up the loop and an input that can end.

Only public names of ``LinuxDriver`` are used: ``write``, ``close``, ``run_input_thread``, ``exit_event``, ``fileno``.
The driver's own writing thread is left idle.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Resize
from textual.geometry import Size

from arbtui.ui.thrift import thrifty
from arbtui.ui.writer import TerminalWriter

_TITLE_ASIDE = "\x1b[22;2t"  # xterm's stack of titles, which tmux and most others have too
_TITLE_BACK = "\x1b]2;\x07\x1b[23;2t"  # where there is no stack, an empty title is none of ours
# Python asks these before it asks the terminal: a parent that exports them would hold the screen at one size.
_SIZES = ("LINES", "COLUMNS")
_FRAME_BEGINS, _FRAME_ENDS = "\x1b[?2026h", "\x1b[?2026l"  # to terminals that can hold a frame back until it is whole
_GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL


def terminal_fds() -> tuple[int, int] | None:
    """Input and output of the terminal; None where there is none to show a screen on."""
    if sys.__stdin__ is None or not sys.__stdin__.isatty():
        return None
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None and stream.isatty():
            return sys.__stdin__.fileno(), stream.fileno()
    return None


def gone(fd: int) -> bool:
    """Whether the terminal behind ``fd`` has hung up."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return any(mask & _GONE for _, mask in poll.poll(0))


@runtime_checkable
class TerminalOwner(Protocol):
    """An app that wants to know its driver."""

    def driver_attached(self, driver: GuardedDriver) -> None: ...


class GuardedDriver(LinuxDriver):
    """The terminal from the app's start to its end, with pauses while it is suspended."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        fds = terminal_fds()
        self._output_fd = fds[1] if fds is not None else sys.__stderr__.fileno() if sys.__stderr__ is not None else 2
        self._writer: TerminalWriter | None = None  # one a session: a suspended screen has none
        self._frame: list[str] = []  # begun and not yet at its end
        self._marks = False  # whether the terminal has said that it knows them
        self._input_ended = threading.Event()
        self._input_broken = False
        self._told = app
        self._resizing_loop: asyncio.AbstractEventLoop | None = None
        self._title = ""  # what the window is called while the screen has it
        self._entitled = False
        if isinstance(app, TerminalOwner):
            app.driver_attached(self)

    @property
    def dead(self) -> bool:
        """Whether the terminal is gone: it hung up, or cannot be read or written."""
        return self._input_broken or (self._writer is not None and self._writer.dead) or gone(self.fileno)

    @property
    def lost_bytes(self) -> int:
        return self._writer.lost_bytes if self._writer is not None else 0

    @property
    def written_bytes(self) -> int:
        return self._writer.written_bytes if self._writer is not None else 0

    def waiting_s(self) -> float:
        """For how long the terminal has not taken what it was given."""
        return self._writer.waiting_s() if self._writer is not None else 0.0

    def write(self, data: str) -> None:
        """What stands between the marks of a frame goes out at once: who carries it out is woken once a frame."""
        if self._writer is None:
            return
        if data == _FRAME_BEGINS or self._frame:
            self._marks = True
            self._frame.append(data)
            if data != _FRAME_ENDS:
                return
            data = "".join(self._frame)
            self._frame.clear()
        self._writer.write(thrifty(data))

    def write_frame(self, data: str) -> None:
        """A frame that Textual knows nothing of, marked as its own are."""
        if self._writer is not None:
            self._writer.write(thrifty(f"{_FRAME_BEGINS}{data}{_FRAME_ENDS}" if self._marks else data))

    def close(self) -> None:
        super().close()
        if self._writer is not None:
            self._writer.end()

    def start_application_mode(self) -> None:
        for name in _SIZES:
            os.environ.pop(name, None)
        self._writer = TerminalWriter(self._output_fd, after=self._writer)
        self._frame.clear()
        self._input_ended.clear()
        start: Callable[[], None] = super().start_application_mode
        start()
        self._resizing_loop = asyncio.get_running_loop()
        self._resizing_loop.add_signal_handler(signal.SIGWINCH, self._resized)  # in place of Textual's
        if self._title:
            self.entitle(self._title)

    def stop_application_mode(self) -> None:
        if self._entitled:
            self._entitled = False
            self.write(_TITLE_BACK)
        stop: Callable[[], None] = super().stop_application_mode
        stop()
        if self._resizing_loop is not None:
            self._resizing_loop.remove_signal_handler(signal.SIGWINCH)

    def _resized(self) -> None:
        """The window has another size. Textual reads it in a signal handler, which a second signal interrupts between
        reading and telling, so that of two sizes the older could be told last. Here it is read in the loop, in order.
        """
        with contextlib.suppress(OSError):  # the terminal is gone, which is noticed elsewhere
            size = Size(*os.get_terminal_size(self.fileno))
            if size.area:
                self._told.post_message(Resize(size, size))

    def entitle(self, title: str) -> None:
        """Name the terminal's window while the screen has it; the name that it had is put aside, and is back meanwhile
        where the screen is suspended.
        """
        self._title = title
        if self._writer is None:
            return
        if not self._entitled:
            self._entitled = True
            self.write(_TITLE_ASIDE)
        self.write(f"\x1b]2;{title}\x07")

    def run_input_thread(self) -> None:
        """Read keys until told to stop; a terminal that is gone ends it quietly."""
        try:
            super().run_input_thread()
        except OSError:
            self._input_broken = True
        finally:
            self._input_ended.set()

    async def end_input(self) -> None:
        """Let the input thread end before the driver joins it, because joining would hold the loop for 0.2 s."""
        self.exit_event.set()
        for _ in range(100):
            if self._input_ended.is_set():
                break
            await asyncio.sleep(0.01)
        self.exit_event.clear()

    async def settle(self, within_s: float) -> bool:
        """Wait, without blocking, until everything written is out; False if the terminal does not take it."""
        for _ in range(max(1, int(within_s / 0.01))):
            if self._writer is None or self._writer.settled:
                return True
            await asyncio.sleep(0.01)
        return False
