"""The main screen under a pilot: keys, states, and what is painted at each size."""

from __future__ import annotations

import re
from dataclasses import replace

import msgspec
import pytest

from arbtui.config import Settings
from arbtui.core.model import Market
from arbtui.core.status import FeedState
from arbtui.port import ChooseLegs, Remember, SelectCoin, SetThreshold, SetWalkSize
from arbtui.strategy.rows import SignalState
from arbtui.ui.app import ScreenEnd
from tests.ui.fake_port import VENUES, FakePort, feed
from tests.ui.painted import rows_of
from tests.ui.seat import seated

# what is shown


async def test_120x40_shows_mode_venues_grid_books_legs_signals_detail_and_keys() -> None:
    async with seated() as seat:
        rows = await seat.rows()
        assert rows[0].startswith(" DEMO  NO ORDERS  arbtui  signal ≥ 5 bps  size 1,000 USD")
        assert rows[0].endswith("UTC")
        assert all(name in rows[1] for name in ("BINA ●", "OKX ●", "BYBI ●", "BITG ●", "HYPE ●"))
        assert "1 spreads" in rows[2]
        assert "2 books" in rows[2]
        assert all(title in rows[3] for title in ("symbol", "buy", "ask", "sell", "bid", "gross", "net↓", "max", "age"))
        text = "\n".join(rows)
        assert "4 signals" in text
        assert "3 legs  6 positions  7 orders  5 feeds  9 accounts" in text
        assert "against a threshold of 5 bps" in text
        assert "taker fees: buy " in text
        assert "(default)" in text
        assert rows[-1].endswith("? help")
        assert len(rows) == 40


async def test_the_grid_stands_best_first_and_the_cursor_on_the_first_row() -> None:
    async with seated() as seat:
        rows = await seat.rows()
        nets = [float(net.group(1).replace("−", "-")) for row in rows[4:20] if (net := re.search("[▲▼](\\S+)", row))]
        assert len(nets) == 16
        assert nets == sorted(nets, reverse=True)
        assert rows[4].startswith("▸")
        assert rows[4].split()[1] == seat.coin == seat.port.selected


async def test_before_any_quote_the_grid_says_what_each_feed_is_doing() -> None:
    port = FakePort(0)
    refused = "connection refused; next try in 2 s; --demo brings exchanges of its own"
    port.feeds = [feed(venue, market, FeedState.DOWN, refused) for venue in VENUES for market in Market]
    async with seated(port) as seat:
        text = await seat.text()
        assert "None of the venues can be reached" in text
        assert "okx spot perp: down, connection refused" in text
        assert "--demo" in text
        for key in ("j", "3", "b", "v", "4", "enter", "T", "1", "S", "space", "ctrl+k"):
            await seat.press(key)


async def test_a_muted_row_is_dim_bracketed_marked_and_explained() -> None:
    port = FakePort(3)
    for slot in port.board.coins["ETH"].slots:
        slot.muted = "okx.perp.ETHUSDT is stale: no frame for 41 s"
    async with seated(port) as seat:
        await seat.press("slash", "e", "t", "h", "enter")
        text = await seat.text()
        row = next(line for line in text.splitlines() if line.startswith("▸"))
        assert "~" in row
        assert "(" in row
        assert ")" in row
        assert "▲" not in row
        assert "no signal: okx.perp.ETHUSDT is stale: no frame for 41 s" in text
        assert "muted: okx.perp.ETHUSDT is stale" in text


async def test_conversion_and_inventory_are_marked_and_said() -> None:
    port = FakePort(1)
    slots = {slot.key: slot for slot in port.board.slots}
    port.quote(slots["okx.perp.BTCUSDT"], slots["okx.perp.BTCUSDT"].last_price or 1.0)
    cheap, dear = slots["okx.perp.BTCUSDT"], slots["hyperliquid.spot.BTCUSDC"]
    assert cheap.ask is not None
    port.quote(dear, cheap.ask * 1.01)
    port.quote(cheap, cheap.ask * 0.99)
    async with seated(port) as seat:
        text = await seat.text()
        row = next(line for line in text.splitlines() if line.startswith("▸"))
        assert "i$" in row
        assert "HYPE s" in row
        assert "selling spot needs coins in stock" in text
        assert "binance.spot.USDCUSDT 1.00020" in text


