"""Orders and fills of Binance: placing, cancelling, asking. USD-M under /fapi/v1, spot under /api/v3."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import orjson

from arbtui.sim.accounts import Account
from arbtui.sim.binance import private_rows as rows
from arbtui.sim.binance import rules
from arbtui.sim.binance.params import Params, flag, many, number, places, side, texts, wanted, whole, window
from arbtui.sim.binance.rest import Refused, Weight
from arbtui.sim.desk import Desk
from arbtui.sim.listing import Listing, Market
from arbtui.sim.orders import Draft, Held, Kind, Order, OrderRefused

if TYPE_CHECKING:
    from arbtui.sim.binance.venue import Binance

Table = dict[tuple[str, str], tuple[Market, Weight, Callable[[Account, Params], Any]]]
_PERP_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}")
_SPOT_ID = re.compile(r"[a-zA-Z0-9-_]{1,36}")
_ALGO = frozenset({"STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"})
_PERP_TIF: dict[str, Kind] = {"GTC": "limit", "GTD": "limit", "IOC": "ioc", "FOK": "fok", "GTX": "post_only"}
_SPOT_TIF: dict[str, Kind] = {"GTC": "limit", "IOC": "ioc", "FOK": "fok"}
_HELD: dict[str, Held] = {"BOTH": "net", "LONG": "long", "SHORT": "short"}
_FORBIDDEN = (401, -2015, "Invalid API-key, IP, or permissions for action.")


class OrderAnswers:
    """Answers by path. Each takes the account and its parameters as texts."""

    def __init__(self, venue: Binance, desk: Desk) -> None:
        self._venue = venue
        self._desk = desk
        self._made = 0  # orders that came without a client id
        self._countdowns: dict[tuple[Account, Listing], int] = {}

    def table(self) -> Table:
        found: Table = {
            ("POST", "/fapi/v1/batchOrders"): ("perp", 5, self._place_many),
            ("DELETE", "/fapi/v1/batchOrders"): ("perp", 1, self._cancel_many),
            ("DELETE", "/fapi/v1/allOpenOrders"): ("perp", 1, self._cancel_all_perps),
            ("POST", "/fapi/v1/countdownCancelAll"): ("perp", 10, self._countdown),
            ("DELETE", "/api/v3/openOrders"): ("spot", 1, self._cancel_all_spot),
        }
        for market, base in _BASES.items():
            found |= {
                ("POST", f"{base}/order"): (market, 0, self._of(market, self._place)),
                ("DELETE", f"{base}/order"): (market, 0 if market == "spot" else 1, self._of(market, self._cancel)),
                ("GET", f"{base}/order"): (market, 4 if market == "spot" else 1, self._of(market, self._query)),
                ("GET", f"{base}/openOrders"): (market, 6 if market == "spot" else 1, self._of(market, self._open)),
                ("GET", f"{base}/allOrders"): (market, 20 if market == "spot" else 5, self._of(market, self._history)),
                ("GET", f"{base}/{'myTrades' if market == 'spot' else 'userTrades'}"): (
                    market,
                    20 if market == "spot" else 5,
                    self._of(market, self._trades),
                ),
            }
        found["GET", "/fapi/v1/openAlgoOrders"] = ("perp", 40, lambda account, params: [])  # none are taken
        found["GET", "/fapi/v1/openOrder"] = ("perp", 1, self._of("perp", self._query))
        return found

    def _of(self, market: Market, answer: Callable[[Market, Account, Params], Any]) -> Callable[[Account, Params], Any]:
        return lambda account, params: answer(market, account, params)

    # -- placing -------------------------------------------------------------------------------------------------

    def _place(self, market: Market, account: Account, params: Params) -> Any:
        if not account.can_trade:
            raise Refused(*_FORBIDDEN)
        draft = self._perp_draft(account, params) if market == "perp" else self._spot_draft(params)
        try:
            order = self._desk.place(account, draft)
        except OrderRefused as refused:
            code = rules.refusal(draft, refused.why)
            raise Refused(code.status, code.code, code.text) from refused
        return self._perp_answer(order, params) if market == "perp" else self._spot_answer(order, params)

    def _perp_answer(self, order: Order, params: Params) -> Any:
        as_new = params.get("newOrderRespType", "ACK") != "RESULT"
        return rows.perp_order(self._desk, order, queried=False, as_new=as_new)

    def _spot_answer(self, order: Order, params: Params) -> Any:
        wanted = params.get("newOrderRespType") or ("FULL" if order.wire["type"] in ("LIMIT", "MARKET") else "ACK")
        row = rows.spot_order(self._desk, order, queried=False)
        if wanted == "ACK":
            return {key: row[key] for key in ("symbol", "orderId", "orderListId", "clientOrderId", "transactTime")}
        return {**row, "fills": rows.spot_fills(order)} if wanted == "FULL" else row

    def _perp_draft(self, account: Account, params: Params) -> Draft:
        listing = self._listing("perp", params)
        kind = wanted(params, "type")
        if kind in _ALGO:
            raise Refused(400, -4120, "Order type not supported for this endpoint. Please use the Algo Order API.")
        if kind not in ("LIMIT", "MARKET"):
            raise Refused(400, -1116, "Invalid orderType.")
        tif = wanted(params, "timeInForce") if kind == "LIMIT" else ""
        if kind == "LIMIT" and tif not in _PERP_TIF:
            raise Refused(400, -1115, "Invalid timeInForce.")
        held = _HELD.get(params.get("positionSide", "BOTH"))
        if held is None:
            raise Refused(400, -1116, "Invalid positionSide.")
        if account.dual and "reduceOnly" in params:
            raise Refused(400, -1106, "Parameter 'reduceonly' sent when not required.")
        qty = number(params, "quantity")
        if qty <= 0:
            raise Refused(400, -4003, "Quantity less than or equal to zero.")
        price = number(params, "price") if kind == "LIMIT" else None
        for value, unit in ((qty, listing.step), (price, listing.tick)):
            if value is not None and places(value) > places(unit):
                raise Refused(400, -1111, "Precision is over the maximum defined for this asset.")
        return Draft(
            listing=listing,
            side=side(params),
            kind=_PERP_TIF[tif] if kind == "LIMIT" else "market",
            qty=qty,
            price=price,
            client_id=self._client_id("perp", params, _PERP_ID),
            reduce_only=flag(params, "reduceOnly"),
            held=held,
            wire={
                "type": kind,
                "timeInForce": tif or "GTC",
                "stp": params.get("selfTradePreventionMode", "EXPIRE_MAKER"),
            },
        )

    def _spot_draft(self, params: Params) -> Draft:
        listing = self._listing("spot", params)
        kind = wanted(params, "type")
        if kind not in ("LIMIT", "LIMIT_MAKER", "MARKET"):
            raise Refused(400, -1116, "Invalid orderType.")
        if kind == "LIMIT_MAKER" and "timeInForce" in params:
            raise Refused(400, -1106, "Parameter 'timeInForce' sent when not required.")
        tif = wanted(params, "timeInForce") if kind == "LIMIT" else "GTC"
        if tif not in _SPOT_TIF:
            raise Refused(400, -1115, "Invalid timeInForce.")
        by_budget = kind == "MARKET" and "quoteOrderQty" in params
        qty = None if by_budget else number(params, "quantity")
        price = None if kind == "MARKET" else number(params, "price")
        for name, value in (("quantity", qty), ("price", price)):
            if value is not None and places(value) > max(8, places(listing.tick)):
                raise Refused(400, -1111, f"Parameter '{name}' has too much precision.")
        how = {"LIMIT_MAKER": "post_only", "MARKET": "market"}.get(kind)
        return Draft(
            listing=listing,
            side=side(params),
            kind=cast(Kind, how) if how else _SPOT_TIF[tif],
            qty=qty,
            price=price,
            budget=number(params, "quoteOrderQty") if by_budget else None,
            client_id=self._client_id("spot", params, _SPOT_ID),
            late_refusal=tif == "FOK",
            wire={
                "type": kind,
                "timeInForce": tif,
                "stp": params.get("selfTradePreventionMode", "NONE"),
                "budget": params.get("quoteOrderQty", "0"),
            },
        )

    def _client_id(self, market: Market, params: Params, allowed: re.Pattern[str]) -> str:
        given = params.get("newClientOrderId", "")
        if not given:
            self._made += 1
            return rules.auto_id(self._made, market)
        if not allowed.fullmatch(given):
            if market == "perp":
                raise Refused(400, -4015, "Client order id is not valid.")
            raise Refused(
                400,
                -1100,
                "Illegal characters found in parameter 'newClientOrderId'; legal range is '^[a-zA-Z0-9-_]{1,36}$'.",
            )
        return given

    def _place_many(self, account: Account, params: Params) -> Any:
        return [self._one(partial(self._place, "perp", account, ask)) for ask in many(params, "batchOrders")]

    def _one(self, answer: Callable[[], Any]) -> Any:
        try:
            return answer()
        except Refused as refused:
            return orjson.loads(refused.reply.body)

    # -- cancelling ----------------------------------------------------------------------------------------------

    def _cancel(self, market: Market, account: Account, params: Params) -> Any:
        order = self._find(market, account, params)
        if order is None:
            raise _refused(rules.UNKNOWN_ON_CANCEL)
        if market == "spot":
            self._desk_cancel_id(order, params)
        try:
            self._desk.cancel(account, order)
        except OrderRefused as refused:
            raise _refused(rules.UNKNOWN_ON_CANCEL) from refused
        return self._canceled(order)

    def _desk_cancel_id(self, order: Order, params: Params) -> None:
        order.wire["cancel_id"] = params.get("newClientOrderId") or rules.auto_id(-order.id, "spot")

    def _canceled(self, order: Order) -> Any:
        if order.listing.market == "perp":
            return rows.perp_order(self._desk, order, queried=False)
        row = rows.spot_order(self._desk, order, queried=False)
        return {**row, "origClientOrderId": row["clientOrderId"], "clientOrderId": order.wire["cancel_id"]}

    def _cancel_many(self, account: Account, params: Params) -> Any:
        listing = self._listing("perp", params)
        asks: list[Params] = []
        known = {name.lower(): name for name in params}  # these names are taken in any case
        for list_name, key in (("orderidlist", "orderId"), ("origclientorderidlist", "origClientOrderId")):
            if (name := known.get(list_name)) is not None:
                asks += [{"symbol": listing.native, key: value} for value in texts(params, name)]
        if not asks:
            text = "Param 'origClientOrderIdList' or 'orderIdList' must be sent, but both were empty/null!"
            raise Refused(400, -1102, text)
        return [self._one(partial(self._cancel, "perp", account, ask)) for ask in asks]

    def _cancel_all_perps(self, account: Account, params: Params) -> Any:
        listing = self._listing("perp", params)
        self._desk.cancel_each(account, [o for o in account.perp_open() if o.listing is listing])
        return {"code": 200, "msg": "The operation of cancel all open order is done."}

    def _cancel_all_spot(self, account: Account, params: Params) -> Any:
        listing = self._listing("spot", params)
        orders = [o for o in account.spot_open() if o.listing is listing]
        if not orders:
            raise _refused(rules.UNKNOWN_ON_CANCEL)
        for order in orders:
            self._desk_cancel_id(order, {})
        return [self._canceled(order) for order in self._desk.cancel_each(account, orders)]

    def _countdown(self, account: Account, params: Params) -> Any:
        """The dead man's switch: cancel all of a symbol unless asked again in time; 0 turns it off."""
        listing = self._listing("perp", params)
        wanted(params, "countdownTime")
        wait_ms = whole(params, "countdownTime", 0)
        key = (account, listing)
        number = self._countdowns[key] = self._countdowns.get(key, 0) + 1

        def fire() -> None:
            if self._countdowns.get(key) == number:
                self._desk.cancel_each(account, [o for o in account.perp_open() if o.listing is listing])

        if wait_ms:
            self._venue.hub.later(wait_ms / 1000, fire)
        return {"symbol": listing.native, "countdownTime": str(wait_ms)}

    # -- asking --------------------------------------------------------------------------------------------------

    def _query(self, market: Market, account: Account, params: Params) -> Any:
        order = self._find(market, account, params)
        if order is None or order.t_ns > self._desk.known_ns(market, order.listing.native):
            raise _refused(rules.UNKNOWN_ON_QUERY)
        return self._row(order)

    def _open(self, market: Market, account: Account, params: Params) -> Any:
        listing = self._listing(market, params) if "symbol" in params else None
        if self._desk.act("open_orders_empty", market, params.get("symbol")):
            return []
        found = account.perp_open() if market == "perp" else account.spot_open()
        return [self._row(o) for o in found if listing in (None, o.listing)]

    def _history(self, market: Market, account: Account, params: Params) -> Any:
        listing = self._listing(market, params)
        known_ns = self._desk.known_ns(market, listing.native)
        found = [o for o in account.ledgers[market].all.values() if o.listing is listing and o.t_ns <= known_ns]
        since = whole(params, "orderId", 0)
        found = [o for o in found if o.id >= since]
        return [self._row(o) for o in window(market, found, params, lambda o: o.t_ms)]

    def _trades(self, market: Market, account: Account, params: Params) -> Any:
        listing = self._listing(market, params)
        known_ns = self._desk.known_ns(market, listing.native)
        found = [f for f in account.ledgers[market].fills if f.order.listing is listing and f.t_ns <= known_ns]
        if "orderId" in params:
            found = [f for f in found if str(f.order.id) == params["orderId"]]
        if "fromId" in params:
            first = whole(params, "fromId", 0)
            found = [f for f in found if f.id >= first]
        row = rows.perp_trade if market == "perp" else rows.spot_trade
        return [row(f) for f in window(market, found, params, lambda f: f.t_ms)]

    def _row(self, order: Order) -> dict[str, Any]:
        row = rows.perp_order if order.listing.market == "perp" else rows.spot_order
        return row(self._desk, order, queried=True)

    def _find(self, market: Market, account: Account, params: Params) -> Order | None:
        listing = self._listing(market, params)
        order_id, client_id = params.get("orderId"), params.get("origClientOrderId")
        if not order_id and not client_id:
            text = "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"
            raise Refused(400, -1102, text)
        if order_id and not order_id.isdecimal():
            raise Refused(
                400, -1100, "Illegal characters found in parameter 'orderId'; legal range is '^[0-9]{1,20}$'."
            )
        return account.ledgers[market].find(listing, int(order_id) if order_id else None, client_id)

    def _listing(self, market: Market, params: Params) -> Listing:
        listing = self._venue.find(market, wanted(params, "symbol"))
        if listing is None:
            raise Refused(400, -1121, "Invalid symbol.")
        return listing


_BASES: dict[Market, str] = {"perp": "/fapi/v1", "spot": "/api/v3"}


def _refused(code: rules.Code) -> Refused:
    return Refused(code.status, code.code, code.text)
