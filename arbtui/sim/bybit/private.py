"""Bybit's private side as a whole: signed requests with their limits, and who is told what.

Answers come from ``private_orders`` and ``private_account``. Each is a function of the account and of the parameters:
those of the query, or of the JSON body.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import orjson

from arbtui.sim.accounts import Account, Position
from arbtui.sim.base import Call, Reply
from arbtui.sim.bybit import rules, tables
from arbtui.sim.bybit.answers import Ask, Code, Endpoint, Failed, bad, text
from arbtui.sim.bybit.private_account import AccountAnswers
from arbtui.sim.bybit.private_orders import OrderAnswers
from arbtui.sim.bybit.signed import signed
from arbtui.sim.bybit.users import Users
from arbtui.sim.carrier import Carrier
from arbtui.sim.delivery import Lost, delivered, lost
from arbtui.sim.desk import Cause, Desk, What
from arbtui.sim.faults import Fault
from arbtui.sim.listing import Market
from arbtui.sim.orders import Fill, Order

if TYPE_CHECKING:
    from arbtui.sim.bybit.venue import Bybit

Headers = dict[str, str]


class Private:
    """See the module. It is the desk's ``Listener``."""

    def __init__(self, venue: Bybit) -> None:
        self._venue = venue
        self.desk = Desk(venue.hub, venue.name, rules.RULES, self, rules.make_keys)
        self.carrier = Carrier(venue)
        self.users = Users(venue, self.desk, self.carrier)
        self.orders = OrderAnswers(venue, self.desk)
        self._table: dict[tuple[str, str], Endpoint] = {
            **self.orders.table(),
            **AccountAnswers(venue, self.desk).table(),
        }

    def knows(self, call: Call) -> bool:
        """Whether the request is one of these."""
        return (call.method, call.path) in self._table and call.host in tables.REST_HOSTS

    def paths(self) -> Iterable[tuple[str, str]]:
        return self._table

    # -- REST ----------------------------------------------------------------------------------------------------

    def handle(self, call: Call) -> Reply:
        if call.method == "GET" and call.body:
            return self._venue.refusal(403, 0)  # a GET with a body is forbidden
        endpoint = self._table[call.method, call.path]
        try:
            account = signed(self.desk, call, self._venue.rest.now_ms())
            ask = asked(call)
        except Failed as refused:
            return self._venue.answer(refused.why.code, refused.why.text, {})
        try:
            why, result, headers = self.operate(account, call.method, call.path, ask)
        except Lost as gone:
            return Reply(lost=True, after_s=gone.after_s)
        reply = self._venue.answer(why.code, why.text, result)
        reply.headers |= headers
        late = self.desk.act("ack_late", *self._where(ask, endpoint)) if endpoint.verb else None
        reply.after_s = late.number / 1000 if late is not None else 0.0
        return reply

    def operate(self, account: Account, method: str, path: str, ask: Ask) -> tuple[Code, dict[str, Any], Headers]:
        """What became of a request, its result, and what is left of its limit; raises ``Lost``."""
        endpoint, category = self._table[method, path], text(ask, "category")
        used = self._count(account, endpoint, category)
        headers = self._headers(endpoint, category, used)
        try:
            if used > endpoint.limit(category):
                raise Failed(rules.TOO_FAST)
            if endpoint.trades and not account.can_trade:
                raise Failed(rules.NOT_ALLOWED)
            return rules.OK, self._answered(account, method, path, ask), headers
        except Failed as refused:
            return refused.why, {}, headers

    def _answered(self, account: Account, method: str, path: str, ask: Ask) -> dict[str, Any]:
        """The result of a request; raises ``Failed`` and ``Lost``."""
        endpoint = self._table[method, path]
        if not endpoint.verb:
            return self._tried(account, method, path, ask)
        where = self._where(ask, endpoint)
        return delivered(
            lambda name: self.desk.act(name, *where), lambda: self._tried(account, method, path, ask), _loss, Failed
        )

    def _tried(self, account: Account, method: str, path: str, ask: Ask) -> dict[str, Any]:
        """Answer, and keep what was asked when and what came of it; nothing of it is secret: that is in headers."""
        account.counts[f"{method} {path}"] += 1
        note = {"t_ns": self._venue.hub.now_ns(), "method": method, "path": path, "params": dict(ask), "code": "0"}
        account.requests.append(note)
        try:
            return self._table[method, path].answer(account, ask)
        except Failed as refused:
            note["code"] = str(refused.why.code)
            raise

    def _where(self, ask: Ask, endpoint: Endpoint) -> tuple[Market | None, str | None, str]:
        """Market, instrument and channel by which faults know a request about orders."""
        listing = self.orders.meant(ask)
        return (listing.market, listing.native, endpoint.verb) if listing is not None else (None, None, endpoint.verb)

    def _count(self, account: Account, endpoint: Endpoint, category: str) -> int:
        return endpoint.used.add(f"{account.name}/{category}", 1, self._venue.hub.now_ns())

    def _headers(self, endpoint: Endpoint, category: str, used: int) -> dict[str, str]:
        limit, now_ms = endpoint.limit(category), self._venue.rest.now_ms()
        return {
            "X-Bapi-Limit": str(limit),
            "X-Bapi-Limit-Status": str(max(0, limit - used)),
            "X-Bapi-Limit-Reset-Timestamp": str(now_ms if used <= limit else now_ms // 1000 * 1000 + 1000),
        }

    # -- what the desk tells -------------------------------------------------------------------------------------

    def order_changed(self, order: Order, what: What, fill: Fill | None) -> None:
        self.users.tell_order(order, what, fill)

    def account_changed(
        self, account: Account, cause: Cause, market: Market, assets: Iterable[str], positions: Iterable[Position]
    ) -> None:
        self.users.tell_account(account, market, list(assets), list(positions))


def asked(call: Call) -> Ask:
    """Parameters of the query, or of the JSON body; raises ``Failed``."""
    if call.method == "GET":
        return dict(call.query)
    try:
        body = orjson.loads(call.body or b"{}")
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise bad("params error: the body is no JSON object")
    return body


def _loss(fault: Fault) -> Exception:
    return lost(fault, timeout=Failed(rules.TIMEOUT), error=Failed(rules.ERROR))
