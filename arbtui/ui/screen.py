"""The main screen: panes placed by ``layout.plan``, the keys that belong to no pane, the lines above and below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.screen import Screen
from textual.widget import Widget

from arbtui.ui import layout, text
from arbtui.ui.actions import Scope, bindings
from arbtui.ui.columns import BY_LETTER, COLUMNS
from arbtui.ui.desk import Desk, number
from arbtui.ui.help import HelpScreen
from arbtui.ui.layout import PaneId
from arbtui.ui.panes.books import BooksPane
from arbtui.ui.panes.feeds import FeedsPane
from arbtui.ui.panes.grid import GridPane
from arbtui.ui.panes.legs import LegsPane
from arbtui.ui.panes.line import LineWidget
from arbtui.ui.panes.pane import ListPane, Pane
from arbtui.ui.panes.signals import SignalsPane
from arbtui.ui.panes.status import detail_lines, keys_line, last_word_line, status_lines
from arbtui.ui.picker import Picker
from arbtui.ui.prompt import Chooser, PromptLine, Question

_PICKER_SIZE = Size(44, 18)


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
    BINDINGS: ClassVar[list[BindingType]] = bindings("screen")

    def __init__(self, desk: Desk, keymap: Mapping[str, str]) -> None:
        super().__init__()
        self.desk = desk
        self._keymap = keymap
        self.grid = GridPane(desk)
        self.panes: dict[PaneId, Pane] = {
            "grid": self.grid,
            "books": BooksPane(desk),
            "legs": LegsPane(desk),
            "signals": SignalsPane(desk, self.go_to_coin),
            "feeds": FeedsPane(desk),
        }
        self._status = LineWidget(desk.theme)
        self._detail = LineWidget(desk.theme)
        self._word = LineWidget(desk.theme)
        self._keys = LineWidget(desk.theme)
        self._prompt = PromptLine(desk, self._prompt_closed)
        self._chooser = Chooser(desk, self._prompt_closed)
        self._picker = Picker(desk, self._picker_closed)
        self._front: dict[tuple[PaneId, ...], PaneId] = {}
        self._zoomed: PaneId | None = None
        self._current: PaneId = "grid"
        self.plan = layout.plan(80, 24, {}, None, prompt=False)
        self.styles.background = desk.theme.background

    def compose(self) -> ComposeResult:
        yield self._status
        yield from self.panes.values()
        yield self._detail
        yield self._word
        yield self._keys
        yield self._prompt
        yield self._chooser
        yield self._picker

    def on_mount(self) -> None:
        self._picker.styles.layer = "overlay"
        self.set_focus(self.grid, scroll_visible=False)

    # where things are

    @property
    def layout(self) -> Layout:
        return _LAYOUT

    def places(self, size: Size) -> dict[Widget, Region]:
        self.plan = plan = layout.plan(*size, self._front, self._zoomed, prompt=self._typing)
        places: dict[Widget, Region] = {self._status: plan.status}
        for pane_id, region in plan.panes.items():
            self.panes[pane_id].tabs = plan.tabs[pane_id]
            places[self.panes[pane_id]] = region
        if plan.detail is not None:
            places[self._detail] = plan.detail
        if plan.bottom is not None:
            places[self._bottom_widget()] = plan.bottom
        if plan.keys is not None:
            places[self._keys] = plan.keys
        if self._picker.open:
            width, height = min(_PICKER_SIZE.width, size.width), min(_PICKER_SIZE.height, size.height)
            places[self._picker] = Region((size.width - width) // 2, (size.height - height) // 3, width, height)
        return places

    @property
    def _typing(self) -> bool:
        return self._prompt.asking or self._chooser.asking

    @property
    def asking(self) -> bool:
        """Whether keys belong to something that is being typed or chosen."""
        return self._typing or self._picker.open

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return not self.asking

    def _bottom_widget(self) -> Widget:
        return self._prompt if self._prompt.asking else self._chooser if self._chooser.asking else self._word

    def rearrange(self) -> None:
        """Place everything anew, then fill what came into view. See ``Placing.place_anew``."""
        self._status.refresh(layout=True)
        self.call_after_refresh(self.tick_all)

    def on_resize(self) -> None:
        self.call_after_refresh(self.tick_all)

    # ticks

    def tick_pane(self, pane_id: PaneId, now_s: float) -> None:
        if pane_id in self.plan.panes:
            self.panes[pane_id].tick(now_s)

    def tick_lines(self, now_s: float) -> None:
        """The lines above and below."""
        desk = self.desk
        width = self.size.width
        self._status.show(status_lines(desk, width))
        if self.plan.detail is not None:
            told = self.panes[self._current].detail(width)
            count = self.plan.detail.height
            self._detail.show(told[:count] if told else detail_lines(desk, width, count))
        self._word.show([last_word_line(desk, width)])
        self._keys.show([keys_line(self._scopes(), self._keymap, width)])
        if self._picker.open:
            self._picker.tick()

    def tick_all(self) -> None:
        now_s = self.desk.now_s()
        for pane_id in self.plan.panes:
            self.tick_pane(pane_id, now_s)
        self.tick_lines(now_s)

    def _scopes(self) -> list[Scope]:
        own: dict[PaneId, list[Scope]] = {"grid": ["grid"], "legs": ["legs"], "signals": ["signals"]}
        return [*own.get(self._current, []), "screen"]

    # panes

    def action_pane(self, pane_id: PaneId) -> None:
        self._current = pane_id
        self._front[layout.zone_of(self.plan.shape, pane_id)] = pane_id
        if self._zoomed is not None:
            self._zoomed = pane_id
        self.set_focus(self.panes[pane_id], scroll_visible=False)
        self.rearrange()

    def action_next_pane(self, direction: int) -> None:
        at = layout.PANES.index(self._current)
        self.action_pane(layout.PANES[(at + direction) % len(layout.PANES)])

    def action_zoom(self) -> None:
        self._zoomed = None if self._zoomed is not None else self._current
        self.rearrange()

    def action_back(self) -> None:
        """One level back: the zoom, then the filter, then the pane, then what the legs were."""
        if self._zoomed is not None:
            self.action_zoom()
        elif self.desk.order.filter.text:
            self._filter("")
        elif self._current != "grid":
            self.action_pane("grid")

    # lines to type in

    def _prompt_closed(self) -> None:
        self.set_focus(self.panes[self._current], scroll_visible=False)
        self.rearrange()

    def _ask(self, question: Question) -> None:
        self._prompt.ask(question)
        self.rearrange()

    def action_ask_filter(self) -> None:
        before = self.desk.order.filter.text

        def keep(typed: str) -> bool:
            self._filter(typed)
            return True

        def hint(typed: str) -> str:
            problem = self.desk.order.filter.problem
            return problem or f"{len(self.desk.order.bases)} of {self.desk.order.total}   enter keeps, esc clears"

        self._ask(Question("/", before, keep, live=self._filter, cancel=lambda: self._filter(""), hint=hint))

    def _filter(self, typed: str) -> None:
        self.desk.filter_by(typed)
        self.grid.tick(self.desk.now_s())

    def action_ask_sort(self) -> None:
        shown = self.grid.shown_columns()
        ordered = sorted(COLUMNS, key=lambda column: column not in shown)
        choices = {column.letter: column.title or "marks" for column in ordered}
        self._chooser.ask("sort by", choices, lambda letter: self.grid.sort_by(BY_LETTER[letter].id))
        self.rearrange()

    def action_threshold(self) -> None:
        self._ask_threshold("")

    def action_coin_threshold(self) -> None:
        if self.desk.coin:
            self._ask_threshold(self.desk.coin)
        else:
            self.desk.say("There is no coin selected", "warning")

    def _ask_threshold(self, base: str) -> None:
        desk = self.desk
        title = f"threshold of {base}, bps net" if base else "threshold, bps net"

        def hint(typed: str) -> str:
            bps = number(typed)
            if bps is None:
                return "empty = as all" if base and not typed.strip() else "not a number"
            row = desk.port.row(base) if base else None
            now = f"net now {text.signed(row.net_bps)}" if row is not None else _passing(desk, bps)
            return f"{now}   ↑↓ 0.5   enter   esc"

        self._ask(
            Question(
                title,
                f"{desk.port.threshold_bps(base):g}",
                lambda typed: desk.set_threshold(typed, base),
                hint=hint,
                step=0.5,
            )
        )

    def action_walk_size(self, direction: int) -> None:
        self.desk.step_walk_size(direction)
        self.tick_all()

    def action_type_walk_size(self) -> None:
        self._ask(Question("size, USD", f"{self.desk.port.walk_usd:g}", self.desk.set_walk_size, step=100.0))

    def action_pick_coin(self) -> None:
        coins = self.desk.order.known()
        if not coins:
            self.desk.say("There are no coins yet", "warning")
            return
        self._picker.ask(coins)
        self.rearrange()

    def _picker_closed(self, base: str | None) -> None:
        self.set_focus(self.panes[self._current], scroll_visible=False)
        if base is not None:
            self.go_to_coin(base)
        self.rearrange()

    def go_to_coin(self, base: str) -> None:
        """Bring a coin under the cursor, past the filter if that hides it."""
        if self.desk.order.filter.text and base not in self.desk.order.place:
            self._filter("")
        if self.grid.show_coin(base):
            self.tick_all()
        else:
            self.desk.say(f"{base} has no pair of quotes", "warning")

    # the rest

    def action_help(self) -> None:
        scopes = self._scopes()
        first: Scope = scopes[0] if scopes[0] != "screen" else "list" if self._listing else "screen"
        self.app.push_screen(HelpScreen(self.desk.theme, self._keymap, first))

    @property
    def _listing(self) -> bool:
        return isinstance(self.panes[self._current], ListPane)

    def action_repaint(self) -> None:
        self.refresh(layout=True)
        self.tick_all()

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self.tick_all)


def _passing(desk: Desk, bps: float) -> str:
    return f"{desk.order.clearing(bps)} of {desk.order.total} coins now"