async def test_a_missing_side_is_a_dot_and_never_a_zero() -> None:
    port = FakePort(1)
    for slot in port.board.slots:
        assert slot.quote is not None
        slot.quote = msgspec.structs.replace(slot.quote, bid=None, bid_qty=None)
    async with seated(port) as seat:
        text = await seat.text()
        legs = [line for line in text.splitlines() if "OKX perp" in line]
        assert legs
        assert legs[0].split()[2] == "·"


async def test_rate_interval_and_countdown_of_each_perp_stand_side_by_side() -> None:
    port = FakePort(1)
    slot = next(slot for slot in port.board.slots if slot.key == "okx.perp.BTCUSDT")
    assert slot.funding is not None
    slot.funding.rate, slot.funding.interval_h, slot.rate_per_h = "0.0001", 8.0, 0.0001 / 8
    async with seated(port) as seat:
        line = next(line for line in await seat.rows() if "OKX perp" in line)
        assert "+1.00  +0.0100%/8h 33:20" in line


async def test_a_feed_that_is_down_shows_in_the_strip_and_says_why_in_its_pane() -> None:
    port = FakePort(10)
    port.feeds[3] = replace(port.feeds[3], state=FeedState.DOWN, reason="TLS handshake failed; next try in 8 s")
    async with seated(port) as seat:
        assert "○ down" in (await seat.rows())[1]
        await seat.press("5", "j", "j", "j")
        assert "okx perp: TLS handshake failed; next try in 8 s" in await seat.text()


# moving


async def test_j_and_k_move_the_cursor_and_the_books_follow_at_once() -> None:
    async with seated() as seat:
        await seat.press("j", "j", "k")
        rows = await seat.rows()
        assert rows[5].startswith("▸")
        assert f"2 books  {seat.coin}" in rows[2]


async def test_the_engine_hears_of_a_coin_only_when_the_cursor_rests() -> None:
    async with seated() as seat:
        seat.port.sent.clear()
        await seat.press(*"jjjjjjjj")
        seat.app.main_screen.tick_lines(seat.app.desk.now_s())
        assert seat.port.sent == []
        await seat.pass_s(0.4)
        assert seat.port.sent == [SelectCoin(seat.coin)]


async def test_g_and_capital_g_go_to_the_ends_and_pages_stay_inside() -> None:
    async with seated() as seat:
        await seat.press("G")
        assert seat.coin == seat.app.desk.order.bases[-1]
        await seat.press("pagedown")
        assert seat.coin == seat.app.desk.order.bases[-1]
        await seat.press("g")
        assert seat.coin == seat.app.desk.order.bases[0]
        await seat.press("ctrl+d", "ctrl+u", "pagedown", "pageup")
        assert seat.coin == seat.app.desk.order.bases[0]


async def test_the_cursor_stays_with_its_coin_when_the_order_changes() -> None:
    async with seated() as seat:
        await seat.press("j", "j", "j")
        coin = seat.coin
        seat.port.walk(3000)
        await seat.pass_s(5.0)
        assert seat.coin == coin
        assert seat.app.main_screen.grid.cursor.index == seat.app.desk.order.place[coin]


async def test_until_somebody_chooses_the_cursor_goes_with_the_best_row_but_not_for_long() -> None:
    async with seated() as seat:
        seat.port.walk(3000)
        await seat.pass_s(4.0)
        assert seat.coin == seat.app.desk.order.bases[0]
        await seat.pass_s(10.0)
        coin = seat.coin
        seat.port.walk(3000)
        await seat.pass_s(4.0)
        assert seat.coin == coin


async def test_a_coin_that_the_engine_remembers_is_kept_from_the_start() -> None:
    port = FakePort(60)
    port.send(SelectCoin("DOGE"))
    async with seated(port) as seat:
        await seat.pass_s(4.0)
        assert seat.coin == "DOGE"


