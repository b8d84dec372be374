"""What Hyperliquid knows of an account: positions, balances, who may do what, leverage, fees, funding paid."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from arbtui.core.errors import OutcomeUnknown, ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import AccountMode, Balance, FeeRates, FundingPaid, LeverageRead, Position
from arbtui.execution.paper_market import wallets_of
from arbtui.venues.base import Environment
from arbtui.venues.hyperliquid.calls import FUNDING_PAGE
from arbtui.venues.hyperliquid.private import HyperliquidPrivate
from arbtui.venues.private import Keys
from tests.venues.hyperliquid.samples import (
    AGENT,
    FEES,
    KEY,
    KEYS,
    MARKETS,
    OTHER,
    PERP,
    PRIVATE,
    PROD,
    SIGNER,
    SPOT,
    STAMP_MS,
    T_NS,
    USER,
    after,
    asked,
    balance,
    funding_row,
    is_last,
    leverage_answer,
    no,
    position_row,
    read,
    state,
)
from tests.venues.hyperliquid_frames import wire
from tests.venues.key_rights import rights_call

DAY_MS = 86_400_000

POSITIONS = PRIVATE.positions(PROD, KEYS, {}, STAMP_MS)
PERP_BALANCES = PRIVATE.balances(PROD, KEYS, Market.PERP, STAMP_MS)
SPOT_BALANCES = PRIVATE.balances(PROD, KEYS, Market.SPOT, STAMP_MS)


# --- positions --------------------------------------------------------------------------------------------------------


def test_positions_are_signed_and_one_way() -> None:
    (told,) = read(POSITIONS, wire(state(position_row())))
    assert told == Position(
        venue="hyperliquid",
        native="BTC",
        qty=Decimal("-0.2259"),
        t_ns=T_NS,
        entry_price=Decimal("66800.5"),
        liquidation_price=Decimal("91000.1"),
        margin=Decimal("759.58"),
        t_ms=STAMP_MS + 60,
        told="query",
    )


def test_a_position_that_cannot_be_liquidated_says_so() -> None:
    for price in (None, "0.0", "-5.1"):
        (told,) = read(POSITIONS, wire(state(position_row(liquidationPx=price))))
        assert isinstance(told, Position)
        assert told.liquidation_price is None


def test_positions_of_other_exchanges_are_left_out_and_one_bad_row_spoils_all() -> None:
    rows = [position_row(coin="xyz:TSLA"), position_row(szi="1.5")]
    (told,) = read(POSITIONS, wire(state(*rows)))
    assert isinstance(told, Position)
    assert told.qty == Decimal("1.5")
    with pytest.raises(ProtocolBroken):
        read(POSITIONS, wire(state(position_row(), position_row(szi="nan"))))


# --- balances ---------------------------------------------------------------------------------------------------------


def test_the_spot_wallet_tells_every_coin_under_the_name_that_instruments_have() -> None:
    rows = [
        balance(),
        balance("UBTC", 197, "0.5", "0.0"),
        balance("HYPE", 150, "3", "5"),
        balance("BTC", 999, "7", "0"),
    ]
    told = read(SPOT_BALANCES, wire({"balances": rows}))
    assert [(b.wallet, b.asset, b.total, b.free) for b in told if isinstance(b, Balance)] == [
        ("spot", "USDC", Decimal("14.62"), Decimal("10.12")),
        ("spot", "BTC", Decimal("0.5"), Decimal("0.5")),
        ("spot", "HYPE", Decimal(3), Decimal(0)),
        ("spot", "BTC#999", Decimal(7), Decimal(0) + 7),  # whoever made this token only named it so
    ]
    assert is_last(SPOT_BALANCES, wire({"balances": rows}))


@pytest.mark.parametrize("words", ["disabled", "default", "dexAbstraction", "somethingNew"])
def test_perps_have_a_wallet_whose_total_leaves_open_profit_out(words: str) -> None:
    assert asked(PERP_BALANCES.request) == {"type": "userAbstraction", "user": USER}
    assert read(PERP_BALANCES, wire(words)) == ()
    page = after(PERP_BALANCES, wire(words))
    assert asked(page.request) == {"type": "clearinghouseState", "user": USER}
    profitable = position_row(coin="ETH", unrealizedPnl="1.25")
    (told,) = read(page, wire(state(position_row(), profitable)))
    assert told == Balance(
        venue="hyperliquid",
        wallet="perp",
        asset="USDC",
        total=Decimal("10000.25") + Decimal("101.5") - Decimal("1.25"),
        free=Decimal("9900.25") - Decimal("759.58"),
        t_ns=T_NS,
        t_ms=STAMP_MS + 60,
    )


def test_what_is_free_is_never_below_nothing_and_not_told_where_it_is_not_known() -> None:
    page = after(PERP_BALANCES, wire("disabled"))
    deep = {"accountValue": "5", "totalMarginUsed": "7"}
    (told,) = read(page, wire(state(crossMarginSummary=deep)))
    assert isinstance(told, Balance)
    assert told.free == 0
    (told,) = read(page, wire(state(crossMarginSummary=None)))
    assert isinstance(told, Balance)
    assert told.free is None


@pytest.mark.parametrize("words", ["unifiedAccount", "portfolioMargin"])
def test_perps_of_a_unified_account_pay_from_the_spot_wallet_which_counts_once(words: str) -> None:
    page = after(PERP_BALANCES, wire(words))
    assert asked(page.request) == {"type": "spotClearinghouseState", "user": USER}
    (told,) = read(page, wire({"balances": [balance("HYPE", 150), balance()]}))
    assert isinstance(told, Balance)
    assert (told.wallet, told.asset, told.total, told.free) == ("perp", "USDC", Decimal(0), Decimal("10.12"))
    (told,) = read(page, wire({"balances": []}))
    assert isinstance(told, Balance)
    assert told.free == 0


def test_wallets_bear_the_names_that_the_engine_looks_for() -> None:
    (spot,) = read(SPOT_BALANCES, wire({"balances": [balance()]}))
    (perp,) = read(after(PERP_BALANCES, wire("disabled")), wire(state()))
    assert isinstance(spot, Balance)
    assert isinstance(perp, Balance)
    assert wallets_of("hyperliquid") == {Market.SPOT: spot.wallet, Market.PERP: perp.wallet}


# --- who may do what --------------------------------------------------------------------------------------------------

OWN = Keys({"private_key": KEY, "address": SIGNER})
USER_ROLE, MISSING = wire({"role": "user"}), wire({"role": "missing"})
STRANGERS = wire({"role": "agent", "data": {"user": OTHER}})


@pytest.mark.parametrize(
    ("keys", "role", "trade", "withdraw", "words"),
    [
        (KEYS, AGENT, True, False, "agent's of this account"),
        (KEYS, STRANGERS, False, False, "agent's of 0x0000..00aa"),
        (KEYS, wire({"role": "agent"}), False, False, "agent's of nobody"),
        (OWN, USER_ROLE, True, True, "may withdraw"),
        (KEYS, USER_ROLE, False, None, "0x1479..9325's, address is 0x1719..75ea"),
        (KEYS, MISSING, False, False, "approve it as agent"),
        (KEYS, wire({"role": "vault"}), None, None, "'vault'"),
        (KEYS, wire({"role": "subAccount", "data": {"master": OTHER}}), None, None, "'subAccount'"),
    ],
)
def test_the_wallet_that_signs_trades_for_its_account_alone(
    keys: Keys, role: bytes, trade: bool | None, withdraw: bool | None, words: str
) -> None:
    call = rights_call(PRIVATE, PROD, keys, STAMP_MS)
    assert asked(call.request) == {"type": "userRole", "user": SIGNER}
    rights = call.read(200, role)
    assert (rights.trade, rights.withdraw, rights.bound_to_ips) == (dict.fromkeys(MARKETS, trade), withdraw, False)
    assert words in rights.text
    spot = HyperliquidPrivate().mode(PROD, keys, Market.SPOT, STAMP_MS)
    assert asked(spot.request) == asked(call.request)
    (told,) = read(spot, role)
    assert told == AccountMode(
        venue="hyperliquid", market=Market.SPOT, position_mode=None, can_trade=trade, text=rights.text, t_ns=T_NS
    )
    assert is_last(spot, role)


@pytest.mark.parametrize(
    ("agents", "days"),
    [
        ([{"name": "arb", "address": SIGNER.upper().replace("0X", "0x"), "validUntil": STAMP_MS + 5 * DAY_MS}], 5),
        ([{"name": "arb", "address": SIGNER, "validUntil": STAMP_MS - 1}], 0),
        ([{"name": "other", "address": OTHER, "validUntil": STAMP_MS + 5 * DAY_MS}], None),
        ([], None),
    ],
)
def test_until_when_an_agent_may_sign_is_asked_of_the_accounts_agents(
    agents: list[dict[str, Any]], days: int | None
) -> None:
    call = rights_call(PRIVATE, PROD, KEYS, STAMP_MS)
    assert call.next_call is not None
    page = call.next_call(200, AGENT)
    assert page is not None
    assert asked(page.request) == {"type": "extraAgents", "user": USER}
    rights = page.read(200, wire(agents))
    assert (rights.days_left, rights.trade) == (days, dict.fromkeys(MARKETS, True))
    assert (f"ends in {days} days" in rights.text) is (days is not None)
    assert call.next_call(200, MISSING) is None
    with pytest.raises(ProtocolBroken):
        page.read(200, wire({"agents": []}))


@pytest.mark.parametrize(
    ("abstraction", "words"),
    [
        ("disabled", "a wallet each"),
        ("default", "no account mode"),
        ("unifiedAccount", "pay from the spot wallet"),
        ("portfolioMargin", "pay from the spot wallet"),
        ("somethingNew", "unknown account mode 'somethingNew'"),
    ],
)
def test_the_mode_of_perps_is_one_way_and_names_the_wallet_they_pay_from(abstraction: str, words: str) -> None:
    call = HyperliquidPrivate().mode(PROD, KEYS, Market.PERP, STAMP_MS)
    assert read(call, AGENT) == ()
    page = after(call, AGENT)
    assert asked(page.request) == {"type": "userAbstraction", "user": USER}
    (told,) = read(page, wire(abstraction))
    assert isinstance(told, AccountMode)
    assert (told.position_mode, told.can_trade, told.market) == ("one_way", True, Market.PERP)
    assert words in told.text
    assert is_last(page, wire(abstraction))


def test_a_wallet_in_order_is_not_asked_about_again_for_a_minute_and_any_other_is() -> None:
    private = HyperliquidPrivate()

    def question(stamp_ms: int, market: Market = Market.PERP, keys: Keys = KEYS, env: Environment = PROD) -> str:
        return str(asked(private.mode(env, keys, market, stamp_ms).request)["type"])

    read(private.mode(PROD, KEYS, Market.SPOT, STAMP_MS), AGENT)
    assert question(STAMP_MS + 60_000, Market.PERP) == "userAbstraction"
    assert question(STAMP_MS + 60_000, Market.SPOT) == "spotClearinghouseState"
    assert question(STAMP_MS + 60_001) == "userRole"
    assert question(STAMP_MS - 1) == "userRole"  # the clock was set back
    assert question(STAMP_MS, keys=OWN) == "userRole"
    assert question(STAMP_MS, env=Environment.TESTNET) == "userRole"
    (told,) = read(private.mode(PROD, KEYS, Market.SPOT, STAMP_MS), wire({"balances": []}))
    assert isinstance(told, AccountMode)
    assert (told.market, told.can_trade) == (Market.SPOT, True)
    later = [private.mode(PROD, KEYS, Market.SPOT, STAMP_MS + 90_000) for _ in range(2)]
    read(later[0], AGENT)
    read(later[1], MISSING)
    assert question(STAMP_MS + 90_000) == "userRole"


@pytest.mark.parametrize(
    ("abstraction", "asks"), [("disabled", "clearinghouseState"), ("unifiedAccount", "spotClearinghouseState")]
)
def test_which_wallet_perps_pay_from_holds_for_a_minute_and_what_is_in_it_does_not(abstraction: str, asks: str) -> None:
    private = HyperliquidPrivate()

    def question(stamp_ms: int) -> str:
        return str(asked(private.balances(PROD, KEYS, Market.PERP, stamp_ms).request)["type"])

    assert question(STAMP_MS) == "userAbstraction"
    after(private.balances(PROD, KEYS, Market.PERP, STAMP_MS), wire(abstraction))
    read(private.balances(PROD, KEYS, Market.PERP, STAMP_MS), wire(abstraction))
    assert question(STAMP_MS + 60_000) == asks
    assert question(STAMP_MS + 60_001) == "userAbstraction"


def test_nothing_of_the_key_stands_in_what_people_read() -> None:
    rights = rights_call(PRIVATE, PROD, KEYS, STAMP_MS).read(200, MISSING)
    assert SIGNER not in rights.text
    assert KEY[2:] not in rights.text


# --- leverage ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["cross", "isolated", "strange"])
def test_leverage_is_read_for_coins_that_are_flat_as_well(kind: str) -> None:
    call = PRIVATE.leverage(PROD, KEYS, PERP, STAMP_MS)
    assert asked(call.request) == {"type": "activeAssetData", "user": USER, "coin": "BTC"}
    (told,) = read(call, leverage_answer(kind, 7))
    assert isinstance(told, LeverageRead)
    assert (told.leverage, told.margin_mode) == (Decimal(7), None if kind == "strange" else kind)
    with pytest.raises(ProtocolBroken):
        read(call, leverage_answer(coin="ETH"))
    with pytest.raises(ProtocolBroken):
        read(call, leverage_answer(value=0))


@pytest.mark.parametrize(("kind", "is_cross"), [("cross", True), ("isolated", False)])
def test_leverage_is_set_in_the_margin_mode_that_there_is_and_read_back(kind: str, is_cross: bool) -> None:
    call = PRIVATE.set_leverage(PROD, KEYS, PERP, Decimal(7), STAMP_MS)
    assert read(call, leverage_answer(kind)) == ()
    setting = after(call, leverage_answer(kind))
    action = {"type": "updateLeverage", "asset": 1, "isCross": is_cross, "leverage": 7}
    assert asked(setting.request)["action"] == action
    done = wire({"status": "ok", "response": {"type": "default"}})
    assert read(setting, done) == ()
    (told,) = read(after(setting, done), leverage_answer(kind, 7))
    assert isinstance(told, LeverageRead)
    assert told.leverage == 7


def test_leverage_that_cannot_be_set_is_refused_or_left_open() -> None:
    setting = after(PRIVATE.set_leverage(PROD, KEYS, PERP, Decimal(7), STAMP_MS), leverage_answer())
    with pytest.raises(VenueRefused) as refused:
        read(setting, no("Insufficient margin to place order."))
    assert refused.value.reason is RefusalReason.INSUFFICIENT
    for body in (no("Something new"), wire({"status": "ok", "response": {"type": "order"}}), b"null"):
        with pytest.raises(OutcomeUnknown):
            read(setting, body)
    with pytest.raises(ProtocolBroken, match="margin mode"):
        after(PRIVATE.set_leverage(PROD, KEYS, PERP, Decimal(7), STAMP_MS), leverage_answer("strange"))


@pytest.mark.parametrize(("instrument", "leverage"), [(SPOT, "3"), (PERP, "2.5"), (PERP, "0")])
def test_what_is_no_leverage_is_not_sent(instrument: Instrument, leverage: str) -> None:
    with pytest.raises(ValueError, match="leverage"):
        PRIVATE.set_leverage(PROD, KEYS, instrument, Decimal(leverage), STAMP_MS)


def test_positions_are_one_way_without_setting_anything() -> None:
    call = PRIVATE.set_one_way(PROD, KEYS, PERP, STAMP_MS)
    assert asked(call.request)["type"] == "activeAssetData"
    (told,) = read(call, leverage_answer())
    assert isinstance(told, LeverageRead)
    with pytest.raises(ValueError, match="spot"):
        PRIVATE.leverage(PROD, KEYS, SPOT, STAMP_MS)


# --- fees and funding -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("instrument", "maker", "taker"), [(PERP, "-0.00001", "0.00045"), (SPOT, "0.0004", "0.0007")])
def test_fees_are_the_accounts_own_with_rebates_kept(instrument: Instrument, maker: str, taker: str) -> None:
    (told,) = read(PRIVATE.fee_rates(PROD, KEYS, instrument, STAMP_MS), FEES)
    assert isinstance(told, FeeRates)
    assert (told.maker, told.taker) == (Decimal(maker), Decimal(taker))
    assert (told.market, told.native) == (instrument.market, instrument.native)


def test_funding_that_was_paid_is_below_zero_and_has_an_id_of_its_own() -> None:
    rows = [funding_row(), funding_row("ETH", "0.5"), funding_row(time=STAMP_MS + 3_600_000), funding_row("xyz:TSLA")]
    told = read(PRIVATE.funding_paid(PROD, KEYS, {}, STAMP_MS, STAMP_MS), wire(rows))
    assert [(p.native, p.amount, p.ccy) for p in told if isinstance(p, FundingPaid)] == [
        ("BTC", Decimal("-3.625312"), "USDC"),
        ("ETH", Decimal("0.5"), "USDC"),
        ("BTC", Decimal("-3.625312"), "USDC"),
    ]
    assert len({p.payment_id for p in told if isinstance(p, FundingPaid)}) == 3


def test_funding_is_asked_on_while_pages_are_full() -> None:
    call = PRIVATE.funding_paid(PROD, KEYS, {}, STAMP_MS, STAMP_MS)
    assert asked(call.request) == {"type": "userFunding", "user": USER, "startTime": STAMP_MS}
    page = wire([funding_row(time=STAMP_MS + n) for n in range(FUNDING_PAGE)])
    before = after(call, page)
    assert asked(before.request) == {"type": "userFunding", "user": USER, "startTime": STAMP_MS, "endTime": STAMP_MS}
    behind = after(before, wire([funding_row()]))
    assert asked(behind.request)["startTime"] == STAMP_MS + FUNDING_PAGE - 1
    assert is_last(behind, wire([funding_row()]))


def test_payments_that_are_not_of_funding_are_broken_protocol() -> None:
    row: dict[str, Any] = funding_row()
    row["delta"]["type"] = "deposit"
    with pytest.raises(ProtocolBroken):
        read(PRIVATE.funding_paid(PROD, KEYS, {}, STAMP_MS, STAMP_MS), wire([row]))
