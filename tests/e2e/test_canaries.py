"""No secret leaves: keys of all five exchanges are planted, and every output, file and crash dump is searched for them.

The simulator's own keys are the canaries, for orders have to work with them; others that are wrong are planted besides,
since refusals repeat what they refuse. Each is looked for as it is, as base64 (at any alignment), as hex and as it
stands in an address; and signatures by the names under which they go out. ``address`` is no secret: it is public, and
names the account.
"""

from __future__ import annotations

import base64
import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.e2e import crashing
from tests.e2e.canaries import PROOFS, left_behind, no_secret_in, spellings
from tests.e2e.harness import Sim, homes
from tests.e2e.money import ALL_VENUES, REST, exchanges, home_in, keys_of, until
from tests.e2e.shown import Shown, shown

pytestmark = pytest.mark.slow

LEGS = {
    "binance": "binance.perp.BTCUSDT",
    "okx": "okx.perp.BTC-USDT-SWAP",
    "bybit": "bybit.perp.BTCUSDT",
    "bitget": "bitget.perp.BTCUSDT",
    "hyperliquid": "hyperliquid.perp.BTC",
}
FEWER = "binance,okx,bybit,bitget"  # all of these together would use up what Hyperliquid lets one address ask
PAIRS = (("binance", "bybit"), ("okx", "hyperliquid"), ("binance", "bitget"))
RESTS_WITHIN_S = 130.0  # a doubt, as a machine that has far too much to do brings it, is halted after 120
DEBUG = {"ARBTUI_LOG__LEVEL": "debug", "PYTHONFAULTHANDLER": "1"}
WRONG = {
    "ARBTUI_BINANCE_API_KEY": "WrongCanaryOfBinance0123456789",
    "ARBTUI_OKX_PASSPHRASE": "wrong canary & phrase/of+okx=",
    "ARBTUI_BYBIT_API_SECRET": "wrong-canary-secret-of-bybit",
    "ARBTUI_BITGET_API_SECRET": "wrong-canary-secret-of-bitget",
    "ARBTUI_HYPERLIQUID_PRIVATE_KEY": "0x" + "c0ffee42" * 8,
}


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with contextlib.closing(exchanges(venues=ALL_VENUES)) as sim:
        sim.post("/_sim/accounts", {"venue": "bitget", "leverage": {"BTCUSDT": 5}})  # it tells what somebody has set
        yield sim


@pytest.mark.parametrize("secret", ["plain-Canary/of+24=chars", "0x" + "c0ffee42" * 8])
def test_a_secret_is_found_in_every_dress(secret: str) -> None:
    raw = secret.encode()
    dressed = [raw, raw.hex().encode(), quote(secret, "").encode(), json.dumps({"key": secret}).encode()]
    dressed += [base64.b64encode(before + raw + b":after") for before in (b"", b"k", b"ke", b"key")]
    for text in dressed:
        assert any(one in b"before " + text for one in spellings(secret)), text


@pytest.mark.parametrize(
    "text",
    [
        "GET /api/v3/account?timestamp=1&signature=" + "0f" * 32,
        "{'X-MBX-APIKEY': 'vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zv'}",
        '{"OK-ACCESS-SIGN": "leaVRETrtaoEQ3yI9qEtI1CZ82ikZ4xSG5Kj8gnl3uw="}',
        "('ACCESS-PASSPHRASE', 'my-passphrase')",
        "X-BAPI-SIGN: " + "0f" * 32,
        '{"op":"login","args":[{"sign":"leaVRETrtaoEQ3yI9qEtI1CZ82ikZ4xS"}]}',
        '{"action":{},"nonce":1,"signature":{"r":"0x01"}}',
        '{"listenKey": "' + "k" * 64 + '"}',
    ],
)
def test_what_proves_who_we_are_is_found_by_its_name(text: str) -> None:
    assert any(proof.search(text.encode()) for proof in PROOFS)


@contextlib.contextmanager
def begun(
    home: Path, *words: str, module: str = "arbtui", out: Path | None = None, environ: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """``out``: the file that it prints into; else it prints into a pipe. Its life ends with the block."""
    command, pipe = [sys.executable, "-m", module, *words], subprocess.PIPE
    with contextlib.ExitStack() as stack:
        stdout = pipe if out is None else stack.enter_context(out.open("wb"))
        process = stack.enter_context(
            subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=pipe, env=homes(home) | dict(environ)
            )
        )  # fmt: skip
        stack.callback(process.kill)
        yield process


def ended(processes: Mapping[str, subprocess.Popen[bytes]]) -> dict[str, bytes]:
    """What each said, once it is over."""
    said: dict[str, bytes] = {}
    for name, process in processes.items():
        stdout, said[f"{name} stderr"] = process.communicate(timeout=60)
        said[f"{name} stdout"] = stdout or b""
    return said


