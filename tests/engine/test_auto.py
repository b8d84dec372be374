"""The automatic mode over real trading: it goes in by the ticket's door, and says what it does and why."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from arbtui.core.model import Market
from arbtui.core.orders import AccountMode, Balance, FeeRates, LeverageRead, Order, OrderStatus, StreamState
from arbtui.engine.auto import Auto
from arbtui.execution.intents import Style
from arbtui.execution.limits import Limits
from arbtui.lines.records import DecisionLine
from arbtui.port import SetSetting, SetThreshold
from arbtui.strategy.auto import Act, AutoRules, DecisionRecord, Why, net_of
from tests.execution.stage import accepted, fill, report, unanswered
from tests.money_support import MoneyBench

D = Decimal
RULES = AutoRules(order=("okx", "binance"), cooldown_s=3.0)


WITHOUT_LIMITS = Limits(
    order_usd=None, coin_usd=None, venue_usd=None, day_usd=None, day_loss_usd=None, losing_in_row=None,
    rejected_in_row=None, open_hedges=None, again_after_s=0.0,
)  # fmt: skip


class AutoBench(MoneyBench):
    """A standing edge, accounts that are read, and executors that write down what they are asked."""

    def __init__(self, tmp_path: Path, rules: AutoRules = RULES, *, armed: bool = True, told: bool = True) -> None:
        super().__init__(tmp_path, limits=WITHOUT_LIMITS)
        for key, value in (("signals.cooldown_s", "1"), ("pairs.spot_perp", "false")):
            assert self.desk.send(SetSetting(key, value)).accepted
        self.auto.rules = rules
        self.auto.start()
        if told:
            self.tell()
        if armed:
            assert self.trading.runner.arm().accepted
        self.pass_(3)  # until the signal stands
        assert self.desk.standing()

    def tell(self, free: str = "9000") -> None:
        """All that the checks want to know of the accounts."""
        for venue, wallet in (("binance", "usdm"), ("okx", "trading")):
            native = (self.binance if venue == "binance" else self.okx).instrument.native
            perp, now_ns = Market.PERP, self.now
            for event in (
                StreamState(venue=venue, markets=(Market.PERP,), state="up", text="", t_ns=self.now),
                AccountMode(
                    venue=venue, market=perp, position_mode="one_way", can_trade=True, text="one-way", t_ns=now_ns
                ),
                FeeRates(venue=venue, market=perp, native=native, maker=D("0.0002"), taker=D("0.0005"), t_ns=now_ns),
                LeverageRead(venue=venue, native=native, leverage=D(5), margin_mode="cross", t_ns=self.now),
                Balance(venue=venue, wallet=wallet, asset="USDT", total=D(9000), free=D(free), t_ns=self.now),
            ):
                self.trading.hear(event)

    def pass_(self, seconds: float, *, edge: bool = True) -> None:
        """Time with quotes: the edge as it was, or none and both legs where they can be closed well."""
        for _ in range(round(seconds * 2)):
            self.everything()
            if not edge:
                self.quote(self.okx, "100.00", "150", "100.05", "200")
            self.advance(0.5)

    def on(self) -> AutoBench:
        assert self.auto.switch(on=True).accepted
        return self

    def hedge_filled(self) -> str:
        """What it has just opened, filled on both legs."""
        self.fills("binance")
        self.fills("okx")
        opened = [found for found in self.auto.decisions if found.act is Act.OPEN][-1]
        assert self.trading.ledgers[opened.hedge].state == "hedged"
        return opened.hedge

    def answers(self, order: Order, how: str) -> None:
        """All of it, half of it, or nothing fills; or nobody knows."""
        if how == "silent":
            self.trading.hear(unanswered(order, self.now))
            return
        qty = {"fills": order.qty, "half": order.qty // 2, "none": D(0)}[how]
        self.trading.hear(accepted(order, self.now))
        if qty:
            self.trading.hear(fill(order, f"{qty:f}", fill_id=f"{order.client_id}-f", t_ns=self.now))
        ended = OrderStatus.FILLED if qty == order.qty else OrderStatus.CANCELED
        self.trading.hear(report(order, ended, f"{qty:f}", t_ns=self.now))

    def hedge_ends(self, hedge: str) -> None:
        """Its closing turn fills as well."""
        self.fills("binance", fill_id="2")
        self.fills("okx", fill_id="2")
        assert self.trading.ledgers[hedge].state == "done"

    @property
    def told(self) -> list[tuple[Act, Why]]:
        return [(found.act, found.why) for found in self.auto.decisions]

    def last(self, act: Act) -> DecisionRecord:
        return [found for found in self.auto.decisions if found.act is act][-1]

    @property
    def orders(self) -> int:
        return sum(len(pen.placed) for pen in self.pens.values())


def test_it_is_off_until_it_is_switched_on(tmp_path: Path) -> None:
    bench = AutoBench(tmp_path)
    bench.pass_(5)
    assert bench.orders == 0
    assert bench.told == []


def test_who_switches_it_on_is_told_everything_that_it_goes_by(tmp_path: Path) -> None:
    bench = AutoBench(tmp_path)
    assert bench.desk.send(SetThreshold(12.5)).accepted
    said = bench.on().last(Act.ON).text
    assert said.startswith("automatic mode is on: 100 USD a hedge, at most 3 hedges, 500 USD on one coin")
    assert "changed by key" in said
    assert "signals.threshold_bps 12.5" in said
    assert "by default: " in said
    for key in ("auto.max_net_usd 500.0", "auto.profit_bps", "limits.order_usd 1000.0"):
        assert key in said


def test_a_standing_signal_is_opened_once_with_its_figures(tmp_path: Path) -> None:
    bench = AutoBench(tmp_path).on()
    bench.pass_(1)
    opened = bench.last(Act.OPEN)
    intent = bench.trading.ledgers[opened.hedge].intent
    assert (intent.by, intent.style, intent.usd) == ("auto", Style.TAKER_TAKER, D(100))
    assert bench.orders == 2
    assert opened.signal == bench.desk.standing()[0].id
    assert (opened.direction, opened.buy) == ("short", "binance.perp.BTCUSDT")
    assert opened.net_bps == pytest.approx(79.8, abs=0.1)
    assert (opened.position_usd, opened.net_usd, opened.hedges) == (D(0), D(0), 0)
    assert any("auto: open BTC" in text for text in bench.notices)


def test_it_opens_again_after_the_cool_down_until_a_bound_is_reached_and_says_so_once(tmp_path: Path) -> None:
    rules = replace(RULES, max_position_usd=D(200), cooldown_s=6.0)
    bench = AutoBench(tmp_path, rules).on()
    bench.pass_(1)
    bench.hedge_filled()
    bench.pass_(4)
    assert bench.orders == 2
    bench.pass_(4)
    assert bench.orders == 4
    bench.hedge_filled()
    bench.pass_(20)
    assert bench.orders == 4
    waits = [found.why for found in bench.auto.decisions if found.act is Act.WAIT]
    assert waits.count(Why.MAX_POSITION) == 1


def test_what_is_in_doubt_counts_as_if_all_of_it_had_filled(tmp_path: Path) -> None:
    bench = AutoBench(tmp_path, replace(RULES, max_net_usd=D(150))).on()
    bench.pass_(1)
    bench.fills("binance")
    bench.silent("okx")
    bench.pass_(10)
    assert bench.orders == 2
    found = bench.last(Act.WAIT)
    assert found.why is Why.MAX_NET
    assert found.net_usd is not None
    assert found.net_usd > 90


def test_it_closes_its_own_hedge_when_prices_have_met_and_says_what_is_left(tmp_path: Path) -> None:
    bench = AutoBench(tmp_path).on()
    bench.pass_(1)
    hedge = bench.hedge_filled()
    bench.pass_(1, edge=False)
    closed = bench.last(Act.CLOSE)
    assert (closed.hedge, closed.why) == (hedge, Why.PROFIT)
    # 0.99 coins bought at 100.20 and sold at 100.90, as the bands allow, for 0.10 of fees; closed at 100.00 and 100.05
    assert closed.result_bps == pytest.approx(1e4 * (0.99 * 0.65 - 0.10 - 0.99 * 200.05 * 0.0005) / 99.0)
    assert closed.gap_bps == pytest.approx(5.0)
    bench.hedge_ends(hedge)


def test_a_persons_hedge_is_none_of_its_business(tmp_path: Path) -> None:
    bench = AutoBench(tmp_path, replace(RULES, max_hedges=1))
    hedge = bench.hedged()
    bench.on().pass_(1)
    assert bench.last(Act.WAIT).why is Why.MAX_HEDGES  # it counts,
    bench.pass_(2, edge=False)
    assert bench.orders == 2  # and is not closed
    assert bench.trading.ledgers[hedge].state == "hedged"


def test_disarmed_it_opens_nothing_says_so_once_and_goes_on_closing(tmp_path: Path) -> None:
    bench = AutoBench(tmp_path).on()
    bench.pass_(1)
    bench.hedge_filled()
    bench.trading.disarm("a person said so")
    bench.pass_(10)
    assert bench.orders == 2
    assert bench.told.count((Act.WAIT, Why.NOT_ARMED)) == 1
    bench.pass_(1, edge=False)
    assert bench.orders == 4
    assert bench.last(Act.CLOSE).why is Why.PROFIT


def test_the_kill_switch_turns_it_off_and_arming_does_not_turn_it_on(tmp_path: Path) -> None:
    bench = AutoBench(tmp_path).on()
    bench.pass_(1)
    bench.hedge_filled()
    bench.trading.kill("a person pressed !")
    bench.pass_(1)
    assert not bench.auto.on
    assert (bench.last(Act.OFF).why, "1 of its hedges" in bench.last(Act.OFF).text) == (Why.KILLED, True)
    assert not bench.auto.switch(on=True).accepted
    assert bench.trading.runner.arm().accepted
    bench.pass_(10, edge=False)
    assert bench.orders == 2


def test_the_kill_switch_turns_it_off_though_somebody_arms_before_the_next_look(tmp_path: Path) -> None:
    bench = AutoBench(tmp_path).on()
    bench.trading.kill("a person pressed !")
    assert bench.trading.runner.arm().accepted
    bench.pass_(3)
    assert not bench.auto.on
    assert bench.told.count((Act.OFF, Why.KILLED)) == 1
    assert bench.orders == 0


@pytest.mark.parametrize(("profit_bps", "closes"), [(47.0, False), (40.0, True)])
@pytest.mark.parametrize("untold", ["a fill", "a fee"])
def test_a_profit_must_be_one_even_if_what_was_not_told_is_at_its_worst(
    untold: str, profit_bps: float, closes: bool, tmp_path: Path
) -> None:
    """At worst 45 bps are left; they would be more if what is not known counted as nothing."""
    bench = AutoBench(tmp_path, replace(RULES, profit_bps=profit_bps, exit_bps=-1000.0)).on()
    bench.pass_(1)
    bought = bench.order("binance")
    bench.trading.hear(accepted(bought, bench.now))
    if untold == "a fee":
        bench.trading.hear(fill(bought, f"{bought.qty:f}", fee=None, t_ns=bench.now))
    bench.trading.hear(report(bought, OrderStatus.FILLED, f"{bought.qty:f}", t_ns=bench.now))
    bench.fills("okx")
    hedge = bench.last(Act.OPEN).hedge
    assert bench.trading.ledgers[hedge].state == "hedged"
    bench.pass_(5, edge=False)
    assert ((Act.CLOSE, Why.PROFIT) in bench.told) is closes
    assert bench.orders == (4 if closes else 2)
    if closes:
        assert "even if what was not told yet is at its worst" in bench.last(Act.CLOSE).text


def test_a_look_that_fails_inside_turns_it_off_aloud_and_touches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = AutoBench(tmp_path).on()
    bench.pass_(1)
    hedge = bench.hedge_filled()

    def broken(*_: object) -> None:
        raise ZeroDivisionError("by a test")

    monkeypatch.setattr(bench.desk, "standing", broken)
    bench.pass_(3, edge=False)
    assert not bench.auto.on
    assert bench.last(Act.OFF).why is Why.BROKEN
    assert sum("a mistake in arbtui" in text for text in bench.notices) == 1
    assert bench.trading.ledgers[hedge].state == "hedged"


def test_every_act_and_every_reason_has_its_place_in_the_lines() -> None:
    fields = {field.name: field.type for field in msgspec.structs.fields(DecisionLine)}
    assert set(get_args(fields["why"])) == {why.value for why in Why}
    assert set(get_args(get_args(fields["act"])[0])) == {act.value for act in Act}


def test_a_threshold_that_was_raised_under_a_standing_signal_holds(tmp_path: Path) -> None:
    bench = AutoBench(tmp_path)
    (signal,) = bench.desk.standing()
    net_bps = net_of(signal.row)
    assert net_bps is not None
    assert bench.desk.send(SetThreshold(net_bps + 1)).accepted  # within the hysteresis: the signal goes on standing
    bench.on().pass_(3)
    assert bench.desk.standing()
    assert bench.orders == 0
    assert bench.last(Act.WAIT).why is Why.BELOW
    assert bench.last(Act.WAIT).threshold_bps == net_bps + 1


def test_a_refusal_cools_down_and_is_told_once_with_its_reason(tmp_path: Path) -> None:
    bench = AutoBench(tmp_path, replace(RULES, cooldown_s=30.0), told=False)
    bench.on()
    bench.pass_(20)
    assert bench.orders == 0
    refused = [found for found in bench.auto.decisions if found.act is Act.REFUSE]
    assert [found.text for found in refused] == [
        "the account's fees on binance.perp.BTCUSDT are being read; wait a moment"
    ]
    bench.tell()
    bench.pass_(3)
    assert bench.orders == 2


def test_another_refusal_is_told_and_the_same_with_other_numbers_is_not(tmp_path: Path) -> None:
    bench = AutoBench(tmp_path, replace(RULES, cooldown_s=1.0), told=False).on()
    bench.pass_(3)
    for free in ("9", "8", "7"):
        bench.tell(free=free)
        bench.pass_(3)
    texts = [found.text for found in bench.auto.decisions if found.act is Act.REFUSE]
    assert len(texts) == 2
    assert "fees" in texts[0]
    assert "9.00" in texts[1]
    assert Why.COOLING_DOWN not in [why for _, why in bench.told]


def test_fees_of_the_account_that_eat_the_edge_are_a_refusal(tmp_path: Path) -> None:
    bench = AutoBench(tmp_path)
    bench.trading.hear(
        FeeRates(
            venue="okx",
            market=Market.PERP,
            native=bench.okx.instrument.native,
            maker=D("0.009"),
            taker=D("0.009"),
            t_ns=bench.now,
        )
    )
    bench.on().pass_(2)
    assert bench.orders == 0
    assert "after the account's own fees" in bench.last(Act.REFUSE).text


def test_a_leg_that_goes_stale_is_neither_opened_nor_closed_on(tmp_path: Path) -> None:
    bench = AutoBench(tmp_path)
    bench.link.up = False
    bench.on()
    bench.advance(5)
    assert bench.orders == 0
    assert not {Act.OPEN, Act.REFUSE} & {act for act, _ in bench.told}


def test_a_resting_order_that_does_not_fill_is_taken_back_once(tmp_path: Path) -> None:
    bench = AutoBench(tmp_path, replace(RULES, rests=True, fill_timeout_s=4.0)).on()
    bench.pass_(1)
    hedge = bench.last(Act.OPEN).hedge
    intent = bench.trading.ledgers[hedge].intent
    assert (intent.style, intent.maker) == (Style.MAKER_TAKER, 1)  # it rests at the first exchange
    assert bench.orders == 1
    bench.trading.hear(accepted(bench.order("okx"), bench.now))
    bench.pass_(2)
    assert Act.CANCEL not in [act for act, _ in bench.told]
    bench.pass_(4)
    assert bench.told.count((Act.CANCEL, Why.FILL_TIMEOUT)) == 1
    assert len(bench.pens["okx"].canceled) == 1


def test_bounds_below_its_size_keep_it_off_in_words(tmp_path: Path) -> None:
    bench = AutoBench(tmp_path)
    auto = Auto(
        bench.desk, bench.trading, RULES, every_ms=500, notice=lambda level, text: None, unfit="size is above a limit"
    )
    assert auto.switch(on=True).text == "size is above a limit"
    assert not auto.on


def test_while_a_run_ends_nothing_is_begun(tmp_path: Path) -> None:
    bench = AutoBench(tmp_path)
    auto = Auto(bench.desk, bench.trading, RULES, every_ms=500, notice=lambda level, text: None, stopping=lambda: True)
    auto.switch(on=True)
    auto.look()
    assert bench.orders == 0


def test_after_a_restart_it_knows_its_own(tmp_path: Path) -> None:
    bench = AutoBench(tmp_path).on()
    bench.pass_(1)
    hedge = bench.hedge_filled()
    later = MoneyBench(tmp_path, tuple(bench.disk.kept))
    assert later.trading.ledgers[hedge].turns[0].by == "auto"


# ---- whatever happens


def at_worst(bench: AutoBench) -> tuple[Decimal, Decimal, int]:
    """What is open on the coin, what may be unhedged, and how many hedges: reckoned from orders and fills alone."""
    position = net = D(0)
    count = 0
    for ledger in bench.trading.ledgers.values():
        if ledger.state.ended:
            continue
        count += 1
        legs = []
        for index, leg in enumerate(ledger.intent.legs):
            pending = sum((line.remaining for line in ledger.unsettled() if line.leg == index), D(0))
            held = abs(ledger.position(index)) + pending * leg.terms.multiplier
            planned = ledger.intent.qty[index] * leg.terms.multiplier
            legs.append(
                max(held, D(0) if ledger.turn_over else planned) * leg.coin_price(ledger.turns[0].legs[index].price)
            )
        position += max(legs)
        net += max(legs) if ledger.unsettled() or not ledger.turn_over else abs(legs[0] - legs[1])
    return position, net, count


@pytest.mark.parametrize("seed", range(5))
def test_whatever_the_venues_do_it_stays_within_its_bounds(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    rules = replace(
        RULES,
        cooldown_s=1.0,
        max_position_usd=D(rng.choice((150, 250, 350))),
        max_net_usd=D(rng.choice((150, 250))),
        rests=rng.random() < 0.4,
    )
    bench = AutoBench(tmp_path, rules).on()
    answered: set[str] = set()
    opened = 0
    for _ in range(50):
        bench.tell()
        bench.pass_(rng.choice((0.5, 1.0, 3.0)), edge=rng.random() < 0.9)
        new = [found for found in bench.auto.decisions if found.act is Act.OPEN][opened:]
        opened += len(new)
        if new:
            position, net, count = at_worst(bench)
            assert position <= rules.max_position_usd
            assert net <= rules.max_net_usd
            assert count <= rules.max_hedges
        for order in [order for pen in bench.pens.values() for order in pen.placed]:
            if order.client_id not in answered and rng.random() < 0.7:
                how = rng.choice(("fills", "fills", "fills", "half", "none", "silent"))
                bench.answers(order, how)
                answered |= {order.client_id} if how != "silent" else set()  # the venue tells it later
        for hedge, ledger in list(bench.trading.ledgers.items()):
            if ledger.state == "halted":
                bench.trading.abandon(hedge)
        if not bench.trading.armed:
            bench.trading.runner.arm()
    assert opened > 0
