"""What a venue must offer besides ``venues.base`` so that orders can be sent there. Pure, like everything of a codec.

A call is made signed and knows how to read its own answer:

    call = venue.place(env, keys, instrument, order, stamp_ms)
    ...send call.request; whatever comes back, or does not...
    for event in call.read(status, body, t_ns):            # core.orders.AccountEvent

``read`` judges every status, 4xx and 5xx included, because only the venue's own words tell a refusal from an open
outcome. It raises

    OutcomeUnknown     the answer leaves open whether it took effect (5xx, "unknown, please check", a body that is none)
    VenueRefused       a *read* was refused (for orders a refusal is an event: ``Rejected``, ``CancelRefused``)
    ProtocolBroken     a read brought something else than what was asked for

and nothing else, whatever bytes it is fed. ``stamp_ms`` is the venue's clock as the caller knows it; no codec asks for
the time. Secrets stand in ``Keys`` and in the signed request alone; neither shows them in ``repr``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol, runtime_checkable

from arbtui.core.events import SessionEvent
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import Absence, AccountEvent, Order
from arbtui.venues.base import Environment, HttpRequest, Manners, RestLimit


class Keys:
    """Credentials of one account. ``repr`` and ``str`` name the fields, never what is in them."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = dict(fields)

    def __getitem__(self, name: str) -> str:
        return self._fields[name]

    def get(self, name: str) -> str:
        """The field, or nothing ("") where it is not set."""
        return self._fields.get(name, "")

    def secrets(self) -> tuple[str, ...]:
        """Every value, for whoever has to keep them out of logs."""
        return tuple(self._fields.values())

    def __repr__(self) -> str:
        return f"Keys({', '.join(sorted(self._fields))})"


Read = Callable[[int, bytes, int], Sequence[AccountEvent]]  # (HTTP status, body, t_ns)


@dataclass(frozen=True)
class PrivateCall:
    """One signed request and the reader of its answer. ``next_page`` asks on where an answer is one page of many."""

    request: HttpRequest = field(repr=False)
    read: Read = field(repr=False)
    purpose: str = ""
    next_page: Callable[[int, bytes, int], PrivateCall | None] | None = field(default=None, repr=False)  # + stamp_ms


@dataclass(frozen=True)
class UserStream:
    """One private socket. Where the venue wants a key first, ``key_call`` brings it as ``StreamKey``."""

    label: str
    markets: tuple[Market, ...]
    needs_key: bool = False
    renew_every_s: float | None = None


@dataclass(frozen=True)
class StreamKey:
    """What a socket's address needs (Binance listenKey). A secret: it reads the account."""

    key: str = field(repr=False)


@dataclass(frozen=True)
class KeyCall:
    """Asks for a stream key, or renews it. ``read`` raises as ``PrivateCall.read`` does."""

    request: HttpRequest = field(repr=False)
    read: Callable[[int, bytes], StreamKey] = field(repr=False)
    purpose: str = ""


@dataclass(frozen=True)
class KeyRights:
    """What an API key may do. None = the venue does not tell. ``text`` says it in words, for people."""

    trade: Mapping[Market, bool | None]
    withdraw: bool | None
    bound_to_ips: bool | None  # it works from listed addresses only
    text: str
    days_left: int | None = None  # until it ends by itself; None: never, or not told


def in_words(
    trade: Mapping[Market, bool | None], withdraw: bool | None, bound_to_ips: bool | None, days_left: int | None
) -> str:
    """``KeyRights.text`` of a key that tells no more than what its other members say."""
    words = [
        "may read" + "".join(f", trade {market.value}" for market, may in trade.items() if may),
        *(f"{market.value} not told" for market, may in trade.items() if may is None),
        {None: "withdrawals not told", True: "may withdraw", False: "may not withdraw"}[withdraw],
        {None: "addresses not told", True: "bound to addresses", False: "not bound to addresses"}[bound_to_ips],
        *([f"ends in {days_left} days"] if days_left is not None else []),
    ]
    return ", ".join(words)


