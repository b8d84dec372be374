"""Paper orders that rest: filled by public trades beyond the queue ahead, at their own price, and by nothing else."""

from __future__ import annotations

import pytest

from arbtui.core.errors import RefusalReason
from arbtui.core.model import TradingStatus
from arbtui.core.orders import CancelRefused, CancelTaken, Fill, OrderKind, OrderReport, OrderStatus, Rejected
from tests.execution.paper.rig import (
    LATENCY_MS,
    PERP,
    SPOT,
    D,
    Rig,
    fills,
    instrument,
    of,
    one,
    report,
    side,
)


def test_volume_at_the_price_fills_only_what_exceeds_the_queue() -> None:
    rig = Rig()
    rig.rest("buy", "2", "98")  # two stand there already
    assert fills(rig.trade("98", "1.5")) == []
    assert fills(rig.trade("98", "0.5")) == []
    events = rig.trade("98", "0.7")
    assert fills(events) == [(D(98), D("0.7"))]
    assert (report(events).status, report(events).filled) == (OrderStatus.OPEN, D("0.7"))
    events = rig.trade("98", "9")
    assert fills(events) == [(D(98), D("1.3"))]
    assert report(events).status is OrderStatus.FILLED
    assert one(events, Fill).maker


def test_volume_through_the_price_counts_and_fills_at_the_orders_own_price() -> None:
    rig = Rig()
    rig.rest("sell", "1", "101")
    assert fills(rig.trade("103", "2", "buy")) == []
    assert fills(rig.trade("104", "0.5", "buy")) == [(D(101), D("0.5"))]


def test_inside_the_spread_there_is_no_queue() -> None:
    rig = Rig()
    rig.rest("buy", "1", "99.5")
    assert fills(rig.trade("99.5", "0.3")) == [(D("99.5"), D("0.3"))]


def test_takers_of_the_same_side_and_other_prices_do_not_count() -> None:
    rig = Rig()
    rig.rest("buy", "1", "99.5")
    assert fills(rig.trade("99.5", "5", "buy")) == []
    assert fills(rig.trade("99.6", "5", "sell")) == []
    assert fills(rig.trade("99.5", "5", "sell", leg=SPOT)) == []


def test_a_book_that_crosses_the_order_does_not_fill_it() -> None:
    rig = Rig()
    rig.rest("buy", "1", "99.5")
    rig.book(side((90, 1)), side((91, 5)))
    rig.run(5000)
    assert fills(rig.take()) == []


def test_the_queue_does_not_shrink_when_the_book_does() -> None:
    rig = Rig()
    rig.rest("buy", "1", "98")
    rig.book(side((99, 1), (98, "0.1")))
    rig.run(1000)
    assert fills(rig.trade("98", "1.9")) == []
    assert fills(rig.trade("98", "0.2")) == [(D(98), D("0.1"))]


def test_a_trade_that_is_told_again_counts_once() -> None:
    rig = Rig()
    rig.rest("buy", "1", "99.5")
    assert fills(rig.trade("99.5", "0.3", trade_id="7")) != []
    assert fills(rig.trade("99.5", "0.3", trade_id="7")) == []


def test_the_past_that_is_told_on_subscribing_does_not_count() -> None:
    rig = Rig()
    rig.rest("buy", "1", "99.5")
    assert fills(rig.trade("99.5", "5", past=True)) == []


def test_a_trade_that_the_book_shows_already_does_not_count() -> None:
    rig = Rig()
    rig.book(exchange_ms=1000)
    rig.rest("buy", "1", "99.5")
    assert fills(rig.trade("99.5", "5", exchange_ms=1000)) == []
    assert fills(rig.trade("99.5", "0.5", exchange_ms=1001)) != []


def test_until_trades_stream_the_order_fills_nothing_and_says_so() -> None:
    rig = Rig()
    rig.market.live.clear()
    events = rig.send(rig.order("buy", "1", "99.5", kind=OrderKind.POST_ONLY))
    assert "until public trades stream" in report(events).status_text
    assert fills(rig.trade("99.5", "5")) == []
    rig.market.live.add(PERP)
    rig.run(500)
    assert report(rig.take()).status_text == "open"
    assert fills(rig.trade("99.5", "0.5")) == [(D("99.5"), D("0.5"))]
    rig.market.live.clear()
    rig.run(500)
    assert "until public trades stream" in report(rig.take()).status_text
    assert fills(rig.trade("99.5", "5")) == []


def test_trades_are_wanted_from_when_a_maker_order_is_sent_until_it_ends() -> None:
    rig = Rig()
    order = rig.order("buy", "1", "99.5", kind=OrderKind.POST_ONLY)
    rig.executor.place(order)
    assert rig.wanted == [{PERP}]
    rig.run(LATENCY_MS)
    rig.executor.cancel(order)
    rig.run(LATENCY_MS)
    assert rig.wanted == [{PERP}, set()]
    assert rig.executor.wanted == set()
    rig.do("buy", "1", "100")
    assert len(rig.wanted) == 2


def test_of_one_trade_a_better_and_then_an_older_order_gets_its_part_first() -> None:
    rig = Rig()
    older, better = rig.rest("buy", "1", "99.4"), None
    younger = rig.rest("buy", "1", "99.4")
    better = rig.rest("buy", "1", "99.5")
    events = rig.trade("99.4", "2.5")
    got = {fill.client_id: fill.qty for fill in of(events, Fill)}
    assert got == {better.client_id: D(1), older.client_id: D(1), younger.client_id: D("0.5")}


