"""What is wanted of a hedge, frozen at review, and the names under which its orders are sent.

A hedge lives through turns: turn 0 opens it, each later one closes a part, the whole, or flattens it. Every turn is an
``Intent`` of its own, written to the journal before anything else of it. Leg 0 is always the leg that was bought when
the hedge was opened, leg 1 the one that was sold; closing turns the sides around, not the legs.

Client ids are a function of (hedge, leg, purpose, number) alone: the same decision made again has the same name, two
decisions never share one. Hedge ids are engine time in milliseconds and a counter, in base 36; the one writer keeps
them growing across restarts and clock steps.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from arbtui.core.clock import NS_PER_MS
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import Side
from arbtui.execution.policy import DEFAULT, Policy

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_HEDGE_ID = re.compile(r"[0-9a-z]{10}")
_FLATTEN_ID = re.compile(r"fl[0-9a-z]{12}", re.ASCII)
_CLIENT_ID = re.compile(r"ab([0-9a-z]{10})([ehruxf])([01])([0-9a-z]{3})")
_PER_MS = 36**2
ORDERS_PER_HEDGE = 36**3


class Verb(StrEnum):
    OPEN = "open"
    CLOSE = "close"
    FLATTEN = "flatten"  # as close, at prices up to the flatten band, and again until nothing is left


class Style(StrEnum):
    TAKER_TAKER = "taker_taker"
    MAKER_TAKER = "maker_taker"


class Purpose(StrEnum):
    """Why an order was sent. The value is its letter in the client id."""

    ENTER = "e"  # the first order of a leg
    HEDGE = "h"  # answers a fill of the leading leg
    REHEDGE = "r"  # second try for the leg that is short
    UNWIND = "u"  # gives the excess back
    EXIT = "x"  # closes
    FLATTEN = "f"

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True)
class Terms:
    """What an instrument demanded of an order at review. Wire units, as in ``core.model.Instrument``."""

    base: str
    asset: str  # the coin as the venue spells it in balances and fees: one of it = ``multiplier`` coins on spot
    quote: str
    price_ccy: str
    settle_ccy: str
    multiplier: Decimal
    price_factor: Decimal
    step: Decimal
    min_qty: Decimal
    min_notional: Decimal
    tick: Decimal | None
    sig_figs: int | None
    max_decimals: int | None

    @property
    def per_wire(self) -> Decimal:
        """Wire price x wire quantity x this = money in ``price_ccy``."""
        return self.multiplier / self.price_factor


def terms_of(instrument: Instrument) -> Terms | str:
    """The terms, or in words what is not known and keeps the instrument from being traded."""
    if instrument.multiplier is None or instrument.price_factor is None:
        return f"it is not known how many coins one unit of {instrument.key} is; set the multiplier in the config"
    if instrument.step is None or (instrument.tick is None and instrument.sig_figs is None):
        return f"{instrument.venue} does not tell the lot or price step of {instrument.key}; it cannot be traded"
    prefix = instrument.native.upper().removesuffix(instrument.quote.upper()).rstrip("-_/")
    spelled = instrument.market is Market.SPOT and prefix and prefix != instrument.native.upper()
    return Terms(
        base=instrument.base,
        asset=prefix if spelled else instrument.base,
        quote=instrument.quote,
        price_ccy=instrument.price_ccy,
        settle_ccy=instrument.settle_ccy,
        multiplier=instrument.multiplier,
        price_factor=instrument.price_factor,
        step=instrument.step,
        min_qty=instrument.min_qty or instrument.step,
        min_notional=instrument.min_notional or Decimal(0),
        tick=instrument.tick,
        sig_figs=instrument.sig_figs,
        max_decimals=instrument.max_decimals,
    )


@dataclass(frozen=True)
class Leg:
    """One side of an intent. ``price``: executable at review, wire; ``side``: of this turn's own orders."""

    venue: str
    market: Market
    native: str
    side: Side
    price: Decimal
    terms: Terms
    taker_rate: Decimal  # own fees as fractions, positive = paid
    maker_rate: Decimal
    fee_in_base: bool = False  # a spot buy pays its fee in the coin that it buys

    @cached_property
    def key(self) -> str:
        """``venue.market.native``."""
        return f"{self.venue}.{self.market.value}.{self.native}"

    def coin_price(self, wire: Decimal) -> Decimal:
        return wire / self.terms.price_factor


