"""What a hedge takes from the key to both legs, on simulated exchanges that take orders, in a process of their own.

    key to bytes      CPU and loop time from the confirmed key to the signed requests of both legs, less the two waits
                      for the disk: the intent and the orders are on it before anything is sent
    unhedged          by the exchanges' own clock, from the first fill of a leg to the last fill of the other
    hedges a second   so many opened at once, each on a coin of its own, until all are hedged
    bytes to ack      see ``bench.ways``
    recovery          a new process with open pairs, from its first question to its last: all of them known again

Plain sockets on 127.0.0.1, a calm market, nothing refused: what is left is this program and its disk.
"""

from __future__ import annotations

import asyncio
import logging
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import SecretStr

from arbtui.bench import ways
from arbtui.bench.report import Goal, Result, Table
from arbtui.config import Credentials, Flag, Loaded, Paths, load
from arbtui.core.errors import OurMistake
from arbtui.core.model import Market
from arbtui.engine.demo import DemoExchanges
from arbtui.engine.ending import EXIT_INTERRUPTED, EXIT_OPEN
from arbtui.engine.modes import SIMULATED
from arbtui.engine.run import LiveRun, run_live
from arbtui.engine.trading import Trading
from arbtui.execution.intents import Style, Verb
from arbtui.execution.keeper import Keeper
from arbtui.execution.lifecycle import State
from arbtui.execution.ports import Record
from arbtui.net.account import Account
from arbtui.net.rest import Answer
from arbtui.port import EnginePort, Ticket
from arbtui.venues import registry
from arbtui.venues.base import HttpRequest

USD = Decimal(150)  # of a hedge: above every simulated minimum
READY_WITHIN_S = 40.0
REST_WITHIN_S = 30.0
PER_S = 12.0  # hedges a second that stay below the exchanges' own limits of orders
LOOK_S = 0.005
_ENOUGH_USD = Decimal(10_000_000)  # open at once
STOPPED = "a signal ended it before anything was measured"


@dataclass(frozen=True)
class Size:
    coins: int
    keys: int  # hedges opened one after another
    makers: int  # of these, with a resting leg
    pairs: int  # open at the restart
    acks: int  # orders timed to their ack, each way


FULL = Size(coins=20, keys=60, makers=40, pairs=200, acks=40)
QUICK = Size(coins=8, keys=20, makers=8, pairs=40, acks=10)


@dataclass
class Figures:
    """Times in ms, each a sample a hedge."""

    key_ms: list[float] = field(default_factory=list)
    disk_ms: list[float] = field(default_factory=list)
    taker_ms: list[float] = field(default_factory=list)
    maker_ms: list[float] = field(default_factory=list)
    hedges_per_s: float = 0.0
    recovery_s: float = 0.0
    recovered: int = 0


class _Disk:
    """How long the runner waited for records to be on disk before it went on. What it writes without waiting is not."""

    def __init__(self, keeper: Keeper) -> None:
        self.waited_s = 0.0
        self._write = keeper.write
        keeper.write = self._timed  # type: ignore[method-assign]  # the clock stands between the runner and the disk

    def _timed(
        self,
        records: Sequence[Record],
        then: Callable[[], None] | None = None,
        failed: Callable[[str], None] | None = None,
    ) -> None:
        landed = None if then is None else partial(self._landed, time.perf_counter(), then)
        self._write(records, landed, failed)

    def _landed(self, asked_s: float, then: Callable[[], None]) -> None:
        self.waited_s += time.perf_counter() - asked_s
        then()


class _Legs:
    """When the signed requests of orders were handed to the wire, the waits for the disk until then taken away."""

    def __init__(self, accounts: Sequence[Account], disk: _Disk) -> None:
        self.ready_s: list[float] = []
        self._disk = disk
        for account in accounts:
            account._rest.carry = partial(self._carry, account._rest.carry)  # type: ignore[method-assign]  # as above

    async def _carry(self, carry: Callable[[HttpRequest], Any], request: HttpRequest) -> Answer:
        if request.method == "POST" and request.url.partition("?")[0].endswith("/order"):
            self.ready_s.append(time.perf_counter() - self._disk.waited_s)
        answer: Answer = await carry(request)
        return answer


