"""A paper account behind the port of a real one: orders are matched against the live market, nothing is sent anywhere.

    executor = PaperExecutor("okx", market, clock, sink, rules)      # market: paper_market.PaperMarket
    executor.start()                                                 # StreamState up: read the account, then trade
    executor.place(order)                                            # Accepted, Fill, OrderReport ... come by the sink
    executor.trade("okx.perp.BTC-USDT-SWAP", event)                  # public trades of ``wanted`` legs, as they come
    kept = executor.save()                                           # JSON-able; PaperExecutor(..., kept=kept) goes on

Files beside this one: ``paper_book`` what is left of books of which paper orders have taken; ``paper_orders`` refusals
and the queue of maker orders; ``paper_account`` money, margin, positions; ``paper_money`` funding; ``paper_desk`` the
venue that ties them together; ``paper_reads`` answers about the account; ``paper_state`` what is kept.

Every request acts, and is answered, ``latency_ms`` after it was handed over, in the order of handing over: an order
meets the market as it is known then. Consequences are told at once. Nothing of it is random.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from decimal import localcontext
from functools import partial
from typing import Any

from arbtui.core.clock import NS_PER_MS, NS_PER_S, Clock, Timer
from arbtui.core.events import Trade
from arbtui.core.model import Market
from arbtui.core.orders import AccountEvent, Order, OrderKind, ReadKind, StreamState
from arbtui.execution.paper_account import EXACT, PaperAccount
from arbtui.execution.paper_desk import PaperDesk
from arbtui.execution.paper_market import PaperMarket, PaperRules, wallets_of
from arbtui.execution.paper_reads import PaperReads
from arbtui.execution.paper_state import PaperState, Request, from_json_value, to_json_value
from arbtui.execution.ports import Sink

LOOK_NS = NS_PER_S // 4  # how often what is open is looked after

__all__ = ["PaperExecutor", "PaperMarket", "PaperRules"]


class PaperExecutor:
    """``execution.ports.Executor`` on paper.

    ``kept``: what ``save`` gave, else a new account begins with ``rules.balances``; raises ``OurMistake`` if it cannot
    be read. ``on_wanted`` is told the legs whose public trades should be streamed, whenever they change. ``note`` tells
    a person what is not modelled when it happens. ``revision`` grows with every change of what ``save`` gives.
    """

    def __init__(
        self,
        name: str,
        market: PaperMarket,
        clock: Clock,
        sink: Sink,
        rules: PaperRules,
        *,
        kept: object = None,
        on_wanted: Callable[[Collection[str]], None] | None = None,
        note: Callable[[str], None] | None = None,
    ) -> None:
        self.name = name
        self.revision = 0
        self._clock = clock
        self._sink = sink
        self._rules = rules
        state = PaperState(account=PaperAccount.begin(rules.balances)) if kept is None else from_json_value(kept)
        self._state = state
        account = PaperAccount(state.account, wallets_of(name), rules)
        self._desk = PaperDesk(name, state, account, market, rules, note or _unsaid)
        self._reads = PaperReads(self._desk, market, rules)
        self._on_wanted = on_wanted
        self._told_wanted: set[str] = set()
        self._timers: dict[int, Timer] = {}  # of requests under way, by identity
        self._look_timer: Timer | None = None

    def start(self) -> None:
        """Go on with what was under way, and tell that the account can be read."""
        for request in self._state.requests:
            self._arm(request)
        text = "paper: nothing is sent to the venue"
        up = StreamState(
            venue=self.name, markets=(Market.PERP, Market.SPOT), state="up", text=text, t_ns=self._clock.now_ns()
        )
        self._sink(up)
        self._settle()

    def stop(self) -> None:
        """Do nothing more. What is under way stays in what ``save`` gives."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        if self._look_timer is not None:
            self._look_timer.cancel()
            self._look_timer = None

    # --- execution.ports.Executor

    def place(self, order: Order) -> None:
        self._ask("place", order=order)

    def cancel(self, order: Order) -> None:
        self._ask("cancel", order=order)

    def query(self, order: Order) -> None:
        self._ask("query", order=order)

    def read(self, kind: ReadKind, market: Market, native: str = "", since_ms: int | None = None) -> None:
        self._ask("read", kind=kind, market=market, native=native, since_ms=since_ms)

    # --- what the engine brings and fetches

    def trade(self, leg: str, trade: Trade) -> None:
        """A public trade of ``leg`` (``venue.market.native``)."""
        if leg in self._desk.resting_legs:
            self.revision += 1
            self._act(lambda now_ns: self._desk.trade(leg, trade, now_ns))

    @property
    def wanted(self) -> set[str]:
        """Legs whose public trades should be streamed: those with maker orders, on their way or resting."""
        coming = {
            request.order.leg
            for request in self._state.requests
            if request.verb == "place" and request.order is not None and request.order.kind is OrderKind.POST_ONLY
        }
        return coming | self._desk.resting_legs

    def save(self) -> dict[str, Any]:
        """Everything, as a JSON-able value. Kept after each change of ``revision``, nothing is lost by a restart."""
        self._state.taken = self._desk.liquidity.taken
        return to_json_value(self._state)

    # --- time

    def _ask(self, verb: Any, **more: Any) -> None:
        now_ns = self._clock.now_ns()
        request = Request(verb, now_ns, now_ns + self._rules.latency_ms * NS_PER_MS, **more)
        self._state.requests.append(request)
        self.revision += 1
        self._arm(request)
        self._tell_wanted()

    def _arm(self, request: Request) -> None:
        self._timers[id(request)] = self._clock.call_at(request.due_ns, partial(self._arrived, request))

    def _arrived(self, request: Request) -> None:
        del self._timers[id(request)]
        self._state.requests = [other for other in self._state.requests if other is not request]
        self.revision += 1
        self._act(partial(self._answer, request))

    def _answer(self, request: Request, now_ns: int) -> list[AccountEvent]:
        if request.verb == "read":
            return [*self._desk.look(now_ns), *self._reads.read(request, now_ns)]
        assert request.order is not None
        if request.verb == "place":
            return self._desk.place(request.order, now_ns)
        if request.verb == "cancel":
            return self._desk.cancel(request.order, now_ns)
        return [*self._desk.look(now_ns), *self._reads.query(request.order.client_id, now_ns)]

    def _act(self, change: Callable[[int], list[AccountEvent]]) -> None:
        """Change something, exactly; then tell of it. The sink may ask for more meanwhile."""
        with localcontext(EXACT):
            events = change(self._clock.now_ns())
        if events:
            self.revision += 1
        self._settle()
        for event in events:
            self._sink(event)

    def _settle(self) -> None:
        self._tell_wanted()
        if self._desk.busy and self._look_timer is None:
            now_ns = self._clock.now_ns()
            self._look_timer = self._clock.call_at(now_ns - now_ns % LOOK_NS + LOOK_NS, self._look)  # on a grid

    def _look(self) -> None:
        self._look_timer = None
        self._act(self._desk.look)

    def _tell_wanted(self) -> None:
        wanted = self.wanted
        if wanted != self._told_wanted:
            self._told_wanted = wanted
            if self._on_wanted is not None:
                self._on_wanted(wanted)


def _unsaid(text: str) -> None:
    """Nobody wants to hear it."""
