"""Orders from the screen, under a pilot: tickets, the guarded confirm, hedges under way, repairs, kill and arm."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest
from textual import events

from arbtui.core.orders import OrderKind
from arbtui.execution.intents import Style, Verb
from arbtui.execution.lifecycle import State
from arbtui.execution.limits import Limits
from arbtui.ui.confirm import REVIEW_S
from arbtui.ui.ticket.hedge import HedgePage
from arbtui.ui.ticket.hedges import HedgesPage
from arbtui.ui.ticket.order import OrderPage, exact_size
from tests.ui.fake_port import FakePort
from tests.ui.fake_trading import FakeTrading, fake_trading, settle
from tests.ui.test_screen import Seat, seated


class Dealer:
    """Somebody in front of a screen that sends orders; time passes between two keys."""

    def __init__(self, seat: Seat, trading: FakeTrading) -> None:
        self.seat, self.trading, self.port = seat, trading, seat.port

    async def press(self, *keys: str, gap_s: float = 0.4) -> None:
        for key in keys:
            await self.wait(gap_s)
            await self.seat.press(key)

    async def wait(self, seconds: float) -> None:
        """For hands and for venues alike; the market stands still."""
        settle(self.port, seconds)
        self.seat.pass_by(seconds)

    async def text(self) -> str:
        return await self.seat.text()

    @property
    def page(self) -> object:
        return self.seat.app.main_screen.panel.page

    @property
    def order(self) -> OrderPage:
        page = self.page
        assert isinstance(page, OrderPage), page
        return page

    @property
    def hedge(self) -> HedgePage:
        page = self.page
        assert isinstance(page, HedgePage), page
        return page

    @property
    def states(self) -> list[State]:
        return [ledger.state for ledger in self.trading.ledgers.values()]

    async def open_one(self) -> str:
        """Hedged, and the panel closed again; the hedge's id."""
        await self.press("o", "enter", "y")
        await self.wait(1)
        hedge = self.hedge.hedge
        assert self.trading.ledgers[hedge].state is State.HEDGED
        await self.press("escape")
        return hedge


@asynccontextmanager
async def dealing(
    width: int = 120, height: int = 40, *, word: str = "PAPER", limits: Limits | None = None, coins: int = 12
) -> AsyncIterator[Dealer]:
    port = FakePort(coins)
    for slot in port.board.slots:
        slot.taker_rate = 0.0005
    trading = fake_trading(port, word=word, limits=limits)
    async with seated(port, width, height) as seat:
        dealer = Dealer(seat, trading)
        await dealer.press("j", "k")  # the cursor belongs to its coin from now on
        yield dealer


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
        after = dealer.order.preview
        assert before.estimate is not None
        assert after.estimate is not None
        assert before.estimate.net_bps is not None
        assert after.estimate.net_bps is not None
        assert after.estimate.net_bps > before.estimate.net_bps + 50


async def test_a_failing_check_stands_first_in_full_and_keeps_the_review_away() -> None:
    async with dealing(limits=Limits(order_usd=Decimal(100))) as dealer:
        await dealer.press("o", "enter")
        text = await dealer.text()
        assert "FAILS limits: an order" in text
        assert text.index("FAILS limits") < text.index("ok armed")
        assert "REVIEW" not in text
        await dealer.press("y")
        assert dealer.trading.fired == []


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
        said = dealer.seat.app.desk.last_word()
        assert said is not None
        assert "is not a size" in said.text
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


# closing and flattening


async def test_capital_o_closes_the_open_hedge_of_the_coin() -> None:
    async with dealing() as dealer:
        hedge = await dealer.open_one()
        await dealer.press("O")
        assert dealer.order.ticket.verb is Verb.CLOSE
        assert dealer.order.ticket.hedge == hedge
        await dealer.press("enter", "y")
        await dealer.wait(1)
        assert dealer.states == [State.DONE]
        assert "the whole hedge" in await dealer.text()


