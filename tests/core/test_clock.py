"""Timers on a clock that only moves when told to."""

from arbtui.core.clock import Every, ManualClock


def test_timers_fire_in_order_of_due_time_and_then_of_setting() -> None:
    clock, fired = ManualClock(), list[str]()
    clock.call_at(20, lambda: fired.append("late"))
    clock.call_at(10, lambda: fired.append("first"))
    clock.call_at(10, lambda: fired.append("second"))
    clock.advance_to(20)
    assert fired == ["first", "second", "late"]


def test_a_timer_sees_its_own_due_time_not_the_time_advanced_to() -> None:
    clock, seen = ManualClock(), list[int]()
    clock.call_at(10, lambda: seen.append(clock.now_ns()))
    clock.advance_to(99)
    assert seen == [10]
    assert clock.now_ns() == 99


def test_a_timer_set_by_a_timer_within_the_span_fires_too() -> None:
    clock, seen = ManualClock(), list[int]()
    clock.call_at(10, lambda: (clock.call_at(15, lambda: seen.append(clock.now_ns())), None)[1])
    clock.advance_to(20)
    assert seen == [15]


def test_time_never_runs_backwards() -> None:
    clock = ManualClock(50)
    clock.advance_to(40)
    assert clock.now_ns() == 50


def test_cancelled_timers_stay_silent() -> None:
    clock, fired = ManualClock(), list[int]()
    timer = clock.call_at(10, lambda: fired.append(1))
    timer.cancel()
    clock.advance_to(20)
    assert fired == []


def test_a_grid_fires_once_a_period_however_time_is_cut() -> None:
    whole, cut = list[int](), list[int]()
    one, two = ManualClock(3), ManualClock(3)
    Every(one, 10, lambda: whole.append(one.now_ns()))
    Every(two, 10, lambda: cut.append(two.now_ns()))
    one.advance_to(45)
    for t in range(4, 46):
        two.advance_to(t)
    assert whole == cut == [10, 20, 30, 40]


def test_a_jump_calls_what_fell_due_once_and_in_order() -> None:
    clock, fired = ManualClock(3), list[tuple[str, int]]()
    Every(clock, 10, lambda: fired.append(("grid", clock.now_ns())))
    clock.call_at(5, lambda: fired.append(("once", clock.now_ns())))
    clock.jump_to(1_000_004)
    assert fired == [("once", 1_000_004), ("grid", 1_000_004)]
    clock.advance_to(1_000_020)
    assert fired[2:] == [("grid", 1_000_010), ("grid", 1_000_020)]
