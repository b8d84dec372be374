"""The simulated OKX's private side keeps OKX's rules. Each claim is from its documents."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.sim.okx_private_support import Trader
from tests.sim.okx_support import DEMO, PRIVATE, PUBLIC, SWAP, events, pushes

ORDER = "/trade/order"
# Vectors that python-okx, ccxt and plain HMAC agree on: prehash and signature under this secret.
_SECRET = "22582BD0CFF14C41EDBF1AB98506286D"
_STAMP_NS = 1_780_272_000_000_000_000  # 2026-06-01T00:00:00.000Z


@pytest.fixture
def one() -> Trader:
    return Trader()


def code_of(one: Trader) -> int:
    listing = one.venue("okx").find("perp", SWAP)
    assert listing is not None
    return int(listing.extra["code"])


def by_code(one: Trader, **order: Any) -> dict[str, Any]:
    """An order as sockets want it."""
    return {**{k: v for k, v in order.items() if k != "instId"}, "instIdCode": code_of(one)}


# -- who asks ----------------------------------------------------------------------------------------------------------


def test_known_signatures_are_taken_at_their_time() -> None:
    one = Trader(start_ns=_STAMP_NS)
    account = one.desk.accounts["main"]
    account.keys = type(one.keys)(one.keys.api_key, _SECRET, one.keys.passphrase)
    sign = "IMUko8xYbSI+zWRfGfej2tyouWzQBqrLGLGTveLIwG0="
    assert one.send("GET", "/account/balance", "ccy=USDT", OK_ACCESS_SIGN=sign).status == 200
    body = (
        '{"instId":"BTC-USDT-SWAP","tdMode":"cross","side":"buy","ordType":"ioc","sz":"1.25","px":"64000.1",'
        '"clOrdId":"arb0001A","reduceOnly":false}'
    )
    sign = "fHB8sCwMqwVJjg6WpCeNYh+Z2hvjdoX3Yrb2SlqFGjs="
    assert orjson.loads(one.send("POST", ORDER, body=body, OK_ACCESS_SIGN=sign).body)["code"] == "0"
    assert one.send("POST", ORDER, body=body.replace("1.25", "1.26"), OK_ACCESS_SIGN=sign).status == 401


@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        ("OK_ACCESS_KEY", "", "50103"),
        ("OK_ACCESS_KEY", "nobody", "50111"),
        ("OK_ACCESS_PASSPHRASE", "", "50104"),
        ("OK_ACCESS_PASSPHRASE", "wrong", "50105"),
        ("OK_ACCESS_SIGN", "wrong", "50113"),
        ("OK_ACCESS_TIMESTAMP", "1780000000", "50112"),
        ("OK_ACCESS_TIMESTAMP", "2026-11-20T06:59:29.999Z", "50102"),
    ],
)
def test_headers_that_are_wrong(one: Trader, header: str, value: str, code: str) -> None:
    reply = one.send("GET", "/account/balance", **{header: value})
    assert (reply.status, orjson.loads(reply.body)["code"]) == (401, code)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({}, "0"),
        ({"apiKey": "nobody"}, "60005"),
        ({"timestamp": "1795157960"}, "60006"),
        ({"sign": "wrong"}, "60007"),
        ({"passphrase": "wrong"}, "60024"),
        ({"timestamp": 1795158000}, "0"),  # as the official SDK sends it
    ],
)
def test_logins(one: Trader, changed: dict[str, Any], code: str) -> None:
    session, wire = one.login(**changed)
    (answer,) = wire.take()
    assert (answer["event"], answer["code"]) == ("login" if code == "0" else "error", code)
    one.say(session, op="subscribe", args=[{"channel": "orders", "instType": "ANY"}])
    assert events(wire.take())[0].get("code") == (None if code == "0" else "60011")


def test_empty_texts_are_absent_and_any_spacing_of_the_body_is_signed_as_sent(one: Trader) -> None:
    ask = {**one.swap("buy", "1", one.book()["asks"][0][0]), "posSide": "", "clOrdId": "", "reduceOnly": "", "ccy": ""}
    body = ", ".join(f'"{k}": "{v}"' for k, v in ask.items())
    assert orjson.loads(one.send("POST", ORDER, body="{" + body + "}").body)["code"] == "0"


def test_keys_that_may_only_read_place_nothing(one: Trader) -> None:
    one.control.books.set_account({"venue": "okx", "can_trade": False})
    reply = one.send("POST", ORDER, body=orjson.dumps(one.swap("buy", "1")).decode())
    assert orjson.loads(reply.body)["code"] == "50120"
    assert one.read("/account/config")[0]["perm"] == "read_only"
    assert one.own()["orders"] == []


# -- orders ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"instId": "NOPE-USDT-SWAP"}, "51001"),
        ({"side": "hold"}, "51000"),
        ({"ordType": "odd"}, "51000"),
        ({"tdMode": "isolated"}, "51000"),
        ({"tdMode": "cash"}, "51000"),
        ({"sz": "0"}, "51000"),
        ({"sz": "1e2"}, "51000"),
        ({"sz": "0.005"}, "51120"),
        ({"sz": "1.005"}, "51121"),
        ({"px": "83000.05"}, "51000"),
        ({"px": "99000"}, "51137"),
        ({"side": "sell", "px": "70000"}, "51138"),
        ({"sz": "90000"}, "51008"),
        ({"clOrdId": "not-ok"}, "51000"),
        ({"clOrdId": "a" * 33}, "51000"),
        ({"posSide": "long"}, "51000"),
        ({"reduceOnly": True}, "51169"),
    ],
)
def test_orders_are_refused_row_by_row(one: Trader, changed: dict[str, Any], code: str) -> None:
    _, wire = one.listen("orders")
    assert one.refused(one.swap("buy", "1", one.book()["asks"][0][0]) | changed) == code
    assert wire.take() == []
    assert one.own()["fills"] == []


def test_a_client_id_is_never_taken_twice(one: Trader) -> None:
    ask = one.swap("buy", "1", one.book()["asks"][0][0], clOrdId="same")
    one.place(ask)
    assert one.refused(ask) == "51016"
    assert len(one.own()["fills"]) == 1


def test_some_of_a_batch_refused_is_code_2(one: Trader) -> None:
    good = one.swap("buy", "1", one.book()["asks"][0][0])
    body = one.post("/trade/batch-orders", [good, {**good, "sz": "0.005"}])
    assert (body["code"], [row["sCode"] for row in body["data"]]) == ("2", ["0", "51120"])


def test_cancelling_what_is_not_open_tells_why(one: Trader) -> None:
    filled = one.place(one.swap("buy", "1", one.book()["asks"][0][0]))
    resting = one.place(one.swap("buy", "1", one.book()["bids"][4][0], "post_only"))
    cancel = "/trade/cancel-order"
    assert one.post(cancel, {"instId": SWAP, "ordId": resting})["code"] == "0"
    assert one.refused({"instId": SWAP, "ordId": resting}, cancel) == "51401"
    assert one.refused({"instId": SWAP, "ordId": filled}, cancel) == "51402"
    assert one.refused({"instId": SWAP, "clOrdId": "none"}, cancel) == "51400"
    body = orjson.loads(one.send("GET", ORDER, f"instId={SWAP}&clOrdId=none").body)
    assert (body["code"], body["data"]) == ("51603", [])


def test_a_post_only_order_that_would_take_is_acknowledged_then_canceled(one: Trader) -> None:
    _, wire = one.listen("orders")
    one.place(one.swap("buy", "1", one.book()["asks"][0][0], "post_only"))
    told = [f["data"][0] for f in pushes(wire.take())]
    assert [(row["state"], row["cancelSource"]) for row in told] == [("live", ""), ("canceled", "31")]


def test_the_rest_of_an_immediate_order_is_canceled_with_what_it_filled(one: Trader) -> None:
    _, wire = one.listen("orders")
    price, qty = one.book()["asks"][0]
    one.place(one.swap("buy", f"{float(qty) + 1:.2f}", price))
    told = [f["data"][0] for f in pushes(wire.take())]
    assert [(row["state"], row["accFillSz"], row["fillSz"]) for row in told] == [
        ("live", "0", "0"), ("partially_filled", qty, qty), ("canceled", qty, "0"),
    ]  # fmt: skip
    (fill,) = one.own()["fills"]
    assert (told[1]["tradeId"], told[1]["fillFee"], told[1]["fee"]) == (
        fill["id"],
        f"-{fill['fee'].rstrip('0')}",
        f"-{fill['fee'].rstrip('0')}",
    )


def test_a_spot_market_buy_is_sized_in_quote_unless_told_otherwise(one: Trader) -> None:
    one.place(one.pair("buy", "1000"))
    one.place(one.pair("buy", "0.01", tgtCcy="base_ccy"))
    by_quote, by_base = one.own()["orders"]
    assert 0.0119 < float(by_quote["filled"]) < 0.0121
    assert by_base["filled"] == "0.01"


def test_closing_a_position_that_is_not_there(one: Trader) -> None:
    ask = {"instId": SWAP, "mgnMode": "cross"}
    assert one.post("/trade/close-position", ask)["code"] == "51023"
    one.place(one.swap("sell", "3"))
    assert one.post("/trade/close-position", ask)["code"] == "0"
    assert one.read("/account/positions") == []


def test_fee_signs_say_who_pays_and_the_group_is_what_counts(one: Trader) -> None:
    one.control.books.set_account({"venue": "okx", "fees": {"perp": {"maker": "-0.0001", "taker": "0.0004"}}})
    (row,) = one.read("/account/trade-fee", instType="SWAP", instFamily="BTC-USDT")
    assert (row["maker"], row["makerU"], row["takerU"]) == ("-0.0002", "0.0001", "-0.0004")
    assert row["feeGroup"] == [{"groupId": "2", "maker": "0.0001", "taker": "-0.0004"}]
    one.place(one.swap("buy", "1", one.book()["asks"][0][0]))
    assert one.read("/trade/fills")[0]["fee"].startswith("-0.3323")


def test_leverage_is_set_as_number_or_text_but_not_under_open_orders(one: Trader) -> None:
    ask = {"instId": SWAP, "mgnMode": "cross"}
    for lever in (3, "4"):
        assert one.post("/account/set-leverage", {**ask, "lever": lever})["data"][0]["lever"] == str(lever)
    assert one.read("/account/leverage-info", instId=SWAP, mgnMode="cross")[0]["lever"] == "4"
    one.place(one.swap("buy", "1", one.book()["bids"][4][0], "post_only"))
    assert one.post("/account/set-leverage", {**ask, "lever": 5})["code"] == "59107"
    assert one.post("/account/set-position-mode", {"posMode": "long_short_mode"})["code"] == "59000"


def test_two_sided_accounts_name_the_side(one: Trader) -> None:
    assert one.post("/account/set-position-mode", {"posMode": "long_short_mode"})["code"] == "0"
    assert one.refused(one.swap("buy", "1")) == "51000"
    one.place(one.swap("sell", "2", posSide="short"))
    (row,) = one.read("/account/positions")
    assert (row["posSide"], row["pos"], row["availPos"]) == ("short", "2", "2")


def test_lists_go_from_new_to_old_and_are_paged_by_id(one: Trader) -> None:
    ids = [one.place(one.swap("buy", "1")) for _ in range(3)]
    assert [row["ordId"] for row in one.read("/trade/orders-history", instType="SWAP")] == ids[::-1]
    assert [row["ordId"] for row in one.read("/trade/orders-history", instType="SWAP", after=ids[1])] == ids[:1]
    fills = one.read("/trade/fills", instType="SWAP")
    assert [row["ordId"] for row in one.read("/trade/fills", after=fills[0]["billId"])] == ids[1::-1]
    assert one.read("/trade/fills", instType="SPOT") == []


def test_orders_have_a_limit_for_each_instrument(one: Trader) -> None:
    for _ in range(60):
        one.refused(one.swap("buy", "0.005"))
    reply = one.send("POST", ORDER, body=orjson.dumps(one.swap("buy", "1")).decode())
    assert (reply.status, orjson.loads(reply.body)["code"]) == (429, "50011")
    assert one.refused(one.pair("buy", "0.000001", "83000")) == "51020"
    one.run(2000)
    one.place(one.swap("buy", "1"))


def test_funding_is_in_the_bills_and_in_the_position(one: Trader) -> None:
    one.place(one.swap("buy", "10"))
    one.control.books.settle({"venue": "okx", "symbol": SWAP})
    (bill,) = one.read("/account/bills", type="8")
    (true,) = one.own()["funding"]
    assert float(bill["balChg"]) == float(true["amount"]) != 0
    assert bill["subType"] == ("174" if float(true["amount"]) > 0 else "173")
    assert float(one.read("/account/positions")[0]["fundingFee"]) == float(true["amount"])


# -- sockets -----------------------------------------------------------------------------------------------------------


def test_channels_tell_what_is_and_then_what_changes(one: Trader) -> None:
    one.place(one.swap("buy", "1"))
    session, wire = one.login()
    args = [{"channel": c, "instType": "ANY"} for c in ("orders", "positions", "balance_and_position")] + [
        {"channel": "account"}
    ]
    one.say(session, op="subscribe", args=args)
    frames = wire.take()
    assert [f["arg"]["channel"] for f in events(frames)[1:]] == [
        "orders",
        "positions",
        "balance_and_position",
        "account",
    ]
    assert "instId" not in events(frames)[1]["arg"]
    assert [f["arg"]["channel"] for f in pushes(frames)] == ["positions", "balance_and_position", "account"]
    one.place(one.swap("sell", "1"))
    told = pushes(wire.take())
    assert [f["arg"]["channel"] for f in told] == ["orders", "orders", "positions", "account", "balance_and_position"]
    assert (told[2]["data"][0]["pos"], told[4]["data"][0]["eventType"]) == ("0", "filled")
    one.run(5000)
    assert {f["arg"]["channel"] for f in pushes(wire.take())} == {"positions", "account"}


def test_a_second_subscription_is_acknowledged_and_tells_nothing_twice(one: Trader) -> None:
    session, wire = one.listen("orders")
    one.say(session, op="subscribe", args=[{"channel": "orders", "instType": "ANY"}])
    assert [f["event"] for f in wire.take()] == ["subscribe"]
    one.place(one.swap("buy", "1"))
    assert len(pushes(wire.take())) == 2
    one.say(session, op="unsubscribe", args=[{"channel": "orders", "instType": "ANY"}])
    wire.take()
    one.place(one.swap("buy", "1"))
    assert wire.take() == []


def test_orders_over_a_socket_are_answered_before_they_are_told(one: Trader) -> None:
    session, wire = one.listen("orders")
    one.say(session, id="7", op="order", args=[by_code(one, **one.swap("buy", "1", one.book()["asks"][0][0]))])
    answer, *told = wire.take()
    assert (answer["id"], answer["op"], answer["code"], answer["msg"]) == ("7", "order", "0", "")
    assert [f["data"][0]["state"] for f in told] == ["live", "filled"]


def test_orders_over_a_socket_name_the_instrument_by_its_code_alone(one: Trader) -> None:
    session, wire = one.listen("orders")
    one.say(session, id="7", op="order", args=[one.swap("buy", "1")])
    (answer,) = wire.take()
    assert (answer["code"], answer["msg"], answer["data"][0]["sCode"]) == ("1", "", "50014")
    one.say(session, id="8", op="order", args=[by_code(one, **one.swap("buy", "0.005"))])
    (answer,) = wire.take()
    assert (answer["code"], answer["msg"], answer["data"][0]["sCode"]) == ("1", "", "51120")
    assert [o["status"] for o in one.own()["orders"]] == ["rejected"]


def test_orders_need_a_login_and_the_private_socket(one: Trader) -> None:
    for url, code in ((PRIVATE, "60011"), (PUBLIC, "60028"), (DEMO, "60028")):
        session, wire = one.connect(url, "okx")
        one.say(session, id="7", op="order", args=[by_code(one, **one.swap("buy", "1"))])
        assert wire.take()[0]["code"] == code


def test_requests_are_kept_without_secrets(one: Trader) -> None:
    one.place(one.swap("buy", "1", clOrdId="a1"))
    requests = one.own()["requests"]
    assert requests["counts"] == {"POST /api/v5/trade/order": 1}
    (last,) = requests["last"]
    assert (last["t_ns"], last["code"], last["params"]["clOrdId"]) == (one.t_ns, "0", "a1")
    text = orjson.dumps(one.control.truth({"venue": "okx"})).decode()
    for secret in (one.keys.api_key, one.keys.api_secret, one.keys.passphrase):
        assert secret not in text
