"""A conversation on Hyperliquid's socket about one account. Anybody may listen to anybody: there is no login.

    us -> {"method":"subscribe","subscription":{"type":"userFills","user":"0x.."}}, one frame for each
       -> {"channel":"subscriptionResponse",...} for each, and pushes

    orderUpdates         orders as their status changes; names no user, so one socket hears one account
    userFills            fills; first those of the past, marked as snapshot
    userFundings         funding paid; the same
    clearinghouseState   positions, whole, again and again; a coin that is flat is not among them
    spotState            what the spot wallet holds, whole

Without the first two nothing could be traded; a venue that has no more of the others is lived with, for they only tell
sooner what is read anyway. ``userEvents`` and ``notification`` would tell nothing that these do not.

How much an order has filled when it ends is told where two agree: the fills that this socket brought of it, and what
the order says to be left. Each may be late by itself. Otherwise the end is told without it, and whoever needs to know
has to ask. Of the snapshots only what is recent is told: what came before the socket is read anew when it is up.
Source: Hyperliquid docs, "Websocket / Subscriptions", "Rate limits and user limits".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import Ignored, Pong, Refused
from arbtui.core.model import Market
from arbtui.core.orders import OrderReport, Position
from arbtui.venues.amounts import amount
from arbtui.venues.hyperliquid import private_rows, private_shapes, shapes, signing
from arbtui.venues.hyperliquid.decimals import EXACT, exact_sum
from arbtui.venues.hyperliquid.names import market_of
from arbtui.venues.hyperliquid.private_shapes import FillRow, StatusRow
from arbtui.venues.private import Keys, PrivateEvent, PrivateFrame, SubscribedAll
from arbtui.venues.wire import guarded

ORDERS, FILLS, FUNDINGS = "orderUpdates", "userFills", "userFundings"
STATE, SPOT = "clearinghouseState", "spotState"
_WANTED = (ORDERS, FILLS, FUNDINGS, STATE, SPOT)
_NEEDED = frozenset({ORDERS, FILLS})
_GREETING = b"Websocket connection established."
_TYPE_IN_WORDS = re.compile(r"""\btype["'\\: ]{1,8}(\w{1,40})""")
_RECENT_MS = 600_000
_ORDERS_KEPT = 5_000


