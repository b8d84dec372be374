"""A person's folders for a test, with nothing in them of the person who runs it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from arbtui.engine.lastresort import LastResort


def fresh_home(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """``folder``, in which config, state, data and cache lie from now on; no variable of arbtui's is set.

    A whole run in the test's own process does not end that process half a minute later, as it would end its own.
    """
    monkeypatch.setattr(LastResort, "begin", lambda resort: None)
    for name in [name for name in os.environ if name.startswith("ARBTUI")]:
        monkeypatch.delenv(name)
    for name in ("CONFIG", "STATE", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(folder / name.lower()))
    return folder
