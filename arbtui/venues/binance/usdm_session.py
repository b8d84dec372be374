"""The USD-M user data stream: orders, fills, balances and positions as they change.

The address logs in (``userstream.stream_url``), so nothing is asked for: the methods of market streams (SUBSCRIBE,
LIST_SUBSCRIPTIONS) are documented for those alone. That the far end hears us shows in the pongs to our pings, and the
key's life in its own renewals.

- TRADE_LITE tells a fill before ORDER_TRADE_UPDATE does, without fee and status; both name the same trade id.
- ``ps`` is the position side here (in market data it is the pair).
- N and n are left out where no commission was charged. Fills without a trade id (the venue's own closings) make no
  ``Fill``, since nothing would tell them apart later: the report's cumulative quantity holds them.
- The order of messages is not promised; ``E`` and ``T`` tell it.

Source: Binance USD-M docs, "User Data Streams": "Event: Order Update", "Event: Trade Lite", "Event: Balance and
Position Update", "Event: Account Configuration Update", "Event: User Data Stream Expired".
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from arbtui.core.events import Closing, Ignored, Refused
from arbtui.core.model import Market
from arbtui.core.orders import Balance, LeverageRead, OrderReport, Position
from arbtui.venues.amounts import amount, price_or_none, signed
from arbtui.venues.binance.account import HELD, WALLETS
from arbtui.venues.binance.executions import Execution, commission, pushed_fill
from arbtui.venues.binance.instruments import NAME
from arbtui.venues.binance.orders import origin_of, ours_or_none, side_of, status_of
from arbtui.venues.conversation import Unannounced
from arbtui.venues.private import Expired, PrivateEvent
from arbtui.venues.wire import Millis, guarded


class _Order(Execution, kw_only=True):
    X: str
    q: str
    z: str
    p: str = ""
    ap: str = ""
    R: bool | None = None
    n: str | None = None
    N: str | None = None
    T: Millis | None = None


class _OrderUpdate(msgspec.Struct, kw_only=True):
    o: _Order
    T: Millis | None = None


class _TradeLite(Execution, kw_only=True):
    T: Millis | None = None


class _Asset(msgspec.Struct, kw_only=True):
    a: str
    wb: str


class _Held(msgspec.Struct, kw_only=True):
    s: str
    pa: str
    ep: str = ""
    ps: Literal["BOTH", "LONG", "SHORT"] = "BOTH"


class _Account(msgspec.Struct, kw_only=True):
    B: list[_Asset] = []
    P: list[_Held] = []


class _AccountUpdate(msgspec.Struct, kw_only=True):
    a: _Account
    T: Millis | None = None


class _Leverage(msgspec.Struct, kw_only=True):
    s: str
    leverage: Annotated[int, msgspec.Meta(ge=1, le=1000)] = msgspec.field(name="l")


class _ConfigUpdate(msgspec.Struct, kw_only=True):
    ac: _Leverage | None = None


class _Error(msgspec.Struct):
    code: int = 0
    msg: str = ""


class _Envelope(msgspec.Struct, kw_only=True):
    """An event bare or as ``{"stream","data"}``, or an answer."""

    e: str = ""
    fs: str = "UM"  # which futures: another product's events may share the stream
    stream: str = ""
    data: msgspec.Raw = msgspec.Raw()
    id: int | str | None = None
    result: msgspec.Raw = msgspec.Raw()
    error: _Error | None = None
    code: int = 0
    msg: str = ""


_ENVELOPE = msgspec.json.Decoder(_Envelope)
_ORDER = msgspec.json.Decoder(_OrderUpdate)
_LITE = msgspec.json.Decoder(_TradeLite)
_ACCOUNT = msgspec.json.Decoder(_AccountUpdate)
_CONFIG = msgspec.json.Decoder(_ConfigUpdate)

_NOT_FOR_US = frozenset(
    {
        "MARGIN_CALL", "ALGO_UPDATE", "STRATEGY_UPDATE", "GRID_UPDATE", "CONDITIONAL_ORDER_TRIGGER_REJECT",
        "CONDITIONAL_ORDER_TRADE_UPDATE", "RISK_LEVEL_CHANGE",
    }
)  # fmt: skip


class UsdmUserSession(Unannounced):
    """One socket of the user data stream. Wire units and names are Binance's own, so no instrument is looked up."""

    def ping(self, t_ns: int) -> None:
        """Protocol pings serve."""
        return

    def decode(self, frame: bytes, t_ns: int) -> Sequence[PrivateEvent]:
        """What ``frame`` says. Raises ``ProtocolBroken`` and nothing else."""
        envelope = guarded(_ENVELOPE, frame, "user data")
        payload = frame
        if bytes(envelope.data):
            payload = bytes(envelope.data)
            envelope = guarded(_ENVELOPE, payload, "user data")
        if not envelope.e:
            return _answer(envelope, t_ns)
        if envelope.fs != "UM":
            return (Ignored("other_product"),)
        match envelope.e:
            case "ORDER_TRADE_UPDATE":
                return _order_update(guarded(_ORDER, payload, envelope.e), t_ns)
            case "TRADE_LITE":
                lite = guarded(_LITE, payload, "TRADE_LITE")
                if lite.t <= 0:
                    return (Ignored("fill_without_id"),)
                return (pushed_fill(Market.PERP, lite, lite.T, t_ns, fee=None, fee_ccy=""),)
            case "ACCOUNT_UPDATE":
                return _account_update(guarded(_ACCOUNT, payload, envelope.e), t_ns)
            case "ACCOUNT_CONFIG_UPDATE":
                return _config_update(guarded(_CONFIG, payload, envelope.e), t_ns)
            case "listenKeyExpired":
                return (Expired("Binance says that the listenKey has expired"),)
            case "serverShutdown":
                return (Closing("serverShutdown", t_ns),)
            case kind:
                return (Ignored(kind.lower() if kind in _NOT_FOR_US else "unknown_event"),)


