"""How much may be risked: each limit refuses by name, and what is in doubt counts at its worst."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from arbtui.core.clock import NS_PER_S
from arbtui.core.errors import RefusalReason
from arbtui.core.orders import OrderStatus
from arbtui.execution.intents import Intent
from arbtui.execution.ledger import Ledger
from arbtui.execution.limits import Limits, Usage, refusals, usage
from arbtui.execution.pnl import hedge_pnl
from arbtui.execution.ports import Price
from arbtui.execution.reviews import close_intent
from tests.execution.stage import GOOD, HEDGE, T0, Stage, dec, instrument, intent, quote

NONE = Limits(None, None, None, None, None, None, None, None, 0.0)
EMPTY = Usage({}, {}, Decimal(0), Decimal(0), 0, 0, 0, {}, frozenset())


def usd(_ccy: str) -> Decimal | None:
    return Decimal(1)


def used(stage: Stage, result: Callable[[Ledger], Decimal | None] = lambda _ledger: Decimal(0)) -> Usage:
    made = usage(stage.runner.ledgers.values(), usd, result, stage.clock.now_ns())
    assert isinstance(made, Usage), made
    return made


@pytest.mark.parametrize(
    ("limits", "taken", "name"),
    [
        (replace(NONE, order_usd=dec(1_000)), EMPTY, "order_usd"),
        (replace(NONE, coin_usd=dec(2_000)), replace(EMPTY, by_coin={"COIN": dec(1_000)}), "coin_usd"),
        (replace(NONE, venue_usd=dec(2_000)), replace(EMPTY, by_venue={"beta": dec(1_000)}), "venue_usd"),
        (replace(NONE, day_usd=dec(2_000)), replace(EMPTY, day_usd=dec(1_000)), "day_usd"),
        (replace(NONE, day_loss_usd=dec(200)), replace(EMPTY, day_loss_usd=dec(200)), "day_loss_usd"),
        (replace(NONE, day_loss_usd=dec(200)), replace(EMPTY, day_loss_usd=None), "day_loss_usd"),
        (replace(NONE, losing_in_row=5), replace(EMPTY, losing_in_row=5), "losing_in_row"),
        (replace(NONE, rejected_in_row=5), replace(EMPTY, rejected_in_row=5), "rejected_in_row"),
        (replace(NONE, open_hedges=2), replace(EMPTY, open_hedges=2), "open_hedges"),
        (
            replace(NONE, again_after_s=5.0),
            replace(EMPTY, last_ns={("alpha.perp.COINUSDT", "beta.perp.COINUSDT"): T0}),
            "again_after_s",
        ),
        (NONE, replace(EMPTY, unfinished=frozenset({"beta.perp.COINUSDT"})), "not finished"),
    ],
)
def test_each_limit_refuses_by_name(limits: Limits, taken: Usage, name: str) -> None:
    found = refusals(intent(), limits, taken, usd, T0 + 1)  # 1,000 and 1,002 USD
    assert len(found) == 1
    assert name in found[0]


def test_both_legs_of_a_hedge_within_one_venue_count_there() -> None:
    both = intent(buy=instrument("alpha", spot=True), sell=instrument("alpha"))  # 1,000 and 1,002 USD
    (text,) = refusals(both, replace(NONE, venue_usd=dec(2_001)), EMPTY, usd, T0)
    assert text.startswith("open on alpha: 2002.00 USD would be over limits.venue_usd")
    assert refusals(both, replace(NONE, venue_usd=dec(2_002)), EMPTY, usd, T0) == []


def test_within_all_limits_nothing_is_refused() -> None:
    assert refusals(intent(qty="9"), Limits(), EMPTY, usd, T0) == []


def test_without_a_rate_nothing_can_be_checked_and_so_nothing_is_opened() -> None:
    (text,) = refusals(intent(), NONE, EMPTY, lambda _ccy: None, T0)
    assert "cannot be checked" in text


def test_an_order_on_its_way_counts_whole() -> None:
    stage = Stage()
    stage.open()
    taken = used(stage)
    assert taken.by_coin["COIN"] == 1_002  # 10 x 100.20
    assert taken.unfinished == {"alpha.perp.COINUSDT", "beta.perp.COINUSDT"}
    assert taken.day_usd == 1_000


def test_a_hedged_pair_counts_what_it_holds_and_is_finished() -> None:
    stage = Stage()
    stage.open()
    for venue in ("alpha", "beta"):
        stage.fills(stage.order(venue), "4")
    taken = used(stage)
    assert taken.by_venue == {"alpha": 400, "beta": dec("400.80")}
    assert taken.unfinished == frozenset()
    assert taken.open_hedges == 1


def test_losses_and_refusals_in_a_row_are_counted_until_one_that_was_none() -> None:
    stage = Stage()
    results = {}
    for number, result in enumerate(("-1", "2", "-1", "-3")):
        hedge = f"{HEDGE[:-1]}{number}"
        stage.open(intent(hedge=hedge, now_ns=stage.clock.now_ns()))
        stage.fills(stage.order("alpha"))
        stage.refuses(stage.order("beta"), RefusalReason.INSUFFICIENT)
        stage.fills(stage.order("alpha"))
        assert stage.state(hedge) == "flat"
        results[hedge] = dec(result)
        stage.wait(1)
    taken = used(stage, lambda ledger: results[ledger.hedge])
    assert (taken.losing_in_row, taken.rejected_in_row, taken.day_loss_usd) == (2, 4, dec(3))
    assert used(stage, lambda _ledger: None).day_loss_usd is None


def test_yesterday_is_another_day() -> None:
    stage = Stage()
    stage.hedged()
    stage.wait(86_400)
    assert used(stage).day_usd == 0


def priced(stage: Stage) -> Callable[[Ledger], Decimal | None]:
    """As trading asks: at worst, at what an order would meet now."""

    def result(ledger: Ledger) -> Decimal | None:
        prices = (stage.board.price(ledger.intent.legs[0].key), stage.board.price(ledger.intent.legs[1].key))
        return hedge_pnl(ledger, prices, at_worst=True).usd(usd)

    return result


BUY, SELL = "alpha.perp.COINUSDT", "beta.perp.COINUSDT"


def test_what_is_open_counts_as_the_loss_that_closing_it_now_would_make() -> None:
    stage = Stage()
    stage.hedged()  # 10 bought at 100.10, its limit, and sold at 100.10
    assert used(stage, priced(stage)).day_loss_usd == dec("2.20")  # 99.99 - 100.10 and 100.10 - 100.21, ten each
    stage.board.prices[BUY] = quote("89.99", "90.00")
    taken = used(stage, priced(stage))
    assert taken.day_loss_usd == dec("102.20")
    (text,) = refusals(intent(), replace(NONE, day_loss_usd=dec(100)), taken, usd, T0)
    assert "102.20 USD lost today" in text


def test_an_open_profit_makes_up_for_no_loss() -> None:
    stage = Stage()
    stage.hedged()
    lost = stage.runner.ledgers[HEDGE]
    won = Stage()
    won.hedged()
    results = {id(lost): dec(-7), id(won.runner.ledgers[HEDGE]): dec(50)}
    both = usage([lost, won.runner.ledgers[HEDGE]], usd, lambda ledger: results[id(ledger)], T0)
    assert isinstance(both, Usage)
    assert both.day_loss_usd == 7


def test_what_a_half_closed_hedge_realised_counts_with_what_is_open_of_it() -> None:
    stage = Stage()
    stage.hedged()
    stage.board.prices = {BUY: quote("89.99", "90.00"), SELL: quote("90.20", "90.21")}
    made = close_intent(
        stage.runner.ledgers[HEDGE], (stage.board.price(BUY), stage.board.price(SELL)), T0, qty_base=dec(5)
    )
    assert isinstance(made, Intent)
    assert stage.runner.close(made).accepted
    whole = stage.runner.ledgers[HEDGE]
    before = hedge_pnl(whole, (stage.board.price(BUY), stage.board.price(SELL)), at_worst=True).usd(usd)
    for venue in ("alpha", "beta"):
        stage.fills(stage.order(venue))
    pnl = hedge_pnl(whole, (stage.board.price(BUY), stage.board.price(SELL)), at_worst=True)
    assert [leg.realised != 0 for leg in pnl.legs] == [True, True]
    assert before is not None
    loss = used(stage, priced(stage)).day_loss_usd
    assert loss is not None
    assert loss > -before  # each half crosses the band once more


def test_without_a_price_the_loss_is_not_known_and_the_hedge_is_named() -> None:
    stage = Stage()
    stage.hedged()
    stage.board.prices[BUY] = Price(None, None, dec(100), dec(1), 5.0, fresh=True)
    taken = used(stage, priced(stage))
    assert (taken.day_loss_usd, taken.unpriced) == (None, (HEDGE,))
    (text,) = refusals(intent(), replace(NONE, day_loss_usd=dec(100)), taken, usd, T0)
    assert HEDGE in text


def test_a_fill_and_a_fee_that_are_not_told_count_at_their_worst() -> None:
    stage = Stage()
    stage.open()
    for venue in ("alpha", "beta"):
        order = stage.order(venue)
        stage.report(order, OrderStatus.FILLED, "10")
    told = hedge_pnl(stage.runner.ledgers[HEDGE], GOOD)
    assert (told.usd(usd), told.complete) == (dec(0), False)
    # both at their limits of 100.10, 0.05 % of 1,001 USD each, and out again at 99.99 and 100.21
    assert used(stage, priced(stage)).day_loss_usd == dec("3.201")


def test_at_midnight_of_the_year_a_new_day_begins_and_what_is_open_comes_along() -> None:
    eve_ns = int(datetime(2026, 12, 31, 23, 59, 58, tzinfo=UTC).timestamp()) * NS_PER_S
    stage = Stage(now_ns=eve_ns)
    for number in range(2):
        hedge = f"{HEDGE[:-1]}{number}"
        stage.open(intent(hedge=hedge, now_ns=stage.clock.now_ns()))
        for venue in ("alpha", "beta"):
            stage.fills(stage.order(venue))
    stage.runner.abandon(f"{HEDGE[:-1]}0")
    result = dec(-3)
    stage.wait(1.999)
    before = used(stage, lambda _ledger: result)
    assert (before.day_loss_usd, before.day_usd) == (dec(6), dec(2_000))
    stage.wait(0.001)
    after = used(stage, lambda _ledger: result)
    assert (after.day_loss_usd, after.day_usd, after.open_hedges) == (dec(3), dec(0), 1)


def test_a_closing_turn_at_a_lower_price_frees_no_room() -> None:
    stage = Stage()
    stage.hedged()
    before = used(stage).by_coin["COIN"]
    stage.board.prices = {BUY: quote("89.99", "90.00"), SELL: quote("90.20", "90.21")}
    prices = (stage.board.price(BUY), stage.board.price(SELL))
    made = close_intent(stage.runner.ledgers[HEDGE], prices, stage.clock.now_ns())
    assert isinstance(made, Intent)
    assert stage.runner.close(made).accepted
    assert used(stage).by_coin["COIN"] >= before


def test_a_hedge_counts_from_when_it_was_begun_however_long_its_review_took() -> None:
    stage = Stage()
    reviewed = intent()
    stage.wait(60)
    stage.open(reviewed)
    for venue in ("alpha", "beta"):
        stage.fills(stage.order(venue))
    stage.wait(1)
    (text,) = refusals(intent(), replace(NONE, again_after_s=5.0), used(stage), usd, stage.clock.now_ns())
    assert "the same hedge was begun 1.0 s ago" in text


def test_a_hedge_that_was_reviewed_yesterday_counts_on_the_day_on_which_it_was_begun() -> None:
    stage = Stage(now_ns=int(datetime(2027, 1, 15, 23, 59, 59, tzinfo=UTC).timestamp()) * NS_PER_S)
    reviewed = intent(now_ns=stage.clock.now_ns())
    stage.wait(2)
    stage.open(reviewed)
    assert used(stage).day_usd == 1_000


def test_a_clock_that_was_set_back_by_an_hour_keeps_the_same_hedge_waiting_for_no_hour() -> None:
    stage = Stage()
    stage.hedged()
    stage.wait(1)
    stage.clock.set_back(3_600 * NS_PER_S)
    stage.runner.reconcile("the clock jumped")
    limits = replace(NONE, again_after_s=5.0)

    def repeats() -> list[str]:
        found = refusals(intent(), limits, used(stage), usd, stage.clock.now_ns())
        return [text for text in found if "again_after_s" in text]

    assert repeats()
    stage.wait(5)
    assert not repeats()
