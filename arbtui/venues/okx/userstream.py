"""A conversation on OKX's private socket: login, four-letter pings, and everything that happens to the account.

    us -> {"op":"login",...}                  -> {"event":"login","code":"0"} or {"event":"error","code":"60009",...}
    us -> subscribe orders, positions, account   -> one acknowledgement for each, pushes perhaps before it

``orders`` begins without a snapshot; ``positions`` and ``account`` send all that is not zero first, then what changes,
and all again every five seconds. The order between the channels is not guaranteed: a fill may be told before or after
the position that it made. Liquidations and ADL change a position without an order of ours.
Source: OKX API v5 docs, WebSocket / Login, Notification, Connection count limit; Order, Positions, Account channel;
Error Code / WebSocket.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import Closing, Ignored, Pong, Refused
from arbtui.venues.conversation import LoginFirst, of_products
from arbtui.venues.okx import private_rows, private_shapes, signing
from arbtui.venues.okx.private_rows import Positions
from arbtui.venues.okx.private_shapes import PrivateHead
from arbtui.venues.private import (
    Expired,
    Keys,
    LoggedIn,
    LoginRefused,
    PrivateEvent,
    SubscribedAll,
)
from arbtui.venues.wire import guarded

_SUBSCRIBE = (
    '{"id":"1","op":"subscribe","args":[{"channel":"orders","instType":"ANY"},'
    '{"channel":"positions","instType":"ANY"},{"channel":"account"}]}'
)
_CHANNELS = frozenset({"orders", "positions", "account"})
_LOGIN_ERRORS = frozenset(
    {
        "60004",  # invalid timestamp
        "60005",  # invalid key
        "60006",  # timestamp expired
        "60007",  # invalid sign
        "60009",  # login failed
        "60022",  # bulk login partly failed
        "60023",  # bulk logins too frequent
        "60024",  # wrong passphrase
        "60026",
        "60032",  # key does not exist, in this region at least
        "63999",  # internal error, try again
    }
)
_LOG_IN_FIRST = "60011"
_UPGRADE = "64008"


class OkxUserStream(LoginFirst):
    """See ``venues.private.PrivateSession``. One for each connection."""

    def __init__(self, keys: Keys) -> None:
        super().__init__(keys, signing.login, _SUBSCRIBE)
        self._logged_in = False
        self._unacknowledged = set(_CHANNELS)
        self._positions = Positions()
        self._handlers: dict[str, Callable[[bytes, int], Sequence[PrivateEvent]]] = {
            "orders": self._orders,
            "positions": self._position,
            "account": self._account,
        }

    def ping(self, t_ns: int) -> str:
        """A text of four letters; neither JSON nor a protocol ping counts."""
        return "ping"

    def decode(self, frame: bytes, t_ns: int) -> Sequence[PrivateEvent]:
        """See ``PrivateSession.decode``. A push that holds one unreadable row tells nothing at all: read anew."""
        if frame == b"pong":
            return (Pong(t_ns),)
        head = guarded(private_shapes.head, frame, "OKX private frame")
        if head.event:
            return self._event(head, t_ns)
        if head.arg is None:
            raise ProtocolBroken("unknown_shape", "OKX private frame with neither event nor arg", frame[:200])
        handler = self._handlers.get(head.arg.channel)
        return (Ignored("other_channel"),) if handler is None else handler(bytes(head.data), t_ns)

    # --- what the venue says of the connection ------------------------------------------------------------------------

    def _event(self, head: PrivateHead, t_ns: int) -> Sequence[PrivateEvent]:
        match head.event:
            case "login":
                return (self._login(head),)
            case "subscribe":
                return (self._subscribed(head),)
            case "error":
                return (self._error(head, t_ns),)
            case "notice" if head.code == _UPGRADE:  # 30 to 60 s before it
                return (Closing(head.msg[:200] or "OKX announced a service upgrade", t_ns),)
            case "channel-conn-count-error":
                text = f"too many connections hold {head.channel[:40]} ({head.conn_count[:10]})"
                return (Refused((), head.event, text, t_ns),)
            case "channel-conn-count":
                return (Ignored("connection_count"),)
            case _:
                return (Ignored("other_event"),)

    def _login(self, head: PrivateHead) -> PrivateEvent:
        if head.code not in ("", "0"):
            return LoginRefused(head.code[:20], head.msg[:200])
        self._logged_in = True
        return LoggedIn()

    def _subscribed(self, head: PrivateHead) -> PrivateEvent:
        channel = head.arg.channel if head.arg else ""
        if channel not in self._unacknowledged:
            return Ignored("other_ack")
        self._unacknowledged.discard(channel)
        return Ignored("part_of_ack") if self._unacknowledged else SubscribedAll()

    def _error(self, head: PrivateHead, t_ns: int) -> PrivateEvent:
        """Before the login is taken every error is about it."""
        if not self._logged_in or head.code in _LOGIN_ERRORS:
            return LoginRefused(head.code[:20], head.msg[:200])
        if head.code == _LOG_IN_FIRST:
            return Expired(head.msg[:200] or "OKX wants a login again")
        return Refused((), head.code[:20], head.msg[:200], t_ns)

    # --- what happened to the account ---------------------------------------------------------------------------------

    def _orders(self, data: bytes, t_ns: int) -> Sequence[PrivateEvent]:
        """What filled is told by the cumulative quantity alone, never as a fill.

        One push may stand for several fills at one price and names the last of them only: under that id the list of
        fills has another, smaller quantity, and counted together they would be more than was filled.
        """
        rows = guarded(private_shapes.orders, data, "OKX orders push")
        return of_products(
            rows,
            lambda row: private_rows.market(row.inst_type),
            lambda row, market: private_rows.report(row, market, "push", t_ns),
        )

    def _position(self, data: bytes, t_ns: int) -> Sequence[PrivateEvent]:
        rows = guarded(private_shapes.positions, data, "OKX positions push")
        return self._positions.take(rows, "push", t_ns) or (Ignored("nothing_new"),)

    def _account(self, data: bytes, t_ns: int) -> Sequence[PrivateEvent]:
        rows = guarded(private_shapes.balances, data, "OKX account push")
        return [balance for row in rows for balance in private_rows.balances(row, t_ns)]
