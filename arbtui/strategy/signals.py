"""When a spread is a signal: it must be there, for a size, for a while, and not because one leg has stopped moving.

Every admissible pair at or above its threshold is a candidate of its own, so a best venue that flips to and fro resets
nothing. Candidates are looked at on a grid of engine time, whether or not a quote came, and every look judges both legs
anew: a leg that went stale since the last quote ends it.

            net >= threshold at a look             ``samples`` looks in a row, ``min_hold_ms``, size, no cool-down
    (nothing) ------------------------> counting -----------------------------------------------------> raised
        ^                                  |  net < threshold, or may not trade: rejected                  |
        |<---------------------------------+                                                               |
        |<-------------------------------------------------------------------------------------------------+
                             cleared: net < threshold - ``hysteresis_bps``, or may not trade

The net that counts is what both books agree on: the top's, and the walked one where books are held, whichever is less.
A candidate that has all but the size, or cools down, is rejected and goes on counting; each reason is told once in a
cool-down. Looks further apart than two grid points are not in a row: nobody knows what happened in between.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import inf

from arbtui.core.clock import NS_PER_MS, NS_PER_S, Clock, Every
from arbtui.market.freshness import heard_ns
from arbtui.market.slot import Slot
from arbtui.market.terms import FreshnessRules
from arbtui.strategy.advice import advise, bps, clock_text, no_entry, usd
from arbtui.strategy.rows import SignalRecord, SignalState, SpreadRow
from arbtui.strategy.spread import NOT_WALKED, Walked, net_of, top_usd, walked
from arbtui.strategy.spreads import Pair, Spreads
from arbtui.strategy.thresholds import Thresholds

HISTORY = 1000
AGAIN_AT_ONCE = 20  # candidates that are looked at again in one step
_CLOCK_LIMIT_MS = 500.0
_NO_MORE = object()


@dataclass(frozen=True)
class SignalRules:
    """Section ``signals`` of the settings."""

    sample_ms: int = 500
    samples: int = 3
    min_hold_ms: int = 1000
    min_size_usd: float = 100.0
    hysteresis_bps: float = 2.0
    cooldown_s: float = 30.0


class Reason(StrEnum):
    """Why a candidate was not raised."""

    NOT_HELD = "not held"
    MAY_NOT_TRADE = "may not trade"
    TOO_SMALL = "too small"
    COOLING_DOWN = "cooling down"


class _Candidate:
    __slots__ = ("buy", "cool_until_ns", "count", "looked_ns", "raised", "sell", "since_ns", "threshold_bps", "told")

    def __init__(self, buy: Slot, sell: Slot) -> None:
        self.buy = buy
        self.sell = sell
        self.threshold_bps = 0.0
        self.count = 0  # looks in a row
        self.since_ns = 0  # the first of them
        self.looked_ns = 0
        self.raised: SignalRecord | None = None
        self.cool_until_ns = 0
        self.told: dict[Reason, int] = {}  # reason -> not again before


class Signals:
    """Raises, clears and rejects; ``emit`` is called with every record, coin by coin and the best pair first."""

    def __init__(
        self,
        spreads: Spreads,
        thresholds: Thresholds,
        rules: SignalRules,
        clock: Clock,
        emit: Callable[[SignalRecord], None],
        *,
        freshness: FreshnessRules,
    ) -> None:
        """``freshness``: the limits that ages are compared with, for the confidence."""
        self._spreads = spreads
        self._thresholds = thresholds
        self._rules = rules
        self._clock = clock
        self._freshness = freshness
        self._emit = emit
        self._candidates: dict[tuple[int, int], _Candidate] = {}
        self._last_ns = 0
        self._every: Every | None = None
        self._rest: Iterator[None] = iter(())  # of the look that is under way
        self.history: deque[SignalRecord] = deque(maxlen=HISTORY)

    def start(self) -> None:
        """Look at every grid point from now on."""
        self._every = Every(self._clock, self._rules.sample_ms * NS_PER_MS, self._begin)

    def set_rules(self, rules: SignalRules) -> None:
        """Judge by these from the next look on; what was counted and what was raised stays."""
        self._rules = rules
        if self._every is not None:
            self._every.cancel()
            self.start()

    def stop(self) -> None:
        self._rest = iter(())
        if self._every is not None:
            self._every.cancel()
            self._every = None

    def standing(self, base: str = "") -> Sequence[SignalRecord]:
        """The raises that have not been cleared, of one coin or of all, oldest first."""
        raised = (candidate.raised for candidate in self._candidates.values())
        found = [record for record in raised if record is not None and base in ("", record.row.base)]
        return sorted(found, key=lambda record: (record.t_ns, record.id))

    # one grid point

    def sample(self) -> None:
        """Look at every candidate once."""
        self._begin()
        self._finish()

    def _begin(self) -> None:
        """A grid point: looks go coin by coin, and what came meanwhile is heard in between."""
        self._finish()
        self._rest = self._steps(self._clock.now_ns())
        self._go_on()

    def _go_on(self) -> None:
        if next(self._rest, _NO_MORE) is not _NO_MORE:
            self._clock.call_at(self._clock.now_ns(), self._go_on)

    def _finish(self) -> None:
        for _ in self._rest:
            pass

    def _steps(self, now_ns: int) -> Iterator[None]:
        if now_ns - self._last_ns > 2 * self._rules.sample_ms * NS_PER_MS:
            for candidate in self._candidates.values():
                if candidate.raised is None:
                    candidate.count = 0
        self._last_ns = now_ns
        for base in self._spreads.hot():
            yield
            for pair in self._spreads.close(base, now_ns):
                self._look(pair, now_ns)
        others = sorted((one for one in self._candidates.values() if one.looked_ns != now_ns), key=_order)
        for number, candidate in enumerate(others):
            if number % AGAIN_AT_ONCE == 0:
                yield
            self._look_again(candidate, now_ns)
        yield
        self._forget(now_ns)

    def _look(self, pair: Pair, now_ns: int) -> None:
        """A pair that may trade and is near its threshold."""
        candidate = self._candidates.get((pair.buy.id, pair.sell.id))
        if candidate is None:
            if pair.net_bps < pair.threshold_bps:
                return
            candidate = _Candidate(pair.buy, pair.sell)
            self._candidates[pair.buy.id, pair.sell.id] = candidate
        candidate.threshold_bps = pair.threshold_bps
        depth = walked(pair.buy, pair.sell, self._spreads.walk_usd, pair.threshold_bps)
        self._advance(candidate, now_ns, None, agreed_bps(pair.net_bps, depth), depth)

    def _look_again(self, candidate: _Candidate, now_ns: int) -> None:
        """A candidate that is no longer near, or may no longer trade."""
        buy, sell = candidate.buy, candidate.sell
        candidate.threshold_bps = self._thresholds.pair_bps(buy.coin.base, buy.instrument, sell.instrument)
        why = self._spreads.why_not(buy, sell, now_ns)
        net_bps = net_of(buy, sell)
        depth = NOT_WALKED
        if net_bps is None:
            why, net_bps = why or "a side of the book is empty", -inf
        elif why is None and candidate.raised is not None:
            depth = walked(buy, sell, self._spreads.walk_usd, candidate.threshold_bps)
        self._advance(candidate, now_ns, why, agreed_bps(net_bps, depth), depth)

    def _advance(self, candidate: _Candidate, now_ns: int, why: str | None, net_bps: float, depth: Walked) -> None:
        candidate.looked_ns = now_ns
        threshold_bps = candidate.threshold_bps
        if candidate.raised is not None:
            if why is not None:
                self._clear(candidate, now_ns, why)
            elif net_bps < threshold_bps - self._rules.hysteresis_bps:
                self._clear(
                    candidate,
                    now_ns,
                    f"net {bps(net_bps)} fell below {bps(threshold_bps)} by more than "
                    f"{bps(self._rules.hysteresis_bps)}",
                )
            else:
                candidate.count += 1
        elif why is not None or net_bps < threshold_bps:
            if candidate.count:
                self._lost(candidate, now_ns, why, net_bps)
            candidate.count = 0
        else:
            if not candidate.count:
                candidate.since_ns = now_ns
            candidate.count += 1
            if self._has_held(candidate, now_ns):
                self._decide(candidate, now_ns, depth)

    def _has_held(self, candidate: _Candidate, now_ns: int) -> bool:
        held_ns = now_ns - candidate.since_ns
        return candidate.count >= self._rules.samples and held_ns >= self._rules.min_hold_ms * NS_PER_MS

    def _decide(self, candidate: _Candidate, now_ns: int, depth: Walked) -> None:
        size_usd = depth.max_usd if depth.max_usd is not None else top_usd(candidate.buy, candidate.sell)
        if now_ns < candidate.cool_until_ns:
            text = f"cooling down until {clock_text(candidate.cool_until_ns)}"
            self._reject(candidate, now_ns, Reason.COOLING_DOWN, text)
        elif size_usd is None or size_usd < self._rules.min_size_usd:
            text = f"good for {usd(size_usd)} only, the smallest size is {usd(self._rules.min_size_usd)}"
            self._reject(candidate, now_ns, Reason.TOO_SMALL, text)
        else:
            self._raise(candidate, now_ns)

    def _lost(self, candidate: _Candidate, now_ns: int, why: str | None, net_bps: float) -> None:
        if why is not None:
            self._reject(candidate, now_ns, Reason.MAY_NOT_TRADE, why)
        elif not self._has_held(candidate, now_ns):
            held_ms = (now_ns - candidate.since_ns) // NS_PER_MS
            text = f"fell to {bps(net_bps)} within {held_ms} ms, before it had held for {self._rules.min_hold_ms} ms"
            self._reject(candidate, now_ns, Reason.NOT_HELD, text)

    def _forget(self, now_ns: int) -> None:
        """Candidates that nothing is left to be known about."""
        for key, candidate in list(self._candidates.items()):
            idle = candidate.raised is None and not candidate.count and candidate.cool_until_ns <= now_ns
            if idle and all(until_ns <= now_ns for until_ns in candidate.told.values()):
                del self._candidates[key]

    # records

    def _raise(self, candidate: _Candidate, now_ns: int) -> None:
        candidate.cool_until_ns = now_ns + self._cooldown_ns
        row = self._spreads.pair(candidate.buy, candidate.sell)
        text = f"net at least {bps(candidate.threshold_bps)} for {(now_ns - candidate.since_ns) // NS_PER_MS} ms"
        record = self._record(candidate, now_ns, SignalState.RAISED, text, row, advise(row))
        candidate.raised = record
        self._tell(record)

    def _clear(self, candidate: _Candidate, now_ns: int, reason: str) -> None:
        raised = candidate.raised
        assert raised is not None
        row = self._spreads.pair(candidate.buy, candidate.sell)
        record = self._record(candidate, now_ns, SignalState.CLEARED, reason, row, no_entry(row))
        candidate.raised = None
        candidate.count = 0
        self._tell(replace(record, id=raised.id))

    def _reject(self, candidate: _Candidate, now_ns: int, reason: Reason, text: str) -> None:
        if now_ns < candidate.told.get(reason, 0):
            return
        candidate.told[reason] = now_ns + self._cooldown_ns
        row = self._spreads.pair(candidate.buy, candidate.sell)
        self._tell(self._record(candidate, now_ns, SignalState.REJECTED, text, row, no_entry(row)))

    def _record(
        self, candidate: _Candidate, now_ns: int, state: SignalState, reason: str, row: SpreadRow, advice: str
    ) -> SignalRecord:
        return SignalRecord(
            id=f"{row.base}:{row.buy.name}:{row.sell.name}:{now_ns}",
            t_ns=now_ns,
            state=state,
            reason=reason,
            advice=advice,
            confidence=self._confidence(candidate, row, now_ns),
            threshold_bps=candidate.threshold_bps,
            samples=candidate.count,
            held_ms=(now_ns - candidate.since_ns) / NS_PER_MS,
            row=row,
        )

    def _tell(self, record: SignalRecord) -> None:
        self.history.append(record)
        self._emit(record)

    @property
    def _cooldown_ns(self) -> int:
        return int(self._rules.cooldown_s * NS_PER_S)

    def _confidence(self, candidate: _Candidate, row: SpreadRow, now_ns: int) -> float:
        """Fresh x depth x clock, each 0..1. A clock that nobody has measured takes no part: ages are by ours."""
        legs = (candidate.buy, candidate.sell)
        fresh = 1.0 - max(age_share(leg, now_ns, self._freshness) for leg in legs)
        size_usd = row.max_usd if row.max_usd is not None else row.top_usd
        depth = 0.0 if size_usd is None else size_usd / self._spreads.walk_usd
        offsets_ms = [leg.family.offset_ms for leg in legs]
        worst_ms = max((abs(offset_ms) for offset_ms in offsets_ms if offset_ms is not None), default=0.0)
        return _unit(fresh) * _unit(depth) * _unit(1.0 - worst_ms / _CLOCK_LIMIT_MS)

    # why there is none

    def why_not(self, base: str) -> str:
        """Why no signal stands for this coin, in one sentence; which one stands, if one does."""
        now_ns = self._clock.now_ns()
        if standing := self.standing(base):
            return f"A signal stands since {clock_text(standing[0].t_ns)}: {standing[0].advice}"
        row = self._spreads.row(base)
        if row is None:
            return f"{base} has no pair to compare: it is followed on fewer than two instruments of the enabled kinds."
        if row.muted is not None:
            return f"No pair of {base} may trade; of the best one, {row.muted}."
        above = []
        best = None
        for pair in self._spreads.close(base, now_ns):
            depth = walked(pair.buy, pair.sell, self._spreads.walk_usd, pair.threshold_bps)
            missing_bps = pair.threshold_bps - agreed_bps(pair.net_bps, depth)
            if missing_bps <= 0.0:
                above.append((pair, depth))
            elif best is None or missing_bps < best[0]:
                best = missing_bps, pair
        if above:
            return self._why_not_yet(*above[0], now_ns)
        barred = self._barred(base, now_ns)
        if best is not None:
            return _below(best[1].buy.key, best[1].sell.key, best[0], best[1].threshold_bps, barred)
        if row.net_bps is None:
            return f"No net is known for {base}: a side, a fee or a currency rate is missing."
        threshold_bps = self._thresholds.lowest_bps(base)
        return _below(row.buy.name, row.sell.name, threshold_bps - row.net_bps, threshold_bps, barred)

    def _barred(self, base: str, now_ns: int) -> str:
        """The best pair that is above its threshold but may not trade, as the end of a sentence; "" = there is none."""
        found = self._spreads.barred(base, now_ns)
        if found is None:
            return ""
        pair, why = found
        return f"; buy {pair.buy.key}, sell {pair.sell.key} nets {bps(pair.net_bps)}, but {why}"

    def _why_not_yet(self, pair: Pair, depth: Walked, now_ns: int) -> str:
        """The best pair above its threshold, and what it waits for."""
        legs = f"buy {pair.buy.key}, sell {pair.sell.key}"
        size_usd = depth.max_usd if depth.max_usd is not None else top_usd(pair.buy, pair.sell)
        candidate = self._candidates.get((pair.buy.id, pair.sell.id))
        if candidate is not None and now_ns < candidate.cool_until_ns:
            return f"Cooling down until {clock_text(candidate.cool_until_ns)} ({legs})."
        if size_usd is None or size_usd < self._rules.min_size_usd:
            return (
                f"Too small: good for {usd(size_usd)}, the smallest size is {usd(self._rules.min_size_usd)} ({legs})."
            )
        count = candidate.count if candidate is not None else 0
        held_ms = (now_ns - candidate.since_ns) // NS_PER_MS if candidate is not None and count else 0
        return (
            f"Held only {held_ms} of {self._rules.min_hold_ms} ms and {count} of {self._rules.samples} looks so far "
            f"({legs})."
        )


def agreed_bps(net_bps: float, depth: Walked) -> float:
    """The lesser of the net at the top and the walked one, where there is one."""
    return net_bps if depth.net_bps is None else min(net_bps, depth.net_bps)


def age_share(slot: Slot, now_ns: int, rules: FreshnessRules) -> float:
    """Age of a leg's quote as a share of the age at which it is stale."""
    if slot.quote is None:
        return 1.0
    if slot.gaps is not None:
        return (now_ns - slot.quote.t_ns) / slot.gaps.limit_ns(rules)
    return (now_ns - heard_ns(slot)) / (rules.confirm_s * NS_PER_S)


def _below(buy: str, sell: str, missing_bps: float, threshold_bps: float, barred: str) -> str:
    below = f"Below the threshold of {bps(threshold_bps)} by {bps(missing_bps)}"
    return f"{below} (best: buy {buy}, sell {sell}){barred}."


def _order(candidate: _Candidate) -> tuple[str, int, int]:
    return candidate.buy.coin.base, candidate.buy.id, candidate.sell.id


def _unit(share: float) -> float:
    return min(1.0, max(0.0, share))
