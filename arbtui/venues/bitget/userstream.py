"""Bitget's private socket of unified accounts: one connection tells everything, spot and contracts alike.

Order of things: log in, subscribe, one acknowledgement for each topic; then pushes. Positions and the wallet begin with
what is there, orders and fills with nothing: what was before is asked by REST. A heartbeat is the plain text "ping".
What has no place here (loans, coin-margined contracts) is left out.
Source: Bitget UTA API docs, Websocket API; Websocket / Private / Order, Fill, Position, Account Channel; error codes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

import msgspec

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import Ignored, Pong, Refused
from arbtui.core.model import Instrument, Market
from arbtui.venues.bitget import private_rows, private_shapes, signing
from arbtui.venues.bitget.instruments import QUOTES
from arbtui.venues.bitget.private_shapes import FillRow, OrderRow, PrivateArg, PrivateHead
from arbtui.venues.bitget.refusals import clean
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

TOPICS = ("order", "fill", "position", "account")
_SUBSCRIBE = msgspec.json.encode(
    {"op": "subscribe", "args": [{"instType": "UTA", "topic": topic} for topic in TOPICS]}
).decode()
_FINE = ("", "0", "00000")
_LOGGED_OUT = frozenset({"30004", "30005", "30011", "30012", "30013", "30014", "30015"})  # about the login
_SECRETS = (b"apiKey", b"passphrase", b"sign")

Handler = Callable[[PrivateHead, int], Sequence[PrivateEvent]]
_Instruments = Mapping[Market, Mapping[str, Instrument]]


class Conversation(LoginFirst, ABC):
    """One private socket of any account, from the login to the last acknowledgement; see ``PrivateSession``.

    Whoever inherits it says what is subscribed to: ``handlers``, by what ``about`` makes of a frame's ``arg``.
    """

    def __init__(self, keys: Keys, subscribe: str, handlers: Mapping[str, Handler]) -> None:
        super().__init__(keys, signing.login, subscribe)
        self._logged_in = False
        self._awaited = set(handlers)
        self._handlers = handlers

    @abstractmethod
    def about(self, arg: PrivateArg) -> str:
        """What a push is about, or an acknowledgement; nothing ("") where that is not told."""

    def ping(self, t_ns: int) -> str:
        return "ping"

    def decode(self, frame: bytes, t_ns: int) -> Sequence[PrivateEvent]:
        """See ``PrivateSession.decode``. A push that holds one unreadable row tells nothing at all: read anew."""
        if frame == b"pong":
            return (Pong(t_ns),)
        try:
            head = guarded(private_shapes.head, frame, "Bitget private frame")
        except ProtocolBroken as broken:
            raise ProtocolBroken(broken.kind, str(broken), _sample(frame)) from None
        topic = self.about(head.arg) if head.arg is not None else ""
        if head.event:
            return (self._answer(head, topic, t_ns),)
        if not topic:
            raise ProtocolBroken("unknown_shape", "Bitget private frame with neither event nor topic", _sample(frame))
        handler = self._handlers.get(topic)
        return (Ignored("other_topic"),) if handler is None else handler(head, t_ns)

    # --- what the venue says of the connection ------------------------------------------------------------------------

    def _answer(self, head: PrivateHead, topic: str, t_ns: int) -> PrivateEvent:
        code = "" if head.code is None else str(head.code)[:20]
        if head.event == "error" or code not in _FINE:
            return self._refused(head.event, code or "without a code", clean(head.msg or "") or "no reason given", t_ns)
        if head.event == "login":
            if not code:
                raise ProtocolBroken("unknown_shape", "Bitget answers a login without saying whether it took it")
            self._logged_in = True
            return LoggedIn()
        if head.event == "subscribe" and self._logged_in and topic in self._awaited:
            self._awaited.discard(topic)
            return Ignored("acknowledged") if self._awaited else SubscribedAll()
        return Ignored("other_answer")

    def _refused(self, event: str, code: str, words: str, t_ns: int) -> PrivateEvent:
        """Before the login is taken every refusal is about it."""
        if event == "login" or not self._logged_in:
            return LoginRefused(code, words)
        if code in _LOGGED_OUT:
            return Expired(words)
        return Refused((), code, words, t_ns)


class BitgetUserStream(Conversation):
    """The socket of a unified account. One for each connection."""

    def __init__(self, keys: Keys, instruments: _Instruments) -> None:
        self._instruments = instruments
        handlers = {
            "order": self._orders,
            "fill": self._fills,
            "position": self._positions,
            "account": self._wallet,
        }
        super().__init__(keys, _SUBSCRIBE, handlers)

    def about(self, arg: PrivateArg) -> str:
        return arg.topic

    def _orders(self, head: PrivateHead, t_ns: int) -> Sequence[PrivateEvent]:
        rows = guarded(private_shapes.order_rows, head.data, "Bitget order push")
        return of_products(rows, _market, lambda row, market: private_rows.report(row, market, "push", t_ns))

    def _fills(self, head: PrivateHead, t_ns: int) -> Sequence[PrivateEvent]:
        def tell(row: FillRow, market: Market) -> PrivateEvent:
            instrument = self._instruments.get(market, {}).get(row.symbol)
            return private_rows.fill(row, market, instrument, "push", t_ns)

        rows = guarded(private_shapes.fill_rows, head.data, "Bitget fill push")
        return of_products(rows, _market, tell)

    def _positions(self, head: PrivateHead, t_ns: int) -> Sequence[PrivateEvent]:
        """They name no category: the coin that they settle in tells it."""
        events: list[PrivateEvent] = []
        for row in guarded(private_shapes.position_rows, head.data, "Bitget position push"):
            if not row.margin_coin:
                raise ProtocolBroken("unknown_shape", "a Bitget position push without marginCoin")
            ours = row.margin_coin in QUOTES
            events.append(private_rows.position(row, "push", t_ns) if ours else Ignored("other_product"))
        return events

    def _wallet(self, head: PrivateHead, t_ns: int) -> Sequence[PrivateEvent]:
        events: list[PrivateEvent] = []
        for wallet in guarded(private_shapes.wallet_rows, head.data, "Bitget account push"):
            if wallet.coin is None:
                raise ProtocolBroken("unknown_shape", "Bitget account push without coins", bytes(head.data)[:200])
            events += private_rows.balances(wallet, wallet.coin, t_ns, head.ts)
        return events


def _market(row: OrderRow | FillRow) -> Market | None:
    return private_rows.market_of(row.category)


def _sample(frame: bytes) -> bytes:
    """The beginning of a frame that cannot be read; nothing of one that may quote a login."""
    return b"" if any(word in frame for word in _SECRETS) else frame[:200]
