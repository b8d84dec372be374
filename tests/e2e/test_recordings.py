"""A recording of live traffic gives the same bytes each time, however it is cut."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from arbtui import cli
from tests.e2e.harness import running
from tests.venues.okx_frames import answer, swap_row, ticker_row

pytestmark = pytest.mark.xdist_group("recordings")  # one recording is made, by whoever plays it
COINS = "BTC,ETH,SOL,PEPE"
KINDS = "quote,book,ticker,funding,premium,spread,signal,status"


def replayed(home: Path, *files: Path, emit: str = KINDS, hash_seed: str = "0", speed: str = "max") -> bytes:
    env = os.environ | dict.fromkeys(("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(home))
    env["PYTHONHASHSEED"] = hash_seed
    command = [sys.executable, "-m", "arbtui", "replay", *map(str, files), "--emit", emit, "--speed", speed]
    return subprocess.run(command, capture_output=True, timeout=120, env=env, check=True).stdout


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("recorded")
    arguments = ("--demo", "--no-ui", "--symbols", COINS, "--record", str(home / "rec"))
    with running(home, *arguments, "--emit", "quote") as arbtui:
        for _ in range(200):  # of them all four coins have some, on whatever machine
            arbtui.until(lambda line: line["source"] == "ws" and line["base"] in COINS.split(","), 30)
        arbtui.watch(2)
        assert arbtui.end(signal.SIGTERM) == 0
    (file,) = (home / "rec").glob("*.jsonl.gz")
    (home / "lines.json").write_text(json.dumps(arbtui.lines))
    return file


@pytest.fixture(scope="module")
def played(recording: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """All that the whole recording says, at full speed."""
    return replayed(tmp_path_factory.mktemp("played"), recording, hash_seed="1")


def test_the_same_files_give_the_same_bytes_whatever_the_hash_seed_and_the_pace(
    recording: Path, played: bytes, tmp_path: Path
) -> None:
    assert played == replayed(tmp_path, recording, hash_seed="2", speed="20")
    kinds = {json.loads(line)["type"] for line in played.splitlines()}
    assert kinds >= {"quote", "book", "ticker", "funding", "spread", "status"}


def test_a_file_cut_in_three_plays_as_the_whole(recording: Path, played: bytes, tmp_path: Path) -> None:
    lines = gzip.decompress(recording.read_bytes()).splitlines(keepends=True)
    third, half = len(lines) // 3, len(lines) // 2
    parts = []
    for name, part in (("three", lines[half:]), ("one", lines[:third]), ("two", lines[third:half])):
        parts.append(tmp_path / f"{name}.jsonl")
        parts[-1].write_bytes(b"".join(part))
    assert replayed(tmp_path, *parts) == played


def test_the_replay_quotes_what_was_quoted_live(recording: Path, played: bytes) -> None:
    def prices(lines: list[dict[str, str]]) -> list[tuple[str, ...]]:
        keys = ("venue", "market", "native", "bid", "bid_qty", "ask", "ask_qty")
        chosen = [line for line in lines if line["source"] == "ws" and line["base"] in COINS.split(",")]
        return [tuple(line[key] for key in keys) for line in chosen]

    live = prices(json.loads((recording.parent.parent / "lines.json").read_text()))
    again = prices([line for line in map(json.loads, played.splitlines()) if line["type"] == "quote"])
    assert len(live) > 100
    assert again[: len(live)] == live


def test_a_torn_last_line_is_a_warning(recording: Path, tmp_path: Path) -> None:
    whole = gzip.decompress(recording.read_bytes())
    torn = tmp_path / "torn.jsonl"
    torn.write_bytes(whole[:-40])
    assert len(replayed(tmp_path, torn, emit="quote").splitlines()) > 100


def test_a_bad_line_elsewhere_is_told_with_file_and_line_and_ends_with_two(recording: Path, tmp_path: Path) -> None:
    lines = gzip.decompress(recording.read_bytes()).splitlines(keepends=True)
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(b"".join([*lines[:50], b"{nonsense\n", *lines[50:]]))
    run = subprocess.run(
        [sys.executable, "-m", "arbtui", "replay", str(bad)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
    assert "bad.jsonl line 51" in run.stderr
    assert "Traceback" not in run.stderr


def okx_call(t_s: int, query: str, *rows: dict[str, Any]) -> str:
    url = f"https://www.okx.com/api/v5/{query}"
    call = {"t_ns": (1_800_000_000 + t_s) * 10**9, "venue": "okx", "http": f"GET {url}", "status": 200}
    return json.dumps({**call, "text": answer(*rows).decode()}) + "\n"


def natives_quoted(home: Path, *calls: str) -> list[tuple[str, str | None]]:
    file = home / "calls.jsonl"
    file.write_text("".join(calls))
    return [(line["native"], line["base"]) for line in map(json.loads, replayed(home, file, emit="quote").splitlines())]


def test_instruments_that_a_recorded_listing_leaves_out_are_not_quoted(tmp_path: Path) -> None:
    listing = okx_call(0, "public/instruments?instType=SWAP", swap_row("BTC"), swap_row("BTC", "USD", ctType="inverse"))
    tickers = okx_call(1, "market/tickers?instType=SWAP", ticker_row("BTC-USDT-SWAP"), ticker_row("BTC-USD-SWAP"))
    assert natives_quoted(tmp_path, listing, tickers) == [("BTC-USDT-SWAP", "BTC")]


def test_without_any_listing_everything_is_quoted_and_of_no_known_coin(tmp_path: Path) -> None:
    tickers = okx_call(1, "market/tickers?instType=SWAP", ticker_row("BTC-USDT-SWAP"), ticker_row("BTC-USD-SWAP"))
    assert natives_quoted(tmp_path, tickers) == [("BTC-USDT-SWAP", None), ("BTC-USD-SWAP", None)]


@pytest.mark.parametrize(
    ("venue", "url"),
    [
        ("binance", "wss://stream.example.com/ws"),
        ("bybit", "wss://stream.bybit.com/v5/private"),
        ("okx", "wss://["),
        ("okx", "nonsense"),
        ("hyperliquid", ""),
    ],
)
def test_an_address_that_none_of_the_venue_has_is_told_with_file_and_line(
    tmp_path: Path, venue: str, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bad.jsonl"
    opened = {"t_ns": 1_800_000_000_000_000_000, "venue": venue, "conn": "perp.bbo.0", "event": "open", "url": url}
    file.write_text(okx_call(0, "public/time", {"ts": "1800000000000"}) + json.dumps(opened) + "\n")
    for name in ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    assert cli.main(["replay", str(file), "--no-ui"]) == 2
    said = capsys.readouterr().err
    assert "bad.jsonl line 2: " in said
    assert len(said.strip().splitlines()) == 1
