"""Reading the parameters of Binance's private requests: all are texts, and what is wrong has a code of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson

from arbtui.sim import reading
from arbtui.sim.binance.rest import Refused
from arbtui.sim.listing import Market
from arbtui.sim.orders import Side

Params = dict[str, str]
_NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
_DAY_MS = 86_400_000
_WEEK_MS = 7 * _DAY_MS


def wanted(params: Params, name: str) -> str:
    """A parameter that must be there."""
    value = params.get(name, "")
    if not value:
        raise Refused(400, -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")
    return value


def whole(params: Params, name: str, default: int) -> int:
    """A whole number, if it is given."""
    given = params.get(name, "")
    found = reading.whole(given) if given else default
    if found is None:
        raise Refused(400, -1130, f"Data sent for parameter '{name}' is not valid.")
    return found


def number(params: Params, name: str) -> Decimal:
    """A decimal number that must be there: plain digits, no sign, no exponent."""
    text = wanted(params, name)
    if not (text.isascii() and _NUMBER.fullmatch(text)):
        legal = "^([0-9]{1,20})(\\.[0-9]{1,20})?$"
        raise Refused(400, -1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'.")
    return Decimal(text)


def side(params: Params) -> Side:
    text = wanted(params, "side")
    if text not in ("BUY", "SELL"):
        raise Refused(400, -1117, "Invalid side.")
    return "buy" if text == "BUY" else "sell"


def flag(params: Params, name: str) -> bool:
    text = params.get(name, "false").lower()
    if text not in ("true", "false"):
        raise Refused(400, -1130, f"Data sent for parameter '{name}' is not valid.")
    return text == "true"


def many(params: Params, name: str) -> list[Params]:
    """A JSON list of at most five objects."""
    asks = _list(params, name)
    if not all(isinstance(ask, dict) for ask in asks):
        raise Refused(400, -1130, f"Data sent for parameter '{name}' is not valid.")
    if len(asks) > 5:
        raise Refused(400, -4082, "Invalid number of batch place orders.")
    return [{key: _text(value) for key, value in ask.items()} for ask in asks]


def texts(params: Params, name: str) -> list[str]:
    """A JSON list of numbers or texts."""
    return [_text(value) for value in _list(params, name)]


def window(market: Market, found: list[Any], params: Params, at_ms: Callable[[Any], int]) -> list[Any]:
    """Of ``found``, oldest first, what is in the time asked for: the newest ``limit``, or the first from its begin.

    At most a day on spot and seven on USD-M, where a begin alone means the seven days from it.
    """
    since, until = whole(params, "startTime", 0), whole(params, "endTime", 0)
    if since and until and until - since > (_DAY_MS if market == "spot" else _WEEK_MS):
        if market == "spot":
            raise Refused(400, -1127, "More than 24 hours between startTime and endTime.")
        raise Refused(400, -4165, "Invalid time interval. Maximum time interval is 7 days.")
    if market == "perp" and since and not until:
        until = since + _WEEK_MS
    found = [x for x in found if since <= at_ms(x) <= (until or 1 << 62)]
    most = max(1, min(whole(params, "limit", 500), 1000))
    return found[:most] if since or "fromId" in params else found[-most:]


def places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _list(params: Params, name: str) -> list[Any]:
    try:
        values = orjson.loads(wanted(params, name))
    except orjson.JSONDecodeError:
        values = None
    if not isinstance(values, list):
        raise Refused(400, -1130, f"Data sent for parameter '{name}' is not valid.")
    return values


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
