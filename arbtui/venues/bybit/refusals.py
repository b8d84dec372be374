"""What Bybit's codes mean for us: refused and why, or not known.

Everything is in ``retCode`` of the envelope, mostly with HTTP 200. An answer to an order is one of three things:

    taken      retCode 0
    refused    a code of the table: nothing of it happened, nothing will
    open       a timeout, a server error, any 5xx, a body that is none, and every code that is not in the table:
               ``OutcomeUnknown``, and only asking for the order tells

A read that is refused with a code nobody knows is refused all the same (OTHER): nothing hangs on it.
Source: Bybit V5 docs, Error Codes; Rate Limit Rules (HTTP 403, 429); texts of 10001 as clients have met them.
"""

from __future__ import annotations

import re
from functools import partial
from typing import NamedTuple, TypeVar

import msgspec

from arbtui.core.errors import OutcomeUnknown, RefusalReason, VenueRefused
from arbtui.venues import answers
from arbtui.venues.bybit import shapes
from arbtui.venues.wire import DECODE_ERRORS, guarded

T = TypeVar("T")

_R = RefusalReason

OPEN = frozenset(
    {
        429,  # "high server load": it does not say before or after the order was taken
        10000,  # server timeout
        10014,  # duplicate request: of what became of the first one, it says nothing
        10016,  # server error, or the service is restarting
        10019,
        40004,  # being modified just now
        110079,  # "the order is processing"
        170001,
        170007,  # timeout of the backend
        170032,
        170035,  # "submitted to the system for processing"
        170144,  # locked
        170146,  # creation timed out
        170147,  # cancellation timed out
        170234,
    }
)

_CODES: dict[RefusalReason, str] = {
    _R.RATE_LIMITED: "10006 10018 10403 10429 20003 170005 170222",
    _R.CLOCK_SKEW: "-1 10002",
    _R.NOT_AUTHORISED: (
        "-2015 10003 10004 10005 10007 10010 10027 33004 110018 110069 110080 110104 110105 110106 110107 110123 "
        "110124 110125 110136 170215 170216 170219 170220 170223 170224 170226 170230 170241"
    ),
    _R.REGION_BLOCKED: "10009 10024 110132 170209 170348 170358 170359",
    _R.ACCOUNT_MODE: (
        "10008 10028 100028 110029 110067 110071 110077 110088 110096 110097 110102 110135 3100197 170036 170037"
    ),
    _R.UNKNOWN_INSTRUMENT: "10029 170121 170221",
    _R.INSUFFICIENT: (
        "110004 110006 110007 110012 110014 110039 110040 110044 110045 110046 110051 110052 110053 110086 110090 "
        "110131 30256 170033 170034 170131"
    ),
    _R.BAD_PRICE: (
        "30208 30209 110003 110049 110120 110121 170132 170133 170134 170192 170193 170194 170195 170196 170371 170372"
    ),
    _R.BAD_SIZE: (
        "110021 110022 110089 110094 170124 170136 170137 170140 170148 170197 170198 170199 170200 170228 170229 "
        "170341 170381 170382"
    ),
    _R.REDUCE_ONLY: "110017 110034",  # 110017: what is left of it after it was cut to the position is nothing
    _R.UNKNOWN_ORDER: "110001 110008 110010 110019 170139 170142 170143 170190 170213",
    _R.DUPLICATE_ID: "110072 170141",
    _R.WOULD_TAKE: "170218",
    _R.NOT_TRADING: (
        "30228 110005 110023 110042 110063 110066 110074 110095 110098 110100 110103 110137 170031 170151 170157 "
        "170159 170217"
    ),
    _R.BAD_REQUEST: "10001 10017 10404 110032 110057 170105 170115 170116 170117 170130 170145 170201 170227",
    _R.OTHER: "110009 110020 110085 110118 170010 170011 170149 170150 170191 170207 170210 170344 170346 170810",
}
REASONS = {int(code): reason for reason, codes in _CODES.items() for code in codes.split()}

ABSENT = frozenset({110001, 170213})  # to a query: no such order
CANCELING = 170212  # to a cancel: it is being canceled already
UNCHANGED = frozenset({110025, 110026, 110043})  # to a setting: it is so already

_BAD_PARAMETER = 10001
_TEXTS = (  # of 10001, in lower case; the first that is found decides
    ("position idx not match", _R.ACCOUNT_MODE),
    ("only support unified", _R.ACCOUNT_MODE),
    ("not supported symbols", _R.UNKNOWN_INSTRUMENT),
    ("symbol invalid", _R.UNKNOWN_INSTRUMENT),
    ("qty invalid", _R.BAD_SIZE),
    ("number of contracts", _R.BAD_SIZE),
    ("price invalid", _R.BAD_PRICE),
)
_BAN_S = 600.0  # after HTTP 403 "access too frequent"
_WINDOW_S = 1.0  # limits are counted per second and account
_PROOF = re.compile(r"origin_string\[.*", re.ASCII | re.DOTALL | re.IGNORECASE)  # 10004 quotes what was signed

