"""What is said of figures and budgets."""

from __future__ import annotations

import pytest

from arbtui.bench.report import Goal, Result, Table, as_json, geometric_mean, goals_text, table_text


@pytest.mark.parametrize(
    ("value", "verdict", "failed"), [(1.9, "ok", False), (2.5, "over budget", False), (3.1, "FAIL", True)]
)
def test_a_cost_is_judged_by_budget_and_by_failure(value: float, verdict: str, failed: bool) -> None:
    goal = Goal("cost", value, "x", 2.0, 3.0)
    assert (goal.verdict, goal.failed) == (verdict, failed)


@pytest.mark.parametrize(
    ("value", "verdict", "failed"), [(16.0, "ok", False), (9.0, "over budget", False), (7.0, "FAIL", True)]
)
def test_being_faster_is_judged_the_other_way_round(value: float, verdict: str, failed: bool) -> None:
    goal = Goal("faster", value, "x", 15.0, 8.0, at_least=True)
    assert (goal.verdict, goal.failed) == (verdict, failed)


def test_what_was_not_measured_neither_passes_nor_fails() -> None:
    goal = Goal("faster than somebody", None, "x", 15.0, 8.0, at_least=True, note="not installed")
    assert (goal.verdict, goal.failed) == ("not measured", False)
    assert any("not installed" in line for line in goals_text([goal]))


def test_a_figure_without_a_budget_is_told_for_itself() -> None:
    assert Goal("size", 12.0, "MB").verdict == ""


def test_a_table_keeps_its_columns_in_line_and_shows_what_is_missing_as_missing() -> None:
    table = Table("title", ("", "us", "ratio"), (("one", 1234.0, 2.25), ("two", None, 1)), ("a note",))
    assert table_text(table) == [
        "",
        "title",
        "          us  ratio",
        "  one  1,234   2.25",
        "  two      -      1",
        "  a note",
    ]


def test_the_mean_of_nothing_is_unknown() -> None:
    assert geometric_mean([]) is None
    assert geometric_mean([1.0, 4.0]) == pytest.approx(2.0)


def test_json_carries_the_verdict_with_the_figures() -> None:
    result = Result("hotpath", (), (Goal("cost", 3.5, "x", 2.0, 3.0),))
    told = as_json({"python": "3"}, [result], quick=True)
    assert isinstance(told["results"], list)
    assert told["results"][0]["goals"][0]["verdict"] == "FAIL"
    assert told["quick"] is True
