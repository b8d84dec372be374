"""When panes are ticked, and how bytes leave for the terminal without anybody waiting."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from arbtui.ui import app
from arbtui.ui.pump import Job, Pump
from arbtui.ui.writer import CAPACITY_BYTES, TerminalWriter


def beats(count: int, *, painting: Callable[[int], bool] = lambda _: True) -> tuple[list[str], Pump, list[float]]:
    called: list[str] = []
    seconds: list[float] = []
    at = [0]

    def job(name: str, every: int, offset: int) -> Job:
        return Job(name, every, offset, lambda _: called.append(name))

    pump = Pump(
        [job("books", 1, 0), job("grid", 2, 0), job("rest", 5, 3)],
        now_s=lambda: at[0] * 0.1,
        painting=lambda: painting(at[0]),
        each_second=lambda: seconds.append(at[0] * 0.1),
    )
    for _ in range(count):
        pump.beat()
        at[0] += 1
    return called, pump, seconds


def test_books_tick_ten_times_a_second_the_grid_five_times_the_rest_twice() -> None:
    called, _, seconds = beats(10)
    assert {name: called.count(name) for name in set(called)} == {"books": 10, "grid": 5, "rest": 2}
    assert seconds == [0.0]


def test_while_the_terminal_is_behind_ticks_are_left_out_and_the_terminal_is_still_looked_after() -> None:
    called, pump, seconds = beats(30, painting=lambda beat: beat >= 25)
    assert pump.skipped == 25
    assert called.count("books") == 5
    assert len(seconds) == 3


def test_every_tick_is_measured() -> None:
    _, pump, _ = beats(10)
    assert {name: len(ticks) for name, ticks in pump.tick_ms.items()} == {"books": 10, "grid": 5, "rest": 2}
    pump.tick_ms["grid"].append(7.5)
    assert pump.worst_tick_ms() == 7.5


async def test_a_beat_that_takes_long_gives_way_to_others_between_its_jobs() -> None:
    at_s, told = [0.0], list[str]()

    def job(name: str, takes_s: float) -> Job:
        def call(_: float) -> None:
            told.append(name)
            at_s[0] += takes_s

        return Job(name, 1, 0, call)

    @contextmanager
    def around(number: int) -> Iterator[None]:
        told.append(f"beat {number}")
        yield

    jobs = [job("short", 0.0004), job("long", 0.004), job("last", 0.0001)]
    pump = Pump(jobs, now_s=lambda: at_s[0], painting=lambda: True, each_second=lambda: None, around=around)
    beating = asyncio.create_task(pump.run())
    await asyncio.sleep(0)
    assert told == ["beat 0", "short", "long"]
    told.append("another's turn")
    await asyncio.sleep(0)
    assert told[3:] == ["another's turn", "beat 0", "last"]
    beating.cancel()


class Pipe:
    """A terminal of sorts: reads when it is told to."""

    def __init__(self) -> None:
        self.out, self.into = os.pipe()
        self.writer = TerminalWriter(self.into)

    def read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            data += os.read(self.out, count - len(data))
        return data

    def wait(self, condition: Callable[[], bool]) -> bool:
        until = time.monotonic() + 5
        while time.monotonic() < until and not condition():
            time.sleep(0.002)  # the thread that is looked at tells nobody
        return condition()


def test_bytes_arrive_in_order_and_the_thread_ends_after_the_last() -> None:
    pipe = Pipe()
    for number in range(200):
        pipe.writer.write(f"{number}▲,")
    wanted = "".join(f"{number}▲," for number in range(200)).encode()
    assert pipe.read(len(wanted)) == wanted
    assert pipe.wait(lambda: pipe.writer.settled)
    pipe.writer.write("last")
    pipe.writer.end()
    pipe.writer.write("too late")
    assert pipe.read(4) == b"last"
    assert pipe.wait(lambda: not any(thread.name == "arbtui-terminal" for thread in threading.enumerate()))


def test_a_reader_that_stops_is_noticed_and_nobody_waits_for_it() -> None:
    pipe = Pipe()
    started = time.monotonic()
    for _ in range(40):
        pipe.writer.write("x" * 10_000)  # more than the pipe holds
    assert time.monotonic() - started < 1
    assert pipe.wait(lambda: pipe.writer.waiting_s() > 0.05)
    assert not pipe.writer.settled
    assert len(pipe.read(400_000)) == 400_000
    assert pipe.wait(lambda: pipe.writer.settled)
    assert pipe.writer.waiting_s() == 0.0
    pipe.writer.end()


def test_what_does_not_fit_is_dropped_whole_and_counted() -> None:
    pipe = Pipe()
    pipe.writer.write("a" * 100_000)
    assert pipe.wait(lambda: pipe.writer.waiting_s() > 0)
    pipe.writer.write("b" * CAPACITY_BYTES)
    assert pipe.writer.lost_bytes == CAPACITY_BYTES
    assert pipe.read(100_000) == b"a" * 100_000
    pipe.writer.write("c")
    assert pipe.read(1) == b"c"
    pipe.writer.end()


def test_what_one_session_left_unread_goes_out_before_the_next_ones_first_byte() -> None:
    pipe = Pipe()
    pipe.writer.write("a" * 400_000)  # more than the pipe holds
    assert pipe.wait(lambda: pipe.writer.waiting_s() > 0.05)
    pipe.writer.end()
    resumed = TerminalWriter(pipe.into, after=pipe.writer)
    resumed.write("b" * 400_000)
    assert pipe.read(800_000) == b"a" * 400_000 + b"b" * 400_000
    assert pipe.wait(lambda: resumed.settled)
    resumed.end()


def test_a_terminal_that_is_gone_makes_the_writer_dead_and_never_behind() -> None:
    pipe = Pipe()
    os.close(pipe.out)
    pipe.writer.write("anybody?")
    assert pipe.wait(lambda: pipe.writer.dead)
    assert pipe.writer.settled
    assert pipe.writer.waiting_s() == 0.0


def test_log_lines_stay_off_the_terminal_while_the_screen_has_it() -> None:
    logger = logging.getLogger("tests.ui.noise")
    on_terminal, elsewhere = logging.StreamHandler(sys.stderr), logging.NullHandler()
    logger.addHandler(on_terminal)
    logger.addHandler(elsewhere)
    try:
        with app.logs_off_terminal():
            assert logger.handlers == [elsewhere]
        assert set(logger.handlers) == {on_terminal, elsewhere}
    finally:
        logger.removeHandler(on_terminal)
        logger.removeHandler(elsewhere)
