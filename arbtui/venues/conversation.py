"""How conversations on private sockets begin."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import Ignored
from arbtui.core.model import Market
from arbtui.venues.private import Keys, PrivateEvent, PrivateFrame
from arbtui.venues.wire import guarded

_T = TypeVar("_T")
_Row = TypeVar("_Row")


class Unannounced:
    """Without a word: the address, or each request by itself, says who asks."""

    def greet(self, stamp_ms: int) -> list[PrivateFrame]:
        return []

    def logged_in(self, stamp_ms: int) -> list[PrivateFrame]:
        return []


class LoginFirst:
    """With a signed login, and with ``subscribe``, if anything, once the venue took it."""

    def __init__(self, keys: Keys, login: Callable[[Keys, int], str], subscribe: str = "") -> None:
        self._keys = keys
        self._login_frame = login
        self._subscribe = subscribe

    def greet(self, stamp_ms: int) -> list[PrivateFrame]:
        return [PrivateFrame(self._login_frame(self._keys, stamp_ms), secret=True)]

    def logged_in(self, stamp_ms: int) -> list[PrivateFrame]:
        return [PrivateFrame(self._subscribe)] if self._subscribe else []


def of_products(
    rows: Iterable[_Row], market_of: Callable[[_Row], Market | None], tell: Callable[[_Row, Market], PrivateEvent]
) -> list[PrivateEvent]:
    """What a push tells, row by row; rows of products that have no place here are counted and left out."""
    markets = ((row, market_of(row)) for row in rows)
    return [Ignored("other_product") if market is None else tell(row, market) for row, market in markets]


def guarded_secret(decoder: msgspec.json.Decoder[_T], data: bytes | msgspec.Raw, what: str) -> _T:
    """``guarded`` of what may quote a key or a login: the error shows nothing of it."""
    try:
        return guarded(decoder, data, what)
    except ProtocolBroken as broken:
        raise ProtocolBroken(broken.kind, str(broken)) from None
