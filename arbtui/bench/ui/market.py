"""The engine's own desk on a market that moves as often as it is told to.

Coins are listed on every exchange given, spot and perpetual, and their quotes and books enter the board as those of a
socket do; from there on everything is the engine's. Half of the quotes go to coins as their rank has it (popular ones
bring most), half to all instruments in turn, so that none of them goes stale. Every quote moves: the coin's price goes
on by a basis point or so and the instrument's own distance from it changes; the best of a thousand coins stand around
the threshold.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate

from arbtui.bench.traffic import activity
from arbtui.config import Settings
from arbtui.core.clock import NS_PER_S
from arbtui.core.events import BookSnapshot, Funding, Level, Listing, MarkPrice, Quote, Ticker
from arbtui.core.model import Channel, Instrument, Market, Stream, TradingStatus
from arbtui.core.status import FeedState, FeedStatus, Link
from arbtui.engine.build import build_desk
from arbtui.engine.memory import NoMemory
from arbtui.engine.process import LoopLag, ProcessMeter
from arbtui.engine.trouble import Trouble
from arbtui.market.state import Slot
from arbtui.net.wallclock import WallClock
from arbtui.venues import registry

BEAT_S = 0.004  # quotes come in batches of a few, as sockets are read
AT_ONCE = 50  # quotes of one read
LOOK_S = 0.5  # which books are wanted is asked as often as the engine does
BOOK_LEVELS = 20
NAMES = ("BTC", "ETH", "SOL", "XRP", "DOGE", "BNB", "ADA", "TRX", "LINK", "AVAX", "SUI", "HYPE", "LTC", "APT", "ARB")
HALF_SPREAD = 0.5e-4
QUOTE_USD = 3000.0
LEVEL_STEP = 1e-5
WIDE_EACH = 40  # every so many coins, one instrument stands beside the others for good
WIDE = 14e-4


class BenchMarket:
    """``desk`` is the port of the guests, and runs. ``feed`` never returns."""

    def __init__(self, venues: Sequence[str], coins: int, loop: asyncio.AbstractEventLoop) -> None:
        self.clock = WallClock(loop)
        self.lag = LoopLag()
        trouble = Trouble(self.clock)
        self._codecs = {name: registry.venue(name) for name in venues}
        self.desk = build_desk(
            Settings(),
            self._codecs,
            mode="BENCH",
            clock=self.clock,
            trouble=trouble,
            memory=NoMemory(),
            status=self._status,
            process=ProcessMeter(self.lag, trouble.counts, lambda: 0).figures,
        )
        self.desk.start()
        self._board = self.desk.board
        self._random = random.Random(1)
        self._link = Link("bench")
        self._link.up = True
        self.quotes = 0
        self._seq = 0
        self._books: frozenset[int] = frozenset()
        self._list(coins)
        slots = self._board.slots
        self._price = {base: self._random.uniform(1, 10) * 10 ** self._random.randint(-4, 4) for base in self._bases}
        self._price["USDC"] = 1.0
        self._away = [0.0] * len(slots)
        self._lean = [WIDE if n % (WIDE_EACH * 2 * len(venues)) == 1 else 0.0 for n in range(len(slots))]
        self._shares = list(accumulate(activity(rank) for rank in range(len(self._bases))))
        for slot in slots:
            self._tell_slow_things(slot)
            self.quote(slot)

    # what is listed

    def _list(self, coins: int) -> None:
        self._bases = [NAMES[n] if n < len(NAMES) else f"C{n:04d}" for n in range(coins)]
        for venue, codec in self._codecs.items():
            for market in codec.markets:
                bases = [*self._bases, "USDC"] if market is Market.SPOT and venue == "binance" else self._bases
                listed = [_instrument(venue, market, base) for base in bases]
                self._board.take_listing(venue, Listing(market, market.value, listed, self.clock.now_ns()))
                for channel in Channel:
                    self._board.assign(venue, Stream(market, channel), self._link)

    def _tell_slow_things(self, slot: Slot) -> None:
        """24 h volume, mark and funding, told once."""
        dice, now_ns = self._random, self.clock.now_ns()
        price = f"{self._price[slot.coin.base]:.6g}"
        self._board.apply(Ticker(slot.id, now_ns, last=price, vol_24h_quote=f"{10 ** dice.uniform(5, 9):.0f}"))
        if slot.instrument.market is Market.PERP:
            self._board.apply(MarkPrice(slot.id, now_ns, mark=price, index=price))
            next_ms = now_ns // 1_000_000 + 3_600_000
            rate = f"{dice.gauss(0, 0.0001):.8f}"
            self._board.apply(Funding(slot.id, now_ns, rate=rate, interval_h=8.0, next_ms=next_ms))

    def _status(self) -> Sequence[FeedStatus]:
        """Rates and ages wander from second to second, as medians do."""
        second = self.clock.now_ns() // NS_PER_S
        return [
            FeedStatus(venue, market, FeedState.LIVE, "", len(self._bases), len(self._bases), 0, 0, 0,
                       480.0 + (second * place) % 17, 12.0 + (second // 2 * place) % 3, 44.0, -1.5, 4, 0)
            for place, (venue, codec) in enumerate(self._codecs.items(), start=3) for market in codec.markets
        ]  # fmt: skip

    # what moves

    async def feed(self, quotes_per_s: float) -> None:
        """So many quotes a second, in small batches, for ever."""
        loop = asyncio.get_running_loop()
        began_s, done, looked_s = loop.time(), 0, 0.0
        while True:
            await asyncio.sleep(BEAT_S)
            now_s = loop.time()
            due = int((now_s - began_s) * quotes_per_s)
            while done < due:
                self.walk(min(due - done, AT_ONCE))
                done += min(due - done, AT_ONCE)
                await asyncio.sleep(0)  # each socket is read for itself, however much has come together
            if now_s - looked_s > LOOK_S:
                looked_s = now_s
                self.hold_books()

    def walk(self, quotes: int) -> None:
        self._link.last_traffic_ns = self.clock.now_ns()
        slots, dice = self._board.slots, self._random
        coins = self._board.coins
        for _ in range(quotes):
            self.quotes += 1
            if self.quotes % 2:
                slot = slots[self.quotes // 2 % len(slots)]
            else:
                (base,) = dice.choices(self._bases, cum_weights=self._shares)
                slot = dice.choice(coins[base].slots)
            self.quote(slot)

    def quote(self, slot: Slot) -> None:
        """One more quote, and its book where that is held."""
        base, gauss = slot.coin.base, self._random.gauss
        self._price[base] *= 1 + gauss(0, 0.3e-4)
        away = self._away[slot.id] = 0.8 * self._away[slot.id] + gauss(0, 1e-4)
        mid = self._price[base] * (1 + away + self._lean[slot.id])
        bid, ask = f"{mid * (1 - HALF_SPREAD):.6g}", f"{mid * (1 + HALF_SPREAD):.6g}"
        qty = f"{QUOTE_USD * self._random.uniform(0.3, 3) / mid:.5g}"
        self._seq += 1
        now_ns = self.clock.now_ns()
        self._board.apply(
            Quote(slot.id, float(bid), float(qty), float(ask), float(qty), now_ns, now_ns // 1_000_000, self._seq,
                  (bid, qty, ask, qty))
        )  # fmt: skip
        if slot.id in self._books:
            self._book(slot, mid)

    def hold_books(self) -> None:
        """Hold the books that the strategy wants now, whole from the first moment."""
        wanted = self.desk.wanted_books()
        for slot_id in self._books - wanted:
            self._board.release_book(self._board.slots[slot_id])
        for slot_id in wanted - self._books:
            self._board.hold_book(self._board.slots[slot_id])
        new, self._books = wanted - self._books, wanted
        for slot_id in new:
            self.quote(self._board.slots[slot_id])

    def _book(self, slot: Slot, mid: float) -> None:
        now_ns = self.clock.now_ns()
        bids, asks = ([self._level(mid, sign, n) for n in range(BOOK_LEVELS)] for sign in (-1, 1))
        self._board.apply(BookSnapshot(slot.id, bids, asks, self._seq, now_ns, now_ns // 1_000_000, BOOK_LEVELS))

    def _level(self, mid: float, sign: int, n: int) -> Level:
        price = mid * (1 + sign * (HALF_SPREAD + LEVEL_STEP * n * n))
        return f"{price:.6g}", f"{QUOTE_USD * (n + 1) * self._random.uniform(0.5, 2) / mid:.5g}"


def _instrument(venue: str, market: Market, base: str) -> Instrument:
    quote = "USDC" if venue == "hyperliquid" and market is Market.SPOT else "USDT"
    return Instrument(
        venue=venue,
        market=market,
        native=f"{base}{quote}",
        base=base,
        quote=quote,
        price_ccy=quote,
        settle_ccy="USDC" if venue == "hyperliquid" else "USDT",
        multiplier=Decimal(1),
        price_factor=Decimal(1),
        status=TradingStatus.TRADING,
        step=Decimal("0.001"),
        min_notional=Decimal(5),
        funding_interval_h=8.0 if market is Market.PERP else None,
    )
