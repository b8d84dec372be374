"""What Bybit tells of an account: key, mode, leverage, positions, balances, fees; and the settings that are made."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from arbtui.core.errors import OutcomeUnknown, ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import AccountMode, Balance, FeeRates, LeverageRead, Position
from arbtui.venues.base import Environment
from arbtui.venues.private import KeyRights, PrivateCall
from tests.venues.bybit.samples import (
    KEY,
    KEYS,
    LISTED,
    PERP,
    PRIVATE,
    PROD,
    SPOT,
    STAMP_MS,
    T_NS,
    account_info,
    after,
    coin,
    flat,
    further,
    key_info,
    position_row,
    read,
    refused,
    rows,
    said,
    wallet,
)
from tests.venues.key_rights import rights_call


def asked(call: PrivateCall) -> tuple[str, dict[str, str]]:
    parts = urlsplit(call.request.url)
    return parts.path, dict(parse_qsl(parts.query))


# --- the key ----------------------------------------------------------------------------------------------------------


def rights(**changes: Any) -> KeyRights:
    call = rights_call(PRIVATE, PROD, KEYS, STAMP_MS)
    assert urlsplit(call.request.url).path == "/v5/user/query-api"
    return call.read(200, said(key_info(**changes)))


BARE: dict[str, Any] = {"ContractTrade": [], "Spot": [], "Wallet": [], "Derivatives": []}


@pytest.mark.parametrize(
    ("changes", "spot", "perp"),
    [
        ({}, True, True),
        ({"readOnly": 1}, False, False),
        ({"permissions": BARE}, False, False),
        ({"permissions": BARE | {"Spot": ["SpotTrade"]}}, True, False),
        ({"permissions": BARE | {"ContractTrade": ["Order"]}}, False, True),
        ({"permissions": BARE | {"ContractTrade": ["Position"]}}, False, False),
        ({"permissions": BARE | {"Derivatives": ["DerivativesTrade"]}}, False, True),
        ({"permissions": {"Spot": []}}, False, None),
        ({"permissions": {"Spot": None}}, None, None),
        ({"permissions": {}, "readOnly": 1}, False, False),
        ({"permissions": {}}, None, None),
    ],
)
def test_a_key_trades_what_it_has_the_right_for_and_what_is_not_told_stays_unknown(
    changes: dict[str, Any], spot: bool | None, perp: bool | None
) -> None:
    found = rights(**changes)
    assert found.trade == {Market.SPOT: spot, Market.PERP: perp}
    assert ("trade perp" in found.text) is (perp is True)


def test_a_key_that_can_withdraw_is_told() -> None:
    assert rights().withdraw is False
    dangerous = rights(permissions=BARE | {"Wallet": ["AccountTransfer", "Withdraw"]})
    assert dangerous.withdraw is True
    assert "may withdraw" in dangerous.text
    untold = rights(permissions={"Spot": ["SpotTrade"]})
    assert untold.withdraw is None
    assert "withdrawals not told" in untold.text


@pytest.mark.parametrize(("ips", "bound"), [(["1.2.3.4"], True), (["*"], False), ([], False), (None, None)])
def test_whether_a_key_is_bound_to_addresses(ips: list[str] | None, bound: bool | None) -> None:
    assert rights(ips=ips).bound_to_ips is bound


def test_a_key_that_is_not_bound_ends_by_itself() -> None:
    assert rights(deadlineDay=83).days_left is None
    ends = rights(ips=["*"], deadlineDay=83)
    assert ends.days_left == 83
    assert "ends in 83 days" in ends.text
    assert rights(ips=["*"], deadlineDay=-2).days_left is None


def test_demo_trading_has_no_question_about_the_key() -> None:
    assert PRIVATE.key_rights(Environment.DEMO, KEYS, STAMP_MS) is None
    assert PRIVATE.key_rights(Environment.TESTNET, KEYS, STAMP_MS) is not None


def test_the_key_itself_stands_neither_in_words_nor_in_errors() -> None:
    call = rights_call(PRIVATE, PROD, KEYS, STAMP_MS)
    assert KEY not in repr(call.read(200, said(key_info())))
    for body in (said(key_info(permissions=3)), said(key_info())[:200]):
        with pytest.raises(ProtocolBroken) as broken:
            call.read(200, body)
        assert KEY not in str(broken.value)
        assert KEY.encode() not in broken.value.sample


# --- mode -------------------------------------------------------------------------------------------------------------


def mode(
    market: Market = Market.PERP,
    *,
    key: dict[str, Any] | None = None,
    info: dict[str, Any] | None = None,
    positions: list[dict[str, Any]] | None = None,
    env: Environment = PROD,
) -> AccountMode:
    """All that is asked until the account's mode is told."""
    answers = {
        "/v5/user/query-api": said(key_info(**(key or {}))),
        "/v5/account/info": said(account_info(**(info or {}))),
        "/v5/position/list": rows(*([flat()] if positions is None else positions)),
    }
    call: PrivateCall | None = PRIVATE.mode(env, KEYS, market, STAMP_MS)
    told: list[Any] = []
    while call is not None:
        body = answers[asked(call)[0]]
        told += read(call, body)
        call = after(call, body)
    (event,) = told
    assert isinstance(event, AccountMode)
    return event


