"""A setting that was changed at run time, with what it replaced."""

from __future__ import annotations

from dataclasses import dataclass

Plain = str | int | float | bool | list[str]  # what a value of state.toml may be


@dataclass(frozen=True)
class Kept:
    """``value`` None: the setting was taken away (a coin's own threshold). ``over``: what config.toml said at that
    time, None where it said nothing. If config.toml says something else today, the person has spoken later: it wins.
    """

    value: Plain | None
    over: Plain | None
