"""Mutated answers and pushes of every kind: events or the three named errors, nothing else."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest

from arbtui.core.errors import OutcomeUnknown, ProtocolBroken, VenueRefused
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import (
    Accepted,
    AccountMode,
    Balance,
    FeeRates,
    Fill,
    FundingPaid,
    LeverageRead,
    OrderReport,
    Position,
    Rejected,
)
from arbtui.venues.binance import userstream
from arbtui.venues.private import PrivateCall, StreamKey
from tests.venues import fuzzing
from tests.venues.binance import private_samples as sample
from tests.venues.binance.private_samples import KEYS, OURS, PERP, PRIVATE, PROD, SPOT, STAMP_MS, T_NS, body, error

ROUNDS = 400  # of each seed
NAMED = (OutcomeUnknown, VenueRefused, ProtocolBroken)
STATUSES = (200, 200, 200, 200, 400, 401, 418, 429, 451, 503, 302)


def place(instrument: Instrument) -> PrivateCall:
    return PRIVATE.place(PROD, KEYS, instrument, sample.order(instrument), STAMP_MS)


def cancel(instrument: Instrument) -> PrivateCall:
    return PRIVATE.cancel(PROD, KEYS, instrument, OURS, STAMP_MS)


def query(instrument: Instrument) -> PrivateCall:
    return PRIVATE.query(PROD, KEYS, instrument, OURS, STAMP_MS)


P, K, SINCE_MS = PRIVATE, KEYS, STAMP_MS - 1000
READS: dict[str, tuple[PrivateCall, Any, str]] = {  # name -> call, a sound answer, an event that it gives
    "perp place": (place(PERP), sample.USDM_PLACED, "Accepted"),
    "spot place": (place(SPOT), sample.SPOT_PLACED, "Fill"),
    "place refused": (place(PERP), {"code": -2019, "msg": "Margin is insufficient."}, "Rejected"),
    "perp cancel": (cancel(PERP), sample.USDM_PLACED, "CancelTaken"),
    "spot cancel": (cancel(SPOT), sample.SPOT_CANCELED, "CancelTaken"),
    "cancel refused": (cancel(SPOT), {"code": -2011, "msg": "Unknown order sent."}, "CancelRefused"),
    "perp query": (query(PERP), sample.USDM_QUERIED, "OrderReport"),
    "spot query": (query(SPOT), sample.SPOT_QUERIED, "OrderReport"),
    "absent": (query(PERP), {"code": -2013, "msg": "Order does not exist."}, "OrderAbsent"),
    "perp open": (P.open_orders(PROD, K, Market.PERP, {}, STAMP_MS), [sample.USDM_QUERIED] * 2, "OrderReport"),
    "spot history": (P.history(PROD, K, SPOT, SINCE_MS, STAMP_MS), [sample.SPOT_QUERIED], "OrderReport"),
    "perp fills": (P.fills(PROD, K, PERP, SINCE_MS, STAMP_MS), [sample.USDM_TRADE] * 2, "Fill"),
    "spot fills": (P.fills(PROD, K, SPOT, SINCE_MS, STAMP_MS), [sample.SPOT_TRADE], "Fill"),
    "funding": (P.funding_paid(PROD, K, {}, SINCE_MS, STAMP_MS), [sample.INCOME], "FundingPaid"),
    "positions": (P.positions(PROD, K, {}, STAMP_MS), [sample.POSITION], "Position"),
    "perp balances": (P.balances(PROD, K, Market.PERP, STAMP_MS), [sample.USDM_BALANCE], "Balance"),
    "spot balances": (P.balances(PROD, K, Market.SPOT, STAMP_MS), sample.SPOT_ACCOUNT, "Balance"),
    "perp mode": (P.mode(PROD, K, Market.PERP, STAMP_MS), sample.ACCOUNT_CONFIG, "AccountMode"),
    "spot mode": (P.mode(PROD, K, Market.SPOT, STAMP_MS), sample.SPOT_ACCOUNT, "AccountMode"),
    "leverage": (P.leverage(PROD, K, PERP, STAMP_MS), [sample.SYMBOL_CONFIG], "LeverageRead"),
    "perp fees": (P.fee_rates(PROD, K, PERP, STAMP_MS), sample.COMMISSION_RATE, "FeeRates"),
    "spot fees": (P.fee_rates(PROD, K, SPOT, STAMP_MS), sample.SPOT_COMMISSION, "FeeRates"),
}
PUSHES: dict[str, tuple[str, bytes, str]] = {
    "order": ("usdm", body(sample.ORDER_UPDATE), "Fill"),
    "order, wrapped": ("usdm", b'{"stream":"k","data":' + body(sample.ORDER_UPDATE) + b"}", "OrderReport"),
    "lite": ("usdm", body(sample.TRADE_LITE), "Fill"),
    "account": ("usdm", body(sample.ACCOUNT_UPDATE), "Position"),
    "leverage": ("usdm", body(sample.LEVERAGE_UPDATE), "LeverageRead"),
    "key": ("usdm", body(sample.KEY_EXPIRED), "Expired"),
    "usdm answer": ("usdm", b'{"result":["k"],"id":1}', "Ignored"),
    "usdm error": ("usdm", b'{"error":{"code":2,"msg":"Invalid request"},"id":5}', "Refused"),
    "execution": ("spot", sample.wrapped(sample.EXECUTION), "Fill"),
    "spot balances": ("spot", sample.wrapped(sample.SPOT_BALANCES), "Balance"),
    "ended": ("spot", sample.wrapped({"e": "eventStreamTerminated", "E": 1}), "Expired"),
    "subscribed": ("spot", sample.subscribed(), "SubscribedAll"),
    "refused": ("spot", body({"id": "1", "status": 401, "error": {"code": -2015, "msg": "no"}}), "LoginRefused"),
    "shutdown": ("spot", body({"e": "serverShutdown", "E": 1}), "Closing"),
}


def number(value: Decimal | None, at_least: int | None = None) -> None:
    assert value is None or value.is_finite()
    assert value is None or at_least is None or value >= at_least


def check(event: Any) -> None:
    """What holds for everything that an account tells, whatever bytes it was made of."""
    stamp = getattr(event, "t_ms", None)
    assert stamp is None or (type(stamp) is int and 0 <= stamp < 2**53)
    match event:
        case Fill():
            assert event.price > 0, event
            assert event.qty > 0, event
            assert event.fill_id.isdigit(), event
            number(event.fee)
        case OrderReport():
            for value in (event.qty, event.filled, event.price, event.avg_price):
                number(value, 0)
            assert event.price != 0, event
            assert event.avg_price != 0, event
            assert len(event.status_text) <= 40, event
        case Position():
            for value in (event.qty, event.entry_price, event.mark, event.liquidation_price, event.margin):
                number(value)
        case Balance():
            number(event.total)
            number(event.free)
        case FundingPaid():
            number(event.amount)
        case FeeRates():
            number(event.maker)
            number(event.taker)
        case LeverageRead():
            assert event.leverage >= 1, event
        case AccountMode():
            assert event.position_mode in ("one_way", "hedge", None), event
        case Rejected():
            assert event.retry_after_s is None or event.retry_after_s >= 0, event
        case Accepted():
            assert event.order_id.isdigit(), event


def fuzz(
    read: Callable[[bytes, random.Random], Sequence[Any]], seed: bytes, errors: tuple[type[Exception], ...]
) -> Counter[str]:
    """What mutations of ``seed`` gave: event and error names, counted."""
    rng = random.Random(seed)
    seen: Counter[str] = Counter()
    for _ in range(ROUNDS):
        frame = (fuzzing.mutate_tree if rng.random() < 0.8 else fuzzing.mutate_bytes)(seed, rng)
        try:
            events = read(frame, rng)
        except errors as caught:
            seen[type(caught).__name__] += 1
            continue
        for event in events:
            check(event)
            seen[type(event).__name__] += 1
    return seen


@pytest.mark.parametrize("name", READS)
def test_mutated_answers_give_events_or_the_three_named_errors(name: str) -> None:
    call, answer, kind = READS[name]
    sound = body(answer)
    events = call.read(400 if "code" in answer else 200, sound, T_NS)
    assert kind in {type(event).__name__ for event in events}
    for event in events:
        check(event)
    seen = fuzz(lambda frame, rng: call.read(rng.choice(STATUSES), frame, T_NS), sound, NAMED)
    assert seen[kind] > 0, seen
    assert seen["OutcomeUnknown"] > 0, seen
    if call.next_page is not None:
        for frame in (sound, b"", b"{", b"[" * 5000, body([{"time": -1}] * 1000), body([{"time": 5}] * 1000)):
            call.next_page(200, frame, STAMP_MS)


@pytest.mark.parametrize("name", [name for name in READS if "place" in name or "cancel" in name])
def test_an_order_is_never_said_to_be_taken_or_refused_by_an_answer_that_is_not_about_it(name: str) -> None:
    call, answer, _ = READS[name]

    def read(frame: bytes, rng: random.Random) -> Sequence[Any]:
        events = call.read(200, frame, T_NS)
        assert {getattr(event, "client_id", "") for event in events} == {OURS}
        return events

    fuzz(read, body(answer), (OutcomeUnknown,))


@pytest.mark.parametrize("name", PUSHES)
def test_mutated_pushes_give_events_or_are_broken(name: str) -> None:
    product, sound, kind = PUSHES[name]
    session = PRIVATE.private_session(userstream.USDM if product == "usdm" else userstream.SPOT, KEYS, {})
    events = session.decode(sound, T_NS)
    assert kind in {type(event).__name__ for event in events}
    seen = fuzz(lambda frame, rng: session.decode(frame, T_NS), sound, (ProtocolBroken,))
    assert seen["ProtocolBroken"] > 0, seen


def test_mutated_listen_keys_are_keys_or_named_errors() -> None:
    call = PRIVATE.key_call(PROD, KEYS, userstream.USDM, renew=False, stamp_ms=STAMP_MS)

    def read(frame: bytes, rng: random.Random) -> Sequence[Any]:
        key = call.read(rng.choice(STATUSES), frame)
        assert isinstance(key, StreamKey)
        assert key.key
        return ()

    assert fuzz(read, body({"listenKey": "pqia91ma19a5s61"}), NAMED)["ProtocolBroken"] > 0
    assert fuzz(read, error(-1125, "This listenKey does not exist."), NAMED)["VenueRefused"] > 0
