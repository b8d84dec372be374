"""Actions on orders, by kind: what they do and the status of each part of them.

An immediate order that found nothing is an error among the statuses, though it had an id; one that found a part of what
it wanted is ``filled`` with that part. A modification cancels and places again: a new id under the same client id.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from arbtui.sim.accounts import Account
from arbtui.sim.desk import Desk
from arbtui.sim.hyperliquid import private_rows as rows
from arbtui.sim.hyperliquid import rules
from arbtui.sim.hyperliquid.answers import Ask, Denied, Rejected
from arbtui.sim.listing import Listing
from arbtui.sim.orders import Draft, Kind, Order, OrderRefused, Refusal, Refused, value_of

if TYPE_CHECKING:
    from arbtui.sim.hyperliquid.venue import Hyperliquid

_KINDS: dict[str, Kind] = {"Ioc": "ioc", "Alo": "post_only", "Gtc": "limit", "FrontendMarket": "ioc"}
_SPOT, _BUILDER = 10_000, 100_000  # where the asset ids of pairs and of builder dexes begin
VERBS = {
    "order": "order", "modify": "order", "batchModify": "order",
    "cancel": "cancel", "cancelByCloid": "cancel",
}  # fmt: skip


class OrderActions:
    """Answers by kind of action."""

    def __init__(self, venue: Hyperliquid, desk: Desk) -> None:
        self._venue = venue
        self._desk = desk

    def table(self) -> dict[str, Callable[[Account, Ask], Any]]:
        return {
            "order": self._order,
            "cancel": lambda account, ask: self._cancels(account, ask["cancels"]),
            "cancelByCloid": lambda account, ask: self._cancels(account, ask["cancels"]),
            "batchModify": self._batch_modify,
            "modify": self._modify,
            "updateLeverage": self._leverage,
            "scheduleCancel": self._schedule,
            "setReferrer": lambda account, ask: {"type": "default"},
            "noop": lambda account, ask: {"type": "default"},
        }

    # -- assets ----------------------------------------------------------------------------------------------------

    def listing_of(self, asset: int) -> Listing | None:
        """The perp or pair with this asset id."""
        if asset >= _BUILDER:
            return None
        if asset >= _SPOT:
            pairs, index = self._venue.pairs, asset - _SPOT
            return pairs[index].listing if index < len(pairs) else None
        perps = self._venue.dexes[""]
        return perps[asset] if asset < len(perps) else None

    def meant(self, action: Ask) -> Listing | None:
        """The instrument of an action's first part."""
        first = next((action[key][0] for key in ("orders", "cancels", "modifies") if action.get(key)), action)
        order = first.get("order", first)
        asset = order.get("a", order.get("asset"))
        return self.listing_of(asset) if isinstance(asset, int) else None

    # -- placing ---------------------------------------------------------------------------------------------------

    def _order(self, account: Account, ask: Ask) -> Any:
        return _statuses("order", [self._each(one, lambda x: self._placed(account, x)) for one in ask["orders"]])

    def _each(self, one: Ask, act: Callable[[Ask], Any]) -> Any:
        asset = one.get("a", one.get("asset", one.get("order", {}).get("a")))
        try:
            return act(one)
        except Rejected as rejected:
            return {"error": f"{rejected} asset={asset}"}

    def _placed(self, account: Account, ask: Ask) -> Any:
        draft = self._draft(ask)
        try:
            self._check_small_close(account, draft)
            order = self._desk.place(account, draft)
        except OrderRefused as refused:
            raise Rejected(rules.refusal(draft, refused.why, self._bbo(draft.listing))) from refused
        return self._answer(order)

    def _answer(self, order: Order) -> Any:
        known = {"oid": order.id, **({"cloid": order.client_id} if order.client_id else {})}
        if order.live:
            return {"resting": known}
        if not order.filled:
            raise Rejected(rules.IOC_CANCELED)
        average = order.average
        assert average is not None
        return {"filled": {"totalSz": order.filled_qty, "avgPx": rows.plain(average), **known}}

    def _draft(self, ask: Ask) -> Draft:
        listing = self.listing_of(ask["a"])
        if listing is None or listing.status == "delisted":
            raise Rejected("Order has an asset that is not traded.")  # (ours)
        if "limit" not in ask["t"]:
            raise Rejected("Trigger orders are not simulated.")  # (ours)
        tif = ask["t"]["limit"]["tif"]
        return Draft(
            listing=listing,
            side="buy" if ask["b"] else "sell",
            kind=_KINDS[tif],
            qty=Decimal(ask["s"]),
            price=Decimal(ask["p"]),
            client_id=ask.get("c", ""),
            reduce_only=ask["r"] and listing.market == "perp",
            wire={"tif": tif},
        )

    def _check_small_close(self, account: Account, draft: Draft) -> None:
        """Below the minimum only a whole position may be closed."""
        listing = draft.listing
        if not draft.reduce_only or draft.qty is None or draft.price is None:
            return
        lots = draft.qty / listing.step
        closable = account.closable(listing, draft.side, draft.held)
        worth = value_of(listing, 1, 1) * lots * (draft.price / listing.tick)
        if lots < closable and worth < listing.terms.min_notional:
            refused = Refused(draft, Refusal.MIN_NOTIONAL.value, self._venue.hub.now_ns())
            account.ledgers[listing.market].refused.append(refused)
            raise OrderRefused(Refusal.MIN_NOTIONAL)

    def _bbo(self, listing: Listing) -> tuple[str, str]:
        state = listing.state
        return listing.price(state.bid), listing.price(state.ask)

    # -- cancelling and changing -----------------------------------------------------------------------------------

    def _cancels(self, account: Account, asks: list[Ask]) -> Any:
        return _statuses("cancel", [self._each(one, lambda x: self._canceled(account, x)) for one in asks])

    def _canceled(self, account: Account, ask: Ask) -> str:
        asset, named = (ask["a"], ask["o"]) if "o" in ask else (ask["asset"], ask["cloid"])
        listing = self.listing_of(asset)
        self._cancel(account, None if listing is None else find(account, named, listing))
        return "success"

    def _cancel(self, account: Account, order: Order | None) -> None:
        if order is None:
            raise Rejected(rules.NEVER_PLACED)
        try:
            self._desk.cancel(account, order)
        except OrderRefused as refused:
            raise Rejected(rules.NEVER_PLACED) from refused

    def _modified(self, account: Account, ask: Ask) -> Any:
        listing = self.listing_of(ask["order"]["a"])
        self._cancel(account, find(account, ask["oid"], listing))
        return self._placed(account, ask["order"])

    def _batch_modify(self, account: Account, ask: Ask) -> Any:
        return _statuses("order", [self._each(one, lambda x: self._modified(account, x)) for one in ask["modifies"]])

    def _modify(self, account: Account, ask: Ask) -> Any:
        try:
            self._modified(account, ask)
        except Rejected as rejected:
            raise Denied(f"{rejected} asset={ask['order']['a']}") from rejected
        return {"type": "default"}

    # -- the rest --------------------------------------------------------------------------------------------------

    def _leverage(self, account: Account, ask: Ask) -> Any:
        listing = self.listing_of(ask["asset"])
        if listing is None or listing.market != "perp" or listing.status == "delisted":
            raise Denied("Order has an asset that is not traded.")  # (ours)
        if not ask["isCross"]:
            raise Denied("Isolated margin is not simulated.")  # (ours)
        if not 1 <= ask["leverage"] <= listing.extra["max_leverage"]:
            raise Denied("Invalid leverage value")
        cap = self._desk.act("leverage_cap", "perp", listing.native)
        account.leverages[listing] = min(ask["leverage"], int(cap.number)) if cap is not None else ask["leverage"]
        return {"type": "default"}

    def _schedule(self, account: Account, ask: Ask) -> Any:
        traded = volume(account)
        raise Denied(
            "Cannot set scheduled cancel time until enough volume traded. "
            f"Required: $1000000. Traded: ${traded.quantize(Decimal('0.01'))}."
        )


def find(account: Account, named: int | str, listing: Listing | None = None) -> Order | None:
    """An order by its id or client id, of ``listing`` if that is given; of several the newest."""
    for ledger in account.ledgers.values():
        if isinstance(named, int):
            found = [ledger.all[named]] if named in ledger.all else []
        else:
            found = [o for o in reversed(ledger.all.values()) if o.client_id == named] if named else []
        for order in found:
            if listing is None or order.listing is listing:
                return order
    return None


def volume(account: Account) -> Decimal:
    """What the account ever traded, in quote currency."""
    return sum((fill.value for ledger in account.ledgers.values() for fill in ledger.fills), Decimal(0))


def _statuses(kind: str, found: list[Any]) -> Any:
    return {"type": kind, "data": {"statuses": found}}
