"""What a Binance API key may do, and whose it is. Only the real exchange tells of rights: testnet and demo trading have
no such question. Whose a key is, the spot account says, of futures as well; a key of the futures testnet is none there.

``enableInternalTransfer`` and ``permitsUniversalTransfer`` move money between accounts of the same owner, not away, so
they do not count as withdrawals. The right to trade spot of a key that is bound to no address may end at a time that is
told; then it has to be given anew.
Source: Binance wallet docs, "Get API Key Permission"; spot docs, "Account information" (``uid``).
"""

from __future__ import annotations

import msgspec

from arbtui.core.model import Market
from arbtui.venues.base import Environment
from arbtui.venues.binance.calls import Caller
from arbtui.venues.binance.refusals import demand
from arbtui.venues.private import AccountCall, KeyRights, RightsCall, in_words
from arbtui.venues.wire import Millis, guarded

_PATH = "/sapi/v1/account/apiRestrictions"
_WHAT = "API key"
_DAY_MS = 86_400_000


class _Restrictions(msgspec.Struct, rename="camel", kw_only=True):
    ip_restrict: bool | None = None
    enable_withdrawals: bool | None = None
    enable_futures: bool | None = None
    enable_spot_and_margin_trading: bool | None = None
    trading_authority_expiration_time: Millis | None = None


class _Whose(msgspec.Struct):
    uid: int | None = None


_RESTRICTIONS = msgspec.json.Decoder(_Restrictions)
_WHOSE = msgspec.json.Decoder(_Whose)


def key_rights(caller: Caller, stamp_ms: int) -> RightsCall | None:
    if caller.env is not Environment.PROD:
        return None
    request = caller.signed(Market.SPOT, "GET", _PATH, [], stamp_ms, purpose=_WHAT, cost=1)

    def read(status: int, body: bytes) -> KeyRights:
        demand(Market.SPOT, status, body, _WHAT)
        return _rights(guarded(_RESTRICTIONS, body, _WHAT), stamp_ms)

    return RightsCall(request, read, request.purpose)


def account_id(caller: Caller, stamp_ms: int) -> AccountCall:
    what = "account id"
    asked = [("omitZeroBalances", "true")]
    request = caller.signed(Market.SPOT, "GET", "account", asked, stamp_ms, purpose=what, cost=20)

    def read(status: int, body: bytes) -> str:
        demand(Market.SPOT, status, body, what)
        uid = guarded(_WHOSE, body, what).uid
        return "" if uid is None else str(uid)

    return AccountCall(request, read, request.purpose)


def _rights(told: _Restrictions, stamp_ms: int) -> KeyRights:
    trade = {Market.SPOT: told.enable_spot_and_margin_trading, Market.PERP: told.enable_futures}
    ends_ms = told.trading_authority_expiration_time
    days = max(0, ends_ms - stamp_ms) // _DAY_MS if ends_ms else None
    return KeyRights(
        trade=trade,
        withdraw=told.enable_withdrawals,
        bound_to_ips=told.ip_restrict,
        text=in_words(trade, told.enable_withdrawals, told.ip_restrict, days),
        days_left=days,
    )
