"""What is Bybit's own in the simulated private side: signatures, ids, lists in windows, words, topics."""

from __future__ import annotations

import hashlib
import hmac
from decimal import Decimal
from typing import Any

import orjson
import pytest

from arbtui.sim.accounts import Keys
from arbtui.sim.bybit import rules
from tests.sim.bybit_private_support import BTC, PRIVATE, TOPICS, TRADE, Trader

DAY_MS = 86_400_000


@pytest.fixture
def one() -> Trader:
    return Trader()


# -- who asks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "payload", "signature"),
    [
        (
            "GET",
            "/v5/order/realtime",
            "category=linear&settleCoin=USDT",
            "6feaafd6504322f48fbc52fb1b3aff426f131cfb23618d67582e2c0ea96c151a",
        ),
        (
            "POST",
            "/v5/order/create",
            (
                '{"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"0.001","price":"60000",'
                '"timeInForce":"IOC","positionIdx":0,"orderLinkId":"arbtui-0001"}'
            ),
            "24d94364de53202911de412c55e1eb1705291519cb656be66aafc5e88b0ab3e2",
        ),
    ],
)
def test_known_signatures_are_taken_at_their_time(
    one: Trader, method: str, path: str, payload: str, signature: str
) -> None:
    keys = Keys("arbtuiTestKey01", "arbtuiTestSecret01")
    main = one.desk.accounts["main"]
    main.keys = keys
    one.desk._by_key[keys.api_key] = main
    one.keys = keys
    one.t_ns = 1_700_000_000_000_000_000
    query, body = (payload, "") if method == "GET" else ("", payload)
    for sign, code in ((signature, 0), (signature[:-1] + "0", 10004)):
        answer = orjson.loads(one.send(method, path, query, body, X_BAPI_SIGN=sign).body)
        assert (answer["retCode"] == 10004) == (code == 10004)


@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        ("X_BAPI_API_KEY", "unknown", 10003),
        ("X_BAPI_API_KEY", "", 10001),
        ("X_BAPI_SIGN", "0" * 64, 10004),
        ("X_BAPI_SIGN", "", 10001),
        ("X_BAPI_TIMESTAMP", "now", 10002),
        ("X_BAPI_RECV_WINDOW", "-1", 10002),
    ],
)
def test_headers_that_are_wrong(one: Trader, header: str, value: str, code: int) -> None:
    assert orjson.loads(one.send("GET", "/v5/account/info", **{header: value}).body)["retCode"] == code


