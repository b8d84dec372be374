"""What stands around armed accounts: whether their keys are fit for it, and what takes arming back.

Arming itself, its limit and its end by time are the runner's (``execution.arming``). Here is what a run adds:

    KeyFitness    asks each venue what its key may do; a key that may withdraw is not armed unless the config says so
    Guard         disarms on trouble: a halted hedge, a stream of an account that stays down, a day's loss at its limit
    arm_soon      arms a run without a screen once its accounts are read (--arm-live)
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from arbtui.core.clock import NS_PER_S, Clock, Every
from arbtui.core.errors import ArbtuiError
from arbtui.core.model import Market
from arbtui.engine.trading import Trading
from arbtui.execution.lifecycle import Step
from arbtui.execution.records import Armed, Fact, Stepped
from arbtui.venues.private import KeyRights

ASK_AGAIN_S = 5.0
GOOD_FOR_S = 60.0
LOOK_EVERY_NS = NS_PER_S
LOSS_EVERY = 5  # looks
ARM_WITHIN_S = 60.0

_BEING_ASKED = "what its key may do is being asked; wait a moment"

Notice = Callable[[str, str], None]


@dataclass(frozen=True)
class Holder:
    """One account. ``ask`` brings what its key may do, None where the venue has no such question; raises ArbtuiError.

    ``real``: the account holds real money, or stands for one that does.
    """

    markets: tuple[Market, ...]
    ask: Callable[[], Awaitable[KeyRights | None]]
    real: bool


class KeyFitness:
    """``why_not`` says why a run must not be armed. Each arming wants an answer of its own: rights come and go.

    An answer serves one arming, and no longer than ``GOOD_FOR_S``, the time that a person takes from the wish to arm
    to the last letter of the phrase; ``why_not``, asked at both, has the venues asked anew where theirs is older.
    """

    def __init__(self, holders: Mapping[str, Holder], *, allow_withdraw: bool, notice: Notice) -> None:
        self._holders = holders
        self._allow_withdraw = allow_withdraw
        self._notice = notice
        self._unfit = dict.fromkeys(holders, _BEING_ASKED)
        self._wanted = {name: asyncio.Event() for name in holders}
        self._asked_s: dict[str, float] = {}  # when each was asked last, by the loop's time
        self._untold: set[str] = set()  # of which it was said that they do not tell

    async def run(self) -> None:
        """Ask every venue, and again whenever somebody wants to arm by an answer that is old, or a no."""
        async with asyncio.TaskGroup() as group:
            for name, holder in self._holders.items():
                group.create_task(self._look_after(name, holder))

    def why_not(self) -> str:
        """In words; "" where every key is fit, and was so a moment ago."""
        oldest_s = asyncio.get_running_loop().time() - GOOD_FOR_S
        old = {name: _BEING_ASKED for name in self._holders if self._asked_s.get(name, oldest_s) <= oldest_s}
        found = {name: why for name, why in (self._unfit | old).items() if why}
        for name in found:
            self._wanted[name].set()
        return "; ".join(f"{name}: {why}" for name, why in found.items())

    def heard(self, hedge: str, fact: Fact) -> None:
        """Everything that becomes known of hedges: an arming has used the answers up."""
        if isinstance(fact, Armed) and fact.on:
            self._asked_s.clear()

    async def _look_after(self, name: str, holder: Holder) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._wanted[name].clear()
            asked_s = loop.time()
            asked, before = await self._asked(name, holder), self._unfit[name]
            self._unfit[name], self._asked_s[name] = asked, asked_s
            if asked and asked != before:
                self._notice("warning", f"{name} cannot be armed: {asked}")
            await asyncio.sleep(ASK_AGAIN_S if asked else 0.0)
            await self._wanted[name].wait()

    async def _asked(self, name: str, holder: Holder) -> str:
        try:
            rights = await holder.ask()
        except ArbtuiError as error:
            if holder.real:
                return f"what its key may do could not be read: {error}"
            self._say_untold(name, f": {error}")
            return ""
        if rights is None:
            self._say_untold(name, "")
            return ""
        return unfit(rights, holder.markets, allow_withdraw=self._allow_withdraw or not holder.real)

    def _say_untold(self, name: str, why: str) -> None:
        if name not in self._untold:
            self._untold.add(name)
            self._notice("info", f"{name} does not tell here what its key may do{why}")


def unfit(rights: KeyRights, markets: tuple[Market, ...], *, allow_withdraw: bool) -> str:
    """Why a key must not be armed, with the remedy; "" where it may. What the venue does not tell forbids nothing."""
    if rights.withdraw and not allow_withdraw:
        return (
            f"its key may withdraw ({rights.text}), and arbtui never does: make a key without that right, or set "
            "live.allow_withdraw_keys"
        )
    if all(rights.trade.get(market) is False for market in markets):
        return f"its key may not trade {' or '.join(market.value for market in markets)} ({rights.text})"
    return ""


class Guard:
    """Disarms, with the reason. ``streams``: venue and market -> whether its account is heard now."""

    def __init__(
        self,
        clock: Clock,
        disarm: Callable[[str], None],
        *,
        armed: Callable[[], bool],
        streams: Callable[[], Mapping[tuple[str, Market], bool]],
        lost_too_much: Callable[[], str],
        stream_down_s: float,
    ) -> None:
        self._clock = clock
        self._disarm = disarm
        self._armed = armed
        self._streams = streams
        self._lost_too_much = lost_too_much
        self._stream_down_s = stream_down_s
        self._down_ns: dict[tuple[str, Market], int] = {}  # since when, of the time that it was armed
        self._looks = 0
        self._every: Every | None = None

    def start(self) -> None:
        self._every = Every(self._clock, LOOK_EVERY_NS, self._look)

    def stop(self) -> None:
        if self._every is not None:
            self._every.cancel()

    def heard(self, hedge: str, fact: Fact) -> None:
        """Everything that becomes known of hedges."""
        if self._armed() and isinstance(fact, Stepped) and fact.step is Step.HALT:
            self._disarm(f"hedge {hedge} is halted")

    def _look(self) -> None:
        if not self._armed():
            self._down_ns.clear()
            return
        now_ns = self._clock.now_ns()
        for (venue, market), up in self._streams().items():
            if up:
                self._down_ns.pop((venue, market), None)
                continue
            down_s = (now_ns - self._down_ns.setdefault((venue, market), now_ns)) / NS_PER_S
            if down_s >= self._stream_down_s:
                self._disarm(f"the private stream of {venue} {market.value} has been down for {down_s:.0f} s")
                return
        self._looks += 1
        if self._looks % LOSS_EVERY == 0 and (loss := self._lost_too_much()):
            self._disarm(loss)


def guard_of(trading: Trading, stream_down_s: float) -> Guard:
    """A guard of this run's accounts, which hears of its hedges."""
    guard = Guard(
        trading.clock,
        trading.runner.disarm,
        armed=lambda: trading.armed,
        streams=trading.streams,
        lost_too_much=trading.risk.lost_too_much,
        stream_down_s=stream_down_s,
    )
    trading.on_change(guard.heard)
    return guard


async def arm_soon(
    trading: Trading, open_usd: Decimal, notice: Notice, called_off: Callable[[], str] = lambda: ""
) -> None:
    """Arm once, as soon as the accounts are read and heard. Where that does not come about, it is said and left.

    ``called_off()``: what would have disarmed meanwhile, in words; after that only a person arms.
    """
    loop = asyncio.get_running_loop()
    until_s, why = loop.time() + ARM_WITHIN_S, ""
    while loop.time() < until_s and not trading.killed and not called_off():  # arming takes the kill switch back
        why = trading.waits_for()
        if not why:
            answer = trading.arm(open_usd, "--arm-live")
            if answer.accepted:
                notice("warning", answer.text)
                return
            why = answer.text
        await asyncio.sleep(0.25)
    why = "the kill switch is on" if trading.killed else called_off() or why
    notice("error", f"--arm-live: {why}; it is not tried again in this run")
