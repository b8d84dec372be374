"""Whatever an account asks of the simulated Hyperliquid, it is answered in the venue's words."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sim.hyperliquid_private_support import Trader, cloid
from tests.sim.hyperliquid_support import asked

_ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63),
    st.sampled_from(["", "0", "0.01", "83000", "1e5", "nan", "٣", cloid(1), "0x12", "BTC", "Ioc", "xyz", "na"]),
    st.text(max_size=6),
    st.lists(st.integers(0, 3), max_size=2),
    st.just({"limit": {"tif": "Gtc"}}),
)
_KINDS = ["order", "cancel", "cancelByCloid", "modify", "batchModify", "updateLeverage", "scheduleCancel",
          "setReferrer", "noop", "approveAgent", "approveBuilderFee"]  # fmt: skip
_ORDER = st.dictionaries(st.sampled_from(list("abpsrtc")), _ODD, max_size=3)
_QUESTION = st.dictionaries(st.sampled_from(["user", "oid", "dex", "coin", "startTime", "endTime"]), _ODD, max_size=4)


@pytest.fixture(scope="module")
def one() -> Trader:
    return Trader()


@settings(max_examples=150, deadline=None)
@given(changed=_ORDER, more=st.dictionaries(st.sampled_from(["nonce", "vaultAddress", "expiresAfter"]), _ODD,
                                            max_size=2), kind=st.sampled_from(_KINDS), data=st.data())  # fmt: skip
def test_any_action_is_answered(
    one: Trader, changed: dict[str, Any], more: dict[str, Any], kind: str, data: st.DataObject
) -> None:
    one.t_ns += 10**9
    order = {**one.order("buy", "0.001"), **changed}
    action = {
        "type": kind, "orders": [order], "grouping": "na", "order": order, "oid": data.draw(_ODD),
        "cancels": [{"a": 0, "o": data.draw(_ODD), "asset": 0, "cloid": data.draw(_ODD)}],
        "modifies": [{"oid": data.draw(_ODD), "order": order}], "asset": data.draw(_ODD), "leverage": 3,
        "isCross": True, "code": "X", "signatureChainId": data.draw(_ODD), "hyperliquidChain": "Mainnet",
    }  # fmt: skip
    given_signature = {"r": "0x1", "s": "0x1", "v": 27}
    body = {"action": action, "nonce": one.nonce(), "signature": given_signature, **more}
    reply = one.send(body)
    assert reply.status in (200, 422, 429)
    if reply.status == 200:
        assert orjson.loads(reply.body)["status"] == "err"


@settings(max_examples=100, deadline=None)
@given(asset=st.sampled_from([0, 1, 3, 10_142, 10_166, 10_003, 99_999, 110_000, 2**40]), buy=st.booleans(),
       price=st.sampled_from(["83000", "83100", "1", "0.9", "3120", "0.00001", "99999999", "0"]),
       size=st.sampled_from(["0", "0.001", "0.02", "5", "1000000000", "0.00000001"]),
       tif=st.sampled_from(["Ioc", "Alo", "Gtc", "FrontendMarket"]), reduce=st.booleans())  # fmt: skip
def test_any_signed_order_is_answered_and_money_is_kept(
    one: Trader, asset: int, buy: bool, price: str, size: str, tif: str, reduce: bool
) -> None:
    one.t_ns += 4 * 10**9
    order = {"a": asset, "b": buy, "p": price, "s": size, "r": reduce, "t": {"limit": {"tif": tif}}}
    (status,) = one.place(order)
    assert set(status) <= {"resting", "filled", "error"}
    for kind in ("clearinghouseState", "spotClearinghouseState", "frontendOpenOrders", "userFills"):
        one.read(kind)
    assert all(float(row["total"]) >= 0 for row in one.read("spotClearinghouseState")["balances"])


@settings(max_examples=150, deadline=None)
@given(question=_QUESTION, data=st.data(), mine=st.booleans())
def test_any_question_about_an_account_is_answered(
    one: Trader, question: dict[str, Any], data: st.DataObject, mine: bool
) -> None:
    one.t_ns += 10**10
    kinds = one.sim.private.reads.kinds()
    user = {"user": one.keys.address} if mine else {}
    body = orjson.dumps({"type": data.draw(st.sampled_from(kinds)), **question, **user})
    reply = one.sim.handle(asked(body))
    assert reply.status in (200, 422, 429) or (reply.status, reply.body) == (500, b"null")


@settings(max_examples=60, deadline=None)
@given(kind=st.sampled_from(["userFills", "orderUpdates", "clearinghouseState", "post"]), odd=_QUESTION)
def test_any_text_about_accounts_on_a_socket_is_survived(one: Trader, kind: str, odd: dict[str, Any]) -> None:
    one.t_ns += 3 * 10**9
    session, _ = one.open()
    text = repr({"method": "subscribe", "subscription": {"type": kind, **odd}}).replace("'", '"')
    session.on_text(text)
    session.drop()
    session.gone()
