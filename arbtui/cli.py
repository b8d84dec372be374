"""argv -> command. Wiring only.

Everything heavy is imported inside the command that needs it, so that ``--version`` and a mistyped flag answer at once.

Exit codes: 0 the end was asked for; 1 a check failed; 2 usage or configuration; 3 ended with exposure or doubt that
needs a person; 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from errno import ENOSPC
from typing import TYPE_CHECKING

from arbtui import arguments
from arbtui.core.errors import ArbtuiError, ConfigError, OurMistake

if TYPE_CHECKING:
    from pathlib import Path

    from arbtui.config import Credentials, Flag, Loaded, Paths, Settings
    from arbtui.core.kept import Kept
    from arbtui.engine.run import LiveRun
    from arbtui.headless import Headless
    from arbtui.port import EnginePort, Guest

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130

_COMMANDS = """commands (each has its own --help):
  sim       the built-in exchanges, alone, on a port of this machine
  replay    a recording through the same decoders and strategy
  check     what each exchange was asked and what came back
  config    path | init | show | schema
  journal   what was decided and observed of orders
  flatten   cancel all orders and close all positions, with or without a running arbtui
  bench     measure the hot path on this machine
"""
_HEADLESS_ONLY = ("emit", "pairs", "levels", "every", "duration", "csv")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; the exit code. Nothing that goes wrong ends in a traceback unless ``--debug`` asks for it."""
    if argv is None:
        argv = sys.argv[1:]
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # until an engine stands, Ctrl-C simply ends the program
    debug = "--debug" in argv
    try:
        return _dispatch([word for word in argv if word != "--debug"])
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing may complain at exit either
        return 0
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except ArbtuiError as error:
        return _failed(str(error), EXIT_USAGE if isinstance(error, OurMistake) else EXIT_FAILED, debug=debug)
    except Exception as error:  # the last boundary: a mistake of arbtui's own
        if debug:
            raise
        if isinstance(error, OSError) and error.errno == ENOSPC and error.filename is None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return _failed("stdout cannot be written: the disk is full; make room or print elsewhere.", EXIT_FAILED)
        what = f"{type(error).__name__}: {error}".replace("\n", " ")
        return _failed(f"this is a mistake of arbtui's own, please report it: {what}; --debug shows where", EXIT_FAILED)


def _failed(sentence: str, code: int, *, debug: bool = False) -> int:
    if debug:
        import traceback

        traceback.print_exc()
    sys.stderr.write(f"arbtui: {sentence}\n")
    return code


def _dispatch(argv: Sequence[str]) -> int:
    commands: dict[str, Callable[[Sequence[str]], int]] = {
        "sim": _sim,
        "replay": _replay,
        "check": _check,
        "config": _config,
        "journal": _journal,
        "flatten": _flatten,
        "bench": _bench,
    }
    if argv and not argv[0].startswith("-"):
        if argv[0] not in commands:
            raise ConfigError(
                f'there is no command "{argv[0]}"; the nearest is "{_nearest(argv[0], commands)}", see arbtui --help.'
            )
        return commands[argv[0]](argv[1:])
    if misplaced := [word for word in argv if word in commands]:
        raise ConfigError(f'the command comes first: "arbtui {misplaced[0]} ...".')
    return _run(argv)


def _nearest(word: str, known: Iterable[str]) -> str:
    import difflib

    return difflib.get_close_matches(word, list(known), n=1, cutoff=0.0)[0]


# commands


def _run(argv: Sequence[str]) -> int:
    """The screen, or with ``--no-ui`` the printer, on live or built-in exchanges."""
    parser = arguments.Parser(prog="arbtui", description="Cross-exchange arbitrage in a terminal.", epilog=_COMMANDS)
    parser.add_argument("--version", action=arguments.Version, nargs=0, help="versions of arbtui, Python and SQLite")
    arguments.where_options(parser)
    parser.add_argument("--venues", metavar="A,B", type=arguments.names, help="use these exchanges only")
    parser.add_argument("--symbols", metavar="BTC,ETH", type=arguments.names, help='stream these coins only, or "all"')
    parser.add_argument(
        "--top", metavar="N", type=arguments.count_or_all, help='coins by volume, or "all"; with --once: rows'
    )
    parser.add_argument("--record", metavar="DIR", help="record all traffic into this folder")
    arguments.printing_options(parser)
    parser.add_argument("--duration", metavar="S", type=arguments.duration, help="end after so many seconds")
    parser.add_argument("--once", action="store_true", help="print the best opportunities and end")
    parser.add_argument("--json", action="store_true", help="with --once: as JSON lines")
    args = parser.parse_args(argv)
    _refuse_contradictions(args)
    headless = args.no_ui or args.once
    if not headless:
        _need_terminal()
    where = _paths(args)
    credentials = _check_credentials(args, where)
    loaded = _settings(args, where)
    keys = credentials if args.live else None
    return _with_logs(where, loaded, lambda: _run_live(args, where, loaded, keys), headless=headless)


