"""The pane of accounts: sums, positions, and what is said of an account that is not heard."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Literal

import pytest

from arbtui.core.clock import NS_PER_S
from arbtui.core.model import Market
from arbtui.core.orders import AccountMode, Balance, FeeRates, LeverageRead, Position, ReadFailed, ReadKind, StreamState
from arbtui.execution.health import AccountHealth
from arbtui.execution.preflight import Facts
from arbtui.ui.accounts import AccountSum, Holding, Purse, account_sums, fee_words, rows
from arbtui.ui.panes.accounts import account_words, amount, header, line, standing_words
from tests.ui.dealer import dealing
from tests.ui.fake_port import FakePort
from tests.ui.seat import seated

T0 = 1_763_600_000_000_000_000
BOTH = {Market.SPOT: "spot", Market.PERP: "usdm"}


def up(state: Literal["up", "down", "refused"] = "up", text: str = "") -> StreamState:
    return StreamState(venue="okx", markets=tuple(BOTH), state=state, text=text, t_ns=T0)


HEALTHY = AccountHealth(
    venue="okx", paper=False, wallets=BOTH, heard_ns=T0, streams=dict.fromkeys(BOTH, up()), failed=()
)  # fmt: skip


def told(*events: Balance | Position | AccountMode | FeeRates | LeverageRead) -> Facts:
    facts = Facts()
    for event in events:
        facts.hear(event)
    return facts


def balance(asset: str, total: str, free: str | None = None, wallet: str = "spot") -> Balance:
    return Balance(
        venue="okx", wallet=wallet, asset=asset, total=Decimal(total), free=Decimal(free) if free else None, t_ns=T0
    )


def usd(ccy: str) -> Decimal | None:
    return {"USDT": Decimal(1), "BTC": Decimal(50_000)}.get(ccy)


def summed(facts: Facts, of: AccountHealth | None = None, port: FakePort | None = None) -> AccountSum:
    slot_of = port.board.slot_of if port is not None else lambda *_: None
    (account,) = account_sums([of or HEALTHY], facts, usd, slot_of)
    return account


def words_of(row: AccountSum | Purse | Holding, facts: Facts, width: int = 120) -> str:
    return "".join(cell for cell, _ in line(row, facts, "LIVE", T0 + NS_PER_S, width))


def test_assets_are_worth_their_rate_and_empty_ones_are_left_out() -> None:
    facts = told(balance("USDT", "1000", "900"), balance("BTC", "0.5", "0.5"), balance("ETH", "0"))
    account = summed(facts)
    assert account.total_usd == Decimal(26_000)
    assert [purse.balance.asset for purse in account.purses] == ["BTC", "USDT"]
    assert "26,000.00" in words_of(account, facts)
    assert account.free_usd == Decimal(25_900)
    assert summed(told(balance("USDT", "1000"))).free_usd is None, "what is free was not told"


def test_an_asset_without_a_rate_makes_the_sum_unknown_and_is_named() -> None:
    facts = told(balance("USDT", "1000"), balance("XYZ", "7"))
    account = summed(facts)
    assert account.total_usd is None
    assert account.without_rate == ("XYZ",)
    assert "no rate" in words_of(account.purses[1], facts)
    assert "no rate to USD for XYZ" in account_words(account, facts)


def test_an_account_that_was_not_read_yet_is_not_empty() -> None:
    account = summed(Facts())
    assert account.total_usd is None
    assert account.margin_usd is None
    assert "not read" in words_of(account, Facts())


def test_a_position_is_told_per_coin_with_its_way_to_liquidation() -> None:
    port = FakePort(1)
    held = Position(
        venue="okx", native="BTCUSDT", qty=Decimal(-2), t_ns=T0 + 1, entry_price=Decimal(100), mark=Decimal(100),
        liquidation_price=Decimal(125), margin=Decimal(66),
    )  # fmt: skip
    facts = told(
        balance("USDT", "1000"),
        held,
        LeverageRead(venue="okx", native="BTCUSDT", leverage=Decimal(3), margin_mode="cross", t_ns=T0),
    )
    account = summed(facts, port=port)
    (holding,) = account.holdings
    assert (holding.coins, holding.usd, holding.to_liquidation) == (Decimal(-2), Decimal(-200), Decimal("0.25"))
    assert account.margin_usd == 66
    shown = words_of(holding, facts)
    assert all(word in shown for word in ("BTCUSDT", "−2", "−200.00", "liq 125 (25%)", "3x cross"))


def test_a_position_of_an_instrument_that_nobody_lists_has_no_worth() -> None:
    held = Position(venue="okx", native="NEWUSDT", qty=Decimal(5), t_ns=T0, mark=Decimal(3), margin=Decimal(1))
    (holding,) = summed(told(balance("USDT", "1"), held), port=FakePort(1)).holdings
    assert (holding.coins, holding.usd, holding.margin_usd) == (None, None, None)


def test_a_flat_position_is_none() -> None:
    assert not summed(told(Position(venue="okx", native="BTCUSDT", qty=Decimal(0), t_ns=T0))).holdings


@pytest.mark.parametrize(
    ("streams", "mark"),
    [(dict.fromkeys(BOTH, up()), "●"), ({Market.SPOT: up()}, "◐"), (dict.fromkeys(BOTH, up("down")), "○"), ({}, "○")],
)
def test_the_mark_says_how_many_private_streams_are_up(streams: dict[Market, StreamState], mark: str) -> None:
    facts = told(balance("USDT", "1"))
    assert words_of(summed(facts, replace(HEALTHY, streams=streams)), facts).startswith(mark)


def test_why_a_stream_is_down_and_what_could_not_be_read_is_said_in_full() -> None:
    failed = ReadFailed(venue="okx", market=Market.PERP, kind=ReadKind.FEES, text="no answer in 5 s", t_ns=T0)
    account = summed(
        told(balance("USDT", "1")),
        replace(HEALTHY, streams=dict.fromkeys(BOTH, up("refused", "50113: invalid sign")), failed=(failed,)),
    )
    words = account_words(account, Facts())
    assert "private stream refused (50113: invalid sign)" in words
    assert "reading perp fees failed: no answer in 5 s" in words
    assert "account mode not read" in words


@pytest.mark.parametrize("late_s", [0, 16])
def test_what_nobody_would_hear_a_change_of_looks_stale(late_s: int) -> None:
    port = FakePort(1)
    held = Position(venue="okx", native="BTCUSDT", qty=Decimal(1), t_ns=T0, mark=Decimal(100), margin=Decimal(1))
    facts = told(balance("USDT", "1000"), held)
    account = summed(facts, replace(HEALTHY, streams={Market.SPOT: up()}) if not late_s else None, port)
    (purse,), (holding,) = account.purses, account.holdings
    shown = line(holding, facts, "LIVE", T0 + late_s * NS_PER_S, 120)
    assert "~ BTCUSDT" in "".join(cell for cell, _ in shown)
    assert {role for _, role in shown} == {"faint"}
    assert purse.heard, "its own stream is up"


def test_a_key_that_may_not_trade_comes_first() -> None:
    facts = told(
        balance("USDT", "1"),
        AccountMode(
            venue="okx", market=Market.PERP, position_mode="one_way", can_trade=False, text="read only", t_ns=T0
        ),
    )
    assert all(words.startswith("may not trade perp") for words in standing_words(summed(facts), facts, T0))


def test_fees_of_instruments_that_differ_are_a_range() -> None:
    def rates(native: str, taker: str) -> FeeRates:
        maker = Decimal("0.0002")
        return FeeRates(
            venue="okx", market=Market.PERP, native=native, maker=maker, taker=Decimal(taker), t_ns=T0
        )  # fmt: skip

    facts = told(rates("A", "0.0005"), rates("B", "0.0004"))
    assert fee_words(facts, "okx", Market.PERP) == "4..5/2"
    assert fee_words(facts, "okx", Market.SPOT) == ""


@pytest.mark.parametrize("width", [1, 5, 20, 40, 64, 77, 120])
def test_every_row_is_as_wide_as_the_pane(width: int) -> None:
    facts = told(balance("USDT", "12345678.123456", "1"), balance("XYZ", "0.0000001"))
    account = summed(facts)
    for row in rows([account]):
        assert len(words_of(row, facts, width)) <= max(width, 2)
    assert sum(len(cell) for cell, _ in header(width)) <= max(width, 1)


def test_small_amounts_keep_their_figures() -> None:
    assert [amount(Decimal(value), 12) for value in ("0", "0.00012", "0.00000012", "1.5", "-25000.456")] == [
        "0.00", "0.00012", "1.2e−7", "1.5", "−25,000.46"
    ]  # fmt: skip
    assert amount(None, 12) == "·"


def test_an_amount_without_room_gets_coarser_and_is_never_cut() -> None:
    value = Decimal("-12345678.91")
    assert [amount(value, width) for width in (14, 12, 6)] == ["−12,345,678.91", "−12,345,679", "−12M"]


async def test_the_pane_shows_all_accounts_and_the_cursor_stays_with_its_row() -> None:
    async with dealing(120, 40) as dealer:
        await dealer.press("9", "z")
        text = await dealer.text()
        assert "BINA paper" in text
        assert "streams spot up, perp up" in text
        await dealer.press("j", "j", "j", "j", "j")
        pointed = next(row for row in await dealer.seat.rows() if row.startswith("▸"))
        more = Balance(venue="binance", wallet="spot", asset="TIA", total=Decimal(9), free=None, t_ns=2 * T0)
        dealer.trading.hear(more)
        rows_now = await dealer.seat.rows()
        assert any("TIA" in row for row in rows_now)
        assert next(row for row in rows_now if row.startswith("▸")) == pointed


async def test_without_accounts_the_pane_says_why() -> None:
    async with seated() as seat:
        await seat.press("9")
        assert "so no accounts: the fake engine sends no orders" in await seat.text()
