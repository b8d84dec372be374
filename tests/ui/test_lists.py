"""Lists and what is done with their rows: marks, copies, columns, the log, the thresholds, the keys of a replay."""

from __future__ import annotations

import csv
import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from arbtui.lines.exports import Exports
from arbtui.port import ReplayControl, ReplayPosition, SetMute, SetThreshold
from arbtui.strategy.rows import SignalState
from arbtui.ui.logbook import following
from arbtui.ui.logview import LogScreen
from arbtui.ui.muting import letters_for
from arbtui.ui.replaykeys import next_speed, words
from arbtui.ui.thresholds import ThresholdScreen
from tests.ui.dealer import dealing
from tests.ui.fake_port import START_NS, FakePort
from tests.ui.seat import Seat, seated


def last_word(seat: Seat) -> str:
    said = seat.app.desk.last_word()
    assert said is not None
    return said.text


def only(folder: Path) -> Path:
    """The one file that is there."""
    (path,) = folder.iterdir()
    return path


async def written(seat: Seat) -> None:
    """What is copied has reached its file."""
    writing = [worker for worker in seat.app.workers if worker.group == "copy"]
    if writing:  # of none, all would be waited for
        await seat.app.workers.wait_for_complete(writing)


# marks


async def test_a_coin_goes_from_pinned_to_muted_and_back_and_a_pinned_one_stays_on_top() -> None:
    async with seated() as seat:
        await seat.press("G")
        coin, desk = seat.coin, seat.app.desk
        assert desk.order.place[coin] == len(desk.order.bases) - 1
        await seat.press("m")
        assert list(desk.pins) == [coin]
        assert desk.order.bases[0] == coin
        assert seat.coin == coin, "the cursor goes with its coin"
        await seat.press("g")
        assert f"▸^{coin}" in await seat.text()
        await seat.press("m")
        assert not desk.pins
        assert seat.port.sent[-1] == SetMute(base=coin)
        await seat.pass_s(2.5)
        assert f"{coin} is muted by you" in await seat.text(), "the reason stands below"
        await seat.press("m")
        assert seat.port.muted_coins == []


async def test_pins_are_kept_for_the_next_start_and_a_muted_coin_has_no_ticket() -> None:
    port = FakePort(30)
    async with seated(port) as seat:
        await seat.press("j", "j", "m")
        pinned = seat.coin
    async with seated(port) as seat:
        assert seat.app.desk.pins == (pinned,)
        assert seat.app.desk.order.bases[0] == pinned
    async with dealing() as dealer:
        dealer.port.muted_coins.append(dealer.seat.coin)
        await dealer.press("o")
        assert not dealer.seat.app.main_screen.panel.open
        assert "muted by you: no ticket" in last_word(dealer.seat)


async def test_a_venue_is_muted_by_its_letter_and_by_command() -> None:
    async with seated() as seat:
        await seat.press("M")
        assert "o okx" in (await seat.rows())[-2]
        await seat.press("o")
        assert seat.port.muted_venues == ["okx"]
        await seat.press("M")
        assert "okx (muted)" in (await seat.rows())[-2]
        await seat.press("o")
        assert seat.port.muted_venues == []
        run = seat.app.main_screen.run
        assert run("mark.venue", "okx off") == ""
        assert run("mark.venue", "okx off") == ""
        assert seat.port.muted_venues == ["okx"]
        assert run("mark.venue", "ok on") == ""
        assert seat.port.muted_venues == []
        assert "'b' is no venue of this run" in run("mark.venue", "b off"), "three begin with it"
        assert "say on or off" in run("mark.venue", "okx maybe")
        assert "there is no coin NOPE" in run("mark.mute", "nope")
        assert run("mark.mute", "btc") == ""
        assert seat.port.muted_coins == ["BTC"]
        assert run("mark.pin", "eth") == ""
        assert seat.app.desk.pins == ("ETH",)


def test_every_venue_gets_a_letter_of_its_own() -> None:
    names = ["binance", "bybit", "bitget", "okx", "b", "bb"]
    letters = letters_for(names)
    assert sorted(letters.values()) == sorted(names)
    assert letters["o"] == "okx"


async def test_a_refused_mute_is_said() -> None:
    async with seated() as seat:
        seat.port.refuse = "another arbtui keeps the settings"
        seat.app.main_screen.run("mark.mute", "btc")
        assert last_word(seat) == "another arbtui keeps the settings"