class HyperliquidUserStream:
    """See ``venues.private.PrivateSession``. One for each connection."""

    def __init__(self, keys: Keys) -> None:
        """Raises VenueRefused where the credentials name no account."""
        self._account = signing.account_of(keys)
        self._opened_ms = 0
        self._unacknowledged = set(_WANTED)
        self._up = False
        self._filled = _Filled()
        self._held: set[str] = set()  # coins of which a position was told
        self._handlers: dict[str, Callable[[msgspec.Raw, int], Sequence[PrivateEvent]]] = {
            ORDERS: self._orders,
            FILLS: self._fills,
            FUNDINGS: self._fundings,
            STATE: self._state,
            SPOT: self._spot,
            "subscriptionResponse": self._ack,
            "error": self._error,
            "pong": lambda _, t_ns: (Pong(t_ns),),
        }

    def greet(self, stamp_ms: int) -> list[PrivateFrame]:
        self._opened_ms = stamp_ms
        return [PrivateFrame(self._subscribe(kind)) for kind in _WANTED]

    def _subscribe(self, kind: str) -> str:
        asked: dict[str, str | bool] = {"type": kind, "user": self._account}
        if kind == STATE:
            asked["dex"] = ""
        if kind == FILLS:
            asked["aggregateByTime"] = False
        return msgspec.json.encode({"method": "subscribe", "subscription": asked}).decode()

    def logged_in(self, stamp_ms: int) -> list[PrivateFrame]:
        """There is no login."""
        return []

    def ping(self, t_ns: int) -> str:
        """Acknowledgements do not keep the venue from closing after a minute, its answer to this does."""
        return '{"method":"ping"}'

    def decode(self, frame: bytes, t_ns: int) -> Sequence[PrivateEvent]:
        """See ``PrivateSession.decode``. A push that holds one unreadable row tells nothing at all: read anew."""
        if frame == _GREETING:
            return (Ignored("greeting"),)
        envelope = guarded(shapes.envelope, frame, "Hyperliquid frame")
        handler = self._handlers.get(envelope.channel)
        return (Ignored("other_channel"),) if handler is None else handler(envelope.data, t_ns)

    # --- what the venue says of the connection ------------------------------------------------------------------------

    def _ack(self, data: msgspec.Raw, t_ns: int) -> Sequence[PrivateEvent]:
        ack = guarded(private_shapes.ack, data, "subscriptionResponse")
        if ack.method != "subscribe" or ack.subscription.user.lower() != self._account:
            return (Ignored("other_ack"),)
        return (self._acknowledged(ack.subscription.type),)

    def _acknowledged(self, kind: str) -> PrivateEvent:
        self._unacknowledged.discard(kind)
        if self._up or self._unacknowledged:
            return Ignored("part_of_ack")
        self._up = True
        return SubscribedAll()

    def _error(self, data: msgspec.Raw, t_ns: int) -> Sequence[PrivateEvent]:
        """A sentence that quotes what it is about; to have it already is as good as an acknowledgement."""
        words = guarded(shapes.words, data, "error")
        named = _TYPE_IN_WORDS.search(words)
        kind = named[1] if named else ""
        if kind in _WANTED and (words.startswith("Already subscribed") or kind not in _NEEDED):
            return (self._acknowledged(kind),)
        if self._up:  # all is subscribed: whatever this is about, a new socket begins from what is known
            raise ProtocolBroken("venue_error", f"Hyperliquid says on the private stream: {words[:200]}", bytes(data))
        return (Refused((), "error", words[:200] or "refused without a word", t_ns),)

    # --- what happened to the account ---------------------------------------------------------------------------------

    def _orders(self, data: msgspec.Raw, t_ns: int) -> Sequence[PrivateEvent]:
        return [self._order(row, t_ns) for row in guarded(private_shapes.status_rows, data, ORDERS)]

    def _order(self, row: StatusRow, t_ns: int) -> OrderReport | Ignored:
        if market_of(row.order.coin) is None:
            return Ignored("other_product")
        filled = self._filled_of(row)
        if row.status == private_rows.FILLED and not filled:
            return Ignored("filled_untold")  # its fills tell it, or the answer to the order
        return private_rows.report(row.order, row.status, "push", t_ns, t_ms=row.status_timestamp, filled=filled)

    def _filled_of(self, row: StatusRow) -> Decimal | None:
        """None where it is not known for sure, or the status says it by itself."""
        order = row.order
        if row.status in private_rows.OPEN or order.timestamp < self._opened_ms:
            return None
        known, qty, left = self._filled.of(order.oid), amount(order.orig_sz), amount(order.sz)
        agreed = qty > 0 and (known >= qty or EXACT.subtract(qty, left) == known)
        return known if agreed and private_rows.filled_by_status(order, row.status) is None else None

    def _fills(self, data: msgspec.Raw, t_ns: int) -> Sequence[PrivateEvent]:
        push = guarded(private_shapes.user_fills, data, FILLS)
        if push.user.lower() != self._account:
            return (Ignored("other_user"),)
        recent = [row for row in push.fills if not push.is_snapshot or self._is_recent(row.time)]
        return [self._fill(row, t_ns) for row in recent] or (Ignored("nothing_new"),)

    def _fill(self, row: FillRow, t_ns: int) -> PrivateEvent:
        market = market_of(row.coin)
        if market is None:
            return Ignored("other_product")
        fill = private_rows.fill(row, market, self._account, "push", t_ns)
        self._filled.add(row.oid, row.tid, fill.qty)
        return fill

    def _fundings(self, data: msgspec.Raw, t_ns: int) -> Sequence[PrivateEvent]:
        push = guarded(private_shapes.user_fundings, data, FUNDINGS)
        if push.user.lower() != self._account:
            return (Ignored("other_user"),)
        return [
            private_rows.funding(row.coin, row.usdc, row.time, t_ns)
            for row in push.fundings
            if market_of(row.coin) is Market.PERP and (not push.is_snapshot or self._is_recent(row.time))
        ] or (Ignored("nothing_new"),)

    def _is_recent(self, t_ms: int) -> bool:
        return t_ms >= self._opened_ms - _RECENT_MS

    def _state(self, data: msgspec.Raw, t_ns: int) -> Sequence[PrivateEvent]:
        """A coin of which a position was told before, and which is not among them any more, is flat."""
        push = guarded(private_shapes.user_state, data, STATE)
        if push.user.lower() != self._account or push.dex:
            return (Ignored("other_user"),)
        state = push.clearinghouse_state
        rows = [row.position for row in state.asset_positions if market_of(row.position.coin) is Market.PERP]
        told = [private_rows.position(row, "push", t_ns, state.time) for row in rows]
        gone = sorted(self._held - {position.native for position in told})
        self._held = {position.native for position in told}
        flat = [private_rows.flat(coin, t_ns, state.time) for coin in gone]
        positions: list[Position] = [*told, *flat]
        return positions or (Ignored("nothing_new"),)

    def _spot(self, data: msgspec.Raw, t_ns: int) -> Sequence[PrivateEvent]:
        push = guarded(private_shapes.user_spot_state, data, SPOT)
        if push.user.lower() != self._account:
            return (Ignored("other_user"),)
        return [private_rows.spot_balance(row, t_ns) for row in push.spot_state.balances] or (Ignored("nothing_new"),)


class _Filled:
    """Fills by order, each counted once; of the last some thousand orders."""

    def __init__(self) -> None:
        self._by_order: dict[int, dict[int, Decimal]] = {}

    def add(self, oid: int, tid: int, qty: Decimal) -> None:
        if oid not in self._by_order and len(self._by_order) >= _ORDERS_KEPT:
            del self._by_order[next(iter(self._by_order))]
        self._by_order.setdefault(oid, {})[tid] = qty

    def of(self, oid: int) -> Decimal:
        return exact_sum(self._by_order.get(oid, {}).values())
