"""What Bitget tells of an account: key, mode, leverage, positions, balances, fees; and the settings that are made."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from arbtui.core.errors import OutcomeUnknown, ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import AccountMode, Balance, FeeRates, LeverageRead, Position
from arbtui.venues.bitget.account import settings_of
from arbtui.venues.private import KeyRights, PrivateCall
from tests.venues.bitget.samples import (
    KEYS,
    PERP,
    PRIVATE,
    PROD,
    SPOT,
    STAMP_MS,
    T_NS,
    USDC_PERP,
    after,
    coin,
    further,
    key_info,
    position_row,
    read,
    refused,
    rows,
    said,
    settings,
    wallet,
)
from tests.venues.key_rights import rights_call


def asked(call: PrivateCall) -> tuple[str, dict[str, str]]:
    parts = urlsplit(call.request.url)
    return parts.path, dict(parse_qsl(parts.query))


# --- the key ----------------------------------------------------------------------------------------------------------


def rights(**changes: Any) -> KeyRights:
    call = rights_call(PRIVATE, PROD, KEYS, STAMP_MS)
    assert urlsplit(call.request.url).path == "/api/v3/account/info"
    return call.read(200, said(key_info(**changes)))


@pytest.mark.parametrize(
    ("changes", "may"),
    [
        ({}, True),
        ({"permType": "read-only"}, False),
        ({"permType": "readonly", "permissions": None}, False),
        ({"permissions": ["uta_mgt"]}, False),
        ({"permissions": []}, False),
        ({"permissions": None}, None),
        ({"permType": "supervised"}, None),
    ],
)
def test_a_key_trades_what_it_has_the_right_for_and_what_is_not_told_stays_unknown(
    changes: dict[str, Any], may: bool | None
) -> None:
    assert rights(**changes).trade == {Market.SPOT: may, Market.PERP: may}


@pytest.mark.parametrize(
    ("permissions", "withdraw", "words"),
    [
        (["uta_trade"], False, "may not withdraw"),
        (["uta_trade", "withdraw"], True, "may withdraw"),
        (None, None, "withdrawals not told"),
    ],
)
def test_a_key_that_can_withdraw_is_told(permissions: Any, withdraw: bool | None, words: str) -> None:
    found = rights(permissions=permissions)
    assert found.withdraw is withdraw
    assert words in found.text


@pytest.mark.parametrize(("ips", "bound"), [("1.2.3.4", True), ("1.2.3.4,5.6.7.8", True), ("", False), (None, None)])
def test_whether_a_key_is_bound_to_addresses(ips: str | None, bound: bool | None) -> None:
    assert rights(ips=ips).bound_to_ips is bound


def test_the_key_of_a_classic_account_trades_nothing_here_and_nothing_else_is_known_of_it() -> None:
    call = rights_call(PRIVATE, PROD, KEYS, STAMP_MS)
    found = call.read(400, refused("40084", "Classic Account mode"))
    assert found.trade == {Market.SPOT: False, Market.PERP: False}
    assert (found.withdraw, found.bound_to_ips) == (None, None)
    assert "classic account" in found.text
    with pytest.raises(VenueRefused):
        call.read(400, refused("40006"))


# --- mode -------------------------------------------------------------------------------------------------------------


def mode(market: Market = Market.PERP, *, key: Any = None, account: Any = None) -> AccountMode:
    """All that is asked until the account's mode is told."""
    first = PRIVATE.mode(PROD, KEYS, market, STAMP_MS)
    assert asked(first)[0] == "/api/v3/account/settings"
    body = said(settings(**(account or {})))
    assert read(first, body) == ()
    second = further(first, body)
    assert asked(second)[0] == "/api/v3/account/info"
    (event,) = read(second, said(key_info(**(key or {}))))
    assert isinstance(event, AccountMode)
    assert after(second, said(key_info())) is None
    return event