open_outcome = partial(answers.open_outcome, "Bybit")
unreadable = partial(answers.unreadable, "Bybit")


class Refusal(NamedTuple):
    """The venue's no. ``code`` is its ``retCode``, or the HTTP status where that says it all."""

    code: int
    words: str
    reason: RefusalReason
    retry_after_s: float | None = None

    def sentence(self, what: str) -> str:
        return f"Bybit refused {what}: {self.words or 'no reason given'} (code {self.code})"


def reason_of(code: int, words: str) -> RefusalReason | None:
    """Why, in our words; None for a code that leaves the outcome open or that nobody here knows."""
    if code == _BAD_PARAMETER:
        text = words.lower()
        return next((reason for part, reason in _TEXTS if part in text), _R.BAD_REQUEST)
    return REASONS.get(code)


def order_answer(status: int, body: bytes, what: str) -> msgspec.Raw | Refusal:
    """The answer to an order that was sent or canceled. Raises ``OutcomeUnknown`` wherever it does not settle it."""
    turned_away = _turned_away(status, body)
    if turned_away is not None:
        return turned_away
    if status >= 500 or status == 408:
        raise open_outcome(what, f"HTTP {status}")
    try:
        envelope = shapes.envelope.decode(body)
    except DECODE_ERRORS as error:
        raise open_outcome(what, f"HTTP {status} and a body that is no answer") from error
    code, words = envelope.ret_code, clean(envelope.ret_msg)
    if code == 0 and status < 400:
        return envelope.result
    reason = reason_of(code, words)
    if code == CANCELING:
        reason = _R.OTHER
    if reason is None:
        raise open_outcome(what, f"HTTP {status}, code {code}: {words}")
    return Refusal(code, words, reason, _WINDOW_S if reason is _R.RATE_LIMITED else None)


def result_of(status: int, body: bytes, decoder: msgspec.json.Decoder[T], what: str) -> T:
    """What a read brought.

    Raises ``VenueRefused`` for the venue's no, ``OutcomeUnknown`` for a timeout and for a 5xx, else ``ProtocolBroken``.
    """
    refusal = _turned_away(status, body)
    if refusal is None and status == 403:
        refusal = Refusal(status, "it does not serve this address or region", _R.REGION_BLOCKED)
    if refusal is None:
        if status >= 500 or status == 408:
            raise OutcomeUnknown(f"Bybit did not answer {what} (HTTP {status})")
        envelope = guarded(shapes.envelope, body, f"Bybit {what} (HTTP {status})")
        code, words = envelope.ret_code, clean(envelope.ret_msg)
        if code == 0 and status < 400:
            return guarded(decoder, envelope.result, f"Bybit {what}")
        if code in OPEN:
            raise OutcomeUnknown(f"Bybit did not answer {what}: {words} (code {code})")
        refusal = Refusal(code or status, words, reason_of(code, words) or _R.OTHER)
    raise VenueRefused(
        refusal.sentence(what), reason=refusal.reason, code=str(refusal.code), retry_after_s=refusal.retry_after_s
    )


def setting_made(status: int, body: bytes, what: str) -> None:
    """For settings: returns if it is made or was so already. Raises as ``order_answer``, or ``VenueRefused``."""
    try:
        result_of(status, body, _ANYTHING, what)
    except VenueRefused as refused:
        if status >= 400 or int(refused.code) not in UNCHANGED:
            raise


def clean(words: str) -> str:
    """The venue's words without what proves who we are, which a refused signature quotes."""
    return _PROOF.sub("origin_string[...]", words)[:200]


def is_absent(error: VenueRefused) -> bool:
    """Whether it is the venue's word that there is no such order."""
    return error.reason is RefusalReason.UNKNOWN_ORDER and int(error.code) in ABSENT


def _turned_away(status: int, body: bytes) -> Refusal | None:
    """Refused by the gate, before anything was read."""
    if status == 429:
        return Refusal(429, "too many requests", _R.RATE_LIMITED, _WINDOW_S)
    if status == 403 and b"too frequent" in body[:300].lower():
        return Refusal(403, "access too frequent, it wants ten minutes without a request", _R.RATE_LIMITED, _BAN_S)
    return None


_ANYTHING = msgspec.json.Decoder(msgspec.Raw)
