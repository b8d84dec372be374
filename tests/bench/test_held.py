"""The wait of all moments but a share, told from the lengths of what holds the loop."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbtui.bench.held import kind_of, waited_ns
from arbtui.core.clock import Every, ManualClock


def test_a_moment_falls_into_a_callback_as_often_as_that_is_long() -> None:
    assert waited_ns([100], 25) == 75  # a quarter of its moments waits longer than 75
    assert waited_ns([100, 100], 25) == 87.5
    assert waited_ns([100, 10, 10], 25) == 75
    assert waited_ns([10, 10], 25) == 0  # fewer moments are busy at all
    assert waited_ns([], 25) == 0


@given(lengths=st.lists(st.integers(1, 1000), min_size=1, max_size=30), share=st.integers(1, 3000))
@settings(max_examples=60, deadline=None)
def test_so_many_moments_wait_longer(lengths: list[int], share: int) -> None:
    wait = waited_ns(lengths, share)
    beyond = sum(max(0.0, length - wait) for length in lengths)
    assert beyond == pytest.approx(share) if wait else beyond <= share


class Named:
    def call(self) -> None: ...


async def test_callbacks_have_names() -> None:
    async def step() -> object:
        await asyncio.sleep(0)
        return asyncio.current_task()

    grid = Every(ManualClock(0), 1, Named().call)
    assert kind_of(Named().call) == "Named.call"
    assert kind_of(grid._fire) == "Named.call"
    assert "partial" in kind_of(partial(Named().call))
    task = asyncio.create_task(step())
    await task
    assert kind_of(task.cancel) == "test_callbacks_have_names.<locals>.step"
