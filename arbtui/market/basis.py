"""What one unit of a price currency is worth in USDT, and how far that may be believed.

Prices in different currencies are compared in USDT, which is therefore 1 by definition; two prices in the same currency
need no rate. The rate of another currency is the mid of one spot pair against USDT: the pair that the setting
``basis.pairs`` names for it, else the freshest listed one. A pair counts only while its quote comes by websocket, is
fresh and was heard or confirmed within 10 s, and while its own spread is below 10 bps: a wide or old quote says little
about a rate that decides over a few bps. The pair in use is kept while it is at most a second older than the freshest.

A dollar currency that is more than 1 % away from USDT has lost its peg: then the rate moves faster than two legs can be
filled, so it mutes whatever needs it, as an old rate does.

Plain USD counts as USDC unless the setting ``basis.usd_as`` says otherwise, and the name of the rate's pair says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import inf

from arbtui.core.clock import NS_PER_S
from arbtui.core.model import TradingStatus
from arbtui.market import freshness
from arbtui.market.slot import Slot
from arbtui.market.terms import BasisRules, FreshnessRules

UNIT = "USDT"
_KEEP_NS = NS_PER_S


@dataclass(frozen=True, slots=True)
class Rate:
    """``value`` USDT for one ``ccy``, as the mid of ``pair`` heard or confirmed at ``t_ns``."""

    ccy: str
    pair: str
    value: float
    t_ns: int

    def age_ms(self, now_ns: int) -> float:
        return (now_ns - self.t_ns) / 1e6


@dataclass(frozen=True, slots=True)
class Between:
    """What makes two price currencies comparable: the rate (None: none is needed), and what is wrong with it."""

    rate: Rate | None
    muted: str | None


class Rates:
    """The rates of all price currencies on the board."""

    def __init__(self, rules: BasisRules, freshness_rules: FreshnessRules) -> None:
        self.rules = rules
        self.freshness_rules = freshness_rules
        self._pairs: dict[str, list[Slot]] = {}  # currency -> spot slots against USDT, either way round
        self._used: dict[str, Slot] = {}
        self._last: dict[str, Rate] = {}  # newest known, however old
        self._good: dict[str, Rate] = {}  # as of the last refresh: young enough and on its peg
        self._wanted: set[str] = set()

    def offer(self, slot: Slot) -> None:
        """Notes what a new or changed slot needs and, if it is a pair against USDT, what it offers."""
        instrument = slot.instrument
        self._wanted.update(self._meant(ccy) for ccy in (instrument.price_ccy, instrument.settle_ccy) if ccy)
        if not slot.is_spot:
            return
        if instrument.price_ccy == UNIT and instrument.base:
            ccy = instrument.base
        elif instrument.base == UNIT:
            ccy = instrument.price_ccy
        else:
            return
        pairs = self._pairs.setdefault(ccy, [])
        if slot not in pairs:
            pairs.append(slot)

    def refresh(self, now_ns: int) -> set[str]:
        """Looks at all pairs again; answers with the currencies whose usable rate is another than before."""
        moved = set()
        for ccy in self._wanted:
            if ccy == UNIT:
                continue
            self._look(ccy, now_ns)
            before, now = self._good.get(ccy), self.usable(ccy, now_ns)
            if now is None:
                self._good.pop(ccy, None)
            else:
                self._good[ccy] = now
            if (before and before.value) != (now and now.value):
                moved.add(ccy)
        return moved | ({"USD"} if self._meant("USD") in moved else set())

    def value(self, ccy: str) -> float | None:
        """USDT for one ``ccy`` as of the last refresh; None where there is no rate that may be used."""
        meant = self._meant(ccy)
        if meant == UNIT:
            return 1.0
        rate = self._good.get(meant)
        return None if rate is None else rate.value

    def roughly(self, ccy: str) -> float | None:
        """The last known rate, however old or far off its peg: for volumes and identity, never for spreads."""
        meant = self._meant(ccy)
        if meant == UNIT:
            return 1.0
        rate = self._last.get(meant)
        return None if rate is None else rate.value

    def rate(self, ccy: str) -> Rate | None:
        """The last known rate with its pair and time; None for USDT itself, and where none was ever known."""
        rate = self._last.get(self._meant(ccy))
        if rate is not None and ccy != rate.ccy:
            return replace(rate, ccy=ccy, pair=f"{rate.pair} ({ccy} as {rate.ccy})")
        return rate

    def usable(self, ccy: str, now_ns: int) -> Rate | None:
        rate = self._last.get(self._meant(ccy))
        return rate if rate is not None and self._wrong(rate, now_ns) is None else None

    def between(self, a: str, b: str, now_ns: int) -> Between:
        """What comparing prices in ``a`` and ``b`` rests on."""
        if a == b:
            return Between(None, None)
        if not a or not b:
            return Between(None, "price currency unknown")
        if self._meant(a) == self._meant(b):
            usd = a if a != self._meant(a) else b
            return Between(Rate(usd, f"{usd} as {self._meant(usd)}", 1.0, now_ns), None)
        rates: list[Rate] = []
        for ccy in (a, b):
            if self._meant(ccy) == UNIT:
                continue
            rate = self.rate(ccy)
            if rate is None:
                return Between(None, f"no rate for {ccy}: {self._missing(self._meant(ccy))}")
            if (wrong := self._wrong(rate, now_ns)) is not None:
                return Between(rate, wrong)
            rates.append(rate)
        if not rates:  # USD counted as USDT
            return Between(Rate("USD", f"USD as {UNIT}", 1.0, now_ns), None)
        oldest = min(rates, key=lambda rate: rate.t_ns)
        if len(rates) == 2:
            oldest = replace(oldest, pair=" and ".join(rate.pair for rate in rates))
        return Between(oldest, None)

    def _meant(self, ccy: str) -> str:
        return self.rules.usd_as if ccy == "USD" else ccy

    def _wrong(self, rate: Rate, now_ns: int) -> str | None:
        age_s = (now_ns - rate.t_ns) / NS_PER_S
        if age_s > self.rules.max_age_s:
            return f"the {rate.ccy} rate of {rate.pair} is {age_s:.0f} s old"
        off_bps = abs(rate.value - 1.0) * 1e4
        if "USD" in rate.ccy and off_bps > self.rules.max_off_peg_bps:
            return f"{rate.ccy} has lost its peg: {rate.value:.4f} {UNIT} at {rate.pair}"
        return None

    def _missing(self, ccy: str) -> str:
        named = self.rules.pairs.get(ccy)
        return f"{named} has no fresh quote" if named else f"no {ccy}/{UNIT} spot pair with a fresh, narrow quote"

    def _look(self, ccy: str, now_ns: int) -> None:
        named = self.rules.pairs.get(ccy)
        pairs = self._pairs.get(ccy, ())
        slot = self._choose(ccy, (pair for pair in pairs if named is None or pair.key == named), now_ns)
        if slot is None:
            return
        self._used[ccy] = slot
        mid = slot.mid
        assert mid is not None  # _choose looked
        value = mid if slot.instrument.base == ccy else 1.0 / mid
        self._last[ccy] = Rate(ccy, slot.key, value, freshness.heard_ns(slot))

    def _choose(self, ccy: str, pairs: Iterable[Slot], now_ns: int) -> Slot | None:
        good = [slot for slot in pairs if self._speaks(slot, now_ns)]
        if not good:
            return None
        freshest = max(good, key=freshness.heard_ns)
        used = self._used.get(ccy)
        if used is None or used not in good:
            return freshest
        return used if freshness.heard_ns(freshest) - freshness.heard_ns(used) <= _KEEP_NS else freshest

    def _speaks(self, slot: Slot, now_ns: int) -> bool:
        """Whether a pair's quote may set a rate."""
        if slot.instrument.status is not TradingStatus.TRADING or slot.quarantine is not None:
            return False
        bid, ask = slot.bid, slot.ask
        if bid is None or ask is None or not 0.0 < bid < ask < inf:
            return False
        if (ask - bid) / (ask + bid) * 2e4 >= self.rules.max_spread_bps:
            return False
        return freshness.stale(slot, now_ns, self.freshness_rules) is None
