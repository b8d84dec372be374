"""Settings from their four sources, and where each value came from.

    flag  >  environment ARBTUI_SECTION__KEY  >  what was changed at run time (state.toml) or config.toml  >  default

Between config.toml and state.toml the later word counts: a kept value holds as long as config.toml still says what it
said when the value was kept.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NoReturn, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from arbtui.config import toml
from arbtui.config.credentials import FIELDS as CREDENTIAL_FIELDS
from arbtui.config.credentials import NOTIFY, NOTIFY_FIELDS
from arbtui.config.keys import Keys, Path, dotted, entry_of, flatten, model_of, nested
from arbtui.config.model import Settings
from arbtui.config.paths import Paths
from arbtui.core.errors import ConfigError
from arbtui.core.kept import Kept, Plain

WRITTEN = ("hedge", "limits", "live")  # sections that nothing on the screen changes: they hold for real money


@dataclass(frozen=True)
class Origin:
    """Where a value came from; ``where`` is the flag, the variable, or file and line.

    "run": changed in this run, and kept nowhere.
    """

    kind: Literal["run", "flag", "env", "state", "config", "default"]
    where: str = ""

    def __str__(self) -> str:
        if self.kind == "run":
            return "this run"
        return f"{self.kind} ({self.where})" if self.where else self.kind


DEFAULT = Origin("default")


@dataclass(frozen=True)
class Flag:
    """A value given on the command line."""

    value: Any
    flag: str  # "--top"


@dataclass(frozen=True)
class Loaded:
    """``dropped`` are keys of state.toml that config.toml has overruled since; their entries are to be removed.

    ``beneath``: what the person gave by flag, variable or file, which holds again where a change by key is taken back.
    ``config_text``: config.toml as it was read; None: there was none.
    """

    settings: Settings
    origins: Mapping[Path, Origin]
    in_file: Mapping[Path, Any]
    keys: Keys
    dropped: tuple[str, ...]
    warnings: tuple[str, ...]
    where: Paths
    beneath: Mapping[Path, tuple[Any, Origin]]
    config_text: str | None = None

    def origin(self, path: Path) -> Origin:
        return self.origins.get(path, DEFAULT)

    def in_config(self, key: str) -> Plain | None:
        """What config.toml says of a key, None = nothing: to be kept beside a value that overrides it."""
        value: Plain | None = self.in_file.get(self.keys.path_of(key))
        return value


def load(
    where: Paths,
    venues: Sequence[str],
    *,
    environ: Mapping[str, str],
    flags: Mapping[Path, Flag] | None = None,
    kept: Mapping[str, Kept] | None = None,
    must_exist: bool = False,
) -> Loaded:
    """Settings of this run. ``venues`` names the exchanges that this version knows.

    ``must_exist``: the person named this config file. Raises ``ConfigError`` in one sentence.
    """
    keys = Keys(venues)
    values, origins, text = _config_file(where, keys, must_exist)
    in_file = dict(values)
    beneath = {path: (value, origins[path]) for path, value in values.items()}
    dropped, warnings = _lay_state_over(where, keys, kept or {}, values, origins)
    warnings += _lay_environment_over(keys, environ, values, origins)
    for path, flag in (flags or {}).items():
        values[path] = flag.value
        origins[path] = Origin("flag", flag.flag)
    beneath |= {path: (values[path], origin) for path, origin in origins.items() if origin.kind in ("env", "flag")}
    settings = validated(keys, values, origins)
    return Loaded(settings, origins, in_file, keys, tuple(dropped), tuple(warnings), where, beneath, text)


def _config_file(where: Paths, keys: Keys, must_exist: bool) -> tuple[dict[Path, Any], dict[Path, Origin], str | None]:
    try:
        raw, text = toml.read(where.config)
    except FileNotFoundError:
        if must_exist:
            raise ConfigError(
                f'{where.config} does not exist; "arbtui config init" writes one to begin with.'
            ) from None
        return {}, {}, None
    lines = toml.lines_of_keys(text)

    def place(path: Path) -> str:
        line = next((lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in lines), None)
        return f"{where.config} line {line}" if line else str(where.config)

    def refuse(path: Path, why: str) -> NoReturn:
        raise ConfigError(f"{place(path)}: {why}.")

    values = flatten(keys, raw, refuse)
    return values, {path: Origin("config", place(path)) for path in values}, text


def _lay_state_over(
    where: Paths,
    keys: Keys,
    kept: Mapping[str, Kept],
    values: dict[Path, Any],
    origins: dict[Path, Origin],
) -> tuple[list[str], list[str]]:
    dropped, warnings = [], []
    for key, entry in kept.items():
        path = keys.path_of(key)
        found = keys.annotation(path)
        if found is None and path[0] == "ui":
            continue  # the screen's own notes, which are no settings
        if path[0] in WRITTEN:
            warnings.append(f"{where.state}: {key} is never kept there and ignored; it belongs in {where.config}.")
        elif found is None or not _holds(keys, path, entry.value):
            warnings.append(f"{where.state}: {key} is not understood and ignored.")
        elif values.get(path) != entry.over:
            dropped.append(key)
        else:
            values.pop(path, None)
            if entry.value is not None:
                values[path] = entry.value
            origins[path] = Origin("state", str(where.state))
    return dropped, warnings


def _holds(keys: Keys, path: Path, value: Plain | None) -> bool:
    try:
        settings_of(keys, {path: value} if value is not None else {})
    except ValidationError:
        return False
    return True


def _lay_environment_over(
    keys: Keys, environ: Mapping[str, str], values: dict[Path, Any], origins: dict[Path, Origin]
) -> list[str]:
    warnings = []
    for name in sorted(environ):
        if not name.startswith("ARBTUI_"):
            continue
        if "__" not in name:
            warnings += _looks_meant(keys, name)
            continue
        path = tuple(part.lower() for part in name.removeprefix("ARBTUI_").split("__"))
        found = keys.annotation(path)
        if found is None:
            raise ConfigError(f"environment variable {name} names no setting; the nearest is {_variable(keys, name)}.")
        if model_of(found) or entry_of(found) is not None or _in_free_table(keys, path):
            raise ConfigError(f"environment variable {name} names a whole table; set {dotted(path)} in config.toml.")
        values[path] = from_text(found, environ[name])
        origins[path] = Origin("env", name)
    return warnings


def _in_free_table(keys: Keys, path: Path) -> bool:
    """Whether the key is a name of the person's own: upper and lower case are lost in a variable's name."""
    return any(
        entry_of(keys.annotation(path[:n])) is not None and keys.names_in(path[:n]) is None for n in range(1, len(path))
    )


def _variables(keys: Keys) -> list[str]:
    leaves = (path for path, known in keys.leaves() if entry_of(known.annotation) is None)
    return ["ARBTUI_" + "__".join(path).upper() for path in leaves]


def _variable(keys: Keys, name: str) -> str:
    return difflib.get_close_matches(name, _variables(keys), n=1, cutoff=0.0)[0]


def _looks_meant(keys: Keys, name: str) -> list[str]:
    """A warning for a variable that was perhaps meant as a setting; credentials and foreign variables pass."""
    credentials = {f"ARBTUI_{venue}_{field}".upper() for venue in keys.venues for field in CREDENTIAL_FIELDS}
    credentials |= {f"ARBTUI_{NOTIFY}_{field}".upper() for field in NOTIFY_FIELDS}
    near = difflib.get_close_matches(name, _variables(keys), n=1, cutoff=0.9)
    if name in credentials or not near:
        return []
    return [f"environment variable {name} is ignored; perhaps {near[0]} was meant (two underscores after the section)."]


def from_text(annotation: Any, text: str) -> Any:
    """A variable's text as the value its key wants: texts as they are, lists also as ``a,b``, the rest as in TOML."""
    if annotation is str or (get_origin(annotation) is Literal and text in get_args(annotation)):
        return text
    try:
        value = tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError:
        value = text
    if get_origin(annotation) is tuple and not isinstance(value, list):
        return [part.strip() for part in text.split(",") if part.strip()]
    return value


