"""What Hyperliquid's words mean for us: refused and why, or not known. It has no codes, only sentences.

An action is refused as a whole (``status`` "err", and a sentence), or the orders in it one by one (``statuses``, a
sentence for each that was). Three things can be read from an answer:

    taken      the venue names what it did
    refused    a sentence of the table below. Nothing of it happened, nothing will.
    open       5xx, a body that is none, or a sentence that nobody here knows: ``OutcomeUnknown``

A nonce that was used before belongs among the open ones: what used it may be this very order, delivered twice.
Source: Hyperliquid docs, "Error responses", "Nonces and API wallets", "Rate limits and user limits".
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple, TypeVar

import msgspec

from arbtui.core.errors import OutcomeUnknown, ProtocolBroken, RefusalReason, VenueRefused
from arbtui.venues import answers
from arbtui.venues.hyperliquid import private_shapes as shapes
from arbtui.venues.wire import DECODE_ERRORS, guarded

T = TypeVar("T")

_BEGINNINGS: dict[RefusalReason, tuple[str, ...]] = {
    RefusalReason.BAD_PRICE: (
        "Price must be divisible by tick size",
        "Order has invalid price",
        "Order price cannot be more than",
        "Order price too far from oracle",
        "Price too far from oracle",
    ),
    RefusalReason.BAD_SIZE: (
        "Order has invalid size",
        "Order has zero size",
        "Order must have minimum value of",
        "Order would cause position to exceed margin tier limit",
    ),
    RefusalReason.INSUFFICIENT: (
        "Insufficient margin to place order",
        "Insufficient spot balance",
        "Order has insufficient spot balance to trade",
    ),
    RefusalReason.WOULD_TAKE: ("Post only order would have immediately matched",),
    RefusalReason.REDUCE_ONLY: ("Reduce only order would increase position",),
    RefusalReason.UNKNOWN_ORDER: ("Order was never placed, already canceled, or filled",),
    RefusalReason.ACCOUNT_MODE: (
        "Action disabled when unified account is active",
        "Cross margin is not allowed for this asset",
    ),
    RefusalReason.RATE_LIMITED: ("Too many cumulative requests sent",),
    RefusalReason.CLOCK_SKEW: ("Invalid nonce: nonce too low", "Action already expired"),
    RefusalReason.NOT_AUTHORISED: (
        "User or API Wallet",
        "L1 error: User or API Wallet",
        "Unable to recover signer",
        "Must deposit before performing actions",
        "L1 error: Vault not registered",
    ),
    RefusalReason.BAD_REQUEST: (
        "Failed to deserialize the JSON body into the target type",
        "Failed to parse the request body as JSON",
        "Invalid leverage value",
    ),
    RefusalReason.OTHER: (  # caps of open interest
        "Order would increase open interest",
        "Order rejected due to price more aggressive than oracle while",
    ),
}
_NO_MATCH = ("Order could not immediately match", "No liquidity available for market order")
_REMEDY = {
    RefusalReason.NOT_AUTHORISED: "; look whether private_key is that of an agent of this account, and not expired",
    RefusalReason.CLOCK_SKEW: "; set this machine's clock",
}


def reason(words: str) -> RefusalReason | None:
    """Why, in our words; None for a sentence that nobody here knows."""
    for why, beginnings in _BEGINNINGS.items():
        if words.startswith(beginnings):
            return why
    return None


def unmatched(words: str) -> bool:
    """Whether an order was taken, found nobody to trade with, and is gone."""
    return words.startswith(_NO_MATCH)


open_outcome = partial(answers.open_outcome, "Hyperliquid")


class Refusal(NamedTuple):
    """The venue's no to one action or order."""

    words: str
    reason: RefusalReason

    def sentence(self, what: str) -> str:
        return f"Hyperliquid refused {what}: {self.words[:200]}{_REMEDY.get(self.reason, '')}"


def refusal(words: str, what: str) -> Refusal:
    """Raises OutcomeUnknown for a sentence that is not known."""
    why = reason(words)
    if why is None:
        raise open_outcome(what, f"words that are not known here ({words[:200]!r})")
    return Refusal(words, why)


def done(status: int, body: bytes, what: str) -> shapes.Done | Refusal:
    """What an action's answer says. Raises OutcomeUnknown wherever it does not settle it."""
    if status == 429:  # of the address, before anything was read; the body may be anything
        return Refusal("too many requests (HTTP 429)", RefusalReason.RATE_LIMITED)
    if status >= 500:
        raise open_outcome(what, f"HTTP {status}")
    if status >= 400:
        return refusal(body[:300].decode(errors="replace").strip().strip('"'), what)
    try:
        answer = shapes.answer.decode(body)
        if answer.status == "err":
            return refusal(shapes.words.decode(answer.response), what)
        if answer.status == "ok":
            return shapes.done.decode(answer.response)
    except DECODE_ERRORS as error:
        raise open_outcome(what, "a body that is no answer") from error
    raise open_outcome(what, f"status {answer.status[:40]!r}")


def the_one(done: shapes.Done, kind: str, what: str) -> msgspec.Raw:
    """What became of the one order in the action. Raises OutcomeUnknown where the answer is about something else."""
    statuses: Sequence[msgspec.Raw] = done.data.statuses if done.data is not None else ()
    if done.type != kind or len(statuses) != 1:
        raise open_outcome(what, f"an answer of type {done.type[:40]!r} about {len(statuses)} orders")
    return statuses[0]


def told(status: int, body: bytes, decoder: msgspec.json.Decoder[T], what: str) -> T:
    """What a question brought.

    Raises VenueRefused for the venue's no, OutcomeUnknown for a 5xx, else ProtocolBroken.
    """
    if status >= 500:
        raise OutcomeUnknown(f"Hyperliquid did not answer {what} (HTTP {status})")
    if status >= 400:
        words = body[:200].decode(errors="replace").strip() or "without a word"
        why = RefusalReason.RATE_LIMITED if status == 429 else reason(words.strip('"')) or RefusalReason.OTHER
        raise VenueRefused(f"Hyperliquid refused {what} (HTTP {status}): {words}", reason=why, code=str(status))
    if body == b"null":
        raise ProtocolBroken("unknown_shape", f"Hyperliquid knows no {what}", body)
    return guarded(decoder, body, f"Hyperliquid {what}")
