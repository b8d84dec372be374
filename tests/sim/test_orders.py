"""The order desk of a simulated venue, without any venue's words: matching, queues, margin, money."""

from __future__ import annotations

import contextlib
import random
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbtui.sim.accounts import Account, Position, asset_of
from arbtui.sim.desk import Desk
from arbtui.sim.listing import Listing
from arbtui.sim.matching import Depth
from arbtui.sim.orders import Draft, Order, OrderRefused, Refusal, unit_of
from tests.sim.support import Bench


class Floor:
    """A desk of the simulated Binance in a world that stands still unless moved."""

    def __init__(self, **more: Any) -> None:
        self.bench = Bench("binance", **{"coins": 4, "rate": 0.0, "scenario": "still", **more})
        desk = self.bench.venue().desk
        assert desk is not None
        self.desk: Desk = desk
        self.account: Account = desk.accounts["main"]
        self.perp = self.named("perp")
        self.spot = self.named("spot")

    def named(self, market: Any, native: str = "BTCUSDT") -> Listing:
        listing = self.bench.venue().find(market, native)
        assert listing is not None
        return listing

    def place(self, listing: Listing, side: Any, lots: int, ticks: int | None, kind: Any = "ioc", **more: Any) -> Order:
        price = None if ticks is None else ticks * listing.tick
        draft = Draft(listing=listing, side=side, kind=kind, qty=lots * listing.step, price=price, **more)
        return self.desk.place(self.account, draft)

    def refusal(self, *args: Any, **more: Any) -> Refusal:
        with pytest.raises(OrderRefused) as refused:
            self.place(*args, **more)
        return refused.value.why

    def move(self, listing: Listing, bid: int, ask: int) -> None:
        """The world's book moves to other best prices."""
        old = listing.state
        listing.state = old._replace(seq=old.seq + 1, prev=old.seq, bid=bid, ask=ask)
        if listing in self.bench.hub.resting:
            self.bench.hub.resting[listing].book_changed(listing)

    def tape(self, listing: Listing, price: int, lots: int, *, buy: bool) -> None:
        """The world prints a trade, and its book changes."""
        listing.traded(price, lots, self.bench.t_ns, buy=buy)
        self.move(listing, listing.state.bid, listing.state.ask)


@pytest.fixture
def floor() -> Floor:
    return Floor()


def asks(listing: Listing) -> list[tuple[int, int]]:
    return listing.levels().asks


# -- takers ----------------------------------------------------------------------------------------------------------


def test_a_taker_walks_the_visible_levels_and_pays_each_its_price(floor: Floor) -> None:
    first, second = asks(floor.perp)[:2]
    order = floor.place(floor.perp, "buy", first[1] + 5, second[0])
    assert [(f.ticks, f.lots) for f in order.fills] == [first, (second[0], 5)]
    assert order.status == "filled"


def test_later_orders_see_what_earlier_ones_took_until_the_world_refreshes_the_level(floor: Floor) -> None:
    price, lots = asks(floor.perp)[0]
    floor.place(floor.perp, "buy", lots - 3, price)
    assert floor.place(floor.perp, "buy", lots, price).filled == 3
    assert floor.place(floor.perp, "buy", lots, price).filled == 0
    state = floor.perp.state
    sizes = bytes((byte + 1) & 0xFF for byte in state.sizes)
    floor.perp.state = state._replace(sizes=sizes, seq=state.seq + 1)
    fresh = dict(asks(floor.perp))[price]
    assert fresh != lots
    assert floor.place(floor.perp, "buy", fresh, price).filled == fresh


def test_the_rest_of_an_immediate_order_ends_and_that_of_a_limit_order_rests(floor: Floor) -> None:
    price, lots = asks(floor.perp)[0]
    ioc = floor.place(floor.perp, "buy", lots + 1, price)
    assert (ioc.status, ioc.filled) == ("expired", lots)
    second = asks(floor.perp)[1]
    limit = floor.place(floor.perp, "buy", second[1] + 1, second[0], "limit")
    assert (limit.status, limit.filled) == ("open", second[1])


