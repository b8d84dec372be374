"""Layouts as a person meets them: chosen by size, changed by a key, remembered; what is looked at stays through it."""

from __future__ import annotations

import pytest

from arbtui.port import Remember
from arbtui.ui.layout import PANES, PRESETS, PaneId
from tests.ui.dealer import dealing
from tests.ui.fake_port import FakePort
from tests.ui.seat import seated


async def test_w_goes_through_all_presets_and_each_is_kept() -> None:
    async with seated() as seat:
        at_first = set(seat.app.main_screen.plan.panes)
        for preset in (*PRESETS[1:], PRESETS[0]):
            await seat.press("w")
            await seat.rows()
            assert seat.port.sent[-1] == Remember("layout", preset)
            assert f"layout {preset}: " in await seat.text()
        assert set(seat.app.main_screen.plan.panes) == at_first


async def test_the_next_start_begins_with_what_was_chosen() -> None:
    port = FakePort(6)
    port.send(Remember("layout", "trade"))
    async with seated(port) as seat:
        assert set(seat.app.main_screen.plan.panes) == {"grid", "books", "positions"}


async def test_a_preset_that_a_later_version_knew_is_no_reason_not_to_start() -> None:
    port = FakePort(6)
    port.send(Remember("layout", "cinema"))
    async with seated(port) as seat:
        assert "legs" in seat.app.main_screen.plan.panes


async def test_pane_and_cursor_stay_through_every_resize() -> None:
    looked_at: tuple[PaneId, ...] = ("legs", "accounts", "feeds", "chart", "books")
    async with seated(FakePort(30)) as seat:
        await seat.press("j", "j", "j")
        coin = seat.coin
        screen = seat.app.main_screen
        for pane, size in zip(looked_at, ((200, 60), (80, 24), (40, 10), (61, 17), (120, 40)), strict=True):
            screen.show_pane(pane)
            await seat.pilot.resize_terminal(*size)
            await seat.pilot.pause()
            await seat.rows()
            assert pane in screen.plan.panes, size
            assert screen.panes[pane].has_focus, size
            assert seat.coin == coin, size


async def test_a_sorted_grid_keeps_the_cursor_on_its_coin_while_all_rows_move() -> None:
    port = FakePort(30)
    async with seated(port) as seat:
        await seat.press("j", "j", "j", "j")
        coin = seat.coin
        places = set()
        for _ in range(4):
            port.walk(400)
            await seat.pass_s(3)
            rows = await seat.rows()
            pointed = next((row for row in rows[4:24] if row.startswith("▸")), None)
            assert seat.coin == coin
            assert pointed is None or pointed.split()[1] == coin
            places.add(seat.app.desk.order.place[coin])
        assert len(places) > 1, "the rows did move"


@pytest.mark.parametrize("size", [(1, 1), (12, 5), (110, 32)])
async def test_every_preset_and_pane_at_sizes_that_nothing_fits_in(size: tuple[int, int]) -> None:
    async with dealing(*size, coins=3) as dealer:
        screen = dealer.seat.app.main_screen
        for _ in PRESETS:
            screen.next_layout()
            for pane in PANES:
                screen.show_pane(pane)
                await dealer.seat.pilot.pause()
            assert len(await dealer.seat.rows()) == size[1]


async def test_what_a_hedge_made_looks_stale_with_the_price_it_is_made_of() -> None:
    async with dealing(160, 44) as dealer:
        await dealer.open_one()
        await dealer.press("6")
        (pair,) = dealer.trading.pairs()
        row = next(row for row in await dealer.seat.rows() if row.startswith("▸ " + pair.base) and "hedged" in row)
        assert "(−" not in row
        dealer.port._board.limit_ms = 5000.0
        dealer.port.time.advance_to(dealer.port.time.now_ns() + 60_000_000_000)
        dealer.seat.pass_by(0.2)
        rows = await dealer.seat.rows()
        row = next(row for row in rows if pair.base in row and "hedged" in row and row.startswith("▸"))
        assert row.startswith("▸~")
        assert "(−" in row
        assert "open ~(▼−" in rows[0]
        assert "reckoned at a stale price: " in "\n".join(rows)
