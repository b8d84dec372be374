"""When a market's listing is worth asking for, besides every half hour and whenever the venue says so itself.

Some venues tell nobody that they halted an instrument, resumed it, or closed it for good: their listing says so to
whoever asks. A listing is dear (half a megabyte and more, up to weight 20), so it is asked for on suspicion only:

- a quote stands still for more than three times the longest pause it has made of late, 3 s at least: what is halted
  does not move. Few live quotes do that, but there are many of them: four such questions at once, and one every 10 s.
  (The longest of a hundred random pauses is exceeded threefold once in 200,000: a thousand quotes are asked about
  once a minute or less. With twice it would be all the time, with four times late.)
- a leg makes an edge by standing still for 3 s (6 s where it is slow by habit): the others have moved away from it, or
  it is halted. Each stillness is asked about at once, and again while it lasts, at growing intervals;
- an answer has just taken an instrument out of trading: most halts are short, so its end is asked for every 5 s, later
  every 15 s, for half an hour;
- REST shows a price that moves though the instrument is not listed as trading: the same after that half hour, less and
  less often where the answer stays the same (some venues go on moving what cannot be traded).

Time comes in as an argument. ``ask`` may be called as often as this likes: whoever asks the venue has a shortest pause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from arbtui.core.clock import NS_PER_S
from arbtui.core.model import TradingStatus
from arbtui.market.freshness import moved_ns
from arbtui.market.state import ListingChange, Slot

LOOK_S = 1.0  # how often ``look`` is meant to be called

STILL_NS = 3 * NS_PER_S  # shorter than this nobody is suspected
STILL_BY_HABIT = 3
STILL_MORE_NS = NS_PER_S // 2  # looks once a second miss so much of a pause on average
HABIT_FORGETS = 0.995  # of its length, with every look that finds a movement
HABIT_MOST_NS = 30 * NS_PER_S  # a longer pause is an outage, and no habit
HABIT_MOVES = 20  # looks that must have found a movement before a habit is one
BURST = 4
BURST_REFILL_NS = 10 * NS_PER_S

EDGE_STILL_BY_HABIT = 1.5
EDGE_STILL_MOST_NS = 6 * NS_PER_S
EDGE_AGAIN_NS = (4 * NS_PER_S, 15 * NS_PER_S)

PAUSED_EVERY_NS = (5 * NS_PER_S, 15 * NS_PER_S)
PAUSED_EVERY_AGE = 1 / 20
PAUSED_FOR_NS = 1800 * NS_PER_S

MOVES_AGAIN_NS = (10 * NS_PER_S, 1800 * NS_PER_S)


@dataclass(slots=True)
class _Rhythm:
    """How a slot's quote moves, as one look a second sees it."""

    moved_ns: int  # its last movement; 0 = it was not streamed at the last look
    still_ns: int = 0  # so long had it stood still at the last look
    habit_ns: int = 0  # its longest pause of late, as far as it was seen
    moves: int = 0
    asked_ns: int = 0  # when a stillness of it was last asked about


@dataclass(slots=True)
class _Mover:
    """An instrument that is not listed as trading, and moves."""

    asked_ns: int
    again_ns: int


