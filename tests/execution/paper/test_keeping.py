"""A paper account outlives the program: what was kept and given back goes on as if nothing had happened."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from arbtui.core.clock import NS_PER_MS
from arbtui.core.errors import OurMistake
from arbtui.core.orders import Accepted, OrderReport, OrderStatus
from arbtui.execution.paper_market import FundingDue, PaperRules
from arbtui.execution.paper_state import VERSION, from_json_value, to_json_value
from tests.execution.paper.rig import LATENCY_MS, PERP, START_MS, D, Rig, fills, of, report, side


def busy() -> Rig:
    """A position, a resting order with its queue half traded, a consumed book, an order on its way."""
    rig = Rig()
    rig.market.fundings[PERP] = FundingDue(D("0.0001"), START_MS + 60_000)
    rig.do("buy", "1.5", "101")
    rig.rest("buy", "2", "98")
    rig.trade("98", "1.5", trade_id="seen")
    rig.executor.place(rig.order("sell", "0.5", "99"))
    rig.take()
    return rig


def story(rig: Rig) -> list[Any]:
    """What happens next, whoever tells it."""
    rig.run(LATENCY_MS)
    rig.trade("98", "0.5", trade_id="seen")
    told = list(rig.told)
    told += rig.trade("98", "1.2", trade_id="later")
    told += rig.do("buy", "2", "101", client_id="after")
    told += rig.do("buy", "2", "101", client_id="o1")  # was sent before
    rig.run(120_000)
    return told + rig.take()


def test_a_restart_changes_nothing_of_what_happens_next() -> None:
    without, restarted = busy(), busy()
    restarted.restart()
    restarted.take()
    assert story(restarted) == story(without)
    assert restarted.executor.save() == without.executor.save()


def test_what_is_kept_is_plain_json_and_reads_back_as_itself() -> None:
    kept = busy().executor.save()
    text = msgspec.json.encode(kept)
    assert to_json_value(from_json_value(msgspec.json.decode(text))) == kept
    assert b"NaN" not in text


def test_an_order_on_its_way_arrives_after_the_restart() -> None:
    rig = busy()
    rig.restart()
    rig.run(LATENCY_MS)
    assert fills(rig.take()) == [(D(99), D("0.5"))]


def test_an_order_that_was_due_while_off_meets_the_market_of_after() -> None:
    rig = busy()
    rig.executor.stop()
    kept = rig.executor.save()
    late = Rig(kept=kept, start_ms=START_MS + 3_600_000)
    late.book(side((95, 1)), side((96, 1)))
    late.run(1)
    events = late.take()
    assert fills(events) == []
    assert report(events).status is OrderStatus.CANCELED


def test_a_stopped_account_does_nothing() -> None:
    rig = busy()
    rig.executor.stop()
    rig.run(600_000)
    assert rig.take() == []
    assert rig.clock.now_ns() > START_MS * NS_PER_MS


def test_starting_balances_are_those_of_the_kept_account_not_of_the_settings() -> None:
    rig = busy()
    before = rig.balance().total
    rig.rules = PaperRules(balances={"usdm": {"USDT": D(7)}}, latency_ms=LATENCY_MS)
    rig.restart()
    assert rig.balance().total == before


def test_every_change_worth_keeping_raises_the_revision() -> None:
    rig = Rig()
    order = rig.order("buy", "1", "98")
    seen = [rig.executor.revision]

    def rises() -> bool:
        seen.append(rig.executor.revision)
        return seen[-1] > seen[-2]

    rig.executor.place(order)
    assert rises()
    rig.run(LATENCY_MS)
    assert rises()
    rig.run(60_000)
    rig.rest("buy", "1", "98")
    assert rises()
    rig.trade("98", "0.5")  # fills nothing, and takes from the queue
    assert rises()
    rig.trade("98", "0.5", leg="binance.perp.ETHUSDT")
    assert not rises()


@pytest.mark.parametrize(
    "kept", [5, [], {"version": VERSION + 1}, {"orders": 7}, {"account": {"wallets": {"a": {"b": {"start": "nan?"}}}}}]
)
def test_what_cannot_be_read_is_refused_in_a_sentence(kept: object) -> None:
    with pytest.raises(OurMistake, match="kept paper account"):
        from_json_value(kept)


def test_the_wish_for_trades_is_told_again_after_a_restart() -> None:
    rig = busy()
    rig.restart()
    assert rig.wanted[-1] == {PERP}
    assert not of(rig.take(), Accepted)
    assert not of(rig.take(), OrderReport)
