"""Seeded episodes: whatever the venues, the disk and people do, the rules of the money hold against the truth."""

from __future__ import annotations

import pytest

from tests.execution.simulation.__main__ import failures, story
from tests.execution.simulation.breaking import MUTANTS
from tests.execution.simulation.mutants import noticed
from tests.execution.simulation.world import World


@pytest.mark.parametrize("first", range(0, 2_000, 250))
def test_no_episode_breaks_a_rule(first: int) -> None:
    bad = failures(range(first, first + 250))
    assert not bad, story(bad[0])


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1_000_000, 1_020_000, 1_000))
def test_no_episode_of_the_long_run_breaks_a_rule(first: int) -> None:
    bad = failures(range(first, first + 1_000))
    assert not bad, story(bad[0])


def test_the_same_seed_tells_the_same_story() -> None:
    assert story(1) == story(1)


def test_an_episode_that_is_left_at_rest_ends_as_if_played_to_its_last_second() -> None:
    for seed in range(3_000, 3_040):
        short, whole = World(seed), World(seed, whole=True)
        assert short.run() == whole.run()
        assert short.outcome() == whole.outcome(), seed


@pytest.mark.soak
@pytest.mark.parametrize("name", [mutant.name for mutant in MUTANTS.values() if not (mutant.rare or mutant.held_by)])
def test_a_rule_that_is_broken_is_noticed(name: str) -> None:
    assert noticed(name, episodes=2_000).seed is not None, MUTANTS[name].breaks
