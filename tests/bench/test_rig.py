"""The bench measures what it says: real frames, right tops, and a refusal where a candidate reads them wrongly."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import msgspec
import pytest

from arbtui.bench.rig import FRAMES_PER_LOOK, FRAMES_PER_READ, Rig, bench_loop, must_agree, parts_of
from arbtui.bench.traffic import Capture, Leg, activity, capture
from arbtui.core.errors import OurMistake
from arbtui.core.model import Channel

VENUES = ("binance", "okx")


@pytest.fixture(scope="module")
def quotes() -> Capture:
    return capture(Channel.BBO, VENUES, coins=12, frames=150, moves_per_s=15.0)


@pytest.fixture(scope="module")
def books() -> Capture:
    return capture(Channel.BOOK, VENUES, coins=3, frames=40, moves_per_s=12.0)


@pytest.fixture
def rig(quotes: Capture) -> Iterator[Rig]:
    with bench_loop() as loop:
        yield Rig(quotes, loop)


def test_every_wire_form_has_frames(quotes: Capture, books: Capture) -> None:
    for taken in (quotes, books):
        assert [str(one) for one in taken.formats] == ["binance perp", "binance spot", "okx perp", "okx spot"]
    assert len(quotes.frames) >= 150 * 4
    assert all(len(quotes.of(one)) >= 50 for one in quotes.formats)
    assert all(books.levels_per_frame[one] > 1 for one in books.formats)


def test_the_same_capture_is_made_each_time(quotes: Capture) -> None:
    again = capture(Channel.BBO, VENUES, coins=12, frames=150, moves_per_s=15.0)
    assert [frame.data for frame in again.frames] == [frame.data for frame in quotes.frames]


def test_popular_coins_bring_most_of_the_traffic() -> None:
    taken = capture(Channel.BBO, ("binance",), coins=100, frames=600, moves_per_s=15.0)
    spot = [frame.data.decode() for frame in taken.frames if "spot" in taken.sockets[frame.socket].plan.label]
    heard = Counter(re.findall(r'"s":"(\w+?)USD[TC]"', " ".join(spot)))
    most = [count for _, count in heard.most_common()]
    assert len(most) > 50
    assert sum(most[:20]) > 0.5 * sum(most)
    assert activity(1) / activity(199) == pytest.approx(82.15 / 2.47, rel=0.1)


def test_frames_through_the_real_connection_end_at_the_exchanges_top_of_book(rig: Rig) -> None:
    for sink, data in rig.calls(rig.parts, rig.capture.frames):
        sink(data)
    for part in rig.parts:
        legs = [leg for one in rig.capture.formats if one.venue == part.name for leg in _legs(rig, one.venue)]
        must_agree(part.name, rig.tops(part), rig.capture.truth, legs)
    assert rig.broken() == 0


def test_reads_and_looks_at_what_is_hot_are_among_what_is_timed(rig: Rig) -> None:
    frames = rig.capture.frames
    plain, looking = rig.calls(rig.parts, frames), rig.calls(rig.parts, frames, looking=True)
    assert [data for _, data in plain if data] == [frame.data for frame in frames]
    assert len(plain) - len(frames) >= len(frames) / FRAMES_PER_READ
    assert len(looking) - len(plain) == -(-len(frames) // FRAMES_PER_LOOK)
    before = {slot.id: slot.quote for slot in rig.board.slots}
    began_ns = rig.clock.now_ns()
    for sink, data in plain:
        sink(data)
    new = [slot.quote for slot in rig.board.slots if slot.quote is not None and slot.quote is not before[slot.id]]
    assert len(new) > 20
    assert all(quote.t_ns >= began_ns for quote in new)


def test_the_strategy_of_a_rig_knows_its_coins_and_hears_of_an_edge_among_them(rig: Rig) -> None:
    spreads = rig.desk.spreads
    spreads.listen(rig.board)
    before = spreads.hot()
    base, coin = next((base, coin) for base, coin in rig.board.coins.items() if base not in before)
    slot = next(slot for slot in coin.slots if not slot.is_spot and slot.muted is None)
    assert slot.quote is not None
    assert slot.quote.ask is not None
    high = slot.quote.ask * 1.02
    rig.board.apply(msgspec.structs.replace(slot.quote, bid=high, ask=high * 1.001, seq=0))
    assert spreads.hot() == sorted([*before, base])


def test_most_legs_may_trade_so_that_the_strategy_has_work(rig: Rig) -> None:
    may, quoted = rig.admissible()
    assert may > 0.8 * quoted > 0


def test_a_round_can_be_run_again_as_if_for_the_first_time(rig: Rig) -> None:
    part = rig.parts[0]
    for _ in range(2):
        rig.connect(part)
        for sink, data in rig.calls([part], rig.capture.frames):
            sink(data)
        must_agree(part.name, rig.tops(part), rig.capture.truth, _legs(rig, part.name))


def test_a_frame_that_is_left_out_is_noticed(rig: Rig) -> None:
    part = rig.parts[0]
    legs = _legs(rig, part.name)
    for sink, data in rig.calls([part], rig.capture.frames)[:-100]:
        sink(data)
    with pytest.raises(OurMistake, match="tops of book differ"):
        must_agree(part.name, rig.tops(part), rig.capture.truth, legs)


def test_nothing_compared_is_not_agreement(rig: Rig) -> None:
    with pytest.raises(OurMistake):
        must_agree("nobody", {}, rig.capture.truth, [])


def test_books_end_as_the_exchanges_books_stand(books: Capture) -> None:
    with bench_loop() as loop:
        rig = Rig(books, loop)
        for sink, data in rig.calls(rig.parts, books.frames):
            sink(data)
        for part in rig.parts:
            must_agree(part.name, rig.book_tops(part), books.truth, _legs(rig, part.name))


def test_venues_are_repeated_under_other_names_as_whole_venues(quotes: Capture) -> None:
    parts = parts_of(quotes, 5)
    assert [part.name for part in parts] == ["binance", "okx", "binance2", "okx2", "binance3"]
    with bench_loop() as loop:
        rig = Rig(quotes, loop, parts)
        assert {slot.instrument.venue for slot in rig.board.coins["BTC"].slots} == {part.name for part in parts}
        for sink, data in rig.calls(parts, quotes.frames):
            sink(data)
        quoted = {slot.instrument.venue for slot in rig.board.slots if slot.quote is not None}
        assert quoted == {part.name for part in parts}


def _legs(rig: Rig, venue: str) -> list[Leg]:
    found: dict[Leg, None] = {}
    for one in rig.capture.formats:
        if one.venue == venue:
            found.update(dict.fromkeys(rig.legs_of(one, rig.capture.of(one))))
    return list(found)
