"""``arbtui check`` against exchanges that misbehave: each fault turns its own line red, and no other."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.harness import homes, simulated

pytestmark = pytest.mark.slow

ROUNDS = [
    {
        "binance": ("mute", "bbo", "first data bbo"),
        "okx": ("sub_refused", "bbo", "subscriptions"),
        "bybit": ("crossed", None, "quotes"),
        "bitget": ("clock_skew", None, "clock"),
        "hyperliquid": ("accept_then_close", None, "sockets"),
    },
    {
        "binance": ("nan_price", None, "frames"),
        "okx": ("freeze", "bbo", "quotes"),
        "bybit": ("mute", None, "sockets"),
        "bitget": ("drop_delta", "book", "books"),
        "hyperliquid": ("http_500", None, "reachable"),
    },
]


def red_lines(text: str) -> dict[str, list[str]]:
    """Venue -> the concerns that are bad."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if re.fullmatch(r"[a-z]+", line):
            lines = found.setdefault(line, [])
        elif row := re.match(r"  bad +(.{18}) ", line):
            lines.append(row[1].strip())
    return found


@pytest.mark.parametrize("faults", ROUNDS, ids=["one", "two"])
def test_each_fault_turns_exactly_its_line_red(tmp_path: Path, faults: dict[str, tuple[str, str | None, str]]) -> None:
    with simulated("--seed", "7", "--symbols", "60") as sim:
        for venue, (fault, channel, _) in faults.items():
            sim.fault(fault, venue=venue, **({"channel": channel} if channel else {}))
        command = [sys.executable, "-m", "arbtui", "check", "--gateway", sim.url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=90, env=homes(tmp_path), check=False)
    assert red_lines(done.stdout) == {venue: [concern] for venue, (_, _, concern) in faults.items()}, done.stdout
    assert done.returncode == 1
