"""The private socket: login, acknowledgements, and what happens to the account."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import Ignored, Pong, Refused
from arbtui.core.model import Market
from arbtui.core.orders import Balance, Fill, OrderReport, OrderStatus, Position
from arbtui.venues.private import Expired, LoggedIn, LoginRefused, PrivateSession, SubscribedAll
from tests.venues.bitget.samples import (
    HAN,
    KEY,
    KEYS,
    LISTED,
    OURS,
    PASSPHRASE,
    PRIVATE,
    PROD,
    STAMP_MS,
    T_NS,
    coin,
    order_row,
    position_row,
    push,
    pushed_fill,
    pushed_position,
    pushed_wallet,
    unfilled,
)
from tests.venues.bitget_frames import wire

TOPICS = ("order", "fill", "position", "account")
LOGGED_IN = wire({"event": "login", "code": 0, "connId": "c-1"})
LOGGED_IN_TEXT = wire({"event": "login", "code": "0", "msg": ""})
ACKS = [wire({"event": "subscribe", "arg": {"instType": "UTA", "topic": t}, "connId": "c-1"}) for t in TOPICS]
BAD_LOGIN = wire({"event": "error", "code": 30005, "msg": "error", "connId": "c-1"})
BAD_LOGIN_QUOTED = wire({"event": "error", "code": 30015, "msg": f'{{"apiKey":"{KEY}","sign":"x"}} Invalid sign'})
BAD_LOGIN_ANSWER = wire({"event": "login", "code": "30011", "msg": "Invalid ACCESS_KEY"})
BAD_TOPIC = wire({"event": "error", "code": 30001, "msg": '{"instType":"UTA","topic":"fill"} does not exist'})
NEEDS_LOGIN = wire({"event": "error", "code": "30004", "msg": "User needs to log in"})


def fresh() -> PrivateSession:
    return PRIVATE.private_session(PRIVATE.user_streams(PROD)[0], KEYS, LISTED)


def up() -> PrivateSession:
    session = fresh()
    for frame in (LOGGED_IN, *ACKS):
        session.decode(frame, T_NS)
    return session


def told(frame: bytes, session: PrivateSession | None = None) -> Any:
    (event,) = (session or up()).decode(frame, T_NS)
    return event


# --- the connection ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [LOGGED_IN, LOGGED_IN_TEXT])
def test_a_login_comes_first_then_one_request_for_all_topics(answer: bytes) -> None:
    session = fresh()
    (login,) = session.greet(STAMP_MS)
    assert login.secret
    assert isinstance(told(answer, session), LoggedIn)
    (subscribe,) = session.logged_in(STAMP_MS)
    assert not subscribe.secret
    args = [{"instType": "UTA", "topic": topic} for topic in TOPICS]
    assert json.loads(subscribe.frame) == {"op": "subscribe", "args": args}


def test_only_the_last_of_all_acknowledgements_says_that_nothing_is_missed() -> None:
    session = fresh()
    session.decode(LOGGED_IN, T_NS)
    events = [told(ack, session) for ack in (ACKS[3], ACKS[0], ACKS[0], ACKS[2], ACKS[1])]
    assert [type(event) for event in events] == [Ignored, Ignored, Ignored, Ignored, SubscribedAll]
    assert isinstance(told(ACKS[0], session), Ignored)


def test_an_acknowledgement_before_the_login_is_none() -> None:
    session = fresh()
    assert all(isinstance(told(ack, session), Ignored) for ack in ACKS)


def test_an_acknowledgement_with_empty_code_is_one() -> None:
    session = fresh()
    session.decode(LOGGED_IN, T_NS)
    for topic in TOPICS:
        frame = {"event": "subscribe", "arg": {"instType": "UTA", "topic": topic}, "code": "", "msg": ""}
        event = told(wire(frame), session)
    assert isinstance(event, SubscribedAll)


@pytest.mark.parametrize(
    ("frame", "code"), [(BAD_LOGIN, "30005"), (BAD_LOGIN_QUOTED, "30015"), (BAD_LOGIN_ANSWER, "30011")]
)
def test_a_refused_login_is_told_in_the_venues_words_and_quotes_nothing(frame: bytes, code: str) -> None:
    event = told(frame, fresh())
    assert isinstance(event, LoginRefused)
    assert event.code == code
    assert KEY not in event.text


def test_a_login_that_is_answered_without_a_word_is_not_taken() -> None:
    for frame in ({"event": "login"}, {"event": "login", "code": None}):
        with pytest.raises(ProtocolBroken):
            fresh().decode(wire(frame), T_NS)


def test_a_subscription_that_is_refused_is_refused() -> None:
    event = told(BAD_TOPIC)
    assert isinstance(event, Refused)
    assert (event.code, "does not exist" in event.text) == ("30001", True)


def test_a_login_that_counts_no_more_ends_the_session() -> None:
    assert told(NEEDS_LOGIN) == Expired("User needs to log in")


def test_the_heartbeat_is_plain_text() -> None:
    assert fresh().ping(T_NS) == "ping"
    assert told(b"pong", fresh()) == Pong(T_NS)


def test_what_is_not_for_us_is_counted() -> None:
    assert told(push("strategy-order", {"a": 1})) == Ignored("other_topic")
    assert told(wire({"event": "unsubscribe", "arg": {"instType": "UTA", "topic": "fill"}})) == Ignored("other_answer")


@pytest.mark.parametrize("frame", [b"", b"{}", b"[]", b"ping", b"\xff", b'{"data":[]}', b'{"event":"","arg":{}}'])
def test_what_cannot_be_read_is_broken(frame: bytes) -> None:
    with pytest.raises(ProtocolBroken):
        up().decode(frame, T_NS)


def test_a_broken_answer_to_a_login_leaves_no_proof_in_the_error() -> None:
    with pytest.raises(ProtocolBroken) as broken:
        fresh().decode(b'{"event":3,"msg":"' + f'passphrase {PASSPHRASE} apiKey {KEY}"'.encode(), T_NS)
    assert PASSPHRASE not in str(broken.value)
    assert broken.value.sample == b""


# --- what happens -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "market"),
    [("usdt-futures", Market.PERP), ("USDC-FUTURES", Market.PERP), ("spot", Market.SPOT), ("SPOT", Market.SPOT)],
)
def test_orders_of_both_markets_come_on_one_topic(category: str, market: Market) -> None:
    event = told(push("order", unfilled(category=category, holdSide="net")))
    assert isinstance(event, OrderReport)
    assert (event.market, event.client_id, event.status, event.told) == (market, OURS, OrderStatus.OPEN, "push")


def test_one_push_may_hold_several_fills() -> None:
    events = up().decode(push("fill", pushed_fill(), pushed_fill(execId="2", execQty="0.01")), T_NS)
    assert [event.qty for event in events if isinstance(event, Fill)] == [Decimal("0.050"), Decimal("0.01")]
    assert all(isinstance(event, Fill) and event.t_ms == 1_700_000_000_103 for event in events)


def test_a_fill_in_something_not_listed_is_told() -> None:
    event = told(push("fill", pushed_fill(symbol="牛来USDT", feeDetail=[{"feeCoin": "", "fee": "1"}])))
    assert isinstance(event, Fill)
    assert (event.fee, event.fee_ccy) == (None, "")


def test_instruments_that_are_listed_later_are_known() -> None:
    listed = {Market.PERP: dict(LISTED[Market.PERP])}
    session = PRIVATE.private_session(PRIVATE.user_streams(PROD)[0], KEYS, listed)
    listed[Market.PERP][HAN.native] = HAN
    event = told(push("fill", pushed_fill(symbol="牛来USDT", feeDetail=[{"feeCoin": "", "fee": "1"}])), session)
    assert event.fee_ccy == "USDT"


def test_positions_tell_also_when_they_are_flat() -> None:
    gone = told(push("position", pushed_position()))
    assert isinstance(gone, Position)
    assert (gone.qty, gone.entry_price, gone.native) == (Decimal(0), None, "BTCUSDT")
    held = told(push("position", pushed_position(size="0.2", avgPrice="64000", liqPrice="70000", marginSize="1280")))
    assert (held.qty, held.entry_price, held.liquidation_price) == (Decimal("-0.2"), Decimal(64000), Decimal(70000))
    assert held.margin == Decimal(1280)


def test_the_wallet_tells_each_coin_it_names() -> None:
    events = up().decode(push("account", pushed_wallet(coin(), coin("BTC"))), T_NS)
    assert [event.asset for event in events if isinstance(event, Balance)] == ["USDT", "BTC"]
    assert all(isinstance(event, Balance) and event.t_ms == 1_700_000_007_000 for event in events)


@pytest.mark.parametrize(
    ("topic", "row"),
    [
        ("order", order_row(category="margin")),
        ("order", order_row(category="coin-futures")),
        ("fill", pushed_fill(category="MARGIN")),
        ("position", pushed_position(symbol="BTCUSD_CM", marginCoin="BTC")),
    ],
)
def test_other_products_are_left_out(topic: str, row: dict[str, Any]) -> None:
    assert told(push(topic, row)) == Ignored("other_product")


@pytest.mark.parametrize(
    "frame",
    [
        push("order", order_row(), order_row(side="")),
        push("fill", pushed_fill(), pushed_fill(execQty="0")),
        push("position", pushed_position(), pushed_position(size="")),
        push("position", position_row(holdMode="")),
        push("position", pushed_position(marginCoin="")),
        push("account", pushed_wallet(coin(), coin(balance=""))),
        push("account", pushed_wallet(coin=None)),
        wire({"arg": {"topic": "order"}, "data": {}}),
        wire({"arg": {"topic": "order"}}),
    ],
)
def test_one_row_that_cannot_be_read_spoils_its_push(frame: bytes) -> None:
    with pytest.raises(ProtocolBroken):
        up().decode(frame, T_NS)
