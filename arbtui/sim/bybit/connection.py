"""What all sockets of Bybit have in common: a name, JSON requests, and an end when nothing was heard for long.

Those of an account are told by their address how long that is, and look for it twice a minute.
"""

from __future__ import annotations

import zlib
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from arbtui.sim.accounts import Account
from arbtui.sim.base import Call, Session
from arbtui.sim.bybit import tables
from arbtui.sim.bybit.signed import logged_in
from arbtui.sim.reading import Ask, json_object

if TYPE_CHECKING:
    from arbtui.sim.bybit.venue import Bybit

_NS_PER_S = 1_000_000_000
_LETTERS = "0123456789abcdefghijklmnopqrstuv"


class Connection(Session):
    """One socket."""

    kind: ClassVar[str] = ""  # in what its name is made of
    look_every_s: ClassVar[int] = 0  # for silence, each second at the most

    def __init__(self, venue: Bybit, call: Call) -> None:
        super().__init__(venue, call)
        self._bybit = venue
        self._idle_s = tables.IDLE_S
        self._conn_id = ""
        self._heard_ns = 0
        self._looked_ns = 0

    @abstractmethod
    def on_ask(self, ask: Ask | None) -> None:
        """A request came; None: it is no JSON object."""

    def opened(self) -> None:
        self._heard_ns = self._looked_ns = self.opened_ns
        self._conn_id = _name(f"{self.call.client}/{self.kind}{self.opened_ns}/{len(self.hub.sessions)}")

    def on_second(self, now_ns: int) -> None:
        if now_ns - self._looked_ns < self.look_every_s * _NS_PER_S:
            return
        self._looked_ns = now_ns
        if now_ns - self._heard_ns > self._idle_s * _NS_PER_S:
            self.drop()

    def on_ping(self, payload: bytes) -> None:
        self._heard_ns = self.hub.now_ns()
        super().on_ping(payload)

    def on_text(self, text: str) -> None:
        self._heard_ns = self.hub.now_ns()
        self.on_ask(json_object(text))


class AccountConnection(Connection):
    """One socket that wants a login."""

    look_every_s: ClassVar[int] = 30

    def __init__(self, venue: Bybit, call: Call) -> None:
        super().__init__(venue, call)
        self._idle_s = idle_s(call.query.get("max_active_time", ""))
        self.private = True
        self._account: Account | None = None

    @property
    def logged_in(self) -> bool:
        return self._account is not None

    def log_in(self, args: Any) -> None:
        """Raises ``Failed``."""
        self._account = logged_in(self._bybit.private.desk, args, self._bybit.view.now_ms())


def idle_s(asked: str) -> int:
    """``max_active_time``: 30s to 600s, or minutes; what cannot be read is the usual ten minutes."""
    number, unit = asked[:-1], asked[-1:]
    if not (number.isascii() and number.isdecimal() and len(number) <= 4) or unit not in ("s", "m"):
        return tables.IDLE_S
    return min(600, max(30, int(number) * (60 if unit == "m" else 1)))


def _name(of: str) -> str:
    """``d6ki1eae0cl5msgggj7g-1uoz2``."""
    number = int.from_bytes(b"".join(zlib.crc32(f"{of}/{n}".encode()).to_bytes(4, "big") for n in range(4)), "big")
    text = "".join(_LETTERS[number >> 5 * n & 31] for n in range(25))
    return f"{text[:20]}-{text[20:]}"
