"""What ``Session.quote`` promises, for every venue: nobody looks at its numbers again."""

from __future__ import annotations

import random
from math import inf

import pytest

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import Quote
from arbtui.core.model import Market
from arbtui.venues import registry
from arbtui.venues.base import Session, Tables
from tests.venues import binance_samples, bitget_frames, bybit_frames, hyperliquid_frames, okx_frames
from tests.venues.fuzzing import T_NS, mutate_bytes, mutate_tree

CASES: dict[str, tuple[str, str, Tables, bytes]] = {
    "binance perp": (
        "binance",
        binance_samples.PERP_PUBLIC,
        binance_samples.tables(),
        binance_samples.combined("btcusdt@bookTicker", binance_samples.PERP_BBO),
    ),
    "binance spot": (
        "binance",
        binance_samples.SPOT,
        binance_samples.tables(),
        binance_samples.combined("btcusdt@bookTicker", binance_samples.SPOT_BBO),
    ),
    "okx": ("okx", okx_frames.URL, okx_frames.tables(), okx_frames.bbo()),
    "bybit": ("bybit", bybit_frames.LINEAR, bybit_frames.tables(), bybit_frames.bbo()),
    "bitget": ("bitget", bitget_frames.URL, bitget_frames.tables(), bitget_frames.bbo()),
    "hyperliquid": (
        "hyperliquid",
        hyperliquid_frames.URL,
        hyperliquid_frames.tables(),
        hyperliquid_frames.bbo(),
    ),
}


def session_of(case: str) -> tuple[Session, bytes]:
    venue, url, tables, seed = CASES[case]
    return registry.venue(venue).session(url, tables), seed


def heard(session: Session, frame: bytes) -> Quote:
    (event,) = session.decode(frame, T_NS)
    assert isinstance(event, Quote)
    return event


def sound(quote: Quote, frame: bytes) -> bool:
    numbers = (quote.bid, quote.bid_qty, quote.ask, quote.ask_qty)
    return (
        all(type(number) is float and 0.0 < number < inf for number in numbers)
        and quote.source == "ws"
        and quote.raw is frame
        and quote.t_ns == T_NS
        and quote.seq >= 0
    )


@pytest.mark.parametrize("case", CASES)
def test_an_ordinary_frame_is_the_quote_that_decode_tells(case: str) -> None:
    session, seed = session_of(case)
    first = heard(session, seed)
    assert session.quote(seed, T_NS) == first


@pytest.mark.parametrize("case", CASES)
def test_whatever_a_frame_holds_its_quote_is_sound_or_there_is_none(case: str) -> None:
    session, seed = session_of(case)
    rng = random.Random(case)
    taken = 0
    for number in range(3000):
        heard(session, seed)  # so that the next frame is taken for a quote
        frame = (mutate_tree if number % 4 else mutate_bytes)(seed, rng)
        quote = session.quote(frame, T_NS)
        if quote is not None:
            taken += 1
            assert sound(quote, frame), (quote, frame[:300])
    assert 30 < taken < 2000


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("frame", [b"", b"pong", b"[]", b"{}", b"null", b"\xff", b"[" * 5000, b'{"data":' * 5000])
def test_other_frames_are_no_quote_and_the_next_quote_is_read_all_the_same(case: str, frame: bytes) -> None:
    session, seed = session_of(case)
    heard(session, seed)
    assert session.quote(frame, T_NS) is None
    heard(session, seed)
    assert session.quote(seed, T_NS) is not None


def test_a_book_update_with_one_level_on_each_side_is_no_quote() -> None:
    """Its only difference from a best bid and offer is the channel that it names."""
    okx, seed = session_of("okx")
    heard(okx, seed)
    level = [["1.5", "2", "0", "1"]]
    assert okx.quote(okx_frames.book("update", 5, 6, bids=level, asks=level), T_NS) is None
    bitget, seed = session_of("bitget")
    heard(bitget, seed)
    assert bitget.quote(bitget_frames.book("update", 5, 6, bids=[["1.5", "2"]], asks=[["1.6", "2"]]), T_NS) is None
    bybit, seed = session_of("bybit")
    heard(bybit, seed)
    assert bybit.quote(bybit_frames.book("snapshot", 5, depth=50), T_NS) is None


@pytest.mark.parametrize("case", CASES)
def test_a_symbol_of_no_table_is_no_quote(case: str) -> None:
    venue, url, _, seed = CASES[case]
    session = registry.venue(venue).session(url, Tables({market: {} for market in Market}))
    try:
        session.decode(seed, T_NS)
    except ProtocolBroken:
        pytest.fail("an unknown symbol is no error")
    assert session.quote(seed, T_NS) is None
