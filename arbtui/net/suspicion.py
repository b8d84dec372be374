"""Which subscription makes the venue close the socket. Pure: what was asked before each end comes in.

Some venues answer a name they do not like by dropping the connection with all that it carries (Hyperliquid does so for
unknown coins). Nothing names the culprit, so it is looked for. What was asked for directly before three ends in a row
is suspected: from then on everything else is asked for first, then the suspects in two halves, each group after the
one before it has held for a moment. Who is answered is free of suspicion. The group that the next end follows is
halved again. One stream alone that fails twice, on connections that served others, is named, and is then refused like
one that the venue refused in words.

    closed, closed, closed  ->  good | half | half  ->  good | quarter | quarter | half  ->  ...  ->  named

A venue that closes whatever is asked convicts nobody: it serves nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from arbtui.core.clock import NS_PER_S
from arbtui.core.model import Stream

DIRECTLY_NS = 5 * NS_PER_S  # an end so soon after a request may be its answer
HOLD_NS = NS_PER_S  # a group that has held for so long is not what closes the connection
SPLIT_AFTER = 3  # ends in a row
STRIKES = 2  # of a single suspect
UNSERVED_GROUPS = 3  # while nothing at all is served, there is no point in asking for ever smaller portions


class Suspicion:
    """What one socket's ends have in common."""

    def __init__(self) -> None:
        self._common: list[Stream] = []  # asked for directly before each of the last ends
        self._ends = 0  # in a row, each directly after a request
        self._line: list[list[Stream]] = []  # groups under suspicion, in the order in which they are to be asked for
        self._strikes: Counter[Stream] = Counter()
        self.narrowed = False  # the last end has told something

    def groups(self, streams: Iterable[Stream]) -> list[list[Stream]]:
        """In what portions to ask for ``streams`` on the next connection, one after the other has held."""
        wanted = dict.fromkeys(streams)
        line = [[stream for stream in group if stream in wanted] for group in self._line]
        good = [stream for stream in wanted if not any(stream in group for group in line)]
        return [group for group in (good, *line) if group] or [[]]

    def ended(self, just_asked: Collection[Stream], served: Collection[Stream]) -> Stream | None:
        """The venue closed the connection directly after a request for ``just_asked`` (empty: not directly after any).

        ``served``: other streams that it had answered before. Returns the culprit, once there is no doubt.
        """
        self.narrowed = False
        if not just_asked:
            self.clear()
            return None
        if not self._line:
            common = [stream for stream in self._common if stream in just_asked]
            self._ends = self._ends + 1 if common else 1
            self._common = common or list(just_asked)
            if self._ends == SPLIT_AFTER:
                self._suspect(self._common, first=True)
            return None
        cleared = {*just_asked, *served}
        self._line = [left for group in self._line if (left := [stream for stream in group if stream not in cleared])]
        if len(just_asked) == 1 and served:
            (stream,) = just_asked
            self._strikes[stream] += 1
            if self._strikes[stream] >= STRIKES:
                self.narrowed = True
                return stream
        self._suspect(list(just_asked), first=bool(served))
        return None

    def _suspect(self, streams: list[Stream], *, first: bool) -> None:
        """Halve them, and look at them first, or after the others (which may be served, where these are not)."""
        middle = (len(streams) + 1) // 2 if first or len(self._line) < UNSERVED_GROUPS else len(streams)
        halves = [half for half in (streams[:middle], streams[middle:]) if half]
        self._line = [*halves, *self._line] if first else [*self._line, *halves]
        self.narrowed = len(halves) > 1

    def clear(self) -> None:
        """A connection stands with everything asked for: nobody is suspected any more."""
        self._common, self._line, self._ends, self.narrowed = [], [], 0, False
        self._strikes.clear()