def test_fill_or_kill_is_refused_or_ends_whole(floor: Floor) -> None:
    price, lots = asks(floor.perp)[0]
    assert floor.refusal(floor.perp, "buy", lots + 1, price, "fok") is Refusal.UNFILLABLE
    late = floor.place(floor.perp, "buy", lots + 1, price, "fok", late_refusal=True)
    assert (late.status, late.filled) == ("expired", 0)
    assert floor.place(floor.perp, "buy", lots, price, "fok").status == "filled"


def test_trades_of_accounts_are_printed_on_the_public_tape(floor: Floor) -> None:
    price, lots = asks(floor.perp)[0]
    before = floor.perp.trades
    floor.place(floor.perp, "buy", lots, price)
    (last,) = [one for one in floor.perp.prints if one.number > before]
    assert (last.price, last.lots, last.buy) == (price, lots, True)


# -- makers ----------------------------------------------------------------------------------------------------------


def test_post_only_never_takes(floor: Floor) -> None:
    price, _ = asks(floor.perp)[0]
    assert floor.refusal(floor.perp, "buy", 10, price, "post_only") is Refusal.WOULD_TAKE
    late = floor.place(floor.perp, "buy", 10, price, "post_only", late_refusal=True)
    assert (late.status, late.ended, late.filled) == ("canceled", "post_only", 0)


def test_a_resting_order_waits_behind_what_its_level_showed(floor: Floor) -> None:
    price, ahead = floor.perp.levels().bids[0]
    order = floor.place(floor.perp, "buy", 10, price, "post_only")
    assert order.ahead == ahead
    floor.tape(floor.perp, price, ahead - 2, buy=False)
    assert (order.filled, order.ahead) == (0, 2)
    floor.tape(floor.perp, price, 6, buy=False)
    assert order.filled == 4
    floor.tape(floor.perp, price, 100, buy=False)
    assert (order.status, order.fills[-1].maker) == ("filled", True)


def test_trades_of_the_other_side_and_at_worse_prices_fill_nothing(floor: Floor) -> None:
    price, ahead = floor.perp.levels().bids[2]
    order = floor.place(floor.perp, "buy", 10, price, "post_only")
    floor.tape(floor.perp, price, ahead * 5, buy=True)
    floor.tape(floor.perp, floor.perp.state.bid, 10_000, buy=False)
    assert (order.filled, order.ahead) == (0, ahead)


def test_a_book_that_trades_through_the_price_fills_with_what_it_has_there(floor: Floor) -> None:
    best = floor.perp.state.bid
    order = floor.place(floor.perp, "buy", 10, best, "post_only")
    floor.move(floor.perp, best - 20, best)
    assert (order.status, [f.ticks for f in order.fills]) == ("filled", [best])
    big = floor.place(floor.perp, "buy", 3000, floor.perp.state.bid, "post_only")
    floor.move(floor.perp, big.ticks - 5 if big.ticks else 0, big.ticks or 0)
    shown = dict(asks(floor.perp))[big.ticks or 0]
    assert (big.status, big.filled) == ("open", min(shown, 3000))


def test_only_books_in_which_orders_rest_are_looked_at(floor: Floor) -> None:
    hub = floor.bench.hub
    assert hub.resting == {}
    order = floor.place(floor.perp, "buy", 10, floor.perp.state.bid, "post_only")
    assert list(hub.resting) == [floor.perp]
    floor.desk.cancel(floor.account, order)
    assert hub.resting == {}


# -- refusals ----------------------------------------------------------------------------------------------------------


def test_ticks_steps_minimums_and_bands_are_kept(floor: Floor) -> None:
    listing, bid = floor.perp, floor.perp.state.bid

    def refused(qty: Decimal, price: Decimal) -> Refusal:
        draft = Draft(listing=listing, side="buy", kind="limit", qty=qty, price=price)
        with pytest.raises(OrderRefused) as why:
            floor.desk.place(floor.account, draft)
        return why.value.why

    price = bid * listing.tick
    assert refused(listing.step, price + listing.tick / 2) is Refusal.TICK
    assert refused(listing.step * Decimal("1.5"), price) is Refusal.STEP
    assert refused(listing.step / 2, price) is Refusal.MIN_QTY
    assert refused(listing.step, Decimal(40_000)) is Refusal.MIN_NOTIONAL
    assert refused(listing.step * 10, (price * 2).quantize(listing.tick)) is Refusal.BAND


