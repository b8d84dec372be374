"""Reading TOML so that a complaint can name the line."""

from __future__ import annotations

import errno
import os
import re
import stat
import tomllib
from pathlib import Path
from typing import Any

from arbtui.core.errors import ConfigError

MOST_BYTES = 16 * 2**20

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_NAME = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*\[\[?\s*({_NAME})\s*\]")
_ASSIGNMENT = re.compile(rf"\s*({_NAME})\s*=(?!=)")


def read(path: Path) -> tuple[dict[str, Any], str]:
    """The parsed file and its text. Raises ``ConfigError`` in one sentence; a missing file is the caller's case."""
    try:
        text = content(path).decode("utf-8-sig")
        return tomllib.loads(text), text
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {str(error).rstrip('.')}.") from None
    except (RecursionError, ValueError) as error:  # the parser's own limits: nesting, digits of a number
        raise ConfigError(f"{path}: not read: {_too_much(error)}.") from None
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None


def content(path: Path) -> bytes:
    """All of an ordinary file. A pipe or device is refused before it is read: it may never end, or never begin."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise ConfigError(f"{path} cannot be read: {os.strerror(errno.EISDIR)}.")
        if not stat.S_ISREG(mode):
            raise ConfigError(f"{path} is a pipe or device; name an ordinary file.")
        found = file.read(MOST_BYTES + 1)
    if len(found) > MOST_BYTES:
        raise ConfigError(
            f"{path} is larger than {MOST_BYTES >> 20} MiB, which no configuration is; name another file."
        )
    return found


def _too_much(error: RecursionError | ValueError) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else "a number in it has too many digits"


def lines_of_keys(text: str) -> dict[tuple[str, ...], int]:
    """Path of each section and key -> its line, from 1. Keys inside inline tables are found by their table's line.

    A line inside a multi-line string that looks like a key can be listed too: good enough for a hint, never more.
    """
    lines: dict[tuple[str, ...], int] = {}
    section: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            section = _parts(header[1])
            lines.setdefault(section, number)
        elif assignment := _ASSIGNMENT.match(line):
            lines.setdefault((*section, *_parts(assignment[1])), number)
    return lines


def _parts(name: str) -> tuple[str, ...]:
    return tuple(_unquoted(part) for part in re.findall(_PART, name))


def _unquoted(part: str) -> str:
    if part.startswith('"'):
        return str(tomllib.loads(f"v = {part}")["v"])
    return part[1:-1] if part.startswith("'") else part
