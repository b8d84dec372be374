"""A venue's private side by the modules that it consists of.

Venues differ in what a call says and in how its answer reads, not in which calls there are: each has modules whose
functions take a caller (who signs, and where) first. What is common to them is here: a caller for each call, one
private socket that logs in by a signature, and orders over a socket besides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Generic, Protocol, TypeVar

from arbtui.core.model import Instrument, Market
from arbtui.core.orders import Absence, AccountEvent, Order
from arbtui.venues.base import Environment, HttpRequest, Manners, RestLimit
from arbtui.venues.private import (
    AccountCall,
    KeyCall,
    Keys,
    PrivateCall,
    PrivateSession,
    RightsCall,
    StreamKey,
    TradeAsk,
    TradeSession,
    TradeSocket,
    UserStream,
)

C = TypeVar("C")  # signs for one account in one environment
C_in = TypeVar("C_in", contravariant=True)

MakeCaller = Callable[[Environment, Keys], C]
FundingPaid = Callable[[C, Mapping[str, Instrument], int, int], PrivateCall]  # + since_ms, stamp_ms
OpenSession = Callable[[Keys, Mapping[Market, Mapping[str, Instrument]]], PrivateSession]


class OrderCalls(Protocol[C_in]):
    """What the ``orders`` module of a venue offers; each function means what ``PrivateVenue`` says of its name."""

    def place(self, caller: C_in, instrument: Instrument, order: Order, stamp_ms: int) -> PrivateCall: ...

    def cancel(
        self, caller: C_in, instrument: Instrument, client_id: str, stamp_ms: int, *, order_id: str = ""
    ) -> PrivateCall:
        """By ``order_id`` where ``client_id`` is ""."""
        ...

    def query(self, caller: C_in, instrument: Instrument, client_id: str, stamp_ms: int) -> PrivateCall: ...

    def open_orders(self, caller: C_in, market: Market, stamp_ms: int) -> PrivateCall: ...

    def history(self, caller: C_in, instrument: Instrument, since_ms: int, stamp_ms: int) -> PrivateCall: ...

    def fills(self, caller: C_in, instrument: Instrument, since_ms: int, stamp_ms: int) -> PrivateCall: ...


class AccountCalls(Protocol[C_in]):
    """What the ``account`` module of a venue offers; as above."""

    def positions(self, caller: C_in, stamp_ms: int) -> PrivateCall: ...

    def balances(self, caller: C_in, market: Market, stamp_ms: int) -> PrivateCall: ...

    def fee_rates(self, caller: C_in, instrument: Instrument, stamp_ms: int) -> PrivateCall: ...


class SetupCalls(Protocol[C_in]):
    """How an account is set up; in the same module, or in one of its own."""

    def mode(self, caller: C_in, market: Market, stamp_ms: int) -> PrivateCall: ...

    def leverage(self, caller: C_in, instrument: Instrument, stamp_ms: int) -> PrivateCall: ...


class AdjustCalls(SetupCalls[C_in], Protocol[C_in]):
    """The same of a venue that tells what a key may do, and whose settings can be changed."""

    def key_rights(self, caller: C_in, stamp_ms: int) -> RightsCall | None: ...

    def account_id(self, caller: C_in, stamp_ms: int) -> AccountCall | str: ...

    def set_one_way(self, caller: C_in, instrument: Instrument, stamp_ms: int) -> PrivateCall: ...

    def set_leverage(self, caller: C_in, instrument: Instrument, value: Decimal, stamp_ms: int) -> PrivateCall: ...


class ModularPrivate(Generic[C]):
    """See ``venues.private.PrivateVenue``. A venue names what stands here without a value, and hands in its modules."""

    name: str
    shown_as: str  # its name as people write it
    key_fields: tuple[str, ...]
    trade_limits: tuple[RestLimit, ...]
    absence: Absence
    manners: Manners
    stream: UserStream = UserStream("private", (Market.PERP, Market.SPOT))
    sockets: Mapping[Environment, str]

    def __init__(
        self,
        caller: MakeCaller[C],
        orders: OrderCalls[C],
        account: AccountCalls[C],
        setup: SetupCalls[C],
        funding_paid: FundingPaid[C],
        session: OpenSession,
    ) -> None:
        self._caller = caller
        self._orders = orders
        self._account = account
        self._setup = setup
        self._funding_paid = funding_paid
        self._session = session

    def place(self, env: Environment, keys: Keys, instrument: Instrument, order: Order, stamp_ms: int) -> PrivateCall:
        """Raises ``ValueError`` for what must not be sent: spot bought at market, spot reduce-only, sizes of zero."""
        return self._orders.place(self._caller(env, keys), instrument, order, stamp_ms)

    def cancel(
        self, env: Environment, keys: Keys, instrument: Instrument, client_id: str, stamp_ms: int
    ) -> PrivateCall:
        return self._orders.cancel(self._caller(env, keys), instrument, client_id, stamp_ms)

    def cancel_unnamed(
        self, env: Environment, keys: Keys, instrument: Instrument, order_id: str, stamp_ms: int
    ) -> PrivateCall:
        return self._orders.cancel(self._caller(env, keys), instrument, "", stamp_ms, order_id=order_id)

    def query(self, env: Environment, keys: Keys, instrument: Instrument, client_id: str, stamp_ms: int) -> PrivateCall:
        return self._orders.query(self._caller(env, keys), instrument, client_id, stamp_ms)

    def open_orders(
        self, env: Environment, keys: Keys, market: Market, instruments: Mapping[str, Instrument], stamp_ms: int
    ) -> PrivateCall:
        return self._orders.open_orders(self._caller(env, keys), market, stamp_ms)

    def history(
        self, env: Environment, keys: Keys, instrument: Instrument, since_ms: int, stamp_ms: int
    ) -> PrivateCall:
        return self._orders.history(self._caller(env, keys), instrument, since_ms, stamp_ms)

    def fills(self, env: Environment, keys: Keys, instrument: Instrument, since_ms: int, stamp_ms: int) -> PrivateCall:
        return self._orders.fills(self._caller(env, keys), instrument, since_ms, stamp_ms)

    def positions(
        self, env: Environment, keys: Keys, instruments: Mapping[str, Instrument], stamp_ms: int
    ) -> PrivateCall:
        return self._account.positions(self._caller(env, keys), stamp_ms)

    def balances(self, env: Environment, keys: Keys, market: Market, stamp_ms: int) -> PrivateCall:
        return self._account.balances(self._caller(env, keys), market, stamp_ms)

    def mode(self, env: Environment, keys: Keys, market: Market, stamp_ms: int) -> PrivateCall:
        return self._setup.mode(self._caller(env, keys), market, stamp_ms)

    def leverage(self, env: Environment, keys: Keys, instrument: Instrument, stamp_ms: int) -> PrivateCall:
        return self._setup.leverage(self._caller(env, keys), instrument, stamp_ms)

    def fee_rates(self, env: Environment, keys: Keys, instrument: Instrument, stamp_ms: int) -> PrivateCall:
        return self._account.fee_rates(self._caller(env, keys), instrument, stamp_ms)

    def funding_paid(
        self, env: Environment, keys: Keys, instruments: Mapping[str, Instrument], since_ms: int, stamp_ms: int
    ) -> PrivateCall:
        return self._funding_paid(self._caller(env, keys), instruments, since_ms, stamp_ms)

    def user_streams(self, env: Environment) -> tuple[UserStream, ...]:
        return (self.stream,)

    def key_call(self, env: Environment, keys: Keys, stream: UserStream, *, renew: bool, stamp_ms: int) -> KeyCall:
        raise ValueError(f"{self.shown_as}'s {stream.label} stream logs in by a signature and needs no key")

    def stream_url(self, env: Environment, stream: UserStream, key: StreamKey | None) -> str:
        return self.sockets[env]

    def stream_manners(self, stream: UserStream) -> Manners:
        return self.manners

    def private_session(
        self, stream: UserStream, keys: Keys, instruments: Mapping[Market, Mapping[str, Instrument]]
    ) -> PrivateSession:
        return self._session(keys, instruments)


class AdjustablePrivate(ModularPrivate[C]):
    """The same with ``TellsRights`` and ``Adjusts``."""

    def __init__(
        self,
        caller: MakeCaller[C],
        orders: OrderCalls[C],
        account: AccountCalls[C],
        setup: AdjustCalls[C],
        funding_paid: FundingPaid[C],
        session: OpenSession,
    ) -> None:
        super().__init__(caller, orders, account, setup, funding_paid, session)
        self._adjust = setup

    def key_rights(self, env: Environment, keys: Keys, stamp_ms: int) -> RightsCall | None:
        return self._adjust.key_rights(self._caller(env, keys), stamp_ms)

    def account_id(self, env: Environment, keys: Keys, stamp_ms: int) -> AccountCall | str:
        return self._adjust.account_id(self._caller(env, keys), stamp_ms)

    def set_one_way(self, env: Environment, keys: Keys, instrument: Instrument, stamp_ms: int) -> PrivateCall:
        return self._adjust.set_one_way(self._caller(env, keys), instrument, stamp_ms)

    def set_leverage(
        self, env: Environment, keys: Keys, instrument: Instrument, leverage: Decimal, stamp_ms: int
    ) -> PrivateCall:
        return self._adjust.set_leverage(self._caller(env, keys), instrument, leverage, stamp_ms)


class TradeCalls(Protocol):
    """What the ``tradesocket`` module of a venue offers; see ``TradesOverSocket``."""

    def sockets(self, env: Environment) -> tuple[TradeSocket, ...]: ...

    def session(self, keys: Keys) -> TradeSession: ...

    def frame(self, ask: TradeAsk) -> str | None: ...

    def question(self, ask: TradeAsk) -> str | None: ...


class OverSocket:
    """``TradesOverSocket`` of a private side, by the module that it names."""

    trades: TradeCalls

    def trade_sockets(self, env: Environment) -> tuple[TradeSocket, ...]:
        return self.trades.sockets(env)

    def trade_session(self, socket: TradeSocket, keys: Keys) -> TradeSession:
        return self.trades.session(keys)

    def trade_frame(self, ask: TradeAsk) -> str | None:
        return self.trades.frame(ask)

    def trade_question(self, ask: TradeAsk) -> str | None:
        return self.trades.question(ask)


def setting(
    request: HttpRequest, what: str, made: Callable[[int, bytes], None], read_back: Callable[[int], PrivateCall]
) -> PrivateCall:
    """``request`` changes a setting, ``made`` raises unless the answer says that it stands; then it is read back."""

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        made(status, answer)
        return ()

    def next_page(status: int, answer: bytes, stamp_ms: int) -> PrivateCall | None:
        made(status, answer)
        return read_back(stamp_ms)

    return PrivateCall(request, read, what, next_page)
