"""What a Binance key may do, by the exchange's own word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import pytest

from arbtui.core.errors import OutcomeUnknown, ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.model import Market
from arbtui.venues.base import Environment
from arbtui.venues.private import KeyRights
from tests.venues.binance.private_samples import KEYS, PRIVATE, PROD, STAMP_MS, body, error
from tests.venues.fuzzing import fuzz
from tests.venues.key_rights import rights_call

DAY_MS = 86_400_000
TOLD = {
    "ipRestrict": True,
    "createTime": 1698645219000,
    "enableReading": True,
    "enableWithdrawals": False,
    "enableInternalTransfer": False,
    "enableMargin": False,
    "enableFutures": True,
    "permitsUniversalTransfer": False,
    "enableVanillaOptions": False,
    "enableFixApiTrade": False,
    "enableFixReadOnly": True,
    "enableSpotAndMarginTrading": True,
    "enablePortfolioMarginTrading": False,
}


def rights(**changes: Any) -> KeyRights:
    told = {name: value for name, value in (TOLD | changes).items() if value is not ...}
    return rights_call(PRIVATE, PROD, KEYS, STAMP_MS).read(200, body(told))


def test_the_question_goes_to_the_spot_host_signed_and_shows_no_key() -> None:
    call = rights_call(PRIVATE, PROD, KEYS, STAMP_MS)
    parts = urlsplit(call.request.url)
    assert (call.request.method, parts.hostname, parts.path) == (
        "GET",
        "api.binance.com",
        "/sapi/v1/account/apiRestrictions",
    )
    assert "signature=" in parts.query
    assert all(secret not in repr(call) + repr(call.request) for secret in KEYS.secrets())


def test_a_bound_key_that_may_trade_both_markets() -> None:
    found = rights()
    assert found.trade == {Market.SPOT: True, Market.PERP: True}
    assert (found.withdraw, found.bound_to_ips, found.days_left) == (False, True, None)
    assert found.text == "may read, trade spot, trade perp, may not withdraw, bound to addresses"


@pytest.mark.parametrize(
    ("changes", "spot", "perp"),
    [
        ({"enableFutures": False}, True, False),
        ({"enableSpotAndMarginTrading": False}, False, True),
        ({"enableFutures": ..., "enableSpotAndMarginTrading": ...}, None, None),
    ],
)
def test_each_market_has_a_right_of_its_own_and_what_is_not_told_stays_unknown(
    changes: dict[str, Any], spot: bool | None, perp: bool | None
) -> None:
    assert rights(**changes).trade == {Market.SPOT: spot, Market.PERP: perp}


@pytest.mark.parametrize(
    ("changes", "withdraw"),
    [
        ({"enableWithdrawals": True}, True),
        ({"enableWithdrawals": ...}, None),
        ({"enableInternalTransfer": True, "permitsUniversalTransfer": True}, False),  # to the same owner
    ],
)
def test_a_key_that_can_withdraw_is_told(changes: dict[str, Any], withdraw: bool | None) -> None:
    assert rights(**changes).withdraw is withdraw


@pytest.mark.parametrize(("left_ms", "days"), [(90 * DAY_MS, 90), (DAY_MS - 1, 0), (-5 * DAY_MS, 0)])
def test_the_right_to_trade_may_end_at_a_time_that_is_told(left_ms: int, days: int) -> None:
    found = rights(ipRestrict=False, tradingAuthorityExpirationTime=STAMP_MS + left_ms)
    assert (found.days_left, found.bound_to_ips) == (days, False)


@pytest.mark.parametrize("env", [Environment.TESTNET, Environment.DEMO])
def test_testnet_and_demo_have_no_such_question(env: Environment) -> None:
    assert PRIVATE.key_rights(env, KEYS, STAMP_MS) is None


def test_a_key_that_is_refused_is_no_key_that_may_nothing() -> None:
    call = rights_call(PRIVATE, PROD, KEYS, STAMP_MS)
    with pytest.raises(VenueRefused) as refused:
        call.read(401, error(-2015, "Invalid API-key, IP, or permissions for action."))
    assert refused.value.reason is RefusalReason.NOT_AUTHORISED
    with pytest.raises(OutcomeUnknown):
        call.read(502, b"<html>bad gateway</html>")


def test_every_spoilt_key_is_told_or_a_named_error() -> None:
    call = rights_call(PRIVATE, PROD, KEYS, STAMP_MS)

    def decode(spoilt: bytes) -> Sequence[Any]:
        assert set(call.read(200, spoilt).trade) == set(Market)
        return ()

    report = fuzz(decode, {"key": body(TOLD)}, 400, 3, allowed=(ProtocolBroken, OutcomeUnknown, VenueRefused))
    assert report.by_seed["key"] == set()