def test_two_orders_behind_one_queue_wait_for_it_once_and_for_each_other() -> None:
    rig = Rig()
    first, second = rig.rest("buy", "1", "98"), rig.rest("buy", "1", "98")
    assert fills(rig.trade("98", "2")) == []
    assert [fill.client_id for fill in of(rig.trade("98", "1"), Fill)] == [first.client_id]
    assert [fill.client_id for fill in of(rig.trade("98", "1"), Fill)] == [second.client_id]


def test_a_queue_out_of_sight_is_read_when_the_price_comes_into_sight() -> None:
    rig = Rig()
    rig.rest("buy", "1", "96")
    assert fills(rig.trade("96", "50")) == []  # nobody knows how many stood before it
    rig.book(side((97, 1), (96, 4)))
    rig.run(500)
    assert fills(rig.trade("96", "4")) == []
    assert fills(rig.trade("96", "0.5")) == [(D(96), D("0.5"))]


def test_a_price_that_was_traded_through_has_no_queue_any_more() -> None:
    rig = Rig()
    rig.rest("buy", "1", "96")
    assert fills(rig.trade("95.9", "50")) == []
    assert fills(rig.trade("96", "0.5")) == [(D(96), D("0.5"))]


@pytest.mark.parametrize(("way", "price"), [("buy", "100"), ("buy", "105"), ("sell", "99"), ("sell", "90")])
def test_a_post_only_order_that_would_take_is_refused(way: str, price: str) -> None:
    refused = one(Rig().do(way, "1", price, kind=OrderKind.POST_ONLY), Rejected)
    assert refused.reason is RefusalReason.WOULD_TAKE
    assert "would take" in refused.text


def test_what_paper_has_consumed_still_stands_in_the_way_of_a_post_only_order() -> None:
    rig = Rig()
    rig.do("buy", "1", "100")
    assert one(rig.do("buy", "1", "100", kind=OrderKind.POST_ONLY), Rejected).reason is RefusalReason.WOULD_TAKE


def test_canceling_is_taken_and_then_reported() -> None:
    rig = Rig()
    order = rig.rest("buy", "1", "99.5")
    rig.trade("99.5", "0.25")
    rig.executor.cancel(order)
    rig.run(LATENCY_MS)
    events = rig.take()
    assert isinstance(events[0], CancelTaken)
    assert (report(events).status, report(events).filled) == (OrderStatus.CANCELED, D("0.25"))
    assert fills(rig.trade("99.5", "5")) == []


def test_a_fill_may_come_before_the_cancel_arrives() -> None:
    rig = Rig()
    order = rig.rest("buy", "1", "99.5")
    rig.executor.cancel(order)
    assert fills(rig.trade("99.5", "5")) == [(D("99.5"), D(1))]
    rig.run(LATENCY_MS)
    refused = one(rig.take(), CancelRefused)
    assert refused.reason is RefusalReason.UNKNOWN_ORDER
    assert "filled already" in refused.text


def test_canceling_what_never_was_is_refused() -> None:
    rig = Rig()
    rig.executor.cancel(rig.order("buy", "1", "99"))
    rig.run(LATENCY_MS)
    assert one(rig.take(), CancelRefused).reason is RefusalReason.UNKNOWN_ORDER


def test_an_order_ends_when_its_instrument_is_not_listed_any_more() -> None:
    rig = Rig()
    rig.rest("buy", "1", "99.5")
    del rig.market.instruments[PERP]
    rig.run(500)
    end = one(rig.take(), OrderReport)
    assert (end.status, end.reason) == (OrderStatus.CANCELED, RefusalReason.NOT_TRADING)


def test_a_reduce_only_order_fills_no_more_than_there_is_to_reduce_and_ends_when_nothing_is() -> None:
    rig = Rig()
    rig.do("buy", "1", "100")
    first = rig.rest("sell", "1", "99.5", reduce_only=True)
    second = rig.rest("sell", "1", "99.6", reduce_only=True)
    rig.do("sell", "0.6", "99")
    events = rig.trade("99.5", "5", "buy")
    assert fills(events) == [(D("99.5"), D("0.4"))]
    rig.run(500)
    ended = {end.client_id: end for end in of(rig.take(), OrderReport)}
    assert {end.reason for end in ended.values()} == {RefusalReason.REDUCE_ONLY}
    assert set(ended) == {first.client_id, second.client_id}


def test_maker_fills_are_whole_lots() -> None:
    rig = Rig()
    rig.rest("buy", "1", "99.5")
    assert fills(rig.trade("99.5", "0.0015")) == [(D("99.5"), D("0.001"))]
    assert fills(rig.trade("99.5", "0.0005")) == []


def test_a_halted_instrument_keeps_its_orders() -> None:
    rig = Rig()
    rig.rest("buy", "1", "99.5")
    rig.market.instruments[PERP] = instrument(PERP, status=TradingStatus.HALTED)
    rig.run(1000)
    assert of(rig.take(), OrderReport) == []


def test_an_order_to_sell_waits_behind_the_asks_at_its_price() -> None:
    rig = Rig()
    rig.rest("sell", "1", "100")
    assert fills(rig.trade("100", "1", "buy")) == []
    assert fills(rig.trade("100", "0.5", "buy")) == [(D(100), D("0.5"))]
