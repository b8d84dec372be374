"""Before anything is sent: every check by name, unknown is not good enough, and each refusal has a remedy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from arbtui.core.model import Market, TradingStatus
from arbtui.core.orders import AccountMode, Balance, FeeRates, LeverageRead, StreamState
from arbtui.execution.intents import Intent, Verb
from arbtui.execution.preflight import ClockRead, Facts, Snapshot, preflight, refusal
from tests.execution.stage import GOOD, T0, dec, instrument, intent, quote

VENUES = ("alpha", "beta")


def facts() -> Facts:
    made = Facts()
    for venue in VENUES:
        made.hear(Balance(venue=venue, wallet="trading", asset="USDT", total=dec(600), free=dec(600), t_ns=T0))
        made.hear(LeverageRead(venue=venue, native="COINUSDT", leverage=dec(2), margin_mode="cross", t_ns=T0))
        made.hear(
            FeeRates(venue=venue, market=Market.PERP, native="", maker=dec("0.0002"), taker=dec("0.0005"), t_ns=T0)
        )
        made.hear(
            AccountMode(venue=venue, market=Market.PERP, position_mode="one_way", can_trade=True, text="net", t_ns=T0)
        )
        made.hear(StreamState(venue=venue, markets=(Market.PERP,), state="up", text="", t_ns=T0))
    return made


def snapshot(**changes: Any) -> Snapshot:
    made = Snapshot(
        facts=facts(),
        instruments=(instrument("alpha"), instrument("beta")),
        prices=GOOD,
        wallets={(venue, Market.PERP): "trading" for venue in VENUES},
        clocks=dict.fromkeys(VENUES, ClockRead(12.0)),
        armed=True,
    )
    return replace(made, **changes)


def failed(snap: Snapshot, made: Intent | None = None) -> list[str]:
    return [check.name for check in preflight(made or intent(), snap) if not check.ok]


def test_everything_in_order_is_let_through() -> None:
    checks = preflight(intent(), snapshot())
    assert refusal(checks) == ""
    assert {
        "armed",
        "instrument",
        "price",
        "quantity",
        "private stream",
        "clock",
        "mode",
        "leverage",
        "fees",
        "requests",
        "funds",
        "limits",
    } == {check.name for check in checks}


def without(change: Callable[[Facts], None]) -> Snapshot:
    made = facts()
    change(made)
    return snapshot(facts=made)


CASES: list[tuple[Snapshot, list[str]]] = [
    (snapshot(armed=False), ["armed"]),
    (snapshot(instruments=(None, instrument("beta"))), ["instrument"]),
    (snapshot(instruments=(instrument("alpha"), instrument("beta", step="1"))), ["instrument"]),
    (snapshot(prices=(quote("99.99", "100.00", age_ms=3_000), GOOD[1])), ["price"]),
    (snapshot(prices=(quote("100.01", "100.00"), GOOD[1])), ["price"]),
    (snapshot(prices=(quote("100.30", "100.31"), GOOD[1])), ["price"]),
    (snapshot(prices=(GOOD[0], quote("100.20", "100.21", fresh=False))), ["price"]),
    (snapshot(clocks={"alpha": ClockRead(12.0)}), ["clock"]),
    (snapshot(clocks={"alpha": ClockRead(12.0), "beta": None}), ["clock"]),
    (snapshot(clocks={"alpha": ClockRead(12.0), "beta": ClockRead(-900.0)}), ["clock"]),
    (snapshot(limits=("an order: too much",)), ["limits"]),
    (snapshot(order_wait_s={"alpha": 0.0, "beta": 3.2}), ["requests"]),
    (without(lambda made: made.streams.discard(("beta", Market.PERP))), ["private stream"]),
    (without(lambda made: made.modes.clear()), ["mode", "mode"]),
    (without(lambda made: made.leverage.__delitem__(("beta", "COINUSDT"))), ["leverage", "funds"]),
    (
        without(
            lambda made: made.hear(
                LeverageRead(
                    venue="beta",
                    native="COINUSDT",
                    leverage=dec(2),
                    margin_mode="cross",
                    t_ns=T0 + 1,
                    position_mode="hedge",
                )
            )
        ),
        ["leverage"],
    ),
    (without(lambda made: made.fees.clear()), ["fees", "fees"]),
    (without(lambda made: made.balances.clear()), ["funds", "funds"]),
]


@pytest.mark.parametrize(("snap", "names"), CASES)
def test_each_check_fails_by_name_and_unknown_is_a_failure(snap: Snapshot, names: list[str]) -> None:
    assert failed(snap) == names
    text = refusal(preflight(intent(), snap))
    assert all(name in text for name in names)


def test_margin_counts_the_leverage_the_fee_and_something_to_spare() -> None:
    assert failed(snapshot(), intent(qty="11")) == []
    assert failed(snapshot(), intent(qty="12")) == ["funds", "funds"]


def test_a_two_sided_account_cannot_be_traded() -> None:
    made = facts()
    made.hear(
        AccountMode(venue="beta", market=Market.PERP, position_mode="hedge", can_trade=True, text="both", t_ns=T0 + 1)
    )
    assert failed(snapshot(facts=made)) == ["mode"]


def test_a_key_without_the_right_to_trade_is_named() -> None:
    made = facts()
    made.hear(
        AccountMode(venue="beta", market=Market.PERP, position_mode="one_way", can_trade=None, text="read", t_ns=T0 + 1)
    )
    assert failed(snapshot(facts=made)) == ["mode"]


def test_dearer_fees_than_reckoned_with_ask_for_a_new_review() -> None:
    made = facts()
    made.hear(FeeRates(venue="beta", market=Market.PERP, native="COINUSDT", maker=dec(0), taker=dec("0.001"), t_ns=T0))
    assert failed(snapshot(facts=made)) == ["fees"]


def test_what_was_received_earlier_takes_nothing_back() -> None:
    made = facts()
    made.hear(Balance(venue="alpha", wallet="trading", asset="USDT", total=dec(0), free=dec(0), t_ns=T0 - 1))
    assert failed(snapshot(facts=made)) == []


def test_a_halted_instrument_says_the_venues_word() -> None:
    spec = instrument("beta")
    fields = {name: getattr(spec, name) for name in spec.__struct_fields__}
    halted = type(spec)(**{**fields, "status": TradingStatus.HALTED, "status_text": "SETTLING"})
    text = refusal(preflight(intent(), snapshot(instruments=(instrument("alpha"), halted))))
    assert "SETTLING" in text


def test_spot_needs_the_coin_to_sell_and_the_money_to_buy() -> None:
    made = facts()
    spot = instrument("alpha", spot=True)
    made.hear(AccountMode(venue="alpha", market=Market.SPOT, position_mode=None, can_trade=True, text="spot", t_ns=T0))
    made.hear(StreamState(venue="alpha", markets=(Market.SPOT,), state="up", text="", t_ns=T0))
    made.hear(FeeRates(venue="alpha", market=Market.SPOT, native="", maker=dec(0), taker=dec("0.0005"), t_ns=T0))
    snap = snapshot(
        facts=made,
        instruments=(spot, instrument("beta")),
        wallets={("alpha", Market.SPOT): "trading", ("beta", Market.PERP): "trading"},
    )
    assert failed(snap, intent(buy=spot)) == ["funds"]
    made.hear(Balance(venue="alpha", wallet="trading", asset="USDT", total=dec(2_000), free=dec(2_000), t_ns=T0))
    assert failed(snap, intent(buy=spot)) == []


def flatten(held: tuple[str, str], *, drift: str = "0") -> Intent:
    made = intent(qty="5")
    legs = tuple(replace(leg, side=leg.side.other, price=leg.price + dec(drift)) for leg in made.legs)
    return replace(made, turn=1, verb=Verb.FLATTEN, legs=(legs[0], legs[1]), qty=(dec(held[0]), dec(held[1])))


def test_a_leg_that_holds_nothing_keeps_no_other_from_being_flattened() -> None:
    blind = (GOOD[0], replace(GOOD[1], bid=None, ask=None, fresh=False, why_not="the stream is down"))
    assert "quantity" in failed(snapshot(prices=blind), replace(intent(), qty=(dec(5), dec(0))))
    assert failed(snapshot(prices=blind), flatten(("5", "0"))) == []
    assert "price" in failed(snapshot(prices=blind), flatten(("5", "5")))


def test_dust_on_one_leg_keeps_the_other_from_no_exit() -> None:
    assert failed(snapshot(), flatten(("5", "0.03"))) == []  # lots of 0.1
    assert failed(snapshot(), flatten(("0.03", "0.03"))) == ["quantity", "quantity"]


def test_flattening_may_follow_the_price_as_far_as_its_own_band() -> None:
    assert failed(snapshot(), flatten(("5", "5"), drift="0.5")) == []
    assert failed(snapshot(), replace(flatten(("5", "5"), drift="0.5"), verb=Verb.CLOSE)) == ["price"]


def test_one_pot_that_pays_for_both_legs_must_hold_enough_for_both() -> None:
    spot = instrument("alpha", spot=True)
    made = facts()
    made.hear(StreamState(venue="alpha", markets=(Market.SPOT,), state="up", text="", t_ns=T0))
    made.hear(FeeRates(venue="alpha", market=Market.SPOT, native="", maker=dec("0.0002"), taker=dec("0.0005"), t_ns=T0))
    made.hear(AccountMode(venue="alpha", market=Market.SPOT, position_mode=None, can_trade=True, text="spot", t_ns=T0))
    one_pot = {("alpha", Market.SPOT): "trading", ("alpha", Market.PERP): "trading"}
    snap = snapshot(facts=made, instruments=(spot, instrument("alpha")), wallets=one_pot)
    both = [check for check in preflight(intent(qty="5", buy=spot, sell=instrument("alpha")), snap) if not check.ok]
    assert [check.name for check in both] == ["funds", "funds"]
    assert "needed for both legs" in both[0].text
    two_pots = {("alpha", Market.SPOT): "trading", ("alpha", Market.PERP): "other"}
    made.hear(Balance(venue="alpha", wallet="other", asset="USDT", total=dec(600), free=dec(600), t_ns=T0))
    assert failed(replace(snap, wallets=two_pots), intent(qty="5", buy=spot, sell=instrument("alpha"))) == []


def test_what_told_the_time_is_named_where_it_was_no_clock() -> None:
    by = ClockRead(-30.0, "by the time of its state, give or take 205 ms")
    checks = preflight(intent(), snapshot(clocks={"alpha": ClockRead(1.0), "beta": by}))
    told = [check.text for check in checks if check.name == "clock"]
    assert told == [
        "clock of alpha +1 ms from ours",
        "clock of beta -30 ms from ours (by the time of its state, give or take 205 ms)",
    ]


def test_a_venue_that_tells_no_time_is_not_waited_for() -> None:
    checks = preflight(intent(), snapshot(clocks={"alpha": ClockRead(1.0), "beta": None}))
    (failed,) = [check.text for check in checks if not check.ok]
    assert failed == "beta tells no time that ours could be compared with; trade elsewhere"
