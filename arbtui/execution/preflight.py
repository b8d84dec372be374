"""What must hold before anything is sent, as a list of named checks, each with its remedy. Pure over a snapshot.

Unknown is not good enough: a balance that was not read, a mode that was not told, a clock that was not compared all
fail, and say so. The same list is shown in review and gone through again when the key is pressed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from msgspec.structs import replace

from arbtui.core.model import Instrument, Market, TradingStatus
from arbtui.core.orders import AccountMode, Balance, FeeRates, LeverageRead, MoneyEvent, Position, Side, StreamState
from arbtui.execution.actions import amount
from arbtui.execution.funds import Pot, needs
from arbtui.execution.intents import Intent, Leg, Style, terms_of
from arbtui.execution.ports import Price
from arbtui.execution.quantity import ZERO, coins, slip_bps, tradable

K = TypeVar("K")
E = TypeVar("E", Balance, Position, AccountMode, LeverageRead, FeeRates)


class Facts:
    """The accounts as last told: a fold of money events, newest by receipt."""

    def __init__(self) -> None:
        self.balances: dict[tuple[str, str, str], Balance] = {}  # venue, wallet, asset
        self.positions: dict[tuple[str, str], Position] = {}  # venue, native
        self.modes: dict[tuple[str, Market], AccountMode] = {}
        self.leverage: dict[tuple[str, str], LeverageRead] = {}
        self.fees: dict[tuple[str, Market, str], FeeRates] = {}  # native "" = the whole market
        self.streams: set[tuple[str, Market]] = set()  # up

    def hear(self, event: MoneyEvent | StreamState) -> None:
        """Idempotent; what was received earlier never takes back what came later."""
        match event:
            case Balance():
                _newest(self.balances, (event.venue, event.wallet, event.asset), event)
            case Position():
                _newest(self.positions, (event.venue, event.native), event)
            case AccountMode():
                _newest(self.modes, (event.venue, event.market), event)
            case LeverageRead():
                _newest(self.leverage, (event.venue, event.native), event)
            case FeeRates():
                _newest(self.fees, (event.venue, event.market, event.native), event)
            case StreamState():
                places = {(event.venue, market) for market in event.markets}
                self.streams = self.streams | places if event.state == "up" else self.streams - places
            case _:
                pass  # funding is an amount, not a state

    def relive(self, now_ns: int) -> None:
        """All that is known was told before now, by whatever clock: what is told from now on takes its place."""
        _before(self.balances, now_ns)
        _before(self.positions, now_ns)
        _before(self.modes, now_ns)
        _before(self.leverage, now_ns)
        _before(self.fees, now_ns)


def _before(kept: dict[K, E], now_ns: int) -> None:
    for key, event in kept.items():
        if event.t_ns > now_ns:
            kept[key] = replace(event, t_ns=now_ns)


def _newest(kept: dict[K, E], key: K, event: E) -> None:
    had = kept.get(key)
    if had is None or event.t_ns >= had.t_ns:
        kept[key] = event


@dataclass(frozen=True)
class ClockRead:
    """A venue's clock minus ours; None: not compared yet. ``by``: what told it, where no clock did (rougher)."""

    offset_ms: float | None
    by: str = ""


@dataclass(frozen=True)
class Snapshot:
    """Everything that the checks look at. ``wallets``: from which pot a market trades, by the codec's name.

    ``clocks`` has None for a venue that tells no time: how long an order lives there cannot be bounded.
    """

    facts: Facts
    instruments: tuple[Instrument | None, Instrument | None]
    prices: tuple[Price, Price]
    wallets: Mapping[tuple[str, Market], str]
    clocks: Mapping[str, ClockRead | None]
    armed: bool
    limits: Sequence[str] = field(default_factory=tuple)  # ``limits.refusals``
    clock_limit_ms: float = 500.0
    order_wait_s: Mapping[str, float] = field(default_factory=dict)  # venue -> until it takes this hedge's orders
    set_aside: Mapping[Pot, Decimal] = field(default_factory=dict)  # ``funds.set_aside``


@dataclass(frozen=True)
class Check:
    """``text``: what was found where it holds, and what to do where it does not."""

    name: str
    ok: bool
    text: str


