"""Fewer bytes, the same picture: what a terminal in memory makes of both."""

from __future__ import annotations

import pyte
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from arbtui.ui.thrift import PLAIN, Style, change, styled, thrifty

COLOURS = ["38;5;75", "38;5;208", "48;5;233", "48;5;24", "38;2;1;2;3", "48;2;9;9;9", "31", "97", "42", "104"]
PARAMS = st.lists(st.sampled_from([*COLOURS, "0", "", "1", "3", "4", "7", "9"]), min_size=1, max_size=4).map(";".join)
PIECES = st.one_of(
    PARAMS.map(lambda params: f"\x1b[{params}m"),
    st.just("\x1b[0m"),
    st.text(alphabet="ab█▸ ", max_size=5),
    st.tuples(st.integers(1, 4), st.integers(1, 9)).map(lambda at: f"\x1b[{at[0]};{at[1]}H"),
    st.just("\r\n"),
    st.sampled_from(["\x1b[39m", "\x1b[2J", "\x1b[?25l", "\x1b[K", "\x1b[?2026h", "\x1b[?2026l"]),
)


def painted(*writes: str) -> object:
    """Every cell with its style, and where the cursor is left, with the style that the next letter would have."""
    screen = pyte.Screen(10, 8)
    stream = pyte.Stream(screen)
    for text in writes:
        stream.feed(text)
    cells = [[screen.buffer[y][x] for x in range(10)] for y in range(8)]
    return cells, (screen.cursor.x, screen.cursor.y), screen.cursor.attrs


@limits(max_examples=200)
@given(st.lists(st.lists(PIECES, max_size=12).map("".join), max_size=3))
def test_what_is_painted_is_the_same(writes: list[str]) -> None:
    home = "\x1b[H"  # rows below are left for lines that end: nothing scrolls
    frames = [home + text for text in writes]
    thrifties = [thrifty(text) for text in frames]
    assert painted(*thrifties) == painted(*frames)


@limits(max_examples=100)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_a_thrifty_text_cannot_be_made_thriftier_by_much(text: str) -> None:
    once = thrifty(text)
    assert len(thrifty(once)) <= len(once)


def test_a_style_that_is_set_is_not_set_again() -> None:
    cell = "\x1b[38;5;252;48;5;233m"
    frame = f"\x1b[0m{cell}one\x1b[0m\x1b[2;3H{cell}two\x1b[0m\r\n\x1b[3;3H{cell}three\x1b[0m"
    assert thrifty(frame) == f"\x1b[0;{cell[2:]}one\x1b[2;3Htwo\x1b[3;3Hthree\x1b[0m"


def test_only_what_differs_is_said() -> None:
    dark = Style("38;5;252", "48;5;233")
    assert change(dark, dark._replace(fg="38;5;75")) == "\x1b[38;5;75m"
    assert change(dark, dark._replace(on=frozenset("1"))) == "\x1b[1m"
    assert change(dark._replace(on=frozenset("1")), dark) == "\x1b[22m"
    assert change(dark._replace(on=frozenset("12")), dark._replace(on=frozenset("2"))) == "\x1b[22;2m"
    assert change(dark, PLAIN) == "\x1b[0m"
    assert change(None, dark) == "\x1b[0;38;5;252;48;5;233m"
    assert change(dark, None) == ""


def test_what_is_not_known_goes_out_as_it_is() -> None:
    assert styled(PLAIN, "58;5;1") is None
    assert styled(None, "1") is None
    assert styled(PLAIN, "38") is None
    text = "\x1b[0m\x1b[4m\x1b[58;5;1munder\x1b[0m"
    assert thrifty(text) == "\x1b[0;4m\x1b[58;5;1munder\x1b[0m"
    assert thrifty("") == ""
    assert thrifty("\x1b[?1049h\x1b[?25l") == "\x1b[?1049h\x1b[?25l"


def test_each_write_stands_for_itself() -> None:
    frame = "\x1b[0m\x1b[1;38;5;75mA\x1b[0m"
    assert thrifty(frame) == thrifty(frame)
    assert thrifty(frame).startswith("\x1b[0;"), "whatever the write before has left behind"
    assert thrifty(frame).endswith("\x1b[0m")
