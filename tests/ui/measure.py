"""What the screen costs, against its budgets: ``python -m tests.ui.measure [--seconds S] [--size WxH] [--stall S]``.

The fake engine runs with and without the screen in a pty of its own; another process writes a stamp into a pipe every
two milliseconds, and how late the engine's loop reads it is its lag.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.ui.terminal import Terminal, guest

STAMPS = (
    "import os,sys,time\nfd=int(sys.argv[1]);os.set_blocking(fd,False)\n"
    "while True:\n time.sleep(0.002)\n"
    " try: os.write(fd,time.monotonic_ns().to_bytes(8,'little'))\n"
    " except BlockingIOError: pass\n except OSError: break"
)


@dataclass
class Measured:
    cpu_pct: float
    lag_p50_ms: float
    lag_p99_ms: float
    lag_max_ms: float
    kb_per_s: float
    key_ms: list[float]
    rss_mb: float
    end_lag_ms: float  # the longest while the screen was closing


def run(
    *, coins: int, rate: float, seconds: float, width: int, height: int, screen: bool = True,
    keys: bool = True, stall_s: float = 0.0, throttle_kb: float = 0.0,
) -> Measured:  # fmt: skip
    out = Path(tempfile.mkstemp(suffix=".json")[1])
    reading, writing = os.pipe()
    arguments = ["--coins", str(coins), "--rate", str(rate), "--seconds", str(seconds), "--out", str(out)]
    arguments += ["--probe", str(reading), "--after", "0.3", *([] if screen else ["--no-screen"])]
    terminal = Terminal(guest(*arguments), width, height, emulate=False, keep_fds=[reading])
    stamps = subprocess.Popen([sys.executable, "-c", STAMPS, str(writing)], pass_fds=[writing])
    os.close(reading)
    os.close(writing)
    try:
        kb_per_s, key_ms, quit_s = _sit_in_front(terminal, seconds, screen, keys, stall_s, throttle_kb)
        terminal.wait(lambda: not terminal.alive(), 20)
    finally:
        stamps.kill()
        stamps.wait()
        terminal.end()
    figures = json.loads(out.read_text())
    out.unlink()
    window = [late for at, late in figures["late_ms"] if figures["from_s"] <= at <= figures["to_s"]]
    window.sort()
    ending = [late for at, late in figures["late_ms"] if at >= quit_s]
    return Measured(
        figures["cpu_pct"],
        window[len(window) // 2],
        window[int(len(window) * 0.99)],
        window[-1],
        kb_per_s,
        key_ms,
        figures["rss_mb"],
        max(ending, default=0.0),
    )


def _sit_in_front(
    terminal: Terminal, seconds: float, screen: bool, keys: bool, stall_s: float, throttle_kb: float
) -> tuple[float, list[float], float]:
    """Read as a terminal does, press j and k now and then, count bytes; at the end press q."""
    started = time.monotonic()
    if screen:
        while b"\xe2\x96\xb8" not in terminal.pump(0.1) and time.monotonic() < started + 20:
            pass
    until = time.monotonic() + seconds + 2.2
    counted_from, counted_at = terminal.total, time.monotonic()
    next_key = time.monotonic() + 1.0
    pressed: float | None = None
    presses = 0
    key_ms: list[float] = []
    stall_from = time.monotonic() + 2.5
    while time.monotonic() < until:
        now = time.monotonic()
        if stall_s and stall_from < now < stall_from + stall_s:
            time.sleep(0.02)
            continue
        if keys and screen and now >= next_key:
            terminal.keys("jk"[presses % 2])
            presses += 1
            pressed, next_key = time.monotonic(), now + 0.37
        if throttle_kb:
            time.sleep(256 / (throttle_kb * 1024))
            data = os.read(terminal.fd, 256)
            terminal.total += len(data)
        else:
            data = terminal.pump(0.01)
        if pressed is not None and "▸".encode() in data:
            key_ms.append((time.monotonic() - pressed) * 1e3)
            pressed = None
    kb_per_s = (terminal.total - counted_from) / 1024 / (time.monotonic() - counted_at)
    quit_s = time.monotonic()
    if screen:
        terminal.keys("q")
    return kb_per_s, key_ms, quit_s


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--coins", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=5000.0)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--size", default="120x40")
    parser.add_argument("--stall", type=float, default=0.0)
    parser.add_argument("--throttle", type=float, default=0.0, help="KB/s that the terminal reads at most")
    args = parser.parse_args()
    width, height = map(int, args.size.split("x"))
    common = {"coins": args.coins, "rate": args.rate, "seconds": args.seconds, "width": width, "height": height}
    base = run(**common, screen=False)
    shown = run(**common, stall_s=args.stall, throttle_kb=args.throttle)
    median = statistics.median(shown.key_ms) if shown.key_ms else float("nan")
    slowest = max(shown.key_ms, default=0.0)
    over_engine = shown.cpu_pct - base.cpu_pct
    slowest = max(shown.key_ms, default=0.0)
    alone = f"engine alone p99 {base.lag_p99_ms:.2f}, max {base.lag_max_ms:.1f}"
    lines = [
        f"{width}x{height}, {args.coins} coins, {args.rate:.0f} updates/s, {args.seconds:.0f} s",
        f"CPU: screen {over_engine:.1f} % of a core above the engine's {base.cpu_pct:.1f} % (budget 10)",
        f"loop lag, ms: p50 {shown.lag_p50_ms:.2f}, p99 {shown.lag_p99_ms:.2f} (budget 5), max {shown.lag_max_ms:.1f}",
        f"loop lag without the screen, ms: {alone}",
        f"bytes to the terminal: {shown.kb_per_s:.1f} KB/s (budget 30)",
        f"key to paint, ms: median {median:.1f} of {len(shown.key_ms)} (budget 10), max {slowest:.0f}",
        f"loop lag while the screen ends, ms: {shown.end_lag_ms:.0f} (budget 150)",
        f"RSS: engine {base.rss_mb:.0f} MB, with screen {shown.rss_mb:.0f} MB",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
