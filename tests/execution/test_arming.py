"""Nothing is ever disarmed in silence: each way says why, to people and to the journal."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbtui.execution.arming import Permit
from arbtui.execution.records import Armed, fact_of
from tests.execution.stage import Stage, intent

OTHER = "mywpiwwa01"


def armed(stage: Stage) -> bool:
    return stage.runner.armed


def arming(stage: Stage) -> list[Armed]:
    """What the journal was told of it."""
    return [fact for kept in stage.disk.kept if isinstance(fact := fact_of(kept), Armed)]


def full(stage: Stage) -> None:
    stage.disk.full = True
    stage.runner.open(intent())
    stage.disk.full = False
    stage.wait(5)


WAYS: dict[str, tuple[Callable[[Stage], object], str]] = {
    "by somebody": (lambda stage: stage.runner.disarm("the screen is gone"), "the screen is gone"),
    "by the kill switch": (lambda stage: stage.runner.kill("a person pressed !"), "kill switch: a person pressed !"),
    "by a sleep": (lambda stage: stage.runner.reconcile("the machine slept"), "the machine slept"),
    "by the end": (lambda stage: stage.runner.stop(lambda _: None), "arbtui is stopping"),
    "by a full disk": (full, "the journal fails"),
}


@pytest.mark.parametrize("way", WAYS)
def test_whatever_disarms_says_why_and_writes_it_down(way: str) -> None:
    stage = Stage()
    assert arming(stage) == [Armed(True, "a person said so")]
    disarm, why = WAYS[way]
    disarm(stage)
    assert not armed(stage)
    assert any(why in said.text for said in stage.said)
    assert arming(stage)[1:] == [Armed(False, why)]


def test_what_is_disarmed_already_says_nothing_twice() -> None:
    stage = Stage()
    for _ in range(3):
        stage.runner.disarm("the screen is gone")
    assert len(arming(stage)) == 2


def test_the_next_life_reads_a_journal_that_tells_of_arming() -> None:
    first = Stage()
    first.runner.disarm("a test")
    second = Stage(list(first.disk.kept))
    assert second.runner.ledgers == {}


# on terms


SMALL = Permit(Decimal(1500), for_s=600)  # the hedges of the stage are worth 1,000 USD a leg


def test_no_more_is_open_at_once_than_was_armed_for_whoever_asks_the_runner() -> None:
    stage = Stage()
    stage.runner.disarm("a test")
    assert "at most 1500 USD open at once, for 10 min" in stage.runner.arm(permit=SMALL).text
    stage.open()
    refused = stage.runner.open(intent(qty="6", hedge=OTHER))
    assert not refused.accepted
    assert refused.text == "1603.20 USD would be open, armed for 1500; arm for more, or open less"
    assert stage.runner.open(intent(qty="4", hedge=OTHER)).accepted


def test_what_may_still_fill_counts_as_open() -> None:
    stage = Stage()
    stage.runner.arm(permit=SMALL)
    stage.open()  # nothing has filled yet
    assert "armed for 1500" in stage.runner.open(intent(qty="6", hedge=OTHER)).text


def test_without_a_rate_nothing_is_opened_on_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage()
    stage.runner.arm(permit=SMALL)
    monkeypatch.setattr(stage.board, "usd", lambda ccy: None)
    assert "cannot be checked" in stage.runner.open(intent()).text


def test_arming_ends_by_itself_with_a_word_a_minute_before() -> None:
    stage = Stage()
    stage.runner.arm(permit=SMALL)
    stage.wait(539)
    assert not any("ends by itself" in said.text for said in stage.said)
    stage.wait(2)
    assert any(said.text == "in 60 s arming ends by itself; arm again to go on" for said in stage.said)
    assert armed(stage)
    stage.wait(60)
    assert not armed(stage)
    assert arming(stage)[-1] == Armed(False, "armed for 10 min, and they are over")
    assert stage.runner.permit is None
    assert "disarmed" in stage.runner.open(intent()).text


def test_arming_anew_begins_the_time_anew_and_replaces_the_limit() -> None:
    stage = Stage()
    stage.runner.arm(permit=SMALL)
    stage.wait(500)
    stage.runner.arm(permit=Permit(Decimal(2500), for_s=600))
    stage.wait(599)
    assert armed(stage)
    stage.open()
    assert stage.runner.open(intent(hedge=OTHER)).accepted
    stage.wait(2)
    assert not armed(stage)


@pytest.mark.parametrize("way", ["disarm", "kill"])
def test_an_end_of_another_kind_takes_the_time_with_it(way: str) -> None:
    stage = Stage()
    stage.runner.arm(permit=SMALL)
    getattr(stage.runner, way)("a test")
    assert (stage.runner.permit, stage.runner.armed_until_ns) == (None, None)
    stage.runner.arm()
    stage.wait(3600)
    assert armed(stage), "without terms it does not end by itself"


@pytest.mark.parametrize(("usd", "for_s"), [("0", 60), ("-5", 60), ("nan", 60), ("Infinity", 60), ("5", 0)])
def test_a_permit_for_nothing_or_everything_is_none(usd: str, for_s: float) -> None:
    with pytest.raises(ValueError, match="permits nothing"):
        Permit(Decimal(usd), for_s)


@given(limit=st.integers(1, 5000), sizes=st.lists(st.tuples(st.integers(1, 30), st.booleans()), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_whatever_is_opened_and_filled_the_sum_stays_within_the_permit(
    limit: int, sizes: list[tuple[int, bool]]
) -> None:
    stage = Stage()
    stage.runner.arm(permit=Permit(Decimal(limit), for_s=600))
    open_usd = Decimal(0)
    for number, (qty, fills) in enumerate(sizes):
        made = intent(qty=str(qty), hedge=f"mywpiwwa{number:02}")
        worth = qty * Decimal("100.20")  # the dearer leg
        answer = stage.runner.open(made)
        assert answer.accepted == (open_usd + worth <= limit), answer.text
        if answer.accepted:
            open_usd += worth
            if fills:
                stage.fills(stage.order("alpha"))
                stage.fills(stage.order("beta"))
