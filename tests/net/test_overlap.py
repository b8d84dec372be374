"""While two connections bring the same streams, nothing old follows something new."""

from arbtui.core.events import BookDelta, BookSnapshot, Quote
from arbtui.net.overlap import Overlap


def quote(slot: int) -> Quote:
    return Quote(slot, 1.0, 1.0, 2.0, 1.0, 0, None, 0, b"")


def snapshot(slot: int) -> BookSnapshot:
    return BookSnapshot(slot, [], [], 1, 0)


def delta(slot: int) -> BookDelta:
    return BookDelta(slot, [], [], 1, 1, 0, 0)


def test_the_old_ones_quotes_end_with_the_new_ones_first_per_instrument() -> None:
    overlap = Overlap()
    assert overlap.admits_old(quote(1))
    overlap.from_new(quote(1))
    assert not overlap.admits_old(quote(1))
    assert overlap.admits_old(quote(2))
    assert overlap.admits_old(delta(1))  # its book is another matter


def test_the_old_ones_book_ends_with_the_new_ones_snapshot() -> None:
    overlap = Overlap()
    overlap.from_new(snapshot(1))
    assert not overlap.admits_old(delta(1))
    assert not overlap.admits_old(snapshot(1))
    assert overlap.admits_old(quote(1))


def test_deltas_alone_do_not_end_the_old_ones_book() -> None:
    overlap = Overlap()
    overlap.from_new(delta(1))
    assert overlap.admits_old(delta(1))
