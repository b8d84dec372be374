"""Bybit's tickers: what a row means, and rows that arrive in pieces.

On perpetuals the first push of a topic is a snapshot, the rest hold only what changed: an absent key is unchanged, ""
says that there is no value. ``Known`` puts them together. Each of the three events that a row makes is told when one of
its fields changed, and again after ``TELL_AGAIN_NS``: a funding rate may stand still for hours, and the silence of the
stream that it shares with everything else would look like its own.

Volumes are in the wire's size units and in quote currency on both markets. ``fundingRate`` is the running estimate for
``nextFundingTime``; the interval is told in hours here, in minutes among the instruments, and may change.
Source: Bybit V5 docs, Ticker (WebSocket); Get Tickers; Get Funding Rate History.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from arbtui.core.clock import NS_PER_S
from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import Funding, MarkPrice, Quote, Source, Ticker
from arbtui.core.model import Market
from arbtui.venues.answers import rest_quote
from arbtui.venues.bybit.shapes import RestTickerRow, TickerRow
from arbtui.venues.wire import amount_text, price_text, signed_text

TELL_AGAIN_NS = 5 * NS_PER_S
TickerEvent = Ticker | MarkPrice | Funding

_LONGEST_H = 168.0


def _millis(text: str) -> str | None:
    """``text`` if it spells a time; None for "" and "0", with which the venue says that there is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        if text:
            raise ProtocolBroken("bad_number", f"time {text[:40]!r}", text[:200].encode(errors="replace"))
        return None
    return text if int(text) else None


def _hours(text: str) -> str | None:
    hours = amount_text(text)
    if hours is not None and not 0.0 < float(hours) <= _LONGEST_H:
        raise ProtocolBroken("bad_number", f"funding interval of {text[:40]!r} hours", text[:200].encode())
    return hours


_Check = Callable[[str], str | None]
_TICKER: dict[str, _Check] = {
    "last_price": price_text,
    "high_price24h": price_text,
    "low_price24h": price_text,
    "prev_price24h": price_text,
    "volume24h": amount_text,
    "turnover24h": amount_text,
}
_MARK: dict[str, _Check] = {"mark_price": price_text, "index_price": price_text}
_FUNDING: dict[str, _Check] = {
    "funding_rate": signed_text,
    "next_funding_time": _millis,
    "funding_interval_hour": _hours,
}
_GROUPS = {Market.PERP: (_TICKER, _MARK, _FUNDING), Market.SPOT: (_TICKER,)}


class Known:
    """One instrument's ticker as it stands. ``slot`` names the instrument in events."""

    __slots__ = ("_groups", "_slot", "_told_ns", "_values", "complete")

    def __init__(self, slot: int, market: Market) -> None:
        self.complete = False  # a snapshot stands behind it
        self._slot = slot
        self._groups = _GROUPS[market]
        self._values: dict[str, str | None] = {}  # by field; checked, None = no value
        self._told_ns = [-TELL_AGAIN_NS] * len(self._groups)

    def replace(self, row: TickerRow, t_ns: int, exchange_ms: int | None, source: Source = "ws") -> list[TickerEvent]:
        """A whole row: every event that it makes. ``ProtocolBroken`` for numbers that are none."""
        before, self._values, self.complete = self._values, {}, False
        for group in self._groups:
            for name, check in group.items():
                text: str | None = getattr(row, name)
                if text:
                    self._values[name] = text if text == before.get(name) else check(text)
        self.complete = True
        self._told_ns = [t_ns] * len(self._groups)
        return [event for group in self._groups if (event := self._event(group, t_ns, exchange_ms, source)) is not None]

    def merge(self, row: TickerRow, t_ns: int, exchange_ms: int | None) -> list[TickerEvent]:
        """What changed: the events that it concerns, and those that are due.

        After ``ProtocolBroken`` the row is not complete any more: what else the frame said is lost.
        """
        self.complete = False
        events: list[TickerEvent] = []
        for place, group in enumerate(self._groups):
            if self._take(row, group) or t_ns - self._told_ns[place] >= TELL_AGAIN_NS:
                self._told_ns[place] = t_ns
                event = self._event(group, t_ns, exchange_ms, "ws")
                if event is not None:
                    events.append(event)
        self.complete = True
        return events

    def _take(self, row: TickerRow, group: dict[str, _Check]) -> bool:
        """Whether ``row`` says something about ``group`` that was not known."""
        values, news = self._values, False
        for name, check in group.items():
            text: str | None = getattr(row, name)
            if text is not None and text != (values.get(name) or ""):
                values[name] = check(text)
                news = True
        return news

    def _event(
        self, group: dict[str, _Check], t_ns: int, exchange_ms: int | None, source: Source
    ) -> TickerEvent | None:
        """None where nothing is known: a dated contract has no funding."""
        told = [self._values.get(name) for name in group]
        if not any(told):
            return None
        if group is _TICKER:
            last, high, low, before, volume, turnover = told
            return Ticker(self._slot, t_ns, last, high, low, volume, turnover, None, before, exchange_ms, source)
        if group is _MARK:
            return MarkPrice(self._slot, t_ns, told[0], told[1], exchange_ms, source)
        rate, next_ms, hours = told
        return Funding(
            self._slot,
            t_ns,
            rate=rate,
            rate_kind="estimated",
            interval_h=float(hours) if hours else None,
            next_ms=int(next_ms) if next_ms else None,
            exchange_ms=exchange_ms,
            source=source,
        )


def rest_events(row: RestTickerRow, slot: int, market: Market, t_ns: int) -> Sequence[Quote | TickerEvent]:
    """Best prices, 24 h figures, mark and funding of a row by REST; it carries neither an id nor the engine's time."""
    quote = rest_quote(slot, t_ns, None, row.bid1_price, row.bid1_size, row.ask1_price, row.ask1_size)
    return quote, *Known(slot, market).replace(row, t_ns, None, "rest")
