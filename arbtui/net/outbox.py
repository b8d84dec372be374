"""What waits to be sent on one connection, in the order in which it goes. Pure.

Answers and heartbeats first, then what concerns order books, then all the rest: books are few and somebody waits for
them, while a socket that opens has hundreds of other requests to make at the venue's pace.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from arbtui.core.model import Channel, Stream
from arbtui.venues.base import Outgoing


class Outbox:
    """Frames of one connection. What a stream is asked leaves in the order in which it came."""

    def __init__(self) -> None:
        self._urgent: deque[str | bytes | None] = deque()
        self._books: deque[Outgoing] = deque()
        self._others: deque[Outgoing] = deque()

    def hurry(self, frame: str | bytes | None) -> None:
        """A heartbeat or an answer; None = a protocol ping."""
        self._urgent.append(frame)

    def ask(
        self, streams: Iterable[Stream], frames_of: Callable[[Sequence[Stream]], Iterable[Outgoing]]
    ) -> set[Stream]:
        """Put in the requests that ``frames_of`` makes of ``streams``; the streams that they name."""
        named: set[Stream] = set()
        wanted = list(streams)
        for queue, are_books in ((self._books, True), (self._others, False)):
            some = [stream for stream in wanted if (stream.channel is Channel.BOOK) is are_books]
            for outgoing in frames_of(some) if some else ():
                queue.append(outgoing)
                named.update(outgoing.streams)
        return named

    @property
    def empty(self) -> bool:
        return not self._urgent and self.asked

    @property
    def asked(self) -> bool:
        """Whether no request waits any more."""
        return not self._books and not self._others

    def next_urgent(self) -> tuple[str | bytes | None] | None:
        """None: there is none; else the frame, in a tuple since it may be None itself."""
        return (self._urgent.popleft(),) if self._urgent else None

    def next_request(self) -> Outgoing | None:
        return None if self.asked else (self._books or self._others).popleft()
