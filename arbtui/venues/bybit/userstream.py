"""Bybit's private socket: one connection tells everything about the account, spot and contracts alike.

Order of things: log in, subscribe, one acknowledgement for all topics; then pushes. None of them begins with a
snapshot: what was before is asked by REST. One push may hold several rows, also several fills of one order; orders,
fills, positions and the wallet come in no order that could be relied on, and a late cancel of an order that has filled
brings "Filled" a second time. Open profit changes without a push. Contracts that are not linear are left out.
Source: Bybit V5 docs, WebSocket Stream / Connect; Private / Order, Execution, Position, Wallet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import msgspec

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import Ignored, Pong, Refused
from arbtui.core.model import Instrument, Market
from arbtui.venues.bybit import private_rows, private_shapes, signing
from arbtui.venues.bybit.instruments import MARKET
from arbtui.venues.bybit.private_shapes import ExecutionRow, OrderRow, PrivateHead
from arbtui.venues.bybit.refusals import clean
from arbtui.venues.conversation import LoginFirst, of_products
from arbtui.venues.private import (
    Expired,
    Keys,
    LoggedIn,
    LoginRefused,
    PrivateEvent,
    SubscribedAll,
)
from arbtui.venues.wire import guarded

SUBSCRIBE_ID = "subscribe"
_SUBSCRIBE = msgspec.json.encode(
    {"req_id": SUBSCRIBE_ID, "op": "subscribe", "args": ["order", "execution", "position", "wallet"]}
).decode()
_PING = '{"req_id":"ping","op":"ping"}'
_OF_THE_LOGIN = ("auth", "login")  # in the words of a refusal
_CODE = re.compile(r"\b[A-Z]{2,8}\d{2,6}\b|\b\d{5}\b", re.ASCII)  # "error:USVC1111"

_Instruments = Mapping[Market, Mapping[str, Instrument]]


class BybitUserStream(LoginFirst):
    """See ``venues.private.PrivateSession``. One for each connection."""

    def __init__(self, keys: Keys, instruments: _Instruments) -> None:
        super().__init__(keys, signing.login, _SUBSCRIBE)
        self._instruments = instruments
        self._logged_in = False
        self._handlers: dict[str, Callable[[PrivateHead, int], Sequence[PrivateEvent]]] = {
            "order": self._orders,
            "execution": self._executions,
            "position": self._positions,
            "wallet": self._wallet,
        }

    def ping(self, t_ns: int) -> str:
        return _PING

    def decode(self, frame: bytes, t_ns: int) -> Sequence[PrivateEvent]:
        """See ``PrivateSession.decode``. A push that holds one unreadable row tells nothing at all: read anew."""
        try:
            head = guarded(private_shapes.head, frame, "Bybit private frame")
        except ProtocolBroken as broken:
            raise ProtocolBroken(broken.kind, str(broken), _sample(frame)) from None
        if head.topic:
            handler = self._handlers.get(head.topic)
            return (Ignored("other_topic"),) if handler is None else handler(head, t_ns)
        return (self._answer(head, frame, t_ns),)

    # --- what the venue says of the connection ------------------------------------------------------------------------

    def _answer(self, head: PrivateHead, frame: bytes, t_ns: int) -> PrivateEvent:
        """A refusal may name no ``op`` of its own, but quote the request."""
        op = head.op or (head.request.op if head.request else "")
        if op == "pong" or (op == "ping" and head.success is not False):
            return Pong(t_ns)
        if head.success is False:
            return self._refused(op, clean(head.ret_msg) or "no reason given", t_ns)
        if op == "auth" and head.success:
            self._logged_in = True
            return LoggedIn()
        if op == "subscribe" and head.success and self._logged_in:
            return SubscribedAll()
        if not op:
            raise ProtocolBroken("unknown_shape", "Bybit private frame with neither topic nor op", _sample(frame))
        return Ignored("other_answer")

    def _refused(self, op: str, words: str, t_ns: int) -> PrivateEvent:
        """Before the login is taken every refusal is about it."""
        found = _CODE.search(words)
        code = found[0] if found else "without a code"
        if op == "auth" or not self._logged_in:
            return LoginRefused(code, words)
        if any(part in words.lower() for part in _OF_THE_LOGIN):
            return Expired(words)
        return Refused((), code, words, t_ns)

    # --- what happened to the account ---------------------------------------------------------------------------------

    def _orders(self, head: PrivateHead, t_ns: int) -> Sequence[PrivateEvent]:
        rows = guarded(private_shapes.order_rows, head.data, "Bybit order push")
        return of_products(rows, _market, lambda row, market: private_rows.report(row, market, "push", t_ns))

    def _executions(self, head: PrivateHead, t_ns: int) -> Sequence[PrivateEvent]:
        def tell(row: ExecutionRow, market: Market) -> PrivateEvent:
            instrument = self._instruments.get(market, {}).get(row.symbol)
            return private_rows.execution(row, market, instrument, "push", t_ns)

        rows = guarded(private_shapes.execution_rows, head.data, "Bybit execution push")
        return of_products(rows, _market, tell)

    def _positions(self, head: PrivateHead, t_ns: int) -> Sequence[PrivateEvent]:
        events: list[PrivateEvent] = []
        for row in guarded(private_shapes.position_rows, head.data, "Bybit position push"):
            linear = MARKET.get(row.category) is Market.PERP
            events.append(private_rows.position(row, "push", t_ns) if linear else Ignored("other_product"))
        return events

    def _wallet(self, head: PrivateHead, t_ns: int) -> Sequence[PrivateEvent]:
        events: list[PrivateEvent] = []
        for wallet in guarded(private_shapes.wallet_rows, head.data, "Bybit wallet push"):
            if wallet.account_type == "UNIFIED":
                events += private_rows.balances(wallet, t_ns, head.creation_time)
            else:
                events.append(Ignored("other_wallet"))
        return events


def _market(row: OrderRow | ExecutionRow) -> Market | None:
    return MARKET.get(row.category)


def _sample(frame: bytes) -> bytes:
    """The beginning of a frame that cannot be read; nothing of one that may quote a login."""
    return b"" if b"auth" in frame else frame[:200]
