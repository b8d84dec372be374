"""Whether a quote still says what the venue would say now.

Frames that come by themselves (*periodic*) are judged by their own habit: silence for longer than 4 x the 99th
percentile of the stream's gaps, at least 1 s and at most 15 s, is stale. Frames that come on change only are silent on
a quiet market and on a dead stream alike, so silence is judged by two other things: that the connection passed traffic
or a pong within its heartbeat (35 s at most), and that the price was heard or confirmed by a *second source* within
30 s. Second sources are the slot's own order book, the venue's mids of all symbols, and the budgeted REST snapshot.

What makes any quote stale, however talkative its stream:

- its connection is down, or it came by REST;
- a second source says another price (by more than a tick) for 2 s: in readings so far apart, while the quote has not
  moved, or is far off (50 bps) all the while; or in one reading of a quote that had stood for 2 s and stands 2 s later.
  A quote that moves is not refuted by a second source that lags behind it;
- the exchange's own time stands still for 10 s while frames with new contents come. Frames that merely repeat the old
  contents prove that the wire works, not that the price holds: they are no hearing, and need a second source as
  silence does;
- its frames arrive 5 s late by the exchange's own stamps (two in a row, corrected by the venue's clock offset; one may
  be the first picture of a market that has been quiet for long). Asking for the stream anew mends neither that nor
  what follows from it (see ``lateness``).

Orders need more: heard or confirmed within 2 s.

A reading refutes a quote only if it is newer than the quote's prices: else the quote has simply moved on.

``stale`` and ``order_fresh`` are pure. What they look at is written by ``testify`` (a second source spoke) and
``watch`` (called at every sweep; it samples the slot's newest frame, so the hot path pays for nothing of this).
"""

from __future__ import annotations

from math import floor, log10

from arbtui.core.clock import NS_PER_MS, NS_PER_S
from arbtui.core.events import Quote
from arbtui.core.model import Instrument
from arbtui.market.lateness import LATE_S
from arbtui.market.slot import Slot
from arbtui.market.terms import FreshnessRules
from arbtui.market.witness import Witness

_MIDS_ALIVE_NS = 5 * NS_PER_S  # mids without a frame for so long say nothing
HEARD_NOW_NS = 5 * NS_PER_S  # an older frame says nothing about how late the next one will be
_FAR_LAG_NS = 5 * NS_PER_S  # so old a reading still refutes a quote that is far off


def tick(instrument: Instrument, price: float) -> float:
    """The step of wire prices at ``price``; one basis point where the venue names none."""
    if instrument.tick is not None:
        return float(instrument.tick)
    if instrument.sig_figs is None or instrument.max_decimals is None or price <= 0.0:
        return price * 1e-4
    by_figures: float = 10.0 ** (floor(log10(price)) - instrument.sig_figs + 1)
    return min(1.0, max(by_figures, 10.0**-instrument.max_decimals))


def heard_ns(slot: Slot) -> int:
    """When the shown quote's contents were first heard, or last confirmed by a second source."""
    return 0 if slot.quote is None else max(moved_ns(slot), slot.witness.confirmed_ns)


def moved_ns(slot: Slot) -> int:
    """When the shown quote's contents were first heard; a halted market is confirmed for ever, but it never moves."""
    quote, seen = slot.quote, slot.witness.seen
    if quote is None:
        return 0
    repeats = quote is seen or (seen is not None and _repeats(quote, seen))
    return slot.witness.contents_ns if repeats else quote.t_ns


def _repeats(quote: Quote, seen: Quote) -> bool:
    """Whether ``quote`` says nothing that ``seen`` has not said: prices, sizes, id and exchange time alike.

    Where there is neither id nor time, nothing tells a repeat from news that happens to be the same.
    """
    return (
        (quote.seq > 0 or quote.exchange_ms is not None)
        and quote.seq == seen.seq
        and quote.bid == seen.bid
        and quote.ask == seen.ask
        and quote.bid_qty == seen.bid_qty
        and quote.ask_qty == seen.ask_qty
        and quote.exchange_ms == seen.exchange_ms
    )


# a second source speaks


