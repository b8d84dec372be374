"""``arbtui check --keys``: what each exchange says of the keys it is given. Nothing is sent but questions.

What is asked is what a run would ask before its first order, of the coins that are named, or else of the perpetual that
trades most; the words stand in ``check_keys_lines``.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from arbtui.config import Credentials, Paths, Settings
from arbtui.core.errors import ArbtuiError, RefusalReason, VenueRefused
from arbtui.core.events import Ticker
from arbtui.core.model import Instrument, Market, TradingStatus
from arbtui.core.orders import AccountEvent, AccountMode, FeeRates, LeverageRead, ReadFailed, ReadKind
from arbtui.core.units import positive_or_none
from arbtui.engine.by_rest import AccountByRest, accounts_by_rest
from arbtui.engine.check import report
from arbtui.engine.check_keys_lines import KeyFacts, NotTold, could_trade, lines
from arbtui.engine.check_lines import CheckLine, Verdict
from arbtui.engine.check_sockets import tried
from arbtui.net.gateway import NetworkSettings
from arbtui.venues import registry
from arbtui.venues.private import Keys

_T = TypeVar("_T")
_EventT = TypeVar("_EventT", AccountMode, LeverageRead, FeeRates)

OK, NOT_ALL = 0, 1
WITHIN_S = 30.0  # all questions to one exchange; where a limit is used up they wait for it
AGAIN_S = 2.5  # after a limit that exchanges count by seconds


async def run_check_keys(
    settings: Settings, network: NetworkSettings, credentials: Credentials, where: Paths, named: Sequence[str]
) -> int:
    """Print a report to stdout; 0 if every exchange that was asked could trade, else 1.

    Asked are those that are ``named``; without names those that are enabled and have keys, of which there must be one.
    """
    asked = list(dict.fromkeys(named)) or [name for name in settings.enabled_venues() if credentials.by_venue.get(name)]
    bare = {name: _before(name, settings, credentials, where) for name in asked}
    whole = [name for name, facts in bare.items() if all(field in facts.origins for field in facts.wanted)]
    if whole:
        sys.stderr.write(f"asking {', '.join(whole)}; no order is sent\n")
    facts = bare | await _ask(whole, bare, settings, network, credentials)
    found = [lines(facts[name], allow_withdraw=settings.live.allow_withdraw_keys) for name in asked]
    able = sum(could_trade(of_venue) for of_venue in found)
    covers = f"{able} of {len(asked)} exchanges could trade with these keys"
    if not asked:
        covers = f"no exchange that is enabled has keys: write them to {where.credentials}, a section [venue] for each"
    told = [line for of_venue in found for line in of_venue] + _left_out(settings, asked, named)
    for text in report(told, covers, colour=sys.stdout.isatty()):
        sys.stdout.write(text + "\n")
    sys.stdout.flush()
    return OK if asked and able == len(asked) else NOT_ALL


def _left_out(settings: Settings, asked: Sequence[str], named: Sequence[str]) -> list[CheckLine]:
    names = [] if named else [name for name in settings.enabled_venues() if name not in asked]
    return [CheckLine(name, "keys", Verdict.SKIPPED, "none; not asked") for name in names]


def _before(name: str, settings: Settings, credentials: Credentials, where: Paths) -> KeyFacts:
    """What is known without asking."""
    private = registry.private(name)
    assert private is not None, f"{name} has no private side"
    of_venue = settings.venues[name]
    fees = settings.fees.get(name)
    rates = {"spot": fees.spot, "perp": fees.perp} if fees is not None else {}
    return KeyFacts(
        venue=name,
        environment=of_venue.environment,
        markets=[market for market in registry.venue(name).markets if market.value in of_venue.markets],
        wanted=private.key_fields,
        origins={field: origin for (venue, field), origin in credentials.origins.items() if venue == name},
        place=str(where.credentials),
        fees_set={
            (Market(market), kind): bps
            for market, of_market in rates.items()
            for kind, bps in (("maker", of_market.maker_bps), ("taker", of_market.taker_bps))
            if bps is not None
        },
    )


async def _ask(
    names: Sequence[str],
    before: Mapping[str, KeyFacts],
    settings: Settings,
    network: NetworkSettings,
    credentials: Credentials,
) -> dict[str, KeyFacts]:
    keys = {
        name: Keys({field: credentials.by_venue[name][field].get_secret_value() for field in before[name].wanted})
        for name in names
    }
    async with AsyncExitStack() as stack:
        accounts = await accounts_by_rest(keys, settings, network, stack)
        bases = settings.market.symbols
        by_socket = {name: network if settings.venues[name].orders == "socket" else None for name in names}
        found = await asyncio.gather(*(_facts(accounts[name], before[name], bases, by_socket[name]) for name in names))
    return {facts.venue: facts for facts in found}


async def _facts(
    account: AccountByRest, before: KeyFacts, bases: Sequence[str], sockets: NetworkSettings | None
) -> KeyFacts:
    """``sockets``: how those for orders are reached; None: they are not used."""
    until_s = asyncio.get_running_loop().time() + WITHIN_S
    unreached = await _answered(account.connect(), until_s)
    if isinstance(unreached, NotTold):
        return replace(before, reach_error=unreached.text)
    rights = await _answered(account.key_rights(), until_s)
    modes = {market: await _told(account, AccountMode, ReadKind.MODE, market, until_s) for market in before.markets}
    chosen = {market: await _chosen(account, market, bases, until_s) for market in before.markets}
    leverages = {
        native: await _told(account, LeverageRead, ReadKind.LEVERAGE, Market.PERP, until_s, native)
        for native in chosen.get(Market.PERP, ())
    }
    fees = {
        (market, native): await _told(account, FeeRates, ReadKind.FEES, market, until_s, native)
        for market, natives in chosen.items()
        for native in natives
    }
    return replace(
        before,
        has_clock=account.offset.exists,
        clock_offset_ms=account.offset.about_ms,
        rights=rights,
        modes=modes,
        leverages=leverages,
        fees=fees,
        sockets=None if sockets is None else await tried(account, sockets, before.markets, random.Random()),
    )


async def _answered(question: Awaitable[_T], until_s: float) -> _T | NotTold:
    """Its answer, or why there is none. Whoever waits too long for one has no time left for the next."""
    try:
        async with asyncio.timeout_at(until_s):
            return await question
    except TimeoutError:
        return NotTold(f"not answered within {WITHIN_S:.0f} s", RefusalReason.RATE_LIMITED)
    except VenueRefused as refused:
        return NotTold(str(refused), refused.reason)
    except ArbtuiError as error:
        return NotTold(str(error))


async def _told(
    account: AccountByRest, kind: type[_EventT], asked: ReadKind, market: Market, until_s: float, native: str = ""
) -> _EventT | NotTold:
    answered = await _answered(account.read(asked, market, native), until_s)
    if not isinstance(answered, NotTold) and _reason(answered[0]) is RefusalReason.RATE_LIMITED:
        await asyncio.sleep(AGAIN_S)  # another run may have used it up a moment ago
        answered = await _answered(account.read(asked, market, native), until_s)
    if isinstance(answered, NotTold):
        return answered
    told, why = answered
    answer = next((event for event in told if isinstance(event, kind)), None)
    if answer is not None and not why:
        return answer
    return NotTold(why or f"{account.name} told no {asked.value} of {native or market.value}", _reason(told))


def _reason(told: Sequence[AccountEvent]) -> RefusalReason | None:
    return next((event.reason for event in told if isinstance(event, ReadFailed)), None)


async def _chosen(account: AccountByRest, market: Market, bases: Sequence[str], until_s: float) -> list[str]:
    """What is asked about: instruments of the named coins, the most traded of each; else the most traded one."""
    listed = [one for one in account.listed[market].values() if one.status is TradingStatus.TRADING]
    volumes = await _volumes(account, market, listed, until_s)
    groups = [[one for one in listed if one.base == base] for base in bases] if bases else [listed]
    return [max(group, key=lambda one: volumes.get(one.native, Decimal(0))).native for group in groups if group]


async def _volumes(
    account: AccountByRest, market: Market, listed: Sequence[Instrument], until_s: float
) -> dict[str, Decimal]:
    """24 h volumes in quote currencies, as far as they are told: good enough to choose by."""
    natives = [one.native for one in listed]
    events = await _answered(account.market_events(market, natives), until_s)
    if isinstance(events, NotTold):
        return {}  # it only serves to choose: then the first one that is listed is asked about
    found: dict[str, Decimal] = {}
    for event in events:
        if isinstance(event, Ticker) and (volume := _quote_volume(event)) is not None:
            found[natives[event.slot]] = volume
    return found


def _quote_volume(ticker: Ticker) -> Decimal | None:
    if ticker.vol_24h_quote is not None:
        return positive_or_none(ticker.vol_24h_quote)
    coins, last = ticker.vol_24h_coins or ticker.vol_24h_wire, ticker.last
    amount, price = positive_or_none(coins or ""), positive_or_none(last or "")
    return amount * price if amount is not None and price is not None else None
