"""Commands from outside to the run that sends a mode's orders: a unix socket in the mode's data folder, mode 0600.

One command a connection, one JSON line; the answers are JSON lines, and the last one has an ``end``:

    {"flatten": {"venue": "okx" or null, "base": "BTC" or null}, "dry_run": false}
    {"holds": ["okx"]}                     comes first: the exchanges on which the run has accounts, or paper
    {"say": "..."}                         what is done, in words, as it happens
    {"end": 0}                             exit code: 0 nothing is open any more, 3 something stays open
    {"error": "..."}                       the command was not understood

Only the holder of the mode's lock serves, so a socket that is left over from a killed run may be removed.

Through the engine it is hedges that are flattened: both legs of each, whatever venue was named, since one leg alone
would be a bet. What an account holds beside them is somebody else's business, and is said. The run is disarmed first:
whoever flattens from outside wants out, and the automatic mode would begin anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import msgspec

from arbtui.core.clock import NS_PER_S
from arbtui.core.errors import ArbtuiError
from arbtui.core.model import Market
from arbtui.core.orders import AccountEvent, ReadKind
from arbtui.engine.prices import slot_of
from arbtui.execution.actions import amount
from arbtui.execution.holdings import Holdings
from arbtui.execution.intents import Verb
from arbtui.execution.ledger import Ledger
from arbtui.execution.lifecycle import State, Step, allows
from arbtui.execution.resting import Resting
from arbtui.market.state import Board
from arbtui.port import Ticket, TradingPort

log = logging.getLogger(__name__)

SOCKET = "control"
FLATTEN_WITHIN_S = 45.0
TURNS = 3  # flattening turns of one hedge, each with all the tries of the policy
LOOK_S = 0.05
AGAIN_S = 0.5  # between two tries to begin
SETTLE_S = 3.0  # for positions to be told
COMMAND_WITHIN_S = 5.0
_LONGEST = 100  # bytes of a socket's address; the kernel takes 107

EXIT_FLAT = 0
EXIT_OPEN = 3


class NoEngine(ArbtuiError):
    """Nobody listens there."""


class Scope(msgspec.Struct, frozen=True):
    """What is meant: a venue, a coin, both, or (None, None) everything."""

    venue: str | None = None
    base: str | None = None

    def holds(self, venue: str, base: str) -> bool:
        """Whether something of ``base`` on ``venue`` is meant."""
        return self.venue in (None, venue) and self.base in (None, base)

    def __str__(self) -> str:
        what = " ".join(word for word in (self.base, f"on {self.venue}" if self.venue else None) if word)
        return what or "everything"


class Command(msgspec.Struct, frozen=True):
    flatten: Scope
    dry_run: bool = False


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of an answer; exactly one of its fields is set."""

    holds: tuple[str, ...] | None = None
    say: str | None = None
    end: int | None = None
    error: str | None = None


_commands = msgspec.json.Decoder(Command)
_answers = msgspec.json.Decoder(Answer)


@contextlib.contextmanager
def _address(folder: Path) -> Iterator[str]:
    """The socket's address; a folder whose name is too long for one is reached by its descriptor (Linux)."""
    path = folder / SOCKET
    if len(os.fsencode(path)) <= _LONGEST:
        yield str(path)
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET}"
    finally:
        os.close(descriptor)


# ---- the run's side


async def serve(trading: TradingPort, board: Board, folder: Path) -> None:
    """Answer commands until cancelled. A socket that cannot be made is said, and the run goes on without it."""
    flattener = Flattener(trading, board)
    try:
        listening = _listen(folder)
    except OSError as error:
        log.warning("commands from outside cannot be taken in %s: %s", folder, error.strerror or error)
        return
    talks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        listens = True
        try:
            async for answer in _answers_to(flattener, reader):
                listens = listens and await _told(writer, answer)  # what was asked for is done, heard or not
        finally:
            talks.discard(task)
            writer.close()

    server = await asyncio.start_unix_server(talk, sock=listening)
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        (folder / SOCKET).unlink(missing_ok=True)
        server.close()
        for task in talks:
            task.cancel()  # ``wait_closed`` would wait for them: an end waits for nobody outside


async def _told(writer: asyncio.StreamWriter, answer: Answer) -> bool:
    """Whether somebody still listens."""
    try:
        writer.write(msgspec.json.encode(answer) + b"\n")
        await writer.drain()
    except ConnectionError as error:
        log.info("whoever gave a command has left: %s", error)
        return False
    return True


def _listen(folder: Path) -> socket.socket:
    (folder / SOCKET).unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(listening.fileno(), 0o600)  # before it has a name, so that it never stands open
        with _address(folder) as address:
            listening.bind(address)
        (folder / SOCKET).chmod(0o600)  # where the system does not hand the first one on
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening


