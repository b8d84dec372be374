"""Orders and fills of OKX under /api/v5/trade, for REST and for operations of sockets alike.

An answer to placing or cancelling is an acknowledgement: it says nothing of fills. What is refused comes with outer
code 1 (all) or 2 (some of several) and the reason in ``sCode`` and ``sMsg`` of its row.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from arbtui.sim.accounts import Account
from arbtui.sim.desk import Desk
from arbtui.sim.listing import Listing, Market
from arbtui.sim.okx import private_rows as rows
from arbtui.sim.okx import rules, tables
from arbtui.sim.okx.answers import Endpoint, Failed, Outcome, whole
from arbtui.sim.okx.rules import Code
from arbtui.sim.orders import Draft, Fill, Held, Kind, Order, OrderRefused, Side
from arbtui.sim.reading import Ask

if TYPE_CHECKING:
    from arbtui.sim.okx.venue import Okx

_CLIENT_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_TAG = re.compile(r"[A-Za-z0-9]{1,16}")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?|\.[0-9]+")
_KINDS: dict[str, Kind] = {
    "limit": "limit", "market": "market", "post_only": "post_only", "fok": "fok", "ioc": "ioc",
    "optimal_limit_ioc": "market",
}  # fmt: skip
_MOST = 20  # orders in one request


class Rejected(Exception):
    """Why one order of a request is refused."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.text)
        self.code = code


