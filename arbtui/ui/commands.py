"""The ``:`` commands: what was typed as an action and its argument, what it may become, and why it is none. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arbtui.ui import text
from arbtui.ui.actions import ACTIONS
from arbtui.ui.filter import fuzzy
from arbtui.ui.registry import COMMAND_SCOPES, Action

if TYPE_CHECKING:
    from arbtui.ui.desk import Desk

_OF_THE_KEYBOARD = ("command", "palette", "interrupt")  # they mean nothing as a command
COMMANDS = tuple(action for action in ACTIONS if action.scope in COMMAND_SCOPES and action.id not in _OF_THE_KEYBOARD)
_BY_WORD = {word: action for action in COMMANDS for word in (action.id, action.word)}


@dataclass(frozen=True)
class Offer:
    """One row of the list above the line: ``line`` is what the line becomes, ``form`` how it goes on."""

    line: str
    form: str
    about: str
    keys: str


def parse(typed: str) -> tuple[Action, str] | str:
    """The action and its argument; or what is wrong, in a sentence, with the nearest that is right."""
    word, _, argument = typed.strip().partition(" ")
    argument = argument.strip()
    action = _BY_WORD.get(word)
    if action is None:
        return f'there is no command "{text.short(word)}"; the nearest is "{nearest(word)}"'
    if argument and action.takes is None:
        return f'"{word}" takes nothing after it'
    if not argument and action.takes is not None and action.takes.needed:
        return f'"{word}" wants {action.takes.form}'
    return action, argument


def nearest(word: str) -> str:
    found = difflib.get_close_matches(text.short(word), _BY_WORD, n=1, cutoff=0.0)[0]
    return _BY_WORD[found].word


def find(typed: str, *, named: bool = False) -> list[Action]:
    """Commands whose word, id or sentence has these letters, best first; all for none. ``named``: word or id alone."""
    letters = typed.strip().lower()
    if not letters:
        return list(COMMANDS)
    ranked = [(rank, action) for action in COMMANDS if (rank := _rank(letters, action, named=named)) is not None]
    return [action for _, action in sorted(ranked, key=lambda found: found[0])]


def _rank(letters: str, action: Action, *, named: bool) -> tuple[int, int] | None:
    """The lower, the better it fits; None: it does not."""
    word = action.word.lower()
    if word.startswith(letters):
        return 0, len(word)
    skipped = [fuzzy(letters, name) for name in (word, action.id)]
    found = [each for each in skipped if each is not None]
    if found:
        return 1, min(found)
    return (2, 0) if not named and all(part in action.about.lower() for part in letters.split()) else None


def offers(desk: Desk, typed: str) -> list[Offer]:
    """What the line may become."""
    word, space, rest = typed.lstrip().partition(" ")
    if not space:
        return [offer(desk, action) for action in find(word, named=True)]
    action = _BY_WORD.get(word)
    if action is None or action.takes is None:
        return []
    words = rest.split(" ")
    last = words[-1].lower()
    given = [*(f"{one} " for one in words[:-1])]
    fits = [one for one in action.takes.complete(desk, words) if one.lower().startswith(last)]
    fits += [one for one in action.takes.complete(desk, words) if one not in fits and last and fuzzy(last, one.lower())]
    return [Offer(f"{word} {''.join(given)}{one}", "", "", "") for one in fits] or [_form(desk, action, typed)]


def offer(desk: Desk, action: Action) -> Offer:
    """A command as a row: what it does, or why it cannot be done now."""
    form = action.takes.form if action.takes is not None else ""
    refused = action.guard(desk) if action.guard is not None else ""
    about = f"not now: {refused}" if refused else action.about
    return Offer(action.word, form, about, " ".join(desk.keys.spoken(action.id)))


def _form(desk: Desk, action: Action, typed: str) -> Offer:
    shown = offer(desk, action)
    return Offer(typed.lstrip(), shown.form, shown.about, shown.keys)


def after(history: Sequence[str], typed: str) -> list[str]:
    """The history with a line more; the same line twice stands once, at its latest place."""
    return [*(line for line in history if line != typed), typed][-50:]
