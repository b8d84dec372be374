"""Hyperliquid's private JSON, typed. Prices, sizes and money are strings; ids and times are numbers; what is not there
is absent or null. Source: Hyperliquid docs, "Exchange endpoint", "Info endpoint", "Websocket / Subscriptions".
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from arbtui.venues.wire import Millis, UpdateId

_Leverage = Annotated[int, msgspec.Meta(ge=1, le=1000)]
_Token = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]

# --- answers to actions -----------------------------------------------------------------------------------------------


class Answer(msgspec.Struct):
    """``response`` is a sentence where ``status`` is "err"."""

    status: str
    response: msgspec.Raw


class Statuses(msgspec.Struct):
    statuses: list[msgspec.Raw]


class Done(msgspec.Struct):
    type: str
    data: Statuses | None = None


class Resting(msgspec.Struct):
    oid: UpdateId
    cloid: str | None = None


class Filled(msgspec.Struct, rename="camel"):
    total_sz: str
    avg_px: str
    oid: UpdateId
    cloid: str | None = None


class Placed(msgspec.Struct):
    """One of the three."""

    resting: Resting | None = None
    filled: Filled | None = None
    error: str | None = None


class Failed(msgspec.Struct):
    error: str


answer = msgspec.json.Decoder(Answer)
words = msgspec.json.Decoder(str)
done = msgspec.json.Decoder(Done)
placed = msgspec.json.Decoder(Placed)
canceled = msgspec.json.Decoder(str | Failed)


# --- orders and fills -------------------------------------------------------------------------------------------------


class OrderRow(msgspec.Struct, rename="camel"):
    """``sz`` is what was left when the status changed last: fills since then are not in it."""

    coin: str
    side: str
    limit_px: str
    sz: str
    oid: UpdateId
    timestamp: Millis
    orig_sz: str
    cloid: str | None = None
    tif: str | None = None
    reduce_only: bool | None = None


class StatusRow(msgspec.Struct, rename="camel"):
    order: OrderRow
    status: str
    status_timestamp: Millis


class Found(msgspec.Struct):
    """``status`` "order", or "unknownOid" without one."""

    status: str
    order: StatusRow | None = None


class Liquidation(msgspec.Struct, rename="camel"):
    liquidated_user: str | None = None


class FillRow(msgspec.Struct, rename="camel"):
    coin: str
    side: str
    px: str
    sz: str
    time: Millis
    oid: UpdateId
    tid: UpdateId
    dir: str = ""
    crossed: bool | None = None
    fee: str | None = None
    fee_token: str = ""
    cloid: str | None = None
    liquidation: Liquidation | None = None


class UserFills(msgspec.Struct, rename="camel"):
    user: str
    fills: list[FillRow]
    is_snapshot: bool = False


found = msgspec.json.Decoder(Found)
open_rows = msgspec.json.Decoder(list[OrderRow])
status_rows = msgspec.json.Decoder(list[StatusRow])
fill_rows = msgspec.json.Decoder(list[FillRow])
user_fills = msgspec.json.Decoder(UserFills)


# --- money ------------------------------------------------------------------------------------------------------------


class Leverage(msgspec.Struct):
    type: str
    value: _Leverage


class PositionRow(msgspec.Struct, rename="camel"):
    coin: str
    szi: str
    entry_px: str | None = None
    liquidation_px: str | None = None
    margin_used: str | None = None
    unrealized_pnl: str | None = None
    leverage: Leverage | None = None


class AssetPosition(msgspec.Struct):
    position: PositionRow
    type: str = ""


class MarginSummary(msgspec.Struct, rename="camel"):
    account_value: str
    total_margin_used: str


class ClearinghouseState(msgspec.Struct, rename="camel"):
    margin_summary: MarginSummary
    asset_positions: list[AssetPosition]
    time: Millis
    cross_margin_summary: MarginSummary | None = None


class UserState(msgspec.Struct, rename="camel"):
    user: str
    clearinghouse_state: ClearinghouseState
    dex: str = ""


class SpotBalance(msgspec.Struct):
    coin: str
    token: _Token
    total: str
    hold: str


class SpotState(msgspec.Struct):
    balances: list[SpotBalance]


class UserSpotState(msgspec.Struct, rename="camel"):
    user: str
    spot_state: SpotState


class UserFees(msgspec.Struct, rename="camel"):
    user_cross_rate: str
    user_add_rate: str
    user_spot_cross_rate: str
    user_spot_add_rate: str


class ActiveAsset(msgspec.Struct):
    coin: str
    leverage: Leverage


class Owner(msgspec.Struct):
    user: str = ""


class Role(msgspec.Struct):
    role: str
    data: Owner | None = None


class Agent(msgspec.Struct, rename="camel"):
    """A wallet that may sign for an account, until a time in ms."""

    address: str
    valid_until: Millis


class FundingDelta(msgspec.Struct):
    coin: str
    usdc: str
    type: str = ""


class FundingRow(msgspec.Struct):
    time: Millis
    delta: FundingDelta


class PushedFunding(msgspec.Struct):
    time: Millis
    coin: str
    usdc: str


class UserFundings(msgspec.Struct, rename="camel"):
    user: str
    fundings: list[PushedFunding]
    is_snapshot: bool = False


clearinghouse = msgspec.json.Decoder(ClearinghouseState)
user_state = msgspec.json.Decoder(UserState)
spot_state = msgspec.json.Decoder(SpotState)
user_spot_state = msgspec.json.Decoder(UserSpotState)
user_fees = msgspec.json.Decoder(UserFees)
active_asset = msgspec.json.Decoder(ActiveAsset)
role = msgspec.json.Decoder(Role)
agents = msgspec.json.Decoder(list[Agent])
fundings = msgspec.json.Decoder(list[FundingRow])
user_fundings = msgspec.json.Decoder(UserFundings)


# --- the socket -------------------------------------------------------------------------------------------------------


class Subscription(msgspec.Struct):
    type: str = ""
    user: str = ""


class Ack(msgspec.Struct):
    method: str
    subscription: Subscription


ack = msgspec.json.Decoder(Ack)
