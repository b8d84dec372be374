"""The paper venue: takes orders against the live market, and says what a venue would say. Time comes in.

``PaperDesk`` changes a ``PaperState`` and returns the events of each change, oldest first. It knows nothing of
requests, latency and timers (``paper``). ``look`` is to be called a few times a second while ``busy``; everything else
looks too.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from arbtui.core.clock import NS_PER_MS
from arbtui.core.errors import RefusalReason
from arbtui.core.events import Trade
from arbtui.core.model import Instrument, Market, TradingStatus
from arbtui.core.orders import (
    Accepted,
    CancelRefused,
    CancelTaken,
    Fill,
    Order,
    OrderKind,
    OrderStatus,
    Rejected,
    Side,
)
from arbtui.execution.paper_account import PaperAccount, PaperPosition, spent
from arbtui.execution.paper_book import ZERO, Liquidity, queue_ahead
from arbtui.execution.paper_market import Depth, Level, PaperMarket, PaperRules
from arbtui.execution.paper_money import Events, PaperMoney
from arbtui.execution.paper_orders import (
    No,
    PaperOrder,
    Traded,
    contract_value,
    floored,
    form,
    hits,
    notional_too_small,
    reduces,
)
from arbtui.execution.paper_state import PaperState

CODE = "paper"  # of refusals
HEARD = 500  # ids of public trades kept for each leg with resting orders
KEPT_ORDERS, KEPT_FILLS = 1000, 4000


class PaperDesk:
    """One paper account on one venue. ``note`` as in ``PaperMoney``."""

    def __init__(
        self,
        name: str,
        state: PaperState,
        account: PaperAccount,
        market: PaperMarket,
        rules: PaperRules,
        note: Callable[[str], None],
    ) -> None:
        self.name = name
        self.state = state
        self.account = account
        self.liquidity = Liquidity(state.taken)
        self._market = market
        self._rules = rules
        self._open = {one.order_id: one for one in state.orders.values() if one.open}
        self.money = PaperMoney(name, state, account, market, self._open, note)

    # --- what is asked of it

    def place(self, order: Order, now_ns: int) -> Events:
        events = self.look(now_ns)
        if order.client_id in self.state.orders:
            no = No(RefusalReason.DUPLICATE_ID, f"an order with client id {order.client_id} exists")
            return [*events, self._rejected(order, no, now_ns)]
        instrument = self._market.instrument(order.leg) if order.venue == self.name else None
        depth = self._market.depth(order.leg)
        no_or_none = form(order, instrument) or _closed(order, depth)
        if instrument is None or no_or_none is not None:
            return [*events, self._rejected(order, no_or_none, now_ns)]
        self.liquidity.look(order.leg, depth, now_ns)
        no_or_none = self._refusal(order, instrument, depth)
        if no_or_none is not None:
            return [*events, self._rejected(order, no_or_none, now_ns)]
        one = PaperOrder(order, self._id("order"), now_ns, now_ns)
        self.state.orders[order.client_id] = self._open[one.order_id] = one
        events.append(Accepted(venue=self.name, client_id=order.client_id, order_id=one.order_id, t_ns=now_ns))
        if order.kind is OrderKind.POST_ONLY:
            events += self._rest(one, depth, now_ns)
        else:
            events += self._take(one, instrument, depth, now_ns)
        self._trim()
        return events

    def cancel(self, order: Order, now_ns: int) -> Events:
        events = self.look(now_ns)
        one = self.state.orders.get(order.client_id)
        if one is None or not one.open:
            words = "no such order" if one is None else f"it is {one.status.value} already"
            refused = CancelRefused(
                venue=self.name,
                client_id=order.client_id,
                reason=RefusalReason.UNKNOWN_ORDER,
                code=CODE,
                text=f"order {order.client_id} cannot be canceled: {words}",
                t_ns=now_ns,
            )
            return [*events, refused]
        events.append(CancelTaken(venue=self.name, client_id=order.client_id, t_ns=now_ns))
        return events + self._end(one, OrderStatus.CANCELED, "canceled", None, now_ns)

    def trade(self, leg: str, trade: Trade, now_ns: int) -> Events:
        """A public trade of ``leg``."""
        resting = self._resting(leg)
        if not resting or trade.past or not self._market.trades_live(leg) or self._heard(leg, trade.trade_id):
            return []
        events = self.look(now_ns, sight=False)
        instrument = self._market.instrument(leg)
        if instrument is not None and instrument.multiplier is not None and instrument.price_factor is not None:
            traded = Traded(Side(trade.taker), Decimal(trade.price), Decimal(trade.size), trade.exchange_ms)
            for one, qty in hits(self._resting(leg), traded, instrument.step):
                events += self._made(one, instrument, qty, now_ns)
        self._trim()
        return events

    @property
    def busy(self) -> bool:
        """Whether there is anything to look after."""
        return bool(self.liquidity.legs or self.account.state.positions or self.resting_legs)

    @property
    def resting_legs(self) -> set[str]:
        """Legs with open orders: their public trades are wanted."""
        return {one.order.leg for one in self._open.values()}

    # --- looking after what is open

    def look(self, now_ns: int, *, sight: bool = True) -> Events:
        """Compare with the live market: what was taken, what rests, marks, funding, margin."""
        for leg in sorted(self.liquidity.legs):
            self.liquidity.look(leg, self._market.depth(leg), now_ns)
        events: Events = []
        for one in list(self._open.values()):
            events += self._look_after(one, now_ns)
        if sight:
            for leg in sorted(self.resting_legs):
                self._sight(leg)
        for held in list(self.account.state.positions.values()):
            mark = self._market.mark(held.leg)
            held.mark = held.mark if mark is None else mark
            events += self.money.fund(held, now_ns)
        return events + self._liquidate(now_ns)

    def _look_after(self, one: PaperOrder, now_ns: int) -> Events:
        order = one.order
        instrument = self._market.instrument(order.leg)
        if instrument is None or instrument.status is TradingStatus.DELISTED:
            return self._end(one, OrderStatus.CANCELED, "not listed any more", RefusalReason.NOT_TRADING, now_ns)
        if order.reduce_only and -order.side.sign * self.account.position(order.native) <= 0:
            return self._end(one, OrderStatus.CANCELED, "nothing to reduce", RefusalReason.REDUCE_ONLY, now_ns)
        waits = not self._market.trades_live(order.leg)
        if waits is one.waits:
            return []
        self._set_waiting(one, waits)
        return [one.report("push", now_ns)]

    def _set_waiting(self, one: PaperOrder, waits: bool) -> None:
        one.waits = waits
        one.status_text = "open, but fills nothing until public trades stream" if waits else "open"

    def _sight(self, leg: str) -> None:
        """Read the queues that were out of sight."""
        for one in self._resting(leg):
            if one.queue is None:
                self._read_queue(one, self._market.depth(leg))

    def _read_queue(self, one: PaperOrder, depth: Depth) -> None:
        assert one.order.price is not None
        one.queue = queue_ahead(depth, one.order.side, one.order.price)
        one.book_ms = depth.exchange_ms

    # --- liquidation

    def _liquidate(self, now_ns: int) -> Events:
        events: Events = []
        for held in self.account.doomed():
            if held not in self.account.doomed():
                continue  # what was closed before has saved it
            for one in self._open_perp_orders():
                events += self._end(one, OrderStatus.CANCELED, "liquidation", RefusalReason.INSUFFICIENT, now_ns)
            events += self._close_out(held, now_ns)
        return events

    def _close_out(self, held: PaperPosition, now_ns: int) -> Events:
        """Close a position at what the book shows; what it does not show is tried again at the next look."""
        instrument, depth = self._market.instrument(held.leg), self._market.depth(held.leg)
        side = Side.SELL if held.qty > 0 else Side.BUY
        if instrument is None or _why_not(depth) or not any(self.liquidity.left(held.leg, side, depth)):
            return []
        order = Order(
            client_id="",
            venue=self.name,
            market=Market.PERP,
            native=held.native,
            side=side,
            kind=OrderKind.MARKET,
            qty=abs(held.qty),
            reduce_only=True,
        )
        one = PaperOrder(order, self._id("order"), now_ns, now_ns, origin="liquidation")
        self.state.orders[f"~{one.order_id}"] = self._open[one.order_id] = one
        return self._take(one, instrument, depth, now_ns)

    def _open_perp_orders(self) -> list[PaperOrder]:
        return [one for one in self._open.values() if one.order.market is Market.PERP]

    # --- what is refused

    def _refusal(self, order: Order, instrument: Instrument, depth: Depth) -> No | None:
        left = list(self.liquidity.left(order.leg, order.side, depth))
        if order.kind is OrderKind.POST_ONLY and (no := _would_take(order, depth)) is not None:
            return no
        if no := reduces(order, self.account.position(order.native)):
            return no
        price = order.price if order.price is not None else (left[0][0] if left else None)
        if price is not None and (no := notional_too_small(order, instrument, price)):
            return no
        return self._too_poor(order, instrument, left, depth)

    def _too_poor(self, order: Order, instrument: Instrument, left: list[Level], depth: Depth) -> No | None:
        price = _dearest(order, left, depth)
        if price is None:
            return None  # nothing to trade with: it will end unfilled
        wallet = self.account.wallet(order.market)
        if order.market is Market.SPOT:
            asset, need = spent(order, instrument, order.qty, price)
        else:
            room = max(ZERO, -order.side.sign * self.account.position(order.native))
            more = max(ZERO, order.qty - room)
            if order.reduce_only or not more:
                return None
            fee = max(ZERO, *self._market.fees(order.market, order.native))
            asset = instrument.settle_ccy
            need = (more / self._rules.leverage + order.qty * fee) * price * contract_value(instrument)
        free = self.money.free(wallet, asset)
        if need <= free:
            return None
        return No(RefusalReason.INSUFFICIENT, f"it needs {need:f} {asset} of {wallet}, where {free:f} is free")

    def _rejected(self, order: Order, no: No | None, now_ns: int) -> Rejected:
        reason, text = no or No(RefusalReason.UNKNOWN_INSTRUMENT, f"{order.leg} is not of {self.name}")
        return Rejected(
            venue=self.name,
            client_id=order.client_id,
            reason=reason,
            code=CODE,
            text=f"paper {self.name} refused {order.client_id or 'the order'}: {text}",
            t_ns=now_ns,
        )

    # --- fills

    def _rest(self, one: PaperOrder, depth: Depth, now_ns: int) -> Events:
        self._read_queue(one, depth)
        self._set_waiting(one, not self._market.trades_live(one.order.leg))
        return [one.report("push", now_ns), *self.money.of_order(one.order, now_ns)]

    def _take(self, one: PaperOrder, instrument: Instrument, depth: Depth, now_ns: int) -> Events:
        """Fill from what is left of the book, and end."""
        order, events = one.order, Events()
        for price, size in list(self.liquidity.left(order.leg, order.side, depth)):
            if order.price is not None and order.side.sign * (price - order.price) > 0:
                break
            qty = floored(min(size, one.remaining), instrument.step)
            if qty > 0:
                self.liquidity.take(order.leg, order.side, price, qty, now_ns)
                events.append(self._fill(one, instrument, price, qty, now_ns, maker=False))
        filled_whole = not one.remaining
        status = OrderStatus.FILLED if filled_whole else OrderStatus.CANCELED
        words = "filled" if filled_whole else "canceled: the book shows no more at its limit"
        return events + self._end(one, status, words, None, now_ns)

    def _made(self, one: PaperOrder, instrument: Instrument, qty: Decimal, now_ns: int) -> Events:
        """A resting order is filled by ``qty``; a reduce-only one by no more than there is to reduce."""
        order = one.order
        assert order.price is not None
        if order.reduce_only:
            room = -order.side.sign * self.account.position(order.native)
            if room <= 0:
                return []  # the next look ends it
            qty = min(qty, room)
        one.updated_ns = now_ns
        events: Events = [self._fill(one, instrument, order.price, qty, now_ns, maker=True)]
        if not one.remaining:
            return events + self._end(one, OrderStatus.FILLED, "filled", None, now_ns)
        return [*events, one.report("push", now_ns), *self.money.of_order(order, now_ns)]

    def _fill(
        self, one: PaperOrder, instrument: Instrument, price: Decimal, qty: Decimal, now_ns: int, *, maker: bool
    ) -> Fill:
        order = one.order
        fees = self._market.fees(order.market, order.native)
        change = self.account.spot_fill if order.market is Market.SPOT else self.account.perp_fill
        fee, fee_ccy = change(instrument, order.side, price, qty, fees.maker if maker else fees.taker)
        one.filled += qty
        one.worth += price * qty
        fill = Fill(
            venue=self.name,
            market=order.market,
            native=order.native,
            fill_id=self._id("fill"),
            order_id=one.order_id,
            client_id=order.client_id,
            side=order.side,
            price=price,
            qty=qty,
            told="push",
            t_ns=now_ns,
            t_ms=now_ns // NS_PER_MS,
            fee=fee,
            fee_ccy=fee_ccy,
            maker=maker,
            origin=one.origin,
        )
        self.state.fills.append(fill)
        return fill

    def _end(
        self, one: PaperOrder, status: OrderStatus, words: str, reason: RefusalReason | None, now_ns: int
    ) -> Events:
        one.status, one.status_text, one.reason, one.updated_ns = status, words, reason, now_ns
        del self._open[one.order_id]
        if one.order.leg not in self.resting_legs:
            self.state.heard.pop(one.order.leg, None)
        return [one.report("push", now_ns), *self.money.of_order(one.order, now_ns)]

    # --- memory

    def _resting(self, leg: str) -> list[PaperOrder]:
        return [one for one in self._open.values() if one.order.leg == leg]

    def _heard(self, leg: str, trade_id: str) -> bool:
        """Whether this trade was told before (two connections may overlap)."""
        ids = self.state.heard.setdefault(leg, [])
        if trade_id in ids:
            return True
        ids.append(trade_id)
        del ids[:-HEARD]
        return False

    def _id(self, what: str) -> str:
        self.state.made += 1
        return f"paper-{what}-{self.state.made}"

    def _trim(self) -> None:
        """Forget what ended long ago; reads say from when on they are complete."""
        state = self.state
        ended = [key for key, one in state.orders.items() if not one.open]
        for key in ended[: max(0, len(ended) - KEPT_ORDERS)]:
            self._forgotten(state.orders.pop(key).updated_ns // NS_PER_MS)
        if len(state.fills) > KEPT_FILLS:
            self._forgotten(state.fills[-KEPT_FILLS - 1].t_ms or 0)
            del state.fills[:-KEPT_FILLS]
        if len(state.payments) > KEPT_FILLS:
            self._forgotten(state.payments[-KEPT_FILLS - 1].t_ms)
            del state.payments[:-KEPT_FILLS]

    def _forgotten(self, t_ms: int) -> None:
        self.state.forgotten_ms = max(self.state.forgotten_ms or 0, t_ms + 1)


def _why_not(depth: Depth) -> str:
    if depth.why_not:
        return depth.why_not
    if depth.bids and depth.asks and depth.bids[0][0] >= depth.asks[0][0]:
        return "its bid is at or above its ask"
    return ""


def _closed(order: Order, depth: Depth) -> No | None:
    words = _why_not(depth)
    return No(RefusalReason.NOT_TRADING, f"{order.native} cannot be traded on now: {words}") if words else None


def _would_take(order: Order, depth: Depth) -> No | None:
    """Judged by what the live book shows, also where paper orders have taken it."""
    levels = depth.asks if order.side is Side.BUY else depth.bids
    if order.price is None or not levels or order.side.sign * (order.price - levels[0][0]) < 0:
        return None
    text = f"a post-only {order.side.value} at {order.price:f} would take: the other side is at {levels[0][0]:f}"
    return No(RefusalReason.WOULD_TAKE, text)


def _dearest(order: Order, left: list[Level], depth: Depth) -> Decimal | None:
    """The price at which the order binds most money; None: nothing is there to trade with.

    That is its limit, the best bid if it sells below that, or how deep a market order reaches.
    """
    if order.price is not None:
        best = depth.bids[0][0] if depth.bids else order.price
        return order.price if order.side is Side.BUY else max(order.price, best)
    reached, open_qty = None, order.qty
    for price, size in left:
        reached = price if order.side is Side.BUY or reached is None else reached
        open_qty -= size
        if open_qty <= 0:
            break
    return reached
