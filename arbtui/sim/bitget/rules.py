"""How Bitget treats accounts: default fees, margin, keys; and its codes for what an order desk refuses.

Codes and texts: "RestAPI Error Code" of the unified and the classic account. A post-only order that would take, and a
fill-or-kill one that cannot be filled, are not refused: they are acknowledged and canceled a moment later. Every
currency margins what settles in it; that one coin's balance may back a position in another is not modelled. All spot
pairs cost what the account pays, also those that publish twice as much.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from arbtui.sim.accounts import USUAL_COINS, Account, Keys, Rules, digest_text
from arbtui.sim.bitget import tables
from arbtui.sim.bitget.answers import Code
from arbtui.sim.listing import Status
from arbtui.sim.orders import Draft, Refusal

RULES = Rules(
    wallets={"perp": "unified", "spot": "unified"},
    fees={"perp": (Decimal("0.0002"), Decimal("0.0006")), "spot": (Decimal("0.001"), Decimal("0.001"))},
    start={"unified": dict(USUAL_COINS)},
    unique_ids={"perp": "ever", "spot": "ever"},
    band={"perp": (Decimal("0.05"), Decimal("0.05")), "spot": (Decimal("0.05"), Decimal("0.05"))},
    leverage=20,
    max_leverage=150,
    maintenance=Decimal("0.004"),
    liquidation_fee=Decimal("0.0006"),
    max_open=400,
    rest_status="canceled",
    ids_per_ms=1_000_000,
)
CLASSIC = replace(
    RULES,
    wallets={"perp": "futures", "spot": "spot"},
    start={"futures": {"USDT": Decimal(100_000), "USDC": Decimal(100_000)}, "spot": dict(USUAL_COINS)},
)
CLASSIC_NAME = "classic"  # of the account that is one; the others are unified
CLOCK_MS = 30_000  # how far a request's timestamp may be off
MONTH_MS = 30 * 86_400_000  # the widest window of any list
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"

NOT_ALLOWED = Code("40014", "Incorrect permissions")
NO_BODY = Code("40017", "Parameter verification failed")
UNSUPPORTED = Code("25002", "Unsupported operation")
TIMEOUT = Code("40010", "Request timed out")
ERROR = Code("40725", "service return an error")
NO_ORDER = Code("25204", "Order does not exist")
_CLOSED: dict[Status, Code] = {
    "halted": Code("25102", "Trading pair temporarily closed for maintenance"),
    "pre_open": Code("25103", "Trading pair opening soon"),
    "delisted": Code("25104", "Contract delisted"),
}
_CODES = {
    Refusal.HALTED: _CLOSED["halted"],
    Refusal.CLOSE_ONLY: Code("25105", "This contract does not support opening positions"),
    Refusal.STEP: Code("25610", "Order amount does not meet precision requirements"),
    Refusal.BALANCE: Code("25202", "Insufficient balance"),
    Refusal.MARGIN: Code("25203", "Insufficient margin"),
    Refusal.DUPLICATE: Code("25212", "Duplicate clientOid"),
    Refusal.REDUCE_ONLY: Code("25227", "No position available to close"),
    Refusal.HELD_SIDE: Code("25236", "Incorrect position open type"),
    Refusal.WOULD_TAKE: Code("25200", "timeInForce validation error"),
    Refusal.UNFILLABLE: Code("25200", "timeInForce validation error"),
    Refusal.NO_DEPTH: Code("25209", "Insufficient market liquidity, please try again later"),
    Refusal.BUSY: Code("25003", "Concurrent operation, please retry"),
    Refusal.UNKNOWN: NO_ORDER,
    Refusal.ENDED: NO_ORDER,
}


def is_classic(account: Account) -> bool:
    """Whether the account is a classic one: wallets apart, the v2 dialect."""
    return account.rules is CLASSIC


def refusal(draft: Draft, why: Refusal) -> Code:
    """The words of the unified account for a refused order."""
    listing = draft.listing
    if why is Refusal.HALTED:
        return _CLOSED.get(listing.status, _CODES[why])
    if why is Refusal.TICK:
        return Code("25244", f"Price should be a multiple of {format(listing.tick, 'f')}")
    if why is Refusal.MIN_QTY:
        least = format(max(listing.min_qty, listing.step), "f")
        return Code("25207", f"{listing.native} trading quantity cannot be less than {least} units")
    if why is Refusal.MAX_QTY:
        return Code("25208", f"{listing.native} trading quantity cannot exceed the maximum units")
    if why is Refusal.MIN_NOTIONAL:
        return Code("45110", f"less than the minimum amount {format(listing.terms.min_notional, 'f')} USDT")
    if why is Refusal.BAND:
        return _band(draft)
    if why is Refusal.TOO_MANY:
        return Code("25211", f"Exceeds the limit of {RULES.max_open} maximum orders")
    return _CODES[why]


def too_much(draft: Draft) -> bool:
    """Whether an order in a contract is above what the list of contracts publishes."""
    most = tables.MOST_MARKET_STEPS if draft.kind == "market" else tables.MOST_STEPS
    return draft.listing.market == "perp" and (draft.qty or 0) > draft.listing.step * most


def _band(draft: Draft) -> Code:
    up, down = RULES.band[draft.listing.market]
    if draft.side == "buy":
        return Code("25206", f"{draft.listing.native} trading price cannot exceed {_percent(1 + up)}%")
    return Code("25205", f"{draft.listing.native} trading price cannot be below {_percent(1 - down)}%")


def _percent(part: Decimal) -> str:
    return format((part * 100).normalize(), "f")


def make_keys(seed: int, account: str) -> Keys:
    """Key, secret and passphrase."""
    name = f"{seed}/bitget/{account}"
    return Keys(
        f"bg_{digest_text(f'{name}/key', _LETTERS, 32)}",
        digest_text(f"{name}/secret", _LETTERS, 64),
        digest_text(f"{name}/passphrase", _LETTERS, 12),
    )
