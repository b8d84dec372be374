"""The engine on live data: all venues at work, which coins they stream, and an end in good order.

    run_live    clock, lock, (the built-in exchanges,) recorder, REST, venues, desk      then the guest
    Live        chooses coins and books, watches the clock, freezes the collector

The loop belongs to the engine; the guest (screen, printer, check) is one task in it. When it returns, or a signal asks
for the end, venues close within two seconds and what was to be kept is written.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal

import msgspec

from arbtui.config import Settings
from arbtui.core.clock import NS_PER_S
from arbtui.core.events import Listing
from arbtui.core.model import Category, Instrument, TradingStatus
from arbtui.core.recorder import Recorder
from arbtui.core.status import FeedState, FeedStatus
from arbtui.engine.build import MARKETS, build_desk
from arbtui.engine.desk import Desk
from arbtui.engine.freeze import freeze
from arbtui.engine.memory import Memory
from arbtui.engine.process import LoopLag, ProcessMeter
from arbtui.engine.settings import Sources
from arbtui.engine.trouble import Trouble
from arbtui.engine.venue import RunningVenue, Surroundings
from arbtui.market.state import Coin, Remedy, Slot
from arbtui.net.connects import Connects
from arbtui.net.gateway import NetworkSettings
from arbtui.net.rest import Rest
from arbtui.net.wallclock import WallClock
from arbtui.strategy.selection import named, second_best_usd, top
from arbtui.venues.base import Environment, Venue

FIRST_LOOK_S = 3.0  # so long the first choice of coins waits for slow venues
RESELECT_S = 60.0
BOOKS_S = 1.0
SAY_DOWN_AFTER_S = 6.0
FINISH_S = 3.0  # after the clock was set: so long hedges under way may take to end
STOOD_S = 4.0  # a loop that comes so late was stopped, not busy
STREAMED = (TradingStatus.TRADING, TradingStatus.CLOSE_ONLY)  # a halted one is silent: REST shows it
STABLE = ("USDC", "USDT", "USD")  # their spot pairs make prices comparable: always streamed


class Live:
    """All venues of this run. ``run`` until cancelled."""

    def __init__(
        self,
        settings: Settings,
        venues: Mapping[str, Venue],
        *,
        mode: str,
        clock: WallClock,
        rest: Rest,
        network: NetworkSettings,
        trouble: Trouble,
        memory: Memory,
        recorder: Recorder | None,
        rng: random.Random,
        sources: Sources | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self.trouble = trouble
        self._lag = LoopLag()
        self.queues: list[_Queue] = []
        self.connects = Connects()  # of everything that connects in this run: venues count them by address
        self._meter = ProcessMeter(self._lag, trouble.counts, lambda: sum(queue.waiting for queue in self.queues))
        self.venues: dict[str, RunningVenue] = {}
        self.desk: Desk = build_desk(
            settings,
            venues,
            mode=mode,
            clock=clock,
            trouble=trouble,
            memory=memory,
            status=self.status,
            process=self._meter.figures,
            sources=sources,
        )
        around = Surroundings(
            board=self.desk.board,
            clock=clock,
            rest=rest,
            network=network,
            connects=self.connects,
            recorder=recorder,
            trouble=trouble,
            rng=rng,
            overridden=self._overridden,
        )
        for name, venue in venues.items():
            chosen = settings.venues[name]
            markets = [MARKETS[market] for market in chosen.markets if MARKETS[market] in venue.markets]
            self.venues[name] = RunningVenue(venue, Environment(chosen.environment), markets, around)
        self.desk.show(())  # none of the coins that REST tells of, until they are chosen
        self.desk.board.on_gap = self._on_gap
        self.desk.board.on_stale = self._on_stale
        self._streamed: list[str] = []
        self.settled = asyncio.Event()  # coins are chosen and their streams asked for
        self.on_jump_seen: list[Callable[[str], None]] = []  # the clock jumped, and time does not follow it yet
        self.on_jump: list[Callable[[str], None]] = []  # it does now
        self.busy: Callable[[], bool] = lambda: False  # whether hedges are under way that a jump must not disturb
        self._jump_s: float | None = None  # when a jump was seen that is not followed yet
        self.needed: Callable[[], Iterable[str]] = tuple  # coins that are streamed though nobody chose them

    async def run(self) -> None:
        """Everything, until cancelled."""
        self.desk.start()
        try:
            async with asyncio.TaskGroup() as group:
                for venue in self.venues.values():
                    group.create_task(venue.run())
                group.create_task(self._lag.run())
                group.create_task(self._choose_coins())
                group.create_task(self._choose_books())
                group.create_task(self._watch())
        finally:
            self.desk.stop()

    def _on_gap(self, slot: Slot, reason: str) -> None:
        self.venues[slot.instrument.venue].book_lost(slot, reason)

    def _on_stale(self, slot: Slot, reason: str, remedy: Remedy) -> None:
        self.venues[slot.instrument.venue].quote_doubted(slot, reason, remedy)

    def status(self) -> Sequence[FeedStatus]:
        return [status for venue in self.venues.values() for status in venue.status()]

    # ---- which coins

    async def _choose_coins(self) -> None:
        await self._first_look()
        while True:
            self._select()
            self.settled.set()
            freeze()
            await self._until_changed(RESELECT_S)

    async def _first_look(self) -> None:
        """Until every venue has shown its instruments and first figures, or has had its time."""
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + FIRST_LOOK_S
        while not (self._all_looked() or (loop.time() > deadline_s and self._any_coin())):
            await self._until_changed(0.2)

    def _all_looked(self) -> bool:
        return all(venue.first_look_done(market) for venue in self.venues.values() for market in venue.markets) and (
            self._any_coin()
        )

    def _any_coin(self) -> bool:
        return bool(self.desk.board.coins)

    async def _until_changed(self, within_s: float) -> None:
        waits = [asyncio.ensure_future(venue.changed.wait()) for venue in self.venues.values()]
        try:
            await asyncio.wait(waits, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        for venue in self.venues.values():
            venue.changed.clear()
        await asyncio.sleep(0.1)  # several changes come together

    def _select(self) -> None:
        """Choose coins and tell each venue what to stream. Coins that nobody lists any more leave."""
        coins = self.desk.board.coins
        choice = self._chosen(coins)
        self._streamed = choice
        self.desk.show(choice)
        if self.desk.selected not in coins and choice:
            self.desk.selected = choice[0]
        by_venue: dict[str, list[Instrument]] = {name: [] for name in self.venues}
        for base in dict.fromkeys([*choice, *self.needed(), *STABLE]):
            for slot in coins[base].slots if base in coins else ():
                if self._worth_streaming(slot.instrument):
                    by_venue[slot.instrument.venue].append(slot.instrument)
        for name, instruments in by_venue.items():
            self.venues[name].stream(instruments)

    def _chosen(self, coins: Mapping[str, Coin]) -> list[str]:
        market = self._settings.market
        listed = {base: coin for base, coin in coins.items() if self._has_pair(coin)}
        if market.symbols:
            found, unknown = named(market.symbols, coins)
            if unknown and not self.settled.is_set():
                self.trouble.notice("warning", f"{', '.join(unknown)}: listed on none of these exchanges")
            self.desk.named = tuple(found)
            return found
        volumes = {base: self._volume_usd(coin) for base, coin in listed.items()}
        count = len(volumes) if market.top == "all" else market.top
        return top(volumes, count, self._streamed)

    def _has_pair(self, coin: Coin) -> bool:
        return sum(self._worth_streaming(slot.instrument) for slot in coin.slots) > 1

    def _worth_streaming(self, instrument: Instrument) -> bool:
        categories = self._settings.market.categories
        return instrument.status in STREAMED and instrument.category.value in categories

    def _volume_usd(self, coin: Coin) -> float:
        by_venue: dict[str, float] = {}
        for slot in coin.slots:
            venue = slot.instrument.venue
            by_venue[venue] = by_venue.get(venue, 0.0) + (slot.vol_24h_usd or 0.0)
        return second_best_usd(by_venue)

    def _overridden(self, listing: Listing) -> Listing:
        """The person's table of multipliers laid over a listing."""
        table = self._settings.multipliers()
        if not table:
            return listing
        return msgspec.structs.replace(
            listing, instruments=[_override(i, table.get((i.venue, i.native))) for i in listing.instruments]
        )

    # ---- which books

    async def _choose_books(self) -> None:
        while True:
            wanted = self.desk.wanted_books()
            by_venue: dict[str, list[Slot]] = {name: [] for name in self.venues}
            for slot_id in sorted(wanted):
                slot = self.desk.board.slots[slot_id]
                if self._worth_streaming(slot.instrument):
                    by_venue[slot.instrument.venue].append(slot)
            for name, slots in by_venue.items():
                await asyncio.sleep(0)  # frames come first
                self.venues[name].hold_books(slots)
            await asyncio.sleep(0)
            self._doubt_still_legs()
            await asyncio.sleep(BOOKS_S)

    def _doubt_still_legs(self) -> None:
        """A leg that makes an edge by standing still may be halted, which some venues tell nobody who does not ask."""
        now_ns = self._clock.now_ns()
        for base in self.desk.spreads.hot():
            for pair in self.desk.spreads.close(base, now_ns):
                for slot in (pair.buy, pair.sell) if pair.net_bps >= pair.threshold_bps else ():
                    self.venues[slot.instrument.venue].edge(slot)

    # ---- the clock, and what cannot be reached

    async def _watch(self) -> None:
        began_s = asyncio.get_running_loop().time()
        told = False
        while True:
            asleep_s = asyncio.get_running_loop().time()
            await asyncio.sleep(1.0)
            self._look_at_pause(asyncio.get_running_loop().time() - asleep_s - 1.0)
            self._look_at_clock(asyncio.get_running_loop().time())
            for venue in self.venues.values():
                for _ in venue.note_health():
                    await asyncio.sleep(0)  # frames come first
            if not told and asyncio.get_running_loop().time() - began_s > SAY_DOWN_AFTER_S:
                told = self._name_the_demo()

    def _look_at_clock(self, now_s: float) -> None:
        """A jump disarms at once. Where the clock was only set, hedges under way end before time follows it.

        Then nothing but the date is wrong, and to ask everything anew would leave them alone meanwhile; after a sleep
        nothing holds any more, and nothing is waited for.
        """
        jumped_ns, why = self._clock.jumped_ns(), "the clock jumped"
        if not jumped_ns:
            self._jump_s = None
            return
        if self._jump_s is None:
            self._jump_s = now_s
            self.trouble.notice("warning", f"{why} by {jumped_ns / NS_PER_S:+.1f} s: everything is asked anew")
            for call in self.on_jump_seen:
                call(why)
        if self.busy() and not self._clock.slept() and now_s - self._jump_s < FINISH_S:
            return
        self._clock.follow()
        self._jump_s = None
        self._begin_anew(why)

    def _look_at_pause(self, late_s: float) -> None:
        """Whoever was stopped (ctrl+z, a frozen machine) has heard nothing meanwhile: as after a sleep."""
        if late_s < STOOD_S:
            return
        why = f"the program stood still for {late_s:.0f} s"
        self.trouble.notice("warning", f"{why}: everything is asked anew")
        for call in self.on_jump_seen:
            call(why)
        self._begin_anew(why)

    def _begin_anew(self, why: str) -> None:
        self.desk.board.time_set(self._clock.now_ns())
        for call in self.on_jump:
            call(why)
        for venue in self.venues.values():
            venue.offset.forget()
            venue.feed.restart(why)

    def _name_the_demo(self) -> bool:
        """Say once what to try where nothing can be reached; whether there is nothing left to wait for."""
        statuses = self.status()
        if any(status.state in (FeedState.LIVE, FeedState.DEGRADED) for status in statuses):
            return True
        if all(status.state is FeedState.DOWN for status in statuses):
            remedy = "" if self.desk.mode == "DEMO" else "; `arbtui --demo` shows everything without a network"
            self.trouble.notice("error", f"none of the exchanges can be reached, still trying{remedy}")
            return True
        return False


class _Queue:
    """Something that holds what was not written yet."""

    waiting: int


def _override(instrument: Instrument, known: tuple[str, int] | None) -> Instrument:
    if known is None:
        return instrument
    coin, count = known
    contract = Decimal(str(instrument.extra.get("contract", 1)))
    return msgspec.structs.replace(
        instrument, base=coin, multiplier=contract * count, price_factor=Decimal(count), category=Category.CRYPTO
    )
