"""From a wish to an intent: how much, at which frozen prices, or why not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbtui.execution.intents import Intent, Style, Verb
from arbtui.execution.ledger import Ledger
from arbtui.execution.limits import worth
from arbtui.execution.records import Intended
from arbtui.execution.reviews import Wish, close_intent, open_intent
from tests.execution.stage import GOOD, HEDGE, RATES, T0, dec, instrument, intent, quote

DEAR = (quote("99.99", "100.00"), quote("103.00", "103.01"))


@pytest.mark.parametrize("sell_usd", ["1", "1.02", "0.9"])
def test_an_amount_in_usd_is_exceeded_by_neither_leg(sell_usd: str) -> None:
    usdc = msgspec.structs.replace(instrument("beta"), price_ccy="USDC")
    wish = Wish(base="COIN", buy=instrument("alpha"), sell=usdc, rates=RATES, usd=dec(1000))
    made = open_intent(HEDGE, wish, DEAR, dec(1), T0, sell_usd_per_ccy=dec(sell_usd))
    assert isinstance(made, Intent)
    rates = {"USDT": dec(1), "USDC": dec(sell_usd)}
    worths = [worth(made, index, rates.get) for index in (0, 1)]
    assert all(each is not None and each <= 1000 for each in worths)
    assert max(each for each in worths if each is not None) > 980


class Half(Ledger):
    """A hedge of which only the bought leg is there."""

    def position(self, leg: int) -> Decimal:
        return dec("5") if leg == 0 else dec(0)


def test_a_leg_that_holds_nothing_needs_no_price_to_be_closed() -> None:
    ledger = Half(HEDGE)
    ledger.fold(T0, Intended(intent()))
    blind = (GOOD[0], replace(GOOD[1], bid=None, ask=None))
    made = close_intent(ledger, blind, T0, verb=Verb.FLATTEN)
    assert isinstance(made, Intent)
    assert made.qty == (dec("5"), dec(0))
    assert isinstance(close_intent(ledger, (blind[1], GOOD[1]), T0), str)


@pytest.mark.parametrize("size", ["NaN", "sNaN", "Infinity", "-Infinity", "-5", "0", "1E+18", "1E+70", "1E+999999"])
def test_what_is_no_size_is_refused_in_words_and_raises_nothing(size: str) -> None:
    wish = Wish(base="COIN", buy=instrument("alpha"), sell=instrument("beta"), rates=RATES)
    ledger = Half(HEDGE)
    ledger.fold(T0, Intended(intent()))
    for made in (
        open_intent(HEDGE, replace(wish, qty_base=dec(size)), GOOD, dec(1), T0),
        open_intent(HEDGE, replace(wish, usd=dec(size)), GOOD, dec(1), T0),
        close_intent(ledger, GOOD, T0, qty_base=dec(size)),
    ):
        assert isinstance(made, str)
        assert "no size" in made


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_no_size_whatever_raises_or_exceeds_itself(size: Decimal) -> None:
    wish = Wish(base="COIN", buy=instrument("alpha"), sell=instrument("beta"), rates=RATES, qty_base=size)
    made = open_intent(HEDGE, wish, GOOD, dec(1), T0)
    assert isinstance(made, str) or all(qty <= size for qty in made.qty)


@pytest.mark.parametrize(
    ("style", "maker"),
    [
        (Style.MAKER_TAKER, None),
        (Style.MAKER_TAKER, 2),
        (Style.MAKER_TAKER, -1),
        (Style.TAKER_TAKER, 0),
    ],
)
def test_a_style_that_cannot_be_followed_is_refused(style: Style, maker: int | None) -> None:
    wish = Wish(
        base="COIN",
        buy=instrument("alpha"),
        sell=instrument("beta"),
        rates=RATES,
        qty_base=dec(10),
        style=style,
        maker=maker,
    )
    ledger = Half(HEDGE)
    ledger.fold(T0, Intended(intent()))
    for made in (open_intent(HEDGE, wish, GOOD, None, T0), close_intent(ledger, GOOD, T0, style=style, maker=maker)):
        assert isinstance(made, str)
        assert "rests" in made


def test_flattening_never_rests() -> None:
    ledger = Half(HEDGE)
    ledger.fold(T0, Intended(intent()))
    made = close_intent(ledger, GOOD, T0, verb=Verb.FLATTEN, style=Style.MAKER_TAKER, maker=0)
    assert isinstance(made, str)
