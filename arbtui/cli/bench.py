"""``arbtui bench``: the hot path on this machine."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from arbtui.cli.settings import check_credentials, paths_of


def main(argv: Sequence[str]) -> int:
    where = paths_of(argparse.Namespace(config=None))
    check_credentials(argparse.Namespace(demo=False), where)
    from arbtui.bench.main import main as bench

    return bench(list(argv))
