"""The settings as rows and on their screen: found, explained, changed, refused, taken back."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from textual.screen import Screen

from arbtui.execution.words import Said
from arbtui.port import SetSetting, Setting
from arbtui.ui import completions, settings
from arbtui.ui.desk import Desk
from arbtui.ui.settingsscreen import SettingsScreen
from tests.ui.dealer import dealing
from tests.ui.fake_port import START_NS, FakePort
from tests.ui.painted import rows_of
from tests.ui.seat import Seat, seated

KEPT = Path(__file__).parent / "snapshots"
PLAIN = Setting(
    key="signals.samples",
    section="When a spread becomes a signal.",
    value="3",
    origin="default",
    kind="whole number",
    bounds="from 1 to 1,000",
    choices=(),
    about="So many looks in a row must pass.",
    default="3",
    beneath="",
    fixed="",
)
THEME = replace(PLAIN, key="ui.theme", section="The screen.", value='"light"', choices=("", "dark", "light"))
FIXED = replace(PLAIN, key="limits.order_usd", section="Limits.", value="1000.0", fixed="edit config.toml")
ALL = [PLAIN, replace(PLAIN, key="signals.thresholds.BTC"), FIXED, THEME]


# rows


def test_rows_stand_under_the_heading_of_their_section_once() -> None:
    rows = settings.rows(ALL, "")
    assert [row if isinstance(row, str) else row.key for row in rows] == [
        "[signals] When a spread becomes a signal.",
        "signals.samples",
        "signals.thresholds.BTC",
        "[limits] Limits.",
        "limits.order_usd",
        "[ui] The screen.",
        "ui.theme",
    ]


@pytest.mark.parametrize(
    ("words", "found"),
    [("order", ["limits.order_usd"]), ("LIGHT", ["ui.theme"]), ("looks row samples", ["signals.samples"]), ("x y", [])],
)
def test_a_row_is_found_by_all_words_in_key_value_or_sentence(words: str, found: list[str]) -> None:
    assert [row.key for row in settings.rows(ALL, words) if not isinstance(row, str)] == found


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("row", [*ALL, "[ui] The screen."], ids=str)
def test_a_row_is_no_wider_than_the_screen(row: settings.Row, width: int) -> None:
    if width >= 20:
        assert sum(len(words) for words, _ in settings.line(row, width, pointed=True)) <= width


def test_what_there_is_to_say_names_value_origin_range_default_and_what_can_be_done() -> None:
    changed = replace(PLAIN, value="9", origin="state (/x/state.toml)", beneath="4 config (/x/config.toml line 3)")
    said = settings.about(changed)
    assert said == (
        "signals.samples: So many looks in a row must pass (whole number, from 1 to 1,000; by default 3). "
        "Now 9, from state (/x/state.toml). Without your change: 4 config (/x/config.toml line 3)."
    )
    assert settings.about(FIXED).endswith("Edit config.toml.")


def test_choices_go_round_and_texts_are_typed_without_their_quotes() -> None:
    assert settings.typed_value(THEME) == "light"
    assert settings.next_choice(THEME) == ""
    assert settings.next_choice(THEME, -1) == "dark"
    assert settings.next_choice(replace(THEME, value="")) == "dark"
    assert settings.typed_value(PLAIN) == "3"


# the screen


async def opened(seat: Seat, words: str = "") -> None:
    seat.app.main_screen.run("settings", words)
    await seat.pilot.pause()
    assert isinstance(seat.app.screen, SettingsScreen)


def painted(seat: Seat) -> list[str]:
    return rows_of(seat.app)


async def test_every_setting_stands_there_with_value_and_origin_and_the_cursor_passes_headings_over() -> None:
    async with seated(FakePort(3)) as seat:
        await seat.press("comma")
        rows = painted(seat)
        assert "settings" in rows[0]
        assert rows[1].startswith(" [")
        assert rows[2].startswith("▸ enabled")
        await seat.press("G")
        last = seat.port.settings()[-1].key.rpartition(".")[2]
        assert any(row.startswith(f"▸ {last} ") for row in painted(seat))
        assert "Secrets are never shown" in "\n".join(painted(seat))
        await seat.press("g", "k")
        assert painted(seat)[2].startswith("▸ enabled")
        await seat.press("slash", *"hysteresis")
        assert painted(seat)[2].startswith("▸ hysteresis_bps")
        assert "1 found" in painted(seat)[-1]
        await seat.press("enter", "escape")
        assert f"{len(seat.port.settings())} keys" in painted(seat)[0]
        await seat.press("escape")
        assert seat.app.screen is seat.app.main_screen


async def test_words_that_nothing_has_leave_an_empty_list_in_which_every_key_does_nothing() -> None:
    async with seated(FakePort(3)) as seat:
        await seat.press("comma", "slash", *"zzzz")
        assert "No setting has these words" in painted(seat)[1]
        await seat.press("enter")
        for key in ("j", "k", "G", "g", "pagedown", "space", "left", "u", "enter"):
            await seat.press(key)
            assert "0 keys" in painted(seat)[0]
        await seat.press("escape")
        assert f"{len(seat.port.settings())} keys" in painted(seat)[0]


async def test_a_number_is_found_typed_and_in_effect_and_taken_back() -> None:
    async with seated(FakePort(3)) as seat:
        await opened(seat, "threshold_bps")
        assert any("threshold_bps" in row and row.startswith("▸") for row in painted(seat))
        await seat.press("enter")
        assert "above -10,000, below 10,000" in painted(seat)[-1]
        await seat.press("8", "enter")  # and not 5.08
        assert seat.port.sent[-1] == SetSetting("signals.threshold_bps", "8")
        assert seat.port.threshold_bps() == 8.0
        assert "signals.threshold_bps = 8.0" in "\n".join(painted(seat))
        await seat.press("u")
        assert seat.port.threshold_bps() == 5.0


async def test_what_is_out_of_range_is_refused_in_words_and_the_line_stays_open() -> None:
    async with seated(FakePort(3)) as seat:
        await opened(seat, "sample_ms")
        await seat.press("enter", "5", "enter")
        assert "from 10 to 60,000" in "\n".join(painted(seat))
        assert seat.port.setting("signals.sample_ms") == 500
        await seat.press("0", "0", "enter")
        assert seat.port.setting("signals.sample_ms") == 500


async def test_choices_change_at_a_key_and_the_screen_with_them() -> None:
    async with seated(FakePort(3)) as seat:
        await opened(seat, "ui.theme")
        await seat.press("enter")
        assert seat.app.desk.theme.theme.name == "dark"
        await seat.press("space")
        assert seat.app.desk.theme.theme.name == "light"
        await seat.press("left")
        assert seat.app.desk.theme.theme.name == "dark"


async def test_what_needs_a_restart_says_so_and_stays() -> None:
    async with seated(FakePort(3)) as seat:
        await opened(seat, "limits.order_usd")
        await seat.press("enter")
        assert "never changed by key: edit" in "\n".join(painted(seat))
        assert not any(isinstance(command, SetSetting) for command in seat.port.sent)


async def test_escape_steps_back_one_level_at_a_time() -> None:
    async with seated(FakePort(3)) as seat:
        await opened(seat, "theme")
        shown: Screen[object] = seat.app.screen
        await seat.press("escape")
        assert seat.app.screen is shown
        assert f"{len(seat.port.settings())} keys" in painted(seat)[0]
        await seat.press("escape")
        assert seat.app.screen is not shown


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (40, 8)], ids=str)
async def test_no_terminal_is_too_small_for_it(size: tuple[int, int]) -> None:
    async with seated(FakePort(1), *size) as seat:
        await opened(seat)
        await seat.press("j", "G", "enter", "slash", "a", "escape", "escape")
        assert seat.app.screen is seat.app.main_screen


async def test_an_alarm_is_seen_while_settings_are_open() -> None:
    async with dealing() as dealer:
        log = dealer.seat.app.desk.log
        assert log is not None
        await opened(dealer.seat)
        log.alarms.append(Said(START_NS, "mi6p000001", "the legs are unequal", alarm=True))
        await dealer.press("j")
        assert "ALARM" in painted(dealer.seat)[-1]
        assert "the legs are unequal" in painted(dealer.seat)[-1]


async def test_kill_works_while_settings_are_open() -> None:
    async with seated(FakePort(3)) as seat:
        await opened(seat)
        await seat.press("exclamation_mark")
        assert "no orders in this run" in await seat.text()


async def test_commands_change_settings_too_and_say_why_where_they_do_not() -> None:
    async with seated(FakePort(3)) as seat:
        run, setting = seat.app.main_screen.run, seat.port.setting
        for action, typed, key, value in (
            ("look.theme", "light", "ui.theme", "light"),
            ("look.theme", "", "ui.theme", "high-contrast"),
            ("look.unit", "percent", "ui.unit", "percent"),
            ("look.time", "local", "ui.time", "local"),
            ("look.ascii", "", "ui.ascii", True),
            ("settings.set", "signals.samples 4", "signals.samples", 4),
            ("settings.set", "signals.samples", "signals.samples", 3),
        ):
            assert not run(action, typed)
            assert setting(key) == value
        assert "takes one of" in run("look.theme", "neon")
        assert "there is no setting" in run("settings.set", "signals.nothing 4")
        assert await seat.rows()


def test_what_may_follow_a_command_is_offered() -> None:
    desk = cast("Desk", SimpleNamespace(port=FakePort(1)))
    assert "signals.samples" in completions.set_words(desk, ["sig"])
    assert "limits.order_usd" not in completions.set_words(desk, [""])
    assert list(completions.set_words(desk, ["ui.unit", ""])) == ["bps", "percent"]
    assert "light" in completions.choices_of("ui.theme")(desk, [""])


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_it_looks_as_it_is_meant_to(size: tuple[int, int]) -> None:
    async with seated(FakePort(3), *size) as seat:
        seat.app.desk.change_setting("signals.samples", "5")
        await opened(seat, "signals.")
        await seat.press("j", "j", "j")
        shown = "\n".join(painted(seat)) + "\n"
    path = KEPT / f"settings-{size[0]}x{size[1]}.txt"
    if os.environ.get("ARBTUI_SNAPSHOTS") == "write":
        path.write_text(shown)
    assert shown == path.read_text()
