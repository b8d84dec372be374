"""Mids of all coins: unpacked within limits, merged, told whole."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import pytest

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import Event, Ignored, Mid
from arbtui.core.model import Channel, Market, Stream
from arbtui.venues.base import Tables
from arbtui.venues.hyperliquid import mids as codec
from tests.venues.hyperliquid_frames import (
    ALL_MIDS,
    CHANGED_MIDS,
    HYPERLIQUID,
    T_NS,
    URL,
    mids,
    packed,
    push,
    tables,
)
from tests.venues.recordings import Growing


def told(*frames: bytes, markets: tuple[Market, ...] = ()) -> list[Event]:
    """What the last frame of one conversation says."""
    session = HYPERLIQUID.session(URL, tables())
    session.subscribe([Stream(market, Channel.MIDS) for market in markets])
    events: list[Event] = []
    for frame in frames:
        events = list(session.decode(frame, T_NS))
    return events


def test_the_recorded_frames_are_all_coins_and_then_what_changed() -> None:
    by_market = {Market.PERP: Growing(), Market.SPOT: Growing()}
    session = HYPERLIQUID.session(URL, Tables(by_market))
    assert list(session.decode(push("fastAssetCtxs", ALL_MIDS), T_NS)) == [
        Mid(by_market[Market.PERP]["BTC"], 85811.5, T_NS),
        Mid(by_market[Market.SPOT]["@107"], 92.945, T_NS),
    ]
    assert list(session.decode(push("fastAssetCtxs", CHANGED_MIDS), T_NS + 1)) == [
        Mid(by_market[Market.PERP]["BTC"], 85812.5, T_NS + 1),
        Mid(by_market[Market.SPOT]["@107"], 92.945, T_NS + 1),  # only its mark changed
    ]
    assert [list(table) for table in by_market.values()] == [["BTC"], ["@107"]]  # neither HIP-3 nor outcomes


def test_a_coin_that_a_frame_leaves_out_stands_as_it_was_and_is_told_again() -> None:
    events = told(mids({"BTC": {"midPx": "1.5"}, "ETH": {"midPx": "2"}}), mids({"ETH": {"midPx": "3"}}))
    assert events == [Mid(10, 1.5, T_NS), Mid(11, 3.0, T_NS)]
    assert told(mids({"BTC": {"midPx": "1.5"}}), mids({})) == [Mid(10, 1.5, T_NS)]


def test_a_null_mid_says_that_the_book_has_none() -> None:
    assert told(mids({"BTC": {"midPx": "1.5"}}), mids({"BTC": {"midPx": None}})) == [Mid(10, None, T_NS)]


def test_a_coin_whose_mid_was_never_told_is_not_told() -> None:
    assert told(mids({"BTC": {"markPx": "1"}})) == []


def test_only_the_markets_that_were_asked_for_are_told() -> None:
    frame = mids({"BTC": {"midPx": "1"}, "@107": {"midPx": "2"}})
    assert told(frame, markets=(Market.SPOT,)) == [Mid(20, 2.0, T_NS)]
    assert told(frame, markets=(Market.PERP,)) == [Mid(10, 1.0, T_NS)]
    assert told(frame) == [Mid(10, 1.0, T_NS), Mid(20, 2.0, T_NS)]


@pytest.mark.parametrize("bad", [{"midPx": "nan"}, {"midPx": "-1"}, {"midPx": 7}, [], None, {"midPx": "1e999999999"}])
def test_one_bad_coin_does_not_take_the_others_with_it(bad: Any) -> None:
    assert told(mids({"ETH": bad, "BTC": {"midPx": "1.5"}})) == [Mid(10, 1.5, T_NS), Ignored("bad_row")]


def test_coins_of_no_table_are_said_once_a_frame() -> None:
    frame = mids({"NEW": {"midPx": "1"}, "@999": {"midPx": "1"}, "xyz:NEW": {"midPx": "1"}, "BTC": {"midPx": "2"}})
    assert told(frame, frame) == [Mid(10, 2.0, T_NS), Ignored("unknown_symbol")]


# --- what is no frame -------------------------------------------------------------------------------------------------


def refusal(data: Any) -> str:
    with pytest.raises(ProtocolBroken) as refused:
        told(push("fastAssetCtxs", data))
    return refused.value.kind


def test_a_bomb_is_refused_before_it_has_unpacked() -> None:
    bomb = packed(b'{"BTC":{"midPx":"' + b"1" * (codec.MAX_UNPACKED + 1) + b'"}}')
    assert len(bomb) < 30_000
    assert refusal(bomb) == "too_large"


def test_a_frame_at_the_limit_is_still_read() -> None:
    blanks = b" " * (codec.MAX_UNPACKED - 2)
    assert codec.unpack(packed(b"{" + blanks + b"}")) == b"{" + blanks + b"}"


def test_too_much_base64_is_refused_unread() -> None:
    assert refusal("A" * (codec.MAX_PACKED + 1)) == "too_large"


@pytest.mark.parametrize(
    "data",
    [
        "",
        "%%%",
        "☃",
        ALL_MIDS[:-5],  # cut: neither base64 nor DEFLATE comes to its end
        ALL_MIDS[: len(ALL_MIDS) // 8 * 4],
        base64.b64encode(zlib.compress(b"{}")).decode(),  # with a zlib header: not raw
        base64.b64encode(b"{}").decode(),
    ],
)
def test_what_is_not_base64_of_raw_deflate_is_refused(data: str) -> None:
    assert refusal(data) == "not_deflate"


@pytest.mark.parametrize(
    ("text", "kind"),
    [(b"[]", "unknown_shape"), (b"", "not_json"), (b"{", "not_json"), (b'{"a":' * 5000 + b"}" * 5000, "too_deep")],
)
def test_what_unpacks_to_something_else_is_refused(text: bytes, kind: str) -> None:
    assert refusal(packed(text)) == kind


def test_data_that_is_no_text_is_refused() -> None:
    assert refusal({"BTC": {"midPx": "1"}}) == "unknown_shape"
