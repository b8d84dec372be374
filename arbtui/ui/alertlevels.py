"""Prices that a person wants to hear of: ``:alert BTC > 90000`` and ``:unalert``. The list of them is ``LevelScreen``.

They are a setting (``alerts.levels``), changed and kept through the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from arbtui.config.load import literal
from arbtui.port import SetSetting
from arbtui.strategy.alerts import Level, level_of
from arbtui.ui import text

if TYPE_CHECKING:
    from arbtui.ui.desk import Desk
    from arbtui.ui.registry import Handlers

KEY = "alerts.levels"
FORM = "COIN > PRICE"


def levels(desk: Desk) -> list[Level]:
    """In the order in which they were set."""
    given = desk.port.setting(KEY)
    found = [level_of(each) for each in given] if isinstance(given, tuple | list) else []
    return list(dict.fromkeys(level for level in found if level is not None))


def read(desk: Desk, typed: str) -> Level | str:
    """The level that was typed (``btc>90k``, a coin in any case); or what is wrong with it."""
    sign = next((sign for sign in "><" if sign in typed), "")
    name, _, figure = (part.strip() for part in typed.partition(sign or ">"))
    price = text.number(figure)
    if not sign or not name or price is None or price <= 0:
        return f"{text.quoted(typed)} is not {FORM} or COIN < PRICE, such as BTC > 90000"
    base = desk.coin_called(name)
    if not base:
        return f"there is no coin {text.quoted(name)}"
    return level_of(Level(base, sign == ">", price).text) or f"{figure} is no price"


class AlertLevels:
    """Doing it. ``open_list`` shows the list."""

    def __init__(self, desk: Desk, open_list: Callable[[], None]) -> None:
        self._desk = desk
        self._open_list = open_list

    def handlers(self) -> Handlers:
        return {"alert.level": self.add, "alert.remove": self.remove, "alert.list": self._open_list}

    def add(self, typed: str) -> str:
        level = read(self._desk, typed)
        if isinstance(level, str):
            return level
        known = levels(self._desk)
        return "" if level in known else keep(self._desk, [*known, level], f"you will be told once {level.text}")

    def remove(self, typed: str) -> str:
        level = read(self._desk, typed)
        known = levels(self._desk)
        if isinstance(level, str) or level not in known:
            there = ", ".join(each.text for each in known) or "none"
            return f"{text.quoted(typed)} is not set; there are {there}"
        return keep(self._desk, [each for each in known if each != level], f"{level.text} is removed")


def keep(desk: Desk, wanted: Sequence[Level], words: str) -> str:
    """Have the engine watch these and no others; why not, "" if it does."""
    outcome = desk.port.send(SetSetting(KEY, literal([level.text for level in wanted])))
    if not outcome.accepted:
        return outcome.text
    _, sign, reserve = outcome.text.partition(", for this run only")  # whoever keeps nothing says so
    desk.say(words + sign + reserve)
    return ""