async def _answers_to(flattener: Flattener, reader: asyncio.StreamReader) -> AsyncIterator[Answer]:
    try:
        async with asyncio.timeout(COMMAND_WITHIN_S):
            line = await reader.readline()
        command = _commands.decode(line)
    except TimeoutError:
        yield Answer(error="no command came")
    except (msgspec.DecodeError, ValueError) as error:  # ValueError: a line without end
        yield Answer(error=f"the command was not understood: {error}")
    else:
        async for answer in flattener.flatten(command):
            yield answer


@dataclass
class _Tried:
    """What was done about one hedge."""

    turns: int = 0
    canceled: bool = False
    not_before_ns: int = 0
    state: State | None = None
    refused: str = ""


@dataclass
class _Work:
    scope: Scope
    until_ns: int
    tried: dict[str, _Tried] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)  # hedge -> why it stays open


class Flattener:
    """Flattens the hedges of a run by the same commands that keys use."""

    def __init__(self, trading: TradingPort, board: Board) -> None:
        self._trading = trading
        self._board = board
        self._holdings = Holdings()
        self._resting = Resting()
        for position in trading.facts.positions.values():
            self._holdings.hear(position)
        trading.on_account(self._hear)

    def _hear(self, event: AccountEvent) -> None:
        self._holdings.hear(event)
        self._resting.hear(event)

    async def flatten(self, command: Command) -> AsyncIterator[Answer]:
        scope = command.flatten
        yield Answer(holds=tuple(account.venue for account in self._trading.accounts()))
        if command.dry_run:
            for ledger in self._open(scope):
                yield Answer(say=f"would flatten {in_words(ledger)}")
        elif self._trading.killed:
            yield Answer(say="the kill switch is on: nothing is opened or closed; arm again first, or end that run")
        else:
            disarmed = self._trading.disarm("arbtui flatten")  # else what trades by itself would open it all anew
            if disarmed.accepted:
                yield Answer(say=disarmed.text)
            async for text in self._flatten(_Work(scope, _now_ns() + round(FLATTEN_WITHIN_S * NS_PER_S))):
                yield Answer(say=text)
            await self._settle(scope)
        doubts, left = [*self._strangers(scope), *self._unknown(scope)], self._open(scope)
        for text in doubts:
            yield Answer(say=text)
        if not left and not doubts:
            asked = ", ".join(account.venue for account in self._trading.accounts())
            yield Answer(say=f"nothing is open ({scope}{'' if scope.venue else f', on {asked}'})")
        yield Answer(end=EXIT_OPEN if left or doubts else EXIT_FLAT)

    async def _settle(self, scope: Scope) -> None:
        """Venues tell positions a little after fills."""
        for _ in range(round(SETTLE_S / LOOK_S)):
            if not self._strangers(scope):
                return
            await asyncio.sleep(LOOK_S)

    def _open(self, scope: Scope) -> list[Ledger]:
        """Hedges that are meant and have not ended, oldest first."""
        meant = [
            ledger
            for ledger in self._trading.ledgers.values()
            if ledger.turns
            and (not ledger.state.ended or ledger.unsettled())
            and any(scope.holds(leg.venue, ledger.intent.base) for leg in ledger.intent.legs)
        ]
        return sorted(meant, key=lambda ledger: ledger.hedge)

    def _strangers(self, scope: Scope) -> list[str]:
        """What the accounts hold and no hedge does, in words, and what rests there that is not arbtui's."""
        found = self._resting_orders(scope)
        for (venue, native, _), position in sorted(self._holdings.open.items()):
            leg = f"{venue}.{Market.PERP.value}.{native}"
            slot = slot_of(self._board, leg)
            of = slot.instrument if slot is not None else None
            if not scope.holds(venue, of.base if of is not None else scope.base or ""):
                continue
            ours, multiplier = self._held(leg), of.multiplier if of is not None else None
            if multiplier is None or position.qty * multiplier != ours:
                there = f"{amount(position.qty)} (as on the wire)"
                found.append(
                    f"{leg} holds {there}, arbtui's hedges {amount(ours)} coins: the rest belongs to no hedge and "
                    "stays; close it there, or end that arbtui and flatten again"
                )
        return found

    def _resting_orders(self, scope: Scope) -> list[str]:
        found = []
        for (venue, market, native, order_id), order in sorted(self._resting.open.items()):
            leg = f"{venue}.{market.value}.{native}"
            slot = slot_of(self._board, leg)
            if scope.holds(venue, slot.instrument.base if slot is not None else scope.base or ""):
                what = f"an order that is not arbtui's rests on {leg} ({order.side.value}, {order_id})"
                found.append(f"{what} and stays; cancel it there, or end that arbtui and flatten again")
        return found

    def _unknown(self, scope: Scope) -> list[str]:
        """Accounts that are meant and of which nobody can say what they hold, in words. Paper holds hedges alone."""
        accounts = self._trading.accounts()
        if all(account.paper for account in accounts):
            return []
        if scope.venue is not None and scope.venue not in {account.venue for account in accounts}:
            why = f"this run has no account on {scope.venue}, so what is open there is not known"
            return [f"{why}; end it, then flatten again"]
        found = []
        for account in accounts:
            if scope.venue not in (None, account.venue):
                continue
            unread = [failed.text for failed in account.failed if failed.kind is ReadKind.POSITIONS]
            if account.heard_ns is None:
                unread.append("it has not told anything yet")
            found += [f"what {account.venue} holds is not known: {text}" for text in unread]
        return found

    def _held(self, leg: str) -> Decimal:
        """Coins that all hedges hold there."""
        legs = [(ledger, index) for ledger in self._trading.ledgers.values() if ledger.turns for index in (0, 1)]
        return sum((led.position(index) for led, index in legs if led.intent.legs[index].key == leg), Decimal(0))

    async def _flatten(self, work: _Work) -> AsyncIterator[str]:
        """Step every hedge until all have ended, no rule is left for the rest, or time is up."""
        while True:
            waiting = [ledger for ledger in self._open(work.scope) if ledger.hedge not in work.left]
            for ledger in waiting:
                for text in self._step(ledger, work):
                    yield text
            for hedge, text in self._ended(work):
                work.tried.pop(hedge)
                yield text
            if not [ledger for ledger in self._open(work.scope) if ledger.hedge not in work.left]:
                break
            if _now_ns() >= work.until_ns:
                for ledger in waiting:
                    why = work.tried[ledger.hedge].refused or ledger.why
                    yield f"{in_words(ledger)}: not flat after {FLATTEN_WITHIN_S:g} s: {why}"
                break
            await asyncio.sleep(LOOK_S)

    def _ended(self, work: _Work) -> list[tuple[str, str]]:
        still = {ledger.hedge for ledger in self._open(work.scope)}
        ledgers = self._trading.ledgers
        return [(hedge, f"{in_words(ledgers[hedge])}: flat") for hedge in list(work.tried) if hedge not in still]

    def _step(self, ledger: Ledger, work: _Work) -> Iterator[str]:
        tried = work.tried.setdefault(ledger.hedge, _Tried())
        if ledger.state is not tried.state:
            tried.state = ledger.state
            yield f"{in_words(ledger)}: {ledger.why}"
        if _now_ns() < tried.not_before_ns:
            return
        if allows(ledger.state, Step.CLOSE) and not ledger.unsettled():
            if tried.turns >= TURNS:
                work.left[ledger.hedge] = ledger.why
                yield f"{in_words(ledger)}: stays open: {ledger.why}"
                return
            yield from self._begin(ledger, tried)
        elif not ledger.turn_over and not ledger.canceled and ledger.intent.opens and not tried.canceled:
            tried.canceled = True
            yield f"{ledger.hedge}: {self._trading.cancel(ledger.hedge).text}"

    def _begin(self, ledger: Ledger, tried: _Tried) -> Iterator[str]:
        tried.not_before_ns = _now_ns() + round(AGAIN_S * NS_PER_S)
        preview = self._trading.preview(Ticket(base=ledger.intent.base, verb=Verb.FLATTEN, hedge=ledger.hedge))
        answer = self._trading.fire(preview)
        if answer.accepted:
            tried.turns, tried.refused = tried.turns + 1, ""
        elif answer.text != tried.refused:
            tried.refused = answer.text
            yield f"{in_words(ledger)}: not yet: {answer.text}"


