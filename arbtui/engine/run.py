"""A run from start to ordered stop: what the command line calls.

    run_live(run, guest)      the exchanges (real, simulated, built in) until the guest or a signal ends it
    run_replay(run, guest)    recordings until they end, or the guest does

Order of the start: signals, clock, lock and memory, built-in exchanges, recorder, REST, venues, orders, guest. The stop
goes backwards, and nothing in it waits for ever: first no new risk is taken and hedges come to rest, while the guest
still shows it; what stays open then is said in words, and is exit code 3.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import chain
from pathlib import Path

from arbtui.config import Credentials, Loaded, NotifySecrets, Paths, Settings
from arbtui.core.clock import ManualClock
from arbtui.core.errors import ConfigError, JournalError
from arbtui.engine.auto import auto_of
from arbtui.engine.build import build_desk
from arbtui.engine.demo import DemoExchanges
from arbtui.engine.desk import Desk
from arbtui.engine.elsewhere import open_elsewhere
from arbtui.engine.ending import EXIT_OPEN, Stop, put_away, until_end
from arbtui.engine.lastresort import LastResort
from arbtui.engine.live import Live
from arbtui.engine.memory import NoMemory, StateMemory
from arbtui.engine.modes import OF_ACCOUNTS, refuse_accounts
from arbtui.engine.notifying import ended_open, notifier_of
from arbtui.engine.orders import Orders, account_orders, paper_orders
from arbtui.engine.pace import Pace
from arbtui.engine.process import LoopLag, ProcessMeter
from arbtui.engine.replay import Replay, usable
from arbtui.engine.rules import no_auto
from arbtui.engine.settings import Sources, watch_config
from arbtui.engine.trading import STOP_MARGIN_S
from arbtui.engine.trouble import Trouble
from arbtui.execution.records import BadRecord
from arbtui.net.budget import Budgets
from arbtui.net.gateway import NetworkSettings
from arbtui.net.notify import Notifier
from arbtui.net.rest import Rest
from arbtui.net.wallclock import WallClock
from arbtui.port import Guest
from arbtui.storage.lock import ModeLock
from arbtui.storage.reading import merge
from arbtui.storage.recording import FileRecorder
from arbtui.storage.records import Record
from arbtui.storage.state import StateFile
from arbtui.venues import registry

log = logging.getLogger(__name__)

TEARDOWN_S = 15.0  # for everything after the hedges: screen, sockets, the disk
SWITCH_S = 0.001  # the loop waits no longer for a thread that reads a large answer or writes to disk (Python: 5 ms)


@dataclass(frozen=True)
class LiveRun:
    """What to run. ``gateway``: every address goes there; ``demo``: to the built-in exchanges, started for this run."""

    loaded: Loaded
    paths: Paths
    mode: str  # as ``engine.modes`` says
    venues: tuple[str, ...]
    gateway: str | None = None
    demo: tuple[str, ...] | None = None  # arguments of the built-in exchanges; None = not wanted
    record_dir: Path | None = None
    credentials: Credentials | None = None  # orders go to the accounts of these keys; None: to paper
    arm_usd: Decimal | None = None  # arms itself once the accounts are read: the most that may be open at once
    orders: bool = True  # False: this run only looks
    accounts: Mapping[tuple[str, str], str] | None = None  # (venue, field) -> where its secret stands; None: not read
    notify: NotifySecrets | None = None  # where messages of alerts go; None: this run sends none
    auto: bool = False  # begin with the automatic mode on

    @property
    def settings(self) -> Settings:
        return self.loaded.settings


@dataclass(frozen=True)
class ReplayRun:
    """``speed`` None = as fast as it goes."""

    settings: Settings
    files: tuple[Path, ...]
    speed: float | None = None
    loaded: Loaded | None = None  # where the settings came from


async def run_live(
    run: LiveRun,
    guest: Guest,
    *,
    on_live: Callable[[Live], None] = lambda live: None,
    last_resort: LastResort | None = None,
) -> int:
    """Run until ``guest`` ends or a signal comes; the exit code. Raises ArbtuiError for what cannot be started.

    ``on_live`` gets the engine itself: for `check`, which looks behind the port. ``last_resort``: ends a process that
    has nothing else to do, whatever hangs.
    """
    if run.auto and (unfit := no_auto(run.settings)):
        raise ConfigError(f"{unfit}.")
    if run.credentials is not None:
        refuse_accounts(run.loaded, run.venues, run.gateway)
        assert run.mode in OF_ACCOUNTS, "what goes to accounts is not written into a journal of paper"
    if last_resort is not None:
        last_resort.within_s = run.settings.hedge.stop_within_s + STOP_MARGIN_S + TEARDOWN_S
    async with AsyncExitStack() as stack:
        stop = stack.enter_context(Stop(hang_up_ends=run.settings.ui.on_hangup == "stop", last_resort=last_resort))
        sys.setswitchinterval(SWITCH_S)
        clock = WallClock(asyncio.get_running_loop())
        trouble = Trouble(clock)
        lock = stack.enter_context(_lock(run, trouble))
        memory = await stack.enter_async_context(_memory(run, lock, trouble))
        demo = await stack.enter_async_context(DemoExchanges(run.demo)) if run.demo is not None else None
        recorder = await stack.enter_async_context(_recorder(run, trouble)) if run.record_dir is not None else None
        venues = {name: registry.venue(name) for name in run.venues}
        network = network_of(run.settings, demo.url if demo is not None else run.gateway)
        rng = random.Random()
        budgets = Budgets([limit for venue in venues.values() for limit in venue.rest_limits])
        rest = await stack.enter_async_context(Rest(network, budgets, clock, recorder=recorder, rng=rng))
        live = Live(
            run.settings,
            venues,
            mode=run.mode,
            clock=clock,
            rest=rest,
            network=network,
            trouble=trouble,
            memory=memory,
            recorder=recorder,
            rng=rng,
            sources=Sources(run.loaded, run.accounts),
        )
        on_live(live)
        stack.callback(watch_config(run.loaded, clock, trouble.notice).cancel)
        notifier = _send_alerts(run, live, lock, network, stack)
        orders = await _orders(run, live, clock, lock, network, budgets, stack)
        if run.orders:
            stack.push_async_callback(put_away, asyncio.create_task(_look_elsewhere(run, trouble)))
        if last_resort is not None and orders is not None:
            last_resort.words = orders.open_in_words
        switch_on = _auto(run, live, orders, stack)
        guest.attach(live.desk)
        switch_on()
        if demo is not None:
            stack.push_async_callback(put_away, asyncio.create_task(_watch_demo(demo, trouble)))
        code = await until_end(asyncio.create_task(_work(live, orders)), guest, stop, orders, trouble)
        if code == EXIT_OPEN and orders is not None and notifier is not None:
            notifier.put(ended_open(clock.now_ns(), orders.open_in_words()))
        return code


def _send_alerts(
    run: LiveRun, live: Live, lock: ModeLock, network: NetworkSettings, stack: AsyncExitStack
) -> Notifier | None:
    """Messages of alerts, by the one run of this mode that holds the lock: nobody wants each of them twice."""
    if run.notify is None:
        return None
    notifier = notifier_of(run.settings, run.notify, network, mode=run.mode, say=live.trouble.notice)
    if notifier is None:
        return None
    if not lock.held:
        live.trouble.notice("info", f"another arbtui sends the messages of {run.mode}; this one shows alerts only")
        return None
    stack.push_async_callback(notifier.close)
    live.desk.on_alert(notifier.put)
    return notifier


def _auto(run: LiveRun, live: Live, orders: Orders | None, stack: AsyncExitStack) -> Callable[[], object]:
    """The automatic mode, off, and what switches it on if it is to be. Raises ConfigError where it cannot be."""
    auto = auto_of(run.settings, live, orders.trading) if orders is not None else None
    if run.auto and auto is None:
        raise ConfigError(f"--auto needs orders, and none are sent here: {live.desk.no_trading}; leave it out.")
    if auto is not None:
        auto.start()
        stack.callback(auto.stop)
    live.desk.auto = auto
    return partial(auto.switch, on=True) if run.auto and auto is not None else lambda: None


async def _look_elsewhere(run: LiveRun, trouble: Trouble) -> None:
    """What other modes hold open, which this run does not show."""
    for level, text in await asyncio.to_thread(lambda: list(open_elsewhere(run.paths, run.mode))):
        trouble.notice(level, text)


async def _work(live: Live, orders: Orders | None) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(live.run())
        if orders is not None:
            group.create_task(orders.run())


async def _orders(
    run: LiveRun,
    live: Live,
    clock: WallClock,
    lock: ModeLock,
    network: NetworkSettings,
    budgets: Budgets,
    stack: AsyncExitStack,
) -> Orders | None:
    """Who sends orders in this run; None where it may not, which the desk then says."""
    if not run.orders:
        live.desk.no_trading = "this run only looks"
        return None
    if not lock.held and run.arm_usd is not None:
        raise ConfigError(
            f"another arbtui (process {lock.owner()}) sends the orders of {run.mode}, so this one cannot be armed; end "
            "that one, or leave --arm-live out and watch."
        )
    if not lock.held:
        live.desk.no_trading = f"another arbtui sends the orders of {run.mode}; this one only watches"
        return None
    data_dir = run.paths.data(run.mode)
    try:
        if run.credentials is not None:
            keys, arm_usd = run.credentials, run.arm_usd
            opening = account_orders(run.settings, live, clock, data_dir, keys, network, budgets, arm_usd)
        else:
            opening = paper_orders(run.settings, live, clock, data_dir)
        orders = await stack.enter_async_context(opening)
    except (JournalError, BadRecord) as error:
        live.desk.no_trading = str(error)
        live.trouble.notice("error", str(error))
        return None
    live.desk.trading = orders.trading
    return orders


async def run_replay(run: ReplayRun, guest: Guest) -> int:
    """Play recordings; the exit code. Raises RecordingError for what cannot be read."""
    with Stop() as stop:
        warnings: list[str] = []
        records = merge(run.files, registry.names(), warnings.append, usable)
        first = next(records, None)
        clock = ManualClock(first.t_ns if first is not None else 0)
        trouble = Trouble(clock)
        desk, replay = _replay_desk(run, clock, trouble)
        pace = Pace(clock, run.speed) if run.speed is not None or guest.stays else None
        desk.player = pace
        guest.attach(desk)
        heard = _said_as_they_come(chain([first] if first is not None else [], records), warnings, trouble)
        work = asyncio.create_task(replay.run(heard, pace=pace, drained=guest.drained))
        visit = asyncio.create_task(guest.run())
        asked = asyncio.create_task(stop.asked.wait())
        try:
            await asyncio.wait([work, visit, asked], return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
                if not guest.stays:
                    return 0
                trouble.notice("info", "the recording has ended")
                if pace is not None:
                    pace.end()
                await asyncio.wait([visit, asked], return_when=asyncio.FIRST_COMPLETED)
            return (visit.result() or 0) if visit.done() else stop.code
        finally:
            desk.stop()
            await put_away(asked)
            await put_away(visit)
            await guest.close()
            await put_away(work)


def _said_as_they_come(records: Iterable[Record], warnings: list[str], trouble: Trouble) -> Iterator[Record]:
    """The reader's warnings as notices, at the record that they came with."""
    for record in records:
        yield record
        while warnings:
            trouble.notice("warning", warnings.pop(0))
    for text in warnings:
        trouble.notice("warning", text)


