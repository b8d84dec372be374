"""What a person confirmed is what the exchange received: the review as painted on a real terminal, held against the
orders that the simulated exchanges say have arrived. Opening and closing, by takers alone and with a leg that rests.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.harness import Sim
from tests.e2e.money import VENUES, Truth, exchanges, home_in, until
from tests.e2e.shown import Shown, shown

pytestmark = pytest.mark.slow

TRIES = 10  # a price may move by more than a bp between review and Y
CALM_S = 0.35  # a key that confirms counts after a pause
TAGS = {"BINA": "binance", "OKX": "okx"}
ENVIRON = {
    "ARBTUI_MARKET__SYMBOLS": '["BTC", "PEPE"]',
    "ARBTUI_PAIRS__SPOT_SPOT": "false",
    "ARBTUI_SIGNALS__THRESHOLD_BPS": "-100",  # no edge is anywhere: a ticket may be sent all the same
    "ARBTUI_HEDGE__MAKER_REST_S": "600",
    "ARBTUI_HEDGE__MAKER_DRIFT_BPS": "60",
}
OPENING, CLOSING = "hedged order", "close hedge"
_REFUSED = ("not sent", "ran out", "nothing was sent", "press Y once more")
_SENT = re.compile(r", turn \d+, ")  # of the page of a hedge
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
    """One order; limit and quantity per coin and in coins. ``lessens``: what a perpetual holds, and nothing else."""

    venue: str
    market: str
    native: str
    side: str
    kind: str
    limit: Decimal
    qty: Decimal
    lessens: bool


class Person:
    """Reads what is painted, and presses one key at a time."""

    def __init__(self, arbtui: Shown) -> None:
        self._arbtui = arbtui

    def goes_to(self, base: str) -> None:
        self._arbtui.press("'", "go to a coin")
        self._arbtui.keys(f"{base}\r")

    def reviewed(self, *, lessens: bool) -> list[Sent]:
        """The orders under review, from the table of legs and from the question."""
        text = self._arbtui.picture()
        rows = text.split("\n")
        at = next(at for at, row in enumerate(rows) if "REVIEW" in row)
        asked = " ".join(row.split("│")[1].strip() for row in rows[at : at + 3])
        natives = {(venue, market, side): native for side, native, venue, market in _WORDS.findall(asked)}
        legs = []
        for tag, market, side, how, limit, qty in _LEG.findall(text):
            native = natives.pop((TAGS[tag], market, side.lower()))
            kind = {"IOC": "ioc", "rest": "post_only"}[how]
            only = lessens and market == "perp"
            legs.append(Sent(TAGS[tag], market, native, side.lower(), kind, number(limit), number(qty), only))
        assert len(legs) == 2, text
        assert not natives, asked
        return legs

    def sends(self, key: str, title: str, *keys: str) -> list[Sent]:
        """Open the ticket, change it by ``keys``, review, confirm; what the review said that would be sent."""
        for _ in range(TRIES):
            self._arbtui.press(key, title)
            for each in (*keys, "\r"):
                self._arbtui.keys(each)
            if self._finds("REVIEW ", "not reviewed") == "REVIEW ":
                meant = self.reviewed(lessens=title.startswith(CLOSING))
                time.sleep(CALM_S)
                self._arbtui.keys("Y")
                if self._finds(*_REFUSED, _SENT) == _SENT:
                    return meant
            self.leaves("REVIEW ", title)
        raise AssertionError(self._arbtui.picture())

    def leaves(self, *pages: str) -> None:
        """What lies on top first."""
        for words in pages:
            if words in self._arbtui.picture():
                self._arbtui.leave(words)

    def _finds(self, *wanted: str | re.Pattern[str]) -> str | re.Pattern[str]:
        """The first of them that is seen."""

        def found() -> str | re.Pattern[str] | None:
            text = self._arbtui.picture()
            return next((each for each in wanted if re.search(each, text)), None)

        seen: str | re.Pattern[str] = until(found, 20, self._arbtui.picture)
        return seen


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
                    bool(order["reduce_only"]),
                )
            )  # fmt: skip
    return orders


def arrived(sim: Sim, base: str, known: set[str], count: int = 2) -> list[Sent]:
    """The same, once so many of them are there."""
    until(lambda: len(received(sim, base, set(known))) >= count, 20)
    return received(sim, base, known)


def hedged(arbtui: Shown, hedge: str) -> None:
    arbtui.until_hedge(hedge, lambda found: found["state"] == "hedged", within_s=60)


@pytest.fixture
def sim() -> Iterator[Sim]:
    with contextlib.closing(exchanges("--symbols", "8")) as sim:
        yield sim


@pytest.fixture
def arbtui(sim: Sim, tmp_path: Path) -> Iterator[Shown]:
    with shown(home_in(tmp_path), sim, environ=ENVIRON) as arbtui:
        arbtui.armed()
        yield arbtui


def test_what_was_reviewed_is_what_the_exchanges_received(sim: Sim, arbtui: Shown) -> None:
    known: set[str] = set()
    person = Person(arbtui)
    for base, *keys in [("BTC",), ("PEPE", "-"), ("PEPE", "u", "-")]:
        person.goes_to(base)
        meant = person.sends("o", f"{OPENING} {base}", *keys)
        assert sorted(arrived(sim, base, known), key=repr) == sorted(meant, key=repr)
        person.leaves(", turn 1, ")
    person.goes_to("BTC")
    (hedge,) = (name for name, found in arbtui.state()["hedges"].items() if "BTC" in found["legs"][0])
    hedged(arbtui, hedge)
    for turn, less in ((2, "-"), (3, "")):  # three quarters of it, then the rest
        meant = person.sends("O", f"{CLOSING} BTC", *less)
        assert sorted(arrived(sim, "BTC", known), key=repr) == sorted(meant, key=repr)
        person.leaves(f", turn {turn}, ")
    arbtui.until_state(hedge, "done")


def test_a_leg_that_rests_is_post_only_within_its_limit_and_each_fill_is_covered_as_reviewed(
    sim: Sim, arbtui: Shown
) -> None:
    known: set[str] = set()
    person = Person(arbtui)
    person.goes_to("BTC")
    for key, title, turn in (("o", f"{OPENING} BTC", 1), ("O", f"{CLOSING} BTC", 2)):
        rests, covers = sorted(person.sends(key, title, "m"), key=lambda order: order.kind != "post_only")
        (hedge,) = arbtui.state()["hedges"]
        arrived(sim, "BTC", set(known), 1)
        sim.fault("fill_races_cancel", venue=rests.venue)  # so that it fills now, if it has not yet
        arbtui.ask("cancel", hedge=hedge)
        arbtui.until_state(hedge, "hedged" if turn == 1 else "done", within_s=30)
        came = arrived(sim, "BTC", known)
        makers = [order for order in came if order.kind == "post_only"]
        takers = [order for order in came if order.kind != "post_only"]
        for order in makers:
            sign = 1 if order.side == "buy" else -1
            assert sign * order.limit <= sign * rests.limit
            assert same(order) == same(rests)
        assert {(order.limit, same(order)) for order in takers} == {(covers.limit, same(covers))}
        assert makers[0].qty == rests.qty
        assert sum(order.qty for order in takers) == covers.qty
        person.leaves(f", turn {turn}, ")


def same(order: Sent) -> tuple[object, ...]:
    """What all orders of a leg have in common, in however many parts they are sent."""
    return order.venue, order.market, order.native, order.side, order.kind, order.lessens
