"""The lines that are always there: mode and figures, venues, the selected row in words, the last word, the keys."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from arbtui.core.status import FeedState, FeedStatus
from arbtui.strategy.rows import Leg, SpreadRow
from arbtui.ui import text
from arbtui.ui.actions import ACTIONS
from arbtui.ui.desk import Desk
from arbtui.ui.keymap import Keymap
from arbtui.ui.panes.books import basis_words
from arbtui.ui.panes.feeds import STATE_MARK
from arbtui.ui.registry import Scope
from arbtui.ui.theme import Cell, Line, Role

_WORST_FIRST = (
    FeedState.DOWN,
    FeedState.MAINTENANCE,
    FeedState.STALE,
    FeedState.DEGRADED,
    FeedState.CONNECTING,
    FeedState.LIVE,
)
_KEPT = ("kill", "help")  # words of the footer that always have room
_LEVEL_ROLE: dict[str, Role] = {"info": "text", "warning": "warn", "error": "error"}


def status_lines(desk: Desk, width: int) -> list[Line]:
    return [_figures(desk, width), venue_strip(desk.port.status(), width)]


def _figures(desk: Desk, width: int) -> Line:
    port = desk.port
    feeds = port.status()
    process = port.process()
    own = port.threshold_bps(desk.coin) if desk.coin else port.threshold_bps()
    threshold = f"signal ≥ {port.threshold_bps():g} bps"
    if desk.coin and own != port.threshold_bps():
        threshold += f" ({text.clean(desk.coin)} {own:g})"
    left: list[Cell] = [(f" {port.mode} ", "mode"), *_orders(desk), (" arbtui ", "strong")]
    wishes: list[Cell] = [
        *_equity(desk),
        (f" {threshold} ", "text"),
        (f" size {port.walk_usd:,.0f} USD ", "text"),
        (f" {sum(feed.msgs_per_s for feed in feeds):,.0f} msg/s ", "dim"),
        (f" lag {process.loop_lag_ms_p99:.0f} ms ", "dim" if process.loop_lag_ms_p99 < 50 else "warn"),
        (f" {process.rss_mb:.0f} MB ", "dim"),
        (f" tick {desk.tick_ms:.0f} ms ", "dim"),
    ]
    time: Cell = (f" {text.clock_time(port.clock.now_ns())} UTC", "text")
    room = width - sum(len(words) for words, _ in left) - len(time[0])
    for cell in wishes:
        if len(cell[0]) <= room:
            left.append(cell)
            room -= len(cell[0])
    return (*left, (" " * max(0, room), "text"), time)


def _orders(desk: Desk) -> list[Cell]:
    """What an order is in this run, and whether hedges may be opened."""
    trading, log = desk.port.trading, desk.log
    if trading is None:
        return []
    state: Cell = (
        ("KILLED", "error") if trading.killed else ("ARMED", "gain") if trading.armed else ("DISARMED", "warn")
    )
    word = "" if trading.word == desk.port.mode else f" {trading.word}"
    cells: list[Cell] = [(f"{word} ", "text"), state]
    if log is not None and log.alarms:
        cells.append((f" {len(log.alarms)} ALARM{'S' if len(log.alarms) > 1 else ''}", "error"))
    return cells


def _equity(desk: Desk) -> list[Cell]:
    equity = desk.money.equity_usd if desk.money is not None else None
    return [(f" eq {equity:,.0f} ", "text")] if equity is not None else []


def alarm_line(desk: Desk, width: int) -> Line:
    """The oldest alarm that nobody has acknowledged."""
    if desk.log is None or not desk.log.alarms:
        return ()
    alarm = desk.log.alarms[0]
    more = f" (+{len(desk.log.alarms) - 1})" if len(desk.log.alarms) > 1 else ""
    head = f" ALARM{more} {text.clock_time(alarm.t_ns)} "
    tail = "  a: seen "
    room = max(0, width - len(head) - len(tail))
    of = f"{alarm.hedge}: " if alarm.hedge else ""
    return ((head, "error"), (text.fit(of + alarm.text, room), "error"), (tail, "key"))


def venue_strip(feeds: Sequence[FeedStatus], width: int) -> Line:
    """Per venue its worst market: mark, four letters, and age in ms or the state where it is not live."""
    venues: dict[str, FeedStatus] = {}
    for feed in feeds:
        known = venues.get(feed.venue)
        if known is None or _WORST_FIRST.index(feed.state) < _WORST_FIRST.index(known.state):
            venues[feed.venue] = feed
    long = [_venue(feed, long=True) for feed in venues.values()]
    if sum(cell_len(words) for cells in long for words, _ in cells) > width:
        long = [_venue(feed, long=False) for feed in venues.values()]
    return tuple(cell for cells in long for cell in cells)


def _venue(feed: FeedStatus, *, long: bool) -> Line:
    mark, role = STATE_MARK[feed.state]
    if feed.state is FeedState.LIVE:
        words = "" if feed.age_ms_p50 is None or not long else f" {feed.age_ms_p50:.0f}ms"
        return (f" {text.tag(feed.venue)} ", "text"), (mark, role), (words + " ", "dim")
    words = f" {feed.state.value}" if long else ""
    return (f" {text.tag(feed.venue)} ", "text"), (mark + words + " ", role)


def detail_lines(desk: Desk, width: int, count: int) -> list[Line]:
    """The selected pair in words: first why no signal stands, then where each figure's fee comes from."""
    row = desk.pair()
    if row is None or not desk.coin:
        return []
    why = desk.port.why_not(desk.coin)
    verdict: Line = ((f" {text.clean(row.base)}: ", "strong"), (text.clean(why), "text"))
    sources: Line = tuple((words, "dim") for words in (" " + _fee_words(row),))
    if count == 1:
        return [_cut(verdict, width)]
    return [_cut(verdict, width), _cut(sources, width)]


