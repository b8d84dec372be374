"""Orders and fills of unified accounts under /api/v3/trade.

An answer to placing or cancelling is an acknowledgement: it says nothing of fills. Lists go from new to old, a page at
a time, and a page names its last row as ``cursor``; windows are of thirty days at most. A reduce-only order does not
replace another one. Not simulated, and refused: amending, batches, presets of take-profit and stop-loss, isolated
margin, margin and coin-margined trading. ``stpMode`` is ignored: accounts here never meet themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from arbtui.sim.accounts import Account, Payment
from arbtui.sim.bitget import private_rows as rows
from arbtui.sim.bitget import rules, tables
from arbtui.sim.bitget.answers import Code, Endpoint, Failed, needed, whole, wrong
from arbtui.sim.desk import Desk
from arbtui.sim.listing import Listing, Market
from arbtui.sim.orders import Draft, Fill, Held, Kind, Order, OrderRefused, Refusal, Side
from arbtui.sim.reading import Ask, text

if TYPE_CHECKING:
    from arbtui.sim.bitget.venue import Bitget

_Row = TypeVar("_Row", Order, Fill, Payment)
CATEGORIES = (tables.SPOT, *tables.QUOTE_OF)
_OTHERS = ("MARGIN", "COIN-FUTURES")
_CLIENT_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,32}")
_NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
KINDS: dict[str, Kind] = {"gtc": "limit", "ioc": "ioc", "fok": "fok", "post_only": "post_only"}
_SIDES: dict[str, Side] = {"buy": "buy", "sell": "sell"}
_HELD: dict[str, Held] = {"long": "long", "short": "short"}
_PRESETS = ("takeProfit", "stopLoss", "takeprofit", "stoploss", "tpTriggerBy", "slTriggerBy", "tpOrderType",
            "slOrderType", "tpLimitPrice", "slLimitPrice")  # fmt: skip


class OrderAnswers:
    """Answers by path."""

    def __init__(self, venue: Bitget, desk: Desk) -> None:
        self._venue = venue
        self._desk = desk

    def table(self) -> dict[tuple[str, str], Endpoint]:
        head = "/api/v3/trade"
        return {
            ("POST", f"{head}/place-order"): Endpoint(self._place, 10, verb="order", trades=True),
            ("POST", f"{head}/cancel-order"): Endpoint(self._cancel, 10, verb="cancel", trades=True),
            ("POST", f"{head}/cancel-symbol-order"): Endpoint(self._cancel_all, 5, verb="cancel", trades=True),
            ("GET", f"{head}/order-info"): Endpoint(self._info, 20),
            ("GET", f"{head}/unfilled-orders"): Endpoint(self._unfilled, 20),
            ("GET", f"{head}/unfilled-strategy-orders"): Endpoint(lambda account, ask: [], 20),  # none are taken
            ("GET", f"{head}/history-orders"): Endpoint(self._history, 20),
            ("GET", f"{head}/fills"): Endpoint(self._fills, 20),
        }

    def meant(self, ask: Ask) -> Listing | None:
        """The instrument that a request names."""
        return self._venue.of_product(text(ask, "category").upper(), text(ask, "symbol").upper())

    def concerned(self, account: Account, ask: Ask) -> Listing | None:
        """The instrument of a request, by its name or by an order that it names."""
        listing = self.meant(ask)
        if listing is not None or not (text(ask, "orderId") or text(ask, "clientOid")):
            return listing
        order = self._one(account, ask)
        return order.listing if order is not None else None

    # -- placing and cancelling ----------------------------------------------------------------------------------

    def _place(self, account: Account, ask: Ask) -> dict[str, Any]:
        draft = self._draft(account, ask)
        if rules.too_much(draft):
            raise Failed(rules.refusal(draft, Refusal.MAX_QTY))
        try:
            order = self._desk.place(account, draft)
        except OrderRefused as refused:
            raise Failed(rules.refusal(draft, refused.why)) from refused
        return acknowledged(order)

    def _draft(self, account: Account, ask: Ask) -> Draft:
        listing = self._listing(ask)
        perp = listing.market == "perp"
        side = _SIDES.get(needed(ask, "side"))
        if side is None:
            raise wrong("side")
        kind = _kind(ask)
        given = next((name for name in _PRESETS if text(ask, name)), None)
        if given is not None or text(ask, "marginMode") not in ("", "crossed"):
            raise Failed(rules.UNSUPPORTED)
        client_id = text(ask, "clientOid")
        if client_id and not _CLIENT_ID.fullmatch(client_id):
            raise wrong("clientOid")
        reduce_only = text(ask, "reduceOnly").lower()
        if reduce_only not in ("", "yes", "no"):
            raise wrong("reduceOnly")
        size = number(ask, "qty")
        by_budget = not perp and kind == "market" and side == "buy"
        return Draft(
            listing=listing,
            side=side,
            kind=kind,
            qty=None if by_budget else size,
            budget=size if by_budget else None,
            price=None if kind == "market" else number(ask, "price"),
            client_id=client_id,
            reduce_only=perp and reduce_only == "yes",
            held=_held(account, ask) if perp else "net",
            late_refusal=True,
            wire={"amount": text(ask, "qty")} if by_budget else {},
        )

    def _cancel(self, account: Account, ask: Ask) -> dict[str, Any]:
        order = self._one(account, ask)
        if order is None:
            raise Failed(rules.NO_ORDER)
        try:
            self._desk.cancel(account, order)
        except OrderRefused as refused:
            raise Failed(rules.NO_ORDER) from refused
        return acknowledged(order)

    def _cancel_all(self, account: Account, ask: Ask) -> dict[str, Any]:
        found = [o for o in self._orders(account, self._category(ask)) if o.live and _fits(o, ask)]
        canceled = self._desk.cancel_each(account, found)
        return {"list": [{**acknowledged(o), "code": "00000", "msg": "success"} for o in canceled]}

    # -- asking --------------------------------------------------------------------------------------------------

    def _info(self, account: Account, ask: Ask) -> dict[str, Any]:
        order = self._one(account, ask)
        if order is None or order.t_ns > self._desk.known_ns(order.listing.market, order.listing.native):
            raise Failed(rules.NO_ORDER)
        return rows.order_row(self._desk, order)

    def _unfilled(self, account: Account, ask: Ask) -> dict[str, Any]:
        category = self._category(ask) if text(ask, "category") else None
        market: Market | None = None if category is None else tables.MARKET_OF.get(category, "perp")
        if self._desk.act("open_orders_empty", market, text(ask, "symbol") or None):
            return {"list": [], "cursor": None}
        begin, end = window(ask, self._now_ms())
        found = [o for o in self._orders(account, category) if o.live and _fits(o, ask) and begin <= o.t_ms <= end]
        page, cursor = paged(found, ask)
        return {"list": [rows.order_row(self._desk, o) for o in page], "cursor": cursor}

    def _history(self, account: Account, ask: Ask) -> dict[str, Any]:
        """Orders that are done."""
        category = self._category(ask)
        begin, end = window(ask, self._now_ms())
        found = [o for o in self._orders(account, category) if not o.live and _fits(o, ask) and begin <= o.t_ms <= end]
        page, cursor = paged([o for o in found if o.t_ns <= self._known_ns(category, ask)], ask)
        return {"list": [rows.order_row(self._desk, o) for o in page], "cursor": cursor}

    def _fills(self, account: Account, ask: Ask) -> dict[str, Any]:
        category = self._category(ask) if text(ask, "category") else None
        begin, end = window(ask, self._now_ms())
        known_ns = self._known_ns(category, ask)
        order_id = text(ask, "orderId")
        ledgers = (account.ledgers["perp"], account.ledgers["spot"])
        found: list[Fill] = [f for ledger in ledgers for f in ledger.fills if _within(f.order, category)]
        found = [f for f in found if order_id in ("", f.order.wire_id) and f.t_ns <= known_ns]
        page, cursor = paged([f for f in found if _fits(f.order, ask) and begin <= f.t_ms <= end], ask)
        return {"list": [rows.fill_row(f) for f in page], "cursor": cursor}

    def _known_ns(self, category: str | None, ask: Ask) -> int:
        market: Market = tables.MARKET_OF.get(category or "", "perp")
        return self._desk.known_ns(market, text(ask, "symbol") or None)

    # -- what a request means ------------------------------------------------------------------------------------

    def _now_ms(self) -> int:
        return self._desk.now_ms("perp")

    def _category(self, ask: Ask) -> str:
        category = needed(ask, "category").upper()
        if category not in (*CATEGORIES, *_OTHERS):
            raise wrong("category")
        return category

    def _listing(self, ask: Ask) -> Listing:
        category = self._category(ask)
        if category in _OTHERS:
            raise Failed(rules.UNSUPPORTED)
        symbol = needed(ask, "symbol").upper()
        listing = self._venue.of_product(category, symbol)
        if listing is None:
            raise Failed(Code("25100", f"Trading pair {symbol} does not exist"))
        return listing

    def _orders(self, account: Account, category: str | None) -> list[Order]:
        ledgers = (account.ledgers["perp"], account.ledgers["spot"])
        return [o for ledger in ledgers for o in ledger.all.values() if _within(o, category)]

    def _one(self, account: Account, ask: Ask) -> Order | None:
        """By ``orderId``, else by ``clientOid`` (the newest of that name)."""
        order_id, client_id = text(ask, "orderId"), text(ask, "clientOid")
        if not order_id and not client_id:
            raise Failed(Code("25200", "orderId or clientOid validation error"))
        mine = self._orders(account, None)
        if order_id:
            return next((o for o in mine if o.wire_id == order_id), None)
        return max((o for o in mine if o.client_id == client_id), key=_id, default=None)


def _kind(ask: Ask) -> Kind:
    order_type = needed(ask, "orderType")
    if order_type == "market":
        return "market"
    kind = KINDS.get(text(ask, "timeInForce") or "gtc")
    if order_type != "limit" or kind is None:
        raise wrong("orderType" if kind is not None else "timeInForce")
    return kind


def _held(account: Account, ask: Ask) -> Held:
    """``posSide``: of an account with positions on both sides it must be given, of another it may not be."""
    given = text(ask, "posSide")
    held: Held | None = _HELD.get(given) if account.dual else None if given else "net"
    if held is None or text(ask, "holdSide"):
        raise Failed(Code("25236", "Incorrect position open type"))
    return held


def number(ask: Ask, name: str) -> Decimal:
    """A positive number, as text."""
    given = ask.get(name)
    if not isinstance(given, str) or not _NUMBER.fullmatch(given) or not Decimal(given):
        raise wrong(name)
    return Decimal(given)


def window(ask: Ask, now_ms: int) -> tuple[int, int]:
    """First and last millisecond of a list; thirty days from one end where the other is not given."""
    begin, end = whole(ask, "startTime", 0), whole(ask, "endTime", 0)
    if begin and end and not 0 <= end - begin <= rules.MONTH_MS:
        raise wrong("startTime")
    if begin:
        return begin, end or begin + rules.MONTH_MS
    end = end or now_ms
    return end - rules.MONTH_MS, end


def paged(found: Iterable[_Row], ask: Ask) -> tuple[list[_Row], str | None]:
    """Newest first; the cursor is the id of the last row of this page, and what is asked for next is below it."""
    after = whole(ask, "cursor", 1 << 62)
    page = sorted((x for x in found if x.id < after), key=_id, reverse=True)[: whole(ask, "limit", 100, 1, 100)]
    return page, str(page[-1].id) if page else None


def _id(one: Order | Fill | Payment) -> int:
    return one.id


def acknowledged(order: Order) -> dict[str, str]:
    return {"orderId": order.wire_id, "clientOid": rows.client_id(order)}


def _within(order: Order, category: str | None) -> bool:
    return category in (None, order.listing.extra["product"])


def _fits(order: Order, ask: Ask) -> bool:
    return text(ask, "symbol").upper() in ("", order.listing.native)
