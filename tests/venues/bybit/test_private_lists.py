"""Lists of Bybit: open orders, what has ended, fills, funding; page by page, stretch by stretch."""

from __future__ import annotations

from collections.abc import Sequence
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
from tests.venues.bybit.samples import (
    KEYS,
    LISTED,
    ORDER_ID,
    OURS,
    PERP,
    PRIVATE,
    PROD,
    SPOT,
    STAMP_MS,
    USDC_PERP,
    WEEK_MS,
    after,
    execution_row,
    funding_row,
    further,
    order_row,
    read,
    rows,
    unfilled,
)

# --- lists ------------------------------------------------------------------------------------------------------------


def test_open_contracts_orders_are_asked_for_coin_by_coin_and_page_by_page() -> None:
    first = PRIVATE.open_orders(PROD, KEYS, Market.PERP, LISTED[Market.PERP], STAMP_MS)
    assert asked(first) == {"category": "linear", "openOnly": "0", "limit": "50", "settleCoin": "USDT"}
    second = further(first, rows(unfilled(), cursor="13%3A17%2C13%3A17"))
    assert second.request.url.endswith("&settleCoin=USDT&cursor=13%3A17%2C13%3A17")
    usdc = further(second, rows(unfilled(), cursor=""))
    assert asked(usdc)["settleCoin"] == "USDC"
    assert after(usdc, rows()) is None
    (report,) = read(first, rows(unfilled(orderLinkId="")))
    assert isinstance(report, OrderReport)
    assert (report.told, report.client_id, report.market) == ("open_orders", "", Market.PERP)


def test_open_spot_orders_come_at_once() -> None:
    call = PRIVATE.open_orders(PROD, KEYS, Market.SPOT, LISTED[Market.SPOT], STAMP_MS)
    assert asked(call) == {"category": "spot", "openOnly": "0", "limit": "50"}
    assert after(call, rows(category="spot")) is None


def test_an_empty_page_ends_a_list_whatever_its_cursor_and_a_page_cannot_lead_to_itself() -> None:
    call = PRIVATE.open_orders(PROD, KEYS, Market.SPOT, LISTED[Market.SPOT], STAMP_MS)
    assert after(call, rows(cursor="more", category="spot")) is None
    second = further(call, rows(unfilled(), cursor="more", category="spot"))
    with pytest.raises(ProtocolBroken):
        after(second, rows(unfilled(), cursor="more", category="spot"))


def test_a_cursor_that_could_add_to_the_query_is_encoded() -> None:
    call = PRIVATE.open_orders(PROD, KEYS, Market.SPOT, LISTED[Market.SPOT], STAMP_MS)
    page = further(call, rows(unfilled(), cursor="a&category=option#x", category="spot"))
    assert page.request.url.endswith("&cursor=a%26category=option%23x")


def test_the_history_begins_a_day_earlier_and_tells_what_ended_since() -> None:
    since_ms = 1_700_000_000_100
    call = PRIVATE.history(PROD, KEYS, PERP, since_ms, STAMP_MS + 1000)
    assert int(asked(call)["startTime"]) == since_ms - 86_400_000
    assert "endTime" not in asked(call)
    stamps = ("1700000000099", "1700000000100", "1700000000101", "")
    told = read(call, rows(*(order_row(updatedTime=stamp) for stamp in stamps)))
    assert [event.t_ms for event in told if isinstance(event, OrderReport)] == [1700000000100, 1700000000101, None]
    assert after(call, rows()) is None


def walked(call: PrivateCall) -> Sequence[dict[str, str]]:
    """The queries of ``call`` and of all that follows, where every page is empty."""
    found = []
    step: PrivateCall | None = call
    while step is not None:
        found.append(asked(step))
        step = after(step, rows())
    return found


@pytest.mark.parametrize("back_ms", [0, 1, WEEK_MS - 1, WEEK_MS, WEEK_MS + 1, 5 * WEEK_MS])
def test_fills_are_asked_for_week_by_week_without_a_gap_and_to_an_open_end(back_ms: int) -> None:
    windows = walked(PRIVATE.fills(PROD, KEYS, PERP, STAMP_MS - back_ms, STAMP_MS))
    assert int(windows[0]["startTime"]) == STAMP_MS - back_ms
    for earlier, later in pairwise(windows):
        assert earlier["endTime"] == later["startTime"]
        assert int(earlier["endTime"]) - int(earlier["startTime"]) <= WEEK_MS
    assert "endTime" not in windows[-1]
    assert STAMP_MS - int(windows[-1]["startTime"]) <= WEEK_MS


def test_nothing_is_asked_for_that_is_older_than_what_is_kept() -> None:
    (first, *_) = walked(PRIVATE.fills(PROD, KEYS, PERP, 0, STAMP_MS))
    assert STAMP_MS - int(first["startTime"]) < 730 * 86_400_000


def test_pages_of_a_week_keep_their_week() -> None:
    first = PRIVATE.fills(PROD, KEYS, PERP, STAMP_MS - 2 * WEEK_MS, STAMP_MS)
    second = further(first, rows(execution_row(), cursor="p2"))
    assert {**asked(first), "cursor": "p2"} == asked(second)
    assert asked(further(second, rows()))["startTime"] == asked(first)["endTime"]


