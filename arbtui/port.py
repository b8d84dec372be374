"""The engine as its guests see it: state to read, one port for commands.

A guest (the screen, the headless printer) never owns market logic and is never awaited. Commands are values; the engine
answers each at once with an ``Outcome`` in words. What commands change at run time is kept in ``state.toml``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from arbtui.core.clock import Clock
from arbtui.core.events import QuoteTexts
from arbtui.core.status import FeedStatus, Notice, ProcessFigures
from arbtui.market.state import Board, Slot
from arbtui.strategy.rows import SignalRecord, SpreadRow


@dataclass(frozen=True)
class SelectCoin:
    """Watch this coin: its books are held."""

    base: str


@dataclass(frozen=True)
class ChooseLegs:
    """Compare these two instruments of the selected coin (slot ids); None, None = the best pair again."""

    buy_slot: int | None
    sell_slot: int | None


@dataclass(frozen=True)
class SetThreshold:
    """Signal threshold in bps net; ``base`` "" sets the default, else that coin's; None removes the coin's own."""

    net_bps: float | None
    base: str = ""


@dataclass(frozen=True)
class SetWalkSize:
    """The size, in USD, that spreads are walked for (``walk_usd``)."""

    usd: float


@dataclass(frozen=True)
class Remember:
    """Keep a value of the screen's (sort column, theme) in ``state.toml`` under ``ui.<key>``."""

    key: str
    value: str


Command = SelectCoin | ChooseLegs | SetThreshold | SetWalkSize | Remember


@dataclass(frozen=True)
class Outcome:
    accepted: bool
    text: str  # one sentence


class EnginePort(Protocol):
    """What guests may use. Everything here is cheap, synchronous and safe to call from the engine's loop."""

    mode: str  # "PAPER" | "TESTNET" | "LIVE" | "DEMO" | "REPLAY"
    clock: Clock
    board: Board

    # what was chosen
    selected: str  # base of the watched coin, "" before there is one
    legs: tuple[int, int] | None  # slots chosen by hand for the selected coin, (buy, sell)

    @property
    def walk_usd(self) -> float:
        """The size that books are walked for."""
        ...

    def threshold_bps(self, base: str = "") -> float:
        """The threshold that holds for a coin without regard to its venues; the default for ""."""
        ...

    def shows(self, slot: Slot) -> bool:
        """Whether the slot's coin is among those that were chosen to be streamed."""
        ...

    # spreads
    def rows(self, max_age_ms: float = 0.0) -> Sequence[SpreadRow]:
        """The best admissible pair of every coin (or its best inadmissible one, ``muted`` saying why).

        As of now; a guest that looks often allows rows an age, and the engine then makes them anew little by little.
        """
        ...

    def row(self, base: str) -> SpreadRow | None: ...

    def pairs(self, base: str) -> Sequence[SpreadRow]:
        """Every pair of the enabled kinds of one coin, admissible or not, best net first."""
        ...

    def pair(self, buy_slot: int, sell_slot: int) -> SpreadRow: ...

    def why_not(self, base: str) -> str:
        """Why no signal stands for this coin, in one sentence; which one stands, if one does."""
        ...

    # signals, newest last; a bounded history
    @property
    def signals(self) -> Sequence[SignalRecord]: ...

    # health
    def status(self) -> Sequence[FeedStatus]: ...

    def process(self) -> ProcessFigures: ...

    @property
    def notices(self) -> Sequence[Notice]: ...

    # exact texts, per coin, for printing
    def quote_texts(self, slot: Slot) -> QuoteTexts:
        """Bid, bid size, ask, ask size of the slot's quote as exact decimals per coin."""
        ...

    # listening: called synchronously on the engine's loop; must return at once
    def on_quote(self, call: Callable[[Slot], None]) -> None: ...

    def on_book(self, call: Callable[[Slot], None]) -> None: ...

    def on_signal(self, call: Callable[[SignalRecord], None]) -> None: ...

    def on_notice(self, call: Callable[[Notice], None]) -> None: ...

    def send(self, command: Command) -> Outcome: ...

    def remembered(self, key: str) -> str | None:
        """A value kept earlier with ``Remember``."""
        ...


class Guest(Protocol):
    """The screen or the printer, as the engine sees it. Every call is made on the engine's loop, in this order.

    ``stays``: it goes on after a recording has ended, until somebody leaves it.
    """

    stays: bool

    def attach(self, port: EnginePort) -> None:
        """Before the first event: register what wants to listen."""
        ...

    async def run(self) -> int:
        """Until the guest wants the run to end: its exit code. Cancelled when something else ends the run."""
        ...

    async def drained(self) -> None:
        """In a replay, now and then: returns once the guest has room for more."""
        ...

    async def close(self) -> None:
        """After the last event, also where ``run`` was cancelled or never begun."""
        ...