async def test_a_part_can_be_closed() -> None:
    async with dealing() as dealer:
        hedge = await dealer.open_one()
        held = abs(dealer.trading.ledgers[hedge].position(0))
        await dealer.press("O", "minus", "minus", "enter", "y")
        await dealer.wait(1)
        left = abs(dealer.trading.ledgers[hedge].position(0))
        assert dealer.states == [State.HEDGED]
        assert Decimal("0.45") < left / held < Decimal("0.55")


async def test_f_flattens_even_after_the_net_fell() -> None:
    async with dealing() as dealer:
        hedge = await dealer.open_one()
        await dealer.press("f", "enter")
        leg = dealer.trading.ledgers[hedge].intent.legs[0]
        slot = dealer.trading.tops.slot(leg.key)
        assert slot is not None
        assert slot.mid is not None
        dealer.port.quote(slot, slot.mid * 0.9990)
        await dealer.press("y")
        await dealer.wait(1)
        assert dealer.states == [State.DONE]


async def test_several_hedges_of_a_coin_are_offered_to_choose_from() -> None:
    async with dealing(limits=Limits(order_usd=None, coin_usd=None, venue_usd=None, again_after_s=0.0)) as dealer:
        first = await dealer.open_one()
        second = await dealer.open_one()
        await dealer.press("O")
        assert isinstance(dealer.page, HedgesPage)
        await dealer.press("j", "enter")
        assert dealer.order.ticket.hedge == second
        await dealer.press("escape", "k", "enter")
        assert dealer.order.ticket.hedge == first


async def test_capital_f_flattens_all_in_order_after_one_confirm() -> None:
    async with dealing(limits=Limits(order_usd=None, coin_usd=None, venue_usd=None, again_after_s=0.0)) as dealer:
        for _ in range(3):
            await dealer.open_one()
        await dealer.press("F")
        text = await dealer.text()
        assert text.count("hedged") >= 3
        await dealer.press("y")
        assert dealer.states == [State.HEDGED] * 3, "nothing is under review yet"
        await dealer.press("F", "y")
        for _ in range(8):
            await dealer.wait(0.5)
        assert dealer.states == [State.DONE] * 3
        assert "done" in await dealer.text()


async def test_flattening_all_leaves_the_rest_when_esc_is_pressed() -> None:
    async with dealing(limits=Limits(order_usd=None, coin_usd=None, venue_usd=None, again_after_s=0.0)) as dealer:
        for _ in range(3):
            await dealer.open_one()
        for venue in dealer.trading.venues.values():
            venue.script.extend(["rest", "rest"])
        await dealer.press("F", "F", "y", "escape", gap_s=0.3)
        await dealer.wait(0.5)
        assert sum(1 for preview in dealer.trading.fired if preview.ticket.verb is Verb.FLATTEN) == 1


async def test_with_nothing_open_the_keys_say_so() -> None:
    async with dealing() as dealer:
        for key, words in (
            ("O", "no hedge of"),
            ("f", "no hedge of"),
            ("F", "no hedge is open"),
            ("x", "no orders of"),
        ):
            await dealer.press(key)
            assert words in await dealer.text(), key
            assert dealer.page is None


# trouble


async def halted(dealer: Dealer) -> str:
    """One leg filled, the other refused, giving back refused as well."""
    await dealer.press("o")
    ticket = dealer.order.ticket
    buy, sell = ticket.buy.split(".")[0], ticket.sell.split(".")[0]
    assert buy != sell
    dealer.trading.venues[buy].script.extend(["fill", "reject"])
    dealer.trading.venues[sell].script.extend(["reject"])
    await dealer.press("enter", "y")
    for _ in range(6):
        await dealer.wait(0.5)
    assert dealer.states == [State.HALTED]
    return dealer.hedge.hedge


