"""Words of the command line: parsers that complain in one sentence, options that commands share, kinds of values."""

from __future__ import annotations

import argparse
import sys
from decimal import Decimal
from typing import Any, NoReturn
from urllib.parse import urlsplit

from arbtui import __version__
from arbtui.core.errors import ConfigError

# each has a data folder of its own
MODES = ("paper", "demo", "paper-testnet", "paper-gateway", "simulated", "demo-keys", "testnet", "live")


class Parser(argparse.ArgumentParser):
    """Complains in one sentence."""

    def __init__(self, **more: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **more)
        self.add_argument("--debug", action="store_true", help="show tracebacks")

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message}; see {self.prog} --help.")


class Version(argparse.Action):
    """Says what runs here and ends."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        import sqlite3

        python = ".".join(map(str, sys.version_info[:3]))
        sys.stdout.write(f"arbtui {__version__} (Python {python}, SQLite {sqlite3.sqlite_version})\n")
        parser.exit()


def config_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", metavar="FILE", help="settings file in place of the usual one")


def where_options(
    parser: argparse.ArgumentParser, live: str = "orders to accounts, once armed; without it: paper"
) -> None:
    """``live``: what --live means to the command."""
    parser.add_argument("--demo", action="store_true", help="bring the built-in exchanges along; needs no network")
    parser.add_argument("--gateway", metavar="URL", type=gateway, help="reach every exchange through this address")
    parser.add_argument("--live", action="store_true", help=live)
    config_option(parser)


def arming_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--arm-live", action="store_true", help="with --live --no-ui: arm once the accounts are read")
    parser.add_argument(
        "--max-notional", metavar="USD", type=dollars, help="with --arm-live: the most that may be open at once"
    )


def screen_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ascii", action="store_true", help="the screen paints nothing beyond ASCII")
    parser.add_argument("--no-mouse", action="store_true", help="the screen leaves the mouse to the terminal")


def auto_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "automatic mode",
        "Opens hedges on signals and closes its own; on paper, or on accounts once they are armed. Of a pair the "
        "first\nexchange is the one named earlier in --venues (else in auto.order, else by name): long buys there and "
        "sells at the\nother, short sells there and buys at the other. More in section [auto] of the settings.",
    )
    group.add_argument("--auto", action="store_true", help="begin with the automatic mode on")
    group.add_argument("--size", metavar="USD", type=amount, help="worth of each leg of a hedge (default: 100)")
    group.add_argument("--max-position", metavar="USD", type=amount, help="most open on one coin (default: 500)")
    group.add_argument("--max-hedges", metavar="N", type=count, help="most hedges open at once (default: 3)")
    group.add_argument("--fill-timeout", metavar="S", type=duration, help="take a resting order back (default: 10)")
    for name in ("long", "short"):
        group.add_argument(
            f"--{name}-threshold",
            metavar="BPS",
            type=threshold,
            help=f"least net of a {name} hedge, above the signal's",
        )


def printing_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-ui", action="store_true", help="no screen: JSON lines on stdout")
    parser.add_argument("--emit", metavar="KINDS", type=kinds, help="lines to print (default: spread,signal,status)")
    parser.add_argument("--pairs", choices=("best", "all"), help="one pair a coin, or all (default: best)")
    parser.add_argument("--levels", metavar="N", type=count, help="levels a side in book lines (default: 10)")
    parser.add_argument("--every", metavar="S", type=seconds, help="seconds between looks, 0 = on change (default: 1)")
    parser.add_argument("--csv", metavar="DIR", help="also keep daily CSV files in this folder")


def count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is not a whole number")
    if int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return int(text)


def count_or_all(text: str) -> int | str:
    return text if text == "all" else count(text)


def number_of(text: str, what: str, *, above: float = -1.0) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not (0.0 <= number < 1e7 and number > above):
        raise argparse.ArgumentTypeError(f"{text} is not {what}")
    return number


def seconds(text: str) -> float:
    return number_of(text, "a time in seconds")


def duration(text: str) -> float:
    return number_of(text, "a duration in seconds", above=0.0)


def dollars(text: str) -> Decimal:
    amount(text)
    return Decimal(text)


def amount(text: str) -> float:
    return number_of(text, "an amount in US dollars", above=0.0)


def threshold(text: str) -> float:
    try:
        bps = float(text)
    except ValueError:
        bps = float("nan")
    if not -1000 <= bps <= 10_000:
        raise argparse.ArgumentTypeError(f"{text} is not a threshold in basis points, from -1000 to 10000")
    return bps


def speed(text: str) -> float | str:
    return text if text == "max" else number_of(text, 'a speed: "max", or so many times as fast', above=0.0)


def names(text: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    if not found:
        raise argparse.ArgumentTypeError("names are missing")
    return found


def kinds(text: str) -> frozenset[str]:
    from arbtui.lines.kinds import KINDS

    for name in names(text):
        if name not in KINDS:
            raise argparse.ArgumentTypeError(f'"{name}" is none of {", ".join(KINDS)}')
    return frozenset(names(text))


def gateway(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f'"{text}" does not begin with http:// or https://')
    try:
        address = urlsplit(text)
        host = address.hostname if address.port != 0 else None
    except ValueError:  # a port beyond 65535, an unclosed bracket
        host = None
    if not host:
        raise argparse.ArgumentTypeError(f'"{text}" is no address such as http://127.0.0.1:8080')
    return text.rstrip("/")