class _Trader:
    """``engine.run.Guest``. ``job`` is what it does once everything is known."""

    stays = False

    def __init__(self, job: Callable[[_Trader], Any]) -> None:
        self._job = job
        self.port: EnginePort
        self.failed = ""
        self.over = False  # the job has come to its end

    def attach(self, port: EnginePort) -> None:
        self.port = port

    async def drained(self) -> None: ...

    async def close(self) -> None: ...

    async def run(self) -> int:
        try:
            await self._job(self)
        except OurMistake as error:  # told by whoever started this
            self.failed = str(error)
        self.over = True
        return 0

    @property
    def trading(self) -> Trading:
        if not isinstance(self.port.trading, Trading):
            raise OurMistake(self.port.no_trading)
        return self.port.trading

    def tickets(self) -> list[Ticket]:
        """One a coin: between the perpetuals of the two exchanges."""
        found = []
        for base, coin in sorted(self.port.board.coins.items()):
            legs = {slot.instrument.venue: slot.instrument for slot in coin.slots if _fits(slot.instrument)}
            if len(legs) > 1:
                buy, sell = sorted(legs.values(), key=lambda one: one.venue)[:2]
                found.append(Ticket(base, buy.key, sell.key, usd=USD))
        return found

    async def until(self, holds: Callable[[], bool], what: str, within_s: float = REST_WITHIN_S) -> None:
        end_s = time.monotonic() + within_s
        while not holds():
            if time.monotonic() > end_s:
                raise OurMistake(f"{what} took more than {within_s:g} s")
            await asyncio.sleep(LOOK_S)

    async def ready(self, coins: int) -> list[Ticket]:
        """Every leg is priced, every account read."""
        await self.until(lambda: self.trading.arm(_ENOUGH_USD).accepted, "arming", READY_WITHIN_S)
        await self.until(lambda: len(self.tickets()) >= coins, "finding the coins", READY_WITHIN_S)
        tickets = self.tickets()[:coins]
        await self.until(
            lambda: not any(self.trading.preview(ticket).refused for ticket in tickets), "reading", READY_WITHIN_S
        )
        return tickets

    async def fire(self, ticket: Ticket) -> str:
        """Once its checks hold, also at the key: a price may have grown too old in between. The hedge."""
        hedge = ""

        def fired() -> bool:
            nonlocal hedge
            answer = self.trading.fire(self.trading.preview(ticket))
            hedge = answer.hedge
            return answer.accepted

        await self.until(fired, f"sending {ticket.base}")
        return hedge

    async def rest(self, *hedges: str) -> None:
        """Until each is hedged or has ended."""
        ledgers = self.trading.ledgers
        await self.until(
            lambda: all(
                (ledgers[one].state is State.HEDGED or ledgers[one].state.ended) and not ledgers[one].unsettled()
                for one in hedges
            ),
            "coming to rest",
            90.0,
        )

    async def shut(self, *hedges: str) -> None:
        """Close what is open."""
        for hedge in hedges:
            if not self.trading.ledgers[hedge].state.ended:
                await self.fire(Ticket(self.trading.ledgers[hedge].intent.base, hedge=hedge, verb=Verb.FLATTEN))
        await self.rest(*hedges)


def _fits(instrument: Any) -> bool:
    return instrument.market is Market.PERP and instrument.quote == "USDT"


def run(venues: Sequence[str], size: Size) -> Result:
    """On those of ``venues`` that take orders. Raises OurMistake where something cannot be measured."""
    takers = tuple(name for name in venues if name in registry.tradable())
    if len(takers) < 2:
        raise OurMistake(f"orders need two exchanges that take them ({', '.join(registry.tradable())})")
    with tempfile.TemporaryDirectory(prefix="arbtui-bench-") as folder, _no_logs():
        figures = asyncio.run(_measure(takers[:2], size, Path(folder)))
        acks = ways.measure(takers, size.acks)
    return Result("orders", (_table(figures, size), acks), _goals(figures))


async def _measure(venues: tuple[str, ...], size: Size, folder: Path) -> Figures:
    figures = Figures()
    arguments = (
        "--symbols", str(size.coins), "--rate", "400", "--scenario", "still", "--venues", ",".join(venues)
    )  # fmt: skip
    async with DemoExchanges(arguments) as sim, aiohttp.ClientSession() as http:
        live = await _live_run(venues, sim.url, http, folder)
        first = _Trader(partial(_open, figures=figures, size=size))
        code = await _ran(live, first)
        if first.failed or code != EXIT_OPEN:
            raise OurMistake(first.failed or f"the run with open pairs ended with {code}, not with {EXIT_OPEN}")
        async with http.get(f"{sim.url}/_sim/truth?depth=1") as answer:
            fills = _fills(await answer.json())
        _unhedged(first, fills, figures)
        second = _Trader(partial(_recover, figures=figures))
        await _ran(live, second)
        if second.failed:
            raise OurMistake(second.failed)
    return figures


