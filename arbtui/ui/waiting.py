"""What stands in place of the grid while there is nothing to show: what each feed is doing, and what to try. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from arbtui.core.clock import NS_PER_MS
from arbtui.core.status import FeedState, FeedStatus
from arbtui.ui import text
from arbtui.ui.keymap import Keymap
from arbtui.ui.panes.feeds import STATE_MARK
from arbtui.ui.theme import Line, Role

_SMALL = 10  # rows; in less, words are spared
_HEARD = (FeedState.LIVE, FeedState.DEGRADED)
_WELL = (FeedState.LIVE, FeedState.CONNECTING)


def waiting_lines(
    feeds: Sequence[FeedStatus], warning: str, now_ns: int, mode: str, keys: Keymap, width: int, height: int
) -> list[Line]:
    """A heading, the feeds in trouble first, what to try. In little room a feed has one line, then they are counted.

    ``warning``: the last that the engine gave, which is told where no feed has a trouble of its own; "" = none.
    """
    small = height < _SMALL
    head: list[Line] = [((" " + words, "text"),) for words in text.wrap(_heading(feeds, small=small), width - 1)]
    if warning and all(feed.state in _WELL for feed in feeds):
        head += [((" " + words, "warn"),) for words in text.wrap(warning, width - 1)]
    tried: list[Line] = [((" " + words, "dim"),) for words in text.wrap(_advice(feeds, mode, keys, small), width - 1)]
    room = max(0, height - len(head) - len(tried))
    told = _feed_lines(feeds, now_ns, width, wrapped=True)
    if len(told) + 2 <= room:
        gap: Line = (("", "text"),)
        return [*head, gap, *told, gap, *tried]
    told = _feed_lines(feeds, now_ns, width, wrapped=False)
    if len(told) > room:
        kept = told[: max(0, room - 1)]
        more = f" ... {len(told) - len(kept)} more: {keys.first('pane.feeds')} shows the feeds"
        told = [*kept, ((text.fit(more, width), "dim"),)][:room]
    return [*head, *told, *tried][:height]


def _heading(feeds: Sequence[FeedStatus], *, small: bool) -> str:
    if not feeds:
        return "Starting."
    if len(feeds) == 1:
        return "One feed makes no pair. Enable more exchanges, or both markets of this one."
    if all(feed.state in _HEARD for feed in feeds):
        return "All feeds are live. Waiting for the first coin with fresh quotes on two venues."
    if all(feed.state is FeedState.DOWN for feed in feeds):
        return "No venue can be reached yet." if small else "None of the venues can be reached; all are tried again."
    return "Waiting for the first quotes on two venues."


def _advice(feeds: Sequence[FeedStatus], mode: str, keys: Keymap, small: bool) -> str:
    parts = [f"{keys.first('help')} help", f"{keys.first('quit')} quit"]
    if all(feed.state in _HEARD for feed in feeds) or mode in ("DEMO", "REPLAY"):
        return ", ".join(parts) + "."
    if small:
        parts.append("--demo needs no network")
    else:
        parts += ["`arbtui check` says more of each venue", "`arbtui --demo` shows everything without a network"]
    return ", ".join(parts) + "."


def _feed_lines(feeds: Sequence[FeedStatus], now_ns: int, width: int, *, wrapped: bool) -> list[Line]:
    """Markets of one venue that say the same are said once; cut at the pane's edge unless they may be ``wrapped``."""
    groups: dict[tuple[str, FeedState, str], list[FeedStatus]] = {}
    for feed in sorted(feeds, key=lambda feed: feed.state is FeedState.LIVE):
        groups.setdefault((feed.venue, feed.state, feed.reason), []).append(feed)
    lines: list[Line] = []
    for (venue, state, reason), members in groups.items():
        since = [feed.since_ns for feed in members if feed.since_ns is not None]
        age = f" {text.age((now_ns - min(since)) / NS_PER_MS)}" if since and state is not FeedState.LIVE else ""
        words = f"{venue} {' '.join(feed.market.value for feed in members)}: {state.value}{age}"
        if reason and reason != state.value:
            words += f", {reason}"
        role: Role = "dim" if state is FeedState.LIVE else "text"
        room = max(1, width - 3)
        first, *rest = text.wrap(words, room) if wrapped else [text.fit(words, room)]
        mark, mark_role = STATE_MARK[state]
        lines.append(((f" {mark} ", mark_role), (first, role)))
        lines.extend((("   " + more, role),) for more in rest)
    return lines
