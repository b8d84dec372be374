"""Scale compares a little with much, on the same bytes."""

from __future__ import annotations

from arbtui.bench import scale


def test_few_are_compared_with_many_of_coins_and_of_venues() -> None:
    size = scale.Size(rounds=1, coins=(5, 12), venues=(2, 3), venue_coins=5, frames=40)
    result = scale.run(("binance", "okx"), size)
    assert [goal.name for goal in result.goals] == [
        "cost of a frame at 12 coins over 5",
        "cost of a frame at 3 venues over 2",
    ]
    assert all(goal.value is not None and goal.value > 0.2 for goal in result.goals)
    assert [len(table.rows) for table in result.tables] == [2, 2]
