"""Objects that answers and channels have in common: universe rows, asset contexts, mids, book sides."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from arbtui.sim.hyperliquid import tables
from arbtui.sim.listing import Level, Levels, Listing, Writer, salt_of
from arbtui.sim.view import Marks, Quote, Side, View

HOUR_MS = 3_600_000
_RATE = Writer(Decimal("1e-8"), point=True)
_BASE_RATE = 1_250  # 0.01 % for 8 h, in 1e-8 for one
_CLAMP = 50_000


def has_book(listing: Listing) -> bool:
    """Whether anybody can quote it; where not, sides are empty."""
    return listing.status in ("trading", "close_only")


def pointed(text: str) -> str:
    """A number with one decimal at least and no more zeros than that: ``77558.0``."""
    whole, _, part = text.partition(".")
    return f"{whole}.{part.rstrip('0') or '0'}"


# -- books -------------------------------------------------------------------------------------------------------------


def level(price: str, size: str) -> str:
    """``{"px":"85560.0","sz":"5.61122","n":21}``; n: how many orders."""
    return f'{{"px":"{price}","sz":"{size}","n":{1 + (3 * ord(price[-3]) + ord(size[-1])) % 17}}}'


def side(levels: Side) -> str:
    return "[" + ",".join([level(price, size) for price, size in levels]) + "]"


def best(price: str | None, size: str | None) -> str:
    """One side of a ``bbo``."""
    return "null" if price is None or size is None else level(price, size)


def aggregated(levels: Levels, sig_figs: int, mantissa: int) -> Levels:
    """``levels`` in buckets of so many significant figures, bids rounded down and asks up."""
    return Levels(_buckets(levels.bids, sig_figs, mantissa, -1), _buckets(levels.asks, sig_figs, mantissa, 1))


def _buckets(levels: list[Level], sig_figs: int, mantissa: int, way: int) -> list[Level]:
    merged: dict[int, int] = {}
    for price, lots in levels:
        step = 10 ** max(0, len(str(price)) - sig_figs) * mantissa
        bucket = price - price % step if way < 0 else price + -price % step
        merged[bucket] = merged.get(bucket, 0) + lots
    return list(merged.items())


def l2_book(view: View, listing: Listing, block_ms: int, wire: str, how: BookKind) -> str:
    """The object that ``l2Book`` is, by socket and REST."""
    if not has_book(listing):
        levels, spread, time_ms = "[[],[]]", "", block_ms
    else:
        state = view.snapshot_state(listing, wire)
        time_ms = block_ms if state is listing.state else view.book_ms(listing, state)
        whole = view.levels(listing, state, wire)
        shown = whole if how.sig_figs is None else aggregated(whole, how.sig_figs, how.mantissa or 1)
        depth = view.depth_of(listing, state, shown, how.depth, wire)
        levels = f"[{side(depth.bids)},{side(depth.asks)}]"
        spread = ""
        if how.sig_figs is not None and whole.bids and whole.asks:
            spread = f',"spread":"{listing.price(whole.asks[0][0] - whole.bids[0][0])}"'
    fast = ',"fast":true' if how.fast else ""
    return f'{{"coin":"{listing.native}","time":{time_ms},"levels":{levels}{spread}{fast}}}'


class BookKind:
    """How a book is asked for: fast (5 levels), whole (20), in buckets."""

    def __init__(self, sig_figs: int | None = None, mantissa: int | None = None, *, fast: bool = False) -> None:
        self.sig_figs = sig_figs
        self.mantissa = mantissa
        self.fast = fast
        self.depth = tables.FAST_LEVELS if fast else tables.LEVELS

    @property
    def exists(self) -> bool:
        """Whether the venue knows such buckets."""
        if self.sig_figs is None:
            return self.mantissa is None
        return 2 <= self.sig_figs <= 5 and (
            self.mantissa is None or (self.sig_figs == 5 and self.mantissa in (1, 2, 5))
        )


# -- prices and asset contexts -----------------------------------------------------------------------------------------


def mid(quote: Quote) -> str | None:
    """Half-way between best bid and ask; None where a side is missing."""
    if quote.bid is None or quote.ask is None:
        return None
    if "nan" in (quote.bid, quote.ask):
        return "nan"
    return pointed(format((Decimal(quote.bid) + Decimal(quote.ask)) / 2, "f"))


def mid_of(view: View, listing: Listing, wire: str) -> str | None:
    return mid(view.quote(listing, wire)) if has_book(listing) else None


def marks(view: View, listing: Listing, wire: str) -> Marks:
    """Mark and oracle; of what was delisted, as they were then."""
    frozen: Marks | None = listing.extra.get("frozen")
    return frozen if frozen is not None else view.marks(listing, wire)


def universe_row(listing: Listing) -> dict[str, Any]:
    """A perp in ``meta``. Flags that do not apply are absent."""
    row: dict[str, Any] = {
        "szDecimals": listing.extra["sz_decimals"],
        "name": listing.native,
        "maxLeverage": listing.extra["max_leverage"],
        "marginTableId": tables.TIERED_TABLE if listing.native == "BTC" else listing.extra["max_leverage"],
    }
    if listing.native in tables.STRICTLY_ISOLATED:
        row |= {"onlyIsolated": True, "marginMode": "strictIsolated"}
    if listing.status == "delisted":
        row["isDelisted"] = True
    return row


def perp_ctx(view: View, listing: Listing, wire: str) -> dict[str, Any]:
    """A perp's asset context; all of it texts. Nulls where nobody quotes."""
    price, day = marks(view, listing, wire), view.ticker(listing, wire)
    alive = has_book(listing)
    rate = view.funding(listing).rate
    return {
        "funding": pointed(rate) if alive else "0.0",
        "openInterest": listing.size(listing.volume_lots // 6) if alive else "0.0",
        "prevDayPx": day.open,
        "dayNtlVlm": pointed(day.turnover) if alive else "0.0",
        "premium": premium_for(rate, listing) if alive else None,
        "oraclePx": price.index_price,
        "markPx": price.mark,
        "midPx": mid_of(view, listing, wire),
        "impactPxs": impact_prices(view, listing, wire) if alive else None,
        "dayBaseVlm": day.volume if alive else "0.0",
    }


def spot_ctx(view: View, listing: Listing, wire: str) -> dict[str, Any]:
    """A pair's context. Join it by ``coin``."""
    day = view.ticker(listing, wire)
    supply = listing.extra["supply"]
    return {
        "prevDayPx": day.open,
        "dayNtlVlm": pointed(day.turnover),
        "markPx": marks(view, listing, wire).mark,
        "midPx": mid_of(view, listing, wire),
        "circulatingSupply": supply,
        "coin": listing.native,
        "totalSupply": supply,
        "dayBaseVlm": day.volume,
    }


def dead_spot_ctx(index: int) -> dict[str, Any]:
    """The context of a pair that nobody trades."""
    price = f"0.{1 + index % 7:0{3 + index % 3}d}"
    return {
        "prevDayPx": price,
        "dayNtlVlm": "0.0",
        "markPx": price,
        "midPx": None,
        "circulatingSupply": "1000000.0",
        "coin": tables.pair_name(index),
        "totalSupply": "1000000.0",
        "dayBaseVlm": "0.0",
    }


def impact_prices(view: View, listing: Listing, wire: str) -> list[str] | None:
    """Average prices of selling and buying 20,000 (BTC, ETH) or 6,000 dollars at once; None if the book lacks that."""
    levels = view.levels(listing, listing.state, wire)
    dollars = 20_000 if listing.native in ("BTC", "ETH") else 6_000
    wanted = dollars / float(listing.tick * listing.step)
    found = [_average(levels.bids, wanted), _average(levels.asks, wanted)]
    return [listing.mark_price(round(p)) for p in found if p is not None] if None not in found else None


def _average(levels: list[Level], wanted: float) -> float | None:
    """Average price in ticks of taking ``wanted`` ticks x lots."""
    value = lots = 0.0
    for price, size in levels:
        take = min(size, (wanted - value) / price)
        value, lots = value + take * price, lots + take
        if value >= wanted * 0.999999:
            return value / lots
    return None


# -- funding -----------------------------------------------------------------------------------------------------------


def premium_for(rate: str, listing: Listing) -> str:
    """A premium P that makes the rate: (P + clamp(0.0001 - P, -0.0005, 0.0005)) / 8."""
    hourly = round(Decimal(rate) * 10**8)
    if hourly == _BASE_RATE:
        return _RATE(round(listing.basis_bps * 1e4))
    return _RATE(8 * hourly + (_CLAMP if hourly > _BASE_RATE else -_CLAMP))


def settlement(listing: Listing, hour_ms: int) -> dict[str, Any]:
    """A row of ``fundingHistory``: what was paid at a full hour, stamped a little later. The same whoever asks."""
    salt = salt_of(listing.salt, str(hour_ms))
    rate = listing.rate(salt % 4001 - 1500)
    return {
        "coin": listing.native,
        "fundingRate": pointed(rate),
        "premium": premium_for(rate, listing),
        "time": hour_ms + 1 + salt % 118,
    }
