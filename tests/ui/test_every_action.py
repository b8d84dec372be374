"""Every action of the registry is done by its own key (or its ``:`` word) and shown to do what it says.

``@proves`` names the actions that a test shows; the test fails if one of them was never run in it. An action that no
test names, or that nobody handles, fails ``test_every_action_has_a_handler_and_a_proof``.
"""

from __future__ import annotations

import pytest

from arbtui.port import ChooseLegs, ReplayControl, ReplayPosition, SetMute, SetThreshold, SetWalkSize
from arbtui.strategy.rows import SignalState
from arbtui.ui.actions import ACTIONS
from arbtui.ui.alertlevels import levels
from arbtui.ui.help import HelpScreen
from arbtui.ui.levelscreen import LevelScreen
from arbtui.ui.logview import LogScreen
from arbtui.ui.registry import Action
from arbtui.ui.settingsscreen import SettingsScreen
from arbtui.ui.thresholds import ThresholdScreen
from tests.ui import test_every_order_action
from tests.ui.fake_port import START_NS
from tests.ui.hands import PROVED, Hands, handled, proves

ELSEWHERE = (test_every_order_action,)  # their proofs count too


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_action_has_a_handler_and_a_proof(action: Action) -> None:
    assert action.id in handled()
    assert action.id in PROVED


# the grid and every list


@proves("list.down", "list.up", "list.top", "list.bottom", "list.page_down", "list.page_up", "list.half_down",
        "list.half_up")  # fmt: skip
async def test_moving_in_a_list(me: Hands) -> None:
    cursor = me.screen.grid.cursor
    me.screen.grid.tick(0.0)
    last = me.screen.grid.count - 1
    for action_id, at in (
        ("list.bottom", last), ("list.top", 0), ("list.down", 1), ("list.up", 0), ("list.half_down", None),
        ("list.half_up", 0), ("list.page_down", None), ("list.page_up", 0),
    ):  # fmt: skip
        await me.do(action_id)
        assert cursor.index == at if at is not None else cursor.index > 1, action_id


@proves("grid.filter", "grid.sort", "grid.reverse", "grid.hold", "grid.columns_right", "grid.columns_left", "back")
async def test_the_grid(me: Hands) -> None:
    await me.do("grid.filter")
    await me.press("s", "o", "l", "enter")
    assert me.desk.order.bases == ["SOL"]
    await me.do("back")
    assert len(me.desk.order.bases) == 12
    await me.do("grid.sort")
    await me.press("g")
    assert (me.desk.order.column, me.desk.order.reverse) == ("gross", False)
    await me.do("grid.reverse")
    assert me.desk.order.reverse
    await me.do("grid.hold")
    assert me.desk.order.held
    before = me.screen.grid.shown_columns()
    await me.do("grid.columns_right")
    await me.text()
    assert me.screen.grid.shown_columns() != before
    await me.do("grid.columns_left")
    await me.text()
    assert me.screen.grid.shown_columns() == before


@proves("mark.next", "mark.pin", "mark.mute", "mark.venue")
async def test_marks(me: Hands) -> None:
    coin = me.dealer.seat.coin
    await me.do("mark.next")
    assert me.pins() == (coin,)
    await me.do("mark.pin")
    assert not me.pins()
    await me.do("mark.mute")
    assert me.port.muted_coins == [coin]
    await me.do("mark.venue")
    await me.press("o")
    assert me.port.sent[-1] == SetMute(venue="okx")


# other panes


@proves("legs.buy", "legs.sell", "legs.best")
async def test_the_legs(me: Hands) -> None:
    await me.press("3", "j")
    await me.do("legs.buy")
    assert isinstance(me.port.sent[-1], ChooseLegs)
    assert me.port.legs is not None
    await me.press("j", "j")
    await me.do("legs.sell")
    assert me.port.legs[0] != me.port.legs[1]
    await me.do("legs.best")
    assert me.port.legs is None


@proves("signals.go")
async def test_a_signal_leads_to_its_coin(me: Hands) -> None:
    me.port.raise_signal("DOGE", SignalState.RAISED)
    await me.press("4")
    await me.do("signals.go")
    assert me.dealer.seat.coin == "DOGE"


@proves("positions.follow", "orders.follow")
async def test_a_line_leads_to_its_hedge(me: Hands) -> None:
    hedge = await me.dealer.open_one()
    await me.dealer.wait(2)
    await me.press("6")
    await me.do("positions.follow")
    assert me.dealer.hedge.hedge == hedge
    await me.press("escape", "7")
    await me.do("orders.follow")
    assert me.dealer.hedge.hedge == hedge


