"""What an OKX API key may do, and whose it is: rights and addresses stand beside the account's configuration.

A key trades all that the account's mode lets it, spot and swaps alike; what that is is told by ``account.mode``.
Source: OKX API v5 docs, Trading Account, Get account configuration (``perm``, ``ip``, ``uid``).
"""

from __future__ import annotations

from arbtui.core.model import Market
from arbtui.venues.okx import account, private_shapes
from arbtui.venues.okx.calls import Caller
from arbtui.venues.okx.private_shapes import ConfigRow
from arbtui.venues.private import AccountCall, KeyRights, RightsCall, in_words

_WHAT = "API key"


def key_rights(caller: Caller, stamp_ms: int) -> RightsCall:
    def read(status: int, answer: bytes) -> KeyRights:
        return _rights(account.the_one(status, answer, private_shapes.configs, _WHAT))

    return RightsCall(caller.get(account.CONFIG, {}, _WHAT, "config", stamp_ms), read, _WHAT)


def account_id(caller: Caller, stamp_ms: int) -> AccountCall:
    """Of a sub-account its own."""
    what = "account id"

    def read(status: int, answer: bytes) -> str:
        return account.the_one(status, answer, private_shapes.configs, what).uid

    return AccountCall(caller.get(account.CONFIG, {}, what, "config", stamp_ms), read, what)


def _rights(row: ConfigRow) -> KeyRights:
    rights = {word.strip() for word in row.perm.split(",") if word.strip()}
    trade = dict.fromkeys(Market, "trade" in rights if rights else None)
    withdraw = "withdraw" in rights if rights else None
    bound = None if row.ip is None else bool(row.ip.strip(" ,"))
    return KeyRights(trade=trade, withdraw=withdraw, bound_to_ips=bound, text=in_words(trade, withdraw, bound, None))
