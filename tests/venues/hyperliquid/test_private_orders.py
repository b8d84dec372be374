"""Orders on Hyperliquid: what each answer says became of them, and what it leaves open."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from arbtui.core.errors import OutcomeUnknown, ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.model import Market
from arbtui.core.orders import (
    Accepted,
    CancelRefused,
    CancelTaken,
    Fill,
    OrderAbsent,
    OrderKind,
    OrderReport,
    OrderStatus,
    Rejected,
    Side,
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
    order_row,
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
        found(origSz="0"),
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


# --- lists ------------------------------------------------------------------------------------------------------------


def test_open_orders_are_those_of_one_market_ours_and_others() -> None:
    rows = [
        order_row(),
        order_row(oid=2, cloid=None, coin="ETH", side="A"),
        order_row(oid=3, cloid="0x" + "1" * 32),
        order_row(oid=4, coin="@107"),
        order_row(oid=5, coin="xyz:TSLA"),
        order_row(oid=6, coin="#14880"),
    ]
    told = read(PRIVATE.open_orders(PROD, KEYS, Market.PERP, {}, STAMP_MS), wire(rows))
    assert [(r.order_id, r.client_id, r.side, r.native) for r in told if isinstance(r, OrderReport)] == [
        (str(OID), ID, Side.BUY, "BTC"),
        ("2", "", Side.SELL, "ETH"),
        ("3", "", Side.BUY, "BTC"),
    ]
    assert all(isinstance(r, OrderReport) and (r.status, r.filled) == (OrderStatus.OPEN, None) for r in told)
    (spot,) = read(PRIVATE.open_orders(PROD, KEYS, Market.SPOT, {}, STAMP_MS), wire(rows))
    assert isinstance(spot, OrderReport)
    assert (spot.market, spot.native) == (Market.SPOT, "@107")


def test_history_tells_what_happened_since_on_one_instrument() -> None:
    rows = [status_row("canceled"), status_row("open"), status_row("canceled", coin="ETH"), status_row("filled", oid=9)]
    rows.append(status_row("canceled", oid=8) | {"statusTimestamp": STAMP_MS - 1})
    told = read(PRIVATE.history(PROD, KEYS, PERP, STAMP_MS, STAMP_MS), wire(rows))
    assert [(r.status, r.filled) for r in told if isinstance(r, OrderReport)] == [
        (OrderStatus.CANCELED, None),
        (OrderStatus.OPEN, None),
        (OrderStatus.FILLED, Decimal("0.125")),
    ]


def test_a_history_that_does_not_reach_back_far_enough_is_none() -> None:
    rows = wire([status_row("canceled", oid=n) for n in range(2000)])
    with pytest.raises(ProtocolBroken, match="later than asked for"):
        read(PRIVATE.history(PROD, KEYS, PERP, STAMP_MS, STAMP_MS), rows)
    assert len(read(PRIVATE.history(PROD, KEYS, PERP, STAMP_MS + 40, STAMP_MS), rows)) == 2000


def test_fills_of_an_instrument_are_told_with_their_fees() -> None:
    rows = [fill_row(), fill_row(tid=2, side="A", crossed=False, fee="-0.1", cloid=None), fill_row(tid=3, coin="ETH")]
    one, other = read(PRIVATE.fills(PROD, KEYS, PERP, STAMP_MS, STAMP_MS), wire(rows))
    assert isinstance(one, Fill)
    assert isinstance(other, Fill)
    assert (one.fill_id, one.order_id, one.client_id) == ("567547935839686", str(OID), ID)
    assert (one.side, one.price, one.qty, one.fee, one.fee_ccy, one.maker) == (
        Side.BUY,
        Decimal("67249.5"),
        Decimal("0.05"),
        Decimal("1.513113"),
        "USDC",
        False,
    )
    assert (other.side, other.fee, other.maker, other.client_id) == (Side.SELL, Decimal("-0.1"), True, "")


def test_spot_fees_in_a_bridged_coin_are_in_that_coin_and_not_in_a_namesake() -> None:
    rows = [fill_row(coin="@107", feeToken="HYPE"), fill_row(coin="@107", feeToken="UBTC")]
    rows.append(fill_row(coin="@107", feeToken="BTC"))
    told = read(PRIVATE.fills(PROD, KEYS, SPOT, STAMP_MS, STAMP_MS), wire(rows))
    assert [fill.fee_ccy for fill in told if isinstance(fill, Fill)] == ["HYPE", "BTC", "BTC#"]


@pytest.mark.parametrize(
    ("changes", "origin"),
    [
        (
            {"liquidation": {"liquidatedUser": USER.upper().replace("X", "x"), "markPx": "1", "method": "market"}},
            "liquidation",
        ),
        ({"liquidation": {"liquidatedUser": OTHER, "markPx": "1", "method": "market"}}, "order"),
        ({"dir": "Auto-Deleveraging"}, "adl"),
        ({"dir": "Settlement"}, "settlement"),
        ({"dir": "Long > Short"}, "order"),
    ],
)
def test_what_the_venue_traded_itself_is_told_apart(changes: dict[str, Any], origin: str) -> None:
    (told,) = read(PRIVATE.fills(PROD, KEYS, PERP, 0, STAMP_MS), wire([fill_row(**changes)]))
    assert isinstance(told, Fill)
    assert told.origin == origin


def all_fills(rows: list[dict[str, Any]], since_ms: int, *, newest: bool) -> tuple[list[str], int]:
    """Ids of all fills that are found, page by page, of a venue that cuts at either end; and how many pages it took."""
    call = PRIVATE.fills(PROD, KEYS, PERP, since_ms, STAMP_MS)
    ids: dict[str, None] = {}
    for pages in range(1, 60):
        span = asked(call.request)
        there = [row for row in rows if span["startTime"] <= row["time"] <= span.get("endTime", 1 << 60)]
        page = wire(there[-FILLS_PAGE:] if newest else there[:FILLS_PAGE])
        ids |= dict.fromkeys(fill.fill_id for fill in read(call, page) if isinstance(fill, Fill))
        if is_last(call, page):
            return list(ids), pages
        call = after(call, page)
    raise AssertionError("pages without end")


@pytest.mark.parametrize("newest", [True, False])
@pytest.mark.parametrize("many", [0, 1, FILLS_PAGE - 1, FILLS_PAGE, FILLS_PAGE + 1, 3 * FILLS_PAGE])
def test_all_fills_are_found_whichever_end_a_page_is_cut_at(newest: bool, many: int) -> None:
    rows = [fill_row(tid=n, time=STAMP_MS + n // 3) for n in range(many)]
    ids, pages = all_fills(rows, STAMP_MS, newest=newest)
    assert sorted(map(int, ids)) == list(range(many))
    assert pages <= 1 + 2 * (many // FILLS_PAGE + 1)


def test_a_page_that_is_full_of_one_moment_is_refused() -> None:
    rows = [fill_row(tid=n, time=STAMP_MS) for n in range(FILLS_PAGE)]
    with pytest.raises(ProtocolBroken, match="maybe not all"):
        all_fills(rows, STAMP_MS, newest=True)


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
