"""Numbers and words as the screen writes them; what is not known is a dot, never a zero.

Widths are terminal cells. Everything that came from outside (symbols, reasons) passes ``fit``, which also takes out
control characters: a venue must not be able to steer the terminal.

Two things about writing are a person's choice and hold for the whole screen, of which a process has one, so they are
kept here (``write_in``): whether spreads are in basis points or percent, and whether times are UTC or local. Spreads,
fees and thresholds on panes go through ``spread`` and its like, times of day through ``clock_time``. Tickets, settings
and what the engine says in sentences are always in basis points, and say so.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import floor, isfinite, log10
from typing import Literal

from rich.cells import cell_len, set_cell_size

from arbtui.core.model import Instrument
from arbtui.ui import glyphs
from arbtui.ui.glyphs import ELLIPSIS, SUBSCRIPTS

UNKNOWN = glyphs.UNKNOWN
MINUS = glyphs.MINUS
UP = glyphs.GAIN
DOWN = glyphs.LOSS
_SUBSCRIPT = str.maketrans("0123456789", SUBSCRIPTS)
_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+|(?=\.\d))(\.\d*)?(e[+-]?\d{1,3})?", re.ASCII)
_QUOTED = 24  # letters
_SIGNIFICANT = 6  # enough to tell a tenth of a basis point

Unit = Literal["bps", "percent"]


@dataclass
class _Manner:
    unit: Unit = "bps"
    local: bool = False


_manner = _Manner()


def write_in(*, unit: Unit, local: bool) -> None:
    """From now on spreads are written in this unit, and times of day in local time or UTC."""
    _manner.unit, _manner.local = unit, local


def clean(text: str) -> str:
    """``text`` without anything that a terminal would obey."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " for char in text)


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Exactly ``width`` cells: cut with an ellipsis, or padded."""
    if width <= 0:
        return ""
    if not text.isascii() or not text.isprintable():
        text = clean(text)
        length = cell_len(text)
        if length > width:
            return set_cell_size(text, width - 1) + ELLIPSIS
        return " " * (width - length) + text if right else text + " " * (width - length)
    if len(text) > width:
        return text[: width - 1] + ELLIPSIS
    return text.rjust(width) if right else text.ljust(width)


def that_fits(choices: Sequence[str], width: int) -> str:
    """The first of them that has room, else the last: from the fullest words to the shortest."""
    return next((words for words in choices if cell_len(words) <= width), choices[-1])


def tag(venue: str) -> str:
    """A venue in four cells."""
    return venue[:4].upper()


def price(value: float | None, width: int) -> str:
    """A price per coin to six significant figures, in at most ``width`` cells.

    Zeros after the point are counted in a subscript where they would not fit: ``0.0₅12345`` is 0.0000012345.
    """
    if value is None:
        return UNKNOWN
    if value <= 0:
        return f"{value:.6g}"
    exponent = floor(log10(value))
    plain = f"{value:.{max(0, _SIGNIFICANT - 1 - exponent)}f}"
    if len(plain) <= width or exponent >= -1:
        return plain
    room = width - 3 - len(str(-exponent - 1))
    figures, _, power = f"{value:.{max(1, min(_SIGNIFICANT, room)) - 1}e}".partition("e")  # rounded, never cut
    return "0.0" + str(-int(power) - 1).translate(_SUBSCRIPT) + figures.replace(".", "")


def step_decimals(instrument: Instrument) -> int | None:
    """How many decimals the instrument's price per coin has; None where its step depends on the price."""
    if instrument.tick is None or instrument.price_factor is None or instrument.price_factor <= 0:
        return None
    exponent = (instrument.tick / instrument.price_factor).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else None


def stepped_price(value: float | None, decimals: int | None, width: int) -> str:
    """A price with as many decimals as its instrument has, where they fit."""
    if value is None:
        return UNKNOWN
    if decimals is None:
        return price(value, width)
    text = f"{value:.{decimals}f}"
    return text if len(text) <= width else price(value, width)


def signed(value: float | None, decimals: int = 1) -> str:
    """With its sign always; fewer decimals from a thousand on, and thousands from ten thousand on."""
    if value is None:
        return UNKNOWN
    if abs(value) >= 9999.5:
        return ("+" if value > 0 else MINUS) + amount(abs(value))
    text = f"{abs(value):.{0 if abs(value) >= 999.95 else decimals}f}"
    if value < 0 and text.strip("0.") != "":
        return MINUS + text
    return "+" + text


def plain(value: float | None, decimals: int = 1) -> str:
    """Without a sign, for what is never a gain or a loss."""
    return UNKNOWN if value is None else f"{value:.{decimals}f}".replace("-", MINUS)


