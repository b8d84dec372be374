"""OKX's private side as a whole: signed requests with their limits, orders over sockets, and who is told what.

Answers come from ``private_orders`` and ``private_account``. Each is a function of the account and the asked parameters
(of a query, or of a JSON body, whose empty texts count as absent: the official SDK sends every optional field as "").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from arbtui.sim.accounts import Account
from arbtui.sim.base import Call, Reply
from arbtui.sim.delivery import Lost, lost
from arbtui.sim.faults import Fault
from arbtui.sim.limits import PerWindow
from arbtui.sim.okx import rules, tables
from arbtui.sim.okx.answers import Endpoint, Failed, Outcome
from arbtui.sim.okx.private_account import AccountAnswers
from arbtui.sim.okx.private_orders import OrderAnswers, Rejected
from arbtui.sim.okx.signed import Unauthorised, signed
from arbtui.sim.okx.users import Users
from arbtui.sim.private import RestPrivateSide, Where, where_of
from arbtui.sim.reading import Ask

if TYPE_CHECKING:
    from arbtui.sim.okx.venue import Okx

_NOT_ALLOWED = b'{"msg":"This API key doesn\'t have permission to use this function.","code":"50120"}'
_SECRET = frozenset({"sign", "passphrase", "apiKey"})


class Private(RestPrivateSide[Endpoint]):
    """See the module."""

    hosts: ClassVar[frozenset[str]] = tables.REST_HOSTS
    refusals = (Failed, Outcome)

    def __init__(self, venue: Okx) -> None:
        super().__init__(venue, rules.RULES, rules.make_keys)
        self._venue = venue
        self.users = Users(venue, self.desk, self.carrier)
        self._orders_in_2_s = PerWindow(rules.ORDERS_OF_ACCOUNT_PER_2_S, 2)
        self.orders = OrderAnswers(venue, self.desk)
        self.table = {**self.orders.table(), **AccountAnswers(venue, self.desk).table()}

    def teller(self, account: Account) -> Users:
        return self.users

    def loss(self, fault: Fault) -> Exception:
        return lost(
            fault,
            timeout=Failed(rules.TIMEOUT.code, rules.TIMEOUT.text, 400),
            error=Failed("50026", "System error. Try again later.", 500),
        )

    # -- REST ----------------------------------------------------------------------------------------------------

    def handle(self, call: Call) -> Reply:
        in_us = self._venue.hub.now_ns() // 1000
        try:
            account = signed(self.desk, call, self._venue.rest.now_ms())
        except Unauthorised as refused:
            return refused.reply
        endpoint = self.table[call.method, call.path]
        ask = asked(call)
        if isinstance(ask, Reply):
            return ask
        if endpoint.verb and not account.can_trade:
            return Reply(401, _NOT_ALLOWED)
        try:
            rows = self.answered(account, call.method, call.path, ask)
            body: dict[str, Any] = {"code": "0", "msg": "", "data": rows}
        except Lost as gone:
            return Reply(lost=True, after_s=gone.after_s)
        except Outcome as outcome:
            text = "All operations failed" if outcome.code == "1" else "Bulk operation partially succeeded."
            body = {"code": outcome.code, "msg": text, "data": outcome.rows}
        except Failed as failed:
            return Reply(failed.status, orjson.dumps({"code": failed.code, "data": [], "msg": str(failed)}))
        if endpoint.verb:
            body |= {"inTime": str(in_us), "outTime": str(in_us + 900)}
        return Reply(200, orjson.dumps(body), after_s=self.late_s(self._where(ask, endpoint)))

    def answered(self, account: Account, method: str, path: str, ask: Any) -> list[Any]:
        """The rows that answer a request; raises ``Failed``, ``Outcome`` and ``Lost``."""
        endpoint = self.table[method, path]
        if isinstance(ask, list) and not (ask and endpoint.many):
            raise Failed("50002", "JSON syntax error", 400)
        asks: list[Ask] = ask if isinstance(ask, list) else [ask]
        self._count(account, endpoint, asks)
        return self.delivered(self._where(ask, endpoint), lambda: self._answered(account, method, path, ask))

    def _where(self, ask: Any, endpoint: Endpoint) -> Where | None:
        if not endpoint.verb:
            return None
        first = (ask[0] if ask else {}) if isinstance(ask, list) else ask
        return where_of(self.orders.meant(first), endpoint.verb)

    def _answered(self, account: Account, method: str, path: str, ask: Any) -> list[Any]:
        """The rows of a request; raises ``Failed`` and ``Outcome``."""
        kept = [{k: v for k, v in one.items() if k not in _SECRET} for one in (ask if isinstance(ask, list) else [ask])]
        note = self.noted(account, method, path, kept if isinstance(ask, list) else kept[0], "0")
        try:
            return self.table[method, path].answer(account, ask)
        except Rejected as rejected:  # of a request that is about one thing only
            note["code"] = rejected.code.code
            raise Failed(rejected.code.code, rejected.code.text) from rejected
        except (Failed, Outcome) as refused:
            rows = refused.rows if isinstance(refused, Outcome) else []
            note["code"] = next((row["sCode"] for row in rows if row.get("sCode") not in ("0", None)), refused.code)
            raise

    def _count(self, account: Account, endpoint: Endpoint, asks: list[Ask]) -> None:
        now_ns = self._venue.hub.now_ns()
        for one in asks if endpoint.per_inst else [{}]:
            listing = self.orders.meant(one) if endpoint.per_inst else None
            client = f"{account.name}/{listing.native if listing else ''}"
            if endpoint.used.add(client, 1, now_ns) > endpoint.limit:
                raise Failed("50011", "Rate limit reached. Please refer to API documentation.", 429)
            if (
                endpoint.verb == "order"
                and self._orders_in_2_s.add(account.name, 1, now_ns) > self._orders_in_2_s.limit
            ):
                raise Failed("50061", "The maximum order rate of the account is reached.", 429)

    # -- sockets -------------------------------------------------------------------------------------------------

    def operate(self, account: Account, op: str, args: list[Ask]) -> dict[str, Any]:
        """Answer an order operation of a socket: everything but ``id`` and ``op``. Raises ``Lost``."""
        in_us = self._venue.hub.now_ns() // 1000
        path = _OPS[op]
        try:
            if not account.can_trade:
                raise Failed("50120", "This API key doesn't have permission to use this function.")
            rows = self.answered(account, "POST", path, args if op.startswith("batch") else args[0])
            answer: dict[str, Any] = {"code": "0", "msg": "", "data": rows}
        except Outcome as outcome:
            answer = {"code": outcome.code, "msg": "", "data": outcome.rows}
        except Failed as failed:
            answer = {"code": failed.code, "msg": str(failed), "data": []}
        return {**answer, "inTime": str(in_us), "outTime": str(in_us + 900)}


OPS = frozenset({"order", "batch-orders", "cancel-order", "batch-cancel-orders"})
_OPS = {
    "order": "/api/v5/trade/order",
    "batch-orders": "/api/v5/trade/batch-orders",
    "cancel-order": "/api/v5/trade/cancel-order",
    "batch-cancel-orders": "/api/v5/trade/cancel-batch-orders",
}


def asked(call: Call) -> Any:
    """Parameters of the query, or of the JSON body; empty texts are absent. A ``Reply`` if it is no JSON."""
    if call.method == "GET":
        return {key: value for key, value in call.query.items() if value}
    try:
        body = orjson.loads(call.body or b"{}")
    except orjson.JSONDecodeError:
        body = None
    rows = body if isinstance(body, list) else [body]
    if not all(isinstance(row, dict) for row in rows):
        return Reply(400, b'{"code":"50002","data":[],"msg":"JSON syntax error"}')
    cleaned = [{key: value for key, value in row.items() if value != ""} for row in rows]
    return cleaned if isinstance(body, list) else cleaned[0]
