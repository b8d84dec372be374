"""The automatic mode: looks at every standing signal and at every hedge of its own, and acts by way of ``Trading``.

    look -> strategy.auto.entry / care -> Trading.preview -> Trading.fire, or Trading.cancel -> a record of the decision

It goes in by the same door as a person's ticket and never past it: preflight, limits, arming and the kill switch hold
for it as for a key. What it adds are its own rules (section ``auto`` of the settings), in ``strategy.auto``.

A hedge is its own if its first turn says so; the journal keeps that, so a restart goes on looking after it. Off, it
neither opens nor closes. Disarmed, it opens nothing and goes on closing what is its own. Of a coin's pairs it takes
the one with the highest net that may be begun, one a look. After it has acted, or was refused, it leaves
the pair or the hedge alone for a while. A decision is recorded when it acts, or when the reason why it does not has
changed, and the same reason of a coin or a hedge at most once in ``cooldown_s``.
"""

from __future__ import annotations

import logging
import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from math import inf

from arbtui.config import Settings
from arbtui.core.clock import NS_PER_MS, NS_PER_S, Every
from arbtui.engine.auto_terms import in_force, in_words
from arbtui.engine.live import Live
from arbtui.engine.prices import slot_of
from arbtui.engine.rules import auto_rules_of, no_auto
from arbtui.engine.trading import Trading
from arbtui.execution.boundary import internal, let_know
from arbtui.execution.exposure import net_exposure
from arbtui.execution.intents import Style, Verb
from arbtui.execution.ledger import Ledger
from arbtui.execution.lifecycle import State
from arbtui.execution.limits import usage, worth
from arbtui.execution.pairs import Pair
from arbtui.execution.pnl import Pnl
from arbtui.execution.quantity import ZERO
from arbtui.port import EnginePort, Outcome, Preview, Ticket, TradingPort
from arbtui.strategy.auto import (
    Act,
    AutoRules,
    Candidate,
    Decision,
    DecisionRecord,
    Held,
    Phase,
    Used,
    Why,
    care,
    direction_of,
    entry,
    full,
    held_s,
    is_long,
    net_of,
    some_of,
    threshold_of,
)
from arbtui.strategy.carry import payments_bps
from arbtui.strategy.rows import SignalRecord

log = logging.getLogger(__name__)

BY = "auto"  # of the intents that it makes
KEPT = 1000
PAIRS_AT_ONCE = 40  # frames are heard between two looks
REFUSED_AGAIN_S = 2.0  # after a refusal, and for a hedge whose closing did not work
_NUMBER = re.compile(r"[-+]?\d[\d.,]*")
_LOUD = {
    Act.ON: "info",
    Act.OFF: "warning",
    Act.OPEN: "info",
    Act.REFUSE: "warning",
    Act.CLOSE: "info",
    Act.CANCEL: "info",
}  # what a person is told besides the log, and how


@dataclass(frozen=True)
class _Own:
    """A hedge of the automatic mode and what it is judged by."""

    pair: Pair
    held: Held


