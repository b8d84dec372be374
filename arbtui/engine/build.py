"""Parts from settings: the same board, spreads, signals and desk for live data and for replay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from arbtui.config import Settings
from arbtui.config.keys import Path
from arbtui.core.clock import Clock
from arbtui.core.events import QuoteTexts
from arbtui.core.model import Category, Channel, Market
from arbtui.core.status import FeedStatus, ProcessFigures
from arbtui.engine.alerts import rules_of as alert_rules_of
from arbtui.engine.desk import Desk
from arbtui.engine.memory import Memory
from arbtui.engine.settings import SettingsBook, Sources
from arbtui.engine.trouble import Trouble
from arbtui.market.state import Board, Slot
from arbtui.market.terms import BasisRules, IdentityRules, MarketRules, Rhythm, VenueTerms
from arbtui.port import SelectCoin
from arbtui.strategy.attention import Attention
from arbtui.strategy.pairs import PairRules
from arbtui.strategy.rows import SignalRecord
from arbtui.strategy.signals import SignalRules, Signals
from arbtui.strategy.spreads import Spreads
from arbtui.strategy.thresholds import Thresholds
from arbtui.venues.base import Venue

MARKETS = {"spot": Market.SPOT, "perp": Market.PERP}


def terms_of(venues: Mapping[str, Venue]) -> dict[tuple[str, Market], VenueTerms]:
    """What the market must know of each venue and market."""
    terms = {}
    for venue in venues.values():
        for market in venue.markets:
            maker_rate, taker_rate = venue.fees(market)
            terms[venue.name, market] = VenueTerms(
                maker_rate=maker_rate,
                taker_rate=taker_rate,
                book_rule=venue.book_rule(market),
                heartbeat_s=venue.manners(market).silence_s,
                rhythms={c: Rhythm(periodic=venue.cadence(market, c).periodic) for c in Channel},
            )
    return terms


def rules_of(settings: Settings) -> MarketRules:
    """The person's settings as the market takes them."""
    fees = {}
    for venue, of_venue in settings.fees.items():
        for market, of_market in ((Market.SPOT, of_venue.spot), (Market.PERP, of_venue.perp)):
            for kind, bps in (("taker", of_market.taker_bps), ("maker", of_market.maker_bps)):
                if bps is not None:
                    fees[venue, market, kind] = bps
    return MarketRules(
        min_vol_24h_usd=settings.market.min_vol_24h_usd,
        categories=frozenset(Category(name) for name in settings.market.categories),
        fee_bps=fees,
        identity=IdentityRules(
            tolerance=settings.identity.tolerance_pct / 100,
            same=frozenset(settings.identity.same),
            coin_of=dict(settings.identity.coins),
        ),
        basis=BasisRules(
            pairs=_basis_pairs(settings.basis.pair), usd_as=settings.basis.usd_as, max_age_s=settings.basis.max_age_s
        ),
    )


def _basis_pairs(pair: str) -> dict[str, str]:
    """``basis.pair`` (venue.native) rates USDC; the market names legs venue.market.native."""
    if not pair:
        return {}
    venue, _, native = pair.partition(".")
    return {"USDC": f"{venue}.{Market.SPOT.value}.{native}"}


def pair_rules_of(settings: Settings) -> PairRules:
    pairs = settings.pairs
    return PairRules(
        perp_perp=pairs.perp_perp,
        spot_perp=pairs.spot_perp,
        spot_spot=pairs.spot_spot,
        sell_spot=pairs.sell_spot,
    )


def signal_rules_of(settings: Settings) -> SignalRules:
    signals = settings.signals
    return SignalRules(
        sample_ms=signals.sample_ms,
        samples=signals.samples,
        min_hold_ms=signals.min_hold_ms,
        min_size_usd=signals.min_size_usd,
        hysteresis_bps=signals.hysteresis_bps,
        cooldown_s=signals.cooldown_s,
    )


def build_desk(
    settings: Settings,
    venues: Mapping[str, Venue],
    *,
    mode: str,
    clock: Clock,
    trouble: Trouble,
    memory: Memory,
    status: Callable[[], Sequence[FeedStatus]],
    process: Callable[[], ProcessFigures],
    adopting: bool = False,
    sources: Sources | None = None,
) -> Desk:
    """A desk over an empty board. ``sources``: where ``settings`` came from; None: made by hand."""
    market_rules = rules_of(settings)
    board = Board(terms_of(venues), market_rules, adopting=adopting)
    thresholds = Thresholds(settings.signals.threshold_bps, settings.signals.thresholds)
    spreads = Spreads(board, pair_rules_of(settings), thresholds, clock, walk_usd=settings.walk.usd)
    listeners: list[Callable[[SignalRecord], None]] = []

    def emit(record: SignalRecord) -> None:
        for listener in listeners:
            listener(record)

    rules = signal_rules_of(settings)
    signals = Signals(spreads, thresholds, rules, clock, emit, freshness=market_rules.freshness)

    def texts(slot: Slot) -> QuoteTexts:
        quote = slot.quote
        assert quote is not None
        if isinstance(quote.raw, bytes):
            return venues[slot.instrument.venue].quote_texts(slot.instrument.market, quote.raw)
        return quote.raw

    attention = Attention(settings.books.max)
    book = SettingsBook(sources or Sources.given(settings), memory)
    desk = Desk(
        mode=mode,
        clock=clock,
        board=board,
        spreads=spreads,
        signals=signals,
        signal_listeners=listeners,
        thresholds=thresholds,
        trouble=trouble,
        attention=attention,
        memory=book,
        texts=texts,
        status=status,
        process=process,
        alert_rules=alert_rules_of(settings),
    )
    desk.selected = settings.ui.symbol
    book.apply = _Effects(desk, spreads, signals, thresholds, attention)
    return desk


@dataclass(frozen=True)
class _Effects:
    """What a changed setting does to a desk at work; those of the screen take effect there."""

    desk: Desk
    spreads: Spreads
    signals: Signals
    thresholds: Thresholds
    attention: Attention

    def __call__(self, settings: Settings, path: Path) -> None:
        match path:
            case ("signals", "threshold_bps"):
                self.thresholds.set_default(settings.signals.threshold_bps)
            case ("signals", "thresholds", base):
                self.thresholds.set_coin(base, settings.signals.thresholds.get(base))
            case ("signals", _):
                self.signals.set_rules(signal_rules_of(settings))
            case ("walk", "usd"):
                self.spreads.walk_usd = settings.walk.usd
            case ("pairs", _):
                self.spreads.set_rules(pair_rules_of(settings))
            case ("books", "max"):
                self.attention.hold_at_most(settings.books.max)
            case ("alerts", _):
                self.desk.watch.set_rules(alert_rules_of(settings))
            case ("ui", "symbol") if settings.ui.symbol in self.desk.board.coins:
                self.desk.send(SelectCoin(settings.ui.symbol))
            case _:
                pass