def test_halted_instruments_refuse_and_close_only_ones_let_positions_go(floor: Floor) -> None:
    floor.place(floor.perp, "buy", 10, None, "market")
    floor.bench.hub.set_status(floor.perp, "halted")
    assert floor.refusal(floor.perp, "sell", 10, None, "market") is Refusal.HALTED
    floor.bench.hub.set_status(floor.perp, "close_only")
    assert floor.refusal(floor.perp, "buy", 10, None, "market") is Refusal.CLOSE_ONLY
    assert floor.place(floor.perp, "sell", 10, None, "market", reduce_only=True).status == "filled"


def test_money_that_is_not_there_is_not_spent(floor: Floor) -> None:
    price = floor.spot.state.bid
    lots = int(Decimal(100_000) / (price * unit_of(floor.spot)))
    order = floor.place(floor.spot, "buy", lots, price, "limit")
    assert floor.refusal(floor.spot, "buy", lots, price, "limit") is Refusal.BALANCE
    floor.desk.cancel(floor.account, order)
    assert floor.place(floor.spot, "buy", lots, price, "limit").status == "open"
    assert floor.refusal(floor.perp, "buy", 10**6, None, "market") is Refusal.MARGIN


def test_a_client_id_is_unique_among_open_orders_or_for_ever_as_the_venue_has_it(floor: Floor) -> None:
    bid = floor.perp.state.bid
    first = floor.place(floor.perp, "buy", 10, bid, "limit", client_id="a")
    assert floor.refusal(floor.perp, "buy", 10, bid, "limit", client_id="a") is Refusal.DUPLICATE
    floor.desk.cancel(floor.account, first)
    assert floor.place(floor.perp, "buy", 10, bid, "limit", client_id="a").status == "open"


def test_reduce_only_needs_something_to_reduce_and_never_turns_a_position(floor: Floor) -> None:
    assert floor.refusal(floor.perp, "sell", 10, None, "market", reduce_only=True) is Refusal.REDUCE_ONLY
    floor.place(floor.perp, "buy", 10, None, "market")
    order = floor.place(floor.perp, "sell", 25, None, "market", reduce_only=True)
    assert (order.filled, order.status) == (10, "expired")
    assert floor.account.open_positions() == []


def test_resting_reduce_only_orders_end_when_the_position_is_gone(floor: Floor) -> None:
    floor.place(floor.perp, "buy", 10, None, "market")
    resting = floor.place(floor.perp, "sell", 10, asks(floor.perp)[9][0], "limit", reduce_only=True)
    floor.place(floor.perp, "sell", 10, None, "market")
    assert resting.status == "expired"


def test_two_sided_accounts_hold_long_and_short_apart(floor: Floor) -> None:
    floor.account.dual = True
    assert floor.refusal(floor.perp, "buy", 10, None, "market") is Refusal.HELD_SIDE
    floor.place(floor.perp, "buy", 10, None, "market", held="long")
    floor.place(floor.perp, "sell", 7, None, "market", held="short")
    assert {(p.held, p.lots) for p in floor.account.open_positions()} == {("long", 10), ("short", -7)}
    assert floor.refusal(floor.perp, "sell", 11, None, "market", held="long") is Refusal.REDUCE_ONLY


# -- funding, margin, liquidation --------------------------------------------------------------------------------------


