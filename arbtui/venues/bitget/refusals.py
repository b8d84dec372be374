"""What Bitget's codes mean for us: refused and why, or not known.

Refusals come with HTTP 400 or 200 and a ``code`` in the envelope. An answer to an order is one of three things:

    taken      code 00000
    refused    a code of the table: nothing of it happened, nothing will
    open       a timeout, a server error, any 5xx, a body that is none, and every code that is not in the table:
               ``OutcomeUnknown``, and only asking for the order tells

A read that is refused with a code nobody knows is refused all the same (OTHER): nothing hangs on it. Accounts are of
two kinds that do not understand each other's API: a classic account answers 40084 to all that is asked of unified ones,
and the other way round it is 40085.
Source: Bitget UTA API docs, REST API Error Code; Place Order (which codes leave it open); classic API docs, the same.
"""

from __future__ import annotations

import re
from functools import partial
from typing import NamedTuple, TypeVar

import msgspec

from arbtui.core.errors import OutcomeUnknown, RefusalReason, VenueRefused
from arbtui.venues import answers
from arbtui.venues.bitget import shapes
from arbtui.venues.wire import DECODE_ERRORS, guarded

T = TypeVar("T")

_R = RefusalReason
OK = "00000"

CLASSIC = frozenset({"40084", "25245"})  # asked as unified, the account is a classic one
UNIFIED = frozenset({"40085"})  # asked as classic, the account is a unified one
START_AGAIN = "start arbtui again: it asks then, before anything else, of which kind the account is"

OPEN = frozenset(
    {
        "19000",
        "25000",  # system error
        "25001",  # timed out
        "25003",  # concurrent operation
        "25113",  # being canceled just now
        "25114",  # being changed just now
        "25653",  # has been changed
        "40010",  # timed out: the docs say to ask for the order
        "40015",
        "40200",  # server upgrade
        "40725",  # "service return an error": the docs say to ask for the order
        "40908",
        "40910",
        "43059",
        "45001",  # "unknown error": the docs say to ask for the order
    }
)

_CODES: dict[RefusalReason, str] = {
    _R.RATE_LIMITED: "429 25004 30006 30007 40029",
    _R.CLOCK_SKEW: "40004 40005 40008 40078 40911",
    _R.NOT_AUTHORISED: (
        "25620 40001 40002 40003 40006 40009 40011 40012 40014 40016 40018 40022 40023 40024 40025 40026 40027 40035 "
        "40036 40037 40038 40040 40041 49003"
    ),
    _R.REGION_BLOCKED: "40103 40104",
    _R.ACCOUNT_MODE: (
        "25009 25010 25107 25236 25237 25245 25570 40084 40085 40731 40774 40920"  # 40731: copy-trading account
    ),
    _R.UNKNOWN_INSTRUMENT: "25100 40072 40102",
    _R.NOT_TRADING: ("22004 25013 25101 25102 25103 25104 25105 25106 25108 40308 40309 40844 40845 41113 41114 43115"),
    # 40762 and 25230 say "more than can be opened": for want of money, or because of the tier that was reached.
    _R.INSUFFICIENT: ("25202 25203 25219 25220 25230 40711 40712 40754 40762 40798 40800 43012"),
    _R.BAD_PRICE: ("25205 25206 25244 25654 25655 40706 40787 40815 40816 41103 41117 43008 43009 45115 50046 50047"),
    _R.BAD_SIZE: (
        "22034 22038 25207 25208 25233 25235 25241 25567 25610 25611 40808 43006 43007 43010 43027 43038 45110 45111 "
        "45112"
    ),
    _R.REDUCE_ONLY: "22002 25225 25226 25227 25231 25232 25242 25574 25601",
    _R.UNKNOWN_ORDER: (
        "22001 25204 31007 40109 40768 40769 40819 43001 43004 43025 43033 45057 80011"  # 40769, 43004: it has ended
    ),
    _R.DUPLICATE_ID: "25212 40786 43118",
    _R.BAD_REQUEST: "25200 25238 40017 400172 40019 40020 40034 40304 40305",
    _R.OTHER: (
        "25002 25005 25006 25007 25008 25012 25209 25210 25211 25213 25214 25215 25216 25217 25218 25221 25222 25223 "
        "25228 25229 25234 25240 25243 40761 43005 95001"
    ),
}
REASONS = {code: reason for reason, codes in _CODES.items() for code in codes.split()}

