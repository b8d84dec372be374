"""Public trades are streamed for the legs that somebody waits on, and told to whoever waits."""

from __future__ import annotations

from arbtui.core.clock import NS_PER_S, ManualClock
from arbtui.core.events import Listing, Trade
from arbtui.core.model import Channel, Market, Stream
from arbtui.core.sequence import PrevLink
from arbtui.core.status import Link
from arbtui.engine.trades import LINGER_NS, Trades
from arbtui.market.state import Board
from arbtui.market.terms import MarketRules, VenueTerms
from tests.net.test_discovery import instrument

BTC, ETH = "toy.perp.BTC", "toy.perp.ETH"
STREAM = Stream(Market.PERP, Channel.TRADES, "BTC")


def board() -> Board:
    made = Board({("toy", Market.PERP): VenueTerms(0.0, 0.0, PrevLink())}, MarketRules())
    made.take_listing("toy", Listing(Market.PERP, "linear", [instrument("BTC"), instrument("ETH")], 1))
    return made


def link() -> Link:
    made = Link("toy perp.data.0")
    made.up = True
    return made


def trade(of: Board, native: str) -> Trade:
    slot = of.slot_of("toy", Market.PERP, native)
    assert slot is not None
    return Trade(slot.id, "100", "1", "buy", "7", 5_000, 4)


class Wire:
    """Trades, and how often their subscriptions had to follow."""

    def __init__(self) -> None:
        self.board = board()
        self.clock = ManualClock(NS_PER_S)
        self.changes = 0
        self.trades = Trades(self.board, self.clock, self._changed)

    def _changed(self) -> None:
        self.changes += 1

    def linger(self, part: float = 1.0) -> None:
        self.clock.advance_to(self.clock.now_ns() + round(LINGER_NS * part))


def test_streams_are_those_of_the_legs_that_are_held() -> None:
    wire = Wire()
    assert wire.trades.streams == []
    wire.trades.hold({BTC, ETH})
    assert wire.trades.streams == [STREAM, Stream(Market.PERP, Channel.TRADES, "ETH")]
    wire.trades.hold([ETH, BTC])
    assert wire.changes == 1


def test_a_leg_that_nobody_waits_on_any_more_is_left_after_a_while() -> None:
    wire = Wire()
    wire.trades.hold({BTC, ETH})
    wire.trades.hold({BTC})
    wire.linger(0.9)
    assert len(wire.trades.streams) == 2
    wire.linger(0.1)
    assert wire.trades.streams == [STREAM]
    assert wire.changes == 2


def test_orders_that_come_and_go_ask_for_nothing_anew() -> None:
    wire = Wire()
    for _ in range(50):
        wire.trades.hold({BTC})
        wire.linger(0.4)
        wire.trades.hold(())
        wire.linger(0.4)
    assert wire.changes == 1
    assert wire.trades.streams == [STREAM]
    wire.linger()
    assert wire.trades.streams == []


def test_nothing_is_asked_for_while_the_venue_ends() -> None:
    wire = Wire()
    wire.trades.hold({BTC})
    wire.trades.hold(())
    wire.trades.stop()
    wire.linger()
    assert wire.changes == 1


def test_a_leg_that_is_not_listed_has_no_stream() -> None:
    wire = Wire()
    wire.trades.hold({"toy.perp.NOPE", "other.perp.BTC", "nonsense"})
    assert wire.trades.streams == []
    assert wire.changes == 0


def test_trades_are_live_while_a_connection_stands_behind_them() -> None:
    trades = Wire().trades
    carrier = link()
    trades.hold({BTC})
    assert not trades.live(BTC)
    trades.assigned(STREAM, carrier)
    assert trades.live(BTC)
    assert not trades.live(ETH)
    carrier.up = False
    assert not trades.live(BTC)
    trades.assigned(STREAM, link())
    trades.assigned(STREAM, None)
    assert not trades.live(BTC)


def test_a_leg_that_was_left_begins_anew() -> None:
    wire = Wire()
    wire.trades.hold({BTC})
    wire.trades.assigned(STREAM, link())
    wire.trades.hold(())
    assert wire.trades.live(BTC)  # for as long as it lingers
    wire.linger()
    wire.trades.hold({BTC})
    assert not wire.trades.live(BTC)
    assert wire.trades.last_ns(STREAM) == 0


def test_trades_of_held_legs_are_told_and_those_of_others_are_not() -> None:
    wire = Wire()
    of, trades = wire.board, wire.trades
    told: list[tuple[str, Trade]] = []
    trades.on_trade.append(lambda leg, event: told.append((leg, event)))
    trades.hold({BTC})
    trades.heard(trade(of, "BTC"))
    trades.heard(trade(of, "ETH"))
    assert told == [(BTC, trade(of, "BTC"))]
    assert trades.last_ns(STREAM) == 5_000
