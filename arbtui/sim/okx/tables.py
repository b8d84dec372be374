"""What OKX says about itself: hosts, limits, contract values, and rows that are listed but not to be traded."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from arbtui.sim.coins import Coin
from arbtui.sim.listing import Habits, Listing, Market

REST_HOSTS = frozenset({"www.okx.com", "openapi.okx.com", "aws.okx.com", "eea.okx.com", "us.okx.com"})
DEMO_SOCKETS = frozenset({"wspap.okx.com", "wseeapap.okx.com", "wsuspap.okx.com"})
SOCKETS = DEMO_SOCKETS | {"ws.okx.com", "wsaws.okx.com", "wseea.okx.com", "wsus.okx.com"}
SOCKET_PATHS = {"/ws/v5/public": "public", "/ws/v5/private": "private", "/ws/v5/business": "business"}

CONNECTIONS_PER_S = 3  # a client address
REQUESTS_PER_H = 480  # subscribe, unsubscribe and login, a connection
REQUEST_BYTES = 64 * 1024
SILENCE_S = 30  # without a subscription after connecting, or without any data or pong afterwards
IDLE_BOOK_MS = 60_000  # an unchanged book is sent again, as an empty update or the same snapshot

INST_TYPES = frozenset({"SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION", "EVENTS"})
INST_TYPE: dict[Market, str] = {"perp": "SWAP", "spot": "SPOT"}
MARKET: dict[str, Market] = {"SWAP": "perp", "SPOT": "spot"}

# Coins in one contract; coins not here have the smallest power of ten that is worth a dollar or more, one at least.
CONTRACT_VALUES = {
    "BTC": Decimal("0.01"),
    "ETH": Decimal("0.1"),
    "BNB": Decimal("0.01"),
    "BCH": Decimal("0.1"),
    "XRP": Decimal(100),
    "DOGE": Decimal(1000),
    "ADA": Decimal(100),
    "TRX": Decimal(1000),
    "PEPE": Decimal(10_000_000),
    "SHIB": Decimal(1_000_000),
    "BONK": Decimal(100_000),
    "FLOKI": Decimal(100_000),
    "SATS": Decimal(10_000_000),
}
SWAP_TICKS = {"BTC": Decimal("0.1"), "ETH": Decimal("0.01"), "BNB": Decimal("0.1")}
SWAP_LOTS = {"BTC": Decimal("0.01"), "ETH": Decimal("0.01")}
SPOT_TICKS = {"BTC": Decimal("0.1"), "ETH": Decimal("0.01"), "BNB": Decimal("0.1"), "USDC": Decimal("0.0001")}
SPOT_LOTS = {"BTC": Decimal("0.00000001"), "ETH": Decimal("0.000001")}
SPOT_MINIMA = {"BTC": Decimal("0.00001"), "ETH": Decimal("0.0001")}
NO_MINIMUM = Decimal(0)  # there is no minimum notional, only minSz

HABITS = Habits(shortest=True, rate_shortest=True)
SWAP_IDS = 333_793_000_000
SPOT_IDS = 74_211_000_000
ID_JUMP = 40  # ids grow by more than one from frame to frame

CODES = {"BTC-USDT-SWAP": 10459, "ETH-USDT-SWAP": 10461}
FIRST_CODE = 20_001
DEMO_CODES = 500_000  # instIdCode differs between production and demo trading
GROUPS = {("perp", "USDT"): "2", ("perp", "USDC"): "3", ("spot", "USDT"): "1", ("spot", "USDC"): "2"}

STATES = {
    "trading": "live",
    "halted": "suspend",
    "pre_open": "preopen",
    "close_only": "post_only",
    "delisted": "expired",  # by the instruments channel only: REST does not list it any more
}


class Odd(NamedTuple):
    """A row that only fills a list: ``fields`` over the defaults of its type, and the price that its ticker shows."""

    inst_type: str
    inst_id: str
    fields: dict[str, Any]
    price: str = ""  # "": no ticker, no mark


def _swap(family: str, settle: str, kind: str = "linear", **more: Any) -> dict[str, Any]:
    value_ccy = family.split("-")[0] if kind == "linear" else "USD"
    return {
        "uly": family,
        "instFamily": family,
        "settleCcy": settle,
        "ctType": kind,
        "ctVal": "1" if kind == "linear" else "100",
        "ctMult": "1",
        "ctValCcy": value_ccy,
        "tickSz": "0.1",
        "lotSz": "1",
        "minSz": "1",
        "instIdCode": 10_000,
        "groupId": "2",
        **more,
    }


def _pair(base: str, quote: str, group: str, **more: Any) -> dict[str, Any]:
    return {
        "baseCcy": base,
        "quoteCcy": quote,
        "tickSz": "0.1",
        "lotSz": "0.00000001",
        "minSz": "0.00001",
        "instIdCode": 10_001,
        "groupId": group,
        "tradeQuoteCcyList": [quote],
        **more,
    }


# Inverse, USD-quoted, dated, X-Perp, pre-market, rebasing, test and not yet open.
ODD_ROWS: tuple[Odd, ...] = (
    Odd("SWAP", "BTC-USD-SWAP", _swap("BTC-USD", "BTC", "inverse", instIdCode=10458, groupId="1"), "83080.3"),
    Odd("SWAP", "ETH-USD-SWAP", _swap("ETH-USD", "ETH", "inverse", instIdCode=10460, groupId="1"), "3120.1"),
    Odd("SWAP", "ETH-USD_UM-SWAP", _swap("ETH-USD_UM", "USD", ctVal="0.1"), "3119.9"),
    Odd("SWAP", "SOL-USD_UM-SWAP", _swap("SOL-USD", "USD", instFamily="SOL-USD_UM"), "171.8"),
    Odd("SWAP", "SOON-USDT-SWAP", _swap("SOON-USDT", "USDT", ruleType="pre_market"), "1.4"),
    Odd("SWAP", "REBASED-USDT-SWAP", _swap("REBASED-USDT", "USDT", ruleType="rebase_contract", state="rebase"), "2.1"),
    Odd("SWAP", "OKTEST-USDT-SWAP", _swap("OKTEST-USDT", "USDT", state="test", instIdCode=None)),
    Odd("SWAP", "NEXT-USDT-SWAP", {"state": "preopen"}),
    Odd("SPOT", "BTC-USD", _pair("BTC", "USD", "9", tradeQuoteCcyList=["USD", "USDC"]), "83085.5"),
    Odd("SPOT", "BTC-EUR", _pair("BTC", "EUR", "4"), "71204.4"),
    Odd("SPOT", "OKTEST-USDT", _pair("OKTEST", "USDT", "1", state="test")),
    Odd("SPOT", "NEXT-USDT", {"state": "preopen"}),
    Odd(
        "FUTURES",
        "BTC-USDT-261225",
        _swap("BTC-USDT", "USDT", ctVal="0.01", alias="quarter", expTime="1798185600000"),
        "83410.2",
    ),
    Odd(
        "FUTURES",
        "BTC-USD_UM_XPERP-310404",
        _swap("BTC-USD", "USD", instFamily="BTC-USD_UM", ruleType="xperp", expTime="1933056000000"),
        "83079.9",
    ),
)


def contract_value(coin: Coin) -> Decimal:
    """Coins in one contract."""
    return CONTRACT_VALUES.get(coin.ticker) or Decimal(10) ** max(0, -Decimal(coin.price).adjusted())


def instrument_row(listing: Listing, *, demo: bool) -> dict[str, Any]:
    """A row of ``/public/instruments`` and of the instruments channel."""
    fields: dict[str, Any] = {
        "state": STATES[listing.status],
        "instIdCode": listing.extra["code"] + (DEMO_CODES if demo else 0),
        "groupId": GROUPS[listing.market, listing.quote],
        "listTime": str(listing.extra["list_ms"]),
        "expTime": "" if listing.delist_ms is None else str(listing.delist_ms),
        "tickSz": format(listing.tick, "f"),
        "lotSz": format(listing.step, "f"),
        "minSz": format(listing.min_qty, "f"),
    }
    if listing.market == "perp":
        fields |= {
            "uly": listing.extra["family"],
            "instFamily": listing.extra["family"],
            "settleCcy": listing.settle,
            "ctType": "linear",
            "ctVal": format(listing.terms.multiplier, "f"),
            "ctMult": "1",
            "ctValCcy": listing.base,
        }
    else:
        fields |= {"baseCcy": listing.base, "quoteCcy": listing.quote, "tradeQuoteCcyList": [listing.quote]}
    return _row(INST_TYPE[listing.market], listing.native, fields)


def odd_row(odd: Odd) -> dict[str, Any]:
    """A row that only fills a list. One that is not open yet has no more than its name, type and state."""
    if odd.fields.get("state") == "preopen":
        return {"instType": odd.inst_type, "instId": odd.inst_id, **odd.fields}
    return _row(odd.inst_type, odd.inst_id, odd.fields)


def _row(inst_type: str, inst_id: str, fields: dict[str, Any]) -> dict[str, Any]:
    spot = inst_type == "SPOT"
    return {
        "alias": "",
        "auctionEndTime": "",
        "baseCcy": "",
        "category": "1",
        "contTdSwTime": "",
        "ctMult": "",
        "ctType": "",
        "ctVal": "",
        "ctValCcy": "",
        "expTime": "",
        "futureSettlement": False,
        "groupId": "",
        "instCategory": "1",
        "instFamily": "",
        "instId": inst_id,
        "instIdCode": None,
        "instType": inst_type,
        "lever": "10" if spot else "50",
        "listTime": "1611916828000",
        "lotSz": "",
        "maxIcebergSz": "9999999999.0000000000000000" if spot else "100000000.0000000000000000",
        "maxLmtAmt": "20000000",
        "maxLmtSz": "9999999999" if spot else "100000000",
        "maxMktAmt": "1000000" if spot else "",
        "maxMktSz": "1000000" if spot else "12000",
        "maxPlatOILmt": "",
        "maxStopSz": "1000000" if spot else "12000",
        "maxTriggerSz": "9999999999.0000000000000000" if spot else "100000000.0000000000000000",
        "maxTwapSz": "9999999999.0000000000000000" if spot else "100000000.0000000000000000",
        "minSz": "",
        "openType": "",
        "optType": "",
        "posLmtAmt": "",
        "posLmtPct": "",
        "preMktSwTime": "",
        "quoteCcy": "",
        "ruleType": "normal",
        "settleCcy": "",
        "state": "live",
        "stk": "",
        "tickSz": "",
        "tradeQuoteCcyList": [],
        "uly": "",
        "upcChg": [],
        **fields,
    }
