"""What panes hold, as tables of raw values for copies and CSV files. Pure.

Columns are named as in the JSON lines (``arbtui config schema``) where those have them: prices and sizes are exact
texts per coin, figures are numbers, what is not known is None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from math import isnan

import msgspec

from arbtui.core.status import FeedStatus
from arbtui.execution.pairs import Pair
from arbtui.lines.build import Lines
from arbtui.lines.csvfiles import COLUMNS, pair_values, signal_values, time_text
from arbtui.lines.exports import Raw, Table
from arbtui.lines.records import StatusLine
from arbtui.market.slot import Slot
from arbtui.port import EnginePort
from arbtui.strategy.rows import SignalRecord, SpreadRow
from arbtui.strategy.series import Series
from arbtui.ui import text
from arbtui.ui.accounts import AccountSum, Holding, Purse, Row
from arbtui.ui.orderlog import Entry

_LEGS = (
    *("base", "venue", "market", "native", "quote", "bid", "bid_qty", "ask", "ask_qty", "age_ms", "source"),
    *("last", "mark", "index", "rate_per_h", "interval_h", "next_ms", "vol_24h_usd", "taker_bps", "fee_source"),
    "muted",
)
_ENTRIES = ("time", "t_ns", "hedge", "base", "kind", "text")
_PAIR_LEG = ("leg", "coins", "entry", "exit", "liquidation_bps")
_PAIRS = (
    *("hedge", "base", "state", "opened", "opened_ns", "why"),
    *(f"buy_{name}" for name in _PAIR_LEG),
    *(f"sell_{name}" for name in _PAIR_LEG),
    *("gap", "dust", "made_usd", "complete"),
)
_SERIES = ("time", "t_ns", "low", "high", "last")
_ACCOUNTS = (
    *("kind", "venue", "wallet", "what", "total", "free", "usd", "margin_usd"),
    *("coins", "entry", "mark", "liquidation", "leverage"),
)
_LEVELS = ("base", "side", "leg", "book", "level", "price", "qty")


def spreads(port: EnginePort, rows: Iterable[SpreadRow], at: int | None) -> Table:
    lines = Lines(port)
    made = (lines.spread(row) for row in rows)
    return Table(
        "spreads", COLUMNS["spreads"], [(time_text(line.t_ns), line.t_ns, *pair_values(line)) for line in made], at
    )


def signals(port: EnginePort, records: Iterable[SignalRecord], at: int | None) -> Table:
    """Prices of a signal are those of its moment, so they are figures, not the texts of a quote that has gone since."""
    lines = Lines(port)
    made = (lines.signal(record) for record in records)
    return Table(
        "signals", COLUMNS["signals"], [(time_text(line.t_ns), line.t_ns, *signal_values(line)) for line in made], at
    )


def feeds(port: EnginePort, statuses: Iterable[FeedStatus], at: int | None) -> Table:
    lines = Lines(port)
    columns = tuple(name for name in StatusLine.__struct_fields__ if name != "t_ns")
    made = [msgspec.structs.asdict(lines.status(status)) for status in statuses]
    return Table("feeds", columns, [tuple(row[name] for name in columns) for row in made], at)


def legs(port: EnginePort, slots: Iterable[Slot], at: int | None) -> Table:
    now_ns = port.clock.now_ns()
    return Table("legs", _LEGS, [_leg(port, slot, now_ns) for slot in slots], at)


def _leg(port: EnginePort, slot: Slot, now_ns: int) -> tuple[Raw, ...]:
    of, quote, funding = slot.instrument, slot.quote, slot.funding
    return (
        *(slot.coin.base, of.venue, of.market.value, of.native, of.quote),
        *port.quote_texts(slot),
        None if quote is None else (now_ns - quote.t_ns) / 1e6,
        None if quote is None else quote.source,
        *(slot.last_price, slot.mark_price, slot.index_price, slot.rate_per_h),
        None if funding is None else funding.interval_h,
        None if funding is None else funding.next_ms,
        *(slot.vol_24h_usd, slot.taker_rate * 1e4, slot.fee_source, slot.muted),
    )


def books(port: EnginePort, row: SpreadRow | None) -> Table:
    """Every level that is held of both legs, best first; nothing of a book that is not live."""
    if row is None:
        return Table("books", _LEVELS)
    lines = Lines(port)
    found: list[tuple[Raw, ...]] = []
    for side, leg in (("buy", row.buy), ("sell", row.sell)):
        book = port.board.slots[leg.slot].book
        line = lines.book(port.board.slots[leg.slot], _ALL) if book is not None else None
        for name, levels in (("ask", line.asks), ("bid", line.bids)) if line is not None else ():
            found.extend(
                (row.base, side, leg.name, name, number, price, qty) for number, (price, qty) in enumerate(levels, 1)
            )
    return Table("books", _LEVELS, found)


_ALL = 100_000


def entries(log: Iterable[Entry], at: int | None) -> Table:
    made = [(time_text(one.t_ns), one.t_ns, one.hedge, one.base, one.kind, one.text) for one in log]
    return Table("orders", _ENTRIES, made, at)


def positions(pairs: Sequence[Pair], made_usd: Callable[[str], Decimal | None], at: int | None) -> Table:
    return Table("positions", _PAIRS, [_pair(pair, made_usd(pair.hedge)) for pair in pairs], at)


def _pair(pair: Pair, made_usd: Decimal | None) -> tuple[Raw, ...]:
    sides: list[Raw] = []
    for own in pair.legs:
        wire = (None if price is None else own.leg.coin_price(price) for price in (own.entry, own.exit))
        sides += [own.leg.key, own.coins, *wire, own.liquidation_bps]
    return (
        *(pair.hedge, pair.base, pair.state.value, time_text(pair.opened_ns), pair.opened_ns, pair.why),
        *sides,
        *(pair.gap.known, pair.dust, made_usd, pair.pnl.complete),
    )


def series(name: str, of: Series) -> Table:
    """Figures over time: the least, the greatest and the newest of each step; its stamp is the step's end."""
    found: list[tuple[Raw, ...]] = []
    for number, figures in enumerate(zip(of.low, of.high, of.last, strict=True), 1):
        end_ns = of.start_ns + number * of.step_ns
        found.append((time_text(end_ns), end_ns, *(None if isnan(figure) else figure for figure in figures)))
    return Table(name, _SERIES, found)


