"""Words of an account's messages: names that cannot be missing, and sides."""

from __future__ import annotations

from collections.abc import Mapping

from arbtui.core.errors import ProtocolBroken
from arbtui.core.orders import Side


def named(text: str | None, member: str, row: str) -> str:
    """``text``, which ``row`` ("an OKX row") cannot lack."""
    if not text:
        raise ProtocolBroken("unknown_shape", f"{row} without {member}")
    return text


def side_of(word: str, sides: Mapping[str, Side], venue: str) -> Side:
    """``venue`` as people write it."""
    try:
        return sides[word]
    except KeyError:
        raise ProtocolBroken("unknown_shape", f"{venue} says side {word[:40]!r}") from None
