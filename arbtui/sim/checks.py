"""Whether a simulated venue takes an order: what it costs nothing to know before it is matched."""

from __future__ import annotations

from decimal import Decimal, localcontext

from arbtui.sim.accounts import EXACT, Account, asset_of, mark_of
from arbtui.sim.listing import Listing
from arbtui.sim.matching import Depth
from arbtui.sim.orders import Draft, OrderRefused, Refusal, coins_of, unit_of, value_of
from arbtui.sim.world import World

_MOST_LOTS = 10**15  # more than any instrument has; what an account can pay for is the real bound


def checked(world: World, account: Account, draft: Draft, depth: Depth) -> tuple[int | None, int]:
    """The order's price in ticks (None: market) and its lots; raises ``OrderRefused``."""
    with localcontext(EXACT):
        ledger = account.ledgers[draft.listing.market]
        if draft.client_id and ledger.taken(draft.client_id):
            raise OrderRefused(Refusal.DUPLICATE)
        if len(ledger.open) >= account.rules.max_open:
            raise OrderRefused(Refusal.TOO_MANY)
        _check_status(draft, account)
        ticks = _ticks(draft)
        lots = _lots(draft, depth)
        if ticks is not None:
            _check_band(world, account, draft, ticks)
        _check_minimum(draft, ticks, lots, depth)
        opening = _check_side(account, draft, lots)
        _check_way(draft, ticks, lots, depth)
        _check_money(world, account, draft, ticks, lots, opening, depth)
        return ticks, lots


def limit_of(world: World, account: Account, draft: Draft, ticks: int | None) -> int | None:
    """How far an order may take: its own price; for a market order on a perpetual the band around the mark."""
    if ticks is not None or draft.listing.market == "spot":
        return ticks
    up, down = account.rules.band["perp"]
    return _in_ticks(world, draft.listing, 1 + up if draft.side == "buy" else 1 - down)


def _check_status(draft: Draft, account: Account) -> None:
    status = draft.listing.status
    if status == "close_only" and (draft.reduce_only or account.closable(draft.listing, draft.side, draft.held)):
        return
    if status != "trading":
        raise OrderRefused(Refusal.CLOSE_ONLY if status == "close_only" else Refusal.HALTED)


def _ticks(draft: Draft) -> int | None:
    if draft.price is None:
        return None
    ticks, rest = divmod(draft.price, draft.listing.tick)
    if rest or ticks <= 0 or int(ticks) % draft.listing.grid(int(ticks)):
        raise OrderRefused(Refusal.TICK)
    return int(ticks)


def _lots(draft: Draft, depth: Depth) -> int:
    listing = draft.listing
    if draft.qty is None:
        assert draft.budget is not None
        return depth.afford(int(draft.budget / unit_of(listing)))
    lots, rest = divmod(draft.qty, listing.step)
    if draft.qty < listing.min_qty:
        raise OrderRefused(Refusal.MIN_QTY)
    if rest:
        raise OrderRefused(Refusal.STEP)
    if lots > _MOST_LOTS:
        raise OrderRefused(Refusal.MAX_QTY)
    return int(lots)


def _in_ticks(world: World, listing: Listing, factor: Decimal) -> int:
    reference = mark_of(world, listing) if listing.market == "perp" else listing.last * listing.tick
    return int(reference * factor / listing.tick)


def _check_band(world: World, account: Account, draft: Draft, ticks: int) -> None:
    up, down = account.rules.band[draft.listing.market]
    bound = _in_ticks(world, draft.listing, 1 + up if draft.side == "buy" else 1 - down)
    if ticks > bound if draft.side == "buy" else ticks < bound:
        raise OrderRefused(Refusal.BAND)


def _check_minimum(draft: Draft, ticks: int | None, lots: int, depth: Depth) -> None:
    best = depth.opposite(draft.side)
    if lots <= 0 or (ticks is None and not best):
        raise OrderRefused(Refusal.NO_DEPTH)
    if draft.reduce_only and draft.listing.market == "perp":
        return
    least = draft.listing.terms.min_notional
    if value_of(draft.listing, best[0][0] if ticks is None else ticks, lots) < least:
        raise OrderRefused(Refusal.MIN_NOTIONAL)


def _check_side(account: Account, draft: Draft, lots: int) -> int:
    """Which part of the order would open a position, in lots."""
    if draft.listing.market == "spot":
        return lots
    if (draft.held == "net") is account.dual:
        raise OrderRefused(Refusal.HELD_SIDE)
    closable = account.closable(draft.listing, draft.side, draft.held)
    closes = draft.reduce_only or (draft.held, draft.side) in (("long", "sell"), ("short", "buy"))
    if closes and (not closable or (account.dual and lots > closable)):
        raise OrderRefused(Refusal.REDUCE_ONLY)
    return 0 if closes else max(0, lots - closable)


def _check_way(draft: Draft, ticks: int | None, lots: int, depth: Depth) -> None:
    if draft.late_refusal:
        return
    if draft.kind == "post_only" and depth.available(draft.side, ticks):
        raise OrderRefused(Refusal.WOULD_TAKE)
    if draft.kind == "fok" and depth.available(draft.side, ticks) < lots:
        raise OrderRefused(Refusal.UNFILLABLE)


def _check_money(
    world: World, account: Account, draft: Draft, ticks: int | None, lots: int, opening: int, depth: Depth
) -> None:
    """Spot: what is spent is there. Perpetual: the initial margin of what opens, and the fee."""
    listing = draft.listing
    if listing.market == "spot":
        asset = listing.quote if draft.side == "buy" else asset_of(listing)
        needed = lots * listing.step if draft.side == "sell" else _cost(draft, ticks, lots, depth)
        if needed > account.free(world, "spot", asset):
            raise OrderRefused(Refusal.BALANCE)
        return
    if not opening:
        return
    price = mark_of(world, listing) if ticks is None else ticks * listing.tick
    notional = opening * listing.step * coins_of(listing) * price
    needed = notional / account.leverage(listing) + notional * account.fee_rate("perp", maker=False)
    if needed > account.free(world, "perp", listing.settle):
        raise OrderRefused(Refusal.MARGIN)


def _cost(draft: Draft, ticks: int | None, lots: int, depth: Depth) -> Decimal:
    """What a spot buy can spend at most."""
    if ticks is not None:
        return value_of(draft.listing, ticks, lots)
    cost = Decimal(0)
    for price, there in depth.opposite("buy"):
        part = min(lots, there)
        cost += value_of(draft.listing, price, part)
        lots -= part
    return cost
