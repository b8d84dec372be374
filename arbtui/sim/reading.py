"""Reading what clients of a simulated venue sent. What cannot be read is None: each venue says so in its own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from arbtui.sim.base import Call

Ask = dict[str, Any]

_DIGITS = 19  # of the longest number that is read


def json_object(sent: str | bytes) -> Ask | None:
    """The JSON object that was sent."""
    try:
        found = orjson.loads(sent)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def params_of(call: Call) -> Ask | None:
    """Parameters of the query, or of the JSON body, which may be empty."""
    return dict(call.query) if call.method == "GET" else json_object(call.body or b"{}")


def text(ask: Mapping[str, Any], name: str) -> str:
    """A parameter as text; "" where it is not given."""
    value = ask.get(name)
    return "" if value is None else str(value)


def whole_of(ask: Mapping[str, Any], name: str, default: int, least: int = 0, most: int = 1 << 62) -> int | None:
    """A parameter as a whole number; ``default`` where it is not given, None where it is none or out of bounds."""
    given = text(ask, name)
    if not given:
        return default
    found = whole(given)
    return found if found is not None and least <= found <= most else None


def whole(given: str) -> int | None:
    """A whole number in decimal digits, without a sign."""
    return int(given) if given.isascii() and given.isdecimal() and len(given) <= _DIGITS else None
