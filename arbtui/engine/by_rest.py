"""Accounts reached with nothing but keys, by REST: no engine, no journal, no stream.

What stands below `arbtui flatten` and `arbtui check --keys`: what a venue lists, its clock, one question after another,
and everything that was answered since one looked last.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack

from arbtui.config import Settings
from arbtui.core.clock import Clock
from arbtui.core.errors import ArbtuiError
from arbtui.core.events import Event, Listing
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import AccountEvent, ReadDone, ReadFailed, ReadKind
from arbtui.engine.orders import ORDER_TIMEOUT_S, UNKNOWN_KIND, accounts_of
from arbtui.net.account import Account
from arbtui.net.budget import Budgets
from arbtui.net.dialects import spoken
from arbtui.net.discovery import MAX_PAGES, join_page
from arbtui.net.gateway import NetworkSettings
from arbtui.net.keyrights import account_id, key_rights
from arbtui.net.rest import Rest, decode
from arbtui.net.snapshots import ClockOffset
from arbtui.net.wallclock import WallClock
from arbtui.venues import registry
from arbtui.venues.base import Environment, HttpRequest, Tables, Venue
from arbtui.venues.private import HidesWaiting, KeyRights, Keys, PrivateVenue, WaitingOrder

log = logging.getLogger(__name__)


class AccountByRest:
    """``connect`` first. ``public`` and ``rest``: for questions about the market, and for those of the account."""

    def __init__(
        self,
        venue: Venue,
        private: PrivateVenue,
        env: Environment,
        keys: Keys,
        *,
        public: Rest,
        rest: Rest,
        clock: Clock,
        rng: random.Random,
    ) -> None:
        self.name = venue.name
        self.venue = venue
        self.private = private
        self.env = env
        self.keys = keys
        self.public = public
        self.rest = rest
        self.clock = clock
        self.listed: dict[Market, dict[str, Instrument]] = {}
        self.offset = ClockOffset(venue, env, Tables({}), public, clock, rng)
        self.account = Account(
            private,
            env,
            keys,
            instruments=lambda market: self.listed.get(market, {}),
            rest=rest,
            clock=clock,
            offset_ms=lambda: self.offset.about_ms,
            sink=self._hear,
        )
        self._heard: list[AccountEvent] = []
        self._listeners: list[Callable[[AccountEvent], object]] = []

    async def connect(self) -> None:
        """What is listed, and the venue's clock. Raises ArbtuiError."""
        if (request := self.venue.time_request(self.env)) is not None:
            await self.offset.measure(request)
        for market in self.venue.markets:
            listings: dict[str, Listing] = {}
            for request in self.venue.instrument_requests(self.env, market):
                await self._pages(request, market, listings)
            found = [instrument for listing in listings.values() for instrument in listing.instruments]
            self.listed[market] = {instrument.native: instrument for instrument in found}

    async def close(self) -> None:
        await self.account.close()

    def listen(self, hear: Callable[[AccountEvent], object]) -> None:
        """``hear`` is given every event from now on."""
        self._listeners.append(hear)

    async def settled(self) -> list[AccountEvent]:
        """Wait for what is under way; everything that was told since the last call."""
        await self.account.settled()
        told, self._heard = self._heard, []
        return told

    async def read(
        self, kind: ReadKind, market: Market, native: str = "", since_ms: int | None = None
    ) -> tuple[list[AccountEvent], str]:
        """What is told, and why it is not known to be all; "" where it is."""
        self.account.read(kind, market, native, since_ms)
        told = await self.settled()
        if any(isinstance(event, ReadDone) for event in told):
            return told, ""
        return told, next((event.text for event in told if isinstance(event, ReadFailed)), "no answer")

    async def waiting(self) -> tuple[list[WaitingOrder], str]:
        """Orders that wait for their price and stand in no list of open ones; why they are not known, else ""."""
        found: list[WaitingOrder] = []
        if not isinstance(self.private, HidesWaiting):
            return found, ""
        try:
            for make in self.private.waiting_orders(self.env, self.keys):
                if wait_s := self.rest.wait_s(make(self.account.stamp_ms()).request):
                    await asyncio.sleep(wait_s)
                call = make(self.account.stamp_ms())
                answer = await self.rest.carry(call.request)
                found += call.read(answer.status, answer.body)
        except ArbtuiError as error:
            return found, str(error)
        return found, ""

    async def market_events(self, market: Market, natives: Sequence[str]) -> list[Event]:
        """All that REST tells of a market at once; slots count through ``natives``. Raises ArbtuiError."""
        tables = Tables({market: {native: number for number, native in enumerate(natives)}})
        found: list[Event] = []
        for request in self.venue.snapshot_requests(self.env, market):
            found += await self.public.ask(self.venue, request, tables)
        return found

    async def key_rights(self) -> KeyRights | None:
        """What the key may do, as ``venues.private.TellsRights`` says and raises; and TransportBroken."""
        return await key_rights(self.private, self.env, self.keys, self.rest, self.account.stamp_ms)

    async def account_id(self) -> str:
        """How the venue calls the account, as ``venues.private.TellsAccount`` says and raises; and TransportBroken."""
        return await account_id(self.private, self.env, self.keys, self.rest, self.account.stamp_ms)

    def _hear(self, event: AccountEvent) -> None:
        self._heard.append(event)
        for hear in self._listeners:
            hear(event)

    async def _pages(self, request: HttpRequest, market: Market, listings: dict[str, Listing]) -> None:
        page: HttpRequest | None = request
        for _ in range(MAX_PAGES):
            if page is None:
                return
            answer = await self.public.fetch(self.name, page)
            events: Sequence[Event] = await decode(self.venue, page, answer, Tables({market: {}}))
            for event in events:
                if isinstance(event, Listing):
                    join_page(listings, event)
            page = self.venue.next_page(page, answer.body)


async def accounts_by_rest(
    keys: Mapping[str, Keys], settings: Settings, network: NetworkSettings, stack: AsyncExitStack
) -> dict[str, AccountByRest]:
    """One account for each venue of ``keys`` that has a private side; closed by ``stack``."""
    clock, rng = WallClock(asyncio.get_running_loop()), random.Random()
    privates = await spoken(accounts_of(keys, settings), network, clock, rng, _kind_unknown)
    venues = {name: registry.venue(name) for name in privates}
    of_market = Budgets([limit for venue in venues.values() for limit in venue.rest_limits])
    of_account = Budgets([limit for private in privates.values() for limit in private.trade_limits])
    public = await stack.enter_async_context(Rest(network, of_market, clock, recorder=None, rng=rng))
    rest = await stack.enter_async_context(
        Rest(network, of_account, clock, recorder=None, rng=rng, timeout_s=ORDER_TIMEOUT_S)
    )
    accounts = {}
    for name, private in privates.items():
        env = Environment(settings.venues[name].environment)
        accounts[name] = AccountByRest(
            venues[name], private, env, keys[name], public=public, rest=rest, clock=clock, rng=rng
        )
        stack.push_async_callback(accounts[name].close)
    return accounts


def _kind_unknown(name: str, error: ArbtuiError) -> None:
    log.warning("%s (%s)", UNKNOWN_KIND.format(name), error)


async def connect_all(accounts: Mapping[str, AccountByRest]) -> dict[str, str]:
    """All at once; why some cannot be asked, by name."""
    results = await asyncio.gather(*(account.connect() for account in accounts.values()), return_exceptions=True)
    failed: dict[str, str] = {}
    for name, result in zip(accounts, results, strict=True):
        if isinstance(result, ArbtuiError):
            failed[name] = str(result)
        elif isinstance(result, BaseException):
            raise result
    return failed
