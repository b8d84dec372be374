"""The simulator as a server and as a process: sockets, slow clients, the end with its parent."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from arbtui.sim import server as server_module
from tests.sim.support import served

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "arbtui.sim", "--symbols", "5", "--rate", "50"]


async def test_rest_and_sockets_share_a_port_under_the_original_hosts() -> None:
    async with served(coins=5) as (_, client):
        async with client.get("/fapi.binance.com/fapi/v1/time") as answer:
            assert (await answer.json())["serverTime"] > 0
            assert answer.headers["X-MBX-USED-WEIGHT-1M"] == "1"
        async with client.ws_connect("/stream.binance.com/stream?streams=btcusdt@bookTicker") as ws:
            await ws.send_str('{"method":"SUBSCRIBE","params":["ethusdt@bookTicker"],"id":null}')
            seen = [json.loads(await ws.receive_str(timeout=5)) for _ in range(10)]
        assert {"result": None, "id": None} in seen
        assert {m["stream"] for m in seen if "stream" in m} <= {"btcusdt@bookTicker", "ethusdt@bookTicker"}


async def test_a_client_ping_is_answered_and_a_close_is_proper() -> None:
    async with served(coins=2) as (_, client):
        ws = await client.ws_connect("/stream.binance.com/ws", autoping=False)
        await ws.ping(b"hello")
        pong = await ws.receive(timeout=5)
        assert (pong.type, bytes(pong.data)) == (aiohttp.WSMsgType.PONG, b"hello")
        await ws.send_str("{}")
        for n in range(6):
            await ws.send_json({"method": "LIST_SUBSCRIPTIONS", "id": n})
        while (message := await ws.receive(timeout=5)).type is aiohttp.WSMsgType.TEXT:
            pass
        assert (message.type, ws.close_code) == (aiohttp.WSMsgType.CLOSE, 1008)


async def test_a_client_that_leaves_during_the_handshake_is_no_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def left(*_: object) -> None:
        raise aiohttp.ClientConnectionResetError("Cannot write to closing transport")

    async with served(coins=2) as (_, client):
        monkeypatch.setattr("aiohttp.web.WebSocketResponse.prepare", left)
        with pytest.raises(aiohttp.ClientError):
            await client.ws_connect("/stream.binance.com/ws")
    assert "Error handling request" not in caplog.text


async def test_a_client_that_does_not_read_is_cut_not_buffered_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "MAX_BACKLOG", 64 * 1024)
    async with served(coins=40, rate=20_000.0) as (server, _):
        cut = asyncio.Event()
        monkeypatch.setattr(server.hub, "forget", lambda session: cut.set())
        port = int(server.url.rsplit(":", 1)[1])
        names = "/".join(f"{x.native.lower()}@depth@100ms" for x in server.hub.world.of("binance", "spot")[:40])
        request = (
            f"GET /stream.binance.com/stream?streams={names} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        with socket.socket() as lazy:
            lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            lazy.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(lazy, ("127.0.0.1", port))
            await loop.sock_sendall(lazy, request.encode())
            await asyncio.wait_for(cut.wait(), 60)


def started(*more: str, **kwargs: Any) -> tuple[subprocess.Popen[bytes], dict[str, Any]]:
    child = subprocess.Popen([*COMMAND, *more], stdout=subprocess.PIPE, cwd=ROOT, **kwargs)
    assert child.stdout is not None
    return child, json.loads(child.stdout.readline())


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_one_json_line_when_ready_and_a_clean_end_on(sign: signal.Signals) -> None:
    child, line = started()
    try:
        assert line["type"] == "sim"
        assert line["url"].startswith("http://127.0.0.1:")
        child.send_signal(sign)
        out, _ = child.communicate(timeout=5)
        assert child.returncode == 0
        assert out == b""
    finally:
        child.kill()
        child.wait()


def test_it_ends_when_standard_input_closes() -> None:
    child, _ = started("--until-stdin-closes", stdin=subprocess.PIPE)
    try:
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(5) == 0
    finally:
        child.kill()
        child.wait()
        assert child.stdout is not None
        child.stdout.close()


PARENT = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-m", "arbtui.sim", "--symbols", "3", *sys.argv[1:]],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("way", ["--until-stdin-closes", "--parent-pid"])
def test_it_ends_when_its_parent_is_killed(way: str) -> None:
    code = PARENT if way != "--parent-pid" else PARENT.replace("*sys.argv[1:]]", "*sys.argv[1:], str(os.getpid())]")
    with subprocess.Popen([sys.executable, "-c", code, way], stdout=subprocess.PIPE, cwd=ROOT) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert running(pid)
        parent.kill()
        parent.wait(5)
    for _ in range(100):
        if not running(pid):
            return
        signal.sigtimedwait([], 0.03)
    os.kill(pid, signal.SIGKILL)
    pytest.fail("the simulator outlived its parent")


def running(pid: int) -> bool:
    """Whether ``pid`` lives (a zombie that nobody reaped does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.parametrize(
    ("argument", "value", "words"),
    [
        ("--venues", "nope", "cannot be simulated"),
        ("--symbols", "1001", "1 to 1000"),
        ("--rate", "-1", "messages a second"),
        ("--scenario", "nope", "invalid choice"),
    ],
)
def test_wrong_arguments_end_with_2_and_a_sentence(argument: str, value: str, words: str) -> None:
    done = subprocess.run([*COMMAND, argument, value], capture_output=True, cwd=ROOT, timeout=20, check=False)
    assert done.returncode == 2
    assert words.encode() in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_taken_port_ends_with_2_and_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run([*COMMAND, "--port", port], capture_output=True, cwd=ROOT, timeout=20, check=False)
    assert done.returncode == 2
    assert b"cannot listen on port" in done.stderr
    assert b"Traceback" not in done.stderr
