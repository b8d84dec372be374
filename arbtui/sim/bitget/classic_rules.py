"""The classic account's codes for what an order desk refuses: "RestAPI Error Code" of the contract and spot pages."""

from __future__ import annotations

from arbtui.sim.bitget.answers import Code, Failed
from arbtui.sim.listing import Market
from arbtui.sim.orders import Draft, Order, Refusal

_MIX = {
    Refusal.HALTED: Code("40308", "The contract is being temporarily maintained"),
    Refusal.CLOSE_ONLY: Code("45119", "This symbol does not support position opening operation"),
    Refusal.STEP: Code("22038", "Please enter the quantity as an integral multiple of the step"),
    Refusal.MIN_QTY: Code("45111", "less than the minimum order quantity"),
    Refusal.MAX_QTY: Code("45112", "more than the maximum order quantity"),
    Refusal.BALANCE: Code("40754", "balance not enough"),
    Refusal.MARGIN: Code("40762", "The order size is greater than the max open size"),
    Refusal.DUPLICATE: Code("40786", "Duplicate clientOid"),
    Refusal.REDUCE_ONLY: Code("22002", "No position to close"),
    Refusal.HELD_SIDE: Code(
        "40774", "The order type for unilateral position must also be the unilateral position type."
    ),
    Refusal.WOULD_TAKE: Code("40017", "Parameter verification failed force"),
    Refusal.UNFILLABLE: Code("40017", "Parameter verification failed force"),
    Refusal.NO_DEPTH: Code("22045", "Insufficient liquidity in the market, please operate later"),
    Refusal.TOO_MANY: Code("40761", "The total number of unfilled orders is too high"),
    Refusal.BUSY: Code("40908", "Concurrent operation failed"),
    Refusal.UNKNOWN: Code("40768", "Order does not exist"),
    Refusal.ENDED: Code("22001", "No order to cancel"),
}
_SPOT = {
    **_MIX,
    Refusal.HALTED: Code("41114", "The current trading pair is under maintenance"),
    Refusal.CLOSE_ONLY: Code("41114", "The current trading pair is under maintenance"),
    Refusal.STEP: Code("40808", "Parameter verification exception size checkBDScale error"),
    Refusal.MIN_QTY: Code("43006", "The order quantity is less than the minimum transaction quantity"),
    Refusal.MAX_QTY: Code("43007", "The order quantity is greater than the maximum transaction quantity"),
    Refusal.BALANCE: Code("43012", "Insufficient balance"),
    Refusal.MARGIN: Code("43012", "Insufficient balance"),
    Refusal.DUPLICATE: Code("43118", "clientOrderId duplicate"),
    Refusal.TOO_MANY: Code("43005", "Exceed the maximum number of orders"),
    Refusal.UNKNOWN: Code("43001", "The order does not exist"),
    Refusal.ENDED: Code("43004", "There is no order to cancel"),
}


def of(market: Market, why: Refusal) -> Code:
    """Words that depend on nothing else."""
    return (_SPOT if market == "spot" else _MIX)[why]


def refusal(draft: Draft, why: Refusal) -> Code:
    """The words of a classic account for a refused order."""
    listing, spot = draft.listing, draft.listing.market == "spot"
    if why is Refusal.TICK and spot:
        return Code("41103", "param price scale error error")
    if why is Refusal.TICK:
        return Code("45115", f"The price you enter should be a multiple of {format(listing.tick, 'f')}")
    if why is Refusal.MIN_NOTIONAL:
        return Code("45110", f"less than the minimum amount {format(listing.terms.min_notional, 'f')} USDT")
    if why is Refusal.BAND and draft.side == "buy":
        above = (
            "The current order price exceeds the limit"
            if spot
            else "The order price is higher than the highest bid price"
        )
        return Code("43009" if spot else "40815", above)
    if why is Refusal.BAND:
        below = (
            "The current order price is too low" if spot else "The order price is lower than the lowest selling price"
        )
        return Code("43008" if spot else "40816", below)
    return of(listing.market, why)


def cancel_refusal(market: Market, order: Order | None) -> Failed:
    """Why an order cannot be canceled."""
    return Failed(of(market, Refusal.UNKNOWN if order is None else Refusal.ENDED))
