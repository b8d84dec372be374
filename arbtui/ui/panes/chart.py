"""What a pair's net spread was, a venue's premium, what stands in both books, and the equity: one of them at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual.geometry import Region, Size
from textual.widget import Widget

from arbtui.core.model import Market
from arbtui.lines.exports import Table
from arbtui.port import Remember, Ticket
from arbtui.strategy.depth import depth
from arbtui.strategy.rows import SignalRecord, SignalState
from arbtui.strategy.series import Series
from arbtui.ui import tables, text
from arbtui.ui.chart import (
    EQUITY_GAP_NS,
    MINUTES,
    WHAT_WORDS,
    WHATS,
    Look,
    Mark,
    What,
    points_chart,
    series_chart,
)
from arbtui.ui.depthchart import depth_chart
from arbtui.ui.desk import Desk
from arbtui.ui.layout import PaneId
from arbtui.ui.panes.line import LineWidget
from arbtui.ui.panes.pane import Pane
from arbtui.ui.registry import Handlers
from arbtui.ui.theme import Cell, Line

Legs = tuple[int, int]
_PAIRS_MINUTES = 10  # so far back is known which pair was the best


class ChartPane(Pane):
    """``ticket``: what somebody is about to order, whose pair is then on show."""

    pane_id: ClassVar[PaneId] = "chart"

    def __init__(self, desk: Desk, ticket: Callable[[], Ticket | None]) -> None:
        super().__init__(desk)
        self._ticket = ticket
        self._body = LineWidget(desk.theme)
        self._what: What = "net"
        self._minutes = 10
        self._venue = ""  # of the premium; "" = the first that has one
        self._restore(desk.port.remembered("chart") or "")

    def take_settings(self) -> None:
        self._restore(self.desk.port.remembered("chart") or "")

    def body_widgets(self) -> Iterable[LineWidget]:
        return (self._body,)

    def body_places(self, size: Size) -> dict[Widget, Region]:
        return {self._body: Region(0, 0, size.width, size.height)}

    # what is shown

    def show_body(self, now_s: float) -> None:
        lines = {
            "net": self._net,
            "premium": self._premium,
            "depth": self._depth,
            "equity": self._equity,
        }[self._what]()
        self._body.show(lines)

    def legs(self) -> Legs | None:
        """The pair that was chosen: the ticket's, or by hand; None = the coin's best, whichever that is."""
        ticket = self._ticket()
        if ticket is not None and ticket.base == self.desk.coin and not ticket.hedge:
            slots = [self._slot(name) for name in (ticket.buy, ticket.sell)]
            if slots[0] is not None and slots[1] is not None:
                return slots[0], slots[1]
        return self.desk.port.legs if self.desk.legs_chosen else None

    def _slot(self, leg: str) -> int | None:
        venue, _, rest = leg.partition(".")
        market, _, native = rest.partition(".")
        slot = self.desk.port.board.slot_of(venue, Market(market), native) if native else None
        return None if slot is None else slot.id

    def _net(self) -> list[Line]:
        desk, port = self.desk, self.desk.port
        if not desk.coin:
            return self._say("No coin is selected yet.")
        legs, series = self.legs(), self._net_history()
        row = desk.row(desk.coin) if legs is None else port.pair(*legs)
        now_muted = row.muted if row is not None else f"{desk.coin} has no pair of quotes"
        look = Look(
            text.spread,
            threshold=port.threshold_bps(desk.coin),
            marks=marks(port.signals, desk.coin, legs),
            live=now_muted is None,
            now=row.net_bps if row is not None and now_muted is None else None,
            empty=f"No pair of fresh quotes in the last {self._span}. " + (now_muted or "The first figure comes soon."),
        )
        return self._series(series, look)

    def _net_history(self) -> Series:
        port, legs, window_s = self.desk.port, self.legs(), self._minutes * 60
        return port.history(self.desk.coin, window_s) if legs is None else port.pair_history(*legs, window_s)

    def table(self) -> Table | None:
        """What is drawn, as figures."""
        port, pair = self.desk.port, self.pair()
        if self._what == "equity":
            return tables.equity(port.trading.equity_curve if port.trading is not None else ())
        if self._what == "depth":
            return tables.books(port, port.pair(*pair) if pair is not None else None)
        if self._what == "net" and self.desk.coin:
            return tables.series(f"net-{self.desk.coin}", self._net_history())
        if self._what == "premium" and (venue := self._premium_venue()):
            history = port.premium_history(self.desk.coin, venue, self._minutes * 60)
            return tables.series(f"premium-{self.desk.coin}-{venue}", history)
        return None

    def _premium(self) -> list[Line]:
        desk, port = self.desk, self.desk.port
        venue = self._premium_venue()
        if not venue:
            return self._say(f"No venue quotes both spot and perpetual of {desk.coin or 'a coin that is selected'}.")
        series = port.premium_history(desk.coin, venue, self._minutes * 60)
        empty = f"No fresh quotes of spot and perpetual at {venue} since {desk.coin} was selected."
        return self._series(series, Look(text.spread, empty=empty))

    def _series(self, series: Series, look: Look) -> list[Line]:
        width, height = self.body_size
        return series_chart(series, self.desk.port.clock.now_ns(), self._minutes * 60, width, height, look)

    def _depth(self) -> list[Line]:
        port = self.desk.port
        legs = self.pair()
        if legs is None:
            return self._say("No pair of legs yet.")
        found = depth(port.board.slots[legs[0]], port.board.slots[legs[1]])
        if isinstance(found, str):
            return self._say(f"No depth yet: {found}.")
        return depth_chart(found, port.walk_usd, *self.body_size)

    def _equity(self) -> list[Line]:
        trading = self.desk.port.trading
        if trading is None:
            return self._say(f"No orders in this run: {self.desk.port.no_trading}")
        points = trading.equity_curve
        if not points:
            return self._say("No equity yet: the first point comes within a minute, once all of it is known.")
        times = (text.clock_time(points[0][0])[:5], "", text.clock_time(points[-1][0])[:5])
        return points_chart(points, EQUITY_GAP_NS, times, *self.body_size, Look(_dollars))

    def _say(self, words: str) -> list[Line]:
        return [((" " + line, "dim"),) for line in text.wrap(words, max(1, self.body_size.width - 2))]

    def pair(self) -> Legs | None:
        """The legs on show, chosen or best."""
        legs = self.legs()
        if legs is not None:
            return legs
        row = self.desk.pair()
        return None if row is None else (row.buy.slot, row.sell.slot)

    def _premium_venue(self) -> str:
        venues = self.desk.port.premium_venues(self.desk.coin)
        return self._venue if self._venue in venues else venues[0] if venues else ""

    def detail(self, width: int) -> list[Line] | None:
        """Which pairs the net of the best one was of."""
        if self._what != "net" or self.legs() is not None or not self.desk.coin:
            return None
        seconds = min(self._minutes, _PAIRS_MINUTES) * 60
        told = shares(self.desk.port.best_pairs(self.desk.coin, seconds), lambda legs: legs_words(self.desk, legs))
        words = f"best pair of {self.desk.coin} in the last {seconds // 60} min: {', '.join(told) or 'none known'}"
        return [((" " + line, "text"),) for line in text.wrap(words, width - 2)]

    # the title

    @property
    def _span(self) -> str:
        return f"{self._minutes} min"

    def title_extra(self) -> Sequence[Cell]:
        cells: list[Cell] = [(f" {self._what} ", "strong")]
        if self._what == "equity":
            return cells
        cells.append((f"{text.clean(self.desk.coin)} ", "strong"))
        if self._what == "premium":
            return [*cells, (f"{text.tag(self._premium_venue())} ", "text")]
        if self._what == "net" and self.legs() is None:
            return [*cells, ("best pair ", "dim")]
        legs = self.pair()
        return cells if legs is None else [*cells, (f"{legs_words(self.desk, legs)} ", "text")]

    def title_right(self) -> Sequence[Cell]:
        if self._what in ("depth", "equity"):
            return (("USD", "dim"),)
        return ((f"{self._minutes}m {text.spread_unit()}", "dim"),)

    # keys

    def handlers(self) -> Handlers:
        return {"chart.window": self.choose_window, "chart.what": self.choose_what, "chart.venue": self.next_venue}

    def choose_window(self, typed: str) -> str | None:
        """So many minutes; the next of them without a number."""
        words = typed.strip().removesuffix("m").removesuffix("min")
        if words and words not in {str(minutes) for minutes in MINUTES}:
            return f"{text.quoted(typed)}: the chart goes over 1, 10 or 60 minutes"
        following = MINUTES[(MINUTES.index(self._minutes) + 1) % len(MINUTES)]
        self._minutes = int(words) if words else following
        self._chosen(f"chart: the last {self._span}")
        return None

    def choose_what(self, typed: str) -> str | None:
        """One of ``WHATS``; the next of them without a word."""
        word = typed.strip()
        what = next((what for what in WHATS if what == word), None)
        if word and what is None:
            return f"{text.quoted(typed)}: the chart shows {', '.join(WHATS)}"
        self._what = what or WHATS[(WHATS.index(self._what) + 1) % len(WHATS)]
        self._chosen(f"chart: {WHAT_WORDS[self._what]}")
        return None

    def next_venue(self) -> str | None:
        """The premium at the next venue that has one."""
        venues = list(self.desk.port.premium_venues(self.desk.coin))
        if self._what != "premium" or not venues:
            return self.desk.keys.words("only a chart of the premium has a venue of its own; {chart.what} shows it")
        self._venue = venues[(venues.index(self._premium_venue()) + 1) % len(venues)]
        self.tick(self.desk.now_s())
        return None

    def _chosen(self, words: str) -> None:
        kept = self.desk.port.send(Remember("chart", f"{self._what} {self._minutes}"))
        self.desk.say(words if kept.accepted else f"{words}; {kept.text}", "info" if kept.accepted else "warning")
        self.tick(self.desk.now_s())

    def _restore(self, kept: str) -> None:
        """As ``_chosen`` wrote it, ``premium 60``: the setting ``ui.chart`` takes nothing else."""
        word, _, minutes = kept.partition(" ")
        self._what = next((what for what in WHATS if what == word), self._what)
        self._minutes = next((known for known in MINUTES if str(known) == minutes), self._minutes)


def marks(signals: Sequence[SignalRecord], base: str, legs: Legs | None) -> list[Mark]:
    """Where signals of the pair, or of any pair of the coin, were raised and cleared."""
    found = []
    for record in signals:
        row = record.row
        if row.base != base or (legs is not None and (row.buy.slot, row.sell.slot) != legs):
            continue
        if record.state is SignalState.RAISED:
            found.append(Mark(record.t_ns, "▲", "gain_strong"))
        elif record.state is SignalState.CLEARED:
            found.append(Mark(record.t_ns, "▽", "dim"))
    return found


def shares(pairs: Sequence[Legs | None], name: Callable[[Legs], str], most: int = 4) -> list[str]:
    """What part of the time each of them was the best, the longest first; the rest together; at last the gaps."""
    times = Counter(pairs)
    gaps = times.pop(None, 0)
    ranked = sorted(times.items(), key=lambda each: (-(each[1] or 0), each[0] or ()))
    told = [f"{name(legs)} {100 * count / len(pairs):.0f} %" for legs, count in ranked[:most] if legs is not None]
    if rest := sum(count for _, count in ranked[most:]):
        told.append(f"{len(ranked) - most} others {100 * rest / len(pairs):.0f} %")
    if gaps and told:
        told.append(f"none {100 * gaps / len(pairs):.0f} %")
    return told


def legs_words(desk: Desk, legs: Legs) -> str:
    """``OKX→BYBI``; a spot leg says so."""
    slots = [desk.port.board.slots[leg] for leg in legs]
    return "→".join(text.tag(slot.instrument.venue) + ("s" if slot.is_spot else "") for slot in slots)


def _dollars(value: float, decimals: int) -> str:
    return text.grouped(value, min(2, decimals))
