"""``--live`` as it is typed, with the real addresses and a resolver that knows none of them."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import pytest

from arbtui import cli
from tests.own_home import fresh_home
from tests.test_cli import config

TESTNET_HOSTS = {"api-testnet.bybit.com", "stream-testnet.bybit.com", "api.hyperliquid-testnet.xyz"}


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    fresh_home(monkeypatch, tmp_path)
    for venue in ("BINANCE", "BYBIT"):
        monkeypatch.setenv(f"ARBTUI_{venue}_API_KEY", "k")
        monkeypatch.setenv(f"ARBTUI_{venue}_API_SECRET", "s")
    return tmp_path


@pytest.fixture
def sought(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The hosts that were looked for. None is found, and nothing is connected to."""
    found: set[str] = set()

    def nowhere(host: str, *_: Any, **__: Any) -> NoReturn:
        found.add(host)
        raise socket.gaierror(socket.EAI_NONAME, "a test's resolver knows nobody")

    def refused(*_: Any, **__: Any) -> NoReturn:
        raise AssertionError("nothing connects in this test")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    monkeypatch.setattr(socket, "create_connection", refused)
    return found


def test_a_testnet_run_looks_for_testnet_hosts_alone_and_has_a_folder_of_its_own(home: Path, sought: set[str]) -> None:
    config(
        home, '[venues.bybit]\nenvironment = "testnet"\n[venues.hyperliquid]\nenvironment = "testnet"\n'
    )  # fmt: skip
    assert cli.main(["--no-ui", "--live", "--venues", "bybit,hyperliquid", "--duration", "1.5"]) == 0
    assert {"api-testnet.bybit.com", "api.hyperliquid-testnet.xyz"} <= sought <= TESTNET_HOSTS
    assert [path.name for path in (home / "data/arbtui").iterdir()] == ["testnet"]


