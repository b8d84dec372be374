"""What a paper account tells of its money: balances, positions, funding.

Funding is charged on what is held when the venue's settlement time passes, at the last rate that was heard for it. The
time has passed by our clock, or by the venue's word: it names a later settlement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from arbtui.core.clock import NS_PER_MS
from arbtui.core.model import Market
from arbtui.core.orders import AccountEvent, Balance, FundingPaid, Order, Position, Told
from arbtui.execution.paper_account import PaperAccount, PaperPosition
from arbtui.execution.paper_book import ZERO
from arbtui.execution.paper_market import PaperMarket
from arbtui.execution.paper_orders import PaperOrder
from arbtui.execution.paper_state import Due, PaperState

EARLY_MS = 5_000  # a venue's clock may be so far ahead of ours when it names the settlement after the one that was due
OFF_MS = 60_000  # a settlement noticed so late was not heard of in time

Events = list[AccountEvent]


class PaperMoney:
    """``open_orders`` is kept by the desk; ``note`` tells a person what is not modelled when it happens."""

    def __init__(
        self,
        name: str,
        state: PaperState,
        account: PaperAccount,
        market: PaperMarket,
        open_orders: Mapping[str, PaperOrder],
        note: Callable[[str], None],
    ) -> None:
        self._name = name
        self._state = state
        self._account = account
        self._market = market
        self._open = open_orders
        self._note = note

    # --- balances and positions

    def free(self, wallet: str, asset: str) -> Decimal:
        """What a new order may use; orders of instruments that are not listed any more hold nothing."""
        resting = []
        for one in self._open.values():
            instrument = self._market.instrument(one.order.leg)
            if instrument is not None and instrument.multiplier is not None:
                resting.append((one, instrument))
        return self._account.free(wallet, asset, resting)

    def balance(self, wallet: str, asset: str, now_ns: int) -> Balance:
        return Balance(
            venue=self._name,
            wallet=wallet,
            asset=asset,
            total=self._account.total(wallet, asset),
            free=self.free(wallet, asset),
            t_ns=now_ns,
            t_ms=now_ns // NS_PER_MS,
        )

    def position(self, held: PaperPosition, told: Told, now_ns: int) -> Position:
        flat = not held.qty
        return Position(
            venue=self._name,
            native=held.native,
            qty=held.qty,
            t_ns=now_ns,
            entry_price=None if flat else held.entry,
            mark=held.mark,
            liquidation_price=None if flat else self._account.liquidation_price(held),
            margin=ZERO if flat else self._account.margin(held),
            t_ms=now_ns // NS_PER_MS,
            told=told,
        )

    def of_order(self, order: Order, now_ns: int) -> Events:
        """Balances and position that an order may have changed. A position that is flat is told once more, and gone."""
        events: Events = [*self._balances(order, now_ns)]
        held = self._account.state.positions.get(order.native) if order.market is Market.PERP else None
        if held is not None:
            events.append(self.position(held, "push", now_ns))
            if not held.qty:
                self._account.forget_flat()
                self._state.due.pop(held.native, None)
        return events

    def _balances(self, order: Order, now_ns: int) -> list[Balance]:
        instrument = self._market.instrument(order.leg)
        if instrument is None:
            return []
        spot = order.market is Market.SPOT
        assets = (instrument.base, instrument.quote) if spot else (instrument.settle_ccy,)
        return [self.balance(self._account.wallet(order.market), asset, now_ns) for asset in assets]

    # --- funding

    def fund(self, held: PaperPosition, now_ns: int) -> Events:
        """Charge a settlement whose time has passed, or take note of the next one."""
        now_ms = now_ns // NS_PER_MS
        seen = self._market.funding(held.leg)
        due = self._state.due.get(held.native)
        if due is None or due.paid:
            if seen is not None and seen.next_ms > (now_ms if due is None else due.next_ms):
                self._state.due[held.native] = Due(seen.rate, seen.next_ms)
            return []
        told_over = seen is not None and seen.next_ms > due.next_ms and now_ms >= due.next_ms - EARLY_MS
        if now_ms < due.next_ms and not told_over:
            if seen is not None:
                due.rate, due.next_ms = seen
            return []
        if held.mark is None:
            return []  # charged once a mark is known
        return self._charge(held, held.mark, due, now_ns)

    def _charge(self, held: PaperPosition, mark: Decimal, due: Due, now_ns: int) -> Events:
        due.paid = True
        late_ms = now_ns // NS_PER_MS - due.next_ms
        if late_ms > OFF_MS:
            self._note(
                f"paper was off when funding of {held.leg} fell due: it was charged at the last rate known then, and "
                f"what fell due in the {late_ms // 60_000} minutes since then is not charged"
            )
        paid = FundingPaid(
            venue=self._name,
            native=held.native,
            payment_id=f"{held.native}-{due.next_ms}",
            amount=self._account.fund(held, mark, due.rate),
            ccy=held.settle,
            t_ms=due.next_ms,
            t_ns=now_ns,
        )
        self._state.payments.append(paid)
        return [paid, self.balance(held.wallet, held.settle, now_ns)]