# the filter's states on the screen


async def test_the_filter_knows_pinned_coins_signals_and_open_hedges() -> None:
    async with seated() as seat:
        seat.port.raise_signal("SOL")
        await seat.press("m", "slash", *"signal", "enter")
        assert seat.app.desk.order.bases == ["SOL"]
        await seat.press("slash", *(["backspace"] * 6), *"pinned", "enter")
        assert seat.app.desk.order.bases == list(seat.app.desk.pins)
    async with dealing() as dealer:
        await dealer.open_one()
        opened = dealer.seat.coin
        await dealer.press("slash", "o", "p", "e", "n", "enter")
        assert dealer.seat.app.desk.order.bases == [opened]


async def test_a_wrong_word_is_named_with_its_place_while_it_is_typed() -> None:
    async with seated() as seat:
        await seat.press("slash", *"btc", "space", *"buy:okkx")
        assert 'at 5: no venue begins with "okkx"; the nearest is "okx"' in (await seat.rows())[-2]


# columns


async def test_columns_that_have_no_room_are_a_key_away_and_the_sorted_one_is_always_there() -> None:
    async with seated(width=80, height=24) as seat:
        assert "columns 1/" in await seat.text()
        seen: set[str] = set()
        grid = seat.app.main_screen.grid
        for _ in range(6):
            await seat.rows()
            seen |= {column.id for column in grid.shown_columns()}
            assert {"symbol", "net"} <= {column.id for column in grid.shown_columns()}
            await seat.press("right")
        assert {"carry", "vol", "rt", "fees", "walk", "ask", "bid", "why"} <= seen
        await seat.press("left")
        grid.sort_by("vol")
        await seat.pass_s(0.4)
        await seat.rows()
        assert "vol" in {column.id for column in grid.shown_columns()}


# copies


async def test_a_row_goes_to_the_clipboard_and_to_a_file_that_is_named(tmp_path: Path) -> None:
    async with seated(exports=Exports(tmp_path / "out")) as seat:
        await seat.press("y")
        await written(seat)
        row = json.loads((tmp_path / "out" / "copied.jsonl").read_text())
        assert row["row"]["base"] == seat.coin
        assert row["text"] == seat.app.clipboard
        assert f" {seat.coin} buy " in seat.app.clipboard
        assert last_word(seat) == f"the row is copied: {tmp_path / 'out' / 'copied.jsonl'}"


@pytest.mark.parametrize("pane", ["grid", "legs", "signals", "feeds", "orders", "positions", "books", "accounts"])
async def test_every_list_exports_all_its_rows(pane: str, tmp_path: Path) -> None:
    port = FakePort(30)
    port.raise_signal("BTC")
    async with seated(port, exports=Exports(tmp_path)) as seat:
        seat.app.main_screen.run(f"pane.{pane}")
        await seat.press("E")
        await written(seat)
        path = only(tmp_path)
        assert str(path) in last_word(seat)
        with path.open(newline="") as file:
            rows = list(csv.reader(file))
        count = {
            "grid": 30,
            "legs": 10,
            "signals": 1,
            "feeds": 10,
            "orders": 0,
            "positions": 0,
            "books": 80,
            "accounts": 0,
        }[pane]
        assert len(rows) == count + 1
        assert all(len(row) == len(rows[0]) for row in rows)


async def test_a_pane_is_copied_as_it_stands_on_the_screen(tmp_path: Path) -> None:
    async with seated(exports=Exports(tmp_path)) as seat:
        shown = await seat.rows()
        await seat.press("Y")
        await written(seat)
        path = only(tmp_path)
        width = seat.app.main_screen.grid.size.width
        copied = path.read_text().splitlines()
        assert copied[1:10] == [row[:width].rstrip() for row in shown[3:12]]
        assert seat.app.clipboard == path.read_text()


async def test_without_a_row_or_a_folder_nothing_is_said_to_be_copied(tmp_path: Path) -> None:
    async with seated(FakePort(0), exports=Exports(tmp_path)) as seat:
        await seat.press("y")
        assert last_word(seat) == "there is no row under the cursor to copy"
    async with seated() as seat:
        await seat.press("E")
        assert last_word(seat) == "there is no folder to write to in this run"
    (tmp_path / "file").write_text("")
    async with seated(exports=Exports(tmp_path / "file")) as seat:
        await seat.press("E")
        await written(seat)
        assert "cannot be written" in last_word(seat)


