"""How Bybit treats unified accounts: default fees, margin, keys; and its codes for what an order desk refuses.

Codes and texts: API v5, "Error Codes". A post-only order that would take, and a fill-or-kill one that cannot be filled,
are not refused: they are acknowledged and canceled a moment later (``rejectReason``). Every currency margins what
settles in it; that one coin's balance may back a position in another is not modelled.
"""

from __future__ import annotations

import zlib
from decimal import Decimal

from arbtui.sim.accounts import USUAL_COINS, Keys, Rules, digest_text
from arbtui.sim.bybit.answers import Code
from arbtui.sim.listing import Market
from arbtui.sim.orders import Draft, Order, Refusal

_LOW = (1 << 62) - 1


def order_id(market: Market, number: int) -> str:
    """Contracts have UUIDs, spot decimal numbers; both can be read back."""
    if market == "spot":
        return str(number)
    head = f"{zlib.crc32(str(number).encode()):08x}-{zlib.crc32(str(-number).encode()) & 0xFFFF:04x}"
    tail = f"{1 << 63 | number & _LOW:016x}"
    return f"{head}-4{zlib.crc32(tail.encode()) & 0xFFF:03x}-{tail[:4]}-{tail[4:]}"


def order_number(market: Market, text: str) -> int | None:
    """Which order ``text`` names; None: none ever."""
    if market == "spot":
        return int(text) if text.isascii() and text.isdecimal() and len(text) <= 19 else None
    parts = text.split("-")
    if len(parts) != 5:
        return None
    try:
        number = int(parts[3] + parts[4], 16) & _LOW
    except ValueError:
        return None
    return number if order_id(market, number) == text else None


RULES = Rules(
    wallets={"perp": "unified", "spot": "unified"},
    fees={"perp": (Decimal("0.0002"), Decimal("0.00055")), "spot": (Decimal("0.001"), Decimal("0.001"))},
    start={"unified": dict(USUAL_COINS)},
    unique_ids={"perp": "ever", "spot": "ever"},
    band={"perp": (Decimal("0.05"), Decimal("0.05")), "spot": (Decimal("0.1"), Decimal("0.1"))},
    leverage=10,
    max_leverage=100,
    maintenance=Decimal("0.005"),
    liquidation_fee=Decimal("0.0005"),
    max_open=500,
    rest_status="canceled",
    ids_per_ms=1_000_000,
    spell=order_id,
)
RECV_WINDOW_MS = 5000  # unless the request says otherwise
AHEAD_MS = 1000  # a clock so far ahead is refused
WEEK_MS = 7 * 86_400_000  # the widest window of any list
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

OK = Code(0, "OK")
NO_CATEGORY = Code(10001, "params error: category invalid")
TIMEOUT = Code(10000, "Server Timeout")
ERROR = Code(10016, "Server error.")
TOO_FAST = Code(10006, "Too many visits. Exceeded the API Rate Limit.")
NOT_ALLOWED = Code(10005, "Permission denied, please check your API key permissions.")
_BUSY = Code(10429, "System level frequency protection")
_LINEAR = {
    Refusal.HALTED: Code(110074, "This contract is not live"),
    Refusal.CLOSE_ONLY: Code(30228, "No new positions during delisting."),
    Refusal.TICK: Code(10001, "params error: price invalid"),
    Refusal.STEP: Code(10001, "params error: qty invalid"),
    Refusal.MIN_QTY: Code(10001, "The number of contracts exceeds minimum limit allowed"),
    Refusal.MAX_QTY: Code(10001, "The number of contracts exceeds maximum limit allowed"),
    Refusal.MIN_NOTIONAL: Code(110094, "Order does not meet minimum order value 5USDT"),
    Refusal.BAND: Code(110003, "Order price exceeds the allowable range."),
    Refusal.BALANCE: Code(110004, "Wallet balance is insufficient"),
    Refusal.MARGIN: Code(110007, "Available balance is insufficient"),
    Refusal.DUPLICATE: Code(110072, "OrderLinkedID is duplicate"),
    Refusal.REDUCE_ONLY: Code(110017, "current position is zero, cannot fix reduce-only order qty"),
    Refusal.HELD_SIDE: Code(10001, "position idx not match position mode"),
    Refusal.WOULD_TAKE: Code(10001, "params error: timeInForce invalid"),
    Refusal.UNFILLABLE: Code(10001, "params error: timeInForce invalid"),
    Refusal.NO_DEPTH: _BUSY,
    Refusal.TOO_MANY: Code(110020, "Not allowed to have more than 500 active orders"),
    Refusal.BUSY: _BUSY,
    Refusal.UNKNOWN: Code(110001, "order not exists or too late to cancel"),
}
_SPOT = {
    **_LINEAR,
    Refusal.HALTED: Code(170151, "This trading pair is not available at the moment."),
    Refusal.CLOSE_ONLY: Code(170151, "This trading pair is not available at the moment."),
    Refusal.TICK: Code(170134, "Order price has too many decimals."),
    Refusal.STEP: Code(170137, "Order quantity has too many decimals."),
    Refusal.MIN_QTY: Code(170136, "Order quantity exceeded lower limit."),
    Refusal.MAX_QTY: Code(170135, "Order quantity exceeded upper limit."),
    Refusal.MIN_NOTIONAL: Code(170140, "Order value exceeded lower limit."),
    Refusal.BALANCE: Code(170131, "Insufficient balance."),
    Refusal.MARGIN: Code(170131, "Insufficient balance."),
    Refusal.DUPLICATE: Code(170141, "Duplicate clientOrderId"),
    Refusal.NO_DEPTH: Code(170140, "Order value exceeded lower limit."),
    Refusal.UNKNOWN: Code(170213, "Order does not exist."),
}


def refusal(draft: Draft, why: Refusal) -> Code:
    """Bybit's words for a refused order."""
    if draft.listing.market == "spot":
        if why is Refusal.BAND:
            return (
                Code(170193, "Buy order price cannot be higher than the limit price.")
                if draft.side == "buy"
                else Code(170194, "Sell order price cannot be lower than the limit price.")
            )
        return _SPOT[why]
    return _LINEAR[why]


def cancel_refusal(market: Market, order: Order | None) -> Code:
    """Why an order cannot be canceled."""
    if order is None:
        return (_SPOT if market == "spot" else _LINEAR)[Refusal.UNKNOWN]
    if market == "spot":
        filled = order.status == "filled"
        return Code(170139, "Order has been filled.") if filled else Code(170142, "Order has been canceled.")
    # a contract order that is done is "too late to cancel", unless its cancel is what it was done by
    return Code(110010, "The order has been cancelled") if order.ended == "asked" else _LINEAR[Refusal.UNKNOWN]


def make_keys(seed: int, account: str) -> Keys:
    """Key and secret."""
    name = f"{seed}/bybit/{account}"
    return Keys(digest_text(f"{name}/key", _LETTERS, 18), digest_text(f"{name}/secret", _LETTERS, 36))
