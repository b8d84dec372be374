"""The printer: what it prints when, what a slow or absent reader costs, and how it ends."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from arbtui.core.clock import NS_PER_S
from arbtui.core.status import FeedState
from arbtui.headless import Headless, Once, Printer
from tests.headless_support import T0, Bench, a_pipe, a_status, printed


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def of(lines: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["type"] == kind]


def only(*kinds: str, **more: Any) -> Headless:
    return Headless(emit=frozenset(kinds), **more)


async def test_each_accepted_quote_is_one_line(bench: Bench) -> None:
    def act(bench: Bench) -> None:
        for price in ("100.0", "100.1", "100.1"):
            bench.quote(bench.binance, price, "1", "100.2", "1")

    lines = await printed(bench, only("quote"), act)
    assert [line["bid"] for line in lines] == ["100.0", "100.1", "100.1"]


async def test_nothing_else_is_printed_than_was_asked_for(bench: Bench) -> None:
    def act(bench: Bench) -> None:
        bench.everything()
        bench.advance(5)

    assert {line["type"] for line in await printed(bench, only("status"), act)} == {"status"}


async def test_spreads_come_once_a_look_one_per_coin(bench: Bench) -> None:
    def act(bench: Bench) -> None:
        bench.everything()
        bench.advance(6)

    lines = await printed(bench, only("spread", every_s=2.0), act)
    assert [(line["t_ns"] - T0) / NS_PER_S for line in lines] == [2.0, 4.0, 6.0]
    assert {line["base"] for line in lines} == {"BTC"}


async def test_all_pairs_print_also_those_that_are_not_admissible(bench: Bench) -> None:
    def act(bench: Bench) -> None:
        bench.everything()
        bench.advance(1)

    lines = await printed(bench, only("spread", pairs="all"), act)
    legs = {tuple(line[side][name] for side in ("buy", "sell") for name in ("venue", "market")) for line in lines}
    assert len(lines) == len(legs) == 6  # three instruments, both ways
    assert any(line["muted"] for line in lines)


async def test_on_change_a_spread_is_printed_when_a_price_moves_and_not_when_time_passes(bench: Bench) -> None:
    moments: list[int] = []

    def act(bench: Bench) -> None:
        bench.everything()
        bench.advance(3)  # agreement and judgement settle
        moments.append(bench.clock.now_ns())
        bench.everything()  # same prices again
        bench.advance(0.9)
        moments.append(bench.clock.now_ns())
        bench.quote(bench.okx, "102.0", "150", "102.10", "200")
        bench.advance(0.1)

    lines = await printed(bench, only("spread", every_s=0), act)
    between = [line for line in lines if moments[0] < line["t_ns"] < moments[1]]
    assert between == []
    assert lines[-1]["sell"]["price"] == "102.0"
    assert lines[-1]["t_ns"] == moments[1]


async def test_what_came_last_is_printed_even_if_time_stops(bench: Bench) -> None:
    lines = await printed(bench, only("spread", every_s=0), Bench.everything)
    assert lines[-1]["base"] == "BTC"


async def test_tickers_and_funding_are_printed_when_they_changed(bench: Bench) -> None:
    def act(bench: Bench) -> None:
        bench.everything()
        bench.advance(5)

    lines = await printed(bench, only("ticker", "funding"), act)
    assert len(of(lines, "ticker")) == 1
    assert len(of(lines, "funding")) == 2


async def test_on_change_tickers_and_funding_come_with_their_event(bench: Bench) -> None:
    lines = await printed(bench, only("ticker", "funding", "premium", every_s=0), Bench.everything)
    assert len(of(lines, "ticker")) == 1
    assert len(of(lines, "funding")) >= 2
    assert len(of(lines, "premium")) == 1


@pytest.mark.parametrize("every_s", [0, 1])
async def test_coins_that_were_not_chosen_are_in_no_line(bench: Bench, every_s: int) -> None:
    def act(bench: Bench) -> None:
        bench.desk.show(("ETH",))
        bench.everything()
        bench.advance(3)

    assert not await printed(bench, only("quote", "spread", "ticker", "funding", "premium", every_s=every_s), act)


async def test_books_are_printed_as_they_change(bench: Bench) -> None:
    def act(bench: Bench) -> None:
        bench.book(bench.okx, [("101.0", "150"), ("100.0", "1")], [("101.1", "200")], seq=1)
        bench.book(bench.okx, [("101.0", "140")], [("101.1", "200")], seq=2)

    lines = await printed(bench, only("book", levels=1), act)
    assert [(line["seq"], line["bids"]) for line in lines] == [(1, [["101.0", "1.50"]]), (2, [["101.0", "1.40"]])]


async def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    def act(bench: Bench) -> None:
        for _ in range(8):
            bench.everything()
            bench.advance(0.7)

    kinds = only("quote", "spread", "signal", "status", "ticker", "funding", "premium", every_s=0, pairs="all")
    assert await printed(Bench(tmp_path), kinds, act) == await printed(Bench(tmp_path), kinds, act)


# the end


async def test_a_duration_is_engine_time(bench: Bench) -> None:
    with a_pipe() as (_, writer):
        printer = Printer(only("status", duration_s=3.0), out_fd=writer)
        printer.attach(bench.desk)
        running = asyncio.create_task(printer.run())
        await asyncio.sleep(0)
        bench.advance(2.9)
        await asyncio.sleep(0)
        assert not running.done()
        bench.advance(0.2)
        assert await asyncio.wait_for(running, 5) == 0
        await printer.close()


@pytest.mark.parametrize("busy", [True, False])
async def test_a_closed_stdout_ends_the_run_with_0(bench: Bench, busy: bool) -> None:
    with a_pipe() as (reader, writer):
        printer = Printer(only("quote"), out_fd=writer)
        printer.attach(bench.desk)
        running = asyncio.create_task(printer.run())
        os.close(reader)
        if busy:
            bench.everything()
        assert await asyncio.wait_for(running, 5) == 0
        bench.everything()  # nobody minds
        await printer.close()


async def test_a_stdout_that_is_gone_may_leave_the_run_at_work(bench: Bench, tmp_path: Path) -> None:
    with a_pipe() as (reader, writer):
        printer = Printer(only("quote", outlived=True, csv_dir=tmp_path / "csv"), out_fd=writer)
        printer.attach(bench.desk)
        os.close(reader)
        assert await asyncio.wait_for(printer.run(), 5) is None
        bench.everything()
        bench.advance(2)
        await printer.close()
    assert [path for path in (tmp_path / "csv").iterdir() if path.stat().st_size]


async def test_a_stdout_on_a_full_disk_is_told_and_ends_the_run_with_1(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        printer = Printer(only("quote"), out_fd=full)
        printer.attach(bench.desk)
        running = asyncio.create_task(printer.run())
        bench.everything()
        assert await asyncio.wait_for(running, 5) == 1
        await printer.close()
    finally:
        os.close(full)
    assert "stdout cannot be written: No space left on device" in caplog.text


async def test_the_end_waits_for_nothing_that_is_not_there(bench: Bench) -> None:
    loop = asyncio.get_running_loop()
    for act in (lambda bench: None, Bench.everything):
        began_s = loop.time()
        await printed(bench, only("quote"), act)
        assert loop.time() - began_s < 2


async def test_a_reader_that_stalls_costs_lines_and_never_time(
    bench: Bench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arbtui.headless.OUTPUT_PATIENCE_S", 0.2)
    with a_pipe() as (_, writer):
        printer = Printer(only("quote", "status"), out_fd=writer, max_pending=100_000)
        printer.attach(bench.desk)
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        for _ in range(3000):
            bench.quote(bench.binance, "100.0", "1", "100.2", "1")
        bench.advance(10)
        assert loop.time() - began_s < 5
        await printer.close()
        assert loop.time() - began_s < 10
    said = [record.getMessage() for record in caplog.records]
    assert any("stdout is read too slowly" in text and "lines left out" in text for text in said)
    assert any("did not take the last" in text for text in said)


async def test_a_replay_waits_for_its_reader_and_loses_nothing(bench: Bench) -> None:
    with a_pipe() as (reader, writer):
        printer = Printer(only("quote", lossless=True), out_fd=writer, max_pending=10_000)
        printer.attach(bench.desk)
        for _ in range(2000):
            bench.quote(bench.binance, "100.0", "1", "100.2", "1")
        waiting = asyncio.create_task(printer.drained())
        await asyncio.sleep(0.05)
        assert not waiting.done()
        closing: asyncio.Task[None] | None = None
        got = 0
        while got < 2000:  # a read when all is read would wait for ever
            got += (await asyncio.to_thread(os.read, reader, 1 << 20)).count(b"\n")
            if closing is None and waiting.done():
                closing = asyncio.create_task(printer.close())
        await asyncio.wait_for(waiting, 5)
        await (closing or printer.close())
        assert got == 2000


# --once


async def once(bench: Bench, what: Once, act: Any, seconds: float = 60.0) -> tuple[int | None, str]:
    with a_pipe() as (reader, writer):
        printer = Printer(Headless(once=what), out_fd=writer)
        printer.attach(bench.desk)
        running = asyncio.create_task(printer.run())
        await asyncio.sleep(0)
        act(bench)
        for _ in range(round(seconds)):
            if running.done():
                break
            act(bench)
            bench.advance(1)
            await asyncio.sleep(0)
        code = await asyncio.wait_for(running, 5)
        await printer.close()
        os.close(writer)
        return code, os.read(reader, 1 << 20).decode()


async def test_once_prints_a_table_of_the_best_and_ends(bench: Bench) -> None:
    code, text = await once(bench, Once(), Bench.everything)
    assert code == 0
    head, columns, *rows = text.splitlines()
    assert head.startswith("PAPER  2023-11-14 ")
    assert columns.split()[:2] == ["COIN", "BUY"]
    assert rows[0].split()[0] == "BTC"
    assert "okx perp BTC-USDT-SWAP" in rows[0]


async def test_once_as_json_prints_spread_lines(bench: Bench) -> None:
    import json

    code, text = await once(bench, Once(as_json=True), Bench.everything)
    (line,) = [json.loads(line) for line in text.splitlines()]
    assert (code, line["type"], line["base"]) == (0, "spread", "BTC")


async def test_once_waits_for_feeds_that_still_connect_and_then_names_them(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.feeds = [a_status(), a_status("okx", FeedState.CONNECTING)]
    code, text = await once(bench, Once(), Bench.everything)
    assert code == 0
    assert "BTC" in text
    assert "still connecting: okx perp" in caplog.text
    assert bench.clock.now_ns() - T0 >= 25 * NS_PER_S


async def test_once_with_nothing_heard_says_so_and_ends_with_1(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.feeds = [a_status(state=FeedState.DOWN, reason="refused")]
    code, text = await once(bench, Once(), lambda bench: None)
    assert code == 1
    assert "no pair may be traded on" in text
    assert "binance perp (refused)" in caplog.text


# the house


def test_headless_never_imports_textual() -> None:
    code = (
        "import sys, arbtui.headless, arbtui.cli, arbtui.engine.run\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('textual', 'rich')])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert run.stdout.strip() == "[]", run.stderr
