"""Hostile bytes for decoders: what goes in is nearly a frame, what comes out is an event or ``ProtocolBroken``.

    report = assert_event_or_typed_error(session, {"bbo": b'{...}', "ack": b'{...}'}, rounds=2000, rng_seed=1)
    assert report.reached >= {"Quote", "Subscribed"}

Each seed is a sound frame of one message kind. It is fed once as it is, then in ``rounds`` mutations spread evenly over
the seeds: bytes flipped, cut, doubled; values swapped for values of other types, huge and special numbers, nested
nulls, hostile Unicode; keys dropped, renamed, repeated. Whatever comes out is checked: a price that is not one, a time
that is no integer, or text that is no number fails the test, naming the frame.
"""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import inf
from typing import Any

from arbtui.core import events
from arbtui.core.errors import ProtocolBroken, VenueRefused
from arbtui.core.events import Event
from arbtui.core.model import Instrument
from arbtui.venues.base import HttpRequest, Session, Tables, Venue

T_NS = 1_791_382_994_700_000_000

HOSTILE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 1.5, -0.0, 1e308, -1e308, 1e-320, 2**31, 2**53, 2**63, 2**64, 10**30, -(10**30),
    10**400, float("nan"), float("inf"), -float("inf"),
    "", " ", "0", "-0", "0.00000000", "-1", "1", "2", "nan", "NaN", "inf", "-Infinity", "1e400", "-1e400", "1e-400",
    "1e999999999", "0x10", "1_0", "+1", ".5", "1.", "01", "1,5", "1 000", "null", "true", "[]", "9" * 400, "9" * 5000,
    "0." + "0" * 300 + "1", "١٢٣", "１２", "币安人生USDT", "\u0000", "\ud800", "\ufeff", "\u202e", "💣" * 50, "A" * 99,
    [], {}, [None], [[None]], [[]], [[[]]], [["1"]], [["1", "1", "1", "1"]], [["nan", "1"]], [["1", "-1"]], [[1, 1]],
    {"a": None}, {"": {"": {"": None}}}, [{}], [[{}]], "BTCUSDT", "BTC-USDT", "btcusdt@depth", "snapshot", "update",
)  # fmt: skip


class _Raw(str):
    """JSON text to be put in as it is."""


DEEP = _Raw("[" * 3000 + "]" * 3000)
TOO_DEEP = _Raw('{"a":' * 20000 + "null" + "}" * 20000)


def _write(value: Any, rng: random.Random) -> bytes:
    """``value`` as JSON, ``_Raw`` verbatim. Lone surrogates become escapes, or the bytes that they must not be."""
    marks: dict[str, str] = {}

    def mark(node: Any) -> Any:
        if isinstance(node, _Raw):
            marks[f"@raw{len(marks)}@"] = str(node)
            return f"@raw{len(marks) - 1}@"
        if isinstance(node, dict):
            return {key: mark(item) for key, item in node.items()}
        return [mark(item) for item in node] if isinstance(node, list) else node

    text = json.dumps(mark(value), ensure_ascii=rng.random() < 0.5, separators=(",", ":"))
    for name, raw in marks.items():
        text = text.replace(f'"{name}"', raw)
    return text.encode("utf-8", "surrogatepass")


