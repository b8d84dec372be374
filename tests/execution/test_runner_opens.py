"""Opening a hedge: both legs at once, the journal first, the second leg missing, in doubt."""

from __future__ import annotations

from arbtui.core.errors import RefusalReason
from arbtui.core.orders import OrderKind, OrderStatus, ReadKind, Side
from tests.execution.stage import GOOD, T0, Stage, dec, fill, instrument, intent, quote, with_policy


def test_both_legs_go_at_once_and_fill() -> None:
    stage = Stage()
    stage.open()
    buy, sell = stage.order("alpha"), stage.order("beta")
    assert (buy.side, buy.qty, buy.kind) == (Side.BUY, dec(10), OrderKind.IOC)
    assert sell.side is Side.SELL
    assert stage.state() == "sending"
    stage.fills(buy)
    stage.fills(sell)
    assert stage.state() == "hedged"
    assert not stage.alarms()


def test_nothing_is_sent_before_it_is_on_disk() -> None:
    stage = Stage()
    stage.disk.hold = True
    stage.open()
    assert stage.sent() == []
    stage.disk.release()
    assert len(stage.sent()) == 2
    kinds = [kept.kind for kept in stage.disk.kept]
    assert kinds.index("intent") < kinds.index("order")


def test_the_limit_is_the_frozen_price_and_the_band_rounded_towards_us() -> None:
    stage = Stage()
    stage.open()
    assert str(stage.order("alpha").price) == "100.10"
    assert str(stage.order("beta").price) == "100.10"  # 100.20 less 10 bps = 100.0998, up to the tick


def test_a_disarmed_runner_opens_nothing() -> None:
    stage = Stage()
    stage.runner.disarm("a test")
    assert "disarmed" in stage.runner.open(intent()).text
    assert stage.sent() == []


def test_the_gate_is_asked_at_the_key() -> None:
    stage = Stage(gate=lambda _intent: "limits: too much")
    assert stage.runner.open(intent()).text == "limits: too much"
    assert stage.sent() == []


def test_one_intent_opens_one_hedge() -> None:
    stage = Stage()
    made = stage.open()
    assert not stage.runner.open(made).accepted
    assert len(stage.sent()) == 2


def test_prices_that_moved_between_review_and_key_send_nothing() -> None:
    stage = Stage()
    made = intent()
    stage.board.prices["alpha.perp.COINUSDT"] = quote("100.30", "100.31")
    stage.open(made)
    assert stage.sent() == []
    assert stage.state() == "done"
    assert "beyond the one frozen at review" in stage.runner.ledgers[made.hedge].why


def test_a_disk_that_took_too_long_lets_nothing_out() -> None:
    stage = Stage()
    made = intent()
    stage.open(made)
    assert len(stage.sent()) == 2
    late = Stage()
    late.disk.hold = True
    late.open(made)
    late.disk.held.pop(0)()  # the intent
    late.wait(4)
    late.disk.release()
    assert late.sent() == []
    assert late.state() == "done"


def test_nothing_filled_on_either_leg_is_done() -> None:
    stage = Stage()
    stage.open()
    for venue in ("alpha", "beta"):
        stage.report(stage.order(venue), OrderStatus.EXPIRED)
    assert stage.state() == "done"
    assert not stage.alarms()


def test_equal_partial_fills_are_a_smaller_hedge() -> None:
    stage = Stage()
    stage.open()
    for venue in ("alpha", "beta"):
        stage.fills(stage.order(venue), "4")
    assert stage.state() == "hedged"
    assert len(stage.sent()) == 2


def test_a_refused_second_leg_is_hedged_again_within_the_narrow_band() -> None:
    stage = Stage()
    stage.open()
    stage.fills(stage.order("alpha"))
    stage.refuses(stage.order("beta"), RefusalReason.OTHER)
    again = stage.order("beta")
    assert stage.state() == "rehedging"
    assert (again.qty, again.side, str(again.price)) == (dec(10), Side.SELL, "100.00")  # 20 bps below 100.20
    stage.fills(again)
    assert stage.state() == "hedged"


