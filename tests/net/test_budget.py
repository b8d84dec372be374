"""Request budgets: never more than the venue allows, whatever window it counts in."""

from hypothesis import given
from hypothesis import strategies as st

from arbtui.core.clock import NS_PER_S
from arbtui.net.budget import Budget, Budgets
from arbtui.venues.base import RestLimit

LIMIT = RestLimit("h", "weight", capacity=100, window_s=60, share=0.5)


def test_what_fits_goes_at_once_and_what_does_not_waits_for_the_window() -> None:
    budget = Budget(LIMIT)
    assert budget.wait_ns(50, 0) == 0
    budget.spend(50, 0)
    assert budget.wait_ns(1, 10 * NS_PER_S) == 50 * NS_PER_S
    assert budget.wait_ns(1, 60 * NS_PER_S) == 0


def test_who_has_to_leave_something_waits_until_that_is_left() -> None:
    budget = Budget(LIMIT)
    budget.spend(20, 0)
    budget.spend(20, 5 * NS_PER_S)
    assert budget.wait_ns(10, 10 * NS_PER_S) == 0
    assert budget.wait_ns(10, 10 * NS_PER_S, leave=0.2) == 50 * NS_PER_S
    assert budget.wait_ns(25, 10 * NS_PER_S, leave=0.2) == 55 * NS_PER_S
    assert budget.wait_ns(45, 65 * NS_PER_S, leave=0.2) == 0  # dearer than what it may: alone, instead of never
    assert Budgets([]).of("h", "never described").wait_ns(10, 0, leave=0.2) == 0


def test_the_venues_own_count_is_believed_when_it_is_higher() -> None:
    budget = Budget(LIMIT)
    budget.spend(5, 0)
    budget.observe(45, 0)
    assert budget.wait_ns(10, 1) > 0
    budget.observe(3, 2)
    assert budget.wait_ns(10, 3) > 0


def test_a_ban_closes_every_bucket_of_the_host_and_only_of_it() -> None:
    budgets = Budgets([LIMIT, RestLimit("h", "orders", 10, 1), RestLimit("other", "weight", 10, 1)])
    budgets.close_host("h", 9 * NS_PER_S)
    assert budgets.of("h", "weight").wait_ns(1, 0) == 9 * NS_PER_S
    assert budgets.of("h", "orders").wait_ns(1, 0) == 9 * NS_PER_S
    assert budgets.of("h", "never described").wait_ns(1, 0) == 9 * NS_PER_S
    assert budgets.of("other", "weight").wait_ns(1, 0) == 0


def test_a_clock_that_is_set_back_closes_no_bucket_for_longer_than_its_window() -> None:
    budget, hour_ns = Budget(LIMIT), 3_600 * NS_PER_S
    budget.spend(20, hour_ns - 5 * NS_PER_S)
    budget.spend(30, hour_ns)
    budget.close(hour_ns + 9 * NS_PER_S)
    assert budget.wait_ns(1, 0) == 9 * NS_PER_S
    assert budget.wait_ns(50, 54 * NS_PER_S) == 6 * NS_PER_S
    assert budget.wait_ns(20, 55 * NS_PER_S) == 0


def test_a_call_dearer_than_the_budget_goes_alone_instead_of_never() -> None:
    budget = Budget(LIMIT)
    assert budget.wait_ns(80, 0) == 0
    budget.spend(1, 0)
    assert budget.wait_ns(80, 1) == 60 * NS_PER_S - 1


@given(st.lists(st.tuples(st.integers(0, 5_000), st.integers(1, 20)), max_size=60))
def test_no_window_anywhere_holds_more_than_the_allowance(calls: list[tuple[int, int]]) -> None:
    budget, spent, now_ns = Budget(LIMIT), list[tuple[int, int]](), 0
    for gap_ms, cost in calls:
        now_ns += gap_ms * 1_000_000
        now_ns += budget.wait_ns(cost, now_ns)
        assert budget.wait_ns(cost, now_ns) == 0
        budget.spend(cost, now_ns)
        spent.append((now_ns, cost))
    for start_ns, _ in spent:
        assert sum(c for t, c in spent if start_ns <= t < start_ns + 60 * NS_PER_S) <= 50


def test_two_users_of_a_bucket_are_counted_together_each_with_its_own_share() -> None:
    public = Budgets([RestLimit("h", "weight", 100, window_s=60.0, share=0.8)])
    private = Budgets(
        [RestLimit("h", "weight", 100, window_s=60.0, share=0.95), RestLimit("h", "orders", 10, window_s=1.0)],
        beside=public,
    )
    public.of("h", "weight").spend(80, 0)
    assert public.of("h", "weight").wait_ns(1, 0) > 0
    assert private.of("h", "weight").wait_ns(15, 0) == 0
    private.of("h", "weight").spend(15, 0)
    assert private.of("h", "weight").wait_ns(1, 0) > 0
    assert public.of("h", "weight").used_share(0) == 0.95
    public.close_host("h", NS_PER_S)
    assert private.of("h", "weight").wait_ns(0, 0) > 0
    assert private.of("h", "orders").wait_ns(1, 0) == 0  # a public refusal keeps no order back
