"""What Hyperliquid lists and how it numbers it: names, decimals, token and pair indices, rows that only fill lists."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from arbtui.sim.coins import Coin
from arbtui.sim.listing import Habits, salt_of

HOSTS = frozenset({"api.hyperliquid.xyz", "api.hyperliquid-testnet.xyz"})
HABITS = Habits(point=True, rate_shortest=True)
SIG_FIGS = 5
PERP_DECIMALS, SPOT_DECIMALS = 6, 8  # a price has at most so many decimals, less the szDecimals
MIN_NOTIONAL = Decimal(10)
MOST_PERPS = 180  # 178 were listed in September 2026; 1000 subscriptions for each address would not carry many more
CHEAPEST_PERP = 0.001  # below it a step of the sixth decimal is worth ten basis points and more

BLOCK_MS = 70
FAST_BOOK_MS, SLOW_BOOK_MS = 540, 5_360
FAST_LEVELS, LEVELS = 5, 20
CTX_MS, MIDS_MS, ALL_DEXS_MS = 1_000, 5_000, 13_600
STATE_LAG_MS = 200
TRADES_AGAIN_S = 20.0  # the past that whoever subscribes is told

CONNECTIONS, CONNECTIONS_PER_MIN, SUBSCRIPTIONS, MESSAGES_PER_MIN = 10, 30, 1000, 2000
WEIGHT_PER_MIN = 1200
SILENCE_S = 60
KILL_S = 0.12  # from a name that does not exist to the end of the connection

# 1000 tokens are one unit; prices and sizes are of units.
KILO_COINS = frozenset({"PEPE", "SHIB", "BONK", "FLOKI", "LUNC", "NEIRO"})
# "Oracle prices are denominated in USDT" of all perps but these.
USDC_PRICED = frozenset({"PURR", "HYPE"})
_SZ_DECIMALS = {"SOL": 2, "XRP": 0, "AAVE": 2}
_LEVERAGE = {"BTC": 40, "ETH": 25}
TIERED_TABLE = 56
STRICTLY_ISOLATED = frozenset({"TURBO", "GALA", "JASMY"})

# Delisted perps keep their place in the universe. With the price at which they were frozen.
DELISTED: tuple[tuple[str, float], ...] = (
    ("MATIC", 0.37621), ("RNDR", 7.1552), ("FTM", 0.41318), ("MKR", 1742.3), ("kDOGS", 0.11431), ("CANTO", 0.0121),
    ("FRIEND", 0.0723), ("RLB", 0.06214), ("UNIBOT", 3.3112), ("OX", 0.00213), ("HPOS", 0.03115), ("SHIA", 0.00118),
    ("CYBER", 1.3312), ("BANANA", 12.114), ("ILV", 11.733), ("NTRN", 0.0514), ("PIXEL", 0.01921), ("LISTA", 0.14112),
    ("CATI", 0.0721), ("OMNI", 2.1113), ("JELLY", 0.0095), ("ORBS", 0.01412), ("MYRO", 0.01183), ("PANDORA", 1311.2),
)  # fmt: skip


class DexPerp(NamedTuple):
    """A perp of a builder dex: it only fills lists."""

    name: str
    price: float
    sz_decimals: int
    max_leverage: int
    alive: bool = True  # else nobody quotes it


class Dex(NamedTuple):
    """A builder dex; its position in ``perpDexs`` counts from 1."""

    name: str
    full_name: str
    collateral_token: int
    perps: tuple[DexPerp, ...]


DEXES = (
    Dex(
        "xyz",
        "XYZ",
        0,
        (
            DexPerp("XYZ100", 31167.4, 4, 25),
            DexPerp("TSLA", 431.27, 3, 10),
            DexPerp("NVDA", 187.33, 3, 10),
            DexPerp("SP500", 7673.3, 3, 25),
            DexPerp("GOLD", 4312.8, 4, 20),
        ),
    ),
    Dex("flx", "Felix", 360, (DexPerp("TSLA", 431.1, 3, 10, False), DexPerp("OIL", 61.22, 2, 10, False))),
    Dex("hyna", "HyENA", 235, (DexPerp("BTC", 83080.0, 5, 40, False), DexPerp("ETH", 3119.9, 4, 25, False))),
)
OUTCOMES = {"#14880": "0.111485", "#14881": "0.888515"}  # prediction markets, in allMids and fastAssetCtxs only


class Token(NamedTuple):
    """A spot token. ``means`` is the coin behind its name."""

    name: str
    sz_decimals: int
    means: str
    full_name: str | None = None


TOKENS: dict[int, Token] = {
    0: Token("USDC", 8, "USDC"),
    1: Token("PURR", 0, "PURR"),
    150: Token("HYPE", 2, "HYPE", "Hyperliquid"),
    197: Token("UBTC", 5, "BTC", "Unit Bitcoin"),
    221: Token("UETH", 4, "ETH", "Unit Ethereum"),
    235: Token("USDE", 2, "USDE", "USDe"),
    254: Token("USOL", 3, "SOL", "Unit Solana"),
    268: Token("USDT0", 2, "USDT", "USDT0"),
    295: Token("UBONK", 0, "BONK", "Unit Bonk"),
    299: Token("HPENGU", 0, "PENGU", "Pengu"),
    360: Token("USDH", 2, "USDH", "USDH"),
}
PAIRS: dict[int, tuple[int, int]] = {  # index of the pair: its base and quote tokens
    0: (1, 0),
    107: (150, 0),
    142: (197, 0),
    151: (221, 0),
    156: (254, 0),
    166: (268, 0),
    194: (295, 0),
    197: (299, 0),
    207: (150, 268),
}
FILLED_TOKENS, FILLED_PAIRS = 361, 210  # lists are dense up to here; what is not above is dead
CANONICAL = frozenset({"PURR/USDC"})


def pair_name(index: int) -> str:
    """What a pair is called on the wire."""
    return "PURR/USDC" if index == 0 else f"@{index}"


def token_at(index: int) -> Token:
    """The token at ``index``: one of ours or one that nobody trades."""
    return TOKENS.get(index) or Token(f"DEAD{index}", index % 3, f"DEAD{index}")


def pair_at(index: int) -> tuple[int, int]:
    """Base and quote tokens of the pair at ``index``; dead pairs are of dead tokens, in USDC."""
    if index in PAIRS:
        return PAIRS[index]
    base = index + 1
    return (base if base not in TOKENS else base + 1, 0)


def sz_decimals(ticker: str, price: float) -> int:
    """Decimals of a size: one lot is worth a dollar or less."""
    if ticker in _SZ_DECIMALS:
        return _SZ_DECIMALS[ticker]
    return max(0, Decimal(price).adjusted() + 1)


def unit(decimals: int) -> Decimal:
    """The tick or lot with so many decimals."""
    return Decimal(1).scaleb(-decimals)


def perp_name(coin: Coin) -> tuple[str, int]:
    """A coin's name among the perps and how many tokens one unit is."""
    if coin.ticker in KILO_COINS or coin.price < CHEAPEST_PERP:
        return f"k{coin.ticker}", 1000
    return coin.ticker, 1


def max_leverage(coin: Coin) -> int:
    return _LEVERAGE.get(coin.ticker) or (20 if coin.rank < 8 else 10 if coin.rank < 40 else 5 if coin.rank < 90 else 3)


def address(what: str, digits: int) -> str:
    """A hexadecimal id of ``what``, the same in every run."""
    return "0x" + "".join(f"{salt_of(i, what):08x}" for i in range(-(-digits // 8)))[:digits]
