"""A preview's limits are those of the orders that follow from it: no first order pays more, none gets less."""

from __future__ import annotations

import pytest

from arbtui.core.orders import OrderStatus
from arbtui.execution.intents import Intent, Style
from arbtui.execution.paper_market import Depth
from arbtui.execution.preview import LegView, estimate
from tests.execution.stage import Stage, dec, fill, intent, quote, with_policy

THIN_FIRST = with_policy(thinner_first=True)


def seen(stage: Stage, made: Intent) -> tuple[LegView, LegView]:
    """Both legs as a ticket shows them."""
    prices = (stage.board.price(made.legs[0].key), stage.board.price(made.legs[1].key))
    return estimate(made, prices, (Depth(), Depth()), lambda _: dec("1")).legs


def test_both_takers_are_sent_at_the_limits_shown() -> None:
    stage, made = Stage(), intent()
    shown = seen(stage, made)
    stage.open(made)
    assert [stage.order(venue).price for venue in ("alpha", "beta")] == [view.limit for view in shown]


def test_a_leg_that_rests_follows_the_market_to_the_limit_shown_and_no_further() -> None:
    stage, made = Stage(), intent(style=Style.MAKER_TAKER, maker=0)
    buy, _ = seen(stage, made)
    assert buy.est == made.legs[0].price < buy.limit
    stage.board.prices[made.legs[0].key] = quote("100.30", "100.31")
    stage.open(made)
    assert stage.order("alpha").price == buy.limit


def test_what_covers_a_maker_is_sent_at_the_limit_shown() -> None:
    stage, made = Stage(), intent(style=Style.MAKER_TAKER, maker=0)
    _, sell = seen(stage, made)
    stage.open(made)
    stage.report(stage.order("alpha"), OrderStatus.OPEN)
    stage.runner.hear(fill(stage.order("alpha"), "3"))
    assert stage.order("beta").price == sell.limit


@pytest.mark.parametrize("thinner", [0, 1])
def test_with_the_thinner_book_first_neither_leg_pays_more_than_the_limit_shown(thinner: int) -> None:
    stage, made = Stage(), intent(policy=THIN_FIRST)
    venues = ("alpha", "beta")
    first, second = venues[thinner], venues[1 - thinner]
    price = stage.board.prices[made.legs[thinner].key]
    stage.board.prices[made.legs[thinner].key] = quote(str(price.bid), str(price.ask), qty="1")
    shown = dict(zip(venues, seen(stage, made), strict=True))
    stage.open(made)
    lead = stage.order(first)
    stage.fills(lead)
    for order, view in ((lead, shown[first]), (stage.order(second), shown[second])):
        assert order.price is not None
        assert order.side.sign * order.price <= order.side.sign * view.limit
    assert stage.order(second).price == shown[second].limit