ABSENT = frozenset({"22001", "25204", "40109", "40768", "40819", "43001", "45057", "80011"})  # to a query
UNCHANGED = frozenset({"40814", "45054"})  # to a setting: it is so already

_WINDOW_S = 1.0  # limits are counted per second
_PROOF = re.compile(r"apikey|passphrase|sign\W|access[-_]", re.ASCII | re.IGNORECASE)

open_outcome = partial(answers.open_outcome, "Bitget")
unreadable = partial(answers.unreadable, "Bitget")


class Refusal(NamedTuple):
    """The venue's no. ``code`` is its code, or the HTTP status where that says it all."""

    code: str
    words: str
    reason: RefusalReason
    retry_after_s: float | None = None

    def sentence(self, what: str) -> str:
        remedy = f"; {START_AGAIN}" if self.code in CLASSIC | UNIFIED else ""
        return f"Bitget refused {what}: {self.words or 'no reason given'} (code {self.code}){remedy}"


def order_answer(status: int, body: bytes, what: str) -> msgspec.Raw | Refusal:
    """The answer to an order that was sent or canceled. Raises ``OutcomeUnknown`` wherever it does not settle it."""
    if status == 429:
        return _too_many()
    if status >= 500 or status == 408:
        raise open_outcome(what, f"HTTP {status}")
    try:
        envelope = shapes.envelope.decode(body)
    except DECODE_ERRORS as error:
        raise open_outcome(what, f"HTTP {status} and a body that is no answer") from error
    code, words = str(envelope.code)[:20], clean(envelope.msg or "")
    if code == OK and status < 400:
        return envelope.data
    reason = REASONS.get(code)
    if reason is None:
        raise open_outcome(what, f"HTTP {status}, code {code}: {words}")
    return Refusal(code, words, reason, _WINDOW_S if reason is _R.RATE_LIMITED else None)


def result_of(status: int, body: bytes, decoder: msgspec.json.Decoder[T], what: str) -> T:
    """What a read brought.

    Raises ``VenueRefused`` for the venue's no, ``OutcomeUnknown`` for a timeout and for a 5xx, else ``ProtocolBroken``.
    """
    refusal = _too_many() if status == 429 else None
    if refusal is None:
        if status >= 500 or status == 408:
            raise OutcomeUnknown(f"Bitget did not answer {what} (HTTP {status})")
        if status == 403 and not body.lstrip().startswith(b"{"):
            raise VenueRefused(
                f"Bitget refused {what}: it does not serve this address or region (HTTP 403)",
                reason=_R.REGION_BLOCKED,
                code="403",
            )
        envelope = guarded(shapes.envelope, body, f"Bitget {what} (HTTP {status})")
        code, words = str(envelope.code)[:20], clean(envelope.msg or "")
        if code == OK and status < 400:
            return guarded(decoder, envelope.data, f"Bitget {what}")
        if code in OPEN:
            raise OutcomeUnknown(f"Bitget did not answer {what}: {words} (code {code})")
        refusal = Refusal(code if code != OK else str(status), words, REASONS.get(code, _R.OTHER))
    raise VenueRefused(
        refusal.sentence(what), reason=refusal.reason, code=refusal.code, retry_after_s=refusal.retry_after_s
    )


def setting_made(status: int, body: bytes, what: str) -> None:
    """For settings: returns if it is made or was so already. Raises as ``result_of``."""
    try:
        result_of(status, body, _ANYTHING, what)
    except VenueRefused as refused:
        if refused.code not in UNCHANGED:
            raise


def is_absent(error: VenueRefused) -> bool:
    """Whether it is the venue's word that there is no such order."""
    return error.code in ABSENT


def clean(words: str) -> str:
    """The venue's words; where they quote what proves who we are, only as far as the quotation."""
    return (words.partition("{")[0] + "[...]" if _PROOF.search(words) and "{" in words else words)[:200]


def _too_many() -> Refusal:
    """Refused by the gate, before anything was read."""
    return Refusal("429", "too many requests", _R.RATE_LIMITED, _WINDOW_S)


_ANYTHING = msgspec.json.Decoder(msgspec.Raw)
