"""What OKX knows of an account: positions, balances, mode, leverage, fees, funding paid.

Spot and swaps share one wallet, whose account mode decides what may be traded: ``acctLv`` 1 spot only, 2 spot and
futures, 3 multi-currency margin, 4 portfolio margin. Swaps need 2 or more. In 3 and 4 a spot order is a margin order
(``tdMode`` cross), which is not what is sent here.
Source: OKX API v5 docs, Trading Account; "OKX API Best Practices", Trade mode.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal, TypeVar

import msgspec

from arbtui.core.errors import ProtocolBroken
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import AccountEvent, AccountMode, FeeRates, LeverageRead
from arbtui.venues.amounts import signed_or_none
from arbtui.venues.okx import private_rows, private_shapes, refusals
from arbtui.venues.okx.calls import Caller, by_bill, period
from arbtui.venues.okx.instruments import INST_TYPE, VENUE
from arbtui.venues.okx.private_rows import Positions, ours, told
from arbtui.venues.okx.private_shapes import ConfigRow, FeeRow, LeverageRow
from arbtui.venues.okx.rows import SWAP_SUFFIX
from arbtui.venues.private import PrivateCall

_RowT = TypeVar("_RowT")

POSITIONS = "/api/v5/account/positions"
BALANCE = "/api/v5/account/balance"
CONFIG = "/api/v5/account/config"
LEVERAGE = "/api/v5/account/leverage-info"
FEES = "/api/v5/account/trade-fee"
BILLS = "/api/v5/account/bills"
BILLS_ARCHIVE = "/api/v5/account/bills-archive"

_DAY_MS = 86_400_000
_BILLS_KEPT_MS = 7 * _DAY_MS - 3_600_000
_FUNDING = "8"  # type of a bill

_LEVELS = {"1": "spot mode", "2": "futures mode", "3": "multi-currency margin", "4": "portfolio margin"}
_TRADES = {Market.SPOT: ("1", "2"), Market.PERP: ("2", "3", "4")}
_POSITION_MODE: dict[str, Literal["one_way", "hedge"]] = {"net_mode": "one_way", "long_short_mode": "hedge"}


def positions(caller: Caller, stamp_ms: int) -> PrivateCall:
    what = "positions"

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        rows = refusals.rows_of(status, answer, private_shapes.positions, what)
        return Positions().take(rows, "query", t_ns)

    return caller.read(POSITIONS, {"instType": INST_TYPE[Market.PERP]}, what, "positions", stamp_ms, read)


def balances(caller: Caller, market: Market, stamp_ms: int) -> PrivateCall:
    """Of the one wallet."""
    what = "balances"

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        return private_rows.balances(the_one(status, answer, private_shapes.balances, what), t_ns)

    return caller.read(BALANCE, {}, what, "balance", stamp_ms, read)


def mode(caller: Caller, market: Market, stamp_ms: int) -> PrivateCall:
    what = "account configuration"

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        return (_mode(the_one(status, answer, private_shapes.configs, what), market, t_ns),)

    return caller.read(CONFIG, {}, what, "config", stamp_ms, read)


def _mode(row: ConfigRow, market: Market, t_ns: int) -> AccountMode:
    """Position mode is one of swaps; spot has none."""
    level = _LEVELS.get(row.acct_lv)
    may = "trade" in row.perm.split(",")
    words = (
        f"{level or 'unknown account mode'} (acctLv {row.acct_lv[:20]}), {row.pos_mode[:40]}, key may {row.perm[:80]}"
    )
    can_trade: bool | None = may and row.acct_lv in _TRADES[market]
    if not may:
        words += "; give the key the right to trade"
    elif level is None:
        can_trade = None
    elif not can_trade:
        words += _REMEDY[market]
    return AccountMode(
        venue=VENUE,
        market=market,
        position_mode=_POSITION_MODE.get(row.pos_mode) if market is Market.PERP else None,
        can_trade=can_trade,
        text=words,
        t_ns=t_ns,
    )


_REMEDY = {
    Market.PERP: "; swaps need futures mode or above: change it on OKX's web site",
    Market.SPOT: "; in this mode spot orders are margin orders, which are not sent here: use futures mode",
}


def leverage(caller: Caller, instrument: Instrument, stamp_ms: int) -> PrivateCall:
    """Raises ``ValueError`` for spot."""
    if instrument.market is not Market.PERP:
        raise ValueError(f"{instrument.native} is spot: it has no leverage")
    what = f"leverage of {instrument.native}"

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        rows = refusals.rows_of(status, answer, private_shapes.leverages, what)
        return (_leverage(rows, instrument.native, t_ns),)

    query = {"instId": instrument.native, "mgnMode": "cross"}
    return caller.read(LEVERAGE, query, what, "leverage", stamp_ms, read)


def _leverage(rows: Sequence[LeverageRow], native: str, t_ns: int) -> LeverageRead:
    """Two-sided accounts tell one row a side; the lesser leverage binds more margin: reckon with that."""
    levers = [told(signed_or_none(row.lever), "leverage") for row in rows if row.inst_id == native]
    if not levers or len(levers) != len(rows) or min(levers) <= 0:
        raise ProtocolBroken("unknown_shape", f"OKX tells no leverage of {native}")
    modes = {row.mgn_mode for row in rows}
    known: dict[str, Literal["cross", "isolated"]] = {"cross": "cross", "isolated": "isolated"}
    margin_mode = known.get(modes.pop()) if len(modes) == 1 else None
    return LeverageRead(venue=VENUE, native=native, leverage=min(levers), margin_mode=margin_mode, t_ns=t_ns)


def fee_rates(caller: Caller, instrument: Instrument, stamp_ms: int) -> PrivateCall:
    what = f"fee rates of {instrument.native}"
    query = {"instType": INST_TYPE[instrument.market]}
    if instrument.market is Market.SPOT:
        query["instId"] = instrument.native
    else:
        query["instFamily"] = instrument.native.removesuffix(SWAP_SUFFIX)

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        row = the_one(status, answer, private_shapes.fees, what)
        maker, taker = _rates(row, instrument)
        return (
            FeeRates(
                venue=VENUE,
                market=instrument.market,
                native=instrument.native,
                maker=ours(told(maker, f"maker rate of {instrument.native}")),
                taker=ours(told(taker, f"taker rate of {instrument.native}")),
                t_ns=t_ns,
            ),
        )

    return caller.read(FEES, query, what, "trade-fee", stamp_ms, read)


def _rates(row: FeeRow, instrument: Instrument) -> tuple[Decimal | None, Decimal | None]:
    """(maker, taker), negative = paid. Since November 2025 the instrument's fee group decides.

    Without groups: spot has ``maker``/``taker``; of a swap those would be the rates of coin-margined ones, and the
    settle currency says which pair counts.
    """
    group_id = instrument.extra.get("groupId", "")
    for group in row.fee_group:
        if group_id and group.group_id == group_id:
            return signed_or_none(group.maker), signed_or_none(group.taker)
    if instrument.market is Market.SPOT:
        return signed_or_none(row.maker), signed_or_none(row.taker)
    if instrument.settle_ccy == "USDC":
        return signed_or_none(row.maker_usdc), signed_or_none(row.taker_usdc)
    return signed_or_none(row.maker_u), signed_or_none(row.taker_u)


def funding_paid(caller: Caller, instruments: Mapping[str, Instrument], since_ms: int, stamp_ms: int) -> PrivateCall:
    """Bills are kept for a week, in another list for three months."""
    late = stamp_ms - since_ms < _BILLS_KEPT_MS
    path, bucket = (BILLS, "bills") if late else (BILLS_ARCHIVE, "bills-archive")
    what = "funding payments"
    query = {"instType": INST_TYPE[Market.PERP], "type": _FUNDING, **period(since_ms, stamp_ms)}

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        rows = refusals.rows_of(status, answer, private_shapes.bills, what)
        if any(row.type != _FUNDING for row in rows):
            raise ProtocolBroken("unknown_shape", "OKX sent bills that are not of funding", answer[:200])
        return [private_rows.funding(row, t_ns) for row in rows]

    return caller.pages(path, query, what, bucket, stamp_ms, read, by_bill)


def the_one(status: int, answer: bytes, decoder: msgspec.json.Decoder[list[_RowT]], what: str) -> _RowT:
    rows = refusals.rows_of(status, answer, decoder, what)
    if len(rows) != 1:
        raise ProtocolBroken("unknown_shape", f"OKX {what}: one row was to come, not {len(rows)}", answer[:200])
    return rows[0]
