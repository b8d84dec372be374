"""The screen stands on what Textual publishes: its underscore names change with any release, without a word.

Read from the sources: modules imported, attributes of others, and names that a class of ours shares with a class of
Textual's that it inherits from, which would be used, or replaced, without anybody meaning it.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import arbtui.ui

ROOT = Path(arbtui.ui.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))


def private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def own_names(tree: ast.AST) -> set[str]:
    """Underscore names of classes in this source: defined in their bodies, or asked of ``self`` or ``cls``."""
    found = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and of_itself(node)}
    for body in (node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        for line in body:
            targets = line.targets if isinstance(line, ast.Assign) else [getattr(line, "target", None)]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
            found |= {line.name for line in [line] if isinstance(line, ast.FunctionDef | ast.AsyncFunctionDef)}
    return {name for name in found if private(name)}


def of_itself(node: ast.Attribute) -> bool:
    value = node.value
    is_super = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "super"
    return is_super or (isinstance(value, ast.Name) and value.id in ("self", "cls"))


def of_textual(base: type) -> bool:
    return base.__module__.partition(".")[0] == "textual"


@cache
def names_in(base: type) -> set[str]:
    return own_names(ast.parse(textwrap.dedent(inspect.getsource(base))))


def shared(own: type) -> set[str]:
    """Underscore names that a class of ours has in common with what it inherits of Textual's."""
    return names_in(own) & set[str]().union(*(names_in(base) for base in inspect.getmro(own) if of_textual(base)))


def classes_on_textual() -> Iterator[type]:
    for path in MODULES:
        name = ".".join(path.relative_to(ROOT.parent.parent).with_suffix("").parts)
        module = importlib.import_module(name.removesuffix(".__init__"))
        for found in vars(module).values():
            if isinstance(found, type) and found.__module__ == module.__name__ and any(map(of_textual, found.__mro__)):
                yield found


OURS = set[str]().union(*(own_names(ast.parse(path.read_text())) for path in MODULES))
OF_TUPLES = {"_replace"}  # of named ones, whose names are public all the same
CLASSES = sorted(set(classes_on_textual()), key=lambda found: (found.__module__, found.__name__))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_underscore_module_or_attribute_of_textual_is_asked_for(path: Path) -> None:
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("textual"):
            words = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
            assert not any(map(private, words)), f"{path}:{node.lineno}"
        if isinstance(node, ast.Attribute) and private(node.attr) and not of_itself(node):
            assert node.attr in OURS | OF_TUPLES, f"{path}:{node.lineno}: {node.attr}"


@pytest.mark.parametrize("own", CLASSES, ids=lambda own: str(own.__name__))
def test_no_class_shares_an_underscore_name_with_what_it_inherits_of_textuals(own: type) -> None:
    assert not shared(own)


def test_such_names_are_found() -> None:
    from textual.app import App

    class Ours(App[None]):
        def broke(self) -> object:
            return self._exception

        def _fatal_error(self) -> None:
            super()._fatal_error()

    assert shared(Ours) == {"_exception", "_fatal_error"}
    assert len(CLASSES) > 20
