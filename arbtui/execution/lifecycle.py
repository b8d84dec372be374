"""The states of a hedge and everything that may lead from one to another. Nothing else changes a state.

    previewed -> journaled -> sending -> working -> hedged -> closing -> done
                                 |          |         |          |
                                 +--------- unbalanced ----------+          one leg has more than the other
                                                |
                                  rehedging -> unwinding -> flat            repaired, or given back
    in_doubt      something was sent and it is not known what became of it: nothing new is sent
    halted        no rule is left, or a rule says stop: a person decides, unless both legs were closed from outside

A hedge that is done or flat may still be woken: a fill that the venue tells late counts like any other. One that a
person took over may not: what is told of it later is kept and said, and is the person's.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from arbtui.core.errors import ArbtuiError


class State(StrEnum):
    PREVIEWED = "previewed"
    JOURNALED = "journaled"
    SENDING = "sending"
    WORKING = "working"
    HEDGED = "hedged"
    CLOSING = "closing"
    DONE = "done"
    UNBALANCED = "unbalanced"
    REHEDGING = "rehedging"
    UNWINDING = "unwinding"
    FLAT = "flat"
    IN_DOUBT = "in_doubt"
    HALTED = "halted"

    @property
    def ended(self) -> bool:
        """Nothing is open and nothing is to be done."""
        return self in (State.DONE, State.FLAT)

    @property
    def troubled(self) -> bool:
        return self in (State.UNBALANCED, State.REHEDGING, State.UNWINDING, State.IN_DOUBT, State.HALTED)


class Step(StrEnum):
    """What happened to a hedge, or was decided about it."""

    PERSISTED = "persisted"  # the intent is on disk
    DROPPED = "dropped"  # nothing was sent and nothing will be
    SEND = "send"  # the turn's first orders go out
    ANSWERED = "answered"  # the venues have told of every order that was sent
    BALANCED = "balanced"  # both legs hold the same, up to dust, and nothing is under way
    EMPTY = "empty"  # the same, and they hold nothing
    SHORT = "short"  # one leg holds more than the other, beyond dust, and nothing under way repairs it
    REHEDGE = "rehedge"
    UNWIND = "unwind"
    DOUBT = "doubt"
    RESOLVED = "resolved"
    HALT = "halt"
    CLOSE = "close"  # a closing turn is on disk
    RETRY = "retry"  # a person says: go on by the rules
    ABANDON = "abandon"  # a person says: I have taken it over


class WrongStep(ArbtuiError):
    """A step was taken that the table does not know: a mistake in this program."""


_S, _E = State, Step
_WORKS = {
    _E.BALANCED: _S.HEDGED,
    _E.EMPTY: _S.DONE,
    _E.SHORT: _S.UNBALANCED,
    _E.DOUBT: _S.IN_DOUBT,
    _E.HALT: _S.HALTED,
}
_REPAIRS = {
    _E.REHEDGE: _S.REHEDGING,
    _E.UNWIND: _S.UNWINDING,
    _E.BALANCED: _S.HEDGED,
    _E.EMPTY: _S.FLAT,
    _E.DOUBT: _S.IN_DOUBT,
    _E.HALT: _S.HALTED,
    _E.CLOSE: _S.CLOSING,
}

TABLE: Mapping[State, Mapping[Step, State]] = MappingProxyType(
    {
        _S.PREVIEWED: {_E.PERSISTED: _S.JOURNALED, _E.DROPPED: _S.DONE},
        _S.JOURNALED: {**_WORKS, _E.SEND: _S.SENDING, _E.DROPPED: _S.DONE},
        _S.SENDING: {**_WORKS, _E.ANSWERED: _S.WORKING},
        _S.WORKING: {**_WORKS, _E.SEND: _S.SENDING},
        _S.HEDGED: {**_WORKS, _E.CLOSE: _S.CLOSING, _E.ABANDON: _S.DONE},
        _S.CLOSING: {**_WORKS, _E.ANSWERED: _S.CLOSING, _E.SEND: _S.CLOSING},
        _S.DONE: {_E.SHORT: _S.UNBALANCED, _E.DOUBT: _S.IN_DOUBT, _E.BALANCED: _S.HEDGED, _E.HALT: _S.HALTED},
        _S.UNBALANCED: _REPAIRS,
        _S.REHEDGING: _REPAIRS,
        _S.UNWINDING: _REPAIRS,
        _S.FLAT: {_E.SHORT: _S.UNBALANCED, _E.DOUBT: _S.IN_DOUBT, _E.BALANCED: _S.HEDGED, _E.HALT: _S.HALTED},
        _S.IN_DOUBT: {_E.RESOLVED: _S.WORKING, _E.HALT: _S.HALTED},
        _S.HALTED: {_E.RETRY: _S.WORKING, _E.CLOSE: _S.CLOSING, _E.ABANDON: _S.DONE, _E.EMPTY: _S.DONE},
    }
)


def after(state: State, step: Step) -> State:
    """Where ``step`` leads from ``state``. WrongStep where the table knows no way."""
    try:
        return TABLE[state][step]
    except KeyError:
        raise WrongStep(f"a hedge that is {state} cannot be met by {step}; this is a mistake in arbtui") from None


def allows(state: State, step: Step) -> bool:
    return step in TABLE[state]
