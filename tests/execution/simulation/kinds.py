"""Kinds of venue: what an account's instrument demands of orders, in what money, and what the venue says of them.

Drawn for each leg by itself, so that every pair of kinds comes up. Each kind has the traits of a venue that arbtui
knows; ``any`` takes them from everywhere, so that nothing holds only because two traits always come together.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from random import Random

from arbtui.core.model import Instrument, Market, TradingStatus
from arbtui.core.orders import Absence
from arbtui.execution.ledger import VenueRules


@dataclass(frozen=True)
class Kind:
    """Of tuples one is drawn. ``unnamed_end``: an order that met nobody is told as taken under no number, and over."""

    multipliers: tuple[str, ...] = ("1",)
    ticks: tuple[str, ...] = ("0.01", "0.001")
    steps: tuple[str, ...] = ("0.01", "0.1", "1")
    spot_steps: tuple[str, ...] = ("0.001", "0.01", "0.1")
    sig_figs: int | None = None  # instead of a tick
    min_notionals: tuple[int, ...] = (0, 5)
    quotes: tuple[str, ...] = ("USDT",)
    settles: tuple[str, ...] = ()  # what a perpetual is paid in; none = what it is quoted in
    intervals_h: tuple[int, ...] = (8,)
    settle_s: tuple[float, ...] = (1.0, 3.0)
    forget_s: tuple[float, ...] = (20.0, 3_600.0)
    history: float = 1.0  # how often past orders count for a proof of absence
    nameless_fills: float = 0.0  # how often the list of fills tells no client id (Binance, "Account Trade List")
    unnamed_end: bool = False


KINDS: dict[str, Kind] = {
    "any": Kind(
        multipliers=("1", "0.1", "10"),
        intervals_h=(1, 4, 8),
        history=0.8,
        nameless_fills=0.4,
    ),
    "coins": Kind(steps=("0.001", "0.01"), min_notionals=(5,), intervals_h=(4, 8), nameless_fills=1.0),
    "contracts": Kind(multipliers=("0.1", "10"), steps=("0.01", "0.1", "1"), min_notionals=(0,)),
    "unified": Kind(steps=("0.1", "1"), min_notionals=(5,), intervals_h=(1, 4, 8), forget_s=(20.0,)),
    "slow": Kind(steps=("0.01",), min_notionals=(5,), settle_s=(3.0,), nameless_fills=0.5),
    "chain": Kind(  # no market orders and no list that the query would not tell as well
        steps=("0.01", "0.1"),
        sig_figs=5,
        min_notionals=(10,),
        quotes=("USDC", "USDT"),
        settles=("USDC",),
        intervals_h=(1,),
        history=0.0,
        forget_s=(3_600.0,),
        unnamed_end=True,
    ),
}
WEIGHTS = (0.4, 0.12, 0.12, 0.12, 0.08, 0.16)
_MAX_DECIMALS = 6


def draw_kind(rng: Random) -> Kind:
    return KINDS[rng.choices(list(KINDS), weights=WEIGHTS)[0]]


def draw_usd(rng: Random) -> dict[str, Decimal]:
    """What a unit of each currency is worth."""
    return {"USDT": Decimal(1), "USDC": Decimal(rng.choice(("1", "0.9995", "1.0004")))}


def draw_instrument(rng: Random, kind: Kind, name: str, *, spot: bool) -> Instrument:
    quote = "USDC" if spot and "USDC" in kind.quotes else rng.choice(kind.quotes)
    return Instrument(
        venue=name,
        market=Market.SPOT if spot else Market.PERP,
        native=f"COIN-{quote}" if spot else f"COIN{quote}",
        base="COIN",
        quote=quote,
        price_ccy=quote,
        settle_ccy=quote if spot or not kind.settles else rng.choice(kind.settles),
        multiplier=Decimal(1) if spot else Decimal(rng.choice(kind.multipliers)),
        price_factor=Decimal(1),
        status=TradingStatus.TRADING,
        tick=None if kind.sig_figs else Decimal(rng.choice(kind.ticks)),
        sig_figs=kind.sig_figs,
        max_decimals=_MAX_DECIMALS if kind.sig_figs else None,
        step=Decimal(rng.choice(kind.spot_steps if spot else kind.steps)),
        min_notional=Decimal(rng.choice(kind.min_notionals)),
        funding_interval_h=None if spot else float(rng.choice(kind.intervals_h)),
        taker_rate=rng.choice((0.0005, 0.001)),
        maker_rate=rng.choice((0.0002, -0.0001)),
    )


def draw_rules(rng: Random, kind: Kind) -> VenueRules:
    absence = Absence(rng.choice(kind.settle_s), rng.choice(kind.forget_s))
    return VenueRules(absence, history=rng.random() < kind.history)


def price_step(price: Decimal, spec: Instrument) -> Decimal:
    """The tick at this price. Of a rule of figures: whole numbers always pass."""
    if spec.tick is not None:
        return spec.tick
    assert spec.sig_figs is not None
    assert spec.max_decimals is not None
    exponent = max(price.adjusted() - spec.sig_figs + 1, -spec.max_decimals)
    return Decimal(1).scaleb(min(exponent, 0))


def floor_price(price: Decimal, spec: Instrument) -> Decimal:
    """The next price below that the venue takes."""
    step = price_step(price, spec)
    return (price / step).to_integral_value(rounding=ROUND_FLOOR) * step
