"""Whose frames come late by the exchange's own stamps: what is late is no sign of a broken stream.

A quote that arrives seconds after it was made differs from every second source meanwhile. If many of a venue's do so,
its line is slow; if many of several venues' do, this machine is behind. Asking for streams anew mends neither, and only
adds to the load, so as long as it lasts, and a moment longer, nobody is asked.
"""

from __future__ import annotations

from arbtui.core.clock import NS_PER_S

LATE_S = 2.0  # what differs for so long is doubted (``FreshnessRules.disagree_s``)
LEAST = 5  # slots of one venue: one or two may have a reason of their own
HOLDS_NS = 10 * NS_PER_S  # after the last late frame: what piled up has to be heard first


class Lateness:
    """What was seen of late."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[int, int]] = {}  # venue -> slot id -> when its frames were last found late

    def note(self, venue: str, slot_id: int, now_ns: int) -> None:
        """The newest frame of this slot came late."""
        self._seen.setdefault(venue, {})[slot_id] = now_ns

    def behind(self, venue: str, now_ns: int) -> bool:
        """Whether what this venue brings is late as a whole, or what all of them bring."""
        late = {name for name in self._seen if self._is_late(name, now_ns)}
        return venue in late or len(late) > 1

    def _is_late(self, venue: str, now_ns: int) -> bool:
        recent = {slot: at_ns for slot, at_ns in self._seen[venue].items() if now_ns - at_ns < HOLDS_NS}
        self._seen[venue] = recent
        return len(recent) >= LEAST
