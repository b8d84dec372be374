"""The lines that are always there: mode and figures, venues, the selected row in words, the last word, the keys."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from rich.cells import cell_len

from arbtui.core.clock import NS_PER_MS, NS_PER_S
from arbtui.core.status import FeedState, FeedStatus
from arbtui.execution.equity import Equity
from arbtui.execution.exposure import NetExposure
from arbtui.port import TradingPort
from arbtui.strategy.rows import Leg, SpreadRow
from arbtui.ui import text
from arbtui.ui.actions import ACTIONS
from arbtui.ui.belief import stale_price
from arbtui.ui.desk import Desk
from arbtui.ui.glyphs import ELLIPSIS, FULL, GAIN, HALF, LOSS, MINUS, UNKNOWN
from arbtui.ui.keymap import Keymap
from arbtui.ui.layout import COMPACT_FROM, WIDE_FROM, Plan
from arbtui.ui.panes.books import basis_words
from arbtui.ui.panes.feeds import STATE_MARK
from arbtui.ui.registry import Scope
from arbtui.ui.replaykeys import words as replay_words
from arbtui.ui.theme import Cell, Line, Role

_WORST_FIRST = (
    FeedState.DOWN,
    FeedState.MAINTENANCE,
    FeedState.STALE,
    FeedState.DEGRADED,
    FeedState.CONNECTING,
    FeedState.LIVE,
)
_SAID_NS = 10 * NS_PER_S
_SLOW_LOOP_MS = 50
_SLOW_FEED_MS = 500
_CLOCK_OFF_MS = 500
_AGE = 6  # cells, with the air behind: what stands to the right stays where it is
_WITHOUT_CENTS_USD = 1_000_000
_NAMED_FROM = 110  # cells of width from which on the program says its name
_OF_REPLAY = ("pause", "step", "pace")  # words of the footer that mean nothing elsewhere
_KEPT = ("kill", "help")  # words of the footer that always have room
_LEVEL_ROLE: dict[str, Role] = {"info": "text", "warning": "warn", "error": "error"}


def status_lines(desk: Desk, width: int) -> list[Line]:
    feeds = desk.port.status()
    figures, left_out = _figures(desk, feeds, width)
    strip = venue_strip(feeds, desk.port.clock.now_ns(), width)
    return [figures, beside(strip, left_out, width)]


def beside(line: Line, wishes: Sequence[Cell], width: int) -> Line:
    """At the right of a line those of the cells that still have room there, the most needed first."""
    room = width - sum(cell_len(words) for words, _ in line)
    more, _ = _that_fit(wishes, room)
    air = room - sum(cell_len(words) for words, _ in more)
    return (*line, (" " * air, "text"), *more) if more else line


def _that_fit(wishes: Sequence[Cell], room: int) -> tuple[list[Cell], list[Cell]]:
    """The cells that have room, each beside those before it; and the others."""
    fit: list[Cell] = []
    others: list[Cell] = []
    for cell in wishes:
        length = cell_len(cell[0])
        (fit if length <= room else others).append(cell)
        room -= length if length <= room else 0
    return fit, others


def _figures(desk: Desk, feeds: Sequence[FeedStatus], width: int) -> tuple[Line, Sequence[Cell]]:
    """Mode and clock always; of the rest what fits, the most needed first; and what does not."""
    port = desk.port
    process = port.process()
    role: Role = "error" if port.mode == "LIVE" else "mode"
    head: list[Cell] = [(f" {port.mode} ", role), *_replay(desk), *_orders(desk)]
    wishes: list[Cell] = [
        *_money(desk),
        (f" {_threshold_words(desk)} ", "text"),
        (f" size {text.usd(port.walk_usd)} USD ", "text"),
        (f" {text.amount(sum(feed.msgs_per_s for feed in feeds))} msg/s ", "dim"),
        (f" lag {process.loop_lag_ms_p99:.0f} ms ", "dim" if process.loop_lag_ms_p99 < _SLOW_LOOP_MS else "warn"),
        (f" {process.rss_mb:.0f} MB ", "dim"),
        (f" tick {desk.tick_ms:.0f} ms ", "dim"),
    ]
    now_ns = port.clock.now_ns()
    clock = text.clock_time(now_ns)
    if width >= _NAMED_FROM:
        head.append((" arbtui ", "strong"))
    left = width - sum(cell_len(words) for words, _ in head)
    time: Cell = (text.that_fits((f" {clock} {text.zone(now_ns)}", f" {clock}"), left), "text")
    room = left - len(time[0])
    if room < 0:
        return _cut(tuple(head), width), wishes
    shown, others = _that_fit(wishes, room)
    return beside((*head, *shown), (time,), width), others


def _replay(desk: Desk) -> list[Cell]:
    """Where a recording stands, in a replay."""
    position = desk.port.replay
    if position is None:
        return []
    return [(f" {replay_words(position)} ", "warn" if position.paused or position.ended else "text")]


def _threshold_words(desk: Desk) -> str:
    """The threshold of all, and the selected coin's where that is another one."""
    port = desk.port
    everywhere, own = port.threshold_bps(), port.threshold_bps(desk.coin)
    words = f"signal ≥ {text.spread_exact(everywhere)}"
    return words if own == everywhere else f"{words} ({text.clean(desk.coin)} {text.spread_exact(own)})"