@dataclass(frozen=True)
class RightsCall:
    """Asks what the key may do. ``read`` raises as ``PrivateCall.read`` of a read does.

    ``next_call`` is another question where the answer to this one leaves something open, without a stamp that could
    grow old; the last answer tells all.
    """

    request: HttpRequest = field(repr=False)
    read: Callable[[int, bytes], KeyRights] = field(repr=False)
    purpose: str = ""
    next_call: Callable[[int, bytes], RightsCall | None] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class PrivateFrame:
    """A frame to send. ``secret``: a recording says only that a login was sent."""

    frame: str = field(repr=False)
    secret: bool = False


class LoggedIn:
    """The venue took the login: subscribe now."""


@dataclass(frozen=True)
class LoginRefused:
    """The venue refused the login, in its own words and code."""

    code: str
    text: str


@dataclass(frozen=True)
class SubscribedAll:
    """Every private channel that was asked for is acknowledged: from here on nothing is missed."""


@dataclass(frozen=True)
class Expired:
    """The stream's key or session ended: open a new one."""

    text: str


PrivateEvent = AccountEvent | SessionEvent | LoggedIn | LoginRefused | SubscribedAll | Expired


class PrivateSession(Protocol):
    """One private socket's conversation."""

    def greet(self, stamp_ms: int) -> list[PrivateFrame]:
        """What is sent once the socket is open: login, or subscriptions where the address logs in.

        Nothing where the address says all: then the stream is up when the far end is first heard.
        """
        ...

    def logged_in(self, stamp_ms: int) -> list[PrivateFrame]:
        """What is sent after ``LoggedIn``."""
        ...

    def decode(self, frame: bytes, t_ns: int) -> Sequence[PrivateEvent]:
        """Raises ``ProtocolBroken`` and nothing else. An unknown status becomes ``OrderStatus.UNKNOWN``."""
        ...

    def ping(self, t_ns: int) -> str | bytes | None:
        """The heartbeat frame; None: a protocol-level ping."""
        ...