async def test_a_window_on_the_best_rows_stays_there_while_the_cursors_coin_falls() -> None:
    async with seated() as seat:
        await seat.press("j", "k")
        coin = seat.coin
        for slot in seat.port.board.coins[coin].slots:
            seat.port.quote(slot, slot.last_price or 1.0)
        await seat.pass_s(5.0)
        assert seat.app.desk.order.place[coin] > 30
        assert seat.app.main_screen.grid.cursor.top == 0
        await seat.press("j")
        assert seat.app.main_screen.grid.cursor.top > 0


# sorting and filtering


async def test_s_and_a_letter_sort_by_that_column_and_the_choice_is_kept() -> None:
    async with seated() as seat:
        await seat.press("s")
        assert "sort by" in await seat.text()
        await seat.press("g")
        assert seat.app.desk.order.column == "gross"
        assert "gross↓" in await seat.text()
        assert Remember("sort", "gross") in seat.port.sent
        await seat.press("S")
        assert "gross↑" in await seat.text()
        assert Remember("sort", "gross reverse") in seat.port.sent


async def test_a_letter_that_is_no_column_changes_nothing_and_closes_the_line() -> None:
    async with seated() as seat:
        await seat.press("s", "q")
        assert seat.app.desk.order.column == "net"
        assert "sort by" not in await seat.text()
        assert seat.app.return_value is None, "q belonged to the question"


async def test_the_kept_sort_comes_back_and_an_unknown_one_is_said() -> None:
    port = FakePort(5)
    port.send(Remember("sort", "carry reverse"))
    async with seated(port) as seat:
        assert (seat.app.desk.order.column, seat.app.desk.order.reverse) == ("carry", True)
    port.send(Remember("sort", "beauty"))
    async with seated(port) as seat:
        assert seat.app.desk.order.column == "net"
        assert "'beauty' is not known" in await seat.text()


async def test_the_configured_sort_holds_while_nothing_is_kept() -> None:
    settings = Settings().model_copy(update={"ui": Settings().ui.model_copy(update={"sort": "gross"})})
    async with seated(FakePort(5), settings=settings) as seat:
        assert seat.app.desk.order.column == "gross"


async def test_letters_typed_in_one_burst_after_the_slash_all_reach_the_filter() -> None:
    async with seated() as seat:
        await seat.press("slash", "s", "o", "l")
        text = await seat.text()
        assert "1 of 60" in text
        assert seat.coin == "SOL"
        await seat.press("enter")
        assert "/sol → 1" in await seat.text()
        await seat.press("escape")
        assert seat.app.desk.order.filter.text == ""
        assert len(seat.app.desk.order.bases) == 60


async def test_a_filter_that_lets_nothing_through_says_so_and_esc_undoes_it() -> None:
    async with seated() as seat:
        await seat.press("slash", *"xyzzy", "enter")
        assert "No coin of 60 passes the filter" in await seat.text()
        await seat.press("escape")
        assert "symbol" in (await seat.rows())[3]


async def test_a_word_of_the_filter_that_makes_no_sense_is_named_while_typing() -> None:
    async with seated() as seat:
        await seat.press("slash", *"by", "colon", *"okx")
        assert 'at 1: "by:" is not known; the nearest is "buy:"' in await seat.text()


async def test_space_holds_the_order_and_lets_it_go() -> None:
    async with seated() as seat:
        await seat.press("space")
        assert "held" in (await seat.rows())[2]
        before = list(seat.app.desk.order.bases)
        seat.port.walk(3000)
        await seat.pass_s(6.0)
        assert seat.app.desk.order.bases == before
        await seat.press("space")
        assert seat.app.desk.order.bases != before


# commands


async def test_t_sets_the_threshold_of_all_and_says_what_came_of_it() -> None:
    async with seated() as seat:
        await seat.press("t", "up", "enter")
        assert SetThreshold(5.5, "") in seat.port.sent
        text = await seat.text()
        assert "threshold 5.5 bps" in text
        assert "signal ≥ 5.5 bps" in text


async def test_capital_t_sets_the_coins_own_and_an_empty_line_takes_it_away() -> None:
    async with seated() as seat:
        coin = seat.coin
        await seat.press("T", "9", "enter")
        assert SetThreshold(9.0, coin) in seat.port.sent
        assert f"({coin} 9 bps)" in await seat.text()
        await seat.press("T", "backspace", "enter")
        assert SetThreshold(None, coin) in seat.port.sent