def _now_ns() -> int:
    return round(asyncio.get_running_loop().time() * NS_PER_S)


def in_words(ledger: Ledger) -> str:
    """A hedge, its state and what it holds."""
    held = " and ".join(
        f"{amount(ledger.position(index))} on {leg.key}" for index, leg in enumerate(ledger.intent.legs)
    )
    return f"{ledger.hedge} {ledger.intent.base} {ledger.state.value}, {held}"


# ---- the other side


def listens(folder: Path) -> bool:
    """Whether a run takes commands there."""
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with contextlib.suppress(OSError), probe, _address(folder) as address:
        probe.settimeout(1.0)
        probe.connect(address)
        return True
    return False


async def ask(folder: Path, command: Command) -> AsyncGenerator[Answer, None]:
    """The answers of the run that holds the mode of ``folder``. Raises NoEngine where none listens."""
    try:
        with _address(folder) as address:
            reader, writer = await asyncio.open_unix_connection(address)
    except OSError as error:
        raise NoEngine(f"no arbtui takes commands in {folder}: {error.strerror or error}") from None
    try:
        writer.write(msgspec.json.encode(command) + b"\n")
        await writer.drain()
        while line := await reader.readline():
            yield _answers.decode(line)
    except ConnectionError as error:
        log.info("the connection to the running arbtui broke: %s", error)
    finally:
        writer.close()
