"""The keys that a replay has beside all others: pause, one step, the pace."""

from __future__ import annotations

from arbtui.port import ReplayControl, ReplayPosition
from arbtui.ui import text
from arbtui.ui.desk import Desk
from arbtui.ui.registry import Handlers
from arbtui.ui.seat import Seat
from arbtui.ui.text import number

SPEEDS: tuple[float | None, ...] = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, None)
_NS_PER_S = 1e9


class ReplayKeys:
    def __init__(self, desk: Desk, seat: Seat) -> None:
        self._desk = desk
        self._seat = seat

    def handlers(self) -> Handlers:
        return {
            "replay.pause": self.pause,
            "replay.frame": lambda: self._send(ReplayControl("frame")),
            "replay.second": lambda: self._send(ReplayControl("second")),
            "replay.slower": lambda: self._step(-1),
            "replay.faster": lambda: self._step(1),
            "replay.speed": self.speed,
        }

    def pause(self) -> str:
        position = self._desk.port.replay
        paused = position is not None and position.paused
        return self._send(ReplayControl("continue" if paused else "pause"))

    def speed(self, typed: str) -> str:
        """``max``, or how many times as fast as it was."""
        words = typed.strip().lower().removeprefix("x")
        if words == "max":
            return self._send(ReplayControl("speed", None))
        speed = number(words)
        if speed is None:
            return f"{text.quoted(typed)} is not a speed: say 0.5, 10 or max"
        return self._send(ReplayControl("speed", speed))

    def _step(self, direction: int) -> str:
        position = self._desk.port.replay
        speed = next_speed(position.speed if position is not None else 1.0, direction)
        return self._send(ReplayControl("speed", speed))

    def _send(self, command: ReplayControl) -> str:
        outcome = self._desk.port.send(command)
        if not outcome.accepted:
            return outcome.text
        self._desk.say(outcome.text)
        self._seat.tick_all()
        return ""


def next_speed(speed: float | None, direction: int) -> float | None:
    """The next step up or down; at the ends the last one."""
    if direction > 0:
        return next((step for step in SPEEDS if step is None or (speed is not None and step > speed)), None)
    slower = [step for step in SPEEDS if step is not None and (speed is None or step < speed)]
    return slower[-1] if slower else SPEEDS[0]


def words(position: ReplayPosition) -> str:
    """``x2 +0:12.3 4,512 records``, ``paused ...``, ``ended ...``: where a replay stands."""
    since_s = max(0.0, (position.t_ns - position.first_ns) / _NS_PER_S)
    pace = "max" if position.speed is None else f"x{position.speed:g}"
    state = "ended" if position.ended else f"paused {pace}" if position.paused else pace
    return f"{state} +{int(since_s // 60)}:{since_s % 60:04.1f} {position.records:,} records"
