"""Reading what the control side is asked: one sentence for whatever cannot be."""

from __future__ import annotations

import math
from typing import Any

import orjson


class Refused(Exception):
    """What was asked cannot be; the text is the answer."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


def object_of(body: bytes) -> dict[str, Any]:
    """The JSON object that the body is."""
    try:
        ask = orjson.loads(body)
    except orjson.JSONDecodeError as broken:
        raise Refused(f"the body is not JSON: {broken}") from broken
    if not isinstance(ask, dict):
        raise Refused("the body is not a JSON object")
    return ask


def text_of(ask: dict[str, Any], key: str) -> str | None:
    """A text, or None where it is not given."""
    value = ask.get(key)
    if value is not None and not isinstance(value, str):
        raise Refused(f"{key} is a string, not {value!r}")
    return value


def number_of(ask: dict[str, Any], key: str, *, negative: bool = False) -> float | None:
    """A number, or None where it is not given."""
    value = ask.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Refused(f"{key} is a number, not {value!r}")
    if value < 0 and not negative:
        raise Refused(f"{key} cannot be negative")
    return float(value)


def whole_of(query: dict[str, str], key: str) -> int | None:
    """A whole number of the query, or None where it is not given."""
    text = query.get(key)
    if not text:
        return None
    if not text.isdecimal():
        raise Refused(f"{key} is a whole number, not {text!r}")
    return int(text)
