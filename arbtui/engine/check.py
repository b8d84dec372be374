"""``arbtui check``: a short run of the real engine on a few coins, and what became of it, line by line.

Nothing is probed apart from what the engine does anyway: what is reported is what a run would meet. The lines
themselves are made in ``check_lines``.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace

from arbtui.core.model import Channel, Stream
from arbtui.core.status import StreamState
from arbtui.engine.check_lines import CheckLine, ProductFacts, VenueFacts, Verdict, lines
from arbtui.engine.live import Live
from arbtui.engine.run import LiveRun, run_live
from arbtui.engine.venue import RunningVenue
from arbtui.market.state import Slot
from arbtui.port import EnginePort

COINS = 12  # the most traded ones: each of their streams should bring something within seconds
BOOKS_OF = 2
AT_LEAST_S = 6.0  # so long anything that goes wrong has time to show
AT_MOST_S = 25.0  # so long silence is waited for
YOUNG_S = 8.0  # what was asked for (anew) so lately is not judged: coins and books change while we look
OFF_PEG = 0.02  # a stable coin this far from another

_COLOURS = {Verdict.OK: "32", Verdict.BAD: "31", Verdict.NOTE: "33", Verdict.SKIPPED: "90"}


async def run_check(run: LiveRun) -> int:
    """Print a report to stdout; 1 if anything is wrong, else 0."""
    few = run.settings.model_copy(update={"market": run.settings.market.model_copy(update={"top": COINS})})
    guest = _Check()
    run = replace(run, loaded=replace(run.loaded, settings=few), record_dir=None)
    code = await run_live(run, guest, on_live=guest.take)
    return code or guest.code


class _Check:
    """The guest: waits until everything has shown itself, or has had its time."""

    stays = False

    def __init__(self) -> None:
        self.code = 0
        self._live: Live | None = None
        self._since_s: dict[tuple[str, Stream], float] = {}  # since when each stream has not been live

    def take(self, live: Live) -> None:
        self._live = live

    def attach(self, port: EnginePort) -> None:
        """The engine behind the port is what is looked at."""

    async def drained(self) -> None:
        """Nothing is printed before the end."""

    async def close(self) -> None:
        """Nothing is kept open."""

    async def run(self) -> int:
        live = self._live
        assert live is not None
        sys.stderr.write(f"asking {', '.join(live.venues)}, this takes {AT_LEAST_S:.0f} to {AT_MOST_S:.0f} s\n")
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        while True:
            await asyncio.sleep(0.25)
            if live.settled.is_set() and not live.desk.named:
                live.desk.named = tuple(base for base in (live.desk.shown or ()) if base not in STABLE)[:BOOKS_OF]
            took_s = loop.time() - began_s
            self._note(live, loop.time())
            if took_s > AT_MOST_S or (took_s > AT_LEAST_S and all(map(_complete, live.venues.values()))):
                break
        young = frozenset(key for key, since_s in self._since_s.items() if loop.time() - since_s < YOUNG_S)
        found = [line for venue in live.venues.values() for line in lines(facts(venue, live, took_s, young))]
        for text in report(found, coverage(live), colour=sys.stdout.isatty()):
            sys.stdout.write(text + "\n")
        sys.stdout.flush()
        self.code = 1 if any(line.verdict is Verdict.BAD for line in found) else 0
        return 0

    def _note(self, live: Live, now_s: float) -> None:
        reports = [(name, report) for name, venue in live.venues.items() for report in venue.reports()]
        self._since_s = {
            (name, r.stream): now_s if r.state is StreamState.LIVE else self._since_s.get((name, r.stream), now_s)
            for name, r in reports
        }


STABLE = ("USDC", "USDT", "USD")


def _complete(venue: RunningVenue) -> bool:
    """Whether every stream has brought data and every held book is live."""
    reports = [report for report in venue.reports() if report.stream.channel is not Channel.INSTRUMENTS]
    waiting = [report for report in reports if report.state is not StreamState.LIVE]
    books = venue.books.held.values()
    return bool(reports) and not waiting and all(slot.book is not None and slot.book.live for slot in books)


def facts(
    venue: RunningVenue, live: Live, seconds: float, young: Collection[tuple[str, Stream]] = frozenset()
) -> VenueFacts:
    """What was seen of one venue. Streams that are ``young`` and not live are left out, and their books."""
    name = venue.venue.name
    reports = [r for r in venue.reports() if r.state is StreamState.LIVE or (name, r.stream) not in young]
    judged = {report.stream for report in reports}
    held = [slot for slot in venue.books.held.values() if venue.venue.book_stream(slot.instrument) in judged]
    down = [slot.instrument.native for slot in held if slot.book is None or not slot.book.live]
    slots = [slot for slot in live.desk.board.slots if slot.instrument.venue == venue.venue.name]
    wanted = {(i.market, i.native) for i in venue.streamed}
    streamed = [slot for slot in slots if (slot.instrument.market, slot.instrument.native) in wanted]
    unreachable = [d.error for d in venue.discoveries.values() if not d.ready.is_set() and d.unreachable]
    errors = {
        kind.removeprefix(f"{venue.venue.name} "): count
        for kind, count in live.trouble.counts.items()
        if kind.startswith(f"{venue.venue.name} ")
    }
    return VenueFacts(
        venue=venue.venue.name,
        rest_error=unreachable[0] if unreachable else "",
        round_trip_ms=venue.offset.round_trip_ms,
        clock_offset_ms=venue.offset.about_ms,
        clock_by=venue.offset.by,
        has_clock=venue.offset.exists,
        products=_products(venue, slots),
        discovery_errors=[d.error for d in venue.discoveries.values() if d.error],
        statuses=venue.status(),
        streams=reports,
        snapshot_errors=[s.error for s in venue.snapshots.values() if s.error],
        quotes=sum(slot.source == "ws" for slot in streamed),
        odd_quotes=_odd(streamed),
        books_live=len(held) - len(down),
        books_held=len(held),
        book_losses=_shortened(venue.books.losses),
        books_lost={*down, *venue.books.lost_ones},
        frame_errors={kind: count for kind, count in errors.items() if not _told_elsewhere(kind)},
        coins=len({slot.coin.base for slot in slots}),
        seconds=seconds,
        cuts=venue.feed.cuts,
        order_sockets=live.desk.setting(f"venues.{name}.orders") == "socket",
    )


def _told_elsewhere(kind: str) -> bool:
    return kind.startswith(("resync_", "replace_", "refused_", "transport", "listing_"))


def _products(venue: RunningVenue, slots: Iterable[Slot]) -> list[ProductFacts]:
    by_status: dict[object, Counter[str]] = {}
    for slot in slots:
        by_status.setdefault(slot.instrument.market, Counter())[slot.instrument.status.value] += 1
    found = []
    for market, discovery in venue.discoveries.items():
        for product, seen in discovery.reports.items():
            whole = len(discovery.reports) == 1
            status = by_status.get(market, Counter()) if whole else Counter({"listed": seen.instruments})
            found.append(ProductFacts(market, product, seen.instruments, status, seen.dropped, seen.bad, seen.error))
    return found


def _odd(slots: Iterable[Slot]) -> dict[str, list[str]]:
    odd: dict[str, list[str]] = {"crossed": [], "one side missing": [], "stale": [], "off its peg": []}
    for slot in slots:
        quote = slot.quote
        if quote is None:
            continue  # told by the line on first data
        if slot.crossed:
            odd["crossed"].append(slot.instrument.native)
        elif quote.bid is None or quote.ask is None:
            odd["one side missing"].append(slot.instrument.native)
        elif slot.stale:
            odd["stale"].append(f"{slot.instrument.native} ({slot.stale})")
        elif _off_peg(slot):
            odd["off its peg"].append(f"{slot.instrument.native} ({slot.mid:g})")
    return odd


def _off_peg(slot: Slot) -> bool:
    instrument = slot.instrument
    if slot.mid is None or not {slot.coin.base, instrument.quote} <= {*STABLE}:
        return False
    return abs(slot.mid - 1.0) > OFF_PEG


def _shortened(losses: Counter[str]) -> Counter[str]:
    """Reasons without the numbers that make each of them unique."""
    short: Counter[str] = Counter()
    for reason, count in losses.items():
        short[re.split(r":| after | in the | in a row | for \d", re.sub(r"^\d+ ", "", reason))[0]] += count
    return short


def coverage(live: Live) -> str:
    """How many coins stand on how many venues."""
    by_coin = {base: {slot.instrument.venue for slot in coin.slots} for base, coin in live.desk.board.coins.items()}
    several = sum(len(venues) > 1 for venues in by_coin.values())
    return f"{len(by_coin)} coins, {several} of them on two exchanges or more"


def report(found: Iterable[CheckLine], covers: str, *, colour: bool) -> list[str]:
    """The lines as text, a venue's name once."""
    out, venue = [], ""
    for line in found:
        if line.venue != venue:
            venue = line.venue
            out.append(venue)
        word = f"{line.verdict.value:<4}"
        if colour:
            word = f"\x1b[{_COLOURS[line.verdict]}m{word}\x1b[0m"
        out.append(f"  {word} {line.concern:<18} {line.text}")
    return [*out, covers]
