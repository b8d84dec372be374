"""The table of states: every state can be reached and left, and nothing that is not in it happens."""

from __future__ import annotations

import pytest

from arbtui.execution.lifecycle import TABLE, State, Step, WrongStep, after, allows


def reachable(start: State) -> set[State]:
    seen, todo = {start}, [start]
    while todo:
        for state in TABLE[todo.pop()].values():
            if state not in seen:
                seen.add(state)
                todo.append(state)
    return seen


def test_every_state_is_reached_from_a_preview() -> None:
    assert reachable(State.PREVIEWED) == set(State)


@pytest.mark.parametrize("state", State)
def test_every_state_has_a_way_to_an_end(state: State) -> None:
    assert reachable(state) & {State.DONE, State.FLAT}


@pytest.mark.parametrize("state", [state for state in State if state not in (State.PREVIEWED, State.HALTED)])
def test_every_state_can_be_halted(state: State) -> None:
    assert after(state, Step.HALT) is State.HALTED


def test_only_a_person_leads_out_of_halted_unless_nothing_is_left() -> None:
    assert set(TABLE[State.HALTED]) == {Step.RETRY, Step.CLOSE, Step.ABANDON, Step.EMPTY}


def test_nothing_is_sent_while_in_doubt() -> None:
    assert not {Step.SEND, Step.REHEDGE, Step.UNWIND, Step.CLOSE} & set(TABLE[State.IN_DOUBT])


def test_a_step_that_the_table_does_not_know_is_a_mistake_that_names_itself() -> None:
    assert not allows(State.DONE, Step.SEND)
    with pytest.raises(WrongStep, match="done cannot be met by send"):
        after(State.DONE, Step.SEND)