def _fee_words(row: SpreadRow) -> str:
    parts = []
    if row.needs_inventory:
        parts.append("selling spot needs coins in stock")
    if row.basis is not None:
        parts.append(f"converted at {basis_words(row)}")
    parts.append(f"taker fees: {_leg_fee('buy', row.buy)} + {_leg_fee('sell', row.sell)}")
    return text.clean("; ".join(parts))


def _leg_fee(side: str, leg: Leg) -> str:
    return f"{side} {leg.venue} {leg.market.value} {leg.fee_bps:g} bps ({leg.fee_source})"


def last_word_line(desk: Desk, width: int) -> Line:
    notice = desk.last_word()
    if notice is None:
        return ()
    return _cut(
        (
            (f" {text.clock_time(notice.t_ns)} ", "dim"),
            (text.clean(notice.text), _LEVEL_ROLE.get(notice.level, "text")),
        ),
        width,
    )


def keys_line(scopes: Sequence[Scope], keymap: Keymap, width: int) -> Line:
    """The keys that these scopes answer to, as many as fit; the kill switch and help always."""
    groups = footer(scopes, keymap)
    kept = {short: groups.pop(short) for short in _KEPT if short in groups}
    room = width - sum(len(keys) + len(short) + 3 for short, keys in kept.items())
    cells: list[Cell] = []
    for short, keys in groups.items():
        used = len(keys) + len(short) + 3
        if used > room:
            break
        room -= used
        cells.extend(((f" {keys}", "key"), (f" {short} ", "dim")))
    for short, keys in kept.items():
        cells.extend(((f" {keys}", "key"), (f" {short} ", "dim")))
    return (*cells[:-1], (cells[-1][0].rstrip(), cells[-1][1])) if cells else ()


def footer(scopes: Sequence[Scope], keymap: Keymap) -> dict[str, str]:
    """The footer's words with their keys: ``[ ]`` for two actions of one word, ``1-9`` for more."""
    found: dict[str, list[str]] = {}
    for scope in scopes:
        for action in ACTIONS:
            if action.scope == scope and action.short and (keys := keymap.spoken(action.id)):
                found.setdefault(action.short, []).append(keys[0])
    return {short: f"{keys[0]}-{keys[-1]}" if len(keys) > 2 else " ".join(keys) for short, keys in found.items()}


def _cut(line: Line, width: int) -> Line:
    """The line with an ellipsis where it is too long."""
    cells: list[Cell] = []
    for words, role in line:
        length = cell_len(words)
        if length > width:
            cells.append((text.fit(words, width), role))
            break
        cells.append((words, role))
        width -= length
    return tuple(cells)