@pytest.mark.parametrize(
    ("off_ms", "window", "code"),
    [(-4999, "5000", 0), (-5001, "5000", 10002), (-9000, "10000", 0), (999, "5000", 0), (1000, "5000", 10002)],
)
def test_a_timestamp_is_good_within_its_window_and_a_second_ahead(
    one: Trader, off_ms: int, window: str, code: int
) -> None:
    stamp = str(one.t_ns // 1_000_000 + off_ms)
    text = f"{stamp}{one.keys.api_key}{window}"
    sign = hmac.new(one.keys.api_secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    headers = {"X_BAPI_TIMESTAMP": stamp, "X_BAPI_RECV_WINDOW": window, "X_BAPI_SIGN": sign}
    assert orjson.loads(one.send("GET", "/v5/account/info", **headers).body)["retCode"] == code


def test_a_get_with_a_body_is_forbidden(one: Trader) -> None:
    assert one.send("GET", "/v5/account/info", body="{}").status == 403


def test_keys_that_may_only_read_place_nothing(one: Trader) -> None:
    one.desk.accounts["main"].can_trade = False
    assert one.post("/v5/order/create", **one.perp("Buy", "0.010"))["retCode"] == 10005
    assert one.result("/v5/user/query-api")["readOnly"] == 1
    assert one.own()["orders"] == []


def test_orders_have_a_limit_a_second_and_answers_say_what_is_left(one: Trader) -> None:
    ask = orjson.dumps(one.perp("Sell", "0.001", "1")).decode()
    replies = [one.send("POST", "/v5/order/create", body=ask) for _ in range(11)]
    assert [r.headers["X-Bapi-Limit-Status"] for r in replies[:3]] == ["9", "8", "7"]
    assert {orjson.loads(r.body)["retCode"] for r in replies[:10]} == {110003}
    assert orjson.loads(replies[-1].body)["retCode"] == 10006
    one.t_ns += 10**9
    assert orjson.loads(one.send("POST", "/v5/order/create", body=ask).body)["retCode"] == 110003


# -- orders --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("market", "changed", "code"),
    [
        ("perp", {"symbol": "NOPEUSDT"}, 10001),
        ("perp", {"category": "inverse"}, 10001),
        ("perp", {"side": "buy"}, 10001),
        ("perp", {"orderType": "limit"}, 10001),
        ("perp", {"timeInForce": "GTX"}, 10001),
        ("perp", {"qty": 0.01}, 10001),
        ("perp", {"qty": "0.0105"}, 10001),
        ("perp", {"price": "{bid}5"}, 10001),
        ("perp", {"qty": "900"}, 110007),
        ("perp", {"price": "1", "side": "Sell"}, 110003),
        ("perp", {"positionIdx": 1}, 10001),
        ("perp", {"reduceOnly": True}, 110017),
        ("perp", {"orderLinkId": "with space"}, 10001),
        ("perp", {"orderLinkId": "x" * 37}, 10001),
        ("perp", {"triggerPrice": "5"}, 10001),
        ("spot", {"qty": "50"}, 170131),
        ("spot", {"qty": "0.00001"}, 170140),
        ("spot", {"qty": "0.0100001"}, 170137),
        ("spot", {"price": "{bid}05"}, 170134),
        ("spot", {"price": "1", "side": "Sell"}, 170194),
        ("spot", {"isLeverage": 1}, 10001),
    ],
)
def test_orders_are_refused_in_bybits_codes(one: Trader, market: str, changed: dict[str, Any], code: int) -> None:
    bid = one.book(market)["bids"][3][0]
    make = one.perp if market == "perp" else one.pair
    ask = {**make("Buy", "0.010", bid, "GTC"), **changed}
    ask = {k: v.replace("{bid}", bid) if isinstance(v, str) else v for k, v in ask.items()}
    assert one.post("/v5/order/create", **ask)["retCode"] == code
    assert all(o["status"] == "rejected" for o in one.own()["orders"])


def test_contracts_have_uuids_spot_has_numbers_and_both_lead_back(one: Trader) -> None:
    linear, spot = one.place(one.perp("Buy", "0.010")), one.place(one.pair("Buy", "500"))
    assert (len(linear), linear[14], spot.isdecimal()) == (36, "4", True)
    assert [o["id"] for o in one.own()["orders"]] == [linear, spot]
    assert one.one(orderId=linear)["orderId"] == linear
    assert one.one(category="spot", orderId=spot)["orderId"] == spot
    assert rules.order_number("perp", "0" * 8 + linear[8:]) is None
    assert one.read("/v5/order/realtime", orderId=spot) == []


@pytest.mark.parametrize(("market", "code"), [("perp", 110072), ("spot", 170141)])
def test_a_client_id_is_never_taken_twice(one: Trader, market: str, code: int) -> None:
    make, qty = (one.perp, "0.010") if market == "perp" else (one.pair, "500")
    one.place(make("Buy", qty, orderLinkId="a1"))
    assert one.post("/v5/order/create", **make("Buy", qty, orderLinkId="a1"))["retCode"] == code


@pytest.mark.parametrize(("market", "status"), [("perp", "Cancelled"), ("spot", "PartiallyFilledCanceled")])
def test_the_rest_of_an_immediate_order_is_canceled_with_what_it_filled(one: Trader, market: str, status: str) -> None:
    make = one.perp if market == "perp" else one.pair
    one.control.books.set_account({"venue": "bybit", "balances": {"unified": {"USDT": "1000000"}}})
    (price, size), (_, more) = one.book(market)["asks"][:2]
    category = "linear" if market == "perp" else "spot"
    order_id = one.place(make("Buy", str(Decimal(size) + Decimal(more)), price))
    row = one.one(category=category, orderId=order_id)
    assert (row["orderStatus"], Decimal(row["cumExecQty"])) == (status, Decimal(size))
    assert (float(row["leavesQty"]), row["rejectReason"]) == (0.0, "EC_NoImmediateQtyToFill")
    fee = sum((Decimal(f["fee"]) for f in one.own()["fills"]), Decimal(0))
    assert row["cumFeeDetail"] == {"USDT" if market == "perp" else "BTC": format(fee.normalize(), "f")}


def test_a_spot_market_buy_is_sized_in_quote_unless_told_otherwise(one: Trader) -> None:
    one.place(one.pair("Buy", "500"))
    one.place(one.pair("Buy", "0.010", marketUnit="baseCoin"))
    one.place(one.pair("Sell", "0.010"))
    spent, bought, sold = one.own()["fills"]
    assert 499 < Decimal(spent["price"]) * Decimal(spent["qty"]) <= 500
    assert Decimal(bought["qty"]) == Decimal(sold["qty"]) == Decimal("0.01")


def test_cancelling_what_is_not_open_tells_why(one: Trader) -> None:
    def code(**which: Any) -> int:
        return int(one.post("/v5/order/cancel", **{"category": "linear", "symbol": BTC, **which})["retCode"])

    bid = one.book()["bids"][4][0]
    filled = one.place(one.perp("Buy", "0.010"))
    assert code(orderId="nope") == code(orderId=filled) == 110001
    resting = one.place(one.perp("Buy", "0.010", bid, "GTC", orderLinkId="r1"))
    assert (code(orderLinkId="r1"), code(orderId=resting)) == (0, 110010)
    done = one.place(one.pair("Buy", "500"))
    assert code(category="spot", orderId=done) == 170139
    assert code(category="spot", orderLinkId="nobody") == 170213
    assert code() == 10001


def test_all_of_a_kind_are_canceled_at_once(one: Trader) -> None:
    bids = one.book()["bids"]
    made = [one.place(one.perp("Buy", "0.010", bids[n][0], "GTC")) for n in (3, 4)]
    result = one.post("/v5/order/cancel-all", category="linear", settleCoin="USDT")["result"]
    assert [row["orderId"] for row in result["list"]] == made
    assert one.read("/v5/order/realtime", settleCoin="USDT") == []
    assert one.post("/v5/order/cancel-all", category="linear")["retCode"] == 10001


# -- lists ---------------------------------------------------------------------------------------------------------


def test_lists_go_from_new_to_old_a_page_at_a_time(one: Trader) -> None:
    made = []
    for _ in range(5):
        made.append(one.place(one.perp("Buy", "0.010")))
        one.t_ns += 10**9
    for path, field in (("/v5/order/history", "orderId"), ("/v5/execution/list", "orderId")):
        seen, cursor = [], ""
        for _ in range(3):
            result = one.result(path, category="linear", limit=2, **({"cursor": cursor} if cursor else {}))
            seen += [row[field] for row in result["list"]]
            cursor = result["nextPageCursor"]
        assert (seen, cursor) == (made[::-1], "")


def test_a_window_is_seven_days_wide_at_most_and_reaches_from_the_end_that_is_given(one: Trader) -> None:
    first = one.place(one.perp("Buy", "0.010"))
    then = one.t_ns // 1_000_000
    one.t_ns += 8 * DAY_MS * 1_000_000
    second = one.place(one.perp("Buy", "0.010"))
    now = one.t_ns // 1_000_000

    def seen(path: str, **window: int) -> list[str]:
        return [row["orderId"] for row in one.read(path, **window)]

    for path in ("/v5/order/history", "/v5/execution/list"):
        assert seen(path) == [second]
        assert seen(path, startTime=then) == [first]
        assert seen(path, endTime=now) == [second]
        assert seen(path, startTime=then, endTime=then + 7 * DAY_MS) == [first]
        assert one.ask(path, category="linear", startTime=then, endTime=now)["retCode"] == 10001
    assert [row["orderId"] for row in one.read("/v5/execution/list", orderId=first)] == [first]


def test_done_orders_are_in_the_open_list_only_where_asked_for(one: Trader) -> None:
    done = one.place(one.perp("Buy", "0.010"))
    assert one.ask("/v5/order/realtime", category="linear")["retCode"] == 10001
    assert one.read("/v5/order/realtime", symbol=BTC) == []
    assert [o["orderId"] for o in one.read("/v5/order/realtime", symbol=BTC, openOnly=1)] == [done]
    assert one.read("/v5/order/realtime", category="inverse", symbol="BTCUSD") == []


# -- accounts ------------------------------------------------------------------------------------------------------


def test_a_flat_position_is_told_where_its_symbol_is_asked_for(one: Trader) -> None:
    (flat,) = one.read("/v5/position/list", symbol=BTC)
    assert (flat["side"], float(flat["size"]), flat["leverage"], flat["positionIdx"]) == ("", 0.0, "10", 0)
    assert one.read("/v5/position/list", settleCoin="USDT") == []
    one.place(one.perp("Sell", "0.010"))
    (held,) = one.read("/v5/position/list", settleCoin="USDT")
    (true,) = one.own()["positions"]
    assert (held["side"], held["size"]) == ("Sell", "0.010")
    assert Decimal(held["avgPrice"]) == Decimal(true["entry"])
    assert one.ask("/v5/position/list", category="linear")["retCode"] == 10001


def test_leverage_is_set_for_both_sides_and_no_change_is_said(one: Trader) -> None:
    def set_to(buy: str, sell: str) -> int:
        ask = {"category": "linear", "symbol": BTC, "buyLeverage": buy, "sellLeverage": sell}
        return int(one.post("/v5/position/set-leverage", **ask)["retCode"])

    assert [set_to("5", "5"), set_to("5.00", "5"), set_to("5", "6"), set_to("200", "200")] == [0, 110043, 10001, 110013]
    assert one.read("/v5/position/list", symbol=BTC)[0]["leverage"] == "5"


def test_two_sided_accounts_name_the_side(one: Trader) -> None:
    def switch(mode: int, coin: str = "USDT") -> int:
        return int(one.post("/v5/position/switch-mode", category="linear", coin=coin, mode=mode)["retCode"])

    assert [switch(0), switch(3, "USDC"), switch(3)] == [110025, 110029, 0]
    assert one.post("/v5/order/create", **one.perp("Buy", "0.010"))["retCode"] == 10001
    one.place(one.perp("Buy", "0.010", positionIdx=1))
    one.place(one.perp("Sell", "0.020", positionIdx=2))
    rows = {p["positionIdx"]: (p["side"], p["size"]) for p in one.read("/v5/position/list", symbol=BTC)}
    assert rows == {1: ("Buy", "0.010"), 2: ("Sell", "0.020")}
    assert switch(0) == 110024


def test_funding_is_in_the_log_and_in_the_executions_with_opposite_signs(one: Trader) -> None:
    one.place(one.perp("Buy", "0.010"))
    one.control.books.settle({"venue": "bybit", "symbol": BTC})
    (paid,) = one.own()["funding"]
    (logged,) = one.read("/v5/account/transaction-log", currency="USDT", type="SETTLEMENT")
    (row,) = one.read("/v5/execution/list", execType="Funding")
    assert Decimal(logged["funding"]) == Decimal(logged["change"]) == Decimal(paid["amount"]) != 0
    assert Decimal(row["execFee"]) == -Decimal(paid["amount"])
    assert len(one.read("/v5/execution/list", execType="Trade")) == len(one.own()["fills"])
    assert one.read("/v5/account/transaction-log", currency="USDC") == []


def test_coins_that_orders_hold_are_locked_and_still_there(one: Trader) -> None:
    ask = one.book("spot")["asks"][9][0]
    one.place(one.pair("Sell", "0.25", ask, "GTC"))
    (wallet,) = one.result("/v5/account/wallet-balance", accountType="UNIFIED", coin="BTC")["list"]
    (coin,) = wallet["coin"]
    assert (coin["walletBalance"], coin["locked"]) == ("1", "0.25")
    assert one.ask("/v5/account/wallet-balance", accountType="SPOT")["retCode"] == 10001


def test_fees_are_those_of_the_account(one: Trader) -> None:
    (fee,) = one.read("/v5/account/fee-rate", symbol=BTC)
    assert (fee["takerFeeRate"], fee["makerFeeRate"]) == ("0.00055", "0.0002")
    assert len(one.read("/v5/account/fee-rate", category="spot")) > 3


# -- the private socket --------------------------------------------------------------------------------------------


def test_a_login_is_signed_and_has_a_time_at_which_it_expires(one: Trader) -> None:
    now_ms = one.t_ns // 1_000_000
    for expires, good in ((now_ms + 1, True), (str(now_ms + 1), True), (now_ms, False), ("soon", False)):
        _, wire = one.login(expires=expires)
        (answer,) = wire.take()
        assert answer["success"] is good
        assert ("op" in answer) is good
        assert "req_id" not in answer
    session, wire = one.connect(PRIVATE, "bybit")
    one.say(session, req_id="7", op="auth", args=[one.keys.api_key, now_ms + 5000, "0" * 64])
    (answer,) = wire.take()
    assert (answer["success"], answer["request"]["op"]) == (False, "auth")


def test_topics_need_a_login_and_are_acknowledged_with_the_id_that_was_sent(one: Trader) -> None:
    session, wire = one.connect(PRIVATE, "bybit")
    one.say(session, op="subscribe", args=["order"])
    assert wire.take()[0]["success"] is False
    session, wire = one.login()
    one.say(session, req_id=5, op="subscribe", args=list(TOPICS))
    assert [(f["success"], f["op"], f.get("req_id")) for f in wire.take()] == [
        (True, "auth", None),
        (True, "subscribe", "5"),
    ]
    one.say(session, op="subscribe", args=["wallet", "nonsense"])
    (answer,) = wire.take()
    assert answer["success"] is False
    assert "partially failed" in answer["ret_msg"]


def test_an_order_is_told_with_its_executions_its_position_and_the_wallet(one: Trader) -> None:
    _, wire = one.listen()
    (_, size), (price, more) = one.book()["asks"][:2]
    order_id = one.place(one.perp("Buy", str(Decimal(size) + Decimal(more)), price))
    frames = wire.take()
    statuses = [f["data"][0]["orderStatus"] for f in frames if f["topic"] == "order"]
    assert statuses == ["New", "PartiallyFilled", "Filled"]
    fills = [f["data"][0] for f in frames if f["topic"] == "execution"]
    true = one.own()
    assert [(f["execId"], f["orderId"], f["execFee"]) for f in fills] == [
        (t["id"], order_id, format(Decimal(t["fee"]).normalize(), "f")) for t in true["fills"]
    ]
    position = [f["data"][0] for f in frames if f["topic"] == "position"][-1]
    assert (position["size"], Decimal(position["entryPrice"])) == (
        true["positions"][0]["qty"],
        Decimal(true["positions"][0]["entry"]),
    )
    wallet = [f["data"][0]["coin"][0] for f in frames if f["topic"] == "wallet"][-1]
    assert (wallet["coin"], Decimal(wallet["walletBalance"])) == ("USDT", Decimal(true["balances"]["USDT"]))


def test_topics_of_a_category_tell_of_that_alone(one: Trader) -> None:
    _, wire = one.listen("order.spot", "execution.spot")
    one.place(one.perp("Buy", "0.010"))
    assert wire.take() == []
    one.place(one.pair("Buy", "500"))
    frames = wire.take()
    assert {f["topic"] for f in frames} == {"order.spot", "execution.spot"}
    (fill,) = [f["data"][0] for f in frames if f["topic"] == "execution.spot"]
    assert fill["feeCurrency"] == "BTC"


def test_pings_are_answered_and_silence_ends_the_socket(one: Trader) -> None:
    session, wire = one.connect(f"{PRIVATE}?max_active_time=30s", "bybit")
    one.say(session, req_id="p", op="ping")
    (pong,) = wire.take()
    assert (pong["op"], pong["req_id"], pong["args"]) == ("pong", "p", [str(one.t_ns // 1_000_000)])
    for _ in range(3):
        one.t_ns += 31 * 10**9
        session.on_second(one.t_ns)
    assert wire.dropped


# -- the trade socket ----------------------------------------------------------------------------------------------


def test_orders_over_the_trade_socket_are_orders(one: Trader) -> None:
    session, wire = one.login(TRADE)
    (answer,) = wire.take()
    assert (answer["retCode"], answer["op"], "connId" in answer) == (0, "auth", True)
    stamp = one.t_ns // 1_000_000
    header = {"X-BAPI-TIMESTAMP": stamp, "X-BAPI-RECV-WINDOW": "8000"}
    bid = one.book()["bids"][4][0]

    def say(req_id: str, op: str, ask: dict[str, Any], **head: Any) -> Any:
        one.say(session, reqId=req_id, header={**header, **head}, op=op, args=[ask])
        (told,) = wire.take()
        assert told["reqId"] == req_id
        return told

    made = say("r1", "order.create", one.perp("Buy", "0.010", bid, "GTC", orderLinkId="a1"))
    (order,) = one.own()["orders"]
    assert (made["retCode"], made["data"]) == (0, {"orderId": order["id"], "orderLinkId": "a1"})
    assert made["header"]["X-Bapi-Limit-Status"] == "9"
    which = {"category": "linear", "symbol": BTC, "orderLinkId": "a1"}
    assert say("r1", "order.cancel", which)["retCode"] == 20006
    assert say("r2", "order.cancel", which, **{"X-BAPI-TIMESTAMP": str(stamp - 9000)})["retCode"] == 10002
    assert say("r3", "order.cancel", which)["retCode"] == 0
    assert say("r4", "order.cancel", which)["retCode"] == 110010
    assert say("r5", "order.nothing", which)["retCode"] == 10404
    assert one.own()["orders"][0]["status"] == "canceled"


def test_the_trade_socket_wants_one_login_and_answers_pings(one: Trader) -> None:
    session, wire = one.connect(TRADE, "bybit")
    header = {"X-BAPI-TIMESTAMP": str(one.t_ns // 1_000_000)}
    one.say(session, header=header, op="order.create", args=[one.perp("Buy", "0.010")])
    (told,) = wire.take()
    assert (told["retCode"], "reqId" in told, "connId" in told) == (10003, False, False)
    one.say(session, op="ping")
    (pong,) = wire.take()
    assert (pong["op"], pong["data"]) == ("pong", [str(one.t_ns // 1_000_000)])
    session, wire = one.login(TRADE)
    one.say(session, op="auth", args=[])
    assert [f["retCode"] for f in wire.take()] == [0, 20001]
    assert one.own()["orders"] == []


def test_a_lost_answer_on_the_trade_socket_ends_it(one: Trader) -> None:
    session, wire = one.login(TRADE)
    wire.take()
    one.fault("ack_lost_delivered", "bybit", count=1)
    header = {"X-BAPI-TIMESTAMP": str(one.t_ns // 1_000_000)}
    one.say(session, reqId="1", header=header, op="order.create", args=[one.perp("Buy", "0.010")])
    one.run(100)
    assert (wire.take(), wire.dropped, one.own()["orders"][0]["status"]) == ([], True, "filled")


def test_requests_are_kept_without_secrets(one: Trader) -> None:
    one.place(one.perp("Buy", "0.010"))
    kept = orjson.dumps(one.own()["requests"])
    assert one.keys.api_secret.encode() not in kept
    assert one.keys.api_key.encode() not in kept
    assert one.own()["requests"]["counts"] == {"POST /v5/order/create": 1}
