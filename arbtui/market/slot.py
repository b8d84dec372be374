"""A slot is one instrument's latest state, a coin is every slot of one coin. The board writes, everybody else reads.

A slot's floats are per coin and in base units (wire price / price_factor, wire size x multiplier). "USD" is counted in
USDT: ``bid_usd`` and ``ask_usd`` are prices at the rate of the slot's price currency, ``bid_net`` and ``ask_net`` those
after the taker fee of one leg (what selling brings, what buying costs). None wherever a side is missing, or a factor is
not known, or the rate is not known or too old.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import TYPE_CHECKING

from arbtui.core.events import Funding, MarkPrice, Quote, Ticker
from arbtui.core.model import Channel, Instrument, Market
from arbtui.core.status import Link
from arbtui.market.book import Book
from arbtui.market.witness import Gaps, Witness

if TYPE_CHECKING:
    from arbtui.market.basis import Rate
    from arbtui.market.family import Family


class _Front:
    """What the board's hot path touches: side by side in memory, since Python lays a base's slots out first."""

    __slots__ = ("ask_alarm", "bid_alarm", "gaps", "plain", "quote", "seq")


class Slot(_Front):
    """One instrument's latest state.

    What is kept is the newest quote as it came and the factors that hold for it; prices per coin are made from both
    when somebody asks. Of a thousand quotes few are ever asked about, and each number that is not written spares the
    processor a place in memory that it would have to fetch. ``plain``: the next quote needs no more care than that.
    """

    __slots__ = (
        "agreed",
        "barred",
        "book",
        "book_link",
        "book_ns",
        "bought",
        "coin",
        "crossed",
        "family",
        "fee_source",
        "fits_ns",
        "funding",
        "funding_ns",
        "id",
        "index_price",
        "instrument",
        "last_price",
        "link",
        "low_after",
        "low_ns",
        "maker_fee_source",
        "maker_rate",
        "mark",
        "mark_ns",
        "mark_price",
        "mid_ns",
        "multiplier",
        "muted",
        "odd_ns",
        "price_factor",
        "quarantine",
        "rate_per_h",
        "silenced",
        "sold",
        "stale",
        "taker_rate",
        "ticker",
        "ticker_ns",
        "usd",
        "vol_24h_usd",
        "witness",
        "ws_ns",
    )

    def __init__(self, slot_id: int, instrument: Instrument, coin: Coin, family: Family) -> None:
        self.id = slot_id
        self.instrument = instrument
        self.coin = coin
        self.family = family  # what is common to the slots of one venue and market

        # best bid and offer
        self.quote: Quote | None = None
        self.seq = 0  # of the last accepted websocket quote
        self.low_after: Quote | None = None  # the quote after which only lower ids have come
        self.low_ns = 0  # since when
        self.ws_ns = 0  # last websocket BBO that is not ``quote``
        self.crossed = False  # bid >= ask
        self.bid_alarm = 0.0  # a wire bid above it, or an ask below the other, is told to ``Board.on_alarm``;
        self.ask_alarm = inf  # set by the strategy, and back to "every quote" when a factor changes

        # factors
        self.plain = False
        self.price_factor: float | None = None
        self.multiplier: float | None = None
        self.usd: float | None = None  # USDT per wire price; with the next two None while the rate cannot be used
        self.sold: float | None = None  # what selling at a wire price of 1 brings after the taker fee, USDT
        self.bought: float | None = None  # what buying at it costs
        self.taker_rate = 0.0  # fraction, negative = rebate
        self.fee_source = ""  # "default", "config fees.okx.perp.taker_bps", "venue listing"
        self.maker_rate = 0.0
        self.maker_fee_source = ""

        # everything else that streams; events are merged over frames
        self.book: Book | None = None
        self.ticker: Ticker | None = None
        self.mark: MarkPrice | None = None
        self.funding: Funding | None = None
        self.last_price: float | None = None  # per coin, price currency
        self.mark_price: float | None = None
        self.index_price: float | None = None
        self.vol_24h_usd: float | None = None
        self.rate_per_h: float | None = None  # funding, fraction per hour; 0.0 for spot

        # when websocket data of each channel was last received, 0 = never
        self.book_ns = 0
        self.ticker_ns = 0
        self.mark_ns = 0
        self.funding_ns = 0
        self.mid_ns = 0

        # belief
        self.link: Link | None = None  # the connection of the BBO stream
        self.book_link: Link | None = None
        self.gaps: Gaps | None = None  # kept for periodic BBO streams only
        self.witness = Witness()
        self.agreed = False  # its mark or index has agreed with another slot's of the same coin
        self.odd_ns = 0  # since when it has disagreed with the others; 0 = it does not
        self.fits_ns = 0  # since when it has agreed with them
        self.quarantine: str | None = None
        self.barred: str | None = None  # what its listing itself says against trading it
        self.silenced: str | None = None  # muted by hand, in words
        self.stale: str | None = None  # why the quote is not fresh, as of the last look
        self.muted: str | None = None  # why this leg may not trade now, in words; None = it may

    @property
    def key(self) -> str:
        """``venue.market.native``."""
        return self.instrument.key

    @property
    def bid(self) -> float | None:
        """Best bid per coin, in the price currency."""
        quote, factor = self.quote, self.price_factor
        return None if quote is None or quote.bid is None or factor is None else quote.bid / factor

    @property
    def ask(self) -> float | None:
        quote, factor = self.quote, self.price_factor
        return None if quote is None or quote.ask is None or factor is None else quote.ask / factor

    @property
    def bid_qty(self) -> float | None:
        """Coins at the best bid."""
        quote, multiplier = self.quote, self.multiplier
        return None if quote is None or quote.bid_qty is None or multiplier is None else quote.bid_qty * multiplier

    @property
    def ask_qty(self) -> float | None:
        quote, multiplier = self.quote, self.multiplier
        return None if quote is None or quote.ask_qty is None or multiplier is None else quote.ask_qty * multiplier

    @property
    def bid_usd(self) -> float | None:
        quote, usd = self.quote, self.usd
        return None if quote is None or quote.bid is None or usd is None else quote.bid * usd

    @property
    def ask_usd(self) -> float | None:
        quote, usd = self.quote, self.usd
        return None if quote is None or quote.ask is None or usd is None else quote.ask * usd

    @property
    def bid_net(self) -> float | None:
        """What selling one coin brings after the taker fee."""
        quote, sold = self.quote, self.sold
        return None if quote is None or quote.bid is None or sold is None else quote.bid * sold

    @property
    def ask_net(self) -> float | None:
        """What buying one coin costs after the taker fee."""
        quote, bought = self.quote, self.bought
        return None if quote is None or quote.ask is None or bought is None else quote.ask * bought

    @property
    def mid(self) -> float | None:
        """Middle of bid and ask per coin, where both are known."""
        bid, ask = self.bid, self.ask
        return (bid + ask) / 2.0 if bid is not None and ask is not None else None

    @property
    def source(self) -> str:
        """Where the shown quote came from: "ws", "rest", "" = there is none."""
        return self.quote.source if self.quote is not None else ""

    @property
    def rate(self) -> Rate | None:
        """The last known rate of the price currency, whatever its age; None for USDT, and where none is known."""
        return self.family.rates.rate(self.instrument.price_ccy)

    @property
    def is_spot(self) -> bool:
        return self.instrument.market is Market.SPOT

    def heard_on(self, channel: Channel) -> int:
        """When websocket data of the channel was last received, 0 = never."""
        if channel is Channel.BBO:
            quote = self.quote
            return max(self.ws_ns, quote.t_ns if quote is not None and quote.source == "ws" else 0)
        if channel is Channel.BOOK:
            return self.book_ns
        if channel is Channel.TICKER:
            return self.ticker_ns
        if channel is Channel.MARK:
            return self.mark_ns
        if channel is Channel.FUNDING:
            return self.funding_ns
        return self.mid_ns if channel is Channel.MIDS else 0

    def book_bids(self) -> Iterator[tuple[float, float]]:
        """(price per coin, coins) of the held book, best first; empty unless it may be traded on."""
        return self._levels(bids=True)

    def book_asks(self) -> Iterator[tuple[float, float]]:
        """(price per coin, coins) of the held book, best first; empty unless it may be traded on."""
        return self._levels(bids=False)

    def _levels(self, *, bids: bool) -> Iterator[tuple[float, float]]:
        book, price_factor, multiplier = self.book, self.price_factor, self.multiplier
        if book is None or not book.tradable or price_factor is None or multiplier is None:
            return
        for price, size in book.walk_bids() if bids else book.walk_asks():
            yield price / price_factor, size * multiplier


class Coin:
    """One coin and every slot of it."""

    __slots__ = ("base", "quarantine", "slots")

    def __init__(self, base: str) -> None:
        self.base = base
        self.slots: list[Slot] = []
        self.quarantine: str | None = None  # set when no slot of the coin can be told to be the right one

    @property
    def streams(self) -> bool:
        """Whether the quote of any of its slots came by websocket."""
        for slot in self.slots:
            quote = slot.quote
            if quote is not None and quote.source == "ws":
                return True
        return False
