"""Client ids of Hyperliquid are 16 bytes, ours 1 to 20 letters and digits: how one is written as the other, and back.

A first byte that marks them as ours, then the id read as a number to the base of 62 whose digits are 1 to 62, so that
ids of different lengths are different numbers. All of them fit into the other 15 bytes. Source: Hyperliquid docs,
"Exchange endpoint", Place an order.
"""

from __future__ import annotations

import re
import string

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_VALUE = {character: value for value, character in enumerate(_DIGITS, 1)}
_BASE = len(_DIGITS)
_OURS = re.compile(r"[A-Za-z0-9]{1,20}", re.ASCII)
_CLOID = re.compile(r"0x[0-9a-f]{32}", re.ASCII)
_MARK = "a7"
_LONGEST = 20


def cloid_of(client_id: str) -> str:
    """Raises ValueError for what is no client id of ours."""
    if not _OURS.fullmatch(client_id):
        raise ValueError(f"a client id is 1 to 20 letters and digits, not {client_id[:40]!r}")
    number = 0
    for character in client_id:
        number = number * _BASE + _VALUE[character]
    return f"0x{_MARK}{number:030x}"


def client_id_of(cloid: str | None) -> str:
    """Empty for none, and for one that we did not make."""
    text = (cloid or "").lower()
    if not _CLOID.fullmatch(text) or text[2:4] != _MARK:
        return ""
    number = int(text[4:], 16)
    found = ""
    while number:
        number, value = divmod(number - 1, _BASE)
        found = _DIGITS[value] + found
    return found if len(found) <= _LONGEST else ""