def test_three_tries_and_then_it_is_given_back() -> None:
    stage = Stage()
    stage.open()
    stage.fills(stage.order("alpha"))
    stage.refuses(stage.order("beta"), RefusalReason.OTHER)
    for _ in range(3):
        stage.refuses(stage.order("beta"), RefusalReason.OTHER)
        stage.wait(0.3)
    back = stage.order("alpha")
    assert stage.state() == "unwinding"
    assert len(stage.pens["beta"].placed) == 4
    assert (back.side, back.qty, back.reduce_only) == (Side.SELL, dec(10), True)
    assert str(back.price) == "99.00"  # 100 bps below the frozen 100.00
    stage.fills(back)
    assert stage.state() == "flat"
    assert stage.alarms()


def test_after_three_seconds_no_more_hedging() -> None:
    stage = Stage()
    stage.open()
    stage.fills(stage.order("alpha"))
    stage.board.prices["beta.perp.COINUSDT"] = quote("100.20", "100.21", age_ms=9_000, fresh=False)
    stage.refuses(stage.order("beta"), RefusalReason.OTHER)
    stage.wait(2.9)
    assert len(stage.pens["alpha"].placed) == 1
    stage.wait(0.2)
    assert stage.order("alpha").side is Side.SELL
    assert any("ms old" in text for text in stage.alarms())


def test_a_hopeless_refusal_is_not_repeated() -> None:
    stage = Stage()
    stage.open()
    stage.fills(stage.order("alpha"))
    stage.refuses(stage.order("beta"), RefusalReason.INSUFFICIENT)
    assert len(stage.pens["beta"].placed) == 1
    assert stage.state() == "unwinding"


def test_giving_back_at_once_where_it_is_cheaper() -> None:
    stage = Stage()
    stage.open()
    stage.fills(stage.order("alpha"))
    # planned 10 bps net; filled at 100.10, so giving back costs 21: hedging pays until 31 bps of slip
    stage.board.prices["beta.perp.COINUSDT"] = quote("99.80", "99.81")
    stage.refuses(stage.order("beta"), RefusalReason.OTHER)
    assert stage.state() == "unwinding"


def test_a_price_beyond_the_wide_band_halts_loudly() -> None:
    stage = Stage()
    stage.open()
    stage.fills(stage.order("alpha"))
    stage.board.prices["alpha.perp.COINUSDT"] = quote("98.00", "98.01")
    stage.refuses(stage.order("beta"), RefusalReason.INSUFFICIENT)
    assert stage.state() == "halted"
    assert "beyond the frozen price" in stage.alarms()[-1]


def test_giving_back_that_never_works_halts() -> None:
    stage = Stage()
    stage.open(intent(policy=with_policy(unwind_tries=2)))
    stage.fills(stage.order("alpha"))
    stage.refuses(stage.order("beta"), RefusalReason.INSUFFICIENT)
    for _ in range(2):
        stage.report(stage.order("alpha"), OrderStatus.EXPIRED)
        stage.wait(0.3)
    assert stage.state() == "halted"
    assert len(stage.pens["alpha"].placed) == 3


def test_no_price_anywhere_halts_after_a_while() -> None:
    stage = Stage()
    stage.open()
    stage.fills(stage.order("alpha"))
    for key, good in list(stage.board.prices.items()):
        stage.board.prices[key] = quote(str(good.bid), str(good.ask), age_ms=9_000, fresh=False)
    stage.refuses(stage.order("beta"), RefusalReason.OTHER)
    stage.wait(9.5)
    assert stage.state() == "unbalanced"
    stage.wait(1)
    assert stage.state() == "halted"


def test_a_crossed_book_prices_no_repair() -> None:
    stage = Stage()
    stage.open()
    stage.fills(stage.order("alpha"))
    stage.board.prices["beta.perp.COINUSDT"] = quote("100.30", "100.20")
    stage.refuses(stage.order("beta"), RefusalReason.OTHER)
    assert len(stage.pens["beta"].placed) == 1
    assert any("crossed" in text for text in stage.alarms())


