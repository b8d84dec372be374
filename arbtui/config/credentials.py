"""Keys of exchange accounts: from a file that nobody else can read, or from the environment.

    [okx]
    api_key = "..."            or  ARBTUI_OKX_API_KEY=...
    api_secret = "..."
    passphrase = "..."

Values are ``SecretStr``: they are never logged, shown or recorded.
"""

from __future__ import annotations

import difflib
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import SecretStr

from arbtui.config import toml
from arbtui.config.paths import Paths
from arbtui.core.errors import ConfigError

# As the exchanges name them: a key pair, some with a passphrase; wallets sign with a private key for an address.
FIELDS = ("api_key", "api_secret", "passphrase", "private_key", "address")


@dataclass(frozen=True)
class Credentials:
    """``by_venue``: exchange -> field -> secret. ``origins``: (exchange, field) -> the file or the variable."""

    by_venue: Mapping[str, Mapping[str, SecretStr]] = field(default_factory=dict)
    origins: Mapping[tuple[str, str], str] = field(default_factory=dict)


def load_credentials(where: Paths, venues: Sequence[str], environ: Mapping[str, str]) -> Credentials:
    """Everything given, the environment over the file. Raises ``ConfigError``, which never quotes a value."""
    found = _from_file(where, venues)
    origins = {(venue, name): str(where.credentials) for venue, table in found.items() for name in table}
    for variable, text in environ.items():
        if (slot := _slot(variable, venues)) is not None and text:
            venue, name = slot
            if name not in FIELDS:
                near = difflib.get_close_matches(name, FIELDS, n=1, cutoff=0.0)[0]
                wanted = f"ARBTUI_{venue}_{near}".upper()
                raise ConfigError(f"environment variable {variable} names no credential; the nearest is {wanted}.")
            found.setdefault(venue, {})[name] = SecretStr(text)
            origins[venue, name] = variable
    return Credentials(found, origins)


def _slot(variable: str, venues: Sequence[str]) -> tuple[str, str] | None:
    """``ARBTUI_OKX_API_KEY`` -> ("okx", "api_key"); None for every other variable, settings among them."""
    if not variable.startswith("ARBTUI_") or "__" in variable:
        return None
    venue, _, name = variable.removeprefix("ARBTUI_").lower().partition("_")
    return (venue, name) if venue in venues and name else None


def _from_file(where: Paths, venues: Sequence[str]) -> dict[str, dict[str, SecretStr]]:
    path = where.credentials
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise ConfigError(f"{path} can be read by others (mode {mode:04o}); run: chmod 600 {path}")
        raw, text = toml.read(path)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    lines = toml.lines_of_keys(text)

    def place(*names: str) -> str:
        return f"{path} line {lines[names]}" if names in lines else str(path)

    found: dict[str, dict[str, SecretStr]] = {}
    for venue, table in raw.items():
        if venue not in venues:
            near = difflib.get_close_matches(venue, venues, n=1, cutoff=0.0)[0]
            raise ConfigError(f'{place(venue)}: unknown exchange "{venue}"; the nearest valid one is "{near}".')
        if not isinstance(table, dict):
            raise ConfigError(f'{place(venue)}: "{venue}" must be a section: write [{venue}] and its keys below.')
        for name, value in table.items():
            if name not in FIELDS:
                near = difflib.get_close_matches(name, FIELDS, n=1, cutoff=0.0)[0]
                raise ConfigError(
                    f'{place(venue, name)}: unknown key "{venue}.{name}"; the nearest is "{venue}.{near}".'
                )
            if not isinstance(value, str) or not value:
                raise ConfigError(f'{place(venue, name)}: "{venue}.{name}" must be a text in quotes that is not empty.')
            found.setdefault(venue, {})[name] = SecretStr(value)
    return found
