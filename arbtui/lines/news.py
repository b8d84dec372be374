"""What is news of hedges: each change of an order, each fill once, each change of a hedge's state.

Facts come one by one, but what they change is read from the ledger: a fill that waited for an owner, an order whose
doubt is only a matter of time. So after each fact of a hedge all its orders are looked at, and on every look those of
hedges that are not settled. What stood in the journal before this run is not news.

A fill whose fee is not told yet waits for it, ``FEE_WAIT_S`` at most, and is told without it then: once in any case.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from arbtui.core.clock import NS_PER_S, Clock
from arbtui.core.orders import Fill, OrderReport, Unanswered
from arbtui.execution.ledger import Ledger
from arbtui.execution.lifecycle import State
from arbtui.execution.lines import Line
from arbtui.execution.records import Dead, Dropped, Fact, GivenUp, Told
from arbtui.execution.runner import Said
from arbtui.lines.ledgers import Status, fill_line, hedge_line, order_line, status_of
from arbtui.lines.records import FillLine, HedgeLine, OrderLine
from arbtui.port import TradingPort

FEE_WAIT_S = 10.0

MoneyLine = OrderLine | FillLine | HedgeLine
_FillKey = tuple[str, str, str, str]  # venue, market, native, fill id


class HedgeNews:
    """``tell`` is called with each line at the moment of the news; ``look`` now and then, ``flush`` at the end."""

    def __init__(self, trading: TradingPort, clock: Clock, tell: Callable[[MoneyLine], None]) -> None:
        self._trading = trading
        self._clock = clock
        self._tell = tell
        self._orders: dict[str, tuple[Status, Decimal]] = {}  # client id -> what was said last
        self._texts: dict[str, str] = {}  # client id -> the latest words about it
        self._averages: dict[str, tuple[Decimal, Decimal]] = {}  # client id -> (filled, the venue's average)
        self._fills: set[_FillKey] = set()
        self._waiting: dict[_FillKey, int] = {}  # fill without a fee -> when it is told all the same
        self._states: dict[str, State] = {}
        self._unsettled: set[str] = set()  # hedges
        for ledger in trading.ledgers.values():
            self._know(ledger)
        trading.on_change(self._changed)
        trading.on_said(self._said)

    def look(self) -> None:
        """What time alone has changed."""
        for hedge in sorted(self._unsettled):
            self._review(self._trading.ledgers[hedge])

    def flush(self) -> None:
        """Fills that still wait for their fee are told without it."""
        self._waiting = dict.fromkeys(self._waiting, 0)
        self.look()

    def _know(self, ledger: Ledger) -> None:
        """What an earlier run has told."""
        if ledger.turns:
            self._states[ledger.hedge] = ledger.state
            doubts = self._doubts(ledger)
            for line in ledger.lines.values():
                self._orders[line.order.client_id] = (_status(line, doubts), line.filled)
                self._fills.update(_key(fill) for fill in line.fills.values())

    # listening

    def _changed(self, hedge: str, fact: Fact) -> None:
        ledger = self._trading.ledgers.get(hedge)
        if ledger is None or not ledger.turns:
            return
        self._remember(fact)
        self._review(ledger)
        if self._states.get(hedge) is not ledger.state:
            self._states[hedge] = ledger.state
            self._of_hedge(ledger, ledger.why, alarm=ledger.state.troubled)

    def _said(self, said: Said) -> None:
        ledger = self._trading.ledgers.get(said.hedge)
        if said.alarm and ledger is not None and ledger.turns and said.text != ledger.why:
            self._of_hedge(ledger, said.text, alarm=True)

    def _remember(self, fact: Fact) -> None:
        match fact:
            case Dropped() | Dead() | GivenUp():
                self._texts[fact.client_id] = fact.why
            case Told(event=Unanswered() as event) if event.verb == "place":
                self._texts[event.client_id] = event.text
            case Told(event=OrderReport() as event) if event.filled is not None and event.avg_price:
                self._averages[event.client_id] = (event.filled, event.avg_price)

    # looking

    def _review(self, ledger: Ledger) -> None:
        doubts = self._doubts(ledger)
        for line in ledger.lines.values():
            self._order(ledger, line, _status(line, doubts))
            for fill in line.fills.values():
                self._fill(ledger, line, fill)
        if all(line.settled and line.complete for line in ledger.lines.values()):
            self._unsettled.discard(ledger.hedge)
        else:
            self._unsettled.add(ledger.hedge)

    def _order(self, ledger: Ledger, line: Line, status: Status) -> None:
        said = self._orders.get(line.order.client_id)
        if said == (status, line.filled):
            return
        if line.handed_ns is not None and status != "sent" and said is not None and said[0] == "journaled":
            self._tell(order_line(ledger, line, "sent", line.handed_ns))
        t_ns = line.handed_ns if status == "sent" and line.handed_ns is not None else self._clock.now_ns()
        self._orders[line.order.client_id] = (status, line.filled)
        self._tell(order_line(ledger, line, status, t_ns, self._text(line, status), self._told_average(line)))

    def _text(self, line: Line, status: Status) -> str:
        if status == "rejected" and line.rejected is not None:
            return line.rejected.text
        if status == "in_doubt" and line.alien:
            return f"{line.order.venue} says {line.alien_text}, which arbtui does not know"
        return self._texts.get(line.order.client_id, "") if status in ("in_doubt", "dropped") else ""

    def _told_average(self, line: Line) -> Decimal | None:
        filled, average = self._averages.get(line.order.client_id, (None, None))
        return average if filled == line.filled else None

    def _fill(self, ledger: Ledger, line: Line, fill: Fill) -> None:
        key = _key(fill)
        if key in self._fills:
            return
        now_ns = self._clock.now_ns()
        due_ns = self._waiting.setdefault(key, now_ns + round(FEE_WAIT_S * NS_PER_S))
        if fill.fee is None and now_ns < due_ns:
            return
        del self._waiting[key]
        self._fills.add(key)
        self._tell(fill_line(ledger, line, fill))

    def _of_hedge(self, ledger: Ledger, why: str, *, alarm: bool) -> None:
        pnl = self._trading.pnl(ledger.hedge)
        assert pnl is not None, "a hedge that has a turn has an account"
        line = hedge_line(ledger, pnl, self._trading.usd, self._clock.now_ns(), why=why, alarm=alarm)
        self._tell(line)

    def _doubts(self, ledger: Ledger) -> set[str]:
        given_up = {line.order.client_id for line in ledger.lines.values() if line.given_up}
        return given_up | {line.order.client_id for line, _ in ledger.doubts(self._clock.now_ns())}


def _status(line: Line, doubts: set[str]) -> Status:
    return status_of(line, in_doubt=line.order.client_id in doubts)


def _key(fill: Fill) -> _FillKey:
    return (fill.venue, fill.market.value, fill.native, fill.fill_id)
