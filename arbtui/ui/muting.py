"""Pinned coins, which stay on top of the grid, and what is muted by hand: coins and venues that may not trade.

Muting is the engine's: it holds for signals and orders, whoever looks. Pinning is the screen's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase, digits

from arbtui.port import Remember, SetMute
from arbtui.ui import text
from arbtui.ui.desk import Desk
from arbtui.ui.registry import Handlers
from arbtui.ui.seat import Seat

_LETTERS = ascii_lowercase + digits


class Muting:
    def __init__(self, desk: Desk, seat: Seat) -> None:
        self._desk = desk
        self._seat = seat

    def handlers(self) -> Handlers:
        return {"mark.next": self.next_mark, "mark.pin": self.pin, "mark.mute": self.mute, "mark.venue": self.venue}

    # coins

    def next_mark(self) -> None:
        """None, pinned, muted, none: of the selected coin."""
        base = self._desk.coin
        if base in self._desk.port.muted_coins:
            self._send(SetMute(base=base, on=False))
        elif base in self._desk.pins:
            self._pin(base, on=False)
            self._send(SetMute(base=base))
        else:
            self._pin(base, on=True)
            self._desk.say(f"{base} is pinned: it stays on top; once more mutes it")
        self._seat.tick_all()

    def pin(self, typed: str) -> str:
        """``COIN``: pin it, or let go of it; without one, the selected coin."""
        base, problem = self._coin(typed)
        if not problem:
            on = base not in self._desk.pins
            self._pin(base, on=on)
            self._desk.say(f"{base} is pinned: it stays on top" if on else f"{base} is pinned no longer")
            self._seat.tick_all()
        return problem

    def mute(self, typed: str) -> str:
        base, problem = self._coin(typed)
        if not problem:
            problem = self._send(SetMute(base=base, on=base not in self._desk.port.muted_coins))
            self._seat.tick_all()
        return problem

    def _coin(self, typed: str) -> tuple[str, str]:
        wanted = (typed.strip() or self._desk.coin).upper()
        known = [*self._desk.port.board.coins, *self._desk.pins, *self._desk.port.muted_coins]
        base = next((base for base in known if base.upper() == wanted), "")
        return base, "" if base else f"there is no coin {wanted}" if wanted else "There is no coin selected"

    def _pin(self, base: str, *, on: bool) -> None:
        pins = [pinned for pinned in self._desk.pins if pinned != base]
        self._desk.pin(tuple([*pins, base] if on else pins))
        kept = self._desk.port.send(Remember("pins", " ".join(self._desk.pins)))
        if not kept.accepted:
            self._desk.say(kept.text, "warning")

    # venues

    def venue(self, typed: str) -> str:
        """``okx off``, ``okx on``, ``okx`` to turn it round; without a name one is chosen."""
        name, _, wish = typed.strip().lower().partition(" ")
        if not name:
            return self._choose()
        found = [venue for venue in self._desk.venues() if venue.startswith(name)]
        if name in found:
            found = [name]
        if len(found) != 1:
            return f"{text.quoted(name)} is no venue of this run; there are {', '.join(self._desk.venues())}"
        if wish.strip() not in ("", "on", "off"):
            return f"{text.quoted(wish)}: say on or off"
        muted = found[0] in self._desk.port.muted_venues
        problem = self._send(SetMute(venue=found[0], on=wish.strip() == "off" if wish else not muted))
        self._seat.tick_all()
        return problem

    def _choose(self) -> str:
        venues = self._desk.venues()
        if not venues:
            return "no venue is known yet"
        letters = letters_for(venues)
        muted = self._desk.port.muted_venues
        choices = {letter: f"{venue}{' (muted)' if venue in muted else ''}" for letter, venue in letters.items()}
        self._seat.choose("mute or unmute", choices, lambda letter: self._told(self.venue(letters[letter])))
        return ""

    def _told(self, problem: str) -> None:
        if problem:
            self._desk.say(problem, "warning")

    def _send(self, command: SetMute) -> str:
        outcome = self._desk.port.send(command)
        if not outcome.accepted:
            return outcome.text
        self._desk.say(outcome.text)
        return ""


def letters_for(names: Sequence[str]) -> dict[str, str]:
    """A letter for each name: the first of its own that is free, else any."""
    found: dict[str, str] = {}
    for name in names:
        letter = next((letter for letter in name.lower() + _LETTERS if letter in _LETTERS and letter not in found), "")
        if letter:
            found[letter] = name
    return found
