"""Hedges that stand open in the journals of other modes, said at the start of a run.

A mode follows from settings: who adds a testnet has another mode, another journal, and what the one before holds open
would be seen by nobody. The journals of the other modes are only read, the steps of their hedges alone; what cannot be
read is said, since something may be open there. A mode in which an arbtui runs now is that one's business.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from arbtui.config import Paths
from arbtui.core.errors import ArbtuiError, JournalError
from arbtui.engine.control import listens
from arbtui.engine.modes import ALL, OF_ACCOUNTS
from arbtui.engine.orders import journal_path
from arbtui.execution.lifecycle import State, after
from arbtui.execution.ports import Record
from arbtui.execution.records import STEP, Stepped, fact_of
from arbtui.storage import journal as journals

NAMED = 5  # hedges; more are a number


def open_elsewhere(paths: Paths, mode: str) -> Iterator[tuple[str, str]]:
    """(level, sentence) for each other mode in which hedges are open, or may be. Reads files: not on the loop."""
    for other in ALL:
        folder = paths.data(other)
        level = "warning" if other in OF_ACCOUNTS else "info"
        try:
            if other == mode or not journal_path(folder).exists() or listens(folder):
                continue
            hedges = open_in(journal_path(folder))
        except (ArbtuiError, OSError) as error:
            yield level, f"what is open in {other} is not known: {error}"
            continue
        if hedges:
            yield level, _in_words(hedges, other, mode)


def _in_words(hedges: list[str], other: str, mode: str) -> str:
    named = ", ".join(hedges[:NAMED]) + (" ..." if len(hedges) > NAMED else "")
    many = f"{len(hedges)} hedges are" if len(hedges) > 1 else "a hedge is"
    return (
        f"{many} open in {other} ({named}), and this run ({mode}) does not look after them: start arbtui in that mode "
        f"to do so; `arbtui journal --mode {other.lower()}` tells of them."
    )


def open_in(path: Path) -> list[str]:
    """Hedges of a journal that have not ended, oldest first. Raises JournalError, BadRecord or WrongStep.

    By their steps: one that has ended and is still in doubt counts as ended, as the journal's words have it.
    """
    states: dict[str, State] = {}
    for entry in journals.read(path, kind=STEP):
        fact = fact_of(Record(entry.t_ns, entry.hedge, entry.kind, entry.body))
        if not isinstance(fact, Stepped):
            raise JournalError(f"{path} calls something a step that is none (record {entry.seq})")
        states[entry.hedge] = after(states.get(entry.hedge, State.PREVIEWED), fact.step)
    return [hedge for hedge, state in states.items() if not state.ended]