def testify(slot: Slot, bid: float | None, ask: float | None, t_ns: int, by: str, rules: FreshnessRules) -> None:
    """A second source (``by``, in words) showed these wire prices at ``t_ns``."""
    quote = slot.quote
    if quote is not None and quote.source == "ws":
        _compare(slot, quote, ((quote.bid, bid), (quote.ask, ask)), t_ns, t_ns, by, rules)


def testify_mid(slot: Slot, mid: float | None, t_ns: int) -> None:
    """The venue's mids say this wire mid; None = that one side is empty. It holds until they say another."""
    witness = slot.witness
    witness.mid = mid
    slot.mid_ns = t_ns
    slot.family.mids_ns = t_ns


def watch(slot: Slot, now_ns: int, rules: FreshnessRules) -> None:
    """Samples the newest frame, and reads the second sources that stand by; called at every sweep."""
    quote = slot.quote
    if quote is None or quote.source != "ws":
        return
    if quote is not slot.witness.seen:
        _stamps(slot, slot.witness, quote)
    _note_pair(slot.witness, quote)
    book = slot.book
    if book is not None and book.tradable:
        bid, _, ask, _ = book.best()
        _compare(slot, quote, ((quote.bid, bid), (quote.ask, ask)), book.t_ns, now_ns, "its order book", rules)
    mids_ns = slot.family.mids_ns
    if slot.mid_ns and now_ns - mids_ns <= _MIDS_ALIVE_NS:
        mid = (quote.bid + quote.ask) / 2.0 if quote.bid is not None and quote.ask is not None else None
        _compare(slot, quote, ((mid, slot.witness.mid),), mids_ns, now_ns, "the venue's mids", rules)


def _compare(
    slot: Slot,
    quote: Quote,
    prices: tuple[tuple[float | None, float | None], ...],
    said_ns: int,
    now_ns: int,
    by: str,
    rules: FreshnessRules,
) -> None:
    """Own prices against those that ``by`` has shown since ``said_ns``."""
    witness = slot.witness
    pair = _note_pair(witness, quote)
    differs = far = False
    for own, other in prices:
        if own is None or other is None:
            differs |= own is not other
            continue
        gap = abs(own - other)
        differs |= gap > tick(slot.instrument, own) * 1.000001
        far |= gap > own * rules.far_bps / 1e4
    if not differs:
        witness.confirmed_ns = max(witness.confirmed_ns, said_ns)
        witness.differs_ns = 0
        return
    if said_ns < witness.pair_ns - (_FAR_LAG_NS if far else 0):
        witness.differs_ns = 0  # the quote has moved since that was said
        return
    if not witness.differs_ns or not (pair == witness.differs_pair or (far and witness.differs_far)):
        witness.differs_ns = now_ns
    witness.differs_last_ns = now_ns
    witness.differs_pair = pair
    witness.differs_far = far
    witness.differs_by = by


def _note_pair(witness: Witness, quote: Quote) -> tuple[float | None, float | None]:
    """Own prices, and since when they have been the same."""
    pair = (quote.bid, quote.ask)
    if pair != witness.pair:
        witness.pair = pair
        witness.pair_ns = quote.t_ns
    return pair


def _stamps(slot: Slot, witness: Witness, quote: Quote) -> None:
    seen, witness.seen = witness.seen, quote
    if seen is None or not _repeats(quote, seen):
        witness.contents_ns = quote.t_ns
    if seen is None or quote.exchange_ms is None or quote.exchange_ms != seen.exchange_ms:
        witness.stamp_ns = quote.t_ns
        witness.stamp_changed = False
        offset_ms = slot.family.offset_ms
        if quote.exchange_ms is not None and offset_ms is not None:
            lag_ms = quote.t_ns / NS_PER_MS - (quote.exchange_ms - offset_ms)
            before_ms, witness.lag_before_ms = witness.lag_before_ms, lag_ms
            witness.lag_ms = None if before_ms is None else min(lag_ms, before_ms)
    elif (quote.bid, quote.bid_qty, quote.ask, quote.ask_qty) != (seen.bid, seen.bid_qty, seen.ask, seen.ask_qty):
        witness.stamp_changed = True


# the verdict


