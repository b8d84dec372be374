"""Commands from outside: hedges of a running engine flattened over its socket, and what that socket lets happen."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from arbtui.core.errors import RefusalReason
from arbtui.core.model import Market
from arbtui.core.orders import AccountMode, Order, OrderReport, OrderStatus, ReadFailed, ReadKind, Side
from arbtui.engine import control
from arbtui.engine.control import SOCKET, Answer, Command, NoEngine, Scope, ask, listens, serve
from arbtui.execution.lifecycle import Step
from arbtui.execution.records import Fact, Stepped
from tests.execution.stage import Pen, accepted, fill, order_id, rejected, report
from tests.money_support import MoneyBench

ALL = Scope()


class Desk(MoneyBench):
    """Venues that fill, as long as they are willing; their answers come in the next turn of the loop."""

    def __init__(self, tmp_path: Path) -> None:
        super().__init__(tmp_path)
        self.willing = {"binance": True, "okx": True}
        for name, pen in self.pens.items():
            self._listen(pen)
            mode = AccountMode(
                venue=name, market=Market.PERP, position_mode="one_way", can_trade=True, text="net", t_ns=self.now
            )
            self.trading.hear(mode)

    def _listen(self, pen: Pen) -> None:
        place = pen.place

        def answered(order: Order) -> None:
            place(order)
            asyncio.get_running_loop().call_soon(self.answer, order)

        pen.place = answered  # type: ignore[method-assign]  # the stage's pen only writes down

    def answer(self, order: Order) -> None:
        hear = self.trading.hear
        if not self.willing[order.venue]:
            hear(rejected(order, RefusalReason.INSUFFICIENT, self.now))
            return
        hear(accepted(order, self.now))
        hear(fill(order, f"{order.qty:f}", fill_id=f"{order_id(order)}-1", t_ns=self.now))
        hear(report(order, OrderStatus.FILLED, f"{order.qty:f}", t_ns=self.now))

    async def opened(self) -> str:
        hedge = self.open()
        for _ in range(100):
            await asyncio.sleep(0)
        assert self.trading.ledgers[hedge].state == "hedged"
        return hedge


@asynccontextmanager
async def serving(desk: Desk, folder: Path) -> AsyncIterator[None]:
    """The socket, and engine time that goes on."""

    async def go_on() -> None:
        while True:
            desk.advance(0.1)
            desk.everything()
            await asyncio.sleep(0.002)

    tasks = [asyncio.create_task(serve(desk.trading, desk.board, folder)), asyncio.create_task(go_on())]
    try:
        for _ in range(1000):
            if (folder / SOCKET).exists():
                break
            await asyncio.sleep(0.001)
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def answers(folder: Path, scope: Scope = ALL, *, dry_run: bool = False) -> tuple[int | None, str]:
    """Exit code and everything that was said."""
    got: list[Answer] = [answer async for answer in ask(folder, Command(scope, dry_run))]
    return got[-1].end, "\n".join(answer.say for answer in got if answer.say)


@pytest.fixture
async def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_what_trades_by_itself_opens_nothing_anew_while_a_run_is_flattened_nor_after(
    desk: Desk, tmp_path: Path
) -> None:
    refused: list[str] = []

    def again(_hedge: str, fact: Fact) -> None:
        if isinstance(fact, Stepped) and fact.step is Step.EMPTY:
            refused.append(desk.trading.runner.open(desk.intend()).text)

    async with serving(desk, tmp_path):
        hedge = await desk.opened()
        desk.trading.on_change(again)
        code, said = await answers(tmp_path)
    assert code == 0
    assert "disarmed: nothing is opened" in said
    assert refused == ["arbtui is disarmed: nothing is opened; arm it first"]
    assert list(desk.trading.ledgers) == [hedge]


async def test_an_open_hedge_is_flattened_and_that_is_exit_code_0(desk: Desk, tmp_path: Path) -> None:
    async with serving(desk, tmp_path):
        hedge = await desk.opened()
        code, said = await answers(tmp_path)
    ledger = desk.trading.ledgers[hedge]
    assert code == 0
    assert ledger.state.ended
    assert [ledger.position(leg) for leg in (0, 1)] == [0, 0]
    assert f"{hedge} BTC done, 0 on binance.perp.BTCUSDT and 0 on okx.perp.BTC-USDT-SWAP: flat" in said
    assert all(order.reduce_only for pen in desk.pens.values() for order in pen.placed[1:])


async def test_a_dry_run_says_what_it_would_do_and_sends_nothing(desk: Desk, tmp_path: Path) -> None:
    async with serving(desk, tmp_path):
        hedge = await desk.opened()
        sent = sum(len(pen.placed) for pen in desk.pens.values())
        code, said = await answers(tmp_path, dry_run=True)
    assert code == 3
    assert f"would flatten {hedge} BTC hedged, 1.5 on binance" in said
    assert sum(len(pen.placed) for pen in desk.pens.values()) == sent


async def test_with_nothing_open_it_says_so(desk: Desk, tmp_path: Path) -> None:
    async with serving(desk, tmp_path):
        assert await answers(tmp_path) == (0, "nothing is open (everything, on binance, okx)")


async def test_what_no_account_has_told_is_not_flat(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = desk.trading.accounts
    monkeypatch.setattr(desk.trading, "accounts", lambda: [replace(account, paper=False) for account in paper()])
    async with serving(desk, tmp_path):
        code, said = await answers(tmp_path, Scope(venue="bybit"))
        assert (code, "this run has no account on bybit" in said) == (3, True), said
        failed = ReadFailed(venue="okx", market=Market.PERP, kind=ReadKind.POSITIONS, text="okx is away", t_ns=desk.now)
        desk.trading.hear(failed)
        assert await answers(tmp_path) == (3, "what okx holds is not known: okx is away")
        assert (await answers(tmp_path, Scope(venue="binance")))[0] == 0


@pytest.mark.parametrize(
    ("scope", "meant"),
    [
        (Scope(base="BTC"), True),
        (Scope(base="ETH"), False),
        (Scope(venue="okx"), True),
        (Scope(venue="bybit"), False),
        (Scope(venue="okx", base="ETH"), False),
    ],
)
async def test_only_what_was_named_is_flattened(desk: Desk, tmp_path: Path, scope: Scope, meant: bool) -> None:
    async with serving(desk, tmp_path):
        hedge = await desk.opened()
        code, _ = await answers(tmp_path, scope)
    assert code == 0
    assert desk.trading.ledgers[hedge].state.ended is meant


async def test_a_leg_that_no_venue_takes_stays_open_and_is_said(desk: Desk, tmp_path: Path) -> None:
    async with serving(desk, tmp_path):
        hedge = await desk.opened()
        desk.willing["okx"] = False
        code, said = await answers(tmp_path)
    assert code == 3
    assert not desk.trading.ledgers[hedge].state.ended
    assert f"{hedge} BTC halted" in said
    assert "stays open" in said


async def test_under_the_kill_switch_nothing_is_closed_and_the_way_out_is_said(desk: Desk, tmp_path: Path) -> None:
    async with serving(desk, tmp_path):
        hedge = await desk.opened()
        desk.trading.kill("a test")
        code, said = await answers(tmp_path)
    assert (code, desk.trading.ledgers[hedge].state) == (3, "hedged")
    assert "arm again first" in said


async def test_what_no_hedge_holds_is_left_and_is_said(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "SETTLE_S", 0.1)
    async with serving(desk, tmp_path):
        await desk.opened()
        desk.holds("okx", "BTC-USDT-SWAP", "-150")  # the hedge's own
        desk.holds("okx", "ETH-USDT-SWAP", "7")
        code, said = await answers(tmp_path, dry_run=True)
        assert code == 3
        assert "okx.perp.ETH-USDT-SWAP holds 7 (as on the wire)" in said
        assert "okx.perp.BTC-USDT-SWAP holds" not in said
        code, said = await answers(tmp_path)
        assert code == 3  # of both: the venue has not told that the hedge's own position has gone
        desk.holds("okx", "BTC-USDT-SWAP", "0")
        desk.holds("okx", "ETH-USDT-SWAP", "0")
        assert (await answers(tmp_path))[0] == 0


async def test_an_order_of_somebody_elses_that_rests_is_not_flat(desk: Desk, tmp_path: Path) -> None:
    by_hand = OrderReport(
        venue="okx", market=Market.SPOT, native="BTC-USDT", client_id="", order_id="77", side=Side.BUY,
        status=OrderStatus.OPEN, status_text="live", told="open_orders", t_ns=desk.now,
    )  # fmt: skip
    async with serving(desk, tmp_path):
        desk.trading.hear(by_hand)
        code, said = await answers(tmp_path)
        assert (await answers(tmp_path, Scope(venue="binance")))[0] == 0
    assert code == 3
    assert "an order that is not arbtui's rests on okx.spot.BTC-USDT (buy, 77) and stays; cancel it there" in said


async def test_the_socket_is_for_its_owner_alone_and_gone_at_the_end(desk: Desk, tmp_path: Path) -> None:
    async with serving(desk, tmp_path):
        assert listens(tmp_path)
        assert stat.S_IMODE((tmp_path / SOCKET).stat().st_mode) == 0o600
    assert not (tmp_path / SOCKET).exists()
    with pytest.raises(NoEngine, match="no arbtui takes commands"):
        await answers(tmp_path)
    assert not listens(tmp_path)


async def test_a_socket_that_a_killed_run_left_is_replaced(desk: Desk, tmp_path: Path) -> None:
    left = control._listen(tmp_path)
    left.close()
    assert not listens(tmp_path)
    with pytest.raises(NoEngine):
        await answers(tmp_path)
    async with serving(desk, tmp_path):
        await asyncio.sleep(0.01)
        assert (await answers(tmp_path))[0] == 0


async def test_a_folder_with_a_very_long_name_is_reached_all_the_same(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 120)
    folder.mkdir()
    async with serving(desk, folder):
        assert (await answers(folder))[0] == 0


@pytest.mark.parametrize("line", [b"\n", b"nonsense\n", b'{"open": {}}\n', b'{"flatten": 7}\n', b"[" * 100_000 + b"\n"])
async def test_what_is_no_command_is_answered_and_harms_nothing(desk: Desk, tmp_path: Path, line: bytes) -> None:
    async with serving(desk, tmp_path):
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / SOCKET))
        writer.write(line)
        answer: dict[str, Any] = msgspec.json.decode(await reader.readline())
        assert "the command was not understood" in answer["error"]
        writer.close()
        assert (await answers(tmp_path))[0] == 0


async def test_somebody_who_leaves_in_the_middle_stops_nothing(desk: Desk, tmp_path: Path) -> None:
    async with serving(desk, tmp_path):
        hedge = await desk.opened()
        _, writer = await asyncio.open_unix_connection(str(tmp_path / SOCKET))
        writer.write(msgspec.json.encode(Command(ALL)) + b"\n")
        await writer.drain()
        writer.transport.abort()
        for _ in range(2000):
            if desk.trading.ledgers[hedge].state.ended:
                break
            await asyncio.sleep(0.002)
    assert desk.trading.ledgers[hedge].state.ended


async def test_the_end_of_a_run_waits_for_nobody_outside(desk: Desk, tmp_path: Path) -> None:
    async with serving(desk, tmp_path):
        _, writer = await asyncio.open_unix_connection(str(tmp_path / SOCKET))
        await asyncio.sleep(0.01)
        began_s = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began_s < 1
    writer.close()
