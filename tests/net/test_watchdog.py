"""When an open connection is not worth keeping."""

from dataclasses import replace

from arbtui.net.pulse import FLOOR_S, Pulse
from arbtui.net.watchdog import DATA_FLOOR_S, MANY_STREAMS, Fate, Verdict, Watchdog, data_limit_s
from arbtui.venues.base import Manners
from tests.net.toy import MANNERS, S


def look(
    dog: Watchdog, now_s: float, *, traffic_s: float | None = None, data_s: float | None = None, **more: int
) -> Verdict | None:
    traffic, data = now_s if traffic_s is None else traffic_s, now_s if data_s is None else data_s
    return dog.look(
        round(now_s * S),
        traffic_ns=round(traffic * S),
        data_ns=round(data * S),
        data_limit_s=DATA_FLOOR_S,
        frames=more.get("frames", 0),
        broken=more.get("broken", 0),
        hopeless=more.get("hopeless", 0),
    )


def watchdog(manners: Manners = MANNERS, share: float = 0.95) -> Watchdog:
    return Watchdog(manners, 100 * S, share)


def test_a_connection_with_traffic_and_data_is_kept() -> None:
    assert look(watchdog(), 1000) is None


def test_no_sign_of_life_cuts() -> None:
    assert look(watchdog(), 200, traffic_s=166) is None
    verdict = look(watchdog(), 202, traffic_s=166)
    assert verdict is not None
    assert verdict.fate is Fate.CUT
    assert "no frame, ping or pong for 36 s" in verdict.reason


def test_a_socket_that_never_said_anything_is_judged_from_its_opening() -> None:
    assert look(watchdog(), 130, traffic_s=0, data_s=130) is None
    assert look(watchdog(), 136, traffic_s=0, data_s=136) is not None


def test_traffic_without_the_usual_data_replaces_with_overlap() -> None:
    assert look(watchdog(), 200, data_s=181) is None
    verdict = look(watchdog(), 200, data_s=179)
    assert verdict is not None
    assert verdict.fate is Fate.REPLACE


def test_mostly_unreadable_frames_cut_and_a_few_do_not() -> None:
    dog = watchdog()
    assert look(dog, 200, frames=1000, broken=0) is None
    assert look(dog, 201, frames=1100, broken=40) is None
    verdict = look(dog, 202, frames=1200, broken=140)
    assert verdict is not None
    assert verdict.fate is Fate.CUT
    assert "140 of the last 200 frames" in verdict.reason


def test_unreadable_frames_of_long_ago_are_forgotten() -> None:
    dog = watchdog()
    assert look(dog, 200, frames=0, broken=0) is None
    assert look(dog, 205, frames=15, broken=15) is None
    assert look(dog, 230, frames=115, broken=15) is None
    assert look(dog, 231, frames=125, broken=24) is None


def test_hopeless_streams_replace() -> None:
    verdict = look(watchdog(), 200, hopeless=2)
    assert verdict is not None
    assert verdict.fate is Fate.REPLACE
    assert not verdict.planned


def test_its_time_comes_before_the_venues_own_cut() -> None:
    dog = watchdog(replace(MANNERS, lifetime_s=1000.0))
    assert look(dog, 1049) is None
    verdict = look(dog, 1051)
    assert verdict is not None
    assert verdict.planned


def test_used_up_requests_renew_the_connection_and_old_ones_do_not_count() -> None:
    dog = watchdog(replace(MANNERS, requests_per_hour=10))
    for at_s in range(200, 209):
        dog.requested(at_s * S)
    assert look(dog, 210) is None
    dog.requested(211 * S)
    verdict = look(dog, 212)
    assert verdict is not None
    assert verdict.planned
    assert look(dog, 200 + 3600 + 5) is None


def test_a_busy_socket_may_be_silent_for_ten_seconds_a_slow_one_longer() -> None:
    pulse = Pulse()
    for second in range(100, 200):
        pulse.saw(second * S)
    assert data_limit_s(pulse, 1) == DATA_FLOOR_S
    for second in range(200, 1200, 10):
        pulse.saw(second * S)
    limit_s = data_limit_s(pulse, 1)
    assert limit_s is not None
    assert limit_s > 50


def test_many_streams_that_spoke_once_are_not_all_quiet_for_long() -> None:
    pulse = Pulse()
    assert data_limit_s(pulse, MANY_STREAMS) is None  # nothing has come yet: that is for each stream to say
    pulse.saw(100 * S)
    assert data_limit_s(pulse, MANY_STREAMS) == FLOOR_S
    assert data_limit_s(pulse, MANY_STREAMS - 1) is None
