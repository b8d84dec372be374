"""Where raw traffic goes when it is recorded: the wire hands over what it saw, the storage does the rest."""

from __future__ import annotations

from typing import Literal, Protocol


class Recorder(Protocol):
    """Every call returns at once and never raises: a full disk stops the recording, not the feed."""

    def opened(self, t_ns: int, venue: str, conn: str, url: str) -> None: ...

    def closed(self, t_ns: int, venue: str, conn: str, reason: str) -> None: ...

    def frame(self, t_ns: int, venue: str, conn: str, direction: Literal["in", "out"], data: str | bytes) -> None:
        """``str`` = a text frame; ``bytes`` = a binary one. Frames with credentials are never handed over."""
        ...

    def text_frame(self, t_ns: int, venue: str, conn: str, data: bytes) -> None:
        """An incoming text frame, still as UTF-8 bytes (the hot path)."""
        ...

    def http(
        self, t_ns: int, venue: str, method: str, url: str, request_body: bytes, status: int, body: bytes
    ) -> None: ...
