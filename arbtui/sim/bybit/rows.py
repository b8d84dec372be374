"""Objects of instruments and tickers, by REST and by topic."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from arbtui.sim.bybit.tables import STATUS
from arbtui.sim.listing import Listing, salt_of
from arbtui.sim.view import Side, View

HOUR_MS = 3_600_000
_SECOND = ("bid1Price", "bid1Size", "ask1Price", "ask1Size", "preOpenPrice", "preQty", "curPreListingPhase")
_DAY = ("prevPrice24h", "price24hPcnt", "highPrice24h", "lowPrice24h", "prevPrice1h")
_INTEREST = ("openInterest", "openInterestValue")
_SINGLE = ("singleOpenInterest", "singleOpenInterestValue")
# Keys of the topic tickers of a perpetual, of a dated future, and of REST rows, in the order of the wire.
PERP_KEYS = (
    "symbol", "tickDirection", "price24hPcnt", "lastPrice", "prevPrice24h", "highPrice24h", "lowPrice24h",
    "prevPrice1h", "markPrice", "indexPrice", *_INTEREST, "turnover24h", "volume24h", "fundingIntervalHour",
    "fundingCap", *_SINGLE, "nextFundingTime", "fundingRate", *_SECOND,
)  # fmt: skip
DATED_KEYS = (
    *PERP_KEYS[:14], "deliveryTime", "basisRate", "deliveryFeeRate", "predictedDeliveryPrice", "basis",
    "basisRateYear", "nextFundingTime", "fundingRate", *_SECOND[:4],
)  # fmt: skip
REST_KEYS = (
    "symbol", "lastPrice", "indexPrice", "markPrice", *_DAY, *_INTEREST, *_SINGLE, "turnover24h", "volume24h",
    "fundingRate", "nextFundingTime", "predictedDeliveryPrice", "basisRate", "deliveryFeeRate", "deliveryTime",
    "ask1Size", "bid1Price", "ask1Price", "bid1Size", "basis", "preOpenPrice", "preQty", "curPreListingPhase",
    "fundingIntervalHour", "basisRateYear", "fundingCap",
)  # fmt: skip
SPOT_KEYS = (
    "symbol", "lastPrice", "highPrice24h", "lowPrice24h", "prevPrice24h", "volume24h", "turnover24h", "price24hPcnt",
    "usdIndexPrice",
)  # fmt: skip
SPOT_REST_KEYS = (
    "symbol", "bid1Price", "bid1Size", "ask1Price", "ask1Size", "lastPrice", "prevPrice24h", "price24hPcnt",
    "highPrice24h", "lowPrice24h", "turnover24h", "volume24h", "usdIndexPrice",
)  # fmt: skip


def has_market(listing: Listing) -> bool:
    """Whether it has prices: neither still to be opened nor gone."""
    return listing.status not in ("pre_open", "delisted")


def is_dated(listing: Listing) -> bool:
    return str(listing.extra["kind"]) == "LinearFutures"


def wire_status(listing: Listing) -> str:
    """``status`` of its row."""
    return str(listing.extra["wire_status"] or STATUS[listing.status])


def levels(side: Side, zero: str) -> str:
    """``[["71419.80","0"],["71418.20","0.159"]]``; ``zero`` is how this listing would write a size of none."""
    return "[" + ",".join([f'["{price}","{"0" if size == zero else size}"]' for price, size in side]) + "]"


# -- tickers ----------------------------------------------------------------------------------------------------------


def spot_ticker(view: View, listing: Listing, wire: str) -> dict[str, str]:
    """Every value of a pair's ticker but its quotes."""
    day = view.ticker(listing, wire)
    return {
        "symbol": listing.native,
        "lastPrice": day.last,
        "highPrice24h": day.high,
        "lowPrice24h": day.low,
        "prevPrice24h": day.open,
        "volume24h": day.volume,
        "turnover24h": day.turnover,
        "price24hPcnt": fraction(day.change_pct),
        "usdIndexPrice": view.marks(listing).index_price,
    }


