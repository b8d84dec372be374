"""Who carries orders in a run: paper on every venue's live market, or the accounts whose keys are there."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

import msgspec

from arbtui.config import Settings
from arbtui.core.clock import Clock
from arbtui.core.errors import JournalError, OurMistake
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import Absence, AccountEvent
from arbtui.engine.live import Live
from arbtui.engine.papermarket import BoardMarket
from arbtui.engine.rules import paper_rules_of
from arbtui.engine.trading import Carrier
from arbtui.engine.venue import RunningVenue
from arbtui.execution.ledger import VenueRules
from arbtui.execution.paper import PaperExecutor
from arbtui.execution.paper_market import Fees
from arbtui.execution.preflight import ClockRead
from arbtui.market.state import Board
from arbtui.net.account import Account
from arbtui.net.gateway import NetworkSettings
from arbtui.net.keyrights import account_id, key_rights
from arbtui.net.rest import Rest
from arbtui.net.tradesocket import TradeSocketKeeper
from arbtui.net.userstream import Around, SocketKeeper, UserStreamKeeper
from arbtui.storage.journal import Journal
from arbtui.venues.base import Environment
from arbtui.venues.private import KeyRights, Keys, NamesWallets, PrivateVenue, TradesOverSocket

PAPER_RULES = VenueRules(Absence(settle_s=1.0, forget_s=86_400.0))

Sink = Callable[[AccountEvent], None]


class PaperVenue:
    """One venue on paper: its executor, fed with public trades and kept in the journal's file."""

    def __init__(
        self,
        running: RunningVenue,
        live: Live,
        settings: Settings,
        clock: Clock,
        journal: Journal,
        kept: bytes | None,
        sink: Sink,
    ) -> None:
        """``kept``: the account as the journal's file has it. Raises JournalError where that cannot be read."""
        self._journal = journal
        self._sink = sink
        self._saved = 0
        self._trouble = live.trouble
        self.name = running.venue.name
        market = BoardMarket(
            self.name,
            live.desk.board,
            clock,
            live.desk.wire_texts,
            running.trades.live,
            partial(_default_fees, settings, running),
        )
        try:
            self.executor = PaperExecutor(
                self.name,
                market,
                clock,
                self._hear,
                paper_rules_of(settings, self.name),
                kept=msgspec.json.decode(kept) if kept is not None else None,
                on_wanted=running.hold_trades,
                note=partial(live.trouble.notice, "info"),
            )
        except (msgspec.DecodeError, OurMistake) as error:
            raise JournalError(
                f"the paper account of {self.name} in {journal.path} cannot be read ({error}): no order is taken while "
                "it is so; move the file away to begin with new paper accounts."
            ) from None
        running.trades.on_trade.append(self.executor.trade)

    def carrier(self, markets: tuple[Market, ...]) -> Carrier:
        return Carrier(self.executor, markets, PAPER_RULES, lambda: ClockRead(0.0), paper=True)

    def keep(self) -> None:
        """What changed since the last time goes to the journal's file, before anybody is told of it."""
        if self._saved != self.executor.revision:
            self._saved = self.executor.revision
            self._journal.keep(paper_name(self.name), msgspec.json.encode(self.executor.save()), self._unkept)

    def _unkept(self, text: str) -> None:
        self._saved = -1  # all of it goes again with the next change
        self._trouble.notice("error", f"the paper account of {self.name} is not kept: {text}")

    def _hear(self, event: AccountEvent) -> None:
        self.keep()
        self._sink(event)


def paper_name(venue: str) -> str:
    """Under which name a venue's paper account stands in the journal's file."""
    return f"paper.{venue}"


def _default_fees(settings: Settings, running: RunningVenue, market: Market) -> Fees:
    maker, taker = running.venue.fees(market)
    of_venue = settings.fees.get(running.venue.name)
    own = None if of_venue is None else of_venue.spot if market is Market.SPOT else of_venue.perp
    return Fees(
        maker=_rate(own.maker_bps if own is not None else None, maker),
        taker=_rate(own.taker_bps if own is not None else None, taker),
    )