class Suspicions:
    """One venue, one market. ``ask``: have the listing looked up soon."""

    def __init__(self, ask: Callable[[], None]) -> None:
        self._ask = ask
        self._rhythms: dict[int, _Rhythm] = {}  # by slot id, as all that follow
        self._paused_ns: dict[int, int] = {}  # since when an answer has it as not trading
        self._movers: dict[int, _Mover] = {}
        self._asked_for_paused_ns = 0
        self._burst = float(BURST)
        self._burst_ns = 0

    def look(self, slots: Iterable[Slot], now_ns: int) -> None:
        """Sees how the streamed ``slots`` move; to be called once a second."""
        still = [slot for slot in slots if self._stands_too_long(slot, now_ns)]
        if still and self._may_burst(now_ns):
            for slot in still:
                self._rhythms[slot.id].asked_ns = now_ns
            self._ask()
        self._ask_for_paused(now_ns)

    def _stands_too_long(self, slot: Slot, now_ns: int) -> bool:
        rhythm = self._rhythms.get(slot.id)
        if rhythm is None:
            rhythm = self._rhythms[slot.id] = _Rhythm(0)
        if not _streams(slot):
            rhythm.moved_ns = 0
            return False
        moved = moved_ns(slot)
        still_ns = now_ns - moved
        if moved != rhythm.moved_ns:
            if rhythm.moved_ns:
                rhythm.habit_ns = max(rhythm.still_ns, int(rhythm.habit_ns * HABIT_FORGETS))
                rhythm.moves += 1
            rhythm.moved_ns = moved
        rhythm.still_ns = min(still_ns, HABIT_MOST_NS)
        if rhythm.moves < HABIT_MOVES:
            return False
        asked_after_ns = max(0, rhythm.asked_ns - moved)
        return still_ns > max(STILL_NS, STILL_BY_HABIT * rhythm.habit_ns + STILL_MORE_NS, 2 * asked_after_ns)

    def _may_burst(self, now_ns: int) -> bool:
        """A bucket that holds four questions and is given one every 10 s."""
        self._burst = min(BURST, self._burst + (now_ns - self._burst_ns) / BURST_REFILL_NS)
        self._burst_ns = now_ns
        if self._burst < 1.0:
            return False
        self._burst -= 1.0
        return True

    def edge(self, slot: Slot, now_ns: int) -> bool:
        """``slot`` is a leg of an edge that somebody might take. Whether it stands so still that it is doubted."""
        rhythm = self._rhythms.setdefault(slot.id, _Rhythm(0))
        moved = moved_ns(slot)
        slow_ns = min(int(EDGE_STILL_BY_HABIT * rhythm.habit_ns), EDGE_STILL_MOST_NS)
        if now_ns - moved < max(STILL_NS, slow_ns):
            return False
        least_ns, most_ns = EDGE_AGAIN_NS
        again_ns = min(max(least_ns, (rhythm.asked_ns - moved) // 2), most_ns)
        if rhythm.asked_ns < moved or now_ns - rhythm.asked_ns >= again_ns:
            rhythm.asked_ns = now_ns
            self._ask()
        return True

    def moves(self, slot: Slot, now_ns: int) -> None:
        """REST has shown another price of ``slot``, which is not listed as trading."""
        mover = self._movers.get(slot.id)
        least_ns, most_ns = MOVES_AGAIN_NS
        if mover is None:
            self._movers[slot.id] = _Mover(now_ns, least_ns)
        elif now_ns - mover.asked_ns >= mover.again_ns:
            mover.asked_ns, mover.again_ns = now_ns, min(2 * mover.again_ns, most_ns)
        else:
            return
        self._ask()

    def answered(self, change: ListingChange, now_ns: int) -> None:
        """What a whole listing has changed. Pushes do not count: a venue that tells of a halt tells of its end too."""
        for slot in (*change.changed, *change.removed):
            if slot.instrument.status is TradingStatus.TRADING:
                self._paused_ns.pop(slot.id, None)
                self._movers.pop(slot.id, None)
            elif slot.id not in self._paused_ns and slot.instrument.status is not TradingStatus.CLOSE_ONLY:
                self._paused_ns[slot.id] = now_ns
            if slot.id in self._rhythms:
                self._rhythms[slot.id].moved_ns = 0  # a halt is no habit

    def _ask_for_paused(self, now_ns: int) -> None:
        if not self._paused_ns:
            return
        age_ns = now_ns - max(self._paused_ns.values())
        least_ns, most_ns = PAUSED_EVERY_NS
        if now_ns - self._asked_for_paused_ns >= min(max(least_ns, int(age_ns * PAUSED_EVERY_AGE)), most_ns):
            self._asked_for_paused_ns = now_ns
            self._ask()
        for slot_id in [i for i, since_ns in self._paused_ns.items() if now_ns - since_ns > PAUSED_FOR_NS]:
            del self._paused_ns[slot_id]


def _streams(slot: Slot) -> bool:
    """Whether its stream is up and has two sides, so that a stillness says something about the instrument."""
    quote, link = slot.quote, slot.link
    return (
        quote is not None
        and quote.source == "ws"
        and quote.bid is not None
        and quote.ask is not None
        and link is not None
        and link.up
    )
