"""When a person is told. Pure: what is seen goes in with its time, alerts come out; the same input gives the same ones.

    signal    a signal was raised; the subject is its coin
    spread    the best admissible net of a coin stands far above its own recent history: at least ``spread_z`` robust
              standard deviations (1.4826 x the median absolute deviation) and at least ``spread_jump_bps`` above the
              median of the last ``SPREAD_WINDOW_S``, for ``SPREAD_SAMPLES`` seconds in a row. Fewer than
              ``SPREAD_KNOWN`` known seconds are no history. The coin is told again only after it was within half of
              that. Upwards alone: a best net that falls is a pair that went away, which venues or the grid tell.
    funding   a perpetual's rate, or the carry of an open hedge, was at least ``funding_bps`` per hour on one side of
              zero, and now is on the other; between the two nothing changes, so a rate around zero flips nothing
    venue     a market of a venue is not usable (down, silent, in maintenance) for ``venue_down_s``; told again when it
              is back. One that is still connecting for the first time is not down.
    level     the median of a coin's fresh mids, in USDT, has reached a level. Told as soon as that is true, also at the
              start; then again only after the price was ``LEVEL_BACK`` back on the other side
    hedge     an alarm of the execution, or a hedge in doubt; no rule and no cool-down keeps one back, except that the
              same sentence about the same hedge is not repeated within ``REPEAT_S``

Any other (kind, subject) is told again only after ``cooldown_s``. A state that lasts (a venue that is down) is then
told late rather than never; an event (a signal, a level reached) that falls into a cool-down is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from math import isfinite
from statistics import median
from typing import TypeVar

from arbtui.core.alerts import Alert, AlertKind, Plain
from arbtui.core.clock import NS_PER_S
from arbtui.core.status import FeedState, FeedStatus
from arbtui.strategy.rows import SignalRecord, SignalState

K = TypeVar("K")

SPREAD_WINDOW_S = 600.0
SPREAD_KNOWN = 120  # seconds, of those of the window
SPREAD_SAMPLES = 3
BASELINE_S = 60  # a coin's median is taken anew so often
EACH = 4  # of so many seconds one is taken for it: a thousand coins' medians cost a millisecond a second
LEVEL_BACK = 0.001  # of the level
REPEAT_S = 60.0
_TO_SIGMA = 1.4826  # of a normal distribution: what its median absolute deviation is multiplied with
_KEPT = 5000  # cool-downs and sentences
_USABLE = (FeedState.LIVE, FeedState.DEGRADED)
_LEVEL = re.compile(r"\s*([^\s<>]+)\s*([<>])\s*(\d+(?:\.\d+)?)\s*")


@dataclass(frozen=True)
class Level:
    """``above``: told when the price is at ``price`` (USDT per coin) or above; else at it or below."""

    base: str
    above: bool
    price: float

    @property
    def text(self) -> str:
        return f"{self.base} {'>' if self.above else '<'} {plain(self.price)}"

    def reached(self, price: float) -> bool:
        return price >= self.price if self.above else price <= self.price

    def left(self, price: float) -> bool:
        """Whether the price is far enough on the other side again."""
        return price < self.price * (1 - LEVEL_BACK) if self.above else price > self.price * (1 + LEVEL_BACK)


def plain(price: float) -> str:
    """A price without exponent and without trailing zeros."""
    text = f"{Decimal(repr(price)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def level_of(text: str) -> Level | None:
    """``BTC > 90000`` or ``ETH < 1800.5``; None if it is neither."""
    found = _LEVEL.fullmatch(text)
    if found is None or not (isfinite(price := float(found[3])) and price > 0):
        return None
    return Level(found[1], found[2] == ">", price)


@dataclass(frozen=True)
class AlertRules:
    """``kinds``: what is told at all, hedges apart. ``coins``: whose spreads and funding; empty = every coin's."""

    kinds: frozenset[AlertKind] = frozenset(AlertKind)
    coins: frozenset[str] = frozenset()
    cooldown_s: float = 300.0
    spread_z: float = 8.0
    spread_jump_bps: float = 10.0
    funding_bps: float = 0.1
    venue_down_s: float = 10.0
    levels: tuple[Level, ...] = ()


@dataclass
class _Baseline:
    """What a coin's net was lately; ``median`` None = too little is known of it."""

    due_ns: int
    median: float | None = None
    sigma: float = 0.0
    beyond: int = 0  # samples in a row
    told: bool = False


@dataclass
class _Feed:
    usable: bool | None = None  # None: never was
    since_ns: int = 0
    told_ns: int | None = None  # the outage that was told


