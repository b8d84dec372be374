"""Previews, fire, arming, and what accounts are asked: the rules between a guest and the runner."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from arbtui.core.clock import NS_PER_MS, NS_PER_S
from arbtui.core.model import Market
from arbtui.core.orders import AccountMode, Balance, Fill, FundingPaid, ReadFailed, ReadKind, Side
from arbtui.execution.intents import Verb
from arbtui.execution.limits import Limits
from arbtui.execution.ports import Price
from tests.engine.trading_stage import BUY, ENOUGH, SELL, Stage, quote, ticket

D = Decimal


# ---- arming


def test_an_account_never_arms_itself() -> None:
    stage = Stage()
    stage.streams()
    for venue in ("binance", "okx"):
        stage.answer(venue)
    stage.wait(60)
    assert not stage.trading.armed


def test_paper_arms_itself_once_every_account_was_read_and_not_before() -> None:
    stage = Stage(paper=True)
    stage.streams()
    stage.answer("binance")
    assert not stage.trading.armed
    stage.answer("okx")
    assert stage.trading.armed


def test_paper_that_was_disarmed_stays_so_until_a_person_arms_it() -> None:
    stage = Stage(paper=True)
    stage.streams()
    for venue in ("binance", "okx"):
        stage.answer(venue)
    stage.trading.clock_jumped("the clock jumped")
    assert not stage.trading.armed
    for venue in ("binance", "okx"):
        stage.answer(venue)
    assert not stage.trading.armed
    assert stage.trading.arm().accepted


def test_paper_that_was_disarmed_before_it_armed_itself_does_not() -> None:
    stage = Stage(paper=True)
    stage.streams()
    stage.answer("binance")
    assert not stage.trading.disarm("a person said so").accepted
    stage.answer("okx")
    assert not stage.trading.armed
    assert stage.trading.arm().accepted


def test_arming_reads_how_the_accounts_are_set_up() -> None:
    stage = Stage().ready()
    for pen in stage.pens.values():
        pen.reads.clear()
    stage.trading.arm(ENOUGH)
    for pen in stage.pens.values():
        assert pen.asked(ReadKind.MODE) == 2


def test_a_clock_that_jumped_disarms_and_has_every_account_read_anew() -> None:
    stage = Stage().ready()
    for pen in stage.pens.values():
        pen.reads.clear()
    stage.trading.clock_jumped("the clock jumped")
    assert not stage.trading.armed
    for pen in stage.pens.values():
        for kind in (ReadKind.MODE, ReadKind.BALANCES, ReadKind.POSITIONS, ReadKind.OPEN_ORDERS):
            assert pen.asked(kind) == 2  # both markets


@pytest.mark.parametrize("seconds", [600, -600])
def test_an_order_under_way_while_the_clock_is_set_is_asked_for_and_not_given_up(seconds: int) -> None:
    stage = Stage().ready()
    hedge = stage.trading.fire(stage.trading.preview(ticket())).hedge
    assert stage.trading.under_way()
    vars(stage.clock)["_now_ns"] += seconds * NS_PER_S  # as a clock is set: nothing falls due by it
    stage.trading.clock_jumped("the clock jumped")
    assert stage.trading.ledgers[hedge].state == "in_doubt"
    assert not any("for 600 s" in said.text for said in stage.trading.said)


def test_accounts_that_are_read_after_the_clock_was_set_back_are_believed() -> None:
    stage = Stage().ready()
    stage.clock.set_back(3_600 * NS_PER_S)
    stage.trading.clock_jumped("the clock jumped")
    for venue in ("binance", "okx"):
        stage.answer(venue, free="1")
    assert "1.00 USDT free" in stage.trading.preview(ticket()).refused


# ---- previews


def test_a_preview_says_what_it_would_send_and_that_all_checks_hold() -> None:
    stage = Stage().ready()
    preview = stage.trading.preview(ticket())
    assert preview.refused == ""
    assert preview.intent is not None
    assert preview.intent.qty == (D(5), D(5))
    assert preview.estimate is not None
    assert all(check.ok for check in preview.checks)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sell": BUY}, "two different instruments"),
        ({"sell": ""}, "a leg without a name is not listed"),
        ({"sell": "okx.perp.GONE"}, "okx.perp.GONE is not listed"),
        ({"sell": "bybit.perp.COINUSDT"}, "is not listed"),
        ({"qty_base": None}, "say how much"),
        ({"hedge": "mywpiwwa00"}, "no such hedge"),
        ({"qty_base": D("0.01")}, ""),
    ],
)
def test_a_ticket_that_cannot_be_tried_is_refused_in_words(changes: dict[str, object], words: str) -> None:
    stage = Stage().ready()
    preview = stage.trading.preview(ticket(**changes))
    assert preview.intent is None
    assert preview.refused
    assert words in preview.refused
    assert not stage.trading.fire(preview).accepted


def test_different_coins_are_no_hedge() -> None:
    stage = Stage().ready()
    stage.market.listed[SELL] = msgspec.structs.replace(stage.market.listed[SELL], base="OTHER")
    assert "different coins" in stage.trading.preview(ticket()).refused


def test_a_venue_without_an_account_is_named() -> None:
    stage = Stage().ready()
    stage.market.listed[SELL] = msgspec.structs.replace(stage.market.listed[SELL], venue="bybit")
    assert "no account on bybit" in stage.trading.preview(ticket()).refused


@pytest.mark.parametrize(
    ("hurt", "words"),
    [
        (lambda stage: stage.trading.clock_jumped("x"), "disarmed"),
        (lambda stage: stage.streams("down", "okx"), "private stream"),
        (lambda stage: stage.offset_ms.update(okx=900.0), "clock of okx"),
        (lambda stage: stage.offset_ms.update(okx=None), "has not been compared"),
        (lambda stage: stage.market.prices.update({SELL: quote("100.20", "100.21", age_ms=2500)}), "wait for a fresh"),
        (lambda stage: stage.market.prices.update({SELL: quote("100.20", "100.21", fresh=False)}), "wait for a fresh"),
        (lambda stage: stage.market.prices.update({SELL: quote("100.22", "100.21")}), "crossed"),
        (lambda stage: stage.market.prices.update({SELL: quote("99.00", "99.01")}), "moved"),
        (
            lambda stage: stage.hear(
                AccountMode(
                    venue="okx", market=Market.PERP, position_mode="hedge", can_trade=True, text="two-sided",
                    t_ns=stage.clock.now_ns(),
                )
            ),
            "two-sided",
        ),
        (
            lambda stage: stage.hear(
                Balance(
                    venue="okx", wallet="trading", asset="USDT", total=D(10), free=D(10), t_ns=stage.clock.now_ns()
                )
            ),
            "move funds",
        ),
    ],
)  # fmt: skip
def test_what_changed_after_the_preview_is_noticed_at_the_key(hurt: object, words: str) -> None:
    stage = Stage().ready()
    preview = stage.trading.preview(ticket())
    assert preview.refused == ""
    assert callable(hurt)
    hurt(stage)
    answer = stage.trading.fire(preview)
    assert not answer.accepted
    assert words in answer.text
    assert not stage.pens["binance"].placed


def test_a_preview_can_be_fired_once() -> None:
    stage = Stage(limits=Limits(again_after_s=0)).ready()
    preview = stage.trading.preview(ticket())
    answers = [stage.trading.fire(preview) for _ in range(50)]
    assert [answer.accepted for answer in answers] == [True] + [False] * 49
    assert [len(pen.placed) for pen in stage.pens.values()] == [1, 1]


def test_a_second_preview_of_the_same_legs_waits_for_the_first() -> None:
    stage = Stage(limits=Limits(again_after_s=0)).ready()
    one, other = stage.trading.preview(ticket()), stage.trading.preview(ticket())
    assert stage.trading.fire(one).accepted
    answer = stage.trading.fire(other)
    assert not answer.accepted
    assert "not finished" in answer.text


def test_limits_are_asked_again_at_the_key() -> None:
    stage = Stage(limits=Limits(order_usd=D(100))).ready()
    assert "limits.order_usd" in stage.trading.preview(ticket()).refused


# ---- closing


def test_a_hedge_is_closed_though_disarmed_unmargined_and_at_other_fees() -> None:
    stage = Stage().ready()
    hedge = stage.hedged()
    stage.trading.runner.disarm("x")
    now_ns = stage.clock.now_ns()
    stage.hear(Balance(venue="okx", wallet="trading", asset="USDT", total=D(0), free=D(0), t_ns=now_ns))
    preview = stage.trading.preview(ticket(hedge=hedge, verb=Verb.CLOSE, qty_base=None))
    assert preview.refused == ""
    assert stage.trading.fire(preview).accepted


def test_a_hedge_of_an_earlier_life_can_be_closed_without_a_preview_of_a_new_one() -> None:
    first = Stage().ready()
    hedge = first.hedged()
    stage = Stage(first.disk.kept, now_ns=first.clock.now_ns() + 60_000_000_000)
    stage.streams()
    for _ in range(5):
        for venue in ("binance", "okx"):
            stage.answer(venue)
        stage.wait(1.2)
    assert stage.trading.ledgers[hedge].state == "hedged"
    preview = stage.trading.preview(ticket(hedge=hedge, verb=Verb.CLOSE, qty_base=None))
    assert preview.refused == ""


def test_flattening_does_not_wait_for_a_stream_and_closing_does() -> None:
    stage = Stage().ready()
    hedge = stage.hedged()
    stage.streams("down", "okx")
    assert "private stream" in stage.trading.preview(ticket(hedge=hedge, verb=Verb.CLOSE, qty_base=None)).refused
    assert stage.trading.preview(ticket(hedge=hedge, verb=Verb.FLATTEN, qty_base=None)).refused == ""


# ---- what accounts are asked


def test_what_the_start_wants_to_know_is_asked_until_it_is_answered() -> None:
    stage = Stage(paper=True)
    pen = stage.pens["okx"]
    assert pen.asked(ReadKind.MODE) == 2
    for market in (Market.PERP, Market.SPOT):
        stage.hear(ReadFailed(venue="okx", market=market, kind=ReadKind.MODE, text="cut", t_ns=stage.clock.now_ns()))
    stage.wait(4)
    assert pen.asked(ReadKind.MODE) == 0
    stage.wait(2)
    assert pen.asked(ReadKind.MODE) == 2


def test_previews_ask_for_what_they_need_as_often_as_it_may_change_by_itself() -> None:
    stage = Stage().ready()
    stage.pens["okx"].reads.clear()
    for _ in range(21):
        stage.trading.preview(ticket())
        stage.wait(1)
    counts = {kind: stage.pens["okx"].asked(kind) for kind in (ReadKind.BALANCES, ReadKind.MODE, ReadKind.FEES)}
    assert counts == {ReadKind.BALANCES: 1, ReadKind.MODE: 1, ReadKind.FEES: 0}  # ``ready`` has asked for all
    stage.wait(600)
    stage.trading.preview(ticket())
    for kind in (ReadKind.FEES, ReadKind.LEVERAGE, ReadKind.BALANCES, ReadKind.MODE):
        assert stage.pens["okx"].asked(kind) == 1


def test_a_failed_read_of_fees_is_tried_again_in_five_seconds() -> None:
    stage = Stage()
    stage.trading.preview(ticket())
    assert stage.pens["okx"].asked(ReadKind.FEES) == 1
    stage.hear(
        ReadFailed(
            venue="okx", market=Market.PERP, kind=ReadKind.FEES, text="cut", t_ns=stage.clock.now_ns(),
            native="COINUSDT",
        )
    )  # fmt: skip
    stage.wait(2)
    stage.trading.preview(ticket())
    assert stage.pens["okx"].asked(ReadKind.FEES) == 0
    stage.wait(3.5)
    stage.trading.preview(ticket())
    assert stage.pens["okx"].asked(ReadKind.FEES) == 1


def test_a_push_that_does_not_say_what_is_free_has_the_balances_read_once() -> None:
    stage = Stage().ready()
    pen = stage.pens["binance"]
    pen.reads.clear()
    for total in (49_999, 49_998, 49_997):
        stage.hear(
            Balance(venue="binance", wallet="usdm", asset="USDT", total=D(total), free=None, t_ns=stage.clock.now_ns())
        )
        stage.wait(0.01)
    assert "was not read" in stage.trading.preview(ticket()).refused
    stage.wait(0.5)
    assert [(kind, market) for kind, market, _, _ in pen.reads] == [(ReadKind.BALANCES, Market.PERP)]
    stage.answer("binance")
    assert stage.trading.preview(ticket()).refused == ""


@pytest.mark.parametrize("told", [False, True])
def test_a_fill_has_the_balances_read_unless_they_are_told_within_two_seconds(told: bool) -> None:
    stage = Stage().ready()
    pen = stage.pens["binance"]
    for number in range(3):
        stage.hear(stranger(stage, number))
        stage.wait(0.2)
    pen.reads.clear()
    if told:
        stage.hear(
            Balance(
                venue="binance", wallet="usdm", asset="USDT", total=D(49_999), free=D(49_999),
                t_ns=stage.clock.now_ns(),
            )
        )  # fmt: skip
    stage.wait(3)
    assert pen.asked(ReadKind.BALANCES) == (0 if told else 1)


def stranger(stage: Stage, number: int) -> Fill:
    """Somebody traded by hand."""
    return Fill(
        venue="binance", market=Market.PERP, native="COINUSDT", fill_id=f"s{number}", order_id="9", client_id="",
        side=Side.BUY, price=D(100), qty=D(1), told="push", t_ns=stage.clock.now_ns(),
        t_ms=stage.clock.now_ns() // NS_PER_MS, fee=D("0.05"), fee_ccy="USDT",
    )  # fmt: skip


def test_a_stream_that_came_back_has_balances_and_mode_read_anew() -> None:
    stage = Stage().ready()
    stage.pens["okx"].reads.clear()
    stage.streams("down", "okx")
    stage.streams("up", "okx")
    assert stage.pens["okx"].asked(ReadKind.BALANCES) == 2
    assert stage.pens["okx"].asked(ReadKind.MODE) == 2


# ---- funding


def payment(stage: Stage, number: int, amount: str = "1.25") -> FundingPaid:
    now_ns = stage.clock.now_ns()
    return FundingPaid(
        venue="okx", native="COINUSDT", payment_id=f"p{number}", amount=D(amount), ccy="USDT",
        t_ms=now_ns // NS_PER_MS, t_ns=now_ns,
    )  # fmt: skip


def test_funding_is_asked_for_while_hedges_may_earn_it_and_counted_once() -> None:
    stage = Stage().ready()
    stage.wait(120)
    assert stage.pens["okx"].asked(ReadKind.FUNDING) == 0
    hedge = stage.hedged()
    began_ms = stage.trading.ledgers[hedge].turns[0].t_ns // NS_PER_MS
    stage.wait(60)
    reads = [read for read in stage.pens["okx"].reads if read[0] is ReadKind.FUNDING]
    assert reads == [(ReadKind.FUNDING, Market.PERP, "", began_ms)]
    paid = payment(stage, 1)
    before = len(stage.disk.kept)
    stage.hear(paid, paid)
    assert len(stage.disk.kept) == before + 1
    assert stage.trading.funding.of[hedge] == {"USDT": D("1.25")}


def test_funding_is_remembered_over_a_restart() -> None:
    first = Stage().ready()
    hedge = first.hedged()
    first.wait(10)
    first.hear(payment(first, 1), payment(first, 2, "-0.5"))
    stage = Stage(first.disk.kept, now_ns=first.clock.now_ns())
    assert stage.trading.funding.of == first.trading.funding.of == {hedge: {"USDT": D("0.75")}}
    stage.hear(payment(first, 1))
    assert stage.trading.funding.of[hedge] == {"USDT": D("0.75")}
    pnl = stage.trading.pnl(hedge)
    assert pnl is not None
    assert pnl.funding == {"USDT": D("0.75")}


# ---- the end, and the kill switch


async def test_a_stop_with_nothing_open_is_quiet() -> None:
    stage = Stage().ready()
    stopped = await stage.trading.stop()
    assert (stopped.open, stopped.doubt) == ((), ())
    assert not stage.trading.arm(ENOUGH).accepted


async def test_a_stop_tells_what_stays_open() -> None:
    stage = Stage().ready()
    hedge = stage.hedged()
    stopped = await stage.trading.stop()
    assert len(stopped.open) == 1
    assert hedge in stopped.open[0]
    assert stopped.doubt == ()


def test_after_the_kill_switch_nothing_opens_or_closes_until_armed_again() -> None:
    stage = Stage().ready()
    hedge = stage.hedged()
    assert stage.trading.kill("test").accepted
    close = stage.trading.preview(ticket(hedge=hedge, verb=Verb.CLOSE, qty_base=None))
    assert "kill switch" in [check.name for check in close.checks if not check.ok]
    assert not stage.trading.fire(close).accepted
    assert stage.trading.arm(ENOUGH).accepted
    close = stage.trading.preview(ticket(hedge=hedge, verb=Verb.CLOSE, qty_base=None))
    assert stage.trading.fire(close).accepted


def test_a_full_disk_disarms_and_refuses_to_arm() -> None:
    stage = Stage().ready()
    stage.disk.full = True
    answer = stage.trading.fire(stage.trading.preview(ticket()))
    assert not stage.trading.armed
    assert not stage.trading.arm(ENOUGH).accepted
    assert not stage.pens["binance"].placed
    assert answer.accepted  # it was taken; that it could not be kept is said after
    assert any("journal" in text for level, text in stage.notices if level == "error")


def test_people_and_guests_are_told() -> None:
    stage = Stage().ready()
    changes: list[str] = []
    said: list[str] = []
    stage.trading.on_change(lambda hedge, _: changes.append(hedge))
    stage.trading.on_said(lambda line: said.append(line.text))
    hedge = stage.hedged()
    assert hedge in changes
    assert any("hedged" in text for text in said)
    assert [line.text for line in stage.trading.said][-1] == said[-1]
    assert stage.trading.pairs()[0].hedge == hedge


def test_equity_is_unknown_while_a_balance_has_no_rate() -> None:
    stage = Stage().ready()
    assert stage.trading.equity_usd() is not None
    now_ns = stage.clock.now_ns()
    stage.hear(Balance(venue="okx", wallet="trading", asset="RARE", total=D(3), free=D(3), t_ns=now_ns))
    assert stage.trading.equity_usd() is None


# ---- muted by hand


def test_a_muted_leg_takes_no_new_hedge_and_what_is_open_may_still_be_closed() -> None:
    stage = Stage().ready()
    opening = stage.trading.preview(ticket())
    assert opening.refused == ""
    stage.muted[SELL] = "okx is muted by you"
    refused = stage.trading.preview(ticket())
    assert refused.refused == "muted: okx is muted by you; unmute it first"
    assert not stage.trading.fire(opening).accepted, "it is looked at again when the key comes"
    stage.muted.clear()
    hedge = stage.hedged()
    stage.muted[SELL] = stage.muted[BUY] = "COIN is muted by you"
    closing = stage.trading.preview(ticket(hedge=hedge, verb=Verb.CLOSE, qty_base=None))
    assert closing.refused == ""


def test_what_is_missing_from_the_equity_is_named_and_the_rest_is_known() -> None:
    stage = Stage()
    assert stage.trading.equity().unread == ("binance", "okx")
    assert stage.trading.equity_usd() is None
    stage.ready()
    whole = stage.trading.equity()
    assert (whole.usd, whole.known, whole.missing) == (D(150_000), True, "")
    now_ns = stage.clock.now_ns()
    stage.hear(Balance(venue="okx", wallet="trading", asset="RARE", total=D(3), free=D(3), t_ns=now_ns))
    part = stage.trading.equity()
    assert (part.usd, part.known, part.missing) == (D(150_000), False, "no rate: RARE")
    stage.hedged()
    stage.market.prices[BUY] = Price(None, None, D(100), D(1), 5.0, fresh=True)
    assert stage.trading.equity().no_price == (BUY,)
    assert stage.trading.equity_usd() is None


def test_paper_that_cannot_arm_itself_says_why() -> None:
    stage = Stage(paper=True)
    stage.streams()
    stage.answer("binance")
    vars(stage.trading.runner)["stopping"] = True
    stage.answer("okx")
    assert not stage.trading.armed
    assert any("paper is not armed: arbtui is stopping" in text for _, text in stage.notices)
