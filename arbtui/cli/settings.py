"""What a command begins with: files, credentials, settings, flags that are settings as well, logs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from arbtui.cli.words import nearest
from arbtui.core.errors import ArbtuiError, ConfigError

if TYPE_CHECKING:
    from arbtui.cli.screen import Screen
    from arbtui.config import Credentials, Flag, Loaded, Paths
    from arbtui.core.kept import Kept


def paths_of(args: argparse.Namespace) -> Paths:
    from arbtui.config import paths

    return paths(args.config)


def known_venues() -> tuple[str, ...]:
    from arbtui.venues import registry

    return registry.names()


def check_credentials(args: argparse.Namespace, where: Paths) -> Credentials:
    """Every command that is not about built-in or recorded data reads them, so that a loose file mode is said early."""
    from arbtui.config import Credentials, load_credentials

    if getattr(args, "demo", False):
        return Credentials()
    return load_credentials(where, known_venues(), os.environ)


def settings_of(args: argparse.Namespace, where: Paths) -> Loaded:
    """Settings, with what was changed by key in earlier runs."""
    from arbtui.storage.state import read

    return load_settings(args, where, kept=read(where.state))


def load_settings(args: argparse.Namespace, where: Paths, *, kept: Mapping[str, Kept]) -> Loaded:
    from arbtui.config import load

    return load(
        where,
        known_venues(),
        environ=os.environ,
        flags=flags_of(args),
        kept=kept,
        must_exist=args.config is not None and getattr(args, "action", "") != "init",
    )


def flags_of(args: argparse.Namespace) -> dict[tuple[str, ...], Flag]:
    """Flags that are settings as well."""
    from arbtui.config import Flag

    flags: dict[tuple[str, ...], Flag] = {}
    if venues := getattr(args, "venues", None):
        known = known_venues()
        for name in venues:
            if name not in known:
                near = nearest(name, known)
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
    flags |= _auto_flags(args)
    if getattr(args, "ascii", False):
        flags[("ui", "ascii")] = Flag(True, "--ascii")
    if getattr(args, "no_mouse", False):
        flags[("ui", "mouse")] = Flag(False, "--no-mouse")
    return flags


def _auto_flags(args: argparse.Namespace) -> dict[tuple[str, ...], Flag]:
    from arbtui.config import Flag

    names = {
        "size": "size_usd",
        "max_position": "max_position_usd",
        "max_hedges": "max_hedges",
        "fill_timeout": "fill_timeout_s",
        "long_threshold": "long_threshold_bps",
        "short_threshold": "short_threshold_bps",
        "venues": "order",
    }
    given = {name: value for name in names if (value := getattr(args, name, None)) is not None}
    if "venues" in given and not hasattr(args, "auto"):
        del given["venues"]  # of a command that knows no automatic mode
    return {
        ("auto", names[name]): Flag(list(value) if name == "venues" else value, f"--{name.replace('_', '-')}")
        for name, value in given.items()
    }


def with_logs(where: Paths, loaded: Loaded, work: Callable[[], int], *, screen: Screen | None = None) -> int:
    """Do the work with logs to files and stderr; while a screen has the terminal, to files only."""
    from pathlib import Path

    from arbtui import logs

    settings = loaded.settings
    folder = Path(settings.log.dir) if settings.log.dir else where.log_dir
    stop = logs.start(
        folder, settings.log.level, stderr=sys.stderr, shown=(lambda: screen.has_terminal) if screen else None
    )
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