class Auto:
    """Satisfies ``port.AutoPort``. ``start`` and ``stop`` with the run; off until it is switched on."""

    def __init__(
        self,
        port: EnginePort,
        trading: TradingPort,
        rules: AutoRules,
        *,
        every_ms: int,
        notice: Callable[[str, str], None],
        stopping: Callable[[], bool] = lambda: False,
        unfit: str = "",
    ) -> None:
        """``stopping``: whether the run ends, and nothing is begun. ``unfit``: as ``rules.no_auto`` says."""
        self.unfit = unfit
        self.on = False
        self.rules = rules
        self.decisions: deque[DecisionRecord] = deque(maxlen=KEPT)
        self._port = port
        self._trading = trading
        self._every_ns = every_ms * NS_PER_MS
        self._notice = notice
        self._stopping = stopping
        self._listeners: list[Callable[[DecisionRecord], None]] = []
        self._timer: Every | None = None
        self._cool: dict[object, int] = {}  # pair or hedge -> not again before
        self._reasons: dict[object, str] = {}  # what was found of it last
        self._told: dict[tuple[object, str], int] = {}  # not told again before
        self._canceled: set[str] = set()
        self._at = 0  # of the coins with signals, where the next look begins
        trading.on_said(lambda _: self._obey())

    def start(self) -> None:
        self._timer = Every(self._port.clock, self._every_ns, self._beat)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def on_decision(self, call: Callable[[DecisionRecord], None]) -> None:
        self._listeners.append(call)

    # ---- the switch

    def switch(self, *, on: bool) -> Outcome:
        """A person turns it on or off."""
        if on is self.on:
            return Outcome(accepted=False, text=f"the automatic mode is {'on' if on else 'off'} already")
        if on and self.unfit:
            return Outcome(accepted=False, text=self.unfit)
        if on and self._trading.killed:
            return Outcome(accepted=False, text="the kill switch is on; arm again first")
        if on:
            terms = in_force(self._port.settings(), self._trading.permit)
            self._turn(on=True, why=Why.ASKED, text=f"automatic mode is on: {in_words(self.rules)}. In force: {terms}")
        else:
            self._turn(on=False, why=Why.ASKED, text=f"automatic mode is off{self._left_alone()}")
        return Outcome(accepted=True, text=self.decisions[-1].text)

    def _left_alone(self) -> str:
        count = len(self._own_pairs())
        return f"; {count} of its hedges stay open and are yours to close" if count else ""

    def _turn(self, *, on: bool, why: Why, text: str) -> None:
        self.on = on
        self._reasons.clear()
        self._told.clear()
        record = DecisionRecord(self._port.clock.now_ns(), Act.ON if on else Act.OFF, why, text)
        self._tell(record)

    def _obey(self) -> None:
        """The kill switch counts when it is pulled: who arms again before the next look has not switched this on."""
        if self.on and self._trading.killed:
            text = f"automatic mode is off: the kill switch was pulled{self._left_alone()}"
            self._turn(on=False, why=Why.KILLED, text=text)

    # ---- one look

    def _beat(self) -> None:
        try:
            self.look()
        except Exception as bug:  # the boundary of a look: what cannot decide must not act, and not in silence
            log.exception("a look of the automatic mode failed inside")
            self._turn(on=False, why=Why.BROKEN, text=f"automatic mode is off: a mistake in arbtui: {internal(bug)}")

    def look(self) -> None:
        """Everything once: first what is open, then what could be."""
        self._obey()
        if not self.on or self._stopping():
            return
        now_ns = self._port.clock.now_ns()
        own, coins = self._own_pairs(), self._standing()
        self._forget(now_ns, {pair.hedge for pair in own} | coins.keys())
        for pair in own:
            self._care(_Own(pair, self._held(pair, now_ns)), now_ns)
        used = self._used(now_ns) if coins else ""
        waits = self._waits(used)
        if waits is not None:
            self._note("", waits, lambda: DecisionRecord(now_ns, waits.act, waits.why, waits.text))
            return
        self._reasons.pop("", None)
        chosen, self._at = some_of({base: len(signals) for base, signals in coins.items()}, self._at, PAIRS_AT_ONCE)
        for base in chosen:
            if self._consider(self._candidates(coins[base], now_ns), used, now_ns):
                used = self._used(now_ns)

    def _waits(self, used: Used | str) -> Decision | None:
        """Why nothing can be opened now, whatever signals stand."""
        if not self._trading.armed:
            return Decision(Act.WAIT, Why.NOT_ARMED, "nothing is opened while arbtui is disarmed")
        return None if isinstance(used, str) else full(used, self.rules)

    def _standing(self) -> dict[str, list[SignalRecord]]:
        """Signals by coin, that coin first whose best one had the highest net when it was raised."""
        coins: dict[str, list[SignalRecord]] = {}
        for signal in self._port.standing():
            coins.setdefault(signal.row.base, []).append(signal)
        return dict(sorted(coins.items(), key=lambda item: max(map(_net_then, item[1])), reverse=True))

    def _candidates(self, signals: Iterable[SignalRecord], now_ns: int) -> list[Candidate]:
        """The pairs that they stand for as of now, the highest net first."""
        until_ns = now_ns + round(self.rules.max_hold_s * NS_PER_S)
        slots, found = self._port.board.slots, []
        for signal in signals:
            row = self._port.pair(signal.row.buy.slot, signal.row.sell.slot)
            funding_bps = payments_bps(slots[row.buy.slot], slots[row.sell.slot], now_ns, until_ns)
            legs = row.buy.name, row.sell.name
            threshold_bps = self._port.pair_threshold_bps(row.buy.slot, row.sell.slot)
            found.append(Candidate(signal.id, row, threshold_bps, funding_bps, self._cool.get(legs, 0)))
        return sorted(found, key=_net, reverse=True)

    def _forget(self, now_ns: int, live: AbstractSet[object]) -> None:
        """What is over: cool-downs, and what was found of coins without a signal and of hedges that have ended."""
        self._cool = {key: until_ns for key, until_ns in self._cool.items() if until_ns > now_ns}
        self._told = {key: until_ns for key, until_ns in self._told.items() if until_ns > now_ns}
        self._reasons = {key: why for key, why in self._reasons.items() if key == "" or key in live}
        self._canceled &= live

    # ---- entries

    def _consider(self, candidates: list[Candidate], used: Used | str, now_ns: int) -> bool:
        """Begin the best pair of a coin that may be begun. True: one was, and what is used up is another sum."""
        verdicts = [(candidate, entry(candidate, used, self.rules, now_ns)) for candidate in candidates]
        chosen = next((verdict for verdict in verdicts if verdict[1].act is Act.OPEN), None)
        candidate, found = chosen or verdicts[0]
        base, hedge = candidate.row.base, ""
        if chosen is not None:
            refused, hedge = self._open(candidate)
            found = Decision(Act.REFUSE, Why.CHECKS, refused) if refused else found
            pause_s = REFUSED_AGAIN_S if refused else self.rules.cooldown_s
            self._cool_down((candidate.row.buy.name, candidate.row.sell.name), pause_s, now_ns)
        if not hedge:
            self._note(base, found, partial(self._of_pair, candidate, used, found, now_ns))
            return False
        self._reasons[base] = _reason(found)
        self._tell(replace(self._of_pair(candidate, used, found, now_ns), hedge=hedge))
        return True

    def _open(self, candidate: Candidate) -> tuple[str, str]:
        """("", hedge) where it is begun, else (why not, "")."""
        row, rules = candidate.row, self.rules
        ticket = Ticket(
            base=row.base,
            buy=row.buy.name,
            sell=row.sell.name,
            usd=rules.size_usd,
            style=Style.MAKER_TAKER if rules.rests else Style.TAKER_TAKER,
            maker=(0 if is_long(row.buy, row.sell, rules.order) else 1) if rules.rests else None,
            by=BY,
        )
        preview = self._trading.preview(ticket)
        if refused := preview.refused or self._worse_than_shown(preview, candidate):
            return refused, ""
        answer = self._trading.fire(preview)
        return ("", answer.hedge) if answer.accepted else (answer.text, "")

    def _worse_than_shown(self, preview: Preview, candidate: Candidate) -> str:
        """A preview knows the account's own fees and walks the size itself; a row knows the settings' fees only."""
        net = preview.estimate.net_bps if preview.estimate is not None else None
        threshold = threshold_of(candidate, self.rules)
        if net is None:
            return "what this size would leave is not known: the books show less than that"
        return "" if net >= threshold else f"walked, after the account's own fees, {net:.1f} bps are left of it"

    def _used(self, now_ns: int) -> Used | str:
        trading = self._trading
        ledgers = trading.ledgers.values()
        found = usage(ledgers, trading.usd, lambda ledger: trading.pnl_usd(ledger.hedge), now_ns, day_loss=False)
        if isinstance(found, str):
            return found
        net = self._net_usd()
        if net is None:
            return "what is unhedged cannot be told in US dollars: a price or a rate is missing"
        return Used(found.by_coin, net, found.open_hedges)

    def _net_usd(self) -> Decimal | None:
        """What is or may become unhedged: of hedges that are being opened the whole leg, of the others their gap."""
        trading, total, rest = self._trading, ZERO, []
        for pair in trading.pairs():
            ledger = trading.ledgers[pair.hedge]
            if not _opening(ledger):
                rest.append(pair)
                continue
            amounts = [worth(ledger.intent, leg, trading.usd) for leg in (0, 1)]
            if amounts[0] is None or amounts[1] is None:
                return None
            total += max(amounts[0], amounts[1])
        exposure = net_exposure(rest, trading.usd)
        return None if exposure is None else total + exposure.most

    # ---- hedges of its own

    def _own_pairs(self) -> list[Pair]:
        ledgers: Mapping[str, Ledger] = self._trading.ledgers
        return [pair for pair in self._trading.pairs() if ledgers[pair.hedge].turns[0].by == BY]

    def _held(self, pair: Pair, now_ns: int) -> Held:
        ledger = self._trading.ledgers[pair.hedge]
        phase = phase_of(ledger)
        held = Held(
            phase,
            ledger.state.value,
            pair.opened_ns,
            rests=phase is Phase.OPENING and ledger.intent.style is Style.MAKER_TAKER,
            cool_until_ns=self._cool.get(pair.hedge, 0),
        )
        slots = [slot_of(self._port.board, leg.leg.key) for leg in pair.legs]
        buy, sell = slots
        if phase is not Phase.STANDS or buy is None or sell is None:
            return held
        until_ns = pair.opened_ns + round(self.rules.max_hold_s * NS_PER_S)
        held = replace(held, funding_bps=payments_bps(buy, sell, now_ns, max(now_ns, until_ns)))
        if any(self._port.board.judge(slot, now_ns) is not None for slot in (buy, sell)):
            return held
        if buy.bid_usd is not None and sell.ask_usd is not None:
            held = replace(held, gap_bps=1e4 * (sell.ask_usd - buy.bid_usd) / buy.bid_usd)
        worst = self._trading.pnl(pair.hedge, at_worst=True)
        return replace(held, result_bps=result_bps(pair, worst, self._trading.usd), told=pair.pnl.complete)

    def _care(self, own: _Own, now_ns: int) -> None:
        hedge = own.pair.hedge
        found = care(own.held, self.rules, now_ns)
        if found.act is Act.HOLD or (found.act is Act.CANCEL and hedge in self._canceled):
            self._note(hedge, found, lambda: self._of_hedge(own, found, now_ns))
            return
        refused = self._cancel(hedge) if found.act is Act.CANCEL else self._close(own.pair)
        self._cool_down(hedge, REFUSED_AGAIN_S, now_ns)
        if refused:
            found = Decision(Act.REFUSE, Why.CHECKS, f"{found.text}, but {refused}")
            self._note(hedge, found, lambda: self._of_hedge(own, found, now_ns))
            return
        self._reasons[hedge] = _reason(found)
        self._tell(self._of_hedge(own, found, now_ns))

    def _cancel(self, hedge: str) -> str:
        answer = self._trading.cancel(hedge)
        if answer.accepted:
            self._canceled.add(hedge)
        return "" if answer.accepted else answer.text

    def _close(self, pair: Pair) -> str:
        preview = self._trading.preview(Ticket(pair.base, verb=Verb.CLOSE, hedge=pair.hedge, by=BY))
        if preview.refused:
            return preview.refused
        answer = self._trading.fire(preview)
        return "" if answer.accepted else answer.text

    # ---- telling

    def _cool_down(self, key: object, seconds: float, now_ns: int) -> None:
        self._cool[key] = now_ns + round(seconds * NS_PER_S)

    def _note(self, key: object, found: Decision, record: Callable[[], DecisionRecord]) -> None:
        """A decision not to act: told where its reason is another one than at the last look, and not too often.

        A cool-down is no news: what began it has been told.
        """
        reason = _reason(found)
        if found.why is Why.COOLING_DOWN or self._reasons.get(key) == reason:
            return
        self._reasons[key] = reason
        now_ns = self._port.clock.now_ns()
        if now_ns >= self._told.get((key, reason), 0):
            self._told[key, reason] = now_ns + round(self.rules.cooldown_s * NS_PER_S)
            self._tell(record())

    def _of_pair(self, candidate: Candidate, used: Used | str, found: Decision, now_ns: int) -> DecisionRecord:
        row = candidate.row
        record = DecisionRecord(
            now_ns,
            found.act,
            found.why,
            found.text,
            base=row.base,
            buy=row.buy.name,
            sell=row.sell.name,
            direction=direction_of(row.buy, row.sell, self.rules.order),
            signal=candidate.signal,
            size_usd=self.rules.size_usd,
            threshold_bps=threshold_of(candidate, self.rules),
            net_bps=net_of(row),
            round_trip_bps=row.round_trip_bps,
            funding_bps=candidate.funding_bps,
        )
        return record if isinstance(used, str) else _with_used(record, used)

    def _of_hedge(self, own: _Own, found: Decision, now_ns: int) -> DecisionRecord:
        pair, held = own.pair, own.held
        buy, sell = pair.legs
        record = DecisionRecord(
            now_ns,
            found.act,
            found.why,
            found.text,
            base=pair.base,
            buy=buy.leg.key,
            sell=sell.leg.key,
            hedge=pair.hedge,
            funding_bps=held.funding_bps,
            gap_bps=held.gap_bps,
            result_bps=held.result_bps,
            held_s=held_s(held, now_ns),
        )
        used = self._used(now_ns)
        return record if isinstance(used, str) else _with_used(record, used)

    def _tell(self, record: DecisionRecord) -> None:
        self.decisions.append(record)
        about = " ".join(part for part in (record.base, record.hedge) if part)
        text = f"auto: {record.act}{f' {about}' if about else ''}: {record.text}"
        if record.act in _LOUD:
            let_know(self._notice, _LOUD[record.act] if record.why is not Why.BROKEN else "error", text)
        else:
            log.info(text)
        for call in self._listeners:
            let_know(call, record)


