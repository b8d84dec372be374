"""The limits of a run, asked before every hedge: for previews, and again by the runner, past which no order goes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from functools import cache

from arbtui.core.clock import Clock
from arbtui.execution.arming import Permit, over_permit
from arbtui.execution.intents import Intent
from arbtui.execution.ledger import Ledger
from arbtui.execution.limits import Limits, Usage, Usd, opposed, refusals, usage
from arbtui.execution.pnl import Pnl


class Risk:
    """``ledgers()``: every hedge; ``at_worst(ledger)``: its account where what is not told yet counts at its worst."""

    def __init__(
        self,
        limits: Limits,
        clock: Clock,
        usd: Usd,
        ledgers: Callable[[], Collection[Ledger]],
        at_worst: Callable[[Ledger], Pnl],
        permit: Callable[[], Permit | None],
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._usd = usd
        self._ledgers = ledgers
        self._at_worst = at_worst
        self._permit = permit

    def over(self, intent: Intent) -> Sequence[str]:
        """Why this hedge must not be opened, in words; empty: it may."""
        if undoes := opposed(intent, self._ledgers()):
            return [undoes]
        usd = cache(self._usd)  # one rate of each currency for all that is added up
        used = self._used(usd)
        if isinstance(used, str):
            return [used]
        found = refusals(intent, self._limits, used, usd, self._clock.now_ns())
        permit = self._permit()
        over = over_permit(intent, permit, self._ledgers(), usd) if permit is not None else ""
        return [*found, over] if over else found

    def gate(self, intent: Intent) -> str:
        """The same as one sentence, as the runner asks."""
        over = self.over(intent)
        return f"limits: {'; '.join(over)}" if over else ""

    def lost_too_much(self) -> str:
        """That the day's loss has come to its limit, in words; "" while it has not, or cannot be known."""
        most = self._limits.day_loss_usd
        used = self._used(cache(self._usd)) if most is not None else ""
        lost: Decimal | None = None if isinstance(used, str) else used.day_loss_usd
        if most is None or lost is None or lost < most:
            return ""
        return f"{lost:.2f} USD lost today, at limits.day_loss_usd = {most:f}"

    def _used(self, usd: Usd) -> Usage | str:
        result = cache(lambda ledger: self._at_worst(ledger).usd(usd))
        wanted = self._limits.day_loss_usd is not None
        return usage(self._ledgers(), usd, result, self._clock.now_ns(), day_loss=wanted)