def _refuse_contradictions(args: argparse.Namespace) -> None:
    if args.live and not (args.gateway and _local(args.gateway)):
        raise ConfigError(
            "--live sends orders to accounts, which this version does on simulated exchanges of this machine alone: "
            "add --gateway http://127.0.0.1:PORT (see arbtui sim), or leave --live out for paper."
        )
    if args.demo and args.gateway:
        raise ConfigError("--demo brings its own exchanges and excludes --gateway; leave one out.")
    if args.symbols and args.top and not args.once:
        raise ConfigError("--symbols names the coins and --top chooses them by volume; leave one out.")
    if args.json and not args.once:
        raise ConfigError("--json belongs to --once; without it every line is JSON anyway.")
    if args.once and (given := [f"--{name}" for name in ("emit", "every", "csv") if getattr(args, name) is not None]):
        raise ConfigError(f"{given[0]} has no meaning with --once; leave one out.")
    if not (args.no_ui or args.once):
        for name in _HEADLESS_ONLY:
            if getattr(args, name) is not None:
                raise ConfigError(f"--{name} has no meaning on the screen; add --no-ui.")


def _local(gateway: str) -> bool:
    from arbtui.net.gateway import is_local

    return is_local(gateway)


def _need_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError("there is no terminal to show a screen on; start with --no-ui.")


def _run_live(args: argparse.Namespace, where: Paths, loaded: Loaded, keys: Credentials | None) -> int:
    import asyncio
    from pathlib import Path

    from arbtui.engine.run import run_live

    settings = loaded.settings
    guest: Guest = _Screen(settings)
    if args.no_ui or args.once:
        from arbtui.headless import Printer

        guest = Printer(_headless(args, csv_dir=Path(settings.csv.dir) if settings.csv.dir else None))
    run = _live_run(args, where, loaded, keys, orders=not args.once)
    return asyncio.run(run_live(run, guest))


def _live_run(
    args: argparse.Namespace, where: Paths, loaded: Loaded, keys: Credentials | None = None, *, orders: bool
) -> LiveRun:
    from pathlib import Path

    from arbtui.engine.run import LiveRun, chosen_mode

    settings = loaded.settings
    venues = settings.enabled_venues()
    return LiveRun(
        loaded=loaded,
        paths=where,
        mode=chosen_mode(settings, venues, demo=args.demo, accounts=keys is not None),
        venues=venues,
        gateway=args.gateway,
        demo=() if args.demo else None,
        record_dir=Path(settings.recording.dir) if settings.recording.dir else None,
        credentials=keys,
        orders=orders,
    )


def _headless(args: argparse.Namespace, *, csv_dir: Path | None, lossless: bool = False) -> Headless:
    from arbtui.headless import Headless, Once

    once = None
    if getattr(args, "once", False):
        once = Once(top=None if args.top == "all" else args.top or 5, as_json=args.json)
    given = {"emit": args.emit, "pairs": args.pairs, "levels": args.levels, "every_s": args.every}
    chosen = {name: value for name, value in given.items() if value is not None}
    return Headless(**chosen, duration_s=getattr(args, "duration", None), once=once, csv_dir=csv_dir, lossless=lossless)


class _Screen:
    """The screen as the engine's guest."""

    stays = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def attach(self, port: EnginePort) -> None:
        self._port = port

    async def run(self) -> int:
        from arbtui.ui.app import ScreenEnd, run_screen

        return EXIT_FAILED if await run_screen(self._port, self._settings) is ScreenEnd.FAILED else 0

    async def drained(self) -> None:
        """A screen samples: it is never behind."""

    async def close(self) -> None:
        """The screen gave the terminal back when it ended."""


def _sim(argv: Sequence[str]) -> int:
    from arbtui.sim.main import add_arguments, run

    parser = arguments.Parser(prog="arbtui sim", description="The built-in exchanges on 127.0.0.1, until told to end.")
    add_arguments(parser)
    return run(parser.parse_args(argv))


