"""Hostile bytes: every kind of frame and body, spoilt in every way, is an event or a typed error."""

from __future__ import annotations

import json
import random

from arbtui.core.errors import ProtocolBroken
from arbtui.core.model import Channel, Market, Stream
from arbtui.venues.base import HttpRequest
from tests.venues.fuzzing import (
    assert_event_or_typed_error,
    assert_http_event_or_typed_error,
    check_event,
    fuzz,
    mutate_bytes,
    mutate_tree,
)
from tests.venues.hyperliquid_frames import (
    ALL_MIDS,
    CHANGED_MIDS,
    HYPERLIQUID,
    T_NS,
    URL,
    ack,
    ask,
    asset_ctx,
    bbo,
    book,
    ctx,
    meta,
    packed,
    pair,
    perp_row,
    push,
    spot_ctx,
    spot_meta,
    tables,
    wire,
)

STREAMS = [
    Stream(Market.PERP, Channel.BBO, "BTC"),
    Stream(Market.PERP, Channel.BOOK, "BTC"),
    Stream(Market.PERP, Channel.MARK, "BTC"),
    Stream(Market.PERP, Channel.MIDS),
    Stream(Market.SPOT, Channel.MIDS),
]

FRAMES = {
    "bbo": bbo(),
    "bbo spot": bbo("@107"),
    "bbo one side": bbo(ask=None),
    "book fast": book(fast=True),
    "book slow": book(bids=[(f"{85560 - n}.0", "1.0") for n in range(20)]),
    "ctx": asset_ctx(),
    "mids": push("fastAssetCtxs", ALL_MIDS),
    "mids changed": push("fastAssetCtxs", CHANGED_MIDS),
    "ack": ack("l2Book", "BTC", nSigFigs=None, mantissa=None, fast=True),
    "left": ack("bbo", "ETH", "unsubscribe"),
    "already": push("error", 'Already subscribed: {"type":"bbo","coin":"BTC"}'),
    "refused": push("error", 'Error parsing JSON into valid websocket request: {"type":"bbo","coin":"BTC"}'),
    "pong": wire({"channel": "pong"}),
    "greeting": b"Websocket connection established.",
    "trades": push("trades", [{"coin": "BTC", "side": "B", "px": "1", "sz": "1", "time": 1, "tid": 1}]),
}

PERPS = meta(perp_row("BTC"), perp_row("MATIC", isDelisted=True), perp_row("kPEPE", 0))
BODIES: dict[str, tuple[HttpRequest, bytes]] = {
    "meta": (ask("meta"), wire(PERPS)),
    "spotMeta": (ask("spotMeta"), wire(spot_meta(pair("PURR/USDC", 1, 0, 0), pair("@107", 150, 0, 107)))),
    "figures": (ask("metaAndAssetCtxs"), wire([PERPS, [ctx(), ctx(midPx=None, impactPxs=None), ctx()]])),
    "spot figures": (ask("spotMetaAndAssetCtxs"), wire([spot_meta(), [spot_ctx("PURR/USDC"), spot_ctx("@107")]])),
    "book": (ask("l2Book"), wire(json.loads(book())["data"])),
}


def test_every_kind_of_frame_reaches_its_event_and_no_spoilt_one_escapes() -> None:
    session = HYPERLIQUID.session(URL, tables())
    session.subscribe(STREAMS)
    report = assert_event_or_typed_error(session, FRAMES, rounds=12_000, rng_seed=11)
    assert report.reached >= {
        "Quote", "BookSnapshot", "Ticker", "Trade", "MarkPrice", "Funding", "Mid", "Subscribed", "Unsubscribed",
        "Refused", "Pong", "Ignored",
    }  # fmt: skip
    assert {"not_json", "not_utf8", "too_deep", "unknown_shape", "bad_price", "bad_size", "not_deflate"} <= set(
        report.errors
    )


def test_what_is_packed_may_be_spoilt_too() -> None:
    session = HYPERLIQUID.session(URL, tables())
    rng = random.Random(12)
    coins = wire({"BTC": {"markPx": "85814.0", "midPx": "85811.5"}, "@107": {"midPx": None}, "#1": {}, "xyz:A": {}})
    mids, refused = 0, 0
    for _ in range(3000):
        mutate = mutate_tree if rng.random() < 0.7 else mutate_bytes
        frame = push("fastAssetCtxs", packed(mutate(coins, rng)))
        try:
            for event in session.decode(frame, T_NS):
                check_event(event)
                mids += type(event).__name__ == "Mid"
        except ProtocolBroken:
            refused += 1
    assert mids > 1000
    assert refused > 100


def test_every_kind_of_body_reaches_its_event_and_no_spoilt_one_escapes() -> None:
    report = assert_http_event_or_typed_error(HYPERLIQUID, tables(), BODIES, rounds=1000, rng_seed=13)
    assert report.reached >= {"Listing", "Ticker", "MarkPrice", "Funding", "BookSnapshot"}
    assert {"not_json", "not_utf8", "too_deep", "unknown_shape"} <= set(report.errors)


def test_exact_texts_of_a_spoilt_frame_are_texts_or_a_typed_error() -> None:
    def texts(frame: bytes) -> tuple[()]:
        for text in HYPERLIQUID.quote_texts(Market.PERP, frame):
            assert text is None or float(text) > 0.0
        return ()

    report = fuzz(texts, {name: frame for name, frame in FRAMES.items() if name.startswith("bbo")}, 3000, 14)
    assert report.frames > 3000
