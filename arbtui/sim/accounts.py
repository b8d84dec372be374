"""An account of a simulated venue: wallets, positions, margin, fees. Money is exact.

Every cash flow is kept to the last digit: a position carries its signed ``cost`` (what its open lots cost), and what
closing realises is taken out of it exactly, so that at any time

    wallet = deposits + realised - fees + funding          realised - sum(cost) = -sum(price x signed quantity)

whatever was traded in whatever order. Averages and ratios are derived, and only they are rounded.

Cross margin, one currency at a time: what a perpetual settles in is what margins it.
"""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_UP, Context, Decimal, localcontext
from typing import Any

from arbtui.sim.listing import Listing, Market
from arbtui.sim.orders import Fill, Held, Ids, Ledger, Order, OrderStatus, unit_of
from arbtui.sim.world import World

EXACT = Context(prec=80)
ZERO = Decimal(0)
USUAL_COINS: Mapping[str, Decimal] = {
    "USDT": Decimal(100_000),
    "USDC": Decimal(100_000),
    "BTC": Decimal(1),
    "ETH": Decimal(20),
    "SOL": Decimal(200),
    "XRP": Decimal(20_000),
    "DOGE": Decimal(100_000),
}  # what an account begins with
_FINE = Decimal("1e-8")
_KEPT_REQUESTS = 500


