"""User data streams of Binance: listen keys for USD-M, subscriptions on the WebSocket API for spot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from arbtui.sim.accounts import Account
from arbtui.sim.base import Session
from arbtui.sim.binance import rules
from arbtui.sim.binance.rest import Refused
from arbtui.sim.carrier import Carrier
from arbtui.sim.desk import Desk
from arbtui.sim.listing import Listing, Market

if TYPE_CHECKING:
    from arbtui.sim.binance.venue import Binance

NS_PER_S = 1_000_000_000
Wrap = Callable[[bytes], bytes]  # an event as this socket frames it


@dataclass(slots=True)
class ListenKey:
    """One key and the sockets that it opened; ``wanted`` None: every event."""

    text: str
    account: Account
    expires_ns: int
    sockets: dict[Session, tuple[Wrap, frozenset[str] | None]] = field(default_factory=dict)


class UserStreams:
    """Who hears what of which account."""

    def __init__(self, venue: Binance, desk: Desk, carrier: Carrier) -> None:
        self._venue = venue
        self._desk = desk
        self._carrier = carrier
        self._keys: dict[Account, ListenKey] = {}
        self._made = 0
        self._spot: dict[Account, dict[Session, Wrap]] = {}

    # -- listen keys ---------------------------------------------------------------------------------------------

    def open_key(self, account: Account, params: dict[str, str]) -> Any:
        """A new key, or the one that is valid, prolonged."""
        self._expire()
        if account not in self._keys:
            self._made += 1
            text = rules.listen_key(account.keys.api_key, self._made)
            self._keys[account] = ListenKey(text, account, self._until())
        self._keys[account].expires_ns = self._until()
        return {"listenKey": self._keys[account].text}

    def keep_key(self, account: Account, params: dict[str, str]) -> Any:
        self._expire()
        if account not in self._keys:
            raise Refused(400, -1125, "This listenKey does not exist.")
        self._keys[account].expires_ns = self._until()
        return {"listenKey": self._keys[account].text}

    def close_key(self, account: Account, params: dict[str, str]) -> Any:
        if account in self._keys:
            del self._keys[account]
        return {}

    def join(self, session: Session, text: str, wrap: Wrap, wanted: frozenset[str] | None) -> bool:
        """Let a socket hear what a key stands for; False if there is no such key."""
        self._expire()
        key = next((key for key in self._keys.values() if key.text == text), None)
        if key is not None:
            key.sockets[session] = (wrap, wanted)
        return key is not None

    def leave(self, session: Session) -> None:
        """A socket is gone, or wants no more."""
        for key in self._keys.values():
            key.sockets.pop(session, None)
        for sockets in self._spot.values():
            sockets.pop(session, None)

    def expire(self, market: Market | None) -> None:
        """End all keys and subscriptions now."""
        if market != "spot":
            for key in self._keys.values():
                key.expires_ns = 0
            self._expire()
        if market != "perp":
            for account, sockets in list(self._spot.items()):
                event = {"e": "eventStreamTerminated", "E": self._desk.now_ms("spot")}
                self._send(sockets, event, "spot", None, account)
            self._spot.clear()

    def second(self) -> None:
        """Let time end what it ends."""
        self._expire()

    # -- spot ----------------------------------------------------------------------------------------------------

    def subscribe(self, session: Session, account: Account, wrap: Wrap) -> None:
        self._spot.setdefault(account, {})[session] = wrap

    # -- telling -------------------------------------------------------------------------------------------------

    def tell(
        self,
        account: Account,
        market: Market,
        event: dict[str, Any],
        listing: Listing | None = None,
        *,
        fill: bool = False,
    ) -> None:
        """Send an event to whoever listens to this account."""
        if market == "spot":
            self._send(self._spot.get(account, {}), event, market, listing, account, fill=fill)
            return
        key = self._keys.get(account)
        if key is not None:
            hear = {s: wrap for s, (wrap, wanted) in key.sockets.items() if wanted is None or event["e"] in wanted}
            self._send(hear, event, market, listing, account, fill=fill)

    def _send(
        self,
        sockets: dict[Session, Wrap],
        event: dict[str, Any],
        market: Market,
        listing: Listing | None,
        account: Account,
        *,
        fill: bool = False,
    ) -> None:
        payload = orjson.dumps(event)
        by_frame: dict[bytes, list[Session]] = {}
        for session, wrap in sockets.items():
            by_frame.setdefault(wrap(payload), []).append(session)
        for frame, sessions in by_frame.items():
            self._carrier.send(sessions, frame, market=market, wire=event["e"], listing=listing, fill=fill)

    def _expire(self) -> None:
        now_ns = self._venue.hub.now_ns()
        for account, key in list(self._keys.items()):
            if key.expires_ns <= now_ns:
                event = {"e": "listenKeyExpired", "E": self._desk.now_ms("perp"), "listenKey": key.text}
                self.tell(account, "perp", event)
                del self._keys[account]

    def _until(self) -> int:
        return self._venue.hub.now_ns() + rules.LISTEN_KEY_S * NS_PER_S