def test_a_unified_account_with_a_sound_key_trades_one_way() -> None:
    told = mode()
    assert (told.market, told.position_mode, told.can_trade) == (Market.PERP, "one_way", True)
    for words in ("unified account 2.0", "cross margin", "one-way", "may not withdraw"):
        assert words in told.text
    assert mode(Market.SPOT).position_mode is None
    assert mode(Market.SPOT).can_trade is True


@pytest.mark.parametrize("market", Market)
@pytest.mark.parametrize("told", [{"key": {"uta": 0}}, {"info": {"unifiedMarginStatus": 1}}])
def test_a_classic_account_is_refused_in_words(market: Market, told: dict[str, Any]) -> None:
    found = mode(market, **told)
    assert found.can_trade is False
    assert "classic account" in found.text
    assert "unified accounts only" in found.text


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"key": {"readOnly": 1}}, "the key may only read"),
        ({"key": {"permissions": BARE | {"Spot": ["SpotTrade"]}}}, "the right to trade linear"),
        ({"info": {"marginMode": "PORTFOLIO_MARGIN"}}, "use cross margin"),
    ],
)
def test_what_keeps_contracts_from_being_traded_is_said_with_its_remedy(told: dict[str, Any], words: str) -> None:
    found = mode(**told)
    assert found.can_trade is False
    assert words in found.text
    assert mode(Market.SPOT, **told).can_trade is ("readOnly" not in told.get("key", {}))


def test_rights_that_are_not_told_leave_open_whether_it_may_trade() -> None:
    assert mode(key={"permissions": {}}).can_trade is None


def test_a_kind_of_account_that_nobody_knows_stays_unknown() -> None:
    found = mode(info={"unifiedMarginStatus": 9})
    assert found.can_trade is None
    assert "(9)" in found.text


def test_two_sided_positions_are_told_and_untold_ones_stay_unknown() -> None:
    assert mode(positions=[flat(positionIdx=1), flat(positionIdx=2)]).position_mode == "hedge"
    assert mode(positions=[]).position_mode is None


def test_demo_trading_is_not_asked_for_what_it_does_not_have() -> None:
    told = mode(env=Environment.DEMO)
    assert (told.can_trade, told.position_mode) == (True, "one_way")
    assert "key" not in told.text


# --- leverage ---------------------------------------------------------------------------------------------------------


def leverage() -> PrivateCall:
    return PRIVATE.leverage(PROD, KEYS, PERP, STAMP_MS)


def test_leverage_is_told_of_what_is_not_held() -> None:
    assert asked(leverage()) == ("/v5/position/list", {"category": "linear", "symbol": "BTCUSDT"})
    body = rows(flat())
    assert read(leverage(), body) == (
        LeverageRead(
            venue="bybit", native="BTCUSDT", leverage=Decimal(10), margin_mode=None, t_ns=T_NS, position_mode="one_way"
        ),
    )
    assert after(leverage(), body) is None


def test_where_no_position_is_told_the_settings_are_asked() -> None:
    assert read(leverage(), rows()) == ()
    call = further(leverage(), rows())
    assert asked(call)[0] == "/v5/position/symbol-info"
    row = {"symbol": "BTCUSDT", "leverage": "7", "side": "Sell", "positionIdx": 0}
    (told,) = read(call, rows({"symbol": "ETHUSDT", "leverage": "9"}, row))
    assert isinstance(told, LeverageRead)
    assert (told.leverage, told.position_mode) == (Decimal(7), "one_way")
    for body in (rows(), rows(row | {"symbol": "ETHUSDT"})):
        with pytest.raises(ProtocolBroken):
            read(call, body)


def test_of_two_sides_the_lesser_leverage_counts_and_the_contract_is_two_sided() -> None:
    (told,) = read(leverage(), rows(flat(positionIdx=1, leverage="10"), flat(positionIdx=2, leverage="5")))
    assert isinstance(told, LeverageRead)
    assert (told.leverage, told.position_mode) == (Decimal(5), "hedge")


@pytest.mark.parametrize("row", [flat(leverage=""), flat(leverage="0"), flat(symbol="ETHUSDT")])
def test_leverage_that_is_not_told_is_no_leverage(row: dict[str, Any]) -> None:
    with pytest.raises(ProtocolBroken):
        read(leverage(), rows(row))


