"""Every sign beyond ASCII that the screen paints, and what stands for it on a terminal that has ASCII only.

Panes write the signs as they are. With ``--ascii`` all text is translated once, where lines are painted
(``LineWidget``), so that no pane has to know. A translation is exactly as wide as what it stands for, because widths
were worked out before. What is in no table (a coin with a Chinese name) becomes ``?``, one for each cell.

A subscript count of zeros cannot be taken sign by sign: ``0.0₅12`` is 0.0000012, ``0.0512`` is not. Such prices become
``1.2e-6``, which is as wide.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_HALF_EVEN, Decimal

from rich.cells import cell_len

CURSOR = "▸"
UP, DOWN, LEFT, RIGHT = "↑", "↓", "←", "→"
GAIN, LOSS = "▲", "▼"
UNKNOWN = "·"
MINUS = "−"
ELLIPSIS = "…"
AT_LEAST = "≥"
FULL, HALF, DOTTED, EMPTY, CROSS = "●", "◐", "◌", "○", "×"
SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉"

_SIGNS = {
    CURSOR: ">", "▶": ">", "▷": ">", "►": ">", "◀": "<", "◂": "<", "»": ">", "«": "<", "›": ">", "‹": "<",
    UP: "^", DOWN: "v", LEFT: "<", RIGHT: ">", "↕": "|", "↔": "-", "⇄": "=", "↵": "<", "⏎": "<",
    GAIN: "^", LOSS: "v", "△": "^", "▽": "v", "▴": "^", "▾": "v",
    UNKNOWN: ".", "•": "*", "∙": ".", MINUS: "-", "–": "-", "—": "-", "±": "~", "≈": "~", "≠": "!",
    ELLIPSIS: "~", AT_LEAST: ">", "≤": "<", "∞": "8", "°": "o", "Δ": "d", "Σ": "S", "µ": "u",
    FULL: "*", HALF: "%", "◑": "%", DOTTED: ":", EMPTY: "o", "◯": "o", "◆": "*", "◇": "o", "■": "#", "□": "o",
    CROSS: "x", "✗": "x", "✘": "x", "✓": "+", "✔": "+", "★": "*", "☆": "*", "‖": "|",
    "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "′": "'", "″": '"', "§": "S", "¶": "P", "¦": "|",
    "▁": "_", "▂": ".", "▃": "-", "▄": "=", "▅": "+", "▆": "*", "▇": "%", "█": "#", "▀": "'",
    "▏": ".", "▎": ":", "▍": "-", "▌": "=", "▋": "+", "▊": "*", "▉": "%", "▐": "=",
    "░": ".", "▒": ":", "▓": "#",
}  # fmt: skip
_ACROSS = "─━┄┅┈┉╌╍═╴╶╸╺╼╾"
_UP_AND_DOWN = "│┃┆┇┊┋╎╏║╵╷╹╻╽╿"
_BOX = {chr(code): "+" for code in range(0x2500, 0x2580)}
_BOX |= dict.fromkeys(_ACROSS, "-") | dict.fromkeys(_UP_AND_DOWN, "|")


def _braille(dots: int) -> str:
    """A cell of eight dots by where most of it is: above, in the middle, below, or all over."""
    above, middle, below = dots & 0b00001001, dots & 0b00110110, dots & 0b11000000
    if not dots:
        return " "
    if above and below:
        return "|" if middle else ":"
    if above:
        return "'" if not middle else '"'
    if below:
        return "." if not middle else ","
    return "-"


ASCII: dict[str, str] = {
    **_BOX,
    **{chr(0x2800 + dots): _braille(dots) for dots in range(256)},
    **dict(zip(SUBSCRIPTS, "0123456789", strict=True)),
    **_SIGNS,
}


class _Table(dict[int, str]):
    """For ``str.translate``: what is not in it is worked out once."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if code <= 0x7E:
            self[code] = char
        else:
            width = cell_len(char)
            plain = unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()
            self[code] = plain if len(plain) == width and plain.isprintable() else "?" * width
        return self[code]


_TABLE = _Table({ord(sign): plain for sign, plain in ASCII.items()})
_COUNTED_ZEROS = re.compile(rf"0\.0([{SUBSCRIPTS}]+)(\d+)")
_FIGURES = str.maketrans(SUBSCRIPTS, "0123456789")


def ascii_only(text: str) -> str:
    """``text`` without anything beyond ASCII, as wide as it was."""
    if text.isascii():
        return text
    return _COUNTED_ZEROS.sub(_with_exponent, text).translate(_TABLE)


def _with_exponent(match: re.Match[str]) -> str:
    """``0.0₅12345`` as ``1.2345e-6``, with as many figures as have room."""
    zeros, figures = int(match[1].translate(_FIGURES)), match[2]
    width = len(match[0])
    value = Decimal(int(figures)).scaleb(-zeros - len(figures))
    for places in range(len(figures) - 1, -1, -1):
        step = Decimal(1).scaleb(value.adjusted() - places)
        words = f"{value.quantize(step, rounding=ROUND_HALF_EVEN):.{places}e}"
        if len(words) <= width:
            return words.rjust(width)
    return "?" * width