def test_a_run_with_real_money_needs_the_word_and_then_looks_for_the_real_hosts(
    home: Path, sought: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--no-ui", "--live", "--venues", "binance", "--duration", "1.5"]
    assert cli.main(words) == 2
    assert "[live] enabled = true in" in capsys.readouterr().err
    assert not sought
    config(home, "[live]\nenabled = true\n")
    assert cli.main(words) == 0
    assert sought
    assert all(host.endswith(".binance.com") and "demo" not in host for host in sought)
    assert [path.name for path in (home / "data/arbtui").iterdir()] == ["live"]


def test_without_live_keys_and_the_word_in_the_config_change_nothing(home: Path, sought: set[str]) -> None:
    config(home, "[live]\nenabled = true\n")
    assert cli.main(["--no-ui", "--venues", "binance", "--duration", "1"]) == 0
    assert [path.name for path in (home / "data/arbtui").iterdir()] == ["paper"]


def test_a_live_run_without_keys_is_refused_by_name(
    home: Path, sought: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    config(home, "[live]\nenabled = true\n")
    assert cli.main(["--no-ui", "--live", "--venues", "okx"]) == 2
    assert "no keys are set for any exchange of this run" in capsys.readouterr().err
    assert not sought


# flatten


def test_flattening_with_real_keys_needs_no_word_and_says_what_it_could_not_reach(
    home: Path, sought: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever wants out must get out."""
    assert cli.main(["flatten", "--live", "--venue", "binance", "--yes"]) == 3
    assert "binance cannot be asked" in capsys.readouterr().out
    assert sought
    assert all(host.endswith(".binance.com") and "demo" not in host for host in sought)


def test_flattening_play_money_does_not_reach_for_real_money(
    home: Path, sought: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    config(home, '[venues.bybit]\nenvironment = "testnet"\n')
    assert cli.main(["flatten", "--live", "--yes"]) == 2
    assert "bybit (testnet): flatten them one by one, with --venue" in capsys.readouterr().err
    assert not sought
    assert cli.main(["flatten", "--live", "--venue", "bybit", "--yes"]) == 3
    assert sought == {"api-testnet.bybit.com"}


def test_flattening_sends_no_key_where_it_could_be_read_on_the_way(
    home: Path, sought: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    config(home, '[venues.binance.urls]\n"fapi.binance.com" = "http://relay.example/binance"\n')
    assert cli.main(["flatten", "--live", "--venue", "binance", "--yes"]) == 2
    assert "venues.binance.urls sends fapi.binance.com to http://relay.example/binance" in capsys.readouterr().err
    assert not sought


def test_flattening_without_a_config_that_can_be_read_says_that_it_means_real_money(
    home: Path, sought: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    config(home, '[venues.binance]\nenvironment = "testnet"\n[nonsense\n')
    assert cli.main(["flatten", "--live", "--venue", "binance", "--yes"]) == 3
    assert "Going on with default settings. Accounts are those with real money (prod)." in capsys.readouterr().err
    assert all(host.endswith(".binance.com") and "demo" not in host for host in sought)


@pytest.mark.parametrize(
    ("command", "says"),
    [([], "orders to accounts, once armed"), (["flatten"], "your keys, armed or not"), (["check"], None)],
    ids=["run", "flatten", "check"],
)
def test_help_says_what_live_means_to_the_command(
    command: list[str], says: str | None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit):
        cli.main([*command, "--help"])
    told = next((line for line in capsys.readouterr().out.splitlines() if line.startswith("  --live")), None)
    assert told is None if says is None else told is not None and says in told


def test_flattening_goes_on_where_the_keys_of_one_exchange_are_not_whole_and_is_not_called_flat(
    home: Path, sought: set[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("ARBTUI_BYBIT_API_SECRET")
    config(home, "[venues.bybit]\nenabled = false\n")
    assert cli.main(["flatten", "--live", "--yes"]) == 3
    said = capsys.readouterr().out
    assert "binance cannot be asked" in said
    assert "bybit was not looked at: bybit needs api_key, api_secret; api_secret is missing" in said
    assert cli.main(["flatten", "--live", "--venue", "bybit", "--yes"]) == 2, "nothing at all could be done"
    assert "bybit needs api_key, api_secret; api_secret is missing" in capsys.readouterr().err


def test_an_exchange_behind_a_relay_that_can_be_read_keeps_nobody_from_flattening_the_others(
    home: Path, sought: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    config(home, '[venues.binance.urls]\n"fapi.binance.com" = "http://relay.example/binance"\n')
    assert cli.main(["flatten", "--live", "--yes"]) == 3
    said = capsys.readouterr().out
    assert "bybit cannot be asked" in said
    assert (
        "binance was not looked at: venues.binance.urls sends fapi.binance.com to http://relay.example/binance" in said
    )
    assert sought
    assert all(host.endswith(".bybit.com") for host in sought)


def test_an_exchange_without_keys_is_no_reason_not_to_flatten_the_others(
    home: Path, sought: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    config(home, '[venues.okx]\nenvironment = "demo"\n')
    assert cli.main(["flatten", "--live", "--yes"]) == 3
    said = capsys.readouterr().out
    assert "binance cannot be asked" in said
    assert "bybit cannot be asked" in said
    assert not any("okx" in host for host in sought)


@contextmanager
def running(folder: Path, *answers: dict[str, object]) -> Iterator[None]:
    """A run that takes commands in ``folder``, and answers each of them so."""
    folder.mkdir(parents=True)
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(folder / "control"))
    server.listen()

    def answer() -> None:
        while True:
            try:
                talk, _ = server.accept()
            except OSError:
                return
            with talk, suppress(OSError):
                if talk.recv(4096):
                    talk.sendall(b"".join(json.dumps(each).encode() + b"\n" for each in answers))

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


def test_where_real_money_and_play_have_keys_a_running_arbtui_tells_which_is_meant(
    home: Path, sought: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    config(home, '[venues.bybit]\nenvironment = "testnet"\n')
    with running(home / "data/arbtui/live", {"holds": ["binance"]}, {"say": "nothing is open"}, {"end": 0}):
        assert cli.main(["flatten", "--live", "--yes"]) == 3
    said = capsys.readouterr().out
    assert said.splitlines()[0] == "nothing is open"
    assert "bybit was not looked at: it is testnet, and LIVE was flattened: do it with --venue bybit" in said
    assert not sought, "the one exchange of that world is the running arbtui's business"
