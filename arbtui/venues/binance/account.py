"""The account as a whole: positions, balances, how it is set up, what it pays.

Source: Binance USD-M docs, "Position Information V3", "Futures Account Balance V3", "Futures Account Configuration",
"Symbol Configuration", "User Commission Rate"; spot docs, "Account information", "Query Commission Rates",
"Commission Rates" FAQ.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Annotated, Literal

import msgspec

from arbtui.core.errors import ProtocolBroken
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import AccountEvent, AccountMode, Balance, FeeRates, LeverageRead, Position
from arbtui.venues.amounts import amount, price_or_none, signed
from arbtui.venues.binance.calls import Caller
from arbtui.venues.binance.instruments import NAME
from arbtui.venues.binance.refusals import demand
from arbtui.venues.binance.signing import Params
from arbtui.venues.private import PrivateCall
from arbtui.venues.wire import Millis, guarded

WALLETS = {Market.PERP: "usdm", Market.SPOT: "spot"}
HELD: dict[str, Literal["net", "long", "short"]] = {"BOTH": "net", "LONG": "long", "SHORT": "short"}
_MARGIN_MODES: dict[str, Literal["cross", "isolated"]] = {"CROSSED": "cross", "ISOLATED": "isolated"}

_Leverage = Annotated[int, msgspec.Meta(ge=1, le=1000)]
_AdlRank = Annotated[int, msgspec.Meta(ge=0, le=100)]


# --- what is asked ----------------------------------------------------------------------------------------------------

_Reader = Callable[[bytes, str, int], Sequence[AccountEvent]]  # body, what was asked for, t_ns


def _get(
    caller: Caller,
    market: Market,
    path: str,
    params: Params,
    stamp_ms: int,
    *,
    what: str,
    cost: float,
    reader: _Reader,
) -> PrivateCall:
    request = caller.signed(market, "GET", path, params, stamp_ms, purpose=what, cost=cost)
    return PrivateCall(request, partial(_read, market, what, reader), request.purpose)


def _read(market: Market, what: str, reader: _Reader, status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
    demand(market, status, body, what, t_ns)
    return reader(body, what, t_ns)


def positions(caller: Caller, stamp_ms: int) -> PrivateCall:
    """Every perpetual that is held, or has orders resting."""
    path = "/fapi/v3/positionRisk"
    return _get(caller, Market.PERP, path, [], stamp_ms, what="positions", cost=5, reader=_positions)


def balances(caller: Caller, market: Market, stamp_ms: int) -> PrivateCall:
    """Every asset that the wallet holds."""
    if market is Market.PERP:
        path = "/fapi/v3/balance"
        return _get(caller, market, path, [], stamp_ms, what="balances", cost=5, reader=_usdm_balances)
    held = [("omitZeroBalances", "true")]
    return _get(caller, market, "account", held, stamp_ms, what="balances", cost=20, reader=_spot_balances)


def mode(caller: Caller, market: Market, stamp_ms: int) -> PrivateCall:
    """USD-M by accountConfig: weight 5, and it tells the position mode (which alone costs 30) and the right to trade.

    What the API key itself may do is told by none of these; an order refused with -2015 tells it.
    """
    if market is Market.PERP:
        return _get(caller, market, "accountConfig", [], stamp_ms, what="mode", cost=5, reader=_usdm_mode)
    held = [("omitZeroBalances", "true")]
    return _get(caller, market, "account", held, stamp_ms, what="mode", cost=20, reader=_spot_mode)


def leverage(caller: Caller, instrument: Instrument, stamp_ms: int) -> PrivateCall:
    """One perpetual's leverage and margin mode."""
    native = instrument.native
    reader = partial(_leverage, native)
    asked = [("symbol", native)]
    return _get(
        caller, Market.PERP, "symbolConfig", asked, stamp_ms, what=f"leverage of {native}", cost=5, reader=reader
    )


