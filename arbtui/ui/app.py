"""The screen as a task of the engine's loop: it may come and go, and it never holds the loop.

    end = await run_screen(port, settings)

returns when the person leaves (``ScreenEnd.QUIT``), when the terminal hangs up (``HANGUP``), or when the screen itself
broke (``FAILED``: the traceback is in the log and on stderr). The engine decides what each of them means; cancelling
the task closes the screen and gives the terminal back.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum

from rich.console import Console
from textual import events
from textual.app import App, ScreenStackError
from textual.screen import Screen
from textual.widgets import Input

from arbtui.config import Settings, paths
from arbtui.core.errors import OurMistake
from arbtui.lines.exports import Exports
from arbtui.port import EnginePort
from arbtui.ui.appearance import TEXTUAL_THEMES, Appearance
from arbtui.ui.calling import Calling
from arbtui.ui.desk import Desk
from arbtui.ui.driver import GuardedDriver, terminal_fds
from arbtui.ui.fullscreen import FullScreen
from arbtui.ui.glass import Glass
from arbtui.ui.keymap import Keymap
from arbtui.ui.layout import PaneId
from arbtui.ui.logbook import following
from arbtui.ui.money import under_way
from arbtui.ui.panes.line import LineWidget
from arbtui.ui.pump import Job, OutputHold, Pump
from arbtui.ui.registry import Handlers
from arbtui.ui.screen import MainScreen
from arbtui.ui.veil import Veil

_log = logging.getLogger(__name__)
EXPORTS = "exports"  # folder of what a person takes out of the screen, in the data folder
_INTERRUPT_AGAIN_S = 2.0
_REPAINT_S = 0.2
_FREEZE_AFTER_S = 1.5
_HEARD_S = 1.0  # a line that is being taken away hears no more
_SETTLE_S = 1.0  # for the last bytes to the terminal, which give it back to the shell


class ScreenEnd(Enum):
    QUIT = "quit"
    HANGUP = "hangup"
    FAILED = "failed"


class ArbtuiApp(App[ScreenEnd], inherit_bindings=False):
    """``mounted`` is called once Textual stands, to undo what it did to the loop."""

    TITLE = "arbtui"
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False  # a drag selects nothing of ours: shift and a drag selects as the terminal does
    CSS = """
    MainScreen, HelpScreen { layers: base overlay; }
    Input, Input:focus { background: transparent; border: none; padding: 0; }
    Picker { border: round $primary; background: $background; }
    .-ascii Picker { border: ascii $primary; }
    """

    def __init__(
        self,
        port: EnginePort,
        settings: Settings | None = None,
        *,
        now_s: Callable[[], float] | None = None,
        mounted: Callable[[], None] = lambda: None,
        exports: Exports | None = None,
    ) -> None:
        super().__init__(driver_class=GuardedDriver)
        self.animation_level = "none"
        self.error_console = Console(markup=False, highlight=False, stderr=True, record=True)
        self.terminal: GuardedDriver | None = None
        self._mounted = mounted
        self._appearance = Appearance(port, no_color=self.no_color)
        sort = settings.ui.sort if settings is not None else ""
        keys = Keymap(settings.keys if settings is not None else None)
        self.desk = Desk(port, self._appearance.look, now_s or asyncio.get_running_loop().time, sort=sort, keys=keys)
        self.desk.looks_changed = self.looks_changed
        for each in TEXTUAL_THEMES:
            self.register_theme(each)
        self._show_look()
        self._own_time = now_s is not None
        self.main_screen = MainScreen(self.desk, self._handlers(), exports)
        self.calling = Calling(port, self._ring, self._entitle)
        self.hold = OutputHold(self)
        self.glass = Glass(self, self._appearance.look, self._paintable)
        self.veil = Veil(self)
        self.main_screen.paint_on(self.glass, self.veil)
        self.pump = Pump(
            self._jobs(),
            now_s=self.desk.now_s,
            painting=self._may_paint,
            each_second=self._each_second,
            around=self._one_beat,
        )
        self._interrupted_s = self._repainted_s = float("-inf")
        self._continue_expected = False
        self._leaving = False
        self._typed_in: Input | None = None

    async def on_event(self, event: events.Event) -> None:
        """Every key passes here first, in the order in which it was typed: ``/sol`` in one packet opens the filter and
        types into it. Noted is when keys were pressed, for those that confirm; a pasted text is no key.
        """
        if isinstance(event, events.Key | events.Paste | events.MouseDown) and not event.is_forwarded:
            at_s = self.desk.now_s() if self._own_time else event.time
            if isinstance(event, events.Key):
                self.desk.rhythm.key(at_s)
            elif isinstance(event, events.Paste):
                self.desk.rhythm.paste(at_s)
            else:
                self.desk.rhythm.click(at_s)
        if isinstance(event, events.Key | events.MouseDown):
            self.calling.seen()
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
            return
        line = self._line()
        if line is None or not event.is_printable:
            await self._caught_up()
        if self._press(event):
            return
        await super().on_event(event)
        if line is not None:
            self._typed_in = line
            if event.key == "enter":  # what is done by it may ask for something else, and that is for the next key
                await self._caught_up()

    def _line(self) -> Input | None:
        """The line that letters go into."""
        try:
            focused = self.focused
        except ScreenStackError:  # Textual is shutting down
            return None
        return focused if isinstance(focused, Input) else None

    async def _caught_up(self) -> None:
        """The line has all letters that were typed into it, and its owner has heard of them. Letters themselves are
        waited for by nobody: in a busy loop that would be most of the time between a key and what is seen of it.
        """
        line, self._typed_in = self._typed_in, None
        if line is None or line.parent is None:
            return
        for hears in (line, line, line.parent):  # the letter; that the line has changed; the same, at its owner
            heard = asyncio.Event()
            if not hears.call_later(heard.set):
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(_HEARD_S):
                    await heard.wait()

    def _press(self, event: events.Key) -> bool:
        """Do what the key means where keys go now; False where it means nothing there."""
        try:
            screen = self.screen
        except ScreenStackError:
            return False
        assert isinstance(screen, MainScreen | FullScreen)
        action = self.desk.keys.find(screen.chain(printable=event.is_printable), event.key)
        if action is None:
            return False
        (self.main_screen if action.scope == "always" else screen).run(action.id)
        if action.id == "order.kill" and isinstance(screen, FullScreen):
            screen.leave()  # the main screen says what came of it
        return True

    def get_default_screen(self) -> Screen[None]:
        return self.main_screen

    def _jobs(self) -> list[Job]:
        """Books ten times a second, what says how old it is five times, the rest twice; not all on one beat."""

        def of(pane: PaneId) -> Callable[[float], None]:
            return lambda now_s: self.main_screen.tick_pane(pane, now_s)

        return [
            Job("choice", 1, 0, lambda _: self.desk.settle()),
            Job("money", 1, 0, self.desk.look_at_money),
            Job("grid", 2, 0, of("grid")),
            Job("books", 1, 0, of("books")),
            Job("legs", 2, 1, of("legs")),
            Job("signals", 5, 3, of("signals")),
            Job("feeds", 2, 0, of("feeds")),
            Job("positions", 2, 0, of("positions")),
            Job("orders", 5, 4, of("orders")),
            Job("chart", 2, 1, of("chart")),
            Job("accounts", 5, 1, of("accounts")),
            Job("panel", 2, 1, self.main_screen.tick_panel),
            Job("status", 2, 1, self.main_screen.tick_status),
            Job("lines", 5, 3, self.main_screen.tick_lines),
        ]

    # life

    def driver_attached(self, driver: GuardedDriver) -> None:
        self.terminal = driver

    def on_mount(self) -> None:
        self._mounted()
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGTSTP, self.stop)
            loop.add_signal_handler(signal.SIGCONT, self._continued)
        self.theme_changed_signal.subscribe(self, lambda _: self._paint_screens())
        self.calling.begin()
        self.run_worker(self._beat(), name="pump", group="pump")

    def on_resize(self, event: events.Resize) -> None:
        """Laying out another size paints it whole. Where it is the one that is laid out, nobody else would: a terminal
        that was pulled there and back has lost what did not fit meanwhile.
        """
        if event.size == self.screen.outer_size:
            self.screen.refresh()

    def _paint_screens(self) -> None:
        """Whole, now that colours have changed: what no pane covers has the screen's background."""
        self.glass.forget()
        for screen in self.screen_stack:
            screen.refresh()
            for widget in screen.query(LineWidget):
                widget.refresh()

    async def _beat(self) -> None:
        asyncio.get_running_loop().call_later(_FREEZE_AFTER_S, _freeze)
        await self.pump.run()

    @contextmanager
    def _one_beat(self, number: int) -> Iterator[None]:
        with self.desk.beat(number), self.glass.frame():
            yield

    def _paintable(self) -> GuardedDriver | None:
        """Where rows of the main screen may be painted past Textual: all of it is laid out, and nothing covers it."""
        main, terminal = self.main_screen, self.terminal
        if terminal is None or self.hold.held or self.veil.drawn or self._leaving or not self.is_running or main.asking:
            return None
        try:
            return terminal if self.screen is main and main.size == self.size else None
        except ScreenStackError:  # Textual is shutting down
            return None

    def _may_paint(self) -> bool:
        if self.terminal is not None and not self.hold.judge(self.terminal):
            return False
        if self._leaving:
            return False
        try:
            return self.screen is self.main_screen
        except ScreenStackError:  # Textual is shutting down: there is nothing to paint on any more
            return False

    def post_display_hook(self) -> None:
        self.hold.frame_passed()

    def _each_second(self) -> None:
        self.desk.tick_ms = self.pump.worst_tick_ms()
        self.veil.each_second()
        if self.terminal is not None and self.terminal.dead:
            self.leave(ScreenEnd.HANGUP)

    def leave(self, end: ScreenEnd) -> None:
        """Close the screen; the engine is told how it ended."""
        if not self._leaving:
            self._leaving = True
            self.run_worker(self._leave(end), name="leave", group="leave")

    async def _leave(self, end: ScreenEnd) -> None:
        if self.terminal is not None:
            await self.terminal.end_input()
        self.exit(end)

    def _ring(self) -> None:
        if self.is_running and not self._leaving:
            self.bell()

    def _entitle(self, title: str) -> None:
        if self.terminal is not None and self.is_running and not self._leaving:
            self.terminal.entitle(title)

    def last_words(self) -> str:
        """What Textual said of an error that ended the screen, wherever it was raised: in a beat, by a key, while
        painting. "" where there was none. It catches all of them, and prints to stderr alone.
        """
        return self.error_console.export_text()

    # how everything looks

    def _show_look(self) -> None:
        """Textual's own widgets as the settings say."""
        if self._appearance.problem:
            self.desk.say(self._appearance.problem, "warning")
        self.theme = self._appearance.textual_theme
        self.set_class(self._appearance.look.ascii, "-ascii")

    def looks_changed(self) -> None:
        """Settings of the screen were changed: paint everything anew, on all screens."""
        self._appearance.take()
        self._show_look()
        self.desk.take_settings()
        self.main_screen.take_settings()
        self._paint_screens()

    # keys that concern the whole program

    def _handlers(self) -> Handlers:
        return {
            "quit": lambda: self.main_screen.keys.quit(lambda: self.leave(ScreenEnd.QUIT)),
            "interrupt": self.interrupt,
            "suspend": self.stop,
            "repaint": self.repaint,
        }

    def repaint(self) -> None:
        """At most five times a second: a key that is held down must not keep the loop busy."""
        if self.desk.now_s() - self._repainted_s < _REPAINT_S:
            return
        self._repainted_s = self.desk.now_s()
        if self.hold.held:
            self.hold.frame_passed()  # all of it is painted once the terminal reads again
            return
        self.screen.refresh(layout=True)
        self.main_screen.tick_all()

    def interrupt(self) -> None:
        now_s = self.desk.now_s()
        if now_s - self._interrupted_s <= _INTERRUPT_AGAIN_S:
            self.main_screen.run("quit")
        else:
            self._interrupted_s = now_s
            self.desk.say("ctrl+c again within two seconds leaves, as q does", "warning")

    def stop(self) -> None:
        """Give the terminal back and stop the process, as ctrl+z does to any program; fg brings both back."""
        trading = self.desk.port.trading
        if trading is not None and any(under_way(ledger) for ledger in trading.ledgers.values()):
            self.desk.say("not stopped: orders of a hedge are under way, and nobody would look after them", "warning")
            return
        if self.terminal is not None and not self._leaving:
            self.run_worker(self._stop(), name="stop", group="terminal", exclusive=True)

    async def _stop(self) -> None:
        terminal = self.terminal
        assert terminal is not None
        await terminal.end_input()
        self._away("suspended")
        with self.suspend():
            await terminal.settle(_SETTLE_S)
            self._continue_expected = True
            os.kill(os.getpid(), signal.SIGSTOP)

    def _continued(self) -> None:
        """Continued after a stop that was not ours: the shell may have changed the terminal, so set it up again."""
        if self._continue_expected:
            self._continue_expected = False
        elif self.terminal is not None and self.terminal.dead:  # a hang-up sends SIGHUP and SIGCONT
            self.leave(ScreenEnd.HANGUP)
        elif not self._leaving:
            self._away("stopped and continued")
            self.run_worker(self._set_up_again(), name="continue", group="terminal", exclusive=True)

    def _away(self, how: str) -> None:
        """Nothing is watched while the process stands still, however short that was: no new risk without a person."""
        if (trading := self.desk.port.trading) is not None:
            trading.disarm(how)

    async def _set_up_again(self) -> None:
        assert self.terminal is not None
        await self.terminal.end_input()
        with self.suspend():
            pass