def test_a_unified_account_with_a_sound_key_trades_one_way() -> None:
    told = mode()
    assert (told.position_mode, told.can_trade) == ("one_way", True)
    assert told.text.startswith("unified account, level advanced, one-way, key may read, trade ")
    assert mode(Market.SPOT).position_mode is None
    assert mode(account={"accountMode": "hybrid"}).can_trade is True


@pytest.mark.parametrize("market", list(Market))
@pytest.mark.parametrize("code", ["40084", "25245"])
def test_a_classic_account_is_told_in_words_with_what_to_do(market: Market, code: str) -> None:
    call = PRIVATE.mode(PROD, KEYS, market, STAMP_MS)
    body = refused(code, "Classic Account mode")
    (told,) = read(call, body, 400)
    assert isinstance(told, AccountMode)
    assert (told.can_trade, told.position_mode) == (False, None)
    assert "classic account" in told.text
    assert "start arbtui again" in told.text
    assert after(call, body, 400) is None


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, refused("40085"), VenueRefused),
        (400, refused("40014"), VenueRefused),
        (400, refused("40731"), VenueRefused),
        (502, b"", OutcomeUnknown),
        (200, b"<html>", ProtocolBroken),
        (200, said({}), ProtocolBroken),
    ],
)
def test_only_its_own_code_makes_an_account_classic(status: int, body: bytes, error: type[Exception]) -> None:
    call = PRIVATE.mode(PROD, KEYS, Market.PERP, STAMP_MS)
    with pytest.raises(error):
        read(call, body, status)
    with pytest.raises(error):
        after(call, body, status)


@pytest.mark.parametrize(
    ("told", "can", "words"),
    [
        ({"key": {"permType": "read-only"}}, False, "read and write"),
        ({"key": {"permissions": ["uta_mgt"]}}, False, "right to trade"),
        ({"account": {"accountMode": "upgrading"}}, False, "wait"),
        ({"account": {"accountMode": "switching"}}, False, "wait"),
        ({"account": {"accountMode": "dreaming"}}, None, "dreaming account"),
        ({"account": {"accountMode": None}}, None, "account"),
        ({"key": {"permissions": None}}, None, "perp not told"),
        ({"account": {"holdMode": "hedge_mode"}}, True, "two-sided"),
    ],
)
def test_what_keeps_it_from_trading_is_said_and_what_is_not_told_stays_unknown(
    told: dict[str, Any], can: bool | None, words: str
) -> None:
    found = mode(**told)
    assert found.can_trade is can
    assert words in found.text


@pytest.mark.parametrize(("word", "held"), [("hedge_mode", "hedge"), ("sideways", None), ("", None)])
def test_a_position_mode_that_nobody_knows_is_not_told(word: str, held: str | None) -> None:
    assert mode(account={"holdMode": word}).position_mode == held


# --- leverage and settings --------------------------------------------------------------------------------------------


def test_leverage_is_that_of_the_contract_and_the_position_mode_the_accounts() -> None:
    call = PRIVATE.leverage(PROD, KEYS, PERP, STAMP_MS)
    assert asked(call) == ("/api/v3/account/settings", {})
    assert read(call, said(settings(holdMode="hedge_mode"))) == (
        LeverageRead(
            venue="bitget",
            native="BTCUSDT",
            leverage=Decimal(5),
            margin_mode="cross",
            t_ns=T_NS,
            position_mode="hedge",
        ),
    )


ISOLATED = {"marginMode": "isolated"}


def one(**changes: Any) -> list[dict[str, Any]]:
    return [{"category": "USDT-FUTURES", "symbol": "BTCUSDT", "marginMode": "isolated", "leverage": "3"} | changes]