def settings_of(keys: Keys, values: Mapping[Path, Any]) -> Settings:
    """Settings from path -> value. Raises pydantic's ``ValidationError``."""
    tree = nested(values)
    for table in ("venues", "fees"):
        given = tree.get(table, {})
        tree[table] = {name: given.get(name, {}) for name in keys.venues}
    return Settings.model_validate(tree)


def validated(keys: Keys, values: Mapping[Path, Any], origins: Mapping[Path, Origin]) -> Settings:
    try:
        return settings_of(keys, values)
    except ValidationError as error:
        raise ConfigError(_complaint(error.errors(include_url=False), values, origins)) from None


def _complaint(errors: Sequence[ErrorDetails], values: Mapping[Path, Any], origins: Mapping[Path, Origin]) -> str:
    """The first thing that is wrong, in one sentence; alternatives of one value are joined by "or"."""
    path = _blamed(errors[0], values)
    expected = dict.fromkeys(expectation(error["msg"]) for error in errors if _blamed(error, values) == path)
    place = origins[path].where if path in origins else "settings"
    shown = f'"{dotted(path)}" = {literal(values[path])}' if path in values else f'"{dotted(path)}"'
    return f"{place}: {shown} is not valid: it {' or '.join(expected)}."


def _blamed(error: ErrorDetails, values: Mapping[Path, Any]) -> Path:
    loc = tuple(str(part) for part in error["loc"])
    return next((loc[:n] for n in range(len(loc), 0, -1) if loc[:n] in values), loc)


def expectation(message: str) -> str:
    """What pydantic complains of, as the end of a sentence that begins with "it"."""
    return re.sub(r"^(Input|String|Tuple|List|Dictionary|Value error,|Field) ", "", message).replace(
        "required", "must be given"
    )


def literal(value: Any) -> str:
    """A value as TOML spells it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{dotted((str(key),))} = {literal(item)}" for key, item in value.items()) + " }"
    return str(value)
