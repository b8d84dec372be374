"""A guest that does what it is told: arbtui's engine in a process of its own, with orders fired from outside.

    python -m tests.e2e.driver --gateway URL [--accounts] [--record DIR] [--tty NAME]

Folders come from XDG_*, keys from ARBTUI_<VENUE>_<FIELD>, settings from ARBTUI_<SECTION>__<KEY>, as for arbtui itself.
Commands are lines of JSON on stdin, each answered by one line on stdout; stdin's end ends the guest, as q would. With
``--tty`` arbtui's own screen is on that terminal, which becomes this process's own; it is the screen that ends the run.

Where the process is to die or to be hurt in a certain place, the environment says so, and this file alone knows how:

    DRIVER_DIES="handing:e"           SIGKILL when an order of purpose e is on disk and not yet handed over
                "placed:e"            ... has been handed over, and the loop has turned once
                "sent:e"              ... has been on the wire for 150 ms (with the simulator's ack_late: not answered)
                "hearing:Fill:e"      ... before that event about such an order is known
                "heard:Fill:e"        ... after it is known (and the journal has been given it)
                "state:unwinding"     when a hedge has come to that state
    DRIVER_JUMPS="600"                on SIGUSR1 the clock is set so many seconds on; DRIVER_SLEEPS: the machine slept
    DRIVER_FULL="40"                  the journal's file may not grow beyond so many pages more, until "disk" says so
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import os
import signal
import sqlite3
import sys
import threading
import traceback
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

from arbtui.cli.screen import Screen
from arbtui.config import load, load_credentials, paths
from arbtui.core.errors import ArbtuiError
from arbtui.core.orders import AccountEvent
from arbtui.engine.modes import chosen_mode
from arbtui.engine.run import LiveRun, run_live
from arbtui.engine.trading import Trading
from arbtui.execution.intents import Style, Verb, read_client_id
from arbtui.execution.ledger import Ledger
from arbtui.execution.memory import Memory
from arbtui.execution.records import Fact, Ordered, Stepped
from arbtui.execution.runner import Answer, Runner
from arbtui.execution.sending import Sending
from arbtui.logs import start as start_logs
from arbtui.net.wallclock import WallClock
from arbtui.port import EnginePort, Preview, Ticket, TradingPort
from arbtui.storage import journal
from arbtui.venues import registry

SENT_AFTER_S = 0.15


class Driver:
    """``engine.run.Guest``, told what to do."""

    stays = False

    def __init__(self, screen: Screen | None = None) -> None:
        self.port: EnginePort
        self.screen = screen
        self._told, self._answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
        self.notices: list[str] = []
        self.disk: list[sqlite3.Connection] = []
        self._previews: dict[str, Preview] = {}
        self._pulse_ns = 0
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()

    def attach(self, port: EnginePort) -> None:
        self.port = port
        port.on_notice(lambda notice: self.notices.append(f"{notice.level}: {notice.text}"))
        loop = asyncio.get_running_loop()

        def read() -> None:
            for line in self._told:
                loop.call_soon_threadsafe(self._lines.put_nowait, line)
            loop.call_soon_threadsafe(self._lines.put_nowait, None)

        threading.Thread(target=read, daemon=True).start()
        self._obeying = asyncio.create_task(self._obey_all())
        if self.screen is not None:
            self.screen.attach(port)

    async def run(self) -> int | None:
        if self.screen is not None:
            return await self.screen.run()
        await asyncio.shield(self._obeying)
        return 0

    async def _obey_all(self) -> None:
        while (line := await self._lines.get()) is not None:
            self._answers.write(json.dumps(self.obey(json.loads(line))) + "\n")
            self._answers.flush()

    async def drained(self) -> None: ...

    async def close(self) -> None:
        self._obeying.cancel()

    @property
    def trading(self) -> TradingPort:
        if self.port.trading is None:
            raise ArbtuiError(self.port.no_trading)
        return self.port.trading

    def obey(self, asked: dict[str, Any]) -> dict[str, Any]:
        """One command; a mistake in it is answered too."""
        try:
            return self._obey(**asked)
        except (ArbtuiError, LookupError, TypeError, ValueError) as error:  # the test that asked wants to see it
            return {"error": f"{type(error).__name__}: {error}", "traceback": traceback.format_exc()}

    def _obey(self, do: str, **more: Any) -> dict[str, Any]:
        match do:
            case "preview":
                return self._preview(**more)
            case "fire":
                return _answer(self.trading.fire(self._previews[more["hedge"]]))
            case "arm":
                return _answer(self.trading.arm(Decimal(more.get("usd", "1000000"))))
            case "kill":
                return _answer(self.trading.kill("a test said so"))
            case "cancel" | "retry" | "abandon":
                return _answer(getattr(self.trading, do)(more["hedge"]))
            case "state":
                return self._state()
            case "auto":
                assert self.port.auto is not None
                done = self.port.auto.switch(on=more["on"])
                return {"accepted": done.accepted, "text": done.text}
            case "pulse":
                return self._pulse()
            case "break":
                patch.object(self.port, "rows", _broken).start()  # the screen asks at its next beat
                return {}
            case "full":
                for database in self.disk:
                    (pages,) = database.execute("PRAGMA page_count").fetchone()
                    database.execute(f"PRAGMA max_page_count={pages}")
                return {}
            case "disk":
                for database in self.disk:
                    database.execute("PRAGMA max_page_count=1073741823")
                return {}
        raise ValueError(f"no command {do!r}")

    def _preview(self, **more: Any) -> dict[str, Any]:
        fields: dict[str, Any] = {"base": "", **more}
        for name, make in (("usd", Decimal), ("qty_base", Decimal), ("verb", Verb), ("style", Style)):
            if fields.get(name) is not None:
                fields[name] = make(fields[name])
        preview = self.trading.preview(Ticket(**fields))
        found: dict[str, Any] = {
            "refused": preview.refused,
            "checks": {f"{n}:{check.name}": [check.ok, check.text] for n, check in enumerate(preview.checks)},
        }
        if preview.intent is not None:
            self._previews[preview.intent.hedge] = preview
            found |= {"hedge": preview.intent.hedge, "qty": [str(qty) for qty in preview.intent.qty]}
        return found

    def _pulse(self) -> dict[str, Any]:
        """As little as tells whether somebody is needed, and what the automatic mode did since it was asked last."""
        auto, trading = self.port.auto, self.trading
        assert auto is not None
        found = [dataclasses.asdict(record) for record in auto.decisions if record.t_ns > self._pulse_ns]
        self._pulse_ns = max([self._pulse_ns, *(record["t_ns"] for record in found)])
        return {
            "armed": trading.armed,
            "auto": auto.on,
            "open": {pair.hedge: pair.state.value for pair in trading.pairs()},
            "decisions": [{name: _text_or(value) for name, value in record.items()} for record in found],
        }

    def _state(self) -> dict[str, Any]:
        trading = self.trading
        assert isinstance(trading, Trading), "a test may look behind the port"
        runner = trading.runner
        return {
            "mode": self.port.mode,
            "word": trading.word,
            "armed": trading.armed,
            "killed": trading.killed,
            "journal_failed": runner.journal_failed,
            "streams": sorted(f"{venue}.{market}" for venue, market in trading.facts.streams),
            "hedges": {hedge: _hedge(trading, ledger) for hedge, ledger in trading.ledgers.items() if ledger.turns},
            "said": [[said.hedge, said.text, said.alarm] for said in trading.said],
            "notices": self.notices,
            "equity": _text(trading.equity_usd()),
            "balances": {
                f"{balance.venue}.{balance.wallet}.{balance.asset}": str(balance.total)
                for balance in trading.facts.balances.values()
            },
            "positions": {f"{p.venue}.{p.native}": str(p.qty) for p in trading.facts.positions.values()},
            "funding": {
                hedge: {ccy: str(amount) for ccy, amount in sums.items()} for hedge, sums in trading.funding.of.items()
            },
        }


def _broken(*_: object) -> Any:
    raise RuntimeError("a test broke the screen")


def _hedge(trading: TradingPort, ledger: Ledger) -> dict[str, Any]:
    pair = next((pair for pair in trading.pairs() if pair.hedge == ledger.hedge), None)
    return {
        "state": ledger.state.value,
        "why": ledger.why,
        "turns": len(ledger.turns),
        "legs": [leg.key for leg in ledger.intent.legs],
        "coins": [str(ledger.position(0)), str(ledger.position(1))],
        "complete": ledger.complete(),
        "pnl_usd": _text(trading.pnl_usd(ledger.hedge)),
        "fees": None if pair is None else {ccy: str(amount) for ccy, amount in pair.pnl.fees.items()},
        "realised": None if pair is None else [str(leg.realised) for leg in pair.pnl.legs],
        "orders": {
            line.order.client_id: {
                "leg": line.leg,
                "purpose": line.purpose.word,
                "filled": str(line.filled),
                "settled": line.settled,
                "dropped": line.dropped,
            }
            for line in ledger.lines.values()
        },
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {"accepted": answer.accepted, "text": answer.text, "hedge": answer.hedge}


def _text_or(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


# ---- where it dies, and what hurts it


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _letter(client_id: str) -> str:
    name = read_client_id(client_id)
    return name.purpose.value if name is not None else ""


def _is_of(runner: Runner, event: AccountEvent, letter: str) -> bool:
    """Whether it is about an order of that purpose; not every venue says our name with a fill."""
    if name := getattr(event, "client_id", ""):
        return _letter(name) == letter
    order_id = getattr(event, "order_id", "")
    lines = (
        line for ledger in runner.ledgers.values() for line in ledger.lines.values() if line.order.venue == event.venue
    )
    return any(_letter(line.order.client_id) == letter for line in lines if order_id in line.order_ids)


def die_at(place: str) -> None:
    """Make the runner die in ``place``; see the module."""
    what, _, rest = place.partition(":")
    if what in ("handing", "placed", "sent"):
        _die_at_hand_over(what, rest)
    elif what in ("hearing", "heard"):
        _die_at_event(what, *rest.split(":"))
    elif what == "state":
        _die_in_state(rest)
    else:
        raise ValueError(f"no such place: {place}")


def _die_at_hand_over(when: str, letter: str) -> None:
    hand_over = Sending._hand_over

    def patched(self: Sending, ledger: Ledger, orders: tuple[Ordered, ...]) -> None:
        meant = any(ordered.purpose.value == letter for ordered in orders)
        if meant and when == "handing":
            die()
        hand_over(self, ledger, orders)
        if meant:
            asyncio.get_running_loop().call_later(SENT_AFTER_S if when == "sent" else 0.0, die)

    patch.object(Sending, "_hand_over", patched).start()


def _die_at_event(when: str, kind: str, letter: str) -> None:
    hear = Runner.hear

    def patched(self: Runner, event: AccountEvent) -> None:
        meant = type(event).__name__ == kind and _is_of(self, event, letter)
        if meant and when == "hearing":
            die()
        hear(self, event)
        if meant:
            asyncio.get_running_loop().call_later(0.02, die)  # the disk has had its time

    patch.object(Runner, "hear", patched).start()


def _die_in_state(state: str) -> None:
    put = Memory.put

    def patched(self: Memory, hedge: str, fact: Fact, at_ns: int | None = None) -> None:
        put(self, hedge, fact, at_ns)
        if isinstance(fact, Stepped) and self.ledgers[hedge].state.value == state:
            asyncio.get_running_loop().call_later(0.02, die)

    patch.object(Memory, "put", patched).start()


def fill_the_disk(pages_more: int, opened: list[sqlite3.Connection]) -> None:
    """SQLite says SQLITE_FULL once the file has grown so far, as it does on a full disk."""
    open_to_write: Callable[[Path], sqlite3.Connection] = journal._open_to_write

    def patched(path: Path) -> sqlite3.Connection:
        database = open_to_write(path)
        (pages,) = database.execute("PRAGMA page_count").fetchone()
        database.execute(f"PRAGMA max_page_count={pages + pages_more}")
        opened.append(database)
        return database

    journal._open_to_write = patched


def jump_on(number: int, seconds: float, *, asleep: bool) -> None:
    """On that signal the machine's clock is ``seconds`` further, as after it was set, or (``asleep``) after a sleep."""
    defaults = WallClock.__init__.__kwdefaults__
    assert defaults is not None
    now, slept, moved = defaults["utc_ns"], defaults["asleep_ns"], [0]
    defaults["utc_ns"] = lambda: now() + moved[0]
    if asleep:
        defaults["asleep_ns"] = lambda: slept() + moved[0]
    signal.signal(number, lambda *_: moved.__setitem__(0, int(seconds * 1e9)))