def equity(points: Iterable[tuple[int, float]]) -> Table:
    return Table("equity", ("time", "t_ns", "usd"), [(time_text(t_ns), t_ns, usd) for t_ns, usd in points])


def accounts(held: Iterable[Row], at: int | None) -> Table:
    return Table("accounts", _ACCOUNTS, [_account(row) for row in held], at)


def _account(row: Row) -> tuple[Raw, ...]:
    match row:
        case AccountSum(health=health):
            kind = "paper" if health.paper else "account"
            return (kind, health.venue, None, None, None, None, row.total_usd, row.margin_usd, *[None] * 5)
        case Purse(balance=balance):
            amounts = (balance.total, balance.free)
            return ("asset", row.venue, balance.wallet, balance.asset, *amounts, row.usd, None, *[None] * 5)
        case Holding(position=position):
            prices = (row.coins, row.entry, row.mark, row.liquidation)
            leverage = row.leverage.leverage if row.leverage is not None else None
            return (
                "position",
                row.venue,
                None,
                position.native,
                None,
                None,
                row.usd,
                row.margin_usd,
                *prices,
                leverage,
            )


# in words


def words(row: dict[str, Raw]) -> str:
    """A row as one readable line: a spread or a signal as a sentence, anything else as names and values."""
    if "buy_native" in row and "net_bps" in row:
        return _spread_words(row)
    known = ((name, value) for name, value in row.items() if value not in (None, "") and not name.endswith("_ns"))
    return text.clean(", ".join(f"{name} {_value(value)}" for name, value in known))


def _spread_words(row: dict[str, Raw]) -> str:
    state = " ".join(str(row[name]) for name in ("state", "reason") if row.get(name))
    legs = [
        " ".join(
            (side, *(_value(row[f"{side}_{name}"]) for name in ("venue", "market", "native")), "at", _value(price))
        )
        for side, price in (("buy", row["buy_price"]), ("sell", row["sell_price"]))
    ]
    figures = [
        f"{name} {_value(row[key])} {unit}"
        for name, key, unit in (
            ("net", "net_bps", "bps"),
            ("gross", "gross_bps", "bps"),
            ("fees", "fees_bps", "bps"),
            ("top", "top_usd", "USD"),
            ("room", "max_usd", "USD"),
            ("carry", "carry_per_h_bps", "bps/h"),
        )
        if row[key] is not None
    ]
    muted = f"; muted: {row['muted']}" if row["muted"] else ""
    return text.clean(
        f"{row['time']} {row['base']} {f'{state}, ' if state else ''}{', '.join(legs)}: {', '.join(figures)}{muted}"
    )


def _value(value: Raw) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, float):
        return f"{value:.2f}" if abs(value) >= 0.01 else f"{value:.6g}"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
