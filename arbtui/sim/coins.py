"""The coins of the simulated world: what they are called, what they cost, what is odd about them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

# ticker, price in USDT. In order of popularity: the first trade most and stand on every venue.
_KNOWN: tuple[tuple[str, float], ...] = (
    ("BTC", 83091.6), ("ETH", 3120.4), ("SOL", 171.83), ("XRP", 2.2441), ("DOGE", 0.18235), ("BNB", 921.7),
    ("ADA", 0.6112), ("PEPE", 0.0000072185), ("SUI", 2.614), ("LINK", 15.231), ("AVAX", 17.42), ("TRX", 0.28114),
    ("SHIB", 0.0000093412), ("LTC", 92.17), ("BCH", 507.3), ("DOT", 3.417), ("NEAR", 2.218), ("UNI", 7.332),
    ("APT", 3.221), ("ARB", 0.2431), ("OP", 0.4127), ("BONK", 0.0000113620), ("HYPE", 38.114), ("TAO", 331.7),
    ("WIF", 0.5312), ("FLOKI", 0.0000548910), ("ENA", 0.3122), ("AAVE", 187.44), ("FIL", 1.922), ("ATOM", 3.008),
    ("ETC", 16.33), ("INJ", 7.114), ("TIA", 0.9122), ("SEI", 0.1833), ("WLD", 0.7241), ("LDO", 0.8113),
    ("CRV", 0.5221), ("1INCH", 0.2114), ("JUP", 0.3427), ("PENGU", 0.01723), ("PURR", 0.1342), ("TURBO", 0.0021934),
    ("LUNC", 0.0000402310), ("NEIRO", 0.0001731220), ("SATS", 0.0000000219340), ("RATS", 0.0000187420),
    ("XEC", 0.0000141230), ("CAT", 0.0000052310), ("CHEEMS", 0.0000011230), ("WHY", 0.0000000312410),
    ("MOG", 0.0000006423), ("BOB", 0.0000000311420), ("BABYDOGE", 0.0000000009312), ("DOGS", 0.0000612310),
    ("GAME", 0.031242), ("币安人生", 0.14327), ("牛来", 0.0072133), ("ORDI", 6.117), ("STX", 0.4412), ("IMX", 0.4127),
    ("GALA", 0.0094127), ("SAND", 0.2114), ("MANA", 0.2231), ("AXS", 1.2217), ("CHZ", 0.03217), ("EGLD", 9.117),
    ("ALGO", 0.1611), ("VET", 0.0172130), ("HBAR", 0.1523), ("ICP", 4.117), ("GRT", 0.0523), ("RUNE", 0.8127),
    ("KAS", 0.0512), ("JASMY", 0.0082310), ("PYTH", 0.0911), ("STRK", 0.1127), ("ZK", 0.0417), ("DYDX", 0.3127),
)  # fmt: skip

# Invented tickers: no digits, upper case, so that nobody could take one for a multiple of a coin.
_HEADS = (
    "ALT", "AST", "AUR", "BEL", "BRI", "CAL", "COR", "CYR", "DEL", "DRA", "ECH", "ELD", "FAL", "FEN", "GAL", "GLI",
    "HEL", "HYD", "IRI", "JUN", "KAL", "KYR", "LUM", "LYR", "MAR", "MIR", "NEB", "NOV", "OBS", "ORB", "PAL", "PYR",
    "QUA", "RHO", "SOL", "STE", "TAL", "TER", "UMB", "VEL", "VER", "ZEN", "ZEP",
)  # fmt: skip
_TAILS = (
    "A", "AN", "AR", "AX", "E", "EN", "ER", "ETH", "EX", "I", "IA", "IN", "IS", "IX", "O", "ON", "OR", "OS", "OX",
    "UM", "UN", "US", "Y", "YX",
)  # fmt: skip

TWIN = "GAME"  # one ticker, two coins: these venues trade another coin under the same name
TWIN_VENUES = frozenset({"okx"})
TWIN_PRICE = 2.4173


@dataclass(slots=True)
class Coin:
    """One coin. ``price`` is its true price in USDT and walks; ``index`` is the price at the last whole second."""

    name: str  # unique in the world
    ticker: str  # what venues call it; shared by two coins in one case
    rank: int  # 0 = most popular
    price: float
    volatility_bps: float  # per square root of a second
    volume_usd: float  # of 24 h, at a venue's main market
    index: float = field(default=0.0)

    def __post_init__(self) -> None:
        self.index = self.price


def make_coins(seed: int, count: int) -> list[Coin]:
    """The ``count`` most popular coins. The odd ones among the known come early, so that small worlds have them too."""
    rng = random.Random(f"coins/{seed}")
    names = [ticker for ticker, _ in _KNOWN]
    prices = [price for _, price in _KNOWN]
    taken = set(names)
    invented = [head + tail for head in _HEADS for tail in _TAILS if head + tail not in taken]
    rng.shuffle(invented)
    for ticker in invented[: max(0, count - len(names))]:
        names.append(ticker)
        prices.append(float(f"{10 ** rng.uniform(-4, 2):.5g}"))
    if len(names) < count:
        raise ValueError(f"the world has {len(names)} coins at most, not {count}")
    return [
        Coin(
            name=names[rank],
            ticker=names[rank],
            rank=rank,
            price=prices[rank],
            volatility_bps=rng.uniform(0.6, 1.2) * (0.6 if rank < 2 else 1.0),
            volume_usd=2.5e9 / (rank + 1) ** 1.05 * rng.uniform(0.7, 1.3),
        )
        for rank in range(count)
    ]


def twin_of(coin: Coin) -> Coin:
    """The other coin that trades as ``TWIN`` on ``TWIN_VENUES``."""
    return Coin(
        name=f"{coin.name}#2",
        ticker=coin.ticker,
        rank=coin.rank,
        price=TWIN_PRICE,
        volatility_bps=coin.volatility_bps,
        volume_usd=coin.volume_usd,
    )


def stablecoin() -> Coin:
    """USDC, priced in USDT: a coin like others, and the rate by which USDC prices are made."""
    return Coin(name="USDC", ticker="USDC", rank=1, price=1.0002, volatility_bps=0.02, volume_usd=9e8)