async def _ran(live: LiveRun, trader: _Trader) -> int:
    """The exit code of a run that came to its end. A signal ends a run before that, and the whole bench with it."""
    code = await run_live(live, trader)
    if not trader.over:
        raise SystemExit(EXIT_INTERRUPTED if code == EXIT_INTERRUPTED else f"arbtui bench: {STOPPED}")
    return code


async def _live_run(venues: tuple[str, ...], url: str, http: aiohttp.ClientSession, folder: Path) -> LiveRun:
    async with http.get(f"{url}/_sim/accounts") as answer:
        keys = {name: accounts["main"] for name, accounts in (await answer.json()).items()}
    where = Paths(folder / "config.toml", folder / "credentials.toml", folder / "state.toml", folder, folder)
    return LiveRun(
        _settings(where, venues),
        where,
        SIMULATED,
        venues,
        gateway=url,
        credentials=Credentials({name: {k: SecretStr(v) for k, v in own.items()} for name, own in keys.items()}),
    )


def _settings(where: Paths, venues: Sequence[str]) -> Loaded:
    off = ("coin_usd", "venue_usd", "day_usd", "day_loss_usd", "losing_in_row", "rejected_in_row", "open_hedges")
    chosen: dict[tuple[str, ...], object] = {
        **{("venues", name, "enabled"): name in venues for name in registry.names()},
        **{("limits", name): "off" for name in off},
        ("limits", "again_after_s"): 0.0,
        ("market", "top"): "all",
        ("hedge", "take_band_bps"): 50.0,
        ("hedge", "maker_rest_s"): 20.0,
    }
    flags = {path: Flag(value, "bench") for path, value in chosen.items()}
    return load(where, registry.names(), environ={}, flags=flags)


# ---- the jobs


async def _open(trader: _Trader, *, figures: Figures, size: Size) -> None:
    tickets = await trader.ready(size.coins)
    await _keys(trader, tickets, figures, size.keys)
    await _burst(trader, tickets, figures)
    await _makers(trader, tickets, size.makers)
    await _pairs(trader, tickets, size.pairs)


def _passes(trading: Trading, ticket: Ticket) -> bool:
    return not trading.preview(ticket).refused


async def _keys(trader: _Trader, tickets: Sequence[Ticket], figures: Figures, count: int) -> None:
    """One after another, timed to the bytes."""
    trading = trader.trading
    disk = _Disk(trading.runner._keeper)
    legs = _Legs([one.executor for one in trading._carriers.values() if isinstance(one.executor, Account)], disk)
    rng = random.Random(1)
    for n in range(count):
        ticket = tickets[n % len(tickets)]
        await trader.until(partial(_passes, trading, ticket), "a preview")
        preview = trading.preview(ticket)
        disk.waited_s, legs.ready_s = 0.0, []
        began_s = time.perf_counter()
        answer = trading.fire(preview)
        if not answer.accepted:
            continue  # a price was between two updates
        disk_s = await _both_sent(trader, legs, disk)
        await trader.rest(answer.hedge)
        figures.key_ms.append(1e3 * (legs.ready_s[1] - began_s))
        figures.disk_ms.append(1e3 * disk_s)
        await trader.shut(answer.hedge)
        await asyncio.sleep(rng.uniform(0.0, 0.05))  # not in step with the market's own beat


async def _both_sent(trader: _Trader, legs: _Legs, disk: _Disk) -> float:
    """Returns what the disk took until then (or a little later: this only looks now and then)."""
    await trader.until(lambda: len(legs.ready_s) > 1, "sending")
    return disk.waited_s


async def _burst(trader: _Trader, tickets: Sequence[Ticket], figures: Figures) -> None:
    """All coins at once."""
    await asyncio.sleep(3.0)  # the exchanges' windows of orders are free again
    await trader.until(lambda: not any(trader.trading.preview(one).refused for one in tickets), "previews")
    previews = [trader.trading.preview(ticket) for ticket in tickets]
    began_s = time.perf_counter()
    hedges = [answer.hedge for one in previews if (answer := trader.trading.fire(one)).accepted]
    await trader.rest(*hedges)
    figures.hedges_per_s = len(hedges) / (time.perf_counter() - began_s)
    await asyncio.sleep(3.0)
    await trader.shut(*hedges)