async def test_a_halted_hedge_says_why_and_offers_three_ways_with_what_each_means() -> None:
    async with dealing() as dealer:
        await halted(dealer)
        text = await dealer.text()
        assert "HALTED" in text
        assert "What now?" in text
        assert "retry: go on by the rules: sell" in text
        assert "flatten: sell" in text
        assert "K keep: arbtui forgets" in " ".join(text.split())
        assert "not enough margin; move funds" in text
        assert "REFUSED" in text


async def test_retry_asks_first_and_then_the_rules_go_on() -> None:
    async with dealing() as dealer:
        await halted(dealer)
        await dealer.press("r")
        assert dealer.states == [State.HALTED]
        await dealer.press("y")
        for _ in range(4):
            await dealer.wait(0.5)
        assert dealer.states[0] in (State.HEDGED, State.FLAT)


async def test_keep_asks_first_and_then_the_hedge_is_a_persons() -> None:
    async with dealing() as dealer:
        await halted(dealer)
        await dealer.press("K", "escape")
        assert dealer.states == [State.HALTED]
        await dealer.press("K", "y")
        assert dealer.states == [State.DONE]
        assert "a person took over" in await dealer.text()


async def test_a_half_open_hedge_is_flattened_although_its_empty_leg_has_no_price() -> None:
    async with dealing() as dealer:
        hedge = await halted(dealer)
        dealer.trading.tops.stale.add(dealer.trading.ledgers[hedge].intent.legs[1].key)
        await dealer.press("f")
        assert dealer.order.ticket.verb is Verb.FLATTEN
        await dealer.press("enter", "y")
        await dealer.wait(1)
        assert dealer.states == [State.DONE]


async def test_alarms_stay_until_each_was_acknowledged() -> None:
    async with dealing() as dealer:
        await halted(dealer)
        alarms = len(dealer.seat.app.desk.log.alarms) if dealer.seat.app.desk.log is not None else 0
        assert alarms >= 2
        text = await dealer.text()
        assert f"{alarms} ALARMS" in text
        await dealer.press("escape")
        for left in range(alarms - 1, -1, -1):
            assert "a: seen" in await dealer.text()
            await dealer.press("a")
            assert dealer.seat.app.desk.log is not None
            assert len(dealer.seat.app.desk.log.alarms) == left
        assert "a: seen" not in await dealer.text()


async def test_an_order_without_an_answer_says_so_and_offers_nothing_but_to_wait() -> None:
    async with dealing() as dealer:
        await dealer.press("o")
        dealer.trading.venues[dealer.order.ticket.sell.split(".")[0]].script.append("silent")
        await dealer.press("enter", "y")
        await dealer.wait(1)
        text = await dealer.text()
        assert "IN DOUBT" in text
        assert "NO ANSWER" in text
        assert dict(dealer.hedge.offers()).keys() <= {"c"}
        await dealer.press("f")
        assert "flatten means nothing while the hedge is in_doubt" in await dealer.text()


async def test_x_takes_back_what_rests_and_c_does_it_in_the_panel() -> None:
    async with dealing() as dealer:
        await dealer.press("o", "m")
        dealer.trading.venues[dealer.order.ticket.buy.split(".")[0]].script.append("rest")
        await dealer.press("enter", "y")
        await dealer.wait(0.2)
        assert dealer.trading.orders[0].kind is OrderKind.POST_ONLY
        assert "resting" in await dealer.text()
        assert ("c", "cancel") in dealer.hedge.offers()
        await dealer.press("escape", "x")
        await dealer.wait(0.5)
        assert dealer.states == [State.DONE]
        assert len(dealer.trading.orders) == 1


async def test_the_panel_can_be_closed_while_a_hedge_works_and_opened_again_from_the_positions() -> None:
    async with dealing() as dealer:
        hedge = await halted(dealer)
        await dealer.press("escape", "6")
        assert "halted" in await dealer.text()
        await dealer.press("enter")
        assert dealer.hedge.hedge == hedge


# kill, arm, leaving


