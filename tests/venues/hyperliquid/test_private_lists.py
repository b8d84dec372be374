"""Lists of Hyperliquid: open and past orders, and fills, page after page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbtui.core.errors import ProtocolBroken
from arbtui.core.model import Market
from arbtui.core.orders import Fill, OrderReport, OrderStatus, Side
from arbtui.venues.base import HttpRequest
from arbtui.venues.hyperliquid.calls import FILLS_PAGE, TimedList
from tests.venues.hyperliquid.samples import (
    ID,
    KEYS,
    OID,
    OTHER,
    PERP,
    PRIVATE,
    PROD,
    SPOT,
    STAMP_MS,
    T_NS,
    USER,
    after,
    asked,
    fill_row,
    is_last,
    order_row,
    read,
    status_row,
)
from tests.venues.hyperliquid_frames import wire


def test_open_orders_are_those_of_one_market_ours_and_others() -> None:
    rows = [
        order_row(),
        order_row(oid=2, cloid=None, coin="ETH", side="A"),
        order_row(oid=3, cloid="0x" + "1" * 32),
        order_row(oid=4, coin="@107"),
        order_row(oid=5, coin="xyz:TSLA"),
        order_row(oid=6, coin="#14880"),
    ]
    told = read(PRIVATE.open_orders(PROD, KEYS, Market.PERP, {}, STAMP_MS), wire(rows))
    assert [(r.order_id, r.client_id, r.side, r.native) for r in told if isinstance(r, OrderReport)] == [
        (str(OID), ID, Side.BUY, "BTC"),
        ("2", "", Side.SELL, "ETH"),
        ("3", "", Side.BUY, "BTC"),
    ]
    assert all(isinstance(r, OrderReport) and (r.status, r.filled) == (OrderStatus.OPEN, None) for r in told)
    (spot,) = read(PRIVATE.open_orders(PROD, KEYS, Market.SPOT, {}, STAMP_MS), wire(rows))
    assert isinstance(spot, OrderReport)
    assert (spot.market, spot.native) == (Market.SPOT, "@107")


def test_a_stop_for_the_whole_position_has_no_size_of_its_own() -> None:
    row = order_row(origSz="0.0", sz="0.0", isPositionTpsl=True, cloid=None, orderType="Stop Market")
    (told,) = read(PRIVATE.open_orders(PROD, KEYS, Market.PERP, {}, STAMP_MS), wire([row]))
    assert isinstance(told, OrderReport)
    assert (told.status, told.qty, told.filled) == (OrderStatus.OPEN, None, None)
    rows = wire([status_row("filled", origSz="0.0", sz="0.0", tif=None)])
    (told,) = read(PRIVATE.history(PROD, KEYS, PERP, 0, STAMP_MS), rows)
    assert isinstance(told, OrderReport)
    assert (told.status, told.filled) == (OrderStatus.CANCELED, None)


def test_history_tells_what_happened_since_on_one_instrument() -> None:
    rows = [status_row("canceled"), status_row("open"), status_row("canceled", coin="ETH"), status_row("filled", oid=9)]
    rows.append(status_row("canceled", oid=8) | {"statusTimestamp": STAMP_MS - 1})
    told = read(PRIVATE.history(PROD, KEYS, PERP, STAMP_MS, STAMP_MS), wire(rows))
    assert [(r.status, r.filled) for r in told if isinstance(r, OrderReport)] == [
        (OrderStatus.CANCELED, None),
        (OrderStatus.OPEN, None),
        (OrderStatus.FILLED, Decimal("0.125")),
    ]


def test_a_history_that_does_not_reach_back_far_enough_is_none() -> None:
    rows = wire([status_row("canceled", oid=n) for n in range(2000)])
    with pytest.raises(ProtocolBroken, match="later than asked for"):
        read(PRIVATE.history(PROD, KEYS, PERP, STAMP_MS, STAMP_MS), rows)
    assert len(read(PRIVATE.history(PROD, KEYS, PERP, STAMP_MS + 40, STAMP_MS), rows)) == 2000


def test_fills_of_an_instrument_are_told_with_their_fees() -> None:
    rows = [fill_row(), fill_row(tid=2, side="A", crossed=False, fee="-0.1", cloid=None), fill_row(tid=3, coin="ETH")]
    one, other = read(PRIVATE.fills(PROD, KEYS, PERP, STAMP_MS, STAMP_MS), wire(rows))
    assert isinstance(one, Fill)
    assert isinstance(other, Fill)
    assert (one.fill_id, one.order_id, one.client_id) == ("567547935839686", str(OID), ID)
    assert (one.side, one.price, one.qty, one.fee, one.fee_ccy, one.maker) == (
        Side.BUY,
        Decimal("67249.5"),
        Decimal("0.05"),
        Decimal("1.513113"),
        "USDC",
        False,
    )
    assert (other.side, other.fee, other.maker, other.client_id) == (Side.SELL, Decimal("-0.1"), True, "")


def test_spot_fees_in_a_bridged_coin_are_in_that_coin_and_not_in_a_namesake() -> None:
    rows = [fill_row(coin="@107", feeToken="HYPE"), fill_row(coin="@107", feeToken="UBTC")]
    rows.append(fill_row(coin="@107", feeToken="BTC"))
    told = read(PRIVATE.fills(PROD, KEYS, SPOT, STAMP_MS, STAMP_MS), wire(rows))
    assert [fill.fee_ccy for fill in told if isinstance(fill, Fill)] == ["HYPE", "BTC", "BTC#"]


@pytest.mark.parametrize(
    ("changes", "origin"),
    [
        (
            {"liquidation": {"liquidatedUser": USER.upper().replace("X", "x"), "markPx": "1", "method": "market"}},
            "liquidation",
        ),
        ({"liquidation": {"liquidatedUser": OTHER, "markPx": "1", "method": "market"}}, "order"),
        ({"dir": "Liquidated Cross Long"}, "liquidation"),
        ({"dir": "Liquidated Isolated Short"}, "liquidation"),
        ({"dir": "Auto-Deleveraging"}, "adl"),
        ({"dir": "Settlement"}, "settlement"),
        ({"dir": "Long > Short"}, "order"),
    ],
)
def test_what_the_venue_traded_itself_is_told_apart(changes: dict[str, Any], origin: str) -> None:
    (told,) = read(PRIVATE.fills(PROD, KEYS, PERP, 0, STAMP_MS), wire([fill_row(**changes)]))
    assert isinstance(told, Fill)
    assert told.origin == origin


def all_fills(rows: list[dict[str, Any]], since_ms: int, *, newest: bool) -> tuple[list[str], int]:
    """Ids of all fills that are found, page by page, of a venue that cuts at either end; and how many pages it took."""
    call = PRIVATE.fills(PROD, KEYS, PERP, since_ms, STAMP_MS)
    ids: dict[str, None] = {}
    for pages in range(1, 60):
        span = asked(call.request)
        there = [row for row in rows if span["startTime"] <= row["time"] <= span.get("endTime", 1 << 60)]
        page = wire(there[-FILLS_PAGE:] if newest else there[:FILLS_PAGE])
        ids |= dict.fromkeys(fill.fill_id for fill in read(call, page) if isinstance(fill, Fill))
        if is_last(call, page):
            return list(ids), pages
        call = after(call, page)
    raise AssertionError("pages without end")


@pytest.mark.parametrize("newest", [True, False])
@pytest.mark.parametrize("many", [0, 1, FILLS_PAGE - 1, FILLS_PAGE, FILLS_PAGE + 1, 3 * FILLS_PAGE])
def test_all_fills_are_found_whichever_end_a_page_is_cut_at(newest: bool, many: int) -> None:
    rows = [fill_row(tid=n, time=STAMP_MS + n // 3) for n in range(many)]
    ids, pages = all_fills(rows, STAMP_MS, newest=newest)
    assert sorted(map(int, ids)) == list(range(many))
    assert pages <= 1 + 2 * (many // FILLS_PAGE + 1)


def test_a_page_that_is_full_of_one_moment_is_refused() -> None:
    rows = [fill_row(tid=n, time=STAMP_MS) for n in range(FILLS_PAGE)]
    with pytest.raises(ProtocolBroken, match="maybe not all"):
        all_fills(rows, STAMP_MS, newest=True)


def found_in_pages(times: list[int], page: int, *, newest: bool) -> list[int]:
    """Rows (by place) of a list that is cut at ``page`` rows, at either end."""

    def ask(span: dict[str, int]) -> HttpRequest:
        return HttpRequest("POST", "https://x/info", "rows", body=wire(span))

    seen: dict[int, None] = {}
    call = TimedList(ask, lambda status, body, t_ns: (), page).since(0)
    for _ in range(10 + 4 * len(times)):
        span = asked(call.request)
        there = [(at, n) for n, at in enumerate(times) if span["startTime"] <= at <= span.get("endTime", 1 << 60)]
        rows = sorted(there)[-page:] if newest else sorted(there)[:page]
        body = wire([{"time": at} for at, _ in rows])
        call.read(200, body, T_NS)
        seen |= dict.fromkeys(n for _, n in rows)
        if is_last(call, body):
            return sorted(seen)
        call = after(call, body)
    raise AssertionError("pages without end")


@settings(max_examples=150, deadline=None)
@given(times=st.lists(st.integers(0, 40), max_size=60), page=st.integers(2, 12), newest=st.booleans())
def test_no_row_is_lost_between_pages_unless_one_moment_is_more_than_a_page(
    times: list[int], page: int, newest: bool
) -> None:
    try:
        found = found_in_pages(times, page, newest=newest)
    except ProtocolBroken:
        assert max(times.count(at) for at in times) >= page
    else:
        assert found == list(range(len(times)))
