"""Alerts on the screen: bell, title of the window, bottom line, log, and the prices that are set by command."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from arbtui.config import Settings
from arbtui.config.alerting import Alerts
from arbtui.core.alerts import AlertKind
from arbtui.core.clock import NS_PER_S
from arbtui.port import SetSetting
from arbtui.strategy.alerts import Level
from arbtui.ui.alertlevels import read
from arbtui.ui.calling import Calling
from arbtui.ui.completions import level_words, levels_set
from arbtui.ui.desk import Desk
from arbtui.ui.theme import Look
from tests.ui.fake_port import FakePort
from tests.ui.seat import seated
from tests.ui.terminal import SHELLS_TITLE, Terminal, guest


class Called:
    def __init__(self, **alerts: object) -> None:
        self.port = FakePort(3)
        self.port.given(Settings(alerts=Alerts.model_validate(alerts)))
        self.rings = 0
        self.titles: list[str] = []
        self.calling = Calling(self.port, self._ring, self.titles.append)

    def _ring(self) -> None:
        self.rings += 1

    def wait(self, seconds: float) -> None:
        self.port.time.advance_to(self.port.clock.now_ns() + round(seconds * NS_PER_S))


def test_the_bell_rings_for_the_kinds_that_were_chosen_and_not_more_often_than_said() -> None:
    called = Called(bell=("level",), bell_gap_s=5.0)
    called.port.alert(AlertKind.SIGNAL, "signal BTC")
    assert called.rings == 0
    for seconds in (0.0, 1.0, 3.9, 0.1):
        called.wait(seconds)
        called.port.alert(AlertKind.LEVEL, "BTC is at 90012.5")
    assert called.rings == 2


def test_what_is_changed_while_it_runs_counts_at_once() -> None:
    called = Called(bell=())
    called.port.alert(AlertKind.VENUE, "okx perp is down")
    assert called.rings == 0
    assert called.port.send(SetSetting("alerts.bell", "venue, level")).accepted
    called.port.alert(AlertKind.VENUE, "okx perp is down")
    assert called.rings == 1


def test_the_title_tells_the_newest_and_how_many_until_somebody_is_there() -> None:
    called = Called(title=("level", "signal"))
    called.calling.seen()
    assert called.titles == []
    called.calling.begin()
    assert called.titles.pop() == "arbtui DEMO"
    called.port.alert(AlertKind.VENUE, "okx perp is down")
    called.port.alert(AlertKind.LEVEL, "BTC is at 90012.5")
    called.port.alert(AlertKind.SIGNAL, "signal ETH\x1b]0;evil\x07" + "x" * 200)
    called.calling.seen()
    called.calling.seen()
    first, second, third = called.titles
    assert first == "BTC is at 90012.5 - arbtui"
    assert second.startswith("(2) signal ETH ]0;evil xxx")
    assert second.isprintable()
    assert len(second) < 100
    assert third == "arbtui DEMO"


# the bottom line and the log


def desk() -> Desk:
    return Desk(FakePort(3), Look(), lambda: 0.0)


def test_an_alert_stands_on_the_bottom_line_and_in_the_log() -> None:
    of = desk()
    port = of.port
    assert isinstance(port, FakePort)
    port.alert(AlertKind.HEDGE, "BTC h1: halted")
    word = of.last_word()
    assert word is not None
    assert (word.level, word.text) == ("error", "alert: BTC h1: halted")
    assert [(entry.source, entry.text) for entry in of.book.entries] == [("alert", "BTC h1: halted")]


def test_an_alert_does_not_cover_the_answer_to_a_key() -> None:
    of = desk()
    port = of.port
    assert isinstance(port, FakePort)

    def said() -> str:
        word = of.last_word()
        return word.text if word is not None else ""

    of.say("threshold 5 bps")
    port.time.advance_to(port.clock.now_ns() + NS_PER_S)
    port.alert(AlertKind.SIGNAL, "signal BTC")
    assert said() == "threshold 5 bps"
    port.time.advance_to(port.clock.now_ns() + 2 * NS_PER_S)
    assert said() == "alert: signal BTC"
    of.say("threshold 6 bps")
    assert said() == "threshold 6 bps"


# prices by command


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("BTC > 90000", Level("BTC", True, 90000.0)),
        ("btc>90k", Level("BTC", True, 90000.0)),
        ("btc < 0.00012", Level("BTC", False, 0.00012)),
        ("BTC", "'BTC' is not COIN > PRICE or COIN < PRICE, such as BTC > 90000"),
        ("BTC > ten", "'BTC > ten' is not COIN > PRICE or COIN < PRICE, such as BTC > 90000"),
        ("BTC > -1", "'BTC > -1' is not COIN > PRICE or COIN < PRICE, such as BTC > 90000"),
        ("NOCOIN > 1", "there is no coin 'NOCOIN'"),
    ],
)
def test_what_was_typed_is_a_level_or_it_is_said_why_not(typed: str, wanted: object) -> None:
    assert read(desk(), typed) == wanted


def test_a_level_is_completed_coin_by_sign_and_one_that_is_set_word_by_word() -> None:
    of = desk()
    of.coin = "ETH"
    assert list(level_words(of, [""]))[:2] == ["ETH", "BTC"]
    assert level_words(of, ["ETH", ""]) == (">", "<")
    assert level_words(of, ["ETH", ">", ""]) == ()
    of.port.send(SetSetting("alerts.levels", '["BTC > 5", "BTC < 3"]'))
    assert levels_set(of, [""]) == ["BTC"]
    assert levels_set(of, ["BTC", ""]) == [">", "<"]
    assert levels_set(of, ["BTC", "<", ""]) == ["3"]


async def test_the_list_of_prices_says_how_far_each_is_and_what_was_told_last() -> None:
    port = FakePort(6)
    async with seated(port, 100, 20, Settings(alerts=Alerts(levels=("BTC > 0.0000001", "ETH > 1000000")))) as seat:
        port.alert(AlertKind.LEVEL, "BTC is at 90012.5, at or above 1")
        await seat.press("N")
        await seat.pilot.pause()
        text = await seat.text()
    assert "last alert" in text
    assert "BTC is at 90012.5" in text
    assert "reached" in text
    assert "% from here" in text


# in a terminal


@pytest.fixture
def alerted() -> Iterator[Terminal]:
    terminal = Terminal(guest("--coins", "5", "--rate", "0", "--alert-after", "1.5"), 100, 30)
    yield terminal
    terminal.end()


def test_the_window_gets_its_title_and_its_bell_and_both_end_with_the_screen(alerted: Terminal) -> None:
    assert alerted.wait(lambda: "90012.5" in alerted.screen.title, 20), alerted.rows
    assert alerted.screen.title == "BTC is at 90012.5 ]0;evil  - arbtui"
    assert alerted.titles() == [SHELLS_TITLE, "arbtui DEMO", alerted.screen.title]
    assert b"\x07" in re.sub(rb"\x1b\]2;[^\x07]*\x07", b"", bytes(alerted.seen))
    alerted.keys("j")
    assert alerted.wait(lambda: alerted.screen.title == "arbtui DEMO")
    alerted.keys("q")
    assert alerted.wait(lambda: not alerted.alive())
    alerted.run(0.2)
    assert alerted.titles()[-1] == SHELLS_TITLE
    assert alerted.screen.title == "", "a terminal without a stack of titles keeps none of ours"