def fill(instrument: Any = PERP, **changes: Any) -> Fill:
    call = PRIVATE.fills(PROD, KEYS, instrument, STAMP_MS - 1000, STAMP_MS)
    category = "spot" if instrument is SPOT else "linear"
    row = execution_row(**({"symbol": instrument.native} | changes))
    (event,) = read(call, rows(row, category=category))
    assert isinstance(event, Fill)
    return event


def test_a_fill_is_told_exactly() -> None:
    told = fill()
    assert (told.price, told.qty, told.side, told.fee, told.fee_ccy) == (
        Decimal(64000), Decimal("0.050"), Side.BUY, Decimal("1.76"), "USDT",
    )  # fmt: skip
    assert (told.fill_id, told.order_id, told.client_id) == ("0ab1bdf7-4219-438b-b30a-32ec863018f7", ORDER_ID, OURS)
    assert (told.maker, told.told, told.t_ms, told.origin) == (False, "fills", 1700000000103, "order")


@pytest.mark.parametrize(
    ("instrument", "changes", "ccy"),
    [
        (PERP, {}, "USDT"),
        (USDC_PERP, {}, "USDC"),
        (PERP, {"feeCurrency": "MNT"}, "MNT"),
        (SPOT, {}, "BTC"),
        (SPOT, {"side": "Sell"}, "USDT"),
        (SPOT, {"isMaker": True}, "BTC"),
        (SPOT, {"isMaker": True, "execFee": "-0.1"}, "USDT"),
        (SPOT, {"isMaker": True, "execFee": "-0.1", "side": "Sell"}, "BTC"),
        (SPOT, {"execFee": "-0.1"}, "BTC"),
    ],
)
def test_a_fee_is_in_the_coin_that_is_named_else_in_what_the_rule_says(
    instrument: Any, changes: dict[str, Any], ccy: str
) -> None:
    told = fill(instrument, **changes)
    assert (told.fee_ccy, told.fee) == (ccy, Decimal(changes.get("execFee", "1.76")))


def test_taxes_belong_to_the_fee_and_one_in_another_coin_leaves_it_unknown() -> None:
    tax = {"feeCoin": "USDT", "feeType": "GST", "subFeeType": "IND_GST", "feeRate": "0.0000675", "fee": "0.24"}
    assert fill(extraFees=[tax]).fee == Decimal("2.00")
    assert fill(extraFees=[]).fee == Decimal("1.76")
    other = fill(extraFees=[tax | {"feeCoin": "BTC"}])
    assert (other.fee, other.fee_ccy) == (None, "")


@pytest.mark.parametrize(
    ("exec_type", "origin"),
    [("Trade", "order"), ("AdlTrade", "adl"), ("BustTrade", "liquidation"), ("Delivery", "settlement"),
     ("CorporateAction", "settlement"), ("BlockTrade", "order")],
)  # fmt: skip
def test_fills_that_nobody_ordered_say_so(exec_type: str, origin: str) -> None:
    assert fill(execType=exec_type).origin == origin


def test_funding_stands_among_the_trades_and_is_no_fill() -> None:
    call = PRIVATE.fills(PROD, KEYS, PERP, STAMP_MS - 1000, STAMP_MS)
    told = read(call, rows(funding_row(), execution_row()))
    assert [type(event) for event in told] == [Fill]


@pytest.mark.parametrize(
    "changes",
    [{"execType": "Gift"}, {"execQty": "0"}, {"execQty": ""}, {"execPrice": ""}, {"execId": ""}, {"side": ""},
     {"symbol": "ETHUSDT"}],
)  # fmt: skip
def test_a_fill_that_cannot_be_read_spoils_the_list(changes: dict[str, Any]) -> None:
    with pytest.raises(ProtocolBroken):
        fill(**changes)


@pytest.mark.parametrize(("fee", "amount"), [("0.32", "-0.32"), ("-0.32", "0.32"), ("0", "0")])
def test_funding_that_was_paid_is_negative(fee: str, amount: str) -> None:
    call = PRIVATE.funding_paid(PROD, KEYS, LISTED[Market.PERP], STAMP_MS - 1000, STAMP_MS)
    assert asked(call)["execType"] == "Funding"
    (paid,) = read(call, rows(funding_row(execFee=fee)))
    assert isinstance(paid, FundingPaid)
    assert (str(paid.amount), paid.ccy, paid.payment_id, paid.native) == (amount, "USDT", "f-1", "BTCUSDT")


def test_funding_of_a_contract_nobody_knows_names_its_coin_or_is_not_told() -> None:
    call = PRIVATE.funding_paid(PROD, KEYS, {}, STAMP_MS - 1000, STAMP_MS)
    (paid,) = read(call, rows(funding_row(feeCurrency="USDC")))
    assert isinstance(paid, FundingPaid)
    assert paid.ccy == "USDC"
    for row in (funding_row(), execution_row(), funding_row(execTime="")):
        with pytest.raises(ProtocolBroken):
            read(call, rows(row))
