"""Other people's libraries on the same bytes, offline, through their own message handlers.

Counted: their parsing, their handler, their book or ticker, and delivery to an empty callback (cryptofeed) or to their
cache (ccxt.pro). Not counted: sockets, and the future that a caller of ccxt.pro awaits. Their books begin as ours stand
before the first timed frame. A wire form that a peer does not read, or not rightly, has no figure; the reason is told.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any, Protocol

from arbtui.bench.traffic import Format, Leg
from arbtui.core.events import Level
from arbtui.core.model import Channel, Instrument, Market

NAMES = ("cryptofeed", "ccxt.pro")

Prices = tuple[float, float]  # bid, ask
Handle = Callable[[Sequence[str]], None]  # reads frames in order


@dataclass(frozen=True)
class Seed:
    """A book before the first timed frame."""

    seq: int
    bids: Sequence[Level]
    asks: Sequence[Level]


@dataclass(frozen=True)
class Task:
    """One wire form to be read. ``seeds`` are empty for quotes."""

    of: Format
    channel: Channel
    url: str
    instruments: Sequence[Instrument]
    seeds: Mapping[Leg, Seed]


class Reader(Protocol):
    """One peer on one wire form."""

    def prepare(self) -> Handle:
        """A new instance, ready for the first timed frame."""
        ...

    def prices(self) -> dict[Leg, Prices]:
        """Best prices that the instance prepared last shows."""
        ...

    def close(self) -> None:
        """No more instances are wanted."""
        ...


class Peer(Protocol):
    def reader(self, task: Task) -> Reader | str:
        """The reason in words where it has no handler for this form."""
        ...


def installed() -> dict[str, Peer]:
    """Those that can be imported here; they are imported once they are asked for a reader, which takes seconds."""
    makers: dict[str, tuple[str, type[Peer]]] = {"cryptofeed": ("cryptofeed", _Cryptofeed), "ccxt.pro": ("ccxt", _Ccxt)}
    return {name: make() for name, (module, make) in makers.items() if find_spec(module) is not None}


@contextmanager
def quiet() -> Iterator[None]:
    """Peers log what they do not know; here that is looked at by its result."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


# --- cryptofeed -------------------------------------------------------------------------------------------------------

_CRYPTOFEED = {
    ("binance", Market.PERP): "BinanceFutures",
    ("binance", Market.SPOT): "Binance",
    ("okx", Market.PERP): "OKX",
    ("okx", Market.SPOT): "OKX",
    ("bybit", Market.PERP): "Bybit",
}
_CRYPTOFEED_BBO = ("binance",)  # elsewhere its best prices come from ticker channels, which are other frames


class _Cryptofeed:
    def reader(self, task: Task) -> Reader | str:
        class_name = _CRYPTOFEED.get(task.of)
        if class_name is None:
            return "has no handler for this venue's present wire form"
        if task.channel is Channel.BBO and task.of.venue not in _CRYPTOFEED_BBO:
            return "does not read this channel"
        return _CryptofeedReader(task, class_name)


class _CryptofeedReader:
    def __init__(self, task: Task, class_name: str) -> None:
        self._task = task
        self._class: Any = getattr(import_module("cryptofeed.exchanges"), class_name)
        kind = "-PERP" if task.of.market is Market.PERP else ""
        self._names = {f"{i.base}-{i.quote}{kind}": i for i in task.instruments}
        self._tickers: dict[str, Prices] = {}
        self._feed: Any = None

    def prepare(self) -> Handle:
        defines, callbacks = import_module("cryptofeed.defines"), import_module("cryptofeed.callback")
        symbols = import_module("cryptofeed.symbols")
        kind = "perpetual" if self._task.of.market is Market.PERP else "spot"
        info = {"tick_size": {}, "instrument_type": dict.fromkeys(self._names, kind), "is_quanto": {}}
        symbols.Symbols.set(self._class.id, {name: i.native for name, i in self._names.items()}, info)
        self._tickers.clear()
        if self._task.channel is Channel.BBO:
            channel, callback = defines.TICKER, callbacks.TickerCallback(self._on_ticker)
        else:
            channel, callback = defines.L2_BOOK, callbacks.BookCallback(_nothing)
        self._feed = feed = self._class(
            symbols=list(self._names), channels=[channel], callbacks={channel: callback}, max_depth=0
        )
        feed._l2_book = {}
        feed.last_update_id = {}
        for name, instrument in self._names.items():
            seed = self._task.seeds.get((*self._task.of, instrument.native))
            if seed is not None:
                feed._l2_book[name] = self._book(name, seed)
                feed.last_update_id[name] = seed.seq
        connection = SimpleNamespace(address=self._task.url, uuid="bench", subscription={})

        async def read(frames: Sequence[str]) -> None:
            handle = feed.message_handler
            for frame in frames:
                await handle(frame, connection, 1.0)

        return lambda frames: asyncio.run(read(frames))

    def _book(self, name: str, seed: Seed) -> Any:
        types = import_module("cryptofeed.types")
        bids, asks = ({Decimal(level[0]): Decimal(level[1]) for level in side} for side in (seed.bids, seed.asks))
        book = types.OrderBook(self._class.id, name, max_depth=0, bids=bids, asks=asks)
        book.delta = {}
        return book

    async def _on_ticker(self, ticker: Any, _: float) -> None:
        self._tickers[ticker.symbol] = (ticker.bid, ticker.ask)

    def prices(self) -> dict[Leg, Prices]:
        if self._task.channel is Channel.BBO:
            shown = self._tickers
        else:
            books = {name: self._feed._l2_book[name].book for name in self._names if name in self._feed._l2_book}
            shown = {n: (b.bids.index(0)[0], b.asks.index(0)[0]) for n, b in books.items() if b.bids and b.asks}
        return {
            (*self._task.of, self._names[name].native): (float(bid), float(ask)) for name, (bid, ask) in shown.items()
        }

    def close(self) -> None:
        self._feed = None