def fee_rates(caller: Caller, instrument: Instrument, stamp_ms: int) -> PrivateCall:
    """The account's rates for one instrument, before any discount for paying in BNB.

    That discount lasts only while there is BNB to pay with, and the fee is then in BNB; so what is reckoned with is the
    rate without it, and the fill tells what was paid.
    """
    market, native = instrument.market, instrument.native
    reader = partial(_usdm_fees if market is Market.PERP else _spot_fees, native)
    path = "commissionRate" if market is Market.PERP else "account/commission"
    asked = [("symbol", native)]
    return _get(caller, market, path, asked, stamp_ms, what=f"fees of {native}", cost=20, reader=reader)


# --- what is answered -------------------------------------------------------------------------------------------------


class _Position(msgspec.Struct, rename="camel", kw_only=True):
    symbol: str
    position_side: Literal["BOTH", "LONG", "SHORT"]
    position_amt: str
    entry_price: str = ""
    mark_price: str = ""
    liquidation_price: str = ""
    initial_margin: str = ""
    adl: _AdlRank | None = None
    update_time: Millis | None = None


class _UsdmBalance(msgspec.Struct, rename="camel", kw_only=True):
    asset: str
    balance: str
    available_balance: str = ""
    update_time: Millis | None = None


class _SpotBalance(msgspec.Struct, kw_only=True):
    asset: str
    free: str
    locked: str


class _SpotAccount(msgspec.Struct, rename="camel", kw_only=True):
    balances: list[_SpotBalance]
    update_time: Millis | None = None


class _SpotMode(msgspec.Struct, rename="camel", kw_only=True):
    can_trade: bool
    account_type: str = ""


class _UsdmMode(msgspec.Struct, rename="camel", kw_only=True):
    dual_side_position: bool
    can_trade: bool
    multi_assets_margin: bool | None = None


class _SymbolConfig(msgspec.Struct, rename="camel", kw_only=True):
    symbol: str
    margin_type: str
    leverage: _Leverage


class _UsdmFees(msgspec.Struct, rename="camel", kw_only=True):
    symbol: str
    maker_commission_rate: str
    taker_commission_rate: str


class _Commission(msgspec.Struct, kw_only=True):
    maker: str
    taker: str
    buyer: str
    seller: str


class _SpotFees(msgspec.Struct, rename="camel", kw_only=True):
    symbol: str
    standard_commission: _Commission
    special_commission: _Commission | None = None
    tax_commission: _Commission | None = None


_POSITIONS = msgspec.json.Decoder(list[_Position])
_USDM_BALANCES = msgspec.json.Decoder(list[_UsdmBalance])
_SPOT_ACCOUNT = msgspec.json.Decoder(_SpotAccount)
_USDM_MODE = msgspec.json.Decoder(_UsdmMode)
_SPOT_MODE = msgspec.json.Decoder(_SpotMode)
_SYMBOL_CONFIGS = msgspec.json.Decoder(list[_SymbolConfig])
_USDM_FEES = msgspec.json.Decoder(_UsdmFees)
_SPOT_FEES = msgspec.json.Decoder(_SpotFees)


def _positions(body: bytes, what: str, t_ns: int) -> Sequence[AccountEvent]:
    rows = ((row, signed(row.position_amt)) for row in guarded(_POSITIONS, body, what))
    return [
        Position(
            venue=NAME,
            native=row.symbol,
            qty=qty,
            t_ns=t_ns,
            held=HELD[row.position_side],
            entry_price=price_or_none(row.entry_price),
            mark=price_or_none(row.mark_price),
            liquidation_price=price_or_none(row.liquidation_price),
            margin=amount(row.initial_margin) if row.initial_margin else None,
            adl_rank=row.adl,
            t_ms=row.update_time,
            told="query",
        )
        for row, qty in rows
        if qty  # rows of flat symbols are there for their resting orders
    ]


