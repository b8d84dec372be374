"""``u``: the frames of one stream, counted by one; and which book of the symbol each of them left behind."""

from __future__ import annotations

from collections import deque


class FrameIds:
    """Of one symbol and depth. ``seq`` is the matching engine's id of the book that a frame shows.

    ``epoch`` tells one run of the symbol's service from the next: with a new one the count begins at 1.
    """

    def __init__(self, start: int, epoch: int, kept: int) -> None:
        self.u = start
        self._epoch = epoch
        self._frames: deque[tuple[int, int]] = deque(maxlen=kept)

    def restarted(self, epoch: int) -> bool:
        """Whether the service restarted since the last frame."""
        return epoch != self._epoch

    def next(self, seq: int, epoch: int) -> int:
        """Count one frame."""
        self.u = self.u + 1 if epoch == self._epoch else 1
        self._epoch = epoch
        self._frames.append((self.u, seq))
        return self.u

    def unchanged(self, seq: int) -> None:
        """The book is another one that looks the same: no frame."""
        self._frames.append((self.u, seq))

    def of_snapshot(self, seq: int, epoch: int) -> int:
        """``u`` of a whole book: that of the frame that showed it, one more if none did yet."""
        if not self._frames or seq > self._frames[-1][1]:
            return self.next(seq, epoch)
        older = [u for u, shown in self._frames if shown <= seq]
        return older[-1] if older else max(1, self._frames[0][0] - 1)

    def seq_of(self, u: int) -> int | None:
        """Which book the frame ``u`` left behind, while that is remembered."""
        return next((seq for known, seq in reversed(self._frames) if known == u), None)