async def _makers(trader: _Trader, tickets: Sequence[Ticket], count: int) -> None:
    """A resting leg on one exchange, covered on the other; some at a time."""
    at_once = min(8, len(tickets))
    for n in range(0, count, at_once):
        hedges = []
        for k in range(n, min(n + at_once, count)):
            ticket = tickets[k % len(tickets)]
            hedges.append(
                await trader.fire(Ticket(ticket.base, ticket.buy, ticket.sell, USD, None, style=_MAKER, maker=k % 2))
            )
        await trader.rest(*hedges)
        await trader.shut(*hedges)


async def _pairs(trader: _Trader, tickets: Sequence[Ticket], count: int) -> None:
    """Open so many and leave them."""
    for n in range(count):
        ticket = tickets[n % len(tickets)]
        await trader.fire(ticket)
        await asyncio.sleep(1 / PER_S)
    await trader.rest(*trader.trading.ledgers)


async def _recover(trader: _Trader, *, figures: Figures) -> None:
    """From the moment in which the new process takes its journal up."""
    ledgers = trader.trading.ledgers
    pairs = [hedge for hedge, ledger in ledgers.items() if ledger.turns and not ledger.state.ended]
    figures.recovered = len(pairs)
    await trader.until(lambda: bool(trader.trading.said), "starting", READY_WITHIN_S)
    began_s, began_ns = time.perf_counter(), trader.trading.said[0].t_ns
    await trader.until(
        lambda: all(ledgers[one].state is State.HEDGED and ledgers[one].state_ns > began_ns for one in pairs),
        "the recovery",
        300.0,
    )
    figures.recovery_s = time.perf_counter() - began_s


_MAKER = Style.MAKER_TAKER


# ---- what came of it


def _fills(truth: dict[str, Any]) -> dict[str, list[tuple[int, bool]]]:
    """By client id: when, and whether it was made by a resting order."""
    found: dict[str, list[tuple[int, bool]]] = {}
    for accounts in truth["accounts"].values():
        for fill in accounts["main"]["fills"]:
            found.setdefault(fill["client_id"], []).append((int(fill["t_ns"]), bool(fill["maker"])))
    return found


def _unhedged(trader: _Trader, fills: dict[str, list[tuple[int, bool]]], figures: Figures) -> None:
    for ledger in trader.trading.ledgers.values():
        first = [line for line in ledger.lines.values() if line.turn == 0]
        by_leg = [[f for line in first if line.leg == n for f in fills.get(line.order.client_id, [])] for n in (0, 1)]
        if not by_leg[0] or not by_leg[1]:
            continue
        if ledger.turns[0].style is Style.TAKER_TAKER:
            ends = [max(t for t, _ in leg) for leg in by_leg]
            begins = [min(t for t, _ in leg) for leg in by_leg]
            figures.taker_ms.append((max(ends) - min(begins)) / 1e6)
        else:
            lead = next(n for n in (0, 1) if any(maker for _, maker in by_leg[n]))
            covers = [t for t, _ in by_leg[1 - lead]]
            waits = [min((c - t for c in covers if c >= t), default=0) for t, _ in by_leg[lead]]
            figures.maker_ms.append(max(waits) / 1e6)


def _at(samples: Sequence[float], share: float) -> float | None:
    return sorted(samples)[round((len(samples) - 1) * share)] if samples else None


def _table(figures: Figures, size: Size) -> Table:
    rows = tuple(
        (name, len(samples), _at(samples, 0.5), _at(samples, 0.99), max(samples, default=None))
        for name, samples in (
            ("key to both legs' bytes", figures.key_ms),
            ("the disk, apart", figures.disk_ms),
            ("unhedged, taker-taker", figures.taker_ms),
            ("unhedged, maker-taker", figures.maker_ms),
        )
    )
    notes = (
        f"{size.coins} hedges at once: {figures.hedges_per_s:.0f} a second until all are hedged",
        f"{figures.recovered} open pairs are known again {figures.recovery_s:.1f} s after a restart",
    )
    return Table("hedges on simulated exchanges, ms", ("", "count", "p50", "p99", "most"), rows, notes)


def _goals(figures: Figures) -> tuple[Goal, ...]:
    return (
        Goal("key to both legs' bytes, p50", _at(figures.key_ms, 0.5), "ms", 2.0, 6.0),
        Goal("unhedged taker-taker, p99", _at(figures.taker_ms, 0.99), "ms", 50.0, 150.0),
        Goal("unhedged maker-taker, p99", _at(figures.maker_ms, 0.99), "ms", 1000.0, 2000.0),
        Goal("hedges a second", figures.hedges_per_s, "/s"),
        Goal(f"recovery of {figures.recovered} pairs", figures.recovery_s, "s"),
    )


@contextmanager
def _no_logs() -> Iterator[None]:
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
