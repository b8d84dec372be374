"""Objects that REST answers and channels are made of: instruments, tickers, funding rates, sides of a book."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from arbtui.sim.bitget import tables
from arbtui.sim.listing import Listing, salt_of
from arbtui.sim.view import Side, View

HOUR_MS = 3_600_000


def exists(listing: Listing) -> bool:
    """Whether requests and subscriptions still know it."""
    return listing.status != "delisted"


def has_ticker(listing: Listing) -> bool:
    """Whether it has prices of the day: not a contract that is still to open, nor what is gone."""
    return exists(listing) and not (listing.market == "perp" and listing.status == "pre_open")


def has_book(listing: Listing) -> bool:
    """Whether somebody may have orders in it. A halted one keeps its old book."""
    return listing.status not in ("pre_open", "delisted")


def moves(listing: Listing) -> bool:
    """Whether it trades."""
    return listing.status in ("trading", "close_only")


# -- instruments ------------------------------------------------------------------------------------------------------


def contract(view: View, listing: Listing) -> dict[str, Any]:
    """A row of ``/mix/market/contracts``. Price step = ``priceEndStep`` x 10^-``pricePlace``."""
    extra = listing.extra
    place, end_step = _scale(listing.tick)
    delivery = extra.get("delivery_ms")
    return {
        "symbol": listing.native,
        "baseCoin": extra["asset"],
        "quoteCoin": listing.quote,
        "buyLimitPriceRatio": "0.05",
        "sellLimitPriceRatio": "0.05",
        "feeRateUpRatio": "0.005",
        "makerFeeRate": "0.0002",
        "takerFeeRate": "0.0006",
        "openCostUpRatio": "0.01",
        "supportMarginCoins": [listing.settle],
        "minTradeNum": format(listing.min_qty, "f"),
        "priceEndStep": str(end_step),
        "volumePlace": str(decimals(listing.step)),
        "pricePlace": str(place),
        "sizeMultiplier": format(listing.step, "f"),
        "symbolType": "perpetual" if delivery is None else "delivery",
        "minTradeUSDT": format(listing.terms.min_notional, "f"),
        "maxSymbolOrderNum": "200",
        "maxProductOrderNum": "1000",
        "maxPositionNum": "200",
        "symbolStatus": extra.get("word") or tables.CONTRACT_STATUS[listing.status],
        "offTime": _time_or(listing.delist_ms, "-1"),
        "limitOpenTime": _time_or(extra.get("limit_open_ms"), "-1"),
        "deliveryTime": _time_or(delivery, ""),
        "deliveryStartTime": "",
        "deliveryPeriod": "" if delivery is None else "this_quarter",
        "launchTime": str(extra["launch_ms"]) if listing.status == "pre_open" else "",
        "fundInterval": str(view.funding(listing).interval_h),
        "minLever": "1",
        "maxLever": str(extra["max_leverage"]),
        "posLimit": "0.1",
        "maintainTime": "",
        "openTime": "",
        "maxMarketOrderQty": format(listing.step * tables.MOST_MARKET_STEPS, "f"),
        "maxOrderQty": format(listing.step * tables.MOST_STEPS, "f"),
        "isRwa": "YES" if extra.get("rwa") else "NO",
    }


def pair(listing: Listing) -> dict[str, Any]:
    """A row of ``/spot/public/symbols``. The precisions are numbers of decimals."""
    extra = listing.extra
    fee = "0.002" if listing.native in tables.DEAR_PAIRS else "0.001"
    return {
        "symbol": listing.native,
        "baseCoin": extra["asset"],
        "quoteCoin": listing.quote,
        "minTradeAmount": format(listing.min_qty, "f"),
        "maxTradeAmount": "900000000000000000000",
        "takerFeeRate": fee,
        "makerFeeRate": fee,
        "pricePrecision": str(decimals(listing.tick)),
        "quantityPrecision": str(decimals(listing.step)),
        "quotePrecision": str(min(8, decimals(listing.tick) + decimals(listing.step))),
        "status": extra.get("word") or tables.PAIR_STATUS[listing.status],
        "minTradeUSDT": format(listing.terms.min_notional, "f"),
        "buyLimitPriceRatio": "0.05",
        "sellLimitPriceRatio": "0.05",
        "areaSymbol": "yes" if extra.get("area") else "no",
        "orderQuantity": "200",
        "openTime": str(extra["launch_ms"]),
        "offTime": _time_or(listing.delist_ms, ""),
        "maxLimitOrderValue": "2000000",
        "maxMarketOrderValue": "200000",
    }


def instrument(view: View, listing: Listing) -> dict[str, Any]:
    """A row of v3 ``/market/instruments``. Contracts have steps besides their decimals."""
    extra, spot = listing.extra, listing.market == "spot"
    row: dict[str, Any] = {
        "symbol": listing.native,
        "category": extra["product"],
        "baseCoin": extra["asset"],
        "quoteCoin": listing.quote,
        "buyLimitPriceRatio": "0.05",
        "sellLimitPriceRatio": "0.05",
        "feeRateUpRatio": "",
        "minOrderQty": format(max(listing.min_qty, listing.step) if spot else listing.min_qty, "f"),
        "maxOrderQty": "" if spot else format(listing.step * tables.MOST_STEPS, "f"),
        "pricePrecision": str(decimals(listing.tick)),
        "quantityPrecision": str(decimals(listing.step)),
        "minOrderAmount": format(listing.terms.min_notional, "f"),
        "status": tables.UNIFIED_STATUS[listing.status],
        "offTime": _time_or(listing.delist_ms, "" if spot else "-1"),
    }
    if spot:
        return row | {"areaSymbol": "yes" if extra.get("area") else "no"}
    listed = contract(view, listing)
    kept = ("isRwa", "makerFeeRate", "takerFeeRate", "symbolType", "limitOpenTime", "deliveryTime", "launchTime",
            "fundInterval", "maxMarketOrderQty")  # fmt: skip
    return row | {
        **{key: listed[key] for key in kept},
        "type": listed["symbolType"],
        "isReality": "NO",
        "priceMultiplier": format(listing.tick, "f"),
        "quantityMultiplier": format(listing.step, "f"),
        "minLeverage": listed["minLever"],
        "maxLeverage": listed["maxLever"],
    }


def decimals(step: Decimal) -> int:
    """How many decimals multiples of ``step`` have at most."""
    return max(0, -int(step.normalize().as_tuple().exponent))


def _scale(tick: Decimal) -> tuple[int, int]:
    place = decimals(tick)
    return place, int(tick.scaleb(place))


def _time_or(t_ms: int | None, none: str) -> str:
    return none if t_ms is None else str(t_ms)


# -- tickers ----------------------------------------------------------------------------------------------------------


def pushed_ticker(view: View, listing: Listing, wire: str) -> dict[str, Any]:
    """A row of the channel ``ticker``. Without orders it has no bid or ask keys at all."""
    day = view.ticker(listing, wire)
    perp = listing.market == "perp"
    at_ms, best = _best(view, listing, wire)
    row: dict[str, Any] = {"instId": listing.native, "lastPr": day.last}
    if perp:
        row |= best
    row["open24h"] = day.open
    row["high24h"] = day.high
    row["low24h"] = day.low
    row["change24h"] = _fraction(day.change_pct)
    if perp:
        marks, funding = view.marks(listing, wire), view.funding(listing)
        row["fundingRate"] = funding.rate
        row["nextFundingTime"] = str(funding.next_ms)
        row["markPrice"] = marks.mark
        row["indexPrice"] = marks.index_price
        row["holdingAmount"] = _held(listing)
    else:
        row |= best
    row["baseVolume"] = day.volume
    row["quoteVolume"] = _short(day.turnover)
    row["openUtc"] = day.open
    if perp:
        row["symbolType"] = "1"
        row["symbol"] = listing.native
    else:
        row["changeUtc24h"] = _fraction(day.change_pct)
    row["ts"] = str(at_ms)
    return row


def mix_ticker(view: View, listing: Listing, wire: str, now_ms: int) -> dict[str, Any]:
    """A row of ``/mix/market/tickers``; all rows of an answer have its time."""
    marks, funding = view.marks(listing, wire), view.funding(listing)
    return {
        **_asked_ticker(view, listing, wire),
        "ts": str(now_ms),
        "indexPrice": marks.index_price,
        "fundingRate": funding.rate,
        "holdingAmount": _held(listing),
        "deliveryStartTime": None,
        "deliveryTime": listing.extra.get("delivery_ms") and str(listing.extra["delivery_ms"]),
        "deliveryStatus": "delivery_normal" if listing.extra.get("delivery_ms") else "",
        "open24h": view.ticker(listing, wire).open,
        "markPrice": marks.mark,
    }


def spot_ticker(view: View, listing: Listing, wire: str) -> dict[str, Any]:
    """A row of ``/spot/market/tickers``: ``open``, not ``open24h``."""
    row = _asked_ticker(view, listing, wire)
    return {"open": row["openUtc"], **row, "ts": str(_best(view, listing, wire)[0])}


def _asked_ticker(view: View, listing: Listing, wire: str) -> dict[str, Any]:
    day = view.ticker(listing, wire)
    change = _fraction(day.change_pct)
    turnover = _short(day.turnover)
    return {
        "symbol": listing.native,
        "lastPr": day.last,
        **_best(view, listing, wire)[1],
        "high24h": day.high,
        "low24h": day.low,
        "change24h": change,
        "baseVolume": day.volume,
        "quoteVolume": turnover,
        "usdtVolume": turnover,
        "openUtc": day.open,
        "changeUtc24h": change,
    }


def _best(view: View, listing: Listing, wire: str) -> tuple[int, dict[str, str]]:
    """When the ticker became so, and its bid and ask."""
    quote = view.quote(listing, wire)
    row: dict[str, str] = {}
    if has_book(listing):
        if quote.bid is not None and quote.bid_size is not None:
            row["bidPr"] = quote.bid
        if quote.ask is not None and quote.ask_size is not None:
            row["askPr"] = quote.ask
        if quote.bid_size is not None:
            row["bidSz"] = quote.bid_size
        if quote.ask_size is not None:
            row["askSz"] = quote.ask_size
    return view.now_ms(listing.market) if moves(listing) else quote.t_ms, row


def _held(listing: Listing) -> str:
    """Open interest in base coins: a part of the day's volume."""
    return listing.size(listing.volume_lots // 3)


def _fraction(percent: str) -> str:
    return f"{float(percent) / 100:.5f}"


def _short(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


# -- funding ----------------------------------------------------------------------------------------------------------


def fund_rate(view: View, listing: Listing) -> dict[str, Any]:
    """A row of ``current-fund-rate``; what is still to open has no caps."""
    funding = view.funding(listing)
    cap = None if listing.status == "pre_open" else "0.003" if listing.coin.rank < 3 else "0.0075"
    return {
        "symbol": listing.native,
        "fundingRate": funding.rate,
        "fundingRateInterval": str(funding.interval_h),
        "nextUpdate": str(funding.next_ms),
        "minFundingRate": cap and f"-{cap}",
        "maxFundingRate": cap,
    }


def settlements(listing: Listing, times: Iterable[int]) -> list[dict[str, str]]:
    """Rows of ``history-fund-rate``: the same whoever asks whenever."""
    return [
        {
            "symbol": listing.native,
            "fundingRate": listing.rate((salt_of(listing.salt, str(at_ms)) % 4001 - 1500) * listing.interval_h),
            "fundingTime": str(at_ms),
        }
        for at_ms in times
    ]


# -- books ------------------------------------------------------------------------------------------------------------


def levels(side: Side) -> str:
    """``[["0.01039","4499.23"],...]``."""
    return "[" + ",".join([f'["{price}","{size}"]' for price, size in side]) + "]"


def numbers(side: Side) -> str:
    """``[[0.01039,4499.23],...]``: as ``merge-depth`` writes it. What is no number stays a text."""
    return "[" + ",".join([f"[{_number(price)},{_number(size)}]" for price, size in side]) + "]"


def _number(text: str) -> str:
    return text if text[0].isdecimal() else f'"{text}"'
