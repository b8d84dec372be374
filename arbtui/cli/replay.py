"""``arbtui replay``: recordings through decoders and strategy."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from arbtui import arguments
from arbtui.cli.run import HEADLESS_ONLY, headless_of, need_terminal
from arbtui.cli.screen import Screen
from arbtui.cli.settings import load_settings, paths_of, with_logs
from arbtui.core.errors import ConfigError

if TYPE_CHECKING:
    from arbtui.port import Guest


def main(argv: Sequence[str]) -> int:
    from pathlib import Path

    parser = arguments.Parser(
        prog="arbtui replay", description="Plays recordings, merged by time, through decoders and strategy."
    )
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path, help=".jsonl or .jsonl.gz")
    parser.add_argument(
        "--speed", metavar="max|N", type=arguments.speed, help="as fast as it goes, or N times as it was"
    )
    arguments.screen_options(parser)
    arguments.printing_options(parser)
    arguments.config_option(parser)
    args = parser.parse_args(argv)
    headless = args.no_ui or not sys.stdout.isatty() or any(getattr(args, n, None) is not None for n in HEADLESS_ONLY)
    if "process" in (args.emit or ()):
        raise ConfigError("a replay has no process lines: they would differ each time; leave process out of --emit.")
    if not headless:
        need_terminal()
    where = paths_of(args)
    loaded = load_settings(args, where, kept={})
    speed = args.speed if args.speed is not None else "max" if headless else 1.0

    screen = None if headless else Screen(loaded.settings)

    def play() -> int:
        import asyncio

        from arbtui.engine.run import ReplayRun, run_replay

        pace = None if isinstance(speed, str) else speed
        if screen is not None:
            guest: Guest = screen
        else:
            from arbtui.headless import Printer

            guest = Printer(headless_of(args, csv_dir=Path(args.csv) if args.csv else None, lossless=True))
        return asyncio.run(run_replay(ReplayRun(loaded.settings, tuple(args.files), pace, loaded), guest))

    return with_logs(where, loaded, play, screen=screen)
