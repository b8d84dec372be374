"""How an account is heard."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from arbtui.core.model import Market
from arbtui.core.orders import Balance, ReadDone, ReadFailed, ReadKind, StreamState, Unanswered
from arbtui.execution.health import AccountHealth, Health

T0 = 1_000


def one(health: Health) -> AccountHealth:
    (account,) = health.accounts()
    return account


def watched() -> Health:
    return Health({"okx": (False, {Market.SPOT: "trading", Market.PERP: "trading"})})


def stream(state: Literal["up", "down"], t_ns: int, *markets: Market) -> StreamState:
    return StreamState(venue="okx", markets=markets, state=state, text="why", t_ns=t_ns)


def failed(reason: None = None) -> ReadFailed:
    return ReadFailed(
        venue="okx", market=Market.PERP, kind=ReadKind.FEES, text="no answer in 5 s", t_ns=T0, reason=reason
    )


def test_an_account_that_never_said_a_word_was_never_heard() -> None:
    account = one(watched())
    assert (account.venue, account.paper, account.heard_ns) == ("okx", False, None)
    assert not account.streams


def test_each_market_has_the_last_word_on_its_stream() -> None:
    health = watched()
    health.hear(stream("up", T0, Market.SPOT, Market.PERP))
    health.hear(stream("down", T0 + 1, Market.PERP))
    told = one(health).streams
    assert (told[Market.SPOT].state, told[Market.PERP].state) == ("up", "down")


def test_silence_and_our_own_findings_are_no_word_of_the_account() -> None:
    health = watched()
    health.hear(Unanswered(venue="okx", client_id="a", verb="place", text="", t_ns=T0))
    health.hear(failed())
    health.hear(stream("down", T0, Market.PERP))
    assert one(health).heard_ns is None


def test_its_last_word_is_the_newest_whatever_came_last() -> None:
    health = watched()
    for t_ns in (T0 + 5, T0):
        health.hear(Balance(venue="okx", wallet="trading", asset="USDT", total=Decimal(1), free=None, t_ns=t_ns))
    assert one(health).heard_ns == T0 + 5


def test_a_question_that_failed_is_named_until_it_is_answered() -> None:
    health = watched()
    health.hear(failed())
    assert [each.kind for each in one(health).failed] == [ReadKind.FEES]
    health.hear(ReadDone(venue="okx", market=Market.PERP, kind=ReadKind.FEES, asked_ns=T0, t_ns=T0))
    assert not one(health).failed


def test_a_venue_without_an_account_in_this_run_is_nobody_s() -> None:
    health = watched()
    health.hear(Balance(venue="bybit", wallet="unified", asset="USDT", total=Decimal(1), free=None, t_ns=T0))
    assert [account.venue for account in health.accounts()] == ["okx"]
