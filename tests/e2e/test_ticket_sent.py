"""What a person confirmed is what the exchange received: the review as painted on a real terminal, held against the
orders that the simulated exchanges say have arrived.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pyte
import pytest

from tests.e2e.harness import Sim
from tests.e2e.money import VENUES, Truth, exchanges, home_in, until
from tests.e2e.shown import Shown, shown

pytestmark = pytest.mark.slow

TRIES = 10  # a price may move by more than a bp between review and Y
TAGS = {"BINA": "binance", "OKX": "okx"}
ENVIRON = {
    "ARBTUI_MARKET__SYMBOLS": '["BTC", "PEPE"]',
    "ARBTUI_PAIRS__SPOT_SPOT": "false",
    "ARBTUI_SIGNALS__THRESHOLD_BPS": "-100",  # no edge is anywhere: a ticket may be sent all the same
}
_REFUSED = ("not sent", "ran out", "nothing was sent", "press Y once more")
_SENT = ", turn 1, "  # of the page of a hedge
_LEG = re.compile(r"(BINA|OKX) +(perp|spot) +(BUY|SELL) +(IOC|rest) +(\S+) +(\S+) ")
_WORDS = re.compile(r"(buy|sell) (\S+) on (\w+) (perp|spot)")
_ZEROS = re.compile("0\\.0([₀-₉]+)")
_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def number(words: str) -> Decimal:
    """A figure as the screen writes it; ``0.0₅12`` has five zeros behind the point."""
    plain = _ZEROS.sub(lambda found: "0." + "0" * int(found[1].translate(_DIGITS)), words)
    return Decimal(plain.replace(",", ""))


@dataclass(frozen=True)
class Sent:
    """One order; limit and quantity per coin and in coins."""

    venue: str
    market: str
    native: str
    side: str
    kind: str
    limit: Decimal
    qty: Decimal


class Person:
    """Reads what is painted, and presses one key at a time."""

    def __init__(self, arbtui: Shown) -> None:
        self._arbtui = arbtui
        self._screen = pyte.Screen(120, 40)
        self._stream = pyte.ByteStream(self._screen)
        self._read = 0

    def text(self) -> str:
        seen = bytes(self._arbtui.seen)
        self._stream.feed(re.sub(rb"\x1b\[[<>]\d*u", b"", seen[self._read :]))
        self._read = len(seen)
        return "\n".join(self._screen.display)

    def shows(self, words: str, within_s: float = 8.0) -> None:
        until(lambda: words in self.text(), within_s, self.text)

    def press(self, *keys: str) -> None:
        for key in keys:
            self._arbtui.keys(key)
            time.sleep(0.35)  # a key that confirms counts after a pause

    def reviewed(self) -> list[Sent]:
        """The orders under review, from the table of legs and from the question."""
        text = self.text()
        rows = text.split("\n")
        at = next(at for at, row in enumerate(rows) if "REVIEW" in row)
        asked = " ".join(row.split("│")[1].strip() for row in rows[at : at + 3])
        natives = {(venue, market, side): native for side, native, venue, market in _WORDS.findall(asked)}
        legs = []
        for tag, market, side, how, limit, qty in _LEG.findall(text):
            native = natives.pop((TAGS[tag], market, side.lower()))
            kind = {"IOC": "ioc", "rest": "post_only"}[how]
            legs.append(Sent(TAGS[tag], market, native, side.lower(), kind, number(limit), number(qty)))
        assert len(legs) == 2, text
        assert not natives, asked
        return legs

    def sends(self, *keys: str) -> list[Sent]:
        """Open the ticket, change it by ``keys``, review, confirm; what the review said that would be sent."""
        for _ in range(TRIES):
            self.press("o")
            self.shows("hedged order")
            self.press(*keys, "\r")
            if until(lambda: found_in(self.text(), "REVIEW ", "not reviewed"), 8, self.text) == "REVIEW ":
                meant = self.reviewed()
                self.press("Y")
                said = until(lambda: found_in(self.text(), *_REFUSED, _SENT), 15, self.text)
                if said == _SENT:
                    return meant
            self.press("\x1b", "\x1b")
        raise AssertionError(self.text())


def found_in(text: str, *words: str) -> str:
    """The first of them that is there; "" where none is."""
    return next((each for each in words if each in text), "")


def received(sim: Sim, base: str, known: set[str]) -> list[Sent]:
    """The orders that arrived since, as the exchanges have them."""
    truth = Truth.of(sim, base)
    orders = []
    for venue in VENUES:
        for order in truth.accounts[venue]["orders"]:
            if order["client_id"] in known:
                continue
            known.add(order["client_id"])
            row = truth.markets[venue][order["market"]][order["native"]]
            orders.append(
                Sent(
                    venue, order["market"], order["native"], order["side"], order["kind"],
                    Decimal(order["price"]) / Decimal(row["price_factor"]),
                    Decimal(order["qty"]) * Decimal(row["multiplier"]),
                )
            )  # fmt: skip
    return orders


def arrived(sim: Sim, base: str, known: set[str]) -> list[Sent]:
    """The same, once two of them are there."""
    until(lambda: len(received(sim, base, set(known))) >= 2, 5)
    return received(sim, base, known)


@pytest.fixture
def sim() -> Iterator[Sim]:
    with contextlib.closing(exchanges("--symbols", "8")) as sim:
        yield sim


def test_what_was_reviewed_is_what_the_exchanges_received(sim: Sim, tmp_path: Path) -> None:
    known: set[str] = set()
    with shown(home_in(tmp_path), sim, environ=ENVIRON) as arbtui:
        arbtui.armed()
        person = Person(arbtui)
        for base, *keys in [("BTC",), ("PEPE", "-"), ("PEPE", "u", "-")]:
            person.press(f"'{base}", "\r")
            meant = person.sends(*keys)
            found = arrived(sim, base, known)
            assert sorted(found, key=repr) == sorted(meant, key=repr)
            person.press("\x1b", "\x1b")
