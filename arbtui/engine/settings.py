"""Settings while a run goes on: what holds, where it comes from, and what may be changed without a restart.

Changes go through the engine alone: each is checked as the configuration is, takes effect, and is kept by the memory
in ``state.toml`` with the value of config.toml that it overrides. Limits and the rules of hedges are not among them:
``state.toml`` serves all modes, and what somebody allowed themselves on paper must not hold for real money.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

from arbtui.config import Loaded, Paths, Settings
from arbtui.config.change import Described, described, of_entry, typed
from arbtui.config.credentials import NOTIFY
from arbtui.config.keys import Keys, Path, dotted
from arbtui.config.load import DEFAULT, WRITTEN, Origin, literal, settings_of
from arbtui.config.show import masked, values_of
from arbtui.config.watch import ConfigWatch
from arbtui.core.clock import NS_PER_S, Clock, Every
from arbtui.core.errors import ConfigError
from arbtui.core.kept import Plain
from arbtui.engine.memory import Memory
from arbtui.port import Outcome, Setting

_AT_ONCE = ("signals", "walk", "pairs", "books", "alerts", "ui")  # sections that take effect while the run goes on
CONFIG_LOOK_NS = 10 * NS_PER_S
_AT_START = (("ui", "on_hangup"), ("ui", "mouse"))  # but these do not


@dataclass(frozen=True)
class Sources:
    """Where the settings of a run came from. ``accounts``: (venue, field) -> where its secret is; None: not read."""

    loaded: Loaded
    accounts: Mapping[tuple[str, str], str] | None = None

    @classmethod
    def given(cls, settings: Settings) -> Sources:
        """Settings that somebody made without any file."""
        nowhere = Paths(*[File("nowhere")] * 5)
        return cls(Loaded(settings, {}, {}, Keys(tuple(settings.venues)), (), (), nowhere, {}))


def watch_config(loaded: Loaded, clock: Clock, notice: Callable[[str, str], None]) -> Every:
    """Say once that a change of config.toml counts from the next start; ``notice(level, text)``."""
    watch = ConfigWatch(loaded.where.config, loaded.config_text)

    def look() -> None:
        if words := watch.look():
            notice("warning", words)

    return Every(clock, CONFIG_LOOK_NS, look)


@dataclass
class _Now:
    value: Any
    origin: Origin


class SettingsBook:
    """``apply(settings, path)`` is called with each change, before anything is kept."""

    def __init__(self, sources: Sources, memory: Memory) -> None:
        loaded = sources.loaded
        self.apply: Callable[[Settings, Path], None] = lambda settings, path: None
        self._loaded = loaded
        self._accounts = sources.accounts
        self._memory = memory
        self._keys = loaded.keys
        self._about = described(loaded.keys)
        self._now = {path: _Now(value, loaded.origin(path)) for path, value in values_of(loaded.settings).items()}

    # what is kept under the names of settings, and the screen's own notes

    def get(self, key: str) -> Plain | None:
        """What holds of a setting; of anything else, what was kept."""
        now = self._now.get(self._keys.path_of(key))
        kept = self._memory.get(key)
        if now is None or (kept is not None and now.origin.kind not in ("env", "flag")):
            return kept
        return list(now.value) if isinstance(now.value, tuple) else now.value

    def put(self, key: str, value: Plain | None) -> None:
        """Note a change that has taken effect. None: the setting is taken away."""
        self._memory.put(key, value)
        path = self._keys.path_of(key)
        if self.knows(key):
            self._note(path, value)

    def knows(self, key: str) -> bool:
        """Whether it is a setting, and not a note of the screen's own."""
        return self._of(self._keys.path_of(key)) is not None

    # looking

    def value(self, key: str) -> Any:
        now = self._now.get(self._keys.path_of(key))
        return now.value if now is not None else None

    def view(self) -> Iterator[Setting]:
        for path, about in self._about.items():
            if about.kind != "table":
                yield self._setting(about, None)
                continue
            entries = [known for known in self._now if known[: len(path)] == path]
            yield self._setting(about, {entry[-1]: self._now[entry].value for entry in entries} if entries else None)
            if path == ("signals", "thresholds"):
                for entry in entries:
                    yield self._setting(of_entry(about, self._keys, entry), None)
        yield from self._accounts_set()

    def _setting(self, about: Described, table: Mapping[str, Any] | None) -> Setting:
        path = about.path
        now = self._now.get(path)
        changed = now is not None and now.origin.kind in ("state", "run")
        value, origin = (now.value, now.origin) if now is not None else (table, self._loaded.origin(path))
        if table is not None:
            origin = next((self._now[known].origin for known in self._now if known[: len(path)] == path), origin)
        return Setting(
            dotted(path),
            about.section,
            "" if value is None else masked(literal(value)),
            str(origin),
            about.kind,
            about.bounds,
            about.choices,
            about.about,
            "" if about.default is None else masked(literal(about.default)),
            self._beneath_words(about) if changed else "",
            self._fixed(path),
        )

    def _accounts_set(self) -> Iterator[Setting]:
        """Which venues have keys. Their values never come here."""
        for venue in (*self._keys.venues, NOTIFY):
            fields = {name: origin for (of, name), origin in (self._accounts or {}).items() if of == venue}
            value = f"{', '.join(fields)}: set" if fields else "not set"
            if self._accounts is None:
                value = "not read in this run"
            where = ", ".join(dict.fromkeys(fields.values()))
            fixed = f"secrets are never shown; they stand in {self._loaded.where.credentials}, or in variables"
            key, about = f"credentials.{venue}", f"Keys of your account on {venue}."
            if venue == NOTIFY:
                about = "Addresses that messages of alerts go to."
            yield Setting(key, "Keys of accounts.", value, where, "secrets", "", (), about, "", "", fixed)

    # changing

    def change(self, key: str, text: str | None) -> Outcome:
        path = self._keys.path_of(key)
        about = self._of(path)
        if about is None:
            return _refused(f"there is no setting {key}; the nearest is {self._keys.nearest(path)}")
        if fixed := self._fixed(path):
            return _refused(fixed)
        try:
            value = typed(self._keys, about, text) if text is not None else self._beneath(about)[0]
            settings = self._with(path, value)
            self.apply(settings, path)
        except ConfigError as error:
            return _refused(str(error))
        if text is None:
            self._memory.forget(key)
            self._reset(about)
            now = "not given" if value is None else literal(value)
            return Outcome(accepted=True, text=f"{key} is {now} again: {self._beneath(about)[1]}")
        self.put(key, list(value) if isinstance(value, tuple) else value)
        return Outcome(accepted=True, text=f"{key} = {literal(value)}{self._reserve(about)}")

    def _with(self, path: Path, value: Any) -> Settings:
        values = {known: now.value for known, now in self._now.items() if known != path}
        if value is not None:
            values[path] = value
        return settings_of(self._keys, values)

    def _note(self, path: Path, value: Plain | None) -> None:
        under = self._loaded.beneath.get(path)
        if under is not None and value == under[0]:
            self._now[path] = _Now(value, under[1])
        elif value is None:
            self._now.pop(path, None)
        else:
            kept = not self._memory.not_kept
            origin = Origin("state", str(self._loaded.where.state)) if kept else Origin("run")
            self._now[path] = _Now(value, origin)

    def _reset(self, about: Described) -> None:
        value, origin = self._beneath(about)
        if value is None:
            self._now.pop(about.path, None)
        else:
            self._now[about.path] = _Now(value, origin)

    def _reserve(self, about: Described) -> str:
        """What a person should know of how long it will hold."""
        if self._memory.not_kept:
            return f", for this run only: {self._memory.not_kept}"
        under = self._loaded.beneath.get(about.path)
        if under is not None and under[1].kind in ("env", "flag"):
            return f"; a start with {under[1].where} sets {literal(under[0])} again"
        return ""

    # where things stand

    def _of(self, path: Path) -> Described | None:
        if path in self._about:
            return self._about[path]
        table = next((self._about[path[:n]] for n in range(1, len(path)) if path[:n] in self._about), None)
        return of_entry(table, self._keys, path) if table is not None and self._keys.annotation(path) else None

    def _beneath(self, about: Described) -> tuple[Any, Origin]:
        return self._loaded.beneath.get(about.path, (about.default, DEFAULT))

    def _beneath_words(self, about: Described) -> str:
        value, origin = self._beneath(about)
        return f"{'not given' if value is None else masked(literal(value))} {origin}"

    def _fixed(self, path: Path) -> str:
        config = self._loaded.where.config
        if path[0] in WRITTEN:
            return f"limits, arming and the rules of hedges are never changed by key: edit {config} and start again"
        if path[:2] == ("signals", "thresholds") and (len(path) == 2 or any(sign in path[2] for sign in ":>+")):
            return f"only thresholds of coins are set by key (T, :threshold); the others stand in {config}"
        if path[0] not in _AT_ONCE or path in _AT_START:
            return f"read at the start alone: edit {config} and start again"
        return ""


def _refused(why: str) -> Outcome:
    return Outcome(accepted=False, text=why)