def take_terminal(name: str) -> None:
    """A session leader without a terminal gets the first that it opens; stderr stays what it was, for talk."""
    terminal = os.open(name, os.O_RDWR)
    for fd in (0, 1):
        os.dup2(terminal, fd)
    os.close(terminal)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--gateway", required=True)
    parser.add_argument("--accounts", action="store_true", help="orders go to accounts; without it: paper")
    parser.add_argument("--record")
    parser.add_argument("--tty")
    args = parser.parse_args()
    if place := os.environ.pop("DRIVER_DIES", ""):
        die_at(place)
    journals: list[sqlite3.Connection] = []
    if pages := os.environ.pop("DRIVER_FULL", ""):
        fill_the_disk(int(pages), journals)
    for name in ("DRIVER_JUMPS", "DRIVER_SLEEPS"):
        if seconds := os.environ.pop(name, ""):
            jump_on(signal.SIGUSR1, float(seconds), asleep=name == "DRIVER_SLEEPS")
    where = paths()
    loaded = load(where, registry.names(), environ=os.environ, flags={})
    driver = Driver(Screen(loaded.settings, outlived=loaded.settings.ui.on_hangup == "headless") if args.tty else None)
    driver.disk = journals
    if args.tty:
        take_terminal(args.tty)
    venues = loaded.settings.enabled_venues()
    run = LiveRun(
        loaded=loaded,
        paths=where,
        mode=chosen_mode(loaded.settings, venues, demo=False, accounts=args.accounts, gateway=args.gateway),
        venues=venues,
        gateway=args.gateway,
        record_dir=Path(args.record) if args.record else None,
        credentials=load_credentials(where, registry.names(), os.environ) if args.accounts else None,
    )
    stop_logs = start_logs(where.log_dir, loaded.settings.log.level, stderr=sys.stderr)
    try:
        return asyncio.run(run_live(run, driver))
    finally:
        stop_logs()


if __name__ == "__main__":
    sys.exit(main())
