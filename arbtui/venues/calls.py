"""How private calls are put together: signed for their moment, and asked on while there is more.

Lists are told page by page: a page has a cursor that leads to the next one. What has happened is told for so many days
at once at most, so a longer stretch is asked for in parts; the last part has no end, so that nothing newer than our
idea of the venue's clock is missed. Parts share their ends, and what thus comes twice carries an id.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from arbtui.core.errors import ProtocolBroken
from arbtui.venues.base import Environment, HttpRequest
from arbtui.venues.private import Keys, PrivateCall, Read

DAY_MS = 86_400_000

Then = Callable[[int], PrivateCall | None]  # what is asked after the last page, signed for a time stamp


@dataclass(frozen=True)
class Caller(ABC):
    """Signs for one account in one environment."""

    env: Environment
    keys: Keys

    @abstractmethod
    def get(
        self, path: str, query: Mapping[str, str], purpose: str, bucket: str, stamp_ms: int, cursor: str = ""
    ) -> HttpRequest:
        """``cursor``: the page of a list that the page before it led to."""

    def read(
        self, path: str, query: Mapping[str, str], purpose: str, bucket: str, stamp_ms: int, read: Read
    ) -> PrivateCall:
        """One answer, no pages."""
        return PrivateCall(self.get(path, query, purpose, bucket, stamp_ms), read, purpose)


@dataclass(frozen=True)
class PagedCaller(Caller):
    """The same at a venue whose pages lead on until one does not, and which tells the past in parts."""

    venue: ClassVar[str]  # as people write it
    part_ms: ClassVar[int]  # what is told at once at most
    kept_ms: ClassVar[int]  # what is older is not told any more

    @abstractmethod
    def further(self, status: int, body: bytes, purpose: str) -> str:
        """The cursor of the next page; "" where this one was the last. Raises as the reader of a read does."""

    def pages(
        self,
        path: str,
        query: Mapping[str, str],
        purpose: str,
        bucket: str,
        stamp_ms: int,
        read: Read,
        then: Then | None = None,
        cursor: str = "",
    ) -> PrivateCall:
        """A page, the pages after it, and ``then`` something else."""

        def next_page(status: int, body: bytes, stamp_ms: int) -> PrivateCall | None:
            further = self.further(status, body, purpose)
            if not further:
                return then(stamp_ms) if then is not None else None
            if further == cursor:
                raise ProtocolBroken("unknown_shape", f"{self.venue} {purpose}: a page that leads to itself")
            return self.pages(path, query, purpose, bucket, stamp_ms, read, then, further)

        return PrivateCall(self.get(path, query, purpose, bucket, stamp_ms, cursor), read, purpose, next_page)

    def since(
        self,
        path: str,
        query: Mapping[str, str],
        purpose: str,
        bucket: str,
        since_ms: int,
        stamp_ms: int,
        read: Read,
        then: Then | None = None,
    ) -> PrivateCall:
        """Everything from ``since_ms`` on, as far back as it is kept, and ``then`` something else."""
        start_ms = max(since_ms, stamp_ms - self.kept_ms, 0)
        end_ms = start_ms + self.part_ms
        if end_ms >= stamp_ms:
            return self.pages(path, {**query, "startTime": str(start_ms)}, purpose, bucket, stamp_ms, read, then)

        def later(stamp_ms: int) -> PrivateCall:
            return self.since(path, query, purpose, bucket, end_ms, stamp_ms, read, then)

        part = {"startTime": str(start_ms), "endTime": str(end_ms)}
        return self.pages(path, {**query, **part}, purpose, bucket, stamp_ms, read, later)


def one_after_the_other(asks: Sequence[Callable[[int, Then | None], PrivateCall]], stamp_ms: int) -> PrivateCall:
    """``asks`` in turn; each is made when the one before it is complete."""
    first, *others = asks

    def then(stamp_ms: int) -> PrivateCall:
        return one_after_the_other(others, stamp_ms)

    return first(stamp_ms, then if others else None)