def _answer(envelope: _Envelope, t_ns: int) -> Sequence[PrivateEvent]:
    error = envelope.error or (_Error(envelope.code, envelope.msg) if envelope.code else None)
    if error is not None:
        return (Refused((), str(error.code), error.msg[:200], t_ns),)
    return (Ignored("ack" if bytes(envelope.result) else "unknown_event"),)


def _order_update(update: _OrderUpdate, t_ns: int) -> Sequence[PrivateEvent]:
    row = update.o
    t_ms = row.T if update.T is None else update.T
    report = OrderReport(
        venue=NAME,
        market=Market.PERP,
        native=row.s,
        client_id=ours_or_none(row.c),
        order_id=str(row.i),
        side=side_of(row.S),
        status=status_of(row.X),
        status_text=row.X[:40],
        told="push",
        t_ns=t_ns,
        t_ms=t_ms,
        qty=amount(row.q),
        price=price_or_none(row.p),
        filled=amount(row.z),
        avg_price=price_or_none(row.ap),
        reduce_only=row.R,
        origin=origin_of(row.c),
    )
    if row.t <= 0 or not amount(row.last_qty):
        return (report,)
    return pushed_fill(Market.PERP, row, t_ms, t_ns, fee=commission(row.n), fee_ccy=row.N or ""), report


def _account_update(update: _AccountUpdate, t_ns: int) -> Sequence[PrivateEvent]:
    """Only what changed is in it. The cause (``m``) is not: a closing by the venue shows in its own order's update."""
    balances = [
        Balance(
            venue=NAME,
            wallet=WALLETS[Market.PERP],
            asset=row.a,
            total=signed(row.wb),
            free=None,
            t_ns=t_ns,
            t_ms=update.T,
        )
        for row in update.a.B
    ]
    positions = [
        Position(
            venue=NAME,
            native=row.s,
            qty=signed(row.pa),
            t_ns=t_ns,
            held=HELD[row.ps],
            entry_price=price_or_none(row.ep),
            t_ms=update.T,
        )
        for row in update.a.P
    ]
    return [*balances, *positions]


def _config_update(update: _ConfigUpdate, t_ns: int) -> Sequence[PrivateEvent]:
    if update.ac is None:
        return (Ignored("account_config"),)  # multi-assets mode: asked about anew before it matters
    leverage = Decimal(update.ac.leverage)
    return (LeverageRead(venue=NAME, native=update.ac.s, leverage=leverage, margin_mode=None, t_ns=t_ns),)
