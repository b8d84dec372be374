"""The control side's rooms for accounts: who they are, what is true of them, what a person does in them by hand."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, cast

from arbtui.sim.accounts import ZERO, Account, Position
from arbtui.sim.asked import Refused, text_of
from arbtui.sim.desk import Desk
from arbtui.sim.faults import Fault
from arbtui.sim.hub import Hub
from arbtui.sim.listing import Listing, Market
from arbtui.sim.orders import Draft, Fill, Held, Kind, Order, OrderRefused, Side
from arbtui.sim.orders import Refused as RefusedOrder

_KINDS: tuple[Kind, ...] = ("limit", "ioc", "fok", "post_only", "market")
_MARKETS: tuple[Market, ...] = ("perp", "spot")
_OF_THE_KEY = ("can_withdraw", "ips", "key_days")


class AccountControl:
    """See the module; addresses and keys are documented in ``control``."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def credentials(self) -> dict[str, Any]:
        """What one logs in with."""
        return {
            venue: {name: account.keys.told() for name, account in desk.accounts.items()}
            for venue, desk in self._desks()
        }

    def truth(self, venue: str | None, symbol: str | None) -> dict[str, Any]:
        """Everything about the accounts, of one instrument if ``symbol`` (native or base) is given."""
        return {
            name: {account.name: account_truth(desk, account, symbol) for account in desk.accounts.values()}
            for name, desk in self._desks()
            if venue in (None, name)
        }

    def set_account(self, ask: dict[str, Any]) -> dict[str, Any]:
        """Make an account, or change what it owns and how it is set up."""
        keys = {"venue", "account", "balances", "fees", "leverage", "dual", "can_trade", *_OF_THE_KEY}
        if unknown := sorted(set(ask) - keys):
            raise Refused(f"unknown key {unknown[0]!r}; an account has: {', '.join(sorted(keys))}")
        desk = self._desk(ask)
        name = text_of(ask, "account") or "main"
        account = desk.accounts.get(name) or desk.add_account(name)
        for wallet, assets in _table(ask, "balances").items():
            if wallet not in account.wallets:
                raise Refused(f"{desk.venue} has the wallets {', '.join(account.wallets)}, not {wallet!r}")
            self._fund(desk, account, wallet, {asset: _decimal(amount, asset) for asset, amount in assets.items()})
        for market, rates in _table(ask, "fees").items():
            if market not in _MARKETS or set(rates) != {"maker", "taker"}:
                raise Refused('fees are {"perp"|"spot": {"maker": fraction, "taker": fraction}}')
            account.fees[market] = (_decimal(rates["maker"], "maker"), _decimal(rates["taker"], "taker"))
        for native, times in (ask.get("leverage") or {}).items():
            account.leverages[self._listing(desk, "perp", native)] = int(times)
        account.dual = bool(ask.get("dual", account.dual))
        account.can_trade = bool(ask.get("can_trade", account.can_trade))
        _set_key(account, ask)
        return account_truth(desk, account, None)

    def by_hand(self, ask: dict[str, Any]) -> dict[str, Any]:
        """A person's order: it has no client id of anybody's."""
        desk = self._desk(ask)
        account = self._account(desk, ask)
        market = text_of(ask, "market")
        if market not in _MARKETS:
            raise Refused(f"market is perp or spot, not {market!r}")
        side, kind = text_of(ask, "side"), text_of(ask, "kind") or ("limit" if "price" in ask else "market")
        if side not in ("buy", "sell") or kind not in _KINDS:
            raise Refused(f"side is buy or sell, kind one of {', '.join(_KINDS)}")
        draft = Draft(
            listing=self._listing(desk, market, text_of(ask, "symbol") or ""),
            side=cast(Side, side),
            kind=kind,
            qty=_decimal(ask.get("qty"), "qty"),
            price=None if kind == "market" else _decimal(ask.get("price"), "price"),
            reduce_only=bool(ask.get("reduce_only")),
            held=cast(Held, text_of(ask, "held") or "net"),
            origin="hand",
        )
        try:
            order = desk.place(account, draft)
        except OrderRefused as refused:
            raise Refused(f"{desk.venue} refuses the order: {refused.why.value}") from refused
        self._hub.flush()
        return order_truth(order)

    def cancel_by_hand(self, order_id: str) -> dict[str, Any]:
        for _, desk in self._desks():
            for account in desk.accounts.values():
                for ledger in account.ledgers.values():
                    order = next((o for o in ledger.all.values() if o.wire_id == order_id), None)
                    if order is not None:
                        try:
                            desk.cancel(account, order)
                        except OrderRefused as refused:
                            raise Refused(f"order {order_id} is not open any more") from refused
                        self._hub.flush()
                        return order_truth(order)
        raise Refused(f"there is no order {order_id!r}", 404)

    def settle(self, ask: dict[str, Any]) -> dict[str, Any]:
        """Pay funding now, as if this were the time."""
        desk = self._desk(ask)
        listing = self._listing(desk, "perp", text_of(ask, "symbol") or "")
        paid = desk.settlement.pay_funding(listing, self._hub.now_ns() // 1_000_000)
        self._hub.flush()
        return {"paid": [{"native": p.listing.native, "amount": _text(p.amount), "ccy": p.ccy} for p in paid]}

    def jump(self, listing: Listing, fault: Fault) -> None:
        """Take a part of every position, as ``fault`` says."""
        desk = self._hub.venues[listing.venue].desk
        assert desk is not None
        cause: Literal["adl", "liquidation"] = "liquidation" if fault.reason == "liquidation" else "adl"
        if listing.market == "perp":
            desk.settlement.jump(listing, fault.number, cause)
            self._hub.flush()

    def _fund(self, desk: Desk, account: Account, wallet: str, totals: dict[str, Decimal]) -> None:
        account.wallets[wallet].update(totals)
        market: Market = "spot" if account.rules.wallets["spot"] == wallet else "perp"
        desk.changed(account, "deposit", market, totals)
        self._hub.flush()

    def _desks(self) -> Iterable[tuple[str, Desk]]:
        return ((name, venue.desk) for name, venue in self._hub.venues.items() if venue.desk is not None)

    def _desk(self, ask: dict[str, Any]) -> Desk:
        desks = dict(self._desks())
        name = text_of(ask, "venue") or ""
        if name not in desks:
            raise Refused(f"venue {name!r} takes no orders; these do: {', '.join(desks) or '(none)'}")
        return desks[name]

    def _account(self, desk: Desk, ask: dict[str, Any]) -> Account:
        name = text_of(ask, "account") or "main"
        if name not in desk.accounts:
            raise Refused(f"{desk.venue} has no account {name!r}", 404)
        return desk.accounts[name]

    def _listing(self, desk: Desk, market: str, native: str) -> Listing:
        found = self._hub.world.by_key.get(f"{desk.venue}.{market}.{native}")
        if found is None:
            raise Refused(f"{desk.venue} has no {market} instrument {native!r}", 404)
        return found


# -- truth ---------------------------------------------------------------------------------------------------------


def account_truth(desk: Desk, account: Account, symbol: str | None) -> dict[str, Any]:
    """An account as it is. ``orders`` has the refused ones too (status rejected, no id); requests carry no secrets."""
    totals: dict[str, Decimal] = {}
    for assets in account.wallets.values():
        for asset, total in assets.items():
            totals[asset] = totals.get(asset, ZERO) + total
    ledgers = list({id(ledger): ledger for ledger in account.ledgers.values()}.values())
    orders = [o for ledger in ledgers for o in ledger.all.values() if _meant(o.listing, symbol)]
    refused = [r for ledger in ledgers for r in ledger.refused if _meant(r.draft.listing, symbol)]
    fills = sorted((f for ledger in ledgers for f in ledger.fills if _meant(f.order.listing, symbol)), key=_fill_id)
    return {
        "balances": {asset: _text(total) for asset, total in totals.items()},
        "wallets": {
            wallet: {
                asset: {"total": _text(t), "held": _text(account.held(wallet, asset))} for asset, t in assets.items()
            }
            for wallet, assets in account.wallets.items()
        },
        "positions": [position_truth(desk, account, p) for p in account.open_positions() if _meant(p.listing, symbol)],
        "orders": [order_truth(o) for o in sorted(orders, key=_order_id)] + [_refused_truth(r) for r in refused],
        "fills": [fill_truth(f) for f in fills],
        "funding": [
            {
                "id": str(p.id),
                "native": p.listing.native,
                "amount": _text(p.amount),
                "ccy": p.ccy,
                "rate": _text(p.rate),
                "qty": p.qty,
                "t_ms": p.t_ms,
            }
            for p in account.payments
            if _meant(p.listing, symbol)
        ],
        "dual": account.dual,
        "can_trade": account.can_trade,
        "can_withdraw": account.can_withdraw,
        "ips": list(account.ips),
        "key_days": account.key_days,
        "requests": {"counts": dict(account.counts), "last": list(account.requests)},
    }


def position_truth(desk: Desk, account: Account, position: Position) -> dict[str, Any]:
    world = desk.world
    line = account.liquidation_price(world, position)
    return {
        "native": position.listing.native,
        "qty": position.qty,
        "held": position.held,
        "entry": _text(position.entry),
        "cost": _text(position.cost),
        "settle": position.listing.settle,
        "realised": _text(position.realised),
        "fees": _text(position.fees),
        "funding": _text(position.funding),
        "profit": _text(account.profit(world, position)),
        "margin": _text(account.margin(world, position)),
        "leverage": account.leverage(position.listing),
        "liquidation": None if line is None else _text(line),
    }


def order_truth(order: Order) -> dict[str, Any]:
    return {
        "id": order.wire_id,
        "client_id": order.client_id,
        "market": order.listing.market,
        "native": order.listing.native,
        "side": order.side,
        "kind": order.kind,
        "price": None if order.ticks is None else order.price,
        "qty": order.qty,
        "filled": order.filled_qty,
        "status": order.status,
        "ended": order.ended or None,
        "reduce_only": order.reduce_only,
        "held": order.held,
        "origin": order.origin,
        "t_ns": order.t_ns,
    }


def _refused_truth(refused: RefusedOrder) -> dict[str, Any]:
    draft = refused.draft
    return {
        "id": None,
        "client_id": draft.client_id,
        "market": draft.listing.market,
        "native": draft.listing.native,
        "side": draft.side,
        "kind": draft.kind,
        "price": None if draft.price is None else _text(draft.price),
        "qty": None if draft.qty is None else _text(draft.qty),
        "filled": draft.listing.size(0),
        "status": "rejected",
        "ended": refused.why,
        "reduce_only": draft.reduce_only,
        "held": draft.held,
        "origin": draft.origin,
        "t_ns": refused.t_ns,
    }


def fill_truth(fill: Fill) -> dict[str, Any]:
    return {
        "id": fill.wire_id,
        "order_id": fill.order.wire_id,
        "client_id": fill.order.client_id,
        "market": fill.order.listing.market,
        "native": fill.order.listing.native,
        "side": fill.order.side,
        "price": fill.price,
        "qty": fill.qty,
        "fee": _text(fill.fee),
        "fee_ccy": fill.fee_ccy,
        "maker": fill.maker,
        "realised": _text(fill.realised),
        "t_ns": fill.t_ns,
    }


def _meant(listing: Listing, symbol: str | None) -> bool:
    return symbol in (None, listing.native, listing.base)


def _order_id(order: Order) -> int:
    return order.id


def _fill_id(fill: Fill) -> int:
    return fill.id


def _text(value: Decimal) -> str:
    return format(value, "f")


def _decimal(value: Any, name: str) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation as broken:
        raise Refused(f"{name} is a number, not {value!r}") from broken
    if not number.is_finite():
        raise Refused(f"{name} is a number, not {value!r}")
    return number


def _set_key(account: Account, ask: dict[str, Any]) -> None:
    """What is told of the key. A wallet's key has none of that: what it may do follows from whose it is."""
    if account.keys.address and (given := [name for name in _OF_THE_KEY if name in ask]):
        raise Refused(f"{account.venue} has wallets: {given[0]} is no property of their keys")
    ips, days = ask.get("ips", account.ips), ask.get("key_days", account.key_days)
    if not isinstance(ips, list | tuple) or not all(isinstance(ip, str) for ip in ips):
        raise Refused("ips is a list of addresses")
    if days is not None and not isinstance(days, int):
        raise Refused("key_days is a whole number of days, or null")
    account.can_withdraw = bool(ask.get("can_withdraw", account.can_withdraw))
    account.ips, account.key_days = tuple(ips), days


def _table(ask: dict[str, Any], key: str) -> dict[str, dict[str, Any]]:
    table = ask.get(key) or {}
    if not isinstance(table, dict) or not all(isinstance(row, dict) for row in table.values()):
        raise Refused(f"{key} is an object of objects")
    return table
