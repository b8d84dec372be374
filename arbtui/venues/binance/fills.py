"""Lists of what happened to the account's money: trades, and funding payments.

Trades name their order by the venue's id only. Commission is told positive when paid. Source: Binance USD-M docs,
"Account Trade List", "Get Income History"; spot docs, "Account trade list".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from arbtui.core.errors import ProtocolBroken
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import AccountEvent, Fill, FundingPaid, Side
from arbtui.venues.amounts import signed, traded_price, traded_qty
from arbtui.venues.base import HttpRequest
from arbtui.venues.binance.calls import Caller
from arbtui.venues.binance.instruments import NAME
from arbtui.venues.binance.refusals import demand
from arbtui.venues.binance.signing import Params
from arbtui.venues.binance.windows import TimedList
from arbtui.venues.private import PrivateCall
from arbtui.venues.wire import Millis, UpdateId, guarded


class _Trade(msgspec.Struct, rename="camel", kw_only=True):
    symbol: str
    id: UpdateId
    order_id: UpdateId
    price: str
    qty: str
    commission: str
    commission_asset: str
    time: Millis


class _UsdmTrade(_Trade, rename="camel", kw_only=True):
    buyer: bool
    maker: bool


class _SpotTrade(_Trade, rename="camel", kw_only=True):
    is_buyer: bool
    is_maker: bool


class _Income(msgspec.Struct, rename="camel", kw_only=True):
    symbol: str
    income_type: str
    income: str
    asset: str
    time: Millis
    tran_id: int | str


_USDM_TRADES = msgspec.json.Decoder(list[_UsdmTrade])
_SPOT_TRADES = msgspec.json.Decoder(list[_SpotTrade])
_INCOME = msgspec.json.Decoder(list[_Income])


def funding_paid(caller: Caller, instruments: Mapping[str, Instrument], since_ms: int, stamp_ms: int) -> PrivateCall:
    """Funding of all perpetuals since then; three months are kept."""

    def sign(params: Params, stamp_ms: int) -> HttpRequest:
        asked = [("incomeType", "FUNDING_FEE"), *params]
        return caller.signed(Market.PERP, "GET", "income", asked, stamp_ms, purpose="funding paid", cost=30)

    return TimedList(sign, _read_funding, widest_days=7, kept_days=89).since(since_ms, stamp_ms)


def read_trades(market: Market, native: str, what: str, status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
    demand(market, status, body, what, t_ns)
    if market is Market.PERP:
        return [_fill(row, market, native, row.buyer, row.maker, t_ns) for row in guarded(_USDM_TRADES, body, what)]
    return [_fill(row, market, native, row.is_buyer, row.is_maker, t_ns) for row in guarded(_SPOT_TRADES, body, what)]


def _fill(row: _Trade, market: Market, native: str, buyer: bool, maker: bool, t_ns: int) -> Fill:
    if row.symbol != native:
        raise ProtocolBroken("other_symbol", f"a fill of {row.symbol[:40]} among those of {native}")
    return Fill(
        venue=NAME,
        market=market,
        native=native,
        fill_id=str(row.id),
        order_id=str(row.order_id),
        client_id="",
        side=Side.BUY if buyer else Side.SELL,
        price=traded_price(row.price),
        qty=traded_qty(row.qty),
        told="fills",
        t_ns=t_ns,
        t_ms=row.time,
        fee=signed(row.commission),
        fee_ccy=row.commission_asset,
        maker=maker,
    )


def _read_funding(status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
    demand(Market.PERP, status, body, "funding paid", t_ns)
    return [
        FundingPaid(
            venue=NAME,
            native=row.symbol,
            payment_id=str(row.tran_id),
            amount=signed(row.income),
            ccy=row.asset,
            t_ms=row.time,
            t_ns=t_ns,
        )
        for row in guarded(_INCOME, body, "funding paid")
        if row.income_type == "FUNDING_FEE"
    ]
