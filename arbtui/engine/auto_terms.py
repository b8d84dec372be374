"""What the automatic mode goes by, in words for whoever switches it on: every threshold, size and limit in force.

Each with where it comes from: a threshold that was changed by key in one mode holds in all, real money included.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from arbtui.execution.arming import Permit
from arbtui.port import Setting
from arbtui.strategy.auto import AutoRules

_SECTIONS = ("auto", "limits")  # all of them
_AND = ("signals.threshold_bps", "signals.thresholds.", "signals.min_size_usd", "signals.hysteresis_bps", "walk.usd")
_WHENCE = {  # the order in which a person should read them: what may surprise stands first
    "this run": "changed by key in this run",
    "state": "changed by key, for every mode",
    "flag": "on the command line",
    "env": "by variables",
    "config": "by config.toml",
    "default": "by default",
}


def in_words(rules: AutoRules) -> str:
    """The bounds, the most important thing of all."""
    return (
        f"{rules.size_usd:f} USD a hedge, at most {rules.max_hedges} hedges, {rules.max_position_usd:f} USD on one "
        f"coin, {rules.max_net_usd:f} USD unhedged"
    )


def in_force(settings: Iterable[Setting], permit: Permit | None) -> str:
    """Everything that it goes by, grouped by where it comes from. ``permit``: what accounts are armed for."""
    groups: dict[str, list[str]] = {}
    for setting in _of_concern(settings):
        kind, _, where = setting.origin.partition(" (")
        named = f" ({where.removesuffix(')')})" if kind in ("flag", "env") else ""
        groups.setdefault(kind, []).append(f"{setting.key} {setting.value}{named}")
    parts = [f"{words}: {', '.join(groups[kind])}" for kind, words in _WHENCE.items() if kind in groups]
    return "; ".join([f"armed: {permit}"] * (permit is not None) + parts)


def _of_concern(settings: Iterable[Setting]) -> Iterator[Setting]:
    for setting in settings:
        section = setting.key.partition(".")[0]
        if setting.value and (section in _SECTIONS or setting.key.startswith(_AND)):
            yield setting
