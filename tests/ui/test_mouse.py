"""The mouse focuses, selects, sorts, scrolls and chooses; it confirms nothing."""

from __future__ import annotations

from textual.events import MouseScrollDown, MouseScrollUp

from arbtui.port import SetThreshold
from arbtui.ui.thresholds import ThresholdScreen
from tests.ui.dealer import dealing
from tests.ui.seat import Seat, seated


async def click(seat: Seat, x: int, y: int) -> None:
    assert await seat.pilot.click(offset=(x, y))
    await seat.pilot.pause()


def found(rows: list[str], words: str) -> tuple[int, int]:
    """Where these words stand, (x, y)."""
    return next((row.index(words), y) for y, row in enumerate(rows) if words in row)


async def test_a_click_focuses_a_pane_and_selects_a_row() -> None:
    async with seated() as seat:
        screen = seat.app.main_screen
        await click(seat, 5, 8)
        assert seat.coin == seat.app.desk.order.bases[4]
        assert seat.app.focused is screen.grid
        region = screen.plan.panes["books"]
        await click(seat, region.x + 3, region.y + 4)
        assert seat.app.focused is screen.panes["books"]
        region = screen.plan.panes["legs"]
        await click(seat, region.x + 3, region.y + 4)
        assert seat.app.focused is screen.panes["legs"]
        assert (await seat.rows())[region.y + 4].startswith("▸")


async def test_a_click_on_a_header_sorts_and_a_second_one_turns_the_order_round() -> None:
    async with seated() as seat:
        x, y = found(await seat.rows(), "gross")
        await click(seat, x, y)
        assert (seat.app.desk.order.column, seat.app.desk.order.reverse) == ("gross", False)
        await click(seat, x, y)
        assert seat.app.desk.order.reverse


async def test_a_click_on_a_tab_brings_its_pane() -> None:
    async with seated() as seat:
        x, y = found(await seat.rows(), "positions")
        await click(seat, x, y)
        assert seat.app.focused is seat.app.main_screen.panes["positions"]


async def test_where_tabs_are_only_digits_each_of_them_is_one() -> None:
    async with seated(width=60, height=20) as seat:
        row, y = next((row, y) for y, row in enumerate(await seat.rows()) if " 2 books  3 4 5" in row)
        await click(seat, row.index("4"), y)
        assert seat.app.focused is seat.app.main_screen.panes["signals"]


async def test_the_wheel_moves_what_is_under_the_pointer_and_the_picker_that_is_open() -> None:
    async with seated() as seat:
        grid = seat.app.main_screen.grid
        for _ in range(2):
            await seat.pilot.pause()
            seat.app.post_message(_wheel(seat, 5, 8, down=True))
        await seat.pilot.pause()
        assert grid.cursor.index == 6
        seat.app.post_message(_wheel(seat, 5, 8, down=False))
        await seat.pilot.pause()
        assert grid.cursor.index == 3
        await seat.press("ctrl+k")
        coins = list(seat.app.main_screen.picker.found)
        x, y = found(await seat.rows(), f" {coins[3]} ")
        await click(seat, x + 1, y)
        assert seat.coin == coins[3]
        assert not seat.app.main_screen.asking


async def test_in_a_list_of_its_own_screen_a_click_moves_the_cursor_and_the_wheel_too() -> None:
    async with seated() as seat:
        seat.port.send(SetThreshold(7.0, "SOL"))
        seat.port.send(SetThreshold(8.0, "ETH"))
        seat.app.main_screen.run("threshold.list")
        await seat.pilot.pause(0.2)
        screen = seat.app.screen
        assert isinstance(screen, ThresholdScreen)
        assert screen.place() == 0
        await click(seat, 5, 2)
        assert screen.place() == 1
        await click(seat, 5, 20)
        assert screen.place() == 1, "there is no row"
        seat.app.post_message(_wheel(seat, 5, 8, down=False))
        await seat.pilot.pause()
        assert screen.place() == 0


async def test_a_click_beside_a_line_that_is_typed_in_takes_nothing_from_it() -> None:
    async with seated() as seat:
        await seat.press("slash", "s", "o")
        await click(seat, 5, 8)
        await seat.press("l")
        assert seat.app.desk.order.filter.text == "sol"


async def test_nothing_is_sent_by_a_click_nor_by_a_key_right_behind_one() -> None:
    async with dealing() as dealer:
        await dealer.press("o", "enter")
        for y in range(40):
            await dealer.seat.pilot.click(offset=(30, y))
        assert dealer.trading.fired == []
        assert dealer.order.review.on
        await dealer.seat.press("y")
        assert dealer.trading.fired == []
        await dealer.press("y")
        assert len(dealer.trading.fired) == 1


def _wheel(seat: Seat, x: int, y: int, *, down: bool) -> MouseScrollDown | MouseScrollUp:
    kind = MouseScrollDown if down else MouseScrollUp
    return kind(seat.app.main_screen, x, y, 0, 0, 0, False, False, False, x, y)


async def test_a_click_on_a_row_above_the_line_puts_it_into_the_line_and_does_nothing() -> None:
    async with seated() as seat:
        await seat.press("colon", "t", "h")
        x, y = found(await seat.rows(), " thresholds")
        await click(seat, x + 3, y)
        assert " thresholds" in (await seat.rows())[-2]
        assert len(seat.app.screen_stack) == 1
        await seat.press("enter")
        assert isinstance(seat.app.screen, ThresholdScreen)