def _replay_desk(run: ReplayRun, clock: ManualClock, trouble: Trouble) -> tuple[Desk, Replay]:
    venues = {name: registry.venue(name) for name in registry.names()}
    meter = ProcessMeter(LoopLag(), trouble.counts, lambda: 0)
    made: list[Replay] = []
    desk = build_desk(
        run.settings,
        venues,
        mode="REPLAY",
        clock=clock,
        trouble=trouble,
        memory=NoMemory(),
        status=lambda: made[0].status(),
        process=meter.figures,
        adopting=True,
        sources=Sources(run.loaded) if run.loaded is not None else None,
    )
    desk.no_trading = "a replay sends none"
    made.append(Replay(desk, clock, venues, trouble))
    return desk, made[0]


def network_of(settings: Settings, gateway: str | None) -> NetworkSettings:
    """How venues are reached: as the settings say, or all of them through ``gateway``."""
    urls = {host: url for venue in settings.venues.values() for host, url in venue.urls.items()}
    return NetworkSettings(
        gateway=gateway,
        family=settings.network.family,
        proxy=settings.network.proxy or None,
        compression=settings.network.compression,
        urls=urls,
    )


@contextlib.contextmanager
def _lock(run: LiveRun, trouble: Trouble) -> Iterator[ModeLock]:
    """The lock of the mode, held or not."""
    lock = ModeLock(run.paths.data(run.mode))
    if not lock.acquire():
        other = f"process {lock.owner()}" if lock.owner() else "unknown process"
        trouble.notice(
            "warning", f"another arbtui ({other}) runs in {run.mode}: this one sends no orders and keeps no changes"
        )
    try:
        yield lock
    finally:
        lock.release()


@asynccontextmanager
async def _memory(run: LiveRun, lock: ModeLock, trouble: Trouble) -> AsyncIterator[StateMemory]:
    """What keys change, kept by the one run of this mode that holds the lock."""
    memory = StateMemory(StateFile(run.paths.state, lock), run.loaded, trouble)
    try:
        yield memory
    finally:
        await memory.close()


@asynccontextmanager
async def _recorder(run: LiveRun, trouble: Trouble) -> AsyncIterator[FileRecorder]:
    loop = asyncio.get_running_loop()
    recording = run.settings.recording
    assert run.record_dir is not None

    def stopped(text: str) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile, and the run with it
            loop.call_soon_threadsafe(trouble.notice, "error", text)

    recorder = FileRecorder(
        run.record_dir, compress=recording.gzip, roll_bytes=recording.roll_mib << 20, on_stop=stopped
    )
    try:
        yield recorder
    finally:
        if not await asyncio.to_thread(recorder.close):
            log.warning("the disk did not take the end of the recording in time")


async def _watch_demo(demo: DemoExchanges, trouble: Trouble) -> None:
    code = await demo.ended()
    trouble.notice("error", f"the built-in exchanges have ended (exit {code}): nothing is live any more")
