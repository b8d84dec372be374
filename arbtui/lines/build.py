"""Lines from the engine's state. Everything is read at the moment of the call; nothing here keeps anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from math import isclose
from typing import TypeVar

from arbtui.core.alerts import Alert
from arbtui.core.events import Level
from arbtui.core.model import Instrument, Market
from arbtui.core.status import FeedStatus, ProcessFigures
from arbtui.core.units import coins, decimal_or_none, plain, price_per_coin
from arbtui.lines.records import (
    AlertLine,
    BasisPart,
    BookLine,
    DecisionLine,
    FundingLine,
    LegPart,
    MarketName,
    OfPair,
    PremiumLine,
    ProcessLine,
    QuoteLine,
    SignalLine,
    SpreadLine,
    StatusLine,
    TickerLine,
)
from arbtui.market.figures import mid_usd
from arbtui.market.state import Coin, Slot
from arbtui.port import EnginePort
from arbtui.strategy.auto import DecisionRecord
from arbtui.strategy.rows import Leg, SignalRecord, SpreadRow

Pair = TypeVar("Pair", bound=OfPair)

ROUNDING = 1e-12  # a float and the exact text it was made from differ by no more


class Lines:
    """The engine's state as lines."""

    def __init__(self, port: EnginePort) -> None:
        self._port = port

    def quote(self, slot: Slot) -> QuoteLine | None:
        """The slot's quote; None where it has none."""
        quote = slot.quote
        if quote is None:
            return None
        bid, bid_qty, ask, ask_qty = self._port.quote_texts(slot)
        of = slot.instrument
        return QuoteLine(
            t_ns=quote.t_ns,
            venue=of.venue,
            market=_market(of),
            base=of.base or None,
            quote=of.quote or None,
            native=of.native,
            bid=bid,
            bid_qty=bid_qty,
            ask=ask,
            ask_qty=ask_qty,
            exchange_ms=quote.exchange_ms,
            source=quote.source,
            multiplier_known=_is_known(of),
        )

    def book(self, slot: Slot, levels: int) -> BookLine | None:
        """The best ``levels`` a side; None where no book is held or nothing was heard of it yet.

        A book that is not live carries no levels: what it last was is no longer true. It is stamped with the moment.
        """
        book = slot.book
        if book is None or (not book.live and not book.t_ns):
            return None
        of = slot.instrument
        bids, asks = book.top(levels) if book.live else ([], [])
        return BookLine(
            t_ns=book.t_ns if book.live else self._port.clock.now_ns(),
            venue=of.venue,
            market=_market(of),
            base=of.base or None,
            quote=of.quote or None,
            native=of.native,
            bids=_levels(bids, of),
            asks=_levels(asks, of),
            seq=book.seq,
            state="live" if book.live else "resyncing",
            multiplier_known=_is_known(of),
        )

    def ticker(self, slot: Slot) -> TickerLine | None:
        ticker, of = slot.ticker, slot.instrument
        if ticker is None:
            return None
        volume = ticker.vol_24h_coins
        if volume is None and ticker.vol_24h_wire is not None:
            volume = _size(ticker.vol_24h_wire, of)
        return TickerLine(
            t_ns=ticker.t_ns,
            venue=of.venue,
            market=_market(of),
            base=of.base or None,
            quote=of.quote or None,
            native=of.native,
            last=_price(ticker.last, of),
            high_24h=_price(ticker.high_24h, of),
            low_24h=_price(ticker.low_24h, of),
            vol_24h_base=_exact(volume),
            vol_24h_usd=slot.vol_24h_usd,
            multiplier_known=_is_known(of),
        )

    def funding(self, slot: Slot) -> FundingLine | None:
        """Of a perpetual of which funding, mark or index was heard."""
        funding, mark, of = slot.funding, slot.mark, slot.instrument
        if of.market is not Market.PERP or (funding is None and mark is None):
            return None
        interval_h = funding.interval_h if funding is not None else None
        return FundingLine(
            t_ns=max(funding.t_ns if funding else 0, mark.t_ns if mark else 0),
            venue=of.venue,
            market=_market(of),
            base=of.base or None,
            quote=of.quote or None,
            native=of.native,
            rate=_number(funding.rate) if funding else None,
            rate_kind=funding.rate_kind if funding and funding.rate is not None else None,
            interval_h=interval_h if interval_h is not None else of.funding_interval_h,
            rate_per_h=slot.rate_per_h,
            next_ms=funding.next_ms if funding else None,
            settled_rate=_number(funding.settled_rate) if funding else None,
            mark=_price(mark.mark, of) if mark else None,
            index=_price(mark.index, of) if mark else None,
            multiplier_known=_is_known(of),
        )

    def premiums(self, coin: Coin) -> Iterator[PremiumLine]:
        """One line per venue that quotes the coin's spot and perpetual both; the most traded of each where several."""
        by_venue: dict[str, list[Slot]] = {}
        for slot in coin.slots:
            if slot.mid is not None and _is_known(slot.instrument):
                by_venue.setdefault(slot.instrument.venue, []).append(slot)
        for venue in sorted(by_venue):
            pairs = [(s, p) for s in by_venue[venue] if s.is_spot for p in by_venue[venue] if not p.is_spot]
            if pairs and (line := self._premium(venue, coin.base, *min(pairs, key=_preference))) is not None:
                yield line

    def _premium(self, venue: str, base: str, spot: Slot, perp: Slot) -> PremiumLine | None:
        if spot.instrument.price_ccy == perp.instrument.price_ccy:
            mids = self._mid(spot), self._mid(perp)
        else:
            mids = _mid_usd(spot), _mid_usd(perp)
        below, above = mids
        if below is None or above is None:
            return None
        return PremiumLine(
            t_ns=self._port.clock.now_ns(),
            venue=venue,
            base=base,
            spot=plain(below),
            perp=plain(above),
            premium_pct=float(100 * (above - below) / below),
        )

    def _mid(self, slot: Slot) -> Decimal | None:
        bid, _, ask, _ = (decimal_or_none(text) for text in self._port.quote_texts(slot))
        return (bid + ask) / 2 if bid is not None and ask is not None else None

    def spread(self, row: SpreadRow) -> SpreadLine:
        return self._of_pair(SpreadLine, row, self._port.clock.now_ns())

    def signal(self, record: SignalRecord) -> SignalLine:
        return self._of_pair(
            SignalLine,
            record.row,
            record.t_ns,
            id=record.id,
            state=record.state.value,
            reason=record.reason,
            advice=record.advice,
            confidence=record.confidence,
            threshold_bps=record.threshold_bps,
            samples=record.samples,
            held_ms=record.held_ms,
        )

    @staticmethod
    def alert(alert: Alert) -> AlertLine:
        return AlertLine(
            t_ns=alert.t_ns,
            kind=alert.kind.value,
            subject=alert.subject,
            text=alert.text,
            fields=dict(alert.fields),
        )

    @staticmethod
    def decision(record: DecisionRecord) -> DecisionLine:
        return DecisionLine(
            t_ns=record.t_ns,
            act=record.act.value,
            why=record.why.value,
            text=record.text,
            base=record.base or None,
            buy_leg=record.buy or None,
            sell_leg=record.sell or None,
            direction=record.direction or None,
            hedge=record.hedge or None,
            signal=record.signal or None,
            size_usd=_text(record.size_usd),
            threshold_bps=record.threshold_bps,
            net_bps=record.net_bps,
            round_trip_bps=record.round_trip_bps,
            funding_bps=record.funding_bps,
            gap_bps=record.gap_bps,
            result_bps=record.result_bps,
            held_s=record.held_s,
            position_usd=_text(record.position_usd),
            net_usd=_text(record.net_usd),
            hedges=record.hedges,
        )

    def _of_pair(self, kind: type[Pair], row: SpreadRow, t_ns: int, **more: object) -> Pair:
        basis = row.basis
        return kind(
            t_ns=t_ns,
            base=row.base,
            buy=self._leg(row.buy, buys=True),
            sell=self._leg(row.sell, buys=False),
            gross_bps=row.gross_bps,
            fees_bps=row.fees_bps,
            net_bps=row.net_bps,
            round_trip_bps=row.round_trip_bps,
            top_usd=row.top_usd,
            walk_usd=row.walk_usd,
            walk_net_bps=row.walk_net_bps,
            max_usd=row.max_usd,
            carry_per_h_bps=row.carry_per_h_bps,
            basis=BasisPart(pair=basis.pair, rate=basis.rate, age_ms=basis.age_ms) if basis is not None else None,
            needs_inventory=row.needs_inventory,
            muted=row.muted,
            **more,
        )

    def _leg(self, leg: Leg, *, buys: bool) -> LegPart:
        bid, bid_qty, ask, ask_qty = self._port.quote_texts(self._port.board.slots[leg.slot])
        return LegPart(
            venue=leg.venue,
            market=leg.market.value,
            native=leg.native,
            quote=leg.quote or None,
            price=text_of(leg.price, ask if buys else bid),
            qty=text_of(leg.qty_base, ask_qty if buys else bid_qty),
            age_ms=leg.age_ms,
            source="ws" if leg.source == "ws" else "rest" if leg.source == "rest" else None,
            rate_per_h=leg.rate_per_h,
            vol_24h_usd=leg.vol_24h_usd,
            fee_bps=leg.fee_bps,
            fee_source=leg.fee_source,
        )

    def status(self, feed: FeedStatus) -> StatusLine:
        return StatusLine(
            t_ns=self._port.clock.now_ns(),
            venue=feed.venue,
            market=feed.market.value,
            state=feed.state.value,
            reason=feed.reason,
            subscribed=feed.subscribed,
            acked=feed.acked,
            failed=feed.failed,
            stale=feed.stale,
            reconnects=feed.reconnects,
            msgs_per_s=feed.msgs_per_s,
            age_ms_p50=feed.age_ms_p50,
            age_ms_p99=feed.age_ms_p99,
            clock_offset_ms=feed.clock_offset_ms,
        )

    def process(self, figures: ProcessFigures) -> ProcessLine:
        return ProcessLine(
            t_ns=self._port.clock.now_ns(),
            rss_mb=figures.rss_mb,
            cpu_pct=figures.cpu_pct,
            loop_lag_ms_p99=figures.loop_lag_ms_p99,
            queue=figures.queue,
            errors=dict(sorted(figures.errors.items())),
        )


