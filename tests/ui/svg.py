"""A terminal's cells as a picture that looks alike everywhere.

Letters are the reader's own monospaced font, held to their cells by ``textLength``. What has to meet its neighbours
(braille, blocks, lines of boxes) is drawn, since no font can be trusted with it: browsers take such signs from another
font, of another width.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from xml.sax.saxutils import escape

CELL_X, CELL_Y = 8.0, 17.0
BASELINE = 13.0  # of letters, from the top of their row
FONT = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
MARGIN = 8.0
BAR_Y = 22.0  # the window's title
FOREGROUND, BACKGROUND = "d0d0d0", "121212"
# The terminal's own sixteen colours, by pyte's names, as xterm has them (a common choice; each terminal has its own).
_SIXTEEN = {
    "black": "000000", "red": "cd0000", "green": "00cd00", "brown": "cdcd00", "blue": "5c8ee0", "magenta": "cd00cd",
    "cyan": "00cdcd", "white": "e5e5e5", "brightblack": "7f7f7f", "brightred": "ff0000", "brightgreen": "00ff00",
    "brightbrown": "ffff00", "brightblue": "8ab4ff", "brightmagenta": "ff00ff", "brightcyan": "00ffff",
    "brightwhite": "ffffff",
}  # fmt: skip
_BRAILLE = 0x2800
_DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))  # of a braille sign, bit by bit: column, row
_DOT = 1.6
_ARMS = {"─": "ew", "│": "ns", "┤": "nsw", "├": "nse", "┼": "nesw", "┬": "esw", "┴": "new",
         "╭": "es", "╮": "sw", "╰": "ne", "╯": "nw", "┌": "es", "┐": "sw", "└": "ne", "┘": "nw"}  # fmt: skip
_BLOCKS = {"█": (0.0, 0.0, 1.0, 1.0), "▌": (0.0, 0.0, 0.5, 1.0), "▐": (0.5, 0.0, 0.5, 1.0),
           "▀": (0.0, 0.0, 1.0, 0.5), "▄": (0.0, 0.5, 1.0, 0.5)}  # fmt: skip

Cell = Sequence[str]  # character, colour, background, signs of its style; as ``Terminal.cells`` has them


def picture(cells: Sequence[Sequence[Cell]], title: str) -> str:
    """The whole document. ``cells``: rows of equal length."""
    width, height = 2 * MARGIN + CELL_X * len(cells[0]), 2 * MARGIN + BAR_Y + CELL_Y * len(cells)
    ground = _ground(cells)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width:g}" height="{height:g}" rx="7" fill="#{ground}"/>',
        f'<g font-family="{FONT}" font-size="13.3" xml:space="preserve">',
        f'<text x="{width / 2:g}" y="19" text-anchor="middle" fill="#808080">{escape(title)}</text>',
        f'<g transform="translate({MARGIN:g},{MARGIN + BAR_Y:g})">',
    ]
    for y, row in enumerate(cells):
        parts.extend(_grounds(row, y, ground))
    for y, row in enumerate(cells):
        parts.extend(_row(row, y))
    return "\n".join([*parts, "</g></g></svg>"]) + "\n"


def _ground(cells: Sequence[Sequence[Cell]]) -> str:
    """The background that most cells have."""
    found = [_colours(cell)[1] for row in cells for cell in row]
    return max(set(found), key=found.count)


def _colours(cell: Cell) -> tuple[str, str]:
    """Letters and background, as they are seen."""
    fg = FOREGROUND if cell[1] == "default" else _SIXTEEN.get(cell[1], cell[1])
    bg = BACKGROUND if cell[2] == "default" else _SIXTEEN.get(cell[2], cell[2])
    return (bg, fg) if "r" in cell[3] else (fg, bg)


def _grounds(row: Sequence[Cell], y: int, ground: str) -> Iterator[str]:
    x = 0
    for colour, found in groupby(row, key=lambda cell: _colours(cell)[1]):
        count = len(list(found))
        if colour != ground:
            yield _rect(x * CELL_X, y * CELL_Y, count * CELL_X, CELL_Y, colour)
        x += count


def _row(row: Sequence[Cell], y: int) -> Iterator[str]:
    """Runs of one style; drawn signs by themselves, words up to the next double blank."""
    x = 0
    for (kind, colour, bold), found in groupby(row, key=lambda cell: (_kind(cell[0]), _colours(cell)[0], _bold(cell))):
        chars = "".join(cell[0] or " " for cell in found)
        if kind == "letters":
            yield from _words(chars, x, y, colour, bold=bold)
        elif kind == "drawn":
            yield _drawn(chars, x, y, colour)
        x += len(chars)


def _kind(char: str) -> str:
    if char.strip() == "":
        return "letters"
    return "drawn" if char in _ARMS or char in _BLOCKS or _BRAILLE <= ord(char) < _BRAILLE + 256 else "letters"


def _bold(cell: Cell) -> bool:
    return "b" in cell[3]


def _words(chars: str, x: int, y: int, colour: str, *, bold: bool) -> Iterator[str]:
    """Each word where it belongs: wide gaps take no bytes, and no error of a font's width adds up."""
    at = 0
    for word in chars.split("  "):
        text = word.strip(" ")
        if text:
            begins = at + word.index(text)
            weight = ' font-weight="bold"' if bold else ""
            yield (
                f'<text x="{(x + begins) * CELL_X:g}" y="{y * CELL_Y + BASELINE:g}" fill="#{colour}"{weight}'
                f' textLength="{len(text) * CELL_X:g}" lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
            )
        at += len(word) + 2


def _drawn(chars: str, x: int, y: int, colour: str) -> str:
    fills: list[str] = []
    lines: list[str] = []
    for n, char in enumerate(chars):
        left, top = (x + n) * CELL_X, y * CELL_Y
        if char in _BLOCKS:
            fills.append(_box(left, top, *_BLOCKS[char]))
        elif char in _ARMS:
            lines.append(_lines(left, top, _ARMS[char]))
        else:
            fills.append(_dots(left, top, ord(char) - _BRAILLE))
    drawn = f'<path d="{"".join(fills)}" fill="#{colour}"/>' if fills else ""
    return drawn + (f'<path d="{"".join(lines)}" stroke="#{colour}"/>' if lines else "")


def _box(left: float, top: float, x: float, y: float, width: float, height: float) -> str:
    across, down = width * CELL_X, height * CELL_Y
    return f"M{left + x * CELL_X:g} {top + y * CELL_Y:g}h{across:g}v{down:g}h{-across:g}z"


def _dots(left: float, top: float, bits: int) -> str:
    squares = []
    for bit, (column, row) in enumerate(_DOTS):
        if bits >> bit & 1:
            x, y = left + CELL_X * (0.25 + 0.5 * column) - _DOT / 2, top + CELL_Y * (0.125 + 0.25 * row) - _DOT / 2
            squares.append(f"M{x:.4g} {y:.4g}h{_DOT}v{_DOT}h-{_DOT}z")
    return "".join(squares)


def _lines(left: float, top: float, arms: str) -> str:
    x, y = left + CELL_X / 2, top + CELL_Y / 2
    ends = {"n": (x, top), "s": (x, top + CELL_Y), "w": (left, y), "e": (left + CELL_X, y)}
    return "".join(f"M{x:g} {y:g}L{ends[arm][0]:g} {ends[arm][1]:g}" for arm in arms)


def _rect(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="#{colour}"/>'
