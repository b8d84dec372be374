"""The engine as guests see it: ``arbtui.port.EnginePort`` over the board, the spreads and the signals.

Live data, replay and tests differ in where events and time come from, not in this. The desk opens nothing: what it
needs from the wire (health figures) and from the disk (what was chosen last time) is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Protocol

from arbtui.core import units
from arbtui.core.alerts import Alert
from arbtui.core.clock import NS_PER_MS, Clock, Every
from arbtui.core.errors import ConfigError
from arbtui.core.events import QuoteTexts
from arbtui.core.status import FeedStatus, Notice, ProcessFigures
from arbtui.engine.alerts import AlertWatch
from arbtui.engine.settings import SettingsBook
from arbtui.engine.trouble import Trouble
from arbtui.market.mutes import BY_YOU
from arbtui.market.state import Board, Slot
from arbtui.port import (
    AutoPort,
    ChooseLegs,
    Command,
    Outcome,
    Remember,
    ReplayControl,
    ReplayPosition,
    SelectCoin,
    SetMute,
    SetSetting,
    SetThreshold,
    Setting,
    SetWalkSize,
    TradingPort,
)
from arbtui.strategy.alerts import AlertRules
from arbtui.strategy.attention import Attention, Want, wants
from arbtui.strategy.history import Best, History
from arbtui.strategy.rows import SignalRecord, SpreadRow
from arbtui.strategy.series import Series
from arbtui.strategy.signals import Signals
from arbtui.strategy.spreads import Spreads
from arbtui.strategy.thresholds import Thresholds

SWEEP_MS = 20  # a part of the slots each time: all of them twice a second, and no frame waits for many
SWEEPS_PER_ROUND = 25
MUTED_COINS, MUTED_VENUES = "ui.muted_coins", "ui.muted_venues"  # kept as names with spaces between


class Player(Protocol):
    """What plays a recording, as far as guests may reach it."""

    @property
    def position(self) -> ReplayPosition: ...

    def control(self, command: ReplayControl) -> Outcome: ...


class Desk:
    """Answers guests and takes their commands. ``start`` sets the rhythm going on the clock."""

    def __init__(
        self,
        *,
        mode: str,
        clock: Clock,
        board: Board,
        spreads: Spreads,
        signals: Signals,
        signal_listeners: list[Callable[[SignalRecord], None]],
        thresholds: Thresholds,
        trouble: Trouble,
        attention: Attention,
        memory: SettingsBook,
        texts: Callable[[Slot], QuoteTexts],
        status: Callable[[], Sequence[FeedStatus]],
        process: Callable[[], ProcessFigures],
        alert_rules: AlertRules,
    ) -> None:
        self.mode = mode
        self.clock = clock
        self.board = board
        self.trading: TradingPort | None = None
        self.no_trading = "no orders can be sent in this run"
        self.auto: AutoPort | None = None
        self.spreads = spreads
        self.thresholds = thresholds
        self.selected = ""
        self.legs: tuple[int, int] | None = None
        self.named: tuple[str, ...] = ()  # coins asked for by name: their books are held
        self.shown: Sequence[str] | None = None  # coins that rows() speaks of; None = all that have a pair
        self._shown: frozenset[str] | None = None
        self._signals = signals
        self._signal_listeners = signal_listeners
        self._trouble = trouble
        self._attention = attention
        self._memory = memory
        self._texts = texts
        self._status = status
        self._process = process
        self._timers: list[Every] = []
        self._history = History(board, self._best)
        self._remembers = False  # whether rows are made anew all the time, and kept
        self.player: Player | None = None  # in a replay
        self.watch = AlertWatch(self, alert_rules)
        signal_listeners.append(self.watch.signal)
        self._restore_mutes()

    def start(self) -> None:
        """Judge slots in turn and sample signals, for ever, on the clock."""
        self.spreads.listen(self.board)
        self._signals.start()
        self._timers.append(Every(self.clock, SWEEP_MS * NS_PER_MS, self._sweep))

    def stop(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self.watch.stop()
        self._signals.stop()

    def _sweep(self) -> None:
        self.board.sweep(self.clock.now_ns(), at_most=len(self.board.slots) // SWEEPS_PER_ROUND + 1)
        if self._remembers or self.watch.wants_nets:
            self._history.step(self.clock.now_ns(), self.selected, self.shown)

    # what was chosen

    @property
    def walk_usd(self) -> float:
        return self.spreads.walk_usd

    def threshold_bps(self, base: str = "") -> float:
        return self.thresholds.coin_bps(base)

    def pair_threshold_bps(self, buy_slot: int, sell_slot: int) -> float:
        buy, sell = self.board.slots[buy_slot], self.board.slots[sell_slot]
        return self.thresholds.pair_bps(buy.coin.base, buy.instrument, sell.instrument)

    def threshold_entries(self) -> Mapping[str, float]:
        return self.thresholds.entries()

    @property
    def muted_coins(self) -> Collection[str]:
        return self.board.mutes.coins

    @property
    def muted_venues(self) -> Collection[str]:
        return self.board.mutes.venues

    @property
    def replay(self) -> ReplayPosition | None:
        return self.player.position if self.player is not None else None

    # spreads

    def show(self, bases: Sequence[str]) -> None:
        """Speak of these coins only."""
        self.shown = bases
        self._shown = frozenset(bases)

    def shows(self, slot: Slot) -> bool:
        return self._shown is None or slot.coin.base in self._shown

    def rows(self, max_age_ms: float = 0.0) -> Sequence[SpreadRow]:
        self._remembers = self._remembers or max_age_ms > 0
        return self.spreads.rows(max_age_ms, self.shown)

    def _best(self, base: str) -> Best | None:
        """The coin's best admissible pair. Its row is made anew, so that nobody waits for a thousand rows at once."""
        for row in self.spreads.rows(bases=(base,)):
            if row.muted is None and row.net_bps is not None:
                self.watch.net(base, row.net_bps)
                return row.buy.slot, row.sell.slot, row.net_bps
        return None

    def row(self, base: str) -> SpreadRow | None:
        return self.spreads.row(base)

    def pairs(self, base: str) -> Sequence[SpreadRow]:
        return self.spreads.pairs(base)

    def pair(self, buy_slot: int, sell_slot: int) -> SpreadRow:
        return self.spreads.pair(self.board.slots[buy_slot], self.board.slots[sell_slot])

    def why_not(self, base: str) -> str:
        return self._signals.why_not(base)

    # what they were

    def history(self, base: str, window_s: float) -> Series:
        self._remembers = True
        return self._history.net(base, self.clock.now_ns(), window_s)

    def best_pairs(self, base: str, window_s: float) -> Sequence[tuple[int, int] | None]:
        self._remembers = True
        return self._history.best_pairs(base, self.clock.now_ns(), window_s)

    def pair_history(self, buy_slot: int, sell_slot: int, window_s: float) -> Series:
        self._remembers = True
        slots = self.board.slots
        return self._history.pair(slots[buy_slot], slots[sell_slot], self.clock.now_ns(), window_s)

    def premium_venues(self, base: str) -> Sequence[str]:
        return self._history.premium_venues(base)

    def premium_history(self, base: str, venue: str, window_s: float) -> Series:
        self._remembers = True
        return self._history.premium(base, venue, self.clock.now_ns(), window_s)

    def passed(self, bps: float, window_s: float = 600.0) -> int:
        self._remembers = True
        return self._history.passed(bps, self.clock.now_ns(), window_s)

    @property
    def signals(self) -> Sequence[SignalRecord]:
        return self._signals.history

    def standing(self) -> Sequence[SignalRecord]:
        return self._signals.standing()

    # health

    def status(self) -> Sequence[FeedStatus]:
        return self._status()

    def process(self) -> ProcessFigures:
        return self._process()

    @property
    def notices(self) -> Sequence[Notice]:
        return self._trouble.notices

    @property
    def alerts(self) -> Sequence[Alert]:
        return self.watch.told

    # exact texts

    def wire_texts(self, slot: Slot) -> QuoteTexts:
        """The slot's quote as the venue wrote it; all None where there is none."""
        return self._texts(slot) if slot.quote is not None else (None, None, None, None)

    def quote_texts(self, slot: Slot) -> QuoteTexts:
        """Exact decimals per coin; all None while the multiplier is not known or there is no quote."""
        factor, multiplier = slot.instrument.price_factor, slot.instrument.multiplier
        if slot.quote is None:
            return None, None, None, None
        bid, bid_qty, ask, ask_qty = self._texts(slot)
        if factor is None or multiplier is None:
            return bid, bid_qty, ask, ask_qty
        return (
            units.price_per_coin(bid, factor) if bid else None,
            units.coins(bid_qty, multiplier) if bid_qty else None,
            units.price_per_coin(ask, factor) if ask else None,
            units.coins(ask_qty, multiplier) if ask_qty else None,
        )

    # listening

    def on_quote(self, call: Callable[[Slot], None]) -> None:
        self.board.on_quote.append(call)

    def on_book(self, call: Callable[[Slot], None]) -> None:
        self.board.on_book.append(call)

    def on_signal(self, call: Callable[[SignalRecord], None]) -> None:
        self._signal_listeners.append(call)

    def on_notice(self, call: Callable[[Notice], None]) -> None:
        self._trouble.listeners.append(call)

    def on_alert(self, call: Callable[[Alert], None]) -> None:
        self.watch.listen(call)

    # which books

    def wanted_books(self) -> frozenset[int]:
        """Slot ids whose books deserve to be held now."""
        now_ns = self.clock.now_ns()
        return self._attention.choose(now_ns, self._wants(now_ns))

    def _wants(self, now_ns: int) -> Iterator[Want]:
        coins = self.board.coins
        watched = coins[self.selected].slots if self.selected in coins else ()
        return wants(self.spreads, now_ns, watched=watched, named=self.named, coins=coins)

    # commands

    def settings(self) -> Sequence[Setting]:
        return list(self._memory.view())

    def setting(self, key: str) -> object:
        return self._memory.value(key)

    def remembered(self, key: str) -> str | None:
        value = self._memory.get(f"ui.{key}")
        return value if isinstance(value, str) else None

    def send(self, command: Command) -> Outcome:
        match command:
            case SelectCoin(base):
                return self._select(base)
            case ChooseLegs(buy_slot, sell_slot):
                return self._choose(buy_slot, sell_slot)
            case SetThreshold(net_bps, base):
                return self._set_threshold(net_bps, base)
            case SetWalkSize(usd):
                return self._set_walk(usd)
            case SetSetting(key, text):
                return self._memory.change(key, text)
            case Remember(key, value) if self._memory.knows(f"ui.{key}"):
                return self._memory.change(f"ui.{key}", value)
            case Remember(key, value):
                self._memory.put(f"ui.{key}", value)
                return Outcome(accepted=True, text=f"{key} {value} is kept")
            case SetMute(base, venue, on):
                return self._set_mute(base, venue, on=on)
            case ReplayControl():
                if self.player is None:
                    return Outcome(accepted=False, text="this is no replay: live data cannot be paused")
                return self.player.control(command)

    def _select(self, base: str) -> Outcome:
        if base not in self.board.coins:
            return Outcome(accepted=False, text=f"{base} is listed nowhere")
        if base != self.selected:
            self.selected, self.legs = base, None
            self._memory.put("ui.symbol", base)
        return Outcome(accepted=True, text=f"watching {base}")

    def _choose(self, buy_slot: int | None, sell_slot: int | None) -> Outcome:
        if buy_slot is None or sell_slot is None:
            self.legs = None
            return Outcome(accepted=True, text="showing the best pair")
        known = range(len(self.board.slots))
        if buy_slot not in known or sell_slot not in known or buy_slot == sell_slot:
            return Outcome(accepted=False, text="these two legs make no pair")
        buy, sell = self.board.slots[buy_slot], self.board.slots[sell_slot]
        if buy.coin is not sell.coin:
            return Outcome(accepted=False, text=f"{buy.key} and {sell.key} are different coins")
        self.legs = (buy_slot, sell_slot)
        self.pair_history(buy_slot, sell_slot, 0.0)  # kept from now on, whether or not its chart is on show
        return Outcome(accepted=True, text=f"buy {buy.key}, sell {sell.key}")

    def _set_threshold(self, net_bps: float | None, base: str) -> Outcome:
        try:
            if base:
                self.thresholds.set_coin(base, net_bps)
            elif net_bps is None:
                return Outcome(accepted=False, text="the default threshold must be a number of basis points")
            else:
                self.thresholds.set_default(net_bps)
        except ConfigError as error:
            return Outcome(accepted=False, text=str(error))
        self._memory.put(f"signals.thresholds.{base}" if base else "signals.threshold_bps", net_bps)
        what = f"threshold of {base}" if base else "threshold"
        return Outcome(accepted=True, text=f"{what}: {'the default' if net_bps is None else f'{net_bps:g} bps net'}")

    def _set_mute(self, base: str, venue: str, *, on: bool) -> Outcome:
        if bool(base) is bool(venue):
            return Outcome(accepted=False, text="name a coin or a venue to mute")
        name, mutes = base or venue, self.board.mutes
        known = base in self.board.coins if base else self._runs(venue)
        if not known and name not in (mutes.coins if base else mutes.venues):
            return Outcome(accepted=False, text=f"{name} is listed nowhere" if base else f"no feed of {name} is known")
        self.board.mute(self.clock.now_ns(), coins={base} - {""}, venues={venue} - {""}, on=on)
        self._memory.put(MUTED_COINS, " ".join(mutes.coins) or None)
        self._memory.put(MUTED_VENUES, " ".join(mutes.venues) or None)
        if not on:
            return Outcome(accepted=True, text=f"{name} is muted by you no longer")
        return Outcome(accepted=True, text=f"{name} is muted: no signal, no new hedge; open hedges are looked after")

    def _runs(self, venue: str) -> bool:
        """Whether a venue takes part in this run, even if nothing was heard of it yet."""
        return any(feed.venue == venue for feed in self._status()) or any(
            slot.instrument.venue == venue for slot in self.board.slots
        )

    def _restore_mutes(self) -> None:
        """What an earlier run muted is muted in this one, and said: silence that nobody remembers is a trap."""
        kept = (self._memory.get(key) for key in (MUTED_COINS, MUTED_VENUES))
        coins, venues = (names.split() if isinstance(names, str) else [] for names in kept)
        self.board.mute(self.clock.now_ns(), coins=coins, venues=venues, on=True)
        if coins or venues:
            named = ", ".join([*coins, *venues])
            self._trouble.notice("warning", f"{BY_YOU} in an earlier run, and still: {named}")

    def _set_walk(self, usd: float) -> Outcome:
        if not 0 < usd < 1e12:
            return Outcome(accepted=False, text="the size must be a number of US dollars above zero")
        self.spreads.walk_usd = float(usd)
        self._memory.put("walk.usd", float(usd))
        return Outcome(accepted=True, text=f"walking {usd:,.12g} USD")
