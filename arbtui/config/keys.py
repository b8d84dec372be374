"""The tree of keys, read off the models: walking, naming, finding the nearest."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from arbtui.config.model import Settings

Path = tuple[str, ...]
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def dotted(path: Sequence[str]) -> str:
    """``signals.threshold_bps``; parts that TOML would quote are quoted."""
    return ".".join(part if _BARE.fullmatch(part) else f'"{part}"' for part in path)


def model_of(annotation: Any) -> type[BaseModel] | None:
    """The model behind a table's annotation, None for a value."""
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def entry_of(annotation: Any) -> Any | None:
    """What the entries of a free table are (``dict[str, X]`` -> ``X``), None for anything else."""
    return get_args(annotation)[1] if get_origin(annotation) is dict else None


class Keys:
    """The keys that this version knows. ``venues`` and ``fees`` take known exchanges only, other tables any name."""

    def __init__(self, venues: Sequence[str]) -> None:
        self.venues = tuple(venues)

    def names_in(self, path: Path) -> tuple[str, ...] | None:
        """The names that the free table at ``path`` takes; None = any."""
        return self.venues if path in (("venues",), ("fees",)) else None

    def annotation(self, path: Path) -> Any | None:
        """What stands at ``path``: a model, a ``dict[str, X]``, a value's type; None where nothing may stand."""
        here: Any = Settings
        for depth, part in enumerate(path):
            if model := model_of(here):
                known = model.model_fields.get(part)
                here = known.annotation if known else None
            elif (entry := entry_of(here)) is not None:
                names = self.names_in(path[:depth])
                here = entry if names is None or part in names else None
            else:
                here = None
            if here is None:
                return None
        return here

    def path_of(self, key: str) -> Path:
        """A key of state.toml as a path; the rest of a free table's key may hold dots."""
        parts = key.split(".")
        for depth in range(1, len(parts)):
            here = self.annotation(tuple(parts[:depth]))
            if (entry := entry_of(here)) is not None and model_of(entry) is None:
                return (*parts[:depth], ".".join(parts[depth:]))
        return tuple(parts)

    def leaves(self) -> Iterator[tuple[Path, FieldInfo]]:
        """Every key that may hold a value, free tables as one key of their own."""
        yield from self._leaves(Settings, ())

    def _leaves(self, model: type[BaseModel], path: Path) -> Iterator[tuple[Path, FieldInfo]]:
        for name, known in model.model_fields.items():
            here = (*path, name)
            if inner := model_of(known.annotation):
                yield from self._leaves(inner, here)
            elif (names := self.names_in(here)) is not None and (inner := model_of(entry_of(known.annotation))):
                for entry in names:
                    yield from self._leaves(inner, (*here, entry))
            else:
                yield here, known

    def nearest(self, path: Path) -> str:
        """The valid key (or section) that reads most like ``path``."""
        known = {dotted(leaf[:depth]): None for leaf, _ in self.leaves() for depth in range(1, len(leaf) + 1)}
        return difflib.get_close_matches(dotted(path), known, n=1, cutoff=0.0)[0]


def flatten(keys: Keys, raw: Mapping[str, Any], refuse: Any) -> dict[Path, Any]:
    """A parsed file as path -> value. ``refuse(path, why)`` is called for what has no place, and must raise."""
    flat: dict[Path, Any] = {}

    def walk(table: Mapping[str, Any], path: Path) -> None:
        for name, value in table.items():
            here = (*path, name)
            found = keys.annotation(here)
            if found is None:
                refuse(here, f'unknown key "{dotted(here)}"; the nearest valid one is "{keys.nearest(here)}"')
            elif model_of(found) is None and entry_of(found) is None:
                if isinstance(value, dict) and entry_of(keys.annotation(path)) is not None:
                    # an unquoted name with dots in it: TOML made tables of it
                    walk({f"{name}.{more}": inner for more, inner in value.items()}, path)
                else:
                    flat[here] = value
            elif isinstance(value, dict):
                walk(value, here)
            else:
                refuse(here, f'"{dotted(here)}" is a section, not a value: write [{dotted(here)}] and its keys below')

    walk(raw, ())
    return flat


def nested(flat: Mapping[Path, Any]) -> dict[str, Any]:
    """The reverse of ``flatten``."""
    tree: dict[str, Any] = {}
    for path, value in flat.items():
        here = tree
        for part in path[:-1]:
            here = here.setdefault(part, {})
        here[path[-1]] = value
    return tree
