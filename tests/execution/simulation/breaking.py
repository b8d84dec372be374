"""How one rule of the product is broken in this process alone."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from arbtui.core.orders import OrderEvent
from arbtui.execution.lines import Line

Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Mutant:
    """``held_by``: what else of the product keeps the broken rule from doing harm, so that no seed can notice.

    ``rare``: noticed once in thousands of episodes; for the command, too long for a suite.
    """

    name: str
    breaks: str
    apply: Callable[[Patch], None]
    held_by: str = ""
    rare: bool = False


MUTANTS: dict[str, Mutant] = {}


def mutant(
    breaks: str, *, held_by: str = "", rare: bool = False
) -> Callable[[Callable[[Patch], None]], Callable[[Patch], None]]:
    def keep(apply: Callable[[Patch], None]) -> Callable[[Patch], None]:
        MUTANTS[apply.__name__] = Mutant(apply.__name__, breaks, apply, held_by, rare)
        return apply

    return keep


def everywhere(patch: Patch, function: Callable[..., object], instead: Callable[..., object]) -> None:
    """In every module that has it by name."""
    for name, module in list(sys.modules.items()):
        if name.startswith("arbtui.execution"):
            for attribute, value in list(vars(module).items()):
                if value is function:
                    patch.setattr(module, attribute, instead)


def heard_as(patch: Patch, change: Callable[[Line, OrderEvent], OrderEvent | None]) -> None:
    """Orders hear something else than what was told; None: nothing."""
    hear = Line.hear

    def changed(line: Line, event: OrderEvent) -> None:
        if (heard := change(line, event)) is not None:
            hear(line, heard)

    patch.setattr(Line, "hear", changed)
