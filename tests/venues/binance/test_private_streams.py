"""The user data streams: how they open, and what their frames say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from arbtui.core.errors import OutcomeUnknown, ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.events import Closing, Ignored, Refused
from arbtui.core.model import Market
from arbtui.core.orders import Balance, Fill, LeverageRead, OrderReport, OrderStatus, Position, Side
from arbtui.venues.base import Environment
from arbtui.venues.private import Expired, LoginRefused, PrivateEvent, StreamKey, SubscribedAll
from tests.venues.binance.private_samples import (
    ACCOUNT_UPDATE,
    EXECUTION,
    KEY_EXPIRED,
    KEYS,
    LEVERAGE_UPDATE,
    ORDER_UPDATE,
    OURS,
    PRIVATE,
    PROD,
    SPOT_BALANCES,
    STAMP_MS,
    T_NS,
    TRADE_LITE,
    body,
    error,
    subscribed,
    wrapped,
)

USDM, SPOT = PRIVATE.user_streams(PROD)


def usdm(frame: Any) -> Sequence[PrivateEvent]:
    session = PRIVATE.private_session(USDM, KEYS, {})
    return session.decode(frame if isinstance(frame, bytes) else body(frame), T_NS)


def spot(frame: Any) -> Sequence[PrivateEvent]:
    return PRIVATE.private_session(SPOT, KEYS, {}).decode(frame, T_NS)


def updated(**fields: Any) -> dict[str, Any]:
    """ORDER_TRADE_UPDATE with fields of its order replaced; None removes one."""
    row = {name: value for name, value in (ORDER_UPDATE["o"] | fields).items() if value is not None}
    return ORDER_UPDATE | {"o": row}


# --- how they open


def test_the_two_streams_together_cover_both_products() -> None:
    assert (USDM.markets, USDM.needs_key) == ((Market.PERP,), True)
    assert (SPOT.markets, SPOT.needs_key) == ((Market.SPOT,), False)
    assert USDM.renew_every_s is not None
    assert USDM.renew_every_s <= 1800


def test_the_listen_key_is_asked_for_and_put_into_the_address() -> None:
    call = PRIVATE.key_call(PROD, KEYS, USDM, renew=False, stamp_ms=STAMP_MS)
    assert (call.request.method, call.request.url) == ("POST", "https://fapi.binance.com/fapi/v1/listenKey")
    key = call.read(200, body({"listenKey": "pqia91ma"}))
    assert PRIVATE.stream_url(PROD, USDM, key) == "wss://fstream.binance.com/private/ws?listenKey=pqia91ma"
    assert "pqia91ma" not in repr(key)


@pytest.mark.parametrize("answer", [b'{"listenKey":"pqia91ma"}', b"{}"])
def test_a_listen_key_is_renewed_whether_or_not_it_is_told_again(answer: bytes) -> None:
    call = PRIVATE.key_call(PROD, KEYS, USDM, renew=True, stamp_ms=STAMP_MS)
    assert call.request.method == "PUT"
    assert call.read(200, answer).key in ("pqia91ma", "")


def test_a_listen_key_that_has_ended_cannot_be_renewed() -> None:
    with pytest.raises(VenueRefused) as refused:
        PRIVATE.key_call(PROD, KEYS, USDM, renew=True, stamp_ms=STAMP_MS).read(
            400, error(-1125, "This listenKey does not exist.")
        )
    assert refused.value.code == "-1125"
    assert refused.value.reason is not RefusalReason.NOT_AUTHORISED  # the account's key is sound


@pytest.mark.parametrize(
    ("status", "answer", "raised"),
    [
        (200, b"{}", ProtocolBroken),
        (200, b'{"listenKey":5}', ProtocolBroken),
        (200, b'{"listenKey":"half', ProtocolBroken),
        (503, b"", OutcomeUnknown),
        (403, b"<html>", OutcomeUnknown),
        (401, error(-2015, "Invalid API-key"), VenueRefused),
        (418, error(-1003, f"IP banned until {STAMP_MS}."), VenueRefused),
    ],
)
def test_no_listen_key_is_an_error_that_shows_none(status: int, answer: bytes, raised: type[Exception]) -> None:
    with pytest.raises(raised) as caught:
        PRIVATE.key_call(PROD, KEYS, USDM, renew=False, stamp_ms=STAMP_MS).read(status, answer)
    assert not getattr(caught.value, "sample", b"")
    assert "half" not in str(caught.value)


def test_spot_needs_no_key_and_usdm_does() -> None:
    with pytest.raises(ValueError):
        PRIVATE.key_call(PROD, KEYS, SPOT, renew=False, stamp_ms=STAMP_MS)
    for key in (None, StreamKey("")):
        with pytest.raises(ValueError):
            PRIVATE.stream_url(PROD, USDM, key)
    assert PRIVATE.stream_url(PROD, SPOT, None) == "wss://ws-api.binance.com:443/ws-api/v3"


def test_every_environment_has_hosts_of_its_own() -> None:
    for stream in (USDM, SPOT):
        assert len({PRIVATE.stream_url(env, stream, StreamKey("k")) for env in Environment}) == len(Environment)


def test_a_heartbeat_proves_a_line_on_which_nothing_may_come_for_hours() -> None:
    for stream in (USDM, SPOT):
        manners = PRIVATE.stream_manners(stream)
        assert manners.ping_every_s is not None
        assert manners.ping_every_s < manners.silence_s
        assert manners.lifetime_s is not None
        assert manners.lifetime_s < 24 * 3600
        assert PRIVATE.private_session(stream, KEYS, {}).ping(T_NS) is None


def test_usdm_asks_nothing_since_its_address_says_all() -> None:
    assert PRIVATE.private_session(USDM, KEYS, {}).greet(STAMP_MS) == []


def test_usdm_says_of_other_answers_what_they_are() -> None:
    assert usdm({"result": None, "id": 77}) == (Ignored("ack"),)
    told = (Refused((), "2", "Invalid request", T_NS),)
    assert usdm({"error": {"code": 2, "msg": "Invalid request"}}) == told
    assert usdm({"code": 2, "msg": "Invalid request"}) == told


def test_spot_subscribes_by_a_signed_request_that_is_kept_secret() -> None:
    (frame,) = PRIVATE.private_session(SPOT, KEYS, {}).greet(STAMP_MS)
    assert json.loads(frame.frame) == {
        "id": "1",
        "method": "userDataStream.subscribe.signature",
        "params": {
            "apiKey": "arbtui-demo-key",
            "timestamp": STAMP_MS,
            "signature": "4365fff89d22997d448a5ca7c82604053c96dc07b9a59343b379c369656bc198",
        },
    }
    assert frame.secret
    assert "arbtui-demo-key" not in repr(frame)
    assert spot(subscribed()) == (SubscribedAll(),)


def test_a_refused_subscription_says_why() -> None:
    answer = {"id": "1", "status": 401, "error": {"code": -2015, "msg": "Invalid API-key, IP, or permissions."}}
    assert spot(body(answer)) == (LoginRefused("-2015", "Invalid API-key, IP, or permissions."),)


@pytest.mark.parametrize(
    "answer", [subscribed(status=500), subscribed(result=None), subscribed(result={}), subscribed(status="200")]
)
def test_a_subscription_that_is_none_is_not_taken_for_one(answer: bytes) -> None:
    with pytest.raises(ProtocolBroken):
        spot(answer)


def test_errors_of_no_request_of_ours_are_told() -> None:
    frame = body({"id": None, "status": 400, "error": {"code": -1003, "msg": "Too many requests."}})
    assert spot(frame) == (Refused((), "-1003", "Too many requests.", T_NS),)


# --- USD-M


def test_a_traded_order_is_a_fill_and_a_report() -> None:
    fill, report = usdm(ORDER_UPDATE)
    assert fill == Fill(
        venue="binance",
        market=Market.PERP,
        native="BTCUSDT",
        fill_id="12345678",
        order_id="8886774",
        client_id=OURS,
        side=Side.BUY,
        price=Decimal("7100.50"),
        qty=Decimal("0.001"),
        told="push",
        t_ns=T_NS,
        t_ms=1568879465651,
        fee=Decimal("0.01000000"),
        fee_ccy="USDT",
        maker=False,
    )
    assert report == OrderReport(
        venue="binance",
        market=Market.PERP,
        native="BTCUSDT",
        client_id=OURS,
        order_id="8886774",
        side=Side.BUY,
        status=OrderStatus.FILLED,
        status_text="FILLED",
        told="push",
        t_ns=T_NS,
        t_ms=1568879465651,
        qty=Decimal("0.001"),
        price=Decimal("7100.50"),
        filled=Decimal("0.001"),
        avg_price=Decimal("7100.50"),
        reduce_only=False,
    )


def test_an_order_that_only_changes_its_state_is_no_fill() -> None:
    for kind, word, status in (
        ("NEW", "NEW", OrderStatus.OPEN),
        ("EXPIRED", "EXPIRED", OrderStatus.EXPIRED),
        ("CANCELED", "CANCELED", OrderStatus.CANCELED),
        ("SURPRISE", "SURPRISE", OrderStatus.UNKNOWN),
    ):
        (report,) = usdm(updated(x=kind, X=word, l="0", z="0.0004", t=0, L="0", n=None, N=None))
        assert isinstance(report, OrderReport)
        assert (report.status, report.status_text, report.filled) == (status, word, Decimal("0.0004"))


def test_no_commission_told_with_a_trade_is_none_charged() -> None:
    fill, _ = usdm(updated(n=None, N=None))
    assert isinstance(fill, Fill)
    assert (fill.fee, fill.fee_ccy) == (Decimal(0), "")


def test_a_rebate_is_a_negative_fee() -> None:
    fill, _ = usdm(updated(n="-0.002", N="USDT", m=True))
    assert isinstance(fill, Fill)
    assert (fill.fee, fill.maker) == (Decimal("-0.002"), True)


def test_trade_lite_is_the_same_fill_without_its_fee() -> None:
    (lite,) = usdm(TRADE_LITE)
    full, _ = usdm(ORDER_UPDATE)
    assert isinstance(lite, Fill)
    assert isinstance(full, Fill)
    assert lite.fee is None
    same = ("market", "native", "fill_id", "order_id", "client_id", "side", "price", "qty", "maker", "t_ms")
    assert all(getattr(lite, name) == getattr(full, name) for name in same)


@pytest.mark.parametrize(
    ("client_id", "origin"),
    [
        ("autoclose-1596107620040000020", "liquidation"),
        ("adl_autoclose", "adl"),
        ("settlement_autoclose-9", "settlement"),
    ],
)
def test_what_the_venue_itself_closes_is_told_as_that(client_id: str, origin: str) -> None:
    events = usdm(updated(c=client_id, x="CALCULATED"))
    for event in events:
        assert isinstance(event, Fill | OrderReport)
        assert (event.origin, event.client_id) == (origin, "")
    assert len(events) == 2


def test_a_closing_without_a_trade_id_is_in_the_report_alone() -> None:
    (report,) = usdm(updated(c="adl_autoclose", x="CALCULATED", t=0))
    assert isinstance(report, OrderReport)
    assert (report.origin, report.filled) == ("adl", Decimal("0.001"))


def test_ids_that_cannot_be_ours_are_nobodys() -> None:
    for foreign in ("web_1234", "ios_9876", "a" * 21, "x-Cb7ytekJabc", ""):
        for event in usdm(updated(c=foreign)):
            assert isinstance(event, Fill | OrderReport)
            assert event.client_id == ""


def test_balances_and_positions_are_told_as_they_change() -> None:
    balance, short, flat = usdm(ACCOUNT_UPDATE)
    assert balance == Balance(
        venue="binance",
        wallet="usdm",
        asset="USDT",
        total=Decimal("122624.12"),
        free=None,
        t_ns=T_NS,
        t_ms=1564745798938,
    )
    assert isinstance(short, Position)
    assert (short.native, short.qty, short.entry_price, short.held) == (
        "BTCUSDT",
        Decimal(-20),
        Decimal("6563.6"),
        "net",
    )
    assert isinstance(flat, Position)
    assert (flat.native, flat.qty, flat.entry_price) == ("ETHUSDT", Decimal(0), None)


def test_two_sided_positions_say_their_side() -> None:
    rows = [
        {"s": "BTCUSDT", "pa": "1", "ep": "2", "ps": "LONG"},
        {"s": "BTCUSDT", "pa": "-1", "ep": "2", "ps": "SHORT"},
    ]
    events = usdm(ACCOUNT_UPDATE | {"a": {"m": "ADL", "B": [], "P": rows}})
    assert [event.held for event in events if isinstance(event, Position)] == ["long", "short"]


def test_a_funding_payment_changes_the_balance_alone() -> None:
    (balance,) = usdm(ACCOUNT_UPDATE | {"a": {"m": "FUNDING_FEE", "B": [{"a": "USDT", "wb": "10.5", "bc": "-0.1"}]}})
    assert isinstance(balance, Balance)
    assert balance.total == Decimal("10.5")


def test_changed_leverage_is_told() -> None:
    (told,) = usdm(LEVERAGE_UPDATE)
    assert isinstance(told, LeverageRead)
    assert (told.native, told.leverage, told.margin_mode) == ("BTCUSDT", Decimal(25), None)
    assert usdm({"e": "ACCOUNT_CONFIG_UPDATE", "ai": {"j": True}}) == (Ignored("account_config"),)


def test_frames_wrapped_with_their_stream_say_the_same() -> None:
    frame = b'{"stream":"pqia91ma","data":' + body(ORDER_UPDATE) + b"}"
    assert usdm(frame) == usdm(ORDER_UPDATE)


def test_an_ended_key_ends_the_stream() -> None:
    (event,) = usdm(KEY_EXPIRED)
    assert isinstance(event, Expired)
    assert KEY_EXPIRED["listenKey"] not in event.text


def test_events_that_are_not_for_us_are_counted_by_words_of_ours() -> None:
    assert usdm({"e": "MARGIN_CALL", "p": []}) == (Ignored("margin_call"),)
    assert usdm({"e": "SOMETHING_NEW"}) == (Ignored("unknown_event"),)
    assert usdm(LEVERAGE_UPDATE | {"fs": "CM"}) == (Ignored("other_product"),)
    assert usdm(TRADE_LITE | {"t": 0}) == (Ignored("fill_without_id"),)


def test_an_announced_shutdown_is_told() -> None:
    assert usdm({"e": "serverShutdown", "E": 1}) == (Closing("serverShutdown", T_NS),)
    assert spot(body({"e": "serverShutdown", "E": 1})) == (Closing("serverShutdown", T_NS),)


@pytest.mark.parametrize(
    "frame",
    [
        updated(z="lots"),
        updated(z=None),
        updated(L="0"),
        updated(l="-1"),
        updated(S="HOLD"),
        updated(i="8886774"),
        updated(t=2**64),
        ORDER_UPDATE | {"o": None},
        TRADE_LITE | {"l": "0"},
        ACCOUNT_UPDATE | {"a": {"B": [{"a": "USDT"}]}},
        ACCOUNT_UPDATE | {"a": {"P": [{"s": "BTCUSDT", "pa": "nan"}]}},
        [],
        "text",
    ],
)
def test_a_push_that_cannot_be_read_is_broken_and_not_guessed(frame: Any) -> None:
    with pytest.raises(ProtocolBroken):
        usdm(frame)


# --- spot


def test_an_execution_is_a_fill_and_a_report() -> None:
    fill, report = spot(wrapped(EXECUTION))
    assert fill == Fill(
        venue="binance",
        market=Market.SPOT,
        native="ETHBTC",
        fill_id="77",
        order_id="4293153",
        client_id=OURS,
        side=Side.BUY,
        price=Decimal("0.10264400"),
        qty=Decimal("1.00000000"),
        told="push",
        t_ns=T_NS,
        t_ms=1499405658657,
        fee=Decimal("0.00100000"),
        fee_ccy="ETH",
        maker=False,
    )
    assert isinstance(report, OrderReport)
    assert (report.status, report.filled, report.avg_price) == (OrderStatus.FILLED, Decimal(1), Decimal("0.10264400"))


def test_a_canceled_order_is_named_by_its_own_id() -> None:
    cancel = {"x": "CANCELED", "X": "CANCELED", "c": "cancel77", "C": OURS, "l": "0.00000000", "t": -1, "z": "0.25"}
    (report,) = spot(wrapped(EXECUTION | cancel | {"n": "0", "N": None}))
    assert isinstance(report, OrderReport)
    assert (report.client_id, report.status, report.filled) == (OURS, OrderStatus.CANCELED, Decimal("0.25"))


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("NONE", None),
        ("INSUFFICIENT_BALANCES", RefusalReason.INSUFFICIENT),
        ("WOULD_MATCH_IMMEDIATELY", RefusalReason.WOULD_TAKE),
        ("WHO_KNOWS", RefusalReason.OTHER),
    ],
)
def test_an_order_rejected_afterwards_says_why(word: str, reason: RefusalReason | None) -> None:
    rejected = {"x": "REJECTED", "X": "REJECTED", "r": word, "l": "0", "z": "0", "t": -1, "Z": "0"}
    (report,) = spot(wrapped(EXECUTION | rejected))
    assert isinstance(report, OrderReport)
    assert (report.status, report.reason) == (OrderStatus.REJECTED, reason)


def test_the_first_trade_of_a_pair_has_id_zero_and_is_a_fill() -> None:
    fill, _ = spot(wrapped(EXECUTION | {"t": 0}))
    assert isinstance(fill, Fill)
    assert fill.fill_id == "0"


def test_spot_balances_are_told_as_they_change() -> None:
    assert spot(wrapped(SPOT_BALANCES)) == [
        Balance(
            venue="binance",
            wallet="spot",
            asset="ETH",
            total=Decimal("10000.500000"),
            free=Decimal("10000.000000"),
            t_ns=T_NS,
            t_ms=1564034571073,
        )
    ]


def test_a_terminated_stream_has_ended() -> None:
    (event,) = spot(wrapped({"e": "eventStreamTerminated", "E": 1728973001334}))
    assert isinstance(event, Expired)


def test_spot_events_that_are_not_for_us_are_counted_by_words_of_ours() -> None:
    assert spot(wrapped({"e": "balanceUpdate", "a": "BTC", "d": "1"})) == (Ignored("balance_update"),)
    assert spot(wrapped({"e": "listStatus"})) == (Ignored("list_status"),)
    assert spot(wrapped({"e": "brandNew"})) == (Ignored("unknown_event"),)


@pytest.mark.parametrize(
    "event",
    [
        EXECUTION | {"z": "x"},
        EXECUTION | {"L": "0"},
        EXECUTION | {"S": ""},
        EXECUTION | {"i": -5},
        SPOT_BALANCES | {"B": [{"a": "ETH", "f": "-1", "l": "0"}]},
        {"E": 5},
    ],
)
def test_a_spot_push_that_cannot_be_read_is_broken_and_not_guessed(event: dict[str, Any]) -> None:
    with pytest.raises(ProtocolBroken):
        spot(wrapped(event))
