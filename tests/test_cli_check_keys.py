"""``arbtui check --keys`` as it is typed: what contradicts itself, what needs no network, and whose names it takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from arbtui import cli
from tests.own_home import fresh_home


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    return fresh_home(monkeypatch, tmp_path)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--keys", "--demo"), "--demo reads none"),
        (("--keys", "--notify"), "leave one out"),
        (("--symbols", "BTC"), "belongs to --keys"),
        (("--keys", "binanse"), 'the nearest is "binance"'),
        (("--keys", "--venues", "okx,okay"), 'the nearest is "okx"'),
        (("--keys", "--live"), "leave --live out"),
        (("--keys", "--gateway", "http://192.0.2.1:8080"), "is neither"),
    ],
)
def test_what_contradicts_itself_is_usage(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", *words]) == 2
    assert said in capsys.readouterr().err


def test_what_is_signed_leaves_by_no_open_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "config/arbtui").mkdir(parents=True)
    (home / "config/arbtui/config.toml").write_text('[venues.okx.urls]\n"www.okx.com" = "http://192.0.2.1"\n')
    assert cli.main(["check", "--keys", "okx"]) == 2
    assert "192.0.2.1" in capsys.readouterr().err


def test_without_any_keys_it_says_where_they_belong(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "--keys"]) == 1
    out = capsys.readouterr().out
    assert str(home / "config/arbtui/credentials.toml") in out
    assert out.count("none; not asked") == 5


def test_an_exchange_that_was_named_must_have_its_keys(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ARBTUI_OKX_API_KEY", "half-of-what-is-needed")
    assert cli.main(["check", "--keys", "--venues", "okx"]) == 1
    said = capsys.readouterr()
    assert "api_secret and passphrase missing" in said.out
    assert "ARBTUI_OKX_API_SECRET" in said.out
    assert "half-of-what" not in said.out + said.err
