"""What every codec needs at the edge of the wire: guarded decoding, numbers, addresses.

Nothing in here knows a venue. All refusals are ``ProtocolBroken``; its ``kind`` is one of

    not_json  not_utf8  too_deep  unknown_shape  bad_price  bad_size  bad_number

Fast paths read numbers with ``Price``, ``Size``, ``Amount``, ``Millis`` and ``UpdateId``: msgspec checks them in C
while it decodes (``Decoder(..., strict=False)`` would otherwise take "nan" and "inf" for floats), so a hot decoder
needs no checks of its own. What fails there is looked at again, slowly and exactly, with ``text_of``, ``side``,
``*_text``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from math import inf
from types import GenericAlias
from typing import Annotated, Any, Generic, NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from arbtui.core.errors import ProtocolBroken

T = TypeVar("T")

_AT_ONCE_BYTES = 64 * 1024

Price = Annotated[float, msgspec.Meta(gt=0.0, le=sys.float_info.max)]  # finite and above zero: NaN fails too
Size = Annotated[float, msgspec.Meta(gt=0.0, le=sys.float_info.max)]
Amount = Annotated[float, msgspec.Meta(ge=0.0, le=sys.float_info.max)]
Millis = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
UpdateId = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
TradeId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]

DECODE_ERRORS = (msgspec.MsgspecError, ValueError, OverflowError, RecursionError)
"""All that msgspec and Python raise for bytes that are not what they should be (UnicodeError is a ValueError)."""


# --- decoding ---------------------------------------------------------------------------------------------------------


def broken(error: BaseException, data: bytes, what: str) -> ProtocolBroken:
    """The ``ProtocolBroken`` for one of ``DECODE_ERRORS``; ``what`` names the message for people."""
    if isinstance(error, msgspec.ValidationError):
        kind = "unknown_shape"
    elif isinstance(error, UnicodeError):
        kind = "not_utf8"
    elif isinstance(error, RecursionError):
        kind = "too_deep"
    else:
        kind = "not_json"
    return ProtocolBroken(kind, f"{what}: {error}", bytes(data[:200]))


def guarded(decoder: msgspec.json.Decoder[T], data: bytes | msgspec.Raw, what: str) -> T:
    """``decoder.decode(data)``, with everything that bytes can make it raise turned into ``ProtocolBroken``."""
    try:
        return decoder.decode(data)
    except DECODE_ERRORS as error:
        raise broken(error, bytes(data), what) from error


class Rows(Generic[T]):
    """Decodes a JSON array of ``row`` so that one bad row does not take the others with it.

    The whole array is tried at once; only where that fails is it taken apart, and where it is large: one call for a
    megabyte would keep every other thread waiting to its end. ``row`` is a type or a union of tagged ones, T what it
    decodes to: ``_ROWS: Rows[_A | _B] = Rows(_A | _B)``. ``strict`` as msgspec has it.
    """

    def __init__(self, row: Any, *, strict: bool = False) -> None:
        array: Any = GenericAlias(list, (row,))
        self._all: msgspec.json.Decoder[list[T]] = msgspec.json.Decoder(array, strict=strict)
        self._each = msgspec.json.Decoder(list[msgspec.Raw])
        self._one: msgspec.json.Decoder[T] = msgspec.json.Decoder(row, strict=strict)

    def decode(self, data: bytes | msgspec.Raw, what: str) -> tuple[list[T], list[bytes]]:
        """Good rows, and the beginnings of bad ones. ``ProtocolBroken`` where there is no array at all."""
        try:
            if len(memoryview(data)) <= _AT_ONCE_BYTES:
                return self._all.decode(data), []
        except DECODE_ERRORS:
            pass
        rows = self._one_by_one(data, what)
        return [row for row in rows if not isinstance(row, bytes)], [row for row in rows if isinstance(row, bytes)]

    def decode_in_place(self, data: bytes | msgspec.Raw, what: str) -> list[T | bytes]:
        """For arrays whose positions mean something: where a row is bad, its beginning stands in its place."""
        try:
            return [*self._all.decode(data)]
        except DECODE_ERRORS:
            return self._one_by_one(data, what)

    def _one_by_one(self, data: bytes | msgspec.Raw, what: str) -> list[T | bytes]:
        rows: list[T | bytes] = []
        for raw in guarded(self._each, data, what):
            try:
                rows.append(self._one.decode(raw))
            except DECODE_ERRORS:
                rows.append(bytes(raw)[:200])
        return rows


# --- numbers ----------------------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?0*\d{1,3})?", re.ASCII)  # "1e-999999999" would print as a gigabyte
_TEXT = msgspec.json.Decoder(str)


def text_of(raw: msgspec.Raw | None, kind: str = "bad_number") -> str | None:
    """The exact text of a number on the wire, quoted or bare; None for null, "" or nothing.

    Raises ``ProtocolBroken(kind)`` for anything that is not a finite decimal: "nan", objects, "1_0", "١".
    """
    data = bytes(raw) if raw is not None else b""
    if data in (b"", b"null", b'""'):
        return None
    try:
        text = _TEXT.decode(data) if data[:1] == b'"' else data.decode()
    except DECODE_ERRORS as error:
        raise broken(error, data, "number") from error
    _value(text, kind)
    return text


def _value(text: str, kind: str) -> float:
    value = float(text) if _NUMBER.fullmatch(text) else inf
    if not -inf < value < inf:
        raise ProtocolBroken(kind, f"{text[:40]!r} is not a finite decimal number", text[:200].encode(errors="replace"))
    return value


def price_text(text: str | None) -> str | None:
    """``text`` if it spells a price; None for nothing and for zero, with which venues say "never traded"."""
    if not text:
        return None
    value = _value(text, "bad_price")
    if value < 0.0:
        raise ProtocolBroken("bad_price", f"negative price {text[:40]!r}", text.encode())
    return text if value else None


def amount_text(text: str | None) -> str | None:
    """``text`` if it spells a volume: zero is one, negative is not."""
    if not text:
        return None
    if _value(text, "bad_size") < 0.0:
        raise ProtocolBroken("bad_size", f"negative amount {text[:40]!r}", text.encode())
    return text


def signed_text(text: str | None) -> str | None:
    """``text`` if it spells any finite number (a funding rate)."""
    if not text:
        return None
    _value(text, "bad_number")
    return text


def millis_or_none(text: str | None) -> int | None:
    """Milliseconds UTC; "" and "0" mean that there is no such time, and so does what spells none ("-1")."""
    return int(text) or None if text and text.isascii() and text.isdigit() and len(text) <= 16 else None


SideTexts = tuple[str, str] | tuple[None, None]


def side_texts(price: str | None, size: str | None) -> SideTexts:
    """One side of a best bid and offer, exact. Nothing, or zero at zero, is a side that is not there.

    Raises ``ProtocolBroken``: ``bad_price`` for a price that is none, ``bad_size`` for one that nobody stands behind.
    """
    price_value = _value(price, "bad_price") if price else 0.0
    size_value = _value(size, "bad_size") if size else 0.0
    if price_value == 0.0 and size_value == 0.0:
        return None, None
    if not price or not price_value > 0.0:
        raise ProtocolBroken("bad_price", f"price {price!r} with size {size!r}")
    if not size or not size_value > 0.0:
        raise ProtocolBroken("bad_size", f"size {size!r} at price {price!r}")
    return price, size


def side(price: str | None, size: str | None) -> tuple[float, float] | tuple[None, None]:
    """``side_texts`` as floats."""
    texts = side_texts(price, size)
    return (None, None) if texts[0] is None or texts[1] is None else (float(texts[0]), float(texts[1]))


def traded_texts(price: str | None, size: str | None) -> tuple[str, str]:
    """Price and size of a trade, exact. Raises ``ProtocolBroken``: a trade of nothing, or at no price, is none."""
    texts = side_texts(price, size)
    if texts[0] is None or texts[1] is None:
        raise ProtocolBroken("bad_price", f"a trade of {size!r} at {price!r}")
    return texts


# --- symbols and addresses --------------------------------------------------------------------------------------------


def slot_or_none(slots: Mapping[str, int], symbol: str) -> int | None:
    """None for a symbol that stands in no table. Not ``slots.get``: ``__missing__`` may take new symbols in."""
    try:
        return slots[symbol]
    except KeyError:
        return None


class Address(NamedTuple):
    """``https://fapi.binance.com/fapi/v1/depth?symbol=X`` in parts; the port is dropped. ``host`` "" = no address."""

    host: str
    path: str
    query: Mapping[str, str]


def address(url: str) -> Address:
    try:
        parts = urlsplit(url)
        return Address(parts.hostname or "", parts.path, dict(parse_qsl(parts.query)))
    except ValueError:  # brackets that are no IPv6 address, and the like
        return Address("", "", {})


def with_query(url: str, **params: str | int) -> str:
    """``url?name=value&...``, percent-encoded (symbols may be non-ASCII)."""
    return f"{url}?{urlencode(params)}" if params else url
