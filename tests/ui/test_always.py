"""What works whatever is open, and what arms: the kill switch, one step back, a phrase that is typed."""

from __future__ import annotations

import pytest
from textual.events import Paste

from tests.ui.dealer import Dealer, dealing
from tests.ui.painted import rows_of


@pytest.fixture(scope="module")
def places() -> dict[str, tuple[str, ...]]:
    """How to open everything that can be open over the panes."""
    return {
        "panel": ("o",),
        "coin picker": ("ctrl+k",),
        "palette": ("ctrl+p",),
        "chooser": ("s",),
        "help": ("question_mark",),
        "log": ("L",),
        "zoom": ("z",),
        "other pane": ("4",),
        "review": ("o", "enter"),
    }


def armed(dealer: Dealer) -> bool:
    return dealer.trading.armed


async def killed(dealer: Dealer, key: str) -> bool:
    """Whether the key killed; armed again afterwards."""
    await dealer.press(key)
    did = dealer.trading.killed
    for _ in range(3):
        await dealer.press("escape")
    if did:
        dealer.trading.arm()
    return did


async def test_the_kill_switch_works_whatever_is_open(places: dict[str, tuple[str, ...]]) -> None:
    async with dealing() as dealer:
        for name, keys in places.items():
            await dealer.press(*keys)
            assert await killed(dealer, "exclamation_mark"), name
        for name, keys in {"filter": ("slash", "b"), "command": ("colon",), "threshold": ("t",)}.items():
            await dealer.press(*keys)
            await dealer.press("exclamation_mark")
            assert not dealer.trading.killed, f"{name}: a letter of the text"
            assert await killed(dealer, "ctrl+x"), name
            await dealer.press(*keys)
            assert await killed(dealer, "f12"), name


async def test_after_a_kill_the_main_screen_says_what_came_of_it() -> None:
    async with dealing() as dealer:
        await dealer.press("question_mark", "exclamation_mark")
        assert dealer.seat.app.screen is dealer.seat.app.main_screen
        assert "KILLED" in await dealer.text()


async def test_esc_steps_back_one_level_everywhere_and_never_quits(places: dict[str, tuple[str, ...]]) -> None:
    async with dealing() as dealer:
        screen = dealer.seat.app.main_screen
        for name, keys in places.items():
            await dealer.press(*keys)
            for _ in keys:
                await dealer.press("escape")
            assert dealer.seat.app.screen is screen, name
            assert not screen.asking, name
            assert dealer.seat.app.focused is screen.grid, name
        for _ in range(5):
            await dealer.press("escape")
        assert dealer.seat.app.is_running


async def test_a_paste_confirms_nothing() -> None:
    async with dealing() as dealer:
        await dealer.open_one()
        sent = list(dealer.trading.fired)
        for keys in (("F", "F"), ("O", "enter"), ("exclamation_mark", "A")):
            await dealer.press(*keys)
            dealer.seat.app.post_message(Paste("y\nY\n"))
            await dealer.seat.pilot.pause()
            assert dealer.trading.fired == sent
            assert dealer.trading.killed is not dealer.trading.armed
            for _ in range(3):
                await dealer.press("escape")


async def test_where_orders_leave_arming_wants_a_phrase_that_is_typed() -> None:
    async with dealing(word="SIMULATED") as dealer:
        await dealer.press("exclamation_mark", "A")
        text = await dealer.text()
        assert "arm SIMULATED: type live 1000" in text
        assert "a coin 5,000" in text
        await dealer.press(*"live", "space", *"999", "enter")
        assert "that is not the phrase; it is: live 1000" in await dealer.text()
        assert not armed(dealer)
        await dealer.press("escape", "A")
        dealer.seat.app.post_message(Paste("live 1000"))
        await dealer.press("enter")
        assert "that was pasted" in await dealer.text()
        assert not armed(dealer)
        await dealer.press(*"live", "space", *"1000")
        await dealer.seat.press("enter")
        assert not armed(dealer), "that key came too soon"
        await dealer.press("enter")
        assert armed(dealer)
        assert "SIMULATED ARMED 60m 1,000 USD" in await dealer.text()
        assert dealer.trading.permit is not None
        assert dealer.trading.permit.open_usd == 1000
        await dealer.wait(3000)
        await dealer.press("down")
        assert "SIMULATED ARMED 10m 1,000 USD" in await dealer.text()
        await dealer.press("A", *"live", "space", *"1000", "enter")
        assert "SIMULATED ARMED 60m 1,000 USD" in await dealer.text(), "begun anew before it ended"
        await dealer.wait(3610)
        assert not armed(dealer)


async def test_another_amount_is_said_with_the_command_and_stands_in_the_phrase() -> None:
    async with dealing(word="SIMULATED") as dealer:
        await dealer.press("exclamation_mark", "colon", *"arm", "space", *"250.5", "enter")
        assert "arm SIMULATED: type live 250.5" in await dealer.text()
        await dealer.press(*"live", "space", *"1000", "enter")
        assert not armed(dealer)
        await dealer.press("escape", "colon", *"arm", "space", *"250.5", "enter")
        await dealer.press(*"live", "space", *"250.5", "enter")
        assert armed(dealer)
        assert dealer.trading.permit is not None
        assert str(dealer.trading.permit.open_usd) == "250.5"


async def test_what_keys_may_do_is_asked_when_the_phrase_is_asked_for_and_counts_when_it_is_typed() -> None:
    async with dealing(word="SIMULATED") as dealer:
        asked: list[str] = []

        def unfit() -> str:
            asked.append("okx")
            return "okx: its key may withdraw"

        dealer.trading._unfit = unfit
        await dealer.press("exclamation_mark", "A")
        assert asked == ["okx"]
        await dealer.press(*"live", "space", *"1000", "enter")
        assert not armed(dealer)
        assert "not armed: okx: its key may withdraw" in await dealer.text()


async def test_an_amount_that_is_none_arms_nothing() -> None:
    async with dealing(word="SIMULATED") as dealer:
        for typed in ("0", "much", "1e999999"):
            await dealer.press("exclamation_mark", "colon", *"arm", "space", *typed, "enter")
            assert "is no amount of US dollars" in await dealer.text(), typed
            await dealer.press("escape", "escape")
        assert not armed(dealer)


async def test_keys_without_a_pause_are_no_typed_phrase() -> None:
    async with dealing(word="SIMULATED") as dealer:
        await dealer.press("exclamation_mark", "A")
        await dealer.press(*"live", "space", *"1000", gap_s=0.0)
        await dealer.press("enter")
        assert "came too fast to be typed" in await dealer.text()
        assert not armed(dealer)


async def test_enter_right_behind_the_phrase_keeps_it_and_wants_enter_once_more() -> None:
    async with dealing(word="SIMULATED") as dealer:
        await dealer.press("exclamation_mark", "A")
        await dealer.press(*"live", "space", *"1000", "enter", gap_s=0.1)
        assert "press it once more, by itself" in await dealer.text()
        assert not armed(dealer)
        await dealer.press("enter")
        assert armed(dealer)


async def test_an_alarm_that_comes_while_help_is_read_stands_on_its_last_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arbtui.ui.help._AGAIN_S", 0.02)
    async with dealing() as dealer:
        await dealer.press("question_mark")
        assert "ALARM" not in await dealer.text()
        dealer.trading.kill("somebody else did it")
        await dealer.seat.pilot.pause(0.1)
        assert "ALARM" in rows_of(dealer.seat.app)[-1]
