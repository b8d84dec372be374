"""What is said of keys, concern by concern: what forbids trading, what should be known, what nobody tells."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from arbtui.core.errors import RefusalReason
from arbtui.core.model import Market
from arbtui.core.orders import AccountMode, FeeRates, LeverageRead
from arbtui.engine.check_keys_lines import KeyFacts, NotTold, could_trade, lines
from arbtui.engine.check_lines import CheckLine, Verdict
from arbtui.engine.check_sockets import SocketTried
from arbtui.venues.private import KeyRights

BOTH = (Market.SPOT, Market.PERP)
RIGHTS = KeyRights(trade=dict.fromkeys(BOTH, True), withdraw=False, bound_to_ips=True, text="may trade")


def mode(market: Market = Market.PERP, **changes: Any) -> AccountMode:
    held = "one_way" if market is Market.PERP else None
    told: dict[str, Any] = {"position_mode": held, "can_trade": True, "text": "sound", **changes}
    return AccountMode(venue="okx", market=market, t_ns=1, **told)


def leverage(**changes: Any) -> LeverageRead:
    return LeverageRead(
        **{"venue": "okx", "native": "BTC", "leverage": Decimal(5), "margin_mode": "cross", "t_ns": 1, **changes}
    )


def fees(market: Market, taker: str = "0.0005") -> FeeRates:
    maker = Decimal("0.0002")
    return FeeRates(venue="okx", market=market, native="BTC", maker=maker, taker=Decimal(taker), t_ns=1)


FACTS = KeyFacts(
    venue="okx",
    environment="prod",
    markets=BOTH,
    wanted=("api_key", "api_secret"),
    origins={"api_key": "credentials.toml", "api_secret": "credentials.toml"},
    place="credentials.toml",
    clock_offset_ms=12.0,
    rights=RIGHTS,
    modes={market: mode(market) for market in BOTH},
    leverages={"BTC": leverage()},
    fees={(market, "BTC"): fees(market) for market in BOTH},
)


def told(concern: str, *, allow_withdraw: bool = False, **changes: Any) -> CheckLine:
    found = lines(replace(FACTS, **changes), allow_withdraw=allow_withdraw)
    return next(line for line in found if line.concern == concern)


def rights(**changes: Any) -> KeyRights:
    return replace(RIGHTS, **changes)


def test_sound_keys_can_trade_and_every_concern_is_named() -> None:
    found = lines(FACTS, allow_withdraw=False)
    assert could_trade(found)
    assert [line.concern for line in found] == [
        *("keys", "venue", "clock", "login", "trade spot", "trade perp", "withdraw", "addresses", "ends"),
        *("position mode", "leverage", "fees spot", "fees perp"),
    ]
    assert told("fees perp").text == "BTC maker 2, taker 5 bps"
    assert told("leverage").text == "BTC 5x, cross"


def test_a_field_that_is_missing_is_named_with_both_places_where_it_may_stand() -> None:
    found = lines(replace(FACTS, origins={"api_key": "credentials.toml"}), allow_withdraw=False)
    assert found[0].verdict is Verdict.BAD
    assert "api_secret missing" in found[0].text
    assert "[okx] of credentials.toml" in found[0].text
    assert "ARBTUI_OKX_API_SECRET" in found[0].text
    assert {line.verdict for line in found[1:]} == {Verdict.SKIPPED}


def test_an_exchange_that_cannot_be_reached_is_one_bad_line() -> None:
    found = lines(replace(FACTS, reach_error="okx cannot be reached"), allow_withdraw=False)
    assert [line.concern for line in found if line.verdict is Verdict.BAD] == ["venue"]
    assert not could_trade(found)


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        (RefusalReason.NOT_AUTHORISED, "environment (prod)"),
        (RefusalReason.CLOCK_SKEW, "clock"),
        (RefusalReason.REGION_BLOCKED, "proxy"),
        (RefusalReason.OTHER, "check again"),
        (None, "check again"),
    ],
)
def test_keys_that_are_not_taken_are_one_bad_line_with_its_remedy(reason: RefusalReason | None, remedy: str) -> None:
    untold = NotTold("OKX said no", reason)
    facts = replace(
        FACTS,
        rights=untold,
        modes=dict.fromkeys(BOTH, untold),
        leverages={"BTC": untold},
        fees={(Market.PERP, "BTC"): untold},
    )
    found = lines(facts, allow_withdraw=False)
    (bad,) = [line for line in found if line.verdict is Verdict.BAD]
    assert (bad.concern, "OKX said no" in bad.text, remedy in bad.text) == ("login", True, True)


@pytest.mark.parametrize(
    ("changes", "verdict", "words"),
    [
        ({"rights": rights(trade={Market.SPOT: True, Market.PERP: False})}, Verdict.BAD, "give the key the right"),
        ({"rights": None}, Verdict.OK, "sound"),
        ({"rights": rights(trade=dict.fromkeys(BOTH))}, Verdict.OK, "sound"),
        ({"modes": {Market.PERP: mode(can_trade=False, text="classic; upgrade it")}}, Verdict.BAD, "upgrade it"),
        ({"modes": {Market.PERP: mode(can_trade=None)}}, Verdict.BAD, "does not tell whether it may trade"),
        ({"modes": {Market.PERP: NotTold("no answer")}}, Verdict.BAD, "no answer; check again"),
    ],
)
def test_a_market_is_traded_where_neither_key_nor_account_forbids_it(
    changes: dict[str, Any], verdict: Verdict, words: str
) -> None:
    line = told("trade perp", **changes)
    assert (line.verdict, words in line.text) == (verdict, True), line


@pytest.mark.parametrize(
    ("given", "allowed", "verdict"),
    [
        (rights(withdraw=True), False, Verdict.BAD),
        (rights(withdraw=True), True, Verdict.NOTE),
        (rights(withdraw=False), False, Verdict.OK),
        (rights(withdraw=None), False, Verdict.SKIPPED),
        (None, False, Verdict.SKIPPED),
        (NotTold("cut off"), False, Verdict.BAD),
    ],
)
def test_a_key_that_can_withdraw_is_refused_unless_the_settings_allow_it(
    given: KeyRights | NotTold | None, allowed: bool, verdict: Verdict
) -> None:
    line = told("withdraw", rights=given, allow_withdraw=allowed)
    assert line.verdict is verdict
    assert ("REFUSED" in line.text) is (given == rights(withdraw=True) and not allowed)


def test_that_an_environment_does_not_tell_of_keys_is_said_and_forbids_nothing() -> None:
    found = lines(replace(FACTS, environment="testnet", rights=None), allow_withdraw=False)
    assert could_trade(found)
    untold = [line.concern for line in found if line.verdict is Verdict.SKIPPED]
    assert untold == ["withdraw", "addresses", "ends"]
    assert "does not tell of keys for testnet" in next(line.text for line in found if line.concern == "withdraw")


@pytest.mark.parametrize(("bound", "verdict"), [(True, Verdict.OK), (False, Verdict.NOTE), (None, Verdict.SKIPPED)])
def test_a_key_that_works_from_anywhere_is_worth_a_word(bound: bool | None, verdict: Verdict) -> None:
    assert told("addresses", rights=rights(bound_to_ips=bound)).verdict is verdict


@pytest.mark.parametrize(
    ("days", "verdict", "words"),
    [
        (None, Verdict.SKIPPED, "tells no end"),
        (90, Verdict.OK, "in 90 days"),
        (7, Verdict.NOTE, "in 7 days"),
        (1, Verdict.NOTE, "in 1 day;"),
        (0, Verdict.NOTE, "within a day"),
    ],
)
def test_a_key_that_ends_soon_is_worth_a_word(days: int | None, verdict: Verdict, words: str) -> None:
    line = told("ends", rights=rights(days_left=days))
    assert (line.verdict, words in line.text) == (verdict, True)


@pytest.mark.parametrize(("held", "verdict"), [("one_way", Verdict.OK), ("hedge", Verdict.BAD), (None, Verdict.BAD)])
def test_only_a_position_mode_that_is_told_to_be_one_way_takes_orders(held: Any, verdict: Verdict) -> None:
    assert told("position mode", modes={Market.PERP: mode(position_mode=held)}).verdict is verdict


def test_leverage_is_read_of_each_perpetual_that_was_asked_about() -> None:
    assert told("leverage", leverages={}).verdict is Verdict.BAD
    assert told("leverage", leverages={"BTC": NotTold("set it once")}).verdict is Verdict.BAD
    two_sided = told("leverage", leverages={"BTC": leverage(position_mode="hedge")})
    assert (two_sided.verdict, "two-sided" in two_sided.text) == (Verdict.BAD, True)
    assert "margin mode not told" in told("leverage", leverages={"BTC": leverage(margin_mode=None)}).text


def test_an_account_of_spot_alone_is_not_asked_about_perpetuals() -> None:
    found = lines(replace(FACTS, markets=(Market.SPOT,), leverages={}), allow_withdraw=False)
    assert could_trade(found)
    assert not {"trade perp", "position mode", "leverage"} & {line.concern for line in found}


def test_fees_that_differ_from_the_settings_are_worth_a_word() -> None:
    same = told("fees perp", fees_set={(Market.PERP, "taker"): 5.0})
    other = told("fees perp", fees_set={(Market.PERP, "taker"): 4.5})
    assert (same.verdict, other.verdict) == (Verdict.OK, Verdict.NOTE)
    assert "fees.okx.perp.taker_bps is 4.5 in your settings" in other.text


@pytest.mark.parametrize(
    ("offset_ms", "has_clock", "verdict"),
    [(12.0, True, Verdict.OK), (-900.0, True, Verdict.BAD), (None, True, Verdict.BAD), (None, False, Verdict.SKIPPED)],
)
def test_the_clock_is_compared_where_there_is_one(offset_ms: float | None, has_clock: bool, verdict: Verdict) -> None:
    assert told("clock", clock_offset_ms=offset_ms, has_clock=has_clock).verdict is verdict


def test_a_socket_for_orders_that_does_not_work_is_a_note_with_its_reason_since_orders_go_by_rest() -> None:
    assert "order socket" not in [line.concern for line in lines(FACTS, allow_withdraw=False)]
    ill = told("order socket", sockets=[SocketTried((Market.PERP,), "it answers 401: no such key.")])
    assert (ill.verdict, ill.text) == (
        Verdict.NOTE,
        "perp: it answers 401: no such key; orders go by REST while it is so",
    )
    assert could_trade(lines(replace(FACTS, sockets=[]), allow_withdraw=False))
    assert told("order socket", sockets=[]).text.startswith("none for prod: orders go by REST")
