"""``arbtui flatten``: through the running engine, or from credentials alone."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from arbtui import arguments
from arbtui.cli.settings import check_credentials, flags_of, known_venues, paths_of, settings_of, with_logs
from arbtui.cli.words import nearest, out, says_yes
from arbtui.core.errors import ConfigError

if TYPE_CHECKING:
    from arbtui.config import Credentials, Loaded, Paths, Settings
    from arbtui.engine.flatten import Flattening
    from arbtui.venues.private import Keys


_FLAGS = {
    "demo": "--demo",
    "simulated": "--live --gateway URL",
    "paper-gateway": "--gateway URL",
    "paper": "no flag",
    "paper-testnet": "no flag",
}


def main(argv: Sequence[str]) -> int:
    parser = arguments.Parser(
        prog="arbtui flatten",
        description="Cancels all orders and closes all positions: through the running arbtui of that mode if there is "
        "one (its hedges, both legs of each), and by credentials alone (--live, --gateway) on every account that it "
        "has not. What could not be looked at is named. Exit code 0: flat; 3: something stays open, or is not known.",
    )
    parser.add_argument("--venue", metavar="NAME", help="on this exchange only")
    parser.add_argument("--symbol", metavar="BASE", help="of this coin only")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    arguments.where_options(parser, live="the accounts of your keys, armed or not; without it: paper")
    args = parser.parse_args(argv)
    _refuse_flattening(args)
    where = paths_of(args)
    credentials = check_credentials(args, where)
    loaded = _settings_or_defaults(args, where)

    def work() -> int:
        import asyncio

        return asyncio.run(_flatten_all(args, where, loaded, credentials))

    return with_logs(where, loaded, work)


def _refuse_flattening(args: argparse.Namespace) -> None:
    """Before anything is read: flags that contradict each other, and addresses that are not on this machine."""
    if args.demo and (args.gateway or args.live):
        raise ConfigError("--demo brings its own exchanges and excludes --gateway and --live; leave one out.")
    if args.gateway:
        from arbtui.engine.modes import refuse_far_gateway

        refuse_far_gateway(args.gateway)
    if args.venue is not None and args.venue not in known_venues():
        near = nearest(args.venue, known_venues())
        raise ConfigError(f'there is no exchange "{args.venue}"; the nearest is "{near}".')


def _settings_or_defaults(args: argparse.Namespace, where: Paths) -> Loaded:
    """The person's settings; where they cannot be read, which is said, the defaults: who wants out must get out."""
    from dataclasses import replace

    from arbtui.config import load

    try:
        return settings_of(args, where)
    except ConfigError as error:
        where_to = " Accounts are those with real money (prod)." if args.live and not args.gateway else ""
        sys.stderr.write(f"arbtui: {error} Going on with default settings.{where_to}\n")
    nothing = replace(where, config=where.config.with_name(f".{where.config.name}.none"))  # a file that is not there
    return load(nothing, known_venues(), environ={}, flags=flags_of(args))


async def _flatten_all(args: argparse.Namespace, where: Paths, loaded: Loaded, credentials: Credentials) -> int:
    from dataclasses import replace

    from arbtui.engine import flatten
    from arbtui.engine.control import NoEngine, Scope
    from arbtui.engine.modes import chosen_mode
    from arbtui.engine.orders import keys_found, keys_of
    from arbtui.engine.run import network_of

    settings = loaded.settings
    accounts = bool(args.gateway or args.live) and not _paper_runs_there(args, where)
    venues = (args.venue,) if args.venue else settings.enabled_venues()
    keyed = (args.venue,) if args.venue else known_venues()  # also where the exchange is not in use now
    keys, lacking = keys_found(credentials, keyed) if accounts else ({}, {})
    if args.live and not args.gateway:
        mode = _world(where, settings, venues, (*keys, *lacking))
        keys, lacking = _of_world(mode, settings, keys, lacking)
        keys, lacking = _safe(settings, keys, lacking)
    else:
        mode = chosen_mode(settings, venues, demo=args.demo, accounts=accounts, gateway=args.gateway)
    job = flatten.Flattening(
        mode=mode,
        data_dir=where.data(mode),
        scope=Scope(args.venue, args.symbol.upper() if args.symbol else None),
        dry_run=args.dry_run,
        say=lambda text: out(text + "\n"),
        confirm=lambda: args.yes or says_yes(f"Flatten in {mode}? "),
        keys=keys,
        lacking=lacking,
    )
    try:
        through = await flatten.through_engine(job)
    except NoEngine:
        _hint_at_others(where, mode)
    else:
        return await flatten.beside_engine(job, through, settings, network_of(settings, args.gateway))
    if not accounts:
        return flatten.on_paper(job)
    on_paper = _on_paper_there(args, where, job)
    if on_paper is not None and not keys and not lacking:
        return on_paper
    job = replace(job, keys=keys or keys_of(credentials, keyed))  # which says what is missing where there are none
    return max(await flatten.from_credentials(job, settings, network_of(settings, args.gateway)), on_paper or 0)