def _rate(own_bps: float | None, default: float) -> Decimal:
    return Decimal(repr(own_bps)) / 10_000 if own_bps is not None else Decimal(repr(default))


class Listed(Mapping[str, Instrument]):
    """A venue's instruments of one market by native, as they are at the moment of asking."""

    def __init__(self, board: Board, venue: str, market: Market) -> None:
        self._board = board
        self._table = board.tables(venue).get(market, {})

    def __getitem__(self, native: str) -> Instrument:
        return self._board.slots[self._table[native]].instrument

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)


@dataclass(frozen=True)
class Wire:
    """What accounts need to reach their venues. ``rest`` is theirs alone: no public request is ever before an order."""

    rest: Rest
    network: NetworkSettings
    clock: Clock
    rng: random.Random


class AccountVenue:
    """One venue with a real account: requests by REST, everything that happens by its private sockets.

    With ``over_sockets`` orders and cancels go over the venue's own sockets for them, where it has any.
    """

    def __init__(
        self,
        private: PrivateVenue,
        env: Environment,
        keys: Keys,
        running: RunningVenue,
        live: Live,
        wire: Wire,
        sink: Sink,
        *,
        over_sockets: bool = False,
    ) -> None:
        self._private = private
        self._running = running
        self._env, self._keys, self._rest = env, keys, wire.rest
        listed = {market: Listed(live.desk.board, private.name, market) for market in running.markets}
        self.account = Account(
            private,
            env,
            keys,
            instruments=lambda market: listed.get(market, {}),
            rest=wire.rest,
            clock=wire.clock,
            offset_ms=lambda: running.offset.about_ms,
            sink=sink,
            clock_refused=running.offset.doubt,
        )
        around = Around(
            rest=wire.rest,
            network=wire.network,
            connects=live.connects,
            clock=wire.clock,
            stamp_ms=self.account.stamp_ms,
            sink=sink,
            count_error=partial(live.trouble.count, private.name),
            rng=wire.rng,
        )
        self._keepers: list[SocketKeeper] = [
            UserStreamKeeper(private, stream, env, keys, listed, around)
            for stream in private.user_streams(env)
            if set(stream.markets) & set(running.markets)
        ]
        if over_sockets and isinstance(private, TradesOverSocket):
            trading = [
                TradeSocketKeeper(private.name, private, socket, keys, listed, around, live.trouble.notice)
                for socket in private.trade_sockets(env)
                if set(socket.markets) & set(running.markets)
            ]
            self.account.use(*(keeper.ask for keeper in trading))
            self._keepers += trading
        if over_sockets and not self.account.over_sockets:
            live.trouble.notice("warning", f"{private.name}: orders go by REST, a socket for them is not there.")

    def carrier(self) -> Carrier:
        rules = VenueRules(self._private.absence, history=self._private.absence.history)
        wallets = self._private.wallets if isinstance(self._private, NamesWallets) else None
        return Carrier(self.account, self._running.markets, rules, self._clock_read, paper=False, wallets=wallets)

    def _clock_read(self) -> ClockRead | None:
        offset = self._running.offset
        return ClockRead(offset.about_ms, offset.by) if offset.exists else None

    @property
    def markets(self) -> tuple[Market, ...]:
        return self._running.markets

    @property
    def real(self) -> bool:
        """Whether it is money, or (through a simulator) stands for money."""
        return self._env is Environment.PROD

    async def key_rights(self) -> KeyRights | None:
        """What the venue says that its key may do; None where it has no such question. Raises ArbtuiError."""
        return await key_rights(self._private, self._env, self._keys, self._rest, self.account.stamp_ms)

    async def account_id(self) -> str:
        """How the venue calls the account; "" where it does not tell. Raises ArbtuiError."""
        return await account_id(self._private, self._env, self._keys, self._rest, self.account.stamp_ms)

    async def run(self) -> None:
        """Its private sockets, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for keeper in self._keepers:
                group.create_task(keeper.run())

    def restart(self, why: str) -> None:
        """New private sockets."""
        for keeper in self._keepers:
            keeper.restart(why)