@pytest.mark.parametrize("margin", ["isolated", "sideways", ""])
def test_a_leverage_that_is_not_of_cross_margin_is_not_that_of_an_order(margin: str) -> None:
    call = PRIVATE.leverage(PROD, KEYS, PERP, STAMP_MS)
    with pytest.raises(ProtocolBroken, match="set that contract to cross margin there, and its leverage"):
        read(call, said(settings(symbolConfigList=one(marginMode=margin))))
    both = [*one(marginMode=margin), *one(marginMode="crossed", leverage="9")]
    (told,) = read(call, said(settings(symbolConfigList=both)))
    assert isinstance(told, LeverageRead)
    assert (told.leverage, told.margin_mode) == (Decimal(9), "cross")


def test_a_leverage_in_an_unknown_shape_keeps_nobody_from_reading_the_rest() -> None:
    odd = said(settings(symbolConfigList=one(marginMode="crossed", leverage=["3", "5"])))
    assert settings_of(200, odd, "account settings") is not None
    with pytest.raises(ProtocolBroken):
        read(PRIVATE.leverage(PROD, KEYS, PERP, STAMP_MS), odd)


@pytest.mark.parametrize("listed", [[], None, one(symbol="X"), one(category="USDC-FUTURES")])
def test_what_nobody_set_is_told_by_its_position_or_not_at_all(listed: Any) -> None:
    call = PRIVATE.leverage(PROD, KEYS, PERP, STAMP_MS)
    body = said(settings(symbolConfigList=listed))
    assert read(call, body) == ()
    second = further(call, body)
    query = {"category": "USDT-FUTURES", "symbol": "BTCUSDT"}
    assert asked(second) == ("/api/v3/position/current-position", query)
    (told,) = read(second, rows(position_row(), position_row(leverage="7"), position_row(leverage="2", **ISOLATED)))
    assert isinstance(told, LeverageRead)
    assert (told.leverage, told.margin_mode, told.position_mode) == (Decimal(7), "cross", "one_way")
    with pytest.raises(ProtocolBroken, match="cross margin"):
        read(second, rows(position_row(**ISOLATED)))
    for nothing in (rows(), rows(position_row(symbol="ETHUSDT")), rows(position_row(leverage=""))):
        with pytest.raises(ProtocolBroken, match="leverage"):
            read(second, nothing)


@pytest.mark.parametrize("leverage", ["0", "", None, "-3", "nan"])
def test_leverage_that_is_none_is_no_leverage(leverage: Any) -> None:
    body = said(settings(symbolConfigList=one(marginMode="crossed", leverage=leverage)))
    with pytest.raises(ProtocolBroken):
        read(PRIVATE.leverage(PROD, KEYS, PERP, STAMP_MS), body)
    assert after(PRIVATE.leverage(PROD, KEYS, PERP, STAMP_MS), said(settings())) is None


def setting(kind: str, instrument: Instrument = PERP) -> PrivateCall:
    if kind == "one-way":
        return PRIVATE.set_one_way(PROD, KEYS, instrument, STAMP_MS)
    return PRIVATE.set_leverage(PROD, KEYS, instrument, Decimal(3), STAMP_MS)


def test_settings_name_what_they_are_about() -> None:
    body = {"category": "USDC-FUTURES", "symbol": "BTCPERP", "leverage": "3"}
    assert json.loads(setting("leverage", USDC_PERP).request.body) == body
    assert json.loads(setting("one-way").request.body) == {"holdMode": "one_way_mode"}


@pytest.mark.parametrize("kind", ["one-way", "leverage"])
@pytest.mark.parametrize("body", [said("success"), said(None), refused("40814"), refused("45054")])
def test_a_setting_is_read_back_before_it_is_told(kind: str, body: bytes) -> None:
    call = setting(kind)
    assert read(call, body) == ()
    assert asked(further(call, body))[0] == "/api/v3/account/settings"