def text_of(value: float | None, exact: str | None) -> str | None:
    """The exact text behind ``value``: the quote's, as long as that is still what the row was made from."""
    if value is None:
        return None
    if exact is not None and isclose(float(exact), value, rel_tol=ROUNDING):
        return exact
    return plain(Decimal(repr(value)))


def _market(of: Instrument) -> MarketName:
    return of.market.value


def _is_known(of: Instrument) -> bool:
    return of.multiplier is not None and of.price_factor is not None


def _exact(text: str | None) -> str | None:
    value = decimal_or_none(text)
    return plain(value) if value is not None and value >= 0 else None


def _price(text: str | None, of: Instrument) -> str | None:
    exact = _exact(text)
    return exact if exact is None or of.price_factor is None else price_per_coin(exact, of.price_factor)


def _size(text: str, of: Instrument) -> str | None:
    exact = _exact(text)
    return exact if exact is None or of.multiplier is None else coins(exact, of.multiplier)


def _levels(levels: Sequence[Level], of: Instrument) -> list[tuple[str, str]]:
    """Wire levels per coin; their texts are numbers, the book has checked them."""
    factor = of.price_factor if of.price_factor is not None else Decimal(1)
    multiplier = of.multiplier if of.multiplier is not None else Decimal(1)
    return [(price_per_coin(level[0], factor), coins(level[1], multiplier)) for level in levels]


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else plain(amount)


def _number(text: str | None) -> float | None:
    value = decimal_or_none(text)
    return float(value) if value is not None else None


def _preference(pair: tuple[Slot, Slot]) -> tuple[bool, float, str, str]:
    """One currency before two, then the lesser volume, then names."""
    spot, perp = pair
    volume = min(spot.vol_24h_usd or 0.0, perp.vol_24h_usd or 0.0)
    return (spot.instrument.price_ccy != perp.instrument.price_ccy, -volume, spot.key, perp.key)


def _mid_usd(slot: Slot) -> Decimal | None:
    mid = mid_usd(slot)
    return None if mid is None else Decimal(repr(mid))
