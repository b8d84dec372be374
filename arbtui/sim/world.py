"""The truth: coins with true prices, and what every simulated venue makes of them.

Time moves in steps of ``STEP_NS``. Step k is a function of the seed, the listings and k alone, so the same seed gives
the same truth however the process was scheduled; faults never reach in here (halts and delistings, which are part of
the truth, apart). A step walks the coins' prices, starts and ends dislocations, and lets some instruments follow the
price of their coin: ``rate`` such changes a second over all instruments, popular coins more often.

    world = World(seed=7, coins=200, rate=2000, scenario=SCENARIOS["default"], start_ns=now)
    world.add(Terms(venue="binance", market="perp", native="BTCUSDT", quote="USDT", ...), coin)
    for change in world.advance_to(now): ...        # Change(listing, best)
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from arbtui.sim.coins import TWIN, TWIN_VENUES, Coin, make_coins, stablecoin, twin_of
from arbtui.sim.listing import Listing, Market, Status, Terms, salt_of
from arbtui.sim.scenario import Scenario

STEP_NS = 20_000_000
WALK_EVERY = 10  # steps between two moves of one coin
NS_PER_S = 1_000_000_000
_MOST_STEPS = 100  # a process that slept longer does not make up for it
_USD_QUOTES = ("USDT", "USDC")
_SHARE = {  # of all coins, how many a venue lists in a market (the most popular are everywhere)
    ("perp", "USDT"): 88,
    ("spot", "USDT"): 62,
    ("perp", "USDC"): 12,
    ("spot", "USDC"): 18,
}


class Change(NamedTuple):
    """A book changed; ``best`` tells whether its best prices or their sizes did."""

    listing: Listing
    best: bool


@dataclass(slots=True)
class Dislocation:
    """``moved`` is off by ``shift_bps`` from ``from_ns`` to ``to_ns``; ``other`` is the leg to trade it against."""

    moved: Listing
    other: Listing
    shift_bps: float
    from_ns: int
    to_ns: int
    slot: int

    @property
    def buy(self) -> Listing:
        return self.other if self.shift_bps > 0 else self.moved

    @property
    def sell(self) -> Listing:
        return self.moved if self.shift_bps > 0 else self.other


def lively(rank: int) -> float:
    """Popular coins move a few times as often as the rest, so that a demo has no dead corners."""
    return 1.0 / (1.0 + rank / 50.0)


class World:
    """See the module. ``listings`` is in the order of listing; ``by_key`` is keyed ``venue.market.native``."""

    def __init__(self, *, seed: int, coins: int, rate: float, scenario: Scenario, start_ns: int) -> None:
        self.seed = seed
        self.rate = rate
        self.scenario = scenario
        self.activity = lively  # how often a coin of this rank moves beside others; counts from the next listing on
        self.start_ns = start_ns - start_ns % STEP_NS
        self.steps = 0
        self.coins = make_coins(seed, coins)
        self.usdc = stablecoin()
        self.twin = next((twin_of(coin) for coin in self.coins if coin.name == TWIN), None)
        self.listings: list[Listing] = []
        self.by_key: dict[str, Listing] = {}
        self.dislocations: list[Dislocation] = []  # announced, under way, and of the last minutes
        self._walks = random.Random(f"walks/{seed}")
        self._moves = random.Random(f"moves/{seed}")
        self._plans = random.Random(f"plans/{seed}")
        self._slots_free_ns = [self.start_ns + 300_000_000 * slot for slot in range(scenario.dislocations)]
        self._owed = 0.0
        self._slack = 1.0
        self._movers: list[Listing] = []
        self._weights: list[float] = []
        self._settled = False

    # -- listing -------------------------------------------------------------------------------------------------

    @property
    def now_ns(self) -> int:
        return self.start_ns + self.steps * STEP_NS

    def offered(self, venue: str, market: Market, quote: str) -> Iterator[Coin]:
        """The coins that ``venue`` has in ``market`` against ``quote``: the top ones always, others by the seed.

        A ticker that means another coin on this venue comes as that other coin. USDC itself (spot, against USDT) is
        not among them: it is ``world.usdc``.
        """
        share = _SHARE[market, quote]
        always = 10 if quote == "USDC" else 20
        for coin in self.coins:
            if self.is_offered(venue, market, quote, coin, share, always):
                yield self.twin if coin.name == TWIN and venue in TWIN_VENUES and self.twin else coin

    def is_offered(self, venue: str, market: Market, quote: str, coin: Coin, share: int, always: int) -> bool:
        if coin.rank < always:
            return True
        if quote == "USDC" and coin.rank >= 60:
            return False
        return salt_of(self.seed, f"offer/{venue}/{market}/{quote}/{coin.name}") % 100 < share

    def interval_h(self, venue: str, coin: Coin) -> int:
        """A funding interval for a venue that has 1, 2, 4 and 8 h: the majors 8 h, the rest mixed."""
        if coin.rank < 3:
            return 8
        return (8, 8, 4, 4, 8, 4, 1, 2)[salt_of(self.seed, f"interval/{venue}/{coin.name}") % 8]

    def starts_halted(self, venue: str, market: Market, coin: Coin) -> bool:
        """Whether this venue has the coin's instrument halted from the start (about one of sixty)."""
        return coin.rank >= 12 and salt_of(self.seed, f"halt/{venue}/{market}/{coin.name}") % 60 == 0

    def fair_of(self, coin: Coin, terms: Terms) -> float:
        """The coin's true price in the instrument's own wire units."""
        return coin.price / self.ccy_rate(terms.price_ccy or terms.quote) * float(terms.price_factor)

    def ccy_rate(self, ccy: str) -> float:
        """USDT for one unit of ``ccy``."""
        if ccy == "USDT":
            return 1.0
        if ccy in ("USDC", "USD"):
            return self.usdc.price
        return next(coin.price for coin in self.coins if coin.ticker == ccy)

    def add(self, terms: Terms, coin: Coin) -> Listing:
        """List an instrument from now on."""
        key = f"{terms.venue}.{terms.market}.{terms.native}"
        if key in self.by_key:
            raise ValueError(f"{key} is listed already")
        listing = Listing(terms, coin, self.fair_of(coin, terms), salt_of(self.seed, key), self.now_ns)
        if coin is self.usdc:
            listing.basis_bps /= 10
            listing.half_spread_bps = 0.2
        self.listings.append(listing)
        self.by_key[key] = listing
        self._settled = False
        return listing

    def remove(self, listing: Listing) -> None:
        """Take an instrument off the venue's list for good."""
        self.listings.remove(listing)
        del self.by_key[listing.key]
        self._settled = False

    def set_status(self, listing: Listing, status: Status) -> None:
        """Only what is ``trading`` or ``close_only`` moves."""
        listing.status = status
        self._settled = False

    def of(self, venue: str, market: Market | None = None) -> list[Listing]:
        """A venue's instruments in listing order, those that only fill its lists included."""
        return [x for x in self.listings if x.venue == venue and (market is None or x.market == market)]

    # -- time ----------------------------------------------------------------------------------------------------

    def advance_to(self, t_ns: int) -> Iterator[Change]:
        """Take every step up to ``t_ns``, yielding each change while it is the newest. A long sleep is skipped.

        Nothing happens until it is iterated; whoever looks at a book between two changes sees it between them.
        """
        due = (t_ns - self.start_ns) // STEP_NS - self.steps
        if due > _MOST_STEPS:
            self.start_ns += (due - _MOST_STEPS) * STEP_NS
            due = _MOST_STEPS
        for _ in range(due):
            yield from self._step()

    def run_to(self, t_ns: int) -> int:
        """The same for whom the changes do not matter; how many there were."""
        return sum(1 for _ in self.advance_to(t_ns))

    def _step(self) -> Iterator[Change]:
        if not self._settled:
            self._settle()
        self.steps += 1
        now_ns = self.now_ns
        self._walk_coins(now_ns)
        for listing in self._dislocate(now_ns):
            yield self._follow(listing, now_ns)
        if not self._movers:
            return
        self._owed += self.rate * STEP_NS / NS_PER_S
        count = int(self._owed)
        self._owed -= count
        for listing in self._moves.choices(self._movers, cum_weights=self._weights, k=count):
            yield self._follow(listing, now_ns)

    def _settle(self) -> None:
        """Who moves, how often, and how far coins may walk so that the slowest book still keeps up."""
        self._movers = [x for x in self.listings if x.status in ("trading", "close_only") and not x.terms.quiet]
        weights = [self.activity(x.coin.rank) for x in self._movers]
        self._weights = list(accumulate(weights))
        if self._movers and self.rate > 0:
            slowest_s = self._weights[-1] / (self.rate * min(weights))
            self._slack = min(1.0, 5.0 / max(1.0, slowest_s**0.5))
        self._settled = True

    def _walk_coins(self, now_ns: int) -> None:
        gauss = self._walks.gauss
        scale = self.scenario.volatility * self._slack * (WALK_EVERY * STEP_NS / NS_PER_S) ** 0.5 / 1e4
        for coin in self.coins[self.steps % WALK_EVERY :: WALK_EVERY]:
            coin.price *= 1.0 + coin.volatility_bps * scale * gauss(0.0, 1.0)
        usdc = self.usdc
        usdc.price += gauss(0.0, 1.0) * 2e-6 + (1.0002 - usdc.price) * 0.001
        if self.twin is not None:
            self.twin.price *= 1.0 + self.twin.volatility_bps * scale * gauss(0.0, 0.3)
        if now_ns % NS_PER_S < STEP_NS:
            for coin in self.coins:
                coin.index = coin.price
            usdc.index = usdc.price
            if self.twin is not None:
                self.twin.index = self.twin.price

    def _follow(self, listing: Listing, now_ns: int) -> Change:
        fair = self.fair_of(listing.coin, listing.terms) * (1.0 + (listing.basis_bps + listing.shift_bps) / 1e4)
        draw = self._moves.getrandbits(48)
        jitter = (draw & 0xFFFF) / 32768.0 - 1.0
        jump = 1 + (draw >> 32) % listing.terms.seq_jump
        return Change(listing, listing.move(fair, jitter, draw >> 16 & 0xFFFF, jump, now_ns))

    # -- dislocations --------------------------------------------------------------------------------------------

    def _dislocate(self, now_ns: int) -> list[Listing]:
        """Begin and end what is due; the instruments whose price jumped by that."""
        jumped: list[Listing] = []
        for d in self.dislocations:
            if d.to_ns <= now_ns and d.moved.shift_bps and d.to_ns > now_ns - STEP_NS:
                d.moved.shift_bps = 0.0
                jumped.append(d.moved)
        for slot, free_ns in enumerate(self._slots_free_ns):
            if free_ns <= now_ns and (begun := self._begin(slot, now_ns)) is not None:
                self.dislocations.append(begun)
                begun.moved.shift_bps = begun.shift_bps
                jumped.append(begun.moved)
        if len(self.dislocations) > 200:
            self.dislocations = [d for d in self.dislocations if d.to_ns > now_ns - 120 * NS_PER_S]
        return [x for x in jumped if x.status == "trading"]

    def _begin(self, slot: int, now_ns: int) -> Dislocation | None:
        """Slot 0 takes one of the five most popular coins, the others one of sixty."""
        plans = self._plans
        coin = plans.choice(self.coins[: 5 if slot == 0 else 60])
        up = plans.random() < 0.5
        off_bps = plans.uniform(*self.scenario.off_bps)
        to_ns = now_ns + int(plans.uniform(*self.scenario.last_s) * NS_PER_S)
        pick = plans.random()
        self._slots_free_ns[slot] = to_ns + int(plans.uniform(*self.scenario.pause_s) * NS_PER_S)
        legs = [x for x in self.listings if x.coin is coin and x.status == "trading" and not x.terms.quiet]
        perps = [x for x in legs if x.market == "perp"]
        free = [x for x in perps if not x.shift_bps]
        if not free or len(legs) < 2:
            return None
        moved = free[int(pick * len(free))]
        rest = [x for x in perps if x is not moved]
        away = [x for x in rest if x.venue != moved.venue]
        if not rest:  # against spot only the perp can be sold
            up, rest = True, [x for x in legs if x is not moved]
        other = (away or rest)[int(pick * 997) % len(away or rest)]
        return Dislocation(moved, other, off_bps if up else -off_bps, now_ns, to_ns, slot)

    # -- mark, index, funding: functions of the last whole second --------------------------------------------------

    def index_of(self, listing: Listing) -> int:
        """Index price in units of ``listing.mark_price``, constant for a second."""
        terms = listing.terms
        rate = 1.0 if listing.price_ccy == "USDT" else self.usdc.index if listing.price_ccy in _USD_QUOTES else None
        rate = self.ccy_rate(listing.price_ccy) if rate is None else rate
        return listing.mark_price.nearest(listing.coin.index / rate * float(terms.price_factor))

    def mark_of(self, listing: Listing) -> int:
        """Mark price in units of ``listing.mark_price``: the index and the venue's basis, constant for a second."""
        return max(1, round(self.index_of(listing) * (1.0 + listing.basis_bps / 1e4)))

    def funding_of(self, listing: Listing) -> int:
        """The running estimate for the next settlement, in 1e-8 per interval. Changes once a minute."""
        minute = self.now_ns // (60 * NS_PER_S)
        own = (listing.salt >> 3) % 4001 - 1500  # -0.15..0.25 bp per hour
        wiggle = salt_of(listing.salt, str(minute)) % 401 - 200
        return (own + wiggle) * listing.interval_h

    def next_funding_ms(self, listing: Listing) -> int:
        """When the next settlement is: whole multiples of the interval, UTC."""
        period_ms = listing.interval_h * 3_600_000
        now_ms = self.now_ns // 1_000_000
        return now_ms - now_ms % period_ms + period_ms
