"""What panes hold as raw values: complete rows, columns as elsewhere, and words that a person can send to another."""

from __future__ import annotations

from array import array
from decimal import Decimal
from math import nan

from arbtui.core.clock import NS_PER_S
from arbtui.core.orders import Balance, Position
from arbtui.execution.health import AccountHealth
from arbtui.execution.preflight import Facts
from arbtui.lines.csvfiles import COLUMNS
from arbtui.port import SelectCoin
from arbtui.strategy.rows import SignalState
from arbtui.strategy.series import Series
from arbtui.ui import tables
from arbtui.ui.accounts import account_sums, rows
from arbtui.ui.orderlog import OrderLog
from tests.ui.fake_port import FakePort
from tests.ui.fake_trading import fake_trading


def port() -> FakePort:
    fake = FakePort(3)
    fake.send(SelectCoin("BTC"))
    return fake


def test_spreads_and_signals_have_the_columns_of_the_files_that_a_run_writes() -> None:
    fake = port()
    rows = [row for base in ("BTC", "ETH") if (row := fake.row(base)) is not None]
    table = tables.spreads(fake, rows, 1)
    assert tuple(table.columns) == COLUMNS["spreads"]
    assert table.here is not None
    assert table.here["base"] == "ETH"
    assert table.here["net_bps"] == rows[1].net_bps
    fake.raise_signal("BTC", SignalState.REJECTED, "not held")
    signals = tables.signals(fake, fake.signals, 0)
    assert tuple(signals.columns) == COLUMNS["signals"]
    assert signals.here is not None
    assert (signals.here["state"], signals.here["reason"], signals.here["base"]) == ("rejected", "not held", "BTC")


def test_books_give_every_level_of_both_legs_best_first() -> None:
    fake = port()
    row = fake.row("BTC")
    table = tables.books(fake, row)
    assert len(table.rows) == 80
    assert tables.books(fake, None).rows == ()
    first = dict(zip(table.columns, table.rows[0], strict=True))
    assert (first["side"], first["book"], first["level"]) == ("buy", "ask", 1)
    asks = [float(str(price)) for *_, side, _, book, _, price, _ in table.rows if (side, book) == ("buy", "ask")]
    assert asks == sorted(asks)


def test_legs_feeds_and_entries_have_a_value_for_every_column() -> None:
    fake = port()
    trading = fake_trading(fake)
    log = OrderLog(trading)
    for table in (
        tables.legs(fake, fake.board.coins["BTC"].slots, 0),
        tables.feeds(fake, fake.status(), 0),
        tables.entries(log.entries, None),
        tables.positions(trading.pairs(), lambda hedge: None, None),
    ):
        assert all(len(row) == len(table.columns) for row in table.rows)
        assert len(set(table.columns)) == len(table.columns)


def test_histories_have_a_line_a_step_and_nothing_where_there_was_nothing() -> None:
    points = array("f", [1.5, nan, 2.5])
    table = tables.series("net-BTC", Series(30 * NS_PER_S, 10 * NS_PER_S, points, points, points))
    assert [row[1:] for row in table.rows] == [
        (10 * NS_PER_S, 1.5, 1.5, 1.5),
        (20 * NS_PER_S, None, None, None),
        (30 * NS_PER_S, 2.5, 2.5, 2.5),
    ]
    assert [row[1:] for row in tables.equity([(NS_PER_S, 25_000.0)]).rows] == [(NS_PER_S, 25_000.0)]


def test_accounts_are_rows_of_one_table() -> None:
    health = AccountHealth("okx", True, {}, None, {}, ())
    balance = Balance(venue="okx", wallet="trading", asset="USDT", total=Decimal(5), free=Decimal(4), t_ns=1)
    position = Position(venue="okx", native="BTC-USDT-SWAP", qty=Decimal(-2), t_ns=1)
    facts = Facts()
    facts.hear(balance)
    facts.hear(position)
    sums = account_sums([health], facts, lambda ccy: Decimal("1.002"), lambda *leg: None)
    table = tables.accounts(rows(sums), 1)
    assert [row[0] for row in table.rows] == ["paper", "asset", "position"]
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert table.here is not None
    assert (table.here["what"], table.here["usd"]) == ("USDT", Decimal("5.010"))


def test_a_row_reads_as_a_sentence() -> None:
    fake = port()
    row = fake.row("BTC")
    assert row is not None
    table = tables.spreads(fake, [row], 0)
    assert table.here is not None
    said = tables.words(table.here)
    assert f"buy {row.buy.venue} {row.buy.market.value} {row.buy.native} at " in said
    assert f"net {row.net_bps:.2f} bps" in said
    assert "muted" not in said
    fake.muted_coins.append("BTC")
    muted = fake.row("BTC")
    assert muted is not None
    here = tables.spreads(fake, [muted], 0).here
    assert here is not None
    assert "muted: " in tables.words(here)


def test_other_rows_read_as_names_and_values_and_leave_out_what_is_not_known() -> None:
    said = tables.words(
        {"venue": "okx", "t_ns": 1, "p50": None, "msgs_per_s": 480.0, "reason": "", "n": 3, "x": "a\x1b"}
    )
    assert said == "venue okx, msgs_per_s 480.00, n 3, x a "
