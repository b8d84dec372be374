"""What keeps a run's accounts from being armed, and what takes arming back: below the screen, through ``Trading``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from arbtui.core.errors import ArbtuiError, JournalError, RefusalReason, TransportBroken
from arbtui.core.model import Market
from arbtui.core.orders import ReadKind, Rejected
from arbtui.engine import arming
from arbtui.engine.arming import Guard, Holder, KeyFitness, arm_soon, guard_of, unfit
from arbtui.engine.whose import keep_worlds
from arbtui.execution.ledger import Ledger
from arbtui.execution.limits import Limits
from arbtui.execution.records import Armed
from arbtui.storage.journal import Journal
from arbtui.venues.private import KeyRights
from tests.engine.trading_stage import BUY, ENOUGH, SELL, Stage, quote, ticket

D = Decimal
BOTH = (Market.PERP, Market.SPOT)
GOOD = KeyRights(trade=dict.fromkeys(BOTH, True), withdraw=False, bound_to_ips=True, text="trades")


def armed(stage: Stage) -> bool:
    return stage.trading.armed


def rights(**changes: object) -> KeyRights:
    return replace(GOOD, **changes)  # type: ignore[arg-type]  # names and types are the test's own


# what a key may do


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (GOOD, ""),
        (rights(withdraw=None), ""),
        (rights(trade={}), ""),
        (rights(trade={Market.PERP: None, Market.SPOT: False}), ""),
        (rights(trade={Market.PERP: True, Market.SPOT: False}), ""),
        (rights(trade={Market.PERP: False, Market.SPOT: False}), "its key may not trade perp or spot (trades)"),
        (rights(withdraw=True), "its key may withdraw (trades), and arbtui never does: make a key without that right"),
    ],
)
def test_a_key_that_may_withdraw_or_trades_nothing_is_unfit(told: KeyRights, says: str) -> None:
    found = unfit(told, BOTH, allow_withdraw=False)
    assert found.startswith(says)
    assert bool(found) == bool(says)


def test_a_key_that_may_withdraw_is_armed_where_the_config_allows_it() -> None:
    assert unfit(rights(withdraw=True), BOTH, allow_withdraw=True) == ""


class Venue:
    """Answers one after another, the last one for ever."""

    def __init__(self, *answers: KeyRights | ArbtuiError | None) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def ask(self) -> KeyRights | None:
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, ArbtuiError):
            raise answer
        return answer


async def fitness(venue: Venue, *, real: bool = True, allow: bool = False) -> tuple[KeyFitness, list[str]]:
    said: list[str] = []
    made = KeyFitness(
        {"okx": Holder(BOTH, venue.ask, real)}, allow_withdraw=allow, notice=lambda level, text: said.append(text)
    )
    assert made.why_not() == "okx: what its key may do is being asked; wait a moment"
    return made, said


async def asked(made: KeyFitness, venue: Venue, times: int) -> None:
    """Let it ask so often, without its pauses."""
    task = asyncio.create_task(made.run())
    for _ in range(200):
        if venue.asked >= times:
            break
        await asyncio.sleep(0)
        made.why_not()
    for _ in range(5):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert venue.asked >= times


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arming, "ASK_AGAIN_S", 0.0)


async def test_a_key_is_asked_about_until_it_is_fit_and_then_not_before_somebody_arms_again() -> None:
    venue = Venue(rights(withdraw=True), TransportBroken("okx cannot be reached"), GOOD)
    made, said = await fitness(venue)
    await asked(made, venue, 3)
    assert made.why_not() == ""
    assert venue.asked == 3
    assert said[0].startswith("okx cannot be armed: its key may withdraw")
    assert said[1:] == ["okx cannot be armed: what its key may do could not be read: okx cannot be reached"]


async def test_each_arming_wants_to_know_anew_what_the_key_may_do() -> None:
    """A right to withdraw that was given since, or a venue that does not answer any more, keeps from arming again."""
    venue = Venue(GOOD, rights(withdraw=True), TransportBroken("okx cannot be reached"))
    made, said = await fitness(venue)
    task = asyncio.create_task(made.run())
    await turns(lambda: made.why_not() == "")
    assert venue.asked == 1
    made.heard("", Armed(True, "a person said so"))
    assert made.why_not() == "okx: what its key may do is being asked; wait a moment"
    await turns(lambda: venue.asked == 2 and made.why_not().startswith("okx: its key may withdraw"))
    await turns(lambda: made.why_not().startswith("okx: what its key may do could not be read"))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert said[0].startswith("okx cannot be armed: its key may withdraw")


async def test_what_was_told_long_ago_is_asked_anew_before_the_first_arming(monkeypatch: pytest.MonkeyPatch) -> None:
    venue = Venue(GOOD)
    made, _ = await fitness(venue)
    task = asyncio.create_task(made.run())
    await turns(lambda: made.why_not() == "")
    monkeypatch.setattr(arming, "GOOD_FOR_S", 0.0)  # a minute later
    assert made.why_not() == "okx: what its key may do is being asked; wait a moment"
    monkeypatch.setattr(arming, "GOOD_FOR_S", 60.0)
    await turns(lambda: venue.asked == 2 and made.why_not() == "")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def turns(until: Callable[[], bool]) -> None:
    """Let everything else go on until it holds."""
    for _ in range(1000):
        if until():
            return
        await asyncio.sleep(0)
    raise AssertionError("it does not come to hold")


async def test_what_is_not_told_of_play_money_forbids_nothing_but_of_money_it_does() -> None:
    for answer in (None, TransportBroken("no such page")):
        venue = Venue(answer)
        made, said = await fitness(venue, real=False)
        await asked(made, venue, 1)
        assert (made.why_not(), venue.asked) == ("", 1)
        assert said[0].startswith("okx does not tell here what its key may do")
    venue = Venue(None)
    made, _ = await fitness(venue)
    await asked(made, venue, 1)
    assert made.why_not() == "", "a venue without the question cannot be asked"
    venue = Venue(TransportBroken("no such page"), TransportBroken("no such page"))
    made, _ = await fitness(venue)
    await asked(made, venue, 2)
    assert "could not be read: no such page" in made.why_not()


async def test_a_key_of_play_money_may_withdraw_it() -> None:
    venue = Venue(rights(withdraw=True))
    made, _ = await fitness(venue, real=False)
    await asked(made, venue, 1)
    assert made.why_not() == ""


# arming, through Trading


def ready(**more: object) -> Stage:
    stage = Stage(**more).ready()  # type: ignore[arg-type]  # as the stage takes them
    stage.trading.disarm("a test")
    return stage


@pytest.mark.parametrize("most", [None, D(0), D(-1), D("nan"), D("Infinity")])
def test_accounts_are_not_armed_without_an_amount(most: Decimal | None) -> None:
    stage = ready()
    answer = stage.trading.arm(most)
    assert not answer.accepted
    assert "say how many US dollars" in answer.text
    assert not stage.trading.runner.arm().accepted, "nor by whoever comes past Trading"
    assert not stage.trading.fire(stage.trading.preview(ticket())).accepted
    assert not stage.pens["binance"].placed


def test_accounts_are_not_armed_while_a_key_is_unfit() -> None:
    stage = ready()
    stage.trading._unfit = lambda: "okx: its key may withdraw"
    assert stage.trading.arm(ENOUGH).text == "not armed: okx: its key may withdraw"
    assert not armed(stage)


def test_a_preview_shows_the_limit_that_the_runner_holds() -> None:
    stage = ready()
    stage.trading.arm(D(600))  # a hedge of the stage is worth 501 USD
    first = stage.trading.preview(ticket())
    assert not first.refused
    assert stage.trading.fire(first).accepted
    second = stage.trading.preview(ticket(qty_base=D(1)))
    assert "would be open, armed for 600" in second.refused
    answer = stage.trading.fire(second)
    assert not answer.accepted
    assert len(stage.pens["binance"].placed) == 1


def test_limits_hold_in_the_runner_for_whoever_does_not_ask_trading_first() -> None:
    stage = ready(limits=Limits(order_usd=D(100)))
    stage.trading.arm(ENOUGH)
    preview = stage.trading.preview(ticket())
    assert preview.intent is not None
    answer = stage.trading.runner.open(preview.intent)
    assert not answer.accepted
    assert "limits.order_usd = 100" in answer.text


def test_closing_needs_no_permit() -> None:
    stage = ready()
    stage.trading.arm(D(600))
    hedge = stage.hedged()
    stage.trading.disarm("a test")
    close = stage.trading.preview(ticket(hedge=hedge, verb="close", qty_base=None))
    assert stage.trading.fire(close).accepted


# trouble


def guarded(stage: Stage, down_s: float = 10.0) -> Stage:
    guard_of(stage.trading, down_s).start()
    stage.trading.arm(ENOUGH)
    return stage


def why(stage: Stage) -> str:
    return next(said.text for said in reversed(stage.trading.said) if said.text.startswith("disarmed"))


def test_a_stream_that_stays_down_disarms_and_a_short_gap_does_not() -> None:
    stage = guarded(ready())
    stage.streams("down", "okx")
    stage.wait(9)
    stage.streams("up", "okx")
    stage.wait(20)
    assert armed(stage)
    stage.streams("down", "okx")
    stage.wait(12)
    assert not armed(stage)
    assert why(stage) == "disarmed: the private stream of okx perp has been down for 10 s"


def test_a_stream_that_is_down_already_has_its_time_from_arming_on() -> None:
    stage = ready()
    stage.streams("down", "okx")
    stage.wait(100)
    guarded(stage)
    stage.wait(8)
    assert armed(stage)
    stage.wait(4)
    assert not armed(stage)


def test_a_hedge_that_is_halted_disarms() -> None:
    stage = guarded(ready())
    preview = stage.trading.preview(ticket())
    hedge = stage.trading.fire(preview).hedge
    stage.fill(stage.pens["binance"].placed[-1])
    order = stage.pens["okx"].placed[-1]
    for leg in (BUY, SELL):
        stage.market.prices[leg] = quote("100", "100.2", age_ms=60_000, fresh=False)
    stage.hear(
        Rejected(
            venue="okx", client_id=order.client_id, reason=RefusalReason.OTHER, code="1", text="no", retry_after_s=None,
            t_ns=stage.clock.now_ns(),
        )
    )  # fmt: skip
    stage.wait(40)
    assert stage.trading.ledgers[hedge].state == "halted"
    assert not armed(stage)
    assert why(stage) == f"disarmed: hedge {hedge} is halted"


def test_a_day_that_lost_too_much_disarms() -> None:
    stage = guarded(ready(limits=Limits(day_loss_usd=D(50))))
    stage.hedged()
    stage.wait(10)
    assert armed(stage)
    stage.market.prices[SELL] = quote("120.00", "120.01")
    stage.wait(10)
    assert not armed(stage)
    assert "USD lost today, at limits.day_loss_usd = 50" in why(stage)


TROUBLE: dict[str, Callable[[Stage], object]] = {
    "the clock jumped": lambda stage: stage.trading.clock_jumped("the clock jumped"),
    "the kill switch": lambda stage: stage.trading.kill("a test"),
    "a person": lambda stage: stage.trading.disarm("a test"),
    "time": lambda stage: stage.wait(3601),
}


@pytest.mark.parametrize("what", TROUBLE)
def test_whatever_disarms_only_a_person_with_an_amount_arms_again(what: str) -> None:
    stage = guarded(ready())
    TROUBLE[what](stage)
    assert not armed(stage)
    for venue in stage.pens:
        stage.answer(venue)
    stage.wait(600)
    assert not armed(stage)
    assert not stage.trading.arm().accepted
    assert stage.trading.arm(ENOUGH).accepted


def test_paper_is_watched_by_no_guard_and_ends_by_no_time() -> None:
    stage = Stage(paper=True)
    stage.streams()
    for venue in stage.pens:
        stage.answer(venue)
    assert armed(stage)
    stage.wait(100_000)
    assert armed(stage)
    assert (stage.trading.permit, stage.trading.armed_until_ns) == (None, None)


def test_a_guard_that_was_stopped_looks_no_more() -> None:
    stage = ready()
    guard: Guard = guard_of(stage.trading, 10.0)
    guard.start()
    guard.stop()
    stage.trading.arm(ENOUGH)
    stage.streams("down", "okx")
    stage.wait(60)
    assert armed(stage)


# without a screen


async def test_a_run_arms_itself_once_its_accounts_are_read() -> None:
    stage, said = Stage(), list[str]()
    task = asyncio.create_task(arm_soon(stage.trading, D(500), lambda level, text: said.append(text)))
    await asyncio.sleep(0)
    assert not armed(stage)
    assert stage.trading.waits_for() == "the accounts are being read"
    for venue in stage.pens:
        stage.answer(venue)
    assert stage.trading.waits_for().startswith("the private streams of binance perp")
    stage.streams()
    await asyncio.wait_for(task, 5)
    assert armed(stage)
    assert said == ["armed: hedges may be opened, at most 500 USD open at once, for 60 min"]
    assert stage.trading.permit is not None
    assert stage.trading.permit.open_usd == 500


async def test_where_it_cannot_arm_itself_it_says_why_and_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arming, "ARM_WITHIN_S", 0.3)
    stage, said = ready(), list[tuple[str, str]]()
    stage.trading._unfit = lambda: "okx: its key may withdraw"
    await arm_soon(stage.trading, D(500), lambda level, text: said.append((level, text)))
    assert not armed(stage)
    assert said == [("error", "--arm-live: not armed: okx: its key may withdraw; it is not tried again in this run")]


async def test_what_would_have_disarmed_it_calls_off_that_a_run_arms_itself() -> None:
    """A machine that slept while its accounts were still being read does not wake up armed."""
    stage, said, slept = Stage(), list[str](), [""]
    task = asyncio.create_task(arm_soon(stage.trading, D(500), lambda level, text: said.append(text), lambda: slept[0]))
    await asyncio.sleep(0)
    slept[0] = "the clock jumped"
    for venue in stage.pens:
        stage.answer(venue)
    stage.streams()
    await asyncio.wait_for(task, 5)
    assert not armed(stage)
    assert said == ["--arm-live: the clock jumped; it is not tried again in this run"]


def test_while_a_key_is_unfit_nothing_is_asked_however_often_somebody_arms() -> None:
    stage = ready()
    stage.trading._unfit = lambda: "okx: its key may withdraw"
    for pen in stage.pens.values():
        pen.asked(ReadKind.MODE)
    assert not stage.trading.arm(D(500)).accepted
    assert not any(pen.asked(ReadKind.MODE) for pen in stage.pens.values())


# worlds


async def test_a_hedge_is_looked_after_in_the_environment_in_which_it_was_opened(tmp_path: Path) -> None:
    stage = ready()
    stage.trading.arm(ENOUGH)
    hedge = stage.hedged()
    ledgers = list(stage.trading.ledgers.values())
    path = tmp_path / "journal.sqlite3"

    def begun(ledgers: list[Ledger], **worlds: str) -> None:
        journal = Journal(path, asyncio.get_running_loop().call_soon_threadsafe)
        try:
            keep_worlds(journal, ledgers, worlds)
        finally:
            assert journal.close()

    begun(ledgers, binance="testnet", okx="demo")
    begun(ledgers, binance="testnet", okx="demo", bybit="testnet")
    begun(ledgers, binance="testnet", bybit="demo")
    with pytest.raises(JournalError, match=f"hedge {hedge} is open on binance in its environment testnet"):
        begun(ledgers, binance="demo", okx="demo")
    begun([], binance="demo")
    with pytest.raises(JournalError, match="in its environment demo, and this run's there is testnet"):
        begun(ledgers, binance="testnet")
