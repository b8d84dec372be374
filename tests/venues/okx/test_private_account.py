"""What OKX knows of an account: positions, balances, mode, leverage, fees, funding."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from arbtui.core.errors import OutcomeUnknown, ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import AccountMode, Balance, FeeRates, FundingPaid, LeverageRead, Position
from arbtui.venues.private import PrivateCall
from tests.venues.okx.samples import (
    KEYS,
    PRIVATE,
    PROD,
    SPOT,
    STAMP_MS,
    SWAP,
    T_NS,
    USDC_SWAP,
    answer,
    balance_row,
    bill_row,
    config_row,
    detail,
    fee_row,
    leverage_row,
    position_row,
    read,
)


def target(call: PrivateCall) -> tuple[str, dict[str, str]]:
    parts = urlsplit(call.request.url)
    return parts.path, dict(parse_qsl(parts.query))


POSITIONS = PRIVATE.positions(PROD, KEYS, {}, STAMP_MS)
BALANCES = PRIVATE.balances(PROD, KEYS, Market.PERP, STAMP_MS)
LEVERAGE = PRIVATE.leverage(PROD, KEYS, SWAP, STAMP_MS)
FUNDING = PRIVATE.funding_paid(PROD, KEYS, {}, STAMP_MS - 1000, STAMP_MS)


# --- positions --------------------------------------------------------------------------------------------------------


def test_a_position_is_signed_and_in_contracts() -> None:
    assert target(POSITIONS) == ("/api/v5/account/positions", {"instType": "SWAP"})
    (event,) = read(POSITIONS, answer(position_row()))
    assert event == Position(
        venue="okx",
        native="BTC-USDT-SWAP",
        qty=Decimal(-3),
        t_ns=T_NS,
        held="net",
        entry_price=Decimal("64000.5"),
        mark=Decimal("64010.1"),
        liquidation_price=Decimal("91234.5"),
        margin=Decimal("640.1"),
        adl_rank=2,
        t_ms=1746947317402,
        told="query",
    )


@pytest.mark.parametrize(("side", "qty"), [("long", Decimal(3)), ("short", Decimal(-3))])
def test_two_sided_positions_get_their_sign_from_the_side(side: str, qty: Decimal) -> None:
    (event,) = read(POSITIONS, answer(position_row(posSide=side, pos="3")))
    assert isinstance(event, Position)
    assert (event.held, event.qty) == (side, qty)


def test_cross_and_isolated_parts_of_one_swap_add_up() -> None:
    isolated = position_row(posId="9", mgnMode="isolated", pos="5", imr="", margin="100.4", adl="4")
    (event,) = read(POSITIONS, answer(position_row(), isolated))
    assert isinstance(event, Position)
    assert (event.qty, event.margin, event.adl_rank) == (Decimal(2), Decimal("740.5"), 4)
    assert (event.entry_price, event.liquidation_price) == (None, None)


def test_what_is_not_told_of_a_position_stays_unknown() -> None:
    bare = position_row(avgPx="", markPx="", liqPx="", imr="", margin="", adl="", uTime="")
    (event,) = read(POSITIONS, answer(bare))
    assert isinstance(event, Position)
    told = (event.entry_price, event.mark, event.liquidation_price, event.margin, event.adl_rank, event.t_ms)
    assert told == (None,) * 6


def test_positions_of_other_products_are_left_out() -> None:
    assert read(POSITIONS, answer(position_row(instType="FUTURES"), position_row(instType="MARGIN"))) == []


@pytest.mark.parametrize("spoilt", [{"pos": ""}, {"pos": "nan"}, {"posSide": "both"}, {"instId": ""}])
def test_a_position_that_cannot_be_read_spoils_the_read(spoilt: dict[str, str]) -> None:
    with pytest.raises(ProtocolBroken):
        read(POSITIONS, answer(position_row(), position_row(**spoilt)))


# --- balances ---------------------------------------------------------------------------------------------------------


def test_balances_are_cash_and_free_is_the_least_that_is_named() -> None:
    assert target(BALANCES) == ("/api/v5/account/balance", {})
    rows = balance_row(
        detail(), detail("BTC", availEq="", availBal="0.5", uTime=""), detail("ETH", availEq="", availBal="")
    )
    usdt, btc, eth = read(BALANCES, answer(rows))
    assert usdt == Balance(
        venue="okx",
        wallet="trading",
        asset="USDT",
        total=Decimal("10000.25"),
        free=Decimal("8999.75"),
        t_ns=T_NS,
        t_ms=1746947317402,
    )
    assert isinstance(btc, Balance)
    assert (btc.free, btc.t_ms) == (Decimal("0.5"), 1746947317500)
    assert isinstance(eth, Balance)
    assert eth.free is None


def test_a_balance_that_is_not_told_is_not_zero() -> None:
    with pytest.raises(ProtocolBroken):
        read(BALANCES, answer(balance_row(detail(cashBal=""))))
    with pytest.raises(ProtocolBroken):
        read(BALANCES, answer())


# --- mode and leverage ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "spot", "perp"),
    [
        ({}, True, True),
        ({"acctLv": "1"}, True, False),
        ({"acctLv": "3"}, False, True),
        ({"acctLv": "4"}, False, True),
        ({"acctLv": "5"}, None, None),
        ({"perm": "read_only"}, False, False),
        ({"perm": "read_only,withdraw", "acctLv": "5"}, False, False),
    ],
)
def test_what_an_account_and_its_key_may_trade(changes: dict[str, str], spot: bool | None, perp: bool | None) -> None:
    for market, expected in ((Market.SPOT, spot), (Market.PERP, perp)):
        (event,) = read(PRIVATE.mode(PROD, KEYS, market, STAMP_MS), answer(config_row(**changes)))
        assert isinstance(event, AccountMode)
        assert (event.market, event.can_trade) == (market, expected)


def test_two_sided_accounts_say_so() -> None:
    call = PRIVATE.mode(PROD, KEYS, Market.PERP, STAMP_MS)
    for words, expected in (("net_mode", "one_way"), ("long_short_mode", "hedge"), ("new_mode", None)):
        (event,) = read(call, answer(config_row(posMode=words)))
        assert isinstance(event, AccountMode)
        assert event.position_mode == expected
        assert words in event.text
    (spot,) = read(PRIVATE.mode(PROD, KEYS, Market.SPOT, STAMP_MS), answer(config_row()))
    assert isinstance(spot, AccountMode)
    assert spot.position_mode is None


def test_swaps_in_spot_mode_name_the_remedy() -> None:
    (event,) = read(PRIVATE.mode(PROD, KEYS, Market.PERP, STAMP_MS), answer(config_row(acctLv="1")))
    assert isinstance(event, AccountMode)
    assert "futures mode" in event.text


def test_leverage_is_the_one_that_binds_more_margin() -> None:
    assert target(LEVERAGE) == (
        "/api/v5/account/leverage-info",
        {"instId": "BTC-USDT-SWAP", "mgnMode": "cross"},
    )
    (event,) = read(LEVERAGE, answer(leverage_row()))
    assert event == LeverageRead(
        venue="okx", native="BTC-USDT-SWAP", leverage=Decimal("3.00"), margin_mode="cross", t_ns=T_NS
    )
    two = answer(leverage_row(posSide="long", lever="10"), leverage_row(posSide="short", lever="5"))
    (event,) = read(LEVERAGE, two)
    assert isinstance(event, LeverageRead)
    assert event.leverage == 5


@pytest.mark.parametrize(
    "rows", [(), (leverage_row(lever=""),), (leverage_row(instId="X"),), (leverage_row(lever="0"),)]
)
def test_leverage_that_is_not_told_is_not_made_up(rows: tuple[dict[str, Any], ...]) -> None:
    with pytest.raises(ProtocolBroken):
        read(LEVERAGE, answer(*rows))


def test_spot_has_no_leverage() -> None:
    with pytest.raises(ValueError, match="no leverage"):
        PRIVATE.leverage(PROD, KEYS, SPOT, STAMP_MS)


# --- fees -------------------------------------------------------------------------------------------------------------


def rates(instrument: Instrument, **changes: Any) -> tuple[Decimal, Decimal]:
    (event,) = read(PRIVATE.fee_rates(PROD, KEYS, instrument, STAMP_MS), answer(fee_row(**changes)))
    assert isinstance(event, FeeRates)
    assert (event.market, event.native) == (instrument.market, instrument.native)
    return event.maker, event.taker


def test_fees_are_asked_for_by_family_on_swaps_and_by_name_on_spot() -> None:
    path = "/api/v5/account/trade-fee"
    swap = PRIVATE.fee_rates(PROD, KEYS, SWAP, STAMP_MS)
    assert target(swap) == (path, {"instType": "SWAP", "instFamily": "BTC-USDT"})
    spot = PRIVATE.fee_rates(PROD, KEYS, SPOT, STAMP_MS)
    assert target(spot) == (path, {"instType": "SPOT", "instId": "BTC-USDT"})


def test_the_group_of_the_instrument_decides_with_the_sign_turned() -> None:
    assert rates(SWAP) == (Decimal("-0.00005"), Decimal("0.00045"))
    assert rates(SPOT) == (Decimal("0.0009"), Decimal("0.0011"))


def test_without_groups_the_settle_currency_decides_and_never_the_coin_margined_rate() -> None:
    assert rates(SWAP, feeGroup=[]) == (Decimal("0.0002"), Decimal("0.0005"))
    assert rates(USDC_SWAP, makerUSDC="0", takerUSDC="-0.0004") == (Decimal(0), Decimal("0.0004"))
    assert rates(SPOT, feeGroup=[], instType="SPOT") == (Decimal("0.0008"), Decimal("0.001"))


def test_a_rate_of_zero_has_no_sign() -> None:
    maker, _ = rates(SPOT, feeGroup=[], maker="0")
    assert str(maker) == "0"


def test_a_rate_that_is_not_told_is_not_zero() -> None:
    with pytest.raises(ProtocolBroken):
        rates(USDC_SWAP)


# --- funding ----------------------------------------------------------------------------------------------------------


def test_funding_is_asked_for_as_bills_of_type_8() -> None:
    path, asked = target(FUNDING)
    assert path == "/api/v5/account/bills"
    assert (asked["instType"], asked["type"], asked["begin"]) == ("SWAP", "8", str(STAMP_MS - 1000))
    assert int(asked["end"]) > STAMP_MS
    long_ago = PRIVATE.funding_paid(PROD, KEYS, {}, STAMP_MS - 30 * 86_400_000, STAMP_MS)
    assert target(long_ago)[0] == "/api/v5/account/bills-archive"


def test_funding_paid_is_below_zero_and_funding_received_above() -> None:
    isolated = bill_row(billId="8", balChg="0", posBalChg="0.0250", subType="174")
    paid, received, nothing = read(FUNDING, answer(bill_row(), isolated, bill_row(balChg="0", posBalChg="")))
    assert paid == FundingPaid(
        venue="okx",
        native="BTC-USDT-SWAP",
        payment_id="377970609204146187",
        amount=Decimal("-0.0125"),
        ccy="USDT",
        t_ms=1746948000588,
        t_ns=T_NS,
    )
    assert isinstance(received, FundingPaid)
    assert (str(received.amount), received.payment_id) == ("0.0250", "8")
    assert isinstance(nothing, FundingPaid)
    assert nothing.amount == 0


@pytest.mark.parametrize("spoilt", [{"type": "2"}, {"ts": ""}, {"billId": ""}, {"balChg": "", "posBalChg": ""}])
def test_a_bill_that_is_no_funding_payment_spoils_the_read(spoilt: dict[str, str]) -> None:
    with pytest.raises(ProtocolBroken):
        read(FUNDING, answer(bill_row(**spoilt)))


# --- what goes wrong with any of them ---------------------------------------------------------------------------------

READS = {
    "positions": POSITIONS,
    "balances": BALANCES,
    "mode": PRIVATE.mode(PROD, KEYS, Market.SPOT, STAMP_MS),
    "leverage": LEVERAGE,
    "fees": PRIVATE.fee_rates(PROD, KEYS, SWAP, STAMP_MS),
    "funding": FUNDING,
    "open orders": PRIVATE.open_orders(PROD, KEYS, Market.PERP, {}, STAMP_MS),
    "fills": PRIVATE.fills(PROD, KEYS, SWAP, STAMP_MS, STAMP_MS),
}


@pytest.mark.parametrize("name", READS)
def test_a_refused_read_says_why(name: str) -> None:
    for status, code, reason in (
        (429, "50011", RefusalReason.RATE_LIMITED),
        (429, "60000", RefusalReason.RATE_LIMITED),
        (401, "50113", RefusalReason.NOT_AUTHORISED),
        (401, "50119", RefusalReason.NOT_AUTHORISED),
        (401, "50102", RefusalReason.CLOCK_SKEW),
        (503, "50001", RefusalReason.MAINTENANCE),
        (200, "51001", RefusalReason.UNKNOWN_INSTRUMENT),
    ):
        with pytest.raises(VenueRefused, match="the venue's words") as refused:
            read(READS[name], answer(code=code, msg="the venue's words"), status)
        assert (refused.value.reason, refused.value.code) == (reason, code)


@pytest.mark.parametrize("name", READS)
def test_a_read_that_brought_no_answer_brought_nothing(name: str) -> None:
    for body in (b"<html>", b"", b'{"code":"0"', b'{"code":"0","data":{}}', b'{"code":"0","data":[1]}'):
        with pytest.raises(ProtocolBroken):
            read(READS[name], body)
    with pytest.raises(OutcomeUnknown):
        read(READS[name], b"<html>", 502)
    with pytest.raises(OutcomeUnknown):
        read(READS[name], answer(code="50004", msg="timeout"))


def test_every_read_has_a_bucket_that_is_limited() -> None:
    assert {call.request.bucket for call in READS.values()} <= {limit.bucket for limit in PRIVATE.trade_limits}
