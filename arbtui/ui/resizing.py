"""A terminal whose size changes again before the first change is laid out.

Laying out a screen posts the size that was laid out to the screen itself, and Textual lets a later resize take the
place of one that still waits. So the echo of the old size can swallow the new one, and the screen would stay as it was
until somebody pulls at the window again.
"""

from __future__ import annotations

from typing import Any

from textual.events import Resize
from textual.screen import Screen


def outdated(screen: Screen[Any], event: Resize) -> bool:
    """Whether ``event`` tells a size that the terminal no longer has; the one it has is laid out in its place."""
    size = screen.app.size
    if event.size == size:
        return False
    event.prevent_default()
    screen.post_message(Resize(size, size))
    return True