def test_the_thinner_book_goes_first_and_the_other_follows_what_it_filled() -> None:
    stage = Stage()
    stage.board.prices["beta.perp.COINUSDT"] = quote("100.20", "100.21", qty="3")
    stage.open(intent(policy=with_policy(thinner_first=True)))
    assert stage.pens["alpha"].placed == []
    stage.fills(stage.order("beta"), "4")
    follower = stage.order("alpha")
    assert (follower.side, follower.qty) == (Side.BUY, dec(4))
    stage.fills(follower)
    assert stage.state() == "hedged"


def test_the_thinner_book_that_fills_nothing_ends_it() -> None:
    stage = Stage()
    stage.board.prices["beta.perp.COINUSDT"] = quote("100.20", "100.21", qty="3")
    stage.open(intent(policy=with_policy(thinner_first=True)))
    stage.report(stage.order("beta"), OrderStatus.EXPIRED)
    assert stage.state() == "done"
    assert stage.pens["alpha"].placed == []


def in_doubt() -> Stage:
    stage = Stage()
    stage.open()
    stage.fills(stage.order("alpha"))
    stage.silent(stage.order("beta"))
    assert stage.state() == "in_doubt"
    return stage


def test_no_answer_freezes_the_pair_and_asks() -> None:
    stage = in_doubt()
    assert stage.pens["beta"].queried == [stage.order("beta").client_id]
    assert len(stage.sent()) == 2


def test_the_venues_word_that_it_filled_ends_the_doubt() -> None:
    stage = in_doubt()
    stage.report(stage.order("beta"), OrderStatus.FILLED, "10", "query")
    assert stage.state() == "hedged"
    assert len(stage.sent()) == 2


def answer_all(stage: Stage) -> None:
    stage.absent(stage.order("beta"))
    for kind in (ReadKind.OPEN_ORDERS, ReadKind.FILLS, ReadKind.HISTORY):
        stage.read_done("beta", kind)


def test_absence_counts_only_when_everything_said_so_twice() -> None:
    stage = in_doubt()
    stage.absent(stage.order("beta"))  # asked at once: too early to count
    stage.wait(1.0)
    answer_all(stage)
    assert stage.state() == "in_doubt"
    stage.wait(1.0)
    stage.absent(stage.order("beta"))
    stage.read_done("beta", ReadKind.OPEN_ORDERS)
    stage.read_done("beta", ReadKind.HISTORY)
    assert stage.state() == "in_doubt"  # the fills were read once only
    stage.read_done("beta", ReadKind.FILLS)
    assert stage.state() == "rehedging"
    first, second = stage.pens["beta"].placed
    assert first.client_id != second.client_id


def test_a_fill_that_nobody_can_name_blocks_the_proof_of_absence() -> None:
    stage = in_doubt()
    order = stage.order("beta")
    stage.absent(order)
    stage.wait(1.0)
    answer_all(stage)
    stage.runner.hear(fill(order, "10", named=False, told="fills", t_ns=stage.clock.now_ns()))
    stage.wait(1.0)
    answer_all(stage)
    assert stage.state() == "in_doubt"
    stage.accepted(order)  # late, and it tells the order id that the fill bore
    assert stage.state() == "hedged"


def test_thirty_seconds_alarm_and_two_minutes_halt() -> None:
    stage = in_doubt()
    stage.wait(29)
    assert not any("still in doubt" in text for text in stage.alarms())
    stage.wait(2)
    assert any("still in doubt" in text for text in stage.alarms())
    stage.wait(88)
    assert stage.state() == "in_doubt"
    stage.wait(2)
    assert stage.state() == "halted"
    assert len(stage.sent()) == 2


def test_an_order_without_any_word_falls_into_doubt_by_itself() -> None:
    stage = Stage()
    stage.open()
    stage.fills(stage.order("alpha"))
    stage.wait(5.1)
    assert stage.state() == "in_doubt"


