"""`arbtui flatten` where no best prices come by REST: the mark, and the band beyond it, close a position too."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from arbtui.config import Paths, load
from arbtui.core.clock import ManualClock
from arbtui.core.events import Event, MarkPrice
from arbtui.core.model import Market
from arbtui.core.orders import AccountEvent, Order, Position, ReadKind
from arbtui.engine import bare_account
from arbtui.engine.bare_account import BareAccount
from arbtui.engine.by_rest import AccountByRest
from arbtui.engine.control import Scope
from arbtui.engine.flatten import Flattening, from_credentials
from arbtui.net.gateway import NetworkSettings
from arbtui.venues.private import Keys
from tests.engine.trading_stage import listed
from tests.sim.support import served


async def test_a_position_is_closed_by_its_mark_where_no_best_price_is_told(tmp_path: Path) -> None:
    async with served("hyperliquid", coins=2, rate=0.0) as (server, client):
        async with client.get("/_sim/accounts") as answer:
            keys = Keys((await answer.json())["hyperliquid"]["main"])
        order = {"venue": "hyperliquid", "market": "perp", "symbol": "BTC", "side": "sell", "qty": "0.01"}
        async with client.post("/_sim/orders", json=order) as answer:
            assert (await answer.json())["status"] == "filled"
        said: list[str] = []
        job = Flattening(
            mode="SIMULATED",
            data_dir=tmp_path,
            scope=Scope(),
            dry_run=False,
            say=said.append,
            confirm=lambda: True,
            keys={"hyperliquid": keys},
        )
        nowhere = tmp_path / "none"
        settings = load(Paths(nowhere, nowhere, nowhere, tmp_path, tmp_path), ("hyperliquid",), environ={}).settings
        assert await from_credentials(job, settings, NetworkSettings(gateway=server.url)) == 0, said
        async with client.get("/_sim/truth") as answer:
            assert (await answer.json())["accounts"]["hyperliquid"]["main"]["positions"] == []


class Falling:
    """``AccountByRest`` of a long position that nobody takes, while the mark falls by ten at each look."""

    name = "okx"

    def __init__(self) -> None:
        self.listed = {Market.PERP: {"COINUSDT": listed("okx.perp.COINUSDT")}}
        self.venue = SimpleNamespace(markets=(Market.PERP,))
        self.clock = ManualClock(0)
        self.account = SimpleNamespace(place=lambda order: self.placed.append(order))
        self.placed: list[Order] = []
        self._mark = 110
        self._hear: Callable[[AccountEvent], object] = lambda event: None

    def listen(self, hear: Callable[[AccountEvent], object]) -> None:
        self._hear = hear

    async def read(self, kind: ReadKind, market: Market) -> tuple[list[AccountEvent], str]:
        if kind is ReadKind.POSITIONS:
            self._hear(Position(venue="okx", native="COINUSDT", qty=Decimal(3), t_ns=0))
        return [], ""

    async def settled(self) -> list[AccountEvent]:
        return []

    async def market_events(self, market: Market, natives: list[str]) -> list[Event]:
        self._mark -= 10
        return [MarkPrice(0, 0, mark=str(self._mark))]


async def test_each_try_goes_by_the_mark_of_its_own_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bare_account, "PAUSE_S", 0.0)
    falling = Falling()
    account = BareAccount(cast(AccountByRest, cast(Any, falling)), band_bps=Decimal(100), say=lambda text: None)
    await account.flatten(Scope())
    assert [f"{order.price:.1f}" for order in falling.placed] == ["99.0", "89.1", "79.2", "69.3", "59.4", "49.5"]