def test_spot_has_no_leverage() -> None:
    with pytest.raises(ValueError, match="spot"):
        PRIVATE.leverage(PROD, KEYS, SPOT, STAMP_MS)
    with pytest.raises(ValueError, match="spot"):
        PRIVATE.set_leverage(PROD, KEYS, SPOT, Decimal(3), STAMP_MS)
    with pytest.raises(ValueError, match="spot"):
        PRIVATE.set_one_way(PROD, KEYS, SPOT, STAMP_MS)


# --- settings ---------------------------------------------------------------------------------------------------------


def settings() -> tuple[PrivateCall, PrivateCall]:
    return (
        PRIVATE.set_one_way(PROD, KEYS, PERP, STAMP_MS),
        PRIVATE.set_leverage(PROD, KEYS, PERP, Decimal("2.50"), STAMP_MS),
    )


def test_settings_name_the_contract() -> None:
    one_way, lever = (json.loads(call.request.body) for call in settings())
    assert one_way == {"category": "linear", "symbol": "BTCUSDT", "mode": 0}
    assert lever == {"category": "linear", "symbol": "BTCUSDT", "buyLeverage": "2.50", "sellLeverage": "2.50"}


@pytest.mark.parametrize(
    "body", [said(), refused(110025), refused(110043)], ids=["made", "mode was so", "lever was so"]
)
def test_a_setting_is_read_back_before_it_is_told(body: bytes) -> None:
    for call in settings():
        assert read(call, body) == ()
        back = further(call, body)
        assert asked(back)[0] == "/v5/position/list"


def test_a_setting_that_is_refused_or_not_answered_is_not_read_back() -> None:
    for call in settings():
        for body, status, error in (
            (refused(110024, "You have an existing position"), 200, VenueRefused),
            (refused(110043), 500, OutcomeUnknown),
            (b"", 502, OutcomeUnknown),
            (refused(10016), 200, OutcomeUnknown),
            (b"<html>", 200, ProtocolBroken),
        ):
            with pytest.raises(error):
                read(call, body, status)
            with pytest.raises(error):
                after(call, body, status)


@pytest.mark.parametrize("value", [Decimal(0), Decimal(-1), Decimal("NaN")])
def test_a_leverage_of_nothing_is_not_sent(value: Decimal) -> None:
    with pytest.raises(ValueError):
        PRIVATE.set_leverage(PROD, KEYS, PERP, value, STAMP_MS)


# --- positions --------------------------------------------------------------------------------------------------------


def positions() -> PrivateCall:
    return PRIVATE.positions(PROD, KEYS, LISTED[Market.PERP], STAMP_MS)


def one(row: dict[str, Any]) -> Position:
    (event,) = read(positions(), rows(row))
    assert isinstance(event, Position)
    return event


def test_positions_are_asked_for_coin_by_coin() -> None:
    call = positions()
    assert asked(call)[1] == {"category": "linear", "limit": "200", "settleCoin": "USDT"}
    usdc = further(call, rows(position_row()))
    assert asked(usdc)[1]["settleCoin"] == "USDC"
    assert after(usdc, rows()) is None


def test_a_short_position_is_negative() -> None:
    told = one(position_row())
    assert (told.qty, told.held, told.entry_price, told.mark) == (
        Decimal("-0.050"), "net", Decimal(64000), Decimal("64010.5"),
    )  # fmt: skip
    assert (told.liquidation_price, told.margin, told.adl_rank) == (Decimal("70123.4"), Decimal("321.76"), 2)
    assert (told.t_ms, told.told) == (1700000000108, "query")


@pytest.mark.parametrize(
    ("idx", "side", "held", "qty"),
    [(0, "Buy", "net", "0.050"), (1, "Buy", "long", "0.050"), (2, "Sell", "short", "-0.050")],
)
def test_sides_of_a_position(idx: int, side: str, held: str, qty: str) -> None:
    told = one(position_row(positionIdx=idx, side=side))
    assert (told.held, told.qty) == (held, Decimal(qty))


def test_what_is_flat_is_not_named() -> None:
    assert read(positions(), rows(flat(), flat(positionIdx=1))) == []


@pytest.mark.parametrize(
    "changes",
    [{"side": ""}, {"side": "short"}, {"positionIdx": 3}, {"positionIdx": 1}, {"size": ""}, {"size": "-1"},
     {"symbol": ""}, {"markPrice": "nan"}],
)  # fmt: skip
def test_a_position_that_cannot_be_read_spoils_the_list(changes: dict[str, Any]) -> None:
    with pytest.raises(ProtocolBroken):
        one(position_row(**changes))


def test_positions_of_another_product_are_no_answer() -> None:
    with pytest.raises(ProtocolBroken):
        read(positions(), rows(position_row(), category="inverse"))


