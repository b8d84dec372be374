"""Orders and executions of Bybit under /v5/order and /v5/execution.

An answer to placing or cancelling is an acknowledgement: it says nothing of fills. Lists go from new to old, a page at
a time; what is past is asked for in windows of at most seven days. Amending, batches, conditional orders and spot
margin are not simulated: what asks for them is refused. ``smpType`` is ignored: accounts here never meet themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from arbtui.sim.accounts import Account, Payment
from arbtui.sim.bybit import private_rows as rows
from arbtui.sim.bybit import rules, tables
from arbtui.sim.bybit.answers import Endpoint, Failed, bad, whole
from arbtui.sim.desk import Desk
from arbtui.sim.listing import Listing, Market
from arbtui.sim.orders import Draft, Fill, Held, Kind, Order, OrderRefused, Side
from arbtui.sim.reading import Ask, text

if TYPE_CHECKING:
    from arbtui.sim.bybit.venue import Bybit

_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,36}")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_KINDS: dict[str, Kind] = {"GTC": "limit", "IOC": "ioc", "FOK": "fok", "PostOnly": "post_only"}
_SIDES: dict[str, Side] = {"Buy": "buy", "Sell": "sell"}
_DUAL: dict[str, Held] = {"1": "long", "2": "short"}
_UNKNOWN = ("triggerPrice", "takeProfit", "stopLoss", "bboSideType", "bboLevel", "slippageToleranceType")
_CLOSED = 500  # orders that are done which the list of open ones can tell of

Page = tuple[list[Any], str]


class OrderAnswers:
    """Answers by path."""

    def __init__(self, venue: Bybit, desk: Desk) -> None:
        self._venue = venue
        self._desk = desk

    def table(self) -> dict[tuple[str, str], Endpoint]:
        placing, asking = {"spot": 20, "": 10}, {"": 50}
        return {
            ("POST", "/v5/order/create"): Endpoint(self._create, placing, verb="order", trades=True),
            ("POST", "/v5/order/cancel"): Endpoint(self._cancel, placing, verb="cancel", trades=True),
            ("POST", "/v5/order/cancel-all"): Endpoint(self._cancel_all, placing, verb="cancel", trades=True),
            ("GET", "/v5/order/realtime"): Endpoint(self._realtime, asking),
            ("GET", "/v5/order/history"): Endpoint(self._history, asking),
            ("GET", "/v5/execution/list"): Endpoint(self._executions, asking),
        }

    def meant(self, ask: Ask) -> Listing | None:
        """The instrument that a request names."""
        market = tables.MARKET.get(text(ask, "category"))
        return self._venue.named(market, text(ask, "symbol")) if market is not None else None

    # -- placing and cancelling ----------------------------------------------------------------------------------

    def _create(self, account: Account, ask: Ask) -> dict[str, Any]:
        draft = self._draft(account, ask)
        try:
            order = self._desk.place(account, draft)
        except OrderRefused as refused:
            raise Failed(rules.refusal(draft, refused.why)) from refused
        return _acknowledged(order)

    def _draft(self, account: Account, ask: Ask) -> Draft:
        listing = self._listing(ask)
        perp = listing.market == "perp"
        side, kind = _SIDES.get(text(ask, "side")), self._kind(ask)
        if side is None:
            raise bad("params error: side invalid")
        if given := next((name for name in _UNKNOWN if text(ask, name) not in ("", "0")), None):
            raise bad(f"params error: {given} is not simulated")
        if text(ask, "isLeverage") not in ("", "0"):
            raise bad("params error: isLeverage is not simulated")
        client_id = text(ask, "orderLinkId")
        if client_id and not _CLIENT_ID.fullmatch(client_id):
            raise bad("params error: orderLinkId invalid")
        size, unit = _number(ask, "qty"), text(ask, "marketUnit")
        if unit not in ("", "baseCoin", "quoteCoin"):
            raise bad("params error: marketUnit invalid")
        by_market = not perp and kind == "market"
        by_budget = by_market and (unit or ("quoteCoin" if side == "buy" else "baseCoin")) == "quoteCoin"
        if by_budget and side == "sell":
            raise bad("params error: marketUnit quoteCoin of a sell is not simulated")
        return Draft(
            listing=listing,
            side=side,
            kind=kind,
            qty=None if by_budget else size,
            budget=size if by_budget else None,
            price=None if kind == "market" else _number(ask, "price"),
            client_id=client_id,
            reduce_only=perp and ask.get("reduceOnly") in (True, "true"),
            held=self._held(account, ask) if perp else "net",
            late_refusal=True,
            wire={"qty": text(ask, "qty"), "marketUnit": (unit or "quoteCoin") if by_market and by_budget else unit},
        )

    def _kind(self, ask: Ask) -> Kind:
        if text(ask, "orderType") == "Market":
            return "market"
        if text(ask, "orderType") != "Limit":
            raise bad("params error: orderType invalid")
        kind = _KINDS.get(text(ask, "timeInForce") or "GTC")
        if kind is None:
            raise bad("params error: timeInForce invalid")
        return kind

    def _held(self, account: Account, ask: Ask) -> Held:
        given = text(ask, "positionIdx") or "0"
        held: Held | None = _DUAL.get(given) if account.dual else "net" if given == "0" else None
        if held is None:
            raise bad("position idx not match position mode")
        return held

    def _cancel(self, account: Account, ask: Ask) -> dict[str, Any]:
        listing = self._listing(ask)
        order = self._find(account, ask, listing.market)
        if order is None or order.listing is not listing:
            raise Failed(rules.cancel_refusal(listing.market, None))
        try:
            self._desk.cancel(account, order)
        except OrderRefused as refused:
            raise Failed(rules.cancel_refusal(listing.market, order)) from refused
        return _acknowledged(order)

    def _cancel_all(self, account: Account, ask: Ask) -> dict[str, Any]:
        market = self._market(ask)
        if market is None or (market == "perp" and not _narrowed(ask)):
            raise bad("params error: symbol, baseCoin or settleCoin is required")
        mine = [o for o in account.ledgers[market].open.values() if o.listing.market == market and _fits(o, ask)]
        return {"list": [_acknowledged(o) for o in self._desk.cancel_each(account, mine)], "success": "1"}

    # -- asking --------------------------------------------------------------------------------------------------

    def _realtime(self, account: Account, ask: Ask) -> dict[str, Any]:
        """What is open; ``openOnly`` 1: what was done lately besides. By id: that order, whatever became of it."""
        market = self._market(ask)
        if market is None:
            return _listed(ask, [], "")
        if text(ask, "orderId") or text(ask, "orderLinkId"):
            order = self._find(account, ask, market)
            known = order is not None and order.t_ns <= self._desk.known_ns(market, order.listing.native)
            return _listed(ask, [rows.order_row(self._desk, order)] if order is not None and known else [], "")
        if market == "perp" and not _narrowed(ask):
            raise bad("params error: symbol, baseCoin or settleCoin is required")
        if self._desk.act("open_orders_empty", market, text(ask, "symbol") or None):
            return _listed(ask, [], "")
        mine = [o for o in self._orders(account, market) if _fits(o, ask)]
        found = [o for o in mine if o.live]
        if whole(ask, "openOnly", 0, 0, 2):
            found += sorted((o for o in mine if not o.live), key=_born, reverse=True)[:_CLOSED]
        page, cursor = paged(found, ask, _born, 20, 50)
        return _listed(ask, [rows.order_row(self._desk, o) for o in page], cursor)

    def _history(self, account: Account, ask: Ask) -> dict[str, Any]:
        """Orders that are done."""
        market = self._market(ask)
        if market is None:
            return _listed(ask, [], "")
        known_ns = self._desk.known_ns(market, text(ask, "symbol") or None)
        found = [o for o in self._orders(account, market) if not o.live and o.t_ns <= known_ns]
        if text(ask, "orderId") or text(ask, "orderLinkId"):
            one = self._find(account, ask, market)
            found = [o for o in found if o is one]
        else:
            begin, end = window(ask, self._desk.now_ms(market))
            found = [o for o in found if _fits(o, ask) and begin <= o.t_ms <= end]
            if wanted := text(ask, "orderStatus"):
                found = [o for o in found if rows.status(self._desk, o) == wanted]
        page, cursor = paged(found, ask, _born, 20, 50)
        return _listed(ask, [rows.order_row(self._desk, o) for o in page], cursor)

    def _executions(self, account: Account, ask: Ask) -> dict[str, Any]:
        """Fills and funding. Of an order, all: the window is of no account then."""
        market = self._market(ask)
        if market is None:
            return _listed(ask, [], "")
        known_ns = self._desk.known_ns(market, text(ask, "symbol") or None)
        ledger = account.ledgers[market]
        fills = [f for f in ledger.fills if f.order.listing.market == market and f.t_ns <= known_ns]
        found: list[Fill | Payment]
        if text(ask, "orderId") or text(ask, "orderLinkId"):
            order = self._find(account, ask, market)
            found = [f for f in fills if f.order is order]
        else:
            begin, end = window(ask, self._desk.now_ms(market))
            paid = account.payments if market == "perp" else []
            found = [f for f in fills if _fits(f.order, ask)] + [p for p in paid if _meant(p.listing, ask)]
            found = [x for x in found if begin <= x.t_ms <= end]
        listed = {id(x): self._executed(x) for x in found}
        if wanted := text(ask, "execType"):
            found = [x for x in found if listed[id(x)]["execType"] == wanted]
        page, cursor = paged(found, ask, _happened, 50, 100)
        return _listed(ask, [listed[id(x)] for x in page], cursor)

    def _executed(self, one: Fill | Payment) -> dict[str, Any]:
        return rows.fill_row(self._desk, one) if isinstance(one, Fill) else rows.payment_row(self._desk, one)

    # -- what a request means ------------------------------------------------------------------------------------

    def _market(self, ask: Ask) -> Market | None:
        """None: inverse contracts and options, of which an account has none."""
        category = text(ask, "category")
        if category not in ("linear", "spot", "inverse", "option"):
            raise Failed(rules.NO_CATEGORY)
        return tables.MARKET.get(category)

    def _listing(self, ask: Ask) -> Listing:
        market = self._market(ask)
        if market is None:
            raise Failed(rules.NO_CATEGORY)
        listing = self._venue.named(market, text(ask, "symbol"))
        if listing is None:
            raise bad("params error: symbol invalid")
        return listing

    def _orders(self, account: Account, market: Market) -> list[Order]:
        return [o for o in account.ledgers[market].all.values() if o.listing.market == market]

    def _find(self, account: Account, ask: Ask, market: Market) -> Order | None:
        """By ``orderId``, else by ``orderLinkId`` (the newest of that name)."""
        order_id, client_id = text(ask, "orderId"), text(ask, "orderLinkId")
        if not order_id and not client_id:
            raise bad("params error: orderId or orderLinkId is required")
        if order_id:
            number = rules.order_number(market, order_id)
            return account.ledgers[market].all.get(number) if number is not None else None
        named = [o for o in self._orders(account, market) if o.client_id == client_id]
        return named[-1] if named else None


def window(ask: Ask, now_ms: int) -> tuple[int, int]:
    """First and last millisecond of a list; seven days from one end where the other is not given."""
    begin, end = whole(ask, "startTime", 0), whole(ask, "endTime", 0)
    if not begin and not end:
        return now_ms - rules.WEEK_MS, now_ms
    if begin and end and not 0 <= end - begin <= rules.WEEK_MS:
        raise bad("The time range between startTime and endTime cannot exceed 7 days")
    return begin or end - rules.WEEK_MS, end or begin + rules.WEEK_MS


def paged(found: Iterable[Any], ask: Ask, key: Callable[[Any], tuple[int, int]], usual: int, most: int) -> Page:
    """Newest first; the cursor names the last of this page. It is "" where nothing follows."""
    after = _after(text(ask, "cursor"))
    left = sorted((x for x in found if after is None or key(x) < after), key=key, reverse=True)
    limit = whole(ask, "limit", usual, 1, most)
    page = left[:limit]
    at, number = key(page[-1]) if page else (0, 0)
    return page, quote(f"{at}:{number}", safe="") if len(left) > limit else ""


def _after(cursor: str) -> tuple[int, int] | None:
    """Percent-encoded as it stands, so it may come back as it was sent, or encoded once more."""
    if not cursor:
        return None
    parts = unquote(cursor).split(":")
    if len(parts) != 2 or not all(p.isascii() and p.isdecimal() and len(p) <= 20 for p in parts):
        raise bad("params error: cursor invalid")
    return int(parts[0]), int(parts[1])


def _born(order: Order) -> tuple[int, int]:
    return order.t_ms, order.id


def _happened(one: Fill | Payment) -> tuple[int, int]:
    return one.t_ms, one.id


def _acknowledged(order: Order) -> dict[str, str]:
    return {"orderId": order.wire_id, "orderLinkId": order.client_id}


def _listed(ask: Ask, found: list[Any], cursor: str) -> dict[str, Any]:
    return {"category": text(ask, "category"), "nextPageCursor": cursor, "list": found}


def _narrowed(ask: Ask) -> bool:
    return any(text(ask, name) for name in ("symbol", "baseCoin", "settleCoin"))


def _fits(order: Order, ask: Ask) -> bool:
    return _meant(order.listing, ask)


def _meant(listing: Listing, ask: Ask) -> bool:
    """Whether the filters of the request let an instrument through."""
    asset, settle = str(listing.extra["asset"]), listing.settle
    given = {"symbol": listing.native, "baseCoin": asset, "settleCoin": settle}
    return all(text(ask, name) in ("", value) for name, value in given.items())


def _number(ask: Ask, name: str) -> Decimal:
    given = ask.get(name)
    if not isinstance(given, str) or not _NUMBER.fullmatch(given) or not Decimal(given):
        raise bad(f"params error: {name} invalid")
    return Decimal(given)
