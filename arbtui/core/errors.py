"""Everything that can go wrong, by whose fault it is.

    ArbtuiError
    ├── OurMistake              the person or the program asked for something that cannot be
    │   ├── ConfigError         a file, key or flag is wrong: names file, key and remedy
    │   ├── RecordingError      a recording cannot be read: names file and line
    │   └── JournalError        the journal cannot be read or written: names the file, and what that forbids
    ├── VenueRefused            the venue understood and said no (``reason`` says why, in our words)
    ├── OutcomeUnknown          sent, and no answer: a value that the ledger keeps, never swallowed
    └── Broken                  the wire, not the request
        ├── TransportBroken     refused, reset, timed out, TLS, HTTP 5xx
        └── ProtocolBroken      bytes arrived that the venue's protocol does not allow

A codec raises ``ProtocolBroken`` and nothing else, whatever bytes it is fed.
"""

from __future__ import annotations

from enum import StrEnum


class ArbtuiError(Exception):
    """Root of the tree. ``str(error)`` is one sentence for a person."""


class OurMistake(ArbtuiError):
    """Asked for something that cannot be; nothing was sent."""


class ConfigError(OurMistake):
    """A configuration file, environment variable or flag is wrong. The text names file, key and remedy."""


class RecordingError(OurMistake):
    """A recording cannot be read. The text names file and line."""


class JournalError(OurMistake):
    """The journal of orders cannot be opened or read. The text names the file, what that forbids, and the remedy."""


class RefusalReason(StrEnum):
    """Why a venue refused, over all venues."""

    RATE_LIMITED = "rate_limited"
    BANNED = "banned"
    REGION_BLOCKED = "region_blocked"
    MAINTENANCE = "maintenance"
    UNKNOWN_INSTRUMENT = "unknown_instrument"
    BAD_REQUEST = "bad_request"
    NOT_AUTHORISED = "not_authorised"
    NOT_SENT = "not_sent"  # no venue's word: nothing has left this machine
    CLOCK_SKEW = "clock_skew"  # our time stamp is outside of what the venue takes
    INSUFFICIENT = "insufficient"  # balance or margin
    WOULD_TAKE = "would_take"  # a post-only order that would have crossed
    BAD_PRICE = "bad_price"  # off the tick, or outside of the venue's price band
    BAD_SIZE = "bad_size"  # off the step, below the minimum or its notional, above the maximum
    REDUCE_ONLY = "reduce_only"  # nothing to reduce, or not that much
    UNKNOWN_ORDER = "unknown_order"
    DUPLICATE_ID = "duplicate_id"  # an order with this client id exists: it was sent already
    NOT_TRADING = "not_trading"  # the instrument is halted, closing or closed
    ACCOUNT_MODE = "account_mode"  # position or margin mode does not allow it
    OTHER = "other"


class VenueRefused(ArbtuiError):
    """The venue understood the request and refused it.

    ``code`` is the venue's own code as text; ``retry_after_s`` is set where the venue named a wait.
    """

    def __init__(self, text: str, *, reason: RefusalReason, code: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(text)
        self.reason = reason
        self.code = code
        self.retry_after_s = retry_after_s


class OutcomeUnknown(ArbtuiError):
    """Something was sent and it is not known whether it took effect."""


class Broken(ArbtuiError):
    """The wire failed, not the request."""


class TransportBroken(Broken):
    """No usable connection: refused, reset, timed out, TLS failure, HTTP 5xx."""


class ProtocolBroken(Broken):
    """Bytes arrived that the venue's protocol does not allow.

    ``kind`` is a short stable word to count and to log once by (``not_json``, ``bad_price``, ``unknown_shape`` ...);
    ``sample`` is the beginning of what arrived.
    """

    def __init__(self, kind: str, text: str, sample: bytes = b"") -> None:
        super().__init__(text)
        self.kind = kind
        self.sample = bytes(sample[:200])