def _usdm_balances(body: bytes, what: str, t_ns: int) -> Sequence[AccountEvent]:
    return [
        Balance(
            venue=NAME,
            wallet=WALLETS[Market.PERP],
            asset=row.asset,
            total=signed(row.balance),
            free=signed(row.available_balance) if row.available_balance else None,
            t_ns=t_ns,
            t_ms=row.update_time,
        )
        for row in guarded(_USDM_BALANCES, body, what)
    ]


def _spot_balances(body: bytes, what: str, t_ns: int) -> Sequence[AccountEvent]:
    account = guarded(_SPOT_ACCOUNT, body, what)
    return [spot_balance(row.asset, row.free, row.locked, t_ns, account.update_time) for row in account.balances]


def spot_balance(asset: str, free: str, locked: str, t_ns: int, t_ms: int | None) -> Balance:
    """``total`` is what is free and what resting orders lock."""
    usable = amount(free)
    return Balance(
        venue=NAME,
        wallet=WALLETS[Market.SPOT],
        asset=asset,
        total=usable + amount(locked),
        free=usable,
        t_ns=t_ns,
        t_ms=t_ms,
    )


def _usdm_mode(body: bytes, what: str, t_ns: int) -> Sequence[AccountEvent]:
    row = guarded(_USDM_MODE, body, what)
    margin = {None: "not told", True: "multi-assets", False: "single-asset"}[row.multi_assets_margin]
    side = f"dualSidePosition {str(row.dual_side_position).lower()}"
    return (
        AccountMode(
            venue=NAME,
            market=Market.PERP,
            position_mode="hedge" if row.dual_side_position else "one_way",
            can_trade=row.can_trade,
            text=f"{side}, margin {margin}, canTrade {str(row.can_trade).lower()}",
            t_ns=t_ns,
        ),
    )


def _spot_mode(body: bytes, what: str, t_ns: int) -> Sequence[AccountEvent]:
    row = guarded(_SPOT_MODE, body, what)
    text = f"accountType {row.account_type[:40] or 'not told'}, canTrade {str(row.can_trade).lower()}"
    return (
        AccountMode(venue=NAME, market=Market.SPOT, position_mode=None, can_trade=row.can_trade, text=text, t_ns=t_ns),
    )


def _leverage(native: str, body: bytes, what: str, t_ns: int) -> Sequence[AccountEvent]:
    told = [row for row in guarded(_SYMBOL_CONFIGS, body, what) if row.symbol == native]
    if len(told) != 1:
        raise ProtocolBroken("unknown_shape", f"{what}: {len(told)} rows about {native}", body)
    margin_mode = _MARGIN_MODES.get(told[0].margin_type)
    return (
        LeverageRead(venue=NAME, native=native, leverage=Decimal(told[0].leverage), margin_mode=margin_mode, t_ns=t_ns),
    )


def _usdm_fees(native: str, body: bytes, what: str, t_ns: int) -> Sequence[AccountEvent]:
    row = guarded(_USDM_FEES, body, what)
    maker, taker = signed(row.maker_commission_rate), signed(row.taker_commission_rate)
    return (_fees(Market.PERP, native, row.symbol, maker, taker, t_ns),)


def _spot_fees(native: str, body: bytes, what: str, t_ns: int) -> Sequence[AccountEvent]:
    """Standard, special and tax add up; so do a trade's role and its side, of which the dearer is reckoned with."""
    row = guarded(_SPOT_FEES, body, what)
    maker = taker = Decimal(0)
    for part in (row.standard_commission, row.special_commission, row.tax_commission):
        if part is not None:
            side = max(signed(part.buyer), signed(part.seller))
            maker += signed(part.maker) + side
            taker += signed(part.taker) + side
    return (_fees(Market.SPOT, native, row.symbol, maker, taker, t_ns),)


def _fees(market: Market, native: str, symbol: str, maker: Decimal, taker: Decimal, t_ns: int) -> FeeRates:
    if symbol != native:
        raise ProtocolBroken("other_symbol", f"fees of {symbol[:40]} where those of {native} were asked for")
    return FeeRates(venue=NAME, market=market, native=native, maker=maker, taker=taker, t_ns=t_ns)
