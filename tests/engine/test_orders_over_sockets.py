"""Whole runs whose orders go over the exchanges' own sockets, because the settings say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from arbtui.execution.intents import Verb
from arbtui.net.rest import Answer, Rest
from arbtui.net.tradesocket import TradeSocketKeeper
from arbtui.port import Ticket
from arbtui.sim.control import Control
from arbtui.venues.base import HttpRequest
from tests.engine.test_arming_run import VENUES, Person, exchanges, life, lived
from tests.witness.harness import Sim

OVER_SOCKETS = {f"VENUES__{name.upper()}__ORDERS": "socket" for name in VENUES}


class Ways:
    """How many orders were answered by which way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.by_socket = 0
        self.by_rest = 0
        ask, carry = TradeSocketKeeper.ask, Rest.carry

        async def asked(keeper: TradeSocketKeeper, request: HttpRequest) -> Answer | None:
            answer = await ask(keeper, request)
            self.by_socket += answer is not None
            return answer

        async def carried(rest: Rest, request: HttpRequest) -> Answer:
            answer = await carry(rest, request)
            self.by_rest += request.method == "POST" and request.url.endswith("/order")
            return answer

        monkeypatch.setattr(TradeSocketKeeper, "ask", asked)
        monkeypatch.setattr(Rest, "carry", carried)


async def over_sockets(me: Person) -> None:
    """Both are up, and the run is armed."""
    await me.until(lambda: all(any(f"{name}: orders of perp" in text for text in me.notices) for name in VENUES))
    await me.until(lambda: me.trading.armed)


async def flatten(me: Person, hedge: str) -> None:
    ticket = Ticket(base="BTC", hedge=hedge, verb=Verb.FLATTEN)
    await me.until(lambda: not me.trading.preview(ticket).refused)
    assert me.trading.fire(me.trading.preview(ticket)).accepted
    await me.until(lambda: me.trading.ledgers[hedge].state.ended)


def filled(sim: Sim) -> list[int]:
    """How many orders filled at each exchange."""
    return [sum(order["status"] == "filled" for order in sim.account(name)["orders"]) for name in VENUES]


async def test_a_hedge_is_opened_and_closed_over_the_sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ways = Ways(monkeypatch)

    async def job(me: Person) -> None:
        await over_sockets(me)
        await flatten(me, await me.opened("300"))

    async with exchanges() as sim:
        await lived(life(tmp_path, sim, accounts=True, arm_usd="500", **OVER_SOCKETS), job)
        assert (ways.by_socket, ways.by_rest) == (4, 0)
        assert filled(sim) == [2, 2]


async def test_an_answer_lost_on_a_socket_is_looked_for_and_nothing_is_sent_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways = Ways(monkeypatch)

    async def job(me: Person) -> None:
        await over_sockets(me)
        Control(sim.hub).add_fault({"fault": "ack_lost_delivered", "venue": "okx", "count": 1, "value": 0.0})
        await flatten(me, await me.opened("300"))

    async with exchanges() as sim:
        await lived(life(tmp_path, sim, accounts=True, arm_usd="500", **OVER_SOCKETS), job)
        assert filled(sim) == [2, 2]
        assert ways.by_socket + ways.by_rest == 3, "the fourth went over the socket and was never answered"


async def test_without_the_setting_no_socket_for_orders_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways = Ways(monkeypatch)

    async def job(me: Person) -> None:
        await me.until(lambda: me.trading.armed)
        await me.opened("300")
        assert not any("socket" in text for text in me.notices)

    async with exchanges() as sim:
        await lived(life(tmp_path, sim, accounts=True, arm_usd="500"), job)
        assert (ways.by_socket, ways.by_rest) == (0, 2)
