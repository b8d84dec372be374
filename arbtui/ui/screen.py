"""The main screen: panes placed by ``layout.plan``, the keys that belong to no pane, the lines above and below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial

from textual.app import ComposeResult
from textual.events import Click, MouseScrollDown, MouseScrollUp, Resize
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from arbtui.lines.exports import Exports
from arbtui.port import Remember, Ticket
from arbtui.ui import layout, mouse, text
from arbtui.ui.actions import BY_ID
from arbtui.ui.alertlevels import AlertLevels
from arbtui.ui.asks import Asks
from arbtui.ui.copying import Copying
from arbtui.ui.desk import Desk
from arbtui.ui.fullscreen import FullScreen
from arbtui.ui.glass import Glass
from arbtui.ui.help import HelpScreen
from arbtui.ui.layout import PaneId
from arbtui.ui.levelscreen import LevelScreen
from arbtui.ui.logview import LogScreen
from arbtui.ui.moves import Moves
from arbtui.ui.muting import Muting
from arbtui.ui.orderkeys import OrderKeys
from arbtui.ui.palette import Palette
from arbtui.ui.panes.accounts import AccountsPane
from arbtui.ui.panes.books import BooksPane
from arbtui.ui.panes.chart import ChartPane
from arbtui.ui.panes.feeds import FeedsPane
from arbtui.ui.panes.grid import GridPane
from arbtui.ui.panes.legs import LegsPane
from arbtui.ui.panes.line import LineWidget, air
from arbtui.ui.panes.orders import OrdersPane
from arbtui.ui.panes.pane import ListPane, Pane
from arbtui.ui.panes.positions import PositionsPane
from arbtui.ui.panes.signals import SignalsPane
from arbtui.ui.panes.status import alarm_line, bottom_line, cut_short, detail_lines, keys_line, status_lines
from arbtui.ui.picker import HEIGHT as PICKER_HEIGHT
from arbtui.ui.picker import Choice, Picker
from arbtui.ui.prompt import Chooser, PromptLine, Question
from arbtui.ui.registry import PANE_SCOPES, Group, Handlers, Scope, gather
from arbtui.ui.replaykeys import ReplayKeys
from arbtui.ui.resizing import outdated
from arbtui.ui.settingskeys import SettingsKeys
from arbtui.ui.settingsscreen import SettingsScreen
from arbtui.ui.thresholds import ThresholdScreen
from arbtui.ui.ticket.order import OrderPage
from arbtui.ui.ticket.page import Page
from arbtui.ui.ticket.panel import OrderPanel
from arbtui.ui.veil import Veil


class _ScreenLayout(Layout):
    name = "arbtui"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        assert isinstance(parent, MainScreen)
        places = parent.places(size)
        return [
            WidgetPlacement(places[child], NULL_OFFSET, NULL_SPACING, child)
            for child in children
            if child in places and places[child].area
        ]


_LAYOUT = _ScreenLayout()


class MainScreen(Screen[None], inherit_bindings=False):
    """``whole``: what concerns the whole program, by action. ``exports``: where copies go; None = nowhere."""

    def __init__(self, desk: Desk, whole: Handlers, exports: Exports | None = None) -> None:
        super().__init__()
        self.desk = desk
        self.keys = OrderKeys(desk, self)
        self.grid = GridPane(desk)
        self.positions = PositionsPane(desk, self.keys.follow)
        self.orders = OrdersPane(desk, self.keys.follow)
        self.panes: dict[PaneId, Pane] = {
            "grid": self.grid,
            "books": BooksPane(desk),
            "legs": LegsPane(desk),
            "signals": SignalsPane(desk, self.go_to_coin),
            "feeds": FeedsPane(desk),
            "positions": self.positions,
            "orders": self.orders,
            "chart": ChartPane(desk, self._ticket),
            "accounts": AccountsPane(desk),
        }
        self._status = LineWidget(desk.theme)
        self._detail = LineWidget(desk.theme)
        self._alarm = LineWidget(desk.theme)
        self._word = LineWidget(desk.theme)
        self._keys = LineWidget(desk.theme)
        self.prompt = PromptLine(desk, self._prompt_closed, self._offers_changed)
        self._offers = LineWidget(desk.theme)
        self._chooser = Chooser(desk, self._prompt_closed)
        self.picker = Picker(desk, self._picker_closed)
        self.panel = OrderPanel(desk, closed=self._panel_closed, ask=self.ask)
        self.asks = Asks(desk, self, self.grid)
        self._palette = Palette(desk, self)
        self._recent: list[PaneId] = ["grid"]  # as they were looked at, the last one first
        self._preset: layout.Preset = layout.preset_of(desk.port.remembered("layout")) or "all"
        self._zoomed: PaneId | None = None
        self._current: PaneId = "grid"
        self._glass: Glass | None = None
        self._veil: Veil | None = None
        self._alarm_asked = False  # whether there was to be a line for it when all was placed last
        self.plan = layout.plan(80, 24, self._recent, None, prompt=False)
        self._settings = SettingsKeys(desk, self.show_settings)
        groups: list[Group] = [Moves(self._list), self.asks, self._settings, self.keys, self._palette]
        groups += [self.panel, self.prompt]
        self.copying = self._copies(exports)
        groups += [self.picker, self.copying, Muting(desk, self), ReplayKeys(desk, self)]
        groups += [AlertLevels(desk, lambda: self._open(LevelScreen(desk)))]
        groups += self.panes.values()
        self.handlers = gather(whole, self._own_handlers(), *(group.handlers() for group in groups))

    def compose(self) -> ComposeResult:
        yield self._status
        yield from self.panes.values()
        yield self._detail
        yield self._alarm
        yield self._word
        yield self._keys
        yield self.prompt
        yield self._chooser
        yield self._offers
        yield self.picker
        yield self.panel

    def on_mount(self) -> None:
        self.picker.styles.layer = "overlay"
        self._offers.styles.layer = "overlay"
        self._chooser.styles.layer = "overlay"
        self.panel.styles.layer = "overlay"
        self.set_focus(self.grid, scroll_visible=False)

    def paint_on(self, glass: Glass, veil: Veil) -> None:
        """What is shown all the time takes the short way to the terminal; other screens come and go behind a veil."""
        self._glass, self._veil = glass, veil
        for widget in (self._status, self._detail, self._alarm, self._word, self._keys):
            widget.glass = glass
        for pane in self.panes.values():
            pane.paint_on(glass)

    # where things are

    @property
    def layout(self) -> Layout:
        return _LAYOUT

    def places(self, size: Size) -> dict[Widget, Region]:
        self.plan = plan = layout.plan(
            *size,
            self._recent,
            self._zoomed,
            prompt=self._typing,
            alarm=self._alarmed,
            preset=self._preset,
            have=self.panes,
        )
        places: dict[Widget, Region] = {self._status: plan.status}
        for pane_id, region in plan.panes.items():
            self.panes[pane_id].tabs = plan.tabs[pane_id]
            places[self.panes[pane_id]] = region
        if plan.detail is not None:
            places[self._detail] = plan.detail
        if plan.alarm is not None:
            places[self._alarm] = plan.alarm
        if plan.bottom is not None:
            places[self._bottom_widget()] = plan.bottom
        if self._chooser.asking and plan.bottom is not None:
            height = min(len(self._chooser.lines(size.width)), plan.bottom.bottom)
            places[self._chooser] = Region(0, plan.bottom.bottom - height, size.width, height)
        if plan.keys is not None:
            places[self._keys] = plan.keys
        if self.panel.open:
            below = sum(line.height for line in (plan.alarm, plan.bottom, plan.keys) if line is not None)
            room = Region(0, plan.status.height, size.width, max(0, size.height - plan.status.height - below))
            places[self.panel] = self.panel.region_in(room)
        if self.picker.open:
            width, height = min(self.picker.width, size.width), min(PICKER_HEIGHT, size.height)
            places[self.picker] = Region((size.width - width) // 2, (size.height - height) // 3, width, height)
        places[self._offers] = self.offers_region
        return places

    def render_lines(self, crop: Region) -> list[Strip]:
        return air(self.desk.theme, crop)

    @property
    def offers_region(self) -> Region:
        """Where rows are offered above the line that is typed in."""
        bottom = self.plan.bottom
        height = min(self.prompt.rows, bottom.y) if bottom is not None else 0
        return Region(0, bottom.y - height, bottom.width, height) if bottom is not None and height else Region()

    @property
    def _typing(self) -> bool:
        return self.prompt.asking or self._chooser.asking

    @property
    def _alarmed(self) -> bool:
        return self.desk.log is not None and bool(self.desk.log.alarms)

    @property
    def asking(self) -> bool:
        """Whether keys belong to something that is being typed, chosen or ordered."""
        return self._typing or self.picker.open or self.panel.open

    # keys: see ``registry``

    def chain(self, *, printable: bool) -> Sequence[Scope]:
        if self.prompt.asking:
            return () if printable else ("always", "line")
        if self._chooser.asking:
            return ("always",)
        if self.picker.open:
            return ("always",) if printable else ("always", "picker")
        if self.panel.open:
            return ("always", "ticket", "shared")
        lists: tuple[Scope, ...] = ("list",) if self._list() is not None else ()
        own: tuple[Scope, ...] = tuple(scope for scope in PANE_SCOPES if scope == self._current)
        return ("always", *own, *lists, "shared", "screen")

    def run(self, action_id: str, argument: str = "") -> str:
        action = BY_ID[action_id]
        handler = self.handlers[action_id]
        problem = action.guard(self.desk) if action.guard is not None else ""
        if not problem:
            problem = (handler(argument) if action.takes is not None else handler()) or ""
        if problem:
            self.desk.say(problem, "warning")
        self.tick_lines(self.desk.now_s())
        return problem

    def _copies(self, exports: Exports | None) -> Copying:
        return Copying(
            self.desk,
            lambda: self.panes[self._current],
            exports=exports,
            clip=lambda words: self.app.copy_to_clipboard(words),
            start=lambda work: self.run_worker(work, name="copy", group="copy"),
        )

    def _own_handlers(self) -> Handlers:
        return {
            "log.open": lambda: self._open(LogScreen(self.desk, self.copying)),
            "threshold.list": lambda: self._open(ThresholdScreen(self.desk)),
            **{f"pane.{pane_id}": partial(self.show_pane, pane_id) for pane_id in self.panes},
            "pane.next": lambda: self.next_pane(1),
            "pane.previous": lambda: self.next_pane(-1),
            "pane.zoom": self.zoom,
            "pane.layout": self.next_layout,
            "back": self.back,
            "help": self.help,
            "pane.go": self.go_to_pane,
        }

    def _list(self) -> ListPane | None:
        pane = self.panes[self._current]
        return pane if isinstance(pane, ListPane) else None

    def _bottom_widget(self) -> Widget:
        return self.prompt if self.prompt.asking else self._chooser if self._chooser.asking else self._word

    def rearrange(self) -> None:
        """Place everything anew, then fill what came into view. See ``Placing.place_anew``."""
        self._status.refresh(layout=True)
        self.call_after_refresh(self.tick_all)

    # the mouse: see ``mouse``

    @property
    def shown(self) -> dict[PaneId, Region]:
        return self.plan.panes

    def on_click(self, event: Click) -> None:
        mouse.click(self, int(event.screen_x), int(event.screen_y))

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        mouse.wheel(self, int(event.screen_x), int(event.screen_y), 1)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        mouse.wheel(self, int(event.screen_x), int(event.screen_y), -1)

    def on_resize(self, event: Resize) -> None:
        if not outdated(self, event):
            self.call_after_refresh(self.tick_all)

    # ticks

    def tick_pane(self, pane_id: PaneId, now_s: float) -> None:
        if pane_id in self.plan.panes:
            self.panes[pane_id].tick(now_s)

    def tick_status(self, now_s: float) -> None:
        """The lines above."""
        self._status.show(status_lines(self.desk, self.size.width))

    def tick_lines(self, now_s: float) -> None:
        """The lines above and below."""
        desk = self.desk
        width = self.size.width
        self.tick_status(now_s)
        if self.plan.detail is not None:
            told = self.panes[self._current].detail(width)
            count = self.plan.detail.height
            self._detail.show(cut_short(told, count, width) if told else detail_lines(desk, width, count))
        if self._alarmed != self._alarm_asked:
            self._alarm_asked = self._alarmed  # once: under a hold of the output nothing is arranged yet
            self.rearrange()
        self._alarm.show([alarm_line(desk, width)])
        self._word.show([bottom_line(desk, self.plan, width)])
        shown: tuple[Scope, ...] = (self._current, "screen", "shared", "always")
        scopes = ("always", "shared") if self.panel.open else shown
        self._keys.show([keys_line(scopes, desk.keys, width, replay=desk.port.replay is not None)])
        if self.picker.open:
            self.picker.tick()
        self._offers_changed()
        self._chooser.show(self._chooser.lines(width))

    def tick_all(self) -> None:
        now_s = self.desk.now_s()
        with self.desk.beat(), self._glass.frame() if self._glass is not None else nullcontext():
            for pane_id in self.plan.panes:
                self.tick_pane(pane_id, now_s)
            self.tick_panel(now_s)
            self.tick_lines(now_s)

    def tick_panel(self, now_s: float) -> None:
        if self.panel.open:
            self.panel.tick()

    # panes

    def show_pane(self, pane_id: PaneId) -> None:
        self._current = pane_id
        self._recent = [pane_id, *(pane for pane in self._recent if pane != pane_id)]
        if self._zoomed is not None:
            self._zoomed = pane_id
        self.set_focus(self.panes[pane_id], scroll_visible=False)
        self.rearrange()

    def next_pane(self, direction: int) -> None:
        there = [pane for pane in layout.PANES if pane in self.panes]
        self.show_pane(there[(there.index(self._current) + direction) % len(there)])

    def go_to_pane(self, name: str) -> str:
        found = next((pane_id for pane_id in self.panes if pane_id == name), None)
        if found is None:
            return f"there is no pane {text.quoted(name)}; there are {', '.join(self.panes)}"
        self.show_pane(found)
        return ""

    def next_layout(self) -> None:
        """The next preset of the layout, kept for the next start."""
        self._preset = layout.PRESETS[(layout.PRESETS.index(self._preset) + 1) % len(layout.PRESETS)]
        kept = self.desk.port.send(Remember("layout", self._preset))
        words = f"layout {self._preset}: {layout.PRESET_WORDS[self._preset]}"
        self.desk.say(words if kept.accepted else f"{words}; {kept.text}", "info" if kept.accepted else "warning")
        self.rearrange()

    def zoom(self) -> None:
        self._zoomed = None if self._zoomed is not None else self._current
        self.rearrange()

    def back(self) -> None:
        """One level back: the zoom, then the filter, then the pane, then what the legs were."""
        if self._zoomed is not None:
            self.zoom()
        elif self.desk.order.filter.text:
            self.asks.filter_by("")
        elif self._current != "grid":
            self.show_pane("grid")

    # lines to type in

    def _prompt_closed(self) -> None:
        self._focus_again()
        self.rearrange()

    def _focus_again(self) -> None:
        """Keys go where something is asked, else to the panel, else to the pane."""
        for asking, line in ((self.prompt.asking, self.prompt), (self._chooser.asking, self._chooser)):
            if asking:
                line.take_focus()
                return
        if self.picker.open:
            self.picker.take_focus()
            return
        self.set_focus(self.panel if self.panel.open else self.panes[self._current], scroll_visible=False)

    def ask(self, question: Question) -> None:
        self.prompt.ask(question)
        self.rearrange()

    def _offers_changed(self) -> None:
        """Other rows stand above the line that is typed in."""
        self._offers.show(*self.prompt.offered(self.offers_region.width, self.offers_region.height))

    def pick(self, choice: Choice) -> None:
        self.picker.ask(choice)
        self.rearrange()

    def _picker_closed(self) -> None:
        self._focus_again()
        self.rearrange()

    def go_to_coin(self, base: str) -> None:
        """Bring a coin under the cursor, past the filter if that hides it."""
        if self.desk.order.filter.text and base not in self.desk.order.place:
            self.asks.filter_by("")
        if self.grid.show_coin(base):
            self.tick_all()
        else:
            self.desk.say(f"{base} has no pair of quotes", "warning")

    # orders: see ``OrderKeys``

    def open_panel(self, page: Page) -> None:
        self.panel.begin(page)
        self._focus_again()
        self.rearrange()

    def _panel_closed(self) -> None:
        self._focus_again()
        self.rearrange()

    def _ticket(self) -> Ticket | None:
        """What somebody is about to order."""
        page = self.panel.page if self.panel.open else None
        return page.ticket if isinstance(page, OrderPage) else None

    def choose(self, title: str, choices: dict[str, str], choose: Callable[[str], None]) -> None:
        self._chooser.ask(title, choices, choose)
        self.rearrange()

    def pointed_hedge(self) -> str:
        if self._current == "positions":
            pair = self.positions.here()
            return pair.hedge if pair is not None else ""
        if self._current == "orders":
            entry = self.orders.here()
            return entry.hedge if entry is not None else ""
        return ""

    # settings

    def show_settings(self, words: str) -> None:
        self._open(SettingsScreen(self.desk, words))

    def take_settings(self) -> None:
        """Settings of the screen were changed: everything again as they say now."""
        self._preset = layout.preset_of(self.desk.port.remembered("layout")) or "all"
        for pane in self.panes.values():
            pane.take_settings()
            pane.place_anew()
        self.rearrange()

    # the rest

    def help(self) -> None:
        first: Scope = "ticket" if self.panel.open else self._current
        self._open(HelpScreen(self.desk, first))

    def _open(self, screen: FullScreen) -> None:
        if self._veil is not None:
            self._veil.draw()
            screen.behind(self._veil)
        self.app.push_screen(screen)

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self.tick_all)
