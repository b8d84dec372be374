"""Lines of orders, fills, hedges and accounts: when they come, what they say, and that nothing is said twice."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from arbtui.core.errors import RefusalReason
from arbtui.core.model import Market
from arbtui.core.orders import OrderStatus, ReadDone, ReadKind
from arbtui.execution.intents import Intent, Style
from arbtui.execution.reviews import close_intent
from arbtui.headless import Headless
from tests.execution.stage import accepted, fill, report
from tests.headless_support import Bench, printed
from tests.money_support import MoneyBench
from tests.test_headless_lines import VALIDATOR

Lines = list[dict[str, Any]]


@pytest.fixture
def bench(tmp_path: Path) -> MoneyBench:
    return MoneyBench(tmp_path)


async def told(bench: MoneyBench, act: Callable[[], object], *kinds: str, **more: Any) -> Lines:
    """What is printed of ``kinds`` while ``act`` happens; every line fits the schema."""
    lines = await printed(bench, Headless(emit=frozenset(kinds), **more), lambda _: act())
    for line in lines:
        VALIDATOR.validate(line)
    return lines


# orders


async def test_an_order_is_told_at_each_change_of_its_state(bench: MoneyBench) -> None:
    lines = await told(bench, bench.hedged, "order")
    states = {venue: [line["status"] for line in lines if line["venue"] == venue] for venue in ("binance", "okx")}
    assert states == {venue: ["journaled", "sent", "open", "filled"] for venue in ("binance", "okx")}


async def test_prices_and_sizes_of_orders_are_exact_and_per_coin(bench: MoneyBench) -> None:
    lines = await told(bench, bench.hedged, "order")
    last = [line for line in lines if line["venue"] == "okx"][-1]  # 150 contracts of 0.01 coins
    assert (last["qty"], last["filled"], last["avg_price"]) == ("1.50", "1.50", "100.90")
    assert (last["leg"], last["side"], last["kind"], last["purpose"]) == ("sell", "sell", "ioc", "enter")
    assert last["order_id"]


async def test_a_refused_order_says_the_venues_reason_in_its_words(bench: MoneyBench) -> None:
    def act() -> None:
        bench.open()
        bench.refuses("okx", RefusalReason.INSUFFICIENT)

    (line,) = [line for line in await told(bench, act, "order") if line["status"] == "rejected"]
    assert (line["venue"], line["reason"], line["text"]) == ("okx", "insufficient", "okx says insufficient")
    assert (line["filled"], line["avg_price"], line["order_id"]) == ("0.00", None, None)


async def test_an_order_without_an_answer_is_in_doubt_and_says_why(bench: MoneyBench) -> None:
    def act() -> None:
        bench.open()
        bench.fills("binance")
        bench.silent("okx")

    last = [line for line in await told(bench, act, "order") if line["venue"] == "okx"][-1]
    assert (last["status"], last["text"], last["reason"]) == ("in_doubt", "timed out", None)


async def test_an_order_that_the_disk_held_up_is_journaled_and_never_sent(bench: MoneyBench) -> None:
    bench.trading.runner.arm()
    bench.disk.hold = True

    def held() -> None:
        bench.open()
        for _ in range(2):  # the intent, then the orders
            bench.disk.held.pop(0)()
            bench.advance(5)  # priced by another market by now
        while bench.disk.held:
            bench.disk.held.pop(0)()

    lines = await told(bench, held, "order")
    assert [line["status"] for line in lines if line["venue"] == "okx"][:2] == ["journaled", "dropped"]
    assert "the disk has not answered" in next(line["text"] for line in lines if line["status"] == "dropped")
    assert bench.pens["okx"].placed == []


async def test_a_partial_fill_is_a_change_and_an_average_needs_every_fill(bench: MoneyBench) -> None:
    def act() -> None:
        bench.trading.runner.arm()
        bench.trading.runner.open(bench.intend(style=Style.MAKER_TAKER, maker=0))
        sent = bench.order("binance")
        bench.trading.hear(accepted(sent, bench.now))
        bench.trading.hear(report(sent, OrderStatus.OPEN, "0.50", t_ns=bench.now))  # its fill is not told yet
        bench.trading.hear(fill(sent, "0.50", price="100.00", t_ns=bench.now))

    lines = [line for line in await told(bench, act, "order", "fill") if line["venue"] == "binance"]
    orders = [(line["status"], line["filled"], line["avg_price"]) for line in lines if line["type"] == "order"]
    assert orders[-1] == ("open", "0.50", None)
    assert [line["type"] for line in lines][-1] == "fill"


# fills


async def test_a_fill_is_told_once_however_often_the_venue_tells_it(bench: MoneyBench) -> None:
    def act() -> None:
        bench.open()
        for _ in range(3):
            bench.fills("okx")
        bench.advance(20)

    (line,) = [line for line in await told(bench, act, "fill") if line["venue"] == "okx"]
    assert (line["qty"], line["price"], line["fee"], line["fee_ccy"]) == ("1.50", "100.90", "0.05", "USDT")


async def test_a_fill_waits_for_its_fee(bench: MoneyBench) -> None:
    moments: list[int] = []

    def act() -> None:
        bench.open()
        bench.fills("okx", fee=None)
        bench.advance(2)
        moments.append(bench.now)
        bench.fills("okx", fee="-0.01")  # a rebate
        bench.advance(20)

    (line,) = [line for line in await told(bench, act, "fill") if line["venue"] == "okx"]
    assert line["fee"] == "-0.01"
    assert line["t_ns"] == moments[0]  # of the message that told the fee


async def test_a_fee_that_never_comes_is_null_and_the_fill_is_told_all_the_same(bench: MoneyBench) -> None:
    def act() -> None:
        bench.open()
        bench.fills("okx", fee=None)
        bench.advance(12)
        bench.fills("okx", fee="0.05")  # too late: a fill is told once
        bench.advance(12)

    (line,) = [line for line in await told(bench, act, "fill") if line["venue"] == "okx"]
    assert (line["fee"], line["fee_ccy"]) == (None, None)


async def test_the_end_of_a_run_leaves_no_fill_untold(bench: MoneyBench) -> None:
    def act() -> None:
        bench.open()
        bench.fills("okx", fee=None)

    assert [line["venue"] for line in await told(bench, act, "fill")] == ["okx"]


async def test_what_an_earlier_run_has_told_is_not_told_again(bench: MoneyBench, tmp_path: Path) -> None:
    bench.hedged()
    later = MoneyBench(tmp_path, tuple(bench.disk.kept))

    def act() -> None:
        later.trading.start()
        later.advance(3)

    kinds = {(line["type"], line.get("state")) for line in await told(later, act, "order", "fill", "hedge")}
    assert not {kind for kind, _ in kinds} & {"fill"}
    assert ("hedge", "in_doubt") in kinds  # taken over, and the venues are read: that is news


# hedges


async def test_a_hedge_is_told_at_each_change_of_its_state(bench: MoneyBench) -> None:
    lines = await told(bench, bench.hedged, "hedge")
    assert [line["state"] for line in lines] == ["previewed", "journaled", "sending", "working", "hedged"]
    last = lines[-1]
    assert (last["buy"]["position"], last["sell"]["position"], last["gap"]) == ("1.50", "-1.50", "0.00")
    assert (last["buy"]["entry"], last["sell"]["entry"]) == ("100.20", "100.90")
    assert last["alarm"] is False


async def test_the_profit_of_a_hedge_is_split_and_adds_up(bench: MoneyBench) -> None:
    pnl = (await told(bench, bench.hedged, "hedge"))[-1]["pnl"]
    assert pnl["complete"]
    assert (pnl["realised_usd"], pnl["fees_usd"], pnl["funding_usd"]) == (0, 0.1, 0)
    assert pnl["open_usd"] == pytest.approx(1.5 * (100.00 - 100.20) + 1.5 * (100.90 - 101.10))
    assert pnl["price_usd"] == pnl["realised_usd"] + pnl["open_usd"]


async def test_without_an_exit_price_the_open_profit_is_null_and_not_zero(bench: MoneyBench) -> None:
    def act() -> None:
        bench.open()
        bench.fills("binance")
        bench.quote(bench.binance, None, None, "100.10", "2.00")
        bench.fills("okx")

    pnl = (await told(bench, act, "hedge"))[-1]["pnl"]
    assert (pnl["open_usd"], pnl["price_usd"], pnl["realised_usd"]) == (None, None, 0)


async def test_a_leg_that_is_missing_is_an_alarm_with_its_gap(bench: MoneyBench) -> None:
    def act() -> None:
        bench.open()
        bench.fills("binance")
        bench.refuses("okx")

    lines = await told(bench, act, "hedge")
    troubled = next(line for line in lines if line["state"] == "unbalanced")
    assert troubled["alarm"]
    assert troubled["gap"] == "1.50"
    assert troubled["why"]


async def test_an_alarm_without_a_change_of_state_is_told_too(bench: MoneyBench) -> None:
    def act() -> None:
        bench.open()
        bench.fills("binance")
        bench.silent("okx")
        bench.advance(35)  # doubt of 30 s

    doubts = [line for line in await told(bench, act, "hedge") if line["state"] == "in_doubt"]
    assert len(doubts) == 2
    assert all(line["alarm"] for line in doubts)
    assert doubts[0]["why"] != doubts[1]["why"]


async def test_a_closing_turn_has_its_own_verb_and_ends_in_done(bench: MoneyBench) -> None:
    hedge = bench.hedged()

    def act() -> None:
        ledger = bench.trading.ledgers[hedge]
        buy, sell = (bench.prices.price(leg.key) for leg in ledger.intent.legs)
        made = close_intent(ledger, (buy, sell), bench.now)
        assert isinstance(made, Intent)
        bench.trading.runner.close(made)
        bench.fills("binance")
        bench.fills("okx")

    lines = await told(bench, act, "hedge", "order")
    hedges = [line for line in lines if line["type"] == "hedge"]
    assert [line["state"] for line in hedges] == ["closing", "done"]
    assert {(line["turn"], line["verb"]) for line in hedges} == {(1, "close")}
    assert {line["purpose"] for line in lines if line["type"] == "order"} == {"exit"}
    assert hedges[-1]["pnl"]["open_usd"] == 0
    assert {line["leg"] for line in lines if line["type"] == "order" and line["side"] == "sell"} == {"buy"}


# accounts


async def test_every_position_is_told_each_look_ours_or_not(bench: MoneyBench) -> None:
    hedge = bench.hedged()

    def act() -> None:
        bench.holds("okx", "BTC-USDT-SWAP", "-150", entry_price=Decimal("100.90"), liquidation_price=Decimal(150))
        bench.holds("okx", "NOBODY-KNOWS", "3")
        bench.advance(2)

    lines = await told(bench, act, "position")
    assert len(lines) == 4
    ours, other = lines[:2]
    assert (ours["qty"], ours["entry"], ours["liquidation"], ours["mark"]) == ("-1.50", "100.90", "150", None)
    assert (ours["base"], ours["hedges"], ours["multiplier_known"]) == ("BTC", [hedge], True)
    assert (other["qty"], other["base"], other["hedges"], other["multiplier_known"]) == ("3", None, [], False)


async def test_a_position_that_a_read_names_no_more_is_told_once_with_zero(bench: MoneyBench) -> None:
    def act() -> None:
        bench.holds("okx", "BTC-USDT-SWAP", "-150")
        bench.advance(1)
        read = ReadDone(venue="okx", market=Market.PERP, kind=ReadKind.POSITIONS, asked_ns=bench.now, t_ns=bench.now)
        bench.trading.hear(read)
        bench.advance(3)

    assert [line["qty"] for line in await told(bench, act, "position")] == ["-1.50", "0.00"]


async def test_on_change_accounts_are_told_when_they_change_and_else_not(bench: MoneyBench) -> None:
    def act() -> None:
        for total in ("1000", "1000", "999.50"):
            bench.has("okx", "USDT", total, "10")
            bench.holds("okx", "BTC-USDT-SWAP", "-150")
            bench.advance(2)

    lines = await told(bench, act, "account", "position", every_s=0)
    assert [line["total"] for line in lines if line["type"] == "account"] == ["1000", "999.50"]
    assert len([line for line in lines if line["type"] == "position"]) == 1


async def test_a_free_balance_that_was_not_told_is_null(bench: MoneyBench) -> None:
    def act() -> None:
        bench.has("okx", "USDT", "1000")
        bench.advance(1)

    (line,) = await told(bench, act, "account")
    assert (line["total"], line["free"], line["wallet"]) == ("1000", None, "trading")


# without trading, and on disk


async def test_a_run_that_sends_no_orders_says_so_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    plain = Bench(tmp_path)

    def act(_: Bench) -> None:
        plain.everything()
        plain.advance(10)

    lines = await printed(plain, Headless(emit=frozenset({"order", "account", "status"})), act)
    assert {line["type"] for line in lines} == {"status"}
    assert [r.getMessage() for r in caplog.records if "lines:" in r.getMessage()] == [
        "no order, account lines: no orders can be sent in this run"
    ]


async def test_csv_keeps_orders_fills_and_hedges_whatever_is_printed(bench: MoneyBench, tmp_path: Path) -> None:
    folder = tmp_path / "csv"
    assert not await told(bench, bench.hedged, csv_dir=folder)

    def rows(name: str) -> list[dict[str, str]]:
        (path,) = folder.glob(f"{name}-*.csv")
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    assert [row["status"] for row in rows("orders") if row["venue"] == "okx"][-1] == "filled"
    fills = rows("fills")
    assert [(row["venue"], row["qty"], row["fee"], row["maker"]) for row in fills] == [
        ("binance", "1.50", "0.05", ""),
        ("okx", "1.50", "0.05", ""),
    ]
    last = rows("hedges")[-1]
    assert (last["state"], last["buy_position"], last["sell_entry"], last["complete"]) == (
        "hedged",
        "1.50",
        "100.90",
        "True",
    )


async def test_a_run_without_orders_makes_no_file_of_them(tmp_path: Path) -> None:
    folder = tmp_path / "csv"
    await printed(Bench(tmp_path), Headless(emit=frozenset({"status"}), csv_dir=folder), lambda b: b.everything())
    await asyncio.sleep(0)
    assert not [path.name for path in folder.iterdir() if path.name.split("-")[0] in ("orders", "fills", "hedges")]