def _world(where: Paths, settings: Settings, venues: Sequence[str], held: Sequence[str]) -> str:
    """The mode that is meant. ``held``: exchanges that have keys. Raises ConfigError where real money and play are.

    Where both are, a running arbtui tells which of them is meant: who wants out wants out of that.
    """
    from arbtui.engine.control import listens
    from arbtui.engine.modes import DEMO_KEYS, LIVE, TESTNET, chosen_mode, refuse_mixture

    running = [mode for mode in (LIVE, TESTNET, DEMO_KEYS) if listens(where.data(mode))]
    mode = chosen_mode(settings, venues, demo=False, accounts=True)
    try:
        refuse_mixture(settings, (*venues, *held), "")
    except ConfigError:
        if len({other == LIVE for other in running}) == 1:
            return running[0]
        refuse_mixture(settings, held or venues, "flatten them one by one, with --venue")
        return chosen_mode(settings, held, demo=False, accounts=True)
    # which of the two words play money has depends on all exchanges of a run, and it may have been started with few
    return next((other for other in running if (other == LIVE) == (mode == LIVE) and mode not in running), mode)


def _of_world(
    mode: str, settings: Settings, keys: Mapping[str, Keys], lacking: Mapping[str, str]
) -> tuple[dict[str, Keys], dict[str, str]]:
    """Those keys that are of ``mode``: real money, or play; and what is not looked at, with the reason."""
    from arbtui.engine.modes import LIVE

    worlds = {name: settings.venues[name].environment for name in (*keys, *lacking)}
    others = {name for name, world in worlds.items() if (world == "prod") != (mode == LIVE)}
    why = {name: f"it is {worlds[name]}, and {mode} was flattened: do it with --venue {name}" for name in others}
    return {name: of for name, of in keys.items() if name not in others}, {**lacking, **why}


def _safe(
    settings: Settings, keys: Mapping[str, Keys], lacking: Mapping[str, str]
) -> tuple[dict[str, Keys], dict[str, str]]:
    """Those keys that nobody reads on their way, and why others are not used. Raises ConfigError where none are left.

    One exchange behind a relay that can be read keeps nobody from flattening the others.
    """
    from arbtui.engine.modes import refuse_open_lines

    read: dict[str, str] = {}
    for name in keys:
        try:
            refuse_open_lines(settings, (name,))
        except ConfigError as error:
            read[name] = str(error)
    if read and len(read) == len(keys):
        raise ConfigError(next(iter(read.values())))
    return {name: of for name, of in keys.items() if name not in read}, {**lacking, **read}


def _paper_runs_there(args: argparse.Namespace, where: Paths) -> bool:
    """--gateway alone may mean accounts or paper: paper where a run on paper takes commands, and none on accounts."""
    if not args.gateway or args.live:
        return False
    from arbtui.engine.control import listens
    from arbtui.engine.modes import PAPER_GATEWAY, SIMULATED

    return listens(where.data(PAPER_GATEWAY)) and not listens(where.data(SIMULATED))


def _on_paper_there(args: argparse.Namespace, where: Paths, job: Flattening) -> int | None:
    """What --gateway alone finds on paper without a run; None where there was never paper, or accounts are meant."""
    from dataclasses import replace

    from arbtui.engine.flatten import on_paper
    from arbtui.engine.modes import PAPER_GATEWAY
    from arbtui.engine.orders import journal_path

    folder = where.data(PAPER_GATEWAY)
    if args.live or not journal_path(folder).exists():
        return None
    return on_paper(replace(job, mode=PAPER_GATEWAY, data_dir=folder))


def _hint_at_others(where: Paths, mode: str) -> None:
    from arbtui.engine.control import listens

    for other in arguments.MODES:
        if other != mode.lower() and listens(where.data(other)):
            flag = _FLAGS.get(other, "--live")
            sys.stderr.write(f"arbtui: no arbtui runs in {mode}; one in {other.upper()} takes commands with {flag}\n")
