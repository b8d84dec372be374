"""What Bybit knows of an account: key, mode, positions, balances, leverage, fees; and two settings that may be made.

Spot and linear contracts share the wallet of a unified account (``unifiedMarginStatus`` 3 to 6). A classic account (1)
keeps them apart and is not traded here. Margin is chosen for the whole account; the position mode per contract, else
per coin, else one-way: so what ``mode`` tells is that of one contract that everybody has, and each contract's own comes
with its leverage. Portfolio margin has no leverage, by which margin is reckoned here.
Source: Bybit V5 docs, Get API Key Information, Get Account Info, Get Position Info, Get Futures Leverage, Get Wallet
Balance, Get Fee Rate, Switch Position Mode, Set Leverage; Demo Trading Service (what it does not have).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal, TypeVar

from arbtui.core.errors import ProtocolBroken
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import AccountEvent, AccountMode, FeeRates, LeverageRead
from arbtui.venues.amounts import price_or_none, signed_or_none
from arbtui.venues.base import Environment
from arbtui.venues.bybit import private_rows, private_shapes, refusals
from arbtui.venues.bybit.calls import Caller
from arbtui.venues.bybit.instruments import CATEGORY, VENUE
from arbtui.venues.bybit.private_rows import told
from arbtui.venues.bybit.private_shapes import AccountInfo, KeyInfo, Listed, PositionRow, SymbolRow
from arbtui.venues.modular import setting
from arbtui.venues.private import AccountCall, KeyRights, PrivateCall, RightsCall, in_words
from arbtui.venues.sending import number

_RowT = TypeVar("_RowT")
_PositionMode = Literal["one_way", "hedge"]

POSITIONS = "/v5/position/list"
SYMBOL = "/v5/position/symbol-info"
BALANCE = "/v5/account/wallet-balance"
INFO = "/v5/account/info"
KEY = "/v5/user/query-api"
FEES = "/v5/account/fee-rate"
SET_MODE = "/v5/position/switch-mode"
SET_LEVERAGE = "/v5/position/set-leverage"

_LINEAR = CATEGORY[Market.PERP]
_EVERYBODYS = "BTCUSDT"  # whose position mode stands for the account's
_ACCOUNTS = {
    1: "classic account",
    3: "unified account 1.0",
    4: "unified account 1.0 pro",
    5: "unified account 2.0",
    6: "unified account 2.0 pro",
}
_CLASSIC = 1
_PORTFOLIO = "PORTFOLIO_MARGIN"
_MARGINS = {
    "ISOLATED_MARGIN": "isolated margin",
    "REGULAR_MARGIN": "cross margin",
    _PORTFOLIO: "portfolio margin",
}
_NEEDED = {  # one of these rights, by the group in which it is listed
    Market.SPOT: (("Spot", "SpotTrade"),),
    Market.PERP: (("ContractTrade", "Order"), ("Derivatives", "DerivativesTrade")),
}


# --- the key ----------------------------------------------------------------------------------------------------------


def key_rights(caller: Caller, stamp_ms: int) -> RightsCall | None:
    """None for demo trading, which has no such question."""
    if caller.env is Environment.DEMO:
        return None
    what = "API key"

    def read(status: int, answer: bytes) -> KeyRights:
        return _rights(_key_of(status, answer, what))

    return RightsCall(caller.get(KEY, {}, what, "query-api", stamp_ms), read, what)


def account_id(caller: Caller, stamp_ms: int) -> AccountCall | str:
    """Of a sub-account its own. Demo trading has no such question."""
    if caller.env is Environment.DEMO:
        return ""
    what = "account id"

    def read(status: int, answer: bytes) -> str:
        user = _key_of(status, answer, what).user_id
        return "" if user is None else str(user)

    return AccountCall(caller.get(KEY, {}, what, "query-api", stamp_ms), read, what)


def _key_of(status: int, answer: bytes, what: str) -> KeyInfo:
    try:
        return refusals.result_of(status, answer, private_shapes.key_info, what)
    except ProtocolBroken as broken:
        raise ProtocolBroken(broken.kind, str(broken)) from None  # without its sample, which may be the key


def _rights(key: KeyInfo) -> KeyRights:
    bound = None if key.ips is None else bool(key.ips) and "*" not in key.ips
    withdraws = _has(key, (("Wallet", "Withdraw"),))
    trade = {market: _may_trade(key, market) for market in Market}
    days = key.deadline_day if not bound and key.deadline_day is not None and key.deadline_day >= 0 else None
    words = in_words(trade, withdraws, bound, days)
    if key.uta == 0:
        words += ", of a classic account, which is not traded here"
    return KeyRights(trade=trade, withdraw=withdraws, bound_to_ips=bound, text=words, days_left=days)


def _may_trade(key: KeyInfo, market: Market) -> bool | None:
    return False if key.read_only != 0 else _has(key, _NEEDED[market])


def _has(key: KeyInfo, rights: Sequence[tuple[str, str]]) -> bool | None:
    """Whether it has one of ``rights`` (group, right); None where no such group is told."""
    told = [group for group, _ in rights if key.permissions.get(group) is not None]
    return any(right in (key.permissions.get(group) or ()) for group, right in rights) if told else None


# --- the account's mode -----------------------------------------------------------------------------------------------


def mode(caller: Caller, market: Market, stamp_ms: int) -> PrivateCall:
    """Up to three questions, one after the other; the last one tells. Demo trading has no question about the key."""
    if caller.env is Environment.DEMO:
        return _mode_of_account(caller, market, None, stamp_ms)
    what = "API key"

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        key = _key_of(status, answer, what)
        return (_account_mode(market, key, None, None, t_ns),) if key.uta == 0 else ()

    def next_page(status: int, answer: bytes, stamp_ms: int) -> PrivateCall | None:
        key = _key_of(status, answer, what)
        return None if key.uta == 0 else _mode_of_account(caller, market, key, stamp_ms)

    return PrivateCall(caller.get(KEY, {}, what, "query-api", stamp_ms), read, what, next_page)


def _mode_of_account(caller: Caller, market: Market, key: KeyInfo | None, stamp_ms: int) -> PrivateCall:
    what = "account mode"

    def info_of(status: int, answer: bytes) -> AccountInfo:
        return refusals.result_of(status, answer, private_shapes.account_info, what)

    def last(info: AccountInfo) -> bool:
        return market is Market.SPOT or info.unified_margin_status == _CLASSIC

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        info = info_of(status, answer)
        return (_account_mode(market, key, info, None, t_ns),) if last(info) else ()

    def next_page(status: int, answer: bytes, stamp_ms: int) -> PrivateCall | None:
        info = info_of(status, answer)
        return None if last(info) else _mode_of_positions(caller, key, info, stamp_ms)

    return PrivateCall(caller.get(INFO, {}, what, "info", stamp_ms), read, what, next_page)


def _mode_of_positions(caller: Caller, key: KeyInfo | None, info: AccountInfo, stamp_ms: int) -> PrivateCall:
    what = "position mode"

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        rows = _position_rows(status, answer, what, _EVERYBODYS)
        held = private_rows.position_mode(rows) if rows else None
        return (_account_mode(Market.PERP, key, info, held, t_ns),)

    return caller.read(POSITIONS, {"category": _LINEAR, "symbol": _EVERYBODYS}, what, "positions", stamp_ms, read)


def _account_mode(
    market: Market, key: KeyInfo | None, info: AccountInfo | None, held: _PositionMode | None, t_ns: int
) -> AccountMode:
    status = info.unified_margin_status if info is not None else _CLASSIC
    words = [_ACCOUNTS.get(status, f"unknown kind of account ({status})")]
    if info is not None:
        words.append(_MARGINS.get(info.margin_mode, info.margin_mode[:40] or "margin mode not told"))
    if held is not None:
        words.append("one-way" if held == "one_way" else "two-sided")
    if key is not None:
        words.append(f"key {_rights(key).text}")
    can_trade, remedy = _can_trade(market, key, info, status)
    return AccountMode(
        venue=VENUE,
        market=market,
        position_mode=held,
        can_trade=can_trade,
        text=", ".join(words) + remedy,
        t_ns=t_ns,
    )


def _can_trade(market: Market, key: KeyInfo | None, info: AccountInfo | None, status: int) -> tuple[bool | None, str]:
    """Whether it may, and what to do where it may not. Without a word about the key, an order will tell."""
    if status == _CLASSIC:
        return False, "; arbtui trades Bybit's unified accounts only: upgrade it on Bybit's web site"
    if key is not None and key.read_only != 0:
        return False, "; the key may only read: make one that may trade"
    may = _may_trade(key, market) if key is not None else True
    if may is False:
        return False, f"; give the key the right to trade {CATEGORY[market]}"
    if market is Market.PERP and info is not None and info.margin_mode == _PORTFOLIO:
        return False, "; with portfolio margin no leverage is told, by which margin is reckoned here: use cross margin"
    return (may if status in _ACCOUNTS else None), ""


# --- positions and money ----------------------------------------------------------------------------------------------


def positions(caller: Caller, stamp_ms: int) -> PrivateCall:
    what = "positions"

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        rows = _position_rows(status, answer, what)
        return [position for row in rows if (position := private_rows.position(row, "query", t_ns)).qty]

    return caller.by_settle_coin(POSITIONS, {"category": _LINEAR, "limit": "200"}, what, "positions", stamp_ms, read)


def balances(caller: Caller, market: Market, stamp_ms: int) -> PrivateCall:
    """Of the one wallet; coins of which there are none are not told."""
    what = "balances"

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        wallet = _the_one(refusals.result_of(status, answer, private_shapes.wallets, what), what)
        if wallet.account_type != "UNIFIED":
            raise ProtocolBroken("unknown_shape", f"Bybit {what}: of a {wallet.account_type[:40]!r} account")
        return private_rows.balances(wallet, t_ns, None)

    return caller.read(BALANCE, {"accountType": "UNIFIED"}, what, "balance", stamp_ms, read)


def fee_rates(caller: Caller, instrument: Instrument, stamp_ms: int) -> PrivateCall:
    what = f"fee rates of {instrument.native}"

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        row = _the_one(refusals.result_of(status, answer, private_shapes.fees, what), what)
        if row.symbol != instrument.native:
            raise ProtocolBroken("unknown_shape", f"Bybit {what}: those of {row.symbol[:40]!r}", answer[:200])
        return (
            FeeRates(
                venue=VENUE,
                market=instrument.market,
                native=instrument.native,
                maker=told(signed_or_none(row.maker_fee_rate), f"maker rate of {instrument.native}"),
                taker=told(signed_or_none(row.taker_fee_rate), f"taker rate of {instrument.native}"),
                t_ns=t_ns,
            ),
        )

    query = {"category": CATEGORY[instrument.market], "symbol": instrument.native}
    return caller.read(FEES, query, what, "fee-rate", stamp_ms, read)


# --- leverage and position mode of a contract -------------------------------------------------------------------------


def leverage(caller: Caller, instrument: Instrument, stamp_ms: int) -> PrivateCall:
    """From its position, which is told of a named contract also where nothing is held; else from its settings.

    Raises ``ValueError`` for spot.
    """
    if instrument.market is not Market.PERP:
        raise ValueError(f"{instrument.native} is spot: it has no leverage")
    native, what = instrument.native, f"leverage of {instrument.native}"
    query = {"category": _LINEAR, "symbol": native}

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        rows = _position_rows(status, answer, what, native)
        return (_leverage(rows, native, t_ns),) if rows else ()

    def read_settings(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        listed = refusals.result_of(status, answer, private_shapes.settings, what)
        rows = [row for row in listed.rows if row.symbol == native]
        if not rows:
            raise ProtocolBroken("unknown_shape", f"Bybit tells no {what}", answer[:200])
        return (_leverage(rows, native, t_ns),)

    def next_page(status: int, answer: bytes, stamp_ms: int) -> PrivateCall | None:
        rows = _position_rows(status, answer, what, native)
        return None if rows else caller.read(SYMBOL, query, what, "symbol-info", stamp_ms, read_settings)

    return PrivateCall(caller.get(POSITIONS, query, what, "positions", stamp_ms), read, what, next_page)


def _position_rows(status: int, answer: bytes, what: str, native: str = "") -> Sequence[PositionRow]:
    """Rows of contracts, all of them of ``native`` where that was asked for."""
    listed = refusals.result_of(status, answer, private_shapes.positions, what)
    if listed.category not in ("", _LINEAR) or (native and any(row.symbol != native for row in listed.rows)):
        raise ProtocolBroken("unknown_shape", f"Bybit {what}: rows that were not asked for", answer[:200])
    return listed.rows


def _leverage(rows: Sequence[PositionRow] | Sequence[SymbolRow], native: str, t_ns: int) -> LeverageRead:
    """Two-sided contracts tell one row a side; the lesser leverage binds more margin: reckon with that."""
    levers = [told(price_or_none(row.leverage), f"leverage of {native} (portfolio margin has none)") for row in rows]
    held = private_rows.position_mode(rows)
    return LeverageRead(
        venue=VENUE, native=native, leverage=min(levers), margin_mode=None, t_ns=t_ns, position_mode=held
    )


def set_one_way(caller: Caller, instrument: Instrument, stamp_ms: int) -> PrivateCall:
    """Refused while it is held or has orders. USDC contracts are one-way always."""
    body: dict[str, str | int | bool] = {"category": _LINEAR, "symbol": instrument.native, "mode": 0}
    return _setting(caller, SET_MODE, body, f"one-way mode of {instrument.native}", "switch-mode", instrument, stamp_ms)


def set_leverage(caller: Caller, instrument: Instrument, value: Decimal, stamp_ms: int) -> PrivateCall:
    lever = number(value, "leverage")
    body: dict[str, str | int | bool] = {
        "category": _LINEAR,
        "symbol": instrument.native,
        "buyLeverage": lever,
        "sellLeverage": lever,
    }
    what = f"leverage {lever} of {instrument.native}"
    return _setting(caller, SET_LEVERAGE, body, what, "set-leverage", instrument, stamp_ms)


def _setting(
    caller: Caller,
    path: str,
    body: dict[str, str | int | bool],
    what: str,
    bucket: str,
    instrument: Instrument,
    stamp_ms: int,
) -> PrivateCall:
    """Made, then read back. Raises ``ValueError`` for spot."""
    if instrument.market is not Market.PERP:
        raise ValueError(f"{instrument.native} is spot: it has no {what}")

    def made(status: int, answer: bytes) -> None:
        refusals.setting_made(status, answer, what)

    def read_back(stamp_ms: int) -> PrivateCall:
        return leverage(caller, instrument, stamp_ms)

    return setting(caller.post(path, body, what, bucket, stamp_ms), what, made, read_back)


def _the_one(listed: Listed[_RowT], what: str) -> _RowT:
    if len(listed.rows) != 1:
        raise ProtocolBroken("unknown_shape", f"Bybit {what}: one row was to come, not {len(listed.rows)}")
    return listed.rows[0]
