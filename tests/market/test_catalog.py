"""Which listings are believed, and what they change."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbtui.core.errors import OurMistake
from arbtui.core.events import Listing, StatusChange
from arbtui.core.model import Instrument, Market, TradingStatus
from arbtui.market.state import ListingChange
from tests.market.desk import PERP, SPOT, Desk, instrument


def many(count: int, start: int = 0) -> list[Instrument]:
    return [instrument("ama", PERP, f"C{number}USDT", f"C{number}") for number in range(start, start + count)]


def natives(change: ListingChange) -> tuple[list[str], list[str], list[str]]:
    added, changed, removed = (
        [slot.instrument.native for slot in slots] for slots in (change.added, change.changed, change.removed)
    )
    return added, changed, removed


def test_a_first_listing_fills_slots_coins_and_tables() -> None:
    desk = Desk()
    tables = desk.board.tables("ama")
    change = desk.board.take_listing("ama", desk.listing(many(3)))
    assert natives(change) == (["C0USDT", "C1USDT", "C2USDT"], [], [])
    assert tables[PERP] == {"C0USDT": 0, "C1USDT": 1, "C2USDT": 2}
    assert tables[SPOT] == {}
    assert list(desk.board.coins) == ["C0", "C1", "C2"]


def test_the_same_listing_again_changes_nothing_and_tells_nobody() -> None:
    desk = Desk()
    desk.board.take_listing("ama", desk.listing(many(3)))
    told: list[ListingChange] = []
    desk.board.on_listing.append(told.append)
    assert desk.board.take_listing("ama", desk.listing(many(3))) == ListingChange()
    assert told == []


def test_an_empty_answer_is_not_believed() -> None:
    desk = Desk()
    desk.board.take_listing("ama", desk.listing(many(3)))
    change = desk.board.take_listing("ama", Listing(PERP, "all", [], desk.now_ns))
    assert change.disbelieved == "ama perp all: the answer lists no instrument"
    assert all(slot.instrument.status is TradingStatus.TRADING for slot in desk.board.slots)


MINUTE_S = 60.0


def shrunken(desk: Desk, *, minutes: int, left: int = 2, every_s: float = 30.0) -> list[bool]:
    """Whether each of the answers of so many minutes, with ``left`` of ten instruments, was believed."""
    believed = []
    for _ in range(int(minutes * MINUTE_S / every_s)):
        desk.after(every_s)
        believed.append(desk.board.take_listing("ama", desk.listing(many(left))).disbelieved is None)
    return believed


def test_a_listing_that_has_lost_more_than_half_is_believed_after_half_an_hour_of_agreeing_answers() -> None:
    desk = Desk()
    desk.board.take_listing("ama", desk.listing(many(10)))
    assert not any(shrunken(desk, minutes=30))
    assert all(slot.instrument.status is TradingStatus.TRADING for slot in desk.board.slots)
    assert all(shrunken(desk, minutes=1))
    assert sum(slot.instrument.status is TradingStatus.DELISTED for slot in desk.board.slots) == 8


def test_few_answers_prove_nothing_however_long_ago_the_first_was() -> None:
    desk = Desk()
    desk.board.take_listing("ama", desk.listing(many(10)))
    assert not any(shrunken(desk, minutes=4 * 60, every_s=30 * MINUTE_S))


def test_answers_that_miss_different_instruments_prove_nothing() -> None:
    desk = Desk()
    desk.board.take_listing("ama", desk.listing(many(10)))
    for _ in range(6):
        assert not any(shrunken(desk, minutes=10, left=2))
        assert not any(shrunken(desk, minutes=10, left=3))


def test_a_missing_instrument_that_still_streams_contradicts_the_smaller_listing() -> None:
    desk = Desk()
    desk.board.take_listing("ama", desk.listing(many(10)))
    for _ in range(8):
        assert not any(shrunken(desk, minutes=10))
        desk.quote(desk.board.slots[9], 100.0, 101.0)


def test_a_whole_answer_in_between_begins_the_half_hour_anew() -> None:
    desk = Desk()
    desk.board.take_listing("ama", desk.listing(many(10)))
    assert not any(shrunken(desk, minutes=25))
    assert desk.board.take_listing("ama", desk.listing(many(10))).disbelieved is None
    assert not any(shrunken(desk, minutes=25))


def test_an_empty_listing_is_never_believed() -> None:
    desk = Desk()
    desk.board.take_listing("ama", desk.listing(many(10)))
    for _ in range(200):
        desk.after(30.0)
        assert desk.board.take_listing("ama", Listing(PERP, "all", [], desk.now_ns)).disbelieved is not None


def test_a_first_answer_that_is_empty_is_not_believed_either() -> None:
    assert Desk().board.take_listing("ama", Listing(PERP, "all", [], 1)).disbelieved is not None


@pytest.mark.parametrize(("left", "believed"), [(6, True), (5, True), (4, False), (1, False)])
def test_an_answer_that_lost_more_than_half_is_not_believed(left: int, believed: bool) -> None:
    desk = Desk()
    desk.board.take_listing("ama", desk.listing(many(10)))
    change = desk.board.take_listing("ama", desk.listing(many(left)))
    assert (change.disbelieved is None) is believed
    assert len(change.removed) == (10 - left if believed else 0)
    assert believed or change.disbelieved == f"ama perp all: the answer has lost {10 - left} of 10 instruments"


def test_new_symbols_do_not_make_up_for_lost_ones() -> None:
    desk = Desk()
    desk.board.take_listing("ama", desk.listing(many(4)))
    assert desk.board.take_listing("ama", desk.listing(many(40, start=3))).disbelieved is not None


def test_each_product_is_believed_for_itself() -> None:
    desk = Desk()
    desk.board.take_listing("ama", desk.listing(many(4)))
    other = [instrument("ama", PERP, "X-1", "X")]
    change = desk.board.take_listing("ama", Listing(PERP, "other", other, desk.now_ns))
    assert natives(change) == (["X-1"], [], [])
    assert desk.board.slots[0].instrument.status is TradingStatus.TRADING


def test_what_is_no_longer_listed_is_delisted_muted_and_stays_where_it_is() -> None:
    desk = Desk()
    desk.board.take_listing("ama", desk.listing(many(4)))
    slot = desk.board.slots[3]
    desk.quote(slot, 100.0, 101.0)
    told: list[ListingChange] = []
    desk.board.on_listing.append(told.append)
    desk.board.take_listing("ama", desk.listing(many(3)))
    assert desk.board.slots[3] is slot
    assert slot.instrument.status is TradingStatus.DELISTED
    assert slot.muted == "delisted (no longer listed)"
    assert slot.bid == 100.0
    assert natives(told[0]) == ([], [], ["C3USDT"])


def test_a_symbol_that_comes_back_has_its_old_slot() -> None:
    desk = Desk()
    desk.board.take_listing("ama", desk.listing(many(4)))
    slot = desk.board.slots[3]
    desk.board.take_listing("ama", desk.listing(many(3)))
    change = desk.board.take_listing("ama", desk.listing(many(4)))
    assert change.changed == (slot,)
    assert slot.instrument.status is TradingStatus.TRADING
    assert len(desk.board.slots) == 4


def test_the_delisted_do_not_count_when_the_next_answer_is_judged() -> None:
    desk = Desk()
    desk.board.take_listing("ama", desk.listing(many(8)))
    desk.board.take_listing("ama", desk.listing(many(4)))
    assert desk.board.take_listing("ama", desk.listing(many(2))).disbelieved is None


def test_a_partial_listing_updates_and_removes_nothing() -> None:
    desk = Desk()
    desk.board.take_listing("ama", desk.listing(many(4)))
    halted = msgspec.structs.replace(many(1)[0], status=TradingStatus.HALTED, status_text="BREAK")
    change = desk.board.take_listing("ama", desk.listing([halted], partial=True))
    assert natives(change) == ([], ["C0USDT"], [])
    assert desk.board.slots[0].muted == "halted (BREAK)"


def test_a_status_push_mutes_at_once_and_the_next_listing_says_the_rest() -> None:
    desk = Desk()
    desk.board.take_listing("ama", desk.listing(many(2)))
    told: list[ListingChange] = []
    desk.board.on_listing.append(told.append)
    desk.board.apply(StatusChange(0, TradingStatus.CLOSE_ONLY, "settling", desk.now_ns))
    assert desk.board.slots[0].muted == "open for closing only (settling)"
    assert natives(told[0]) == ([], ["C0USDT"], [])
    desk.board.apply(StatusChange(0, TradingStatus.CLOSE_ONLY, "settling", desk.now_ns))
    assert len(told) == 1


def test_a_listing_after_a_status_push_restores_what_the_push_said() -> None:
    desk = Desk()
    desk.board.take_listing("ama", desk.listing(many(2)))
    desk.board.apply(StatusChange(0, TradingStatus.HALTED, "BREAK", desk.now_ns))
    desk.board.take_listing("ama", desk.listing(many(2)))
    assert desk.board.slots[0].instrument.status is TradingStatus.TRADING


def test_a_base_that_changes_moves_the_slot_to_its_coin() -> None:
    desk = Desk()
    desk.board.take_listing("ama", desk.listing(many(2)))
    renamed = msgspec.structs.replace(many(1)[0], base="NEW", multiplier=Decimal(1000), price_factor=Decimal(1000))
    desk.board.take_listing("ama", desk.listing([renamed, many(2)[1]]))
    slot = desk.board.slots[0]
    assert slot.coin is desk.board.coins["NEW"]
    assert slot.multiplier == 1000.0
    assert "C0" not in desk.board.coins


def test_adopted_symbols_have_slots_of_their_own_and_no_companions() -> None:
    desk = Desk(adopting=True)
    table = desk.board.tables("ama")[PERP]
    first, second = table["BTCUSDT"], table["ETHUSDT"]
    assert (first, second) == (0, 1)
    assert table["BTCUSDT"] == first
    one, two = desk.board.slots
    assert one.coin is not two.coin
    assert desk.board.coins == {}
    desk.quote(one, 100.0, 101.0)
    desk.after(0.5)
    assert one.quote is not None
    assert one.bid is None
    assert one.muted == "in a state that is not known"


def test_a_listing_gives_an_adopted_symbol_its_body() -> None:
    desk = Desk(adopting=True)
    slot = desk.board.adopt("ama", PERP, "BTCUSDT")
    desk.quote(slot, 100.0, 101.0)
    desk.list(instrument("ama", PERP, "BTCUSDT", "BTC"))
    assert desk.board.slots == [slot]
    assert slot.coin is desk.board.coins["BTC"]
    assert slot.bid == 100.0


def test_once_a_whole_listing_has_come_nothing_is_adopted_and_what_it_left_out_is_not_heard_any_more() -> None:
    desk = Desk(adopting=True)
    perps, spots = desk.board.tables("ama")[PERP], desk.board.tables("ama")[SPOT]
    kept, excluded = perps["BTCUSDT"], perps["BTCUSD_261225"]
    desk.list(instrument("ama", PERP, "BTCUSDT", "BTC"))  # a push about one instrument tells nothing of the others
    assert perps["BTCUSD_261225"] == excluded
    desk.board.take_listing("ama", desk.listing([instrument("ama", PERP, "BTCUSDT", "BTC")]))
    assert perps["BTCUSDT"] == kept
    for native in ("BTCUSD_261225", "ETHUSD_PERP"):
        with pytest.raises(KeyError):
            perps[native]
    assert spots["ANY"] > excluded  # of the other market nothing is known yet


def test_tables_that_do_not_adopt_know_listed_symbols_only() -> None:
    with pytest.raises(KeyError):
        Desk().board.tables("ama")[PERP]["BTCUSDT"]


def test_a_venue_of_which_nothing_was_told_is_our_mistake() -> None:
    with pytest.raises(OurMistake, match="nothing is known of zed perp"):
        Desk().board.adopt("zed", PERP, "X")


@settings(max_examples=60, deadline=None)
@given(answers=st.lists(st.sets(st.integers(0, 9)), min_size=1, max_size=6))
def test_slot_ids_never_change_and_believed_answers_decide_who_trades(answers: list[set[int]]) -> None:
    desk = Desk()
    ids: dict[str, int] = {}
    standing: set[int] = set()
    for answer in answers:
        rows = [instrument("ama", PERP, f"C{number}", f"C{number}") for number in sorted(answer)]
        change = desk.board.take_listing("ama", Listing(Market.PERP, "all", rows, desk.now_ns))
        believable = bool(answer) and len(standing - answer) * 2 <= len(standing)
        assert (change.disbelieved is None) is believable
        standing = answer if believable else standing
        for native, slot_id in desk.board.tables("ama")[PERP].items():
            assert ids.setdefault(native, slot_id) == slot_id
        trading = {
            int(slot.instrument.native[1:])
            for slot in desk.board.slots
            if slot.instrument.status is TradingStatus.TRADING
        }
        assert trading == standing
