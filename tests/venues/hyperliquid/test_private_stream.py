"""Hyperliquid's socket about an account: acknowledgements, pushes, and how much an order filled when it ends."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import Ignored, Pong, Refused
from arbtui.core.model import Market
from arbtui.core.orders import Balance, Fill, FundingPaid, OrderReport, OrderStatus, Position
from arbtui.venues.hyperliquid.userstream import HyperliquidUserStream
from arbtui.venues.private import PrivateEvent, SubscribedAll
from tests.venues.hyperliquid.samples import (
    ID,
    KEY,
    KEYS,
    OID,
    OTHER,
    PRIVATE,
    PROD,
    STAMP_MS,
    T_NS,
    USER,
    acked,
    balance,
    fill_row,
    fills_push,
    funding_row,
    fundings_push,
    orders_push,
    position_row,
    spot_push,
    state_push,
    status_row,
)
from tests.venues.hyperliquid_frames import push, wire

KINDS = ("orderUpdates", "userFills", "userFundings", "clearinghouseState", "spotState")


def opened() -> HyperliquidUserStream:
    session = PRIVATE.private_session(PRIVATE.user_streams(PROD)[0], KEYS, {})
    assert isinstance(session, HyperliquidUserStream)
    session.greet(STAMP_MS)
    return session


def up() -> HyperliquidUserStream:
    session = opened()
    told = [session.decode(acked(kind), T_NS) for kind in KINDS]
    assert [type(event) for (event,) in told] == [Ignored] * 4 + [SubscribedAll]
    return session


def report(session: HyperliquidUserStream, frame: bytes) -> OrderReport:
    (told,) = session.decode(frame, T_NS)
    assert isinstance(told, OrderReport)
    return told


# --- the conversation -------------------------------------------------------------------------------------------------


def test_it_asks_for_everything_at_once_by_the_accounts_address() -> None:
    frames = [json.loads(frame.frame) for frame in opened().greet(STAMP_MS)]
    assert [frame["method"] for frame in frames] == ["subscribe"] * 5
    assert [frame["subscription"]["type"] for frame in frames] == list(KINDS)
    assert {frame["subscription"]["user"] for frame in frames} == {USER}
    assert frames[1]["subscription"]["aggregateByTime"] is False
    assert opened().logged_in(STAMP_MS) == []
    assert KEY[2:] not in str(frames)


def test_it_is_up_when_all_is_acknowledged_and_says_so_once() -> None:
    session = up()
    assert session.decode(acked("userFills"), T_NS) == (Ignored("part_of_ack"),)


def test_acknowledgements_may_come_in_any_order_and_case_with_defaults_filled_in() -> None:
    session = opened()
    for kind in reversed(KINDS[1:]):
        assert session.decode(acked(kind, USER.upper().replace("X", "x"), aggregateByTime=None), T_NS) == (
            Ignored("part_of_ack"),
        )
    (told,) = session.decode(acked(KINDS[0]), T_NS)
    assert isinstance(told, SubscribedAll)


def test_acknowledgements_of_somebody_else_or_of_an_end_are_none() -> None:
    session = opened()
    for kind in KINDS:
        assert session.decode(acked(kind, OTHER), T_NS) == (Ignored("other_ack"),)
        assert session.decode(acked(kind, method="unsubscribe"), T_NS) == (Ignored("other_ack"),)


@pytest.mark.parametrize("kind", ["orderUpdates", "userFills"])
def test_without_orders_or_fills_there_is_no_stream(kind: str) -> None:
    words = f'Error parsing JSON into valid websocket request: {{"type":"{kind}","user":"{USER}"}}'
    (told,) = opened().decode(push("error", words), T_NS)
    assert isinstance(told, Refused)
    assert kind in told.text


def test_without_the_others_it_goes_on() -> None:
    session = opened()
    for kind in KINDS[:2]:
        session.decode(acked(kind), T_NS)
    told: list[PrivateEvent] = []
    for kind in KINDS[2:]:
        words = f'Error parsing JSON into valid websocket request: {{"type":"{kind}","user":"{USER}"}}'
        told += session.decode(push("error", words), T_NS)
    assert [type(event) for event in told] == [Ignored, Ignored, SubscribedAll]


def test_to_be_subscribed_already_is_as_good_as_an_acknowledgement() -> None:
    session = opened()
    for kind in KINDS[:4]:
        words = "Already subscribed: " + json.dumps({"type": kind, "user": USER})
        assert session.decode(push("error", words), T_NS) == (Ignored("part_of_ack"),)
    assert isinstance(session.decode(acked(KINDS[4]), T_NS)[0], SubscribedAll)


@pytest.mark.parametrize("words", ["", "Cannot track more than 10 total users.", "Too many websocket subscriptions"])
def test_other_errors_refuse_the_stream_or_end_it_in_the_venues_words(words: str) -> None:
    (told,) = opened().decode(push("error", words), T_NS)
    assert isinstance(told, Refused)
    assert words in told.text
    with pytest.raises(ProtocolBroken) as broken:
        up().decode(push("error", words), T_NS)
    assert words in str(broken.value)


def test_greetings_pongs_and_other_channels_are_no_news() -> None:
    session = up()
    assert session.ping(T_NS) == '{"method":"ping"}'
    assert session.decode(wire({"channel": "pong"}), T_NS) == (Pong(T_NS),)
    assert session.decode(b"Websocket connection established.", T_NS) == (Ignored("greeting"),)
    assert session.decode(push("notification", {"notification": "x"}), T_NS) == (Ignored("other_channel"),)


def test_it_pings_before_the_venue_closes_a_quiet_socket() -> None:
    manners = PRIVATE.stream_manners(PRIVATE.user_streams(PROD)[0])
    assert manners.ping_every_s is not None
    assert manners.ping_every_s < manners.silence_s < 60
    with pytest.raises(ValueError, match="no key"):
        PRIVATE.key_call(PROD, KEYS, PRIVATE.user_streams(PROD)[0], renew=False, stamp_ms=STAMP_MS)


@pytest.mark.parametrize("frame", [b"", b"{}", b"null", b"[]", b'{"channel":"userFills"}', b"pong", b"\xff"])
def test_a_frame_that_is_none_is_broken_protocol(frame: bytes) -> None:
    with pytest.raises(ProtocolBroken):
        up().decode(frame, T_NS)


# --- orders and fills -------------------------------------------------------------------------------------------------


def test_an_order_is_told_as_it_opens() -> None:
    told = report(up(), orders_push(status_row()))
    assert (told.status, told.client_id, told.order_id, told.filled) == (OrderStatus.OPEN, ID, str(OID), None)
    assert (told.market, told.told, told.t_ms) == (Market.PERP, "push", STAMP_MS + 40)


def test_orders_of_other_exchanges_are_counted_and_left_out() -> None:
    assert up().decode(orders_push(status_row(coin="xyz:TSLA")), T_NS) == [Ignored("other_product")]


def test_fills_are_told_once_they_happen() -> None:
    (told,) = up().decode(fills_push(fill_row()), T_NS)
    assert isinstance(told, Fill)
    assert (told.told, told.client_id, told.qty) == ("push", ID, Decimal("0.05"))
    assert up().decode(fills_push(fill_row(coin="#14880")), T_NS) == [Ignored("other_product")]


def test_of_a_snapshot_only_what_is_recent_is_told() -> None:
    rows = [fill_row(tid=1, time=STAMP_MS - 600_001), fill_row(tid=2, time=STAMP_MS - 1000)]
    (told,) = up().decode(fills_push(*rows, isSnapshot=True), T_NS)
    assert isinstance(told, Fill)
    assert told.fill_id == "2"
    assert up().decode(fills_push(rows[0], isSnapshot=True), T_NS) == (Ignored("nothing_new"),)
    assert len(up().decode(fills_push(*rows), T_NS)) == 2


def test_the_fills_of_somebody_else_are_none() -> None:
    assert up().decode(fills_push(fill_row(), user=OTHER), T_NS) == (Ignored("other_user"),)


def test_a_canceled_order_filled_what_its_fills_and_what_is_left_agree_on() -> None:
    session = up()
    session.decode(fills_push(fill_row(), fill_row(tid=2, sz="0.025")), T_NS)
    session.decode(fills_push(fill_row()), T_NS)  # told again
    told = report(session, orders_push(status_row("canceled", sz="0.05")))
    assert (told.status, told.filled) == (OrderStatus.CANCELED, Decimal("0.075"))
    told = report(up(), orders_push(status_row("canceled")))
    assert (told.status, told.filled) == (OrderStatus.CANCELED, Decimal(0))


@pytest.mark.parametrize(("fills", "left"), [(1, "0.125"), (0, "0.075"), (2, "0.075")])
def test_where_the_two_disagree_the_end_is_told_and_not_how_much_filled(fills: int, left: str) -> None:
    session = up()
    for number in range(fills):
        session.decode(fills_push(fill_row(tid=number)), T_NS)
    told = report(session, orders_push(status_row("canceled", sz=left)))
    assert (told.status, told.filled) == (OrderStatus.CANCELED, None)


def test_fills_of_an_order_from_before_the_socket_are_not_all_known_to_it() -> None:
    told = report(up(), orders_push(status_row("canceled", timestamp=STAMP_MS - 1)))
    assert (told.status, told.filled) == (OrderStatus.CANCELED, None)


def test_a_filled_order_is_told_by_its_fills_and_never_guessed() -> None:
    session = up()
    done = orders_push(status_row("filled", sz="0.0"))
    assert session.decode(done, T_NS) == [Ignored("filled_untold")]
    session.decode(fills_push(fill_row()), T_NS)
    assert session.decode(done, T_NS) == [Ignored("filled_untold")]  # in part, as far as is known: what is left says no
    session.decode(fills_push(fill_row(tid=2, sz="0.075")), T_NS)
    told = report(session, done)
    assert (told.status, told.filled) == (OrderStatus.FILLED, Decimal("0.125"))


def test_an_immediate_order_that_filled_in_part_is_over() -> None:
    session = up()
    session.decode(fills_push(fill_row()), T_NS)
    told = report(session, orders_push(status_row("filled", sz="0.075")))
    assert (told.status, told.filled) == (OrderStatus.CANCELED, Decimal("0.05"))


def test_of_a_stop_without_a_size_the_end_is_told_alone() -> None:
    told = report(up(), orders_push(status_row("canceled", origSz="0.0", sz="0.0", cloid=None)))
    assert (told.status, told.qty, told.filled) == (OrderStatus.CANCELED, None, None)


def test_an_order_that_met_nobody_filled_nothing() -> None:
    told = report(up(), orders_push(status_row("iocCancelRejected")))
    assert (told.status, told.filled) == (OrderStatus.EXPIRED, Decimal(0))


def test_fills_of_the_last_thousands_of_orders_are_remembered_and_no_more() -> None:
    session = up()
    for number in range(5_001):
        session.decode(fills_push(fill_row(oid=number, tid=number)), T_NS)
    first, last = (report(session, orders_push(status_row("canceled", oid=n, sz="0.075"))) for n in (0, 5_000))
    assert (first.filled, last.filled) == (None, Decimal("0.05"))


def test_a_push_with_one_bad_row_tells_nothing_and_says_so() -> None:
    with pytest.raises(ProtocolBroken):
        up().decode(orders_push(status_row(), status_row(origSz="nan")), T_NS)
    with pytest.raises(ProtocolBroken):
        up().decode(fills_push(fill_row(), fill_row(px="0")), T_NS)


# --- positions, balances, funding -------------------------------------------------------------------------------------


def test_a_position_that_is_not_named_any_more_is_flat() -> None:
    session = up()
    session.decode(state_push(position_row(), position_row(coin="ETH", szi="2")), T_NS)
    told = session.decode(state_push(position_row(szi="0.1")), T_NS)
    assert [(p.native, p.qty, p.told) for p in told if isinstance(p, Position)] == [
        ("BTC", Decimal("0.1"), "push"),
        ("ETH", Decimal(0), "push"),
    ]
    assert len(session.decode(state_push(position_row()), T_NS)) == 1
    assert len(session.decode(state_push(), T_NS)) == 1
    assert session.decode(state_push(), T_NS) == (Ignored("nothing_new"),)


def test_positions_of_builders_exchanges_are_not_ours() -> None:
    assert up().decode(state_push(position_row(), dex="xyz"), T_NS) == (Ignored("other_user"),)
    assert up().decode(state_push(position_row(coin="xyz:TSLA")), T_NS) == (Ignored("nothing_new"),)


def test_the_spot_wallet_is_told_as_it_changes() -> None:
    (told,) = up().decode(spot_push(balance()), T_NS)
    assert isinstance(told, Balance)
    assert (told.wallet, told.asset, told.total, told.free) == ("spot", "USDC", Decimal("14.62"), Decimal("10.12"))
    assert up().decode(spot_push(), T_NS) == (Ignored("nothing_new"),)


def test_funding_by_push_and_by_question_is_one_payment() -> None:
    (told,) = up().decode(fundings_push(funding_row()), T_NS)
    (read,) = PRIVATE.funding_paid(PROD, KEYS, {}, 0, STAMP_MS).read(200, wire([funding_row()]), T_NS)
    assert told == read
    assert isinstance(told, FundingPaid)
    old = funding_row(time=STAMP_MS - 700_000)
    assert up().decode(fundings_push(old, isSnapshot=True), T_NS) == (Ignored("nothing_new"),)
