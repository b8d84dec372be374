"""What Bitget says about itself: hosts, limits, spellings, and rows that are listed but not to be traded."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from arbtui.sim.base import Channel
from arbtui.sim.coins import Coin
from arbtui.sim.listing import Habits, Market, Status

REST_HOST = "api.bitget.com"
SOCKET_HOSTS = frozenset({"ws.bitget.com", "wspap.bitget.com"})
PUBLIC_PATH = "/v2/ws/public"
PRIVATE_PATHS = {"/v2/ws/private": True, "/v3/ws/private": False}  # whether it is for classic accounts

# -- limits -----------------------------------------------------------------------------------------------------------

REQUESTS_PER_S = 20  # by REST, an address and endpoint
SLOWER = {"/api/v2/spot/public/coins": 3}  # endpoints with another number a second
REQUESTS_PER_MINUTE = 6000  # by REST, an address
CONNECTS_PER_5_MIN = 300  # an address
CONNECTIONS = 100  # open at once, an address
MESSAGES_PER_S = 10  # of a client, text pings included
SUBSCRIBES_PER_H = 240  # requests to subscribe or leave, a connection
CHANNELS = 1000  # a connection
FRAME_BYTES = 4096  # a request
UNIFIED_ARGS = 24  # in a request on a v3 socket
SILENCE_S = 127  # without a text ping
LIFETIME_S = 24 * 3600

# -- products ---------------------------------------------------------------------------------------------------------

SPOT = "SPOT"
QUOTE_OF = {"USDT-FUTURES": "USDT", "USDC-FUTURES": "USDC"}
PRODUCT_OF = {quote: product for product, quote in QUOTE_OF.items()}
FUTURES = (*QUOTE_OF, "COIN-FUTURES", "SUSDT-FUTURES", "SUSDC-FUTURES", "SCOIN-FUTURES")
PRODUCTS = (SPOT, *FUTURES)
MARKET_OF: dict[str, Market] = {SPOT: "spot", **dict.fromkeys(FUTURES, "perp")}

CHANNELS_OF: dict[str, Channel] = {
    "books1": "bbo",
    "books5": "book",
    "books15": "book",
    "books": "book",
    "ticker": "ticker",
    "trade": "other",
}
BBO_MS = 10
BOOKS_MS = 100  # documented as 150 (futures) and 200 (spot), seen as 100
FIXED_MS: dict[Market, int] = {"perp": 150, "spot": 200}  # books5, books15
TICKER_MS = 100  # documented as 300 to 400, seen as 100
MARK_MS = 1000  # a ticker whose book is quiet moves with its mark price

CONTRACT_STATUS: dict[Status, str] = {
    "trading": "normal",
    "halted": "maintain",
    "pre_open": "listed",
    "close_only": "limit_open",
    "delisted": "off",
}
PAIR_STATUS: dict[Status, str] = {
    "trading": "online",
    "halted": "halt",
    "pre_open": "gray",
    "close_only": "halt",
    "delisted": "offline",
}

UNIFIED_STATUS: dict[Status, str] = {
    "trading": "online",
    "halted": "restrictedAPI",
    "pre_open": "listed",
    "close_only": "limit_open",
    "delisted": "offline",
}

# -- spellings and scales ---------------------------------------------------------------------------------------------

# Coins that contracts count by the thousand or million: what the listed unit is called, and how many coins it is.
UNITS = {
    "BONK": ("1000BONK", 1000),
    "SATS": ("1000SATS", 1000),
    "RATS": ("1000RATS", 1000),
    "XEC": ("1000XEC", 1000),
    "CAT": ("1000CAT", 1000),
    "CHEEMS": ("1000CHEEMS", 1000),
    "WHY": ("1000WHY", 1000),
    "MOG": ("1000000MOG", 1_000_000),
    "BABYDOGE": ("1000000BABYDOGE", 1_000_000),
}
ALWAYS = frozenset({"牛来"})  # a USDT contract, whatever else is offered: an id that is not ASCII

CONTRACT_TICKS = {
    "USDT": {"BTC": Decimal("0.1"), "ETH": Decimal("0.01"), "BCH": Decimal("0.05"), "LINK": Decimal("0.005")},
    "USDC": {"BTC": Decimal("0.5"), "ETH": Decimal("0.05")},
}
CONTRACT_STEPS = {"BTC": Decimal("0.0001"), "ETH": Decimal("0.01"), "SOL": Decimal("0.1")}
CONTRACT_MINIMA = {"SOL": Decimal("0.5")}  # where it is not one step
CONTRACT_MIN_NOTIONAL = Decimal(5)
PAIR_TICKS = {"BTC": Decimal("0.01"), "ETH": Decimal("0.01"), "BNB": Decimal("0.01"), "USDC": Decimal("0.0001")}
PAIR_STEPS = {"BTC": Decimal("0.000001"), "ETH": Decimal("0.0001"), "BNB": Decimal("0.0001")}
PAIR_MINIMUM = Decimal(0)  # "0": only the notional counts
PAIR_MIN_NOTIONAL = Decimal(1)
DEAR_PAIRS = frozenset({"BTCUSDT", "ETHUSDT", "XRPUSDT"})  # published with 0.2 % where all others have 0.1 %

HABITS = Habits(shortest=True, rate_shortest=True)
CONTRACT_IDS, CONTRACT_JUMP = 427_583_000_000, 19_000
PAIR_IDS, PAIR_JUMP = 850_167_000_000, 3_000
COIN_IDS = 1_343_064_377_779_000_000  # above 2^53


MOST_STEPS, MOST_MARKET_STEPS = 990_000, 190_000  # of one order in a contract


def most_leverage(coin: Coin) -> int:
    """Of a contract."""
    return 150 if coin.rank < 3 else 75


# -- rows nobody should trade -----------------------------------------------------------------------------------------

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """An instrument that stands in the lists and never moves; times in ms from the start of the simulation."""

    product: str
    native: str
    base: str
    quote: str
    price: float
    status: Status = "trading"
    word: str = ""  # the venue's status, where it is not that of ``status``
    settle: str = ""
    rwa: bool = False
    off_in_ms: int | None = None
    limit_open_in_ms: int | None = None
    delivery_ms: int | None = None  # UTC: a dated contract
    area: bool = False


ODD: tuple[Odd, ...] = (
    Odd(product="USDT-FUTURES", native="TSLAUSDT", base="TSLA", quote="USDT", price=398.21, rwa=True),
    Odd(product="USDT-FUTURES", native="XAUUSDT", base="XAU", quote="USDT", price=4107.55, rwa=True),
    Odd(product="USDT-FUTURES", native="CATUSDT", base="CAT", quote="USDT", price=381.4, rwa=True),  # the share
    Odd(product="USDT-FUTURES", native="OLDUSDT", base="OLD", quote="USDT", price=0.0119, status="close_only"),
    Odd(product="USDT-FUTURES", native="PAUSEUSDT", base="PAUSE", quote="USDT", price=1.931, status="halted"),
    Odd(product="USDT-FUTURES", native="NOAPIUSDT", base="NOAPI", quote="USDT", price=0.412, status="halted",
        word="restrictedAPI"),
    Odd(product="USDT-FUTURES", native="NEXTUSDT", base="NEXT", quote="USDT", price=1.0, status="pre_open"),
    Odd(product="USDT-FUTURES", native="TRIALUSDT", base="TRIAL", quote="USDT", price=2.0, status="pre_open"),
    Odd(product="USDT-FUTURES", native="GONEUSDT", base="GONE", quote="USDT", price=0.003, status="delisted"),
    Odd(product="USDT-FUTURES", native="SOONUSDT", base="SOON", quote="USDT", price=0.271,
        off_in_ms=3 * _DAY_MS, limit_open_in_ms=2 * _DAY_MS),
    Odd(product="COIN-FUTURES", native="BTCUSD", base="BTC", quote="USD", price=83080.3, settle="BTC"),
    Odd(product="COIN-FUTURES", native="BTCUSDZ26", base="BTC", quote="USD", price=83410.2, settle="BTC",
        delivery_ms=1_798_185_600_000),
    Odd(product="SUSDT-FUTURES", native="SBTCSUSDT", base="SBTC", quote="SUSDT", price=83077.1),
    Odd(product="SUSDC-FUTURES", native="SBTCSPERP", base="SBTC", quote="SUSDC", price=83079.9),
    Odd(product="SCOIN-FUTURES", native="SBTCSUSD", base="SBTC", quote="SUSD", price=83081.4, settle="SBTC"),
    Odd(product=SPOT, native="GRAYUSDT", base="GRAY", quote="USDT", price=0.52, status="pre_open"),
    Odd(product=SPOT, native="PAUSEUSDT", base="PAUSE", quote="USDT", price=1.952, status="halted"),
    Odd(product=SPOT, native="GONEUSDT", base="GONE", quote="USDT", price=0.003, status="delisted"),
    Odd(product=SPOT, native="SOONUSDT", base="SOON", quote="USDT", price=0.2714, off_in_ms=3 * _DAY_MS),
    Odd(product=SPOT, native="LOCALUSDT", base="LOCAL", quote="USDT", price=2.17, area=True),
    Odd(product=SPOT, native="BTCEUR", base="BTC", quote="EUR", price=71204.4),
)  # fmt: skip
