"""Orders of somebody else's that rest: what may still fill is known, and what has ended is not said to rest."""

from __future__ import annotations

from msgspec import structs

from arbtui.core.model import Market
from arbtui.core.orders import OrderReport, OrderStatus, ReadDone, ReadKind, Side
from arbtui.execution.resting import Resting
from tests.execution.stage import T0, Stage, report


def by_hand(status: OrderStatus, t_ns: int = T0) -> OrderReport:
    return OrderReport(
        venue="alpha",
        market=Market.PERP,
        native="COINUSDT",
        client_id="",
        order_id="h1",
        side=Side.SELL,
        status=status,
        status_text=status.value,
        told="push",
        t_ns=t_ns,
    )


def read(asked_ns: int, market: Market = Market.PERP) -> ReadDone:
    return ReadDone(venue="alpha", market=market, kind=ReadKind.OPEN_ORDERS, asked_ns=asked_ns, t_ns=asked_ns)


def test_an_order_of_somebody_elses_rests_until_its_end_is_told_or_a_read_names_it_no_more() -> None:
    resting = Resting()
    resting.hear(by_hand(OrderStatus.OPEN))
    resting.hear(read(T0))
    resting.hear(read(T0 + 1, Market.SPOT))
    assert len(resting.open) == 1
    resting.hear(read(T0 + 1))
    assert not resting.open
    resting.hear(by_hand(OrderStatus.OPEN, T0 + 2))
    resting.hear(by_hand(OrderStatus.CANCELED, T0 + 3))
    resting.hear(by_hand(OrderStatus.OPEN, T0 + 4))  # an older message that came later
    assert not resting.open


def test_arbtuis_own_orders_and_the_venues_are_none_of_them() -> None:
    stage, resting = Stage(), Resting()
    stage.open()
    resting.hear(report(stage.order("alpha"), OrderStatus.OPEN))
    resting.hear(structs.replace(by_hand(OrderStatus.OPEN), origin="liquidation"))
    assert not resting.open
