"""The same ticker is the same coin only if prices say so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbtui.market.slot import Slot
from arbtui.market.terms import IdentityRules, MarketRules
from tests.market.desk import PERP, SPOT, Desk, instrument


def quoted(desk: Desk, *venues: str) -> list[Slot]:
    """One perp of BTC per venue, each with a sound quote."""
    slots = [desk.add(venue) for venue in venues]
    for slot in slots:
        desk.quote(slot, 100.0, 101.0)
    return slots


def keep(desk: Desk, marks: dict[Slot, str], seconds: float) -> None:
    """Quotes and marks come for a while."""
    for _ in range(int(seconds)):
        for slot, price in marks.items():
            desk.mark(slot, price)
            if slot.bid is not None:
                desk.quote(slot, slot.bid, slot.ask)
        desk.after(1.0)


def test_no_leg_may_trade_before_the_first_agreement() -> None:
    desk = Desk()
    one, two = quoted(desk, "ama", "bex")
    desk.after(1.0)
    assert [one.muted, two.muted] == ["not yet compared with another instrument's mark or index price"] * 2
    desk.mark(one, "100")
    desk.after(1.0)
    assert one.muted
    desk.mark(two, "101")
    desk.after(0.5)
    assert not one.muted
    assert not two.muted


def test_a_coin_on_one_instrument_has_nothing_to_be_compared_with() -> None:
    desk = Desk()
    (only,) = quoted(desk, "ama")
    desk.after(1.0)
    assert only.muted is None


def test_agreement_is_remembered_while_marks_are_missing() -> None:
    desk = Desk()
    one, two = quoted(desk, "ama", "bex")
    desk.agree(one, two)
    for _ in range(200):
        for slot in (one, two):
            desk.quote(slot, 100.0, 101.0)
        desk.after(1.0)
    assert one.muted is None


def test_the_odd_one_out_is_muted_at_once_and_quarantined_after_ten_seconds() -> None:
    desk = Desk()
    one, two, odd = quoted(desk, "ama", "bex", "dot")
    desk.agree(one, two, odd)
    keep(desk, {one: "100", two: "100", odd: "125"}, 1)
    assert desk.muted(odd) == "its mark or index price disagrees with other venues'"
    keep(desk, {one: "100", two: "100", odd: "125"}, 11)
    assert desk.muted(odd) == f"quarantined: {odd.quarantine}"
    assert "not the same coin" in desk.muted(odd)
    assert one.muted is None
    assert two.muted is None
    assert odd.coin.quarantine is None


def test_twenty_percent_apart_is_still_the_same_coin() -> None:
    desk = Desk()
    one, two = quoted(desk, "ama", "bex")
    keep(desk, {one: "100", two: "120"}, 15)
    assert one.muted is None
    assert two.quarantine is None


def test_two_that_disagree_are_both_quarantined_and_the_coin_with_them() -> None:
    desk = Desk()
    one, two = quoted(desk, "ama", "bex")
    keep(desk, {one: "100", two: "121"}, 11)
    assert one.quarantine is not None
    assert two.quarantine is not None
    assert one.coin.quarantine is not None


def test_two_pairs_that_disagree_have_no_majority() -> None:
    desk = Desk()
    slots = quoted(desk, "ama", "bex", "cue", "dot")
    keep(desk, dict(zip(slots, ("100", "100", "200", "200"), strict=True)), 12)
    assert all(slot.quarantine is not None for slot in slots)


def test_one_venue_with_two_instruments_has_one_vote() -> None:
    desk = Desk()
    perp, other = desk.add("ama"), desk.add("bex")
    spot = desk.add("ama", SPOT)
    for slot in (perp, spot):
        desk.quote(slot, 100.0, 101.0)
    desk.quote(other, 200.0, 201.0)
    keep(desk, {perp: "100", spot: "100", other: "200"}, 12)
    assert all(slot.quarantine is not None for slot in (perp, spot, other))


def test_spot_and_perp_of_one_venue_are_compared_too() -> None:
    desk = Desk()
    perp, spot = desk.add("ama"), desk.add("ama", SPOT)
    desk.quote(perp, 100.0, 101.0)
    desk.quote(spot, 0.1, 0.101)  # a multiple that no table knows
    keep(desk, {perp: "100"}, 1)
    assert perp.muted is not None
    keep(desk, {perp: "100"}, 11)
    assert perp.quarantine is not None
    assert spot.quarantine is not None


def test_a_spot_instrument_speaks_by_its_mid() -> None:
    desk = Desk()
    perp, spot = desk.add("ama"), desk.add("bex", SPOT)
    desk.quote(perp, 100.0, 101.0)
    desk.quote(spot, 104.0, 105.0)
    desk.mark(perp, "100")
    desk.after(0.5)
    assert perp.muted is None
    assert spot.muted is None


def test_a_dislocated_perp_quote_is_no_matter_of_identity() -> None:
    desk = Desk()
    one, two = quoted(desk, "ama", "bex")
    desk.quote(two, 150.0, 151.0)
    keep(desk, {one: "100", two: "100"}, 12)
    assert two.muted is None


def test_a_moment_of_disagreement_quarantines_nobody() -> None:
    desk = Desk()
    one, two = quoted(desk, "ama", "bex")
    desk.agree(one, two)
    for _ in range(4):
        keep(desk, {one: "100", two: "130"}, 5)
        keep(desk, {one: "100", two: "100"}, 2)
    assert two.quarantine is None
    assert two.muted is None


def test_quarantine_ends_after_ten_seconds_of_fitting_in() -> None:
    desk = Desk()
    one, two = quoted(desk, "ama", "bex")
    keep(desk, {one: "100", two: "130"}, 12)
    keep(desk, {one: "100", two: "100"}, 9)
    assert two.quarantine is not None
    keep(desk, {one: "100", two: "100"}, 3)
    assert two.muted is None
    assert one.coin.quarantine is None


def test_marks_older_than_two_minutes_accuse_nobody() -> None:
    desk = Desk()
    one, two = quoted(desk, "ama", "bex")
    desk.agree(one, two)
    for _ in range(121):  # no mark of either for two minutes
        desk.quote(one, 100.0, 101.0)
        desk.quote(two, 100.0, 101.0)
        desk.after(1.0)
    keep(desk, {one: "150"}, 15)
    assert one.muted is None
    assert two.quarantine is None


@pytest.mark.parametrize("vouched", ["BTC", "both legs"])
def test_the_override_table_has_the_last_word(vouched: str) -> None:
    same = frozenset({"BTC"} if vouched == "BTC" else {"ama.perp.BTCUSDT", "bex.perp.BTCUSDT"})
    desk = Desk(MarketRules(identity=IdentityRules(same=same)))
    one, two = quoted(desk, "ama", "bex")
    keep(desk, {one: "100", two: "300"}, 12)
    assert one.muted is None
    assert two.muted is None


def test_a_ticker_that_means_another_coin_joins_that_coin() -> None:
    rules = MarketRules(identity=IdentityRules(coin_of={"bex.perp.BTCUSDT": "BTC2"}))
    desk = Desk(rules)
    one, two = quoted(desk, "ama", "bex")
    assert one.coin.base == "BTC"
    assert two.coin.base == "BTC2"
    desk.board.reload(replace(rules, identity=IdentityRules()), desk.now_ns)
    assert one.coin is two.coin
    assert "BTC2" not in desk.board.coins


def test_a_late_newcomer_has_to_agree_first() -> None:
    desk = Desk()
    one, two = quoted(desk, "ama", "bex")
    desk.agree(one, two)
    desk.list(instrument("dot", PERP, "BTCUSDT", "BTC"))
    late = desk.board.slot_of("dot", PERP, "BTCUSDT")
    assert late is not None
    desk.quote(late, 100.0, 101.0)
    desk.after(1.0)
    assert late.muted is not None
    assert one.muted is None


@settings(max_examples=60, deadline=None)
@given(
    prices=st.lists(st.floats(1.0, 400.0), min_size=2, max_size=4),
    scale=st.sampled_from([1e-6, 1.0, 1e4]),
)
def test_who_is_accused_depends_on_ratios_only_and_agreeing_groups_are_never_split(
    prices: list[float], scale: float
) -> None:
    verdicts = []
    for factor in (1.0, scale):
        desk = Desk()
        slots = quoted(desk, *("ama", "bex", "cue", "dot")[: len(prices)])
        keep(desk, {slot: f"{price * factor:.12f}" for slot, price in zip(slots, prices, strict=True)}, 12)
        verdicts.append([slot.quarantine is not None for slot in slots])
        if max(prices) / min(prices) < 1.1999:
            assert not any(verdicts[-1])
        if max(prices) / min(prices) > 1.2001:
            assert any(verdicts[-1])
        accepted = [price for price, slot in zip(prices, slots, strict=True) if slot.quarantine is None]
        assert not accepted or max(accepted) <= min(accepted) * 1.2001
        assert not accepted or len(accepted) * 2 > len(prices)
    if all(abs(a / b - 1.2) > 1e-3 for a in prices for b in prices):
        assert verdicts[0] == verdicts[1]
