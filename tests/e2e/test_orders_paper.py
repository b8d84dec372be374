"""Paper on real processes: what is killed goes on, and what it made is what its wallets have more, exactly."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.harness import Sim
from tests.e2e.money import ENDED, REST, VENUES, Driven, driven, exchanges, home_in, until

pytestmark = pytest.mark.slow

BEGAN = Decimal(50_000)


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with contextlib.closing(exchanges()) as sim:
        yield sim


def made(arbtui: Driven) -> Decimal:
    """What the wallets that perpetuals trade from have more than at their beginning."""
    told = arbtui.state()["balances"]
    return sum(
        (
            Decimal(told[f"{venue}.{wallet}.USDT"]) - BEGAN
            for venue, wallet in zip(VENUES, ("usdm", "trading"), strict=True)
        ),
        Decimal(0),
    )


@pytest.mark.parametrize("place", ["handing:e", "placed:e", "hearing:Fill:e", "heard:Accepted:e", "hearing:Fill:f"])
def test_killed_paper_goes_on_and_its_sums_are_exact(place: str, sim: Sim, tmp_path: Path) -> None:
    home = home_in(tmp_path)
    with driven(home, sim, accounts=False, environ={"DRIVER_DIES": place}) as arbtui:
        until(lambda: arbtui.state()["armed"], 10)
        hedge = arbtui.fire()
        if place.endswith("f"):
            arbtui.until_state(hedge, "hedged")
            arbtui.fire(hedge=hedge, verb="flatten")
        assert arbtui.ended() == -signal.SIGKILL
    with driven(home, sim, accounts=False) as arbtui:
        found = arbtui.until_state(hedge, *REST, within_s=30)
        until(lambda: arbtui.state()["armed"], 10)
        if found["state"] == "hedged":
            assert sum(Decimal(coins) for coins in found["coins"]) == 0
            arbtui.flatten(hedge)
        found = arbtui.until_hedge(hedge, lambda found: found["state"] in ENDED and found["complete"])
        until(lambda: Decimal(arbtui.hedge(hedge)["pnl_usd"]) == made(arbtui), 10)
        assert arbtui.end(signal.SIGTERM) == 0
