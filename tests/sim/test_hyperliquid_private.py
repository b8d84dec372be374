"""The simulated Hyperliquid's private side keeps its rules. Each claim is from its documents."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
import pytest

from arbtui.sim.hyperliquid import actions, rules, signed
from arbtui.sim.hyperliquid.signed import Signature
from tests.sim.hyperliquid_private_support import SPOT_BTC, Trader, approval_signature, cloid, l1_signature
from tests.sim.hyperliquid_support import asked

KEY = "0x0123456789012345678901234567890123456789012345678901234567890123"
ADDRESS = "0x14791697260e4c9a71f18484c9f997b308e59325"
STAMP = 1_700_000_000_000
ORDER: dict[str, Any] = {
    "type": "order",
    "orders": [
        {
            "a": 0, "b": True, "p": "67250", "s": "0.001", "r": False, "t": {"limit": {"tif": "Ioc"}},
            "c": "0x00000000000000000000000000000001",
        }
    ],
    "grouping": "na",
}  # fmt: skip
BY_CLOID = {"type": "cancelByCloid", "cancels": [{"asset": 0, "cloid": "0x00000000000000000000000000000001"}]}
VAULT = "0x1719884eb866cb12b2287399b15f7db5e7d775ea"


@pytest.fixture
def one() -> Trader:
    return Trader()


def statuses(body: Any) -> Any:
    return body["response"]["data"]["statuses"]


# -- signatures: made by the official SDK 0.24.0, which ccxt 4.5.90 equals ---------------------------------------------


@pytest.mark.parametrize(
    ("action", "source", "vault", "expires", "r", "s", "v"),
    [
        (ORDER, "a", None, None, 0x8D19FB8D5030F3FC6D6B7C504B7D88EC772350B833CDA8EF4E5C986098FB23EC,
         0x374151254C4FF793FEAE1DD71A60693EF66FB432CCDE886D7A4CE7E02DAA4DB7, 27),
        (ORDER, "b", None, None, 0x72CB0837F3E685ABD954D0B8E2BB69B6F4F2EA1AD2F6A7BACF76171B641131DF,
         0x176F509EF2D8CAE8D632FA24C7BEBA32EBB1ED4E2B266CAE22343EB932442FF3, 28),
        (ORDER, "a", None, STAMP + 10_000, 0x53C96287BF9AC56572D8D9C6B3D8691C7FDEA77B8D5FD949FD08CB9F12AC00EA,
         0x667546D83B3683342728F371BEDC5E9556FC100B7D5BB4FEDBD9E0A11D7C8D41, 28),
        (ORDER, "a", VAULT, None, 0x71CBE740320C6ADC6C6C0E0F23479F5AC4E8DD84928B2F9F0F28A09CC2975F20,
         0x012D0F73BC82DFBB29215510CA44908764B0DC1C464CC7478D67129C9C094EF8, 28),
        (BY_CLOID, "a", None, None, 0x80BC61EC5A6BD1931885C88CCB664AC5543BA861475262636445D21263B97318,
         0x6BBFAC7CEC115672A533CE377A822433F48A320F1E3C3CE09D2F38184F82979C, 27),
    ],
    ids=["mainnet", "testnet", "expires", "vault", "cancel"],
)  # fmt: skip
def test_known_signatures_lead_to_their_signer(
    action: Any, source: str, vault: str | None, expires: int | None, r: int, s: int, v: int
) -> None:
    connection = signed.connection_id(actions.canonical(action), STAMP, actions.vault(vault), expires)
    assert signed.signer_of(signed.l1_digest(connection, source), Signature(r, s, v)) == ADDRESS


def test_the_known_hash_is_of_the_canonical_form_however_it_was_written() -> None:
    padded = {
        "grouping": "na",
        "orders": [{**ORDER["orders"][0], "p": "67250.00", "s": "0.00100", "c": "0x" + "0" * 31 + "1", "junk": 1}],
        "type": "order",
    }
    for action in (ORDER, padded):
        found = signed.connection_id(actions.canonical(action), STAMP, None, None)
        assert found.hex() == "72e3fd29eccf429e72f2ce09bccc9a9dadbf767131f0d1f1529a8543a05b32ca"


def test_a_known_signature_of_a_user_leads_to_him() -> None:
    action = {
        "type": "approveBuilderFee", "hyperliquidChain": "Mainnet", "signatureChainId": "0x66eee",
        "maxFeeRate": "0.01%", "builder": "0x6530512a6c89c7cfcebc3ba7fcd9ada5f30827a6", "nonce": STAMP,
    }  # fmt: skip
    kind, types = actions.USER_SIGNED["approveBuilderFee"]
    digest = signed.user_digest(kind, types, actions.user_signed(action), actions.chain_id("0x66eee"))
    assert digest.hex() == "3102cc0397b96a73916f2a8527c4bde723b1fb8ce819ca4bc08b1c7ac847ee6e"
    given = Signature(
        0x1A297CD7BCECDD39317FDC1CF570FCC4545092EF02023E8F73D17E212D50E3F1,
        0x1E3C6442F83502316F98BF0FB146E0B81FA465B7D3B092456299EC7F0AB85CE0,
        28,
    )
    assert signed.signer_of(digest, given) == ADDRESS


def test_a_known_signature_places_an_order_at_its_time() -> None:
    one = Trader(start_ns=STAMP * 1_000_000)
    account = one.desk.accounts["main"]
    one.sim.private._agents[ADDRESS] = (account, "vector")
    given = {
        "r": "0x8d19fb8d5030f3fc6d6b7c504b7d88ec772350b833cda8ef4e5c986098fb23ec",
        "s": "0x374151254c4ff793feae1dd71a60693ef66fb432ccde886d7a4ce7e02daa4db7",
        "v": 27,
    }
    body = orjson.loads(one.send({"action": ORDER, "nonce": STAMP, "signature": given}).body)
    assert body["status"] == "ok"
    assert one.own()["orders"][0]["client_id"] == cloid(1)
    forged = {**ORDER, "orders": [{**ORDER["orders"][0], "s": "0.002"}]}
    body = orjson.loads(one.send({"action": forged, "nonce": STAMP, "signature": given}).body)
    assert body["status"] == "err"
    assert body["response"].startswith("User or API Wallet 0x")


@pytest.mark.parametrize("source", ["a", "b"])
def test_both_sources_are_taken(one: Trader, source: str) -> None:
    assert one.act({"type": "noop"}, source=source) == {"status": "ok", "response": {"type": "default"}}


def test_a_stranger_is_named_and_refused(one: Trader) -> None:
    body = one.act({"type": "noop"}, key=KEY)
    assert body == {"status": "err", "response": f"User or API Wallet {ADDRESS} does not exist."}


def test_the_keys_told_are_an_agents_and_its_owners_address(one: Trader) -> None:
    told = one.control.books.credentials()["hyperliquid"]["main"]
    assert set(told) == {"private_key", "address"}
    agent = signed.address_of(told["private_key"])
    assert agent != told["address"]
    assert one.info("userRole", user=agent) == {"role": "agent", "data": {"user": told["address"]}}
    assert one.info("userRole", user=told["address"]) == {"role": "user"}
    assert one.info("userRole", user=ADDRESS) == {"role": "missing"}
    assert [row["address"] for row in one.read("extraAgents")] == [agent]
    assert one.info("clearinghouseState", user=agent)["marginSummary"]["accountValue"] == "0.0"
    assert told["private_key"] not in repr(one.keys)


def test_an_owner_approves_agents_and_an_agent_does_not(one: Trader) -> None:
    def approval(key: str) -> Any:
        nonce = one.nonce()
        action = {
            "type": "approveAgent", "hyperliquidChain": "Mainnet", "signatureChainId": "0x66eee",
            "agentAddress": ADDRESS, "agentName": "more", "nonce": nonce,
        }  # fmt: skip
        given = approval_signature(key, ADDRESS, "more", nonce)
        return orjson.loads(one.send({"action": action, "nonce": nonce, "signature": given}).body)

    refused = approval(one.keys.api_secret)
    assert refused["response"] == f"Must deposit before performing actions. User: {one.keys.api_key}"
    assert one.act({"type": "noop"}, key=KEY)["status"] == "err"
    assert approval(rules.owner_key(one.hub.world.seed, "main"))["status"] == "ok"
    assert one.act({"type": "noop"}, key=KEY)["status"] == "ok"


# -- nonces, expiry, bodies --------------------------------------------------------------------------------------------


def test_nonces_are_used_once_and_in_their_window(one: Trader) -> None:
    now = one.t_ns // 1_000_000
    assert one.act({"type": "noop"}, nonce=now)["status"] == "ok"
    assert one.act({"type": "noop"}, nonce=now)["response"] == f"Invalid nonce: duplicate nonce {now}"
    assert one.act({"type": "noop"}, nonce=now - 5)["status"] == "ok"
    for odd in (now - 2 * 86_400_000 - 1, now + 86_400_000 + 1):
        assert one.act({"type": "noop"}, nonce=odd)["response"].startswith("Invalid nonce: nonce too")


def test_only_the_hundred_highest_nonces_are_kept(one: Trader) -> None:
    now = one.t_ns // 1_000_000
    for number in range(100):
        assert one.act({"type": "noop"}, nonce=now + number)["status"] == "ok"
    assert one.act({"type": "noop"}, nonce=now - 1)["response"] == f"Invalid nonce: nonce too low {now - 1} < {now}"


def test_an_action_expires(one: Trader) -> None:
    now = one.t_ns // 1_000_000
    assert one.act({"type": "noop"}, expires=now - 1)["response"] == "Action already expired"
    assert one.act({"type": "noop"}, expires=now + 1)["status"] == "ok"


def test_vaults_are_not_registered(one: Trader) -> None:
    assert one.act({"type": "noop"}, vault=VAULT)["response"] == f"L1 error: Vault not registered: {VAULT}"


@pytest.mark.parametrize(
    "changed",
    [
        {"action": {"type": "nonsense"}},
        {"action": {**ORDER, "orders": [{**ORDER["orders"][0], "p": 67250}]}},
        {"action": {**ORDER, "orders": [{**ORDER["orders"][0], "c": "0x1"}]}},
        {"action": {**ORDER, "orders": [{**ORDER["orders"][0], "t": {"limit": {"tif": "Fok"}}}]}},
        {"nonce": "1"},
        {"signature": {"r": "1", "s": "0x1", "v": 27}},
        {"vaultAddress": "0x12"},
    ],
)
def test_what_cannot_be_read_is_422(one: Trader, changed: dict[str, Any]) -> None:
    reply = one.send({**one.signed({"type": "noop"}), **changed})
    assert (reply.status, reply.body) == (422, b"Failed to deserialize the JSON body into the target type")


# -- orders ------------------------------------------------------------------------------------------------------------


def test_an_immediate_order_is_filled_and_the_lists_say_so(one: Trader) -> None:
    (status,) = one.place(one.order("buy", "0.01", c=cloid(7)))
    filled = status["filled"]
    own = one.own()
    (order,), fills = own["orders"], own["fills"]
    assert (str(filled["oid"]), filled["cloid"], filled["totalSz"]) == (order["id"], cloid(7), "0.01")
    worth = sum(Decimal(f["price"]) * Decimal(f["qty"]) for f in fills)
    assert Decimal(filled["avgPx"]) == pytest.approx(worth / Decimal("0.01"))
    rows = one.read("userFills")
    assert [(str(r["tid"]), r["px"], r["sz"], Decimal(r["fee"]), r["crossed"]) for r in rows[::-1]] == [
        (f["id"], f["price"], f["qty"], Decimal(f["fee"]), True) for f in fills
    ]
    assert {r["feeToken"] for r in rows} == {"USDC"}
    assert rows[-1]["dir"] == "Open Long"
    assert one.read("userFillsByTime", startTime=rows[0]["time"]) == rows[::-1]
    assert one.read("userFillsByTime", startTime=rows[0]["time"] + 1) == []
    answer = one.read("orderStatus", oid=cloid(7))
    assert (answer["status"], answer["order"]["status"]) == ("order", "filled")
    assert one.read("historicalOrders") == [answer["order"]]


def test_the_size_of_a_status_says_nothing_of_fills(one: Trader) -> None:
    one.place(one.order("buy", "0.01", c=cloid(1)))
    assert one.read("orderStatus", oid=cloid(1))["order"]["order"]["sz"] == "0.01"
    price = one.row()["bids"][5][0]
    one.place(one.order("buy", "0.01", price, "Alo", c=cloid(2)))
    one.fault("fill_races_cancel", "hyperliquid", count=1, value=0.4)
    oid = one.read("openOrders")[0]["oid"]
    assert one.cancel((0, oid)) == ["success"]
    order = one.read("orderStatus", oid=oid)["order"]
    assert (order["status"], order["order"]["sz"], order["order"]["origSz"]) == ("canceled", "0.006", "0.01")


def test_a_resting_order_rests_until_it_is_canceled_by_either_id(one: Trader) -> None:
    price = one.row()["bids"][5][0]
    first, second = one.place(
        one.order("buy", "0.01", price, "Alo"), one.order("buy", "0.02", price, "Gtc", c=cloid(2))
    )
    assert set(first["resting"]) == {"oid"}
    assert second["resting"]["cloid"] == cloid(2)
    assert [row["oid"] for row in one.read("openOrders")] == [second["resting"]["oid"], first["resting"]["oid"]]
    assert {row["tif"] for row in one.read("frontendOpenOrders")} == {"Alo", "Gtc"}
    gone = "Order was never placed, already canceled, or filled. asset=0"
    assert one.cancel((0, first["resting"]["oid"]), (0, 5)) == ["success", {"error": gone}]
    body = one.act({"type": "cancelByCloid", "cancels": [{"asset": 0, "cloid": cloid(2)}] * 2})
    assert statuses(body) == ["success", {"error": gone}]
    assert one.read("openOrders") == []


def test_an_order_is_changed_under_a_new_id(one: Trader) -> None:
    bids = one.row()["bids"]
    (made,) = one.place(one.order("buy", "0.01", bids[5][0], "Alo", c=cloid(1)))
    order = one.order("buy", "0.02", bids[6][0], "Alo", c=cloid(1))
    body = one.act({"type": "batchModify", "modifies": [{"oid": made["resting"]["oid"], "order": order}]})
    (changed,) = statuses(body)
    assert changed["resting"]["oid"] != made["resting"]["oid"]
    assert [(row["oid"], row["sz"]) for row in one.read("openOrders")] == [(changed["resting"]["oid"], "0.02")]


@pytest.mark.parametrize(
    ("order", "text"),
    [
        ({"s": "0.000001"}, "Order has invalid size."),
        ({"s": "0"}, "Order has zero size."),
        ({"s": "0.0001", "p": "83000"}, "Order must have minimum value of $10."),
        ({"p": "83000.55"}, "Price must be divisible by tick size."),
        ({"p": "83000.5"}, "Order has invalid price."),
        ({"p": "400000"}, "Order price cannot be more than 80% away from the reference price"),
        ({"s": "90"}, "Insufficient margin to place order."),
        ({"r": True}, "Reduce only order would increase position."),
        ({"p": "60000"}, "Order could not immediately match against any resting orders."),
    ],
)
def test_refused_orders_are_errors_among_the_statuses(one: Trader, order: dict[str, Any], text: str) -> None:
    assert one.place({**one.order("buy", "0.01"), **order}) == [{"error": f"{text} asset=0"}]
    assert one.own()["fills"] == []


def test_a_post_only_order_that_would_take_is_refused_with_the_touch(one: Trader) -> None:
    row = one.row()
    bid, ask = row["bids"][0][0], row["asks"][0][0]
    (status,) = one.place(one.order("buy", "0.01", ask, "Alo"))
    text = f"Post only order would have immediately matched, bbo was {bid}@{ask}. asset=0"
    assert status == {"error": text}


def test_an_immediate_order_that_found_nothing_has_its_own_word(one: Trader) -> None:
    one.place(one.order("buy", "0.01", "60000", c=cloid(3)))
    assert one.read("orderStatus", oid=cloid(3))["order"]["status"] == "iocCancelRejected"
    assert one.read("orderStatus", oid=cloid(4)) == {"status": "unknownOid"}


def test_below_the_minimum_only_a_whole_position_is_closed(one: Trader) -> None:
    one.place(one.order("buy", "0.0002"))
    (status,) = one.place(one.order("sell", "0.0001", reduce=True))
    assert status == {"error": "Order must have minimum value of $10. asset=0"}
    one.place(one.order("sell", "0.0001"))  # too small as well
    (status,) = one.place(one.order("sell", "0.0002", reduce=True))
    assert status["filled"]["totalSz"] == "0.0002"
    assert one.read("clearinghouseState")["assetPositions"] == []


# -- accounts ----------------------------------------------------------------------------------------------------------


def test_positions_and_margin_are_true(one: Trader) -> None:
    one.place(one.order("sell", "0.05"))
    one.place(one.order("buy", "0.02"))
    state, own = one.read("clearinghouseState"), one.own()
    (row,), (true,) = state["assetPositions"], own["positions"]
    position = row["position"]
    assert (position["szi"], true["qty"], position["leverage"]) == ("-0.03", "-0.03", {"type": "cross", "value": 20})
    assert Decimal(position["unrealizedPnl"]) == pytest.approx(Decimal(true["profit"]))
    value = Decimal(own["wallets"]["perp"]["USDC"]["total"]) + Decimal(true["profit"])
    assert Decimal(state["marginSummary"]["accountValue"]) == pytest.approx(value)
    assert one.read("userFills")[0]["dir"] == "Close Short"


def test_spot_is_held_under_the_names_of_the_bridge(one: Trader) -> None:
    (status,) = one.place(one.order("buy", "0.01", asset=SPOT_BTC))
    assert "filled" in status
    row = one.read("userFills")[0]
    assert (row["coin"], row["feeToken"], row["dir"]) == ("@142", "UBTC", "Buy")
    balances = {b["coin"]: b for b in one.read("spotClearinghouseState")["balances"]}
    own = one.own()["wallets"]["spot"]
    assert Decimal(balances["UBTC"]["total"]) == Decimal(own["BTC"]["total"]) < Decimal("1.01")
    ask = one.row("BTC", "spot")["asks"][5][0]
    one.place(one.order("sell", "0.5", ask, "Alo", asset=SPOT_BTC))
    assert {b["coin"]: b["hold"] for b in one.read("spotClearinghouseState")["balances"]}["UBTC"] == "0.5"
    (status,) = one.place(one.order("buy", "5", asset=SPOT_BTC))
    assert status == {"error": f"Insufficient spot balance asset={SPOT_BTC}"}


def test_leverage_is_set_up_to_what_the_perp_allows(one: Trader) -> None:
    ask = {"type": "updateLeverage", "asset": 0, "isCross": True, "leverage": 7}
    assert one.act(ask) == {"status": "ok", "response": {"type": "default"}}
    assert one.read("activeAssetData", coin="BTC")["leverage"] == {"type": "cross", "value": 7}
    assert one.act({**ask, "leverage": 41}) == {"status": "err", "response": "Invalid leverage value"}
    one.fault("leverage_cap", "hyperliquid", value=5)
    assert one.act({**ask, "leverage": 20})["status"] == "ok"
    assert one.read("activeAssetData", coin="BTC")["leverage"]["value"] == 5


def test_fees_and_funding_are_read(one: Trader) -> None:
    fees = one.read("userFees")
    assert (fees["userCrossRate"], fees["userAddRate"], fees["userSpotCrossRate"]) == ("0.00045", "0.00015", "0.0007")
    assert one.read("userAbstraction") == "disabled"
    one.place(one.order("buy", "0.01"))
    one.control.books.settle({"venue": "hyperliquid", "symbol": "BTC"})
    (row,) = one.read("userFunding", startTime=0)
    (true,) = one.own()["funding"]
    assert Decimal(row["delta"]["usdc"]) == Decimal(true["amount"])
    assert row["delta"]["szi"] == "0.01"


def test_funding_is_paid_each_hour() -> None:
    one = Trader(start_ns=1_795_161_599_000_000_000)  # a second before the hour
    one.place(one.order("buy", "0.01"))
    one.run(3000)
    assert [p["t_ms"] for p in one.own()["funding"]] == [1_795_161_600_000]


# -- channels ----------------------------------------------------------------------------------------------------------


def test_what_happens_is_told_on_the_channels(one: Trader) -> None:
    _, wire = one.listen("orderUpdates", "userFills")
    one.place(one.order("buy", "0.01", c=cloid(1)))
    one.run(400)
    frames = wire.take()
    updates = [row for f in frames if f["channel"] == "orderUpdates" for row in f["data"]]
    assert (updates[0]["status"], updates[-1]["status"]) == ("open", "filled")
    assert updates[-1]["order"]["cloid"] == cloid(1)
    fills = [row for f in frames if f["channel"] == "userFills" for row in f["data"]["fills"]]
    assert [str(r["tid"]) for r in fills] == [f["id"] for f in one.own()["fills"]]
    assert all("isSnapshot" not in f["data"] for f in frames if f["channel"] == "userFills")


def test_fills_begin_with_a_snapshot_and_states_are_repeated(one: Trader) -> None:
    one.place(one.order("buy", "0.01"))
    session, wire = one.open()
    for kind in ("userFills", "clearinghouseState", "webData2"):
        one.subscribe(session, kind, user=one.keys.address.upper().replace("X", "x"))
    one.run(2600)
    frames = wire.take()
    (snapshot,) = [f["data"] for f in frames if f["channel"] == "userFills"]
    assert snapshot["isSnapshot"] is True
    assert snapshot["fills"] == one.read("userFills")
    states = [f["data"] for f in frames if f["channel"] == "clearinghouseState"]
    assert len(states) >= 3
    assert states[0]["clearinghouseState"]["assetPositions"][0]["position"]["szi"] == "0.01"
    assert not [f for f in frames if f["channel"] == "webData2"]


def test_a_subscription_is_held_once_and_left(one: Trader) -> None:
    session, wire = one.open()
    for _ in range(2):
        one.subscribe(session, "orderUpdates", user=one.keys.address)
    one.say(session, method="unsubscribe", subscription={"type": "orderUpdates", "user": one.keys.address})
    one.subscribe(session, "orderUpdates", user="0x12")
    frames = wire.take()
    assert [f["channel"] for f in frames] == ["subscriptionResponse", "error", "subscriptionResponse", "error"]
    assert frames[1]["data"].startswith("Already subscribed")
    one.place(one.order("buy", "0.01"))
    assert one.told(wire, "orderUpdates") == []


def test_ten_users_may_be_listened_to(one: Trader) -> None:
    session, wire = one.open()
    for number in range(11):
        one.subscribe(session, "orderUpdates", user=f"0x{number:040x}")
    assert [f["data"] for f in wire.take() if f["channel"] == "error"] == ["Cannot track more than 10 total users."]


def test_orders_by_socket_are_answered_under_their_id(one: Trader) -> None:
    session, wire = one.open()
    action = {"type": "order", "orders": [one.order("buy", "0.01")], "grouping": "na"}
    one.say(session, method="post", id=7, request={"type": "action", "payload": one.signed(action)})
    (answer,) = wire.take()
    assert (answer["channel"], answer["data"]["id"]) == ("post", 7)
    payload = answer["data"]["response"]["payload"]
    assert "filled" in statuses(payload)[0]


def test_a_body_without_optional_keys_is_read(one: Trader) -> None:
    nonce = one.nonce()
    body = {
        "action": {"type": "noop"},
        "nonce": nonce,
        "signature": l1_signature(one.keys.api_secret, {"type": "noop"}, nonce),
    }
    reply = one.sim.handle(asked(orjson.dumps(body), url="https://api.hyperliquid-testnet.xyz/exchange"))
    assert orjson.loads(reply.body)["status"] == "ok"