class OrderAnswers:
    """Answers by path."""

    def __init__(self, venue: Okx, desk: Desk) -> None:
        self._venue = venue
        self._desk = desk
        self._alive: dict[Account, int] = {}

    def table(self) -> dict[tuple[str, str], Endpoint]:
        trade = "/api/v5/trade"
        return {
            ("POST", f"{trade}/order"): Endpoint(self._place, rules.ORDERS_PER_2_S, per_inst=True, verb="order"),
            ("POST", f"{trade}/batch-orders"): Endpoint(self._place_many, 300, per_inst=True, verb="order", many=True),
            ("POST", f"{trade}/cancel-order"): Endpoint(
                self._cancel, rules.ORDERS_PER_2_S, per_inst=True, verb="cancel"
            ),
            ("POST", f"{trade}/cancel-batch-orders"): Endpoint(
                self._cancel_many, 300, per_inst=True, verb="cancel", many=True
            ),
            ("POST", f"{trade}/close-position"): Endpoint(self._close, 20, per_inst=True, verb="order"),
            ("POST", f"{trade}/cancel-all-after"): Endpoint(self._cancel_after, 2),
            ("GET", f"{trade}/order"): Endpoint(self._query, 60, per_inst=True),
            ("GET", f"{trade}/orders-pending"): Endpoint(self._pending, 60),
            ("GET", f"{trade}/orders-algo-pending"): Endpoint(self._algos, 20),
            ("GET", f"{trade}/orders-history"): Endpoint(self._history, 40),
            ("GET", f"{trade}/orders-history-archive"): Endpoint(self._history, 20),
            ("GET", f"{trade}/fills"): Endpoint(self._fills, 60),
            ("GET", f"{trade}/fills-history"): Endpoint(self._fills, 10),
        }

    def meant(self, ask: Ask) -> Listing | None:
        """The instrument that a request names, by ``instId`` or ``instIdCode``."""
        if (name := ask.get("instId")) is not None:
            return self._venue.named(str(name))
        code = ask.get("instIdCode")
        return next((x for x in self._venue.listings() if str(x.extra["code"]) == str(code)), None) if code else None

    # -- placing -------------------------------------------------------------------------------------------------

    def _place(self, account: Account, ask: Ask) -> list[Any]:
        return self._each([ask], lambda one: self._placed(account, one))

    def _place_many(self, account: Account, asks: Any) -> list[Any]:
        many = asks if isinstance(asks, list) else [asks]
        return self._each(many[:_MOST], lambda one: self._placed(account, one))

    def _each(self, asks: list[Ask], answer: Callable[[Ask], Any]) -> list[Any]:
        found: list[Any] = []
        for one in asks:
            try:
                found.append(answer(one))
            except Rejected as rejected:
                found.append(self._row("", str(one.get("clOrdId", "")), one, rejected.code))
        failed = sum(row["sCode"] != "0" for row in found)
        if failed:
            raise Outcome("1" if failed == len(found) else "2", found)
        return found

    def _row(self, order_id: str, client_id: str, ask: Ask, code: Code) -> dict[str, Any]:
        return {
            "ordId": order_id,
            "clOrdId": client_id,
            "tag": str(ask.get("tag", "")),
            "ts": str(self._desk.now_ms("spot")),
            "sCode": code.code,
            "sMsg": code.text,
            "subCode": "",
        }

    def _placed(self, account: Account, ask: Ask) -> Any:
        draft = self._draft(account, ask)
        try:
            order = self._desk.place(account, draft)
        except OrderRefused as refused:
            raise Rejected(rules.refusal(draft, refused.why)) from refused
        return self._row(str(order.id), order.client_id, ask, Code("0", "Order placed"))

    def _draft(self, account: Account, ask: Ask) -> Draft:
        listing = self._listing(ask)
        perp = listing.market == "perp"
        side, kind = str(ask.get("side", "")), str(ask.get("ordType", ""))
        mode = str(ask.get("tdMode", ""))
        if side not in ("buy", "sell"):
            raise Rejected(_bad("side"))
        if kind not in _KINDS or (kind == "optimal_limit_ioc" and not perp):
            raise Rejected(_bad("ordType"))
        if mode == "isolated" or mode != ("cross" if perp else "cash"):
            raise Rejected(_bad("tdMode"))  # isolated margin and margin trading are not modelled
        market_order = _KINDS[kind] == "market"
        held = self._held(account, ask) if perp else "net"
        by_budget = not perp and market_order and side == "buy" and ask.get("tgtCcy", "quote_ccy") == "quote_ccy"
        size = _number(ask, "sz")
        return Draft(
            listing=listing,
            side=cast(Side, side),
            kind=_KINDS[kind],
            qty=None if by_budget else size,
            budget=size if by_budget else None,
            price=None if market_order else _number(ask, "px"),
            client_id=self._id(ask, "clOrdId", _CLIENT_ID),
            reduce_only=ask.get("reduceOnly") in (True, "true") and perp and not account.dual,
            held=held,
            late_refusal=True,
            wire={
                "tag": self._id(ask, "tag", _TAG),
                "ordType": kind,
                "tdMode": mode,
                "tgtCcy": str(ask.get("tgtCcy", "")) if not perp and market_order else "",
                "sz": str(ask["sz"]),
            },
        )

    def _held(self, account: Account, ask: Ask) -> Held:
        given = str(ask.get("posSide", "" if account.dual else "net"))
        if given not in (("long", "short") if account.dual else ("net",)):
            raise Rejected(_bad("posSide"))
        return cast(Held, given)

    def _id(self, ask: Ask, name: str, allowed: re.Pattern[str]) -> str:
        given = str(ask.get(name, ""))
        if given and not allowed.fullmatch(given):
            raise Rejected(_bad(name))
        return given

    def _close(self, account: Account, ask: Ask) -> list[Any]:
        """Close a whole position at market."""
        listing = self._listing(ask)
        held = cast(Held, str(ask.get("posSide", "net")))
        position = account.positions.get((listing, held))
        if position is None or not position.lots:
            raise Failed("51023", "Position does not exist.")
        draft = Draft(
            listing=listing,
            side="sell" if position.lots > 0 else "buy",
            kind="market",
            qty=abs(position.lots) * listing.step,
            client_id=self._id(ask, "clOrdId", _CLIENT_ID),
            reduce_only=not account.dual,
            held=held,
            late_refusal=True,
        )
        try:
            self._desk.place(account, draft)
        except OrderRefused as refused:
            code = rules.refusal(draft, refused.why)
            raise Failed(code.code, code.text) from refused
        return [{"instId": listing.native, "posSide": held, "clOrdId": draft.client_id, "tag": ""}]

    # -- cancelling ----------------------------------------------------------------------------------------------

    def _cancel(self, account: Account, ask: Ask) -> list[Any]:
        return self._each([ask], lambda one: self._canceled(account, one))

    def _cancel_many(self, account: Account, asks: Any) -> list[Any]:
        many = asks if isinstance(asks, list) else [asks]
        return self._each(many[:_MOST], lambda one: self._canceled(account, one))

    def _canceled(self, account: Account, ask: Ask) -> Any:
        order = self._find(account, ask)
        if order is None:
            raise Rejected(rules.cancel_refusal(None))
        try:
            self._desk.cancel(account, order)
        except OrderRefused as refused:
            raise Rejected(rules.cancel_refusal(order)) from refused
        return self._row(str(order.id), order.client_id, ask, Code("0", ""))

    def _cancel_after(self, account: Account, ask: Ask) -> list[Any]:
        """The dead man's switch: everything is canceled unless asked again in time; 0 turns it off."""
        text = str(ask.get("timeOut", ""))
        if not text.isdecimal() or not (int(text) == 0 or 10 <= int(text) <= 120):
            raise Failed("51000", "Parameter timeOut error", 400)
        number = self._alive[account] = self._alive.get(account, 0) + 1

        def fire() -> None:
            if self._alive[account] == number:
                self._desk.cancel_each(account, [*account.perp_open(), *account.spot_open()], "venue")

        now_ms = self._desk.now_ms("spot")
        if int(text):
            self._venue.hub.later(int(text), fire)
        trigger = str(now_ms + int(text) * 1000) if int(text) else "0"
        return [{"triggerTime": trigger, "tag": "", "ts": str(now_ms)}]

    # -- asking --------------------------------------------------------------------------------------------------

    def _query(self, account: Account, ask: Ask) -> list[Any]:
        order = self._find(account, ask)
        if order is None or order.t_ns > self._desk.known_ns(order.listing.market, order.listing.native):
            raise Failed(rules.NO_ORDER.code, rules.NO_ORDER.text)
        return [rows.order_row(self._desk, order)]

    def _pending(self, account: Account, ask: Ask) -> list[Any]:
        found = [o for o in [*account.perp_open(), *account.spot_open()] if self._fits(o.listing, ask)]
        markets: set[Market] = {o.listing.market for o in found}
        hidden = {m for m in markets if self._desk.act("open_orders_empty", m, ask.get("instId"))}
        found = [o for o in found if o.listing.market not in hidden]
        if wanted := ask.get("ordType"):
            found = [o for o in found if str(o.wire.get("ordType", o.kind)) in str(wanted).split(",")]
        return [rows.order_row(self._desk, o) for o in self._paged(found, ask, lambda o: o.id)]

    def _algos(self, account: Account, ask: Ask) -> list[Any]:
        """None are taken, so none wait."""
        if not ask.get("ordType"):
            raise Failed("50014", "Parameter ordType can not be empty.", 400)
        return []

    def _history(self, account: Account, ask: Ask) -> list[Any]:
        """Orders that ended, newest first."""
        if not ask.get("instType"):
            raise Failed("50014", "Parameter instType can not be empty.", 400)
        found = [o for o in self._past_orders(account, ask) if self._fits(o.listing, ask)]
        if wanted := ask.get("state"):
            found = [o for o in found if ("filled" if o.status == "filled" else "canceled") == wanted]
        found = [o for o in found if _in_time(o.updated_ms, ask)]
        return [rows.order_row(self._desk, o) for o in self._paged(found, ask, lambda o: o.id)]

    def _past_orders(self, account: Account, ask: Ask) -> list[Order]:
        found: list[Order] = []
        for market, ledger in account.ledgers.items():
            known_ns = self._desk.known_ns(market, ask.get("instId"))
            found += [o for o in ledger.all.values() if not o.live and o.t_ns <= known_ns]
        return found

    def _fills(self, account: Account, ask: Ask) -> list[Any]:
        found: list[Fill] = []
        for market, ledger in account.ledgers.items():
            known_ns = self._desk.known_ns(market, ask.get("instId"))
            found += [f for f in ledger.fills if f.t_ns <= known_ns and self._fits(f.order.listing, ask)]
        if wanted := ask.get("ordId"):
            found = [f for f in found if str(f.order.id) == str(wanted)]
        found = [f for f in found if _in_time(f.t_ms, ask)]
        return [rows.fill_row(f) for f in self._paged(found, ask, lambda f: f.id * 2)]

    def _fits(self, listing: Listing, ask: Ask) -> bool:
        kind = str(ask.get("instType", ""))
        if kind and tables.INST_TYPE[listing.market] != kind:
            return False
        family, name = ask.get("instFamily"), ask.get("instId")
        return family in (None, listing.extra["family"]) and name in (None, listing.native)

    def _paged(self, found: list[Any], ask: Ask, number: Callable[[Any], int]) -> list[Any]:
        """Newest first; ``after`` = older than, ``before`` = newer than, an id."""
        found = sorted(found, key=number, reverse=True)
        after, before = whole(ask, "after", 1 << 63), whole(ask, "before", 0)
        found = [x for x in found if before < number(x) < after]
        return found[: min(whole(ask, "limit", 100), 100)]

    def _find(self, account: Account, ask: Ask) -> Order | None:
        listing = self._listing(ask)
        order_id, client_id = str(ask.get("ordId", "")), str(ask.get("clOrdId", ""))
        if not order_id and not client_id:
            raise Rejected(Code("50014", "Parameter ordId or clOrdId can not be empty."))
        number = int(order_id) if order_id.isascii() and order_id.isdecimal() else None
        if order_id and number is None:
            return None
        return account.ledgers[listing.market].find(listing, number, client_id)

    def _listing(self, ask: Ask) -> Listing:
        listing = self.meant(ask)
        if listing is None:
            raise Rejected(rules.NO_SUCH)
        return listing


def _number(ask: Ask, name: str) -> Decimal:
    text = str(ask.get(name, ""))
    if not _NUMBER.fullmatch(text) or not Decimal(text):
        raise Rejected(_bad(name))
    return Decimal(text)


def _bad(name: str) -> Code:
    return Code("51000", f"Parameter {name} error")


def _in_time(at_ms: int, ask: Ask) -> bool:
    return whole(ask, "begin", 0) <= at_ms <= whole(ask, "end", 1 << 62)
