"""How Binance treats accounts: default fees, margin, keys; and its error codes for what an order desk refuses.

Codes and texts: USD-M futures and spot, "Error codes". On USD-M the filters have codes of their own; on spot they share
-1013, and what the matching engine refuses shares -2010, so that only the text tells them apart.
"""

from __future__ import annotations

import string
from decimal import Decimal
from typing import NamedTuple

from arbtui.sim.accounts import USUAL_COINS, Keys, Rules, digest_text
from arbtui.sim.listing import Market
from arbtui.sim.orders import Draft, Refusal

RULES = Rules(
    wallets={"perp": "usdm", "spot": "spot"},
    fees={"perp": (Decimal("0.0002"), Decimal("0.0005")), "spot": (Decimal("0.001"), Decimal("0.001"))},
    start={
        "usdm": {"USDT": Decimal(100_000), "USDC": Decimal(100_000), "BNB": Decimal(0)},
        "spot": {**USUAL_COINS, "BNB": Decimal(50)},
    },
    unique_ids={"perp": "open", "spot": "open"},
    band={"perp": (Decimal("0.05"), Decimal("0.05")), "spot": (Decimal(4), Decimal("0.8"))},
    leverage=20,
    max_leverage=125,
    maintenance=Decimal("0.004"),
    liquidation_fee=Decimal("0.0125"),
)
RECV_WINDOW_MS = 5000
MAX_RECV_WINDOW_MS = 60_000
ORDER_LIMITS: dict[Market, tuple[tuple[str, int, int], ...]] = {  # header suffix, window in s, orders
    "perp": (("10S", 10, 300), ("1M", 60, 1200)),
    "spot": (("10S", 10, 100), ("1D", 86_400, 200_000)),
}
LISTEN_KEY_S = 3600
_LETTERS = string.ascii_letters + string.digits


class Code(NamedTuple):
    """An error of Binance."""

    code: int
    text: str
    status: int = 400


UNKNOWN_ON_CANCEL = Code(-2011, "Unknown order sent.")
UNKNOWN_ON_QUERY = Code(-2013, "Order does not exist.")
TIMEOUT = Code(
    -1007, "Timeout waiting for response from backend server. Send status unknown; execution status unknown.", 408
)
_PERP = {
    Refusal.HALTED: Code(-4140, "Invalid symbol status for opening position."),
    Refusal.CLOSE_ONLY: Code(-4140, "Invalid symbol status for opening position."),
    Refusal.TICK: Code(-4014, "Price not increased by tick size."),
    Refusal.STEP: Code(-4023, "Qty not increased by step size."),
    Refusal.MIN_QTY: Code(-4004, "Quantity less than min quantity."),
    Refusal.MAX_QTY: Code(-4005, "Quantity greater than max quantity."),
    Refusal.BALANCE: Code(-2019, "Margin is insufficient."),
    Refusal.MARGIN: Code(-2019, "Margin is insufficient."),
    Refusal.DUPLICATE: Code(-4116, "ClientOrderId is duplicated."),
    Refusal.REDUCE_ONLY: Code(-2022, "ReduceOnly Order is rejected."),
    Refusal.HELD_SIDE: Code(-4061, "Order's position side does not match user's setting."),
    Refusal.WOULD_TAKE: Code(
        -5022,
        "Due to the order could not be executed as maker, the Post Only order will be rejected. The order will not be "
        "recorded in the order history",
    ),
    Refusal.UNFILLABLE: Code(
        -5021,
        "Due to the order could not be filled immediately, the FOK order has been rejected. The order will not be "
        "recorded in the order history",
    ),
    Refusal.NO_DEPTH: Code(-4131, "The counterparty's best price does not meet the PERCENT_PRICE filter limit."),
    Refusal.TOO_MANY: Code(-2025, "Reach max open order limit."),
    Refusal.UNKNOWN: UNKNOWN_ON_CANCEL,
    Refusal.ENDED: UNKNOWN_ON_CANCEL,
}
_POOR = Code(-2010, "Account has insufficient balance for requested action.")
_SPOT = {
    Refusal.HALTED: Code(-1013, "Market is closed."),
    Refusal.CLOSE_ONLY: Code(-1013, "Market is closed."),
    Refusal.TICK: Code(-1013, "Filter failure: PRICE_FILTER"),
    Refusal.STEP: Code(-1013, "Filter failure: LOT_SIZE"),
    Refusal.MIN_QTY: Code(-1013, "Filter failure: LOT_SIZE"),
    Refusal.MAX_QTY: Code(-1013, "Filter failure: LOT_SIZE"),
    Refusal.MIN_NOTIONAL: Code(-1013, "Filter failure: NOTIONAL"),
    Refusal.BAND: Code(-1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
    Refusal.BALANCE: _POOR,
    Refusal.MARGIN: _POOR,
    Refusal.DUPLICATE: Code(-2010, "Duplicate order sent."),
    Refusal.WOULD_TAKE: Code(-2010, "Order would immediately match and take."),
    Refusal.TOO_MANY: Code(-1013, "Filter failure: MAX_NUM_ORDERS"),
    Refusal.UNKNOWN: UNKNOWN_ON_CANCEL,
    Refusal.ENDED: UNKNOWN_ON_CANCEL,
}
_BUSY = Code(-1008, "Server is currently overloaded with other requests. Please try again in a few minutes.", 503)
_DISABLED = Code(-2010, "This action is disabled on this account.")


def refusal(draft: Draft, why: Refusal) -> Code:
    """Binance's words for a refused order."""
    if why is Refusal.BUSY:
        return _BUSY
    if draft.listing.market == "spot":
        return _SPOT.get(why, _DISABLED)
    if why is Refusal.MIN_NOTIONAL:
        least = format(draft.listing.terms.min_notional, "f")
        return Code(-4164, f"Order's notional must be no smaller than {least} (unless you choose reduce only).")
    if why is Refusal.BAND:
        above = draft.side == "buy"
        return Code(-4016 if above else -4024, f"Limit price can't be {'higher' if above else 'lower'} than allowed.")
    return _PERP[why]


def make_keys(seed: int, account: str) -> Keys:
    """Key and secret of 64 letters and digits each."""
    name = f"{seed}/binance/{account}"
    return Keys(digest_text(f"{name}/key", _LETTERS, 64), digest_text(f"{name}/secret", _LETTERS, 64))


def listen_key(api_key: str, number: int) -> str:
    return digest_text(f"{api_key}/{number}/listen", _LETTERS, 64)


def auto_id(order_number: int, market: Market) -> str:
    """The client id that Binance gives an order that came without."""
    return digest_text(f"{market}/{order_number}/cid", _LETTERS, 22)
