"""What silence is normal, learned from a stream's own habits."""

from arbtui.net.pulse import FLOOR_S, LEARNED, Pulse

S = 1_000_000_000


def beating(gap_s: float, beats: int, start_s: float = 1.0) -> Pulse:
    pulse = Pulse()
    for beat in range(beats + 1):
        pulse.saw(round((start_s + beat * gap_s) * S))
    return pulse


def test_nothing_is_judged_before_its_habits_are_known() -> None:
    assert beating(1.0, LEARNED - 1).limit_s(None) is None
    assert beating(1.0, LEARNED).limit_s(None) is not None
    assert Pulse().limit_s(None) is None


def test_a_busy_stream_is_suspicious_after_the_floor_and_a_slow_one_later() -> None:
    assert beating(0.5, 100).limit_s(None) == FLOOR_S
    slow = beating(10.0, 100).limit_s(None)
    assert slow is not None
    assert slow > 150


def test_the_venues_promise_counts_where_it_is_stricter() -> None:
    assert beating(1.0, 3).limit_s(5.0) == 5.0
    assert beating(10.0, 100).limit_s(5.0) == 5.0
    assert beating(0.5, 100).limit_s(300.0) == FLOOR_S


def test_one_outage_does_not_teach_patience() -> None:
    pulse = beating(1.0, 100)
    before = pulse.limit_s(None)
    pulse.saw(pulse.last_ns + 600 * S)
    after = pulse.limit_s(None)
    assert before is not None
    assert after is not None
    assert after <= before * 1.2


def test_a_market_that_grows_calm_is_learned() -> None:
    pulse = beating(0.5, 100)
    for _ in range(100):
        pulse.saw(pulse.last_ns + 8 * S)
    limit = pulse.limit_s(None)
    assert limit is not None
    assert limit > 140


def test_looking_twice_at_the_same_data_is_one_beat() -> None:
    pulse = beating(1.0, 5)
    beats = pulse.beats
    pulse.saw(pulse.last_ns)
    pulse.saw(pulse.last_ns - S)
    pulse.saw(None)
    assert pulse.beats == beats
