"""What a turn brought: the figures of the result, against sums made by hand."""

from __future__ import annotations

from decimal import Decimal

from arbtui.execution.intents import Verb
from arbtui.port import Ticket
from arbtui.ui.ticket.order import worse
from arbtui.ui.ticket.outcome import outcome
from tests.ui.fake_port import FakePort
from tests.ui.fake_trading import FakeTrading, Play, fake_trading, settle

REFUSING: list[Play] = ["reject"] * 9
BUY, SELL = "okx.perp.BTCUSDT", "bybit.perp.BTCUSDT"


def traded(*, buy: list[Play], sell: list[Play]) -> tuple[FakeTrading, str]:
    """A hedge of 1,000 USD on these scripts, after it came to rest."""
    port = FakePort(2)
    trading = fake_trading(port)
    trading.venues["okx"].script.extend(buy)
    trading.venues["bybit"].script.extend(sell)
    ticket = Ticket("BTC", buy=BUY, sell=SELL, usd=Decimal(1000))
    trading.preview(ticket)
    settle(port)
    answer = trading.fire(trading.preview(ticket))
    assert answer.accepted, answer.text
    settle(port, 5)
    return trading, answer.hedge


def test_net_is_what_the_fills_and_their_fees_say() -> None:
    trading, hedge = traded(buy=["fill"], sell=["fill"])
    made = outcome(trading.ledgers[hedge], 0, trading.usd)
    assert made is not None
    (bought,), (sold,) = trading.venues["okx"].fills, trading.venues["bybit"].fills
    assert bought.fee is not None
    assert sold.fee is not None
    net = sold.qty * sold.price - bought.qty * bought.price - bought.fee - sold.fee
    assert made.gap == 0
    assert made.net_usd is not None
    assert made.net_bps is not None
    assert abs(made.net_usd - net) < Decimal("1e-9")
    assert abs(made.net_bps - 10_000 * net / (bought.qty * bought.price)) < Decimal("1e-9")
    assert made.within_ms == 20


def test_a_leg_without_a_counterpart_has_no_net() -> None:
    trading, hedge = traded(buy=["fill", *REFUSING], sell=REFUSING)
    made = outcome(trading.ledgers[hedge], 0, trading.usd)
    assert made is not None
    assert made.gap > 0
    assert made.net_usd is None
    assert made.net_bps is None


def test_what_was_given_back_is_a_loss_without_basis_points() -> None:
    trading, hedge = traded(buy=["fill", "fill"], sell=REFUSING)
    made = outcome(trading.ledgers[hedge], 0, trading.usd)
    assert made is not None
    assert made.gap == 0
    assert made.net_usd is not None
    assert made.net_usd < 0
    assert made.net_bps is None


def test_nothing_filled_is_no_outcome() -> None:
    trading, hedge = traded(buy=["reject"], sell=["reject"])
    assert outcome(trading.ledgers[hedge], 0, trading.usd) is None


def test_an_unknown_rate_makes_the_net_unknown_and_never_zero() -> None:
    trading, hedge = traded(buy=["fill"], sell=["fill"])
    made = outcome(trading.ledgers[hedge], 0, lambda _ccy: None)
    assert made is not None
    assert made.net_usd is None


def test_a_preview_may_get_better_or_one_basis_point_worse_and_flattening_any_amount() -> None:
    port = FakePort(2)
    trading = fake_trading(port)
    ticket = Ticket("BTC", buy=BUY, sell=SELL, usd=Decimal(1000))
    trading.preview(ticket)
    settle(port)
    frozen = trading.preview(ticket)
    assert worse(frozen, trading.preview(ticket)) == ""
    slot = trading.tops.slot(SELL)
    assert slot is not None
    mid = slot.mid
    assert mid is not None
    for move_bps, words in ((3.0, ""), (-0.8, ""), (-1.3, "net fell from")):
        port.quote(slot, mid * (1 + move_bps / 1e4))
        assert worse(frozen, trading.preview(ticket)).startswith(words)
        assert bool(worse(frozen, trading.preview(ticket))) is bool(words)
    flatten = Ticket("BTC", verb=Verb.FLATTEN, hedge="none")
    assert "no such hedge" in worse(frozen, trading.preview(flatten))
