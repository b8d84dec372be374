"""Rates and ages."""

import pytest

from arbtui.net.figures import Ages, LastMinute, Rate

S = 1_000_000_000
MS = 1_000_000


def test_ages_are_unknown_before_the_first() -> None:
    assert Ages().percentiles(5.0) == (None, None)


def test_ages_are_corrected_by_the_venues_clock_where_it_is_known() -> None:
    ages = Ages()
    for age_ms in range(101):
        ages.add((1000 + age_ms) * MS, 1000)
    assert ages.percentiles(None) == (50.0, 99.0)
    assert ages.percentiles(-7.0) == (43.0, 92.0)  # its clock is behind: less time has passed


def test_only_the_newest_ages_count() -> None:
    ages = Ages(kept=10)
    for age_ms in (500, *[1] * 10):
        ages.add((1000 + age_ms) * MS, 1000)
    assert ages.percentiles(0.0) == (1.0, 1.0)


def test_a_rate_covers_the_last_ten_seconds() -> None:
    rate = Rate()
    assert rate.per_s() == 0.0
    for second in range(30):
        rate.look(second * S, min(second, 20) * 100)
    assert rate.per_s() == pytest.approx(10.0)  # 100 in the last ten seconds, nothing since


def test_the_last_minute_forgets() -> None:
    minute = LastMinute()
    for second in range(0, 100, 10):
        minute.add(second * S)
    assert minute.count(99 * S) == 6
    assert minute.count(300 * S) == 0
