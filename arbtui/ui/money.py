"""Open hedges and what they are worth, sampled once for all who show them: status line, grid, panes.

Working an account out costs something, so it is done at most twice a second, and what ended hedges made is kept and
looked at again only now and then: a fee or a funding payment that is told late still finds its way in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from arbtui.execution.equity import Equity
from arbtui.execution.exposure import NetExposure, net_exposure
from arbtui.execution.ledger import Ledger
from arbtui.execution.limits import NS_PER_DAY
from arbtui.execution.pairs import Pair
from arbtui.port import TradingPort

LOOK_S = 0.45
_AGAIN = 5  # so many ended hedges are worked out again at each look


@dataclass(frozen=True)
class _Ended:
    """A hedge that is over. ``last_ns``: of its last fact; ``ended_ns``: when it came to its end."""

    last_ns: int
    ended_ns: int
    made_usd: Decimal | None


class Money:
    def __init__(self, trading: TradingPort) -> None:
        self.trading = trading
        self.pairs: Sequence[Pair] = ()
        self.bases: frozenset[str] = frozenset()
        self.pnl_usd: dict[str, Decimal | None] = {}
        self.equity: Equity | None = None
        self.exposure: NetExposure | None = None  # None: a coin with a gap has no price
        self._ended: dict[str, _Ended] = {}  # by hedge
        self._next = 0
        self._looked_s = float("-inf")

    def look(self, now_s: float, *, at_once: bool = False) -> None:
        if not at_once and now_s - self._looked_s < LOOK_S:
            return
        self._looked_s = now_s
        trading = self.trading
        self.pairs = trading.pairs()
        self.bases = frozenset(pair.base for pair in self.pairs)
        self.pnl_usd = {pair.hedge: pair.pnl.usd(trading.usd) for pair in self.pairs}
        self.equity = trading.equity()
        self.exposure = net_exposure(self.pairs, trading.usd)
        self._look_at_ended()

    def _look_at_ended(self) -> None:
        ended = [ledger for ledger in self.trading.ledgers.values() if _made_something(ledger)]
        again = {(self._next + step) % len(ended) for step in range(_AGAIN)} if ended else set()
        self._next = (self._next + _AGAIN) % len(ended) if ended else 0
        kept = self._ended
        self._ended = {}
        for at, ledger in enumerate(ended):
            known = kept.get(ledger.hedge)
            if known is None or known.last_ns != ledger.last_ns or at in again:
                known = _Ended(ledger.last_ns, ledger.state_ns, self.trading.pnl_usd(ledger.hedge))
            self._ended[ledger.hedge] = known

    @property
    def ended(self) -> int:
        """Hedges that ended and traded something."""
        return len(self._ended)

    @property
    def ended_usd(self) -> Decimal | None:
        """What all of them made, fees and funding in it; None where one is not known."""
        return _sum([ended.made_usd for ended in self._ended.values()])

    def day_usd(self, now_ns: int) -> Decimal | None:
        """What those made that ended since 00:00 UTC; None where one is not known."""
        day_ns = now_ns - now_ns % NS_PER_DAY
        return _sum([ended.made_usd for ended in self._ended.values() if ended.ended_ns >= day_ns])

    @property
    def open_usd(self) -> Decimal | None:
        """What the open ones have made so far, at executable exit prices."""
        return _sum(list(self.pnl_usd.values()))

    def of_coin(self, base: str) -> list[Pair]:
        return [pair for pair in self.pairs if pair.base == base]


def under_way(ledger: Ledger) -> bool:
    """Whether orders of it may still be sent or filled."""
    return bool(ledger.turns) and (not ledger.turn_over or bool(ledger.unsettled()))


def _made_something(ledger: Ledger) -> bool:
    return bool(ledger.turns) and ledger.state.ended and any(line.filled for line in ledger.lines.values())


def _sum(parts: Sequence[Decimal | None]) -> Decimal | None:
    total = Decimal(0)
    for part in parts:
        if part is None:
            return None
        total += part
    return total
