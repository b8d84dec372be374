"""Paper orders that take: what the book shows, at no better and no worse than it shows, and never twice."""

from __future__ import annotations

import pytest

from arbtui.core.orders import Accepted, Fill, OrderKind, OrderStatus, Side
from arbtui.execution.paper_book import FORGET_NS, Liquidity, queue_ahead
from arbtui.execution.paper_market import Depth
from tests.execution.paper.rig import ASKS, BIDS, LATENCY_MS, PERP, START_MS, D, Rig, fills, of, one, report, side


def test_a_taker_walks_the_shown_levels_up_to_its_limit_and_the_rest_is_canceled() -> None:
    rig = Rig()
    events = rig.do("buy", "4", "101")
    assert [type(event).__name__ for event in events[:3]] == ["Accepted", "Fill", "Fill"]
    assert fills(events) == [(D(100), D(1)), (D(101), D(2))]
    end = report(events)
    assert (end.status, end.filled, end.qty) == (OrderStatus.CANCELED, D(3), D(4))
    assert end.avg_price is not None
    assert round(end.avg_price, 6) == round(D(302) / 3, 6)


def test_a_sell_walks_the_bids() -> None:
    events = Rig().do("sell", "2", "98")
    assert fills(events) == [(D(99), D(1)), (D(98), D(1))]
    assert report(events).status is OrderStatus.FILLED


def test_a_market_order_takes_what_is_shown_and_no_more() -> None:
    events = Rig().do("sell", "7", kind=OrderKind.MARKET)
    assert fills(events) == [(D(99), D(1)), (D(98), D(2)), (D(97), D(3))]
    assert report(events).status is OrderStatus.CANCELED


def test_nothing_at_the_limit_fills_nothing() -> None:
    events = Rig().do("buy", "1", "99.9")
    assert fills(events) == []
    end = report(events)
    assert (end.status, end.filled, end.avg_price) == (OrderStatus.CANCELED, D(0), None)
    assert "no more at its limit" in end.status_text


def test_a_better_price_than_the_limit_is_had_where_it_is_shown() -> None:
    assert fills(Rig().do("buy", "1", "150")) == [(D(100), D(1))]


def test_without_a_book_only_the_best_prices_fill() -> None:
    rig = Rig()
    rig.book(BIDS[:1], ASKS[:1])
    assert fills(rig.do("buy", "3", "110")) == [(D(100), D(1))]


def test_a_later_order_sees_the_book_consumed() -> None:
    rig = Rig()
    rig.do("buy", "0.4", "100")
    assert fills(rig.do("buy", "2", "101")) == [(D(100), D("0.6")), (D(101), D("1.4"))]
    assert fills(rig.do("buy", "2", "101")) == [(D(101), D("0.6"))]
    assert fills(rig.do("buy", "2", "101")) == []


def test_what_one_side_took_is_there_for_the_other_side() -> None:
    rig = Rig()
    rig.do("buy", "1", "100")
    assert fills(rig.do("sell", "1", "99")) == [(D(99), D(1))]


def test_size_that_grows_is_fresh_and_the_rest_stays_taken() -> None:
    rig = Rig()
    rig.do("buy", "1", "100")
    rig.book(asks=side((100, "1.25"), (101, 2)))
    assert fills(rig.do("buy", "5", "100")) == [(D(100), D("0.25"))]


def test_a_level_that_shrank_and_grew_has_fresh_size() -> None:
    rig = Rig()
    rig.do("buy", "1", "100")
    rig.book(asks=side((100, "0.3"), (101, 2)))
    rig.run(1000)
    rig.book(asks=ASKS)
    assert fills(rig.do("buy", "5", "100")) == [(D(100), D("0.7"))]


def test_a_price_that_was_gone_comes_back_fresh() -> None:
    rig = Rig()
    rig.do("buy", "1", "100")
    rig.book(asks=ASKS[1:])
    rig.run(1000)
    rig.book(asks=ASKS)
    assert fills(rig.do("buy", "5", "100")) == [(D(100), D(1))]