def test_an_accepted_ioc_that_never_ends_falls_into_doubt() -> None:
    stage = Stage()
    stage.open()
    stage.fills(stage.order("alpha"))
    stage.accepted(stage.order("beta"))
    stage.wait(2.1)
    assert stage.state() == "in_doubt"


def test_a_refusal_for_a_duplicate_name_means_that_it_was_sent() -> None:
    stage = Stage()
    stage.open()
    stage.fills(stage.order("alpha"))
    stage.refuses(stage.order("beta"), RefusalReason.DUPLICATE_ID)
    assert stage.state() == "in_doubt"
    assert stage.pens["beta"].queried
    assert len(stage.pens["beta"].placed) == 1


def test_a_word_that_nobody_knows_freezes_the_pair() -> None:
    stage = Stage()
    stage.open()
    stage.fills(stage.order("alpha"))
    stage.report(stage.order("beta"), OrderStatus.UNKNOWN)
    assert stage.state() == "in_doubt"
    stage.report(stage.order("beta"), OrderStatus.CANCELED, "10", "query")
    assert stage.state() == "hedged"


def test_a_late_fill_wakes_a_hedge_that_was_done() -> None:
    stage = Stage()
    stage.open()
    for venue in ("alpha", "beta"):
        stage.report(stage.order(venue), OrderStatus.EXPIRED)
    assert stage.state() == "done"
    stage.fills(stage.order("alpha"), "10", end=False)
    stage.wait(0.4)
    stage.report(stage.order("alpha"), OrderStatus.EXPIRED, "10", "query")
    assert stage.state() == "rehedging"


def test_more_filled_than_ordered_halts() -> None:
    stage = Stage()
    stage.open()
    stage.report(stage.order("alpha"), OrderStatus.FILLED, "11")
    assert stage.state() == "halted"
    assert "more of" in stage.alarms()[-1]


def test_a_retry_after_is_respected() -> None:
    stage = Stage()
    stage.open()
    stage.fills(stage.order("alpha"))
    stage.refuses(stage.order("beta"), RefusalReason.RATE_LIMITED, retry_after_s=1.0)
    assert len(stage.pens["beta"].placed) == 1
    stage.wait(1.1)
    assert len(stage.pens["beta"].placed) == 2


def test_a_venue_that_has_the_name_and_does_not_know_the_order_is_an_alarm_and_then_a_persons_matter() -> None:
    stage = Stage()
    stage.open(intent(policy=with_policy(doubt_alarm_s=5.0, doubt_halt_s=20.0)))
    stage.fills(stage.order("alpha"))
    lost = stage.order("beta")
    stage.refuses(lost, RefusalReason.DUPLICATE_ID)
    for _ in range(22):
        stage.wait(1.0)
        stage.absent(lost)  # whatever is answered, and however often: the doubt is as old as it is
        if stage.clock.now_ns() > T0 + 7_000_000_000:
            assert any("still in doubt" in text for text in stage.alarms())
    assert stage.state() == "halted"
    assert len(stage.pens["beta"].placed) == 1


REVERSED = (quote("99.99", "100.00"), quote("100.20", "100.21"))


def test_a_hedge_on_the_other_side_of_an_open_one_is_refused() -> None:
    stage = Stage()
    stage.hedged()
    other = intent(buy=instrument("beta"), sell=instrument("alpha"), prices=REVERSED, hedge="mywpiwwa01")
    answer = stage.runner.open(other)
    assert not answer.accepted
    assert "holds the other side of alpha.perp.COINUSDT; close that one instead" in answer.text
    assert len(stage.sent()) == 2


def test_spot_may_be_bought_by_one_hedge_and_sold_by_another() -> None:
    stage = Stage()
    spot = instrument("alpha", spot=True)
    stage.board.prices[spot.key] = GOOD[0]
    stage.open(intent(buy=spot))
    stage.fills(stage.order("alpha"))
    stage.fills(stage.order("beta"))
    away = intent(buy=instrument("alpha"), sell=spot, hedge="mywpiwwa01")
    assert stage.runner.open(away).accepted
