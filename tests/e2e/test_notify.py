"""A headless run tells a webhook and a program, ends in time though one hangs, and leaves no address behind."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness import beside

pytestmark = pytest.mark.slow

CANARY = "T0KENc4n4ry"


class Hook:
    """A server that takes messages, and hangs once it is told to."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.hangs = threading.Event()
        self.done = threading.Event()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                if hook.hangs.is_set():
                    hook.done.wait(60)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing is printed."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/{CANARY}"


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.done.set()
    made.server.shutdown()
    made.thread.join(5)
    made.server.server_close()


def test_a_headless_run_sends_its_alerts_and_ends_though_a_channel_hangs(tmp_path: Path, hook: Hook) -> None:
    folder, told = tmp_path / "xdg_config_home/arbtui", tmp_path / "told"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(
        '[alerts]\nkinds = ["level", "venue"]\nvenue_down_s = 1.0\nlevels = ["BTC > 1"]\n'
        f'[notify]\ncommand = ["tee", "-a", "{told}"]\ntimeout_s = 60.0\n[log]\nlevel = "debug"\n'
    )
    (folder / "credentials.toml").write_text(f'[notify]\nwebhook_url = "{hook.url}"\n')
    (folder / "credentials.toml").chmod(0o600)
    with beside(tmp_path, "--venues", "okx,binance", "--emit", "alert,status") as (sim, arbtui):
        line = arbtui.until(lambda line: line["type"] == "alert", 30)
        assert line["kind"] == "level"
        hook.hangs.set()
        arbtui.until_live("okx", "binance")
        sim.fault("refuse", venue="okx")
        sim.fault("disconnect", venue="okx")
        down = arbtui.until(lambda line: line["type"] == "alert" and line["kind"] == "venue", 40)
        assert down["fields"]["venue"] == "okx"
        began_s = time.monotonic()
        assert arbtui.end() == 130
        assert time.monotonic() - began_s < 8.0
        talk = arbtui.talk
        printed = json.dumps(arbtui.lines)
    assert [body["text"] for body in hook.bodies[:1]] == [line["text"]]
    assert {"mode": "PAPER-GATEWAY", "left_out": 0}.items() <= hook.bodies[0].items()
    assert down["text"] in [json.loads(each)["text"] for each in told.read_text().splitlines()]
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "credentials.toml"]
    everything = [talk, printed, *(path.read_text("utf-8", "replace") for path in files)]
    assert [text for text in everything if CANARY in text] == []
