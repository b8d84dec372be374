"""Messages of alerts, from the loop to the channels: queued, limited, and never waited for.

Each channel has a lane of its own: a bounded queue, a limit of messages a minute, a task. One that fails or hangs holds
no other, and nobody upstream. What fails is said once, and that it works again is said once; what is left out for lack
of room is counted, said once, and told to whoever gets the next message (``left_out``).

Alarms of hedges go first, have a limit of their own beside that of all others, and are the last to be left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Collection, Sequence

from arbtui.core.alerts import Alert, AlertKind
from arbtui.net.channels import Channel, Message, NotDelivered

log = logging.getLogger(__name__)

KEPT = 100  # messages that wait, per channel
MINUTE_S = 60.0
END_WITHIN_S = 1.5


class Waiting:
    """Alerts in the order in which they leave. Pure."""

    def __init__(self, size: int = KEPT) -> None:
        self._size = size
        self._alarms: deque[Alert] = deque()
        self._others: deque[Alert] = deque()

    def __len__(self) -> int:
        return len(self._alarms) + len(self._others)

    def put(self, alert: Alert) -> int:
        """How many had to leave for it: the oldest one, no alarm as long as there is anything else."""
        (self._alarms if alert.kind is AlertKind.HEDGE else self._others).append(alert)
        if len(self) <= self._size:
            return 0
        (self._others or self._alarms).popleft()
        return 1

    @property
    def alarmed(self) -> bool:
        """Whether an alarm is next."""
        return bool(self._alarms)

    def take(self) -> Alert:
        return (self._alarms or self._others).popleft()


class Rate:
    """At most ``per_minute`` in any minute. Pure: times come in."""

    def __init__(self, per_minute: int) -> None:
        self._sent_s: deque[float] = deque(maxlen=per_minute)

    def wait_s(self, now_s: float) -> float:
        """How long until the next one may go; 0 = now."""
        if len(self._sent_s) < (self._sent_s.maxlen or 0):
            return 0.0
        return max(0.0, self._sent_s[0] + MINUTE_S - now_s)

    def spend(self, now_s: float) -> None:
        self._sent_s.append(now_s)


class _Lane:
    """One channel, what waits for it, and how it does."""

    def __init__(self, channel: Channel, mode: str, per_minute: int, say: Callable[[str, str], None]) -> None:
        self.channel = channel
        self.waiting = Waiting()
        self.hurries = False  # the run ends: no limit any more
        self.task: asyncio.Task[None] | None = None
        self._mode = mode
        self._rates = {True: Rate(per_minute), False: Rate(per_minute)}  # of alarms, and of all others
        self._say = say
        self._missed = 0  # messages since the last one that was taken
        self._failing = False
        self._overflowing = False
        self._changed = asyncio.Event()

    def put(self, alert: Alert) -> None:
        left_out = self.waiting.put(alert)
        self._missed += left_out
        if left_out and not self._overflowing:
            self._overflowing = True
            self._say("warning", f"more alerts than {self.channel.name} may be sent: the oldest are left out")
        self._changed.set()
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._work())

    def hurry(self) -> None:
        self.hurries = True
        self._changed.set()

    async def _work(self) -> None:
        """Until nothing waits."""
        while self.waiting:
            await self._turn()
            await self._send(self.waiting.take())
        self._overflowing = False

    async def _turn(self) -> None:
        """Until the limit allows the next one; which one that is may change meanwhile."""
        loop = asyncio.get_running_loop()
        while not self.hurries and (wait_s := self._rates[self.waiting.alarmed].wait_s(loop.time())) > 0:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()
        self._rates[self.waiting.alarmed].spend(loop.time())

    async def _send(self, alert: Alert) -> None:
        told = self._missed
        try:
            await self.channel.send(Message(alert, self._mode, told))
        except NotDelivered as error:
            self._failed(str(error))
        except Exception as error:  # noqa: BLE001 - a lane's boundary; a traceback might quote the address
            log.error("sending to %s failed: %s", self.channel.name, type(error).__name__)
            self._failed(f"arbtui itself failed ({type(error).__name__})")
        else:
            self._missed -= told
            if self._failing:
                self._failing = False
                self._say("info", f"{self.channel.name} takes messages again")

    def _failed(self, why: str) -> None:
        self._missed += 1
        if not self._failing:
            self._failing = True
            self._say("warning", f"alerts do not get through to {self.channel.name}: {why}; said once")


class Notifier:
    """``say(level, text)`` tells the person in front of this run. Use ``put`` on the loop; ``close`` ends it."""

    def __init__(
        self,
        channels: Sequence[Channel],
        *,
        mode: str,
        kinds: Collection[AlertKind],
        per_minute: int,
        say: Callable[[str, str], None],
    ) -> None:
        self._kinds = frozenset(kinds) | {AlertKind.HEDGE}
        self._lanes = [_Lane(channel, mode, per_minute, say) for channel in channels]

    def put(self, alert: Alert) -> None:
        """Have it sent, soon. Returns at once."""
        if alert.kind in self._kinds:
            for lane in self._lanes:
                lane.put(alert)

    async def close(self, within_s: float = END_WITHIN_S) -> None:
        """What waits may still leave, within so long."""
        for lane in self._lanes:
            lane.hurry()
        tasks = [lane.task for lane in self._lanes if lane.task is not None and not lane.task.done()]
        if tasks:
            await asyncio.wait(tasks, timeout=within_s)
        for lane in self._lanes:
            if lane.task is not None and not lane.task.done():
                log.warning("%s did not take the last %d alerts in time", lane.channel.name, len(lane.waiting) + 1)
                lane.task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for lane in self._lanes:
            await lane.channel.close()
