"""Settings for people: the example file, and what holds now and why."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from arbtui.config.credentials import Credentials
from arbtui.config.keys import Keys, Path, dotted, entry_of, model_of
from arbtui.config.load import Loaded, literal
from arbtui.config.model import Settings

_HEAD = """\
# arbtui: every setting with its default. Copy what you want to change and remove the "#".
# This file is yours: arbtui reads it and never writes it. What you change with keys on the screen goes to state.toml.
# Each setting can also be given as a variable: ARBTUI_SECTION__KEY, e.g. ARBTUI_SIGNALS__THRESHOLD_BPS=8
"""


def example(keys: Keys) -> str:
    """config.example.toml. Every key stands in it, commented out, at its default (or an example where it has none)."""
    return _HEAD + "".join(_sections(keys, Settings, ()))


def _sections(keys: Keys, model: type[BaseModel], path: Path) -> Iterator[str]:
    for name, known in model.model_fields.items():
        here = (*path, name)
        if inner := model_of(known.annotation):
            yield from _section(keys, inner, here, explained=True)
        elif (names := keys.names_in(here)) is not None and (inner := model_of(entry_of(known.annotation))):
            for entry in names:
                yield from _section(keys, inner, (*here, entry), explained=entry == names[0])
        elif entry_of(known.annotation) is not None:
            yield _free_section(known, here)


def _section(keys: Keys, model: type[BaseModel], path: Path, *, explained: bool) -> Iterator[str]:
    """One section and those below it; of sections that are alike the first explains the keys."""
    fields = model.model_fields.items()
    if values := [(name, known) for name, known in fields if not model_of(known.annotation)]:
        said = f"# {(model.__doc__ or '').strip()}\n" if explained else ""
        yield f"\n{said}[{dotted(path)}]\n" + "".join(
            _key(name, known, explained=explained)
            for name, known in values
            if explained or entry_of(known.annotation) is None
        )
    for name, known in fields:
        if inner := model_of(known.annotation):
            yield from _section(keys, inner, (*path, name), explained=explained)


def _free_section(known: FieldInfo, path: Path) -> str:
    """A table of the person's own names, with examples."""
    said = textwrap.indent("\n".join(textwrap.wrap(known.description or "", 110, break_on_hyphens=False)), "# ")
    given = "".join(f"# {dotted((name,))} = {literal(value)}\n" for name, value in (known.examples or [{}])[0].items())
    return f"\n{said}\n[{dotted(path)}]\n#   examples; there are none by default\n{given}"


def _key(name: str, known: FieldInfo, *, explained: bool) -> str:
    default = known.get_default(call_default_factory=True)
    given = default if default not in (None, {}, (), "") else (known.examples or [default])[0]
    note = "" if given == default else "   # an example; there is none by default"
    line = f"# {name} = {literal(given)}{note}\n"
    if not explained:
        return line
    said = "\n".join(textwrap.wrap(f"{known.description} ({kind(known.annotation)})", 110, break_on_hyphens=False))
    return textwrap.indent(said, "#   ") + "\n" + line


def kind(annotation: Any) -> str:
    """A type in words: ``number``, ``"auto" or "ipv4"``, ``list of texts``."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(f'"{value}"' for value in inner)
    if origin is Annotated:
        return kind(inner[0])
    if origin in (Union, UnionType):
        return " or ".join(kind(part) for part in inner if part is not NoneType)
    if origin is tuple:
        return f"list of {kind(inner[0])}"
    return {bool: "true or false", int: "whole number", float: "number", str: "text", dict: "table"}[
        origin or annotation
    ]


def shown(loaded: Loaded, credentials: Credentials) -> Iterator[str]:
    """One line a key: what holds, and where it comes from. Secrets are masked, also those inside addresses."""
    for path, value in values_of(loaded.settings).items():
        yield f"{dotted(path)} = {masked(literal(value))}  # {loaded.origin(path)}"
    for (venue, name), origin in sorted(credentials.origins.items()):
        yield f'credentials.{venue}.{name} = "********"  # {origin}'


def values_of(settings: Settings) -> dict[Path, Any]:
    """Every value by its path, entries of free tables one by one; what is absent is left out."""
    return dict(_values(settings, ()))


def _values(node: BaseModel | dict[str, Any], path: Path) -> Iterator[tuple[Path, Any]]:
    entries = (
        node.items() if isinstance(node, dict) else ((name, getattr(node, name)) for name in type(node).model_fields)
    )
    for name, value in entries:
        if isinstance(value, (BaseModel, dict)):
            yield from _values(value, (*path, name))
        elif value is not None:
            yield (*path, name), value


def masked(text: str) -> str:
    """``http://user:password@host`` -> ``http://********@host``."""
    return re.sub(r"(?<=://)[^/@\s\"]+(?=@)", "********", text)
