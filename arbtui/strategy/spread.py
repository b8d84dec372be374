"""The formulas of one pair: buy at A, sell at B. Every figure that is shown, printed or acted upon comes from here.

Only executable prices enter: A's asks and B's bids; never last, mark or mid. Prices are per coin and in one currency:
the price currency that both legs share, else US dollars at the rate that the row names as its basis. ``f`` is the own
taker rate of a leg as a fraction (0.0005 = 5 bps); a rebate is negative and stays so.

    a, b             A's best ask, B's best bid
    gross_bps        1e4 (b - a) / a
    net_bps          1e4 (b (1 - f_B) - a (1 + f_A)) / a
    fees_bps         gross_bps - net_bps
    round_trip_bps   opened as above, closed when both mids have met half way between, each with the spread that it has
                     now: m = (mid_A + mid_B) / 2, h = (ask - bid) / 2;
                     1e4 (b (1 - f_B) - a (1 + f_A) + (m - h_A)(1 - f_A) - (m + h_B)(1 + f_B)) / a
                     null for spot-spot: coins that were bought and sold leave nothing to close
    top_usd          USD for which both tops are good: min(ask size of A, bid size of B) x a
    walk_usd         the size that was asked for; x = walk_usd / a coins on each leg
    walk_net_bps     net_bps with a(x), b(x), the average prices of walking A's asks and B's bids for x coins;
                     null where a book is not held or shows less than x
    max_usd          the largest size whose marginal coin still nets the threshold, in USD at A's average price: levels
                     are matched best with best while 1e4 (b_j (1 - f_B) - a_i (1 + f_A)) / a_i >= threshold.
                     0 if not even the first coin does; what the held books do not show does not count
    age_ms           since the leg's quote was last heard, or confirmed by a second source
    carry_per_h_bps  1e4 (rate_per_h(B) - rate_per_h(A)), spot = 0, null if either is unknown
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from arbtui.core.clock import NS_PER_MS
from arbtui.market.basis import Rate
from arbtui.market.freshness import heard_ns
from arbtui.market.slot import Slot
from arbtui.strategy.carry import carry_per_h_bps
from arbtui.strategy.pairs import needs_inventory
from arbtui.strategy.rows import Basis, Leg, SpreadRow

Levels = Iterable[tuple[float, float]]  # (price, coins), best first


def gross_bps(a: float, b: float) -> float:
    return 1e4 * (b - a) / a


def net_bps(a: float, b: float, fee_a: float, fee_b: float) -> float:
    return 1e4 * (b * (1.0 - fee_b) - a * (1.0 + fee_a)) / a


def round_trip_bps(buy: Top, sell: Top) -> float:
    """Both legs opened now and closed when their mids have met; see above."""
    met = (buy.bid + buy.ask + sell.bid + sell.ask) / 4.0
    half_a = (buy.ask - buy.bid) / 2.0
    half_b = (sell.ask - sell.bid) / 2.0
    opening = sell.bid * (1.0 - sell.fee) - buy.ask * (1.0 + buy.fee)
    closing = (met - half_a) * (1.0 - buy.fee) - (met + half_b) * (1.0 + sell.fee)
    return 1e4 * (opening + closing) / buy.ask


class Top(NamedTuple):
    """Best prices of one leg with both sides known, and its taker rate."""

    bid: float
    ask: float
    fee: float


class Fill(NamedTuple):
    """What matching the two books level by level came to."""

    qty: float  # coins on each leg
    usd: float  # qty at the buy leg's average price


def vwap(levels: Levels, qty: float) -> float | None:
    """Average price of taking ``qty`` coins; None where the levels hold less."""
    left = qty
    spent = 0.0
    for price, size in levels:
        if size >= left:
            return (spent + left * price) / qty
        spent += size * price
        left -= size
    return None


def walk_net_bps(asks: Levels, bids: Levels, qty: float, fee_a: float, fee_b: float) -> float | None:
    """``net_bps`` for ``qty`` coins on each leg; None where either book shows less."""
    a = vwap(asks, qty)
    if a is None:
        return None
    b = vwap(bids, qty)
    return None if b is None else net_bps(a, b, fee_a, fee_b)


def deepest(asks: Levels, bids: Levels, fee_a: float, fee_b: float, threshold_bps: float) -> Fill:
    """The largest size whose marginal coin nets ``threshold_bps`` or more, asks in the currency that ``usd`` is in."""
    qty = spent = 0.0
    bids_left = iter(bids)
    bid, bid_size = next(bids_left, (0.0, 0.0))
    for ask, ask_size in asks:
        left = ask_size
        while bid_size > 0.0 and left > 0.0 and net_bps(ask, bid, fee_a, fee_b) >= threshold_bps:
            taken = min(left, bid_size)
            qty += taken
            spent += taken * ask
            left -= taken
            bid_size -= taken
            if bid_size <= 0.0:
                bid, bid_size = next(bids_left, (0.0, 0.0))
        if left > 0.0:
            break
    return Fill(qty, spent)


class Walked(NamedTuple):
    """The figures of both held books; all None where a book is not held or may not be traded on."""

    usd: float | None
    net_bps: float | None
    max_usd: float | None


NOT_WALKED = Walked(None, None, None)


def net_of(buy: Slot, sell: Slot) -> float | None:
    """``net_bps`` at the top of book."""
    a, cost, brought = buy.ask_usd, buy.ask_net, sell.bid_net
    if a is None or cost is None or brought is None:
        prices = _prices(buy, sell)
        return None if prices is None else net_bps(*prices, buy.taker_rate, sell.taker_rate)
    return 1e4 * (brought - cost) / a


def _prices(buy: Slot, sell: Slot) -> tuple[float, float] | None:
    """The prices a and b in USD, or in the currency that both share where its rate is not known; else None."""
    if buy.ask_usd is not None and sell.bid_usd is not None:
        return buy.ask_usd, sell.bid_usd
    if buy.ask is None or sell.bid is None or buy.instrument.price_ccy != sell.instrument.price_ccy:
        return None
    return buy.ask, sell.bid


def top_usd(buy: Slot, sell: Slot) -> float | None:
    """USD for which both tops are good."""
    if buy.ask_usd is None or buy.ask_qty is None or sell.bid_qty is None:
        return None
    return min(buy.ask_qty, sell.bid_qty) * buy.ask_usd


def walked(buy: Slot, sell: Slot, walk_usd: float, threshold_bps: float) -> Walked:
    """The pair over both held books, for ``walk_usd`` on each leg."""
    if not (holds_book(buy) and holds_book(sell)) or buy.ask_usd is None or sell.bid_usd is None:
        return NOT_WALKED
    assert buy.ask is not None
    assert sell.bid is not None
    buy_rate, sell_rate = buy.ask_usd / buy.ask, sell.bid_usd / sell.bid
    fees = buy.taker_rate, sell.taker_rate

    def asks() -> Levels:
        return _in_usd(buy.book_asks(), buy_rate)

    def bids() -> Levels:
        return _in_usd(sell.book_bids(), sell_rate)

    net = walk_net_bps(asks(), bids(), walk_usd / buy.ask_usd, *fees)
    return Walked(walk_usd, net, deepest(asks(), bids(), *fees, threshold_bps).usd)


def holds_book(slot: Slot) -> bool:
    """Whether a book is held that may be traded on."""
    return slot.book is not None and slot.book.tradable


def _in_usd(levels: Levels, rate: float) -> Levels:
    return levels if rate == 1.0 else ((price * rate, size) for price, size in levels)


def spread_row(
    buy: Slot,
    sell: Slot,
    now_ns: int,
    *,
    rate: Rate | None,
    muted: str | None,
    walk_usd: float,
    threshold_bps: float,
) -> SpreadRow:
    """Everything about one pair as of ``now_ns``.

    ``rate`` is what makes their currencies comparable, where that takes one; ``muted`` the verdict on them, in words.
    """
    gross = fees = net = None
    prices = _prices(buy, sell)
    if prices is not None and (net := net_of(buy, sell)) is not None:
        gross = gross_bps(*prices)
        fees = gross - net
    depth = walked(buy, sell, walk_usd, threshold_bps)
    return SpreadRow(
        base=buy.coin.base,
        buy=_leg(buy, buy.ask, buy.ask_qty, now_ns),
        sell=_leg(sell, sell.bid, sell.bid_qty, now_ns),
        gross_bps=gross,
        fees_bps=fees,
        net_bps=net,
        round_trip_bps=_round_trip(buy, sell),
        top_usd=top_usd(buy, sell),
        walk_usd=depth.usd,
        walk_net_bps=depth.net_bps,
        max_usd=depth.max_usd,
        carry_per_h_bps=carry_per_h_bps(buy.rate_per_h, sell.rate_per_h),
        basis=None if rate is None else Basis(rate.pair, rate.value, rate.age_ms(now_ns)),
        needs_inventory=needs_inventory(sell),
        muted=muted,
    )


def _round_trip(buy: Slot, sell: Slot) -> float | None:
    if buy.is_spot and sell.is_spot:
        return None
    one, other = _top(buy, buy.bid_usd, buy.ask_usd), _top(sell, sell.bid_usd, sell.ask_usd)
    if (one is None or other is None) and buy.instrument.price_ccy == sell.instrument.price_ccy:
        one, other = _top(buy, buy.bid, buy.ask), _top(sell, sell.bid, sell.ask)
    return None if one is None or other is None else round_trip_bps(one, other)


def _top(slot: Slot, bid: float | None, ask: float | None) -> Top | None:
    return None if bid is None or ask is None else Top(bid, ask, slot.taker_rate)


def _leg(slot: Slot, price: float | None, qty: float | None, now_ns: int) -> Leg:
    instrument = slot.instrument
    return Leg(
        slot=slot.id,
        venue=instrument.venue,
        market=instrument.market,
        native=instrument.native,
        quote=instrument.quote,
        price=price,
        qty_base=qty,
        age_ms=None if slot.quote is None else (now_ns - heard_ns(slot)) / NS_PER_MS,
        source=slot.source,
        rate_per_h=slot.rate_per_h,
        vol_24h_usd=slot.vol_24h_usd,
        fee_bps=1e4 * slot.taker_rate,
        fee_source=slot.fee_source,
    )
