"""Where the files are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from platformdirs import PlatformDirs


@dataclass(frozen=True)
class Paths:
    """Every place arbtui reads or writes without being told to. Nothing is created by asking."""

    config: Path  # the person's, never written
    credentials: Path  # the person's, mode 0600
    state: Path  # arbtui's: what was changed at run time
    data_dir: Path
    log_dir: Path

    def data(self, mode: str) -> Path:
        """Data of one mode ("demo", "paper", "testnet", "live"), so that none ever reads another's."""
        return self.data_dir / mode.lower()


def paths(config: str | Path | None = None) -> Paths:
    """The platform's usual places (XDG on Linux); ``config`` replaces the path of config.toml alone."""
    dirs = PlatformDirs("arbtui", appauthor=False)
    home = dirs.user_config_path
    return Paths(
        config=Path(config) if config is not None else home / "config.toml",
        credentials=home / "credentials.toml",
        state=dirs.user_state_path / "state.toml",
        data_dir=dirs.user_data_path,
        log_dir=dirs.user_log_path,
    )
