"""The simulated Binance's private side keeps Binance's rules. Each claim is from its documents."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import orjson
import pytest

from tests.sim.binance_private_support import STREAM, WS_API, Trader

ORDER = "/fapi/v1/order"
# Binance's own example (spot REST API, "SIGNED endpoint examples"): secret, payload, signature.
_SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
_PAYLOAD = (
    "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
)
_SIGNATURE = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"


@pytest.fixture
def one() -> Trader:
    return Trader()


def events(frames: list[Any], kind: str = "ORDER_TRADE_UPDATE") -> list[Any]:
    return [frame for frame in frames if frame["e"] == kind]


# -- who asks ----------------------------------------------------------------------------------------------------------


def test_the_official_signature_vector_is_taken_at_its_time() -> None:
    one = Trader(start_ns=1_499_827_319_559_000_000)
    keys = type(one.keys)(one.keys.api_key, _SECRET)
    one.desk.accounts["main"].keys = keys
    reply = one.send("POST", "/api/v3/order", "", f"{_PAYLOAD}&signature={_SIGNATURE}")
    assert orjson.loads(reply.body)["code"] == -1121  # signed well: only the symbol is unknown here
    reply = one.send("POST", "/api/v3/order", _PAYLOAD, f"signature={_SIGNATURE}")
    assert orjson.loads(reply.body)["code"] == -1121


def test_a_byte_changed_or_moved_breaks_the_signature(one: Trader) -> None:
    query = one.signed({"symbol": "BTCUSDT"})
    moved = "&".join(reversed(query.partition("&signature=")[0].split("&"))) + "&signature=" + query[-64:]
    for wrong in (query.replace("BTCUSDT", "BTCUSDC"), query[:-1] + ("0" if query[-1] != "0" else "1"), moved):
        reply = one.send("GET", "/fapi/v1/openOrders", wrong)
        assert (reply.status, orjson.loads(reply.body)["code"]) == (400, -1022)
    unsigned = one.send("GET", "/fapi/v1/openOrders", f"timestamp={one.now_ms}")
    assert orjson.loads(unsigned.body)["code"] == -1102


def test_what_is_not_percent_encoded_is_not_signed(one: Trader) -> None:
    raw = f"symbol=币安人生USDT&timestamp={one.now_ms}"
    digest = hmac.new(one.keys.api_secret.encode(), raw.encode(), hashlib.sha256).hexdigest()
    reply = one.send("GET", "/fapi/v1/openOrders", f"{raw}&signature={digest}")
    assert orjson.loads(reply.body)["code"] == -1022


def test_keys_that_are_none_and_keys_of_nobody(one: Trader) -> None:
    for key, code in (("", -2014), ("not a key", -2014), ("A" * 64, -2015)):
        reply = one.send("GET", "/fapi/v3/balance", one.signed({}), key=key)
        assert (reply.status, orjson.loads(reply.body)["code"]) == (401, code)


@pytest.mark.parametrize(
    ("off_ms", "window", "code"),
    [(999, 5000, 0), (1000, 5000, -1021), (-5000, 5000, 0), (-5001, 5000, -1021), (0, 60001, -1131)],
)
def test_the_clock_rule(one: Trader, off_ms: int, window: int, code: int) -> None:
    reply = one.send("GET", "/fapi/v3/balance", one.signed({"recvWindow": window, "timestamp": one.now_ms + off_ms}))
    assert (orjson.loads(reply.body)["code"] if code else reply.status) == (code or 200)


def test_a_skewed_clock_of_the_venue_refuses_the_right_time(one: Trader) -> None:
    one.fault("clock_skew", value=-3000)
    assert one.refused("GET", "/fapi/v3/balance")[:2] == (400, -1021)


def test_keys_that_may_only_read_place_nothing(one: Trader) -> None:
    one.control.books.set_account({"venue": "binance", "can_trade": False})
    assert one.refused("POST", ORDER, **one.perp("BUY", "0.01", None))[:2] == (401, -2015)
    assert one.ask("GET", "/fapi/v1/accountConfig")["canTrade"] is False
    assert one.own()["orders"] == []


def test_accounts_differ_and_are_the_same_on_every_run(one: Trader) -> None:
    other = Trader("second")
    assert one.control.books.credentials() == other.control.books.credentials()
    assert one.keys.api_key != other.keys.api_key
    one.buy("0.01")
    assert other.own()["orders"] == []


# -- orders ------------------------------------------------------------------------------------------------------------


def test_a_place_answer_tells_no_average_price_and_ack_tells_no_fill(one: Trader) -> None:
    ask = one.book()["asks"][0][0]
    ack = one.ask("POST", ORDER, **one.perp("BUY", "0.01", ask))
    assert (ack["status"], ack["executedQty"]) == ("NEW", "0.000")
    result = one.buy("0.01", ask)
    assert (result["status"], result["executedQty"], result["cumQty"]) == ("FILLED", "0.010", "0.010")
    assert not {"avgPrice", "cumQuote"} & (set(ack) | set(result))
    queried = one.ask("GET", ORDER, symbol="BTCUSDT", orderId=result["orderId"])
    assert (queried["avgPrice"], queried["cumQuote"]) == (ask.rstrip("0"), "830.95400000")


def test_an_immediate_order_that_fills_in_part_ends_expired(one: Trader) -> None:
    price, qty = one.book()["asks"][0]
    result = one.buy(f"{float(qty) + 0.01:.3f}", price)
    assert (result["status"], result["executedQty"]) == ("EXPIRED", qty)
    row = one.book("spot")["asks"][0]
    spot = one.ask("POST", "/api/v3/order", **one.spot("SELL", "1.5", "70000.00", "IOC") | {"quantity": "0.9"})
    assert spot["status"] in ("FILLED", "EXPIRED")
    assert row == one.book("spot")["asks"][0]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"symbol": "NOPEUSDT"}, -1121),
        ({"side": "HOLD"}, -1117),
        ({"type": "STOP_MARKET"}, -4120),
        ({"type": "ODD"}, -1116),
        ({"timeInForce": "SOON"}, -1115),
        ({"quantity": ""}, -1102),
        ({"quantity": "1e3"}, -1100),
        ({"quantity": "0"}, -4003),
        ({"quantity": "0.0105"}, -1111),
        ({"price": "83000.05"}, -4014),
        ({"price": "83000.005"}, -1111),
        ({"quantity": "0.001", "price": "40000.00"}, -4164),
        ({"price": "99000.00"}, -4016),
        ({"newClientOrderId": "not ok!"}, -4015),
        ({"newClientOrderId": "a" * 37}, -4015),
        ({"positionSide": "LONG"}, -4061),
        ({"reduceOnly": "true"}, -2022),
        ({"quantity": "900"}, -2019),
        ({"timeInForce": "GTX"}, -5022),
        ({"timeInForce": "FOK", "quantity": "20", "price": "83095.40"}, -5021),
    ],
)
def test_usdm_refuses_in_its_own_codes(one: Trader, changed: dict[str, str], code: int) -> None:
    one.control.books.set_account({"venue": "binance", "leverage": {"BTCUSDT": 125}})
    ask = one.perp("BUY", "0.100", one.book()["asks"][3][0]) | changed
    assert one.refused("POST", ORDER, **ask)[:2] == (400, code)
    assert [o["status"] for o in one.own()["orders"]] in ([], ["rejected"])
    assert one.own()["fills"] == []


@pytest.mark.parametrize(
    ("changed", "code", "text"),
    [
        ({"quantity": "0.000001"}, -1013, "Filter failure: LOT_SIZE"),
        ({"price": "83000.005"}, -1013, "Filter failure: PRICE_FILTER"),
        ({"quantity": "0.00001"}, -1013, "Filter failure: NOTIONAL"),
        ({"price": "900000.00"}, -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
        ({"quantity": "5"}, -2010, "Account has insufficient balance for requested action."),
        ({"type": "LIMIT_MAKER", "timeInForce": None}, -2010, "Order would immediately match and take."),
        ({"quantity": "0.0100000001"}, -1111, "Parameter 'quantity' has too much precision."),
        ({"newClientOrderId": "dots.are.for.futures"}, -1100, None),
        ({"type": "LIMIT_MAKER"}, -1106, None),
    ],
)
def test_spot_refuses_in_its_own_codes(one: Trader, changed: dict[str, Any], code: int, text: str | None) -> None:
    ask = {**one.spot("BUY", "0.01", one.book("spot")["asks"][3][0]), **changed}
    found = one.refused("POST", "/api/v3/order", **{k: v for k, v in ask.items() if v is not None})
    assert found[1] == code
    assert text in (None, found[2])


def test_a_client_id_may_come_again_once_its_order_has_ended(one: Trader) -> None:
    bid = one.book()["bids"][4][0]
    made = one.buy("0.01", bid, "GTC", newClientOrderId="same")
    assert one.refused("POST", ORDER, **one.perp("BUY", "0.01", bid, "GTC", newClientOrderId="same"))[1] == -4116
    one.ask("DELETE", ORDER, symbol="BTCUSDT", origClientOrderId="same")
    again = one.buy("0.01", bid, "GTC", newClientOrderId="same")
    assert again["orderId"] > made["orderId"]
    assert one.ask("GET", ORDER, symbol="BTCUSDT", origClientOrderId="same")["orderId"] == again["orderId"]


def test_unknown_orders_have_one_code_for_cancelling_and_one_for_asking(one: Trader) -> None:
    assert one.refused("DELETE", ORDER, symbol="BTCUSDT", origClientOrderId="none")[1] == -2011
    assert one.refused("GET", ORDER, symbol="BTCUSDT", origClientOrderId="none")[1] == -2013
    assert one.refused("GET", ORDER, symbol="BTCUSDT")[1] == -1102
    filled = one.buy("0.01")
    assert one.refused("DELETE", ORDER, symbol="BTCUSDT", orderId=filled["orderId"])[1] == -2011


def test_a_spot_buy_pays_its_fee_in_what_it_bought(one: Trader) -> None:
    made = one.ask("POST", "/api/v3/order", **one.spot("BUY", "0.01", one.book("spot")["asks"][2][0]))
    assert {(f["commissionAsset"], f["commission"]) for f in made["fills"]} == {("BTC", "0.00001000")}
    held = {b["asset"]: b["free"] for b in one.ask("GET", "/api/v3/account")["balances"]}
    assert held["BTC"] == "1.00999000"
    sold = one.ask("POST", "/api/v3/order", **one.spot("SELL", "0.00999", one.book("spot")["bids"][2][0]))
    assert {f["commissionAsset"] for f in sold["fills"]} == {"USDT"}


def test_a_market_buy_by_budget_spends_no_more(one: Trader) -> None:
    ask = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quoteOrderQty": "1000"}
    made = one.ask("POST", "/api/v3/order", **ask)
    assert 999 < float(made["cummulativeQuoteQty"]) <= 1000
    assert made["origQuoteOrderQty"] == "1000.00000000"


def test_a_spot_cancel_has_an_id_of_its_own(one: Trader) -> None:
    bid = one.book("spot")["bids"][4][0]
    one.ask("POST", "/api/v3/order", **one.spot("BUY", "0.01", bid, "GTC", newClientOrderId="mine"))
    gone = one.ask("DELETE", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="mine", newClientOrderId="undo")
    assert (gone["origClientOrderId"], gone["clientOrderId"], gone["status"]) == ("mine", "undo", "CANCELED")
    assert one.ask("GET", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="mine")["clientOrderId"] == "mine"


def test_batches_answer_item_by_item(one: Trader) -> None:
    good, bad = one.perp("BUY", "0.010", one.book()["bids"][4][0], "GTC"), one.perp("BUY", "0", "80000.00", "GTC")
    found = one.ask("POST", "/fapi/v1/batchOrders", batchOrders=orjson.dumps([good, bad]).decode())
    assert found[0]["status"] == "NEW"
    assert found[1] == {"code": -4003, "msg": "Quantity less than or equal to zero."}
    assert one.ask("DELETE", "/fapi/v1/allOpenOrders", symbol="BTCUSDT")["code"] == 200
    assert one.ask("GET", "/fapi/v1/openOrders") == []


def test_the_dead_mans_switch_cancels_unless_asked_again(one: Trader) -> None:
    one.buy("0.01", one.book()["bids"][9][0], "GTC")
    one.ask("POST", "/fapi/v1/countdownCancelAll", symbol="BTCUSDT", countdownTime=2000)
    one.run(1500)
    one.ask("POST", "/fapi/v1/countdownCancelAll", symbol="BTCUSDT", countdownTime=2000)
    one.run(1500)
    assert len(one.ask("GET", "/fapi/v1/openOrders")) == 1
    one.run(600)
    assert one.ask("GET", "/fapi/v1/openOrders") == []


def test_a_fill_may_race_the_dead_mans_switch_too(one: Trader) -> None:
    one.buy("0.01", one.book()["bids"][9][0], "GTC")
    one.buy("0.01", one.book()["bids"][8][0], "GTC")
    one.fault("fill_races_cancel", count=1)
    one.ask("POST", "/fapi/v1/countdownCancelAll", symbol="BTCUSDT", countdownTime=500)
    one.run(600)
    assert sorted(o["status"] for o in one.own()["orders"]) == ["canceled", "filled"]


def test_orders_are_counted_and_too_many_are_refused(one: Trader) -> None:
    reply = one.send("POST", ORDER, one.signed(one.perp("BUY", "0.01", one.book()["bids"][9][0], "GTX")))
    assert (reply.headers["X-MBX-ORDER-COUNT-10S"], reply.headers["X-MBX-ORDER-COUNT-1M"]) == ("1", "1")
    for _ in range(299):
        one.send("POST", ORDER, one.signed(one.perp("BUY", "0", "1", "GTX")))
    assert one.refused("POST", ORDER, **one.perp("BUY", "0.01", "80000.00", "GTX"))[:2] == (429, -1015)


def test_modes_are_set_unless_something_is_open(one: Trader) -> None:
    assert one.refused("POST", "/fapi/v1/positionSide/dual", dualSidePosition="false")[1] == -4059
    one.buy("0.01")
    assert one.refused("POST", "/fapi/v1/positionSide/dual", dualSidePosition="true")[1] == -4068
    one.sell("0.01")
    one.ask("POST", "/fapi/v1/positionSide/dual", dualSidePosition="true")
    assert one.ask("GET", "/fapi/v1/positionSide/dual") == {"dualSidePosition": True}
    assert one.refused("POST", ORDER, **one.perp("BUY", "0.01", None))[1] == -4061
    assert one.buy("0.01", positionSide="LONG")["status"] == "FILLED"


def test_income_tells_funding_and_what_trades_cost(one: Trader) -> None:
    one.buy("0.5")
    one.control.books.settle({"venue": "binance", "symbol": "BTCUSDT"})
    (paid,) = one.ask("GET", "/fapi/v1/income", incomeType="FUNDING_FEE")
    (true,) = one.own()["funding"]
    assert float(paid["income"]) == float(true["amount"]) != 0
    assert {row["incomeType"] for row in one.ask("GET", "/fapi/v1/income")} == {"FUNDING_FEE", "COMMISSION"}


# -- streams -----------------------------------------------------------------------------------------------------------


def test_a_futures_order_is_told_new_then_its_trades_then_its_end(one: Trader) -> None:
    _, wire = one.listen()
    price, qty = one.book()["asks"][0]
    made = one.buy(f"{float(qty) + 0.01:.3f}", price, newClientOrderId="a1")
    frames = wire.take()
    assert [f["e"] for f in frames] == [
        "ORDER_TRADE_UPDATE", "TRADE_LITE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE",
    ]  # fmt: skip
    told = [f["o"] for f in events(frames)]
    assert [(o["x"], o["X"]) for o in told] == [("NEW", "NEW"), ("TRADE", "PARTIALLY_FILLED"), ("EXPIRED", "EXPIRED")]
    assert {(o["i"], o["c"]) for o in told} == {(made["orderId"], "a1")}
    assert "n" not in told[0]
    (fill,) = one.own()["fills"]
    assert (told[1]["t"], told[1]["L"], told[1]["l"], told[1]["z"]) == (int(fill["id"]), price, qty, qty)
    assert (told[1]["n"], told[1]["N"], told[1]["m"]) == (fill["fee"], "USDT", False)
    update = events(frames, "ACCOUNT_UPDATE")[0]["a"]
    assert (update["m"], update["P"][0]["pa"]) == ("ORDER", qty)
    assert update["B"][0]["wb"] == one.own()["wallets"]["usdm"]["USDT"]["total"]


def test_what_is_refused_is_not_told(one: Trader) -> None:
    _, wire = one.listen()
    one.refused("POST", ORDER, **one.perp("BUY", "0.1", one.book()["asks"][3][0], "GTX"))
    assert wire.take() == []


def test_funding_tells_the_balance_alone(one: Trader) -> None:
    one.buy("0.5")
    _, wire = one.listen()
    one.control.books.settle({"venue": "binance", "symbol": "BTCUSDT"})
    (frame,) = wire.take()
    assert (frame["a"]["m"], frame["a"]["P"]) == ("FUNDING_FEE", [])


def test_a_listen_key_lasts_an_hour_unless_it_is_kept(one: Trader) -> None:
    first = orjson.loads(one.send("POST", "/fapi/v1/listenKey", "").body)["listenKey"]
    assert orjson.loads(one.send("POST", "/fapi/v1/listenKey", "").body)["listenKey"] == first
    _, wire = one.connect(f"{STREAM}?listenKey={first}")
    one.t_ns += 3500 * 10**9
    assert one.send("PUT", "/fapi/v1/listenKey", "").status == 200
    one.run(200_000, 1000)
    assert wire.take() == []
    one.t_ns += 3600 * 10**9
    one.run(1000)
    (told,) = wire.take()
    assert (told["e"], told["listenKey"]) == ("listenKeyExpired", first)
    reply = one.send("PUT", "/fapi/v1/listenKey", "")
    assert orjson.loads(reply.body)["code"] == -1125
    one.buy("0.01")
    assert wire.take() == []


def test_unknown_listen_keys_are_silent_and_only_the_private_route_tells(one: Trader) -> None:
    key = orjson.loads(one.send("POST", "/fapi/v1/listenKey", "").body)["listenKey"]
    silent = [
        one.connect(url)[1]
        for url in (f"{STREAM}?listenKey=nope", f"wss://fstream.binance.com/public/ws?listenKey={key}")
    ]
    session, wrapped = one.connect("wss://fstream.binance.com/private/stream")
    one.say(session, method="SUBSCRIBE", params=[key], id="uuid")
    _, some = one.connect(f"{STREAM}?listenKey={key}&events=ACCOUNT_UPDATE")
    one.buy("0.01")
    assert [wire.take() for wire in silent] == [[], []]
    ack, *frames = wrapped.take()
    assert ack == {"result": None, "id": "uuid"}
    assert {frame["stream"] for frame in frames} == {key}
    assert {frame["e"] for frame in some.take()} == {"ACCOUNT_UPDATE"}


def test_the_websocket_api_answers_first_and_then_tells(one: Trader) -> None:
    session, wire = one.connect(WS_API)
    one.frame(session, "userDataStream.subscribe.signature")
    (answer,) = wire.take()
    assert (answer["status"], answer["result"]) == (200, {"subscriptionId": 0})
    assert answer["rateLimits"][-1]["rateLimitType"] == "REQUEST_WEIGHT"
    one.frame(session, "order.place", **one.spot("BUY", "0.01", one.book("spot")["asks"][0][0]))
    answer, *told = wire.take()
    assert answer["result"]["status"] == "FILLED"
    assert [(f["subscriptionId"], f["event"]["e"]) for f in told] == [
        (0, "executionReport"), (0, "executionReport"), (0, "outboundAccountPosition"),
    ]  # fmt: skip
    assert [f["event"]["x"] for f in told[:2]] == ["NEW", "TRADE"]


def test_the_websocket_api_refuses_with_status_and_error(one: Trader) -> None:
    session, wire = one.connect(WS_API)
    one.frame(session, "order.place", **one.spot("BUY", "5", "80000.00", "GTC"))
    (answer,) = wire.take()
    assert (answer["status"], answer["error"]["code"]) == (400, -2010)
    assert "result" not in answer
    one.say(
        session,
        id="2",
        method="order.status",
        params={"apiKey": one.keys.api_key, "timestamp": one.now_ms, "signature": "0" * 64},
    )
    assert wire.take()[0]["error"]["code"] == -1022
    one.say(session, id="3", method="userDataStream.subscribe", params={"returnRateLimits": False})
    assert "rateLimits" not in wire.take()[0]


def test_a_canceled_spot_order_is_told_by_both_ids(one: Trader) -> None:
    session, wire = one.connect(WS_API)
    one.frame(session, "userDataStream.subscribe.signature")
    bid = one.book("spot")["bids"][4][0]
    one.ask("POST", "/api/v3/order", **one.spot("BUY", "0.01", bid, "GTC", newClientOrderId="mine"))
    one.ask("DELETE", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="mine", newClientOrderId="undo")
    told = [f["event"] for f in wire.take() if f.get("event", {}).get("e") == "executionReport"]
    assert [(e["x"], e["c"], e["C"]) for e in told] == [("NEW", "mine", ""), ("CANCELED", "undo", "mine")]


def test_spot_streams_end_with_a_word(one: Trader) -> None:
    session, wire = one.connect(WS_API)
    one.frame(session, "userDataStream.subscribe.signature")
    wire.take()
    one.fault("session_expired", market="spot")
    assert [frame["event"]["e"] for frame in wire.take()] == ["eventStreamTerminated"]
    one.ask("POST", "/api/v3/order", **one.spot("BUY", "0.01", None))
    assert wire.take() == []


def test_lists_have_windows(one: Trader) -> None:
    one.buy("0.01")
    one.ask("POST", "/api/v3/order", **one.spot("BUY", "0.01", None))
    day_ms = 86_400_000
    for path, days, code in (("/fapi/v1/userTrades", 7, -4165), ("/api/v3/myTrades", 1, -1127)):
        since = one.now_ms - days * day_ms
        assert len(one.ask("GET", path, symbol="BTCUSDT", startTime=since, endTime=one.now_ms)) == 1
        assert one.refused("GET", path, symbol="BTCUSDT", startTime=since - 1, endTime=one.now_ms)[1] == code
        assert one.ask("GET", path, symbol="BTCUSDT", startTime=since, endTime=one.now_ms - 1) == []
    assert one.ask("GET", "/fapi/v1/userTrades", symbol="BTCUSDT", startTime=one.now_ms - 7 * day_ms - 1) == []


def test_requests_are_kept_without_secrets(one: Trader) -> None:
    one.buy("0.01", newClientOrderId="a1")
    requests = one.own()["requests"]
    assert requests["counts"] == {"POST /fapi/v1/order": 1}
    (last,) = requests["last"]
    assert (last["t_ns"], last["code"], last["params"]["newClientOrderId"]) == (one.t_ns, 0, "a1")
    text = orjson.dumps(one.control.truth({"venue": "binance"})).decode()
    assert one.keys.api_secret not in text
    assert one.keys.api_key not in text
    assert "signature" not in text
