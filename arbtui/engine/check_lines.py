"""What `arbtui check` says of a venue, from what was observed: one line a concern, each with its own verdict.

A concern that could not be looked at because an earlier one failed is *skipped*, not red: a port that is closed turns
one line red, not ten. So each fault of the wire has exactly one line that names it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from arbtui.core.model import Channel, Market
from arbtui.core.status import FeedStatus, StreamReport, StreamState

MAX_CLOCK_OFFSET_MS = 500.0
MAX_AGE_MS = 2000.0
AFTER_SOCKETS = ("subscriptions", "first data", "books", "quotes", "frames")
CROSSED = "bids at or above asks"
NAMED = 4  # how many culprits a line names before it counts the rest


class Verdict(StrEnum):
    OK = "ok"
    BAD = "bad"
    SKIPPED = "--"


@dataclass(frozen=True)
class CheckLine:
    venue: str
    concern: str
    verdict: Verdict
    text: str


@dataclass(frozen=True)
class ProductFacts:
    """One product's discovery."""

    market: Market
    product: str
    instruments: int
    by_status: Mapping[str, int]
    dropped: Mapping[str, int]
    bad: Sequence[str]
    error: str


@dataclass(frozen=True)
class VenueFacts:
    """What was seen of one venue in the time of a check."""

    venue: str
    rest_error: str  # "" = the venue answered
    round_trip_ms: float | None
    clock_offset_ms: float | None
    has_clock: bool
    products: Sequence[ProductFacts]
    discovery_errors: Sequence[str]
    statuses: Sequence[FeedStatus]
    streams: Sequence[StreamReport]
    snapshot_errors: Sequence[str]
    quotes: int  # instruments with a quote by socket
    odd_quotes: Mapping[str, Sequence[str]]  # "crossed" | "one side missing" | "frozen" -> natives
    books_live: int
    books_held: int
    book_losses: Mapping[str, int]  # reason -> how often
    frame_errors: Mapping[str, int]  # kind -> count
    coins: int
    seconds: float
    asked_books: Sequence[str] = field(default_factory=tuple)


def lines(facts: VenueFacts) -> list[CheckLine]:
    """All lines of one venue, in the order in which things must work."""
    reach = _reachable(facts)
    rest = [_clock(facts), _instruments(facts), _snapshots(facts)]
    if reach.verdict is not Verdict.OK:
        rest = [_skipped(facts, line.concern) for line in rest]
    sockets = _sockets(facts) if facts.streams else _skipped(facts, "sockets")
    if not facts.streams or _no_use(facts):
        return [reach, *rest, sockets, *(_skipped(facts, concern) for concern in AFTER_SOCKETS)]
    frames = _frames(facts)
    carried = [sockets, _subscriptions(facts), *_first_data(facts), _books(facts)]
    if frames.verdict is Verdict.BAD:  # what cannot be read explains reconnects, silence and lost books
        carried = [_explained(line, "frames") if line.verdict is Verdict.BAD else line for line in carried]
    return [reach, *rest, *carried, _quotes(facts), frames]


def _no_use(facts: VenueFacts) -> bool:
    """A market without any connection, or with connections that bring nothing at all."""
    return any(not status.connections or not _speaks(facts, status.market) for status in facts.statuses)


def _speaks(facts: VenueFacts, market: Market) -> bool:
    states = {report.state for report in facts.streams if report.stream.market is market}
    refused_only = states <= {StreamState.REFUSED}
    return refused_only or bool(facts.frame_errors) or StreamState.LIVE in states


def _explained(line: CheckLine, by: str) -> CheckLine:
    return CheckLine(line.venue, line.concern, Verdict.SKIPPED, f"suffers from what the line {by!r} says")


def _skipped(facts: VenueFacts, concern: str) -> CheckLine:
    return CheckLine(facts.venue, concern, Verdict.SKIPPED, "not looked at: what it needs did not work")


def _line(facts: VenueFacts, concern: str, wrong: str, right: str) -> CheckLine:
    return CheckLine(facts.venue, concern, Verdict.BAD if wrong else Verdict.OK, wrong or right)


def _reachable(facts: VenueFacts) -> CheckLine:
    took = f"answers in {facts.round_trip_ms:.0f} ms" if facts.round_trip_ms is not None else "answers"
    return _line(facts, "reachable", facts.rest_error, took)


def _clock(facts: VenueFacts) -> CheckLine:
    offset_ms = facts.clock_offset_ms
    if not facts.has_clock:
        return _line(facts, "clock", "", "this venue has no clock fit for comparing")
    if offset_ms is None:
        return _line(facts, "clock", "did not tell its time", "")
    wrong = f"differs from ours by {offset_ms:+.0f} ms" if abs(offset_ms) > MAX_CLOCK_OFFSET_MS else ""
    return _line(facts, "clock", wrong, f"{offset_ms:+.0f} ms from ours")


