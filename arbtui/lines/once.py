"""One look at the market: when the picture has settled, and the best of it as a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from arbtui.core.clock import NS_PER_S
from arbtui.core.status import FeedState
from arbtui.port import EnginePort
from arbtui.strategy.rows import Leg, SpreadRow

CALM_S = 2.0  # no further coin for so long: the picture stands
AT_MOST_S = 25.0


class Settling:
    """Watches until no feed is still connecting and no further coin gets a spread; gives up after a while.

    ``heard``: at least one spread is known. ``doubt``: what was still missing when time was up, in one sentence.
    """

    def __init__(self, port: EnginePort, at_most_s: float | None = None) -> None:
        self._port = port
        self._began_ns = port.clock.now_ns()
        self._at_most_s = AT_MOST_S if at_most_s is None else at_most_s
        self._known = 0
        self._grew_ns = self._began_ns
        self.doubt = ""

    @property
    def heard(self) -> bool:
        return self._known > 0

    def look(self) -> bool:
        """Whether it is time to print."""
        now_ns = self._port.clock.now_ns()
        known = sum(row.net_bps is not None for row in self._port.rows())
        if known > self._known:
            self._known, self._grew_ns = known, now_ns
        connecting = sorted(
            f"{feed.venue} {feed.market.value}" for feed in self._port.status() if feed.state is FeedState.CONNECTING
        )
        if self._known and not connecting and now_ns - self._grew_ns >= CALM_S * NS_PER_S:
            self.doubt = self._down()
            return True
        if now_ns - self._began_ns < self._at_most_s * NS_PER_S:
            return False
        waited = f"after {self._at_most_s:g} s "
        if connecting:
            self.doubt = waited + f"still connecting: {', '.join(connecting)}"
        else:
            self.doubt = self._down() or waited + ("the picture still grows" if self._known else "no spread is known")
        return True

    def _down(self) -> str:
        """Feeds that are missing from the picture, and why."""
        bad = (FeedState.DOWN, FeedState.MAINTENANCE)
        missing = [f"{f.venue} {f.market.value} ({f.reason or f.state})" for f in self._port.status() if f.state in bad]
        return f"missing: {', '.join(missing)}" if missing else ""

    def best(self, top: int | None) -> list[SpreadRow]:
        """Admissible pairs with a known net, the best of each coin, best first."""
        good = [row for row in self._port.rows() if row.net_bps is not None and row.muted is None]
        return sorted(good, key=lambda row: (-(row.net_bps or 0.0), row.base))[:top]


def table(port: EnginePort, rows: Sequence[SpreadRow]) -> str:
    """The rows as a text table under one line that says when and of how many."""
    total = len(port.rows())
    when = datetime.fromtimestamp(port.clock.now_ns() // NS_PER_S, UTC)
    head = f"{port.mode}  {when:%Y-%m-%d %H:%M:%S} UTC  best {len(rows)} of {total} coins, net of taker fees\n"
    if not rows:
        return head + "no pair may be traded on right now\n"
    cells: list[tuple[str, ...]] = [
        ("COIN", "BUY AT", "PRICE", "SELL AT", "PRICE", "NET bps", "GROSS bps", "SIZE USD", "CARRY bps/h", ""),
    ]
    cells += [_cells(row) for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    left = {0, 1, 3, 9}
    lines = (
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )
    return head + "\n".join(lines) + "\n"


def _cells(row: SpreadRow) -> tuple[str, ...]:
    size_usd = row.max_usd if row.max_usd is not None else row.top_usd
    return (
        row.base,
        _where(row.buy),
        _figure(row.buy.price, "{:.8g}"),
        _where(row.sell),
        _figure(row.sell.price, "{:.8g}"),
        _figure(row.net_bps, "{:+.2f}"),
        _figure(row.gross_bps, "{:+.2f}"),
        _figure(size_usd, "{:,.0f}"),
        _figure(row.carry_per_h_bps, "{:+.3f}"),
        "needs inventory" if row.needs_inventory else "",
    )


def _where(leg: Leg) -> str:
    return f"{leg.venue} {leg.market.value} {leg.native}"


def _figure(value: float | None, form: str) -> str:
    return form.format(value) if value is not None else "-"
