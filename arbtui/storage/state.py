"""state.toml: what a person changed while arbtui ran, and what each change replaced.

    ["signals.threshold_bps"]
    value = 8.0        # absent: the setting was taken away
    config = 5.0       # what config.toml said then; absent: nothing

Only the holder of the mode's lock writes. Holders of other modes share the file, so a write takes a short lock of its
own, reads what is there, changes its own keys and replaces the file as a whole: a reader never sees half of one.
"""

from __future__ import annotations

import os
import tempfile
import threading
import tomllib
from errno import EINVAL
from pathlib import Path
from typing import Any

import tomli_w
from filelock import FileLock

from arbtui.core.errors import ConfigError
from arbtui.core.kept import Kept, Plain
from arbtui.storage.lock import ModeLock

_HEAD = "# Written by arbtui: what was changed while it ran. Your own settings belong in config.toml, which wins.\n"
_WAIT_S = 5.0


class StateFile:
    """The entries in memory, and the way to disk. ``write`` blocks: call it in a thread."""

    def __init__(self, path: Path, lock: ModeLock | None = None) -> None:
        """``lock`` None: this process only reads. Raises ``ConfigError`` for a file that cannot be read."""
        self.path = path
        self._lock = lock
        self._entries = read(path)
        self._changed: dict[str, Kept | None] = {}  # since the last write; None = to be removed
        self._guard = threading.Lock()

    @property
    def entries(self) -> dict[str, Kept]:
        return dict(self._entries)

    @property
    def writable(self) -> bool:
        """Whether this process may write."""
        return self._lock is not None and self._lock.held

    def get(self, key: str) -> Plain | None:
        entry = self._entries.get(key)
        return entry.value if entry is not None else None

    def put(self, key: str, value: Plain | None, over: Plain | None) -> None:
        """Keep ``value`` of ``key``; ``over`` is what config.toml says of it. What it says anyway needs no entry."""
        if value == over:
            self.drop(key)
            return
        with self._guard:
            self._entries[key] = self._changed[key] = Kept(value, over)

    def drop(self, key: str) -> None:
        with self._guard:
            self._entries.pop(key, None)
            self._changed[key] = None

    def write(self) -> bool:
        """Bring what changed to disk; False where this process may not write. Raises ``OSError``."""
        if not self.writable:
            return False
        with self._guard:
            changed, self._changed = self._changed, {}
        if not changed:
            return True
        try:
            self._replace(changed)
        except (OSError, ConfigError) as error:
            with self._guard:
                self._changed = changed | self._changed
            raise error if isinstance(error, OSError) else OSError(EINVAL, str(error)) from None
        return True

    def _replace(self, changed: dict[str, Kept | None]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self.path.with_name(self.path.name + ".lock"), timeout=_WAIT_S):
            entries = read(self.path)
            for key, entry in changed.items():
                if entry is None:
                    entries.pop(key, None)
                else:
                    entries[key] = entry
            _write_whole(self.path, _HEAD + tomli_w.dumps({key: _table(entries[key]) for key in sorted(entries)}))


def read(path: Path) -> dict[str, Kept]:
    """All entries; a missing file has none. Raises ``ConfigError``: the file is arbtui's own, so it was damaged."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:  # no UTF-8, no TOML, or beyond the parser's limits
        raise ConfigError(f"{path} is damaged ({error}); delete it: it only holds what was changed by key.") from None
    return {key: _entry(path, key, table) for key, table in raw.items()}


def _entry(path: Path, key: str, table: Any) -> Kept:
    known = isinstance(table, dict) and set(table) <= {"value", "config"}
    if not known or not all(_is_plain(value) for value in table.values()):
        raise ConfigError(f'{path}: entry "{key}" is not one that arbtui wrote; delete it or the file.')
    return Kept(table.get("value"), table.get("config"))


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float | bool) or (
        isinstance(value, list) and all(isinstance(item, str) for item in value)
    )


def _table(entry: Kept) -> dict[str, Plain]:
    pairs = (("value", entry.value), ("config", entry.over))
    return {name: value for name, value in pairs if value is not None}


def _write_whole(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(prefix=path.name, suffix=".new", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
