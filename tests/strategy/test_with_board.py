"""The strategy on the real board: what the board believes decides what is compared."""

from __future__ import annotations

from decimal import Decimal

import pytest

from arbtui.core.clock import NS_PER_MS, NS_PER_S, ManualClock
from arbtui.core.events import BookSnapshot, Event, Listing, MarkPrice, Quote
from arbtui.core.model import Channel, Instrument, Market, Stream, TradingStatus
from arbtui.core.sequence import PrevLink
from arbtui.core.status import Link
from arbtui.market.slot import Slot
from arbtui.market.state import Board
from arbtui.market.terms import MarketRules, VenueTerms
from arbtui.strategy.pairs import PairRules
from arbtui.strategy.rows import SignalRecord
from arbtui.strategy.signals import SignalRules, Signals
from arbtui.strategy.spreads import Spreads
from arbtui.strategy.thresholds import Thresholds

START_NS = 1_800_000_000 * NS_PER_S
VENUES = ("okx", "binance", "bybit")


class Floor:
    """Three venues' BTC perps on the real board, in the order in which the engine would wire it."""

    def __init__(self) -> None:
        self.clock = ManualClock(START_NS)
        terms = {(venue, Market.PERP): VenueTerms(0.0002, 0.0005, PrevLink()) for venue in VENUES}
        self.board = Board(terms, MarketRules())
        self.thresholds = Thresholds(5.0)
        self.spreads = Spreads(self.board, PairRules(), self.thresholds, self.clock)
        self.spreads.listen(self.board)
        self.records: list[SignalRecord] = []
        self.signals = Signals(
            self.spreads,
            self.thresholds,
            SignalRules(),
            self.clock,
            self.records.append,
            freshness=self.board.rules.freshness,
        )
        self.signals.start()
        self.links = {venue: Link(venue) for venue in VENUES}
        for venue, link in self.links.items():
            link.up = True
            self.board.assign(venue, Stream(Market.PERP, Channel.BBO), link)
            self.take_listing(venue)

    def take_listing(self, venue: str, status: TradingStatus = TradingStatus.TRADING) -> None:
        instrument = Instrument(
            venue=venue,
            market=Market.PERP,
            native="BTCUSDT",
            base="BTC",
            quote="USDT",
            price_ccy="USDT",
            settle_ccy="USDT",
            multiplier=Decimal(1),
            price_factor=Decimal(1),
            status=status,
            tick=Decimal("0.01"),
        )
        self.board.take_listing(venue, Listing(Market.PERP, "linear", [instrument], self.clock.now_ns()))

    def slot(self, venue: str) -> Slot:
        slot = self.board.slot_of(venue, Market.PERP, "BTCUSDT")
        assert slot is not None
        return slot

    def hear(self, venue: str, bid: float, ask: float, qty: float = 5.0) -> None:
        now_ns = self.clock.now_ns()
        self.links[venue].last_traffic_ns = now_ns
        number = self.slot(venue).id
        events: list[Event] = [
            Quote(number, bid, qty, ask, qty, now_ns, None, 0, b""),
            MarkPrice(number, now_ns, "100", "100"),
        ]
        for event in events:
            self.board.apply(event)

    def run(self, ms: int) -> None:
        """Time passes; the board is swept as the engine does it, just before each look."""
        for _ in range(ms // 500):
            self.clock.advance_to(self.clock.now_ns() + 499 * NS_PER_MS)
            self.board.sweep(self.clock.now_ns())
            self.clock.advance_to(self.clock.now_ns() + NS_PER_MS)

    def states(self) -> list[tuple[str, str]]:
        return [(record.state.value, record.row.sell.venue) for record in self.records]


@pytest.fixture
def floor() -> Floor:
    floor = Floor()
    floor.hear("okx", 99.98, 100.00)
    floor.hear("binance", 100.20, 100.22)
    floor.hear("bybit", 100.00, 100.02)
    return floor


def test_an_edge_on_the_board_becomes_a_signal(floor: Floor) -> None:
    floor.run(2500)
    assert floor.states() == [("raised", "binance"), ("raised", "binance")]
    best = floor.spreads.row("BTC")
    assert best is not None
    assert (best.buy.venue, best.sell.venue, best.muted) == ("okx", "binance", None)
    assert best.net_bps == pytest.approx(20.0 - 10.01, abs=1e-6)
    assert (best.buy.fee_bps, best.buy.fee_source) == (5.0, "default")


def test_a_cut_line_ends_the_signals_of_its_legs_and_bars_its_rows(floor: Floor) -> None:
    floor.run(2500)
    floor.links["okx"].up = False
    floor.board.link_down(floor.links["okx"], floor.clock.now_ns())
    floor.run(500)
    assert floor.records[-1].state.value == "cleared"
    assert floor.records[-1].reason == "okx.perp.BTCUSDT: its connection is down"
    best = floor.spreads.row("BTC")
    assert best is not None
    assert best.buy.venue == "bybit"
    assert floor.spreads.pair(floor.slot("okx"), floor.slot("binance")).muted is not None


def test_a_quote_by_rest_is_shown_and_never_a_signal() -> None:
    floor = Floor()
    floor.hear("binance", 100.20, 100.22)
    now_ns = floor.clock.now_ns()
    number = floor.slot("okx").id
    floor.board.apply(Quote(number, 99.98, 5.0, 100.0, 5.0, now_ns, None, 0, b"", "rest"))
    floor.board.apply(MarkPrice(number, now_ns, "100", "100", source="rest"))
    floor.run(3000)
    assert floor.records == []
    row = floor.spreads.pair(floor.slot("okx"), floor.slot("binance"))
    assert row.buy.source == "rest"
    assert row.muted is not None
    assert row.net_bps == pytest.approx(9.99, abs=1e-6)


def test_a_crossed_quote_is_never_a_signal(floor: Floor) -> None:
    floor.hear("okx", 101.0, 100.0)
    floor.hear("bybit", 100.19, 100.20)
    floor.run(3000)
    assert floor.records == []
    assert "crossed" in floor.signals.why_not("BTC")


def test_a_coin_whose_index_disagrees_is_never_a_signal() -> None:
    floor = Floor()
    floor.hear("okx", 99.98, 100.0)
    floor.hear("binance", 140.0, 140.1)
    floor.board.apply(MarkPrice(floor.slot("binance").id, floor.clock.now_ns(), "140", "140"))
    floor.run(20_000)
    assert floor.records == []
    assert floor.signals.why_not("BTC").startswith("No pair of BTC may trade; of the best one, ")


def test_a_halt_that_a_listing_tells_clears(floor: Floor) -> None:
    floor.run(2500)
    floor.take_listing("binance", TradingStatus.HALTED)
    floor.run(500)
    assert [record.state.value for record in floor.records] == ["raised", "raised", "cleared", "cleared"]
    assert "halted" in floor.records[-1].reason


def test_held_books_are_walked(floor: Floor) -> None:
    now_ns = floor.clock.now_ns()
    for venue, bids, asks in (
        ("okx", [("99.98", "5")], [("100.00", "5"), ("100.05", "20")]),
        ("binance", [("100.20", "5"), ("100.16", "20")], [("100.22", "5")]),
    ):
        slot = floor.slot(venue)
        floor.board.hold_book(slot)
        floor.board.apply(BookSnapshot(slot.id, bids, asks, 1, now_ns))
    row = floor.spreads.pair(floor.slot("okx"), floor.slot("binance"))
    a = (500.0 + 5 * 100.05) / 10
    b = (501.0 + 5 * 100.16) / 10
    assert row.walk_usd == 1000.0
    assert row.walk_net_bps == pytest.approx(1e4 * (b * 0.9995 - a * 1.0005) / a)
    assert row.max_usd == pytest.approx(500.0)


def test_the_same_events_give_the_same_records() -> None:
    def told() -> list[SignalRecord]:
        floor = Floor()
        for step in range(40):
            floor.hear("okx", 99.98, 100.00)
            floor.hear("binance", 100.20 - 0.15 * (step % 9 > 6), 100.30)
            floor.hear("bybit", 100.19 - 0.15 * (step % 7 > 4), 100.29)
            floor.run(500)
        return floor.records

    first = told()
    assert len(first) > 4
    assert first == told()
