"""Actions as the venue reads them: its own fields in its own order, numbers normalised, ids in lower case.

What is hashed is this form. Fields that the venue does not know are dropped, so whoever signs them is not recognised.
Whatever cannot be read is answered with HTTP 422.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from arbtui.sim.hyperliquid.answers import Ask, unreadable
from arbtui.sim.hyperliquid.signed import Signature, Types

_NUMBER = re.compile(r"[0-9]{1,30}(\.[0-9]{1,30})?")
_CLOID = re.compile(r"0x[0-9a-fA-F]{32}")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_HEX = re.compile(r"0x[0-9a-fA-F]{1,66}")
_CHAIN_ID = re.compile(r"0x[0-9a-fA-F]{1,16}")
_TIFS = ("Alo", "Ioc", "Gtc", "FrontendMarket")
_MOST = 1 << 63

# Actions that are their own message: what is signed, in this order.
_CHAIN = ("hyperliquidChain", "string")
USER_SIGNED: dict[str, tuple[str, Types]] = {
    "approveAgent": (
        "ApproveAgent",
        (_CHAIN, ("agentAddress", "address"), ("agentName", "string"), ("nonce", "uint64")),
    ),
    "approveBuilderFee": (
        "ApproveBuilderFee",
        (_CHAIN, ("maxFeeRate", "string"), ("builder", "address"), ("nonce", "uint64")),
    ),
}


def canonical(action: Ask) -> Ask:
    """``action`` of a kind that is signed as an L1 action; raises ``Refused`` (422)."""
    kind = action.get("type")
    read = _READERS.get(kind) if isinstance(kind, str) else None
    if read is None:
        raise unreadable()
    return {"type": kind, **read(action)}


def user_signed(action: Ask) -> Ask:
    """``action`` of a kind of ``USER_SIGNED``."""
    fields: Ask = {}
    for name, type_ in USER_SIGNED[action["type"]][1]:
        if type_ == "string":
            fields[name] = text(action, name) if action.get(name) is not None else ""
        else:
            fields[name] = address(action.get(name)) if type_ == "address" else whole(action, name)
    if fields["hyperliquidChain"] not in ("Mainnet", "Testnet"):
        raise unreadable()
    return fields


def signature(given: Any) -> Signature:
    if not isinstance(given, dict):
        raise unreadable()
    r, s, v = (given.get(key) for key in ("r", "s", "v"))
    if not (isinstance(r, str) and isinstance(s, str) and _HEX.fullmatch(r) and _HEX.fullmatch(s)):
        raise unreadable()
    if v not in (27, 28) or isinstance(v, bool):
        raise unreadable()
    return Signature(int(r, 16), int(s, 16), v)


def chain_id(given: Any) -> int:
    """``0x66eee`` is 421614."""
    if not isinstance(given, str) or not _CHAIN_ID.fullmatch(given):
        raise unreadable()
    return int(given, 16)


def address(given: Any) -> str:
    """Lower-case, with ``0x``."""
    if not isinstance(given, str) or not _ADDRESS.fullmatch(given):
        raise unreadable()
    return given.lower()


def vault(given: Any) -> str | None:
    """40 digits without ``0x``, which may have been there or not."""
    if given is None:
        return None
    if not isinstance(given, str):
        raise unreadable()
    return address("0x" + given.removeprefix("0x")).removeprefix("0x")


def whole(ask: Ask, name: str) -> int:
    value = ask.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _MOST:
        raise unreadable()
    return value


def text(ask: Ask, name: str) -> str:
    value = ask.get(name)
    if not isinstance(value, str):
        raise unreadable()
    return value


def flag(ask: Ask, name: str) -> bool:
    value = ask.get(name)
    if not isinstance(value, bool):
        raise unreadable()
    return value


def cloid(given: Any) -> str:
    if not isinstance(given, str) or not _CLOID.fullmatch(given):
        raise unreadable()
    return given.lower()


def number(ask: Ask, name: str) -> str:
    """A decimal text without padding: ``67250.0`` is ``67250``."""
    value = text(ask, name)
    if not _NUMBER.fullmatch(value):
        raise unreadable()
    before, _, after = value.partition(".")
    before, after = before.lstrip("0") or "0", after.rstrip("0")
    return f"{before}.{after}" if after else before


# -- kinds -------------------------------------------------------------------------------------------------------------


def _rows(ask: Ask, name: str) -> list[Ask]:
    rows = ask.get(name)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise unreadable()
    return rows


def _table(ask: Ask, name: str) -> Ask:
    value = ask.get(name)
    if not isinstance(value, dict):
        raise unreadable()
    return value


def _order(ask: Ask) -> Ask:
    return {
        "a": whole(ask, "a"),
        "b": flag(ask, "b"),
        "p": number(ask, "p"),
        "s": number(ask, "s"),
        "r": flag(ask, "r"),
        "t": _kind(_table(ask, "t")),
        **({"c": cloid(ask["c"])} if ask.get("c") is not None else {}),
    }


def _kind(ask: Ask) -> Ask:
    if "limit" in ask:
        tif = text(_table(ask, "limit"), "tif")
        if tif not in _TIFS:
            raise unreadable()
        return {"limit": {"tif": tif}}
    trigger = _table(ask, "trigger")
    if text(trigger, "tpsl") not in ("tp", "sl"):
        raise unreadable()
    return {
        "trigger": {
            "isMarket": flag(trigger, "isMarket"),
            "triggerPx": number(trigger, "triggerPx"),
            "tpsl": trigger["tpsl"],
        }
    }


def _orders(ask: Ask) -> Ask:
    grouping: Any = ask.get("grouping")
    if isinstance(grouping, dict):
        grouping = {"p": whole(grouping, "p")}
    elif grouping not in ("na", "normalTpsl", "positionTpsl"):
        raise unreadable()
    found: Ask = {"orders": [_order(row) for row in _rows(ask, "orders")], "grouping": grouping}
    if ask.get("builder") is not None:
        builder = _table(ask, "builder")
        found["builder"] = {"b": address(builder.get("b")), "f": whole(builder, "f")}
    return found


def _oid(ask: Ask) -> int | str:
    return cloid(ask["oid"]) if isinstance(ask.get("oid"), str) else whole(ask, "oid")


def _modify(ask: Ask) -> Ask:
    return {"oid": _oid(ask), "order": _order(_table(ask, "order"))}


_READERS: dict[str, Callable[[Ask], Ask]] = {
    "order": _orders,
    "cancel": lambda ask: {"cancels": [{"a": whole(x, "a"), "o": whole(x, "o")} for x in _rows(ask, "cancels")]},
    "cancelByCloid": lambda ask: {
        "cancels": [{"asset": whole(x, "asset"), "cloid": cloid(x.get("cloid"))} for x in _rows(ask, "cancels")]
    },
    "modify": _modify,
    "batchModify": lambda ask: {"modifies": [_modify(x) for x in _rows(ask, "modifies")]},
    "updateLeverage": lambda ask: {
        "asset": whole(ask, "asset"),
        "isCross": flag(ask, "isCross"),
        "leverage": whole(ask, "leverage"),
    },
    "scheduleCancel": lambda ask: {} if ask.get("time") is None else {"time": whole(ask, "time")},
    "setReferrer": lambda ask: {"code": text(ask, "code")},
    "noop": lambda ask: {},
}
