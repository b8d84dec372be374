"""Names of hedges and orders: never the same twice, and readable again."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbtui.core.model import Market
from arbtui.execution.intents import HedgeIds, Purpose, Terms, base36, client_id, read_client_id, terms_of
from tests.execution.stage import HEDGE, dec, instrument, intent

names = st.tuples(st.integers(0, 36**10 - 1), st.integers(0, 1), st.sampled_from(Purpose), st.integers(0, 36**3 - 1))


@given(st.lists(names, unique=True, max_size=50))
def test_different_orders_have_different_names_that_every_venue_takes(
    made: list[tuple[int, int, Purpose, int]],
) -> None:
    ids = [client_id(base36(hedge, 10), leg, purpose, number) for hedge, leg, purpose, number in made]
    assert len(set(ids)) == len(made)
    assert all(re.fullmatch(r"[A-Za-z0-9]{1,20}", each) for each in ids)


@given(names)
def test_a_name_can_be_read_again(made: tuple[int, int, Purpose, int]) -> None:
    hedge, leg, purpose, number = made
    read = read_client_id(client_id(base36(hedge, 10), leg, purpose, number))
    assert read is not None
    assert (int(read.hedge, 36), read.leg, read.purpose, read.number) == made


@pytest.mark.parametrize("text", ["", "web_abc", "abmywpiwwa00e0", "ABMYWPIWWA00E0000", "x-abmywpiwwa00e0000"])
def test_names_of_others_are_not_ours(text: str) -> None:
    assert read_client_id(text) is None


@given(st.lists(st.integers(0, 28 * 10**17), min_size=2, max_size=30))
def test_hedge_ids_only_grow_whatever_the_clock_does(times: list[int]) -> None:
    ids = HedgeIds()
    made = [ids.next(t_ns) for t_ns in times]
    assert made == sorted(set(made))


def test_a_new_life_goes_on_behind_the_ids_of_the_last() -> None:
    old, new = HedgeIds(), HedgeIds()
    last = old.next(1_800_000_000 * 10**9)
    new.saw(last)
    assert new.next(0) > last


def test_numbers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        base36(36**3, 3)
    with pytest.raises(ValueError, match="no client id"):
        client_id(HEDGE, 2, Purpose.ENTER, 0)


def test_an_unknown_multiplier_is_never_one() -> None:
    spec = instrument("alpha")
    text = terms_of(type(spec)(**{**{f: getattr(spec, f) for f in spec.__struct_fields__}, "multiplier": None}))
    assert isinstance(text, str)
    assert "set the multiplier" in text


def test_a_spot_asset_is_spelled_as_the_venue_spells_it() -> None:
    spec = instrument("alpha", spot=True)
    thousand = type(spec)(
        **{**{f: getattr(spec, f) for f in spec.__struct_fields__}, "native": "1000SATSUSDT", "base": "SATS"}
    )
    made = terms_of(thousand)
    assert isinstance(made, Terms)
    assert (made.base, made.asset) == ("SATS", "1000SATS")


def test_the_planned_edge_counts_both_entry_fees() -> None:
    made = intent()  # buy at 100.00, sell at 100.20, 5 bps each
    assert round(made.planned_net_bps, 2) == dec("9.99")
    dear = replace(made.legs[0], taker_rate=dec("0.001"))
    assert replace(made, legs=(dear, made.legs[1])).planned_net_bps < made.planned_net_bps
    assert made.legs[0].market is Market.PERP
