"""Hostile answers and pushes: each kind, spoilt in every way, is an event that makes sense or one of the named errors.

An order's answer has more to lose: whatever is done to a refusal or to rubbish, it never comes out as a yes. Claims of
one venue alone stand in ``<venue>/test_private_fuzz.py``.
"""

from __future__ import annotations

import pytest

from tests.venues.bitget.classic_hostile import HOSTILE as BITGET_CLASSIC
from tests.venues.bitget.hostile import HOSTILE as BITGET
from tests.venues.bybit.hostile import HOSTILE as BYBIT
from tests.venues.hostile import Hostile
from tests.venues.hyperliquid.hostile import HOSTILE as HYPERLIQUID
from tests.venues.okx.hostile import HOSTILE as OKX

VENUES = {"okx": OKX, "hyperliquid": HYPERLIQUID, "bybit": BYBIT, "bitget": BITGET, "classic": BITGET_CLASSIC}

of_every_venue = pytest.mark.parametrize("hostile", VENUES.values(), ids=VENUES.keys())


@pytest.mark.parametrize(("venue", "name"), [(venue, name) for venue, table in VENUES.items() for name in table.reads])
def test_every_spoilt_answer_is_an_event_or_a_named_error(venue: str, name: str) -> None:
    hostile = VENUES[venue]
    told = hostile.reads[name]
    kind = told.kind
    assert kind in hostile.spoil_answer(name, 1200, 200).by_seed[f"{name} 0"]
    for status in hostile.statuses:
        report = hostile.spoil_answer(name, 100, status)
        refusals_count = status in hostile.refusals_count
        assert (told.by_a_no and refusals_count) or kind not in report.by_seed[f"{name} 0"], report
        assert refusals_count or kind not in report.events, report
        assert status < 500 or not report.events, report


@pytest.mark.parametrize(("venue", "name"), [(venue, name) for venue, table in VENUES.items() for name in table.silent])
def test_what_only_leads_on_tells_nothing_however_it_is_spoilt(venue: str, name: str) -> None:
    report = VENUES[venue].spoil_silent(name)
    assert not report.events, report
    assert report.errors, report


@pytest.mark.parametrize("venue", [venue for venue, table in VENUES.items() if table.key is not None])
def test_every_spoilt_key_is_told_or_a_named_error(venue: str) -> None:
    report = VENUES[venue].spoil_key()
    assert all(kinds == set() for kinds in report.by_seed.values()), report
    assert report.errors["unknown_shape"], report


@of_every_venue
def test_nothing_that_is_done_to_a_refusal_makes_it_a_yes_with_another_code(hostile: Hostile) -> None:
    """A mutation may well turn a no into a yes by writing the code of success; then, and only then, it is one."""
    for yes in hostile.yeses_of_a_no():
        assert hostile.still_a_no is not None, yes
        assert hostile.still_a_no not in yes, yes


@of_every_venue
def test_every_spoilt_push_is_an_event_or_broken_protocol(hostile: Hostile) -> None:
    report = hostile.spoil_pushes()
    assert report.reached >= hostile.reached
    assert hostile.broken <= set(report.errors), report
