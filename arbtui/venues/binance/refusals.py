"""What Binance says when it says no, and when it does not know itself.

An error body is ``{"code":-1121,"msg":"Invalid symbol."}``. Codes are universal, but some cover several refusals that
only the text tells apart (-2010, -1010 and -1013 above all).

Three kinds of answer are no refusal of an order, because it may have taken effect: HTTP 5xx and 408; codes by which
Binance says that it does not know (``OPEN_CODES``); and bodies that are not Binance's at all, such as a proxy's page.
USD-M's docs call some texts that come with 503 certain failures; we ask instead of believing a text, since asking costs
a request and a wrong belief costs money.

Source: Binance USD-M docs, "Error Code", "General Info" (HTTP return codes); spot docs, "Error codes for Binance".
"""

from __future__ import annotations

import re

import msgspec

from arbtui.core.errors import OutcomeUnknown, ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.model import Market
from arbtui.venues.wire import guarded

OPEN_CODES = frozenset({-1000, -1001, -1006, -1007})  # unknown error, internal error, no or odd word from the backend


class Refusal(msgspec.Struct, frozen=True):
    """``{"code":..,"msg":..}`` and the HTTP status (0: it did not come by HTTP) it came with."""

    code: int
    msg: str
    status: int = 0


class _Body(msgspec.Struct):
    code: int
    msg: str


_BODY = msgspec.json.Decoder(_Body)

_R = RefusalReason
_REASONS = {
    -1002: _R.NOT_AUTHORISED,
    -1003: _R.RATE_LIMITED,
    -1005: _R.NOT_AUTHORISED,
    -1008: _R.RATE_LIMITED,
    -1011: _R.NOT_AUTHORISED,
    -1014: _R.BAD_REQUEST,
    -1015: _R.RATE_LIMITED,
    -1016: _R.MAINTENANCE,
    -1020: _R.BAD_REQUEST,
    -1021: _R.CLOCK_SKEW,
    -1022: _R.NOT_AUTHORISED,
    -1121: _R.UNKNOWN_INSTRUMENT,
    -1122: _R.UNKNOWN_INSTRUMENT,
    -1125: _R.OTHER,
    -2008: _R.NOT_AUTHORISED,
    -2011: _R.UNKNOWN_ORDER,
    -2013: _R.UNKNOWN_ORDER,
    -2014: _R.NOT_AUTHORISED,
    -2015: _R.NOT_AUTHORISED,
    -2017: _R.NOT_AUTHORISED,
}
_USDM = {
    -2018: _R.INSUFFICIENT,
    -2019: _R.INSUFFICIENT,
    -2022: _R.REDUCE_ONLY,
    -2024: _R.REDUCE_ONLY,
    -2026: _R.REDUCE_ONLY,
    -2027: _R.INSUFFICIENT,  # more than the leverage allows
    -2028: _R.INSUFFICIENT,
    -4001: _R.BAD_PRICE,
    -4002: _R.BAD_PRICE,
    -4003: _R.BAD_SIZE,
    -4004: _R.BAD_SIZE,
    -4005: _R.BAD_SIZE,
    -4013: _R.BAD_PRICE,
    -4014: _R.BAD_PRICE,
    -4015: _R.BAD_REQUEST,  # client id with characters that it does not take
    -4016: _R.BAD_PRICE,
    -4023: _R.BAD_SIZE,
    -4024: _R.BAD_PRICE,
    -4050: _R.INSUFFICIENT,
    -4051: _R.INSUFFICIENT,
    -4056: _R.NOT_AUTHORISED,
    -4060: _R.ACCOUNT_MODE,
    -4061: _R.ACCOUNT_MODE,  # position side and position mode do not match
    -4062: _R.REDUCE_ONLY,
    -4087: _R.NOT_AUTHORISED,  # this account may only reduce
    -4088: _R.NOT_AUTHORISED,
    -4116: _R.DUPLICATE_ID,
    -4118: _R.REDUCE_ONLY,
    -4131: _R.BAD_PRICE,
    -4140: _R.NOT_TRADING,
    -4141: _R.NOT_TRADING,
    -4164: _R.BAD_SIZE,
    -4408: _R.NOT_TRADING,  # reduce-only by regulation
    -5021: _R.OTHER,  # FOK that cannot be filled
    -5022: _R.WOULD_TAKE,
    -5028: _R.CLOCK_SKEW,
    -5041: _R.RATE_LIMITED,
}
_SPOT = {-2026: _R.UNKNOWN_ORDER}  # ended unfilled so long ago that it is archived

