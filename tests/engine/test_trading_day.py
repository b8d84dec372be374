"""A hedge over the end of a day and a year: engine time is UTC, whatever the machine's zone says."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from arbtui.core.clock import NS_PER_MS, NS_PER_S
from arbtui.core.model import Market
from arbtui.core.orders import FundingPaid, ReadDone, ReadKind
from arbtui.execution.intents import Verb
from arbtui.execution.limits import Limits
from tests.engine.trading_stage import Stage, ticket

D = Decimal


def ns(year: int, month: int, day: int) -> int:
    return round(datetime(year, month, day, tzinfo=UTC).timestamp()) * NS_PER_S


@pytest.fixture(params=["America/New_York", "Pacific/Kiritimati"])
def _zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def paid(stage: Stage, at_ns: int, amount: str) -> FundingPaid:
    return FundingPaid(
        venue="okx", native="COINUSDT", payment_id=f"p{at_ns}", amount=D(amount), ccy="USDT",
        t_ms=at_ns // NS_PER_MS, t_ns=stage.clock.now_ns(),
    )  # fmt: skip


@pytest.mark.usefixtures("_zone")
@pytest.mark.parametrize(
    "midnight_ns",
    [ns(2027, 1, 1), ns(2026, 3, 8), ns(2026, 11, 1), ns(2028, 3, 1)],
    ids=["year", "New York loses an hour", "New York gains one", "after a leap day"],
)
def test_a_hedge_over_midnight_keeps_its_sums_and_a_new_day_has_its_own(midnight_ns: int) -> None:
    limits = Limits(day_usd=D(900), again_after_s=0)
    stage = Stage(now_ns=midnight_ns - 10 * NS_PER_S, limits=limits).ready()
    hedge = stage.hedged()
    refused = stage.trading.preview(ticket()).refused
    assert "limits.day_usd" in refused
    stage.hear(paid(stage, midnight_ns - 4 * 3600 * NS_PER_S, "100"))  # before this hedge was there: not its own
    stage.wait(9.9)
    assert "limits.day_usd" in stage.trading.preview(ticket()).refused
    stage.wait(0.2)
    stage.hear(paid(stage, midnight_ns, "1.5"), paid(stage, midnight_ns, "1.5"))
    assert stage.trading.funding.of[hedge] == {"USDT": D("1.5")}
    assert "limits.day_usd" not in stage.trading.preview(ticket()).refused
    again = Stage(stage.disk.kept, now_ns=stage.clock.now_ns(), limits=limits)  # a restart after midnight
    assert again.trading.funding.of[hedge] == {"USDT": D("1.5")}
    assert again.trading.ledgers[hedge].position(0) == D(5)
    closing = stage.trading.preview(ticket(verb=Verb.FLATTEN, hedge=hedge, buy="", sell="", qty_base=None))
    assert stage.trading.fire(closing).accepted
    for pen in stage.pens.values():
        stage.fill(pen.placed[-1])
    assert stage.trading.ledgers[hedge].state == "done"
    pnl = stage.trading.pnl(hedge)
    assert pnl is not None
    assert pnl.funding == {"USDT": D("1.5")}


@pytest.mark.parametrize("taken_over", [False, True])
def test_coins_that_went_at_a_price_nobody_told_leave_the_days_loss_unknown_until_a_person_takes_it(
    taken_over: bool,
) -> None:
    stage = Stage(limits=Limits(again_after_s=0)).ready()
    hedge = stage.hedged()
    lost = ("okx",) if taken_over else ("binance", "okx")
    for _ in range(3):
        stage.wait(1.2)
        for venue in lost:
            now_ns = stage.clock.now_ns()
            stage.hear(ReadDone(venue=venue, market=Market.PERP, kind=ReadKind.POSITIONS, asked_ns=now_ns, t_ns=now_ns))
    if taken_over:
        assert stage.trading.abandon(hedge).accepted
    for pen in stage.pens.values():
        stage.answer(pen.name)
    refused = stage.trading.preview(ticket()).refused
    assert ("limits.day_loss_usd cannot be checked" in refused) is not taken_over
