"""The bench of hedges measures what it says."""

from __future__ import annotations

from typing import Any, cast

import pytest

from arbtui.bench import orders
from arbtui.bench.orders import STOPPED, Figures
from arbtui.core.errors import OurMistake
from arbtui.engine.ending import EXIT_INTERRUPTED, EXIT_OPEN
from arbtui.venues import registry


def test_it_needs_two_exchanges_that_take_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "tradable", lambda: ("binance", "okx"))
    with pytest.raises(OurMistake, match="binance"):
        orders.run(("binance", "bybit"), orders.QUICK)


def test_budgets_speak_of_what_was_measured_and_unmeasured_is_said() -> None:
    goals = orders._goals(Figures(key_ms=[1.0, 3.0, 2.0], taker_ms=[1.0] * 99 + [200.0], recovered=7))
    by_name = {goal.name: goal for goal in goals}
    assert by_name["key to both legs' bytes, p50"].verdict == "ok"
    assert by_name["unhedged taker-taker, p99"].value == 1.0
    assert by_name["unhedged maker-taker, p99"].verdict == "not measured"


@pytest.mark.slow
def test_a_small_run_brings_every_figure() -> None:
    result = orders.run(("binance", "okx"), orders.Size(coins=3, keys=3, makers=2, pairs=4, acks=2))
    assert all(goal.value is not None for goal in result.goals)


@pytest.mark.parametrize(("code", "left"), [(EXIT_INTERRUPTED, EXIT_INTERRUPTED), (EXIT_OPEN, STOPPED), (0, STOPPED)])
async def test_a_signal_in_the_middle_ends_the_whole_bench(
    monkeypatch: pytest.MonkeyPatch, code: int, left: int | str
) -> None:
    """Its next part would else begin, and outlive the signal by minutes."""

    async def ended_by_a_signal(live: Any, trader: Any) -> int:
        return code

    monkeypatch.setattr(orders, "run_live", ended_by_a_signal)
    with pytest.raises(SystemExit) as ended:
        await orders._ran(cast(Any, None), orders._Trader(cast(Any, None)))
    assert str(left) in str(ended.value)
