"""Alerts of a run: what the rules of ``strategy.alerts`` are shown, when, and who hears what they tell.

Nothing is watched before somebody listens: a run that prints spreads alone does no work for it. Events (signals, alarms
of hedges) are heard as they come; feeds, prices and doubts are looked at every second, funding rates in turns.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from statistics import median
from typing import Protocol

from arbtui.config import Settings
from arbtui.core.alerts import Alert, AlertKind
from arbtui.core.clock import NS_PER_S, Clock, Every
from arbtui.core.status import FeedStatus
from arbtui.engine.prices import slot_of
from arbtui.execution.ledger import Ledger
from arbtui.execution.lifecycle import State
from arbtui.execution.words import Said
from arbtui.market.figures import mid_usd
from arbtui.market.state import Board, Slot
from arbtui.port import TradingPort
from arbtui.strategy.alerts import SPREAD_WINDOW_S, AlertRules, Alerts, level_of
from arbtui.strategy.rows import SignalRecord
from arbtui.strategy.series import Series

KEPT = 500
LOOK_S = 1.0
LOOKS_PER_ROUND = 30  # of funding: all slots have their turn within so many looks


class Watched(Protocol):
    """What this needs of the desk."""

    clock: Clock
    board: Board
    trading: TradingPort | None

    def status(self) -> Sequence[FeedStatus]: ...

    def shows(self, slot: Slot) -> bool: ...

    def history(self, base: str, window_s: float) -> Series: ...


def rules_of(settings: Settings) -> AlertRules:
    """The person's settings as the rules take them."""
    alerts = settings.alerts
    levels = (level_of(text) for text in alerts.levels)
    return AlertRules(
        kinds=frozenset(map(AlertKind, alerts.kinds)),
        coins=frozenset(alerts.coins),
        cooldown_s=alerts.cooldown_s,
        spread_z=alerts.spread_z,
        spread_jump_bps=alerts.spread_jump_bps,
        funding_bps=alerts.funding_bps,
        venue_down_s=alerts.venue_down_s,
        levels=tuple(dict.fromkeys(level for level in levels if level is not None)),
    )


class AlertWatch:
    """``told``: newest last, a bounded history."""

    def __init__(self, desk: Watched, rules: AlertRules) -> None:
        self._desk = desk
        self._rules = Alerts(rules, self._tell, lambda base: desk.history(base, SPREAD_WINDOW_S).known())
        self._listeners: list[Callable[[Alert], None]] = []
        self._timer: Every | None = None
        self._trading: TradingPort | None = None  # that is listened to
        self._next_slot = 0
        self.told: deque[Alert] = deque(maxlen=KEPT)

    def listen(self, call: Callable[[Alert], None]) -> None:
        """``call`` hears each alert from now on."""
        self._listeners.append(call)
        if self._timer is None:
            self._timer = Every(self._desk.clock, round(LOOK_S * NS_PER_S), self._look)
            self._listen_to_orders()

    @property
    def active(self) -> bool:
        """Whether anybody listens."""
        return self._timer is not None

    @property
    def wants_nets(self) -> bool:
        """Whether nets are to be looked at."""
        return self.active and self._rules.watches(AlertKind.SPREAD)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def set_rules(self, rules: AlertRules) -> None:
        self._rules.set_rules(rules)

    def _tell(self, alert: Alert) -> None:
        self.told.append(alert)
        for listener in self._listeners:
            listener(alert)

    # what is seen

    def signal(self, record: SignalRecord) -> None:
        if self.active:
            self._rules.signal(record)

    def net(self, base: str, net_bps: float) -> None:
        if self.active:
            self._rules.net(self._desk.clock.now_ns(), base, net_bps)

    def _listen_to_orders(self) -> None:
        """Who sends the orders of a run may come after those who listen, and may have said something already."""
        trading = self._desk.trading
        if trading is not None and trading is not self._trading:
            self._trading = trading
            for said in trading.said:
                self._said(said)
            trading.on_said(self._said)

    def _said(self, said: Said) -> None:
        if said.alarm:
            self._rules.hedge(said.t_ns, said.hedge, self._base(said.hedge), said.text)

    def _base(self, hedge: str) -> str:
        ledger = self._trading.ledgers.get(hedge) if self._trading is not None else None
        return ledger.intent.base if ledger is not None and ledger.turns else ""

    def _look(self) -> None:
        now_ns = self._desk.clock.now_ns()
        self._listen_to_orders()
        self._rules.feeds(now_ns, self._desk.status())
        self._rules.prices(now_ns, self._price)
        self._look_at_rates(now_ns)
        self._look_at_hedges(now_ns)

    def _price(self, base: str) -> float | None:
        """The median of what fresh quotes say, in USDT: one venue gone wrong does not reach a level."""
        coin, now_ns = self._desk.board.coins.get(base), self._desk.clock.now_ns()
        if coin is None or coin.quarantine is not None:
            return None
        fresh = [s for s in coin.slots if s.quarantine is None and self._desk.board.fresh(s, now_ns) is None]
        mids = [mid for slot in fresh if (mid := mid_usd(slot)) is not None]
        return median(mids) if mids else None

    def _look_at_rates(self, now_ns: int) -> None:
        slots = self._desk.board.slots
        count = -(-len(slots) // LOOKS_PER_ROUND)
        if self._next_slot >= len(slots):
            self._next_slot = 0
        for slot in slots[self._next_slot : self._next_slot + count]:
            if not slot.is_spot and slot.rate_per_h is not None and self._desk.shows(slot):
                self._rules.rate(now_ns, slot.key, slot.coin.base, 1e4 * slot.rate_per_h)
        self._next_slot += count

    def _look_at_hedges(self, now_ns: int) -> None:
        if self._trading is None:
            return
        doubted: dict[str, tuple[str, str]] = {}
        for ledger in self._trading.ledgers.values():
            if ledger.state is State.IN_DOUBT:
                doubted[ledger.hedge] = (self._base(ledger.hedge), ledger.why)
            elif ledger.state is State.HEDGED:
                self._rules.carry(now_ns, ledger.hedge, ledger.intent.base, self._carry_bps(ledger))
        self._rules.in_doubt(now_ns, doubted)

    def _carry_bps(self, ledger: Ledger) -> float | None:
        """What the hedge earns by funding, bps an hour; None where a rate is unknown."""
        carry = 0.0
        for index, leg in enumerate(ledger.intent.legs):
            slot, held = slot_of(self._desk.board, leg.key), ledger.position(index)
            if slot is None or slot.rate_per_h is None or not held:
                return None
            carry += -slot.rate_per_h if held > 0 else slot.rate_per_h  # a positive rate is paid by who is long
        return 1e4 * carry
