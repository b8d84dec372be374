"""Binance's private side as a whole: which requests there are, who may make them, who is told of what happens.

REST requests come through ``rest`` (which counts their weight), those of the WebSocket API through ``ws_api``; both end
in ``answered``. What the desk does becomes user data events here, on the sockets of the account's listen keys (USD-M)
and on WebSocket API connections that subscribed (spot).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from arbtui.sim.accounts import Account, Position
from arbtui.sim.base import Call, Reply
from arbtui.sim.binance import private_rows as rows
from arbtui.sim.binance.private_account import AccountAnswers
from arbtui.sim.binance.private_orders import OrderAnswers
from arbtui.sim.binance.rest import Refused, Weight
from arbtui.sim.binance.rules import ORDER_LIMITS, RULES, TIMEOUT, make_keys
from arbtui.sim.binance.signed import keyed, signed
from arbtui.sim.binance.users import UserStreams
from arbtui.sim.delivery import Lost, lost
from arbtui.sim.desk import Cause, What
from arbtui.sim.faults import Fault
from arbtui.sim.limits import PerWindow
from arbtui.sim.listing import Market
from arbtui.sim.orders import Fill, Order
from arbtui.sim.private import PrivateSide, Where

if TYPE_CHECKING:
    from arbtui.sim.binance.venue import Binance

Answer = Callable[[Account, dict[str, str]], Any]
_EXECUTION = {"new": "NEW", "trade": "TRADE"}
_REASONS: dict[Cause, str] = {"funding": "FUNDING_FEE", "deposit": "DEPOSIT"}
_SECRET = frozenset({"signature", "apiKey", "listenKey"})


class Private(PrivateSide):
    """See the module. It tells of accounts itself."""

    refusals = Refused

    def __init__(self, venue: Binance) -> None:
        super().__init__(venue, RULES, make_keys)
        self._venue = venue
        self.users = UserStreams(venue, self.desk, self.carrier)
        self._counts: dict[Market, list[PerWindow]] = {
            market: [PerWindow(limit, window_s) for _, window_s, limit in limits]
            for market, limits in ORDER_LIMITS.items()
        }
        self._orders = OrderAnswers(venue, self.desk)
        self._accounts = AccountAnswers(venue, self.desk)
        self._table: dict[tuple[str, str], tuple[Market, Weight, Answer]] = {
            **self._orders.table(),
            **self._accounts.table(),
        }
        self._of_key: dict[tuple[str, str], tuple[Market, Weight, Answer]] = {
            (method, "/fapi/v1/listenKey"): ("perp", 1, answer)
            for method, answer in (
                ("POST", self.users.open_key),
                ("PUT", self.users.keep_key),
                ("DELETE", self.users.close_key),
            )
        }

    def teller(self, account: Account) -> Private:
        return self

    def loss(self, fault: Fault) -> Exception:
        return lost(
            fault,
            timeout=Refused(TIMEOUT.status, TIMEOUT.code, TIMEOUT.text),
            error=Refused(503, -1000, "Unknown error, please check your request or try again later."),
        )

    def rest_table(self) -> dict[tuple[str, str], tuple[Market, Weight, Callable[[Call], Any]]]:
        """Rows for ``rest``: market, weight, handler."""
        return {
            **{key: (market, weight, self._signed) for key, (market, weight, _) in self._table.items()},
            **{key: (market, weight, self._keyed) for key, (market, weight, _) in self._of_key.items()},
        }

    # -- requests ------------------------------------------------------------------------------------------------

    def _signed(self, call: Call) -> Reply:
        market = self._table[call.method, call.path][0]
        account, params = signed(self.desk, call, self._venue.rest.now_ms(market))
        return self._reply(account, call.method, call.path, params)

    def _keyed(self, call: Call) -> Reply:
        account = keyed(self.desk, call)
        answer = self._of_key[call.method, call.path][2]
        found = self._noted(account, call.method, call.path, {}, lambda: answer(account, call.query))
        return Reply(200, orjson.dumps(found))

    def _reply(self, account: Account, method: str, path: str, params: dict[str, str]) -> Reply:
        market = self._table[method, path][0]
        headers = self._order_counts(account, market) if path in _COUNTED and method == "POST" else {}
        try:
            found = self.answered(account, method, path, params)
        except Lost as gone:
            return Reply(lost=True, after_s=gone.after_s)
        late_s = self.late_s(_where(market, method, params)) if path in _LOSABLE else 0.0
        return Reply(200, orjson.dumps(found), headers, after_s=late_s)

    def answered(self, account: Account, method: str, path: str, params: dict[str, str]) -> Any:
        """The answer to a request of an account; raises ``Refused`` and ``Lost``."""
        market, _, answer = self._table[method, path]
        losable = path in _LOSABLE and method in ("POST", "DELETE")
        where = _where(market, method, params) if losable else None
        return self.delivered(
            where, lambda: self._noted(account, method, path, params, lambda: answer(account, params))
        )

    def _noted(
        self, account: Account, method: str, path: str, params: dict[str, str], answer: Callable[[], Any]
    ) -> Any:
        """Answer, and keep what was asked when and what came of it, without its secrets."""
        kept = {key: value for key, value in params.items() if key not in _SECRET}
        note = self.noted(account, method, path, kept, 0)
        try:
            return answer()
        except Refused as refused:
            note["code"] = orjson.loads(refused.reply.body)["code"]
            raise

    def limits(self, account: Account, market: Market) -> list[dict[str, Any]]:
        """What was used of the order limits, as the WebSocket API tells it."""
        now_ns = self._venue.hub.now_ns()
        words = {"S": "SECOND", "M": "MINUTE", "D": "DAY"}
        return [
            {
                "rateLimitType": "ORDERS",
                "interval": words[suffix[-1]],
                "intervalNum": int(suffix[:-1]),
                "limit": limit,
                "count": window.add(account.name, 0, now_ns),
            }
            for (suffix, _, limit), window in zip(ORDER_LIMITS[market], self._counts[market], strict=True)
        ]

    def _order_counts(self, account: Account, market: Market) -> dict[str, str]:
        headers: dict[str, str] = {}
        for (suffix, _, limit), window in zip(ORDER_LIMITS[market], self._counts[market], strict=True):
            used = window.add(account.name, 1, self._venue.hub.now_ns())
            if used > limit:
                per = f"{window.window_s} SECOND" if window.window_s < 86_400 else "1 DAY"
                text = f"Too many new orders; current limit is {limit} orders per {per}."
                refused = Refused(429, -1015, text)
                refused.reply.headers["Retry-After"] = str(window.left_s(self._venue.hub.now_ns()))
                raise refused
            headers[f"X-MBX-ORDER-COUNT-{suffix}"] = str(used)
        return headers

    def count_order(self, account: Account, market: Market) -> None:
        """One order more of the WebSocket API; raises ``Refused``."""
        self._order_counts(account, market)

    # -- what the desk tells -------------------------------------------------------------------------------------

    def tell_order(self, order: Order, what: What, fill: Fill | None) -> None:
        listing, desk = order.listing, self.desk
        word = _EXECUTION.get(what) or ("CANCELED" if order.status == "canceled" else "EXPIRED")
        if listing.market == "spot":
            cancel_id = str(order.wire.get("cancel_id", "")) if word == "CANCELED" else ""
            event = rows.execution_report(desk, order, word, fill, cancel_id)
            self.users.tell(order.account, "spot", event, listing, fill=fill is not None)
            return
        if fill is not None:
            if order.origin == "liquidation":
                word = "CALCULATED"
            self.users.tell(order.account, "perp", rows.trade_lite(desk, fill), listing, fill=True)
        event = rows.order_update(desk, order, word, fill)
        self.users.tell(order.account, "perp", event, listing, fill=fill is not None)

    def tell_account(
        self, account: Account, cause: Cause, market: Market, assets: list[str], positions: list[Position]
    ) -> None:
        if market == "spot":
            self.users.tell(account, "spot", rows.account_position(self.desk, account, assets))
            return
        told = [] if cause == "funding" else positions
        event = rows.account_update(self.desk, account, _REASONS.get(cause, "ORDER"), assets, told)
        self.users.tell(account, "perp", event, told[0].listing if told else None)


_COUNTED = frozenset({"/fapi/v1/order", "/fapi/v1/batchOrders", "/api/v3/order"})
_LOSABLE = _COUNTED | {"/fapi/v1/allOpenOrders", "/api/v3/openOrders"}


def _where(market: Market, method: str, params: dict[str, str]) -> Where:
    return market, params.get("symbol"), {"POST": "order", "DELETE": "cancel"}.get(method, "")
