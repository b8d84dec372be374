"""The engine as its guests see it: state to read, one port for commands.

A guest (the screen, the headless printer) never owns market logic and is never awaited. Commands are values; the engine
answers each at once with an ``Outcome`` in words. What commands change at run time is kept in ``state.toml``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol

from arbtui.core.alerts import Alert
from arbtui.core.clock import Clock
from arbtui.core.events import QuoteTexts
from arbtui.core.orders import AccountEvent
from arbtui.core.status import FeedStatus, Notice, ProcessFigures
from arbtui.execution.arming import Permit
from arbtui.execution.equity import Equity
from arbtui.execution.health import AccountHealth
from arbtui.execution.intents import Intent, Style, Verb
from arbtui.execution.ledger import Ledger
from arbtui.execution.pairs import Pair
from arbtui.execution.pnl import Pnl
from arbtui.execution.preflight import Check, Facts
from arbtui.execution.preview import Estimate
from arbtui.execution.records import Fact
from arbtui.execution.runner import Answer, Said
from arbtui.market.state import Board, Slot
from arbtui.strategy.auto import DecisionRecord
from arbtui.strategy.rows import SignalRecord, SpreadRow
from arbtui.strategy.series import Series


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


@dataclass(frozen=True)
class SetSetting:
    """Change a setting by its key (``signals.samples``) to what was typed; None: the change by key is taken back.

    What can take effect at once does; the rest is refused with where to change it.
    """

    key: str
    text: str | None


@dataclass(frozen=True)
class SetMute:
    """Nothing of this coin, or of this venue, may trade; or (``on`` false) it may again. One of the two is named.

    What is muted raises no signal and opens no hedge; hedges that are open are looked after as before.
    """

    base: str = ""
    venue: str = ""
    on: bool = True


@dataclass(frozen=True)
class ReplayControl:
    """How a recording goes on. ``speed`` goes with "speed": times as fast as it was; None: as fast as it goes.

    "frame" hears one more record, "second" all of one more second of the recording; both leave it paused.
    """

    do: Literal["pause", "continue", "frame", "second", "speed"]
    speed: float | None = None


Command = SelectCoin | ChooseLegs | SetThreshold | SetWalkSize | Remember | SetSetting | SetMute | ReplayControl


@dataclass(frozen=True)
class Setting:
    """One setting as a person may look at it. Texts are as TOML spells values; secrets are masked.

    ``value`` "" = not given. ``origin``: default, config (file line n), state (file), env (variable), flag (--flag),
    this run. ``beneath``: what holds, and from where, if the change by key is taken back; "" where there was none.
    ``section``: what the section is about. ``fixed``: why it cannot be changed now, and where it can; "" if it can.
    """

    key: str
    section: str
    value: str
    origin: str
    kind: str  # "number", "whole number", "true or false", "text" ...
    bounds: str  # "from 1 to 1,000", "" = none
    choices: tuple[str, ...]  # all that it may be, where that is a list of words
    about: str
    default: str
    beneath: str
    fixed: str


@dataclass(frozen=True)
class ReplayPosition:
    """Where a replay stands. ``t_ns`` is the recording's time, ``first_ns`` that of its first record.

    ``records`` heard so far. ``speed`` None: as fast as it goes. ``ended``: there are no more records.
    """

    first_ns: int
    t_ns: int
    records: int
    speed: float | None
    paused: bool
    ended: bool


@dataclass(frozen=True)
class Outcome:
    accepted: bool
    text: str  # one sentence


@dataclass(frozen=True)
class Ticket:
    """What somebody has in mind. Legs are ``venue.market.native`` and never change while a ticket is open.

    Opening: ``buy`` and ``sell``, and one of ``usd`` and ``qty_base``. Closing: ``hedge``, and ``qty_base`` None = all.
    ``maker``: the leg that rests, 0 = the bought one, 1 = the sold one, with MAKER_TAKER. ``by``: who has it in mind.
    """

    base: str
    buy: str = ""
    sell: str = ""
    usd: Decimal | None = None
    qty_base: Decimal | None = None
    verb: Verb = Verb.OPEN
    hedge: str = ""
    style: Style = Style.TAKER_TAKER
    maker: int | None = None
    by: str = "person"


@dataclass(frozen=True)
class Preview:
    """A ticket worked out at ``t_ns``. ``intent`` None: it cannot even be tried, ``refused`` says why.

    ``checks``: everything that must hold; ``refused`` is "" only where all do.
    """

    ticket: Ticket
    t_ns: int
    intent: Intent | None
    estimate: Estimate | None
    checks: Sequence[Check]
    refused: str


class TradingPort(Protocol):
    """Orders as guests may ask for them. Cheap and synchronous; what becomes of them is told by ``on_change``."""

    word: str  # what an order of this run is: "PAPER" "SIMULATED" "DEMO-KEYS" "TESTNET" "LIVE"

    @property
    def armed(self) -> bool: ...

    @property
    def killed(self) -> bool: ...

    @property
    def permit(self) -> Permit | None:
        """On what terms accounts are armed; None: disarmed, or paper, which needs none."""
        ...

    @property
    def armed_until_ns(self) -> int | None:
        """When arming ends by itself; None: it does not."""
        ...

    @property
    def ledgers(self) -> Mapping[str, Ledger]:
        """Every hedge of this mode by id, ended ones among them."""
        ...

    @property
    def said(self) -> Sequence[Said]:
        """What was said of hedges, newest last; a bounded history."""
        ...

    @property
    def facts(self) -> Facts:
        """Balances, positions, modes, fees as last told."""
        ...

    def accounts(self) -> Sequence[AccountHealth]:
        """How each account of this run is heard: its streams, its last word, what it would not tell."""
        ...

    def pairs(self) -> Sequence[Pair]:
        """Open hedges with their legs, gap and profit as of now, oldest first."""
        ...

    def pnl_usd(self, hedge: str) -> Decimal | None:
        """What a hedge has made, realised and open, fees and funding in it; None where something is not known."""
        ...

    def pnl(self, hedge: str, *, at_worst: bool = False) -> Pnl | None:
        """The account of a hedge, ended or not, in its currencies; None for one that is not known.

        ``at_worst``: what the venues have not told yet counts as bad as it can be, see ``execution.pnl.hedge_pnl``.
        """
        ...

    def usd(self, ccy: str) -> Decimal | None:
        """US dollars for one unit of a currency or coin; None where no fresh rate is known."""
        ...

    def equity_usd(self) -> Decimal | None:
        """All balances and open profit of all accounts; None where a rate or an account is not known."""
        ...

    def equity(self) -> Equity:
        """What all accounts are worth as far as it is known, and what is missing by name."""
        ...

    @property
    def equity_curve(self) -> Sequence[tuple[int, float]]:
        """(t_ns, USD), oldest first; kept over restarts."""
        ...

    def preview(self, ticket: Ticket) -> Preview:
        """Work a ticket out with the prices and accounts of this moment; asks venues for what is not known yet."""
        ...

    def fire(self, preview: Preview) -> Answer:
        """Send what was previewed, if every check still holds and the prices are within the bands. Once each."""
        ...

    def cancel(self, hedge: str) -> Answer:
        """Enter no further: resting orders are taken back, what filled is hedged and stays."""
        ...

    def retry(self, hedge: str) -> Answer: ...

    def abandon(self, hedge: str) -> Answer: ...

    def may_arm(self) -> str:
        """Why the keys of accounts forbid arming now, in words; "" where they do not.

        What they may do is asked anew where that was told long ago: ask this when a person is about to arm, and the
        answer is there when the phrase is typed.
        """
        ...

    def arm(self, open_usd: Decimal | None = None) -> Answer:
        """Hedges may be opened. ``open_usd``: the most that may be open at once; without it accounts are not armed."""
        ...

    def disarm(self, why: str) -> Answer:
        """No new hedge from now on. Unlike the kill switch it cancels nothing: hedges under way go on by the rules."""
        ...

    def kill(self, why: str) -> Answer:
        """Stop, cancel, disarm. It opens and closes nothing."""
        ...

    def on_change(self, call: Callable[[str, Fact], None]) -> None:
        """``call(hedge, fact)`` for everything that becomes known of hedges; "" = of none."""
        ...

    def on_account(self, call: Callable[[AccountEvent], None]) -> None:
        """``call(event)`` for everything that any account tells."""
        ...

    def on_said(self, call: Callable[[Said], None]) -> None: ...


class AutoPort(Protocol):
    """The automatic mode of a run that sends orders. It goes by ``TradingPort`` alone, as everybody does."""

    @property
    def on(self) -> bool: ...

    @property
    def decisions(self) -> Sequence[DecisionRecord]:
        """What it decided and why, newest last; a bounded history."""
        ...

    def switch(self, *, on: bool) -> Outcome:
        """Off leaves its hedges as they are: they are a person's to close."""
        ...

    def on_decision(self, call: Callable[[DecisionRecord], None]) -> None: ...


