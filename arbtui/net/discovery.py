"""Which instruments there are: asked at start, every 30 minutes, and when a venue says that something changed.

Each request of a market stands alone: one that fails keeps the old set of its product and is tried again after 30 s.
Whether an answer is believed (an empty or halved list is not) is the market's rule, not ours.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from arbtui.core.clock import NS_PER_S, Clock
from arbtui.core.errors import ArbtuiError, ProtocolBroken, RefusalReason, TransportBroken, VenueRefused
from arbtui.core.events import Event, Listing
from arbtui.core.model import Market
from arbtui.net.rest import Rest, decode
from arbtui.venues.base import Environment, HttpRequest, Tables, Venue

REFRESH_S = 1800.0
RETRY_S = 30.0
FIRST_RETRY_S = 3.0  # while there is no instrument at all, a person is waiting
LEAST_PAUSE_S = 2.5  # however often something is said to have changed
MAX_PAGES = 50


class DiscoveryHost(Protocol):
    """Who takes what was found."""

    def take_listing(self, venue: str, listing: Listing) -> str | None:
        """Take a product's listing in; the reason in words if it is not believed."""
        ...

    def apply(self, venue: str, event: Event) -> None: ...

    def notice(self, level: str, text: str) -> None: ...

    def count_error(self, venue: str, error: ArbtuiError) -> None: ...


@dataclass
class ProductReport:
    """What the last refresh of one product brought; ``error`` "" when it was good."""

    market: Market
    product: str
    instruments: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    bad: list[str] = field(default_factory=list)
    refreshed_ns: int | None = None
    disbelieved_ns: int | None = None  # when the first of the answers in a row came that were not believed
    error: str = ""


class Discovery:
    """One venue, one market."""

    def __init__(
        self,
        venue: Venue,
        market: Market,
        env: Environment,
        tables: Tables,
        rest: Rest,
        clock: Clock,
        host: DiscoveryHost,
        rng: random.Random,
    ) -> None:
        self._venue = venue
        self._market = market
        self._env = env
        self._tables = tables
        self._rest = rest
        self._clock = clock
        self._host = host
        self._rng = rng
        self._poke = asyncio.Event()
        self.reports: dict[str, ProductReport] = {}
        self.error = ""  # of the last refresh, "" when all of it was good
        self.unreachable = False  # no request of the last refresh was answered at all
        self.done_once = asyncio.Event()  # the first refresh has ended, well or not
        self.ready = asyncio.Event()  # there is at least one instrument

    def poke(self) -> None:
        """Something changed at the venue: refresh soon, not at the next half hour."""
        self._poke.set()

    @property
    def disbelieved(self) -> str:
        """Which listing is not believed, why and since when, in words; "" = all are."""
        for report in self.reports.values():
            if report.disbelieved_ns is not None:
                since = datetime.fromtimestamp(report.disbelieved_ns / NS_PER_S, UTC)
                return f"{report.error}; not believed since {since:%Y-%m-%d %H:%M} UTC, the instruments of before stand"
        return ""

    async def run(self) -> None:
        """Refresh for ever."""
        while True:
            self._poke.clear()  # what changes while the questions are under way is asked for once more
            good = await self.refresh()
            refreshed_s = asyncio.get_running_loop().time()
            self.done_once.set()
            if good:
                pause_s = REFRESH_S * self._rng.uniform(0.95, 1.05)
            else:
                pause_s = RETRY_S if self.ready.is_set() else FIRST_RETRY_S * self._rng.uniform(1.0, 2.0)
            try:
                async with asyncio.timeout(pause_s):
                    await self._poke.wait()
                since_s = asyncio.get_running_loop().time() - refreshed_s
                await asyncio.sleep(
                    max(self._rng.uniform(0.2, 1.0), LEAST_PAUSE_S - since_s)
                )  # several pokes, one refresh
            except TimeoutError:
                pass

    async def refresh(self) -> bool:
        """Ask everything once; whether all of it was good."""
        errors = []
        requests = self._venue.instrument_requests(self._env, self._market)
        unanswered = 0
        for request in requests:
            try:
                await self._refresh_one(request)
            except ArbtuiError as error:
                if isinstance(error, ProtocolBroken):
                    self._host.count_error(self._venue.name, error)
                unanswered += _means_nobody(error)
                errors.append(str(error))
        self.unreachable = unanswered == len(requests)
        if errors and errors[0] != self.error:
            self._host.notice("warning", f"{self._venue.name} {self._market}: {errors[0]}")
        self.error = errors[0] if errors else ""
        return not errors

    async def _refresh_one(self, request: HttpRequest) -> None:
        listings: dict[str, Listing] = {}
        page: HttpRequest | None = request
        for _ in range(MAX_PAGES):
            if page is None:
                break
            answer = await self._rest.fetch(self._venue.name, page)
            for event in await decode(self._venue, page, answer, self._tables):
                if isinstance(event, Listing):
                    join_page(listings, event)
                else:
                    self._host.apply(self._venue.name, event)
            page = self._venue.next_page(page, answer.body)
        for listing in listings.values():
            self._take(listing)

    def _take(self, listing: Listing) -> None:
        report = self.reports.setdefault(listing.product, ProductReport(listing.market, listing.product))
        disbelieved = self._host.take_listing(self._venue.name, listing)
        report.error = disbelieved or ""
        if disbelieved:
            if report.disbelieved_ns is None:
                report.disbelieved_ns = listing.t_ns
            raise ProtocolBroken("listing_disbelieved", disbelieved)
        report.disbelieved_ns = None
        report.instruments = len(listing.instruments)
        report.dropped = dict(listing.dropped)
        report.bad = list(listing.bad)
        report.refreshed_ns = listing.t_ns
        if listing.instruments:
            self.ready.set()


def _means_nobody(error: ArbtuiError) -> bool:
    """Whether the venue as a whole did not answer, rather than this one question."""
    if isinstance(error, VenueRefused):
        return error.reason in (RefusalReason.RATE_LIMITED, RefusalReason.BANNED, RefusalReason.REGION_BLOCKED)
    return isinstance(error, TransportBroken)


def join_page(listings: dict[str, Listing], page: Listing) -> None:
    """Pages of one product become one listing in ``listings``."""
    whole = listings.get(page.product)
    if whole is None:
        listings[page.product] = page
        return
    dropped = dict(whole.dropped)
    for reason, count in page.dropped.items():
        dropped[reason] = dropped.get(reason, 0) + count
    listings[page.product] = Listing(
        market=whole.market,
        product=whole.product,
        instruments=whole.instruments + page.instruments,
        t_ns=page.t_ns,
        partial=whole.partial,
        dropped=dropped,
        bad=whole.bad + page.bad,
    )
