"""Listeners with mistakes, a kill before everything is read, and what a long day costs."""

from __future__ import annotations

import time
from decimal import Decimal

from arbtui.core.orders import FundingPaid, Position
from arbtui.execution.intents import Verb
from arbtui.execution.limits import Limits
from arbtui.execution.ports import Price
from tests.engine.trading_stage import Stage, ticket

NO_LIMITS = Limits(
    order_usd=None,
    coin_usd=None,
    venue_usd=None,
    day_usd=None,
    day_loss_usd=Decimal(10**9),
    losing_in_row=None,
    rejected_in_row=None,
    open_hedges=None,
    again_after_s=0.0,
)


def fails(*_args: object) -> None:
    raise RuntimeError("a screen with a mistake in it")


def test_one_listener_with_a_mistake_keeps_nothing_from_the_others_nor_from_the_hedge() -> None:
    stage = Stage().ready()
    heard: list[object] = []
    for on in (stage.trading.on_change, stage.trading.on_account, stage.trading.on_said):
        on(fails)
        on(lambda *what: heard.append(what[-1]))
    stage.hedged()
    assert {"Intended", "Ordered", "Fill", "Said"} <= {type(what).__name__ for what in heard}


def test_paper_does_not_arm_itself_over_a_kill_switch() -> None:
    stage = Stage(paper=True)
    stage.trading.kill("a person")
    stage.streams()
    for venue in stage.pens:
        stage.answer(venue)
    assert stage.trading.killed
    assert not stage.trading.armed


def closed(stage: Stage, *, after_s: float = 0.0) -> str:
    hedge = stage.hedged()
    stage.wait(after_s)
    assert stage.trading.fire(stage.trading.preview(ticket(hedge=hedge, verb=Verb.CLOSE, qty_base=None))).accepted
    for pen in stage.pens.values():
        stage.fill(pen.placed[-1])
    assert stage.trading.ledgers[hedge].over
    return hedge


class Looks(dict[str, Price]):
    """Prices that count how often they are looked at."""

    count = 0

    def __getitem__(self, leg: str) -> Price:
        self.count += 1
        return super().__getitem__(leg)


def test_hedges_that_are_over_cost_next_to_nothing() -> None:
    stage = Stage(limits=NO_LIMITS).ready()
    for _ in range(150):
        closed(stage)
        stage.wait(0.1)
    for venue in stage.pens:
        stage.answer(venue)
    woken = Looks(stage.market.prices)
    stage.market.prices = woken
    began = time.process_time()
    for _ in range(20):
        stage.hear(Position(venue="okx", native="COINUSDT", qty=Decimal(0), t_ns=stage.clock.now_ns()))
        stage.streams()
    assert woken.count == 0
    assert not stage.trading.preview(ticket()).refused
    assert woken.count < 20
    assert time.process_time() - began < 1.0


def test_the_account_of_a_hedge_that_is_over_follows_late_funding() -> None:
    stage = Stage(limits=NO_LIMITS).ready()
    paid_ms = stage.clock.now_ns() // 1_000_000
    hedge = closed(stage, after_s=1.0)
    before = stage.trading.pnl_usd(hedge)
    assert before is not None
    assert stage.trading.pnl_usd(hedge) == before
    stage.hear(
        FundingPaid(
            venue="okx", native="COINUSDT", payment_id="1", amount=Decimal("0.25"), ccy="USDT", t_ms=paid_ms,
            t_ns=stage.clock.now_ns(),
        )
    )  # fmt: skip
    after = stage.trading.pnl_usd(hedge)
    assert after == before + Decimal("0.25")