def preflight(intent: Intent, snap: Snapshot) -> list[Check]:
    """Every check, in the order in which a person would look. All must hold.

    A closing turn sends nothing on a leg that holds nothing, so nothing is asked of that leg.
    """
    checks = [Check("armed", snap.armed, "armed" if snap.armed else "disarmed: nothing is opened; arm first")]
    for index, leg in enumerate(intent.legs):
        if not intent.opens and not intent.qty[index]:
            continue
        checks += [
            _instrument(leg, snap.instruments[index]),
            _price(intent, index, snap.prices[index]),
            _quantity(intent, index),
            _stream(leg, snap.facts),
            _clock(leg.venue, snap),
            _mode(leg, snap.facts),
            _leverage(leg, snap.facts),
            _fees(leg, snap),
            _requests(leg, snap),
            _funds(intent, index, snap),
        ]
    limits = list(snap.limits)
    checks.append(Check("limits", not limits, "; ".join(limits) or "within all limits"))
    return checks


def refusal(checks: Sequence[Check]) -> str:
    """The failed checks as one sentence; "" where all hold."""
    return "; ".join(f"{check.name}: {check.text}" for check in checks if not check.ok)


def _instrument(leg: Leg, now: Instrument | None) -> Check:
    if now is None:
        return Check("instrument", False, f"{leg.key} is not listed any more; choose another")
    if now.status is not TradingStatus.TRADING:
        return Check("instrument", False, f"{leg.key} is {now.status_text or now.status.value}; wait until it trades")
    if terms_of(now) != leg.terms:
        return Check("instrument", False, f"the terms of {leg.key} have changed since review; review again")
    return Check("instrument", True, f"{leg.key} trades")


def _price(intent: Intent, index: int, price: Price) -> Check:
    leg, policy = intent.legs[index], intent.policy
    if price.bid is None or price.ask is None:
        return Check("price", False, f"{leg.key} has no two-sided price now; wait for one")
    if price.bid >= price.ask:
        return Check("price", False, f"the book of {leg.key} is crossed; wait until it is sound")
    if not price.fresh or price.age_ms > policy.max_price_age_ms:
        why = f": {price.why_not}" if price.why_not else ""
        return Check("price", False, f"the price of {leg.key} is {price.age_ms:.0f} ms old{why}; wait for a fresh one")
    rests = intent.style is Style.MAKER_TAKER and intent.maker == index
    now = (price.bid if rests else price.ask) if leg.side is Side.BUY else (price.ask if rests else price.bid)
    slip = slip_bps(leg.price, now, leg.side)
    band = policy.maker_band_bps if rests else intent.take_band_bps
    if slip > band:
        return Check("price", False, f"{leg.key} has moved {slip:.1f} bps against us since review; review again")
    return Check("price", True, f"{leg.key} {slip:+z.1f} bps since review, band {band}")


def _quantity(intent: Intent, index: int) -> Check:
    leg, qty = intent.legs[index], intent.qty[index]
    whole = tradable(coins(qty, leg.terms), leg) == qty and qty > 0
    text = f"{amount(coins(qty, leg.terms))} {intent.base} on {leg.key}"
    other = 1 - index
    if (
        not intent.opens
        and not whole
        and tradable(coins(intent.qty[other], intent.legs[other].terms), intent.legs[other])
    ):
        return Check("quantity", True, f"{text} is too little to close; the other leg is closed alone")
    return Check("quantity", whole, text if whole else f"{text} is no order that {leg.venue} takes; change the size")


def _stream(leg: Leg, facts: Facts) -> Check:
    up = (leg.venue, leg.market) in facts.streams
    text = f"private stream of {leg.venue} {leg.market.value}"
    return Check(
        "private stream", up, f"{text} is up" if up else f"{text} is down; fills would go unheard, wait for it"
    )


