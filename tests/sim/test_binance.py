"""The simulated Binance keeps Binance's rules: routes, limits, ids, odd rows. Each claim is from its documents."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from arbtui.sim.base import Reply
from tests.sim.support import Bench, Wire, call

USDM = "wss://fstream.binance.com"
SPOT = "wss://stream.binance.com:9443"
FAPI = "https://fapi.binance.com/fapi/v1"
API = "https://api.binance.com/api/v3"


@pytest.fixture
def one() -> Bench:
    return Bench(coins=4, rate=600.0)


def streams_of(wire: Wire) -> set[str]:
    return {frame["stream"] for frame in wire.take() if "stream" in frame}


# -- routes ----------------------------------------------------------------------------------------------------------


def test_each_route_carries_only_what_it_owns_and_acks_all(one: Bench) -> None:
    names = ["btcusdt@bookTicker", "btcusdt@depth@100ms", "!markPrice@arr@1s", "btcusdt@markPrice@1s"]
    carried: dict[str, set[str]] = {}
    for route in ("/public", "/market", "/private", ""):
        session, wire = one.connect(f"{USDM}{route}/stream")
        one.say(session, method="SUBSCRIBE", params=names, id=1)
        assert {"result": None, "id": 1} in wire.take()
        one.say(session, method="LIST_SUBSCRIPTIONS", id=2)
        assert {"result": names, "id": 2} in wire.take()
        one.run(2500)
        carried[route] = streams_of(wire)
    assert carried["/public"] == carried[""] == set(names[:2])
    assert carried["/market"] == set(names[2:])
    assert carried["/private"] == set()


def test_names_that_do_not_exist_are_acked_and_silent(one: Bench) -> None:
    session, wire = one.connect(f"{USDM}/public/ws")
    names = ["nopeusdt@bookTicker", "BTCUSDT@bookTicker", "btcusdt@depth@250ms", "btcusdt@depth7", "junk"]
    one.say(session, method="SUBSCRIBE", params=names, id="a-uuid")
    one.run(1000)
    assert wire.take() == [{"result": None, "id": "a-uuid"}]


def test_spot_has_no_ticker_array_and_no_all_symbol_quotes(one: Bench) -> None:
    session, wire = one.connect(f"{SPOT}/stream")
    one.say(session, method="SUBSCRIBE", params=["!ticker@arr", "!bookTicker", "!miniTicker@arr"], id=1)
    one.run(6000)
    assert streams_of(wire) == {"!miniTicker@arr"}


def test_all_symbol_quotes_of_usdm_come_every_five_seconds_with_coinm_among_them(one: Bench) -> None:
    _, wire = one.connect(f"{USDM}/public/ws/!bookTicker")
    one.run(11_000)
    frames = wire.take()
    assert {frame["st"] for frame in frames} == {1, 2}
    assert len([frame for frame in frames if frame["s"] == "BTCUSDT"]) == 2


def test_raw_sockets_send_bare_payloads_and_take_junk_in_their_path(one: Bench) -> None:
    session, wire = one.connect(f"{USDM}/public/ws/0")
    one.say(session, method="SUBSCRIBE", params=["btcusdt@bookTicker"], id=1)
    one.run(500)
    assert wire.take()[1]["e"] == "bookTicker"


def test_other_paths_are_not_sockets() -> None:
    one = Bench(coins=2)
    for url in (f"{USDM}/public/foo", f"{SPOT}/public/ws", f"{SPOT}/"):
        refused = one.venue().open_socket(call("GET", url))
        assert isinstance(refused, Reply)
        assert refused.status == 404


def test_errors_have_the_shape_of_each_market(one: Bench) -> None:
    perp, perp_wire = one.connect(f"{USDM}/public/ws")
    spot, spot_wire = one.connect(f"{SPOT}/ws")
    for session in (perp, spot):
        session.on_text("{nope")
        one.say(session, method="JUMP", id=4)
    bad, unknown = perp_wire.take()
    assert bad["error"]["code"] == 3
    assert (unknown["error"]["code"], unknown["id"]) == (2, 4)
    bad, unknown = spot_wire.take()
    assert bad["code"] == 3
    assert (unknown["code"], unknown["id"]) == (2, 4)


# -- limits ----------------------------------------------------------------------------------------------------------


def test_the_1025th_stream_costs_the_socket(one: Bench) -> None:
    session, wire = one.connect(f"{USDM}/market/ws")
    for i in range(0, 1024, 256):
        one.say(session, method="SUBSCRIBE", params=[f"x{n}@aggTrade" for n in range(i, i + 256)], id=i)
    assert not wire.ended
    one.say(session, method="SUBSCRIBE", params=["one@more"], id=9)
    assert wire.take()[-1] == {"error": {"code": 4, "msg": "Too many subscriptions"}}
    assert wire.closed == (1008, "Invalid request")


@pytest.mark.parametrize(("url", "most"), [(f"{USDM}/public/ws", 15), (f"{SPOT}/ws", 5)])
def test_too_many_messages_in_a_second_are_cut_with_1008(one: Bench, url: str, most: int) -> None:
    session, wire = one.connect(url)
    for n in range(most):
        one.say(session, method="LIST_SUBSCRIPTIONS", id=n)
    assert not wire.ended
    assert len(wire.take()) == most
    one.say(session, method="LIST_SUBSCRIPTIONS", id=most)
    assert wire.closed == (1008, "Too many requests")


def test_pings_and_pongs_count_as_messages(one: Bench) -> None:
    session, wire = one.connect(f"{SPOT}/ws")
    for _ in range(3):
        session.on_ping(b"")
        session.on_pong(b"")
    assert wire.closed == (1008, "Too many requests")


def test_messages_paced_below_the_limit_are_never_cut(one: Bench) -> None:
    session, wire = one.connect(f"{SPOT}/ws")
    for n in range(20):
        one.say(session, method="LIST_SUBSCRIPTIONS", id=n)
        one.run(260)
    assert not wire.ended


@pytest.mark.parametrize(("url", "every_s", "within_s"), [(f"{SPOT}/ws", 20, 60), (f"{USDM}/public/ws", 180, 600)])
def test_a_socket_without_pongs_is_cut(url: str, every_s: int, within_s: int) -> None:
    one = Bench(coins=1, rate=0.0)
    answering, answered = one.connect(url)
    _, silent = one.connect(url)
    for _ in range((every_s + within_s + 5) // 5):
        one.run(5000, step_ms=1000)
        if answered.pings:
            answering.on_pong(answered.pings.pop())
    assert silent.closed == (1008, "Pong timeout")
    assert not answered.ended


def test_a_pong_must_echo_the_payload() -> None:
    one = Bench(coins=1, rate=0.0)
    session, wire = one.connect(f"{SPOT}/ws")
    for _ in range(20):
        one.run(5000, step_ms=1000)
        session.on_pong(b"something else")
    assert wire.ended


def test_sockets_live_a_day_at_most() -> None:
    one = Bench(coins=1, rate=0.0)
    session, wire = one.connect(f"{USDM}/public/ws")
    for _ in range(24 * 60 + 1):
        one.run(60_000, step_ms=60_000)
        if wire.pings:
            session.on_pong(wire.pings.pop())
    assert wire.closed == (1001, "")


def test_more_than_300_connections_in_five_minutes_are_refused(one: Bench) -> None:
    for _ in range(300):
        assert not isinstance(one.venue().open_socket(call("GET", f"{SPOT}/ws")), Reply)
    refused = one.venue().open_socket(call("GET", f"{SPOT}/ws"))
    assert isinstance(refused, Reply)
    assert refused.status == 429


def test_weights_are_counted_per_clock_minute_and_lead_to_429_then_418(one: Bench) -> None:
    url = f"{FAPI}/ticker/24hr"
    one.t_ns += 30 * 10**9  # the middle of a minute
    for n in range(60):
        reply = one.get(url)
        assert reply.status == 200
        assert reply.headers["X-MBX-USED-WEIGHT-1M"] == str(40 * (n + 1))
    reply = one.get(url)
    assert reply.status == 429
    assert reply.headers["Retry-After"] == "30"
    assert b"-1003" in reply.body
    one.t_ns += 30 * 10**9
    assert one.get(url).status == 200  # the next clock minute, not 60 s later
    statuses = [one.get(url).status for _ in range(100)]
    assert statuses[:59] == [200] * 59
    assert statuses[59:89] == [429] * 30
    assert set(statuses[89:]) == {418}
    one.t_ns += 60 * 10**9
    assert one.get(f"{FAPI}/time").status == 418  # a ban outlives the minute
    one.t_ns += 61 * 10**9
    assert one.get(f"{FAPI}/time").status == 200


def test_depth_weights_and_limits(one: Bench) -> None:
    def used(query: str) -> int:
        before = int(one.get(f"{FAPI}/time").headers["X-MBX-USED-WEIGHT-1M"])
        return int(one.get(f"{FAPI}/depth?symbol=BTCUSDT{query}").headers["X-MBX-USED-WEIGHT-1M"]) - before

    assert [used(q) for q in ("", "&limit=5", "&limit=100", "&limit=500", "&limit=1000")] == [1, 2, 5, 10, 20]
    refused = one.get(f"{FAPI}/depth?symbol=BTCUSDT&limit=7")
    assert (refused.status, b"-4021" in refused.body) == (400, True)
    assert refused.headers["X-MBX-USED-WEIGHT-1M"]  # a refused request costs its weight too


@pytest.mark.parametrize(
    ("url", "code"),
    [(f"{FAPI}/depth", -1102), (f"{FAPI}/depth?symbol=NOPE", -1121), (f"{API}/ticker/price?symbol=NOPE", -1121)],
)
def test_bad_requests_are_refused_with_the_venues_codes(one: Bench, url: str, code: int) -> None:
    reply = one.get(url)
    assert reply.status == 400
    assert str(code).encode() in reply.body


def test_unknown_paths_and_paths_of_the_other_market_are_404(one: Bench) -> None:
    for url in (f"{FAPI}/nothing", "https://api.binance.com/fapi/v1/time", "https://fapi.binance.com/api/v3/time"):
        assert one.get(url).status == 404


# -- frames ----------------------------------------------------------------------------------------------------------


def test_quotes_have_the_keys_of_each_market_and_are_true(one: Bench) -> None:
    _, perp = one.connect(f"{USDM}/public/ws/btcusdt@bookTicker")
    _, spot = one.connect(f"{SPOT}/ws/btcusdt@bookTicker")
    one.listing("perp", "BTCUSDT").watch()
    one.listing("spot", "BTCUSDT").watch()
    one.run(1000)
    quotes = perp.take()
    assert list(quotes[0]) == ["e", "u", "s", "ps", "b", "B", "a", "A", "T", "E", "st"]
    assert all(b["u"] > a["u"] for a, b in pairwise(quotes))
    for quote in quotes:
        truth = one.truth("BTCUSDT", seq=quote["u"])
        assert [truth["bids"][0], truth["asks"][0]] == [[quote["b"], quote["B"]], [quote["a"], quote["A"]]]
    spot_quotes = spot.take()
    assert list(spot_quotes[0]) == ["u", "s", "b", "B", "a", "A"]
    assert all(len(q["b"].partition(".")[2]) == 8 for q in spot_quotes)
    for quote in spot_quotes:
        truth = one.truth("BTCUSDT", "spot", seq=quote["u"])
        assert truth["bids"][0] == [quote["b"], quote["B"]]


def follow(snapshot: dict[str, Any], frames: list[dict[str, Any]], first_ok: Any, next_ok: Any) -> list[Any]:
    """Apply diffs to the snapshot by the documented rule; (id, bids, asks) after each."""
    seq = snapshot["lastUpdateId"]
    bids, asks = dict(snapshot["bids"]), dict(snapshot["asks"])
    books, began = [(seq, dict(bids), dict(asks))], False
    for frame in frames:
        if not began and frame["u"] <= seq and not first_ok(frame, seq):
            continue
        assert (next_ok if began else first_ok)(frame, seq), (frame["U"], frame["u"], seq)
        began = True
        for side, rows in ((bids, frame["b"]), (asks, frame["a"])):
            for price, size in rows:
                if float(size) == 0:
                    side.pop(price, None)
                else:
                    side[price] = size
        seq = frame["u"]
        books.append((seq, dict(bids), dict(asks)))
    return books


def assert_true(one: Bench, market: str, books: list[Any]) -> None:
    assert len(books) > 10
    for seq, bids, asks in books:
        truth = one.truth("BTCUSDT", market, seq=seq)
        assert dict(truth["bids"]) == bids
        assert dict(truth["asks"]) == asks


@pytest.mark.parametrize("speed", ["", "@100ms", "@500ms", "@0ms"])
def test_a_usdm_book_kept_by_the_documented_rule_is_the_truth(one: Bench, speed: str) -> None:
    _, wire = one.connect(f"{USDM}/public/ws/btcusdt@depth{speed}")
    one.run(650)
    snapshot = one.json(f"{FAPI}/depth?symbol=BTCUSDT&limit=1000")
    one.run(8000)
    books = follow(
        snapshot,
        wire.take(),
        first_ok=lambda f, seq: f["U"] <= seq <= f["u"] or f["pu"] == seq,
        next_ok=lambda f, seq: f["pu"] == seq,
    )
    assert_true(one, "perp", books)


def test_a_spot_book_kept_by_the_documented_rule_is_the_truth(one: Bench) -> None:
    _, wire = one.connect(f"{SPOT}/ws/btcusdt@depth@100ms")
    one.run(650)
    snapshot = one.json(f"{API}/depth?symbol=BTCUSDT&limit=5000")
    one.run(8000)
    books = follow(
        snapshot,
        wire.take(),
        first_ok=lambda f, seq: f["U"] <= seq + 1 <= f["u"],
        next_ok=lambda f, seq: f["U"] == seq + 1,
    )
    assert_true(one, "spot", books)


def test_usdm_ids_jump_and_spot_ids_do_not(one: Bench) -> None:
    _, perp = one.connect(f"{USDM}/public/ws/btcusdt@depth@100ms")
    _, spot = one.connect(f"{SPOT}/ws/btcusdt@depth@100ms")
    one.run(3000)
    frames = perp.take()
    assert not any(b["U"] == a["u"] + 1 for a, b in pairwise(frames))
    assert all(b["U"] == a["u"] + 1 for a, b in pairwise(spot.take()))
    assert frames[-1]["u"] > 10**13


def test_a_snapshot_from_before_the_socket_does_not_fit_and_must_be_asked_again(one: Bench) -> None:
    snapshot = one.json(f"{FAPI}/depth?symbol=BTCUSDT")
    one.run(1000)
    _, wire = one.connect(f"{USDM}/public/ws/btcusdt@depth@100ms")
    one.run(500)
    first = wire.take()[0]
    assert first["U"] > snapshot["lastUpdateId"]
    assert first["pu"] > snapshot["lastUpdateId"]


def test_partial_depth_is_the_top_of_the_truth(one: Bench) -> None:
    _, perp = one.connect(f"{USDM}/public/stream?streams=btcusdt@depth5@100ms")
    _, spot = one.connect(f"{SPOT}/stream?streams=btcusdt@depth10@100ms")
    one.run(1000)
    for frame in perp.take():
        data = frame["data"]
        truth = one.truth("BTCUSDT", seq=data["u"], depth=5)
        assert (data["e"], data["b"], data["a"]) == ("depthUpdate", truth["bids"], truth["asks"])
    for frame in spot.take():
        data = frame["data"]
        truth = one.truth("BTCUSDT", "spot", seq=data["lastUpdateId"], depth=10)
        assert (data["bids"], data["asks"]) == (truth["bids"], truth["asks"])
        assert "s" not in data


def test_marks_are_true_and_rows_without_funding_say_so(one: Bench) -> None:
    _, wire = one.connect(f"{USDM}/market/ws/!markPrice@arr@1s")
    one.run(1100)
    perps, tradfi = wire.take()[:2]
    rows = {row["s"]: row for row in perps}
    truth = one.truth("BTCUSDT")
    row = rows["BTCUSDT"]
    assert [row["p"], row["i"], row["r"], row["T"]] == [truth[k] for k in ("mark", "index", "rate", "next_ms")]
    assert rows["BTCUSDT_261225"]["T"] == 0
    assert rows["BTCUSD_PERP"]["st"] == 2
    assert {row["s"] for row in tradfi} == {"TSLAUSDT", "XAUUSDT"}


def test_ticker_arrays_carry_changed_symbols_only() -> None:
    one = Bench(coins=40, rate=40.0)
    _, wire = one.connect(f"{USDM}/market/ws/!miniTicker@arr")
    one.run(5000)
    arrays = wire.take()
    assert len(arrays[-1]) < len(arrays[0])
    assert any(row["st"] == 2 for row in arrays[-1])


# -- instruments -------------------------------------------------------------------------------------------------------


def test_listings_hold_what_must_not_be_traded() -> None:
    one = Bench(coins=120)
    rows = {row["symbol"]: row for row in one.json(f"{FAPI}/exchangeInfo")["symbols"]}
    assert {row["contractType"] for row in rows.values()} == {
        "PERPETUAL", "CURRENT_QUARTER", "NEXT_QUARTER", "TRADIFI_PERPETUAL",
    }  # fmt: skip
    assert {"TRADING", "PRE_SETTLE", "SETTLING", "TRADING_HALT"} <= {row["status"] for row in rows.values()}
    assert "币安人生USDT" in rows
    assert rows["1000PEPEUSDT"]["baseAsset"] == "1000PEPE"
    assert rows["1INCHUSDT"]["baseAsset"] == "1INCH"
    filters = rows["BTCUSDT"]["filters"]
    assert any(next(iter(f)) != "filterType" for f in filters)
    spot = {row["symbol"]: row for row in one.json(f"{API}/exchangeInfo")["symbols"]}
    assert "PEPEUSDT" in spot
    assert "USDCUSDT" in spot
    assert {"TRADING", "CANCEL_ONLY", "BREAK"} <= {row["status"] for row in spot.values()}
    lots = {f["filterType"]: f for f in spot["BTCUSDT"]["filters"]}
    assert lots["MARKET_LOT_SIZE"]["stepSize"] == "0.00000000"


def test_a_multiplier_coin_is_priced_by_the_thousand() -> None:
    one = Bench(coins=60)
    thousand, coin = one.truth("1000PEPEUSDT"), one.truth("PEPEUSDT", "spot")
    assert (thousand["base"], thousand["multiplier"], thousand["price_factor"]) == ("PEPE", "1000", "1000")
    per_coin = float(thousand["bids"][0][0]) / 1000
    assert per_coin == pytest.approx(float(coin["bids"][0][0]), rel=0.01)


def test_funding_intervals_are_mixed_and_one_row_is_missing() -> None:
    one = Bench(coins=60)
    rows = {row["symbol"]: row for row in one.json(f"{FAPI}/fundingInfo")}
    truth = one.control.truth({"venue": "binance", "market": "perp"})["venues"]["binance"]["perp"]
    missing = [native for native in truth if native not in rows]
    assert len(missing) == 1
    assert truth[missing[0]]["interval_h"] == 8
    assert {row["fundingIntervalHours"] for row in rows.values()} == {1, 2, 4, 8}
    assert all(truth[n]["interval_h"] == rows[n]["fundingIntervalHours"] for n in truth if n in rows)
    assert rows["BTCUSDT"]["updateTime"] is None


def test_the_premium_index_has_more_rows_than_are_traded(one: Bench) -> None:
    rows = {row["symbol"]: row for row in one.json(f"{FAPI}/premiumIndex")}
    truth = one.truth("ETHUSDT")
    row = rows["ETHUSDT"]
    assert [row["markPrice"], row["indexPrice"], row["lastFundingRate"]] == [
        truth[k] for k in ("mark", "index", "rate")
    ]
    assert rows["OLDUSDT"]["nextFundingTime"] == 0
    assert one.json(f"{FAPI}/premiumIndex?symbol=ETHUSDT")["symbol"] == "ETHUSDT"


def test_one_symbol_answers_one_object_and_all_a_list(one: Bench) -> None:
    for url in (f"{FAPI}/ticker/bookTicker", f"{FAPI}/ticker/24hr", f"{API}/ticker/24hr", f"{API}/ticker/price"):
        assert isinstance(one.json(url), list)
        assert one.json(f"{url}?symbol=BTCUSDT")["symbol"] == "BTCUSDT"
    both = one.json(f"{API}/ticker/24hr?symbols=%5B%22BTCUSDT%22,%22ETHUSDT%22%5D")
    assert [row["symbol"] for row in both] == ["BTCUSDT", "ETHUSDT"]