async def test_what_is_no_number_is_refused_in_words_and_the_line_stays_open() -> None:
    async with seated() as seat:
        await seat.press("t", "x", "enter")
        assert not any(isinstance(command, SetThreshold) for command in seat.port.sent)
        assert "'x' is not a threshold" in await seat.text()
        await seat.press("escape")
        assert "threshold, bps net" not in await seat.text()


async def test_a_refused_command_is_told_in_the_engines_words() -> None:
    async with seated() as seat:
        seat.port.refuse = "another arbtui writes the settings (pid 4711)"
        await seat.press("right_square_bracket")
        assert "another arbtui writes the settings (pid 4711)" in await seat.text()


async def test_brackets_step_the_size_and_the_equals_sign_types_it() -> None:
    async with seated() as seat:
        await seat.press("right_square_bracket", "left_square_bracket", "left_square_bracket")
        assert [command for command in seat.port.sent if isinstance(command, SetWalkSize)] == [
            SetWalkSize(2000.0),
            SetWalkSize(1000.0),
            SetWalkSize(500.0),
        ]
        await seat.press("equals_sign", *"3k", "enter")
        assert seat.port.walk_usd == 3000.0


async def test_two_legs_are_chosen_in_the_table_and_given_back() -> None:
    async with seated() as seat:
        coin = seat.port.board.coins[seat.coin]
        slots = sorted(coin.slots, key=lambda slot: (slot.instrument.venue, slot.instrument.market, ""))
        await seat.press("3", "j", "b", "j", "j", "v")
        assert seat.port.legs == (slots[1].id, slots[3].id)
        text = await seat.text()
        assert "by hand" in text
        assert any(line.startswith(" B  BINA spot") for line in text.splitlines())
        assert any(line.startswith("▸S  BITG spot") for line in text.splitlines())
        await seat.press("u")
        assert seat.port.sent[-1] == ChooseLegs(None, None)
        assert "best pair" in await seat.text()


async def test_buying_at_the_sell_leg_makes_the_legs_change_places() -> None:
    async with seated() as seat:
        await seat.press("3", "b", "j", "v")
        assert seat.port.legs is not None
        buy, sell = seat.port.legs
        await seat.press("b")
        assert seat.port.legs == (sell, buy)


async def test_the_picker_goes_to_a_coin_even_past_a_filter() -> None:
    async with seated() as seat:
        await seat.press("slash", *"btc", "enter", "ctrl+k", *"doge")
        text = await seat.text()
        assert "go to a coin · 1 of 60" in text
        await seat.press("enter")
        assert seat.coin == seat.port.selected == "DOGE"
        assert seat.app.desk.order.filter.text == ""
        assert any(line.startswith("▸ DOGE") for line in await seat.rows())


async def test_the_picker_offers_the_coin_before_this_one_first_and_esc_changes_nothing() -> None:
    async with seated() as seat:
        for coin in ("sol", "xrp"):
            await seat.press("ctrl+k", *coin, "enter")
        await seat.press("ctrl+k")
        lines = [line[38:60].strip() for line in await seat.rows()]
        assert lines.index("SOL") < lines.index("XRP") < lines.index("AVAX")
        await seat.press("down", "escape")
        assert seat.coin == "XRP"


# panes, help, leaving


async def test_digits_tab_zoom_and_esc_walk_through_the_panes() -> None:
    async with seated() as seat:
        await seat.press("5")
        assert "reconn" in await seat.text()
        await seat.press("z")
        assert "net↓" not in await seat.text()
        await seat.press("escape")
        assert "net↓" in await seat.text()
        await seat.press("escape", "tab")
        assert seat.app.focused is seat.app.main_screen.panes["books"]
        await seat.press("shift+tab")
        assert seat.app.focused is seat.app.main_screen.grid
        await seat.press("escape", "escape")
        assert seat.app.return_value is None


async def test_the_footer_names_the_keys_of_the_pane_in_focus() -> None:
    async with seated() as seat:
        assert "/ find" in (await seat.rows())[-1]
        await seat.press("3")
        assert "b buy here" in (await seat.rows())[-1]


