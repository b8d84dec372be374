"""Tickets under a pilot: what they show, what they are bound to, and what it takes to send one."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from textual import events

from arbtui.config import Settings
from arbtui.execution.intents import Style
from arbtui.execution.limits import Limits
from arbtui.execution.preflight import Check
from arbtui.port import SetThreshold
from arbtui.ui.confirm import REVIEW_S
from arbtui.ui.ticket import after
from arbtui.ui.ticket.order import exact_size
from tests.ui.dealer import Dealer, dealing
from tests.ui.fake_port import FakePort
from tests.ui.seat import seated


def reviewing(dealer: Dealer) -> bool:
    return dealer.order.review.on


# the ticket


async def test_o_and_enter_open_a_ticket_bound_to_the_pair_on_show_and_not_to_the_row() -> None:
    async with dealing() as dealer:
        row = dealer.port.row(dealer.seat.coin)
        assert row is not None
        await dealer.press("enter")
        ticket = dealer.order.ticket
        assert (ticket.base, ticket.buy, ticket.sell) == (row.base, row.buy.name, row.sell.name)
        assert ticket.usd == Decimal(1000)
        dealer.port.walk(4000)
        await dealer.seat.pass_s(3)
        assert dealer.order.ticket == ticket
        await dealer.press("escape", "o")
        assert dealer.order.ticket.base == row.base


async def test_legs_chosen_by_hand_are_the_legs_of_the_ticket() -> None:
    async with dealing() as dealer:
        slots = dealer.port.board.coins[dealer.seat.coin].slots
        buy, sell = slots[0], slots[2]
        dealer.seat.app.desk.choose_legs(buy.id, sell.id)
        await dealer.press("o")
        assert (dealer.order.ticket.buy, dealer.order.ticket.sell) == (buy.key, sell.key)


async def test_the_ticket_shows_both_legs_the_figures_and_every_check_in_words() -> None:
    async with dealing() as dealer:
        await dealer.press("o")
        await dealer.wait(0.5)
        text = await dealer.text()
        for words in ("BUY", "SELL", "limit", "est. fill", "gross", "fees", "NET", "worst at both limits",
                      "max by depth", "ok armed", "private stream", "no order leaves this machine"):  # fmt: skip
            assert words in text, words
        estimate = dealer.order.preview.estimate
        assert estimate is not None
        assert estimate.net_bps is not None
        assert f"{float(estimate.net_bps):+.1f}".replace("-", "−") in text


async def test_the_preview_follows_the_market_at_every_tick() -> None:
    async with dealing() as dealer:
        await dealer.press("o")
        await dealer.wait(0.5)
        before = dealer.order.preview
        buy = dealer.trading.tops.slot(dealer.order.ticket.buy)
        assert buy is not None
        assert buy.ask is not None
        dealer.port.quote(buy, buy.ask * 0.99)
        await dealer.seat.pass_s(0.4)
        now = dealer.order.preview
        assert before.estimate is not None
        assert now.estimate is not None
        assert before.estimate.net_bps is not None
        assert now.estimate.net_bps is not None
        assert now.estimate.net_bps > before.estimate.net_bps + 50


async def test_a_failing_check_stands_first_in_full_and_keeps_the_review_away() -> None:
    async with dealing(limits=Limits(order_usd=Decimal(100))) as dealer:
        await dealer.press("o", "enter")
        text = await dealer.text()
        assert "FAILS limits: an order" in text
        assert text.index("FAILS limits") < text.index("ok armed")
        assert "REVIEW" not in text
        await dealer.press("y")
        assert dealer.trading.fired == []


async def test_a_net_below_the_threshold_opens_nothing_unless_it_is_allowed_for_that_ticket() -> None:
    async with dealing() as dealer:
        await dealer.press("o")
        await dealer.wait(0.5)
        estimate = dealer.order.preview.estimate
        assert estimate is not None
        assert estimate.net_bps is not None
        assert "net above threshold" in await dealer.text()
        dealer.port.send(SetThreshold(float(estimate.net_bps) + 1, dealer.order.ticket.base))
        await dealer.press("enter")
        text = await dealer.text()
        assert "FAILS net above threshold: net +" in text
        assert "allows it once" in text
        assert not reviewing(dealer)
        await dealer.press("b", "enter")
        assert reviewing(dealer)
        await dealer.press("b")
        assert dealer.order.below, "frozen while under review"
        await dealer.press("y")
        assert len(dealer.trading.fired) == 1


async def test_what_was_allowed_for_a_ticket_is_not_for_the_other_way_round() -> None:
    async with dealing() as dealer:
        await dealer.press("o", "b", "x", "enter")
        assert "FAILS net above threshold: net −" in await dealer.text()
        assert not dealer.order.review.on


async def test_a_net_that_falls_below_the_threshold_after_review_sends_nothing() -> None:
    async with dealing() as dealer:
        await dealer.press("o", "enter")
        assert dealer.order.review.on
        dealer.port.send(SetThreshold(1000.0, dealer.order.ticket.base))
        await dealer.press("y")
        assert dealer.trading.fired == []
        assert "not sent: net +" in await dealer.text()


async def test_closing_asks_for_no_threshold() -> None:
    async with dealing() as dealer:
        await dealer.open_one()
        dealer.port.send(SetThreshold(1000.0))
        await dealer.press("O", "enter")
        assert dealer.order.review.on


def test_the_threshold_counts_from_its_own_figure_on_and_an_unknown_net_is_below_it() -> None:
    def check(net: str | None, threshold: float, *, allowed: bool = False) -> Check:
        return after.net_check(None if net is None else Decimal(net), threshold, allowed=allowed, key="b")

    assert check("5.1", 5.1).ok
    assert not check("5.0999", 5.1).ok
    assert check("-3", -5.0).ok, "a threshold below nothing is a person's word as well"
    assert not check(None, -5.0).ok
    assert check(None, 5.0, allowed=True).text.endswith("you allow it for this ticket")


def test_funding_is_what_the_sold_leg_gets_less_what_the_bought_one_pays() -> None:
    port = FakePort(1)
    slots = {slot.key: slot for slot in port.board.slots}
    okx, bybit, spot = slots["okx.perp.BTCUSDT"], slots["bybit.perp.BTCUSDT"], slots["okx.spot.BTCUSDT"]
    assert okx.funding is not None
    assert bybit.funding is not None
    okx.funding.rate, bybit.funding.rate = "0.0001", "0.0003"
    assert after.funding_usd(okx, bybit, Decimal(10_000)) == pytest.approx(2.0)
    assert after.funding_usd(spot, bybit, Decimal(10_000)) == pytest.approx(3.0)
    assert after.funding_usd(okx, None, Decimal(10_000)) is None
    bybit.funding.rate = None
    assert after.funding_usd(okx, bybit, Decimal(10_000)) is None


async def test_the_ticket_says_what_it_would_leave_open_and_what_funding_comes_next() -> None:
    async with dealing(limits=Limits(order_usd=None, coin_usd=None, venue_usd=None, again_after_s=0.0)) as dealer:
        await dealer.press("o")
        await dealer.wait(0.5)
        text = await dealer.text()
        assert "funding to next" in text
        assert re.search(r"after: \w+ (99\d|1,000) of 5,000 USD", text)
        assert "stay free" in text
        await dealer.press("escape")
        await dealer.open_one()
        await dealer.press("o")
        assert re.search(r"after: \w+ (1,99\d|2,000) of 5,000 USD", await dealer.text())


async def test_a_stale_leg_is_named_with_its_reason() -> None:
    async with dealing() as dealer:
        await dealer.press("o")
        dealer.trading.tops.stale.add(dealer.order.ticket.sell)
        await dealer.press("enter")
        text = await dealer.text()
        assert "FAILS price: the price of" in text
        assert "no frame for 9 s" in text
        assert not dealer.order.review.on


async def test_sizes_step_are_typed_and_change_their_unit() -> None:
    async with dealing() as dealer:
        await dealer.press("o")
        await dealer.press("plus")
        assert dealer.order.ticket.usd == 2000
        await dealer.press("minus", "minus")
        assert dealer.order.ticket.usd == 500
        await dealer.press("7", "5", "0", "enter")
        assert dealer.order.ticket.usd == 750
        assert not dealer.order.review.on, "that enter ended the typing"
        await dealer.press("u")
        in_coins = dealer.order.ticket
        assert in_coins.usd is None
        assert in_coins.qty_base
        await dealer.press("plus")
        assert (dealer.order.ticket.qty_base or 0) > in_coins.qty_base
        await dealer.press("u")
        assert (dealer.order.ticket.usd or 0) > 750


async def test_what_is_typed_and_is_no_size_is_refused_and_nothing_changes() -> None:
    async with dealing() as dealer:
        await dealer.press("o", "equals_sign", "minus", "3", "enter")
        assert "'-3' is not a size" in await dealer.text()
        await dealer.press("escape")
        assert dealer.order.ticket.usd == 1000
        assert dealer.page is not None


@pytest.mark.parametrize(
    ("typed", "size"),
    [("500", "500"), ("2k", "2000"), ("1,250.5", "1250.5"), ("0", None), ("-1", None), ("nan", None), ("inf", None),
     ("", None), ("1e3", "1000"), ("k", None)],
)  # fmt: skip
def test_a_size_is_exact_or_nothing(typed: str, size: str | None) -> None:
    assert exact_size(typed) == (None if size is None else Decimal(size))


async def test_x_swaps_the_legs_and_m_walks_through_the_styles() -> None:
    async with dealing() as dealer:
        await dealer.press("o")
        buy, sell = dealer.order.ticket.buy, dealer.order.ticket.sell
        await dealer.press("x")
        assert (dealer.order.ticket.buy, dealer.order.ticket.sell) == (sell, buy)
        seen = []
        for _ in range(3):
            await dealer.press("m")
            seen.append((dealer.order.ticket.style, dealer.order.ticket.maker))
        assert seen == [(Style.MAKER_TAKER, 0), (Style.MAKER_TAKER, 1), (Style.TAKER_TAKER, None)]


async def test_while_under_review_nothing_can_be_changed() -> None:
    async with dealing() as dealer:
        await dealer.press("o", "enter")
        wanted = dealer.order.ticket
        await dealer.press("plus", "x", "m", "u", "5")
        assert dealer.order.ticket == wanted
        assert dealer.order.review.on
        assert "frozen" in await dealer.text()


# the confirm


async def test_y_sends_what_was_frozen_and_the_panel_shows_both_legs_and_the_result() -> None:
    async with dealing() as dealer:
        await dealer.press("o", "enter")
        frozen = dealer.order.frozen
        await dealer.press("y")
        assert dealer.trading.fired == [frozen]
        assert len(dealer.trading.disk.records) > 0
        await dealer.wait(1)
        text = await dealer.text()
        assert "HEDGED" in text
        assert text.count("filled") >= 2
        assert "got NET" in text
        assert "previewed" in text
        assert "leg gap" in text
        assert "1+20ms" in text
        assert len(dealer.trading.orders) == 2


@pytest.mark.parametrize("gap_s", [0.0, 0.03, 0.1, 0.24])
async def test_keys_in_a_burst_send_nothing(gap_s: float) -> None:
    async with dealing() as dealer:
        await dealer.press("o")
        await dealer.press("enter", *["y"] * 12, gap_s=gap_s)
        assert dealer.trading.fired == []
        assert dealer.trading.orders == []


async def test_fifty_confirmations_in_a_row_send_one_hedge() -> None:
    async with dealing() as dealer:
        await dealer.press("o", "enter")
        await dealer.press(*["y"] * 50, gap_s=0.3)
        assert len(dealer.trading.fired) == 1
        assert len(dealer.trading.ledgers) == 1
        assert len(dealer.trading.orders) == 2


async def test_fifty_enters_in_a_row_send_nothing() -> None:
    async with dealing() as dealer:
        await dealer.press("o", *["enter"] * 50, gap_s=0.3)
        assert dealer.trading.fired == []


async def test_a_pasted_text_sends_nothing_and_neither_does_a_key_right_after_it() -> None:
    async with dealing() as dealer:
        await dealer.press("o", "enter")
        await dealer.wait(0.5)
        dealer.seat.app.post_message(events.Paste("y\nY\ny"))
        await dealer.seat.pilot.pause()
        await dealer.seat.press("y")
        assert dealer.trading.fired == []
        assert dealer.order.review.on
        await dealer.press("y")
        assert len(dealer.trading.fired) == 1


async def test_a_review_that_ran_out_sends_nothing() -> None:
    async with dealing() as dealer:
        await dealer.press("o", "enter")
        await dealer.wait(REVIEW_S)
        await dealer.seat.press("y")
        assert dealer.trading.fired == []
        assert not dealer.order.review.on
        assert "ran out" in await dealer.text()


async def test_a_net_that_fell_by_more_than_a_basis_point_is_refused_with_both_figures() -> None:
    async with dealing() as dealer:
        await dealer.press("o", "enter")
        sell = dealer.trading.tops.slot(dealer.order.ticket.sell)
        assert sell is not None
        assert sell.mid is not None
        dealer.port.quote(sell, sell.mid * (1 - 0.0003))
        await dealer.press("y")
        assert dealer.trading.fired == []
        assert "not sent: net fell from" in await dealer.text()
        await dealer.press("enter", "y")
        assert len(dealer.trading.fired) == 1, "reviewed anew, it may be sent"


async def test_a_leg_that_went_stale_since_review_is_refused_with_the_reason() -> None:
    async with dealing() as dealer:
        await dealer.press("o", "enter")
        dealer.trading.tops.stale.add(dealer.order.ticket.buy)
        await dealer.press("y")
        assert dealer.trading.fired == []
        assert "no frame for 9 s" in await dealer.text()


async def test_where_an_order_is_more_than_paper_only_the_capital_sends() -> None:
    async with dealing(word="SIMULATED") as dealer:
        await dealer.press("o", "enter", "y")
        assert dealer.trading.fired == []
        text = await dealer.text()
        assert "capital Y sends" in text
        assert "SIMULATED" in text
        await dealer.press("Y")
        assert len(dealer.trading.fired) == 1


async def test_esc_steps_back_one_level_at_a_time_and_never_quits() -> None:
    async with dealing() as dealer:
        await dealer.press("o", "enter")
        await dealer.press("escape")
        assert not dealer.order.review.on
        await dealer.press("escape")
        assert dealer.page is None
        assert dealer.seat.app.is_running


async def test_keys_of_the_panes_do_nothing_while_the_panel_is_open_but_kill_does() -> None:
    async with dealing() as dealer:
        coin = dealer.seat.coin
        await dealer.press("o", "q", "t", "1", "escape", "s", "escape")
        assert dealer.seat.coin == coin
        assert dealer.seat.app.is_running
        await dealer.press("o", "enter", "exclamation_mark", "y")
        assert dealer.trading.killed
        assert dealer.trading.orders == []
        assert "FAILS armed" in await dealer.text()


async def test_without_trading_o_says_why_and_opens_nothing() -> None:
    async with seated(FakePort(5)) as seat:
        for key in ("o", "O", "f", "F", "x", "A", "exclamation_mark"):
            await seat.press(key)
            assert not seat.app.main_screen.panel.open
        assert "no orders in this run: the fake engine sends no orders" in await seat.text()
        await seat.press("6")
        assert "No orders in this run" in await seat.text()


async def test_what_the_ticket_offers_follows_the_keys_that_a_person_chose() -> None:
    settings = Settings().model_copy(update={"keys": {"ticket.send": "S", "ticket.swap": "w", "order.kill": "f11"}})
    async with dealing(settings=settings) as dealer:
        await dealer.press("o")
        text = await dealer.text()
        assert "w swap legs" in text
        assert " F11 kill" in text
        await dealer.press("enter", "y")
        assert dealer.trading.fired == []
        assert " S = send" in await dealer.text()
        await dealer.press("S")
        assert len(dealer.trading.fired) == 1


async def test_a_size_that_is_typed_takes_the_place_of_what_stood_there() -> None:
    async with dealing() as dealer:
        await dealer.press("o", "equals_sign", "5", "0", "0", "enter")
        assert dealer.order.ticket.usd == 500
        await dealer.press("7", "5", "0", "enter")
        assert dealer.order.ticket.usd == 750


def test_a_decimal_comma_is_no_size_ten_times_too_large() -> None:
    assert exact_size("0,5") is None
    assert exact_size("5,25k") is None
