"""Hedges at work in a run: one executor a venue, the journal, the one runner, and what guests may see and ask.

Orders of a venue go to paper (they meet its live market here, and nothing leaves this machine) or to an account; which
of the two is chosen once, when the run starts. ``engine.carriers`` makes the executors, this ties them together:

    executor -> ``_hear`` -> facts, funding, runner -> ledgers -> guests

A preview is made anew each time it is asked for, from what is known at that moment; firing one goes through the same
checks again. What is not known yet is asked of the venue when a preview first needs it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from arbtui.core.clock import NS_PER_S, Clock, Every
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import (
    AccountEvent,
    AccountMode,
    Balance,
    FeeRates,
    FundingPaid,
    LeverageRead,
    Position,
    ReadDone,
    ReadFailed,
    ReadKind,
    StreamState,
)
from arbtui.execution.intents import Intent
from arbtui.execution.ledger import Ledger, VenueRules
from arbtui.execution.limits import Limits, refusals, usage
from arbtui.execution.pairs import Pair, open_pairs
from arbtui.execution.paper_market import Depth, wallets_of
from arbtui.execution.pnl import Funding, Pnl, hedge_pnl
from arbtui.execution.policy import Policy
from arbtui.execution.ports import Executor, Journal, Price, Prices
from arbtui.execution.preflight import Check, Facts, Snapshot, preflight, refusal
from arbtui.execution.preview import estimate
from arbtui.execution.records import Fact
from arbtui.execution.reviews import Rates, Wish, close_intent, open_intent
from arbtui.execution.runner import Answer, Runner, Said, Stopped
from arbtui.port import Preview, Ticket

T = TypeVar("T")

SAID_KEPT = 1000
STOP_MARGIN_S = 2.0
CURVE_KEPT = 2880
CURVE_EVERY_NS = 30 * NS_PER_S  # a day of it is kept
ASK_EVERY_NS = 20 * NS_PER_S  # the same question about an account
AGAIN_NS = 5 * NS_PER_S  # a read that failed
_OF_NEW_RISK = ("armed", "funds", "limits", "fees")  # checks that a closing turn does not need
_OF_THE_ACCOUNT = (ReadKind.MODE, ReadKind.BALANCES, ReadKind.POSITIONS, ReadKind.OPEN_ORDERS)


@dataclass(frozen=True)
class Carrier:
    """One venue's executor with what the checks must know of it. ``clock_offset_ms`` None: not compared yet."""

    executor: Executor
    markets: tuple[Market, ...]
    rules: VenueRules
    clock_offset_ms: Callable[[], float | None]
    paper: bool


