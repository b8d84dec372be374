"""What Bybit says about itself: hosts, limits, spellings, and rows that are listed but not to be traded."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from arbtui.sim.listing import Habits, Market, Status

_REGIONS = (
    "bybit.eu",
    "bybit.kz",
    "bybit.tr",
    "bybit.nl",
    "bybit.ae",
    "bybit.id",
    "bybitgeorgia.ge",
    "manepa.jp",
)
REST_HOSTS = frozenset(
    {"api.bybit.com", "api.bytick.com", "api-testnet.bybit.com", "api-demo.bybit.com"}
    | {f"api.{region}" for region in _REGIONS}
)
SOCKETS = frozenset(
    {"stream.bybit.com", "stream-testnet.bybit.com"}
    | {f"stream.{region}" for region in ("bybit.tr", "bybit.id", "bybit.kz", "bybitgeorgia.ge", "manepa.jp")}
)
DEMO_SOCKET = "stream-demo.bybit.com"  # private only: demo trading sees the public data of production
SOCKET_PATHS: dict[str, Market] = {"/v5/public/linear": "perp", "/v5/public/spot": "spot"}
PRIVATE_PATH = "/v5/private"
TRADE_PATH = "/v5/trade"  # not in demo trading
CATEGORY: dict[Market, str] = {"perp": "linear", "spot": "spot"}
MARKET: dict[str, Market] = {"linear": "perp", "spot": "spot"}

REQUESTS = 600  # by REST, an address, in WINDOW_S; the ban is for BAN_S
WINDOW_S = 5
BAN_S = 600
CONNECTIONS_PER_5_MIN = 500  # an address and host
CONNECTIONS = 1000  # open at once, an address and market
ARGS_CHARS = 21_000  # of all topics of a connection, as JSON
SPOT_ARGS = 10  # topics in one request
IDLE_S = 600  # without a word from the client
REPEAT_MS = 3000  # an unchanged orderbook.1
BOOK_PERIODS_MS = {50: 20, 200: 100, 1000: 200}
TICKER_PERIOD_MS: dict[Market, int] = {"perp": 100, "spot": 50}
PAGE, LARGEST_PAGE = 500, 1000  # rows of instruments-info

SEQS: dict[Market, int] = {"perp": 763_537_000_000, "spot": 112_603_000_000}
SEQ_JUMP = 60
FRAME_IDS = {1: 31_000_000, 50: 210_000_000, 200: 330_000_000, 1000: 450_000_000}  # apart by more than a month's frames
RESTART_EVERY_S = 36_000  # each symbol's service, at a moment of its own

# Coins that linear contracts count by the thousand or more: what the listed unit is called, and how many coins it is.
UNITS = {
    "PEPE": ("1000PEPE", 1000),
    "SHIB": ("SHIB1000", 1000),
    "BONK": ("1000BONK", 1000),
    "FLOKI": ("1000FLOKI", 1000),
    "TURBO": ("1000TURBO", 1000),
    "LUNC": ("1000LUNC", 1000),
    "XEC": ("1000XEC", 1000),
    "RATS": ("1000RATS", 1000),
    "CAT": ("1000CAT", 1000),
    "SATS": ("10000SATS", 10_000),
    "WHY": ("10000WHY", 10_000),
    "MOG": ("1000000MOG", 1_000_000),
    "CHEEMS": ("1000000CHEEMS", 1_000_000),
    "BABYDOGE": ("1000000BABYDOGE", 1_000_000),
    "BOB": ("1000000BOB", 1_000_000),
}
PERP_TICKS = {"BTC": Decimal("0.10"), "ETH": Decimal("0.01"), "SOL": Decimal("0.010"), "BNB": Decimal("0.10")}
PERP_STEPS = {"BTC": Decimal("0.001"), "ETH": Decimal("0.01"), "SOL": Decimal("0.1"), "BNB": Decimal("0.01")}
SPOT_TICKS = {"BTC": Decimal("0.1"), "ETH": Decimal("0.01"), "BNB": Decimal("0.1"), "USDC": Decimal("0.0001")}
SPOT_STEPS = {"BTC": Decimal("0.000001"), "ETH": Decimal("0.00001")}
MIN_NOTIONAL = Decimal(5)
HABITS = Habits(rate_shortest=True)
LEAVING = "IMX"  # its perpetual has a day of delisting ahead, two weeks off

STATUS: dict[Status, str] = {
    "trading": "Trading",
    "close_only": "Trading",
    "halted": "Closed",
    "pre_open": "PreLaunch",
    "delisted": "Closed",
}


class Odd(NamedTuple):
    """A row that no one looking for crypto perpetuals or USDT and USDC pairs wants. It has a book that never moves."""

    market: Market
    native: str
    base: str
    quote: str
    price: float  # in quote
    kind: str = "LinearPerpetual"  # contractType
    symbol_type: str = ""
    status: Status = "trading"
    wire_status: str = ""  # where it is not that of ``status``
    delivery_ms: int = 0


ODD: tuple[Odd, ...] = (
    Odd("perp", "BTCUSDT-25DEC26", "BTC", "USDT", 83410.2, "LinearFutures", delivery_ms=1_798_185_600_000),
    Odd("perp", "ETHUSDT-26MAR27", "ETH", "USDT", 3169.44, "LinearFutures", delivery_ms=1_806_048_000_000),
    Odd("perp", "BTC-25DEC26", "BTC", "USDC", 83395.5, "LinearFutures", delivery_ms=1_798_185_600_000),
    Odd("perp", "SOONUSDT", "SOON", "USDT", 1.4032, status="pre_open"),
    Odd("perp", "OLDUSDT", "OLD", "USDT", 0.0119, status="halted", wire_status="Delivering"),
    Odd("perp", "GONEUSDT", "GONE", "USDT", 0.0931, status="delisted"),
    Odd("perp", "XAUUSDT", "XAU", "USDT", 4107.55, symbol_type="commodity"),
    Odd("perp", "EURUSDUSDT", "EURUSD", "USDT", 1.1612, symbol_type="forex"),
    Odd("spot", "AAPLXUSDT", "AAPLX", "USDT", 231.4, symbol_type="xstocks"),
    Odd("spot", "BTCEUR", "BTC", "EUR", 71204.4),
    Odd("spot", "BTCBRL", "BTC", "BRL", 448694.0),
    Odd("spot", "ETHBTC", "ETH", "BTC", 0.037554),
)
_STOCKS = (
    "TSLA", "NVDA", "AAPL", "AMZN", "GOOGL", "META", "MSFT", "COIN", "HOOD", "MSTR", "CRCL", "PLTR", "AMD", "INTC",
    "ORCL", "NFLX", "BABA", "TSM", "AVGO", "MU",
)  # fmt: skip


def stocks(coins: int) -> tuple[Odd, ...]:
    """Perpetuals on stocks, so many that a world of 1,000 coins has more linear rows than one page holds."""
    names = [*_STOCKS, *(f"STK{a}{b}" for a in "ABCDEFGHIJ" for b in "ABCDEFGHIJKLMN")]
    return tuple(
        Odd("perp", f"{name}USDT", name, "USDT", 40.0 + 13.7 * (place % 31), symbol_type="stock")
        for place, name in enumerate(names[: max(3, coins // 7)])
    )
