"""What `arbtui check` says of a venue, from what was observed: one line a concern, each with its own verdict.

A concern that could not be looked at because an earlier one failed is *skipped*, not red: a port that is closed turns
one line red, not ten. Nor is one red that merely suffers from another (``_causes``): a socket that is silent has no
quotes either. So each fault of the wire has exactly one line that names it; the others still say what they saw.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from arbtui.core.model import Channel, Market
from arbtui.core.status import FeedStatus, StreamReport, StreamState

MAX_CLOCK_OFFSET_MS = 500.0
MAX_AGE_MS = 1500.0
AFTER_SOCKETS = ("subscriptions", "first data", "books", "quotes", "frames")
_UNANSWERED = (StreamState.WANTED, StreamState.ASKED)
NAMED = 4  # how many culprits a line names before it counts the rest


class Verdict(StrEnum):
    OK = "ok"
    BAD = "bad"
    NOTE = "note"  # it works, and a person should know
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
    odd_quotes: Mapping[str, Sequence[str]]  # "crossed" | "one side missing" | "stale" | "off its peg" -> natives
    books_live: int
    books_held: int
    book_losses: Mapping[str, int]  # reason -> how often
    books_lost: Collection[str]  # natives of those, and of books that are not live
    frame_errors: Mapping[str, int]  # kind -> count
    coins: int
    seconds: float
    cuts: int = 0  # ends of connections that were not our doing
    clock_by: str = ""  # what told its time, where no clock did
    order_sockets: bool = False  # orders are to go over sockets


def lines(facts: VenueFacts) -> list[CheckLine]:
    """All lines of one venue, in the order in which things must work."""
    orders = "what takes orders is tried by arbtui check --keys: it wants keys"
    untried = [CheckLine(facts.venue, "order socket", Verdict.SKIPPED, orders)] if facts.order_sockets else []
    return [*_of_market(facts), *untried]


def _of_market(facts: VenueFacts) -> list[CheckLine]:
    reach = _reachable(facts)
    rest = [_clock(facts), _instruments(facts), _snapshots(facts)]
    if reach.verdict is not Verdict.OK:
        rest = [_skipped(facts, line.concern) for line in rest]
    sockets = _sockets(facts) if facts.streams else _skipped(facts, "sockets")
    if not facts.streams or _no_use(facts):
        return [reach, *rest, sockets, *(_skipped(facts, concern) for concern in AFTER_SOCKETS)]
    told = [sockets, _subscriptions(facts), *_first_data(facts), _books(facts), _quotes(facts), _frames(facts)]
    causes = dict(_causes(facts, {line.concern for line in told if line.verdict is Verdict.BAD}))
    return [reach, *rest, *(_explained(line, causes) for line in told)]


def _causes(facts: VenueFacts, bad: Collection[str]) -> Iterator[tuple[str, str]]:
    """Which red lines merely suffer from another red one: (the one, the other)."""
    if "frames" in bad:  # what cannot be read explains reconnects, silence, old quotes and lost books
        yield from ((concern, "frames") for concern in bad if concern != "frames")
        return
    if "sockets" in bad:  # each new connection brings books anew
        yield "books", "sockets"
    unasked = {r.stream.channel for r in facts.streams if r.state in (*_UNANSWERED, StreamState.REFUSED)}
    silent = {channel: set(_silent(facts, channel)) for channel in Channel}
    odd = {name.partition(" ")[0] for natives in facts.odd_quotes.values() for name in natives}
    for concern, cause in (("mark", "ticker"), ("funding", "ticker")):  # often they ride on one wire channel
        if silent[Channel(concern)] <= silent[Channel(cause)]:
            yield f"first data {concern}", f"first data {cause}"
    if "subscriptions" in bad and Channel.BBO in unasked:
        quotes = "subscriptions"
    elif "first data bbo" in bad and odd <= silent[Channel.BBO]:
        quotes = "first data bbo"
    else:
        quotes = ""
    if quotes:
        yield "quotes", quotes
    elif "quotes" in bad and (_aged(facts) or 2 * len(odd) >= facts.quotes):
        yield from ((concern, "quotes") for concern in bad if concern == "books" or concern.startswith("first data"))
        return
    if "sockets" in bad:
        return
    if "subscriptions" in bad and Channel.BOOK in unasked:
        yield "books", "subscriptions"
    elif "first data book" in bad and set(facts.books_lost) <= silent[Channel.BOOK]:
        yield "books", "first data book"
    elif "books" in bad:
        yield "first data book", "books"


def _no_use(facts: VenueFacts) -> bool:
    """A market without any connection, or with connections that bring nothing at all, for no reason that is known."""
    return not facts.frame_errors and any(
        not status.connections or not _speaks(facts, status.market) for status in facts.statuses
    )


def _speaks(facts: VenueFacts, market: Market) -> bool:
    states = {
        report.state
        for report in facts.streams
        if report.stream.market is market and report.stream.channel is not Channel.INSTRUMENTS  # REST brings those too
    }
    return states <= {StreamState.REFUSED} or StreamState.LIVE in states


def _explained(line: CheckLine, causes: Mapping[str, str]) -> CheckLine:
    cause = causes.get(line.concern)
    if line.verdict is not Verdict.BAD or cause is None:
        return line
    text = f"suffers from what the line {cause!r} says: {line.text}"
    return CheckLine(line.venue, line.concern, Verdict.SKIPPED, text)


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
    by = f", {facts.clock_by}" if facts.clock_by else ""
    return _line(facts, "clock", wrong and wrong + by, f"{offset_ms:+.0f} ms from ours{by}")


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
    if facts.cuts and not wrong:
        wrong = [f"the venue ended connections {facts.cuts} times in {facts.seconds:.0f} s"]
    return _line(facts, "sockets", "; ".join(wrong), f"{sum(s.connections for s in facts.statuses)} connected")


def _subscriptions(facts: VenueFacts) -> CheckLine:
    states = Counter(report.state for report in facts.streams)
    asked = len(facts.streams)
    refused = [f"{r.stream} ({r.text})" for r in facts.streams if r.state is StreamState.REFUSED]
    unanswered = [str(r.stream) for r in facts.streams if r.state in _UNANSWERED]
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
        reports = _answered(facts, channel)
        if not reports or channel is Channel.INSTRUMENTS:
            continue  # changes of instruments are rare: silence is their sound state
        silent = [str(r.stream) for r in reports if r.state is not StreamState.LIVE]
        wrong = f"{len(silent)} of {len(reports)} silent: {_some(silent)}" if silent else ""
        out.append(_line(facts, f"first data {channel.value}", wrong, f"{len(reports)} of {len(reports)}"))
    return out


def _answered(facts: VenueFacts, channel: Channel) -> list[StreamReport]:
    unheard = (*_UNANSWERED, StreamState.REFUSED)
    return [r for r in facts.streams if r.stream.channel is channel and r.state not in unheard]


def _silent(facts: VenueFacts, channel: Channel) -> list[str]:
    """Natives that were answered and bring nothing."""
    return [r.stream.native for r in _answered(facts, channel) if r.state is not StreamState.LIVE]


def _books(facts: VenueFacts) -> CheckLine:
    wrong = []
    if facts.book_losses:
        wrong.append("lost: " + ", ".join(f"{n} x {why}" for why, n in sorted(facts.book_losses.items())))
    if facts.books_live < facts.books_held:
        wrong.append(f"{facts.books_live} of {facts.books_held} live")
    return _line(facts, "books", "; ".join(wrong), f"{facts.books_live} of {facts.books_held} live, none lost")


def _quotes(facts: VenueFacts) -> CheckLine:
    wrong = [f"{kind}: {_some(natives)}" for kind, natives in sorted(facts.odd_quotes.items()) if natives]
    ages = [s.age_ms_p99 for s in facts.statuses if s.age_ms_p99 is not None]
    if _aged(facts):
        wrong.append(f"p99 of their age is {max(ages):.0f} ms")
    rate = sum(s.msgs_per_s for s in facts.statuses)
    age = f", p99 age {max(ages):.0f} ms" if ages else ""
    return _line(facts, "quotes", "; ".join(wrong), f"{facts.quotes} by socket, {rate:.0f} messages/s{age}")


def _aged(facts: VenueFacts) -> bool:
    """Whether frames arrive late."""
    return any(s.age_ms_p99 is not None and s.age_ms_p99 > MAX_AGE_MS for s in facts.statuses)


def _frames(facts: VenueFacts) -> CheckLine:
    wrong = ", ".join(f"{n} x {kind}" for kind, n in sorted(facts.frame_errors.items()))
    return _line(facts, "frames", f"not understood: {wrong}" if wrong else "", "all understood")


def _some(items: Sequence[str]) -> str:
    shown = ", ".join(items[:NAMED])
    return shown if len(items) <= NAMED else f"{shown} and {len(items) - NAMED} more"
