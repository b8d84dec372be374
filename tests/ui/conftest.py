"""What one test chose about writing does not hold for the next one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from arbtui.ui import text


@pytest.fixture(autouse=True)
def written_as_by_default() -> Iterator[None]:
    yield
    text.write_in(unit="bps", local=False)
