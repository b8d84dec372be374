"""Accounts of a hedge: an identity with no rounding in it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from arbtui.core.model import Market
from arbtui.core.orders import Fill, FundingPaid, Order, OrderKind, OrderStatus, Position, Side
from arbtui.execution.intents import Purpose, client_id
from arbtui.execution.ledger import Ledger
from arbtui.execution.lifecycle import Step
from arbtui.execution.pairs import liquidation_bps, open_pairs
from arbtui.execution.pnl import Funding, hedge_pnl, leg_pnl
from arbtui.execution.records import Intended, Ordered, Stepped, Told
from tests.execution.stage import GOOD, HEDGE, T0, Board, dec, fill, intent, quote, report

trades = st.lists(
    st.tuples(
        st.sampled_from(Side),
        st.decimals(min_value="0.1", max_value="50", places=1),
        st.decimals(min_value="90", max_value="110", places=2),
    ),
    min_size=1,
    max_size=12,
)


def order(number: int, side: Side, qty: Decimal, price: Decimal, leg: int = 0) -> Order:
    return Order(
        client_id=client_id(HEDGE, leg, Purpose.ENTER, number),
        venue=("alpha", "beta")[leg],
        market=Market.PERP,
        native="COINUSDT",
        side=side,
        kind=OrderKind.IOC,
        qty=qty,
        price=price,
    )


def fills(rows: list[tuple[Side, Decimal, Decimal]]) -> list[Fill]:
    return [
        fill(order(number, *row), str(row[1]), fill_id=f"{number:03}", price=str(row[2]), t_ns=T0 + number)
        for number, row in enumerate(rows)
    ]


@given(trades)
@settings(max_examples=150, deadline=None)
def test_realised_and_open_are_all_cash_and_what_is_left_at_exit_prices(
    rows: list[tuple[Side, Decimal, Decimal]],
) -> None:
    leg = intent().legs[0]
    price = quote("101.37", "101.38")
    got = leg_pnl(leg, fills(rows), price)
    cash = sum((-side.sign * qty * at for side, qty, at in rows), Decimal(0))
    left = sum((side.sign * qty for side, qty, _ in rows), Decimal(0))
    exit_price = price.bid if left > 0 else price.ask
    assert exit_price is not None
    assert got.open is not None
    assert got.left == left
    assert got.realised + got.open == cash + left * exit_price


def test_first_in_first_out() -> None:
    leg = intent().legs[0]
    rows = [(Side.BUY, dec(2), dec(100)), (Side.BUY, dec(2), dec(104)), (Side.SELL, dec(3), dec(105))]
    got = leg_pnl(leg, fills(rows), quote("106", "107"))
    assert (got.realised, got.open, got.left, got.entry) == (dec(11), dec(2), dec(1), dec(104))


def hedged() -> Ledger:
    ledger = Ledger(HEDGE)
    ledger.fold(T0, Intended(intent()))
    for leg, (side, price) in enumerate(((Side.BUY, "100"), (Side.SELL, "100.20"))):
        sent = order(leg, side, dec(10), dec(price), leg)
        ledger.fold(T0, Ordered(order=sent, leg=leg, turn=0, purpose=Purpose.ENTER, number=leg))
        ledger.fold(T0, Told(report(sent, OrderStatus.FILLED, "10")))
        ledger.fold(T0, Told(fill(sent, "10", fee="0.5", fee_ccy="USDT" if leg == 0 else "BNB")))
    ledger.fold(T0, Stepped(Step.PERSISTED, ""))
    ledger.fold(T0, Stepped(Step.BALANCED, ""))
    return ledger


def test_price_fees_and_funding_are_told_apart_each_in_its_currency() -> None:
    made = hedge_pnl(hedged(), GOOD, {"USDT": dec("0.25")})
    assert made.price == {"USDT": dec("-0.2")}  # 10 x (99.99 - 100) and 10 x (100.20 - 100.21)
    assert made.fees == {"USDT": dec("0.5"), "BNB": dec("0.5")}
    assert made.complete
    rates = {"USDT": dec(1), "BNB": dec(600)}
    assert made.usd(rates.get) == dec("-0.2") - dec("0.5") - 300 + dec("0.25")


def test_a_missing_rate_or_price_makes_the_sum_unknown_and_never_zero() -> None:
    made = hedge_pnl(hedged(), GOOD)
    assert made.usd({"USDT": dec(1)}.get) is None
    one_sided = (GOOD[0], quote("100.20", "100.21"))
    nothing = type(one_sided[1])(None, None, None, None, age_ms=1.0, fresh=False)
    assert hedge_pnl(hedged(), (GOOD[0], nothing)).legs[1].open is None


def test_fills_that_are_not_told_yet_make_the_account_incomplete() -> None:
    ledger = hedged()
    extra = order(5, Side.BUY, dec(1), dec(100))
    ledger.fold(T0, Ordered(order=extra, leg=0, turn=0, purpose=Purpose.REHEDGE, number=5))
    ledger.fold(T0, Told(report(extra, OrderStatus.FILLED, "1")))
    assert not hedge_pnl(ledger, GOOD).complete


def paid(amount: str, payment: str = "1", t_ms: int = T0 // 10**6 + 1) -> FundingPaid:
    return FundingPaid(
        venue="alpha", native="COINUSDT", payment_id=payment, amount=dec(amount), ccy="USDT", t_ms=t_ms, t_ns=T0
    )


@given(st.decimals(min_value="-100", max_value="100", places=10), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_shares_of_a_funding_payment_sum_to_it(amount: Decimal, holders: int) -> None:
    ledgers = []
    for number in range(holders):
        ledger = hedged()
        ledger.hedge = f"h{number}"
        ledgers.append(ledger)
    funding = Funding()
    funding.hear(paid(str(amount)), ledgers)
    funding.hear(paid(str(amount)), ledgers)  # told twice
    assert sum((each["USDT"] for each in funding.of.values()), Decimal(0)) == amount


def test_funding_that_no_hedge_held_is_nobodys() -> None:
    funding = Funding()
    funding.hear(paid("1", t_ms=0), [hedged()])
    assert funding.of == {"": {"USDT": 1}}


def test_an_open_pair_shows_its_gap_and_the_nearer_liquidation() -> None:
    position = Position(
        venue="beta", native="COINUSDT", qty=dec(-10), t_ns=T0, mark=dec(100), liquidation_price=dec(130), adl_rank=3
    )
    (pair,) = open_pairs([hedged()], Board(), {("beta", "COINUSDT"): position})
    assert (pair.gap.known, pair.dust, pair.liquidation_bps) == (dec(0), False, dec(3_000))
    assert pair.legs[1].adl_rank == 3
    assert pair.legs[0].liquidation_bps is None
    assert pair.legs[0].entry == 100


def test_what_a_venue_does_not_tell_is_not_reckoned() -> None:
    assert liquidation_bps(None) is None
    assert liquidation_bps(Position(venue="a", native="b", qty=dec(1), t_ns=0, mark=dec(1))) is None


def test_amounts_of_more_digits_than_a_default_decimal_keeps_lose_none() -> None:
    leg = intent().legs[0]
    bought = ("123456789012.123456789", "0.00000123456789012345")
    sold = ("100000000001.987654321", "0.00000133456789012349")
    order = Order(
        client_id=client_id(HEDGE, 0, Purpose.ENTER, 0), venue="alpha", market=Market.PERP, native="COINUSDT",
        side=Side.BUY, kind=OrderKind.IOC, qty=dec(bought[0]),
    )  # fmt: skip
    back = structs.replace(order, side=Side.SELL)
    fills = [fill(order, bought[0], price=bought[1]), fill(back, sold[0], price=sold[1], fill_id="2")]
    exit_price = "0.00000111111111111111"
    one = leg_pnl(leg, fills, quote(exit_price, "0.00000111111111111119"))
    cash = sum(-each.side.sign * Fraction(each.qty) * Fraction(each.price) for each in fills)
    left = Fraction(bought[0]) - Fraction(sold[0])
    assert one.open is not None
    assert Fraction(one.realised) + Fraction(one.open) == cash + left * Fraction(exit_price)
    assert Fraction(one.left) == left
