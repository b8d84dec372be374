"""Codecs over real sockets: signatures on the bytes that arrived, pages to their end, what several answers say."""

from __future__ import annotations

import pytest

from arbtui.core.orders import (
    Accepted,
    AccountMode,
    Fill,
    LeverageRead,
    OrderAbsent,
    OrderReport,
    Position,
    ReadDone,
    ReadKind,
    Rejected,
    Unanswered,
)
from tests.venues.bitget.samples import refused
from tests.venues.bitget.wiring import BITGET
from tests.venues.bybit.wiring import BYBIT
from tests.venues.private_wire import Wiring, wired

each = pytest.mark.parametrize("venue", [BITGET, BYBIT], ids=lambda venue: venue.dialect.private.name)


@each
async def test_an_order_is_signed_as_it_arrives_and_a_refusal_is_one_that_tells_no_key(venue: Wiring) -> None:
    async with wired(venue.dialect, {venue.place_path: venue.taken}) as w:
        (taken,) = await w.after(lambda account: account.place(venue.order()))
        assert isinstance(taken, Accepted)
        w.server.answers[venue.place_path] = venue.no
        (no,) = await w.after(lambda account: account.place(venue.order(client_id="arb0002A")))
        assert isinstance(no, Rejected)
        assert venue.dialect.keys["api_key"] not in no.text


@each
async def test_pages_and_categories_are_read_to_their_end(venue: Wiring) -> None:
    async with wired(venue.dialect, venue.open_orders) as w:
        events = await w.read(ReadKind.OPEN_ORDERS)
        assert len([event for event in events if isinstance(event, OrderReport)]) == 2
        assert len(w.server.asked) == venue.pages


@each
async def test_an_order_that_has_ended_is_found_with_its_fills(venue: Wiring) -> None:
    async with wired(venue.dialect, venue.ended) as w:
        told = await w.after(lambda account: account.query(venue.order()))
        assert [type(event) for event in told] == [OrderReport, Fill, ReadDone]


@each
async def test_only_the_venues_word_makes_an_order_absent(venue: Wiring) -> None:
    async with wired(venue.dialect, venue.nowhere) as w:
        (told,) = await w.after(lambda account: account.query(venue.order()))
        assert isinstance(told, OrderAbsent)
        path, failing = venue.failing
        w.server.answers[path] = failing
        (told,) = await w.after(lambda account: account.query(venue.order()))
        assert isinstance(told, Unanswered)


@each
async def test_mode_leverage_and_positions_are_read(venue: Wiring) -> None:
    async with wired(venue.dialect, venue.setup) as w:
        (mode,) = await w.read(ReadKind.MODE)
        assert isinstance(mode, AccountMode)
        assert (mode.can_trade, mode.position_mode) == (True, "one_way")
        (lever,) = await w.read(ReadKind.LEVERAGE)
        assert isinstance(lever, LeverageRead)
        (held,) = await w.read(ReadKind.POSITIONS)
        assert isinstance(held, Position)


@each
async def test_the_socket_logs_in_subscribes_and_tells_what_happens(venue: Wiring) -> None:
    async with wired(venue.dialect) as w:
        fill = await w.hear_a_fill(venue.fill)
        assert (fill.client_id, fill.fee_ccy) == (venue.order().client_id, "USDT")


async def test_a_classic_account_of_bitget_is_recognised_by_its_answer() -> None:
    answer = refused("40084", "You are in Classic Account mode")
    async with wired(BITGET.dialect, {"account/settings": answer}) as w:
        (mode,) = await w.read(ReadKind.MODE)
        assert isinstance(mode, AccountMode)
        assert mode.can_trade is False
        assert "classic account" in mode.text