def _nodes(value: Any, out: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Every (container, key or index) below ``value``."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        out.append((value, key))
        _nodes(child, out)
    return out


def mutate_tree(frame: bytes, rng: random.Random) -> bytes:
    """One to three changes to what the frame says; it stays JSON."""
    try:
        value = json.loads(frame)
    except ValueError:
        return mutate_bytes(frame, rng)  # not JSON to begin with (a text "pong")
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        nodes = _nodes(value, [])
        if not nodes:
            return _write(rng.choice(HOSTILE), rng)
        container, key = rng.choice(nodes)
        match rng.randrange(8):
            case 0 | 1 | 2 | 3:
                container[key] = copy.deepcopy(rng.choice(HOSTILE))
            case 4:
                del container[key]
            case 5:
                other, other_key = rng.choice(nodes)
                if other_key in other if isinstance(other, dict) else other_key < len(other):
                    container[key] = copy.deepcopy(other[other_key])
            case 6:
                if isinstance(container, dict):
                    container[rng.choice(("", "x", "e", "data", "id", str(key).swapcase()))] = container.pop(key)
                else:
                    container.insert(key, copy.deepcopy(container[key]))
            case _:
                container[key] = rng.choice((DEEP, TOO_DEEP, _Raw("-"), _Raw("1e400"), _Raw("1" * 5000), _Raw("NaN")))
    return _write(value, rng)


def mutate_bytes(frame: bytes, rng: random.Random) -> bytes:
    """One to three changes to the bytes; what comes out is seldom JSON."""
    data = bytearray(frame)
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = rng.randrange(len(data) + 1)
        end = min(len(data), at + rng.randrange(1, 40))
        match rng.randrange(7):
            case 0 if at < len(data):
                data[at] ^= 1 << rng.randrange(8)
            case 1:
                del data[at:]
            case 2:
                del data[at:end]
            case 3:
                data[at:at] = data[at:end]
            case 4:
                data[at:at] = rng.randbytes(rng.randrange(1, 6))
            case 5:
                data[at:at] = rng.choice(
                    (b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b'\\ud800"', b"\x00", b"\xef\xbb\xbf")
                )
            case _ if at < len(data):
                data[at] = rng.choice(b'{}[]",:0-.eE+tfn\\ ')
    return bytes(data)


@dataclass
class Report:
    """What was reached. ``reached`` are event kinds that the sound seeds gave; counters are over all frames."""

    reached: set[str] = field(default_factory=set)
    by_seed: dict[str, set[str]] = field(default_factory=dict)  # seed -> kinds it gave unmutated
    events: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)  # ProtocolBroken kinds
    frames: int = 0

    def __str__(self) -> str:
        return f"{self.frames} frames; events {dict(self.events)}; refused {dict(self.errors)}"


def fuzz(
    decode: Callable[[bytes], Sequence[Event]],
    seeds: Mapping[str, bytes],
    rounds: int,
    rng_seed: int,
    *,
    allowed: tuple[type[Exception], ...] = (ProtocolBroken,),
    check: Callable[[Event], None] | None = None,
) -> Report:
    """Feed every seed and then ``rounds`` mutations of them to ``decode``; anything but events or ``allowed`` fails."""
    rng = random.Random(rng_seed)
    report = Report()
    for name, frame in seeds.items():
        kinds = _feed(decode, name, frame, report, allowed, check)
        report.by_seed[name] = kinds
        report.reached |= kinds
    names = list(seeds)
    for number in range(rounds):
        name = names[number % len(names)]
        mutate = mutate_tree if rng.random() < 0.7 else mutate_bytes
        _feed(decode, name, mutate(seeds[name], rng), report, allowed, check)
    return report


def _feed(
    decode: Callable[[bytes], Sequence[Event]],
    name: str,
    frame: bytes,
    report: Report,
    allowed: tuple[type[Exception], ...],
    check: Callable[[Event], None] | None,
) -> set[str]:
    report.frames += 1
    kinds: set[str] = set()
    try:
        for event in decode(frame):
            check_event(event)
            if check is not None:
                check(event)
            kinds.add(type(event).__name__)
            report.events[type(event).__name__] += 1
    except allowed as error:
        kind = error.kind if isinstance(error, ProtocolBroken) else type(error).__name__
        report.errors[kind] += 1
        kinds.add(f"refused:{kind}")
        if not str(error):
            raise AssertionError(f"{name}: an error without words for {frame[:300]!r}") from error
    except Exception as error:
        raise AssertionError(f"{name}: {type(error).__name__}: {error} from {frame[:600]!r}") from error
    return kinds


def assert_event_or_typed_error(session: Session, seeds: Mapping[str, bytes], rounds: int, rng_seed: int) -> Report:
    """``fuzz`` for a session's frames."""
    return fuzz(lambda frame: session.decode(frame, T_NS), seeds, rounds, rng_seed)