def _freeze() -> None:
    """Widgets and style sheet stay for good: no later collection needs to look at them."""
    gc.collect()
    gc.freeze()


async def run_screen(port: EnginePort, settings: Settings | None = None) -> ScreenEnd:
    """Show the screen until it is left. Must run in the engine's loop, in the main thread."""
    if terminal_fds() is None:
        raise OurMistake("There is no terminal to show a screen on; start with --no-ui.")
    loop = asyncio.get_running_loop()
    factory = loop.get_task_factory()
    exports = Exports(paths().data_dir / EXPORTS)
    app = ArbtuiApp(port, settings, mounted=lambda: loop.set_task_factory(factory), exports=exports)
    task = asyncio.ensure_future(app.run_async(mouse=settings is None or settings.ui.mouse))
    with logs_off_terminal(), following(app.desk.book), _signals_given_back(loop):
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            app.leave(ScreenEnd.QUIT)
            await task
            raise
        finally:
            loop.set_task_factory(factory)
            if words := app.last_words():
                _log.error("the screen broke: %s", words)
            if app.terminal is not None and not await app.terminal.settle(_SETTLE_S):
                _log.warning("the terminal did not take the screen's last bytes")
    if app.return_value is not None:
        return app.return_value
    return ScreenEnd.FAILED if app.return_code else ScreenEnd.QUIT


@contextmanager
def logs_off_terminal() -> Iterator[None]:
    """Take log handlers that write to the terminal away while the screen has it."""
    on_terminal = [
        (logger, handler)
        for logger in (logging.getLogger(), *map(logging.getLogger, logging.root.manager.loggerDict))
        for handler in logger.handlers
        if isinstance(handler, logging.StreamHandler)
        and handler.stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
    ]
    for logger, handler in on_terminal:
        logger.removeHandler(handler)
    try:
        yield
    finally:
        for logger, handler in on_terminal:
            logger.addHandler(handler)


@contextmanager
def _signals_given_back(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Whatever the driver and the app do with job control and window size ends with them."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH)}
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
