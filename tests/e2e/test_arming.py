"""`arbtui --no-ui --live --arm-live` as a person types it, beside simulated accounts."""

from __future__ import annotations

import contextlib
import signal
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


@contextlib.contextmanager
def started(home: Path, sim: Sim, *words: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "arbtui", *words]
    with subprocess.Popen(
        command, env=homes(home) | keys_of(sim), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def said_by(home: Path, sim: Sim, *words: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one that ends by itself."""
    with started(home, sim, *words) as process:
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err


def headless(sim: Sim, *more: str, seconds: str = "30") -> list[str]:
    return [
        "--no-ui", "--gateway", sim.url, "--venues", "binance,okx", "--symbols", "BTC", "--emit", "status",
        "--duration", seconds, *more,
    ]  # fmt: skip


def test_one_run_of_a_mode_is_armed_and_one_of_another_lives_beside_it(sim: Sim, tmp_path: Path) -> None:
    home = home_in(tmp_path)
    arm = ("--live", "--arm-live", "--max-notional", "500")
    with started(home, sim, *headless(sim, *arm, seconds="100")) as armed:
        assert armed.stderr is not None
        said = next(line for line in armed.stderr if "armed: " in line)
        assert "armed: hedges may be opened, at most 500 USD open at once, for 60 min" in said
        code, _, said = said_by(home, sim, *headless(sim, *arm))
        assert (code, f"(process {armed.pid}) sends the orders of SIMULATED" in said) == (2, True), said
        code, _, said = said_by(home, sim, *headless(sim, seconds="2"))
        assert (code, "another arbtui" in said) == (0, False), said
        armed.send_signal(signal.SIGTERM)
        armed.communicate(timeout=30)
        assert armed.returncode == 0
    _, lines, _ = said_by(home, sim, "journal", "--mode", "simulated")
    assert "armed: --arm-live: at most 500 USD open at once, for 60 min" in lines
    assert "disarmed: arbtui is stopping" in lines