def traded_on_all(arbtui: Shown) -> None:
    """A hedge on each pair, so that every exchange is sent orders; then the screen shows what there is to see."""
    arbtui.armed()
    for buy, sell in PAIRS:
        arbtui.until_ready((LEGS[buy], LEGS[sell]), within_s=120)
        arbtui.until_state(arbtui.fire(buy=LEGS[buy], sell=LEGS[sell]), *REST, within_s=RESTS_WITHIN_S)
    arbtui.press("9", "spot USDC")
    for key, words in (("L", " log of this run "), (",", "[venues.binance]")):
        arbtui.press(key, words)
        arbtui.leave(words)


def broken(arbtui: Shown) -> dict[str, bytes]:
    """The screen breaks, which ends the run with what stays open; what it had painted, and what it said."""
    arbtui.ask("break")
    assert arbtui.ended(within_s=40) == 3, arbtui.talk[-3000:]
    return {"screen": bytes(arbtui.seen), "screen stderr": arbtui.talk.encode()}


def aborted(process: subprocess.Popen[bytes], out: Path) -> None:
    """In the middle of its work, once it has told of its accounts and kept prices."""
    folder = out.parent
    until(lambda: b'"type":"account"' in out.read_bytes() and any(folder.glob("prices-*")), 60)
    process.send_signal(signal.SIGABRT)
    assert process.wait(20) == -signal.SIGABRT


def test_no_canary_is_in_any_output_file_or_crash_dump(sim: Sim, tmp_path: Path) -> None:
    keys, gateway = keys_of(sim), ("--gateway", sim.url)
    known = {**keys, **DEBUG}
    home = {name: home_in(tmp_path) for name in ("screen", "lines", "keys", "wrong", "crash", "flatten")}
    legs, record = (LEGS[PAIRS[0][0]], LEGS[PAIRS[0][1]]), str(home["screen"])
    lines, check = home["lines"] / "stdout", ("check", "--keys")
    beside = {
        "lines": begun(
            home["lines"], "--no-ui", "--live", "--emit", "order,fill,hedge,position,account,status,process",
            "--venues", FEWER, "--every", "0",
            "--record", str(home["lines"]), "--csv", str(home["lines"]), *gateway, out=lines, environ=known,
        ),
        "keys": begun(home["keys"], *check, "--venues", FEWER, *gateway, environ=known),
        "wrong": begun(home["wrong"], *check, "--debug", *gateway, environ={**known, **WRONG}),
        "crash": begun(home["crash"], *check, "--debug", *gateway, module="tests.e2e.crashing", environ=known),
    }  # fmt: skip
    with contextlib.ExitStack() as stack:
        running = {name: stack.enter_context(process) for name, process in beside.items()}
        arbtui = stack.enter_context(
            shown(home["screen"], sim, "--record", record, venues=ALL_VENUES, legs=legs, environ=DEBUG)
        )
        aborted(running["lines"], lines)
        traded_on_all(arbtui)
        said = broken(arbtui) | ended(running)
        after = {
            "flatten": begun(home["flatten"], "flatten", "--yes", *gateway, environ=known),
            "journal": begun(home["screen"], "journal", "--json", "--mode", arbtui.mode, environ=known),
            "config": begun(home["screen"], "config", "show", environ=known),
        }
        said |= ended({name: stack.enter_context(process) for name, process in after.items()})
    said["lines stdout"] = lines.read_bytes()
    said["screen log"] = b"".join(data for file, data in left_behind(home["screen"]) if file.endswith(".log"))
    for name, words in {
        "screen stderr": b"a test broke the screen",
        "screen log": b"RuntimeError: a test broke the screen",
        "lines stderr": b"Fatal Python error: Aborted",
        "lines stdout": b'"type":"account"',
        "keys stdout": b"could trade with these keys",
        "crash stderr": crashing.SAID.encode(),
        "flatten stdout": b"flat by the word of",
        "journal stdout": b"hyperliquid",
        "config stdout": b"credentials.bybit.api_secret",
    }.items():
        assert words in said[name], (name, said[name][-2000:])
    assert said["wrong stdout"].count(b"  bad  ") >= len(WRONG)
    said |= {f"{name}/{file}": data for name, folder in home.items() for file, data in left_behind(folder)}
    assert {"log", "sqlite3", "gz", "csv"} <= {where.rpartition(".")[2] for where in said}
    planted = {name: secret for name, secret in [*keys.items(), *WRONG.items()] if not name.endswith("_ADDRESS")}
    no_secret_in(said, planted)