def _replay(argv: Sequence[str]) -> int:
    from pathlib import Path

    parser = arguments.Parser(
        prog="arbtui replay", description="Plays recordings, merged by time, through decoders and strategy."
    )
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path, help=".jsonl or .jsonl.gz")
    parser.add_argument(
        "--speed", metavar="max|N", type=arguments.speed, help="as fast as it goes, or N times as it was"
    )
    arguments.printing_options(parser)
    arguments.config_option(parser)
    args = parser.parse_args(argv)
    headless = args.no_ui or not sys.stdout.isatty() or any(getattr(args, n, None) is not None for n in _HEADLESS_ONLY)
    if "process" in (args.emit or ()):
        raise ConfigError("a replay has no process lines: they would differ each time; leave process out of --emit.")
    if not headless:
        _need_terminal()
    where = _paths(args)
    loaded = _load(args, where, kept={})
    speed = args.speed if args.speed is not None else "max" if headless else 1.0

    def play() -> int:
        import asyncio

        from arbtui.engine.run import ReplayRun, run_replay

        pace = None if isinstance(speed, str) else speed
        guest: Guest = _Screen(loaded.settings)
        if headless:
            from arbtui.headless import Printer

            guest = Printer(_headless(args, csv_dir=Path(args.csv) if args.csv else None, lossless=True))
        return asyncio.run(run_replay(ReplayRun(loaded.settings, tuple(args.files), pace), guest))

    return _with_logs(where, loaded, play, headless=headless)


def _check(argv: Sequence[str]) -> int:
    parser = arguments.Parser(prog="arbtui check", description="Says per exchange what was asked and what came back.")
    parser.add_argument("names", nargs="*", metavar="venue", help="exchanges (default: all that are enabled)")
    arguments.where_options(parser)
    args = parser.parse_args(argv)
    args.venues = tuple(args.names) or None
    args.symbols = args.top = args.once = args.json = None
    args.no_ui = True
    if args.live or (args.demo and args.gateway):
        _refuse_contradictions(args)
    where = _paths(args)
    _check_credentials(args, where)
    loaded = _settings(args, where)

    def check() -> int:
        import asyncio

        from arbtui.engine.check import run_check

        return asyncio.run(run_check(_live_run(args, where, loaded, orders=False)))

    return _with_logs(where, loaded, check, headless=True)


def _config(argv: Sequence[str]) -> int:
    parser = arguments.Parser(prog="arbtui config", description="Where the files are, what holds and why.")
    parser.add_argument(
        "action",
        choices=("path", "init", "show", "schema"),
        help="path: the files; init: write a settings file to begin with; show: what holds, and where it comes from; "
        "schema: the JSON Schema of the printed lines",
    )
    arguments.config_option(parser)
    args = parser.parse_args(argv)
    where = _paths(args)
    credentials = _check_credentials(args, where)
    if args.action == "path":
        for name, path in (
            *(("config", where.config), ("credentials", where.credentials), ("state", where.state)),
            *(("data", where.data_dir), ("log", where.log_dir)),
        ):
            sys.stdout.write(f"{name:<12} {path}{'' if path.exists() else '  (not there)'}\n")
    elif args.action == "init":
        _write_example(where.config)
    elif args.action == "schema":
        import json

        from arbtui.lines.records import schema

        sys.stdout.write(json.dumps(schema(), indent=2) + "\n")
    else:
        from arbtui.config.show import shown

        for line in shown(_settings(args, where), credentials):
            sys.stdout.write(line + "\n")
    sys.stdout.flush()
    return 0


def _journal(argv: Sequence[str]) -> int:
    parser = arguments.Parser(prog="arbtui journal", description="What was decided and observed of orders, in order.")
    parser.add_argument("--mode", choices=arguments.MODES, default="paper", help="whose journal (default: paper)")
    parser.add_argument("--hedge", metavar="ID", help="of this hedge only")
    parser.add_argument("--tail", metavar="N", type=arguments.count, help="the last so many records")
    parser.add_argument("--follow", action="store_true", help="go on with what is written, until interrupted")
    parser.add_argument("--json", action="store_true", help="as JSON lines, whole")
    arguments.config_option(parser)
    args = parser.parse_args(argv)
    where = _paths(args)
    _check_credentials(args, where)
    from arbtui.engine.journal import Wanted, show
    from arbtui.engine.orders import journal_path

    path = journal_path(where.data(args.mode))
    if not path.exists() and not args.follow:
        others = [mode for mode in arguments.MODES if journal_path(where.data(mode)).exists()]
        hint = f"; there is one of {' and '.join(others)}, see --mode" if others else ""
        sys.stderr.write(f"arbtui: no order was ever written down in {args.mode} ({path}){hint}\n")
        return 0
    wanted = Wanted(hedge=args.hedge, tail=args.tail, as_json=args.json, follow=args.follow)
    return show(path, wanted, _out, lambda text: sys.stderr.write(f"arbtui: {text}\n"))


