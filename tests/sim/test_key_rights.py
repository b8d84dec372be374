"""What the simulated exchanges tell of a key is what the control side made of it."""

from __future__ import annotations

from datetime import datetime

import pytest

from arbtui.sim.asked import Refused
from tests.sim.binance_private_support import Trader as BinanceTrader
from tests.sim.bitget_private_support import Trader as BitgetTrader
from tests.sim.bybit_private_support import Trader as BybitTrader
from tests.sim.hyperliquid_private_support import Trader as HyperliquidTrader
from tests.sim.okx_private_support import Trader as OkxTrader

DAY_MS = 86_400_000


def test_binance_tells_addresses_withdrawals_and_when_the_right_to_trade_ends() -> None:
    one = BinanceTrader()
    path = "/sapi/v1/account/apiRestrictions"
    told = one.ask("GET", path)
    assert (told["ipRestrict"], told["enableWithdrawals"], told["enableFutures"]) == (False, False, True)
    assert "tradingAuthorityExpirationTime" not in told
    one.control.books.set_account(
        {"venue": "binance", "can_trade": False, "can_withdraw": True, "ips": ["127.0.0.1"], "key_days": 5}
    )
    told = one.ask("GET", path)
    assert (told["ipRestrict"], told["enableWithdrawals"]) == (True, True)
    assert (told["enableFutures"], told["enableSpotAndMarginTrading"]) == (False, False)
    assert (told["tradingAuthorityExpirationTime"] - one.now_ms) // DAY_MS == 5


def test_okx_tells_rights_and_addresses_beside_the_configuration() -> None:
    one = OkxTrader()
    (told,) = one.read("/account/config")
    assert (told["perm"], told["ip"]) == ("read_only,trade", "")
    one.control.books.set_account({"venue": "okx", "can_withdraw": True, "ips": ["127.0.0.1", "10.0.0.1"]})
    (told,) = one.read("/account/config")
    assert (told["perm"], told["ip"]) == ("read_only,trade,withdraw", "127.0.0.1,10.0.0.1")


def test_bitget_tells_rights_and_addresses_of_the_key() -> None:
    one = BitgetTrader()
    told = one.data("/api/v3/account/info")
    assert (told["permissions"], told["ips"]) == (["uta_mgt", "uta_trade"], "")
    one.control.books.set_account({"venue": "bitget", "can_withdraw": True, "ips": ["127.0.0.1"]})
    told = one.data("/api/v3/account/info")
    assert (told["permissions"], told["ips"]) == (["uta_mgt", "uta_trade", "withdraw"], "127.0.0.1")


def test_bybit_tells_addresses_withdrawals_and_the_days_that_are_left() -> None:
    one = BybitTrader()
    told = one.result("/v5/user/query-api")
    assert (told["ips"], told["permissions"]["Wallet"], told["deadlineDay"]) == (["*"], [], 90)
    one.control.books.set_account({"venue": "bybit", "can_withdraw": True, "key_days": 3})
    told = one.result("/v5/user/query-api")
    assert (told["permissions"]["Wallet"], told["deadlineDay"]) == (["AccountTransfer", "Withdraw"], 3)
    ends_s = datetime.fromisoformat(told["expiredAt"]).timestamp()
    assert ends_s - one.t_ns / 1e9 == pytest.approx(3 * DAY_MS / 1000, abs=2)


def test_hyperliquid_knows_an_agent_until_it_is_taken_back() -> None:
    one = HyperliquidTrader()
    agent = one.keys.api_key
    assert one.info("userRole", user=agent) == {"role": "agent", "data": {"user": one.keys.address}}
    one.control.books.set_account({"venue": "hyperliquid", "can_trade": False})
    assert one.info("userRole", user=agent) == {"role": "missing"}
    with pytest.raises(Refused, match="no property of their keys"):
        one.control.books.set_account({"venue": "hyperliquid", "can_withdraw": True})


def test_a_key_that_is_bound_elsewhere_is_refused_in_each_exchanges_words() -> None:
    binance, okx, bybit, bitget = BinanceTrader(), OkxTrader(), BybitTrader(), BitgetTrader()
    for one in (binance, okx, bybit, bitget):
        one.control.books.set_account({"venue": one.desk.venue, "ips": ["10.0.0.1"]})
    assert binance.refused("GET", "/fapi/v3/balance")[:2] == (401, -2015)
    assert b'"50110"' in okx.send("GET", "/account/balance").body
    assert bybit.ask("/v5/account/info")["retCode"] == 10010
    assert bitget.ask("/api/v3/account/info")["code"] == "40018"


@pytest.mark.parametrize("wrong", [{"ips": "127.0.0.1"}, {"ips": [1]}, {"key_days": "soon"}])
def test_what_is_no_property_of_a_key_is_refused_and_changes_nothing(wrong: dict[str, object]) -> None:
    one = OkxTrader()
    with pytest.raises(Refused):
        one.control.books.set_account({"venue": "okx", **wrong})
    account = one.desk.accounts["main"]
    assert (account.ips, account.key_days) == ((), None)
