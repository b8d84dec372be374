"""Themes, ASCII, units and times on the running screen: each is changed while it runs, and holds everywhere at once."""

from __future__ import annotations

import html
import re
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from rich.color import ColorType
from textual.screen import Screen
from textual.widgets import Input

from arbtui.config import Settings
from arbtui.config.model import Ui
from arbtui.strategy.rows import SignalState
from arbtui.ui.fullscreen import FullScreen
from arbtui.ui.listscreen import ListScreen
from arbtui.ui.panes.line import LineWidget
from arbtui.ui.theme import DARK, LIGHT, THEMES
from tests.ui.dealer import Dealer, dealing
from tests.ui.fake_port import FakePort
from tests.ui.painted import rows_of
from tests.ui.seat import Seat, seated


def backgrounds(screen: Screen[object]) -> set[str]:
    """Every background that the screen's lines are painted on."""
    found = set()
    for widget in screen.query(LineWidget):
        if widget.region.area:
            for y in range(widget.size.height):
                for segment in widget.render_line(y):
                    assert segment.style is not None
                    assert segment.style.bgcolor is not None
                    found.add(segment.style.bgcolor.name)
    return found


async def test_another_theme_holds_at_once_for_lines_and_for_textual_s_own_widgets() -> None:
    async with seated(FakePort(5)) as seat:
        assert DARK.background in backgrounds(seat.app.screen)
        seat.app.desk.change_setting("ui.theme", "light")
        await seat.pass_s(0.4)
        assert backgrounds(seat.app.screen) <= {LIGHT.background, LIGHT.cursor_background, "#005f87"}
        assert seat.app.screen.background_colors[1].hex.lower() == LIGHT.background
        await seat.press("slash")
        field = next(iter(seat.app.screen.query(Input)))
        text = LIGHT.style("text").color
        assert text is not None
        assert field.styles.color.hex.lower() == text.name
        assert field.background_colors[1].hex.lower() == LIGHT.background


async def test_every_theme_can_be_taken_one_after_the_other() -> None:
    async with seated(FakePort(3), settings=Settings(ui=Ui(theme="red-green"))) as seat:
        assert seat.app.desk.theme.theme is THEMES["red-green"]
        for name in THEMES:
            seat.app.desk.change_setting("ui.theme", name)
            assert seat.app.desk.theme.theme is THEMES[name]
            assert seat.app.current_theme.name == f"arbtui-{name}"
            assert seat.app.native_ansi_color is (name == "ansi")
            assert len(await seat.rows()) == 40


async def test_the_ansi_theme_leaves_every_colour_to_the_terminal() -> None:
    async with seated(FakePort(3), settings=Settings(ui=Ui(theme="ansi"))) as seat:
        await seat.press("ctrl+k")
        await seat.pass_s(0.2)
        for widget in seat.app.screen.query(LineWidget):
            for y in range(widget.size.height if widget.region.area else 0):
                for segment in widget.render_line(y):
                    assert segment.style is not None
                    for color in (segment.style.color, segment.style.bgcolor):
                        assert color is None or color.type in (ColorType.DEFAULT, ColorType.STANDARD)
        assert seat.app.screen.styles.background.ansi == -1


async def test_under_no_color_a_theme_with_hues_is_kept_for_later_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with seated(FakePort(3)) as seat:
        seat.app.desk.change_setting("ui.theme", "light")
        assert seat.app.desk.theme.theme is THEMES["grey"]
        assert "NO_COLOR is set, so the theme stays grey and not light" in await seat.text()
        assert seat.port.setting("ui.theme") == "light"


# ASCII


ASCII = Settings(ui=Ui(ascii=True))


def beyond_ascii(seat: Seat) -> set[str]:
    """What the widgets paint beyond ASCII."""
    return {char for row in rows_of(seat.app) for char in row if ord(char) > 0x7E}


