"""config.toml while a run goes on: it is read at the start alone, so whoever changes it then is told when it counts."""

from __future__ import annotations

from pathlib import Path

from arbtui.config import toml
from arbtui.core.errors import ConfigError


class ConfigWatch:
    """``began``: the text that this run was started with; None: there was no file."""

    def __init__(self, path: Path, began: str | None) -> None:
        self._path = path
        self._began = self._told = began
        self._looks: object = ()  # date, size and number of the file as they were read last
        self._missed = False

    def look(self) -> str:
        """What a person has to know, once for each change; "" where there is nothing new. The file itself is read only
        where its date or size is another one.
        """
        try:
            found = self._path.stat()
            looks = (found.st_mtime_ns, found.st_size, found.st_ino)
            if looks == self._looks:
                self._missed = False
                return ""
            text = toml.content(self._path).decode("utf-8-sig", "replace")
        except FileNotFoundError:
            return self._gone()
        except (OSError, ConfigError):  # the next start says what is wrong with it
            return ""
        self._looks, self._missed = looks, False
        before, self._told = self._told, text
        if text in (before, self._began):
            return ""
        how = "written" if before is None else "changed"
        return f"config.toml was {how}, which counts from the next start on: {self._path}"

    def _gone(self) -> str:
        """Told at the second look: an editor may be about to put the new file in its place."""
        self._looks = ()
        if not self._missed:
            self._missed = True
            return ""
        before, self._told = self._told, None
        return "" if before is None else f"config.toml is gone, which counts from the next start on: {self._path}"
