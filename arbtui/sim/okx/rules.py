"""How OKX treats accounts: default fees, margin, keys; and its codes for what an order desk refuses.

Codes and texts: API v5, "Error Code". A post-only order that would take, and a fill-or-kill one that cannot be filled,
are not refused: they are acknowledged and canceled a moment later (``cancelSource`` 31, 13).
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from arbtui.sim.accounts import USUAL_COINS, Keys, Rules, digest_text
from arbtui.sim.orders import Draft, Order, Refusal

RULES = Rules(
    wallets={"perp": "trading", "spot": "trading"},
    fees={"perp": (Decimal("0.0002"), Decimal("0.0005")), "spot": (Decimal("0.0008"), Decimal("0.001"))},
    start={"trading": dict(USUAL_COINS)},
    unique_ids={"perp": "ever", "spot": "ever"},
    band={"perp": (Decimal("0.05"), Decimal("0.05")), "spot": (Decimal("0.1"), Decimal("0.1"))},
    leverage=10,
    max_leverage=50,
    maintenance=Decimal("0.004"),
    liquidation_fee=Decimal("0.0005"),
    max_open=500,
    rest_status="canceled",
    ids_per_ms=1_000_000,
)
CLOCK_S = 30  # how far a request's timestamp may be off
ORDERS_PER_2_S = 60  # placing, and cancelling, each for one account and instrument
ORDERS_OF_ACCOUNT_PER_2_S = 1000
PUSH_EVERY_S = 5  # positions and account are told again
_HEX, _UPPER = "0123456789abcdef", "0123456789ABCDEF"


class Code(NamedTuple):
    """A code of OKX, and its text."""

    code: str
    text: str


NO_SUCH = Code("51001", "Instrument ID, Instrument ID code, or Spread ID doesn't exist.")
TIMEOUT = Code(
    "50004",
    "API endpoint request timeout (does not mean that the request was successful or failed, please check the request "
    "result).",
)
BUSY = Code("50013", "Systems are busy. Please try again later.")
NO_ORDER = Code("51603", "Order does not exist")
_FIXED = {
    Refusal.HALTED: Code("51022", "Contract suspended"),
    Refusal.CLOSE_ONLY: Code("51022", "Contract suspended"),
    Refusal.TICK: Code("51000", "Parameter px error"),
    Refusal.STEP: Code("51121", "Order quantity must be a multiple of the lot size."),
    Refusal.MAX_QTY: Code("51101", "Entered amount exceeds the max pending order amount (Cont) per transaction."),
    Refusal.MIN_NOTIONAL: Code("51020", "Your order should meet or exceed the minimum order amount."),
    Refusal.DUPLICATE: Code("51016", "Client order ID already exists."),
    Refusal.REDUCE_ONLY: Code(
        "51169", "Order failed because you don't have any positions in this direction to reduce."
    ),
    Refusal.HELD_SIDE: Code("51000", "Parameter posSide error"),
    Refusal.WOULD_TAKE: Code("51000", "Parameter ordType error"),
    Refusal.UNFILLABLE: Code("51000", "Parameter ordType error"),
    Refusal.NO_DEPTH: BUSY,
    Refusal.TOO_MANY: Code("51117", "Pending close order count exceeds the limit"),
    Refusal.BUSY: BUSY,
    Refusal.UNKNOWN: Code("51400", "Cancellation failed as the order has been filled, canceled or does not exist."),
}


def refusal(draft: Draft, why: Refusal) -> Code:
    """OKX's words for a refused order."""
    listing, spot = draft.listing, draft.listing.market == "spot"
    if why in (Refusal.BALANCE, Refusal.MARGIN):
        asset = (listing.quote if draft.side == "buy" else listing.base) if spot else listing.settle
        return Code("51008", f"Order failed. Insufficient {asset} {'balance' if spot else 'margin'} in account")
    if why is Refusal.MIN_QTY:
        least = format(listing.min_qty, "f")
        if spot:
            return Code("51020", "Your order should meet or exceed the minimum order amount.")
        return Code("51120", f"Order quantity is less than {least}, please try again.")
    if why is Refusal.BAND:
        if spot:
            return Code("51006", "Order price is not within the price limit")
        bound = ("max buy", "51137") if draft.side == "buy" else ("min sell", "51138")
        return Code(bound[1], f"Your opening price has triggered the limit price, and the {bound[0]} price is passed.")
    return _FIXED[why]


def cancel_refusal(order: Order | None) -> Code:
    """Why an order cannot be canceled."""
    if order is None:
        return _FIXED[Refusal.UNKNOWN]
    if order.status == "filled":
        return Code("51402", "Cancellation failed as the order is already completed.")
    return Code("51401", "Cancellation failed as the order is already canceled.")


def make_keys(seed: int, account: str) -> Keys:
    """Key, secret and passphrase."""
    name = f"{seed}/okx/{account}"
    key = digest_text(f"{name}/key", _HEX, 32)
    parts = (key[:8], key[8:12], key[12:16], key[16:20], key[20:32])
    return Keys("-".join(parts), digest_text(f"{name}/secret", _UPPER, 32), f"Pass-{digest_text(name, _HEX, 10)}!")
