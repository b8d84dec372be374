"""Whatever happens to a stream on its way, a live book equals the venue's book at its own id."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbtui.core.events import BookDelta, BookSnapshot
from arbtui.market.book import OLD_RUN_MAX, Book, Effect
from tests.market.streams import BY_REST, RULES, Recording, assert_true, contents, recordings

every_rule = pytest.mark.parametrize("rule", list(RULES))
Frames = list[BookDelta | BookSnapshot]


def started(recording: Recording) -> Book:
    """A book with the snapshot of the recording's beginning."""
    book = Book(RULES[recording.rule])
    assert book.apply(recording.snapshot(recording.start, 1)) is Effect.CHANGED
    return book


def play(book: Book, frames: Frames, recording: Recording) -> None:
    for frame in frames:
        book.apply(frame)
        assert_true(book, recording)


@every_rule
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_whole_stream_gives_the_venues_book(rule: str, data: st.DataObject) -> None:
    recording = data.draw(recordings(rule))
    book = started(recording)
    for frame, seq in zip(recording.frames, recording.after, strict=True):
        assert book.apply(frame) in (Effect.CHANGED, Effect.NONE)
        assert book.live, book.reason
        assert book.seq == seq
        assert contents(book) == recording.truth[seq]


@every_rule
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_losing_frames_never_yields_a_wrong_live_book(rule: str, data: st.DataObject) -> None:
    recording = data.draw(recordings(rule))
    frames = list(recording.frames)
    lost = data.draw(st.sets(st.integers(0, len(frames) - 1), min_size=1, max_size=3))
    play(started(recording), [frame for number, frame in enumerate(frames) if number not in lost], recording)


@every_rule
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_repeating_and_swapping_frames_never_yields_a_wrong_live_book(rule: str, data: st.DataObject) -> None:
    recording = data.draw(recordings(rule))
    frames = list(recording.frames)
    for _ in range(data.draw(st.integers(1, 3))):
        source = data.draw(st.integers(0, len(frames) - 1))
        target = data.draw(st.integers(0, len(frames)))
        if data.draw(st.booleans()):
            frames.insert(target, frames[source])
        else:
            frames.insert(min(target, len(frames) - 1), frames.pop(source))
    play(started(recording), frames, recording)


@every_rule
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_after_a_loss_the_book_asks_and_a_snapshot_sets_it_right(rule: str, data: st.DataObject) -> None:
    recording = data.draw(recordings(rule))
    frames = list(recording.frames)
    lost = data.draw(st.integers(0, len(frames) - 1))
    delay = data.draw(st.integers(0, 3))  # frames between the asking and the answer
    book = started(recording)
    due: int | None = None
    seqs = list(recording.after)
    for number, frame in enumerate(frames):
        if number != lost and book.apply(frame) is Effect.WANTED:
            due = number + delay
        assert_true(book, recording)
        if due is not None and number >= due and not book.live:
            due = None
            book.apply(recording.snapshot(seqs[number], frame.t_ns + 1))
            assert_true(book, recording)
            assert book.live
    if lost < len(frames) - OLD_RUN_MAX - 1 and due is None:
        assert book.live
        assert contents(book) == recording.truth[book.seq]


@pytest.mark.parametrize("rule", sorted(BY_REST))
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_a_stream_may_be_joined_anywhere_with_a_snapshot_of_any_moment(rule: str, data: st.DataObject) -> None:
    recording = data.draw(recordings(rule))
    frames = recording.frames
    joined = data.draw(st.integers(0, len(frames) - 1))
    answered = data.draw(st.integers(joined, len(frames) - 1))
    # the snapshot may be of any update, in the midst of a frame too, from before the join to after the answer
    taken = data.draw(st.sampled_from(recording.ids))
    book = Book(RULES[rule])
    for number in range(joined, len(frames)):
        book.apply(frames[number])
        assert_true(book, recording)
        if number == answered:
            book.apply(recording.snapshot(taken, frames[number].t_ns))
            assert_true(book, recording)
    before = recording.start if joined == 0 else recording.after[joined - 1]
    if taken >= before:  # nothing between snapshot and join is missing
        assert book.live
        assert book.seq == max(taken, recording.after[-1])
        assert contents(book) == recording.truth[book.seq]
    else:
        assert not book.live


@every_rule
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_one_bad_level_anywhere_loses_the_book(rule: str, data: st.DataObject) -> None:
    recording = data.draw(recordings(rule, resets=False))
    book = started(recording)
    at = data.draw(st.integers(0, len(recording.frames) - 1))
    bad = data.draw(
        st.sampled_from([("nan", "1"), ("-1", "1"), ("0", "1"), ("inf", "1"), ("", "1"), ("x", "1")])
        | st.sampled_from([("99", "nan"), ("99", "-1"), ("99", "inf"), ("99", ""), ("99", "x")])
        | st.sampled_from([("nan", "0"), ("0", "0"), ("-5", "0"), ("1",), ()])
    )
    for number, frame in enumerate(recording.frames):
        assert isinstance(frame, BookDelta)
        if number == at:
            frame = BookDelta(0, [*frame.bids, bad], frame.asks, frame.first, frame.last, frame.prev, frame.t_ns)
            assert book.apply(frame) is Effect.WANTED
            assert not book.live
            assert "bad" in book.reason
            assert contents(book) == ({}, {})
            return
        book.apply(frame)
