"""The built-in exchanges, headless: what a person on a machine without a network gets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.e2e.harness import running


def children_of(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(word) for word in listed.stdout.split()]


def gone(pid: int, within_s: float) -> bool:
    until_s = time.monotonic() + within_s
    while time.monotonic() < until_s:
        stat = Path(f"/proc/{pid}/stat")
        try:
            if stat.read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


def test_a_signal_comes_within_fifteen_seconds_and_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    with running(tmp_path, "--demo", "--no-ui", "--emit", "spread,signal,status") as arbtui:
        arbtui.until(lambda line: line["type"] == "signal" and line["state"] == "raised", 15)
        child = children_of(arbtui.process.pid)
        assert len(child) == 1
        assert arbtui.end(signal.SIGINT) == 130
        assert gone(child[0], 2)
        assert "Traceback" not in arbtui.talk


def test_from_the_first_line_only_chosen_coins_are_spoken_of(tmp_path: Path) -> None:
    kinds = "quote,spread,ticker,funding,premium"
    with running(tmp_path, "--demo", "--no-ui", "--symbols", "BTC", "--every", "0", "--emit", kinds) as arbtui:
        arbtui.until(lambda line: line["type"] == "spread", 30)  # both legs are heard by then, on whatever machine
        arbtui.watch(1)
        assert {line["base"] for line in arbtui.lines} == {"BTC"}


def test_sigterm_without_exposure_is_a_good_end(tmp_path: Path) -> None:
    with running(tmp_path, "--demo", "--no-ui") as arbtui:
        arbtui.until(lambda line: line["type"] == "spread", 15)
        assert arbtui.end(signal.SIGTERM) == 0


def test_the_exchanges_are_gone_after_kill_minus_nine_of_their_parent(tmp_path: Path) -> None:
    with running(tmp_path, "--demo", "--no-ui") as arbtui:
        arbtui.until(lambda line: line["type"] == "status", 15)
        (child,) = children_of(arbtui.process.pid)
        os.kill(arbtui.process.pid, signal.SIGKILL)
        assert gone(child, 3)


def test_when_the_exchanges_are_killed_every_venue_is_down_and_every_row_stale_within_five_seconds(
    tmp_path: Path,
) -> None:
    with running(tmp_path, "--demo", "--no-ui", "--emit", "spread,status", "--every", "0.5") as arbtui:
        arbtui.until_live("binance", "okx")
        arbtui.watch(2)
        (child,) = children_of(arbtui.process.pid)
        os.kill(child, signal.SIGKILL)
        arbtui.watch(5)
        after = arbtui.watch(1.5)
        states = {line["state"] for line in after if line["type"] == "status"}
        assert states == {"down"}
        rows = [line for line in after if line["type"] == "spread"]
        assert rows
        assert all(line["muted"] for line in rows)


def test_nothing_but_json_lines_is_on_stdout_and_the_duration_is_kept(tmp_path: Path) -> None:
    with running(tmp_path, "--demo", "--no-ui", "--emit", "quote,spread,status,process", "--duration", "4") as arbtui:
        arbtui.watch(20)  # a line that is no JSON would have broken the reader
        assert arbtui.end() == 0
        kinds = {line["type"] for line in arbtui.lines}
        assert kinds == {"quote", "spread", "status", "process"}


def test_closed_stdout_is_a_good_end(tmp_path: Path) -> None:
    command = f"{sys.executable} -m arbtui --demo --no-ui --emit quote | head -n 5 > /dev/null; echo ${{PIPESTATUS[0]}}"
    env = os.environ | dict.fromkeys(("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(tmp_path))
    run = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30, env=env, check=True)
    assert run.stdout.strip() == "0"
    assert "Traceback" not in run.stderr


def test_once_prints_the_best_opportunities_and_ends(tmp_path: Path) -> None:
    env = os.environ | dict.fromkeys(("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(tmp_path))
    run = subprocess.run(
        [sys.executable, "-m", "arbtui", "--demo", "--no-ui", "--once", "--top", "3"],
        capture_output=True, text=True, timeout=40, env=env, check=True,
    )  # fmt: skip
    assert len(run.stdout.splitlines()) >= 4  # a head and three rows
    assert "net" in run.stdout.splitlines()[0]


def test_headless_never_imports_the_screen() -> None:
    program = (
        "import sys, asyncio, arbtui.cli, arbtui.headless, arbtui.engine.run, arbtui.engine.check;"
        "print([name for name in sys.modules if name.split('.')[0] in ('textual', 'rich')])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
