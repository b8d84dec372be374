"""Which world a run is in, and that real money needs everything that it should."""

from __future__ import annotations

from pathlib import Path

import pytest

from arbtui import arguments
from arbtui.config import Loaded, Paths, load
from arbtui.core.errors import ConfigError
from arbtui.engine.modes import ALL as MODES
from arbtui.engine.modes import OF_ACCOUNTS, chosen_mode, refuse_accounts
from arbtui.storage.state import read

LOCAL = "http://127.0.0.1:8080"
ALL = ("binance", "okx", "bybit")


@pytest.fixture
def where(tmp_path: Path) -> Paths:
    return Paths(
        tmp_path / "config.toml", tmp_path / "credentials.toml", tmp_path / "state.toml", tmp_path, tmp_path / "log"
    )


def settings(where: Paths, worlds: dict[str, str], more: str = "", environ: dict[str, str] | None = None) -> Loaded:
    where.config.write_text(
        more + "\n".join(f'[venues.{name}]\nenvironment = "{world}"\n' for name, world in worlds.items())
    )
    return load(where, ALL, environ=environ or {})


@pytest.mark.parametrize(
    ("worlds", "paper", "accounts"),
    [
        ({}, "PAPER", "LIVE"),
        ({"okx": "demo"}, "PAPER-TESTNET", "LIVE"),  # and refused: see below
        (dict.fromkeys(ALL, "demo"), "PAPER-TESTNET", "DEMO-KEYS"),
        (dict.fromkeys(ALL, "testnet"), "PAPER-TESTNET", "TESTNET"),
        ({"binance": "testnet", "okx": "demo", "bybit": "testnet"}, "PAPER-TESTNET", "TESTNET"),
    ],
)
def test_each_world_has_a_word_of_its_own(where: Paths, worlds: dict[str, str], paper: str, accounts: str) -> None:
    given = settings(where, worlds).settings
    assert chosen_mode(given, ALL, demo=False) == paper
    assert chosen_mode(given, ALL, demo=False, accounts=True) == accounts
    assert chosen_mode(given, ALL, demo=False, accounts=True, gateway=LOCAL) == "SIMULATED"
    assert chosen_mode(given, ALL, demo=False, gateway=LOCAL) == "PAPER-GATEWAY"
    assert chosen_mode(given, ALL, demo=True) == "DEMO"


def test_no_two_modes_share_a_folder_and_the_command_line_knows_them_all(where: Paths) -> None:
    words = {"PAPER", "DEMO", "PAPER-TESTNET", "PAPER-GATEWAY", *OF_ACCOUNTS}
    assert set(MODES) == words
    assert {where.data(word).name for word in words} == set(arguments.MODES)
    assert len(arguments.MODES) == len(words)


def test_real_money_needs_the_word_in_config_toml_and_no_variable_speaks_it(where: Paths) -> None:
    for given in (settings(where, {}), settings(where, {}, environ={"ARBTUI_LIVE__ENABLED": "true"})):
        with pytest.raises(ConfigError, match=r"\[live\] enabled = true in .*config.toml allows, and nothing else"):
            refuse_accounts(given, ALL, None)
    refuse_accounts(settings(where, {}, "[live]\nenabled = true\n"), ALL, None)


def test_state_toml_cannot_speak_it_either(where: Paths) -> None:
    where.state.write_text('["live.enabled"]\nvalue = true\n["limits.order_usd"]\nvalue = 9e9\n')
    given = load(where, ALL, environ={}, kept=read(where.state))
    assert len(given.warnings) == 2
    assert "live.enabled is never kept there and ignored" in given.warnings[0]
    assert (given.settings.live.enabled, given.settings.limits.order_usd) == (False, 1000.0)
    with pytest.raises(ConfigError, match="would trade real money"):
        refuse_accounts(given, ALL, None)


@pytest.mark.parametrize("world", ["testnet", "demo"])
def test_play_money_and_a_simulator_here_need_no_such_word(where: Paths, world: str) -> None:
    refuse_accounts(settings(where, dict.fromkeys(ALL, world)), ALL, None)
    refuse_accounts(settings(where, {}), ALL, LOCAL)


def test_real_money_is_not_hedged_with_play_money(where: Paths) -> None:
    given = settings(where, {"okx": "demo", "bybit": "testnet"}, "[live]\nenabled = true\n")
    with pytest.raises(
        ConfigError,
        match=r"real money on binance together with play money on okx \(demo\), bybit \(testnet\): give all of them",
    ):
        refuse_accounts(given, ALL, None)
    refuse_accounts(given, ("binance",), None)
    refuse_accounts(given, ("okx", "bybit"), None)


@pytest.mark.parametrize("gateway", ["http://example.com", "https://10.0.0.5:8443", "http://127.0.0.1.example.com"])
def test_signed_requests_go_through_nobody_elses_gateway(where: Paths, gateway: str) -> None:
    given = settings(where, {}, "[live]\nenabled = true\n")
    with pytest.raises(ConfigError, match="simulated ones of this machine"):
        refuse_accounts(given, ALL, gateway)


def test_a_relay_that_can_be_read_on_the_way_is_refused(where: Paths) -> None:
    relay = '[live]\nenabled = true\n[venues.okx.urls]\n"www.okx.com" = "{}"\n'
    given = load_text(where, relay.format("http://relay.example/okx"))
    with pytest.raises(ConfigError, match=r"venues\.okx\.urls sends www\.okx\.com to http://relay\.example/okx"):
        refuse_accounts(given, ALL, None)
    for base in ("https://relay.example/okx", "http://127.0.0.1:9/okx"):
        refuse_accounts(load_text(where, relay.format(base)), ALL, None)


def load_text(where: Paths, text: str) -> Loaded:
    where.config.write_text(text)
    return load(where, ALL, environ={})
