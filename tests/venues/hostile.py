"""What hostile bytes may make of a private side: the claims are here once, each venue brings its answers and pushes.

HOSTILE = Hostile(place=place(), nos={"no": refusal}, still_a_no=b'"code":7', ...)     tests/venues/<venue>/hostile.py
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from arbtui.core import orders as words
from arbtui.core.errors import OutcomeUnknown, ProtocolBroken, VenueRefused
from arbtui.core.model import Market
from arbtui.venues.private import PrivateCall, PrivateSession, RightsCall
from tests.venues.fuzzing import Report, fuzz

ALLOWED = (ProtocolBroken, OutcomeUnknown, VenueRefused)
BROKEN = frozenset({"not_json", "not_utf8", "unknown_shape", "bad_number", "bad_price", "bad_size"})
STAMP_MS = 1_700_000_000_000
T_NS = STAMP_MS * 1_000_000


@dataclass(frozen=True)
class Told:
    """A call, and sound answers to it, the first of which brings an event of ``kind``, or "refused:<error>"."""

    kind: str
    call: PrivateCall
    answers: Sequence[bytes]
    by_a_no: bool = False  # the first answer is a refusal


@dataclass(frozen=True, kw_only=True)
class Hostile:
    place: PrivateCall
    nos: Mapping[str, bytes]  # sound refusals of it
    still_a_no: bytes | None  # what stands in them as long as they are refusals; None: whatever is done to them
    success: str | None  # the code that no refusal bears, where there are codes
    reads: Mapping[str, Told]
    statuses: Sequence[int]  # of HTTP, under which none of the answers counts
    refusals_count: frozenset[int] = frozenset()  # those of them under which a refusal is one all the same
    no_fill: frozenset[str] = frozenset({""})  # ids that no fill has
    claims: Sequence[Callable[[Any], None]]  # what holds for its events besides
    silent: Mapping[str, tuple[PrivateCall, bytes]]  # what tells nothing by itself, and leads on
    key: tuple[RightsCall, Mapping[str, bytes]] | None  # what the key may do
    session: PrivateSession
    frames: Mapping[str, bytes]
    reached: frozenset[str]  # kinds of events that the frames bring
    broken: frozenset[str] = BROKEN

    def check(self, event: Any) -> None:
        """What holds for every word about an account."""
        _check_fields(event)
        for claim in self.claims:
            claim(event)
        match event:
            case words.OrderReport():
                _check_order(event)
            case words.Fill():
                assert event.price > 0, event
                assert event.qty > 0, event
                assert event.fill_id not in self.no_fill, event
            case words.Position():
                _check_position(event)
            case words.Balance():
                assert event.free is None or event.free >= 0, event
            case words.FundingPaid():
                assert event.payment_id, event
                assert event.ccy, event
            case words.LeverageRead():
                assert event.leverage > 0, event
            case words.Rejected() | words.CancelRefused():
                assert event.code != self.success, event
            case _:
                pass

    def spoil_answer(self, name: str, rounds: int, status: int) -> Report:
        told = self.reads[name]

        def read(body: bytes) -> Sequence[Any]:
            events = told.call.read(status, body, T_NS)
            if told.call.next_page is not None:
                told.call.next_page(status, body, STAMP_MS)
            return events

        seeds = {f"{name} {number}": body for number, body in enumerate(told.answers)}
        return fuzz(read, seeds, rounds, status, allowed=ALLOWED, check=self.check)

    def spoil_silent(self, name: str) -> Report:
        call, body = self.silent[name]

        def read(body: bytes) -> Sequence[Any]:
            events = call.read(200, body, T_NS)
            assert call.next_page is not None
            call.next_page(200, body, STAMP_MS)
            return events

        return fuzz(read, {name: body}, 500, 5, allowed=ALLOWED, check=self.check)

    def spoil_key(self) -> Report:
        assert self.key is not None
        call, answers = self.key

        def read(body: bytes) -> Sequence[Any]:
            found = call.read(200, body)
            assert found.text
            assert set(found.trade) == set(Market)
            assert set(found.trade.values()) <= {True, False, None}
            return ()

        return fuzz(read, answers, 1500, 3, allowed=ALLOWED)

    def yeses_of_a_no(self) -> list[bytes]:
        """Spoilt refusals that came out as a yes."""
        seen: list[bytes] = []

        def read(body: bytes) -> Sequence[Any]:
            events = self.place.read(200, body, T_NS)
            seen.extend(body for event in events if isinstance(event, words.Accepted))
            return events

        fuzz(read, self.nos, 4000, 11, allowed=ALLOWED, check=self.check)
        return seen

    def spoil_pushes(self) -> Report:
        def decode(frame: bytes) -> Sequence[Any]:
            return self.session.decode(frame, T_NS)

        return fuzz(decode, self.frames, 8500, 7, check=self.check)


def orders_have_ids(event: Any) -> None:
    assert not isinstance(event, words.Accepted | words.OrderReport) or event.order_id, event


def orders_have_a_size(event: Any) -> None:
    assert not isinstance(event, words.OrderReport) or event.qty is None or event.qty > 0, event


def fees_have_a_currency(event: Any) -> None:
    assert not isinstance(event, words.Fill) or (event.fee is None) == (event.fee_ccy == ""), event


def assets_have_names(event: Any) -> None:
    assert not isinstance(event, words.Balance) or event.asset, event


def _check_fields(event: Any) -> None:
    for name in getattr(event, "__struct_fields__", ()):
        value = getattr(event, name)
        if isinstance(value, Decimal):
            assert value.is_finite(), event
        if name in ("t_ms", "t_ns"):
            assert value is None or (type(value) is int and value >= 0), event
        if name in ("client_id", "order_id", "text", "code", "native"):
            assert isinstance(value, str), event


def _check_order(event: words.OrderReport) -> None:
    assert event.order_id or event.told == "answer", event
    assert event.native, event
    assert event.filled is None or event.filled >= 0, event
    assert event.status is not words.OrderStatus.FILLED or event.filled is not None, event
    assert all(value is None or value > 0 for value in (event.price, event.avg_price)), event


def _check_position(event: words.Position) -> None:
    assert event.native, event
    assert event.held != "long" or event.qty >= 0, event
    assert event.held != "short" or event.qty <= 0, event
    assert all(value is None or value > 0 for value in (event.entry_price, event.liquidation_price)), event