class PrivateVenue(Protocol):
    """A venue's private side. Stateless. ``env`` chooses hosts; ``instruments`` are those of the market, by native.

    ``Order.client_id`` is 1-20 ASCII letters and digits, which every venue here takes as it is.
    """

    name: str
    key_fields: tuple[str, ...]  # what must stand in credentials.toml, e.g. ("api_key", "api_secret")
    trade_limits: tuple[RestLimit, ...]  # buckets of private requests; orders have buckets of their own
    absence: Absence

    def place(self, env: Environment, keys: Keys, instrument: Instrument, order: Order, stamp_ms: int) -> PrivateCall:
        """-> Accepted | Rejected, and what else the answer tells (OrderReport, Fill)."""
        ...

    def cancel(
        self, env: Environment, keys: Keys, instrument: Instrument, client_id: str, stamp_ms: int
    ) -> PrivateCall:
        """-> CancelTaken | CancelRefused, and an OrderReport where the answer is one."""
        ...

    def cancel_unnamed(
        self, env: Environment, keys: Keys, instrument: Instrument, order_id: str, stamp_ms: int
    ) -> PrivateCall:
        """The same for an order that has no client id, because a person placed it: by the venue's own id."""
        ...

    def query(self, env: Environment, keys: Keys, instrument: Instrument, client_id: str, stamp_ms: int) -> PrivateCall:
        """-> OrderReport | OrderAbsent.

        ``next_page`` here is another place to look where the first did not know the order: only the last answer counts.
        """
        ...

    def open_orders(
        self, env: Environment, keys: Keys, market: Market, instruments: Mapping[str, Instrument], stamp_ms: int
    ) -> PrivateCall:
        """-> OrderReport for each order that rests, also those that are not ours."""
        ...

    def history(
        self, env: Environment, keys: Keys, instrument: Instrument, since_ms: int, stamp_ms: int
    ) -> PrivateCall | None:
        """-> OrderReport of orders that ended since then; None where the venue has no such list."""
        ...

    def fills(self, env: Environment, keys: Keys, instrument: Instrument, since_ms: int, stamp_ms: int) -> PrivateCall:
        """-> Fill of one instrument since then, also those that are not ours."""
        ...

    def positions(
        self, env: Environment, keys: Keys, instruments: Mapping[str, Instrument], stamp_ms: int
    ) -> PrivateCall:
        """-> Position of every perpetual that is not flat."""
        ...

    def balances(self, env: Environment, keys: Keys, market: Market, stamp_ms: int) -> PrivateCall:
        """-> Balance of every asset of the wallet that ``market`` trades from."""
        ...

    def mode(self, env: Environment, keys: Keys, market: Market, stamp_ms: int) -> PrivateCall:
        """-> AccountMode."""
        ...

    def leverage(self, env: Environment, keys: Keys, instrument: Instrument, stamp_ms: int) -> PrivateCall:
        """-> LeverageRead of one perpetual."""
        ...

    def fee_rates(self, env: Environment, keys: Keys, instrument: Instrument, stamp_ms: int) -> PrivateCall:
        """-> FeeRates."""
        ...

    def funding_paid(
        self, env: Environment, keys: Keys, instruments: Mapping[str, Instrument], since_ms: int, stamp_ms: int
    ) -> PrivateCall:
        """-> FundingPaid since then, all perpetuals."""
        ...

    def user_streams(self, env: Environment) -> tuple[UserStream, ...]:
        """The private sockets that together tell everything about the account."""
        ...

    def key_call(self, env: Environment, keys: Keys, stream: UserStream, *, renew: bool, stamp_ms: int) -> KeyCall:
        """Asks for the stream's key, or keeps it alive. Raises ValueError for a stream that needs none."""
        ...

    def stream_url(self, env: Environment, stream: UserStream, key: StreamKey | None) -> str: ...

    def stream_manners(self, stream: UserStream) -> Manners: ...

    def private_session(
        self, stream: UserStream, keys: Keys, instruments: Mapping[Market, Mapping[str, Instrument]]
    ) -> PrivateSession:
        """``instruments`` may grow while the session lives; what happens on one that is in none is still told."""
        ...


@dataclass(frozen=True)
class TradeSocket:
    """A socket that takes orders of ``markets`` in the place of REST."""

    label: str
    markets: tuple[Market, ...]
    url: str
    manners: Manners


@dataclass(frozen=True)
class TradeAnswer:
    """The answer to the request that was sent under ``request_id``, put as REST would have put it.

    ``retry_after_s``: of 418 and 429, how long the venue wants nothing; None where it does not say. ``used``: what is
    spent of buckets in their running windows, by the venue's own count; of what it does not tell nothing.
    """

    request_id: str
    status: int
    body: bytes = field(repr=False)
    retry_after_s: float | None = None
    used: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class TradeAsk:
    """A request that is to go over ``socket``. ``request_id`` is 1-20 digits, never used twice on one socket."""

    socket: TradeSocket
    keys: Keys
    request: HttpRequest = field(repr=False)
    request_id: str
    stamp_ms: int
    listed: Mapping[Market, Mapping[str, Instrument]] = field(repr=False)  # by native


class TradeSession(Protocol):
    """One trade socket's conversation; as ``PrivateSession``, and ``SubscribedAll`` says that orders are taken."""

    def greet(self, stamp_ms: int) -> list[PrivateFrame]: ...

    def logged_in(self, stamp_ms: int) -> list[PrivateFrame]: ...

    def decode(self, frame: bytes, t_ns: int) -> Sequence[PrivateEvent | TradeAnswer]:
        """Raises ``ProtocolBroken`` and nothing else; also for an answer that does not say to which request."""
        ...

    def ping(self, t_ns: int) -> str | bytes | None: ...


