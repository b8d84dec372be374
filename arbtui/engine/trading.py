"""Hedges at work in a run: one executor a venue, the journal, the one runner, and what guests may see and ask.

Orders of a venue go to paper (they meet its live market here, and nothing leaves this machine) or to an account; which
of the two is chosen once, when the run starts. ``engine.carriers`` makes the executors, this ties them together:

    executor -> ``_hear`` -> facts, funding, runner -> ledgers -> guests

A preview is made anew each time it is asked for, from what is known at that moment; firing one goes through the same
checks again. What is not known yet is asked of the venue when a preview needs it (``engine.enquiries``).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import TypeVar

from arbtui.core.clock import NS_PER_MS, NS_PER_S, Clock, Every
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import (
    AccountEvent,
    AccountMode,
    Balance,
    FeeRates,
    FundingPaid,
    LeverageRead,
    Position,
    ReadKind,
    StreamState,
)
from arbtui.engine.enquiries import Enquiries
from arbtui.engine.risk import Risk
from arbtui.engine.trading_checks import Checks
from arbtui.execution.arming import Permit
from arbtui.execution.boundary import let_know
from arbtui.execution.equity import Equity, equity_of
from arbtui.execution.health import AccountHealth, Health
from arbtui.execution.intents import Intent
from arbtui.execution.ledger import Ledger, VenueRules
from arbtui.execution.lifecycle import State
from arbtui.execution.limits import Limits
from arbtui.execution.pairs import Pair, open_pairs
from arbtui.execution.paper_market import Depth, wallets_of
from arbtui.execution.pnl import Funding, Pnl, hedge_pnl
from arbtui.execution.policy import Policy
from arbtui.execution.ports import Executor, Journal, Prices, Record
from arbtui.execution.preflight import ClockRead, Facts, refusal
from arbtui.execution.preview import estimate
from arbtui.execution.records import Fact, Told, fact_of
from arbtui.execution.reviews import Rates, Wish, close_intent, open_intent
from arbtui.execution.runner import Answer, Runner, Said, Stopped
from arbtui.port import Preview, Ticket

T = TypeVar("T")

SAID_KEPT = 1000
STOP_MARGIN_S = 2.0
CURVE_KEPT = 2880
CURVE_EVERY_NS = 30 * NS_PER_S  # a day of it is kept
EARNS_AFTER_NS = 3_600 * NS_PER_S  # a payment for the last hour of a hedge may come after its end
_REPAIRED = (State.UNBALANCED, State.REHEDGING, State.UNWINDING)  # with pauses in which no order is under way


@dataclass(frozen=True)
class Carrier:
    """One venue's executor with what the checks must know of it. ``clock`` None: the venue tells no time."""

    executor: Executor
    markets: tuple[Market, ...]
    rules: VenueRules
    clock: Callable[[], ClockRead | None]
    paper: bool
    wallets: Mapping[Market, str] | None = None  # None: those of the venue's usual accounts


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
        muted: Callable[[str], str | None] = lambda leg: None,
        arm_for_s: float = 3600.0,
        unfit: Callable[[], str] = lambda: "",
    ) -> None:
        """``curve``: equity as an earlier run kept it. ``muted(leg)``: why a person wants no new hedge with it.

        ``arm_for_s``: how long accounts stay armed. ``unfit()``: why they must not be armed now; "" = they may.
        """
        self.word = word
        self.facts = Facts()
        self.said: deque[Said] = deque(maxlen=SAID_KEPT)
        self.funding = Funding()
        self.called_off = ""  # why somebody last disarmed it: it does not arm itself after that
        self._carriers = carriers
        self.clock = clock
        self._prices = prices
        self._depth = depth
        self._curve: deque[tuple[int, float]] = deque(curve, maxlen=CURVE_KEPT)
        self._timers: list[Every] = []
        self._policy = policy
        self._arm_for_s = arm_for_s
        self._unfit = unfit
        self._on_paper = all(carrier.paper for carrier in carriers.values())
        self._notice = notice
        self._changed: list[Callable[[str, Fact], None]] = []
        self._heard: list[Callable[[AccountEvent], None]] = []
        self._sayers: list[Callable[[Said], None]] = []
        self._closed: dict[str, Pnl] = {}  # accounts that no price changes any more
        executors = {name: carrier.executor for name, carrier in carriers.items()}
        pots = {name: one.wallets or wallets_of(name) for name, one in carriers.items()}
        self._wallets = {(name, market): pots[name][market] for name, one in carriers.items() for market in one.markets}
        self._health = Health(
            {
                name: (carrier.paper, {market: self._wallets[name, market] for market in carrier.markets})
                for name, carrier in carriers.items()
            }
        )
        self._enquiries = Enquiries(clock, executors, self._wallets, self._earning)
        self.risk = Risk(
            limits,
            clock,
            prices.usd,
            lambda: self.ledgers.values(),
            lambda ledger: self._pnl(ledger, at_worst=True),
            lambda: self.permit,
        )
        self.runner = Runner(
            clock,
            executors,
            journal,
            prices,
            {name: carrier.rules for name, carrier in carriers.items()},
            say=self._say,
            watch=self._watch,
            gate=self.risk.gate,
            needs_permit=not self._on_paper,
        )
        clocks = {name: carrier.clock for name, carrier in carriers.items()}
        self._checks = Checks(self.runner, self.risk, self.facts, prices, executors, clocks, self._wallets, muted)

    # ---- life

    def restore(self, records: Iterable[Record]) -> None:
        """What the journal kept, before ``start``. Raises BadRecord."""
        paid: list[FundingPaid] = []

        def noted() -> Iterator[Record]:
            for kept in records:
                if not kept.hedge and isinstance(fact := fact_of(kept), Told) and isinstance(fact.event, FundingPaid):
                    paid.append(fact.event)
                yield kept

        self.runner.restore(noted())
        for event in paid:
            self.funding.hear(event, self.ledgers.values())

    def start(self) -> None:
        """Take over what the journal kept. Paper arms itself once every account has been read; an account never."""
        self.runner.start()
        self._timers.append(Every(self.clock, CURVE_EVERY_NS, self._note_equity))
        self._enquiries.start()

    async def stop(self) -> Stopped:
        """No new risk; what is under way is finished or unwound within the policy's time."""
        done: asyncio.Future[Stopped] = asyncio.get_running_loop().create_future()

        def told(stopped: Stopped) -> None:
            if not done.done():
                done.set_result(stopped)

        self.runner.stop(told, self._policy.stop_within_s)
        for timer in self._timers:
            timer.cancel()
        self._enquiries.stop()
        within_s = self._policy.stop_within_s + STOP_MARGIN_S
        try:
            async with asyncio.timeout(within_s):
                return await done
        except TimeoutError:
            return Stopped((), (f"the hedges did not come to rest within {within_s:g} s",))

    def clock_jumped(self, text: str) -> None:
        """The machine slept, or its clock was set: no new risk, and everything about every account is asked anew."""
        self.facts.relive(self.clock.now_ns())
        self.runner.reconcile(text)
        self._enquiries.all_again()

    def under_way(self) -> bool:
        """Whether orders of some hedge may still be sent or filled by its rules alone."""
        return any(
            bool(ledger.unsettled()) or not ledger.turn_over or ledger.state in _REPAIRED
            for ledger in self.ledgers.values()
            if ledger.turns and ledger.state is not State.HALTED
        )

    def bases(self) -> set[str]:
        """Coins of which something is open or under way: their prices are needed, whatever else was chosen."""
        live = (ledger for ledger in self.ledgers.values() if ledger.turns)
        return {ledger.intent.base for ledger in live if not ledger.state.ended or ledger.unsettled()}

    # ---- what executors tell

    def hear(self, event: AccountEvent) -> None:
        """One event of any executor, on the loop."""
        self._health.hear(event)
        match event:
            case FundingPaid():
                if not self.funding.hear(event, self.runner.ledgers.values()):
                    return  # payments are listed again and again
                self._closed.clear()
            case Balance() | Position() | AccountMode() | LeverageRead() | FeeRates() | StreamState():
                self.facts.hear(event)
        if isinstance(event, StreamState) and event.state != "up":
            let_know(self._notice, "warning", f"{event.venue}: the private stream is {event.state}: {event.text}")
        unread = not self._enquiries.done
        self._enquiries.hear(event)
        self.runner.hear(event)
        if unread and self._enquiries.done and self._on_paper and not (self.killed or self.called_off):
            armed = self.runner.arm("every paper account is read")
            if not armed.accepted:
                let_know(self._notice, "warning", f"paper is not armed: {armed.text}")
        for call in self._heard:
            let_know(call, event)

    def _earning(self) -> Mapping[str, int]:
        """Venues on which hedges hold perpetuals, or did an hour ago, and since when (ms)."""
        since: dict[str, int] = {}
        now_ns = self.clock.now_ns()
        for ledger in self.ledgers.values():
            if not ledger.turns or (ledger.state.ended and now_ns - ledger.state_ns > EARNS_AFTER_NS):
                continue
            began_ms = ledger.turns[0].t_ns // NS_PER_MS
            for leg in ledger.intent.legs:
                if leg.market is Market.PERP:
                    since[leg.venue] = min(since.get(leg.venue, began_ms), began_ms)
        return since

    # ---- port.TradingPort: to read

    @property
    def armed(self) -> bool:
        return self.runner.armed

    @property
    def killed(self) -> bool:
        return self.runner.killed

    @property
    def permit(self) -> Permit | None:
        return self.runner.permit

    @property
    def armed_until_ns(self) -> int | None:
        return self.runner.armed_until_ns

    @property
    def ledgers(self) -> Mapping[str, Ledger]:
        return self.runner.ledgers

    def pairs(self) -> Sequence[Pair]:
        return open_pairs(self.ledgers.values(), self._prices, self.facts.positions, self.funding.of)

    def pnl_usd(self, hedge: str) -> Decimal | None:
        pnl = self.pnl(hedge)
        return pnl.usd(self._prices.usd) if pnl is not None else None

    def pnl(self, hedge: str, *, at_worst: bool = False) -> Pnl | None:
        ledger = self.ledgers.get(hedge)
        return self._pnl(ledger, at_worst=at_worst) if ledger is not None and ledger.turns else None

    def accounts(self) -> Sequence[AccountHealth]:
        return self._health.accounts()

    def usd(self, ccy: str) -> Decimal | None:
        return self._prices.usd(ccy)

    def _pnl(self, ledger: Ledger, *, at_worst: bool = False) -> Pnl:
        if (closed := self._closed.get(ledger.hedge)) is not None:
            return closed
        legs = ledger.intent.legs
        prices = (self._prices.price(legs[0].key), self._prices.price(legs[1].key))
        pnl = hedge_pnl(ledger, prices, self.funding.of.get(ledger.hedge), at_worst=at_worst)
        if pnl.complete and ledger.over and not any(leg.left for leg in pnl.legs):
            self._closed[ledger.hedge] = pnl
        return pnl

    def equity_usd(self) -> Decimal | None:
        """``equity`` where all of it is known."""
        equity = self.equity()
        return equity.usd if equity.known else None

    def equity(self) -> Equity:
        """What all accounts are worth as far as it is known, and what is missing by name."""
        unread = self._enquiries.unread(ReadKind.BALANCES)
        return equity_of(self.facts.balances.values(), self.pairs(), cache(self._prices.usd), unread)

    @property
    def equity_curve(self) -> Sequence[tuple[int, float]]:
        return self._curve

    def _note_equity(self) -> None:
        equity = self.equity_usd()
        if equity is not None and self._enquiries.done:
            self._curve.append((self.clock.now_ns(), float(equity)))

    # ---- port.TradingPort: to ask

    def preview(self, ticket: Ticket) -> Preview:
        now_ns = self.clock.now_ns()
        intent = self._close_intent(ticket, now_ns) if ticket.hedge else self._open_intent(ticket, now_ns)
        if isinstance(intent, str):
            return Preview(ticket, now_ns, None, None, (), intent)
        prices = _both(intent, self._prices.price)
        checks = self._checks.of(intent, prices)
        figures = estimate(intent, prices, _both(intent, self._depth), self._prices.usd)
        return Preview(ticket, now_ns, intent, figures, checks, refusal(checks))

    def fire(self, preview: Preview) -> Answer:
        intent = preview.intent
        if intent is None:
            return Answer(accepted=False, text=preview.refused)
        refused = refusal(self._checks.of(intent, _both(intent, self._prices.price), limits=False))
        if refused:
            return Answer(accepted=False, text=refused)
        return self.runner.open(intent) if intent.opens else self.runner.close(intent)

    def cancel(self, hedge: str) -> Answer:
        return self.runner.cancel(hedge)

    def retry(self, hedge: str) -> Answer:
        return self.runner.retry(hedge)

    def abandon(self, hedge: str) -> Answer:
        return self.runner.abandon(hedge)

    def may_arm(self) -> str:
        return "" if self._on_paper else self._unfit()

    def arm(self, open_usd: Decimal | None = None, why: str = "a person said so") -> Answer:
        """How the accounts are set up is read anew: that may be what a person has just put right."""
        permit = None
        if not self._on_paper:
            if open_usd is None or not (open_usd.is_finite() and open_usd > 0):
                return self.runner.arm(why)  # which says what is missing
            if unfit := self.may_arm():
                return Answer(accepted=False, text=f"not armed: {unfit}")
            permit = Permit(open_usd, self._arm_for_s)
        self._enquiries.modes()
        return self.runner.arm(why, permit)

    def streams(self) -> Mapping[tuple[str, Market], bool]:
        """Whether each account is heard: by venue and market."""
        return {place: place in self.facts.streams for place in self._wallets}

    def waits_for(self) -> str:
        """What the start still wants to know of the accounts, in words; "" once all is known."""
        if not self._enquiries.done:
            return "the accounts are being read"
        down = [f"{venue} {market.value}" for (venue, market), up in self.streams().items() if not up]
        return f"the private streams of {', '.join(down)} are not up" if down else ""

    def disarm(self, why: str) -> Answer:
        """Also where it is not armed yet, and would arm itself in a moment."""
        self.called_off = why
        if not self.runner.armed:
            return Answer(accepted=False, text="disarmed already")
        self.runner.disarm(why, alarm=False)
        return Answer(accepted=True, text="disarmed: nothing is opened; hedges under way go on by the rules")

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
            self._enquiries.for_preview(instrument)
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
            by=ticket.by,
        )
        prices = (self._prices.price(ticket.buy), self._prices.price(ticket.sell))
        usd = self._prices.usd
        return open_intent(
            self.runner.new_id(),
            wish,
            prices,
            usd(buy.price_ccy),
            now_ns,
            self._policy,
            sell_usd_per_ccy=usd(sell.price_ccy),
        )

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
            by=ticket.by,
        )

    def _rates(self, instrument: Instrument) -> Rates | None:
        place = (instrument.venue, instrument.market)
        own = self.facts.fees.get((*place, instrument.native)) or self.facts.fees.get((*place, ""))
        return Rates(own.taker, own.maker, in_base=instrument.market is Market.SPOT) if own is not None else None

    # ---- what the runner says

    def _say(self, said: Said) -> None:
        self.said.append(said)
        text = f"{said.hedge}: {said.text}" if said.hedge else said.text
        let_know(self._notice, "error" if said.alarm else "info", text)
        for call in self._sayers:
            let_know(call, said)

    def _watch(self, hedge: str, fact: Fact) -> None:
        self._closed.pop(hedge, None)
        for call in self._changed:
            let_know(call, hedge, fact)


def _both(intent: Intent, of: Callable[[str], T]) -> tuple[T, T]:
    return of(intent.legs[0].key), of(intent.legs[1].key)
