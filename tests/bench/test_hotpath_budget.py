"""The hot path against what no noise of a machine excuses: ratios to ``orjson.loads`` in the same rounds."""

from __future__ import annotations

import pytest

from arbtui.bench import hotpath
from arbtui.bench.report import table_text
from arbtui.bench.traffic import simulated_venues


@pytest.mark.slow
def test_no_frame_costs_more_than_its_budget_fails_at() -> None:
    result = hotpath.run(simulated_venues(), hotpath.QUICK, with_peers=False)
    shown = "\n".join(line for table in result.tables for line in table_text(table))
    own = [goal for goal in result.goals if goal.unit == "x orjson.loads"]
    assert len(own) == 2
    assert all(goal.value is not None and not goal.failed for goal in own), shown
