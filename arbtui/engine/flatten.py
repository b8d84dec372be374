"""``arbtui flatten``: no orders and no positions, whatever state arbtui itself is in.

Where a run holds the mode, it is asked to flatten its hedges (``engine.control``). For all accounts that it has not,
and where none runs for all, credentials are enough: the venues say what is open, orders are taken back, positions are
closed reduce-only within the flatten band, and the venues are asked once more what is left. The journal is only looked
at for what hedges hold: spot that they bought, and legs that these keys do not reach; a damaged one costs that, and no
more. Whatever was not looked at is named. Exit code 0: flat by the venues' word; 3: something stays open, or is not
known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import chain
from pathlib import Path

from arbtui.config import Settings
from arbtui.core.clock import NS_PER_MS
from arbtui.core.errors import ArbtuiError
from arbtui.core.model import Market
from arbtui.engine.bare_account import BareAccount, Bought, Open
from arbtui.engine.by_rest import AccountByRest, accounts_by_rest, connect_all
from arbtui.engine.control import EXIT_FLAT, EXIT_OPEN, Command, NoEngine, Scope, ask, in_words
from arbtui.engine.journal import hedges_in
from arbtui.engine.orders import journal_path
from arbtui.engine.unheard import learn
from arbtui.engine.whose import Asked, Whose, accounts_in, another_account, fingerprint
from arbtui.execution.actions import amount
from arbtui.execution.ledger import FILLS_BEFORE_MS, Ledger
from arbtui.net.gateway import NetworkSettings
from arbtui.storage.lock import ModeLock
from arbtui.venues.private import Keys

Say = Callable[[str], None]


@dataclass(frozen=True)
class Flattening:
    """What to do. ``confirm`` is asked after each plan was said; ``keys`` by venue; ``lacking``: venues whose keys are
    not whole, and what is missing.
    """

    mode: str
    data_dir: Path
    scope: Scope
    dry_run: bool
    say: Say
    confirm: Callable[[], bool]
    keys: Mapping[str, Keys] = field(default_factory=dict)
    lacking: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Through:
    """What the running engine answered. ``holds``: the venues that are its business, None = it did not say.

    ``declined``: a person saw the plan and said no.
    """

    code: int
    holds: frozenset[str] | None
    declined: bool = False


async def through_engine(job: Flattening) -> Through:
    """Ask the run that holds the mode. Raises NoEngine where none answers."""
    planned = await _ask(job, dry_run=True)
    if job.dry_run or planned.code == EXIT_FLAT:
        return planned
    if not job.confirm():
        job.say("nothing was done")
        return replace(planned, declined=True)
    return await _ask(job, dry_run=False)


async def _ask(job: Flattening, *, dry_run: bool) -> Through:
    holds: frozenset[str] | None = None
    async with aclosing(ask(job.data_dir, Command(job.scope, dry_run))) as answers:
        async for answer in answers:
            if answer.error is not None:
                raise NoEngine(f"the running arbtui did not understand: {answer.error}")
            if answer.holds is not None:
                holds = frozenset(answer.holds)
                if job.scope.venue in job.keys and job.scope.venue not in holds:
                    return Through(EXIT_FLAT, holds)  # nothing of what is meant is its business
            if answer.say is not None:
                job.say(answer.say)
            if answer.end is not None:
                return Through(answer.end, holds)
    job.say("the running arbtui ended before it was done; flatten again")
    return Through(EXIT_OPEN, holds)


async def beside_engine(job: Flattening, through: Through, settings: Settings, network: NetworkSettings) -> int:
    """Flatten what the running engine has no account of; the exit code of both together."""
    if through.declined or (not job.keys and not job.lacking):
        return through.code
    if through.holds is None:
        job.say(
            "the running arbtui does not say which accounts it has, so no other was looked at: end it, flatten again"
        )
        return EXIT_OPEN
    keys = {name: keys for name, keys in job.keys.items() if name not in through.holds}
    lacking = {name: why for name, why in job.lacking.items() if name not in through.holds}
    tied = _tied(job, keys, through.holds)
    for name, why in tied.items():
        job.say(f"{name} was not looked at: {why}")
    rest = replace(job, keys={name: of for name, of in keys.items() if name not in tied}, lacking=lacking)
    code = EXIT_FLAT
    if rest.keys or rest.lacking:
        code = await from_credentials(rest, settings, network, beside=through.holds)
    return max(through.code, code, EXIT_OPEN if tied else EXIT_FLAT)


def _tied(job: Flattening, keys: Mapping[str, Keys], holds: frozenset[str]) -> dict[str, str]:
    """Venues of ``keys`` where a leg must not be closed, in words: the engine would be left with the other one."""
    try:
        ledgers = _meant(hedges_in(journal_path(job.data_dir)).values(), job.scope)
    except (ArbtuiError, LookupError) as error:
        why = f"what hedges hold there cannot be read beside the running arbtui ({error}); end it, then flatten again"
        return dict.fromkeys(keys, why)
    tied: dict[str, str] = {}
    for ledger in ledgers:
        venues = {leg.venue for leg in ledger.intent.legs}
        for name in venues & keys.keys() if venues & holds else ():
            other = ", ".join(sorted(venues & holds))
            tied[name] = f"hedge {ledger.hedge} has its other leg on {other}; end that arbtui, then flatten again"
    return tied


def on_paper(job: Flattening) -> int:
    """Paper without a run: what stays open there, by its journal. Nothing is changed."""
    path = journal_path(job.data_dir)
    lock = ModeLock(job.data_dir)
    if path.exists() and not lock.acquire():
        job.say(_held(job, lock))
        return EXIT_OPEN
    lock.release()
    try:
        ledgers = _meant(hedges_in(path).values(), job.scope)
    except (ArbtuiError, LookupError) as error:
        job.say(f"what is open on paper is not known: {error}")
        return EXIT_OPEN
    if not ledgers:
        job.say(f"nothing is open on {job.mode.lower()} ({job.scope})")
        return EXIT_FLAT
    for ledger in ledgers:
        job.say(f"{in_words(ledger)}: stays open")
    job.say("paper is kept by the run itself: start arbtui in this mode, then flatten again, or close there by key")
    return EXIT_OPEN


async def from_credentials(
    job: Flattening, settings: Settings, network: NetworkSettings, *, beside: frozenset[str] | None = None
) -> int:
    """Flatten the accounts of ``keys`` without any engine; the exit code.

    ``beside``: the venues of the run that holds the mode meanwhile, which are none of these.
    """
    lock = ModeLock(job.data_dir)
    if not job.dry_run and beside is None and not lock.acquire():
        job.say(_held(job, lock))
        return EXIT_OPEN
    try:
        async with AsyncExitStack() as stack:
            wanted = {name: keys for name, keys in job.keys.items() if job.scope.venue in (None, name)}
            reached = await accounts_by_rest(wanted, settings, network, stack)
            return await _Desk(job, reached, Decimal(repr(settings.hedge.flatten_band_bps)), beside or ()).flatten()
    finally:
        lock.release()


def _held(job: Flattening, lock: ModeLock) -> str:
    owner = f"process {lock.owner()}" if lock.owner() else "another process"
    return (
        f"{owner} sends the orders of {job.mode} and does not answer (it may still be starting); nothing was done: "
        "wait a moment or end it, then flatten again"
    )


class _Desk:
    """All accounts of one flattening. ``unknown``: sentences about what nobody could say."""

    def __init__(
        self, job: Flattening, reached: Mapping[str, AccountByRest], band_bps: Decimal, spared: Collection[str]
    ) -> None:
        """``spared``: venues that are looked after elsewhere."""
        self._job = job
        self._reached = reached
        self._spared = spared
        self._accounts = {
            name: BareAccount(account, band_bps=band_bps, say=job.say) for name, account in reached.items()
        }
        lacking = {name: why for name, why in job.lacking.items() if job.scope.venue in (None, name)}
        self._unknown: list[str] = [f"{name} was not looked at: {why}" for name, why in lacking.items()]
        self._bought: list[Bought] = []
        self._hedges: list[Ledger] = []  # open ones of what is meant, by the journal and by what venues told since
        self._taken: frozenset[str] = frozenset()  # sales of an earlier flattening that they have taken into account
        self._sold: dict[tuple[str, str], Decimal | None] = {}  # by others of those, None = not known
        self._doubts: dict[str, list[str]] = {}  # orders on spot there of which it is not known what became
        self._mine: set[str] = set()  # venues whose keys are of the account in which hedges are open there
        self._journal_read = True

    async def flatten(self) -> int:
        job = self._job
        await self._connect()
        await self._look_into_journal()
        seen = await self._open()
        self._plan(seen)
        short = self._short(seen)
        if not any(open_now.to_do for open_now in seen.values()) and not self._bought:
            return self._end(seen)
        if job.dry_run:
            job.say("nothing was sent")
            return EXIT_OPEN
        if not job.confirm():
            job.say("nothing was done")
            return EXIT_OPEN
        await asyncio.gather(*(self._one(account) for account in self._accounts.values()))
        left = await self._open()
        await self._look_at_spot(short)
        return self._end(left)

    async def _connect(self) -> None:
        for name, why in (await connect_all(self._reached)).items():
            del self._accounts[name]
            self._unknown.append(f"{name} cannot be asked: {why}")

    async def _look_into_journal(self) -> None:
        path, scope = journal_path(self._job.data_dir), self._job.scope
        try:
            found, noted = hedges_in(path).values(), accounts_in(path)
        except (ArbtuiError, LookupError) as error:
            self._journal_read = False
            self._job.say(f"the journal cannot be read, so spot that hedges bought is not known: {error}")
            return
        ledgers = _meant(found, scope)
        meant = {venue: hedge for venue, hedge in _held_on(ledgers).items() if scope.venue in (None, venue)}
        self._mine = meant.keys() & self._reached.keys() - await self._of_others(meant, noted)
        self._hedges, self._taken = ledgers, frozenset[str]().union(*(ledger.lost_by for ledger in found))
        for venue in sorted(self._mine):
            if venue in self._accounts:
                self._doubts[venue] = await learn(self._reached[venue], ledgers, resting=True)
            self._bought += await self._to_sell(venue)
        for text in sold_out(ledgers):
            self._job.say(text)

    async def _of_others(self, meant: Mapping[str, str], noted: Mapping[str, Whose]) -> set[str]:
        """Venues where hedges are open in accounts that these keys are not of, or that they do not reach, noted down.

        What a hedge bought is not there, and what is there in its place belongs to somebody else.
        """
        others: set[str] = set()
        for venue, hedge in meant.items():
            account, why = self._reached.get(venue), ""
            if account is None:
                why = (
                    ""
                    if venue in {*self._spared, *self._job.lacking}
                    else f"hedge {hedge} has a leg there, and no keys"
                )
            elif venue in noted and venue in self._accounts:
                asked = Asked(fingerprint(account.keys), account.account_id)
                why, _ = await another_account(venue, hedge, noted[venue], asked)
            if why:
                others.add(venue)
                self._unknown.append(f"what hedges hold on {venue} was not looked at: {why}")
        return others

    async def _to_sell(self, venue: str) -> list[Bought]:
        """Spot that hedges hold there. What a flattening sold before stands in no journal: sold once more, it would be
        the person's own.
        """
        found: list[Bought] = []
        for one in bought_by(self._hedges, self._taken):
            if one.venue != venue:
                continue
            what, where = f"{one.native} on {one.venue} that hedges bought", (one.venue, one.native)
            if where not in self._sold:
                account = self._accounts.get(venue)
                sold = self._sold[where] = await account.sold(one) if account is not None else None
                if sold:
                    self._job.say(f"{amount(min(sold, one.coins))} {what} were sold by an earlier flattening")
                elif sold is None:
                    self._unknown.append(f"{amount(one.coins)} {what} are left: whether they were sold is not known")
            before = self._sold[where]
            if before is not None and before < one.coins:
                found.append(replace(one, coins=one.coins - before))
        return found

    async def _open(self) -> dict[str, Open]:
        found = await asyncio.gather(*(account.with_waiting(self._job.scope) for account in self._accounts.values()))
        return dict(zip(self._accounts, found, strict=True))

    def _plan(self, seen: Mapping[str, Open]) -> None:
        would = "would " if self._job.dry_run else "to "
        for name, open_now in seen.items():
            for order in open_now.orders:
                price = f" at {amount(order.price)}" if order.price is not None else ""
                qty = f" {amount(order.qty)}" if order.qty is not None else ""
                what = f"{order.side.value}{qty} {order.native}{price} ({order.client_id or order.order_id})"
                self._job.say(f"{would}cancel on {name}: {what}")
            for position in open_now.positions:
                words, cannot = self._accounts[name].words(position), self._accounts[name].cannot(position)
                self._job.say(f"{words}: {cannot}" if cannot else f"{would}close, {words}")
            for text in open_now.failed:
                self._job.say(text)
        for bought in self._bought:
            self._job.say(f"{would}sell on {bought.venue}: {amount(bought.coins)} {bought.native} that hedges bought")

    async def _one(self, account: BareAccount) -> None:
        await account.cancel(self._job.scope)
        await account.flatten(self._job.scope)
        if account.name not in self._mine:
            return
        self._doubts[account.name] = await learn(self._reached[account.name], self._hedges, resting=False)
        for bought in await self._to_sell(account.name):
            if not await account.sell(bought):
                self._unknown.append(f"{account.name}: {bought.native} that hedges bought is not known to be sold")

    def _short(self, seen: Mapping[str, Open]) -> dict[str, Decimal]:
        """Coins that the perpetual positions together are short of: so many may be held as spot against them."""
        sums: dict[str, Decimal] = {}
        for name, open_now in seen.items():
            for position in open_now.positions:
                base, coins = self._accounts[name].coins(position) or ("", Decimal(0))
                sums[base] = sums.get(base, Decimal(0)) - coins
        return {base: coins for base, coins in sums.items() if coins > 0}

    async def _look_at_spot(self, short: Mapping[str, Decimal]) -> None:
        """Without a journal nobody knows what hedges bought: where a short was closed, spot may stand there bare."""
        if self._journal_read or not short:
            return
        for name, account in self._accounts.items():
            found = await account.perhaps_bought(short)
            if found is None:
                self._unknown.append(f"what spot there is on {name} cannot be read")
                continue
            self._unknown += [
                f"{text}, and a short of that coin was closed: look whether a hedge bought it" for text in found
            ]

    def _end(self, left: Mapping[str, Open]) -> int:
        say = self._job.say
        for name, open_now in left.items():
            for order in open_now.orders:
                say(f"stays open on {name}: order {order.client_id or order.order_id} in {order.native}")
            for position in open_now.positions:
                say(f"stays open, {self._accounts[name].words(position)}")
            for one in open_now.waiting:
                say(f"stays open on {name}: {one.native} {one.text}, which waits for its price; cancel it there")
            for text in open_now.failed:
                say(text)
        unknown = [*self._unknown, *chain.from_iterable(self._doubts.values())]
        for text in unknown:
            say(text)
        if any(left.values()) or unknown:
            return EXIT_OPEN
        asked = ", ".join(self._accounts)
        say(f"flat by the word of {asked} ({self._job.scope})" if asked else f"no account is meant ({self._job.scope})")
        return EXIT_FLAT


def _held_on(ledgers: Iterable[Ledger]) -> dict[str, str]:
    """The venues on which a leg of a hedge holds something, or may, each with one such hedge."""
    found: dict[str, str] = {}
    for ledger in ledgers:
        waiting = {line.leg for line in ledger.unsettled()}
        for index, leg in enumerate(ledger.intent.legs):
            if ledger.position(index) or index in waiting:
                found[leg.venue] = ledger.hedge
    return found


def bought_by(ledgers: Sequence[Ledger], known: frozenset[str] = frozenset()) -> list[Bought]:
    """Spot that hedges hold, one entry an instrument. ``known``: sales that they have taken into account."""
    sums: dict[tuple[str, str, str], Decimal] = {}
    since_ms: dict[tuple[str, str, str], int] = {}
    for ledger in ledgers:
        for index, leg in enumerate(ledger.intent.legs):
            held = ledger.position(index)
            if leg.market is Market.SPOT and held > 0:
                where = (leg.venue, leg.native, leg.terms.asset)
                sums[where] = sums.get(where, Decimal(0)) + held
                last_ms = ledger.last_ns // NS_PER_MS - FILLS_BEFORE_MS
                since_ms[where] = min(since_ms.get(where, last_ms), last_ms)
    return [Bought(*where, coins, since_ms[where], known) for where, coins in sorted(sums.items())]


def sold_out(ledgers: Iterable[Ledger]) -> list[str]:
    """Spot that hedges sold out of what the account had before, in words: flattening gives back and buys nothing."""
    return [
        f"{leg.venue}: hedge {ledger.hedge} sold {amount(-held)} {leg.native} of what the account had; it is not "
        "bought back, do that there if you want it again"
        for ledger in ledgers
        for index, leg in enumerate(ledger.intent.legs)
        if leg.market is Market.SPOT and (held := ledger.position(index)) < 0
    ]


def _meant(ledgers: Iterable[Ledger], scope: Scope) -> list[Ledger]:
    """Hedges that have not ended, of what is meant."""
    return [
        ledger
        for ledger in ledgers
        if not ledger.state.ended and any(scope.holds(leg.venue, ledger.intent.base) for leg in ledger.intent.legs)
    ]
