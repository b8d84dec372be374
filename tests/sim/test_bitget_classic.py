"""The classic account of the simulated Bitget: its words and codes, hedge mode, two wallets, its channels."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
import pytest

from arbtui.sim.base import Session
from tests.sim.bitget_private_support import BTC, CLASSIC, Trader
from tests.sim.support import Wire

MIX, SPOT = "/api/v2/mix", "/api/v2/spot"
USDT = {"productType": "USDT-FUTURES"}


class Classic(Trader):
    """A client of the classic account."""

    def __init__(self) -> None:
        super().__init__("classic")

    def mix(self, side: str, size: str, price: str | None = None, force: str = "ioc", **more: Any) -> dict[str, Any]:
        """Parameters of an order in the contract BTCUSDT."""
        way = {"orderType": "market"} if price is None else {"orderType": "limit", "price": price, "force": force}
        whole = {"symbol": BTC, "marginMode": "crossed", "marginCoin": "USDT", "side": side, "size": size}
        return {**USDT, **whole, **way, **more}

    def coin(self, side: str, size: str, price: str | None = None, force: str = "ioc", **more: Any) -> dict[str, Any]:
        """The same for the pair."""
        ask = self.mix(side, size, price, force, **more)
        return {key: value for key, value in ask.items() if key not in ("productType", "marginMode", "marginCoin")}

    def answer(self, ask: dict[str, Any]) -> Any:
        return self.post(f"{MIX}/order/place-order" if "productType" in ask else f"{SPOT}/trade/place-order", **ask)

    def made(self, ask: dict[str, Any]) -> str:
        """The id of an order that must be acknowledged."""
        body = self.answer(ask)
        assert body["code"] == "00000", body
        return str(body["data"]["orderId"])

    def positions(self) -> list[Any]:
        rows: list[Any] = self.data(f"{MIX}/position/all-position", **USDT, marginCoin="USDT")
        return rows

    def channels(self, *args: dict[str, str]) -> tuple[Session, Wire]:
        """A private v2 socket with these channels; what it said so far is still to be read."""
        session, wire = self.login(CLASSIC)
        self.say(session, op="subscribe", args=list(args))
        return session, wire


@pytest.fixture
def one() -> Classic:
    return Classic()


def arg(channel: str, product: str = "USDT-FUTURES") -> dict[str, str]:
    return {"instType": product, "channel": channel, "coin" if channel == "account" else "instId": "default"}


# -- orders --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("market", "changed", "code"),
    [
        ("mix", {"symbol": "NOPEUSDT"}, "40034"),
        ("mix", {"symbol": ""}, "40019"),
        ("mix", {"productType": "COIN-FUTURES", "symbol": "BTCUSD"}, "40020"),
        ("mix", {"side": "long"}, "400172"),
        ("mix", {"orderType": "stop"}, "400172"),
        ("mix", {"force": "gtx"}, "400172"),
        ("mix", {"size": 0.01}, "400172"),
        ("mix", {"marginMode": "isolated"}, "400172"),
        ("mix", {"marginCoin": "USDC"}, "400172"),
        ("mix", {"size": "0.01005"}, "22038"),
        ("mix", {"size": "0.00001"}, "45111"),
        ("mix", {"size": "98"}, "40762"),
        ("mix", {"size": "99.0001"}, "45112"),
        ("mix", {"price": "{bid}5"}, "45115"),
        ("mix", {"price": "1"}, "45110"),
        ("mix", {"price": "200000"}, "40815"),
        ("mix", {"price": "1", "side": "sell"}, "40816"),
        ("mix", {"tradeSide": "open"}, "40774"),
        ("mix", {"reduceOnly": "YES"}, "22002"),
        ("mix", {"clientOid": "x" * 51}, "40304"),
        ("mix", {"presetStopLossPrice": "5"}, "40805"),
        ("mix", {"symbol": "PAUSEUSDT", "price": "1.9", "size": "10"}, "40308"),
        ("mix", {"symbol": "OLDUSDT", "price": "0.0118", "size": "1000"}, "45119"),
        ("spot", {"size": "50"}, "43012"),
        ("spot", {"size": "0.00001"}, "45110"),
        ("spot", {"size": "0.0100001"}, "40808"),
        ("spot", {"price": "{bid}5"}, "41103"),
        ("spot", {"price": "1", "side": "sell"}, "43008"),
        ("spot", {"price": "200000"}, "43009"),
        ("spot", {"symbol": "PAUSEUSDT", "price": "1.9", "size": "10"}, "41114"),
    ],
)
def test_orders_are_refused_in_the_classic_codes(one: Classic, market: str, changed: dict[str, Any], code: str) -> None:
    bid = one.book("perp" if market == "mix" else "spot")["bids"][3][0]
    make = one.mix if market == "mix" else one.coin
    ask = {**make("buy", "0.01", bid, "gtc"), **changed}
    ask = {k: v.replace("{bid}", f"{Decimal(bid):.2f}") if isinstance(v, str) else v for k, v in ask.items()}
    assert one.answer(ask)["code"] == code
    assert all(o["status"] == "rejected" for o in one.own()["orders"])


def test_words_may_come_in_any_case_and_the_force_of_a_market_order_is_of_no_account(one: Classic) -> None:
    price = one.book()["asks"][0][0]
    one.made(one.mix("buy", "0.01", price, "IOC", productType="usdt-futures", marginCoin="usdt"))
    one.made(one.mix("sell", "0.01", force="GTC", orderType="Market"))
    assert [o["status"] for o in one.own()["orders"]] == ["filled", "filled"]


@pytest.mark.parametrize(("market", "code"), [("mix", "40786"), ("spot", "43118")])
def test_a_client_id_is_never_taken_twice(one: Classic, market: str, code: str) -> None:
    ask = one.mix("sell", "0.01", clientOid="a1") if market == "mix" else one.coin("sell", "0.01", clientOid="a1")
    one.made(ask)
    assert one.answer(ask)["code"] == code


def test_in_hedge_mode_the_side_is_that_of_the_position(one: Classic) -> None:
    def switch(mode: str) -> str:
        return str(one.post(f"{MIX}/account/set-position-mode", **USDT, posMode=mode)["code"])

    assert [switch("both"), switch("hedge_mode")] == ["400172", "00000"]
    assert one.answer(one.mix("buy", "0.01"))["code"] == "40774"
    one.made(one.mix("buy", "0.03", tradeSide="open"))
    one.made(one.mix("sell", "0.02", tradeSide="Open"))
    closing = one.made(one.mix("buy", "0.01", tradeSide="Close"))
    assert {p["holdSide"]: p["total"] for p in one.positions()} == {"long": "0.02", "short": "0.02"}
    row = one.data(f"{MIX}/order/detail", **USDT, symbol=BTC, orderId=closing)
    assert (row["side"], row["tradeSide"], row["posSide"], row["state"]) == ("buy", "close", "long", "filled")
    assert one.own()["orders"][-1]["side"] == "sell"
    assert switch("one_way_mode") == "40920"


def test_what_is_done_and_what_never_was_are_refused_apart(one: Classic) -> None:
    def code(path: str, **which: Any) -> str:
        return str(one.post(path, **which)["code"])

    filled = one.made(one.mix("sell", "0.01"))
    mix = {**USDT, "symbol": BTC}
    assert code(f"{MIX}/order/cancel-order", **mix, orderId=filled) == "22001"
    assert code(f"{MIX}/order/cancel-order", **mix, clientOid="nobody") == "40768"
    assert code(f"{MIX}/order/cancel-order", **mix) == "40924"
    sold = one.made(one.coin("sell", "0.01"))
    assert code(f"{SPOT}/trade/cancel-order", symbol=BTC, orderId=sold) == "43004"
    assert code(f"{SPOT}/trade/cancel-order", symbol=BTC, clientOid="nobody") == "43001"
    assert one.ask(f"{MIX}/order/detail", **mix, orderId="1")["code"] == "40768"
    assert one.data(f"{SPOT}/trade/orderInfo", orderId="1") == []


def test_all_of_a_product_are_cancelled_at_once(one: Classic) -> None:
    made = [one.made(one.mix("buy", "0.01", one.book()["bids"][n][0], "gtc")) for n in (3, 4)]
    done = one.post(f"{MIX}/order/cancel-all-orders", **USDT)["data"]["successList"]
    assert [row["orderId"] for row in done] == made
    assert one.data(f"{MIX}/order/orders-pending", **USDT)["entrustedList"] == []


def test_lists_go_from_new_to_old_below_an_id(one: Classic) -> None:
    made = [one.made(one.mix("buy" if n % 2 else "sell", "0.01")) for n in range(3)]
    first = one.data(f"{MIX}/order/orders-history", **USDT, limit=2)
    rest = one.data(f"{MIX}/order/orders-history", **USDT, limit=2, idLessThan=first["endId"])
    assert [o["orderId"] for o in first["entrustedList"] + rest["entrustedList"]] == made[::-1]
    assert {o["status"] for o in first["entrustedList"]} == {"filled"}
    fills = one.data(f"{MIX}/order/fills", **USDT, orderId=made[0])["fillList"]
    assert [f["tradeId"] for f in fills] == [one.own()["fills"][0]["id"]]
    wide = one.ask(f"{MIX}/order/fills", **USDT, startTime=one.t_ns // 1_000_000 - 91 * 86_400_000)
    assert wide["code"] == "40705"


@pytest.mark.parametrize(
    ("reason", "side", "word"),
    [
        ("liquidation", "buy", "burst_sell_single"),
        ("liquidation", "sell", "burst_buy_single"),
        ("adl", "buy", "dte_sys_adl_sell_in_single_side_mode"),
    ],
)
def test_what_the_venue_itself_traded_says_why(one: Classic, reason: str, side: str, word: str) -> None:
    one.made(one.mix(side, "0.01"))
    _, wire = one.channels(arg("orders"))
    wire.take()
    one.fault("position_jump", "bitget", symbol=BTC, reason=reason)
    assert {row["tradeSide"] for frame in wire.take() for row in frame["data"]} == {word}
    (taken, _) = one.data(f"{MIX}/order/fills", **USDT)["fillList"]
    assert (taken["tradeSide"], one.own()["positions"]) == (word, [])


def test_fees_are_costs_below_zero_and_spot_tells_them_as_text(one: Classic) -> None:
    one.made(one.coin("sell", "0.01"))
    (row,) = one.data(f"{SPOT}/trade/history-orders", symbol=BTC)
    (fill,) = one.data(f"{SPOT}/trade/fills", symbol=BTC)
    (true,) = one.own()["fills"]
    assert orjson.loads(row["feeDetail"])["USDT"]["totalFee"] == -float(true["fee"])
    assert Decimal(fill["feeDetail"]["totalFee"]) == -Decimal(true["fee"])
    assert (fill["priceAvg"], fill["size"]) == (true["price"], true["qty"])


def test_an_open_spot_order_names_its_limit_as_an_average(one: Classic) -> None:
    price = one.book("spot")["bids"][3][0]
    one.made(one.coin("buy", "0.01", price, "gtc"))
    (row,) = one.data(f"{SPOT}/trade/unfilled-orders")
    assert (row["priceAvg"], row["basePrice"], row["status"]) == (price, "0", "live")


# -- accounts ------------------------------------------------------------------------------------------------------


def test_the_wallets_are_apart(one: Classic) -> None:
    one.made(one.coin("buy", "500"))
    one.made(one.mix("buy", "0.01"))
    (futures,) = one.data(f"{MIX}/account/accounts", **USDT)
    (coin,) = one.data(f"{SPOT}/account/assets", coin="usdt")
    wallets = one.own()["wallets"]
    assert Decimal(futures["available"]) == Decimal(wallets["futures"]["USDT"]["total"]) < 100_000
    assert Decimal(coin["available"]) == Decimal(wallets["spot"]["USDT"]["total"]) < 99_501
    single = one.data(f"{MIX}/account/account", **USDT, symbol=BTC, marginCoin="USDT")
    assert (single["posMode"], single["crossedMarginLeverage"]) == ("one_way_mode", "20")


def test_a_leverage_that_is_no_change_says_so(one: Classic) -> None:
    def set_to(times: str) -> str:
        ask = {**USDT, "symbol": BTC, "marginCoin": "USDT", "leverage": times}
        return str(one.post(f"{MIX}/account/set-leverage", **ask)["code"])

    assert [set_to("20"), set_to("5"), set_to("151"), set_to("2.5")] == ["40814", "00000", "45045", "400172"]
    one.made(one.mix("buy", "0.01"))
    assert one.positions()[0]["leverage"] == "5"


def test_funding_is_among_the_bills(one: Classic) -> None:
    one.made(one.mix("buy", "0.01"))
    one.control.books.settle({"venue": "bitget", "symbol": BTC})
    (row,) = one.data(f"{MIX}/account/bill", **USDT, businessType="contract_settle_fee")["bills"]
    assert Decimal(row["amount"]) == Decimal(one.own()["funding"][0]["amount"])


# -- the private socket --------------------------------------------------------------------------------------------


def test_channels_are_acknowledged_and_those_that_do_not_exist_name_their_arg(one: Classic) -> None:
    wrong = [arg("positions", "SPOT"), {"instType": "USDT-FUTURES", "channel": "orders", "instId": "NOPE"}]
    _, wire = one.channels(arg("orders"), *wrong)
    login, good, *bad = wire.take()
    assert login == {"event": "login", "code": 0}
    assert good == {"event": "subscribe", "arg": arg("orders")}
    assert [(e["code"], e["arg"]) for e in bad] == [(30001, each) for each in wrong]


def test_an_order_is_told_with_its_fill_its_position_and_its_wallet(one: Classic) -> None:
    session, wire = one.channels(arg("orders"), arg("fill"), arg("positions"), arg("account"), arg("orders", "SPOT"))
    first = [f for f in wire.take() if "data" in f]
    assert [(f["arg"]["channel"], len(f["data"])) for f in first] == [("positions", 0), ("account", 1)]
    one.made(one.mix("buy", "0.01"))
    told = {f["arg"]["channel"]: f["data"] for f in wire.take()}
    (true,) = one.own()["fills"]
    (order,) = told["orders"]
    assert (order["status"], order["tradeId"], order["accBaseVolume"]) == ("filled", true["id"], "0.01")
    assert Decimal(order["fillFee"]) == -Decimal(true["fee"])
    assert [f["tradeId"] for f in told["fill"]] == [true["id"]]
    assert [(p["total"], p["holdSide"]) for p in told["positions"]] == [("0.01", "long")]
    assert Decimal(told["account"][0]["available"]) == Decimal(one.own()["wallets"]["futures"]["USDT"]["total"])
    one.made(one.mix("sell", "0.01", reduceOnly="YES"))
    assert [f["data"] for f in wire.take() if f["arg"]["channel"] == "positions"][-1] == []
    one.say(session, op="unsubscribe", args=[arg("orders")])
    wire.take()
    one.made(one.mix("buy", "0.01"))
    assert "orders" not in {f["arg"]["channel"] for f in wire.take()}


def test_spot_channels_tell_of_spot_alone(one: Classic) -> None:
    _, wire = one.channels(arg("orders", "SPOT"), arg("fill", "SPOT"), arg("account", "SPOT"))
    wire.take()
    one.made(one.mix("buy", "0.01"))
    assert wire.take() == []
    one.made(one.coin("sell", "0.01"))
    frames = wire.take()
    statuses = [f["data"][0]["status"] for f in frames if f["arg"]["channel"] == "orders"]
    coins = {row["coin"] for f in frames if f["arg"]["channel"] == "account" for row in f["data"]}
    assert (statuses, coins) == (["live", "filled"], {"BTC", "USDT"})
    assert "posMode" not in frames[0]["data"][0]


def test_trouble_with_orders_is_the_same_as_for_a_unified_account(one: Classic) -> None:
    one.fault("ack_lost_delivered", "bitget", count=1)
    reply = one.send("POST", f"{MIX}/order/place-order", body=orjson.dumps(one.mix("buy", "0.01")).decode())
    assert (reply.lost, one.own()["orders"][0]["status"]) == (True, "filled")
    one.fault("reject_order", "bitget", symbol=BTC, market="spot", count=1)
    assert one.answer(one.mix("sell", "0.01"))["code"] == "00000"
    assert one.answer(one.coin("sell", "0.01"))["code"] == "43012"
    one.fault("leverage_cap", "bitget", value=5)
    ask = {**USDT, "symbol": BTC, "marginCoin": "USDT", "leverage": "30"}
    assert one.post(f"{MIX}/account/set-leverage", **ask)["data"]["longLeverage"] == "5"
