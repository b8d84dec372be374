"""What went wrong, counted by kind and told once: nonsense a thousand times a second must not fill a log."""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable

from arbtui.core.clock import Clock
from arbtui.core.errors import ArbtuiError, Broken, ProtocolBroken, TransportBroken, VenueRefused
from arbtui.core.status import Notice
from arbtui.logs import IS_NOTICE

log = logging.getLogger(__name__)

KEPT_NOTICES = 500
_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class Trouble:
    """Counters, and the notices that a person reads. ``listeners`` hear each notice as it comes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._logged: set[tuple[str, str]] = set()
        self.counts: Counter[str] = Counter()  # "binance not_json" -> how often
        self.notices: deque[Notice] = deque(maxlen=KEPT_NOTICES)
        self.listeners: list[Callable[[Notice], None]] = []

    def notice(self, level: str, text: str) -> None:
        """Say something once to whoever reads along, and to the log."""
        log.log(_LEVELS.get(level, logging.INFO), text, extra={IS_NOTICE: True})
        notice = Notice(self._clock.now_ns(), level, text)
        self.notices.append(notice)
        for listener in self.listeners:
            listener(notice)

    def count(self, venue: str, kind: str, text: str = "", sample: bytes = b"") -> None:
        """Count one ``kind`` of trouble with ``venue``; the first of its kind is logged with what arrived."""
        self.counts[f"{venue} {kind}"] += 1
        if (venue, kind) not in self._logged:
            self._logged.add((venue, kind))
            began = f"; began with {sample!r}" if sample else ""
            log.warning("%s: %s (%s); counted from here on%s", venue, text or kind, kind, began)

    def count_error(self, venue: str, error: ArbtuiError) -> None:
        self.count(venue, kind_of(error), str(error), error.sample if isinstance(error, ProtocolBroken) else b"")


def kind_of(error: ArbtuiError) -> str:
    """The word under which an error is counted."""
    match error:
        case ProtocolBroken():
            return error.kind
        case VenueRefused():
            return f"refused_{error.reason.value}"
        case TransportBroken() | Broken():
            return "transport"
        case _:
            return type(error).__name__
