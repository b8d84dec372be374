"""What a simulated venue does to positions by itself: funding, liquidation, auto-deleveraging.

Looked at once a second, and only while somebody holds a position. Funding is paid at the mark, by the rate that the
venue's own history shows for that settlement.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from arbtui.sim.accounts import EXACT, Account, Payment
from arbtui.sim.listing import Listing
from arbtui.sim.orders import Forced, Order

if TYPE_CHECKING:
    from arbtui.sim.desk import Desk

_RATE = Decimal("1e-8")


class Settlement:
    """Of one desk. ``second`` is called each whole second; the rest on request too."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._due_ms: dict[Listing, int] = {}  # next settlement of what was ever held
        self._paid = 0

    def second(self) -> None:
        """Pay what is due, liquidate who is short of margin."""
        world = self._desk.world
        now_ms = world.now_ns // 1_000_000
        held = {p.listing: None for account in self._desk.accounts.values() for p in account.open_positions()}
        for listing, due_ms in list(self._due_ms.items()):
            if listing not in held:
                del self._due_ms[listing]
            elif now_ms >= due_ms:
                self.pay_funding(listing, due_ms)
                del self._due_ms[listing]
        for listing in held:
            self._due_ms.setdefault(listing, world.next_funding_ms(listing))
        for account in list(self._desk.accounts.values()):
            for ccy in {p.listing.settle: None for p in account.open_positions()}:
                if account.equity(world, ccy) < account.maintenance(world, ccy):
                    self.liquidate(account, ccy)

    def pay_funding(self, listing: Listing, at_ms: int) -> list[Payment]:
        """Settle funding of ``listing`` for everybody; ``at_ms`` names the settlement."""
        world, desk = self._desk.world, self._desk
        rate = listing.settled_rate(at_ms) * _RATE
        paid: list[Payment] = []
        for account in desk.accounts.values():
            for position in account.open_positions():
                if position.listing is not listing:
                    continue
                with localcontext(EXACT):
                    sign = -1 if position.lots > 0 else 1
                    amount = (sign * rate * account.notional(world, position)).quantize(_RATE)
                    position.funding += amount
                self._paid += 1
                payment = Payment(
                    world.start_ns // 1_000_000 + self._paid, listing, amount, listing.settle, rate, position.qty, at_ms
                )
                account.payments.append(payment)
                account.pay("perp", listing.settle, amount)
                position.updated_ms = desk.now_ms("perp")
                paid.append(payment)
                desk.changed(account, "funding", "perp", [listing.settle], [position])
        return paid

    def liquidate(self, account: Account, ccy: str) -> list[Order]:
        """Close every position that ``ccy`` margins, at the mark, less the liquidation fee; cancel what rests."""
        desk = self._desk
        desk.cancel_each(account, [o for o in account.perp_open() if o.listing.settle == ccy], "venue")
        closed: list[Order] = []
        for position in account.open_positions():
            if position.listing.settle == ccy:
                with localcontext(EXACT):
                    fee = account.notional(desk.world, position) * account.rules.liquidation_fee
                    account.pay("perp", ccy, -fee.quantize(_RATE))
                closed.append(desk.force(account, position.listing, position, abs(position.lots), "liquidation"))
        return closed

    def jump(self, listing: Listing, part: float, cause: Forced) -> list[Order]:
        """Close ``part`` of everybody's position in ``listing`` at the mark, as auto-deleveraging does."""
        closed: list[Order] = []
        for account in self._desk.accounts.values():
            for position in account.open_positions():
                if position.listing is listing:
                    lots = max(1, min(abs(position.lots), round(abs(position.lots) * part)))
                    closed.append(self._desk.force(account, listing, position, lots, cause))
        return closed
