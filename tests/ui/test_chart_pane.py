"""The chart's pane: what it shows of which pair, over which time, and what it says where it has nothing to show."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from arbtui.core.clock import NS_PER_S
from arbtui.port import ChooseLegs, Remember
from arbtui.strategy.rows import SignalState
from arbtui.ui.panes.chart import ChartPane, marks, shares
from tests.ui.dealer import dealing
from tests.ui.fake_port import FakePort
from tests.ui.seat import Seat, seated

KEPT = Path(__file__).parent / "snapshots"


class Watcher:
    """Somebody in front of the chart."""

    def __init__(self, seat: Seat) -> None:
        self.seat, self.port = seat, seat.port
        pane = seat.app.main_screen.panes["chart"]
        assert isinstance(pane, ChartPane)
        self.pane = pane

    async def lines(self) -> list[str]:
        """The pane alone, title first."""
        rows = await self.seat.rows()
        x, y, width, height = self.pane.region
        return [row[x : x + width].rstrip() for row in rows[y : y + height]]

    async def text(self) -> str:
        return "\n".join(await self.lines())

    def live(self, seconds: float) -> None:
        self.port.live(seconds, 60)

    def break_off(self, *, on: bool) -> None:
        for slot in self.port.board.coins[self.seat.coin].slots:
            slot.muted = "stale: no traffic" if on else None


@asynccontextmanager
async def watching(port: FakePort | None = None, width: int = 120, height: int = 40) -> AsyncIterator[Watcher]:
    async with seated(port or FakePort(12), width, height) as seat:
        await seat.press("j", "k")
        await seat.pass_s(0.6)
        yield Watcher(seat)


def dots(lines: list[str]) -> int:
    return sum("⠀" < char <= "⣿" for line in lines for char in line)


async def test_the_net_of_the_best_pair_over_ten_minutes_is_what_it_begins_with() -> None:
    async with watching() as watcher:
        watcher.live(30)
        lines = await watcher.lines()
        assert lines[0].startswith(f"─ 8 chart  net {watcher.seat.coin} best pair ─")
        assert lines[0].endswith(" 10m bps ─")
        assert "−10m" in lines[-2]
        assert lines[-1].startswith(" now ▲"[:5])
        assert dots(lines) > 5


async def test_c_goes_through_the_windows_and_says_so() -> None:
    async with watching() as watcher:
        watcher.live(90)
        for minutes, left in ((60, "−60m"), (1, "−60s"), (10, "−10m")):
            await watcher.seat.press("c")
            text = await watcher.text()
            assert f"{minutes}m bps" in text
            assert left in text
            assert f"chart: the last {minutes} min" in await watcher.seat.text()


async def test_what_is_shown_goes_round_and_is_kept_for_the_next_start() -> None:
    async with watching() as watcher:
        for what in ("premium", "depth", "equity", "net"):
            await watcher.seat.press("C")
            assert f" {what} " in (await watcher.lines())[0]
            assert watcher.port.sent[-1] == Remember("chart", f"{what} 10")
        await watcher.seat.press("C", "c")
        port = FakePort(12)
        port.send(Remember("chart", watcher.port.remembered("chart") or ""))
    async with watching(port) as watcher:
        assert "premium" in (await watcher.lines())[0]
        assert (await watcher.lines())[0].endswith(" 60m bps ─")


async def test_a_word_that_no_chart_has_is_answered_in_a_sentence() -> None:
    async with watching() as watcher:
        run = watcher.seat.app.main_screen.run
        assert run("chart.what", "volume") == "'volume': the chart shows net, premium, depth, equity"
        assert run("chart.window", "5") == "'5': the chart goes over 1, 10 or 60 minutes"
        assert run("chart.what", "depth") == run("chart.window", "60") == ""


async def test_a_gap_stays_a_gap_and_nothing_stands_at_the_right_while_it_lasts() -> None:
    async with watching() as watcher:
        watcher.live(200)
        before = await watcher.lines()
        watcher.break_off(on=True)
        watcher.live(100)
        broken = await watcher.lines()
        assert broken[-1].startswith(" now · ")
        assert any(line.endswith(before[-1].split()[1]) for line in before[:-1])
        assert not any(line.endswith(before[-1].split()[1]) for line in broken[:-1])
        watcher.break_off(on=False)
        watcher.live(200)
        healed = await watcher.lines()
        left, right = healed[-2].index("└") + 1, healed[-2].index("now") + 3
        columns = ["".join(line[at : at + 1] for line in healed[1:-2]).strip(" ⠒⠤⠉⣀") for at in range(left, right)]
        known = [bool(column) for column in columns]
        if not known[-1]:
            known.pop()  # a cell that has only just begun
        assert known[-3:] == [True] * 3
        gap = len(known) - 1 - known[::-1].index(False)
        assert known[gap - 2 : gap + 1] == [False] * 3, "a hundred seconds of it"
        assert any(known[: gap - 2])


async def test_legs_chosen_by_hand_are_shown_from_then_on_with_their_names() -> None:
    async with watching() as watcher:
        watcher.live(20)
        slots = {slot.key: slot.id for slot in watcher.port.board.coins[watcher.seat.coin].slots}
        buy, sell = (next(slots[key] for key in slots if key.startswith(leg)) for leg in ("okx.perp", "bybit.spot"))
        watcher.seat.app.desk.choose_legs(buy, sell)
        assert watcher.port.sent[-1] == ChooseLegs(buy, sell)
        lines = await watcher.lines()
        assert f"net {watcher.seat.coin} OKX→BYBIs" in lines[0]
        assert "No pair of fresh quotes in the last" in " ".join(line.strip() for line in lines)
        watcher.live(20)
        assert dots(await watcher.lines()) > 2


async def test_a_ticket_s_pair_is_the_one_on_show_while_it_is_open() -> None:
    async with dealing(coins=12) as dealer:
        pane = dealer.seat.app.main_screen.panes["chart"]
        assert isinstance(pane, ChartPane)
        assert pane.legs() is None
        await dealer.press("o")
        ticket = dealer.order.ticket
        slots = {slot.key: slot.id for slot in dealer.port.board.coins[ticket.base].slots}
        assert pane.legs() == (slots[ticket.buy], slots[ticket.sell])
        await dealer.press("escape")
        assert pane.legs() is None


async def test_premium_goes_from_venue_to_venue_while_the_pane_has_the_keys() -> None:
    async with watching() as watcher:
        await watcher.seat.press("C", "8")
        watcher.live(20)
        shown = []
        for _ in range(3):
            shown.append((await watcher.lines())[0].split()[5])
            assert dots(await watcher.lines()) > 2
            await watcher.seat.press("v")
        assert shown == ["BINA", "BITG", "BYBI"]
        await watcher.seat.press("C", "v")
        assert "only a chart of the premium has a venue of its own" in await watcher.seat.text()


async def test_depth_shows_both_books_and_says_which_one_is_missing() -> None:
    async with watching() as watcher:
        await watcher.seat.press("C", "C")
        lines = await watcher.lines()
        assert lines[0].endswith(" USD ─")
        assert any("█" in line for line in lines)
        legs = watcher.pane.pair()
        assert legs is not None
        book = watcher.port.board.slots[legs[0]].book
        assert book is not None
        book.lost("a gap")
        assert "is resyncing" in await watcher.text()
        watcher.port.board.slots[legs[0]].book = None
        assert "No depth yet: no book of" in await watcher.text()


async def test_equity_is_drawn_from_the_curve_of_the_accounts() -> None:
    async with watching() as watcher:
        await watcher.seat.press("C", "C", "C")
        assert "No orders in this run: the fake engine sends no orders" in " ".join(
            line.strip() for line in await watcher.lines()
        )
    async with dealing(coins=12) as dealer:
        watcher = Watcher(dealer.seat)
        await dealer.press("C", "C", "C")
        assert "No equity yet" in await watcher.text()
        curve = dealer.trading.equity_curve
        assert isinstance(curve, deque)
        start_ns = dealer.port.clock.now_ns()
        curve.extend((start_ns + minute * 60 * NS_PER_S, 25_000.0 + minute) for minute in range(30))
        lines = await watcher.lines()
        assert dots(lines) > 8
        assert "now 25,029.0" in lines[-1]
        assert lines[0].endswith(" USD ─")


async def test_with_the_keys_in_the_pane_it_tells_which_pairs_were_the_best() -> None:
    async with watching() as watcher:
        await watcher.seat.press("8")
        watcher.live(60)
        assert f"best pair of {watcher.seat.coin} in the last 10 min: " in await watcher.seat.text()
        assert "none 90 %" in await watcher.seat.text()


def test_shares_of_time_are_told_from_the_longest_down() -> None:
    pairs = [(1, 2)] * 5 + [(3, 4)] * 2 + [(n, 9) for n in range(5, 8)] + [None] * 10
    assert shares(pairs, str, most=3) == ["(1, 2) 25 %", "(3, 4) 10 %", "(5, 9) 5 %", "2 others 10 %", "none 50 %"]
    assert shares([None, None], str) == shares([], str) == []


def test_signals_of_the_pair_are_marked_and_others_are_not() -> None:
    port = FakePort(12)
    raised = port.raise_signal("BTC")
    port.raise_signal("BTC", SignalState.REJECTED, "too small")
    port.raise_signal("ETH")
    port.raise_signal("BTC", SignalState.CLEARED)
    legs = raised.row.buy.slot, raised.row.sell.slot
    assert [mark.sign for mark in marks(port.signals, "BTC", None)] == ["▲", "▽"]
    assert [mark.sign for mark in marks(port.signals, "BTC", legs)] == ["▲", "▽"]
    assert marks(port.signals, "BTC", legs[::-1]) == []


async def test_only_rows_that_changed_are_painted_anew() -> None:
    async with watching() as watcher:
        watcher.live(300)
        await watcher.lines()
        widget = next(iter(watcher.pane.body_widgets()))
        assert widget.show(list(widget.shown)) == 0
        before = list(widget.shown)
        watcher.pane.tick(0.0)
        assert widget.shown == before


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_it_looks_as_it_is_meant_to(size: tuple[int, int]) -> None:
    shown = ""
    async with watching(FakePort(12), *size) as watcher:
        await watcher.seat.press("8")
        watcher.live(280)
        watcher.port.raise_signal(watcher.seat.coin)
        watcher.break_off(on=True)
        watcher.live(60)
        watcher.break_off(on=False)
        watcher.live(120)
        watcher.port.raise_signal(watcher.seat.coin, SignalState.CLEARED)
        watcher.live(40)
        for what in ("net", "premium", "depth"):
            watcher.seat.app.main_screen.run("chart.what", what)
            title, *lines = await watcher.lines()
            shown += "\n".join((f"{what} " + title.partition(f" {what} ")[2].replace("─", ""), *lines)) + "\n\n"
    path = KEPT / f"charts-{size[0]}x{size[1]}.txt"
    if os.environ.get("ARBTUI_SNAPSHOTS") == "write":
        path.write_text(shown)
    assert shown == path.read_text()
