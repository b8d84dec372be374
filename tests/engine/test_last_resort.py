"""No end waits for ever: tasks that heed no cancellation, a loop that does not come round."""

from __future__ import annotations

import asyncio
import queue
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from arbtui.engine import ending
from arbtui.engine.ending import EXIT_OPEN, Stop, put_away
from arbtui.engine.lastresort import LastResort


async def deaf(times: int) -> None:
    """Swallows so many cancellations."""
    while times:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            times -= 1
    await asyncio.sleep(3600)


async def test_a_cancellation_that_was_swallowed_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "AGAIN_S", 0.01)
    task = asyncio.create_task(deaf(3))
    await asyncio.sleep(0)
    await asyncio.wait_for(put_away(task), 5)
    assert task.cancelled()


async def test_a_task_that_heeds_no_cancellation_is_left_behind_and_named(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ending, "AGAIN_S", 0.01)
    monkeypatch.setattr(ending, "PUT_AWAY_S", 0.05)
    task = asyncio.create_task(deaf(40), name="a deaf one")
    await asyncio.sleep(0)
    await asyncio.wait_for(put_away(task), 5)
    assert not task.done()
    assert "a deaf one does not end within 0.05 s" in caplog.text
    while not task.done():
        task.cancel()
        await asyncio.sleep(0)


async def test_what_a_task_raised_on_its_way_out_is_not_lost() -> None:
    async def fails() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            raise ZeroDivisionError

    task = asyncio.create_task(fails())
    await asyncio.sleep(0)
    with pytest.raises(ZeroDivisionError):
        await put_away(task)


def cut_short(words: Callable[[], str]) -> int:
    codes: queue.SimpleQueue[int] = queue.SimpleQueue()
    resort = LastResort(codes.put)
    resort.within_s, resort.words = 0.01, words
    resort.begin()
    resort.begin()
    return codes.get(timeout=5)


@pytest.mark.parametrize("words", ["BTC (h1) is unbalanced", ""])
def test_an_end_that_hangs_is_cut_short_with_the_code_and_the_words_of_what_may_be_open(
    words: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert cut_short(lambda: words) == EXIT_OPEN
    assert (words or "look at your accounts") in caplog.text


def test_words_that_cannot_be_had_hold_nothing_up(caplog: pytest.LogCaptureFixture) -> None:
    assert cut_short(lambda: str(1 // 0)) == EXIT_OPEN
    assert "look at your accounts" in caplog.text


async def test_signals_have_the_handlers_back_that_they_had() -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    with Stop():
        assert [signal.getsignal(number) for number in numbers] != before
    assert [signal.getsignal(number) for number in numbers] == before


HANGS = """
import asyncio, os, signal
from arbtui.engine.ending import Stop
from arbtui.engine.lastresort import LastResort

async def run():
    resort = LastResort()
    resort.within_s = 0.3
    with Stop(last_resort=resort):
        os.kill(os.getpid(), signal.SIGTERM)
        while True:
            pass

asyncio.run(run())
"""


def test_a_loop_that_does_not_come_round_ends_on_sigterm_all_the_same() -> None:
    done = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == EXIT_OPEN
    assert "hung for 0.3 s" in done.stderr
    assert "in run" in done.stderr  # where it hung
