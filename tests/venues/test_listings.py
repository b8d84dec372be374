"""What every venue's listing does with rows: takes them in, leaves them out and counts, or names the bad ones."""

from __future__ import annotations

from decimal import Decimal

import pytest

from arbtui.core.model import Instrument, Market, TradingStatus
from arbtui.venues import listings


def instrument(row: str) -> Instrument:
    if row == "dated":
        raise listings.LeftOut("dated")
    if row.startswith("bad"):
        raise ValueError("x" * 5000)
    return Instrument(
        venue="toy",
        market=Market.SPOT,
        native=row,
        base=row,
        quote="USDT",
        price_ccy="USDT",
        settle_ccy="USDT",
        multiplier=Decimal(1),
        price_factor=Decimal(1),
        status=TradingStatus.TRADING,
    )


def test_rows_are_taken_in_or_counted_or_named() -> None:
    rows = ["BTC", "dated", "bad" + "y" * 5000, "dated", "ETH"]
    found = listings.listing(
        Market.SPOT,
        "spot",
        rows,
        instrument,
        str,
        7,
        unreadable=listings.samples([b"7", b'{"\xff' * 300]),
        partial=True,
    )
    assert [one.native for one in found.instruments] == ["BTC", "ETH"]
    assert found.dropped == {"dated": 2}
    assert [entry[:3] for entry in found.bad] == ["7", '{"\ufffd', "bad"]
    assert max(map(len, found.bad)) < 200
    assert (found.product, found.partial, found.t_ns) == ("spot", True, 7)


def test_a_mistake_of_ours_is_no_bad_row() -> None:
    def broken(row: str) -> Instrument:
        raise KeyError(row)

    with pytest.raises(KeyError):
        listings.listing(Market.SPOT, "spot", ["BTC"], broken, str, 7)


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "1e999999999", "1e-31", "x"])
def test_a_term_that_no_contract_has_is_refused_by_name(text: str) -> None:
    for read in (listings.positive, listings.positive_unless_zero):
        with pytest.raises(ValueError, match="tickSize is "):
            read("tickSize", text)
    assert listings.sane_or_none(text) is None


def test_nothing_is_no_term_and_zero_is_one_only_where_it_means_none() -> None:
    for nothing in ("", None):
        assert listings.positive("minQty", nothing) is None
        assert listings.positive_unless_zero("minQty", nothing) is None
    assert listings.positive("minQty", "0.0010") == Decimal("0.0010")
    for zero in ("0", "0.000", "-0", "0e99"):
        assert listings.positive_unless_zero("minQty", zero) is None
        with pytest.raises(ValueError, match="minQty is"):
            listings.positive("minQty", zero)
