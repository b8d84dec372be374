"""From a wish to an intent: prices frozen, quantities common to both venues, or in words why not. Pure.

The frozen price of a leg is what its first order would meet: the opposite top for a taker, the own-side top for the leg
that rests. Everything later is measured from it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from arbtui.core.model import Instrument, Market
from arbtui.core.orders import Side
from arbtui.execution.intents import Intent, Leg, Style, Verb, terms_of
from arbtui.execution.ledger import Ledger
from arbtui.execution.policy import DEFAULT, Policy
from arbtui.execution.ports import Price
from arbtui.execution.quantity import ZERO, floor_to_step, hedge_quantities

_MOST_DIGITS = 18  # before the point, of a size that anybody means


@dataclass(frozen=True)
class Rates:
    """Own fees of one instrument as fractions; ``in_base``: a spot buy pays in the coin."""

    taker: Decimal
    maker: Decimal
    in_base: bool = False


@dataclass(frozen=True)
class Wish:
    """What somebody wants opened. One of ``qty_base`` (coins) and ``usd`` (a leg's worth) is set."""

    base: str
    buy: Instrument
    sell: Instrument
    rates: tuple[Rates, Rates]
    qty_base: Decimal | None = None
    usd: Decimal | None = None
    style: Style = Style.TAKER_TAKER
    maker: int | None = None
    by: str = "person"


def open_intent(
    hedge: str,
    wish: Wish,
    prices: tuple[Price, Price],
    usd_per_ccy: Decimal | None,
    now_ns: int,
    policy: Policy = DEFAULT,
    *,
    sell_usd_per_ccy: Decimal | None = None,
) -> Intent | str:
    """``usd_per_ccy``: of the buy leg's price currency; needed where the wish is in USD.

    ``sell_usd_per_ccy``: of the sell leg's; None = the same.
    """
    if wrong := _senseless(wish.style, wish.maker):
        return wrong
    made = []
    for index, (instrument, side) in enumerate(((wish.buy, Side.BUY), (wish.sell, Side.SELL))):
        leg = _leg(instrument, side, prices[index], wish.rates[index], rests=wish.maker == index)
        if isinstance(leg, str):
            return leg
        made.append(leg)
    legs = (made[0], made[1])
    limit = _coins_wanted(wish, legs, usd_per_ccy, sell_usd_per_ccy or usd_per_ccy)
    if isinstance(limit, str):
        return limit
    qty = hedge_quantities(limit, legs, wish.maker)
    if isinstance(qty, str):
        return qty
    return Intent(
        hedge=hedge,
        turn=0,
        verb=Verb.OPEN,
        style=wish.style,
        base=wish.base,
        legs=legs,
        qty=qty,
        t_ns=now_ns,
        maker=wish.maker,
        usd=wish.usd,
        policy=policy,
        by=wish.by,
    )


def _leg(instrument: Instrument, side: Side, price: Price, rates: Rates, *, rests: bool) -> Leg | str:
    terms = terms_of(instrument)
    if isinstance(terms, str):
        return terms
    frozen = frozen_price(price, side, rests=rests)
    if frozen is None:
        return f"{instrument.key} has no {'ask' if (side is Side.BUY) != rests else 'bid'} now; wait for a price"
    return Leg(
        venue=instrument.venue,
        market=instrument.market,
        native=instrument.native,
        side=side,
        price=frozen,
        terms=terms,
        taker_rate=rates.taker,
        maker_rate=rates.maker,
        fee_in_base=rates.in_base and instrument.market is Market.SPOT,
    )


def frozen_price(price: Price, side: Side, *, rests: bool) -> Decimal | None:
    return price.ask if (side is Side.BUY) != rests else price.bid


def _coins_wanted(
    wish: Wish, legs: tuple[Leg, Leg], buy_usd: Decimal | None, sell_usd: Decimal | None
) -> Decimal | str:
    """An amount in USD is what the dearer leg may come to, so that neither is worth more."""
    asked = wish.qty_base if wish.qty_base is not None else wish.usd
    if asked is None:
        return "say how much: a quantity or an amount in USD"
    if not _is_size(asked):
        return f"{asked} is no size; give a number above zero"
    if wish.qty_base is not None or wish.usd is None:
        return asked
    if buy_usd is None or sell_usd is None:
        return f"no fresh rate from {legs[0].terms.price_ccy} to USD is known; give the size in {wish.base}"
    buy, sell = legs
    return wish.usd / max(buy.coin_price(buy.price) * buy_usd, sell.coin_price(sell.price) * sell_usd)


def _is_size(amount: Decimal) -> bool:
    return amount.is_finite() and amount > 0 and amount.adjusted() < _MOST_DIGITS


def _senseless(style: Style, maker: int | None, verb: Verb = Verb.OPEN) -> str:
    """What keeps a style from being followed, in words; "" where nothing does."""
    if (style is Style.MAKER_TAKER) is not (maker in (0, 1)):
        return "with maker-taker, and only there, one of the two legs rests; say which"
    if style is Style.MAKER_TAKER and verb is Verb.FLATTEN:
        return "flattening waits for nobody; close with a resting leg instead"
    return ""


def close_intent(
    ledger: Ledger,
    prices: tuple[Price, Price],
    now_ns: int,
    *,
    verb: Verb = Verb.CLOSE,
    qty_base: Decimal | None = None,
    style: Style = Style.TAKER_TAKER,
    maker: int | None = None,
    policy: Policy | None = None,
    by: str = "person",
) -> Intent | str:
    """The next turn of a hedge: close ``qty_base`` coins of it, or all (None)."""
    if wrong := _senseless(style, maker, verb):
        return wrong
    if qty_base is not None and not _is_size(qty_base):
        return f"{qty_base} is no size; give a number above zero"
    last = ledger.intent
    legs, qty = [], []
    for index, leg in enumerate(last.legs):
        held = ledger.position(index)
        side = Side.SELL if (held or Decimal(1 - 2 * index)) > 0 else Side.BUY
        frozen = frozen_price(prices[index], side, rests=maker == index)
        if frozen is None and held:
            return f"{leg.key} has no price to close at now; wait for one"
        wanted = abs(held) if qty_base is None else min(abs(held), qty_base)
        legs.append(replace(leg, side=side, price=leg.price if frozen is None else frozen))
        qty.append(floor_to_step(wanted, leg.terms))
    if qty == [ZERO, ZERO]:
        return "nothing is open that could be traded"
    return replace(
        last,
        turn=len(ledger.turns),
        verb=verb,
        style=style,
        legs=(legs[0], legs[1]),
        qty=(qty[0], qty[1]),
        t_ns=now_ns,
        maker=maker,
        usd=None,
        policy=policy or last.policy,
        by=by,
    )
