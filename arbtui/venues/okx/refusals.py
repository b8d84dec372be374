"""What OKX's codes mean for us: refused and why, or not known.

An answer to an order is the venue's word in two places: ``code`` of the envelope, and ``sCode`` of its one row when the
envelope says only that something failed ("1", or "2" of a batch). Three things can be read from them:

    taken      both are "0"
    refused    a code that says no. Nothing of it happened, nothing will.
    open       a timeout, a system error, any 5xx, a body that is none, rows that contradict the envelope, a general
               code (500xx) that nobody here knows: ``OutcomeUnknown``, and only asking for the order tells

Codes from 50100 on that are not in the table are refusals too, for a reason of their own (OTHER): those classes hold
nothing but refusals of keys and of orders. Source: OKX API v5 docs, Error Code (REST API: Public, Trade).
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any, NamedTuple, TypeVar

import msgspec

from arbtui.core.errors import OutcomeUnknown, ProtocolBroken, RefusalReason, VenueRefused
from arbtui.venues import answers
from arbtui.venues.okx import shapes
from arbtui.venues.okx.private_shapes import Ack, acks
from arbtui.venues.wire import DECODE_ERRORS, guarded

T = TypeVar("T")

_FAILED = ("1", "2")  # "operation failed", "partially succeeded": the row says which and why
_CODE = re.compile(r"\d{5}", re.ASCII)

OPEN = frozenset(
    {
        "50001",  # service unavailable, matching engine upgrading
        "50004",  # endpoint timeout, "does not mean that the request was successful or failed"
        "50026",  # system error
        "50042",  # repeated request: of what, it does not say
        "51054",  # request timed out
        "51149",  # order timed out
    }
)

_CODES = {
    RefusalReason.RATE_LIMITED: "50011 50013 50040 50061 51113",
    RefusalReason.MAINTENANCE: "50001 50005 50046 50062",
    RefusalReason.REGION_BLOCKED: "50051 50052 51155",
    RefusalReason.CLOCK_SKEW: "50036 50037 50102 50112",  # the first two: expTime is over
    RefusalReason.NOT_AUTHORISED: (
        "50007 50008 50009 50010 50012 50027 50028 50029 50030 50032 50033 50035 50038 50041 50053 50059 50060 50067 "
        "51009 51024 51732 51733 51734 59113 60011"
    ),
    RefusalReason.BAD_REQUEST: (
        "50000 50002 50006 50014 50015 50016 50024 50025 50039 50044 50115 51000 51002 51003 51015 51026 51204 51407"
    ),
    RefusalReason.DUPLICATE_ID: "50071 51011 51016",
    RefusalReason.UNKNOWN_INSTRUMENT: "51001 51012 51014 51087",
    RefusalReason.INSUFFICIENT: "51008 51017 51119 51127 51131 51502 59200 59201",
    RefusalReason.BAD_PRICE: "51006 51031 51116 51122 51135 51136 51137 51138 51150",
    RefusalReason.BAD_SIZE: (
        "50122 51004 51005 51007 51020 51033 51101 51102 51103 51104 51105 51106 51107 51120 51121 51129 51185 51187 "
        "51201 51202 51203"
    ),
    RefusalReason.REDUCE_ONLY: "51023 51112 51133 51134 51139 51148 51169 51170 51205 51206",
    RefusalReason.ACCOUNT_MODE: "51010 51037 51038 51041 51128 51186",
    RefusalReason.NOT_TRADING: (
        "50017 50018 50019 50020 50021 50022 50023 51021 51022 51027 51028 51029 51030 51109 51110 51124 51196 51197 "
        "54072 54094"
    ),
    RefusalReason.UNKNOWN_ORDER: "51063 51400 51401 51402 51503 51509 51510 51603",
}
_REASONS = {code: reason for reason, codes in _CODES.items() for code in codes.split()}

ABSENT = "51603"  # to a query: no such order
CANCELING = "51410"  # to a cancel: it is being canceled already
_POST_ONLY = "51019"  # of options by its text; some clients met it as the refusal of a post-only order


def reason(code: str, *, post_only: bool = False) -> RefusalReason:
    """Why, in our words. ``post_only``: the order was one, which decides what 51019 means."""
    if code == _POST_ONLY and post_only:
        return RefusalReason.WOULD_TAKE
    if code in _REASONS:
        return _REASONS[code]
    return RefusalReason.NOT_AUTHORISED if code.startswith("501") else RefusalReason.OTHER


open_outcome = partial(answers.open_outcome, "OKX")


class Verdict(NamedTuple):
    """What OKX says of one order. ``code`` "0": taken, and ``order_id`` is its id there ("" of a cancel, maybe)."""

    code: str
    words: str
    order_id: str = ""

    @property
    def taken(self) -> bool:
        return self.code == "0"

    def sentence(self, what: str) -> str:
        return f"OKX refused {what}: {self.words[:200] or 'no reason given'} (code {self.code})"


def verdict(status: int, body: bytes, client_id: str, what: str) -> Verdict:
    """The answer to an order that was sent or canceled. Raises ``OutcomeUnknown`` wherever it does not settle it."""
    if status >= 500:
        raise open_outcome(what, f"HTTP {status}")
    try:
        envelope = shapes.envelope.decode(body)
        rows = acks.decode(envelope.data)
    except DECODE_ERRORS as error:
        raise open_outcome(what, f"HTTP {status} and a body that is no answer") from error
    said = _said(str(envelope.code), envelope.msg, rows, client_id)
    if said is None:
        raise open_outcome(what, f"code {str(envelope.code)[:20]} and rows that do not say which order did what")
    if (said.taken and status >= 400) or said.code in OPEN or not _settles(said.code):
        raise open_outcome(what, f"HTTP {status}, code {said.code[:20]}: {said.words[:200]}")
    return said


def _said(code: str, msg: str, rows: list[Ack], client_id: str) -> Verdict | None:
    """None where the rows are not those of our one order, or contradict the envelope."""
    if code not in ("0", *_FAILED):
        inner = rows[0] if len(rows) == 1 and rows[0].s_code not in ("", "0") else None
        return Verdict(code, msg) if inner is None else Verdict(inner.s_code, inner.s_msg or msg)
    if len(rows) != 1 or not rows[0].s_code or rows[0].cl_ord_id not in ("", client_id):
        return None
    row = rows[0]
    if (code == "0") != (row.s_code == "0"):
        return None
    return Verdict(row.s_code, row.s_msg or msg, row.ord_id)


def _settles(code: str) -> bool:
    return code == "0" or code in _REASONS or bool(_CODE.fullmatch(code) and not code.startswith("500"))


def rows_of(status: int, body: bytes, decoder: msgspec.json.Decoder[list[T]], what: str) -> list[T]:
    """The rows that a read brought, all of them sound.

    Raises ``VenueRefused`` for the venue's no, ``OutcomeUnknown`` for a timeout and for a 5xx without words, else
    ``ProtocolBroken``.
    """
    try:
        envelope: Any = guarded(shapes.envelope, body, f"OKX {what}")
    except ProtocolBroken as error:
        if status >= 500:
            raise OutcomeUnknown(f"OKX answered {what} with HTTP {status} and nothing readable") from error
        raise
    code = str(envelope.code)
    if code in OPEN and code not in _REASONS:
        raise OutcomeUnknown(f"OKX did not answer {what}: {envelope.msg[:200]} (code {code}, HTTP {status})")
    if code != "0" or status >= 400:
        words = (envelope.msg or "no reason given")[:200]
        text = f"OKX refused {what}: {words} (code {code[:20]}, HTTP {status})"
        why = RefusalReason.RATE_LIMITED if status == 429 else reason(code)
        raise VenueRefused(text, reason=why, code=code[:20])
    return guarded(decoder, envelope.data, f"OKX {what}")
