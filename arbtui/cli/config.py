"""``arbtui config``: where the files are, what holds and why."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from arbtui import arguments
from arbtui.cli.settings import check_credentials, known_venues, paths_of, settings_of
from arbtui.core.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def main(argv: Sequence[str]) -> int:
    parser = arguments.Parser(prog="arbtui config", description="Where the files are, what holds and why.")
    parser.add_argument(
        "action",
        choices=("path", "init", "show", "schema"),
        help="path: the files; init: write a settings file to begin with; show: what holds, and where it comes from; "
        "schema: the JSON Schema of the printed lines",
    )
    arguments.config_option(parser)
    args = parser.parse_args(argv)
    where = paths_of(args)
    credentials = check_credentials(args, where)
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
        from arbtui.ui.keymap import Keymap

        loaded = settings_of(args, where)
        Keymap(loaded.settings.keys)
        for line in shown(loaded, credentials):
            sys.stdout.write(line + "\n")
    sys.stdout.flush()
    return 0


def _write_example(path: Path) -> None:
    from arbtui.config.keys import Keys
    from arbtui.config.show import example

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(example(Keys(known_venues())))
    except FileExistsError:
        raise ConfigError(f"{path} exists already and is left as it is; move it away first.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}.") from None
    sys.stdout.write(f"{path}\n")