def stale(slot: Slot, now_ns: int, rules: FreshnessRules) -> str | None:
    """Why the slot's quote may not be believed at ``now_ns``, in words; None: it is fresh."""
    quote = slot.quote
    if quote is None:
        return "no quote yet"
    if quote.source != "ws":
        return "known by REST only"
    link = slot.link
    if link is None or not link.up:
        return "its connection is down"
    if quote.t_ns > now_ns + NS_PER_S:
        return "heard before the clock was set back"
    return doubted(slot, now_ns, rules) or silent(slot, now_ns, rules)


def order_fresh(slot: Slot, now_ns: int, rules: FreshnessRules) -> str | None:
    """Why the quote is not fresh enough for an order; None: it is."""
    if (reason := stale(slot, now_ns, rules)) is not None:
        return reason
    age_s = (now_ns - heard_ns(slot)) / NS_PER_S
    return f"neither heard nor confirmed for {age_s:.1f} s" if age_s > rules.order_s else None


def silent(slot: Slot, now_ns: int, rules: FreshnessRules) -> str | None:
    """Why the silence since the last frame is too long."""
    quote = slot.quote
    assert quote is not None
    age_s = (now_ns - quote.t_ns) / NS_PER_S
    if slot.gaps is not None:
        limit_s = slot.gaps.limit_ns(rules) / NS_PER_S
        return f"no update for {age_s:.1f} s, limit {limit_s:.1f} s" if age_s > limit_s else None
    link = slot.link
    assert link is not None
    quiet_ns = now_ns - max(link.last_traffic_ns, quote.t_ns)
    if quiet_ns > slot.family.heartbeat_ns(rules.heartbeat_max_s):
        return f"its connection has passed nothing for {quiet_ns / NS_PER_S:.0f} s"
    return _unconfirmed(slot, now_ns, rules)


def _unconfirmed(slot: Slot, now_ns: int, rules: FreshnessRules) -> str | None:
    age_s = (now_ns - heard_ns(slot)) / NS_PER_S
    return f"neither heard nor confirmed for {age_s:.0f} s" if age_s > rules.confirm_s else None


def doubted(slot: Slot, now_ns: int, rules: FreshnessRules) -> str | None:
    """What speaks against the quote though its stream is up."""
    return disputed(slot, now_ns, rules) or _late(slot, rules)


def disputed(slot: Slot, now_ns: int, rules: FreshnessRules) -> str | None:
    """What speaks against it that asking for the stream anew may mend: all but lateness."""
    quote, witness = slot.quote, slot.witness
    assert quote is not None
    if witness.differs_ns and (witness.differs_far or (quote.bid, quote.ask) == witness.differs_pair):
        lasted_s = (witness.differs_last_ns - witness.differs_ns) / NS_PER_S
        if witness.pair == witness.differs_pair and witness.differs_ns - witness.pair_ns >= rules.disagree_s * NS_PER_S:
            lasted_s = (now_ns - witness.differs_ns) / NS_PER_S  # it stood before, and has stood since
        if lasted_s >= rules.disagree_s:
            return f"differs from {witness.differs_by} for {lasted_s:.1f} s"
    stood_s = (quote.t_ns - witness.stamp_ns) / NS_PER_S if quote is witness.seen else 0.0
    if stood_s >= rules.frozen_s:
        if witness.stamp_changed:
            return f"the exchange's time stands still for {stood_s:.0f} s"
        if now_ns - heard_ns(slot) > rules.confirm_s * NS_PER_S:
            return f"repeats itself for {stood_s:.0f} s, unconfirmed"
    return None


def _late(slot: Slot, rules: FreshnessRules) -> str | None:
    lag_ms = slot.witness.lag_ms
    return f"arrives {lag_ms / 1e3:.1f} s late" if lag_ms is not None and lag_ms > rules.lag_s * 1e3 else None


def comes_late(slot: Slot, now_ns: int) -> bool:
    """Whether its frames, of which one came just now, are so late that second sources must differ from them."""
    quote, lag_ms = slot.quote, slot.witness.lag_ms
    return lag_ms is not None and lag_ms > LATE_S * 1e3 and quote is not None and now_ns - quote.t_ns < HEARD_NOW_NS
