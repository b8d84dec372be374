"""``arbtui check``: what each exchange was asked and what came back."""

from __future__ import annotations

from collections.abc import Sequence

from arbtui import arguments
from arbtui.cli.run import live_run, refuse_contradictions
from arbtui.cli.settings import check_credentials, paths_of, settings_of, with_logs


def main(argv: Sequence[str]) -> int:
    parser = arguments.Parser(prog="arbtui check", description="Says per exchange what was asked and what came back.")
    parser.add_argument("names", nargs="*", metavar="venue", help="exchanges (default: all that are enabled)")
    arguments.where_options(parser)
    args = parser.parse_args(argv)
    args.venues = tuple(args.names) or None
    args.symbols = args.top = args.once = args.json = None
    args.no_ui = True
    if args.live or (args.demo and args.gateway):
        refuse_contradictions(args)
    where = paths_of(args)
    check_credentials(args, where)
    loaded = settings_of(args, where)

    def check() -> int:
        import asyncio

        from arbtui.engine.check import run_check

        return asyncio.run(run_check(live_run(args, where, loaded, orders=False)))

    return with_logs(where, loaded, check)
