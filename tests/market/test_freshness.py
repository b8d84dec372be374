"""When a quote may be believed, each reason by name, on a clock that moves only when told to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbtui.core.events import BookDelta, BookSnapshot, Mid
from arbtui.market import freshness
from arbtui.market.slot import Slot
from arbtui.market.state import Remedy
from arbtui.market.terms import FreshnessRules
from arbtui.market.witness import Gaps
from tests.market.desk import MS, PERP, Desk, S, instrument


def why(desk: Desk, slot: Slot) -> str:
    """Why the slot is stale now, "" = it is fresh."""
    return desk.board.fresh(slot, desk.now_ns) or ""


def hold(desk: Desk, slot: Slot, bid: str, ask: str, seq: int = 1) -> None:
    desk.board.hold_book(slot)
    show_book(desk, slot, bid, ask, seq)


def show_book(desk: Desk, slot: Slot, bid: str, ask: str, seq: int) -> None:
    desk.board.apply(BookSnapshot(slot.id, [(bid, "1")], [(ask, "1")], seq, desk.now_ns))


class TestOnChange:
    """Streams that send on change only: silence alone means nothing."""

    def test_without_a_quote_nothing_is_fresh(self) -> None:
        desk = Desk()
        assert why(desk, desk.add("ama")) == "no quote yet"

    def test_a_silent_stream_is_fresh_for_thirty_seconds_of_pongs(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        desk.quote(slot, 100.0, 101.0)
        desk.after(30.0)
        assert why(desk, slot) == ""
        desk.after(0.5)
        assert "neither heard nor confirmed" in why(desk, slot)

    def test_confirmation_every_thirty_seconds_keeps_a_silent_stream_fresh(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        live = desk.quote(slot, 100.0, 101.0)
        for _ in range(10):
            desk.after(25.0)
            desk.quote(slot, 100.0, 101.05, source="rest")  # within a tick
            assert why(desk, slot) == ""
        assert slot.quote is live

    def test_what_was_heard_before_the_clock_was_set_back_is_stale_until_it_is_heard_again(self) -> None:
        desk = Desk()
        desk.after(3_600.0)
        slot = desk.add("ama")
        desk.quote(slot, 100.0, 101.0)
        desk.clock.set_back(600 * S)
        assert why(desk, slot) == "heard before the clock was set back"
        assert desk.board.order_fresh(slot, desk.now_ns) == "heard before the clock was set back"
        desk.quote(slot, 100.5, 101.0)
        assert why(desk, slot) == ""

    def test_what_was_confirmed_before_the_clock_was_set_back_confirms_no_order(self) -> None:
        desk = Desk()
        desk.after(3_600.0)
        slot = desk.add("ama")
        desk.quote(slot, 100.0, 101.0)
        desk.quote(slot, 100.0, 101.0, source="rest")
        assert why(desk, slot) == ""
        desk.clock.set_back(600 * S)
        desk.board.time_set(desk.now_ns)
        desk.quote(slot, 100.0, 101.0)
        assert desk.board.order_fresh(slot, desk.now_ns) is None
        desk.after(3.0)
        assert "neither heard nor confirmed" in (desk.board.order_fresh(slot, desk.now_ns) or "")

    def test_a_connection_without_traffic_is_dead_after_its_heartbeat(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        desk.quote(slot, 100.0, 101.0)
        desk.after(25.0, traffic=False)
        desk.quote(slot, 100.0, 101.0, source="rest")
        desk.after(10.0, traffic=False)
        assert why(desk, slot) == ""
        desk.after(0.5, traffic=False)
        assert "its connection has passed nothing" in why(desk, slot)

    def test_when_the_link_is_down_every_slot_of_it_is_stale_at_once(self) -> None:
        desk = Desk()
        slots = [desk.add("ama", base=base) for base in ("BTC", "ETH", "XRP")]
        other = desk.add("bex")
        for slot in (*slots, other):
            desk.quote(slot, 100.0, 101.0)
        desk.links["ama", PERP].up = False
        assert [why(desk, slot) for slot in slots] == ["its connection is down"] * 3
        assert why(desk, other) == ""

    def test_link_down_tells_listeners_at_once(self) -> None:
        desk = Desk()
        one, two = desk.add("ama"), desk.add("bex")
        for slot in (one, two):
            desk.quote(slot, 100.0, 101.0)
        desk.agree(one, two)
        assert one.muted is None
        told: list[Slot] = []
        desk.board.on_judged.append(told.append)
        desk.board.link_down(desk.links["ama", PERP], desk.now_ns)
        assert told == [one]
        assert one.muted == "its connection is down"


class TestPeriodic:
    """Streams that send by themselves: their own gaps judge them."""

    def fed(self, gap_ms: int, count: int = 40) -> tuple[Desk, Slot]:
        desk = Desk()
        slot = desk.add("cue")
        for _ in range(count):
            desk.clock.advance_to(desk.now_ns + gap_ms * MS)
            desk.quote(slot, 100.0, 101.0)
        return desk, slot

    @pytest.mark.parametrize(("gap_ms", "limit_s"), [(50, 1.0), (500, 2.0), (3000, 12.0), (5000, 15.0)])
    def test_the_limit_is_four_times_the_99th_percentile_of_the_gaps_within_1_and_15_s(
        self, gap_ms: int, limit_s: float
    ) -> None:
        desk, slot = self.fed(gap_ms)
        desk.clock.advance_to(desk.now_ns + int(limit_s * S))
        assert why(desk, slot) == ""
        desk.clock.advance_to(desk.now_ns + MS)
        assert "no update for" in why(desk, slot)

    def test_pongs_do_not_keep_a_periodic_stream_fresh(self) -> None:
        desk, slot = self.fed(500)
        desk.after(2.5)
        assert "no update for" in why(desk, slot)

    def test_before_its_gaps_are_known_a_stream_has_the_longest_limit(self) -> None:
        desk, slot = self.fed(100, count=5)
        desk.after(14.5)
        assert why(desk, slot) == ""
        desk.after(1.0)
        assert why(desk, slot) != ""

    def test_one_long_gap_in_a_hundred_does_not_lengthen_the_limit(self) -> None:
        gaps = Gaps()
        t_ns = S
        for number in range(130):
            t_ns += 10 * S if number == 60 else 200 * MS
            gaps.note(t_ns)
        assert gaps.p99_ns() == 250 * MS  # of shorter ones nothing is kept but their number
        assert gaps.limit_ns(FreshnessRules()) == S

    @given(st.lists(st.one_of(st.integers(0, 300), st.integers(0, 6000)), min_size=1, max_size=300))
    def test_the_limit_is_that_of_all_gaps_though_only_long_ones_are_kept(self, gaps_ms: list[int]) -> None:
        gaps = Gaps()
        t_ns = 3600 * S
        gaps.note(t_ns)
        for number, gap_ms in enumerate(gaps_ms, 1):
            t_ns += gap_ms * MS
            gaps.note(t_ns)
            if number % 32 == 0:  # where it is taken anew
                known = sorted(gaps_ms[:number][-128:])
                p99_ms = known[-(-99 * len(known) // 100) - 1]
                assert gaps.limit_ns(FreshnessRules()) == min(max(4 * p99_ms, 1000), 15_000) * MS

    def test_gaps_follow_a_stream_that_slows_down(self) -> None:
        gaps = Gaps()
        t_ns = S
        for gap_ms in [100] * 200 + [1000] * 200:
            t_ns += gap_ms * MS
            gaps.note(t_ns)
        assert gaps.p99_ns() == S


class TestSecondSource:
    def test_disagreement_for_two_seconds_is_stale(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        desk.quote(slot, 100.0, 101.0)
        desk.after(0.5)
        hold(desk, slot, "100.5", "101.5")
        desk.board.sweep(desk.now_ns)
        desk.after(1.5)
        assert why(desk, slot) == ""
        desk.after(0.5)
        assert "differs from its order book" in why(desk, slot)

    def test_a_difference_of_one_tick_is_none(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        desk.quote(slot, 100.0, 101.0)
        desk.after(0.5)
        hold(desk, slot, "100.1", "101.1")
        desk.after(20.0)
        assert why(desk, slot) == ""

    def test_a_quote_that_moves_is_not_refuted_by_a_book_that_lags(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        desk.board.hold_book(slot)
        for number in range(40):
            bid = 100.0 + 0.3 * (number % 2)
            desk.quote(slot, bid, bid + 1.0)
            show_book(desk, slot, str(bid - 0.3), str(bid + 0.7), number)
            desk.after(0.5)
            assert why(desk, slot) == ""

    def test_a_quote_far_off_is_refuted_even_while_it_moves(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        desk.board.hold_book(slot)
        for number in range(8):
            desk.quote(slot, 100.0 + number, 101.0 + number)
            show_book(desk, slot, "150.0", "150.5", number)
            desk.after(0.5)
        assert "differs from its order book" in why(desk, slot)

    def test_a_book_older_than_the_quote_refutes_nothing(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        hold(desk, slot, "100.0", "101.0")
        desk.after(1.0)
        desk.quote(slot, 100.3, 101.3)
        desk.after(10.0)
        assert why(desk, slot) == ""

    def test_one_differing_answer_by_rest_refutes_a_quote_that_had_stood_and_goes_on_standing(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        desk.quote(slot, 100.0, 101.0)
        desk.after(5.0)
        desk.quote(slot, 100.5, 101.5, source="rest")
        desk.after(1.5)
        assert why(desk, slot) == ""
        desk.after(1.0)
        assert "differs from its quote by REST" in why(desk, slot)

    def test_one_differing_answer_by_rest_says_nothing_of_a_quote_that_has_just_moved(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        desk.quote(slot, 100.0, 101.0)
        desk.after(5.0)
        desk.quote(slot, 100.5, 101.5)
        desk.after(0.5)
        desk.quote(slot, 100.0, 101.0, source="rest")  # answered from a cache
        desk.after(10.0)
        assert why(desk, slot) == ""
        desk.quote(slot, 100.0, 101.0, source="rest")
        assert slot.source == "rest"  # the websocket's quote was refuted, REST is shown instead

    def test_frames_that_repeat_an_id_are_no_hearing(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        for _ in range(45):
            desk.quote(slot, 100.0, 101.0, seq=7)
            desk.after(1.0)
        assert "confirmed" in why(desk, slot)
        desk.quote(slot, 100.0, 101.0, seq=8)
        desk.after(0.1)
        assert why(desk, slot) == ""

    def test_agreement_ends_a_doubt(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        desk.quote(slot, 100.0, 101.0)
        desk.after(0.5)
        hold(desk, slot, "100.5", "101.5")
        desk.after(1.5)
        show_book(desk, slot, "100.0", "101.0", 2)
        desk.after(10.0)
        assert why(desk, slot) == ""

    def test_an_empty_side_in_the_book_contradicts_a_quote_that_has_one(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        desk.quote(slot, 100.0, 101.0)
        desk.after(0.5)
        desk.board.hold_book(slot)
        desk.board.apply(BookSnapshot(slot.id, [("100.0", "1")], [], 1, desk.now_ns))
        desk.after(3.0)
        assert "differs" in why(desk, slot)

    def test_mids_confirm_silently_while_they_keep_coming(self) -> None:
        desk = Desk()
        slot, other = desk.add("ama"), desk.add("ama", base="ETH")
        desk.quote(slot, 100.0, 101.0)
        desk.board.apply(Mid(slot.id, 100.5, desk.now_ns))
        for _ in range(60):  # mids of other coins only: this one's has not changed
            desk.board.apply(Mid(other.id, 5.0, desk.now_ns))
            desk.after(1.0)
        assert why(desk, slot) == ""
        desk.after(31.0)
        assert "neither heard nor confirmed" in why(desk, slot)

    def test_mids_that_say_otherwise_refute(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        desk.quote(slot, 100.0, 101.0)
        for _ in range(5):
            desk.after(1.0)
            desk.board.apply(Mid(slot.id, 100.9, desk.now_ns))
        desk.after(0.5)
        assert "differs from the venue's mids" in why(desk, slot)

    def test_a_lost_book_says_nothing(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        desk.quote(slot, 100.0, 101.0)
        desk.after(0.5)
        hold(desk, slot, "100.5", "101.5")
        desk.board.apply(BookDelta(slot.id, [], [], -1, 9, 8, desk.now_ns))
        desk.after(10.0)
        assert why(desk, slot) == ""

    def test_a_refuted_stream_is_asked_for_anew_then_reconnected_then_left_in_peace(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        asked: list[tuple[Slot, Remedy, int]] = []
        desk.board.on_stale = lambda slot, reason, remedy: asked.append((slot, remedy, desk.now_ns))
        desk.quote(slot, 100.0, 101.0)
        begun_ns = desk.now_ns
        desk.after(0.5)
        hold(desk, slot, "100.5", "101.5")
        desk.after(120.0)
        assert [(told, remedy) for told, remedy, _ in asked] == [(slot, Remedy.RESUBSCRIBE), (slot, Remedy.RECONNECT)]
        assert asked[0][2] - begun_ns <= 3 * S
        assert asked[1][2] - asked[0][2] == 10 * S


class TestFrozen:
    def test_new_contents_under_an_old_exchange_time_are_stale(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        for number in range(22):
            desk.quote(slot, 100.0 + number * 0.1, 103.0, exchange_ms=1_000)
            desk.after(0.5)
        assert "the exchange's time stands still" in why(desk, slot)
        desk.quote(slot, 100.0, 103.0, exchange_ms=2_000)
        desk.board.sweep(desk.now_ns)
        assert why(desk, slot) == ""

    def test_repeats_alone_do_not_keep_a_quote_fresh(self) -> None:
        desk = Desk()
        slot = desk.add("cue")
        for _ in range(62):
            desk.quote(slot, 100.0, 101.0, exchange_ms=1_000)
            desk.after(0.5)
        assert "repeats itself" in why(desk, slot)

    def test_repeats_are_believed_until_a_second_source_has_had_its_time(self) -> None:
        desk = Desk()
        slot = desk.add("cue")
        asked = remedies(desk)
        for _ in range(50):
            desk.quote(slot, 100.0, 101.0, exchange_ms=1_000)
            desk.after(0.5)
            assert why(desk, slot) == ""
        assert asked == []

    def test_repeats_that_a_second_source_confirms_are_fresh(self) -> None:
        desk = Desk()
        slot = desk.add("cue")
        for number in range(200):
            desk.quote(slot, 100.0, 101.0, exchange_ms=1_000)
            if number % 40 == 0:
                desk.quote(slot, 100.0, 101.0, source="rest")
            desk.after(0.5)
            assert why(desk, slot) == ""

    def test_a_stream_without_exchange_time_cannot_freeze(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        for _ in range(100):
            desk.quote(slot, 100.0, 101.0)
            desk.after(0.5)
        assert why(desk, slot) == ""


class TestLate:
    def test_frames_that_keep_arriving_late_are_stale(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        desk.board.set_clock_offset("ama", 250.0)
        for _ in range(4):
            desk.quote(slot, 100.0, 101.0, exchange_ms=desk.now_ns // MS + 250 - 6_000)
            desk.after(0.5)
        assert why(desk, slot) == "arrives 6.0 s late"

    def test_the_first_picture_of_a_quiet_market_may_be_old(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        desk.board.set_clock_offset("ama", 0.0)
        desk.quote(slot, 100.0, 101.0, exchange_ms=desk.now_ns // MS - 60_000)
        desk.after(5.0)
        assert why(desk, slot) == ""
        desk.quote(slot, 100.1, 101.0, exchange_ms=desk.now_ns // MS - 20)
        desk.after(5.0)
        assert why(desk, slot) == ""

    def test_lateness_is_not_judged_before_the_clock_offset_is_known(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        for _ in range(4):
            desk.quote(slot, 100.0, 101.0, exchange_ms=desk.now_ns // MS - 60_000)
            desk.after(0.5)
        assert why(desk, slot) == ""

    def test_a_late_stream_is_not_asked_for_anew(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        asked = remedies(desk)
        desk.board.set_clock_offset("ama", 0.0)
        hold(desk, slot, "100.5", "101.5")
        for _ in range(60):
            desk.quote(slot, 100.0, 101.0, exchange_ms=desk.now_ns // MS - 6_000)
            desk.after(0.5)
        assert "differs from its order book" in why(desk, slot)  # not believed all the same
        assert asked == []

    def test_late_frames_of_several_venues_mean_that_this_machine_is_behind(self) -> None:
        desk = Desk()
        bases = ("BTC", "ETH", "SOL", "XRP", "ADA")
        crowd = [desk.add(venue, PERP, base) for venue in ("ama", "bex") for base in bases]
        quiet = desk.add("cue")
        asked = remedies(desk)
        for venue in ("ama", "bex", "cue"):
            desk.board.set_clock_offset(venue, 0.0)

        def pass_with(lag_ms: int, passes: int) -> None:
            for number in range(passes):
                for one in crowd:
                    desk.quote(one, 100.0 + number % 7, 110.0, exchange_ms=desk.now_ns // MS - lag_ms)
                desk.after(0.5)

        pass_with(3_000, 4)
        desk.quote(quiet, 100.0, 101.0)
        hold(desk, quiet, "103.0", "104.0")
        pass_with(3_000, 20)
        assert "differs from its order book" in why(desk, quiet)
        assert asked == []
        pass_with(20, 50)  # caught up, and it still differs
        assert [slot for slot, _ in asked] == [quiet, quiet]

    def test_lateness_of_one_venue_excuses_no_other(self) -> None:
        desk = Desk()
        late = [desk.add("ama", PERP, base) for base in ("BTC", "ETH", "SOL", "XRP", "ADA", "DOT")]
        other = desk.add("bex")
        asked = remedies(desk)
        desk.board.set_clock_offset("ama", 0.0)
        desk.quote(other, 100.0, 101.0)
        hold(desk, other, "103.0", "104.0")
        for number in range(10):
            for one in late:
                desk.quote(one, 100.0 + number, 110.0, exchange_ms=desk.now_ns // MS - 3_000)
            desk.after(0.5)
        assert asked == [(other, Remedy.RESUBSCRIBE)]


def remedies(desk: Desk) -> list[tuple[Slot, Remedy]]:
    """What the board asks of the feed from now on."""
    asked: list[tuple[Slot, Remedy]] = []
    desk.board.on_stale = lambda slot, reason, remedy: asked.append((slot, remedy))
    return asked


class TestOrders:
    def test_orders_need_a_quote_heard_within_two_seconds(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        desk.quote(slot, 100.0, 101.0)
        desk.after(2.0)
        assert desk.board.order_fresh(slot, desk.now_ns) is None
        desk.after(0.5)
        assert why(desk, slot) == ""
        assert "neither heard nor confirmed for 2.5 s" in (desk.board.order_fresh(slot, desk.now_ns) or "")

    def test_confirmation_serves_as_well(self) -> None:
        desk = Desk()
        slot = desk.add("ama")
        desk.quote(slot, 100.0, 101.0)
        desk.after(10.0)
        hold(desk, slot, "100.0", "101.0")
        desk.board.sweep(desk.now_ns)
        assert desk.board.order_fresh(slot, desk.now_ns) is None


@pytest.mark.parametrize(
    ("price", "tick"),
    [(77562.0, 1.0), (7756.2, 0.1), (0.5, 0.00001), (123456.0, 1.0), (2123.7, 0.1), (0.000012, 0.000001)],
)
def test_the_tick_of_five_significant_figures_depends_on_the_price(price: float, tick: float) -> None:
    traded = instrument("dot", PERP, "X", "X", tick=None, sig_figs=5, max_decimals=6)
    assert freshness.tick(traded, price) == pytest.approx(tick)


def test_where_no_tick_is_named_a_basis_point_counts() -> None:
    assert freshness.tick(instrument("dot", PERP, "X", "X", tick=None), 200.0) == pytest.approx(0.02)