# Texts of -1010, -1013, -1111, -2010 and -2011, in lower case; the first that is found decides.
_TEXTS = (
    ("insufficient balance", _R.INSUFFICIENT),
    ("immediately match and take", _R.WOULD_TAKE),
    ("duplicate order sent", _R.DUPLICATE_ID),
    ("market is closed", _R.NOT_TRADING),
    ("unknown order sent", _R.UNKNOWN_ORDER),
    ("price * qty", _R.BAD_SIZE),
    ("filter failure: max_num", _R.OTHER),
    ("filter failure: exchange_max", _R.OTHER),
    ("filter failure: price_filter", _R.BAD_PRICE),
    ("filter failure: percent_price", _R.BAD_PRICE),
    ("filter failure", _R.BAD_SIZE),  # LOT_SIZE, MARKET_LOT_SIZE, NOTIONAL, MIN_NOTIONAL, MAX_POSITION ...
    ("not permitted for this account", _R.NOT_AUTHORISED),
    ("restricted for this account", _R.NOT_AUTHORISED),
    ("disabled on this account", _R.NOT_AUTHORISED),
    ("may not place or cancel", _R.NOT_AUTHORISED),
    ("trading is not enabled", _R.NOT_AUTHORISED),
    ("not supported for this symbol", _R.BAD_REQUEST),
    ("unsupported order combination", _R.BAD_REQUEST),
    ("invalid quantity", _R.BAD_SIZE),
    ("invalid price", _R.BAD_PRICE),
)
_BY_TEXT = {-1010: _R.OTHER, -1013: _R.BAD_REQUEST, -2010: _R.OTHER, -2011: _R.UNKNOWN_ORDER}  # where no text is known
_PROOF = re.compile(r"(signature|listenKey|apiKey)(?:=|%3d)[^&\s\"'<>]*", re.ASCII | re.IGNORECASE)
_BANNED_UNTIL = re.compile(r"banned until (\d{13})(?!\d)", re.ASCII)


def judged(status: int, body: bytes, what: str) -> Refusal | None:
    """What stands in an answer before it is read: a refusal, or None for "read on".

    Raises OutcomeUnknown for what is neither Binance's yes nor its no.
    """
    if status >= 500 or status == 408:
        raise OutcomeUnknown(f"Binance failed on {what} (HTTP {status}{_quoted(body)}): it may have taken effect.")
    found = _refusal_in(body)
    if found is not None and found.code in OPEN_CODES:
        raise OutcomeUnknown(f"Binance does not know what became of {what}: {found.msg[:200]} ({found.code})")
    if status in (418, 429):  # refused unread, whatever the body is
        return Refusal(found.code if found else -1003, found.msg if found else "Too many requests.", status)
    if found is not None and (status >= 400 or found.code < 0):
        return Refusal(found.code, found.msg, status)
    if not 200 <= status < 300:
        raise OutcomeUnknown(f"the answer to {what} is HTTP {status} and not in Binance's words{_quoted(body)}")
    return None


def reason_of(market: Market, refusal: Refusal) -> RefusalReason:
    """``refusal`` in our words."""
    if refusal.status in (418, 429):
        return _R.RATE_LIMITED
    text = refusal.msg.lower()
    if refusal.status == 451 or "restricted location" in text:
        return _R.REGION_BLOCKED
    if refusal.code in _BY_TEXT:
        return next((reason for words, reason in _TEXTS if words in text), _BY_TEXT[refusal.code])
    if refusal.code == -1111 and "price" in text:  # more digits than the instrument has
        return _R.BAD_PRICE
    if refusal.code == -1111 and "quantity" in text:
        return _R.BAD_SIZE
    own = _USDM if market is Market.PERP else _SPOT
    known = own.get(refusal.code) or _REASONS.get(refusal.code)
    if known is not None:
        return known
    return _R.BAD_REQUEST if -1199 <= refusal.code <= -1100 else _R.OTHER


def retry_after_s(refusal: Refusal, t_ns: int | None) -> float | None:
    """The wait that the text names ("IP banned until 1571200000000"), from ``t_ns``; None where it names none."""
    until = _BANNED_UNTIL.search(refusal.msg)
    return None if until is None or t_ns is None else max(0.0, int(until[1]) / 1e3 - t_ns / 1e9)


def sentence(what: str, refusal: Refusal) -> str:
    """The refusal for a person, in the venue's words."""
    http = f", HTTP {refusal.status}" if refusal.status else ""
    return f"Binance refused {what}: {refusal.msg[:200] or 'no reason given'} ({refusal.code}{http})"


def demand(market: Market, status: int, body: bytes, what: str, t_ns: int | None = None) -> None:
    """For reads: returns if ``body`` is to be read, raises VenueRefused or OutcomeUnknown if not.

    Without ``t_ns`` a named wait cannot be reckoned and is left out.
    """
    refusal = judged(status, body, what)
    if refusal is not None:
        raise VenueRefused(
            sentence(what, refusal),
            reason=reason_of(market, refusal),
            code=str(refusal.code),
            retry_after_s=retry_after_s(refusal, t_ns),
        )


def _refusal_in(body: bytes) -> Refusal | None:
    try:
        found = guarded(_BODY, body, "error")
    except ProtocolBroken:
        return None
    return Refusal(found.code, found.msg)


def _quoted(body: bytes) -> str:
    """The beginning of a page that is not Binance's. Proxies quote the address that was asked for, with all in it."""
    words = _PROOF.sub(r"\1=...", " ".join(body[:120].decode(errors="replace").split()))
    return f": {words}" if words else ""
