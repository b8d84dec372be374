"""The screen, as far as the groups of actions beside it need it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from arbtui.ui.picker import Choice
from arbtui.ui.prompt import Question
from arbtui.ui.ticket.page import Page


class Seat(Protocol):
    def run(self, action_id: str, argument: str = "") -> str:
        """Do an action; why not, "" = done."""
        ...

    def ask(self, question: Question) -> None:
        """Have something typed on the bottom line."""
        ...

    def choose(self, title: str, choices: dict[str, str], choose: Callable[[str], None]) -> None:
        """One letter out of several, on the bottom line."""
        ...

    def open_panel(self, page: Page) -> None: ...

    def pick(self, choice: Choice) -> None:
        """Open the picker."""
        ...

    def go_to_coin(self, base: str) -> None:
        """Bring a coin under the cursor, past the filter if that hides it."""
        ...

    def pointed_hedge(self) -> str:
        """The hedge under the cursor of the pane in focus; "" where that pane shows none."""
        ...

    def tick_all(self) -> None:
        """Show everything as it is now."""
        ...
