"""Hedges from the screen, under a pilot: closing, flattening, trouble and its repairs, kill and arm, the panes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from arbtui.config import Settings
from arbtui.core.orders import OrderKind
from arbtui.execution.intents import Verb
from arbtui.execution.lifecycle import State, Step
from arbtui.ui.panes.positions import COLUMNS, pair_line
from arbtui.ui.ticket.hedges import HedgesPage
from tests.ui.dealer import WITHOUT_LIMITS, dealing, halted


async def test_what_to_press_is_said_by_the_person_s_own_keys() -> None:
    own = {"order.ticket": "f6", "chart.what": "f7", "order.close": "f8"}
    async with dealing(settings=Settings(keys=own), limits=WITHOUT_LIMITS) as dealer:
        await dealer.press("6")
        assert "F6 on a row of the grid" in await dealer.text()
        await dealer.press("8", "v")
        assert "F7 shows it" in await dealer.text()
        await dealer.press("1", "f6", "enter", "y")
        await dealer.wait(1)
        await dealer.press("escape", "f", "plus")
        assert "F8 closes a part" in await dealer.text()


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
    async with dealing(limits=WITHOUT_LIMITS) as dealer:
        first = await dealer.open_one()
        second = await dealer.open_one()
        await dealer.press("O")
        assert isinstance(dealer.page, HedgesPage)
        await dealer.press("j", "enter")
        assert dealer.order.ticket.hedge == second
        await dealer.press("escape", "k", "enter")
        assert dealer.order.ticket.hedge == first


async def test_capital_f_flattens_all_in_order_after_one_confirm() -> None:
    async with dealing(limits=WITHOUT_LIMITS) as dealer:
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


async def test_flattening_all_takes_back_what_rests_and_then_flattens_that_hedge_too() -> None:
    async with dealing(limits=WITHOUT_LIMITS) as dealer:
        await dealer.press("o", "m")
        dealer.trading.venues[dealer.order.ticket.buy.split(".")[0]].script.append("half_rests")
        await dealer.press("enter", "y")
        await dealer.wait(0.2)
        assert dealer.states == [State.WORKING]
        (ledger,) = dealer.trading.ledgers.values()
        assert ledger.position(0) != 0
        await dealer.press("escape", "F", "F", "y")
        for _ in range(6):
            await dealer.wait(0.5)
        assert [ledger.position(index) for index in (0, 1)] == [0, 0]
        assert dealer.states == [State.DONE]


async def test_flattening_all_leaves_the_rest_when_esc_is_pressed() -> None:
    async with dealing(limits=WITHOUT_LIMITS) as dealer:
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


async def test_a_hedge_halted_by_a_doubt_can_be_taken_over_with_the_order_that_is_in_doubt() -> None:
    async with dealing() as dealer:
        await dealer.press("o")
        dealer.trading.venues[dealer.order.ticket.sell.split(".")[0]].script.append("silent")
        await dealer.press("enter", "y")
        await dealer.wait(1)
        ledger = dealer.trading.ledgers[dealer.hedge.hedge]
        dealer.trading.runner._memory.step_to(ledger, Step.HALT, "for 120 s it is not known")
        assert ledger.unsettled()
        assert {verb for _, verb in dealer.hedge.offers()} == {"retry", "keep"}
        await dealer.press("K")
        assert "and an order in doubt by hand" in " ".join((await dealer.text()).split())
        await dealer.press("y")
        assert dealer.states == [State.DONE]
        log = dealer.seat.app.desk.log
        assert log is not None
        assert any(entry.kind == "proved" and "it is not known" in entry.text for entry in log.entries)


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
        assert "equity 140,0" in text or "equity 139,9" in text
        assert "ENA hedged: 0.26492 on" in text
        assert "hedged: hedged" not in text


async def test_a_long_amount_keeps_its_size_in_its_column_and_in_brackets() -> None:
    async with dealing() as dealer:
        hedge = await dealer.open_one()
        money = dealer.seat.app.desk.money
        assert money is not None
        (pair,) = money.pairs
        column = next(column for column in COLUMNS if column.title == "made USD")
        for made, wanted in [("-12345.67", "−12k"), ("1234.56", "+1,235"), ("9.87", "+9.87")]:
            money.pnl_usd[hedge] = Decimal(made)
            for stale in (False, True):
                shown = "".join(words for words, _ in pair_line(pair, money, [column], here=False, stale=stale))
                assert (f"({wanted})" if stale else wanted) in shown
                assert "…" not in shown


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


async def test_an_alarm_asks_for_its_line_once_while_the_terminal_takes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with dealing() as dealer:
        screen = dealer.seat.app.main_screen
        asked = 0

        def rearranged() -> None:
            nonlocal asked
            asked += 1

        monkeypatch.setattr(screen, "rearrange", rearranged)
        dealer.trading.kill("the test")
        for _ in range(5):
            screen.tick_lines(0.0)
        assert asked == 1
