"""``arbtui check``: what each exchange was asked and what came back."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from arbtui import arguments
from arbtui.cli.run import live_run, refuse_contradictions
from arbtui.cli.settings import check_credentials, paths_of, settings_of, with_logs
from arbtui.core.errors import ConfigError

if TYPE_CHECKING:
    from arbtui.config import Credentials, Loaded, Paths


def main(argv: Sequence[str]) -> int:
    parser = arguments.Parser(prog="arbtui check", description="Says per exchange what was asked and what came back.")
    parser.add_argument("names", nargs="*", metavar="venue", help="exchanges (default: all that are enabled)")
    arguments.where_options(parser, live=argparse.SUPPRESS)  # refused below, in words
    parser.add_argument("--venues", metavar="A,B", type=arguments.names, help="the same with commas")
    parser.add_argument(
        "--keys", action="store_true", help="ask what your keys may do, and say what would keep them from trading"
    )
    parser.add_argument("--symbols", metavar="BTC,ETH", type=arguments.names, help="with --keys: leverage of these")
    parser.add_argument("--notify", action="store_true", help="send a test message by every channel of alerts instead")
    args = parser.parse_args(argv)
    args.venues = (*args.names, *(args.venues or ())) or None
    args.top = args.once = args.json = None
    args.no_ui = True
    if args.live:
        raise ConfigError("check sends no orders; leave --live out.")
    if args.demo and args.gateway:
        refuse_contradictions(args)
    _refuse_contradictions(args)
    where = paths_of(args)
    credentials = check_credentials(args, where)
    loaded = settings_of(args, where)
    if args.notify:
        return with_logs(where, loaded, lambda: _notify(loaded, credentials))

    if args.keys:
        return with_logs(where, loaded, lambda: _keys(args, loaded, credentials, where))

    def check() -> int:
        import asyncio

        from arbtui.engine.check import run_check

        return asyncio.run(run_check(live_run(args, where, loaded, orders=False)))

    return with_logs(where, loaded, check)


def _refuse_contradictions(args: argparse.Namespace) -> None:
    if args.notify and (args.venues or args.keys):
        raise ConfigError("check --notify tries the channels of alerts and asks no exchange; leave one out.")
    if args.keys and args.demo:
        raise ConfigError("--keys asks about your keys and --demo reads none; leave one out.")
    if args.symbols and not args.keys:
        raise ConfigError("--symbols belongs to --keys; without it the most traded coins are looked at.")


def _keys(args: argparse.Namespace, loaded: Loaded, credentials: Credentials, where: Paths) -> int:
    import asyncio

    from arbtui.engine.check_keys import run_check_keys
    from arbtui.engine.modes import refuse_far_gateway, refuse_open_lines
    from arbtui.engine.run import network_of

    settings, named = loaded.settings, args.venues or ()
    if args.gateway is not None:
        refuse_far_gateway(args.gateway)
    else:
        refuse_open_lines(settings, settings.enabled_venues())
    return asyncio.run(run_check_keys(settings, network_of(settings, args.gateway), credentials, where, named))


def _notify(loaded: Loaded, credentials: Credentials) -> int:
    """A test message by each channel; 1 if one of them fails, or if there is none."""
    import asyncio

    from arbtui.engine.check import report
    from arbtui.engine.check_lines import Verdict
    from arbtui.engine.notifying import channels_of, tried
    from arbtui.engine.run import network_of

    channels = channels_of(loaded.settings, credentials.notify, network_of(loaded.settings, None))
    if not channels:
        sys.stderr.write(
            "arbtui: no channel of alerts is configured: set notify.command in config.toml, or [notify] webhook_url or "
            f"apprise in {loaded.where.credentials}.\n"
        )
        return 1
    found = asyncio.run(tried(channels, "CHECK"))
    bad = sum(line.verdict is Verdict.BAD for line in found)
    for text in report(found, f"{len(found) - bad} of {len(found)} channels work", colour=sys.stdout.isatty()):
        sys.stdout.write(text + "\n")
    sys.stdout.flush()
    return 1 if bad else 0
