"""Lists of Bitget: open orders, what has ended, fills, funding; page by page, stretch by stretch."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from arbtui.core.errors import ProtocolBroken
from arbtui.core.model import Market
from arbtui.core.orders import (
    Fill,
    FundingPaid,
    OrderReport,
    Side,
)
from arbtui.venues.private import PrivateCall
from tests.venues.asking import asked
from tests.venues.bitget.samples import (
    DAY_MS,
    KEYS,
    LISTED,
    ORDER_ID,
    OURS,
    PERP,
    PRIVATE,
    PROD,
    SPOT,
    STAMP_MS,
    T_NS,
    after,
    fill_row,
    further,
    order_row,
    read,
    record_row,
    rows,
    said,
    unfilled,
)

# --- lists ------------------------------------------------------------------------------------------------------------


def test_open_contract_orders_are_asked_for_category_by_category_and_page_by_page() -> None:
    first = PRIVATE.open_orders(PROD, KEYS, Market.PERP, {}, STAMP_MS)
    assert asked(first) == {"category": "USDT-FUTURES", "limit": "100"}
    body = rows(unfilled(), unfilled(orderId="2", clientOid=None), cursor="77")
    assert [event.client_id for event in read(first, body) if isinstance(event, OrderReport)] == [OURS, ""]
    second = further(first, body)
    assert asked(second) == {"category": "USDT-FUTURES", "limit": "100", "cursor": "77"}
    usdc = further(second, rows(cursor="77"))
    assert asked(usdc) == {"category": "USDC-FUTURES", "limit": "100"}
    assert after(usdc, rows()) is None
    with pytest.raises(ProtocolBroken):
        read(usdc, rows(unfilled()))


def test_open_spot_orders_come_at_once_and_no_list_is_an_empty_one() -> None:
    call = PRIVATE.open_orders(PROD, KEYS, Market.SPOT, {}, STAMP_MS)
    assert asked(call)["category"] == "SPOT"
    assert read(call, said({"list": None, "cursor": None})) == []
    assert after(call, said({"list": None, "cursor": None})) is None


def test_only_an_empty_page_or_none_ends_a_list_and_a_page_cannot_lead_to_itself() -> None:
    call = PRIVATE.open_orders(PROD, KEYS, Market.SPOT, {}, STAMP_MS)
    row = unfilled(category="SPOT")
    second = further(call, rows(row, cursor="1"))
    assert after(call, rows(row, cursor=None)) is None
    with pytest.raises(ProtocolBroken, match="leads to itself"):
        after(second, rows(row, cursor="1"))


def test_the_history_begins_a_day_earlier_and_tells_what_ended_since() -> None:
    since_ms = STAMP_MS - 1000
    call = PRIVATE.history(PROD, KEYS, PERP, since_ms, STAMP_MS)
    start = {"startTime": str(since_ms - DAY_MS)}
    assert asked(call) == {"category": "USDT-FUTURES", "symbol": "BTCUSDT", "limit": "100"} | start
    old = order_row(orderId="2", updatedTime=str(since_ms - 1))
    other = order_row(orderId="3", symbol="ETHUSDT")
    at = order_row(orderId="4", updatedTime=str(since_ms))
    told = read(call, rows(order_row(), old, other, at))
    assert [event.order_id for event in told if isinstance(event, OrderReport)] == [ORDER_ID, "4"]


@pytest.mark.parametrize("back_ms", [1000, 30 * DAY_MS - 1, 30 * DAY_MS + 1, 89 * DAY_MS])
def test_fills_are_asked_for_month_by_month_without_a_gap_and_to_an_open_end(back_ms: int) -> None:
    call: PrivateCall | None = PRIVATE.fills(PROD, KEYS, PERP, STAMP_MS - back_ms, STAMP_MS)
    parts = []
    while call is not None:
        parts.append(asked(call))
        call = after(call, rows())
    assert int(parts[0]["startTime"]) == STAMP_MS - back_ms
    assert "endTime" not in parts[-1]
    assert all(one["endTime"] == two["startTime"] for one, two in pairwise(parts))
    assert all(int(part["endTime"]) - int(part["startTime"]) <= 30 * DAY_MS for part in parts[:-1])
    assert STAMP_MS - int(parts[-1]["startTime"]) <= 30 * DAY_MS


def test_nothing_is_asked_for_that_is_older_than_what_is_kept() -> None:
    assert int(asked(PRIVATE.fills(PROD, KEYS, PERP, 0, STAMP_MS))["startTime"]) > STAMP_MS - 90 * DAY_MS


# --- fills ------------------------------------------------------------------------------------------------------------


def one_fill(instrument: Any = PERP, **changes: Any) -> Fill:
    (fill,) = read(PRIVATE.fills(PROD, KEYS, instrument, STAMP_MS, STAMP_MS), rows(fill_row(**changes)))
    assert isinstance(fill, Fill)
    return fill


def test_a_fill_is_told_exactly() -> None:
    assert one_fill() == Fill(
        venue="bitget",
        market=Market.PERP,
        native="BTCUSDT",
        fill_id="131111111111111111",
        order_id=ORDER_ID,
        client_id=OURS,
        side=Side.BUY,
        price=Decimal(64000),
        qty=Decimal("0.050"),
        told="fills",
        t_ns=T_NS,
        t_ms=1_700_000_000_103,
        fee=Decimal("1.92"),
        fee_ccy="USDT",
        maker=False,
    )


def test_fills_of_other_symbols_of_the_category_are_left_out_and_of_other_categories_are_no_answer() -> None:
    call = PRIVATE.fills(PROD, KEYS, PERP, STAMP_MS, STAMP_MS)
    assert read(call, rows(fill_row(symbol="ETHUSDT"))) == []
    assert len(read(call, rows(fill_row(symbol="ETHUSDT"), fill_row(category="usdt-futures")))) == 1
    with pytest.raises(ProtocolBroken):
        read(call, rows(fill_row(category="SPOT")))


@pytest.mark.parametrize(
    ("instrument", "detail", "fee"),
    [
        (PERP, [{"feeCoin": "", "fee": "1.5"}], (Decimal("1.5"), "USDT")),
        (PERP, [{"feeCoin": "USDT", "fee": "1"}, {"feeCoin": "USDT", "fee": "2"}], (Decimal(3), "USDT")),
        (PERP, [{"feeCoin": "USDT", "fee": "1"}, {"feeCoin": "BGB", "fee": "2"}], (None, "")),
        (PERP, [{"feeCoin": "USDT", "fee": "-0.2"}], (Decimal("-0.2"), "USDT")),
        (PERP, [{"feeCoin": "USDT", "fee": ""}], (None, "")),
        (PERP, [], (None, "")),
        (PERP, None, (None, "")),
        (SPOT, [{"feeCoin": "BTC", "fee": "0.00005"}], (Decimal("0.00005"), "BTC")),
        (SPOT, [{"feeCoin": "BGB", "fee": 0.4}], (Decimal("0.4"), "BGB")),
        (SPOT, [{"fee": "0.00005"}], (None, "")),
    ],
)
def test_a_fee_is_what_is_named_and_otherwise_unknown(instrument: Any, detail: Any, fee: tuple[Any, str]) -> None:
    category = "SPOT" if instrument is SPOT else "USDT-FUTURES"
    told = one_fill(instrument, feeDetail=detail, category=category)
    assert (told.fee, told.fee_ccy) == fee


@pytest.mark.parametrize(
    ("changes", "maker", "origin"),
    [
        ({"tradeScope": "maker"}, True, "order"),
        ({"tradeScope": ""}, None, "order"),
        ({"tradeScope": None, "tradeSide": "burst_buy_single"}, None, "liquidation"),
        ({"tradeSide": "dte_sys_adl_close_long"}, False, "adl"),
        ({"tradeSide": "delivery_buy_single"}, False, "settlement"),
    ],
)
def test_fills_say_who_made_them(changes: dict[str, Any], maker: bool | None, origin: str) -> None:
    told = one_fill(**changes)
    assert (told.maker, told.origin) == (maker, origin)


@pytest.mark.parametrize(
    "changes", [{"execQty": "0"}, {"execQty": ""}, {"execPrice": "0"}, {"execId": ""}, {"side": ""}, {"feeDetail": "x"}]
)
def test_a_fill_that_cannot_be_read_spoils_the_list(changes: dict[str, Any]) -> None:
    with pytest.raises(ProtocolBroken):
        one_fill(**changes)


# --- funding ----------------------------------------------------------------------------------------------------------


def test_funding_is_asked_for_by_category_and_by_which_way_it_went() -> None:
    call: PrivateCall | None = PRIVATE.funding_paid(PROD, KEYS, LISTED[Market.PERP], STAMP_MS - 1000, STAMP_MS)
    parts = []
    while call is not None:
        parts.append((asked(call)["category"], asked(call)["type"]))
        call = after(call, rows())
    kinds = [f"{pot}_SETTLE_FEE_USER_{way}" for pot in ("CONTRACT_MAIN", "FIXED") for way in ("IN", "OUT")]
    assert parts == [(category, kind) for category in ("USDT-FUTURES", "USDC-FUTURES") for kind in kinds]


@pytest.mark.parametrize("amount", ["0.32", "-0.32"])
def test_what_was_paid_is_negative_whatever_sign_it_has(amount: str) -> None:
    first = PRIVATE.funding_paid(PROD, KEYS, {}, STAMP_MS, STAMP_MS)
    (got,) = read(first, rows(record_row(amount=amount), record_row(type="OPEN_LONG")))
    assert got == FundingPaid(
        venue="bitget",
        native="BTCUSDT",
        payment_id="f-1",
        amount=Decimal("0.32"),
        ccy="USDT",
        t_ms=1_700_000_000_110,
        t_ns=T_NS,
    )
    (paid,) = read(further(first, rows()), rows(record_row(amount=amount, type="CONTRACT_MAIN_SETTLE_FEE_USER_OUT")))
    assert isinstance(paid, FundingPaid)
    assert paid.amount == Decimal("-0.32")


@pytest.mark.parametrize("changes", [{"amount": ""}, {"ts": ""}, {"coin": ""}, {"symbol": None}, {"id": ""}])
def test_funding_that_cannot_be_read_spoils_the_list(changes: dict[str, Any]) -> None:
    with pytest.raises(ProtocolBroken):
        read(PRIVATE.funding_paid(PROD, KEYS, {}, STAMP_MS, STAMP_MS), rows(record_row(**changes)))
