"""Bitget's private side as a whole: signed requests with their limits, orders over sockets, and who is told what.

Answers come from ``private_orders`` and ``private_account`` for unified accounts, from ``classic_orders`` and
``classic_account`` for classic ones. Each is a function of the account and of the parameters: those of the query, or of
the JSON body.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import orjson

from arbtui.sim.accounts import Account, Position
from arbtui.sim.base import Call, Reply
from arbtui.sim.bitget import rules, tables
from arbtui.sim.bitget.answers import Ask, Code, Endpoint, Failed
from arbtui.sim.bitget.classic_account import ClassicAccounts
from arbtui.sim.bitget.classic_orders import ClassicOrders
from arbtui.sim.bitget.classic_users import ClassicUsers
from arbtui.sim.bitget.private_account import AccountAnswers
from arbtui.sim.bitget.private_orders import OrderAnswers
from arbtui.sim.bitget.signed import signed
from arbtui.sim.bitget.users import Users
from arbtui.sim.carrier import Carrier
from arbtui.sim.delivery import Lost, delivered, lost
from arbtui.sim.desk import Cause, Desk, What
from arbtui.sim.faults import Fault
from arbtui.sim.listing import Listing, Market
from arbtui.sim.orders import Fill, Order

if TYPE_CHECKING:
    from arbtui.sim.bitget.venue import Bitget

_TOO_FAST = Code("429", "Too Many Requests")


class Private:
    """See the module. It is the desk's ``Listener``."""

    def __init__(self, venue: Bitget) -> None:
        self._venue = venue
        self.desk = Desk(venue.hub, venue.name, rules.RULES, self, rules.make_keys)
        self.carrier = Carrier(venue)
        self.desk.add_account(rules.CLASSIC_NAME, rules.CLASSIC)
        self.users = Users(venue, self.desk, self.carrier)
        self.classic_users = ClassicUsers(venue, self.desk, self.carrier)
        self._orders = OrderAnswers(venue, self.desk)
        self._classic = ClassicOrders(venue, self.desk)
        self._table: dict[tuple[str, str], Endpoint] = {
            **self._orders.table(),
            **AccountAnswers(venue, self.desk, self._orders).table(),
            **self._classic.table(),
            **ClassicAccounts(venue, self.desk, self._classic).table(),
        }

    def knows(self, call: Call) -> bool:
        """Whether the request is one of these."""
        return (call.method, call.path) in self._table and call.host == tables.REST_HOST

    def paths(self) -> Iterable[tuple[str, str]]:
        return self._table

    def meant(self, call: Call) -> Listing | None:
        """The instrument that a request names."""
        try:
            ask = asked(call)
        except Failed:
            return None
        return self._classic.meant(ask) if call.path.startswith("/api/v2/") else self._orders.meant(ask)

    # -- requests ------------------------------------------------------------------------------------------------

    def handle(self, call: Call) -> Reply:
        try:
            account = signed(self.desk, call, self._venue.rest.now_ms())
            ask = asked(call)
            data = self.operate(account, call.method, call.path, ask)
        except Lost as gone:
            return Reply(lost=True, after_s=gone.after_s)
        except Failed as refused:
            return self._venue.error(refused.status, *refused.why)
        reply = self._venue.success(data)
        endpoint = self._table[call.method, call.path]
        late = self.desk.act("ack_late", *self._where(account, ask, endpoint)) if endpoint.verb else None
        reply.after_s = late.number / 1000 if late is not None else 0.0
        return reply

    def operate(self, account: Account, method: str, path: str, ask: Ask) -> Any:
        """The data that answers a request, from wherever it came; raises ``Failed`` and ``Lost``."""
        endpoint = self._table[method, path]
        if endpoint.used.add(account.name, 1, self._venue.hub.now_ns()) > endpoint.limit:
            raise Failed(_TOO_FAST, 429)
        if endpoint.trades and not account.can_trade:
            raise Failed(rules.NOT_ALLOWED)
        if not endpoint.verb:
            return self._tried(account, method, path, ask)
        where = self._where(account, ask, endpoint)
        return delivered(
            lambda name: self.desk.act(name, *where), lambda: self._tried(account, method, path, ask), _loss, Failed
        )

    def _tried(self, account: Account, method: str, path: str, ask: Ask) -> Any:
        """Answer, and keep what was asked when and what came of it; nothing of it is secret: that is in headers."""
        account.counts[f"{method} {path}"] += 1
        note = {"t_ns": self._venue.hub.now_ns(), "method": method, "path": path, "params": dict(ask), "code": "00000"}
        account.requests.append(note)
        try:
            return self._table[method, path].answer(account, ask)
        except Failed as refused:
            note["code"] = refused.why.code
            raise

    def _where(self, account: Account, ask: Ask, endpoint: Endpoint) -> tuple[Market | None, str | None, str]:
        """Market, instrument and channel by which faults know a request about orders."""
        listing = self._classic.meant(ask) if rules.is_classic(account) else self._orders.concerned(account, ask)
        return (listing.market, listing.native, endpoint.verb) if listing is not None else (None, None, endpoint.verb)

    # -- what the desk tells -------------------------------------------------------------------------------------

    def order_changed(self, order: Order, what: What, fill: Fill | None) -> None:
        users = self.classic_users if rules.is_classic(order.account) else self.users
        users.tell_order(order, what, fill)

    def account_changed(
        self, account: Account, cause: Cause, market: Market, assets: Iterable[str], positions: Iterable[Position]
    ) -> None:
        if rules.is_classic(account):
            self.classic_users.tell_account(account, market, list(assets), list(positions))
        else:
            self.users.tell_account(account, cause, market, list(positions))


def asked(call: Call) -> Ask:
    """Parameters of the query, or of the JSON body; raises ``Failed``."""
    if call.method == "GET":
        return dict(call.query)
    try:
        body = orjson.loads(call.body or b"{}")
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise Failed(rules.NO_BODY)
    return body


def _loss(fault: Fault) -> Exception:
    return lost(fault, timeout=Failed(rules.TIMEOUT), error=Failed(rules.ERROR, 500))
