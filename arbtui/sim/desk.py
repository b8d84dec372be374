"""The order desk of one simulated venue: accounts, what they ask for, what comes of it. No wire words.

    desk = Desk(hub, "acme", RULES, listener, keys)        # in the venue's __init__
    order = desk.place(account, Draft(...))                # raises OrderRefused
    desk.cancel(account, order)                            # raises OrderRefused

Placing matches at once: when ``place`` returns, the order has had its fills and, if it was immediate, its end. What
happens is told to the ``Listener`` in the order in which it happens, inside these calls and at every change of a book
in which an order rests. Everything is a function of the seed, the world and the sequence of requests.

Nothing here runs until an account does something: a book in which no order rests is not looked at.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal, Protocol

from arbtui.sim.accounts import ZERO, Account, Keys, Position, Rules, asset_of, locked
from arbtui.sim.checks import checked, limit_of
from arbtui.sim.faults import Fault
from arbtui.sim.listing import Listing, Market
from arbtui.sim.matching import Depth, Taken
from arbtui.sim.orders import Draft, Ended, Fill, Forced, Order, OrderRefused, OrderStatus, Refusal, Refused
from arbtui.sim.settlement import Settlement

if TYPE_CHECKING:
    from arbtui.sim.hub import Hub

What = Literal["new", "trade", "ended"]
Cause = Literal["order", "funding", "deposit"] | Forced
ACCOUNTS = ("main", "second")
NS_PER_MS = 1_000_000


class Listener(Protocol):
    """The venue's private side: turns what happened into its own frames."""

    def order_changed(self, order: Order, what: What, fill: Fill | None) -> None: ...

    def account_changed(
        self, account: Account, cause: Cause, market: Market, assets: Iterable[str], positions: Iterable[Position]
    ) -> None: ...