def test_funding_is_paid_at_its_hour_by_the_rate_of_the_venues_history() -> None:
    floor = Floor(start_ns=1_795_190_390_000_000_000)  # 2026-11-20 15:59:50 UTC, ten seconds before a settlement
    floor.place(floor.perp, "buy", 500, None, "market")
    before = floor.account.wallet("perp")["USDT"]
    mark = floor.account.notional(floor.bench.hub.world, floor.account.open_positions()[0])
    floor.bench.run(12_000)
    (payment,) = floor.account.payments
    assert payment.t_ms == 1_795_190_400_000
    assert payment.rate == floor.perp.settled_rate(payment.t_ms) * Decimal("1e-8")
    assert payment.amount == pytest.approx(-mark * payment.rate, rel=Decimal("0.001"))
    assert floor.account.wallet("perp")["USDT"] == before + payment.amount


def test_who_is_short_of_margin_is_liquidated_at_the_line_that_was_shown(floor: Floor) -> None:
    world, account = floor.bench.hub.world, floor.account
    account.wallet("perp")["USDT"] = Decimal(3000)
    floor.place(floor.perp, "buy", 500, None, "market")
    (position,) = account.open_positions()
    line = account.liquidation_price(world, position)
    assert line is not None
    coin = floor.perp.coin
    drop = float(line / (world.mark_of(floor.perp) * floor.perp.mark_price.unit))
    coin.index = coin.price * (drop + 0.0005)
    floor.desk.second()
    assert account.open_positions() == [position]
    coin.index = coin.price * (drop - 0.0005)
    floor.desk.second()
    assert account.open_positions() == []
    assert account.ledgers["perp"].fills[-1].order.origin == "liquidation"


# -- sums --------------------------------------------------------------------------------------------------------------

