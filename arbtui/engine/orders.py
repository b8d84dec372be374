"""Trading in a run, from the journal to the last word: who trades, what is restored, and an end in good order."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path

import msgspec

from arbtui.config import Credentials, Settings
from arbtui.core.clock import NS_PER_S, Every
from arbtui.core.errors import ArbtuiError, ConfigError, JournalError
from arbtui.core.orders import AccountEvent
from arbtui.engine import control
from arbtui.engine.arming import Guard, Holder, KeyFitness, arm_soon, guard_of
from arbtui.engine.carriers import AccountVenue, PaperVenue, Wire, paper_name
from arbtui.engine.live import Live
from arbtui.engine.papermarket import depth_of
from arbtui.engine.prices import BoardPrices, slot_of
from arbtui.engine.rules import limits_of, policy_of
from arbtui.engine.trading import Carrier, Trading
from arbtui.engine.whose import AccountNotes, Asked, fingerprint, keep_worlds
from arbtui.execution.ports import Record
from arbtui.market.state import Board
from arbtui.net.budget import Budgets
from arbtui.net.dialects import spoken
from arbtui.net.gateway import NetworkSettings
from arbtui.net.rest import Rest
from arbtui.net.wallclock import WallClock
from arbtui.storage import journal as journals
from arbtui.storage.journal import Journal
from arbtui.venues import registry
from arbtui.venues.base import Environment, RestLimit
from arbtui.venues.private import Keys, PrivateVenue

log = logging.getLogger(__name__)

JOURNAL = "journal.sqlite3"
KEEP_EVERY_NS = NS_PER_S // 4
CURVE_EVERY_NS = 60 * NS_PER_S
ORDER_TIMEOUT_S = 5.0
PRIVATE_SHARE = 0.95  # of what a venue counts for both; public requests stop at 0.8 of it
UNKNOWN_KIND = (
    "{0} did not say which kind of account its keys are of: taken for the usual one, and nothing is sent until that is "
    "told; if it is another one, start arbtui again once {0} answers"
)
_CURVE = "equity"


def journal_path(data_dir: Path) -> Path:
    """Where the journal of a mode lies (``Paths.data``)."""
    return data_dir / JOURNAL


class Orders:
    """The trading of one run. ``run`` keeps accounts connected; ``stop`` once, at the end."""

    def __init__(
        self, trading: Trading, journal: Journal, live: Live, papers: list[PaperVenue], accounts: list[AccountVenue]
    ) -> None:
        self.trading = trading
        self._journal = journal
        self._live = live
        self._papers = papers
        self._accounts = accounts
        self._timers: list[Every] = []
        self._disarmed = ""  # why last, armed or not
        self.fitness: KeyFitness | None = None  # where accounts are armed, and so are the next three
        self.guard: Guard | None = None
        self.arm_usd: Decimal | None = None  # armed for so much as soon as the accounts are read
        self.notes: AccountNotes | None = None

    async def run(self) -> None:
        """Start once the market stands, then keep everything going. Until cancelled."""
        await self._live.settled.wait()
        clock = self.trading.clock
        for paper in self._papers:
            paper.executor.start()
        self.trading.start()
        self._timers.append(Every(clock, KEEP_EVERY_NS, self._keep))
        self._timers.append(Every(clock, CURVE_EVERY_NS, self._keep_curve))
        self._live.busy = self.trading.under_way
        self._live.on_jump_seen.append(self.disarm)
        self._live.on_jump += [self.trading.clock_jumped, *(account.restart for account in self._accounts)]
        async with asyncio.TaskGroup() as group:
            for account in self._accounts:
                group.create_task(account.run())
            group.create_task(control.serve(self.trading, self._live.desk.board, self._journal.path.parent))
            if self.fitness is not None and self.guard is not None:
                self.guard.start()
                group.create_task(self.fitness.run())
            if self.notes is not None:
                group.create_task(self.notes.run())
            if self.arm_usd is not None:
                notice = self._live.trouble.notice
                group.create_task(arm_soon(self.trading, self.arm_usd, notice, self._called_off))
            await asyncio.get_running_loop().create_future()

    def disarm(self, why: str) -> None:
        """Nobody may be watching: armed no more, and not about to be."""
        self._disarmed = why
        self.trading.runner.disarm(why)

    def _called_off(self) -> str:
        return self._disarmed or self.trading.called_off

    def open_in_words(self) -> str:
        """What stays open if everything ended now."""
        pairs = self.trading.pairs()
        if not pairs:
            return "nothing is open"
        return "; ".join(f"{pair.base} ({pair.hedge}) is {pair.state.value}" for pair in pairs)

    def _keep(self) -> None:
        for paper in self._papers:
            paper.keep()

    def _keep_curve(self) -> None:
        self._journal.keep(_CURVE, msgspec.json.encode(list(self.trading.equity_curve)), log.error)

    async def close(self) -> None:
        """After the last order: everything on disk."""
        for timer in self._timers:
            timer.cancel()
        if self.guard is not None:
            self.guard.stop()
        for account in self._accounts:
            await account.account.close()
        for paper in self._papers:
            paper.executor.stop()
        self._keep()
        self._keep_curve()
        if not await asyncio.to_thread(self._journal.close):
            self._live.trouble.notice("error", f"the disk did not take the end of {self._journal.path} in time")


@asynccontextmanager
async def paper_orders(settings: Settings, live: Live, clock: WallClock, data_dir: Path) -> AsyncIterator[Orders]:
    """Paper on every venue of this run. Raises ArbtuiError for a journal, or a paper account, that cannot be read."""
    path = journal_path(data_dir)
    async with _journal(path) as journal:
        heard = _Later()
        papers = [
            PaperVenue(running, live, settings, clock, journal, journals.kept(path, paper_name(name)), heard)
            for name, running in live.venues.items()
        ]
        carriers = {paper.name: paper.carrier(live.venues[paper.name].markets) for paper in papers}
        trading = _trading("PAPER", carriers, settings, live, clock, journal)
        heard.to = trading
        orders = Orders(trading, journal, live, papers, [])
        try:
            yield orders
        finally:
            await orders.close()


@asynccontextmanager
async def account_orders(
    settings: Settings,
    live: Live,
    clock: WallClock,
    data_dir: Path,
    credentials: Credentials,
    network: NetworkSettings,
    public: Budgets,
    arm_usd: Decimal | None = None,
) -> AsyncIterator[Orders]:
    """The accounts whose keys are there. ``public``: budgets of public requests, which some venues count together.

    Disarmed; with ``arm_usd`` it arms itself once, for so much. Raises ArbtuiError where there are no keys, and as
    ``paper_orders`` does.
    """
    keys = keys_of(credentials, tuple(live.venues))
    path = journal_path(data_dir)
    async with AsyncExitStack() as stack:
        journal = await stack.enter_async_context(_journal(path))
        rng = random.Random()
        privates = await spoken(accounts_of(keys, settings), network, clock, rng, partial(kind_unknown, live))
        budgets = Budgets([limit for private in privates.values() for limit in _limits(private)], beside=public)
        rest = Rest(network, budgets, clock, recorder=None, rng=rng, timeout_s=ORDER_TIMEOUT_S)
        wire = Wire(await stack.enter_async_context(rest), network, clock, rng)
        heard = _Later()
        accounts = {
            name: AccountVenue(
                private,
                Environment(settings.venues[name].environment),
                keys[name],
                live.venues[name],
                live,
                wire,
                heard,
                over_sockets=settings.venues[name].orders == "socket",
            )
            for name, private in privates.items()
        }
        carriers = {name: account.carrier() for name, account in accounts.items()}
        holders = {name: Holder(one.markets, one.key_rights, one.real) for name, one in accounts.items()}
        fitness = KeyFitness(holders, allow_withdraw=settings.live.allow_withdraw_keys, notice=live.trouble.notice)
        trading = _trading(live.desk.mode, carriers, settings, live, clock, journal, unfit=fitness.why_not)
        heard.to = trading
        trading.on_change(fitness.heard)
        ledgers = trading.ledgers.values()
        keep_worlds(journal, ledgers, {name: settings.venues[name].environment for name in accounts})
        notes = AccountNotes(
            journal, {name: Asked(fingerprint(keys[name]), one.account_id) for name, one in accounts.items()}
        )
        await notes.check(ledgers)
        orders = Orders(trading, journal, live, [], list(accounts.values()))
        orders.notes = notes
        orders.fitness, orders.guard, orders.arm_usd = fitness, guard_of(trading, settings.live.stream_down_s), arm_usd
        try:
            yield orders
        finally:
            await orders.close()


def keys_found(credentials: Credentials, venues: Iterable[str]) -> tuple[dict[str, Keys], dict[str, str]]:
    """Keys of the venues that have all they need; and what is missing of others that have some, in words."""
    found, lacking = dict[str, Keys](), dict[str, str]()
    for name in venues:
        given, private = credentials.by_venue.get(name), registry.private(name)
        if not given or private is None:
            continue
        missing = [field for field in private.key_fields if field not in given]
        if missing:
            lacking[name] = f"{name} needs {', '.join(private.key_fields)}; {missing[0]} is missing"
        else:
            found[name] = Keys({field: given[field].get_secret_value() for field in private.key_fields})
    return found, lacking


def keys_of(credentials: Credentials, venues: Iterable[str]) -> dict[str, Keys]:
    """Keys of the venues that have all they need. Raises ConfigError where none has, or one lacks a field."""
    found, lacking = keys_found(credentials, venues)
    if lacking:
        raise ConfigError(f"{next(iter(lacking.values()))}.")
    if not found:
        can = ", ".join(registry.tradable())
        raise ConfigError(f"no keys are set for any exchange of this run that takes orders ({can}).")
    return found


def accounts_of(keys: Mapping[str, Keys], settings: Settings) -> dict[str, tuple[PrivateVenue, Environment, Keys]]:
    """Those of ``keys`` that have a private side."""
    return {
        name: (private, Environment(settings.venues[name].environment), of_venue)
        for name, of_venue in keys.items()
        if (private := registry.private(name)) is not None
    }


def kind_unknown(live: Live, name: str, error: ArbtuiError) -> None:
    live.trouble.notice("warning", f"{UNKNOWN_KIND.format(name)} ({error})")


def _limits(private: PrivateVenue) -> Iterator[RestLimit]:
    """Its own buckets, and those that the venue counts for public and private requests together."""
    own = {(limit.host, limit.bucket) for limit in private.trade_limits}
    yield from private.trade_limits
    for limit in registry.venue(private.name).rest_limits:
        if (limit.host, limit.bucket) not in own:
            yield replace(limit, share=PRIVATE_SHARE)


class _Later:
    """A sink for executors that are made before the one who listens."""

    to: Trading | None = None

    def __call__(self, event: AccountEvent) -> None:
        assert self.to is not None, "an executor spoke before it was started"
        self.to.hear(event)


def _trading(
    word: str,
    carriers: Mapping[str, Carrier],
    settings: Settings,
    live: Live,
    clock: WallClock,
    journal: Journal,
    unfit: Callable[[], str] = lambda: "",
) -> Trading:
    desk = live.desk
    trading = Trading(
        word,
        carriers,
        clock=clock,
        journal=journal,
        prices=BoardPrices(desk.board, clock, desk.wire_texts),
        depth=partial(depth_of, desk.board, clock, desk.wire_texts),
        policy=policy_of(settings),
        limits=limits_of(settings),
        notice=live.trouble.notice,
        curve=_curve(journal.path),
        muted=partial(_silenced, desk.board),
        arm_for_s=settings.live.arm_minutes * 60.0,
        unfit=unfit,
    )
    entries = journals.read(journal.path)
    live.needed = trading.bases
    trading.restore(Record(entry.t_ns, entry.hedge, entry.kind, entry.body) for entry in entries)
    return trading


def _silenced(board: Board, leg: str) -> str | None:
    slot = slot_of(board, leg)
    return slot.silenced if slot is not None else None


def _curve(path: Path) -> list[tuple[int, float]]:
    kept = journals.kept(path, _CURVE)
    try:
        return msgspec.json.decode(kept, type=list[tuple[int, float]]) if kept is not None else []
    except msgspec.DecodeError as error:
        raise JournalError(f"the equity curve in {path} cannot be read ({error}); move the file away.") from None


@asynccontextmanager
async def _journal(path: Path) -> AsyncIterator[Journal]:
    journal = Journal(path, asyncio.get_running_loop().call_soon_threadsafe)
    try:
        yield journal
    finally:
        await asyncio.to_thread(journal.close)