@pytest.mark.parametrize("kind", ["one-way", "leverage"])
def test_a_setting_that_is_refused_or_not_answered_is_not_read_back(kind: str) -> None:
    call = setting(kind)
    for status, body, error in (
        (400, refused("25107"), VenueRefused),
        (400, refused("99999"), VenueRefused),
        (200, refused("25000"), OutcomeUnknown),
        (502, b"", OutcomeUnknown),
    ):
        with pytest.raises(error):
            read(call, body, status)
        with pytest.raises(error):
            after(call, body, status)


@pytest.mark.parametrize("value", [Decimal(0), Decimal(-1), Decimal("NaN")])
def test_a_leverage_of_nothing_is_not_sent(value: Decimal) -> None:
    with pytest.raises(ValueError, match="leverage"):
        PRIVATE.set_leverage(PROD, KEYS, PERP, value, STAMP_MS)


def test_spot_has_neither() -> None:
    with pytest.raises(ValueError, match="spot"):
        PRIVATE.leverage(PROD, KEYS, SPOT, STAMP_MS)
    for kind in ("one-way", "leverage"):
        with pytest.raises(ValueError, match="spot"):
            setting(kind, SPOT)


# --- positions --------------------------------------------------------------------------------------------------------


def one_position(**changes: Any) -> Position:
    (found,) = read(PRIVATE.positions(PROD, KEYS, {}, STAMP_MS), rows(position_row(**changes)))
    assert isinstance(found, Position)
    return found


def test_positions_are_asked_for_category_by_category() -> None:
    first = PRIVATE.positions(PROD, KEYS, {}, STAMP_MS)
    assert asked(first) == ("/api/v3/position/current-position", {"category": "USDT-FUTURES"})
    second = further(first, rows(position_row()))
    assert asked(second)[1] == {"category": "USDC-FUTURES"}
    assert after(second, rows()) is None
    with pytest.raises(ProtocolBroken):
        read(second, rows(position_row()))
    with pytest.raises(VenueRefused):
        after(first, refused("40014"))


def test_a_short_position_is_negative() -> None:
    assert one_position() == Position(
        venue="bitget",
        native="BTCUSDT",
        qty=Decimal("-0.050"),
        t_ns=T_NS,
        held="net",
        entry_price=Decimal(64000),
        mark=Decimal("64010.5"),
        liquidation_price=Decimal("70123.4"),
        margin=Decimal("320.5"),
        t_ms=1_700_000_000_108,
        told="query",
    )


@pytest.mark.parametrize(
    ("hold", "side", "held", "qty"),
    [
        ("one_way_mode", "long", "net", "0.050"),
        ("hedge_mode", "long", "long", "0.050"),
        ("hedge_mode", "short", "short", "-0.050"),
    ],
)
def test_sides_of_a_position(hold: str, side: str, held: str, qty: str) -> None:
    found = one_position(holdMode=hold, posSide=side)
    assert (found.held, found.qty) == (held, Decimal(qty))


def test_what_is_flat_is_not_named_and_what_cannot_be_liquidated_has_no_price_for_it() -> None:
    assert not read(PRIVATE.positions(PROD, KEYS, {}, STAMP_MS), rows(position_row(total="0", posSide="")))
    for price in ("0", "-812.5", "", None):
        assert one_position(liquidationPrice=price).liquidation_price is None
    bare = one_position(total=0.05, avgPrice=64000)
    assert (bare.qty, bare.entry_price) == (Decimal("-0.05"), Decimal(64000))


@pytest.mark.parametrize(
    "changes",
    [
        {"total": ""},
        {"total": "-1"},
        {"total": "nan"},
        {"posSide": ""},
        {"posSide": "net"},
        {"holdMode": "sideways"},
        {"symbol": ""},
    ],
)
def test_a_position_that_cannot_be_read_spoils_the_list(changes: dict[str, Any]) -> None:
    with pytest.raises(ProtocolBroken):
        read(PRIVATE.positions(PROD, KEYS, {}, STAMP_MS), rows(position_row(), position_row(**changes)))