def linear_ticker(view: View, listing: Listing, wire: str) -> dict[str, str]:
    """Every value of a contract's ticker but its quotes and tick direction. "" = there is none."""
    day, marks = view.ticker(listing, wire), view.marks(listing, wire)
    interest_lots: int = listing.extra["interest_lots"]
    value = interest_lots * float(listing.step) * float(marks.index_price)
    values = {
        "symbol": listing.native,
        "price24hPcnt": fraction(day.change_pct),
        "lastPrice": day.last,
        "prevPrice24h": day.open,
        "highPrice24h": day.high,
        "lowPrice24h": day.low,
        "prevPrice1h": day.open,
        "markPrice": marks.mark,
        "indexPrice": marks.index_price,
        "openInterest": listing.size(interest_lots),
        "openInterestValue": f"{value:.2f}",
        "turnover24h": day.turnover,
        "volume24h": day.volume,
        "singleOpenInterest": listing.size(interest_lots // 2),
        "singleOpenInterestValue": f"{value / 2:.2f}",
        "preOpenPrice": "",
        "preQty": "",
        "curPreListingPhase": "",
    }
    return values | (_dated_values(listing) if is_dated(listing) else _perpetual_values(view, listing))


def _perpetual_values(view: View, listing: Listing) -> dict[str, str]:
    funding = view.funding(listing)
    return {
        "fundingIntervalHour": str(funding.interval_h),
        "fundingCap": listing.extra["cap"],
        "nextFundingTime": str(funding.next_ms),
        "fundingRate": funding.rate,
        "predictedDeliveryPrice": "",
        "basisRate": "",
        "deliveryFeeRate": "",
        "deliveryTime": "0",
        "basis": "",
        "basisRateYear": "",
    }


def _dated_values(listing: Listing) -> dict[str, str]:
    return {
        "fundingIntervalHour": "",
        "fundingCap": "",
        "nextFundingTime": "",
        "fundingRate": "",
        "predictedDeliveryPrice": "0.00",
        "basisRate": "0.00381204",
        "deliveryFeeRate": "0.0005",
        "deliveryTime": str(listing.extra["delivery_ms"]),
        "basis": "318.61",
        "basisRateYear": "0.03908",
    }


def quotes(view: View, listing: Listing, wire: str) -> tuple[dict[str, str], int]:
    """Best prices of a ticker, and the id of their book."""
    quote = view.quote(listing, wire)
    values = (quote.bid, quote.bid_size, quote.ask, quote.ask_size)
    return dict(zip(_SECOND, (value or "" for value in values), strict=False)), quote.seq


def topic_ticker(view: View, listing: Listing, wire: str) -> tuple[dict[str, str], int]:
    """``data`` of the topic tickers but ``tickDirection``, and ``cs``. A pair's has no quotes."""
    best, seq = quotes(view, listing, wire)
    if listing.market == "spot":
        return spot_ticker(view, listing, wire), seq
    values = linear_ticker(view, listing, wire) | best | {"tickDirection": ""}
    if is_dated(listing):
        delivery = datetime.fromtimestamp(listing.extra["delivery_ms"] / 1000, UTC)
        values["deliveryTime"] = f"{delivery:%Y-%m-%dT%H:%M:%SZ}"
    return {key: values[key] for key in (DATED_KEYS if is_dated(listing) else PERP_KEYS)}, seq


def rest_ticker(view: View, listing: Listing, wire: str) -> dict[str, str]:
    """A row of ``/v5/market/tickers``. A contract before its opening has no prices yet."""
    if listing.market == "spot":
        values = spot_ticker(view, listing, wire) | quotes(view, listing, wire)[0]
        return {key: values[key] for key in SPOT_REST_KEYS}
    if listing.status == "pre_open":
        known = {"symbol": listing.native, "deliveryTime": "0", "curPreListingPhase": "CallAuction"}
        return {key: known.get(key, "") for key in REST_KEYS}
    values = linear_ticker(view, listing, wire) | quotes(view, listing, wire)[0]
    return {key: values[key] for key in REST_KEYS}


def fraction(percent: str) -> str:
    """``"-0.506"`` per cent as Bybit writes it: ``"-0.00506"``."""
    text = f"{float(percent) / 100:.6f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def settled_rate(listing: Listing, at_ms: int) -> str:
    """What was paid at a settlement: the same whoever asks whenever."""
    return listing.rate((salt_of(listing.salt, str(at_ms)) % 4001 - 1500) * listing.interval_h)


# -- instruments ------------------------------------------------------------------------------------------------------


def instrument(view: View, listing: Listing) -> dict[str, Any]:
    """A row of ``/v5/market/instruments-info``."""
    return _pair(listing) if listing.market == "spot" else _contract(view, listing)


def _contract(view: View, listing: Listing) -> dict[str, Any]:
    extra, pre = listing.extra, listing.status == "pre_open"
    step, most = format(listing.step, "f"), listing.size(10**6)
    delivery_ms = listing.delist_ms or extra["delivery_ms"]
    return {
        "symbol": listing.native,
        "symbolId": extra["id"],
        "contractType": extra["kind"],
        "status": wire_status(listing),
        "baseCoin": extra["asset"],
        "quoteCoin": listing.quote,
        "launchTime": str(extra["launch_ms"]),
        "deliveryTime": str(delivery_ms),
        "deliveryFeeRate": "0.0005" if is_dated(listing) else "",
        "priceScale": str(_places(listing.tick)),
        "leverageFilter": {"minLeverage": "1", "maxLeverage": extra["leverage"], "leverageStep": "0.01"},
        "priceFilter": {
            "minPrice": listing.price(1),
            "maxPrice": listing.price(19_999_998),
            "tickSize": format(listing.tick, "f"),
        },
        "lotSizeFilter": {
            "maxOrderQty": most,
            "minOrderQty": format(listing.min_qty, "f"),
            "qtyStep": step,
            "postOnlyMaxOrderQty": most,
            "maxMktOrderQty": listing.size(4 * 10**5),
            "minNotionalValue": format(listing.terms.min_notional, "f"),
        },
        "unifiedMarginTrade": True,
        "fundingInterval": 0 if is_dated(listing) else view.funding(listing).interval_h * 60,
        "settleCoin": listing.settle,
        "copyTrading": "none" if pre or extra["symbol_type"] else "both",
        "upperFundingRate": extra["cap"],
        "lowerFundingRate": f"-{extra['cap']}",
        "isPreListing": pre,
        "preListingInfo": _pre_listing(extra["launch_ms"]) if pre else None,
        "riskParameters": {"priceLimitRatioX": "0.01", "priceLimitRatioY": "0.02"},
        "symbolType": extra["symbol_type"],
    }


def _pre_listing(launch_ms: int) -> dict[str, Any]:
    call, still, match, go = (launch_ms + minutes * 60_000 for minutes in (0, 50, 55, 60))
    phases = (
        ("CallAuction", call, str(still)),
        ("CallAuctionNoCancel", still, str(match)),
        ("CrossMatching", match, str(go)),
        ("ContinuousTrading", go, ""),
    )
    return {
        "curAuctionPhase": "CallAuction",
        "phases": [{"phase": name, "startTime": str(start), "endTime": end} for name, start, end in phases],
        "auctionFeeInfo": {"auctionFeeRate": "0", "takerFeeRate": "0.001", "makerFeeRate": "0.0004"},
    }


def _pair(listing: Listing) -> dict[str, Any]:
    """``minOrderQty`` and the other deprecated bounds are dead: the minimum is ``minOrderAmt``, in quote currency."""
    extra = listing.extra
    most = listing.size(10**8)
    row = {
        "symbolId": extra["id"],
        "symbol": listing.native,
        "baseCoin": extra["asset"],
        "quoteCoin": listing.quote,
        "innovation": "0",
        "status": wire_status(listing),
        "marginTrading": "utaOnly" if listing.coin.rank < 40 else "none",
        "stTag": "0" if listing.delist_ms is None else "1",
        "lotSizeFilter": {
            "basePrecision": format(listing.step, "f"),
            "quotePrecision": "0.0000001",
            "minOrderQty": listing.size(11),
            "maxOrderQty": most,
            "minOrderAmt": format(listing.terms.min_notional, "f"),
            "maxOrderAmt": "8000000",
            "maxLimitOrderQty": most,
            "maxMarketOrderQty": listing.size(5 * 10**7),
            "postOnlyMaxLimitOrderSize": "60000",
        },
        "priceFilter": {"tickSize": format(listing.tick, "f")},
        "riskParameters": {"priceLimitRatioX": "0.005", "priceLimitRatioY": "0.01"},
        "symbolType": extra["symbol_type"],
    }
    return row | ({"xstockMultiplier": "1"} if extra["symbol_type"] == "xstocks" else {})


def inverse() -> list[dict[str, Any]]:
    """Coin-margined contracts, which nobody here trades."""
    return [
        _inverse("BTCUSD", "BTC", "0.50", "InversePerpetual", "0"),
        _inverse("ETHUSD", "ETH", "0.05", "InversePerpetual", "0"),
        _inverse("BTCUSDZ26", "BTC", "0.50", "InverseFutures", "1798185600000"),
    ]


def _inverse(symbol: str, base: str, tick: str, kind: str, delivery: str) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "symbolId": 1,
        "contractType": kind,
        "status": "Trading",
        "baseCoin": base,
        "quoteCoin": "USD",
        "launchTime": "1542211200000",
        "deliveryTime": delivery,
        "deliveryFeeRate": "" if delivery == "0" else "0.0005",
        "priceScale": "2",
        "leverageFilter": {"minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01"},
        "priceFilter": {"minPrice": tick, "maxPrice": "1999999.00", "tickSize": tick},
        "lotSizeFilter": {
            "maxOrderQty": "25000000",
            "minOrderQty": "1",
            "qtyStep": "1",
            "postOnlyMaxOrderQty": "25000000",
            "maxMktOrderQty": "5000000",
            "minNotionalValue": "",
        },
        "unifiedMarginTrade": True,
        "fundingInterval": 480 if delivery == "0" else 0,
        "settleCoin": base,
        "copyTrading": "none",
        "upperFundingRate": "0.00375",
        "lowerFundingRate": "-0.00375",
        "isPreListing": False,
        "preListingInfo": None,
        "riskParameters": {"priceLimitRatioX": "0.01", "priceLimitRatioY": "0.02"},
        "symbolType": "",
    }


def _places(value: Decimal) -> int:
    return max(0, -int(value.as_tuple().exponent))
