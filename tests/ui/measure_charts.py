"""What charts and the history behind them cost: ``python -m tests.ui.measure_charts [--coins N]``.

Drawing is told in milliseconds for 60x14 cells of 600 points; sampling as multiples of what making the coin's row costs
anyway, and of reading one best-prices frame with orjson, since those compare between machines.
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import sys
import time
import tracemalloc
from array import array
from collections.abc import Callable
from functools import partial
from math import nan

import orjson

from arbtui.core.clock import NS_PER_S
from arbtui.port import SelectCoin
from arbtui.strategy.depth import Depth, depth
from arbtui.strategy.history import Best, History
from arbtui.strategy.pairs import PairRules
from arbtui.strategy.series import Series
from arbtui.strategy.spreads import Spreads
from arbtui.strategy.thresholds import Thresholds
from arbtui.ui import text
from arbtui.ui.chart import Look, series_chart
from arbtui.ui.depthchart import depth_chart
from tests.ui.fake_port import FakePort

FRAME = (
    b'{"arg":{"channel":"bbo-tbt","instId":"BTC-USDT-SWAP"},"data":[{"asks":[["101.1","2.5","0","3"]],'
    b'"bids":[["101.0","7.25","0","4"]],"ts":"1763600000123","seqId":4711}]}'
)
WIDTH, HEIGHT, POINTS = 60, 14, 600


def write(line: str) -> None:
    sys.stdout.write(line + "\n")


def median_ms(work: Callable[[], object], rounds: int = 200) -> float:
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1e3)
    return statistics.median(taken)


def points(*, gap: bool) -> Series:
    dice = random.Random(1)
    value, values = 3.0, array("f")
    for second in range(POINTS):
        value += dice.gauss(0, 0.3)
        values.append(nan if gap and 200 <= second < 230 else value)
    return Series(POINTS * NS_PER_S, NS_PER_S, values, values, values)


def draw() -> None:
    look = Look(text.signed, threshold=5.0)
    for gap in (False, True):
        series = points(gap=gap)
        taken = median_ms(partial(series_chart, series, POINTS * NS_PER_S, POINTS, WIDTH, HEIGHT, look))
        write(f"curve {WIDTH}x{HEIGHT}, {POINTS} points{', a gap' if gap else ''}: {taken:.2f} ms")
    port = FakePort(1)
    port.send(SelectCoin("BTC"))
    row = port.row("BTC")
    assert row is not None
    found = depth(port.board.slots[row.buy.slot], port.board.slots[row.sell.slot])
    assert isinstance(found, Depth)
    write(
        f"depth {WIDTH}x{HEIGHT}, 20 levels a side: {median_ms(lambda: depth_chart(found, 1e3, WIDTH, HEIGHT)):.2f} ms"
    )


def sample(coins: int) -> None:
    port = FakePort(coins)
    spreads = Spreads(port._board, PairRules(sell_spot=True), Thresholds(), port.time)
    bases = list(port._board.coins)

    def look(base: str) -> Best | None:
        for row in spreads.rows(bases=(base,)):
            if row.muted is None and row.net_bps is not None:
                return row.buy.slot, row.sell.slot, row.net_bps
        return None

    gc.collect()
    gc.freeze()
    rows_s = _best(lambda: [look(base) for base in bases])
    frame_s = _best(lambda: [orjson.loads(FRAME) for _ in range(1000)]) / 1000
    whole, alone = History(port._board, look), History(port._board, lambda base: (1, 2, 3.0))
    whole_s, alone_s = (_best(partial(_second, port, history, bases[0])) for history in (whole, alone))
    write(
        f"sampling {coins} coins x {len(port._board.slots) // coins} legs: their rows {rows_s * 1e3:.1f} ms a second, "
        f"with history {whole_s * 1e3:.1f} ms; alone {alone_s * 1e3:.1f} ms = {alone_s / rows_s:.2f} x the rows, "
        f"{alone_s / coins / frame_s:.1f} x orjson.loads a coin"
    )
    now_ns = port.time.now_ns()
    passed_s = min(_timed(partial(whole.passed, 5.0, now_ns, 60.0 * minutes)) for minutes in range(4, 11))
    write(f"how many passed: {passed_s * 1e3:.2f} ms once a second, nothing for what is asked again")


def _second(port: FakePort, history: History, selected: str) -> None:
    """A second of sweeps."""
    start_ns = port.time.now_ns() // NS_PER_S * NS_PER_S + NS_PER_S
    for sweep in range(50):
        port.time.advance_to(start_ns + sweep * 20_000_000)
        history.step(port.time.now_ns(), selected)


def _best(work: Callable[[], object], rounds: int = 9) -> float:
    return min(_timed(work) for _ in range(rounds))


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def remember(coins: int) -> None:
    port = FakePort(0)
    names = [f"C{n}" for n in range(coins)]
    tracemalloc.start()
    history = History(port._board, lambda base: (1, 2, 3.0))
    for sweep in range(100):
        history.step(NS_PER_S + sweep * 20_000_000, "", names)
    write(f"history of {coins} coins: {tracemalloc.get_traced_memory()[0] / 1e6:.1f} MB")
    tracemalloc.stop()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--coins", type=int, default=1000)
    coins = parser.parse_args().coins
    draw()
    sample(coins)
    remember(coins)


if __name__ == "__main__":
    main()
