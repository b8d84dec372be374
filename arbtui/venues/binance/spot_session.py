"""The spot user data stream, on the WebSocket API: subscribed to by one signed request, events wrapped with its id.

On a cancel ``c`` is the cancel's own id and ``C`` the order's. Fills and balances come in separate messages.
Source: Binance spot docs, "User Data Streams", "WebSocket API: User Data Stream requests".
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from arbtui.core.errors import ProtocolBroken, RefusalReason
from arbtui.core.events import Closing, Ignored, Refused
from arbtui.core.model import Market
from arbtui.core.orders import OrderReport
from arbtui.venues.amounts import amount, price_or_none
from arbtui.venues.binance.account import spot_balance
from arbtui.venues.binance.executions import Execution, commission, pushed_fill
from arbtui.venues.binance.instruments import NAME
from arbtui.venues.binance.orders import origin_of, ours_or_none, side_of, status_of
from arbtui.venues.binance.signing import signed_ws_params
from arbtui.venues.private import Expired, Keys, LoginRefused, PrivateEvent, PrivateFrame, SubscribedAll
from arbtui.venues.wire import Millis, guarded

_SUBSCRIBE_ID = "1"
_NO_ID = ("", "null")  # ``C`` of an order that nothing canceled

# Why an order was rejected after it had been taken. Source: spot docs, "executionReport", "Order Reject Reason".
_REJECTS = {
    "INSUFFICIENT_BALANCES": RefusalReason.INSUFFICIENT,
    "WOULD_MATCH_IMMEDIATELY": RefusalReason.WOULD_TAKE,
}


class _Execution(Execution, kw_only=True):
    """Names are the wire's."""

    C: str = ""
    X: str
    q: str
    z: str
    p: str = ""
    r: str = "NONE"
    n: str | None = None
    N: str | None = None
    T: Millis | None = None
    Z: str = ""  # cumulative quote quantity

    @property
    def client_id(self) -> str:
        return self.c if self.C in _NO_ID else self.C


class _Asset(msgspec.Struct, kw_only=True):
    a: str
    f: str
    locked: str = msgspec.field(name="l")


class _Balances(msgspec.Struct, kw_only=True):
    B: list[_Asset]
    u: Millis | None = None


class _Error(msgspec.Struct):
    code: int = 0
    msg: str = ""


class _Result(msgspec.Struct, rename="camel"):
    subscription_id: int


class _Envelope(msgspec.Struct, rename="camel", kw_only=True):
    event: msgspec.Raw = msgspec.Raw()
    e: str = ""
    id: int | str | None = None
    status: int = 0
    result: msgspec.Raw = msgspec.Raw()
    error: _Error | None = None


class _Head(msgspec.Struct):
    e: str


_ENVELOPE = msgspec.json.Decoder(_Envelope)
_RESULT = msgspec.json.Decoder(_Result)
_HEAD = msgspec.json.Decoder(_Head)
_EXECUTION = msgspec.json.Decoder(_Execution)
_BALANCES = msgspec.json.Decoder(_Balances)

_NOT_FOR_US = {"balanceUpdate": "balance_update", "listStatus": "list_status", "externalLockUpdate": "external_lock"}


class SpotUserSession:
    """One WebSocket API connection with one subscription. Wire units and names are Binance's own."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def greet(self, stamp_ms: int) -> list[PrivateFrame]:
        request = {
            "id": _SUBSCRIBE_ID,
            "method": "userDataStream.subscribe.signature",
            "params": signed_ws_params(self._keys, stamp_ms),
        }
        return [PrivateFrame(msgspec.json.encode(request).decode(), secret=True)]

    def logged_in(self, stamp_ms: int) -> list[PrivateFrame]:
        """Nothing: the subscription is the login."""
        return []

    def ping(self, t_ns: int) -> None:
        """Protocol pings serve."""
        return

    def decode(self, frame: bytes, t_ns: int) -> Sequence[PrivateEvent]:
        """What ``frame`` says. Raises ``ProtocolBroken`` and nothing else."""
        envelope = guarded(_ENVELOPE, frame, "user data")
        if bytes(envelope.event):
            return _event(bytes(envelope.event), t_ns)
        if envelope.e:
            return _event(frame, t_ns)
        return _answer(envelope, t_ns)


def _answer(envelope: _Envelope, t_ns: int) -> Sequence[PrivateEvent]:
    error = envelope.error
    if envelope.id != _SUBSCRIBE_ID:
        return (Refused((), str(error.code), error.msg[:200], t_ns) if error else Ignored("unknown_event"),)
    if error is not None:
        return (LoginRefused(str(error.code), error.msg[:200]),)
    if envelope.status != 200:
        raise ProtocolBroken("unknown_shape", f"the subscription was answered with status {envelope.status}")
    guarded(_RESULT, envelope.result, "subscription")
    return (SubscribedAll(),)


def _event(payload: bytes, t_ns: int) -> Sequence[PrivateEvent]:
    match guarded(_HEAD, payload, "event").e:
        case "executionReport":
            return _execution(guarded(_EXECUTION, payload, "executionReport"), t_ns)
        case "outboundAccountPosition":
            told = guarded(_BALANCES, payload, "outboundAccountPosition")
            return [spot_balance(row.a, row.f, row.locked, t_ns, told.u) for row in told.B]
        case "eventStreamTerminated":
            return (Expired("Binance ended the user data stream"),)
        case "serverShutdown":
            return (Closing("serverShutdown", t_ns),)
        case kind:
            return (Ignored(_NOT_FOR_US.get(kind, "unknown_event")),)


def _execution(row: _Execution, t_ns: int) -> Sequence[PrivateEvent]:
    filled = amount(row.z)
    quote = amount(row.Z) if row.Z else None
    report = OrderReport(
        venue=NAME,
        market=Market.SPOT,
        native=row.s,
        client_id=ours_or_none(row.client_id),
        order_id=str(row.i),
        side=side_of(row.S),
        status=status_of(row.X),
        status_text=row.X[:40],
        told="push",
        t_ns=t_ns,
        t_ms=row.T,
        qty=amount(row.q),
        price=price_or_none(row.p),
        filled=filled,
        avg_price=quote / filled if quote and filled else None,
        reason=None if row.r == "NONE" else _REJECTS.get(row.r, RefusalReason.OTHER),
        origin=origin_of(row.client_id),
    )
    if row.t < 0 or not amount(row.last_qty):
        return (report,)
    fill = pushed_fill(Market.SPOT, row, row.T, t_ns, fee=commission(row.n), fee_ccy=row.N or "")
    return fill, report
