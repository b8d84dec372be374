"""``arbtui sim``: the built-in exchanges, alone."""

from __future__ import annotations

from collections.abc import Sequence

from arbtui import arguments


def main(argv: Sequence[str]) -> int:
    from arbtui.sim.main import add_arguments, run

    parser = arguments.Parser(prog="arbtui sim", description="The built-in exchanges on 127.0.0.1, until told to end.")
    add_arguments(parser)
    return run(parser.parse_args(argv))
