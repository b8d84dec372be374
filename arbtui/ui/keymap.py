"""Which key does what: the registry's own keys, and over them what somebody wrote under ``[keys]``. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence

from arbtui.core.errors import ConfigError
from arbtui.ui import keynames
from arbtui.ui.actions import ACTIONS, BY_ID
from arbtui.ui.registry import CHAINS, Action, Scope

_NAMED = re.compile(r"\{([a-z_.]+)\}")


class Keymap:
    """``chosen``: action id -> keys as people write them, comma separated; "" = none. Raises ``ConfigError``."""

    def __init__(self, chosen: Mapping[str, str] | None = None) -> None:
        self._keys = {action.id: _listed(action.keys) for action in ACTIONS}
        for action_id, written in (chosen or {}).items():
            if action_id not in BY_ID:
                near = difflib.get_close_matches(action_id, BY_ID, n=1, cutoff=0.0)[0]
                raise ConfigError(f'config.toml [keys]: there is no action "{action_id}"; the nearest is "{near}".')
            self._keys[action_id] = _read(action_id, written)
        self._of_scope: dict[Scope, dict[str, Action]] = {}
        for action in ACTIONS:
            for key in self._keys[action.id]:
                self._of_scope.setdefault(action.scope, {}).setdefault(key, action)
        self._no_key_twice()

    def _no_key_twice(self) -> None:
        for chain in CHAINS:
            seen: dict[str, Action] = {}
            for action in ACTIONS:
                for key in self._keys[action.id] if action.scope in chain else ():
                    if key in seen:
                        raise ConfigError(
                            f'config.toml [keys]: "{keynames.spoken(key)}" would mean both {seen[key].id} and '
                            f"{action.id}; give one of them another key."
                        )
                    seen[key] = action

    def keys(self, action_id: str) -> tuple[str, ...]:
        return self._keys[action_id]

    def spoken(self, action_id: str) -> list[str]:
        """The action's keys as people write them."""
        return [keynames.spoken(key) for key in self._keys[action_id]]

    def first(self, action_id: str) -> str:
        """The key to name in a sentence; the ``:`` command where it has none."""
        return next(iter(self.spoken(action_id)), f":{BY_ID[action_id].word}")

    def words(self, text: str) -> str:
        """A sentence in which ``{pane.zoom}`` stands for that action's key."""
        return _NAMED.sub(lambda found: self.first(found[1]), text)

    def find(self, chain: Sequence[Scope], key: str) -> Action | None:
        for scope in chain:
            action = self._of_scope.get(scope, {}).get(key)
            if action is not None:
                return action
        return None


def _listed(keys: str) -> tuple[str, ...]:
    return tuple(key.strip() for key in keys.split(",") if key.strip())


def _read(action_id: str, written: str) -> tuple[str, ...]:
    if written.strip() == ",":
        return (keynames.of_character(","),)
    try:
        return tuple(dict.fromkeys(keynames.read(key) for key in _listed(written)))
    except ValueError as error:
        raise ConfigError(f'config.toml [keys]: "{action_id}": {error}.') from None