def test_a_price_that_is_merely_out_of_sight_stays_taken() -> None:
    """Of best prices alone: a better ask hides the one that was taken."""
    rig = Rig()
    rig.book(BIDS[:1], ASKS[:1])
    rig.do("buy", "1", "100")
    rig.book(BIDS[:1], side(("99.5", 1)))
    rig.run(1000)
    rig.book(BIDS[:1], ASKS[:1])
    assert fills(rig.do("buy", "5", "100")) == []


def test_what_was_out_of_sight_for_a_minute_is_forgotten() -> None:
    rig = Rig()
    rig.book(BIDS[:1], ASKS[:1])
    rig.do("buy", "1", "100")
    rig.book(BIDS[:1], side(("99.5", 1)))
    rig.run(FORGET_NS // 1_000_000 + 1000)
    rig.book(BIDS[:1], ASKS[:1])
    assert fills(rig.do("buy", "5", "100")) == [(D(100), D(1))]


def test_a_book_that_stands_unchanged_stays_consumed_however_long() -> None:
    rig = Rig()
    rig.do("buy", "1", "100")
    rig.run(10 * 60_000)
    assert fills(rig.do("buy", "5", "100")) == []


def test_an_unbelieved_book_neither_frees_nor_forgets_what_was_taken() -> None:
    rig = Rig()
    rig.do("buy", "1", "100")
    rig.book(asks=(), why_not="stale")
    rig.run(5000)
    rig.book(asks=ASKS)
    assert fills(rig.do("buy", "5", "100")) == []


def test_fills_are_whole_lots_of_levels_that_are_not() -> None:
    rig = Rig()
    rig.book(asks=side((100, "0.0015"), (101, 2)))
    assert fills(rig.do("buy", "1", "101")) == [(D(100), D("0.001")), (D(101), D("0.999"))]


def test_an_order_meets_the_market_of_when_it_arrives() -> None:
    rig = Rig()
    rig.executor.place(rig.order("buy", "1", "101"))
    rig.run(LATENCY_MS - 1)
    assert of(rig.take(), Accepted) == []
    rig.book(asks=ASKS[1:])
    rig.run(1)
    events = rig.take()
    assert fills(events) == [(D(101), D(1))]
    assert one(events, Accepted).t_ns == (START_MS + LATENCY_MS) * 1_000_000


def test_orders_arrive_in_the_order_in_which_they_were_sent() -> None:
    rig = Rig()
    first, second = rig.order("buy", "1", "100"), rig.order("buy", "1", "100")
    rig.executor.place(first)
    rig.executor.place(second)
    rig.run(LATENCY_MS)
    assert [fill.client_id for fill in of(rig.take(), Fill)] == [first.client_id]


def test_ids_of_orders_and_fills_are_never_the_same() -> None:
    rig = Rig()
    events = [*rig.do("buy", "3", "101"), *rig.do("sell", "3", "98")]
    found = [fill.fill_id for fill in of(events, Fill)] + [event.order_id for event in of(events, Accepted)]
    assert len(set(found)) == len(found) == 6


@pytest.mark.parametrize(
    ("way", "price", "queue"),
    [
        ("buy", "99", 1), ("buy", "98.5", 0), ("buy", "97", 3), ("buy", "99.5", 0), ("buy", "96.9", None),
        ("sell", "100", 1), ("sell", "101.5", 0), ("sell", "102", 3), ("sell", "99.5", 0), ("sell", "102.1", None),
    ],
)  # fmt: skip
def test_the_queue_ahead_is_what_is_shown_at_the_price(way: str, price: str, queue: int | None) -> None:
    assert queue_ahead(Depth(BIDS, ASKS), Side(way), D(price)) == queue


def test_the_queue_of_an_empty_or_unbelieved_side_is_not_known() -> None:
    assert queue_ahead(Depth((), ASKS), Side.BUY, D(99)) is None
    assert queue_ahead(Depth(BIDS, ASKS, "stale"), Side.BUY, D(99)) is None


def test_other_legs_are_not_touched() -> None:
    left = Liquidity()
    left.take(PERP, Side.BUY, D(100), D(1), 0)
    assert list(left.left("okx.perp.X", Side.BUY, Depth(BIDS, ASKS))) == list(ASKS)
    assert list(left.left(PERP, Side.BUY, Depth(BIDS, ASKS))) == list(ASKS[1:])
