"""``arbtui flatten``: no orders and no positions, whatever state arbtui itself is in.

Where a run holds the mode, it is asked to flatten its hedges (``engine.control``). Else credentials are enough: the
venues say what is open, orders are taken back, positions are closed reduce-only within the flatten band, and the venues
are asked once more what is left. The journal is only looked at for spot that hedges bought; a damaged one costs that,
and no more. Exit code 0: flat by the venues' word; 3: something stays open, or is not known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field, replace
from decimal import Decimal
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
from arbtui.execution.actions import amount
from arbtui.execution.ledger import FILLS_BEFORE_MS, Ledger
from arbtui.net.gateway import NetworkSettings
from arbtui.storage.lock import ModeLock
from arbtui.venues.private import Keys

Say = Callable[[str], None]


@dataclass(frozen=True)
class Flattening:
    """What to do. ``confirm`` is asked once, after the plan was said; ``keys`` by venue."""

    mode: str
    data_dir: Path
    scope: Scope
    dry_run: bool
    say: Say
    confirm: Callable[[], bool]
    keys: Mapping[str, Keys] = field(default_factory=dict)


async def through_engine(job: Flattening) -> int:
    """Ask the run that holds the mode; its exit code. Raises NoEngine where none answers."""
    code = await _ask(job, dry_run=True)
    if job.dry_run or code == EXIT_FLAT:
        return code
    if not job.confirm():
        job.say("nothing was done")
        return EXIT_OPEN
    return await _ask(job, dry_run=False)


async def _ask(job: Flattening, *, dry_run: bool) -> int:
    async with aclosing(ask(job.data_dir, Command(job.scope, dry_run))) as answers:
        async for answer in answers:
            if answer.error is not None:
                raise NoEngine(f"the running arbtui did not understand: {answer.error}")
            if answer.say is not None:
                job.say(answer.say)
            if answer.end is not None:
                return answer.end
    job.say("the running arbtui ended before it was done; flatten again")
    return EXIT_OPEN


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


async def from_credentials(job: Flattening, settings: Settings, network: NetworkSettings) -> int:
    """Flatten the accounts of ``keys`` without any engine; the exit code."""
    lock = ModeLock(job.data_dir)
    if not job.dry_run and not lock.acquire():
        job.say(_held(job, lock))
        return EXIT_OPEN
    try:
        async with AsyncExitStack() as stack:
            wanted = {name: keys for name, keys in job.keys.items() if job.scope.venue in (None, name)}
            reached = await accounts_by_rest(wanted, settings, network, stack)
            return await _Desk(job, reached, Decimal(repr(settings.hedge.flatten_band_bps))).flatten()
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

    def __init__(self, job: Flattening, reached: Mapping[str, AccountByRest], band_bps: Decimal) -> None:
        self._job = job
        self._reached = reached
        self._accounts = {
            name: BareAccount(account, band_bps=band_bps, say=job.say) for name, account in reached.items()
        }
        self._unknown: list[str] = []
        self._bought: list[Bought] = []
        self._journal_read = True

    async def flatten(self) -> int:
        job = self._job
        await self._connect()
        self._look_into_journal()
        await self._look_for_sales()
        seen = await self._open()
        self._plan(seen)
        short = self._short(seen)
        if not any(seen.values()) and not self._bought:
            return self._end({})
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

    def _look_into_journal(self) -> None:
        try:
            found = hedges_in(journal_path(self._job.data_dir)).values()
        except (ArbtuiError, LookupError) as error:
            self._journal_read = False
            self._job.say(f"the journal cannot be read, so spot that hedges bought is not known: {error}")
            return
        for text in sold_out(_meant(found, self._job.scope)):
            self._job.say(text)
        known = frozenset[str]().union(*(ledger.lost_by for ledger in found))
        bought = bought_by(_meant(found, self._job.scope), known)
        self._bought = [one for one in bought if self._job.scope.venue in (None, one.venue)]

    async def _look_for_sales(self) -> None:
        """What a flattening sold before stands in no journal: sold once more, it would be the person's own."""
        bought, self._bought = self._bought, []
        for one in bought:
            account = self._accounts.get(one.venue)
            sold = await account.sold(one) if account is not None else None
            what = f"{one.native} on {one.venue} that hedges bought"
            if sold is None:
                self._unknown.append(f"{amount(one.coins)} {what} are left: whether they were sold is not known")
                continue
            if sold:
                self._job.say(f"{amount(min(sold, one.coins))} {what} were sold by an earlier flattening")
            if sold < one.coins:
                self._bought.append(replace(one, coins=one.coins - sold))

    async def _open(self) -> dict[str, Open]:
        found = await asyncio.gather(*(account.open(self._job.scope) for account in self._accounts.values()))
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
                self._job.say(f"{would}close, {self._accounts[name].words(position)}")
            for text in open_now.failed:
                self._job.say(text)
        for bought in self._bought:
            self._job.say(f"{would}sell on {bought.venue}: {amount(bought.coins)} {bought.native} that hedges bought")

    async def _one(self, account: BareAccount) -> None:
        await account.cancel(self._job.scope)
        await account.flatten(self._job.scope)
        for bought in self._bought:
            if bought.venue == account.name and not await account.sell(bought):
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
            for text in open_now.failed:
                say(text)
        for text in self._unknown:
            say(text)
        if any(left.values()) or self._unknown:
            return EXIT_OPEN
        asked = ", ".join(self._accounts)
        say(f"flat by the word of {asked} ({self._job.scope})" if asked else f"no account is meant ({self._job.scope})")
        return EXIT_FLAT


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