class Trading:
    """Satisfies ``port.TradingPort``. Everything but ``start`` and ``stop`` is synchronous and cheap."""

    def __init__(
        self,
        word: str,
        carriers: Mapping[str, Carrier],
        *,
        clock: Clock,
        journal: Journal,
        prices: Prices,
        depth: Callable[[str], Depth],
        policy: Policy,
        limits: Limits,
        notice: Callable[[str, str], None],
        curve: Sequence[tuple[int, float]] = (),
    ) -> None:
        """``curve``: equity as an earlier run kept it."""
        self.word = word
        self.facts = Facts()
        self.said: deque[Said] = deque(maxlen=SAID_KEPT)
        self.funding = Funding()
        self._carriers = carriers
        self.clock = clock
        self._prices = prices
        self._depth = depth
        self._curve: deque[tuple[int, float]] = deque(curve, maxlen=CURVE_KEPT)
        self._timers: list[Every] = []
        self._policy = policy
        self._limits = limits
        self._notice = notice
        self._changed: list[Callable[[str, Fact], None]] = []
        self._heard: list[Callable[[AccountEvent], None]] = []
        self._sayers: list[Callable[[Said], None]] = []
        self._asked_ns: dict[tuple[str, ReadKind, Market, str], int] = {}
        self._unread: set[tuple[str, Market, ReadKind]] = set()
        self.runner = Runner(
            clock,
            {name: carrier.executor for name, carrier in carriers.items()},
            journal,
            prices,
            {name: carrier.rules for name, carrier in carriers.items()},
            say=self._say,
            watch=self._watch,
        )

    # ---- life

    def start(self) -> None:
        """Take over what the journal kept. Paper arms itself once every account has been read; an account never."""
        self.runner.start()
        self._timers.append(Every(self.clock, CURVE_EVERY_NS, self._note_equity))
        for name, carrier in self._carriers.items():
            for market in carrier.markets:
                for kind in _OF_THE_ACCOUNT:
                    self._unread.add((name, market, kind))
                    self._ask(name, kind, market)

    async def stop(self) -> Stopped:
        """No new risk; what is under way is finished or unwound within the policy's time."""
        done: asyncio.Future[Stopped] = asyncio.get_running_loop().create_future()

        def told(stopped: Stopped) -> None:
            if not done.done():
                done.set_result(stopped)

        self.runner.stop(told)
        for timer in self._timers:
            timer.cancel()
        within_s = self._policy.stop_within_s + STOP_MARGIN_S
        try:
            return await asyncio.wait_for(done, within_s)
        except TimeoutError:
            return Stopped((), (f"the hedges did not come to rest within {within_s:g} s",))

    def clock_jumped(self, text: str) -> None:
        """The machine slept, or its clock was set: no new risk, and everything about every account is asked anew."""
        self.runner.disarm(text)
        self._asked_ns.clear()
        for name, carrier in self._carriers.items():
            for market in carrier.markets:
                for kind in _OF_THE_ACCOUNT:
                    self._ask(name, kind, market)

    # ---- what executors tell

    def hear(self, event: AccountEvent) -> None:
        """One event of any executor, on the loop."""
        match event:
            case FundingPaid():
                self.funding.hear(event, self.runner.ledgers.values())
            case Balance() | Position() | AccountMode() | LeverageRead() | FeeRates() | StreamState():
                self.facts.hear(event)
        if isinstance(event, StreamState) and event.state != "up":
            self._notice("warning", f"{event.venue}: the private stream is {event.state}: {event.text}")
        self.runner.hear(event)
        if isinstance(event, ReadDone | ReadFailed):
            self._was_read(event)
        for call in self._heard:
            call(event)

    def _was_read(self, event: ReadDone | ReadFailed) -> None:
        """Paper arms itself once nothing is unread. What failed is asked for again, and said once."""
        key = (event.venue, event.market, event.kind)
        if isinstance(event, ReadFailed):
            if key in self._unread:
                self.clock.call_at(
                    self.clock.now_ns() + AGAIN_NS,
                    lambda: self._ask(event.venue, event.kind, event.market, again=True),
                )
            return
        if key in self._unread:
            self._unread.discard(key)
            if not self._unread and all(carrier.paper for carrier in self._carriers.values()):
                self.runner.arm()

    def _ask(self, venue: str, kind: ReadKind, market: Market, native: str = "", *, again: bool = False) -> None:
        """Ask an account something, at most every so often."""
        key, now_ns = (venue, kind, market, native), self.clock.now_ns()
        if not again and now_ns - self._asked_ns.get(key, -ASK_EVERY_NS) < ASK_EVERY_NS:
            return
        self._asked_ns[key] = now_ns
        self._carriers[venue].executor.read(kind, market, native)

    # ---- port.TradingPort: to read

    @property
    def armed(self) -> bool:
        return self.runner.armed

    @property
    def killed(self) -> bool:
        return self.runner.killed

    @property
    def ledgers(self) -> Mapping[str, Ledger]:
        return self.runner.ledgers

    def pairs(self) -> Sequence[Pair]:
        return open_pairs(self.ledgers.values(), self._prices, self.facts.positions, self.funding.of)

    def pnl_usd(self, hedge: str) -> Decimal | None:
        ledger = self.ledgers.get(hedge)
        return self._result_usd(ledger) if ledger is not None and ledger.turns else None

    def pnl(self, hedge: str) -> Pnl | None:
        ledger = self.ledgers.get(hedge)
        return self._pnl(ledger) if ledger is not None and ledger.turns else None

    def usd(self, ccy: str) -> Decimal | None:
        return self._prices.usd(ccy)

    def _pnl(self, ledger: Ledger) -> Pnl:
        legs = ledger.intent.legs
        prices = (self._prices.price(legs[0].key), self._prices.price(legs[1].key))
        return hedge_pnl(ledger, prices, self.funding.of.get(ledger.hedge))

    def _result_usd(self, ledger: Ledger) -> Decimal | None:
        return self._pnl(ledger).usd(self._prices.usd)

    def equity_usd(self) -> Decimal | None:
        """Totals of all wallets, and what open perpetual positions would bring at their marks."""
        total = Decimal(0)
        for balance in self.facts.balances.values():
            if not balance.total:
                continue
            rate = self._prices.usd(balance.asset)
            if rate is None:
                return None
            total += balance.total * rate
        for pair in self.pairs():
            for part, own in zip(pair.pnl.legs, pair.legs, strict=True):
                if own.leg.market is not Market.PERP or not part.left:
                    continue
                rate = self._prices.usd(own.leg.terms.settle_ccy)
                if part.open is None or rate is None:
                    return None
                total += part.open * rate
        return total

    @property
    def equity_curve(self) -> Sequence[tuple[int, float]]:
        return self._curve

    def _note_equity(self) -> None:
        equity = self.equity_usd()
        if equity is not None and not self._unread:
            self._curve.append((self.clock.now_ns(), float(equity)))

    # ---- port.TradingPort: to ask

    def preview(self, ticket: Ticket) -> Preview:
        now_ns = self.clock.now_ns()
        intent = self._close_intent(ticket, now_ns) if ticket.hedge else self._open_intent(ticket, now_ns)
        if isinstance(intent, str):
            return Preview(ticket, now_ns, None, None, (), intent)
        prices = _both(intent, self._prices.price)
        checks = self._checks(intent, prices)
        figures = estimate(intent, prices, _both(intent, self._depth), self._prices.usd)
        return Preview(ticket, now_ns, intent, figures, checks, refusal(checks))

    def fire(self, preview: Preview) -> Answer:
        intent = preview.intent
        if intent is None:
            return Answer(accepted=False, text=preview.refused)
        refused = refusal(self._checks(intent, _both(intent, self._prices.price)))
        if refused:
            return Answer(accepted=False, text=refused)
        return self.runner.open(intent) if intent.opens else self.runner.close(intent)

    def cancel(self, hedge: str) -> Answer:
        return self.runner.cancel(hedge)

    def retry(self, hedge: str) -> Answer:
        return self.runner.retry(hedge)

    def abandon(self, hedge: str) -> Answer:
        return self.runner.abandon(hedge)

    def arm(self) -> Answer:
        return self.runner.arm()

    def kill(self, why: str) -> Answer:
        return self.runner.kill(why)

    def on_change(self, call: Callable[[str, Fact], None]) -> None:
        self._changed.append(call)

    def on_account(self, call: Callable[[AccountEvent], None]) -> None:
        self._heard.append(call)

    def on_said(self, call: Callable[[Said], None]) -> None:
        self._sayers.append(call)

    # ---- previews

    def _open_intent(self, ticket: Ticket, now_ns: int) -> Intent | str:
        if ticket.buy == ticket.sell:
            return "a hedge needs two different instruments"
        found = []
        for leg in (ticket.buy, ticket.sell):
            instrument = self._prices.instrument(leg)
            if instrument is None:
                return f"{leg or 'a leg without a name'} is not listed"
            if instrument.venue not in self._carriers:
                return f"there is no account on {instrument.venue} in this run"
            self._read_for(instrument)
            found.append(instrument)
        buy, sell = found
        if buy.base != sell.base:
            return f"{ticket.buy} and {ticket.sell} are different coins"
        rates = (self._rates(buy), self._rates(sell))
        if rates[0] is None or rates[1] is None:
            return (
                f"the account's fees on {ticket.buy if rates[0] is None else ticket.sell} are being read; wait a moment"
            )
        wish = Wish(
            base=buy.base,
            buy=buy,
            sell=sell,
            rates=(rates[0], rates[1]),
            qty_base=ticket.qty_base,
            usd=ticket.usd,
            style=ticket.style,
            maker=ticket.maker,
        )
        prices = (self._prices.price(ticket.buy), self._prices.price(ticket.sell))
        return open_intent(self.runner.new_id(), wish, prices, self._prices.usd(buy.price_ccy), now_ns, self._policy)

    def _close_intent(self, ticket: Ticket, now_ns: int) -> Intent | str:
        ledger = self.ledgers.get(ticket.hedge)
        if ledger is None or not ledger.turns:
            return "there is no such hedge"
        legs = ledger.intent.legs
        prices = (self._prices.price(legs[0].key), self._prices.price(legs[1].key))
        return close_intent(
            ledger,
            prices,
            now_ns,
            verb=ticket.verb,
            qty_base=ticket.qty_base,
            style=ticket.style,
            maker=ticket.maker,
            policy=self._policy,
        )

    def _read_for(self, instrument: Instrument) -> None:
        """What the checks want to know of an instrument's account, unless it was asked for a moment ago."""
        venue, market, native = instrument.venue, instrument.market, instrument.native
        self._ask(venue, ReadKind.BALANCES, market)
        self._ask(venue, ReadKind.FEES, market, native)
        if market is Market.PERP:
            self._ask(venue, ReadKind.LEVERAGE, market, native)

    def _rates(self, instrument: Instrument) -> Rates | None:
        place = (instrument.venue, instrument.market)
        own = self.facts.fees.get((*place, instrument.native)) or self.facts.fees.get((*place, ""))
        return Rates(own.taker, own.maker, in_base=instrument.market is Market.SPOT) if own is not None else None

    def _checks(self, intent: Intent, prices: tuple[Price, Price]) -> Sequence[Check]:
        instruments = _both(intent, self._prices.instrument)
        snapshot = Snapshot(
            facts=self.facts,
            instruments=instruments,
            prices=prices,
            wallets={(name, market): wallet for name in self._carriers for market, wallet in wallets_of(name).items()},
            clock_offset_ms={name: carrier.clock_offset_ms() for name, carrier in self._carriers.items()},
            armed=self.armed,
            limits=self._over_limits(intent),
        )
        checks = preflight(intent, snapshot)
        return checks if intent.opens else [check for check in checks if check.name not in _OF_NEW_RISK]

    def _over_limits(self, intent: Intent) -> Sequence[str]:
        now_ns = self.clock.now_ns()
        used = usage(self.ledgers.values(), self._prices.usd, self._result_usd, now_ns)
        if isinstance(used, str):
            return [used]
        return refusals(intent, self._limits, used, self._prices.usd, now_ns)

    # ---- what the runner says

    def _say(self, said: Said) -> None:
        self.said.append(said)
        text = f"{said.hedge}: {said.text}" if said.hedge else said.text
        self._notice("error" if said.alarm else "info", text)
        for call in self._sayers:
            call(said)

    def _watch(self, hedge: str, fact: Fact) -> None:
        for call in self._changed:
            call(hedge, fact)


def _both(intent: Intent, of: Callable[[str], T]) -> tuple[T, T]:
    return of(intent.legs[0].key), of(intent.legs[1].key)
