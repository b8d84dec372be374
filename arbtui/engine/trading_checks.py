"""What is asked before a hedge is begun, closed or flattened: what is known now, gone through check by check."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from arbtui.core.model import Market
from arbtui.core.orders import Order, OrderKind
from arbtui.engine.risk import Risk
from arbtui.execution.funds import set_aside
from arbtui.execution.intents import Intent, Purpose, Verb, client_id
from arbtui.execution.ports import CountsOrders, Executor, Price, Prices
from arbtui.execution.preflight import Check, ClockRead, Facts, Snapshot, preflight
from arbtui.execution.runner import Runner

_OF_NEW_RISK = ("armed", "funds", "limits", "fees", "leverage")  # checks that a closing turn does not need
_NOT_OF_FLATTENING = ("private stream", "requests")  # nor this one, which tries again by itself


class Checks:
    """``muted(leg)``: why a person wants no new hedge with it. ``wallets``: from which pot a market trades."""

    def __init__(
        self,
        runner: Runner,
        risk: Risk,
        facts: Facts,
        prices: Prices,
        executors: Mapping[str, Executor],
        clocks: Mapping[str, Callable[[], ClockRead | None]],
        wallets: Mapping[tuple[str, Market], str],
        muted: Callable[[str], str | None],
    ) -> None:
        self._runner = runner
        self._risk = risk
        self._facts = facts
        self._prices = prices
        self._executors = executors
        self._clocks = clocks
        self._wallets = wallets
        self._muted = muted

    def of(self, intent: Intent, prices: tuple[Price, Price], *, limits: bool = True) -> Sequence[Check]:
        """``limits`` False: the runner's gate will look at them in a moment."""
        checks = preflight(intent, self._snapshot(intent, prices, limits=limits))
        if intent.opens:
            return [*checks, *self._muted_legs(intent)]
        spared = {*_OF_NEW_RISK, *_NOT_OF_FLATTENING} if intent.verb is Verb.FLATTEN else _OF_NEW_RISK
        on = Check("kill switch", False, "it is on: nothing is closed; arm again first")
        return [*([on] if self._runner.killed else []), *(check for check in checks if check.name not in spared)]

    def _snapshot(self, intent: Intent, prices: tuple[Price, Price], *, limits: bool) -> Snapshot:
        buy, sell = intent.legs
        return Snapshot(
            facts=self._facts,
            instruments=(self._prices.instrument(buy.key), self._prices.instrument(sell.key)),
            prices=prices,
            wallets=self._wallets,
            clocks={name: read() for name, read in self._clocks.items()},
            armed=self._runner.armed,
            limits=self._risk.over(intent) if intent.opens and limits else (),
            order_wait_s=self._order_wait_s(intent),
            set_aside=set_aside(
                self._runner.ledgers.values(), self._facts.balances, self._wallets, self._facts.leverage
            ),
        )

    def _order_wait_s(self, intent: Intent) -> Mapping[str, float]:
        """How long each venue would make an order on each leg of it wait; paper counts none."""
        waits: dict[str, float] = {}
        for venue, executor in self._executors.items():
            orders = [order for order in _first_orders(intent) if order.venue == venue]
            if orders and isinstance(executor, CountsOrders):
                waits[venue] = executor.order_wait_s(orders)
        return waits

    def _muted_legs(self, intent: Intent) -> list[Check]:
        """A failed check for what a person has muted. It is of new hedges only: what is open must be looked after."""
        words = dict.fromkeys(self._muted(leg.key) for leg in intent.legs)
        return [Check("muted", False, f"{why}; unmute it first") for why in words if why is not None]


def _first_orders(intent: Intent) -> list[Order]:
    """An order on each leg, much as the turn will send it."""
    return [
        Order(
            client_id=client_id(intent.hedge, index, Purpose.ENTER, 0),
            venue=leg.venue,
            market=leg.market,
            native=leg.native,
            side=leg.side,
            kind=OrderKind.IOC,
            qty=intent.qty[index],
            price=leg.price,
        )
        for index, leg in enumerate(intent.legs)
        if intent.qty[index]
    ]