def _flatten(argv: Sequence[str]) -> int:
    parser = arguments.Parser(
        prog="arbtui flatten",
        description="Cancels all orders and closes all positions: through the running arbtui of that mode if there is "
        "one (its hedges, both legs of each), else by credentials alone (--gateway). Exit code 0: flat; 3: something "
        "stays open.",
    )
    parser.add_argument("--venue", metavar="NAME", help="on this exchange only")
    parser.add_argument("--symbol", metavar="BASE", help="of this coin only")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    arguments.where_options(parser)
    args = parser.parse_args(argv)
    _refuse_flattening(args)
    where = _paths(args)
    credentials = _check_credentials(args, where)
    loaded = _settings_or_defaults(args, where)

    def work() -> int:
        import asyncio

        return asyncio.run(_flatten_all(args, where, loaded, credentials))

    return _with_logs(where, loaded, work, headless=True)


def _refuse_flattening(args: argparse.Namespace) -> None:
    """Before anything is read: flags that contradict each other, and addresses that are not on this machine."""
    if args.demo and (args.gateway or args.live):
        raise ConfigError("--demo brings its own exchanges and excludes --gateway and --live; leave one out.")
    if (args.live or args.gateway) and not (args.gateway and _local(args.gateway)):
        raise ConfigError(
            "this version closes positions on simulated exchanges of this machine alone: "
            "add --gateway http://127.0.0.1:PORT (see arbtui sim)."
        )
    if args.venue is not None and args.venue not in _known_venues():
        near = _nearest(args.venue, _known_venues())
        raise ConfigError(f'there is no exchange "{args.venue}"; the nearest is "{near}".')


def _settings_or_defaults(args: argparse.Namespace, where: Paths) -> Loaded:
    """The person's settings; where they cannot be read, which is said, the defaults: who wants out must get out."""
    from dataclasses import replace

    from arbtui.config import load

    try:
        return _settings(args, where)
    except ConfigError as error:
        sys.stderr.write(f"arbtui: {error} Going on with default settings.\n")
    nothing = replace(where, config=where.config.with_name(f".{where.config.name}.none"))  # a file that is not there
    return load(nothing, _known_venues(), environ={}, flags=_flags(args))


async def _flatten_all(args: argparse.Namespace, where: Paths, loaded: Loaded, credentials: Credentials) -> int:
    from dataclasses import replace

    from arbtui.engine import flatten
    from arbtui.engine.control import NoEngine, Scope
    from arbtui.engine.orders import keys_of
    from arbtui.engine.run import chosen_mode, network_of
    from arbtui.venues import registry

    settings = loaded.settings
    mode = chosen_mode(settings, settings.enabled_venues(), demo=args.demo, accounts=bool(args.gateway))
    job = flatten.Flattening(
        mode=mode,
        data_dir=where.data(mode),
        scope=Scope(args.venue, args.symbol.upper() if args.symbol else None),
        dry_run=args.dry_run,
        say=lambda text: _out(text + "\n"),
        confirm=lambda: args.yes or _says_yes(f"Flatten in {mode}? "),
    )
    try:
        return await flatten.through_engine(job)
    except NoEngine:
        _hint_at_others(where, mode)
    if not args.gateway:
        return flatten.on_paper(job)
    for name in sorted(set(credentials.by_venue) - set(registry.tradable())):
        job.say(f"{name} has keys, but this version sends no orders there: it is not looked at")
    meant = (args.venue,) if args.venue else _known_venues()
    job = replace(job, keys=keys_of(credentials, meant))
    return await flatten.from_credentials(job, settings, network_of(settings, args.gateway))


def _hint_at_others(where: Paths, mode: str) -> None:
    from arbtui.engine.control import listens

    for other in arguments.MODES:
        if other != mode.lower() and listens(where.data(other)):
            flag = {"demo": "--demo", "testnet": "--gateway URL"}.get(other, "no --demo or --gateway")
            sys.stderr.write(f"arbtui: no arbtui runs in {mode}; one in {other.upper()} takes commands with {flag}\n")


