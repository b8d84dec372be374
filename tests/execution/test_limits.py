"""How much may be risked: each limit refuses by name, and what is in doubt counts at its worst."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from arbtui.core.errors import RefusalReason
from arbtui.execution.ledger import Ledger
from arbtui.execution.limits import Limits, Usage, refusals, usage
from tests.execution.stage import HEDGE, T0, Stage, dec, intent

NONE = Limits(None, None, None, None, None, None, None, None, 0.0)
EMPTY = Usage({}, {}, Decimal(0), Decimal(0), 0, 0, 0, {}, frozenset())


def usd(_ccy: str) -> Decimal | None:
    return Decimal(1)


def used(stage: Stage, result: Callable[[Ledger], Decimal | None] = lambda _ledger: Decimal(0)) -> Usage:
    made = usage(stage.runner.ledgers.values(), usd, result, stage.clock.now_ns())
    assert isinstance(made, Usage), made
    return made


@pytest.mark.parametrize(
    ("limits", "taken", "name"),
    [
        (replace(NONE, order_usd=dec(1_000)), EMPTY, "order_usd"),
        (replace(NONE, coin_usd=dec(2_000)), replace(EMPTY, by_coin={"COIN": dec(1_000)}), "coin_usd"),
        (replace(NONE, venue_usd=dec(2_000)), replace(EMPTY, by_venue={"beta": dec(1_000)}), "venue_usd"),
        (replace(NONE, day_usd=dec(2_000)), replace(EMPTY, day_usd=dec(1_000)), "day_usd"),
        (replace(NONE, day_loss_usd=dec(200)), replace(EMPTY, day_loss_usd=dec(200)), "day_loss_usd"),
        (replace(NONE, day_loss_usd=dec(200)), replace(EMPTY, day_loss_usd=None), "day_loss_usd"),
        (replace(NONE, losing_in_row=5), replace(EMPTY, losing_in_row=5), "losing_in_row"),
        (replace(NONE, rejected_in_row=5), replace(EMPTY, rejected_in_row=5), "rejected_in_row"),
        (replace(NONE, open_hedges=2), replace(EMPTY, open_hedges=2), "open_hedges"),
        (
            replace(NONE, again_after_s=5.0),
            replace(EMPTY, last_ns={("alpha.perp.COINUSDT", "beta.perp.COINUSDT"): T0}),
            "again_after_s",
        ),
        (NONE, replace(EMPTY, unfinished=frozenset({"beta.perp.COINUSDT"})), "not finished"),
    ],
)
def test_each_limit_refuses_by_name(limits: Limits, taken: Usage, name: str) -> None:
    found = refusals(intent(), limits, taken, usd, T0 + 1)  # 1,000 and 1,002 USD
    assert len(found) == 1
    assert name in found[0]


def test_within_all_limits_nothing_is_refused() -> None:
    assert refusals(intent(qty="9"), Limits(), EMPTY, usd, T0) == []


def test_without_a_rate_nothing_can_be_checked_and_so_nothing_is_opened() -> None:
    (text,) = refusals(intent(), NONE, EMPTY, lambda _ccy: None, T0)
    assert "cannot be checked" in text


def test_an_order_on_its_way_counts_whole() -> None:
    stage = Stage()
    stage.open()
    taken = used(stage)
    assert taken.by_coin["COIN"] == 1_002  # 10 x 100.20
    assert taken.unfinished == {"alpha.perp.COINUSDT", "beta.perp.COINUSDT"}
    assert taken.day_usd == 1_000


def test_a_hedged_pair_counts_what_it_holds_and_is_finished() -> None:
    stage = Stage()
    stage.open()
    for venue in ("alpha", "beta"):
        stage.fills(stage.order(venue), "4")
    taken = used(stage)
    assert taken.by_venue == {"alpha": 400, "beta": dec("400.80")}
    assert taken.unfinished == frozenset()
    assert taken.open_hedges == 1


def test_losses_and_refusals_in_a_row_are_counted_until_one_that_was_none() -> None:
    stage = Stage()
    results = {}
    for number, result in enumerate(("-1", "2", "-1", "-3")):
        hedge = f"{HEDGE[:-1]}{number}"
        stage.open(intent(hedge=hedge, now_ns=stage.clock.now_ns()))
        stage.fills(stage.order("alpha"))
        stage.refuses(stage.order("beta"), RefusalReason.INSUFFICIENT)
        stage.fills(stage.order("alpha"))
        assert stage.state(hedge) == "flat"
        results[hedge] = dec(result)
        stage.wait(1)
    taken = used(stage, lambda ledger: results[ledger.hedge])
    assert (taken.losing_in_row, taken.rejected_in_row, taken.day_loss_usd) == (2, 4, dec(3))
    assert used(stage, lambda _ledger: None).day_loss_usd is None


def test_yesterday_is_another_day() -> None:
    stage = Stage()
    stage.hedged()
    stage.wait(86_400)
    assert used(stage).day_usd == 0
