"""Keys of accounts: mode 0600 or refused, and never in any text."""

from __future__ import annotations

from pathlib import Path

import pytest

from arbtui.config import Credentials, Paths, load_credentials
from arbtui.core.errors import ConfigError

VENUES = ("binance", "okx")
SECRET = "s3cr3t-value"


def place(tmp_path: Path, text: str | None = None, mode: int = 0o600) -> Paths:
    file = tmp_path / "credentials.toml"
    if text is not None:
        file.write_text(text)
        file.chmod(mode)
    return Paths(tmp_path / "c", file, tmp_path / "s", tmp_path, tmp_path)


def load(where: Paths, environ: dict[str, str] | None = None) -> Credentials:
    return load_credentials(where, VENUES, environ or {})


def test_no_file_is_no_error(tmp_path: Path) -> None:
    assert load(place(tmp_path)).by_venue == {}


def test_values_are_secrets_that_do_not_print(tmp_path: Path) -> None:
    found = load(place(tmp_path, f'[okx]\napi_key = "{SECRET}"\n'))
    assert found.by_venue["okx"]["api_key"].get_secret_value() == SECRET
    assert SECRET not in repr(found)
    assert SECRET not in str(found.by_venue["okx"]["api_key"])


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_a_file_that_others_can_read_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    where = place(tmp_path, "", mode)
    with pytest.raises(ConfigError, match="chmod 600") as caught:
        load(where)
    assert str(where.credentials) in str(caught.value)


def test_an_owner_only_file_may_be_read_only(tmp_path: Path) -> None:
    assert load(place(tmp_path, '[okx]\napi_key = "k"\n', 0o400)).by_venue["okx"]


def test_the_environment_beats_the_file(tmp_path: Path) -> None:
    where = place(tmp_path, '[okx]\napi_key = "old"\npassphrase = "p"\n')
    found = load(where, {"ARBTUI_OKX_API_KEY": "new"})
    assert found.by_venue["okx"]["api_key"].get_secret_value() == "new"
    assert found.origins["okx", "api_key"] == "ARBTUI_OKX_API_KEY"
    assert found.origins["okx", "passphrase"] == str(where.credentials)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f'[okk]\napi_key = "{SECRET}"\n', 'line 1: unknown exchange "okk"; the nearest valid one is "okx"'),
        (f'[okx]\napi_kay = "{SECRET}"\n', 'line 2: unknown key "okx.api_kay"; the nearest is "okx.api_key"'),
        ("[okx]\napi_key = 5\n", "must be a text in quotes"),
        ('[okx]\napi_key = ""\n', "not empty"),
        (f'okx = "{SECRET}"\n', "must be a section"),
        (f'[okx]\napi_key = "{SECRET}\n', "not valid TOML"),
    ],
)
def test_what_is_wrong_is_named_and_never_quoted(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(place(tmp_path, text))
    assert says in str(caught.value)
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_misspelt_variable_of_an_exchange_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ARBTUI_OKX_API_SECRET") as caught:
        load(place(tmp_path), {"ARBTUI_OKX_API_SECRT": SECRET})
    assert SECRET not in str(caught.value)


def test_settings_variables_are_no_credentials(tmp_path: Path) -> None:
    assert load(place(tmp_path), {"ARBTUI_VENUES__OKX__ENABLED": "false"}).by_venue == {}


# where messages of alerts go

HOOK = "https://hooks.example/T0KEN"


def notify(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> Credentials:
    return load(place(tmp_path, f"[notify]\n{text}\n"), environ)


def test_addresses_of_messages_are_secrets_too(tmp_path: Path) -> None:
    found = notify(tmp_path, f'webhook_url = "{HOOK}"\napprise = ["tgram://T0KEN/1", "ntfy://T0KEN"]')
    assert found.notify.webhook_url is not None
    assert found.notify.webhook_url.get_secret_value() == HOOK
    assert [url.get_secret_value() for url in found.notify.apprise] == ["tgram://T0KEN/1", "ntfy://T0KEN"]
    assert found.by_venue == {}
    assert "T0KEN" not in repr(found)
    where = str(tmp_path / "credentials.toml")
    assert dict(found.origins) == {("notify", "webhook_url"): where, ("notify", "apprise"): where}


def test_one_apprise_address_needs_no_list_and_the_environment_beats_the_file(tmp_path: Path) -> None:
    environ = {"ARBTUI_NOTIFY_APPRISE": "ntfy://a json://b", "ARBTUI_NOTIFY_WEBHOOK_URL": HOOK}
    assert len(notify(tmp_path, 'apprise = "tgram://T0KEN/1"').notify.apprise) == 1
    found = notify(tmp_path, 'apprise = "tgram://T0KEN/1"', environ)
    assert [url.get_secret_value() for url in found.notify.apprise] == ["ntfy://a", "json://b"]
    assert found.notify.webhook_url is not None
    assert found.origins["notify", "apprise"] == "ARBTUI_NOTIFY_APPRISE"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('webhook = "x"', 'unknown key "notify.webhook"; the nearest is "notify.webhook_url"'),
        ('webhook_url = "ftp://T0KEN"', "must begin with http:// or https://"),
        ('webhook_url = ["https://T0KEN"]', "must be a text in quotes"),
        ("webhook_url = 5", "must be a text in quotes"),
        ('apprise = "T0KEN"', "must begin with a service and ://"),
        ('apprise = ["tgram://T0KEN a"]', "hold no blanks"),
        ("apprise = [1]", "must be a list of texts"),
        ("apprise = []", "must be a list of texts"),
    ],
)
def test_a_wrong_address_is_refused_with_its_place_and_without_its_text(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        notify(tmp_path, text)
    assert says in str(caught.value)
    assert "credentials.toml line 2" in str(caught.value)
    assert "T0KEN" not in str(caught.value)


def test_a_wrong_variable_of_messages_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the nearest is ARBTUI_NOTIFY_WEBHOOK_URL"):
        load(place(tmp_path), {"ARBTUI_NOTIFY_WEBHOOK": HOOK})
    with pytest.raises(ConfigError, match="environment variable ARBTUI_NOTIFY_APPRISE must begin") as caught:
        load(place(tmp_path), {"ARBTUI_NOTIFY_APPRISE": "T0KEN"})
    assert "T0KEN" not in str(caught.value)
