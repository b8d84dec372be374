"""The private socket: login, acknowledgements, and what happens to the account."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from arbtui.core.errors import ProtocolBroken, RefusalReason
from arbtui.core.events import Closing, Ignored, Pong, Refused
from arbtui.core.model import Market
from arbtui.core.orders import Balance, OrderReport, OrderStatus, Position
from arbtui.venues.private import Expired, LoggedIn, LoginRefused, PrivateSession, SubscribedAll
from tests.venues.okx.samples import (
    KEYS,
    PRIVATE,
    PROD,
    STAMP_MS,
    T_NS,
    balance_row,
    detail,
    order_row,
    position_row,
    push,
    spot_order_row,
    unfilled,
)
from tests.venues.okx_frames import wire

LOGGED_IN = wire({"event": "login", "code": "0", "msg": "", "connId": "a4d3ae55"})


def fresh() -> PrivateSession:
    return PRIVATE.private_session(PRIVATE.user_streams(PROD)[0], KEYS, {})


def up() -> PrivateSession:
    session = fresh()
    session.decode(LOGGED_IN, T_NS)
    return session


def error(code: str, msg: str = "words") -> bytes:
    return wire({"event": "error", "code": code, "msg": msg, "connId": "a4d3ae55"})


def subscribed(channel: str, **arg: str) -> bytes:
    return wire({"id": "1", "event": "subscribe", "arg": {"channel": channel, **arg}, "connId": "a"})


def orders(*rows: dict[str, Any]) -> bytes:
    return push("orders", *rows, instType="ANY")


def positions(*rows: dict[str, Any]) -> bytes:
    return push("positions", *rows, instType="ANY")


# --- the conversation -------------------------------------------------------------------------------------------------


def test_after_the_login_all_private_channels_are_asked_for_at_once() -> None:
    session = fresh()
    (event,) = session.decode(LOGGED_IN, T_NS)
    assert isinstance(event, LoggedIn)
    (frame,) = session.logged_in(STAMP_MS)
    assert not frame.secret
    assert json.loads(frame.frame)["args"] == [
        {"channel": "orders", "instType": "ANY"},
        {"channel": "positions", "instType": "ANY"},
        {"channel": "account"},
    ]


def test_nothing_is_missed_from_the_last_acknowledgement_on() -> None:
    session = up()
    assert session.decode(subscribed("orders", instType="ANY"), T_NS) == (Ignored("part_of_ack"),)
    assert session.decode(subscribed("orders", instType="ANY"), T_NS) == (Ignored("other_ack"),)
    session.decode(positions(position_row()), T_NS)  # data may come before its acknowledgement
    assert session.decode(subscribed("account"), T_NS) == (Ignored("part_of_ack"),)
    (event,) = session.decode(subscribed("positions", instType="ANY"), T_NS)
    assert isinstance(event, SubscribedAll)


@pytest.mark.parametrize("code", ["60005", "60006", "60007", "60009", "60024", "60032", "63999"])
def test_a_refused_login_says_so_in_the_venues_words(code: str) -> None:
    assert fresh().decode(error(code, "Login failed."), T_NS) == (LoginRefused(code, "Login failed."),)
    assert up().decode(error(code, "Login failed."), T_NS) == (LoginRefused(code, "Login failed."),)


def test_before_the_login_is_taken_every_error_is_about_it() -> None:
    assert fresh().decode(error("60012"), T_NS) == (LoginRefused("60012", "words"),)
    failed = wire({"event": "login", "code": "60009", "msg": "Login failed."})
    assert fresh().decode(failed, T_NS) == (LoginRefused("60009", "Login failed."),)


def test_a_session_that_ended_has_to_be_opened_anew() -> None:
    assert up().decode(error("60011", "Please log in"), T_NS) == (Expired("Please log in"),)


def test_a_refused_channel_is_told() -> None:
    assert up().decode(error("60018"), T_NS) == (Refused((), "60018", "words", T_NS),)
    full = wire({"event": "channel-conn-count-error", "channel": "orders", "connCount": "30", "connId": "a"})
    (event,) = up().decode(full, T_NS)
    assert isinstance(event, Refused)
    assert "orders" in event.text
    counted = wire({"event": "channel-conn-count", "channel": "orders", "connCount": "2", "connId": "a"})
    assert up().decode(counted, T_NS) == (Ignored("connection_count"),)


def test_an_upgrade_is_announced_and_other_notices_are_not_upgrades() -> None:
    said = "The connection will soon be closed for a service upgrade. Please reconnect."
    notice = wire({"event": "notice", "code": "64008", "msg": said, "connId": "a"})
    assert up().decode(notice, T_NS) == (Closing(said, T_NS),)
    assert up().decode(wire({"event": "notice", "code": "1", "msg": ""}), T_NS) == (Ignored("other_event"),)


def test_pings_are_four_letters() -> None:
    session = up()
    assert session.ping(T_NS) == "ping"
    assert session.decode(b"pong", T_NS) == (Pong(T_NS),)
    manners = PRIVATE.stream_manners(PRIVATE.user_streams(PROD)[0])
    assert manners.ping_every_s is not None
    assert manners.ping_every_s < 30.0


# --- orders -----------------------------------------------------------------------------------------------------------


def test_a_push_tells_the_cumulative_quantity_and_no_fill_since_it_may_stand_for_several() -> None:
    (report,) = up().decode(orders(order_row()), T_NS)
    assert isinstance(report, OrderReport)
    assert (report.status, report.filled, report.told) == (OrderStatus.OPEN, Decimal(1), "push")
    (report,) = up().decode(orders(spot_order_row(state="filled", accFillSz="3")), T_NS)
    assert isinstance(report, OrderReport)
    assert (report.market, report.status, report.filled) == (Market.SPOT, OrderStatus.FILLED, Decimal(3))


@pytest.mark.parametrize("size", ["", "0"])
def test_an_order_that_did_not_fill_tells_nothing_filled(size: str) -> None:
    (report,) = up().decode(orders(unfilled(fillSz=size)), T_NS)
    assert isinstance(report, OrderReport)
    assert (report.status, report.filled, report.avg_price) == (OrderStatus.OPEN, Decimal(0), None)


def test_a_post_only_order_that_would_cross_looks_accepted_first_and_ends_as_rejected() -> None:
    session = up()
    (report,) = session.decode(orders(unfilled(ordType="post_only")), T_NS)
    assert isinstance(report, OrderReport)
    assert report.status is OrderStatus.OPEN
    (report,) = session.decode(orders(unfilled(ordType="post_only", state="canceled", cancelSource="31")), T_NS)
    assert isinstance(report, OrderReport)
    assert (report.status, report.reason) == (OrderStatus.REJECTED, RefusalReason.WOULD_TAKE)


def test_the_rest_of_an_order_that_filled_in_part_is_canceled_and_its_fill_stays() -> None:
    (report,) = up().decode(orders(order_row(state="canceled", cancelSource="14", fillSz="0", tradeId="")), T_NS)
    assert isinstance(report, OrderReport)
    assert (report.status, report.filled, report.reason) == (OrderStatus.CANCELED, Decimal(1), None)


@pytest.mark.parametrize(("category", "origin"), [("adl", "adl"), ("full_liquidation", "liquidation")])
def test_what_the_venue_traded_itself_is_reported_and_its_fills_are_left_to_the_list(
    category: str, origin: str
) -> None:
    for trade in ("0", "-5"):
        (report,) = up().decode(orders(order_row(category=category, clOrdId="", tradeId=trade)), T_NS)
        assert isinstance(report, OrderReport)
        assert (report.origin, report.client_id) == (origin, "")


def test_a_state_that_nobody_knows_is_unknown_and_not_guessed() -> None:
    (report,) = up().decode(orders(unfilled(state="canceling")), T_NS)
    assert isinstance(report, OrderReport)
    assert (report.status, report.status_text) == (OrderStatus.UNKNOWN, "canceling")
    assert not report.status.terminal


def test_orders_of_other_products_are_counted_and_left_out() -> None:
    assert up().decode(orders(order_row(instType="OPTION")), T_NS) == [Ignored("other_product")]


def test_an_order_on_something_unlisted_is_still_told() -> None:
    (report,) = up().decode(orders(unfilled(instId="NEW-USDT-SWAP", clOrdId="")), T_NS)
    assert isinstance(report, OrderReport)
    assert report.native == "NEW-USDT-SWAP"


def test_a_push_with_one_bad_row_tells_nothing_and_says_so() -> None:
    with pytest.raises(ProtocolBroken):
        up().decode(orders(order_row(), order_row(accFillSz="nan")), T_NS)


# --- positions and balances -------------------------------------------------------------------------------------------


def test_a_closed_position_is_told_as_flat() -> None:
    session = up()
    session.decode(positions(position_row()), T_NS)
    (event,) = session.decode(positions(position_row(pos="0", avgPx="", uTime="1746947317999")), T_NS)
    assert isinstance(event, Position)
    assert (event.qty, event.told, event.entry_price) == (Decimal(0), "push", None)


def test_an_older_row_of_a_position_does_not_undo_a_newer_one() -> None:
    session = up()
    session.decode(positions(position_row(pos="5", uTime="1746947317999")), T_NS)
    assert session.decode(positions(position_row(pos="2")), T_NS) == (Ignored("nothing_new"),)
    (event,) = session.decode(positions(position_row(pos="5", markPx="64011", uTime="1746947317999")), T_NS)
    assert isinstance(event, Position)
    assert (event.qty, event.mark) == (Decimal(5), Decimal(64011))


def test_a_change_of_one_part_tells_the_whole_position() -> None:
    session = up()
    session.decode(positions(position_row(), position_row(posId="9", mgnMode="isolated", pos="5")), T_NS)
    (event,) = session.decode(positions(position_row(pos="-4", uTime="1746947318000")), T_NS)
    assert isinstance(event, Position)
    assert event.qty == 1


def test_balances_are_told_as_they_change() -> None:
    usdt, btc = up().decode(push("account", balance_row(detail(), detail("BTC", cashBal="-0.5"))), T_NS)
    assert isinstance(usdt, Balance)
    assert isinstance(btc, Balance)
    assert (usdt.asset, usdt.total, btc.total) == ("USDT", Decimal("10000.25"), Decimal("-0.5"))


def test_other_channels_are_counted() -> None:
    assert up().decode(push("balance_and_position"), T_NS) == (Ignored("other_channel"),)


@pytest.mark.parametrize("frame", [b"", b"{}", b"null", b"[]", b'{"arg":{"channel":"orders"}}', b'{"op":"order"}'])
def test_a_frame_that_is_none_is_broken_protocol(frame: bytes) -> None:
    with pytest.raises(ProtocolBroken):
        up().decode(frame, T_NS)