def _says_yes(question: str) -> bool:
    if not sys.stdin.isatty():
        raise ConfigError("there is nobody to ask whether to go on, so nothing was done; add --yes.")
    sys.stderr.write(f'{question}Type "yes": ')
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() == "yes"


def _out(text: str) -> None:
    """Print at once: somebody may follow."""
    sys.stdout.write(text)
    sys.stdout.flush()


def _write_example(path: Path) -> None:
    from arbtui.config.keys import Keys
    from arbtui.config.show import example

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(example(Keys(_known_venues())))
    except FileExistsError:
        raise ConfigError(f"{path} exists already and is left as it is; move it away first.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}.") from None
    sys.stdout.write(f"{path}\n")


def _bench(argv: Sequence[str]) -> int:
    where = _paths(argparse.Namespace(config=None))
    _check_credentials(argparse.Namespace(demo=False), where)
    from arbtui.bench.main import main as bench

    return bench(list(argv))


# settings


def _paths(args: argparse.Namespace) -> Paths:
    from arbtui.config import paths

    return paths(args.config)


def _known_venues() -> tuple[str, ...]:
    from arbtui.venues import registry

    return registry.names()


def _check_credentials(args: argparse.Namespace, where: Paths) -> Credentials:
    """Every command that is not about built-in or recorded data reads them, so that a loose file mode is said early."""
    from arbtui.config import Credentials, load_credentials

    if getattr(args, "demo", False):
        return Credentials()
    return load_credentials(where, _known_venues(), os.environ)


def _settings(args: argparse.Namespace, where: Paths) -> Loaded:
    """Settings, with what was changed by key in earlier runs."""
    from arbtui.storage.state import read

    return _load(args, where, kept=read(where.state))


def _load(args: argparse.Namespace, where: Paths, *, kept: Mapping[str, Kept]) -> Loaded:
    from arbtui.config import load

    return load(
        where,
        _known_venues(),
        environ=os.environ,
        flags=_flags(args),
        kept=kept,
        must_exist=args.config is not None and getattr(args, "action", "") != "init",
    )


def _flags(args: argparse.Namespace) -> dict[tuple[str, ...], Flag]:
    """Flags that are settings as well."""
    from arbtui.config import Flag

    flags: dict[tuple[str, ...], Flag] = {}
    if venues := getattr(args, "venues", None):
        known = _known_venues()
        for name in venues:
            if name not in known:
                near = _nearest(name, known)
                raise ConfigError(f'there is no exchange "{name}"; the nearest is "{near}" of {", ".join(known)}.')
        flags |= {("venues", name, "enabled"): Flag(name in venues, "--venues") for name in known}
    symbols, top = getattr(args, "symbols", None), getattr(args, "top", None)
    if symbols == ("all",):
        symbols = None
        flags[("market", "top")] = Flag("all", "--symbols")
        flags[("market", "symbols")] = Flag([], "--symbols")
    if symbols:
        flags[("market", "symbols")] = Flag(list(symbols), "--symbols")
    if top is not None and not getattr(args, "once", False):
        flags[("market", "top")] = Flag(top, "--top")
        flags[("market", "symbols")] = Flag([], "--top")
    for name, path in (("record", ("recording", "dir")), ("csv", ("csv", "dir"))):
        if (folder := getattr(args, name, None)) is not None:
            flags[path] = Flag(folder, f"--{name}")
    return flags


def _with_logs(where: Paths, loaded: Loaded, work: Callable[[], int], *, headless: bool) -> int:
    from pathlib import Path

    from arbtui import logs

    settings = loaded.settings
    folder = Path(settings.log.dir) if settings.log.dir else where.log_dir
    stop = logs.start(folder, settings.log.level, stderr=sys.stderr if headless else None)
    try:
        for warning in loaded.warnings:
            _log_warning(warning)
        return work()
    except Exception as error:
        if not isinstance(error, ArbtuiError):
            _log_failure()
        raise
    finally:
        stop()


def _log_failure() -> None:
    """The traceback into the log files; the person gets a sentence."""
    import logging

    from arbtui.logs import FOR_FILES

    logging.getLogger(__name__).critical("arbtui failed", exc_info=True, extra=FOR_FILES)


def _log_warning(text: str) -> None:
    import logging

    logging.getLogger(__name__).warning("%s", text)
