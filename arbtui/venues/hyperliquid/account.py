"""What Hyperliquid knows of an account: positions, balances, fees, funding paid.

Perps and spot have a wallet each, unless the account is unified: then perps pay from the spot wallet, and what the perp
wallet says of itself is nothing to reckon with. Rates are those of the account before a referral's discount.
Source: Hyperliquid docs, "Info endpoint" (perpetuals, spot), "Account abstraction modes", "Fees".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from arbtui.core.errors import ProtocolBroken
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import AccountEvent, Balance, FeeRates
from arbtui.venues.amounts import amount, signed
from arbtui.venues.base import HttpRequest
from arbtui.venues.hyperliquid import private_rows, private_shapes, refusals, rights
from arbtui.venues.hyperliquid.calls import FUNDING_PAGE, HEAVY, LIGHT, LIST, Caller, TimedList
from arbtui.venues.hyperliquid.decimals import exact_sum
from arbtui.venues.hyperliquid.names import VENUE, market_of
from arbtui.venues.hyperliquid.private_rows import COLLATERAL, WALLETS
from arbtui.venues.hyperliquid.private_shapes import ClearinghouseState, SpotState
from arbtui.venues.hyperliquid.rights import spot_wallet
from arbtui.venues.private import PrivateCall

# --- positions and balances -------------------------------------------------------------------------------------------


def positions(caller: Caller, stamp_ms: int) -> PrivateCall:
    """Of the main exchange."""
    what = "positions"
    request = caller.ask("clearinghouseState", what, LIGHT)

    def read(status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
        state = refusals.told(status, body, private_shapes.clearinghouse, what)
        rows = (row.position for row in state.asset_positions)
        return [
            private_rows.position(row, "query", t_ns, state.time) for row in rows if market_of(row.coin) is Market.PERP
        ]

    return PrivateCall(request, read, what)


def balances(caller: Caller, market: Market, stamp_ms: int) -> PrivateCall:
    """Spot in one answer; of perps it is asked first which wallet they pay from."""
    if market is Market.SPOT:
        return spot_wallet(caller, _spot_balances)

    def next_call(words: str) -> PrivateCall:
        return spot_wallet(caller, _perps_share) if words in rights.SHARED else _perp_wallet(caller)

    if (known := caller.setups.words(caller, stamp_ms)) is not None:
        return next_call(known)
    return rights.abstraction(caller, stamp_ms, lambda words, t_ns: (), next_call)


def _perp_wallet(caller: Caller) -> PrivateCall:
    what = "perp balance"
    request = caller.ask("clearinghouseState", what, LIGHT)

    def read(status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
        return (perp_balance(refusals.told(status, body, private_shapes.clearinghouse, what), t_ns),)

    return PrivateCall(request, read, what)


def perp_balance(state: ClearinghouseState, t_ns: int) -> Balance:
    """``total`` without open profit; open profit of crossed positions is free to be used."""
    profits = [signed(row.position.unrealized_pnl) for row in state.asset_positions]
    value = signed(state.margin_summary.account_value)
    cross = state.cross_margin_summary
    free = None if cross is None else signed(cross.account_value) - signed(cross.total_margin_used)
    return Balance(
        venue=VENUE,
        wallet=WALLETS[Market.PERP],
        asset=COLLATERAL,
        total=exact_sum([value, *(-profit for profit in profits)]),
        free=None if free is None else max(free, Decimal(0)),
        t_ns=t_ns,
        t_ms=state.time,
    )


def _spot_balances(state: SpotState, t_ns: int) -> Sequence[AccountEvent]:
    return [private_rows.spot_balance(row, t_ns) for row in state.balances]


def _perps_share(state: SpotState, t_ns: int) -> Sequence[AccountEvent]:
    """Perps keep nothing of their own, and may use what the spot wallet has of the collateral: counted there once."""
    free = [private_rows.spot_balance(row, t_ns).free for row in state.balances if row.coin == COLLATERAL]
    return (
        Balance(
            venue=VENUE,
            wallet=WALLETS[Market.PERP],
            asset=COLLATERAL,
            total=Decimal(0),
            free=free[0] if free else Decimal(0),
            t_ns=t_ns,
        ),
    )


# --- what it pays -----------------------------------------------------------------------------------------------------


def fee_rates(caller: Caller, instrument: Instrument, stamp_ms: int) -> PrivateCall:
    """One rate for all perps, and one for all of spot."""
    what = "fee rates"
    request = caller.ask("userFees", what, HEAVY)

    def read(status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
        told = refusals.told(status, body, private_shapes.user_fees, what)
        perp = instrument.market is Market.PERP
        return (
            FeeRates(
                venue=VENUE,
                market=instrument.market,
                native=instrument.native,
                maker=signed(told.user_add_rate if perp else told.user_spot_add_rate),
                taker=amount(told.user_cross_rate if perp else told.user_spot_cross_rate),
                t_ns=t_ns,
            ),
        )

    return PrivateCall(request, read, what)


def funding_paid(caller: Caller, instruments: Mapping[str, Instrument], since_ms: int, stamp_ms: int) -> PrivateCall:
    """Of the perps of the main exchange."""
    what = "funding payments"

    def read(status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
        rows = refusals.told(status, body, private_shapes.fundings, what)
        if any(row.delta.type not in ("", "funding") for row in rows):
            raise ProtocolBroken("unknown_shape", "Hyperliquid sent payments that are not of funding", body[:200])
        return [
            private_rows.funding(row.delta.coin, row.delta.usdc, row.time, t_ns)
            for row in rows
            if market_of(row.delta.coin) is Market.PERP
        ]

    def ask(span: dict[str, int]) -> HttpRequest:
        return caller.ask("userFunding", what, LIST, **span)

    return TimedList(ask, read, FUNDING_PAGE).since(since_ms)
