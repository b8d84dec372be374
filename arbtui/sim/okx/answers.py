"""What a private request of OKX may come to, besides rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from arbtui.sim import reading
from arbtui.sim.accounts import Account
from arbtui.sim.limits import PerWindow
from arbtui.sim.reading import Ask


class Failed(Exception):
    """A refusal of the whole request: OKX's code, text and HTTP status."""

    def __init__(self, code: str, text: str, status: int = 200) -> None:
        super().__init__(text)
        self.code = code
        self.status = status


class Outcome(Exception):
    """Rows of an order request of which all (``code`` 1) or some (2) were refused."""

    def __init__(self, code: str, rows: list[Any]) -> None:
        super().__init__(code)
        self.code = code
        self.rows = rows


def whole(ask: Ask, name: str, default: int) -> int:
    """A whole number, if it is given."""
    given = str(ask.get(name, ""))
    found = reading.whole(given) if given else default
    if found is None:
        raise Failed("51000", f"Parameter {name} error", 400)
    return found


@dataclass(slots=True)
class Endpoint:
    """A private path: its answer, and how many requests in 2 s one account has (for each instrument, ``per_inst``).

    ``verb``: what faults with lost answers call it. ``many``: it may be asked with a list.
    """

    answer: Callable[[Account, Any], list[Any]]
    limit: int
    per_inst: bool = False
    verb: str = ""
    many: bool = False
    used: PerWindow = field(init=False)

    def __post_init__(self) -> None:
        self.used = PerWindow(self.limit, 2)
