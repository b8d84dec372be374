"""One owner per mode: only it may write state (and, once there are orders, send). Any number may watch.

The lock is the operating system's: it dies with the process, however the process ends. Whoever may open its file can
take it, reading is enough; so only the person may: another user of the machine could keep them from getting out.
"""

from __future__ import annotations

import os
from pathlib import Path

from filelock import FileLock, Timeout

from arbtui.core.errors import ConfigError


class ModeLock:
    """Held or not; asking never waits."""

    def __init__(self, data_dir: Path) -> None:
        """``data_dir`` is the data folder of the mode (``Paths.data``); it is created when the lock is asked for."""
        self.path = data_dir / "lock"
        self._lock = FileLock(self.path, timeout=0, mode=0o600, thread_local=False)  # state is written from a thread

    @property
    def held(self) -> bool:
        return self._lock.is_locked

    def acquire(self) -> bool:
        """Whether the lock is ours now. Raises ``ConfigError`` where no lock file can be made."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.path.exists():
                self.path.chmod(0o600)  # an earlier version left it open to be read
            self._lock.acquire()
        except Timeout:
            return False
        except (OSError, NotImplementedError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise ConfigError(
                f"{self.path} cannot be locked: {why}; point XDG_DATA_HOME to a local folder that you may write."
            ) from None
        try:
            self._owner.write_text(f"{os.getpid()}\n")
        except OSError:  # a full disk: it is for messages alone, and then they name nobody
            self._owner.unlink(missing_ok=True)
        return True

    @property
    def _owner(self) -> Path:
        return self.path.with_name("owner")

    def owner(self) -> int | None:
        """The process id that last took the lock, for messages; None where it is not known."""
        try:
            return int(self._owner.read_text())
        except (OSError, ValueError):
            return None

    def release(self) -> None:
        self._lock.release()
