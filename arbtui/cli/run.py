"""``arbtui``: the screen, or with ``--no-ui`` the printer, on live or built-in exchanges."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from arbtui import arguments
from arbtui.cli.screen import Screen
from arbtui.cli.settings import check_credentials, known_venues, paths_of, settings_of, with_logs
from arbtui.core.errors import ConfigError

if TYPE_CHECKING:
    from decimal import Decimal
    from pathlib import Path

    from arbtui.config import Credentials, Loaded, Paths, Settings
    from arbtui.engine.run import LiveRun
    from arbtui.headless import Headless
    from arbtui.port import Guest

_COMMANDS = """commands (each has its own --help):
  sim       the built-in exchanges, alone, on a port of this machine
  replay    a recording through the same decoders and strategy
  check     what each exchange was asked and what came back
  config    path | init | show | schema
  journal   what was decided and observed of orders
  flatten   cancel all orders and close all positions, with or without a running arbtui
  bench     measure the hot path on this machine
"""
HEADLESS_ONLY = ("emit", "pairs", "levels", "every", "duration", "csv")
AUTO_ONLY = ("size", "max_position", "max_hedges", "fill_timeout", "long_threshold", "short_threshold")


def main(argv: Sequence[str]) -> int:
    """The screen, or with ``--no-ui`` the printer, on live or built-in exchanges."""
    parser = arguments.Parser(prog="arbtui", description="Cross-exchange arbitrage in a terminal.", epilog=_COMMANDS)
    parser.add_argument("--version", action=arguments.Version, nargs=0, help="versions of arbtui, Python and SQLite")
    arguments.where_options(parser)
    arguments.arming_options(parser)
    parser.add_argument("--venues", metavar="A,B", type=arguments.names, help="use these exchanges only")
    parser.add_argument("--symbols", metavar="BTC,ETH", type=arguments.names, help='stream these coins only, or "all"')
    parser.add_argument(
        "--top", metavar="N", type=arguments.count_or_all, help='coins by volume, or "all"; with --once: rows'
    )
    parser.add_argument("--record", metavar="DIR", help="record all traffic into this folder")
    arguments.auto_options(parser)
    arguments.screen_options(parser)
    arguments.printing_options(parser)
    parser.add_argument("--duration", metavar="S", type=arguments.duration, help="end after so many seconds")
    parser.add_argument("--once", action="store_true", help="print the best opportunities and end")
    parser.add_argument("--json", action="store_true", help="with --once: as JSON lines")
    args = parser.parse_args(argv)
    refuse_contradictions(args)
    headless = args.no_ui or args.once
    if not headless:
        need_terminal()
    where = paths_of(args)
    credentials = check_credentials(args, where)
    loaded = settings_of(args, where)
    screen = None if headless else _screen(loaded.settings)
    return with_logs(where, loaded, lambda: _run_live(args, where, loaded, credentials, screen), screen=screen)


def refuse_contradictions(args: argparse.Namespace) -> None:
    if args.live:
        _refuse_live(args)
    _refuse_arming(args.live, args.no_ui, getattr(args, "arm_live", False), getattr(args, "max_notional", None))
    if args.demo and args.gateway:
        raise ConfigError("--demo brings its own exchanges and excludes --gateway; leave one out.")
    if args.symbols and args.top and not args.once:
        raise ConfigError("--symbols names the coins and --top chooses them by volume; leave one out.")
    if args.json and not args.once:
        raise ConfigError("--json belongs to --once; without it every line is JSON anyway.")
    if args.once and (given := [f"--{name}" for name in ("emit", "every", "csv") if getattr(args, name) is not None]):
        raise ConfigError(f"{given[0]} has no meaning with --once; leave one out.")
    _refuse_auto(args)
    if not (args.no_ui or args.once):
        for name in HEADLESS_ONLY:
            if getattr(args, name) is not None:
                raise ConfigError(f"--{name} has no meaning on the screen; add --no-ui.")


def _refuse_arming(live: bool, no_ui: bool, arms: bool, most: Decimal | None) -> None:
    if (arms or most is not None) and not (live and no_ui):
        given = "--arm-live" if arms else "--max-notional"
        raise ConfigError(f"{given} is for --live --no-ui; on the screen :arm asks for a typed phrase.")
    if arms != (most is not None):
        raise ConfigError("--arm-live arms for so much open at once as --max-notional USD says; give both or none.")


def _refuse_live(args: argparse.Namespace) -> None:
    if args.demo:
        raise ConfigError("--demo brings its own exchanges and excludes --live; leave one out.")
    if args.once:
        raise ConfigError("--once prints and ends, and sends no orders; leave --live out.")
    if args.gateway:
        from arbtui.engine.modes import refuse_far_gateway

        refuse_far_gateway(args.gateway)


def _refuse_auto(args: argparse.Namespace) -> None:
    if args.once and args.auto:
        raise ConfigError("--auto sends orders and --once only looks; leave one out.")
    given = [f"--{name.replace('_', '-')}" for name in AUTO_ONLY if getattr(args, name) is not None]
    if given and args.once:
        raise ConfigError(f"{given[0]} is about the automatic mode, and --once only looks; leave one out.")
    if given and args.no_ui and not args.auto:
        raise ConfigError(f"{given[0]} is about the automatic mode; add --auto.")


def need_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError("there is no terminal to show a screen on; start with --no-ui.")
    if os.environ.get("TERM") == "dumb":
        raise ConfigError("this terminal says that it is a dumb one, which can show no screen; start with --no-ui.")


def _screen(settings: Settings) -> Screen:
    beside = None
    if settings.csv.dir:
        from pathlib import Path

        from arbtui.headless import Headless, Printer

        beside = Printer(Headless(emit=frozenset(), csv_dir=Path(settings.csv.dir)))
    return Screen(settings, beside=beside, outlived=settings.ui.on_hangup == "headless")


def _run_live(
    args: argparse.Namespace, where: Paths, loaded: Loaded, credentials: Credentials, screen: Screen | None
) -> int:
    import asyncio

    from arbtui.engine.lastresort import LastResort
    from arbtui.engine.run import run_live

    run = live_run(args, where, loaded, credentials, orders=not args.once)
    guest = screen or _printer(args, loaded.settings)
    return asyncio.run(run_live(run, guest, last_resort=LastResort()))


def _printer(args: argparse.Namespace, settings: Settings) -> Guest:
    from dataclasses import replace
    from pathlib import Path

    from arbtui.headless import Printer

    told = headless_of(args, csv_dir=Path(settings.csv.dir) if settings.csv.dir else None)
    outlived = settings.ui.on_hangup == "headless" and sys.stdout.isatty()
    return Printer(replace(told, outlived=outlived))


def live_run(
    args: argparse.Namespace, where: Paths, loaded: Loaded, credentials: Credentials | None = None, *, orders: bool
) -> LiveRun:
    from pathlib import Path

    from arbtui.engine.modes import chosen_mode
    from arbtui.engine.run import LiveRun

    settings = loaded.settings
    venues = settings.enabled_venues()
    if not venues:
        raise ConfigError(
            f"no exchange is enabled: set enabled = true under [venues.{known_venues()[0]}] in {where.config}, or name "
            "some with --venues."
        )
    keys = credentials if args.live else None
    return LiveRun(
        loaded=loaded,
        paths=where,
        mode=chosen_mode(settings, venues, demo=args.demo, accounts=keys is not None, gateway=args.gateway),
        venues=venues,
        gateway=args.gateway,
        demo=() if args.demo else None,
        record_dir=Path(settings.recording.dir) if settings.recording.dir else None,
        credentials=keys,
        arm_usd=getattr(args, "max_notional", None),
        orders=orders,
        accounts=credentials.origins if credentials is not None and not args.demo else None,
        notify=credentials.notify if credentials is not None and not args.once else None,
        auto=getattr(args, "auto", False),
    )


def headless_of(args: argparse.Namespace, *, csv_dir: Path | None, lossless: bool = False) -> Headless:
    from arbtui.headless import DEFAULT_EMIT, Headless, Once

    once = None
    if getattr(args, "once", False):
        once = Once(top=None if args.top == "all" else args.top or 5, as_json=args.json)
    emit = (*DEFAULT_EMIT, "decision") if args.emit is None and getattr(args, "auto", False) else args.emit
    given = {
        "emit": None if emit is None else frozenset(emit),
        "pairs": args.pairs,
        "levels": args.levels,
        "every_s": args.every,
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    return Headless(**chosen, duration_s=getattr(args, "duration", None), once=once, csv_dir=csv_dir, lossless=lossless)
