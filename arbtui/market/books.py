"""The books that are held: who gets frames, and who has to be asked when one is lost."""

from __future__ import annotations

from collections.abc import Callable

from arbtui.core.clock import NS_PER_S
from arbtui.market.book import Book, Effect
from arbtui.market.contest import Contest
from arbtui.market.slot import Slot

ASK_EVERY_NS = NS_PER_S  # a book that is lost again and again is asked for once a second
ASK_AGAIN_NS = 10 * NS_PER_S  # no snapshot came: ask again
PATIENCE_NS = 3 * NS_PER_S  # a book that was just subscribed may bring its snapshot by itself


class Books:
    """Keeps the books of the slots that are held.

    ``on_gap`` is called with a slot and a reason when its book has to be fetched or subscribed anew.
    """

    def __init__(self) -> None:
        self.on_gap: Callable[[Slot, str], None] | None = None
        self.held: dict[int, Slot] = {}
        self._asked: dict[int, int] = {}  # slot id -> when it was last asked for
        self._due: dict[int, int] = {}  # slot id -> when to ask (again)
        self._contests: dict[int, Contest] = {}

    def hold(self, slot: Slot) -> None:
        if slot.book is None:
            slot.book = Book(slot.family.terms.book_rule)
            self.held[slot.id] = slot
            self._contests[slot.id] = Contest()

    def release(self, slot: Slot) -> None:
        slot.book = None
        slot.book_ns = 0
        self.held.pop(slot.id, None)
        self._asked.pop(slot.id, None)
        self._due.pop(slot.id, None)
        self._contests.pop(slot.id, None)

    def follow(self, slot: Slot, effect: Effect, t_ns: int) -> None:
        """After a frame that was not just one more change: asks for the book, or stops asking."""
        if effect is Effect.WANTED:
            self._want(slot, t_ns)
        elif effect is Effect.CHANGED and not self._unfit(slot, t_ns):
            self._due.pop(slot.id, None)

    def _unfit(self, slot: Slot, now_ns: int) -> bool:
        """Whether a book that has just become live had to be given up again."""
        book = slot.book
        if book is None or not book.live or not (reason := self._contests[slot.id].born(slot, now_ns)):
            return False
        book.lost(reason)
        self._want(slot, now_ns)
        return True

    def lose(self, slot: Slot, reason: str) -> bool:
        """The book cannot go on (its connection is gone). It is asked for again once updates come, or after a while."""
        book = slot.book
        if book is None or not book.live:
            return False
        book.lost(reason)
        return True

    def look(self, slot: Slot, now_ns: int) -> bool:
        """A look in passing: crossed for too long, its connection gone, refuted by the quotes, asked for and not come.

        Whether it was lost.
        """
        book = slot.book
        if book is None:
            return False
        lost = False
        if book.check(now_ns) is Effect.WANTED:
            self._want(slot, now_ns)
            lost = True
        elif book.live and _cut_off(slot):
            lost = self.lose(slot, "its connection is down")
        elif reason := self._contests[slot.id].look(slot, now_ns):
            book.lost(reason)
            self._want(slot, now_ns)
            lost = True
        if not book.live:
            self._await(slot, book, now_ns)
        return lost

    def _await(self, slot: Slot, book: Book, now_ns: int) -> None:
        """Patience begins when the subscription is answered: until then its snapshot cannot come."""
        if slot.book_link is None or not slot.book_link.up:
            self._due.pop(slot.id, None)
        elif now_ns >= self._due.setdefault(slot.id, now_ns + PATIENCE_NS):
            self._ask(slot, book.reason or "no snapshot came", now_ns)

    def _want(self, slot: Slot, now_ns: int) -> None:
        book = slot.book
        assert book is not None
        again_ns = self._asked.get(slot.id, -ASK_EVERY_NS) + ASK_EVERY_NS
        if now_ns >= again_ns:
            self._ask(slot, book.reason, now_ns)
        else:
            self._due[slot.id] = again_ns

    def _ask(self, slot: Slot, reason: str, now_ns: int) -> None:
        self._asked[slot.id] = now_ns
        self._due[slot.id] = now_ns + ASK_AGAIN_NS
        if self.on_gap is not None:
            self.on_gap(slot, reason)


def _cut_off(slot: Slot) -> bool:
    return slot.book_link is not None and not slot.book_link.up