def as_number(market: Market, number: int) -> str:
    """An id of an order or a fill as most venues write it."""
    return str(number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How a venue treats accounts. Rates are fractions; ``wallets``: which pot a market trades from.

    ``band``: how far from the reference price (mark; last for spot) an order may be priced, up for buys and down for
    sells.
    """

    wallets: dict[Market, str]
    fees: dict[Market, tuple[Decimal, Decimal]]  # maker, taker
    start: dict[str, dict[str, Decimal]]  # wallet -> asset -> total
    unique_ids: dict[Market, Ids]
    band: dict[Market, tuple[Decimal, Decimal]]
    leverage: int
    max_leverage: int
    maintenance: Decimal
    liquidation_fee: Decimal
    max_open: int = 200
    rest_status: OrderStatus = "expired"  # how an immediate order ends whose rest found nothing
    ids_per_ms: int = 1000  # order ids begin at the start time times this, so that no two runs share one
    spell: Callable[[Market, int], str] = as_number  # how ids of orders and fills are written


@dataclass(frozen=True, slots=True)
class Keys:
    """Credentials, made from the seed.

    ``address``: where a wallet's key signs, for whom it signs; then ``api_secret`` is that private key, and ``api_key``
    the address that belongs to it.
    """

    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    passphrase: str = field(default="", repr=False)
    address: str = ""

    def told(self) -> dict[str, str]:
        """What one logs in with, by name."""
        if self.address:
            return {"private_key": self.api_secret, "address": self.address}
        passphrase = {"passphrase": self.passphrase} if self.passphrase else {}
        return {"api_key": self.api_key, "api_secret": self.api_secret, **passphrase}


@dataclass(slots=True, eq=False)
class Position:
    """One perpetual position. ``lots`` signed; ``cost`` is what they cost, of the same sign."""

    listing: Listing
    held: Held
    lots: int = 0
    cost: Decimal = ZERO
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    opened_ms: int = 0
    updated_ms: int = 0

    @property
    def qty(self) -> str:
        return self.listing.size(self.lots)

    @property
    def entry(self) -> Decimal:
        """Average entry price, rounded far below the tick."""
        if not self.lots:
            return ZERO
        with localcontext(EXACT):
            price = self.cost / (self.lots * unit_of(self.listing)) * self.listing.tick
            return price.quantize(self.listing.tick.scaleb(-6)).normalize()

    def trade(self, lots: int, ticks: int) -> Decimal:
        """Add signed ``lots`` at ``ticks``; what that realises."""
        with localcontext(EXACT):
            worth = ticks * unit_of(self.listing)
            closing = min(abs(self.lots), abs(lots)) if self.lots * lots < 0 else 0
            realised = ZERO
            if closing:
                sign = 1 if self.lots > 0 else -1
                part = self.cost if closing == abs(self.lots) else _down(self.cost * closing / abs(self.lots))
                realised = sign * closing * worth - part
                self.cost -= part
                self.lots -= sign * closing
            opening = lots + (closing if lots < 0 else -closing)
            self.cost += opening * worth
            self.lots += opening
            self.realised += realised
            return realised


@dataclass(frozen=True, slots=True)
class Payment:
    """Funding paid (< 0) or received for one settlement."""

    id: int
    listing: Listing
    amount: Decimal
    ccy: str
    rate: Decimal
    qty: str
    t_ms: int


class Account:
    """See the module. ``can_trade`` False: the key may only read.

    ``can_withdraw``, ``ips`` (addresses that the key is bound to) and ``key_days`` (until it ends; None: as the venue
    has it) are told of the key. Nothing is withdrawn here. Requests from other addresses are refused, sockets are not.
    """

    def __init__(self, venue: str, name: str, seed: int, rules: Rules, keys: Keys) -> None:
        self.venue = venue
        self.name = name
        self.rules = rules
        self.keys = keys
        self.uid = 100_000_000 + digest_number(f"{seed}/{venue}/{name}/uid", 800_000_000)
        self.wallets: dict[str, dict[str, Decimal]] = {
            wallet: dict(assets) for wallet, assets in sorted(rules.start.items())
        }
        self.ledgers = {market: Ledger(ids) for market, ids in rules.unique_ids.items()}
        self.positions: dict[tuple[Listing, Held], Position] = {}
        self.payments: list[Payment] = []
        self.fees = dict(rules.fees)
        self.leverages: dict[Listing, int] = {}
        self.dual = False
        self.can_trade = True
        self.can_withdraw = False
        self.ips: tuple[str, ...] = ()
        self.key_days: int | None = None
        self.counts: Counter[str] = Counter()
        self.requests: deque[dict[str, Any]] = deque(maxlen=_KEPT_REQUESTS)

    def lets_in(self, client: str) -> bool:
        """Whether the key works from this address."""
        return not self.ips or client in self.ips

    # -- money ---------------------------------------------------------------------------------------------------

    def wallet(self, market: Market) -> dict[str, Decimal]:
        return self.wallets[self.rules.wallets[market]]

    def pay(self, market: Market, asset: str, amount: Decimal) -> None:
        """Add ``amount`` (may be negative) to the wallet that ``market`` trades from."""
        with localcontext(EXACT):
            wallet = self.wallet(market)
            wallet[asset] = wallet.get(asset, ZERO) + amount

    def held(self, wallet: str, asset: str) -> Decimal:
        """What resting spot orders hold back of ``asset``."""
        if self.rules.wallets["spot"] != wallet:
            return ZERO
        with localcontext(EXACT):
            return sum((locked(order)[1] for order in self.spot_open() if locked(order)[0] == asset), ZERO)

    def spot_open(self) -> Iterator[Order]:
        return (o for o in self.ledgers["spot"].open.values() if o.listing.market == "spot")

    def perp_open(self) -> Iterator[Order]:
        return (o for o in self.ledgers["perp"].open.values() if o.listing.market == "perp")

    def free(self, world: World, market: Market, asset: str) -> Decimal:
        """What a new order of ``market`` may use of ``asset``: without what orders hold and positions bind."""
        wallet = self.rules.wallets[market]
        with localcontext(EXACT):
            free = self.wallets[wallet].get(asset, ZERO) - self.held(wallet, asset)
            if self.rules.wallets["perp"] == wallet:
                free += self.open_profit(world, asset) - self.margin_used(world, asset)
            return max(ZERO, free)

    # -- fees and fills ------------------------------------------------------------------------------------------

    def fee_rate(self, market: Market, *, maker: bool) -> Decimal:
        return self.fees[market][0 if maker else 1]

    def fee_of(self, order: Order, ticks: int, lots: int, *, maker: bool) -> tuple[Decimal, str]:
        """Fee and its currency: spot buys pay in what they buy, the rest in quote or settle currency."""
        listing = order.listing
        rate = self.fee_rate(listing.market, maker=maker)
        with localcontext(EXACT):
            if listing.market == "spot" and order.side == "buy":
                return _away(lots * listing.step * rate), asset_of(listing)
            return _away(ticks * lots * unit_of(listing) * rate), listing.settle

    def apply(self, fill: Fill) -> None:
        """Book a fill: balances, or the position and what it realises."""
        order, listing = fill.order, fill.order.listing
        with localcontext(EXACT):
            if listing.market == "spot":
                qty = fill.lots * listing.step
                self.pay("spot", asset_of(listing), order.sign * qty)
                self.pay("spot", listing.quote, -order.sign * fill.value)
            else:
                position = self.position(listing, order.held)
                if not position.lots:
                    position.opened_ms = fill.t_ms
                fill.realised = position.trade(order.sign * fill.lots, fill.ticks)
                position.fees += fill.fee
                position.updated_ms = fill.t_ms
                self.pay("perp", listing.settle, fill.realised)
            self.pay(listing.market, fill.fee_ccy, -fill.fee)

    # -- positions and margin ------------------------------------------------------------------------------------

    def position(self, listing: Listing, held: Held) -> Position:
        """The position, made flat at first need."""
        key = (listing, held)
        if key not in self.positions:
            self.positions[key] = Position(listing, held)
        return self.positions[key]

    def open_positions(self) -> list[Position]:
        return [p for p in self.positions.values() if p.lots]

    def closable(self, listing: Listing, side: str, held: Held) -> int:
        """Lots of the position that an order of ``side`` would close."""
        lots = self.positions[listing, held].lots if (listing, held) in self.positions else 0
        return -lots if side == "buy" and lots < 0 else lots if side == "sell" and lots > 0 else 0

    def leverage(self, listing: Listing) -> int:
        highest = int(listing.extra.get("max_leverage", self.rules.leverage))
        return self.leverages.get(listing, min(self.rules.leverage, highest))

    def profit(self, world: World, position: Position) -> Decimal:
        """Open profit at the mark."""
        with localcontext(EXACT):
            return self.notional(world, position) * (1 if position.lots > 0 else -1) - position.cost

    def notional(self, world: World, position: Position) -> Decimal:
        """Worth at the mark, unsigned."""
        with localcontext(EXACT):
            listing = position.listing
            return abs(position.lots) * unit_of(listing) * (mark_of(world, listing) / listing.tick)

    def margin(self, world: World, position: Position) -> Decimal:
        """Initial margin that the position binds."""
        with localcontext(EXACT):
            return _away(self.notional(world, position) / self.leverage(position.listing))

    def open_profit(self, world: World, ccy: str) -> Decimal:
        return sum((self.profit(world, p) for p in self.open_positions() if p.listing.settle == ccy), ZERO)

    def position_margin(self, world: World, ccy: str) -> Decimal:
        return sum((self.margin(world, p) for p in self.open_positions() if p.listing.settle == ccy), ZERO)

    def order_margin(self, ccy: str) -> Decimal:
        return sum((self.margin_of(o) for o in self.perp_open() if o.listing.settle == ccy), ZERO)

    def margin_used(self, world: World, ccy: str) -> Decimal:
        return self.position_margin(world, ccy) + self.order_margin(ccy)

    def margin_of(self, order: Order) -> Decimal:
        """Initial margin that a resting order binds: only for what it would open."""
        if order.reduce_only or order.ticks is None:
            return ZERO
        opening = max(0, order.left - self.closable(order.listing, order.side, order.held))
        with localcontext(EXACT):
            return _away(opening * order.ticks * unit_of(order.listing) / self.leverage(order.listing))

    def maintenance(self, world: World, ccy: str) -> Decimal:
        """Margin below which positions are liquidated."""
        with localcontext(EXACT):
            worth = sum((self.notional(world, p) for p in self.open_positions() if p.listing.settle == ccy), ZERO)
            return worth * self.rules.maintenance

    def equity(self, world: World, ccy: str) -> Decimal:
        return self.wallet("perp").get(ccy, ZERO) + self.open_profit(world, ccy)

    def liquidation_price(self, world: World, position: Position) -> Decimal | None:
        """Mark at which the account's equity meets its maintenance margin, all else unchanged; None: none above 0."""
        ccy, listing = position.listing.settle, position.listing
        with localcontext(EXACT):
            spare = self.equity(world, ccy) - self.maintenance(world, ccy)
            sign = 1 if position.lots > 0 else -1
            slope = abs(position.lots) * unit_of(listing) / listing.tick * (1 - sign * self.rules.maintenance)
            price = mark_of(world, listing) - sign * spare / slope
            return price.quantize(listing.tick) if price > 0 else None


def locked(order: Order) -> tuple[str, Decimal]:
    """Asset and amount that a resting spot order holds back."""
    listing = order.listing
    if order.side == "sell":
        return asset_of(listing), order.left * listing.step
    return listing.quote, order.left * (order.ticks or 0) * unit_of(listing)


def asset_of(listing: Listing) -> str:
    """What a spot balance of the instrument is called: multiplier coins are held under their listed name."""
    return str(listing.extra.get("asset", listing.base))


def mark_of(world: World, listing: Listing) -> Decimal:
    """Mark price, wire units."""
    return world.mark_of(listing) * listing.mark_price.unit


def digest_number(text: str, below: int) -> int:
    """A number that belongs to ``text``, the same on every run."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % below


def digest_text(text: str, alphabet: str, length: int) -> str:
    """A text of ``alphabet`` that belongs to ``text``: credentials of a simulated account."""
    stream = b"".join(hashlib.sha256(f"{text}/{block}".encode()).digest() for block in range(1 + length // 32))
    return "".join(alphabet[byte % len(alphabet)] for byte in stream[:length])


def _down(value: Decimal) -> Decimal:
    return value.quantize(_FINE, rounding=ROUND_DOWN)


def _away(value: Decimal) -> Decimal:
    return value.quantize(_FINE, rounding=ROUND_UP)
