"""What a connection is told of its venue, and whom it tells: the sides of ``connection.Connection``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from arbtui.core.errors import ArbtuiError
from arbtui.core.events import BookDelta, BookSnapshot, Listing, MarketEvent, Quote, ServerTime
from arbtui.core.model import Channel, Stream
from arbtui.venues.base import Cadence, Manners, Session

if TYPE_CHECKING:
    from arbtui.net.connection import Connection

AppliedEvent = MarketEvent | Listing | ServerTime


@dataclass(frozen=True)
class Conversation:
    """What a connection needs to know of its venue."""

    venue: str
    label: str
    url: str
    session: Session
    manners: Manners
    cadence: Callable[[Channel], Cadence]


class FrameHost(Protocol):
    """Who takes what frames say."""

    def apply(self, event: AppliedEvent) -> None: ...

    def apply_quote(self, quote: Quote) -> None:
        """As ``apply``, for quotes as ``Session.quote`` gives them: nine of ten events are."""
        ...

    def apply_book(self, event: BookSnapshot | BookDelta) -> None:
        """As ``apply``, for what concerns a book: most of the bytes do."""
        ...

    def count_error(self, kind: str, text: str, sample: bytes) -> None: ...


class Owner(Protocol):
    """Who decides about a connection. Called synchronously."""

    def opened(self, connection: Connection) -> None: ...

    def ended(self, connection: Connection, why: ArbtuiError | None) -> None:
        """It is over; None: because we wanted it."""
        ...

    def closing(self, connection: Connection, reason: str) -> None:
        """The venue announced that it will close."""
        ...

    def linked(self, connection: Connection, streams: Sequence[Stream]) -> None:
        """These streams are now carried: acknowledged, or seen to bring data."""
        ...

    def refused(self, connection: Connection, streams: Sequence[Stream], text: str) -> None: ...

    def doubted(self, stream: Stream, reason: str) -> None:
        """The session lost this stream's state."""
        ...