def _reason(found: Decision) -> str:
    """Of refusals the words, whatever the numbers in them: they have one name for many reasons."""
    return f"{found.act} {_NUMBER.sub('', found.text)}" if found.act is Act.REFUSE else found.why


def auto_of(settings: Settings, live: Live, trading: Trading) -> Auto:
    return Auto(
        live.desk,
        trading,
        auto_rules_of(settings),
        every_ms=settings.signals.sample_ms,
        notice=live.trouble.notice,
        stopping=lambda: trading.runner.stopping,
        unfit=no_auto(settings),
    )


def phase_of(ledger: Ledger) -> Phase:
    if ledger.state.troubled:
        return Phase.TROUBLE
    if _opening(ledger):
        return Phase.OPENING
    if ledger.state is State.HEDGED and not ledger.unsettled():
        return Phase.STANDS
    return Phase.CLOSING


def _opening(ledger: Ledger) -> bool:
    """Whether orders of its opening may still be sent or filled."""
    return ledger.intent.opens and not ledger.state.ended and (not ledger.turn_over or bool(ledger.unsettled()))


def result_bps(pair: Pair, worst: Pnl | None, usd: Callable[[str], Decimal | None]) -> float | None:
    """What is left if the hedge is closed now, after the fees of that; in bps of what the bought leg is worth.

    By its account at worst: a fill or a fee that was not told yet is no profit. None where a price or rate is missing.
    """
    result = worst.usd(usd) if worst is not None else None
    if result is None:
        return None
    notional = ZERO
    for index, own in enumerate(pair.legs):
        rate = usd(own.leg.terms.price_ccy)
        if own.coins and (own.exit is None or rate is None):
            return None
        value = abs(own.coins) * own.leg.coin_price(own.exit or ZERO) * (rate or ZERO)
        result -= value * own.leg.taker_rate
        notional = value if index == 0 else notional
    return float(10_000 * result / notional) if notional else None


def _net_then(signal: SignalRecord) -> float:
    net = net_of(signal.row)
    return -inf if net is None else net


def _net(candidate: Candidate) -> float:
    net = net_of(candidate.row)
    return -inf if net is None else net


def _with_used(record: DecisionRecord, used: Used) -> DecisionRecord:
    position = used.by_coin.get(record.base, ZERO)
    return replace(record, position_usd=position, net_usd=used.net_usd, hedges=used.hedges)
