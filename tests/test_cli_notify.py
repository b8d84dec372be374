"""``arbtui check --notify``: a line per channel, exit 1 if one fails, and no address anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from arbtui import cli
from tests.own_home import fresh_home


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    fresh_home(monkeypatch, tmp_path)
    (tmp_path / "config/arbtui").mkdir(parents=True)
    return tmp_path


def given(home: Path, command: str = "", secrets: str = "") -> None:
    folder = home / "config/arbtui"
    (folder / "config.toml").write_text(f"[notify]\ntries = 1\n{command}\n[log]\nlevel = 'debug'\n")
    (folder / "credentials.toml").write_text(f"[notify]\n{secrets}\n")
    (folder / "credentials.toml").chmod(0o600)


def test_every_channel_has_a_line_and_one_that_fails_is_exit_1(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = home / "told"
    given(home, f'command = ["tee", "{told}"]', 'webhook_url = "http://127.0.0.1:1/T0KEN"')
    assert cli.main(["check", "--notify"]) == 1
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "notify",
        "  bad  webhook            it could not be reached (Connection refused)",
        "  ok   command            took the test message",
        "1 of 2 channels work",
    ]
    assert '"kind":"test"' in told.read_text()
    left = [
        path.read_text("utf-8", "replace") for path in home.rglob("*") if path.is_file() and "cred" not in path.name
    ]
    assert "T0KEN" not in "".join([said.out, said.err, *left])


def test_if_all_work_it_is_exit_0(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given(home, 'command = ["true"]')
    assert cli.main(["check", "--notify"]) == 0
    assert "1 of 1 channels work" in capsys.readouterr().out


def test_without_a_channel_it_says_where_to_set_one(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given(home)
    assert cli.main(["check", "--notify"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "set notify.command in config.toml" in said.err
    assert str(home / "config/arbtui/credentials.toml") in said.err


def test_it_asks_no_exchange(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given(home)
    assert cli.main(["check", "okx", "--notify"]) == 2
    assert "leave one out" in capsys.readouterr().err


def test_config_show_names_what_is_set_and_masks_it(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given(home, "", 'webhook_url = "http://x/T0KEN"\napprise = ["tgram://T0KEN/1"]')
    assert cli.main(["config", "show"]) == 0
    said = capsys.readouterr().out
    assert 'credentials.notify.webhook_url = "********"' in said
    assert 'credentials.notify.apprise = "********"' in said
    assert "T0KEN" not in said