@dataclass
class Alerts:
    """``tell`` is called with each alert; ``recent(base)`` gives a coin's known nets of the last ten minutes, bps."""

    rules: AlertRules
    tell: Callable[[Alert], None]
    recent: Callable[[str], Sequence[float]]
    _told_ns: dict[tuple[AlertKind, str], int] = field(default_factory=dict)
    _said_ns: dict[tuple[str, str], int] = field(default_factory=dict)
    _baselines: dict[str, _Baseline] = field(default_factory=dict)
    _signs: dict[str, int] = field(default_factory=dict)  # which side of zero a rate was last clearly on
    _feeds: dict[str, _Feed] = field(default_factory=dict)
    _reached: set[Level] = field(default_factory=set)
    _doubted: set[str] = field(default_factory=set)

    def watches(self, kind: AlertKind, base: str = "") -> bool:
        rules = self.rules
        return kind in rules.kinds and (not base or not rules.coins or base in rules.coins)

    # what is seen

    def signal(self, record: SignalRecord) -> None:
        if record.state is not SignalState.RAISED or not self.watches(AlertKind.SIGNAL):
            return
        row = record.row
        net = row.walk_net_bps if row.walk_net_bps is not None else row.net_bps
        text = f"signal {row.base}" + ("" if net is None else f" {net:+.1f} bps") + f": {record.advice}"
        fields: dict[str, Plain] = {"id": record.id, "buy": row.buy.name, "sell": row.sell.name, "net_bps": net}
        fields |= {"max_usd": row.max_usd, "top_usd": row.top_usd, "confidence": record.confidence}
        self._event(record.t_ns, AlertKind.SIGNAL, row.base, text, fields)

    def net(self, t_ns: int, base: str, net_bps: float) -> None:
        """A coin's best admissible net, about once a second."""
        if not self.watches(AlertKind.SPREAD, base):
            return
        known = self._baselines.get(base)
        if known is None:
            # spread over the period by the order in which coins come, so that medians are not all due at once
            known = self._baselines[base] = _Baseline(t_ns + len(self._baselines) % BASELINE_S * NS_PER_S)
        if t_ns >= known.due_ns:
            self._measure(known, base, t_ns)
        if known.median is None:
            return
        above = net_bps - known.median
        far = max(self.rules.spread_jump_bps, self.rules.spread_z * known.sigma)
        known.beyond = known.beyond + 1 if above >= far else 0
        known.told = known.told and above > far / 2
        if known.beyond < SPREAD_SAMPLES or known.told:
            return
        z = above / known.sigma if known.sigma > 0 else None
        text = f"{base} best net {net_bps:+.1f} bps, {above:.1f} above its median of ten minutes ({known.median:+.1f})"
        fields: dict[str, Plain] = {
            "base": base,
            "net_bps": net_bps,
            "median_bps": known.median,
            "above_bps": above,
            "z": z,
        }
        known.told = self._event(t_ns, AlertKind.SPREAD, base, text, fields)

    def _measure(self, known: _Baseline, base: str, t_ns: int) -> None:
        known.due_ns = t_ns + BASELINE_S * NS_PER_S
        values = self.recent(base)
        if len(values) < SPREAD_KNOWN:
            known.median = None
            return
        values = values[::EACH]
        known.median = middle = median(values)
        known.sigma = _TO_SIGMA * median([abs(value - middle) for value in values])

    def rate(self, t_ns: int, subject: str, base: str, bps_per_h: float | None) -> None:
        """A perpetual's funding rate, positive = longs pay; the subject is its ``venue.market.native``."""
        if self.watches(AlertKind.FUNDING, base) and (before := self._flipped(subject, bps_per_h)) is not None:
            who = "longs pay shorts" if before < 0 else "shorts pay longs"
            text = f"{base} funding of {subject} has turned: now {who}, {bps_per_h:+.3f} bps an hour"
            self._event(t_ns, AlertKind.FUNDING, subject, text, {"base": base, "rate_per_h_bps": bps_per_h})

    def carry(self, t_ns: int, hedge: str, base: str, bps_per_h: float | None) -> None:
        """What an open hedge earns by funding, positive = it earns; the subject is the hedge."""
        if self.watches(AlertKind.FUNDING) and (before := self._flipped(hedge, bps_per_h)) is not None:
            how = "earns" if before < 0 else "pays"
            text = f"{base} carry of {hedge} has turned: it now {how} funding, {bps_per_h:+.3f} bps an hour"
            self._event(t_ns, AlertKind.FUNDING, hedge, text, {"base": base, "carry_per_h_bps": bps_per_h})

    def _flipped(self, key: str, bps_per_h: float | None) -> int | None:
        """The sign that it had before, where it clearly has the other now."""
        if bps_per_h is None or abs(bps_per_h) < self.rules.funding_bps or not bps_per_h:
            return None
        sign = 1 if bps_per_h > 0 else -1
        before = self._signs.get(key, sign)
        self._signs[key] = sign
        return before if before != sign else None

    def feeds(self, t_ns: int, statuses: Iterable[FeedStatus]) -> None:
        for status in statuses:
            name = f"{status.venue} {status.market.value}"
            self._feed(t_ns, name, status, self._feeds.setdefault(name, _Feed()))

    def _feed(self, t_ns: int, name: str, status: FeedStatus, feed: _Feed) -> None:
        usable = status.state in _USABLE
        if feed.usable is None and status.state is FeedState.CONNECTING:
            return
        if usable is not feed.usable:
            feed.usable, feed.since_ns = usable, t_ns
        if not self.watches(AlertKind.VENUE):
            return
        fields: dict[str, Plain] = {"venue": status.venue, "market": status.market.value, "state": status.state.value}
        if usable and feed.told_ns is not None:
            gone_s = (t_ns - feed.told_ns) / NS_PER_S
            feed.told_ns = None  # whoever was told that it is down is told that it is back, cool-down or not
            fields |= {"reason": status.reason, "down_s": gone_s}
            self.tell(Alert(t_ns, AlertKind.VENUE, name, f"{name} is back after {gone_s:.0f} s", fields))
        elif not usable and feed.told_ns is None and t_ns - feed.since_ns >= self.rules.venue_down_s * NS_PER_S:
            fields |= {"reason": status.reason, "down_s": (t_ns - feed.since_ns) / NS_PER_S}
            why = f": {status.reason}" if status.reason else ""
            how = "down" if status.state is FeedState.DOWN else f"down ({status.state.value})"
            if self._event(t_ns, AlertKind.VENUE, name, f"{name} is {how}{why}", fields):
                feed.told_ns = feed.since_ns

    def prices(self, t_ns: int, price_of: Callable[[str], float | None]) -> None:
        """``price_of(base)``: the coin's price, None where no fresh quote tells it."""
        if not self.watches(AlertKind.LEVEL):
            return
        for level in self.rules.levels:
            price = price_of(level.base)
            if price is None:
                continue
            if level in self._reached:
                if level.left(price):
                    self._reached.discard(level)
            elif level.reached(price):
                self._reached.add(level)
                side = "at or above" if level.above else "at or below"
                text = f"{level.base} is at {plain(float(f'{price:.7g}'))}, {side} {plain(level.price)}"
                fields: dict[str, Plain] = {
                    "base": level.base,
                    "price": price,
                    "level": level.price,
                    "above": level.above,
                }
                self._event(t_ns, AlertKind.LEVEL, level.text, text, fields)

    def hedge(self, t_ns: int, hedge: str, base: str, text: str) -> None:
        """An alarm, as it was said; ``hedge`` "" = of no single one."""
        said_ns = self._said_ns.get((hedge, text))
        if said_ns is not None and t_ns - said_ns < REPEAT_S * NS_PER_S:
            return
        self._said_ns[hedge, text] = t_ns
        _bound(self._said_ns)
        named = " ".join(word for word in (base, hedge) if word)
        self.tell(Alert(t_ns, AlertKind.HEDGE, hedge, f"{named}: {text}" if named else text, {"base": base or None}))

    def in_doubt(self, t_ns: int, hedges: Mapping[str, tuple[str, str]]) -> None:
        """All hedges that are in doubt now: id -> (coin, why)."""
        for hedge, (base, why) in hedges.items():
            if hedge not in self._doubted:
                self.hedge(t_ns, hedge, base, f"in doubt: {why}")
        self._doubted = set(hedges)

    # what is told

    def _event(self, t_ns: int, kind: AlertKind, subject: str, text: str, fields: Mapping[str, Plain]) -> bool:
        """Tell it, unless the same was told lately; whether it was told."""
        before_ns = self._told_ns.get((kind, subject))
        if before_ns is not None and t_ns - before_ns < self.rules.cooldown_s * NS_PER_S:
            return False
        self._told_ns[kind, subject] = t_ns
        _bound(self._told_ns)
        self.tell(Alert(t_ns, kind, subject, text, fields))
        return True

    def set_rules(self, rules: AlertRules) -> None:
        """Levels that stay keep what is known of them; one that is set anew is told anew."""
        self.rules = rules
        self._reached &= set(rules.levels)


def _bound(kept: dict[K, int]) -> None:
    """The oldest go where there are too many."""
    for key in list(islice(kept, max(0, len(kept) - _KEPT))):
        del kept[key]
