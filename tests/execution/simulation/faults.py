"""What goes wrong in an episode, and how often: drawn for each venue from the episode's own random numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from arbtui.core.clock import NS_PER_S


@dataclass
class Faults:
    """Probabilities, drawn for each episode; ``until_ns``: from then on the venue behaves."""

    until_ns: int = 0
    lost_delivered: float = 0.0
    lost_undelivered: float = 0.0
    twice: float = 0.0  # the way to the venue repeats a request; what comes back is the answer to the second
    reject: float = 0.0
    hopeless: float = 0.0
    odd_reduce: float = 0.0  # nothing to reduce, it says, although there is
    thin: float = 0.0  # an order finds only part of what it wants
    no_fill: float = 0.0
    late_end: float = 0.0
    vague_end: float = 0.0  # the end is told without a quantity
    duplicate: float = 0.0
    reorder: float = 0.0
    unknown_word: float = 0.0
    read_fails: float = 0.0
    read_empty: float = 0.0
    query_fails: float = 0.0
    cancel_lost: float = 0.0
    lag: float = 0.3  # how often queries and lists learn of an order late
    blind: bool = False  # a query by client id does not find orders that ended (the lists do)
    nameless_fills: bool = False  # fills are told without a client id (Binance, "Account Trade List")
    feeless_push: bool = False  # the push of a fill does not tell its fee
    silent: bool = False  # a gap is not told
    gaps: list[tuple[int, int]] = field(default_factory=list)  # the private stream is down


PROFILES: dict[str, dict[str, tuple[float, float]]] = {
    "calm": {},
    "lossy": {
        "lost_delivered": (0.2, 0.7),
        "lost_undelivered": (0.0, 0.3),
        "lag": (0.7, 1.0),
        "query_fails": (0.0, 0.3),
    },
    "dumb": {"lost_delivered": (0.2, 0.6), "query_fails": (0.9, 1.0), "read_fails": (0.8, 1.0)},
    "messy": {"reorder": (0.3, 0.9), "duplicate": (0.2, 0.7), "vague_end": (0.3, 0.9), "late_end": (0.1, 0.6)},
    "mute": {"query_fails": (0.9, 1.0)},
    "stale": {"lost_delivered": (0.5, 0.9), "read_empty": (0.5, 0.9)},
    "poor": {"reject": (0.1, 0.5), "thin": (0.2, 0.8), "no_fill": (0.1, 0.4), "cancel_lost": (0.0, 0.5)},
}
WEIGHTS = (0.25, 0.2, 0.08, 0.22, 0.03, 0.03, 0.19)
ANY = {
    "lost_delivered": 0.5,
    "lost_undelivered": 0.5,
    "twice": 0.4,
    "reject": 0.5,
    "hopeless": 0.5,
    "odd_reduce": 0.5,
    "thin": 0.7,
    "no_fill": 0.5,
    "late_end": 0.6,
    "vague_end": 0.6,
    "duplicate": 0.6,
    "reorder": 0.6,
    "unknown_word": 0.15,
    "read_fails": 0.6,
    "read_empty": 0.7,
    "query_fails": 0.6,
    "cancel_lost": 0.6,
}


def draw_faults(rng: Random, start_ns: int, for_s: int, *, nameless: float) -> Faults:
    """One venue's. ``nameless``: how probable it is that fills are told without a client id."""
    faults = Faults(until_ns=start_ns + for_s * NS_PER_S)
    faults.nameless_fills, faults.feeless_push = rng.random() < nameless, rng.random() < 0.3
    faults.blind = rng.random() < 0.15
    profile = rng.choices(list(PROFILES), weights=WEIGHTS)[0]
    faults.silent = profile in ("mute", "stale")
    for name, (low, high) in PROFILES[profile].items():
        setattr(faults, name, rng.uniform(low, high))
    if rng.random() < 0.5:
        for name in rng.sample(sorted(ANY), rng.randint(1, 5)):
            setattr(faults, name, rng.uniform(0.05, ANY[name]))
    if faults.silent or rng.random() < 0.3:
        begin = start_ns + int(rng.uniform(0, for_s) * NS_PER_S)
        length_s = rng.choice((rng.uniform(0.2, 6), rng.uniform(0.2, 6), rng.uniform(6, 60)))
        length_s += 60 * faults.silent
        faults.gaps.append((begin, begin + int(length_s * NS_PER_S)))
    return faults


def draw_spoilt(rng: Random, start_ns: int, for_s: int) -> list[tuple[int, int, str]]:
    """Spans in which one leg's price is of no use, and how."""
    spans: list[tuple[int, int, str]] = []
    at_s = 0.0
    if rng.random() < 0.7:
        return []
    while at_s < for_s:
        at_s += rng.uniform(0.1, 8)
        length_s = rng.choice((rng.uniform(0.1, 2), rng.uniform(2, 15)))
        begin = start_ns + int(at_s * NS_PER_S)
        spans.append((begin, begin + int(length_s * NS_PER_S), rng.choice(("stale", "crossed", "empty"))))
        at_s += length_s
    return spans
