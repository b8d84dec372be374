"""The codec as the account of every venue carries it: calls that go on on further pages, and wrong credentials."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from arbtui.core.clock import NS_PER_MS, ManualClock
from arbtui.core.errors import RefusalReason
from arbtui.core.model import Market
from arbtui.core.orders import (
    Accepted,
    AccountEvent,
    AccountMode,
    Balance,
    Fill,
    OrderAbsent,
    OrderReport,
    OrderStatus,
    ReadDone,
    ReadFailed,
    ReadKind,
    Rejected,
    Unanswered,
)
from arbtui.net.account import Account
from arbtui.net.rest import Answer, Rest
from arbtui.venues.base import HttpRequest
from arbtui.venues.private import Keys
from tests.venues.hyperliquid.samples import (
    AGENT,
    KEY,
    KEYS,
    PERPS,
    PRIVATE,
    PROD,
    SPOTS,
    STAMP_MS,
    asked,
    fill_row,
    filled,
    found,
    order,
    said,
    state,
)
from tests.venues.hyperliquid_frames import wire

Answers = dict[str, tuple[int, bytes]]  # by the type of the question, or of the action


class Wire:
    """In place of the REST client: answers at once, and keeps what was asked."""

    timeout_s = 5.0

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def wait_s(self, request: HttpRequest, leave: float = 0.0) -> float:
        return 0.0

    async def carry(self, request: HttpRequest) -> Answer:
        body = asked(request)
        kind = body["action"]["type"] if "action" in body else body["type"]
        self.asked.append(kind)
        status, said = self.answers[kind]
        return Answer(status, said, STAMP_MS * NS_PER_MS, STAMP_MS * NS_PER_MS)


def carried(answers: Answers, act: Callable[[Account], None], keys: Keys = KEYS) -> tuple[list[Any], list[str]]:
    """What was told, and what was asked for."""
    told: list[AccountEvent] = []
    rest = Wire(answers)

    async def run() -> None:
        account = Account(
            PRIVATE,
            PROD,
            keys,
            instruments=lambda market: PERPS if market is Market.PERP else SPOTS,
            rest=cast(Rest, rest),
            clock=ManualClock(STAMP_MS * NS_PER_MS),
            offset_ms=lambda: None,
            sink=told.append,
        )
        act(account)
        await account.settled()
        await account.close()

    asyncio.run(run())
    return told, rest.asked


def test_an_order_is_told_with_what_it_filled() -> None:
    told, _ = carried({"order": (200, said(filled()))}, lambda account: account.place(order()))
    assert [type(event) for event in told] == [Accepted, OrderReport]


def test_a_lost_answer_is_made_good_by_the_order_and_its_fills() -> None:
    told, _ = carried({"order": (504, b"")}, lambda account: account.place(order()))
    assert [type(event) for event in told] == [Unanswered]
    answers = {"orderStatus": (200, found("filled", tif="Ioc")), "userFillsByTime": (200, wire([fill_row()]))}
    told, asked_for = carried(answers, lambda account: account.query(order()))
    assert [type(event) for event in told] == [OrderReport, Fill, ReadDone]
    assert (told[0].status, told[0].filled) == (OrderStatus.CANCELED, told[1].qty)
    assert asked_for == ["orderStatus", "userFillsByTime", "userFillsByTime"]


def test_a_query_whose_fills_are_not_listed_yet_is_not_answered() -> None:
    answers = {"orderStatus": (200, found("filled", tif="Ioc")), "userFillsByTime": (200, b"[]")}
    told, _ = carried(answers, lambda account: account.query(order()))
    assert [type(event) for event in told] == [Unanswered]


def test_an_order_that_never_came_is_absent() -> None:
    answers = {"orderStatus": (200, wire({"status": "unknownOid"}))}
    told, asked_for = carried(answers, lambda account: account.query(order()))
    assert [type(event) for event in told] == [OrderAbsent]
    assert asked_for == ["orderStatus"]


def test_mode_and_balances_of_perps_are_told_by_their_last_page() -> None:
    answers: Answers = {
        "userRole": (200, AGENT),
        "userAbstraction": (200, wire("disabled")),
        "clearinghouseState": (200, wire(state())),
    }
    told, asked_for = carried(answers, lambda account: account.read(ReadKind.MODE, Market.PERP))
    assert [type(event) for event in told] == [AccountMode, ReadDone]
    assert asked_for == ["userRole", "userAbstraction"]
    told, _ = carried(answers, lambda account: account.read(ReadKind.BALANCES, Market.PERP))
    assert [type(event) for event in told] == [Balance, ReadDone]


def _read(kind: ReadKind, account: Account) -> None:
    account.read(kind, Market.PERP)


def test_with_a_key_that_is_none_nothing_is_sent_and_that_is_said() -> None:
    keys = Keys({"private_key": "0x12", "address": "0x12"})
    told, asked_for = carried({}, lambda account: account.place(order()), keys)
    assert [type(event) for event in told] == [Rejected]
    assert (told[0].reason, asked_for) == (RefusalReason.BAD_REQUEST, [])
    for kind in (ReadKind.POSITIONS, ReadKind.MODE):
        told, asked_for = carried({}, partial(_read, kind), keys)
        assert [type(event) for event in told] == [ReadFailed]
        assert (told[0].reason, asked_for) == (RefusalReason.NOT_AUTHORISED, [])
        assert "credentials" in told[0].text
        assert KEY not in told[0].text