async def look_into_everything(dealer: Dealer) -> AsyncIterator[str]:
    """Every pane, every overlay and every full screen, one after the other."""
    main = dealer.seat.app.main_screen
    for pane in main.panes:
        main.run(f"pane.{pane}")
        await dealer.wait(0.1)
        yield f"pane {pane}"
    main.run("pane.grid")
    for name, key in (("filter", "slash"), ("sort", "s"), ("threshold", "t"), ("coin", "ctrl+k"), ("command", "colon")):
        await dealer.press(key, gap_s=0.1)
        yield name
        await dealer.press("escape", gap_s=0.1)
    await dealer.press("ctrl+p", gap_s=0.1)
    yield "palette"
    await dealer.press("escape", gap_s=0.1)
    seen: set[type[object]] = set()
    for action in ("help", "settings", "log.open", "threshold.list", "alert.list"):
        main.run(action)
        await dealer.wait(0.1)
        seen.add(type(dealer.seat.app.screen))
        yield action
        await dealer.press("escape", gap_s=0.1)
    assert seen == {screen for screen in full_screens(FullScreen) if screen is not ListScreen}


def full_screens(of: type[object]) -> set[type[object]]:
    """Every screen of its own that there is."""
    return {each for screen in of.__subclasses__() for each in (screen, *full_screens(screen))}


async def test_with_ascii_nothing_beyond_it_is_painted_anywhere() -> None:
    port = FakePort(12)
    port.given(ASCII)
    coin = port.board.coins["ETH"]
    coin.base = "币安"
    async with dealing(port=port) as dealer:
        port.raise_signal("BTC")
        port.raise_signal("SOL", SignalState.REJECTED, "too small: 300 USD")
        port.notice("unchanged — as the venue says: “maintenance”", "warning")
        async for where in look_into_everything(dealer):
            assert not beyond_ascii(dealer.seat), where
        await dealer.press("o", "enter", "y")
        await dealer.wait(1)
        assert not beyond_ascii(dealer.seat), "hedge"
        await dealer.press("escape", "6", "F")
        assert not beyond_ascii(dealer.seat), "open hedges"


async def test_with_ascii_frames_are_ascii_too() -> None:
    async with seated(FakePort(3), settings=ASCII) as seat:
        await seat.press("ctrl+k")
        svg = seat.app.export_screenshot()
        words = "".join(html.unescape(found) for found in re.findall(r"<text[^>]*>([^<]*)</text>", svg))
        assert "go to a coin" in words.replace("\xa0", " ")
        assert not {char for char in words if ord(char) > 0x7E and char != "\xa0"}


async def test_ascii_is_as_wide_and_can_be_changed_while_it_runs() -> None:
    async with seated(FakePort(8)) as seat:
        before = await seat.rows()
        seat.app.desk.change_setting("ui.ascii", "true")
        after = await seat.rows()
        assert not beyond_ascii(seat)
        assert [len(row) for row in after[:36]] == [len(row) for row in before[:36]]
        seat.app.desk.change_setting("ui.ascii", "false")
        assert (await seat.rows())[4:12] == before[4:12]


# unit and time


async def test_percent_holds_for_columns_titles_lines_filter_and_prompts() -> None:
    async with seated(FakePort(30)) as seat:
        best = seat.app.desk.order.bases[0]
        row = seat.port.row(best)
        assert row is not None
        assert row.net_bps is not None
        seat.app.desk.change_setting("ui.unit", "percent")
        text = await seat.text()
        assert f"{row.net_bps / 100:+.3f}".replace("-", "−") in text
        assert "0.05 %" in text
        await seat.press("slash", *"net>0.02", "enter")
        shown = seat.app.desk.order.bases
        assert shown == [base for base in shown if (seen := seat.port.row(base)) and (seen.net_bps or 0) > 2]
        before = set(shown)
        seat.app.desk.change_setting("ui.unit", "bps")
        assert set(seat.app.desk.order.bases) != before
        await seat.press("escape", "t")
        assert "bps" in (await seat.rows())[-2]


async def test_a_threshold_typed_in_percent_is_sent_in_basis_points() -> None:
    async with seated(FakePort(3), settings=Settings(ui=Ui(unit="percent"))) as seat:
        await seat.press("t", *"0.08", "enter")
        assert seat.port.threshold_bps() == pytest.approx(8.0)
        assert "0.08 %" in await seat.text()


@pytest.fixture
def in_katmandu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "KAT-05:45")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_katmandu")
async def test_local_time_is_shown_with_its_zone() -> None:
    async with seated(FakePort(3)) as seat:
        assert (await seat.rows())[0].endswith("00:53:20 UTC")
        seat.app.desk.change_setting("ui.time", "local")
        assert (await seat.rows())[0].endswith("06:38:20 KAT")