# the log


async def test_the_log_shows_notices_results_and_what_was_logged_and_is_searched(tmp_path: Path) -> None:
    port = FakePort(10)
    port.notice("okx is down", "warning")
    async with seated(port, exports=Exports(tmp_path)) as seat:
        with following(seat.app.desk.book):
            logging.getLogger("arbtui.net.feed").error("a frame was cut")
        seat.app.desk.say("size 2,000 USD")
        for number in range(60):
            port.notice(f"line {number}")
        await seat.press("L")
        screen = seat.app.screen
        assert isinstance(screen, LogScreen)
        screen.show()
        await seat.pilot.pause()
        assert "line 59" in shown(screen)
        assert "follows the newest" in shown(screen)
        await seat.press("slash", *"frame", "enter")
        assert "ERROR   a frame was cut" in shown(screen)
        assert "/frame → 1" in shown(screen)
        await seat.press("l")
        assert [entry.text for entry in screen.view.chosen(seat.app.desk.book.entries)] == [
            "okx is down",
            "a frame was cut",
        ]
        await seat.press("l", "l", "f")
        port.notice("newest")
        screen.show()
        assert "newest" in shown(screen)
        await seat.press("g")
        assert "okx is down" in shown(screen)
        assert "stands still" in shown(screen)
        await seat.press("y", "E")
        await written(seat)
        assert seat.app.clipboard == "okx is down"
        assert json.loads((tmp_path / "copied.jsonl").read_text())["row"]["level"] == "warning"
        (tmp_path / "copied.jsonl").unlink()
        assert "warning engine: okx is down\n" in only(tmp_path).read_text()
        await seat.press("escape")
        assert screen.view.words == ""
        await seat.press("escape")
        assert seat.app.screen is seat.app.main_screen


def shown(screen: LogScreen | ThresholdScreen) -> str:
    return "\n".join("".join(words for words, _ in line) for line in screen.page.shown)


async def test_leaving_the_search_leaves_the_cursor_where_it_was() -> None:
    async with seated(FakePort(5)) as seat:
        for number in range(30):
            seat.port.notice(f"line {number}")
        await seat.press("L", "k", "k")
        screen = seat.app.screen
        assert isinstance(screen, LogScreen)
        before = screen.view.cursor
        await seat.press("slash", *"line 3")
        assert screen.view.cursor != before
        await seat.press("escape")
        assert (screen.view.cursor, screen.view.words) == (before, "")
        assert seat.app.screen is screen


# thresholds


async def test_thresholds_of_coins_are_listed_changed_and_removed() -> None:
    port = FakePort(10)
    port.send(SetThreshold(7.5, "ETH"))
    port.send(SetThreshold(-90.0, "SOL"))
    async with seated(port) as seat:
        seat.app.main_screen.run("threshold.list")
        await seat.pilot.pause()
        screen = seat.app.screen
        assert isinstance(screen, ThresholdScreen)
        screen.show()
        assert "all others: 5 bps net" in shown(screen)
        assert "ETH" in shown(screen)
        assert "passes" in shown(screen)
        await seat.press("enter", "9", "enter")
        assert port.threshold_bps("ETH") == 9.0
        await seat.press("j", "x")
        assert "SOL" not in port.threshold_entries()
        await seat.press("k", "x")
        assert "No coin has a threshold of its own" in shown(screen)
        await seat.press("x", "enter", "escape")
        assert seat.app.screen is seat.app.main_screen


# signals


async def test_a_raise_says_whether_it_stands_when_it_went_and_what_was_not_raised_says_why() -> None:
    port = FakePort(10)
    async with seated(port, width=200, height=50) as seat:
        raised = port.raise_signal("BTC")
        port.time.advance_to(START_NS + 12_000_000_000)
        port.raise_signal("ETH", SignalState.REJECTED, "fell to 3.0 bps within 400 ms")
        await seat.pass_s(1)
        text = await seat.text()
        assert "raised, stands for 12s" in text
        assert "not raised, fell to 3.0 bps within 400 ms" in text
        cleared = port.raise_signal("BTC", SignalState.CLEARED, "fell below")
        port.clear(cleared, raised)
        await seat.pass_s(1)
        text = await seat.text()
        assert "raised, gone after 12.0 s" in text
        assert "cleared, held 1.5 s, fell below" in text, "its end has its own reason, and not the raise's fate"
        assert "gone after 0.0 s" not in text


