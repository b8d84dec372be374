"""Names of keys: as the terminal layer says them (``left_square_bracket``) and as people write them (``[``). Pure."""

from __future__ import annotations

import re
import unicodedata

_SPOKEN = {
    "escape": "esc", "pagedown": "PgDn", "pageup": "PgUp", "down": "↓", "up": "↑", "left": "←", "right": "→",
}  # fmt: skip
_RENAMED = {"solidus": "slash", "reverse_solidus": "backslash", "commercial_at": "at", "hyphen_minus": "minus",
            "plus_sign": "plus", "low_line": "underscore"}  # fmt: skip
_NAMED = frozenset(
    {
        "escape", "enter", "tab", "backspace", "delete", "insert", "home", "end", "pageup", "pagedown", "up", "down",
        "left", "right", "space",
    }
)  # fmt: skip
_WRITTEN = {
    "return": "enter", "del": "delete", "ins": "insert", **{said.lower(): key for key, said in _SPOKEN.items()},
}  # fmt: skip
_MODIFIERS = ("ctrl", "shift")
_FUNCTION = re.compile(r"f([1-9]|1\d|2[0-4])")
_UNFIT = {
    "ctrl+h": "terminals send backspace for it",
    "ctrl+i": "terminals send tab for it",
    "ctrl+j": "terminals send enter for it",
    "ctrl+m": "terminals send enter for it",
    "ctrl+s": "terminals stop their output at it",
    "ctrl+q": "terminals let their output go on at it",
    "ctrl+a": "screen and tmux take it for themselves",
    "ctrl+b": "tmux takes it for itself",
}


def spoken(key: str) -> str:
    """A key as people write it."""
    *modifiers, name = key.split("+")
    said = _SPOKEN.get(name) or _CHARACTERS.get(name) or (name.upper() if _FUNCTION.fullmatch(name) else name)
    return "+".join([*modifiers, said])


def of_character(character: str) -> str:
    """The name of the key that types a character: ``[`` is ``left_square_bracket``, a letter is itself."""
    if character.isalnum():
        return character
    name = unicodedata.name(character, "").lower().replace("-", "_").replace(" ", "_")
    return _RENAMED.get(name, name)


_CHARACTERS = {of_character(chr(code)): chr(code) for code in range(0x21, 0x7F) if not chr(code).isalnum()}


def read(written: str) -> str:
    """The key that somebody means: ``[``, ``PgDn``, ``ctrl+t`` or the layer's own names. Raises ``ValueError``."""
    typed = written.strip()
    before, _, name = typed[:-1].rpartition("+")  # the last character may itself be a plus
    name += typed[-1:]
    modifiers = before.lower().split("+") if before else []
    key = _base(name)
    if "alt" in modifiers:
        raise ValueError(f"{written!r} cannot be told from esc and a letter in many terminals; choose one without alt")
    unknown = [modifier for modifier in modifiers if modifier not in _MODIFIERS]
    if not key or unknown or len(set(modifiers)) != len(modifiers):
        raise ValueError(f"{written!r} is no key; write a character, f5, home, PgDn ..., or ctrl+ and a letter")
    if modifiers and len(key) == 1 and "shift" in modifiers:
        raise ValueError(f"{written!r} is written as the capital letter alone, or without shift")
    found = "+".join([*sorted(modifiers), key.lower() if modifiers and len(key) == 1 else key])
    if found in _UNFIT:
        raise ValueError(f"{written!r} does not fit: {_UNFIT[found]}")
    return found


def _base(name: str) -> str:
    """A key without modifiers; "" for what is none."""
    low = _WRITTEN.get(name.lower(), name.lower())
    if len(low) == 1:
        return of_character(name) if name.isprintable() else ""
    return low if low in _NAMED or low in _CHARACTERS or _FUNCTION.fullmatch(low) else ""
