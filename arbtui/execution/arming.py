"""On what terms a person armed, and the end of that by itself.

Paper is armed without terms. Where orders leave this machine a ``Permit`` says how much money may be open at once, and
for how long: whoever armed may have gone to bed since. What is open when it ends is looked after as before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from arbtui.core.clock import NS_PER_S, Clock, Timer
from arbtui.execution.intents import Intent
from arbtui.execution.ledger import Ledger
from arbtui.execution.limits import Usd, open_usd, worth

WARNED_BEFORE_S = 60.0


@dataclass(frozen=True)
class Permit:
    """``open_usd``: the most that may be open at once, one leg's worth, at worst. ``for_s``: how long it holds."""

    open_usd: Decimal
    for_s: float

    def __post_init__(self) -> None:
        if not (self.open_usd.is_finite() and self.open_usd > 0 and self.for_s > 0):
            raise ValueError(f"{self} permits nothing")

    def __str__(self) -> str:
        return f"at most {self.open_usd:f} USD open at once, for {self.for_s / 60:g} min"


def over_permit(intent: Intent, permit: Permit, ledgers: Iterable[Ledger], usd: Usd) -> str:
    """Why this hedge is more than was permitted, in words; "" where it is not."""
    amounts, held = [worth(intent, index, usd) for index in (0, 1)], open_usd(ledgers, usd)
    if held is None or amounts[0] is None or amounts[1] is None:
        return "no fresh rate to USD is known: what was armed for cannot be checked"
    most = held + max(amounts[0], amounts[1])
    if most <= permit.open_usd:
        return ""
    return f"{most:.2f} USD would be open, armed for {permit.open_usd:f}; arm for more, or open less"


class Lapse:
    """Ends a permit. ``warn(text)`` is called a minute before, ``over(why)`` at its time."""

    def __init__(self, clock: Clock, warn: Callable[[str], None], over: Callable[[str], None]) -> None:
        self._clock = clock
        self._warn = warn
        self._over = over
        self._timers: list[Timer] = []
        self.permit: Permit | None = None
        self.until_ns: int | None = None

    def begin(self, permit: Permit | None) -> None:
        """``permit`` None: without end, and without a limit of its own."""
        self.end()
        if permit is None:
            return
        now_ns = self._clock.now_ns()
        self.permit, self.until_ns = permit, now_ns + round(permit.for_s * NS_PER_S)
        if permit.for_s > WARNED_BEFORE_S:
            at_ns = self.until_ns - round(WARNED_BEFORE_S * NS_PER_S)
            self._timers.append(self._clock.call_at(at_ns, self._warn_of_end))
        self._timers.append(self._clock.call_at(self.until_ns, self._end_by_itself))

    def end(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self.permit = self.until_ns = None

    def _warn_of_end(self) -> None:
        self._warn(f"in {WARNED_BEFORE_S:g} s arming ends by itself; arm again to go on")

    def _end_by_itself(self) -> None:
        assert self.permit is not None
        self._over(f"armed for {self.permit.for_s / 60:g} min, and they are over")
