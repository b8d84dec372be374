"""The simulator of a test file that names its ``VENUE``."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.witness.harness import Sim, still


@pytest.fixture
async def sim(request: pytest.FixtureRequest) -> AsyncIterator[Sim]:
    """A small world in which nothing moves by itself."""
    async with still(request.module.VENUE) as sim:
        yield sim
