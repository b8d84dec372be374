"""Flattened from bare credentials while no engine ran: the next one finds its hedges closed, and repairs nothing."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from arbtui.config import Paths, load
from arbtui.engine import bare_account
from arbtui.engine.control import Scope
from arbtui.engine.flatten import Flattening, from_credentials
from arbtui.net.gateway import NetworkSettings
from arbtui.venues import registry
from arbtui.venues.private import Keys
from tests.engine.test_trading_venues import OKX, SPOT, VENUES, Desk, desk
from tests.witness.harness import Sim, witnessed


async def flatten(sim: Sim, folder: Path) -> tuple[int, str]:
    """As ``arbtui flatten --yes`` where nobody runs."""
    nowhere = folder / "none"
    settings = load(Paths(nowhere, nowhere, nowhere, folder, folder), VENUES, environ={}).settings
    keys = {}
    for name in VENUES:
        private = registry.private(name)
        assert private is not None
        keys[name] = Keys({field: sim.credentials(name)[field] for field in private.key_fields})
    said: list[str] = []
    job = Flattening("TESTNET", folder, Scope(), dry_run=False, say=said.append, confirm=lambda: True, keys=keys)
    return await from_credentials(job, settings, NetworkSettings(gateway=sim.server.url)), "\n".join(said)


def held(one: Desk) -> dict[str, Decimal]:
    rows = [(venue, row) for venue in VENUES for row in one.sim.account(venue)["positions"]]
    return {f"{venue} {row['native']}": Decimal(row["qty"]) for venue, row in rows if Decimal(row["qty"])}


async def test_hedges_that_were_flattened_without_an_engine_have_ended_for_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bare_account, "PAUSE_S", 0.05)
    async with witnessed(*VENUES, coins=3, rate=0.0, scenario="still") as sim:
        async with desk(tmp_path, sim=sim) as one:
            before = one.totals("binance")["spot", "BTC"]
            hedges = [await one.fire(), await one.fire(buy=SPOT, sell=OKX)]
            for hedge in hedges:
                await one.until_state(hedge, "hedged")
        code, talk = await flatten(sim, tmp_path)
        assert code == 0, talk
        assert held(one) == {}
        assert one.totals("binance")["spot", "BTC"] - before < Decimal("0.0001")
        orders = len(one.orders())
        async with desk(tmp_path, sim=sim) as two:
            ledgers = two.trading.ledgers
            await two.until(lambda: all(ledgers[hedge].state.ended for hedge in hedges))
            for hedge in hedges:
                assert "closed from outside" in ledgers[hedge].why
            said = [line.text for line in two.trading.said if line.alarm]
            assert any("were taken away" in text for text in said)
            assert two.trading.pairs() == []
            await two.until(lambda: not two.trading.under_way())
        assert len(one.orders()) == orders
        assert held(one) == {}
