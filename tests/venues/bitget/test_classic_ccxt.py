"""A foreign witness for classic accounts: ccxt signs the same bytes, and asks in the same words."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import ccxt.pro
import pytest

from arbtui.core.model import Market
from arbtui.venues.bitget.addresses import CLASSIC_SOCKET
from tests.venues.bitget.classic_samples import CLASSIC, mix_fill, mix_order, orders, place
from tests.venues.bitget.classic_samples import fills as fills_page
from tests.venues.bitget.samples import (
    HAN,
    KEY,
    KEYS,
    PASSPHRASE,
    PERP,
    PROD,
    SECRET,
    SPOT,
    STAMP_MS,
    USDC_PERP,
    further,
)
from tests.venues.bitget.test_private_ccxt import BESIDES
from tests.venues.bitget_frames import contract, symbol
from tests.venues.ccxt_witness import COIN, ID, SWAP, Witness, calls_of, same_words

P, K = CLASSIC, KEYS
SINCE_MS = STAMP_MS - 1000
_FILLS = P.fills(PROD, K, PERP, SINCE_MS, STAMP_MS)
CALLS = calls_of(P, K, PERP, SPOT, place, STAMP_MS, "9161") | {
    "query of a contract": P.query(PROD, K, PERP, "arb0001A", STAMP_MS),
    "fills of a contract": _FILLS,
    "second page of fills": further(_FILLS, fills_page(mix_fill(), end="77")),
    "second page": further(P.open_orders(PROD, K, Market.PERP, {}, STAMP_MS), orders(mix_order(), end="13171")),
    "balances of contracts": P.balances(PROD, K, Market.PERP, STAMP_MS),
    "place in USDC": place(USDC_PERP),
    "place, not ASCII": place(HAN),
    "leverage, not ASCII": P.leverage(PROD, K, HAN, STAMP_MS),
}


@pytest.fixture(scope="module")
def witness() -> Witness:
    exchange: Any = ccxt.bitget({"apiKey": KEY, "secret": SECRET, "password": PASSPHRASE})
    exchange.options["uta"] = False
    perp = contract("BTC", volumePlace="3", minLever="1", maxLever="125", sizeMultiplier="0.001", pricePlace="1")
    listed = {"USDT-FUTURES": [perp]}
    exchange.publicMixGetV2MixMarketContracts = lambda params: {"data": listed.get(params["productType"], [])}
    exchange.publicSpotGetV2SpotPublicSymbols = lambda params: {"data": [symbol("BTC")]}
    exchange.publicMarginGetV2MarginCurrencies = lambda params: {"data": []}
    exchange.set_markets(exchange.fetch_default_markets({}))
    return Witness(exchange, STAMP_MS)


@pytest.mark.parametrize("name", CALLS)
def test_ccxt_signs_the_same_bytes(name: str, witness: Witness) -> None:
    ours = CALLS[name].request
    kind = urlsplit(ours.url).path.split("/")[3]
    witness.signs(ours, "/api/", ["private", kind], BESIDES)


VECTOR = (
    b'{"symbol":"BTCUSDT","productType":"USDT-FUTURES","marginMode":"crossed","marginCoin":"USDT","size":"0.001",'
    b'"price":"60000","side":"buy","orderType":"limit","force":"ioc","clientOid":"arbtui-0001"}'
)

# Our request -> the call of ccxt that means the same.
SAME_WORDS: dict[str, Callable[[Any], Any]] = same_words(SINCE_MS) | {
    "cancel": lambda e: e.cancel_order("", SWAP, ID),
    "cancel unnamed": lambda e: e.cancel_order("9161", COIN),
    "query": lambda e: e.fetch_order("", COIN, ID),
    "query of a contract": lambda e: e.fetch_order("", SWAP, ID),
    "open orders": lambda e: e.fetch_open_orders(SWAP, None, 100),
    "open spot orders": lambda e: e.fetch_open_orders(COIN, None, 100),
    "positions": lambda e: e.fetch_positions([SWAP]),
    "balances": lambda e: e.fetch_balance({"type": "spot"}),
    "balances of contracts": lambda e: e.fetch_balance({"type": "swap"}),
    "fills of a contract": lambda e: e.fetch_my_trades(SWAP, SINCE_MS, 100),
    "history": lambda e: e.fetch_canceled_and_closed_orders(SWAP, SINCE_MS - 86_400_000, 100),
    "leverage": lambda e: e.fetch_leverage(SWAP),
    "funding": lambda e: e.fetch_funding_history(SWAP, SINCE_MS, 100),
}
# What only one of the two says: of market orders no life is asked for; funding is asked of all contracts at once.
UNSAID = {
    "place at market": {"force"},
    "place spot at market": {"force"},
    "funding": {"marginCoin"},
}
PLAIN = {"query of a contract": {"orderId"}, "query": {"orderId"}, "cancel": {"orderId"}}


@pytest.mark.parametrize("name", SAME_WORDS)
def test_ccxt_means_the_same_by_the_same_words(name: str, witness: Witness) -> None:
    ours, theirs = witness.means(CALLS[name].request, SAME_WORDS[name], ("size", "price"))
    assert ours.keys() ^ theirs.keys() <= UNSAID.get(name, set()) | PLAIN.get(name, set()) | {"symbol"}
    shared = ours.keys() & theirs.keys()
    assert {name: str(ours[name]).lower() for name in shared} == {name: str(theirs[name]).lower() for name in shared}


def test_an_order_and_a_question_are_signed_as_the_vectors_say() -> None:
    placed = place(qty=Decimal("0.001"), price=Decimal(60000), client_id="arbtui-0001").request
    assert placed.body == VECTOR
    assert placed.headers["ACCESS-SIGN"] == "e0CXlHzMfjQI6uY+ZD2ixzBTEX167+/rDmiOkE9WfAQ="
    asked = P.positions(PROD, K, {}, STAMP_MS).request
    assert asked.headers["ACCESS-SIGN"] == "1mg14Qi5qOD9IZo4m7Qi1464VoxXGJ085Igu/ts/568="


def test_the_socket_is_the_one_that_ccxt_knows() -> None:
    assert CLASSIC_SOCKET[PROD] == ccxt.pro.bitget().urls["api"]["ws"]["private"]
