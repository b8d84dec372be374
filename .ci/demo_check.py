"""Run the headless demo for twenty seconds and judge what it printed. Usage: demo_check.py path/to/arbtui"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

import jsonschema

DEMO = ["--demo", "--no-ui", "--emit", "quote,spread,signal,status", "--duration", "20"]
VENUES = {"binance", "okx", "bybit", "bitget", "hyperliquid"}


def main(arbtui: str) -> int:
    """0 when the demo kept its word; what it broke goes to stderr."""
    run = subprocess.run([arbtui, *DEMO], capture_output=True, text=True, timeout=90, check=False)
    schema = json.loads(subprocess.run([arbtui, "config", "schema"], capture_output=True, check=True).stdout)
    validator = jsonschema.validators.validator_for(schema)(schema)
    kinds: Counter[str] = Counter()
    live, raised_after_s, first_ns = set(), None, 0
    for line in run.stdout.splitlines():
        record = json.loads(line)
        kinds[record["type"]] += 1
        first_ns = first_ns or record["t_ns"]
        if kinds[record["type"]] <= 200:
            validator.validate(record)
        if record["type"] == "status" and record["state"] == "live":
            live.add(record["venue"])
        if record["type"] == "signal" and record["state"] == "raised" and raised_after_s is None:
            raised_after_s = (record["t_ns"] - first_ns) / 1e9
    wrong = []
    if run.returncode:
        wrong.append(f"exit {run.returncode}: {run.stderr[-500:]}")
    if missing := VENUES - live:
        wrong.append(f"never live: {', '.join(sorted(missing))}")
    if raised_after_s is None or raised_after_s > 15:
        wrong.append(f"no signal within 15 s (first after {raised_after_s} s)")
    wrong += [f"no {kind} at all" for kind in ("quote", "spread", "status") if not kinds[kind]]
    print("lines by type:", dict(kinds), "first signal after", raised_after_s, "s")
    for sentence in wrong:
        print("demo:", sentence, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
