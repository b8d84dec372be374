"""The settings as rows: which of them are found, how each reads, what there is to say of it. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence

from arbtui.port import Setting
from arbtui.ui import text
from arbtui.ui.glyphs import CURSOR
from arbtui.ui.theme import Cell, Line, Role

Row = Setting | str  # a string is the heading of a section

_KEY = 36
_VALUE = 24
_ORIGIN_FROM = 70  # a narrower screen says where a value comes from below the list only
_WHEN = 8


def rows(settings: Sequence[Setting], words: str) -> list[Row]:
    """Settings that have all the words in their key, value or sentence, under the headings of their sections."""
    wanted = words.lower().split()
    found: list[Row] = []
    section = None
    for setting in settings:
        if not all(word in _searched(setting) for word in wanted):
            continue
        here = section_of(setting.key)
        if here != section:
            section = here
            found.append(f"[{here}] {setting.section}".strip())
        found.append(setting)
    return found


def _searched(setting: Setting) -> str:
    return f"{setting.key} {setting.value} {setting.origin} {setting.about}".lower()


def section_of(key: str) -> str:
    """``fees.okx.perp`` of ``fees.okx.perp.taker_bps``; of an entry of a table, the table's section."""
    if key.startswith("signals.thresholds."):
        return "signals"
    return key.rpartition(".")[0] or key


def line(row: Row, width: int, *, pointed: bool) -> Line:
    if isinstance(row, str):
        return ((text.fit(f" {row}", width), "header"),)
    key = min(_KEY, max(16, width // 2 - 4))
    value = min(_VALUE, max(8, width - key - 4))
    used = 1 + key + 1 + value + 1
    quiet: Role = "dim" if row.fixed else "text"
    name = row.key.removeprefix(section_of(row.key) + ".")
    cells: list[Cell] = [
        (CURSOR if pointed else " ", "cursor"),
        (text.fit(f" {name}", key) + " ", "dim" if row.fixed else "strong"),
        (text.fit(row.value or text.UNKNOWN, value) + " ", "accent" if row.beneath else quiet),
    ]
    if width >= _ORIGIN_FROM:
        cells.append((text.fit(row.origin, max(0, width - used - _WHEN)), "dim"))
        cells.append((text.fit("restart" if row.fixed else "now", _WHEN, right=True), "faint" if row.fixed else "gain"))
    return tuple(cells)


def about(setting: Setting) -> str:
    """All there is to say of it, in sentences."""
    may_be = ", ".join(part for part in (_choices(setting) or setting.kind, setting.bounds) if part)
    default = f"; by default {setting.default}" if setting.default else ""
    parts = [f"{setting.key}: {setting.about.removesuffix('.')} ({may_be}{default})."]
    if setting.origin:
        parts.append(f"Now {setting.value or 'not given'}, from {setting.origin}.")
    if setting.beneath:
        parts.append(f"Without your change: {setting.beneath}.")
    if setting.fixed:
        parts.append(f"{setting.fixed[0].upper()}{setting.fixed[1:]}.")
    return " ".join(parts)


def _choices(setting: Setting) -> str:
    return ", ".join(choice or '""' for choice in setting.choices)


def typed_value(setting: Setting) -> str:
    """What the line to type a new value in begins with: texts without their quotes."""
    if not setting.value.startswith('"'):
        return setting.value
    return str(tomllib.loads(f"v = {setting.value}")["v"])


def next_choice(setting: Setting, direction: int = 1) -> str:
    """The choice after the one that holds, round and round."""
    choices = setting.choices
    now = typed_value(setting)
    return choices[(choices.index(now) + direction) % len(choices)] if now in choices else choices[0]
