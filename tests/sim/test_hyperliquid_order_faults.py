"""Trouble with orders on the simulated Hyperliquid: what its client sees, and what is true."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
import pytest

from arbtui.sim.base import Reply
from arbtui.sim.hyperliquid import rules
from tests.sim.hyperliquid_private_support import Trader, cloid

VENUE = "hyperliquid"


@pytest.fixture
def one() -> Trader:
    return Trader()


def raw(one: Trader, *orders: dict[str, Any]) -> Reply:
    """The reply to an order, which may be lost."""
    return one.send(one.signed({"type": "order", "orders": list(orders), "grouping": "na"}))


def by_cloid(one: Trader, number: int) -> Reply:
    action = {"type": "cancelByCloid", "cancels": [{"asset": 0, "cloid": cloid(number)}]}
    return one.send(one.signed(action))


def truth(one: Trader, number: int) -> Any:
    (found,) = [o for o in one.own()["orders"] if o["client_id"] == cloid(number)]
    return found


def word(one: Trader, number: int) -> str:
    answer = one.read("orderStatus", oid=cloid(number))
    return str(answer["order"]["status"] if answer["status"] == "order" else answer["status"])


def resting(one: Trader, number: int, side: str = "buy") -> dict[str, Any]:
    price = one.row()["bids" if side == "buy" else "asks"][5][0]
    (status,) = one.place(one.order(side, "0.01", price, "Alo", c=cloid(number)))
    return dict(status)


def ids(one: Trader) -> list[str]:
    return [f["id"] for f in one.own()["fills"]]


# -- answers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (None, "Insufficient margin to place order."),
        ("halted", "Trading is halted."),
        ("min_notional", "Order must have minimum value of $10."),
        ("band", "Order price cannot be more than 80% away from the reference price"),
        ("reduce_only", "Reduce only order would increase position."),
    ],
)
def test_refused_orders_are_in_the_venues_words_and_counted(one: Trader, reason: str | None, text: str) -> None:
    one.fault("reject_order", VENUE, count=1, **({"reason": reason} if reason else {}))
    assert one.place(one.order("buy", "0.01", c=cloid(1))) == [{"error": f"{text} asset=0"}]
    assert (truth(one, 1)["status"], ids(one)) == ("rejected", [])
    assert "filled" in one.place(one.order("buy", "0.01", c=cloid(2)))[0]


def test_every_refusal_has_words(one: Trader) -> None:
    for reason in ("margin", "balance", "tick", "step", "min_qty", "max_qty", "duplicate", "held_side", "would_take",
                   "unfillable", "no_depth", "too_many", "busy", "close_only"):  # fmt: skip
        one.fault("reject_order", VENUE, count=1, reason=reason)
        (status,) = one.place(one.order("buy", "0.01"))
        assert status["error"].endswith(" asset=0")


def test_a_delivered_action_whose_answer_is_lost_has_taken_effect(one: Trader) -> None:
    one.fault("ack_lost_delivered", VENUE, count=1)
    assert raw(one, one.order("buy", "0.01", c=cloid(1))).lost
    assert truth(one, 1)["status"] == word(one, 1) == "filled"
    assert one.own()["requests"]["counts"] == {"POST /exchange order": 1, "POST /info orderStatus": 1}


@pytest.mark.parametrize(("reason", "status"), [("timeout", 504), ("error", 500)])
def test_an_answer_may_say_nothing_of_what_was_done(one: Trader, reason: str, status: int) -> None:
    one.fault("ack_lost_delivered", VENUE, count=1, reason=reason)
    assert raw(one, one.order("buy", "0.01", c=cloid(1))).status == status
    assert truth(one, 1)["status"] == "filled"


def test_an_undelivered_action_never_was_and_its_nonce_is_free(one: Trader) -> None:
    one.fault("ack_lost_undelivered", VENUE, count=1)
    body = one.signed({"type": "order", "orders": [one.order("buy", "0.01", c=cloid(1))], "grouping": "na"})
    assert one.send(body).lost
    assert (one.own()["orders"], one.own()["requests"]["last"], word(one, 1)) == ([], [], "unknownOid")
    assert orjson.loads(one.send(body).body)["status"] == "ok"


def test_answers_to_cancels_are_lost_by_their_own_channel(one: Trader) -> None:
    one.fault("ack_lost_delivered", VENUE, count=1, channel="cancel")
    assert "resting" in resting(one, 1)
    assert by_cloid(one, 1).lost
    assert truth(one, 1)["status"] == word(one, 1) == "canceled"


def test_a_lost_answer_ends_the_socket_that_asked(one: Trader) -> None:
    session, wire = one.open()
    one.fault("ack_lost_delivered", VENUE, count=1)
    action = {"type": "order", "orders": [one.order("buy", "0.01", c=cloid(1))], "grouping": "na"}
    one.say(session, method="post", id=1, request={"type": "action", "payload": one.signed(action)})
    one.run(100)
    assert (wire.dropped, wire.take(), truth(one, 1)["status"]) == (True, [], "filled")


def test_an_answer_comes_late(one: Trader) -> None:
    one.fault("ack_late", VENUE, value=700)
    reply = raw(one, one.order("buy", "0.01", c=cloid(1)))
    assert (reply.after_s, truth(one, 1)["status"]) == (0.7, "filled")


# -- fills -------------------------------------------------------------------------------------------------------------


def test_a_partial_fill_is_called_filled_and_the_rest_is_gone(one: Trader) -> None:
    one.fault("partial_fill", VENUE, count=1, value=0.3)
    (status,) = one.place(one.order("buy", "0.1", c=cloid(1)))
    assert (status["filled"]["totalSz"], word(one, 1)) == ("0.03", "filled")
    assert truth(one, 1)["status"] == "expired"
    assert sum(Decimal(r["sz"]) for r in one.read("userFills")) == Decimal("0.03")


def test_no_fill_ends_immediate_orders(one: Trader) -> None:
    one.fault("no_fill", VENUE)
    (status,) = one.place(one.order("buy", "0.01", c=cloid(1)))
    assert status == {"error": f"{rules.IOC_CANCELED} asset=0"}
    assert word(one, 1) == "iocCancelRejected"


def test_a_late_fill_comes_after_its_acknowledgement(one: Trader) -> None:
    _, wire = one.listen("userFills")
    one.fault("late_fill", VENUE, count=1, value=1500)
    (status,) = one.place(one.order("buy", "0.01", c=cloid(1)))
    assert "resting" in status
    assert one.told(wire, "userFills") == []
    one.run(1200)
    (told,) = one.told(wire, "userFills")
    assert [str(r["tid"]) for r in told["fills"]] == ids(one)


def test_a_fill_races_the_cancel_and_wins(one: Trader) -> None:
    resting(one, 1)
    one.fault("fill_races_cancel", VENUE, count=1)
    assert rules.NEVER_PLACED.encode() in by_cloid(one, 1).body
    assert (truth(one, 1)["status"], word(one, 1), len(ids(one))) == ("filled", "filled", 1)
    assert one.read("userFills")[0]["crossed"] is False


def test_an_acknowledged_order_is_canceled_without_being_asked(one: Trader) -> None:
    _, wire = one.listen("userEvents")
    one.fault("async_cancel", VENUE, count=1, value=300)
    (status,) = one.place(one.order("buy", "0.01", c=cloid(1)))
    one.run(400)
    assert (truth(one, 1)["status"], word(one, 1)) == ("canceled", "marginCanceled")
    assert one.told(wire, "user") == [{"nonUserCancel": [{"coin": "BTC", "oid": status["resting"]["oid"]}]}]


def test_a_status_that_nobody_knows(one: Trader) -> None:
    one.place(one.order("buy", "0.01", c=cloid(1)))
    one.fault("unknown_status", VENUE, count=1)
    assert (word(one, 1), word(one, 1)) == ("alien_state", "filled")


# -- streams -----------------------------------------------------------------------------------------------------------


def test_a_fill_is_told_twice_and_is_one(one: Trader) -> None:
    _, wire = one.listen("userFills")
    one.fault("duplicate_fill", VENUE, channel="userFills")
    one.place(one.order("buy", "0.01"))
    told = [str(r["tid"]) for data in one.told(wire, "userFills") for r in data["fills"]]
    assert told == ids(one) * 2
    assert len(one.read("userFills")) == 1


def test_a_silent_gap_tells_nothing_and_all_is_in_the_lists(one: Trader) -> None:
    session, wire = one.listen("userFills")
    one.fault("private_gap", VENUE, reason="silent", seconds=5)
    one.place(one.order("buy", "0.01"))
    assert (one.told(wire, "userFills"), session.ended) == ([], False)
    assert [str(r["tid"]) for r in one.read("userFills")] == ids(one)


def test_a_gap_cuts_sockets_that_listen_to_accounts_alone_and_refuses_them(one: Trader) -> None:
    _, wire = one.listen("userFills")
    _, heard = one.subscribed("bbo", "BTC")
    one.fault("private_gap", VENUE, seconds=5)
    assert (wire.dropped, heard.dropped) == (True, False)
    again, answer = one.open()
    one.subscribe(again, "userFills", user=one.keys.address)
    one.run(200)
    assert (answer.dropped, answer.take()) == (True, [])


def test_sessions_expire_as_connections_do(one: Trader) -> None:
    _, wire = one.listen("orderUpdates")
    one.fault("session_expired", VENUE)
    assert wire.dropped


# -- accounts ----------------------------------------------------------------------------------------------------------


def test_margin_is_short_for_what_opens_risk_though_balances_read_as_before(one: Trader) -> None:
    one.place(one.order("buy", "0.01"))
    before = one.read("clearinghouseState")["withdrawable"]
    one.fault("margin_short", VENUE)
    assert one.place(one.order("buy", "0.01")) == [{"error": "Insufficient margin to place order. asset=0"}]
    assert one.read("clearinghouseState")["withdrawable"] == before
    assert "filled" in one.place(one.order("sell", "0.01"))[0]


@pytest.mark.parametrize(("reason", "words"), [("adl", "Auto-Deleveraging"), ("liquidation", "Liquidated Cross Long")])
def test_the_venue_takes_a_part_of_a_position(one: Trader, reason: str, words: str) -> None:
    one.place(one.order("buy", "0.01"))
    one.fault("position_jump", VENUE, symbol="BTC", value=0.5, reason=reason)
    assert one.read("clearinghouseState")["assetPositions"][0]["position"]["szi"] == "0.005"
    assert one.read("userFills")[0]["dir"] == words


def test_open_orders_and_positions_are_answered_as_none_once(one: Trader) -> None:
    one.place(one.order("buy", "0.01"))
    resting(one, 2)
    one.fault("open_orders_empty", VENUE, count=1)
    one.fault("positions_empty", VENUE, count=1)
    assert (one.read("openOrders"), one.read("clearinghouseState")["assetPositions"]) == ([], [])
    assert [row["cloid"] for row in one.read("openOrders")] == [cloid(2)]
    assert len(one.read("clearinghouseState")["assetPositions"]) == 1


def test_history_lags_behind(one: Trader) -> None:
    one.fault("history_lag", VENUE, value=2000)
    one.place(one.order("buy", "0.01", c=cloid(1)))
    assert (word(one, 1), one.read("userFills"), one.read("historicalOrders")) == ("unknownOid", [], [])
    one.run(2100)
    assert [str(r["tid"]) for r in one.read("userFills")] == ids(one)
    assert word(one, 1) == "filled"


def test_faults_can_mean_one_instrument(one: Trader) -> None:
    one.fault("reject_order", VENUE, symbol="ETH")
    assert "filled" in one.place(one.order("buy", "0.01"))[0]


def test_a_persons_order_is_in_the_lists_and_streams_without_an_id_of_ours(one: Trader) -> None:
    _, wire = one.listen("userFills")
    ask = {"venue": VENUE, "market": "perp", "symbol": "BTC", "side": "sell", "qty": "0.01"}
    made = one.control.books.by_hand(ask)
    assert (made["origin"], made["client_id"], made["status"]) == ("hand", "", "filled")
    (told,) = one.told(wire, "userFills")
    assert "cloid" not in told["fills"][0]
    assert one.read("historicalOrders")[0]["order"]["cloid"] is None
    assert one.read("clearinghouseState")["assetPositions"][0]["position"]["szi"] == "-0.01"


def test_a_delisting_cancels_what_rests_and_settles_positions(one: Trader) -> None:
    one.place(one.order("buy", "0.01"))
    resting(one, 2)
    one.fault("delist", VENUE, symbol="BTC", market="perp", value=1)
    one.run(1100)
    assert (word(one, 2), one.own()["positions"]) == ("delistedCanceled", [])
    assert one.read("userFills")[0]["dir"] == "Settlement"


def test_the_same_seed_and_requests_make_the_same_truth() -> None:
    def story(one: Trader) -> Any:
        one.fault("partial_fill", VENUE, count=2)
        for number in range(4):
            one.place(one.order("buy" if number % 2 else "sell", "0.01", c=cloid(number + 1)))
        one.run(500)
        return one.own()

    assert story(Trader()) == story(Trader())
