"""What Bitget knows of a classic account: key, mode, positions, balances, leverage, fees; and two settings.

Spot and contracts have a wallet each. The position mode is that of a product (USDT or USDC contracts), and told with
the settings of any of its contracts, as leverage and margin mode are.
Source: Bitget classic API docs, Get Account Information, Get Single Account, Get Account List, Get Account Assets, Get
All Position, Get Trade Rate, Change Leverage, Change Hold Mode.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Literal

from arbtui.core.errors import ProtocolBroken
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import AccountEvent, AccountMode, LeverageRead
from arbtui.venues.bitget import classic_rows, classic_shapes, refusals
from arbtui.venues.bitget.account import MARGINS, change, read_fee_rates
from arbtui.venues.bitget.classic_calls import ClassicCaller
from arbtui.venues.bitget.classic_orders import product_of
from arbtui.venues.bitget.classic_shapes import ContractAccount, KeyInfo
from arbtui.venues.bitget.instruments import PRODUCTS, USDT_FUTURES, VENUE
from arbtui.venues.bitget.private_rows import position_mode, price_or_none, told
from arbtui.venues.calls import Then, one_after_the_other
from arbtui.venues.private import AccountCall, KeyRights, PrivateCall, RightsCall, in_words
from arbtui.venues.sending import number

KEY = "/api/v2/spot/account/info"
ASSETS = "/api/v2/spot/account/assets"
ACCOUNTS = "/api/v2/mix/account/accounts"
CONTRACT = "/api/v2/mix/account/account"
POSITIONS = "/api/v2/mix/position/all-position"
FEES = "/api/v2/common/trade-rate"
SET_LEVERAGE = "/api/v2/mix/account/set-leverage"
SET_MODE = "/api/v2/mix/account/set-position-mode"

_MARGIN_COIN = {product: product.partition("-")[0] for product in PRODUCTS[Market.PERP]}
_ANY_CONTRACT = {"symbol": "BTCUSDT", "productType": USDT_FUTURES, "marginCoin": _MARGIN_COIN[USDT_FUTURES]}
_MAY_TRADE = {Market.PERP: "coow", Market.SPOT: "stow"}  # among a key's authorities; "trade" of older keys is both
_BUSINESS = {Market.PERP: "mix", Market.SPOT: "spot"}


# --- the key ----------------------------------------------------------------------------------------------------------


def key_rights(caller: ClassicCaller, stamp_ms: int) -> RightsCall:
    what = "API key"

    def read(status: int, answer: bytes) -> KeyRights:
        return _rights(refusals.result_of(status, answer, classic_shapes.key_info, what))

    return RightsCall(caller.get(KEY, {}, what, "info", stamp_ms), read, what)


def account_id(caller: ClassicCaller, stamp_ms: int) -> AccountCall:
    """Of a sub-account its own."""
    what = "account id"

    def read(status: int, answer: bytes) -> str:
        return refusals.result_of(status, answer, classic_shapes.key_info, what).user_id or ""

    return AccountCall(caller.get(KEY, {}, what, "info", stamp_ms), read, what)


def _rights(key: KeyInfo) -> KeyRights:
    """Of the authorities only those of trading are documented word by word: a right to withdraw may go unnoticed."""
    trade = {market: _may_trade(key, market) for market in Market}
    may = key.authorities or ()
    withdraws = True if any("withdraw" in word.lower() for word in may) or "wwow" in may else None
    bound = None if key.ips is None else bool(key.ips.strip(" ,"))
    return KeyRights(trade, withdraws, bound, in_words(trade, withdraws, bound, None))


def _may_trade(key: KeyInfo, market: Market) -> bool | None:
    if key.authorities is None:
        return None
    return "trade" in key.authorities or _MAY_TRADE[market] in key.authorities


# --- the account's mode -----------------------------------------------------------------------------------------------


def mode(caller: ClassicCaller, market: Market, stamp_ms: int) -> PrivateCall:
    """What the key may do, and of contracts how positions are held besides: the last answer tells."""
    what = "account mode"

    def key_of(status: int, answer: bytes) -> KeyInfo:
        return refusals.result_of(status, answer, classic_shapes.key_info, what)

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        key = key_of(status, answer)
        return (_account_mode(market, key, None, t_ns),) if market is Market.SPOT else ()

    def next_page(status: int, answer: bytes, stamp_ms: int) -> PrivateCall | None:
        key = key_of(status, answer)
        return None if market is Market.SPOT else _mode_of_contracts(caller, key, stamp_ms)

    return PrivateCall(caller.get(KEY, {}, what, "info", stamp_ms), read, what, next_page)


def _mode_of_contracts(caller: ClassicCaller, key: KeyInfo, stamp_ms: int) -> PrivateCall:
    what = "position mode"

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        account = refusals.result_of(status, answer, classic_shapes.contract_account, what)
        return (_account_mode(Market.PERP, key, account, t_ns),)

    return caller.read(CONTRACT, _ANY_CONTRACT, what, "settings", stamp_ms, read)


def _account_mode(market: Market, key: KeyInfo, account: ContractAccount | None, t_ns: int) -> AccountMode:
    held = position_mode(account.pos_mode) if account is not None else None
    words = ["classic account"]
    if account is not None:
        words += [{"one_way": "one-way", "hedge": "two-sided"}.get(held or "", "position mode not told")]
        words += [f"assets {account.asset_mode[:20]}"] if account.asset_mode else []
    may = _may_trade(key, market)
    remedy = "; make a key that may trade" if may is False else ""
    text = f"{', '.join(words)}, key {_rights(key).text}{remedy}"
    return AccountMode(venue=VENUE, market=market, position_mode=held, can_trade=may, text=text, t_ns=t_ns)


# --- positions and money ----------------------------------------------------------------------------------------------


def positions(caller: ClassicCaller, stamp_ms: int) -> PrivateCall:
    def ask(product: str, stamp_ms: int, then: Then | None) -> PrivateCall:
        what = f"{product} positions"

        def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
            rows = refusals.result_of(status, answer, classic_shapes.position_rows, what)
            if any(row.margin_coin not in (None, "", _MARGIN_COIN[product]) for row in rows):
                raise ProtocolBroken("unknown_shape", f"Bitget {what}: rows that were not asked for", answer[:200])
            return [position for row in rows if (position := classic_rows.position(row, "query", t_ns)).qty]

        asked = {"productType": product, "marginCoin": _MARGIN_COIN[product]}
        return caller.read(POSITIONS, asked, what, "positions", stamp_ms, read, then)

    return one_after_the_other([partial(ask, product) for product in PRODUCTS[Market.PERP]], stamp_ms)


def balances(caller: ClassicCaller, market: Market, stamp_ms: int) -> PrivateCall:
    """Of the wallet that ``market`` trades from."""
    if market is Market.SPOT:
        return _spot_balances(caller, stamp_ms)

    def ask(product: str, stamp_ms: int, then: Then | None) -> PrivateCall:
        what = f"{product} balances"

        def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
            rows = refusals.result_of(status, answer, classic_shapes.mix_accounts, what)
            found = [classic_rows.mix_balance(row, t_ns, None) for row in rows]
            if None in found:
                raise ProtocolBroken("bad_number", f"Bitget {what}: an equity without its open profit", answer[:200])
            return [balance for balance in found if balance is not None]

        return caller.read(ACCOUNTS, {"productType": product}, what, "assets", stamp_ms, read, then)

    return one_after_the_other([partial(ask, product) for product in PRODUCTS[Market.PERP]], stamp_ms)


def _spot_balances(caller: ClassicCaller, stamp_ms: int) -> PrivateCall:
    """Coins of which there are none are not told."""
    what = "spot balances"

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        rows = refusals.result_of(status, answer, classic_shapes.spot_coins, what)
        return [classic_rows.spot_balance(row, t_ns, None) for row in rows]

    return caller.read(ASSETS, {}, what, "assets", stamp_ms, read)


def fee_rates(caller: ClassicCaller, instrument: Instrument, stamp_ms: int) -> PrivateCall:
    """The answer does not repeat whose rates they are."""
    what = f"fee rates of {instrument.native}"
    query = {"symbol": instrument.native, "businessType": _BUSINESS[instrument.market]}
    return caller.read(FEES, query, what, "fee-rate", stamp_ms, read_fee_rates(instrument, what))


# --- leverage and position mode ---------------------------------------------------------------------------------------


def leverage(caller: ClassicCaller, instrument: Instrument, stamp_ms: int) -> PrivateCall:
    """Raises ``ValueError`` for spot."""
    if instrument.market is not Market.PERP:
        raise ValueError(f"{instrument.native} is spot: it has no leverage")
    what = f"leverage of {instrument.native}"

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        account = refusals.result_of(status, answer, classic_shapes.contract_account, what)
        return (_leverage(account, instrument, t_ns),)

    return caller.read(CONTRACT, _named(instrument), what, "settings", stamp_ms, read)


def _named(instrument: Instrument) -> dict[str, str]:
    return {"symbol": instrument.native, **product_of(instrument), "marginCoin": instrument.settle_ccy}


def _leverage(account: ContractAccount, instrument: Instrument, t_ns: int) -> LeverageRead:
    """The least binds the most margin. Orders say ``crossed``, also where the contract is set to isolated margin."""
    margin: Literal["cross", "isolated"] | None = MARGINS.get(account.margin_mode)
    sides = [account.crossed_margin_leverage]
    if margin == "isolated":
        sides += [account.isolated_long_lever, account.isolated_short_lever]
    return LeverageRead(
        venue=VENUE,
        native=instrument.native,
        leverage=min(told(price_or_none(side), f"leverage of {instrument.native}") for side in sides),
        margin_mode=margin,
        t_ns=t_ns,
        position_mode=position_mode(account.pos_mode),
    )


def set_one_way(caller: ClassicCaller, instrument: Instrument, stamp_ms: int) -> PrivateCall:
    """Of all contracts of its product. Refused while any of them is held or has orders."""
    body, what = {**product_of(instrument), "posMode": "one_way_mode"}, "one-way mode"
    return change(
        caller.post(SET_MODE, body, what, "set-hold-mode", stamp_ms), what, instrument, _told(caller, instrument)
    )


def set_leverage(caller: ClassicCaller, instrument: Instrument, value: Decimal, stamp_ms: int) -> PrivateCall:
    """With cross margin; an isolated position has one for each side, and Bitget refuses this."""
    lever = number(value, "leverage")
    body, what = {**_named(instrument), "leverage": lever}, f"leverage {lever} of {instrument.native}"
    return change(
        caller.post(SET_LEVERAGE, body, what, "set-leverage", stamp_ms), what, instrument, _told(caller, instrument)
    )


def _told(caller: ClassicCaller, instrument: Instrument) -> Callable[[int], PrivateCall]:
    """How a setting is read back."""
    return lambda stamp_ms: leverage(caller, instrument, stamp_ms)
