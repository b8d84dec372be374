"""What Binance says about itself: hosts, limits, spellings, and rows that are listed but not to be traded."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from arbtui.sim.listing import Habits, Listing, Market

USDM_REST = frozenset({"fapi.binance.com", "demo-fapi.binance.com", "testnet.binancefuture.com"})
SPOT_REST = frozenset(
    {
        "api.binance.com",
        "api1.binance.com",
        "api2.binance.com",
        "api3.binance.com",
        "api4.binance.com",
        "api-gcp.binance.com",
        "data-api.binance.vision",
        "demo-api.binance.com",
        "testnet.binance.vision",
    }
)
COINM_REST = frozenset({"dapi.binance.com"})
USDM_SOCKETS = frozenset({"fstream.binance.com", "demo-fstream.binance.com", "fstream.binancefuture.com"})
SPOT_SOCKETS = frozenset(
    {
        "stream.binance.com",
        "data-stream.binance.vision",
        "demo-stream.binance.com",
        "stream.testnet.binance.vision",
    }
)

USDM_API_SOCKETS = frozenset({"ws-fapi.binance.com"})  # and testnet.binancefuture.com, which answers REST too
SPOT_API_SOCKETS = frozenset({"ws-api.binance.com", "demo-ws-api.binance.com", "ws-api.testnet.binance.vision"})
API_PATHS: dict[str, Market] = {"/ws-fapi/v1": "perp", "/ws-api/v3": "spot"}

WEIGHT_PER_MINUTE: dict[Market, int] = {"perp": 2400, "spot": 6000}
STREAMS_PER_SOCKET = 1024
CONNECTIONS_PER_5_MIN = 300
LIFETIME_S = 24 * 3600
# Messages (JSON, ping, pong) before the cut. USD-M: documented 10 a second, seen to answer a burst of 15.
MESSAGES_PER_S: dict[Market, int] = {"perp": 15, "spot": 5}
PING_EVERY_S: dict[Market, int] = {"perp": 180, "spot": 20}
PONG_WITHIN_S: dict[Market, int] = {"perp": 600, "spot": 60}

# Coins that are traded by the thousand or million: what the listed unit is called, and how many coins it is.
PERP_UNITS = {
    "PEPE": ("1000PEPE", 1000),
    "SHIB": ("1000SHIB", 1000),
    "BONK": ("1000BONK", 1000),
    "FLOKI": ("1000FLOKI", 1000),
    "LUNC": ("1000LUNC", 1000),
    "XEC": ("1000XEC", 1000),
    "RATS": ("1000RATS", 1000),
    "SATS": ("1000SATS", 1000),
    "CAT": ("1000CAT", 1000),
    "CHEEMS": ("1000CHEEMS", 1000),
    "WHY": ("1000WHY", 1000),
    "MOG": ("1000000MOG", 1_000_000),
    "BOB": ("1000000BOB", 1_000_000),
    "BABYDOGE": ("1MBABYDOGE", 1_000_000),
}
SPOT_UNITS = {"SATS": ("1000SATS", 1000), "BABYDOGE": ("1MBABYDOGE", 1_000_000)}

NON_ASCII = frozenset({"币安人生"})  # listed as a perp whatever else is; other non-ASCII coins are not listed

PERP_TICKS = {"BTC": Decimal("0.10"), "ETH": Decimal("0.01"), "BNB": Decimal("0.010")}
PERP_STEPS = {"BTC": Decimal("0.001"), "ETH": Decimal("0.001"), "SOL": Decimal("0.01"), "BNB": Decimal("0.01")}
PERP_MIN_NOTIONAL = {"BTC": Decimal(50), "ETH": Decimal(20)}
SPOT_TICKS = {"BTC": Decimal("0.01"), "ETH": Decimal("0.01"), "BNB": Decimal("0.01")}
SPOT_STEPS = {"BTC": Decimal("0.00001"), "ETH": Decimal("0.0001"), "BNB": Decimal("0.001")}

PERP_HABITS = Habits(mark_decimals=8)
SPOT_HABITS = Habits(price_decimals=8, size_decimals=8)
PERP_IDS = 11_757_092_000_000  # update ids of the day; above 10^13 before long
SPOT_IDS = 98_494_969_000

FOREVER_MS = 4_133_404_800_000  # deliveryDate of a contract without an end

PERP_STATUS = {
    "trading": "TRADING",
    "halted": "TRADING_HALT",
    "pre_open": "PENDING_TRADING",
    "close_only": "PRE_SETTLE",
    "delisted": "SETTLING",
}
SPOT_STATUS = {
    "trading": "TRADING",
    "halted": "HALT",
    "pre_open": "BREAK",
    "close_only": "CANCEL_ONLY",
    "delisted": "BREAK",
}

# USD-M rows that are no crypto perpetuals open for trading: symbol, pair, contractType, status, underlyingType, price.
ODD_PERPS: tuple[tuple[str, str, str, str, str, str], ...] = (
    ("BTCUSDT_261225", "BTCUSDT", "CURRENT_QUARTER", "TRADING", "COIN", "83410.2"),
    ("ETHUSDT_270326", "ETHUSDT", "NEXT_QUARTER", "TRADING", "COIN", "3169.44"),
    ("TSLAUSDT", "TSLAUSDT", "TRADIFI_PERPETUAL", "TRADING", "EQUITY", "398.21"),
    ("XAUUSDT", "XAUUSDT", "TRADIFI_PERPETUAL", "TRADING", "COMMODITY", "4107.55"),
    ("LUNAUSDT", "LUNAUSDT", "PERPETUAL", "PRE_SETTLE", "COIN", "0.0931"),
    ("OLDUSDT", "OLDUSDT", "PERPETUAL", "SETTLING", "COIN", "0.0119"),
)
# Spot rows that cannot be bought: symbol, base asset, status.
ODD_SPOT: tuple[tuple[str, str, str], ...] = (("OLDUSDT", "OLD", "CANCEL_ONLY"), ("GONEUSDT", "GONE", "BREAK"))
# COIN-M symbols that leak into all-market arrays since the CM-UM merge (st = 2): symbol, pair, price.
COINM_ROWS: tuple[tuple[str, str, str], ...] = (
    ("BTCUSD_PERP", "BTCUSD", "83077.4"),
    ("ETHUSD_PERP", "ETHUSD", "3119.87"),
    ("SOLUSD_PERP", "SOLUSD", "171.790"),
)


def perp_row(listing: Listing) -> dict[str, Any]:
    """A row of ``/fapi/v1/exchangeInfo``. Key order inside a filter varies, as it does there."""
    tick, step, qty = format(listing.tick, "f"), format(listing.step, "f"), format(listing.min_qty, "f")
    asset = listing.extra["asset"]
    return {
        "symbol": listing.native,
        "pair": listing.native,
        "contractType": "PERPETUAL",
        "deliveryDate": listing.delist_ms or FOREVER_MS,
        "onboardDate": listing.extra["onboard_ms"],
        "status": PERP_STATUS[listing.status],
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": asset,
        "quoteAsset": listing.quote,
        "marginAsset": listing.settle,
        "pricePrecision": _places(listing.tick),
        "quantityPrecision": _places(listing.step),
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": ["Layer-1"],
        "triggerProtect": "0.0500",
        "liquidationFee": "0.012500",
        "marketTakeBound": "0.05",
        "maxMoveOrderLimit": 10000,
        "filters": [
            {"maxPrice": "4529764", "tickSize": tick, "filterType": "PRICE_FILTER", "minPrice": tick},
            {"stepSize": step, "minQty": qty, "maxQty": "1000000000", "filterType": "LOT_SIZE"},
            {"minQty": qty, "maxQty": "120000000", "filterType": "MARKET_LOT_SIZE", "stepSize": step},
            {"filterType": "MAX_NUM_ORDERS", "limit": 200},
            {"notional": format(listing.terms.min_notional, "f"), "filterType": "MIN_NOTIONAL"},
            {
                "multiplierDown": "0.9500",
                "multiplierUp": "1.0500",
                "multiplierDecimal": "4",
                "filterType": "PERCENT_PRICE",
            },
            {"filterType": "POSITION_RISK_CONTROL", "positionControlSide": "NONE"},
        ],
        "orderTypes": ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
        "permissionSets": ["GRID", "COPY", "DCA", "PSB"],
    }


def odd_perp_row(odd: tuple[str, str, str, str, str, str]) -> dict[str, Any]:
    """A row of ``/fapi/v1/exchangeInfo`` that is no crypto perpetual open for trading."""
    symbol, pair, contract, status, underlying, _ = odd
    dated = contract.endswith("QUARTER")
    return {
        "symbol": symbol,
        "pair": pair,
        "contractType": contract,
        "deliveryDate": 1_798_185_600_000 if dated or status != "TRADING" else FOREVER_MS,
        "onboardDate": 1_750_000_000_000,
        "status": status,
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": pair.removesuffix("USDT"),
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "pricePrecision": 2,
        "quantityPrecision": 3,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": underlying,
        "underlyingSubType": [],
        "filters": [
            {"maxPrice": "1000000", "tickSize": "0.01", "filterType": "PRICE_FILTER", "minPrice": "0.01"},
            {"stepSize": "0.001", "minQty": "0.001", "maxQty": "1000", "filterType": "LOT_SIZE"},
            {"minQty": "0.001", "maxQty": "120", "filterType": "MARKET_LOT_SIZE", "stepSize": "0.001"},
            {"notional": "5", "filterType": "MIN_NOTIONAL"},
        ],
        "orderTypes": ["LIMIT", "MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
        "permissionSets": [],
    }


def spot_row(listing: Listing) -> dict[str, Any]:
    """A row of ``/api/v3/exchangeInfo``. MARKET_LOT_SIZE is not set, as for many symbols there."""
    return {
        "symbol": listing.native,
        "status": SPOT_STATUS[listing.status],
        "baseAsset": listing.extra["asset"],
        "baseAssetPrecision": 8,
        "quoteAsset": listing.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT"],
        "icebergAllowed": True,
        "ocoAllowed": True,
        "otoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": True,
        "cancelReplaceAllowed": True,
        "amendAllowed": True,
        "pegInstructionsAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": _eight(listing.tick),
                "maxPrice": "1000000.00000000",
                "tickSize": _eight(listing.tick),
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": _eight(listing.min_qty),
                "maxQty": "9000000000.00000000",
                "stepSize": _eight(listing.step),
            },
            {
                "filterType": "MARKET_LOT_SIZE",
                "minQty": "0.00000000",
                "maxQty": "0.00000000",
                "stepSize": "0.00000000",
            },
            {
                "filterType": "PERCENT_PRICE_BY_SIDE",
                "bidMultiplierUp": "5",
                "bidMultiplierDown": "0.2",
                "askMultiplierUp": "5",
                "askMultiplierDown": "0.2",
                "avgPriceMins": 5,
            },
            {
                "filterType": "NOTIONAL",
                "minNotional": _eight(listing.terms.min_notional),
                "applyMinToMarket": True,
                "maxNotional": "9000000.00000000",
                "applyMaxToMarket": False,
                "avgPriceMins": 5,
            },
        ],
        "permissions": ["SPOT"],
        "permissionSets": [["SPOT", "MARGIN"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"],
    }


def _eight(value: Decimal) -> str:
    return f"{value:.8f}" if _places(value) <= 8 else format(value, "f")


def _places(value: Decimal) -> int:
    return max(0, -int(value.as_tuple().exponent))