def arrowed(value: float | None, decimals: int = 1) -> str:
    """A figure of gain or loss: arrow, sign, number. The arrow says what the colour says."""
    if value is None:
        return UNKNOWN
    text = signed(value, decimals)
    return (DOWN if text[0] == MINUS else UP) + text


def spread(bps: float | None, decimals: int = 1) -> str:
    """Basis points with their sign, in the unit of the screen. ``decimals`` is meant for basis points."""
    if bps is None:
        return UNKNOWN
    if _manner.unit == "bps":
        return signed(bps, decimals)
    value, decimals = _percentage(bps, decimals)
    return signed(value, decimals)


def spread_arrowed(bps: float | None, decimals: int = 1) -> str:
    """The same as a gain or a loss, with its arrow."""
    if bps is None:
        return UNKNOWN
    words = spread(bps, decimals)
    return (DOWN if words[0] == MINUS else UP) + words


def spread_plain(bps: float | None, decimals: int = 1) -> str:
    """The same without a sign, for fees."""
    if bps is None or _manner.unit == "bps":
        return plain(bps, decimals)
    return plain(*_percentage(bps, decimals))


def _percentage(bps: float, decimals: int) -> tuple[float, int]:
    """As percent, with decimals that say the same; fewer from one percent on, so that no figure is longer for it."""
    size = abs(bps) / 100
    return bps / 100, max(0, decimals + 2 - sum(size >= limit for limit in (0.9995, 9.995, 99.95)))


def spread_unit() -> str:
    """``bps`` or ``%``."""
    return "bps" if _manner.unit == "bps" else "%"


def spread_exact(bps: float) -> str:
    """A threshold, in full and with its unit: ``5 bps``, ``0.05 %``."""
    return f"{spread_value(bps):g} {spread_unit()}".replace("-", MINUS)


def spread_value(bps: float) -> float:
    """A figure of the screen's unit for so many basis points; what a line to type in begins with."""
    return bps if _manner.unit == "bps" else bps / 100


def spread_room() -> int:
    """Cells that a column of spreads needs more than in basis points."""
    return 0 if _manner.unit == "bps" else 1


def exact_number(typed: str) -> Decimal | None:
    """A number as typed, with k or M if wanted: ``2k`` is 2,000. A comma stands between thousands and nowhere else:
    ``5,5`` is no number, because 55 is not what whoever writes so means.
    """
    words = typed.strip().lower().replace(MINUS, "-")
    scale = {"k": 3, "m": 6}.get(words[-1:], 0)
    figure = words[:-1] if scale else words
    if _NUMBER.fullmatch(figure) is None:
        return None
    return Decimal(figure.replace(",", "")).scaleb(scale)


def number(typed: str) -> float | None:
    """The same as a finite float."""
    exact = exact_number(typed)
    value = None if exact is None else float(exact)
    return value if value is not None and isfinite(value) else None


def quoted(typed: str) -> str:
    """What was typed, in a sentence about it: not longer than the sentence."""
    return repr(short(typed))


def short(typed: str) -> str:
    words = clean(typed.strip())
    return words if len(words) <= _QUOTED else words[: _QUOTED - 1] + ELLIPSIS


def usd(value: float) -> str:
    """US dollars as they are, no decimals added or left out, thousands apart: ``1,000``, ``0.4``."""
    return f"{value:,.12g}"


def typed_spread(typed: str) -> float | None:
    """Basis points from what was typed: ``5`` in the unit of the screen, ``5bps`` and ``0.05%`` in their own."""
    words = typed.strip().lower()
    in_percent = words.endswith("%") if words.endswith(("%", "bps")) else _manner.unit == "percent"
    value = number(words.removesuffix("%").removesuffix("bps"))
    return value if value is None or not in_percent else round(value * 100, 9)  # 0.033 % is 3.3 bps


def amount(value: float | None) -> str:
    """A positive amount in at most five cells: 350, 2.0k, 21k, 1.2M."""
    if value is None:
        return UNKNOWN
    if value < 0:
        return MINUS + amount(-value)
    if value < 9.95:
        return f"{value:.1f}" if value else "0"
    for limit, scale, unit in (
        (999.5, 1.0, ""),
        (9.95e3, 1e3, "k"),
        (999.5e3, 1e3, "k"),
        (9.95e6, 1e6, "M"),
        (999.5e6, 1e6, "M"),
        (9.95e9, 1e9, "B"),
        (999.5e9, 1e9, "B"),
    ):
        if value < limit:
            scaled = value / scale
            return f"{scaled:.1f}{unit}" if scaled < 9.95 else f"{scaled:.0f}{unit}"
    return f"{value:.0e}"


def size(value: float | None) -> str:
    """A number of coins in at most eight cells."""
    if value is None:
        return UNKNOWN
    if value >= 1e6:
        return amount(value)
    if value >= 10_000:
        return f"{value:.0f}"
    if value >= 0.001:
        return f"{value:.{3 if value < 1000 else 1}f}"
    return f"{value:.1e}" if value else "0"


