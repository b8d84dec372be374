"""Bybit's private side as a whole: signed requests with their limits, and who is told what.

Answers come from ``private_orders`` and ``private_account``. Each is a function of the account and of the parameters:
those of the query, or of the JSON body.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from arbtui.sim.accounts import Account
from arbtui.sim.base import Call, Reply
from arbtui.sim.bybit import rules, tables
from arbtui.sim.bybit.answers import Code, Endpoint, Failed, bad
from arbtui.sim.bybit.private_account import AccountAnswers
from arbtui.sim.bybit.private_orders import OrderAnswers
from arbtui.sim.bybit.signed import signed
from arbtui.sim.bybit.users import Users
from arbtui.sim.delivery import Lost, lost
from arbtui.sim.faults import Fault
from arbtui.sim.private import RestPrivateSide, Where, where_of
from arbtui.sim.reading import Ask, params_of, text

if TYPE_CHECKING:
    from arbtui.sim.bybit.venue import Bybit

Headers = dict[str, str]


class Private(RestPrivateSide[Endpoint]):
    """See the module."""

    hosts: ClassVar[frozenset[str]] = tables.REST_HOSTS
    refusals = Failed

    def __init__(self, venue: Bybit) -> None:
        super().__init__(venue, rules.RULES, rules.make_keys)
        self._venue = venue
        self.users = Users(venue, self.desk, self.carrier)
        self.orders = OrderAnswers(venue, self.desk)
        self.table = {**self.orders.table(), **AccountAnswers(venue, self.desk).table()}

    def teller(self, account: Account) -> Users:
        return self.users

    def loss(self, fault: Fault) -> Exception:
        return lost(fault, timeout=Failed(rules.TIMEOUT), error=Failed(rules.ERROR))

    # -- REST ----------------------------------------------------------------------------------------------------

    def handle(self, call: Call) -> Reply:
        if call.method == "GET" and call.body:
            return self._venue.refusal(403, 0)  # a GET with a body is forbidden
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
        reply.after_s = self.late_s(self._where(call.method, call.path, ask))
        return reply

    def operate(self, account: Account, method: str, path: str, ask: Ask) -> tuple[Code, dict[str, Any], Headers]:
        """What became of a request, its result, and what is left of its limit; raises ``Lost``."""
        endpoint, category = self.table[method, path], text(ask, "category")
        used = self._count(account, endpoint, category)
        headers = self._headers(endpoint, category, used)
        try:
            if used > endpoint.limit(category):
                raise Failed(rules.TOO_FAST)
            if endpoint.trades and not account.can_trade:
                raise Failed(rules.NOT_ALLOWED)
            answer = self.delivered(self._where(method, path, ask), lambda: self._answered(account, method, path, ask))
            return rules.OK, answer, headers
        except Failed as refused:
            return refused.why, {}, headers

    def _answered(self, account: Account, method: str, path: str, ask: Ask) -> dict[str, Any]:
        """The result of a request; raises ``Failed``. Nothing that is asked is secret: that is in headers."""
        note = self.noted(account, method, path, dict(ask), "0")
        try:
            return self.table[method, path].answer(account, ask)
        except Failed as refused:
            note["code"] = str(refused.why.code)
            raise

    def _where(self, method: str, path: str, ask: Ask) -> Where | None:
        return where_of(self.orders.meant(ask), self.table[method, path].verb)

    def _count(self, account: Account, endpoint: Endpoint, category: str) -> int:
        return endpoint.used.add(f"{account.name}/{category}", 1, self._venue.hub.now_ns())

    def _headers(self, endpoint: Endpoint, category: str, used: int) -> dict[str, str]:
        limit, now_ms = endpoint.limit(category), self._venue.rest.now_ms()
        return {
            "X-Bapi-Limit": str(limit),
            "X-Bapi-Limit-Status": str(max(0, limit - used)),
            "X-Bapi-Limit-Reset-Timestamp": str(now_ms if used <= limit else now_ms // 1000 * 1000 + 1000),
        }


def asked(call: Call) -> Ask:
    """Parameters of the query, or of the JSON body; raises ``Failed``."""
    ask = params_of(call)
    if ask is None:
        raise bad("params error: the body is no JSON object")
    return ask
