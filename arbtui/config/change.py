"""One setting by itself: what it may be, in words, and what was typed for it as a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from arbtui.config.keys import Keys, Path, dotted, entry_of, model_of
from arbtui.config.load import expectation, from_text, literal, settings_of
from arbtui.config.model import Settings
from arbtui.config.show import kind
from arbtui.core.errors import ConfigError


@dataclass(frozen=True)
class Described:
    """``bounds``: "from 1 to 1000", "" = none. ``choices``: all that it may be, where that is a list of words.

    ``section``: what the section is about.
    """

    path: Path
    section: str
    kind: str
    bounds: str
    choices: tuple[str, ...]
    about: str
    default: Any


def described(keys: Keys) -> dict[Path, Described]:
    """Every key that may hold a value, free tables as one key of their own, in the order of the example file."""
    return {path: _described(keys, path, known) for path, known in keys.leaves()}


def of_entry(table: Described, keys: Keys, path: Path) -> Described:
    """An entry of a free table, such as a coin's own threshold: it has no default."""
    entry = entry_of(keys.annotation(table.path))
    return Described(path, table.section, kind(entry), _bounds(entry, ()), _choices(entry), table.about, None)


def _described(keys: Keys, path: Path, known: FieldInfo) -> Described:
    annotation = known.annotation
    section = model_of(keys.annotation(path[:-1])) if len(path) > 1 else None
    return Described(
        path,
        (section.__doc__ or "").strip() if section is not None else "",
        kind(annotation),
        _bounds(annotation, known.metadata),
        _choices(annotation),
        known.description or "",
        known.get_default(call_default_factory=True),
    )


def _choices(annotation: Any) -> tuple[str, ...]:
    if annotation is bool:
        return ("true", "false")
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def _bounds(annotation: Any, metadata: Any) -> str:
    low = high = ""
    for bound in _every_bound(annotation, metadata):
        for name, word in (("ge", "from"), ("gt", "above")):
            if (figure := getattr(bound, name, None)) is not None:
                low = f"{word} {figure:,}"
        for name, word in (("le", "to"), ("lt", "below")):
            if (figure := getattr(bound, name, None)) is not None:
                high = f"{word} {figure:,}"
    if low.startswith("above") and high.startswith("to"):
        return f"{low}, at most {high.removeprefix('to ')}"
    if low.startswith("above") and high:
        return f"{low}, {high}"
    return f"{low} {high}".strip() + (" up" if low.startswith("from") and not high else "")


def _every_bound(annotation: Any, metadata: Any) -> Iterator[Any]:
    for each in metadata:
        yield from each.metadata if isinstance(each, FieldInfo) else (each,)
    if get_origin(annotation) is Annotated:
        yield from _every_bound(get_args(annotation)[0], get_args(annotation)[1:])
    elif get_origin(annotation) is not Literal:
        for inner in get_args(annotation):
            yield from _every_bound(inner, ())


def typed(keys: Keys, about: Described, text: str) -> Any:
    """The value that ``text`` stands for. Raises ``ConfigError`` in one sentence that names what it may be."""
    path = about.path
    value = from_text(keys.annotation(path), text.strip())
    try:
        found: Any = settings_of(keys, {path: value})
    except ValidationError as error:
        raise ConfigError(_refusal(about, value, error)) from None
    return value_at(found, path)


def _refusal(about: Described, value: Any, error: ValidationError) -> str:
    """In one sentence with the range first: it may stand where there is little room."""
    key = dotted(about.path)
    if about.choices:
        choices = ", ".join(choice or literal(choice) for choice in about.choices)
        return f"{key} takes one of {choices}; {literal(value)} is none."
    if about.bounds or not about.kind.startswith(("text", "list of text")):
        return f"{key} takes a {' '.join((about.kind, about.bounds)).strip()}; {literal(value)} is none."
    why = " or ".join(dict.fromkeys(expectation(each["msg"]) for each in error.errors(include_url=False)))
    return f"{key} = {literal(value)} is refused: it {why}."


def value_at(settings: Settings, path: Path) -> Any:
    """What settings say of a key; None where they say nothing."""
    here: Any = settings
    for part in path:
        here = getattr(here, part) if isinstance(here, BaseModel) else here.get(part)
        if here is None:
            return None
    return here
