"""Somebody in front of a screen that sends orders, with hands and a clock of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from arbtui.config import Settings
from arbtui.execution.lifecycle import State
from arbtui.execution.limits import Limits
from arbtui.ui.ticket.hedge import HedgePage
from arbtui.ui.ticket.order import OrderPage
from tests.ui.fake_port import FakePort
from tests.ui.fake_trading import FakeTrading, fake_trading, settle
from tests.ui.seat import Seat, seated

# As many hedges as a test likes, one right after another.
WITHOUT_LIMITS = Limits(order_usd=None, coin_usd=None, venue_usd=None, again_after_s=0.0)


class Dealer:
    """Somebody in front of a screen that sends orders; time passes between two keys."""

    def __init__(self, seat: Seat, trading: FakeTrading) -> None:
        self.seat, self.trading, self.port = seat, trading, seat.port

    async def press(self, *keys: str, gap_s: float = 0.4) -> None:
        for key in keys:
            await self.wait(gap_s)
            await self.seat.press(key)

    async def wait(self, seconds: float) -> None:
        """For hands and for venues alike; the market stands still."""
        settle(self.port, seconds)
        self.seat.pass_by(seconds)

    async def text(self) -> str:
        return await self.seat.text()

    @property
    def page(self) -> object:
        return self.seat.app.main_screen.panel.page

    @property
    def order(self) -> OrderPage:
        page = self.page
        assert isinstance(page, OrderPage), page
        return page

    @property
    def hedge(self) -> HedgePage:
        page = self.page
        assert isinstance(page, HedgePage), page
        return page

    @property
    def states(self) -> list[State]:
        return [ledger.state for ledger in self.trading.ledgers.values()]

    async def open_one(self) -> str:
        """Hedged, and the panel closed again; the hedge's id."""
        await self.press("o", "enter", "y")
        await self.wait(1)
        hedge = self.hedge.hedge
        assert self.trading.ledgers[hedge].state is State.HEDGED
        await self.press("escape")
        return hedge


@asynccontextmanager
async def dealing(
    width: int = 120,
    height: int = 40,
    *,
    word: str = "PAPER",
    limits: Limits | None = None,
    coins: int = 12,
    port: FakePort | None = None,
    settings: Settings | None = None,
) -> AsyncIterator[Dealer]:
    port = port if port is not None else FakePort(coins)
    for slot in port.board.slots:
        slot.taker_rate = 0.0005
    for base in port.board.coins:  # worth a hedge: some 20 bps above what its fees are
        row = port.row(base)
        dear = port.board.slots[row.sell.slot] if row is not None else None
        if dear is not None and dear.mid is not None:
            port.quote(dear, dear.mid * 1.003)
    trading = fake_trading(port, word=word, limits=limits)
    async with seated(port, width, height, settings) as seat:
        dealer = Dealer(seat, trading)
        await dealer.press("j", "k")  # the cursor belongs to its coin from now on
        yield dealer


async def halted(dealer: Dealer) -> str:
    """One leg filled, the other refused, giving back refused as well."""
    await dealer.press("o")
    ticket = dealer.order.ticket
    buy, sell = ticket.buy.split(".")[0], ticket.sell.split(".")[0]
    assert buy != sell
    dealer.trading.venues[buy].script.extend(["fill", "reject"])
    dealer.trading.venues[sell].script.extend(["reject"])
    await dealer.press("enter", "y")
    for _ in range(6):
        await dealer.wait(0.5)
    assert dealer.states == [State.HALTED]
    return dealer.hedge.hedge