async def test_a_signal_that_a_hedge_was_opened_from_says_so() -> None:
    async with dealing(200, 50) as dealer:
        dealer.port.raise_signal(dealer.seat.coin)
        hedge = await dealer.open_one()
        await dealer.wait(1)
        assert f"FIRED {hedge}" in await dealer.text()
        await dealer.press("4")
        assert f"FIRED {hedge}" in "\n".join((await dealer.seat.rows())[-6:]), "and the line below says it in full"


# a replay


def playing(**changes: Any) -> ReplayPosition:
    at = ReplayPosition(START_NS, START_NS + 83_400_000_000, 4512, 1.0, paused=False, ended=False)
    return replace(at, **changes)


async def test_a_replay_is_paused_stepped_and_sped_up_by_keys() -> None:
    port = FakePort(10)
    port.mode, port.replay = "REPLAY", playing()
    async with seated(port) as seat:
        assert "+1:23.4 4,512 records" in (await seat.rows())[0]
        assert (await seat.rows())[-1].startswith(" r pause  . ; step  - + pace")
        await seat.press("r", "r", "full_stop", "semicolon", "plus", "minus", "minus")
        assert [command for command in port.sent if isinstance(command, ReplayControl)] == [
            ReplayControl("pause"),
            ReplayControl("continue"),
            ReplayControl("frame"),
            ReplayControl("second"),
            ReplayControl("speed", 2.0),
            ReplayControl("speed", 1.0),
            ReplayControl("speed", 0.5),
        ]
        run = seat.app.main_screen.run
        assert run("replay.speed", "max") == ""
        assert port.sent[-1] == ReplayControl("speed", None)
        assert run("replay.speed", "x25") == ""
        assert port.sent[-1] == ReplayControl("speed", 25.0)
        assert "is not a speed" in run("replay.speed", "fast")


async def test_a_recording_that_ends_without_a_coin_says_so() -> None:
    port = FakePort(0)
    port.mode, port.replay = "REPLAY", playing(ended=True, records=0)
    async with seated(port, 60, 16) as seat:
        text = " ".join((await seat.text()).split())
        assert "The recording has ended: 0 records, no coin with quotes on two venues. q leaves." in text


async def test_live_data_has_no_such_keys() -> None:
    async with seated() as seat:
        assert "pause" not in (await seat.rows())[-1]
        await seat.press("r", "full_stop")
        assert not any(isinstance(command, ReplayControl) for command in seat.port.sent)
        assert "only a recording" in last_word(seat)


def test_speeds_go_step_by_step_and_stay_at_the_ends() -> None:
    assert next_speed(1.0, 1) == 2.0
    assert next_speed(3.0, 1) == 5.0
    assert next_speed(100.0, 1) is None
    assert next_speed(None, 1) is None
    assert next_speed(None, -1) == 100.0
    assert next_speed(0.1, -1) == 0.1


def test_where_a_replay_stands_is_told_in_words() -> None:
    assert words(playing()) == "x1 +1:23.4 4,512 records"
    assert words(playing(paused=True, speed=None)) == "paused max +1:23.4 4,512 records"
    assert words(playing(ended=True)).startswith("ended")


async def test_a_filter_that_hides_the_coin_puts_the_cursor_on_the_best_row_and_esc_brings_the_coin_back() -> None:
    async with seated() as seat:
        await seat.press("end")
        last = seat.coin
        await seat.press("slash", *("x" if last != "XRP" else "b"))
        rows = await seat.rows()
        assert seat.coin == seat.app.desk.order.bases[0] != last
        assert rows[4].startswith("▸")
        await seat.press("escape")
        assert seat.coin == last
        assert any(row.startswith(f"▸ {last}") for row in await seat.rows())


async def test_the_cursor_is_in_sight_after_a_filter_that_its_coin_passes() -> None:
    async with seated(width=80, height=24) as seat:
        await seat.press("end")
        last = seat.coin
        await seat.press("slash", *last[0].lower(), "enter")
        assert seat.coin == last
        assert any(row.startswith(f"▸ {last}") for row in await seat.rows())
