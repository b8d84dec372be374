"""Orders on Hyperliquid: what each answer says became of them, and what it leaves open."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from arbtui.core.errors import OutcomeUnknown, ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.orders import (
    Accepted,
    CancelRefused,
    CancelTaken,
    OrderAbsent,
    OrderKind,
    OrderReport,
    OrderStatus,
    Rejected,
)
from arbtui.venues import registry
from arbtui.venues.hyperliquid import orders, refusals
from arbtui.venues.hyperliquid.calls import FILLS_PAGE
from arbtui.venues.hyperliquid.private import HyperliquidPrivate
from arbtui.venues.private import Adjusts, PrivateVenue, TellsRights
from tests.venues.hyperliquid.samples import (
    CLOID,
    ID,
    KEYS,
    OID,
    OTHER,
    PERP,
    PRIVATE,
    PROD,
    SPOT,
    STAMP_MS,
    T_NS,
    USER,
    after,
    asked,
    fill_row,
    filled,
    found,
    is_last,
    no,
    place,
    read,
    resting,
    said,
    status_row,
)
from tests.venues.hyperliquid_frames import wire


def test_it_is_a_private_venue() -> None:
    def as_port(private: HyperliquidPrivate) -> PrivateVenue:
        return private  # the type checker is the judge

    assert as_port(PRIVATE).key_fields == ("private_key", "address")
    assert isinstance(registry.private("hyperliquid"), HyperliquidPrivate)
    assert isinstance(PRIVATE, TellsRights)
    assert isinstance(PRIVATE, Adjusts)


# --- placing ----------------------------------------------------------------------------------------------------------


def test_an_order_that_rests_is_accepted() -> None:
    (told,) = read(place(kind=OrderKind.POST_ONLY), said(resting()))
    assert told == Accepted(venue="hyperliquid", client_id=ID, order_id=str(OID), t_ns=T_NS)


def test_an_order_that_filled_tells_how_much_and_at_what_price() -> None:
    accepted, report = read(place(), said(filled()))
    assert isinstance(accepted, Accepted)
    assert isinstance(report, OrderReport)
    assert (report.status, report.filled, report.avg_price) == (
        OrderStatus.FILLED,
        Decimal("0.125"),
        Decimal("67249.5"),
    )
    assert (report.order_id, report.client_id, report.told) == (str(OID), ID, "answer")


def test_what_an_immediate_order_left_unfilled_is_gone() -> None:
    _, report = read(place(), said(filled("0.05")))
    assert isinstance(report, OrderReport)
    assert (report.status, report.filled) == (OrderStatus.CANCELED, Decimal("0.05"))


def test_an_immediate_order_that_met_nobody_was_taken_and_ended_with_nothing() -> None:
    words = "Order could not immediately match against any resting orders. asset=1"
    accepted, report = read(place(), said({"error": words}))
    assert accepted == Accepted(venue="hyperliquid", client_id=ID, order_id="", t_ns=T_NS)
    assert isinstance(report, OrderReport)
    assert (report.status, report.filled, report.status_text) == (OrderStatus.EXPIRED, Decimal(0), words)


REFUSED = {
    "Price must be divisible by tick size. asset=1": RefusalReason.BAD_PRICE,
    "Order has invalid price.": RefusalReason.BAD_PRICE,
    "Order price cannot be more than 80% away from the reference price asset=1": RefusalReason.BAD_PRICE,
    "Price too far from oracle asset=1": RefusalReason.BAD_PRICE,
    "Order price too far from oracle": RefusalReason.BAD_PRICE,
    "Order has invalid size.": RefusalReason.BAD_SIZE,
    "Order has zero size.": RefusalReason.BAD_SIZE,
    "Order must have minimum value of $10. asset=1": RefusalReason.BAD_SIZE,
    "Order must have minimum value of 10 USDC. asset=10107": RefusalReason.BAD_SIZE,
    "Insufficient margin to place order. asset=84": RefusalReason.INSUFFICIENT,
    "Insufficient spot balance asset=10107": RefusalReason.INSUFFICIENT,
    "Order has insufficient spot balance to trade asset=10107": RefusalReason.INSUFFICIENT,
    "Post only order would have immediately matched, bbo was 67249@67250. asset=1": RefusalReason.WOULD_TAKE,
    "Reduce only order would increase position. asset=1": RefusalReason.REDUCE_ONLY,
    "Order would increase open interest while open interest is capped asset=1": RefusalReason.OTHER,
    "Order would increase open interest too quickly asset=1": RefusalReason.OTHER,
    "Order would cause position to exceed margin tier limit at current leverage asset=1": RefusalReason.BAD_SIZE,
}


@pytest.mark.parametrize("words", REFUSED)
def test_a_refused_order_is_rejected_in_the_venues_words_with_our_reason(words: str) -> None:
    (told,) = read(place(), said({"error": words}))
    assert isinstance(told, Rejected)
    assert (told.reason, told.client_id) == (REFUSED[words], ID)
    assert words in told.text


WHOLE = {
    "User or API Wallet 0xb8a6f8b26223de27c31938d56e470a5b832703a5 does not exist.": RefusalReason.NOT_AUTHORISED,
    "Unable to recover signer.": RefusalReason.NOT_AUTHORISED,
    f"Must deposit before performing actions. User: {OTHER}": RefusalReason.NOT_AUTHORISED,
    f"L1 error: Vault not registered: {OTHER}": RefusalReason.NOT_AUTHORISED,
    "Too many cumulative requests sent (37986 > 10436) for cumulative volume traded $1.": RefusalReason.RATE_LIMITED,
    "Invalid nonce: nonce too low 1 < 2": RefusalReason.CLOCK_SKEW,
    "Action already expired": RefusalReason.CLOCK_SKEW,
    "Action disabled when unified account is active": RefusalReason.ACCOUNT_MODE,
    "Order has invalid size.": RefusalReason.BAD_SIZE,
}


@pytest.mark.parametrize("words", WHOLE)
def test_a_refused_action_is_its_orders_refusal(words: str) -> None:
    (told,) = read(place(), no(words))
    assert isinstance(told, Rejected)
    assert (told.reason, told.code) == (WHOLE[words], "")


def test_refusals_before_anything_was_read_are_refusals() -> None:
    (told,) = read(place(), b"null", 429)
    assert isinstance(told, Rejected)
    assert told.reason is RefusalReason.RATE_LIMITED
    (told,) = read(place(), b"Failed to deserialize the JSON body into the target type", 422)
    assert isinstance(told, Rejected)
    assert told.reason is RefusalReason.BAD_REQUEST


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"null"),
        (200, b""),
        (200, b"<html>"),
        (200, b'"ok"'),
        (200, wire({"status": "ok"})),
        (200, wire({"status": "ok", "response": {"type": "default"}})),
        (200, wire({"status": "maybe", "response": {"type": "order"}})),
        (200, said(kind="cancel")),
        (200, said("success", kind="cancel")),
        (200, said()),
        (200, said(resting(), resting())),
        (200, said({})),
        (200, said("waitingForFill")),
        (200, said(resting() | {"error": "Order has zero size."})),
        (200, said(resting(cloid="0x" + "0" * 32))),
        (200, said(filled(cloid="0x" + "0" * 32))),
        (200, said(filled("0.0"))),
        (200, said(filled("nan"))),
        (200, said(filled(price="0"))),
        (200, said({"error": "Something that nobody has ever heard of. asset=1"})),
        (200, no("Something that nobody has ever heard of")),
        (200, no("Invalid nonce: duplicate nonce 1700000000000")),
        (403, b"<html>forbidden</html>"),
        (422, b"Something else"),
        (500, b"null"),
        (502, said(resting())),
        (504, no("Order has zero size.")),
    ],
)
def test_an_answer_that_settles_nothing_leaves_the_outcome_open(status: int, body: bytes) -> None:
    with pytest.raises(OutcomeUnknown):
        read(place(), body, status)


# --- canceling --------------------------------------------------------------------------------------------------------


def test_a_cancel_names_the_order_by_our_id_and_is_taken() -> None:
    call = PRIVATE.cancel(PROD, KEYS, PERP, ID, STAMP_MS)
    assert asked(call.request)["action"] == {"type": "cancelByCloid", "cancels": [{"asset": 1, "cloid": CLOID}]}
    assert asked(call.request)["expiresAfter"] is None
    assert read(call, said("success", kind="cancel")) == (CancelTaken(venue="hyperliquid", client_id=ID, t_ns=T_NS),)


def test_an_order_of_somebody_else_is_canceled_by_its_number() -> None:
    call = PRIVATE.cancel_unnamed(PROD, KEYS, SPOT, str(OID), STAMP_MS)
    assert asked(call.request)["action"] == {"type": "cancel", "cancels": [{"a": 10_107, "o": OID}]}
    assert read(call, said("success", kind="cancel")) == (CancelTaken(venue="hyperliquid", client_id="", t_ns=T_NS),)
    with pytest.raises(ValueError, match="number"):
        PRIVATE.cancel_unnamed(PROD, KEYS, SPOT, "12x", STAMP_MS)


def test_a_cancel_of_an_order_that_has_ended_is_refused() -> None:
    words = "Order was never placed, already canceled, or filled. asset=1"
    (told,) = read(PRIVATE.cancel(PROD, KEYS, PERP, ID, STAMP_MS), said({"error": words}, kind="cancel"))
    assert isinstance(told, CancelRefused)
    assert (told.reason, told.client_id) == (RefusalReason.UNKNOWN_ORDER, ID)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"null"),
        (200, b"null"),
        (200, said("success")),
        (200, said(kind="cancel")),
        (200, said("done", kind="cancel")),
        (200, said({"error": "Nobody knows this"}, kind="cancel")),
        (200, said({}, kind="cancel")),
    ],
)
def test_a_cancel_that_is_not_answered_leaves_its_outcome_open(status: int, body: bytes) -> None:
    with pytest.raises(OutcomeUnknown):
        read(PRIVATE.cancel(PROD, KEYS, PERP, ID, STAMP_MS), body, status)


# --- asking for one ---------------------------------------------------------------------------------------------------

QUERY = PRIVATE.query(PROD, KEYS, PERP, ID, STAMP_MS)


def counted(status: str, *fills: dict[str, Any], **changes: Any) -> OrderReport:
    """The report that a query ends with, of an order and the list of fills."""
    page = after(QUERY, found(status, **changes))
    (told,) = read(page, wire(list(fills)))
    assert isinstance(told, OrderReport)
    return told


def test_a_query_asks_by_our_id_as_the_account() -> None:
    assert asked(QUERY.request) == {"type": "orderStatus", "user": USER, "oid": CLOID}


def test_an_order_that_nobody_knows_is_absent() -> None:
    body = wire({"status": "unknownOid"})
    assert read(QUERY, body) == (OrderAbsent(venue="hyperliquid", client_id=ID, t_ns=T_NS),)
    assert is_last(QUERY, body)


def test_what_is_left_of_an_order_is_not_believed_its_fills_are_counted() -> None:
    """``sz`` says that nothing has filled; it says that of filled orders as well."""
    report = counted("open", fill_row(), fill_row(tid=2, sz="0.025"), fill_row(tid=3, oid=7), sz="0.125")
    assert (report.status, report.filled, report.told) == (OrderStatus.OPEN, Decimal("0.075"), "query")
    report = counted("canceled", fill_row(), sz="0.125")
    assert (report.status, report.filled) == (OrderStatus.CANCELED, Decimal("0.05"))
    assert counted("canceled", sz="0.0").filled == 0


def test_a_fill_that_is_listed_twice_counts_once() -> None:
    assert counted("canceled", fill_row(), fill_row()).filled == Decimal("0.05")


def test_fills_are_asked_for_from_when_the_order_began_until_it_ended() -> None:
    request = after(QUERY, found("canceled")).request
    assert asked(request) == {
        "type": "userFillsByTime",
        "user": USER,
        "startTime": STAMP_MS - 1000,
        "endTime": STAMP_MS + 1040,
        "aggregateByTime": False,
    }
    assert "endTime" not in asked(after(QUERY, found("open")).request)


def test_an_immediate_order_may_be_called_filled_and_be_so_in_part() -> None:
    report = counted("filled", fill_row(), tif="Ioc", sz="0.0")
    assert (report.status, report.filled) == (OrderStatus.CANCELED, Decimal("0.05"))
    report = counted("filled", fill_row(), fill_row(tid=2, sz="0.075"), tif="Ioc")
    assert (report.status, report.filled) == (OrderStatus.FILLED, Decimal("0.125"))


def test_an_order_that_filled_and_has_no_fill_yet_is_not_told_at_all() -> None:
    with pytest.raises(OutcomeUnknown, match="no fill"):
        counted("filled", tif="Ioc")


def test_a_resting_order_that_filled_did_so_in_whole() -> None:
    body = found("filled", tif="Alo")
    (report,) = read(QUERY, body)
    assert is_last(QUERY, body)
    assert isinstance(report, OrderReport)
    assert (report.status, report.filled) == (OrderStatus.FILLED, Decimal("0.125"))


def test_more_fills_than_a_page_holds_are_not_counted() -> None:
    page = after(QUERY, found("open"))
    with pytest.raises(OutcomeUnknown, match="too many"):
        read(page, wire([fill_row(tid=n) for n in range(FILLS_PAGE)]))


@pytest.mark.parametrize(
    ("word", "status", "reason"),
    [
        ("iocCancelRejected", OrderStatus.EXPIRED, None),
        ("marketOrderNoLiquidityRejected", OrderStatus.EXPIRED, None),
        ("rejected", OrderStatus.REJECTED, None),
        ("tickRejected", OrderStatus.REJECTED, RefusalReason.BAD_PRICE),
        ("minTradeNtlRejected", OrderStatus.REJECTED, RefusalReason.BAD_SIZE),
        ("perpMarginRejected", OrderStatus.REJECTED, RefusalReason.INSUFFICIENT),
        ("badAloPxRejected", OrderStatus.REJECTED, RefusalReason.WOULD_TAKE),
        ("reduceOnlyRejected", OrderStatus.REJECTED, RefusalReason.REDUCE_ONLY),
    ],
)
def test_an_order_that_never_stood_has_nothing_filled(
    word: str, status: OrderStatus, reason: RefusalReason | None
) -> None:
    (report,) = read(QUERY, found(word, tif="Ioc"))
    assert isinstance(report, OrderReport)
    assert (report.status, report.filled, report.reason) == (status, Decimal(0), reason)
    assert is_last(QUERY, found(word))


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("canceled", None),
        ("scheduledCancel", None),
        ("liquidatedCanceled", None),
        ("marginCanceled", RefusalReason.INSUFFICIENT),
        ("reduceOnlyCanceled", RefusalReason.REDUCE_ONLY),
        ("delistedCanceled", RefusalReason.NOT_TRADING),
        ("selfTradeCanceled", RefusalReason.OTHER),
    ],
)
def test_the_venue_has_many_words_for_canceled(word: str, reason: RefusalReason | None) -> None:
    assert (counted(word).status, counted(word).reason) == (OrderStatus.CANCELED, reason)
    assert counted(word, fill_row()).reason is None


def test_a_status_that_nobody_knows_is_unknown_and_not_guessed() -> None:
    (report,) = read(QUERY, found("ascended"))
    assert isinstance(report, OrderReport)
    assert (report.status, report.status_text, report.filled) == (OrderStatus.UNKNOWN, "ascended", None)
    assert is_last(QUERY, found("ascended"))


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"{}",
        wire({"status": "order"}),
        wire({"status": "other", "order": status_row()}),
        found(cloid=None),
        found(cloid="0x" + "1" * 32),
        found(coin="ETH"),
        found(side="X"),
        found(origSz="-1"),
        found(limitPx="nan"),
    ],
)
def test_an_answer_about_something_else_is_broken_protocol(body: bytes) -> None:
    with pytest.raises(ProtocolBroken):
        read(QUERY, body)


@pytest.mark.parametrize(("status", "reason"), [(422, RefusalReason.BAD_REQUEST), (429, RefusalReason.RATE_LIMITED)])
def test_a_question_that_is_refused_says_why(status: int, reason: RefusalReason) -> None:
    with pytest.raises(VenueRefused) as refused:
        read(QUERY, b"Failed to deserialize the JSON body into the target type", status)
    assert (refused.value.reason, refused.value.code) == (reason, str(status))
    with pytest.raises(OutcomeUnknown):
        read(QUERY, b"null", 500)


# --- the rules --------------------------------------------------------------------------------------------------------


def test_an_absent_order_is_believed_only_after_it_is_void() -> None:
    assert PRIVATE.absence.settle_s * 1000 >= 2 * orders.TTL_MS
    assert asked(place().request)["expiresAfter"] == STAMP_MS + orders.TTL_MS


def test_every_known_sentence_has_one_reason() -> None:
    for words, reason in (REFUSED | WHOLE).items():
        assert refusals.reason(words) is reason


def test_orders_have_a_budget_of_their_own_and_leave_the_hosts_to_questions() -> None:
    assert place().request.bucket == PRIVATE.cancel(PROD, KEYS, PERP, ID, STAMP_MS).request.bucket == "exchange"
    assert QUERY.request.bucket == "weight"
    venue = registry.venue("hyperliquid")
    for host in ("api.hyperliquid.xyz", "api.hyperliquid-testnet.xyz"):
        limits = [limit for limit in (*venue.rest_limits, *PRIVATE.trade_limits) if limit.host == host]
        assert sum(limit.capacity * limit.share for limit in limits) <= 1200
