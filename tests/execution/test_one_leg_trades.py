"""An excess too small for one leg and not for the other: no dust, one way, and one end."""

from __future__ import annotations

from arbtui.core.errors import RefusalReason
from arbtui.core.orders import OrderStatus
from tests.execution.stage import GOOD, HEDGE, Stage, dec, instrument, intent, quote

BETA = "beta.perp.COINUSDT"


def opened() -> Stage:
    """Alpha takes no order below one coin, beta takes a tenth. Alpha has filled ten."""
    stage = Stage()
    buy, sell = instrument("alpha", step="0.1", least="100"), instrument("beta", step="0.1", least="0")
    stage.open(intent(buy=buy, sell=sell))
    stage.fills(stage.order("alpha"))
    return stage


def all_but_half_a_coin_is_given_back(stage: Stage) -> None:
    unwind = stage.order("alpha")
    assert len(stage.pens["alpha"].placed) == 2
    stage.fills(unwind, "9.5")
    stage.wait(0.5)


def test_what_giving_back_leaves_too_little_for_its_leg_is_hedged_on_the_other() -> None:
    stage = opened()
    stage.board.prices[BETA] = quote("99.80", "99.81")
    stage.report(stage.order("beta"), OrderStatus.EXPIRED)
    assert stage.state() == "unwinding"
    stage.board.prices[BETA] = GOOD[1]
    all_but_half_a_coin_is_given_back(stage)
    assert (stage.order("beta").side, stage.order("beta").qty) == ("sell", dec("0.5"))
    stage.fills(stage.order("beta"))
    assert [stage.runner.ledgers[HEDGE].position(leg) for leg in (0, 1)] == [dec("0.5"), dec("-0.5")]
    assert stage.state() == "hedged"
    told = len(stage.said)
    stage.wait(120)
    assert len(stage.said) == told
    assert len(stage.sent()) == 4


def test_where_the_other_leg_takes_nothing_it_halts_once_and_says_what_a_person_may_do() -> None:
    stage = opened()
    stage.refuses(stage.order("beta"), RefusalReason.INSUFFICIENT)
    all_but_half_a_coin_is_given_back(stage)
    assert stage.state() == "halted"
    assert f"sell it on {BETA}, or say retry" in stage.alarms()[-1]
    told = len(stage.alarms())
    stage.wait(300)
    assert stage.state() == "halted"
    assert len(stage.alarms()) == told
    stage.runner.retry(HEDGE)
    assert stage.order("beta").qty == dec("0.5")


def test_after_its_time_the_other_leg_is_not_tried_either() -> None:
    stage = opened()
    stage.board.prices[BETA] = quote("99.80", "99.81")
    stage.report(stage.order("beta"), OrderStatus.EXPIRED)
    stage.wait(4)
    stage.board.prices[BETA] = GOOD[1]
    all_but_half_a_coin_is_given_back(stage)
    assert stage.state() == "halted"
    assert len(stage.pens["beta"].placed) == 1


def test_what_neither_leg_can_trade_is_dust_and_listed() -> None:
    stage = Stage()
    legs = [instrument(venue, step="0.1", least="100") for venue in ("alpha", "beta")]
    stage.open(intent(buy=legs[0], sell=legs[1]))
    stage.fills(stage.order("alpha"))
    stage.fills(stage.order("beta"), "9.5")
    assert stage.state() == "hedged"
    assert "dust" in stage.runner.ledgers[HEDGE].why
    assert len(stage.sent()) == 2