def assert_http_event_or_typed_error(
    venue: Venue, tables: Tables, seeds: Mapping[str, tuple[HttpRequest, bytes]], rounds: int, rng_seed: int
) -> Report:
    """``fuzz`` for answers of the REST side: ``rounds`` for each seed, ``VenueRefused`` allowed as well."""
    total = Report()
    for name, (request, body) in seeds.items():

        def decode(data: bytes, request: HttpRequest = request) -> Sequence[Event]:
            return venue.decode_http(request, 200, data, tables, T_NS)

        report = fuzz(decode, {name: body}, rounds, rng_seed, allowed=(ProtocolBroken, VenueRefused))
        total.reached |= report.reached
        total.by_seed |= report.by_seed
        total.events += report.events
        total.errors += report.errors
        total.frames += report.frames
    return total


# --- what an event may be ---------------------------------------------------------------------------------------------


def _is_stamp(value: object) -> bool:
    return value is None or (type(value) is int and 0 <= value < 2**63)


def _is_number(text: object, *, above: Decimal | None = None, at_least: Decimal | None = None) -> bool:
    if text is None:
        return True
    if not isinstance(text, str):
        return False
    value = Decimal(text)
    if not value.is_finite() or not -inf < float(text) < inf:
        return False
    return (above is None or value > above) and (at_least is None or value >= at_least)


def check_event(event: Event) -> None:
    """Assert what holds for every event of every venue."""
    zero = Decimal(0)
    match event:
        case events.Quote():
            for price, size in ((event.bid, event.bid_qty), (event.ask, event.ask_qty)):
                assert (price is None) == (size is None), event
                assert price is None or (type(price) is float and 0.0 < price < inf), event
                assert size is None or (type(size) is float and 0.0 < size < inf), event
            assert _is_stamp(event.exchange_ms), event
            assert _is_stamp(event.seq), event
            assert event.seq is not None, event
        case events.Mid():
            assert event.mid is None or 0.0 < event.mid < inf, event
        case events.BookSnapshot() | events.BookDelta():
            for level in (*event.bids, *event.asks):
                assert len(level) >= 2, event
                assert all(isinstance(text, str) for text in level), event
            assert _is_stamp(event.exchange_ms), event
        case events.Ticker():
            for text in (event.last, event.high_24h, event.low_24h, event.open_24h):
                assert _is_number(text, above=zero), event
            for text in (event.vol_24h_wire, event.vol_24h_quote, event.vol_24h_coins):
                assert _is_number(text, at_least=zero), event
            assert _is_stamp(event.exchange_ms), event
        case events.MarkPrice():
            assert _is_number(event.mark, above=zero), event
            assert _is_number(event.index, above=zero), event
        case events.Funding():
            assert _is_number(event.rate), event
            assert _is_number(event.settled_rate), event
            assert event.interval_h is None or 0.0 < event.interval_h < inf, event
            assert event.next_ms is None or (event.next_ms > 0 and _is_stamp(event.next_ms)), event
        case events.Trade():
            assert _is_number(event.price, above=zero), event
            assert _is_number(event.size, above=zero), event
            assert event.taker in ("buy", "sell"), event
            assert event.trade_id, event
            assert _is_stamp(event.exchange_ms), event
        case events.Listing():
            for instrument in event.instruments:
                check_instrument(instrument)
        case events.ServerTime():
            assert _is_stamp(event.server_ms), event
        case events.Ignored():
            assert event.kind.isascii(), event
            assert len(event.kind) <= 40, f"kinds are counted, so they are words of ours: {event}"
        case _:
            pass


def check_instrument(instrument: Instrument) -> None:
    assert instrument.native, instrument
    assert instrument.base, instrument
    for value in (
        instrument.multiplier,
        instrument.price_factor,
        instrument.tick,
        instrument.step,
        instrument.min_qty,
        instrument.min_notional,
    ):
        assert value is None or (value.is_finite() and value > 0), instrument
    assert instrument.funding_interval_h is None or 0.0 < instrument.funding_interval_h < inf, instrument
