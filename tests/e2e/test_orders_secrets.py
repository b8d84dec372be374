"""Keys, secrets, signatures and stream keys stay in the requests they belong to: no file and no stream repeats them."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.canaries import left_behind, no_secret_in
from tests.e2e.harness import Sim
from tests.e2e.money import OKX, REST, VENUES, Driven, driven, exchanges, home_in, keys_of, until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with contextlib.closing(exchanges()) as sim:
        yield sim


def until_it_dies(arbtui: Driven) -> None:
    """Hedge after hedge: a first leg that the market has left behind leaves nothing to give back, and no death."""
    until_s = time.monotonic() + 90
    while arbtui.process.poll() is None and time.monotonic() < until_s:
        with contextlib.suppress(AssertionError):  # it may die at any of these, or still wait for its accounts
            arbtui.until_state(arbtui.fire(), *REST, within_s=20)
    assert arbtui.ended(1) == -signal.SIGKILL


def test_no_secret_signature_or_stream_key_is_in_any_log_recording_journal_or_stream(sim: Sim, tmp_path: Path) -> None:
    home = home_in(tmp_path)
    recording = home / "recording"
    # a wrong key besides, so that a refused login is in it too; and one run that is killed in the middle
    with driven(
        home, sim, "--record", str(recording), environ={"ARBTUI_LOG__LEVEL": "debug", "DRIVER_DIES": "heard:Fill:u"}
    ) as arbtui:
        arbtui.armed()
        hedge = arbtui.fire()
        arbtui.until_state(hedge, "hedged")
        for venue in VENUES:
            sim.fault("session_expired", venue=venue)
            sim.fault("disconnect", venue=venue)
        for fault in ("http_500", "cut_body", "html_503"):
            sim.fault(fault, venue="binance", seconds=1)
            sim.fault(fault, venue="okx", seconds=1)
            arbtui.preview()
            time.sleep(1.1)  # each of these lasts a second
        sim.fault("ack_lost_delivered", venue="okx", count=1, reason="cut")
        arbtui.until_ready(("binance.perp.BTCUSDT", OKX))
        arbtui.until_state(arbtui.fire(), *REST, within_s=60)
        sim.fault("reject_order", venue="okx", reason="band")
        until_it_dies(arbtui)
        spoken = arbtui.talk
    sim.heal()
    with driven(home, sim, "--record", str(recording), environ={"ARBTUI_LOG__LEVEL": "debug"}) as arbtui:
        arbtui.end(signal.SIGTERM)
        spoken += arbtui.talk
    wrong = {
        "ARBTUI_OKX_API_SECRET": "a-wrong-secret-nobody-may-see",
        "ARBTUI_BINANCE_API_KEY": "a-wrong-key-of-somebody",
    }
    with driven(home, sim, wait=False, environ={"ARBTUI_LOG__LEVEL": "debug", **wrong}) as arbtui:
        until(lambda: "refuse" in arbtui.talk, 20)
        arbtui.end(signal.SIGTERM)
        spoken += arbtui.talk
    said = {"talk": spoken.encode(), **dict(left_behind(home))}
    assert any("arbtui.log" in where for where in said)
    assert any("recording" in where and b"depth" in data for where, data in said.items())
    assert any("journal" in where for where in said)
    assert len(spoken) > 500
    no_secret_in(said, keys_of(sim) | {f"wrong {name}": secret for name, secret in wrong.items()})
