"""From a simulated venue's print to a paper fill: codec, trades of the engine, paper account, on one clock."""

from __future__ import annotations

from decimal import Decimal

import pytest

from arbtui.core.clock import ManualClock
from arbtui.core.events import Event, Subscribed, Trade
from arbtui.core.model import Channel, Instrument, Market, Stream, TradingStatus
from arbtui.core.orders import AccountEvent, Fill, Order, OrderKind, Side
from arbtui.execution.paper import PaperExecutor
from arbtui.execution.paper_market import Depth, Fees, FundingDue, PaperRules, wallets_of
from arbtui.sim.listing import Listing
from arbtui.venues.base import Environment, Outgoing, Tables
from arbtui.venues.registry import venue
from tests.sim.support import MS, Bench

NATIVES = {
    ("binance", Market.PERP): "BTCUSDT", ("binance", Market.SPOT): "BTCUSDT",
    ("okx", Market.PERP): "BTC-USDT-SWAP", ("okx", Market.SPOT): "BTC-USDT",
    ("bybit", Market.PERP): "BTCUSDT", ("bybit", Market.SPOT): "BTCUSDT",
    ("bitget", Market.PERP): "BTCUSDT", ("bitget", Market.SPOT): "BTCUSDT",
    ("hyperliquid", Market.PERP): "BTC", ("hyperliquid", Market.SPOT): "@142",
}  # fmt: skip
every_market = pytest.mark.parametrize(("name", "market"), list(NATIVES))


class Feed:
    """A codec that talks to the simulated venue about one instrument's trades."""

    def __init__(self, name: str, market: Market) -> None:
        self.native = NATIVES[name, market]
        self.stream = Stream(market, Channel.TRADES, self.native)
        self.bench = Bench(name, coins=3, rate=400.0)
        found = self.bench.venue(name).find(market.value, self.native)
        assert found is not None
        self.listing: Listing = found
        self.listing.watch_trades()
        (plan,) = venue(name).plan(Environment.PROD, [self.stream])
        self._codec = venue(name).session(plan.url, Tables({market: {self.native: 0}}))
        self._session, self._wire = self.bench.connect(plan.url, name)
        self._say(self._codec.subscribe([self.stream]))

    def leave(self) -> None:
        self._say(self._codec.unsubscribe([self.stream]))

    def _say(self, frames: list[Outgoing]) -> None:
        for out in frames:
            assert isinstance(out.frame, str)
            self._session.on_text(out.frame)
        self.bench.hub.flush()

    def run(self, ms: int) -> list[Event]:
        """Let time pass; what was heard."""
        self.bench.run(ms)
        texts, self._wire.texts = self._wire.texts, []
        return [event for text in texts for event in self._codec.decode(text.encode(), self.bench.t_ns)]


@every_market
def test_the_codec_reads_every_print_of_the_simulated_venue(name: str, market: Market) -> None:
    feed = Feed(name, market)
    before = feed.listing.trades
    heard = feed.run(1500)
    assert [event.streams for event in heard if isinstance(event, Subscribed)] == [(feed.stream,)]
    prints = [one for one in feed.listing.prints if one.number > before]
    heard += feed.run(300)
    trades = [event for event in heard if isinstance(event, Trade)][: len(prints)]
    assert len(trades) > 3
    assert [(t.price, t.size, t.taker, t.exchange_ms) for t in trades] == [
        (feed.listing.price(one.price), feed.listing.size(one.lots), "buy" if one.buy else "sell", one.t_ns // MS)
        for one in prints
    ]
    assert len({trade.trade_id for trade in trades}) == len(trades)
    feed.leave()
    feed.run(300)
    assert not [event for event in feed.run(1000) if isinstance(event, Trade)]


class SimMarket:
    """``PaperMarket`` straight from the simulated venue's truth."""

    def __init__(self, feed: Feed, instrument: Instrument) -> None:
        self._listing = feed.listing
        self._instrument = instrument

    def depth(self, leg: str) -> Depth:
        listing = self._listing
        bids, asks = (
            [(Decimal(listing.price(price)), Decimal(listing.size(lots))) for price, lots in side]
            for side in listing.levels()
        )
        return Depth(bids, asks)

    def instrument(self, leg: str) -> Instrument | None:
        return self._instrument

    def trades_live(self, leg: str) -> bool:
        return True

    def mark(self, leg: str) -> Decimal | None:
        return None

    def funding(self, leg: str) -> FundingDue | None:
        return None

    def fees(self, market: Market, native: str) -> Fees:
        return Fees(Decimal(0), Decimal(0))


@every_market
def test_a_paper_order_inside_the_spread_is_filled_by_what_the_venue_prints(name: str, market: Market) -> None:
    """A buy one tick above the best bid has no queue: takers who sell at its price or below fill it."""
    feed = Feed(name, market)
    feed.run(500)
    listing = feed.listing
    instrument = Instrument(
        venue=name, market=market, native=feed.native, base="BTC", quote="USDT", price_ccy="USDT", settle_ccy="USDT",
        multiplier=Decimal(1), price_factor=Decimal(1), status=TradingStatus.TRADING,
    )  # fmt: skip
    clock, told = ManualClock(feed.bench.t_ns), list[AccountEvent]()
    rules = PaperRules({wallets_of(name)[market]: {"USDT": Decimal(10**9)}}, latency_ms=20)
    paper = PaperExecutor(name, SimMarket(feed, instrument), clock, told.append, rules)
    paper.start()
    price = Decimal(listing.price((listing.state.bid + listing.state.ask) // 2))
    order = Order(
        client_id="a1", venue=name, market=market, native=feed.native, side=Side.BUY, kind=OrderKind.POST_ONLY,
        qty=Decimal(listing.size(listing.last_lots * 3)), price=price,
    )  # fmt: skip
    paper.place(order)
    volume, best = Decimal(0), Decimal(0)
    for _ in range(200):
        heard = feed.run(20)
        clock.advance_to(feed.bench.t_ns)
        for event in heard:
            if isinstance(event, Trade):
                paper.trade(order.leg, event)
                counts = event.taker == "sell" and Decimal(event.price) <= price and not event.past
                volume += Decimal(event.size) if counts else 0
        best = min(order.qty, volume)
    filled = sum((event.qty for event in told if isinstance(event, Fill)), Decimal(0))
    assert filled == best > 0
