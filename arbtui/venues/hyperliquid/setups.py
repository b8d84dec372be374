"""What is remembered of how Hyperliquid accounts are set up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arbtui.venues.base import Environment
from arbtui.venues.hyperliquid.private_shapes import Role

if TYPE_CHECKING:
    from arbtui.venues.hyperliquid.calls import Caller

_HOLDS_MS = 60_000  # an agent that is taken back within it is one whose orders are refused


class Setups:
    """How accounts were told to be set up, which holds for a minute: to ask all of it costs a twentieth of the budget
    of that minute.
    """

    def __init__(self) -> None:
        self._roles: dict[tuple[Environment, str, str], tuple[int, Role]] = {}  # of wallets that may trade
        self._words: dict[tuple[Environment, str], tuple[int, str]] = {}

    def role(self, caller: Caller, signer: str, stamp_ms: int) -> Role | None:
        """None: ask for it."""
        told_ms, role = self._roles.get((caller.env, signer, caller.account), (0, None))
        return role if 0 <= stamp_ms - told_ms <= _HOLDS_MS else None

    def hear_role(self, caller: Caller, signer: str, role: Role, stamp_ms: int, *, trades: bool) -> None:
        key = (caller.env, signer, caller.account)
        if trades:
            self._roles[key] = (stamp_ms, role)
        else:
            self._roles.pop(key, None)

    def words(self, caller: Caller, stamp_ms: int) -> str | None:
        """The account's mode in the venue's word; None: ask for it."""
        told_ms, words = self._words.get((caller.env, caller.account), (0, None))
        return words if 0 <= stamp_ms - told_ms <= _HOLDS_MS else None

    def hear_words(self, caller: Caller, words: str, stamp_ms: int) -> None:
        self._words[caller.env, caller.account] = (stamp_ms, words)
