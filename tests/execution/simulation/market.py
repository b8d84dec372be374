"""Prices of an episode: one path for all venues, with jumps; and how badly it is seen."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from random import Random

from arbtui.core.clock import NS_PER_S
from arbtui.core.model import Instrument
from arbtui.execution.ports import Price
from tests.execution.simulation.clock import SimClock
from tests.execution.simulation.kinds import floor_price, price_step

_BPS = Decimal(10_000)
_QTY = Decimal(10_000)


_NEVER = 2**63


class Path:
    """The coin's price: a new one every half second."""

    def __init__(self, rng: Random, start_ns: int, seconds: int, *, jumpy: float, walk_bps: float) -> None:
        self._start_ns = start_ns
        self._bps: list[float] = []
        for _ in range(2 * seconds):
            bps = rng.gauss(0, walk_bps)
            if rng.random() < jumpy:
                bps += rng.choice((-1, 1)) * rng.uniform(10, 200)
            self._bps.append(round(bps, 2))
        self._prices: list[Decimal] = []

    def step(self, t_ns: int) -> int:
        """Which of the prices holds."""
        return max(0, min(2 * (t_ns - self._start_ns) // NS_PER_S, len(self._bps) - 1))

    def until_ns(self, t_ns: int) -> int:
        """When the next price begins."""
        step = self.step(t_ns)
        return _NEVER if step == len(self._bps) - 1 else self._start_ns + (step + 1) * NS_PER_S // 2

    def price(self, step: int) -> Decimal:
        prices = self._prices
        while len(prices) <= step:
            last = prices[-1] if prices else Decimal(100)
            prices.append(last * (1 + Decimal(str(self._bps[len(prices)])) / _BPS))
        return prices[step]


class Tape:
    """One venue's best bid and ask, wire units, on its tick; ``off_bps`` from the path, which is in USD."""

    def __init__(self, path: Path, instrument: Instrument, off_bps: float, usd: Decimal) -> None:
        self.until_ns = path.until_ns
        self._path = path
        self._instrument = instrument
        self._off = (1 + Decimal(str(off_bps)) / _BPS) / usd
        self._tops: dict[int, tuple[Decimal, Decimal]] = {}

    def top(self, t_ns: int) -> tuple[Decimal, Decimal]:
        step = self._path.step(t_ns)
        top = self._tops.get(step)
        if top is None:
            top = self._tops[step] = self._top(step)
        return top

    def _top(self, step: int) -> tuple[Decimal, Decimal]:
        spec = self._instrument
        assert spec.price_factor is not None
        bid = floor_price(self._path.price(step) * self._off * spec.price_factor, spec)
        return bid, bid + price_step(bid, spec)


class Sight:
    """What the program sees of the tapes: late, crossed or one-sided in some spans."""

    def __init__(self, clock: SimClock, usd: Mapping[str, Decimal]) -> None:
        self._clock = clock
        self._usd = usd
        self._seen: dict[str, tuple[int, int, Price]] = {}  # leg -> from when until when it is seen so
        self.tapes: dict[str, Tape] = {}
        self.instruments: dict[str, Instrument] = {}
        self.spoilt: dict[str, list[tuple[int, int, str]]] = {}

    def price(self, leg: str) -> Price:
        now_ns = self._clock.now_ns()
        from_ns, until_ns, price = self._seen.get(leg, _UNSEEN)
        if not from_ns <= now_ns < until_ns:
            how, change_ns = self.spoils(leg, now_ns)
            tape = self.tapes[leg]
            price = _price(*tape.top(now_ns), how)
            self._seen[leg] = now_ns, min(change_ns, tape.until_ns(now_ns)), price
        return price

    def spoils(self, leg: str, now_ns: int) -> tuple[str, int]:
        """What is wrong with what is seen of it ("": nothing), and when that changes next."""
        for begin_ns, end_ns, how in self.spoilt[leg]:
            if now_ns < begin_ns:
                return "", begin_ns
            if now_ns < end_ns:
                return how, end_ns
        return "", _NEVER

    def instrument(self, leg: str) -> Instrument | None:
        return self.instruments.get(leg)

    def usd(self, ccy: str) -> Decimal | None:
        return self._usd.get(ccy)

    def worth(self, ccy: str) -> Decimal:
        """The same of a currency in which something is priced."""
        return self._usd[ccy]


def _price(bid: Decimal, ask: Decimal, how: str) -> Price:
    if how == "stale":
        return Price(bid, _QTY, ask, _QTY, age_ms=9_000.0, fresh=False, why_not="nothing was heard")
    if how == "crossed":
        return Price(ask, _QTY, bid, _QTY, age_ms=5.0, fresh=True)
    if how == "empty":
        return Price(None, None, ask, _QTY, age_ms=5.0, fresh=True)
    return Price(bid, _QTY, ask, _QTY, age_ms=5.0, fresh=True)


_UNSEEN = (_NEVER, _NEVER, _price(Decimal(0), Decimal(0), ""))
