"""What the argument of a ``:`` command may become: ``complete(desk, words)`` of ``registry.Argument``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from arbtui.ui.alertlevels import levels
from arbtui.ui.chart import MINUTES, WHATS
from arbtui.ui.columns import COLUMNS
from arbtui.ui.layout import PANES

if TYPE_CHECKING:
    from arbtui.ui.desk import Desk


def nothing(desk: Desk, words: Sequence[str]) -> Sequence[str]:
    """Free text: there is nothing to complete."""
    return ()


def coins(desk: Desk, words: Sequence[str]) -> Sequence[str]:
    """The recent coins first, then all by name."""
    if len(words) > 1:
        return ()
    known = set(desk.order.known())
    recent = [base for base in desk.recent if base in known]
    return [*recent, *sorted(known.difference(recent))]


def columns(desk: Desk, words: Sequence[str]) -> Sequence[str]:
    return [column.id for column in COLUMNS] if len(words) < 2 else ()


def panes(desk: Desk, words: Sequence[str]) -> Sequence[str]:
    return PANES if len(words) < 2 else ()


def threshold_words(desk: Desk, words: Sequence[str]) -> Sequence[str]:
    """A figure, then perhaps a coin."""
    return coins(desk, words[1:]) if len(words) == 2 else ()


def chart_whats(desk: Desk, words: Sequence[str]) -> Sequence[str]:
    return WHATS if len(words) < 2 else ()


def chart_minutes(desk: Desk, words: Sequence[str]) -> Sequence[str]:
    return [str(minutes) for minutes in MINUTES] if len(words) < 2 else ()


def choices_of(key: str) -> Callable[[Desk, Sequence[str]], Iterable[str]]:
    """Completion of a setting's choices."""

    def complete(desk: Desk, words: Sequence[str]) -> Iterable[str]:
        return _choices(desk, key) if len(words) < 2 else ()

    return complete


def set_words(desk: Desk, words: Sequence[str]) -> Iterable[str]:
    """A key that can be changed now, then what it may be."""
    if len(words) < 2:
        return [setting.key for setting in desk.port.settings() if not setting.fixed]
    return _choices(desk, words[0]) if len(words) == 2 else ()


def _choices(desk: Desk, key: str) -> Sequence[str]:
    found = (setting.choices for setting in desk.port.settings() if setting.key == key)
    return [choice for choice in next(found, ()) if choice]


def venues_on_off(desk: Desk, words: Sequence[str]) -> Sequence[str]:
    """A venue, then what it is not now."""
    if len(words) < 2:
        return desk.venues()
    return ("on" if words[0].lower() in desk.port.muted_venues else "off",) if len(words) == 2 else ()


def auto_on_off(desk: Desk, words: Sequence[str]) -> Sequence[str]:
    """What the automatic mode is not now."""
    auto = desk.port.auto
    return () if auto is None or len(words) > 1 else ("off",) if auto.on else ("on",)


def speeds(desk: Desk, words: Sequence[str]) -> Sequence[str]:
    return ("0.1", "0.5", "1", "2", "10", "100", "max") if len(words) < 2 else ()


def level_words(desk: Desk, words: Sequence[str]) -> Sequence[str]:
    """Completion of ``COIN > PRICE``: a coin, a sign."""
    if len(words) < 2:
        return [desk.coin, *(base for base in sorted(desk.port.board.coins) if base != desk.coin)]
    return (">", "<") if len(words) == 2 else ()


def levels_set(desk: Desk, words: Sequence[str]) -> Sequence[str]:
    """Completion of a level that there is, word by word."""
    given = [level.text.split() for level in levels(desk)]
    fits = [each for each in given if each[: len(words) - 1] == list(words[:-1]) and len(each) >= len(words)]
    return list(dict.fromkeys(each[len(words) - 1] for each in fits))
