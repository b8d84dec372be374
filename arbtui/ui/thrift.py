"""What is written to the terminal, with fewer bytes for the same picture.

Textual begins every piece of text with its whole style and ends it with a reset, so more than half of what crosses an
SSH link says again what the terminal knows. ``thrifty`` leaves out what changes nothing: a style that is set already, a
reset that the next style overrides, the colour that stays when only the other one changes, a move before another. It
works on one write at a time and takes nothing over from the one before: a write that is dropped on the way takes
nothing else with it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_STYLE = re.compile("\x1b\\[([0-9;]*)m")
# Moves of the cursor and marks of a frame: neither paints, so no style has to be right for them.
_PAINTS_NOTHING = re.compile("(?:\x1b\\[[0-9]+;[0-9]+H|\x1b\\[\\?2026[hl]|[\r\n])*")
# What sets bold, dim, italic, underline, blink, reverse, hidden, struck out, with what ends it.
_OFF = {"1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "7": "27", "8": "28", "9": "29"}
# Moves that another move overrides.
_MOVED_ON = re.compile("(?:\x1b\\[[0-9]+;[0-9]+H|[\r\n])+(?=\x1b\\[[0-9]+;[0-9]+H)")
_COLOUR_LENGTH = {"5": 3, "2": 5}  # 38;5;n and 38;2;r;g;b


class Style(NamedTuple):
    """Parameters of a terminal's style. "" = the terminal's own colour."""

    fg: str = ""
    bg: str = ""
    on: frozenset[str] = frozenset()


PLAIN = Style()


def thrifty(text: str) -> str:
    """The same picture; beyond the text the terminal is left as it would have been."""
    pieces = _STYLE.split(text)
    out = [pieces[0]]
    have: Style | None = None  # what the terminal is set to; None: not known
    want: Style | None = None  # what has been asked for by now
    for at in range(1, len(pieces), 2):
        params, written = pieces[at], pieces[at + 1]
        asked = styled(want, params)
        if asked is None:  # what it does is not known here, so it goes out as it is, after what was asked before it
            out += (change(have, want), f"\x1b[{params}m", written)
            have = want = None
            continue
        want = asked
        if written and _PAINTS_NOTHING.fullmatch(written) is None:
            out.append(change(have, want))
            have = want
        out.append(written)
    out.append(change(have, want))
    return _MOVED_ON.sub("", "".join(out))


@lru_cache(maxsize=4096)
def styled(before: Style | None, params: str) -> Style | None:
    """The style after these parameters; None where that cannot be told."""
    codes = params.split(";") if params else ["0"]
    fg, bg, on = before if before is not None else PLAIN
    known = before is not None
    while codes:
        code = codes[0]
        length = 1
        if code in ("0", ""):
            (fg, bg, on), known = PLAIN, True
        elif code in _OFF:
            on |= {code}
        elif code in ("38", "48"):
            length = _COLOUR_LENGTH.get(codes[1], 0) if len(codes) > 1 else 0
            if not length or len(codes) < length:
                return None
            colour = ";".join(codes[:length])
            fg, bg = (colour, bg) if code == "38" else (fg, colour)
        elif code in _FOREGROUND:
            fg = code
        elif code in _BACKGROUND:
            bg = code
        else:
            return None
        del codes[:length]
    return Style(fg, bg, on) if known else None


_FOREGROUND = frozenset(str(code) for code in (*range(30, 38), *range(90, 98)))
_BACKGROUND = frozenset(str(code) for code in (*range(40, 48), *range(100, 108)))


@lru_cache(maxsize=4096)
def change(have: Style | None, want: Style | None) -> str:
    """The shortest way from one style to another; "" where there is nothing to do."""
    if want is None or have == want:
        return ""
    whole = ";".join(("0", *sorted(want.on), *filter(None, (want.fg, want.bg))))
    if have is None:
        return f"\x1b[{whole}m"
    ended = {_OFF[code] for code in have.on - want.on}
    kept = {code for code in have.on & want.on if _OFF[code] not in ended}
    codes = [*sorted(ended), *sorted(want.on - kept)]
    if have.fg != want.fg:
        codes.append(want.fg or "39")
    if have.bg != want.bg:
        codes.append(want.bg or "49")
    return f"\x1b[{min(';'.join(codes), whole, key=len)}m"