_ORDERS = st.lists(
    st.tuples(
        st.sampled_from(["perp", "spot", "kilo"]),
        st.sampled_from(["buy", "sell"]),
        st.sampled_from(["limit", "ioc", "market", "post_only"]),
        st.integers(1, 4000),
        st.integers(-12, 12),
        st.booleans(),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(orders=_ORDERS, moves=st.lists(st.integers(-15, 15), min_size=25, max_size=25), pay=st.booleans())
def test_money_is_conserved_whatever_is_traded(orders: list[Any], moves: list[int], pay: bool) -> None:
    """Balances and the cost of positions equal deposits, fills, fees and funding, to the last digit."""
    floor = Floor(coins=12)
    account = floor.account
    listings = {"perp": floor.perp, "spot": floor.spot, "kilo": floor.named("perp", "1000PEPEUSDT")}
    start = {wallet: dict(assets) for wallet, assets in account.wallets.items()}
    for (which, side, kind, lots, off, reduce_only), move in zip(orders, moves, strict=False):
        listing = listings[which]
        ticks = None if kind == "market" else (listing.state.bid if side == "sell" else listing.state.ask) + off
        perp = listing.market == "perp"
        lots = lots * 100 if which == "kilo" else lots
        try:
            floor.place(listing, side, lots, ticks, kind, reduce_only=reduce_only and perp)
        except OrderRefused:
            continue
        state = listing.state
        if state.bid + move > 0:
            floor.move(listing, state.bid + move, state.ask + move)
    if pay:
        floor.desk.settlement.pay_funding(floor.perp, 1)
    assert account.wallets == accounted(account, start)
    for position in account.positions.values():
        assert position.lots == sum(f.order.sign * f.lots for f in fills_of(account, position))
        assert position.cost - position.realised == sum(f.order.sign * f.value for f in fills_of(account, position))
    assert all(order.filled <= order.lots for ledger in account.ledgers.values() for order in ledger.all.values())


def fills_of(account: Account, position: Position) -> list[Any]:
    return [f for f in account.ledgers["perp"].fills if f.order.listing is position.listing]


@settings(max_examples=60, deadline=None)
@given(trades=st.lists(st.tuples(st.integers(-500, 500).filter(bool), st.integers(1, 10**6)), max_size=30))
def test_a_position_is_worth_what_was_paid_for_it(trades: list[tuple[int, int]]) -> None:
    listing = Floor().perp
    position = Position(listing, "net")
    paid = realised = Decimal(0)
    for lots, ticks in trades:
        realised += position.trade(lots, ticks)
        paid += lots * ticks * unit_of(listing)
    assert position.lots == sum(lots for lots, _ in trades)
    assert position.cost - realised == paid
    assert position.lots or not position.cost


@settings(max_examples=40, deadline=None)
@given(wants=st.lists(st.integers(1, 900), min_size=1, max_size=20))
def test_no_more_is_taken_of_a_book_than_it_shows(wants: list[int]) -> None:
    listing = Floor().perp
    depth = Depth(listing)
    limit = listing.levels().asks[4][0]
    shown = sum(lots for price, lots in listing.levels().asks if price <= limit)
    took = sum(part.lots for want in wants for part in depth.take("buy", limit, want))
    assert took == min(shown, sum(wants))
    assert depth.available("buy", limit) == shown - took


@pytest.mark.parametrize("venue", ["binance", "okx"])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_busy_minute_with_trouble_leaves_nothing_unaccounted_for(venue: str, seed: int) -> None:
    """Two accounts trade at random in a moving world under faults; every asset is where fills and payments put it."""
    bench = Bench(venue, coins=6, rate=600.0, scenario="busy", seed=seed)
    desk = bench.venue(venue).desk
    assert desk is not None
    start = {name: {w: dict(a) for w, a in account.wallets.items()} for name, account in desk.accounts.items()}
    dice = random.Random(seed)
    listings = [x for x in bench.hub.world.of(venue) if x.status == "trading"]
    for name in ("partial_fill", "fill_races_cancel", "late_fill", "async_cancel", "no_fill", "position_jump"):
        symbol = {"symbol": listings[0].native} if name == "position_jump" else {}
        bench.fault(
            name, venue, count=8, value=0.4 if name in ("partial_fill", "fill_races_cancel") else None, **symbol
        )
    for _ in range(400):
        account = desk.accounts[dice.choice(["main", "second"])]
        if (mine := list(account.ledgers["perp"].open.values())) and dice.random() < 0.3:
            with contextlib.suppress(OrderRefused):
                desk.cancel(account, dice.choice(mine))
        listing = dice.choice(listings)
        kind: Any = dice.choice(["limit", "ioc", "market", "post_only"])
        side: Any = dice.choice(["buy", "sell"])
        ticks = listing.state.bid + dice.randint(-5, 8)
        lots = round(dice.uniform(50, 5000) / float(ticks * unit_of(listing)))
        price = None if kind == "market" else ticks * listing.tick
        with contextlib.suppress(OrderRefused):
            desk.place(
                account,
                Draft(
                    listing=listing, side=side, kind=kind, qty=max(lots * listing.step, listing.min_qty), price=price
                ),
            )
        bench.run(dice.choice([20, 100, 300]))
        if dice.random() < 0.05:
            desk.settlement.pay_funding(listing, bench.t_ns // 1_000_000)
    for name, account in desk.accounts.items():
        assert account.wallets == accounted(account, start[name])
        assert len(account.ledgers["perp"].fills) > 20
        assert {order.status for order in account.ledgers["perp"].all.values()} >= {"filled", "canceled"}


def accounted(account: Account, start: dict[str, dict[str, Decimal]]) -> dict[str, dict[str, Decimal]]:
    """Wallets by deposits, fills and payments alone."""
    wallets = {wallet: dict(assets) for wallet, assets in start.items()}

    def add(market: Any, asset: str, amount: Decimal) -> None:
        wallet = wallets[account.rules.wallets[market]]
        wallet[asset] = wallet.get(asset, Decimal(0)) + amount

    for fill in account.ledgers["perp"].fills:
        add("perp", fill.order.listing.settle, fill.realised)
        add("perp", fill.fee_ccy, -fill.fee)
    for fill in account.ledgers["spot"].fills:
        listing = fill.order.listing
        add("spot", asset_of(listing), fill.order.sign * fill.lots * listing.step)
        add("spot", listing.quote, -fill.order.sign * fill.value)
        add("spot", fill.fee_ccy, -fill.fee)
    for payment in account.payments:
        add("perp", payment.ccy, payment.amount)
    return wallets