class Desk:
    """See the module. ``make_keys`` makes the credentials of an account of this name."""

    def __init__(
        self, hub: Hub, venue: str, rules: Rules, listener: Listener, make_keys: Callable[[int, str], Keys]
    ) -> None:
        self.hub = hub
        self.world = hub.world
        self.venue = venue
        self.rules = rules
        self._listener = listener
        self._make_keys = make_keys
        self.accounts: dict[str, Account] = {}
        self._by_key: dict[str, Account] = {}
        self._depths: dict[Listing, Depth] = {}
        self._resting: dict[Listing, dict[int, Order]] = {}
        self._orders_made = hub.world.start_ns // NS_PER_MS * rules.ids_per_ms
        self.traded = False  # whether there ever was a fill
        self._fills_made = hub.world.start_ns // NS_PER_MS
        self.settlement = Settlement(self)
        for name in ACCOUNTS:
            self.add_account(name)
        hub.desks.append(self)

    # -- accounts ------------------------------------------------------------------------------------------------

    def add_account(self, name: str, rules: Rules | None = None) -> Account:
        """``rules``: where a venue has accounts of more than one kind, those of this one."""
        keys = self._make_keys(self.world.seed, name)
        account = Account(self.venue, name, self.world.seed, rules or self.rules, keys)
        self.accounts[name] = self._by_key[account.keys.api_key] = account
        return account

    def account_of(self, api_key: str) -> Account | None:
        return self._by_key.get(api_key)

    def changed(
        self, account: Account, cause: Cause, market: Market, assets: Iterable[str], positions: Iterable[Position] = ()
    ) -> None:
        """Tell of balances and positions that changed."""
        self._listener.account_changed(account, cause, market, sorted(set(assets)), list(positions))

    # -- orders --------------------------------------------------------------------------------------------------

    def place(self, account: Account, draft: Draft) -> Order:
        """Take, match and answer an order; raises ``OrderRefused``."""
        depth = self.depth(draft.listing)
        try:
            would_take = self._refuse_by_fault(account, draft)
            ticks, lots = checked(self.world, account, draft, depth)
        except OrderRefused as refused:
            ledger = account.ledgers[draft.listing.market]
            ledger.refused.append(Refused(draft, refused.why.value, self.hub.now_ns()))
            raise
        order = self._made(account, draft, ticks, lots)
        account.ledgers[draft.listing.market].add(order)
        self._listener.order_changed(order, "new", None)
        limit = limit_of(self.world, account, draft, ticks)
        if would_take or (draft.kind == "post_only" and depth.available(draft.side, limit)):
            self._end(order, "canceled", "post_only")
        elif fault := self._act("async_cancel", draft.listing):
            order.frozen = True
            self.hub.later(fault.number / 1000, lambda: self._end(order, "canceled", "venue"))
        elif fault := self._act("late_fill", draft.listing):
            order.frozen = True
            self.hub.later(fault.number / 1000, lambda: self._begin(order, limit))
        else:
            order.frozen = self._act("no_fill", draft.listing) is not None
            self._begin(order, limit, frozen=order.frozen)
        return order

    def cancel(self, account: Account, order: Order, ended: Ended = "asked") -> Order:
        """Cancel an open order; raises ``OrderRefused`` if it is not open (any more)."""
        if order.live and (fault := self._act("fill_races_cancel", order.listing)):
            part = max(1, min(order.left, int(order.left * fault.number)))
            price = order.ticks if order.ticks is not None else order.listing.state.ask
            if not self._execute(order, [Taken(price, part)], maker=True):
                raise OrderRefused(Refusal.ENDED)
        if not order.live:
            raise OrderRefused(Refusal.ENDED)
        self._end(order, "canceled", ended)
        return order

    def cancel_each(self, account: Account, orders: Iterable[Order], ended: Ended = "asked") -> list[Order]:
        """Cancel what of ``orders`` is still open when its turn comes; those that were."""
        canceled: list[Order] = []
        for order in list(orders):
            with contextlib.suppress(OrderRefused):
                canceled.append(self.cancel(account, order, ended))
        return canceled

    def depth(self, listing: Listing) -> Depth:
        """What is left of the listing's book."""
        if listing not in self._depths:
            self._depths[listing] = Depth(listing)
        return self._depths[listing]

    def book_changed(self, listing: Listing) -> None:
        """A book changed in which orders rest: fill what that fills, oldest first."""
        if self.hub.faults.active and self.hub.faults.any_of("no_fill", listing):
            return
        depth = self.depth(listing)
        for order in list(self._resting.get(listing, {}).values()):
            if order.live and not order.frozen and listing.status in ("trading", "close_only"):
                self._execute(order, depth.due(order), maker=True)

    def force(self, account: Account, listing: Listing, position: Position, lots: int, cause: Forced) -> Order:
        """The venue itself closes ``lots`` of a position at the mark, whatever the book has."""
        side: Literal["buy", "sell"] = "sell" if position.lots > 0 else "buy"
        draft = Draft(listing=listing, side=side, kind="limit", held=position.held, origin=cause, reduce_only=True)
        mark = max(1, round(self.world.mark_of(listing) * listing.mark_price.unit / listing.tick))
        order = self._made(account, draft, mark, lots)
        account.ledgers["perp"].add(order)
        self._listener.order_changed(order, "new", None)
        self._execute(order, [Taken(mark, lots)], maker=False)
        return order

    # -- inside --------------------------------------------------------------------------------------------------

    def _made(self, account: Account, draft: Draft, ticks: int | None, lots: int) -> Order:
        self._orders_made += 1 + zlib.crc32(str(self._orders_made).encode()) % 7
        now_ms = self.now_ms(draft.listing.market)
        return Order(
            id=self._orders_made,
            account=account,
            listing=draft.listing,
            side=draft.side,
            kind=draft.kind,
            lots=lots,
            ticks=ticks,
            client_id=draft.client_id,
            reduce_only=draft.reduce_only,
            held=draft.held,
            origin=draft.origin,
            t_ns=self.hub.now_ns(),
            t_ms=now_ms,
            updated_ms=now_ms,
            wire=dict(draft.wire),
        )

    def _begin(self, order: Order, limit: int | None, *, frozen: bool = False) -> None:
        """Take what is there, then rest or end."""
        if not order.live:
            return
        order.frozen = frozen
        depth = self.depth(order.listing)
        if order.kind == "fok" and depth.available(order.side, limit) < order.left:
            self._end(order, self.rules.rest_status, "rest")
            return
        if not frozen:
            most = self._most(order, order.left)
            if not self._execute(order, depth.take(order.side, limit, most), maker=False):
                return
        if order.kind in ("limit", "post_only"):
            self._rest(order)
        else:
            self._end(order, self.rules.rest_status, "rest")

    def _most(self, order: Order, lots: int) -> int:
        """``lots``, less where a position or a fault allows less."""
        if order.listing.market == "perp" and (order.reduce_only or order.held != "net"):
            closes = order.reduce_only or (order.held, order.side) in (("long", "sell"), ("short", "buy"))
            if closes:
                lots = min(lots, order.account.closable(order.listing, order.side, order.held))
        if lots > 1 and (fault := self._act("partial_fill", order.listing)):
            lots = max(1, int(lots * fault.number))
        return lots

    def _rest(self, order: Order) -> None:
        assert order.ticks is not None
        order.ahead = self.depth(order.listing).queue_at(order.side, order.ticks)
        order.seen_trades = order.listing.trades
        self._resting.setdefault(order.listing, {})[order.id] = order
        self.hub.resting[order.listing] = self
        if order.listing.market == "spot":
            self.changed(order.account, "order", "spot", [locked(order)[0]])

    def _execute(self, order: Order, taken: list[Taken], *, maker: bool) -> bool:
        """Book executions and tell of them; whether more can fill."""
        taken = self._allowed(order, taken) if maker else taken
        if not taken:
            return True
        account, listing = order.account, order.listing
        self._print(order, taken, maker=maker)
        assets: set[str] = set()
        for part in taken:
            fill = self._fill(order, part, maker=maker)
            assets.update((fill.fee_ccy, listing.settle if listing.market == "perp" else listing.quote))
            if listing.market == "spot":
                assets.add(asset_of(listing))
            self._listener.order_changed(order, "trade", fill)
        if order.status == "filled":
            self._forget(order)
        held = account.positions.get((listing, order.held))
        cause: Cause = "order" if order.origin == "order" or order.origin == "hand" else order.origin
        self.changed(account, cause, listing.market, assets, [held] if held is not None else [])
        if listing.market == "perp":
            self._drop_pointless(account, listing)
        return order.live

    def _print(self, order: Order, taken: list[Taken], *, maker: bool) -> None:
        """Put executions on the public tape; no other resting order is filled by these."""
        listing = order.listing
        for part in taken:
            listing.traded(part.ticks, part.lots, self.hub.now_ns(), buy=(order.side == "buy") is not maker)
        for other in self._resting.get(listing, {}).values():
            other.seen_trades = listing.trades
        self.hub.printed(listing)

    def _allowed(self, order: Order, taken: list[Taken]) -> list[Taken]:
        most = self._most(order, sum(part.lots for part in taken)) if taken else 0
        found: list[Taken] = []
        for part in taken:
            if most > 0:
                found.append(Taken(part.ticks, min(most, part.lots)))
                most -= part.lots
        return found

    def _fill(self, order: Order, part: Taken, *, maker: bool) -> Fill:
        self._fills_made += 1
        self.traded = True
        fee, fee_ccy = order.account.fee_of(order, part.ticks, part.lots, maker=maker)
        now_ms = self.now_ms(order.listing.market)
        fill = Fill(
            id=self._fills_made,
            order=order,
            ticks=part.ticks,
            lots=part.lots,
            fee=fee,
            fee_ccy=fee_ccy,
            maker=maker,
            realised=ZERO,
            t_ns=self.hub.now_ns(),
            t_ms=now_ms,
        )
        order.account.apply(fill)
        order.fills.append(fill)
        order.filled += part.lots
        order.updated_ms = now_ms
        ledger = order.account.ledgers[order.listing.market]
        ledger.fills.append(fill)
        if not order.left:
            ledger.end(order, "filled", "")
        return fill

    def _end(self, order: Order, status: OrderStatus, ended: Ended) -> None:
        if not order.live:
            return
        order.account.ledgers[order.listing.market].end(order, status, ended)
        order.updated_ms = self.now_ms(order.listing.market)
        self._forget(order)
        self._listener.order_changed(order, "ended", None)
        if order.listing.market == "spot" and ended == "asked":
            asset = (
                order.listing.quote
                if order.side == "buy"
                else str(order.listing.extra.get("asset", order.listing.base))
            )
            self.changed(order.account, "order", "spot", [asset])

    def _forget(self, order: Order) -> None:
        """The order rests no more."""
        resting = self._resting.get(order.listing)
        if resting is None:
            return
        resting.pop(order.id, None)
        if not resting:
            del self._resting[order.listing]
            self.hub.resting.pop(order.listing, None)

    def _drop_pointless(self, account: Account, listing: Listing) -> None:
        """Reduce-only orders end when there is nothing left to reduce."""
        for order in list(account.ledgers["perp"].open.values()):
            rests = order.listing is listing and order.id in self._resting.get(listing, {})
            if rests and order.reduce_only and not account.closable(listing, order.side, order.held):
                self._end(order, self.rules.rest_status, "venue")

    # -- time and faults -----------------------------------------------------------------------------------------

    def delisted(self, listing: Listing) -> None:
        """Trading has ended for good: what rests is canceled, positions are settled at the mark."""
        for order in list(self._resting.get(listing, {}).values()):
            self._end(order, "canceled", "venue")
        self.settlement.jump(listing, 1.0, "settlement")

    def second(self) -> None:
        """A whole second began."""
        if self.traded:
            self.settlement.second()

    def now_ms(self, market: Market) -> int:
        """The venue's own clock."""
        return self.hub.venues[self.venue].rest.now_ms(market)

    def _act(self, name: str, listing: Listing) -> Fault | None:
        return self.act(name, listing.market, listing.native)

    def known_ns(self, market: Market, native: str | None) -> int:
        """Until when questions about the past know of orders and fills (``history_lag``), else now."""
        fault = self.act("history_lag", market, native)
        return self.hub.now_ns() - (int(fault.number * NS_PER_MS) if fault is not None else 0)

    def act(self, name: str, market: Market | None, native: str | None, channel: str = "order") -> Fault | None:
        """The fault that concerns this order, if there is one; that is one act of it."""
        if not self.hub.faults.active:
            return None
        return self.hub.faults.act(name, self.venue, market, native, channel)

    def _refuse_by_fault(self, account: Account, draft: Draft) -> bool:
        """Whether the order is to be taken and ended as one that may only rest, which is how some venues refuse it."""
        if not self.hub.faults.active or draft.origin != "order":
            return False
        if fault := self._act("reject_order", draft.listing):
            if fault.reason == Refusal.WOULD_TAKE and draft.kind == "post_only" and draft.late_refusal:
                return True
            raise OrderRefused(Refusal(fault.reason or Refusal.MARGIN))
        closes = draft.reduce_only or account.closable(draft.listing, draft.side, draft.held)
        if not closes and self._act("margin_short", draft.listing):
            raise OrderRefused(Refusal.BALANCE if draft.listing.market == "spot" else Refusal.MARGIN)
        return False
