"""How a Hyperliquid account is set up: what the wallet that signs may do for it, which wallet perps pay from, leverage.

Positions are one-way, always. A wallet that signs is the account's own, which may withdraw, or an agent's, which may
not; an agent that expired, or was replaced, is one that nobody knows. No wallet is bound to addresses.
Source: Hyperliquid docs, "Nonces and API wallets", "Account abstraction modes"; "Info endpoint", Query a user's role,
Retrieve user's active asset data; "Exchange endpoint", Update leverage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Literal, NamedTuple

from arbtui.core.errors import ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import AccountEvent, AccountMode, LeverageRead
from arbtui.venues.base import HttpRequest
from arbtui.venues.hyperliquid import private_shapes, refusals, signing
from arbtui.venues.hyperliquid.calls import HEAVY, LIGHT, ROLE, Caller
from arbtui.venues.hyperliquid.names import VENUE
from arbtui.venues.hyperliquid.orders import asset_of
from arbtui.venues.hyperliquid.private_shapes import ActiveAsset, Role, SpotState
from arbtui.venues.private import KeyRights, PrivateCall, RightsCall

SHARED = {  # one wallet for spot and perps
    "unifiedAccount": "unified account: perps pay from the spot wallet",
    "portfolioMargin": "portfolio margin: perps pay from the spot wallet",
}
_APART = {
    "disabled": "perps and spot have a wallet each",
    "default": "no account mode was chosen",
    "dexAbstraction": "perps and spot have a wallet each, and builders' exchanges take from them",
}
_MARGIN_MODES: dict[str, Literal["cross", "isolated"]] = {"cross": "cross", "isolated": "isolated"}
_ROLE = "role of the wallet that signs"
_DAY_MS = 86_400_000


# --- what the wallet may do -------------------------------------------------------------------------------------------


class _Rights(NamedTuple):
    trade: bool | None
    withdraw: bool | None
    words: str


def account_id(caller: Caller, stamp_ms: int) -> str:
    """Its address. The wallet that signs may be another, and be replaced."""
    return caller.account


def key_rights(caller: Caller, stamp_ms: int) -> RightsCall:
    """Whose the wallet is; then, of an agent of this account, until when it may sign."""
    request, signer = _ask_role(caller)

    def read(status: int, body: bytes) -> KeyRights:
        found = _rights(_role(status, body), signer, caller.account)
        trade = dict.fromkeys((Market.PERP, Market.SPOT), found.trade)
        return KeyRights(trade=trade, withdraw=found.withdraw, bound_to_ips=False, text=found.words)

    def next_call(status: int, body: bytes) -> RightsCall | None:
        rights = read(status, body)
        of_agent = rights.withdraw is False and rights.trade[Market.PERP] is True
        return _rights_until(caller, signer, rights, stamp_ms) if of_agent else None

    return RightsCall(request, read, _ROLE, next_call)


def _rights_until(caller: Caller, signer: str, rights: KeyRights, stamp_ms: int) -> RightsCall:
    """An agent without a name is not listed: then its end is not told."""
    what = "agents of the account"

    def read(status: int, body: bytes) -> KeyRights:
        listed = refusals.told(status, body, private_shapes.agents, what)
        until_ms = next((agent.valid_until for agent in listed if agent.address.lower() == signer), None)
        if until_ms is None:
            return rights
        days = max(0, until_ms - stamp_ms) // _DAY_MS
        return replace(rights, days_left=days, text=f"{rights.text}, ends in {days} days")

    return RightsCall(caller.ask("extraAgents", what, HEAVY), read, what)


def mode(caller: Caller, market: Market, stamp_ms: int) -> PrivateCall:
    """What the wallet that signs may do for the account; of perps also which wallet they pay from."""
    request, signer = _ask_role(caller)

    def told(role: Role, abstraction: str, t_ns: int) -> AccountMode:
        found = _rights(role, signer, caller.account)
        words = found.words
        if abstraction:
            words += f"; {(SHARED | _APART).get(abstraction) or f'unknown account mode {abstraction[:40]!r}'}"
        return AccountMode(
            venue=VENUE,
            market=market,
            position_mode="one_way" if market is Market.PERP else None,
            can_trade=found.trade,
            text=words,
            t_ns=t_ns,
        )

    def with_abstraction(role: Role) -> PrivateCall:
        return abstraction(caller, stamp_ms, lambda words, t_ns: (told(role, words, t_ns),), lambda words: None)

    def read(status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
        role = _role(status, body)  # of perps it is told with the next page
        caller.setups.hear_role(
            caller, signer, role, stamp_ms, trades=bool(_rights(role, signer, caller.account).trade)
        )
        return (told(role, "", t_ns),) if market is Market.SPOT else ()

    def next_page(status: int, body: bytes, stamp_ms: int) -> PrivateCall | None:
        return None if market is Market.SPOT else with_abstraction(_role(status, body))

    if (known := caller.setups.role(caller, signer, stamp_ms)) is None:
        return PrivateCall(request, read, _ROLE, next_page)
    if market is Market.SPOT:  # nothing is left to ask, and something has to be: the lightest question there is
        return spot_wallet(caller, lambda _, t_ns: (told(known, "", t_ns),))
    return with_abstraction(known)


def spot_wallet(caller: Caller, tell: Callable[[SpotState, int], Sequence[AccountEvent]]) -> PrivateCall:
    what = "spot balances"
    request = caller.ask("spotClearinghouseState", what, LIGHT)

    def read(status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
        return tell(refusals.told(status, body, private_shapes.spot_state, what), t_ns)

    return PrivateCall(request, read, what)


def _ask_role(caller: Caller) -> tuple[HttpRequest, str]:
    """The question, and the address that it is about. Raises VenueRefused where the private key is none."""
    try:
        signer = signing.wallet_of(caller.keys).address
    except ValueError as wrong:
        raise VenueRefused(f"{wrong}; nothing was asked", reason=RefusalReason.NOT_AUTHORISED) from None
    return caller.ask("userRole", _ROLE, ROLE, user=signer), signer


def _role(status: int, body: bytes) -> Role:
    return refusals.told(status, body, private_shapes.role, _ROLE)


def _rights(role: Role, signer: str, account: str) -> _Rights:
    match role.role:
        case "agent":
            owner = role.data.user.lower() if role.data is not None else ""
            if owner == account:
                return _Rights(True, False, "private_key is an agent's of this account: it may trade, not withdraw")
            return _Rights(False, False, f"private_key is an agent's of {_short(owner)}, address is {_short(account)}")
        case "user" if signer == account:
            return _Rights(True, True, "private_key is the account's own: it may withdraw; an agent's could not")
        case "user":
            return _Rights(False, None, f"private_key is account {_short(signer)}'s, address is {_short(account)}")
        case "missing":
            return _Rights(
                False,
                False,
                f"Hyperliquid does not know {_short(signer)}: approve it as agent, or another if it expired",
            )
        case other:
            return _Rights(None, None, f"private_key is that of a {other[:40]!r}, which is not known here")


def _short(address: str) -> str:
    return f"{address[:6]}..{address[-4:]}" if address else "nobody"


def abstraction(
    caller: Caller,
    stamp_ms: int,
    tell: Callable[[str, int], Sequence[AccountEvent]],
    next_call: Callable[[str], PrivateCall | None],
) -> PrivateCall:
    """The account's mode in the venue's word, and what is asked after that."""
    what = "account mode"
    request = caller.ask("userAbstraction", what, HEAVY)

    def words(status: int, body: bytes) -> str:
        return refusals.told(status, body, private_shapes.words, what)

    def read(status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
        caller.setups.hear_words(caller, words(status, body), stamp_ms)
        return tell(words(status, body), t_ns)

    def next_page(status: int, body: bytes, stamp_ms: int) -> PrivateCall | None:
        return next_call(words(status, body))

    return PrivateCall(request, read, what, next_page)


# --- leverage ---------------------------------------------------------------------------------------------------------


def leverage(caller: Caller, instrument: Instrument, stamp_ms: int) -> PrivateCall:
    """Raises ValueError for spot."""
    request = _ask_leverage(caller, instrument)

    def read(status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
        asset = _asset(instrument, status, body)
        return (
            LeverageRead(
                venue=VENUE,
                native=instrument.native,
                leverage=Decimal(asset.leverage.value),
                margin_mode=_MARGIN_MODES.get(asset.leverage.type),
                t_ns=t_ns,
            ),
        )

    return PrivateCall(request, read, request.purpose)


def set_one_way(caller: Caller, instrument: Instrument, stamp_ms: int) -> PrivateCall:
    """There is nothing to set."""
    return leverage(caller, instrument, stamp_ms)


def set_leverage(caller: Caller, instrument: Instrument, leverage: Decimal, stamp_ms: int) -> PrivateCall:
    """In the margin mode that the perpetual has, which is asked first, because both are set together.

    Raises ValueError for spot, and for what is no whole number.
    """
    if leverage != leverage.to_integral_value() or leverage < 1:
        raise ValueError(f"Hyperliquid's leverage is a whole number from 1 on, not {leverage}")
    request = _ask_leverage(caller, instrument)

    def read(status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
        _asset(instrument, status, body)
        return ()

    def next_page(status: int, body: bytes, stamp_ms: int) -> PrivateCall | None:
        kind = _asset(instrument, status, body).leverage.type
        if kind not in _MARGIN_MODES:
            raise ProtocolBroken("unknown_shape", f"Hyperliquid tells margin mode {kind[:40]!r} of {instrument.native}")
        return _update_leverage(caller, instrument, int(leverage), kind == "cross", stamp_ms)

    return PrivateCall(request, read, request.purpose, next_page)


def _update_leverage(
    caller: Caller, instrument: Instrument, leverage_: int, is_cross: bool, stamp_ms: int
) -> PrivateCall:
    what = f"leverage {leverage_} of {instrument.native}"
    action = {"type": "updateLeverage", "asset": asset_of(instrument), "isCross": is_cross, "leverage": leverage_}

    def read(status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
        said = refusals.done(status, body, what)
        if isinstance(said, refusals.Refusal):
            raise VenueRefused(said.sentence(what), reason=said.reason)
        if said.type != "default":
            raise refusals.open_outcome(what, f"an answer of type {said.type[:40]!r}")
        return ()

    def next_page(status: int, body: bytes, stamp_ms: int) -> PrivateCall:
        return leverage(caller, instrument, stamp_ms)

    return PrivateCall(caller.act(action, what, stamp_ms), read, what, next_page)


def _ask_leverage(caller: Caller, instrument: Instrument) -> HttpRequest:
    if instrument.market is not Market.PERP:
        raise ValueError(f"{instrument.native} is spot: it has no leverage")
    return caller.ask("activeAssetData", f"leverage of {instrument.native}", HEAVY, coin=instrument.native)


def _asset(instrument: Instrument, status: int, body: bytes) -> ActiveAsset:
    asset = refusals.told(status, body, private_shapes.active_asset, f"leverage of {instrument.native}")
    if asset.coin != instrument.native:
        raise ProtocolBroken("unknown_shape", f"Hyperliquid told the leverage of {asset.coin[:40]!r}", body[:200])
    return asset
