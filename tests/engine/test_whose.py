"""Whose accounts the open hedges of a journal are: other keys are compared by the venue's own word, never guessed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from arbtui.config import Paths, load
from arbtui.core.errors import ArbtuiError, JournalError, RefusalReason, TransportBroken, VenueRefused
from arbtui.engine import whose
from arbtui.engine.by_rest import accounts_by_rest
from arbtui.engine.whose import AccountNotes, Asked, Whose, accounts_in, fingerprint
from arbtui.execution.ledger import Ledger
from arbtui.net.gateway import NetworkSettings
from arbtui.storage.journal import Journal
from arbtui.venues import registry
from arbtui.venues.private import Keys
from tests.engine.trading_stage import ENOUGH, Stage
from tests.sim.support import served


def hedged() -> tuple[str, list[Ledger]]:
    """A hedge on binance and okx."""
    stage = Stage().ready()
    stage.trading.arm(ENOUGH)
    return stage.hedged(), list(stage.trading.ledgers.values())


def says(*answers: str | ArbtuiError) -> Callable[[], Awaitable[str]]:
    """One after another, the last one for ever."""
    left = list(answers)

    async def ask() -> str:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, ArbtuiError):
            raise answer
        return answer

    return ask


async def begun(path: Path, ledgers: list[Ledger], **accounts: Asked) -> dict[str, Whose]:
    """A run starts, asks what it does not know, and ends; what its journal then notes."""
    journal = Journal(path, asyncio.get_running_loop().call_soon_threadsafe)
    try:
        notes = AccountNotes(journal, accounts)
        await notes.check(ledgers)
        await notes.run()
    finally:
        assert journal.close()
    return accounts_in(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite3"


async def test_an_account_is_noted_once_the_venue_has_told_it_and_not_asked_again(path: Path) -> None:
    first = await begun(path, [], okx=Asked("a", says("7")), binance=Asked("b", says("")))
    assert first == {"okx": Whose("a", "7"), "binance": Whose("b")}
    again = await begun(path, [], okx=Asked("a", says(TransportBroken("nobody asks"))), bybit=Asked("c", says("9")))
    assert again == first | {"bybit": Whose("c", "9")}


async def test_a_new_key_of_the_same_account_looks_after_the_open_hedge(path: Path) -> None:
    _, ledgers = hedged()
    await begun(path, ledgers, okx=Asked("old", says("7")))
    assert await begun(path, ledgers, okx=Asked("new", says("7"))) == {"okx": Whose("new", "7")}


REFUSED = VenueRefused("okx knows no such key", reason=RefusalReason.NOT_AUTHORISED, code="50111")


@pytest.mark.parametrize(
    ("told", "asks", "why"),
    [
        ("7", says("8"), r"the keys of okx belong to another account \(8\) than the open hedge {hedge} \(7\)"),
        (
            "7",
            says(REFUSED),
            "are not those with which hedge {hedge} was opened, and whose they are could not be asked",
        ),
        ("7", says(""), "and okx does not tell whose they are"),
        ("", says("7"), "and okx has not told whose those were"),
    ],
)
async def test_keys_of_another_account_or_of_nobody_knows_whose_trade_nothing_while_a_hedge_is_open(
    told: str, asks: Callable[[], Awaitable[str]], why: str, path: Path
) -> None:
    hedge, ledgers = hedged()
    noted = await begun(path, ledgers, okx=Asked("old", says(told)))
    with pytest.raises(JournalError, match=why.format(hedge=hedge)) as refused:
        await begun(path, ledgers, okx=Asked("new", asks))
    assert "nothing is traded until you decide: put that account's keys back" in str(refused.value)
    assert accounts_in(path) == noted, "what was noted stays"
    assert (await begun(path, ledgers, okx=Asked("old", says(told))))["okx"].key == "old", "its own keys go on"


async def test_where_nothing_is_open_another_account_is_no_matter(path: Path) -> None:
    _, ledgers = hedged()
    await begun(path, [], okx=Asked("old", says("7")), bybit=Asked("b", says("2")))
    assert (await begun(path, [], okx=Asked("new", says("8"))))["okx"] == Whose("new", "8")
    assert (await begun(path, ledgers, bybit=Asked("c", says("3"))))["bybit"] == Whose("c", "3")


async def test_a_venue_that_could_not_be_asked_is_asked_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whose, "AGAIN_S", 0.0)
    noted = await begun(
        path, [], okx=Asked("a", says(TransportBroken("a cut line"), "7")), bybit=Asked("b", says(REFUSED))
    )
    assert noted == {"okx": Whose("a", "7"), "bybit": Whose("b")}


async def test_notes_that_cannot_be_read_are_no_notes_to_trade_by(path: Path) -> None:
    await begun(path, [], okx=Asked("a", says("7")))
    journal = Journal(path, asyncio.get_running_loop().call_soon_threadsafe)
    journal.keep("accounts", b"[1]", lambda text: None)
    assert journal.close()
    with pytest.raises(JournalError, match=r"the accounts in .* cannot be read"):
        await begun(path, [], okx=Asked("a", says("7")))


def test_a_fingerprint_tells_keys_apart_and_holds_nothing_of_them() -> None:
    keys = Keys({"api_key": "AbCdEf123456", "api_secret": "hush"})
    found = fingerprint(keys)
    assert found == fingerprint(Keys({"api_key": "AbCdEf123456", "api_secret": "other"}))
    assert found != fingerprint(Keys({"api_key": "AbCdEf123457", "api_secret": "hush"}))
    assert not any(part in found for part in ("AbCdEf", "123456", "hush"))
    agent = Keys({"private_key": "0x1", "address": "0xABC"})
    assert fingerprint(agent) == fingerprint(Keys({"private_key": "0x2", "address": "0xabc"})), "an agent is replaced"


async def test_every_exchange_tells_whose_keys_are_and_two_accounts_apart() -> None:
    """The simulated ones do, by the endpoints that the documents name for it."""
    names, nowhere = registry.names(), Path("nowhere")
    settings = load(Paths(*[nowhere] * 5), names, environ={}).settings
    async with served(*names, coins=3, rate=0.0) as (server, client), AsyncExitStack() as stack:
        async with client.get("/_sim/accounts") as answer:
            known = await answer.json()
        told = []
        for account in ("main", "second"):
            keys = {name: Keys(known[name][account]) for name in names}
            reached = await accounts_by_rest(keys, settings, NetworkSettings(gateway=server.url), stack)
            told.append({name: await one.account_id() for name, one in reached.items()})
    first, second = told
    assert all(first[name] and second[name] and first[name] != second[name] for name in names)
    assert first["hyperliquid"] == known["hyperliquid"]["main"]["address"].lower()
    assert all(first[name].isdecimal() for name in names if name != "hyperliquid")
