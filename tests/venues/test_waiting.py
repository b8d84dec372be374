"""Orders that wait for their price stand in no list of open orders: what tells of them is asked, and read in words."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from arbtui.core.errors import ArbtuiError
from arbtui.core.model import Market
from arbtui.venues import registry
from arbtui.venues.base import Environment
from arbtui.venues.bitget.classic import BitgetClassic
from arbtui.venues.private import HidesWaiting, Keys, WaitingCall

KEYS = Keys({"api_key": "k", "api_secret": "s", "passphrase": "p", "secret": "s"})
BITGET_ROW = {"orderId": "7", "symbol": "BTCUSDT", "side": "sell", "size": "0.01", "triggerPrice": "60000"}
ANSWERS = {
    "binance": [
        {
            "algoId": 2148627,
            "clientAlgoId": "x",
            "algoType": "CONDITIONAL",
            "orderType": "STOP_MARKET",
            "symbol": "BTCUSDT",
            "side": "SELL",
            "quantity": "0.01",
            "triggerPrice": "60000",
            "closePosition": False,
        }
    ],
    "okx": {
        "code": "0",
        "msg": "",
        "data": [
            {
                "algoId": "5",
                "instId": "BTC-USDT-SWAP",
                "instType": "SWAP",
                "side": "sell",
                "ordType": "conditional",
                "sz": "3",
                "slTriggerPx": "60000",
                "tpTriggerPx": "",
            },
            {"algoId": "6", "instId": "BTC-USD-261225", "instType": "FUTURES"},
        ],
    },
    "bitget": {"code": "00000", "msg": "success", "data": [BITGET_ROW]},
    "classic": {"code": "00000", "msg": "success", "data": {"entrustedList": [BITGET_ROW | {"planType": "loss_plan"}]}},
}
NOTHING = {
    "binance": [],
    "okx": {"code": "0", "msg": "", "data": []},
    "bitget": {"code": "00000", "msg": "success", "data": None},
    "classic": {"code": "00000", "msg": "success", "data": {"entrustedList": None, "endId": None}},
}


def calls(name: str) -> Sequence[WaitingCall]:
    private: object = BitgetClassic() if name == "classic" else registry.private(name)
    assert isinstance(private, HidesWaiting)
    return [make(1_795_000_000_000) for make in private.waiting_orders(Environment.PROD, KEYS)]


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_an_order_that_waits_is_named_with_what_triggers_it(name: str) -> None:
    first = calls(name)[0]
    (found,) = first.read(200, msgspec.json.encode(ANSWERS[name]))
    assert found.market is Market.PERP
    assert found.native in ("BTCUSDT", "BTC-USDT-SWAP")
    assert "60000" in found.text
    assert "sell" in found.text.lower()
    assert first.read(200, msgspec.json.encode(NOTHING[name])) == []


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_every_kind_is_asked_for_and_signed(name: str) -> None:
    asked = [call.request.url for call in calls(name)]
    assert len(asked) == len(set(asked)) == {"binance": 1, "okx": 5, "bitget": 2, "classic": 6}[name]
    assert all(call.request.headers for call in calls(name))


@pytest.mark.parametrize("name", sorted(ANSWERS))
@pytest.mark.parametrize(
    ("status", "body"), [(500, b""), (200, b"{}"), (400, b'{"code":-1022,"msg":"no"}'), (200, b"x")]
)
def test_what_is_no_such_list_is_an_error_and_never_an_empty_list(name: str, status: int, body: bytes) -> None:
    with pytest.raises(ArbtuiError):
        calls(name)[0].read(status, body)
