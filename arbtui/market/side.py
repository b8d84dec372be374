"""One side of an order book: the levels as received, best last, kept from whole sides and from changes.

    keys    prices, rising for bids and negated for asks, so that the best is always last and one code serves both
    texts   the same prices as the venue writes them, place by place
    held    text of the price -> level

Changes are looked up by the text of their price: most concern a price that is there, and comparing texts is cheaper
than making numbers of them. A price is made a number once, when it enters; one that is written in another way than
before is found there, since its number has a place already.

Most levels that go come back soon, so what goes leaves its place standing, empty (``gone``), until it is the best or
the empty places are many. What changes most, the top, is at the end, where lists move the fewest elements.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from math import inf

from arbtui.core.events import Level

EMPTY_PLACES = 64  # so many more than levels are kept


class BadLevel(ValueError):
    """A price or size in a frame is no number that may enter a book."""


class Side:
    """``sign`` 1.0 = bids, -1.0 = asks. After every change the last place is that of the best level."""

    __slots__ = ("bound", "gone", "held", "keys", "sign", "texts")

    def __init__(self, sign: float) -> None:
        self.sign = sign
        self.keys: list[float] = []
        self.texts: list[str] = []
        self.held: dict[str, Level] = {}
        self.gone: set[str] = set()
        self.bound = -inf  # keys below are not known and not kept

    # reading

    def __len__(self) -> int:
        return len(self.held)

    def top(self, count: int) -> list[Level]:
        """The best ``count`` levels, best first."""
        found: list[Level] = []
        if count > 0:
            held = self.held
            for text in reversed(self.texts):
                if text in held:
                    found.append(held[text])
                    if len(found) == count:
                        break
        return found

    def walk(self) -> Iterator[tuple[float, float]]:
        """(price, size), best first."""
        held, sign = self.held, self.sign
        for key, text in zip(reversed(self.keys), reversed(self.texts), strict=True):
            level = held.get(text)
            if level is not None:
                yield key * sign, float(level[1])

    # changing

    def clear(self) -> None:
        self.keys.clear()
        self.texts.clear()
        self.held.clear()
        self.gone.clear()
        self.bound = -inf

    def merge(self, levels: Iterable[Level]) -> None:
        """Sets levels, deletes those of size zero; raises BadLevel, with part of them entered, on what is no number."""
        held, gone = self.held, self.gone
        try:
            for level in levels:
                text = level[0]
                size = float(level[1])
                if 0.0 < size < inf:
                    if text in held:
                        held[text] = level
                    elif text in gone:
                        gone.remove(text)
                        held[text] = level
                    else:
                        self._enter(text, level)
                elif size == 0.0:
                    if text in held:
                        del held[text]
                        gone.add(text)
                    elif text not in gone:
                        self._leave(text)
                else:
                    _price(text)
                    raise BadLevel(f"size {level[1]!r}")
        except (TypeError, IndexError, ValueError) as error:
            raise error if isinstance(error, BadLevel) else BadLevel(f"level {level!r}") from error
        if gone:
            self._tidy()

    def replace(self, levels: Sequence[Level]) -> None:
        """Makes these the whole side; raises BadLevel as ``merge`` does."""
        self.clear()
        if not self._fill(levels):
            self.clear()
            self.merge(levels)

    def _fill(self, levels: Sequence[Level]) -> bool:
        """Takes a side as it should be: best first, each price once, no size zero. Whether it was."""
        sign = self.sign
        low, high = (0.0, inf) if sign > 0.0 else (-inf, 0.0)
        keys, texts, held = self.keys, self.texts, self.held
        try:
            for level in levels:
                text = level[0]
                key = float(text) * sign
                if not (low < key < high and 0.0 < float(level[1]) < inf):
                    return False
                high = key
                keys.append(key)
                texts.append(text)
                held[text] = level
        except (TypeError, IndexError, ValueError):
            return False
        keys.reverse()
        texts.reverse()
        return True

    def _enter(self, text: str, level: Level) -> None:
        """A price that is new, or new in this spelling."""
        key = _price(text) * self.sign
        if key < self.bound:
            return
        at = bisect_left(self.keys, key)
        if at < len(self.keys) and self.keys[at] == key:
            other = self.texts[at]
            self.held.pop(other, None)
            self.gone.discard(other)
            self.texts[at] = text
        else:
            self.keys.insert(at, key)
            self.texts.insert(at, text)
        self.held[text] = level

    def _leave(self, text: str) -> None:
        """The same for one that goes."""
        key = _price(text) * self.sign
        at = bisect_left(self.keys, key)
        if at < len(self.keys) and self.keys[at] == key:
            other = self.texts[at]
            self.held.pop(other, None)
            self.gone.add(other)

    def _tidy(self) -> None:
        """No empty place at the best end, and not too many elsewhere."""
        keys, texts, held, gone = self.keys, self.texts, self.held, self.gone
        while texts and texts[-1] not in held:
            gone.remove(texts.pop())
            keys.pop()
        if len(gone) > EMPTY_PLACES + len(held):
            self.keys = [key for key, text in zip(keys, texts, strict=True) if text in held]
            self.texts = [text for text in texts if text in held]
            gone.clear()

    def trim(self, depth: int) -> None:
        """Forgets the worst levels beyond ``depth``."""
        excess = len(self.held) - depth
        if excess <= 0:
            return
        places = 0
        for text in self.texts:
            places += 1
            if text in self.gone:
                self.gone.remove(text)
            else:
                del self.held[text]
                excess -= 1
                if not excess:
                    break
        del self.keys[:places]
        del self.texts[:places]


def _price(text: str) -> float:
    """Raises BadLevel for what may not be a price, ValueError or TypeError for what is no number."""
    price = float(text)
    if not 0.0 < price < inf:
        raise BadLevel(f"price {text!r}")
    return price
