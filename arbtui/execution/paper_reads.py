"""Answers to questions about a paper account as a whole, in the words of a real one."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from arbtui.core.clock import NS_PER_MS
from arbtui.core.model import Market
from arbtui.core.orders import (
    AccountEvent,
    AccountMode,
    FeeRates,
    LeverageRead,
    OrderAbsent,
    ReadDone,
    ReadKind,
)
from arbtui.execution.paper_desk import PaperDesk
from arbtui.execution.paper_market import PaperMarket, PaperRules
from arbtui.execution.paper_orders import PaperOrder
from arbtui.execution.paper_state import Request

_WINDOWED = (ReadKind.FILLS, ReadKind.HISTORY, ReadKind.FUNDING)


class PaperReads:
    """Reads ``desk``; changes nothing."""

    def __init__(self, desk: PaperDesk, market: PaperMarket, rules: PaperRules) -> None:
        self._desk = desk
        self._market = market
        self._rules = rules

    def query(self, client_id: str, now_ns: int) -> list[AccountEvent]:
        """The order's report and its fills, or that there is no such order."""
        one = self._desk.state.orders.get(client_id)
        if one is None:
            return [OrderAbsent(venue=self._desk.name, client_id=client_id, t_ns=now_ns)]
        fills = [fill for fill in self._desk.state.fills if fill.order_id == one.order_id]
        return [
            *(msgspec.structs.replace(fill, told="query", t_ns=now_ns) for fill in fills),
            one.report("query", now_ns),
        ]

    def read(self, request: Request, now_ns: int) -> list[AccountEvent]:
        """Rows, then ``ReadDone``."""
        assert request.kind is not None
        assert request.market is not None
        since_ms = request.since_ms
        forgotten_ms = self._desk.state.forgotten_ms
        if request.kind in _WINDOWED and forgotten_ms is not None:
            since_ms = max(since_ms or 0, forgotten_ms)
        done = ReadDone(
            venue=self._desk.name,
            market=request.market,
            kind=request.kind,
            asked_ns=request.asked_ns,
            t_ns=now_ns,
            native=request.native,
            since_ms=since_ms if request.kind in _WINDOWED else None,
        )
        return [*self._rows(request.kind, request.market, request.native, since_ms or 0, now_ns), done]

    def _rows(self, kind: ReadKind, market: Market, native: str, since_ms: int, now_ns: int) -> Iterator[AccountEvent]:
        name, state, account = self._desk.name, self._desk.state, self._desk.account
        match kind:
            case ReadKind.OPEN_ORDERS:
                for one in self._orders(market, native):
                    if one.open:
                        yield one.report("open_orders", now_ns)
            case ReadKind.HISTORY:
                for one in self._orders(market, native):
                    if not one.open and one.updated_ns // NS_PER_MS >= since_ms:
                        yield one.report("history", now_ns)
            case ReadKind.FILLS:
                for fill in state.fills:
                    if fill.market is market and native in ("", fill.native) and (fill.t_ms or 0) >= since_ms:
                        yield msgspec.structs.replace(fill, told="fills", t_ns=now_ns)
            case ReadKind.BALANCES:
                wallet = account.wallet(market)
                for asset in account.assets(wallet):
                    yield self._desk.money.balance(wallet, asset, now_ns)
            case ReadKind.FEES:
                fees = self._market.fees(market, native)
                yield FeeRates(
                    venue=name, market=market, native=native, maker=fees.maker, taker=fees.taker, t_ns=now_ns
                )
            case ReadKind.MODE:
                text = "paper: one-way positions, cross margin"
                yield AccountMode(
                    venue=name, market=market, position_mode="one_way", can_trade=True, text=text, t_ns=now_ns
                )
            case _ if market is Market.PERP:
                yield from self._perp_rows(kind, native, since_ms, now_ns)

    def _perp_rows(self, kind: ReadKind, native: str, since_ms: int, now_ns: int) -> Iterator[AccountEvent]:
        name = self._desk.name
        if kind is ReadKind.POSITIONS:
            for held in self._desk.account.state.positions.values():
                if native in ("", held.native):
                    yield self._desk.money.position(held, "answer", now_ns)
        elif kind is ReadKind.FUNDING:
            for paid in self._desk.state.payments:
                if native in ("", paid.native) and paid.t_ms >= since_ms:
                    yield msgspec.structs.replace(paid, t_ns=now_ns)
        elif kind is ReadKind.LEVERAGE:
            leverage: Decimal = self._rules.leverage
            yield LeverageRead(venue=name, native=native, leverage=leverage, margin_mode="cross", t_ns=now_ns)

    def _orders(self, market: Market, native: str) -> list[PaperOrder]:
        return [
            one
            for one in self._desk.state.orders.values()
            if one.order.market is market and native in ("", one.order.native)
        ]
