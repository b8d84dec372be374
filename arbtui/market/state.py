"""Slots, coins and the board that holds them: the newest of everything, per instrument and per coin.

A slot is one instrument. Its floats are per coin and in base units (wire price / price_factor, wire size x multiplier);
``bid_usd``/``ask_usd`` are those prices in US dollars at the rate of the slot's price currency, ``bid_net``/``ask_net``
after the taker fee of one leg (what selling brings, what buying costs). None wherever a side is missing or a factor or
rate is not known.
"""

from __future__ import annotations

from arbtui.core.events import Funding, MarkPrice, Quote, Ticker
from arbtui.core.model import Instrument
from arbtui.core.status import Link
from arbtui.market.book import Book


class Slot:
    """One instrument's latest state. Written by the board only."""

    __slots__ = (
        "ask",
        "ask_net",
        "ask_qty",
        "ask_usd",
        "bid",
        "bid_net",
        "bid_qty",
        "bid_usd",
        "book",
        "coin",
        "fee_source",
        "funding",
        "id",
        "instrument",
        "link",
        "mark",
        "muted",
        "quote",
        "taker_rate",
        "ticker",
        "vol_24h_usd",
    )

    id: int
    instrument: Instrument
    coin: Coin
    quote: Quote | None
    bid: float | None
    bid_qty: float | None
    ask: float | None
    ask_qty: float | None
    bid_usd: float | None
    ask_usd: float | None
    bid_net: float | None
    ask_net: float | None
    book: Book | None
    ticker: Ticker | None  # merged over frames
    mark: MarkPrice | None  # merged over frames
    funding: Funding | None  # merged over frames
    vol_24h_usd: float | None
    taker_rate: float  # fraction, negative = rebate
    fee_source: str  # "default", "config fees.okx.perp.taker_bps", "venue listing"
    link: Link | None
    muted: str | None  # why this leg may not trade now, in words; None = it may


class Coin:
    """One coin and every slot of it."""

    __slots__ = ("base", "quarantine", "slots")

    base: str
    slots: list[Slot]
    quarantine: str | None


class Board:
    """All slots and coins. To be written."""

    slots: list[Slot]
    coins: dict[str, Coin]