def age(age_ms: float | None) -> str:
    """Coarse on purpose: below a second is ``<1s``, so a live row does not repaint to say so."""
    if age_ms is None:
        return UNKNOWN
    seconds = age_ms / 1000
    if seconds < 1:
        return "<1s"
    if seconds < 60:
        return f"{int(seconds)}s"
    if seconds < 3600:
        return f"{int(seconds // 60)}m"
    if seconds < 86400 * 100:
        return f"{int(seconds // 3600)}h"
    return "old"


def countdown(until_ms: int | None, now_ns: int) -> str:
    """Hours and minutes to a time, minutes and seconds in the last hour; ``due`` once it has passed."""
    if until_ms is None:
        return UNKNOWN
    left_s = until_ms // 1000 - now_ns // 1_000_000_000
    if left_s < 0:
        return "due"
    if left_s >= 3600:
        return f"{left_s // 3600}h{left_s % 3600 // 60:02d}"
    return f"{left_s // 60:02d}:{left_s % 60:02d}"


def clock_time(t_ns: int) -> str:
    """Time of day to the second, in the zone of the screen."""
    seconds = t_ns // 1_000_000_000
    if _manner.local:
        return time.strftime("%H:%M:%S", time.localtime(seconds))
    seconds %= 86400
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"


def zone(t_ns: int) -> str:
    """The name of the screen's zone at that time: ``UTC``, or what this machine calls its own, ``CEST``."""
    return time.localtime(t_ns // 1_000_000_000).tm_zone if _manner.local else "UTC"


def percent(fraction: float | None, decimals: int = 4) -> str:
    """A fraction as a signed percentage: 0.0001 is +0.0100%."""
    return UNKNOWN if fraction is None else signed(fraction * 100, decimals) + "%"


def wrap(text: str, width: int) -> list[str]:
    """Words of ``text`` in lines of at most ``width`` cells."""
    lines: list[str] = []
    line = ""
    for word in clean(text).split():
        longer = f"{line} {word}" if line else word
        if cell_len(longer) <= width or not line:
            line = longer
        else:
            lines.append(line)
            line = word
    return [*lines, line] if line else lines


def exact(value: Decimal | None) -> str:
    """Every digit, without exponent and without trailing zeros."""
    if value is None:
        return UNKNOWN
    words = f"{value:f}"
    words = words.rstrip("0").rstrip(".") if "." in words else words
    return words.replace("-", MINUS)


def exact_price(value: Decimal, width: int) -> str:
    """Every digit; where they are more than ``width``, the zeros after the point are counted as ``price`` does."""
    words = exact(value)
    if len(words) > width and words.startswith("0.0"):
        figures = words[2:].lstrip("0")
        words = "0.0" + str(len(words) - 2 - len(figures)).translate(_SUBSCRIPT) + figures
    return words


def coin_price(value: Decimal | None, width: int) -> str:
    """A price per coin, exact where it fits, if need be with its zeros counted, else rounded."""
    if value is None:
        return UNKNOWN
    words = exact_price(value, width)
    return words if len(words) <= width else price(float(value), width)


def grouped(value: Decimal | float | None, decimals: int = 0) -> str:
    """Thousands apart, without a sign in front of what is positive: ``25,012.40``."""
    return UNKNOWN if value is None else f"{value:,.{decimals}f}".replace("-", MINUS)


def money(value: Decimal | float | None, decimals: int = 2) -> str:
    """An amount of money with its sign, thousands apart."""
    if value is None:
        return UNKNOWN
    words = f"{abs(value):,.{decimals}f}"
    negative = value < 0 and words.strip("0.,") != ""
    return (MINUS if negative else "+") + words


def money_in(value: Decimal | None, width: int) -> str:
    """The same in ``width`` cells: with cents, without them, or in thousands, millions; a figure is never cut."""
    if value is None:
        return UNKNOWN
    sign = money(value)[0]
    return that_fits((money(value), money(value, 0), sign + amount(abs(float(value)))), width)


def coins_in(value: Decimal, width: int) -> str:
    """Coins with every digit where those have room, else rounded; never nothing where there is something."""
    if abs(value) < 1:
        rounded = [f"{value:.{decimals}e}" for decimals in (2, 1, 0)]
    else:
        rounded = [f"{value:.{decimals}f}" for decimals in (4, 2, 0)]
    short = [words.replace("-", MINUS, 1) if value < 0 else words for words in rounded]
    return that_fits((exact(value), *short, amount(float(value))), width)


def bps(value: Decimal | None) -> float | None:
    """Exact basis points as the number that the screen's writers of figures take."""
    return None if value is None else float(value)
