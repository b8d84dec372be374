"""Public trades are streamed for the legs that somebody waits on, and told to whoever waits."""

from __future__ import annotations

from arbtui.core.events import Listing, Trade
from arbtui.core.model import Channel, Market, Stream
from arbtui.core.sequence import PrevLink
from arbtui.core.status import Link
from arbtui.engine.trades import Trades
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


def test_streams_are_those_of_the_legs_that_are_held() -> None:
    trades = Trades(board())
    assert trades.streams == []
    assert trades.hold({BTC, ETH})
    assert trades.streams == [STREAM, Stream(Market.PERP, Channel.TRADES, "ETH")]
    assert not trades.hold([ETH, BTC])
    assert trades.hold({BTC})
    assert trades.streams == [STREAM]
    assert trades.hold(())
    assert trades.streams == []


def test_a_leg_that_is_not_listed_has_no_stream() -> None:
    trades = Trades(board())
    assert not trades.hold({"toy.perp.NOPE", "other.perp.BTC", "nonsense"})
    assert trades.streams == []


def test_trades_are_live_while_a_connection_stands_behind_them() -> None:
    trades = Trades(board())
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
    trades = Trades(board())
    trades.hold({BTC})
    trades.assigned(STREAM, link())
    trades.hold(())
    trades.hold({BTC})
    assert not trades.live(BTC)
    assert trades.last_ns(STREAM) == 0


def test_trades_of_held_legs_are_told_and_those_of_others_are_not() -> None:
    of = board()
    trades = Trades(of)
    told: list[tuple[str, Trade]] = []
    trades.on_trade.append(lambda leg, event: told.append((leg, event)))
    trades.hold({BTC})
    trades.heard(trade(of, "BTC"))
    trades.heard(trade(of, "ETH"))
    assert told == [(BTC, trade(of, "BTC"))]
    assert trades.last_ns(STREAM) == 5_000
