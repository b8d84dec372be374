"""Orders and fills of classic accounts under /api/v2/mix/order and /api/v2/spot/trade.

Lists go from new to old; ``idLessThan`` asks for what is older than that order or fill. Words may come in any case, and
``force`` of a market order is of no account. Not simulated, and refused: amending, batches, presets of take-profit and
stop-loss, isolated margin and coin-margined contracts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from arbtui.sim.accounts import Account, Payment
from arbtui.sim.bitget import classic_rows as rows
from arbtui.sim.bitget import classic_rules, rules, tables
from arbtui.sim.bitget.answers import Code, Endpoint, Failed, needed, whole
from arbtui.sim.bitget.private_orders import KINDS, acknowledged, number
from arbtui.sim.desk import Desk
from arbtui.sim.listing import Listing, Market
from arbtui.sim.orders import Draft, Fill, Held, Kind, Order, OrderRefused, Refusal, Side
from arbtui.sim.reading import Ask, text

if TYPE_CHECKING:
    from arbtui.sim.bitget.venue import Bitget

_Row = TypeVar("_Row", Order, Fill, Payment)
_SIDES: dict[str, Side] = {"buy": "buy", "sell": "sell"}
_OTHER: dict[Side, Side] = {"buy": "sell", "sell": "buy"}
_PRESETS = ("presetStopSurplusPrice", "presetStopLossPrice", "triggerPrice", "presetTakeProfitPrice")
_WINDOW_MS = 90 * 86_400_000
_LONGEST_ID = 50


class ClassicOrders:
    """Answers by path."""

    def __init__(self, venue: Bitget, desk: Desk) -> None:
        self._venue = venue
        self._desk = desk

    def table(self) -> dict[tuple[str, str], Endpoint]:
        mix, spot = "/api/v2/mix/order", "/api/v2/spot/trade"
        return {
            ("POST", f"{mix}/place-order"): Endpoint(self._place_mix, 10, verb="order", trades=True),
            ("POST", f"{mix}/cancel-order"): Endpoint(self._cancel, 10, verb="cancel", trades=True),
            ("POST", f"{mix}/cancel-all-orders"): Endpoint(self._cancel_all, 10, verb="cancel", trades=True),
            ("GET", f"{mix}/detail"): Endpoint(self._mix_detail, 10),
            ("GET", f"{mix}/orders-pending"): Endpoint(self._mix_open, 10),
            ("GET", f"{mix}/orders-plan-pending"): Endpoint(lambda account, ask: {"entrustedList": None}, 10),
            ("GET", f"{mix}/orders-history"): Endpoint(self._mix_done, 10),
            ("GET", f"{mix}/fills"): Endpoint(self._mix_fills, 10),
            ("POST", f"{spot}/place-order"): Endpoint(self._place_spot, 10, verb="order", trades=True),
            ("POST", f"{spot}/cancel-order"): Endpoint(self._cancel, 10, verb="cancel", trades=True),
            ("GET", f"{spot}/orderInfo"): Endpoint(self._spot_info, 20),
            ("GET", f"{spot}/unfilled-orders"): Endpoint(self._spot_open, 20),
            ("GET", f"{spot}/history-orders"): Endpoint(self._spot_done, 20),
            ("GET", f"{spot}/fills"): Endpoint(self._spot_fills, 10),
        }

    def meant(self, ask: Ask) -> Listing | None:
        """The instrument that a request names."""
        return self._venue.of_product(text(ask, "productType").upper() or tables.SPOT, text(ask, "symbol").upper())

    # -- placing and cancelling ----------------------------------------------------------------------------------

    def _place_mix(self, account: Account, ask: Ask) -> dict[str, str]:
        listing = self.listing(ask, needed(ask, "productType").upper())
        if text(ask, "marginMode") != "crossed" or needed(ask, "marginCoin").upper() != listing.settle:
            raise bad("marginMode" if text(ask, "marginMode") != "crossed" else "marginCoin")
        reduce_only = text(ask, "reduceOnly").upper()
        if reduce_only not in ("", "YES", "NO"):
            raise bad("reduceOnly")
        side, held = _meant_side(account, _side(ask), text(ask, "tradeSide").lower())
        return self._place(account, ask, listing, side, held, reduce_only=held == "net" and reduce_only == "YES")

    def _place_spot(self, account: Account, ask: Ask) -> dict[str, str]:
        return self._place(account, ask, self.listing(ask, tables.SPOT), _side(ask), "net", reduce_only=False)

    def _place(
        self, account: Account, ask: Ask, listing: Listing, side: Side, held: Held, *, reduce_only: bool
    ) -> dict[str, str]:
        kind = _kind(ask)
        if any(text(ask, name) for name in _PRESETS):
            raise Failed(Code("40805", "Unsupported operation"))
        if len(text(ask, "clientOid")) > _LONGEST_ID:
            raise Failed(Code("40304", "clientOid or clientOrderId length cannot greater than 50"))
        size = _number(ask, "size")
        by_budget = listing.market == "spot" and kind == "market" and side == "buy"
        draft = Draft(
            listing=listing,
            side=side,
            kind=kind,
            qty=None if by_budget else size,
            budget=size if by_budget else None,
            price=None if kind == "market" else _number(ask, "price"),
            client_id=text(ask, "clientOid"),
            reduce_only=reduce_only,
            held=held,
            late_refusal=True,
            wire={"amount": text(ask, "size")} if by_budget else {},
        )
        if rules.too_much(draft):
            raise Failed(classic_rules.refusal(draft, Refusal.MAX_QTY))
        try:
            return acknowledged(self._desk.place(account, draft))
        except OrderRefused as refused:
            raise Failed(classic_rules.refusal(draft, refused.why)) from refused

    def _cancel(self, account: Account, ask: Ask) -> dict[str, str]:
        listing = self.listing(ask, text(ask, "productType").upper() or tables.SPOT)
        order = self._one(account, ask, listing.market)
        if order is None or order.listing is not listing:
            raise classic_rules.cancel_refusal(listing.market, None)
        try:
            self._desk.cancel(account, order)
        except OrderRefused as refused:
            raise classic_rules.cancel_refusal(listing.market, order) from refused
        return acknowledged(order)

    def _cancel_all(self, account: Account, ask: Ask) -> dict[str, Any]:
        found = [o for o in self._of(account, ask, product(ask)) if o.live]
        done = self._desk.cancel_each(account, found)
        return {"successList": [acknowledged(o) for o in done], "failureList": []}

    # -- asking --------------------------------------------------------------------------------------------------

    def _mix_detail(self, account: Account, ask: Ask) -> dict[str, Any]:
        listing = self.listing(ask, product(ask))
        order = self._known(account, ask, "perp")
        if order is None or order.listing is not listing:
            raise Failed(classic_rules.of("perp", Refusal.UNKNOWN))
        return rows.mix_order(self._desk, order, alone=True)

    def _spot_info(self, account: Account, ask: Ask) -> list[Any]:
        order = self._known(account, ask, "spot")
        return [rows.spot_order(self._desk, order)] if order is not None else []

    def _mix_open(self, account: Account, ask: Ask) -> dict[str, Any]:
        page, end = self._open(account, ask, product(ask))
        return {"entrustedList": [rows.mix_order(self._desk, o) for o in page], "endId": end}

    def _spot_open(self, account: Account, ask: Ask) -> list[Any]:
        return [rows.spot_open(self._desk, o) for o in self._open(account, ask, tables.SPOT)[0]]

    def _open(self, account: Account, ask: Ask, asked: str) -> tuple[list[Order], str | None]:
        if self._desk.act("open_orders_empty", tables.MARKET_OF[asked], text(ask, "symbol") or None):
            return [], None
        return paged([o for o in self._of(account, ask, asked) if o.live], ask)

    def _mix_done(self, account: Account, ask: Ask) -> dict[str, Any]:
        page, end = self._done(account, ask, product(ask))
        return {"entrustedList": [rows.mix_order(self._desk, o) for o in page], "endId": end}

    def _spot_done(self, account: Account, ask: Ask) -> list[Any]:
        return [rows.spot_order(self._desk, o) for o in self._done(account, ask, tables.SPOT)[0]]

    def _done(self, account: Account, ask: Ask, asked: str) -> tuple[list[Order], str | None]:
        known_ns = self._desk.known_ns(tables.MARKET_OF[asked], text(ask, "symbol") or None)
        found = [o for o in self._of(account, ask, asked) if not o.live and o.t_ns <= known_ns]
        return paged(self.within(found, ask), ask)

    def _mix_fills(self, account: Account, ask: Ask) -> dict[str, Any]:
        page, end = self._filled(account, ask, product(ask))
        return {"fillList": [rows.mix_fill(f) for f in page], "endId": end}

    def _spot_fills(self, account: Account, ask: Ask) -> list[Any]:
        return [rows.spot_fill(f) for f in self._filled(account, ask, tables.SPOT)[0]]

    def _filled(self, account: Account, ask: Ask, asked: str) -> tuple[list[Fill], str | None]:
        known_ns = self._desk.known_ns(tables.MARKET_OF[asked], text(ask, "symbol") or None)
        mine = set(self._of(account, ask, asked))
        found = [f for f in account.ledgers[tables.MARKET_OF[asked]].fills if f.order in mine and f.t_ns <= known_ns]
        order_id = text(ask, "orderId")
        return paged(self.within([f for f in found if order_id in ("", f.order.wire_id)], ask), ask)

    # -- what a request means ------------------------------------------------------------------------------------

    def listing(self, ask: Ask, asked: str) -> Listing:
        """The instrument of ``asked``, a product."""
        symbol = needed(ask, "symbol").upper()
        if asked not in (tables.SPOT, *tables.QUOTE_OF):
            raise Failed(Code("40020", "Parameter productType error"))
        found = self._venue.of_product(asked, symbol)
        if found is None:
            raise Failed(Code("40034", f"Parameter {symbol} does not exist"))
        return found

    def within(self, found: list[_Row], ask: Ask) -> list[_Row]:
        """What lies in the window that is asked for: ninety days at most."""
        begin = _whole(ask, "startTime", 0)
        end = _whole(ask, "endTime", self._desk.now_ms("perp"))
        if begin and end - begin > _WINDOW_MS:
            raise Failed(Code("40705", "The start and end time cannot exceed 90 days"))
        return [x for x in found if (begin or end - _WINDOW_MS) <= x.t_ms <= end]

    def _of(self, account: Account, ask: Ask, asked: str) -> list[Order]:
        mine = account.ledgers[tables.MARKET_OF[asked]].all.values()
        symbol = text(ask, "symbol").upper()
        return [o for o in mine if o.listing.extra["product"] == asked and symbol in ("", o.listing.native)]

    def _known(self, account: Account, ask: Ask, market: Market) -> Order | None:
        order = self._one(account, ask, market)
        return order if order is not None and order.t_ns <= self._desk.known_ns(market, order.listing.native) else None

    def _one(self, account: Account, ask: Ask, market: Market) -> Order | None:
        """By ``orderId``, else by ``clientOid`` (the newest of that name)."""
        order_id, client_id = text(ask, "orderId"), text(ask, "clientOid")
        if not order_id and not client_id:
            raise Failed(Code("40924", "orderId and clientOid must have one"))
        mine = [o for o in account.ledgers[market].all.values() if o.listing.market == market]
        if order_id:
            return next((o for o in mine if o.wire_id == order_id), None)
        named = [o for o in mine if o.client_id == client_id]
        return named[-1] if named else None


def bad(name: str) -> Failed:
    """A parameter cannot be what it is."""
    return Failed(Code("400172", f"Parameter verification failed {name}"))


def product(ask: Ask) -> str:
    """``productType``."""
    asked = needed(ask, "productType").upper()
    if asked not in tables.FUTURES:
        raise Failed(Code("40020", "Parameter productType error"))
    return asked


def paged(found: Iterable[_Row], ask: Ask) -> tuple[list[_Row], str | None]:
    """Newest first, and the id of the last row of this page."""
    below = _whole(ask, "idLessThan", 1 << 62)
    limit = max(1, min(100, _whole(ask, "limit", 100)))
    page = sorted((x for x in found if x.id < below), key=_id, reverse=True)[:limit]
    return page, str(page[-1].id) if page else None


def _id(one: Order | Fill | Payment) -> int:
    return one.id


def _whole(ask: Ask, name: str, default: int) -> int:
    try:
        return whole(ask, name, default)
    except Failed as broken:
        raise bad(name) from broken


def _number(ask: Ask, name: str) -> Any:
    try:
        return number(ask, name)
    except Failed as broken:
        raise bad(name) from broken


def _side(ask: Ask) -> Side:
    side = _SIDES.get(needed(ask, "side").lower())
    if side is None:
        raise bad("side")
    return side


def _kind(ask: Ask) -> Kind:
    order_type = needed(ask, "orderType").lower()
    if order_type == "market":
        return "market"
    kind = KINDS.get(text(ask, "force").lower() or "gtc")
    if order_type != "limit" or kind is None:
        raise bad("force" if kind is None else "orderType")
    return kind


def _meant_side(account: Account, side: Side, trade_side: str) -> tuple[Side, Held]:
    """The order's own side, and the position that it is for."""
    if account.dual is not bool(trade_side):
        raise Failed(classic_rules.of("perp", Refusal.HELD_SIDE))
    if not trade_side:
        return side, "net"
    if trade_side not in ("open", "close"):
        raise bad("tradeSide")
    return side if trade_side == "open" else _OTHER[side], "long" if side == "buy" else "short"
