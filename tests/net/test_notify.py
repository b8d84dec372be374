"""Messages of alerts: queue, limit, channels that hang or fail, and secrets that appear nowhere."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import stat
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from arbtui.core.alerts import Alert, AlertKind
from arbtui.net import channels
from arbtui.net.channels import Apprise, Message, NotDelivered, Program, Webhook
from arbtui.net.gateway import NetworkSettings
from arbtui.net.notify import Notifier, Rate, Waiting

CANARY = "T0KEN-c4n4ry"
ALERT = Alert(1_800_000_000_000_000_000, AlertKind.LEVEL, "BTC > 90000", "BTC is at 90012.5", {"price": 90012.5})
ALARM = Alert(1, AlertKind.HEDGE, "h1", "BTC h1: halted")
MESSAGE = Message(ALERT, "PAPER", 2)
NETWORK = NetworkSettings()
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def numbered(number: int, kind: AlertKind = AlertKind.SIGNAL) -> Alert:
    return Alert(number, kind, str(number), f"number {number}")


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[SecretStr]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield SecretStr(f"http://127.0.0.1:{runner.addresses[0][1]}/hook/{CANARY}")
    finally:
        await runner.cleanup()


@asynccontextmanager
async def webhook(url: SecretStr, *, timeout_s: float = 5.0, tries: int = 3) -> AsyncIterator[Webhook]:
    channel = Webhook(url, NETWORK, timeout_s=timeout_s, tries=tries, pause_s=0.01)
    try:
        yield channel
    finally:
        await channel.close()


# queue and limit


def test_the_oldest_leaves_for_the_newest_and_alarms_leave_last() -> None:
    waiting = Waiting(3)
    assert [waiting.put(a) for a in (numbered(1), ALARM, numbered(2), numbered(3))] == [0, 0, 0, 1]
    assert [waiting.take() for _ in range(3)] == [ALARM, numbered(2), numbered(3)]
    alarms = [numbered(n, AlertKind.HEDGE) for n in range(4)]
    assert [waiting.put(a) for a in alarms] == [0, 0, 0, 1]
    assert waiting.take() == alarms[1]


def test_no_minute_has_more_messages_than_allowed() -> None:
    rate, now_s, sent = Rate(3), 100.0, []
    for _ in range(8):
        now_s += rate.wait_s(now_s)
        rate.spend(now_s)
        sent.append(now_s)
        now_s += 1.0
    assert sent == [100, 101, 102, 160, 161, 162, 220, 221]


# the lanes


class Told:
    """A channel that keeps what it was told; ``problem`` makes it fail, ``gate`` makes it wait."""

    def __init__(self, name: str = "test") -> None:
        self.name = name
        self.taken: list[Message] = []
        self.problem: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.closed = False

    async def send(self, message: Message) -> None:
        await self.gate.wait()
        if self.problem is not None:
            raise self.problem
        self.taken.append(message)

    async def close(self) -> None:
        self.closed = True

    def numbers(self) -> list[int]:
        return [message.alert.t_ns for message in self.taken]


def notifier(*lanes: Told, kinds: set[AlertKind] | None = None, per_minute: int = 600) -> tuple[Notifier, list[str]]:
    said: list[str] = []
    made = Notifier(
        lanes,
        mode="PAPER",
        kinds=set(AlertKind) if kinds is None else kinds,
        per_minute=per_minute,
        say=lambda level, text: said.append(f"{level}: {text}"),
    )
    return made, said


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_what_fails_is_said_once_and_that_it_works_again_is_said_once() -> None:
    channel = Told()
    made, said = notifier(channel)
    channel.problem = NotDelivered("it answered 500")
    for number in range(3):
        made.put(numbered(number))
    await settled()
    channel.problem = None
    for number in range(3, 5):
        made.put(numbered(number))
    await settled()
    assert said == [
        "warning: alerts do not get through to test: it answered 500; said once",
        "info: test takes messages again",
    ]
    assert [(m.alert.t_ns, m.left_out) for m in channel.taken] == [(3, 3), (4, 0)]
    channel.problem = NotDelivered("it answered 500")
    made.put(numbered(5))
    await settled()
    assert len(said) == 3
    await made.close()


async def test_a_channel_that_hangs_holds_no_other_and_put_returns_at_once() -> None:
    hung, well = Told("hung"), Told("well")
    hung.gate.clear()
    made, said = notifier(hung, well, per_minute=600)
    for number in range(250):
        made.put(numbered(number))
        if number % 50 == 0:
            await settled()
    await settled()
    assert hung.taken == []
    assert said[0] == "warning: more alerts than hung may be sent: the oldest are left out"
    assert well.numbers()[-1] == 249
    hung.gate.set()
    for _ in range(10):
        await settled()
    assert len(hung.taken) == 101  # the one under way, and those that were kept
    assert hung.numbers()[-1] == 249
    assert sum(message.left_out for message in hung.taken) == 149
    await made.close()


async def test_beyond_the_limit_messages_wait_but_for_alarms() -> None:
    channel = Told()
    made, _ = notifier(channel, per_minute=2)
    for number in range(4):
        made.put(numbered(number))
    await settled()
    assert channel.numbers() == [0, 1]
    for number in range(3):
        made.put(numbered(100 + number, AlertKind.HEDGE))
    await settled()
    assert channel.numbers() == [0, 1, 100, 101]
    await made.close()  # the end waits for no limit
    assert channel.numbers() == [0, 1, 100, 101, 102, 2, 3]


async def test_the_end_waits_so_long_and_no_longer(caplog: pytest.LogCaptureFixture) -> None:
    hung = Told("hung")
    hung.gate.clear()
    made, _ = notifier(hung)
    made.put(numbered(1))
    made.put(numbered(2))
    await settled()
    began_s = time.monotonic()
    await made.close(within_s=0.05)
    assert time.monotonic() - began_s < 1.0
    assert hung.closed
    assert "hung did not take the last 2 alerts in time" in caplog.text


async def test_kinds_that_are_not_wanted_stay_and_alarms_always_leave() -> None:
    channel = Told()
    made, _ = notifier(channel, kinds={AlertKind.LEVEL})
    made.put(numbered(1))
    made.put(ALERT)
    made.put(ALARM)
    await made.close()
    assert {message.alert.kind for message in channel.taken} == {AlertKind.LEVEL, AlertKind.HEDGE}


async def test_a_bug_in_a_channel_ends_no_lane_and_shows_no_address(caplog: pytest.LogCaptureFixture) -> None:
    channel = Told()
    made, said = notifier(channel)
    channel.problem = ValueError(f"http://x/{CANARY}")
    made.put(numbered(1))
    await settled()
    channel.problem = None
    made.put(numbered(2))
    await made.close()
    assert channel.numbers() == [2]
    assert "arbtui itself failed (ValueError)" in said[0]
    assert CANARY not in caplog.text + "".join(said)


# webhook


async def test_the_body_is_the_alert_as_json() -> None:
    bodies: list[Any] = []

    async def answer(request: web.Request) -> web.Response:
        bodies.append((request.method, request.headers["Content-Type"], await request.json()))
        return web.Response(status=204)

    async with serving(answer) as url, webhook(url) as channel:
        await channel.send(MESSAGE)
    assert bodies == [
        (
            "POST",
            "application/json",
            {
                "type": "alert",
                "t_ns": 1_800_000_000_000_000_000,
                "kind": "level",
                "subject": "BTC > 90000",
                "text": "BTC is at 90012.5",
                "fields": {"price": 90012.5},
                "mode": "PAPER",
                "left_out": 2,
            },
        )
    ]


@pytest.mark.parametrize(
    ("statuses", "problem"),
    [
        ([500, 429, 200], ""),
        ([500, 500, 500], "it answered 500 (3 tries)"),
        ([404], "it answered 404"),
        ([302], "it answered 302"),
    ],
)
async def test_trouble_of_the_other_side_is_tried_again_and_a_refusal_is_not(statuses: list[int], problem: str) -> None:
    left = list(statuses)

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=left.pop(0), headers={"Location": "/elsewhere"})

    async with serving(answer) as url, webhook(url) as channel:
        assert await problem_of(channel) == problem
    assert left == []


async def problem_of(channel: channels.Channel) -> str:
    try:
        await channel.send(MESSAGE)
    except NotDelivered as error:
        return str(error)
    return ""


async def test_a_webhook_that_hangs_is_given_up() -> None:
    async def answer(request: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    async with serving(answer) as url, webhook(url, timeout_s=0.05, tries=2) as channel:
        assert await problem_of(channel) == "no answer within 0.05 s (2 tries)"


async def test_a_slow_webhook_is_waited_for() -> None:
    async def answer(request: web.Request) -> web.Response:
        await asyncio.sleep(0.05)
        return web.Response()

    async with serving(answer) as url, webhook(url, timeout_s=5.0, tries=1) as channel:
        assert await problem_of(channel) == ""


@pytest.mark.parametrize("address", [f"http://127.0.0.1:1/{CANARY}", f"http://[{CANARY}/x", f"http://{CANARY}:99999/"])
async def test_no_sentence_and_no_log_line_holds_the_address(address: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    channel = Webhook(SecretStr(address), NETWORK, timeout_s=1.0, tries=2, pause_s=0.0)
    said: list[str] = []
    made = Notifier([channel], mode="PAPER", kinds=[], per_minute=9, say=lambda level, text: said.append(text))
    made.put(ALARM)
    await made.close()
    assert len(said) == 1
    assert CANARY not in said[0] + caplog.text + repr(vars(channel))


# program


def script(folder: Path, text: str) -> str:
    path = folder / "alert.sh"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


async def test_a_program_gets_the_alert_on_its_input_and_its_arguments_as_they_are(tmp_path: Path) -> None:
    told = tmp_path / "told"
    program = script(tmp_path, f'printf "%s|" "$@" > {told}; cat >> {told}')
    await Program([program, "a b", "$HOME;x"], timeout_s=5.0).send(MESSAGE)
    arguments, _, line = told.read_text().rpartition("|")
    assert arguments == "a b|$HOME;x"
    assert line.endswith("\n")
    assert json.loads(line) == json.loads(MESSAGE.json())


async def test_a_program_never_sees_variables_with_keys(tmp_path: Path) -> None:
    told = tmp_path / "told"
    environ = {"PATH": os.environ["PATH"], "ARBTUI_OKX_API_SECRET": CANARY, "OTHER": "1"}
    program = script(tmp_path, f"cat > /dev/null; env > {told}")
    await Program([program], timeout_s=5.0, environ=environ).send(MESSAGE)
    assert "OTHER=1" in told.read_text()
    assert CANARY not in told.read_text()


async def test_a_program_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    program = script(tmp_path, f"echo $$ > {pids}; sleep 60 & echo $! >> {pids}; wait")
    assert await problem_of(Program([program], timeout_s=0.3)) == f"{program} took more than 0.3 s and was killed"
    found = [int(pid) for pid in pids.read_text().split()]
    assert len(found) == 2
    for pid in found:
        await gone(pid)


def state_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


async def gone(pid: int) -> None:
    """Until a process has ended; one that its parent has not asked for counts."""
    for _ in range(200):
        if state_of(pid) in ("", "Z"):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{pid} still runs")


async def test_a_program_under_way_ends_with_the_run(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    program = script(tmp_path, f"echo $$ > {pids}; exec sleep 60")
    said: list[str] = []
    channel = Program([program], timeout_s=60.0)
    made = Notifier([channel], mode="PAPER", kinds=[], per_minute=9, say=lambda level, text: said.append(text))
    made.put(ALARM)
    for _ in range(500):
        if pids.exists() and pids.read_text():
            break
        await asyncio.sleep(0.01)
    await made.close(within_s=0.05)
    await gone(int(pids.read_text()))


@pytest.mark.parametrize(
    ("argv", "problem"),
    [
        (["/nowhere/alert"], "/nowhere/alert cannot be started: No such file or directory"),
        (["false"], "false ended with 1"),
        (["true"], ""),
        (["true", "a\0b"], "true cannot be started: an argument holds a zero byte"),
    ],
)
async def test_a_program_that_fails_says_how(argv: list[str], problem: str) -> None:
    assert await problem_of(Program(argv, timeout_s=5.0)) == problem


# apprise, with a library of ours in its place


class Service:
    """What is used of the library."""

    told: list[tuple[str, str]]
    accepts = True
    takes: Callable[[], bool | None]

    def add(self, url: str) -> bool:
        logging.getLogger("apprise").warning("loading %s", url)
        return type(self).accepts

    def notify(self, *, title: str, body: str) -> bool | None:
        type(self).told.append((title, body))
        logging.getLogger("urllib3.connectionpool").warning("POST /%s", CANARY)
        return type(self).takes()


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> type[Service]:
    made = type("Made", (Service,), {"told": [], "takes": lambda: True})
    monkeypatch.setitem(sys.modules, "apprise", SimpleNamespace(Apprise=made))
    return made


def telegram() -> Apprise:
    return Apprise(SecretStr(f"tgram://{CANARY}/1"), 1, timeout_s=1.0)


async def test_apprise_gets_a_title_and_a_body(library: type[Service], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    channel = telegram()
    await channel.send(MESSAGE)
    assert channel.name == "apprise 1 (tgram)"
    assert library.told == [
        ("arbtui PAPER: level", "BTC is at 90012.5 (2 messages before this one were not delivered)")
    ]
    assert CANARY not in caplog.text


async def test_what_apprise_does_not_take_is_said(library: type[Service]) -> None:
    def broken() -> bool:
        raise RuntimeError(CANARY)

    library.takes = staticmethod(lambda: False)
    assert await problem_of(telegram()) == "the service did not take the message"
    library.takes = staticmethod(broken)
    assert await problem_of(telegram()) == "apprise failed (RuntimeError)"
    library.accepts = False
    assert await problem_of(telegram()) == "apprise does not understand this address"


async def test_a_service_that_hangs_holds_nobody_and_gets_one_thread(library: type[Service]) -> None:
    import threading

    gate = threading.Event()
    library.takes = staticmethod(lambda: gate.wait(20))
    channel = Apprise(SecretStr("tgram://x/1"), 1, timeout_s=0.05)
    try:
        assert await problem_of(channel) == "not delivered within 0.05 s"
        assert await problem_of(channel) == "the message before this one is still on its way"
        assert len(library.told) == 1
    finally:
        gate.set()


async def test_without_the_library_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert await problem_of(telegram()) == 'the apprise library is not installed: pip install "arbtui[notify]"'
