"""Fills without a name: kept as long as they may be ours, once each, and then called somebody else's."""

from __future__ import annotations

import msgspec

from arbtui.core.orders import Fill, OrderStatus
from arbtui.execution.audit import Audit
from tests.execution.stage import HEDGE, Stage, fill


def nameless(stage: Stage, fill_id: str) -> Fill:
    return fill(stage.order("alpha"), "1", fill_id=fill_id, named=False, told="query")


def test_a_fill_that_is_read_again_and_again_is_kept_once() -> None:
    stage = Stage()
    stage.open()
    audit = Audit({}, lambda ledger, index: True)
    for _ in range(100):
        for fill_id in ("1", "2"):
            audit.keep(nameless(stage, fill_id))
    assert audit.unkept(lambda key: True) == []
    assert [one.fill_id for one in audit.unkept(lambda key: False)] == ["1", "2"]
    assert audit.unkept(lambda key: False) == []


def test_fills_of_two_instruments_wait_apart() -> None:
    stage = Stage()
    stage.open()
    audit = Audit({}, lambda ledger, index: True)
    audit.keep(nameless(stage, "1"))
    audit.keep(fill(stage.order("beta"), "1", fill_id="1", named=False))
    freed = audit.unkept(lambda key: key.startswith("alpha"))
    assert [one.venue for one in freed] == ["beta"]


def test_a_strangers_fill_is_named_once_the_doubt_is_over_however_often_it_was_read() -> None:
    stage = Stage()
    stage.open()
    stage.silent(stage.order("alpha"))
    stage.fills(stage.order("beta"))
    told = fill(stage.order("alpha"), "1", fill_id="77", named=False, told="query", t_ns=stage.clock.now_ns())
    strange = msgspec.structs.replace(told, order_id="somebody's")
    for _ in range(20):
        stage.wait(0.3)
        stage.runner.hear(strange)
    assert not any("not arbtui's" in said.text for said in stage.said)
    stage.report(stage.order("alpha"), OrderStatus.FILLED, "10", "query")
    assert sum("not arbtui's" in said.text for said in stage.said) == 1


def test_a_fill_that_was_told_before_anybody_knew_its_order_is_remembered_over_a_restart() -> None:
    first = Stage()
    first.open()
    order = first.order("alpha")
    first.runner.hear(fill(order, "3", named=False, fill_id="early", t_ns=first.clock.now_ns()))
    assert first.runner.ledgers[HEDGE].position(0) == 0
    first.accepted(order)
    assert first.runner.ledgers[HEDGE].position(0) == 3
    second = Stage(list(first.disk.kept), now_ns=first.clock.now_ns() + 10**9)
    assert second.runner.ledgers[HEDGE].position(0) == 3
