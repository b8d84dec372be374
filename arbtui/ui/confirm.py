"""When a key may confirm something that sends orders. Pure: times come in as seconds of one monotonic clock.

A key counts only if no other key came within a quarter of a second before it, and never out of a paste. So a key that
is held down, keys typed ahead into a terminal that stood still, and a text in the wrong window send nothing.
"""

from __future__ import annotations

CALM_S = 0.25
RUSH_S = 0.005


class Rhythm:
    """Every key and every paste is told; ``calm`` speaks of the latest key, ``typed`` of a text since its beginning."""

    def __init__(self) -> None:
        self._last_s = float("-inf")
        self.calm = False
        self._pasted = False
        self._rushed = 0  # keys of the text that came right behind another

    def key(self, at_s: float) -> None:
        """A key was pressed then, as the terminal delivered it: not when somebody found the time to look."""
        self.calm = at_s - self._last_s >= CALM_S
        self._rushed += at_s - self._last_s < RUSH_S
        self._last_s = max(self._last_s, at_s)

    def paste(self, at_s: float) -> None:
        self.calm = False
        self._pasted = True
        self._last_s = max(self._last_s, at_s)

    def click(self, at_s: float) -> None:
        """A button of the mouse confirms nothing, nor does a key right behind it."""
        self.calm = False
        self._last_s = max(self._last_s, at_s)

    def begin_text(self) -> None:
        """From here on something is typed that counts only if it was typed."""
        self._pasted, self._rushed = False, 0

    def typed(self, letters: int) -> bool:
        """Whether a text of so many letters was typed by hand since it was begun (``calm``: of its last key).

        A terminal that does not mark pastes sends one as keys without a pause; of keys typed over a slow line some
        arrive together, but not most of them.
        """
        return not self._pasted and 2 * self._rushed <= letters


REVIEW_S = 5.0


class Review:
    """What is about to be sent, frozen, while somebody makes up their mind. ``real``: only a capital letter sends.

    Besides the rhythm of the keys, the review itself must have been on show for a quarter of a second: a key that was
    typed ahead of it confirms nothing that could have been read.
    """

    def __init__(self, rhythm: Rhythm, *, real: bool, key: str = "") -> None:
        self.real = real
        self.key = key or ("Y" if real else "y")
        self._rhythm = rhythm
        self._since_s: float | None = None

    @property
    def on(self) -> bool:
        return self._since_s is not None

    def begin(self, now_s: float) -> None:
        self._since_s = now_s

    def end(self) -> None:
        self._since_s = None

    def left_s(self, now_s: float) -> float:
        """How long it still holds; 0 once it has run out, or where there is none."""
        return 0.0 if self._since_s is None else max(0.0, self._since_s + REVIEW_S - now_s)

    def refuses(self, *, capital: bool, now_s: float) -> str:
        """Why the key that was just pressed sends nothing; "" if it does."""
        if self._since_s is None:
            return "nothing is under review"
        if not self._rhythm.calm or now_s - self._since_s < CALM_S:
            return f"that key came within {CALM_S * 1000:.0f} ms of another; press {self.key} once more, by itself"
        if self.real and not capital:
            return f"capital {self.key} sends" if self.key.isupper() else f"{self.key} sends"
        return ""