@proves("books.finer", "books.coarser", "chart.window", "chart.what", "chart.venue")
async def test_books_and_chart(me: Hands) -> None:
    before = await me.text()
    await me.do("books.coarser", "books.coarser", "books.coarser")
    assert await me.text() != before
    await me.do("books.finer", "books.finer", "books.finer")
    await me.press("8")
    first = await me.text()
    await me.do("chart.window")
    assert "60m" in await me.text()
    await me.do("chart.what")
    assert " premium " in await me.text()
    await me.do("chart.venue")
    assert await me.text() != first


@proves("pane.grid", "pane.books", "pane.legs", "pane.signals", "pane.feeds", "pane.positions", "pane.orders",
        "pane.chart", "pane.accounts", "pane.next", "pane.previous", "pane.zoom", "pane.layout", "pane.go")  # fmt: skip
async def test_panes(me: Hands) -> None:
    for pane in ("books", "legs", "signals", "feeds", "positions", "orders", "chart", "accounts", "grid"):
        await me.do(f"pane.{pane}")
        assert me.app.focused is me.screen.panes[pane]
    await me.do("pane.next")
    assert me.app.focused is me.screen.panes["books"]
    await me.do("pane.previous", "pane.zoom")
    assert list(me.screen.plan.panes) == ["grid"]
    await me.press("escape")
    shown = dict(me.screen.plan.panes)
    await me.do("pane.layout")
    await me.text()
    assert me.screen.plan.panes != shown
    await me.say("pane legs")
    assert me.app.focused is me.screen.panes["legs"]


# what is asked for


@proves("coin.pick", "picker.down", "picker.up", "picker.page_down", "picker.page_up", "picker.close")
async def test_the_coin_picker(me: Hands) -> None:
    await me.do("coin.pick")
    coins = list(me.screen.picker.found)
    await me.do("picker.down", "picker.down", "picker.up", "picker.page_down", "picker.page_up", "picker.down")
    await me.press("enter")
    assert me.dealer.seat.coin == coins[1]
    await me.do("coin.pick", "picker.close")
    assert not me.screen.asking


@proves("threshold.all", "threshold.coin", "threshold.list", "thresholds.change", "thresholds.remove",
        "thresholds.close", "line.up", "line.down", "line.back")  # fmt: skip
async def test_thresholds(me: Hands) -> None:
    coin = me.dealer.seat.coin
    await me.do("threshold.all", "line.up", "line.up", "line.down")
    await me.press("enter")
    assert me.port.sent[-1] == SetThreshold(5.5, "")
    await me.do("threshold.all", "line.back")
    assert not me.screen.asking
    await me.do("threshold.coin")
    await me.press("7", "enter")
    assert me.port.sent[-1] == SetThreshold(7.0, coin)
    await me.do("threshold.list")
    assert isinstance(me.app.screen, ThresholdScreen)
    await me.do("thresholds.change")
    await me.press("9", "enter")
    assert me.port.sent[-1] == SetThreshold(9.0, coin)
    await me.do("thresholds.remove")
    assert coin not in me.port.threshold_entries()
    await me.do("thresholds.close")
    assert me.top() is me.screen


def levels_of(me: Hands) -> list[str]:
    return [level.text for level in levels(me.desk)]


@proves("alert.level", "alert.remove", "alert.list", "alerts.add", "alerts.remove", "alerts.close")
async def test_price_alerts(me: Hands) -> None:
    coin = me.dealer.seat.coin
    await me.say(f"alert {coin.lower()}>90k")
    assert levels_of(me) == [f"{coin} > 90000"]
    await me.do("alert.list")
    assert isinstance(me.app.screen, LevelScreen)
    await me.do("alerts.add")
    await me.press("7", "enter")
    assert levels_of(me) == [f"{coin} > 90000", f"{coin} > 7"]
    await me.do("alerts.remove", "alerts.close")
    assert me.top() is me.screen
    assert levels_of(me) == [f"{coin} > 7"]
    await me.say(f"unalert {coin} > 7")
    assert levels_of(me) == []


@proves("size.down", "size.up", "size.type")
async def test_sizes(me: Hands) -> None:
    await me.do("size.up")
    assert me.port.sent[-1] == SetWalkSize(2000.0)
    await me.do("size.down")
    assert me.port.sent[-1] == SetWalkSize(1000.0)
    await me.do("size.type")
    await me.press("7", "enter")
    assert me.port.sent[-1] == SetWalkSize(7.0)


@proves("command", "palette", "line.next", "line.previous")
async def test_commands(me: Hands) -> None:
    await me.do("command")
    await me.press("p", "a", "n")
    await me.do("line.next", "line.next", "line.previous")
    assert ": pane" in await me.text()
    await me.press("escape")
    await me.do("palette")
    await me.press(*"zoom", "enter")
    assert me.ran[-1] == "pane.zoom"


# orders


