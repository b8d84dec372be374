"""What commands say and ask, and the nearest of known words."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from arbtui.core.errors import ConfigError


def nearest(word: str, known: Iterable[str]) -> str:
    import difflib

    return difflib.get_close_matches(word, list(known), n=1, cutoff=0.0)[0]


def out(text: str) -> None:
    """Print at once: somebody may follow."""
    sys.stdout.write(text)
    sys.stdout.flush()


def says_yes(question: str) -> bool:
    if not sys.stdin.isatty():
        raise ConfigError("there is nobody to ask whether to go on, so nothing was done; add --yes.")
    sys.stderr.write(f'{question}Type "yes": ')
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() == "yes"
