"""Seeded episodes: whatever the venues, the disk and people do, the rules of the money hold against the truth."""

from __future__ import annotations

import pytest

from tests.execution.simulation.__main__ import failures, story


@pytest.mark.parametrize("first", range(0, 2_000, 250))
def test_no_episode_breaks_a_rule(first: int) -> None:
    bad = failures(range(first, first + 250))
    assert not bad, story(bad[0])


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1_000_000, 1_010_000, 1_000))
def test_no_episode_of_the_long_run_breaks_a_rule(first: int) -> None:
    bad = failures(range(first, first + 1_000))
    assert not bad, story(bad[0])


def test_the_same_seed_tells_the_same_story() -> None:
    assert story(1) == story(1)
