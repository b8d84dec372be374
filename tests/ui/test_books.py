"""The books of both legs: what the walk takes, how levels are put together, what is said of a book in trouble."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Size

from arbtui.market.book import Book, BookState
from arbtui.market.slot import Slot
from arbtui.strategy.rows import SpreadRow
from arbtui.strategy.spread import net_bps
from arbtui.strategy.walk import Walk, walk
from arbtui.ui.ladder import Rung, group_step, ladder
from arbtui.ui.panes.books import (
    bar_of,
    coins,
    ladder_lines,
    parts_bps,
    profit_usd,
    room_of,
    rung_cells,
    rung_widths,
    summary,
)
from arbtui.ui.pump import BEAT_S
from arbtui.ui.theme import Line
from tests.ui.fake_port import FakePort
from tests.ui.seat import seated


def watched() -> tuple[FakePort, SpreadRow, Slot, Slot]:
    """A coin with its books held."""
    port = FakePort(1)
    port.selected = ""
    port._select("BTC")
    row = port.row("BTC")
    assert row is not None
    return port, row, port.board.slots[row.buy.slot], port.board.slots[row.sell.slot]


def book_of(slot: Slot) -> Book:
    assert slot.book is not None
    return slot.book


def words(lines: list[Line]) -> str:
    return "\n".join("".join(cell for cell, _ in line) for line in lines)


def test_the_walk_takes_whole_rungs_and_ends_in_the_last() -> None:
    _, _, buy, _ = watched()
    first, second, third = (qty for _, (_, qty) in zip(range(3), buy.book_asks(), strict=False))
    shown = ladder(buy, 5, taking="asks", qty=first + second + third / 2)
    assert [rung.eaten for rung in shown.asks] == [1.0, 1.0, pytest.approx(0.5), 0.0, 0.0]
    assert [rung.last for rung in shown.asks] == [False, False, True, False, False]
    assert not any(rung.eaten for rung in shown.bids)
    assert shown.walk is not None
    assert shown.walk.enough


def test_a_walk_deeper_than_what_is_shown_ends_below_and_is_worked_out_all_the_same() -> None:
    _, _, buy, _ = watched()
    nearly_all = 0.999 * sum(qty for _, qty in buy.book_asks())  # not all: Python 3.12 sums up otherwise than a walk
    shown = ladder(buy, 2, taking="asks", qty=nearly_all)
    assert [rung.eaten for rung in shown.asks] == [1.0, 1.0]
    assert not any(rung.last for rung in shown.asks)
    assert shown.walk is not None
    assert shown.walk.enough


def test_levels_put_together_are_never_better_than_they_are() -> None:
    _, _, buy, _ = watched()
    step = group_step(buy.mid, 5.0)
    asks, bids = list(buy.book_asks()), list(buy.book_bids())
    shown = ladder(buy, 3, step=step)
    assert shown.asks[0].price >= asks[0][0]
    assert shown.bids[0].price <= bids[0][0]
    for rung in (*shown.asks, *shown.bids):
        assert rung.price / step == pytest.approx(round(rung.price / step))
    assert shown.asks[0].qty == pytest.approx(sum(qty for price, qty in asks if price <= shown.asks[0].price))


@given(st.floats(min_value=1e-7, max_value=1e6), st.sampled_from([0.5, 1.0, 5.0, 50.0]))
def test_a_step_is_round_and_at_least_what_was_asked_for(price: float, bps: float) -> None:
    step = group_step(price, bps)
    assert step >= price * bps * 1e-4 * (1 - 1e-6)
    assert step <= price * bps * 1e-4 * 2.51
    assert re.match(r"[125](\.0+)?e", f"{step:.6e}")


def test_a_book_that_resyncs_shows_no_levels_of_it_and_says_so() -> None:
    _, _, buy, _ = watched()
    book_of(buy).state = BookState.RESYNCING
    shown = ladder(buy, 5, taking="asks", qty=1.0)
    assert (shown.origin, shown.stale, shown.walk) == ("resyncing", True, None)
    assert len(shown.asks) == len(shown.bids) == 1
    assert "resyncing" in words(ladder_lines(buy, shown, 11, 24, "", 1.0))


def test_a_crossed_book_is_called_crossed() -> None:
    _, _, buy, _ = watched()
    book_of(buy).crossed_ns = 1
    shown = ladder(buy, 5)
    assert shown.stale
    assert "CROSSED" in words(ladder_lines(buy, shown, 11, 24, "", 1.0))


def test_without_a_book_the_top_is_all_there_is() -> None:
    port = FakePort(1)
    slot = port.board.slots[0]
    shown = ladder(slot, 5)
    assert (shown.origin, len(shown.asks), shown.walk) == ("top", 1, None)
    assert "top only" in words(ladder_lines(slot, shown, 5, 24, "", 1.0))


def test_a_stale_leg_is_faint_all_over_and_says_stale() -> None:
    _, _, buy, _ = watched()
    lines = ladder_lines(buy, ladder(buy, 5, muted=True, taking="asks", qty=1.0), 11, 24, "", 1.0)
    assert "stale" in words(lines)
    roles = {role for line in lines for cell, role in line if any(char.isdigit() for char in cell)}
    assert roles == {"faint", "warn"}


@given(st.integers(min_value=1, max_value=60), st.integers(min_value=0, max_value=14))
def test_a_rung_is_as_wide_as_its_place_and_never_cuts_a_size(width: int, price: int) -> None:
    widths = rung_widths(width, price)
    cells = rung_cells(Rung(1.0, 123.4, 0.5, True), "1.0", widths, "gain", 200.0)
    assert sum(len(cell) for cell, _ in cells) == max(1, width)
    assert "…" not in cells[3][0]


def test_bars_are_shares_of_the_largest() -> None:
    assert bar_of(10.0, 10.0, 4) == "████"
    assert bar_of(5.0, 10.0, 4) == "██"
    assert bar_of(0.001, 10.0, 4) == "▌"
    assert bar_of(1.0, 0.0, 4) == ""


def test_coins_have_as_many_figures_as_fit() -> None:
    assert [coins(value, 6) for value in (0.0012, 12.5, 123.456, 28314.0, 2831400.0)] == [
        "0.001", "12.500", "123.46", "28314", "2.8M"
    ]  # fmt: skip
    assert coins(0.00004, 6) == "4e-05"


def test_what_the_size_brings_adds_up_from_the_books_that_were_walked() -> None:
    """Whatever the quotes say that came before or after the books."""
    port, row, buy, _ = watched()
    assert buy.ask_usd is not None
    qty = port.walk_usd / buy.ask_usd
    bought, sold = Walk(qty, qty, 100.5, 101.0, 100.0), Walk(qty, qty, 100.7, 100.5, 100.8)
    row = replace(row, gross_bps=12.0, fees_bps=9.0, net_bps=3.0, walk_net_bps=10.9, max_usd=11_400.0, muted=None)
    text = words(summary(row, port.walk_usd, 5.0, (bought, sold), (1.0, 1.0), 60))
    assert "gross +80.0 fee 9.0 slip 60.1 bps" in text
    assert "NET ▲+10.9 bps" in text
    profit = 10.9e-4 * 100.5 * qty
    assert profit_usd(10.9, bought, 1.0) == pytest.approx(profit)
    assert f"{profit:+,.2f} USD" in text
    assert "room to 5 bps: 11k USD" in text


def test_slip_is_never_below_zero_and_gross_less_fee_and_slip_is_net() -> None:
    port, row, buy, sell = watched()
    assert buy.ask_usd is not None
    qty = port.walk_usd / buy.ask_usd
    for buy_rate, sell_rate in [(1.0, 1.0), (1.0003, 0.9998)]:
        walks = walk(buy.book_asks(), qty), walk(sell.book_bids(), qty)
        assert walks[0].average is not None
        assert walks[1].average is not None
        net = net_bps(walks[0].average * buy_rate, walks[1].average * sell_rate, 0.0005, 0.0006)
        gross, fees, slip = parts_bps(replace(row, gross_bps=-50.0, walk_net_bps=net), walks, (buy_rate, sell_rate))
        assert gross is not None
        assert fees is not None
        assert slip is not None
        assert slip >= 0.0
        assert fees == pytest.approx(11, abs=0.5)
        assert gross - fees - slip == pytest.approx(net)
    assert parts_bps(row, (None, None), (1.0, 1.0)) == (row.gross_bps, row.fees_bps, None)


def test_a_book_too_short_for_the_size_brings_no_figure() -> None:
    port, row, buy, _ = watched()
    short = walk(buy.book_asks(), 1e15)
    text = words(summary(replace(row, walk_net_bps=None), port.walk_usd, 5.0, (short, short), (1.0, 1.0), 60))
    assert "buy and sell book too short" in text
    assert "NET · bps" in text


def test_the_reason_comes_first_where_a_pair_may_not_be_traded() -> None:
    port, row, _, _ = watched()
    text = words(
        summary(replace(row, muted="okx is stale: no frame for 41 s"), port.walk_usd, 5.0, (None, None), (1.0, 1.0), 50)
    )
    assert text.startswith(" muted: okx is stale")


def test_the_summary_stands_below_beside_or_nowhere() -> None:
    assert room_of(Size(42, 18)).summary.y > 0
    assert room_of(Size(80, 6)).summary.x > 0
    assert not room_of(Size(40, 6)).summary.area


async def test_keys_put_levels_together_and_the_title_says_by_how_much() -> None:
    async with seated() as seat:
        before = await seat.text()
        await seat.press("greater_than_sign", "greater_than_sign")
        text = await seat.text()
        assert "by 1 bps" in text
        assert text != before
        await seat.press("less_than_sign", "less_than_sign", "less_than_sign")
        assert "bps ─" not in (await seat.rows())[2][78:]


async def test_books_and_legs_look_stale_within_250_ms_of_the_moment() -> None:
    port = FakePort(3)
    async with seated(port) as seat:
        await seat.press("j", "k")
        assert "stale" not in "".join(row[78:] for row in await seat.rows())
        port._board.limit_ms = 2000.0
        port.time.advance_to(port.time.now_ns() + 2_000_000_001)
        seat.pass_by(0.0)
        rows = await seat.rows()
        assert "── 2.0 bps stale" in "\n".join(rows)
        legs = rows[next(at for at, row in enumerate(rows) if "3 legs" in row) + 2 :]
        assert all(row[2] == "~" for row in legs[:10])
        jobs = {job.name: job.every * BEAT_S for job in seat.app._jobs()}
        assert all(jobs[name] <= 0.25 for name in ("grid", "books", "legs", "feeds", "status", "positions"))