def _orders(desk: Desk) -> list[Cell]:
    """What an order is in this run, and whether hedges may be opened."""
    trading, log = desk.port.trading, desk.log
    if trading is None:
        return [] if desk.port.mode == "REPLAY" else [(" NO ORDERS ", "warn")]
    state: Cell = (
        ("KILLED", "error")
        if trading.killed
        else (f"ARMED{_armed_for(desk, trading)}", "gain")
        if trading.armed
        else ("DISARMED", "warn")
    )
    word = "" if trading.word == desk.port.mode else f" {trading.word}"
    cells: list[Cell] = [(f"{word} ", "text"), (f"{state[0]} ", state[1])]
    if desk.port.auto is not None and desk.port.auto.on:
        cells.append(("AUTO ", "gain" if trading.armed else "warn"))
    if log is not None and log.alarms:
        cells.append((f"{len(log.alarms)} ALARM{'S' if len(log.alarms) > 1 else ''} ", "error"))
    return cells


def _armed_for(desk: Desk, trading: TradingPort) -> str:
    """For how long still, and for how much; nothing where it does not end by itself."""
    until_ns, permit = trading.armed_until_ns, trading.permit
    if until_ns is None or permit is None:
        return ""
    minutes = -(-(until_ns - desk.port.clock.now_ns()) // (60 * NS_PER_S))
    return f" {minutes}m {text.usd(float(permit.open_usd))} USD"


def _money(desk: Desk) -> list[Cell]:
    """Equity, what today's ended hedges made, what the open ones have made, what is unhedged."""
    money = desk.money
    if money is None or money.equity is None:
        return []
    day, made, exposure = money.day_usd(desk.port.clock.now_ns()), money.open_usd, money.exposure
    cells: list[Cell] = [equity_cell(money.equity), (f" day {_arrowed(day)} ", _gain(day))]
    if money.pairs:
        stale = made is not None and any(stale_price(desk.port, pair) is not None for pair in money.pairs)
        cells.append((f" open ~({_arrowed(made)}) ", "faint") if stale else (f" open {_arrowed(made)} ", _gain(made)))
    return [*cells, exposure_cell(exposure)]


def equity_cell(equity: Equity) -> Cell:
    """All of it, or the part that is known and a question mark; unknown where nothing is."""
    words = text.grouped(equity.usd, 0 if abs(equity.usd) >= _WITHOUT_CENTS_USD else 2)
    if equity.known:
        return f" eq {words} ", "text"
    return (f" eq {words}+? " if equity.usd else f" eq {UNKNOWN} "), "warn"


def exposure_cell(exposure: NetExposure | None) -> Cell:
    if exposure is None:
        return f" exp {UNKNOWN} ", "warn"
    if not exposure.exact:
        return f" exp {text.grouped(exposure.least)}..{text.grouped(exposure.most)} ", "warn"
    if not exposure.most:
        return " exp 0 ", "dim"
    return f" exp {text.grouped(exposure.most, 2)} ", "text"


def _arrowed(usd: Decimal | None) -> str:
    if usd is None:
        return UNKNOWN
    words = text.money(usd)
    return f"{LOSS if words[0] == MINUS else GAIN}{words}" if usd else "0"


def _gain(usd: Decimal | None) -> Role:
    return "faint" if usd is None else "dim" if not usd else "loss" if usd < 0 else "gain"


def alarm_line(desk: Desk, width: int, tail: str = "  {order.acknowledge}: seen ") -> Line:
    """The oldest alarm that nobody has acknowledged. ``tail``: what to press."""
    if desk.log is None or not desk.log.alarms:
        return ()
    alarm = desk.log.alarms[0]
    more = f" (+{len(desk.log.alarms) - 1})" if len(desk.log.alarms) > 1 else ""
    head = f" ALARM{more} {text.clock_time(alarm.t_ns)} "
    tail = desk.keys.words(tail)
    room = max(0, width - len(head) - len(tail))
    of = f"{alarm.hedge}: " if alarm.hedge else ""
    return ((head, "error"), (text.fit(of + alarm.text, room), "error"), (tail, "key"))


def venue_strip(feeds: Sequence[FeedStatus], now_ns: int, width: int) -> Line:
    """Per venue its worst market: ``●`` live with the age of its messages, ``◐`` slow, late or in part, ``○`` down and
    for how long. Words become fewer until all fit; if they never do, those in trouble come first and the rest is
    counted.
    """
    venues: dict[str, FeedStatus] = {}
    for feed in feeds:
        known = venues.get(feed.venue)
        if known is None or _WORST_FIRST.index(feed.state) < _WORST_FIRST.index(known.state):
            venues[feed.venue] = feed
    for words in (_in_full, _shorter, _short, _tagged, _shortest):
        cells = [cell for feed in venues.values() for cell in words(feed, now_ns)]
        if sum(cell_len(said) for said, _ in cells) <= width:
            return tuple(cells)
    return _cut(_troubled_first(list(venues.values()), now_ns), width)


def standing(feed: FeedStatus, now_ns: int) -> tuple[str, Role, str]:
    """Mark, role, and what is not well in a word or two; "" where all is."""
    mark, role = STATE_MARK[feed.state]
    if feed.state is not FeedState.LIVE:
        since = text.age((now_ns - feed.since_ns) / NS_PER_MS) if feed.since_ns is not None else ""
        return mark, role, f"{feed.state.value} {since}".rstrip()
    offset_ms, age_ms = feed.clock_offset_ms, feed.age_ms_p50
    if offset_ms is not None and abs(offset_ms) > _CLOCK_OFF_MS:
        return HALF, "warn", f"clock {text.signed(offset_ms / 1000)}s"
    if age_ms is not None and age_ms > _SLOW_FEED_MS:
        return HALF, "warn", f"slow {age_ms:.0f}ms"
    return mark, role, ""


def _in_full(feed: FeedStatus, now_ns: int) -> Line:
    mark, role, trouble = standing(feed, now_ns)
    age = "" if feed.age_ms_p50 is None else f"{feed.age_ms_p50:.0f}ms".ljust(_AGE)
    return (f" {text.tag(feed.venue)} ", "text"), (f"{mark} ", role), (f"{trouble} ", role) if trouble else (age, "dim")


def _shorter(feed: FeedStatus, now_ns: int) -> Line:
    """Words for trouble only."""
    mark, role, trouble = standing(feed, now_ns)
    return (f" {text.tag(feed.venue)} ", "text"), (f"{mark} {trouble} " if trouble else f"{mark} ", role)


def _short(feed: FeedStatus, now_ns: int) -> Line:
    mark, role, trouble = standing(feed, now_ns)
    return (f" {text.tag(feed.venue)}", "text"), (mark + trouble.rpartition(" ")[2], role)


def _tagged(feed: FeedStatus, now_ns: int) -> Line:
    mark, role, _ = standing(feed, now_ns)
    return (f" {text.tag(feed.venue)}", "text"), (mark, role)


def _shortest(feed: FeedStatus, now_ns: int) -> Line:
    """Three letters: two would not tell Binance from Bitget."""
    mark, role, _ = standing(feed, now_ns)
    return (f" {text.tag(feed.venue)[:3]}", "text"), (mark, role)


def _troubled_first(venues: Sequence[FeedStatus], now_ns: int) -> Line:
    troubled = [feed for feed in venues if standing(feed, now_ns)[2]]
    well = len(venues) - len(troubled)
    cells: list[Cell] = [(f" {FULL}{well}", "gain")] if well else []
    return (*cells, *(cell for feed in troubled for cell in _shortest(feed, now_ns)))


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


def cut_short(lines: Sequence[Line], count: int, width: int) -> Sequence[Line]:
    """So many of the lines; the last of them says where more would follow."""
    if len(lines) <= count:
        return lines
    *cells, (words, role) = lines[count - 1] or (("", "text"),)
    room = width - sum(cell_len(said) for said, _ in cells)
    return [*lines[: count - 1], (*cells, (text.fit(words.rstrip() + ELLIPSIS, room).rstrip(), role))]


def _fee_words(row: SpreadRow) -> str:
    parts = []
    if row.needs_inventory:
        parts.append("selling spot needs coins in stock")
    if row.basis is not None:
        parts.append(f"converted at {basis_words(row)}")
    parts.append(f"taker fees: {_leg_fee('buy', row.buy)} + {_leg_fee('sell', row.sell)}")
    return text.clean("; ".join(parts))


def _leg_fee(side: str, leg: Leg) -> str:
    return f"{side} {leg.venue} {leg.market.value} {text.spread_exact(leg.fee_bps)} ({leg.fee_source})"


def bottom_line(desk: Desk, plan: Plan, width: int) -> Line:
    """The last word; in a terminal that hides panes, once that word is old, how to see them."""
    notice = desk.last_word()
    said = notice is not None and desk.port.clock.now_ns() - notice.t_ns < _SAID_NS
    return hidden_line(desk.keys, width) if plan.hidden and not said else last_word_line(desk, width)


def hidden_line(keys: Keymap, width: int) -> Line:
    """That there is more than this terminal shows, and from which size on it does."""
    others = f"{keys.first('pane.books')}-{keys.first('pane.accounts')}"
    some, most = ("x".join(map(str, size)) for size in (COMPACT_FROM, WIDE_FROM))
    choices = (
        f" one pane at a time: {others} show the others; two at once from {some}, most of them from {most}",
        f" {others} other panes; two at once from {some}, most from {most}",
        f" {others} other panes; more from {some}",
        f" {others} others, {some} more",
        f" {others}",
    )
    return ((text.fit(text.that_fits(choices, width), width), "dim"),)


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


def keys_line(scopes: Sequence[Scope], keymap: Keymap, width: int, *, replay: bool = False) -> Line:
    """The keys that these scopes answer to, as many as fit; the kill switch and help always, a replay's own first."""
    groups = footer(scopes, keymap)
    own = {short: groups.pop(short) for short in _OF_REPLAY if short in groups}
    if replay:
        groups = own | groups
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
