"""What a request to Hyperliquid may come to, besides data."""

from __future__ import annotations

from typing import Any

from arbtui.sim.base import Reply

Ask = dict[str, Any]
UNREADABLE = b"Failed to deserialize the JSON body into the target type"


class Refused(Exception):
    """An answer that is no data: status and text."""

    def __init__(self, status: int, text: bytes) -> None:
        super().__init__(text)
        self.reply = Reply(status, text, content_type="application/json" if text == b"null" else "text/plain")


class Denied(Exception):
    """A whole action is refused: ``{"status":"err","response":<text>}`` with HTTP 200."""


class Rejected(Exception):
    """One order, cancel or modification of an action is refused: ``{"error":<text>}`` among its statuses."""


def unreadable() -> Refused:
    return Refused(422, UNREADABLE)