@proves("help", "help.find", "help.down", "help.up", "help.page_down", "help.page_up", "help.close")
async def test_help(me: Hands) -> None:
    await me.do("help")
    screen = me.app.screen
    assert isinstance(screen, HelpScreen)
    first = screen.page.shown
    for down, up in (("help.down", "help.up"), ("help.page_down", "help.page_up")):
        await me.do(down)
        assert screen.page.shown != first
        await me.do(up)
        assert screen.page.shown == first
    await me.do("help.find")
    await me.press(*"zoom", "enter")
    shown = ["".join(words for words, _ in line) for line in screen.page.shown]
    assert any("the pane alone, and back" in line for line in shown)
    assert not any("kill switch" in line for line in shown)
    await me.press("escape")
    assert screen.page.shown == first
    await me.do("help.close")
    assert me.top() is me.screen


@proves("log.open", "log.search", "log.next", "log.previous", "log.level", "log.follow", "log.copy", "log.export",
        "log.close")  # fmt: skip
async def test_the_log(me: Hands) -> None:
    for number in range(6):
        me.port.notice(f"frame {number} came late", "warning" if number % 2 else "info")
    await me.do("log.open")
    screen = me.app.screen
    assert isinstance(screen, LogScreen)
    await me.do("log.search")
    await me.press(*"frame", "enter")
    await me.do("log.previous")
    above = screen.view.cursor
    await me.do("log.next")
    assert screen.view.cursor != above
    await me.do("log.follow")
    assert screen.view.cursor is None
    await me.do("log.copy")
    assert me.app.clipboard == "frame 5 came late"
    await me.do("log.export")
    assert me.desk.book.entries[-1].text == "there is no folder to write to in this run"
    level = screen.view.level
    await me.do("log.level")
    assert screen.view.level != level
    await me.press("escape")
    await me.do("log.close")
    assert me.top() is me.screen


@proves("settings", "settings.change", "settings.next", "settings.previous", "settings.reset", "settings.find",
        "settings.close", "settings.set", "look.theme", "look.unit", "look.time", "look.ascii")  # fmt: skip
async def test_settings(me: Hands) -> None:
    await me.do("settings")
    assert isinstance(me.app.screen, SettingsScreen)
    await me.do("settings.find")
    await me.press(*"ui.unit", "enter")
    await me.do("settings.next")
    assert me.port.setting("ui.unit") == "percent"
    await me.do("settings.previous")
    assert me.port.setting("ui.unit") == "bps"
    await me.do("settings.reset", "settings.change")
    await me.press("escape")
    await me.do("settings.close")
    assert me.top() is me.screen
    await me.say("set signals.samples 4")
    assert me.port.setting("signals.samples") == 4
    for action_id, typed, key, value in (
        ("look.theme", "theme light", "ui.theme", "light"), ("look.unit", "unit percent", "ui.unit", "percent"),
        ("look.time", "time local", "ui.time", "local"), ("look.ascii", "ascii true", "ui.ascii", True),
        ("look.unit", "unit bps", "ui.unit", "bps"), ("look.time", "time utc", "ui.time", "utc"),
        ("look.ascii", "ascii false", "ui.ascii", False),
    ):  # fmt: skip
        await me.say(typed)
        assert me.ran[-1] == action_id
        assert me.port.setting(key) == value


# the rest


@proves("replay.pause", "replay.frame", "replay.second", "replay.slower", "replay.faster", "replay.speed")
async def test_a_replay(me: Hands) -> None:
    me.port.mode = "REPLAY"
    me.port.replay = ReplayPosition(START_NS, START_NS, 4512, 1.0, paused=False, ended=False)
    await me.do("replay.pause", "replay.frame", "replay.second", "replay.faster", "replay.slower")
    await me.say("speed 10")
    assert [command.do for command in me.port.sent if isinstance(command, ReplayControl)] == [
        "pause", "frame", "second", "speed", "speed", "speed",
    ]  # fmt: skip


@proves("copy.row", "copy.pane", "copy.csv")
async def test_copies(me: Hands) -> None:
    await me.do("copy.row")
    assert me.dealer.seat.coin in me.app.clipboard
    await me.do("copy.pane")
    assert len(me.app.clipboard.splitlines()) > 5
    await me.do("copy.csv")
    said = me.desk.last_word()
    assert said is not None
    assert said.text == "there is no folder to write to in this run"


@proves("repaint", "interrupt", "suspend", "quit")
async def test_the_whole_program(me: Hands) -> None:
    await me.do("repaint", "suspend")
    assert me.app.is_running
    await me.do("interrupt")
    assert "again within two seconds" in await me.text()
    await me.do("quit")
    await me.dealer.seat.pilot.pause()
    assert me.app.return_value is not None
