"""The faults of the contract on the simulated Hyperliquid: each shows on the wire, the truth stays sound."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import aiohttp
import pytest

from tests.sim.hyperliquid_support import INFO, LAG_MS, HyperliquidBench, asked, pushes, texts, unpacked
from tests.sim.support import served, stays_sound

VENUE = "hyperliquid"


CHANNELS = ("bbo", "l2Book", "fastAssetCtxs", "allMids", "activeAssetCtx", "allDexsAssetCtxs")


def watched(bench: HyperliquidBench, *kinds: str, coin: str = "BTC") -> tuple[Any, Any]:
    session, wire = bench.open()
    for kind in kinds:
        coins = {} if kind in ("fastAssetCtxs", "allMids", "allDexsAssetCtxs") else {"coin": coin}
        bench.subscribe(session, kind, **coins, **({"fast": True} if kind == "l2Book" else {}))
    bench.run(LAG_MS)
    wire.take()
    return session, wire


def test_sub_refused_is_told_with_the_frame_and_ends_with_its_count() -> None:
    bench = HyperliquidBench()
    session, wire = bench.open()
    bench.fault("sub_refused", VENUE, channel="bbo", symbol="BTC", count=1)
    for coin in ("ETH", "BTC", "BTC"):
        bench.subscribe(session, "bbo", coin=coin)
    taken, refused, again = wire.take()
    assert (taken["channel"], again["channel"]) == ("subscriptionResponse", "subscriptionResponse")
    assert refused == {
        "channel": "error",
        "data": 'Error parsing JSON into valid websocket request: {"method":"subscribe","subscription":'
        '{"type":"bbo","coin":"BTC"}}',
    }


def test_mute_silences_a_channel_while_pings_are_answered() -> None:
    bench = HyperliquidBench()
    session, wire = watched(bench, "bbo", "l2Book", "fastAssetCtxs")
    bench.run(1500)
    wire.take()
    fault = bench.fault("mute", VENUE, channel="bbo")
    bench.run(LAG_MS + 20)
    wire.take()
    bench.run(1500)
    bench.say(session, method="ping")
    assert {m["channel"] for m in wire.take()} == {"l2Book", "fastAssetCtxs", "pong"}
    bench.hub.faults.remove(fault.id)
    bench.run(1000)
    assert pushes(wire.take(), "bbo")


def test_one_muted_symbol_leaves_the_others_in_fast_contexts() -> None:
    bench = HyperliquidBench()
    _, wire = watched(bench, "fastAssetCtxs")
    bench.fault("mute", VENUE, symbol="BTC")
    bench.run(LAG_MS)
    wire.take()
    bench.run(4000)
    changed = [unpacked(data) for data in pushes(wire.take(), "fastAssetCtxs")]
    assert all("BTC" not in delta for delta in changed)
    assert any("ETH" in delta for delta in changed)


def test_freeze_repeats_a_frame_time_and_all() -> None:
    bench = HyperliquidBench()
    _, wire = watched(bench, "l2Book")
    bench.run(2000)
    bench.fault("freeze", VENUE)
    bench.run(LAG_MS)
    wire.take()
    bench.run(3000)
    frozen = pushes(wire.take(), "l2Book")
    assert len(frozen) > 4
    assert all(frame == frozen[0] for frame in frozen)


def test_lost_frames_cost_freshness_only() -> None:
    bench = HyperliquidBench()
    _, wire = watched(bench, "l2Book")
    bench.run(2000)
    wire.take()
    bench.fault("drop_delta", VENUE, value=0.5)
    bench.run(10_000)
    frames = pushes(wire.take(), "l2Book")
    assert 4 < len(frames) < 16
    for frame in frames:
        real = bench.row(seq=frame["time"], depth=5)
        assert [texts(side) for side in frame["levels"]] == [real["bids"], real["asks"]]


def test_duplicate_and_reorder() -> None:
    bench = HyperliquidBench()
    _, wire = watched(bench, "bbo")
    fault = bench.fault("duplicate", VENUE)
    bench.run(LAG_MS)
    wire.take()
    bench.run(1000)
    twice = pushes(wire.take(), "bbo")
    assert twice[::2] == twice[1::2]
    bench.hub.faults.remove(fault.id)
    bench.fault("reorder", VENUE)
    bench.run(1000)
    times = [frame["time"] for frame in pushes(wire.take(), "bbo")]
    assert times != sorted(times)


def test_slow_and_burst_come_late_and_in_order() -> None:
    bench = HyperliquidBench()
    _, wire = watched(bench, "bbo")
    bench.fault("slow", VENUE, value=3000)
    bench.run(2000)
    wire.take()
    bench.run(3000)
    frames = pushes(wire.take(), "bbo")
    now_ms = bench.t_ns // 1_000_000
    assert frames
    assert all(frame["time"] <= now_ms - 3000 - LAG_MS for frame in frames)
    assert all(a["time"] <= b["time"] for a, b in pairwise(frames))


def test_nan_price_by_socket_and_not_by_rest() -> None:
    bench = HyperliquidBench()
    _, wire = watched(bench, "bbo", "l2Book", "activeAssetCtx", "allMids", "fastAssetCtxs")
    bench.fault("nan_price", VENUE)
    bench.run(LAG_MS)
    wire.take()
    bench.run(6000)
    messages = wire.take()
    assert {f["bbo"][0]["px"] for f in pushes(messages, "bbo")} == {"nan"}
    assert {f["levels"][0][0]["px"] for f in pushes(messages, "l2Book")} == {"nan"}
    assert {f["ctx"]["markPx"] for f in pushes(messages, "activeAssetCtx")} == {"nan"}
    assert {f["mids"]["BTC"] for f in pushes(messages, "allMids")} == {"nan"}
    assert bench.info("l2Book", coin="BTC")["levels"][0][0]["px"] == bench.row()["bids"][0][0]


def test_empty_side_is_null_and_an_empty_list() -> None:
    bench = HyperliquidBench()
    _, wire = watched(bench, "bbo", "l2Book", "activeAssetCtx")
    bench.fault("empty_side", VENUE)
    bench.run(LAG_MS)
    wire.take()
    bench.run(1500)
    messages = wire.take()
    assert {f["bbo"][1] for f in pushes(messages, "bbo")} == {None}
    assert {len(f["levels"][1]) for f in pushes(messages, "l2Book")} == {0}
    assert {f["ctx"]["midPx"] for f in pushes(messages, "activeAssetCtx")} == {None}


def test_crossed_puts_the_bid_above_the_ask() -> None:
    bench = HyperliquidBench()
    _, wire = watched(bench, "bbo", "l2Book")
    bench.fault("crossed", VENUE)
    bench.run(LAG_MS)
    wire.take()
    bench.run(1500)
    messages = wire.take()
    tops = [f["bbo"] for f in pushes(messages, "bbo")] + [
        [f["levels"][0][0], f["levels"][1][0]] for f in pushes(messages, "l2Book")
    ]
    assert tops
    assert all(float(bid["px"]) > float(ask["px"]) for bid, ask in tops)


def test_old_snapshot_goes_back_in_time_by_socket_and_rest() -> None:
    bench = HyperliquidBench()
    _, wire = watched(bench, "l2Book")
    bench.run(3000)
    newest = pushes(wire.take(), "l2Book")[-1]["time"]
    bench.fault("old_snapshot", VENUE, count=1)
    bench.run(1000)
    old, *after = pushes(wire.take(), "l2Book")[-2:]
    assert old["time"] < newest < after[0]["time"]
    bench.fault("old_snapshot", VENUE, count=1)
    assert bench.info("l2Book", coin="BTC")["time"] < newest


def test_no_checksum_could_be_wrong_and_no_id_begin_again() -> None:
    bench = HyperliquidBench()
    for name in ("bad_checksum", "seq_reset"):
        with pytest.raises(Exception, match="hyperliquid"):
            bench.fault(name, VENUE, symbol="BTC")


def test_clock_skew_moves_stamps_and_the_status() -> None:
    bench = HyperliquidBench()
    _, wire = watched(bench, "bbo", "l2Book")
    bench.fault("clock_skew", VENUE, value=-5000)
    bench.run(LAG_MS)
    wire.take()
    bench.run(1500)
    now_ms = bench.t_ns // 1_000_000
    stamps = [m["data"]["time"] for m in wire.take()]
    assert stamps
    assert all(now_ms - 7000 < stamp < now_ms - 5000 for stamp in stamps)
    assert bench.info("exchangeStatus")["time"] == now_ms - 5000 - LAG_MS


def test_depeg_of_the_stable_pair_by_its_name() -> None:
    bench = HyperliquidBench()
    _, wire = watched(bench, "bbo", coin="@166")
    bench.fault("depeg", VENUE, symbol="@166", value=0.91)
    bench.run(3000)
    top = pushes(wire.take(), "bbo")[-1]["bbo"]
    assert 0.909 < float(top[0]["px"]) < float(top[1]["px"]) < 0.911


def test_another_funding_interval_shows_where_the_wire_has_one() -> None:
    bench = HyperliquidBench()
    bench.fault("funding_interval", VENUE, value=4)
    own = dict(dict(bench.info("predictedFundings"))["BTC"])["HlPerp"]
    assert own["fundingIntervalHours"] == 4


# -- instruments -------------------------------------------------------------------------------------------------------


def test_a_halt_empties_the_book_and_its_end_fills_it() -> None:
    bench = HyperliquidBench()
    _, wire = watched(bench, "bbo", "l2Book", "fastAssetCtxs")
    fault = bench.fault("halt", VENUE, symbol="BTC")
    bench.run(LAG_MS + 1000)
    messages = wire.take()
    assert pushes(messages, "bbo")[-1]["bbo"] == [None, None]
    assert pushes(messages, "l2Book")[-1]["levels"] == [[], []]
    assert any(unpacked(d).get("BTC", {}).get("midPx", 1) is None for d in pushes(messages, "fastAssetCtxs"))
    meta, ctxs = bench.info("metaAndAssetCtxs")
    assert "isDelisted" not in meta["universe"][0]
    assert (ctxs[0]["midPx"], ctxs[0]["impactPxs"]) == (None, None)
    bench.run(2000)
    assert pushes(wire.take(), "bbo") == []
    bench.hub.faults.remove(fault.id)
    bench.run(LAG_MS)
    first = pushes(wire.take(), "bbo")[0]
    real = bench.row(seq=first["time"])
    assert texts(first["bbo"]) == [real["bids"][0], real["asks"][0]]


def test_a_delisting_is_announced_nowhere_then_shows_keeps_its_place_and_freezes_its_mark() -> None:
    bench = HyperliquidBench()
    _, wire = watched(bench, "bbo", "l2Book", coin="ETH")
    before = bench.info("meta")
    bench.fault("delist", VENUE, symbol="ETH", value=5.0)
    bench.run(3000)
    assert bench.info("meta") == before
    wire.take()
    bench.run(3000)
    after = bench.info("meta")
    assert [row["name"] for row in after["universe"]] == [row["name"] for row in before["universe"]]
    assert after["universe"][1]["isDelisted"] is True
    messages = wire.take()
    assert pushes(messages, "bbo")[-1]["bbo"] == [None, None]
    assert pushes(messages, "l2Book")[-1]["levels"] == [[], []]
    assert bench.row("ETH")["status"] == "delisted"
    mark = bench.info("metaAndAssetCtxs")[1][1]["markPx"]
    bench.run(5000)
    assert bench.info("metaAndAssetCtxs")[1][1]["markPx"] == mark
    assert "ETH" not in bench.info("allMids")


def test_what_is_listed_while_running_stands_last_and_comes_by_every_feed() -> None:
    bench = HyperliquidBench()
    session, wire = watched(bench, "fastAssetCtxs")
    old = bench.info("meta")["universe"]
    pairs = len(bench.info("spotMeta")["universe"])
    bench.control.instruments({"action": "list", "venue": VENUE, "base": "NEWCOIN", "price": 1.2345})
    *before, row = bench.info("meta")["universe"]
    assert before == old
    assert (row["name"], row["szDecimals"]) == ("NEWCOIN", 1)
    meta, ctxs = bench.info("spotMetaAndAssetCtxs")
    pair = meta["universe"][pairs]
    assert (pair["name"], meta["tokens"][pair["tokens"][0]]["name"]) == (f"@{pairs}", "NEWCOIN")
    assert ctxs[pairs]["midPx"] is not None
    bench.subscribe(session, "bbo", coin="NEWCOIN")
    bench.run(1500)
    messages = wire.take()
    assert texts(pushes(messages, "bbo")[-1]["bbo"])
    assert any({"NEWCOIN", f"@{pairs}"} <= set(unpacked(d)) for d in pushes(messages, "fastAssetCtxs"))


def test_a_cheap_newcomer_comes_by_the_thousand_and_some_cannot_come() -> None:
    bench = HyperliquidBench()
    bench.control.instruments({"action": "list", "venue": VENUE, "market": "perp", "base": "TINY", "price": 0.0000123})
    assert bench.row("kTINY")["price_factor"] == "1000"
    for base, price in (("TINIER", 1e-9), ("币", 1.0), ("BTC", 1.0)):
        with pytest.raises(Exception, match=r"cannot list|listed already"):
            bench.control.instruments(
                {"action": "list", "venue": VENUE, "market": "perp", "base": base, "price": price}
            )


# -- requests ----------------------------------------------------------------------------------------------------------


def test_faults_know_a_request_by_its_body() -> None:
    bench = HyperliquidBench()
    venue = bench.venue(VENUE)
    for body, market, symbol in (
        (b'{"type":"l2Book","coin":"BTC"}', "perp", "BTC"),
        (b'{"type":"l2Book","coin":"@142"}', "spot", "@142"),
        (b'{"type":"spotMeta"}', "spot", None),
        (b'{"type":"metaAndAssetCtxs"}', "perp", None),
        (b'{"type":"exchangeStatus"}', None, None),
        (b"broken", None, None),
    ):
        assert (venue.market_of(asked(body)), venue.symbol_of(asked(body))) == (market, symbol)


async def test_over_http_a_fault_of_one_symbol_hits_its_requests_only() -> None:
    async with served(VENUE, coins=3) as (_, client):
        fault = {"fault": "http_500", "venue": VENUE, "symbol": "BTC"}
        async with client.post("/_sim/faults", json=fault) as made:
            assert made.status == 200
        for coin, status in (("BTC", 500), ("ETH", 200)):
            async with client.post("/api.hyperliquid.xyz/info", json={"type": "l2Book", "coin": coin}) as answer:
                assert answer.status == status
        async with client.ws_connect("/api.hyperliquid.xyz/ws", compress=15) as ws:
            assert ws.compress == 0  # permessage-deflate is offered and not taken
            await ws.send_json({"method": "subscribe", "subscription": {"type": "bbo", "coin": "BTC"}})
            assert (await ws.receive_json())["channel"] == "subscriptionResponse"
            assert (await ws.receive_json())["channel"] == "bbo"
            await ws.send_json({"method": "subscribe", "subscription": {"type": "bbo", "coin": "NOPE"}})
            while (await ws.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
            assert ws.close_code == 1006


@pytest.mark.parametrize(
    "name",
    ["mute", "freeze", "drop_delta", "duplicate", "reorder", "slow", "burst", "old_snapshot", "empty_side",
     "nan_price", "crossed", "depeg", "funding_interval", "clock_skew", "sub_refused", "disconnect"],
)  # fmt: skip
def test_the_truth_stays_sound_under(name: str) -> None:
    stays_sound(HyperliquidBench, lambda bench: watched(bench, *CHANNELS), name, VENUE)


def test_same_seed_same_frames() -> None:
    found = []
    for _ in range(2):
        bench = HyperliquidBench()
        _, wire = watched(bench, "bbo", "l2Book", "fastAssetCtxs", "allMids", "activeAssetCtx")
        bench.run(2000)
        found.append((wire.texts, bench.venue(VENUE).handle(asked(b'{"type":"meta"}', url=INFO)).body))
    assert found[0] == found[1]
    assert found[0][0]
