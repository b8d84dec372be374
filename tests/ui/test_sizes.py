"""The screen at every size, and between two of them."""

from __future__ import annotations

import pytest
from textual.events import Resize
from textual.geometry import Size
from textual.message import Message

from arbtui.ui.columns import COLUMNS
from tests.ui.seat import seated


async def test_80x24_keeps_every_pane_within_reach() -> None:
    async with seated(width=80, height=24) as seat:
        rows = await seat.rows()
        assert len(rows) == 24
        assert "2 books  3 4 5 6 7 8 9" in "\n".join(rows)
        for key, sign in (("2", "bps"), ("3", "leg   "), ("4", "None yet"), ("5", "reconn")):
            await seat.press(key)
            text = await seat.text()
            assert sign in text, key
            assert "net↓" in text, "the grid stays"


async def test_below_60x16_the_grid_and_the_status_lines_are_left_and_keys_still_work() -> None:
    async with seated(width=59, height=15) as seat:
        rows = await seat.rows()
        assert rows[0].startswith(" DEMO ")
        assert "spreads" in rows[2]
        assert rows[-1].strip()
        await seat.press("slash", "b", "t", "c", "enter")
        assert "BTC" in await seat.text()
        await seat.press("3")
        assert "leg" in await seat.text()


@pytest.mark.parametrize("size", [(1, 1), (30, 2), (59, 16), (110, 31), (300, 90)])
async def test_no_size_is_too_small_or_too_large(size: tuple[int, int]) -> None:
    async with seated(width=size[0], height=size[1]) as seat:
        for key in ("j", "2", "3", "4", "5", "1", "z", "z", "t", "escape", "s", "escape", "ctrl+k", "escape",
                    "colon", "t", "tab", "escape", "ctrl+p", "z", "down", "escape", "question_mark", "slash", "k",
                    "escape", "escape"):  # fmt: skip
            await seat.press(key)
        assert seat.app.screen is seat.app.main_screen
        assert len(await seat.rows()) == size[1]


async def test_resizing_goes_through_all_shapes_and_back() -> None:
    async with seated() as seat:
        before = (await seat.rows())[2:24]
        for width, height in ((80, 24), (40, 10), (200, 60), (61, 16), (120, 40)):
            await seat.pilot.resize_terminal(width, height)
            await seat.pilot.pause()
            assert len(await seat.rows()) == height
        assert (await seat.rows())[2:24] == before


@pytest.mark.parametrize("over", [None, "question_mark"], ids=["panes", "help"])
async def test_a_size_that_is_swallowed_by_the_echo_of_the_one_before_is_laid_out_all_the_same(
    over: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A window pulled twice: what laying out 80x24 posts comes after, and thus replaces, the news of 120x40."""
    async with seated(width=80, height=24) as seat:
        if over is not None:
            await seat.press(over)
        screen = seat.app.screen
        assert screen.size == (80, 24)
        post, told = screen.post_message, list[Message]()

        def echoed(message: Message) -> bool:
            taken = post(message)
            if isinstance(message, Resize) and message.size == (120, 40) and not told:
                told.append(message)
                post(Resize(Size(80, 24), Size(80, 24)))
            return taken

        monkeypatch.setattr(screen, "post_message", echoed)
        await seat.pilot.resize_terminal(120, 40)
        await seat.pilot.pause()
        assert told, "the news was overtaken"
        rows = await seat.rows()
        assert len(rows) == 40
        assert max(len(row) for row in rows) > 80


async def test_sizes_that_the_terminal_no_longer_has_come_to_rest() -> None:
    """They would call each other back for ever, and starve the engine: seen when a terminal went."""
    async with seated() as seat:
        screen, laid_out = seat.app.main_screen, list[Size]()
        screen.screen_layout_refresh_signal.subscribe(screen, lambda _: laid_out.append(screen.size), immediate=True)
        for width in (80, 81, 82):
            screen.post_message(Resize(Size(width, 25), Size(width, 25)))
        for _ in range(20):
            await seat.pilot.pause()
        assert set(laid_out) <= {(120, 40)}
        assert len(laid_out) < 5


async def test_at_80_columns_the_letter_of_every_column_can_be_read_before_it_is_pressed() -> None:
    async with seated(width=80, height=24) as seat:
        await seat.press("s")
        rows = await seat.rows()
        words = " ".join(" ".join(rows[-5:]).split())
        assert all(f"{column.letter} {column.title or 'marks'}" in words for column in COLUMNS)
        await seat.press("g")
        assert seat.app.desk.order.column == "gross"
        assert "sort by" not in await seat.text()
