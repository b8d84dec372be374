"""Bitget's private side as a whole: signed requests with their limits, orders over sockets, and who is told what.

Answers come from ``private_orders`` and ``private_account`` for unified accounts, from ``classic_orders`` and
``classic_account`` for classic ones. Each is a function of the account and of the parameters: those of the query, or of
the JSON body.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from arbtui.sim.accounts import Account
from arbtui.sim.base import Call, Reply
from arbtui.sim.bitget import rules, tables
from arbtui.sim.bitget.answers import Code, Endpoint, Failed
from arbtui.sim.bitget.classic_account import ClassicAccounts
from arbtui.sim.bitget.classic_orders import ClassicOrders
from arbtui.sim.bitget.classic_users import ClassicUsers
from arbtui.sim.bitget.private_account import AccountAnswers
from arbtui.sim.bitget.private_orders import OrderAnswers
from arbtui.sim.bitget.signed import signed
from arbtui.sim.bitget.users import Users
from arbtui.sim.delivery import Lost, lost
from arbtui.sim.faults import Fault
from arbtui.sim.listing import Listing
from arbtui.sim.private import RestPrivateSide, Where, where_of
from arbtui.sim.reading import Ask, params_of

if TYPE_CHECKING:
    from arbtui.sim.bitget.venue import Bitget

_TOO_FAST = Code("429", "Too Many Requests")


class Private(RestPrivateSide[Endpoint]):
    """See the module."""

    hosts: ClassVar[frozenset[str]] = frozenset({tables.REST_HOST})
    refusals = Failed

    def __init__(self, venue: Bitget) -> None:
        super().__init__(venue, rules.RULES, rules.make_keys)
        self._venue = venue
        self.desk.add_account(rules.CLASSIC_NAME, rules.CLASSIC)
        self.users = Users(venue, self.desk, self.carrier)
        self.classic_users = ClassicUsers(venue, self.desk, self.carrier)
        self._orders = OrderAnswers(venue, self.desk)
        self._classic = ClassicOrders(venue, self.desk)
        self.table = {
            **self._orders.table(),
            **AccountAnswers(venue, self.desk, self._orders).table(),
            **self._classic.table(),
            **ClassicAccounts(venue, self.desk, self._classic).table(),
        }

    def teller(self, account: Account) -> Users | ClassicUsers:
        return self.classic_users if rules.is_classic(account) else self.users

    def loss(self, fault: Fault) -> Exception:
        return lost(fault, timeout=Failed(rules.TIMEOUT), error=Failed(rules.ERROR, 500))

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
        reply.after_s = self.late_s(self._where(account, ask, self.table[call.method, call.path]))
        return reply

    def operate(self, account: Account, method: str, path: str, ask: Ask) -> Any:
        """The data that answers a request, from wherever it came; raises ``Failed`` and ``Lost``."""
        endpoint = self.table[method, path]
        if endpoint.used.add(account.name, 1, self._venue.hub.now_ns()) > endpoint.limit:
            raise Failed(_TOO_FAST, 429)
        if endpoint.trades and not account.can_trade:
            raise Failed(rules.NOT_ALLOWED)
        where = self._where(account, ask, endpoint)
        return self.delivered(where, lambda: self._answered(account, method, path, ask))

    def _answered(self, account: Account, method: str, path: str, ask: Ask) -> Any:
        """The data of a request; raises ``Failed``. Nothing that is asked is secret: that is in headers."""
        note = self.noted(account, method, path, dict(ask), "00000")
        try:
            return self.table[method, path].answer(account, ask)
        except Failed as refused:
            note["code"] = refused.why.code
            raise

    def _where(self, account: Account, ask: Ask, endpoint: Endpoint) -> Where | None:
        if not endpoint.verb:
            return None
        listing = self._classic.meant(ask) if rules.is_classic(account) else self._orders.concerned(account, ask)
        return where_of(listing, endpoint.verb)


def asked(call: Call) -> Ask:
    """Parameters of the query, or of the JSON body; raises ``Failed``."""
    ask = params_of(call)
    if ask is None:
        raise Failed(rules.NO_BODY)
    return ask
