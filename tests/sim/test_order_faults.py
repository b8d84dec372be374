"""Trouble with orders on request, on every simulated venue that takes them: what the client sees and what is true."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from arbtui.sim.asked import Refused
from arbtui.sim.base import Call, Reply
from arbtui.sim.faults import KINDS
from tests.sim.desks import DESKS, FILLS, BinanceDesk, BitgetDesk, BybitDesk, Desk
from tests.sim.support import Bench, served

PUBLIC = {
    "binance": "wss://fstream.binance.com/public/ws",
    "okx": "wss://ws.okx.com:8443/ws/v5/public",
    "bybit": "wss://stream.bybit.com/v5/public/linear",
    "bitget": "wss://ws.bitget.com/v2/ws/public",
}


@pytest.fixture(params=DESKS)
def desk(request: pytest.FixtureRequest) -> Desk:
    return DESKS[request.param]()


def ids(desk: Desk) -> list[str]:
    return [f["id"] for f in desk.truth()["fills"]]


def requests_of(desk: Desk, ask: Callable[[], Reply]) -> Call:
    """The one request that ``ask`` makes, signed and not sent."""
    seen: list[Call] = []
    venue = desk.bench.venue(desk.name)

    def keep(asked: Call) -> Reply:
        seen.append(asked)
        return Reply()

    venue.handle = keep
    ask()
    (asked,) = seen
    return asked


# -- answers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "codes"),
    [
        (None, {"-2019", "51008", "110007", "25203"}),
        ("halted", {"-4140", "51022", "110074", "25102"}),
        ("min_notional", {"-4164", "51020", "110094", "45110"}),
        ("band", {"-4016", "51137", "110003", "25206"}),
        ("duplicate", {"-4116", "51016", "110072", "25212"}),
        ("reduce_only", {"-2022", "51169", "110017", "25227"}),
        ("busy", {"-1008", "50013", "10429", "25003"}),
    ],
)
def test_refused_orders_are_in_the_venues_words_and_counted(desk: Desk, reason: str | None, codes: set[str]) -> None:
    desk.fault("reject_order", count=1, **({"reason": reason} if reason else {}))
    assert desk.refused(desk.place("buy", desk.lot, client_id="a1")) in codes
    assert (desk.order("a1")["status"], desk.truth()["fills"]) == ("rejected", [])
    assert desk.refused(desk.place("buy", desk.lot, client_id="a2")) == ""
    assert desk.order("a2")["status"] == "filled"


def test_a_post_only_that_would_take_is_refused_or_taken_and_ended_as_the_venue_does(desk: Desk) -> None:
    desk.fault("reject_order", count=1, reason="would_take")
    code = desk.refused(desk.place("buy", desk.lot, desk.best("bids", 5)[0], "post_only", "a1"))
    order = desk.order("a1")
    if desk.name == "binance":
        assert (code, order["status"]) == ("-5022", "rejected")
    else:
        assert (code, order["status"], order["ended"]) == ("", "canceled", "post_only")


def test_a_delivered_request_whose_answer_is_lost_has_taken_effect(desk: Desk) -> None:
    desk.fault("ack_lost_delivered", count=1)
    assert desk.place("buy", desk.lot, client_id="a1").lost
    assert desk.order("a1")["status"] == "filled"
    row = desk.row("a1")
    assert row is not None
    assert row["status"].lower() == "filled"
    assert sum(desk.truth()["requests"]["counts"].values()) == 2


@pytest.mark.parametrize(
    ("reason", "codes"),
    [("timeout", {"-1007", "50004", "10000", "40010"}), ("error", {"-1000", "50026", "10016", "40725"})],
)
def test_an_answer_may_say_that_the_venue_does_not_know(desk: Desk, reason: str, codes: set[str]) -> None:
    desk.fault("ack_lost_delivered", count=1, reason=reason)
    assert desk.refused(desk.place("buy", desk.lot, client_id="a1")) in codes
    assert desk.order("a1")["status"] == "filled"


def test_an_undelivered_request_never_was(desk: Desk) -> None:
    desk.fault("ack_lost_undelivered", count=1)
    assert desk.place("buy", desk.lot, client_id="a1").lost
    assert desk.truth()["orders"] == []
    assert desk.truth()["requests"]["last"] == []
    assert desk.row("a1") is None


def test_answers_to_cancels_are_lost_by_their_own_channel(desk: Desk) -> None:
    desk.fault("ack_lost_delivered", count=1, channel="cancel")
    assert not desk.place("buy", desk.lot, desk.best("bids", 5)[0], "post_only", "a1").lost
    assert desk.cancel("a1").lost
    assert desk.order("a1")["status"] == "canceled"


@pytest.mark.parametrize("venue", ["binance", "okx", "bybit"])
async def test_over_the_wire_a_lost_answer_is_a_cut_connection(venue: str) -> None:
    async with served(venue, coins=3, rate=0.0) as (server, client):
        made = DESKS[venue]()
        (desk,) = server.hub.desks
        made.bench.keys = desk.accounts["main"].keys
        made.bench.t_ns = server.hub.now_ns()
        body = {"fault": "ack_lost_delivered", "venue": venue, "count": 1}
        async with client.post("/_sim/faults", json=body) as answer:
            assert answer.status == 200
        asked = requests_of(made, lambda: made.place("buy", made.lot, client_id="a1"))
        url = f"/{asked.host}{asked.path}" + (f"?{asked.raw_query}" if asked.raw_query else "")
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await client.post(url, data=asked.body, headers=asked.headers)
        async with client.get("/_sim/truth", params={"venue": venue, "symbol": "BTC"}) as answer:
            truth = await answer.json()
        assert [o["status"] for o in truth["accounts"][venue]["main"]["orders"]] == ["filled"]


@pytest.mark.parametrize("name", ["ack_late", "ack_lost_delivered"])
async def test_over_the_wire_answers_come_late_or_not_until_the_client_gives_up(name: str) -> None:
    async with served("okx", coins=3, rate=0.0) as (server, client):
        made = DESKS["okx"]()
        (desk,) = server.hub.desks
        made.bench.keys = desk.accounts["main"].keys
        made.bench.t_ns = server.hub.now_ns()
        fault = (
            {"fault": name, "venue": "okx", "value": 250}
            if name == "ack_late"
            else {"fault": name, "venue": "okx", "reason": "hang"}
        )
        async with client.post("/_sim/faults", json=fault) as answer:
            assert answer.status == 200
        asked = requests_of(made, lambda: made.place("buy", made.lot, client_id="a1"))
        path = f"/{asked.host}{asked.path}"
        began = time.monotonic()
        if name == "ack_late":
            async with client.post(path, data=asked.body, headers=asked.headers) as answer:
                assert (await answer.json())["code"] == "0"
            assert time.monotonic() - began >= 0.25
        else:
            with pytest.raises(TimeoutError):
                await client.post(path, data=asked.body, headers=asked.headers, timeout=aiohttp.ClientTimeout(0.3))
        assert [o.status for o in desk.accounts["main"].ledgers["perp"].all.values()] == ["filled"]


async def test_over_the_wire_a_gap_refuses_private_sockets_while_it_lasts() -> None:
    async with served("binance", coins=3, rate=0.0) as (_, client):
        async with client.post("/_sim/faults", json={"fault": "private_gap", "venue": "binance"}) as answer:
            fault = (await answer.json())["id"]
        with pytest.raises(aiohttp.ClientError):
            await client.ws_connect("/fstream.binance.com/private/ws")
        async with client.ws_connect("/fstream.binance.com/public/ws") as public:
            assert not public.closed
        async with client.delete(f"/_sim/faults/{fault}"):
            pass
        async with client.ws_connect("/fstream.binance.com/private/ws") as private:
            assert not private.closed


# -- fills -------------------------------------------------------------------------------------------------------------


def test_a_partial_fill_leaves_the_rest_unfilled(desk: Desk) -> None:
    desk.fault("partial_fill", count=1, value=0.3)
    desk.place("buy", "10" if desk.name == "okx" else "0.100", client_id="a1")
    order = desk.order("a1")
    assert Decimal(order["filled"]) == Decimal(order["qty"]) * Decimal("0.3")
    assert order["status"] in ("expired", "canceled")


def test_no_fill_lets_immediate_orders_end_and_others_rest(desk: Desk) -> None:
    fault = desk.fault("no_fill")
    desk.place("buy", desk.lot, client_id="a1")
    assert desk.order("a1")["status"] in ("expired", "canceled")
    desk.place("sell", desk.lot, desk.best("asks")[0], "post_only", "a2")
    desk.bench.hub.faults.remove(fault)
    assert (desk.order("a2")["status"], desk.truth()["fills"]) == ("open", [])


def test_a_late_fill_comes_after_its_acknowledgement(desk: Desk) -> None:
    _, wire = desk.listen()
    desk.fault("late_fill", count=1, value=1500)
    assert desk.refused(desk.place("buy", desk.lot, client_id="a1")) == ""
    desk.bench.run(1400)
    assert (desk.order("a1")["status"], desk.told_fills(wire)) == ("open", [])
    desk.bench.run(200)
    assert desk.order("a1")["status"] == "filled"
    assert desk.told_fills(wire) == ids(desk)


def test_a_fill_races_the_cancel_and_wins(desk: Desk) -> None:
    desk.place("buy", desk.lot, desk.best("bids", 5)[0], "post_only", "a1")
    desk.fault("fill_races_cancel", count=1)
    assert desk.refused(desk.cancel("a1")) in ("-2011", "51402", "110001", "25204")
    assert (desk.order("a1")["status"], len(ids(desk))) == ("filled", 1)


def test_a_fill_races_the_cancel_for_a_part(desk: Desk) -> None:
    desk.place("buy", desk.lot, desk.best("bids", 5)[0], "post_only", "a1")
    desk.fault("fill_races_cancel", count=1, value=0.4)
    assert desk.refused(desk.cancel("a1")) == ""
    order = desk.order("a1")
    assert order["status"] == "canceled"
    assert Decimal(order["filled"]) == Decimal(order["qty"]) * Decimal("0.4")


def test_an_acknowledged_order_is_canceled_without_being_asked(desk: Desk) -> None:
    desk.fault("async_cancel", count=1, value=300)
    assert desk.refused(desk.place("buy", desk.lot, client_id="a1")) == ""
    assert desk.order("a1")["status"] == "open"
    desk.bench.run(400)
    assert (desk.order("a1")["status"], desk.order("a1")["ended"], desk.truth()["fills"]) == ("canceled", "venue", [])


def test_a_status_that_nobody_knows(desk: Desk) -> None:
    desk.place("buy", desk.lot, client_id="a1")
    desk.fault("unknown_status", count=1)
    first, second = desk.row("a1"), desk.row("a1")
    assert first is not None
    assert second is not None
    assert first["status"].lower() == "alien_state"
    assert second["status"].lower() == "filled"


# -- streams -----------------------------------------------------------------------------------------------------------


def test_a_fill_is_told_twice_and_is_one(desk: Desk) -> None:
    _, wire = desk.listen()
    desk.fault("duplicate_fill", channel=FILLS[desk.name])
    desk.place("buy", desk.lot, client_id="a1")
    (true,) = ids(desk)
    assert desk.told_fills(wire) == [true, true]
    assert desk.fills() == [true]


def test_frames_of_accounts_come_out_of_order(desk: Desk) -> None:
    _, wire = desk.listen()
    desk.fault("reorder", channel={**FILLS, "bybit": "order", "bitget": "order"}[desk.name], count=1)
    desk.place("buy", desk.lot, client_id="a1")
    frames = wire.take()
    told = [f["o"] if "o" in f else f["data"][0] for f in frames if "o" in f or "data" in f]
    words = [str(o.get("X") or o.get("state") or o.get("orderStatus")).lower() for o in told]
    assert words.index("filled") < words.index("live" if "live" in words else "new")


def test_a_silent_gap_tells_nothing_and_all_is_in_the_lists(desk: Desk) -> None:
    session, wire = desk.listen()
    desk.fault("private_gap", reason="silent", seconds=5)
    desk.place("buy", desk.lot, client_id="a1")
    assert (desk.told_fills(wire), session.ended) == ([], False)
    assert desk.fills() == ids(desk) != []
    desk.bench.run(5100)
    wire.take()
    desk.place("buy", desk.lot, client_id="a2")
    assert desk.told_fills(wire) == ids(desk)[1:]


def test_a_gap_cuts_private_sockets_alone(desk: Desk) -> None:
    session, wire = desk.listen()
    other, heard = desk.bench.connect(PUBLIC[desk.name], desk.name)
    desk.fault("private_gap", seconds=5)
    assert (wire.dropped, heard.dropped) == (True, False)
    assert session.private
    assert not other.private


def test_sessions_expire(desk: Desk) -> None:
    session, wire = desk.listen()
    desk.fault("session_expired")
    desk.place("buy", desk.lot, client_id="a1")
    if desk.name == "binance":
        assert [f["e"] for f in wire.take()] == ["listenKeyExpired"]
        _, again = desk.listen()
    else:
        goodbye = (4001, "Login Failed") if desk.name == "okx" else (1000, "")
        assert (wire.closed, session.ended) == (goodbye, True)
        _, again = desk.listen()
    desk.place("buy", desk.lot, client_id="a2")
    assert desk.told_fills(again) == ids(desk)[1:]


# -- accounts ----------------------------------------------------------------------------------------------------------


def test_margin_is_short_for_what_opens_risk_though_balances_read_as_before(desk: Desk) -> None:
    desk.place("buy", desk.lot, client_id="a1")
    before = desk.truth()["balances"]
    desk.fault("margin_short")
    assert desk.refused(desk.place("buy", desk.lot, client_id="a2")) in ("-2019", "51008", "110007", "25203")
    assert desk.truth()["balances"] == before
    assert desk.refused(desk.place("sell", desk.lot, client_id="a3")) == ""
    assert desk.held() == []


@pytest.mark.parametrize(("part", "left"), [(1.0, []), (0.5, ["0.5"])])
def test_the_venue_takes_a_part_of_a_position(desk: Desk, part: float, left: list[str]) -> None:
    _, wire = desk.listen()
    desk.place("buy", desk.lot, client_id="a1")
    desk.told_fills(wire)
    desk.fault("position_jump", symbol=desk.symbol, value=part)
    assert [Decimal(q) for q in desk.held()] == [Decimal(desk.lot) * Decimal(share) for share in left]
    assert desk.told_fills(wire) == ids(desk)[1:]
    assert desk.truth()["orders"][-1]["origin"] == "adl"


def test_open_orders_and_positions_are_answered_as_none_once(desk: Desk) -> None:
    desk.place("buy", desk.lot, client_id="a1")
    desk.place("buy", desk.lot, desk.best("bids", 5)[0], "post_only", "a2")
    desk.fault("open_orders_empty", count=1)
    desk.fault("positions_empty", count=1)
    assert (desk.resting(), desk.held()) == ([], [])
    assert desk.resting() == ["a2"]
    assert [Decimal(q) for q in desk.held()] == [Decimal(desk.lot)]


def test_history_lags_behind(desk: Desk) -> None:
    fault = desk.fault("history_lag", value=2000)
    desk.place("buy", desk.lot, client_id="a1")
    assert (desk.row("a1"), desk.fills()) == (None, [])
    desk.bench.run(2100)
    assert desk.fills() == ids(desk)
    assert desk.row("a1") is not None
    desk.bench.hub.faults.remove(fault)
    desk.place("buy", desk.lot, client_id="a2")
    assert len(desk.fills()) == 2


def test_faults_can_mean_one_instrument(desk: Desk) -> None:
    desk.fault("reject_order", symbol="ETH-USDT-SWAP" if desk.name == "okx" else "ETHUSDT")
    assert desk.refused(desk.place("buy", desk.lot, client_id="a1")) == ""


def test_a_leverage_is_capped_and_says_so(desk: Desk) -> None:
    desk.fault("leverage_cap", value=5)
    if isinstance(desk, BinanceDesk):
        assert desk.bench.ask("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=20)["leverage"] == 5
    elif isinstance(desk, BybitDesk):
        ask = {"category": "linear", "symbol": desk.symbol, "buyLeverage": "20", "sellLeverage": "20"}
        assert desk.bench.post("/v5/position/set-leverage", **ask)["retCode"] == 0
        assert desk.bench.read("/v5/position/list", symbol=desk.symbol)[0]["leverage"] == "5"
    elif isinstance(desk, BitgetDesk):
        ask = {"category": "USDT-FUTURES", "symbol": desk.symbol, "leverage": "30"}
        assert desk.bench.post("/api/v3/account/set-leverage", **ask)["code"] == "00000"
        assert desk.bench.data("/api/v3/account/settings")["symbolConfigList"][0]["leverage"] == "5"
    else:
        ask = {"instId": desk.symbol, "mgnMode": "cross", "lever": "20"}
        assert desk.bench.post("/account/set-leverage", ask)["data"][0]["lever"] == "5"


def test_a_persons_order_is_in_the_lists_and_streams_without_an_id_of_ours(desk: Desk) -> None:
    _, wire = desk.listen()
    ask = {"venue": desk.name, "market": "perp", "symbol": desk.symbol, "side": "sell", "qty": desk.lot}
    made = desk.bench.control.books.by_hand(ask)
    assert (made["origin"], made["client_id"], made["status"]) == ("hand", "", "filled")
    assert desk.told_fills(wire) == desk.fills() == ids(desk)
    assert [Decimal(q) for q in desk.held()] == [-Decimal(desk.lot)]
    resting = desk.bench.control.books.by_hand({**ask, "price": desk.best("asks", 5)[0]})
    assert len(desk.resting()) == 1
    desk.bench.control.books.cancel_by_hand(resting["id"])
    assert desk.resting() == []


def test_a_delisting_cancels_what_rests_and_settles_positions(desk: Desk) -> None:
    desk.place("buy", desk.lot, client_id="a1")
    desk.place("buy", desk.lot, desk.best("bids", 5)[0], "post_only", "a2")
    desk.fault("delist", symbol=desk.symbol, market="perp", value=1)
    desk.bench.run(1100)
    assert (desk.order("a2")["status"], desk.truth()["positions"]) == ("canceled", [])
    assert desk.truth()["orders"][-1]["origin"] == "settlement"


def test_the_same_seed_and_requests_make_the_same_truth(desk: Desk) -> None:
    def story(one: Desk) -> Any:
        one.fault("partial_fill", count=2)
        for number in range(4):
            one.place("buy" if number % 2 else "sell", desk.lot, client_id=f"a{number}")
        one.bench.run(1000)
        return one.truth()

    assert story(type(desk)()) == story(type(desk)())


# -- asking for them ---------------------------------------------------------------------------------------------------


def test_each_fault_says_what_it_does_and_what_its_reasons_are(desk: Desk) -> None:
    listed = desk.bench.control._help()["faults"]
    named = {
        "reject_order", "partial_fill", "no_fill", "late_fill", "fill_races_cancel", "ack_lost_delivered",
        "ack_lost_undelivered", "async_cancel", "unknown_status", "duplicate_fill", "private_gap", "margin_short",
        "position_jump", "session_expired",
    }  # fmt: skip
    assert named <= set(listed) == set(KINDS)
    assert "busy" in listed["reject_order"]["reasons"]
    with pytest.raises(Refused, match="takes the reasons"):
        desk.fault("private_gap", reason="nonsense")


def test_venues_without_a_desk_refuse_these_faults() -> None:
    bench = Bench("bitget", coins=2)
    bench.venue("bitget").desk = None  # as it is of a venue that takes no orders yet
    with pytest.raises(Refused, match="takes no orders yet"):
        bench.fault("no_fill", "bitget")
    assert bench.control.books.credentials() == {}