# --- balances ---------------------------------------------------------------------------------------------------------


def free(*coins: dict[str, Any], **changes: Any) -> list[Decimal | None]:
    told = read(PRIVATE.balances(PROD, KEYS, Market.SPOT, STAMP_MS), said(wallet(*coins, **changes)))
    return [event.free for event in told if isinstance(event, Balance)]


def test_balances_leave_open_profit_out() -> None:
    (told,) = read(PRIVATE.balances(PROD, KEYS, Market.PERP, STAMP_MS), said(wallet(coin())))
    assert told == Balance(
        venue="bitget", wallet="unified", asset="USDT", total=Decimal("10010.5"), free=Decimal(9900), t_ns=T_NS
    )


def test_an_open_profit_is_not_to_be_spent() -> None:
    assert free(coin(available="12000", balance="10010.5")) == [Decimal("10010.5")]


def test_no_more_of_what_contracts_settle_in_is_free_than_margin_leaves() -> None:
    assert free(coin(), effEquity="4330") == [Decimal("4004.00400400")]  # 4,000 USD at 0.999 USD each
    assert free(coin(), effEquity="100") == [Decimal(0)]
    assert free(coin(), imr="") == [None]
    assert free(coin(usdValue="0")) == [Decimal(9900)]


def test_other_coins_are_free_whatever_is_bound() -> None:
    assert free(coin("BTC", available="0.5", balance="0.5"), effEquity="0", imr="330") == [Decimal("0.5")]
    assert free(coin("BTC", available="0.5", balance="0.5"), effEquity="", imr="") == [Decimal("0.5")]


@pytest.mark.parametrize("available", ["", None])
def test_what_is_available_must_be_told_for_anything_to_be_free(available: Any) -> None:
    assert free(coin(available=available)) == [None]


def test_what_is_owed_leaves_nothing_free() -> None:
    assert free(coin(balance="-20", available="-20")) == [Decimal(0)]


@pytest.mark.parametrize(
    "body",
    [
        {"assets": None},
        {"assets": [coin(balance="")]},
        {"assets": [coin(), coin("")]},
        {"assets": [coin(available="x")]},
        {"imr": "nan"},
    ],
)
def test_a_wallet_that_cannot_be_read_tells_nothing(body: dict[str, Any]) -> None:
    with pytest.raises(ProtocolBroken):
        read(PRIVATE.balances(PROD, KEYS, Market.SPOT, STAMP_MS), said(wallet(coin()) | body))


def test_the_wallet_of_a_classic_account_is_refused_as_one() -> None:
    with pytest.raises(VenueRefused, match="start arbtui again") as error:
        read(PRIVATE.balances(PROD, KEYS, Market.SPOT, STAMP_MS), refused("40084"), 400)
    assert error.value.reason is RefusalReason.ACCOUNT_MODE


# --- fees -------------------------------------------------------------------------------------------------------------


def test_fee_rates_keep_their_sign() -> None:
    call = PRIVATE.fee_rates(PROD, KEYS, SPOT, STAMP_MS)
    assert asked(call) == ("/api/v3/account/fee-rate", {"category": "SPOT", "symbol": "BTCUSDT"})
    assert read(call, said({"makerFeeRate": "-0.0001", "takerFeeRate": "0.0008"})) == (
        FeeRates(
            venue="bitget",
            market=Market.SPOT,
            native="BTCUSDT",
            maker=Decimal("-0.0001"),
            taker=Decimal("0.0008"),
            t_ns=T_NS,
        ),
    )


@pytest.mark.parametrize("data", [{}, {"makerFeeRate": "", "takerFeeRate": "1"}, {"makerFeeRate": "1"}, [], None])
def test_fees_of_nothing_are_no_fees(data: Any) -> None:
    with pytest.raises(ProtocolBroken):
        read(PRIVATE.fee_rates(PROD, KEYS, PERP, STAMP_MS), said(data))
