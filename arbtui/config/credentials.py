"""Keys of exchange accounts: from a file that nobody else can read, or from the environment.

    [okx]
    api_key = "..."            or  ARBTUI_OKX_API_KEY=...
    api_secret = "..."
    passphrase = "..."

    [notify]                   where messages of alerts go: addresses that hold a token
    webhook_url = "https://..."                    or  ARBTUI_NOTIFY_WEBHOOK_URL=...
    apprise = ["tgram://...", "mailto://..."]      or  ARBTUI_NOTIFY_APPRISE, with spaces between them

Values are ``SecretStr``: they are never logged, shown or recorded.
"""

from __future__ import annotations

import difflib
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from arbtui.config import toml
from arbtui.config.paths import Paths
from arbtui.core.errors import ConfigError

Place = Callable[..., str]  # of a table, or of a key in one

# As the exchanges name them: a key pair, some with a passphrase; wallets sign with a private key for an address.
FIELDS = ("api_key", "api_secret", "passphrase", "private_key", "address")


NOTIFY = "notify"
NOTIFY_FIELDS = ("webhook_url", "apprise")


@dataclass(frozen=True)
class NotifySecrets:
    """Where messages go. ``webhook_url`` None = nowhere; ``apprise``: as that library writes its services."""

    webhook_url: SecretStr | None = None
    apprise: tuple[SecretStr, ...] = ()


@dataclass(frozen=True)
class Credentials:
    """``by_venue``: exchange -> field -> secret. ``origins``: (exchange, field) -> the file or the variable; those of
    ``notify`` under that word.
    """

    by_venue: Mapping[str, Mapping[str, SecretStr]] = field(default_factory=dict)
    origins: Mapping[tuple[str, str], str] = field(default_factory=dict)
    notify: NotifySecrets = NotifySecrets()


def load_credentials(where: Paths, venues: Sequence[str], environ: Mapping[str, str]) -> Credentials:
    """Everything given, the environment over the file. Raises ``ConfigError``, which never quotes a value."""
    raw, place = _file(where)
    told = raw.pop(NOTIFY, {})
    notify = _notify(_table(NOTIFY, told, place), place)
    found = _of_venues(raw, venues, place)
    origins = {(venue, name): str(where.credentials) for venue, table in found.items() for name in table}
    origins |= {(NOTIFY, name): str(where.credentials) for name in notify}
    for variable, text in environ.items():
        if (slot := _slot(variable, (*venues, NOTIFY))) is not None and text:
            venue, name = slot
            fields = NOTIFY_FIELDS if venue == NOTIFY else FIELDS
            if name not in fields:
                near = difflib.get_close_matches(name, fields, n=1, cutoff=0.0)[0]
                wanted = f"ARBTUI_{venue}_{near}".upper()
                raise ConfigError(f"environment variable {variable} names no credential; the nearest is {wanted}.")
            if venue == NOTIFY:
                notify[name] = _addresses(name, text.split(), f"environment variable {variable}")
            else:
                found.setdefault(venue, {})[name] = SecretStr(text)
            origins[venue, name] = variable
    webhook = notify.get("webhook_url", ())
    return Credentials(found, origins, NotifySecrets(webhook[0] if webhook else None, notify.get("apprise", ())))


def _slot(variable: str, venues: Sequence[str]) -> tuple[str, str] | None:
    """``ARBTUI_OKX_API_KEY`` -> ("okx", "api_key"); None for every other variable, settings among them."""
    if not variable.startswith("ARBTUI_") or "__" in variable:
        return None
    venue, _, name = variable.removeprefix("ARBTUI_").lower().partition("_")
    return (venue, name) if venue in venues and name else None


def _file(where: Paths) -> tuple[dict[str, Any], Place]:
    """The tables of the file, and how one of their keys is named to a person; no file, no tables."""
    path = where.credentials
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise ConfigError(f"{path} can be read by others (mode {mode:04o}); run: chmod 600 {path}")
        raw, text = toml.read(path)
    except FileNotFoundError:
        return {}, lambda *_: str(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    lines = toml.lines_of_keys(text)

    def place(*names: str) -> str:
        return f"{path} line {lines[names]}" if names in lines else str(path)

    return raw, place


def _table(name: str, table: Any, place: Place) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise ConfigError(f'{place(name)}: "{name}" must be a section: write [{name}] and its keys below.')
    return table


def _known(section: str, name: str, fields: Sequence[str], place: Place) -> None:
    if name not in fields:
        near = difflib.get_close_matches(name, fields, n=1, cutoff=0.0)[0]
        raise ConfigError(f'{place(section, name)}: unknown key "{section}.{name}"; the nearest is "{section}.{near}".')


def _of_venues(raw: Mapping[str, Any], venues: Sequence[str], place: Place) -> dict[str, dict[str, SecretStr]]:
    found: dict[str, dict[str, SecretStr]] = {}
    for venue, table in raw.items():
        if venue not in venues:
            near = difflib.get_close_matches(venue, venues, n=1, cutoff=0.0)[0]
            raise ConfigError(f'{place(venue)}: unknown exchange "{venue}"; the nearest valid one is "{near}".')
        for name, value in _table(venue, table, place).items():
            _known(venue, name, FIELDS, place)
            if not isinstance(value, str) or not value:
                raise ConfigError(f'{place(venue, name)}: "{venue}.{name}" must be a text in quotes that is not empty.')
            found.setdefault(venue, {})[name] = SecretStr(value)
    return found


def _notify(table: Mapping[str, Any], place: Place) -> dict[str, tuple[SecretStr, ...]]:
    found: dict[str, tuple[SecretStr, ...]] = {}
    for name, value in table.items():
        _known(NOTIFY, name, NOTIFY_FIELDS, place)
        given = value if isinstance(value, list) and name == "apprise" else [value]
        if not given or not all(isinstance(each, str) and each for each in given):
            what = "a list of texts in quotes" if name == "apprise" else "a text in quotes that is not empty"
            raise ConfigError(f'{place(NOTIFY, name)}: "{NOTIFY}.{name}" must be {what}.')
        found[name] = _addresses(name, given, f'{place(NOTIFY, name)}: "{NOTIFY}.{name}"')
    return found


def _addresses(name: str, given: Sequence[str], place: str) -> tuple[SecretStr, ...]:
    """Each with its scheme; a complaint names none of them."""
    schemes = ("http", "https") if name == "webhook_url" else None
    for each in given:
        scheme, sign, rest = each.partition("://")
        if not sign or not rest or (schemes is not None and scheme not in schemes) or len(each.split()) != 1:
            wanted = "http:// or https://" if schemes is not None else "a service and ://, such as tgram://"
            raise ConfigError(f"{place} must begin with {wanted} and hold no blanks.")
    if name == "webhook_url" and len(given) != 1:
        raise ConfigError(f"{place} must be one address.")
    return tuple(map(SecretStr, given))
