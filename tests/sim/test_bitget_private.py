"""What is Bitget's own in the simulated private side: signatures, the kinds of accounts, lists, words, topics."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
import pytest

from arbtui.sim.accounts import Keys
from tests.sim.bitget_private_support import BTC, CLASSIC, UNIFIED, Trader

DAY_MS = 86_400_000
ORDER = "/api/v3/trade/place-order"
SETTINGS = "/api/v3/account/settings"


@pytest.fixture
def one() -> Trader:
    return Trader()


# -- who asks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "payload", "signature"),
    [
        (
            "GET",
            "/api/v2/mix/position/all-position",
            "marginCoin=USDT&productType=USDT-FUTURES",
            "1mg14Qi5qOD9IZo4m7Qi1464VoxXGJ085Igu/ts/568=",
        ),
        (
            "POST",
            ORDER,
            (
                '{"category":"USDT-FUTURES","symbol":"BTCUSDT","side":"buy","orderType":"limit","qty":"0.001",'
                '"price":"60000","timeInForce":"ioc","clientOid":"arbtui-0001"}'
            ),
            "tgq+vSCU3JSf5WLHUp+X2Y1RtnBSe2SVe0UT5Usa61s=",
        ),
    ],
)
def test_known_signatures_are_taken_at_their_time(
    one: Trader, method: str, path: str, payload: str, signature: str
) -> None:
    known(one, "classic" if path.startswith("/api/v2") else "main")
    query, body = (payload, "") if method == "GET" else ("", payload)
    for sign, wrong in ((signature, False), ("A" + signature[1:], True)):
        answer = orjson.loads(one.send(method, path, query, body, ACCESS_SIGN=sign).body)
        assert (answer["code"] == "40009") is wrong


def test_the_known_signature_of_a_login_is_taken(one: Trader) -> None:
    known(one, "main")
    signature = "yAIvsuitHd6ktn1qBsaj5Ru4P6clZLheqjVMXBeD1wA="
    _, wire = one.login(timestamp="1700000000", sign=signature)
    (answer,) = wire.take()
    assert (answer["event"], answer["code"], "connId" in answer) == ("login", 0, True)


def known(one: Trader, account: str) -> None:
    """Give the account the keys of the published examples, at their time."""
    keys = Keys("arbtuiTestKey01", "arbtuiTestSecret01", "arbtuiPass01")
    one.desk.accounts[account].keys = one.keys = keys
    one.desk._by_key[keys.api_key] = one.desk.accounts[account]
    one.t_ns = 1_700_000_000_000_000_000


@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        ("ACCESS_KEY", "unknown", "40006"),
        ("ACCESS_KEY", "", "40001"),
        ("ACCESS_SIGN", "A" * 44, "40009"),
        ("ACCESS_SIGN", "", "40003"),
        ("ACCESS_TIMESTAMP", "", "40005"),
        ("ACCESS_TIMESTAMP", "now", "40005"),
        ("ACCESS_TIMESTAMP", "1700000000000", "40008"),
        ("ACCESS_PASSPHRASE", "another", "40012"),
        ("ACCESS_PASSPHRASE", "", "40011"),
    ],
)
def test_headers_that_are_wrong(one: Trader, header: str, value: str, code: str) -> None:
    reply = one.send("GET", SETTINGS, **{header: value})
    assert (reply.status, orjson.loads(reply.body)["code"]) == (400, code)


@pytest.mark.parametrize(
    ("off_ms", "code"), [(-30_000, "00000"), (-30_001, "40008"), (30_000, "00000"), (30_001, "40008")]
)
def test_a_timestamp_may_be_thirty_seconds_off(one: Trader, off_ms: int, code: str) -> None:
    stamp = str(one.t_ns // 1_000_000 + off_ms)
    reply = one.send("GET", SETTINGS, ACCESS_TIMESTAMP=stamp, ACCESS_SIGN=one.sign(f"{stamp}GET{SETTINGS}"))
    assert orjson.loads(reply.body)["code"] == code


def test_a_clock_that_is_off_refuses_what_is_in_time(one: Trader) -> None:
    one.fault("clock_skew", "bitget", value=31_000)
    assert one.ask(SETTINGS)["code"] == "40008"
    _, wire = one.login()
    assert wire.take()[0]["code"] == 30014


def test_the_query_is_signed_as_plain_text(one: Trader) -> None:
    stamp, path = str(one.t_ns // 1_000_000), "/api/v3/trade/unfilled-orders"
    for text, code in (("symbol=牛来USDT", "00000"), ("symbol=%E7%89%9B%E6%9D%A5USDT", "40009")):
        sign = one.sign(f"{stamp}GET{path}?{text}")
        reply = one.send("GET", path, "symbol=%E7%89%9B%E6%9D%A5USDT", ACCESS_SIGN=sign)
        assert orjson.loads(reply.body)["code"] == code


def test_each_kind_of_account_is_told_that_the_other_dialect_is_not_its_own() -> None:
    classic = Trader("classic")
    assert classic.ask(SETTINGS)["code"] == "40084"
    assert Trader().ask("/api/v2/mix/account/accounts", productType="USDT-FUTURES")["code"] == "40085"
    for trader, url in ((classic, UNIFIED), (Trader(), CLASSIC)):
        _, wire = trader.login(url)
        assert [frame["code"] for frame in wire.take()] == [30005]


def test_keys_that_may_only_read_place_nothing(one: Trader) -> None:
    one.desk.accounts["main"].can_trade = False
    assert one.try_place(one.perp("buy", "0.01")) == "40014"
    assert one.data("/api/v3/account/info")["permType"] == "read-only"
    assert one.own()["orders"] == []


def test_orders_have_a_limit_a_second(one: Trader) -> None:
    ask = orjson.dumps(one.perp("sell", "0.001", "1")).decode()
    replies = [one.send("POST", ORDER, body=ask) for _ in range(11)]
    assert {orjson.loads(r.body)["code"] for r in replies[:10]} == {"25205"}
    assert (replies[-1].status, orjson.loads(replies[-1].body)["code"]) == (429, "429")
    one.t_ns += 10**9
    assert orjson.loads(one.send("POST", ORDER, body=ask).body)["code"] == "25205"


# -- orders --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("market", "changed", "code"),
    [
        ("perp", {"symbol": "NOPEUSDT"}, "25100"),
        ("perp", {"symbol": ""}, "40019"),
        ("perp", {"category": "COIN-FUTURES", "symbol": "BTCUSD"}, "25002"),
        ("perp", {"category": "STOCKS"}, "25200"),
        ("perp", {"side": "Buy"}, "25200"),
        ("perp", {"orderType": "Limit"}, "25200"),
        ("perp", {"timeInForce": "gtx"}, "25200"),
        ("perp", {"qty": 0.01}, "25200"),
        ("perp", {"qty": "0.01005"}, "25610"),
        ("perp", {"qty": "0.00001"}, "25207"),
        ("perp", {"qty": "99.0001"}, "25208"),
        ("perp", {"price": "{bid}5"}, "25244"),
        ("perp", {"price": "1"}, "45110"),
        ("perp", {"qty": "98"}, "25203"),
        ("perp", {"orderType": "market", "qty": "19.0001"}, "25208"),
        ("perp", {"price": "200000"}, "25206"),
        ("perp", {"price": "1", "side": "sell"}, "25205"),
        ("perp", {"posSide": "long"}, "25236"),
        ("perp", {"holdSide": "long"}, "25236"),
        ("perp", {"reduceOnly": "yes"}, "25227"),
        ("perp", {"reduceOnly": "true"}, "25200"),
        ("perp", {"clientOid": "with space"}, "25200"),
        ("perp", {"clientOid": "x" * 33}, "25200"),
        ("perp", {"stopLoss": "5"}, "25002"),
        ("perp", {"marginMode": "isolated"}, "25002"),
        ("perp", {"symbol": "PAUSEUSDT", "price": "1.9", "qty": "10"}, "25102"),
        ("perp", {"symbol": "OLDUSDT", "price": "0.0118", "qty": "1000"}, "25105"),
        ("perp", {"symbol": "NEXTUSDT", "price": "1", "qty": "10"}, "25103"),
        ("spot", {"qty": "50"}, "25202"),
        ("spot", {"qty": "0.00001"}, "45110"),
        ("spot", {"qty": "0.0100001"}, "25610"),
        ("spot", {"price": "{bid}5"}, "25244"),
        ("spot", {"price": "1", "side": "sell"}, "25205"),
    ],
)
def test_orders_are_refused_in_bitgets_codes(one: Trader, market: str, changed: dict[str, Any], code: str) -> None:
    bid = one.book(market)["bids"][3][0]
    make = one.perp if market == "perp" else one.pair
    ask = {**make("buy", "0.01", bid, "gtc"), **changed}
    ask = {k: v.replace("{bid}", f"{Decimal(bid):.2f}") if isinstance(v, str) else v for k, v in ask.items()}
    assert one.try_place(ask) == code
    assert all(o["status"] == "rejected" for o in one.own()["orders"])


def test_a_client_id_is_never_taken_twice(one: Trader) -> None:
    one.place(one.perp("buy", "0.01", clientOid="a1"))
    assert one.try_place(one.perp("buy", "0.01", clientOid="a1")) == "25212"


def test_an_order_without_a_client_id_is_given_one(one: Trader) -> None:
    order_id = one.place(one.perp("buy", "0.01"))
    assert one.one(orderId=order_id)["clientOid"] != ""
    assert one.own()["orders"][0]["client_id"] == ""


@pytest.mark.parametrize("market", ["perp", "spot"])
def test_the_rest_of_an_immediate_order_is_cancelled_with_what_it_filled(one: Trader, market: str) -> None:
    one.control.books.set_account({"venue": "bitget", "balances": {"unified": {"USDT": "1000000"}}})
    make = one.perp if market == "perp" else one.pair
    (price, size), (_, more) = one.book(market)["asks"][:2]
    order_id = one.place(make("buy", str(Decimal(size) + Decimal(more)), price))
    row = one.one(orderId=order_id)
    assert (row["orderStatus"], Decimal(row["cumExecQty"]), row["cancelReason"]) == (
        "cancelled",
        Decimal(size),
        "normal_cancel",
    )
    fee = sum((Decimal(f["fee"]) for f in one.own()["fills"]), Decimal(0))
    assert row["feeDetail"] == [{"feeCoin": "USDT" if market == "perp" else "BTC", "fee": f"{fee.normalize():f}"}]


@pytest.mark.parametrize("tif", ["post_only", "fok"])
def test_what_cannot_rest_or_fill_is_acknowledged_and_cancelled(one: Trader, tif: str) -> None:
    (price, size), (far, _) = one.book()["asks"][:2]
    ask = (
        one.perp("buy", "0.01", far, tif) if tif == "post_only" else one.perp("buy", f"{Decimal(size) * 2}", price, tif)
    )
    row = one.one(orderId=one.place(ask))
    assert (row["orderStatus"], row["cumExecQty"], one.own()["fills"]) == ("cancelled", "0", [])


def test_a_spot_market_buy_is_sized_in_quote(one: Trader) -> None:
    row = one.one(orderId=one.place(one.pair("buy", "500")))
    one.place(one.pair("sell", "0.01"))
    spent, sold = one.own()["fills"]
    assert 499 < Decimal(spent["price"]) * Decimal(spent["qty"]) <= 500
    assert (row["qty"], row["amount"], row["posSide"]) == ("0", "500", "")
    assert Decimal(sold["qty"]) == Decimal("0.01")


def test_what_is_done_cannot_be_cancelled_and_is_as_unknown_as_what_never_was(one: Trader) -> None:
    def code(**which: Any) -> str:
        return str(one.post("/api/v3/trade/cancel-order", **which)["code"])

    resting = one.place(one.perp("buy", "0.01", one.book()["bids"][4][0], "gtc", clientOid="r1"))
    filled = one.place(one.perp("buy", "0.01"))
    assert [code(clientOid="r1"), code(orderId=resting), code(orderId=filled), code(orderId="9")] == [
        "00000",
        "25204",
        "25204",
        "25204",
    ]
    assert code() == "25200"
    assert one.ask("/api/v3/trade/order-info", clientOid="nobody")["code"] == "25204"


def test_all_of_an_instrument_are_cancelled_at_once(one: Trader) -> None:
    bids = one.book()["bids"]
    made = [one.place(one.perp("buy", "0.01", bids[n][0], "gtc")) for n in (3, 4)]
    kept = one.place(one.pair("buy", "0.01", one.book("spot")["bids"][3][0], "gtc"))
    done = one.post("/api/v3/trade/cancel-symbol-order", category="USDT-FUTURES", symbol=BTC)["data"]["list"]
    assert [row["orderId"] for row in done] == made
    assert [o["orderId"] for o in one.listed("unfilled-orders")] == [kept]


# -- lists ---------------------------------------------------------------------------------------------------------


def test_lists_go_from_new_to_old_and_a_page_names_where_the_next_begins(one: Trader) -> None:
    made = [one.place(one.perp("buy" if n % 2 else "sell", "0.01")) for n in range(5)]
    seen: list[str] = []
    cursor = ""
    for _ in range(4):
        data = one.data("/api/v3/trade/history-orders", category="USDT-FUTURES", limit=2, cursor=cursor)
        seen += [o["orderId"] for o in data["list"]]
        cursor = data["cursor"] or ""
    assert seen == made[::-1]
    assert cursor == ""
    assert [f["orderId"] for f in one.listed("fills", category="USDT-FUTURES", orderId=made[2])] == [made[2]]
    assert one.listed("fills", category="SPOT") == []


def test_a_window_is_of_thirty_days_at_most(one: Trader) -> None:
    one.place(one.perp("buy", "0.01"))
    now_ms = one.t_ns // 1_000_000
    assert len(one.listed("fills", startTime=now_ms - 1)) == 1
    assert one.listed("fills", startTime=now_ms + 1) == one.listed("fills", endTime=now_ms - 1) == []
    wide = one.ask("/api/v3/trade/fills", startTime=now_ms - 31 * DAY_MS, endTime=now_ms)
    assert wide["code"] == "25200"


# -- accounts ------------------------------------------------------------------------------------------------------


def test_open_positions_are_told_with_an_unsigned_size(one: Trader) -> None:
    assert one.held() == []
    one.place(one.perp("sell", "0.01"))
    (row,), (true,) = one.held(), one.own()["positions"]
    assert (row["posSide"], row["total"], row["holdMode"]) == ("short", "0.01", "one_way_mode")
    assert Decimal(row["avgPrice"]) == Decimal(true["entry"])
    assert Decimal(row["unrealisedPnl"]) == Decimal(true["profit"])
    assert one.held(category="USDC-FUTURES") == one.held(posSide="long") == []
    assert one.ask("/api/v3/position/current-position", category="SPOT")["code"] == "25200"


def test_what_closing_orders_bind_of_a_position_is_frozen(one: Trader) -> None:
    one.place(one.perp("buy", "0.03"))
    one.place(one.perp("sell", "0.01", one.book()["asks"][5][0], "gtc", reduceOnly="yes"))
    (row,) = one.held()
    assert (row["total"], row["available"], row["frozen"]) == ("0.03", "0.02", "0.01")


def test_settings_tell_the_leverage_of_what_was_set_or_is_held(one: Trader) -> None:
    def set_to(times: str, symbol: str = BTC) -> str:
        ask = {"category": "USDT-FUTURES", "symbol": symbol, "leverage": times}
        return str(one.post("/api/v3/account/set-leverage", **ask)["code"])

    assert one.data(SETTINGS)["symbolConfigList"] == []
    assert [set_to("5"), set_to("5"), set_to("151"), set_to("2.5"), set_to("5", "NOPE")] == [
        "00000",
        "00000",
        "25223",
        "25200",
        "25100",
    ]
    one.place(one.perp("buy", "0.1", symbol="ETHUSDT"))
    told = {row["symbol"]: row["leverage"] for row in one.data(SETTINGS)["symbolConfigList"]}
    assert told == {"BTCUSDT": "5", "ETHUSDT": "20"}


def test_accounts_with_both_sides_name_the_side(one: Trader) -> None:
    def switch(mode: str) -> str:
        return str(one.post("/api/v3/account/set-hold-mode", holdMode=mode)["code"])

    assert [switch("one_way_mode"), switch("both"), switch("hedge_mode")] == ["00000", "25200", "00000"]
    assert one.try_place(one.perp("buy", "0.01")) == "25236"
    one.place(one.perp("buy", "0.01", posSide="long"))
    one.place(one.perp("sell", "0.02", posSide="short"))
    assert one.try_place(one.perp("sell", "0.02", posSide="long")) == "25227"
    assert {p["posSide"]: p["total"] for p in one.held()} == {"long": "0.01", "short": "0.02"}
    assert switch("one_way_mode") == "25010"
    assert one.data(SETTINGS)["holdMode"] == "hedge_mode"


def test_funding_stands_among_the_financial_records(one: Trader) -> None:
    one.place(one.perp("buy", "0.01"))
    one.control.books.settle({"venue": "bitget", "symbol": BTC})
    (paid,) = one.own()["funding"]
    (row,) = one.data("/api/v3/account/financial-records", category="USDT-FUTURES", coin="USDT")["list"]
    way = "IN" if Decimal(paid["amount"]) > 0 else "OUT"
    assert (Decimal(row["amount"]), row["type"]) == (
        Decimal(paid["amount"]),
        f"CONTRACT_MAIN_SETTLE_FEE_USER_{way}",
    )
    assert one.data("/api/v3/account/financial-records", category="USDC-FUTURES")["list"] == []


def test_coins_that_orders_hold_are_locked_and_still_there(one: Trader) -> None:
    one.place(one.pair("sell", "0.25", one.book("spot")["asks"][9][0], "gtc"))
    (coin,) = [row for row in one.data("/api/v3/account/assets")["assets"] if row["coin"] == "BTC"]
    assert (coin["balance"], coin["locked"], coin["available"]) == ("1", "0.25", "0.75")


def test_fees_are_those_of_the_account(one: Trader) -> None:
    ask = {"category": "USDT-FUTURES", "symbol": BTC}
    assert one.data("/api/v3/account/fee-rate", **ask) == {"makerFeeRate": "0.0002", "takerFeeRate": "0.0006"}
    assert one.data("/api/v3/account/fee-rate", **{**ask, "category": "SPOT"})["takerFeeRate"] == "0.001"


# -- the private socket --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({}, 0),
        ({"apiKey": "unknown"}, 30011),
        ({"passphrase": "another"}, 30012),
        ({"timestamp": "soon"}, 30013),
        ({"timestamp": "1700000000"}, 30014),
        ({"sign": "A" * 44}, 30015),
    ],
)
def test_a_login_is_signed_in_seconds(one: Trader, changed: dict[str, str], code: int) -> None:
    _, wire = one.login(**changed)
    (answer,) = wire.take()
    assert (answer["event"], answer["code"]) == ("login" if code == 0 else "error", code)


def test_topics_need_a_login_and_an_error_names_no_arg(one: Trader) -> None:
    session, wire = one.connect(UNIFIED, "bitget")
    one.say(session, op="subscribe", args=[{"instType": "UTA", "topic": "order"}])
    (answer,) = wire.take()
    assert (answer["code"], "arg" in answer, "connId" in answer) == (30004, False, True)
    session, wire = one.login()
    wire.take()
    args = [{"instType": "UTA", "topic": "order"}, {"instType": "UTA", "topic": "orders"}, {"topic": "order"}]
    one.say(session, op="subscribe", args=args)
    assert [(f["event"], f.get("code")) for f in wire.take()] == [
        ("subscribe", None),
        ("error", 30001),
        ("error", 30001),
    ]


def test_many_args_at_once_end_a_unified_socket_without_a_word(one: Trader) -> None:
    session, wire = one.login()
    wire.take()
    one.say(session, op="subscribe", args=[{"instType": "UTA", "topic": "order"}] * 25)
    assert (wire.take(), wire.dropped) == ([], True)


def test_an_order_is_told_with_its_fills_its_position_and_the_account(one: Trader) -> None:
    _, wire = one.listen()
    (_, size), (price, more) = one.book()["asks"][:2]
    order_id = one.place(one.perp("buy", str(Decimal(size) + Decimal(more)), price))
    told: dict[str, list[Any]] = {}
    for frame in wire.take():
        told.setdefault(frame["arg"]["topic"], []).append(frame["data"][0])
    true = one.own()
    assert [o["orderStatus"] for o in told["order"]] == ["live", "partially_filled", "filled"]
    assert {o["category"] for o in told["order"]} == {"usdt-futures"}
    assert [(f["execId"], f["orderId"], f["category"]) for f in told["fill"]] == [
        (t["id"], order_id, "USDT-FUTURES") for t in true["fills"]
    ]
    assert [Decimal(f["feeDetail"][0]["fee"]) for f in told["fill"]] == [Decimal(t["fee"]) for t in true["fills"]]
    assert told["position"][-1]["size"] == true["positions"][0]["qty"]
    coins = {c["coin"]: c for c in told["account"][-1]["coin"]}
    assert Decimal(coins["USDT"]["balance"]) == Decimal(true["balances"]["USDT"])


def test_a_liquidation_says_so_in_the_topic_and_in_the_list(one: Trader) -> None:
    _, wire = one.listen()
    one.place(one.perp("buy", "0.01"))
    wire.take()
    one.fault("position_jump", "bitget", symbol="BTCUSDT", reason="liquidation")
    pushed = [row for frame in wire.take() if frame["arg"]["topic"] == "order" for row in frame["data"]]
    assert {row["delegateType"] for row in pushed} == {"liquidation"}
    assert one.own()["positions"] == []


def test_positions_and_the_account_begin_with_what_is(one: Trader) -> None:
    one.place(one.perp("buy", "0.01"))
    session, wire = one.login()
    one.say(session, op="subscribe", args=[{"instType": "UTA", "topic": t} for t in ("position", "account", "order")])
    first = [f for f in wire.take() if "data" in f]
    assert [(f["arg"]["topic"], f["action"]) for f in first] == [("position", "snapshot"), ("account", "snapshot")]
    one.place(one.perp("sell", "0.01"))
    (frame,) = [f for f in wire.take() if f["arg"]["topic"] == "position"]
    assert (frame["action"], frame["data"][0]["size"], frame["data"][0]["positionStatus"]) == ("update", "0", "ended")


def test_fast_fills_come_before_the_order_and_are_no_list(one: Trader) -> None:
    _, wire = one.listen("fast-fill", "order", "fill")
    one.place(one.pair("sell", "0.01"))
    frames = wire.take()
    assert [f["arg"]["topic"] for f in frames] == ["order", "fast-fill", "order", "fill"]
    assert (frames[1]["data"]["category"], frames[1]["action"]) == ("spot", "update")
    assert frames[1]["data"]["execId"] == frames[3]["data"][0]["execId"]


def test_what_is_left_is_told_no_more(one: Trader) -> None:
    session, wire = one.listen("order", "fill")
    one.say(session, op="unsubscribe", args=[{"instType": "UTA", "topic": "order"}])
    assert wire.take()[0]["event"] == "unsubscribe"
    one.place(one.perp("buy", "0.01"))
    assert {f["arg"]["topic"] for f in wire.take()} == {"fill"}


def test_only_a_text_ping_keeps_a_private_socket_alive(one: Trader) -> None:
    session, wire = one.listen()
    session.on_text("ping")
    one.hub.flush()
    assert wire.texts[-1] == "pong"
    one.run(126_000, step_ms=1000)
    assert not wire.dropped
    one.run(3_000, step_ms=1000)
    assert wire.dropped


# -- orders over the socket ----------------------------------------------------------------------------------------


def test_orders_over_the_socket_are_orders(one: Trader) -> None:
    session, wire = one.listen("order")

    def say(topic: str, arg: dict[str, Any]) -> list[Any]:
        one.say(session, op="trade", id="7", category="usdt-futures", topic=topic, args=[arg])
        return wire.take()

    ask = {k: v for k, v in one.perp("buy", "0.01", one.book()["bids"][4][0], "gtc").items() if k != "category"}
    answer, pushed = say("place-order", {**ask, "clientOid": "a1"})
    (order,) = one.own()["orders"]
    assert (answer["event"], answer["id"], answer["code"], answer["topic"]) == ("trade", "7", "0", "place-order")
    assert (answer["args"][0]["orderId"], answer["args"][0]["clientOid"]) == (order["id"], "a1")
    assert pushed["data"][0]["orderStatus"] == "live"
    answer, pushed = say("cancel-order", {"clientOid": "a1"})
    assert (answer["code"], pushed["data"][0]["orderStatus"]) == ("0", "cancelled")
    (answer,) = say("cancel-order", {"clientOid": "a1"})
    assert (answer["event"], answer["id"], answer["code"]) == ("error", "7", "25204")
    (answer,) = say("modify-order", {"clientOid": "a1"})
    assert answer["event"] == "error"


def test_a_lost_answer_on_the_socket_ends_it(one: Trader) -> None:
    session, wire = one.login()
    wire.take()
    one.fault("ack_lost_delivered", "bitget", count=1)
    one.say(session, op="trade", id="1", category="usdt-futures", topic="place-order", args=[one.perp("buy", "0.01")])
    one.run(100)
    assert (wire.take(), wire.dropped, one.own()["orders"][0]["status"]) == ([], True, "filled")


def test_requests_are_kept_without_secrets(one: Trader) -> None:
    one.place(one.perp("buy", "0.01"))
    kept = orjson.dumps(one.own()["requests"])
    for secret in (one.keys.api_secret, one.keys.api_key, one.keys.passphrase):
        assert secret.encode() not in kept
    assert one.own()["requests"]["counts"] == {f"POST {ORDER}": 1}
