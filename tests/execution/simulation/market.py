"""Prices of an episode: one path for all venues, with jumps; and how badly it is seen."""

from __future__ import annotations

from bisect import bisect_right
from decimal import ROUND_FLOOR, Decimal
from random import Random

from arbtui.core.clock import NS_PER_S, ManualClock
from arbtui.core.model import Instrument
from arbtui.execution.ports import Price

_BPS = Decimal(10_000)


class Path:
    """The coin's price: a new one every half second."""

    def __init__(self, rng: Random, start_ns: int, seconds: int, *, jumpy: float, walk_bps: float) -> None:
        self._start_ns = start_ns
        self._prices: list[Decimal] = []
        price = Decimal(100)
        for _ in range(2 * seconds):
            bps = rng.gauss(0, walk_bps)
            if rng.random() < jumpy:
                bps += rng.choice((-1, 1)) * rng.uniform(10, 200)
            price *= 1 + Decimal(str(round(bps, 2))) / _BPS
            self._prices.append(price)

    def at(self, t_ns: int) -> Decimal:
        index = 2 * (t_ns - self._start_ns) // NS_PER_S
        return self._prices[max(0, min(index, len(self._prices) - 1))]


class Tape:
    """One venue's best bid and ask, wire units, on its tick; ``off_bps`` from the path."""

    def __init__(self, path: Path, instrument: Instrument, off_bps: float) -> None:
        self._path = path
        self._instrument = instrument
        self._off = 1 + Decimal(str(off_bps)) / _BPS

    def top(self, t_ns: int) -> tuple[Decimal, Decimal]:
        spec = self._instrument
        assert spec.price_factor is not None
        assert spec.tick is not None
        mid = self._path.at(t_ns) * self._off * spec.price_factor
        bid = (mid / spec.tick).to_integral_value(rounding=ROUND_FLOOR) * spec.tick
        return bid, bid + spec.tick


class Sight:
    """What the program sees of the tapes: late, crossed or one-sided in some spans."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.tapes: dict[str, Tape] = {}
        self.instruments: dict[str, Instrument] = {}
        self.spoilt: dict[str, list[tuple[int, int, str]]] = {}

    def price(self, leg: str) -> Price:
        bid, ask = self.tapes[leg].top(self._clock.now_ns())
        qty = Decimal(10_000)
        how = self._spoilt(leg)
        if how == "stale":
            return Price(bid, qty, ask, qty, age_ms=9_000.0, fresh=False, why_not="nothing was heard")
        if how == "crossed":
            return Price(ask, qty, bid, qty, age_ms=5.0, fresh=True)
        if how == "empty":
            return Price(None, None, ask, qty, age_ms=5.0, fresh=True)
        return Price(bid, qty, ask, qty, age_ms=5.0, fresh=True)

    def _spoilt(self, leg: str) -> str:
        now_ns, spans = self._clock.now_ns(), self.spoilt.get(leg, [])
        index = bisect_right(spans, (now_ns, 2**63, "")) - 1
        return spans[index][2] if index >= 0 and spans[index][1] > now_ns else ""

    def instrument(self, leg: str) -> Instrument | None:
        return self.instruments.get(leg)

    def usd(self, ccy: str) -> Decimal | None:
        return Decimal(1) if ccy in ("USDT", "USDC", "USD") else None
