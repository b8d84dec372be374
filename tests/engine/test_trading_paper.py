"""Paper on two venues through the same engine; killed after any event and begun anew, it ends as if never killed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec
import pytest

from arbtui.core.clock import NS_PER_MS, NS_PER_S, ManualClock
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import AccountEvent
from arbtui.engine.carriers import PAPER_RULES
from arbtui.engine.trading import Carrier, Trading
from arbtui.execution.intents import Style, Verb
from arbtui.execution.limits import Limits
from arbtui.execution.paper import PaperExecutor
from arbtui.execution.paper_market import Depth, Fees, FundingDue, PaperRules
from arbtui.execution.policy import DEFAULT
from arbtui.execution.ports import Price, Record
from arbtui.execution.preflight import ClockRead
from tests.engine.trading_stage import BUY, SELL, SPOT, T0, listed, ticket

D = Decimal
VENUES = ("binance", "okx")
BEGIN = {"usdm": {"USDT": D(10_000)}, "spot": {"USDT": D(10_000)}, "trading": {"USDT": D(10_000)}}
MARKETS = (Market.PERP, Market.SPOT)


class Killed(Exception):
    """SIGKILL, as far as objects can feel it: nothing after it happens."""


@dataclass
class Disk:
    """What survives a death: records, and what is kept in step with them."""

    records: list[Record] = field(default_factory=list)
    kept: dict[str, bytes] = field(default_factory=dict)

    def write(self, records: Sequence[Record], then: Callable[[], None] | None, failed: Callable[[str], None]) -> None:
        self.records.extend(records)
        if then is not None:
            then()


class Books:
    """Prices and depth that do not move by themselves: ``execution.ports.Prices`` and ``PaperMarket`` at once."""

    def __init__(self) -> None:
        self.tops = {BUY: ("99.99", "100.00"), SELL: ("100.20", "100.21"), SPOT: ("99.97", "99.98")}

    def price(self, leg: str) -> Price:
        bid, ask = self.tops[leg]
        return Price(D(bid), D(1000), D(ask), D(1000), age_ms=1.0, fresh=True)

    def instrument(self, leg: str) -> Instrument | None:
        return listed(leg)

    def usd(self, ccy: str) -> Decimal | None:
        return D(1) if ccy == "USDT" else None

    def depth(self, leg: str) -> Depth:
        bid, ask = self.tops[leg]
        return Depth(((D(bid), D(1000)),), ((D(ask), D(1000)),))

    def trades_live(self, leg: str) -> bool:
        return True

    def mark(self, leg: str) -> Decimal | None:
        return D(100)

    def funding(self, leg: str) -> FundingDue | None:
        return None

    def fees(self, market: Market, native: str) -> Fees:
        return Fees(D("0.0002"), D("0.0005"))


class Life:
    """One process. ``dies_after``: so many events of its executors, then ``Killed``."""

    def __init__(self, disk: Disk, now_ns: int, dies_after: int | None = None) -> None:
        self.disk, self.clock, self.books = disk, ManualClock(now_ns), Books()
        self.events, self._dies_after = 0, dies_after
        rules = PaperRules(balances=BEGIN, latency_ms=50, leverage=D(3))
        self.papers = {
            name: PaperExecutor(
                name, self.books, self.clock, partial(self._hear, name), rules,
                kept=msgspec.json.decode(disk.kept[name]) if name in disk.kept else None,
            )
            for name in VENUES
        }  # fmt: skip
        self.trading = Trading(
            "PAPER",
            {
                name: Carrier(one, MARKETS, PAPER_RULES, lambda: ClockRead(0.0), paper=True)
                for name, one in self.papers.items()
            },
            clock=self.clock, journal=disk, prices=self.books, depth=self.books.depth, policy=DEFAULT,
            limits=Limits(again_after_s=0), notice=lambda level, text: None,
        )  # fmt: skip
        self.trading.restore(list(disk.records))

    def begin(self) -> Life:
        for paper in self.papers.values():
            paper.start()
        self.trading.start()
        self.run(1.0)
        return self

    def _hear(self, name: str, event: AccountEvent) -> None:
        self.disk.kept[name] = msgspec.json.encode(self.papers[name].save())
        self.events += 1
        if self._dies_after is not None and self.events > self._dies_after:
            raise Killed
        self.trading.hear(event)

    def run(self, seconds: float) -> None:
        self.clock.advance_to(self.clock.now_ns() + int(seconds * NS_PER_S))

    def fire(self, **fields: Any) -> str:
        self.trading.preview(ticket(**fields))  # asks for what is not known
        self.run(0.2)
        preview = self.trading.preview(ticket(**fields))
        assert not preview.refused, preview.refused
        answer = self.trading.fire(preview)
        assert answer.accepted, answer.text
        return answer.hedge

    def totals(self) -> dict[str, str]:
        """Of every wallet, as the accounts have them."""
        return {
            f"{name}.{wallet}.{asset}": str(tally.balance.normalize())
            for name, paper in self.papers.items()
            for wallet, assets in paper._state.account.wallets.items()
            for asset, tally in assets.items()
        }

    def traded(self, hedge: str) -> dict[tuple[int, str, str], tuple[Decimal, Decimal]]:
        """By leg, price and currency of the fee: how much, and the fee. A death may split an order, no more."""
        sums: dict[tuple[int, str, str], tuple[Decimal, Decimal]] = {}
        for line in self.trading.ledgers[hedge].lines.values():
            for fill in line.fills.values():
                key = (line.leg, str(fill.price), fill.fee_ccy)
                qty, fee = sums.get(key, (D(0), D(0)))
                sums[key] = (qty + fill.qty, fee + (fill.fee or D(0)))
        return sums


def story(life: Life, hedge: str | None, wish: dict[str, Any]) -> str:
    """Open a hedge and close it, from wherever it stands."""
    if hedge is None or hedge not in life.trading.ledgers:
        hedge = life.fire(**wish)
    life.run(8.0)
    if life.trading.ledgers[hedge].state == "hedged":
        life.fire(hedge=hedge, verb=Verb.CLOSE, qty_base=None)
        life.run(8.0)
    return hedge


WISHES: dict[str, dict[str, Any]] = {
    "two perpetuals": {},
    "spot and perpetual": {"buy": SPOT},
    "larger than the best": {"qty_base": D(9)},
}


@pytest.mark.parametrize("wish", WISHES)
def test_killed_after_any_event_paper_ends_as_if_it_had_never_been(wish: str) -> None:
    whole = Life(Disk(), T0).begin()
    began = whole.events
    hedge = story(whole, None, WISHES[wish])
    assert whole.trading.ledgers[hedge].state == "done"
    assert whole.events - began > 10
    for death in range(began, whole.events):
        disk = Disk()
        first = Life(disk, T0, dies_after=death)
        first.begin()
        first_hedge = None
        with pytest.raises(Killed):
            story(first, None, WISHES[wish])
        if first.trading.ledgers:
            (first_hedge,) = first.trading.ledgers
        second = Life(disk, first.clock.now_ns() + 50 * NS_PER_MS).begin()
        second.run(10.0)
        second.trading.arm()
        found = story(second, first_hedge, WISHES[wish])
        opened = second.trading.ledgers[found]
        if not opened.lines:  # it died before anything was sent, and so nothing was
            found = story(second, None, WISHES[wish])
        assert second.trading.ledgers[found].state.ended, (death, second.trading.ledgers[found].why)
        assert second.traded(found) == whole.traded(hedge), death
        assert second.totals() == whole.totals(), death
        assert second.trading.pnl_usd(found) == whole.trading.pnl_usd(hedge), death


def test_what_paper_made_is_what_its_wallets_have_more() -> None:
    life = Life(Disk(), T0).begin()
    hedge = story(life, None, {})
    made = sum((D(total) for total in life.totals().values()), D(0)) - 60_000
    assert life.trading.pnl_usd(hedge) == made


def test_a_maker_on_paper_that_nobody_trades_with_rests_until_its_time_is_over() -> None:
    life = Life(Disk(), T0).begin()
    hedge = life.fire(style=Style.MAKER_TAKER, maker=0)
    life.run(30)
    assert life.trading.ledgers[hedge].state == "working"
    life.run(45)
    assert life.trading.ledgers[hedge].state == "done"
    assert not life.traded(hedge)
