"""Back-off: grows with jitter, is capped, and is forgiven by data that flowed for a while, by nothing else."""

import random

from arbtui.net.backoff import CAP_S, FIRST_S, SETTLED_S, Backoff
from arbtui.net.shard import Patience

S = 1_000_000_000


def test_waits_grow_up_to_the_cap_with_jitter() -> None:
    backoff = Backoff(random.Random(3))
    waits = [backoff.ended(0.0) for _ in range(12)]
    assert FIRST_S / 2 <= waits[0] <= FIRST_S
    assert all(CAP_S / 2 <= wait <= CAP_S for wait in waits[5:])
    assert len(set(waits)) == len(waits)


def test_it_resets_only_after_data_has_flowed_for_a_while() -> None:
    backoff = Backoff(random.Random(3))
    for _ in range(8):
        backoff.ended(0.0)
    assert backoff.ended(SETTLED_S - 1) >= CAP_S / 2  # accepted, talked for a moment, closed
    assert backoff.ended(SETTLED_S) <= FIRST_S


def test_very_many_failures_still_have_a_wait() -> None:
    backoff = Backoff(random.Random(3))
    assert all(0 < backoff.ended(0.0) <= CAP_S for _ in range(2000))


def test_drastic_remedies_are_repeated_quickly_at_first_and_ever_more_slowly() -> None:
    patience, now_ns, pauses = Patience(), S, list[float]()
    for _ in range(58):
        patience.take(now_ns)
        pauses.append((patience.next_ns - now_ns) / S)
        now_ns = patience.next_ns
    assert pauses[:50] == [12.0] * 50  # ten minutes, in which it may be a fault that passes
    assert pauses == sorted(pauses)
    assert pauses[-1] == 600.0
    patience.take(now_ns + 601 * S)  # long quiet: as at first
    assert (patience.next_ns - now_ns) / S - 601 == 12.0
