"""What is traded, where. Prices and sizes of an ``Instrument`` are in wire units unless a name says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import msgspec


class Market(StrEnum):
    SPOT = "spot"
    PERP = "perp"


class TradingStatus(StrEnum):
    """The venue's own vocabulary, mapped. Only TRADING may raise signals; whatever is not known is UNKNOWN."""

    TRADING = "trading"
    CLOSE_ONLY = "close_only"
    HALTED = "halted"
    PRE_OPEN = "pre_open"
    DELISTED = "delisted"
    UNKNOWN = "unknown"


class Category(StrEnum):
    """What stands behind the price. Dated and inverse contracts are never made into instruments at all."""

    CRYPTO = "crypto"
    TRADFI = "tradfi"
    PRE_MARKET = "pre_market"


_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """One tradable thing of one venue, as the venue lists it.

    ``size_wire x multiplier`` = coins; ``price_wire / price_factor`` = price of one coin. Either is None where it is
    not known: such an instrument is shown, never tradable. ``price_ccy`` is what the price is quoted in (its index,
    for a perp), ``settle_ccy`` what profit is paid in; they differ on most Hyperliquid perps.
    """

    venue: str
    market: Market
    native: str
    base: str
    quote: str
    price_ccy: str
    settle_ccy: str
    multiplier: Decimal | None
    price_factor: Decimal | None
    status: TradingStatus
    status_text: str = ""  # the venue's word for it
    category: Category = Category.CRYPTO
    tick: Decimal | None = None  # wire price step; None where the step depends on the price
    sig_figs: int | None = None  # at most so many significant figures (Hyperliquid)
    max_decimals: int | None = None  # and at most so many decimals
    step: Decimal | None = None  # wire size step
    min_qty: Decimal | None = None  # wire size
    min_notional: Decimal | None = None  # quote currency
    funding_interval_h: float | None = None  # perps; the live value of a stream outranks it
    delist_ms: int | None = None  # announced end of trading, UTC
    taker_rate: float | None = None  # fraction, where the venue lists one per instrument (0.0006 = 6 bps)
    maker_rate: float | None = None
    extra: Mapping[str, Any] = _NOTHING  # what only this venue's codec needs (OKX instIdCode, Hyperliquid asset index)

    @property
    def key(self) -> str:
        """``venue.market.native``: the name of a leg everywhere outside."""
        return f"{self.venue}.{self.market.value}.{self.native}"


class Channel(StrEnum):
    """What a public stream carries, over all venues.

    A wire channel may carry several (OKX ``tickers``): each is asked for, the codec subscribes once.
    """

    BBO = "bbo"
    BOOK = "book"
    TICKER = "ticker"  # last, 24 h figures
    MARK = "mark"  # mark and index
    FUNDING = "funding"
    MIDS = "mids"  # mids of all, a second opinion on BBOs
    INSTRUMENTS = "instruments"  # listing and status changes
    TRADES = "trades"  # public trades, asked for only where somebody needs them


class Stream(msgspec.Struct, frozen=True, order=True):
    """One subscription in our words. ``native`` is "" for a stream over all instruments of a market."""

    market: Market
    channel: Channel
    native: str = ""

    def __str__(self) -> str:
        return f"{self.market.value}.{self.channel.value}" + (f".{self.native}" if self.native else "")