async def _nothing(*_: object) -> None:
    """What a person's callback costs is not cryptofeed's."""


# --- ccxt.pro ---------------------------------------------------------------------------------------------------------


class _Ccxt:
    def reader(self, task: Task) -> Reader | str:
        pro = import_module("ccxt.pro")
        if not hasattr(pro, task.of.venue):
            return "does not know this venue"
        return _CcxtReader(task, getattr(pro, task.of.venue))


class _CcxtReader:
    def __init__(self, task: Task, make: Any) -> None:
        self._task = task
        self._make = make
        self._exchange: Any = None
        self._loop = asyncio.new_event_loop()

    def prepare(self) -> Handle:
        handle: Callable[[str], None] = self._loop.run_until_complete(self._build())

        def read(frames: Sequence[str]) -> None:
            for frame in frames:
                handle(frame)

        return read

    async def _build(self) -> Callable[[str], None]:
        if self._exchange is not None:
            await self._exchange.close()
        self._exchange = exchange = self._make({"enableRateLimit": False})
        exchange.set_markets([_ccxt_market(exchange, instrument) for instrument in self._task.instruments])
        client = exchange.client(self._task.url)
        for leg, seed in self._task.seeds.items():
            symbol = self._symbols()[leg]
            bids, asks = ([[float(level[0]), float(level[1])] for level in side] for side in (seed.bids, seed.asks))
            exchange.orderbooks[symbol] = exchange.order_book(
                {"bids": bids, "asks": asks, "nonce": seed.seq, "timestamp": 1, "symbol": symbol}
            )
            client.subscriptions[f"books:{symbol}"] = True
        handle: Callable[[str], None] = client.handle_text_or_binary_message
        return handle

    def _symbols(self) -> dict[Leg, str]:
        return {(*self._task.of, i.native): _ccxt_symbol(i) for i in self._task.instruments}

    def prices(self) -> dict[Leg, Prices]:
        found: dict[Leg, Prices] = {}
        exchange = self._exchange
        for leg, symbol in self._symbols().items():
            if self._task.channel is Channel.BOOK:
                book = exchange.orderbooks.get(symbol)
                if book and book["bids"] and book["asks"]:
                    found[leg] = (book["bids"][0][0], book["asks"][0][0])
                continue
            for known in (exchange.bidsasks, exchange.tickers):
                if symbol in known and known[symbol]["bid"] and known[symbol]["ask"]:
                    found[leg] = (known[symbol]["bid"], known[symbol]["ask"])
        return found

    def close(self) -> None:
        if self._exchange is not None:
            self._loop.run_until_complete(self._exchange.close())
        self._loop.close()


def _ccxt_symbol(instrument: Instrument) -> str:
    pair = f"{instrument.base}/{instrument.quote}"
    return pair if instrument.market is Market.SPOT else f"{pair}:{instrument.settle_ccy}"


def _ccxt_market(exchange: Any, instrument: Instrument) -> Any:
    perp = instrument.market is Market.PERP
    return exchange.safe_market_structure(
        {
            "id": instrument.native,
            "symbol": _ccxt_symbol(instrument),
            "base": instrument.base,
            "quote": instrument.quote,
            "settle": instrument.settle_ccy if perp else None,
            "baseId": instrument.base,
            "quoteId": instrument.quote,
            "settleId": instrument.settle_ccy if perp else None,
            "type": "swap" if perp else "spot",
            "spot": not perp,
            "swap": perp,
            "contract": perp,
            "linear": True if perp else None,
            "active": True,
            "contractSize": 1.0 if perp else None,
            "precision": {"amount": 0.001, "price": 0.0001},
            "info": {},
        }
    )
