"""A real desk over a real board, fed by hand, with time that moves only when told to."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

from arbtui.config import Paths, load
from arbtui.core.clock import NS_PER_S, ManualClock
from arbtui.core.events import BookSnapshot, Funding, Level, Listing, MarkPrice, Quote, QuoteTexts, Ticker
from arbtui.core.model import Channel, Instrument, Market, Stream, TradingStatus
from arbtui.core.status import FeedState, FeedStatus, Link, ProcessFigures
from arbtui.engine.build import build_desk
from arbtui.engine.memory import NoMemory
from arbtui.engine.trouble import Trouble
from arbtui.headless import Headless, Printer
from arbtui.market.state import Slot
from arbtui.venues import registry

T0 = 1_700_000_000 * NS_PER_S
VENUES = ("binance", "okx")


def instrument(
    venue: str,
    market: Market,
    native: str,
    base: str,
    *,
    quote: str = "USDT",
    units: str | None = "1",
    factor: str = "1",
) -> Instrument:
    known = units is not None
    return Instrument(
        venue=venue,
        market=market,
        native=native,
        base=base,
        quote=quote,
        price_ccy=quote,
        settle_ccy=quote,
        multiplier=Decimal(units) if units is not None else None,
        price_factor=Decimal(factor) if known else None,
        status=TradingStatus.TRADING,
        funding_interval_h=8.0 if market is Market.PERP else None,
    )


def a_status(venue: str = "binance", state: FeedState = FeedState.LIVE, reason: str = "") -> FeedStatus:
    return FeedStatus(venue, Market.PERP, state, reason, 4, 4, 0, 0, 1, 12.5, 3.5, None, -1.25)


class Bench:
    """BTC on two exchanges (OKX in contracts of 0.01), PEPE on Binance in thousands, spot and perpetual."""

    def __init__(self, tmp_path: Path) -> None:
        where = Paths(tmp_path / "none", tmp_path / "none", tmp_path / "none", tmp_path, tmp_path)
        self.clock = ManualClock(T0)
        self.feeds: list[FeedStatus] = [a_status()]
        self.desk = build_desk(
            load(where, VENUES, environ={}).settings,
            {name: registry.venue(name) for name in VENUES},
            mode="PAPER",
            clock=self.clock,
            trouble=Trouble(self.clock),
            memory=NoMemory(),
            status=lambda: self.feeds,
            process=lambda: ProcessFigures(50.0, 3.5, 1.5, 0, {"okx not_json": 2}),
        )
        self.board = self.desk.board
        self.desk.start()
        self.list("binance", Market.PERP, instrument("binance", Market.PERP, "BTCUSDT", "BTC"))
        pepe = (
            instrument("binance", Market.SPOT, "PEPEUSDT", "PEPE"),
            instrument("binance", Market.SPOT, "BTCUSDT", "BTC"),
        )
        self.list("binance", Market.SPOT, *pepe)
        self.list("okx", Market.PERP, instrument("okx", Market.PERP, "BTC-USDT-SWAP", "BTC", units="0.01"))
        self.link = Link("all")
        self.link.up = True
        for venue in VENUES:
            for market in Market:
                self.board.assign(venue, Stream(market, Channel.BBO), self.link)
                self.board.assign(venue, Stream(market, Channel.BOOK), self.link)
        self._seq = 0
        self.binance = self.slot("binance", Market.PERP, "BTCUSDT")
        self.okx = self.slot("okx", Market.PERP, "BTC-USDT-SWAP")
        self.spot = self.slot("binance", Market.SPOT, "BTCUSDT")

    def list(self, venue: str, market: Market, *instruments: Instrument) -> None:
        listing = Listing(market, market.value, list(instruments), self.clock.now_ns())
        assert self.board.take_listing(venue, listing).disbelieved is None

    def slot(self, venue: str, market: Market, native: str) -> Slot:
        slot = self.board.slot_of(venue, market, native)
        assert slot is not None
        return slot

    def quote(self, slot: Slot, *texts: str | None) -> None:
        """Bid, its size, ask, its size as on the wire."""
        self._seq += 1
        self.link.last_traffic_ns = now_ns = self.clock.now_ns()
        bid, bid_qty, ask, ask_qty = (float(text) if text is not None else None for text in texts)
        raw: QuoteTexts = (texts[0], texts[1], texts[2], texts[3])
        self.board.apply(Quote(slot.id, bid, bid_qty, ask, ask_qty, now_ns, now_ns // 1_000_000, self._seq, raw))

    def book(self, slot: Slot, bids: Sequence[Level], asks: Sequence[Level], seq: int = 7) -> None:
        self.board.hold_book(slot)
        self.board.apply(BookSnapshot(slot.id, bids, asks, seq, self.clock.now_ns()))

    def marks(self, price: str = "100") -> None:
        """Mark prices that agree, so that the coin is taken for the same everywhere."""
        for slot in self.board.slots:
            if slot.instrument.market is Market.PERP:
                self.board.apply(MarkPrice(slot.id, self.clock.now_ns(), mark=price, index=price))

    def everything(self) -> None:
        """A profitable pair with all there is to know about it."""
        self.marks()
        now_ns = self.clock.now_ns()
        self.board.apply(Funding(self.binance.id, now_ns, "0.0001", "estimated", 8.0, 1_700_000_000_000, "0.00005"))
        self.board.apply(Funding(self.okx.id, now_ns, "-0.0004", "fixed", 4.0, 1_700_000_000_000))
        self.board.apply(Ticker(self.binance.id, now_ns, "100.05", "110.0", "90.10", "1234.500", "123450.0"))
        self.quote(self.binance, "100.00", "1.50", "100.10", "2.00")
        self.quote(self.okx, "101.0", "150", "101.10", "200")
        self.quote(self.spot, "99.9", "10.0", "100.3", "20.0")

    def advance(self, seconds: float) -> None:
        """Let time pass; traffic goes on."""
        end_ns = self.clock.now_ns() + round(seconds * NS_PER_S)
        while self.clock.now_ns() < end_ns:
            self.link.last_traffic_ns = self.clock.now_ns()
            self.clock.advance_to(min(end_ns, self.clock.now_ns() + NS_PER_S // 10))


@contextmanager
def a_pipe() -> Iterator[tuple[int, int]]:
    """Ends may be closed within: what has been opened under the same number since is left alone."""
    ends = os.pipe()
    own = os.fstat(ends[0]).st_ino
    try:
        yield ends
    finally:
        for end in ends:
            with suppress(OSError):
                if os.fstat(end).st_ino == own:
                    os.close(end)


async def printed(bench: Bench, options: Headless, act: Any) -> list[dict[str, Any]]:
    """What is printed while ``act(bench)`` happens."""
    with a_pipe() as (reader, writer):
        printer = Printer(options, out_fd=writer)
        printer.attach(bench.desk)
        reading = asyncio.create_task(asyncio.to_thread(_read_all, reader))
        act(bench)
        await printer.close()
        os.close(writer)
        return [json.loads(line) for line in (await reading).splitlines()]


def _read_all(fd: int) -> bytes:
    parts = []
    while part := os.read(fd, 1 << 16):
        parts.append(part)
    return b"".join(parts)
