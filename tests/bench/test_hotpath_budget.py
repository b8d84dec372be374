"""The hot path against what no noise of a machine excuses: ratios to ``orjson.loads`` in the same rounds."""

from __future__ import annotations

import pytest

from arbtui.bench import hotpath
from arbtui.bench.report import goals_text, table_text
from arbtui.bench.traffic import simulated_venues

CHANCES = 3  # a busy machine disturbs one measurement, hardly three


@pytest.mark.slow
def test_no_frame_costs_more_than_what_its_budget_fails_at() -> None:
    shown: list[str] = []
    for _ in range(CHANCES):
        result = hotpath.run(simulated_venues(), hotpath.QUICK, with_peers=False)
        own = [goal for goal in result.goals if goal.unit == "x orjson.loads"]
        assert len(own) == 2
        assert all(goal.value is not None for goal in own)
        if not any(goal.failed for goal in own):
            return
        shown += [line for table in result.tables for line in table_text(table)] + goals_text(own)
    pytest.fail("\n".join(shown))