async def test_help_opens_scrolls_closes_and_the_panes_go_on_after_it() -> None:
    async with seated(width=80, height=24) as seat:
        await seat.press("question_mark")
        assert "Spread grid" in "\n".join(rows_of(seat.app))
        seen = ""
        for _ in range(12):
            await seat.press("pagedown")
            seen += "\n".join(rows_of(seat.app))
        assert "symbol" in seen
        await seat.press("escape")
        assert "net↓" in await seat.text()


async def test_signals_stand_newest_first_and_enter_goes_to_the_coin() -> None:
    async with seated() as seat:
        seat.port.raise_signal("ETH")
        seat.port.raise_signal("SOL", SignalState.REJECTED, "room 300 USD is below 1,000 USD")
        await seat.press("4", "z")
        text = await seat.text()
        assert text.index("SOL") < text.index("ETH")
        assert "not raised, room 300 USD is below 1,000 USD" in text
        await seat.press("j", "enter")
        assert seat.coin == "ETH"


async def test_the_cursor_in_the_log_stays_with_its_record_while_newer_ones_come() -> None:
    async with seated() as seat:
        for coin in ("ETH", "SOL", "XRP"):
            seat.port.raise_signal(coin)
        await seat.press("4", "j")
        seat.port.raise_signal("DOGE")
        await seat.pass_s(0.6)
        await seat.press("enter")
        assert seat.coin == "SOL"


async def test_the_last_word_is_the_newest_of_the_engines_and_the_screens() -> None:
    async with seated() as seat:
        seat.port.notice("okx: resubscribed 3 streams")
        assert "okx: resubscribed 3 streams" in await seat.text()
        seat.port.time.advance_to(seat.port.time.now_ns() + 1_000_000_000)
        await seat.press("right_square_bracket")
        assert "size 2,000 USD" in (await seat.rows())[-2]


async def test_q_leaves_and_ctrl_c_leaves_only_when_pressed_twice() -> None:
    async with seated() as seat:
        await seat.press("ctrl+c")
        assert seat.app.return_value is None
        assert "ctrl+c again" in await seat.text()
        await seat.pass_s(3.0)
        await seat.press("ctrl+c")
        assert seat.app.return_value is None
        await seat.press("ctrl+c")
        assert seat.app.return_value is ScreenEnd.QUIT


async def test_q_while_something_is_typed_is_a_letter() -> None:
    async with seated() as seat:
        await seat.press("slash", "q")
        assert seat.app.return_value is None
        await seat.press("escape", "q")
        assert seat.app.return_value is ScreenEnd.QUIT


async def test_without_colour_there_are_only_greys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with seated(FakePort(5)) as seat:
        theme = seat.app.desk.theme.theme
        for style in (*theme.styles.values(), *theme.on_cursor.values()):
            for colour in (style.color, style.bgcolor):
                assert colour is not None
                assert colour.triplet is not None
                assert len(set(colour.triplet)) == 1


async def test_an_unknown_theme_is_said_and_the_default_taken() -> None:
    settings = Settings().model_copy(update={"ui": Settings().ui.model_copy(update={"theme": "neon"})})
    async with seated(FakePort(5), settings=settings) as seat:
        assert "ui.theme 'neon' is not known; use one of dark, light" in await seat.text()


async def test_a_hostile_symbol_cannot_write_outside_its_cell() -> None:
    port = FakePort(2)
    coin = port.board.coins["BTC"]
    coin.base = "B\x1b[2JTC"
    async with seated(port) as seat:
        assert "\x1b" not in await seat.text()


async def test_a_screenshot_can_be_exported() -> None:
    async with seated() as seat:
        svg = seat.app.export_screenshot(title="arbtui")
        assert svg.startswith("<svg")
        assert "spreads" in svg


async def test_a_run_that_sends_no_orders_says_so_all_the_time_and_a_replay_need_not() -> None:
    async with seated() as seat:
        assert " NO ORDERS " in (await seat.rows())[0]
        seat.port.mode = "REPLAY"
        assert " NO ORDERS " not in (await seat.rows())[0]
