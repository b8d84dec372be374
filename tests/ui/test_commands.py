"""``:`` commands and the palette: what was typed, what it may become, what never comes out of a paste."""

from __future__ import annotations

import pytest
from textual.events import Key, Paste

from arbtui.core.model import Market
from arbtui.port import Command, SelectCoin, SetThreshold, SetWalkSize
from arbtui.ui import commands
from arbtui.ui.actions import BY_ID
from arbtui.ui.confirm import Rhythm
from tests.ui.dealer import dealing
from tests.ui.fake_port import FakePort
from tests.ui.seat import Seat, seated


async def say(seat: Seat, typed: str) -> None:
    """Type a line after the colon, by hand."""
    await seat.press("colon", *("space" if letter == " " else letter for letter in typed))
    seat.pass_by(1.0)
    await seat.press("enter")


def sent(seat: Seat) -> Command:
    """The latest command."""
    return seat.port.sent[-1]


# pure


def test_a_command_is_its_word_or_its_id_and_what_follows_is_its_argument() -> None:
    assert commands.parse("threshold 4 SOL") == (BY_ID["threshold.all"], "4 SOL")
    assert commands.parse(" threshold.all ") == (BY_ID["threshold.all"], "")
    assert commands.parse("kill") == (BY_ID["order.kill"], "")


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("treshold 4", 'there is no command "treshold"; the nearest is "threshold"'),
        ("x" * 10_000, 'there is no command "xxxxxxxxxxxxxxxxxxxxxxx…"; the nearest is '),
        ("help me", '"help" takes nothing after it'),
        ("pane", '"pane" wants NAME'),
        ("KILL", 'there is no command "KILL"'),
    ],
)
def test_a_wrong_command_says_what_is_wrong_and_the_nearest_right_one(typed: str, why: str) -> None:
    found = commands.parse(typed)
    assert isinstance(found, str)
    assert found.startswith(why)


def test_commands_are_found_by_the_beginning_then_by_letters_then_by_what_they_do() -> None:
    words = [action.word for action in commands.find("th")]
    assert words[0].startswith("th")
    assert "threshold" in [action.word for action in commands.find("thrs")]
    assert BY_ID["order.kill"] in commands.find("disarm")
    assert BY_ID["order.kill"] not in commands.find("disarm", named=True)
    assert commands.find("xqz") == []
    assert len(commands.find("")) == len(commands.COMMANDS)


def test_the_history_keeps_a_line_once_and_the_latest_last() -> None:
    assert commands.after(["a", "b"], "a") == ["b", "a"]
    assert len(commands.after([str(number) for number in range(60)], "x")) == 50


def test_a_text_was_typed_if_most_of_its_keys_came_one_by_one_and_nothing_was_pasted() -> None:
    rhythm = Rhythm()

    def type_at(*times: float) -> bool:
        for at in times:
            rhythm.key(at)
        return rhythm.typed(len(times) - 1)

    rhythm.begin_text()
    assert type_at(1.0, 1.1, 1.2, 1.3, 1.8)
    rhythm.begin_text()
    assert type_at(2.0, 2.1, 2.1, 2.2, 2.8), "a slow line brings some together"
    rhythm.begin_text()
    assert not type_at(3.0, 3.0, 3.0, 3.0, 3.8), "a paste that the terminal did not mark"
    rhythm.begin_text()
    assert type_at(4.0, 4.1, 4.2)
    assert not rhythm.calm, "enter not by itself"
    rhythm.begin_text()
    rhythm.paste(5.0)
    assert not type_at(6.0, 7.0)


# on the screen


async def test_commands_with_an_argument_do_what_their_keys_ask_for() -> None:
    async with seated() as seat:
        await say(seat, "threshold 4.5")
        assert sent(seat) == SetThreshold(4.5, "")
        await say(seat, "threshold 3 sol")
        assert sent(seat) == SetThreshold(3.0, "SOL")
        await say(seat, "size 500")
        assert sent(seat) == SetWalkSize(500.0)
        await say(seat, "coin doge")
        assert seat.coin == "DOGE"
        await say(seat, "sort gross")
        assert seat.app.desk.order.column == "gross"
        await say(seat, "filter btc")
        assert seat.app.desk.order.bases == ["BTC"]
        await say(seat, "pane signals")
        assert seat.app.focused is seat.app.main_screen.panes["signals"]
        await say(seat, "help")
        assert seat.app.screen is not seat.app.main_screen


async def test_a_line_that_cannot_be_done_stays_open_and_says_why() -> None:
    async with seated() as seat:
        for typed, why in (
            ("treshold 4", 'the nearest is "threshold"'),
            ("threshold x", "'x' is not a threshold"),
            ("threshold 4 NOPE", "there is no coin 'NOPE'"),
            ("pane nope", "there is no pane 'nope'"),
            ("order", "no orders in this run"),
        ):
            await say(seat, typed)
            assert why in await seat.text(), typed
            await seat.press("escape")
        assert not any(isinstance(command, SetThreshold) for command in seat.port.sent)


