"""Questions about the paper account are answered as a real account answers them."""

from __future__ import annotations

import pytest

from arbtui.core.model import Market
from arbtui.core.orders import (
    AccountMode,
    Balance,
    FeeRates,
    Fill,
    FundingPaid,
    LeverageRead,
    OrderAbsent,
    OrderReport,
    OrderStatus,
    Position,
    ReadDone,
    ReadKind,
    StreamState,
)
from arbtui.execution.paper import PaperExecutor
from arbtui.execution.paper_desk import KEPT_FILLS, KEPT_ORDERS
from arbtui.execution.paper_market import FundingDue, PaperRules
from arbtui.execution.ports import Executor
from tests.execution.paper.rig import LATENCY_MS, PERP, SPOT, START_MS, D, Rig, fills, of, one


def test_it_is_an_executor() -> None:
    executor: Executor = Rig().executor
    assert isinstance(executor, PaperExecutor)
    assert executor.name == "binance"


def test_starting_tells_that_the_account_can_be_read() -> None:
    up = one(Rig().take(), StreamState)
    assert (up.state, set(up.markets)) == ("up", {Market.PERP, Market.SPOT})


@pytest.mark.parametrize("market", list(Market))
@pytest.mark.parametrize("kind", list(ReadKind))
def test_every_read_ends_in_one_word_that_it_is_done_after_the_latency(kind: ReadKind, market: Market) -> None:
    rig = Rig()
    rig.take()
    rig.executor.read(kind, market, "BTCUSDT", since_ms=5)
    rig.run(LATENCY_MS - 1)
    assert rig.take() == []
    rig.run(1)
    events = rig.take()
    done = events[-1]
    assert isinstance(done, ReadDone)
    assert of(events, ReadDone) == [done]
    assert (done.kind, done.market, done.native) == (kind, market, "BTCUSDT")
    assert (done.asked_ns, done.t_ns) == (START_MS * 1_000_000, (START_MS + LATENCY_MS) * 1_000_000)
    windowed = kind in (ReadKind.FILLS, ReadKind.HISTORY, ReadKind.FUNDING)
    assert done.since_ms == (5 if windowed else None)


def test_open_orders_history_and_fills() -> None:
    rig = Rig()
    resting = rig.rest("buy", "1", "98")
    taker = rig.order("buy", "1.5", "101")
    rig.send(taker)
    rig.do("sell", "0.5", "99", leg=SPOT)
    (open_order,) = of(rig.read(ReadKind.OPEN_ORDERS), OrderReport)
    assert (open_order.client_id, open_order.told, open_order.filled) == (resting.client_id, "open_orders", D(0))
    (ended,) = of(rig.read(ReadKind.HISTORY), OrderReport)
    assert (ended.client_id, ended.told, ended.status) == (taker.client_id, "history", OrderStatus.FILLED)
    told = of(rig.read(ReadKind.FILLS, native="BTCUSDT"), Fill)
    assert [(fill.price, fill.qty, fill.told) for fill in told] == [
        (D(100), D(1), "fills"),
        (D(101), D("0.5"), "fills"),
    ]
    assert len(of(rig.read(ReadKind.FILLS, Market.SPOT), Fill)) == 1
    assert of(rig.read(ReadKind.FILLS, native="ETHUSDT"), Fill) == []


def test_fills_and_history_since_a_time() -> None:
    rig = Rig()
    rig.do("buy", "1", "100")
    since_ms = rig.now_ms + 1
    rig.run(1000)
    rig.do("buy", "1", "101")
    assert fills(rig.read(ReadKind.FILLS, since_ms=since_ms)) == [(D(101), D(1))]
    assert len(of(rig.read(ReadKind.HISTORY, since_ms=since_ms), OrderReport)) == 1


def test_positions_balances_funding() -> None:
    rig = Rig()
    rig.market.fundings[PERP] = FundingDue(D("0.0001"), START_MS + 1000)
    rig.do("buy", "1", "100")
    rig.run(2000)
    position = one(rig.read(ReadKind.POSITIONS), Position)
    assert (position.native, position.qty, position.entry_price, position.mark) == ("BTCUSDT", D(1), D(100), D("99.5"))
    assert position.margin == D("49.75")
    assert of(rig.read(ReadKind.POSITIONS, Market.SPOT), Position) == []
    assert [b.asset for b in of(rig.read(ReadKind.BALANCES, Market.SPOT), Balance)] == ["USDT", "BTC"]
    balance = one(rig.read(ReadKind.BALANCES), Balance)
    assert (balance.wallet, balance.asset) == ("usdm", "USDT")
    paid = one(rig.read(ReadKind.FUNDING), FundingPaid)
    assert paid.amount == -D("0.00995")
    assert of(rig.read(ReadKind.FUNDING, since_ms=START_MS + 1001), FundingPaid) == []


def test_mode_fees_and_leverage() -> None:
    rig = Rig()
    mode = one(rig.read(ReadKind.MODE), AccountMode)
    assert (mode.position_mode, mode.can_trade) == ("one_way", True)
    fees = one(rig.read(ReadKind.FEES, native="BTCUSDT"), FeeRates)
    assert (fees.native, fees.maker, fees.taker) == ("BTCUSDT", D("0.0002"), D("0.0005"))
    leverage = one(rig.read(ReadKind.LEVERAGE, native="BTCUSDT"), LeverageRead)
    assert (leverage.leverage, leverage.margin_mode) == (D(2), "cross")


def test_a_query_tells_the_order_and_its_fills_or_that_there_is_none() -> None:
    rig = Rig()
    order = rig.order("buy", "1.5", "101")
    rig.send(order)
    rig.executor.query(order)
    rig.executor.query(rig.order("buy", "1", "100"))
    rig.run(LATENCY_MS)
    events = rig.take()
    assert [fill.told for fill in of(events, Fill)] == ["query", "query"]
    found = one(events, OrderReport)
    assert (found.told, found.filled, found.status) == ("query", D("1.5"), OrderStatus.FILLED)
    assert one(events, OrderAbsent).client_id != order.client_id


def test_a_query_sent_after_an_order_is_answered_after_it() -> None:
    rig = Rig()
    order = rig.order("buy", "1", "100")
    rig.executor.place(order)
    rig.executor.query(order)
    rig.run(LATENCY_MS)
    assert not of(rig.take(), OrderAbsent)


def test_what_ended_long_ago_is_forgotten_and_reads_say_since_when_they_are_whole() -> None:
    rig = Rig(PaperRules(balances={"usdm": {"USDT": D(10**9)}}, latency_ms=0))
    for _ in range(KEPT_ORDERS + 5):
        rig.executor.place(rig.order("buy", "1", "90"))
        rig.run(10)
    events = rig.read(ReadKind.HISTORY)
    rig.run(1)
    events += rig.take()
    assert len(of(events, OrderReport)) == KEPT_ORDERS
    since_ms = one(events, ReadDone).since_ms
    assert since_ms is not None
    oldest = min(event.t_ms or 0 for event in of(events, OrderReport))
    assert START_MS < since_ms <= oldest


def test_fills_are_kept_longer_than_orders() -> None:
    rig = Rig(PaperRules(balances={"usdm": {"USDT": D(10**9)}}, latency_ms=0))
    rig.rest("buy", "9000", "99.5")
    for _ in range(KEPT_FILLS + 7):
        rig.run(1)
        rig.trade("99.5", "1")
    events = rig.read(ReadKind.FILLS)
    rig.run(1)
    events += rig.take()
    assert len(of(events, Fill)) == KEPT_FILLS
    assert one(events, ReadDone).since_ms is not None
