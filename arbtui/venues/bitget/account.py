"""What Bitget knows of a unified account: key, mode, positions, balances, leverage, fees; and two settings.

A classic account answers 40084 to all of it, which ``mode`` and ``key_rights`` tell in words (see ``classic_account``).
Spot and contracts share one wallet. The position mode is the account's, for all contracts at once; leverage and margin
mode are a contract's own, and told only where somebody set them or holds the contract.
Source: Bitget UTA API docs, Get Account Info, Get Account Settings, Get Position Info, Get Account Assets, Get Account
Fee Rate, Set Leverage, Set Holding Mode; Quick Start (permissions).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Literal

from arbtui.core.errors import ProtocolBroken, VenueRefused
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import AccountEvent, AccountMode, FeeRates, LeverageRead
from arbtui.venues.base import HttpRequest
from arbtui.venues.bitget import private_rows, private_shapes, refusals
from arbtui.venues.bitget.calls import Caller
from arbtui.venues.bitget.instruments import PRODUCTS, VENUE, inst_type
from arbtui.venues.bitget.private_rows import price_or_none, signed_or_none, told
from arbtui.venues.bitget.private_shapes import KeyInfo, PositionRow, Settings, SymbolSetting
from arbtui.venues.calls import Then, one_after_the_other
from arbtui.venues.modular import setting
from arbtui.venues.private import AccountCall, KeyRights, PrivateCall, Read, RightsCall, in_words
from arbtui.venues.sending import number

KEY = "/api/v3/account/info"
SETTINGS = "/api/v3/account/settings"
ASSETS = "/api/v3/account/assets"
FEES = "/api/v3/account/fee-rate"
POSITIONS = "/api/v3/position/current-position"
SET_LEVERAGE = "/api/v3/account/set-leverage"
SET_MODE = "/api/v3/account/set-hold-mode"

_CLASSIC = "classic account"
_SETTLED = ("unified", "hybrid")  # account modes that stay as they are
_IN_BETWEEN = ("upgrading", "switching")
_WRITES = {"read-and-write": True, "readandwrite": True, "read-only": False, "readonly": False}
MARGINS: Mapping[str, Literal["cross", "isolated"]] = {"crossed": "cross", "isolated": "isolated"}


# --- the key ----------------------------------------------------------------------------------------------------------


def key_rights(caller: Caller, stamp_ms: int) -> RightsCall:
    what = "API key"

    def read(status: int, answer: bytes) -> KeyRights:
        try:
            return _rights(refusals.result_of(status, answer, private_shapes.key_info, what))
        except VenueRefused as refused:
            if refused.code not in refusals.CLASSIC:
                raise
        return KeyRights(
            trade=dict.fromkeys(Market, False),
            withdraw=None,
            bound_to_ips=None,
            text=f"of a {_CLASSIC}, which was not known to be one: {refusals.START_AGAIN}",
        )

    return RightsCall(caller.get(KEY, {}, what, "info", stamp_ms), read, what)


def account_id(caller: Caller, stamp_ms: int) -> AccountCall:
    """Of a sub-account its own."""
    what = "account id"

    def read(status: int, answer: bytes) -> str:
        return refusals.result_of(status, answer, private_shapes.key_info, what).user_id or ""

    return AccountCall(caller.get(KEY, {}, what, "info", stamp_ms), read, what)


def _rights(key: KeyInfo) -> KeyRights:
    may = _may_trade(key)
    withdraws = None if key.permissions is None else "withdraw" in key.permissions
    bound = None if key.ips is None else bool(key.ips.strip(" ,"))
    trade = dict.fromkeys(Market, may)
    words = in_words(trade, withdraws, bound, None)
    return KeyRights(trade=trade, withdraw=withdraws, bound_to_ips=bound, text=words)


def _may_trade(key: KeyInfo) -> bool | None:
    """Spot and contracts alike. None for a kind of key that nobody knows."""
    writes = _WRITES.get(key.perm_type.lower().replace("_", "-"))
    if writes is False:
        return False
    if key.permissions is None:
        return None
    return writes if "uta_trade" in key.permissions else False


# --- the account's mode -----------------------------------------------------------------------------------------------


def mode(caller: Caller, market: Market, stamp_ms: int) -> PrivateCall:
    """Two questions: what kind of account it is, and what the key may do. The last one tells."""
    what = "account mode"

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        settings = settings_of(status, answer, what)
        return (_classic(market, t_ns),) if settings is None else ()

    def next_page(status: int, answer: bytes, stamp_ms: int) -> PrivateCall | None:
        settings = settings_of(status, answer, what)
        return None if settings is None else _mode_by_key(caller, market, settings, stamp_ms)

    return PrivateCall(caller.get(SETTINGS, {}, what, "settings", stamp_ms), read, what, next_page)


def settings_of(status: int, answer: bytes, what: str) -> Settings | None:
    """Those of a unified account; None for a classic one, which says so and nothing else.

    Raises as every read does: of an account that does not answer, or refuses for another reason, the kind is not known.
    """
    try:
        return refusals.result_of(status, answer, private_shapes.settings, what)
    except VenueRefused as refused:
        if refused.code in refusals.CLASSIC:
            return None
        raise


def _classic(market: Market, t_ns: int) -> AccountMode:
    text = f"{_CLASSIC}, which was not known to be one: {refusals.START_AGAIN}"
    return AccountMode(venue=VENUE, market=market, position_mode=None, can_trade=False, text=text, t_ns=t_ns)


def _mode_by_key(caller: Caller, market: Market, settings: Settings, stamp_ms: int) -> PrivateCall:
    what = "API key"

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        key = refusals.result_of(status, answer, private_shapes.key_info, what)
        return (_account_mode(market, key, settings, t_ns),)

    return caller.read(KEY, {}, what, "info", stamp_ms, read)


def _account_mode(market: Market, key: KeyInfo, settings: Settings, t_ns: int) -> AccountMode:
    held = private_rows.position_mode(settings.hold_mode) if market is Market.PERP else None
    words = [f"{(settings.account_mode or 'unified')[:40]} account"]
    if settings.account_level:
        words.append(f"level {settings.account_level[:40]}")
    if held is not None:
        words.append("one-way" if held == "one_way" else "two-sided")
    words.append(f"key {_rights(key).text}")
    can_trade, remedy = _can_trade(key, settings)
    text = ", ".join(words) + remedy
    return AccountMode(venue=VENUE, market=market, position_mode=held, can_trade=can_trade, text=text, t_ns=t_ns)


def _can_trade(key: KeyInfo, settings: Settings) -> tuple[bool | None, str]:
    """Whether it may, and what to do where it may not."""
    if settings.account_mode in _IN_BETWEEN:
        return False, "; Bitget is changing the kind of this account: wait until that is done"
    may = _may_trade(key)
    if may is False:
        return False, "; make a key of the unified account that may read and write, with the right to trade"
    return (may if settings.account_mode in _SETTLED else None), ""


# --- positions and money ----------------------------------------------------------------------------------------------


def positions(caller: Caller, stamp_ms: int) -> PrivateCall:
    def ask(category: str, stamp_ms: int, then: Then | None) -> PrivateCall:
        what = f"{category} positions"

        def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
            rows = refusals.result_of(status, answer, private_shapes.positions, what).rows or ()
            if any(row.category.upper() != category for row in rows):
                raise ProtocolBroken("unknown_shape", f"Bitget {what}: rows that were not asked for", answer[:200])
            return [position for row in rows if (position := private_rows.position(row, "query", t_ns)).qty]

        return caller.read(POSITIONS, {"category": category}, what, "positions", stamp_ms, read, then)

    return one_after_the_other([partial(ask, category) for category in PRODUCTS[Market.PERP]], stamp_ms)


def balances(caller: Caller, market: Market, stamp_ms: int) -> PrivateCall:
    """Of the one wallet; coins of which there are none are not told."""
    what = "balances"

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        wallet = refusals.result_of(status, answer, private_shapes.wallet, what)
        if wallet.assets is None:
            raise ProtocolBroken("unknown_shape", f"Bitget {what}: no assets in the answer", answer[:200])
        return private_rows.balances(wallet, wallet.assets, t_ns, None)

    return caller.read(ASSETS, {}, what, "assets", stamp_ms, read)


def fee_rates(caller: Caller, instrument: Instrument, stamp_ms: int) -> PrivateCall:
    """The answer does not repeat whose rates they are."""
    native, what = instrument.native, f"fee rates of {instrument.native}"

    query = {"category": inst_type(instrument.market, native), "symbol": native}
    return caller.read(FEES, query, what, "fee-rate", stamp_ms, read_fee_rates(instrument, what))


def read_fee_rates(instrument: Instrument, what: str) -> Read:
    """What is answered to a question for fee rates, of accounts of any kind."""
    native = instrument.native

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        rates = refusals.result_of(status, answer, private_shapes.fee_rates, what)
        return (
            FeeRates(
                venue=VENUE,
                market=instrument.market,
                native=native,
                maker=told(signed_or_none(rates.maker_fee_rate), f"maker rate of {native}"),
                taker=told(signed_or_none(rates.taker_fee_rate), f"taker rate of {native}"),
                t_ns=t_ns,
            ),
        )

    return read


# --- leverage and position mode ---------------------------------------------------------------------------------------


def leverage(caller: Caller, instrument: Instrument, stamp_ms: int) -> PrivateCall:
    """From the account's settings; where they do not name the contract, from its position.

    Where only isolated margin is told of, the leverage that an order would have is not known. Raises ``ValueError`` for
    spot.
    """
    if instrument.market is not Market.PERP:
        raise ValueError(f"{instrument.native} is spot: it has no leverage")
    what = f"leverage of {instrument.native}"

    def found(status: int, answer: bytes, t_ns: int) -> LeverageRead | Settings:
        settings = refusals.result_of(status, answer, private_shapes.settings, what)
        return _set_for(settings, instrument, t_ns) or settings

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        told = found(status, answer, t_ns)
        return (told,) if isinstance(told, LeverageRead) else ()

    def next_page(status: int, answer: bytes, stamp_ms: int) -> PrivateCall | None:
        told = found(status, answer, 0)
        return _leverage_of_position(caller, instrument, told, stamp_ms) if isinstance(told, Settings) else None

    return PrivateCall(caller.get(SETTINGS, {}, what, "settings", stamp_ms), read, what, next_page)


def _set_for(settings: Settings, instrument: Instrument, t_ns: int) -> LeverageRead | None:
    asked = (inst_type(instrument.market, instrument.native), instrument.native)
    rows = [row for row in settings.symbol_config_list or () if (row.category.upper(), row.symbol) == asked]
    return _leverage(rows, settings, instrument, t_ns) if rows else None


def _leverage_of_position(caller: Caller, instrument: Instrument, settings: Settings, stamp_ms: int) -> PrivateCall:
    native, what = instrument.native, f"leverage of {instrument.native}"

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        found = refusals.result_of(status, answer, private_shapes.positions, what).rows or ()
        rows = [row for row in found if row.symbol == native]
        if not rows:
            raise ProtocolBroken("unknown_shape", f"Bitget tells no leverage of {native}: set it once, then it does")
        return (_leverage(rows, settings, instrument, t_ns),)

    query = {"category": inst_type(instrument.market, native), "symbol": native}
    return caller.read(POSITIONS, query, what, "positions", stamp_ms, read)


def _leverage(
    rows: Sequence[SymbolSetting | PositionRow], settings: Settings, instrument: Instrument, t_ns: int
) -> LeverageRead:
    """That of cross margin, which orders have; of two sides the lesser binds more. Isolated margin has another one."""
    native = instrument.native
    crossed = [row for row in rows if MARGINS.get(row.margin_mode) == "cross"]
    if not crossed:
        raise ProtocolBroken(
            "unknown_shape",
            f"Bitget does not tell the leverage of {native} with cross margin, which arbtui's orders have: set that "
            "contract to cross margin there, and its leverage",
        )
    return LeverageRead(
        venue=VENUE,
        native=native,
        leverage=min(told(price_or_none(row.leverage), f"leverage of {native}") for row in crossed),
        margin_mode="cross",
        t_ns=t_ns,
        position_mode=private_rows.position_mode(settings.hold_mode),
    )


def set_one_way(caller: Caller, instrument: Instrument, stamp_ms: int) -> PrivateCall:
    """Of the whole account. Refused while any contract is held or has orders."""
    return _setting(
        caller, SET_MODE, {"holdMode": "one_way_mode"}, "one-way mode", "set-hold-mode", instrument, stamp_ms
    )


def set_leverage(caller: Caller, instrument: Instrument, value: Decimal, stamp_ms: int) -> PrivateCall:
    """With cross margin; an isolated position has one for each side, and Bitget refuses this."""
    lever, native = number(value, "leverage"), instrument.native
    body = {"category": inst_type(instrument.market, native), "symbol": native, "leverage": lever}
    what = f"leverage {lever} of {native}"
    return _setting(caller, SET_LEVERAGE, body, what, "set-leverage", instrument, stamp_ms)


def _setting(
    caller: Caller,
    path: str,
    body: Mapping[str, str],
    what: str,
    bucket: str,
    instrument: Instrument,
    stamp_ms: int,
) -> PrivateCall:
    """Made, then read back. Raises ``ValueError`` for spot."""
    request = caller.post(path, body, what, bucket, stamp_ms)
    return change(request, what, instrument, lambda stamp_ms: leverage(caller, instrument, stamp_ms))


def change(
    request: HttpRequest, what: str, instrument: Instrument, read_back: Callable[[int], PrivateCall]
) -> PrivateCall:
    """A setting of accounts of any kind, made and read back. Raises ``ValueError`` for spot."""
    if instrument.market is not Market.PERP:
        raise ValueError(f"{instrument.native} is spot: it has no {what}")

    def made(status: int, answer: bytes) -> None:
        refusals.setting_made(status, answer, what)

    return setting(request, what, made, read_back)