async def test_kill_needs_no_confirm_and_arming_does() -> None:
    async with dealing() as dealer:
        await dealer.press("exclamation_mark")
        assert "PAPER KILLED" in await dealer.text()
        await dealer.press("A", "n")
        assert "PAPER KILLED" in await dealer.text()
        await dealer.press("A")
        await dealer.seat.press("y")
        assert "PAPER KILLED" in await dealer.text(), "that key came too soon"
        await dealer.press("A", "y")
        assert "PAPER ARMED" in await dealer.text()


async def test_q_asks_only_where_hedges_are_open() -> None:
    async with dealing() as dealer:
        await dealer.open_one()
        await dealer.press("q")
        assert dealer.seat.app.is_running
        assert "1 stays open" in await dealer.text()
        await dealer.press("n")
        assert dealer.seat.app.is_running
        await dealer.press("q", "y")
        await dealer.seat.pilot.pause()
        assert dealer.seat.app.return_value is not None


async def test_suspend_is_refused_while_orders_are_under_way() -> None:
    async with dealing() as dealer:
        for venue in dealer.trading.venues.values():
            venue.script.append("rest")
        await dealer.press("o", "m", "enter", "y")
        await dealer.press("ctrl+z")
        assert "not stopped: orders of a hedge are under way" in await dealer.text()


# panes


async def test_a_coin_with_an_open_hedge_bears_a_star_in_the_grid() -> None:
    async with dealing() as dealer:
        await dealer.open_one()
        await dealer.wait(1)
        text = await dealer.text()
        assert f"*{dealer.seat.coin}" in text


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_positions_show_legs_state_and_what_was_made(size: tuple[int, int]) -> None:
    async with dealing(*size) as dealer:
        hedge = await dealer.open_one()
        await dealer.press("6")
        await dealer.wait(1)
        text = await dealer.text()
        assert "6 positions" in text
        assert "hedged" in text
        made = dealer.trading.pnl_usd(hedge)
        assert made is not None
        assert f"{abs(made):.2f}" in text
        assert "made USD" in text
        assert "equity 160,0" in text or "equity 159,9" in text


async def test_the_sums_are_the_engines_own_and_ended_hedges_are_in_them() -> None:
    async with dealing() as dealer:
        hedge = await dealer.open_one()
        await dealer.press("O", "enter", "y")
        await dealer.wait(2)
        money = dealer.seat.app.desk.money
        assert money is not None
        await dealer.text()
        assert money.ended == 1
        assert money.ended_usd == dealer.trading.pnl_usd(hedge)
        assert money.open_usd == 0
        assert money.bases == frozenset()


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_the_order_log_tells_orders_fills_and_words_newest_first(size: tuple[int, int]) -> None:
    async with dealing(*size) as dealer:
        await dealer.open_one()
        await dealer.press("7")
        await dealer.wait(1)
        rows = await dealer.seat.rows()
        kinds = [row.split()[2] for row in rows if row[1:3].isdigit() and row.split()[1] == dealer.seat.coin]
        assert kinds[0] == "said"
        assert kinds.count("fill") == 2
        log = dealer.seat.app.desk.log
        assert log is not None
        assert [entry.kind for entry in log.entries].count("order") == 2


async def test_a_fill_that_is_told_twice_is_logged_once() -> None:
    async with dealing() as dealer:
        await dealer.open_one()
        log = dealer.seat.app.desk.log
        assert log is not None
        venue = dealer.trading.venues[dealer.trading.orders[0].venue]
        venue.hear(venue.fills[0])
        assert [entry.kind for entry in log.entries].count("fill") == 2


async def test_no_size_is_too_small_for_the_panel() -> None:
    for size in ((30, 8), (59, 15), (61, 17), (200, 60)):
        async with dealing(*size) as dealer:
            await dealer.press("o", "enter", "y")
            await dealer.wait(1)
            assert len(await dealer.seat.rows()) == size[1]
            assert dealer.states == [State.HEDGED]
