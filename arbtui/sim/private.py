"""What the private sides of simulated venues have in common: a desk, notes of what was asked, and who is told of what.

A venue says how requests are signed, limited, answered and refused in its own words:

    class Private(PrivateSide):
        def __init__(self, venue: Acme) -> None:
            super().__init__(venue, rules.RULES, rules.make_keys)
            self._users = Users(venue, self.desk, self.carrier)
        def teller(self, account): return self._users
        def loss(self, fault): return lost(fault, timeout=Failed(...), error=Failed(...))
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from arbtui.sim.accounts import Account, Keys, Position, Rules
from arbtui.sim.base import Call, SimVenue
from arbtui.sim.carrier import Carrier
from arbtui.sim.delivery import check_delivered, unless_lost
from arbtui.sim.desk import Cause, Desk, What
from arbtui.sim.faults import Fault
from arbtui.sim.listing import Listing, Market
from arbtui.sim.orders import Fill, Order

_Answer = TypeVar("_Answer")

Where = tuple[Market | None, str | None, str]
"""Market, instrument and channel by which faults know a request about orders."""


class Teller(Protocol):
    """Tells the sockets of accounts what happened."""

    def tell_order(self, order: Order, what: What, fill: Fill | None) -> None: ...

    def tell_account(
        self, account: Account, cause: Cause, market: Market, assets: list[str], positions: list[Position]
    ) -> None: ...


class PrivateSide(ABC):
    """See the module. It is the desk's ``Listener``."""

    refusals: ClassVar[type[Exception] | tuple[type[Exception], ...]]  # what refuses a request in the venue's words

    def __init__(self, venue: SimVenue, rules: Rules, make_keys: Callable[[int, str], Keys]) -> None:
        self.desk = Desk(venue.hub, venue.name, rules, self, make_keys)
        self.carrier = Carrier(venue)

    @abstractmethod
    def teller(self, account: Account) -> Teller:
        """Who tells of this account."""

    @abstractmethod
    def loss(self, fault: Fault) -> Exception:
        """What is raised for a request that is lost, or whose answer is."""

    # -- requests ------------------------------------------------------------------------------------------------

    def noted(
        self, account: Account, method: str, path: str, params: Any, code: int | str, counted_as: str = ""
    ) -> dict[str, Any]:
        """Keep what was asked when. ``code``: of a request that goes well; whoever refuses it writes another."""
        account.counts[counted_as or f"{method} {path}"] += 1
        note = {"t_ns": self.desk.hub.now_ns(), "method": method, "path": path, "params": params, "code": code}
        account.requests.append(note)
        return note

    def delivered(self, where: Where | None, answer: Callable[[], _Answer]) -> _Answer:
        """The answer to a request, unless a fault loses either. ``where`` None: it is about no order."""
        self.check_delivered(where)
        return self.unless_lost(where, answer)

    def check_delivered(self, where: Where | None) -> None:
        """The first half of ``delivered``."""
        if where is not None:
            check_delivered(partial(self._act, where), self.loss)

    def unless_lost(self, where: Where | None, answer: Callable[[], _Answer]) -> _Answer:
        """The second half."""
        return answer() if where is None else unless_lost(partial(self._act, where), answer, self.loss, self.refusals)

    def late_s(self, where: Where | None) -> float:
        """How much later than usual an answer arrives."""
        late = self._act(where, "ack_late") if where is not None else None
        return late.number / 1000 if late is not None else 0.0

    def _act(self, where: Where, fault: str) -> Fault | None:
        return self.desk.act(fault, *where)

    # -- what the desk tells -------------------------------------------------------------------------------------

    def order_changed(self, order: Order, what: What, fill: Fill | None) -> None:
        self.teller(order.account).tell_order(order, what, fill)

    def account_changed(
        self, account: Account, cause: Cause, market: Market, assets: Iterable[str], positions: Iterable[Position]
    ) -> None:
        self.teller(account).tell_account(account, cause, market, list(assets), list(positions))


class _Endpoint(Protocol):
    verb: str  # what faults call it; "": it is about no order


_EndpointT = TypeVar("_EndpointT", bound=_Endpoint)


class RestPrivateSide(PrivateSide, Generic[_EndpointT]):
    """One whose requests are known by method and path."""

    hosts: ClassVar[frozenset[str]]
    table: Mapping[tuple[str, str], _EndpointT]

    def knows(self, call: Call) -> bool:
        """Whether the request is one of these."""
        return (call.method, call.path) in self.table and call.host in self.hosts

    def paths(self) -> Iterable[tuple[str, str]]:
        return self.table


def where_of(listing: Listing | None, verb: str) -> Where | None:
    """``Where`` of a request that names ``listing``, if any; None where it is about no order."""
    if not verb:
        return None
    return (listing.market, listing.native, verb) if listing is not None else (None, None, verb)