class EnginePort(Protocol):
    """What guests may use. Everything here is cheap, synchronous and safe to call from the engine's loop."""

    mode: str  # "REPLAY", or one of ``engine.modes``
    clock: Clock
    board: Board

    # orders; None where this run can send none, and ``no_trading`` says why
    trading: TradingPort | None
    no_trading: str
    auto: AutoPort | None  # None exactly where ``trading`` is

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

    def pair_threshold_bps(self, buy_slot: int, sell_slot: int) -> float:
        """The threshold that holds for buying at one instrument and selling at the other; ``max_usd`` reaches to it."""
        ...

    def threshold_entries(self) -> Mapping[str, float]:
        """Every threshold but the default, in bps net: coins, directions, venue pairs and pairs, by their keys as text.

        Those of coins can be changed with ``SetThreshold``, the others in the settings.
        """
        ...

    @property
    def muted_coins(self) -> Collection[str]:
        """Muted by hand; what is muted for another reason is not among them."""
        ...

    @property
    def muted_venues(self) -> Collection[str]: ...

    @property
    def replay(self) -> ReplayPosition | None:
        """None: this is no replay."""
        ...

    def shows(self, slot: Slot) -> bool:
        """Whether the slot's coin is among those that were chosen to be streamed."""
        ...

    # spreads
    def rows(self, max_age_ms: float = 0.0) -> Sequence[SpreadRow]:
        """The best admissible pair of every coin (or its best inadmissible one, ``muted`` saying why).

        As of now; a guest that looks often allows rows an age, and the engine then makes them anew little by little,
        and keeps what they were.
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

    # what they were; NaN wherever no pair of fresh, admissible quotes could be compared
    def history(self, base: str, window_s: float) -> Series:
        """``net_bps`` of the coin's best pair, whichever that was, for up to an hour.

        All coins' are kept from when the first guest asks for any or allows rows an age: not by a run that only prints.
        """
        ...

    def best_pairs(self, base: str, window_s: float) -> Sequence[tuple[int, int] | None]:
        """Of which legs, (buy, sell) slots, each second of ``history`` is; None = a gap. For up to ten minutes."""
        ...

    def pair_history(self, buy_slot: int, sell_slot: int, window_s: float) -> Series:
        """``net_bps`` of exactly these legs, finer than ``history``. Asking begins it: before, there are only gaps."""
        ...

    def premium_venues(self, base: str) -> Sequence[str]:
        """Venues that quote both the coin's spot and its perpetual."""
        ...

    def premium_history(self, base: str, venue: str, window_s: float) -> Series:
        """(perp - spot) / spot of one venue's mids, bps, since the coin was first selected."""
        ...

    def passed(self, bps: float, window_s: float = 600.0) -> int:
        """How many coins had a best pair of ``bps`` net or more in the last ``window_s`` seconds, to ten seconds."""
        ...

    # signals, newest last; a bounded history
    @property
    def signals(self) -> Sequence[SignalRecord]: ...

    def standing(self) -> Sequence[SignalRecord]:
        """The raises that have not been cleared, oldest first."""
        ...

    # health
    def status(self) -> Sequence[FeedStatus]: ...

    def process(self) -> ProcessFigures: ...

    @property
    def notices(self) -> Sequence[Notice]: ...

    @property
    def alerts(self) -> Sequence[Alert]:
        """What was told, newest last, a bounded history; nothing is watched before somebody listens."""
        ...

    # exact texts, per coin, for printing
    def quote_texts(self, slot: Slot) -> QuoteTexts:
        """Bid, bid size, ask, ask size of the slot's quote as exact decimals per coin."""
        ...

    # listening: called synchronously on the engine's loop; must return at once
    def on_quote(self, call: Callable[[Slot], None]) -> None: ...

    def on_book(self, call: Callable[[Slot], None]) -> None: ...

    def on_signal(self, call: Callable[[SignalRecord], None]) -> None: ...

    def on_notice(self, call: Callable[[Notice], None]) -> None: ...

    def on_alert(self, call: Callable[[Alert], None]) -> None: ...

    def send(self, command: Command) -> Outcome: ...

    def settings(self) -> Sequence[Setting]:
        """Every setting as it holds now, in the order of the example file; of credentials, whether they are set."""
        ...

    def setting(self, key: str) -> object:
        """The value that holds now of a setting, by its key; None where it has none."""
        ...

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

    async def run(self) -> int | None:
        """Until the guest wants the run to end: its exit code; None: it is gone, and a live run goes on without it.

        Cancelled when something else ends the run.
        """
        ...

    async def drained(self) -> None:
        """In a replay, now and then: returns once the guest has room for more."""
        ...

    async def close(self) -> None:
        """After the last event, also where ``run`` was cancelled or never begun."""
        ...
