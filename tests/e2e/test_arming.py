"""`arbtui --no-ui --live --arm-live` as a person types it, beside simulated accounts."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import Sim, homes
from tests.e2e.money import exchanges, home_in, keys_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with contextlib.closing(exchanges()) as sim:
        yield sim


def started(home: Path, sim: Sim, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "arbtui", *words]
    return subprocess.Popen(
        command, env=homes(home) | keys_of(sim), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def headless(sim: Sim, *more: str, seconds: str = "10") -> list[str]:
    return [
        "--no-ui", "--gateway", sim.url, "--venues", "binance,okx", "--symbols", "BTC", "--emit", "status",
        "--duration", seconds, *more,
    ]  # fmt: skip


def test_one_run_of_a_mode_is_armed_and_one_of_another_lives_beside_it(sim: Sim, tmp_path: Path) -> None:
    home = home_in(tmp_path)
    armed = started(home, sim, *headless(sim, "--live", "--arm-live", "--max-notional", "500"))
    assert armed.stderr is not None
    talk = []
    for line in armed.stderr:
        talk.append(line)
        if "armed: " in line:
            break
    assert "armed: hedges may be opened, at most 500 USD open at once, for 60 min" in talk[-1], talk
    twice = started(home, sim, *headless(sim, "--live", "--arm-live", "--max-notional", "500"))
    paper = started(home, sim, *headless(sim, seconds="3"))
    said = twice.communicate(timeout=30)[1]
    assert (twice.returncode, f"(process {armed.pid}) sends the orders of SIMULATED" in said) == (2, True), said
    said = paper.communicate(timeout=30)[1]
    assert (paper.returncode, "another arbtui" in said) == (0, False), said
    assert armed.wait(30) == 0
    assert armed.stdout is not None
    armed.stdout.close()
    armed.stderr.close()
    kept = started(home, sim, "journal", "--mode", "simulated")
    lines = kept.communicate(timeout=30)[0]
    assert "armed: --arm-live: at most 500 USD open at once, for 60 min" in lines
    assert "disarmed: arbtui is stopping" in lines
