"""``python -m arbtui.sim``: the simulator with as few imports as can be, so that a demo starts fast."""

from __future__ import annotations

import argparse
import sys

from arbtui.sim.main import add_arguments, run

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="arbtui sim", description="Simulated exchanges on 127.0.0.1")
    add_arguments(parser)
    sys.exit(run(parser.parse_args()))
