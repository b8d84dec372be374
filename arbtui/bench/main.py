"""``arbtui bench``: which parts run, how much of each, and what becomes of the figures."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import orjson

from arbtui.bench import held, hotpath, orders, pauses, process, report, scale, wire
from arbtui.bench.report import Result
from arbtui.bench.traffic import simulated_venues
from arbtui.bench.ui import part as screen
from arbtui.core.errors import ArbtuiError, ConfigError

EXIT_FAILED = 1

Part = Callable[[Sequence[str], bool, argparse.Namespace], Result]

# In this order: what looks at this process or at wall-clock time comes before the peers are imported into it.
PARTS: dict[str, Part] = {
    "start": lambda venues, quick, _: process.run_start(venues, process.QUICK if quick else process.FULL),
    "memory": lambda venues, quick, _: process.run_memory(venues, process.QUICK if quick else process.FULL),
    "loop": lambda venues, quick, _: held.run(venues, held.QUICK if quick else held.FULL),
    "wire": lambda venues, quick, _: wire.run(venues, wire.QUICK if quick else wire.FULL),
    "orders": lambda venues, quick, _: orders.run(venues, orders.QUICK if quick else orders.FULL),
    "gc": lambda venues, quick, _: pauses.run(venues, pauses.QUICK if quick else pauses.FULL),
    "ui": lambda venues, quick, args: screen.run(venues, _screens(quick, args)),
    "scale": lambda venues, quick, _: scale.run(venues, scale.QUICK if quick else scale.FULL),
    "hotpath": lambda venues, quick, args: hotpath.run(
        venues, hotpath.QUICK if quick else hotpath.FULL, with_peers=not args.no_peers
    ),
}


def _screens(quick: bool, args: argparse.Namespace) -> screen.Amount:
    amount = screen.QUICK if quick else screen.FULL
    sizes = (screen.size_of(args.size),) if args.size else amount.sizes
    return replace(amount, sizes=sizes, seconds=args.seconds or amount.seconds)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``arbtui bench``."""
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of: {', '.join(PARTS)} (default: all of them)", default=[]
    )
    parser.add_argument("--quick", action="store_true", help="less of everything: a minute, and coarser figures")
    parser.add_argument("--check", action="store_true", help="exit 1 if a figure is beyond what no noise excuses")
    parser.add_argument("--json", metavar="FILE", type=Path, help="also write the figures to this file")
    parser.add_argument("--venues", metavar="A,B", help="exchanges to measure (default: all that can be simulated)")
    parser.add_argument("--size", metavar="WxH", help="ui: this size of terminal alone (default: three sizes)")
    parser.add_argument("--seconds", metavar="S", type=float, help="ui: how long each screen is measured (default: 8)")
    parser.add_argument("--no-peers", action="store_true", help="leave cryptofeed and ccxt.pro out")


def run(args: argparse.Namespace) -> int:
    """Measure and print; 1 if a part could not be measured or ``--check`` finds a failure.

    Raises ``ConfigError`` for names that there are not.
    """
    chosen = _parts(args.parts)
    venues = _venues(args.venues)
    where = report.machine()
    report.write([f"arbtui {where['arbtui']} on {report.machine_text(where)}", f"exchanges: {', '.join(venues)}"])
    results: list[Result] = []
    broken: dict[str, str] = {}
    for name in chosen:
        try:
            results.append(PARTS[name](venues, args.quick, args))
        except ArbtuiError as error:  # the other parts are worth having
            broken[name] = str(error)
            report.write(["", f"{name} could not be measured: {error}"])
            continue
        for table in results[-1].tables:
            report.write(report.table_text(table))
    goals = [goal for result in results for goal in result.goals]
    if goals:
        report.write(report.goals_text(goals))
    if args.json is not None:
        figures = report.as_json(where, results, quick=args.quick) | {"not_measured": broken}
        _write(args.json, orjson.dumps(figures, option=orjson.OPT_INDENT_2))
    return EXIT_FAILED if broken or (args.check and any(goal.failed for goal in goals)) else 0


def main(argv: Sequence[str]) -> int:
    """The same from words."""
    parser = argparse.ArgumentParser(prog="arbtui bench", description="What arbtui costs on this machine.")
    add_arguments(parser)
    return run(parser.parse_args(argv))


def _parts(named: Sequence[str]) -> list[str]:
    for name in named:
        if name not in PARTS:
            raise ConfigError(f'there is no part "{name}" of the bench; choose from {", ".join(PARTS)}.')
    return [name for name in PARTS if name in named or not named]


def _venues(named: str | None) -> tuple[str, ...]:
    wanted = tuple(name.strip() for name in named.split(",") if name.strip()) if named else ()
    known = simulated_venues()
    for name in wanted:
        if name not in known:
            raise ConfigError(f'"{name}" cannot be measured; exchanges that can be simulated: {", ".join(known)}.')
    found = simulated_venues(wanted)
    if len(found) < 2:
        raise ConfigError("the bench compares exchanges with each other: name at least two.")
    return found


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data + b"\n")
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}; choose another file.") from None
