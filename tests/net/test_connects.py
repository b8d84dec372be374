"""Budgets of attempts and messages: no window holds too many, wherever it begins."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from arbtui.core.clock import NS_PER_MS, NS_PER_S
from arbtui.core.errors import RefusalReason, VenueRefused
from arbtui.net.connects import Connects, Pace, hold_ns

MINUTE = 60 * NS_PER_S


@settings(max_examples=50)
@given(per_min=st.integers(2, 200), gaps_ms=st.lists(st.integers(0, 3_000), min_size=1, max_size=300))
def test_no_minute_ever_holds_more_attempts_than_the_venue_or_we_allow(per_min: int, gaps_ms: list[int]) -> None:
    connects, made, now_ns = Connects(), list[int](), 0
    for gap_ms in gaps_ms:
        now_ns += gap_ms * NS_PER_MS
        made.append(connects.take("h", per_min, now_ns))
    assert made == sorted(made)
    for at in made:
        assert sum(at <= other < at + MINUTE for other in made) <= max(2, min(60, per_min))


def test_the_first_attempt_goes_at_once_and_a_few_follow_quickly() -> None:
    connects = Connects()
    due = [connects.take("h", 60, 0) for _ in range(5)]
    assert due[0] == 0
    assert due[4] < 2 * NS_PER_S
    assert all(later - earlier >= NS_PER_S / 3 for earlier, later in pairwise(due))


def test_hosts_do_not_wait_for_each_other() -> None:
    connects = Connects()
    for _ in range(50):
        connects.take("busy", 60, 0)
    assert connects.take("other", 60, 0) == 0


def test_a_host_that_asked_for_quiet_is_left_alone_until_then() -> None:
    connects = Connects()
    connects.hold("h", 7 * NS_PER_S)
    connects.hold("h", 5 * NS_PER_S)  # a shorter wait does not shorten the longer one
    assert connects.take("h", 60, 0) == 7 * NS_PER_S
    assert connects.take("other", 60, 0) == 0


def test_attempts_that_were_held_up_leave_one_after_the_other_all_the_same() -> None:
    connects, now_ns, left = Connects(), 10 * NS_PER_S, list[int]()
    waiting = [now_ns] * 6  # all were due while the loop was held up
    while waiting:
        now_ns = waiting.pop(0)
        leaves_ns = connects.leave("h", now_ns)
        if leaves_ns > now_ns:
            waiting = sorted([*waiting, leaves_ns])
        else:
            left.append(now_ns)
            connects.answered("h", now_ns + 100 * NS_PER_MS)
    assert len(left) == 6
    assert all(later - earlier >= NS_PER_S / 3 + 100 * NS_PER_MS for earlier, later in pairwise(left))


def test_an_attempt_that_is_not_answered_is_waited_for_only_so_long() -> None:
    connects = Connects()
    assert connects.leave("h", 0) == 0
    assert connects.leave("h", NS_PER_S) > NS_PER_S
    assert connects.leave("other", NS_PER_S) == NS_PER_S
    assert connects.leave("h", 2 * NS_PER_S) == 2 * NS_PER_S


def test_after_a_jump_of_the_clock_nobody_waits_for_the_past() -> None:
    connects = Connects()
    connects.hold("h", 10**18)
    connects.forget()
    assert connects.take("h", 60, 0) == 0


def test_a_wait_named_by_the_venue_is_kept_and_a_nameless_one_is_guessed_by_its_kind() -> None:
    named = VenueRefused("x", reason=RefusalReason.RATE_LIMITED, retry_after_s=33)
    assert hold_ns(named) == 33 * NS_PER_S
    banned, limited, odd = (
        hold_ns(VenueRefused("x", reason=reason))
        for reason in (RefusalReason.BANNED, RefusalReason.RATE_LIMITED, RefusalReason.BAD_REQUEST)
    )
    assert banned > limited > odd == 0


@given(st.lists(st.integers(0, 500), min_size=1, max_size=100))
def test_messages_never_come_closer_than_their_period(gaps_ms: list[int]) -> None:
    pace, now_ns, sent = Pace(200 * NS_PER_MS), 0, list[int]()
    for gap_ms in gaps_ms:
        now_ns += gap_ms * NS_PER_MS
        now_ns = pace.take(now_ns)
        sent.append(now_ns)
    assert all(later - earlier >= 200 * NS_PER_MS for earlier, later in pairwise(sent))