def _clock(venue: str, snap: Snapshot) -> Check:
    read = snap.clocks.get(venue, ClockRead(None))
    if read is None:
        return Check("clock", False, f"{venue} tells no time that ours could be compared with; trade elsewhere")
    if read.offset_ms is None:
        return Check("clock", False, f"the clock of {venue} has not been compared yet; wait a moment")
    ok = abs(read.offset_ms) <= snap.clock_limit_ms
    text = f"clock of {venue} {read.offset_ms:+z.0f} ms from ours" + (f" ({read.by})" if read.by else "")
    return Check("clock", ok, text if ok else f"{text}, limit {snap.clock_limit_ms:.0f} ms; set this machine's clock")


def _mode(leg: Leg, facts: Facts) -> Check:
    mode = facts.modes.get((leg.venue, leg.market))
    if mode is None:
        return Check("mode", False, f"the account mode of {leg.venue} {leg.market.value} was not read; wait for it")
    if mode.can_trade is not True:
        return Check("mode", False, f"this key may not trade on {leg.venue} {leg.market.value} ({mode.text})")
    if leg.market is Market.PERP and mode.position_mode != "one_way":
        return Check("mode", False, f"{leg.venue} holds positions two-sided ({mode.text}); set one-way mode there")
    return Check("mode", True, f"{leg.venue} {leg.market.value}: {mode.text}")


def _leverage(leg: Leg, facts: Facts) -> Check:
    if leg.market is Market.SPOT:
        return Check("leverage", True, f"{leg.key} is spot")
    read = facts.leverage.get((leg.venue, leg.native))
    if read is None or read.leverage <= 0:
        text = f"the leverage of {leg.key} was not read back; wait for it, or set it on {leg.venue}"
        return Check("leverage", False, text)
    if read.position_mode == "hedge":
        return Check("leverage", False, f"{leg.key} is held two-sided; set one-way mode for it on {leg.venue}")
    return Check("leverage", True, f"{leg.key} {read.leverage:f}x {read.margin_mode or ''}".rstrip())


def _fees(leg: Leg, snap: Snapshot) -> Check:
    key = (leg.venue, leg.market)
    rates = snap.facts.fees.get((*key, leg.native)) or snap.facts.fees.get((*key, ""))
    if rates is None:
        return Check("fees", False, f"the account's fees on {leg.key} were not read; wait for them")
    if rates.taker > leg.taker_rate or rates.maker > leg.maker_rate:
        return Check("fees", False, f"{leg.venue} charges more than was reckoned with on {leg.key}; review again")
    return Check("fees", True, f"{leg.key} taker {(rates.taker * 10_000).normalize():f} bps")


def _requests(leg: Leg, snap: Snapshot) -> Check:
    """A leg that would be refused here, for the venue's limit of orders, must be known before the other is sent."""
    wait_s = snap.order_wait_s.get(leg.venue, 0.0)
    if wait_s:
        text = f"the limit of orders on {leg.venue} is used up for {wait_s:.1f} s; wait so long"
        return Check("requests", False, text)
    return Check("requests", True, f"{leg.venue} has room for its orders")


def _funds(intent: Intent, index: int, snap: Snapshot) -> Check:
    """Enough for this leg's whole quantity at its worst price, its fee, and some to spare; for both legs, if one pot
    has to pay for both. What other hedges were begun with a moment ago is not there any more.
    """
    leg = intent.legs[index]
    own, other = (needs(intent, each, snap.wallets, snap.facts.leverage) for each in (index, 1 - index))
    if own is None:
        return Check("funds", False, f"the margin that {leg.key} needs is not known without its leverage")
    pot, need = own
    shared = other is not None and other[0] == pot
    need += other[1] if other is not None and shared else ZERO
    asset = pot[2]
    balance = snap.facts.balances.get(pot)
    if balance is None or balance.free is None:
        return Check("funds", False, f"the free {asset} on {leg.venue} was not read; wait for it")
    both, aside = " for both legs" if shared else "", snap.set_aside.get(pot, ZERO)
    others = f", {aside:,.2f} of it for hedges that are being opened" if aside else ""
    text = f"{leg.venue} has {balance.free:,.2f} {asset} free{others}, {need:,.2f} needed{both}"
    if balance.free - aside < need:
        return Check("funds", False, f"{text}; move funds or trade less")
    return Check("funds", True, f"{text}, {balance.free - aside - need:,.2f} stay free")