@dataclass(frozen=True)
class Intent:
    """One turn of a hedge. ``qty``: wire quantity wanted of each leg; ``usd``: what the person asked for, if in USD."""

    hedge: str
    turn: int
    verb: Verb
    style: Style
    base: str
    legs: tuple[Leg, Leg]
    qty: tuple[Decimal, Decimal]
    t_ns: int
    maker: int | None = None  # which leg rests, in maker_taker
    usd: Decimal | None = None
    policy: Policy = DEFAULT
    by: str = "person"

    @property
    def opens(self) -> bool:
        return self.verb is Verb.OPEN

    @property
    def take_band_bps(self) -> Decimal:
        """How far a first taker order of this turn may pay beyond the frozen price."""
        return self.policy.flatten_band_bps if self.verb is Verb.FLATTEN else self.policy.take_band_bps

    def band_bps(self, index: int) -> Decimal:
        """How far this turn's first orders of a leg may go beyond its frozen price: the leg that rests follows the
        market, and the one that covers its fills has the band of what is missing. Where the thinner book goes first,
        either may be the one that covers.
        """
        policy = self.policy
        if self.verb is Verb.FLATTEN:
            return policy.flatten_band_bps
        if self.style is Style.MAKER_TAKER:
            return policy.maker_band_bps if self.maker == index else policy.rehedge_band_bps
        return max(policy.take_band_bps, policy.rehedge_band_bps) if policy.thinner_first else policy.take_band_bps

    @property
    def planned_net_bps(self) -> Decimal:
        """What opening at the frozen prices leaves after both entry fees; meaningless for a closing turn."""
        buy, sell = self.legs
        cost = buy.coin_price(buy.price) * (1 + buy.taker_rate)
        return 10_000 * (sell.coin_price(sell.price) * (1 - sell.taker_rate) - cost) / cost


def base36(number: int, width: int) -> str:
    """``number`` in base 36, zero-filled. ValueError if it needs more than ``width`` digits."""
    digits = ""
    rest = number
    while rest:
        rest, digit = divmod(rest, 36)
        digits = _DIGITS[digit] + digits
    if number < 0 or len(digits) > width:
        raise ValueError(f"{number} does not fit into {width} digits of base 36")
    return digits.rjust(width, "0")


def client_id(hedge: str, leg: int, purpose: Purpose, number: int) -> str:
    """The name of an order: 17 ASCII letters and digits."""
    if not _HEDGE_ID.fullmatch(hedge) or leg not in (0, 1):
        raise ValueError(f"no client id for hedge {hedge!r}, leg {leg}")
    return f"ab{hedge}{purpose.value}{leg}{base36(number, 3)}"


@dataclass(frozen=True)
class OrderName:
    hedge: str
    leg: int
    purpose: Purpose
    number: int


def read_client_id(text: str) -> OrderName | None:
    """What our own client id says; None for one that is not ours."""
    match = _CLIENT_ID.fullmatch(text)
    if match is None:
        return None
    hedge, letter, leg, number = match.groups()
    return OrderName(hedge, int(leg), Purpose(letter), int(number, 36))


def flatten_id(t_ms: int, number: int) -> str:
    """Client id of an order by which accounts are flattened without an engine: of no hedge, and known as what it is."""
    return f"fl{base36(t_ms, 9)}{base36(number, 3)}"


def is_flatten_id(text: str) -> bool:
    return _FLATTEN_ID.fullmatch(text) is not None


class HedgeIds:
    """Makes hedge ids that only grow, whatever the clock does."""

    def __init__(self) -> None:
        self._last = -1

    def saw(self, hedge: str) -> None:
        """An id of an earlier life."""
        if _HEDGE_ID.fullmatch(hedge):
            self._last = max(self._last, int(hedge, 36))

    def next(self, now_ns: int) -> str:
        self._last = max(self._last + 1, now_ns // NS_PER_MS * _PER_MS)
        return base36(self._last, 10)