async def test_a_coin_is_meant_in_any_case_and_its_name_is_as_wide_as_it_is() -> None:
    port = FakePort(2)
    for name in ("feUSD", "币安人生"):
        port.list_coin(name, tuple(Market))
    async with seated(port) as seat:
        await say(seat, "threshold 4 feusd")
        assert sent(seat) == SetThreshold(4.0, "feUSD")
        await say(seat, "coin 币安人生")
        await seat.press("T")
        assert "threshold of 币安人生, bps net 5" in await seat.text()


async def test_tab_completes_commands_and_arguments_and_what_may_follow_is_offered() -> None:
    async with seated() as seat:
        await seat.press("colon", *"pan")
        text = await seat.text()
        assert "pane NAME" in text
        assert "a pane by its name" in text
        await seat.press("tab")
        assert ": pane" in await seat.text()
        await seat.press("escape", "colon", *"pane", "space", *"sig", "tab")
        await seat.pilot.pause()
        seat.pass_by(1.0)
        await seat.press("enter")
        assert seat.app.focused is seat.app.main_screen.panes["signals"]


async def test_earlier_lines_come_back_with_the_up_arrow() -> None:
    async with seated() as seat:
        await say(seat, "size 500")
        await say(seat, "size 700")
        await seat.press("colon", "up", "up")
        seat.pass_by(1.0)
        await seat.press("enter")
        assert sent(seat) == SetWalkSize(500.0)


async def test_keys_of_one_burst_are_taken_in_the_order_in_which_they_were_typed() -> None:
    async with seated() as seat:
        for key, letter in (("colon", ":"), ("z", "z"), ("o", "o"), ("tab", None), ("escape", None), ("colon", ":"),
                            ("s", "s"), ("i", "i"), ("z", "z"), ("tab", None)):  # fmt: skip
            seat.app.post_message(Key(key, letter))
        await seat.pilot.pause()
        assert ": size" in await seat.text()
        assert list(seat.app.main_screen.plan.panes) != ["grid"], "z belonged to the line"


async def test_the_palette_finds_by_letters_shows_keys_and_reasons_and_runs() -> None:
    async with seated() as seat:
        await seat.press("ctrl+p")
        assert "do something" in await seat.text()
        await seat.press(*"zoom")
        row = next(line for line in await seat.rows() if "the pane alone, and back" in line)
        assert " z" in row
        await seat.press("enter")
        assert list(seat.app.main_screen.plan.panes) == ["grid"]
        await seat.press("escape", "ctrl+p", *"flatten")
        assert "not now: no orders in this run" in await seat.text()
        await seat.press("escape")
        assert not seat.app.main_screen.asking
        await seat.press("ctrl+p", *"pane.go", "enter")
        assert ": pane" in await seat.text(), "what needs an argument is asked on the line"


async def test_pasted_text_fills_the_line_and_what_risks_something_waits_for_a_key_by_itself() -> None:
    async with dealing() as dealer:
        await dealer.press("exclamation_mark")
        assert dealer.trading.killed
        await dealer.press("colon")
        dealer.seat.app.post_message(Paste("arm"))
        await dealer.seat.pilot.pause()
        await dealer.seat.press("enter")
        assert "press enter once more, by itself" in await dealer.text()
        assert not dealer.trading.armed
        await dealer.press("enter")
        assert "arm PAPER" in await dealer.text(), "which asks"
        assert not dealer.trading.armed


async def test_letters_after_enter_belong_to_no_line_that_was_finished_before_them() -> None:
    async with seated() as seat:
        for key in ("colon", *"coin", "space", *"btc", "enter", "j", "j"):
            letter = {"colon": ":", "space": " ", "enter": "\r"}.get(key, key)
            seat.app.post_message(Key(key, letter))
        await seat.pass_s(0.4)
        assert not seat.app.main_screen.asking
        assert SelectCoin("BTC") in seat.port.sent
        for key, letter in (("ctrl+k", None), ("e", "e"), ("t", "t"), ("h", "h"), ("enter", "\r"), ("k", "k")):
            seat.app.post_message(Key(key, letter))
        await seat.pass_s(0.4)
        assert not seat.app.main_screen.asking
        assert SelectCoin("ETH") in seat.port.sent


@pytest.mark.parametrize(
    ("opens", "typed"),
    [("colon", "threshqx"), ("slash", "sol"), ("ctrl+k", "sol"), ("equals_sign", "7788")],
)
async def test_a_letter_of_a_line_has_nothing_arranged_anew(opens: str, typed: str) -> None:
    arranged: list[str] = []
    async with seated() as seat:
        await seat.press(opens)
        await seat.pass_s(0.4)
        screen = seat.app.main_screen
        screen.screen_layout_refresh_signal.subscribe(screen.grid, lambda _: arranged.append(typed))
        await seat.press(*typed)
        await seat.pilot.pause()
    assert not arranged


async def test_a_line_after_a_command_offers_nothing_of_it() -> None:
    async with seated() as seat:
        await seat.press("colon", "t", "h", "escape", "slash", "tab", "b", "t", "c", "enter")
        assert seat.app.desk.order.filter.text == "btc"
