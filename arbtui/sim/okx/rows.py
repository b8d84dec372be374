"""Objects that REST answers and channels have in common: ticker, mark price, index ticker, funding rate, book sides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from arbtui.sim.listing import Listing
from arbtui.sim.okx.tables import INST_TYPE
from arbtui.sim.view import Side, View

HOUR_MS = 3_600_000
_SETTLING_MS = 5_000  # how long a settlement is being processed


def has_market(listing: Listing) -> bool:
    """Whether it has prices: neither still to be opened nor gone."""
    return listing.status not in ("pre_open", "delisted")


def levels(side: Side) -> str:
    """``[["8476.98","415","0","13"],...]``: price, size, deprecated zero, number of orders."""
    return "[" + ",".join([f'["{p}","{size}","0","{orders(p, size)}"]' for p, size in side]) + "]"


def orders(price: str, size: str) -> int:
    """How many orders make up a level; none where it is gone."""
    return 0 if size == "0" else 1 + ord(price[-1]) % 13


def ticker(view: View, listing: Listing, wire: str) -> dict[str, Any]:
    """A ticker. ``vol24h``: contracts (swap) or base coins (spot). ``volCcy24h``: base coins (swap) or quote (spot)."""
    day, quote = view.ticker(listing, wire), view.quote(listing, wire)
    if listing.market == "perp":
        currency = listing.extra["coins"](listing.volume_lots)
    else:
        currency = day.turnover.rstrip("0").rstrip(".") if "." in day.turnover else day.turnover
    return {
        "instType": INST_TYPE[listing.market],
        "instId": listing.native,
        "last": day.last,
        "lastSz": day.last_size,
        "askPx": quote.ask or "",
        "askSz": quote.ask_size or "",
        "bidPx": quote.bid or "",
        "bidSz": quote.bid_size or "",
        "open24h": day.open,
        "high24h": day.high,
        "low24h": day.low,
        "volCcy24h": currency,
        "vol24h": day.volume,
        "sodUtc0": day.open,
        "sodUtc8": day.open,
        "ts": str(quote.t_ms),
    }


def mark(view: View, listing: Listing, wire: str) -> dict[str, Any]:
    """A mark price."""
    return {
        "instType": "SWAP",
        "instId": listing.native,
        "markPx": view.marks(listing, wire).mark,
        "ts": str(view.now_ms(listing.market)),
    }


def index(view: View, listing: Listing, wire: str) -> dict[str, Any]:
    """A ticker of the index of a swap; the range of its day is that of the swap."""
    day = view.ticker(listing)
    return {
        "instId": listing.extra["family"],
        "idxPx": view.marks(listing, wire).index_price,
        "high24h": day.high,
        "low24h": day.low,
        "open24h": day.open,
        "sodUtc0": day.open,
        "sodUtc8": day.open,
        "ts": str(view.now_ms(listing.market)),
    }


def funding(view: View, listing: Listing) -> dict[str, Any]:
    """A funding rate: ``fundingRate`` is what will be paid at ``fundingTime``, the next settlement."""
    estimate, now_ms = view.funding(listing), view.now_ms(listing.market)
    period_ms = estimate.interval_h * HOUR_MS
    prev_ms = estimate.next_ms - period_ms
    bound = "0.00375" if listing.coin.rank < 20 else "0.015"
    return {
        "instType": "SWAP",
        "instId": listing.native,
        "method": "current_period",
        "formulaType": "withRate",
        "fundingRate": estimate.rate,
        "nextFundingRate": "",
        "fundingTime": str(estimate.next_ms),
        "nextFundingTime": str(estimate.next_ms + period_ms),
        "minFundingRate": f"-{bound}",
        "maxFundingRate": bound,
        "interestRate": f"{0.0001 * estimate.interval_h / 8:.8f}".rstrip("0"),
        "impactValue": "20000",
        "premium": f"{listing.basis_bps / 1e4:.8f}",
        "settState": "processing" if 0 <= now_ms - prev_ms < _SETTLING_MS else "settled",
        "settFundingRate": settled_rate(listing, prev_ms),
        "prevFundingTime": str(prev_ms),
        "ts": str(now_ms),
    }


def settled_rate(listing: Listing, at_ms: int) -> str:
    """What was paid at a settlement: the same whoever asks whenever."""
    return listing.rate(listing.settled_rate(at_ms))


def settlements(listing: Listing, times: Iterable[int]) -> list[dict[str, Any]]:
    """Rows of ``/public/funding-rate-history``."""
    return [
        {
            "instType": "SWAP",
            "instId": listing.native,
            "formulaType": "withRate",
            "method": "current_period",
            "fundingRate": settled_rate(listing, at_ms),
            "realizedRate": settled_rate(listing, at_ms),
            "fundingTime": str(at_ms),
        }
        for at_ms in times
    ]
