"""Each kind of line: exact texts, null where nothing is known, and all of them instances of the printed schema."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from arbtui.core.clock import NS_PER_S
from arbtui.core.events import MarkPrice, Ticker
from arbtui.core.model import Market
from arbtui.headless import Headless
from arbtui.lines.build import Lines, text_of
from arbtui.lines.kinds import KINDS
from arbtui.lines.records import AnyLine, encode, schema
from tests.headless_support import T0, Bench, a_status, instrument, printed
from tests.money_support import MoneyBench

VALIDATOR = jsonschema.Draft202012Validator(schema())

FIELDS = {
    "quote": "venue market base quote native bid bid_qty ask ask_qty exchange_ms source",
    "book": "venue market base quote native bids asks seq state",
    "ticker": "venue market base quote native last high_24h low_24h vol_24h_base vol_24h_usd",
    "funding": "venue market base quote native rate rate_kind interval_h rate_per_h next_ms settled_rate mark index",
    "premium": "venue base spot perp premium_pct",
    "spread": "base buy sell gross_bps fees_bps net_bps round_trip_bps top_usd walk_usd walk_net_bps max_usd "
    "carry_per_h_bps basis needs_inventory muted",
    "signal": "id state reason advice confidence threshold_bps samples held_ms base buy sell gross_bps fees_bps "
    "net_bps round_trip_bps top_usd walk_usd walk_net_bps max_usd carry_per_h_bps basis needs_inventory muted",
    "alert": "kind subject text fields",
    "decision": "act why text base buy_leg sell_leg direction hedge signal size_usd threshold_bps net_bps "
    "round_trip_bps funding_bps gap_bps result_bps held_s position_usd net_usd hedges",
    "status": "venue market state reason subscribed acked failed stale reconnects msgs_per_s age_ms_p50 age_ms_p99 "
    "clock_offset_ms",
    "process": "rss_mb cpu_pct loop_lag_ms_p99 queue errors",
    "order": "venue market base quote native hedge leg purpose client_id order_id side kind reduce_only price qty "
    "filled avg_price status reason text",
    "fill": "venue market base quote native hedge client_id order_id fill_id side price qty fee fee_ccy maker "
    "exchange_ms",
    "hedge": "id base state turn verb style buy sell qty gap why alarm planned_net_bps pnl",
    "position": "venue market base quote native held qty entry mark liquidation adl_rank hedges",
    "account": "venue wallet asset total free",
}
LEG = "venue market native quote price qty age_ms source rate_per_h vol_24h_usd"
HEDGE_LEG = "venue market native quote position entry"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def told(line: AnyLine | None) -> dict[str, Any]:
    assert line is not None
    said: dict[str, Any] = json.loads(encode(line))
    VALIDATOR.validate(said)
    return said


def test_the_schema_is_a_schema_and_names_every_kind() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert set(schema()["discriminator"]["mapping"]) == set(KINDS) == set(FIELDS)


def test_the_schema_refuses_what_is_no_line() -> None:
    for wrong in ({}, {"type": "quote"}, {"type": "order", "t_ns": 1}):
        assert not VALIDATOR.is_valid(wrong)


async def test_every_kind_is_printed_with_its_fields_and_fits_the_schema(tmp_path: Path) -> None:
    bench = MoneyBench(tmp_path)

    def act(each: Bench) -> None:
        bench.everything()
        bench.hedged()
        bench.holds("okx", "BTC-USDT-SWAP", "-150")
        bench.has("okx", "USDT", "1000")
        bench.book(bench.binance, [("100.00", "1.5")], [("100.10", "2")])
        bench.auto.switch(on=True)
        for _ in range(60):  # agreement of marks, then three samples and a second
            bench.everything()
            bench.advance(0.5)

    lines = await printed(bench, Headless(emit=frozenset(KINDS)), act)
    kinds = {line["type"] for line in lines}
    assert kinds == set(KINDS)
    for line in lines:
        VALIDATOR.validate(line)
        assert isinstance(line["t_ns"], int)
        assert set(FIELDS[line["type"]].split()) <= set(line)
        for leg in (line[side] for side in ("buy", "sell") if side in line):
            assert set((HEDGE_LEG if line["type"] == "hedge" else LEG).split()) <= set(leg)


def test_a_quote_is_the_wires_texts_per_coin(bench: Bench) -> None:
    bench.quote(bench.okx, "101.0", "150", None, None)
    said = told(Lines(bench.desk).quote(bench.okx))
    assert said == {
        "type": "quote",
        "t_ns": T0,
        "venue": "okx",
        "market": "perp",
        "base": "BTC",
        "quote": "USDT",
        "native": "BTC-USDT-SWAP",
        "bid": "101.0",
        "bid_qty": "1.50",
        "ask": None,
        "ask_qty": None,
        "exchange_ms": T0 // 1_000_000,
        "source": "ws",
        "multiplier_known": True,
    }


def test_an_instrument_of_unknown_size_is_printed_as_on_the_wire_and_says_so(bench: Bench) -> None:
    bench.list("okx", Market.SPOT, instrument("okx", Market.SPOT, "1000X-USDT", "1000X", units=None))
    slot = bench.slot("okx", Market.SPOT, "1000X-USDT")
    bench.quote(slot, "0.0500", "10", "0.0510", "20")
    said = told(Lines(bench.desk).quote(slot))
    assert (said["multiplier_known"], said["bid"], said["ask_qty"]) == (False, "0.0500", "20")


def test_a_slot_without_a_quote_has_no_line(bench: Bench) -> None:
    lines = Lines(bench.desk)
    assert lines.quote(bench.okx) is None
    assert lines.book(bench.okx, 10) is None
    assert lines.ticker(bench.okx) is None
    assert lines.funding(bench.okx) is None


def test_a_book_shows_so_many_levels_per_coin_best_first(bench: Bench) -> None:
    bids, asks = [("101.0", "150"), ("100.9", "1"), ("100.8", "2")], [("101.1", "200"), ("101.2", "3", "0", "4")]
    bench.book(bench.okx, bids, asks, seq=99)
    said = told(Lines(bench.desk).book(bench.okx, 2))
    assert said["bids"] == [["101.0", "1.50"], ["100.9", "0.01"]]
    assert said["asks"] == [["101.1", "2.00"], ["101.2", "0.03"]]
    assert (said["seq"], said["state"]) == (99, "live")


def test_a_lost_book_is_empty_and_says_that_it_resyncs(bench: Bench) -> None:
    bench.book(bench.okx, [("101.0", "150")], [("101.1", "200")])
    bench.advance(1)
    assert bench.okx.book is not None
    bench.okx.book.lost("gap")
    said = told(Lines(bench.desk).book(bench.okx, 10))
    assert (said["bids"], said["asks"], said["state"], said["t_ns"]) == ([], [], "resyncing", T0 + NS_PER_S)


def test_ticker_prices_are_exact_and_garbage_is_null(bench: Bench) -> None:
    bench.board.apply(Ticker(bench.okx.id, T0, "1e2", "", "nan", "1000"))
    said = told(Lines(bench.desk).ticker(bench.okx))
    assert (said["last"], said["high_24h"], said["low_24h"], said["vol_24h_base"]) == ("100", None, None, "10.00")


def test_funding_is_a_number_per_interval_and_per_hour(bench: Bench) -> None:
    bench.everything()
    said = told(Lines(bench.desk).funding(bench.okx))
    assert (said["rate"], said["interval_h"], said["rate_kind"]) == (-0.0004, 4.0, "fixed")
    assert said["rate_per_h"] == pytest.approx(-0.0001)
    assert said["settled_rate"] is None
    assert said["mark"] == "100"


def test_a_mark_without_funding_leaves_the_rate_unknown(bench: Bench) -> None:
    bench.board.apply(MarkPrice(bench.okx.id, T0, mark="100.5"))
    said = told(Lines(bench.desk).funding(bench.okx))
    assert (said["rate"], said["rate_kind"], said["rate_per_h"], said["mark"]) == (None, None, None, "100.5")
    assert said["index"] is None


def test_spot_has_no_funding(bench: Bench) -> None:
    bench.everything()
    assert Lines(bench.desk).funding(bench.spot) is None


def test_premium_is_of_the_mids_of_one_venue(bench: Bench) -> None:
    bench.everything()
    (line,) = Lines(bench.desk).premiums(bench.board.coins["BTC"])
    said = told(line)
    assert (said["venue"], Decimal(said["spot"]), Decimal(said["perp"])) == (
        "binance",
        Decimal("100.1"),
        Decimal("100.05"),
    )
    assert said["premium_pct"] == pytest.approx(100 * (100.05 - 100.1) / 100.1)


def test_premium_needs_both_sides_of_both_quotes(bench: Bench) -> None:
    bench.everything()
    bench.quote(bench.spot, "99.9", "10.0", None, None)
    assert list(Lines(bench.desk).premiums(bench.board.coins["BTC"])) == []


def test_a_spread_carries_the_exact_texts_of_both_legs(bench: Bench) -> None:
    bench.everything()
    row = bench.desk.pair(bench.binance.id, bench.okx.id)
    said = told(Lines(bench.desk).spread(row))
    assert (said["buy"]["price"], said["buy"]["qty"]) == ("100.10", "2.00")
    assert (said["sell"]["price"], said["sell"]["qty"]) == ("101.0", "1.50")
    assert said["gross_bps"] - said["fees_bps"] == pytest.approx(said["net_bps"])
    assert said["buy"]["fee_source"] == "default"
    assert said["walk_usd"] is None
    assert said["basis"] is None


def test_a_leg_without_a_price_is_null_not_zero(bench: Bench) -> None:
    said = told(Lines(bench.desk).spread(bench.desk.pair(bench.binance.id, bench.okx.id)))
    assert said["buy"]["price"] is None
    assert said["buy"]["source"] is None
    assert said["net_bps"] is None
    assert said["muted"]


def test_a_status_line_is_the_feeds_figures(bench: Bench) -> None:
    said = told(Lines(bench.desk).status(a_status()))
    assert (said["msgs_per_s"], said["age_ms_p99"], said["clock_offset_ms"]) == (12.5, None, -1.25)


def test_texts_are_the_quotes_as_long_as_they_say_the_same() -> None:
    assert text_of(0.1 + 0.2, "0.300") == "0.300"
    assert text_of(0.31, "0.300") == "0.31"
    assert text_of(1e-9, None) == "0.000000001"
    assert text_of(None, "1") is None
