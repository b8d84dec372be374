"""The private socket: login, acknowledgement, and what happens to the account."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import Ignored, Pong, Refused
from arbtui.core.model import Market
from arbtui.core.orders import Balance, Fill, FundingPaid, OrderReport, OrderStatus, Position
from arbtui.venues.private import Expired, LoggedIn, LoginRefused, PrivateSession, SubscribedAll
from tests.venues.bybit.samples import (
    KEY,
    KEYS,
    LISTED,
    OURS,
    PRIVATE,
    PROD,
    SECRET,
    STAMP_MS,
    T_NS,
    coin,
    execution_row,
    flat,
    funding_row,
    order_row,
    position_row,
    push,
    wallet,
)
from tests.venues.bybit_frames import wire

CONN = {"conn_id": "cejreaspqfh3sjdnldmg-p"}
LOGGED_IN = wire({"req_id": "login", "success": True, "ret_msg": "", "op": "auth", **CONN})
LOGGED_IN_BARE = wire({"success": True, "ret_msg": "", "op": "auth", **CONN})
SUBSCRIBED = wire({"req_id": "subscribe", "success": True, "ret_msg": "", "op": "subscribe", **CONN})
PONG = wire({"req_id": "ping", "op": "pong", "args": ["1675418560633"], **CONN})
LOGIN_QUOTED = wire(
    {"success": False, "ret_msg": "error:USVC1111", **CONN,
     "request": {"op": "auth", "args": [KEY, "1700000010000", "e103db79"]}}
)  # fmt: skip
PARTLY = wire(
    {"success": False, "ret_msg": "Batch subscription partially succeeded and partially failed...[wallet]",
     "op": "subscribe", **CONN}
)  # fmt: skip
NOT_AUTHORISED = wire({"success": False, "ret_msg": "Request not authorized", "op": "subscribe", **CONN})


def fresh() -> PrivateSession:
    return PRIVATE.private_session(PRIVATE.user_streams(PROD)[0], KEYS, LISTED)


def up() -> PrivateSession:
    session = fresh()
    session.decode(LOGGED_IN, T_NS)
    session.decode(SUBSCRIBED, T_NS)
    return session


def of(topic: str, *data: dict[str, Any], category: str = "linear") -> bytes:
    return push(topic, *({"category": category} | row for row in data))


# --- the connection ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [LOGGED_IN, LOGGED_IN_BARE])
def test_a_login_comes_first_then_one_request_for_all_topics(answer: bytes) -> None:
    session = fresh()
    (login,) = session.greet(STAMP_MS)
    assert login.secret
    assert json.loads(login.frame)["op"] == "auth"
    (event,) = session.decode(answer, T_NS)
    assert isinstance(event, LoggedIn)
    (subscribe,) = session.logged_in(STAMP_MS)
    assert not subscribe.secret
    assert json.loads(subscribe.frame)["args"] == ["order", "execution", "position", "wallet"]
    (event,) = session.decode(SUBSCRIBED, T_NS)
    assert isinstance(event, SubscribedAll)


def test_a_refused_login_is_told_in_the_venues_words_and_quotes_nothing() -> None:
    (event,) = fresh().decode(LOGIN_QUOTED, T_NS)
    assert event == LoginRefused("USVC1111", "error:USVC1111")
    assert KEY not in repr(event)
    (event,) = fresh().decode(wire({"success": False, "ret_msg": "error sign", "op": "auth"}), T_NS)
    assert event == LoginRefused("without a code", "error sign")


def test_before_the_login_every_refusal_is_about_it() -> None:
    (event,) = fresh().decode(PARTLY, T_NS)
    assert isinstance(event, LoginRefused)


def test_a_subscription_that_is_refused_in_part_is_refused() -> None:
    (event,) = up().decode(PARTLY, T_NS)
    assert isinstance(event, Refused)
    assert "wallet" in event.text


def test_a_login_that_counts_no_more_ends_the_session() -> None:
    (event,) = up().decode(NOT_AUTHORISED, T_NS)
    assert isinstance(event, Expired)


def test_an_acknowledgement_before_the_login_is_none() -> None:
    (event,) = fresh().decode(SUBSCRIBED, T_NS)
    assert isinstance(event, Ignored)


def test_pings_are_answered_in_either_way() -> None:
    session = up()
    ping = session.ping(T_NS)
    assert isinstance(ping, str)
    assert json.loads(ping)["op"] == "ping"
    public = wire({"success": True, "ret_msg": "pong", "op": "ping", **CONN})
    for answer in (PONG, public):
        assert session.decode(answer, T_NS) == (Pong(T_NS),)


def test_what_is_not_for_us_is_counted() -> None:
    for frame in (push("greeks", {"baseCoin": "BTC"}), wire({"op": "unsubscribe", "success": True})):
        (event,) = up().decode(frame, T_NS)
        assert isinstance(event, Ignored)


@pytest.mark.parametrize("frame", [b"", b"{}", b"pong", b"[]", b'{"topic":"order"}', b'{"topic":"order","data":{}}'])
def test_what_cannot_be_read_is_broken(frame: bytes) -> None:
    with pytest.raises(ProtocolBroken):
        up().decode(frame, T_NS)


def test_a_broken_answer_to_a_login_leaves_no_proof_in_the_error() -> None:
    for frame in (LOGIN_QUOTED[:-1], LOGIN_QUOTED.replace(b'"success":false', b'"success":7')):
        with pytest.raises(ProtocolBroken) as broken:
            fresh().decode(frame, T_NS)
        shown = str(broken.value).encode() + broken.value.sample
        assert KEY.encode() not in shown
        assert SECRET.encode() not in shown


# --- the account ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("category", "market"), [("linear", Market.PERP), ("spot", Market.SPOT)])
def test_orders_of_both_markets_come_on_one_topic(category: str, market: Market) -> None:
    (event,) = up().decode(of("order", order_row(), category=category), T_NS)
    assert isinstance(event, OrderReport)
    assert (event.market, event.client_id, event.status, event.filled, event.told) == (
        market, OURS, OrderStatus.CANCELED, Decimal("0.050"), "push",
    )  # fmt: skip


def test_one_push_may_hold_several_fills() -> None:
    frame = of("execution", execution_row(execId="e1"), execution_row(execId="e2", feeCurrency="USDT"))
    events = up().decode(frame, T_NS)
    assert [event.fill_id for event in events if isinstance(event, Fill)] == ["e1", "e2"]
    assert all(isinstance(event, Fill) and event.fee_ccy == "USDT" and event.told == "push" for event in events)


def test_a_fill_of_spot_is_paid_for_in_base() -> None:
    (event,) = up().decode(of("execution", execution_row(execFee="0.00005"), category="spot"), T_NS)
    assert isinstance(event, Fill)
    assert (event.market, event.fee, event.fee_ccy) == (Market.SPOT, Decimal("0.00005"), "BTC")


def test_a_fill_in_something_not_listed_is_told_with_its_fee_unknown() -> None:
    (event,) = up().decode(of("execution", execution_row(symbol="NEWUSDT")), T_NS)
    assert isinstance(event, Fill)
    assert (event.native, event.fee, event.fee_ccy) == ("NEWUSDT", None, "")


def test_instruments_that_are_listed_later_are_known() -> None:
    listed: dict[Market, dict[str, Any]] = {Market.PERP: {}, Market.SPOT: {}}
    session = PRIVATE.private_session(PRIVATE.user_streams(PROD)[0], KEYS, listed)
    listed[Market.PERP].update(LISTED[Market.PERP])
    (event,) = session.decode(of("execution", execution_row()), T_NS)
    assert isinstance(event, Fill)
    assert event.fee_ccy == "USDT"


def test_funding_that_is_pushed_is_no_fill() -> None:
    (event,) = up().decode(of("execution", funding_row()), T_NS)
    assert isinstance(event, FundingPaid)
    assert event.amount == Decimal("-0.32")


def test_positions_come_with_another_name_for_the_entry_and_tell_when_they_are_flat() -> None:
    row = position_row(entryPrice="63999.5")
    del row["avgPrice"]
    held, flat_now = up().decode(of("position", row, flat(symbol="BTCPERP")), T_NS)
    assert isinstance(held, Position)
    assert isinstance(flat_now, Position)
    assert (held.qty, held.entry_price, held.told) == (Decimal("-0.050"), Decimal("63999.5"), "push")
    assert (flat_now.native, flat_now.qty, flat_now.adl_rank) == ("BTCPERP", Decimal(0), None)


def test_the_wallet_tells_each_coin_it_names() -> None:
    events = up().decode(push("wallet", wallet(coin(), coin("BTC", walletBalance="0.5", equity="0.5"))), T_NS)
    assert [(event.asset, event.t_ms) for event in events if isinstance(event, Balance)] == [
        ("USDT", 1700000007000), ("BTC", 1700000007000),
    ]  # fmt: skip
    (other,) = up().decode(push("wallet", wallet(coin(), accountType="CONTRACT")), T_NS)
    assert isinstance(other, Ignored)


@pytest.mark.parametrize(
    ("topic", "row"), [("order", order_row()), ("execution", execution_row()), ("position", position_row())]
)
def test_other_products_are_left_out(topic: str, row: dict[str, Any]) -> None:
    for category in ("inverse", "option", "", "Linear"):
        (event,) = up().decode(of(topic, row, category=category), T_NS)
        assert event == Ignored("other_product")


@pytest.mark.parametrize(
    "frame",
    [
        of("order", order_row(), order_row(orderId="")),
        of("execution", execution_row(), execution_row(execType="Gift")),
        of("position", position_row(size="x")),
        push("wallet", wallet(coin(), coin(walletBalance="x"))),
    ],
)
def test_one_row_that_cannot_be_read_spoils_its_push(frame: bytes) -> None:
    with pytest.raises(ProtocolBroken):
        up().decode(frame, T_NS)
