"""In which world, and in whose account, the open hedges of a journal live: noted in its file, compared at each start.

A hedge is looked after where it was opened and nowhere else. Through the keys of another account its legs would look
as if the exchange had taken them away, and what is done about that would be done to somebody else's positions. So a
run on such keys trades nothing, says so, and leaves the rest to a person.

Of an account two things are noted, and neither is a secret: a fingerprint of the API key, and the account's own id once
the exchange has told it. The same key is the same account; another key is, where the exchange says so.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from arbtui.core.errors import ArbtuiError, JournalError, RefusalReason, VenueRefused
from arbtui.execution.ledger import Ledger
from arbtui.storage import journal as journals
from arbtui.storage.journal import Journal
from arbtui.venues.private import Keys

log = logging.getLogger(__name__)

_NotesT = TypeVar("_NotesT")

AGAIN_S = 60.0  # an account that could not be asked whose it is
_PASSING = frozenset({RefusalReason.RATE_LIMITED, RefusalReason.BANNED, RefusalReason.MAINTENANCE})
_WORLDS = "worlds"
_ACCOUNTS = "accounts"


class Whose(msgspec.Struct, frozen=True):
    """``account`` "": the venue has not told it."""

    key: str
    account: str = ""


@dataclass(frozen=True)
class Asked:
    """The account of this run on one venue. ``ask`` brings its own id, "" where it is not told; raises ArbtuiError."""

    key: str
    ask: Callable[[], Awaitable[str]]


def fingerprint(keys: Keys) -> str:
    """Of the API key, or of the address that stands for it; nobody gets back from it to what it was made of."""
    named = keys.get("api_key") or keys.get("address").lower()
    return hashlib.sha256(f"arbtui {named}".encode()).hexdigest()[:16]


def open_on(ledgers: Iterable[Ledger]) -> dict[str, str]:
    """The venues on which a hedge is open, each with one such hedge."""
    live = [led for led in ledgers if led.turns and not (led.state.ended and not led.unsettled())]
    return {leg.venue: ledger.hedge for ledger in live for leg in ledger.intent.legs}


def keep_worlds(journal: Journal, ledgers: Iterable[Ledger], worlds: Mapping[str, str]) -> None:
    """Note in the journal's file which environment each account is in.

    Raises JournalError where an open hedge was opened in another environment than this run's.
    """
    before = _noted(journal.path, _WORLDS, dict[str, str])
    for venue, hedge in open_on(ledgers).items():
        if venue in worlds and before.get(venue, worlds[venue]) != worlds[venue]:
            raise JournalError(
                f"hedge {hedge} is open on {venue} in its environment {before[venue]}, and this run's there is "
                f"{worlds[venue]}: set it back in config.toml to look after that hedge."
            )
    journal.keep(_WORLDS, msgspec.json.encode({**before, **worlds}), log.error)


def accounts_in(path: Path) -> dict[str, Whose]:
    """Whose the accounts of a journal are, by venue. Raises JournalError."""
    return _noted(path, _ACCOUNTS, dict[str, Whose])


async def another_account(venue: str, hedge: str, had: Whose, now: Asked) -> tuple[str, str]:
    """(why keys are not known to be of the account in which ``hedge`` is open, in words, "" where they are; its id)."""
    if had.key == now.key:
        return "", had.account
    others = f"the keys of {venue} are not those with which hedge {hedge} was opened"
    if not had.account:
        return f"{others}, and {venue} has not told whose those were", ""
    try:
        account = await now.ask()
    except ArbtuiError as error:
        return f"{others}, and whose they are could not be asked: {str(error).rstrip('.')}", ""
    if not account:
        return f"{others}, and {venue} does not tell whose they are", ""
    if account != had.account:
        here, there = f"another account ({account})", f"the open hedge {hedge} ({had.account})"
        return f"the keys of {venue} belong to {here} than {there}", ""
    return "", account


class AccountNotes:
    """The accounts of one run. ``check`` before anything is sent, ``run`` beside everything else."""

    def __init__(self, journal: Journal, accounts: Mapping[str, Asked]) -> None:
        self._journal = journal
        self._accounts = accounts
        self._noted: dict[str, Whose] = {}

    async def check(self, ledgers: Iterable[Ledger]) -> None:
        """Raises JournalError where a hedge is open in another account than this run's, or may be."""
        path, noted = self._journal.path, accounts_in(self._journal.path)
        at_stake = open_on(ledgers)
        for venue, one in self._accounts.items():
            had = noted.get(venue)
            account = had.account if had is not None and had.key == one.key else ""
            if had is not None and venue in at_stake:
                why, account = await another_account(venue, at_stake[venue], had, one)
                if why:
                    raise JournalError(
                        f"{why}; nothing is traded until you decide: put that account's keys back to look after the "
                        f"hedge, or, if nothing of it is open any more, move {path} away."
                    )
            noted[venue] = Whose(one.key, account)
        self._noted = noted
        self._keep()

    async def run(self) -> None:
        """Ask every venue that has not told yet whose its keys are. Returns when all have, or will not."""
        asked = {venue: one for venue, one in self._accounts.items() if not self._noted[venue].account}
        await asyncio.gather(*(self._ask(venue, one) for venue, one in asked.items()))

    async def _ask(self, venue: str, one: Asked) -> None:
        while True:
            try:
                account = await one.ask()
            except ArbtuiError as error:
                if isinstance(error, VenueRefused) and error.reason not in _PASSING:
                    log.info("%s does not tell whose its keys are: %s", venue, error)
                    return
                log.info("%s could not be asked whose its keys are: %s", venue, error)
                await asyncio.sleep(AGAIN_S)
                continue
            if account:
                self._noted[venue] = Whose(one.key, account)
                self._keep()
            return

    def _keep(self) -> None:
        self._journal.keep(_ACCOUNTS, msgspec.json.encode(self._noted), log.error)


def _noted(path: Path, name: str, kind: type[_NotesT]) -> _NotesT:
    kept = journals.kept(path, name)
    try:
        return msgspec.json.decode(kept if kept is not None else b"{}", type=kind)
    except msgspec.DecodeError as error:
        raise JournalError(f"the {name} in {path} cannot be read ({error}); move the file away.") from None
