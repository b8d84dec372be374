"""`arbtui flatten` where no best prices come by REST: the mark, and the band beyond it, close a position too."""

from __future__ import annotations

from pathlib import Path

from arbtui.config import Paths, load
from arbtui.engine.control import Scope
from arbtui.engine.flatten import Flattening, from_credentials
from arbtui.net.gateway import NetworkSettings
from arbtui.venues.private import Keys
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
