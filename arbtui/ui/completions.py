"""What the argument of a ``:`` command may become: ``complete(desk, words)`` of ``registry.Argument``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from arbtui.ui.chart import MINUTES, WHATS
from arbtui.ui.columns import COLUMNS

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


def threshold_words(desk: Desk, words: Sequence[str]) -> Sequence[str]:
    """A figure, then perhaps a coin."""
    return coins(desk, words[1:]) if len(words) == 2 else ()


def chart_whats(desk: Desk, words: Sequence[str]) -> Sequence[str]:
    return WHATS if len(words) < 2 else ()


def chart_minutes(desk: Desk, words: Sequence[str]) -> Sequence[str]:
    return [str(minutes) for minutes in MINUTES] if len(words) < 2 else ()