def _instruments(facts: VenueFacts) -> CheckLine:
    wrong = [p.error for p in facts.products if p.error] + list(facts.discovery_errors)
    wrong += [f"{p.product}: {len(p.bad)} rows cannot be read ({_some(p.bad)})" for p in facts.products if p.bad]
    kinds = []
    for product in facts.products:
        status = ", ".join(f"{n} {s}" for s, n in sorted(product.by_status.items()))
        left = ", ".join(f"{n} {why}" for why, n in sorted(product.dropped.items()))
        kinds.append(f"{product.market.value} {product.product}: {status}" + (f"; left out {left}" if left else ""))
    return _line(facts, "instruments", "; ".join(dict.fromkeys(wrong)), f"{facts.coins} coins; " + " | ".join(kinds))


def _snapshots(facts: VenueFacts) -> CheckLine:
    return _line(facts, "rest snapshots", "; ".join(dict.fromkeys(facts.snapshot_errors)), "all answered")


def _sockets(facts: VenueFacts) -> CheckLine:
    wrong = [f"{s.market.value}: {s.reason}" for s in facts.statuses if not s.connections]
    silent = [s.market for s in facts.statuses if s.connections and not _speaks(facts, s.market)]
    wrong += [f"{market.value}: connected, and nothing comes" for market in silent]
    reconnects = sum(s.reconnects for s in facts.statuses)
    if reconnects and not wrong and not any(s.failed for s in facts.statuses):  # refusals are told by their own line
        wrong = [f"{reconnects} reconnects in {facts.seconds:.0f} s"]
    return _line(facts, "sockets", "; ".join(wrong), f"{sum(s.connections for s in facts.statuses)} connected")


def _subscriptions(facts: VenueFacts) -> CheckLine:
    states = Counter(report.state for report in facts.streams)
    asked = len(facts.streams)
    refused = [f"{r.stream} ({r.text})" for r in facts.streams if r.state is StreamState.REFUSED]
    unanswered = [str(r.stream) for r in facts.streams if r.state in (StreamState.WANTED, StreamState.ASKED)]
    wrong = []
    if refused:
        wrong.append(f"{len(refused)} of {asked} refused: {_some(refused)}")
    if unanswered:
        wrong.append(f"{len(unanswered)} of {asked} not answered: {_some(unanswered)}")
    acked = asked - states[StreamState.WANTED] - states[StreamState.ASKED] - states[StreamState.REFUSED]
    return _line(facts, "subscriptions", "; ".join(wrong), f"asked {asked}, acked {acked}, refused 0")


def _first_data(facts: VenueFacts) -> list[CheckLine]:
    out = []
    for channel in Channel:
        reports = [r for r in facts.streams if r.stream.channel is channel and r.state is not StreamState.REFUSED]
        reports = [r for r in reports if r.state not in (StreamState.WANTED, StreamState.ASKED)]
        if not reports or channel is Channel.INSTRUMENTS:
            continue  # changes of instruments are rare: silence is their sound state
        silent = [str(r.stream) for r in reports if r.state is not StreamState.LIVE]
        wrong = f"{len(silent)} of {len(reports)} silent: {_some(silent)}" if silent else ""
        out.append(_line(facts, f"first data {channel.value}", wrong, f"{len(reports)} of {len(reports)}"))
    return out


def _books(facts: VenueFacts) -> CheckLine:
    wrong = []
    told = facts.odd_quotes.get("crossed")  # a venue that sends crossed prices is told of by the line on quotes
    losses = {why: n for why, n in facts.book_losses.items() if not (told and why.startswith(CROSSED))}
    if losses:
        wrong.append("lost: " + ", ".join(f"{n} x {why}" for why, n in sorted(losses.items())))
    if facts.books_live < facts.books_held and not told:
        wrong.append(f"{facts.books_live} of {facts.books_held} live")
    return _line(facts, "books", "; ".join(wrong), f"{facts.books_live} of {facts.books_held} live, none lost")


def _quotes(facts: VenueFacts) -> CheckLine:
    wrong = [f"{kind}: {_some(natives)}" for kind, natives in sorted(facts.odd_quotes.items()) if natives]
    ages = [s.age_ms_p99 for s in facts.statuses if s.age_ms_p99 is not None]
    if ages and max(ages) > MAX_AGE_MS:
        wrong.append(f"p99 of their age is {max(ages):.0f} ms")
    rate = sum(s.msgs_per_s for s in facts.statuses)
    age = f", p99 age {max(ages):.0f} ms" if ages else ""
    return _line(facts, "quotes", "; ".join(wrong), f"{facts.quotes} by socket, {rate:.0f} messages/s{age}")


def _frames(facts: VenueFacts) -> CheckLine:
    wrong = ", ".join(f"{n} x {kind}" for kind, n in sorted(facts.frame_errors.items()))
    return _line(facts, "frames", f"not understood: {wrong}" if wrong else "", "all understood")


def _some(items: Sequence[str]) -> str:
    shown = ", ".join(items[:NAMED])
    return shown if len(items) <= NAMED else f"{shown} and {len(items) - NAMED} more"
