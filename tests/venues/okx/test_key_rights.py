"""What an OKX key may do, by the account's configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import pytest

from arbtui.core.errors import OutcomeUnknown, ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.model import Market
from arbtui.venues.base import Environment
from arbtui.venues.private import KeyRights
from tests.venues.fuzzing import fuzz
from tests.venues.key_rights import rights_call
from tests.venues.okx.samples import KEYS, PRIVATE, PROD, STAMP_MS, answer, config_row


def rights(**changes: Any) -> KeyRights:
    row = {name: value for name, value in config_row(**changes).items() if value is not ...}
    return rights_call(PRIVATE, PROD, KEYS, STAMP_MS).read(200, answer(row))


@pytest.mark.parametrize(
    ("perm", "trade", "withdraw"),
    [
        ("read_only,trade", True, False),
        ("read_only", False, False),
        ("read_only, trade, withdraw", True, True),
        ("", None, None),
        (..., None, None),
    ],
)
def test_what_a_key_may_is_told_for_both_markets_and_what_is_not_told_stays_unknown(
    perm: Any, trade: bool | None, withdraw: bool | None
) -> None:
    found = rights(perm=perm)
    assert found.trade == {Market.SPOT: trade, Market.PERP: trade}
    assert found.withdraw is withdraw


@pytest.mark.parametrize(("ip", "bound"), [("1.2.3.4", True), ("1.2.3.4,5.6.7.8", True), ("", False), (..., None)])
def test_whether_a_key_is_bound_to_addresses(ip: Any, bound: bool | None) -> None:
    assert rights(ip=ip).bound_to_ips is bound


@pytest.mark.parametrize("env", list(Environment))
def test_every_environment_has_the_question(env: Environment) -> None:
    call = rights_call(PRIVATE, env, KEYS, STAMP_MS)
    assert urlsplit(call.request.url).path == "/api/v5/account/config"
    assert ("x-simulated-trading" in call.request.headers) is (env is not Environment.PROD)


def test_a_key_that_is_refused_is_no_key_that_may_nothing() -> None:
    call = rights_call(PRIVATE, PROD, KEYS, STAMP_MS)
    with pytest.raises(VenueRefused) as refused:
        call.read(401, answer(code="50111", msg="Invalid OK-ACCESS-KEY"))
    assert refused.value.reason is RefusalReason.NOT_AUTHORISED


def test_every_spoilt_key_is_told_or_a_named_error() -> None:
    call = rights_call(PRIVATE, PROD, KEYS, STAMP_MS)

    def decode(spoilt: bytes) -> Sequence[Any]:
        assert set(call.read(200, spoilt).trade) == set(Market)
        return ()

    seed = {"key": answer(config_row())}
    report = fuzz(decode, seed, 400, 3, allowed=(ProtocolBroken, OutcomeUnknown, VenueRefused))
    assert report.by_seed["key"] == set()