@runtime_checkable
class TradesOverSocket(Protocol):
    """A private side whose orders and cancels may go over a socket.

    What is asked, what it is charged to and how its answer reads stay ``PrivateVenue``'s: only the way is another.
    """

    def trade_sockets(self, env: Environment) -> tuple[TradeSocket, ...]:
        """None where this environment of the venue has no such socket."""
        ...

    def trade_session(self, socket: TradeSocket, keys: Keys) -> TradeSession: ...

    def trade_frame(self, ask: TradeAsk) -> str | None:
        """What asks the same as ``ask.request``; None where this socket does not take it: REST does."""
        ...

    def trade_question(self, ask: TradeAsk) -> str | None:
        """The same of a question about balances, which proves a socket without an order; None where it takes none."""
        ...


@runtime_checkable
class TellsRights(Protocol):
    """A private side that can say what a key may do, before anything is tried with it."""

    def key_rights(self, env: Environment, keys: Keys, stamp_ms: int) -> RightsCall | None:
        """None where this environment of the venue has no such question. Raises VenueRefused for keys that are none."""
        ...


@dataclass(frozen=True)
class WaitingOrder:
    """An order that waits for its price (a stop, a take-profit) and stands in no list of open orders until then.

    ``text`` is for people: what it is, and by which id the venue knows it.
    """

    market: Market
    native: str
    text: str


@dataclass(frozen=True)
class WaitingCall:
    """Asks for orders that wait. ``read`` raises as ``PrivateCall.read`` of a read does."""

    request: HttpRequest = field(repr=False)
    read: Callable[[int, bytes], Sequence[WaitingOrder]] = field(repr=False)
    purpose: str = ""


@runtime_checkable
class HidesWaiting(Protocol):
    """A private side in whose open orders those that wait for their price do not stand."""

    def waiting_orders(self, env: Environment, keys: Keys) -> Sequence[Callable[[int], WaitingCall]]:
        """Calls by their stamp, which together tell such orders, of each kind as many as fit on a page."""
        ...


@dataclass(frozen=True)
class AccountCall:
    """Asks whose the keys are. ``read`` brings the account's own id, "" where the venue leaves it out; it raises as
    ``PrivateCall.read`` of a read does.
    """

    request: HttpRequest = field(repr=False)
    read: Callable[[int, bytes], str] = field(repr=False)
    purpose: str = ""


@runtime_checkable
class TellsAccount(Protocol):
    """A private side that can say which account keys are of. That is no secret: it moves and reads nothing."""

    def account_id(self, env: Environment, keys: Keys, stamp_ms: int) -> AccountCall | str:
        """How the venue calls the account: a call that brings it, or it itself where the keys name it.

        "" where this environment of the venue has no such question.
        """
        ...


@runtime_checkable
class Adjusts(Protocol):
    """A private side that can change what preflight asks for. Each call is read back by its ``next_page``.

    ``read`` of the setting itself tells nothing; it raises VenueRefused where the venue says no, OutcomeUnknown where
    it does not say. What was set already is no refusal.
    """

    def set_one_way(self, env: Environment, keys: Keys, instrument: Instrument, stamp_ms: int) -> PrivateCall:
        """-> LeverageRead of one perpetual, whose position is one-way from then on."""
        ...

    def set_leverage(
        self, env: Environment, keys: Keys, instrument: Instrument, leverage: Decimal, stamp_ms: int
    ) -> PrivateCall:
        """-> LeverageRead of one perpetual."""
        ...


@dataclass(frozen=True)
class DialectCall:
    """Asks which kind an account is. ``read`` raises as ``PrivateCall.read`` of a read does."""

    request: HttpRequest = field(repr=False)
    read: Callable[[int, bytes], PrivateVenue] = field(repr=False)
    purpose: str = ""


@runtime_checkable
class Dialects(Protocol):
    """A private side of accounts of one kind, at a venue that has others, which want to be asked differently."""

    def dialect(self, env: Environment, keys: Keys, stamp_ms: int) -> DialectCall:
        """Brings the private side of the account that ``keys`` are of: this one, or another with the same name."""
        ...


@runtime_checkable
class NamesWallets(Protocol):
    """A private side whose accounts trade from other wallets than the venue's accounts usually do."""

    wallets: Mapping[Market, str]
