"""What Hyperliquid's coin names say: the market is in the name, and one address serves all markets.

    BTC, kPEPE          perp of the main exchange
    @107, PURR/USDC     spot pair, by its number; one pair has a name
    xyz:TSLA            perp of a builder's exchange (HIP-3): its own collateral and oracle, left out
    #14880              outcome market, left out

Names are case-sensitive. Source: Hyperliquid docs, "Asset IDs", "Spot", "Perpetuals".
"""

from __future__ import annotations

from arbtui.core.model import Market

VENUE = "hyperliquid"
PRODUCT = {Market.PERP: "perp", Market.SPOT: "spot"}


def market_of(coin: str) -> Market | None:
    """None for what is left out."""
    if coin[:1] == "@" or "/" in coin:
        return Market.SPOT
    return None if not coin or coin[0] == "#" or ":" in coin else Market.PERP