# --- balances ---------------------------------------------------------------------------------------------------------


def balances(*coins: dict[str, Any], **changes: Any) -> list[Balance]:
    call = PRIVATE.balances(PROD, KEYS, Market.SPOT, STAMP_MS)
    assert asked(call)[1] == {"accountType": "UNIFIED"}
    events = read(call, said({"list": [wallet(*coins, **changes)]}))
    assert all(isinstance(event, Balance) for event in events)
    return [event for event in events if isinstance(event, Balance)]


def test_free_is_what_orders_margins_and_losses_leave() -> None:
    (told,) = balances(coin())
    assert (told.wallet, told.asset, told.total) == ("unified", "USDT", Decimal("10010.5"))
    assert told.free == Decimal("10010.5") - 100 - 40 - 300 - Decimal("10.5")


def test_an_open_profit_is_not_to_be_spent() -> None:
    (told,) = balances(coin(unrealisedPnl="500", totalOrderIM="0", totalPositionIM="0", locked="0"))
    assert told.free == told.total


def test_no_more_is_free_than_the_account_has_available() -> None:
    (told,) = balances(coin(), totalAvailableBalance="999")  # a USDT counts 0.999 USD here
    assert told.free == Decimal(1000)
    (told,) = balances(coin(), totalAvailableBalance="0")
    assert told.free == Decimal(0)


def test_isolated_margin_tells_by_coin_alone() -> None:
    (told,) = balances(coin(), totalAvailableBalance="")
    assert told.free == Decimal(9560)


def test_portfolio_margin_tells_by_the_account_alone() -> None:
    no_margins = coin(totalOrderIM="", totalPositionIM="")
    assert balances(no_margins, totalAvailableBalance="999")[0].free == Decimal(1000)
    assert balances(no_margins, totalAvailableBalance="")[0].free is None


def test_what_was_borrowed_is_not_ours() -> None:
    (told,) = balances(coin(spotBorrow="10000"))
    assert (told.total, told.free) == (Decimal("10.5"), Decimal(0))


def test_what_is_locked_must_be_told_for_anything_to_be_free() -> None:
    assert balances(coin(locked=""))[0].free is None


@pytest.mark.parametrize(
    "body",
    [
        {"list": []},
        {"list": [wallet(coin()), wallet(coin())]},
        {"list": [wallet(coin(), accountType="CONTRACT")]},
        {"list": [wallet(coin(walletBalance=""))]},
        {"list": [wallet(coin(coin=""))]},
        {"list": [wallet(coin(), totalAvailableBalance="1e300")]},
    ],
)
def test_a_wallet_that_cannot_be_read_tells_nothing(body: dict[str, Any]) -> None:
    huge = json.loads(json.dumps(body).replace('"10010.5"', '"1e301"')) if "1e300" in json.dumps(body) else body
    with pytest.raises(ProtocolBroken):
        read(PRIVATE.balances(PROD, KEYS, Market.PERP, STAMP_MS), said(huge))


def test_the_wallet_of_a_classic_account_is_refused_as_one() -> None:
    with pytest.raises(VenueRefused) as wrong:
        read(PRIVATE.balances(PROD, KEYS, Market.PERP, STAMP_MS), refused(10001, "accountType only support UNIFIED."))
    assert wrong.value.reason is RefusalReason.ACCOUNT_MODE


# --- fees -------------------------------------------------------------------------------------------------------------


def fees(instrument: Instrument, *listed: dict[str, Any]) -> FeeRates:
    call = PRIVATE.fee_rates(PROD, KEYS, instrument, STAMP_MS)
    (event,) = read(call, said({"list": list(listed)}))
    assert isinstance(event, FeeRates)
    return event


def test_fee_rates_keep_their_sign() -> None:
    row = {"symbol": "BTCUSDT", "takerFeeRate": "0.00055", "makerFeeRate": "-0.00005"}
    told = fees(PERP, row)
    assert (told.market, told.native, told.taker, told.maker) == (
        Market.PERP, "BTCUSDT", Decimal("0.00055"), Decimal("-0.00005"),
    )  # fmt: skip
    assert fees(SPOT, row).market is Market.SPOT


@pytest.mark.parametrize(
    "listed",
    [
        [],
        [{"symbol": "ETHUSDT", "takerFeeRate": "0.1", "makerFeeRate": "0.1"}],
        [{"symbol": "BTCUSDT", "takerFeeRate": "", "makerFeeRate": "0.1"}],
        [{"symbol": "BTCUSDT", "takerFeeRate": "nan", "makerFeeRate": "0.1"}],
    ],
)
def test_fees_of_something_else_or_of_nothing_are_no_fees(listed: list[dict[str, Any]]) -> None:
    with pytest.raises(ProtocolBroken):
        fees(PERP, *listed)
