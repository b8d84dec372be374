"""How Hyperliquid treats accounts: fees, margin, keys; and its sentences for what an order desk refuses.

Texts: Hyperliquid docs, "Error responses"; each ends in the asset it is about. Those marked (ours) stand for refusals
whose words no document tells. One maintenance rate for all perps, that of BTC: half the margin of its highest leverage.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal

from arbtui.sim.accounts import Keys, Rules
from arbtui.sim.hyperliquid.signed import address_of
from arbtui.sim.orders import Draft, Refusal

RULES = Rules(
    wallets={"perp": "perp", "spot": "spot"},
    fees={"perp": (Decimal("0.00015"), Decimal("0.00045")), "spot": (Decimal("0.0004"), Decimal("0.0007"))},
    start={
        "perp": {"USDC": Decimal(100_000)},
        "spot": {
            "USDC": Decimal(100_000),
            "USDT": Decimal(10_000),
            "BTC": Decimal(1),
            "ETH": Decimal(20),
            "SOL": Decimal(200),
            "HYPE": Decimal(500),
        },
    },
    unique_ids={"perp": "open", "spot": "open"},
    band={"perp": (Decimal("0.8"), Decimal("0.8")), "spot": (Decimal("0.8"), Decimal("0.8"))},
    leverage=20,
    max_leverage=40,
    maintenance=Decimal("0.0125"),
    liquidation_fee=Decimal("0.0005"),
    max_open=1000,
)
USERS_PER_ADDRESS = 10  # whose channels one address may listen to
NONCES_KEPT = 100
NONCE_OLD_MS, NONCE_NEW_MS = 2 * 86_400_000, 86_400_000
KEPT_ROWS = 2000  # of fills and past orders in one answer
FUNDING_ROWS = 500
ACTIONS_FREE = 10_000  # what an address may ask before it has traded

NEVER_PLACED = "Order was never placed, already canceled, or filled."
IOC_CANCELED = "Order could not immediately match against any resting orders."
_FIXED = {
    Refusal.HALTED: "Trading is halted.",
    Refusal.CLOSE_ONLY: "Trading is halted.",
    Refusal.TICK: "Price must be divisible by tick size.",
    Refusal.STEP: "Order has invalid size.",
    Refusal.MAX_QTY: "Order has invalid size.",
    Refusal.BAND: "Order price cannot be more than 80% away from the reference price",
    Refusal.BALANCE: "Insufficient spot balance",
    Refusal.MARGIN: "Insufficient margin to place order.",
    Refusal.DUPLICATE: "Order has a client order id that was used before.",  # (ours)
    Refusal.REDUCE_ONLY: "Reduce only order would increase position.",
    Refusal.HELD_SIDE: "Reduce only order would increase position.",
    Refusal.UNFILLABLE: IOC_CANCELED,
    Refusal.NO_DEPTH: "No liquidity available for market order.",
    Refusal.TOO_MANY: "Too many open orders.",  # (ours)
    Refusal.BUSY: "Order could not be processed, try again.",  # (ours)
    Refusal.UNKNOWN: NEVER_PLACED,
    Refusal.ENDED: NEVER_PLACED,
}


def refusal(draft: Draft, why: Refusal, bbo: tuple[str, str]) -> str:
    """The venue's words for a refused order, without the asset; ``bbo``: best bid and ask now."""
    listing = draft.listing
    if why is Refusal.MIN_NOTIONAL:
        least = f"{listing.terms.min_notional} {listing.quote}" if listing.market == "spot" else "$10"
        return f"Order must have minimum value of {least}."
    if why is Refusal.WOULD_TAKE:
        return f"Post only order would have immediately matched, bbo was {bbo[0]}@{bbo[1]}."
    if why is Refusal.MIN_QTY:
        return "Order has zero size." if draft.qty == 0 else "Order has invalid size."
    if why is Refusal.TICK and draft.price is not None and not draft.price % listing.tick:
        return "Order has invalid price."
    return _FIXED[why]


def make_keys(seed: int, account: str) -> Keys:
    """An agent's key and the address for which it signs. ``api_key`` is the agent's own address."""
    agent = _key(seed, account, "agent")
    return Keys(address_of(agent), agent, address=address_of(owner_key(seed, account)))


def owner_key(seed: int, account: str) -> str:
    """The key of the account itself: what approves agents. No control address tells it."""
    return _key(seed, account, "owner")


def _key(seed: int, account: str, who: str) -> str:
    return "0x" + hashlib.sha256(f"{seed}/hyperliquid/{account}/{who}".encode()).hexdigest()
